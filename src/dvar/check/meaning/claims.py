"""What lines that say what a gradient is may tell of sizes: they may be wrong, the formulas before them define.

A product in the wrong order would make layers as large as batches, a forgotten transpose matrices square.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dvar.check.meaning.shaping import Shaping
    from dvar.check.meaning.unions import Item

ONE: Item = ("one",)


def is_doubtful(s: Shaping, x: Item, y: Item) -> bool:
    """Whether such a line alone would make two sizes equal that formulas leave apart."""
    in_rows = s.is_named and s.world.rows_are_examples
    return _are_of_examples(s, x, y) or (in_rows and _squares(s, x, y))


def _squares(s: Shaping, x: Item, y: Item) -> bool:
    """``dL_da = dL_ds @ W`` for ``dL_ds @ W.T``: both sizes of a W that formulas lay out."""
    both = {s.unions.root(x), s.unions.root(y)}
    told = (s.known[key] for key in s.forward & s.known.keys())
    return any({s.unions.root(item) for item in shape} == both for shape in told)


def _are_of_examples(s: Shaping, x: Item, y: Item) -> bool:
    """Whether one of two sizes is the number of examples, and the other one a size of a parameter.

    A product in the wrong order makes them equal: ``Xᵀ dZ`` for ``dZ Xᵀ``.
    """
    counts = {s.unions.root(("letter", c)) for c in s.world.stacks.letters}
    a, b = s.unions.root(x), s.unions.root(y)
    other = b if a in counts else a
    if (a in counts) == (b in counts):
        return False
    sizes = (
        item
        for shape in s.known.values()
        if len(shape) == 2 and not counts & {s.unions.root(i) for i in shape}
        for item in shape
    )
    return any(item != ONE and s.unions.root(item) == other for item in sizes)
