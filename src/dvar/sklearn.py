"""Estimators for scikit-learn's pipelines and searches, trained by ``dvar.train``.

They have the parameters and attributes of their namesakes in scikit-learn, as far as they go, and pass its
``check_estimator``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils import check_random_state, column_or_1d
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise ImportError("dvar.sklearn needs scikit-learn: pip install 'dvar[sklearn]'") from error

from dvar.core.errors import ReadError
from dvar.core.op import Array
from dvar.training import train

# ── linear ──────────────────────────────────────────────────────────────────────────────────────


class LogisticRegression(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """Linear classification by the cross entropy, with a penalty on the squares of the weights.

    Minimises ``C * Σ cross entropy + ½ Σ w²`` by L-BFGS, the weights of all classes for more than two.

    Args:
        C: how much an example counts against the penalty; positive.
        fit_intercept: whether there is a bias, which is not penalised.
        max_iter: iterations at most.
        threads: how many threads may work at once; None is one for each core.

    Attributes:
        classes_: the labels, sorted, shape (n_classes,).
        coef_: weights, shape (1, n_features) for two classes, else (n_classes, n_features).
        intercept_: biases, shape (1,) or (n_classes,).
        n_iter_: iterations done.
    """

    def __init__(
        self,
        C: float = 1.0,
        fit_intercept: bool = True,
        max_iter: int = 200,
        threads: int | None = None,
    ) -> None:
        self.C = C
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.threads = threads

    def fit(self, X: Any, y: Any) -> LogisticRegression:
        """Find weights for examples X, shape (n_samples, n_features), and labels y, shape (n_samples,)."""
        if self.C <= 0:
            raise ValueError(f"C={self.C}: an example has to count for something")
        X, y = validate_data(self, X, y, dtype=np.float64)
        self.classes_, labels = _classes(y)
        outputs = 1 if len(self.classes_) == 2 else len(self.classes_)
        start: dict[str, Any] = {"w": np.zeros((X.shape[1], outputs))}
        if self.fit_intercept:
            start["b"] = np.zeros(outputs)
        share = 1.0 / (self.C * len(X))

        def loss(w: Any, x: Any, y: Any, b: Any = 0.0) -> Any:
            return _cross_entropy(x @ w + b, y) + 0.5 * share * np.sum(w**2)

        done = train(
            loss,
            start,
            data={"x": X, "y": _targets(labels, outputs)},
            steps=self.max_iter,
            optimizer="lbfgs",
            threads=self.threads,
        )
        self.coef_ = done.params["w"].T
        self.intercept_ = done.params["b"] if self.fit_intercept else np.zeros(outputs)
        self.n_iter_ = max(0, done.steps - 1)
        return self

    def decision_function(self, X: Any) -> Array:
        """Logits, shape (n_samples,) for two classes, else (n_samples, n_classes)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        z: Array = X @ self.coef_.T + self.intercept_
        return z[:, 0] if z.shape[1] == 1 else z

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class, shape (n_samples, n_classes)."""
        return _probabilities(self.decision_function(X))

    def predict(self, X: Any) -> Array:
        """The likeliest class of each example, shape (n_samples,)."""
        return _likeliest(self.classes_ if hasattr(self, "classes_") else (), self, X)


def _likeliest(classes: Any, estimator: Any, X: Any) -> Array:
    z = estimator.decision_function(X)
    chosen: Array = classes[(z > 0).astype(int) if z.ndim == 1 else z.argmax(axis=1)]
    return chosen


def _classes(y: Array) -> tuple[Array, Array]:
    """The labels there are, and the number of each example's label."""
    check_classification_targets(y)
    classes, labels = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"Classifier can't train when only one class is present: {classes[0]!r}")
    return classes, labels


def _targets(labels: Array, outputs: int) -> Array:
    """Labels as the loss takes them: 0 and 1, or a row of probabilities."""
    if outputs == 1:
        return labels[:, None].astype(np.float64)
    return np.eye(outputs)[labels]


def _cross_entropy(z: Any, y: Any) -> Any:
    """The mean over the examples, from logits; one column means two classes."""
    if z.shape[1] == 1:
        return np.mean(np.logaddexp(0.0, z) - y * z)
    top = np.max(z, axis=1, keepdims=True)
    whole = np.log(np.sum(np.exp(z - top), axis=1, keepdims=True)) + top
    return np.sum(y * (whole - z)) / z.shape[0]


def _probabilities(z: Array) -> Array:
    if z.ndim == 1:
        z = np.stack([np.zeros_like(z), z], axis=1)
    e = np.exp(z - z.max(axis=1, keepdims=True))
    shares: Array = e / e.sum(axis=1, keepdims=True)
    return shares


# ── networks ────────────────────────────────────────────────────────────────────────────────────

ACTIVATIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "logistic": lambda x: 1 / (1 + np.exp(-x)),
    "identity": lambda x: x,
}


