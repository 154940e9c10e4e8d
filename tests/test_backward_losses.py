"""Functions that return a loss and its gradients at once."""

from __future__ import annotations

import pytest

from dvar.check.backward.judge import judge
from dvar.check.backward.target import find
from dvar.cli.functions import names_of
from dvar.core.errors import ReadError

HINGE = '''import numpy as np


def hinge(W, X, y, reg):
    """W: (D, C), X: (N, D), y: labels (N,), reg: (float) strength"""
    n = len(X)
    scores = X @ W
    margins = np.maximum(0, scores - scores[np.arange(n), y][:, None] + 1)
    margins[np.arange(n), y] = 0
    loss = margins.sum() / n + reg * np.sum(W**2)
    mask = (margins > 0).astype(float)
    mask[np.arange(n), y] = -mask.sum(axis=1)
    dW = X.T @ mask / n + 2 * reg * W
    return loss, dW
'''
LOGISTIC = '''import numpy as np


def logistic(w, b, X, Y):
    """w: (D, 1), b: (), X: (D, N), Y: (1, N)"""
    A = 1 / (1 + np.exp(-(w.T @ X + b)))
    cost = -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    dz = (A - Y) / X.shape[1]
    grads = {"dw": X @ dz.T, "db": np.sum(dz)}
    return cost, grads
'''


def checked(tmp_path, text, name):
    path = tmp_path / "loss.py"
    path.write_text(text)
    return judge(find(str(path), name, names_of(str(path))))


@pytest.mark.parametrize(
    ("text", "name", "judged"), [(HINGE, "hinge", {"W"}), (LOGISTIC, "logistic", {"w", "b"})]
)
def test_a_right_one_is_silent(tmp_path, text, name, judged):
    report = checked(tmp_path, text, name)
    assert report.ok, str(report)
    assert {g.name for g in report.gradients if g.ok} == judged


@pytest.mark.parametrize(
    ("text", "name", "right", "wrong", "cause"),
    [
        (HINGE, "hinge", "2 * reg * W", "reg * W", "missing-factor"),
        (HINGE, "hinge", "-mask.sum(axis=1)", "mask.sum(axis=1)", "sign"),
        (LOGISTIC, "logistic", "dz = (A - Y)", "dz = (A + Y)", "sign"),
        (LOGISTIC, "logistic", "np.sum(dz)", "np.mean(dz)", "factor"),
    ],
)
def test_a_slip_is_found_and_the_loss_is_left_alone(tmp_path, text, name, right, wrong, cause):
    assert text.count(right) == 1
    report = checked(tmp_path, text.replace(right, wrong), name)
    finding = report.findings[0]
    assert finding.line == text[: text.index(right)].count("\n") + 1, str(report)
    assert cause in finding.causes


def test_a_function_of_other_results_is_no_such_function(tmp_path):
    text = "def split(x, y):\n    half = x / 2\n    return x, half\n"
    with pytest.raises(ReadError, match="or a function that returns loss, dx"):
        checked(tmp_path, text, "split")
