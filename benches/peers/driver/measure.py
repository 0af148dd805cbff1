"""All contestants at one workload: they start from the same data and then take turns."""

import random
import sys
from dataclasses import dataclass
from statistics import median

from . import data
from .contestants import HERE, takes_part
from .process import Failure, Process

STEPS_COMPARED = 10


@dataclass
class Row:
    """What is known of a contestant at a workload. Times are of one part of a step, in the workload's unit."""

    workload: object
    contestant: object
    threads: int
    median: float | None = None
    steps: int = 0
    peak: float | None = None
    baseline: float | None = None
    loss: float | None = None
    note: str = ""

    @property
    def counts(self):
        return self.median is not None and not self.note


def measure(workload, contestants, options, failures):
    """A row for each contestant and number of threads."""
    print(f"{workload.name}: {workload.text}", file=sys.stderr)
    folder = HERE / "target" / "peers"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{workload.name}.safetensors"
    data.write(workload, path)
    rows, running = [], []
    try:
        for contestant in contestants:
            for threads in options.threads:
                if not takes_part(contestant, workload):
                    continue
                row = Row(workload, contestant, threads, note=failures.get(contestant.program, ""))
                rows.append(row)
                if not row.note:
                    log = folder / f"{workload.name}-{contestant.name}-{contestant.variant}-{threads}.log"
                    running.append((row, Process(contestant, workload, threads, path, log, options.timeout)))
                    attempt(running, running[-1], start)
        order = random.Random(0)
        for number in range(options.rounds):
            if sys.stderr.isatty():
                print(f"\r{workload.name}: round {number + 1} of {options.rounds} ", end="", file=sys.stderr)
            # Each has another neighbor in every round, so that none always runs on the caches that a certain one leaves.
            for entry in order.sample(running, len(running)):
                attempt(running, entry, lambda process: process.run(options.seconds))
        for entry in list(running):
            attempt(running, entry, lambda process: process.finish())
        for row, process in running:
            record(row, process)
    finally:
        for _, process in running:
            process.stop()
    compare(workload, rows)
    return rows


def start(process):
    process.start()
    process.steps(STEPS_COMPARED)


def attempt(running, entry, action):
    """Does something with a process; one that fails is stopped, and its row says why."""
    row, process = entry
    try:
        action(process)
    except Failure as failure:
        row.note = str(failure)
        print(f"{row.workload.name} {row.contestant.label}: {failure}", file=sys.stderr)
        process.stop()
        running.remove(entry)


def record(row, process):
    scale = (1e9 if row.workload.unit == "ns" else 1e6 if row.workload.unit == "µs" else 1e3) / row.workload.parts
    row.median, row.steps = median(process.times) * scale, len(process.times)
    row.peak, row.baseline, row.loss = process.peak, process.baseline, process.losses[-1]


def compare(workload, rows):
    """Notes who has another loss than the others after ten steps."""
    # The plain loop has a value where the others have sensitivities.
    compared = [row for row in rows if row.loss is not None and not row.note and row.contestant.name != "plain"]
    if workload.tolerance is None or not compared:
        return
    usual = median(row.loss for row in compared)
    for row in compared:
        if not abs(row.loss - usual) <= workload.tolerance * abs(usual):
            row.note = f"another loss: {row.loss:.7g}, the others {usual:.7g}"
            print(f"{workload.name} {row.contestant.label}: {row.note}", file=sys.stderr)
