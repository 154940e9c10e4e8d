"""``dvar check`` on networks told in several ways: steps named afterwards, biases called w_0, losses with a penalty."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in check(text).judgements if j.verdict != "skipped"]


NAMED_AFTERWARDS = r"""
Layer $l$ of $L$ has outputs $u^l_i = g(\sum_j v^l_{ij} u^{l-1}_j + c^l_i)$. We call
$s^l_i = \sum_j v^l_{ij} u^{l-1}_j + c^l_i$ its input, and $Q = \frac12 \sum_i (u^L_i - r_i)^2$.

$$\delta^l_i = \frac{\partial Q}{\partial s^l_i}$$

$$\delta^L_i = %s$$

$$\delta^l_i = g'(s^l_i) \sum_k %s \delta^{l+1}_k$$
"""


@pytest.mark.parametrize(
    ("last", "weight", "expected"),
    [
        (r"(u^L_i - r_i) g'(s^L_i)", r"v^{l+1}_{ki}", ["ok", "ok"]),
        (r"(r_i - u^L_i) g'(s^L_i)", r"v^{l+1}_{ki}", ["wrong", "ok"]),
    ],
)
def test_a_sum_that_gets_its_name_later_is_what_derivatives_are_taken_by(
    last: str, weight: str, expected: list[str]
) -> None:
    assert verdicts(NAMED_AFTERWARDS % (last, weight))[-2:] == expected


BIAS = r"""Weights $w = [2, -1]^T$, offset $w_0 = 0.25$ and input $x = [0.5, 3]^T$ give

$$z = w^T x + w_0 = %s$$
"""


@pytest.mark.parametrize(("value", "verdict"), [("-1.75", "ok"), ("-2.25", "wrong")])
def test_an_offset_called_w_0_is_no_entry_of_w(value: str, verdict: str) -> None:
    assert verdicts(BIAS % value)[-1] == verdict


def test_w_0_of_a_list_of_weights_is_its_first_entry() -> None:
    text = "Let $w = (w_0, w_1)$ with $w_0 = 3$, $w_1 = 2$ and $x = (1, 5)$.\n\n$$w^T x = %s$$"
    assert verdicts(text % "13")[-1] == "ok"
    assert verdicts(text % "14")[-1] != "ok"


PENALTY = r"""
Scores $S = F V$ of features $F = \max\{0, X U\}$, and $J = L + \beta \sum_{i,j} V_{i,j}^2$. With
$G = \nabla_S L$

$$\nabla_V J = %s$$

$$\nabla_F J = %s$$
"""


@pytest.mark.parametrize(
    ("by_weights", "by_features", "expected"),
    [
        (r"F^\top G + 2 \beta V", r"G V^\top", ["ok", "ok"]),
        (r"F^\top G + \beta V", r"G V^\top", ["wrong", "ok"]),
        (r"G F^\top + 2 \beta V", r"V^\top G", ["wrong", "wrong"]),
    ],
)
def test_a_loss_without_a_formula_sends_its_gradient_beside_that_of_a_penalty(
    by_weights: str, by_features: str, expected: list[str]
) -> None:
    assert verdicts(PENALTY % (by_weights, by_features))[-2:] == expected


def test_a_penalty_makes_no_step_of_a_loss() -> None:
    text = r"$J = J_1 + \lambda w^2$ with $J_1 = (w x - t)^2$.  $$\frac{dJ}{dw} = %s$$"
    assert verdicts(text % r"2 x (w x - t) + 2 \lambda w")[-1] == "ok"
    assert verdicts(text % r"2 x (w x - t) + \lambda w")[-1] == "wrong"


RECURSIVE = r"""
Unit $j$ puts out $o_j = \psi(n_j) = \psi(\sum_k w_{kj} o_k)$ with $\psi(u) = \frac{1}{1 + e^{-u}}$.

$$\frac{\partial n_j}{\partial w_{ij}} = %s$$

