r"""Layers as notes spell them out: cases of indices, products in front of operators, matrices by their entries."""

from __future__ import annotations

import pytest
from judged import verdicts

RIGHT = frozenset({"ok", "convention"})


def at(text: str, line: int) -> str:
    return verdicts(text)[line]


SOFTMAX = "$$q_i = \\frac{e^{u_i}}{\\sum_k e^{u_k}}$$\n\n"


@pytest.mark.parametrize(
    "words",
    [
        "In the case of $i = j$:",
        "Suppose first that $i = j$. The exponential is its own slope, and the rule for quotients says that",
        "On the diagonal, $i = j$, and we find",
        "When $i = j$, $\\delta_{ij} = 1$, so that",
    ],
)
def test_two_indices_are_said_to_be_equal_in_many_words(words: str) -> None:
    line = f"{SOFTMAX}{words}\n\n$$\\frac{{\\partial q_i}}{{\\partial u_j}} = "
    assert at(line + "q_i (1 - q_j)$$\n", 5) == "ok"
    assert at(line + "q_i (2 - q_j)$$\n", 5) == "wrong"
    apart = line.replace("i = j", "i \\neq j").replace("= 1,", "= 0,")
    assert at(apart + "-q_i q_j$$\n", 5) == "ok"
    assert at(apart + "q_i (1 - q_j)$$\n", 5) == "wrong"


@pytest.mark.parametrize("sign", ["", "\\cdot "])
def test_an_operator_acts_on_one_factor_where_the_rest_of_the_rule_is_written(sign: str) -> None:
    text = "$$g(t) = t^3 \\cos t$$\n\n$$g'(t) = \\frac{d}{dt} t^3 " + sign + "\\cos t "
    assert at(text + f"+ t^3 {sign}\\frac{{d}}{{dt}} \\cos t$$\n", 3) == "ok"
    assert at(text + f"- t^3 {sign}\\frac{{d}}{{dt}} \\cos t$$\n", 3) == "wrong"
    assert at(text + "= 3t^2 \\cos t - t^3 \\sin t$$\n", 3) == "ok"
    assert at(text + "= 3t^2 \\cos t$$\n", 3) != "ok"


def test_an_operator_that_has_lost_its_sign_below_is_one() -> None:
    text = (
        SOFTMAX
        + "$$E = -\\log q_i$$\n\n$$\\frac{\\partial E}{\\partial u_i} = \\frac{\\partial}{u_i}(-\\log(q_i)) = "
    )
    assert at(text + "-\\frac{1}{q_i} \\frac{\\partial}{u_i}(q_i) = q_i - 1$$\n", 5) == "ok"
    assert at(text + "-\\frac{1}{q_i} \\frac{\\partial}{u_i}(q_i) = q_i$$\n", 5) not in RIGHT


def test_one_term_of_a_sum_over_classes_is_what_is_left_of_it() -> None:
    text = SOFTMAX + "$$E = -\\sum_i t_i \\log(q_i)$$\n\n"
    said = "Let $j$ be the correct class; all other labels are zero:\n\n"
    assert at(text + said + "$$E = -t_j \\log(q_j)$$\n", 7) != "wrong"


def test_numbers_put_into_a_formula_for_another_case_are_not_wrong() -> None:
    text = (
        "For $y = 1$,\n\n$$C = \\log(1 + e^{-t})$$\n\nwhile for $y = 0$,\n\n$$C = \\log(1 + e^{t})$$\n\n"
        "Take $t = 0.6$, $y = 1$.\n\n"
    )
    assert at(text + "$$C = \\log(1 + e^{-0.6}) = 0.437$$\n", 11) != "wrong"
    assert at(text + "$$C = \\log(1 + e^{-0.6}) = 0.473$$\n", 11) == "wrong"


def test_the_size_of_keys_is_a_number_whatever_the_letter_sums_over_elsewhere() -> None:
    text = (
        "$$S^{ij} = \\frac{1}{\\sqrt{d_k}} Q^{ia} K^{ja}$$\n\nRepeated indices are summed.\n\n"
        "$$w_i = \\frac{e^{s_i}}{\\sum_k e^{s_k}}$$\n\n"
        "$$\\frac{\\partial L}{\\partial Q^{mn}} = \\frac{1}{\\sqrt{d_k}} \\frac{\\partial L}{\\partial S^{mj}} "
    )
    assert at(text + "K^{jn}$$\n", 7) == "ok"
    assert at(text + "K^{nj}$$\n", 7) == "wrong"


