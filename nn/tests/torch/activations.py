"""Writes activations.json: PyTorch's activations and their gradients in float64.

Made and run as losses.py. The gradient is that of the output's sum weighted 1, 2, 3 ... in row-major order; parameters
come with theirs.
"""

import torch
import torch.nn.functional as F

from tensors import tensor, values, write

# Far out, around and at the kinks. At 6, where relu6 has none, PyTorch says 0 and this framework ½.
LINE = tensor([-1e4, -40, -5.5, -3, -1, -0.5, -0.3, 0, 0.2, 0.5, 1, 2.5, 3, 6.5, 40, 1e4])


def hard_sigmoid(x):
    """F.hardsigmoid's own derivative is 1/6 in single precision, 2.5e-8 off; relu6 has none of that."""
    return F.relu6(x + 3) / 6


ELEMENTWISE = [
    ("identity", {}, lambda x: x * 1),
    ("sigmoid", {}, F.sigmoid),
    ("tanh", {}, F.tanh),
    ("relu", {}, F.relu),
    ("leaky_relu", {"slope": 0.01}, lambda x: F.leaky_relu(x, 0.01)),
    ("elu", {"alpha": 0.7}, lambda x: F.elu(x, 0.7)),
    ("selu", {}, F.selu),
    ("gelu", {}, F.gelu),
    ("gelu_tanh", {}, lambda x: F.gelu(x, approximate="tanh")),
    ("silu", {}, F.silu),
    ("mish", {}, F.mish),
    ("softplus", {}, F.softplus),
    ("log_sigmoid", {}, F.logsigmoid),
    ("softsign", {}, F.softsign),
    ("hard_tanh", {}, F.hardtanh),
    ("hard_sigmoid", {}, hard_sigmoid),
    ("relu6", {}, F.relu6),
    ("hard_swish", {}, F.hardswish),
    # PyTorch keeps 1/alpha in single precision: one that is exact there.
    ("celu", {"alpha": 0.5}, lambda x: F.celu(x, 0.5)),
    ("tanhshrink", {}, F.tanhshrink),
    ("softshrink", {"lambda": 0.3}, lambda x: F.softshrink(x, 0.3)),
    ("hardshrink", {"lambda": 0.3}, lambda x: F.hardshrink(x, 0.3)),
    ("threshold", {"threshold": 0.5, "value": -2.0}, lambda x: F.threshold(x, 0.5, -2.0)),
]


def maxout(x, weight, bias):
    """The largest of two pieces: PyTorch has the linear layer and the maximum."""
    return F.linear(x, weight, bias).unflatten(-1, (-1, 2)).amax(-1)


OTHERS = [
    ("softmax", {"axis": 1}, lambda x: F.softmax(x, 1), values(2, 4), []),
    ("log_softmax", {"axis": 0}, lambda x: F.log_softmax(x, 0), values(2, 4) * 1e4, []),
    ("glu", {"axis": 1}, lambda x: F.glu(x, 1), values(2, 4, 2), []),
    ("prelu", {}, F.prelu, values(2, 3, 2), [tensor([0.25])]),
    ("prelu", {"channels": 3}, F.prelu, values(2, 3, 2), [tensor([0.25, -0.5, 2.0])]),
    ("maxout", {"pieces": 2}, maxout, values(2, 3), [values(4, 3, seed=1), values(4, seed=2)]),
]


def case(name, attributes, function, x, parameters=()):
    leaves = [leaf.clone().requires_grad_() for leaf in [x, *parameters]]
    value = function(*leaves)
    cotangent = torch.arange(1, value.numel() + 1, dtype=torch.float64).reshape(value.shape)
    gradient, *gradients = torch.autograd.grad(value, leaves, cotangent)
    learned = [{"value": value, "gradient": gradient} for value, gradient in zip(parameters, gradients)]
    expected = {"x": x, "value": value, "gradient": gradient, "parameters": learned}
    return {"name": name, "attributes": attributes, **expected}


write("activations.json", [case(*row, LINE) for row in ELEMENTWISE] + [case(*row) for row in OTHERS])
