"""Lines of code: which of them compute something, and where the statement and its comment stand."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dvar.read.worksheet.pages.lexicon import holds_no_value, is_program, words
from dvar.read.worksheet.tree import Span

NO_MATHEMATICS = words(
    """
    bash sh shell zsh fish powershell cmd bat batch html css json yaml yml toml xml diff patch ini
    dockerfile makefile sql mermaid dot graphviz bibtex bib svg plantuml csv http nginx git
    gitignore properties
    """
)
"""Languages of fences that are not read."""
PROSE = frozenset(
    (
        "",
        "text",
        "txt",
        "plain",
        "plaintext",
        "output",
        "console",
        "pseudocode",
        "none",
        "md",
        "markdown",
    )
)
"""Fences that may hold words as well as formulas."""

_NAME = r"[A-Za-z_\u0370-\u03ff∂∇][\w.∂∇′']*(?:\[(?:[^\]=\n]|[<>=!]=){0,80}\]|\([^)=\n]{0,80}\))*"
_ASSIGNMENT = re.compile(
    rf"(?:(?:const|let|var|val|double|float|int|auto|mut|local)\s+)*"
    rf"(?P<target>\(?{_NAME}(?:\s*,\s*{_NAME}){{0,8}}\)?(?:\s*:\s*[A-Za-z][\w.\[\], ]{{0,40}}?)?)"
    rf"\s*(?:[-+*/@.]=|:=|<-|←|=)(?![=~])\s*\S"
)
_OUTPUT = re.compile(
    r"(?!(?:epoch|iter\w*|step|line|time|version|page|figure|note|python|seed)\b)"
    r"(?![^:\n]*\b(?:epoch|iteration|step)\b)"
    r"[A-Za-z\u0370-\u03ff∂][\w .,/∂()\[\]^'′{}-]{0,40}?\s*:\s*"
    r"(?:[-−]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?%?|[-−]?\[[-\d.,eE+\s\[\]]{1,200}\])",
    re.IGNORECASE,
)
_COMMENT_SIGNS = {
    "#": re.compile(r"(?:(?<=\s)|^)#+(?!\w*\{)"),
    "%": re.compile(r"(?:(?<=\s)|^)%+"),
    "//": re.compile(r"(?:(?<=[\s;])|^)//+"),
    "--": re.compile(r"(?:(?<=\s)|^)--(?=\s)"),
    "words": re.compile(  # remarks
        r"(?<=\S)\s{3,}(?=[A-Za-z]{3,}:\s|\([A-Za-z]{3,}[ ,])|(?<=\S)\s{2,}(?=\([A-Za-z]{4,}\)\s*$)"
    ),
}
_SIGNS_OF = {
    **dict.fromkeys(("matlab", "octave", "tex", "latex", "m"), ("%", "#")),
    **dict.fromkeys(
        ("c", "cpp", "c++", "java", "js", "javascript", "ts", "typescript", "rust", "go", "swift"),
        ("//",),
    ),
    **dict.fromkeys(("haskell", "lua", "elm"), ("--",)),
    **dict.fromkeys(PROSE, ("#", "//", "words")),
}
_MAX_JOINED = 30


def statements(text: str, span: Span, language: str) -> Iterator[tuple[str, Span]]:
    """What the lines of a fence hold: ``("code", span)`` and ``("comment", span)``.

    A statement goes on over lines while a bracket is open.
    """
    signs = _SIGNS_OF.get(language, ("#",))
    quoted = False
    position = span[0]
    while position < span[1]:
        stop = text.find("\n", position, span[1])
        stop = span[1] if stop < 0 else stop
        line = text[position:stop]
        quotes = line.count('"""') + line.count("'''")
        if quoted or quotes:
            if quoted and not quotes:
                yield "comment", (position, stop)
            quoted ^= quotes % 2 == 1
            position = stop + 1
            continue
        cut = _comment_start(line, signs)
        code_end = position + (len(line) if cut is None else cut[0])
        whole = _joined(text, position, code_end, stop, span[1], signs)
        if whole is not None:
            code_end, stop = whole
        yield from _split(text, position, code_end)
        if cut is not None and whole is None:
            yield "comment", (position + cut[1], stop)
        position = stop + 1


def _comment_start(line: str, signs: tuple[str, ...]) -> Span | None:
    found = [match.span() for sign in signs if (match := _COMMENT_SIGNS[sign].search(line))]
    return min(found) if found else None


def _joined(
    text: str, start: int, code_end: int, stop: int, end: int, signs: tuple[str, ...]
) -> Span | None:
    """The end of a statement whose brackets are open at the end of its first line, and of its last line.

    Comments on the way belong to it: ``x = [1,  # the first``.
    """
    depth = _depth(text[start:code_end])
    for _ in range(_MAX_JOINED):
        if depth <= 0 or stop >= end:
            break
        following = text.find("\n", stop + 1, end)
        following = end if following < 0 else following
        line = text[stop + 1 : following]
        if not line.strip():
            return None
        cut = _comment_start(line, signs)
        code = line[: cut[0]] if cut else line
        depth += _depth(code)
        code_end, stop = stop + 1 + len(code), following
        if depth == 0:
            return code_end, stop
    return None


