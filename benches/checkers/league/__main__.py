"""Runs the checkers of PyTorch and JAX on the shared cases: `python -m league CASES OUTPUT`."""

import csv
import json
import re
import sys
import time
import warnings

import numpy as np

from . import arrays, elements, right, with_jax, with_torch  # noqa: F401
from .table import NAMED, SECOND_ORDER, TABLE

warnings.filterwarnings("ignore")


# What is drawn at random, or never written, differs.
INCOMPARABLE = {"random numbers drawn again", "saved buffer not written", "output not written"}


def one_line(error):
    return re.sub(r"\s+", " ", f"{type(error).__name__}: {error}")


def compare(cases):
    """Refuses operations whose values or gradients, right or wrong, are not those of the Rust part."""
    for name, case in cases.items():
        if case["outcome"] is None or "torch" in TABLE[name].impossible or name in INCOMPARABLE:
            continue
        if name.endswith("changed in place"):
            continue
        value, gradients = with_torch.outcome(TABLE[name].make(), case)
        for ours, theirs in zip([case["outcome"][0], *case["outcome"][1]], [value, *gradients]):
            if not np.allclose(np.array(ours, dtype=float), theirs, rtol=1e-7, atol=1e-12, equal_nan=True):
                sys.exit(f"{name} is not the same in both languages: {ours} and {theirs}")


def row(name, checker, check, framework, case):
    """The row of one check, in the columns of results.csv."""
    entry = TABLE[name]
    blank = dict(mistake=name, checker=checker, detected="", diagnosed="", accused="", seconds="", said="")
    if framework in entry.impossible:
        return blank | dict(diagnosed="n/a", said=entry.impossible[framework])
    np.random.seed(0)
    with_torch.torch.manual_seed(0)
    pair, message = entry.make(), ""
    start = time.perf_counter()
    try:
        check(pair, case)
    except Exception as error:  # A checker says what it finds by whatever exception it likes.
        message = one_line(error)
    seconds = f"{time.perf_counter() - start:.6f}"
    failed = str(bool(message)).lower()
    said = message[:300]
    if case["right"]:
        return blank | dict(accused=failed, seconds=seconds, said=said)
    named = name in NAMED and re.search(NAMED[name], message, re.IGNORECASE) is not None
    named |= name in SECOND_ORDER and (checker == "torch gradgradcheck" or "VJP of VJP" in message)
    return blank | dict(detected=failed, diagnosed=str(bool(message) and named).lower(), seconds=seconds, said=said)


def main():
    cases = json.load(open(sys.argv[1]))
    if cases.keys() != TABLE.keys():
        sys.exit(f"not in both languages: {sorted(cases.keys() ^ TABLE.keys())}")
    compare(cases)
    warm = dict(indices=[], inputs=[[[4], [0.7, 1.9, -0.6, 0.4]]])
    with open(sys.argv[2], "w", newline="") as file:
        table = csv.DictWriter(file, ["mistake", "checker", "detected", "diagnosed", "accused", "seconds", "said"])
        table.writeheader()
        for module in (with_torch, with_jax):
            for checker, check in module.CHECKERS.items():
                check(warm_pair(), warm)
                for name, case in cases.items():
                    table.writerow(row(name, checker, check, module.XP.name, case))


def warm_pair():
    """A right operation, so that imports and compilers are warm before anything is timed."""
    return lambda xp, x: xp.sin(x), lambda xp, g, z, x: [g * xp.cos(x)]


main()
