"""``dvar check`` of what moves: implicit slopes, related rates, dots of time, steps, angles; other cases of the same."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in check(text).judgements]


@pytest.mark.parametrize(
    ("slope", "expected"),
    [
        ("$y' = -\\frac{2x + y}{x + 2y}$", "ok"),
        ("$y' = \\frac{2x + y}{x + 2y}$", "wrong"),
        ("$2x + y + x y' + 2y y' = 0$", "ok"),
    ],
)
def test_the_prime_of_a_curve_is_its_slope(slope: str, expected: str) -> None:
    assert verdicts(f"On $x^2 + xy + y^2 = 7$ at $(1, 2)$: {slope}.")[-1] == expected


def test_a_curve_of_another_exercise_has_its_own_names() -> None:
    text = r"""\begin{enumerate}
\item Let $y = x^2 e^{-3x}$; then $y' = x(2 - 3x)e^{-3x}$.
\item The curve $x^2 + xy + y^2 = 7$ has $\frac{dy}{dx} = \frac{2x + y}{x + 2y}$.
\end{enumerate}"""
    assert verdicts(text)[-2:] == ["given", "wrong"]


LADDER = r"A ladder: $x^2 + h^2 = 25$ and $\frac{dx}{dt} = 0.6$. Then "


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r"$2x\frac{dx}{dt} + 2h\frac{dh}{dt} = 0$", "ok"),
        (r"$\frac{dh}{dt} = -\frac{x}{h}\frac{dx}{dt}$", "ok"),
        (r"$x\frac{dx}{dt} - h\frac{dh}{dt} = 0$", "unknown"),
    ],
)
def test_names_that_are_tied_together_move_together(line: str, expected: str) -> None:
    both = LADDER + line + r", with the speed $\frac{dh}{dt}$ of the top"
    assert verdicts(both)[2] == expected


def test_what_is_made_of_moving_names_moves_with_all_of_them() -> None:
    text = r"""$L = \frac12 m\dot q^2 - \frac12 kq^2$ and $E = \frac12 m\dot q^2 + \frac12 kq^2$.

$\frac{d}{dt}\frac{\partial L}{\partial \dot q} - \frac{\partial L}{\partial q} = m\ddot q + kq$

$\frac{dE}{dt} = m\dot q\ddot q + kq\dot q$

$V = \frac43\pi r^3$, $\frac{dV}{dt} = 4\pi r^2\frac{dr}{dt}$"""
    assert verdicts(text)[2:] == ["ok", "ok", "definition", "ok"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r"$\dot y = v_0\sin\varphi - g t$", "ok"),
        (r"$\dot y = v_0\sin\varphi - 2 g t$", "wrong"),
        (r"$\ddot y = -g$", "ok"),
    ],
)
def test_the_dot_of_a_function_of_time(line: str, expected: str) -> None:
    text = rf"$y(t) = v_0 t\sin\varphi - \tfrac12 g t^2$. {line}"
    assert verdicts(text)[-1] == expected


def test_a_function_that_is_a_derivative_has_values() -> None:
    text = "$s(t) = t^3 - 6t^2$, $v(t) = s'(t) = 3t^2 - 12t$, $v(2) = -12$, $v(1) = -8$"
    assert verdicts(text)[-2:] == ["ok", "wrong"]


def test_angles_in_degrees_are_numbers() -> None:
    assert verdicts(r"$\theta = 30^\circ$, $\sin\theta = 0.5$, $\cos 60^\circ = 0.9$") == [
        "given",
        "ok",
        "wrong",
    ]


@pytest.mark.parametrize(
    "text",
    [
        # the next input of a neuron whose inputs are told only by putting them in
        r"""$w_1 = 0.3$, $w_2 = -0.1$, $b = 0.2$.

Input (1, 0): $s = w_1 x_1 + w_2 x_2 + b = 0.3\cdot 1 - 0.1 \cdot 0 + 0.2 = 0.5$.

Input (1, 1): $s = 0.3 \cdot 1 - 0.1 \cdot 1 + 0.2 = 0.4$""",
        # a point beside those of a table
        r"""$w_1 = 0.4$, $w_2 = 0.7$, $b = 0.1$.

| x1 | x2 |
|---|---|
| 1 | 2 |
| 0 | 1 |

A new point: $z = w_1 x_1 + w_2 x_2 + b = 0.4\cdot 3 + 0.7\cdot 0.5 + 0.1 = 1.65$""",
        # pieces of a function
        "$f(x) = |x - 2|$. For $x > 2$: $f(x) = x - 2$, $f'(x) = 1$. For $x < 2$: $f'(x) = -1$.",
        # a recurrence
        "$x(t+1) = r x(t)(1 - x(t))$, $r = 2.5$, $x(0) = 0.2$, $x(1) = 2.5\\cdot 0.2\\cdot 0.8 = 0.4$",
        # another body of the same letter
        r"""A ball has $V = \frac43\pi r^3$.

A cone has $r = h/2$, so $V = \frac{1}{12}\pi h^3$.""",
    ],
)
def test_another_case_is_no_mistake(text: str) -> None:
    assert {"wrong", "carried"}.isdisjoint(verdicts(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"$\pi = 56Q - 3Q^2 - 20$, $\pi' = 56 - 6Q$, $\pi'' = -6$", ["definition", "ok", "ok"]),
        (r"$\pi = 56Q - 3Q^2 - 20$, $\pi' = 56 - 3Q$", ["definition", "wrong"]),
    ],
)
def test_a_profit_has_a_slope(text: str, expected: list[str]) -> None:
    assert verdicts(text) == expected


def test_two_capitals_that_are_told_by_a_derivative_are_one_name() -> None:
    text = r"""$P = 60 - 2Q$, $M = 100$, $q = K^{0.25}L^{0.5}$.

$MP_K = \frac{\partial q}{\partial K} = 0.25\,K^{-0.75}L^{0.5}$

$MP_L = \frac{\partial q}{\partial L} = 0.5\,K^{0.25}L^{-0.5}$

$MRTS = \frac{MP_L}{MP_K} = \frac{2K}{L}$"""
    assert verdicts(text)[-3:] == ["ok", "ok", "ok"]


def test_a_partial_derivative_by_a_greek_letter() -> None:
    text = r"$\mathcal{L}(x,y,\lambda) = xy + \lambda(100 - 2x - 5y)$, $\mathcal{L}_\lambda = 100 - 2x - 5y = 0$"
    assert verdicts(text) == ["definition", "ok"]
