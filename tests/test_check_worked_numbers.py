"""``dvar check`` of numbers worked by hand: rates, steps, numbers put in, mistakes that are carried on."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in check(text).judgements]


STEP = r"""The learning rate is $\eta = 0.1$ and $w_1 = 0.5$.

$\frac{\partial L}{\partial w_1} = -1.92$

"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("$w_1 := 0.5 - 0.1(-1.92) = 0.692$", "ok"),
        ("$w_1 := 0.5 - 0.4(-1.92) = 1.268$", "wrong"),
        ("With a rate of 0.4 it would be $w_1 := 0.5 - 0.4(-1.92) = 1.268$", "ok"),
        ("The mean of two: $w_1 := 0.5 - 0.05(-1.92) = 0.596$", "ok"),
    ],
)
def test_a_step_with_another_rate_than_the_one_given_is_wrong(line: str, expected: str) -> None:
    assert verdicts(STEP + line)[-1] == expected


CASE = r"""Weights $w_1 = 0.15$, $w_2 = 0.20$, $b = 0.35$, inputs $x_1 = 0.05$, $x_2 = 0.10$.

"""
FIRST = r"""$z = w_1 x_1 + w_2 x_2 + b = 0.15\cdot 0.05 + 0.20 \cdot 0.10 + 0.35 = 0.3775$

"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (FIRST, "ok"),
        (FIRST.replace("0.20", "0.25").replace("0.3775", "0.3825"), "wrong"),
        (
            FIRST + FIRST.replace(r"\cdot 0.10", r"\cdot 0.30").replace("0.3775", "0.4175"),
            "unknown",
        ),
    ],
)
def test_one_number_put_in_that_is_none_of_the_case(text: str, expected: str) -> None:
    assert verdicts(CASE + text)[-1] == expected


def test_a_number_for_what_is_open_carries_the_mistake_it_goes_on_with() -> None:
    text = r"""$o_1 = v_1 h + c$, $o_2 = v_2 h$, $L = o_1^2 + o_2$, $h = \phi(z)$.

$v_1 = 0.713$, $v_2 = 0.4$, $h = 0.5$, $c = 0.25$, $o_1 = 0.6$

$\frac{\partial L}{\partial o_1} = 2 o_1 = 1.2$

$\frac{\partial L}{\partial h} = \frac{\partial L}{\partial o_1} v_1 = 1.2 \cdot 0.713 = 0.8556$

$\frac{\partial L}{\partial z} = 0.8556 \cdot 1 = 0.8556$
"""
    assert verdicts(text)[-2:] == ["wrong", "carried"]


MOMENTUM = """f(x) = (x − 3)² + 1 and f'(x) = 2(x − 3), α = 0.1, β = 0.8, x₀ = 8, v₀ = 0.

v(t) = β·v(t−1) − α·f'(x(t−1)) and x(t) = x(t−1) + v(t)

v₁ = 0.8(0) − 0.1(10) = −1

x₁ = 8 + (−1) = 7

v₂ = 0.8(−1) − 0.1(8) = −1.6

x₂ = 7 − 1.6 = 5.4
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", ["ok", "ok", "ok", "ok"]),
        ("0.1(8) = −1.6", "0.2(8) = −2.4", ["ok", "ok", "wrong", "ok"]),
        ("7 − 1.6 = 5.4", "7 + 1.6 = 8.6", ["ok", "ok", "ok", "wrong"]),
    ],
)
def test_the_steps_of_a_rule_that_is_written_like_a_function(
    old: str, new: str, expected: list[str]
) -> None:
    assert verdicts(MOMENTUM.replace(old, new))[-4:] == expected


def test_a_step_goes_on_with_a_wrong_one() -> None:
    text = MOMENTUM.replace("0.1(8) = −1.6", "0.2(8) = −2.4").replace(
        "7 − 1.6 = 5.4", "7 − 2.4 = 4.6"
    )
    assert verdicts(text)[-2:] == ["wrong", "carried"]


