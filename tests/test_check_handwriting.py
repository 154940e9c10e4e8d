"""Formulas as people type them in fences, backticks and tables, and which lines go on from which."""

from __future__ import annotations

import pytest

from dvar import check


def verdicts(text: str) -> list[str]:
    """The verdict of each equation, without what is no equation."""
    return [j.verdict for j in check(text + "\n").judgements if j.verdict != "skipped"]


def fenced(*lines: str) -> str:
    return "\n".join(("```", *lines, "```"))


def test_a_prime_behind_a_greek_letter_in_a_fence_is_a_derivative() -> None:
    right = fenced("σ(u) = 1/(1+e^(-u))", "σ'(u) = σ(u)(1-σ(u))")
    assert verdicts(right) == ["definition", "ok"]
    assert verdicts(right.replace("(1-σ", "(2-σ")) == ["definition", "wrong"]


def test_small_letters_behind_a_name_in_backticks_are_indices() -> None:
    text = (
        "`qₖ = softmax(u)ₖ` and `E = −Σⱼ tⱼ log(qⱼ)`\n\n`∂E/∂qⱼ = −tⱼ/qⱼ`\n\n"
        "`∂qⱼ/∂uₖ = qⱼ(𝟙[j=k] − qₖ)`"
    )
    assert verdicts(text) == ["definition", "definition", "ok", "ok"]
    assert verdicts(text.replace("𝟙[j=k] − qₖ", "𝟙[j=k] + qₖ"))[-1] == "wrong"


@pytest.mark.parametrize("form", ["∂ log q/∂q", "∂log(q)/∂q", "d/dq log q", "d(log q)/dq"])
def test_a_function_without_brackets_is_differentiated(form: str) -> None:
    assert verdicts(fenced(f"{form} = 1/q", "∂² log q/∂q² = −1/q²")) == ["ok", "ok"]
    assert verdicts(fenced(f"{form} = 2/q", "∂² log q/∂q² = −1/q²"))[0] == "wrong"


def test_a_loss_reaches_an_argument_through_a_function_that_it_is_differentiated_by() -> None:
    text = (
        "$g(u) = u^3$, so $\\frac{\\partial E}{\\partial u} = "
        "\\frac{\\partial E}{\\partial g} \\cdot \\frac{\\partial g}{\\partial u}$"
    )
    assert verdicts(text) == ["definition", "ok"]


def test_a_column_with_a_quantity_of_its_own_does_not_go_on_from_the_one_before() -> None:
    table = "| case | {} | {} |\n|---|---|---|\n| a | (0.5−1)² = 0.25 | {} |\n| b | 1−0.3 = 0.70 | 0.21 |"
    assert verdicts(table.format("Loss", "Slope with respect to u", "≈ −0.1")) == ["ok", "ok"]
    assert verdicts(table.format("Loss", "log P", "−0.1")) == ["ok", "ok"]
    assert verdicts(table.format("Computation", "Value", "0.31")) == ["ok", "wrong", "ok", "wrong"]


def test_a_row_below_a_formula_that_was_not_read_does_not_go_on_from_an_earlier_one() -> None:
    text = (
        fenced("6 / (6 + 2) = 6/8 = 0.75", "how many of them were found")
        + "\n\n"
        + fenced(
            "2 · (Precision · Recall) / (Precision + Recall)",
            "= 2 · (0.5 · 0.75) / (0.5 + 0.75)",
            "= 0.75 / 1.25",
            "= 0.6",
        )
    )
    assert verdicts(text) == ["ok", "unknown", "ok", "ok"]
    assert verdicts(text.replace("= 0.6", "= 0.72"))[-1] == "wrong"


def test_a_colon_before_an_equals_sign_ends_the_point_that_is_given() -> None:
    assert verdicts(fenced("At p̂ = 0.5: = −2/0.25 − 1/0.25 = −8 − 4 = −12")) == ["given", "ok"]
