"""Functions whose values are told entry by entry, and the gradients that arrive at them."""

from __future__ import annotations

import pytest

import dvar

PRODUCT = r"$G(v) = (v_1 v_0, v_1 v_1, v_1 v_2)$" + "\n\n"


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in dvar.check(text).judgements]


def test_an_entry_of_a_function_is_a_claim_about_it():
    assert verdicts(PRODUCT + "$G(v)_2 = v_1 v_2$")[-1] == "ok"
    assert verdicts(PRODUCT + "$G(v)_2 = v_0 v_2$")[-1] != "ok"


def test_a_derivative_of_an_entry():
    right = PRODUCT + r"$\frac{dG(v)_1}{dv_1} = 2 v_1$ and $\frac{dG(v)_0}{dv_1} = v_0$"
    assert verdicts(right)[1:] == ["ok", "ok"]
    wrong = PRODUCT + r"$\frac{dG(v)_0}{dv_1} = v_0$ and $\frac{dG(v)_1}{dv_1} = v_1$"
    assert verdicts(wrong)[2] == "wrong"


def test_a_gradient_is_the_sum_over_all_entries():
    line = r"$$\frac{dE}{dv_1} = \sum_{k=0}^2 \frac{dE}{dG(v)_k} \cdot \frac{dG(v)_k}{dv_1}$$"
    assert verdicts(PRODUCT + line)[-1] == "ok"


def test_names_for_what_arrives_from_above():
    line = r"$$\frac{dE}{dv_1} = g_0 v_0 + 2 g_1 v_1 + g_2 v_2$$" + "\n\n"
    other = r"$$\frac{dE}{dv_2} = g_2 v_1$$"
    assert verdicts(PRODUCT + line + other)[1:] == ["ok", "ok"]
    swapped = r"$$\frac{dE}{dv_1} = g_0 v_0 + 2 g_2 v_1 + g_1 v_2$$"
    assert verdicts(PRODUCT + swapped)[-1] != "ok"


def test_a_function_that_only_moves_entries():
    told = r"$P(u) = (u_2, u_0, u_1)$" + "\n\n"
    by = r"\frac{{dL}}{{dP(u)_{0}}}".format
    moved = (
        rf"$$\frac{{dL}}{{du}} = \begin{{bmatrix}} {by(1)} \\ {by(2)} \\ {by(0)} \end{{bmatrix}} = "
    )
    assert verdicts(told + moved + r"\begin{bmatrix} r_1 \\ r_2 \\ r_0 \end{bmatrix}$$")[-1] == "ok"
    assert verdicts(told + moved + r"\begin{bmatrix} r_2 \\ r_1 \\ r_0 \end{bmatrix}$$")[-1] != "ok"


def test_a_condition_holds_for_all_formulas_of_its_sentence():
    told = r"For all k, $G(v)_k = v_0 v_k$, where $k = 0, 1, 2$." + "\n\n"
    text = told + r"When $k \neq 0$," + "\n\n" + r"$$\frac{dG(v)_k}{dv_0} = v_k,$$" + "\n\n"
    assert "wrong" not in verdicts(text + r"$$\frac{dG(v)_k}{dv_k} = v_0$$")


def test_one_example_stays_one_in_the_next_section():
    told = "# Forward\n\nFor a single training example $u = 2$, $r = 1$ take $v = 0.25$.\n\n"
    there = "# Backward\n\n$p = v u$ and $C = \\frac{(r - p)^2}{2N}$\n\n"
    line = r"$\frac{dC}{dp} = -(r - p)$"
    assert verdicts(told + there + line)[-1] == "ok"


def test_what_a_row_of_formulas_says_of_the_numbers_below():
    table = (
        "$v = 0.5$ and $c = 0.4$\n\n| u | s | h | q |\n|---|---|---|---|\n"
        "| | $v u$ | $\\text{ReLU}(s)$ | $c h$ |\n| 3 | 1.5 | 1.5 | "
    )
    assert verdicts(table + "0.6 |")[-3:] == ["ok", "ok", "ok"]


def test_a_number_below_its_name():
    text = "$v = 0.5$ and $s = 3 v$\n\n$$s \\\\ 1.5$$"
    assert verdicts(text)[-1] in ("ok", "given")
    assert verdicts(text.replace("1.5", "2.5"))[-1] == "wrong"


