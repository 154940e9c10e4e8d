"""What a document as a whole says of its letters: which runs are names, which names are functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from dvar.read.worksheet.document import Document
from dvar.read.worksheet.mathematics import colons, vocabulary, words
from dvar.read.worksheet.mathematics.assumed import assumed
from dvar.read.worksheet.mathematics.lost import indexed, lacks_spaces
from dvar.read.worksheet.mathematics.macros import Macro, definitions
from dvar.read.worksheet.mathematics.scan import scan
from dvar.read.worksheet.mathematics.tokens import (
    CELL,
    COMMAND,
    LINE,
    NAME,
    NUMBER,
    QUAD,
    ROW,
    SIGN,
    TEXT,
    WORD,
    Token,
)

_SEPARATES = frozenset({CELL, LINE, QUAD, ROW, TEXT})
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Attributes:
    names: runs of two letters and more that are one name.
    functions: names that stand left of a relation with parameters, or are primed before a bracket.
    letters: letters that occur as symbols of their own.
    defined: letters and runs that stand left of a relation.
    variations: whether a small delta is only ever written in front of another letter: ``\\delta h_t``.
    increments: whether d is: ``d z = y d x + x d y``.
    multiplied: letters that d is a factor of, ``(a + b\\epsilon)(c + d\\epsilon) = ac + (ad + bc)\\epsilon``.
    macros: of the document.
    indexed: what is written with an index behind its bracket.
    colons: whether a colon between two matrices is their inner product.
    lacks_spaces: whether a comma with space around it may have been a thin space.
    """

    names: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()
    letters: frozenset[str] = frozenset()
    defined: frozenset[str] = frozenset()
    variations: bool = False
    increments: bool = False
    multiplied: frozenset[str] = frozenset()
    macros: Mapping[str, Macro] = field(default_factory=dict)
    indexed: frozenset[str] = frozenset()
    colons: bool = False
    lacks_spaces: bool = False


EMPTY = Lexicon()


def survey(document: Document) -> Lexicon:
    """Looks through all regions of a document once."""
    macros = definitions(document.text)
    written = (document.text[slice(*region.span)] for region in document.regions if region.latex)
    macros = {**assumed(written, macros), **macros}
    found = _Survey()
    for region in document.regions:
        code = region.kind == "code" and not region.latex
        found.look(scan(document.text, region.span, region.latex, code, macros), code)
    lexicon = replace(found.lexicon(macros), indexed=indexed(document.text))
    return replace(
        lexicon,
        colons=colons.are_products(document.text),
        lacks_spaces=lacks_spaces(document.text),
    )


def is_word(text: str) -> bool:
    r"""Whether the content of a ``\text`` is one name, not talk."""
    return _IDENTIFIER.fullmatch(text) is not None and text.lower() not in vocabulary.PROSE


