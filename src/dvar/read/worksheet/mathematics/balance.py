r"""Which bracket closes which, and brackets that a writer or a scanner lost.

An opener without a closer is closed before the next relation sign or at the end of its row; a closer without
an opener is dropped where it ends a row.  Braces and environments hold more strongly than brackets.
"""

from __future__ import annotations

from collections.abc import Sequence

from dvar.read.worksheet.mathematics import words
from dvar.read.worksheet.mathematics.tokens import (
    BEGIN,
    CELL,
    END,
    LINE,
    QUAD,
    ROW,
    SIGN,
    Token,
    made,
)

MOST_LOST = 40
"""So many brackets without a partner make a text that is no formula."""
_STRENGTH = {"{": 2, "env": 3}


def _opens(token: Token) -> str | None:
    """The class of an opener: ``(``, ``{``, ``env`` …"""
    if token.kind == BEGIN:
        return "env"
    return token.text if token.kind == SIGN and token.text in words.OPENERS else None


def _closes(token: Token) -> str | None:
    if token.kind == END:
        return "env"
    if token.kind == SIGN:
        return r"\{" if token.text == "right." else words.CLOSERS.get(token.text)
    return None


def _fits(opener: str, closer: str) -> bool:
    """Whether they are a pair; half-open intervals are."""
    return opener == closer or {opener, closer} == {"(", "["}


class _Balance:
    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.stack: list[int] = []
        self.mates: dict[int, int] = {}
        self.lost: dict[int, int] = {}  # opener → where at the latest it is closed
        self.dropped: set[int] = set()
        self.bars: set[int] = set()  # closing bars that nothing opened: evaluation at a place

    def run(self) -> None:
        for n, token in enumerate(self.tokens):
            if token.kind in (CELL, ROW):
                self._end_cell(n)
            if _opens(token) is not None:
                self.stack.append(n)
            elif token.is_("right.") and not self._is_cases():
                self.dropped.add(n)
            else:
                closer = _closes(token)
                if closer is not None:
                    self._close(n, closer)
        while self.stack:
            self.lost[self.stack.pop()] = len(self.tokens)

    def _is_cases(self) -> bool:
        r"""``\left\{ \begin{array} … \end{array} \right.``: one brace around rows."""
        top = self.stack[-1] if self.stack else -1
        return top >= 0 and self.tokens[top].is_(r"\{") and self.tokens[top + 1].kind == BEGIN

    def _end_cell(self, n: int) -> None:
        """The cell of a matrix ends every bracket that was opened in it."""
        for depth in range(len(self.stack) - 1, max(-1, len(self.stack) - 60), -1):
            opener = self.tokens[self.stack[depth]]
            if opener.kind == BEGIN:
                if opener.text not in words.TRANSPARENT:
                    for k in self.stack[depth + 1 :]:
                        self.lost[k] = n
                    del self.stack[depth + 1 :]
                return

    def _close(self, n: int, closer: str) -> None:
        strength = _STRENGTH.get(closer, 1)
        for depth in range(len(self.stack) - 1, -1, -1):
            opener = _opens(self.tokens[self.stack[depth]]) or ""
            if _fits(opener, closer) and (opener == closer or depth == len(self.stack) - 1):
                for k in self.stack[depth + 1 :]:
                    self.lost[k] = n
                self.mates[self.stack[depth]] = n
                del self.stack[depth:]
                return
            if _STRENGTH.get(opener, 1) > strength:
                break
        if self.tokens[n].is_("|)"):
            self.bars.add(n)
        else:
            self.dropped.add(n)


def balanced(tokens: Sequence[Token]) -> tuple[list[Token], list[Token]]:
    """The tokens with every bracket closed; and the closers in the way that close nothing."""
    tokens = _rounded(tokens)
    found = _Balance(tokens)
    found.run()
    if len(found.lost) + len(found.dropped) > MOST_LOST:
        rest = [t for t in tokens if _opens(t) is None and _closes(t) is None]
        return rest, [tokens[n] for n in sorted([*found.lost, *found.dropped])]
    wrong = [tokens[n] for n in sorted(found.dropped) if not _ends_row(tokens, n, found.dropped)]
    if found.bars:
        tokens = [made(SIGN, "bar", t) if n in found.bars else t for n, t in enumerate(tokens)]
    if not found.lost and not found.dropped:
        return list(tokens), []
    added: dict[int, list[Token]] = {}
    for n in sorted(found.lost, reverse=True):
        place = _closing_place(tokens, n, found)
        opener = tokens[n]
        text = opener.text if opener.kind == BEGIN else words.OPENERS[opener.text]
        at = tokens[place - 1]
        closer = Token(END if opener.kind == BEGIN else SIGN, text, at.end, at.end)
        added.setdefault(place, []).append(closer)
    out: list[Token] = []
    for n, token in enumerate(tokens):
        out += added.get(n, ())
        if n not in found.dropped:
            out.append(token)
    out += added.get(len(tokens), ())
    return out, wrong


def _rounded(tokens: Sequence[Token]) -> Sequence[Token]:
    """The tokens, with brackets of their own for ``⌊x⌉``, which is neither floor nor ceiling but the nearest."""
    out, open_ = list(tokens), list[int]()
    for n, token in enumerate(tokens):
        if token.is_("lfloor", "lceil"):
            open_.append(n)
        elif token.is_("rfloor", "rceil") and open_:
            begin = open_.pop()
            if words.OPENERS[tokens[begin].text] != token.text:
                out[begin], out[n] = (
                    made(SIGN, "lround", tokens[begin]),
                    made(SIGN, "rround", token),
                )
    return out


def _ends_row(tokens: Sequence[Token], n: int, dropped: set[int]) -> bool:
    """Whether nothing but punctuation follows in the row."""
    if tokens[n].kind == END or tokens[n].is_("right.", "}"):
        return True
    for k in range(n + 1, min(len(tokens), n + 6)):
        token = tokens[k]
        if token.kind in (ROW, LINE, QUAD, END):
            return True
        if not token.is_(",", ".", ";", ":", "=") and k not in dropped:
            return False
        if token.is_("="):
            return True
    return n + 6 >= len(tokens)


def _closing_place(tokens: Sequence[Token], opener: int, found: _Balance) -> int:
    """Where an opener without a closer is best closed."""
    latest = found.lost[opener]
    group = tokens[opener]
    n = opener + 1
    while n < latest:
        token = tokens[n]
        if n in found.mates:
            n = found.mates[n]
        elif n > opener + 1 and group.kind != BEGIN and group.text != "{":
            ends = token.kind in (ROW, LINE, QUAD)
            relation = token.kind == SIGN and token.text in words.RELATIONS
            if ends or (relation and token.text not in ("in", "<", ">", "neq")):
                return n
        elif group.text == "{" and token.kind in (ROW, LINE):
            return n
        n += 1
    return latest


def mates_of(tokens: Sequence[Token]) -> list[int]:
    """For each bracket of a balanced list its partner; -1 elsewhere."""
    mates = [-1] * len(tokens)
    stack: list[int] = []
    for n, token in enumerate(tokens):
        if _opens(token) is not None:
            stack.append(n)
        elif _closes(token) is not None and stack:
            mates[n] = stack[-1]
            mates[stack.pop()] = n
    return mates
