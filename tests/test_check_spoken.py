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
    ],
)
def test_what_is_wrong_there_is_still_found(right: str, wrong: str) -> None:
    (text,) = (t for t in UNDERSTOOD.values() if right in t)
    assert "wrong" in [j.verdict for j in check(text.replace(right, wrong)).judgements]


def test_how_many_dimensions_there_are_is_not_for_us_to_say() -> None:
    text = r"Repeated indices are summed. In the plane $\partial_i x_i = 2$, $\delta_{ii} = 2$, $x_i = 3y_i$."
    assert not [j for j in check(text).judgements if j.verdict in ("wrong", "carried")]


def test_a_word_says_what_is_a_number() -> None:
    report = check(
        r"With a scalar $k$: $\mathbf q = \mathbf u k$, $\frac{\partial\mathbf q}{\partial k} = \mathbf u$."
    )
    assert [j.verdict for j in report.judgements] == ["ok", "definition", "ok"]