class _Survey:
    def __init__(self) -> None:
        self.sure: set[str] = set()
        self.likely: set[str] = set()
        self.functions: set[str] = set()
        self.letters: set[str] = set()
        self.defined: set[str] = set()
        self.multiplied: set[str] = set()
        self.behind_d: set[str] = set()
        self.by_d = False  # where something is differentiated by d, it is a factor in dx as well
        self.changes: set[str] = set()  # Δ in front of what is told: Δw = …
        self.fronts = {"delta": [0, 0], "d": [0, 0]}  # in front of a letter, and elsewhere

    def lexicon(self, macros: dict[str, Macro]) -> Lexicon:
        multiplied = frozenset(self.multiplied | (self.behind_d if self.by_d else set()))
        names = self.sure | {run for run in self.likely if not self._is_product(run)}
        variations, increments = (n > 1 and not m for n, m in self.fronts.values())
        return Lexicon(
            frozenset(names), frozenset(self.functions), frozenset(self.letters),
            frozenset(self.defined - self.changes), variations, increments, multiplied, macros,
        )  # fmt: skip

    def _is_product(self, run: str) -> bool:
        """``wx`` where w and x are symbols too; ``dx`` and ``gx`` are gradients by name."""
        if run[0] in "dg" and len(run) == 2:
            return False
        return len(run) <= 3 and all(c in self.letters for c in run)

    def look(self, tokens: Sequence[Token], code: bool) -> None:
        self.multiplied |= _multiplied(tokens)
        self.behind_d |= {x.text[1] for x in tokens if len(x.text) == 2 and x.text[0] == "d"}
        texts = [x.text for x in tokens]
        self.by_d |= any(texts[n : n + 3] == ["partial", "d", "}"] for n in range(len(texts)))
        if any(a.text == "in" and a.kind == WORD and b.is_("_") for a, b in pairwise(tokens)):
            self.sure.add("in")  # in_j is what comes into unit j
        for n, token in enumerate(tokens):
            if token.kind == TEXT and is_word(token.text):
                self._add(self.sure, _stem(token.text))
            elif token.kind == NAME and token.text == "delta":
                self._front(tokens, n)
            elif (
                token.kind == NAME
                and token.text == "Delta"
                and _begins(tokens[n - 1] if n else None)
            ):
                is_told = _before_relation(tokens, n)
                (self.defined if is_told else self.changes).add("Delta")
            elif token.kind == NAME and len(token.text) == 1:
                self.letters.add(token.text)
            elif token.kind == WORD:
                if token.text == "d" and not code and not _is_operator(tokens, n):
                    self._front(tokens, n)
                self._word(tokens, n, code)

    def _front(self, tokens: Sequence[Token], n: int) -> None:
        after = tokens[n + 1] if n + 1 < len(tokens) else None
        if after is None or after.kind == NUMBER:  # δ 7 is the seventh of several
            return
        letter = after.kind in (WORD, NAME) and not after.accents
        accent = after.kind == COMMAND and (
            after.text in words.ACCENTS or after.text in words.FONTS
        )
        is_front = (letter or accent) and not after.spaced
        self.fronts[tokens[n].text][0 if is_front else 1] += 1

    def _add(self, where: set[str], run: str) -> None:
        talk = run.lower() in vocabulary.PROSE and not (where is self.likely and run.isupper())
        if len(run) > 1 and not talk:  # ET = E1 + E2 is no French
            where.add(run)

    def _word(self, tokens: Sequence[Token], n: int, code: bool) -> None:
        run = _stem(tokens[n].text) if code else tokens[n].text
        before = tokens[n - 1] if n else None
        if before is not None and before.is_("_", "^"):
            run = run[1:]  # the first letter is the script
        if _begins(before) and _before_relation(tokens, n):
            self.defined.add(run)
        if len(run) == 1:
            self.letters.add(run)
            if _is_defined_here(tokens, n):
                self.functions.add(run)
            return
        if not run:
            return
        if code:
            if run.lower() not in words.FUNCTIONS or _before_relation(tokens, n):
                self._add(self.sure, run)
                if re.fullmatch(r"[A-Za-z]+_[A-Za-z]{2,}", tokens[n].text):
                    self._add(self.sure, tokens[n].text)
        elif (
            (_is_upright(tokens, n) and len(run) > 1)
            or (len(run) > 2 and _carries_word(tokens, n))
            or (len(run) == 2 and _is_below(tokens, n))
            or (run.isupper() and _begins(before) and _is_slope(tokens, n))
            or (run.isupper() and len(run) > 2 and _is_defined_here(tokens, n))  # RMS(x) = …
        ):
            self._add(self.sure, run)
        elif (_begins(before) and _before_relation(tokens, n)) or (
            len(run) > 2 and _is_differentiated(tokens, n)
        ):
            self._add(self.likely, run)
        if _is_defined_here(tokens, n):
            self.functions.add(run)


def _is_slope(tokens: Sequence[Token], n: int) -> bool:
    r"""``MP_K = \frac{\partial q}{\partial K}``: nobody tells what a product of two names is by a derivative."""
    k = _after_scripts(tokens, n)
    if not _before_relation(tokens, n) or k + 3 >= len(tokens):
        return False
    k += tokens[k].kind == CELL
    fraction, brace, top = tokens[k + 1 : k + 4]
    differential = top.names("partial") or (top.kind in (WORD, NAME) and top.text[0] == "d")
    return fraction.names("frac", "dfrac", "tfrac") and brace.is_("{") and differential


def _is_operator(tokens: Sequence[Token], n: int) -> bool:
    r"""``\frac{d}{dx}``, ``d/dx``, ``d^2 y``, ``\mathrm{d}x``, ``d \log x``: a d that is no letter of its own."""
    after = tokens[n + 1] if n + 1 < len(tokens) else None
    if after is None or after.is_("}"):
        fraction = n > 1 and tokens[n - 2].names("frac", "dfrac", "tfrac")
        return n > 1 and tokens[n - 1].is_("{") and (fraction or _is_upright(tokens, n))
    if after.kind == COMMAND and after.text in words.FUNCTIONS:
        return True
    return after.is_("/", "(") or (
        after.is_("^") and n + 2 < len(tokens) and _is_order(tokens, n + 2)
    )


def _is_order(tokens: Sequence[Token], n: int) -> bool:
    inner = list(_group(tokens, n))
    return len(inner) == 1 and inner[0].kind == NUMBER


def _stem(identifier: str) -> str:
    found = re.match(r"[A-Za-z]+", identifier)
    return found[0] if found else identifier


def _begins(before: Token | None) -> bool:
    return before is None or before.kind in _SEPARATES or before.is_(",", ";", ".", ":")


def _is_upright(tokens: Sequence[Token], n: int) -> bool:
    r"""``\mathrm{net}``: the command, the brace, the run."""
    if n < 2 or not tokens[n - 1].is_("{"):
        return False
    command = tokens[n - 2]
    return command.kind == COMMAND and words.FONTS.get(command.text) in ("rm", "", "sf", "tt")


