"""The table of operations: forward and backward, written once for torch and JAX in terms of a module `xp`."""

from dataclasses import dataclass, field
from typing import Callable


@dataclass
class Entry:
    """An operation. `make` returns `(forward(xp, *x), backward(xp, g, z, *x))`, with state of its own if it has any."""

    make: Callable
    impossible: dict = field(default_factory=dict)


TABLE: dict[str, Entry] = {}

# What a message must mention, besides numbers that differ, to name a mistake. For others no message of these checkers does.
NAN = r"\bnan\b"
REENTRANT = r"reentrant|non-?determinis"
NAMED = {
    "NaN": NAN,
    "NaN where it should be 0": NAN,
    "NaN at 0": NAN,
    "infinity over infinity": NAN,
    "infinity times a mask of zero": NAN,
    "exponentials in the gradient overflow": NAN,
    "division by a factor that is 0": NAN,
    "random numbers drawn again": REENTRANT,
    "wrong in every 50th call": REENTRANT,
    "wrong in every 5,000th call": REENTRANT,
    "buffer not cleared": REENTRANT,
    "saved buffer not written": REENTRANT,
    "output not written": REENTRANT,
    "gradient of another shape": r"shape|size",
    "panics if strided": r"strided",
    "panics if empty": r"empty",
    "input changed in place": r"in-?place|modified",
    "cotangent changed in place": r"in-?place|modified",
}

# Mistakes that are only in the second derivative: a checker of second derivatives that fails has named them,
# and so has a message that says of which order the derivative is.
SECOND_ORDER = {"saved value taken as constant", "cotangent taken as constant"}


def define(name, forward, backward, **impossible):
    """An operation without state; `jax="…"` or `torch="…"` says why a framework cannot express it."""
    stateful(name, lambda: (forward, backward), **impossible)


def stateful(name, make, **impossible):
    """An operation with state: `make` is called anew for each check."""
    assert name not in TABLE, name
    TABLE[name] = Entry(make, impossible)


def nowhere(name, **impossible):
    """A mistake that neither framework can express."""
    stateful(name, None, **impossible)
