"""Structural identities: rows of a second table, read by ``tidy``.

Each row has two examples, written in our own rows: ``left`` is what it rewrites, ``right`` what comes
out.  The law (``tests/test_tidy.py``) rewrites the one into the other and compares both at random
points; an identity that is wrong cannot enter.  Those without ``rewrite`` are carried out by the
rational form; they stand here so that they are named and obey the same law.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dvar.core.node import Node

TIDY = "tidy"
CANONICALISE = "canonicalise"


@dataclass(frozen=True, slots=True)
class Identity:
    """One identity.

    Attributes:
        name: as one writes it.
        op: the row whose nodes it rewrites.
        rewrite: node → equal node, None where it does not apply.
        condition: where it holds, in words; empty for everywhere.
        purpose: ``tidy`` (for reading) or ``canonicalise`` (so that equal things look equal).
    """

    name: str
    op: str
    rewrite: Callable[[Node], Node | None]
    condition: str = ""
    purpose: str = TIDY


IDENTITIES: tuple[Identity, ...] = ()


def rewrite(node: Node) -> Node | None:
    """The node after the first identity that applies to it; None if none does."""
    for identity in _BY_OP.get(node.op.name, ()):
        out = identity.rewrite(node)
        if out is not None and out is not node:
            return out
    return None


_BY_OP: dict[str, list[Identity]] = {}
for _row in IDENTITIES:
    _BY_OP.setdefault(_row.op, []).append(_row)
