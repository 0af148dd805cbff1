"""Reads what a run logged for TensorBoard back with TensorBoard itself, and compares with the CSV file of the run.

    python3 -m venv /tmp/tb && /tmp/tb/bin/pip install tensorboard
    cargo run --release --example logged_run -- /tmp/logged
    /tmp/tb/bin/python train/tests/read_events.py /tmp/logged
"""

import csv
import pathlib
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

folder = pathlib.Path(sys.argv[1])
events = EventAccumulator(str(folder / "events"))
events.Reload()
rows = list(csv.DictReader(open(folder / "log.csv")))
tags = events.Tags()["scalars"]
assert set(tags) == set(rows[0]) - {"epoch"}, tags
for tag in tags:
    scalars = events.Scalars(tag)
    assert len(scalars) == len(rows), (tag, len(scalars), len(rows))
    for scalar, row in zip(scalars, rows):
        assert scalar.step == int(row["epoch"])
        assert abs(scalar.value - float(row[tag])) <= 1e-6 * abs(float(row[tag])), (tag, scalar, row)
print(f"TensorBoard reads {len(tags)} scalars of {len(rows)} epochs, as the CSV file has them: {', '.join(tags)}")
