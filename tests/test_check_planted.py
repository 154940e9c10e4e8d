"""What is said of the right lines beside a mistake, and of mistakes that look like something else."""

from __future__ import annotations

from pathlib import Path

from dvar.check.report import Judgement, Report
from dvar.check.worksheet import check

WORKSHEETS = Path(__file__).parent / "worksheets"


def at(report: Report, source: str) -> Judgement:
    """The judgement of the only equation that has this in it."""
    [found] = [j for j in report.judgements if source in j.source]
    return found


def test_the_slope_of_an_open_function_contradicts_nobody() -> None:
    text = r"""$r = k v + c$ and $s = g(r)$.

$$\frac{ds}{dr} = s (1 + s)$$

$$\frac{ds}{dk} = \sigma(r) (1 - \sigma(r)) v$$
"""
    assert at(check(text), "dk").verdict != "wrong"
    assert at(check(text.replace("1 + s", "1 - s")), "dk").verdict == "ok"
    bent = check(text.replace("1 + s", "1 - s").replace(") v", ") c"))
    assert at(bent, "dk").verdict == "wrong"


def test_who_is_none_of_those_that_are_summed_over_stays_so_beside_a_mistake() -> None:
    lines = (WORKSHEETS / "b17-word-vectors-unicode.txt").read_text("utf-8").split("\n")[:40]
    text = "\n".join(lines)
    assert at(check(text), "∂J/∂u_o").verdict == "ok"
    assert at(check(text.replace("= U(ŷ", "= Uᵀ(ŷ")), "∂J/∂u_o").verdict != "wrong"


def test_a_number_that_makes_a_term_vanish_makes_no_formula_right() -> None:
    lines = (WORKSHEETS / "b09-margin-losses-ascii.txt").read_text("utf-8").split("\n")[33:80]
    text = "\n".join(lines)
    assert at(check(text), "c''").verdict == "ok"
    assert at(check(text.replace("1 - tanh", "1 + tanh")), "c''").verdict == "wrong"


IN_NUMBERS = r"""With $z = 1$, $y = 1$ and $p = \sigma(z)$, $p = 0.731$.

$$C = (p - y)^2 = (0.731 - 1)^2$$

$$\frac{dp}{dz} = 0.731 \cdot (1 - 0.731)$$
"""


def test_a_number_alone_in_brackets_was_a_difference() -> None:
    assert not check(IN_NUMBERS).faults
    for there, left in (("(0.731 - 1)", "(0.731 )"), ("(1 - 0.731)", "(1 )")):
        bent = check(IN_NUMBERS.replace(there, left))
        assert [(left in j.source, "missing-path" in j.causes) for j in bent.faults] == [
            (True, True)
        ]


def test_a_chain_that_is_the_whole_way_has_no_factor_beside_it() -> None:
    line = r"$$\frac{dJ}{dw} = \frac{dJ}{dp} \frac{dp}{dq} \frac{dq}{dw}$$"
    assert not check(line).faults
    for slip, cause in (("-", "sign"), ("2 ", "factor"), (r"\frac{1}{2} ", "factor")):
        bent = check(line.replace(r"= \frac", rf"= {slip}\frac"))
        assert [j.cause for j in bent.faults] == [cause]
    plus = line.replace("$$\\frac{dJ}{dw} =", "$$\\frac{dJ}{dw} = g_w + 2")
    assert not check(plus).faults  # no chain alone
