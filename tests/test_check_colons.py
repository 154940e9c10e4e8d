"""Inner products of matrices with a colon, and what stands around them in such documents."""

from __future__ import annotations

import pytest
from judged import verdicts

COLONS = r"""
Use $P:Q = \operatorname{tr}(P^TQ)$.

$$\eqalign{
P:QR &= Q^TP:R \cr
P:QR &= PR^T:Q
}$$

With the matrix of ones $J$ let

$$\eqalign{
H &= \tanh(BX) \cr
E &= AH - Y \cr
\phi &= \tfrac12 E:E
}$$

$$\eqalign{
d\phi &= E:dA\,H + E:A\,dH \cr
&= EH^T:dA + \big(A^TE\odot(J - H\odot H)\big)X^T:dB
}$$

$$\frac{\partial\phi}{\partial B} = \big(A^TE\odot(J - H\odot H)\big)X^T$$
"""


def test_products_with_a_colon_are_inner_products_of_matrices() -> None:
    found = verdicts(COLONS)
    assert [found[line] for line in (2, 5, 6, 18, 19, 22)] == ["ok"] * 6


@pytest.mark.parametrize(
    ("line", "right", "slip"),
    [
        (5, "Q^TP:R", "QP:R"),
        (19, "EH^T:dA", "HE^T:dA"),
        (22, r"\big(A^TE\odot(J - H\odot H)\big)X^T$$", r"\big(A^TE\odot(J + H\odot H)\big)X^T$$"),
        (22, r"\big(A^TE\odot(J - H\odot H)\big)X^T$$", r"\big(AE\odot(J - H\odot H)\big)X^T$$"),
    ],
)
def test_a_slip_beside_a_colon_is_not_passed(line: int, right: str, slip: str) -> None:
    assert right in COLONS
    found = verdicts(COLONS.replace(right, slip))
    assert found[line] in ("wrong", "unknown")
    assert found[line] == "wrong" or line == 5


def test_a_colon_that_only_parts_stays_one() -> None:
    found = verdicts(
        "The map $f: x \\to x^2$ has this slope:\n\n$$\\frac{df}{dx}: 2x$$\n\nSo: $3 = 2 + 1$."
    )
    assert "wrong" not in found.values()
    assert found[5] == "ok"


PRIMED = r"""
$Z = WX$, $H=\sigma(Z)$, $\hat X = W^TH$, $E=\hat X-X$, $L=\frac12\|E\|_F^2$.

$H' = H\odot(1-H)$

$$\frac{\partial L}{\partial W} = HE^T + (WE\odot H')X^T$$
"""


def test_the_prime_of_a_layer_is_its_slope() -> None:
    found = verdicts(PRIMED)
    assert found[4] == found[6] == "ok"
    assert verdicts(PRIMED.replace("(1-H)", "(1+H)"))[4] == "wrong"


def test_rows_in_braces_are_rows() -> None:
    found = verdicts(
        "$$\\displaylines{a = 2 \\cr b = 3a = 6}$$\n\n$$A = \\pmatrix{1 & 2 \\cr 3 & 4}$$\n\n"
        "$\\det A = -2$"
    )
    assert set(found.values()) <= {"ok", "given", "definition"}
    assert found[5] == "ok"
