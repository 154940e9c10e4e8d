"""Which rows of operands and operators are equations, and where they begin and end.

Half an equation says something else than the whole.  So one that prose or a bracket cuts in the middle is
none: ``error = 2 times the rate``, ``of size (see above)/2 + 1 = 5``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dvar.read.worksheet.pages.lexicon import ARITHMETIC_WORDS
from dvar.read.worksheet.pages.tokens import Token


@dataclass(slots=True)
class Unit:
    """An operand, an operator or a relation: some tokens, ``first`` to ``last``.

    ``kind`` is that of a token, or ``B`` for a bracket with what is in it.
    """

    kind: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Run:
    """An equation: its tokens, ``first`` to ``last``."""

    first: int
    last: int


DASHES = frozenset(("-", "–", "−", "@", "&"))
_SIGNS = frozenset(("-", "−", "+", "–"))
_BULLETS = _SIGNS | frozenset(("*", "•", "·", "⋅", "∘", "&"))
_QUOTES = frozenset("\"“”„«'’")
_WORDY = 5
"""A word of so many letters is no name of a quantity, as far as a list of what letters mean goes."""
_ASK = frozenset("?□▢☐")
_WEAK = frozenset(("<", ">", "~", "<=", ">=", "≤", "≥", "=="))
"""Relations that prose has too."""
_STRONG_OPERANDS = frozenset("MNHBOS|")


def equation(tokens: Sequence[Token], units: list[Unit], stop: int) -> Run | None:
    """The equation in a row of units that ends in front of the token ``stop``; None if there is none."""
    begin = _begin(tokens, units)
    if begin is None:
        return None
    units = units[begin:]
    end = _end(tokens, units, stop)
    units = units[:end]
    joined = len(units) > 1 and any(is_equation(tokens, unit) for unit in units)
    if not units or not (joined or any(_relates(tokens, unit) for unit in units)):
        return None
    if not _has_symbols(units) or not _relations_hold(tokens, units) or _tells(tokens, units):
        return None
    if any(left.kind in "RO" and right.kind == "R" for left, right in pairwise(units)):
        return None
    last = units[-1].last
    following = tokens[last + 1].text if last + 1 < len(tokens) else ""
    asked = units[-1].kind == "R" and (following in _ASK or following.startswith("__"))
    return Run(units[0].first, last + asked)


def is_equation(tokens: Sequence[Token], unit: Unit) -> bool:
    """Whether a unit is a formula in delimiters that is an equation as it is."""
    return unit.kind == "H" and tokens[unit.first].is_equation


def _relates(tokens: Sequence[Token], unit: Unit) -> bool:
    return unit.kind == "R" or (unit.kind == "H" and tokens[unit.first].is_open)


def _begin(tokens: Sequence[Token], units: list[Unit]) -> int | None:
    """The first unit behind bullets and dashes; None if the equation has begun before it."""
    begin = _behind_bullet(tokens, units) if units[0].kind == "O" else 0
    if begin is None or begin == len(units):
        return None
    if any(tokens[u.first].text.startswith("T.") for u in units):
        return None  # v^T.A.v
    first = units[begin]
    if _is_decimal_comma(tokens, first.first - 1) or _is_tight_dot(tokens, first.first - 1):
        return None
    before = tokens[first.first - 1] if first.first else None
    if first.kind == "R":
        return None if begin or (before is not None and before.kind not in "LG.") else begin
    counted = first.kind == "N" and begin + 1 < len(units) and units[begin + 1].kind == "R"
    if counted and before is not None and before.kind == "W":
        return None  # "layer 1 = input"
    return begin


def _behind_bullet(tokens: Sequence[Token], units: list[Unit]) -> int | None:
    token = tokens[units[0].first]
    before = tokens[units[0].first - 1] if units[0].first else None
    following = tokens[units[0].last + 1] if units[0].last + 1 < len(tokens) else None
    tight = following is not None and not following.spaced
    if len(units) > 1 and units[1].kind == "O" and tight:
        return None  # "--rate=0.1" is an option of a command
    if (
        before is not None
        and before.kind not in "LG.,P"
        and not (before.kind == "W" and token.spaced)
    ):
        return None
    if token.text in _SIGNS and tight:
        return 0
    return 1 if token.text in _BULLETS else None


def _end(tokens: Sequence[Token], units: list[Unit], stop: int) -> int:
    """How many units belong to it; 0 if it is cut in the middle."""
    after = tokens[stop] if stop < len(tokens) else None
    last = units[-1]
    if _is_decimal_comma(tokens, stop) or _is_tight_dot(tokens, stop):
        return 0
    if after is not None:
        tight = not after.spaced and after.kind in "WPC(MNHOS|"
        goes_on = after.kind == "P" and after.text.lower() in ARITHMETIC_WORDS
        goes_on |= after.kind == "W" and after.text.lower() in ARITHMETIC_WORDS
        if tight or goes_on or (after.kind == last.kind == "N"):
            return 0
    if last.kind == "R":
        weak = tokens[last.first].text in _WEAK
        quoted = after is not None and (after.kind in "WPC(" or after.text in _QUOTES)
        return 0 if weak or quoted else len(units)
    if last.kind not in "OS":
        return len(units)
    dash = tokens[last.last].text in DASHES and tokens[last.last].spaced
    return (
        len(units) - 1 if dash and (after is None or after.spaced or after.kind in ".,LG)") else 0
    )


def _is_decimal_comma(tokens: Sequence[Token], n: int) -> bool:
    """Whether a comma stands between digits, as in the 0,5 of many countries, or in 1,2,...,n."""
    return (
        0 < n < len(tokens) - 1
        and tokens[n].kind == ","
        and tokens[n - 1].kind == tokens[n + 1].kind == "N"
        and not tokens[n].spaced
        and not tokens[n + 1].spaced
    )


def _is_tight_dot(tokens: Sequence[Token], n: int) -> bool:
    """Whether a point that ends no sentence cuts a formula, ``(1/n).(Xv)^T``: some mean a product by it."""
    if not 0 < n < len(tokens) - 1 or tokens[n].text != ".":
        return False
    return not (tokens[n].spaced or tokens[n + 1].spaced) and tokens[n + 1].kind in "MN("


def _tells(tokens: Sequence[Token], units: list[Unit]) -> bool:
    """``$W^T$ = Transpose``: a formula in delimiters, and behind a sign of equality words for it."""
    if len(units) < 3 or units[0].kind != "H" or units[1].kind != "R":
        return False
    words = [t.text for unit in units[2:] for t in tokens[unit.first : unit.last + 1]]
    return all(w == "/" or (w.isalpha() and len(w) >= _WORDY) for w in words) and all(
        unit.kind in "WMO" for unit in units[2:]
    )


def _has_symbols(units: list[Unit]) -> bool:
    """Whether something in it is a symbol or a number: ``bigger = better`` and ``1 = cat`` are prose."""
    if any(
        unit.kind in "MHC" or (unit.kind == "B" and unit.last > unit.first + 1) for unit in units
    ):
        return True
    kinds = {unit.kind for unit in units}
    return "N" in kinds and not (units[0].kind == "N" and "W" in kinds)


def _relations_hold(tokens: Sequence[Token], units: list[Unit]) -> bool:
    """Whether relations that prose has too stand between symbols or numbers."""
    relations = [unit for unit in units if unit.kind == "R"]
    arrows = sum(tokens[unit.first].text == "←" for unit in relations)
    if arrows > 1:
        return False  # a diagram
    if any(tokens[unit.first].text not in _WEAK for unit in relations):
        return True
    for n, unit in enumerate(units):
        beside = units[max(n - 1, 0) : n] + units[n + 1 : n + 2]
        if unit.kind == "R" and not (
            len(beside) == 2 and all(u.kind in _STRONG_OPERANDS for u in beside)
        ):
            return False
    return True
