"""What is said of the right lines beside a mistake, and of mistakes that look like something else."""

from __future__ import annotations

from pathlib import Path

from dvar.check.report import Judgement, Report
from dvar.check.worksheet import check

WORKSHEETS = Path(__file__).parent / "worksheets"


def at(report: Report, source: str) -> Judgement:
    """The judgement of the only equation that has this in it."""
    [found] = [j for j in report.judgements if source in j.source]
    return found


def test_the_slope_of_an_open_function_contradicts_nobody() -> None:
    text = r"""$r = k v + c$ and $s = g(r)$.

$$\frac{ds}{dr} = s (1 + s)$$

$$\frac{ds}{dk} = \sigma(r) (1 - \sigma(r)) v$$
"""
    assert at(check(text), "dk").verdict != "wrong"
    assert at(check(text.replace("1 + s", "1 - s")), "dk").verdict == "ok"
    bent = check(text.replace("1 + s", "1 - s").replace(") v", ") c"))
    assert at(bent, "dk").verdict == "wrong"


def test_who_is_none_of_those_that_are_summed_over_stays_so_beside_a_mistake() -> None:
    lines = (WORKSHEETS / "b17-word-vectors-unicode.txt").read_text("utf-8").split("\n")[:40]
    text = "\n".join(lines)
    assert at(check(text), "∂J/∂u_o").verdict == "ok"
    assert at(check(text.replace("= U(ŷ", "= Uᵀ(ŷ")), "∂J/∂u_o").verdict != "wrong"


def test_a_number_that_makes_a_term_vanish_makes_no_formula_right() -> None:
    lines = (WORKSHEETS / "b09-margin-losses-ascii.txt").read_text("utf-8").split("\n")[33:80]
    text = "\n".join(lines)
    assert at(check(text), "c''").verdict == "ok"
    assert at(check(text.replace("1 - tanh", "1 + tanh")), "c''").verdict == "wrong"


IN_NUMBERS = r"""With $z = 1$, $y = 1$ and $p = \sigma(z)$, $p = 0.731$.

$$C = (p - y)^2 = (0.731 - 1)^2$$

$$\frac{dp}{dz} = 0.731 \cdot (1 - 0.731)$$
"""


def test_a_number_alone_in_brackets_was_a_difference() -> None:
    assert not check(IN_NUMBERS).faults
    for there, left in (("(0.731 - 1)", "(0.731 )"), ("(1 - 0.731)", "(1 )")):
        bent = check(IN_NUMBERS.replace(there, left))
        assert [(left in j.source, "missing-path" in j.causes) for j in bent.faults] == [
            (True, True)
        ]


def test_a_chain_that_is_the_whole_way_has_no_factor_beside_it() -> None:
    line = r"$$\frac{dJ}{dw} = \frac{dJ}{dp} \frac{dp}{dq} \frac{dq}{dw}$$"
    assert not check(line).faults
    for slip, cause in (("-", "sign"), ("2 ", "factor"), (r"\frac{1}{2} ", "factor")):
        bent = check(line.replace(r"= \frac", rf"= {slip}\frac"))
        assert [j.cause for j in bent.faults] == [cause]
    plus = line.replace("$$\\frac{dJ}{dw} =", "$$\\frac{dJ}{dw} = g_w + 2")
    assert not check(plus).faults  # no chain alone


SCALARS = r"""$A$ is a matrix. Let $g(u, v) = u^3 v + \cos(u v)$.

$$\frac{\partial g}{\partial u} = 3 u^2 v - v \sin(u v)$$

$$\frac{\partial g}{\partial v} = u^3 - u \sin(u v)$$

The logistic function $\sigma$ has
$$\sigma''(u) = \sigma'(u) - 2 \sigma(u) \sigma'(u) = \sigma'(u) (1 - 2 \sigma(u)) = \sigma(u) (1 - \sigma(u)) (1 - 2 \sigma(u))$$
"""


def test_what_is_left_of_a_formula_is_wrong_beside_right_ones() -> None:
    assert not check(SCALARS).faults
    lost = check(SCALARS.replace(r"u^3 - u \sin(u v)", "u^3"))
    assert [j.line for j in lost.faults] == [5]
    between = check(SCALARS.replace(r"= \sigma'(u) (1 - 2 \sigma(u))", r"= \sigma'(u)"))
    assert [j.line for j in between.faults] == [8]
    small = SCALARS.replace(r"u^3 - u \sin(u v)", "u^3").replace(
        "\n\n$$\\frac{\\partial g}{\\partial v}",
        "\n\nFor small $v$\n$$\\frac{\\partial g}{\\partial v}",
    )
    assert not check(small).faults


def test_a_number_of_another_name_is_put_in_beside_a_slope() -> None:
    text = r"""With $w_1 = 0.3$, $w_2 = -0.7$, $x_1 = 2$ and $\eta = 0.5$: $E = (w_1 x_1 + w_2)^2$.

$$\frac{\partial E}{\partial w_1} = 2 (w_1 x_1 + w_2) x_1 = -0.4$$

$$w_1' = w_1 - \eta \frac{\partial E}{\partial w_1} = 0.3 - 0.5 \cdot (-0.4) = 0.5$$
"""
    assert not check(text).faults
    [bent] = check(text.replace("= w_1 -", "= w_2 -")).faults
    assert (bent.line, bent.cause) == (5, "wrong-variable")


