"""PyTorch: `torch.autograd.gradcheck` and `gradgradcheck`, in double precision with their default settings."""

import numpy as np
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.autograd.function import Function


class Xp:
    """What the table calls, by torch."""

    name = "torch"
    needs = ()

    def __getattr__(self, name):
        return getattr(torch, name)

    def array(self, values):
        return torch.tensor(np.asarray(values), dtype=torch.float64)

    def integers(self, values):
        return torch.tensor(np.asarray(values), dtype=torch.int64)

    def stop(self, x):
        return x.detach()

    def concrete(self, x):
        return x.detach().numpy().copy()

    def is_double(self, x):
        return x.dtype == torch.float64

    def rounded(self, x):
        return x.float().double()

    def first_zero(self, g):
        mask = torch.ones(g.numel(), dtype=g.dtype)
        mask[0] = 0
        return mask.reshape(g.shape)

    def roll(self, x, shift):
        return torch.roll(x, shift)

    def stable_order(self, x):
        return torch.argsort(x.detach(), stable=True)

    def softmax(self, x):
        return torch.softmax(x, dim=-1)

    def logsumexp(self, x):
        return torch.logsumexp(x, dim=-1)


XP = Xp()


class Operation(Function):
    """An entry of the table, as an author of a `torch.autograd.Function` writes it."""

    @staticmethod
    def forward(ctx, pair, *inputs):
        ctx.pair = pair
        z = pair[0](XP, *inputs)
        ctx.save_for_backward(*inputs, z)
        return z

    @staticmethod
    def backward(ctx, g):
        *inputs, z = ctx.saved_tensors
        XP.needs = ctx.needs_input_grad[1:]
        return None, *ctx.pair[1](XP, g, z, *inputs)


def tensors(case):
    """The inputs; all but indices want a gradient."""
    for k, (shape, data) in enumerate(case["inputs"]):
        if k in case["indices"]:
            yield torch.tensor(data).long().reshape(shape)
        else:
            yield torch.tensor(data, dtype=torch.float64).reshape(shape).requires_grad_()


def outcome(pair, case):
    """The values, and for each input the gradient of their sum, the others fixed."""
    gradients = []
    for k in range(len(case["inputs"])):
        if k in case["indices"]:
            continue
        x = [x.detach() for x in tensors(case)]
        x[k].requires_grad_()
        z = Operation.apply(pair, *x)
        z.sum().backward()
        gradients.append(np.zeros(x[k].shape) if x[k].grad is None else x[k].grad.numpy())
    return z.detach().numpy().reshape(-1), [gradient.reshape(-1) for gradient in gradients]


def first(pair, case):
    gradcheck(lambda *x: Operation.apply(pair, *x), tuple(tensors(case)))


def second(pair, case):
    gradgradcheck(lambda *x: Operation.apply(pair, *x), tuple(tensors(case)))


CHECKERS = {"torch gradcheck": first, "torch gradgradcheck": second}
VERSION = f"torch {torch.__version__}"
