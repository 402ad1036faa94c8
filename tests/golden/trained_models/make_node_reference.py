"""The NODE generators of Sedler et al. by plain NumPy, in double precision.

Writes sedler2023_node_reference.npz beside this script, for "lorenz" and "arneodo":

    <system>.z [7,3]              random states
    <system>.f [7,3]              f(z) = W_2 tanh(W_0 z + b_0) + b_2, dz/dt per trial of 70 bins
    <system>.df_dz [7,3,3]
    <system>.fixed_points [3,3]   zeros of f, by Newton's method from random starts
    <system>.eigenvalues [3,3]    of I + (1/70) df/dz there, as the authors linearize
"""

import pathlib

import numpy

FOLDER = pathlib.Path(__file__).parent
STARTS = 1500


class Field:
    """f and df/dz for one state."""

    def __init__(self, weights):
        prefix = "decoder.vf.vf.vf."
        names = ("0.weight", "0.bias", "2.weight", "2.bias")
        self.W_0, self.b_0, self.W_2, self.b_2 = (
            weights[prefix + name].astype(float) for name in names
        )

    def value(self, z):
        return self.W_2 @ numpy.tanh(self.W_0 @ z + self.b_0) + self.b_2

    def slope(self, z):
        rates = numpy.tanh(self.W_0 @ z + self.b_0)
        return self.W_2 @ ((1 - rates**2)[:, None] * self.W_0)


def newton(field, z):
    """A zero of f near z, or None. Steps have a length of at most 2."""
    for _ in range(100):
        step = numpy.linalg.solve(field.slope(z), -field.value(z))
        length = numpy.linalg.norm(step)
        z = z + step * min(1, 2 / length)
        if length < 1e-14:
            break
    return z if numpy.abs(field.value(z)).max() < 1e-12 else None


def fixed_points(field, generator):
    """All that STARTS searches find, in order of their first component."""
    found = []
    for _ in range(STARTS):
        z = newton(field, 3 * generator.normal(size=3))
        if z is not None and all(numpy.linalg.norm(z - other) > 1e-6 for other in found):
            found.append(z)
    return numpy.array(sorted(found, key=lambda z: z[0]))


def main():
    arrays = {}
    for system in ("lorenz", "arneodo"):
        generator = numpy.random.default_rng(7)
        field = Field(numpy.load(FOLDER / f"sedler2023_{system}_node.npz"))
        z = generator.normal(size=(7, 3))
        points = fixed_points(field, generator)
        arrays[f"{system}.z"] = z
        arrays[f"{system}.f"] = numpy.array([field.value(row) for row in z])
        arrays[f"{system}.df_dz"] = numpy.array([field.slope(row) for row in z])
        arrays[f"{system}.fixed_points"] = points
        maps = [numpy.eye(3) + field.slope(row) / 70 for row in points]
        arrays[f"{system}.eigenvalues"] = numpy.array([numpy.linalg.eigvals(m) for m in maps])
    numpy.savez(FOLDER / "sedler2023_node_reference.npz", **arrays)


if __name__ == "__main__":
    main()
