"""Where results go: standard output or a file, and how a failure is told."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from dvar.core.errors import ReadError

if TYPE_CHECKING:
    from rich.progress import Progress

NOTHING_WRONG, SOMETHING_WRONG, COULD_NOT = 0, 1, 2
"""Exit statuses."""


def emit(text: str, output: str | os.PathLike[str] | None) -> None:
    """Print a text, or write it to a file.

    Raises:
        ReadError: the file cannot be written.
    """
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ReadError(f"cannot write {output}: {error.strerror}") from None


def wants_colour(output: str | None) -> bool:
    """Whether text is for a terminal whose owner has nothing against colour."""
    return output is None and sys.stdout.isatty() and "NO_COLOR" not in os.environ


def complain(message: str) -> None:
    click.echo(f"dvar: {message}", err=True)


def fail(message: str, status: int = COULD_NOT) -> NoReturn:
    complain(message)
    sys.exit(status)


def bug(error: Exception) -> str:
    """What to say of an error that is not the user's."""
    return (
        f"this is a bug of dvar, not yours: {type(error).__name__}: {error}\n"
        "  try:  the same command with DVAR_TRACEBACK=1, and report what it says"
    )


@contextmanager
def progress(count: int) -> Iterator[Progress | None]:
    """A bar on standard error, where somebody can see it and has to wait."""
    if count < 2 or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        bar.add_task("checking", total=count)
        yield bar
