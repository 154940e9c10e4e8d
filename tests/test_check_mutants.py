"""Single mistakes in worked documents: each is found, and no line that is right is called wrong for it."""

from __future__ import annotations

import pytest

from dvar.check.report import Judgement
from dvar.check.worksheet import check


def judged(text: str) -> list[Judgement]:
    return list(check(text).judgements)


def verdicts(text: str) -> dict[int, str]:
    return {j.line: j.verdict for j in judged(text)}


NEURON = r"""Inputs $x_1 = 0.3$, $x_2 = 0.8$, weights $w_1 = 0.5$, $w_2 = -0.2$, bias $b = 0.1$.

$$net = w_1 x_1 + w_2 x_2 + b = 0.5 \cdot 0.3 + (-0.2) \cdot 0.8 + 0.1 = 0.09$$

$$out = \frac{1}{1 + e^{-net}} = \frac{1}{1 + e^{-0.09}} = 0.522484825$$

$$E = \frac{1}{2}(t - out)^2$$

$$\frac{\partial out}{\partial net} = out (1 - out) = 0.522484825 (1 - 0.522484825) = 0.249494433$$

# Further on

$$u = 3 out + 1 = 3 \cdot 0.522484825 + 1 = 2.567454475$$

$$\frac{\partial u}{\partial net} = 3 out (1 - out) = 0.748483299$$

$$\frac{\partial net}{\partial w_1} = x_1 = 0.3$$
"""


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (r"out = \frac{1}{1 + e^{-net}} =", r"out = -\frac{1}{1 + e^{-net}} =", 5),
        (r"out = \frac{1}{1 + e^{-net}} =", r"out = \frac{1}{1 - e^{-net}} =", 5),
        ("net = w_1 x_1 + w_2 x_2 + b =", "net = w_1 x_2 + w_2 x_2 + b =", 3),
        ("net = w_1 x_1 + w_2 x_2 + b =", "net = w_1 x_1 - w_2 x_2 + b =", 3),
    ],
)
def test_a_formula_that_is_written_wrong_and_used_right_is_the_only_mistake(
    old: str, new: str, line: int
) -> None:
    assert old in NEURON
    found = verdicts(NEURON.replace(old, new))
    assert {n for n, verdict in found.items() if verdict == "wrong"} == {line}
    assert "carried" not in found.values()


def test_a_number_that_is_written_wrong_and_used_right_is_the_only_mistake() -> None:
    text = r"""$w = -0.7$, $x = 0.5$, $b = 0.2$.

Update: $w \leftarrow -0.7 - 0.1 \cdot 0.4 = 0.74$

$$z = w x + b = -0.74 \cdot 0.5 + 0.2 = -0.17$$
"""
    found = verdicts(text)
    assert found[3] == "wrong"
    assert found[5] == "ok"


def test_a_formula_between_two_equal_ones_is_wrong() -> None:
    text = r"""$p = \frac{1}{1 + e^{-s}}$ and $L = -t \ln p - (1 - t) \ln(1 - p)$.

$$\frac{\partial L}{\partial s} = \frac{p - t}{p (1 - p)} \cdot p^3 (1 + p) = p - t$$
"""
    assert verdicts(text)[3] == "wrong"


def test_the_last_number_of_a_row_is_judged_once_its_column_is_understood() -> None:
    text = r"""$w = 2$, $J = (w - 1)^2$.

| $w$ | $J$ |
|---|---|
| 3.0 | 4.00 |
| 1.5 | 0.25 |
| 1.2 | 0.{} |
"""
    right, wrong = (verdicts(text.replace("{}", digits)) for digits in ("04", "40"))
    assert "wrong" not in right.values()
    assert wrong[7] == "wrong"


COLUMNS = r"""$\mathbf{x} \in \mathbb{R}^{3}$, $\mathbf{A} \in \mathbb{R}^{4 \times 3}$, $\mathbf{B} \in \mathbb{R}^{2 \times 4}$,
$\mathbf{z} = \mathbf{A}\mathbf{x}$, $\mathbf{h} = \tanh(\mathbf{z})$, $\mathbf{y} = \mathbf{B}\mathbf{h}$,
$L = \frac{1}{2} \|\mathbf{y} - \mathbf{t}\|^2$. A bar stands for the derivative of $L$: $\overline{v} = \partial L/\partial v$.

$$\overline{\mathbf{y}} = \mathbf{y} - \mathbf{t}$$

$$\overline{\mathbf{B}} = \overline{\mathbf{y}} \mathbf{h}^\top$$

$$\overline{\mathbf{h}} = \mathbf{B}^\top \overline{\mathbf{y}}$$

$$\overline{\mathbf{z}} = \overline{\mathbf{h}} \odot (1 - \mathbf{h} \odot \mathbf{h})$$

$$\overline{\mathbf{A}} = \overline{\mathbf{z}} \mathbf{x}^\top$$
"""


