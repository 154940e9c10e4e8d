"""Large graphs without the collector of cycles looking through them again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# The collector starts whenever there are so many new objects; otherwise some hundred.
RARELY = 100_000


@contextmanager
def rarely_collected() -> Iterator[None]:
    """For a piece of work that makes many objects and no cycles.

    The collector would look through them every time and find nothing: for a graph of 40,000 gates that took a third
    of the time.
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
