"""Files that are either whole or as they were."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import BinaryIO


@contextmanager
def written_whole(path: Path, lasting: bool = True) -> Iterator[BinaryIO]:
    """A file that is written beside ``path`` and takes its place at the end.

    A lasting one is on the disk by then, whatever happens to the power; others may be lost or damaged.
    If anything goes wrong, what was there before is still there, and nothing beside it.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def remove_halves(path: Path) -> None:
    """What was being written for ``path`` when somebody pulled the plug."""
    for part in path.parent.glob(f"{escape(path.name)}.{'?' * 8}.part"):
        part.unlink(missing_ok=True)
