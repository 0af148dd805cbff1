"""Writes losses.json: PyTorch's losses and gradients in float64, under every reduction.

    python3 -m venv /tmp/torch && /tmp/torch/bin/pip install torch
    /tmp/torch/bin/python nn/tests/torch/losses.py

Made with torch 2.15.0. The gradient is that of the scores; without a reduction, of the losses' sum weighted 1, 2, 3 ...
in row-major order.
"""

import torch
import torch.nn.functional as F

from tensors import tensor, values, write

CLASSES = values(4, 3)
PLACES = values(2, 3, 2)
LABELS = tensor([2, 0, 1, 0])
PLACE_LABELS = tensor([[0, 2], [1, 1]])
PROBABILITIES = torch.softmax(values(4, 3, seed=1) * 2, 1)
POSSIBLE = tensor([[0, 0.25, 0.75], [1, 0, 0], [0.5, 0.5, 0], [0.2, 0.3, 0.5]])
SIGNS = tensor([[1, -1, -1], [-1, 1, 1]])
WEIGHTS = tensor([0.5, 2.0, 1.25])


def reduced(each, reduction):
    return {"mean": each.mean, "sum": each.sum, "none": lambda: each}[reduction]()


def binary_log(z, y, reduction, positive_weight=1.0):
    return F.binary_cross_entropy_with_logits(z, y, pos_weight=tensor(positive_weight), reduction=reduction)


def options(class_weights=None, label_smoothing=None, ignore_index=-100):
    weight = None if class_weights is None else tensor(class_weights)
    given = {"weight": weight, "label_smoothing": label_smoothing, "ignore_index": ignore_index}
    return {name: value for name, value in given.items() if value is not None}


def cross_entropy(z, y, reduction, **given):
    y = y if y.shape == z.shape else y.long()
    return F.cross_entropy(z, y, reduction=reduction, **options(**given))


def negative_log_likelihood(x, y, reduction, **given):
    return F.nll_loss(x, y.long(), reduction=reduction, **options(**given))


def kl_divergence(x, p, reduction):
    """Without a reduction PyTorch's losses are those of each class; here a sample's is their sum."""
    if reduction == "none":
        return F.kl_div(x, p, reduction="none").sum(1)
    return F.kl_div(x, p, reduction="batchmean" if reduction == "mean" else reduction)


# PyTorch has no such hinge losses: these are their formulas, differentiated by it.
def hinge(s, y, reduction):
    return reduced(F.relu(1 - y * s), reduction)


def squared_hinge(s, y, reduction):
    return reduced(F.relu(1 - y * s) ** 2, reduction)


def own(s, y):
    return F.one_hot(y.long(), s.shape[1]).movedim(-1, 1).bool()


def multiclass_hinge(s, y, reduction):
    others = s.masked_fill(own(s, y), -torch.inf).amax(1)
    return reduced(F.relu(1 + others - s.gather(1, y.long().unsqueeze(1)).squeeze(1)), reduction)


def one_vs_rest_hinge(s, y, reduction):
    return reduced(F.relu(1 - torch.where(own(s, y), 1.0, -1.0) * s).sum(1), reduction)


def squared(x, y, reduction):
    return F.mse_loss(x, y, reduction=reduction)


def absolute(x, y, reduction):
    return F.l1_loss(x, y, reduction=reduction)


def huber(x, y, reduction, delta):
    return F.huber_loss(x, y, delta=delta, reduction=reduction)


EVERY_OPTION = {"class_weights": WEIGHTS.tolist(), "label_smoothing": 0.1, "ignore_index": 1}
EXTREME = tensor([[1e4, -1e4, 0.0], [-1e4, 1e4, 1.0]])

CASES = [
    (squared, values(2, 3), values(2, 3, seed=1), {}),
    (absolute, values(2, 3), values(2, 3, seed=1), {}),
    (huber, values(2, 3), values(2, 3, seed=1), {"delta": 0.75}),
    (binary_log, values(2, 3), tensor([[0, 1, 1], [0.3, 0, 0.9]]), {}),
    (binary_log, values(2, 3), tensor([[0, 1, 1], [0.3, 0, 0.9]]), {"positive_weight": 2.5}),
    (binary_log, EXTREME, tensor([[0, 1, 1], [1, 1, 0]]), {"positive_weight": 2.5}),
    (cross_entropy, CLASSES, LABELS, {}),
    (cross_entropy, EXTREME, tensor([1, 0]), {"label_smoothing": 0.1}),
    (cross_entropy, CLASSES, LABELS, {"label_smoothing": 0.1}),
    (cross_entropy, CLASSES, LABELS, {"class_weights": WEIGHTS.tolist()}),
    (cross_entropy, CLASSES, tensor([2, -100, 1, 0]), {"ignore_index": -100}),
    (cross_entropy, CLASSES, LABELS, EVERY_OPTION),
    (cross_entropy, PLACES, PLACE_LABELS, EVERY_OPTION),
    (cross_entropy, CLASSES, PROBABILITIES, {}),
    (cross_entropy, CLASSES, POSSIBLE, {"class_weights": WEIGHTS.tolist(), "label_smoothing": 0.1}),
    (cross_entropy, PLACES, torch.softmax(values(2, 3, 2, seed=1), 1), {"label_smoothing": 0.2}),
    (negative_log_likelihood, F.log_softmax(CLASSES, 1), LABELS, {}),
    (
        negative_log_likelihood,
        F.log_softmax(PLACES, 1),
        PLACE_LABELS,
        {"class_weights": WEIGHTS.tolist(), "ignore_index": 2},
    ),
    (kl_divergence, F.log_softmax(CLASSES, 1), PROBABILITIES, {}),
    (kl_divergence, F.log_softmax(CLASSES, 1), POSSIBLE, {}),
    (hinge, values(2, 3), SIGNS, {}),
    (squared_hinge, values(2, 3), SIGNS, {}),
    (multiclass_hinge, CLASSES, LABELS, {}),
    (multiclass_hinge, PLACES, PLACE_LABELS, {}),
    (one_vs_rest_hinge, PLACES, PLACE_LABELS, {}),
]


def case(loss, scores, targets, given):
    results = {}
    for reduction in ["mean", "sum", "none"]:
        x = scores.clone().requires_grad_()
        value = loss(x, targets, reduction, **given)
        cotangent = torch.arange(1, value.numel() + 1, dtype=torch.float64).reshape(value.shape)
        (gradient,) = torch.autograd.grad(value, x, cotangent)
        results[reduction] = {"value": value, "gradient": gradient}
    return {"name": loss.__name__, "options": given, "scores": scores, "targets": targets, **results}


write("losses.json", [case(*row) for row in CASES])
