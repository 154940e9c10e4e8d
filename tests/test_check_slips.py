"""Slips that take a longer look to be named: links of a chain, names of signals, numbers left out."""

from __future__ import annotations

import pytest

from dvar.check.report import Judgement
from dvar.check.worksheet import check


def last(text: str) -> Judgement:
    return check(text).judgements[-1]


CENTRED = r"""Rows $x_{n,d}$ with $n = 1, \dots, N$ lose their mean:

$$m_d = \frac{1}{N}\sum_{n=1}^N x_{n,d}$$

$$c_{n,d} = x_{n,d} - m_d$$

$$\frac{\partial J}{\partial m_d} = -\sum_{n=1}^N \frac{\partial J}{\partial c_{n,d}}$$

$$\frac{\partial J}{\partial x_{n,d}} = \frac{\partial J}{\partial c_{n,d}} + WRITTEN$$
"""


def test_a_term_of_a_chain_may_lack_its_first_link() -> None:
    right = last(CENTRED.replace("WRITTEN", r"\frac{\partial J}{\partial m_d} \frac{1}{N}"))
    assert right.verdict == "ok"
    wrong = last(CENTRED.replace("WRITTEN", r"\frac{1}{N}"))
    assert (wrong.verdict, wrong.cause) == ("wrong", "missing-factor")


def test_a_name_in_the_place_of_the_gradient_that_arrives_is_wrong() -> None:
    text = r"""A filter: $u_s = c + \sum_{r=0}^{R-1} g_r\, p_{s+r}$
for $s = 0, \dots, S - R$, and $\delta_s = \frac{\partial E}{\partial u_s}$.

$$\frac{\partial E}{\partial g_r} = \sum_{s=0}^{S-R} NAME_s\, p_{s+r}$$
"""
    assert last(text.replace("NAME", r"\delta")).verdict == "ok"
    wrong = last(text.replace("NAME", "u"))
    assert (wrong.verdict, wrong.cause) == ("wrong", "wrong-variable")


@pytest.mark.parametrize(
    ("written", "cause"),
    [
        (r"0.317 \cdot (1 - 0.648^3) = 0.317 \cdot 0.5801", "wrong-rule"),
        (r"0.317 \cdot (1 + 0.648^2) = 0.317 \cdot 0.5801", "sign"),
        (r"(1 - 0.648^2) = 0.317 \cdot 0.5801", "missing-factor"),
    ],
)
def test_the_numbers_in_front_of_the_right_ones_are_looked_at(written: str, cause: str) -> None:
    text = rf"""$p = 0.317$ and $t = 0.648$.

$$s = p\,(1 - t^2) = {written} = 0.1839$$
"""
    judged = last(text)
    assert judged.verdict == "wrong"
    assert cause in judged.causes


def test_a_power_of_a_matrix_by_a_name_is_not_that_of_its_entries() -> None:
    text = r"""$X$ is a square matrix, $X \in \mathbb{R}^{n \times n}$.

$$\frac{\partial}{\partial X}\mathrm{Tr}(X^k) = k (X^{k-1})^T$$
"""
    assert last(text).verdict in ("ok", "unknown")


UNIT = r"""$$u = g_1 s_1 + g_2 s_2 + c$$

$$q = \tanh(u)$$

$$R = \frac{1}{2}(q - r)^2$$

Numbers: $g_1 = 0.3$, $s_1 = 1.2$, $g_2 = -0.5$, $s_2 = 0.7$, $c = 0.1$, $r = 1$, $\eta = 0.2$.

$$\frac{\partial R}{\partial g_1} = \frac{\partial R}{\partial q} \frac{\partial q}{\partial u} \frac{\partial u}{\partial g_1}
= WRITTEN$$
"""


@pytest.mark.parametrize(
    ("written", "cause"),
    [
        (r"(q - r)(1 - q^2)", "missing-factor"),
        (r"(q - r)(1 - q^2)\, s_2", "wrong-variable"),
        (r"(q - k)(1 - q^2)\, s_1 + (q - r) - (q - r)", "wrong-variable"),
    ],
)
def test_a_factor_with_a_number_may_be_missing_and_a_name_be_strange(
    written: str, cause: str
) -> None:
    assert last(UNIT.replace("WRITTEN", r"(q - r)(1 - q^2)\, s_1")).verdict == "ok"
    judged = last(UNIT.replace("WRITTEN", written))
    assert judged.verdict == "wrong"
    assert cause in judged.causes


@pytest.mark.parametrize(("again", "verdict"), [(r"v \le 0", "ok"), ("v > 0", "wrong")])
def test_one_condition_gives_one_value(again: str, verdict: str) -> None:
    text = rf"""$h = \max(0, v)$

$$\frac{{\partial h}}{{\partial v}} = \begin{{cases}} 1 & \text{{if }} v > 0 \\ 0 & \text{{if }} {again} \end{{cases}}$$
"""
    judged = last(text)
    assert judged.verdict == verdict
    assert judged.cause == ("mask" if verdict == "wrong" else None)


def test_a_name_that_stands_twice_gives_two_terms() -> None:
    text = r"""$K$, $L$ and $M$ are square matrices.

$$\frac{\partial}{\partial K}\mathrm{Tr}(M K L K) = M^T K^T L^T"""
    assert last(text + " + L^T K^T M^T$$\n").verdict == "ok"
    judged = last(text + "$$\n")
    assert judged.verdict == "wrong"
    assert "missing-path" in judged.causes


