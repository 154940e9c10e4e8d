r"""Blocks that have an end of their own: fences, comments, tables, directives, environments of TeX.

Each function looks at the line that comes next and takes it and what belongs to it, or leaves it.
"""

from __future__ import annotations

import re

from dvar.read.worksheet.pages.blocks import Block, Blocks
from dvar.read.worksheet.pages.delimiters import ENVIRONMENTS
from dvar.read.worksheet.pages.program import language_of

_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})[ \t]*([^`\n]*)$")
_DIRECTIVE = re.compile(r"([ \t]*)\.\.[ \t]+([\w-]+)::[ \t]*(.*)$")
_RST_COMMENT = re.compile(r"\.\.(?:[ \t]+(?!\[)|$)")
_HIDDEN = re.compile(r"[ \t]*<(style|script|svg|head|nav|math)\b(?![^>\n]*math/tex)", re.IGNORECASE)
_PRE = re.compile(r"[ \t]*<(pre|listing)\b[^>\n]*>(?:[ \t]*<code\b[^>\n]*>)?", re.IGNORECASE)
_TABLE = re.compile(r"[ \t]*<(table)\b", re.IGNORECASE)
_EDGE = re.compile(r"[ \t]*\\(begin|end)\{(\w+)\*?\}(?:[ \t]*\[([^\]\n]*)\])?")
_SEPARATOR_CELL = re.compile(r"[ \t]*:?[-=]+:?[ \t]*")

_MATH = frozenset(("math", "latex", "tex", "katex", "mathjax", "equation"))
_CODE = frozenset(("verbatim", "lstlisting", "minted", "Verbatim"))
_SKIPPED = frozenset(("tikzpicture", "thebibliography", "comment", "filecontents", "picture"))
_TABULAR = frozenset(("tabular", "tabularx", "longtable", "tabulary"))
_PROBLEMS = {
    "exercise": 14,
    "problem": 14,
    "question": 14,
    "example": 18,
    "solution": -2,
    "answer": -2,
}


def fence(blocks: Blocks) -> bool:
    """A fence of backticks or tildes; one that is never closed is no fence."""
    match = _FENCE.match(blocks.line(blocks.n))
    if match is None or len(match[1]) >= blocks.unclosed.get(match[1][0], 1 << 30):
        return False
    closer = re.compile(rf"[ \t]*{re.escape(match[1])}+[ \t]*$")
    for last in range(blocks.n + 1, len(blocks.starts)):
        if closer.match(blocks.line(last)):
            break
    else:
        blocks.unclosed[match[1][0]] = len(match[1])
        return False
    start = blocks.starts[blocks.n + 1] if last > blocks.n + 1 else blocks.starts[last]
    _add_fence(blocks, match[2], (start, blocks.starts[last]))
    blocks.n = last + 1
    return True


def _add_fence(blocks: Blocks, info: str, span: tuple[int, int]) -> None:
    words = re.findall(r"[\w+#-]+", info.lower())
    language = (
        words[-1] if words[:1] in (["code-block"], ["code-cell"], ["code"]) else (words or [""])[0]
    )
    language = language_of(blocks.text[span[0] : span[1]], language)
    blocks.add(Block("math" if language in _MATH else "code", span, language=language))


def hidden(blocks: Blocks) -> bool:
    """A comment, a style or a script: nothing in it is read."""
    line = blocks.line(blocks.n)
    start = blocks.starts[blocks.n]
    if line.lstrip().startswith("<!--"):
        return _skip_to(blocks, "-->", start + line.index("<!--") + 4)
    match = _HIDDEN.match(line)
    return match is not None and _skip_to(blocks, f"</{match[1]}>", start + match.end())


def _skip_to(blocks: Blocks, closer: str, start: int) -> bool:
    end = _find(blocks, closer, start)
    if end < 0:
        return False
    blocks.go_on(end + len(closer))
    return True


def _find(blocks: Blocks, closer: str, start: int) -> int:
    """Where a closer stands; one that was missed once is not looked for again."""
    if blocks.unclosed.get(closer):
        return -1
    end = blocks.text.find(closer, start, blocks.end)
    if end < 0:
        blocks.unclosed[closer] = 1
    return end


def html(blocks: Blocks) -> bool:
    """``<pre>`` as a fence, ``<table>`` as a table."""
    line, start = blocks.line(blocks.n), blocks.starts[blocks.n]
    if match := _PRE.match(line):
        end = _find(blocks, f"</{match[1]}>", start + match.end())
        if end >= 0:
            blocks.add(Block("code", (start + match.end(), end)))
            blocks.go_on(end + len(match[1]) + 3)
            return True
    if match := _TABLE.match(line):
        end = _find(blocks, f"</{match[1]}>", start + match.end())
        if end >= 0:
            blocks.add(Block("table", (start, end), table=blocks.next_table()))
            blocks.go_on(end + len(match[1]) + 3)
            return True
    return False


def directive(blocks: Blocks) -> bool:
    """A directive of reStructuredText: ``.. math::`` and ``.. code-block::`` with what is indented below."""
    line = blocks.line(blocks.n)
    match = _DIRECTIVE.match(line)
    if match is None:
        if _RST_COMMENT.match(line):
            blocks.flush()
            blocks.n += 1
            return True
        return False
    kind = match[2]
    first = blocks.n
    blocks.flush()
    blocks.n += 1
    if kind != "math" and not kind.startswith(("code", "sourcecode")):
        return True
    last = first
    while blocks.n < len(blocks.starts):
        row = blocks.line(blocks.n)
        if row.strip():
            if len(row) - len(row.lstrip()) <= len(match[1]):
                break
            last = blocks.n
        blocks.n += 1
    blocks.n = last + 1
    if kind == "math":
        blocks.add(Block("math", (blocks.starts[first] + match.start(3), blocks.stop_of(last))))
    elif last > first:
        blocks.add(
            Block(
                "code",
                (blocks.starts[first + 1], blocks.stop_of(last)),
                language=match[3].strip().lower(),
            )
        )
    return True


def environment(blocks: Blocks) -> bool:
    """``\\begin`` and ``\\end`` of what is not itself a formula."""
    line, start = blocks.line(blocks.n), blocks.starts[blocks.n]
    match = _EDGE.match(line)
    if match is None or match[2] in ENVIRONMENTS or match[2].endswith(("matrix", "array", "cases")):
        return False
    name, content = match[2], start + match.end()
    if match[1] == "begin" and name in _CODE | _SKIPPED | _TABULAR:
        closer = f"\\end{{{name}}}"
        end = _find(blocks, closer, content)
        if end < 0:
            return False
        if name in _CODE:
            blocks.add(Block("code", (content, end), language=_language(match[3], line)))
        elif name in _TABULAR:
            blocks.add(Block("table", (content, end), language="tex", table=blocks.next_table()))
        blocks.go_on(end + len(closer))
        return True
    if match[1] == "begin" and name.lower() in _PROBLEMS:
        title = match[3] or name
        blocks.add(Block("text", (content, content), title, _PROBLEMS[name.lower()]))
    blocks.go_on(content)
    return True


def _language(options: str | None, line: str) -> str:
    named = re.search(r"language=(\w+)", options or "") or re.search(r"\}\{(\w+)\}", line)
    return named[1].lower() if named else ""


def pipes(blocks: Blocks) -> bool:
    """A table with pipes: under a header and a line of dashes, or rows that begin and end with a pipe."""
    line = blocks.line(blocks.n)
    if "|" not in line and not line.lstrip().startswith("+-"):
        return False
    following = blocks.line(blocks.n + 1) if blocks.n + 1 < len(blocks.starts) else ""
    if not (is_separator(following) or is_separator(line) or _is_row(line)):
        return False
    table, row = blocks.next_table(), 0
    while blocks.n < len(blocks.starts):
        line = blocks.line(blocks.n)
        if not is_separator(line):
            if "|" not in line:
                break
            span = (blocks.starts[blocks.n], blocks.stop_of(blocks.n))
            blocks.add(Block("row", span, table=table, row=row))
            row += 1
        blocks.n += 1
    return True


def _is_row(line: str) -> bool:
    line = line.strip()
    return line.startswith("| ") and line.endswith("|") and line.count("|") > 2


def is_separator(line: str) -> bool:
    """Whether a line only separates the rows of a table."""
    line = line.strip()
    grid = line.startswith("+")
    if line.strip("|:-+= \t") or not (("-" in line and "|" in line) or (grid and len(line) > 2)):
        return False
    cells = [cell for cell in re.split(r"[|+]", line) if cell.strip()]
    return all(_SEPARATOR_CELL.fullmatch(cell) for cell in cells)


CONSTRUCTS = (fence, hidden, html, directive, environment, pipes)
