r"""A row cut at every sign that may part two statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dvar.read.worksheet.mathematics import vocabulary, words
from dvar.read.worksheet.mathematics.balance import mates_of
from dvar.read.worksheet.mathematics.rows import is_operator, is_relation, top
from dvar.read.worksheet.mathematics.tokens import (
    CELL,
    COMMAND,
    LINE,
    NAME,
    NUMBER,
    QUAD,
    SIGN,
    TEXT,
    Token,
)


@dataclass(slots=True)
class Segment:
    """What stands between two cuts.

    Attributes:
        cuts: the signs that part it from the segment before.
        tokens: itself.
    """

    cuts: list[Token]
    tokens: list[Token]
    states: bool = False
    restricts: bool = False
    begins: bool = False
    ends: bool = False

    def survey(self) -> Segment:
        tokens = self.tokens
        signs = relations_of(tokens)
        self.states = any(sign not in words.ORDERS for sign in signs)
        self.restricts = bool(signs) and not self.states
        self.begins = bool(tokens) and is_relation(tokens[0])
        self.ends = bool(tokens) and (is_relation(tokens[-1]) or is_operator(tokens[-1]))
        return self

    @property
    def relates(self) -> bool:
        return self.states or self.restricts

    @property
    def is_side(self) -> bool:
        """Whether it has a relation and a left side."""
        return self.relates and not self.begins


def relations_of(tokens: Sequence[Token]) -> list[str]:
    """The relations that signs outside every bracket stand for."""
    mates = mates_of(tokens)
    return [words.RELATIONS[tokens[n].text] for n in top(tokens, mates) if is_relation(tokens[n])]


def segments(row: Sequence[Token]) -> list[Segment]:
    mates = mates_of(row)
    out: list[Segment] = []
    cuts: list[Token] = []
    held: list[Token] = []
    places = list(top(row, mates))
    inline = _inline_conditions(row, places)
    for k, n in enumerate(places):
        token = row[n]
        following = row[places[k + 1]] if k + 1 < len(places) else None
        if token.kind == LINE or (token.kind == CELL and _beside_relation(held, following)):
            continue
        if _cuts(token) and n not in inline and not _is_operand(token, held, following):
            if held:
                out.append(Segment(cuts, held))
                cuts, held = [], []
            cuts.append(token)
        else:
            held.extend(row[n : mates[n] + 1] if mates[n] > n else [token])
    out.append(Segment(cuts, held))
    return out


def _cuts(token: Token) -> bool:
    if token.kind in (CELL, QUAD, TEXT):
        return True
    if token.kind == COMMAND:
        return token.text in ("forall", "exists")
    return token.kind == SIGN and (token.text in ",;.:" or token.text in words.ARROWS)


def _beside_relation(held: Sequence[Token], following: Token | None) -> bool:
    """``&`` only aligns a relation sign."""
    return bool(held and is_relation(held[-1])) or (
        following is not None and is_relation(following)
    )


def _is_operand(token: Token, held: Sequence[Token], following: Token | None) -> bool:
    r"""``\text{learning rate} \cdot dw``: words in the place of a value."""
    if token.kind != TEXT or first_word(token) in vocabulary.PROSE or not token.text[:1].isalpha():
        return False
    after = following is not None and (
        is_relation(following) or (is_operator(following) and following.text != "-")
    )
    if held:
        return is_relation(held[-1]) or is_operator(held[-1])
    return after


def _inline_conditions(row: Sequence[Token], places: Sequence[int]) -> set[int]:
    """The words of ``1 if z > 0 else 0``, which belong to one value, and the commas between its parts."""
    texts = [n for n in places if row[n].kind == TEXT]
    ifs = [n for n in texts if first_word(row[n]) in ("if", "when", "wenn", "si", "para", "for")]
    others = [n for n in texts if first_word(row[n]) in vocabulary.OTHERWISE]
    if not ifs or not (len(ifs) > 1 or any(n > ifs[0] for n in others)):
        return set()
    if any(row[n].kind == SIGN and row[n].text in words.ARROWS for n in places):
        return set()
    equations = [n for n in places if n > ifs[0] and row[n].is_("=")]
    if len(ifs) > 1 and len(equations) >= len(ifs):
        return set()
    first = ifs[0]
    last = max([*ifs, *others])
    commas = {n for n in places if row[n].is_(",", ";") and first < n <= last + 1}
    quads = {n for n in places if row[n].kind in (QUAD, CELL) and first - 1 <= n <= last}
    return {*ifs, *others, *commas, *quads}


def first_word(token: Token) -> str:
    parts = token.text.lower().replace(",", " ").split()
    return parts[0].strip("().:;") if parts else ""


def name_of(cut: Token) -> str:
    return cut.kind if cut.kind in (CELL, QUAD) else cut.text


def is_condition_word(cut: Token) -> bool:
    said = [word.strip("().,:;") for word in cut.text.lower().split()]
    if not said:
        return False
    if said[0] in vocabulary.CONDITIONAL or said[-1] in vocabulary.CONDITIONAL - {"for"}:
        return True
    return cut.text.lower().strip(" .,") in (
        "such that",
        "s.t",
        "subject to",
        "only if",
        "and if",
        "but if",
        "for all",
    )


def has_dots_before(tokens: Sequence[Token]) -> bool:
    return bool(tokens) and any(t.kind == SIGN and t.text in words.DOTS for t in tokens[:-1])


def goes_on(segment: Segment, cuts: set[str]) -> bool:
    """Whether it begins with a sign that needs a left operand."""
    first = segment.tokens[0]
    if not is_operator(first) or first.is_("star", "bullet"):
        return False
    if first.text in words.SUMS:
        return not segment.relates and "," not in cuts
    return True


def are_factors(row: Sequence[Segment], at: int) -> bool:
    r"""``\quad (y - a) \quad f'(z) \quad x`` at the end of a row: wide gaps between what is multiplied.

    Nothing states anything, and there is a sum in brackets or a slope: it is no label, no number and no shape.
    """
    last = next((n for n in range(at, -1, -1) if row[n].relates), at)
    rest = row[last + 1 :]
    if any(s.relates or {name_of(c) for c in s.cuts} != {"quad"} for s in rest):
        return False
    if any(s.ends or s.tokens[:1] == [] or is_operator(s.tokens[0]) for s in rest):
        return False
    tokens = [token for s in rest for token in s.tokens]
    if any(token.kind == TEXT or token.is_("times", "in") for token in tokens):
        return False
    mates = mates_of(tokens)
    return any(token.is_("'") for token in tokens) or any(
        tokens[n].is_("(", "[") and any(x.is_("+", "-") for x in tokens[n + 2 : mates[n]])
        for n in top(tokens, mates)
        if mates[n] > n
    )


def is_bracketed(segment: Segment) -> bool:
    """``(i \\neq j)``, ``(1)``, ``(scalar)``: nothing but a bracket."""
    tokens = segment.tokens
    if len(tokens) < 3 or not tokens[0].is_("(", "[") or segment.relates:
        return False
    mates = mates_of(tokens)
    if mates[0] != len(tokens) - 1:
        return False
    inner = tokens[1:-1]
    talk = all(t.kind in (TEXT, NUMBER, NAME) or t.is_(".") for t in inner)
    return talk or Segment([], inner).survey().relates
