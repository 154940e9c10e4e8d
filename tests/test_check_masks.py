"""Gradients some of whose entries a program sets to zero."""

from __future__ import annotations

from dvar import check

TOLD = r"""
$x = \begin{bmatrix} 1 & 2 \end{bmatrix}$, $V = \begin{bmatrix} 1 & -1 \\ 0.5 & 0.25 \end{bmatrix}$,
$u = \begin{bmatrix} 3 \\ 4 \end{bmatrix}$

$h = \max(0, x V)$ and $loss = h u$

$$dh = \begin{bmatrix} 3 & 4 \end{bmatrix}$$

`dh[h <= 0] = 0` leaves $\begin{bmatrix} 3 & 0 \end{bmatrix}$

$$x^T dh = \begin{bmatrix} 3 & 0 \\ 6 & 0 \end{bmatrix}$$
"""


def verdicts(text: str) -> dict[int, str]:
    return {j.line: j.verdict for j in check(text).judgements}


def test_a_gradient_is_another_one_behind_its_mask() -> None:
    found = verdicts(TOLD)
    assert [found[line] for line in (7, 9, 11)] == ["ok"] * 3


def test_numbers_without_the_mask_are_wrong_behind_it() -> None:
    left = TOLD.replace(r"{bmatrix} 3 & 0 \end", r"{bmatrix} 3 & 4 \end")
    assert verdicts(left)[9] == "wrong"
    found = verdicts(TOLD.replace(r"3 & 0 \\ 6 & 0", r"3 & 4 \\ 6 & 8"))
    assert found[9] == "ok"
    assert found[11] != "ok"


HIDDEN = r"""
$x = 2$, $V_1 = [1, -1]$, $V_2 = [3, 4]$ and $Z_1 = x V_1 = [2, -2]$

$A_1 = ReLU(Z_1) = [2, 0]$ and $L = A_1 \cdot V_2$, so $\frac{\partial L}{\partial A_1} = [3, 4]$

ReLU'(z) = 1 if z > 0, else 0, so the mask is $[1, 0]$.

$$\frac{\partial L}{\partial Z_1} = [3, 4] \odot [1, 0] = [3, 0]$$
"""


def test_a_mask_that_is_told_in_words() -> None:
    assert verdicts(HIDDEN)[6] == "ok"
    assert verdicts(HIDDEN.replace("[1, 0]", "[1, 1]"))[6] == "wrong"


def test_the_class_that_is_left_out_of_a_sum_has_a_gradient_of_its_own() -> None:
    head = r"""
$$L_n = \sum_{k \neq t_n} \max(0, v_k^T x_n - v_{t_n}^T x_n + 1)$$

$$\nabla_{v_{t_n}} L_n = -\left(\sum_{k \neq t_n} \mathbb{1}(v_k^T x_n - v_{t_n}^T x_n + 1 > 0)\right) x_n$$

$$\nabla_{v_k} L_n = SIGN\mathbb{1}(v_k^T x_n - v_{t_n}^T x_n + 1 > 0) x_n$$
"""
    assert check(head.replace("SIGN", "")).judgements[-1].verdict == "ok"
    assert check(head.replace("SIGN", "-")).judgements[-1].verdict != "ok"


def test_only_the_mask_is_made_of_zeros_and_ones() -> None:
    text = (
        "For one vector $x$, a mask $m$ of zeros and ones, and the keep probability $q$:\n\n"
        "$$r = \\max(x, 0), \\qquad u = \\frac1q m\\odot r$$\n\n"
        "For some loss $L$\n\n"
        "$$\\frac{\\partial L}{\\partial r} = m\\odot\\frac{\\partial L}{\\partial u}$$"
    )
    (verdict,) = [j.verdict for j in check(text).judgements if j.kind == "claim"]
    assert verdict != "ok"
