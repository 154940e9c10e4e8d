"""``dvar check`` on lecture notes: rows and columns, Lagrangians, entries of examples, points told in words."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in check(text).judgements]


LAGRANGE = "Maximise f(x, y) = xy subject to x + y = 8\nL = xy - m(x + y - 8)\n"


@pytest.mark.parametrize(("slope", "expected"), [("y - m", "ok"), ("y - 2m", "wrong")])
def test_one_number_for_several_names_makes_none_of_them_another(slope: str, expected: str) -> None:
    assert verdicts(f"{LAGRANGE}∂L/∂x = {slope} = 0\nx = y = m = 4")[-2] == expected


@pytest.mark.parametrize(
    ("slope", "expected"), [("q_k (I_{kj} - q_j)", "ok"), ("q_k (I_{kj} + q_j)", "wrong")]
)
def test_entries_of_the_identity_are_those_of_kronecker(slope: str, expected: str) -> None:
    text = r"$$q_k(\mathbf{x}) = \frac{\exp(a_k)}{\sum_j \exp(a_j)}, \quad a_k = \mathbf{w}_k^T \mathbf{x}$$"
    assert verdicts(rf"{text} $$\frac{{\partial q_k}}{{\partial a_j}} = {slope}$$")[-1] == expected


COUNTS = r"$$\ell(w) = \sum_{i=1}^n \left( t_i x_i^T w - e^{x_i^T w} \right)$$"


@pytest.mark.parametrize(("sign", "expected"), [("-", "ok"), ("+", "wrong")])
def test_an_index_more_is_an_entry_of_the_vector(sign: str, expected: str) -> None:
    claim = rf"\frac{{\partial \ell}}{{\partial w_j}} = \sum_{{i=1}}^n (t_i {sign} e^{{x_i^T w}}) x_{{ij}}"
    assert verdicts(f"{COUNTS} $${claim}$$")[-1] == expected


def test_weights_between_a_matrix_and_itself_say_nothing_of_its_layout() -> None:
    text = rf"""{COUNTS} With $r_i = e^{{x_i^T w}}$,
$$\nabla_w \ell = \sum_{{i=1}}^n (t_i - r_i) x_i = X^T (t - r)$$
$$w_{{new}} = w + (X^T W X)^{{-1}} X^T (t - r), \quad W = \mathrm{{diag}}(r)$$"""
    assert "wrong" not in verdicts(text)
    assert verdicts(text)[2] == "ok"


NETWORK = r"""$$\mathbf{z} = \mathbf{W}\mathbf{x} + \mathbf{b}$$ $$\mathbf{h} = \text{ReLU}(\mathbf{z})$$
$$\mathbf{s} = \mathbf{U}\mathbf{h}$$ $$\hat{\mathbf{y}} = \text{softmax}(\mathbf{s})$$ $$J = CE(\mathbf{y}, \hat{\mathbf{y}})$$
with $\mathbf{x} \in \mathbb{R}^{D \times 1}$, $\mathbf{W} \in \mathbb{R}^{H \times D}$, $\mathbf{U} \in \mathbb{R}^{C \times H}$.
$$\mathbf{d}_1 = \frac{\partial J}{\partial \mathbf{s}} = (\hat{\mathbf{y}} - \mathbf{y})^T \qquad
\mathbf{d}_2 = \frac{\partial J}{\partial \mathbf{z}}$$
"""


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\mathbf{d}_2 = \mathbf{d}_1 \mathbf{U} \circ \text{sgn}(\mathbf{h})", "ok"),
        (r"\mathbf{d}_2 = -\mathbf{d}_1 \mathbf{U} \circ \text{sgn}(\mathbf{h})", "wrong"),
        (r"\frac{\partial J}{\partial \mathbf{U}} = \mathbf{d}_1^T \mathbf{h}^T", "ok"),
        (r"\frac{\partial J}{\partial \mathbf{x}} = (\mathbf{d}_2 \mathbf{W})^T", "ok"),
    ],
)
def test_gradients_may_be_rows(claim: str, expected: str) -> None:
    assert verdicts(f"{NETWORK}$${claim}$$")[-1] == expected


def test_items_with_numbers_in_brackets_are_cases_of_their_own() -> None:
    text = r"""
