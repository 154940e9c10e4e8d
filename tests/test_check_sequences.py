"""Formulas in pieces, conditions on values, rows of matrices, ∇ without an index, primed indices."""

from __future__ import annotations

import pytest

import dvar

LEAKY = "$g(z) = z$ if $z > 0$ and $g(z) = 0.1 z$ if $z \\le 0$.\n\n"
ELU = "$h(z) = z$ if $z>0$ and $\\alpha (e^z - 1)$ otherwise.\n\n"
BENT = "$$ s(x) = \\begin{cases} x^2 & x < 1 \\\\ 2x - 1 & x \\ge 1 \\end{cases} $$\n\n"


def verdicts(text: str) -> list[str]:
    """The verdicts of the claims of a document."""
    passed = ("definition", "given", "skipped")
    return [j.verdict for j in dvar.check(text).judgements if j.verdict not in passed]


@pytest.mark.parametrize(
    "text",
    [
        LEAKY + "So $g'(z) = 1$ for $z > 0$ and $g'(z) = 0.1$ for $z<0$.",
        ELU + "Then $h'(z) = 1$ when $z > 0$, while $h'(z) = \\alpha e^z$ when $z < 0$.",
        ELU + "Also $h'(z) = h(z) + \\alpha$ if $z < 0$.",
        BENT + "If $x < 1$, then $s'(x) = 2x$; if $x > 1$, then $s'(x) = 2$.",
        "$k(x) = \\max(-1, \\min(1, x))$ so $k'(x) = 1$ if $|x| < 1$ and $k'(x) = 0$ if $|x| > 1$.",
    ],
)
def test_what_holds_under_a_condition_is_right(text: str) -> None:
    assert set(verdicts(text)) == {"ok"}


@pytest.mark.parametrize(
    "text",
    [
        LEAKY + "So $g'(z) = 0.2$ if $z < 0$.",
        ELU + "Then $h'(z) = 2\\alpha e^z$ for $z < 0$.",
        BENT + "If $x < 1$, then $s'(x) = 4x$.",
    ],
)
def test_what_does_not_hold_where_its_condition_does_is_wrong(text: str) -> None:
    assert "wrong" in verdicts(text)


def test_pieces_in_plain_text() -> None:
    text = (
        "   F(u) = 0.5 u^2              if |u| <= c\n"
        "   F(u) = c (|u| - 0.5 c)      if |u| > c\n\n"
        "   F'(u) = u                   if |u| <= c\n"
        "   F'(u) = c sign(u)           if |u| > c\n"
        "   F''(u) = 1[|u| < c]\n"
    )
    assert set(verdicts(text)) == {"ok"}


def test_inner_products_in_plain_text() -> None:
    text = (
        "f(w,b) = max(0, 1 - t(<w,x> + b)) is the hinge of a vector w.\n\n"
        "   df/dw = -t x * 1[t(<w,x>+b) < 1]\n"
    )
    assert verdicts(text) == ["ok"]


def test_rows_of_a_matrix() -> None:
    text = (
        "The matrix $X \\in \\mathbb{R}^{n\\times d}$ has the rows $x_i^\\top$. "
        "Let $f(w) = \\frac12 \\sum_i (x_i^\\top w - y_i)^2$. "
        "Then $\\nabla f = X^\\top (X w - y)$ and $\\nabla^2 f = X^\\top X$."
    )
    assert verdicts(text) == ["ok", "ok", "ok"]
    assert verdicts(text.replace("(X w - y)", "(X w + y)"))[1] == "wrong"


def test_numbers_called_a_vector() -> None:
    text = (
        "Let $x \\in \\mathbb{R}^n$ and $f(x) = \\log \\sum_j e^{x_j}$. We have "
        "$\\frac{\\partial f}{\\partial x_j} = \\frac{e^{x_j}}{\\sum_{j'} e^{x_{j'}}}$ and call the vector of "
        "these numbers $q$, so $\\nabla f(x) = q$ and "
        "$\\nabla^2 f = \\operatorname{diag}(q) - q q^\\top$."
    )
    assert set(verdicts(text)) == {"ok"}


def test_indices_with_a_prime() -> None:
    text = (
        "$p_k = \\frac{e^{z_k}}{\\sum_{k'} e^{z_{k'}}}$ gives "
        "$\\frac{\\partial p_k}{\\partial z_{k'}} = p_k(\\delta_{kk'} - p_{k'})$."
    )
    assert verdicts(text) == ["ok"]
    assert verdicts(text.replace("- p_{k'})", "+ p_{k'})")) == ["wrong"]


