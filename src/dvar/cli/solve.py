"""``dvar solve``: a worksheet with questions in, the worked answers out; no mathematics."""

from __future__ import annotations

import json
from pathlib import Path

import click

from dvar.cli.files import file_named, standard_input
from dvar.cli.output import complain, emit

HELP = """Fill the blanks of a worksheet and show how.

FILE is a worksheet in Markdown, text or TeX that leaves questions open: 'dL/dw = ?', 'What is dL/dw?', an
empty cell of a table; or '-' for standard input.  The answer is a formula in the names of the document, with
its number where the document gives numbers; the steps stand below.  What cannot be answered stays as it is
and is listed on standard error.

\b
Examples
  the solved document   dvar solve problem.md -o solved.md
  only the answers      dvar solve problem.md --format json

Exit status: 0 solved, also where something stayed open; 2 could not (the reason is on standard error).
"""


@click.command(help=HELP)
@click.argument("path", metavar="FILE")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["markdown", "json"]),
    default="markdown",
    show_default=True,
)
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write to a file.")
def solve(path: str, format_: str, output: str | None) -> None:
    from dvar.check.solve import solve as solved

    path = file_named(path)
    solution = solved(standard_input() if path == "-" else Path(path), file=path)
    if format_ == "json":
        emit(json.dumps(solution.to_json(), indent=2, ensure_ascii=False) + "\n", output)
        return
    emit(solution.text, output)
    if not solution.answers and not solution.unanswered:
        complain("there is no blank to fill")
    for left in solution.unanswered:
        complain(f"line {left.line}: {left.question}: {left.reason}")
