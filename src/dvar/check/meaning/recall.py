"""Parts of formulas that have been read before, while many formulas with the same parts are tried.

The search for slips tries some hundred changes of one line, and each of them leaves most of the line as it was.
What a part means depends on nothing but the part, the indices, the place and what its world knows, so it need
not be read again; questions it asked are asked again, so that all readings are still gone through.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dvar.check.meaning.values import NotUnderstood, Value
from dvar.read.worksheet import tree as t

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter

MOST = 50_000
"""Parts that are kept."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What became of a part, and all that reading it did besides.

    Attributes:
        tree: the part itself; while it is kept, no other has its identity.
        outcome: its value, or why it has none.
        work: parts looked at.
        asked: how many options there were at each of its questions; taken: departures from the plain reading.
        opened: open names it met.
    """

    tree: t.Expr
    outcome: Value | NotUnderstood
    work: int
    asked: tuple[int, ...]
    taken: tuple[str, ...]
    opened: frozenset[str]


@dataclass
class Recall:
    """The parts that have been read."""

    parts: dict[object, _Part] = field(default_factory=dict)

    def value(self, e: Interpreter, tree: t.Expr, hint: tuple[int, ...] | None) -> Value:
        """The value of a part, read only once.  Raises NotUnderstood."""
        at = (id(tree), hint, frozenset(e.env.items()), *_circumstances(e))
        part = self.parts.get(at)
        if part is None:
            part = _read(e, tree, hint)
            if len(self.parts) < MOST:
                self.parts[at] = part
        else:
            e.count(part.work)
            e.choices.repeat(part.asked, part.taken)
            e.opened |= part.opened
        if isinstance(part.outcome, NotUnderstood):
            raise part.outcome.with_traceback(None)
        return part.outcome


def _circumstances(e: Interpreter) -> tuple[object, ...]:
    """All that the meaning of a part depends on besides the part.  What a world knows only grows."""
    world = e.world
    known = (len(world.shapes), len(world.named), len(world.fresh), len(world.nablas))
    rest = e.choices.rest()
    return (e.position, e.code, e.may_vanish, e.example, rest, known, *world.supposed())


def _read(e: Interpreter, tree: t.Expr, hint: tuple[int, ...] | None) -> _Part:
    choices = e.choices
    opened, e.opened = e.opened, set()
    taken, choices.taken = choices.taken, []
    before, first = e.work[0], len(choices.options)
    outcome: Value | NotUnderstood
    try:
        outcome = e.read(tree, hint)
    except NotUnderstood as reason:
        outcome = reason
    finally:
        here, e.opened = e.opened, opened | e.opened
        own, choices.taken = choices.taken, taken
        choices.taken += [word for word in own if word not in taken]
    asked = tuple(choices.options[first:])
    return _Part(tree, outcome, e.work[0] - before, asked, tuple(own), frozenset(here))