class _Network(BaseEstimator):  # type: ignore[misc]
    """What networks share: layers, and training by Adam until the loss falls no more."""

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (100,),
        activation: str = "relu",
        *,
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate_init: float = 0.001,
        max_iter: int = 200,
        random_state: Any = None,
        tol: float = 1e-4,
        n_iter_no_change: int = 10,
        threads: int | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.random_state = random_state
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.threads = threads

    def _train(self, X: Array, y: Array, error: Any) -> None:
        """Layers that take rows of X to something with a small ``error(outputs, y)``."""
        if self.activation not in ACTIVATIONS:
            raise ReadError(
                f"there is no activation {self.activation!r}",
                hint="one of " + ", ".join(ACTIVATIONS),
            )
        squash, alpha, count = ACTIVATIONS[self.activation], self.alpha, len(X)
        random = check_random_state(self.random_state)

        def loss(layers: Any, x: Any, y: Any) -> Any:
            penalty = sum(np.sum(w**2) for w, _ in layers)
            return error(_forward(layers, x, squash), y) + 0.5 * alpha / count * penalty

        history: list[float] = []

        def stalls(step: int, last: float, params: Any) -> bool:
            history.append(last)
            few = self.n_iter_no_change
            return len(history) > few and min(history[-few:]) > min(history[:-few]) - self.tol

        size = min(200, count) if self.batch_size == "auto" else int(self.batch_size)
        done = train(
            loss,
            {"layers": self._start(X.shape[1], y.shape[1], random)},
            data={"x": X, "y": y},
            epochs=self.max_iter,
            learning_rate=self.learning_rate_init,
            optimizer="adam",
            batch_size=size,
            seed=int(random.randint(2**31)),
            callback=stalls,
            threads=self.threads,
        )
        layers = done.params["layers"]
        self.coefs_ = [w for w, _ in layers]
        self.intercepts_ = [b for _, b in layers]
        self.loss_curve_ = history
        self.n_iter_, self.n_layers_ = len(self.loss_curve_), len(layers) + 1
        self.n_outputs_ = y.shape[1]

    def _start(self, first: int, last: int, random: Any) -> list[tuple[Array, Array]]:
        """Uniform weights of the size of Glorot & Bengio 2010, eq. 16; as scikit-learn begins."""
        hidden = self.hidden_layer_sizes
        inner = [hidden] if isinstance(hidden, (int, np.integer)) else list(hidden)
        if any(n < 1 for n in inner):
            raise ValueError(f"hidden_layer_sizes={hidden}: a layer needs a unit")
        sizes = [first, *inner, last]
        factor = 2.0 if self.activation == "logistic" else 6.0
        layers = []
        for n, m in pairwise(sizes):
            bound = (factor / (n + m)) ** 0.5
            layers.append((random.uniform(-bound, bound, (n, m)), random.uniform(-bound, bound, m)))
        return layers

    def _outputs(self, X: Any) -> Array:
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        layers = list(zip(self.coefs_, self.intercepts_, strict=True))
        done: Array = _forward(layers, X, ACTIVATIONS[self.activation])
        return done


def _forward(layers: Sequence[tuple[Any, Any]], x: Any, squash: Any) -> Any:
    """The outputs of the last layer, shape (n_samples, n_outputs)."""
    for w, b in layers[:-1]:
        x = squash(x @ w + b)
    w, b = layers[-1]
    return x @ w + b


class MLPClassifier(ClassifierMixin, _Network):  # type: ignore[misc]
    """Classification by a network of layers, trained by Adam on the cross entropy.

    Args:
        hidden_layer_sizes: units of each hidden layer.
        activation: ``relu``, ``tanh``, ``logistic`` or ``identity``.
        alpha: penalty on the squares of the weights.
        batch_size: examples in a step; ``auto`` is 200, or all if there are fewer.
        learning_rate_init: the size of steps.
        max_iter: epochs at most.
        random_state: decides the first weights and the order of the examples.
        tol, n_iter_no_change: training ends when the loss has not fallen by ``tol`` for so many epochs.
        threads: how many threads may work at once; None is one for each core.

    Attributes:
        classes_, coefs_, intercepts_, loss_curve_, n_iter_: as in scikit-learn.
    """

    def fit(self, X: Any, y: Any) -> MLPClassifier:
        """Find weights for examples X, shape (n_samples, n_features), and labels y, shape (n_samples,)."""
        X, y = validate_data(self, X, y, dtype=np.float64)
        self.classes_, labels = _classes(y)
        outputs = 1 if len(self.classes_) == 2 else len(self.classes_)
        self._train(X, _targets(labels, outputs), _cross_entropy)
        return self

    def decision_function(self, X: Any) -> Array:
        """Logits, shape (n_samples,) for two classes, else (n_samples, n_classes)."""
        z = self._outputs(X)
        return z[:, 0] if z.shape[1] == 1 else z

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class, shape (n_samples, n_classes)."""
        return _probabilities(self.decision_function(X))

    def predict(self, X: Any) -> Array:
        """The likeliest class of each example, shape (n_samples,)."""
        return _likeliest(getattr(self, "classes_", ()), self, X)


class MLPRegressor(RegressorMixin, _Network):  # type: ignore[misc]
    """Regression by a network of layers, trained by Adam on half the squared error.

    Arguments and attributes as for ``MLPClassifier``.
    """

    def fit(self, X: Any, y: Any) -> MLPRegressor:
        """Find weights for examples X, shape (n_samples, n_features), and y, shape (n_samples,) or more columns."""
        X, y = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        self._is_flat = y.ndim == 1
        targets = np.asarray(y, np.float64).reshape(len(X), -1)
        self._train(X, targets, lambda z, y: 0.5 * np.mean((z - y) ** 2))
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def predict(self, X: Any) -> Array:
        """Values, of the shape that ``fit`` was given."""
        z = self._outputs(X)
        return z[:, 0] if self._is_flat else z
