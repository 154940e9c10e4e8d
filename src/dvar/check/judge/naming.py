"""Names in a chain: ``∂L/∂z = a - y = δ`` says what δ is, ``a = σ(w x + b) = σ(z)`` that a is made of z."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from itertools import pairwise
from typing import Any

from dvar.check.judge.roles import Role
from dvar.check.judge.shapes import without_shape
from dvar.check.meaning import gradients
from dvar.check.meaning.definitions import Definition, definition_of
from dvar.check.meaning.interpret import Interpreter
from dvar.check.meaning.keys import Spelling, stem_of
from dvar.check.meaning.letters import parts
from dvar.check.meaning.looks import INDEX_LETTERS
from dvar.check.meaning.patterns import pattern_of
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member, Statement
from dvar.read.worksheet.parts import same_tree

_NAMING = frozenset({"=", "iff", "equiv", ":=", "=:"})
_FIXED = frozenset({"I", "1", "e", "pi"})
"""Names that stand for what they always stand for."""

Family = tuple[str, int, tuple[str, ...]]


@dataclass
class Occurrences:
    """In which statements of a document each name stands, whatever its letters are; and which begin equations.

    Attributes:
        shown: each name as it is written last.
        functions: names that are told to be a function of several others, ``z = f(x, y)``, and where.
        headed: functions that begin an equation.
        residuals: of each name the sums in brackets, or right of a name, that it is a term of: ``(y - X w)``.
    """

    statements: Sequence[Statement]
    at: dict[Family, list[int]] = field(default_factory=dict)
    begun: set[Family] = field(default_factory=set)
    shown: dict[Family, t.Symbol] = field(default_factory=dict)
    functions: dict[str, tuple[int, t.Apply]] = field(default_factory=dict)
    headed: set[str] = field(default_factory=set)
    residuals: dict[Family, list[t.Sum]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for ordinal, statement in enumerate(self.statements):
            names = {family_of(x): x for x in parts([statement]) if isinstance(x, t.Symbol)}
            self.shown |= names
            for family in names:
                self.at.setdefault(family, []).append(ordinal)
            held = [i for p in parts([statement]) if isinstance(p, t.Group) for i in p.items]
            for whole in (*held, *(m.expr for m in statement.members[1:2])):
                if isinstance(whole, t.Sum):
                    for term in (x for x in whole.terms if isinstance(x, t.Symbol)):
                        self.residuals.setdefault(family_of(term), []).append(whole)
            first = statement.members[0].expr
            if isinstance(first, t.Symbol) and len(statement.members) > 1:
                self.begun.add(family_of(first))
                self._see_function(first, statement.members[1].expr, ordinal)
            elif (
                isinstance(first, t.Apply) and len(statement.members) > 1 and not first.head.primes
            ):
                at_numbers = all(isinstance(a, (t.Number, t.Negative)) for a in first.args)
                if not first.head.subscripts and not at_numbers:  # f(1, 2) = 8 tells no formula
                    self.headed.add(stem_of(first.head))

    def _see_function(self, name: t.Symbol, value: t.Expr | None, ordinal: int) -> None:
        if not isinstance(value, t.Apply) or len(value.args) < 2 or value.primes:
            return
        if all(isinstance(a, t.Symbol) for a in value.args) and not value.head.subscripts:
            self.functions.setdefault(stem_of(name), (ordinal, value))

    def begins(self, name: t.Symbol, ordinal: int) -> bool:
        """Whether a name stands in a statement for the first time, and again later."""
        stem, count, places = family_of(name)
        found = self.at.get((stem, count, places), [])
        entries = self.at.get((stem, count, ("?",) * count), [ordinal])  # x_1 where x_k was before
        return len(found) > 1 and found[0] == ordinal <= entries[0]

    def is_only(self, name: t.Symbol) -> bool:
        """Whether a name stands in one statement only."""
        return len(self.at.get(family_of(name), [])) == 1


def named_at_end(
    role: Role, statement: Statement, ordinal: int, world: World, occurrences: Occurrences
) -> Role:
    """The role of a chain whose last member is a name that it introduces, or has one in it."""
    role = _abbreviated(role, ordinal, world, occurrences)
    members = without_shape(statement).members
    last, value = members[-1].expr, members[0].expr
    if role.kind != "claim" or len(members) - 1 in role.links:
        return role
    if members[-1].relation not in _NAMING or (role.definitions and len(members) < 3):
        return role
    if members[0].relation or value is None:
        value = members[-2].expr if len(members) > 1 else None
    if value is not None and _is_call_of_any(last, members, world):
        return replace(role, links=role.links | {len(members) - 1})
    if value is None or not isinstance(last, t.Symbol) or last.primes:
        return role
    if (last.base in _FIXED and not last.subscripts) or _is_of_itself(value):
        return role
    if len(members) < 3 and not members[0].relation and not isinstance(value, t.Derivative):
        return role
    before = (m.expr for m in members[:-1] if m.expr is not None)
    if any(
        isinstance(p, t.Symbol) and family_of(p) == family_of(last)
        for e in before
        for p in t.walk(e)
    ):
        return role
    made = definition_of(last, value, ordinal, world.spelling, False)
    if made is None or world.defining(made.pattern):
        return role
    # g_2 behind g_1 = … may be the last of them
    alike = last.accents or (last.subscripts and stem_of(last) in world.definitions)
    if not occurrences.begins(last, ordinal) and not (alike and occurrences.is_only(last)):
        return role
    pattern, _ = pattern_of(last, world.spelling)
    key = pattern.key(dict.fromkeys(pattern.letters, 1))
    if world.find(key, ordinal) or gradients.is_named(Interpreter(world, ordinal), key):
        return role
    links = role.links | {len(members) - 1}
    return replace(role, definitions=(*role.definitions, made), links=links)


def _is_call_of_any(last: t.Expr | None, members: Sequence[Member], world: World) -> bool:
    """``a^{(3)} = g(z^{(3)}) = h_Θ(x)`` with no formula for h_Θ: only what the network is called as a whole."""
    if not isinstance(last, t.Apply) or len(members) < 3 or not last.head.subscripts:
        return False
    is_bare = isinstance(members[0].expr, t.Symbol) and not members[0].relation
    if not is_bare or last.primes or last.head.primes:
        return False
    return not world.defining(pattern_of(last.head, world.spelling)[0])


def _is_of_itself(value: t.Expr) -> bool:
    """``∂x_i/∂x_k``, which is no gradient to be named δ_{ik} but Kronecker's δ."""
    if not isinstance(value, t.Derivative) or not isinstance(value.of, t.Symbol):
        return False
    return all(isinstance(by, t.Symbol) and stem_of(by) == stem_of(value.of) for by in value.wrt)


