"""``dvar check`` understands functions named anew, values supposed for a while, and notation of other fields."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check

UNDERSTOOD = {
    "a space that is wide parts statements": r"""
$$f(u, v) = u v \hspace{0.4in} \frac{\partial f}{\partial u} = v \hspace{0.4in} \frac{\partial f}{\partial v} = u$$
""",
    "the derivative is of the function in its row": r"""
$$f_c(x) = c + x \hspace{1cm} \rightarrow \hspace{1cm} \frac{df}{dx} = 1
\\
f_a(x) = a x \hspace{1cm} \rightarrow \hspace{1cm} \frac{df}{dx} = a$$
""",
    "a name in quotes begins a chain": r"""
$a = \sigma(z)$, $L = -(t\log a + (1-t)\log(1-a))$

"da" $= \frac{dL}{da} = -\frac{t}{a} + \frac{1-t}{1-a}$

"dz" $= \frac{dL}{dz} = a - t$
""",
    "one letter for several functions": r"""
$g(z) = \frac{1}{1+e^{-z}}$ has $g'(z) = g(z)(1-g(z))$.

$g(z) = \tanh z$ has $g'(z) = 1 - \tanh^2 z$.

$g(z) = \max(0.1z, z)$ has $g'(z) = \begin{cases}0.1 & z < 0\\ 1 & z > 0\end{cases}$
""",
    "an example that defines its names again": r"""
First $y = f(x) = \cos(x^3)$, so $\frac{dy}{dx} = -3x^2\sin(x^3)$.

Another: $y = f(x) = x + x^3$, so $\frac{df}{dx} = 1 + 3x^2$.
""",
    "a function of what was its value": r"""
$y = f(x) = x^4$ and $\frac{dy}{dx} = 4x^3$.

In two variables $f(x, y) = x y^2$, and $\nabla f(x, y) = [y^2, 2xy]$.
""",
    "a value supposed for a while": r"""
$z = w x + b$, $a = \sigma(z)$. At $z = 8$, $a \approx 1$. At $z = 0$, $a = \frac12$ and
$\frac{da}{dz} = \frac14$.
""",
    "index derivatives": r"""
Repeated indices are summed. $r = \sqrt{x_ix_i}$ and $\partial_j r = \frac{x_j}{r}$,
$$\partial_i\partial_j r = \frac{\delta_{ij}}{r} - \frac{x_ix_j}{r^3}$$
""",
    "an identity as large as what it is equal to": r"""
$\mathbf{s} = \mathbf{u} + \mathbf{v}$: $\frac{\partial\mathbf s}{\partial\mathbf u} = I$. With a scalar $k$ and
$\mathbf{q} = \mathbf u + k$: $\frac{\partial\mathbf q}{\partial k} = \vec{1}$.
""",
    "dots between the same": r"""
$q = sum(\mathbf u k)$ where $k$ is a scalar: $\frac{\partial q}{\partial\mathbf u} = [k, k, \ldots, k]$.
""",
    "gradients as rows of a Jacobian": r"""
$f(x, y) = x^2 y$, $g(x, y) = x + y^3$.
$$J = \begin{bmatrix}\nabla f(x, y)\\ \nabla g(x, y)\end{bmatrix} = \begin{bmatrix}2xy & x^2\\ 1 & 3y^2\end{bmatrix}$$
""",
    "a sign for products of entries": r"""
Let $\otimes$ be the element-wise product. $\mathbf{y} = \mathbf{u}\otimes\mathbf{v}$:
$\frac{\partial\mathbf y}{\partial\mathbf u} = diag(\mathbf v)$.
""",
    "a note behind a formula": r"""
$u = x^3, v = \ln(u) (p = v)$ and $\frac{dv}{du} = \frac1u$.
""",
    "a program without a loss": """
```python
s = x + y
t = x * y
f = s * t
ds = t
dt = s
dx = ds + y * dt
```
""",
    "a sum without brackets": r"""
$a^{(i)} = \sigma(w x^{(i)} + b)$, $J = -\frac1m\sum_{i=1}^m t^{(i)}\log a^{(i)} + (1-t^{(i)})\log(1-a^{(i)})$.
$$\frac{\partial J}{\partial b} = \frac1m\sum_{i=1}^m (a^{(i)} - t^{(i)})$$
""",
    "entries of a matrix in small letters": r"""
