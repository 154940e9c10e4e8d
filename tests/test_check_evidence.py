"""Mistakes that one small change mends, and what tells them from lines that mean something else."""

from __future__ import annotations

import pytest

from dvar.check.report import Judgement
from dvar.check.worksheet import check


def last(text: str) -> Judgement:
    return check(text).judgements[-1]


SUMMED = r"""$u_k = \sum_j w_{kj} a_j$ with $a_j = \tanh(v_j)$ and $\gamma_k = \frac{\partial E}{\partial u_k}$.

BESIDE

$$\frac{\partial E}{\partial v_j} = (1 - a_j^2) SUM w_{kj} \gamma_k$$
"""


def test_who_writes_sums_does_not_leave_one_out() -> None:
    text = SUMMED.replace("BESIDE", "")
    assert last(text.replace("SUM", r"\sum_k")).verdict == "ok"
    bent = last(text.replace("SUM", ""))
    assert (bent.verdict, bent.cause) == ("wrong", "missing-sum")


def test_who_leaves_out_one_sum_may_leave_out_another() -> None:
    text = SUMMED.replace("BESIDE", r"$$\frac{\partial E}{\partial a_j} = w_{kj} \gamma_k$$")
    assert last(text.replace("SUM", "")).verdict != "wrong"


def bent(text: str, right: str, wrong: str, cause: str) -> None:
    """A line is right, and with one change it is wrong by this cause."""
    assert last(text.replace("LINE", right)).verdict == "ok"
    found = last(text.replace("LINE", wrong))
    assert found.verdict == "wrong"
    assert cause in found.causes


def test_the_argument_of_a_function_may_be_what_was_meant() -> None:
    text = "The curve $g(θ) = θ² − 5θ + 1$, speeds $v₁ = 2$ and $v₂ = 4$.\n\n$LINE$"
    bent(text, "g′(θ) = 2θ − 5", "g′(θ) = 2v₂ − 5", "wrong-variable")


def test_a_second_derivative_that_is_cut_off_has_a_sign() -> None:
    text = "   K(u) = max(-c, min(c, u))\n   slope: LINE\n"
    bent(text, "K'(u) = 1[|u| < c]", "K'(u) = -1[|u| < c]", "sign")


def test_names_with_numbers_are_names_all_the_same() -> None:
    code = "```python\nx, y = 3.0, 1.0\nz = 0.5 * x - 1.0\na = 1.0 / (1.0 + np.exp(-z))\nda_dz = LINE\n```\n"
    assert last(code.replace("LINE", "a * (1.0 - a)")).verdict == "ok"
    found = last(code.replace("LINE", "a * (1.0 + a)"))
    assert (found.verdict, found.cause) == ("wrong", "sign")


def test_a_colon_behind_a_number_makes_a_ratio_of_numbers_only() -> None:
    text = "Slopes by hand\n\nk = 1: h₁ = 2·0.5 − 3 = −2\nk = 2: h₂ = LINE\n"
    assert last(text.replace("LINE", "2·0.7 − 3 = −1.6")).verdict == "ok"
    assert last(text.replace("LINE", "2·0.7 = −1.6")).verdict == "wrong"


def test_a_condition_that_is_the_same_throughout_is_part_of_a_name() -> None:
    text = r"""Let $q(\theta) = \pi_\theta(a \mid s) / \pi_0(a \mid s)$. Then

$$ \nabla_\theta q(\theta) = SIGN q(\theta) \nabla_\theta \log \pi_\theta(a \mid s) $$
"""
    assert last(text.replace("SIGN", "")).verdict == "ok"
    assert last(text.replace("SIGN", "-")).verdict == "wrong"


@pytest.mark.parametrize(
    "line", [r"$P(A \mid B) = P(B \mid A)$", r"$P(X > 0) = P(X)$", r"$P(A \mid B) = P(A)$"]
)
def test_of_events_nothing_is_known(line: str) -> None:
    assert last(f"Given $A$ and $B$: {line}").verdict not in ("wrong", "carried")


SCALED = r"""Each unit scales: $v_{i,j} = s_j\, q_{i,j} + t_j$, and $\rho_{i,j} = \partial J / \partial v_{i,j}$ arrives.

$$\frac{\partial J}{\partial q_{i,j}} = LINE$$
"""


def test_the_gradient_that_arrives_is_missing() -> None:
    bent(SCALED, r"\rho_{i,j}\, s_j", r"s_j", "missing-factor")


MANY = r"""Constants $k_1, k_2, k_3, k_4, k_5, k_6, k_7, k_8, k_9$ and $c_1, c_2, c_3, c_4, c_5, c_6$ are fixed,
$u = k_1 c_1 + k_2 c_2 + k_3 c_3 + k_4 c_4 + k_5 c_5 + k_6 c_6 + k_7 + k_8 + k_9$.

$p = \sigma(b r)$ and $E = \frac{1}{2}(p - \tau)^2$

$$\frac{\partial E}{\partial b} = LINE$$
"""


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        (r"(p - \tau)\, p (1 - p)", "missing-factor"),
        (r"(p - \tau)\, p (1 - p)\, k_7", "wrong-variable"),
        (r"(p)\, p (1 - p)\, r", "missing-path"),
        (r"(p - \tau)\, p\, r", "missing-factor"),
    ],
)
def test_of_many_names_the_one_that_is_missing_is_found(wrong: str, cause: str) -> None:
    bent(MANY, r"(p - \tau)\, p (1 - p)\, r", wrong, cause)


