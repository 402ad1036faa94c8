"""Steps of PyTorch's optimizers and of its ReduceLROnPlateau, in double precision.

Writes optimizers.npz beside this script:

    gradients [T,N]   rates [T]   start [N]    the same for all optimizers; the gradients are those
                                               of a quartic along a path that no optimizer changes
    <case>            [T,N]                    values after each step, for each of CASES
    decayed [N]                                which values adamw_some shrinks, 1 or 0
    losses [E]                                 what the plateau schedule observes, epoch by epoch
    plateau_rates [E]                          its rate after each of them
"""

import pathlib

import numpy
import torch

STEPS = 300
SIZE = 7

CASES = {
    "sgd": (torch.optim.SGD, {}),
    "sgd_momentum": (torch.optim.SGD, {"momentum": 0.85}),
    "adam": (torch.optim.Adam, {}),
    "adam_other": (torch.optim.Adam, {"betas": (0.8, 0.97), "eps": 1e-3}),
    "adamw": (torch.optim.AdamW, {"weight_decay": 0.3}),
    "adamw_some": (torch.optim.AdamW, {"weight_decay": 0.3}),
    "radam": (torch.optim.RAdam, {}),
    "radam_other": (torch.optim.RAdam, {"betas": (0.8, 0.9), "eps": 1e-3}),
}
PLATEAU = {"factor": 0.3, "patience": 4, "threshold": 1e-4, "min_lr": 1e-4, "eps": 0.0}
PLATEAU_RATE = 0.05


def gradients(random):
    """Gradients of sum_i (a_i/4 z_i^4 - b_i/2 z_i^2) + 1/2 |C z|^2 along a path."""
    a = random.uniform(0.5, 2.0, SIZE)
    b = random.uniform(0.5, 2.0, SIZE)
    C = random.normal(size=(SIZE, SIZE)) / SIZE
    phase = random.uniform(0.0, 6.0, SIZE)
    speed = random.uniform(0.02, 0.3, SIZE)
    time = numpy.arange(STEPS)[:, None]
    z = 1.5 * numpy.sin(speed * time + phase)
    # Over six decades, so that epsilon and the moments' start matter.
    size = 10.0 ** numpy.linspace(-5.0, 1.0, SIZE)
    return size * (a * z**3 - b * z + z @ C.T @ C)


def run(make, options, start, gradient, rates, fixed=None):
    """One parameter each, so that some can be left out of the weight decay."""
    values = [torch.tensor([value], dtype=torch.float64, requires_grad=True) for value in start]
    groups = [{"params": [value]} for value in values]
    for i, group in enumerate(groups):
        if fixed is not None and not fixed[i]:
            group["weight_decay"] = 0.0
    optimizer = make(groups, lr=1.0, **options)
    path = []
    for g, rate in zip(gradient, rates):
        for i, value in enumerate(values):
            value.grad = torch.tensor([g[i]], dtype=torch.float64)
        for group in optimizer.param_groups:
            group["lr"] = float(rate)
        optimizer.step()
        path.append([value.item() for value in values])
    return numpy.array(path)


def plateau(losses):
    value = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([value], lr=PLATEAU_RATE)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **PLATEAU)
    rates = []
    for loss in losses:
        schedule.step(float(loss))
        rates.append(optimizer.param_groups[0]["lr"])
    return numpy.array(rates)


def main():
    torch.set_num_threads(1)
    random = numpy.random.default_rng(20)
    gradient = gradients(random)
    start = random.normal(size=SIZE)
    rates = 0.02 * 0.99 ** numpy.arange(STEPS)
    decayed = numpy.array([1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0])
    arrays = {"gradients": gradient, "start": start, "rates": rates, "decayed": decayed}
    for case, (make, options) in CASES.items():
        fixed = decayed if case == "adamw_some" else None
        arrays[case] = run(make, options, start, gradient, rates, fixed)
    # Falls to a floor that moves by more and by less than the threshold.
    epochs = numpy.arange(90)
    losses = numpy.exp(-epochs / 7.0) + 0.3 + 1e-3 * numpy.sin(0.9 * epochs)
    losses[40:] -= 1e-5 * (epochs[40:] - 40) + 0.1 * (epochs[40:] > 60)
    arrays["losses"] = losses
    arrays["plateau_rates"] = plateau(losses)
    numpy.savez_compressed(pathlib.Path(__file__).parent / "optimizers.npz", **arrays)


if __name__ == "__main__":
    main()
