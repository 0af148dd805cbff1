"""Mistakes along axes and of windows."""

import numpy as np

from .table import define


def mean(xp, x):
    return xp.mean(x, axis=1, keepdims=True)


def total(xp, x, axis=1):
    return xp.sum(x, axis=axis, keepdims=True)


def rescale(xp, x):
    return 1 / xp.sqrt(mean(xp, (x - mean(xp, x)) ** 2) + 1e-5)


def one_hot(xp, x, shift=0):
    rows, columns = x.shape
    return xp.array(np.eye(columns)[(np.arange(rows) + shift) % columns])


def variance(xp, x):
    return xp.sum((x - mean(xp, x)) ** 2, axis=1) / (x.shape[1] - 1)


define("1/n of a mean missing", lambda xp, x: xp.mean(x, axis=1), lambda xp, g, z, x: [g[:, None] + 0 * x])
define("count of the other axis", lambda xp, x: xp.mean(x, axis=1), lambda xp, g, z, x: [g[:, None] / x.shape[0] + 0 * x])
define("correction of a variance", variance, lambda xp, g, z, x: [2 * g[:, None] * (x - mean(xp, x)) / x.shape[1]])
define("variance not centered", variance, lambda xp, g, z, x: [2 * g[:, None] * x / (x.shape[1] - 1)])
define("softmax without the mean term", lambda xp, x: xp.softmax(x), lambda xp, g, z, x: [z * g])
define("summed along the other axis", lambda xp, x: xp.softmax(x), lambda xp, g, z, x: [z * (g - total(xp, z * g, 0))])
define("logarithm used for probability", lambda xp, x: x - xp.logsumexp(x)[:, None],
       lambda xp, g, z, x: [g - z * total(xp, g)])
define("label off by one", lambda xp, x: xp.logsumexp(x) - xp.sum(x * one_hot(xp, x), axis=1),
       lambda xp, g, z, x: [g[:, None] * (xp.softmax(x) - one_hot(xp, x, 1))])
define("exponentials in the gradient overflow", lambda xp, x: xp.logsumexp(x),
       lambda xp, g, z, x: [g[:, None] * xp.exp(x) / total(xp, xp.exp(x))])
define("variance taken as constant", lambda xp, x: (x - mean(xp, x)) * rescale(xp, x),
       lambda xp, g, z, x: [(g - mean(xp, g)) * rescale(xp, x)])
define("sum over a broadcast axis missing", lambda xp, x, b: x + b, lambda xp, g, z, x, b: [g, g[0]])
define("summed too early", lambda xp, x, w: x * w, lambda xp, g, z, x, w: [g * w, xp.sum(g, axis=0) * xp.sum(x, axis=0)])
define("last axis hard-coded", lambda xp, x: xp.cumsum(x, axis=0),
       lambda xp, g, z, x: [xp.flip(xp.cumsum(xp.flip(g, (1,)), axis=1), (1,))])
define("scan not reversed", lambda xp, x: xp.cumsum(x, axis=0), lambda xp, g, z, x: [xp.cumsum(g, axis=0)])
define("slices along the wrong axis", lambda xp, x, y: xp.concatenate([x, y], axis=1),
       lambda xp, g, z, x, y: [part.reshape(x.shape) for part in g.reshape((2, -1))])
define("third input gets the second's", lambda xp, x, y, w: xp.concatenate([x, y, w], axis=0),
       lambda xp, g, z, x, y, w: [part for part in g.reshape((3, -1))[xp.integers([0, 1, 1])]])
define("permutation not inverted", lambda xp, x: xp.roll(x, -1), lambda xp, g, z, x: [xp.roll(g, -1)])
define("other triangle", lambda xp, x: xp.tril(x), lambda xp, g, z, x: [xp.triu(g)])
define("symmetry assumed", lambda xp, a, x: x @ a @ x, lambda xp, g, z, a, x: [g * x[:, None] * x[None, :], 2 * g * (a @ x)])
define("gradient of another shape", lambda xp, x: xp.sum(x, axis=1), lambda xp, g, z, x: [g * 1])
define("transposed", lambda xp, a, b: a @ b, lambda xp, g, z, a, b: [(g @ b.T).T, a.T @ g])
define("repeats interleaved", lambda xp, x: xp.concatenate([x, x], axis=0),
       lambda xp, g, z, x: [xp.sum(g.reshape((-1, 2)), axis=1)])
