"""Quantities told by a number only, by the formula of a sibling.

"The same steps for the second unit give ``o_2 = 0.77``": the formula is that of ``o_1`` with other members of the
families in it.  Which members they are, the number tells: only one choice may come to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import cast

import numpy as np

from dvar.check.judge.ledger import Ledger
from dvar.check.judge.lifting import Numbers, Shown
from dvar.check.judge.literal import is_plain, read_literal
from dvar.check.judge.matching import close, value_at
from dvar.check.judge.roles import Role
from dvar.check.meaning.choices import Choices
from dvar.check.meaning.definitions import Definition
from dvar.check.meaning.interpret import Interpreter
from dvar.check.meaning.keys import Key, sort
from dvar.check.meaning.values import NotUnderstood
from dvar.core.errors import DvarError
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import rewritten

MOST = 160
"""Choices of members that are tried."""
DEEP = 3
"""Formulas that are written out within each other."""
CHANCE = 0.1
"""A number tells nothing if with so much chance some choice comes to it anyhow."""
_NUMBERED = re.compile(r"(\D*)(\d+)")

Family = tuple[object, ...]
Move = tuple[int, int]
"""By how much which subscript is moved."""
STAY: Move = (0, 0)


class _Unknown(Exception):
    """A name without a number."""


@dataclass(frozen=True)
class _Step:
    """From a sibling to the quantity that is asked for: ``h1`` to ``h2``."""

    prefix: str
    start: str
    move: int


def as_sibling(role: Role, numbers: Numbers) -> Role:
    """The role of a statement that gives a number, as a claim where a sibling tells the formula."""
    if role.kind != "given" or len(role.definitions) != 1 or len(role.links) != 1:
        return role
    (given,) = role.definitions
    formula = _formula(given, numbers)
    if formula is None:
        return role
    return Role("claim", (replace(given, value=formula, numeric=False),))


def _formula(given: Definition, numbers: Numbers) -> t.Expr | None:
    if not given.numeric or given.pattern.letters or not is_plain(given.value):
        return None
    for sibling in reversed(numbers.world.definitions.get(given.pattern.stem, ())):
        step = _step(sibling, given)
        if step is not None:
            found = _Search(given, sibling, step, numbers).found()
            if found is not None:
                return found
    return None


def _step(sibling: Definition, given: Definition) -> _Step | None:
    """How a sibling's name differs, if in one number only."""
    if sibling.numeric or sibling.params or sibling.pattern.letters:
        return None
    a, b = sibling.pattern.key({}), given.pattern.key({})
    if a.marks != b.marks or len(a.indices) != len(b.indices):
        return None
    apart = [
        (str(x), str(y)) for x, y in zip(a.indices, b.indices, strict=True) if str(x) != str(y)
    ]
    if len(apart) != 1:
        return None
    before, behind = (_NUMBERED.fullmatch(x) for x in apart[0])
    if before is None or behind is None or before[1] != behind[1]:
        return None
    return _Step(before[1], apart[0][0], int(behind[2]) - int(before[2]))


