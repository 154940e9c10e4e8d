"""What is said of points without a derivative."""

from __future__ import annotations

from dvar.core.op import Kink, Op
from dvar.write import names


def sentence(op: Op, kink: Kink) -> str:
    """Where the row has no derivative, what dvar takes there and why, and what else would be right."""
    low, high = (names.number(bound) for bound in kink.admissible)
    right = f"; any value in [{low}, {high}] is right" if low != high else ""
    return (
        f"{op.name} has no derivative where {kink.where}: "
        f"dvar takes {names.number(kink.taken)} there ({kink.reason}){right}."
    )
