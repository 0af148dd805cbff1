"""Mistakes of one element, and in the use of the cotangent."""

import math

import numpy as np

from .table import define, nowhere, stateful


def square(xp, x):
    return x * x


def of_square(name, change, **impossible):
    """The square, whose gradient `2 x g` is changed: `change(xp, g, x)`."""
    define(name, square, lambda xp, g, z, x: [change(xp, g, x)], **impossible)


def tanh(name, change):
    """`tanh`, handed another cotangent."""
    define(name, lambda xp, x: xp.tanh(x), lambda xp, g, z, x: [change(xp, g) * (1 - z * z)])


tanh("sign flipped", lambda xp, g: -g)
tanh("half", lambda xp, g: g / 2)
tanh("added twice", lambda xp, g: g + g)
tanh("no gradient", lambda xp, g: 0 * g)
tanh("NaN", lambda xp, g: math.nan * g)
tanh("cotangent squared", lambda xp, g: g * g)
tanh("index off by one", lambda xp, g: xp.roll(g.reshape(-1), -1).reshape(g.shape))
tanh("first entry dropped", lambda xp, g: g * xp.first_zero(g))

define("sign of one input", lambda xp, x, y: x / y, lambda xp, g, z, x, y: [g / y, g * z / y])
define("multiplied instead of divided", lambda xp, x: xp.sqrt(x), lambda xp, g, z, x: [g * x / 2])
define("derivative of another function", lambda xp, x: xp.sqrt(x), lambda xp, g, z, x: [g / x])
define("slope 1 without a rule", lambda xp, x: xp.log(x), lambda xp, g, z, x: [g])
define("slope at the output", lambda xp, x: xp.sin(x), lambda xp, g, z, x: [g * xp.cos(z)])
define("1/(1-p) of a dropout missing", lambda xp, x, m: x * m / 0.8, lambda xp, g, z, x, m: [g * m, g * x])
define("tie counted twice", lambda xp, x, y: xp.maximum(x, y),
       lambda xp, g, z, x, y: [xp.where(x >= y, g, 0.0 * g), xp.where(y >= x, g, 0.0 * g)])
define("overflows", lambda xp, x: xp.log(1 + xp.exp(x)), lambda xp, g, z, x: [g * xp.sigmoid(x)])
define("infinity over infinity", lambda xp, x: x * (xp.exp(x) / (1 + xp.exp(x))),
       lambda xp, g, z, x: [g * xp.sigmoid(x) * (1 + x * (1 - xp.sigmoid(x)))])
define("infinity times a mask of zero", lambda xp, x: (x > 0) * x + (1.0 * (x <= 0)) * xp.expm1(x),
       lambda xp, g, z, x: [g * xp.where(x > 0, xp.exp(0 * x), xp.exp(x))])
define("NaN at 0", lambda xp, x: xp.abs(x), lambda xp, g, z, x: [g * x / z])
define("NaN where it should be 0", lambda xp, x: xp.where(x > 0, x, 0 * x),
       lambda xp, g, z, x: [xp.where(x > 0, g, math.nan * g)])
define("division by a factor that is 0", lambda xp, x: xp.prod(x), lambda xp, g, z, x: [g * z / x])

define("chain factor missing", lambda xp, x: xp.sin(3 * x), lambda xp, g, z, x: [g * xp.cos(3 * x)])
define("mask forgotten", lambda xp, x: xp.clip(x, -1, 1), lambda xp, g, z, x: [g * 1])
define("mask inverted", lambda xp, x: xp.where(x > 0, x, 0 * x), lambda xp, g, z, x: [xp.where(x < 0, g, 0 * g)])
define("power not lowered", lambda xp, x: x**3, lambda xp, g, z, x: [3 * g * z])
define("input used for output", lambda xp, x: xp.tanh(x), lambda xp, g, z, x: [g * (1 - x * x)])
define("term of the product rule missing", lambda xp, x: x * xp.sin(x), lambda xp, g, z, x: [g * xp.sin(x)])
define("wrong value saved", lambda xp, x: x * xp.tanh(x), lambda xp, g, z, x: [g * (z + x * (1 - z * z))])
define("right for positive inputs only", lambda xp, x: x / (1 + xp.abs(x)), lambda xp, g, z, x: [g / (1 + x) ** 2])
define("gradients of two inputs swapped", lambda xp, x, y: x * y * y, lambda xp, g, z, x, y: [2 * g * x * y, g * y * y])
define("square forgotten", lambda xp, x, y: x / y, lambda xp, g, z, x, y: [g / y, -g * x / y])
define("zero where inputs are equal", lambda xp, x, y: x * y,
       lambda xp, g, z, x, y: [xp.where(x == y, 0 * g, g * y), xp.where(x == y, 0 * g, g * x)])
