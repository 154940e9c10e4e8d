"""Entries, sums and their numbers: where counting begins, how far it goes, and what is left out."""

from __future__ import annotations

import pytest

from dvar.check.report import Judgement
from dvar.check.worksheet import check


def last(text: str) -> Judgement:
    return check(text).judgements[-1]


def bent(text: str, right: str, wrong: str) -> None:
    """The last line is right, and with one change it is not."""
    assert right in text
    assert last(text).verdict == "ok"
    assert last(text.replace(right, wrong)).verdict != "ok"


INDEXED = r"""Repeated indices are summed. With $r_i = Q_{ij} h_j$, $F = \frac12 (r_i - g_i)(r_i - g_i)$:

$$\frac{\partial r_i}{\partial r_k} = \delta_{ik}$$

$$\frac{\partial r_i}{\partial Q_{kl}} = \delta_{ik} \delta_{jl} h_j = \delta_{ik} h_l$$

$$\frac{\partial F}{\partial h_j} = Q_{ij} (r_i - g_i)$$
"""


def test_a_derivative_by_itself_is_no_gradient_with_a_name() -> None:
    report = check(INDEXED)
    assert [j.verdict for j in report.judgements if j.kind == "claim"] == ["ok"] * 3
    assert check(INDEXED.replace(r"\delta_{ik} h_l", r"\delta_{il} h_k")).faults


def test_an_entry_before_a_bracket_is_a_factor_of_the_sum() -> None:
    bent(INDEXED, "Q_{ij} (r_i - g_i)", "Q_{ij} (g_i - r_i)")


def test_matrices_may_count_from_zero() -> None:
    text = r"""$$S = \begin{pmatrix} 1 & 0 & 2 \\ 3 & 1 & 0 \\ 0 & 2 & 1 \end{pmatrix}$$

$$K = \begin{pmatrix} 1 & -1 \\ 0 & 2 \end{pmatrix}$$

$$T_{ij} = \sum_{a=0}^{1} \sum_{b=0}^{1} K_{ab} S_{i+a, j+b}$$

$$T_{00} = 1 - 0 + 0 + 2 = 3$$
"""
    bent(text, "0 + 2 = 3", "0 + 1 = 2")


REGULAR = r"""Let $u_0 = 1$, $f_c(u) = s(c^T u)$ and $s(z) = \frac{1}{1 + e^{-z}}$.

$$\ell_i(c) = t^{(i)} \log f_c(u^{(i)}) + (1 - t^{(i)}) \log (1 - f_c(u^{(i)}))$$

$$J(c) = -\frac1m \sum_{i=1}^m \ell_i(c) + \frac{\lambda}{2m} \sum_{j=1}^n c_j^2$$

$$\frac{\partial J}{\partial c_0} = \frac1m \sum_{i=1}^m (f_c(u^{(i)}) - t^{(i)}) u_0^{(i)}$$

For $j \geq 1$:

$$\frac{\partial J}{\partial c_j} = \frac1m \sum_{i=1}^m (f_c(u^{(i)}) - t^{(i)}) u_j^{(i)} + \frac{\lambda}{m} c_j$$
"""


def test_the_weight_of_the_bias_is_one_more() -> None:
    assert [j.verdict for j in check(REGULAR).judgements if j.kind == "claim"] == ["ok", "ok"]
    bent(REGULAR, "u_j^{(i)} +", "u_j^{(i)} -")


@pytest.mark.parametrize("count", ["n", "N"])
def test_what_stands_beside_a_sum_is_how_many_it_adds(count: str) -> None:
    text = rf"""$$\ell(a) = \sum_i \log (a e^{{-a v_i}}) = {count} \log a - a \sum_i v_i$$

$$\ell'(a) = \frac{{{count}}}{{a}} - \sum_i v_i$$
"""
    bent(text, r"}{a} - \sum", r"}{a} + \sum")


