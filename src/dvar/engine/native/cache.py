"""Machine code kept on disk, so that a program that was compiled once starts at once the next time.

A file is named by what it was made from: the text of the module and what the machine is.  Files are written
beside and moved into place, so that processes may share the folder; one that is damaged is made again.
The folder is ``$DVAR_CACHE``, else ``dvar`` in ``$XDG_CACHE_HOME`` or ``~/.cache``; an empty ``$DVAR_CACHE`` keeps
nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from dvar.core.files import written_whole

# Of more files than this the oldest go.
MOST = 2000
_DIGEST = 32


def folder() -> Path | None:
    """Where code is kept; None if nowhere."""
    chosen = os.environ.get("DVAR_CACHE")
    if chosen is not None:
        return Path(chosen).expanduser() if chosen else None
    base = os.environ.get("XDG_CACHE_HOME")
    if not base:
        try:
            base = str(Path("~/.cache").expanduser())
        except RuntimeError:  # nobody's home
            return None
    return Path(base) / "dvar"


def cached(source: str, make: Callable[[], bytes]) -> bytes:
    """What ``make`` gives for ``source``, from the disk if it was made before."""
    place = folder()
    if place is None:
        return make()
    path = place / f"{sha256(source.encode()).hexdigest()[:40]}.o"
    kept = _read(path)
    if kept is not None:
        return kept
    made = make()
    with suppress(OSError):  # a full or read-only disk costs time, nothing else
        _write(path, made)
    return made


def _read(path: Path) -> bytes | None:
    """The code in a file, None if there is none or it is not what was written."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, code = content[:_DIGEST], content[_DIGEST:]
    return code if code and sha256(code).digest() == digest else None


def _write(path: Path, code: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with written_whole(path, lasting=False) as file:  # a damaged one is made again
        file.write(sha256(code).digest() + code)
    _prune(path.parent)


def _prune(place: Path) -> None:
    """Make room for new files, the oldest first."""
    kept = list(place.glob("*.o"))
    if len(kept) <= MOST:
        return
    with suppress(OSError):  # another process prunes as well
        for path in sorted(kept, key=lambda p: p.stat().st_mtime)[: MOST // 4]:
            path.unlink(missing_ok=True)
