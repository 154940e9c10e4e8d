"""What words and names tell of gradients: abbreviations, errors that arrive, rows, gates with a hat, losses."""

from __future__ import annotations

import pytest
from judged import verdicts

BOARD = """
x1 = 1, x2 = 2, t = 1, w1 = 0.4, w2 = -0.3, u = 0.7

net = w1*x1 + w2*x2 = -0.2
h = tanh(net) = -0.1974
o = u*h
E = 1/2 (t - o)^2

(we write d_o for dE/do and d_h for dE/dnet)

d_o = o - t
d_h = d_o * u * (1 - h^2)
dE/dw1 = d_h * x1
"""


def test_an_abbreviation_in_plain_words_is_a_definition() -> None:
    found = verdicts(BOARD)
    assert [found[line] for line in (11, 12, 13)] == ["ok"] * 3
    assert verdicts(BOARD.replace("(1 - h^2)", "h"))[12] == "wrong"


@pytest.mark.parametrize(
    "words",
    [
        "let $g$ be the gradient of the loss with respect to $h$",
        "the upstream gradient $g$ arrives at $h$",
        "$g$ is the gradient at $h$",
    ],
)
def test_words_name_the_gradient_that_arrives(words: str) -> None:
    text = rf"""
$y = W x + b$, $h = \tanh(y)$ and {words}.

$$\frac{{\partial L}}{{\partial W}} = (g \odot (1 - h^2)) x^T$$
"""
    assert verdicts(text)[4] == "ok"
    assert verdicts(text.replace("1 - h^2", "1 + h^2"))[4] == "wrong"


def test_an_error_is_no_gradient_and_neither_is_a_slope() -> None:
    text = r"""
$\hat y = w x$, $e = \hat y - y$ is the error of $\hat y$, and $L = e^2$.

$$\frac{dL}{dw} = 2 e x$$

$f(x) = x^2 - 2$ and let $g$ be the derivative of $f$.

$$x - \frac{f(x)}{g(x)} = \frac{x^2 + 2}{2x}$$
"""
    found = verdicts(text)
    assert found[4] == "ok"
    assert found[8] != "wrong"


ROWS = r"""
All vectors here are **rows**.

$\mathbf{z} = \mathbf{x} W$, $L = \mathbf{z} \mathbf{z}^\top$

$$\frac{\partial L}{\partial W} = 2 \mathbf{x}^\top \mathbf{z}$$
"""


def test_vectors_are_rows_where_words_say_so() -> None:
    assert verdicts(ROWS)[6] == "ok"
    assert verdicts(ROWS.replace("= 2 ", "= -2 "))[6] == "wrong"


GATES = """
```
i = sigmoid(Wi * x + Ui * h)
f = sigmoid(Wf * x + Uf * h)
c = i * x + f * c_prev
E = (c - y)^2 / 2
```

* `dE/di = (c - y) * x`
* `dE/dî = dE/di * i * (1 - i)`
* `dE/df̂ = (c - y) * c_prev * f * (1 - f)`
* `dE/dWi = dE/dî * x`
"""


def test_a_hat_may_mark_what_a_gate_is_taken_of() -> None:
    found = verdicts(GATES)
    assert [found[line] for line in (9, 10, 11, 12)] == ["ok"] * 4
    assert verdicts(GATES.replace("c_prev * f * (1 - f)", "c_prev * f * (1 + f)"))[11] == "wrong"


ATTENTION = r"""
$S = Q K^\top \in \mathbb{R}^{n\times n}$, $P = \mathrm{softmax}(S)$ row by row, $O = P V$ with
$Q, K, V \in \mathbb{R}^{n\times d}$. The loss is $\phi$, and $dO = \partial\phi/\partial O$.

$$dV = P^\top dO, \qquad dP = dO\, V^\top$$

$$dQ = dS\, K$$

$$dK = dS^\top Q$$
"""


def test_a_matrix_is_no_loss_whatever_its_letter() -> None:
    found = verdicts(ATTENTION)
    assert [found[line] for line in (5, 7, 9)] == ["ok"] * 3
    assert verdicts(ATTENTION.replace(r"dS^\top Q", "dS Q"))[9] == "wrong"


ENTRIES = r"""
Examples are **columns**: $Z = W X + b$, $P = \text{softmax}(Z)$ over each column, and

$$J = -\frac{1}{m} \sum_{i=1}^{m} \sum_{k} Y_{k}^{(i)} \log P_{k}^{(i)} + \frac{\lambda}{2} \|W\|_F^2$$

$$dZ = \frac{1}{m}(P - Y)$$

$$dW = dZ\, X^T + \lambda W$$

$$db = \sum_{i=1}^{m} dZ^{(i)}$$
"""


def test_an_entry_of_an_example_is_one_of_the_matrix() -> None:
    found = verdicts(ENTRIES)
    assert [found[line] for line in (6, 8, 10)] == ["ok"] * 3
    assert verdicts(ENTRIES.replace(r"dZ\, X^T", r"dZ\, X"))[8] == "wrong"


def test_the_sum_of_columns_with_their_share_is_right_without_decay() -> None:
    text = ENTRIES.replace(r" + \frac{\lambda}{2} \|W\|_F^2", "").replace(r" + \lambda W", "")
    assert verdicts(text)[10] == "ok"
