"""Outputs and gradients of PyTorch's recurrent networks and perceptrons in double precision.

Writes one .npz for each recurrent network beside this script:

    weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0    parameters under PyTorch's names
    x0 [S,n]   inputs [S,T,m]                             initial states and inputs of S sequences
    hidden [S,T,n]                                        hidden[:,k] is the state after inputs[:,k]
    hidden_bar [S,T,n]                                    cotangent of hidden; the loss is their product
    x0_bar, inputs_bar, <parameter>_bar                   gradients of the loss

The state of an LSTM is (h, c) in one row of 2n. Names of lstm_cell_37 are without _l0.

sequential.npz has nn.Sequential(Linear, phi, Linear, ...) on rows z = (x, u), for each of
PERCEPTRONS behind its prefix:

    <case>.0.weight, <case>.0.bias, <case>.2.weight, ...  parameters
    <case>.z [S,w_0]   <case>.y [S,w_L]                   inputs and outputs
    <case>.y_bar, <case>.z_bar, <case>.0.weight_bar, ...  cotangent of y and gradients
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

LSTMS = {"lstm_5": (torch.nn.LSTM, 5), "lstm_cell_37": (torch.nn.LSTMCell, 37)}

PERCEPTRONS = {  # activation and widths; z has 2 numbers more than y
    "tanh": (torch.nn.Tanh, [5, 7, 3]),
    "relu": (torch.nn.ReLU, [5, 7, 6, 3]),
    "sigmoid": (torch.nn.Sigmoid, [5, 9, 3]),
    "softplus": (torch.nn.Softplus, [5, 6, 4, 7, 3]),
    "gelu": (torch.nn.GELU, [5, 8, 6, 3]),
    "affine": (torch.nn.Identity, [5, 3]),
}


def run_lstm(network, n):
    """Step by step, because the module over a sequence does not give its cells."""
    x0 = torch.randn(SAMPLES, 2 * n, requires_grad=True)
    inputs = torch.randn(SAMPLES, STEPS, INPUTS, requires_grad=True)
    h, c = x0[:, :n], x0[:, n:]
    states = []
    for t in range(STEPS):
        if isinstance(network, torch.nn.LSTMCell):
            h, c = network(inputs[:, t], (h, c))
        else:
            _, (h, c) = network(inputs[:, t : t + 1], (h.unsqueeze(0), c.unsqueeze(0)))
            h, c = h[0], c[0]
        states.append(torch.cat((h, c), 1))
    hidden = torch.stack(states, 1)
    hidden_bar = torch.randn_like(hidden)
    (hidden * hidden_bar).sum().backward()
    arrays = {
        "x0": x0,
        "inputs": inputs,
        "hidden": hidden,
        "hidden_bar": hidden_bar,
        "x0_bar": x0.grad,
        "inputs_bar": inputs.grad,
    }
    return finish(arrays, network)


def run_perceptron(activation, widths):
    """One forward and backward pass of nn.Sequential."""
    modules = []
    for wide_in, wide_out in zip(widths, widths[1:]):
        modules += [torch.nn.Linear(wide_in, wide_out), activation()]
    network = torch.nn.Sequential(*modules[:-1])
    amplify(network)
    z = torch.randn(SAMPLES, widths[0], requires_grad=True)
    y = network(z)
    y_bar = torch.randn_like(y)
    (y * y_bar).sum().backward()
    return finish({"z": z, "y": y, "y_bar": y_bar, "z_bar": z.grad}, network)


def amplify(network):
    """Away from the linear range."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter *= 2.0


def finish(arrays, network):
    """With the parameters and their gradients, as NumPy's."""
    for name, parameter in network.named_parameters():
        arrays[name] = parameter
        arrays[name + "_bar"] = parameter.grad
    return {name: tensor.detach().numpy() for name, tensor in arrays.items()}


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
    return finish(arrays, network)


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    folder = pathlib.Path(__file__).parent
    for index, (name, (kind, n, options)) in enumerate(NETWORKS.items()):
        torch.manual_seed(1000 + index)
        network = kind(INPUTS, n, batch_first=True, **options)
        amplify(network)
        numpy.savez(folder / f"{name}.npz", **run(network, n))
    for index, (name, (kind, n)) in enumerate(LSTMS.items()):
        torch.manual_seed(2000 + index)
        cell = {} if kind is torch.nn.LSTMCell else {"batch_first": True}
        network = kind(INPUTS, n, **cell)
        amplify(network)
        numpy.savez(folder / f"{name}.npz", **run_lstm(network, n))
    torch.manual_seed(3000)
    perceptrons = {}
    for case, (activation, widths) in PERCEPTRONS.items():
        for name, array in run_perceptron(activation, widths).items():
            perceptrons[f"{case}.{name}"] = array
    numpy.savez(folder / "sequential.npz", **perceptrons)


if __name__ == "__main__":
    main()
