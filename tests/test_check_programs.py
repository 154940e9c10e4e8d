"""Programs as worksheets: comments, NumPy and MATLAB are read as formulas are."""

from __future__ import annotations

import json

import pytest

from dvar.check.report import Report
from dvar.check.worksheet import check


def verdicts(report: Report) -> dict[str, str]:
    return {j.source: j.verdict for j in report.judgements}


COMMENTS = """\
{open}
{sign} x = 0.5, w = 1.2, b = -0.1, t = 1.0
{sign} ---- forward ----
{sign} z = w*x + b = 1.2*0.5 - 0.1 = 0.5
{sign} r = max(0, z) = 0.5
{sign} E = 0.5*(r - t)**2 = 0.125
{sign} ---- backward, rate = 0.1 ----
{sign} dE/dr = r - t = -0.5
{sign} dE/dz = dE/dr * 1 = -0.5
{sign} dE/dw = dE/dz * x = {result}
{close}
"""


@pytest.mark.parametrize(
    ("open_", "sign", "close"),
    [("", "//", ""), ("", "#", ""), ("", "%", ""), ("", ";;", ""), ("/*", " *", " */")],
)
def test_comments_are_read(open_: str, sign: str, close: str) -> None:
    right = COMMENTS.format(open=open_, sign=sign, close=close, result="-0.25")
    report = check(right, file="notes.txt")
    assert report.summary["ok"] == 6
    assert report.summary["wrong"] == report.summary["unknown"] == 0
    slip = check(right.replace("-0.25", "-0.52"), file="notes.txt")
    assert [j.line for j in slip.judgements if j.verdict == "wrong"] == [10]


def test_a_mask_that_is_missing_is_named() -> None:
    report = check(
        "// z = w*x\n// h = max(0, z)\n// E = 0.5*(h - t)^2\n// dE/dz = h - t\n", file="notes.txt"
    )
    assert [j.cause for j in report.judgements if j.verdict == "wrong"] == ["mask"]


NETWORK = """\
```python
Z1 = X @ W1 + b1
A1 = np.maximum(0, Z1)
Z2 = A1 @ W2 + b2
L = 0.5 * np.sum((Z2 - Y) ** 2)
dZ2 = Z2 - Y
dW2 = A1.T @ dZ2
db2 = dZ2.sum(axis=0)
dA1 = dZ2 @ W2.T
dZ1 = dA1 * (Z1 > 0)
dW1 = X.T.dot(dZ1)
db1 = np.sum(dZ1, axis=0, keepdims=True)
```
"""


def test_a_network_in_numpy() -> None:
    assert check(NETWORK).summary["ok"] == 7


@pytest.mark.parametrize(
    ("right", "wrong", "cause"),
    [
        ("db2 = dZ2.sum(axis=0)", "db2 = dZ2.sum(axis=1)", "wrong-rule"),
        ("(Z1 > 0)", "(Z1 < 0)", "mask"),
        ("dA1 = dZ2 @ W2.T", "dA1 = dZ2 @ W2", "transpose"),
    ],
)
def test_slips_in_numpy(right: str, wrong: str, cause: str) -> None:
    report = check(NETWORK.replace(right, wrong))
    found = [j for j in report.judgements if j.verdict == "wrong"]
    assert [cause in j.causes for j in found] == [True]


BATCH = """\
```matlab
Z = W * X + b;
A = tanh(Z);
S = V * A + repmat(c, 1, m);
J = sum(sum((S - T).^2)) / (2*m);
dS = S - T;                     % without the 1/m
dV = (1/m) * dS * A';
dc = (1/m) * sum(dS, 2);
dA = V' * dS;
dZ = dA .* (1 - A.^2);
dW = (1/m) * dZ * X';
db = (1/m) * sum(dZ, 2);
Jr = J + (lambda/(2*m)) * sum(sum(W.^2));
dW = dW + (lambda/m) * W;
```
"""


def test_gradients_of_a_batch_in_matlab() -> None:
    """The 1/m of the loss may come in with the parameters only."""
    report = check(BATCH)
    assert report.summary["ok"] == 8
    assert report.summary["unknown"] == report.summary["wrong"] == 0


