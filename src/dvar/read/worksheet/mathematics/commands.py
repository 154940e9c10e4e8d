r"""Commands of LaTeX as tokens: spaces, sizes, environments, words, macros."""

from __future__ import annotations

import re

from dvar.read.worksheet.mathematics import characters, patterns, words
from dvar.read.worksheet.mathematics.customary import CUSTOMARY
from dvar.read.worksheet.mathematics.macros import (
    LONGEST_BODY,
    MOST,
    Macro,
    arguments_of,
    body_of,
    group_end,
)
from dvar.read.worksheet.mathematics.tape import Tape
from dvar.read.worksheet.mathematics.tokens import (
    BEGIN,
    COMMAND,
    END,
    NAME,
    QUAD,
    ROW,
    TEXT,
    UNKNOWN,
    WORD,
)

_QUAD = {
    "em": 1,
    "ex": 2,
    "pt": 10,
    "mm": 3.5,
    "cm": 0.35,
    "in": 0.14,
    "pc": 0.8,
    "px": 13,
    "mu": 18,
}
"""How wide about ``\\quad`` is, in each unit."""
_COMPARED = re.compile(r"[A-Za-z] ?[=<>] ?[A-Za-z0-9]")
"""``\\text{i = j}``: a condition, not talk."""
_LENGTH = re.compile(rf"\s*\{{\s*(\d*\.?\d+)\s*({'|'.join(_QUAD)})\s*\}}")


class Commands(Tape):
    def _command(self, name: str, start: int) -> None:
        if name.endswith("*") and len(name) > 1:
            name = name[:-1]
            self.at -= name not in characters.STARRED
        if name not in self.macros:
            name = words.ALIASES.get(name, name)
        if name in self.macros and self.budget[0] > 0:
            self._expand(self.macros[name], name, start)
        elif name in words.GAPS:
            self._gap(name, start)
        elif name in words.SIZES:
            self._sized(name, start)
        elif name in ("begin", "end") or name in characters.BRACED:
            self._rows(name, start)
        elif name == "hspace":
            self._wide(start)
        elif name in words.TEXTS:
            self._text(start, words.FONTS.get("math" + name[4:], "rm"))
        elif name in words.SKIPPED_WITH_ARGUMENT:
            self._skip_argument(name)
        elif name == "not":
            self._negated(start)
        elif name not in words.SKIPPED:
            self.symbol_or_command(name, start)

    def symbol_or_command(self, name: str, start: int) -> None:
        if name in characters.DEFINING:
            self._define(start)
        elif name in words.NAMES:
            self.add(NAME, words.NAMES[name], start, self.at)
        elif name == "%":
            self.percent(start)
        elif name == "_" and self.text.startswith("\\_", self.at):
            while self.text.startswith("\\_", self.at):
                self.at += 2
            self.add(COMMAND, "blank", start, self.at)
        elif name in words.SIGNS:
            self.sign(words.SIGNS[name], start, self.at)
        elif name in ("newline", "par", "cr", "crcr"):
            self.add(ROW, name, start, self.at)
        elif name in CUSTOMARY and self.budget[0] > 0:
            self._expand(CUSTOMARY[name], name, start)
        elif name.strip():
            self.add(COMMAND, name, start, self.at)
        elif self.latex and self._in_rows():
            self.add(ROW, name, start, self.at)  # of \\\\ a page has eaten the half
        else:
            self.gap = True  # a line that goes on, in a program

    def _in_rows(self) -> bool:
        """Whether a matrix or a distinction of cases is open."""
        begun = [t.text for t in self.out if t.kind == BEGIN]
        ended = sum(t.kind == END for t in self.out)
        return len(begun) > ended and begun[-1] in words.CASES | set(words.MATRICES)

    def _define(self, start: int) -> None:
        found = body_of(self.text, start)
        if found is not None:
            (name, macro), stop = found
            self.at = max(self.at, stop)
            if len(self.macros) < MOST and len(macro.body) <= LONGEST_BODY:
                self.macros = {**self.macros, name: macro}

    def _gap(self, name: str, start: int) -> None:
        self.spaced = self.gap = True
        if name in ("quad", "qquad"):
            self.add(QUAD, name, start, self.at)
            self.gap = True

    def _wide(self, start: int) -> None:
        r"""``\hspace{0.5in}`` parts statements as ``\quad`` does, if it is about as wide."""
        length = _LENGTH.match(self.text, self.at)
        self.at = group_end(self.text, self.at)
        self.spaced = self.gap = True
        if length is not None and float(length[1]) >= _QUAD[length[2]]:
            self.add(QUAD, "quad", start, self.at)
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

    def _rows(self, name: str, start: int) -> None:
        if name in ("begin", "end"):
            self._environment(name, start)
        elif self.text.startswith("{", self.at):
            self._braced(characters.BRACED[name], start)
        elif name not in words.SKIPPED:
            self.symbol_or_command(name, start)

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

    def _braced(self, name: str, start: int) -> None:
        r"""``\eqalign{a &= b \cr &= c}``: an environment as plain TeX writes it."""
        stop = group_end(self.text, self.at)
        begin, end = self.at + 1, max(self.at + 1, stop - 1)
        self.add(BEGIN, name, start, begin)
        self.put(self.inner(self.text[begin:end], self.base + begin, True, self.macros))
        self.add(END, name, end, stop)
        self.at = stop

    def _skip_argument(self, name: str) -> None:
        if name in ("hskip", "kern", "mkern", "mskip", "vskip"):
            length = re.compile(r"\s*-?[\d.]+\s*(?:pt|em|ex|mu|mm|cm|in)?").match(
                self.text, self.at
            )
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
            self.symbol_or_command("not", start)
            return
        self.at = found.end()
        self.sign("notin" if "in" in found[1] else "neq", start, self.at)

    def _text(self, start: int, font: str) -> None:
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
                self.put(self.inner(part, self.base + at, True, macros))
            elif part.strip():
                self._said(part, at, font)
            at += len(part) + 1

    def _said(self, part: str, at: int, font: str) -> None:
        clean = patterns.NESTED_COMMAND.sub(
            "", part.replace("\\_", "_").replace("\\ ", " ").replace("~", " ")
        )
        stripped = " ".join(clean.split())
        if not stripped:
            return
        if len(stripped) == 1 and stripped.isalpha():
            begin = at + part.index(stripped)
            self.add(WORD, stripped, begin, begin + 1, font)
        elif _COMPARED.fullmatch(stripped):
            self.put(self.inner(part, self.base + at, True))
        elif patterns.CALL_TEXT.fullmatch(stripped) or patterns.MODULE_TEXT.fullmatch(stripped):
            self.put(self.inner(part, self.base + at, False))
        elif re.fullmatch(r"-?\d+(?:\.\d+)?", stripped):
            self.put(self.inner(part, self.base + at, True))
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
        place = self.place(start, stop)
        self.put(self.inner(body, 0, self.latex, others, place))
