"""``dvar check`` on what array programs and models of words, ratings and sequences are written with."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in check(text).judgements]


SCORES = """
```python
S = np.einsum('nd,md->nm', A, B)
F = np.einsum('nm,me->ne', S, C)
loss = np.sum(G * F)
```

```python
dC = {dC}
dS = np.einsum('ne,me->nm', G, C)
dA = {dA}
```
"""


@pytest.mark.parametrize(
    ("by_c", "by_a", "expected"),
    [
        ("np.einsum('nm,ne->me', S, G)", "dS @ B", ["ok", "ok", "ok"]),
        ("np.einsum('nm,ne->me', S, F)", "dS @ B", ["wrong", "ok", "ok"]),
        ("S.T @ G", "-dS @ B", ["ok", "ok", "wrong"]),
    ],
)
def test_letters_of_an_einsum_say_what_it_sums(by_c: str, by_a: str, expected: list[str]) -> None:
    assert verdicts(SCORES.format(dC=by_c, dA=by_a))[-3:] == expected


@pytest.mark.parametrize(("operand", "expected"), [("R", "ok"), ("Q", "wrong")])
def test_an_einsum_of_many_axes(operand: str, expected: str) -> None:
    text = f"""
```python
Z = np.einsum('bhid,bhjd->bhij', Q, R)
dQ = np.einsum('bhij,bhjd->bhid', dZ, {operand})
```
"""
    assert verdicts(text)[-1] == expected


RATINGS = r"""
The cost is $C = \frac12\sum_{(a,b)\in\mathcal S}(r_{ab} - x_a^\top y_b)^2 + \frac{\mu}{2}\sum_a\|x_a\|^2$,
and $e_{ab} = r_{ab} - x_a^\top y_b$.

"""


@pytest.mark.parametrize(
    ("gradient", "expected"),
    [
        (r"-\sum_{b:(a,b)\in\mathcal S} e_{ab}y_b + \mu x_a", "ok"),
        (r"-\sum_{b\in\mathcal S_a} e_{ab}y_b + \mu x_a", "ok"),
        (r"-\sum_{b:(a,b)\in\mathcal S} e_{ab}y_b + 2\mu x_a", "wrong"),
        (r"\sum_{b:(a,b)\in\mathcal S} e_{ab}y_b + \mu x_a", "wrong"),
    ],
)
def test_members_of_a_set_that_only_has_a_name(gradient: str, expected: str) -> None:
    text = RATINGS + rf"$$\frac{{\partial C}}{{\partial x_a}} = {gradient}$$"
    assert verdicts(text)[-1] == expected


def test_two_sets_of_the_same_owner_are_not_the_same() -> None:
    text = r"""
$f = \sum_i\Bigl(\sum_{j\in P(i)} u_i v_j - \sum_{j\in N(i)} u_i v_j\Bigr)$

$$\frac{\partial f}{\partial u_i} = \sum_{j\in P(i)} v_j - \sum_{j\in N(i)} v_j$$

$$\frac{\partial f}{\partial u_i} = \sum_{j\in P(i)} v_j - \sum_{j\in P(i)} v_j$$
"""
    assert verdicts(text)[1] == "ok"
    assert verdicts(text)[2] != "ok"


@pytest.mark.parametrize(
    ("slope", "expected"), [("z(1 - c^2)", "ok"), ("z(1 + c^2)", "wrong"), ("(1 - c^2)", "wrong")]
)
def test_a_primed_name_may_be_the_next_state(slope: str, expected: str) -> None:
    text = rf"""
$z = \sigma(p x + q s)$, $a = v x + w s$, $c = \tanh(a)$, $s' = (1 - z)s + z c$.

