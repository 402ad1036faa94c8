"""Trains tanh networks on the 3-bit flip-flop; writes tanh_<units>_<seed>.npz beside this file.

    python3 make.py UNITS SEED

Needs PyTorch 1.13 and NumPy. A trial is 64 steps; on each channel pulses of +1 or -1 come with
probability 0.1 a step (each channel starts with one), the target is the last pulse's sign. Adam on
the mean squared error, batches of 128, until the loss stays below 2e-3.

Arrays, float32 unless said: weight_hh_l0 [n,n], weight_ih_l0 [n,3], bias_hh_l0, bias_ih_l0 [n],
states [256,n] (hidden states on test trials), reference_x [P,n] (float64): every fixed point at zero
input that a damped Newton search in NumPy found from 20000 starts in rounds: states with noise,
combinations of the points found, and uniform in the box.
"""

import pathlib
import sys

import numpy as np
import torch


def make_trials(rng, count, steps=64):
    u = np.where(rng.random((count, steps, 3)) < 0.1, rng.choice([-1.0, 1.0], (count, steps, 3)), 0.0)
    u[:, 0] = rng.choice([-1.0, 1.0], (count, 3))
    target = u.copy()
    for k in range(1, steps):
        target[:, k] = np.where(u[:, k] == 0, target[:, k - 1], u[:, k])
    return torch.tensor(u, dtype=torch.float32), torch.tensor(target, dtype=torch.float32)


def train(units, seed):
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = torch.nn.RNN(3, units, batch_first=True)
    readout = torch.nn.Linear(units, 3)
    parameters = list(network.parameters()) + list(readout.parameters())
    optimizer = torch.optim.Adam(parameters, lr=1e-2 if units <= 32 else 2e-3)
    average = 1.0
    for step in range(6000):
        u, target = make_trials(rng, 128)
        loss = ((readout(network(u)[0]) - target) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        average = 0.95 * average + 0.05 * loss.item()
        if step % 500 == 0:
            print(step, average, flush=True)
        if average < 2e-3:
            break
    print("trained:", step, average)
    with torch.no_grad():
        hidden = network(make_trials(rng, 32)[0])[0].numpy()
    states = hidden.reshape(-1, units)
    return network, states[rng.choice(len(states), 256, replace=False)]


def newton(W, a, x, steps=200):
    """Damped Newton for tanh(W x + a) - x = 0 from the rows of x; returns the roots."""
    n = len(a)

    def residual(y):
        return np.tanh(y @ W.T + a) - y

    for _ in range(steps):
        r = residual(x)
        J = (1 - (r + x) ** 2)[:, :, None] * W - np.eye(n)
        d = np.linalg.solve(J, -r[:, :, None])[:, :, 0]
        before = (r**2).sum(1)
        alpha = np.ones(len(x))
        for _ in range(8):
            worse = (residual(x + alpha[:, None] * d) ** 2).sum(1) > (1 - 1e-4 * alpha) * before
            alpha[worse] /= 2
        x = x + np.where((worse & (before > 1e-20))[:, None], 0, alpha[:, None] * d)
    return x[np.abs(residual(x)).max(1) < 1e-13]


def merge(found, more):
    for x in more:
        if not len(found) or np.abs(found - x).max(1).min() > 1e-6:
            found = np.vstack([found, x])
    return found


def reference_points(W, a, states, seed):
    rng = np.random.default_rng(seed + 1000)
    n = len(a)
    found = np.zeros((0, n))
    pool = states
    for _ in range(80):
        pick = lambda p: p[rng.integers(len(p), size=50)]
        starts = np.vstack([
            pick(states) + 0.5 * rng.standard_normal((50, n)),
            (pick(pool) + pick(pool)) / 2,
            pick(pool) + pick(pool) - pick(pool),
            pick(pool) + 0.5 * rng.standard_normal((50, n)),
            rng.uniform(-1, 1, (50, n)),
        ])
        found = merge(found, newton(W, a, starts, steps=60))
        pool = found if len(found) > 1 else states
    return found


def main():
    units, seed = int(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(1)
    network, states = train(units, seed)
    arrays = {name: value.detach().numpy() for name, value in network.named_parameters()}
    W = arrays["weight_hh_l0"].astype(float)
    a = (arrays["bias_hh_l0"].astype(float) + arrays["bias_ih_l0"].astype(float))
    points = reference_points(W, a, states.astype(float), seed)
    signs = [np.sign(np.linalg.det(np.eye(units) - (1 - x**2)[:, None] * W)) for x in points]
    print("fixed points:", len(points), "index sum:", sum(signs))
    path = pathlib.Path(__file__).parent / f"tanh_{units}_{seed}.npz"
    np.savez_compressed(path, states=states, reference_x=points, **arrays)


if __name__ == "__main__":
    main()
