"""Row vectors, one step of a recurrent network, numbered names, and signs that a document explains."""

from __future__ import annotations

import pytest

import dvar

BLOCK = "$x$ is one example.\n\n$a = x W_1 + b_1$, $r = \\max(a, 0)$, $y = x + r W_2$\n\n"
GATE = "$z_t = \\sigma(x_t U_z + h_{t-1} W_z)$ and $h_t = h_{t-1} \\odot (1 - z_t)$.\n\n"


def verdicts(text: str) -> list[str]:
    """The verdicts of the claims of a document."""
    passed = ("definition", "given", "skipped")
    return [j.verdict for j in dvar.check(text).judgements if j.verdict not in passed]


def test_a_vector_in_front_of_its_matrix_is_a_row() -> None:
    text = (
        "$\\overline{W_2} = r^T \\overline{y}$\n\n$\\overline{r} = \\overline{y} W_2^T$\n\n"
        "$\\overline{W_1} = x^T \\overline{a}$\n\n$\\overline{x} = \\overline{y} + \\overline{a} W_1^T$"
    )
    assert verdicts(BLOCK + text) == ["ok"] * 4


def test_a_matrix_that_is_not_turned_is_found_beside_a_row() -> None:
    text = (
        "$\\overline{W_2} = r^T \\overline{y}$\n\n$\\overline{r} = \\overline{y} W_2^T$\n\n"
        "$\\overline{W_1} = x^T \\overline{a}$\n\n$\\overline{x} = \\overline{y} + \\overline{a} W_1$"
    )
    assert verdicts(BLOCK + text) == ["ok", "ok", "ok", "wrong"]


def test_one_step_sends_its_share_to_weights_of_all_steps() -> None:
    text = (
        "$\\delta z_t = -\\delta h_t \\odot h_{t-1} \\odot z_t \\odot (1 - z_t)$\n\n"
        "$\\delta U_z = x_t^T \\delta z_t$, $\\delta W_z = h_{t-1}^T \\delta z_t$"
    )
    assert verdicts(GATE + text) == ["ok"] * 3


def test_who_adds_up_the_steps_elsewhere_lacks_a_sum_here() -> None:
    text = (
        "$\\delta z_t = -\\delta h_t \\odot h_{t-1} \\odot z_t \\odot (1 - z_t)$\n\n"
        "$\\delta U_z = \\sum_t x_t^T \\delta z_t$, $\\delta W_z = h_{t-1}^T \\delta z_t$"
    )
    assert verdicts(GATE + text)[-1] != "ok"


def test_a_letter_with_a_number_behind_it_is_one_of_several_names() -> None:
    text = "$\\delta 3 = 5$, $\\delta 4 = 2$, $\\delta 7 = \\delta 3 \\cdot \\delta 4 = 10$"
    assert verdicts(text) == ["ok"]


@pytest.mark.parametrize(
    "said",
    [
        "`*` is the matrix product and $\\cdot$ the product of entries.",
        "We write the matrix product as $*$ and use $\\cdot$ for the elementwise product.",
    ],
)
def test_signs_of_products_mean_what_the_document_says(said: str) -> None:
    text = GATE.replace("\\odot", "\\cdot").replace("x_t U", "x_t * U").replace("1} W", "1} * W")
    claims = (
        "$\\delta z_t = -\\delta h_t \\cdot h_{t-1} \\cdot z_t \\cdot (1 - z_t)$\n\n"
        "$\\delta U_z = x_t^T * \\delta z_t$, $\\delta W_z = h_{t-1}^T * \\delta z_t$"
    )
    assert verdicts(said + "\n\n" + text + claims) == ["ok"] * 3


@pytest.mark.parametrize("inputs", ["x", "e"])
def test_a_step_in_brackets_above_has_one_size_for_all(inputs: str) -> None:
    """Also where the loss counts the classes, and the inputs have the letter of Euler's number."""
    text = (
        "\\[h^{(t)} = \\tanh(W_h h^{(t-1)} + W_x x^{(t)})\\]\n\\[o^{(t)} = U h^{(t)}\\]\n"
        "\\[p^{(t)} = \\text{softmax}(o^{(t)})\\]\n"
        "\\[J^{(t)} = -\\sum_{k=1}^{V} y_k^{(t)} \\log p_k^{(t)}\\]\n\n"
        "\\[\\frac{\\partial J^{(t)}}{\\partial o^{(t)}} = p^{(t)} - y^{(t)}\\]"
    ).replace("x^", f"{inputs}^")
    assert verdicts(text) == ["ok"]


@pytest.mark.parametrize("end", ["_t", "_{t}"])
def test_the_step_beside_is_due_though_it_stands_nowhere(end: str) -> None:
    text = (
        "\\[h_t = \\tanh(W h_{t-1} + V x_t)\\]\n\\[o_t = U h_t\\]\n\\[p_t = \\text{softmax}(o_t)\\]\n"
        "\\[J_t = -\\sum_{k=1}^{K} y_{t,k} \\log p_{t,k}\\]\n\\[J = \\sum_{t=1}^{T} J_t\\]\n\n"
        "Let $z_t = W h_{t-1} + V x_t$, $\\gamma_t = \\frac{\\partial J}{\\partial h_t}$ and "
        "$\\delta_t = \\frac{\\partial J}{\\partial z_t}$.\n\n"
        f"\\[\\gamma_t = U^T (p_t - y_t) + W^T \\delta{end}\\]"
    )
    (wrong,) = [j for j in dvar.check(text).judgements if j.verdict == "wrong"]
    assert wrong.cause == "wrong-variable"
    assert "\\delta_{t+1}" in (wrong.expected or "")