$$\frac{\partial o_j}{\partial n_j} = %s$$
"""


@pytest.mark.parametrize(
    ("source", "slope", "expected"),
    [
        ("o_i", "o_j (1 - o_j)", ["ok", "ok"]),
        ("o_i", "o_j (1 + o_j)", ["ok", "wrong"]),
    ],
)
def test_units_of_one_name_are_those_of_layers_before(
    source: str, slope: str, expected: list[str]
) -> None:
    assert verdicts(RECURSIVE % (source, slope))[-2:] == expected


def test_nabla_by_a_name_of_layers_is_by_that_of_the_last_one() -> None:
    text = r"""$z^l = w^l a^{l-1} + b^l$, $a^l = \sigma(z^l)$, $C = \frac12 \|a^L - y\|^2$ and
$\delta^l = \partial C / \partial z^l$.

$$\delta^L = \nabla_a C \odot %s$$
"""
    assert verdicts(text % r"\sigma'(z^L)")[-1] == "ok"
    assert verdicts(text % r"\sigma(z^L)")[-1] != "ok"


def test_a_function_of_several_arguments_is_any_function_where_it_has_one() -> None:
    text = r"""
## A model

$f(x; u, b) = u^T x + b$.

## Composition

With $y = f(x)$ and $z = f(y)$,

$$\frac{dz}{dx} = %s$$
"""
    assert verdicts(text % "f'(y) f'(x)")[-1] == "ok"
    assert verdicts(text % "f'(y) + f'(x)")[-1] != "ok"


def test_formulas_in_a_table_are_judged_by_themselves() -> None:
    text = r"""$z = w x$, $a = \sigma(z)$, $L = -(y \log a + (1 - y) \log (1 - a))$.

| one | many |
|---|---|
| $dz = a - y$ | $dZ = A - Y$ |
| $dw = x dz$ | $dW = dZ X^T$ |
| $dx = w dz$ | $dX = W^T dZ$ |
| $da = -\frac{y}{a} + \frac{1-y}{1-a}$ | $dA = -\frac{Y}{A} + \frac{1-Y}{1-A}$ |
"""
    assert "wrong" not in verdicts(text)


PASSED_ON = r"""
$$r^{(k)} = \phi(u^{(k)}), \qquad u^{(k)} = V^{(k)} r^{(k-1)} + c^{(k)}$$

For each layer:

$$q \leftarrow \nabla_{u^{(k)}} C = %s$$

$$\nabla_{V^{(k)}} C = %s$$

$$q \leftarrow \nabla_{r^{(k-1)}} C = %s$$
"""


@pytest.mark.parametrize(
    ("inside", "weights", "below", "expected"),
    [
        (r"q \odot \phi'(u^{(k)})", r"q r^{(k-1)\top}", r"V^{(k)\top} q", {0, 1, 2}),
        (r"q \odot \phi(u^{(k)})", r"q r^{(k-1)\top}", r"V^{(k)\top} q", {1, 2}),
        (r"q \odot \phi'(u^{(k)})", r"q r^{(k)\top}", r"V^{(k)\top} q", {0, 2}),
        (r"q \odot \phi'(u^{(k)})", r"q r^{(k-1)\top}", r"V^{(k)} q", {0, 1}),
    ],
)
def test_a_name_that_is_assigned_anew_is_what_it_was_before_on_the_right(
    inside: str, weights: str, below: str, expected: set[int]
) -> None:
    last = verdicts(PASSED_ON % (inside, weights, below))[-3:]
    assert {n for n, verdict in enumerate(last) if verdict == "ok"} == expected


PENALISED = r"""
$J = L(\hat{y}, y) + \lambda \Omega(\theta)$, $\hat{y} = V h + c$.

$$\nabla_{\hat{y}} J = %s$$

