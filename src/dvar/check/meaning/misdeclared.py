r"""Declared shapes that no use of their names fits: ``W ∈ R^{h×q}`` where every product needs ``q×h``.

Each formula is read for its shapes by itself, beside the declarations, so that one that is wrong does not
make others seem so.  Where several need the other order of the sizes, and none the order that was declared,
the declaration is the slip, and what was meant holds for the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from dvar.check.meaning.declared import declarations, declare
from dvar.check.meaning.inference import infer
from dvar.check.meaning.keys import size_name, sort
from dvar.check.meaning.letters import parts
from dvar.check.meaning.shaping import Shaping
from dvar.check.meaning.unions import Item, Unions
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

Name = tuple[str, ...]

NEEDED = 2
"""So many formulas have to need the sizes in the other order."""
LOOKED = 40
"""So many formulas that have a name are looked at."""


def straightened(world: World, statements: Sequence[Statement]) -> list[Statement]:
    """The statements with the sizes of each misdeclared name in the order that its uses need."""
    told = [turned(s) if s.span in world.misdeclared else s for s in statements]
    declaring, formulas = _parted(told)
    world.unfit = ()
    if not world.matrices or not any(map(_has_order, declaring)):
        return told
    if _overlap(world, declaring) or any(_raises_to_one(world, s) for s in told):
        return told
    if not _misfits(world, declaring, (), formulas):
        return told
    against = {s.span: _against(world, s, declaring, formulas) for s in declaring if _has_order(s)}
    most = max(against.values())
    found = {span for span, count in against.items() if count == most}
    if most < NEEDED or len(found) > 1:
        world.unfit = tuple(told)
        return told  # of two that do not fit each other either may be the slip
    world.misdeclared |= found
    return straightened(world, statements)


def fits(world: World, statement: Statement, *instead: Statement) -> bool:
    """Whether a statement, or what may have been meant instead, fits the sizes declared and those before it."""
    if not world.unfit:
        return True
    declaring, formulas = _parted(world.unfit)
    others = [s for s in formulas if s.span < statement.span]
    return not _misfits(world, declaring, others, instead or (statement,))


def is_borne_out(world: World, statement: Statement) -> bool:
    """Whether other formulas fit the declarations that a statement does not fit, and would not fit them turned."""
    declaring, formulas = _parted(world.unfit)
    used = set(_names(world, statement))
    for declared in filter(_has_order, declaring):
        names = _declared_names(world, declared)
        other = [turned(s) if s is declared else s for s in declaring]
        before = [s for s in formulas if s.span < statement.span]
        if not names & used or _misfits(world, other, before, (statement,)):
            continue
        uses = [s for s in formulas if s.span != statement.span and names & set(_names(world, s))]
        uses = [s for s in uses if not isinstance(s.members[0].expr, t.Derivative)][:LOOKED]
        if not any(
            _misfits(world, other, (), (s,)) and not _misfits(world, declaring, (), (s,))
            for s in uses
        ):
            return False
    return True


def _parted(statements: Sequence[Statement]) -> tuple[list[Statement], list[Statement]]:
    """The declarations of shapes, and everything else."""
    declaring = [s for s in statements if any(isinstance(m.expr, t.Shape) for m in s.members)]
    return declaring, [s for s in statements if s not in declaring]


def _overlap(world: World, declaring: Sequence[Statement]) -> bool:
    """Whether one name has two shapes, so that it is two things."""
    shapes: dict[object, set[str]] = {}
    for key, sizes in declarations(world, declaring, Unions(), {}):
        shapes.setdefault(key, set()).add(str([_plain(size) for size in sizes]))
    return any(len(said) > 1 for said in shapes.values())


def _raises_to_one(world: World, statement: Statement) -> bool:
    """Whether ``a^0`` and ``a^1`` are read as powers of a name, which nobody writes: they are layers of it."""
    for part in parts([statement]):
        if isinstance(part, t.Symbol) and not sort(part, world.spelling, {}).key.marks:
            for script in part.scripts:
                if script.kind == "plain" and isinstance(script.value, t.Number):
                    if script.value.text in ("0", "1"):
                        return True
    return False


def turned(statement: Statement) -> Statement:
    """A declaration with its sizes in the other order."""
    members = (
        replace(m, expr=replace(m.expr, sizes=m.expr.sizes[::-1]))
        if isinstance(m.expr, t.Shape)
        else m
        for m in statement.members
    )
    return replace(statement, members=tuple(members))


def _has_order(statement: Statement) -> bool:
    """Whether a declaration, and nothing more, says of names that they have two sizes of their own."""
    *names, last = statement.members
    if len(names) != 1 or not isinstance(last.expr, t.Shape) or len(last.expr.sizes) != 2:
        return False
    first, second = (_plain(size) for size in last.expr.sizes)
    return None not in (first, second) and first != second and "1" not in (first, second)


def _plain(size: t.Expr) -> str | None:
    return size.text if isinstance(size, t.Number) else size_name(size)


def _against(
    world: World,
    statement: Statement,
    declaring: Sequence[Statement],
    formulas: Sequence[Statement],
) -> int:
    """How many formulas do not fit a declaration but fit it turned; 0 if one is the other way round."""
    names = _declared_names(world, statement)
    uses = [s for s in formulas if names & set(_names(world, s))]
    if len(uses) < NEEDED:
        return 0
    others = [s for s in formulas if s not in uses]
    other = [turned(s) if s is statement else s for s in declaring]
    found, gradients = 0, 0
    for use in uses[:LOOKED]:
        read = _as_of_its_shape(world, use, names)
        as_told = _misfits(world, declaring, others, [read])
        as_turned = _misfits(world, other, others, [read])
        if as_turned and not as_told:
            return 0
        found += as_told and not as_turned
        gradients += as_told and not as_turned and _is_gradient(world, use, names)
    return found if found > gradients else 0  # which way gradients lie may be a habit


def _as_of_its_shape(world: World, statement: Statement, names: set[Name]) -> Statement:
    """``W = δ xᵀ`` for ``∂L/∂W = δ xᵀ``: a gradient has the shape of what it is by."""
    first = statement.members[0]
    if not isinstance(first.expr, t.Derivative) or not _is_gradient(world, statement, names):
        return statement
    return replace(
        statement, members=(replace(first, expr=first.expr.wrt[0]), *statement.members[1:])
    )


def _is_gradient(world: World, statement: Statement, names: set[Name]) -> bool:
    left = statement.members[0].expr
    if isinstance(left, t.Derivative) and len(left.wrt) == 1 and isinstance(left.wrt[0], t.Symbol):
        of = left.of
        is_loss = isinstance(of, t.Symbol) and sort(of, world.spelling, {}).key in world.loss_names
        return is_loss and _name(world, left.wrt[0]) in names
    if not isinstance(left, t.Symbol) or not left.base.startswith("d"):
        return False
    return _name(world, replace(left, base=left.base[1:])) in names


def _declared_names(world: World, declaration: Statement) -> set[Name]:
    head = declaration.members[0].expr
    return {_name(world, p) for p in t.walk(head) if isinstance(p, t.Symbol)} if head else set()


def _name(world: World, symbol: t.Symbol) -> Name:
    """A name of a layer; whatever else stands below it is an entry, or one of a family."""
    key = sort(symbol, world.spelling, {}).key
    letters = world.spelling.letters
    return (key.stem, str(key.marks), *(str(i) for i in key.indices if i not in letters))


def _names(world: World, statement: Statement) -> Iterator[Name]:
    return (_name(world, p) for p in parts([statement]) if isinstance(p, t.Symbol) and p.base)


def _misfits(
    world: World,
    declaring: Sequence[Statement],
    before: Sequence[Statement],
    formulas: Sequence[Statement],
) -> bool:
    """Whether formulas, read behind others, make declared sizes equal that are not."""
    with world.unchanged():
        unions = Unions()
        fixed: dict[Item, int] = {}
        shaping = Shaping(world, unions)
        declare(shaping, declarations(world, declaring, unions, fixed), fixed)
        for item, n in fixed.items():
            unions.mark(item, n)
        infer(shaping, before)
        unions.refused = False
        infer(shaping, formulas)
        return unions.refused
