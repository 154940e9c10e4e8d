"""``dvar check`` where a gradient is set to zero."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check

RIDGE = r"""
$J(v) = \|B v - r\|^2 + \mu \|v\|^2$ has the gradient $\nabla J(v) = 2 B^\top (B v - r) + 2 \mu v$.

Setting it to zero gives """


@pytest.mark.parametrize(
    ("equation", "expected"),
    [
        (r"(B^\top B + \mu I) v = B^\top r", "ok"),
        (r"B^\top (r - B v) = \mu v", "ok"),
        (r"(B^\top B + 2 \mu I) v = B^\top r", "unknown"),
    ],
)
def test_a_gradient_that_vanishes_makes_an_equation(equation: str, expected: str) -> None:
    assert check(f"{RIDGE}${equation}$.").judgements[-1].verdict == expected


def test_without_such_words_an_equation_to_be_solved_is_not_understood() -> None:
    text = RIDGE.replace("Setting it to zero gives", "Besides,")
    assert check(rf"{text}$(B^\top B + \mu I) v = B^\top r$.").judgements[-1].verdict == "unknown"


def test_a_solution_says_nothing_of_the_name_before() -> None:
    text = RIDGE + r"$v = (B^\top B + \mu I)^{-1} B^\top r$."
    assert [j.verdict for j in check(text).judgements] == ["definition", "ok", "ok"]


MIXTURE = r"""
$$r_{ik} = \frac{\pi_k e^{-(x_i - m_k)^2}}{\sum_{j=1}^K \pi_j e^{-(x_i - m_j)^2}}$$

$$Q = \sum_{i=1}^n \sum_{k=1}^K r_{ik} \left[ \log \pi_k - \log \sigma_k - \frac{(x_i - m_k)^2}{2\sigma_k^2} \right]$$

where the $r_{ik}$ are held fixed.

$$\frac{\partial Q}{\partial \sigma_k} = \sum_i r_{ik} \left( \frac{(x_i - m_k)^2}{\sigma_k^3} - \frac{1}{\sigma_k} \right)$$

$$\Lambda = Q + \lambda \left( 1 - \sum_{k=1}^K \pi_k \right)$$

$$\frac{\partial \Lambda}{\partial \pi_k} = %s = 0$$

Hence $\pi_k = \frac{1}{\lambda} \sum_{i=1}^n r_{ik}$ and

$$\sigma_k^2 = \frac{\sum_{i=1}^n r_{ik} (x_i - m_k)^2}{\sum_{i=1}^n r_{ik}}$$
"""


def test_what_is_held_fixed_does_not_move_nor_what_solves_an_equation_before_it() -> None:
    right = check(MIXTURE % r"\frac{\sum_{i=1}^n r_{ik}}{\pi_k} - \lambda").judgements
    assert [j.verdict for j in right if j.source.startswith(r"\frac{\partial")] == ["ok", "ok"]
    wrong = check(MIXTURE % r"\frac{\sum_{i=1}^n r_{ik}}{\pi_k} + \lambda").judgements
    assert [j.verdict for j in wrong if r"\Lambda}" in j.source] != ["ok"]


CONSUMER = r"""
Maximise $u = x_1^{a} x_2^{b}$ subject to $w = p_1 x_1 + p_2 x_2$, by

$$L = x_1^{a} x_2^{b} + \lambda (w - p_1 x_1 - p_2 x_2)$$

$$\frac{\partial L}{\partial x_1} = %s = 0$$

$$\frac{\partial L}{\partial x_2} = b x_1^{a} x_2^{b-1} - \lambda p_2 = 0$$

$$\frac{\partial L}{\partial \lambda} = w - p_1 x_1 - p_2 x_2 = 0$$

Divide: $\frac{a}{b}\frac{x_2}{x_1} = \frac{p_1}{p_2}$
"""


def test_a_constraint_defines_no_name_and_the_conditions_of_an_optimum_are_put_together() -> None:
    right = check(CONSUMER % r"a x_1^{a-1} x_2^{b} - \lambda p_1").judgements
    assert [j.verdict for j in right][-4:] == ["ok", "ok", "ok", "ok"]
    wrong = check(CONSUMER % r"a x_1^{a-1} x_2^{b} + \lambda p_1").judgements
    assert "wrong" in [j.verdict for j in wrong]


POISSON = r"""
$$L(\lambda) = \frac{\lambda^{\sum x_i}}{\prod x_i!} e^{-\lambda n}$$

$$\log L(\lambda) = \left( \sum x_i \right) \log \lambda - \lambda n - \sum \log (x_i!)$$

$$\frac{d^2}{d\lambda^2}\log L(\lambda) = %s$$
"""


def test_a_sum_without_an_index_is_over_the_letter_that_means_nothing_outside_of_it() -> None:
    right = check(POISSON % r"-\frac{\sum x_i}{\lambda^2}").judgements
    assert [j.verdict for j in right] == ["definition", "ok", "ok"]
    wrong = check(POISSON % r"\frac{\sum x_i}{\lambda^2}").judgements
    assert [j.verdict for j in wrong] == ["definition", "ok", "wrong"]