def test_the_standard_normal_law() -> None:
    text = (
        "GELU is $g(x) = x\\,\\Phi(x)$ with the distribution function $\\Phi$ of the standard normal law. "
        "$\\Phi'(x) = \\varphi(x)$ and $g'(x) = \\Phi(x) + x\\,\\varphi(x)$."
    )
    assert verdicts(text) == ["ok", "ok"]


def test_states_of_a_recurrence_are_vectors_of_their_own() -> None:
    text = (
        "For $t=1,\\dots,T$ let $\\mathbf{a}_t = \\mathbf{W}\\mathbf{s}_{t-1} + \\mathbf{U}\\mathbf{x}_t$, "
        "$\\mathbf{s}_t = \\tanh(\\mathbf{a}_t)$ and $L = \\sum_{t=1}^{T} \\ell_t(\\mathbf{s}_t)$. With "
        "$\\mathbf{g}_t = \\nabla_{\\mathbf{a}_t} L$ we have\n\n"
        "$$\\nabla_{\\mathbf{U}} L = \\sum_{t=1}^{T} \\mathbf{g}_t \\mathbf{x}_t^\\top$$\n\n"
        "The bound on $\\mathbf{s}$ is of no use here."
    )
    assert verdicts(text) == ["ok"]


def test_a_forgotten_function_is_found() -> None:
    text = (
        "Let $c = w x$, $h = o \\tanh(c)$ and $L = (h - y)^2$. Then "
        "$\\frac{\\partial L}{\\partial o} = 2(h - y) c$."
    )
    report = dvar.check(text)
    assert [(j.verdict, j.cause) for j in report.judgements if j.kind == "claim"] == [
        ("wrong", "wrong-variable")
    ]


def test_a_sum_over_a_shared_index_is_missing() -> None:
    text = (
        "Let $y_{i,j} = \\beta_j + \\sum_k w_{j,k} x_{i,k}$ and $\\delta_{i,j} = "
        "\\frac{\\partial E}{\\partial y_{i,j}}$. Then "
        "$\\frac{\\partial E}{\\partial \\beta_j} = \\delta_{i,j}$."
    )
    report = dvar.check(text)
    assert [(j.verdict, j.cause) for j in report.judgements if j.kind == "claim"] == [
        ("wrong", "missing-sum")
    ]
    assert verdicts(text.replace("= \\delta_{i,j}$.", "= \\sum_i \\delta_{i,j}$.")) == ["ok"]


def test_paths_that_are_left_out_on_purpose_are_not_missing() -> None:
    text = (
        "For $t=1,\\dots,T$ let $f_t = \\sigma(u h_{t-1})$, $c_t = f_t c_{t-1}$ and $h_t = \\tanh(c_t)$.\n\n"
        "With gates held fixed, $\\frac{\\partial c_t}{\\partial c_{t-2}} = f_t f_{t-1}$."
    )
    assert "wrong" not in verdicts(text)


def test_deviations_by_their_variance() -> None:
    text = (
        "$\\mu = \\frac1d\\sum_k x_k$, $\\sigma^2 = \\frac1d\\sum_k (x_k - \\mu)^2$ and "
        "$\\hat x_k = \\frac{x_k - \\mu}{\\sigma}$. Then "
        "$\\frac{\\partial \\sigma}{\\partial x_k} = \\frac{\\hat x_k}{d}$."
    )
    assert verdicts(text) == ["ok"]


MEMORY = r"""
$$a_t = \sigma(A u_t + B s_{t-1})$$
$$r_t = \sigma(R u_t + S s_{t-1})$$
$$q_t = \tanh(P u_t + Q s_{t-1})$$
$$m_t = r_t \odot m_{t-1} + a_t \odot q_t$$
$$s_t = a_t \odot \tanh(m_t)$$

"""


@pytest.mark.parametrize(
    ("line", "bent"),
    [
        (
            r"$$\frac{\partial E}{\partial m_t} = \frac{\partial E}{\partial s_t} \odot a_t \odot (1 - \tanh^2(m_t))$$",
            r"$$\frac{\partial E}{\partial m_t} = \frac{\partial E}{\partial s_t} \odot a_t \odot (1 - \tanh(m_t))$$",
        ),
        (
            r"$$\frac{\partial E}{\partial m_{t-1}} = \frac{\partial E}{\partial m_t} \odot r_t$$",
            r"$$\frac{\partial E}{\partial m_{t-1}} = \frac{\partial E}{\partial m_t} \odot q_t$$",
        ),
    ],
)
def test_what_one_step_sends_back_may_be_told_without_the_rest(line: str, bent: str) -> None:
    assert [j.verdict for j in dvar.check(MEMORY + line).judgements][-1] == "ok"
    assert [j.verdict for j in dvar.check(MEMORY + bent).judgements][-1] != "ok"


