"""Data and parameters in files: NumPy's own, tables as CSV, Parquet where pyarrow is installed."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dvar.core.errors import ReadError
from dvar.core.files import written_whole
from dvar.core.op import Array
from dvar.read.trace import containers


def examples(files: Sequence[str], columns: Sequence[str] = ()) -> dict[str, Array]:
    """Arrays by name from files.

    Args:
        files: tables and archives, or ``NAME=FILE.npy``, which is read from disk as it is needed.
        columns: ``x=a,b`` puts columns together as an array of shape (m, 2), ``y=c`` names one (m,).  Columns that
            are not mentioned keep their name; with any ``columns`` given, they are left out.

    Raises:
        ReadError: a file cannot be read, a table is ragged or holds words, a column is not there.
    """
    found: dict[str, Array] = {}
    for text in files:
        name, equals, path = text.partition("=")
        if equals and path.endswith(".npy"):
            found[name.strip()] = mapped(path)
            continue
        kind = Path(text).suffix.lower()
        if kind not in _READERS:
            raise ReadError(
                f"{text} is no data that can be read", hint="table.csv, data.npz, x=x.npy, .parquet"
            )
        found.update(_READERS[kind](text))
    return _chosen(found, columns) if columns else found


def mapped(path: str) -> Array:
    """The array of an ``.npy`` file, read from disk as it is needed.  Raises ReadError if it cannot be read."""
    array: Array = _load(path, mmap_mode="r")
    return array


def _named(columns: Sequence[str]) -> dict[str, list[str]]:
    """Names of arrays → those of their columns."""
    found = {}
    for text in columns:
        name, equals, listed = text.partition("=")
        names = [n.strip() for n in listed.split(",") if n.strip()]
        if not equals or not names:
            raise ReadError(f"{text!r} names no columns", hint="--columns x=height,weight y=label")
        found[name.strip()] = names
    return found


def _chosen(found: Mapping[str, Array], columns: Sequence[str]) -> dict[str, Array]:
    chosen: dict[str, Array] = {}
    for name, names in _named(columns).items():
        missing = [n for n in names if n not in found]
        if missing:
            raise ReadError(
                f"there is no column {missing[0]}", hint="there are " + ", ".join(found)
            )
        parts = [_numbers(n, found[n]) for n in names]
        chosen[name] = parts[0] if len(parts) == 1 else np.stack(parts, axis=-1)
    return chosen


def _numbers(name: str, column: Array) -> Array:
    if column.dtype.kind not in "biuf":
        raise ReadError(
            f"the column {name} holds no numbers, or something is missing in it",
            hint="leave it out, or put numbers in its place",
        )
    return column


def parquet_batches(
    path: str, size: int, columns: Sequence[str] = ()
) -> Callable[[], Iterator[dict[str, Array]]]:
    """A Parquet file of any size as a stream for ``train``, which never has more than a batch in memory.

    Args:
        path: the file.
        size: examples in a batch.
        columns: as for ``examples``.

    Raises:
        ReadError: pyarrow is not installed; in a pass, the file cannot be read.
    """

    def begin() -> Iterator[dict[str, Array]]:
        parquet, refused = _arrow(path)
        try:
            # Reading ahead would hold the whole file in memory by the end.
            file = parquet.ParquetFile(path, pre_buffer=False)
            asked = {n for names in _named(columns).values() for n in names}
            there = [n for n in file.schema_arrow.names if not asked or n in asked]
            for batch in file.iter_batches(batch_size=size, columns=there):
                found = {n: batch[n].to_numpy(zero_copy_only=False) for n in batch.schema.names}
                yield _chosen(found, columns) if columns else found
        except (OSError, refused) as error:
            raise ReadError(f"cannot read {path}: {str(error).splitlines()[0]}") from None

    return begin


def parameters(path: str) -> dict[str, Any]:
    """Parameters as ``write`` wrote them.  Raises ReadError if they cannot be read."""
    return dict(_archive(path))


def write(path: Path, params: Mapping[str, Any]) -> None:
    """Parameters as a file of ``np.savez``; what was there stays until the new file is whole.

    Raises:
        ReadError: it cannot be written.
    """
    content: dict[str, Any] = flat(params)
    try:
        with written_whole(path) as file:
            np.savez(file, **content)
    except OSError as error:
        raise ReadError(f"cannot write {path}: {error.strerror}") from None


def flat(params: Mapping[str, Any]) -> dict[str, Array]:
    """Arrays by name; those in containers by the way to them: ``layers.0.1``."""
    found = containers.leaves_with_paths(dict(params))
    return {".".join(map(str, path)): np.asarray(leaf) for path, leaf in found}


# ── kinds of files ──────────────────────────────────────────────────────────────────────────────


def _load(path: str, **how: Any) -> Any:
    try:
        return np.load(path, allow_pickle=False, **how)
    except OSError as error:
        raise ReadError(f"cannot read {path}: {error.strerror or error}") from None
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ReadError(f"cannot read {path}: {str(error).splitlines()[0]}") from None


def _archive(path: str) -> dict[str, Array]:
    with _load(path) as archive:
        try:
            return {name: archive[name] for name in archive.files}
        except (ValueError, zipfile.BadZipFile, OSError) as error:
            raise ReadError(f"cannot read {path}: {error}") from None


# How a table has to look.
_TABLE = "a line of names, then lines of numbers with commas between"


def _table(path: str) -> dict[str, Array]:
    names: list[str] = []
    try:
        with Path(path).open(encoding="utf-8-sig") as file, warnings.catch_warnings():
            names = _fields(file.readline())
            warnings.simplefilter("ignore", UserWarning)  # that there is nothing
            values = np.loadtxt(file, delimiter=",", ndmin=2, comments=None, quotechar='"')
    except OSError as error:
        raise ReadError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ReadError(f"{path} is not a table of numbers: {error}", hint=_TABLE) from None
    except ValueError as error:
        what = _odd(path, len(names)) or str(error).splitlines()[0]
        raise ReadError(f"{path} is not a table of numbers: {what}", hint=_TABLE) from None
    if any(not name or _is_number(name) for name in names):
        raise ReadError(f"{path} does not begin with a line of names", hint="x1,x2,y")
    if not values.size:
        raise ReadError(f"{path} has no lines of numbers", hint=_TABLE)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ReadError(f"{path} has several columns {twice}")
    if values.shape[1] != len(names):
        raise ReadError(f"{path} has {len(names)} names and {values.shape[1]} columns")
    return dict(zip(names, values.T.copy(), strict=True))


def _fields(line: str) -> list[str]:
    return [field.strip().strip('"') for field in line.split(",")]


def _odd(path: str, columns: int) -> str:
    """What is wrong with the first line of a table that is no line of numbers."""
    with Path(path).open(encoding="utf-8-sig") as file:
        file.readline()
        for number, line in enumerate(file, start=2):
            fields = _fields(line)
            if not line.strip():
                continue
            if len(fields) != columns:
                return f"line {number} has {len(fields)} columns, not {columns}"
            for place, field in enumerate(fields, start=1):
                if not _is_number(field):
                    what = f"{field!r} is no number" if field else "nothing stands there"
                    return f"line {number}, column {place}: {what}"
    return ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _parquet(path: str) -> dict[str, Array]:
    parquet, refused = _arrow(path)
    try:
        table = parquet.read_table(path)
        return {name: table[name].to_numpy() for name in table.column_names}
    except (OSError, refused) as error:
        raise ReadError(f"cannot read {path}: {str(error).splitlines()[0]}") from None


def _arrow(path: str) -> tuple[Any, Any]:
    """pyarrow's Parquet, and what it raises."""
    if not Path(path).is_file():
        raise ReadError(f"cannot read {path}: there is no such file")
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise ReadError(
            f"reading {path} needs pyarrow", hint="pip install pyarrow, or save it as .csv or .npz"
        ) from None
    return parquet, ArrowException


_READERS: Mapping[str, Any] = {".npz": _archive, ".csv": _table, ".parquet": _parquet}