LAYER = r"""$$\mathbf{g} = A \mathbf{q} + \mathbf{d}, \qquad \mathbf{o} = C \tanh(\mathbf{g})$$

with $A \in \mathbb{R}^{3 \times 4}$, $C \in \mathbb{R}^{2 \times 3}$,
$\mathbf{q} \in \mathbb{R}^4$, $\mathbf{d} \in \mathbb{R}^3$, $\mathbf{r} \in \mathbb{R}^3$, and
$\mathbf{r} = \frac{\partial J}{\partial \mathbf{g}}$.

$$\frac{\partial J}{\partial A} = LINE$$
"""


def test_an_array_that_is_missing_makes_another_shape() -> None:
    bent(LAYER, r"\mathbf{r}\, \mathbf{q}^\top", r"\mathbf{q}^\top", "missing-factor")
    found = last(LAYER.replace("LINE", r"\mathbf{q}^\top"))
    assert found.expected == r"r\, \mathbf{q}^\top"


BESIDE = r"""Let $r = D h - x$ with $D \in \mathbb{R}^{n \times k}$, and $E = \frac{1}{2} r^\top r$.

$$\frac{\partial E}{\partial r} = r$$

$$\frac{\partial E}{\partial h} = D^\top (D h - x)$$

AGAIN
"""


def test_lines_beside_bear_out_what_a_difference_is_about() -> None:
    lost = BESIDE.replace("(D h - x)$", "D h$")
    assert [(j.line, j.expected) for j in check(lost).faults] == [(5, r"D^{\top} \, r")]
    alone = lost.replace(r"\frac{\partial E}{\partial r} = r", "")
    assert not check(alone).faults  # E may be another one here
    told = lost.replace("AGAIN", r"$$\frac{\partial E}{\partial h} = D^\top (D h - x)$$")
    assert not check(told).faults  # one of the two may be that of another E
    about = lost.replace(
        r"\frac{\partial E}{\partial h} =", r"\text{For small } x: \frac{\partial E}{\partial h} ="
    )
    assert not check(about).faults


def test_a_gradient_that_arrives_is_left_out() -> None:
    text = r"""$y_{ij} = \gamma_j x_{ij} + \beta_j$, and $L$ is some loss.

$$\frac{\partial L}{\partial \beta_j} = \sum_{i=1}^N \frac{\partial L}{\partial y_{ij}}$$

$$\frac{\partial L}{\partial \gamma_j} = \sum_{i=1}^N \frac{\partial L}{\partial y_{ij}} x_{ij}$$
"""
    assert not check(text).faults
    bent = check(text.replace(r"\frac{\partial L}{\partial y_{ij}} x", "x"))
    assert [j.line for j in bent.faults] == [5]


def test_what_nobody_says_of_labels_is_no_difference() -> None:
    text = r"""$p = \mathrm{softmax}(a)$ and $L = -\sum_k y_k \log p_k$, where $a = W x$.

$$\frac{\partial L}{\partial p_k} = -\frac{y_k}{p_k}$$

$$\frac{\partial L}{\partial a_j} = p_j \sum_k y_k - y_j = p_j - y_j$$
"""
    assert not check(text).faults


BARS = r"""$q = A p$, $s = \tanh(q)$ and $E = \frac{1}{2} (s - t)^\top (s - t)$, with $\bar v$ for $\partial E/\partial v$.

$$\bar s = s - t$$

$$\bar q = \bar s \odot (1 - s^2)$$

$$\bar A = \bar q p^\top$$
"""

ENTRIES = r"""$\mathbf{h} = \sigma(\mathbf{V}^{(1)} \mathbf{x})$, $\mathbf{u} = \mathbf{V}^{(2)} \mathbf{h}$ and
$E = \frac{1}{2} \| \mathbf{u} - \mathbf{t} \|^2$, with $\overline{v} = \partial E/\partial v$.

$$\overline{\mathbf{u}} = \mathbf{u} - \mathbf{t}$$

$$\overline{\mathbf{V}^{(2)}} = \overline{\mathbf{u}} \mathbf{h}^\top$$

$$\overline{v_{kj}^{(2)}} = \overline{u_k}\, h_j$$
"""

GRAM = r"""$$ X = \begin{bmatrix} 1 & 2 \\ 1 & 0 \\ 1 & 1 \end{bmatrix} $$

$$ G = 2 X^T X = \begin{bmatrix} 6 & 6 \\ 6 & 10 \end{bmatrix} = 2 \begin{bmatrix} 3 & 3 \\ 3 & 5 \end{bmatrix} $$
"""

