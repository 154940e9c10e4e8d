"""The command line.  Each command stands in its own module and opens heavy rooms only when it runs."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable

import click

from dvar import __version__
from dvar.cli.check import check as check_command
from dvar.cli.explain import FORMATS
from dvar.cli.explain import explain as explain_command
from dvar.cli.output import bug, fail
from dvar.cli.solve import solve as solve_command
from dvar.cli.train import train as train_command
from dvar.core.errors import DvarError

__all__ = ["FORMATS", "cli", "main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="dvar")
def cli() -> None:
    """dvar differentiates a computation and shows its work.

    \b
    dvar explain "q = x + y; f = q*z" --at x=-2 y=5 z=-4
    dvar check notes.md
    dvar solve problem.md
    dvar train model.py::loss --params model.py::start --data table.csv --steps 1000
    """


cli.add_command(explain_command)
cli.add_command(check_command)
cli.add_command(solve_command)
cli.add_command(train_command)


_OPTION = re.compile(r"--?[A-Za-z][\w-]*(=.*)?|--", re.DOTALL)


def _shielded(argument: str) -> str:
    """A formula that begins with a minus, ``-log(p)``, is no option: a blank in front says so."""
    is_formula = len(argument) > 1 and argument[0] == "-" and not _OPTION.fullmatch(argument)
    return f" {argument}" if is_formula else argument


def main(arguments: Iterable[str] | None = None) -> None:
    """Run the command line; every error of ours ends with exit status 2 and no traceback."""
    try:
        given = sys.argv[1:] if arguments is None else arguments
        cli.main(args=[_shielded(argument) for argument in given], standalone_mode=False)
    except DvarError as error:
        fail(str(error))
    except click.exceptions.Abort:
        fail("interrupted", 130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except BrokenPipeError:
        # The reader of the pipe has gone; nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (RecursionError, MemoryError):
        fail(
            "this problem is too large; explain a part of it with --of or --wrt, or check a part of the file"
        )
    except Exception as error:  # nobody who asks for a derivative wants to read our stack
        if "DVAR_TRACEBACK" in os.environ:
            raise
        fail(bug(error))
