"""Writes elementwise.csv: reference values of every elementwise operation.

    python3 -m venv /tmp/vals && /tmp/vals/bin/pip install numpy scipy mpmath
    /tmp/vals/bin/python tests/values/elementwise.py

Made with numpy 2.4.6, scipy 1.17.1, mpmath 1.4.1. Each row is computed twice: in float64 by numpy/scipy,
and by mpmath at 50 digits, then rounded once to the nearest float64 (and at 100 digits, which must round
to the same number). The two must agree to TOLERANCE. The numpy/scipy value is written when it is the
correctly rounded one, else mpmath's, so every value is correctly rounded, and zeros keep their IEEE sign.
At a pole the value is the limit from +0, as in IEEE arithmetic: 1/0 = inf, ln 0 = -inf.
"""

import csv
import math
import pathlib

import mpmath as mp
import numpy as np
from scipy import special

TOLERANCE = 4e-16 * 4

# Where float64 numpy/scipy misses TOLERANCE, mpmath's value is written. Both scale a rounding error in the
# exponent by its size: x ndtr(x) is 2.2e-15 off at -5 and 2.8e-14 at -20, x expit(2u) 3.9e-14 at -20.
INACCURATE = {("gelu", -5.0), ("gelu", -20.0), ("gelu_tanh", -20.0)}

# --- mpmath definitions. Arguments past +-FAR are settled by hand: mpmath would spell out e^(10^308).
FAR = 100000


def m_exp(x):
    return mp.mpf(0) if x < -FAR else mp.inf if x > FAR else mp.exp(x)


def m_normal_cdf(x):
    return mp.mpf(x > 0) if abs(x) > FAR else mp.erfc(-x / mp.sqrt(2)) / 2


def m_sigmoid(x):
    return 1 / (1 + m_exp(-x))


def m_softplus(x):
    return max(x, 0) + mp.log1p(m_exp(-abs(x)))


def m_gelu_tanh(x):  # (1 + tanh u) / 2 = sigmoid(2u), which does not cancel
    return x * m_sigmoid(2 * mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3))


def m_div(x, y):
    return x / y if y else mp.sign(x) * mp.inf


def m_pow(x, y):
    return mp.inf if x == 0 and y < 0 else x**y


def m_clamp(x, lo, hi):
    return min(max(x, lo), hi)


def m_elu(x, alpha):
    return x if x > 0 else alpha * (mp.expm1(x) if x > -FAR else -1)


def n_elu(x, alpha):
    return x if x > 0 else alpha * np.expm1(x)


# --- sample points, and the two constants of selu
def both(points):
    return [-p for p in points] + list(points)


SMALL = [1e-300, 1e-8, 1e-4, 0.1, 0.5, 1.0, 2.5, 5.0, 20.0, 50.0]
TRIG = [0.0] + both(SMALL)
LINE = TRIG + both([700.0])
EXP = LINE + both([1000.0])
WIDE = EXP + both([1.7e308])  # only where no exponential grows without bound
ROOT = [x for x in WIDE if x >= 0]
LOG_1P = [x for x in WIDE if x >= -1] + [-0.9999, -0.75]
LOG = ROOT + [0.75, 0.9999, 1.0001, 1.5]
UNIT = both([1e-300, 1e-9, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999999, 1.0]) + [0.0]
ABOVE_ONE = [1.0, 1.000000000001, 1.1, 1.5, 2.0, 10.0, 1e8, 1e16, 1e200, 1.7e308]
HALVES = both([0.5, 1.5, 2.5, 0.49999999999999994, 4503599627370495.5])
PAIRS = [(0.0, 2.5), (2.5, 0.0), (-2.5, 0.0), (1.0, 1.0), (0.5, -0.5), (-1.0, 2.5), (2.5, -1.0), (0.1, 0.2),
         (0.3, 0.1), (-0.1, 0.3), (-5.0, -20.0), (1.0, 1e-8), (1e-8, -1e-4), (1e-300, 1e-300), (1e-300, 50.0),
         (50.0, 1e-300), (1e16, 1.0), (700.0, 3.0), (1.7e308, 1.7e308), (1.7e308, -0.1), (-1.7e308, 1.7e308)]
