r"""``dvar check`` and its cost, counted in work rather than seconds: the same on every machine."""

from __future__ import annotations

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


def test_searching_for_the_slip_in_sums_over_two_letters_takes_bounded_work():
    taken, verdicts = work(CONVOLUTION)
    assert verdicts[-1] in ("wrong", "unknown")
    assert taken < 40_000
