"""Writes linalg.json: values of linear algebra by numpy and scipy, and gradients by PyTorch or scipy.

    python3 -m venv /tmp/vals && /tmp/vals/bin/pip install numpy scipy torch
    /tmp/vals/bin/python tests/values/linalg.py

Made with numpy 2.4.6, scipy 1.17.1, torch 2.15.0. A gradient is that of the sum of all outputs times cos(1), cos(2), …, counted
through all outputs in row-major order. Signs of vectors are made those that the operations promise. Operations on symmetric
matrices take the symmetric part of what they are given; so do the cases here.
"""

import json
import pathlib

import numpy as np
import torch
from scipy import linalg

random = np.random.default_rng(2026)
cases = []


def number(array):
    array = np.asarray(array, dtype=float)
    return {"shape": list(array.shape), "data": array.ravel().tolist()}


def cotangents(outputs):
    sizes = np.cumsum([0] + [np.asarray(y).size for y in outputs])
    weights = np.cos(np.arange(1.0, sizes[-1] + 1))
    return [weights[a:b].reshape(np.asarray(y).shape) for a, b, y in zip(sizes, sizes[1:], outputs)]


def add(op, inputs, outputs, gradients, attributes=()):
    cases.append({"op": op, "attributes": list(attributes), "inputs": [number(x) for x in inputs],
                  "outputs": [number(y) for y in outputs], "gradients": [number(g) for g in gradients]})


def case(op, inputs, value, function, attributes=()):
    """`value` by numpy or scipy of one matrix each; `function` by torch, of whole batches."""
    batch = inputs[0].shape[:-2]
    each = [value(*[x[index] if x.ndim > 2 else x for x in inputs]) for index in np.ndindex(batch)]
    outputs = [np.reshape(ys, batch + np.shape(ys[0])) for ys in zip(*each)]
    variables = [torch.tensor(x, requires_grad=True) for x in inputs]
    found = function(*variables)
    for y, z in zip(outputs, found):
        assert np.allclose(y, z.detach().numpy(), rtol=1e-10, atol=1e-12), op
    total = sum((torch.tensor(w) * z).sum() for w, z in zip(cotangents(outputs), found))
    total.backward()
    add(op, inputs, outputs, [x.grad.numpy() for x in variables], attributes)


def symmetric(x):
    return (x + x.swapaxes(-1, -2)) / 2


def signs(vectors):
    """Of each column, of the first component with at least 0.7 of the largest magnitude."""
    sizes = abs(vectors)
    leading = (sizes >= 0.7 * sizes.max(-2, keepdims=True)).argmax(-2)
    return np.sign(np.take_along_axis(vectors, leading[..., None, :], -2))


def eigh(x):
    values, vectors = np.linalg.eigh(symmetric(x))
    return values, vectors * signs(vectors)


def torch_eigh(x):
    values, vectors = torch.linalg.eigh((x + x.mT) / 2)
    return values, vectors * torch.tensor(signs(vectors.detach().numpy()))


def qr(x):
    q, r = np.linalg.qr(x)
    sign = np.sign(np.diag(r))
    return q * sign, r * sign[:, None]


def torch_qr(x):
    q, r = torch.linalg.qr(x)
    sign = torch.sign(torch.diagonal(r, dim1=-2, dim2=-1)).detach()
    return q * sign[..., None, :], r * sign[..., None]


def definite(*shape):
    x = random.normal(size=shape)
    skew = random.normal(size=shape)
    return x @ x.swapaxes(-1, -2) + 0.5 * np.eye(shape[-1]) + 0.1 * (skew - skew.swapaxes(-1, -2))


general = [random.normal(size=(4, 4)), random.normal(size=(2, 3, 3)), np.array([[0.0, 2.0], [3.0, 0.0]])]
for x in general:
    case("inverse", [x], lambda x: [np.linalg.inv(x)], lambda x: [torch.linalg.inv(x)])
    case("slogdet", [x], lambda x: list(np.linalg.slogdet(x)), lambda x: list(torch.linalg.slogdet(x)))
    right = random.normal(size=x.shape[:-1] + (2,))
    case("solve", [x, right], lambda x, b: [np.linalg.solve(x, b)], lambda x, b: [torch.linalg.solve(x, b)])
    case("trace", [x], lambda x: [np.trace(x)], lambda x: [torch.diagonal(x, dim1=-2, dim2=-1).sum(-1)])
    case("diagonal", [x], lambda x: [np.diag(x)], lambda x: [torch.diagonal(x, dim1=-2, dim2=-1)])
    case("diag", [x], lambda x: [np.stack([np.diag(row) for row in x])], lambda x: [torch.diag_embed(x)])
    lower = x + 3 * np.eye(x.shape[-1])
    for which, options in enumerate([{"lower": True}, {}, {"lower": True, "unit_diagonal": True}, {"unit_diagonal": True}]):
        unit = options.get("unit_diagonal", False)
        case("solve_triangular", [lower, right], lambda x, b: [linalg.solve_triangular(x, b, **options)],
             lambda x, b: [torch.linalg.solve_triangular(x, b, upper=not options.get("lower", False), unitriangular=unit)], [which])
for x in [definite(4, 4), definite(2, 3, 3), np.array([[4.0]])]:
    case("cholesky", [x], lambda x: [np.linalg.cholesky(symmetric(x))], lambda x: [torch.linalg.cholesky((x + x.mT) / 2)])
    case("eigh", [x], eigh, torch_eigh)
for x in [random.normal(size=(5, 3)), random.normal(size=(2, 3, 3)), random.normal(size=(4, 1))]:
    case("qr", [x], qr, torch_qr)
for x in [random.normal(size=(5, 3)), random.normal(size=(2, 3, 4)), random.normal(size=(3, 3))]:
    case("singular_values", [x], lambda x: [linalg.svdvals(x)], lambda x: [torch.linalg.svdvals(x)])

# Functions of matrices, also of one with the eigenvalues 1, 1, 4: values and Fréchet derivatives by scipy.
for x in [definite(4, 4), np.array([[2.0, 1.0, 1.0], [1.0, 2.0, 1.0], [1.0, 1.0, 2.0]])]:
    s = symmetric(x)
    c = symmetric(cotangents([s])[0])
    root = linalg.sqrtm(s)
    along = linalg.solve_sylvester(root, root, c)
    inverse = linalg.inv(root)
    n = len(s)
    logs = linalg.logm(np.block([[s, c], [np.zeros((n, n)), s]]))
    for name, power, value, gradient in [
        ("exp", [], *linalg.expm_frechet(s, c)),
        ("ln", [], logs[:n, :n], logs[:n, n:]),
        ("power", [0.5], root, along),
        ("power", [-0.5], inverse, -inverse @ along @ inverse),
        ("power", [3.0], s @ s @ s, c @ s @ s + s @ c @ s + s @ s @ c),
    ]:
        add(name, [x], [value], [gradient], power)

pathlib.Path(__file__).with_suffix(".json").write_text(
    "[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
print(len(cases), "cases")
