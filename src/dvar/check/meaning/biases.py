"""Names that are one number: a bias in ``db = np.sum(dz)``, where the sum is over all there is, and ``m`` in ``/ m``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dvar.check.meaning.alphabet import counts_examples
from dvar.check.meaning.keys import Key, sort
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import factors_of


def scalars(world: World, statements: Sequence[Statement]) -> Iterator[Key]:
    """Names of biases whose gradient a program sums over every axis, and of what gradients are divided by."""
    for statement in statements:
        left, *rest = (m.expr for m in statement.members)
        if not isinstance(left, t.Symbol) or not left.base.startswith("d") or left.scripts:
            continue
        for part in (p for tree in rest if tree is not None for p in t.walk(tree)):
            if isinstance(part, t.Quotient) and isinstance(part.below, t.Symbol):
                if counts_examples(part.below.base):
                    yield sort(part.below, world.spelling, {}).key
        if not left.base.startswith("db"):
            continue
        if len(rest) == 1 and rest[0] is not None and _sums_all(rest[0]):
            inner = t.Symbol(left.base[1:], left.span, left.font, (), left.subscripts)
            yield sort(inner, world.spelling, {}).key


def _sums_all(tree: t.Expr) -> bool:
    if isinstance(tree, t.Quotient):
        return _sums_all(tree.above)
    return any(
        isinstance(part, t.Call)
        and part.name == "sum"
        and not part.keywords
        and len(part.args) == 1
        and not isinstance(part.args[0], t.Number)
        for part in factors_of(tree)
    )