(1) A column ($\mathbf{s} = \mathbf{M}\mathbf{v}$):
$$\frac{\partial \mathbf{s}}{\partial \mathbf{v}} = \mathbf{M}$$

(2) A row ($\mathbf{s} = \mathbf{v}\mathbf{M}$, $\mathbf{d} = \frac{\partial J}{\partial \mathbf{s}}$):
$$\frac{\partial J}{\partial \mathbf{M}} = \mathbf{v}^T \mathbf{d}$$"""
    assert verdicts(text)[1] == verdicts(text)[-1] == "ok"


@pytest.mark.parametrize(("number", "expected"), [("7", "ok"), ("8", "wrong")])
def test_a_point_may_stand_in_a_line_of_plain_text(number: str, expected: str) -> None:
    text = f"g(u, v) = u^3 + u v^2\nat (1, 2): ∇g = ({number}, 4)"
    assert verdicts(text)[-1] == expected


RAYLEIGH = r"""Maximise \[ p^T C p + m (1 - p^T p) \] with a symmetric $C$. Setting its derivative to zero gives
\[ C p = FACTOR p \] and, using $p^T p = 1$, \[ p^T C p = FACTOR \]"""


@pytest.mark.parametrize(("factor", "expected"), [("m", "ok"), ("2m", "unknown")])
def test_what_is_to_be_largest_needs_no_name(factor: str, expected: str) -> None:
    found = verdicts(RAYLEIGH.replace("FACTOR", factor))
    assert [found[-1], found[-3]] == [expected] * 2


def test_a_derivative_that_is_asked_to_vanish_is_a_condition() -> None:
    text = r"""$$L(w, b, a) = \frac12\|w\|^2 - \sum_i a_i (y_i (w^T x_i + b) - 1)$$
$$\frac{\partial L}{\partial b} = 0 \Rightarrow \sum_i a_i y_i = 0$$"""
    assert verdicts(text)[-2:] == ["given", "ok"]


def test_a_word_above_a_name_tells_versions_apart() -> None:
    text = r"""$$\hat w^{ridge} = (X^T X + k I)^{-1} X^T y$$
$$X \hat w^{ridge} = X (X^T X + k I)^{-1} X^T y$$"""
    assert verdicts(text)[-1] == "ok"


@pytest.mark.parametrize(("sign", "expected"), [("-", "ok"), ("+", "wrong")])
def test_a_bar_over_a_name_with_examples_is_their_mean(sign: str, expected: str) -> None:
    claim = (
        rf"\frac1n \sum_{{i=1}}^n (x_i - \bar x)^2 = \frac1n \sum_{{i=1}}^n x_i^2 {sign} \bar x^2"
    )
    assert verdicts(rf"$$\sum_{{i=1}}^n (x_i - \bar x) = 0$$ $${claim}$$")[-1] == expected


@pytest.mark.parametrize(("sign", "expected"), [("-", "ok"), ("+", "wrong")])
def test_dots_among_arguments_say_what_a_loss_depends_on(sign: str, expected: str) -> None:
    text = r"""$$E(\mathbf{w}_1, \ldots, \mathbf{w}_K) = \frac12 \sum_{k=1}^K (\mathbf{w}_k^T \mathbf{x} - t_k)^2$$
$$\nabla_{\mathbf{w}_j} E(\mathbf{w}_1, \ldots, \mathbf{w}_K) = (\mathbf{w}_j^T \mathbf{x} SIGN t_j) \mathbf{x}$$"""
    assert verdicts(text.replace("SIGN", sign))[-1] == expected


@pytest.mark.parametrize(("sign", "expected"), [("-", "ok"), ("+", "wrong")])
def test_an_entry_of_a_row_is_one_of_the_matrix_beside_it(sign: str, expected: str) -> None:
    text = rf"""{COUNTS}
$$\nabla_w \ell = \sum_{{i=1}}^n (t_i - e^{{x_i^T w}}) x_i = X^T (t - e^{{X w}})$$
$$\frac{{\partial \ell}}{{\partial w_j}} = \sum_{{i=1}}^n (t_i {sign} e^{{x_i^T w}}) x_{{ij}}$$"""
    assert verdicts(text)[-1] == expected
