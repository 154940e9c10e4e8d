"""Entries by other entries: cases told in headings, letters for the other one, counting from zero."""

import dvar

SHARES = r"""Let
$$p_k = \frac{e^{u_k}}{\sum_j e^{u_j}}$$

"""
FROM_ZERO = r"""
$$A_i = \frac{e^{B_i}}{\sum_{k=0}^{N-1} e^{B_k}}$$

$$dA = \frac{\partial L}{\partial A}, \quad dB = \frac{\partial L}{\partial B}$$

$$dB_i = A_i \left( dA_i %s \sum_{j=0}^{N-1} dA_j A_j \right)$$

$$dB = A \odot (dA - \text{sum}(dA \odot A))$$
"""


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in dvar.check(text).judgements if j.kind == "claim"]


def test_a_case_may_have_a_number_in_its_heading() -> None:
    text = SHARES + (
        "Case 1: $i = k$\n\n"
        r"$$\frac{\partial p_k}{\partial u_i} = p_k (1 - p_k)$$"
        "\n\n### Case (b): $i \\neq k$\n\n"
        r"$$\frac{\partial p_k}{\partial u_i} = %sp_k p_i$$"
    )
    assert verdicts(text % "-") == ["ok", "ok"]
    assert verdicts(text % "") == ["ok", "wrong"]


def test_another_letter_is_another_entry() -> None:
    text = SHARES + r"$$\frac{\partial p_k}{\partial u_c} = %sp_k p_c$$"
    (judgement,) = (j for j in dvar.check(text % "-").judgements if j.kind == "claim")
    assert (judgement.verdict, judgement.message) == ("convention", "where the indices differ")
    (judgement,) = (j for j in dvar.check(text % "").judgements if j.kind == "claim")
    assert (judgement.verdict, judgement.cause) == ("wrong", "sign")


def test_letters_of_the_same_entries_begin_at_zero_together() -> None:
    assert set(verdicts(FROM_ZERO % "-")) == {"ok"}
    assert "ok" not in verdicts(FROM_ZERO % "+")[2:3]


def test_sums_that_begin_at_one_elsewhere_keep_their_letters() -> None:
    text = r"""$a_i = x_i^2$ and $L = \sum_{i=0}^{n-1} a_i$.

Now $\mu = \frac{1}{N} \sum_{i=1}^{N} x_i$ and $s = \frac{1}{N} \sum_{i=1}^{N} (x_i - \mu)^2$.

$$\frac{\partial s}{\partial x_j} = %s (x_j - \mu)$$
"""
    assert verdicts(text % r"\frac{2}{N}") == ["ok"]
    assert "ok" not in verdicts(text % r"\frac{1}{N}")


def test_sums_with_a_letter_are_read_beside_brackets() -> None:
    text = (
        "```\ny[i] = b + Σ_p w[p] * x[i+p]\ndL/db = Σ_i dL/dy[i]\n"
        "dL/dw[p] = Σ_i dL/dy[i] * x[%s]\ndL/dx[m] = Σ_p dL/dy[m+p] * w[p]\n```\n"
    )
    assert verdicts(text % "i+p") == ["ok", "ok", "unknown"]
    assert verdicts(text % "i")[:2] != ["ok", "ok"]


QUOTIENTS = r"$q_j = \frac{e^{v_j}}{\sum_k e^{v_k}}$ and $Q = \sum_k e^{v_k}$." + "\n\n"
STEP = r"\frac{\partial}{\partial v_i} \frac{e^{v_j}}{\sum_k e^{v_k}} = \frac{e^{v_j} Q - e^{v_i} e^{v_j}}{Q^2}"


def test_a_case_may_be_named_behind_its_condition_and_go_on_in_a_second_display() -> None:
    text = (
        QUOTIENTS + "Let us begin with the $i = j$ case. By the quotient rule:\n\n"
        f"$${STEP}$$\n\nSorting the terms:\n\n$${STEP} = q_j (1 - q_i)$$\n"
    )
    assert verdicts(text) == ["ok"] * 2
    assert "wrong" in verdicts(text.replace("q_j (1 - q_i)", "q_j (1 + q_i)"))


def test_what_a_name_is_the_probability_of_is_no_second_formula_for_it() -> None:
    text = QUOTIENTS + r"$$q_j = P(c = j \mid v)$$" + "\n\n"
    text += r"$$\frac{\partial q_j}{\partial v_i} = q_j (\delta_{ij} - q_i)$$"
    assert verdicts(text) == ["ok"]


def test_a_formula_of_another_letter_does_not_redefine_a_name() -> None:
    shifted = r"$$q_j = \frac{2 e^{v_i}}{2 \sum_k e^{v_k}}$$" + "\n\n"
    line = r"$$\frac{\partial q_j}{\partial v_i} = q_j (\delta_{ij} - q_i)$$"
    assert verdicts(QUOTIENTS + shifted + line)[-1] == "ok"
    assert verdicts(QUOTIENTS + shifted + line.replace("- q_i", "+ q_i"))[-1] != "ok"


def test_sums_end_at_sizes_that_have_an_index_themselves() -> None:
    text = (
        r"$y_i = \sum_{m=0}^{k_1-1} w_m x_{i+m}$ and $\delta_i = \frac{\partial E}{\partial y_i}$. "
        r"Then $\frac{\partial E}{\partial w_m} = \sum_{i=0}^{H-k_1} \delta_i x_{i+m}$."
    )
    assert verdicts(text) == ["ok"]
    assert verdicts(text.replace(r"\delta_i x_{i+m}$.", r"\delta_i x_{i-m}$.")) != ["ok"]
