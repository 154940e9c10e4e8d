"""Names of one matrix: what is said of it by one of them holds for the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dvar.check.meaning.assumptions import POSITIVE, SYMMETRIC, Assumption
from dvar.check.meaning.keys import stem_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement


def twins(statements: Sequence[Statement]) -> Mapping[str, set[str]]:
    r"""Names of one matrix: ``S = \Sigma``, and ``s`` of ``Σ = (s_{11} \cdots)``."""
    found: dict[str, set[str]] = {}
    for statement in statements:
        name, *rest = (m.expr for m in statement.members)
        if isinstance(name, t.Symbol) and not name.scripts and len(rest) == 1:
            for stem in _names_of(rest[0]) - {stem_of(name)}:
                found.setdefault(stem_of(name), set()).add(stem)
                found.setdefault(stem, set()).add(stem_of(name))
    return found


def shared(names: Mapping[str, set[str]], assumed: Sequence[Assumption]) -> list[Assumption]:
    """What is said of a matrix by one name, of its other names."""
    of_matrices = (a for a in assumed if a.kind in (SYMMETRIC, POSITIVE))
    return [Assumption(x, a.kind) for a in of_matrices for x in sorted(names.get(a.stem, ()))]


def _names_of(value: t.Expr | None) -> set[str]:
    """The stem of a bare name, or of the entries of a square matrix."""
    if isinstance(value, t.Symbol) and not (value.scripts or value.subscripts):
        return {stem_of(value)}
    if not isinstance(value, t.Matrix) or any(len(row) != len(value.rows) for row in value.rows):
        return set()
    entries = [x for row in value.rows for x in row if isinstance(x, t.Symbol) and x.subscripts]
    stems = {stem_of(x) for x in entries}
    return stems if len(stems) == 1 and len(value.rows) > 1 else set()
