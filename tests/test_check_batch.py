"""``dvar check`` where a model is written for one example and its gradients for a batch."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check

ROWS = r"""
# Rows

There are $N$ examples; each row of $X$ is one example.

$$Z = X w + b, \qquad P = \sigma(Z)$$

$$J = -\frac{1}{N} \sum_{n=1}^{N} \left[ t_n \ln p_n + (1 - t_n) \ln(1 - p_n) \right]$$
"""

COLUMNS = r"""
# Columns

Examples are columns of $X$. $Z = W X + b$, $A = \sigma(Z)$ and

$$J = -\frac{1}{m}\sum_{i=1}^{m} \left( y^{(i)} \log a^{(i)} + (1 - y^{(i)}) \log(1 - a^{(i)}) \right)$$
"""

ONE_AND_MANY = r"""
One example: $z = w^T x + b$, $a = \sigma(z)$, and $L(a, y) = -(y \log a + (1 - y) \log(1 - a))$.

The cost is $J = \frac{1}{m} \sum_{i=1}^{m} L(a^{(i)}, y^{(i)})$. The examples are columns of $X$.

$$Z = w^T X + b$$

$$A = \sigma(Z)$$
"""

SQUARES = r"""
A batch of $B$ samples, one sample per row.

$$H = \tanh(X U), \quad O = H V + c, \quad E = \frac{1}{2B} \sum_{n=1}^{B} \|o_n - t_n\|^2$$
"""


def _verdicts(text: str, lines: list[str]) -> list[tuple[str, str | None]]:
    """What is said of the lines behind a text."""
    report = check(text + "".join(f"\n$${line}$$\n" for line in lines))
    return [(j.verdict, j.cause) for j in report.judgements[-len(lines) :]]


RIGHT = [
    (ROWS, [r"dZ = P - T", r"dw = \frac{1}{N} X^T dZ", r"db = \frac{1}{N} \sum_{n=1}^{N} dZ_n"]),
    (ROWS, [r"dZ = P - T", r"dX = dZ w^T"]),
    (COLUMNS, [r"dZ = \frac{1}{m}(A - Y)", r"dW = dZ X^T", r"db = \sum_{i=1}^m dz^{(i)}"]),
    (COLUMNS, [r"dZ = A - Y", r"dW = \frac{1}{m} dZ X^T", r"dX = W^T dZ"]),
    (
        ONE_AND_MANY,
        [
            r"dZ = A - Y",
            r"dw = \frac{1}{m} X dZ^T",
            r"db = \frac{1}{m} \sum_{i=1}^{m} dz^{(i)}",
        ],
    ),
    (
        SQUARES,
        [
            r"\frac{\partial E}{\partial O} = \frac{1}{B}(O - T)",
            r"\frac{\partial E}{\partial c} = \sum_{n=1}^{B} \left(\frac{\partial E}{\partial O}\right)_n",
            r"\frac{\partial E}{\partial V} = H^T \frac{\partial E}{\partial O}",
        ],
    ),
]


@pytest.mark.parametrize(("text", "lines"), RIGHT)
def test_gradients_of_a_batch_follow_from_the_loss_of_one_example(
    text: str, lines: list[str]
) -> None:
    assert _verdicts(text, lines) == [("ok", None)] * len(lines)


WRONG = [
    (COLUMNS, [r"dZ = \frac{1}{m}(A - Y)", r"dW = dZ X^T"], r"dW = \frac{1}{m} dZ X^T", "factor"),
    (COLUMNS, [r"dZ = A - Y", r"dW = \frac{1}{m} dZ X^T"], r"dW = dZ X^T", "missing-factor"),
    (
        ONE_AND_MANY,
        [r"dZ = A - Y", r"dw = \frac{1}{m} X dZ^T"],
        r"dw = \frac{1}{m} X dZ",
        "transpose",
    ),
    (ONE_AND_MANY, [r"dZ = A - Y"], r"db = \frac{1}{m} dZ", "missing-sum"),
    (SQUARES, [], r"\frac{\partial E}{\partial O} = O - T", "missing-factor"),
    (
        SQUARES,
        [],
        r"\frac{\partial E}{\partial c} = \frac{\partial E}{\partial O}",
        "missing-sum",
    ),
]


@pytest.mark.parametrize(("text", "lines", "slip", "cause"), WRONG)
def test_slips_of_a_batch_are_found(text: str, lines: list[str], slip: str, cause: str) -> None:
    assert _verdicts(text, [*lines, slip])[-1] == ("wrong", cause)


def test_a_factor_that_is_never_written_may_be_a_habit() -> None:
    found = _verdicts(ROWS, [r"dZ = P - T", r"dw = X^T dZ"])
    assert found[0] == ("ok", None)
    assert found[1][0] == "unknown"


def test_one_example_in_capitals_is_no_batch() -> None:
    text = r"One pair. $Z = W X + b$, $L = \frac12 \|Z - Y\|^2$."
    assert _verdicts(text, [r"dZ = Z - Y", r"db = dZ"])[1][0] != "wrong"
