"""Layers that are classes: weights and gradients where people keep them, slips at the lines that store them."""

from __future__ import annotations

import pytest

from dvar.check.backward.judge import judge
from dvar.check.backward.layers import gradient_of, short
from dvar.check.backward.target import find
from dvar.cli.functions import names_of
from dvar.core.errors import ReadError

HEAD = "import numpy as np\n\n"
ATTRIBUTES = """
class Layer:
    def __init__(self, inputs, outputs):
        self.W = np.zeros((inputs, outputs))
        self.b = np.zeros(outputs)

    def forward(self, x):
        self.x, self.y = x, np.tanh(x @ self.W + self.b)
        return self.y

    def backward(self, dout):
        dz = dout * (1 - self.y**2)
        self.dW = self.x.T @ dz
        self.db = dz.sum(axis=0)
        return dz @ self.W.T
"""
DICTIONARIES = """
class Layer:
    def __init__(self, n_in: int, n_out: int):
        self.params = {"W": np.zeros((n_in, n_out)), "b": np.zeros((1, n_out))}
        self.grads = {name: np.zeros_like(p) for name, p in self.params.items()}

    def forward(self, x):
        self.cache = {"x": x}
        return x @ self.params["W"] + self.params["b"]

    def backward(self, grad):
        x = self.cache["x"]
        self.grads["W"] += x.T @ grad
        self.grads["b"] += grad.sum(axis=0, keepdims=True)
        return grad @ self.params["W"].T
"""
LISTS = """
class Layer:
    def __init__(self, W, b):
        self.params = [W, b]
        self.grads = [np.zeros_like(W), np.zeros_like(b)]

    def forward(self, x):
        W, b = self.params
        self.x = x
        return np.dot(x, W) + b

    def backward(self, dout):
        W, b = self.params
        dx = np.dot(dout, W.T)
        dW = np.dot(self.x.T, dout)
        db = np.sum(dout, axis=0)
        self.grads[0][...] = dW
        self.grads[1][...] = db
        return dx
"""
OBJECTS = """
class Weight:
    def __init__(self, data):
        self.data, self.grad = data, np.zeros_like(data)


class Layer:
    def __init__(self, nin, nout):
        self.weight, self.bias = Weight(np.zeros((nout, nin))), Weight(np.zeros(nout))

    def __call__(self, x):
        self.kept = x
        return x @ self.weight.data.T + self.bias.data

    def backward(self, g):
        self.weight.grad += g.T @ self.kept
        self.bias.grad += g.sum(0)
        return g @ self.weight.data
"""
RETURNED = """
class Layer:
    def __init__(self, dim):
        self.gamma = np.ones(dim)

    def forward(self, x):
        self.x = x
        return x * self.gamma

    def backward(self, dout):
        return dout * self.gamma, (dout * self.x).sum(axis=0)
"""
LOSS = """
class Layer:
    def forward(self, prediction, target):
        self.off = prediction - target
        return np.mean(self.off**2)

    def backward(self):
        return 2 * self.off / self.off.size
"""


def checked(tmp_path, text):
    path = tmp_path / "layer.py"
    path.write_text(HEAD + text)
    return judge(find(str(path), "Layer", names_of(str(path))))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (ATTRIBUTES, {"x", "W", "b"}),
        (DICTIONARIES, {"x", "W", "b"}),
        (LISTS, {"x", "W", "b"}),
        (OBJECTS, {"x", "weight", "bias"}),
        (RETURNED, {"x", "gamma"}),
        (LOSS, {"prediction"}),
    ],
)
def test_a_right_layer_is_silent_and_all_its_gradients_are_judged(tmp_path, text, names):
    report = checked(tmp_path, text)
    assert report.ok, str(report)
    assert {g.name for g in report.gradients if g.ok} == names


@pytest.mark.parametrize(
    ("text", "right", "wrong", "cause", "spoilt"),
    [
        (ATTRIBUTES, "self.db = dz.sum(axis=0)", "self.db = dz", "missing-sum", {"b"}),
        (ATTRIBUTES, "1 - self.y**2", "1 + self.y**2", "sign", {"x", "W", "b"}),
        (ATTRIBUTES, "dz @ self.W.T", "-dz @ self.W.T", "sign", {"x"}),
        (ATTRIBUTES, "dz = dout * (1 - self.y**2)", "dz = dout * (1 - self.x.T @ self.y)", "unknown", None),
        (DICTIONARIES, '["W"] += x.T @ grad', '["W"] -= x.T @ grad', "sign", {"W"}),
        (LISTS, "dW = np.dot(self.x.T, dout)", "dW = np.dot(self.x.T, dout) / 2", "factor", {"W"}),
        (OBJECTS, "self.bias.grad += g.sum(0)", "self.bias.grad += g.mean(0)", "factor", {"bias"}),
        (RETURNED, "(dout * self.x)", "(dout * self.gamma)", "wrong-variable", {"gamma"}),
        (LOSS, "2 * self.off", "self.off", "missing-factor", {"prediction"}),
    ],
)  # fmt: skip
def test_a_slip_is_found_where_it_is_stored(tmp_path, text, right, wrong, cause, spoilt):
    assert text.count(right) == 1
    report = checked(tmp_path, text.replace(right, wrong))
    assert not report.ok
    if spoilt is not None:
        assert {g.name for g in report.gradients if g.ok is False} == spoilt
        finding = report.findings[0]
        assert finding.line == (HEAD + text)[: (HEAD + text).index(right)].count("\n") + 1
        assert cause in finding.causes, str(report)


def test_a_layer_written_for_vectors_is_tried_with_vectors(tmp_path):
    text = """
class Layer:
    def forward(self, x, t):
        self.t, self.y = t, 1 / (1 + np.exp(-x))
        return -np.mean(np.log(np.c_[1 - self.y, self.y][np.arange(len(t)), t]))

    def backward(self, dout=1):
        return (self.y - self.t) * dout / self.t.shape[0]
"""
    report = checked(tmp_path, text)
    assert report.ok, str(report)
    assert report.gradients[0].ok


def test_what_a_layer_cannot_be_made_with_is_said(tmp_path):
    text = ATTRIBUTES.replace(
        "(self, inputs, outputs):", "(self, inputs, outputs):\n        inputs.more()"
    )
    with pytest.raises(ReadError, match="is made with arguments that were not found"):
        checked(tmp_path, text)


def test_places_of_gradients_are_known_by_their_names():
    ways = {("W",): "W", ("fc1", "b"): "fc1_b", ("0",): "W"}
    assert gradient_of(("dW",), ways) == "W"
    assert gradient_of(("grads", "W"), ways) == "W"
    assert gradient_of(("grads", "0"), ways) == "W"
    assert gradient_of(("W", "grad"), ways) == "W"
    assert gradient_of(("fc1", "grad_b"), ways) == "fc1_b"
    assert gradient_of(("W",), ways) is None
    assert gradient_of(("running_mean",), ways) is None
    assert short(("params", "W", "data")) == ("W",)
