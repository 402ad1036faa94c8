#!/usr/bin/env python3
"""Steps of training in PyTorch beside those of dynkit, in one run.

Usage: training.py TRAINING_BENCH   (the program training_bench of the build)

Needs Debian's python3-torch; where torchdiffeq can be imported, its odeint_adjoint is one more row.
One thread, single precision, 64 trials of 50 times, forward, backward and Adam; CPU time in
milliseconds, medians. PyTorch is measured before and after dynkit, so that a change of the
machine's speed shows.
"""

import json
import subprocess
import sys
import time

import torch
from torch import nn

try:
    import torchdiffeq
except ImportError:
    torchdiffeq = None

TRIALS, TIMES, INPUTS, OBSERVED, STEP = 64, 50, 3, 3, 0.1


def recurrent(network):
    readout = nn.Linear(network.hidden_size, OBSERVED)
    parameters = [*network.parameters(), *readout.parameters()]
    u = torch.randn(TRIALS, TIMES, INPUTS)
    target = torch.randn(TRIALS, TIMES, OBSERVED)

    def loss():
        states, _ = network(u)
        return ((readout(states) - target) ** 2).mean()

    return loss, parameters


def field():
    return nn.Sequential(
        nn.Linear(3, 128), nn.Tanh(), nn.Linear(128, 128), nn.Tanh(), nn.Linear(128, 3)
    )


def rk4(f, x, h):
    k1 = f(x)
    k2 = f(x + h / 2 * k1)
    k3 = f(x + h / 2 * k2)
    k4 = f(x + h * k3)
    return x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def euler(f, x, h):
    return x + h * f(x)


def trajectories(method):
    f = field()
    target = torch.randn(TIMES, TRIALS, 3)

    def loss():
        states = [torch.zeros(TRIALS, 3)]
        for _ in range(TIMES - 1):
            states.append(method(f, states[-1], STEP))
        return ((torch.stack(states) - target) ** 2).mean()

    return loss, list(f.parameters())


class ContinuousAdjoint(torch.autograd.Function):
    """Chen et al. (2018), algorithm 1, by rk4 from time to time, as odeint_adjoint does it."""

    @staticmethod
    def forward(context, f, x, *parameters):
        with torch.no_grad():
            states = [x]
            for _ in range(TIMES - 1):
                states.append(rk4(f, states[-1], STEP))
            states = torch.stack(states)
        context.f = f
        context.save_for_backward(states, *parameters)
        return states

    @staticmethod
    def backward(context, states_bar):
        states, *parameters = context.saved_tensors
        sizes = [x.numel() for x in (states[0], states[0], *parameters)]

        def augmented(packed):
            x, a = (part.view_as(states[0]) for part in packed.split(sizes)[:2])
            with torch.enable_grad():
                x = x.detach().requires_grad_(True)
                dx = context.f(x)
                bars = torch.autograd.grad(dx, (x, *parameters), -a)
            return torch.cat([dx.flatten(), *(bar.flatten() for bar in bars)])

        a = states_bar[-1]
        theta_bar = torch.zeros(sum(sizes[2:]))
        for k in range(TIMES - 1, 0, -1):
            packed = torch.cat([states[k].flatten(), a.flatten(), theta_bar])
            _, a, *rest = rk4(augmented, packed, -STEP).split(sizes)
            a = a.view_as(states[0]) + states_bar[k - 1]
            theta_bar = torch.cat(rest)
        bars = theta_bar.split(sizes[2:])
        return (None, a, *(bar.view_as(p) for bar, p in zip(bars, parameters)))


def adjoint():
    f = field()
    parameters = list(f.parameters())
    target = torch.randn(TIMES, TRIALS, 3)

    def loss():
        states = ContinuousAdjoint.apply(f, torch.zeros(TRIALS, 3), *parameters)
        return ((states - target) ** 2).mean()

    return loss, parameters


class TimedField(nn.Module):
    """The field as torchdiffeq calls it."""

    def __init__(self):
        super().__init__()
        self.network = field()

    def forward(self, t, x):
        return self.network(x)


def library_adjoint():
    f = TimedField()
    times = STEP * torch.arange(TIMES)
    target = torch.randn(TIMES, TRIALS, 3)

    def loss():
        states = torchdiffeq.odeint_adjoint(f, torch.zeros(TRIALS, 3), times, method="rk4")
        return ((states - target) ** 2).mean()

    return loss, list(f.parameters())