def test_one_transpose_that_is_lacking_is_a_mistake_where_all_others_are_there() -> None:
    assert "wrong" not in verdicts(COLUMNS).values()
    lacking = judged(COLUMNS.replace(r"\mathbf{h}^\top", r"\mathbf{h}"))
    assert [(j.line, j.cause) for j in lacking if j.verdict == "wrong"] == [(7, "transpose")]
    loose = COLUMNS.replace(r"^\top", "")
    assert "wrong" not in verdicts(loose).values()


def test_a_name_of_another_line_is_not_what_a_gradient_is_made_of() -> None:
    text = r"""1. $\frac{\partial}{\partial \mathbf{u}} \mathbf{k}^\top \mathbf{u} = \mathbf{k}$
2. $\frac{\partial}{\partial \mathbf{u}} \|\mathbf{u}\|^2 = 2 \mathbf{k}$
"""
    found = verdicts(text)
    assert found[1] != "wrong"
    assert found[2] == "wrong"


def test_a_term_is_missing_in_brackets() -> None:
    text = r"""$q_j = \frac{v_j - m}{\sqrt{s + c}}$

$$\frac{\partial q_j}{\partial s} = -\frac{1}{2} (v_j ) (s + c)^{-3/2}$$
"""
    wrong = [j for j in judged(text) if j.verdict == "wrong"]
    assert [j.line for j in wrong] == [3]
    assert "missing-path" in wrong[0].causes


@pytest.mark.parametrize(
    ("right", "verdict"),
    [("3 a^2 + h^2", "ok"), ("3 a^3 + h^2", "wrong")],
)
def test_a_fraction_worked_out_is_a_claim(right: str, verdict: str) -> None:
    text = rf"The quotient is $\frac{{(a + h)^3 - (a - h)^3}}{{2h}} = {right}$."
    assert [j.verdict for j in judged(text)] == [verdict]


def test_a_factor_of_two_is_no_matter_of_whose_loss_a_gradient_is() -> None:
    text = r"""$z = w x$, $h = \sigma(z)$, $L = (h - t)^2$.
A bar stands for the derivative of $L$: $\bar h = \partial L/\partial h$.

$\bar h = 2 (h - t)$

$\bar z = {} \bar h \, h (1 - h)$
"""
    assert verdicts(text.replace("{}", ""))[6] == "ok"
    assert verdicts(text.replace("{}", "2"))[6] == "wrong"


LAYERS = r"""$z^{(l)} = w^{(l)} a^{(l-1)}$, $a^{(l)} = \tanh(z^{(l)})$ and $C = \frac{1}{2} (a^{(3)} - y)^2$ for three layers.

Write $\delta^{(l)} = \frac{\partial C}{\partial z^{(l)}}$.

$$\delta^{(3)} = (a^{(3)} - y) (1 - (a^{(3)})^2)$$

$$\delta^{(2)} = \delta^{(3)} w^{(3)} (1 - (a^{(2)})^2)$$

$$\frac{\partial C}{\partial w^{(l)}} = \delta^{(l)} a^{(l-1)}$$
"""


@pytest.mark.parametrize(
    ("old", "new"), [("w^{(3)} (1", "w^{(2)} (1"), ("(1 - (a^{(2)})^2)", "(1 - (a^{(3)})^2)")]
)
def test_a_layer_taken_for_another_is_no_new_definition(old: str, new: str) -> None:
    assert verdicts(LAYERS)[7] == "ok"
    found = [j for j in judged(LAYERS.replace(old, new)) if j.verdict == "wrong"]
    assert [(j.line, j.cause) for j in found] == [(7, "wrong-variable")]


@pytest.mark.parametrize(
    ("written", "cause"),
    [
        ("0.6 + 0.25 \\cdot 0.3", "sign"),
        ("0.6", "missing-path"),
        ("0.6 - 0.25 \\cdot 0.3^2", "wrong-rule"),
    ],
)
def test_slips_in_numbers_put_in_are_named(written: str, cause: str) -> None:
    text = rf"""$w = 0.6$, $\eta = 0.25$, $g = 0.3$ and $q = 0.075$.

$$v = {written} = 0.525$$
"""
    (wrong,) = (j for j in judged(text) if j.verdict == "wrong")
    assert cause in wrong.causes


