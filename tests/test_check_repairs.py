"""The line as it should stand: in the document's own spelling, to be put in the place of the wrong one."""

from __future__ import annotations

import pytest

from dvar import check
from dvar.check.report import Judgement


def wrong(text: str) -> Judgement:
    """The only line that is wrong."""
    (found,) = (j for j in check(text).judgements if j.verdict == "wrong")
    return found


def mended(text: str, found: Judgement) -> str:
    """The document with the repaired line in the place of the wrong one."""
    assert found.repaired is not None
    start, end = found.span
    assert text[start:end] == found.source
    return text[:start] + found.repaired + text[end:]


MODEL = r"""
# One neuron

Let $z = w x + b$, $a = \sigma(z)$ and $L = \frac12 (a - y)^2$.

%s
"""


@pytest.mark.parametrize(
    ("line", "repaired"),
    [
        (
            r"$$\frac{d \mathbf{A}^{-1}}{dt} = \mathbf{A}^{-1}\frac{d \mathbf{A}}{dt}\mathbf{A}^{-1}$$",
            r"= -(\mathbf{A}^{-1}\frac{d \mathbf{A}}{dt}\mathbf{A}^{-1})",
        ),
        (
            r"$$(\mathbf{A}\mathbf{B})^T = \mathbf{A}^T\mathbf{B}^T$$",
            r"= \mathbf{B}^T \mathbf{A}^T",
        ),
        (
            r"$$\frac{\partial}{\partial \mathbf{x}} \mathbf{a}^T\mathbf{B}\mathbf{x} = \mathbf{B}\mathbf{a}$$",
            r"= \mathbf{B^T}\mathbf{a}",
        ),
    ],
)
def test_fonts_stay_whole(line: str, repaired: str) -> None:
    text = f"# Rules\n\n{line}\n"
    found = wrong(text)
    assert found.source == line.strip("$")
    assert (found.repaired or "").endswith(repaired)
    assert [j.verdict for j in check(mended(text, found)).judgements] == ["ok"]


@pytest.mark.parametrize(
    "line",
    [
        r"$$\frac{\partial L}{\partial z} = (a - y)\, a (1 + a)$$",
        r"$$\frac{\partial L}{\partial w} = (a - y)\, a (1 - a) w$$",
        r"$$\frac{\partial L}{\partial b} = \frac{\partial L}{\partial z} = (a + y)\, a (1 - a)$$",
        r"$$w := w + \eta \frac{\partial L}{\partial w}$$ with the gradient of descent",
    ],
)
def test_the_document_is_right_with_the_repaired_line(line: str) -> None:
    text = MODEL % line
    after = check(mended(text, wrong(text))).judgements
    assert "wrong" not in {j.verdict for j in after}
    assert after[-1].verdict in ("ok", "definition")


def test_what_stands_in_front_in_a_chain_is_kept() -> None:
    found = wrong(
        MODEL
        % r"$$\frac{\partial L}{\partial b} = \frac{\partial L}{\partial z} \cdot 1 = (a + y)\, a (1 - a)$$"
    )
    assert (found.repaired or "").startswith(
        r"\frac{\partial L}{\partial b} = \frac{\partial L}{\partial z} \cdot 1 = (a"
    )


def test_a_line_that_goes_on_is_repaired_as_one() -> None:
    text = MODEL % (
        "$$\\begin{aligned}\n\\frac{\\partial L}{\\partial w} &= \\frac{\\partial L}{\\partial z} x \\\\\n"
        "&= (a - y)\\, a (1 + a) x\n\\end{aligned}$$"
    )
    found = wrong(text)
    assert "wrong" not in {j.verdict for j in check(mended(text, found)).judgements}


def test_minuses_that_are_lost_are_put_back() -> None:
    text = MODEL % r"$\partial a / \partial w = \sigma(z) (1 \sigma(z)) x$"
    assert (wrong(text).repaired or "").endswith(r"\sigma(z) (1 - \sigma(z)) x")


def test_a_step_up_the_gradient_is_turned() -> None:
    text = MODEL % (
        "Take one step of gradient descent with $\\eta = 0.5$ from $w = 0.4$, where "
        "$\\frac{\\partial L}{\\partial w} = 0.08$.\n\n"
        "$$w^{+} = w - \\eta \\frac{\\partial L}{\\partial w} = 0.4 + 0.5 \\cdot 0.08$$"
    )
    assert (wrong(text).repaired or "").endswith(("= 0.4 - 0.5 \\cdot 0.08", "= 0.36"))


def test_a_rule_by_a_number_beside_a_vector_of_that_letter() -> None:
    rules = r"""
# Rules

$$\frac{\partial \mathbf{x}^T\mathbf{a}}{\partial \mathbf{x}} = \mathbf{a}$$

$$\frac{\partial \mathbf{Y}^{-1}}{\partial x} = %s$$
"""
    right = r"-\mathbf{Y}^{-1}\frac{\partial \mathbf{Y}}{\partial x}\mathbf{Y}^{-1}"
    assert [j.verdict for j in check(rules % right).judgements] == ["ok", "ok"]
    bent = r"\mathbf{Y}^{-1}\frac{\partial \mathbf{Y}}{\partial x}"
    assert [j.verdict for j in check(rules % bent).judgements][-1] != "ok"
