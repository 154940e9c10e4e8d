r"""The statements in a row: ``a = 1, \quad b = 2``, ``3c \text{ if } c = 2 \Rightarrow 6``, ``x, y \in R``.

A row is cut at every sign that may part two statements; then each cut is judged by what stands on both sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dvar.read.worksheet.mathematics import words
from dvar.read.worksheet.mathematics.balance import mates_of
from dvar.read.worksheet.mathematics.frames import is_counter
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
    made,
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
        mates = mates_of(tokens)
        signs = [words.RELATIONS[tokens[n].text] for n in top(tokens, mates) if is_relation(tokens[n])]
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


@dataclass(slots=True)
class Clause:
    """The tokens of one statement, of its condition, and the words beside it."""

    tokens: list[Token] = field(default_factory=list)
    condition: list[Token] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    is_list: bool = False

    def seen(self) -> Segment:
        return Segment([], self.tokens).survey()


def clauses(row: Sequence[Token]) -> list[Clause]:
    """The statements of one row."""
    segments = [s.survey() for s in _segments(row)]
    found = _Fold(segments).run()
    out: list[Clause] = []
    for clause in found:
        out += _listed(clause)
    return [c for c in out if c.tokens or c.condition or c.words]


# ── cutting ─────────────────────────────────────────────────────────────────────────────────────


def _segments(row: Sequence[Token]) -> list[Segment]:
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
    return bool(held and is_relation(held[-1])) or (following is not None and is_relation(following))


def _is_operand(token: Token, held: Sequence[Token], following: Token | None) -> bool:
    r"""``\text{learning rate} \cdot dw``: words in the place of a value."""
    if token.kind != TEXT or _first_word(token) in words.PROSE or not token.text[:1].isalpha():
        return False
    after = following is not None and (is_relation(following) or (is_operator(following) and following.text != "-"))
    if held:
        return is_relation(held[-1]) or is_operator(held[-1])
    return after


def _inline_conditions(row: Sequence[Token], places: Sequence[int]) -> set[int]:
    """The words of ``1 if z > 0 else 0``, which belong to one value, and the commas between its parts."""
    texts = [n for n in places if row[n].kind == TEXT]
    ifs = [n for n in texts if _first_word(row[n]) in ("if", "when", "wenn", "si", "para", "for")]
    others = [n for n in texts if _first_word(row[n]) in words.OTHERWISE]
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


def _first_word(token: Token) -> str:
    parts = token.text.lower().replace(",", " ").split()
    return parts[0].strip("().:;") if parts else ""


# ── judging the cuts ────────────────────────────────────────────────────────────────────────────


class _Fold:
    """Puts segments together to clauses, from left to right."""

    def __init__(self, segments: list[Segment]) -> None:
        self.segments = segments
        self.done: list[Clause] = []
        self.now = Clause()
        self.in_condition = False
        self.ahead: list[Token] = []  # a condition that came before what it is about
        self.k = 0

    def run(self) -> list[Clause]:
        for self.k, segment in enumerate(self.segments):
            self._add(segment)
        if self.ahead and not self.now.tokens:
            self.now.tokens, self.ahead = self.ahead, []
        self._close()
        return self.done

    def _close(self) -> None:
        if self.now.tokens or self.now.words or self.now.condition:
            self.done.append(self.now)
        self.now = Clause()
        self.in_condition = False

    def _begin(self, segment: Segment) -> None:
        """A statement of its own."""
        self._close() if self.now.tokens else None
        self.in_condition = False
        self.now.tokens.extend(segment.tokens)
        if self.ahead and segment.tokens:
            self.now.condition, self.ahead = self.ahead, []

    def _join(self, segment: Segment, *between: Token) -> None:
        self.now.tokens.extend([*between, *segment.tokens])

    def _add(self, segment: Segment) -> None:
        cuts = segment.cuts
        texts = [cut for cut in cuts if cut.kind == TEXT]
        forall = any(cut.kind == COMMAND for cut in cuts)
        arrows = [cut for cut in cuts if cut.kind == SIGN and cut.text in words.ARROWS]
        if texts or forall:
            self._after_words(segment, texts, forall)
        elif not self.now.tokens and not self.in_condition:
            self._begin(segment)
        elif not segment.tokens:
            self.in_condition = self.in_condition and not arrows
        elif arrows:
            self._after_arrow(segment, arrows)
        else:
            self._after_sign(segment, {_name_of(cut) for cut in cuts})

    # ── words ───────────────────────────────────────────────────────────────────────────────────

    def _after_words(self, segment: Segment, texts: list[Token], forall: bool) -> None:
        first = next((w for w in map(_first_word, texts) if w), "")
        said = [cut.text for cut in texts]
        conditional = forall or any(_is_condition_word(cut) for cut in texts)
        reason = first in words.REASONS and segment.restricts
        joint = words.CONJUNCTIONS.get(first) if len(texts) == 1 and len(texts[0].text.split()) == 1 else None
        if joint and self.in_condition and segment.tokens:
            self._condition_tokens().extend([made(TEXT, joint, texts[0]), *segment.tokens])
        elif conditional or reason:
            self._conditional(segment, said)
        elif self._verb(segment, texts):
            pass
        else:
            self._close() if self.now.tokens and segment.tokens else None
            self.now.words += said
            self._begin(segment) if not self.now.tokens else self._join(segment)

    def _condition_tokens(self) -> list[Token]:
        return self.now.condition if self.now.tokens else self.ahead

    def _conditional(self, segment: Segment, said: list[str]) -> None:
        self.now.words += said
        self.in_condition = True
        target = self._condition_tokens()
        if target and segment.tokens:
            target.append(made(SIGN, ",", segment.tokens[0]))
        target.extend(segment.tokens)

    def _verb(self, segment: Segment, texts: list[Token]) -> bool:
        """``\\text{ equals }``, ``\\text{ is }``, ``\\text{ times }``: a sign in words."""
        if len(texts) != 1 or not self.now.tokens or not segment.tokens or segment.begins:
            return False
        said = texts[0].text.lower().strip(" ,.:").split()
        short = [word for word in said if word not in ("equal", "to", "just", "simply", "exactly", "by", "the")]
        if not short and "equal" in said:
            short = ["equals"]
        if len(short) == 2 and short[0] == "is" and short[1] in words.VERBS:
            short = short[1:]
        sign = words.VERBS.get(short[0]) if len(short) == 1 else None
        if sign is None or self.in_condition:
            return False
        if sign == "implies":
            self._after_arrow(segment, [made(SIGN, sign, texts[0])])
        elif segment.relates and sign in ("=", "is", "approx", ":="):
            return False
        else:
            self._join(segment, made(SIGN, sign, texts[0]))
        return True

    # ── arrows ──────────────────────────────────────────────────────────────────────────────────

    def _after_arrow(self, segment: Segment, arrows: list[Token]) -> None:
        kinds = [words.ARROWS[arrow.text] for arrow in arrows]
        kind = next((k for k in kinds if k != "mark"), "mark")
        seen = self.now.seen()
        was_condition, self.in_condition = self.in_condition, False
        if kind == "mark":
            self._begin(segment)
        elif segment.begins:
            self._join(segment)
        elif was_condition and not self.now.tokens:
            self._begin(segment)
        elif segment.relates:
            if seen.restricts and kind == "implies" and not self.now.condition:
                self.ahead, self.now = self.now.tokens, Clause(words=self.now.words)
            self._begin(segment)
        elif (seen.relates and not (kind == "to" and _only_is(seen))) or kind == "iff":
            relation = "iff" if kind == "iff" else "implies"
            self._join(segment, made(SIGN, relation, arrows[0]))
        else:
            self._join(segment, made(SIGN, kind, arrows[0]))

    # ── commas, spaces, cells ───────────────────────────────────────────────────────────────────

    def _after_sign(self, segment: Segment, cuts: set[str]) -> None:
        seen = self.now.seen()
        if self.in_condition:
            self._in_condition(segment, cuts)
        elif "." in cuts or ";" in cuts:
            self._new_after_stop(segment)
        elif seen.ends and not (seen.tokens[-1].is_("star", "*") and segment.is_side):
            self._join(segment)
        elif ":" in cuts:
            self._after_colon(segment, seen)
        elif segment.begins:
            twice_in = segment.tokens[0].is_("in") and any(x.is_("in") for x in seen.tokens)
            self._begin(segment) if twice_in else self._join(segment)
        elif _goes_on(segment, cuts):
            self._join(segment)
        elif seen.states and (self._is_range() or segment.restricts or _is_bracketed(segment)):
            self._restrict(segment)
        elif "," in cuts and "quad" not in cuts:
            self._after_comma(segment, seen)
        elif "quad" in cuts:
            self._after_space(segment, seen)
        elif seen.relates and segment.is_side:
            self._begin(segment)
        else:
            self._join(segment)

    def _new_after_stop(self, segment: Segment) -> None:
        if len(self.now.tokens) == 1 and is_counter(self.now.tokens[0]) and not self.done:
            self.now.tokens.clear()
        self._begin(segment)

    def _in_condition(self, segment: Segment, cuts: set[str]) -> None:
        target = self._condition_tokens()
        ranged = bool(target) and any(token.kind == SIGN and token.text in words.DOTS for token in segment.tokens)
        goes_on = "," in cuts and (not segment.relates or ranged)
        if goes_on and (self.now.tokens or not _has_dots_before(target)):
            target.extend([made(SIGN, ",", segment.tokens[0]), *segment.tokens])
        elif not target:
            target.extend(segment.tokens)
        elif segment.begins and self.now.tokens and "," not in cuts:
            self.in_condition = False
            self._join(segment)
        else:
            self._begin(segment)

    def _after_colon(self, segment: Segment, seen: Segment) -> None:
        counts = len(self.now.tokens) == 1 and is_counter(self.now.tokens[0])
        if segment.relates or seen.relates:
            if counts and not self.done and self.now.tokens[0].kind == NUMBER:
                self.now.tokens.clear()
            self._begin(segment)
        else:
            self._join(segment, made(SIGN, "is", segment.tokens[0]))

    def _restrict(self, segment: Segment) -> None:
        tokens = segment.tokens
        if _is_bracketed(segment):
            tokens = tokens[1:-1]
            if not Segment([], tokens).survey().relates:
                self.now.words.append(" ".join(token.text for token in tokens))
                return
        target = self.now.condition
        if target:
            target.append(made(SIGN, ",", tokens[0]))
        target.extend(tokens)
        self.in_condition = True

    def _after_comma(self, segment: Segment, seen: Segment) -> None:
        comma = next(cut for cut in segment.cuts if cut.is_(","))
        if seen.relates and segment.relates:
            self._begin(segment)
        elif seen.relates and self._is_pending(segment):
            self._begin(segment)
            self.now.is_list = True
        else:
            self.now.is_list = self.now.is_list or not seen.relates
            self._join(segment, comma)

    def _is_pending(self, segment: Segment) -> bool:
        """``x = 1, y, z = 2``: what belongs to the relation further on."""
        if all(t.kind == NUMBER or (t.kind == SIGN and t.text in words.DOTS | {"-"}) for t in segment.tokens):
            return False
        for later in self.segments[self.k + 1 : self.k + 8]:
            if not any(cut.is_(",") for cut in later.cuts):
                return False
            if any(t.kind == SIGN and t.text in words.DOTS for t in later.tokens):
                return False
            if later.relates:
                return True
        return False

    def _after_space(self, segment: Segment, seen: Segment) -> None:
        dots = segment.tokens[0].kind == SIGN and segment.tokens[0].text in words.DOTS
        if dots and seen.tokens and any(cut.is_(",") for cut in segment.cuts):
            self._join(segment, made(SIGN, ",", segment.tokens[0]))
        else:
            self._begin(segment)

    def _is_range(self) -> bool:
        """``i = 1, …, m`` behind an equation."""
        segment = self.segments[self.k]
        tokens = segment.tokens
        if len(tokens) < 3 or tokens[0].kind != NAME or len(tokens[0].text) != 1 or not tokens[1].is_("=", "in"):
            return False
        if tokens[1].is_("in"):
            return tokens[2].is_(r"\{")
        later = self.segments[self.k + 1 : self.k + 4]
        if any(t.kind == SIGN and t.text in words.DOTS for s in later for t in s.tokens[:1]):
            return True
        counted = [s for s in later[:2] if len(s.tokens) == 1 and s.tokens[0].text.isdigit()]
        return len(tokens) == 3 and tokens[2].text.isdigit() and len(counted) > 0 and counted[0] is later[0]


def _only_is(seen: Segment) -> bool:
    """``f: R → R``: the colon is no equation."""
    signs = [token.text for token in seen.tokens if is_relation(token)]
    return signs == ["is"]


def _name_of(cut: Token) -> str:
    return cut.kind if cut.kind in (CELL, QUAD) else cut.text


def _is_condition_word(cut: Token) -> bool:
    said = [word.strip("().,:;") for word in cut.text.lower().split()]
    if not said:
        return False
    if said[0] in words.CONDITIONAL or said[-1] in words.CONDITIONAL - {"for"}:
        return True
    return cut.text.lower().strip(" .,") in ("such that", "s.t", "subject to", "only if", "and if", "but if", "for all")


def _has_dots_before(tokens: Sequence[Token]) -> bool:
    return bool(tokens) and any(t.kind == SIGN and t.text in words.DOTS for t in tokens[:-1])


def _goes_on(segment: Segment, cuts: set[str]) -> bool:
    """Whether it begins with a sign that needs a left operand."""
    first = segment.tokens[0]
    if not is_operator(first) or first.is_("star", "bullet"):
        return False
    if first.text in words.SUMS:
        return not segment.relates and "," not in cuts
    return True


def _is_bracketed(segment: Segment) -> bool:
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


# ── lists ───────────────────────────────────────────────────────────────────────────────────────


def _listed(clause: Clause) -> list[Clause]:
    """Expressions in a row with commas between them and no relation are statements of their own."""
    if not clause.is_list or clause.seen().relates:
        return [clause]
    mates = mates_of(clause.tokens)
    if any(t.kind == SIGN and t.text in words.DOTS for t in clause.tokens):
        return [clause]
    out: list[Clause] = []
    start = 0
    for n in [*(n for n in top(clause.tokens, mates) if clause.tokens[n].is_(",")), len(clause.tokens)]:
        if start < n:
            out.append(Clause(clause.tokens[start:n]))
        start = n + 1
    if out:
        out[0].words = clause.words
        out[-1].condition = clause.condition
    return out
