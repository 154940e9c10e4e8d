"""Files that are either whole or as they were."""

from __future__ import annotations

import os
import secrets
import shutil
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
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            yield file
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, part)  # who may read it is not ours to change
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def remove_halves(path: Path) -> None:
    """What was being written for ``path`` when somebody pulled the plug."""
    for part in path.parent.glob(f"{escape(path.name)}.{'?' * 8}.part"):
        part.unlink(missing_ok=True)
