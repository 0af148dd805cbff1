"""What the scripts here share: inputs, and how tensors are written."""

import json
import pathlib

import torch


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


def values(*shape, seed=0):
    """Numbers of either sign with few digits, none repeated, none at a kink."""
    size = torch.Size(shape).numel()
    places = (torch.arange(size) * (7 + 4 * seed) + 3) % 31
    return ((places - 14).to(torch.float64) / 8 + 0.03).reshape(shape)


def plain(value):
    """Tensors as shape and row-major data; Python writes the shortest digits that read back as the same number."""
    if isinstance(value, torch.Tensor):
        return {"shape": list(value.shape), "data": value.flatten().tolist()}
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value


def write(name, cases):
    rows = ",\n".join(json.dumps(plain(case), separators=(",", ":")) for case in cases)
    pathlib.Path(__file__).with_name(name).write_text(f"[\n{rows}\n]\n")