LEFT_OUT = r"""
$$s_j = m_{ji} u_i + c_j$$

$$h_j = \sigma(s_j)$$

$$\frac{\partial L}{\partial u_i} = \frac{\partial L}{\partial s_j} \frac{\partial s_j}{\partial u_i}$$

$$\frac{\partial L}{\partial u_i} = \frac{\partial L}{\partial s_j} WEIGHT$$

$$\frac{\partial h_j}{\partial s_j} = h_j (1 - h_j)$$
"""


@pytest.mark.parametrize(
    ("weight", "expected"), [("m_{ji}", "ok"), ("m_{ij}", "wrong"), ("u_i", "unknown")]
)
def test_who_leaves_out_a_sum_in_a_definition_leaves_it_out_later(
    weight: str, expected: str
) -> None:
    found = [j.verdict for j in dvar.check(LEFT_OUT.replace("WEIGHT", weight)).judgements]
    assert found == ["definition", "definition", "ok", expected, "ok"]


def test_a_chain_rule_with_its_sum_told_in_words_is_not_wrong() -> None:
    rule = r"$$\frac{\partial L}{\partial u_j} = \frac{\partial L}{\partial v_i} \frac{\partial v_i}{\partial u_j}$$"
    words = "Mind the sum over the intermediate index."
    assert dvar.check(f"{rule}\n\n{words}\n").judgements[0].verdict != "wrong"


CELL = r"""
$p = \tanh(w x + b)$, $g = \sigma(v x + c)$, $q = p \odot g$ and $E = \frac12 (q - r)^2$.

$\delta q = q - r$

$\delta p = \delta q \odot g \odot (1 - p^2)$

$\delta g = \delta q \odot p \odot g \odot (1 - g)$

$\delta w = \delta p \cdot x$
"""


def test_gradients_of_gates_are_by_their_arguments_where_these_have_no_names() -> None:
    assert verdicts(CELL) == ["ok"] * 4
    assert verdicts(CELL + "\n$\\delta c = \\delta g \\odot (1 - g)$")[-1] == "wrong"
    for slip in (
        "g \\odot (1 + g)",
        "g",
    ):  # one line that is wrong does not change what the others mean
        bent = verdicts(CELL.replace("g \\odot (1 - g)", slip))
        assert bent == ["ok", "ok", "wrong", "ok"]


def test_known_words_with_parameters_are_what_their_formulas_say() -> None:
    text = (
        r"$$\text{ELU}(v) = \begin{cases} v & v > 0 \\ c (e^v - 1) & v \le 0 \end{cases}$$" + "\n\n"
    )
    line = r"$$\text{ELU}'(v) = \begin{cases} 1 & v > 0 \\ c e^v & v \le 0 \end{cases}$$"
    assert verdicts(text + line) == ["ok"]
    assert verdicts(text + line.replace("c e^v", "e^v")) != ["ok"]


UNROLLED = r"""
$$h_t = \tanh(A u_t + B h_{t-1}), \qquad p_t = \mathrm{softmax}(C h_t)$$

$$L_t(q_t, p_t) = -q_t \log p_t, \qquad L = \sum_t L_t(q_t, p_t)$$

$$\frac{\partial L_2}{\partial C} = (p_2 - q_2) \otimes h_2$$
"""


def test_a_loss_of_vectors_side_by_side_is_the_sum_over_their_entries() -> None:
    assert verdicts(UNROLLED) == ["ok"]
    assert verdicts(UNROLLED.replace("(p_2 - q_2)", "(q_2 - p_2)")) == ["wrong"]


def test_a_new_state_with_a_prime_is_no_slope() -> None:
    text = (
        r"$z = \sigma(u)$, $n = \tanh(v)$ and $h' = (1 - z) n + z h$. Let $g = \partial L / \partial h'$."
        "\n\n"
        r"$\frac{\partial L}{\partial n} = g (1 - z)$"
        "\n\n"
        r"$\frac{\partial L}{\partial z} = g (SLIP)$"
        "\n"
    )
    right = dvar.check(text.replace("SLIP", "h - n")).judgements
    assert [j.verdict for j in right if j.kind == "claim"] == ["ok", "ok"]
    bent = dvar.check(text.replace("SLIP", "n - h")).judgements
    assert [j.verdict for j in bent if j.kind == "claim"][1] == "wrong"
