"""How long one statement may take: whatever reads or evaluates looks at the clock now and then.

Notation is short and what it means can be huge: four nested sums of sixty terms are one line.  The clock is
that of the processor, so that a busy machine changes no verdict.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import process_time

EACH = 2.0
"""Seconds for one statement, as long as there are few such."""
WHOLE = 20.0
"""Seconds that a document may spend at that rate."""
LEAST = 0.05
"""Seconds for each statement when those are spent, so that the cost of a long document stays linear."""
_SHARE = 8
_STRIDE = 64
"""Parts that are read or evaluated between two looks at the clock."""


class TooMuch(Exception):
    """A statement takes too long.  No reading of it may be believed then, so nobody catches this on the way."""


class _Clock:
    def __init__(self) -> None:
        self.end = float("inf")
        self.waiting = _STRIDE
        self.left = WHOLE


_clock = _Clock()


def pay(parts: int = 1) -> None:
    """Account for work about to be done.

    Raises:
        TooMuch: the time is over.
    """
    _clock.waiting -= parts
    if _clock.waiting <= 0:
        _clock.waiting = _STRIDE
        if process_time() > _clock.end:
            raise TooMuch


@contextmanager
def document() -> Iterator[None]:
    """Within it, one document is judged: it has time of its own."""
    before, _clock.left = _clock.left, WHOLE
    try:
        yield
    finally:
        _clock.left = before


@contextmanager
def bounded() -> Iterator[None]:
    """Within it, one statement is read and judged; after a while that ends with ``TooMuch``."""
    start, end = process_time(), _clock.end
    _clock.end = min(end, start + min(EACH, max(LEAST, _clock.left / _SHARE)))
    _clock.waiting = _STRIDE
    try:
        yield
    finally:
        _clock.left -= process_time() - start
        _clock.end = end
