"""Functions of Python files, as the command line names them: ``FILE.py::NAME``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dvar.core.errors import ReadError, Source


def function_of(path: str, name: str) -> Any:
    """A function of a Python file, which is run."""
    names = names_of(path)
    functions = [n for n, value in names.items() if callable(value) and not n.startswith("_")]
    if name not in functions:
        raise ReadError(
            f"{path} has no function {name}".rstrip(),
            hint="one of " + ", ".join(functions) if functions else "def loss(w, x): …",
        )
    return names[name]


def names_of(path: str) -> dict[str, Any]:
    """What the names of a Python file stand for; the file is run."""
    import runpy

    if not Path(path).is_file():
        raise ReadError(f"there is no file {path}")
    try:
        names: dict[str, Any] = runpy.run_path(path)
    except (Exception, SystemExit) as error:  # whatever the user's file raises is theirs to see
        raise failure_of(path, error) or ReadError(
            f"running {path} failed: {type(error).__name__}: {error}"
        ) from None
    return names


def failure_of(path: str, error: BaseException) -> ReadError | None:
    """What the user's own code raised, with its line; None if the error is not theirs."""
    import linecache
    import traceback

    if isinstance(error.__cause__, ReadError):
        return error.__cause__  # NumPy puts words of its own in front of ours
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