def test_scalars_in_many_words():
    text = r"$t^{(i)}$ is the label of one example and is a scalar, $p^{(i)} \text{ is a scalar}$."
    assert verdicts(text) == ["ok", "ok"]


def test_an_entry_of_one_of_the_matrices_of_a_name():
    told = (
        r"$w_1 = \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}$, "
        r"$w_2 = \begin{bmatrix} 5 & 6 \\ 7 & 8 \end{bmatrix}$, "
        r"$x = \begin{bmatrix} 1 \\ 2 \end{bmatrix}$, $h = w_1 x$, $z = w_2 h$."
        "\n\n$$z(1) = w_2(1,1) h(1) + w_2(1,2) h(2)$$\n\n"
    )
    assert verdicts(told + r"$$\frac{dz(1)}{dw_{1,2}} = h(2)$$")[-1] == "ok"
    assert verdicts(told + r"$$\frac{dz(1)}{dh(2)} = w_{1,2} = 6$$")[-1] == "ok"
    assert verdicts(told + r"$$\frac{dz(1)}{dh(2)} = w_{2,1} = 6$$")[-1] == "wrong"
    assert verdicts(told + r"$$\frac{dz(1)}{dh(2)} = w_{2,2} = 6$$")[-1] != "ok"


def test_the_shape_of_a_name_that_stands_in_words() -> None:
    text = r"$V \in \mathbb{R}^{p \times q}$, $x \in \mathbb{R}^{q \times 1}$, $s_1 = V x$; that is, s_1 's shape is "
    assert verdicts(text + r"$p \times 1$.")[-1] == "ok"
    assert verdicts(text + r"$q \times 1$.")[-1] != "ok"


def test_gradients_that_are_told_in_a_list_may_be_moved() -> None:
    told = "Say $x = [x_0, x_1, x_2]$, the gradients above are $\\partial L / \\partial F = [g_0, g_1, g_2]$ and "
    told += "$F(x) = [x_1, x_2, x_0]$. Then "
    assert verdicts(told + r"$\partial L / \partial x = [g_2, g_0, g_1]$.")[-1] == "ok"
    assert verdicts(told + r"$\partial L / \partial x = [g_1, g_2, g_0]$.")[-1] != "ok"


BOLTZMANN = """
```
p_i = exp(u_i) / Σ_m exp(u_m)
```

When `j ≠ i` (what `p_j` does if `u_i` moves):
```
dp_j/du_i = {}
```
"""


@pytest.mark.parametrize(("value", "verdict"), [("-p_j × p_i", "ok"), ("p_j × p_i", "wrong")])
def test_a_remark_may_stand_between_a_condition_and_its_formula(value: str, verdict: str) -> None:
    assert dvar.check(BOLTZMANN.format(value)).judgements[-1].verdict == verdict
    text = (
        r"$$p_i = \exp(u_i) / \sum_m \exp(u_m)$$" + "\n\n"
        r"When $j \ne i$ (what $p_j$ does if $u_i$ moves):" + "\n"
        rf"$$\frac{{\partial p_j}}{{\partial u_i}} = {value.replace('×', '')}$$"
    )
    assert dvar.check(text).judgements[-1].verdict == verdict


FACTORS = (
    r"$\hat s_{ij} = u_i^T v_j = \sum_{k=1}^K u_{ik} v_{kj}$ and "
    r"$d_{ij}^2 = (s_{ij} - \hat s_{ij})^2$. "
)


def test_vectors_whose_entries_put_their_number_last() -> None:
    assert verdicts(FACTORS)[0] == "ok"
    claim = r"$\frac{\partial}{\partial u_{ik}} d_{ij}^2 = -2 (s_{ij} - \hat s_{ij}) v_{kj} = -2 d_{ij} v_{kj}$"
    assert verdicts(FACTORS + claim)[-1] == "ok"
    assert verdicts(FACTORS + claim.replace("-2 d", "2 d"))[-1] == "wrong"
    assert verdicts(FACTORS.replace("u_{ik} v_{kj}", "u_{ik} v_{ik}") + claim)[0] != "ok"
    step = r"$u'_{ik} = u_{ik} - \alpha \frac{\partial}{\partial u_{ik}} d_{ij}^2 = u_{ik} + 2 \alpha d_{ij} v_{kj}$"
    assert verdicts(FACTORS + step)[-1] == "ok"
    assert verdicts(FACTORS + step.replace("+ 2", "- 2"))[-1] == "wrong"
