"""Readings: where a notation can mean several things, every one of them is tried, the plainest first."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

DOUBTED = "no plain reading: "
"""How a reading is called that may make a line right, and never wrong; behind it what would be said without it."""


class Choices:
    """Answers the questions that arise while a formula is read.

    The first option of each question is the plain reading.  ``script`` tells which option to take at the
    first questions; ``asked`` records how many options there were at each.
    """

    def __init__(self, script: Sequence[int] = ()) -> None:
        self.script = tuple(script)
        self.asked: list[int] = []
        self.taken: list[str] = []
        self.options: list[int] = []
        """How many options there were at all questions since the start, in order."""
        self._next = 0

    def restart(self) -> None:
        """The same formula is read again, for other indices: the same questions get the same answers."""
        self._next = 0

    def pick(self, options: Sequence[tuple[str, T]]) -> T:
        """One of the options, each a word for people and a value."""
        k = min(self._ask(len(options)), len(options) - 1)
        if k and options[k][0] not in self.taken:
            self.taken.append(options[k][0])
        return options[k][1]

    def suppose(self, what: str) -> None:
        """There is no other reading, but this one departs from the plain one."""
        if what not in self.taken:
            self.taken.append(what)

    def _ask(self, options: int) -> int:
        n, self._next = self._next, self._next + 1
        self.options.append(options)
        if n < len(self.asked):
            self.asked[n] = max(self.asked[n], options)
        else:
            self.asked.append(options)
        return self.script[n] if n < len(self.script) else 0

    def rest(self) -> tuple[int, ...]:
        """Which options are to be taken from here on."""
        return self.script[self._next :]

    def repeat(self, asked: Sequence[int], taken: Sequence[str]) -> None:
        """The same questions are asked, and answered the same way, without reading what asks them."""
        for options in asked:
            self._ask(options)
        self.taken += [word for word in taken if word not in self.taken]


def readings(read: Callable[[Choices], T], limit: int = 24) -> Iterator[tuple[T, Choices]]:
    """What ``read`` makes of every reading, fewest departures from the plain one first.

    ``read`` decides by ``choices.pick``; at most ``limit`` readings are tried.
    """
    waiting: deque[tuple[int, ...]] = deque([()])
    for _ in range(limit):
        if not waiting:
            return
        script = waiting.popleft()
        choices = Choices(script)
        yield read(choices), choices
        for n in range(len(script), len(choices.asked)):
            for k in range(1, choices.asked[n]):
                waiting.append((*script, *[0] * (n - len(script)), k))
