"""Where a traced number would turn into a plain one unnoticed, and its derivative would be lost.

``float(x)`` is a wish: the number steers a program.  But NumPy asks for the same float in ``y[0] = x``,
and the math module in ``math.exp(x)``, and neither is meant to cut the graph.  Python does not say who
asks, so we look at the instruction that the user's code stands at.
"""

from __future__ import annotations

import re
from opcode import opmap
from types import FrameType
from typing import Any

import numpy as np

from dvar.read.trace import facts

_CALLEE = re.compile(r"\s*([A-Za-z_][\w.]*)\s*\(")


def check_float_is_meant() -> None:
    """Raise LostDerivative if a plain number is asked for by an assignment or by ``math``."""
    frame = facts.user_frame()
    if frame is None:
        return
    place = (frame.f_code, frame.f_lasti)
    if frame.f_code.co_code[frame.f_lasti] == opmap["STORE_SUBSCR"]:
        raise facts.LostDerivative(
            "assigning a traced number to an element of a plain array would lose its derivative",
            source=facts.source_at(place),
            hint="collect the elements in a list, then np.stack(list)",
        )
    source = facts.source_at(place)
    called = _CALLEE.match(source.text[source.column :])
    name = called[1] if called else ""
    callee = _resolve(name, frame)
    if getattr(callee, "__module__", None) == "math":
        raise facts.LostDerivative(
            f"math.{callee.__name__} takes plain numbers only, so the derivative would be lost",
            source=source,
            hint=f"np.{callee.__name__}",
        )
    if callee is np.fromiter:
        raise facts.LostDerivative(
            f"{name} takes plain numbers only, so the derivative would be lost",
            source=source,
            hint="np.stack of a list",
        )
    if isinstance(getattr(callee, "__self__", None), np.ndarray):
        raise facts.LostDerivative(
            f"{name} writes into a plain array, which would lose the derivative",
            source=source,
            hint="np.stack, np.where or np.full_like(x, …)",
        )


def _resolve(dotted: str, frame: FrameType) -> Any:
    """What a dotted name means where it stands; None if that is not clear."""
    first, *rest = dotted.split(".")
    found = frame.f_locals.get(first, frame.f_globals.get(first))
    for name in rest:
        found = getattr(found, name, None)
    return found
