"""Inputs that nobody has written down, found from what fails; passes that fill arrays; all passes of a file."""

import json
import textwrap

import numpy as np
import pytest

import dvar
from dvar.check.backward.shapes import possible_inputs
from dvar.check.backward.target import find, subject_of
from dvar.cli import main
from dvar.cli.functions import names_of
from dvar.core.errors import ReadError

CELLS = """
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def cell_forward(x, prev_h, prev_c, Wx, Wh, b):
    N, H = prev_h.shape
    a = x @ Wx + prev_h @ Wh + b
    ai, af, ao, ag = np.split(a, 4, axis=1)
    i, f, o, g = sigmoid(ai), sigmoid(af), sigmoid(ao), np.tanh(ag)
    c = f * prev_c + i * g
    h = o * np.tanh(c)
    return h, c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, c)


def cell_backward(dh, dc_out, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, c = cache
    tc = np.tanh(c)
    dc = dc_out + dh * o * (1 - tc ** 2)
    da = np.hstack([dc * g * i * (1 - i), dc * prev_c * f * (1 - f), dh * tc * o * (1 - o), dc * i * (1 - g ** 2)])
    return da @ Wx.T, da @ Wh.T, dc * f, x.T @ da, prev_h.T @ da, da.sum(0)


def run_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    h, prev, steps = np.zeros((N, T, h0.shape[1])), h0, []
    for t in range(T):
        new = np.tanh(x[:, t] @ Wx + prev @ Wh + b)
        steps.append((x[:, t], prev, new))
        h[:, t] = prev = new
    return h, (steps, Wx, Wh, x.shape)


def run_backward(dh, cache):
    steps, Wx, Wh, shape = cache
    dx, dWx, dWh, db, dprev = np.zeros(shape), 0, 0, 0, 0
    for t in reversed(range(shape[1])):
        x, prev, new = steps[t]
        dnew = dh[:, t] + dprev
        da = dnew * (1 - new ** 2)
        dx[:, t] = da @ Wx.T
        dprev = da @ Wh.T
        dWx += x.T @ da
        dWh += prev.T @ da
        db += da.sum(0)
    return dx, dprev, dWx, dWh, db


def column_forward(x, h, U, W, b):
    s = np.tanh(U @ x + W @ h + b)
    return s, (x, h, U, W, s)


def column_backward(ds, cache):
    x, h, U, W, s = cache
    da = ds * (1 - s ** 2)
    return U.T @ da, W.T @ da, np.outer(da, x), np.outer(da, h), da


class Gated:
    def __init__(self, d_in, d_out):
        self.W = np.random.randn(3 * d_out, d_in)
        self.grads = {}

    def forward(self, x):
        a, g, n = np.split(x @ self.W.T, 3, axis=1)
        self.x, self.s, self.t, self.n = x, sigmoid(g), np.tanh(n), a
        return a * self.s + self.t

    def backward(self, dout):
        da = dout * self.s
        dg = dout * self.n * self.s * (1 - self.s)
        dn = dout * (1 - self.t ** 2)
        dy = np.concatenate([da, dg, dn], axis=1)
        self.grads["W"] = dy.T @ self.x
        return dy @ self.W
"""


@pytest.fixture
def cells(tmp_path):
    path = tmp_path / "cells.py"
    path.write_text(CELLS)
    return path


@pytest.mark.parametrize("name", ["cell", "run", "column", "Gated"])
def test_inputs_are_found_from_what_fails_and_right_passes_are_right(cells, name):
    from dvar.check.backward.judge import judge

    report = judge(find(str(cells), name, names_of(str(cells))))
    assert report.ok
    assert all(g.ok for g in report.gradients)


def test_a_gate_has_a_quarter_of_the_columns(cells):
    subject = find(str(cells), "cell", names_of(str(cells)))
    shapes = {n: s.shape for n, s in next(possible_inputs(subject)).specs.items()}
    assert shapes["Wx"][1] == shapes["Wh"][1] == shapes["b"][0] == 4 * shapes["prev_c"][1]


def test_a_size_that_nothing_fits_is_told_with_what_failed():
    def forward(x):
        raise ValueError("never")

    with pytest.raises(ReadError, match=r"no inputs were found(.|\n)*never"):
        next(possible_inputs(subject_of(forward, lambda dout: dout)))


def checked(capsys, *arguments):
    """Exit status, standard output and standard error of ``dvar check``."""
    status = 0
    try:
        main(["check", *map(str, arguments)])
    except SystemExit as left:
        status = left.code
    return status, *capsys.readouterr()


SLIPS = {
    "in a loop": ("dprev = da @ Wh.T", "dprev = da", "run"),
    "of one gate": ("np.concatenate([da, dg, dn], axis=1)", "np.concatenate([da, dg, dout], axis=1)", "Gated"),
    "of one return": ("np.outer(da, h), da", "np.outer(da, x), da", "column"),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "name"), SLIPS.values(), ids=SLIPS.keys())
def test_the_line_of_a_slip_is_named(cells, capsys, before, after, name):
    bent = CELLS.replace(before, after)
    assert bent != CELLS
    cells.write_text(bent)
    status, out, _ = checked(capsys, f"{cells}::{name}", "--format", "json")
    data = json.loads(out)
    line = next(n for n, text in enumerate(bent.splitlines(), 1) if after in text)
    assert status == 1
    assert [f["line"] for f in data["findings"]] == [line]


def test_what_is_written_into_an_array_is_followed():
    def forward(x):
        y = np.zeros_like(x)
        for n in range(len(x)):
            y[n] = x[n] ** 2
        y[0] += x[1]
        return y, x

    def backward(dout, x):
        dx = 3 * x * dout
        dx[1] += dout[0]
        return dx

    report = dvar.check_backward(forward, backward, np.ones(4))
    (finding,) = report.findings
    assert "differences" not in report.note
    assert finding.expected == "dx = 2 * x * dout"


def test_all_backward_passes_of_a_file(cells, capsys):
    status, out, _ = checked(capsys, cells)
    assert status == 0
    assert out.count(" gradient of x: right") == 4
    cells.write_text(CELLS.replace("x.T @ da, prev_h.T @ da", "-x.T @ da, prev_h.T @ da"))
    status, out, _ = checked(capsys, cells, "--format", "json")
    assert status == 1
    assert [report["ok"] for report in json.loads(out)] == [False, True, True, True]


def test_a_file_without_backward_passes_is_told(tmp_path, capsys):
    path = tmp_path / "plain.py"
    path.write_text(textwrap.dedent("def f(x):\n    return x\n"))
    status, _, err = checked(capsys, path)
    assert status == 2
    assert "holds no backward pass" in err
