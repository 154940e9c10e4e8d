r"""``dvar check`` on notes about layers and losses: what their authors write is read, and one slip is found."""

from __future__ import annotations

import pytest

from dvar.check.report import Judgement
from dvar.check.worksheet import check


def all_of(text: str) -> list[Judgement]:
    return list(check(text).judgements)


def last(text: str) -> Judgement:
    return all_of(text)[-1]


OPERATOR = r"""
\[p_k=\frac{e^{u_k}}{\sum_{l=1}^{K}e^{u_l}}\]

\[D_mp_k=\frac{\partial p_k}{\partial u_m}\]

\[D_m p_k = %s\]
"""


@pytest.mark.parametrize(
    ("told", "verdict"),
    [(r"P_k (\delta_{km} - P_m)", "ok"), (r"P_k (\delta_{km} + P_m)", "wrong")],
)
def test_the_index_of_an_operator_ends_where_a_capital_begins(told: str, verdict: str) -> None:
    assert last((OPERATOR % told).replace("p_k", "P_k")).verdict == verdict


DROPPED = r"""
$$ m_r = \frac{1}{K} \sum_k a_{rk}, \quad s_r = \sqrt{\frac{1}{K} \sum_k (a_{rk} - m_r)^2 + \epsilon} $$

$$ n_{rk} = \frac{a_{rk} - m_r}{s_r} $$

%s

$$ \frac{\partial n_k}{\partial a_l} = %s $$
"""


@pytest.mark.parametrize("said", ["From here on we drop the row index $r$.", "For one row:"])
@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        (r"\frac{1}{s}\left(\delta_{kl} - \frac{1}{K}\right) - \frac{n_k n_l}{K s}", "ok"),
        (r"\frac{1}{s}\left(\delta_{kl} - \frac{1}{K}\right) - \frac{n_k n_l}{s}", "wrong"),
        (r"\frac{1}{s}\left(\delta_{kl} + \frac{1}{K}\right) - \frac{n_k n_l}{K s}", "wrong"),
    ],
)
def test_an_index_that_is_left_out_is_put_back(said: str, told: str, verdict: str) -> None:
    assert last(DROPPED % (said, told)).verdict == verdict


def test_a_mean_of_one_row_is_no_other_mean() -> None:
    text = r"""
$$ m_r = \frac{1}{K} \sum_k a_{rk}, \quad c_{rk} = a_{rk} - m_r $$

$$ \frac{\partial (a_k - m)}{\partial a_l} = \delta_{kl} - \frac{1}{K} $$
"""
    assert last(text).verdict == "ok"


STEPS = """
```python
E = scores.exp()
Z = E.sum(1, keepdim=True)
P = E * Z**-1
logP = P.log()
cost = -logP[range(m), labels].mean()
dlogP = torch.zeros_like(logP)
dlogP[range(m), labels] = %s
dP = %s
```
"""


@pytest.mark.parametrize(
    ("first", "second", "verdicts"),
    [
        ("-1.0/m", "dlogP / P", ["ok", "ok"]),
        ("1.0/m", "dlogP / P", ["wrong", "ok"]),
        ("-1.0/m", "-dlogP / P", ["ok", "wrong"]),
    ],
)
def test_entries_that_a_program_picks_and_fills(
    first: str, second: str, verdicts: list[str]
) -> None:
    assert [j.verdict for j in all_of(STEPS % (first, second))][-2:] == verdicts


def test_the_largest_of_each_row_with_its_place() -> None:
    text = """
```python
top = scores.max(1, keepdim=True).values
shifted = scores - top
dscores = dshifted.clone()
dtop = (-dshifted).sum(1, keepdim=True)
```
"""
    assert [j.verdict for j in all_of(text)][:2] == ["definition", "definition"]


SINGLE = r"""
$u = [0.5]$, $c = [0.25]$, $s = [2]$.

$$h = \tanh([0.5][2] + [0.25]) = %s$$
"""


@pytest.mark.parametrize(("told", "verdict"), [("0.84828", "ok"), ("0.85828", "wrong")])
def test_two_lists_of_one_number_are_a_product(told: str, verdict: str) -> None:
    assert last(SINGLE % told).verdict == verdict


