"""The workloads in JAX: each step is one compiled function."""

import jax
import jax.numpy as jnp
from jax import lax

from .serve import count_of, resnet_blocks, serve, weights

EPSILON, RUNNING = 1e-5, 0.1


def linear(p, name, x):
    return x @ p[f"{name}.weight"].T + p[f"{name}.bias"]


def dense(activation, dropout=False):
    def forward(p, state, key, x):
        count = count_of(p, "fc")
        for k in range(count - 1):
            x = activation(linear(p, f"fc{k}", x))
            if dropout:
                keep = jax.random.bernoulli(jax.random.fold_in(key, k), 0.5, x.shape)
                x = jnp.where(keep, x * 2.0, 0.0)
        return linear(p, f"fc{count - 1}", x), state

    return forward


def norm(p, state, name, x):
    """Batch normalization over all axes but the last; notes the running statistics."""
    axes = tuple(range(x.ndim - 1))
    mean, variance = x.mean(axes), x.var(axes)
    count = x.size // x.shape[-1]
    for key, value in ((f"{name}.mean", mean), (f"{name}.variance", variance * (count / (count - 1)))):
        state[key] = (1 - RUNNING) * state[key] + RUNNING * lax.stop_gradient(value)
    return (x - mean) * lax.rsqrt(variance + EPSILON) * p[f"{name}.weight"] + p[f"{name}.bias"]


def residual(p, state, key, x):
    state = dict(state)
    for k in range(count_of(p, "fc")):
        x = x + jax.nn.relu(norm(p, state, f"bn{k}", linear(p, f"fc{k}", x)))
    return linear(p, "readout", x), state


def resnet(p, state, key, x):
    state = dict(state)

    def convolved(place, conv, bn, stride, x):
        weight = p[f"{place}.{conv}.weight"]
        padding = [(weight.shape[0] // 2,) * 2] * 2
        y = lax.conv_general_dilated(x, weight, (stride, stride), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"))
        return norm(p, state, f"{place}.{bn}", y)

    x = jax.nn.relu(convolved("resnet.stem", "conv", "bn", 1, x))
    for place, stride, projected in resnet_blocks():
        y = jax.nn.relu(convolved(place, "conv1", "bn1", stride, x))
        y = convolved(place, "conv2", "bn2", 1, y)
        x = jax.nn.relu(y + (convolved(place, "shortcut.conv", "shortcut.bn", stride, x) if projected else x))
    return linear(p, "resnet.head", x.mean((1, 2))), state


NETWORKS = {"W1": dense(jnp.tanh), "W2": dense(jax.nn.sigmoid), "W3": dense(jax.nn.relu), "W4": residual, "W5": resnet,
            "W6": dense(jax.nn.relu, dropout=True)}


def channels_last(name, value):
    """Kernels and images as XLA's convolutions on CPUs want them: it transposes any other layout in each step."""
    if value.ndim != 4:
        return jnp.asarray(value)
    return jnp.asarray(value.transpose(0, 2, 3, 1) if name == "images" else value.transpose(2, 3, 1, 0))


def training(workload, data):
    forward, rate = NETWORKS[workload.partition("-")[0]], data["rate"]
    images, labels = channels_last("images", data["images"]), jnp.asarray(data["labels"])
    p = {name: channels_last(name, value) for name, value in weights(data).items()}
    norms = [name.removesuffix(".weight") for name in p if "bn" in name and name.endswith(".weight")]
    state = {f"{name}.{what}": jnp.full(p[f"{name}.weight"].shape, start)
             for name in norms for what, start in (("mean", 0.0), ("variance", 1.0))}
    velocity = {name: jnp.zeros_like(value) for name, value in p.items()}

    def loss_of(p, state, key, images, labels):
        logits, state = forward(p, state, key, images)
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], 1).mean(), state

    def update(carry, images, labels):
        p, velocity, state, number = carry
        key = jax.random.fold_in(jax.random.key(0), number)
        (loss, state), grads = jax.value_and_grad(loss_of, has_aux=True)(p, state, key, images, labels)
        velocity = {name: 0.9 * velocity[name] + grads[name] for name in p}
        p = {name: p[name] - rate * velocity[name] for name in p}
        return (p, velocity, state, number + 1), loss

    update = jax.jit(update, donate_argnums=0)
    carry = (p, velocity, state, jnp.int32(0))

    def step():
        nonlocal carry
        carry, loss = update(carry, images, labels)
        jax.block_until_ready(carry)
        return loss

    return step


def chain(data):
    """W7; the result is the derivative."""
    x = jnp.asarray(data["x"])

    def run(x):
        y = x
        for _ in range(500):
            y = y * x + x
        return y[0]

    gradient = jax.jit(jax.value_and_grad(run))
    return lambda: gradient(x)[1].block_until_ready()[0]


def product(data):
    """W8; the result is the first element."""
    a, b = jnp.asarray(data["a"]), jnp.asarray(data["b"])
    matmul = jax.jit(jnp.matmul)
    return lambda: matmul(a, b).block_until_ready()[0, 0]


def prepare(variant, workload, data):
    if workload == "W7":
        return chain(data)
    return product(data) if workload == "W8" else training(workload, data)


if __name__ == "__main__":
    serve(prepare)
