"""Writes modules.json: PyTorch's normalizations, convolutions, poolings and residual nets, and their gradients, in float64.

Made and run as losses.py. The gradient is that of the output's sum weighted 1, 2, 3 ... in row-major order; parameters
come with theirs, in the order this framework registers them, states with their values before and after.
"""

import torch
import torch.nn.functional as F

from tensors import tensor, values, write


def case(name, attributes, function, x, parameters=(), states=(), mode="train"):
    leaves = [leaf.clone().requires_grad_() for leaf in [x, *parameters]]
    after = [state.clone() for state in states]
    value = function(*leaves, *after)
    cotangent = torch.arange(1, value.numel() + 1, dtype=torch.float64).reshape(value.shape)
    gradient, *gradients = torch.autograd.grad(value, leaves, cotangent)
    learned = [{"value": value, "gradient": gradient} for value, gradient in zip(parameters, gradients)]
    kept = [{"before": before, "after": after.detach()} for before, after in zip(states, after)]
    expected = {"x": x, "value": value.detach(), "gradient": gradient, "parameters": learned, "states": kept}
    return {"name": name, "attributes": attributes, "mode": mode, **expected}


AFFINE = [tensor([0.5, -1.25, 2.0]), tensor([0.1, 0.2, -0.3])]
FOUR = [tensor([0.5, -1.25, 2.0, 1.5]), tensor([0.1, 0.2, -0.3, 0.7])]
RUNNING = [tensor([0.3, -0.2, 0.05]), tensor([1.5, 0.25, 2.0])]


def batch_norm(training):
    return lambda x, w, b, mean, var: F.batch_norm(x, mean, var, w, b, training, 0.1, 1e-5)


