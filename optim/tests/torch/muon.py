"""Writes muon.json: steps 1, 5 and 20 of PyTorch's Muon in float64, beside AdamW for the bias.

    python3 -m venv /tmp/torch && /tmp/torch/bin/pip install torch
    /tmp/torch/bin/python optim/tests/torch/muon.py

PyTorch iterates in bfloat16. Here it does so in float64, which is put in its place.

Entry k of a parameter starts at ((7 k + 3) mod 11 − 5) / 4, and its gradient in step t is p³ − p + 0.3 (k − 2) + 0.05 t. The kernel of a convolution, which PyTorch's Muon
does not take, is a matrix with a row for each output channel.
"""

import json
import math
import pathlib

import torch
from torch import optim

torch.bfloat16 = torch.float64

RATE = 0.05
SHAPES = {"wide": [3, 4], "tall": [5, 3], "square": [4, 4], "row": [1, 6], "kernel": [2, 3, 2], "bias": [4]}
CASES = [
    {},
    {"decay": 0.1},
    {"momentum": 0.8, "plain": 1, "steps": 3},
    {"scale": "match_rms_adamw", "beta1": 0.8, "beta2": 0.95},
    {"scale": "spectral_unclamped", "coefficients": [2.0, -1.5, 0.5], "steps": 8, "epsilon": 30.0},
]


def run(settings):
    params = {}
    for name, shape in SHAPES.items():
        count = math.prod(shape)
        start = ((7 * torch.arange(count, dtype=torch.float64) + 3) % 11 - 5) / 4
        params[name] = start.reshape(shape[0], -1) if len(shape) > 1 else start
    decay = settings.get("decay", 0.0)
    muon = optim.Muon(
        [p for p in params.values() if p.ndim == 2],
        RATE,
        weight_decay=decay,
        momentum=settings.get("momentum", 0.95),
        nesterov="plain" not in settings,
        ns_coefficients=tuple(settings.get("coefficients", (3.4445, -4.7750, 2.0315))),
        eps=settings.get("epsilon", 1e-7),
        ns_steps=settings.get("steps", 5),
        adjust_lr_fn=settings.get("scale"),
    )
    betas = (settings.get("beta1", 0.9), settings.get("beta2", 0.999))
    adam = optim.AdamW([params["bias"]], RATE, betas=betas, weight_decay=decay)
    steps = {}
    for t in range(20):
        for p in params.values():
            k = torch.arange(p.numel(), dtype=torch.float64).reshape(p.shape)
            p.grad = p**3 - p + 0.3 * (k - 2) + 0.05 * t
        muon.step()
        adam.step()
        if t + 1 in (1, 5, 20):
            steps[t + 1] = sum((p.flatten().tolist() for p in params.values()), [])
    return {"rate": RATE, "settings": settings, "steps": steps}


shapes = json.dumps(list(SHAPES.items()))
rows = ",\n".join(json.dumps(run(case), separators=(",", ":")) for case in CASES)
pathlib.Path(__file__).with_name("muon.json").write_text(f'{{"shapes":{shapes},"cases":[\n{rows}\n]}}\n')
