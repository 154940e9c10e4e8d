"""Slips in the formula in front of what is right, lost paths and sums, numbers that are not those of their names."""

from __future__ import annotations

import pytest

from dvar import check


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in check(text).judgements]


POLAR = r"""
$x = r\cos\theta$ and $y = r\sin\theta$, so

$$D = \cos\theta \cdot r\cos\theta + r\sin\theta \cdot \%s\theta = r$$
"""


def test_a_slip_in_the_middle_of_a_chain_is_told_there() -> None:
    assert verdicts(POLAR % "sin")[-1] == "ok"
    found = check(POLAR % "cos").judgements[-1]
    assert found.verdict == "wrong"
    assert "sin" in (found.repaired or "")
    assert found.expected is None  # what stands behind it is right


SPECIAL = r"""
# Model

$p = \sigma(z)$ and $L = -y\log p - (1 - y)\log(1 - p)$.

# Derivatives

For $y = 1$ it is $L = -\log p$, so $\frac{\partial L}{\partial p} = -\frac1p$. In general
$$\frac{\partial L}{\partial z} = p %s y$$
"""


def test_a_line_may_be_about_the_formula_before_the_special_case() -> None:
    assert verdicts(SPECIAL % "-")[-1] == "ok"
    found = check(SPECIAL % "+").judgements[-1]
    assert (found.verdict, found.cause) == ("wrong", "sign")


def test_a_one_that_is_lost_in_front_is_found() -> None:
    assert verdicts(r"$f(z) = \tanh(z)$ and $f'(z) = 1 - \tanh^2(z)$")[-1] == "ok"
    assert verdicts(r"$f(z) = \tanh(z)$ and $f'(z) = -\tanh^2(z)$")[-1] == "wrong"


ATTENTION = r"""
$X \in \mathbb{R}^{n\times d}$, $W_Q, W_K \in \mathbb{R}^{d\times k}$, $Q = X W_Q$, $K = X W_K$, $S = Q K^\top$ and a loss of $S$.

$dQ = dS\, K$, $dK = dS^\top Q$ and
$$dX = %s$$
"""


def test_a_path_is_missing_where_the_others_are_added_up() -> None:
    whole = ATTENTION.replace(
        " and a loss", r", $V = X W_V$ with $W_V \in \mathbb{R}^{d\times k}$ and a loss"
    )
    paths = [r"dQ\, W_Q^\top", r"dK\, W_K^\top", r"dV\, W_V^\top"]
    assert verdicts(whole % " + ".join(paths))[-1] == "ok"
    found = check(whole % f"{paths[0]} + {paths[2]}").judgements[-1]
    assert found.verdict == "wrong"
    assert "through K" in found.message
    # One path alone may be meant as one of several.
    assert verdicts(whole % paths[0])[-1] != "wrong"


NORM = r"$c_{ij} = x_{ij} - m_j$ and $y_{ij} = c_{ij} s_j$. Then $dc_{ij} = dy_{ij} s_j$ and $dm_j = -%s dc_{ij}$."


def test_a_gradient_by_name_sums_over_what_it_does_not_have() -> None:
    assert verdicts(NORM % r"\sum_i")[-1] == "ok"
    assert verdicts(NORM % "")[-1] == "wrong"


GATES = r"""
$a = 1$, $b = -2$, $c = 3$, $d = 0.5$, $p = bc$, $q = a + p$, $f = qd$.

$p = -6$ and $q = -5$.

$f = %s = -5 \cdot 0.5 = -2.5$
"""


def test_numbers_put_in_tell_which_formula_is_meant() -> None:
    assert "wrong" not in verdicts(GATES % "qd")
    found = check(GATES % "ad").judgements[-1]
    assert (found.verdict, found.cause) == ("wrong", "wrong-variable")
    assert "q for a" in found.message


ERROR = r"""
$o = 0.5827$ and $t = 0$.

$E = \frac12(%s)^2 = \frac12(0 - 0.5827)^2 = 0.1698$
"""


def test_numbers_put_in_tell_which_term_is_missing() -> None:
    assert "wrong" not in verdicts(ERROR % "t - o")
    found = check(ERROR % "t").judgements[-1]
    assert found.verdict == "wrong"
    assert "- o" in found.message


ROUNDED = r"$t = 0.01$, $o = 0.75136507$. Then $\delta = -(t - o) = -(0.01 - %s) = 0.74136507$."


def test_a_number_of_many_digits_is_not_put_in_roundly() -> None:
    assert verdicts(ROUNDED % "0.75136507")[-1] == "ok"
    assert verdicts(ROUNDED % "0.75316507")[-1] == "wrong"
    assert verdicts(ROUNDED % "0.751")[-1] != "wrong"


STEPS = r"$L = \frac12(w x + b - y)^2$. We take steps $w = w - \alpha\, dw$ and $b = b - \alpha%s$."


def test_a_step_needs_its_gradient_where_the_others_have_it() -> None:
    assert verdicts(STEPS % r"\, db")[-1] == "ok"
    assert verdicts(STEPS % "")[-1] == "wrong"


INVERSE = r"""
$$L = -\frac12\sum_j (1 + \log\sigma_j^2 - \mu_j^2 - \sigma_j^2)$$

Programs predict $s_j = \log\sigma_j^2$. Then $\sigma_j = e^{s_j/2}$, $\frac{d\sigma_j}{ds_j} = \frac12\sigma_j$ and
$$\frac{\partial L}{\partial s_j} = %s\frac12(e^{s_j} - 1)$$
"""


def test_a_formula_solved_for_another_name_takes_over() -> None:
    assert verdicts(INVERSE % "")[-2:] == ["ok", "ok"]
    assert verdicts(INVERSE % "-")[-2:] == ["ok", "wrong"]


def test_two_equations_of_several_names_are_a_system() -> None:
    text = r"Demand is $Y = C + I + G$ with $C = c Y$. Hence $\frac{dY}{dG} = \frac{1}{1 - c}$."
    assert "wrong" not in verdicts(text)


@pytest.mark.parametrize(
    ("right", "written"), [(True, r"2 x_i \delta_{ij}"), (False, r"2\delta_{ij}")]
)
def test_one_number_of_another_question_is_no_vector(right: bool, written: str) -> None:
    text = (
        "# Question 1\n\n$f(x) = x^2$ at $x = 1$.\n\n# Question 2\n\n$x = (x_1, \\ldots, x_n)$, $y_i = x_i^2$.\n\n"
        rf"$\frac{{\partial y_i}}{{\partial x_j}} = {written}$"
    )
    assert (verdicts(text)[-1] == "ok") is right