def test_a_factor_of_the_line_may_be_missing_anywhere() -> None:
    text = r"""1. $\frac{\partial}{\partial \mathbf{X}} \mathrm{Tr}(\mathbf{A} \mathbf{X} \mathbf{B}) = \mathbf{A}^T \mathbf{B}^T$
2. $\frac{d}{dx} \tanh(c x) = c (1 - \tanh^2(x))$.
"""
    wrong = [j for j in judged(text) if j.verdict == "wrong"]
    assert [(j.line, j.cause) for j in wrong] == [(2, "missing-factor")]


PASSED = {
    "a direction of 0 and 1 makes no mask of a name": (
        r"""Let $s = \left(u_1 + \frac{u_1}{u_2}\right)^2$. A forward sweep starts with $\dot u_1 = 1, \dot u_2 = 0$.

$$\frac{\partial s}{\partial u_2} = -2\left(u_1 + \frac{u_1}{u_2}\right)\frac{u_1}{u_2^2}$$
""",
        (r"\frac{u_1}{u_2^2}$", r"\frac{u_2^2}{u_1}$"),
        3,
    ),
    "a number that is printed whole leaves no room": (
        r"""Given $w = (2.9, -0.4, 0.6)$, $d = (1, 0, 0.5)$, $y = 2.31$ and the step $\eta = 0.5$.

$$p = w^\top d = 3.2$$

$$e = p - y = 0.89$$

With $J = e^2$ the gradient is $\nabla_w J = 2 e d$.

$$w \leftarrow w - \eta \nabla_w J = (2.01, -0.4, 0.155)$$
""",
        ("0.155", "0.158"),
        9,
    ),
    "what is stepped along its gradient starts from itself": (
        r"""Let $J = (w_1 x_1 + w_2 x_2 - y)^2$, and write $dw_1$, $dw_2$ for its slopes.

$$w_1 := w_1 - \alpha dw_1$$

$$w_2 := w_2 - \alpha dw_2$$
""",
        (":= w_1", ":= w_2"),
        3,
    ),
    "shapes that do not fit between two members that agree": (
        r"""$A$ is a $4 \times 3$ matrix, $b \in \mathbb{R}^4$, $x \in \mathbb{R}^3$; $r = Ax - b$ and $f = r^\top r$.

$$\frac{\partial f}{\partial x} = \frac{\partial f}{\partial r}\frac{\partial r}{\partial x} = 2 r^\top A$$
""",
        (r"\frac{\partial r}{\partial x} =", "="),
        3,
    ),
    "two digits exchanged below a heading": (
        r"""$t = 0.3$, $z = 0.62$, $a = \sigma(z)$, $e = a - t$, $L = \frac12 e^2$, $R = w^2$, $\bar z = \partial L/\partial z$.

| name | value |
|---|---|
| $\bar z$ | 0.0797 |
""",
        ("0.0797", "0.0779"),
        5,
    ),
}


@pytest.mark.parametrize("case", PASSED)
def test_a_line_that_only_looks_right(case: str) -> None:
    text, (old, new), line = PASSED[case]
    assert all(j.verdict != "wrong" for j in judged(text))
    assert verdicts(text)[line] == "ok"
    assert [j.line for j in judged(text.replace(old, new)) if j.verdict == "wrong"] == [line]


def test_a_row_of_iterates_starts_from_the_one_before() -> None:
    text = r"""Let $J(w) = (w - 3)^2$, and write $dw_0$ for the slope at $w_0$.

$$w_1 = w_0 - \alpha dw_0$$

$$w_2 = w_1 - \alpha dw_1$$
"""
    assert "wrong" not in verdicts(text).values()


WORKED_OUT = r"""A loss $\ell = -y \log h - (1 - y) \log(1 - h)$.

$$\frac{\partial \ell}{\partial h} = -\frac{y}{h} + \frac{1 - y}{1 - h} = \frac{h - y}{h (1 - h)}$$

$$\tanh'(z) = 1 - \tanh(z)^2$$

Let $y = e^{kt} \sin t$ with $k = k(t)$.

$$\frac{dy}{dt} = \frac{\partial y}{\partial t} + \frac{\partial y}{\partial k}\frac{dk}{dt}
= (\cos t + k \sin t + t k' \sin t) e^{kt}$$

$$(a + b)^3 = (a + b)(a^2 + 2ab + b^2) = a^3 + 3a^2b + 3ab^2 + b^3$$
"""


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (r"\frac{1 - y}{1 - h} =", r"\frac{1 + y}{1 - h} =", 3),
        (r"= \frac{h - y}", r"= \frac{h + y}", 3),
        (r"\tanh(z)^2", r"\tanh(z)^3", 5),
        (r"k \sin t + t", "t", 9),
        (r"3a^2b + 3ab^2", "3a^2b", 12),
    ],
)
def test_scalars_worked_out_further_leave_no_doubt(old: str, new: str, line: int) -> None:
    assert old in WORKED_OUT
    assert "unknown" not in verdicts(WORKED_OUT).values()
    assert all(j.verdict != "wrong" for j in judged(WORKED_OUT))
    found = judged(WORKED_OUT.replace(old, new))
    assert [j.line for j in found if j.verdict == "wrong"] == [line]


