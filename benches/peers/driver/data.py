"""The data of a workload, written once, in the format of safetensors: eight bytes of length, a header in JSON, numbers."""

import json
import math
import random
import struct
from array import array


def write(workload, path):
    """Writes the weights, the batch and the learning rate of a workload, always the same."""
    draws = random.Random(workload.name)
    tensors = {name: (shape, initial(name, shape, workload, draws)) for name, shape in workload.weights.items()}
    if workload.images:
        batch = workload.images[0]
        tensors["images"] = (workload.images, uniform(math.prod(workload.images), 1.0, draws))
        tensors["labels"] = ((batch,), array("f", [float(k % 10) for k in range(batch)]))
        tensors["rate"] = ((1,), array("f", [workload.rate]))
    for name, (shape, how) in workload.others.items():
        tensors[name] = (shape, other(how, math.prod(shape), draws))
    save(tensors, path)


def initial(name, shape, workload, draws):
    """Weights of Xavier (Glorot 2010) for tanh and the sigmoid, of He (2015) for ReLU; normalizations start as identities."""
    size = math.prod(shape)
    if len(shape) == 1:
        return array("f", [1.0 if ".weight" in name else 0.0]) * size
    fan_in, fan_out = (math.prod(shape[2:]) * fan for fan in (shape[1], shape[0]))
    relu = workload.name.partition("-")[0] not in ("W1", "W2")
    return uniform(size, workload.gain * math.sqrt(6 / fan_in if relu else 6 / (fan_in + fan_out)), draws)


def other(how, size, draws):
    if how == "normal":
        return array("f", [draws.gauss(0.0, 1.0) for _ in range(size)])
    return uniform(size, 1.0, draws) if how == "uniform" else array("f", [how]) * size


def uniform(size, bound, draws):
    return array("f", [bound * (2.0 * draws.random() - 1.0) for _ in range(size)])


def save(tensors, path):
    header, offset = {}, 0
    for name, (shape, values) in tensors.items():
        end = offset + 4 * len(values)
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, values in tensors.values():
            file.write(values.tobytes())
