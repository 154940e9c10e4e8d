"""Networks with one output: ``L = -(y \\log a + (1 - y) \\log(1 - a))`` is a number only if a is one."""

from __future__ import annotations

from collections.abc import Sequence

from dvar.check.meaning.keys import general, sort, stem_of
from dvar.check.meaning.letters import parts
from dvar.check.meaning.losses import softmaxes_of
from dvar.check.meaning.shapes import shape_of
from dvar.check.meaning.shaping import ONE, Shaping
from dvar.check.meaning.stacking import COUNTS
from dvar.check.meaning.unions import Item, Unions
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

_COUNTED = frozenset({"letter", "size", "entry"})


def single(
    world: World,
    statements: Sequence[Statement],
    shaping: Shaping,
    unions: Unions,
    fixed: dict[Item, int],
) -> None:
    """Losses that would be columns of a size that nothing tells are numbers, and so is what they are made of."""
    firm = {unions.root(item) for item in fixed}
    firm |= {unions.root(item) for item in unions.items() if item[0] in _COUNTED}
    for statement in statements:
        formula = _loss(world, statement)
        shape = shape_of(shaping, formula) if formula is not None else None
        if not shape or len(shape) != 2 or shape[1] != ONE or shape[0] == ONE:
            continue
        if unions.root(shape[0]) not in firm and not unions.is_marked(shape[0]):
            fixed[shape[0]] = 1
    fixed |= _averaged(shaping, statements)


def _loss(world: World, statement: Statement) -> t.Expr | None:
    """The formula of a loss."""
    members = statement.members
    if len(members) < 2 or members[0].relation or members[1].relation not in ("=", ":="):
        return None
    left = members[0].expr
    head = left.head if isinstance(left, t.Apply) else left
    if not isinstance(head, t.Symbol) or head.primes:
        return None
    key = general(sort(head, world.spelling, {}).key, world.spelling.letters)
    return members[1].expr if key in world.loss_names else None


def _averaged(s: Shaping, statements: Sequence[Statement]) -> dict[Item, int]:
    """What a mean over all entries of an array tells of its sizes, where gradients are divided by its rows.

    ``loss = np.mean((y - p)**2)`` beside ``2 * (p - y) / X.shape[0]``: p has one column.  A divisor that
    nothing else is said of, ``N`` of ``(p - y) / N``, counts the rows.
    """
    divisors = {
        part.below.base: part.below
        for part in parts(statements)
        if isinstance(part, t.Quotient) and isinstance(part.below, t.Symbol)
    }
    lefts = {x.base for m in statements if isinstance(x := m.members[0].expr, t.Symbol)}
    open_ = [n for n, x in divisors.items() if n in COUNTS and n not in lefts and not x.subscripts]
    if not open_ and not any(_counts_rows(part) for part in parts(statements)):
        return {}
    found: dict[Item, int] = {}
    for part in parts(statements):
        if not isinstance(part, t.Call) or part.name != "mean" or part.keywords:
            continue
        shape = shape_of(s, part.args[0]) if len(part.args) == 1 else None
        if shape is None or len(shape) != 2 or ONE in shape or _is_of_softmax(statements, part):
            continue
        if s.world.rows_are_examples and not _goes_in(s, shape[1]):
            found[shape[1]] = 1
            for name in open_:
                s.unions.join(("size", name), shape[0])
    return found


def _goes_in(s: Shaping, columns: Item) -> bool:
    """Whether as many numbers go into something: then they are no outputs, or a product is written wrong."""
    root = s.unions.root(columns)
    tops = (known[0] for known in s.known.values() if len(known) == 2 and known[0] != ONE)
    return any(s.unions.root(item) == root for item in tops)


def _counts_rows(part: t.Expr | t.Script) -> bool:
    """``X.shape[0]``, ``len(X)``."""
    if not isinstance(part, t.Call) or part.name not in ("shape", "len"):
        return False
    place = part.subscripts[0] if part.subscripts else None
    return part.name == "len" or (isinstance(place, (t.Label, t.Number)) and place.text == "0")


def _is_of_softmax(statements: Sequence[Statement], mean: t.Call) -> bool:
    known = set(softmaxes_of(statements))
    return any(isinstance(p, t.Symbol) and stem_of(p) in known for p in t.walk(mean))
