"""Writes references.json: minima and numbers of evaluations by SciPy's L-BFGS-B and BFGS, and PyTorch's LBFGS, in float64.

    python3 -m venv /tmp/scipy && /tmp/scipy/bin/pip install scipy torch
    /tmp/scipy/bin/python optim/tests/scipy/references.py

All stop where no entry of the gradient is larger than 1e-6. The data of the logistic regression are those of ../sklearn.
"""

import json
import pathlib

import numpy
import scipy.optimize
import torch

here = pathlib.Path(__file__).parent
TOLERANCE = 1e-6
torch.set_default_dtype(torch.float64)


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def beale(x):
    powers = x[1] ** torch.arange(1.0, 4.0)
    return ((torch.tensor([1.5, 2.25, 2.625]) - x[0] * (1 - powers)) ** 2).sum()


# Eigenvalues from 1 to 1e4, in the directions of a reflection.
NORMAL = torch.sin(torch.arange(1.0, 21.0))
EIGENVALUES = 10 ** (4 * torch.arange(20.0) / 19)


def quadratic(x):
    reflected = x - 2 * NORMAL * (NORMAL @ x) / (NORMAL @ NORMAL)
    return 0.5 * (EIGENVALUES * reflected**2).sum() - x.sum()


rows = numpy.loadtxt(here.parent / "sklearn" / "diabetes.csv", delimiter=",", skiprows=1)
FEATURES = torch.tensor((rows[:, :10] - rows[:, :10].mean(0)) / rows[:, :10].std(0))
SIGNS = torch.where(torch.tensor(rows[:, 10] > rows[:, 10].mean()), 1.0, -1.0)


def logistic(w):
    return torch.nn.functional.softplus(-SIGNS * (FEATURES @ w)).mean() + 0.005 * (w @ w)


# A network of two layers: [40, 3] -> 6 -> 1.
INPUTS = torch.sin(torch.arange(120.0).reshape(40, 3) * 1.7)
TARGETS = torch.sin(2 * INPUTS[:, 0]) + INPUTS[:, 1] * INPUTS[:, 2]


def network(p):
    hidden, bias, readout = p[:18].reshape(3, 6), p[18:24], p[24:30]
    errors = torch.tanh(INPUTS @ hidden + bias) @ readout + p[30] - TARGETS
    return (errors**2).mean() + 0.01 * (p @ p)


CASES = [
    ("rosenbrock", rosenbrock, torch.full([10], -1.0)),
    ("beale", beale, torch.tensor([1.0, 1.0])),
    ("quadratic", quadratic, torch.zeros(20)),
    ("logistic", logistic, torch.zeros(10)),
    ("network", network, 0.5 * torch.sin(torch.arange(1.0, 32.0) * 2.3)),
]


def by_scipy(function, start, method, options):
    def value_and_gradient(x):
        x = torch.tensor(x, requires_grad=True)
        value = function(x)
        value.backward()
        return value.item(), x.grad.numpy()

    found = scipy.optimize.minimize(value_and_gradient, start.numpy(), jac=True, method=method, options=options)
    return found.fun, found.nfev, abs(found.jac).max()


def by_torch(function, start):
    x = start.clone().requires_grad_()
    optimizer = torch.optim.LBFGS(
        [x], 1, max_iter=5000, max_eval=5000, tolerance_grad=TOLERANCE, tolerance_change=0, history_size=10, line_search_fn="strong_wolfe"
    )

    def closure():
        optimizer.zero_grad()
        value = function(x)
        value.backward()
        return value

    optimizer.step(closure)
    return closure().item(), optimizer.state[x]["func_evals"], abs(x.grad).max().item()


references = []
for name, function, start in CASES:
    limited = by_scipy(function, start, "L-BFGS-B", {"gtol": TOLERANCE, "ftol": 0, "maxcor": 10, "maxfun": 5000})
    full = by_scipy(function, start, "BFGS", {"gtol": TOLERANCE})
    by_peer = by_torch(function, start)
    # Far beyond the tolerance, the value to compare with.
    value = min(by_scipy(function, start, "BFGS", {"gtol": 1e-12})[0], limited[0], full[0], by_peer[0])
    print(name, value, limited, full, by_peer)
    evaluations = {"lbfgsb": limited[1], "bfgs": full[1], "torch": by_peer[1]}
    values = {"lbfgsb": limited[0], "bfgs": full[0], "torch": by_peer[0]}
    references.append({"name": name, "start": start.tolist(), "value": value, "values": values, "evaluations": evaluations})
rows = ",\n".join(json.dumps(row) for row in references)
here.joinpath("references.json").write_text(f"[\n{rows}\n]\n")
