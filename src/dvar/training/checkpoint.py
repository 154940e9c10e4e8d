"""Where training stands, in a file that is either whole or not there."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dvar.core.errors import ReadError
from dvar.core.files import remove_halves, written_whole
from dvar.core.op import Array

FORMAT = 1
# Seconds between checkpoints.
EVERY = 20.0
_HINT = "give another name, or remove the file to begin anew"


class Standing(NamedTuple):
    """Where training stands.

    Attributes:
        step: how many steps are done.
        carry: what the next step begins with: the parameters, then the state of the optimizer.
        losses: the loss before each of the steps.
    """

    step: int
    carry: list[Array]
    losses: Array


class NotSaved(ReadError):
    """A checkpoint could not be written; what the file held before is still there.

    Attributes:
        step: how many steps were done by then.
        params: the parameters after them.
    """

    step: int
    params: dict[str, Any]


class Keeper:
    """Keeps where training stands in a file, every 20 seconds and whenever it is told to.

    Args:
        path: the file; None keeps nothing.
        settings: what training depends on beside its start and its data; JSON.
        tree: what is carried → the parameters.
    """

    def __init__(
        self,
        path: str | Path | None,
        settings: Mapping[str, Any],
        tree: Callable[[Sequence[Array]], dict[str, Any]],
    ) -> None:
        self.path = None if path is None else Path(path)
        self._settings, self._tree, self._last = settings, tree, time.perf_counter()

    def found(self, like: Sequence[Array] | None = None) -> Standing | None:
        """Where an earlier training ended, if there is a file; see ``load``."""
        return None if self.path is None else load(self.path, like, self._settings)

    def keep(self, standing: Standing) -> None:
        """Save it.  Raises NotSaved if that cannot be."""
        if self.path is None:
            return
        try:
            save(self.path, standing, self._settings)
        except OSError as error:
            failed = NotSaved(
                f"cannot write the checkpoint {self.path}: {error.strerror}",
                hint="the parameters are in the error's .params",
            )
            failed.step, failed.params = standing.step, self._tree(standing.carry)
            raise failed from None
        self._last = time.perf_counter()

    def keep_if_due(self, standing: Callable[[], Standing]) -> None:
        """Save it if the last time was a while ago."""
        if self.path is not None and time.perf_counter() - self._last > EVERY:
            self.keep(standing())


def save(path: Path, standing: Standing, settings: Mapping[str, Any]) -> None:
    """Write the file anew: beside it first, then in its place, so that no moment has half a file.

    Raises:
        OSError: it cannot be written; what was there before is still there.
    """
    content: dict[str, Any] = {f"carry{n}": array for n, array in enumerate(standing.carry)}
    content["settings"] = np.array(json.dumps({"format": FORMAT, **settings}))
    content["step"], content["losses"] = np.array(standing.step), standing.losses
    with written_whole(path) as file:
        np.savez(file, **content)
    remove_halves(path)


def load(path: Path, like: Sequence[Array] | None, settings: Mapping[str, Any]) -> Standing | None:
    """What the file says; None if there is no file.

    Args:
        path: the file.
        like: arrays of the shapes and types of what is carried; None if these are not known.
        settings: as they were saved.

    Raises:
        ReadError: it is no checkpoint, or of other parameters, data or settings.
    """
    wanted = {"format": FORMAT, **settings}
    try:
        with np.load(path, allow_pickle=False) as file:
            written = json.loads(str(file["settings"]))
            other = [name.replace("_", " ") for name in wanted if written[name] != wanted[name]]
            if not other:
                count = sum(name.startswith("carry") for name in file.files)
                carry = [file[f"carry{n}"] for n in range(count)]
                if like is not None and _forms(carry) != _forms(like):
                    other = ["form of the parameters"]
            if not other:
                return Standing(int(file["step"]), carry, file["losses"])
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ReadError(f"cannot read the checkpoint {path}: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        raise ReadError(f"{path} is not a checkpoint of this training", hint=_HINT) from None
    raise ReadError(f"the checkpoint {path} was made with another {other[0]}", hint=_HINT)


def _forms(arrays: Sequence[Array]) -> list[Any]:
    return [(a.shape, a.dtype) for a in arrays]