def test_a_change_without_signs() -> None:
    text = """E = 1/2 sum_k (t_k - o_k)^2
n_k = sum_j v_jk h_j
o_k = 1/(1 + exp(-n_k))

delta_k = -dE/dn_k = (t_k - o_k) o_k (1 - o_k)

Delta v_jk = -eta dE/dv_jk = eta delta_k h_j
"""
    bent(text, "= eta delta_k h_j", "= -eta delta_k h_j")


def test_what_the_whole_network_is_called_ends_a_chain() -> None:
    text = r"""Let $h_w(x) = g(w^T x)$ with $g(z) = \frac{1}{1+e^{-z}}$.

$$z^{(3)} = W^{(2)} a^{(2)}, \quad a^{(3)} = g(z^{(3)}) = h_W(x)$$

$$g'(z^{(3)}) = a^{(3)} \odot (1 - a^{(3)})$$
"""
    assert not check(text).faults
    bent(text, r"\odot (1 -", r"\odot (1 +")


CASES = r"""Let $G \in \mathbb{R}^{m \times n}$ and $\beta = s^T G u$. In numerator layout

$$\frac{\partial \beta}{\partial u} = s^T G$$

With a square matrix $G$ and $\beta = u^T G u$:

$$\frac{\partial \beta}{\partial u} = u^T (G + G^T)$$
"""


def test_a_new_formula_may_have_letters_of_another_shape() -> None:
    bent(CASES, "(G + G^T)", "(G - G^T)")
    assert not check(CASES).faults


TWICE = r"""A circuit: $p = u + v$, $g = p s$, at $u = -2, v = 5, s = -4$.

Then $p = 3$ and $g = -12$, and $\frac{dg}{du} = s = -4$.

A unit: $g(c, u) = c_0 u_0 + c_1 u_1^2$ with $c = (2, -3)$, $u = (-1, 2)$.

$$\frac{\partial g}{\partial u_1} = 2 c_1 u_1 = -12$$
"""


def test_numbers_of_another_shape_begin_another_example() -> None:
    report = check(TWICE)
    assert {j.verdict for j in report.judgements if j.kind == "claim"} == {"ok"}
    assert [j.line for j in check(TWICE.replace("s = -4$.\n\nA", "s = -3$.\n\nA")).faults] == [3]
    bent(TWICE, "2 c_1 u_1", "2 c_0 u_1")


UNITS = """n_j = sum_i w_ij x_i
h_j = 1/(1 + exp(-n_j))
n_k = sum_j v_jk h_j
o_k = 1/(1 + exp(-n_k))
E = 1/2 sum_k (t_k - o_k)^2

delta_k = -dE/dn_k = (t_k - o_k) o_k (1 - o_k)

For the hidden units:

delta_j = -dE/dn_j = h_j (1 - h_j) sum_k delta_k v_jk

x_1 = 1, x_2 = 0, w_11 = 0.3, w_21 = -0.1, v_11 = 0.6, t_1 = 1

n_1 = 0.3 * 1 + (-0.1) * 0 = 0.3
h_1 = sigma(0.3) = 0.5744
"""


def test_a_part_that_differentiates_what_was_made_before_does_not_stand_alone() -> None:
    assert not check(UNITS).faults
    assert [j.line for j in check(UNITS.replace("(1 - h_j)", "(1 + h_j)")).faults] == [11]


