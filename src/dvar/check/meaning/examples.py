r"""Examples counted by a plain superscript: ``\sum_i (h(x^i) - y^i)^2`` is about ``x^{(i)}`` and ``y^{(i)}``.

A letter above a name is a power, unless a sum over it has several names with it: data come in pairs, and no
power series has two bases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dvar.check.meaning.letters import parts, shifted
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import in_members

_COUNTING = frozenset("ijkmnps")
"""Letters that examples are counted by; steps and layers are counted by others."""


def marked(statements: Sequence[Statement]) -> list[Statement]:
    """The statements, with the superscripts that count examples in brackets."""
    letters = _counting(statements)
    if not letters:
        return list(statements)

    def mark(part: Any) -> t.Expr | None:
        if not isinstance(part, t.Symbol) or not _above(part) & letters:
            return None
        scripts = tuple(
            replace(s, kind="paren") if _letter(s) in letters else s for s in part.scripts
        )
        return replace(part, scripts=scripts)

    return [in_members(s, mark) for s in statements]


def _counting(statements: Sequence[Statement]) -> set[str]:
    """Letters of sums that stand above two names there, and nowhere as a quantity."""
    found: set[str] = set()
    quantities: set[str] = set()
    for part in parts(statements):
        if isinstance(part, t.Big) and part.name == "sum":
            above: dict[str, set[str]] = {}
            for inner in t.walk(part.body):
                if isinstance(inner, t.Symbol):
                    for letter in _above(inner) & set(part.indices):
                        above.setdefault(letter, set()).add(inner.base)
            found |= {letter for letter, names in above.items() if len(names) > 1}
        elif isinstance(part, t.Product):
            quantities |= {f.base for f in part.factors if isinstance(f, t.Symbol)}
    return (found & _COUNTING) - quantities


def _above(symbol: t.Symbol) -> set[str]:
    """The single letters that stand above a Latin name without brackets."""
    if symbol.base == "e" or not symbol.base.isascii() or len(symbol.base) > 1:
        return set()
    return {letter for s in symbol.scripts if (letter := _letter(s))}


def _letter(script: t.Script) -> str:
    letter, shift = shifted(script.value) if script.kind == "plain" else ("", 0)
    return "" if shift else letter
