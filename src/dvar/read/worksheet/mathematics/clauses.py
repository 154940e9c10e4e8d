r"""The statements in a row: ``a = 1, \quad b = 2``, ``3c \text{ if } c = 2 \Rightarrow 6``, ``x, y \in R``.

A row is cut at every sign that may part two statements; then each cut is judged by what stands on both sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dvar.read.worksheet.mathematics import vocabulary, words
from dvar.read.worksheet.mathematics.balance import mates_of
from dvar.read.worksheet.mathematics.frames import is_counter
from dvar.read.worksheet.mathematics.rows import is_operator, is_relation, top
from dvar.read.worksheet.mathematics.segments import (
    Segment,
    are_factors,
    first_word,
    goes_on,
    has_dots_before,
    is_bracketed,
    is_condition_word,
    name_of,
    relations_of,
    segments,
)
from dvar.read.worksheet.mathematics.tokens import (
    COMMAND,
    NAME,
    NUMBER,
    SIGN,
    TEXT,
    Token,
    made,
)


@dataclass(slots=True)
class Clause:
    """The tokens of one statement, of its condition, and the words beside it.

    Attributes:
        signs: the relation signs outside every bracket.
        is_list: whether commas stand between expressions.
    """

    tokens: list[Token] = field(default_factory=list)
    condition: list[Token] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    signs: list[str] = field(default_factory=list)
    is_list: bool = False

    def extend(self, tokens: Sequence[Token]) -> None:
        """More tokens, brackets closed."""
        self.signs += relations_of(tokens)
        self.tokens.extend(tokens)

    @property
    def states(self) -> bool:
        return any(sign not in words.ORDERS for sign in self.signs)

    @property
    def restricts(self) -> bool:
        return bool(self.signs) and not self.states

    @property
    def relates(self) -> bool:
        return bool(self.signs)

    @property
    def ends(self) -> bool:
        """Whether something is still to come."""
        return bool(self.tokens) and (is_relation(self.tokens[-1]) or is_operator(self.tokens[-1]))


def clauses(row: Sequence[Token]) -> list[Clause]:
    """The statements of one row."""
    found = _Fold([s.survey() for s in segments(row)]).run()
    out: list[Clause] = []
    for clause in found:
        out += _listed(clause)
    return [c for c in out if c.tokens or c.condition or c.words]


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
        for n, segment in enumerate(self.segments):
            self.k = n
            self._add(segment)
        if self.ahead and not self.now.tokens:
            self.now.extend(self.ahead)
            self.ahead = []
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
        self.now.extend(segment.tokens)
        if self.ahead and segment.tokens:
            self.now.condition, self.ahead = self.ahead, []

    def _join(self, segment: Segment, *between: Token) -> None:
        self.now.extend([*between, *segment.tokens])

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
            self._after_sign(segment, {name_of(cut) for cut in cuts})

    # ── words ───────────────────────────────────────────────────────────────────────────────────

    def _after_words(self, segment: Segment, texts: list[Token], forall: bool) -> None:
        first = next((w for w in map(first_word, texts) if w), "")
        said = [cut.text for cut in texts]
        conditional = forall or any(is_condition_word(cut) for cut in texts)
        reason = first in vocabulary.REASONS and segment.restricts
        joint = (
            vocabulary.CONJUNCTIONS.get(first)
            if len(texts) == 1 and len(texts[0].text.split()) == 1
            else None
        )
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
        short = [
            word
            for word in said
            if word not in ("equal", "to", "just", "simply", "exactly", "by", "the")
        ]
        if not short and "equal" in said:
            short = ["equals"]
        if len(short) == 2 and short[0] == "is" and short[1] in vocabulary.VERBS:
            short = short[1:]
        sign = vocabulary.VERBS.get(short[0]) if len(short) == 1 else None
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
        seen = self.now
        was_condition, self.in_condition = self.in_condition, False
        if kind == "mark":
            self._begin(segment)
        elif segment.begins:
            self._join(segment)
        elif was_condition and not self.now.tokens:
            self._begin(segment)
        elif kind == "to" and _is_name(seen) and _is_step(segment):
            self._join(segment, made(SIGN, "gets", arrows[0]))
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
        seen = self.now
        if self.in_condition:
            self._in_condition(segment, cuts)
        elif "." in cuts or ";" in cuts:
            self._new_after_stop(segment)
        elif seen.ends and not (seen.tokens[-1].is_("star", "*") and segment.is_side):
            self._join(segment)
        elif ":" in cuts:
            self._after_colon(segment, seen)
        elif segment.begins:
            twice_in = segment.tokens[0].is_("in") and "in" in seen.signs
            self._begin(segment) if twice_in else self._join(segment)
        elif goes_on(segment, cuts):
            self._join(segment)
        elif seen.states and (self._is_range() or segment.restricts or is_bracketed(segment)):
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
        ranged = bool(target) and any(
            token.kind == SIGN and token.text in words.DOTS for token in segment.tokens
        )
        longer = "," in cuts and (not segment.relates or ranged)
        if longer and (self.now.tokens or not has_dots_before(target)):
            target.extend([made(SIGN, ",", segment.tokens[0]), *segment.tokens])
        elif not target:
            target.extend(segment.tokens)
        elif segment.begins and self.now.tokens and "," not in cuts:
            self.in_condition = False
            self._join(segment)
        else:
            self._begin(segment)

    def _after_colon(self, segment: Segment, seen: Clause) -> None:
        counts = len(self.now.tokens) == 1 and is_counter(self.now.tokens[0])
        if segment.relates or seen.relates:
            if counts and not self.done and self.now.tokens[0].kind == NUMBER:
                self.now.tokens.clear()
            self._begin(segment)
        else:
            self._join(segment, made(SIGN, "is", segment.tokens[0]))

    def _restrict(self, segment: Segment) -> None:
        tokens = segment.tokens
        if is_bracketed(segment):
            tokens = tokens[1:-1]
            if not Segment([], tokens).survey().relates:
                self.now.words.append(" ".join(token.text for token in tokens))
                return
        target = self.now.condition
        if target:
            target.append(made(SIGN, ",", tokens[0]))
        target.extend(tokens)
        self.in_condition = True

    def _after_comma(self, segment: Segment, seen: Clause) -> None:
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
        if all(
            t.kind == NUMBER or (t.kind == SIGN and t.text in words.DOTS | {"-"})
            for t in segment.tokens
        ):
            return False
        for later in self.segments[self.k + 1 : self.k + 8]:
            if not any(cut.is_(",") for cut in later.cuts):
                return False
            if any(t.kind == SIGN and t.text in words.DOTS for t in later.tokens):
                return False
            if later.relates:
                return True
        return False

    def _after_space(self, segment: Segment, seen: Clause) -> None:
        dots = segment.tokens[0].kind == SIGN and segment.tokens[0].text in words.DOTS
        if dots and seen.tokens and any(cut.is_(",") for cut in segment.cuts):
            self._join(segment, made(SIGN, ",", segment.tokens[0]))
        elif seen.relates and are_factors(self.segments, self.k):
            self._join(segment)
        else:
            self._begin(segment)

    def _is_range(self) -> bool:
        """``i = 1, …, m`` behind an equation."""
        segment = self.segments[self.k]
        tokens = segment.tokens
        if (
            len(tokens) < 3
            or tokens[0].kind != NAME
            or len(tokens[0].text) != 1
            or not tokens[1].is_("=", "in")
        ):
            return False
        if tokens[1].is_("in"):
            return tokens[2].is_(r"\{")
        later = self.segments[self.k + 1 : self.k + 4]
        if any(t.kind == SIGN and t.text in words.DOTS for s in later for t in s.tokens[:1]):
            return True
        counted = [s for s in later[:2] if len(s.tokens) == 1 and s.tokens[0].text.isdigit()]
        return (
            len(tokens) == 3
            and tokens[2].text.isdigit()
            and len(counted) > 0
            and counted[0] is later[0]
        )


def _is_name(seen: Clause) -> bool:
    """Whether nothing but a name was read so far: ``w_1``."""
    return not seen.relates and 0 < len(seen.tokens) <= 4 and seen.tokens[0].kind == NAME


def _is_step(segment: Segment) -> bool:
    """``0.3 - 0.5*0.02 = 0.29``: a sum of numbers and what it comes to."""
    if not segment.relates or segment.tokens[0].kind not in (NUMBER, SIGN):
        return False
    names = [token for token in segment.tokens if token.kind == NAME]
    return not names and any(token.is_("-", "+") for token in segment.tokens[1:])


def _only_is(seen: Clause) -> bool:
    """``f: R → R``: the colon is no equation."""
    return seen.signs == ["is"]


# ── lists ───────────────────────────────────────────────────────────────────────────────────────


def _listed(clause: Clause) -> list[Clause]:
    """Expressions in a row with commas between them and no relation are statements of their own."""
    if not clause.is_list or clause.relates:
        return [clause]
    mates = mates_of(clause.tokens)
    if any(t.kind == SIGN and t.text in words.DOTS for t in clause.tokens):
        return [clause]
    out: list[Clause] = []
    start = 0
    for n in [
        *(n for n in top(clause.tokens, mates) if clause.tokens[n].is_(",")),
        len(clause.tokens),
    ]:
        if start < n:
            out.append(Clause(clause.tokens[start:n]))
        start = n + 1
    if out:
        out[0].words = clause.words
        out[-1].condition = clause.condition
    return out
