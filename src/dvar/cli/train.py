"""``dvar train``: a loss, where to begin and data in, trained parameters out."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from dvar.cli.functions import failure_of, function_of
from dvar.cli.output import complain, emit
from dvar.core.errors import DvarError, ReadError

HELP = """Find parameters with a small loss.

LOSS is a function of a Python file, FILE.py::NAME, that takes parameters and data by name and returns a number.

\b
  --params  where to begin: a function without arguments that returns them by name (FILE.py::NAME),
            or a file of np.savez, as this command writes it
  --data    a table with a line of names (.csv, .parquet), a file of np.savez, or NAME=FILE.npy;
            columns are put together by --columns, x=height,weight

\b
Examples
  dvar train model.py::loss --params model.py::start --data points.csv --columns x=a,b y=label --steps 2000
  dvar train model.py::loss --params model.py::start --data x=x.npy y=y.npy --epochs 20 --batch-size 64 \\
             --optimizer adam --learning-rate 0.001 --checkpoint run.npz -o trained.npz --curve curve.svg
  dvar train model.py::loss --params model.py::start --data days.parquet --columns x=a,b y=c --epochs 3 \\
             --stream --batch-size 4096

A checkpoint that is there is gone on from.  Exit status: 0 trained, 130 interrupted, 2 could not.  Where
training ends early, what there is by then is written to --output.
"""


@click.command(help=HELP)
@click.argument("loss", metavar="LOSS")
@click.argument("more", nargs=-1, metavar="[NAME=FILE]...")
@click.option("--params", required=True, metavar="FILE.py::NAME|FILE.npz", help="Where to begin.")
@click.option("--data", required=True, multiple=True, metavar="FILE|NAME=FILE.npy")
@click.option("--columns", multiple=True, metavar="NAME=a,b", help="Columns as one array.")
@click.option("--steps", type=int)
@click.option("--epochs", type=int)
@click.option("--learning-rate", type=float, default=0.1, show_default=True)
@click.option("--optimizer", default="gd", show_default=True, help="gd, momentum, adam or lbfgs")
@click.option("--batch-size", type=int, help="Examples in a step; all if left out.")
@click.option(
    "--stream", is_flag=True, help="Batches of a Parquet file, in its order, one in memory."
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--threads", type=int, help="One for each core if left out.")
@click.option("--checkpoint", type=click.Path(dir_okay=False))
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Where parameters go (.npz).")
@click.option("--curve", type=click.Path(dir_okay=False), help="The learning curve (.svg).")
def train(
    loss: str,
    more: Sequence[str],
    params: str,
    data: Sequence[str],
    columns: Sequence[str],
    output: str | None,
    curve: str | None,
    stream: bool,
    **options: Any,
) -> None:
    from dvar.training import Diverged, NotSaved, files
    from dvar.training import train as train_
    from dvar.training.arguments import check_folder

    path, function = _named(loss)
    given = [*data, *(m for m in more if _is_file(m))]
    chosen = [*columns, *(m for m in more if not _is_file(m))]
    start = files.parameters(params) if params.endswith(".npz") else _start(params)
    if stream:
        examples: Any = files.parquet_batches(*_streamed(given, options["batch_size"]), chosen)
        options["batch_size"] = None
    else:
        examples = files.examples(given, chosen)
    check_folder(output)
    check_folder(curve)
    try:
        done = train_(function, start, data=examples, **options)
    except (Diverged, NotSaved) as error:
        if output is not None:
            files.write(Path(output), error.params)
            complain(f"{output} has the parameters as they were then")
        if error.hint is not None and error.hint.endswith(".params"):
            error.hint = "-o FILE.npz keeps what there is by then" if output is None else None
        raise
    except DvarError as error:
        error.hint = _as_options(error.hint)
        raise
    except (Exception, SystemExit) as error:
        raise failure_of(path, error) or error from None
    if output is not None:
        files.write(Path(output), done.params)
    if curve is not None:
        emit(done.curve(), curve)
    click.echo(str(done))
    if output is None:
        for name, array in files.flat(done.params).items():
            shown = (
                f" = {array.tolist()}" if array.size <= 8 else f": numbers of shape {array.shape}"
            )
            click.echo(f"{name}{shown}")
    if not done.finished:
        complain(
            "interrupted; a checkpoint would go on from here"
            if not options["checkpoint"]
            else "interrupted"
        )
        raise SystemExit(130)


def _is_file(text: str) -> bool:
    """``x=x.npy`` beside ``x=a,b``."""
    return text.endswith((".npy", ".npz", ".csv", ".parquet"))


def _streamed(files: Sequence[str], batch_size: int | None) -> tuple[str, int]:
    """The one file of a stream, and how many of its examples make a batch."""
    if len(files) != 1 or not files[0].endswith(".parquet"):
        raise ReadError(
            f"--stream takes one Parquet file, not {' '.join(files)}",
            hint="arrays in .npy files are read from disk as they are needed, without --stream",
        )
    if batch_size is None:
        raise ReadError("--stream needs --batch-size", hint="--batch-size 4096")
    return files[0], batch_size


def _named(text: str) -> tuple[str, Any]:
    path, colons, name = text.partition("::")
    if not colons or not path.endswith(".py"):
        raise ReadError(f"{text} is not FILE.py::NAME", hint="model.py::loss")
    return path, function_of(path, name)


def _start(text: str) -> dict[str, Any]:
    path, function = _named(text)
    if any(p.default is p.empty for p in inspect.signature(function).parameters.values()):
        raise ReadError(f"{text} needs arguments", hint="--params takes a function without any")
    try:
        start = function()
    except (Exception, SystemExit) as error:
        raise failure_of(path, error) or error from None
    if not isinstance(start, dict):
        raise ReadError(
            f"{text} returned {type(start).__name__}, not parameters by name",
            hint='return {"w": np.zeros(3), "b": 0.0}',
        )
    return start


def _as_options(hint: str | None) -> str | None:
    """What to write instead, as it is written here: ``batch_size=32`` is ``--batch-size 32``."""
    argument = re.fullmatch(r"([a-z_]+)=([\d.]+)", hint or "")
    return hint if argument is None else f"--{argument[1].replace('_', '-')} {argument[2]}"
