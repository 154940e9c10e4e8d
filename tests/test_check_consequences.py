"""What follows from conditions and from other formulas: scatter matrices, quadratic forms, open functions."""

import dvar

LIKELIHOOD = r"""Let
$$J(\Sigma) = -\frac{n}{2} \log|\Sigma| - \frac12 \sum_{i=1}^n (x_i - \mu)^T \Sigma^{-1} (x_i - \mu)$$
and $S = \sum_{i=1}^n (x_i - \mu)(x_i - \mu)^T$.  Set the gradient to zero:

$$-\frac{n}{2} \Sigma^{-1} + \frac12 \Sigma^{-1} S \Sigma^{-1} = 0$$

$$%s n \Sigma = S$$
"""
RAYLEIGH = r"""$C$ is the covariance matrix, and

$$\mathcal{L}(V, \lambda) = V^T C V + \lambda (1 - V^T V)$$

$$\frac{\partial \mathcal{L}}{\partial V} = 2 C V %s 2 \lambda V$$

Setting it to zero gives

$$C V = %s \lambda V$$
"""
PATHS = r"""Let $z = f(x, y)$ with $x = x(s, t)$ and $y = y(s, t)$.

$$\frac{\partial z}{\partial t} = \frac{\partial f}{\partial x} \frac{\partial x}{\partial t} %s
\frac{\partial f}{\partial y} \frac{\partial y}{\partial t}$$
"""


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in dvar.check(text).judgements if j.kind == "claim"]


def test_a_scatter_matrix_may_be_any_matrix_in_what_follows() -> None:
    assert verdicts(LIKELIHOOD % "") == ["ok", "ok"]
    assert verdicts(LIKELIHOOD % "2") == ["ok", "unknown"]


def test_what_stands_in_a_quadratic_form_is_a_matrix() -> None:
    assert verdicts(RAYLEIGH % ("-", "")) == ["ok", "ok"]
    assert verdicts(RAYLEIGH % ("+", "")) == ["wrong", "ok"]
    assert verdicts(RAYLEIGH % ("-", "2")) == ["ok", "unknown"]


def test_functions_of_functions_that_are_left_open() -> None:
    assert verdicts(PATHS % "+") == ["ok"]
    assert "ok" not in verdicts(PATHS % "-")


def test_a_power_with_a_greek_letter_in_front_of_a_bracket() -> None:
    text = r"""Let $L = -y (1 - p)^{\gamma} \log(p)$ and $p = \sigma(z)$.

$$\frac{\partial L}{\partial z} = y (1 - p)^{\gamma} (\gamma p \log(p) %s p - 1)$$
"""
    assert verdicts(text % "+") == ["ok"]
    assert verdicts(text % "-") == ["wrong"]


def test_what_has_no_name_in_it_does_not_change() -> None:
    text = "Let $E(w) = (y - Xw)^T (y - Xw)$.\n\n$$\\frac{\\partial}{\\partial w}(%s) = 0$$\n"
    assert verdicts(text % "y^T y") == ["ok"]
    assert "ok" not in verdicts(text % "w^T w")


def test_a_chain_goes_on_between_dollars_on_a_line_of_its_own() -> None:
    text = "We have\n\n$`(a + b)^2 = a^2 + 2 a b + b^2`$.\n\nThis is the same as\n\n$`= %s`$\n"
    assert verdicts(text % "a (a + 2 b) + b^2") == ["ok", "ok"]
    assert verdicts(text % "a (a - 2 b) + b^2") == ["ok", "wrong"]
