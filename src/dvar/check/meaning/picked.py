"""Programs that pick entries by their class: ``P[range(N), y]`` is row by row what a one-hot matrix picks of P.

``dS = P; dS[range(N), y] -= 1; dS /= N`` makes one gradient in three steps: only the last of them is it.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeGuard

from dvar.check.meaning import functions
from dvar.check.meaning.alphabet import ONE_HOT, UNDONE
from dvar.check.meaning.keys import Key, size_name, stem_of
from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Member, Statement
from dvar.read.worksheet.parts import in_members, rewritten, same_tree

_COPIES = re.compile(
    r"=\s*(?:[\w.\[\]]+\.(?:copy|clone)\(\)|(?:np\.)?copy\([\w.\[\]]+\)|(?:np\.)?array\([\w.\[\]]+(?:, *copy=True)?\))$"
)
_STEPS = {"-=": -1, "+=": 1}
_SCALES = frozenset({"/=", "*="})
_ROWS, _CLASSES = "rows of ", "classes of "
"""Names for the sizes of a one-hot matrix."""


def by_class(document: Document, statements: Sequence[Statement]) -> list[Statement]:
    """The statements of a document, with picks in its programs as products with one-hot matrices."""
    found = _counted(document, statements)
    for n, statement in enumerate(found):
        if document.regions[statement.region].is_program:
            steps = {*_STEPS, "="} if _is_filled(document, statement) else _STEPS.keys()
            found[n] = in_members(_as_product(statement, steps), _sum_of_picks)
    in_steps: set[int] = set()
    for n, statement in enumerate(found):
        name = statement.members[0].expr
        last = n
        while last + 1 < len(found) and _goes_on(found[last + 1], name):
            last += 1
        if last > n and _is_made_in_place(document, statements[n : last + 1]):
            found[n : last + 1] = _in_steps(found[n : last + 1])
            in_steps.add(n)
    return [s for n, s in enumerate(found) if n in in_steps or not _is_copy(document, s)]


def _is_filled(document: Document, statement: Statement) -> bool:
    """Whether the array of which a program sets entries is nothing but zeros before."""
    name = re.escape(getattr(statement.members[0].expr, "base", ""))
    before = document.text[: statement.span[0]].rstrip()
    return (
        re.search(rf"(?:^|\n)[ \t]*{name} *= *[\w.]*zeros(?:_like)?\([^\n]*$", before) is not None
    )


def _is_copy(document: Document, statement: Statement) -> bool:
    """``dx = dout.copy()`` of a program: only room for what is computed later."""
    if not document.regions[statement.region].is_program or len(statement.members) != 2:
        return False
    made = statement.members[1]
    return _COPIES.search(document.text[statement.span[0] : made.span[1]]) is not None


def _is_pick(tree: object) -> TypeGuard[t.Symbol]:
    """``P[range(N), y]``, ``P[np.arange(N), y]``."""
    if not isinstance(tree, t.Symbol) or len(tree.subscripts) != 2:
        return False
    rows, label = tree.subscripts
    named = isinstance(label, (t.Label, t.Symbol)) and not getattr(label, "subscripts", ())
    called = rows.head.base if isinstance(rows, t.Apply) else getattr(rows, "name", "")
    return named and called in ("range", "arange")


def _one_hot(pick: t.Symbol) -> t.Symbol:
    label = pick.subscripts[1]
    name = label.text if isinstance(label, t.Label) else getattr(label, "base", "")
    return t.Symbol(ONE_HOT + name, pick.span)


def _sum_of_picks(part: Any) -> t.Expr | None:
    """``-log(P[range(N), y])`` as ``sum(Y * -log(P), axis=1)``."""
    inner = part
    while not _is_pick(inner):
        if isinstance(inner, t.Negative):
            inner = inner.operand
        elif t.is_bracketed(inner):
            inner = inner.items[0]
        elif isinstance(inner, t.Call) and len(inner.args) == 1 and _is_elementwise(inner):
            inner = inner.args[0]
        else:
            return None
    whole = rewritten(part, lambda x: replace(x, subscripts=()) if x is inner else None)
    both = t.Product((_one_hot(inner), whole), (".*",), part.span)
    return t.Call("sum", (both,), part.span, (("axis", t.Number("1", part.span)),))


def _counted(document: Document, statements: Sequence[Statement]) -> list[Statement]:
    """``n`` of ``P[range(n), y]`` as ``Y.shape[0]`` in programs that do not say themselves what n is."""
    told = {size_name(m.expr) for s in statements for m in s.members[:1] if m.expr is not None}
    counts: dict[str, t.Symbol] = {}
    for part in parts(s for s in statements if document.regions[s.region].is_program):
        if _is_pick(part):
            count = getattr(part.subscripts[0], "args", ())[:1]
            if count and isinstance(count[0], t.Symbol) and count[0].base not in told:
                counts.setdefault(count[0].base, part)

    def change(part: Any) -> t.Expr | None:
        if not isinstance(part, t.Symbol) or part.base not in counts or part.subscripts:
            return None
        labels = replace(_one_hot(counts[part.base]), span=part.span)
        return t.Call("shape", (labels,), part.span, (), (t.Number("0", part.span),))

    return [
        in_members(s, change) if counts and document.regions[s.region].is_program else s
        for s in statements
    ]


def declared(statements: Sequence[Statement]) -> Iterator[tuple[Key, tuple[t.Expr, ...]]]:
    """The shapes of arrays of which ``P[range(n), y]`` picks: matrices all, however they are made of each other."""
    made = {
        stem_of(s.members[0].expr): s.members[-1].expr
        for s in reversed(statements)
        if isinstance(s.members[0].expr, t.Symbol)
    }
    reduced = {
        stem_of(part.args[0])
        for part in parts(statements)
        if isinstance(part, t.Call) and part.args and len(part.args) + len(part.keywords) > 1
        if isinstance(part.args[0], t.Symbol)
    }
    for part in parts(statements):
        if not isinstance(part, t.Call) or part.name != "sum" or not part.args:
            continue
        names = [p for p in t.walk(part.args[0]) if isinstance(p, t.Symbol)]
        hot, *picked = sorted(names, key=lambda p: not p.base.startswith(ONE_HOT))
        if not hot.base.startswith(ONE_HOT) or len(picked) != 1:
            continue
        sizes = tuple(replace(hot, base=said + hot.base) for said in (_ROWS, _CLASSES))
        stem, seen = stem_of(picked[0]), set[str]()
        yield Key(stem_of(hot)), sizes
        while stem not in seen:
            yield Key(stem), sizes
            seen.add(stem)
            stem = _as_large(made.get(stem), reduced) or stem


def _as_large(tree: t.Expr | None, reduced: Container[str]) -> str | None:
    """The name in a formula that has as many entries: z of ``exp(z)``, and of ``z - z.max(1)``, which is reduced."""
    if isinstance(tree, t.Call) and len(tree.args) == 1 and _is_elementwise(tree):
        tree = tree.args[0]
        return stem_of(tree) if isinstance(tree, t.Symbol) else None
    inside: Sequence[t.Expr] = ()
    if isinstance(tree, t.Product | t.Sum):
        inside = tree.factors if isinstance(tree, t.Product) else tree.terms
    elif isinstance(tree, t.Quotient):
        inside = (tree.above,)
    return next(
        (stem_of(p) for p in inside if isinstance(p, t.Symbol) and stem_of(p) in reduced), None
    )


def _is_elementwise(call: t.Call) -> bool:
    return functions.named(call.name) in functions.ELEMENTWISE


def _as_product(statement: Statement, steps: Container[str]) -> Statement:
    """``dS[range(N), y] -= 1`` as ``dS -= Y``, and so ``=`` where ``dS`` has only been filled with zeros."""
    first, *rest = statement.members
    if not _is_pick(first.expr) or len(rest) != 1 or rest[0].relation not in steps:
        return statement
    by, hot = rest[0].expr, _one_hot(first.expr)
    if by is None:
        return statement
    is_one = isinstance(by, t.Number) and by.value == 1
    step = hot if is_one else t.Product((by, hot), (".*",), by.span)
    whole = replace(first, expr=replace(first.expr, subscripts=()))
    return replace(statement, members=(whole, replace(rest[0], expr=step)))


def _goes_on(statement: Statement, name: t.Expr | None) -> bool:
    """Whether a statement changes the value of a name that the one before has given it."""
    first, *rest = statement.members
    changes = len(rest) == 1 and rest[0].relation in _STEPS.keys() | _SCALES
    return changes and isinstance(name, t.Symbol) and same_tree(first.expr, name)


def _is_made_in_place(document: Document, steps: Sequence[Statement]) -> bool:
    """Whether some steps begin with another name or pick entries, so that they make one value together."""
    first, *rest = steps
    if not document.regions[first.region].is_program or len(first.members) != 2:
        return False
    return first.members[1].relation == "=" and any(_is_pick(s.members[0].expr) for s in rest)


def _in_steps(steps: Sequence[Statement]) -> list[Statement]:
    """The same with a name of its own for each value before the last, which is told by all of them."""
    found: list[Statement] = []
    value: t.Expr | None = None
    for n, statement in enumerate(steps):
        first, second = statement.members
        assert isinstance(first.expr, t.Symbol)
        value = second.expr if value is None else _changed(value, second)
        is_last = n + 1 == len(steps)
        name = first.expr if is_last else replace(first.expr, base=f"{UNDONE}{n}{first.expr.base}")
        made = replace(second, relation="=", expr=value if is_last else _another(value))
        found.append(replace(statement, members=(replace(first, expr=name), made)))
    return found


def _another(value: t.Expr | None) -> t.Expr | None:
    """The same value as a quantity of its own: probabilities stay what they are while a copy of them is changed."""
    if value is None:
        return None
    return t.Product((value, t.Number("1", value.span)), (".*",), value.span)


def _changed(old: t.Expr, by: Member) -> t.Expr | None:
    if by.expr is None:
        return None
    if by.relation in _STEPS:
        return t.Sum((old, by.expr), (1, _STEPS[by.relation]), by.span)
    old = t.Group("(", (old,), old.span) if isinstance(old, t.Sum) else old
    if by.relation == "/=":
        return t.Quotient(old, by.expr, by.span, inline=True)
    return t.Product((old, by.expr), (".*",), by.span)


__all__ = ["by_class", "declared"]
