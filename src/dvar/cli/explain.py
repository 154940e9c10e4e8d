"""``dvar explain``: arguments in, one call, print; no mathematics."""

from __future__ import annotations

import contextlib
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dvar.cli.files import LIMIT_BYTES, decoded, standard_input
from dvar.cli.functions import failure_of, function_of
from dvar.cli.output import emit, wants_colour
from dvar.cli.values import listed, upstream_value, values_and_shapes
from dvar.core.errors import DvarError, FormulaError, MissingValue, ReadError

if TYPE_CHECKING:
    from dvar.explain import Explanation

FORMATS = ("text", "markdown", "latex", "json", "html", "svg")

EXPLAIN_HELP = """Differentiate a computation and show every step.

SUBJECT is a formula, LaTeX, a file that holds either, '-' for standard input, or a Python function
as FILE.py::NAME (the file is run, as pytest would).  Values may follow it as NAME=VALUE.

\b
Examples
  numbers           dvar explain "q = x + y; f = q*z" --at x=-2 y=5 z=-4
  names only        dvar explain "z = w*x + b; a = sigmoid(z); L = -(y*log(a) + (1-y)*log(1-a))"
  arrays            dvar explain "f = sum((x @ w)**2)" --at "x=[[1,2],[3,4]]" "w=[1,-1]"
  named sizes       dvar explain "Z: (n, m); J = sum(relu(Z))/m"
  LaTeX             dvar explain "a = \\frac{1}{1+e^{-z}}" --at z=1
  a vector result   dvar explain "F = x[0]*x" --shape "x=(3,)" --upstream d
  one element       dvar explain examples/two_outputs.txt --wrt "W1[0,0]"
  every gate        dvar explain "a = sigmoid(w*x + b)" --level gates
  gradient descent  dvar explain "J = (y - w*x)**2" --at x=3 y=2 w=0.5 --learning-rate 0.1 --update w
  a function        dvar explain examples/model.py::loss --at w=[1,2] "x=[[3,4],[5,6]]" y=[1,0]
  a page, a picture dvar explain "f = (x + y)*z" --at x=-2 y=5 z=-4 --format html -o f.html

Exit status: 0 explained, 2 could not (the reason is on standard error).
"""


@click.command(help=EXPLAIN_HELP)
@click.argument("subject")
@click.argument("more", nargs=-1, metavar="[NAME=VALUE]...")
@click.option(
    "--at",
    multiple=True,
    metavar="NAME=VALUE",
    help="Values: numbers, fractions, [lists], @file.npy or @file.csv.  More may follow.",
)
@click.option(
    "--shape", multiple=True, metavar='"NAME=(3, m)"', help="Shapes, of numbers or names."
)
@click.option("--wrt", metavar="a,b", help='Only these derivatives; also "W1[0,0]".')
@click.option(
    "--of", "of", metavar="NAME", help="What to differentiate; default: the last definition."
)
@click.option(
    "--upstream", metavar="D", help="Upstream gradient: number, [list], name or name=[list]."
)
@click.option(
    "--level", type=click.Choice(["summary", "steps", "gates"]), default="steps", show_default=True
)
@click.option("--learning-rate", type=float, help="Add gradient descent.")
@click.option("--epochs", type=click.IntRange(1, 10_000), help="Rows of its table.  [default: 2]")
@click.option("--update", metavar="w,b", help="Parameters that gradient descent updates.")
@click.option(
    "--examples", metavar="m", help="Axis of examples: add the loop and the vectorised code."
)
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write to a file.")
def explain(
    subject: str,
    more: Sequence[str],
    at: Sequence[str],
    shape: Sequence[str],
    format_: str,
    output: str | None,
    **options: Any,
) -> None:
    values, shapes = values_and_shapes(at, shape, more)
    options["upstream"] = upstream_value(options["upstream"])
    options["update"] = listed("--update", options["update"])
    options["wrt"] = listed("--wrt", options["wrt"])
    if options["epochs"] is not None and options["learning_rate"] is None:
        raise FormulaError("--epochs needs a learning rate", hint="--learning-rate 0.1")
    options["epochs"] = options["epochs"] or 2
    explanation = _explained(subject, values, shapes, options)
    if format_ == "text" and wants_colour(output):
        from dvar.write.text import lines, print_in_colour

        print_in_colour(lines(explanation.report))
        return
    emit(_rendered(explanation, format_), output)


def _explained(
    subject: str, values: dict[str, Any], shapes: dict[str, Any], options: dict[str, Any]
) -> Explanation:
    from dvar.explain import explain as explain_

    path, colons, name = subject.partition("::")
    if not (colons and path.endswith(".py")):
        return explain_(_formula(subject), at=values or None, shapes=shapes or None, **options)
    function = function_of(path, name)
    _fits(name, function, values, shapes)
    try:
        return explain_(function, at=values or None, shapes=shapes or None, **options)
    except DvarError:
        raise
    except (Exception, SystemExit) as error:
        raise failure_of(path, error) or error from None


def _rendered(explanation: Explanation, format_: str) -> str:
    if format_ == "json":
        return json.dumps(explanation.to_json(), indent=2, ensure_ascii=False) + "\n"
    render: Mapping[str, Any] = {
        "text": explanation.to_text,
        "markdown": explanation.to_markdown,
        "latex": explanation.to_latex,
        "html": explanation.to_html,
        "svg": explanation.to_svg,
    }
    written: str = render[format_]()
    return written if written.endswith("\n") else f"{written}\n"


# ── reading arguments ───────────────────────────────────────────────────────────────────────────


def _formula(text: str) -> str:
    """The formula itself, or what a file holds."""
    if text == "-":
        return standard_input()
    if 0 < len(text) < 1000 and "\n" not in text and "\0" not in text and _looks_like_a_file(text):
        if text.endswith(".py"):
            raise ReadError(f"{text} is a Python file", hint=f"name a function: {text}::loss")
        try:
            with Path(text).open("rb") as file:
                return decoded(file.read(LIMIT_BYTES + 1), text)
        except OSError as error:
            raise ReadError(f"cannot read {text}: {error.strerror}") from None
    return text


def _looks_like_a_file(text: str) -> bool:
    if text.startswith(("/", "./", "../", "~/")):
        return True
    if Path(text).suffix in (".txt", ".tex", ".md", ".dvar", ".py"):
        return True
    # A formula can be longer than a file name may be.
    with contextlib.suppress(OSError):
        return Path(text).exists()
    return False


def _fits(
    name: str, function: Callable[..., Any], values: Mapping[str, Any], shapes: Mapping[str, Any]
) -> None:
    """Every parameter has a value or a shape, and every value a parameter."""
    from dvar.explain.problem import nearest

    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # a function of C tells nothing; calling it will
        return
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters.values()):
        return
    for given in (*values, *shapes):
        if given not in parameters:
            close = nearest(given, list(parameters))
            raise FormulaError(
                f"{name} has no parameter {given}",
                hint=f"did you mean {close}?" if close else "it has " + ", ".join(parameters),
            )
    missing = [
        n
        for n, p in parameters.items()
        if p.default is p.empty and n not in values and n not in shapes
    ]
    if missing:
        raise MissingValue(
            f"{name} needs a value or a shape for " + ", ".join(missing),
            hint=f'--at {missing[0]}=0.5, or --shape "{missing[0]}=(3, m)"',
        )