@pytest.mark.parametrize(
    ("right", "wrong", "cause"),
    [
        ("dZ = dA .* (1", "dZ = dA * (1", "wrong-rule"),
        ("db = (1/m) * sum(dZ, 2)", "db = sum(dZ, 2)", "missing-factor"),
        ("dA = V' * dS", "dA = V * dS", "transpose"),
    ],
)
def test_slips_in_matlab(right: str, wrong: str, cause: str) -> None:
    report = check(BATCH.replace(right, wrong))
    found = [j for j in report.judgements if j.verdict == "wrong"]
    assert [cause in j.causes for j in found] == [True]


LAYERS = r"""\
$$Z^{[1]} = W^{[1]} X + b^{[1]}, \qquad A^{[1]} = \tanh(Z^{[1]}), \qquad Z^{[2]} = W^{[2]} A^{[1]}$$
$$J = \frac12 \|Z^{[2]} - Y\|^2$$

```python
dZ2 = Z2 - Y
dW2 = dZ2 @ A1.T
dZ1 = (W2.T @ dZ2) * (1 - A1 ** 2)
dW1 = dZ1 @ X.T
```
"""


def test_layers_of_formulas_are_known_in_programs() -> None:
    """``W2`` of the program is ``W^{[2]}`` of the formulas."""
    assert check(LAYERS).summary["ok"] == 4
    slip = check(LAYERS.replace("(1 - A1 ** 2)", "(1 - Z1 ** 2)"))
    assert [j.source[:3] for j in slip.judgements if j.verdict == "wrong"] == ["dZ1"]


def test_a_program_may_mean_something_else_by_a_name() -> None:
    report = check("$s = a b$\n\n```python\ns = -a * b\n```\n")
    assert report.summary["wrong"] == 0


def notebook(*cells: tuple[str, str]) -> str:
    """A notebook with these cells: kind and source."""
    made = [
        {"cell_type": kind, "metadata": {}, "source": source.splitlines(keepends=True)}
        for kind, source in cells
    ]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)


IDLE = """\
%matplotlib inline
import numpy as np
rng = np.random.default_rng(0)
x = rng.normal(size=(5, 3))
data = load("points.csv")["x"]
names = [n for n in data]
y_pred = model.predict(x)
dw = np.zeros_like(w)
for epoch in range(10):
    history = train(epoch, lr=0.1)
    print(f"{epoch}: loss = {history:.3f}")
plt.plot(x, label="a = b")
"""


def test_programs_that_are_no_mathematics_are_silent() -> None:
    report = check(notebook(("markdown", "# Data"), ("code", IDLE)), file="a.ipynb")
    assert not report.judgements


FORWARD = """\
def forward(x, w, k):
    N, D = x.shape
    u = x * w
    s = u.sum(axis=1, keepdims=True) / D
    c = u - s
    y = k * c
    return y
"""
BACKWARD = """\
def backward(dy, cache):
    dk = (dy * c).sum(axis=0)
    dc = dy * k
    du = dc
    ds = -dc.sum(axis=1, keepdims=True)
    du += np.ones((N, D)) * ds / D
    dw = (du * x).sum(axis=0)
    dx = du * w
"""


def test_a_backward_pass_in_a_notebook() -> None:
    report = check(notebook(("code", FORWARD), ("code", BACKWARD)), file="a.ipynb")
    assert report.summary["unknown"] == report.summary["wrong"] == 0
    slip = notebook(("code", FORWARD), ("code", BACKWARD.replace("dy * c)", "dy * u)")))
    wrong = [j for j in check(slip, file="a.ipynb").judgements if j.verdict == "wrong"]
    assert [(j.source, j.cause) for j in wrong] == [("dk = (dy * u).sum(axis=0)", "wrong-variable")]


FORMULAS = r"""\
$$s_i = \frac1D\sum_j u_{ij}, \qquad y_{ij} = k_j (u_{ij} - s_i)$$

Backwards $dc_{ij} = k_j\,dy_{ij}$, then $ds_i = -\sum_j dc_{ij}$, and the columns get
$dk_j = \sum_i dy_{ij} c_{ij}$.
"""


def test_formulas_use_the_steps_of_the_program() -> None:
    """``c`` is defined by the program only; the formulas have an index for each of its axes."""
    steps = "u = x * w\ns = u.sum(axis=1, keepdims=True) / D\nc = u - s\ny = k * c\n"
    report = check(notebook(("code", steps), ("markdown", FORMULAS)), file="a.ipynb")
    assert report.summary["wrong"] == 0
    said = verdicts(report)
    assert said[r"ds_i = -\sum_j dc_{ij}"] == said[r"dk_j = \sum_i dy_{ij} c_{ij}"] == "ok"