TABLE = r"""
\begin{align*}
z &= u x + c \\
y &= \tanh(z) \\
\mathcal{L} &= \frac{1}{2} y^2 \\
\mathcal{R} &= \frac{1}{2} u^2 \\
\mathcal{L}_{\rm reg} &= \mathcal{L} + k \mathcal{R}
\end{align*}

Backward, with $\overline{v}$ for the derivative of the regularized loss by $v$:

\begin{align*}
\overline{y} &= \overline{\mathcal{L}}\, y \\
\overline{z} &= \overline{y} (1 - y^2) \\
\overline{c} &= \overline{z}
\end{align*}

With $u = 0.5$, $x = 2$, $c = 0.2$, $k = 0.1$:

| node | value | bar |
|---|---|---|
| $z$ | 1.2000 | 0.2542 |
| $y$ | 0.8337 | 0.8337 |
| $c$ | 0.2000 | 0.2542 |
"""


def test_a_column_that_is_right_so_far_goes_on_so() -> None:
    assert not check(TABLE).faults
    [bent] = check(TABLE.replace("0.2000 | 0.2542", "0.2000 | 0.2142")).faults
    assert (bent.line, bent.cause) == (24, "arithmetic")


LAYERS = r"""$Z_1 = W_1 X + b_1$, $A_1 = \tanh(Z_1)$, $Z_2 = W_2 A_1 + b_2$, $A_2 = \sigma(Z_2)$; $m$ examples as columns.

$$dZ_2 = A_2 - Y$$
$$dW_2 = \frac{1}{m} dZ_2 A_1^T$$
$$db_2 = \frac{1}{m} \text{sum}(dZ_2)$$
$$dZ_1 = W_2^T dZ_2 \odot (1 - A_1^2)$$
$$dW_1 = \frac{1}{m} dZ_1 X^T$$
$$db_1 = \frac{1}{m} \text{sum}(dZ_1)$$
"""


def test_one_gradient_of_many_without_the_mean_lacks_it() -> None:
    assert not check(LAYERS).faults
    assert not check(LAYERS.replace(r"\frac{1}{m} ", "")).faults
    for line, there in ((5, r"db_2 = \frac{1}{m} "), (7, r"dW_1 = \frac{1}{m} ")):
        [bent] = check(LAYERS.replace(there, there[:7])).faults
        assert (bent.line, bent.cause) == (line, "missing-factor")
    halves = LAYERS.replace(r"\frac{1}{m} \text", r"\text")
    assert not check(halves).faults  # the biases may be summed up on purpose


TWICE = r"""$A$ is symmetric, $A \in \mathbb{R}^{n \times n}$, and $b \in \mathbb{R}^n$; $k$ is a number.

$$w = (A + k I)^{-1} b = (k I + A)^{-1} b$$

$$\frac{dw}{dk} = -(A + k I)^{-1} w$$
"""


def test_of_two_formulas_for_a_name_the_right_one_holds_on() -> None:
    assert not check(TWICE).faults
    bent = check(TWICE.replace("w = (A + k I)", "w = (A - k I)"))
    assert [j.line for j in bent.faults] == [3]
    both = check(TWICE.replace("w = (A + k I)", "w = (A - k I)").replace("-(A + k I)", "(A + k I)"))
    assert [j.line for j in both.faults] == [3, 5]


def test_a_step_along_the_right_gradient_is_right_behind_a_wrong_one() -> None:
    text = """   s = u * v                      u = 0.4, v = -1.0
   L = s * s
   dL/ds = 2 * s = -0.8
   dL/du = dL/ds * v = (-0.8) * (-1.0) = 0.8
   one step of gradient descent with rate 0.1:
   u = 0.4 - 0.1 * 0.8 = 0.32
"""
    assert not check(text).faults
    bent = check(text.replace("(-1.0) = 0.8", "(-1.0) = -0.8"))
    assert [j.line for j in bent.faults] == [4]
    up = check(text.replace("0.4 - 0.1 * 0.8 = 0.32", "0.4 + 0.1 * 0.8 = 0.48"))
    assert [j.line for j in up.faults] == [6]


BEHIND_ZERO = """x = 0.5    w1 = 0.8   w2 = -0.6   v = 1.5   t = 1

h1 = w1 * x = 0.8 * 0.5 = 0.4
h2 = max(0, w2 * x) = max(0, -0.6 * 0.5) = 0
y = w1 * h1 + w2 * h2 + v * x = 0.8 * 0.4 - 0.6 * 0 + 1.5 * 0.5 = 1.07
L = 0.5 * (y - t)^2
dL/dy = y - t = 0.07
dL/dh2 = w2 * dL/dy = -0.6 * 0.07 = -0.042
"""


def test_a_sign_that_a_zero_hides_is_wrong_where_it_stands() -> None:
    assert not check(BEHIND_ZERO).faults
    bent = check(BEHIND_ZERO.replace("+ w2 * h2", "- w2 * h2"))
    assert [(j.line, j.cause) for j in bent.faults] == [(5, "sign")]
