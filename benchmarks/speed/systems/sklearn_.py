"""scikit-learn."""

from __future__ import annotations

from functools import partial

from benchmarks.speed import estimators
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

fit_logistic = partial(estimators.fit_logistic, LogisticRegression)
fit_network = partial(estimators.fit_network, MLPClassifier)