def test_terms_left_out_on_purpose_are_no_mistake() -> None:
    text = r"""To first order in $h$, $(x + h)^2 - x^2 = 2xh + h^2 = 2xh$.

The shares add up, $\sum_k y_k = 1$.

$$g = p_j \sum_k y_k - y_j = p_j - y_j$$

$X$ is $m \times d$, $Z = XW + b$, $A = \sigma(Z)$ and $Y$ is an $m \times k$ matrix.

$$dZ = A - Y$$

$$db = dZ$$
"""
    assert "wrong" not in verdicts(text).values()


PUT_IN = r"""$w_1 = 0.6$, $w_2 = -0.3$, $h_1 = 0.45$, $h_2 = 0.7$, $\eta = 0.5$.

$$z = w_1 h_1 + w_2 h_2 = 0.6 \cdot 0.45 - 0.3 \cdot 0.7 = 0.06$$

Let $C = \frac{1}{2} (z - 1)^2$.

$$\frac{\partial C}{\partial z} = z - 1 = 0.06 - 1 = -0.94$$

$$z' = z - \eta \frac{\partial C}{\partial z} = 0.06 - 0.5 \cdot (-0.94) = 0.53$$
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "cause"),
    [
        ("w_1 h_1 + w_2 h_2", "w_1 h_1", 3, "missing-path"),
        (r"z - \eta \frac", r"z - \frac", 9, "factor"),
    ],
)
def test_numbers_put_in_tell_what_their_formula_lacks(
    old: str, new: str, line: int, cause: str
) -> None:
    assert all(j.verdict in ("ok", "given", "definition") for j in judged(PUT_IN))
    (wrong,) = (j for j in judged(PUT_IN.replace(old, new)) if j.verdict == "wrong")
    assert (wrong.line, wrong.cause) == (line, cause)


PATHS = r"""$n_1 = w_1 x_1 + w_2 x_2$, $n_2 = w_3 x_1 + w_4 x_2$, $o_1 = \sigma(n_1)$, $o_2 = \sigma(n_2)$.

$E_1 = \frac12 (t_1 - o_1)^2$, $E_2 = \frac12 (t_2 - o_2)^2$, $E = E_1 + E_2$.

$$\frac{\partial E_1}{\partial n_1} = \frac{\partial E_1}{\partial o_1} \frac{\partial o_1}{\partial n_1}$$

$$\frac{\partial E}{\partial w_1}
= \frac{\partial E_1}{\partial o_1} \frac{\partial o_1}{\partial n_1} \frac{\partial n_1}{\partial w_1}$$
"""


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (r"= \frac{\partial E_1}{\partial o_1}", r"= \frac{\partial E_2}{\partial o_1}", 5),
        (r"\frac{\partial o_1}{\partial n_1} \f", r"\frac{\partial o_2}{\partial n_1} \f", 7),
    ],
)
def test_a_link_of_a_chain_that_leads_nowhere(old: str, new: str, line: int) -> None:
    assert [verdicts(PATHS)[n] for n in (5, 7)] == ["ok", "ok"]
    found = [j for j in judged(PATHS.replace(old, new, 1)) if j.verdict == "wrong"]
    assert [(j.line, j.cause) for j in found] == [(line, "wrong-variable")]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r"$\frac{\partial L}{\partial b} = (a - y) (1 - a)$", r"a\, (a - y) (1 - a)"),
        (r"$\frac{\partial S}{\partial c} = -2 (u_i - c)$", r"\sum_i (-2 (u_i - c))"),
    ],
)
def test_a_repaired_line_is_one_that_people_would_write(line: str, expected: str) -> None:
    text = rf"""$z = w x + b$, $a = \sigma(z)$, $L = \frac12 (a - y)^2$.

Let $S = \sum_{{i=1}}^n (u_i - c)^2$.

{line}
"""
    (wrong,) = (j for j in judged(text) if j.verdict == "wrong")
    assert wrong.expected == expected
    assert (wrong.repaired or "").endswith(f"= {expected}")


def test_a_factor_that_stands_there_is_the_one_too_many() -> None:
    text = r"""Let $m = \frac{1}{n}\sum_{i=1}^{n} u_i$ be the mean.

$$\frac{d}{dx} \ln(3x) = \frac{3}{x}$$
"""
    (wrong,) = (j for j in judged(text) if j.verdict == "wrong")
    assert wrong.cause == "factor"
    assert "the factor 3 is one too many" in wrong.message