POWERS = [(2.0, 3.0), (2.0, -3.0), (2.0, 0.5), (-2.0, 2.0), (-2.0, 3.0), (-2.0, -3.0), (-0.5, 5.0), (-1.0, 7.0),
          (-2.5, 0.0), (2.5, 0.0), (0.0, 0.0), (0.0, 2.0), (0.0, 0.5), (0.0, -1.0), (1.0, 50.0), (0.1, -2.5),
          (5.0, 20.0), (50.0, -20.0), (2.5, 700.0), (700.0, 700.0), (0.1, 700.0), (1e-300, 0.5), (1.0001, 1e4)]

LAMBDA, ALPHA = "1.0507009873554804934193349852946", "1.6732632423543772848170429916717"

# --- name, attributes, points, numpy/scipy, mpmath
OPS = [
    ("neg", [], WIDE, np.negative, lambda x: -x),
    ("recip", [], WIDE, np.reciprocal, lambda x: m_div(1, x)),
    ("sqrt", [], ROOT, np.sqrt, mp.sqrt),
    ("rsqrt", [], ROOT, lambda x: 1 / np.sqrt(x), lambda x: m_div(1, mp.sqrt(x))),
    ("square", [], WIDE, np.square, lambda x: x * x),
    ("abs", [], WIDE, np.abs, abs),
    ("sign", [], WIDE, np.sign, mp.sign),
    ("exp", [], EXP, np.exp, m_exp),
    ("exp_m1", [], EXP, np.expm1, mp.expm1),
    ("ln", [], LOG, np.log, mp.log),
    ("ln_1p", [], LOG_1P, np.log1p, mp.log1p),
    ("sin", [], TRIG, np.sin, mp.sin),
    ("cos", [], TRIG, np.cos, mp.cos),
    ("tan", [], TRIG, np.tan, mp.tan),
    ("atan", [], WIDE, np.arctan, mp.atan),
    ("asin", [], UNIT, np.arcsin, mp.asin),
    ("acos", [], UNIT, np.arccos, mp.acos),
    ("sinh", [], EXP, np.sinh, mp.sinh),
    ("cosh", [], EXP, np.cosh, mp.cosh),
    ("asinh", [], WIDE, np.arcsinh, mp.asinh),
    ("acosh", [], ABOVE_ONE, np.arccosh, mp.acosh),
    ("atanh", [], [x for x in UNIT if abs(x) < 1], np.arctanh, mp.atanh),
    ("floor", [], WIDE, np.floor, mp.floor),
    ("ceil", [], WIDE, np.ceil, mp.ceil),
    ("round", [], WIDE + HALVES, np.rint, mp.nint),
    ("tanh", [], WIDE, np.tanh, mp.tanh),
    ("erf", [], WIDE, special.erf, mp.erf),
    ("sigmoid", [], WIDE, special.expit, m_sigmoid),
    ("log_sigmoid", [], WIDE, special.log_expit, lambda x: -m_softplus(-x)),
    ("softplus", [], WIDE, special.softplus, m_softplus),
    ("relu", [], WIDE, lambda x: np.maximum(x, 0.0), lambda x: max(x, 0)),
    *[("leaky_relu", [a], WIDE, lambda x, a: np.where(x > 0, x, a * x), lambda x, a: max(x, 0) + a * min(x, 0))
      for a in (0.01, 0.2)],
    *[("elu", [a], WIDE, n_elu, m_elu) for a in (1.0, 0.5)],
    ("selu", [], WIDE, lambda x: np.float64(LAMBDA) * n_elu(x, np.float64(ALPHA)),
     lambda x: mp.mpf(LAMBDA) * m_elu(x, mp.mpf(ALPHA))),
    ("gelu", [], WIDE, lambda x: x * special.ndtr(x), lambda x: x * m_normal_cdf(x)),
    ("gelu_tanh", [], WIDE, lambda x: x * special.expit(2 * np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)),
     m_gelu_tanh),
    ("silu", [], WIDE, lambda x: x * special.expit(x), lambda x: x * m_sigmoid(x)),
    ("mish", [], WIDE, lambda x: x * np.tanh(special.softplus(x)), lambda x: x * mp.tanh(m_softplus(x))),
    ("hard_tanh", [], WIDE, lambda x: np.clip(x, -1.0, 1.0), lambda x: m_clamp(x, -1, 1)),
    ("hard_sigmoid", [], WIDE + both([3.0]), lambda x: np.clip(x / 6 + 0.5, 0.0, 1.0),
     lambda x: m_clamp((x + 3) / 6, 0, 1)),
    ("softsign", [], WIDE, lambda x: x / (1 + np.abs(x)), lambda x: x / (1 + abs(x))),
    ("clamp", [-0.5, 0.75], WIDE + [0.75], np.clip, m_clamp),
    *[("pow_scalar", [p], LINE, np.power, m_pow) for p in (2.0, 3.0, -1.0, 0.0)],
    *[("pow_scalar", [p], ROOT, np.power, m_pow) for p in (0.5, -1.5)],
    *[("add_scalar", [c], LINE, np.add, lambda x, c: x + c) for c in (1.5, -0.25)],
    *[("mul_scalar", [c], LINE, np.multiply, lambda x, c: x * c) for c in (1.5, -0.25)],
    *[("div_scalar", [c], LINE, np.divide, lambda x, c: x / c) for c in (1.5, -0.25)],
    *[("scalar_div", [c], LINE, lambda x, c: c / x, lambda x, c: m_div(c, x)) for c in (1.5, -0.25)],
    ("add", [], PAIRS, np.add, lambda x, y: x + y),
    ("sub", [], PAIRS, np.subtract, lambda x, y: x - y),
    ("mul", [], PAIRS, np.multiply, lambda x, y: x * y),
    ("div", [], PAIRS, np.divide, m_div),
    ("pow", [], POWERS, np.power, m_pow),
    ("minimum", [], PAIRS, np.minimum, min),
    ("maximum", [], PAIRS, np.maximum, max),
]