$s = Wx + b$ with $s\in\mathbb R^m$, $x \in\mathbb R^n$, and $\delta = \partial E/\partial s$.
$$\frac{\partial E}{\partial x_j} = \sum_i w_{ij}\delta_i, \qquad \frac{\partial s_i}{\partial W_{kl}} = \delta_{ik}x_l$$
""",
    "shapes in words": r"""
Let $\vec y = \vec x W$, where $\vec x$ is a row vector, $1 \times D$, and $W$ is $D \times C$. Then
$\frac{d\vec y}{d\vec x} = W^T$ and $\frac{\partial \vec y_3}{\partial \vec x_5} = W_{5,3}$.
""",
    "units of layers with sums from 0": r"""
$a_j = \sum_{i=0}^D w_{ji}^{(1)}x_i$, $z_j = \tanh(a_j)$, $y_k = \sum_{j=0}^M w_{kj}^{(2)}z_j$,
$E = \frac12\sum_{k=1}^K(y_k-t_k)^2$, $\delta_k = y_k - t_k$, $\delta_j = (1 - z_j^2)\sum_{k=1}^K w_{kj}^{(2)}\delta_k$.
$$\frac{\partial E}{\partial w_{kj}^{(2)}} = \delta_k z_j, \qquad \frac{\partial E}{\partial w_{ji}^{(1)}} = \delta_j x_i$$
""",
    "gates with labels": r"""
$\hat{i}^t = W_i x^t + U_i h^{t-1}$, $i^t = \sigma(\hat i^t)$, $\hat{o}^t = W_o x^t + U_o h^{t-1}$, $o^t = \sigma(\hat o^t)$,
$\hat a^t = W_c x^t + U_c h^{t-1}$, $c^t = i^t\odot\tanh(\hat a^t)$, $h^t = o^t\odot\tanh(c^t)$.

With $\delta h^t = \frac{\partial E}{\partial h^t}$,
$$\frac{\partial E}{\partial o^t_i} = \frac{\partial E}{\partial h^t_i}\frac{\partial h^t_i}{\partial o^t_i}
= \delta h^t_i\tanh(c^t_i)$$
""",
    "seeds of inputs that have another name": r"""
| value | tangent |
|---|---|
| $v_1 = x$ | $\dot v_1 = 1$ (seed) |
| $v_2 = \sin v_1$ | $\dot v_2 = \cos(v_1)\,\dot v_1$ |
""",
    "a function without its parameters": r"""
$h_\theta(x) = \sigma(\theta^T x)$, $P(y = 1\mid x;\theta) = h_\theta(x)$. $\nabla_\theta\,h(x) = h(x)(1-h(x))x$.
""",
    "numbers for a result of which nothing is given": r"""
$s_j = w_j^T x$ and $p_j = e^{s_j}/\sum_k e^{s_k}$. Scores $s = [2, 1, 0]$ give $p_1 = 0.665$.
""",
    "one output": r"""
$z_1 = W_1x + b_1$, $h = \tanh(z_1)$, $z_2 = W_2h + b_2$, $p = \sigma(z_2)$, $L = -[y\log p + (1-y)\log(1-p)]$.
$$\frac{\partial L}{\partial W_2} = (p - y)h^T, \qquad \frac{\partial L}{\partial z_1} = W_2^T(p - y)\odot(1 - h^2)$$

Take $h = (0.5, -0.5)^T$, $W_2 = (2, 1)$, $b_2 = 0$. Then $z_2 = 0.5$.
""",
    "a result written out again in another": r"""
$r_t = \sigma(W_rx_t + U_rh_{t-1})$, $c_t = \tanh(W_cx_t + U_c(r_t\odot h_{t-1}))$,
$h_t = (1-u_t)\odot h_{t-1} + u_t\odot c_t$. With $a_t = W_cx_t + U_c(r_t\odot h_{t-1})$,
$$\frac{\partial L}{\partial a_t} = \frac{\partial L}{\partial c_t}\odot(1-c_t^2), \qquad
\frac{\partial L}{\partial r_t} = \left(U_c^\top\frac{\partial L}{\partial a_t}\right)\odot h_{t-1}$$
""",
    "a vector turned in front of a bracket": r"""
