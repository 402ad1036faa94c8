"""Outputs and gradients of PyTorch's GRU and RNN in double precision.

Writes one .npz for each network beside this script:

    weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0    parameters under PyTorch's names
    x0 [S,n]   inputs [S,T,m]                             initial states and inputs of S sequences
    hidden [S,T,n]                                        hidden[:,k] is the state after inputs[:,k]
    hidden_bar [S,T,n]                                    cotangent of hidden; the loss is their product
    x0_bar, inputs_bar, <parameter>_bar                   gradients of the loss
"""

import pathlib

import numpy
import torch

SAMPLES = 4
STEPS = 7

NETWORKS = {
    "gru_5": (torch.nn.GRU, 5, {}),
    "gru_64": (torch.nn.GRU, 64, {}),
    "rnn_tanh_5": (torch.nn.RNN, 5, {"nonlinearity": "tanh"}),
    "rnn_tanh_64": (torch.nn.RNN, 64, {"nonlinearity": "tanh"}),
    "rnn_relu_5": (torch.nn.RNN, 5, {"nonlinearity": "relu"}),
    "rnn_relu_64": (torch.nn.RNN, 64, {"nonlinearity": "relu"}),
}
INPUTS = 3


def run(network, n):
    """One forward and backward pass; every array that goes into the file."""
    x0 = torch.randn(1, SAMPLES, n, requires_grad=True)
    inputs = torch.randn(SAMPLES, STEPS, INPUTS, requires_grad=True)
    hidden, _ = network(inputs, x0)
    hidden_bar = torch.randn_like(hidden)
    (hidden * hidden_bar).sum().backward()
    arrays = {
        "x0": x0[0],
        "inputs": inputs,
        "hidden": hidden,
        "hidden_bar": hidden_bar,
        "x0_bar": x0.grad[0],
        "inputs_bar": inputs.grad,
    }
    for name, parameter in network.named_parameters():
        arrays[name] = parameter
        arrays[name + "_bar"] = parameter.grad
    return {name: tensor.detach().numpy() for name, tensor in arrays.items()}


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    for index, (name, (kind, n, options)) in enumerate(NETWORKS.items()):
        torch.manual_seed(1000 + index)
        network = kind(INPUTS, n, batch_first=True, **options)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter *= 2.0  # away from the linear range
        numpy.savez(pathlib.Path(__file__).parent / f"{name}.npz", **run(network, n))


if __name__ == "__main__":
    main()