CHAIN = r"""
$$ q_c = \varsigma(\mathbf{o})_c = \frac{e^{o_c}}{\sum_{d=1}^C e^{o_d}} $$

$$ H = -\sum_{c=1}^C r_c \log(q_c) $$

$$ \frac{\partial H}{\partial o_i} = -r_i + q_i \sum_{c=1}^C r_c = %s $$
"""


@pytest.mark.parametrize(("told", "verdict"), [("q_i - r_i", "ok"), ("q_i + r_i", "wrong")])
def test_labels_of_a_softmax_that_is_told_in_a_chain_add_up(told: str, verdict: str) -> None:
    assert last(CHAIN % told).verdict == verdict


def test_a_misprinted_index_below_a_product_counts_nothing() -> None:
    text = r"""
$y_c = e^{z_c} / \Sigma_C$ with $\Sigma_C = \sum_{d=1}^C e^{z_d}$.

$$\frac{\partial y_i}{\partial z_i} = \frac{e^{z_i}\Sigma_C - e^{z_i}e^{z_i}}{\Sigma_C^2}$$

$$Q = \prod_{i=c}^{C} y_c^{t_c}$$

$$\xi = - \sum_{i=1}^n \sum_{c=1}^{C} t_{ic} \log y_{ic}$$
"""
    assert "wrong" not in [j.verdict for j in all_of(text)]


def test_a_product_told_in_both_orders_is_not_called_transposed() -> None:
    text = r"""
(a) Row vector times matrix, $q = rV$: $\frac{\partial q}{\partial r} = V^T$.

(b) Matrix times column vector, $q = Vr$, $\delta = \frac{\partial E}{\partial q}$:
$\frac{\partial E}{\partial V} = \delta^T r^T$.

(c) Row vector times matrix: $\frac{\partial E}{\partial V} = r^T \delta$.
"""
    assert "wrong" not in [j.verdict for j in all_of(text)]


GATES = r"""
$g_t = \tanh(W_g x_t + U_g s_{t-1})$, $i_t = \sigma(W_i x_t + U_i s_{t-1})$, $f_t = \sigma(W_f x_t + U_f s_{t-1})$,
$o_t = \sigma(W_o x_t + U_o s_{t-1})$,

$$c_t = g_t \odot i_t + f_t \odot c_{t-1}, \qquad s_t = \tanh(c_t) \odot o_t$$

$$ all_t = \begin{bmatrix} g_t \\ i_t \\ f_t \\ o_t \end{bmatrix} $$

$$\delta c_t = \delta s_t \odot o_t \odot (1 - \tanh^2(c_t)) + \delta c_{t+1} \odot f_{t+1}$$

$$\delta i_t = \delta c_t \odot g_t \odot i_t \odot (1 - i_t)$$

$$\delta g_t = %s$$
"""


@pytest.mark.parametrize(
    ("told", "verdicts"),
    [
        (r"\delta c_t \odot i_t \odot (1 - g_t^2)", {"ok"}),
        (r"\delta c_t \odot i_t \odot (1 + g_t^2)", {"wrong", "unknown"}),
    ],
)
def test_names_put_in_one_are_no_results_of_their_own(told: str, verdicts: set[str]) -> None:
    assert last(GATES % told).verdict in verdicts


STATES = r"""
$u_t = A r_{t-1} + B x_t$, $r_t = \tanh(u_t)$, $q_t = C r_t$, $\ell_t = \frac12 \|q_t - y_t\|^2$

$$\frac{\partial \ell_t}{\partial A} = %s$$
"""


@pytest.mark.parametrize(("of", "verdicts"), [("r_t", {"ok"}), ("q_t", {"wrong", "unknown"})])
def test_the_direct_part_of_a_state_whose_argument_has_a_name(of: str, verdicts: set[str]) -> None:
    steps = r"\frac{\partial r_t}{\partial r_k}\frac{\partial r_k}{\partial A}"
    told = rf"\sum_{{k=1}}^{{t}} \frac{{\partial \ell_t}}{{\partial {of}}}{steps}"
    assert last(STATES % told).verdict in verdicts


