"""Writes optimizers.json: 20 steps of PyTorch's optimizers in float64.

    python3 -m venv /tmp/torch && /tmp/torch/bin/pip install torch
    /tmp/torch/bin/python optim/tests/torch/optimizers.py

The gradient of entry k in step t is p³ − p + 0.3 (k − 2) + 0.05 t: of changing sign, and different in every step.
"""

import json
import pathlib

import torch
from torch import optim



class Lion(optim.Optimizer):
    """Algorithm 2 of Chen et al. (2023), which PyTorch does not have."""

    def __init__(self, params, lr, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                mean = self.state[p].setdefault("mean", torch.zeros_like(p))
                update = torch.sign(torch.lerp(p.grad, mean, beta1)) + group["weight_decay"] * p
                self.state[p]["mean"] = torch.lerp(p.grad, mean, beta2)
                p -= group["lr"] * update


START = [1.5, -0.7, 0.2, -2.0, 0.9]
CASES = [
    ("sgd", {}, lambda p: optim.SGD(p, 0.05)),
    ("sgd", {"l2": 0.1}, lambda p: optim.SGD(p, 0.05, weight_decay=0.1)),
    ("sgd", {"momentum": 0.9, "l2": 0.1}, lambda p: optim.SGD(p, 0.02, momentum=0.9, weight_decay=0.1)),
    ("sgd", {"momentum": 0.8, "dampening": 0.3}, lambda p: optim.SGD(p, 0.02, momentum=0.8, dampening=0.3)),
    ("sgd", {"momentum": 0.9, "nesterov": 1}, lambda p: optim.SGD(p, 0.02, momentum=0.9, nesterov=True)),
    ("adam", {}, lambda p: optim.Adam(p, 0.1)),
    ("adam", {"beta1": 0.8, "beta2": 0.95, "epsilon": 1e-3, "l2": 0.1},
     lambda p: optim.Adam(p, 0.1, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1)),
    ("adam", {"decay": 0.3}, lambda p: optim.AdamW(p, 0.1, weight_decay=0.3)),
    ("adam", {"amsgrad": 1, "beta2": 0.5}, lambda p: optim.Adam(p, 0.1, betas=(0.9, 0.5), amsgrad=True)),
    ("adam", {"amsgrad": 1, "beta2": 0.5, "decay": 0.3},
     lambda p: optim.AdamW(p, 0.1, betas=(0.9, 0.5), amsgrad=True, weight_decay=0.3)),
    ("rmsprop", {}, lambda p: optim.RMSprop(p, 0.05)),
    ("rmsprop", {"alpha": 0.9, "epsilon": 1e-4, "l2": 0.1},
     lambda p: optim.RMSprop(p, 0.05, alpha=0.9, eps=1e-4, weight_decay=0.1)),
    ("rmsprop", {"momentum": 0.7}, lambda p: optim.RMSprop(p, 0.02, momentum=0.7)),
    ("rmsprop", {"momentum": 0.7, "centered": 1}, lambda p: optim.RMSprop(p, 0.02, momentum=0.7, centered=True)),
    ("adagrad", {}, lambda p: optim.Adagrad(p, 0.3)),
    ("lion", {}, lambda p: Lion(p, 0.05)),
    ("lion", {"beta1": 0.7, "beta2": 0.95, "decay": 0.3}, lambda p: Lion(p, 0.05, (0.7, 0.95), 0.3)),
    ("adagrad", {"rate_decay": 0.1, "l2": 0.1}, lambda p: optim.Adagrad(p, 0.3, lr_decay=0.1, weight_decay=0.1)),
]


def run(name, settings, make):
    p = torch.tensor(START, dtype=torch.float64)
    optimizer = make([p])
    steps = []
    for t in range(20):
        p.grad = p**3 - p + 0.3 * (torch.arange(5, dtype=torch.float64) - 2) + 0.05 * t
        optimizer.step()
        steps.append(p.tolist())
    return {"name": name, "rate": optimizer.param_groups[0]["lr"], "settings": settings, "steps": steps}


rows = ",\n".join(json.dumps(run(*case), separators=(",", ":")) for case in CASES)
pathlib.Path(__file__).with_name("optimizers.json").write_text(f"[\n{rows}\n]\n")
