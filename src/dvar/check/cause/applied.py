"""Bends of functions: one that is forgotten, ``c`` for ``tanh(c)``; and indices that run the other way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from dvar.check.cause.bend import Bend, source_of
from dvar.check.meaning import functions
from dvar.check.meaning.definitions import Definition
from dvar.check.meaning.keys import stem_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import places

MOST = 12
"""Functions that are tried."""


def functions_in(definitions: Sequence[Definition]) -> list[t.Call | t.Apply]:
    """Activations that the formulas of a problem apply, one use of each."""
    found: dict[str, t.Call | t.Apply] = {}
    for definition in definitions:
        for part in t.walk(definition.value):
            if isinstance(part, t.Call) and functions.named(part.name) in functions.ELEMENTWISE:
                if len(part.args) == 1 and not part.primes:
                    found.setdefault(
                        f"{part.name} {_of(part)}", replace(part, scripts=(), subscripts=())
                    )
            elif isinstance(part, t.Apply) and part.head.base in functions.SIGMAS:
                if len(part.args) == 1 and not part.primes and not part.head.primes:
                    found.setdefault(f"sigma {_of(part)}", replace(part, scripts=(), subscripts=()))
    return list(found.values())[:MOST]


def _of(use: t.Call | t.Apply) -> str:
    argument = use.args[0]
    return stem_of(argument) if isinstance(argument, t.Symbol) else ""


def forgotten(tree: t.Expr, text: str, used: Sequence[t.Call | t.Apply]) -> Iterator[Bend]:
    """A name put into a function: ``tanh(c)`` is due where ``c`` stands."""
    heads = {id(p.head) for p in t.walk(tree) if isinstance(p, t.Apply)}
    for part, rebuild in places(tree):
        if not isinstance(part, t.Symbol) or part.scripts or part.primes or id(part) in heads:
            continue
        for use in used:
            if not _is_of(use, part):
                continue
            written = source_of(text, use)[: max(0, use.args[0].span[0] - use.span[0])].rstrip("(")
            shown = f"{written}({source_of(text, part)})"
            applied = replace(use, args=(part,), span=part.span)
            yield Bend(
                "wrong-variable", rebuild(applied), (part.span, shown), f"{shown} is due", sure=True
            )


def _is_of(use: t.Call | t.Apply, name: t.Symbol) -> bool:
    """Whether the document applies the function to this name."""
    argument = use.args[0]
    return isinstance(argument, t.Symbol) and stem_of(argument) == stem_of(name)


def turned_indices(tree: t.Expr) -> Iterator[Bend]:
    """``δ_{i-m, j-n}`` for ``δ_{i+m, j+n}``."""
    for part, rebuild in places(tree):
        if not isinstance(part, t.Symbol):
            continue
        new = tuple(_turned(sub) for sub in part.subscripts)
        if new != part.subscripts:
            yield Bend(
                "wrong-variable",
                rebuild(replace(part, subscripts=new)),
                None,
                "the direction of the indices",
                sure=True,
            )


def _turned(sub: t.Expr) -> t.Expr:
    if isinstance(sub, t.Sum) and len(sub.terms) == 2 and sub.signs[0] == 1:
        if not any(isinstance(term, t.Number) for term in sub.terms):
            return replace(sub, signs=(1, -sub.signs[1]))
    return sub


__all__ = ["forgotten", "functions_in", "turned_indices"]