EXAMPLES = """C_q = 1/2 sum_b (d_qb - y_qb)^2

s_qb = sum_a u_ba y_qa

y_qb = g_b(s_qb)

ds_qb/du_ba = y_qa

delta_qb = -dC_q/ds_qb

dC_q/dy_qb = -(d_qb - y_qb)

delta_qb = (d_qb - y_qb) g'_b(s_qb)

For a unit inside:

delta_qb = g'_b(s_qb) sum_c delta_qc u_cb
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("= y_qa", "= y_qb"),
        ("= -(d_qb - y_qb)", "= (d_qb - y_qb)"),
        ("(d_qb - y_qb) g'_b", "(d_qb + y_qb) g'_b"),
        ("g'_b(s_qb) sum_c", "-g'_b(s_qb) sum_c"),
    ],
)
def test_units_of_an_example_have_two_letters_and_the_loss_sums_over_the_last_layer(
    right: str, wrong: str
) -> None:
    report = check(EXAMPLES)
    assert {j.verdict for j in report.judgements if j.kind == "claim"} == {"ok"}
    assert right in EXAMPLES
    assert len(check(EXAMPLES.replace(right, wrong)).faults) == 1


PATTERNS = r"""Pattern $\mu$ passes $b$ units on its way:

$$u_b^\mu = \sum_a R_{ba} \rho_a^\mu, \qquad q_b^\mu = \psi(u_b^\mu)$$

$$u_c^\mu = \sum_b S_{cb} q_b^\mu, \qquad \chi_c^\mu = \psi(u_c^\mu)$$

$$J = \frac{1}{2} \sum_{\mu c} [\tau_c^\mu - \chi_c^\mu]^2$$

$$\varepsilon_c^\mu = \psi'(u_c^\mu) [\tau_c^\mu - \chi_c^\mu]$$

$$\frac{\partial J}{\partial S_{cb}} = -\sum_\mu \varepsilon_c^\mu q_b^\mu$$

$$\frac{\partial J}{\partial R_{ba}} = -\sum_{\mu c} \varepsilon_c^\mu S_{cb} \psi'(u_b^\mu) \rho_a^\mu$$
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (r"= -\sum_\mu \varepsilon_c^\mu q_b", r"= \sum_\mu \varepsilon_c^\mu q_b"),
        (r"\varepsilon_c^\mu q_b^\mu", r"\varepsilon_c^\mu u_b^\mu"),
        (r"S_{cb} \psi'(u_b^\mu)", r"S_{cb} \psi(u_b^\mu)"),
        (r"\psi'(u_b^\mu) \rho_a", r"\psi'(u_c^\mu) \rho_a"),
    ],
)
def test_a_greek_letter_above_counts_patterns(right: str, wrong: str) -> None:
    assert {j.verdict for j in check(PATTERNS).judgements if j.kind == "claim"} == {"ok"}
    assert right in PATTERNS
    assert len(check(PATTERNS.replace(right, wrong)).faults) == 1


LEFT_OUT = r"""$p_k = \sum_i m_{ki} x_i$ and $E_n = \frac12 \sum_k (p_{nk} - t_{nk})^2$. So

$$\frac{\partial E_n}{\partial m_{ji}} = (p_{nj} - t_{nj}) x_{ni}$$
"""


def test_an_index_that_the_formula_leaves_out_is_no_other_name() -> None:
    assert not check(LEFT_OUT).faults


BY_UNIT = r"""Units $s_j = \sum_{i=1}^{2} w_{ij} r_i + c_j$, $o_j = 1/(1 + e^{-s_j})$ with $r_1 = 1$, $r_2 = 2$,
$w_{11} = 0.5$, $w_{21} = 0.25$, $w_{12} = -0.5$, $w_{22} = 0.1$, $c_1 = 0.1$, $c_2 = 0.2$.

| unit $j$ | $s_j$ | $o_j$ |
|---|---|---|
| 1 | $0.5 + 2 (0.25) + 0.1 = 1.1$ | $1/(1 + e^{-1.1}) = 0.750$ |
| 2 | $-0.5 + 2 (0.1) + 0.2 = -0.1$ | $1/(1 + e^{0.1}) = 0.475$ |
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("2 (0.1) + 0.2 = -0.1", "2 (0.1) - 0.2 = -0.5"),
        ("0.5 + 2 (0.25) + 0.1 = 1.1", "0.5 + 2 (0.2) + 0.1 = 1.0"),
    ],
)
def test_a_row_works_out_what_the_column_is_of_its_number(right: str, wrong: str) -> None:
    assert not check(BY_UNIT).faults
    assert right in BY_UNIT
    assert check(BY_UNIT.replace(right, wrong)).faults


BESIDE = r"""A unit $g_k = \sigma(\sum_{i=1}^d u_{ki} f_i)$ of one example, the output $p = \sum_{k=1}^K c_k g_k$, and

