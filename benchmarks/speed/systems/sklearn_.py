"""scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
from benchmarks.speed.cases import Data, accuracy
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier


def fit_logistic(data: Data) -> Any:
    def call() -> Any:
        return LogisticRegression().fit(data["x"], data["y"])

    return call, lambda model: [float(np.sum(np.abs(model.coef_)))]


def fit_network(data: Data) -> Any:
    def call() -> Any:
        model = MLPClassifier((32,), max_iter=20, tol=0, n_iter_no_change=100, random_state=0)
        return model.fit(data["x"], data["y"])

    return call, lambda model: [accuracy(model, data)]
