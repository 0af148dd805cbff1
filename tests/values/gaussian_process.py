"""Writes gaussian_process.json: log marginal likelihoods of Gaussian processes and their gradients by scikit-learn.

    python3 -m venv /tmp/sklearn && /tmp/sklearn/bin/pip install scikit-learn
    /tmp/sklearn/bin/python tests/values/gaussian_process.py

Made with scikit-learn 1.9.1. The kernel is constant × RBF + white noise; theta are the logarithms of variance, length scale and noise.
"""

import json
import pathlib

import numpy as np
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

random = np.random.default_rng(5)
x = random.uniform(-3, 3, (25, 2))
y = np.sin(x[:, 0]) + 0.5 * x[:, 1] + 0.1 * random.normal(size=25)
at = random.uniform(-3, 3, (4, 2))
kernel = ConstantKernel(1.0) * RBF(1.0) + WhiteKernel(0.1)
rows = []
for theta in [[0.0, 0.0, np.log(0.1)], [1.0, 0.7, -4.0], [-0.5, -1.0, 0.3], [3.0, 1.5, -6.0]]:
    model = GaussianProcessRegressor(kernel.clone_with_theta(theta), optimizer=None, alpha=0.0).fit(x, y)
    likelihood, gradient = model.log_marginal_likelihood(np.array(theta), eval_gradient=True)
    mean, deviation = model.predict(at, return_std=True)
    rows.append({"theta": theta, "likelihood": likelihood, "gradient": gradient.tolist(),
                 "mean": mean.tolist(), "deviation": deviation.tolist()})
result = {"x": x.tolist(), "y": y.tolist(), "at": at.tolist(), "rows": rows}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")
print(rows)