def _depth(line: str) -> int:
    return sum(map(line.count, "([{")) - sum(map(line.count, ")]}"))


_APART = re.compile(r"(?<=\d)(?: {2,}(?=[^\W\d]\w* *=(?!=))| (?=[^\W\d]\w*=[^=\s]))")
"""Between printed values: ``z = 1.1   a = 1.1``, ``z=1.1 a=1.1``; the number is no factor of the name."""


def _split(text: str, start: int, stop: int) -> Iterator[tuple[str, Span]]:
    """The statements of a line: semicolons outside of brackets part them, and gaps between printed values."""
    gaps = {match.start() for match in _APART.finditer(text, start, stop)}
    depth, begin = 0, start
    for n in range(start, stop):
        c = text[n]
        depth += (c in "([{") - (c in ")]}")
        if (c == ";" or n in gaps) and depth <= 0:
            yield from _trimmed(text, begin, n)
            begin = n + 1
    yield from _trimmed(text, begin, stop)


def _trimmed(text: str, start: int, stop: int) -> Iterator[tuple[str, Span]]:
    line = text[start:stop]
    prompt = re.match(r"\s*(?:>>>|\.\.\.(?=\s)|In \[\d*\]:|julia>|>>)?\s*", line)
    start += prompt.end() if prompt else 0
    stop -= len(line) - len(line.rstrip())
    if start < stop:
        yield "code", (start, stop)


def assignment(code: str) -> int | None:
    """Where an assignment of values begins in a statement (behind ``let`` and the like)."""
    if is_program(code) or holds_no_value(code):
        return None
    match = _ASSIGNMENT.match(code)
    return None if match is None else match.start("target")


_MATLAB = re.compile(
    r"\b(?:MATLAB|Matlab|Octave)\b|^[^%\n=]*=[^%\n]*(?:\.[*/^]|\w'|\)')[^%\n]*;[ \t]*(?:%.*)?$",
    re.MULTILINE,
)


def is_matlab(text: str) -> bool:
    """Whether the programs of a text are in MATLAB: it says so, or a statement can be in no other language."""
    return _MATLAB.search(text) is not None


_WRITTEN = re.compile("[∂∇∑∏√·×÷⊙∘⊗±½¼²³⁰-ₜᴬ-ᵪᶜ-ᶿⱼʰ-ʸˠ-ˤ\\u0391-\\u03c9\\u0302\\u0304ŷẑâŵ≈⇒→−]")
"""Signs and letters that no program has."""
_PROGRAM = re.compile(
    r"\b(?:np|torch|tf|jnp|math|plt)\.|\b(?:def|return|import|print)\b|\*\*|@|\w\[\w+[\],:]|\.T\b|;\s*$"
)


_PYTHON = re.compile(
    r"\b(?:np|jnp|numpy|torch)\.\w+\(|\b\w+\.copy\(\)|\baxis=\d|^(?:import|from) \w+|^def \w+\(",
    re.MULTILINE,
)


def language_of(program: str, language: str) -> str:
    """What a fence is written in: what it says, or Python where it has the signs of that and of nothing else."""
    plain = not language and _WRITTEN.search(program) is None
    return "python" if plain and _PYTHON.search(program) else language


def is_drawing(line: str) -> bool:
    """Whether lines or arrows are drawn in it: ``x ──▶ y``, a bar between what is above and below."""
    return re.search("[\u2500-\u257f\u25b6\u25c0]{2}", line) is not None


def kind_of(text: str, span: Span, language: str) -> str:
    """``plain`` for a fence without a language that holds formulas as people write them, ``code`` for a program."""
    if language in PROSE and _WRITTEN.search(text, *span) and not _PROGRAM.search(text, *span):
        return "plain"
    return "code"


_RESULT = re.compile(
    r"\s*(?P<said>=|≈|->|=>|→)?\s*(?P<value>[-−]?(?:\d+\.\d+|\d+)(?:[eE][-+]?\d+)?|\[[-−\d.,eE+ ]+\])\s*"
)


def result_in(text: str, code: Span, comment: Span) -> Span | None:
    """``z = w * x  # 0.5``: where the number stands that is said to come out.

    A step is numbered ``# 1``, a result has a point; behind ``rate = 0.1`` stands another choice.
    """
    _, sign, value = text[code[0] : code[1]].partition("=")
    if not sign or not re.search(r"[A-Za-z_]", value) or "\n" in text[code[1] : comment[0]]:
        return None
    match = _RESULT.fullmatch(text[comment[0] : comment[1]])
    if match is None or not (match["said"] or "." in match["value"]):
        return None
    return comment[0] + match.start("value"), comment[0] + match.end("value")


def is_output(line: str) -> bool:
    """Whether a line is a printed value: ``updated w: 0.5211``."""
    return _OUTPUT.fullmatch(line) is not None
