"""Which files a command is about, and text from standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dvar.core.errors import ReadError

LIMIT_BYTES = 2_000_000
"""Text longer than this is neither a formula nor a worksheet; reading it would only take memory."""

_NEVER = frozenset({"node_modules", "__pycache__", "venv", "site-packages"})
_NOT_TEXT = frozenset(
    {".pdf", ".docx", ".doc", ".odt", ".pptx", ".png", ".jpg", ".jpeg", ".gif", ".zip", ".gz"}
)


@dataclass
class Found:
    """What the arguments of a command name.

    Attributes:
        files: in order, each once; ``-`` is standard input.
        failures: name → why it cannot be read.
        several: whether more than one file may be meant, however many there are.
        in_folders: those that nobody named.
    """

    files: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    several: bool = False
    in_folders: set[str] = field(default_factory=set)


def find(paths: Sequence[str]) -> Found:
    """Files as named, and the worksheets of folders."""
    found = Found(several=len(paths) > 1)
    seen: set[Path] = set()
    for path in paths:
        try:
            is_folder = path != "-" and Path(path).is_dir()
            files = list(_worksheets(path)) if is_folder else [file_named(path)]
        except ReadError as error:
            found.failures[path] = str(error)
            continue
        if is_folder:
            found.several = True
            found.in_folders.update(files)
        for file in files:
            place = Path(file).resolve()
            if place not in seen:
                seen.add(place)
                found.files.append(file)
    return found


def _worksheets(folder: str) -> Iterator[str]:
    """The worksheets below a folder, hidden folders and those of other people's code left out.

    Raises:
        ReadError: there are none, or the folder cannot be opened.
    """
    from dvar.read.worksheet.pages import FORMATS

    if not os.access(folder, os.R_OK | os.X_OK):
        raise ReadError(f"cannot open {folder}: permission denied")
    empty = True
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in _NEVER)
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix.lower() in FORMATS:
                empty = False
                yield str(Path(place) / name)
    if empty:
        raise ReadError(
            f"{folder} holds no worksheets", hint="files that end in " + ", ".join(FORMATS)
        )


def file_named(path: str) -> str:
    """The path of a file that looks as if it could be read.

    Raises:
        ReadError: it cannot, and why.
    """
    if path == "-":
        return path
    if not Path(path).exists():
        raise ReadError(f"there is no file {path}")
    suffix = Path(path).suffix.lower()
    if suffix in _NOT_TEXT:
        raise ReadError(f"{path} is not text", hint="save it as Markdown, text or TeX")
    if suffix == ".py":
        raise ReadError(
            f"{path} is a Python file, not a worked derivation",
            hint=f"dvar check {path} checks the backward passes in it",
        )
    if not os.access(path, os.R_OK):
        raise ReadError(f"cannot read {path}: permission denied")
    return path


def standard_input(limit: int = LIMIT_BYTES) -> str:
    """All of standard input.

    Raises:
        ReadError: it is longer than ``limit`` bytes, or no UTF-8.
    """
    return decoded(sys.stdin.buffer.read(limit + 1), "standard input", limit)


def decoded(data: bytes, name: str, limit: int = LIMIT_BYTES) -> str:
    """Bytes as UTF-8.

    Raises:
        ReadError: there are more than ``limit``, or they are not UTF-8.
    """
    if len(data) > limit:
        raise ReadError(f"{name} is larger than {limit:,} bytes", hint="give a part of it")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReadError(
            f"{name} is not UTF-8 text: byte {error.start} is {data[error.start]:#04x}",
            hint="save it as UTF-8",
        ) from None
