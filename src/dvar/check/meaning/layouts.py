"""Which way a document lays out gradients by a matrix: in its shape, or transposed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_STATED = re.compile(r"numerator|denominator|layout|convention", re.IGNORECASE)
_SHAPE_OF = re.compile(
    r"(same shape as|(has|have|of|in|takes?) the (same )?shape of)", re.IGNORECASE
)
ENOUGH = 3
"""Lines of one kind that make a habit."""
CAREFUL = 2
"""So many gradients with a transpose where one is due show that their author minds the order of products."""


@dataclass
class Layouts:
    """What the lines of a document show.

    Attributes:
        plain, turned: how many gradients hold in the shape of their matrix, and only transposed.
        careful: how many right gradients have a transpose in their formula.
        strict: whether a gradient that holds only transposed is a mistake.
        fits: whether a product whose shapes do not fit is one.
        loose: statements whose gradient by a matrix is a product of two columns, with no transpose between.
    """

    plain: int = 0
    turned: int = 0
    careful: int = 0
    strict: bool = False
    fits: bool = False
    loose: set[int] = field(default_factory=set)

    @property
    def has_slip(self) -> bool:
        """Whether just one gradient lacks the transpose that all others have."""
        return self.fits and len(self.loose) == 1

    def note(self, how: str) -> None:
        self.turned += how == "transposed"
        self.plain += how == ""

    def settle(self, text: str) -> bool:
        """Make up its mind at the end of a document; whether anything is to be judged again."""
        self.strict = self.decide(text)
        self.fits = self.careful >= CAREFUL
        return self.strict or self.fits

    def decide(self, text: str) -> bool:
        """Whether transposed gradients are slips here: all others are not, and nothing is said of layouts."""
        said = _SHAPE_OF.search(text) is not None
        if not self.turned or (_STATED.search(text) and not said):
            return False
        return self.plain >= (1 if said else ENOUGH) and 4 * self.turned <= self.plain
