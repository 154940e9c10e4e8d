"""How much work one statement may take: whatever reads or evaluates counts what it does.

Notation is short and what it means can be huge: four nested sums of sixty terms are one line.  Work is
counted, not timed, so that a slow or busy machine gives the same verdicts as any other.  A second of a machine
of 2024 does about 80 000 parts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

EACH = 160_000
"""Parts of work for one statement, as long as there are few such."""
WHOLE = 1_600_000
"""Parts that a document may take at that rate."""
LEAST = 4_000
"""Parts for each statement when those are spent, so that the cost of a long document stays linear."""
_SHARE = 8
MORE = 100_000
"""Parts that a document may take to look longer for the slips of a few lines."""


class TooMuch(Exception):
    """A statement takes too much work.  No reading of it may be believed then, so nobody catches this on the way."""


class _Count:
    def __init__(self) -> None:
        self.spent = 0
        self.end: float = float("inf")
        self.left = WHOLE
        self.more = MORE


_count = _Count()


def pay(parts: int = 1) -> None:
    """Account for work about to be done.

    Raises:
        TooMuch: that is more than the statement may take.
    """
    _count.spent += parts
    if _count.spent > _count.end:
        raise TooMuch


def spent() -> int:
    """The parts of work done so far, by whatever was read or evaluated."""
    return _count.spent


def more() -> int:
    """What is left of the work for a longer search."""
    return _count.more


def take_more(parts: int) -> None:
    """Account for a search that took longer by so much, if it did."""
    _count.more -= min(max(0, parts), _count.more)


@contextmanager
def briefly() -> Iterator[None]:
    """Within it, no search takes longer than those of all lines."""
    before, _count.more = _count.more, 0
    try:
        yield
    finally:
        _count.more = before


@contextmanager
def document() -> Iterator[None]:
    """Within it, one document is judged: it has work of its own."""
    before = _count.left, _count.more
    _count.left, _count.more = WHOLE, MORE
    try:
        yield
    finally:
        _count.left, _count.more = before


@contextmanager
def bounded() -> Iterator[None]:
    """Within it, one statement is read and judged; after so much work that ends with ``TooMuch``."""
    start, end = _count.spent, _count.end
    _count.end = min(end, start + min(EACH, max(LEAST, _count.left // _SHARE)))
    try:
        yield
    finally:
        _count.left -= _count.spent - start
        _count.end = end
