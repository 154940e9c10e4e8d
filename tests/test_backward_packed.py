"""Weights in one dictionary or tuple are inputs of their own."""

from __future__ import annotations

import pytest

from dvar.check.backward.judge import judge
from dvar.check.backward.packed import packs_of
from dvar.check.backward.target import find
from dvar.cli.functions import names_of
from dvar.core.errors import ReadError

NET = """import numpy as np


def net_forward(X, params):
    W1, b1, W2 = params["W1"], params["b1"], params["W2"]
    h = np.tanh(X @ W1 + b1)
    return h @ W2, {"X": X, "h": h, "params": params}


def net_backward(dout, cache):
    X, h, params = cache["X"], cache["h"], cache["params"]
    grads = {}
    grads["W2"] = h.T @ dout
    dz = (dout @ params["W2"].T) * (1 - h**2)
    grads["W1"] = X.T @ dz
    grads["b1"] = dz.sum(axis=0)
    return grads
"""
PAIR = """import numpy as np


def scale_forward(weights, x):
    gain, shift = weights
    return x * gain + shift, (x, weights)


def scale_backward(g, cache):
    x, (gain, shift) = cache
    dgain = np.sum(g * x, axis=0)
    dshift = np.sum(g, axis=0)
    dx = g * gain
    return dgain, dshift, dx
"""


def checked(tmp_path, text, name):
    path = tmp_path / "net.py"
    path.write_text(text)
    return judge(find(str(path), name, names_of(str(path))))


@pytest.mark.parametrize(
    ("text", "name", "judged"),
    [(NET, "net", {"W1", "b1", "W2"}), (PAIR, "scale", {"gain", "shift", "x"})],
)
def test_every_weight_is_judged(tmp_path, text, name, judged):
    report = checked(tmp_path, text, name)
    assert report.ok, str(report)
    assert {g.name for g in report.gradients if g.ok} == judged


@pytest.mark.parametrize(
    ("text", "name", "right", "wrong", "spoilt"),
    [
        (NET, "net", "dz.sum(axis=0)", "dz", {"b1"}),
        (NET, "net", "1 - h**2", "1 + h**2", {"W1", "b1"}),
        (PAIR, "scale", "np.sum(g * x, axis=0)", "np.mean(g * x, axis=0)", {"gain"}),
    ],
)
def test_a_slip_spoils_the_weights_behind_it(tmp_path, text, name, right, wrong, spoilt):
    report = checked(tmp_path, text.replace(right, wrong), name)
    assert {g.name for g in report.gradients if g.ok is False} == spoilt
    assert report.findings[0].line == text[: text.index(right)].count("\n") + 1


def test_settings_are_no_weights():
    def forward(x, conv_param, p):
        return x[:: conv_param["stride"]] * p["gain"]

    assert list(packs_of(forward)) == ["p"]


def test_a_function_that_is_called_cannot_be_guessed(tmp_path):
    text = "def at_forward(f, x):\n    return f(x), x\n\ndef at_backward(g, cache):\n    return g\n"
    with pytest.raises(ReadError, match="f is a function"):
        checked(tmp_path, text, "at")
