"""The command line: ``dvar explain``.  Arguments in, one call, print; no mathematics."""

from __future__ import annotations

import contextlib
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dvar import __version__
from dvar.core.errors import DvarError, FormulaError, MissingValue, ReadError, Source

if TYPE_CHECKING:
    from dvar.explain import Explanation

FORMATS = ("text", "markdown", "latex", "json", "html", "svg")
# Files larger than this are no formulas; reading one would only take memory.
FILE_LIMIT_BYTES = 2_000_000

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


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="dvar")
def cli() -> None:
    """dvar differentiates a computation and shows its work.

    \b
    dvar explain "q = x + y; f = q*z" --at x=-2 y=5 z=-4
    """


@cli.command(help=EXPLAIN_HELP)
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
    values, shapes = _given(at, shape, more)
    options["upstream"] = _upstream(options["upstream"])
    options["update"] = _listed("--update", options["update"])
    options["wrt"] = _listed("--wrt", options["wrt"])
    if options["epochs"] is not None and options["learning_rate"] is None:
        raise FormulaError("--epochs needs a learning rate", hint="--learning-rate 0.1")
    options["epochs"] = options["epochs"] or 2
    explanation = _explained(subject, values, shapes, options)
    if (
        format_ == "text"
        and output is None
        and sys.stdout.isatty()
        and "NO_COLOR" not in os.environ
    ):
        from dvar.write.text import lines, print_in_colour

        print_in_colour(lines(explanation.report))
        return
    _emit(_rendered(explanation, format_), output)


def _explained(
    subject: str, values: dict[str, Any], shapes: dict[str, Any], options: dict[str, Any]
) -> Explanation:
    from dvar.explain import explain as explain_

    path, colons, name = subject.partition("::")
    if not (colons and path.endswith(".py")):
        return explain_(_formula(subject), at=values or None, shapes=shapes or None, **options)
    function = _function(path, name)
    _fits(name, function, values, shapes)
    try:
        return explain_(function, at=values or None, shapes=shapes or None, **options)
    except DvarError:
        raise
    except (Exception, SystemExit) as error:
        raise _failure(path, error) or error from None


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


def _emit(text: str, output: str | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ReadError(f"cannot write {output}: {error.strerror}") from None


# ── reading arguments ───────────────────────────────────────────────────────────────────────────


def _formula(text: str) -> str:
    """The formula itself, or what a file holds."""
    if text == "-":
        return _decoded(sys.stdin.buffer.read(FILE_LIMIT_BYTES + 1), "standard input")
    if 0 < len(text) < 1000 and "\n" not in text and "\0" not in text and _looks_like_a_file(text):
        if text.endswith(".py"):
            raise ReadError(f"{text} is a Python file", hint=f"name a function: {text}::loss")
        try:
            with Path(text).open("rb") as file:
                return _decoded(file.read(FILE_LIMIT_BYTES + 1), text)
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


def _decoded(data: bytes, name: str) -> str:
    if len(data) > FILE_LIMIT_BYTES:
        raise ReadError(f"{name} is larger than {FILE_LIMIT_BYTES:,} bytes: that is no formula")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReadError(
            f"{name} is not UTF-8 text: byte {error.start} is {data[error.start]:#04x}",
            hint="save it as UTF-8",
        ) from None


def _function(path: str, name: str) -> Any:
    """A function of a Python file, which is run."""
    import runpy

    if not Path(path).is_file():
        raise ReadError(f"there is no file {path}")
    try:
        names = runpy.run_path(path)
    except (Exception, SystemExit) as error:  # whatever the user's file raises is theirs to see
        raise _failure(path, error) or ReadError(
            f"running {path} failed: {type(error).__name__}: {error}"
        ) from None
    functions = [n for n, value in names.items() if callable(value) and not n.startswith("_")]
    if name not in functions:
        raise ReadError(
            f"{path} has no function {name}".rstrip(),
            hint="one of " + ", ".join(functions) if functions else "def loss(w, x): …",
        )
    return names[name]


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


def _failure(path: str, error: BaseException) -> ReadError | None:
    """What the user's own code raised, with its line; None if the error is not theirs."""
    import linecache
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if Path(frame.filename) == Path(path)]
    if not theirs or theirs[-1].lineno is None:
        return None
    line = linecache.getline(path, theirs[-1].lineno).rstrip()
    code = line.strip()
    return ReadError(
        f"{path} raised {type(error).__name__}: {error}",
        source=Source(code, theirs[-1].lineno, 0, len(code), path),
    )


