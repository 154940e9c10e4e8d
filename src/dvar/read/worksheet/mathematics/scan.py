r"""Text to tokens, for LaTeX, Unicode and ASCII alike.

A sign has one name however it is written: ``\cdot``, ``·`` and ``&middot;`` are ``cdot``.  Spacing, sizes,
labels and colours go; ``\text{…}`` becomes one token; macros of the document are put in their place.
Nothing here raises: what is unknown is a token of its own.
"""

from __future__ import annotations

import re

from dvar.read.worksheet.mathematics import characters, words
from dvar.read.worksheet.mathematics.macros import Macro, arguments_of, body_of, group_end
from dvar.read.worksheet.mathematics.tokens import (
    BEGIN,
    CELL,
    COMMAND,
    END,
    LINE,
    NAME,
    NUMBER,
    QUAD,
    ROW,
    SIGN,
    TEXT,
    UNKNOWN,
    WORD,
    Token,
)
from dvar.read.worksheet.tree import Span

LONGEST = 200_000
"""Characters of one region that are read."""
MOST_EXPANSIONS = 2000
_LETTER = r"A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff"
_MARKS = r"\u0300-\u036f\u20d0-\u20ff"
_NUMBER = (
    r"\d{1,3}(?:\{,\}\d{3})+(?:\.\d+)?(?!\d)|\d+\{,\}\d+|\d{1,3}(?:\\,\d{3})+(?:\.\d+)?(?!\d)"
    r"|\d+\.(?:\d{3}\\,)+\d{1,3}|(?:\d+(?:\.\d+)?|(?<![\w)\]}])\.\d+)(?:[eE][+-]?\d+(?![A-Za-z_^\d.]))?"
)
_OPERATORS = (
    r":=|\+=|-=|\*=|/=|<=>|<->|\|->|=>|<=|>=|->|==|!=|\*\*|\.\.+|%\*%|%o%|\.[*/^](?!=)|&&"
)
_SPACE = r"[ \t\r\f\v\u00a0\u2000-\u200d\u202f\u205f\u3000\ufeff]+"


def _pattern(command: str, name: str, comment: str, ruled: str = r"(?!)") -> re.Pattern[str]:
    return re.compile(
        rf"(?P<space>{_SPACE})|(?P<line>\n\s*)|(?P<entity>&(?:[A-Za-z]+\d?|\#\d+);)|(?P<comment>{comment})"
        rf"|(?P<ruled>{ruled})|{command}|(?P<number>{_NUMBER})|(?P<word>{name})|(?P<operator>{_OPERATORS})"
        rf"|(?P<marked>[^\W\d_][{_MARKS}]+)|(?P<other>.)",
        re.DOTALL,
    )


_WORDS = rf"(?:[{_LETTER}][{_MARKS}]*)+"
_COMMAND = r"(?P<row>\\\\)|\\(?P<command>[A-Za-z]+\*?|.|$)"
_ESCAPED = r"(?P<row>\\\\\\\\)|\\\\?(?P<command>[A-Za-z]+\*?|.|$)"
_NEVER = r"(?!)"
_LATEX = _pattern(_COMMAND, _WORDS, r"(?<!\\)%[^\n]*")
_DOUBLED = _pattern(_ESCAPED, _WORDS, r"(?<!\\)%[^\n]*")
_PLAIN = _pattern(_COMMAND, _WORDS, _NEVER, r"([-=*~_#])\1{2,}(?=\s|$)")
_CODE = _pattern(_COMMAND, rf"[{_LETTER}_](?:[\w{_MARKS}])*", r"\#[^\n]*|//[^\n]*|%%[^\n]*")
_SINGLE = re.compile(r"(?<!\\)\\[A-Za-z]")
_DOUBLE = re.compile(r"(?<!\\)\\\\([A-Za-z]+)")
_NESTED_COMMAND = re.compile(r"\\[A-Za-z]+\s*|[{}]")
_CALL_TEXT = re.compile(r"[A-Za-z]\w*\s*\([\w\s,.]*\)|d\w+\s*/\s*d\w+")
_DECIMAL_COMMA = re.compile(r"0,\d{2,}(?![\d,])")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])")
_ARRAY_DOT = re.compile(r"\.(?=\s*(?:&|\\\\|[\]\),;]|\d*[eE][+-]?\d))")


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