def whiten(root, groups, epsilon):
    """Written out: PyTorch has no whitening layer."""

    def forward(x, w, b, mean, matrix):
        samples, channels = x.shape[:2]
        rows = x.transpose(0, 1).reshape(groups, channels // groups, -1)
        batch_mean = rows.mean(2, keepdim=True)
        centered = rows - batch_mean
        covariance = centered @ centered.transpose(1, 2) / rows.shape[2]
        whitening = root(covariance + epsilon * torch.eye(channels // groups, dtype=torch.float64))
        white = (whitening @ centered).reshape(channels, samples, *x.shape[2:]).transpose(0, 1)
        mean.mul_(0.9).add_(0.1 * batch_mean.squeeze(2).detach())
        matrix.mul_(0.9).add_(0.1 * whitening.detach())
        side = [channels] + [1] * (x.dim() - 2)
        return white * w.reshape(side) + b.reshape(side)

    return forward


def zca(covariance):
    eigenvalues, vectors = torch.linalg.eigh(covariance)
    return vectors @ torch.diag_embed(eigenvalues**-0.5) @ vectors.transpose(1, 2)


def newton_schulz(covariance):
    trace = covariance.diagonal(dim1=1, dim2=2).sum(1).reshape(-1, 1, 1)
    p = torch.eye(covariance.shape[1], dtype=torch.float64)
    for _ in range(5):
        p = (3 * p - p @ p @ p @ (covariance / trace)) / 2
    return p / trace.sqrt()


def identities(groups, size):
    return [torch.zeros(groups, size, dtype=torch.float64), torch.eye(size, dtype=torch.float64).repeat(groups, 1, 1)]


NORMS = [
    case("batch_norm", {}, batch_norm(True), values(4, 3), AFFINE, RUNNING),
    case("batch_norm", {}, batch_norm(True), values(2, 3, 2, 3), AFFINE, RUNNING),
    case("batch_norm", {}, batch_norm(False), values(2, 3, 2), AFFINE, RUNNING, "eval"),
    case("layer_norm", {}, lambda x, w, b: F.layer_norm(x, [3, 2], w, b), values(2, 3, 2),
         [values(3, 2, seed=1), values(3, 2, seed=2)]),
    case("group_norm", {"groups": 2}, lambda x, w, b: F.group_norm(x, 2, w, b), values(2, 4, 3), FOUR),
    case("instance_norm", {}, lambda x, w, b: F.instance_norm(x, weight=w, bias=b), values(2, 3, 4), AFFINE),
    case("rms_norm", {}, lambda x, w: F.rms_norm(x, [3], w, 1e-5), values(2, 2, 3), AFFINE[:1]),
    case("zca", {"groups": 2}, whiten(zca, 2, 1e-2), values(7, 4), FOUR, identities(2, 2)),
    case("zca", {"groups": 1}, whiten(zca, 1, 1e-2), values(2, 3, 2, 3), AFFINE, identities(1, 3)),
    case("newton_schulz", {"groups": 1}, whiten(newton_schulz, 1, 1e-2), values(7, 4), FOUR, identities(1, 4)),
]


def conv(function, **settings):
    return lambda x, w, b: function(x, w, b, **settings)


def circular(x, w, b):
    return F.conv2d(F.pad(x, (2, 2, 1, 1), mode="circular"), w, b)


def weight_norm_conv(x, v, b, g):
    return F.conv2d(x, torch._weight_norm(v, g.reshape(-1, 1, 1, 1), 0), b)


def parameters(out, seen, *kernel):
    return [values(out, seen, *kernel, seed=1), values(out, seed=2)]


def transposed(seen, out_group, out, *kernel):
    return [values(seen, out_group, *kernel, seed=1), values(out, seed=2)]


CONVOLUTIONS = [
    case("conv1d", {"kernel": 3, "stride": 2, "padding": 1, "dilation": 2, "groups": 1},
         conv(F.conv1d, stride=2, padding=1, dilation=2), values(2, 3, 9), parameters(2, 3, 3)),
    case("conv2d", {"kernel": 3, "stride": 1, "padding": 0, "dilation": 1, "groups": 1},
         conv(F.conv2d), values(2, 2, 4, 5), parameters(3, 2, 3, 3)),
    case("conv2d", {"kernel": 3, "stride": 2, "padding": 1, "dilation": 1, "groups": 2},
         conv(F.conv2d, stride=2, padding=1, groups=2), values(2, 4, 5, 4), parameters(6, 2, 3, 3)),
    case("conv2d", {"kernel": 2, "stride": 1, "padding": 1, "dilation": 2, "groups": 3},
         conv(F.conv2d, padding=1, dilation=2, groups=3), values(1, 3, 4, 4), parameters(3, 1, 2, 2)),
    case("conv2d_same", {"kernel": 4}, conv(F.conv2d, padding="same"), values(1, 2, 5, 4), parameters(2, 2, 4, 4)),
    case("conv2d_circular", {}, circular, values(1, 2, 4, 4), parameters(2, 2, 3, 5)),
    case("conv2d_weight_norm", {}, weight_norm_conv, values(1, 2, 4, 4), [*parameters(3, 2, 2, 2), AFFINE[0]]),
    case("conv_transpose1d", {"kernel": 3, "stride": 2, "padding": 1, "extra": 1, "dilation": 1, "groups": 1},
         conv(F.conv_transpose1d, stride=2, padding=1, output_padding=1), values(2, 3, 4), transposed(3, 2, 2, 3)),
    case("conv_transpose2d", {"kernel": 3, "stride": 2, "padding": 1, "extra": 1, "dilation": 2, "groups": 2},
         conv(F.conv_transpose2d, stride=2, padding=1, output_padding=1, dilation=2, groups=2), values(1, 4, 3, 2),
         transposed(4, 3, 6, 3, 3)),
]


def pool(function, **settings):
    return lambda x: function(x, **settings)


def pooling(kind, kernel, stride, padding, dilation=1, ceil=0, counts=1):
    return {"max": int(kind == "max"), "kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation,
            "ceil": ceil, "counts": counts}


POOLS = [
    case("pool2d", pooling("max", 2, 2, 0), pool(F.max_pool2d, kernel_size=2), values(1, 1, 5, 6)),
    case("pool2d", pooling("max", 3, 2, 1, ceil=1),
         pool(F.max_pool2d, kernel_size=3, stride=2, padding=1, ceil_mode=True), values(1, 1, 5, 6)),
    case("pool2d", pooling("max", 2, 1, 0, dilation=2),
         pool(F.max_pool2d, kernel_size=2, stride=1, dilation=2), values(1, 1, 5, 6)),
    case("pool2d", pooling("average", 3, 2, 1), pool(F.avg_pool2d, kernel_size=3, stride=2, padding=1),
         values(2, 2, 5, 6)),
    case("pool2d", pooling("average", 3, 2, 1, ceil=1),
         pool(F.avg_pool2d, kernel_size=3, stride=2, padding=1, ceil_mode=True), values(1, 2, 6, 6)),
    case("pool2d", pooling("average", 2, 2, 1, ceil=1, counts=0),
         pool(F.avg_pool2d, kernel_size=2, stride=2, padding=1, ceil_mode=True, count_include_pad=False),
         values(1, 2, 5, 6)),
    case("pool1d", pooling("max", 3, 2, 0), pool(F.max_pool1d, kernel_size=3, stride=2), values(2, 2, 7)),
    case("pool1d", pooling("average", 3, 1, 1), pool(F.avg_pool1d, kernel_size=3, stride=1, padding=1), values(2, 2, 7)),
    case("adaptive2d", {"max": 0}, pool(F.adaptive_avg_pool2d, output_size=(3, 2)), values(2, 2, 5, 4)),
    case("adaptive2d", {"max": 1}, pool(F.adaptive_max_pool2d, output_size=(3, 2)), values(1, 1, 5, 6)),
    case("global", {"max": 0}, lambda x: F.adaptive_avg_pool2d(x, 1).flatten(1), values(2, 3, 4, 3)),
    case("global", {"max": 1}, lambda x: F.adaptive_max_pool2d(x, 1).flatten(1), values(1, 2, 3, 5)),
]


def norm(x, w, b, mean, var):
    return F.batch_norm(x, mean, var, w, b, True, 0.1, 1e-5)


def block(x, stride, convs, norms, states):
    """Post-activation: two convolutions; a third of kernel 1 on the shortcut where there is one."""
    y = F.relu(norm(F.conv2d(x, convs[0], stride=stride, padding=1), *norms[0], *states[0]))
    y = norm(F.conv2d(y, convs[1], padding=1), *norms[1], *states[1])
    if len(convs) == 3:
        x = norm(F.conv2d(x, convs[2], stride=stride), *norms[2], *states[2])
    return F.relu(x + y)


def resnet(x, *rest):
    """Stages of 2 and 3 channels, one block each, and a linear layer."""
    p, s = rest[:-12], rest[-12:]
    states = [s[i : i + 2] for i in range(0, 12, 2)]
    x = F.relu(norm(F.conv2d(x, p[0], padding=1), p[1], p[2], *states[0]))
    x = block(x, 1, [p[3], p[6]], [p[4:6], p[7:9]], states[1:3])
    x = block(x, 2, [p[9], p[12], p[15]], [p[10:12], p[13:15], p[16:18]], states[3:6])
    return F.linear(x.mean((2, 3)), p[18], p[19])


def convolution(out, seen, kernel, seed):
    return [values(out, seen, kernel, kernel, seed=seed), values(out, seed=seed + 1) + 2, values(out, seed=seed + 2) / 4]


RESNET = [
    *convolution(2, 1, 3, 1), *convolution(2, 2, 3, 2), *convolution(2, 2, 3, 3),
    *convolution(3, 2, 3, 4), *convolution(3, 3, 3, 5), *convolution(3, 2, 1, 6),
    values(2, 3, seed=1), values(2, seed=2),
]
FRESH = [state for n in [2, 2, 2, 3, 3, 3] for state in [torch.zeros(n).double(), torch.ones(n).double()]]

write("modules.json", NORMS + CONVOLUTIONS + POOLS + [case("resnet", {}, resnet, values(3, 1, 4, 4), RESNET, FRESH)])
