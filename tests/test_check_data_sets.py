"""Data as people list them, under the sums that run over them."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check

LISTS = {
    "points": "Data: $(1, 3), (2, 4), (4, 9)$.",
    "named points": "$(x, y) = (1, 3), (2, 4), (4, 9)$.",
    "a set": r"The training set is $\{(1, 3), (2, 4), (4, 9)\}$.",
    "each alone": "The points are $(1, 3)$, $(2, 4)$ and $(4, 9)$.",
    "each named": "$(x_1, y_1) = (1, 3)$, $(x_2, y_2) = (2, 4)$, $(x_3, y_3) = (4, 9)$.",
    "numbers": "$x_1 = 1$, $x_2 = 2$, $x_3 = 4$, $y_1 = 3$, $y_2 = 4$, $y_3 = 9$.",
    "arrays": "$x = (1, 2, 4)$ and $y = (3, 4, 9)$.",
    "a table": "| $i$ | $x_i$ | $y_i$ |\n|---|---|---|\n| 1 | 1 | 3 |\n| 2 | 2 | 4 |\n| 3 | 4 | 9 |",
    "a table of columns": "| x | y |\n|---|---|\n| 1 | 3 |\n| 2 | 4 |\n| 4 | 9 |",
}
MODELS = [r"\hat y = a x + c", r"\hat y_i = a x_i + c"]
REST = r"""

The model is $MODEL$ and $J = \frac{1}{2m} \sum_{i=1}^m (\hat y_i - y_i)^2$ with $m = 3$.  We begin with $a = 1$, $c = 0$.

$$\frac{\partial J}{\partial a} = \frac{1}{3} \sum (\hat y_i - y_i) x_i = \frac{1}{3} (-2 - 4 - 20) \approx -8.667$$

$$\frac{\partial J}{\partial c} = \frac{1}{3} (-2 - 2 - 5) = -3$$
"""


def verdicts(data: str, model: str, old: str = "", new: str = "") -> list[str]:
    text = data + REST.replace("MODEL", model).replace(old, new)
    return [j.verdict for j in check(text).judgements if j.kind == "claim"]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("data", LISTS.values(), ids=LISTS)
def test_data_are_read(data: str, model: str) -> None:
    assert verdicts(data, model) == ["ok", "ok"]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("data", LISTS.values(), ids=LISTS)
def test_a_wrong_share_is_found(data: str, model: str) -> None:
    bent = verdicts(data, model, r"(-2 - 4 - 20) \approx -8.667", r"(-2 - 4 - 10) \approx -5.333")
    assert bent == ["wrong", "ok"]


def test_points_that_are_no_data_are_left_alone() -> None:
    text = (
        r"A line goes through $(1, 3)$ and $(2, 4)$. $L = \sum_i (x_i - y_i)^2$ and"
        r" $\frac{\partial L}{\partial x_i} = 2 (x_i - y_i)$."
    )
    assert [j.verdict for j in check(text).judgements if j.kind == "claim"] == ["ok"]


def test_a_model_of_arrays_keeps_them() -> None:
    text = (
        "$x = (1, 2)$, $y = (1, 4)$, $a = 3$, $p = a x$.  "
        r"$L = \sum_i (p_i - y_i)^2 = (3 - 1)^2 + (6 - 4)^2 = 8$, $p = (3, 6)$."
    )
    assert not {"wrong", "carried"} & {j.verdict for j in check(text).judgements}
