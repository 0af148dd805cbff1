"""The workloads: what is in their data, and how many operations of a product they need at least."""

from dataclasses import dataclass, field

RESNET = [(16, 3), (32, 3), (64, 3)]


@dataclass(frozen=True)
class Workload:
    name: str
    text: str
    # Names and shapes of the weights.
    weights: dict = field(default_factory=dict)
    # A factor of the usual initial weights.
    gain: float = 1.0
    images: tuple = ()
    rate: float = 0.0
    # Other tensors: name to shape and distribution.
    others: dict = field(default_factory=dict)
    # The relative difference of losses after ten steps that is rounding; None where losses need not agree.
    tolerance: float | None = None
    # Multiplications and additions of products, forward and backward.
    flops: float = 0.0
    # A step is so many of what the time is given for, in this unit.
    parts: int = 1
    unit: str = "ms"
    part: str = "step"

    @property
    def title(self):
        """The name, with the unit where it is not milliseconds a step."""
        return self.name if self.part == "step" else f"{self.name} ({self.unit} per {self.part})"


def dense(name, text, widths, batch, rate, tolerance, gain=1.0):
    weights, flops = {}, 0
    for k, (fan_in, fan_out) in enumerate(zip(widths, widths[1:])):
        weights |= linear(f"fc{k}", fan_in, fan_out)
        # Forward, the weight's gradient and, but for the first layer, the input's.
        flops += 2 * batch * fan_in * fan_out * (2 if k == 0 else 3)
    return Workload(name, text, weights, gain, (batch, widths[0]), rate, tolerance=tolerance, flops=flops)


def linear(name, fan_in, fan_out):
    return {f"{name}.weight": (fan_out, fan_in), f"{name}.bias": (fan_out,)}


def norm(name, channels):
    return {f"{name}.weight": (channels,), f"{name}.bias": (channels,)}


def residual(name, text, blocks, width, batch, rate):
    weights = {}
    for k in range(blocks):
        weights |= linear(f"fc{k}", width, width) | norm(f"bn{k}", width)
    weights |= linear("readout", width, 10)
    flops = 2 * batch * width * (width * (3 * blocks - 1) + 10 * 3)
    return Workload(name, text, weights, 1.0, (batch, width), rate, tolerance=1e-2, flops=flops)


def resnet(name, text, batch, rate):
    weights, flops, size, width = {}, 0, 32, RESNET[0][0]

    def conv(place, conv, bn, channels, kernel):
        nonlocal weights, flops
        fan_in, fan_out = channels
        weights |= {f"{place}.{conv}.weight": (fan_out, fan_in, kernel, kernel)} | norm(f"{place}.{bn}", fan_out)
        passes = 2 if place == "resnet.stem" else 3
        flops += 2 * batch * size * size * fan_in * fan_out * kernel * kernel * passes

    conv("resnet.stem", "conv", "bn", (3, width), 3)
    for stage, (to, count) in enumerate(RESNET):
        size //= 2 if stage else 1
        for index in range(count):
            place = f"resnet.stages.{stage}.{index}"
            conv(place, "conv1", "bn1", (width, to), 3)
            conv(place, "conv2", "bn2", (to, to), 3)
            if width != to:
                conv(place, "shortcut.conv", "shortcut.bn", (width, to), 1)
            width = to
    weights |= linear("resnet.head", width, 10)
    flops += 2 * batch * width * 10 * 3
    return Workload(name, text, weights, 1.0, (batch, 3, 32, 32), rate, tolerance=1e-2, flops=flops)


def libor(name, text, parts):
    others = {"normals": ((40, 256), "normal")}
    return Workload(name, text, others=others, tolerance=1e-9, parts=parts, unit="µs", part="path")


PRODUCT = 1024

WORKLOADS = [
    dense("W1", "64-64-64-64-10 tanh, batch 32", [64] * 4 + [10], 32, 0.05, 1e-5),
    dense("W2", "100 hidden layers of 64, sigmoid, batch 64", [64] * 101 + [10], 64, 0.05, 1e-5),
    dense("W2-gain", "W2 with weights times 4, so that no gradient vanishes", [64] * 101 + [10], 64, 0.05, 1e-5, gain=4.0),
    dense("W3", "784-1024-1024-10 ReLU, batch 256", [784, 1024, 1024, 10], 256, 0.01, 1e-5),
    residual("W4", "50 × (x + relu(batch norm(linear 128))), batch 128", 50, 128, 128, 0.0005),
    resnet("W5", "ResNet-20, 3×32×32, batch 32", 32, 0.02),
    dense("W6", "784-800-800-10 ReLU, dropout 0.5, batch 128", [784, 800, 800, 10], 128, 0.05, None),
    Workload("W7", "chain of 1,000 operations on one element", others={"x": ((1,), 0.5)},
             tolerance=1e-4, parts=1000, unit="ns", part="operation"),
    Workload("W8", "one product, 1024³", others={"a": ((PRODUCT,) * 2, "uniform"), "b": ((PRODUCT,) * 2, "uniform")},
             tolerance=1e-4, flops=2 * PRODUCT**3),
    libor("XAD-path", "161 sensitivities of a portfolio of swaptions, one path, scalars", 1),
    libor("XAD-paths", "the same code, 256 paths at once", 256),
    libor("XAD-arrays", "256 paths at once, written with arrays", 256),
]