def test_an_adjoint_with_a_wrong_number_is_no_formula_that_was_meant() -> None:
    text = r"""$v_3 = \sin x$, $v_4 = 3x$, $f = v_4 - v_3$ at $x = 2$.

$\bar{f} = 1$

$\bar{v}_4 = \bar{f}\,\frac{\partial f}{\partial v_4} = 1$

$\bar{v}_3 = \bar{f}\,\frac{\partial f}{\partial v_3} = 1$

$\bar{x} = \bar{v}_3 \cos(x) + 3\bar{v}_4 = -0.416 + 3 = 2.584$
"""
    assert verdicts(text)[-2:] == ["wrong", "carried"]


MOMENTS = r"""Expectation and variance: $\mathbb{E}[X] = 0.5 + 0.6 = 1.1$ and $\mathbb{E}[X^2] = 0.5 + 1.2 = 1.7$.

"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r"$\operatorname{Var}(X) = \mathbb{E}[X^2] - \mathbb{E}[X]^2 = 1.7 - 1.21 = 0.49$", "ok"),
        (r"$\operatorname{Var}(X) = \mathbb{E}[X^2] - \mathbb{E}[X]^2 = 1.7 - 1.1 = 0.6$", "wrong"),
        (r"$\operatorname{Var}(X) = \mathbb{E}[X^2] + \mathbb{E}[X]^2$", "unknown"),
        (r"For $Y = 3X + 2$: $\mathbb{E}[Y] = 3\cdot 1.1 + 2 = 5.3$", "ok"),
        (r"For $Y = 3X + 2$: $\mathbb{E}[Y] = 3\cdot 1.1 = 3.3$", "unknown"),
        (r"For $Y = 3X + 2$: $\operatorname{Var}(Y) = 9\cdot 0.49 = 4.41$", "ok"),
        (r"For $Y = 3X + 2$: $\operatorname{Var}(Y) = 3\cdot 0.49 = 1.47$", "wrong"),
    ],
)
def test_moments_of_a_variable_without_a_law(line: str, expected: str) -> None:
    assert verdicts(MOMENTS + line)[-1] == expected


def test_an_error_with_an_argument_is_no_mean() -> None:
    text = r"The expected output is $t$. $E(W) = \frac12 (W x - t)^2$, $\frac{\partial E}{\partial W} = (W x - t) x$"
    assert verdicts(text)[-1] == "ok"


POLICY = r"""$\pi_\theta(1) = \sigma(\theta)$ and $\pi_\theta(0) = 1 - \sigma(\theta)$.

"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r"$\frac{d}{d\theta}\log\pi_\theta(1) = 1 - \sigma(\theta)$", "ok"),
        (r"$\frac{d}{d\theta}\log\pi_\theta(0) = -\sigma(\theta)$", "ok"),
        (r"$\frac{d}{d\theta}\log\pi_\theta(0) = \sigma(\theta)$", "wrong"),
    ],
)
def test_outcomes_that_are_told_one_by_one(line: str, expected: str) -> None:
    assert verdicts(POLICY + line)[-1] == expected


def test_values_of_a_function_are_no_outcomes() -> None:
    text = "$f(x) = a x + b$, $f(0) = b$, $f(1) = a + b$, $f(1) = a - b$"
    assert verdicts(text)[1:] == ["ok", "ok", "wrong"]


def test_the_last_iterate_is_put_in() -> None:
    text = r"""$p_i = \frac{1}{1 + e^{-\beta x_i}}$ with $x = (0, 1, 2)$.

$\beta_0 = 0$, $\beta_1 = 0.5714$: $p_2 = \frac{1}{1 + e^{-0.5714}} = 0.6391$ and $p_3 = 0.7582$"""
    assert verdicts(text)[-2:] == ["ok", "ok"]


BAYES = "$P(A) = 0.5$, $P(r|A) = 0.7$, $P(r|B) = 0.2$.\n\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("$P(r) = P(r|A) P(A) + P(r|B) (1 - P(A)) = 0.35 + 0.1 = 0.45$", "ok"),
        ("$P(r) = P(r|A) P(A) + P(r|B) (1 - P(A)) = 0.35 + 0.20 = 0.55$", "wrong"),
        ("$P(A|rr) = \\frac{0.245}{0.265} = 0.925$", "ok"),
        ("$P(A|rr) = \\frac{0.245}{0.265} = 0.952$", "wrong"),
    ],
)
def test_probabilities_of_events_are_numbers(line: str, expected: str) -> None:
    found = verdicts(BAYES + line)
    assert found == ["given", "given", "given", expected]


