"""The estimators keep scikit-learn's contract, and find what its own find."""

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")

from sklearn.datasets import load_iris, make_classification, make_regression
from sklearn.linear_model import LogisticRegression as Theirs
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from dvar.sklearn import LogisticRegression, MLPClassifier, MLPRegressor


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    [LogisticRegression(), MLPClassifier(max_iter=100), MLPRegressor(max_iter=100)]
)
def test_the_contract_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("intercept", [True, False])
def test_the_same_weights_as_theirs(classes, intercept):
    x, y = make_classification(
        200, 6, n_informative=4, n_redundant=0, n_classes=classes, random_state=0
    )
    mine = LogisticRegression(C=0.7, fit_intercept=intercept, max_iter=500).fit(x, y)
    right = Theirs(C=0.7, fit_intercept=intercept, max_iter=2000, tol=1e-10).fit(x, y)
    np.testing.assert_allclose(mine.predict_proba(x), right.predict_proba(x), atol=2e-3)
    np.testing.assert_allclose(mine.coef_, right.coef_, atol=5e-3)


def test_in_a_pipeline_and_a_search():
    x, y = load_iris(return_X_y=True)
    model = make_pipeline(
        StandardScaler(), MLPClassifier((16,), learning_rate_init=0.01, random_state=0)
    )
    search = GridSearchCV(model, {"mlpclassifier__activation": ["relu", "tanh"]}, cv=3).fit(x, y)
    assert search.best_score_ > 0.93


def test_a_network_fits_a_line():
    x, y = make_regression(300, 3, noise=0.1, random_state=0)
    y /= y.std()
    model = MLPRegressor((32,), learning_rate_init=0.01, max_iter=300, random_state=0).fit(x, y)
    assert model.score(x, y) > 0.98
    both = MLPRegressor((8,), max_iter=5, random_state=0).fit(x, np.stack([y, -y], 1))
    assert both.predict(x).shape == (300, 2)


def test_the_same_random_state_gives_the_same_bits():
    x, y = load_iris(return_X_y=True)
    one, other = (MLPClassifier((5,), max_iter=4, random_state=3).fit(x, y) for _ in range(2))
    np.testing.assert_array_equal(one.coefs_[0], other.coefs_[0])


def test_a_small_last_batch_does_not_end_training_by_its_noise():
    draw = np.random.default_rng(0)
    x = draw.normal(size=(300, 4))  # batches of 200 and of 100
    y = x[:, 0] * x[:, 1] > 0
    model = MLPClassifier((16,), random_state=0).fit(x, y)
    assert model.n_iter_ == len(model.loss_curve_) == 200
    assert model.score(x, y) > 0.8
