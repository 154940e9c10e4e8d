r"""Primes that belong to a name.

An index with a prime, ``\sum_{k'} e^{z_{k'}}``, is a letter of its own; ``W'`` beside ``W`` may be a matrix of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeGuard

from dvar.check.meaning.keys import arguments, stem_of
from dvar.check.meaning.letters import parts, spelling_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import rewritten

_FREE = "jkmnpqruvxyzabcdghow"
"""Letters that are taken for primed ones, those first that mostly are indices."""


def renamed(statements: Sequence[Statement]) -> list[Statement]:
    """The statements with a free letter for each primed index, and primes of names as accents."""
    return _of_indices(_of_names(statements))


def _of_names(statements: Sequence[Statement]) -> list[Statement]:
    """``W'^T``, ``W' \\in R^{N \\times V}``, ``∂E/∂W'``: no transposes of ``W``, but another matrix.

    ``h' = (1 - z) h`` beside ``∂h'/∂z`` is no slope of h either.
    """
    named = {stem_of(p) for s in statements for p in _primed_names(s)}
    named |= _results(statements) | _arguments(statements) | _compared(statements)
    if not named:
        return list(statements)

    def change(part: Any) -> t.Expr | None:
        if isinstance(part, t.Symbol) and part.primes == 1 and stem_of(part) in named:
            return replace(part, accents=(*part.accents, "'"), primes=0)
        return None

    return [rewritten(s, change) for s in statements]


def _primed_names(statement: Statement) -> Iterator[t.Symbol]:
    """Capital letters with a prime that only names have: sizes, another transpose, a place below a line."""
    for before, member in zip(statement.members, statement.members[1:], strict=False):
        if isinstance(member.expr, t.Shape) and before.expr is not None:
            yield from (p for p in t.walk(before.expr) if _is_primed_matrix(p))
    for part in parts([statement]):
        if isinstance(part, t.Derivative):
            yield from (x for x in part.wrt if _is_primed_matrix(x))
        elif _is_primed_matrix(part) and any(s.kind == "transpose" for s in part.scripts):
            yield part


def _results(statements: Sequence[Statement]) -> set[str]:
    """Small letters with a prime that have a formula and are differentiated, where the letter alone is no function."""
    told = [(s.members[0].expr, s.members[1].expr) for s in statements if len(s.members) > 1]
    # A number is no formula that could have a slope.
    made = {
        (stem_of(x), x.primes)
        for x, value in told
        if isinstance(x, t.Symbol) and (x.primes or not isinstance(value, t.Number | t.Negative))
    }
    applied = {stem_of(p.head) for p in parts(statements) if isinstance(p, t.Apply)}
    derived: set[str] = set()
    for part in parts(statements):
        if isinstance(part, t.Derivative) and isinstance(part.of, t.Symbol):
            derived |= {stem_of(part.of)} if part.of.primes == 1 and not part.operator else set()
        if isinstance(part, t.Derivative):  # by h'
            derived |= {stem_of(x) for x in part.wrt if isinstance(x, t.Symbol) and x.primes == 1}
    return {
        stem
        for stem in derived - applied
        if stem[:1].islower() and (stem, 1) in made and (stem, 0) not in made
    }


def _compared(statements: Sequence[Statement]) -> set[str]:
    """``E = (y' - y)^2``: what is squared is the error of y, and no slope of it."""
    found: set[str] = set()
    for part in parts(statements):
        if not isinstance(part, t.Group) or not _is_squared(part) or len(part.items) != 1:
            continue
        inner = part.items[0]
        terms = inner.terms if isinstance(inner, t.Sum) else ()
        if len(terms) == 2 and all(isinstance(x, t.Symbol) and not x.scripts for x in terms):
            a, b = (x for x in terms if isinstance(x, t.Symbol))
            same = stem_of(a) == stem_of(b) and a.subscripts == b.subscripts
            found |= {stem_of(a)} if same and {a.primes, b.primes} == {0, 1} else set()
    return found


def _is_squared(group: t.Group) -> bool:
    powers = [s.value for s in group.scripts if s.kind == "plain"]
    return len(powers) == 1 and isinstance(powers[0], t.Number) and powers[0].text == "2"


def _arguments(statements: Sequence[Statement]) -> set[str]:
    """``V(s') - V(s)``: small letters that a function is given with a prime and without."""
    given: dict[str, set[tuple[str, int]]] = {}
    for part in parts(statements):
        if isinstance(part, t.Apply):
            names = (a for a in arguments(part.args) if isinstance(a, t.Symbol) and not a.scripts)
            given.setdefault(stem_of(part.head), set()).update(
                (stem_of(a), a.primes) for a in names
            )
    return {
        stem
        for both in given.values()
        for stem, primes in both
        if primes == 1 and (stem, 0) in both and stem[:1].islower()
    }


def _is_primed_matrix(part: object) -> TypeGuard[t.Symbol]:
    return isinstance(part, t.Symbol) and part.primes == 1 and part.base[:1].isupper()


def _of_indices(statements: Sequence[Statement]) -> list[Statement]:
    known = spelling_of(statements).letters
    primed = {c for part in parts(statements) for c in _primed(part, known)}
    if not primed:
        return list(statements)
    taken = {p.base for p in parts(statements) if isinstance(p, t.Symbol)}
    taken |= {c for p in parts(statements) if isinstance(p, t.Label) for c in p.text}
    taken |= {c for p in parts(statements) if isinstance(p, t.Big) for c in p.indices} | known
    free = (c for c in _FREE if c not in taken)
    new = dict(zip(sorted(primed), free, strict=False))
    return [_statement(s, new) for s in statements]


def _primed(part: t.Expr | t.Script, known: set[str]) -> set[str]:
    if isinstance(part, t.Big):
        return {c for c in part.indices if len(c) == 2 and c.endswith("'")}
    if not isinstance(part, t.Symbol):
        return set()
    inner = [x for sub in part.subscripts for x in t.walk(sub)]
    return {
        f"{x.base}'" for x in inner if isinstance(x, t.Symbol) and x.primes == 1 and x.base in known
    }


def _statement(statement: Statement, new: dict[str, str]) -> Statement:
    members = tuple(
        m if m.expr is None else replace(m, expr=_with(m.expr, new, False))
        for m in statement.members
    )
    condition = statement.condition
    if condition is not None:
        condition = _with(condition, new, True)
    return replace(statement, members=members, condition=condition)


def _with(tree: Any, new: dict[str, str], index: bool) -> Any:
    """A tree with letters for primed indices; ``index`` says whether it stands where indices do."""
    if isinstance(tree, tuple):
        return tuple(_with(part, new, index) for part in tree)
    if not is_dataclass(tree) or isinstance(tree, type):
        return tree
    if isinstance(tree, t.Symbol):
        if index and tree.primes == 1 and f"{tree.base}'" in new and not tree.subscripts:
            return replace(tree, base=new[f"{tree.base}'"], primes=0)
        return replace(
            tree,
            subscripts=tuple(_label(_with(sub, new, True)) for sub in tree.subscripts),
            scripts=_with(tree.scripts, new, index),
        )
    changed = {
        f.name: _with(getattr(tree, f.name), new, index or f.name in _PLACES)
        for f in fields(tree)
        if f.name not in ("span", "indices")
    }
    if isinstance(tree, t.Big):
        changed["indices"] = tuple(new.get(c, c) for c in tree.indices)
    return replace(tree, **changed)


def _label(sub: t.Expr) -> t.Expr:
    """``kk'`` with a letter for the prime: two indices, no product."""
    if not isinstance(sub, t.Product) or any(sub.operators):
        return sub
    letters = [f.base for f in sub.factors if isinstance(f, t.Symbol) and len(f.base) == 1]
    return t.Label("".join(letters), sub.span) if len(letters) == len(sub.factors) else sub


_PLACES = frozenset({"subscripts", "condition", "low", "high"})

__all__ = ["renamed"]
