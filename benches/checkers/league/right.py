"""Right operations on which a checker may stumble."""

import math

import numpy as np

from .table import define


def right(name, forward, backward):
    define("right: " + name, forward, backward)


def times(slope):
    """The backward of an elementwise operation with this slope."""
    return lambda xp, g, z, x: [g * slope(xp, x, z)]


def cosine_value(xp, x):
    y, near = x * x, xp.abs(x) < 0.1
    far = xp.where(near, 1 + y, x)
    series = 0.5 - y / 24 + y**2 / 720 - y**3 / 40320 + y**4 / 3628800
    return xp.where(near, series, (1 - xp.cos(far)) / (far * far))


def cosine_slope(xp, x, z):
    y, near = x * x, xp.abs(x) < 0.1
    far = xp.where(near, 1 + y, x)
    series = x * (-1 / 12 + y / 180 - y**2 / 6720 + y**3 / 453600)
    return xp.where(near, series, (xp.sin(far) - 2 * far * z) / (far * far))


def swish_slope(xp, x, z):
    s = xp.sigmoid(30 * x)
    return s + 30 * x * s * xp.sigmoid(-30 * x)


right("x sin(1/x) near 0", lambda xp, x: x * xp.sin(1 / x), times(lambda xp, x, z: xp.sin(1 / x) - xp.cos(1 / x) / x))
right("sigmoid of slope 10,000", lambda xp, x: xp.sigmoid(1e4 * x), times(lambda xp, x, z: 1e4 * z * xp.sigmoid(-1e4 * x)))
right("cube root near 0", lambda xp, x: xp.sign(x) * xp.abs(x) ** (1 / 3), times(lambda xp, x, z: 1 / (3 * z * z)))
right("ln gamma", lambda xp, x: xp.lgamma(x), times(lambda xp, x, z: xp.digamma(x)))
right("sin(1000 x)", lambda xp, x: xp.sin(1000 * x), times(lambda xp, x, z: 1000 * xp.cos(1000 * x)))
right("x sigmoid(30 x)", lambda xp, x: x * xp.sigmoid(30 * x), times(swish_slope))
right("(1 - cos x) / x^2 near 0", cosine_value, times(cosine_slope))
right("|x| by branches at 0", lambda xp, x: xp.where(x < 0, -x, x), times(lambda xp, x, z: xp.sign(x)))
right("x stop_gradient(x)", lambda xp, x: x * x, lambda xp, g, z, x: [g * xp.stop(x)])
right("largest of ties", lambda xp, x: xp.max(x), lambda xp, g, z, x: [xp.where(x == z, g / xp.sum(1.0 * (x == z)), 0 * g)])
right("square root near 0", lambda xp, x: xp.sqrt(x), times(lambda xp, x, z: 0.5 / z))
right("logarithm near 0", lambda xp, x: xp.log(x), times(lambda xp, x, z: 1 / x))
right("exp(20 x)", lambda xp, x: xp.exp(20 * x), times(lambda xp, x, z: 20 * z))
right("steep softplus", lambda xp, x: xp.where(x > 0, x, 0 * x) + xp.log1p(xp.exp(-xp.abs(1000 * x))) / 1000,
      times(lambda xp, x, z: xp.sigmoid(1000 * x)))
right("atan2 near the axis", lambda xp, y, x: xp.arctan2(y, x),
      lambda xp, g, z, y, x: [g * x / (x * x + y * y), -g * y / (x * x + y * y)])
right("norm of a tiny vector", lambda xp, x: xp.sqrt(xp.sum(x * x)), lambda xp, g, z, x: [g * x / z])
right("1/x near 0", lambda xp, x: 1 / x, times(lambda xp, x, z: -z * z))
right("log-sum-exp of large numbers", lambda xp, x: xp.logsumexp(x), lambda xp, g, z, x: [g * xp.softmax(x)])
right("1e8 + x", lambda xp, x: 1e8 + x, lambda xp, g, z, x: [g * 1])
right("relu at 0", lambda xp, x: xp.where(x > 0, x, 0 * x), times(lambda xp, x, z: 1.0 * (x > 0)))


def sorted_back(xp, g, z, x):
    order = xp.stable_order(x)
    return [g[xp.argsort(order)]]


right("sorted ties", lambda xp, x: x[xp.stable_order(x)], sorted_back)
