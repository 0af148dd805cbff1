"""Writes the small arrays in this folder that the readers of NPY and NPZ files are tested with.

    pip install numpy && python3 write.py
"""

import pathlib

import numpy

folder = pathlib.Path(__file__).parent
# One number of each type that is not the same in any other: negative, or past the largest of the signed type.
kinds = {"u1": 200, "i1": -100, "u2": 60_000, "i2": -30_000, "u4": 4_000_000_000, "i4": -2_000_000_000,
         "u8": 2**63, "i8": -(2**62), "f4": -1.5, "f8": 0.1}
for kind, special in kinds.items():
    matrix = numpy.array([[0, 1, 2], [3, 4, special]], dtype="<" + kind)
    numpy.save(folder / f"{kind}.npy", matrix)
block = numpy.arange(24, dtype="<f4").reshape(2, 3, 4)
numpy.save(folder / "c-order.npy", block)
numpy.save(folder / "fortran-order.npy", numpy.asfortranarray(block))
numpy.save(folder / "big-endian.npy", block.astype(">f8"))
numpy.save(folder / "scalar.npy", numpy.float64(2.5))
numpy.save(folder / "empty.npy", numpy.zeros((0, 3)))
numpy.save(folder / "vector.npy", numpy.arange(3.0))
# A header that fills a multiple of 64 bytes to the last, and then has another 64 of spaces.
numpy.save(folder / "full-header.npy", numpy.ones((1,) * 13 + (100,)))
labels = numpy.array([1, 0], dtype="<i8")
numpy.savez(folder / "stored.npz", x=block, y=labels)
numpy.savez_compressed(folder / "deflated.npz", x=block, y=labels)
