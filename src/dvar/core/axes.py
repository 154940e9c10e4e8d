"""Axes sentences: the shape rule of an operation in words.

``i k, k j -> i j`` is a matrix product; ``... , ... -> ...`` is elementwise with broadcasting;
``a b -> a`` sums over ``b``.  Operands are separated by commas, axes by spaces; ``...`` stands for any
leading axes and broadcasts between operands; an axis that is missing on the right is summed over; ``1``
on the right is a new axis of size one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from dvar.core.dims import Shape, Size, broadcast, show

DOTS = "..."


@dataclass(frozen=True, slots=True)
class Axes:
    """A parsed sentence: the axis names of every operand and of the result."""

    operands: tuple[tuple[str, ...], ...]
    result: tuple[str, ...]

    def turned(self, n: int) -> Axes:
        """The result and operand ``n`` exchanged: what the adjoint of a multilinear row obeys."""
        others = self.operands[:n] + self.operands[n + 1 :]
        return Axes((self.result, *others), self.operands[n])

    def fresh(self, name: str) -> str:
        """The name, or one made of it that no axis has."""
        taken = {a for part in (*self.operands, self.result) for a in part}
        while name in taken:
            name += "'"
        return name

    def __str__(self) -> str:
        left = ", ".join(" ".join(axes) for axes in self.operands)
        return f"{left} -> {' '.join(self.result)}".strip()


@lru_cache(maxsize=4096)
def parse(sentence: str) -> Axes:
    """Read a sentence.  Raises ValueError for a malformed one: sentences are ours, not the user's."""
    left, arrow, right = sentence.partition("->")
    if not arrow:
        raise ValueError(f"an axes sentence needs '->': {sentence!r}")
    operands = tuple(tuple(part.split()) for part in left.split(","))
    return Axes(operands, tuple(right.split()))


@lru_cache(maxsize=4096)
def is_place_by_place(sentence: str) -> bool:
    """Whether the result at a place depends on the operands at that place only."""
    # A spelling of other rows has no sentence of its own.
    return "->" in sentence and set(sentence.split()) <= {DOTS, f"{DOTS},", ",", "->"}


def infer(sentence: str, shapes: Sequence[Shape]) -> Shape | str:
    """The shape of the result, or the reason why the operands do not fit.

    The reason names operands as ``{0}``, ``{1}``, so that the caller can put the user's names in.
    """
    return _infer(sentence, tuple(shapes))


# A program of many gates has few sentences and shapes.
@lru_cache(maxsize=4096)
def _infer(sentence: str, shapes: tuple[Shape, ...]) -> Shape | str:
    axes = parse(sentence)
    if len(shapes) != len(axes.operands):
        return f"takes {len(axes.operands)} operands, got {len(shapes)}"
    sizes: dict[str, tuple[Size, int]] = {}
    dots: list[Shape] = []
    for n, (names, shape) in enumerate(zip(axes.operands, shapes, strict=True)):
        rest: Shape = shape
        if DOTS in names:
            k = names.index(DOTS)
            after = len(names) - k - 1
            if len(shape) < k + after:
                return f"{{{n}}} needs at least {k + after} axes, but it is {show(shape)}"
            dots.append(shape[k : len(shape) - after])
            rest = shape[:k] + shape[len(shape) - after :]
            names = names[:k] + names[k + 1 :]
        if len(names) != len(rest):
            return f"{{{n}}} needs {len(names)} axes ({' '.join(names)}), but it is {show(shape)}"
        for name, size in zip(names, rest, strict=True):
            known, where = sizes.setdefault(name, (size, n))
            if known != size:
                return (
                    f"axis {name} is {known} in {{{where}}} {show(shapes[where])} "
                    f"but {size} in {{{n}}} {show(shape)}"
                )
    common: Shape | str = broadcast(dots) if dots else ()
    if isinstance(common, str):
        pairs = " and ".join(f"{{{n}}} {show(s)}" for n, s in enumerate(shapes))
        return f"{pairs} do not broadcast: {common}"
    out: list[Size] = []
    for name in axes.result:
        out += common if name == DOTS else (1,) if name == "1" else (sizes[name][0],)
    return tuple(out)