def test_numbers_behind_a_statement_are_what_comes_out() -> None:
    program = (
        '"""\nOne unit:\n\n    dL/da = a - y\n"""\nimport math\n\nx, w, y = 1.5, 0.8, 1.0\n'
        "z = x * w            # 1.2\na = math.tanh(z)     # 0.8337\nL = 0.5 * (a - y)**2\n"
        "da = a - y           # -0.1663\nrate = 0.1           # 0.5\n"
    )
    report = check(program, file="unit.txt")
    assert report.summary["ok"] == 4
    assert report.summary["unknown"] == report.summary["wrong"] == 0
    slip = check(program.replace("0.8337", "0.8373"), file="unit.txt")
    assert [j.line for j in slip.judgements if j.verdict == "wrong"] == [10]


@pytest.mark.parametrize("name", ["dL_d{}", "grad_{}", "d_{}", "dloss_d{}"])
def test_gradients_by_names_of_programs(name: str) -> None:
    y, h, w = (name.format(x) for x in ("y", "h", "W1"))
    program = (
        "```python\nh = x @ W1\ny = np.tanh(h)\nloss = 0.5 * np.sum((y - t) ** 2)\n"
        f"{y} = y - t\n{h} = {y} * (1 - y ** 2)\n{w} = x.T @ {h}\n```\n"
    )
    assert check(program).summary["ok"] == 3
    slip = check(program.replace("(1 - y ** 2)", "(1 - h ** 2)"))
    assert [j.source[: len(h)] for j in slip.judgements if j.verdict == "wrong"] == [h]


def test_matlab_that_is_no_mathematics_is_silent() -> None:
    idle = (
        "```matlab\nclear; close all;\nload('points.txt');\n[J, grad] = costFunction(theta, X, y);\n"
        "f = @(z) 1 ./ (1 + exp(-z));\ntheta(2:end) = theta(2:end) * 0.9;\nplot(x, y);\n```\n"
    )
    assert not check(idle).judgements


def test_a_program_has_shapes_of_its_own() -> None:
    """The formulas are of one number, the program has rows and columns, and other names for the ends."""
    text = (
        "With $u = (x-m)/s$ and $y = k u + c$:\n\n```python\nN, D = x.shape\nm = x.mean(axis=0)\n"
        "u = x - m\nout = k * u + c\ndc = dout.sum(axis=0)\ndk = (dout * u).sum(axis=0)\n"
        "du = dout * k\ndx = du - du.mean(axis=0)\n```\n"
    )
    assert check(text).summary["ok"] == 5
    slip = check(text.replace("(dout * u).sum", "(dout * x).sum"))
    assert [j.source[:2] for j in slip.judgements if j.verdict == "wrong"] == ["dk"]


BOTH = r"""\
$h = \phi(W_1 x + b_1)$, $\hat y = W_2 h + b_2$ with $\phi = \tanh$ and $L = \frac12\|\hat y - y\|^2$.

$$\delta_2 = \hat y - y, \quad \delta_1 = (W_2^T\delta_2)\odot(1-h^2), \quad \frac{\partial L}{\partial W_1} = \delta_1 x^T$$

```python
h = np.tanh(x @ W1 + b1)
y_hat = h @ W2 + b2
loss = 0.5 * np.sum((y_hat - y) ** 2) / len(x)
d2 = (y_hat - y) / len(x)
dW2 = h.T @ d2
db2 = d2.sum(axis=0)
d1 = (d2 @ W2.T) * (1 - h ** 2)
dW1 = x.T @ d1
db1 = d1.sum(axis=0)
```
"""


def test_columns_in_the_formulas_and_rows_in_the_program() -> None:
    summary = check(BOTH).summary
    assert (summary["ok"], summary["wrong"], summary["unknown"]) == (5, 0, 0)


def test_a_label_whose_shape_nobody_tells_is_no_mistake() -> None:
    text = (
        "```python\nZ = np.dot(w.T, X) + b\nA = 1 / (1 + np.exp(-Z))\n"
        "cost = -1/m * np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A))\ndZ = A - Y\n"
        "dw = 1/m * np.dot(X, dZ.T)\ndb = 1/m * np.sum(dZ)\n```\n"
    )
    assert check(text).summary["wrong"] == 0