def as_function(role: Role, ordinal: int, world: World, occurrences: Occurrences) -> Role:
    """``z = x^2 y`` behind ``z = f(x, y)`` tells f as well, if nothing else does; so does ``= x^2 y``."""
    told = list(_going_on(ordinal, world, occurrences))
    for made in role.definitions:
        at, value = occurrences.functions.get(made.pattern.stem, (ordinal, None))
        if value is None or at >= ordinal or made.numeric or made.params or made.pattern.indices:
            continue
        stem = stem_of(value.head)
        known = any(not d.numeric for d in world.definitions.get(stem, ()))
        if not known and stem not in occurrences.headed and not isinstance(made.value, t.Apply):
            pattern, _ = pattern_of(value.head, world.spelling)
            told.append(Definition(pattern, made.value, ordinal, value.args))
    return replace(role, definitions=(*role.definitions, *told)) if told else role


def by_argument(
    role: Role, statement: Statement, occurrences: Occurrences, spelling: Spelling
) -> Role:
    """``a = σ(w x + b) = σ(z)``: what is made of a is made of z as well, and z gets its formula here if it has none."""
    members = [m.expr for m in without_shape(statement).members]
    made = list[Definition]()
    for definition in role.definitions:
        by_name = _by_name(definition.value, members)
        _, name = _applied(by_name)
        if by_name is None or not isinstance(name, t.Symbol):
            made.append(definition)
            continue
        made.append(replace(definition, value=by_name))
        if family_of(name) not in occurrences.begun:
            inner = _applied(definition.value)[1]
            told = inner and definition_of(name, inner, definition.position, spelling, False)
            made += [told] if told else []
    return replace(role, definitions=tuple(made))


