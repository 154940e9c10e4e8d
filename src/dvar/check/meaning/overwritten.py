"""Programs that set entries to zero: behind ``dh[h <= 0] = 0`` the name ``dh`` stands for a masked gradient.

What was assigned just before is either a value of its own (``dh = dscores @ W2.T`` is the gradient by h, which is a
ReLU's output), or only the beginning of one: ``dz = dh; dz[z <= 0] = 0`` tells one gradient in two steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dvar.check.meaning.alphabet import UNDONE
from dvar.check.meaning.keys import stem_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Member, Statement
from dvar.read.worksheet.parts import in_members, same_tree

_CUT = frozenset({"relu", "maximum", "max"})


def masked(document: Document, statements: Sequence[Statement]) -> list[Statement]:
    """The statements of programs with a mask at each name some of whose entries were set to zero before."""
    found = list(statements)
    for n, statement in enumerate(statements):
        if not document.regions[statement.region].is_program:
            continue
        name, by = overwritten(statement)
        if name is None or by is None:
            continue
        mask = _mask(by)
        if n and _assigns(found[n - 1], name) and not _is_of_result(statements, name, by):
            found[n - 1 : n + 1] = _as_one(n, found[n - 1], statement, name, mask)
            continue
        unused = replace(name, base=f"{UNDONE}{n}{name.base}")
        found[n] = _assigned(statement, unused, _times(name, mask))
        for k in range(n + 1, len(found)):
            if not document.regions[found[k].region].is_program:
                continue
            found[k] = _with_mask(found[k], name, mask)
            if _assigns(found[k], name):
                break
    return found


def overwritten(statement: Statement) -> tuple[t.Symbol | None, t.Relation | None]:
    """The name some of whose entries are set to zero, and where."""
    members = statement.members
    first, zero = members[0].expr, members[-1].expr
    if len(members) != 2 or members[1].relation != "=" or not isinstance(first, t.Symbol):
        return None, None
    if not isinstance(zero, t.Number) or zero.value != 0 or not first.subscripts:
        return None, None
    *rest, by = first.subscripts
    if not isinstance(by, t.Relation):
        return None, None
    return replace(first, subscripts=tuple(rest)), by


def _mask(by: t.Relation) -> t.Expr:
    zero, one = t.Number("0", by.span), t.Number("1", by.span)
    return t.Cases(((zero, by), (one, None)), by.span)


def _times(value: t.Expr, mask: t.Expr) -> t.Expr:
    value = t.Group("(", (value,), value.span) if isinstance(value, t.Sum) else value
    return t.Product((value, mask), (".*",), value.span)


def _assigns(statement: Statement, name: t.Symbol) -> bool:
    first, *rest = statement.members
    return len(rest) == 1 and rest[0].relation == "=" and same_tree(first.expr, name)


def _assigned(statement: Statement, name: t.Symbol, value: t.Expr | None) -> Statement:
    first, *rest = statement.members
    last = Member("=", value, rest[-1].span)
    return replace(statement, members=(replace(first, expr=name), last))


def _as_one(
    n: int, before: Statement, statement: Statement, name: t.Symbol, mask: t.Expr
) -> list[Statement]:
    """Both steps: what is there before the mask has a name of its own, that nothing is claimed of."""
    value = before.members[1].expr
    if value is None:
        return [before, statement]
    one = t.Number("1", value.span)
    undone = _assigned(
        before,
        replace(name, base=f"{UNDONE}{n}{name.base}"),
        t.Product((value, one), (".*",), value.span),
    )
    return [undone, _assigned(statement, name, _times(value, mask))]


def _is_of_result(statements: Sequence[Statement], name: t.Symbol, by: t.Relation) -> bool:
    """Whether ``dh`` is cut off where h is zero, and h is what a ReLU makes: before that it is the gradient by h."""
    sides = [x for x in by.members if isinstance(x, t.Symbol)]
    for side in sides:
        if stem_of(name) not in (f"d{stem_of(side)}", f"grad_{stem_of(side)}"):
            shorter = stem_of(side).partition("_")[0]  # dhidden of hidden_layer
            if stem_of(name) != f"d{shorter}":
                continue
        if any(_is_cut(s.members[-1].expr) for s in statements if _assigns(s, side)):
            return True
    return False


def _is_cut(tree: t.Expr | None) -> bool:
    return isinstance(tree, t.Call) and tree.name in _CUT


def _with_mask(statement: Statement, name: t.Symbol, mask: t.Expr) -> Statement:
    """The statement with the mask at each place where the name stands on the right."""

    def change(part: t.Expr) -> t.Expr | None:
        if isinstance(part, t.Symbol) and same_tree(replace(part, scripts=()), name):
            turned = [s for s in part.scripts if s.kind == "transpose"]
            whole = t.Group("(", (_times(replace(part, scripts=()), mask),), part.span)
            return (
                replace(whole, scripts=part.scripts) if len(turned) == len(part.scripts) else None
            )
        return None

    first, *rest = statement.members
    if not rest:
        return statement
    changed = in_members(replace(statement, members=tuple(rest)), change)
    return replace(statement, members=(first, *changed.members))


__all__ = ["masked", "overwritten"]