EMBEDDED = (
    "{} $e_w$ of the table $E\\in\\mathbb{{R}}^{{V\\times d}}$ belongs to word $w$. A text is averaged, "
    "$s = \\frac1T\\sum_{{t=1}}^{{T}}e_{{w_t}}$, and scored, $z = v^{{\\top}}s$, $p = \\sigma(z)$, "
    "$L = -y\\log p-(1-y)\\log(1-p)$.\n\n$$\\frac{{\\partial L}}{{\\partial s}} = (p-y)\\,v$$"
)


def test_a_row_of_a_table_of_words_is_a_vector() -> None:
    assert verdicts(EMBEDDED.format("Row"))[-1] == "ok"


def test_a_loss_that_comes_out_as_an_array_faults_nothing() -> None:
    """Where it is not understood that words are vectors, their text looks like a number."""
    assert "wrong" not in verdicts(EMBEDDED.format("One"))


def test_layers_may_be_counted_by_a_curly_l() -> None:
    text = (
        "$$z_i^{(\\ell)} = \\sum_{j=1}^{d_{\\ell-1}} w^{(\\ell)}_{i,j} a^{(\\ell-1)}_j, \\qquad "
        "a_i^{(\\ell)} = \\sigma(z_i^{(\\ell)})$$\n\n"
        "$$C = \\frac{1}{2} \\sum_{i=1}^{d_L} ( a_{i}^{(L)} - y_{i} )^2, \\qquad "
        "\\delta_i^{(\\ell)} = \\frac{\\partial C}{\\partial z_i^{(\\ell)}}$$\n\n"
        "$$\\delta_j^{(\\ell)} = \\sigma'(z_j^{(\\ell)}) \\sum_{i=1}^{d_{\\ell+1}} "
        "\\delta_i^{(\\ell+1)} w_{i,j}^{(\\ell+1)}$$"
    )
    assert verdicts(text) == ["ok"]


SIGNALS = (
    "$$z_i^{(l)} = \\sum_{j} w^{(l)}_{i,j} a^{(l-1)}_j, \\qquad a_i^{(l)} = \\sigma(z_i^{(l)})$$\n\n"
    "$$C = \\frac{1}{2} \\sum_{i} ( a_{i}^{(L)} - y_{i} )^2, \\qquad "
    "\\delta_i^{(l)} = \\frac{\\partial C}{\\partial z_i^{(l)}}$$\n\n"
    "$$\\delta_j^{(l)} = FACTOR\\sigma'(z_j^{(l)}) \\sum_{i} \\delta_i^{(l+1)} w_{i,j}^{(l+1)}$$"
)


@pytest.mark.parametrize(("factor", "verdict"), [("", "ok"), ("2 ", "wrong")])
def test_a_recursion_for_signals_is_a_claim_whatever_its_letter(factor: str, verdict: str) -> None:
    assert verdicts(SIGNALS.replace("FACTOR", factor)) == [verdict]


@pytest.mark.parametrize(("right", "verdict"), [("a_i - y_i", "ok"), ("2 (a_i - y_i)", "wrong")])
def test_a_loss_without_its_number_is_that_of_any_one_example(right: str, verdict: str) -> None:
    text = (
        "$$C_n = \\frac{1}{2} \\sum_i (a_{i,n} - y_{i,n})^2, \\qquad J = \\frac{1}{N} \\sum_n C_n$$\n\n"
        f"$$\\frac{{\\partial C}}{{\\partial a_i}} = {right}$$"
    )
    assert verdicts(text) == [verdict]


@pytest.mark.parametrize("both", ["[h, x]", "[h; x]", "\\begin{bmatrix} h \\\\ x \\end{bmatrix}"])
def test_a_matrix_takes_two_vectors_one_above_the_other(both: str) -> None:
    text = (
        f"$u = \\tanh(z)$ and $z = W {both} + b$ for some loss $L$.\n\n"
        "Then $\\frac{\\partial L}{\\partial W} = \\frac{\\partial L}{\\partial z} "
        "\\begin{bmatrix} h \\\\ x \\end{bmatrix}^T$"
    )
    assert verdicts(text) == ["ok"]


def test_a_step_whose_argument_has_a_name_sends_its_share_once() -> None:
    text = (
        "$f_t = \\sigma(W_f [h_{t-1}, x_t] + b_f)$ and $h_t = f_t \\odot h_{t-1}$.\n\n"
        "Let $g_t = W_f [h_{t-1}, x_t] + b_f$.\n\n"
        "$$dg_t = dh_t \\odot h_{t-1} \\odot f_t \\odot (1 - f_t)$$\n\n"
        "$$dW_f = dg_t \\begin{bmatrix} h_{t-1} \\\\ x_t\\end{bmatrix}^T$$\n\n$$db_f = dg_t$$"
    )
    assert verdicts(text) == ["ok"] * 3


def test_the_size_of_one_layer_is_that_of_all_where_formulas_are_for_all() -> None:
    text = (
        "$H^{(0)}\\in\\mathbb{R}^{n\\times f_0}$, $Z^{(k)} = H^{(k-1)}W^{(k)}$ and $H^{(k)} = \\phi(Z^{(k)})$.\n\n"
        "With $G^{(k)} = \\partial L/\\partial Z^{(k)}$,\n\n"
        "$$\\frac{\\partial L}{\\partial W^{(k)}} = {H^{(k-1)}}^{\\top}G^{(k)}$$"
    )
    assert verdicts(text) == ["ok", "ok"]
