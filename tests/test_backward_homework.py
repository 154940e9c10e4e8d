"""Backward passes as they are written in courses and training code: right ones are silent, slips have their line."""

import json

import pytest

from dvar.check.backward.judge import judge
from dvar.check.backward.target import find
from dvar.cli import main
from dvar.cli.functions import names_of
from dvar.core.errors import ReadError

WRITTEN = '''
import numpy as np


def squash(z):
    return 1 / (1 + np.exp(-z))


class Net:
    """Two layers whose weights are in a dictionary; loss and gradients come from one method."""

    def __init__(self, n_in, n_hidden, n_out):
        self.params = {"W1": np.random.randn(n_in, n_hidden), "b1": np.zeros(n_hidden)}
        self.params["W2"] = np.random.randn(n_hidden, n_out)
        self.params["b2"] = np.zeros(n_out)

    def predict(self, X):
        return np.argmax(X @ self.params["W1"], axis=1)

    def loss(self, X, y=None, reg=0.0):
        W1, b1 = self.params["W1"], self.params["b1"]
        W2, b2 = self.params["W2"], self.params["b2"]
        hidden = np.maximum(0, X @ W1 + b1)
        scores = hidden @ W2 + b2
        if y is None:
            return scores
        p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        rows = np.arange(len(X))
        value = -np.mean(np.log(p[rows, y])) + reg * (np.sum(W1**2) + np.sum(W2**2))
        d = p
        d[rows, y] -= 1
        d /= len(X)
        grads = {"W2": hidden.T @ d + 2 * reg * W2, "b2": d.sum(axis=0)}
        dh = d @ W2.T
        dh[hidden <= 0] = 0
        grads["W1"] = X.T @ dh + 2 * reg * W1
        grads["b1"] = dh.sum(axis=0)
        return value, grads


class Cell:
    """A recurrent cell with four gates side by side, whose weights are in a list."""

    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(p) for p in self.params]

    def forward(self, x, h_prev, c_prev):
        Wx, Wh, b = self.params
        H = h_prev.shape[1]
        a = x @ Wx + h_prev @ Wh + b
        f, g = squash(a[:, :H]), np.tanh(a[:, H : 2 * H])
        i, o = squash(a[:, 2 * H : 3 * H]), squash(a[:, 3 * H :])
        c = f * c_prev + g * i
        self.kept = x, h_prev, c_prev, f, g, i, o, c
        return o * np.tanh(c), c

    def backward(self, dh, dc):
        Wx, Wh, _ = self.params
        x, h_prev, c_prev, f, g, i, o, c = self.kept
        t = np.tanh(c)
        ds = dc + dh * o * (1 - t**2)
        da = np.hstack(
            (ds * c_prev * f * (1 - f), ds * i * (1 - g**2), ds * g * i * (1 - i), dh * t * o * (1 - o))
        )
        self.grads[0][...] = x.T @ da
        self.grads[1][...] = h_prev.T @ da
        self.grads[2][...] = da.sum(axis=0)
        return da @ Wx.T, da @ Wh.T, ds * f


def step_forward(x, h, W, U, c):
    new = np.tanh(x @ W + h @ U + c)
    return new, (x, h, W, U, new)


def step_backward(dnew, cache):
    x, h, W, U, new = cache
    da = dnew * (1 - new**2)
    return da @ W.T, da @ U.T, x.T @ da, h.T @ da, da.sum(0)


def walk_forward(xs, h0, W, U, c):
    n, steps, _ = xs.shape
    out, kept, h = np.zeros((n, steps, h0.shape[1])), [], h0
    for t in range(steps):
        h, cache = step_forward(xs[:, t], h, W, U, c)
        out[:, t] = h
        kept.append(cache)
    return out, kept


def walk_backward(dout, cache):
    n, steps, _ = dout.shape
    dxs = np.zeros((n, steps, cache[0][0].shape[1]))
    dW, dU, dc, carried = 0, 0, 0, 0
    for t in reversed(range(steps)):
        dxs[:, t], carried, gW, gU, gc = step_backward(dout[:, t] + carried, cache[t])
        dW, dU, dc = dW + gW, dU + gU, dc + gc
    return dxs, carried, dW, dU, dc


def joined_forward(x, h, Wz, Wn):
    xh = np.concatenate([x, h], axis=1)
    z, n = squash(xh @ Wz), np.tanh(xh @ Wn)
    return (1 - z) * n + z * h, (x, h, Wz, Wn, xh, z, n)


def joined_backward(dout, cache):
    x, h, Wz, Wn, xh, z, n = cache
    dn = dout * (1 - z) * (1 - n**2)
    dz = dout * (h - n) * z * (1 - z)
    dxh = dz @ Wz.T + dn @ Wn.T
    D = x.shape[1]
    return dxh[:, :D], dxh[:, D:] + dout * z, xh.T @ dz, xh.T @ dn


def run(X, params):
    A = np.tanh(params["W1"] @ X + params["b1"])
    return squash(params["W2"] @ A + params["b2"]), A


def cost_and_grads(X, Y, params):
    """Examples stand in columns."""
    P, A = run(X, params)
    m = X.shape[1]
    cost = -np.sum(Y * np.log(P) + (1 - Y) * np.log(1 - P)) / m
    d2 = P - Y
    d1 = params["W2"].T @ d2 * (1 - A**2)
    grads = {"dW2": d2 @ A.T / m, "db2": d2.sum(axis=1, keepdims=True) / m}
    grads["dW1"] = d1 @ X.T / m
    grads["db1"] = d1.sum(axis=1, keepdims=True) / m
    return cost, grads


def word_loss(centerVec, outsideIdx, outsideVectors):
    p = np.exp(outsideVectors @ centerVec)
    p = p / p.sum()
    loss = -np.log(p[outsideIdx])
    d = p.copy()
    d[outsideIdx] -= 1
    gradCenterVec = outsideVectors.T @ d
    gradOutsideVecs = np.outer(d, centerVec)
    return loss, gradCenterVec, gradOutsideVecs


class Softmax:
    """The logarithm is kept from zero, and the gradient does without."""

    def forward(self, x, t):
        self.t = t
        self.y = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
        return -np.mean(np.log(self.y[np.arange(len(t)), t] + 1e-7))

    def backward(self, dout=1):
        dx = self.y.copy()
        dx[np.arange(len(self.t)), self.t] -= 1
        return dout * dx / len(self.t)


class Filters:
    """The places of the gradients are there from the start."""

    def __init__(self, channels, filters, kernel_size=3):
        self.W = np.random.randn(filters, channels, kernel_size)
        self.b = np.zeros(filters)
        self.dLdW, self.dLdb = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, A):
        self.A, k = A, self.W.shape[2]
        out = np.zeros((len(A), len(self.b), A.shape[2] - k + 1))
        for i in range(out.shape[2]):
            out[:, :, i] = np.tensordot(A[:, :, i : i + k], self.W, axes=([1, 2], [1, 2])) + self.b
        return out

    def backward(self, dout):
        k, dA = self.W.shape[2], np.zeros_like(self.A)
        self.dLdb = dout.sum(axis=(0, 2))
        self.dLdW[...] = 0
        for i in range(dout.shape[2]):
            self.dLdW += np.tensordot(dout[:, :, i], self.A[:, :, i : i + k], axes=([0], [0]))
            dA[:, :, i : i + k] += np.tensordot(dout[:, :, i], self.W, axes=([1], [0]))
        return dA


def fit_forward(pred, goal, mask):
    d = (pred - goal) * mask
    n = mask.sum()
    return np.sum(d**2) / n, (d, n)


def fit_backward(dloss, cache):
    d, n = cache
    dpred = 2 * d / n * dloss
    return dpred, -dpred, None


def bent_forward(x, times):
    return x * times, (x, times)


def bent_backward(dout, cache):
    x, times = cache
    dx = np.zeros_like(x)
    for _ in range(times):
        dx = dx + dout
    return dx, None
'''
NAMES = [
    "Net", "Cell", "walk", "joined", "cost_and_grads", "word_loss", "Softmax", "Filters", "fit", "bent",
]  # fmt: skip


