"""LaTeX text → tokens → one list of tokens per statement.

Nothing is expanded and nothing executed: a command is a word that the reader knows or does not know.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dvar.core.errors import FormulaError, Source
from dvar.read.latex import words
from dvar.read.syntax import Span
from dvar.read.where import Places

SIZE_LIMIT = 100_000
NESTING_LIMIT = 200

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\f\v~]+|%[^\n]*)
      | (?P<line>\n)
      | (?P<row>\\\\\*?(?:[ ]*\[-?[\d.]+[ ]*(?:pt|em|ex|mm|cm)\])?)
      | (?P<number>\d+(?:\{,\}\d{3})*(?:\.\d+)?|\.\d+)
      | (?P<letters>[A-Za-z]+)
      | \\(?P<command>[A-Za-z]+\*?|[^A-Za-z])
      | (?P<mark>:=|>=|<=|==|!=|[-+*/=<>^_&|,;:.!?'(){}\[\]$])""",
    re.VERBOSE,
)
_DISPLAYS = "equation|align|gather|multline|eqnarray|flalign|alignat|displaymath|math"
_DELIMITER = re.compile(
    r"(?P<skip>\\\\|\\\$|(?<!\\)%[^\n]*)"
    r"|(?P<open>\$\$|\$|\\\(|\\\[)"
    rf"|(?P<env>\\begin\{{(?P<name>(?:{_DISPLAYS})\*?)\}})"
)
_CLOSERS = {"$$": "$$", "$": "$", r"\(": r"\)", r"\[": r"\]"}
_TALKING_FONTS = frozenset(
    {"text", "textrm", "textit", "textbf", "textsf", "mbox", "hbox", "mathrm"}
)
_OPENERS = frozenset(words.BRACKETS)


@dataclass(frozen=True, slots=True)
class Token:
    """One word.  ``kind`` is number, letters, command, mark, begin, end, row, line or separator."""

    kind: str
    text: str
    span: Span

    def is_(self, *texts: str) -> bool:
        """Whether it is one of these marks or commands."""
        return self.text in texts and self.kind in ("mark", "command")


class Page:
    """The text as given, so that an error can point into it."""

    def __init__(self, text: str, file: str | None = None) -> None:
        self.text, self.places = text, Places(text, file)

    def source(self, span: Span) -> Source:
        return self.places.source(span)

    def error(self, message: str, span: Span, hint: str | None = None) -> FormulaError:
        return FormulaError(message, source=self.source(span), hint=hint)

    def unknown(self, token: Token) -> FormulaError:
        near = difflib.get_close_matches(token.text, sorted(words.known_commands()), 1, 0.6)
        hint = rf"\{near[0]}" if near else r"\operatorname{…} for a function, \text{…} for a name"
        return self.error(rf"\{token.text} is not a command dvar knows", token.span, hint)


# ── where mathematics stands ────────────────────────────────────────────────────────────────────


def regions(page: Page) -> list[Span]:
    """The parts between ``$…$`` and its kin; the whole text where there are none."""
    found: list[Span] = []
    at = 0
    while match := _DELIMITER.search(page.text, at):
        at = match.end()
        if match["skip"]:
            continue
        closer = rf"\end{{{match['name']}}}" if match["env"] else _CLOSERS[match["open"]]
        end = _closing(page.text, closer, at)
        if end < 0:
            opener = match["env"] or match["open"]
            raise page.error(f"{opener} is not closed", match.span(), f"{closer} at its end")
        found.append((at, end))
        at = end + len(closer)
    return found or [(0, len(page.text))]


def _closing(text: str, closer: str, at: int) -> int:
    end = text.find(closer, at)
    while end > 0 and text[end - 1] == "\\" and closer.startswith("$"):  # \$ is a dollar
        end = text.find(closer, end + 1)
    return end


# ── tokens ──────────────────────────────────────────────────────────────────────────────────────


def tokenize(page: Page, region: Span) -> list[Token]:
    """Words of one region, without spacing, sizes and comments."""
    if len(page.text) > SIZE_LIMIT:
        raise page.error(f"the formula is longer than {SIZE_LIMIT:,} characters", (0, 1))
    tokens = list(_environments(page, _unnumbered(list(_scan(page, *region)))))
    _check_brackets(page, tokens)
    return tokens


def _scan(page: Page, at: int, end: int) -> Iterator[Token]:
    while at < end:
        match = _TOKEN.match(page.text, at, end)
        if match is None:
            yield _unusual(page, at)
            at += 1
            continue
        kind = str(match.lastgroup)
        if kind == "number":
            yield Token(kind, match[kind].replace("{,}", ""), match.span())
        elif kind == "command":
            yield _command(match[kind], match.span())
        elif kind != "space":
            yield Token(kind, match[kind], match.span())
        at = match.end()


def _unnumbered(tokens: Sequence[Token]) -> list[Token]:
    """Without the ``1)`` that numbers a line: a bracket that nothing opened."""
    numbers = set()
    for n, token in enumerate(tokens[:-1]):
        starts = n == 0 or tokens[n - 1].kind in ("line", "row")
        if starts and token.kind == "number" and tokens[n + 1].is_(")"):
            numbers |= {n, n + 1}
    return [token for n, token in enumerate(tokens) if n not in numbers]


