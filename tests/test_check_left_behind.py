"""Mistakes found by what stands around a line: what one example adds, what was put in, what is left over."""

import pytest

from dvar import check


def said(text: str) -> list[tuple[str, str | None]]:
    """Verdict and cause of every judgement that claims something."""
    report = check(text)
    silent = ("definition", "given", "skipped")
    return [(j.verdict, j.cause) for j in report.judgements if j.verdict not in silent]


LOOP = r"""
$z^{(i)} = w x^{(i)} + b$, $a^{(i)} = \sigma(z^{(i)})$,
$J = -\frac1m\sum_{i=1}^m [y^{(i)}\log a^{(i)} + (1-y^{(i)})\log(1-a^{(i)})]$

For $i = 1$ to $m$:

"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r"$J += -[y^{(i)} \log a^{(i)} + (1-y^{(i)})\log(1-a^{(i)})]$", "ok"),
        (r"$J += -[y^{(i)} \log a^{(i)} - (1-y^{(i)})\log(1-a^{(i)})]$", "wrong"),
        (r"$J += y^{(i)} \log a^{(i)} + (1-y^{(i)})\log(1-a^{(i)})$", "wrong"),
        (r"$dz^{(i)} = a^{(i)} - y^{(i)}$", "ok"),
        (r"$dz^{(i)} = \frac{1}{m} (a^{(i)} - y^{(i)})$", "ok"),
        (r"$dz^{(i)} = a^{(i)} + y^{(i)}$", "wrong"),
        (r"$dw += x^{(i)} (a^{(i)} - y^{(i)})$", "ok"),
        (r"$dw += w (a^{(i)} - y^{(i)})$", "wrong"),
    ],
)
def test_what_one_example_adds_to_a_mean(line: str, expected: str) -> None:
    assert said(LOOP + line)[-1][0] == expected


def test_a_mask_that_words_tell_is_one_throughout() -> None:
    text = r"""
$K$ has $K_{ij} = 1$ where an entry was seen and $0$ elsewhere. $L = \|K\odot(T - AB^\top)\|_F^2$

$$\nabla_A L = -2(K\odot(T-AB^\top))B$$

$$\nabla_A L = 2(K\odot(T-AB^\top))B$$
"""
    assert said(text) == [("ok", None), ("wrong", "sign")]


CAREFUL = r"""
Let $x\in\mathbb{R}^d$, $U\in\mathbb{R}^{h\times d}$, $z = Ux$, $a = \sigma(z)$, $V \in \mathbb{R}^{q\times h}$,
$o = V a$, $t\in\mathbb{R}^q$ and $L = \frac12\|o - t\|^2 + \frac{\lambda}{2} \|U\|_F^2$.

$$\frac{\partial L}{\partial V} = \frac{\partial L}{\partial o} a^\top$$

$$\frac{\partial L}{\partial a} = V^\top \frac{\partial L}{\partial o}$$

"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r"$$\frac{\partial L}{\partial a} = V \frac{\partial L}{\partial o}$$", "wrong"),
        (
            r"$$\frac{\partial L}{\partial U} = \frac{\partial L}{\partial z} x^\top + \lambda U$$",
            "ok",
        ),
        (
            r"$$\frac{\partial L}{\partial U} = x (\frac{\partial L}{\partial z})^\top + \lambda U$$",
            "wrong",
        ),
    ],
)
def test_shapes_that_do_not_fit_where_transposes_are_set_with_care(
    line: str, expected: str
) -> None:
    assert said(CAREFUL + line)[-1][0] == expected


