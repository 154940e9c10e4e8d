"""How long a piece of work takes by itself."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def processor_time() -> Iterator[Callable[[], float]]:
    """Seconds of the processor for what is within, told afterwards.

    The collector of cycles waits: what hundreds of other tests have left in this process would be looked through at
    the cost of whoever comes next, for seconds.
    """
    taken: list[float] = []
    collected = gc.isenabled()
    gc.disable()
    start = time.process_time()
    try:
        yield lambda: taken[0]
    finally:
        taken.append(time.process_time() - start)
        if collected:
            gc.enable()
