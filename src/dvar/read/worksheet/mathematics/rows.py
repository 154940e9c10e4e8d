r"""The rows of a region: lines of ``aligned`` and its like, of ``\\``, of plain text; and which rows go on
with the row before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dvar.read.worksheet.mathematics import words
from dvar.read.worksheet.mathematics.balance import mates_of
from dvar.read.worksheet.mathematics.tokens import (
    BEGIN,
    CELL,
    COMMAND,
    END,
    LINE,
    NAME,
    QUAD,
    ROW,
    SIGN,
    TEXT,
    Token,
)

_BLANKS = frozenset({CELL, QUAD, LINE})
_BINARY = frozenset(words.PRODUCTS) | words.QUOTIENTS | {"pm", "mp"}
_TABLES = frozenset({"array", "matrix", "tabular"})


def top(tokens: Sequence[Token], mates: Sequence[int], start: int = 0) -> Iterator[int]:
    """The places of tokens outside every bracket; of a bracket the opener."""
    n = start
    while n < len(tokens):
        yield n
        n = mates[n] + 1 if mates[n] > n else n + 1


def is_relation(token: Token) -> bool:
    return token.kind == SIGN and token.text in words.RELATIONS


def is_operator(token: Token) -> bool:
    return token.kind == SIGN and (token.text in _BINARY or token.text in words.SUMS)


def has_relation(tokens: Sequence[Token]) -> bool:
    mates = mates_of(tokens)
    return any(is_relation(tokens[n]) for n in top(tokens, mates))


def rows(tokens: Sequence[Token], latex: bool) -> list[list[Token]]:
    """The rows of a region, those that go on with another joined to it."""
    found: list[list[Token]] = []
    states = False  # whether the last row does
    for row in _split(tokens, latex):
        for line in _lines(row) if latex else [row]:
            if not any(token.kind not in _BLANKS for token in line):
                continue
            more = has_relation(line)
            if found and _continues(found[-1], line, (states, more), latex):
                found[-1].extend(line)
                states = states or more
            else:
                found.append(line)
                states = more
    return found


def _split(tokens: Sequence[Token], latex: bool) -> Iterator[list[Token]]:
    mates = mates_of(tokens)
    row: list[Token] = []
    n = 0
    while n < len(tokens):
        token = tokens[n]
        opens = token.kind == BEGIN and _is_layout(tokens, mates, n)
        if opens or token.kind in (END, ROW) or (token.kind == LINE and not latex):
            yield row
            row = []
            n += 1
        elif mates[n] > n:
            row.extend(tokens[n : mates[n] + 1])
            n = mates[n] + 1
        else:
            row.append(token)
            n += 1
    yield row


def _is_layout(tokens: Sequence[Token], mates: Sequence[int], n: int) -> bool:
    """Whether an environment only sets out rows; a table does where its cells hold relation signs."""
    if tokens[n].text in words.TRANSPARENT:
        return True
    if tokens[n].text not in _TABLES:
        return False
    stop = mates[n]
    k = n + 1
    while k < stop:
        if is_relation(tokens[k]):
            return True
        k = mates[k] + 1 if mates[k] > k else k + 1
    return False


def _lines(row: list[Token]) -> Iterator[list[Token]]:
    r"""Lines of the source that each state something, where a ``\\`` was forgotten."""
    if not any(token.kind == LINE for token in row):
        yield row
        return
    mates = mates_of(row)
    places = [n for n in top(row, mates) if row[n].kind == LINE]
    lines = [row[a + 1 : b] for a, b in zip([-1, *places], [*places, len(row)], strict=True)]
    held = lines[0]
    states = has_relation(held)
    for line in lines[1:]:
        more = has_relation(line)
        if states and more and _is_forgotten(held, line):
            yield held
            held, states = [], False
        held.extend(line)
        states = states or more
    yield held


def _is_forgotten(before: Sequence[Token], line: Sequence[Token]) -> bool:
    last, first = _last(before), _first(line)
    if last is None or first is None or is_operator(last) or is_relation(last) or last.is_(","):
        return False
    if is_operator(first) or is_relation(first) or first.kind == TEXT:
        return False
    # a fraction may go on with a product of fractions
    return not (_is_fraction(first) and _ends_with_fraction(before))


def _is_fraction(token: Token) -> bool:
    return token.kind == COMMAND and token.text in words.FRACTIONS


def _ends_with_fraction(tokens: Sequence[Token]) -> bool:
    last = _last(tokens)
    return last is not None and last.is_("}")


def _first(tokens: Sequence[Token]) -> Token | None:
    return next((token for token in tokens if not _is_empty(token)), None)


def _last(tokens: Sequence[Token]) -> Token | None:
    return next((token for token in reversed(tokens) if token.kind not in _BLANKS), None)


def _is_empty(token: Token) -> bool:
    return token.kind in _BLANKS or (token.kind == SIGN and words.ARROWS.get(token.text) == "mark")


def _continues(
    before: Sequence[Token], row: Sequence[Token], relations: tuple[bool, bool], latex: bool
) -> bool:
    """Whether a row goes on with the one before it; ``relations`` says which of the two have any."""
    stated, states = relations
    last, first = _last(before), _first(row)
    if last is None or first is None:
        return False
    if is_relation(last):
        return (latex or not states) and not is_relation(first) and len(before) > 1
    if is_operator(last) and len(before) != 1:
        return True
    if is_relation(first):
        return False
    if first.kind == SIGN and first.text in _BINARY and first.text not in ("star", "bullet", "*"):
        return True
    in_column = row[0].kind == CELL
    if first.kind == SIGN and first.text in words.SUMS:
        return stated and (not states or in_column)
    starts = first.kind in (NAME, COMMAND, "number", "function") or first.is_("(", "[", "{")
    return in_column and starts and not states and stated and latex
