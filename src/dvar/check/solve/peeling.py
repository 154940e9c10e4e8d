r"""Derivatives of means and sums, written with the sum: what is linear is peeled off in the author's words.

A graph has concrete sizes, so a sum over m examples is a sum of three terms there, and 1/m is 1/3.  Where
``J = -\frac{1}{m} \sum_{i=1}^{m} L^{(i)}``, the derivative of J is that of L between the same marks; whether
the sum stays or falls away is found by reading both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dvar.check.judge.chain import Place
from dvar.check.meaning.differentiate import key_of, place_of
from dvar.check.meaning.values import NotUnderstood
from dvar.core.node import topological
from dvar.read.worksheet import tree as t

DEEPEST = 8
_HALF = re.compile(r"\\frac\{1\}\{\} *(?=\S)")
"""What is left of ``\frac{1}{2}`` without its two."""
_TIGHT_HALF = re.compile(r"\\[dt]?frac *12 *(?!\d)")
"""``\frac12``, of which a two takes all."""
_TWO = re.compile(r"(?<![\d.^_])2(?![\d.]) ?")


@dataclass(frozen=True)
class Peeled:
    """What is left of a numerator, and what was around it.

    Attributes:
        core: still to be differentiated.
        around: pieces of text on its left and right, from the outside in; for a sum both readings.
        env: numbers for the letters that the sums bind.
    """

    core: t.Expr
    around: tuple[tuple[str, str, bool], ...]
    env: Mapping[str, int]

    def texts(self, inner: str) -> Iterator[str]:
        """The whole written, with its sums and without."""
        sums = sum(is_sum for _, _, is_sum in self.around)
        for keep in (True, False) if sums else (True,):
            written = inner
            for left, right, is_sum in reversed(self.around):
                if keep or not is_sum:
                    written = f"{left}{written}{right}"
            yield _HALF.sub("", written) if _HALF.match(written) else written

    def without_two(self) -> Iterator[Peeled]:
        """The same with a factor of two taken out of what stands around."""
        for n, (left, right, is_sum) in enumerate(self.around):
            for side, piece in enumerate((left, right)):
                found = None if is_sum else _TIGHT_HALF.search(piece) or _TWO.search(piece)
                if found is None:
                    continue
                rest = piece[: found.start()] + piece[found.end() :]
                new = (rest, right, False) if side == 0 else (left, rest, False)
                around = (*self.around[:n], new, *self.around[n + 1 :])
                yield Peeled(self.core, around, self.env)


def sizes_under(place: Place, tree: t.Expr) -> set[str]:
    """Size symbols and index letters of sums that the value of a tree depends on."""
    world = place.world
    found: set[str] = set()
    seen: set[int] = set()
    waiting: list[t.Expr | t.Script] = [tree]
    while waiting:
        for part in t.walk(waiting.pop()):
            if isinstance(part, t.Big) and not isinstance(part.high, t.Number):
                found.update(part.indices)
            if not isinstance(part, t.Symbol):
                continue
            if part.base in world.size_names and not part.subscripts:
                found.add(part.base)
            for definition in world.definitions.get(part.base, ()):
                if id(definition) not in seen and not definition.numeric:
                    seen.add(id(definition))
                    waiting.append(definition.value)
    return found


def peeled(place: Place, text: str, tree: t.Derivative, env: Mapping[str, int]) -> Peeled | None:
    """The numerator of a derivative without the linear operations around what depends on the name."""
    if tree.of is None or len(tree.wrt) != 1:
        return None
    peeler = _Peeler(place, text, tree.wrt[0], dict(env))
    core = peeler.peel(tree.of, 0)
    if not peeler.around:
        return None
    return Peeled(core, tuple(peeler.around), peeler.env)


class _Peeler:
    def __init__(self, place: Place, text: str, wrt: t.Expr, env: dict[str, int]) -> None:
        self.place, self.text, self.wrt, self.env = place, text, wrt, env
        self.around: list[tuple[str, str, bool]] = []

    def peel(self, tree: t.Expr, depth: int) -> t.Expr:
        """The part that is to be differentiated; what was around it is noted."""
        if depth > DEEPEST:
            return tree
        inner = self._inside(tree)
        return tree if inner is None else self.peel(inner, depth + 1)

    def _inside(self, tree: t.Expr) -> t.Expr | None:
        match tree:
            case t.Group(items=(item,), scripts=(), subscripts=()) if tree.kind in "([{":
                return item
            case t.Negative():
                self.around.append(("-", "", False))
                return tree.operand
            case t.Sum():
                return self._term(tree)
            case t.Product():
                return self._factor(tree)
            case t.Quotient() if not self.depends(tree.below):
                return self._above(tree)
            case t.Big(name="sum") if len(tree.indices) == 1:
                return self._body(tree)
            case t.Symbol() | t.Apply():
                return self._definition(tree)
        return None

    def depends(self, tree: t.Expr) -> bool:
        """Whether a part depends on what is differentiated by; True where that is not understood."""
        reader = self.place.reader(env=self.env)
        try:
            node = reader.node(tree)
            nodes = {node for node, _ in place_of(reader, self.wrt).parts}
        except NotUnderstood:
            return True
        return not nodes.isdisjoint(topological([node]))

    def _term(self, tree: t.Sum) -> t.Expr | None:
        places = [n for n, term in enumerate(tree.terms) if self.depends(term)]
        if len(places) != 1:
            return None
        if tree.signs[places[0]] < 0:
            self.around.append(("-", "", False))
        return tree.terms[places[0]]

    def _factor(self, tree: t.Product) -> t.Expr | None:
        places = [n for n, factor in enumerate(tree.factors) if self.depends(factor)]
        if len(places) != 1:
            return None
        (n,) = places
        inner = tree.factors[n]
        left = self.text[tree.span[0] : inner.span[0]]
        right = self.text[inner.span[1] : tree.span[1]]
        self.around.append((left, right, False))
        return inner

    def _above(self, tree: t.Quotient) -> t.Expr:
        below = self.text[slice(*tree.below.span)]
        if tree.inline:
            self.around.append(("(", f")/({below})", False))
        else:
            self.around.append((r"\frac{", f"}}{{{below}}}", False))
        return tree.above

    def _body(self, tree: t.Big) -> t.Expr:
        (letter,) = tree.indices
        self.env.setdefault(letter, self.place.world.sample(letter))
        self.around.append((self.text[tree.span[0] : tree.body.span[0]], "", True))
        return tree.body

    def _definition(self, tree: t.Symbol | t.Apply) -> t.Expr | None:
        reader = self.place.reader(env=self.env)
        key = key_of(reader, tree)
        found = self.place.world.find(key, self.place.position) if key is not None else None
        if found is None or found[0].numeric or not self._is_sized(found[0].value):
            return None
        self.env.update(found[1])
        return found[0].value

    def _is_sized(self, tree: t.Expr) -> bool:
        """Whether a sum or a size is to be kept in the author's words."""
        sizes = self.place.world.size_names
        return any(
            isinstance(p, t.Big)
            or (isinstance(p, t.Symbol) and p.base in sizes and not p.subscripts)
            for p in t.walk(tree)
        )
