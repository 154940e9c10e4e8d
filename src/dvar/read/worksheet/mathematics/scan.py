r"""Text to tokens, for LaTeX, Unicode and ASCII alike.

A sign has one name however it is written: ``\cdot``, ``·`` and ``&middot;`` are ``cdot``.  Spacing, sizes,
labels and colours go; ``\text{…}`` becomes one token; macros of the document are put in their place.
Nothing here raises: what is unknown is a token of its own.
"""

from __future__ import annotations

import re

from dvar.read.worksheet.mathematics import characters, patterns, vocabulary, words
from dvar.read.worksheet.mathematics.commands import Commands
from dvar.read.worksheet.mathematics.macros import Macro
from dvar.read.worksheet.mathematics.tape import LONGEST
from dvar.read.worksheet.mathematics.tokens import (
    CELL,
    COMMAND,
    LINE,
    NAME,
    NUMBER,
    ROW,
    SIGN,
    TEXT,
    UNKNOWN,
    WORD,
    Token,
)
from dvar.read.worksheet.tree import Span


def scan(
    text: str,
    span: Span,
    latex: bool,
    code: bool = False,
    macros: dict[str, Macro] | None = None,
) -> list[Token]:
    """The tokens of a part of a text."""
    end = min(span[1], span[0] + LONGEST, len(text))
    return Scanner(text[span[0] : end], span[0], latex, code, macros or {}).tokens()


_RAISED_POINT = re.compile("(?<=[⁰¹²³⁴-⁹])[·˙⋅.](?=[⁰¹²³⁴-⁹])")
"""The decimal point of ``e⁻⁰·⁴⁸``."""
_POINT = str.maketrans("·˙⋅", "...")


_POWER_THEN = re.compile(r"\d0\.\d+")
"""``0.6^50.4^5``: a power and the next factor."""


