r"""Layers and losses as papers write them: projections, adapters, densities called π, similarities, norms of channels."""

from __future__ import annotations

import pytest
from judged import verdicts

RIGHT = frozenset({"ok", "convention"})


def at(text: str, line: int) -> str:
    return verdicts(text)[line]


def test_a_gradient_by_what_something_is_compared_with_is_where_the_indices_differ() -> None:
    text = (
        "$$\n\\ell(z_a) = -\\log \\frac{e^{c_{a,a}/T}}{\\sum_{k \\neq a} e^{c_{a,k}/T} + e^{c_{a,a}/T}}, \\qquad "
        "q_{a,b} = \\frac{e^{c_{a,b}/T}}{\\sum_k e^{c_{a,k}/T}}\n$$\n\n"
        "$$\\frac{\\partial \\ell(z_a)}{\\partial c_{a,b}} = "
    )
    assert at(text + "\\frac{q_{a,b}}{T}$$\n", 5) in RIGHT
    assert at(text + "-\\frac{q_{a,b}}{T}$$\n", 5) == "wrong"


@pytest.mark.parametrize("by", ["", "$\\frac{\\partial J}{\\partial E}$ is one.\n"])
def test_of_two_open_names_one_may_be_the_other(by: str) -> None:
    text = (
        "$$\\log p(u|\\theta) = \\log r(u) + \\sum_{t=0}^{N} \\log \\pi_\\theta(a_t|s_t)$$\n\n"
        "$$\\nabla_\\theta J(\\pi_\\theta) = \\nabla_\\theta E_{u \\sim \\pi_\\theta}[G(u)] = "
        "E_{u \\sim \\pi_\\theta}[\\nabla_\\theta \\log p(u|\\theta) G(u)]$$\n"
    )
    assert at(text + by, 3) not in ("wrong", "carried")


def test_a_link_that_others_name_is_missing_between_open_names() -> None:
    text = "$s = vu + c$, $r = \\sigma(s)$\n\n"
    chain = "$\\frac{\\partial E}{\\partial v} = \\frac{\\partial E}{\\partial r} \\frac{\\partial r}{\\partial s} u$\n\n"
    assert (
        at(
            text
            + chain
            + "$\\frac{\\partial E}{\\partial c} = \\frac{\\partial r}{\\partial c}$\n",
            5,
        )
        == "wrong"
    )


def test_what_stands_in_front_of_gradients_only_is_nothing_a_loss_depends_on() -> None:
    text = (
        "$$u = \\frac{s}{\\|v\\|} v$$\n\n"
        "$$\\nabla_v L = \\frac{s}{\\|v\\|} Q \\nabla_u L, \\quad \\text{where} \\quad Q = I - \\frac{u u^T}{\\|u\\|^2}$$\n\n"
        "$$\\nabla_v L = \\frac{1}{\\|v\\|} Q \\nabla_u L$$\n"
    )
    assert at(text, 3) == "ok"
    assert at(text, 5) != "ok"


def test_an_identity_over_a_number_has_the_size_of_what_stands_beside_it() -> None:
    text = "$$y = x/\\|x\\|$$\n\n$$\\frac{\\partial y}{\\partial x} = \\frac{I}{\\|x\\|} "
    assert at(text + "- \\frac{x x^T}{\\|x\\|^3}$$\n\nFor $x = (5, 12)$.\n", 3) == "ok"
    assert at(text + "+ \\frac{x x^T}{\\|x\\|^3}$$\n\nFor $x = (5, 12)$.\n", 3) != "ok"


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("$$\\frac{\\partial L}{\\partial P} = Q^T \\frac{\\partial L}{\\partial y} x^T$$", "ok"),
        ("$$\\frac{\\partial L}{\\partial P} = Q \\frac{\\partial L}{\\partial y} x^T$$", "wrong"),
        (
            "$$\\frac{\\partial L}{\\partial x} = (M_0 + Q P)^T \\frac{\\partial L}{\\partial y}$$",
            "ok",
        ),
        ("$$\\frac{\\partial L}{\\partial x} = M_0^T \\frac{\\partial L}{\\partial y}$$", "wrong"),
    ],
)
@pytest.mark.parametrize(
    "head",
    [
        "$M = M_0 + Q P$ and $y = M x$.",
        "$$y = M_0 x + D x = M_0 x + Q P x$$",
        "$M = M_0 + \\Delta M = M_0 + Q P$ and $y = M x$.",
    ],
)
def test_an_adapter_is_added_to_a_matrix_of_its_own(head: str, line: str, verdict: str) -> None:
    assert at(f"{head}\n\n{line}\n", 3) in (verdict, "unknown" if verdict == "wrong" else verdict)


