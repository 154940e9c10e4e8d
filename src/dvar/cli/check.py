"""``dvar check``: worked derivations in, judgements out; no mathematics."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dvar.cli import backward
from dvar.cli.files import find, standard_input
from dvar.cli.output import (
    COULD_NOT,
    NOTHING_WRONG,
    SOMETHING_WRONG,
    bug,
    complain,
    emit,
    progress,
    wants_colour,
)
from dvar.core.errors import DvarError, ReadError

if TYPE_CHECKING:
    from dvar.check.report import Judgement, Report

FORMATS = ("text", "json", "sarif", "html")
_WIDEST = 140

HELP = """Find the mistakes in worked derivations, and in backward passes written by hand.

FILE is a worksheet in Markdown, text or TeX, a notebook, a folder that holds some, or '-' for standard
input.  Every equation is judged; nothing in a worksheet is ever run.

FILE.py::NAME is a backward pass written by hand: functions NAME_forward and NAME_backward in NumPy, a
class NAME with both, a torch.autograd.Function or a jax.custom_vjp.  Every gradient it returns is compared with
the true one; of a wrong one the line and the likely slip are told.  FILE.py alone stands for all that the file
holds.  The file is run.

\b
Examples
  where is my mistake?    dvar check notes.md
  the whole document      dvar check notes.md --all
  how is line 12 right?   dvar check notes.md --derive 12
  an annotated page       dvar check notes.md --format html -o notes.html
  a page for each file    dvar check lectures/ --format html -o pages/
  for a code host         dvar check lectures/ --format sarif -o dvar.sarif
  a backward pass         dvar check layers.py::affine
  all of a file           dvar check layers.py

\b
Marks
  ✗ wrong            ↳ carried from an earlier mistake   ≈ right up to a constant
  ? not understood   ~ right by convention               ✓ right   · given or defined