$$\nabla_c J = %s$$
"""


@pytest.mark.parametrize(
    ("by_output", "by_bias", "expected"),
    [
        (
            r"\nabla_{\hat{y}} L(\hat{y}, y)",
            r"\nabla_{\hat{y}} L(\hat{y}, y) + \lambda \nabla_c \Omega(\theta)",
            ["ok", "ok"],
        ),
        (
            r"-\nabla_{\hat{y}} L(\hat{y}, y)",
            r"\nabla_{\hat{y}} L(\hat{y}, y) - \lambda \nabla_c \Omega(\theta)",
            ["wrong", "wrong"],
        ),
    ],
)
def test_a_penalty_without_a_formula_is_of_parameters_only(
    by_output: str, by_bias: str, expected: list[str]
) -> None:
    found = verdicts(PENALISED % (by_output, by_bias))[-2:]
    if expected == ["ok", "ok"]:
        assert found == expected
    else:
        assert "ok" not in found


ONE_BY_ONE = r"""
$$s_j = \sum_i v_{ji} x_i, \quad h_j = s_j^2, \quad y = \sum_j u_j h_j, \quad E = \frac12 (y - t)^2$$

Let $x_1 = 2$, $x_2 = -1$, $t = 1$, $v_{11} = 0.5$, $v_{12} = 1$, $v_{21} = -0.5$, $v_{22} = 2$,
$u_1 = 3$ and $u_2 = 0.5$.

$$s_2 = -0.5 \cdot 2 + 2 \cdot (-1) = -3$$

$$\frac{\partial E}{\partial v_{21}} = %s$$
"""


@pytest.mark.parametrize(("value", "verdict"), [("-21", "ok"), ("21", "wrong"), ("-24", "wrong")])
def test_weights_given_one_by_one_are_those_of_the_formula_by_letters(
    value: str, verdict: str
) -> None:
    assert verdicts(ONE_BY_ONE % value)[-1] == verdict


BY_LETTERS = r"""
$s_j = \sum_i v_{ji}^{(1)} x_i$, $h_j = \tanh(s_j)$, $y_k = \sum_j v_{kj}^{(2)} h_j$ and
$E = \frac12 \sum_k (y_k - t_k)^2$. With $d_k = y_k - t_k$

$$\frac{\partial E}{\partial v_{ji}^{(1)}} = %s \sum_k v_{kj} d_k$$
"""


@pytest.mark.parametrize(
    ("slope", "verdict"), [("x_i (1 - h_j^2)", "ok"), ("x_i (1 + h_j^2)", "wrong")]
)
def test_letters_tell_the_layer_of_a_weight_without_a_mark(slope: str, verdict: str) -> None:
    assert verdicts(BY_LETTERS % slope)[-1] == verdict


@pytest.mark.parametrize(("entry", "verdict"), [("u^2 + 3", "ok"), ("u^2 - 3", "wrong")])
def test_a_prime_behind_a_function_of_two_arguments_is_its_gradient(
    entry: str, verdict: str
) -> None:
    text = r"""$g(u, v) = u^2 v + 3 v$

$$g'(u, v) = \begin{bmatrix} \frac{dg}{du} \\ \frac{dg}{dv} \end{bmatrix}
= \begin{bmatrix} 2 u v \\ %s \end{bmatrix}$$
"""
    assert verdicts(text % entry)[-1] == verdict


BRACES = r"""
$$u^l = {V^l}^T r^{l-1} + c^l, \quad r^l = g(u^l)$$