def test_a_name_with_an_index_in_the_formula_of_the_bare_name_is_another() -> None:
    text = "$$s = s_0 + v_0 t + \\frac12 g t^2$$\n\n$$\\frac{ds}{dt} = v_0 + "
    assert at(text + "g t$$\n", 3) == "ok"
    assert at(text + "\\frac12 g t$$\n", 3) == "wrong"


def test_totals_of_rows_are_called_like_the_entries() -> None:
    text = "$N_a = \\sum_k N_{ak}$ and $R_{ab} = N_{ab}/N_a$, so\n\n$$\\sum_b R_{ab} = "
    assert at(text + "1$$\n", 3) == "ok"
    assert at(text + "2$$\n", 3) != "ok"


def test_a_section_goes_on_with_the_formula_of_before_until_it_gives_another() -> None:
    text = (
        "$$y = X (V + A B)$$\n\n## Backward\n\n$$\\frac{\\partial L}{\\partial B} = "
        "(X A)^T \\frac{\\partial L}{\\partial y}$$\n\nScaled, it is $y = X V + \\frac{c}{k} X A B$ and\n\n"
        "$$\\frac{\\partial L}{\\partial B} = \\frac{c}{k} A^T X^T \\frac{\\partial L}{\\partial y}$$\n"
    )
    assert (at(text, 5), at(text, 9)) == ("ok", "ok")
    assert at(text.replace("(X A)^T", "(X B)^T"), 5) != "ok"


def test_pi_in_the_formula_of_a_policy_pi_is_the_number() -> None:
    text = (
        "$$\\pi(a|s, \\theta) = \\frac{1}{b\\sqrt{2\\pi}} \\exp\\left(-\\frac{(a - m)^2}{2b^2}\\right), "
        "\\quad m = \\theta^T x$$\n\n"
    )
    assert (
        at(
            text
            + "$$\\frac{\\partial \\ln \\pi(a|s, \\theta)}{\\partial m} = \\frac{a - m}{b^2}$$\n",
            3,
        )
        == "ok"
    )
    assert at(text + "$$\\nabla \\ln \\pi(a|s, \\theta) = \\frac{a - m}{b^2} x$$\n", 3) == "ok"
    assert at(text + "$$\\nabla \\ln \\pi(a|s, \\theta) = \\frac{a - m}{b} x$$\n", 3) == "wrong"


def test_d_is_a_factor_where_something_is_differentiated_by_it() -> None:
    text = "$$y = a + b\\, q(c + dx), \\quad q(u) = u^3 - 2u$$\n\n$$\\frac{\\partial y}{\\partial d} = b q'(c + dx)"
    assert at(text + "\\, x$$\n", 3) == "ok"
    assert at(text + "$$\n", 3) != "ok"


def test_a_letter_that_only_divides_sums_counts_their_terms() -> None:
    text = (
        "$$m = \\frac{1}{C} \\sum_i x_i, \\quad v = \\frac{1}{C} \\sum_i (x_i - m)^2, \\quad r = (v + e_0)^{-1/2}, "
        "\\quad h_i = r (x_i - m)$$\n\n$$\\frac{\\partial L}{\\partial x_i} = r \\left( \\frac{\\partial L}{\\partial h_i} "
        "- \\frac{1}{C} \\sum_j \\frac{\\partial L}{\\partial h_j} - "
    )
    end = "\\frac{1}{C} \\sum_j \\frac{\\partial L}{\\partial h_j} h_j \\right)$$\n"
    assert at(text + "h_i " + end, 3) == "ok"
    assert at(text + end, 3) != "ok"


