r"""Log-densities as quantities: ``\ln p(t \mid w) = …`` says what ``\ln p`` is, though not what p is.

Where a document gives the logarithm of a density and never the density, the logarithm is a name of its own.
``\mathcal{N}(x \mid \mu, \sigma^2)`` is the normal one, at x.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from dvar.check.meaning.functions import NORMAL
from dvar.check.meaning.keys import arguments
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import in_members

_DENSITIES = frozenset(["p", "P", "q", "L", "f", "pi"])
_EQUALS = frozenset({"=", ":=", "equiv", "propto"})


def named(statements: Sequence[Statement]) -> list[Statement]:
    """The statements, with ``\\ln p(…)`` as a name where only the logarithm has a formula."""
    given: dict[str, list[object]] = {}
    plain: set[str] = set()
    for statement in statements:
        members = statement.members
        if len(members) < 2 or members[0].relation or members[1].relation not in _EQUALS:
            continue
        told = _log_of(members[0].expr)
        if told is not None:
            given.setdefault(told[0], []).append(told[1])
        elif isinstance(members[0].expr, t.Apply):
            plain.add(members[0].expr.head.base)
        elif isinstance(members[0].expr, t.Symbol):
            plain.add(members[0].expr.base)
    logs = {base: args for base, args in given.items() if base not in plain}
    if not logs:
        return list(statements)

    def name(part: t.Expr) -> t.Symbol | None:
        found = _log_of(part)
        if found is None or found[0] not in logs:
            return None
        base, args = found
        known = args is None or args in logs[base]
        return t.Symbol(f"ln{base}", part.span) if known else None

    return [in_members(s, name) for s in statements]


def normal(statements: Sequence[Statement]) -> list[Statement]:
    r"""The statements, with ``\mathcal{N}(x \mid \mu, \sigma^2)`` as the normal density at x."""

    def change(part: t.Expr) -> t.Call | None:
        if not isinstance(part, t.Apply) or (part.head.base, part.head.font) != ("N", "cal"):
            return None
        hangs = part.primes or part.scripts or part.subscripts
        hangs = hangs or part.head.scripts or part.head.subscripts
        args = arguments(part.args)
        return t.Call(NORMAL, tuple(args), part.span) if len(args) == 3 and not hangs else None

    return [in_members(s, change) for s in statements]


def _log_of(tree: Any) -> tuple[str, object] | None:
    """The density whose logarithm this is, and of what: None for a bare ``\\ln p``."""
    if not isinstance(tree, t.Call) or tree.name not in ("log", "ln") or len(tree.args) != 1:
        return None
    if tree.subscripts or tree.scripts or tree.primes:
        return None
    of = tree.args[0]
    if isinstance(of, t.Apply) and of.head.base in _DENSITIES and not of.primes:
        conditional = any(isinstance(a, t.Relation) for a in of.args)
        if (conditional or of.head.base == "L") and not (of.scripts or of.head.scripts):
            return of.head.base, _bare(of.args)
    if isinstance(of, t.Symbol) and of.base in _DENSITIES and not (of.scripts or of.subscripts):
        return of.base, None
    return None


def _bare(part: Any) -> object:
    """A tree without places and fonts, to be compared."""
    if isinstance(part, tuple):
        return tuple(_bare(item) for item in part)
    if not hasattr(part, "span"):
        return part
    kept = (f.name for f in fields(part) if f.name not in ("span", "font"))
    return (type(part).__name__, *((name, _bare(getattr(part, name))) for name in kept))
