"""What has been worked out once and holds for as long as a document is judged."""

from __future__ import annotations

from typing import Any

MOST = 50_000
"""Results in one table; one that is fuller starts afresh."""


class Table(dict[Any, Any]):
    """Results by what they are of; what is kept stays alive, so that nothing else takes its identity."""

    def trim(self) -> None:
        if len(self) > MOST:
            self.clear()


_tables: list[Table] = []


def table() -> Table:
    """A new table, which lasts until the end of a document."""
    _tables.append(Table())
    return _tables[-1]


def forget() -> None:
    """Drop everything, at the end of a document."""
    for each in _tables:
        each.clear()