def _unusual(page: Page, at: int) -> Token:
    """A sign outside ASCII, as the command it stands for."""
    sign = page.text[at]
    if sign not in words.UNICODE:
        raise page.error(f"{sign!r} has no meaning in a formula", (at, at + 1))
    text = words.UNICODE[sign]
    return Token("command" if text.isalpha() else "mark", text, (at, at + 1))


def _command(text: str, span: Span) -> Token:
    if text in ("|", "{", "}", "_", "%", "#", "&", "$"):
        return Token("command", "\\" + text, span)
    return Token("command", text.rstrip("*") if text[0].isalpha() else text, span)


def _environments(page: Page, tokens: Sequence[Token]) -> Iterator[Token]:
    r"""Join ``\begin{name}``, give ``\left|`` its side, and drop what carries no meaning."""
    n = 0
    while n < len(tokens):
        token = tokens[n]
        following = tokens[n + 1] if n + 1 < len(tokens) else None
        if token.kind != "command":
            yield token
        elif token.text in ("begin", "end"):
            n, joined = _environment(page, tokens, n)
            yield joined
            continue
        elif token.text in words.IGNORED_WITH_ARGUMENT:
            n = _after_group(tokens, n + 1)
            continue
        elif token.text in words.IGNORED:
            sided = _sided(token, following)
            if sided is not None:
                yield from sided
                n += 1
        else:
            yield token
        n += 1


def _sided(token: Token, following: Token | None) -> list[Token] | None:
    r"""``\left|`` opens and ``\right|`` closes; ``\right.`` is nothing."""
    side = "l" if token.text == "left" or token.text.endswith("l") else "r"
    if following is None or not (token.text in ("left", "right") or token.text[:-1].lower() in
                                 ("big", "bigg")):  # fmt: skip
        return None
    if following.is_("."):
        return []
    if following.is_(*words.BARS):
        name = side + ("vert" if words.BARS[following.text] == "abs" else "Vert")
        return [Token("command", name, following.span)]
    return None


def _environment(page: Page, tokens: Sequence[Token], n: int) -> tuple[int, Token]:
    end = _after_group(tokens, n + 1)
    start = tokens[n].span[0]
    if end == n + 1:
        raise page.error(rf"\{tokens[n].text} needs the name of an environment", tokens[n].span)
    span = (start, tokens[end - 1].span[1])
    name = page.text[tokens[n + 1].span[1] : tokens[end - 1].span[0]].strip().rstrip("*")
    if name not in words.TRANSPARENT | words.CASES and name not in words.MATRICES:
        raise page.error(f"the environment {name} is not one dvar knows", span, r"\begin{aligned}")
    if tokens[n].text == "begin":  # columns: {cc}, position: [t]
        wants = name in ("array", "alignat", "alignedat")
        if wants and end < len(tokens) and tokens[end].is_("{"):
            end = _after_group(tokens, end)
    return end, Token(tokens[n].text, name, span)


def _after_group(tokens: Sequence[Token], n: int) -> int:
    """The place after the group that starts at ``n``; ``n`` if none does."""
    if n >= len(tokens) or not tokens[n].is_("{"):
        return n
    depth = 0
    for k in range(n, len(tokens)):
        depth += tokens[k].is_("{") - tokens[k].is_("}")
        if depth == 0:
            return k + 1
    return len(tokens)


def _closer(token: Token) -> str | None:
    if token.kind == "begin":
        return f"end {token.text}"
    if token.kind in ("mark", "command") and token.text in _OPENERS:
        return words.BRACKETS[token.text][0]
    return None


def _shown(token: Token) -> str:
    if token.kind in ("begin", "end"):
        return rf"\{token.kind}{{{token.text}}}"
    return rf"\{token.text}" if token.kind == "command" and token.text.isalpha() else token.text


def _check_brackets(page: Page, tokens: Sequence[Token]) -> None:
    stack: list[tuple[Token, str]] = []
    for token in tokens:
        closer = _closer(token)
        if closer is not None:
            stack.append((token, closer))
            if len(stack) > NESTING_LIMIT:
                raise page.error(f"nested more than {NESTING_LIMIT} deep", token.span)
        elif token.kind == "end" or (token.is_(*words.CLOSING)):
            got = f"end {token.text}" if token.kind == "end" else token.text
            if not stack:
                raise page.error(f"{_shown(token)} closes nothing", token.span)
            opener, wanted = stack.pop()
            if got != wanted:
                message = f"{_shown(token)} does not close {_shown(opener)}"
                raise page.error(
                    message, token.span, f"it was opened in {page.source(opener.span)}"
                )
    if stack:
        raise page.error(f"{_shown(stack[-1][0])} is not closed", stack[-1][0].span)


# ── statements ──────────────────────────────────────────────────────────────────────────────────