$$\frac{\partial Q}{\partial V^L} = \underbrace{\frac{\partial Q}{\partial r^L}}_{\text{by the loss}}
\cdot \underbrace{\frac{\partial r^L}{\partial u^L}}_{g'} \cdot \underbrace{\frac{\partial u^L}{\partial V^L}}_{r^{L-1}}$$

$$\frac{\partial Q}{\partial V^l} = \underbrace{%s}_{\text{as large as } V^l}$$
"""


@pytest.mark.parametrize(
    ("gradient", "verdict"),
    [
        (r"r^{l-1} \left(\frac{\partial Q}{\partial u^l}\right)^T", "ok"),
        (r"r^{l} \left(\frac{\partial Q}{\partial u^l}\right)^T", "wrong"),
    ],
)
def test_notes_under_braces_change_nothing(gradient: str, verdict: str) -> None:
    assert verdicts(BRACES % gradient)[-1] == verdict


@pytest.mark.parametrize(("last", "is_right"), [("1", True), ("2", False)])
def test_a_chain_with_dots_leads_from_end_to_end(last: str, is_right: bool) -> None:
    text = r"""$s^l = V^l h^{l-1}$, $h^l = g(s^l)$ and the loss $Q$.

$$\frac{\partial Q}{\partial s^%s} = \frac{\partial Q}{\partial h^L} \frac{\partial h^L}{\partial s^L}
\frac{\partial s^L}{\partial h^{L-1}} \cdots \frac{\partial s^2}{\partial h^1} \frac{\partial h^1}{\partial s^1}$$
"""
    assert (verdicts(text % last)[-1] == "ok") == is_right


def test_kronecker_of_letters_of_two_layers_says_nothing_of_the_hidden_one() -> None:
    text = r"""$s_j = \sum_i v_{ji} z_i$, $z_j = h(s_j)$, $e_j = \partial E/\partial s_j$ and
$e_j = h'(s_j) \sum_k v_{kj} e_k$.

For logistic outputs $\frac{\partial z_k}{\partial s_j} = \delta_{kj} \sigma'(s_j)$.
"""
    assert "wrong" not in verdicts(text)


OPEN_SUM = r"""
$$C(v) = E(v) + \mu R(v)$$

$$\nabla C(v) = %s$$

With $R(v) = \frac12 \|v\|^2$, so $\nabla R(v) = v$, one step is

$$v \leftarrow v - \eta \nabla C(v) = %s$$
"""


@pytest.mark.parametrize(
    ("gradient", "step", "expected"),
    [
        (
            r"\nabla E(v) + \mu \nabla R(v)",
            r"(1 - \eta \mu) v - \eta \nabla E(v)",
            ["ok", "ok"],
        ),
        (
            r"\nabla E(v) - \mu \nabla R(v)",
            r"(1 + \eta \mu) v - \eta \nabla E(v)",
            ["wrong", "carried"],
        ),
    ],
)
def test_losses_without_a_formula_add_up_under_a_gradient(
    gradient: str, step: str, expected: list[str]
) -> None:
    found = verdicts(OPEN_SUM % (gradient, step))
    assert [found[1], found[-1]] == expected


@pytest.mark.parametrize(
    ("formula", "slope", "expected"),
    [
        (r"\frac{e^s - e^{-s}}{e^s + e^{-s}}", "1 - g(s)^2", ["ok", "ok"]),
        (r"\frac{e^s + e^{-s}}{e^s - e^{-s}}", "1 + g(s)^2", ["wrong", "wrong"]),
    ],
)
def test_another_activation_takes_the_place_of_the_one_before(
    formula: str, slope: str, expected: list[str]
) -> None:
    text = rf"""$g(s) = \frac{{1}}{{1 + e^{{-s}}}}$ and $g'(s) = g(s) (1 - g(s))$.

$$g(s) = \tanh(s) = {formula}$$

$$g'(s) = {slope}$$
"""
    assert verdicts(text)[-2:] == expected


@pytest.mark.parametrize(("slope", "verdict"), [("2 s", "ok"), ("3 s", "wrong")])
def test_a_name_of_an_earlier_section_is_any_where_it_would_close_a_circle(
    slope: str, verdict: str
) -> None:
    text = rf"""## A price

$v = q s$ and $q = 3 n$.

## A square

With $r = s^2$ and $s = u + v$

$$\frac{{\partial r}}{{\partial u}} = \frac{{\partial r}}{{\partial s}} \frac{{\partial s}}{{\partial u}} = {slope}$$
"""
    assert verdicts(text)[-1] == verdict
