"""Worksheets with what is true of them, from files beside them.

Two formats are known.  ``sheet.md`` (or ``.txt``, ``.tex``, ``.ipynb``) with ``sheet.truth.json``, whose
items have ``line`` and ``latex``; and ``007_….txt`` with ``truth/007.json``, whose items also have ``col``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SUFFIXES = (".md", ".txt", ".tex", ".ipynb")
CLAIMS = ("claim-symbolic", "claim-numeric", "claim", "shape", "update", "rule")
"""Kinds of truth that claim something."""

LEFT_OUT = ("borderline", "blank", "fragment", "prose")
"""Marks of items that two careful readers may judge otherwise, or that are no equation."""


def _in_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _in_ascii_json(text: str) -> str:
    return json.dumps(text)[1:-1]


SPELLINGS: tuple[Callable[[str], str], ...] = (str, _in_json, _in_ascii_json)
"""How an equation may stand in a file: as it is, or in the JSON of a notebook."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of one equation.

    Attributes:
        line: in the file as given, from 1.
        column: where it starts in that line; None where the file of truth does not say.
        text: the equation as written.
        kind: ``definition``, ``given``, ``claim-symbolic``, ``shape``, ``update``, ``rule`` …
        ok: None for what claims nothing.
        is_carried: wrong only because an earlier line is.
        is_left_out: not scored.
        cause, why: of a mistake; empty where none is named.
    """

    line: int
    column: int | None
    text: str
    kind: str
    ok: bool | None
    is_carried: bool = False
    is_left_out: bool = False
    cause: str = ""
    why: str = ""

    @property
    def is_claim(self) -> bool:
        return self.kind in CLAIMS

    @property
    def is_mistake(self) -> bool:
        return self.ok is False

    @property
    def is_root(self) -> bool:
        """A mistake that does not follow from an earlier one."""
        return self.ok is False and not self.is_carried


@dataclass(frozen=True, slots=True)
class Sheet:
    """A document and what is true of it."""

    path: Path
    truths: tuple[Truth, ...]

    @property
    def name(self) -> str:
        return self.path.stem


def sheets(places: Iterable[Path], only: str = "") -> list[Sheet]:
    """Every worksheet with a file of truth in these folders (or files), in order of their names."""
    found = []
    for path in documents(places, only):
        truth = _truth_file(path)
        if truth is not None:
            items = json.loads(truth.read_text("utf-8"))
            found.append(Sheet(path, tuple(_truth(item) for item in items)))
    return found


def documents(places: Iterable[Path], only: str = "") -> list[Path]:
    """Every document in these folders (or files), with a file of truth or without."""
    paths = [
        p for place in places for p in (sorted(place.iterdir()) if place.is_dir() else [place])
    ]
    return [path for path in paths if path.suffix in SUFFIXES and only in path.name]


def _truth_file(path: Path) -> Path | None:
    """Where the truth of a document stands, if there is any."""
    beside = (
        path.with_name(path.name + ".truth.json"),
        path.with_suffix(".truth.json"),
        path.parent / "truth" / f"{path.name.partition('_')[0]}.json",
    )
    return next((file for file in beside if file.is_file()), None)


def _truth(item: dict[str, Any]) -> Truth:
    cause = item.get("cause") or ""
    return Truth(
        line=item["line"],
        column=item.get("col"),
        text=item["text"] if "text" in item else item["latex"],
        kind=item["kind"],
        ok=item["ok"],
        is_carried=bool(
            item.get("carried") or item.get("carried_from_line") or cause == "carried-forward"
        ),
        is_left_out=item["kind"] in LEFT_OUT or any(item.get(mark) for mark in LEFT_OUT),
        cause=cause,
        why=item.get("why") or "",
    )
