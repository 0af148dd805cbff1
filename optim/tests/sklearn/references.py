"""Writes diabetes.csv (scikit-learn's, 442×10, as load_diabetes(scaled=False) gives it, and the target) and references.json: exact optima.

    python3 -m venv /tmp/sklearn && /tmp/sklearn/bin/pip install scikit-learn
    /tmp/sklearn/bin/python optim/tests/sklearn/references.py

The data: Efron, Hastie, Johnstone and Tibshirani (2004), Least Angle Regression; distributed with scikit-learn under its
BSD-3-Clause license, see LICENSE-diabetes.md.
"""

import json
import pathlib

import numpy
from sklearn.datasets import load_diabetes
from sklearn.linear_model import ElasticNet, Lasso, Ridge
from sklearn.svm import LinearSVC

here = pathlib.Path(__file__).parent
x, y = load_diabetes(return_X_y=True, scaled=False)
rows = ["age,sex,bmi,bp,s1,s2,s3,s4,s5,s6,target"]
rows += [",".join(f"{value:.10g}" for value in [*features, target]) for features, target in zip(x, y)]
here.joinpath("diabetes.csv").write_text("\n".join(rows) + "\n")

# Columns of mean 0 and variance 1 and a centered target, so that every direction is learned at a like speed.
x = (x - x.mean(0)) / x.std(0)
centered = y - y.mean()
exact = {"fit_intercept": False, "tol": 1e-14, "max_iter": 1_000_000}
references = {
    # ½ mean (y − xw)² + λ |w|₁
    "lasso": {"lambda": 5.0, "w": Lasso(alpha=5.0, **exact).fit(x, centered).coef_.tolist()},
    # ½ mean (y − xw)² + λ/2 |w|²
    "ridge": {"lambda": 0.5, "w": Ridge(alpha=0.5 * len(y), fit_intercept=False, solver="cholesky").fit(x, centered).coef_.tolist()},
    "elastic": {"l1": 2.0, "l2": 1.0, "w": ElasticNet(alpha=3.0, l1_ratio=2 / 3, **exact).fit(x, centered).coef_.tolist()},
}
# mean hinge + λ/2 |w|², for which of the two halves of the target a sample is in: C = 1/(λ n)
signs = numpy.where(centered > 0, 1.0, -1.0)
svm = LinearSVC(C=1 / (0.1 * len(y)), loss="hinge", fit_intercept=False, tol=1e-9, max_iter=10_000_000, random_state=0)
w = svm.fit(x, signs).coef_[0]
objective = numpy.maximum(0, 1 - signs * (x @ w)).mean() + 0.05 * (w @ w)
references["svm"] = {"lambda": 0.1, "w": w.tolist(), "objective": objective}
here.joinpath("references.json").write_text(json.dumps(references, indent=1) + "\n")
print(objective)
