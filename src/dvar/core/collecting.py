"""Large graphs without the collector of cycles looking through them again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# The collector starts whenever there are so many new objects; otherwise some hundred.
RARELY = 1_000_000
# From so many new objects on it is worth sparing the collector a look at them.
MANY = 50_000


@contextmanager
def rarely_collected(lasting: bool = False) -> Iterator[None]:
    """For a piece of work that makes many objects and no cycles.

    The collector would look through them every time and find nothing: for a graph of 40,000 gates that took a third
    of the time.

    Args:
        lasting: what is made stays, and it is not made again and again: it counts as old from the start, so that the
            work does not end with a look through all of it.
    """
    often, *rest = gc.get_threshold()
    if not 0 < often < RARELY:
        yield
        return
    gc.set_threshold(RARELY, *rest)
    try:
        yield
    finally:
        gc.set_threshold(often, *rest)
        if lasting and gc.get_count()[0] > MANY and not gc.get_freeze_count():
            gc.freeze()
            gc.unfreeze()  # among the oldest objects, where a look through everything finds their cycles