@pytest.fixture
def report_on(tmp_path):
    """A report on a name, in the text above or in one with a slip in it."""

    def report(name, before="", after=""):
        assert WRITTEN.count(before) == 1 or not before
        path = tmp_path / "written.py"
        path.write_text(WRITTEN.replace(before, after) if before else WRITTEN, encoding="utf-8")
        return judge(find(str(path), name, names_of(str(path))))

    return report


@pytest.mark.parametrize("name", NAMES)
def test_what_is_right_is_silent(report_on, name):
    report = report_on(name)
    assert report.ok, str(report)
    assert any(g.ok for g in report.gradients)


SLIPS = {
    "regularised twice too little": ("Net", "X.T @ dh + 2 * reg * W1", "X.T @ dh + reg * W1"),
    "a square forgotten": ("Cell", "ds = dc + dh * o * (1 - t**2)", "ds = dc + dh * o * (1 - t)"),
    "nothing carried": ("walk", "dout[:, t] + carried, cache[t]", "dout[:, t], cache[t]"),
    "the gate turned round": ("joined", "dout * (h - n)", "dout * (n - h)"),
    "no mean": ("cost_and_grads", '"db2": d2.sum(axis=1, keepdims=True) / m', '"db2": d2.sum(axis=1, keepdims=True)'),
    "not minus one": ("word_loss", "d[outsideIdx] -= 1", "d[outsideIdx] += 1"),
    "no mean over examples": ("Softmax", "return dout * dx / len(self.t)", "return dout * dx"),
    "one sum too few": ("Filters", "dout.sum(axis=(0, 2))", "dout.sum(axis=0)"),
    "overwritten": ("Filters", "dA[:, :, i : i + k] += np", "dA[:, :, i : i + k] = np"),
    "not divided": ("fit", "dpred = 2 * d / n * dloss", "dpred = 2 * d * dloss"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "before", "after"), SLIPS.values(), ids=SLIPS.keys())
