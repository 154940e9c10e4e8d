"""A bar that shows how far training is."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any


class Bar:
    """Steps done of all steps and the last loss, on standard error.

    Args:
        total: all steps.
        done: those that were done before.
        wanted: whether to show it; None shows it where somebody watches.
    """

    def __init__(self, total: int, done: int, wanted: bool | None) -> None:
        self._bar: Any = None
        if wanted or (wanted is None and sys.stderr.isatty()):
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

            columns = (BarColumn(), MofNCompleteColumn(), TextColumn("loss {task.description}"))
            console = Console(stderr=True)
            # Where nobody watches, in a file, what remains at the end is all that is seen of it.
            self._bar = Progress(*columns, console=console, transient=console.is_terminal)
            self._task = self._bar.add_task("", total=total, completed=done)

    def __enter__(self) -> Bar:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, step: int, loss: float) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=step, description=f"{loss:.6g}")
