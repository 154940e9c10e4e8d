"""``dvar solve``: a worksheet with questions in, the worked answers out; no mathematics.

Registered by ``cli.add_command(solve)`` in ``dvar.cli`` as soon as there is ``dvar.check.solve``.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import click

from dvar.cli.files import file_named, standard_input
from dvar.cli.output import emit

HELP = """Fill the blanks of a worksheet and show how.

FILE is a worksheet in Markdown, text or TeX that leaves questions open, such as 'dL/dw = ?', or '-' for
standard input.

\b
Examples
  the solved document   dvar solve problem.md -o solved.md
  only the answers      dvar solve problem.md --format json

Exit status: 0 solved, 2 could not (the reason is on standard error).
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
    path = file_named(path)
    source = standard_input() if path == "-" else Path(path)
    solution = import_module("dvar.check.solve").solve(source)
    if format_ == "markdown":
        text = solution.text
    else:
        answers = [
            {"line": a.line, "question": a.question, "answer": a.answer, "steps": list(a.steps)}
            for a in solution.answers
        ]
        written = {"file": path, "answers": answers}
        text = json.dumps(written, indent=2, ensure_ascii=False)
    emit(text if text.endswith("\n") else f"{text}\n", output)
