"""Formulas without delimiters, and those that join on to a formula in delimiters."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dvar.read.worksheet.pages.equations import Run
from dvar.read.worksheet.pages.inline import FILLER, FORMULA, Mark, mask
from dvar.read.worksheet.pages.lexicon import FUNCTIONS, NAMED, is_setting
from dvar.read.worksheet.pages.runs import Runs
from dvar.read.worksheet.pages.tokens import Token, tokenize
from dvar.read.worksheet.tree import Span

_RELATION = re.compile(
    r"[=≈≃≅≠≤≥∈∝≡≔←<>~]|\\(?:approx|in|leq?|geq?|neq?|equiv|propto|sim)\b"
    r"|\b(?:is|equals?|if|when)\b|:[ ]+[-−]?\.?\d"
)
_SIGN = (
    r"(?::?=|[-+*/]=|≈|≃|≅|≠|≤|≥|∈|∝|≡|≔|←|<|>"
    r"|\\(?:approx|in|leq?|geq?|neq?|equiv|propto|simeq|sim|to|leftarrow)(?![A-Za-z]))"
)
_LEADS = re.compile(rf"\s*(?:&\s*)?{_SIGN}")
_TRAILS = re.compile(rf"{_SIGN}\s*$")
_HAS = re.compile(_SIGN)
_JOINS = re.compile(
    rf"{FORMULA}{FILLER}*(?:[ ]*(?:[-+*/^·×(]|[\w{FORMULA}]+\()|[ ]?\w)|[\w)'′][ ]?{FORMULA}"
)
"""A formula in delimiters with something at it that could belong to it."""
_BRACES = re.compile(r"(?<!\\)[{}]")
_ENVIRONMENT = re.compile(r"\\begin\{(\w+\*?)\}.*?\\end\{\1\}", re.DOTALL)
_CONDITIONS = frozenset(("if", "when"))
_ELSE = frozenset(("else", "otherwise"))
_SAYS = frozenset(("is", "equals", "equal", "was", "be", "set"))
_CLAUSES = frozenset(("and", "or", "where", "so", "but", "then"))
_STANDS_FOR = re.compile(
    r"\b(?:(?P<writes>writ(?:e|ing)|us(?:e|ing)|put(?:ting)?|abbreviat(?:e|ing))\b[^.]*\bfor"
    r"|(?:stands?|short|shorthand) for|denotes?|means?|abbreviates)[ ]+(?:[dδ∂]\w|\\partial)"
)
"""Words that a name and a derivative stand beside: ``we write d_k for dE/dz_k``."""
_SHORTENS = frozenset(("write", "writing", "use", "using", "put", "putting", "abbreviate"))
_MEANS = frozenset(("denotes", "denote", "means", "mean", "abbreviates"))
_TEX_SIGN = re.compile(r"\\[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Found:
    """A formula without delimiters.

    ``marks`` are the indices of the formulas in delimiters that it joins, ``code`` says that backticks are
    among them.
    """

    span: Span
    latex: bool
    marks: tuple[int, ...] = ()
    code: bool = False


def find_plain(text: str, span: Span, marks: list[Mark]) -> list[Found]:
    """The plain formulas of a stretch of text, in order."""
    masked = mask(text, span, marks)
    shows = (_RELATION, _JOINS, _STANDS_FOR)
    if all(sign.search(masked) is None for sign in shows):
        return []
    return _Reader(text, span, masked, marks).read()


class _Reader:
    def __init__(self, text: str, span: Span, masked: str, marks: list[Mark]) -> None:
        self.text = text
        self.start = span[0]
        self.masked = masked
        self.tokens = tokenize(masked)
        self.runs = Runs(self.tokens)
        self.marks = marks
        self.mark_of: dict[int, int] = {}  # index of a token → index of its mark
        formulas = [n for n, mark in enumerate(marks) if mark.kind in ("inline", "code")]
        holes = [n for n, token in enumerate(self.tokens) if token.kind in "HC"]
        for hole, n in zip(holes, formulas, strict=False):
            self.mark_of[hole] = n
            self._look_into(self.tokens[hole], marks[n].content)

    def _look_into(self, token: Token, content: Span) -> None:
        formula = _outermost(self.text[content[0] : content[1]])
        token.relates = _HAS.search(formula) is not None
        token.leads = token.relates and _LEADS.match(formula) is not None
        token.trails = token.relates and _TRAILS.search(formula) is not None
        token.brackets = formula.startswith("(")

    def read(self) -> list[Found]:
        runs = self.runs.read()
        found: list[Found] = []
        taken = -1
        candidates = [*runs, *self._numbers(), *self._alone(runs), *self._abbreviated()]
        for run in sorted(candidates, key=lambda run: run.first):
            if run.first <= taken:
                continue
            last = self._with_condition(run.last)
            taken = last
            if last == run.first and self.tokens[last].kind == "H":
                continue  # a formula in delimiters as it is
            one = self._found(run.first, last)
            if not is_setting(self.text[one.span[0] : one.span[1]]):
                found.append(one)
        return found

    def _alone(self, runs: list[Run]) -> list[Run]:
        """Formulas in delimiters that have a relation and are in no run: a condition may follow them."""
        taken = {n for run in runs for n in range(run.first, run.last + 1)}
        return [
            Run(n, n)
            for n, token in enumerate(self.tokens)
            if token.kind == "H" and token.is_equation and n not in taken
        ]

    def _numbers(self) -> list[Run]:
        """A number that ends a clause, said of something with a name: ``the rate is 0.1.``, ``b: 0.3``."""
        found = []
        for n, token in enumerate(self.tokens):
            if token.kind != "N" or not self._ends_clause(n + 1):
                continue
            first = n
            if n and self.tokens[n - 1].text in ("-", "−") and not token.spaced:
                first = n - 1
            says = first - 1 - (self._text(first - 1) == "to" and first > 1)
            if says < 1:
                continue
            subject = self.tokens[says - 1]
            if self._text(says) in _SAYS and subject.kind in "WMHC)":
                found.append(Run(first, n))
            elif self._text(says) == ":" and says == first - 1 and token.spaced:
                if subject.kind == "M" and (says < 2 or self.tokens[says - 2].kind in "LGPW,."):
                    found.append(Run(says - 1, n))
                elif subject.text.lower() in NAMED:
                    found.append(Run(first, n))
        return found

    def _abbreviated(self) -> list[Run]:
        """A name and the derivative that it is short for: ``write d_k for dE/dz_k``, ``δ denotes ∂L/∂z``."""
        found: list[Run] = []
        goes_on = -1  # behind "d_o for dE/do" may stand "and d_1 for dE/dz_1"
        for n, token in enumerate(self.tokens[:-2]):
            if token.kind != "M":
                continue
            before, behind = self._text(n - 1) if n else "", self._text(n + 1)
            told = behind == "for" and (
                before in _SHORTENS or (goes_on == n - 1 and before in ("and", ","))
            )
            between = 1 if told or behind in _MEANS else 0
            if behind in ("stands", "stand", "short") and self._text(n + 2) == "for":
                between = 2
            stop = self._row(n + between + 1) if between else None
            if stop is not None and self._text(stop) == "/" and self._text(stop + 1)[:1] == "d":
                stop += 1  # dE/dnet: a word by its length
            if stop is not None and self._is_derivative(n + between + 1, stop):
                found += [Run(n, n), Run(n + between + 1, stop)]
                goes_on = stop + 1
        return found

    def _is_derivative(self, first: int, last: int) -> bool:
        inner = self.tokens[first : last + 1]
        starts = inner[0].text == "∂" or (len(inner[0].text) > 1 and inner[0].text[0] in "dδ∂")
        return starts and [token.text for token in inner if token.kind == "O"] == ["/"]

    def _ends_clause(self, n: int) -> bool:
        if n >= len(self.tokens):
            return True
        token = self.tokens[n]
        return token.text not in (":", "?", "!") and (
            token.kind in ".,L)" or self._text(n) in _CLAUSES
        )

    def _found(self, first: int, last: int) -> Found:
        inside = tuple(self.mark_of[n] for n in range(first, last + 1) if n in self.mark_of)
        start, end = self.start + self.tokens[first].start, self.start + self.tokens[last].end
        if self.tokens[first].kind in "HC":
            start = self.marks[self.mark_of[first]].content[0]
        if self.tokens[last].kind in "HC":
            end = self.marks[self.mark_of[last]].content[1]
        kinds = {self.marks[n].kind for n in inside}
        latex = (
            "inline" in kinds
            or _TEX_SIGN.search(self.masked, self.tokens[first].start, self.tokens[last].end)
            is not None
        )
        return Found((start, end), latex, inside, "code" in kinds)

    # -- conditions in words

    def _with_condition(self, last: int) -> int:
        """The end of an equation with what holds for it: ``… = 1 if z > 0, else 0``."""
        end, n = last, last + 1
        while True:
            step = self._branch(n, first=end == last)
            if step is None:
                return end
            end = step
            n = end + 1

    def _branch(self, n: int, first: bool) -> int | None:
        """The end of one more condition or value: ``if z > 0``, ``, else 0``, ``, 1 if z = 0``."""
        comma = self._text(n) in (",", ";")
        word = self._text(n + comma)
        if word in _CONDITIONS:
            return self._condition(n + comma, comma)
        if first:
            return None
        if word in _ELSE:
            return self._otherwise(n + comma)
        joined = word in ("and", "or")
        if not (comma or joined):
            return None
        begin = n + comma + joined
        stop = self._row(begin)
        if stop is None:
            return None
        related, following = self._is_relation(begin, stop), self._text(stop + 1)
        if following in _ELSE:
            return None if related else stop + 1
        if following in _CONDITIONS:
            return None if related else self._condition(stop + 1, comma=False)
        return stop if joined and related and not comma else None

    def _condition(self, n: int, comma: bool) -> int | None:
        stop = self._row(n + 1)
        if stop is None or not self._is_relation(n + 1, stop) or self._text(stop + 1) == "then":
            return None
        follows = stop + 1 + (self._text(stop + 1) == ",")
        if self._text(follows) == "then":  # if x > 1, then …
            return None
        return None if comma and follows > stop + 1 and self._is_clause(follows) else stop

    def _otherwise(self, n: int) -> int | None:
        if self._text(n + 1) in _CONDITIONS:
            return self._condition(n + 1, comma=False)
        stop = self._row(n + 1)
        if stop is None:
            return n
        return None if self._is_relation(n + 1, stop) else stop

    def _is_clause(self, n: int) -> bool:
        """Whether another equation follows: ``a = 1, if b > 0, c = 2``."""
        stop = self._row(n)
        return (
            stop is not None
            and self._is_relation(n, stop)
            and self._text(stop + 1) not in _CONDITIONS
        )

    def _text(self, n: int) -> str:
        return self.tokens[n].text.lower() if n < len(self.tokens) else ""

    def _row(self, n: int) -> int | None:
        """The end of the operands and operators that begin here; None if none do."""
        end = None
        while n < len(self.tokens) and n >= 0:
            token = self.tokens[n]
            if token.kind == "(" and (close := self.runs.operand_end(n)):
                n = close
            elif token.kind not in "MNHORS|":
                break
            end = n
            n += 1
        return end

    def _is_relation(self, first: int, last: int) -> bool:
        return any(
            self.tokens[n].kind == "R" or (self.tokens[n].kind == "H" and self.tokens[n].relates)
            for n in range(first, last + 1)
        )


def _outermost(formula: str) -> str:
    r"""A formula without what is in braces and environments: the ``=`` of ``\sum_{i=1}`` is no relation."""
    bare = _ENVIRONMENT.sub("x", formula)  # a matrix is a value: no sign before it ends the formula
    pieces, depth, position = [], 0, 0
    for match in _BRACES.finditer(bare):
        if depth == 0:
            pieces.append(bare[position : match.start()])
        depth = max(0, depth + (1 if match[0] == "{" else -1))
        position = match.end()
    return "".join(pieces) + (bare[position:] if depth == 0 else "")


def is_formula(text: str, span: Span, marks: list[Mark]) -> bool:
    """Whether a cell of a table is a formula or a number and nothing else: ``0.92 a_1``, ``-0.8``."""
    tokens: list[Token] = tokenize(mask(text, span, marks))
    if not tokens or len(tokens) > 200:
        return False
    for n, token in enumerate(tokens):
        if token.kind in "WP.CGL" or (token.kind in "()" and token.match < 0):
            return False
        if n and token.kind == "N" == tokens[n - 1].kind:
            return False
    if text[span[0] : span[1]].strip().lower() == "n/a":
        return False
    if len(tokens) == 1 and tokens[0].text.lower() in FUNCTIONS | {"...", "…"}:
        return False  # "sum", "max" at the head of a column
    kinds = {token.kind for token in tokens}
    if not kinds & {"M", "N", "H"} or tokens[-1].kind in "OS":
        return False
    return not re.fullmatch(
        r"\d{4}-\d\d?(?:-\d\d?)?|\d+\.\d+\.\d+.*", text[span[0] : span[1]].strip()
    )
