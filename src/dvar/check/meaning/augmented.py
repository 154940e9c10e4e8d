"""Biases that are the weights of an input 1: ``Σ_{i=1}^d w_i x_i + w_0 = Σ_{i=0}^d w_i x_i = w^T x``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from dvar.check.meaning.columns import is_turned
from dvar.check.meaning.keys import stem_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import factors_of, in_members, same_tree

_ZERO = "0"


def spelled_out(statements: Sequence[Statement]) -> list[Statement]:
    """The statements, with the bias apart wherever a chain says that it is the weight of one more input."""
    return [_spelled_out(s) if len(s.members) > 1 else s for s in statements]


def _spelled_out(statement: Statement) -> Statement:
    told = {pair: tree for m in statement.members for pair, tree in _with_bias(m.expr)}
    if not told:
        return statement

    def change(part: object) -> t.Expr | None:
        pair = _whole(part)
        return t.Group("(", (told[pair],), told[pair].span) if pair in told else None

    return in_members(statement, change)


def _with_bias(tree: t.Expr | None) -> Iterator[tuple[frozenset[str], t.Sum]]:
    """``Σ_{i=1} w_{ji} x_i + w_{j0}`` and ``w_0 + w_1 x_1 + w_2 x_2`` by the names w and x."""
    for part in t.walk(tree) if tree is not None else ():
        if not isinstance(part, t.Sum) or set(part.signs) != {1}:
            continue
        if len(part.terms) != 2:
            names = _of_terms(part)
            if names:
                yield names, part
            continue
        for big, bias in (part.terms, part.terms[::-1]):
            entries = _entries(big) if isinstance(big, t.Big) and _is_from(big, "1") else ()
            due = [_at_zero(entry, big.indices[0]) for entry in entries if isinstance(big, t.Big)]
            if any(same_tree(bias, x) for x in due):
                yield frozenset(map(stem_of, entries)), part


def _of_terms(tree: t.Sum) -> frozenset[str]:
    """The names w and x of ``w_0 + w_1 x_1 + w_2 x_2``, every term of another number."""
    bias = [x for x in tree.terms if isinstance(x, t.Symbol) and _number(x) == _ZERO]
    pairs = [x.factors for x in tree.terms if isinstance(x, t.Product)]
    if len(bias) != 1 or len(pairs) != len(tree.terms) - 1:
        return frozenset()
    names = frozenset(stem_of(f) for pair in pairs for f in pair if isinstance(f, t.Symbol))
    numbers = [{_number(f) if isinstance(f, t.Symbol) else "" for f in pair} for pair in pairs]
    told = [of.pop() for of in numbers if len(of) == 1]
    own = stem_of(bias[0]) in names and len(names) == 2 and all(len(p) == 2 for p in pairs)
    return names if own and sorted(told) == [str(k + 1) for k in range(len(pairs))] else frozenset()


def _number(name: t.Symbol) -> str:
    only = name.subscripts[0] if len(name.subscripts) == 1 else None
    return only.text if isinstance(only, t.Number | t.Label) else ""


def _whole(part: object) -> frozenset[str]:
    """The names that are multiplied whole, ``w^T x``, or entry by entry from 0."""
    if isinstance(part, t.Big) and _is_from(part, _ZERO):
        return frozenset(map(stem_of, _entries(part)))
    if isinstance(part, t.Product) and len(part.factors) == 2:
        names = [f for f in part.factors if isinstance(f, t.Symbol)]
        if len(names) == 2 and _is_turned(names[0]):
            return frozenset(map(stem_of, names))
    return frozenset()


def _entries(big: t.Big) -> tuple[t.Symbol, ...]:
    factors = factors_of(big.body) if big.name == "sum" and len(big.indices) == 1 else ()
    names = tuple(f for f in factors if isinstance(f, t.Symbol))
    return names if len(names) == len(factors) == 2 else ()


def _is_from(big: t.Big, number: str) -> bool:
    return isinstance(big.low, t.Number) and big.low.text == number


def _at_zero(entry: t.Symbol, letter: str) -> t.Symbol:
    """``w_{j0}`` of ``w_{ji}``."""

    def put(sub: t.Expr) -> t.Expr:
        if isinstance(sub, t.Label):
            return replace(sub, text=sub.text.replace(letter, _ZERO))
        is_letter = isinstance(sub, t.Symbol) and sub.base == letter
        return t.Label(_ZERO, sub.span, False) if is_letter else sub

    return replace(entry, subscripts=tuple(map(put, entry.subscripts)))


def _is_turned(name: t.Symbol) -> bool:
    """``w^T``, and ``w^t`` as some write it."""
    by_letter = any(isinstance(s.value, t.Symbol) and s.value.base == "t" for s in name.scripts)
    return (is_turned(name) or by_letter) and len(name.scripts) == 1
