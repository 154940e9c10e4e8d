"""The rule table: rows, nothing but rows.  ``TABLE`` is name → row."""

from __future__ import annotations

from dvar.core.op import CONSTANT, SIZE, VARIABLE, Op
from dvar.ops import (
    activation,
    arithmetic,
    contraction,
    elementwise,
    extremes,
    indexing,
    joining,
    linalg,
    losses,
    moving,
    normalise,
    padding,
    reduction,
    rounding,
    running,
    selection,
    shaping,
    sorting,
    special,
    spectral,
)

_FAMILIES = (
    arithmetic,
    contraction,
    shaping,
    reduction,
    elementwise,
    special,
    selection,
    activation,
    extremes,
    normalise,
    losses,
    indexing,
    joining,
    padding,
    moving,
    sorting,
    running,
    rounding,
    linalg,
    spectral,
)

TABLE: dict[str, Op] = {
    row.name: row
    for family in _FAMILIES
    for row in vars(family).values()
    if isinstance(row, Op) and row not in (VARIABLE, CONSTANT, SIZE)
}
