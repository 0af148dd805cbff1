"""Writes python.safetensors: what Python's safetensors makes of two parameters and a state.

python -m venv venv; venv/bin/pip install numpy safetensors; venv/bin/python python.py
"""

import pathlib

import numpy
import safetensors.numpy

tensors = {
    "fc.weight": numpy.array([[0.5, -1.25, 3.0], [1e-3, 2.0, -0.0]], dtype=numpy.float64),
    "fc.bias": numpy.array([0.1, 0.2], dtype=numpy.float64),
    "norm.running_mean": numpy.array([7.0], dtype=numpy.float64),
}
safetensors.numpy.save_file(tensors, pathlib.Path(__file__).with_name("python.safetensors"), metadata={"format": "pt"})
