"""Threads that run a kernel together.

They wait for each other inside of machine code, so each must have a thread of its own, and a second kernel
must not take it away from them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from threading import Lock

# A pool makes threads only when they are needed.
MOST = 256


class _Turns:
    lock = Lock()


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=MOST, thread_name_prefix="dvar")


def together(run: Callable[[int], None], threads: int) -> None:
    """``run(0)`` to ``run(threads - 1)`` at once, at most ``MOST``; the first of them here."""
    if threads == 1:
        run(0)
        return
    with _Turns.lock:
        others = [_pool().submit(run, n) for n in range(1, threads)]
        run(0)
        for other in others:
            other.result()


def _begin_anew() -> None:
    """A forked process has none of the threads, and nobody to give back the turn."""
    _pool.cache_clear()
    _Turns.lock = Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
