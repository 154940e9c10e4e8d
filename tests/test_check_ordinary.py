r"""``dvar check`` on what ordinary notes hold: each line right as it stands, and wrong with one slip."""

from __future__ import annotations

import pytest

from dvar.check.report import Judgement
from dvar.check.worksheet import check


def last(text: str) -> Judgement:
    return check(text).judgements[-1]


RECURRENT = r"""
$h_t = \tanh(W h_{t-1} + U x_t)$, $o_t = V h_t$, $\hat y_t = \text{softmax}(o_t)$ and

$$L = \sum_{t=1}^{T} L_t = -\sum_{t=1}^{T} y_t^\top \log \hat y_t$$

$$\frac{\partial L}{\partial V} = %s$$
"""
HINGE = r"""
$$\ell(w) = \max(0, 1 - y\, w^\top x)$$

$$\frac{\partial \ell}{\partial w} = \begin{cases} %s & \text{if } y w^\top x < 1 \\ 0 & \text{otherwise}\end{cases}$$
"""
MARGIN = r"""
$s_j = w_j^T x_i$ and $L_i = \sum_{j \neq y_i} \max(0, s_j - s_{y_i} + \Delta)$.

$$\nabla_{w_{y_i}} L_i = %s\left(\sum_{j\neq y_i} \mathbb{1}(s_j - s_{y_i} + \Delta > 0)\right) x_i$$
"""
ERROR = r"""
Let $e = t - y$ with $y = w x$ and $E = \frac12 e^2$.

$$\frac{\partial E}{\partial w} = %s$$
"""
SOFTMAX = r"""
$S_i = \frac{e^{a_i}}{\sum_k e^{a_k}}$, and $\frac{\partial S_i}{\partial a_j}$ is written $D_j S_i$.

\[D_j S_i = \left\{\begin{matrix} %s & i=j\\ -S_j S_i & i\neq j \end{matrix}\right.\]
"""
GRAPH = """
a = 2.0, b = -3.0, c = 10.0, f = -2.0
e = a*b = -6
d = e + c = 4
L = d*f = -8
dL/de = dL/dd * dd/de = -2 * 1 = -2
dL/da = dL/de * de/da = %s
"""

NEGATIVES = r"""
$\frac{\partial J}{\partial z_w} = \hat y_w - 1$ where $w = o$. With negative samples
$J = -\log\sigma(z_o) - \sum_{k=1}^K \log\sigma(-z_k)$ and so $\frac{\partial J}{\partial z_o} = \sigma(z_o) - 1$
"""

TRIPLET = r"""
$L = \max(0, \|a-p\|^2 - \|a-n\|^2 + m)$. Where it is positive, $\frac{\partial L}{\partial a} = %s$
"""


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        (RECURRENT, r"\sum_{t=1}^T (\hat y_t - y_t) h_t^\top", r"\sum_{t=1}^T (y_t - \hat y_t) h_t^\top"),
        (HINGE, "-y x", "y x"),
        (MARGIN, "-", ""),
        (ERROR, "-e x", "e x"),
        (SOFTMAX, "S_i(1-S_j)", "S_i(1+S_j)"),
        (GRAPH, "-2 * b = -2 * -3 = 6", "-2 * b = -2 * -3 = -6"),
        (r"$$\frac{d}{dx}\tanh(x) = %s\text{sech}^2(x)$$", "", "-"),
        ("$(e^{2x})' = %s$", "2e^{2x}", "e^{2x}"),
        ("Error $= 0.5 - 0.69 = %s$", "-0.19", "-0.29"),
        (TRIPLET, "2(n - p)", "2(p - n)"),
    ],
)  # fmt: skip
def test_a_line_holds_and_a_slip_in_it_is_found(text: str, right: str, wrong: str) -> None:
    assert last(text % right).verdict == "ok", last(text % right).message
    assert last(text % wrong).verdict == "wrong", last(text % wrong).message