def test_the_line_of_a_slip_is_named(report_on, name, before, after):
    report = report_on(name, before, after)
    assert not report.ok
    text = WRITTEN.replace(before, after)
    due = next(n for n, line in enumerate(text.splitlines(), 1) if after in line)
    assert report.findings[0].line == due, str(report)


def test_an_exception_for_inputs_that_were_guessed_is_no_fault(tmp_path, capsys):
    """Nothing says that ``table`` is no array."""
    path = tmp_path / "written.py"
    path.write_text(
        "def look_forward(x, table):\n    return 2 * x + len(table), (x, table)\n\n\n"
        "def look_backward(dout, cache):\n    x, table = cache\n    return dout * table['scale'], None\n"
    )
    with pytest.raises(ReadError, match=r"no inputs were found that both passes take(.|\n)*raises"):
        judge(find(str(path), "look", names_of(str(path))))
    with pytest.raises(SystemExit) as left:
        main(["check", f"{path}::look"])
    assert left.value.code == 2
    assert "say the shapes" in capsys.readouterr().err


def test_an_exception_that_no_input_avoids_is_a_fault(tmp_path, capsys):
    path = tmp_path / "written.py"
    path.write_text(
        "def twice_forward(x):\n    return 2 * x, x\n\n\n"
        "def twice_backward(dout, cache):\n    return 2 * dout * missing\n"
    )
    with pytest.raises(SystemExit) as left:
        main(["check", f"{path}::twice", "--format", "json"])
    assert left.value.code == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding["line"] == 6
    assert "NameError" in finding["message"] or finding["expected"]


def test_a_mean_over_axes_that_a_vector_lacks_is_no_sum(tmp_path):
    path = tmp_path / "written.py"
    path.write_text(
        "import numpy as np\n\n\n"
        "def scaled_forward(x, scale):\n    return x * scale, (x, scale)\n\n\n"
        "def scaled_backward(dout, cache):\n    x, scale = cache\n"
        "    dscale = np.mean(dout * x, axis=tuple(range(dout.ndim - 1)))\n"
        "    return dout * scale, dscale\n"
    )
    report = judge(find(str(path), "scaled", names_of(str(path))))
    assert [f.line for f in report.findings] == [10]
