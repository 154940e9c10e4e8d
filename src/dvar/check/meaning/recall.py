"""Parts of formulas that have been read before, while many formulas with the same parts are tried.

The search for slips tries some hundred changes of one line, and each of them leaves most of the line as it was.
What a part means depends on nothing but the part, the indices, the place and what its world knows, so it need
not be read again; questions it asked are asked again, so that all readings are still gone through.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dvar.check.meaning.patterns import letters_within
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
        outcome: its value, or why it has none; or the answer to a question about it.
        work: parts looked at.
        asked: how many options there were at each of its questions; answers: which of them were taken.
        taken: departures from the plain reading.
        opened: open names it met.
    """

    tree: t.Expr
    outcome: Any
    work: int
    asked: tuple[int, ...]
    answers: tuple[int, ...]
    taken: tuple[str, ...]
    opened: frozenset[str]


@dataclass
class Recall:
    """The parts that have been read."""

    parts: dict[object, list[_Part]] = field(default_factory=dict)
    kept: int = 0

    def value(self, e: Interpreter, tree: t.Expr, hint: tuple[int, ...] | None) -> Value:
        """The value of a part, read only once.  Raises NotUnderstood."""
        value: Value = self._once(e, tree, hint, lambda: e.read(tree, hint))
        return value

    def answer(
        self, e: Interpreter, name: t.Symbol, ask: Callable[[Interpreter, t.Symbol], bool]
    ) -> bool:
        """The answer to a question about a name, asked only once."""
        answer: bool = self._once(e, name, ask, lambda: ask(e, name))
        return answer

    def _once(self, e: Interpreter, tree: t.Expr, what: object, find: Callable[[], Any]) -> Any:
        at = (id(tree), what, _numbers(e, tree), *_circumstances(e))
        rest = e.choices.rest()
        known = self.parts.get(at, ())
        part = next((p for p in known if p.answers == _answers(rest, p.asked)), None)
        if part is None:
            part = _read(e, tree, find, rest)
            if self.kept < MOST:
                self.parts.setdefault(at, []).append(part)
                self.kept += 1
        else:
            e.count(part.work)
            e.choices.repeat(part.asked, part.taken)
            e.opened |= part.opened
        if isinstance(part.outcome, NotUnderstood):
            raise part.outcome.with_traceback(None)
        return part.outcome


def _numbers(e: Interpreter, tree: t.Expr) -> frozenset[tuple[str, int]]:
    """The numbers of the index letters that a part may ask for: a sum reads what is free of its letter only once."""
    if not e.env:
        return frozenset()
    said, behind, loose = letters_within(tree), e.world.letters_behind(), e.world.loose
    return frozenset([(c, n) for c, n in e.env.items() if c in said or c in behind or c in loose])


def _circumstances(e: Interpreter) -> tuple[object, ...]:
    """All that the meaning of a part depends on besides the part.  What a world knows only grows."""
    world = e.world
    known = (len(world.shapes), len(world.named), len(world.fresh), len(world.nablas))
    return (e.position, e.code, e.may_vanish, e.example, known, *world.supposed())


def _answers(rest: tuple[int, ...], asked: tuple[int, ...]) -> tuple[int, ...]:
    """Which options are taken at so many questions."""
    return (*rest[: len(asked)], *[0] * (len(asked) - len(rest)))


def _read(e: Interpreter, tree: t.Expr, find: Callable[[], Any], rest: tuple[int, ...]) -> _Part:
    choices = e.choices
    opened, e.opened = e.opened, set()
    taken, choices.taken = choices.taken, []
    before, first = e.work[0], len(choices.options)
    outcome: Any
    try:
        outcome = find()
    except NotUnderstood as reason:
        outcome = reason
    finally:
        here, e.opened = e.opened, opened | e.opened
        own, choices.taken = choices.taken, taken
        choices.taken += [word for word in own if word not in taken]
    asked = tuple(choices.options[first:])
    answers = _answers(rest, asked)
    return _Part(tree, outcome, e.work[0] - before, asked, answers, tuple(own), frozenset(here))
