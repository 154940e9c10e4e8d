"""A saddle point: the lowest of the highest values."""

from __future__ import annotations

import numpy as np
from benchmarks.gradbench.descent import maximised, minimised
from benchmarks.gradbench.work import Input, Work, compiled


def saddle(p, q):
    return np.sum(p * p) - np.sum(q * q)


def _prepare(outer: str, inner: str):
    def prepare(given: Input, threads: int) -> Work:
        def best(start):
            def answer_to(p):
                return maximised(lambda q: saddle(p, q), start, inner)

            def highest(p):
                return saddle(p, answer_to(p))

            p = minimised(highest, start, outer)
            return np.concatenate([p, answer_to(p)])

        return compiled(best, np.array(given["start"], float), threads=threads)

    return prepare


FUNCTIONS = {modes: _prepare(*modes) for modes in ("rr", "ff", "fr", "rf")}