def _carries_word(tokens: Sequence[Token], n: int) -> bool:
    """``net_{h1}``, ``E_total``: a subscript of two letters or a letter with digits."""
    if n + 2 >= len(tokens) or not tokens[n + 1].is_("_"):
        return False
    inner = list(_group(tokens, n + 2))
    shown = "".join(t.text for t in inner if t.kind in (WORD, NUMBER, TEXT))
    return len(shown) > 1 and any(c.isalpha() for c in shown)


def _group(tokens: Sequence[Token], n: int) -> Iterator[Token]:
    """What stands in the group that begins here, or the one token."""
    if not tokens[n].is_("{"):
        yield tokens[n]
        return
    for token in tokens[n + 1 : n + 12]:
        if token.is_("}"):
            return
        yield token


def _multiplied(tokens: Sequence[Token]) -> set[str]:
    """Greek letters that a d stands in front of as another letter does, where a d is a factor elsewhere as well."""
    fronts: dict[str, set[str]] = {}
    apart = False
    for token, after in pairwise(tokens):
        if (
            token.kind in (WORD, NAME)
            and after.kind == NAME
            and after.text in vocabulary.GREEK_WORDS
        ):
            fronts.setdefault(after.text, set()).add(token.text)
        elif token.kind in (WORD, NAME) and token.text[-1] == "d" and len(token.text) < 3:
            apart = True
    return {
        name
        for name, letters in fronts.items()
        if apart and "d" in letters and any(len(c) == 1 and c != "d" for c in letters)
    }


def _after_scripts(tokens: Sequence[Token], n: int) -> int:
    """The place behind the scripts that hang on a token."""
    n += 1
    while n < len(tokens) - 1 and (tokens[n].is_("_", "^", "'") or _is_digit(tokens, n)):
        if tokens[n].is_("'") or tokens[n].kind == NUMBER:
            n += 1
        elif tokens[n + 1].is_("{"):
            n = _closing(tokens, n + 1) + 1
        elif _goes_on(tokens, n + 1):
            return n + 1
        else:
            n += 2
    return n


def _goes_on(tokens: Sequence[Token], n: int) -> bool:
    """``D_jS_i``: behind the first letter, which is the script, the run is another name; not in ``W_ij``."""
    run = tokens[n].text
    return tokens[n].kind == WORD and run[:1].islower() and run[1:2].isupper()


def _is_digit(tokens: Sequence[Token], n: int) -> bool:
    return tokens[n].kind == NUMBER and not tokens[n].gap


def _closing(tokens: Sequence[Token], n: int) -> int:
    depth = 0
    for k in range(n, min(len(tokens), n + 60)):
        depth += tokens[k].is_("{", "(") - tokens[k].is_("}", ")")
        if depth == 0:
            return k
    return len(tokens) - 1


def _before_relation(tokens: Sequence[Token], n: int) -> bool:
    n = _after_scripts(tokens, n)
    if n < len(tokens) and tokens[n].kind == CELL:
        n += 1
    if n >= len(tokens):
        return False
    token = tokens[n]
    return token.kind == SIGN and token.text in words.RELATIONS and token.text not in words.ORDERS


def _is_differentiated(tokens: Sequence[Token], n: int) -> bool:
    k = n - 1
    while k >= 0 and tokens[k].is_("{", "("):
        k -= 1
    if k < 0 or not tokens[k].names("partial", "nabla"):
        return False
    after = tokens[n + 1] if n + 1 < len(tokens) else None
    applied = after is not None and (after.kind in (WORD, NAME, COMMAND) or after.is_("("))
    return not (applied and tokens[n].text.lower() in words.FUNCTIONS)  # ∂ log p


def _is_below(tokens: Sequence[Token], n: int) -> bool:
    r"""``\partial E / \partial bo_1``: nobody differentiates by a product."""
    if n < 3 or not tokens[n - 1].names("partial") or n + 1 >= len(tokens):
        return False
    fraction = tokens[n - 2].is_("{") and tokens[n - 3].is_("}")
    return (fraction or tokens[n - 2].is_("/")) and tokens[n + 1].is_("_")


def _is_defined_here(tokens: Sequence[Token], n: int) -> bool:
    """``f(x, y) =``, ``f'(z)``."""
    before = tokens[n - 1] if n else None
    k = _after_scripts(tokens, n)
    if k >= len(tokens) or not tokens[k].is_("("):
        return False
    if any(t.is_("'") for t in tokens[n + 1 : k]):
        return True
    stop = _closing(tokens, k)
    inside = tokens[k + 1 : stop]
    plain = all(
        t.kind in (WORD, NAME, NUMBER, COMMAND) or t.is_(",", ";", "_", "^", "{", "}", "'")
        for t in inside
    )
    if not inside or not plain or not any(t.kind in (WORD, NAME) for t in inside):
        return False
    after = tokens[stop + 1] if stop + 1 < len(tokens) else None
    return (
        _begins(before)
        and after is not None
        and (after.is_("=", ":=", "equiv") or after.kind == CELL)
    )
