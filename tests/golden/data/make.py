"""Writes the files of this folder, which tests/unit/core/data reads.

Run as `python3 make.py`, here with NumPy 1.24.2 and h5py 3.7.0 (HDF5 1.10.8).
Element k in C order of every array of numbers follows one of the formulas below, so the tests know
what to expect without a second copy.
"""

import json
import struct

import h5py
import numpy as np

SHAPE = (2, 3, 4)
K = np.arange(24).reshape(SHAPE)
REAL = (K - 5) * 0.375
COMPLEX = REAL + 1j * (K * 0.5 - 3)
SIGNED = K * 5 - 60
UNSIGNED = K * 11
BOOLEAN = K % 3 == 1
TEXTS = np.array([["", "a", "größe"], ["日本語", "🧠 spike", "two words "]])
ASCII = np.array([[b"", b"a", b"bc"], [b"def", b"g h", b"two words "]])


def numpy_arrays():
    values = {"f": REAL, "c": COMPLEX, "i": SIGNED, "u": UNSIGNED}
    widths = {"f": (8, 4, 2), "c": (16, 8), "i": (8, 4, 2, 1), "u": (8, 4, 2, 1)}
    arrays = {"b1": BOOLEAN, "S": ASCII}
    for order, name in (("<", "le"), (">", "be")):
        for kind, kind_widths in widths.items():
            for width in kind_widths:
                arrays[f"{kind}{width}_{name}"] = values[kind].astype(f"{order}{kind}{width}")
        arrays[f"U_{name}"] = TEXTS.astype(TEXTS.dtype.newbyteorder(order))
    fortran = {f"{name}_F": np.asfortranarray(array) for name, array in arrays.items()}
    return {**arrays, **fortran}


def write_numpy():
    arrays = numpy_arrays()
    np.savez("types_stored.npz", **arrays)
    np.savez_compressed("types_deflated.npz", **arrays)
    np.save("fortran.npy", np.asfortranarray(REAL))
    np.save("scalar.npy", np.float64(-2.5))
    np.save("empty.npy", np.zeros((3, 0, 2), np.float32))
    for version in (2, 3):
        with open(f"version{version}.npy", "wb") as file:
            np.lib.format.write_array(file, REAL, version=(version, 0))
    # What the readers refuse.
    np.save("object.npy", np.array([{}], dtype=object), allow_pickle=True)
    np.save("structured.npy", np.zeros(2, dtype=[("a", "f8"), ("b", "i4")]))
    np.save("datetime.npy", np.array(["2000-01-01"], dtype="M8[D]"))
    np.save("too_large_u8.npy", np.array([1, 2**63], dtype="<u8"))
    np.save("latin1.npy", np.array(["größe".encode("latin-1")]))


def write_safetensors():
    """The format by hand, as an independent writer."""
    numbers = np.float32(REAL)
    tensors = {
        "f64": ("F64", REAL.astype("<f8")),
        "f32": ("F32", REAL.astype("<f4")),
        "f16": ("F16", REAL.astype("<f2")),
        # The upper half of a float32; exact, since these values have few digits.
        "bf16": ("BF16", (numbers.view(np.uint32) >> 16).astype("<u2")),
        "i64": ("I64", SIGNED.astype("<i8")),
        "i32": ("I32", SIGNED.astype("<i4")),
        "i16": ("I16", SIGNED.astype("<i2")),
        "i8": ("I8", SIGNED.astype("<i1")),
        "u8": ("U8", UNSIGNED.astype("<u1")),
        "bool": ("BOOL", BOOLEAN.astype("<u1")),
    }
    assert not np.any(numbers.view(np.uint32) & 0xFFFF)
    header, data = {"__metadata__": {"format": "np"}}, b""
    for name, (dtype, array) in tensors.items():
        end = len(data) + array.nbytes
        header[name] = {"dtype": dtype, "shape": SHAPE, "data_offsets": [len(data), end]}
        data += array.tobytes()
    text = json.dumps(header).encode()
    with open("types.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def write_hdf5():
    with h5py.File("h5py.h5", "w") as file:
        file.attrs["title"] = "größe"
        numbers = file.create_group("numbers")
        numbers.attrs["count"] = 7
        numbers.attrs["step"] = 0.25
        numbers.attrs["pair"] = [1.0, 2.0]  # not a single value: passed over
        for name, array in numpy_arrays().items():
            if array.dtype.kind in "fciu" and not name.endswith("_F"):
                numbers[name] = array
        numbers["b1"] = BOOLEAN
        numbers["scalar"] = -2.5
        numbers["empty"] = np.zeros((3, 0, 2))
        numbers.create_dataset("gzip", data=REAL, chunks=(1, 2, 3), compression="gzip", shuffle=True)
        texts = file.create_group("texts")
        texts.create_dataset("variable", data=TEXTS.astype(object), dtype=h5py.string_dtype())
        texts.create_dataset("fixed", data=ASCII)
        texts.create_dataset("one", data="größe", dtype=h5py.string_dtype())
        noted = file.create_dataset("noted", data=REAL)
        noted.attrs["dimensions"] = ["trial", "time", "channel"]
        noted.attrs["unit"] = "mV"
        noted.attrs["help"] = "membrane potential"

    with h5py.File("odd.h5", "w") as file:
        file["good"] = REAL
        file["structured"] = np.zeros(2, dtype=[("a", "f8"), ("b", "i4")])
        file["wide"] = np.zeros(2, np.longdouble)
        file["reference"] = np.array([file["good"].ref], dtype=h5py.ref_dtype)
        file["null"] = h5py.Empty("f8")
        file["soft"] = h5py.SoftLink("/good")
        file["outside"] = h5py.ExternalLink("h5py.h5", "/noted")
        group = file.create_group("group")
        group["itself"] = group
        file.create_dataset("raw", (4,), "u1", external=[("scalar.npy", 0, 4)])
        layout = h5py.VirtualLayout((4,), "f8")
        layout[:] = h5py.VirtualSource("h5py.h5", "numbers/f8_le", (4,))[:]
        file.create_virtual_dataset("virtual", layout)
        other = file.create_dataset("other_unit", data=1.0)
        other.attrs["unit"] = 3.0  # not a text: passed over

    with h5py.File("too_large_u8.h5", "w") as file:
        file["x"] = np.array([1, 2**63], np.uint64)
    with h5py.File("huge.h5", "w") as file:
        file.create_dataset("x", (1 << 40,), "f8", chunks=(1 << 10,))


write_numpy()
write_safetensors()
write_hdf5()