def _abbreviated(role: Role, ordinal: int, world: World, occurrences: Occurrences) -> Role:
    """``e^{z_i} / Σ_k e^{z_k} = e^{z_i} / Z`` tells Z, if it stands here for the first time and nothing else tells it."""
    members = [m.expr for m in without_shape(occurrences.statements[ordinal]).members]
    if occurrences.statements[ordinal].members[0].relation and ordinal:
        members = [occurrences.statements[ordinal - 1].members[-1].expr, *members]
    for whole, short in pairwise(members):
        pairs = _replaced(whole, short)
        if not pairs or pairs[0][0] is whole:
            continue
        if not all(same_tree(pair, pairs[0]) for pair in pairs):
            continue
        value, name = pairs[0]
        if family_of(name) in occurrences.begun or not occurrences.begins(name, ordinal):
            continue
        told = definition_of(name, value, ordinal, world.spelling, False)
        if told is not None and not world.defining(told.pattern):
            return replace(role, definitions=(*role.definitions, told))
    return role


def _replaced(a: Any, b: Any) -> list[tuple[t.Expr, t.Symbol]] | None:
    """What bare names stand for in the second of two formulas that are built alike; None where they are not."""
    if same_tree(a, b):
        return []
    if isinstance(b, t.Symbol) and not isinstance(a, (t.Symbol, t.Number, t.Script)):
        return None if b.scripts or b.primes else [(a, b)]
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        pairs = list(zip(a, b, strict=True))
    elif type(a) is type(b) and is_dataclass(a):
        names = [f.name for f in fields(a) if f.name not in ("span", "font", "inline")]
        pairs = [(getattr(a, n), getattr(b, n)) for n in names]
    else:
        return None
    found = [_replaced(x, y) for x, y in pairs]
    return None if None in found else [pair for some in found if some for pair in some]


def _going_on(ordinal: int, world: World, occurrences: Occurrences) -> Iterator[Definition]:
    """The formula of f where ``y = f(x)`` goes on in the next row."""
    first = occurrences.statements[ordinal].members[0]
    before = occurrences.statements[ordinal - 1].members if ordinal else ()
    value = before[1].expr if len(before) == 2 and not before[0].relation else None
    if first.relation != "=" or first.expr is None or not isinstance(value, t.Apply):
        return
    if value.primes or value.head.primes or value.head.subscripts or value.scripts:
        return
    inside = [replace(p, scripts=()) for p in t.walk(first.expr) if isinstance(p, t.Symbol)]
    if not all(any(same_tree(a, p) for p in inside) for a in value.args):
        return
    stem = stem_of(value.head)
    known = any(not d.numeric for d in world.definitions.get(stem, ()))
    if not known and stem not in occurrences.headed:
        yield Definition(pattern_of(value.head, world.spelling)[0], first.expr, ordinal, value.args)


def _by_name(value: t.Expr, members: Sequence[t.Expr | None]) -> t.Expr | None:
    """The member in which a function is applied to a name, where it is applied to a formula before."""
    head, inner = _applied(value)
    for member in members if head is not None else ():
        again, name = _applied(member)
        if again == head and isinstance(name, t.Symbol) and not isinstance(inner, t.Symbol):
            return member
    return None


def _applied(tree: t.Expr | None) -> tuple[str | None, t.Expr | None]:
    """The function and its one argument."""
    if isinstance(tree, (t.Apply, t.Call)) and len(tree.args) == 1:
        if not (tree.scripts or tree.subscripts or tree.primes):
            return tree.name if isinstance(tree, t.Call) else stem_of(tree.head), tree.args[0]
    return None, None


def family_of(symbol: t.Symbol) -> Family:
    return stem_of(symbol), len(symbol.subscripts), tuple(map(_place, symbol.subscripts))


def _place(sub: t.Expr) -> str:
    """A number or a label; index letters all alike: ``A_{ij}`` and ``A_{kl}`` are entries of the same."""
    if isinstance(sub, t.Label) and set(sub.text) <= INDEX_LETTERS:
        return "?" * len(sub.text)
    return sub.text if isinstance(sub, (t.Label, t.Number)) else "?"
