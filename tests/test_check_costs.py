r"""``dvar check`` and its cost, counted in work and calls rather than seconds: the same on every machine."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import dvar
from dvar.check.meaning import effort

CONVOLUTION = r"""
A filter $k$ with 3 by 3 entries slides over an image $x$ with 5 by 5, all indices from 0:
$$z_{ij} = \sum_{m=0}^{2} \sum_{n=0}^{2} k_{mn}\, x_{i+m,\,j+n}$$
$$a_{ij} = \tanh(z_{ij})$$
Write $\delta_{ij} = \partial E/\partial a_{ij}$. Then
$$\frac{\partial E}{\partial k_{mn}} = \sum_{i=0}^{2} \sum_{j=0}^{2} \delta_{ij} (1 - a_{ij}^2)\, x_{i+m,\,j+n}$$
$$\frac{\partial E}{\partial x_{uv}} = \sum_{i=0}^{2} \sum_{j=0}^{2} \delta_{ij}\, (1 - a_{ij})\, k_{u-i,\,v-j}$$
"""


def work(text: str) -> tuple[int, list[str]]:
    """The parts of work that a document takes, and its verdicts."""
    before = effort.spent()
    report = dvar.check(text)
    return effort.spent() - before, [j.verdict for j in report.judgements]


def calls(text: str) -> int:
    """How many functions are called to check a document in which all is right."""
    count = 0

    def counted(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(counted)
    try:
        report = dvar.check(text)
    finally:
        sys.setprofile(None)
    assert not report.faults
    assert report.summary["unknown"] == 0
    return count


def updates(how_many: int) -> str:
    lines = [r"The learning rate is $\eta = 0.5$."]
    for n in range(1, how_many + 1):
        old, slope = n / 4, n % 7 / 2
        rule = rf"w_{{{n}}} - \eta \frac{{\partial E}}{{\partial w_{{{n}}}}}"
        lines.append(rf"$$w_{{{n}}}^+ = {rule} = {old} - 0.5 \cdot {slope} = {old - slope / 2}$$")
    return "\n\n".join(lines)


def test_a_long_list_of_updates_costs_little_more_for_each_than_a_short_one():
    few = calls(updates(40))
    assert calls(updates(160)) < 4 * 1.6 * few


def test_searching_for_the_slip_in_sums_over_two_letters_takes_bounded_work():
    taken, verdicts = work(CONVOLUTION)
    assert verdicts[-1] in ("wrong", "unknown")
    assert taken < 40_000