GIVEN = "$p = 0.6$, $q = 0.9$, $u = -0.25$, $v = 0.35$, $c = -0.15$, $r = 1$\n\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r"$s = u p + v q + c = -0.25 \cdot 0.6 + 0.35 \cdot 0.9 - 0.15 = 0.015$", ("ok", None)),
        (
            r"$s = u c + v q + c = -0.25 \cdot 0.6 + 0.35 \cdot 0.9 - 0.15 = 0.015$",
            ("wrong", "wrong-variable"),
        ),
        (
            r"$s = u p + v v + c = -0.25 \cdot 0.6 + 0.35 \cdot 0.9 - 0.15 = 0.015$",
            ("wrong", "wrong-variable"),
        ),
        (r"$E = (p - r)^2 = (0.06 - 1)^2 = 0.16$", ("wrong", "arithmetic")),
    ],
)
def test_numbers_put_in(line: str, expected: tuple[str, str | None]) -> None:
    assert said(GIVEN + line)[-1] == expected


def test_a_number_that_is_another_names() -> None:
    text = r"""
$p_1 = 0.6$, $p_2 = 0.9$, $u_1 = -0.25$, $u_2 = 0.35$, $c = -0.15$

$s = u_1 p_2 + u_2 p_2 + c = -0.25 \cdot 0.6 + 0.35 \cdot 0.9 - 0.15 = 0.015$
"""
    assert said(text) == [("wrong", "wrong-variable")]


NETWORK = r"""
$g = v x + b$, $h = \tanh(g)$, $k = u h + c$, $l = \tanh(k)$, $o = t l$, $L = \frac12 (o - y)^2$

"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r"$\frac{\partial L}{\partial u} = (o - y) t (1 - l^2) h$", ("ok", None)),
        (r"$\frac{\partial L}{\partial u} = (o - y) t h$", ("wrong", "missing-factor")),
        (
            r"$\frac{\partial L}{\partial v} = (o - y) t (1 - l^2) u x$",
            ("wrong", "missing-factor"),
        ),
        (r"$\frac{\partial L}{\partial t} = (- y) l$", ("wrong", "missing-path")),
    ],
)
def test_what_is_missing_stands_in_other_formulas(
    line: str, expected: tuple[str, str | None]
) -> None:
    assert said(NETWORK + line)[-1] == expected


def test_a_term_of_a_sum_of_exponentials() -> None:
    text = r"""
$L = -\log \frac{e^{q_2}}{e^{q_1}+e^{q_2}+e^{q_3}}$

$\frac{\partial L}{\partial q_2} = \frac{e^{q_2}}{e^{q_1} + e^{q_2} + e^{q_3}} - 1$

$\frac{\partial L}{\partial q_2} = \frac{e^{q_2}}{e^{q_1} + e^{q_2}} - 1$
"""
    assert said(text) == [("ok", None), ("wrong", "missing-path")]


def test_a_division_by_zero_is_no_number() -> None:
    text = r"""
$y = 1$, $a = 0.6$, $L = -(y \log a + (1-y)\log(1-a))$

$\frac{\partial L}{\partial a} = -(\frac{y}{0.6} - \frac{1-0.6}{1-y})$
"""
    assert said(text)[-1][0] != "ok"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r"$\frac{\partial g}{\partial q} = p + 2 r q$", "ok"),
        (r"$\frac{\partial g}{\partial q} = p + 3 r q$", "wrong"),
        (r"$\frac{\partial g}{\partial q} = p$", "ok"),
    ],
)
def test_a_zero_that_both_sides_still_have_hides_nothing(line: str, expected: str) -> None:
    given = "$p = 1.5$, $q = 0$, $r = 3$, $g = p q + r q^2$\n\n"
    assert said(given + line)[-1][0] == expected


NEWTON = r"""
$J = \frac14 (Mu - v)^\top (Mu - v)$ has the Hessian $H = \frac12 M^\top M$.

$$u_{new} = u_{old} - H^{-1} \nabla J$$

"""


@pytest.mark.parametrize(("sign", "expected"), [("-", "ok"), ("+", "wrong")])
def test_a_step_of_newtons_goes_the_way_of_the_others(sign: str, expected: str) -> None:
    line = rf"$$u^{{(1)}} = u^{{(0)}} {sign} H^{{-1}} \nabla J$$"
    assert (said(NEWTON + line)[-1][0] == "wrong") == (expected == "wrong")