def test_a_profit_that_is_called_p_is_a_function() -> None:
    text = "$P(x) = 20x - 500$, $P(30) = 100$, $P(25) = 0$, $P(40) = 200$"
    assert verdicts(text) == ["definition", "ok", "ok", "wrong"]


def test_a_lone_e_may_be_the_number_of_euler() -> None:
    assert verdicts(r"$f(x) = x^2\ln x$, $f'(x) = 2x\ln x + x$, $f'(e) = 3e$")[-1] == "ok"


def test_tangents_are_no_results_that_a_loss_is_made_of() -> None:
    text = r"""$v_1 = \ln x_1$, $v_2 = x_1 x_2$, $v_4 = v_1 + v_2$ at $(x_1, x_2) = (2, 5)$. With $\dot{x}_1 = 1$, $\dot{x}_2 = 0$
the tangents are $\dot{v}_1 = \dot{x}_1 / x_1 = 0.5$, $\dot{v}_2 = \dot{x}_1 x_2 + x_1 \dot{x}_2 = 5$,
$\dot{v}_4 = \dot{v}_1 + \dot{v}_2 = 5.5$.

Reverse: $\bar{v}_4 = 1$,
$\bar{v}_2 = \frac{\partial v_4}{\partial v_2} = 1$, $\bar{v}_1 = \frac{\partial v_4}{\partial v_1} = 1$,
$\bar{x}_1 = \bar{v}_1 \frac{1}{x_1} + \bar{v}_2 x_2 = 0.5 + 5 = 5.5$"""
    assert "wrong" not in verdicts(text)


ADAM = r"""$\beta_2 = 0.99$, $v_0 = 0$, $g_1 = 1$, $g_2 = 0.8$.

$v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2$

$v_1 = 0.99 \cdot 0 + 0.01 \cdot 1 = 0.01$

"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r"$v_2 = 0.99 \cdot 0.01 + 0.01 \cdot 0.64 = 0.0163$", "ok"),
        (r"$v_2 = 0.99 \cdot 0.01 + 0.01 \cdot 0.8 = 0.0179$", "wrong"),
        (r"$v_2 = 0.99 \cdot 0.01 + 0.01 \cdot 0.49 = 0.0148$", "unknown"),
    ],
)
def test_a_number_that_was_not_squared(line: str, expected: str) -> None:
    assert verdicts(ADAM + line)[-1] == expected


def test_numbers_that_nothing_could_turn_are_not_said_to_lack_a_transpose() -> None:
    """One wrong value leaves the sizes of the names behind it open; none of them is an array."""
    text = r"""
| | value |
|---|---|
| $w_{35}$ | -1.2 |
| $w_{45}$ | 1.1 |
| $\theta_5$ | 0.3 |

$y_3 = sigmoid(x_1 w_{13} + x_2 w_{23} - \theta_3) = 1/[1 + e^{-(1\cdot 0.5 + 0 \cdot 0.9 - 1 \cdot 0.8)}] = 0.4256$

$y_4 = sigmoid(x_1 w_{14} + x_2 w_{24} - \theta_4) = 0.6225$

$y_5 = sigmoid(y_3 w_{35} + y_4 w_{45} - \theta_5) = 0.4690$

$\delta_5 = y_5 (1 - y_5) e = 0.4690 \cdot (1 - 0.4690) \cdot 0.5310 = 0.1322$

$\Delta w_{45} = \alpha \cdot y_4 \cdot \delta_5 = 0.1 \cdot 0.6225 \cdot 0.1322 = 0.0082$

$\Delta \theta_5 = \alpha \cdot (-1) \cdot \delta_5 = -0.0132$
"""
    wrong = [j for j in check(text).judgements if j.verdict == "wrong"]
    assert ["y_5" in j.source for j in wrong] == [True]