def test_a_name_for_a_part_of_a_formula_is_told_by_what_stands_beside_it() -> None:
    text = "$$q_i = \\frac{e^{u_i}}{\\sum_k e^{u_k}} = \\frac{e^{u_i}}{S}$$\n\nFor $i \\neq j$:\n\n"
    slope = "$$\\frac{\\partial q_i}{\\partial u_j} = "
    assert at(text + slope + "-\\frac{e^{u_i} e^{u_j}}{S^2} = -q_i q_j$$\n", 5) == "ok"
    assert at(text + slope + "-\\frac{e^{u_i} e^{u_j}}{S} = -q_i q_j$$\n", 5) == "wrong"
    whole = "$$\\frac{\\partial a^T x}{\\partial x} = a$$\n\n$$f = 2a$$\n"
    assert at(whole, 1) == "ok"


def test_sums_of_rows_by_name() -> None:
    text = (
        "$$S = QK^T$$\n\n$$P = \\text{softmax}(S)$$\n\n$$O = PV$$\n\n"
        "$$\\frac{\\partial L}{\\partial S} = P \\odot \\left(\\frac{\\partial L}{\\partial P} - "
    )
    assert (
        at(text + "\\text{rowsum}(P \\odot \\frac{\\partial L}{\\partial P})\\right)$$\n", 7)
        == "ok"
    )
    assert (
        at(text + "\\text{colsum}(P \\odot \\frac{\\partial L}{\\partial P})\\right)$$\n", 7)
        != "ok"
    )


def test_greek_letters_above_a_name_tell_outputs_apart() -> None:
    text = (
        "$$p_k = \\frac{\\exp(z_k^\\alpha)}{\\sum_l \\exp(z_l^\\alpha)}$$\n\n$$\\mu_k = z_k^\\mu$$\n\n"
        "$$N_k = \\frac{1}{\\sqrt{2\\pi}} \\exp(-\\tfrac12 (t - \\mu_k)^2)$$\n\n"
        "$$E = -\\ln \\sum_k p_k N_k, \\qquad r_k = \\frac{p_k N_k}{\\sum_l p_l N_l}$$\n\n"
    )
    assert at(text + "$$\\frac{\\partial E}{\\partial z_k^\\alpha} = p_k - r_k$$\n", 9) == "ok"
    assert at(text + "$$\\frac{\\partial E}{\\partial z_k^\\alpha} = r_k - p_k$$\n", 9) == "wrong"
    both = "$$\\frac{\\partial E}{\\partial z_k^\\alpha} = p_k - r_k$$\n\n$$\\frac{\\partial E}{\\partial z_k^\\mu} = "
    assert at(text + both + "r_k (\\mu_k - t)$$\n", 11) == "ok"
    assert at(text + both + "r_k (t - \\mu_k)$$\n", 11) == "wrong"


def test_pi_behind_a_number_is_the_number_whatever_its_entries_are() -> None:
    text = (
        "$$\\pi_k = \\frac{e^{a_k}}{\\sum_l e^{a_l}}$$\n\n"
        "$$N_k = \\frac{1}{\\sqrt{2\\pi}} e^{-(t - \\mu_k)^2/2}$$\n\n$$E = -\\ln \\sum_k \\pi_k N_k$$\n\n"
        "$$\\frac{\\partial E}{\\partial \\pi_k} = "
    )
    assert at(text + "-\\frac{N_k}{\\sum_l \\pi_l N_l}$$\n", 7) == "ok"
    assert at(text + "\\frac{N_k}{\\sum_l \\pi_l N_l}$$\n", 7) == "wrong"