define("wrong group", lambda xp, w, x: xp.sum(w * x, axis=1),
       lambda xp, g, z, w, x: [x * xp.flip(g, (0,))[:, None], w * g[:, None]])
define("repeated index overwritten", lambda xp, x: x[xp.integers([0, 2, 2])],
       lambda xp, g, z, x: [g @ xp.array(np.eye(x.shape[0])[[0, 1, 2]] * [[1], [0], [1]])])


def picked_once(xp, g, z, x, indices):
    """Of repeated indices, only the last gradient stays."""
    last = np.array([k not in indices[j + 1:] for j, k in enumerate(indices.tolist())], dtype=float)
    return [(g * xp.array(last)) @ xp.array(np.eye(x.shape[0]))[indices], None]


define("overwritten if an index is repeated", lambda xp, x, indices: x[indices], picked_once)


def refuse_empty(xp, x):
    if x.shape[0] == 0:
        raise RuntimeError("empty")
    return xp.sum(x)


define("panics if empty", refuse_empty, lambda xp, g, z, x: [g + 0 * x])


def misaligned(xp, g, z, x, y):
    start, parts = 0, []
    for wanted, part in zip(xp.needs, (x, y)):
        n = part.shape[0]
        parts.append(g[start:start + n] if wanted else None)
        start += n if wanted else 0
    return parts


define("slices misaligned in a subset", lambda xp, x, y: xp.concatenate([x, y], axis=0), misaligned,
       jax="backward is not told which inputs need a gradient")


def unwritten_output(xp, x):
    z = xp.empty_like(x)
    z[:-1] = 2 * x[:-1]
    return z


def unwritten_saved(xp, g, z, x):
    saved = xp.empty_like(x)
    return [g * xp.concatenate([2 * x[:-1], saved[-1:]], axis=0)]


define("output not written", unwritten_output, lambda xp, g, z, x: [g + g], jax="no memory is left unwritten")
define("saved buffer not written", lambda xp, x: x * x, unwritten_saved, jax="no memory is left unwritten")


def taps(image, kernel, stride=(2, 1), dilation=(1, 2), padding=(1, 0), of=((2, 1), (1, 2), (1, 0))):
    """What meets in a convolution, as an array over outputs, taps and places; the outputs are those of the geometry `of`."""
    extents = [(image[k] + 2 * of[2][k] - of[1][k] * (kernel[k] - 1) - 1) // of[0][k] + 1 for k in range(2)]
    meet = np.zeros((*extents, *kernel, *image))
    for o in np.ndindex(*extents):
        for tap in np.ndindex(*kernel):
            place = tuple(o[k] * stride[k] + tap[k] * dilation[k] - padding[k] for k in range(2))
            if all(0 <= place[k] < image[k] for k in range(2)):
                meet[(*o, *tap, *place)] = 1
    return meet


def convolution(name, turned=False, **geometry):
    """A convolution whose backward goes by another geometry, or turns the kernel around."""

    def forward(xp, x, w):
        return xp.einsum("opabij,ij,ab->op", xp.array(taps(x.shape, w.shape)), x, w)

    def backward(xp, g, z, x, w):
        meet = xp.array(taps(x.shape, w.shape, **geometry))
        kernel = xp.flip(w, (0, 1)) if turned else w
        return [xp.einsum("opabij,op,ab->ij", meet, g, kernel), xp.einsum("opabij,op,ij->ab", meet, g, x)]

    define(name, forward, backward)


convolution("stride of the other axis", stride=(1, 2))
convolution("dilation of the other axis", dilation=(2, 1))
convolution("padding forgotten", padding=(0, 0))
convolution("kernel turned around", turned=True)


def band(xp, x):
    n = x.shape[0]
    return np.eye(n) + np.eye(n, k=1) + np.eye(n, k=-1)


define("windows at the edge",
       lambda xp, x: xp.array(band(xp, x) / band(xp, x).sum(axis=1, keepdims=True)) @ x,
       lambda xp, g, z, x: [xp.array(band(xp, x) / 3) @ g])
define("first of the window for the largest", lambda xp, x: xp.maximum(x[::2], x[1::2]),
       lambda xp, g, z, x: [xp.stack([g, 0 * g], 1).reshape(-1)])