define("boundary between branches", lambda xp, x: xp.where(xp.abs(x) <= 1, x * x / 2, xp.abs(x) - 0.5),
       lambda xp, g, z, x: [g * xp.where(xp.abs(x) <= 2, x, xp.sign(x))])


def slope_of_approximation(xp, g, z, x):
    c = math.sqrt(2 / math.pi)
    t = xp.tanh(c * (x + 0.044715 * x**3))
    return [g * ((1 + t) / 2 + x * (1 - t * t) * c * (1 + 0.134145 * x * x) / 2)]


define("slope of an approximation", lambda xp, x: x * (1 + xp.erf(x / math.sqrt(2))) / 2, slope_of_approximation)
define("epsilon missing", lambda xp, x: 1 / xp.sqrt(x * x + 1e-5), lambda xp, g, z, x: [-g / (x * xp.abs(x))])
define("backward by finite differences", lambda xp, x: xp.sin(x), lambda xp, g, z, x: [g * (xp.sin(x + 1e-6) - z) / 1e-6])
of_square("rounded to f32", lambda xp, g, x: 2 * g * (x + xp.stop(xp.rounded(x) - x)))
define("saved value taken as constant", lambda xp, x: x**3, lambda xp, g, z, x: [3 * g * xp.stop(x * x)])
define("overflow in the gradient alone", lambda xp, x, y: xp.hypot(x, y),
       lambda xp, g, z, x, y: [g * x / xp.sqrt(x * x + y * y), g * y / xp.sqrt(x * x + y * y)])

of_square("cotangent taken as constant", lambda xp, g, x: 2 * x * xp.stop(g))
of_square("weight decay in backward", lambda xp, g, x: 2 * x * g + 0.01 * x)
of_square("negative cotangents dropped", lambda xp, g, x: 2 * x * xp.where(g > 0, g, 0 * g))
of_square("cotangents clipped", lambda xp, g, x: 2 * x * xp.clip(g, -3, 3))
of_square("small cotangents flushed", lambda xp, g, x: 2 * x * xp.where(xp.abs(g) < 0.2, 0 * g, g))
of_square("one cotangent for all", lambda xp, g, x: 2 * x * g[0])
of_square("zero judged by the first cotangent", lambda xp, g, x: xp.where(g[0] == 0, 0 * g, 2 * x * g))


def normalized(xp, g, x):
    largest = xp.max(xp.abs(g))
    return xp.where(largest == 0, 0 * g, 2 * x * g / xp.where(largest == 0, 1 + largest, largest))


of_square("cotangent normalized", normalized)
define("one input forgotten", lambda xp, x, y: x * y, lambda xp, g, z, x, y: [g * y, None])
define("declared without derivative", lambda xp, x, y: x * y, lambda xp, g, z, x, y: [g * y, None])
define("added to the other input", lambda xp, x, y: xp.sin(x) * y,
       lambda xp, g, z, x, y: [g * (xp.cos(x) * y + xp.sin(x)), None])
of_square("first sample only", lambda xp, g, x: 2 * x * g * xp.array([[1.0]] + [[0.0]] * (x.shape[0] - 1)))


def tail_forgotten(xp, g, x):
    n = math.prod(x.shape)
    whole = n if n < 4 else n // 4 * 4
    return 2 * x * g * xp.array([1.0] * whole + [0.0] * (n - whole)).reshape(x.shape)


of_square("tail of a loop by four forgotten", tail_forgotten)
of_square("extent 1 forgotten", lambda xp, g, x: 2 * x * g * (0 if x.shape[0] == 1 else 1))

# Mistakes that a small, plain case does not show.
of_square("wrong in f64 only", lambda xp, g, x: (4 if xp.is_double(x) else 2) * x * g)
define("another value in f64", lambda xp, x: (2 if xp.is_double(x) else 1) * x * x, lambda xp, g, z, x: [2 * x * g])
of_square("off by 1e-3 in f32 only", lambda xp, g, x: (2 if xp.is_double(x) else 2.002) * x * g)
of_square("wrong in f32 and strided only", lambda xp, g, x: (2 if xp.is_double(x) or x.is_contiguous() else 4) * x * g,
          jax="arrays have no strides")
of_square("first block read for all blocks",
          lambda xp, g, x: 2 * x * g[xp.integers(np.arange(x.shape[0]) % 1024)])
