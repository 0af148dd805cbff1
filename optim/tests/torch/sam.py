"""Writes sam.json: 20 steps of sharpness-aware minimization (Foret et al. 2021) in float64, around PyTorch's SGD and Adam.

    /tmp/torch/bin/python optim/tests/torch/sam.py

The loss is the sum over k of p⁴/4 − p²/2 + 0.3 (k − 2) p for a first parameter of three entries and a second of two.
"""

import json
import pathlib

import torch

CASES = [
    ("sgd", 0.05, lambda p: torch.optim.SGD(p, 0.02, momentum=0.9)),
    ("adam", 0.5, lambda p: torch.optim.Adam(p, 0.1)),
    ("adam", 0.0, lambda p: torch.optim.Adam(p, 0.1)),
]


def run(name, rho, make):
    first = torch.tensor([1.5, -0.7, 0.2], dtype=torch.float64, requires_grad=True)
    second = torch.tensor([-2.0, 0.9], dtype=torch.float64, requires_grad=True)
    params = [first, second]
    optimizer = make(params)

    def backward():
        optimizer.zero_grad()
        p = torch.cat(params)
        loss = (p**4 / 4 - p**2 / 2 + 0.3 * (torch.arange(5, dtype=torch.float64) - 2) * p).sum()
        loss.backward()
        return loss.item()

    losses, steps = [], []
    for _ in range(20):
        losses.append(backward())
        length = torch.sqrt(sum((p.grad**2).sum() for p in params))
        saved = [p.detach().clone() for p in params]
        with torch.no_grad():
            for p in params:
                p += rho * p.grad / length
        backward()
        with torch.no_grad():
            for p, old in zip(params, saved):
                p.copy_(old)
        optimizer.step()
        steps.append(torch.cat(params).tolist())
    return {"name": name, "rho": rho, "losses": losses, "steps": steps}


rows = ",\n".join(json.dumps(run(*case), separators=(",", ":")) for case in CASES)
pathlib.Path(__file__).with_name("sam.json").write_text(f"[\n{rows}\n]\n")
