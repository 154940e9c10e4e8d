"""Where mathematics stands in a document, and what stands around it.

Markdown, text, TeX, reStructuredText and notebooks are read by one line scanner of our own.  A Markdown
library was considered (markdown-it-py with its math plugins): its inline tokens have no offsets, and what
people and scanners write as Markdown breaks its rules where mathematics is: displays indented by four blanks
are code to it, a pipe in a formula ends a table cell, a lost dollar swallows a paragraph, and a formula
without delimiters is not there at all.  Exact spans are what this package is for.

The order of reading::

    clean, notebook     bytes → text of one line per line of the file
    blocks, constructs  lines → paragraphs, list items, headings, fences, rows of tables
    labels              "Problem 3.", "(b)", "**Numbers**" → sections
    inline, delimiters  a paragraph → formulas in delimiters, code, addresses, marks
    tokens, runs, plain what is left → formulas without delimiters
    program, tables     fences and tables
    flow                the words around each formula
    scan                all of it → regions

Every step takes time in proportion to the text: a closer that was looked for in vain is not looked for again.
"""

from __future__ import annotations

import re
from pathlib import Path

from dvar.core.errors import ReadError
from dvar.read.worksheet.document import Document
from dvar.read.worksheet.pages import notebook
from dvar.read.worksheet.pages.clean import (
    LIMIT,
    check_size,
    decode,
    plain_markup,
    plain_signs,
    without_tex_comments,
)
from dvar.read.worksheet.pages.python import is_python
from dvar.read.worksheet.pages.scan import Scanner
from dvar.read.worksheet.pages.stripped import restored

__all__ = ["FORMATS", "LIMIT", "is_worksheet", "read_document", "read_path"]

FORMATS = {
    ".md": "Markdown",
    ".markdown": "Markdown",
    ".mdx": "Markdown",
    ".mkd": "Markdown",
    ".qmd": "Markdown",
    ".rmd": "Markdown",
    ".txt": "text",
    ".text": "text",
    ".tex": "TeX",
    ".latex": "TeX",
    ".ltx": "TeX",
    ".rst": "reStructuredText",
    ".ipynb": "notebook",
}
"""Suffix → what is read."""

_TEX_DOCUMENT = re.compile(r"\\documentclass|\\begin\{document\}")
_NOTEBOOK = re.compile(r'\s*\{\s*"(?:cells|metadata|nbformat)"\s*:')
_BODY = re.compile(r"\\begin\{document\}")
_BODY_END = re.compile(r"\\end\{document\}")
_FRONT_MATTER = re.compile(
    r"(---|\+\+\+)[ \t]*\n(?=[\w\"']|#)(?:(?!\1)[^\n]*\n){0,200}?\1[ \t]*(?:\n|$)"
)


def is_worksheet(path: Path) -> bool:
    """Whether a file is one that is read: by its suffix, or a text without one."""
    if path.suffix:
        return path.suffix.lower() in FORMATS
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError:
        return False
    if not head or b"\0" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4
    return True


def read_path(path: Path) -> Document:
    """Read a file.

    Raises:
        ReadError: it cannot be opened, or ``read_document`` cannot read it.
    """
    try:
        size = path.stat().st_size
        check_size(size, notebook.LIMIT if path.suffix.lower() == ".ipynb" else LIMIT)
        content = path.read_bytes()
    except OSError as error:
        raise ReadError(f"cannot open {path}: {error.strerror or error}") from None
    return read_document(content, str(path))


def read_document(content: str | bytes, file: str | None = None) -> Document:
    """Find the regions and sections of a document.

    Args:
        content: the file as it is; ``file`` tells by its suffix what it is.
        file: its name, for messages.

    Raises:
        ReadError: binary, not UTF-8, too long, empty, or a broken notebook.
    """
    suffix = Path(file).suffix.lower() if file else ""
    content = _text(content, notebook.LIMIT if suffix == ".ipynb" else LIMIT)
    is_notebook = suffix == ".ipynb" or (not suffix and _NOTEBOOK.match(content) is not None)
    lines: tuple[int, ...] | None = None
    if is_notebook:
        pages = notebook.read_cells(content, file)
        check_size(len(pages.text))
        text, lines, ranges = pages.text, pages.lines, pages.ranges
    else:
        text = restored(plain_signs(content))
        ranges = ((0, len(text)),)
        programs = frozenset(ranges) if is_python(text) else frozenset()
        pages = notebook.Pages(text, (1,), ranges, programs, "python")
    tex = suffix in (".tex", ".latex", ".ltx") or _TEX_DOCUMENT.search(text) is not None
    if tex:
        text = without_tex_comments(text)
        ranges = (_body(text),)
    else:
        text = plain_markup(text, pages.programs)
        if ranges and not pages.programs:
            ranges = (_behind_front_matter(text, ranges[0]), *ranges[1:])
    scanner = Scanner(text, tex)
    for page in ranges:
        if page in pages.programs:
            scanner.read_code(page, pages.language)
        else:
            scanner.read_page(page)
    text, sections, regions = scanner.finish()
    return Document(text, file, sections, regions, lines)


def _text(content: str | bytes, limit: int) -> str:
    if isinstance(content, str):
        check_size(len(content), limit)
        if "\0" in content:
            raise ReadError("this is binary data, not text")
    else:
        content = decode(content, limit)
    if not content.strip():
        raise ReadError("this document is empty")
    return content


def _body(text: str) -> tuple[int, int]:
    """A TeX document without its preamble."""
    begin, end = _BODY.search(text), _BODY_END.search(text)
    return (begin.end() if begin else 0, end.start() if end else len(text))


def _behind_front_matter(text: str, page: tuple[int, int]) -> tuple[int, int]:
    match = _FRONT_MATTER.match(text, *page)
    return (match.end(), page[1]) if match else page
