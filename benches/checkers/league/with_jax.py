"""JAX: `jax.test_util.check_grads` to second order, reverse mode, in double precision with its default settings."""

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp  # noqa: E402
import jax.test_util  # noqa: E402
import numpy as np  # noqa: E402


class Xp:
    """What the table calls, by JAX."""

    name = "jax"

    def __getattr__(self, name):
        return getattr(jnp, name)

    def array(self, values):
        return jnp.asarray(values, dtype=jnp.float64)

    def integers(self, values):
        return jnp.asarray(values, dtype=jnp.int64)

    def stop(self, x):
        return jax.lax.stop_gradient(x)

    def concrete(self, x):
        return None if isinstance(x, jax.core.Tracer) else np.array(x)

    def is_double(self, x):
        return x.dtype == jnp.float64

    def rounded(self, x):
        return x.astype(jnp.float32).astype(jnp.float64)

    def first_zero(self, g):
        return jnp.ones(g.size).at[0].set(0).reshape(g.shape)

    def stable_order(self, x):
        return jnp.argsort(jax.lax.stop_gradient(x), stable=True)

    def erf(self, x):
        return jax.scipy.special.erf(x)

    def sigmoid(self, x):
        return jax.nn.sigmoid(x)

    def lgamma(self, x):
        return jax.scipy.special.gammaln(x)

    def digamma(self, x):
        return jax.scipy.special.digamma(x)

    def softmax(self, x):
        return jax.nn.softmax(x, axis=-1)

    def logsumexp(self, x):
        return jax.nn.logsumexp(x, axis=-1)


XP = Xp()


def operation(pair):
    """An entry of the table, as an author of a `jax.custom_vjp` writes it."""
    forward, backward = pair
    function = jax.custom_vjp(lambda *x: forward(XP, *x))

    def pull(residuals, g):
        x, z = residuals
        grads = backward(XP, g, z, *x)
        return tuple(jnp.zeros_like(x) if grad is None else grad for x, grad in zip(x, grads))

    def push(*x):
        z = forward(XP, *x)
        return z, (x, z)

    function.defvjp(push, pull)
    return function


def check(pair, case):
    inputs = [jnp.asarray(data, dtype=jnp.float64).reshape(shape) for shape, data in case["inputs"]]
    indices = [inputs.pop(k).astype(int) for k in case["indices"]]  # the last inputs
    forward, backward = pair
    function = operation((lambda xp, *x: forward(xp, *x, *indices), lambda xp, g, z, *x: backward(xp, g, z, *x, *indices)))
    jax.test_util.check_grads(function, tuple(inputs), order=2, modes=["rev"])


CHECKERS = {"jax check_grads": check}
VERSION = f"jax {jax.__version__}"
