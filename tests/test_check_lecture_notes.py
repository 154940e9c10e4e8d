"""``dvar check`` on lecture notes: rows and columns, Lagrangians, entries of examples, points told in words."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in check(text).judgements]


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