def test_a_softmax_of_a_whole_vector() -> None:
    text = "$$p = \\frac{e^{u}}{\\sum_k e^{u_k}}, \\quad L = -\\log p_c$$\n\n$$\\frac{\\partial L}{\\partial u_j} = "
    assert at(text + "p_j - \\mathbb{1}(j = c)$$\n", 3) == "ok"
    assert at(text + "\\mathbb{1}(j = c) - p_j$$\n", 3) == "wrong"


def test_the_formula_behind_an_integral_defines() -> None:
    text = (
        "$$K = \\int q(z) \\log \\frac{q(z)}{p(z)} dz = \\frac12 (m^2 + s^2 - \\log s^2 - 1)$$\n\n"
        "$$\\frac{\\partial K}{\\partial s} = s "
    )
    assert at(text + "- \\frac{1}{s}$$\n", 3) == "ok"
    assert at(text + "+ \\frac{1}{s}$$\n", 3) == "wrong"


def test_a_line_for_the_true_class_leaves_the_others_to_the_next() -> None:
    text = (
        "Here $c$ is the index of the correct class.\n\n$$L = -\\log \\frac{e^{u_c}}{\\sum_k e^{u_k}}, \\quad "
        "q_j = \\frac{e^{u_j}}{\\sum_k e^{u_k}}$$\n\n"
    )
    own = "$$\\frac{\\partial L}{\\partial u_c} = q_c - 1$$\n\n"
    assert at(text + own + "$$\\frac{\\partial L}{\\partial u_j} = q_j$$\n", 7) in RIGHT
    assert at(text + own + "$$\\frac{\\partial L}{\\partial u_j} = -q_j$$\n", 7) == "wrong"
    assert at(text + "$$\\frac{\\partial L}{\\partial u_j} = q_j$$\n", 5) == "wrong"


def test_a_sum_over_all_others_tells_no_case() -> None:
    text = "$$p_k = \\frac{e^{z_k}}{\\sum_j e^{z_j}}$$\n\n$$\\frac{\\partial p_k}{\\partial z_c} = "
    assert at(text + "-p_k (1 - \\sum_{j \\neq c} p_j)$$\n", 3) in RIGHT
    assert at(text + "p_k (1 - \\sum_{j \\neq c} p_j)$$\n", 3) == "wrong"


@pytest.mark.parametrize(
    ("product", "of_input", "of_weight", "bent"),
    [
        (
            "input.mm(weight.t())",
            "grad_output.mm(weight)",
            "grad_output.t().mm(input)",
            "input.t().mm(grad_output)",
        ),
        (
            "input @ weight",
            "grad_output @ weight.T",
            "input.T @ grad_output",
            "grad_output.T @ input",
        ),
    ],
)
def test_words_for_the_arrays_of_a_linear_layer(
    product: str, of_input: str, of_weight: str, bent: str
) -> None:
    text = (
        f"```python\noutput = {product} + bias\ngrad_input = {of_input}\n"
        f"grad_weight = {of_weight}\ngrad_bias = grad_output.sum(0)\n```\n"
    )
    assert (at(text, 3), at(text, 4)) == ("ok", "ok")
    assert at(text.replace(f"= {of_weight}\n", f"= {bent}\n"), 4) == "wrong"