def _split(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise FormulaError(
            f"{text!r} is not NAME=VALUE", hint='--at x=-2 y=5, or --shape "x=(3, m)"'
        )
    return name.strip(), value.strip()


def _given(
    at: Sequence[str], shape: Sequence[str], more: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values and shapes by name.  ``(3, m)`` after ``--shape`` is one more shape."""
    values: dict[str, Any] = {}
    shapes: dict[str, Any] = {}
    for text, is_shape in (*((t, False) for t in (*at, *more)), *((t, True) for t in shape)):
        name, written = _split(text)
        known = shapes if is_shape or written.startswith("(") else values
        if name in known:
            raise FormulaError(f"{name} is given twice", hint=f"one {name}=…")
        known[name] = _shape(written) if known is shapes else _value(name, written)
    return values, shapes


def _listed(option: str, text: str | None) -> list[str] | None:
    """The names an option lists.  Raises FormulaError for an empty list."""
    if text is None:
        return None
    from dvar.explain.problem import names_in

    names = names_in(text)
    if not names:
        raise FormulaError(f"{option} is empty", hint=f"{option} w,b")
    return names


def _value(name: str, text: str) -> Any:
    """A number, a fraction, a list, or ``@file.npy``."""
    import numpy as np

    if text.startswith("@"):
        return _array_file(text[1:])
    try:
        top, slash, bottom = text.partition("/")
        if slash:
            return float(top) / float(bottom)
        read = json.loads(text)
        if read is None:
            raise TypeError
        array = np.asarray(read, dtype=float)
    except (ValueError, TypeError, ZeroDivisionError, OverflowError, RecursionError):
        try:
            array = np.asarray(float(text))  # 1e3, .5, inf
        except ValueError:
            space = " " if name.startswith("-") else "="
            shown = text if len(text) <= 60 else f"{text[:57]}..."
            raise FormulaError(
                f"the value of {name} is {shown!r}, which is not a number or a list of numbers",
                hint=f'{name}{space}0.5, {name}{space}1/3, "{name}{space}[[1, 2], [3, 4]]" '
                f"or {name}{space}@data.npy",
            ) from None
    return array


def _array_file(path: str) -> Any:
    import numpy as np

    try:
        if path.endswith(".npy"):
            return np.load(path, allow_pickle=False)
        return np.loadtxt(path, delimiter=",", ndmin=1)
    except OSError as error:
        raise ReadError(f"cannot read numbers from {path}: {error.strerror or error}") from None
    except (ValueError, EOFError) as error:
        raise ReadError(
            f"cannot read numbers from {path}: {str(error).splitlines()[0]}",
            hint="a file of np.save, or lines of numbers with commas between",
        ) from None


def _shape(text: str) -> tuple[int | str, ...]:
    inner = text.strip().removeprefix("(").removesuffix(")").replace("×", ",")
    parts = [part.strip() for part in inner.split(",") if part.strip()]
    return tuple(int(part) if part.isdigit() else part for part in parts if part != "scalar")


def _upstream(text: str | None) -> Any:
    """A name stays text, numbers become arrays."""
    if text is None or text.split("=")[0].strip().isidentifier():
        return text
    return _value("--upstream", text)


def main(arguments: Iterable[str] | None = None) -> None:
    """Run the command line; every error of ours ends with exit status 2 and no traceback."""
    try:
        cli.main(args=None if arguments is None else list(arguments), standalone_mode=False)
    except DvarError as error:
        _fail(str(error))
    except click.exceptions.Abort:
        _fail("interrupted", 130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except BrokenPipeError:
        # The reader of the pipe has gone; nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (RecursionError, MemoryError):
        _fail("this problem is too large to be explained; ask for a part of it with --of or --wrt")
    except Exception as error:  # nobody who asks for a derivative wants to read our stack
        if "DVAR_TRACEBACK" in os.environ:
            raise
        _fail(
            f"this is a bug of dvar, not yours: {type(error).__name__}: {error}\n"
            "  try:  the same command with DVAR_TRACEBACK=1, and report what it says"
        )


def _fail(message: str, status: int = 2) -> None:
    click.echo(f"dvar: {message}", err=True)
    sys.exit(status)
