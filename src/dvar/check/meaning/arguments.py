"""Functions of a vector told by its entries: ``f(x) = x_1^2 + e^{x_1 x_2}`` is a function of ``x_1`` and ``x_2``.

So is ``f`` where ``f(x_1, x_2) = …`` stands and ``f(x)``, ``∇_x f`` or ``f((4, 4))`` is spoken of, or ``f(a)`` where
``a = (4, 4)`` is told: all are written with the entries here, so that everything else finds them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from dvar.check.meaning.keys import Key, stem_of, unwrapped
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import in_members, renamed, same_tree

_CONSTANTS = frozenset(["e", "pi"])
_AIMS = frozenset(["min", "max", "minimize", "maximize", "minimise", "maximise"])

Entries = tuple[t.Symbol, ...]


def by_entries(statements: Sequence[Statement]) -> list[Statement]:
    """The statements with functions of a vector as functions of its entries, from their definition on."""
    known: dict[str, Entries] = {}
    params: dict[str, Entries] = {}
    points: dict[str, list[tuple[t.Symbol, int]]] = {}
    found = []
    for statement in map(_of_its_argument, map(_objective, statements)):
        left, right = _sides(statement)
        if left is not None and right is not None:
            entries = _entries(left, right)
            if entries:
                known[left.head.base] = entries
            else:
                known.pop(left.head.base, None)
            params[left.head.base] = entries or tuple(
                a for a in left.args if isinstance(a, t.Symbol)
            )
        _see_point(statement, points)
        is_any = known or points
        found.append(
            in_members(statement, _Turn(known, params, points).turn) if is_any else statement
        )
    told = {stem_of(entries[0]) for entries in known.values()}
    return [in_members(s, lambda p: _plain(p, told)) for s in found] if told else found


def _plain(part: Any, stems: set[str]) -> t.Symbol | None:
    """The name of a vector that is told by its entries, which are no vectors, though it is bold itself."""
    is_bold = isinstance(part, t.Symbol) and part.font == "bf" and stem_of(part) in stems
    return replace(part, font="") if is_bold else None


def _objective(statement: Statement) -> Statement:
    r"""``\min f(x) = (x - 1)^2``: this is what f is, not what its least value is, which has no x in it."""
    first, *rest = statement.members
    match first.expr:
        case (
            t.Call(name=aim, args=(t.Apply() as inner,))
            | t.Big(name=aim, body=t.Apply() as inner)
            | t.Product(factors=(t.Symbol(base=aim), t.Apply() as inner))
        ) if aim in _AIMS and rest and rest[0].expr is not None:
            inside = {p.base for p in t.walk(rest[0].expr) if isinstance(p, t.Symbol)}
            if all(isinstance(a, t.Symbol) and a.base in inside for a in inner.args):
                return replace(statement, members=(replace(first, expr=inner), *rest))
    return statement


def _see_point(statement: Statement, points: dict[str, list[tuple[t.Symbol, int]]]) -> None:
    """Note ``a`` of ``a = (4, 4)``, with how many numbers it has."""
    name, last = statement.members[0].expr, statement.members[-1].expr
    if isinstance(name, t.Symbol) and len(statement.members) > 1 and (items := _listed(last)):
        points.setdefault(stem_of(name), []).append((name, len(items)))


def _listed(tree: t.Expr | None) -> tuple[t.Expr, ...]:
    """The entries of ``(4, 4)``, ``[4, 4]^T`` or of a column; nothing where it is something else."""
    match tree:
        case t.Group(kind="tuple" | "list" | "(" | "[", items=items) if len(items) > 1:
            return items
        case t.Matrix(rows=rows) if len(rows) > 1 and all(len(row) == 1 for row in rows):
            return tuple(row[0] for row in rows)
    return ()


def _of_its_argument(statement: Statement) -> Statement:
    """``F(a_j) = 1/(1 + e^{-a_1})``: a formula that has not its argument, but one of its name, has it in mind."""
    members = list(statement.members)
    for n, (before, after) in enumerate(pairwise(statement.members), 1):
        if not isinstance(before.expr, t.Apply) or len(before.expr.args) != 1 or after.expr is None:
            continue
        (arg,) = before.expr.args
        if not isinstance(arg, t.Symbol) or not any(_is_index(sub) for sub in arg.subscripts):
            continue
        symbols = [p for p in t.walk(after.expr) if isinstance(p, t.Symbol)]
        alike = [p for p in symbols if (p.base, p.accents) == (arg.base, arg.accents)]
        others = [p for p in symbols if p not in alike and p.base not in _CONSTANTS]
        if others or not alike or any(same_tree(p, arg) for p in alike):
            continue
        if all(same_tree(p, alike[0]) for p in alike):
            members[n] = replace(after, expr=renamed(after.expr, alike[0], arg))
    return replace(statement, members=tuple(members))


def _is_index(sub: t.Expr) -> bool:
    return isinstance(sub, t.Label | t.Symbol) and not getattr(sub, "text", "x").isdigit()


def _sides(statement: Statement) -> tuple[t.Apply | None, t.Expr | None]:
    """``f(x)`` and its formula."""
    first, *rest = statement.members
    left = first.expr
    if not rest or rest[0].relation not in ("=", ":=", "equiv") or not isinstance(left, t.Apply):
        return None, None
    if left.primes or left.head.primes or left.scripts:
        return None, None
    stems = {stem_of(arg) for arg in left.args if isinstance(arg, t.Symbol)}
    right = rest[0].expr
    inside = (
        t.walk(right)
        if right is not None and all(isinstance(arg, t.Symbol) for arg in left.args)
        else ()
    )
    if not any(isinstance(p, t.Symbol) and stem_of(p) in stems for p in inside):
        return None, None  # its value somewhere
    return left, right


def _entries(left: t.Apply, right: t.Expr) -> Entries:
    """The entries that a function is of; none where it is one of something else, or no number."""
    if isinstance(right, (t.Matrix, t.Derivative, t.Number)) or left.head.subscripts:
        return ()
    args = [arg for arg in left.args if isinstance(arg, t.Symbol) and not arg.scripts]
    if len(args) != len(left.args) or len({stem_of(arg) for arg in args}) != 1:
        return ()
    if len(args) > 1:
        return tuple(args) if list(map(_number, args)) == list(range(1, len(args) + 1)) else ()
    (whole,) = args
    if whole.subscripts:
        return ()
    parts = [p for p in t.walk(right) if isinstance(p, t.Symbol) and p.base not in _CONSTANTS]
    if any(stem_of(p) != stem_of(whole) for p in parts):
        return ()  # of weights and entries: a model rather than a function to be differentiated
    numbers = {_number(p): replace(p, scripts=()) for p in parts}
    if None in numbers or sorted(map(int, numbers)) != list(range(1, len(numbers) + 1)):  # type: ignore[arg-type]
        return ()
    return tuple(numbers[k] for k in sorted(map(int, numbers))) if len(numbers) > 1 else ()  # type: ignore[arg-type]


def _number(name: t.Symbol) -> int | None:
    """1 of ``x_1``."""
    match name.subscripts:
        case (t.Label(text=text) | t.Number(text=text),) if text.isdigit():
            return int(text)
    return None


class _Turn:
    def __init__(
        self,
        known: dict[str, Entries],
        params: dict[str, Entries],
        points: dict[str, list[tuple[t.Symbol, int]]],
    ) -> None:
        self.known, self.params, self.points = known, params, points

    def turn(self, part: Any) -> Any:
        if isinstance(part, t.Apply) and not part.primes:
            return self._applied(part)
        if isinstance(part, t.Derivative) and part.wrt and part.of is not None:
            return self._gradient(part)
        return None

    def _applied(self, part: t.Apply) -> t.Apply | None:
        entries = self.known.get(part.head.base, ())
        params = self.params.get(part.head.base, ())
        count = len(params)
        if len(part.args) != 1 or count < 2:
            return None
        (whole,) = part.args
        if len(items := _listed(whole)) == count:
            return replace(part, args=items)
        if not isinstance(whole, t.Symbol):
            return None
        if _is_whole(whole, entries):
            return replace(part, args=entries)
        is_alike = stem_of(whole) in map(stem_of, params)
        if is_alike and (whole.subscripts or not entries):
            return None  # x_0 beside the entry x_1, or beside the number x
        told = (n for name, n in self.points.get(stem_of(whole), ()) if same_tree(name, whole))
        if next(told, 0) != count:
            return None
        numbers = (t.Label(str(k + 1), whole.span) for k in range(count))
        return replace(
            part,
            args=tuple(replace(whole, font="", subscripts=(*whole.subscripts, k)) for k in numbers),
        )

    def _gradient(self, part: t.Derivative) -> t.Expr | None:
        """``∇_x f`` and ``∂f/∂x`` by the whole vector."""
        of = part.of
        head = of.head if isinstance(of, t.Apply) else of
        entries = self.known.get(head.base, ()) if isinstance(head, t.Symbol) else ()
        if not entries or not all(
            isinstance(w, t.Symbol) and _is_whole(w, entries) for w in part.wrt
        ):
            return None
        inner = self._applied(of) or of if isinstance(of, t.Apply) else of
        for _ in part.wrt:
            inner = t.Derivative(inner, (), "nabla", part.span, True)
        return inner


def _is_whole(name: t.Symbol, entries: Entries) -> bool:
    """Whether a name is that of the vector whose entries these are."""
    bare = not name.subscripts and not name.scripts and not name.primes
    return bool(entries) and bare and stem_of(name) == stem_of(entries[0])


def argument(named: t.Expr, formula: t.Expr) -> tuple[t.Expr, t.Expr] | None:
    """The name and the formula that the same function is applied to; None where it is not so."""
    if isinstance(named, t.Call) and isinstance(formula, t.Call):
        plain = not (named.primes or formula.primes or named.keywords or formula.keywords)
        same = plain and named.name == formula.name and len(named.args) == len(formula.args) == 1
    elif isinstance(named, t.Apply) and isinstance(formula, t.Apply):
        same = same_tree(named.head, formula.head) and not (named.primes or formula.primes)
        same = same and len(named.args) == len(formula.args) == 1
    else:
        return None
    name = unwrapped(named.args[0]) if same else None
    is_name = isinstance(name, t.Symbol | t.Apply) and not same_tree(name, formula.args[0])
    return (name, formula.args[0]) if name is not None and is_name else None


def is_factor(key: Key, args: Sequence[t.Expr]) -> bool:
    """``y_k (1 - y_j)`` of ``y_k(x) = …``: what has the value of a function in it is no argument of it."""
    heads = {id(p.head) for a in args for p in t.walk(a) if isinstance(p, t.Apply)}
    names = (p for a in args for p in t.walk(a) if isinstance(p, t.Symbol) and id(p) not in heads)
    return any(isinstance(a, t.Sum) for a in args) and key.stem in map(stem_of, names)