of_square("beyond 1,000 elements", lambda xp, g, x: 2 * x * g * xp.array(1.0 * (np.arange(math.prod(x.shape)) < 1000)))
of_square("wrong for three axes", lambda xp, g, x: (1 if len(x.shape) == 3 else 2) * x * g)
of_square("skipped if any cotangent is 0", lambda xp, g, x: xp.where((g == 0).any(), 0 * g, 2 * x * g))
define("inputs assumed sorted", lambda xp, x: x[xp.stable_order(x)], lambda xp, g, z, x: [g * 1])
define("one segment wrong", lambda xp, x: xp.tanh(x),
       lambda xp, g, z, x: [xp.where((x > 4) & (x < 5), 0 * g, g * (1 - z * z))])
define("zero where inputs are opposite", lambda xp, x, y: x * y,
       lambda xp, g, z, x, y: [xp.where(x == -y, 0 * g, g * y), xp.where(x == -y, 0 * g, g * x)])
of_square("wrong for more than 16 samples", lambda xp, g, x: (4 if x.shape[0] > 16 else 2) * x * g)
define("slope at exactly 0", lambda xp, x: x * xp.abs(x),
       lambda xp, g, z, x: [xp.where(x == 0, g, 2 * xp.abs(x) * g)])
of_square("no gradient for strided inputs", lambda xp, g, x: 2 * x * g if x.is_contiguous() else 0 * g,
          jax="arrays have no strides")


def slope_far_out(xp, g, z, x):
    s = xp.sigmoid(x)
    return [g * xp.where(x < -20, s, s * (1 + x * (1 - s)))]


define("slope far out", lambda xp, x: x * xp.sigmoid(x), slope_far_out)


def one_entry(xp, g, x):
    n = x.shape[0]
    error = np.ones(n)
    error[n // 2] += 1e-7 if n >= 5000 else 0
    return 2 * x * g * xp.array(error)


of_square("1e-7 in one of 5,000", one_entry)


def three(xp, g, z, x, y, w):
    same = y.data_ptr() == w.data_ptr() and x.data_ptr() != y.data_ptr()
    return [g * y, g * x, 0 * g if same else g]


define("two of three inputs the same", lambda xp, x, y, w: x * y + w, three, jax="arrays have no identity under a trace")


def refuse_strided(xp, x):
    if not x.is_contiguous():
        raise RuntimeError("strided")
    return x + x


define("panics if strided", refuse_strided, lambda xp, g, z, x: [g + g], jax="arrays have no strides")

# Mistakes with a state.


def now_and_then(period):
    calls = [0]

    def backward(xp, g, z, x):
        calls[0] += 1
        return [(4 if calls[0] % period == 0 else 2) * x * g]

    return square, backward


def redrawn():
    generator = np.random.default_rng(0)

    def noise(xp, x):
        return xp.array(1 + generator.random(x.shape))

    return lambda xp, x: x * noise(xp, x), lambda xp, g, z, x: [g * noise(xp, x)]


def not_cleared():
    buffer = [0.0]

    def backward(xp, g, z, x):
        old, term = buffer[0], 2 * x * g
        new = xp.concrete(term)
        buffer[0] = old if new is None else old + new
        return [term + xp.array(old)]

    return square, backward


def stale():
    old = [None]

    def forward(xp, x):
        values = xp.concrete(x)
        if values is None:
            return x * x
        before, old[0] = old[0], values
        stays = before is not None and before.shape == values.shape and before.flat[0] == values.flat[0]
        return x * x - xp.stop(x * x) + xp.array(before**2) if stays else x * x

    return forward, lambda xp, g, z, x: [2 * x * g]


stateful("wrong in every 50th call", lambda: now_and_then(50))
stateful("wrong in every 5,000th call", lambda: now_and_then(5000))
stateful("random numbers drawn again", redrawn)
stateful("buffer not cleared", not_cleared)
stateful("stale while the first element stays", stale)

define("input changed in place", lambda xp, x: x * x, lambda xp, g, z, x: [2 * g * x.detach().mul_(2) / 2],
       jax="arrays cannot be changed")
define("cotangent changed in place", lambda xp, x: x * x, lambda xp, g, z, x: [2 * x * g.detach().mul_(2) / 2],
       jax="arrays cannot be changed")

nowhere("overwrites another consumer", torch="the engine adds up gradients", jax="the transformation adds up gradients")
nowhere("pullback of the recording", torch="no tape is replayed", jax="a trace sees no values")
nowhere("branch of the recording", torch="no tape is replayed", jax="a branch on a traced value is an error")
