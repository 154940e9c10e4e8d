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


def test_matrices_typed_side_by_side_are_not_read_as_one() -> None:
    text = fenced("V = [[0.5, 0.25],  - [[0.1, 0.2],", "     [1.5, 0.75]]    [0.3, 0.4]]")
    assert verdicts(text) == ["unknown"]


def test_a_formula_set_to_zero_is_an_equation_to_solve() -> None:
    text = "Let $v = 3$.\n\n" + fenced("u = −4 + 2v = 0", "v = 4/2 = 2")
    assert "wrong" not in verdicts(text)


def test_a_name_at_the_end_of_a_chain_is_another_for_the_same() -> None:
    text = "x̄ = ((2+4)/2, (1+3)/2) = (3, 2)\n\n" + fenced("q̂ = k/n = x̄")
    assert "wrong" not in verdicts(text)


def test_data_beside_predictions_is_not_what_the_model_says() -> None:
    text = (
        "Model: $y = kx + c$ with $k = 0$, $c = 0$ and\n\n- $x = [2, 3, 4]$\n- $y = [5, 7, 9]$\n"
        "- $\\hat y = k x + c$"
    )
    assert "wrong" not in verdicts(text)


def test_a_name_that_words_give_another_meaning_is_not_its_old_formula() -> None:
    text = (
        "Let $G = [2, 3]$ and $u = 3v$. From here on $G$ denotes what arrives from above.\n\n"
        "$\\frac{\\partial u}{\\partial v} = 3 G$"
    )
    assert "wrong" not in verdicts(text)


def test_indices_that_stand_twice_are_summed_where_a_text_says_so() -> None:
    text = (
        "We use Einstein summation. $E = -t_i \\log q_i$, $q = \\text{softmax}(u)$, $u = V s$.\n\n"
        "$\\frac{\\partial E}{\\partial V_{ij}} = \\frac{\\partial E}{\\partial q_k} "
        "\\frac{\\partial q_k}{\\partial u_l} \\frac{\\partial u_l}{\\partial V_{ij}}$"
    )
    assert "wrong" not in verdicts(text)


def test_weights_that_are_tied_later_are_apart_while_the_text_says_so() -> None:
    text = (
        "$u = a p + b q$ and $E = u^2$. Suppose we tie the weights, $a = b = c$. Let us forget about tying "
        "them for now.\n\n$\\frac{\\partial u}{\\partial a} = p$"
    )
    assert "wrong" not in verdicts(text)


def test_remarks_in_a_column_of_their_own_are_no_factors() -> None:
    text = fenced("δᴸ = ∂E/∂uᴸ", "δˡ = ∂E/∂uˡ     shape: [nˡ × 1]")
    assert [j.source for j in check(text + "\n").judgements][:2] == ["δᴸ = ∂E/∂uᴸ", "δˡ = ∂E/∂uˡ"]


def test_a_small_t_above_names_is_a_transpose_where_a_text_has_no_other() -> None:
    text = (
        "Let $S = QK^t$, $A = K^tK$ and $E = \\frac12 \\|S - Y\\|_F^2$.\n\n"
        "$\\frac{\\partial E}{\\partial K} = (QK^t - Y)^t Q$"
    )
    assert verdicts(text)[-1] == "ok"
    assert verdicts(text.replace("K^t - Y)^t Q", "K^t + Y)^t Q"))[-1] == "wrong"


def test_scripts_in_braces_hang_on_what_stands_before() -> None:
    text = "$E = \\frac12 \\sum_j (q_j - t_j)^2$\n\n$\\frac{\\partial E}{\\partial q{_k}} = q{_k} - t{_k}$"
    assert verdicts(text) == ["definition", "ok"]


def test_drawings_are_no_formulas() -> None:
    assert verdicts(fenced("grad_u ←──── grad_v = 2 ←── grad_E", "u ──▶ v = 3u ──▶ E")) == []


def test_a_point_in_brackets_behind_a_derivative_is_where_it_is_taken() -> None:
    text = "$f(u, v) = u^2 v + v$ and $\\frac{\\partial f}{\\partial u}(2, 5) = 20$"
    assert verdicts(text) == ["definition", "ok"]
    assert verdicts(text.replace("= 20$", "= 25$")) == ["definition", "wrong"]


def test_a_row_does_not_go_on_from_a_remark_in_brackets() -> None:
    text = fenced("u = 2v      (with v = 3)", "  = 6")
    assert verdicts(text)[-1] == "ok"
    assert verdicts(text.replace("= 6", "= 8"))[-1] == "wrong"


def test_values_for_several_cases_are_not_equal_to_each_other() -> None:
    text = fenced(
        "q = 0.5 for wide layers", "  = 0.2 for narrow layers", "  = 0.1 for the last layer"
    )
    assert "wrong" not in verdicts(text)


def test_a_line_that_the_one_before_comes_to_is_right() -> None:
    text = "$g = 2u$ and $u = 0.3$.\n\n" + fenced("g = -0.5 / 2", "g = -0.25")
    assert verdicts(text)[-1] == "ok"


def test_millions_are_no_slip() -> None:
    assert verdicts("- an image of 1000×1000×3 = 3 million numbers")[-1] != "wrong"


def test_an_equality_behind_if_makes_nothing_of_its_names() -> None:
    text = fenced("If b=m, nothing changes.", "b = 0.5", "m = (1 + 3) / 2 = 4/2 = 2")
    assert verdicts(text)[-1] == "ok"


def test_an_equation_between_matrices_that_is_set_to_zero_is_to_be_solved() -> None:
    text = "Here `X = 2`, `w = 1` and `y = 3`. Setting it to zero gives `Xᵀ(Xw − y) = 0`."
    assert "wrong" not in verdicts(text)


def test_a_new_sentence_does_not_go_on_from_the_numbers_of_another() -> None:
    text = (
        "The walk grows to $\\sqrt{16} \\times 0.5 \\approx 2$ in one case.\n\n"
        "In the other case it grows by all the steps taken together $= 16 \\times 0.5 = 8$."
    )
    assert "wrong" not in verdicts(text)


def test_entries_of_a_transpose_in_brackets() -> None:
    assert verdicts("$(\\mathbf{A})^T_{ij} = \\mathbf{A}_{ji}$") == ["ok"]
    assert verdicts("$(\\mathbf{A})^T_{ij} = \\mathbf{A}_{ij}$") == ["wrong"]


@pytest.mark.parametrize("form", ["A^T_{ij}", "A_{ij}^T"])
def test_entries_of_a_transpose(form: str) -> None:
    text = f"Let $A \\in \\mathbb{{R}}^{{n \\times m}}$. Then ${form} = A_{{ji}}$."
    assert verdicts(text)[-1] == "ok"


def test_what_is_asked_for_need_not_hold() -> None:
    text = fenced("y = 2u + c", "To copy the input we need:", "  2u + c = u", "")
    assert "wrong" not in verdicts(text)