class Scanner:
    """One pass over one piece of text.

    Args:
        text: the piece.
        base: where it begins in the document.
        fixed: the one place that all tokens get, for the body of a macro.
    """

    def __init__(
        self,
        text: str,
        base: int,
        latex: bool,
        code: bool,
        macros: dict[str, Macro],
        fixed: Span | None = None,
        budget: list[int] | None = None,
    ) -> None:
        self.text, self.base, self.latex, self.code = text, base, latex, code
        self.macros, self.fixed = macros, fixed
        self.out: list[Token] = []
        self.spaced = self.gap = False
        self.at = 0
        self.depth = 0
        self.lefts: list[str] = []
        self.braces: list[str] = []
        self.budget = budget if budget is not None else [MOST_EXPANSIONS, LONGEST]
        self.pattern = _CODE if code else _LATEX if latex else _PLAIN
        if latex and not _SINGLE.search(text) and any(
            map(characters.is_command, _DOUBLE.findall(text))
        ):
            self.pattern = _DOUBLED

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

    # ── making tokens ───────────────────────────────────────────────────────────────────────────

    def add(self, kind: str, text: str, start: int, end: int, font: str = "") -> Token:
        if self.fixed is not None:
            place = self.fixed
        else:
            place = (self.base + start, self.base + end)
        token = Token(kind, text, place[0], place[1], self.spaced, self.gap, font)
        self.out.append(token)
        self.spaced = self.gap = False
        return token

    def sign(self, text: str, start: int, end: int) -> None:
        self.depth += (text in "([") - (text in ")]")
        self.add(SIGN, text, start, end)

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
        inner = Scanner(meaning, 0, self.latex, self.code, {}, self._place(start, self.at))
        self._take(inner.tokens())

    def _place(self, start: int, end: int) -> Span:
        return self.fixed or (self.base + start, self.base + end)

    def _take(self, tokens: list[Token]) -> None:
        if tokens:
            tokens[0].spaced |= self.spaced
            tokens[0].gap |= self.gap
            self.spaced = self.gap = False
        self.out.extend(tokens)

    def _comment(self, text: str, start: int) -> None:
        if text[0] == "%" and start and self.text[start - 1].isdigit() and not self.code:
            self.at = start + 1  # 12% is a number
            self._percent(start)
            return
        self.add(UNKNOWN if not self.code else TEXT, text, start, self.at) if self.code else None

    def _percent(self, start: int) -> None:
        if self.out and self.out[-1].kind == NUMBER and not self.gap and not self.code:
            last = self.out[-1]
            last.text = characters.percent(last.text)
            last.end = self._place(start, self.at)[1]
        else:
            self.sign("%", start, self.at)

    def _row(self, text: str, start: int) -> None:
        word = re.compile(r"[A-Za-z]{3,}").match(self.text, self.at)
        if word and characters.is_command(word[0]) and word[0] not in words.FUNCTIONS:
            self.at = word.end()
            self._command(word[0], start)
            return
        skipped = re.compile(r"\s*\[[^\]\n]{0,12}(?:pt|em|ex|mm|cm|in)\]|\*").match(self.text, self.at)
        if skipped:
            self.at = skipped.end()
        self.add(ROW, text, start, self.at)

    def _number(self, text: str, start: int) -> None:
        if "{,}" in text:
            whole = re.fullmatch(r"[1-9]\d{0,2}(?:\{,\}\d{3})+(?:\.\d+)?", text)
            text = text.replace("{,}", "" if whole else ".")
        text = text.replace("\\,", "")
        wider = None
        if self.depth <= 0 and text.isdigit() and self.text[self.at : self.at + 1] == ",":
            wider = _THOUSANDS.match(self.text, start)
            if wider:
                text = wider[0].replace(",", "")
            else:
                wider = _DECIMAL_COMMA.match(self.text, start)
                text = wider[0].replace(",", ".") if wider else text
        if wider:
            self.at = wider.end()
        elif text.isdigit():
            dot = _ARRAY_DOT.match(self.text, self.at)
            if dot and not self.text.startswith("...", self.at):
                self.at = dot.end()
                more = re.compile(r"[eE][+-]?\d+").match(self.text, self.at)
                if more:
                    text, self.at = text + more[0], more.end()
        self.add(NUMBER, text if text[0] != "." else "0" + text, start, self.at)

    def _word(self, text: str, start: int) -> None:
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
        elif text in "/#" and self.gap and not (self.latex or self.code) and self._remark(text, start):
            pass
        elif text == "~" and self.latex:
            self.spaced = self.gap = True
        elif text == "~":
            self.sign("sim", start, self.at)
        elif text == "%":
            self._percent(start)
        elif text in "\"'" and self.code and self._begins_string():
            stop = self.text.find(text, self.at)
            newline = self.text.find("\n", self.at)
            if stop < 0 or 0 <= newline < stop:
                return
            self.at = stop + 1
            self.add(TEXT, self.text[start + 1 : stop], start, self.at)
        elif text in '"`$':
            self.gap = True
        elif text == ":" and re.compile(r"\s*=(?!=)").match(self.text, self.at):
            self.at = self.text.index("=", self.at) + 1
            self.sign(":=", start, self.at)
        elif text == "<" and not self.latex and re.compile(r"-{1,2}\s").match(self.text, self.at):
            self.at = self.text.index("-", self.at) + 1
            self.sign("gets", start, self.at)
        elif text.isprintable():
            self.sign(text, start, self.at)

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
        return last.kind not in (WORD, NUMBER) and not last.is_(")", "]", r"\}", "'")

    def _brace(self, text: str, start: int) -> None:
        """Outside LaTeX braces group behind ``_`` and ``^`` and a command, and are a set elsewhere."""
        if text == "{":
            last = self.out[-1] if self.out else None
            grouping = self.latex or (last is not None and (last.is_("_", "^", "}") or last.kind == COMMAND))
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
                self._percent(start)
            elif sign in words.SIGNS and sign.isalpha():
                self.sign(words.SIGNS.get(sign, sign), start, self.at)
            else:
                self.sign(sign, start, self.at)
        elif text in words.UNICODE_COMMANDS:
            self._symbol_or_command(words.UNICODE_COMMANDS[text], start)
        elif text in words.VULGAR:
            above, below = words.VULGAR[text]
            self.add(COMMAND, "frac", start, self.at)
            for part in (above, below):
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
        elif base in words.GREEK_WORDS or base.isascii():
            self.add(NAME if base in words.GREEK_WORDS or font else WORD, base, start, self.at, font)
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
        while stop < len(self.text) and ord(self.text[stop]) in table and self.text[stop] not in words.UNICODE:
            stop += 1
        inner = self.text[start:stop].translate(table)
        self.at = stop
        self.sign(sign, start, start)
        self.sign("{", start, start)
        scanner = Scanner(inner, self.base + start, True, False, {}, self.fixed)
        self._take(scanner.tokens())
        self.sign("}", stop, stop)

    # ── commands ────────────────────────────────────────────────────────────────────────────────

    def _command(self, name: str, start: int) -> None:
        star = name.endswith("*") and len(name) > 1
        if star:
            name = name[:-1]
            if name not in characters.STARRED:
                self.at -= 1
        if name in self.macros and self.budget[0] > 0:
            self._expand(self.macros[name], name, start)
        elif name in words.GAPS:
            self._gap(name, start)
        elif name in words.SIZES:
            self._sized(name, start)
        elif name in ("begin", "end"):
            self._environment(name, start)
        elif name in words.TEXTS:
            self._text(start)
        elif name in words.SKIPPED_WITH_ARGUMENT:
            self._skip_argument(name)
        elif name in characters.DEFINING:
            body = body_of(self.text, start)
            self.at = max(self.at, body[1]) if body else self.at
        elif name == "not":
            self._negated(start)
        elif name not in words.SKIPPED:
            self._symbol_or_command(name, start)

    def _symbol_or_command(self, name: str, start: int) -> None:
        if name in words.NAMES:
            self.add(NAME, words.NAMES[name], start, self.at)
        elif name == "%":
            self._percent(start)
        elif name == "_" and self.text.startswith("\\_", self.at):
            while self.text.startswith("\\_", self.at):
                self.at += 2
            self.add(COMMAND, "blank", start, self.at)
        elif name in words.SIGNS:
            self.sign(words.SIGNS[name], start, self.at)
        elif name in ("newline", "par", "cr"):
            self.add(ROW, name, start, self.at)
        elif name.strip():
            self.add(COMMAND, name, start, self.at)

    def _gap(self, name: str, start: int) -> None:
        self.spaced = self.gap = True
        if name in ("quad", "qquad"):
            self.add(QUAD, name, start, self.at)
            self.gap = True

    def _sized(self, name: str, start: int) -> None:
        r"""``\left|`` opens and ``\right|`` closes; ``\right.`` is nothing."""
        found = re.compile(r"\s*(\\[A-Za-z]+|\\.|[^\s\\A-Za-z0-9])").match(self.text, self.at)
        if found is None:
            return
        written = found[1]
        plain = written.lstrip("\\")
        sign = words.SIGNS.get(plain, plain) if written[0] == "\\" else written
        sign = {"<": "langle", ">": "rangle"}.get(sign, words.UNICODE.get(sign, sign))
        if name in ("left", "right"):
            sign = self._paired(name, sign)
        elif name.endswith(("l", "r")) and sign in ("|", "norm"):
            sign += "(" if name.endswith("l") else ")"
        elif sign not in words.OPENERS and sign not in words.CLOSERS and sign not in ("|", "norm"):
            return
        self.at = found.end()
        if sign:
            self.sign(sign, start, self.at)

    def _paired(self, name: str, sign: str) -> str:
        bars = ("|", "norm")
        if name == "left":
            self.lefts.append(sign)
            return "" if sign == "." else sign + "(" if sign in bars else sign
        opened = self.lefts.pop() if self.lefts else ""
        if sign == ".":
            return "right." if opened == r"\{" else ""
        if sign in bars:
            return "bar" if opened == "." else sign + ")"
        return sign

    def _environment(self, name: str, start: int) -> None:
        stop = group_end(self.text, self.at)
        if stop == self.at:
            return
        inner = self.text[self.text.index("{", self.at) + 1 : stop - 1].strip()
        self.at = stop
        if name == "begin":
            option = re.compile(r"\s*\[[^\]]{0,20}\]").match(self.text, self.at)
            if option and inner in characters.OPTIONED:
                self.at = option.end()
            for _ in range(characters.COLUMNED.get(inner.rstrip("*"), 0)):
                self.at = group_end(self.text, self.at)
        self.add(BEGIN if name == "begin" else END, inner.rstrip("*"), start, self.at)

    def _skip_argument(self, name: str) -> None:
        if name in ("hskip", "kern", "mkern", "mskip", "vskip"):
            length = re.compile(r"\s*-?[\d.]+\s*(?:pt|em|ex|mu|mm|cm|in)?").match(self.text, self.at)
            self.at = length.end() if length else self.at
            return
        option = re.compile(r"\s*\[[^\]]{0,40}\]").match(self.text, self.at)
        if option and name not in ("tag", "label"):
            self.at = option.end()
        self.at = group_end(self.text, self.at)
        self.gap = True

    def _negated(self, start: int) -> None:
        found = re.compile(r"\s*(\\in\b|=|\\equiv\b)").match(self.text, self.at)
        if found is None:
            self._symbol_or_command("not", start)
            return
        self.at = found.end()
        self.sign("notin" if "in" in found[1] else "neq", start, self.at)

    def _text(self, start: int) -> None:
        r"""``\text{…}``; mathematics in it (between dollars) is read as such."""
        stop = group_end(self.text, self.at)
        if stop == self.at:
            return
        begin = self.text.index("{", self.at) + 1
        content = self.text[begin : stop - 1]
        self.at = stop
        at = begin
        for n, part in enumerate(content.split("$")):
            if n % 2 == 1:
                macros = self.macros
                inner = Scanner(part, self.base + at, True, False, macros, self.fixed, self.budget)
                self._take(inner.tokens())
            elif part.strip():
                self._said(part, at)
            at += len(part) + 1

    def _said(self, part: str, at: int) -> None:
        clean = _NESTED_COMMAND.sub("", part.replace("\\_", "_").replace("\\ ", " ").replace("~", " "))
        stripped = " ".join(clean.split())
        if not stripped:
            return
        if _CALL_TEXT.fullmatch(stripped):
            inner = Scanner(part, self.base + at, False, False, {}, self.fixed)
            self._take(inner.tokens())
        elif re.fullmatch(r"-?\d+(?:\.\d+)?", stripped):
            self._take(Scanner(part, self.base + at, True, False, {}, self.fixed).tokens())
        else:
            self.gap = True
            self.add(TEXT, stripped, at, at + len(part), "rm")

    def _expand(self, macro: Macro, name: str, start: int) -> None:
        arguments, stop = arguments_of(self.text, self.at, macro)
        body = macro.filled(arguments)
        self.at = stop
        self.budget[0] -= 1
        self.budget[1] -= len(body)
        if self.budget[1] < 0:
            self.add(UNKNOWN, "\\" + name, start, stop)
            return
        others = {key: value for key, value in self.macros.items() if key != name}
        place = self._place(start, stop)
        self._take(Scanner(body, 0, self.latex, self.code, others, place, self.budget).tokens())
