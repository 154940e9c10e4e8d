"""Formulas that do not agree with their own numbers: which of the two the rest of a document goes on with.

``a = -1/(1 + e^{-z}) = 1/(1 + e^{-0.09}) = 0.5225`` defines a by a formula that is written wrong.  Lines further on
that are right of the a that was meant are no mistakes; the first of them tells which formula that was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from dvar.check.cause.bends import bends
from dvar.check.cause.renaming import nearest
from dvar.check.judge import numbers
from dvar.check.judge.chain import Verdict
from dvar.check.judge.ledger import Doubt
from dvar.check.judge.links import is_number
from dvar.check.judge.literal import is_plain
from dvar.check.judge.place import Place
from dvar.check.meaning import effort
from dvar.check.meaning.aligning import put_in
from dvar.check.meaning.definitions import Definition
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member
from dvar.read.worksheet.parts import same_tree

T = TypeVar("T")
TRIES = 20_000
"""Parts of work for what may have been meant by one formula."""
MEANT = 3
"""So many formulas that may have been meant are kept."""
NAMES = 12


def note(
    place: Place, members: Sequence[Member], verdict: Verdict, text: str, others: Sequence[t.Symbol]
) -> None:
    """Remember the definition in a wrong line, if small changes of its formula agree with the numbers there.

    Of two formulas for one name the other one may have been meant.
    """
    if verdict.link is None:
        return
    definition = _definition_in(place)
    if verdict.link.numbers is None:
        if definition is not None and (other := _others(place, members, definition)):
            place.ledger.doubts.append(Doubt(definition, place.line, other[:MEANT]))
            return
    shown = [m.expr for m in members if m.expr is not None and is_number(m.expr, place.world)]
    if definition is None or not shown or not is_plain(shown[-1]):
        return
    with place.world.unchanged():
        meant = list(islice(_meant(place, definition.value, shown, text, others), MEANT))
    if meant:
        place.ledger.doubts.append(Doubt(definition, place.line, meant))


def _others(place: Place, members: Sequence[Member], definition: Definition) -> list[t.Expr]:
    """The other formulas for a name: in the same line, and those of before."""
    formulas = [m.expr for m in members[1:] if m.expr is not None and m.relation == "="]
    before = [
        d.value
        for d in place.world.defining(definition.pattern)
        if d.position < definition.position and not d.numeric
    ]
    found = [*formulas, *reversed(before)]
    return [
        x for x in found if not same_tree(x, definition.value) and not is_number(x, place.world)
    ]


def _definition_in(place: Place) -> Definition | None:
    """The one definition that a line makes by a formula; by derivatives there is but one that can be meant."""
    made = [
        d
        for ds in place.world.definitions.values()
        for d in ds
        if d.position == place.position and not d.numeric and not _differentiates(d.value)
    ]
    return made[0] if len(made) == 1 else None


def _differentiates(tree: t.Expr) -> bool:
    return any(isinstance(p, t.Derivative) for p in t.walk(tree))


def _meant(
    place: Place,
    formula: t.Expr,
    shown: Sequence[t.Expr],
    text: str,
    others: Sequence[t.Symbol],
) -> Iterator[t.Expr]:
    """Formulas that come to the number of a line, first those whose names have the numbers put in there."""
    started = effort.spent()
    rest: list[t.Expr] = []
    for bend in bends(formula, text, nearest(others, NAMES), (), ()):
        if effort.spent() - started > TRIES:
            break
        if _is_twice_turned(bend.tree):
            continue
        if numbers.with_numbers(place, bend.tree, shown[-1], [{}]).verdict != "ok":
            continue
        if any(_is_put_in(place, bend.tree, written) for written in shown[:-1]):
            yield bend.tree
        else:
            rest.append(bend.tree)
    yield from rest


def _is_twice_turned(tree: t.Expr) -> bool:
    return isinstance(tree, t.Negative) and isinstance(tree.operand, t.Negative)


def _is_put_in(place: Place, formula: t.Expr, written: t.Expr) -> bool:
    pairs = put_in(formula, written) or []
    return bool(pairs) and all(
        numbers.with_numbers(place, name, value, [{}]).verdict == "ok" for name, value in pairs
    )


def settled(place: Place, root: int | None, again: Callable[[], T | None]) -> T | None:
    """What is to be said of a line that is right by a formula that was meant; that holds from here on.

    Args:
        place: of the line.
        root: the line that its mistake is said to come from.
        again: judges the line once more; None if it is not right.
    """
    world, doubts = place.world, place.ledger.doubts
    for n, doubt in enumerate(doubts):
        if root not in (None, doubt.line):
            continue
        stem, values = doubt.definition.pattern.stem, (doubt.definition.value, *doubt.meant)
        for tree in doubt.meant:
            with world.unchanged(), place.ledger.acquitted(doubt.line) as keep:
                found = again() if world.exchange(stem, values, tree) else None
                if found is not None:
                    keep()
            if found is not None:
                world.exchange(stem, values, tree)
                # In the next problem, whose names are read anew, it is tried first.
                doubts[n] = replace(doubt, meant=[tree, *(x for x in doubt.meant if x is not tree)])
                return found
    return None
