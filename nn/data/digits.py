"""Writes digits.bin.gz from scikit-learn's copy of the UCI optical digits.

    pip download scikit-learn --no-deps && unzip scikit_learn-*.whl sklearn/datasets/data/digits.csv.gz
    python3 digits.py sklearn/datasets/data/digits.csv.gz

Each of the 1797 rows becomes 65 bytes: 64 pixels, row by row, 0 to 16, and the label, 0 to 9.
"""

import csv
import gzip
import hashlib
import pathlib
import sys


ROWS, PIXELS, DARKEST, CLASSES = 1797, 64, 16, 10


def whole(field):
    number = float(field)
    if not number.is_integer():
        raise ValueError(f"{field} is not a whole number")
    return int(number)


def packed(row):
    *pixels, label = [whole(field) for field in row]
    if len(pixels) != PIXELS:
        raise ValueError(f"{len(row)} numbers where {PIXELS} pixels and a label are due")
    if not all(0 <= pixel <= DARKEST for pixel in pixels):
        raise ValueError(f"a pixel is not from 0 to {DARKEST}")
    if not 0 <= label < CLASSES:
        raise ValueError(f"label {label} is not from 0 to {CLASSES - 1}")
    return bytes([*pixels, label])


def read(path):
    with gzip.open(path, "rt", newline="") as file:
        for number, row in enumerate(csv.reader(file), 1):
            try:
                yield packed(row)
            except ValueError as error:
                sys.exit(f"{path}: row {number}: {error}")


if len(sys.argv) != 2:
    sys.exit(f"usage: {sys.argv[0]} digits.csv.gz")
rows = list(read(sys.argv[1]))
if len(rows) != ROWS:
    sys.exit(f"{sys.argv[1]}: {len(rows)} rows where {ROWS} are due")
data = b"".join(rows)
target = pathlib.Path(__file__).with_name("digits.bin.gz")
target.write_bytes(gzip.compress(data, 9, mtime=0))
print(f"{target.name}: {len(rows)} rows, {target.stat().st_size} bytes, SHA-256 of the content {hashlib.sha256(data).hexdigest()}")