@pytest.mark.parametrize(
    ("told", "verdict"),
    [(r"\arg\max_k s_k", "ok"), (r"\arg\min_k s_k", "unknown"), (r"\arg\min_k -s_k", "ok")],
)
def test_the_largest_entry(told: str, verdict: str) -> None:
    text = r"$p_k = \frac{e^{s_k}}{\sum_l e^{s_l}}$, so $\arg\max_k p_k = %s$."
    assert last(text % told).verdict in (verdict, "wrong" if verdict == "unknown" else verdict)


@pytest.mark.parametrize(
    ("told", "verdict"), [("12 a^2 b", "ok"), ("4 a^3 b", "wrong"), ("12 a^2", "wrong")]
)
def test_a_second_derivative_with_its_name_below(told: str, verdict: str) -> None:
    assert last(rf"$f(a, b) = a^4 b$ and $\partial_a^2 f = {told}$").verdict == verdict


SINGLY = r"""
$s_1 = u_{11} a_1 + u_{12} a_2$, $s_2 = u_{21} a_1 + u_{22} a_2$ and $s_3 = u_{31} a_1 + u_{32} a_2$.

$q = \mathrm{softmax}(s)$ and $E = -\sum_k t_k \log q_k$ with a one-hot $t$.

$$\frac{\partial E}{\partial u_{21}} = %s$$
"""


@pytest.mark.parametrize(
    ("told", "verdict"),
    [(r"(q_2 - t_2) a_1", "ok"), (r"(q_2 + t_2) a_1", "wrong"), (r"(q_2 - t_2) a_2", "wrong")],
)
def test_a_vector_whose_entries_are_told_one_by_one(told: str, verdict: str) -> None:
    assert last(SINGLY % told).verdict == verdict


def test_layers_told_one_by_one_are_no_vector() -> None:
    text = r"""
$z_1 = w_1 x$, $a_1 = \sigma(z_1)$, $z_2 = w_2 a_1$, $a_2 = \sigma(z_2)$ and $E = \frac12 (a_2 - y)^2$.

$$\frac{\partial E}{\partial w_1} = (a_2 - y) a_2 (1 - a_2) w_2 a_1 (1 - a_1) x$$

$$\frac{\partial E}{\partial a} = a - y$$
"""
    assert [j.verdict for j in all_of(text)][-2:] == ["ok", "unknown"]


AGAIN = r"""
$$r_i = \frac{e^{u_i / \tau}}{\sum_j e^{u_j / \tau}}, \qquad s_i = \frac{e^{v_i / \tau}}{\sum_j e^{v_j / \tau}}$$

$$D = -\sum_i s_i \log r_i$$

$$\frac{\partial D}{\partial u_i} = %s$$

## Another loss

$$s_k = \frac{e^{u_k}}{\sum_{i} e^{u_i}}$$
"""


@pytest.mark.parametrize(
    ("told", "verdict"),
    [(r"\frac{1}{\tau}(r_i - s_i)", "ok"), (r"r_i - s_i", "wrong")],
)
def test_letters_that_count_the_same_are_of_one_rank(told: str, verdict: str) -> None:
    assert all_of(AGAIN % told)[3].verdict == verdict


def test_two_sums_that_are_equal_tell_nothing_of_their_terms() -> None:
    text = r"""
$r_i = \frac{e^{u_i}}{\sum_j e^{u_j}}$, $s_i = \frac{e^{v_i}}{\sum_j e^{v_j}}$, $D = -\sum_i s_i \log r_i$.

The logits are centred, $\sum_j u_j = \sum_j v_j = 0$.

$$\frac{\partial D}{\partial u_i} = r_i - s_i$$
"""
    assert last(text).verdict == "ok"


@pytest.mark.parametrize(
    ("told", "verdict"), [("m_j", "ok"), ("-m_j", "wrong"), ("2 m_j", "wrong")]
)
def test_a_loss_that_is_told_by_its_opposite(told: str, verdict: str) -> None:
    text = r"""
$$-D = \frac12 \sum_{j=1}^J (1 + \log s_j^2 - m_j^2 - s_j^2)$$

$$\frac{\partial D}{\partial m_j} = %s$$
"""
    assert last(text % told).verdict == verdict