@dataclass(frozen=True)
class _Search:
    given: Definition
    sibling: Definition
    step: _Step
    numbers: Numbers

    def found(self) -> t.Expr | None:
        """The formula that comes to the number, if just one choice of members does."""
        known = {self._key(s.name): s for shown in self.numbers.by_key.values() for s in shown}
        tree = self.sibling.value
        for _ in range(DEEP):
            options = self._options(tree, known)
            if options is not None:
                fitting = self._fitting(tree, options, known)
                if len(fitting) == 1:
                    return fitting[0]
                if fitting:
                    return None
            wider = self._written_out(tree, known)
            if wider is None:
                return None
            tree = wider
        return None

    # ── choices ─────────────────────────────────────────────────────────────────────────────────

    def _options(self, tree: t.Expr, known: Mapping[Key, Shown]) -> dict[Family, list[Move]] | None:
        """How the members of each family in a formula may move together; None if some have nowhere to go."""
        families: dict[Family, list[t.Symbol]] = {}
        for symbol in _names(tree):
            families.setdefault(self._group(symbol), []).append(symbol)
        options: dict[Family, list[Move]] = {}
        for family, symbols in families.items():
            moves = self._moves(symbols, known)
            if not moves:
                return None
            options[family] = moves
        return options

    def _moves(self, symbols: Sequence[t.Symbol], known: Mapping[Key, Shown]) -> list[Move]:
        if self.step.prefix and (at := self._place(symbols[0])) is not None:
            moves = [(at, self.step.move)]
        else:
            first = _family(symbols[0])
            others = [s.name for s in known.values() if _family(s.name) == first]
            moves = list(
                dict.fromkeys([STAY, *(m for o in others for m in _between(symbols[0], o))])
            )
        return [m for m in moves if all(self._key(_moved(s, m)) in known for s in symbols)]

    def _place(self, symbol: t.Symbol) -> int | None:
        """Which of its subscripts a name shares with the sibling."""
        labels = _labels(symbol)
        return labels.index(self.step.start) if self.step.start in labels else None

    def _group(self, symbol: t.Symbol) -> Family:
        """The names that move together."""
        return (*_family(symbol), bool(self.step.prefix) and self._place(symbol) is not None)

    def _written_out(self, tree: t.Expr, known: Mapping[Key, Shown]) -> t.Expr | None:
        """The formula with those of names in it that the quantity's own unit has as well."""
        changed = False

        def put(part: t.Expr | t.Script) -> t.Expr | None:
            nonlocal changed
            at = self._place(part) if isinstance(part, t.Symbol) else None
            if at is None or not isinstance(part, t.Symbol):
                return None
            if self._key(_moved(part, (at, self.step.move))) in known:
                return None
            name = sort(part, self.numbers.world.spelling, {})
            told = self.numbers.world.find(name.key, self.given.position)
            if told is None or told[0].numeric or told[1] or told[0].params:
                return None
            changed = True
            return t.Group("(", (told[0].value,), part.span, (), name.operations)

        wider = cast("t.Expr", rewritten(tree, put))
        return wider if changed else None

    # ── numbers ─────────────────────────────────────────────────────────────────────────────────

    def _fitting(
        self, tree: t.Expr, options: Mapping[Family, Sequence[Move]], known: Mapping[Key, Shown]
    ) -> list[t.Expr]:
        choices = [
            dict(zip(options, moves, strict=True))
            for moves in islice(product(*options.values()), MOST + 1)
        ]
        choices = [c for c in choices if any(m != STAY for m in c.values())]
        if not choices or len(choices) > MOST:
            return []
        printed, _ = read_literal(self._reader(), self.given.value, Ledger())
        if printed.value.shape:
            return []
        size, found = abs(float(printed.value)), []
        for choice in choices:
            formula = self._all_moved(tree, choice)
            try:
                numbers = self._with_numbers(formula, known)
                value = value_at(self._reader().node(numbers), {})
                if value is None or value.shape or abs(float(value) - printed.value) > 0.05 * size:
                    continue
                literal, _ = read_literal(self._reader(), numbers, Ledger())
            except (NotUnderstood, DvarError, _Unknown):
                continue
            room = literal.slack / 2 + printed.slack
            if close(literal.value, printed.value, room):
                if float(np.max(room)) * len(choices) > CHANCE * size:
                    return []
                found.append(formula)
        return found

    def _all_moved(self, tree: t.Expr, choice: Mapping[Family, Move]) -> t.Expr:
        def put(part: t.Expr | t.Script) -> t.Expr | None:
            if isinstance(part, t.Symbol) and not _is_constant(part):
                return _moved(part, choice.get(self._group(part), STAY))
            return None

        return cast("t.Expr", rewritten(tree, put))

    def _with_numbers(self, tree: t.Expr, known: Mapping[Key, Shown]) -> t.Expr:
        def put(part: t.Expr | t.Script) -> t.Expr | None:
            if isinstance(part, t.Apply):
                return replace(part, args=rewritten(part.args, put))
            if not isinstance(part, t.Symbol) or _is_constant(part):
                return None
            name = sort(part, self.numbers.world.spelling, {})
            if name.key not in known:
                raise _Unknown
            number = _as_printed(known[name.key], part.span)
            return t.Group("(", (number,), part.span, (), name.operations)

        return cast("t.Expr", rewritten(tree, put))

    def _reader(self) -> Interpreter:
        return Interpreter(self.numbers.world, self.given.position, Choices())

    def _key(self, symbol: t.Symbol) -> Key:
        return sort(symbol, self.numbers.world.spelling, {}).key


# ── names ───────────────────────────────────────────────────────────────────────────────────────


def _is_constant(symbol: t.Symbol) -> bool:
    return symbol.base in ("e", "pi") and not symbol.subscripts


def _names(tree: t.Expr) -> Iterator[t.Symbol]:
    heads = {id(part.head) for part in t.walk(tree) if isinstance(part, t.Apply)}
    for part in t.walk(tree):
        if isinstance(part, t.Symbol) and id(part) not in heads and not _is_constant(part):
            yield part


def _labels(symbol: t.Symbol) -> list[str]:
    return [s.text for s in symbol.subscripts if isinstance(s, (t.Label, t.Number))]


def _family(symbol: t.Symbol) -> Family:
    """What names have in common that differ in numbers below the line only."""
    above = tuple(
        getattr(s.value, "text", "?") for s in symbol.scripts if s.kind in ("paren", "bracket")
    )
    prefixes = tuple(_NUMBERED.sub(r"\1", label) for label in _labels(symbol))
    return (symbol.base, symbol.accents, above, prefixes, len(symbol.subscripts))


def _between(a: t.Symbol, b: t.Symbol) -> Iterator[Move]:
    """The move from one member of a family to another, if they differ in one number."""
    pairs = zip(_labels(a), _labels(b), strict=True)
    apart = [(n, x, y) for n, (x, y) in enumerate(pairs) if x != y]
    if len(apart) == 1:
        n, x, y = apart[0]
        before, behind = _NUMBERED.fullmatch(x), _NUMBERED.fullmatch(y)
        if before is not None and behind is not None:
            yield n, int(behind[2]) - int(before[2])


def _moved(symbol: t.Symbol, move: Move) -> t.Symbol:
    place, by = move
    if not by:
        return symbol
    subscripts = list(symbol.subscripts)
    at = [n for n, s in enumerate(subscripts) if isinstance(s, (t.Label, t.Number))][place]
    label = subscripts[at]
    assert isinstance(label, (t.Label, t.Number))
    told = _NUMBERED.fullmatch(label.text)
    if told is not None and int(told[2]) + by >= 0:
        subscripts[at] = replace(label, text=f"{told[1]}{int(told[2]) + by}")
    return replace(symbol, subscripts=tuple(subscripts))


def _as_printed(shown: Shown, span: t.Span) -> t.Expr:
    digits = len(str(1 / shown.unit)) - 1 if shown.unit < 1 else 0
    number = t.Number(f"{float(abs(shown.value)):.{digits}f}", span)
    return t.Negative(number, span) if shown.value < 0 else number
