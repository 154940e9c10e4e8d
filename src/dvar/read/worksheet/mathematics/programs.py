"""Programs: their lines and the formulas in their comments."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dvar.read.worksheet.mathematics import vocabulary, words
from dvar.read.worksheet.tree import Span

_WORD = re.compile(r"[A-Za-z]{2,}")
_SIZES = re.compile(
    r"\s*[(\[]?(?P<names>\w+(?:\s*,\s*\w+){1,3})\s*,?[)\]]?\s*=\s*"
    r"(?:(?:np\.|torch\.)?(?:shape|size)\(\s*(?P<inner>\w+)\s*\)|(?P<outer>\w+)\.(?:shape|size\(\)))\s*;?\s*$"
)
_OPEN_ENDS = (",", "(", "[", "{", "+", "-", "*", "/", "@")
"""Ends of lines that go on below, where a bracket is open."""
MOST_PROSE = 2
"""Words of talk in a comment that states an equation."""
_LANGUAGES = {
    "%": "matlab octave m",
    "//": "c cpp c++ java js javascript ts typescript go rust swift scala kotlin",
    r"\#": "python py python3 r julia jl ruby bash sh ipython pycon",
}
_SIGNS = {name: sign for sign, names in _LANGUAGES.items() for name in names.split()}
# "a // b" and "a % b" are operations too: where the language is not known, only what cannot be one counts.
_ANY = re.compile(r"(?:(?:^|(?<=\s))\#+|(?:^\s*|(?<=;)\s*|(?<=,)\s*)(?://+|%+(?!\*%|o%)))\s?")


def comments_of(language: str) -> re.Pattern[str]:
    """How a comment begins."""
    sign = _SIGNS.get(language.lower())
    return re.compile(rf"(?:^|(?<=[\s;]))(?:{sign})+\s?") if sign else _ANY


def sizes_told(text: str, span: Span) -> tuple[list[Span], Span] | None:
    """``N, D = X.shape``: the names of the sizes, and the name of the array."""
    match = _SIZES.fullmatch(text[span[0] : span[1]])
    if match is None:
        return None
    group = "inner" if match["inner"] else "outer"
    array = match.start(group) + span[0], match.end(group) + span[0]
    offset = match.start("names") + span[0]
    names = re.finditer(r"\w+", match["names"])
    return [(offset + name.start(), offset + name.end()) for name in names], array


def inside_brackets(text: str, span: Span, language: str) -> str:
    """The text with blanks for comments that stand within an open bracket: ``x = [1,  # the first``.

    The statement around them goes on below, so they part nothing, and what they say is no statement beside it.
    """
    pattern = comments_of(language)
    out, depth = [], 0
    for line in text[span[0] : span[1]].split("\n"):
        comment = pattern.search(line)
        code = line[: comment.start()] if comment else line
        opened = depth > 0
        depth = max(0, depth + sum(map(code.count, "([{")) - sum(map(code.count, ")]}")))
        is_inside = depth > 0 and (opened or code.rstrip().endswith(_OPEN_ENDS))
        out.append(code.ljust(len(line)) if comment and is_inside else line)
    return text[: span[0]] + "\n".join(out) + text[span[1] :] if len(out) > 1 else text


def code_parts(text: str, span: Span, language: str) -> Iterator[tuple[Span, bool]]:
    """Stretches of a program, and the formulas in its comments."""
    pattern = comments_of(language)
    start = span[0]
    at = start
    for line in text[span[0] : span[1]].split("\n"):
        end = at + len(line)
        comment = pattern.search(line)
        first = line.split(maxsplit=1)
        statement = bool(first) and first[0].rstrip(":(") in vocabulary.STATEMENT_WORDS
        if comment or statement:
            stop = at if statement else at + (comment.start() if comment else 0)
            if start < stop:
                yield (start, stop), False
            if comment and _is_formula(line[comment.end() :]):
                yield (at + comment.end(), end), True
            start = min(end + 1, span[1])
        at = end + 1
    if start < span[1]:
        yield (start, span[1]), False


def _is_formula(comment: str) -> bool:
    """Whether a comment states an equation rather than talks."""
    if not re.search(r"[=≈<>]", comment):
        return False
    said = _WORD.findall(comment)
    prose = sum(
        word.lower() in vocabulary.PROSE and word.lower() not in words.FUNCTIONS for word in said
    )
    return prose <= MOST_PROSE
