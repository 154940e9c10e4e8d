"""What adds up to one: labels and probabilities, and whether the entries of a matrix do so by rows or by columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dvar.check.meaning import losses
from dvar.check.meaning.alphabet import ONE_HOT
from dvar.check.meaning.keys import letters_in, stem_of
from dvar.check.meaning.letters import parts
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

_ONE_HOT = re.compile(r"one[- ]?hot|1-of-[kK]|probability (distribution|vector)s?", re.IGNORECASE)
_LINES = ("row", "column")
_IN_EACH = (
    r"one-?\s?hot {0}|\b{0}s? (?:of \S+ )?(?:is|are) one|\b{0}[- ](?:by[- ]{0}|wise)|"
    r"\b(?:to|of|in|with) (?:each|every) {0}\b"
)
_DISTRIBUTIONS = re.compile(r"probability (distribution|vector)s", re.IGNORECASE)
_LABELS = frozenset(["y", "t", "Y", "T"])


def is_weight(tree: t.Expr) -> bool:
    return isinstance(tree, t.Symbol) and tree.base[:1] in ("W", "w") and not tree.scripts


def index_letters(symbol: t.Symbol) -> list[str]:
    return [c for sub in symbol.subscripts for c in letters_in(sub)]


def _add_up(statements: Sequence[Statement], prose: str) -> str:
    """``softmax(X W)``, ``e^{z_{ik}} / \\sum_j e^{z_{ij}}`` and "one-hot rows": entries of a row add up to one."""
    in_rows, in_columns = (
        re.search(_IN_EACH.format(what), prose, re.IGNORECASE) for what in _LINES
    )
    if (in_rows is None) != (in_columns is None):
        return "rows" if in_rows else "columns"
    votes = 0
    for part in parts(statements):
        if isinstance(part, t.Product) and len(part.factors) > 1:
            first, second = part.factors[:2]
            if all(isinstance(x, t.Symbol) and x.base.isupper() for x in (first, second)):
                votes += is_weight(second) - is_weight(first)
        elif isinstance(part, t.Quotient) and isinstance(part.below, t.Call):
            votes += _along(part.below)
        elif isinstance(part, t.Quotient) and isinstance(part.below, t.Big):
            names = (p for p in t.walk(part.below) if isinstance(p, t.Symbol))
            for letters in (index_letters(p) for p in names):
                if len(letters) == 2 and set(letters) & set(part.below.indices):
                    votes += 1 if letters[1] in part.below.indices else -1
    return "rows" if votes > 0 else "columns" if votes < 0 else ""


def _along(total: t.Call) -> int:
    """``E / E.sum(axis=1, keepdims=True)``: each row is divided by its sum; -1 where each column is."""
    told = dict(total.keywords)
    axis = told.get("axis")
    if total.name != "sum" or "keepdims" not in told or not isinstance(axis, t.Number | t.Negative):
        return 0
    return -1 if isinstance(axis, t.Number) and axis.value == 0 else 1


def see(world: World, statements: Sequence[Statement], prose: str) -> None:
    """``\\sum_i y_i = 1`` and "one-hot" are conditions on names, not claims."""
    world.adds_up = _add_up(statements, prose)
    world.normalised |= losses.labels(statements)
    names = {p.base for p in parts(statements) if isinstance(p, t.Symbol)}
    world.normalised |= {name for name in names if name.startswith(ONE_HOT)}
    if _ONE_HOT.search(prose):
        world.normalised |= _LABELS
    if _DISTRIBUTIONS.search(prose):
        world.normalised |= {"p", "q"}
    for statement in statements:
        members = statement.members
        if len(members) < 2 or members[1].relation != "=":
            continue
        left, right = members[0].expr, members[-1].expr
        if isinstance(left, t.Big) and left.name == "sum" and isinstance(left.body, t.Symbol):
            one = isinstance(right, t.Number) and right.text == "1"
            if one and not left.body.scripts and len(left.indices) == 1:
                world.normalised.add(stem_of(left.body))
