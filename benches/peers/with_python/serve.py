"""What the contestants in Python share: the data, and the driver's commands (as `protocol/src/serve.rs` does for Rust)."""

import json
import os
import sys
import time

import numpy as np

THREADS = int(os.environ.get("PEER_THREADS", "2"))
RESNET = [(16, 3), (32, 3), (64, 3)]


class Unsupported(Exception):
    """Why a contestant cannot run a workload."""


def read(path):
    """The tensors of a safetensors file. One-dimensional labels are whole numbers."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        start, tensors = file.tell(), {}
        for name, info in header.items():
            first, end = info["data_offsets"]
            file.seek(start + first)
            tensors[name] = np.frombuffer(file.read(end - first), "<f4").reshape(info["shape"]).copy()
    if "labels" in tensors:
        tensors["labels"] = tensors["labels"].astype(np.int64)
    if "rate" in tensors:
        # As the decimal number that was meant: 0.1 and not the nearest float32.
        tensors["rate"] = float(str(tensors["rate"][0]))
    return tensors


def weights(tensors):
    return {name: value for name, value in tensors.items() if "." in name}


def count_of(tensors, prefix):
    """The number of layers whose names begin so."""
    return sum(name.startswith(prefix) and name.endswith(".weight") for name in tensors)


def resnet_blocks():
    """The names of the blocks of ResNet-20, their strides, and whether the shortcut is a projection."""
    width = RESNET[0][0]
    for stage, (to, count) in enumerate(RESNET):
        for index in range(count):
            yield f"resnet.stages.{stage}.{index}", 2 if stage and index == 0 else 1, width != to
            width = to


def serve(prepare):
    """Runs a contestant; `prepare` returns a step, which returns its loss."""
    out = os.fdopen(os.dup(1), "w", buffering=1)
    # What libraries print must not be taken for an answer.
    os.dup2(2, 1)

    def answer(word, *values):
        print(word, *values, file=out)

    answer("baseline", peak())
    variant, workload, path = sys.argv[1:]
    try:
        step = prepare(variant, workload, read(path))
        answer("ready")
        for line in sys.stdin:
            command, *values = line.split()
            if command == "steps":
                answer("losses", *(float(step()) for _ in range(int(values[0]))))
            elif command == "run":
                answer("times", *timed(step, float(values[0])))
            elif command == "memory":
                answer("memory", peak())
    except Unsupported as reason:
        answer("unsupported", reason)
    except Exception as error:
        answer("failed", type(error).__name__, str(error).replace("\n", " ")[:300])
        raise


def timed(step, length):
    times, start = [], time.perf_counter()
    last = start
    while not times or last - start < length:
        step()
        now = time.perf_counter()
        times.append(now - last)
        last = now
    return times


def peak():
    with open("/proc/self/status") as file:
        return next(line.split()[1] for line in file if line.startswith("VmHWM"))
