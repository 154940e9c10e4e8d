"""The same work for estimators that keep scikit-learn's contract, whoever wrote them."""

from __future__ import annotations

from typing import Any

import numpy as np
from benchmarks.speed.cases import Data


def fit_logistic(estimator: Any, data: Data) -> Any:
    return (
        lambda: estimator().fit(data["x"], data["y"]),
        lambda model: [float(np.sum(np.abs(model.coef_)))],
    )


def fit_network(estimator: Any, data: Data) -> Any:
    """Twenty epochs; how many examples are classified right does not depend on who draws the first weights."""

    def call() -> Any:
        model = estimator((32,), max_iter=20, tol=0, n_iter_no_change=100, random_state=0)
        return model.fit(data["x"], data["y"])

    return call, lambda model: [float(model.score(data["x"], data["y"]))]
