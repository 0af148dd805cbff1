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


def read(path):
    with gzip.open(path, "rt") as file:
        for row in csv.reader(file):
            numbers = [int(float(field)) for field in row]
            pixels, label = numbers[:64], numbers[64]
            assert len(numbers) == 65 and 0 <= min(pixels) and max(pixels) <= 16 and 0 <= label <= 9, row
            yield bytes(numbers)


rows = list(read(sys.argv[1]))
assert len(rows) == 1797, len(rows)
data = b"".join(rows)
target = pathlib.Path(__file__).with_name("digits.bin.gz")
target.write_bytes(gzip.compress(data, 9, mtime=0))
print(f"{target.name}: {len(rows)} rows, {target.stat().st_size} bytes, SHA-256 of the content {hashlib.sha256(data).hexdigest()}")