def test_a_class_whose_logarithm_alone_is_taken_is_chosen() -> None:
    text = "$$z = V h + b, \\quad q = \\text{softmax}(z), \\quad E = -\\log q_k$$\n\n"
    assert (
        at(
            text + "$$\\frac{\\partial E}{\\partial h} = V^T \\frac{\\partial E}{\\partial z}$$\n",
            3,
        )
        == "ok"
    )
    assert (
        at(text + "$$\\frac{\\partial E}{\\partial h} = V \\frac{\\partial E}{\\partial z}$$\n", 3)
        == "wrong"
    )


def test_slopes_that_nothing_connects_are_not_equal_for_being_nothing() -> None:
    text = (
        "$$z_t = V h_t + b, \\quad E_t = -\\log q_{t,m}$$\n\n"
        "$$\\frac{\\partial E_t}{\\partial V} = \\frac{\\partial E_t}{\\partial z_t} h_t^T$$\n\n"
        "$$\\frac{\\partial E_t}{\\partial h_t} = V \\frac{\\partial E_t}{\\partial z_t}$$\n"
    )
    assert at(text, 5) != "ok"


def test_what_one_step_has_of_a_gradient_by_a_shared_weight() -> None:
    text = (
        "$$s_t = U x_t + V h_{t-1}, \\quad h_t = \\tanh(s_t), \\quad q_t = \\text{softmax}(W h_t), \\quad "
        "E_t = -\\sum_j d_{t,j} \\log q_{t,j}$$\n\n"
    )
    line = "$$\\frac{\\partial E_t}{\\partial V} = \\frac{\\partial E_t}{\\partial s_t} "
    assert at(text + line + "h_{t-1}^T$$\n", 3) == "ok"
    assert at(text + line + "x_t^T$$\n", 3) != "ok"
    assert (
        at(
            text
            + "$$\\frac{\\partial E_t}{\\partial s_t} = (1 - h_t) \\odot \\frac{\\partial E_t}{\\partial h_t}$$\n",
            3,
        )
        != "ok"
    )


def test_brackets_that_round_to_the_nearest() -> None:
    assert at("With $s = 0.5$ and $v = 1.3$: $\\lfloor 2.6 \\rceil = 3$.\n", 1) != "wrong"
    assert at("Rounding: $\\lfloor 2.6 \\rceil = 2$.\n", 1) == "wrong"
    assert at("Rounding: $\\left\\lfloor \\frac{13}{5} \\right\\rceil = 3$.\n", 1) == "ok"
    assert at("Down: $\\lfloor 2.6 \\rfloor = 2$.\n", 1) == "ok"


def test_for_all_other_classes_a_term_of_the_label_is_gone() -> None:
    text = "$$E = -\\sum_k d_k \\log q_k, \\quad q = \\text{softmax}(A h)$$\n\n$z = A h$ and\n\n"
    assert (
        at(text + "$$\\frac{\\partial E}{\\partial z_j} = q_j \\quad (j \\neq c)$$\n", 5) != "wrong"
    )


def test_items_of_a_list_are_about_functions_of_their_own() -> None:
    text = "$$L = \\log(1 + e^{-m})$$\n\nAt $m = 0$:\n\n- logistic: $L = 0.6931$\n- hinge: $L = 1$\n- square: $L = 1.0$\n"
    assert at(text, 5) == "ok"
    assert at(text, 6) != "wrong"


def test_a_sum_up_to_the_size_of_a_set() -> None:
    text = "$$J = -\\log \\frac{\\exp(s_c)}{\\sum_{j=1}^{|V|} \\exp(s_j)} = -s_c "
    assert at(text + "+ \\log \\sum_{j=1}^{|V|} \\exp(s_j)$$\n", 1) == "ok"
    assert at(text + "- \\log \\sum_{j=1}^{|V|} \\exp(s_j)$$\n", 1) == "wrong"


def test_the_gradient_that_arrives_is_no_factor_too_many() -> None:
    text = (
        "```python\noutput = input.mm(weight.t()) + bias\n```\n\n"
        "```python\nresult = u ** 4\ndu = 4 * u ** 3\ngrad_u = grad_output * du\n```\n"
    )
    assert at(text, 8) != "wrong"