def test_a_sum_may_be_missing_in_brackets() -> None:
    text = r"""With $q_i = e^{s_i} / \sum_j e^{s_j}$ and $F = \sum_i q_i w_i$, where the $w_i$ are constants,

$$\sum_j \frac{\partial F}{\partial s_j} w_j = \sum_i q_i w_i^2 - \Bigl(SUM q_i w_i\Bigr)^2$$
"""
    assert last(text.replace("SUM", r"\sum_i")).verdict == "ok"
    judged = last(text.replace("SUM", ""))
    assert judged.verdict == "wrong"
    assert "missing-sum" in judged.causes


def test_numbers_that_do_not_come_out_tell_no_formula() -> None:
    text = r"""Given $x = 1.3$, $w = 0.7$, $b = 0.25$.

$$s = 0.7 \cdot 1.3 SIGN 0.25 = 1.16$$

$$M = \frac{1}{2}(s - 2)^2$$

$$\frac{\partial M}{\partial b} = \frac{\partial M}{\partial s} = -0.84$$
"""
    assert [j.verdict for j in check(text.replace("SIGN", "+")).judgements][-1] == "ok"
    found = check(text.replace("SIGN", "-")).judgements
    assert [j.line for j in found if j.verdict == "wrong"] == [3]
    assert next(j for j in found if j.line == 3).cause == "sign"


def test_the_entry_of_a_vector_taken_for_another_is_named() -> None:
    text = r"""Input $x = (3, 1.5)$, weights $w = (0.4, -2)$, bias $b = 0.5$.

$$z = w_1 x_1 + w_2 x_1 + b = 0.4 \cdot 3 + (-2) \cdot 1.5 + 0.5 = -1.3$$
"""
    judged = last(text)
    assert (judged.verdict, judged.cause) == ("wrong", "wrong-variable")


def test_a_name_is_no_slip_in_its_own_value() -> None:
    text = r"""The ridge solution is $\beta = (X^T X + \lambda I)^{-1} X^T y$.

$$p = X\beta = X (X^T X)^{-1} X^T y = P y$$

with $P = X (X^T X)^{-1} X^T$, and

$$r = y - p = y - P y = (I - P) y$$
"""
    assert "wrong" not in {j.verdict for j in check(text).judgements}
    plain = text.replace(r" + \lambda I", "")
    assert last(plain).verdict == "ok"
    assert last(plain.replace("(I - P)", "(I + P)")).verdict == "wrong"


def test_what_was_left_open_of_a_name_stays_open_in_the_next_section() -> None:
    text = r"""# Fits

## Ridge

The ridge solution is $\beta = (X^T X + \lambda I)^{-1} X^T y$.

## Projection

$$p = X\beta = X (X^T X)^{-1} X^T y = P y$$

with $P = X (X^T X)^{-1} X^T$.

## Residual

$$r = y - p = y - P y = (I - P) y$$
"""
    assert "wrong" not in {j.verdict for j in check(text).judgements}


def test_a_chain_whose_links_join_is_no_slip_whatever_numbers_its_names_have() -> None:
    text = (
        "u = c*v + d, p = σ(u), E = (t - p)²\n\n```\nv = 2, c = 0.5, d = 0.1, t = 1\n"
        "u = 0.5(2) + 0.1 = 1.1\np = σ(1.1) = 0.7503\n\n∂E/∂c = ∂E/∂p · ∂p/∂u · ∂u/∂c\n```\n"
    )
    assert check(text).judgements[-1].verdict not in ("wrong", "carried")


def test_shapes_that_nobody_says_make_no_slip() -> None:
    text = (
        "h = X @ W1 + b1, a = relu(h), s = a @ W2 + b2, p = sigmoid(s)\n\n"
        "E = -mean(t*log(p) + (1-t)*log(1-p))\n\np = σ(u), dp/du = p*(1-p)\n\n"
        "∂E/∂a = ∂E/∂u @ W2.T   (1, 1) @ (1, 4) → (1, 4)\n"
    )
    assert "wrong" not in {j.verdict for j in check(text).judgements}


def test_numbers_are_judged_though_an_equation_ties_their_names_together() -> None:
    text = r"From $6 p + 2 q = 10$ and $2 p + 3 q = 8$ follows $p = \frac{3 \cdot 10 - 2 \cdot 8}{%s - 4} = 1$."
    assert check(text % r"3 \cdot 6").judgements[-1].verdict in ("ok", "given")
    assert check(text % "6").judgements[-1].verdict == "wrong"


def test_a_label_that_may_be_two_indices_makes_no_slip() -> None:
    text = r"""$s_k = \sum_{i=1}^n V_{ki} p_i + d_k$

$$\frac{d s_o}{d V_{oi}} = \frac{d}{d V_{oi}}\left( \sum_{i=1}^n V_{oi} p_i + d_o \right)
= \frac{d}{d V_{oi}}\left( V_{oi} p_i + d_o \right) = p_i$$
"""
    assert check(text).judgements[-1].verdict not in ("wrong", "carried")


@pytest.mark.parametrize(("name", "verdict"), [("s", "ok"), ("g", "wrong")])
def test_a_name_that_is_computed_further_on_has_no_number_yet(name: str, verdict: str) -> None:
    text = (
        "$s = 2.5$, $k = 0.4$, $d = 0.1$.\n\n"
        f"$r = k {name} + d = 0.4 \\cdot 2.5 + 0.1 = 1.1$\n\n$g = \\tanh(r) = \\tanh(1.1) = 0.8005$"
    )
    assert next(j.verdict for j in check(text).judgements if j.line == 3) == verdict
