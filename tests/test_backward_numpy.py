"""Backward passes in NumPy: right ones are silent, of wrong ones the line and the slip are told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import dvar
from dvar.check.backward.judge import judge
from dvar.check.backward.target import find
from dvar.cli import main
from dvar.cli.functions import names_of
from dvar.core.errors import ReadError

LAYERS = Path(__file__).parent / "backward" / "layers.py"
TEXT = LAYERS.read_text(encoding="utf-8")
NAMES = sorted(
    {n.removesuffix("_forward") for n in names_of(str(LAYERS)) if n.endswith("_forward")}
    | {"Sigmoid", "Linear", "mse", "gelu"}
)


def test_there_are_layers_of_many_kinds():
    assert len(NAMES) >= 17


@pytest.mark.parametrize("name", NAMES)
def test_what_is_right_is_silent(name):
    report = judge(find(str(LAYERS), name, names_of(str(LAYERS))))
    assert report.ok, str(report)
    assert any(g.ok for g in report.gradients)
    assert not report.findings


SLIPS = [
    # layer, the line as it is, the line with a slip, its cause, the gradients that it spoils
    ("affine", "db = dout.sum(axis=0)", "db = dout", "missing-sum", {"b"}),
    ("affine", "db = dout.sum(axis=0)", "db = dout.mean(axis=0)", "factor", {"b"}),
    ("relu", "dx = dout * (cache > 0)", "dx = dout * (cache < 0)", "mask", {"x"}),
    ("relu", "dx = dout * (cache > 0)", "dx = dout", "mask", {"x"}),
    ("softmax_ce", "dz[np.arange(n), y] -= 1", "dz[np.arange(n), y] += 1", "sign", {"z"}),
    ("tanh_rnn_step", "(1 - next_h**2)", "(1 - next_h)", "wrong-rule", None),
    ("tanh_rnn_step", "dWh = prev_h.T @ dz", "dWh = x.T @ dz", "wrong-variable", {"Wh"}),
    ("tanh_rnn_step", "dx = dz @ Wx.T", "dx = Wx @ dz.T", "transpose", {"x"}),
    ("batchnorm", "- xhat * np.mean(", "+ xhat * np.mean(", "sign", {"x"}),
    ("batchnorm", "dxhat = dout * gamma", "dxhat = dout", "missing-factor", {"x"}),
    ("attention", "ds = a * (da -", "ds = a * (da +", "sign", {"Q", "K"}),
    ("attention", "dQ = ds @ K * scale", "dQ = ds @ K", "missing-factor", {"Q"}),
    ("conv1d", "dw += np.tensordot(g, x", "dw -= np.tensordot(g, x", "sign", {"w"}),
    ("lstm_cell", "df, dg = dc * g, dc * c,", "df, dg = dc * g, dc * i,", "wrong-variable", None),
    ("mse", "return 2 * (pred", "return (pred", "missing-factor", {"pred"}),
]


@pytest.mark.parametrize(("name", "right", "wrong", "cause", "spoilt"), SLIPS)
def test_a_slip_is_found_at_its_line(name, right, wrong, cause, spoilt, tmp_path):
    assert TEXT.count(right) == 1
    path = tmp_path / "layers.py"
    path.write_text(TEXT.replace(right, wrong))
    report = judge(find(str(path), name, names_of(str(path))))
    assert not report.ok
    line = TEXT[: TEXT.index(right)].count("\n") + 1
    finding = report.findings[0]
    assert finding.line == line, str(report)
    assert cause in finding.causes, str(report)
    if spoilt is not None:
        assert {g.name for g in report.gradients if g.ok is False} == spoilt


def test_the_command_says_what_the_contract_says(tmp_path, capsys):
    path = tmp_path / "layers.py"
    path.write_text(TEXT.replace("db = dout.sum(axis=0)", "db = dout"))
    with pytest.raises(SystemExit) as stopped:
        main(["check", f"{path}::affine", "--format", "json"])
    assert stopped.value.code == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["file"], told["name"], told["framework"], told["ok"]) == (
        str(path),
        "affine",
        "numpy",
        False,
    )
    last = told["gradients"][-1]
    assert (last["name"], last["ok"], last["shape"], last["expected_shape"]) == (
        "b",
        False,
        [4, 3],
        [3],
    )
    (finding,) = told["findings"]
    assert finding["cause"] == "missing-sum"
    assert finding["expected"] == "db = dout.sum(axis=0)"
    main(["check", f"{LAYERS}::affine"])
    assert "gradient of w: right" in capsys.readouterr().out


def test_sarif_is_what_code_hosts_read(tmp_path, capsys):
    path = tmp_path / "layers.py"
    path.write_text(TEXT.replace("dx = dout * (cache > 0)", "dx = -dout * (cache > 0)"))
    with pytest.raises(SystemExit):
        main(["check", f"{path}::relu", f"{path}::affine", "--format", "sarif"])
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    (result,) = run["results"]
    assert result["ruleId"] == "sign"
    assert "Expected: dx = dout * (cache > 0)" in result["message"]["text"]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("nothing", "no forward and backward pass called nothing"),
        ("np", "no forward and backward pass called np"),
    ],
)
def test_what_cannot_be_checked_is_said(target, words, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["check", f"{LAYERS}::{target}"])
    assert stopped.value.code == 2
    assert words in capsys.readouterr().err


def test_examples_say_the_shapes_and_nothing_else():
    def forward(x, w):
        return w @ x, (x, w)

    def backward(g, cache):
        x, w = cache
        return w.T @ g, np.outer(g, x)

    assert dvar.check_backward(forward, backward, np.zeros(3), np.zeros((2, 3))).ok

    def turned(g, cache):
        x, w = cache
        dw = np.outer(x, g)
        return w.T @ g, dw

    report = dvar.check_backward(forward, turned, np.zeros(3), np.zeros((2, 3)))
    assert [(g.name, g.ok, g.shape) for g in report.gradients] == [
        ("x", True, (3,)),
        ("w", False, (3, 2)),
    ]
    assert (report.findings[0].source, report.findings[0].cause) == (
        "dw = np.outer(x, g)",
        "transpose",
    )


def test_a_backward_pass_that_raises_is_wrong_at_that_line():
    def forward(x, w):
        return x @ w, (x, w)

    def backward(dout, cache):
        x, w = cache
        dx = dout @ w
        dw = x.T @ dout
        return dx, dw

    report = dvar.check_backward(forward, backward, np.zeros((4, 3)), np.zeros((3, 2)))
    assert not report.ok
    finding = report.findings[0]
    assert finding.source == "dx = dout @ w"
    assert finding.expected == "dx = dout @ w.T"


def test_a_pass_that_cannot_be_run_is_no_verdict():
    with pytest.raises(ReadError, match="no inputs were found"):
        dvar.check_backward(lambda x: x.nothing, lambda g, cache: g)


def test_two_mistakes_are_two_findings():
    def forward(x, w, b):
        return np.tanh(x @ w + b), (x, w)

    def backward(dout, cache):
        x, w = cache
        dz = dout * (1 - np.tanh(x @ w) ** 2)
        return dz @ w.T, x.T @ dz, dz.sum(0)

    # b is not kept, so no slip in a line explains it: all the same it is wrong, and never called right.
    report = dvar.check_backward(forward, backward, np.ones((4, 3)), np.ones((3, 2)), np.ones(2))
    assert [g.ok for g in report.gradients] == [False, False, False]
    assert report.findings


def test_the_way_a_right_pass_is_written_does_not_matter():
    def forward(x, w):
        return np.sum(np.maximum(x @ w, 0) ** 2), (x, w)

    def by_loops(dout, cache):
        x, w = cache
        dx, dw = np.zeros_like(x), np.zeros_like(w)
        for n in range(x.shape[0]):
            for k in range(w.shape[1]):
                z = sum(x[n, j] * w[j, k] for j in range(x.shape[1]))
                if z > 0:
                    for j in range(x.shape[1]):
                        dx[n, j] += dout * 2 * z * w[j, k]
                        dw[j, k] += dout * 2 * z * x[n, j]
        return {"dx": dx, "dw": dw}

    def by_einsum(dout, cache):
        x, w = cache
        minus = -2 * dout * np.maximum(x @ w, 0)
        return -np.einsum("nk,jk->nj", minus, w), -np.einsum("nj,nk->jk", x, minus)

    for backward in (by_loops, by_einsum):
        assert dvar.check_backward(forward, backward, np.ones((4, 3)), np.ones((3, 2))).ok


def test_what_the_forward_pass_names_is_no_upstream_gradient():
    def forward(prediction, target):
        difference = prediction - target
        return np.mean(difference**2), difference

    def backward(dloss, difference):
        dprediction = 2 * difference / difference.size * dloss
        return dprediction, -dprediction

    assert dvar.check_backward(forward, backward, np.ones((4, 3)), np.ones((4, 3))).ok


def test_a_slip_in_a_line_is_not_put_on_a_line_that_only_could_make_up_for_it():
    def forward(x):
        e = np.exp(x)
        y = e / e.sum(axis=-1, keepdims=True)
        return y, y

    def backward(dy, y):
        inner = np.sum(dy * y, axis=-1, keepdims=True)
        return y * (dy + inner)

    (finding,) = dvar.check_backward(forward, backward, np.ones((4, 3))).findings
    assert finding.source == "return y * (dy + inner)"
    assert finding.expected == "return y * (dy - inner)"


def test_what_is_overwritten_in_a_loop_is_added_to():
    def forward(x, w):
        k = len(w)
        return np.array([np.sum(x[i : i + k] * w) for i in range(len(x) - k + 1)]), (x, w)

    def backward(dout, cache):
        x, w = cache
        dx, dw = np.zeros_like(x), np.zeros_like(w)
        for i in range(len(dout)):
            dx[i : i + len(w)] = dout[i] * w
            dw += dout[i] * x[i : i + len(w)]
        return dx, dw

    (finding,) = dvar.check_backward(forward, backward, np.ones(6), np.ones(3)).findings
    assert finding.cause == "missing-path"
    assert finding.source == "dx[i:i + len(w)] = dout[i] * w"
    assert finding.expected == "dx[i:i + len(w)] = dx[i:i + len(w)] + dout[i] * w"


def test_a_straight_through_estimate_is_a_choice():
    def forward(x, w):
        return np.round(x) * w, (x, w)

    def backward(dout, cache):
        x, w = cache
        return dout * w, dout * np.round(x)

    report = dvar.check_backward(forward, backward, np.ones((4, 3)), np.ones((4, 3)))
    assert [(g.name, g.ok) for g in report.gradients] == [("x", None), ("w", True)]
    assert report.ok
    assert "the true gradient is zero" in report.note


def test_the_gradients_tell_shapes_that_nothing_else_tells(tmp_path):
    """A row of weights, one bias, targets of one number for each example: none of it is written."""
    (tmp_path / "logistic.py").write_text(
        """import numpy as np

