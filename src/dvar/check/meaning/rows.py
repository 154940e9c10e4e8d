"""Whether the examples of an array are its rows or its columns."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from dvar.check.meaning.keys import stem_of
from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

EXAMPLES = r"(?:examples?|samples?|observations?|data ?points?|instances?|records?)"
_WEIGHTS = frozenset(
    ["W", "w", "U", "u", "V", "v", "theta", "Theta", "beta", "B", "A", "a", "M", "K"]
)
_COLUMNS = re.compile(
    rf"{EXAMPLES}\b[^.;|]{{0,40}}\bcolumns?\b|\bcolumns?\b[^.;|]{{0,30}}{EXAMPLES}", re.IGNORECASE
)
_ROWS = re.compile(
    rf"{EXAMPLES}\b[^.;|]{{0,40}}\brows?\b|\brows?\b[^.;|]{{0,30}}{EXAMPLES}"
    r"|\bdesign matrix\b|\brows?\b[^.;|]{0,20}\b(of|into)\b\W*(boldsymbol|mathbf)?\W*X\b",
    re.IGNORECASE,
)


def are_rows(
    wholes: Collection[str], counts: Collection[str], statements: Sequence[Statement], prose: str
) -> bool:
    """Whether examples are rows: as said, or by what stands on which side of them.

    Args:
        wholes: stems of arrays of examples; counts: names of how many examples there are.
    """
    rows, columns = len(_ROWS.findall(prose)), len(_COLUMNS.findall(prose))
    if rows != columns:
        return rows > columns
    votes = sum(_vote(left, right, wholes) for left, right in _neighbours(statements))
    said = sum(_declared(s, wholes, counts) for s in statements)
    summed = sum(_contracts(part, wholes) for part in parts(statements))
    return (said or votes or summed) > 0


def _declared(statement: Statement, wholes: Collection[str], counts: Collection[str]) -> int:
    """1 for ``X \\in R^{N \\times D}`` with N examples, -1 for ``R^{D \\times N}``."""
    names = {stem_of(p) for p in parts([statement]) if isinstance(p, t.Symbol)}
    sizes = next((m.expr.sizes for m in statement.members if isinstance(m.expr, t.Shape)), ())
    if len(sizes) != 2 or not names & set(wholes):
        return 0
    first, second = (isinstance(s, t.Symbol) and stem_of(s) in counts for s in sizes)
    return first - second


def _neighbours(statements: Sequence[Statement]) -> Iterator[tuple[t.Expr, t.Expr]]:
    for part in parts(statements):
        if isinstance(part, t.Product) and not _is_form(part):
            yield from zip(part.factors, part.factors[1:], strict=False)


def _is_form(tree: t.Product) -> bool:
    """``X^T W X``: what stands in the middle weighs the examples, however they lie."""
    names = [x for x in tree.factors if isinstance(x, t.Symbol)]
    turned = {stem_of(x) for x in names if any(s.kind == "transpose" for s in x.scripts)}
    return any(not x.scripts and stem_of(x) in turned for x in names)


def _contracts(tree: t.Expr | t.Script, wholes: Collection[str]) -> int:
    """1 for ``X^T (y - p)`` and ``X^T X``, which add up over rows, -1 for ``dZ X^T`` and ``X^T w``."""
    if isinstance(tree, t.Apply):
        return int(_is_turned(tree.head, wholes))
    if not isinstance(tree, t.Product):
        return 0
    places = [n for n, factor in enumerate(tree.factors) if _is_turned(factor, wholes)]
    if len(places) != 1:
        return 0
    behind = tree.factors[places[0] + 1 :]
    is_model = len(behind) == 1 and isinstance(behind[0], t.Symbol) and behind[0].base in _WEIGHTS
    return -1 if not behind or is_model else 1


def _is_turned(tree: t.Expr, wholes: Collection[str]) -> bool:
    if not isinstance(tree, t.Symbol) or stem_of(tree) not in wholes:
        return False
    return any(s.kind == "transpose" for s in tree.scripts)


def _vote(left: t.Expr, right: t.Expr, wholes: Collection[str]) -> int:
    """1 for ``X w``, -1 for ``W X``."""
    if not isinstance(left, t.Symbol) or not isinstance(right, t.Symbol):
        return 0
    if stem_of(left) in wholes and right.base in _WEIGHTS:
        return 0 if any(s.kind == "transpose" for s in left.scripts) else 1
    if stem_of(right) in wholes and left.base in _WEIGHTS:
        return 0 if any(s.kind == "transpose" for s in right.scripts) else -1
    return 0
