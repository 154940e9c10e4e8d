"""What ``train`` is asked for, checked before anything is compiled."""

from __future__ import annotations

import inspect
import math
import operator
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dvar.core.errors import ReadError


def check_names(loss: Callable[..., Any], params: Any, data: Any) -> None:
    """Raises ReadError if the loss cannot be called with these parameters and data."""
    if not isinstance(params, Mapping):
        raise ReadError(
            f"params is {type(params).__name__}, not arrays by name",
            hint='{"w": np.zeros(3), "b": 0.0}',
        )
    if not params:
        raise ReadError("there is no parameter to train", hint='{"w": np.zeros(3), "b": 0.0}')
    if callable(data):
        return
    if not isinstance(data, Mapping):
        once = hasattr(data, "__next__")
        raise ReadError(
            f"data is {type(data).__name__}, "
            + ("which is gone through once" if once else "not arrays by name"),
            hint="a function that begins a pass: data=make, not data=make()"
            if once
            else '{"x": x, "y": y}',
        )
    both = [name for name in params if name in data]
    if both:
        raise ReadError(f"{both[0]} is a parameter and data: it needs two names")
    try:
        inspect.signature(loss).bind(**params, **data)
    except TypeError as error:
        raise ReadError(
            f"the loss does not fit the names of parameters and data: {error}",
            hint=f"it is called as loss({', '.join(f'{n}=…' for n in (*params, *data))})",
        ) from None
    except ValueError:  # a function that does not tell its parameters
        return


def whole(name: str, value: Any, least: int, why: str, like: int) -> int:
    """A whole number of an argument.  Raises ReadError if it is none, or less than it may be."""
    try:
        count = operator.index(value)
    except TypeError:
        raise ReadError(f"{name}={value!r} is no whole number", hint=f"{name}={like}") from None
    if count < least:
        raise ReadError(f"{name}={value}: {why}", hint=f"{name}={like}")
    return count


def total_of(steps: int | None, epochs: int | None, per_epoch: Callable[[], int]) -> int:
    """How many steps are wanted.  Raises ReadError if neither or both are given."""
    if (steps is None) == (epochs is None):
        raise ReadError("train needs steps or epochs, one of the two", hint="steps=1000")
    name, given = ("steps", steps) if epochs is None else ("epochs", epochs)
    count = whole(name, given, 0, "training cannot go back", 1000)
    return count if epochs is None else count * per_epoch()


def rate_at(rate: Any, step: int) -> float:
    """The learning rate of a step.  Raises ReadError if it is no finite number, or below zero."""
    given = rate(step) if callable(rate) else rate
    try:
        value = math.nan if isinstance(given, str) else float(given)
    except (TypeError, ValueError):
        value = math.nan
    if not 0 <= value < math.inf:
        where = f" at step {step}" if callable(rate) else ""
        raise ReadError(
            f"learning_rate={given!r}{where}: steps need a finite number, not below zero",
            hint="learning_rate=0.1",
        )
    return value


def check_cluster(cluster: Any) -> None:
    """Raises ReadError if the cluster is no client of one."""
    if cluster is not None and not hasattr(cluster, "scheduler_info"):
        raise ReadError(
            f"cluster={cluster!r} is no distributed.Client", hint='Client("scheduler:8786")'
        )


def check_checkpoint(path: Any) -> None:
    """Whether a checkpoint can be written.  Raises ReadError if not."""
    if path is None:
        return
    if not isinstance(path, (str, Path)):
        raise ReadError(f"checkpoint={path!r} is no file", hint='checkpoint="run.npz"')
    check_folder(path, f"the checkpoint {path}")


def check_folder(path: str | Path | None, named: str = "") -> None:
    """Better to know before an hour of training than after it.  Raises ReadError if no file can be there."""
    folder = None if path is None else Path(path).resolve().parent
    if folder is not None and not folder.is_dir():
        raise ReadError(f"cannot write {named or path}: there is no folder {folder}")