def bce_forward(x, w, b, y):
    p = 1 / (1 + np.exp(-(x @ w + b)))
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)), (x, w, y, p)

def bce_backward(dloss, cache):
    x, w, y, p = cache
    dz = dloss * (p - y) / x.shape[0]
    return np.outer(dz, w), x.T @ dz, dz.sum()
"""
    )
    path = str(tmp_path / "logistic.py")
    report = judge(find(path, "bce", names_of(path)))
    assert report.ok, str(report)
    assert report.inputs["b"] == "()"


def test_a_rule_of_our_own_is_checked_where_it_is_written(tmp_path):
    right = """import numpy as np
import dvar


@dvar.custom_vjp
def layer(x, w):
    return np.tanh(x @ w)


def forward(x, w):
    y = np.tanh(x @ w)
    return y, (x, w, y)


def backward(kept, g):
    x, w, y = kept
    dz = g * (1 - y**2)
    return dz @ w.T, x.T @ dz


layer.defvjp(forward, backward)
"""
    path = tmp_path / "layer.py"
    path.write_text(right)
    assert judge(find(str(path), "layer", names_of(str(path)))).ok
    path.write_text(right.replace("1 - y**2", "1 + y**2"))
    report = judge(find(str(path), "layer", names_of(str(path))))
    assert not report.ok
    finding = report.findings[0]
    assert right.splitlines()[finding.line - 1].strip() == "dz = g * (1 - y**2)"
    assert (finding.cause, finding.expected) == ("sign", "dz = g * (1 - y ** 2)")


def squares_forward(x, w):
    return np.sum(w * x**2, axis=1), (x, w)


def squares_backward(dout, cache):
    x, w = cache
    dx = dout[:, None] * w * x
    dw = dout[:, None] * x**2
    return dx, dw.sum(axis=0)


def test_a_wrong_gradient_has_an_element_that_shows_it():
    report = dvar.check_backward(squares_forward, squares_backward, np.ones((4, 3)), np.ones(3))
    wrong, right = report.gradients
    example = wrong.counterexample
    assert right.counterexample is None
    assert len(example.index) == 2
    assert example.expected == pytest.approx(2 * example.returned)
    assert example.by_differences == pytest.approx(example.expected, rel=1e-6)
    row, column = example.index
    assert f"at x[{row}, {column}]: {example.returned:.5g} is returned" in str(report)
    data = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert data["gradients"][0]["counterexample"]["index"] == [row, column]
    assert data["gradients"][1]["counterexample"] is None


def test_what_is_not_finite_is_null_in_json():
    def backward(dout, cache):
        x, w = cache
        return dout[:, None] * w * x * np.inf, (dout[:, None] * x**2).sum(axis=0)

    report = dvar.check_backward(squares_forward, backward, np.ones((4, 3)), np.ones(3))
    data = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert data["gradients"][0]["ok"] is False
    assert data["gradients"][0]["max_rel_error"] is None
    assert data["gradients"][0]["counterexample"]["returned"] is None


def halves_forward(x, bias=None):
    y = x.mean(axis=1)
    return (y if bias is None else y + bias), x


def halves_backward(dout, cache):
    n = cache.shape[1]
    dx = np.broadcast_to(dout[:, None] / n, cache.shape)
    return dx, dout


def test_what_is_none_by_default_is_tried_as_an_array():
    from dvar.check.backward.settings import settled
    from dvar.check.backward.subject import Subject

    report = judge(settled(Subject("halves", "", halves_forward, halves_backward)))
    assert [(g.name, g.ok) for g in report.gradients] == [("x", True), ("bias", True)]