def test_a_matrix_of_entries_tells_what_they_are_called() -> None:
    text = (
        "$$P = \\text{softmax}(S) = \\begin{bmatrix} p_{11} & p_{12} \\\\ p_{21} & p_{22} \\end{bmatrix}$$\n\n"
        "$$O = PV = \\begin{bmatrix} p_{11}v_{11} + p_{12}v_{21} & p_{11}v_{12} + p_{12}v_{22} \\\\ "
        "p_{21}v_{11} + p_{22}v_{21} & p_{21}v_{12} + p_{22}v_{22} \\end{bmatrix} = "
        "\\begin{bmatrix} o_{11} & o_{12} \\\\ o_{21} & o_{22} \\end{bmatrix}$$\n\n"
    )
    assert at(text, 3) == "ok"
    assert at(text.replace("p_{21}v_{11} + p_{22}", "p_{21}v_{11} + p_{12}"), 3) == "wrong"
    slope = "$$\\frac{\\partial p_{12}}{\\partial s_{11}} = "
    assert at(text + slope + "-p_{11} p_{12}$$\n", 5) == "ok"
    assert at(text + slope + "p_{11} p_{12}$$\n", 5) == "wrong"
    loss = (
        "$$\\frac{\\partial L}{\\partial v_{21}} = \\frac{\\partial L}{\\partial o_{11}} p_{12} + "
    )
    assert at(text + loss + "\\frac{\\partial L}{\\partial o_{21}} p_{22}$$\n", 5) == "ok"
    assert at(text + loss + "\\frac{\\partial L}{\\partial o_{12}} p_{22}$$\n", 5) != "ok"


def test_users_and_items_are_counted_apart() -> None:
    text = (
        "Let $R \\in \\mathbb{R}^{N \\times M}$, $U \\in \\mathbb{R}^{N \\times F}$ and $V \\in \\mathbb{R}^{M \\times F}$, "
        "with rows $\\mathbf{u}_n$ and $\\mathbf{v}_m$.\n\n$$\\hat{R} = U V^\\top$$\n\n"
        "$$\\hat{r}_{nm} = \\mathbf{u}_n^\\top \\mathbf{v}_m = \\sum_f u_{nf} v_{mf}$$\n\n"
        "$$L = \\frac{1}{2} \\sum_{(n, m)} (r_{nm} - \\hat{r}_{nm})^2$$\n\n$$E = \\hat{R} - R$$\n\n"
        "$$\\frac{\\partial L}{\\partial U} = "
    )
    assert at(text + "EV$$\n", 11) != "wrong"
    assert at(text + "-EV$$\n", 11) != "ok"


def test_a_sum_over_what_stands_twice_is_not_meant_where_one_term_has_it_once() -> None:
    text = (
        "Repeated indices are summed: $z_i = W_{ij} x_j$.\n\n"
        "$$a_i = \\frac{e^{s_i}}{\\sum_k e^{s_k}}$$\n\n$$\\frac{\\partial a_i}{\\partial s_i} = "
    )
    assert at(text + "a_i - a_i^2$$\n", 5) == "ok"
    assert at(text + "a_i + a_i^2$$\n", 5) != "ok"


def test_a_small_letter_may_be_a_matrix_between_row_vectors() -> None:
    text = (
        "We use row vectors; `*` is the product of matrices.\n\n"
        "```\nz = x * w_x + b\nh = tanh(z)\n\ndz = dh * (1 - h**2)\ndx = dz * w_x^T\ndw_x = x^T * dz\n```\n"
    )
    assert "wrong" not in verdicts(text).values()


def test_a_run_of_capitals_is_a_function_where_its_formula_is_told() -> None:
    text = (
        "For $\\mathbf{x} \\in \\mathbb{R}^N$, $$QMS(\\mathbf{x}) = \\sqrt{\\frac{1}{N} \\sum_{i=1}^N x_i^2 + \\epsilon}$$\n\n"
        "$$\\nabla_{\\mathbf{x}} QMS(\\mathbf{x}) = "
    )
    assert at(text + "\\frac{\\mathbf{x}}{N\\, QMS(\\mathbf{x})}$$\n", 3) == "ok"
    assert at(text + "\\frac{\\mathbf{x}}{QMS(\\mathbf{x})}$$\n", 3) == "wrong"


def test_slopes_that_vanish_as_they_are_read_say_nothing() -> None:
    text = "$s = f(x)$, $r = f(y)$\n\n$$C = (s - r)^2$$\n\n$$\\frac{\\partial C}{\\partial s} \\frac{\\partial s}{\\partial w} = "
    assert at(text + "3 (s + r) \\frac{\\partial s}{\\partial w}$$\n", 5) != "ok"