TWO_CASES = """The first case has p = 0.5 and t = 1.

## Another case

Given p_1 = 2, p_2 = 4 and t = 7

$$ r = 0.5(2) + 1.5(4) = 7 $$

$$ s = 0.1 r + 0.2 = 0.9 $$

$$ E = (s - t)^2 = (0.9 - 7)^2 = 37.21 $$

$$ \\frac{\\partial E}{\\partial s} = 2(s - t) = 2(-6.1) = -12.2 $$
"""

SHAPES = r"""$z = A x$ with $A \in \mathbb{R}^{h \times d}$, $u = C z$ with $C \in \mathbb{R}^{q \times h}$,
$J = \frac{1}{2} u^\top u$.

$$\frac{\partial J}{\partial u} = u, \quad \frac{\partial J}{\partial C} = u z^\top$$

$$\frac{\partial J}{\partial A} = C^\top u x^\top$$

$$\frac{\partial J}{\partial C} = C z z^\top, \quad \frac{\partial J}{\partial A} = C^\top C z x^\top$$

So $\partial J/\partial A \in \mathbb{R}^{h \times d}$ and $\partial J/\partial C \in \mathbb{R}^{q \times h}$.
"""


@pytest.mark.parametrize(
    ("text", "right", "wrong", "line"),
    [
        (BARS, r"\bar q p^\top", r"\bar q", 7),
        (ENTRIES, r"\overline{u_k}\, h_j", "h_j", 8),
        (GRAM, "X^T X", "X X", 3),
        ("z = 0.8\nh = max(0, z) = 0.8\ny = 2 * h = 1.6\n", "max", "min", 2),
        ("f(x) = x^2 - 3x\n\nf'(x) = 2x - 3\n\nf''(x) = 2\n", "2x - 3", "2 - 3", 3),
        (TWO_CASES, "= (s - t)", "= (s - p)", 11),
        (SHAPES, r"\mathbb{R}^{q \times h}$.", r"\mathbb{R}^{h \times q}$.", 10),
    ],
    ids=["factor", "entry", "numbers", "function", "constant", "name", "layout"],
)
def test_a_line_that_only_its_neighbours_show_wrong(
    text: str, right: str, wrong: str, line: int
) -> None:
    assert right in text
    assert not check(text).faults
    assert [j.line for j in check(text.replace(right, wrong)).faults] == [line]


def test_of_a_product_that_is_symmetric_nothing_is_said_of_its_factors() -> None:
    text = r"$\nabla_w (w^T X^T X w) = LINE$, since the matrix $X^T X$ is symmetric and orthogonal to nothing."
    right, wrong = (check(text.replace("LINE", line)) for line in ("2 X^T X w", "2 w"))
    assert right.judgements[0].verdict == "ok"
    assert wrong.judgements[0].verdict != "ok"


def test_what_a_chain_has_come_to_bears_out_how_it_goes_on() -> None:
    text = r"""With $A \in \mathbb{R}^{m \times n}$ let $r = A x - b$ and $f = r^\top r$.

$$\frac{\partial f}{\partial x} = 2 r^\top A = 2 (A x - b)^\top A$$
"""
    assert not check(text).faults
    [bent] = check(text.replace("(A x - b)", "(A x)")).faults
    assert (bent.line, bent.found) == (3, r"2 (A x)^\top A")


MEAN = r"""The cost of a batch is $C = \frac{1}{n}\sum_{i=1}^n (p_i - t_i)^2$.

WORDS

$$\frac{\partial C}{\partial p_i} = 2 (p_i - t_i)$$
"""


@pytest.mark.parametrize(
    "words",
    ["For a single training example:", "We drop the factor $1/n$ from here on.", "Per-sample:"],
)
def test_a_text_may_go_from_the_mean_to_one_example(words: str) -> None:
    assert last(MEAN.replace("WORDS", words)).verdict != "wrong"
    assert last(MEAN.replace("WORDS", "It follows that")).verdict == "wrong"


MAPS = r"""Let $u = p(s)$ and $v = q(u)$.

$$\frac{dv}{ds} = \frac{dv}{du} \frac{du}{ds}$$

The same function again and again, with $s = p(r)$, $u = SECOND(s)$, $v = p(u)$:

$$\frac{dv}{dr} = p'(u) SECOND'(s) p'(r)$$
"""


def test_an_open_function_of_the_same_name_may_be_another_one() -> None:
    assert not check(MAPS.replace("SECOND", "q")).faults
    assert last(MAPS.replace("SECOND", "q").replace("q'(s)", "p'(s)")).verdict != "ok"


def test_numbers_of_one_weight_say_nothing_of_another() -> None:
    text = """h = A1 x
y = A2 h
L = 1/2 sum((y - t)^2)

A1 = [[1, 2], [2, 3]], A2 = [[1, 4], [0, 2]]

dL/dh = TURNED (y - t)
"""
    assert last(text.replace("TURNED", "A2^T")).verdict == "ok"
    assert last(text.replace("TURNED", "A2")).verdict == "wrong"