$J(w) = \|t - Xw\|^2$ and $\partial J/\partial w_j = -2x_j^T(t - Xw)$, where $x_j$ is the $j$-th column of $X$.
""",
    "entries of a layer": r"""
$z^l = w^la^{l-1} + b^l$, $a^l = \sigma(z^l)$, $C = \frac12\|y-a^L\|^2$, $\delta^l_j = \frac{\partial C}{\partial z^l_j}$.
$$\frac{\partial C}{\partial b_j^l} = \delta_j^l, \qquad \frac{\partial C}{\partial w_{jk}^l} = a_k^{l-1}\delta_j^l$$
Here $z_k^{l+1} = \sum_jw_{kj}^{l+1}\sigma(z_j^l) + b_k^{l+1}$, so
$$\delta_j^l = \sum_kw_{kj}^{l+1}\delta_k^{l+1}\sigma'(z_j^l)$$
""",
    "a sum in a fraction without a space": r"""
$\ell(\lambda) = \sum_{i=1}^n(x_i\log\lambda - \lambda - \log x_i!)$, $\ell'(\lambda) = \frac{\sum_ix_i}{\lambda} - n$
and $\ell''(\lambda) = -\frac{\sum_ix_i}{\lambda^2}$.
""",
    "a loss of what is not told": r"""
$C(\ldots) = (a - t)^2$, $a = \sigma(z)$, $\frac{\partial C}{\partial z} = 2(a-t)\sigma'(z)$
""",
    "where a gradient with a count vanishes": r"""
$J(w) = \frac{1}{2n}\|t - Xw\|_2^2 + \frac\lambda2\|w\|_2^2$. Setting the gradient to zero: $(X^TX + n\lambda I)w = X^Tt$.
""",
    "a set is no result": r"""
A batch $B = \{x_1, \dots, x_m\}$, $\mu = \frac1m\sum_i x_i$, $c_i = x_i - \mu$.
$$\frac{\partial l}{\partial x_i} = \frac{\partial l}{\partial c_i} - \frac1m\sum_j\frac{\partial l}{\partial c_j}$$
""",
    "entries of a loss added without a sum": r"""
$p = \mathrm{softmax}(z)$, $z = Vs$, $E = -y\log p$. $$\frac{\partial E}{\partial V} = (p - y)s^T$$
""",
    "a mean by its bar": r"""
$J = \sum_{i=1}^n(x_i - c)^2$. Setting $\frac{dJ}{dc} = 0$ gives $\hat c = \frac1n\sum_{i=1}^n x_i = \bar x$.
$\frac{dJ}{dc} = -2\sum_{i=1}^n(x_i - c)$
""",
    "a table of functions": r"""
| name | $f(x)$ | $f'(x)$ |
|---|---|---|
| logistic | $\frac{1}{1+e^{-x}}$ | $f(x)(1-f(x))$ |
| tanh | $\tanh x$ | $1-f(x)^2$ |
| Gauss | $e^{-x^2}$ | $-2xe^{-x^2}$ |
""",
    "losses one after the other": r"""
MSE $L = \frac1n\sum_i(t_i-a_i)^2$ with $\frac{\partial L}{\partial a_i} = -\frac2n(t_i-a_i)$; MAE has
$\frac{\partial L}{\partial a_i} = -\frac1n\operatorname{sign}(t_i-a_i)$ for $L = \frac1n\sum_i|t_i-a_i|$.
""",
    "a layer and a power in one superscript": r"""
$Z^{[1]} = W^{[1]}X$, $A^{[1]} = \tanh(Z^{[1]})$, $Z^{[2]} = W^{[2]}A^{[1]}$.

