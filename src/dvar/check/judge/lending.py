"""Steps that only a program defines, for the formulas that use them entry by entry.

``c = x - m`` in a program is ``c_{ij} = x_{ij} - m_j`` where the formulas write ``x_{ij}``, ``m_j`` and ``c_{ij}``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from dvar.check.judge.assignments import is_update
from dvar.check.judge.sections import equation
from dvar.check.meaning import functions
from dvar.check.meaning.definitions import Definition, definition_of
from dvar.check.meaning.keys import Spelling, stem_of
from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import rewritten

_SHORT = {"eps": "epsilon", "lam": "lambda", "lmbda": "lambda", "lr": "eta"}
_KINDS = (t.Sum, t.Product, t.Quotient, t.Power, t.Negative, t.Number, t.Root, t.Group, t.Big)


class _Reductive(Exception):
    """A step that is not one of entries."""


def plain(stem: str) -> str:
    """``x.hat`` as a program calls it."""
    return stem.replace(".", "").replace("_", "")


def names_of(statements: Sequence[Statement]) -> dict[str, t.Symbol]:
    """How the formulas write each name, with its indices: the commonest way."""
    counted: dict[str, Counter[tuple[str, ...]]] = {}
    shown: dict[tuple[str, ...], t.Symbol] = {}
    for part in parts(statements):
        if not isinstance(part, t.Symbol) or any(s.kind != "plain" for s in part.scripts):
            continue
        labels = [s.text for s in part.subscripts if isinstance(s, t.Label)]
        if len(labels) < len(part.subscripts) or not all(x.isalpha() for x in labels):
            continue
        way = (part.base, *part.accents, "_", *labels)
        shown.setdefault(way, replace(part, scripts=(), primes=0))
        counted.setdefault(plain(stem_of(part)), Counter())[way] += 1
    found = {stem: shown[ways.most_common(1)[0][0]] for stem, ways in counted.items()}
    for stem, symbol in list(found.items()):
        if stem.startswith("d") and len(stem) > 1 and symbol.base != "d":
            found.setdefault(stem[1:], replace(symbol, base=symbol.base[1:]))  # q of dq_{ij}
    return found


def lent(
    statement: Statement, ordinal: int, names: dict[str, t.Symbol], spelling: Spelling
) -> Definition | None:
    """The definition in the manner of the formulas; None where it is none of entries."""
    left, right = equation(statement)
    if not isinstance(left, t.Symbol) or right is None or is_update(left, right, "="):
        return None
    try:
        target = cast("t.Symbol", _put(left, names))
        value = _put(_summed(right, target, names), names)
    except _Reductive:
        return None
    made = definition_of(target, value, ordinal, spelling, False)
    return None if made is None else replace(made, firm=True)


def _summed(tree: t.Expr, target: t.Symbol, names: dict[str, t.Symbol]) -> t.Expr:
    """A sum along an axis as one over the index that the result has not."""
    if isinstance(tree, t.Quotient):
        return replace(tree, above=_summed(tree.above, target, names))
    if not isinstance(tree, t.Call) or tree.name != "sum" or len(tree.args) != 1:
        return tree
    used = {
        label.text
        for part in t.walk(tree.args[0])
        if isinstance(part, t.Symbol) and (known := names.get(plain(stem_of(part)))) is not None
        for label in known.subscripts
        if isinstance(label, t.Label)
    }
    letters = set("".join(used))
    kept = set("".join(label.text for label in target.subscripts if isinstance(label, t.Label)))
    if len(letters - kept) != 1 or not kept <= letters:
        raise _Reductive
    return t.Big("sum", tuple(letters - kept), None, None, None, tree.args[0], tree.span)


def _put(tree: t.Expr, names: dict[str, t.Symbol]) -> t.Expr:
    def put(part: t.Expr | t.Script) -> t.Symbol | None:
        if isinstance(part, t.Symbol):
            stem = plain(stem_of(part))
            known = names.get(stem) or names.get(_SHORT.get(stem, ""))
            if known is None or part.subscripts or any(s.kind != "plain" for s in part.scripts):
                raise _Reductive
            return replace(known, span=part.span, scripts=part.scripts)
        is_call = isinstance(part, t.Call) and functions.named(part.name) in functions.ELEMENTWISE
        if not is_call and not isinstance(part, (*_KINDS, t.Script)):
            raise _Reductive
        return None

    return cast("t.Expr", rewritten(tree, put))