STAGED = """
```python
flat = raw.view(raw.shape[0], -1)
pre = flat @ W1 + b1
scaled = pre * gain
act = torch.tanh(scaled)
out = act @ W2 + b2
```

```python
dact = dout @ W2.T
dscaled = (1.0 - act**2) * dact
dpre = gain * dscaled
```
"""


@pytest.mark.parametrize(
    ("line", "bent"),
    [
        ("dact = dout @", "dact = -dout @"),
        ("(1.0 - act**2)", "(1.0 + act**2)"),
        ("dpre = gain", "dpre = b1"),
    ],
)
def test_a_step_that_cannot_be_read_does_not_open_all_that_follow(line: str, bent: str) -> None:
    # how the first step lays out its entries cannot be known; what the others do to them can
    right = [j for j in check(STAGED).judgements if j.kind == "claim"]
    assert [j.verdict for j in right] == ["ok"] * 3
    judged = check(STAGED.replace(line, bent)).judgements
    assert [j.verdict for j in judged if bent in j.source] == ["wrong"]


def test_shapes_are_not_sure_behind_a_step_that_cannot_be_read() -> None:
    text = STAGED.replace("dpre =", "dgain = (pre * dscaled).sum(0, keepdim=True)\ndpre =")
    assert "wrong" not in [j.verdict for j in check(text).judgements]
    assert "wrong" not in [j.verdict for j in check(text.replace("W2.T", "W2")).judgements]


LAYER = """```python
mean = x.mean(-1, keepdim=True)
rstd = (((x - mean)**2).mean(-1, keepdim=True) + eps)**(-1. / 2.)
norm = (x - mean) * rstd
out = norm * w + b
db = dout.sum((0, 1))
dw = (dout * norm).sum((0, 1))
```
"""


def test_numbers_that_end_in_a_dot_and_sums_over_two_axes_are_read() -> None:
    claims = [j.verdict for j in check(LAYER).judgements if j.kind == "claim"]
    assert claims == ["ok", "ok"]
    half = [j for j in check("```python\nv = 3. / N * u\n```\n").judgements if j.kind == "given"]
    assert not half


SCORES = """```python
scores = np.dot(X, W) + b
exps = np.exp(scores)
probs = exps / np.sum(exps, axis=1, keepdims=True)
data_loss = np.sum(-np.log(probs[range(N), y])) / N
reg_loss = 0.5 * reg * np.sum(W * W)
loss = data_loss + reg_loss
```

```python
dscores = probs
dscores[range(N), y] -= 1
dscores /= N
dW = np.dot(X.T, dscores)
db = np.sum(dscores, axis=0, keepdims=True)
dW += reg * W
```
"""


def test_a_gradient_made_in_place_is_judged_when_it_is_done() -> None:
    verdicts = [j.verdict for j in check(SCORES).judgements]
    assert verdicts == ["definition"] * 8 + ["ok"] * 4


@pytest.mark.parametrize(
    ("old", "new"), [("dscores /= N\n", ""), ("-= 1", "+= 1"), ("np.dot(X.T", "-np.dot(X.T")]
)
def test_a_slip_in_a_gradient_made_in_place_is_found(old: str, new: str) -> None:
    wrong = [j for j in check(SCORES.replace(old, new)).judgements if j.verdict == "wrong"]
    assert len(wrong) == 1
    assert "onehot" not in f"{wrong[0].message} {wrong[0].expected} {wrong[0].repaired}"


IN_TWO_STEPS = """
```python
hidden = np.maximum(0, X @ V1 + c1)
scores = hidden @ V2 + c2
raised = np.exp(scores)
probs = raised / np.sum(raised, axis=1, keepdims=True)
n = X.shape[0]
loss = -np.sum(Y * np.log(probs)) / n
dscores = (probs - Y) / n
dV2 = hidden.T @ dscores
```
"""


@pytest.mark.parametrize(
    "probs",
    [
        "raised / np.sum(raised, axis=1, keepdims=True)",
        "np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)",
    ],
)
def test_a_softmax_in_steps_makes_labels_of_what_is_beside_its_logarithm(probs: str) -> None:
    text = IN_TWO_STEPS.replace("raised / np.sum(raised, axis=1, keepdims=True)", probs)
    assert [j.verdict for j in check(text).judgements][-2:] == ["ok", "ok"]
    bent = text.replace("(probs - Y)", "(probs + Y)")
    assert [j.verdict for j in check(bent).judgements].count("wrong") == 1