def nearest(value):
    """The float64 nearest to an mpmath number, rounded once, subnormals included."""
    value = mp.mpf(value)
    if not mp.isfinite(value):
        return float(value)
    if abs(value) < mp.mpf(2) ** -1200:  # far below the smallest subnormal
        return -0.0 if value < 0 else 0.0
    man, exp = abs(value).man_exp
    try:  # int / int rounds correctly
        size = (int(man) << max(exp, 0)) / (1 << max(-exp, 0))
    except OverflowError:
        size = math.inf
    return -size if value < 0 else size


def exact(function, arguments, digits):
    with mp.workdps(digits):
        return nearest(function(*map(mp.mpf, arguments)))


def main():
    rows, inaccurate = [], set()
    for name, attributes, points, numeric, precise in OPS:
        for point in sorted(points):
            x, y = point if isinstance(point, tuple) else (point, None)
            arguments = [x, *attributes] if y is None else [x, y]
            value = exact(precise, arguments, 50)
            assert value == exact(precise, arguments, 100), (name, arguments)
            with np.errstate(all="ignore"):
                float64 = float(numeric(*map(np.float64, arguments)))
            if float64 == value:
                value = float64  # the same number, with the IEEE sign if it is zero
            elif not abs(float64 - value) < TOLERANCE * abs(value) < math.inf:
                inaccurate.add((name, x))
            cells = ["" if number is None else repr(number) for number in (x, y, value)]
            rows.append([name, ";".join(map(repr, attributes)), *cells])
    assert inaccurate <= INACCURATE, inaccurate - INACCURATE
    with open(pathlib.Path(__file__).with_suffix(".csv"), "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["op", "attributes", "x", "y", "value"])
        writer.writerows(rows)


if __name__ == "__main__":
    main()