def statements(page: Page, tokens: Sequence[Token]) -> list[list[Token]]:
    r"""Split at ``\\``, lines, ``;``, ``\quad``, talk and commas that stand outside every bracket.

    A part that begins or ends with an operator belongs to its neighbour: formulas go over lines.
    """
    joined: list[list[Token]] = []
    for part in _parts(page, tokens):
        if joined and _continues(joined[-1], part):
            joined[-1].extend(part)
        elif _trimmed(part):
            joined.append(part)
    return [_trimmed(piece) for part in joined for piece in _at_commas(_trimmed(part))]


def _parts(page: Page, tokens: Sequence[Token]) -> Iterator[list[Token]]:
    part: list[Token] = []
    depth = 0
    n = 0
    while n < len(tokens):
        token = tokens[n]
        after = _after_talk(page, tokens, n) if depth == 0 else n
        if token.kind in ("begin", "end") and token.text in words.TRANSPARENT:
            pass
        elif token.kind == "line" or (token.is_("&") and depth == 0):
            if token.kind == "line" and depth == 0:
                yield part
                part = []
        elif token.is_(" ") and not (depth == 0 and _is_eaten_row(part, tokens, n)):
            pass
        elif depth == 0 and (after > n or token.kind == "row" or _separates(token)):
            yield part
            part = []
            n = max(n, after - 1)
        elif not (token.kind == "command" and token.text in ("quad", "qquad")):
            part.append(token)
            depth += (_closer(token) is not None) - (
                token.kind == "end" or token.is_(*words.CLOSING)
            )
        n += 1
    yield part


def _is_eaten_row(part: Sequence[Token], tokens: Sequence[Token], n: int) -> bool:
    r"""``\ `` between two definitions is a ``\\`` of which a shell took one half."""
    ahead = tokens[n + 1 : n + 40]
    ends = (k for k, t in enumerate(ahead) if t.kind in ("row", "line") or _separates(t))
    return has_relation(part) and has_relation(ahead[: next(ends, len(ahead))])


def _separates(token: Token) -> bool:
    return token.is_(";", " ") or (token.kind == "command" and token.text in words.SEPARATORS)


def _after_talk(page: Page, tokens: Sequence[Token], n: int) -> int:
    r"""The place after ``\text{ and }`` and its like; ``n`` where there is no talk."""
    if tokens[n].kind != "command" or tokens[n].text not in _TALKING_FONTS:
        return n
    end = _after_group(tokens, n + 1)
    if end == n + 1:
        return n
    content = page.text[tokens[n + 1].span[1] : tokens[end - 1].span[0]]
    is_call = content.strip() == "where" and end < len(tokens) and tokens[end].is_("(")
    return end if is_talk(content) and not is_call else n


def is_talk(content: str) -> bool:
    """Whether the content of a ``\\text`` is talk, not a name."""
    said = [word.strip("().,:;").lower() for word in content.split()]
    return len(said) != 1 or said[0] in words.PROSE or not said[0]


_OPERATORS = {
    *words.SUMS,
    *words.PRODUCTS,
    *words.COMPARISONS,
    *words.DEFINES,
    *words.ROUNDED,
    "in",
}


def _continues(before: Sequence[Token], part: Sequence[Token]) -> bool:
    if not part or not before:
        return bool(before) and not part and before[-1].is_(*_OPERATORS)
    if before[-1].is_(*_OPERATORS) and not before[-1].is_("star", "bullet"):
        return True
    first = part[0]
    if first.is_(*words.DEFINES, *words.ROUNDED, *words.COMPARISONS):
        return True
    return first.is_(*words.SUMS, *words.PRODUCTS) and not has_relation(part)


def has_relation(tokens: Sequence[Token]) -> bool:
    """Whether it defines or declares something: ``=`` or ``\\in`` outside every bracket."""
    return any(token.is_(*words.DEFINES, "in") for _, token in outside(tokens))


def outside(tokens: Sequence[Token]) -> Iterator[tuple[int, Token]]:
    """Tokens that stand outside every bracket, with their places."""
    depth = 0
    for n, token in enumerate(tokens):
        if _closer(token) is not None:
            depth += 1
        elif token.kind == "end" or token.is_(*words.CLOSING):
            depth -= 1
        elif depth == 0:
            yield n, token


def _trimmed(part: Sequence[Token]) -> list[Token]:
    """Without bullets in front and punctuation behind."""
    part = list(part)
    while part and part[0].is_(",", ".", ":", "star", "bullet"):
        part.pop(0)
    if part and part[0].is_("+") and has_relation(part):
        part.pop(0)
    while part and part[-1].is_(",", ".", ";", ":"):
        part.pop()
    return part


def _at_commas(part: list[Token]) -> Iterator[list[Token]]:
    """``a = 1, b = 2`` are two; ``x, y \\in R`` is one."""
    commas = [n for n, token in outside(part) if token.is_(",")]
    relations = [n for n, token in outside(part) if token.is_(*words.DEFINES, "in")]
    start = 0
    for n in commas:
        defines_before = bisect_left(relations, n) > bisect_left(relations, start)
        if defines_before and bisect_left(relations, n) < len(relations):
            yield part[start:n]
            start = n + 1
    if part[start:]:
        yield part[start:]
