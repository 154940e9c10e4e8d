"""Derivatives that a document claims in words, not with an equals sign."""

from __future__ import annotations

import pytest

from dvar import check

LOSS = "Let $L = (w x - y)^2$.\n\n"


def last(text: str) -> str:
    return check(text).judgements[-1].verdict


@pytest.mark.parametrize(
    "said",
    [
        "The derivative of $L$ with respect to $w$ is ${}$.",
        "The partial derivative of the loss $L$ w.r.t. the weight $w$ is then ${}$, which we use below.",
        "Differentiating $L$ with respect to $w$ gives ${}$.",
        "Taking the gradient of $L$ with respect to $w$, we get ${}$.",
        "The gradient with respect to $w$ is ${}$.",
        "The gradient of the loss w.r.t. $w$ is simply ${}$.",
        r"Here $\frac{{\partial L}}{{\partial w}}$ is ${}$ and the rest follows.",
        r"We find $\frac{{\partial L}}{{\partial w}}$ as ${}$.",
        "The gradient of $L$ with respect to $w$:\n\n$${}$$",
    ],
)
def test_what_words_say_of_a_gradient_is_judged(said: str) -> None:
    assert last(LOSS + said.format("2x(wx - y)")) == "ok"
    assert last(LOSS + said.format("2w(wx - y)")) == "wrong"


@pytest.mark.parametrize(
    ("said", "right", "wrong"),
    [
        ("The derivative of $x^3$ is ${}$.", "3x^2", "3x"),
        ("The derivative of $\\cos(t)$ is ${}$.", "-\\sin(t)", "\\sin(t)"),
        ("The second derivative of $x^4$ is ${}$.", "12x^2", "4x^3"),
        ("If $f(x) = x^2 e^x$ then its derivative is ${}$.", "2xe^x + x^2e^x", "2xe^x"),
        ("With $h = 3u^2$, the derivative with respect to $u$ is ${}$.", "6u", "3u"),
    ],
)
def test_what_words_say_of_a_function_is_judged(said: str, right: str, wrong: str) -> None:
    assert last(said.replace("{}", right)) == "ok"
    assert last(said.replace("{}", wrong)) == "wrong"


@pytest.mark.parametrize(
    "said",
    [
        "The derivative of $L$ with respect to $w$ is $x$ times the rest.",
        "The derivative of $L$ with respect to $w$ is proportional to $x$.",
        "The derivative of $L$ with respect to $w$ is $0$ if the fit is exact.",
        "The derivative of $L$ with respect to $w$ is $0$, when $wx = y$.",
        "The derivatives of $L$ and $L^2$ with respect to $w$ are $x$ and $y$ respectively.",
        "The derivative of $L$ with respect to $w$ is $x$ and that of $y$ is $w$, respectively.",
        "At $w = 1$ the derivative of $L$ with respect to $w$ is $7$.",
        r"As soon as $\frac{\partial L}{\partial w}$ is $0$ whenever nothing moves.",
        r"If $\frac{\partial L}{\partial w}$ is $0$, we stop.",
    ],
)
def test_what_is_told_only_in_part_is_left_alone(said: str) -> None:
    assert "wrong" not in {j.verdict for j in check(LOSS + said).judgements}


def test_the_formula_alone_is_repaired() -> None:
    found = check(LOSS + "The derivative of $L$ with respect to $y$ is $2(wx - y)$.").judgements[-1]
    assert found.verdict == "wrong"
    assert found.repaired == found.expected
    assert "factor" not in found.message
