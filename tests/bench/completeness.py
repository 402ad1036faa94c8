#!/usr/bin/env python3
"""Completeness and time of the fixed-point search over seeds, on one thread.

Usage: completeness.py DYNKIT [SEEDS]. Prints for each trained network how many of its points each
seed found, and the search's own wall time.
"""
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
GRU = SOURCE / "examples/data/flip_flop_gru"
TANH = SOURCE / "tests/golden/networks_flip_flop"
NETWORKS = {
    "GRU, 64 units": ("gru", GRU / "weights.npz", "rnn.", GRU / "states.npy"),
    "tanh, 128 units": ("rnn", TANH / "tanh_128_0.npz", "", f"{TANH}/tanh_128_0.npz:states"),
    "tanh, 16 units": ("rnn", TANH / "tanh_16_0.npz", "", f"{TANH}/tanh_16_0.npz:states"),
}


WEIGHTS = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]


def only_weights(program, file, folder):
    """A copy of a tanh network's file with its state dict alone."""
    copy = f"{folder}/weights.npz"
    chosen = [word for name in WEIGHTS for word in ("--array", name)]
    subprocess.run([program, "data", "convert", file, copy, "--quiet", *chosen], check=True)
    return copy


def search(program, network, seed, folder):
    model, weights, prefix, starts = network
    line = [program, "analyze", "fixed_points", model, "--weights", weights, "--set",
            f"starts={starts}", "--seed", str(seed), "--threads", "1", "--json", "--out", folder]
    if prefix:
        line += ["--prefix", prefix]
    run = subprocess.run(list(map(str, line)), check=True, capture_output=True)
    return json.loads(run.stdout)["analyses"]["fixed_points"]["summary"]


def main():
    program = sys.argv[1]
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    print(f"{'network':16} {'seeds':>5} {'found':>9} {'residual':>9} {'median s':>9} {'most s':>7}")
    for name, network in NETWORKS.items():
        with tempfile.TemporaryDirectory() as folder:
            if network[0] == "rnn":
                network = ("rnn", only_weights(program, network[1], folder), *network[2:])
            runs = [search(program, network, seed, f"{folder}/{seed}") for seed in range(seeds)]
        found = [run["found"] for run in runs]
        seconds = [run["seconds"] for run in runs]
        residual = max(run["max_residual"] for run in runs)
        print(f"{name:16} {seeds:5} {min(found):4}-{max(found):<4} {residual:9.1e} "
              f"{statistics.median(seconds):9.3f} {max(seconds):7.3f}")


if __name__ == "__main__":
    main()