$$\frac{{\partial s'}}{{\partial c}} = z, \qquad \frac{{\partial s'}}{{\partial a}} = {slope}$$
"""
    assert verdicts(text)[-1] == expected
    assert verdicts(text)[-2] == "ok"


def test_a_prime_is_a_slope_where_the_letter_has_a_formula() -> None:
    text = r"$s = x^3$, $s' = 3x^2$ and $\frac{\partial s'}{\partial x} = 6x$."
    assert verdicts(text)[:2] == ["definition", "ok"]


CLASSIFIER = r"""
Let $s = R h$ with $R\in\mathbb{R}^{K\times d}$, $q = \mathrm{softmax}(s)$ and $\ell = -\log q_t$.
With $e_t$ the one-hot vector of the right class,

"""


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"$\frac{\partial \ell}{\partial s} = q - e_t$", "ok"),
        (r"$\frac{\partial \ell}{\partial h} = R^\top(q - e_t)$", "ok"),
        (r"$\frac{\partial \ell}{\partial s} = q + e_t$", "wrong"),
    ],
)
def test_a_unit_vector_has_a_one_where_its_index_says(claim: str, expected: str) -> None:
    assert verdicts(CLASSIFIER + claim)[-1] == expected


WORDS = r"""
Each word $w$ has vectors $a_w\in\mathbb{R}^d$ and $b_w\in\mathbb{R}^d$; $B\in\mathbb{R}^{d\times V}$ holds all $b_w$ as
its columns. For the middle word $m$: $p_w = \exp(b_w^\top a_m) / \sum_j \exp(b_j^\top a_m)$ and
$J = -\log p_o$ with the correct word $o$. Let $y$ be the one-hot vector of $o$.

"""


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"$\frac{\partial J}{\partial a_m} = -b_o + \sum_w p_w b_w$", "ok"),
        (r"$\frac{\partial J}{\partial a_m} = B(p - y)$", "ok"),
        (r"$\frac{\partial J}{\partial b_w} = (p_w - y_w) a_m$", "ok"),
        (r"$\frac{\partial J}{\partial a_m} = b_o + \sum_w p_w b_w$", "wrong"),
    ],
)
def test_the_class_that_a_text_names_is_one_of_all(claim: str, expected: str) -> None:
    assert verdicts(WORDS + claim)[-1] == expected


def test_a_word_that_is_set_apart_from_noise_is_not_summed_over() -> None:
    text = r"""
$E = -\log \sigma(b_o^\top a_c) - \sum_{k=1}^{K}\log \sigma(-b_k^\top a_c)$ with the true word $o$ and $K$ noise words.

$$\frac{\partial E}{\partial b_o} = (\sigma(b_o^\top a_c) - 1) a_c, \qquad
\frac{\partial E}{\partial b_k} = \sigma(b_k^\top a_c) a_c$$
"""
    assert verdicts(text)[-2:] == ["ok", "ok"]


def test_a_section_may_go_back_to_what_an_aside_interrupted() -> None:
    text = r"""
# Scores

$Q = XA$ and $R = XB$ with $A, B\in\mathbb{R}^{d\times k}$ and $X\in\mathbb{R}^{n\times d}$. $T = QR^\top$.

# An aside on means

$\mu = \frac1m\sum_i v_i$, $\rho = \frac1m\sum_i (v_i - \mu)^2$, so $\frac{\partial\mu}{\partial v_i} = \frac1m$.

# In code

```python
dQ = dT @ R
dR = dT.T @ Q
dA = X.T @ dQ
dB = X.T @ dQ
```
"""
    assert verdicts(text)[-4:] == ["ok", "ok", "ok", "wrong"]


def test_a_letter_counts_along_the_arrays_beside_it() -> None:
    text = r"""