$dZ^{[1]} = W^{[2]T}dZ^{[2]} * (1 - A^{[1]2})$
""",
}


@pytest.mark.parametrize("text", UNDERSTOOD.values(), ids=UNDERSTOOD.keys())
def test_every_line_is_understood_and_right(text: str) -> None:
    found = [(j.verdict, j.source, j.message) for j in check(text).judgements]
    assert not [f for f in found if f[0] in ("wrong", "carried", "unknown")]
    assert "ok" in [verdict for verdict, _, _ in found]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (r"\frac{df}{dx} = a$$", r"\frac{df}{dx} = -a$$"),
        (r"- \frac{x_ix_j}{r^3}", r"+ \frac{x_ix_j}{r^3}"),
        (r"\frac{dL}{dz} = a - t", r"\frac{dL}{dz} = a + t"),
        ("dt = s\n", "dt = -s\n"),
        (r"\cos(v_1)\,\dot v_1", r"\sin(v_1)\,\dot v_1"),
        (r"-\frac2n(t_i-a_i)", r"\frac2n(t_i-a_i)"),
        (r"Then $z_2 = 0.5$", r"Then $z_2 = 0.75$"),
        (r"-2x_j^T(t - Xw)", r"2x_j^T(t - Xw)"),
        (r"give $p_1 = 0.665$", r"give $p_1 = 0.765$"),
        (r"\frac1m\sum_{i=1}^m (a^{(i)} - t", r"\frac1m\sum_{i=1}^m (a^{(i)} + t"),
    ],
)
def test_what_is_wrong_there_is_still_found(right: str, wrong: str) -> None:
    (text,) = (t for t in UNDERSTOOD.values() if right in t)
    assert "wrong" in [j.verdict for j in check(text.replace(right, wrong)).judgements]


def test_how_many_dimensions_there_are_is_not_for_us_to_say() -> None:
    text = r"Repeated indices are summed. In the plane $\partial_i x_i = 2$, $\delta_{ii} = 2$, $x_i = 3y_i$."
    assert not [j for j in check(text).judgements if j.verdict in ("wrong", "carried")]


METHODS = r"""
$u_{t+1} = u_t - 0.2u_t$: $u_1 = 1 - 0.2 = 0.8$, $u_2 = 0.8 - 0.16 = 0.64$.

With momentum, $v_{t+1} = 0.9v_t + 2u_t$ and $u_{t+1} = u_t - 0.1v_{t+1}$:

| t | v | u |
|---|---|---|
| 1 | 2 | 0.8 |
| 2 | 3.4 | 0.46 |
"""


def test_another_method_has_other_numbers() -> None:
    assert not [j for j in check(METHODS).judgements if j.verdict in ("wrong", "carried")]


def test_a_word_says_what_is_a_number() -> None:
    report = check(
        r"With a scalar $k$: $\mathbf q = \mathbf u k$, $\frac{\partial\mathbf q}{\partial k} = \mathbf u$."
    )
    assert [j.verdict for j in report.judgements] == ["ok", "definition", "ok"]


@pytest.mark.parametrize(
    "words", ["Writing $M$ for it:", "We call this $M$.", "Let us denote it by $M$; then"]
)
@pytest.mark.parametrize(("claim", "verdict"), [("2 p q", "ok"), ("2 p q^2", "wrong")])
def test_a_letter_for_the_formula_before(words: str, claim: str, verdict: str) -> None:
    text = (
        f"$$\\operatorname{{gap}}(p, q) = p^2 q + q$$\n\n{words}\n\n"
        rf"$$\frac{{\partial M}}{{\partial p}} = {claim}$$"
    )
    assert check(text).judgements[-1].verdict == verdict


@pytest.mark.parametrize(
    ("slope", "expected"), [("g(z) (1 - g(z))", "ok"), ("1 - g(z)^2", "wrong")]
)
def test_words_may_stand_behind_a_function_with_its_argument(slope: str, expected: str) -> None:
    text = f"Where $g(z)$ is the sigmoid, $\\frac{{d}}{{dz}} g(z) = {slope}$.\n"
    assert check(text).judgements[-1].verdict == expected


@pytest.mark.parametrize(("slope", "is_right"), [("1 - f(z)^2", True), ("1 + f(z)^2", False)])
def test_a_case_takes_the_place_of_the_one_before(slope: str, is_right: bool) -> None:
    text = (
        "If $f(z) = 1/(1 + e^{-z})$ is the sigmoid, then $f'(z) = f(z) (1 - f(z))$. "
        f"If $f$ is the tanh function, then $f'(z) = {slope}$.\n"
    )
    assert (check(text).judgements[-1].verdict == "ok") == is_right
