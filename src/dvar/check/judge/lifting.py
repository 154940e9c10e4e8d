"""Numbers put in for names, taken back: ``o_3 = 1/(1 + e^{-0.62})`` where 0.62 was printed for net_3.

An author who has said how a network works often writes its later quantities with numbers only.  Each number
is the one printed last for some name; with the names in their places the line is a formula again, and
derivatives know of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise

import numpy as np

from dvar.check.judge.literal import is_plain
from dvar.check.judge.matching import value_at
from dvar.check.meaning.aligning import put_in
from dvar.check.meaning.choices import Choices
from dvar.check.meaning.definitions import Definition
from dvar.check.meaning.interpret import Interpreter
from dvar.check.meaning.keys import Key, sort
from dvar.check.meaning.patterns import Pattern
from dvar.check.meaning.values import NotUnderstood
from dvar.check.meaning.world import World
from dvar.core.errors import DvarError
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import places

MANY = 40
"""Numbers of one formula that are looked up."""
ROUGHLY = 0.05
"""So far may numbers that were rounded on the way be from their result, as a part of it."""
TELLING = 3
"""A number with so many digits stands for something; one with fewer may be a constant."""


@dataclass(frozen=True)
class Shown:
    """A number that was printed for a name.

    Attributes:
        name: the name, or an entry of it.
        key: of the name; at: which entry.
        value: as printed, with its sign; unit: one unit of its last digit.
        order: later numbers have a higher one.
    """

    name: t.Symbol
    key: Key
    at: tuple[int, ...]
    value: Fraction
    unit: Fraction
    order: int


@dataclass
class Numbers:
    """The numbers printed so far, the last one of each name."""

    world: World
    by_key: dict[Key, list[Shown]] = field(default_factory=dict)
    _chain: tuple[int, list[t.Expr]] = (-1, [])

    def see(self, statement: Statement, order: int) -> None:
        """Take up what a statement prints: ``z = w x + b = 0.5 · 2 + 0.1 = 1.1``, be it in rows of their own."""
        members = [m.expr for m in statement.members if m.expr is not None]
        last, before = self._chain
        if statement.members[0].relation:
            members = [*before, *members] if last == order - 1 else []
        self._chain = (order, members)
        if len(members) < 2:
            return
        for formula, numbers in pairwise(members):
            if not isinstance(formula, t.Symbol):
                for symbol, value in put_in(formula, numbers) or ():
                    if sort(symbol, self.world.spelling, {}).key not in self.by_key:
                        self._show(symbol, value, order)
        if is_plain(members[-1]):
            for name in members[:-1]:
                if not isinstance(name, t.Symbol):
                    break
                self._show(name, members[-1], order)

    def _show(self, name: t.Symbol, value: t.Expr, order: int) -> None:
        if name.primes or any(s.kind in ("plain", "transpose") for s in name.scripts):
            return
        key = sort(name, self.world.spelling, {}).key
        base = self.world.bases.get(key.stem, 1)
        self.by_key[key] = [
            Shown(_entry(name, tuple(k + base for k in at)), key, at, number, unit, order)
            for at, number, unit in _entries(value)
        ]

    def knows(self, pattern: Pattern) -> bool:
        """Whether a number has been printed for a name already."""
        return any(pattern.match(key) == {} for key in self.by_key)

    def of(self, value: Fraction, unit: Fraction | None = None) -> list[Shown]:
        """The names that a number may stand for; to the precision ``unit`` where that is given."""
        room = unit / 2 if unit is not None else Fraction(0)
        return [s for found in self.by_key.values() for s in found if abs(s.value - value) <= room]


def numbers_of(value: t.Expr) -> Iterator[Fraction]:
    """The numbers of a number or an array of numbers, with their signs."""
    yield from (number for _, number, _ in _entries(value))


def _entries(value: t.Expr) -> Iterator[tuple[tuple[int, ...], Fraction, Fraction]]:
    match value:
        case t.Number():
            yield (), value.value, value.unit
        case t.Negative():
            yield from ((at, -n, unit) for at, n, unit in _entries(value.operand))
        case t.Sum(terms=(only,)):
            yield from _entries(only)
        case t.Matrix():
            for r, row in enumerate(value.rows):
                for c, entry in enumerate(row):
                    yield from ((_flat(value, r, c), n, unit) for _, n, unit in _entries(entry))
        case t.Group(items=(item,)) if value.kind not in ("list", "tuple"):
            yield from _entries(item)
        case t.Group():
            for k, item in enumerate(value.items):
                yield from (((k, *at), n, unit) for at, n, unit in _entries(item))


def _flat(matrix: t.Matrix, r: int, c: int) -> tuple[int, ...]:
    """The place of an entry; columns and rows have one index."""
    turned = any(s.kind == "transpose" for s in matrix.scripts)
    r, c = (c, r) if turned else (r, c)
    rows, columns = len(matrix.rows), len(matrix.rows[0])
    return (max(r, c),) if 1 in (rows, columns) else (r, c)


def _entry(name: t.Symbol, at: tuple[int, ...]) -> t.Symbol:
    more = tuple(t.Number(str(k), name.span) for k in at)
    return replace(name, subscripts=(*name.subscripts, *more))


# ── from numbers to names ───────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Slot:
    """A number in a formula: what it may stand for, and where it stands.

    Attributes:
        term: of which sum it stands in which term; place: which factor it is there.
        in_product: whether it is a factor beside another number.
    """

    number: t.Number
    rebuild: Callable[[t.Expr], t.Expr]
    options: tuple[tuple[Shown, int], ...]
    term: tuple[int, int]
    place: int
    in_product: bool


def named(definition: Definition, numbers: Numbers, statement: Statement) -> Definition:
    """A definition by numbers with the names that the numbers stand for, where they are known.

    ``w = 0.3 - 0.1 · 0.5`` for a name that was given is no formula: it takes a new value.
    """
    if not definition.numeric:
        return definition
    same_stem = numbers.world.definitions.get(definition.pattern.stem, ())
    if any(d.pattern.letters and not d.numeric for d in same_stem):
        return definition  # an example of a family that has a formula
    earlier = numbers.world.defining(definition.pattern)
    if numbers.knows(definition.pattern) and not any(d.lifted for d in earlier):
        return definition
    formula = lifted(definition.value, numbers)
    if formula is None or not _comes_out(definition, numbers, statement):
        return definition
    return replace(definition, value=formula, numeric=False, lifted=True)


def _comes_out(definition: Definition, numbers: Numbers, statement: Statement) -> bool:
    """Whether numbers put in come about to what is printed behind them: what is wrong tells no formula."""
    last = statement.members[-1].expr
    if last is None or last is definition.value or not is_plain(last):
        return True
    reader = Interpreter(numbers.world, definition.position, Choices())
    try:
        values = [value_at(reader.node(x), {}) for x in (definition.value, last)]
    except (NotUnderstood, DvarError):
        return True
    due, shown = values
    if due is None or shown is None or due.shape != shown.shape:
        return True
    return bool(np.all(np.abs(due - shown) <= ROUGHLY * np.max(np.abs(shown), initial=0.0)))


def lifted(tree: t.Expr, numbers: Numbers) -> t.Expr | None:
    """The formula with names in the place of numbers; None where some number is not known for certain."""
    slots = _slots(tree, numbers)
    if slots is None or not any(slot.options for slot in slots):
        return None
    chosen = _chosen(slots)
    if not chosen:
        return None
    for slot in slots:
        if id(slot.number) not in chosen and _is_telling(slot.number):
            return None
    if is_plain(tree) and not _is_list_of_results(slots, chosen):
        return None
    return _rebuilt(tree, chosen)


def _is_list_of_results(slots: Sequence[_Slot], chosen: dict[int, t.Expr]) -> bool:
    """``Z = [1.1, -0.2]`` behind ``z_1 = … = 1.1`` and ``z_2 = … = -0.2``: a list of what was found."""
    if len(slots) < 2 or len(chosen) < len(slots) or all(s.number.is_whole for s in slots):
        return False
    names = [next(p for p in t.walk(x) if isinstance(p, t.Symbol)) for x in chosen.values()]
    told = {(n.base, str([p.text for p in n.subscripts if hasattr(p, "text")])) for n in names}
    return len({n.base for n in names}) == 1 and len(told) == len(names)


def _rebuilt(tree: t.Expr, chosen: dict[int, t.Expr]) -> t.Expr:
    for _ in range(len(chosen)):
        for part, rebuild in places(tree):
            inner = part.operand if isinstance(part, t.Negative) else part
            name = chosen.get(id(inner)) if isinstance(inner, t.Number) else None
            if name is not None:
                tree = rebuild(name if inner is part else _negated(name))
                break
    return tree


def _negated(name: t.Expr) -> t.Expr:
    if isinstance(name, t.Group) and isinstance(name.items[0], t.Negative):
        return name.items[0].operand
    return t.Negative(name, name.span)


def _is_telling(number: t.Number) -> bool:
    digits = number.text.lower().partition("e")[0].replace(".", "").strip("0")
    return len(digits) >= TELLING and not number.is_whole


def _slots(tree: t.Expr, numbers: Numbers) -> list[_Slot] | None:
    """The numbers of a formula that are values."""
    found: list[_Slot] = []
    halves = _halves(tree)
    for number, rebuild, negative, term, place, in_product in _values(tree):
        if id(number) in halves:
            continue
        if len(found) >= MANY:
            return None
        sign = -1 if negative else 1
        options = [(s, sign) for s in numbers.of(sign * number.value)]
        options = options or [(s, -sign) for s in numbers.of(-sign * number.value) if s.value]
        if not options and _is_telling(number):
            options = [(s, sign) for s in numbers.of(sign * number.value, number.unit)]
            options = options or [(s, -sign) for s in numbers.of(-sign * number.value, number.unit)]
        if is_plain(tree):  # [0.2, 0.3] has nothing to do with a given array that has these too
            options = [(s, sign) for s, sign in options if not s.at]
        found.append(_Slot(number, rebuild, tuple(options), term, place, in_product))
    if _is_list_entry(tree):
        return found
    return [replace(s, options=()) if _is_constant(s, found) else s for s in found]


def _halves(tree: t.Expr) -> set[int]:
    """The ½ of ``0.5 (0.91 - 1)^2``: of the formula, whatever else is 0.5."""
    squared = (
        p.factors
        for p in t.walk(tree)
        if isinstance(p, t.Product)
        and any(s.kind == "plain" for f in p.factors for s in getattr(f, "scripts", ()))
    )
    return {id(f) for fs in squared for f in fs if isinstance(f, t.Number) and f.value * 2 == 1}


def _is_constant(slot: _Slot, beside: Sequence[_Slot]) -> bool:
    """Whether a whole number may be one of a formula: ``1 - a``, ``1/(1 + e^x)``, ``max(0, x)``.

    In ``(4 - 5)^2`` it is none where every number has been printed for just one name.
    """
    if not slot.number.is_whole or slot.in_product:
        return False
    terms = [s for s in beside if s.term[0] == slot.term[0]]
    known = [len({s.key for s, _ in one.options}) == 1 for one in terms]
    small = any(one.number.value in (0, 1) for one in terms)
    return len(terms) < 2 or small or not all(known) or slot.term == (0, 0)


def _is_list_entry(tree: t.Expr) -> bool:
    return is_plain(tree) and isinstance(tree, (t.Group, t.Matrix))


Value = tuple[t.Number, Callable[[t.Expr], t.Expr], bool, tuple[int, int], int, bool]


def _values(tree: t.Expr) -> Iterator[Value]:
    """Each number with a way to replace it, its sign, its term, its place there, and its company."""
    rebuilds = {id(part): rebuild for part, rebuild in places(tree)}
    stack: list[tuple[t.Expr, bool, tuple[int, int], int, bool]] = [(tree, False, (0, 0), 0, False)]
    while stack:
        part, negative, term, place, joined = stack.pop()
        match part:
            case t.Number():
                yield part, rebuilds[id(part)], negative, term, place, joined
            case t.Negative():
                stack.append((part.operand, not negative, term, place, joined))
            case t.Sum():
                parts = zip(part.terms, part.signs, strict=True)
                stack.extend((x, s < 0, (id(part), k), 0, False) for k, (x, s) in enumerate(parts))
            case t.Product():
                together = sum(is_plain(f) for f in part.factors) > 1
                for k, factor in enumerate(part.factors):
                    stack.append((factor, negative and k == 0, term, k, together))
            case t.Group(items=(item,), scripts=()) if part.kind in "([{":
                stack.append((item, negative, term, place, joined))
            case t.Quotient():
                stack.append((part.above, negative, term, place, False))
                stack.append((part.below, False, term, place + 1, False))
            case _:
                inner = [c for c in t.children(part) if not isinstance(c, t.Script)]
                powers = [s.value for s in getattr(part, "scripts", ()) if s.value is not None]
                powers = [p for p in powers if not isinstance(p, (t.Number, t.Label))]
                for k, child in enumerate((*inner, *powers)):
                    stack.append((child, False, (id(part), k), k, False))


def _chosen(slots: Sequence[_Slot]) -> dict[int, t.Expr]:
    """For each number the name it stands for, by id: those that fit together, the latest first."""
    taken: dict[int, tuple[Shown, int]] = {}
    for slot in sorted(slots, key=lambda s: len(s.options)):
        if slot.options:
            best = max(slot.options, key=lambda o: _rank(slot, o, slots, taken))
            taken[id(slot.number)] = best
    names: dict[int, t.Expr] = {}
    for slot in slots:
        if id(slot.number) not in taken:
            continue
        shown, sign = taken[id(slot.number)]
        name = replace(shown.name, span=slot.number.span)
        names[id(slot.number)] = name if sign > 0 else _minus(name)
    return names


def _minus(name: t.Symbol) -> t.Expr:
    return t.Group("(", (t.Negative(name, name.span),), name.span)


def _rank(
    slot: _Slot,
    option: tuple[Shown, int],
    slots: Sequence[_Slot],
    taken: dict[int, tuple[Shown, int]],
) -> tuple[int, int]:
    """How well a name fits those that have been chosen; the latest number is the likeliest."""
    shown, _ = option
    fit = int(not slot.in_product and not shown.at)  # a bias is seldom an entry of a matrix
    for other in slots:
        if id(other.number) not in taken or other is slot:
            continue
        beside, _ = taken[id(other.number)]
        same_place = other.place == slot.place and other.term[0] == slot.term[0]
        if same_place and beside.key == shown.key and shown.at:
            fit += 3 if _step(beside.at, shown.at) == slot.term[1] - other.term[1] else 0
        elif same_place and not shown.at and _are_siblings(beside, shown):
            fit += 2
        if other.term == slot.term and shown.at and beside.at and shown.at[-1:] == beside.at[:1]:
            fit += 1
    return fit, shown.order


def _are_siblings(a: Shown, b: Shown) -> bool:
    return a.key.stem == b.key.stem and a.key != b.key and not a.at


def _step(a: tuple[int, ...], b: tuple[int, ...]) -> int | None:
    """By how much the one index differs in which two entries differ."""
    different = [y - x for x, y in zip(a, b, strict=True) if x != y]
    return different[0] if len(different) == 1 else None


__all__ = ["Numbers", "lifted", "named", "numbers_of"]
