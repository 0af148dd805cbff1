"""The workloads in PyTorch, eagerly and compiled."""

import torch
from torch import nn
from torch.nn import functional

from .serve import THREADS, Unsupported, count_of, resnet_blocks, serve, weights


class Residual(nn.Module):
    """`x + relu(bn(fc(x)))`."""

    def __init__(self, width):
        super().__init__()
        self.fc, self.bn = nn.Linear(width, width), nn.BatchNorm1d(width)

    def forward(self, x):
        return x + torch.relu(self.bn(self.fc(x)))


class Convolved(nn.Module):
    """A convolution and its normalization."""

    def __init__(self, weight, stride):
        super().__init__()
        to, channels, kernel, _ = weight.shape
        self.conv = nn.Conv2d(channels, to, kernel, stride, kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(to)

    def forward(self, x):
        return self.bn(self.conv(x))


class Block(nn.Module):
    def __init__(self, data, place, stride, projected):
        super().__init__()
        self.first = Convolved(data[f"{place}.conv1.weight"], stride)
        self.second = Convolved(data[f"{place}.conv2.weight"], 1)
        self.shortcut = Convolved(data[f"{place}.shortcut.conv.weight"], stride) if projected else nn.Identity()

    def forward(self, x):
        return torch.relu(self.second(torch.relu(self.first(x))) + self.shortcut(x))


def dense(data, activation, dropout=False):
    layers, count = [], count_of(data, "fc")
    for k in range(count):
        fan_out, fan_in = data[f"fc{k}.weight"].shape
        layers.append(nn.Linear(fan_in, fan_out))
        if k + 1 < count:
            layers += [activation()] + [nn.Dropout(0.5)] * dropout
    return nn.Sequential(*layers)


def residual(data):
    blocks, width = count_of(data, "fc"), len(data["fc0.bias"])
    return nn.Sequential(*(Residual(width) for _ in range(blocks)), nn.Linear(width, 10))


def resnet(data):
    stem = Convolved(data["resnet.stem.conv.weight"], 1)
    blocks = [Block(data, *block) for block in resnet_blocks()]
    return nn.Sequential(stem, nn.ReLU(), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def load(model, data):
    """Sets the parameters, which have the order of the data."""
    values = weights(data).values()
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), values, strict=True):
            parameter.copy_(torch.from_numpy(value).reshape(parameter.shape))
    return model


def training(variant, workload, data):
    models = {"W1": lambda: dense(data, nn.Tanh), "W2": lambda: dense(data, nn.Sigmoid),
              "W3": lambda: dense(data, nn.ReLU), "W4": lambda: residual(data), "W5": lambda: resnet(data),
              "W6": lambda: dense(data, nn.ReLU, dropout=True)}
    model = load(models[workload.partition("-")[0]](), data)
    images, labels = torch.from_numpy(data["images"]), torch.from_numpy(data["labels"])
    # One kernel for all parameters: the fastest of its three implementations.
    sgd = torch.optim.SGD(model.parameters(), lr=data["rate"], momentum=0.9, fused=True)

    def loss_of():
        return functional.cross_entropy(model(images), labels)

    loss_of = torch.compile(loss_of) if variant == "compile" else loss_of

    def step():
        sgd.zero_grad()
        loss = loss_of()
        loss.backward()
        sgd.step()
        return loss.item()

    return step


def chain(variant, data):
    """W7; the result is the derivative."""
    x = torch.from_numpy(data["x"]).requires_grad_()

    def run():
        y = x
        for _ in range(500):
            y = y * x + x
        return y

    run = torch.compile(run) if variant == "compile" else run

    def step():
        x.grad = None
        run().backward()
        return x.grad.item()

    return step


def product(variant, data):
    """W8; the result is the first element."""
    if variant == "compile":
        raise Unsupported("the same product as the eager one")
    a, b = torch.from_numpy(data["a"]), torch.from_numpy(data["b"])
    return lambda: (a @ b)[0, 0].item()


def prepare(variant, workload, data):
    torch.set_num_threads(THREADS)
    if workload == "W7":
        return chain(variant, data)
    return product(variant, data) if workload == "W8" else training(variant, workload, data)


if __name__ == "__main__":
    serve(prepare)
