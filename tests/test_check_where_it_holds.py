"""``dvar check`` of equations that hold somewhere: conditions to be solved, signs that are supposed, ε² = 0."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in check(text).judgements]


MARKET = "Demand $Q_d = 120 - 3P$, supply $Q_s = 2P - 10$.\n\n"


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        (r"$Q_d = Q_s \Rightarrow 120 - 3P = 2P - 10 \Rightarrow 5P = 130$", ["given", "ok", "ok"]),
        (r"$Q_d = Q_s \Rightarrow 5P = 130 \Rightarrow P^* = 26$", ["given", "ok", "ok"]),
        (r"$Q_d = Q_s \Rightarrow 5P = 130 \Rightarrow P^* = 25$", ["given", "ok", "wrong"]),
        (r"In equilibrium $Q_d = Q_s$, hence $5P = 130$.", ["given", "ok"]),
    ],
)
def test_two_quantities_that_are_to_be_equal_make_a_condition(
    chain: str, expected: list[str]
) -> None:
    assert verdicts(MARKET + chain)[2:] == expected


def test_what_does_not_follow_from_a_condition_is_not_understood() -> None:
    assert verdicts(MARKET + r"$Q_d = Q_s \Rightarrow 5P = 110$")[2:] == ["given", "unknown"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r"$2 - 5a = 0 \Rightarrow a = 0.4$", "ok"),
        ("$3 - 7a = 0$, so $a = 0.43$", "ok"),
        ("$3 - 7a = 0$ gives $a = 0.48$", "wrong"),
        ("$3 - 7a = 0$. For the other example $a = 0.48$", "given"),
    ],
)
def test_a_number_solves_the_equation_in_front_of_it(line: str, expected: str) -> None:
    assert verdicts(line)[-1] == expected


ABSOLUTE = r"the objective $h(b) = \frac12 (z-b)^2 + \lambda |b|$ has "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (rf"For $b>0$ {ABSOLUTE} $h'(b) = b - z + \lambda$.", "ok"),
        (rf"For $b<0$ {ABSOLUTE} $h'(b) = b - z - \lambda$.", "ok"),
        (rf"For $b<0$ {ABSOLUTE} $h'(b) = b - z + \lambda$.", "wrong"),
        (rf"Here {ABSOLUTE} $h'(b) = b - z + \lambda$.", "wrong"),
    ],
)
def test_a_sign_that_was_supposed_holds_for_the_formulas_behind_it(
    text: str, expected: str
) -> None:
    assert verdicts(text)[-1] == expected


def test_a_formula_for_one_piece_says_nothing_of_the_others() -> None:
    text = r"""So $\hat b = z - \lambda$ when $z>\lambda$. In general
$$\hat b = \operatorname{sign}(z)\max(|z|-\lambda, 0).$$
With $z = 1.5$ and $\lambda = 0.4$ it is $\hat b = 1.1$; with $z=-0.3$ it is $\hat b = 0$."""
    assert {"wrong", "carried"}.isdisjoint(verdicts(text))


DUAL = "A dual number is $a + b\\epsilon$ with $\\epsilon^2 = 0$.\n\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r"$(a + b\epsilon)(c + d\epsilon) = ac + (ad + bc)\epsilon$", "ok"),
        (r"$(a + b\epsilon)(c + d\epsilon) = ac + (ad - bc)\epsilon$", "unknown"),
        (
            r"$\frac{a + b\epsilon}{c + d\epsilon} = \frac{a}{c} + \frac{bc - ad}{c^2}\epsilon$",
            "ok",
        ),
        (r"$\sin(a + b\epsilon) = \sin a + b\cos(a)\epsilon$", "ok"),
        (r"$(4 + \epsilon)^2 + 3(4 + \epsilon) = 28 + 11\epsilon$", "ok"),
        (r"$(4 + \epsilon)^2 + 3(4 + \epsilon) = 28 + 8\epsilon$", "wrong"),
    ],
)
def test_the_square_of_a_dual_unit_vanishes(line: str, expected: str) -> None:
    assert verdicts(DUAL + line)[-1] == expected


LAGRANGE = r"""$F = xy - \lambda(x + 2y - 8)$

$F_x = y - \lambda = 0$

$F_y = x - 2\lambda = 0$

$F_\lambda = -(x + 2y - 8) = 0$

So $y = \lambda$ and $x = 2\lambda$.
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", ["ok", "ok", "ok"]),
        (r"x - 2\lambda = 0", r"x - \lambda = 0", ["ok", "wrong", "ok"]),
        (r"-(x + 2y - 8) = 0", r"-(x + y - 8) = 0", ["ok", "ok", "wrong"]),
    ],
)
def test_names_below_that_are_asked_to_vanish_are_derivatives(
    old: str, new: str, expected: list[str]
) -> None:
    assert verdicts(LAGRANGE.replace(old, new))[1:4] == expected


def test_components_of_a_force_are_no_derivatives() -> None:
    text = r"$F = m a + x y$, $F_x = 3$ and $F_y = 4$, $|F| = 5$"
    assert "wrong" not in verdicts(text)


def test_what_solved_an_exercise_is_free_in_the_next() -> None:
    text = r"""# One
$L(x,y,\lambda) = x^2 + 2y^2 - \lambda(x + y - 3)$, $\frac{\partial L}{\partial x} = 2x - \lambda = 0$,
$\frac{\partial L}{\partial y} = 4y - \lambda = 0$, so $x = 2y$.

# Two
For $h(x,y) = e^{xy}$ the gradient is $\nabla h = (x e^{xy}, x e^{xy})$.
"""
    assert verdicts(text)[-1] == "wrong"