def gated():
    flow = nn.Sequential(
        nn.Linear(67, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 64)
    )
    gate, readout = nn.Linear(67, 64), nn.Linear(64, OBSERVED)
    u = torch.randn(TIMES, TRIALS, INPUTS)
    target = torch.randn(TIMES, TRIALS, OBSERVED)

    def loss():
        x = torch.zeros(TRIALS, 64)
        observed = []
        for k in range(TIMES):
            z = torch.cat([x, u[k]], 1)
            g = torch.sigmoid(gate(z))
            x = (1 - g) * x + g * flow(z)
            observed.append(readout(x))
        return ((torch.stack(observed) - target) ** 2).mean()

    return loss, [*flow.parameters(), *gate.parameters(), *readout.parameters()]


def milliseconds(make, repetitions=25):
    loss, parameters = make()
    optimizer = torch.optim.Adam(parameters)

    def step():
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()

    for _ in range(3):
        step()
    seconds = []
    for _ in range(repetitions):
        start = time.process_time()
        step()
        seconds.append(time.process_time() - start)
    return 1e3 * sorted(seconds)[repetitions // 2]


CASES = [
    ("GRU, 64 units", "gru_64", lambda: recurrent(nn.GRU(INPUTS, 64, batch_first=True))),
    ("tanh, 128 units", "tanh_128", lambda: recurrent(nn.RNN(INPUTS, 128, batch_first=True))),
    ("neural ODE 3-128-128-3, rk4", "node_rk4", lambda: trajectories(rk4)),
    ("the same, continuous adjoint", "node_rk4", adjoint),
    ("neural ODE 3-128-128-3, Euler", "node_euler", lambda: trajectories(euler)),
    ("gated neural ODE, 64, 67-128-128-64", "gated_node_euler", gated),
]
if torchdiffeq:
    CASES.insert(4, ("the same, torchdiffeq's odeint_adjoint", "node_rk4", library_adjoint))


# Multiplications of one trial: in the network at one time, times how often it is evaluated from one
# time to the next, and in the readout at one time.
PERCEPTRON = 3 * 128 + 128 * 128 + 128 * 3
PRODUCTS = {
    "gru_64": (3 * 64 * (64 + INPUTS), 64 * OBSERVED),
    "tanh_128": (128 * (128 + INPUTS), 128 * OBSERVED),
    "node_rk4": (4 * PERCEPTRON, 0),
    "node_euler": (PERCEPTRON, 0),
    "gated_node_euler": (67 * 128 + 128 * 128 + 128 * 64 + 67 * 64, 64 * OBSERVED),
}


def gigaflop(name):
    """Of the products of a step: forward, and backward by weights and by states."""
    network, readout = PRODUCTS[name]
    return 6e-9 * TRIALS * (network * (TIMES - 1) + readout * TIMES)


def dynkit(program):
    output = subprocess.run(
        [program, "--benchmark_format=json", "--benchmark_repetitions=5"],
        check=True, capture_output=True, text=True,
    ).stdout
    medians = {}
    for one in json.loads(output)["benchmarks"]:
        if one.get("aggregate_name") == "median":
            medians[one["run_name"]] = one["cpu_time"]
    return medians


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    torch.set_num_threads(1)
    before = [milliseconds(make) for _, _, make in CASES]
    own = dynkit(sys.argv[1])
    after = [milliseconds(make) for _, _, make in CASES]
    print("| case | PyTorch, ms | dynkit single, ms | ratio | GFLOP/s | dynkit double, ms |")
    print("| --- | --- | --- | --- | --- | --- |")
    for (label, name, _), first, second in zip(CASES, before, after):
        torch_ms = (first + second) / 2
        single, double = own[name + "/single"], own[name + "/double"]
        spread = f"{min(first, second):.1f} to {max(first, second):.1f}"
        rate = 1e3 * gigaflop(name) / single
        print(
            f"| {label} | {spread} | {single:.2f} | {torch_ms / single:.1f} | {rate:.0f} "
            f"| {double:.2f} |"
        )
    if not torchdiffeq:
        print("\ntorchdiffeq's odeint_adjoint is left out: torchdiffeq is not installed.")


main()