$Q = XA$, $V = XC$ with $X\in\mathbb{R}^{n\times d}$, $A\in\mathbb{R}^{d\times k}$, $C\in\mathbb{R}^{d\times m}$.
Then $\|Q\|_F^2 = \sum_{i,c} Q_{ic}^2$ and $\|V\|_F^2 = \sum_{i,c} V_{ic}^2$.
"""
    assert verdicts(text)[-2:] == ["ok", "ok"]


@pytest.mark.parametrize(("slope", "expected"), [("1 − σ(x)", "ok"), ("1 + σ(x)", "wrong")])
def test_a_prime_behind_a_bracket_in_plain_text(slope: str, expected: str) -> None:
    assert verdicts(f"For the logistic function (log σ(x))' = {slope}.")[-1] == expected


RECURRENT = r"""
A network reads $x_1, \dots, x_T\in\mathbb{R}^m$: $a_t = A x_t + B s_{t-1} + b$, $s_t = \tanh(a_t)$, $s_0 = 0$,
$o_t = c^\top s_t$, $C_t = \frac12(o_t - y_t)^2$ and $C = \sum_{t=1}^{T} C_t$. Let $g_t = \partial C/\partial s_t$.

"""


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"$g_t = (o_t - y_t)c + B^\top\bigl((1 - s_{t+1}^2)\odot g_{t+1}\bigr)$", "ok"),
        (r"$g_T = (o_T - y_T)c$", "ok"),
        (r"$g_t = (o_t - y_t)c + B^\top\bigl((1 - s_{t+1})\odot g_{t+1}\bigr)$", "wrong"),
        (r"$\partial C/\partial A = \sum_{t=1}^{T}\bigl((1 - s_t^2)\odot g_t\bigr)x_t^\top$", "ok"),
        (r"$\frac{\partial s_t}{\partial s_{t-1}} = \mathrm{diag}(1 - s_t^2)B$", "ok"),
        (
            r"$\frac{\partial s_t}{\partial s_{t-k}} = \prod_{j=t-k+1}^{t}\mathrm{diag}(1 - s_j^2)B$",
            "ok",
        ),
    ],
)
def test_a_cost_may_have_the_name_of_its_terms(claim: str, expected: str) -> None:
    assert verdicts(RECURRENT + claim)[-1] == expected


@pytest.mark.parametrize(
    ("sum_", "expected"), [("sum_{k} e_{j-k+1} v_k", "ok"), ("sum_{k} e_{j-k} v_k", "unknown")]
)
def test_beside_the_first_output_there_is_none(sum_: str, expected: str) -> None:
    text = f"""
    u_i = c + sum_{{k=1}}^{{3}} v_k x_{{i+k-1}}          i = 1..n-2
    L   = 1/2 sum_i (u_i - t_i)^2

The error is e_i = dL/du_i:

    dL/dx_j = {sum_}
"""
    assert verdicts(text)[-1] == expected


POLICY = r"""
The policy is $\pi_\theta(a\mid s) = \mathcal{N}(a; m_\theta(s), \tau^2)$ with the mean $m_\theta(s) = \theta^\top\phi(s)$.

"""


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (
            r"$\log\pi_\theta(a\mid s) = -\frac{(a - m_\theta(s))^2}{2\tau^2} - \log\tau - \frac12\log 2\pi$",
            "ok",
        ),
        (r"$\nabla_\theta\log\pi_\theta(a\mid s) = \frac{a - m_\theta(s)}{\tau^2}\phi(s)$", "ok"),
        (
            r"$\frac{\partial}{\partial\tau}\log\pi_\theta(a\mid s) = \frac{(a - m_\theta(s))^2}{\tau^3} - \frac1\tau$",
            "ok",
        ),
    ],
)
def test_a_normal_density_may_name_what_is_drawn(claim: str, expected: str) -> None:
    assert verdicts(POLICY + claim)[-1] == expected


def test_a_normal_density_of_a_vector() -> None:
    text = r"""
Let $x\in\mathbb{R}^d$ and $p(x\mid m) = \mathcal{N}(x; m, C)$ with a symmetric positive definite
$C\in\mathbb{R}^{d\times d}$.

$$\log p(x\mid m) = -\tfrac12(x-m)^\top C^{-1}(x-m) - \tfrac12\log\det C - \tfrac d2\log 2\pi$$