Exit status: 0 nothing wrong, 1 something wrong (with --strict also: something not understood),
2 something could not be read (the reason is on standard error).
"""


@click.command(help=HELP)
@click.argument("paths", nargs=-1, required=True, metavar="FILE...")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--strict", is_flag=True, help="What was not understood counts as wrong.")
@click.option("--all", "everything", is_flag=True, help="Show the whole document.")
@click.option(
    "--derive",
    "line",
    type=click.IntRange(1),
    metavar="LINE",
    help="Derive the right answer for the equation on this line.",
)
@click.option(
    "-o", "--output", type=click.Path(), help="Write to a file; pages of several files to a folder."
)
def check(
    paths: Sequence[str],
    format_: str,
    strict: bool,
    everything: bool,
    line: int | None,
    output: str | None,
) -> None:
    if any(map(backward.is_target, paths)):
        if not all(map(backward.is_target, paths)):
            raise ReadError("worksheets and backward passes are checked in two runs")
        backward.check_targets(paths, format_, output)
        return
    found = find(paths)
    checked = Checked(
        failures=found.failures,
        several=found.several,
        output=output,
        strict=strict,
        everything=everything,
    )
    if line is not None and found.several:
        raise ReadError("--derive is about one file", hint=f"dvar check {paths[0]} --derive {line}")
    if format_ == "html" and found.several and output is None:
        raise ReadError("the pages of several files need a folder", hint="-o pages")
    with progress(len(found.files)) as bar:
        for file in found.files:
            _judge(file, checked)
            if bar is not None:
                bar.advance(bar.task_ids[0])
    for message in checked.failures.values():
        complain(message)
    # A folder may hold texts that are not about mathematics at all.
    checked.reports = [r for r in checked.reports if r.judgements or r.file not in found.in_folders]
    if checked.reports or found.several or format_ == "sarif":
        if line is not None and checked.reports:
            emit(_derivation(checked.reports[0], line), output)
        else:
            _SHOW[format_](checked)
    if checked.status != NOTHING_WRONG:
        sys.exit(checked.status)


@dataclass
class Checked:
    """What came of a run, and how it is to be shown."""

    failures: dict[str, str]
    several: bool
    output: str | None
    strict: bool
    everything: bool
    reports: list[Report] = field(default_factory=list)

    @property
    def status(self) -> int:
        if self.failures:
            return COULD_NOT
        if all(report.ok and not (self.strict and _in_doubt(report)) for report in self.reports):
            return NOTHING_WRONG
        return SOMETHING_WRONG


def _in_doubt(report: Report) -> bool:
    return report.summary["unknown"] > 0


def _judge(file: str, checked: Checked) -> None:
    """Check one file; one that cannot be read does not keep the others from being checked."""
    from dvar.check.worksheet import check as judge

    try:
        text = standard_input() if file == "-" else Path(file)
        report = judge(text, file=file)
    except DvarError as error:
        message = str(error)
        checked.failures[file] = message if file in message else f"{file}: {message}"
    except OSError as error:
        checked.failures[file] = f"cannot read {file}: {error.strerror or error}"
    except (RecursionError, MemoryError):
        checked.failures[file] = f"{file} is too large or too deeply nested"
    except Exception as error:
        if "DVAR_TRACEBACK" in os.environ:
            raise
        checked.failures[file] = f"{file}: {bug(error)}"
    else:
        checked.reports.append(report)


# ── showing ─────────────────────────────────────────────────────────────────────────────────────


def _text(checked: Checked) -> None:
    from dvar.check.show.terminal import WIDTH, lines, plain, print_in_colour
    from dvar.check.show.words import total_of

    in_colour = wants_colour(checked.output)
    columns = min(shutil.get_terminal_size().columns, _WIDEST) if in_colour else WIDTH
    shown: list[tuple[tuple[str, str], ...]] = []
    for report in checked.reports:
        if shown:
            shown.append(())
        shown += lines(report, everything=checked.everything, columns=columns)
    if checked.several and (checked.reports or not checked.failures):
        shown += [*([()] if shown else []), (("title", total_of(checked.reports)),)]
    if in_colour:
        print_in_colour(shown)
    elif shown:
        emit(plain(shown), checked.output)


def _json(checked: Checked) -> None:
    reports = [report.to_json() for report in checked.reports]
    emit(_dumped(reports if checked.several else reports[0]), checked.output)


def _sarif(checked: Checked) -> None:
    from dvar.check.show.sarif import to_sarif

    log = to_sarif(checked.reports, strict=checked.strict, unreadable=checked.failures)
    emit(_dumped(log), checked.output)


def _dumped(data: object) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _html(checked: Checked) -> None:
    """One page, or a folder of pages with an index."""
    output = checked.output
    if not checked.several and not (output is not None and Path(output).is_dir()):
        emit(checked.reports[0].to_html(), output)
        return
    from dvar.check.show.index import pages

    folder = Path(output or ".")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReadError(f"cannot make the folder {folder}: {error.strerror}") from None
    for name, page in pages(checked.reports):
        emit(page, folder / name)


_SHOW = {"text": _text, "json": _json, "sarif": _sarif, "html": _html}


def _derivation(report: Report, line: int) -> str:
    """The right answers for the equations on a line, derived.

    Raises:
        ReadError: there is no equation, or nothing to be derived.
    """
    there = [j for j in report.judgements if j.line <= line <= max(j.line, j.end_line)]
    if not there:
        raise ReadError(f"there is no equation on line {line}", hint=_nearby(report, line))
    derived = [f"{_shown(j)}\n\n{j.derive().rstrip()}\n" for j in there if j.derive is not None]
    if not derived:
        raise ReadError(
            f"there is nothing to derive on line {line}: {' '.join(there[0].source.split())}",
            rule=there[0].message or None,
            hint=_nearby(report, line, derivable=True),
        )
    return "\n".join(derived)


def _shown(judgement: Judgement) -> str:
    from dvar.check.show.words import MARKS

    mark = MARKS[judgement.verdict]
    return f"{mark.sign} {judgement.line} │ {' '.join(judgement.source.split())}"


def _nearby(report: Report, line: int, *, derivable: bool = False) -> str | None:
    """The nearest line that has what was asked for."""
    lines = {j.line for j in report.judgements if j.derive is not None or not derivable}
    if not lines:
        return None
    return f"--derive {min(lines, key=lambda n: abs(n - line))}"
