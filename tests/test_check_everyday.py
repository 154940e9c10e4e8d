"""Right lines of everyday documents that were called wrong once, or not understood: beside each a slip that is found."""

from __future__ import annotations

import pytest

from dvar import check


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in check(text).judgements]


MIXED = r"""
$$\ell = -\frac n2\log\sigma^2 - \frac{1}{2\sigma^2}\sum_{i=1}^n (x_i-\mu)^2$$

$$%s = %s\frac{1}{\sigma^4}\sum_i (x_i-\mu)$$
"""


@pytest.mark.parametrize(
    "slope",
    [
        r"\frac{\partial^2\ell}{\partial\mu\,\partial\sigma^2}",
        r"\frac{\partial^2\ell}{\partial\sigma^2\,\partial\mu}",
        r"\partial^2\ell/\partial\mu\partial\sigma^2",
    ],
)
def test_a_power_below_a_slope_counts_no_more_than_is_due(slope: str) -> None:
    assert verdicts(MIXED % (slope, "-"))[-1] == "ok"
    assert verdicts(MIXED % (slope, ""))[-1] == "wrong"


def test_next_to_a_zero_rounded_numbers_leave_much_open() -> None:
    table = (
        "$f(x) = x^3 - 2x - 5$ and $f'(x) = 3x^2 - 2$.\n\n"
        "| $x_n$ | $f(x_n)$ | $f'(x_n)$ |\n|---|---|---|\n| 2 | -1 | 10 |\n| 2.1 | 0.061 | 11.23 |\n"
        "| 2.094568 | %s | 11.161646 |\n"
    )
    assert "wrong" not in verdicts(table % "0.000186")
    assert "wrong" in verdicts(table % "0.001860")


def test_what_stands_under_roots_is_positive() -> None:
    text = r"$T = 2\pi\sqrt{l/g}$ gives $\frac{dT}{dl} = %s\frac{\pi}{\sqrt{gl}}$."
    assert verdicts(text % "") == ["definition", "ok"]
    assert verdicts(text % "-") == ["definition", "wrong"]
    assert verdicts(r"$y = \sqrt{x^2}$ and $y' = 1$")[-1] != "ok"


WINDOW = r"""
$y_i = \sum_{k=0}^{2} w_k x_{i+k}$ for $i = 0,1,2$ with $x = (1, 2, 0, -1, 3)$ and $w = (1, 0, -1)$.

$y_1 = 2 - (-1) = 3$

$y_2 = 0 - 3 = %s$
"""


def test_a_sum_of_indices_begins_where_they_begin() -> None:
    assert not check(WINDOW % "-3").faults
    assert check(WINDOW % "3").faults


ROWS = r"""
%s, and $P = \mathrm{softmax}(XW)$.

$$L = -\frac1n \sum_{i=1}^n\sum_k Y_{ik}\log P_{ik}$$

$$\nabla_W L = \frac1n X^\top(%s)$$
"""
COLUMNS = r"""
%s, and $P = \mathrm{softmax}(WX)$.

$$L = -\frac1n \sum_{i=1}^n\sum_k Y_{ki}\log P_{ki}$$

$$\nabla_W L = \frac1n (%s)X^\top$$
"""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ROWS, "Labels $Y$ are one-hot"),
        (ROWS, "$Y$ has one-hot rows"),
        (COLUMNS, "Labels $Y$ are one-hot"),
        (COLUMNS, "$Y$ has one-hot columns"),
    ],
)
def test_entries_add_up_in_rows_where_examples_are_rows(text: str, words: str) -> None:
    assert verdicts(text % (words, "P - Y"))[-1] == "ok"
    assert verdicts(text % (words, "Y - P"))[-1] == "wrong"


RESIDUAL = r"""
$y = x + F(x)$ with $F(x) = W_2\,\mathrm{relu}(W_1 x)$. %s $\frac{\partial L}{\partial x} = \frac{\partial L}{\partial y}$.
"""


def test_what_arrives_through_one_connection_is_not_all() -> None:
    assert verdicts(RESIDUAL % "Through the skip connection")[-1] != "wrong"
    assert verdicts(RESIDUAL % "The chain rule gives")[-1] == "wrong"


def test_a_new_state_with_a_prime_is_no_slope() -> None:
    text = (
        r"$h = 0.5$ and $z = 0.7$. The new state is $h' = (1 - z) n + z h$, so "
        r"$\frac{\partial h'}{\partial z} = %s$."
    )
    assert verdicts(text % "h - n")[-1] == "ok"
    assert verdicts(text % "n - h")[-1] == "wrong"


def test_a_power_is_one_digit_where_the_next_factor_follows() -> None:
    text = r"$P = \frac{0.6^5 0.4^5}{0.6^50.4^5 + 0.5^{10}} = \frac{0.000796}{0.000796 + 0.000977} = %s$"
    assert verdicts(text % "0.449") == ["ok"]
    assert verdicts(text % "0.549") == ["wrong"]


def test_a_low_dot_between_spaces_is_a_product() -> None:
    text = "u = (1, 0.5)\nv = (2, 1)\np = u . v = 1*2 + 0.5*1 = %s\n"
    assert verdicts(text % "2.5")[-1] == "ok"
    assert verdicts(text % "3.5")[-1] == "wrong"


def test_several_names_for_one_thing_are_told() -> None:
    text = (
        r"The best response is $q_1 = \frac{a - c - q_2}{2}$. By symmetry $q_1 = q_2 = q^*$, so "
        r"$q^* = \frac{a - c}{3}$."
    )
    assert "wrong" not in verdicts(text)


def test_a_dimension_in_front_of_a_name_is_no_differential() -> None:
    text = (
        r"$r = \sqrt{\frac1d\sum_j x_j^2}$ and $y_i = g_i\frac{x_i}{r}$. With $\bar y_i = \partial L/\partial y_i$,"
        "\n\n"
        r"$$\frac{\partial L}{\partial x_j} = \frac{g_j\bar y_j}{r} - \frac{x_j}{dr^3}\sum_i g_i\bar y_ix_i$$"
    )
    assert "wrong" not in verdicts(text)