$$\nabla_m\log p(x\mid m) = C^{-1}(x - m)$$
"""
    assert verdicts(text)[-2:] == ["ok", "ok"]


@pytest.mark.parametrize(("sign", "expected"), [("-", "ok"), ("+", "wrong")])
def test_an_expectation_over_an_index_is_a_weighted_sum(sign: str, expected: str) -> None:
    text = rf"""
$p_k = e^{{s_k}}/\sum_j e^{{s_j}}$. Then $\partial\log p_k/\partial s_i = \mathbf 1\{{i=k\}} - p_i$ and
$\mathbb{{E}}_{{k\sim p}}[\partial\log p_k/\partial s_i] = \sum_k p_k(\mathbf 1\{{i=k\}} {sign} p_i)$.
"""
    assert verdicts(text)[1] == "ok"
    assert verdicts(text)[-1] == expected


@pytest.mark.parametrize(
    ("sum_", "expected"), [(r"\sum_{i\ge j} g_i", "ok"), (r"\sum_{i\le j} g_i", "wrong")]
)
def test_the_first_running_sum_is_not_its_only_term(sum_: str, expected: str) -> None:
    text = rf"""
$y_i = \sum_{{j\le i}} x_j$ with $g_i = \partial L/\partial y_i$ gives $\frac{{\partial L}}{{\partial x_j}} = {sum_}$.
"""
    assert verdicts(text)[-1] == expected


def test_entries_that_are_picked_are_quantities_of_their_own() -> None:
    text = r"""
$u_k = x_{i_k}$ for a list of positions $i_1, \dots, i_m$, and $g_k = \partial L/\partial u_k$. So

$$\frac{\partial L}{\partial x_j} = \sum_{k: i_k = j} g_k$$
"""
    assert verdicts(text)[-1] == "ok"


ENTRIES = """
MATLAB, one example per column:

    Z = W*A + b;
    H = 1 ./ (1 + exp(-Z));
    L = sum(sum((H - Y).^2)) / 2;

In entries:

    dZ(k,i) = (H(k,i) - Y(k,i)) H(k,i) (1 - H(k,i))
    dW(k,j) = sum_i dZ(k,i)*A(j,i)
    dA(j,i) = {slope}
"""


@pytest.mark.parametrize(
    ("slope", "expected"),
    [
        ("sum_k W(k,j)*dZ(k,i)", "ok"),
        ("-sum_k W(k,j)*dZ(k,i)", "wrong"),
        ("sum_k W(j,k)*dZ(k,i)", "wrong"),
    ],
)
def test_indices_in_brackets_are_those_of_entries(slope: str, expected: str) -> None:
    assert verdicts(ENTRIES.format(slope=slope))[-3:] == ["ok", "ok", expected]


def test_functions_of_an_index_are_its_entries() -> None:
    text = """
h(k) = sum_j W(k,j)*x(j)

dh(k)/dW(k,j) = x(j)
dh(k)/dx(j) = -W(k,j)
"""
    assert verdicts(text)[-2:] == ["ok", "wrong"]


def test_a_kernel_in_two_dimensions_in_plain_text() -> None:
    text = """
  Y[i,j] = sum_{a=0}^{K-1} sum_{b=0}^{K-1} w[a,b] X[i+a, j+b] + c

Let D[i,j] = dL/dY[i,j].  Then

  dL/dw[a,b] = sum_{i,j} D[i,j] X[i+a, j+b]
  dL/dc = sum_{i,j} D[i,j]
  dL/dw[a,b] = -sum_{i,j} D[i,j] X[i+a, j+b]
"""
    assert verdicts(text)[-3:] == ["ok", "ok", "wrong"]


ENCODER = r"""
$\mu = A x + a$, $s = B x + b$, $\sigma^2 = e^{s}$ entry by entry, $z = \mu + \sigma\odot\varepsilon$, $\hat x = V z + c$ and
$L = \tfrac12\|\hat x - x\|^2 - \tfrac12\sum_j(1 + s_j - \mu_j^2 - e^{s_j})$. With the error $e = \hat x - x$:

"""


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"$\partial L/\partial c = e$", "ok"),
        (r"$\partial L/\partial V = e z^\top$", "ok"),
        (
            r"$\partial L/\partial s = \tfrac12(V^\top e)\odot\varepsilon\odot e^{s/2} + \tfrac12(e^s - 1)$",
            "ok",
        ),
        (
            r"$\partial L/\partial s = \tfrac12(V^\top e)\odot\varepsilon\odot e^{s/2} + \tfrac12(e^s + 1)$",
            "wrong",
        ),
    ],
)
def test_an_error_may_have_the_letter_of_the_exponential(claim: str, expected: str) -> None:
    assert verdicts(ENCODER + claim)[-1] == expected


CELL = """
```python
f = sigmoid(Wf @ z + bf)
g = np.tanh(Wg @ z + bg)
o = sigmoid(Wo @ z + bo)
c = f * c_prev + (1 - f) * g
h = o * np.tanh(c)
```

Backward, given `dh` and `dc_next`:

```python
do = dh * np.tanh(c)
dc = {dc}
df = dc * (c_prev - g)
dc_prev = dc * f
```
"""


@pytest.mark.parametrize(
    ("dc", "expected"),
    [
        ("dh * o * (1 - np.tanh(c)**2) + dc_next", "ok"),
        ("dh * (1 - np.tanh(c)**2) + dc_next", "wrong"),
    ],
)
def test_a_state_sends_back_what_the_next_step_sends(dc: str, expected: str) -> None:
    assert verdicts(CELL.format(dc=dc))[-4:] == ["ok", expected, "ok", "ok"]


SHAPED = r"""
$$z = Wx + b \in \mathbb{{R}}^m$$

$$a = \sigma(z) \in \mathbb{{R}}^m$$

$$L = \frac12 \|a - y\|^2$$

$$\frac{{\partial L}}{{\partial z}} = (a - y) \odot a \odot ({one}) = g_1 \in \mathbb{{R}}^m$$

$$\frac{{\partial L}}{{\partial W}} = g_1 x^T = g_2 \in \mathbb{{R}}^{{m \times n}}$$

$$\frac{{\partial L}}{{\partial x}} = {w} g_1 \in \mathbb{{R}}^n$$

The penalty $L + \|W\|^2$ has the gradient $g_2 + 2W$.
"""


@pytest.mark.parametrize(
    ("one", "w", "expected"),
    [
        ("1 - a", "W^T", []),
        ("1 + a", "W^T", [r"\frac{\partial L}{\partial z}"]),
        ("1 - a", "-W^T", [r"\frac{\partial L}{\partial x}"]),
    ],
)
def test_a_shape_at_its_end_does_not_hide_an_equation(
    one: str, w: str, expected: list[str]
) -> None:
    found = check(SHAPED.format(one=one, w=w)).judgements
    assert [j.source.split(" =")[0] for j in found if j.verdict == "wrong"] == expected
    assert not [j for j in found if j.verdict == "unknown"]
    assert [j.verdict for j in found[:4:2]] == ["definition", "definition"]


def test_a_line_that_is_only_a_shape_is_read() -> None:
    assert verdicts(r"$z = Wx$ and so on, $$\in \mathbb{R}^m$$")[0] == "definition"


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (r"\frac{dL}{dv_t} \frac{dv_t}{ds_t}", "ok"),
        (r"A^T \frac{dL}{dv_t}", "ok"),
        (r"-A^T \frac{dL}{dv_t}", "unknown"),
    ],
)
def test_what_arrives_from_the_next_step_stands_beside_what_this_one_sends(
    share: str, expected: str
) -> None:
    text = rf"""
$$v_t = A s_t + c$$

$$s_t = \tanh(B s_{{t-1}} + D x_t)$$

$$\frac{{dL}}{{ds_t}} = {share} + \frac{{dL}}{{d s_t}}$$
"""
    assert verdicts(text)[-1] == expected