@pytest.mark.parametrize(
    "text",
    [
        r"$$\nabla_{A^\top} f(A) = (\nabla_A f(A))^\top$$",
        r"$\ell(p) = p \ln p$. Another: $\ell(q) = \sum_i (x_i \ln q - \ln x_i!)$ with $\ell'(q) = \frac{1}{q}\sum_i x_i$",
        NEGATIVES,
    ],
    ids=[
        "by a transpose",
        "a second formula that is not understood",
        "one that may not be among those summed over",
    ],
)
def test_what_is_left_open_brings_no_alarm(text: str) -> None:
    assert last(text).verdict in ("ok", "unknown"), last(text).message


def test_a_quantity_may_be_differentiated_by_a_function_of_what_it_is_written_in() -> None:
    text = r"$K = \frac12(v - 1 - \log v)$ with $s = \log v$ and $\frac{dK}{ds} = \frac12(e^s - 1)$"
    assert last(text).verdict == "ok"
    assert last(text.replace("e^s - 1", "e^s + 1")).verdict != "ok"


def test_steps_of_an_iteration_make_no_array() -> None:
    text = r"""
Minimise $f(x) = x^2$ by $x_{t+1} = x_t - \eta f'(x_t)$, with $H = \begin{bmatrix}2&0\\0&4\end{bmatrix}$ later on.

$f'(x) = 2x$
"""
    assert last(text).verdict == "ok"


LOOP = r"""
$z = w x + b$, $a = \sigma(z)$, $L(a, y) = -(y \log a + (1-y) \log(1-a))$ and
$J = \frac{1}{m} \sum_{i=1}^{m} L(a^{(i)}, y^{(i)})$.

$z^{(i)} = w x^{(i)} + b$

$a^{(i)} = \sigma(z^{(i)})$

$dz^{(i)} = a^{(i)} - y^{(i)}$

$dw \mathrel{+}= %s$

$J = J/m$, $dw = dw/m$
"""


def test_a_loop_collects_what_each_example_brings_and_takes_the_mean() -> None:
    *_, added, cost, mean = check(LOOP % "x^{(i)} dz^{(i)}").judgements
    assert [j.verdict for j in (added, cost, mean)] == ["ok", "ok", "ok"]
    *_, added, cost, mean = check(LOOP % "-x^{(i)} dz^{(i)}").judgements
    assert added.verdict != "ok"


def test_a_difference_quotient_is_no_wrong_derivative() -> None:
    text = r"$f(x) = x^3$ and $h = 0.1$. Numerically $f'(x) = \frac{f(x + h) - f(x)}{h}$"
    assert last(text).verdict != "wrong"


def test_what_collects_squares_of_gradients_takes_no_step() -> None:
    text = r"AdaGrad: $G_t = G_{t-1} + (\nabla_\theta L(\theta_t))^2$"
    assert last(text).verdict != "wrong"


def test_a_program_takes_the_mean_of_what_its_loop_has_added_up() -> None:
    text = r"""
$f = w x + b$ and $J(w, b) = \frac{1}{2m}\sum_{i=1}^m (f(x^{(i)}) - y^{(i)})^2$.

```python
for i in range(m):
    err = (np.dot(X[i], w) + b) - y[i]
    dj_dw = dj_dw + err * X[i]
    dj_db = dj_db + err
dj_dw = dj_dw / m
dj_db = dj_db / m
```
"""
    assert [j.verdict for j in check(text).judgements[-2:]] == ["ok", "ok"]


def test_how_two_sides_are_laid_out_is_not_told() -> None:
    text = r"""
In matrix form $J(w) = \|Xw - y\|^2$. For $y = mx + b$ and $E = \frac{1}{N}\sum_{i=1}^N (y_i - (mx_i + b))^2$

$$\frac{\partial E}{\partial b} = \frac{1}{N}\sum_{i=1}^N -2(y_i - (mx_i + b))$$
"""
    judged = last(text)
    assert (judged.verdict, judged.message) == ("ok", "")