class Scanner(Commands):
    """Characters to tokens."""

    def tokens(self) -> list[Token]:
        text, match = self.text, self.pattern.match
        while self.at < len(text):
            found = match(text, self.at)
            if found is None:
                break
            start, self.at = found.span()
            kind = found.lastgroup or "other"
            getattr(self, "_" + kind)(found[kind], start)
        return self.out

    def _space(self, text: str, start: int) -> None:
        self.gap = True
        self.spaced = self.spaced or not self.latex

    def _line(self, text: str, start: int) -> None:
        self._space(text, start)
        self.add(LINE, text, start, self.at)
        self.gap = True

    def _ruled(self, text: str, start: int) -> None:
        """A line drawn with signs."""
        if text[0] == "_":
            self.add(COMMAND, "blank", start, self.at)
        else:
            self._line(text, start)

    def _entity(self, text: str, start: int) -> None:
        meaning = words.ENTITIES.get(text[1:-1])
        if text[1] == "#":
            meaning = chr(min(int(text[2:-1][:7]), 0x10FFFF))
        if meaning is None or meaning == "&":
            self.at = start + (5 if meaning == "&" else 1)
            self.add(CELL, "&", start, self.at)
            return
        self.put(self.inner(meaning, 0, self.latex, None, self.place(start, self.at)))

    def _comment(self, text: str, start: int) -> None:
        if text[0] == "%" and start and self.text[start - 1].isdigit() and not self.code:
            self.at = start + 1  # 12% is a number
            self.percent(start)
            return
        if self.code:
            self.add(TEXT, text, start, self.at)

    def _row(self, text: str, start: int) -> None:
        word = re.compile(r"[A-Za-z]{3,}").match(self.text, self.at)
        if word and characters.is_command(word[0]) and word[0] not in words.FUNCTIONS:
            self.at = word.end()
            self._command(word[0], start)
            return
        skipped = re.compile(r"\s*\[[^\]\n]{0,12}(?:pt|em|ex|mm|cm|in)\]|\*").match(
            self.text, self.at
        )
        if skipped:
            self.at = skipped.end()
        self.add(ROW, text, start, self.at)

    def _number(self, text: str, start: int) -> None:
        text = text.removesuffix(".")
        if self.latex and self.out and self.out[-1].is_("^") and _POWER_THEN.fullmatch(text):
            self.add(NUMBER, text[0], start, start + 1)  # TeX raises one digit
            text, start = text[1:], start + 1
        if "{,}" in text:
            whole = re.fullmatch(r"[1-9]\d{0,2}(?:\{,\}\d{3})+(?:\.\d+)?", text)
            text = text.replace("{,}", "" if whole else ".")
        text = text.replace("\\,", "")
        wider = None
        if self.depth <= 0 and text.isdigit() and self.text[self.at : self.at + 1] == ",":
            wider = patterns.THOUSANDS.match(self.text, start)
            if wider:
                text = wider[0].replace(",", "")
            else:
                wider = patterns.DECIMAL_COMMA.match(self.text, start)
                text = wider[0].replace(",", ".") if wider else text
        if wider:
            self.at = wider.end()
        elif text.isdigit():
            dot = patterns.ARRAY_DOT.match(self.text, self.at)
            if dot and not self.text.startswith("...", self.at):
                self.at = dot.end()
                more = re.compile(r"[eE][+-]?\d+").match(self.text, self.at)
                if more:
                    text, self.at = text + more[0], more.end()
        self.add(NUMBER, text if text[0] != "." else "0" + text, start, self.at)

    def _word(self, text: str, start: int) -> None:
        last = self.out[-1] if self.out and not self.gap else None
        if text[0] == "_" and len(text) > 1 and last is not None and last.kind == COMMAND:
            self.sign("_", start, start + 1)  # Σ_i in a program's brackets
            text, start = text[1:], start + 1
        if text.isascii():
            self.add(WORD, text, start, self.at)
            return
        self._marked(text, start)

    def _marked(self, text: str, start: int) -> None:
        """Letters with accents: ``ŷ`` is y with a hat, ``pérdida`` a word."""
        pieces = characters.letters(text)
        if pieces is None:
            self.add(WORD, text, start, self.at)
            return
        for piece, accents, offset, length in pieces:
            token = self.add(WORD, piece, start + offset, start + offset + length)
            token.accents = accents

    def _operator(self, text: str, start: int) -> None:
        if text == "&&" and not self.code:
            for at in (start, start + 1):
                self.add(CELL, "&", at, at + 1)
        elif text in ("%*%", "%o%"):
            self.sign("@" if text == "%*%" else "otimes", start, self.at)
        elif text.startswith(".."):
            self.sign("...", start, self.at)
        elif text in ("<->", "<=>"):
            self.sign("iff", start, self.at)
        elif text in ("->", "=>"):
            self.sign("to" if text == "->" else "implies", start, self.at)
        else:
            self.sign(text, start, self.at)

    def _other(self, text: str, start: int) -> None:
        if text.isascii():
            self._ascii(text, start)
        else:
            self._unusual(text, start)

    def _ascii(self, text: str, start: int) -> None:
        if text == "{" or text == "}":
            self._brace(text, start)
        elif text == "&":
            self.add(CELL, text, start, self.at)
        elif (
            text in "/#"
            and self.gap
            and not (self.latex or self.code)
            and self._remark(text, start)
        ):
            pass
        elif text == "~" and self.latex:
            self.spaced = self.gap = True
        elif text == "~":
            self.sign("sim", start, self.at)
        elif text == "%":
            self.percent(start)
        elif text in "\"'" and self.code and self._begins_string():
            self._string(text, start)
        elif text in '"`$':
            self.gap = True
        elif text.isprintable() and not self._spaced_sign(text, start):
            self.sign(text, start, self.at)

    def _string(self, quote: str, start: int) -> None:
        stop = self.text.find(quote, self.at)
        newline = self.text.find("\n", self.at)
        if stop >= 0 and not 0 <= newline < stop:
            self.at = stop + 1
            self.add(TEXT, self.text[start + 1 : stop], start, self.at)
        elif quote == "'" and not self.gap:
            self.sign(quote, start, self.at)

    def _spaced_sign(self, text: str, start: int) -> bool:
        """``: =`` is one sign, and so is ``<-`` in plain text where a space follows."""
        if text == ":" and self.out and self.out[-1].kind == NUMBER:
            return False  # at x = 2: = 3 + …
        if text == ":":
            found, sign = re.compile(r"\s*=(?!=)").match(self.text, self.at), ":="
        elif text == "<" and not self.latex:
            found, sign = re.compile(r"-{1,2}(?=\s)").match(self.text, self.at), "gets"
        else:
            return False
        if found:
            self.at = found.end()
            self.sign(sign, start, self.at)
        return found is not None

    def _remark(self, text: str, start: int) -> bool:
        """``a = 1  // b = 2``: what parts a formula from a remark."""
        doubled = text == "/" and self.text.startswith("/ ", self.at)
        if not doubled and not (text == "#" and self.text.startswith(" ", self.at)):
            return False
        stop = self.text.find("\n", self.at)
        stop = len(self.text) if stop < 0 else stop
        if re.search(r"[=≈]", self.text[self.at : stop]):
            self.at += doubled
            self.add(SIGN, ";", start, self.at)
        else:
            self.at = stop
        return True

    def _begins_string(self) -> bool:
        if not self.out or self.gap:
            return True
        last = self.out[-1]
        return last.kind not in (WORD, NUMBER, COMMAND) and not last.is_(")", "]", r"\}", "'")

    def _brace(self, text: str, start: int) -> None:
        """Outside LaTeX braces group behind ``_`` and ``^`` and a command, and are a set elsewhere."""
        if text == "{":
            last = self.out[-1] if self.out else None
            grouping = self.latex or (
                last is not None and (last.is_("_", "^", "}") or last.kind == COMMAND)
            )
            self.braces.append("{" if grouping else r"\{")
            self.sign(self.braces[-1], start, self.at)
        else:
            opener = self.braces.pop() if self.braces else "{"
            self.sign("}" if opener == "{" else r"\}", start, self.at)

    def _unusual(self, text: str, start: int) -> None:
        """A character outside ASCII."""
        if text in words.UNICODE:
            sign = words.UNICODE[text]
            if sign == "%":
                self.percent(start)
            elif sign in words.SIGNS and sign.isalpha():
                self.sign(words.SIGNS.get(sign, sign), start, self.at)
            else:
                self.sign(sign, start, self.at)
        elif text in words.UNICODE_COMMANDS:
            self.symbol_or_command(words.UNICODE_COMMANDS[text], start)
        elif text in words.VULGAR:
            self.add(COMMAND, "frac", start, self.at)
            for part in tuple(words.VULGAR[text]):
                for kind, piece in ((SIGN, "{"), (NUMBER, part), (SIGN, "}")):
                    self.add(kind, piece, start, self.at)
        elif ord(text) in words.SUPERSCRIPTS:
            self._script(text, start, "^", words.SUPERSCRIPTS)
        elif ord(text) in words.SUBSCRIPTS:
            self._script(text, start, "_", words.SUBSCRIPTS)
        else:
            self._letter(text, start)

    def _letter(self, text: str, start: int) -> None:
        base, font = characters.plain_letter(text)
        if text == "Σ" and not self.latex:
            self.add(COMMAND, "sum", start, self.at)
        elif base in vocabulary.GREEK_WORDS or base.isascii():
            self.add(
                NAME if base in vocabulary.GREEK_WORDS or font else WORD, base, start, self.at, font
            )
        elif text.isalpha():
            stop = self.at
            while stop < len(self.text) and self.text[stop].isalpha():
                stop += 1
            self.at = stop
            self.add(TEXT, self.text[start:stop], start, stop)
        elif text.isprintable():
            self.add(UNKNOWN, text, start, self.at)

    def _script(self, text: str, start: int, sign: str, table: dict[int, int]) -> None:
        """``²``, ``₁₂``, ``⁽ⁱ⁾`` as if written with ``^`` and ``_``."""
        stop = self.at
        while stop < len(self.text) and (
            (ord(self.text[stop]) in table and self.text[stop] not in words.UNICODE)
            or (sign == "^" and _RAISED_POINT.match(self.text, stop))
        ):
            stop += 1
        inner = self.text[start:stop].translate(table).translate(_POINT)
        self.at = stop
        self.sign(sign, start, start)
        self.sign("{", start, start)
        self.put(self.inner(inner, self.base + start, True))
        self.sign("}", stop, stop)