$$Q = \frac{1}{2} \sum_{s=1}^S (p^{(s)} - q^{(s)})^2$$

$$\frac{\partial Q}{\partial c_k} = \sum_{s=1}^S (p^{(s)} - q^{(s)}) g_k^{(s)}$$

$$\frac{\partial Q}{\partial u_{ki}} = \sum_{s=1}^S (p^{(s)} - q^{(s)}) c_k g_k^{(s)} (1 - g_k^{(s)}) f_i^{(s)}$$
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (r"q^{(s)}) g_k^{(s)}$$", r"q^{(s)}) f_k^{(s)}$$"),
        (r"(1 - g_k^{(s)})", r"(1 + g_k^{(s)})"),
        (r" f_i^{(s)}$$", r" g_i^{(s)}$$"),
    ],
)
def test_formulas_of_one_example_hold_for_each_of_a_sum_of_pairs(right: str, wrong: str) -> None:
    assert {j.verdict for j in check(BESIDE).judgements if j.kind == "claim"} == {"ok"}
    assert right in BESIDE
    assert {j.verdict for j in check(BESIDE.replace(right, wrong)).judgements} - {"ok"} > {
        "definition"
    }


WITH_ONE = r"""$$s_k = \sum_{i=1}^d m_{ki} x_i + m_{k0} = \sum_{i=0}^d m_{ki} x_i = \mathbf{m}_k^T \mathbf{x}$$

$$\frac{\partial s_k}{\partial m_{ki}} = x_i$$
"""


def test_a_bias_may_be_the_weight_of_an_input_that_is_one() -> None:
    assert {j.verdict for j in check(WITH_ONE).judgements if j.kind == "claim"} == {"ok"}
    assert check(WITH_ONE.replace("= x_i$$", "= m_{ki}$$")).faults
    assert check(WITH_ONE.replace("+ m_{k0}", "+ m_{k1}")).judgements[0].verdict != "ok"


BY_STEPS = r"""$h(u, v, r) = (u + v) r$ with $s = u + v$, $h = s r$ and $u = 2$, $v = -4$, $r = 3$.

$$h(2 + d, -4, 3) = ((2 + d) - 4) \cdot 3 = -6 + 3 d$$
"""


def test_a_function_told_by_its_steps_is_still_one_of_its_arguments() -> None:
    assert not check(BY_STEPS).faults
    assert check(BY_STEPS).judgements[-1].verdict == "ok"
    assert check(BY_STEPS.replace("- 4) \\cdot 3", "+ 4) \\cdot 3")).faults


BEHIND = r"""$s = \sum_k m_k f_k$ and $J = \frac{1}{2} \sum_i (q^{(i)} - \psi(s)_A^{(i)})^2$ with $\psi(s)_A = s$.

$$\frac{\partial J}{\partial m_k} = -\sum_i (q^{(i)} - \psi(s)_A^{(i)}) f_k^{(i)}$$
"""
NO_PLUS = r"""$$s = m_0 f_0 + m_1 f_1 \dots m_n f_n = \sum_{k=0}^{n} f_k m_k$$
"""


def test_the_example_behind_a_bracket_is_that_of_the_argument() -> None:
    assert check(BEHIND).judgements[-1].verdict == "ok"
    assert len(check(BEHIND.replace("= -\\sum", "= \\sum")).faults) == 1


def test_dots_may_stand_without_their_signs() -> None:
    assert check(NO_PLUS).judgements[0].verdict == "ok"
    assert check(NO_PLUS.replace("f_k m_k", "f_k f_k")).judgements[0].verdict != "ok"
