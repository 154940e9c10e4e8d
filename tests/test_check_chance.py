"""Expectations, densities, divergences."""

from __future__ import annotations

import pytest

import dvar

SCORE = "Let $y \\sim q_\\phi$ and let $h$ not depend on $\\phi$. Then\n"
NORMAL = "Let $u \\sim \\mathcal{N}(m, s^2)$. Then "


def verdicts(text: str) -> list[str]:
    """The verdicts of the claims of a document."""
    passed = ("definition", "given", "skipped")
    return [j.verdict for j in dvar.check(text).judgements if j.verdict not in passed]


@pytest.mark.parametrize(
    "claim",
    [
        r"\nabla_\phi \mathbb{E}_{y\sim q_\phi}[h(y)] = \mathbb{E}_{y\sim q_\phi}[h(y) \nabla_\phi \log q_\phi(y)]",
        r"\mathbb{E}_{y \sim q_\phi}[\nabla_\phi \log q_\phi(y)] = 0",
        r"\nabla_\phi \mathbb{E}_{y\sim q_\phi}[h(y)] = \int h(y) \nabla_\phi q_\phi(y)\,dy",
        r"\mathbb{E}_{y\sim q_\phi}[3 h(y) + 1] = 3\,\mathbb{E}_{y\sim q_\phi}[h(y)] + 1",
    ],
)
def test_what_holds_for_every_law(claim: str) -> None:
    assert verdicts(f"{SCORE}$${claim}$$") == ["ok"]


def test_what_holds_for_no_law() -> None:
    claim = (
        r"\nabla_\phi \mathbb{E}_{y\sim q_\phi}[h(y)] = \mathbb{E}_{y\sim q_\phi}[h(y) q_\phi(y)]"
    )
    assert verdicts(f"{SCORE}$${claim}$$") != ["ok"]


def test_the_normal_law() -> None:
    right = r"$\frac{\partial \log p(u)}{\partial m} = \frac{u - m}{s^2}$"
    spread = r"$\frac{\partial \log p(u)}{\partial s} = \frac{(u-m)^2}{s^3} - \frac{1}{s}$"
    assert verdicts(f"{NORMAL}{right} and {spread}.") == ["ok", "ok"]
    assert verdicts(NORMAL + right.replace("u - m", "m - u")) == ["wrong"]


def test_divergence_of_normal_laws() -> None:
    text = (
        r"$$K = \mathrm{KL}(\mathcal{N}(a, b^2)\,\|\,\mathcal{N}(0, 1)) = "
        r"\frac12 (a^2 + b^2 - 1 - \log b^2)$$ So $\frac{\partial K}{\partial b} = b - \frac1b$."
    )
    assert verdicts(text) == ["ok", "ok"]


def test_a_law_up_to_a_factor() -> None:
    text = (
        "Let $\\pi_\\theta(a \\mid s) \\propto e^{\\theta^\\top f(s,a)}$ with a vector $\\theta$. Then "
        "$\\nabla_\\theta \\log \\pi_\\theta(a \\mid s) = f(s,a) - \\sum_b \\pi_\\theta(b \\mid s)\\, f(s,b)$."
    )
    assert verdicts(text) == ["ok"]
