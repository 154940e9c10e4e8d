"""The cells of a notebook as one text, each line with its line in the file.

The file is parsed twice: by ``json`` to be sure that it is JSON, and by a scanner that keeps where each
string stands, which ``json`` does not tell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dvar.core.errors import ReadError, Source
from dvar.read.worksheet.pages.clean import plain_signs

LIMIT = 16_000_000
"""The largest notebook that is read, in bytes: most of it may be pictures in outputs."""

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|\n|[^\s"{}\[\],:]+')

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Pages:
    """Text, the line in the file of each of its lines, and where each cell begins and ends.

    ``programs`` are those cells that hold code, ``language`` is what in.
    """

    text: str
    lines: tuple[int, ...]
    ranges: tuple[tuple[int, int], ...]
    programs: frozenset[tuple[int, int]] = frozenset()
    language: str = ""


def read_cells(raw: str, file: str | None = None) -> Pages:
    """Read a notebook.

    Raises:
        ReadError: it is not JSON, or not a notebook.
    """
    language = _language(_check(raw, file))
    kinds: dict[Path, str] = {}
    levels: dict[Path, int] = {}
    sources: dict[Path, list[tuple[str, int]]] = {}
    for path, value, line in _values(raw):
        cell, key = _cell(path)
        if cell is None:
            continue
        if key == ("cell_type",):
            kinds[cell] = value
        elif key == ("level",) and value.isdigit():
            levels[cell] = int(value)
        elif key[:1] == ("source",) and len(key) <= 2:
            sources.setdefault(cell, []).append((value, line))
    texts: list[str] = []
    lines: list[int] = []
    ranges: list[tuple[int, int]] = []
    programs: set[tuple[int, int]] = set()
    offset = 0
    for cell, pieces in sources.items():
        kind = kinds.get(cell)
        if kind not in ("markdown", "heading", "code"):
            continue
        if kind == "heading" and pieces:
            mark = "#" * max(1, min(levels.get(cell, 1), 6)) + " "
            pieces[0] = (mark + pieces[0][0], pieces[0][1])
        text, places = _lines_of(pieces)
        texts.append(text)
        lines += [*places, places[-1]]  # the blank line between two cells
        ranges.append((offset, offset + len(text)))
        if kind == "code":
            programs.add(ranges[-1])
        offset += len(text) + 2
    whole = "\n\n".join(texts)
    return Pages(whole, tuple(lines[:-1]) or (1,), tuple(ranges), frozenset(programs), language)


def _language(content: dict[str, Any]) -> str:
    """What the code cells are written in; Python where nothing is said."""
    metadata = content.get("metadata")
    for name, key in (("language_info", "name"), ("kernelspec", "language")):
        part = metadata.get(name) if isinstance(metadata, dict) else None
        said = part.get(key) if isinstance(part, dict) else None
        if isinstance(said, str) and said:
            return said.lower()
    return "python"


def _check(raw: str, file: str | None) -> dict[str, Any]:
    try:
        content = json.loads(raw)
    except json.JSONDecodeError as error:
        shown = raw.splitlines()[error.lineno - 1 : error.lineno] or [""]
        raise ReadError(
            f"this notebook is not valid JSON: {error.msg}",
            source=Source(shown[0], error.lineno, error.colno - 1, file=file),
            hint="open and save it with Jupyter, or export it as Markdown",
        ) from None
    except (RecursionError, ValueError):
        raise ReadError(
            "this notebook is not valid JSON: it is nested too deeply, or a number in it is too long",
            hint="open and save it with Jupyter, or export it as Markdown",
        ) from None
    cells = content.get("cells", content.get("worksheets")) if isinstance(content, dict) else None
    if not isinstance(cells, list):
        raise ReadError(
            "this is JSON but no notebook: it has no list of cells",
            hint="give a file that Jupyter has saved",
        )
    assert isinstance(content, dict)
    return content


def _values(raw: str) -> Iterator[tuple[Path, str, int]]:
    """Each string and number of a JSON text with the path to it and its line."""
    line = 1
    path: list[str | int] = []
    keys: list[bool] = []  # of each open bracket: whether it is an object that waits for a key
    for match in _TOKEN.finditer(raw):
        token = match[0]
        if token == "\n":
            line += 1
        elif token in "{[":
            path.append("" if token == "{" else 0)
            keys.append(token == "{")
        elif token in "}]":
            path.pop()
            keys.pop()
        elif token == ",":
            if isinstance(path[-1], int):
                path[-1] += 1
            else:
                keys[-1] = True
        elif token == ":":
            keys[-1] = False
        elif keys and keys[-1]:
            path[-1] = json.loads(token)
        elif len(path) <= 7 and _cell(tuple(path))[0] is not None:
            yield tuple(path), json.loads(token) if token[0] == '"' else token, line


def _cell(path: Path) -> tuple[Path | None, Path]:
    """Which cell a path leads into, and the rest of the path."""
    if path[:1] == ("cells",) and len(path) > 2:
        return path[:2], path[2:]
    if path[:1] == ("worksheets",) and path[2:3] == ("cells",) and len(path) > 4:
        return path[:4], path[4:]
    return None, ()


def _lines_of(pieces: list[tuple[str, int]]) -> tuple[str, list[int]]:
    """The text of a cell and the line in the file of each of its lines."""
    texts: list[str] = []
    places: list[int] = [pieces[0][1]]
    for piece, line in pieces:
        if texts and texts[-1].endswith("\n"):
            places[-1] = line  # the last line had only begun; otherwise it goes on in this piece
        texts.append(plain_signs(piece))
        places += [line] * texts[-1].count("\n")
    return "".join(texts), places
