"""Shapes that come beside the text: ``--shape "W1=(a, b)"`` and the ``shapes`` argument."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dvar.core.errors import FormulaError
from dvar.read import syntax as s
from dvar.read.scope import Program
from dvar.read.survey import canonical
from dvar.read.syntax import Expr


def declare_shapes(program: Program, shapes: Mapping[str, Sequence[int | str]]) -> None:
    """Add shapes from the caller to the declared ones; the caller's go before the text's."""
    for spelled, shape in shapes.items():
        stem, _, letter = spelled.rpartition("_")
        name = canonical(spelled)
        if stem and letter in program.letters and canonical(stem) in program.indexed:
            name = canonical(stem)
            program.examples[name] = letter
        program.spelling.setdefault(name, spelled)
        program.declared[name] = tuple(e for size in _sizes(shape) for e in _size(size))


def _sizes(shape: Sequence[int | str]) -> Sequence[int | str]:
    return [shape] if isinstance(shape, str) else shape


def _size(size: int | str) -> tuple[Expr, ...]:
    if isinstance(size, str):
        from dvar.read.formula import read_shape

        return read_shape(size)
    if isinstance(size, bool) or not hasattr(size, "__index__") or size < 0:
        raise FormulaError(f"{size!r} is no size", hint="whole numbers and names: (3, 'm')")
    return (s.Number(int(size), (0, 0)),)