def test_a_formula_for_one_case_does_not_replace_the_one_for_all() -> None:
    text = (
        "$$p = \\sigma(z)$$\n\n$$L = -y \\log p - (1 - y) \\log(1 - p)$$\n\n"
        "For $y = 1$ this is\n\n$$L = -\\log p$$\n\n"
    )
    slope = "and in general\n\n$$\\frac{\\partial L}{\\partial z} = "
    assert at(text, 7) == "ok"
    assert at(text + slope + "p - y$$\n", 11) == "ok"
    assert at(text + slope + "p + y$$\n", 11) == "wrong"


def test_ranks_of_pairs() -> None:
    text = (
        "$$P_{ij} = P(U_i > U_j) = \\frac{1}{1 + e^{-\\sigma(s_i - s_j)}}$$\n\n"
        "$$\\bar{P}_{ij} = \\frac{1}{2}(1 + T_{ij})$$\n\n"
        "$$C = -\\bar{P}_{ij} \\log P_{ij} - (1 - \\bar{P}_{ij}) \\log(1 - P_{ij})$$\n\n"
    )
    whole = "$$C = \\frac{1}{2}(1 - T_{ij}) \\sigma(s_i - s_j) + \\log(1 + e^{-\\sigma(s_i - s_j)})$$\n\n"
    case = "For $T_{ij} = -1$,\n\n$$C = \\log(1 + e^{-\\sigma(s_j - s_i)})$$\n\n"
    slope = "$$\\frac{\\partial C(s_i - s_j)}{\\partial s_i} = "
    end = "\\sigma\\left(\\frac{1}{2}(1 - T_{ij}) - \\frac{1}{1 + e^{\\sigma(s_i - s_j)}}\\right)$$\n\n"
    right = text + whole + case + slope + end
    bare = "$$\\mu_{ij} = \\frac{-\\sigma}{1 + e^{\\sigma(s_i - s_j)}}$$\n"
    assert at(right + bare, 7) == "ok"
    assert at(right + bare, 11) == "ok"
    assert at(right + bare, 13) in RIGHT
    assert (
        at((right + bare).replace("}{2}(1 - T_{ij}) \\sigma", "}{2}(1 + T_{ij}) \\sigma"), 7)
        != "ok"
    )
    assert at((right + bare).replace("(1 - T_{ij}) - ", "(1 - T_{ij}) + "), 13) == "wrong"


def test_a_capital_above_what_is_differentiated_by_is_no_power() -> None:
    text = (
        "$$q_i = \\frac{e^{u^S_i}}{\\sum_k e^{u^S_k}}$$\n\n$$E = -\\sum_i p_i \\log q_i$$\n\n"
        "where $p$ is a probability distribution.\n\n$$\\frac{\\partial E}{\\partial u^S_i} = "
    )
    assert at(text + "q_i - p_i$$\n", 7) == "ok"
    assert at(text + "p_i - q_i$$\n", 7) == "wrong"


def test_a_sigma_beside_one_with_a_formula_is_not_the_logistic_function() -> None:
    text = (
        "$$\\sigma_T(z)_i = \\frac{e^{z_i/T}}{\\sum_j e^{z_j/T}}$$\n\n"
        "With $s_i = \\sigma_1(z)_i$ and one-hot $y$:\n\n$$L = -\\sum_i y_i \\log s_i$$\n\n"
    )
    assert at(text + "$$\\frac{\\partial L}{\\partial z_i} = s_i - y_i$$\n", 7) != "wrong"


def test_an_index_that_is_said_to_be_another_one_is_bound_by_that() -> None:
    text = (
        f"{SOFTMAX}Let $k$ be the correct class.\n\n$$E = -\\log(q_k)$$\n\n"
        "$$\\frac{\\partial E}{\\partial u_k} = q_k - 1$$\n\n"
        "For a wrong class $j \\neq k$\n\n$$\\frac{\\partial E}{\\partial u_j} = "
    )
    assert at(text + "q_j$$\n", 11) == "ok"
    assert at(text + "-q_j$$\n", 11) == "wrong"
    assert at(text + "q_j - 1$$\n", 11) == "wrong"
