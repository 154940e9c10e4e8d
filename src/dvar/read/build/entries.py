"""One entry of a vector by a letter: ``z_c`` beside ``\\sum_j e^{z_j}`` is entry c of z, and no name of its own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from dvar.read import syntax as s
from dvar.read.syntax import Define, Expr, Statement, base_of, canonical, walk, with_names


def with_entries(
    statements: Sequence[Statement], known: Collection[str]
) -> tuple[list[Statement], list[str]]:
    """The statements with such names as an index, and remarks that say so.

    Args:
        statements: as they were read.
        known: names that have a number or a shape: these are something of their own.
    """
    definitions = [x for x in statements if isinstance(x, Define)]
    own = {canonical(name) for x in statements for name in x.names}
    own |= {canonical(name) for name in known}
    vectors = {name for x in definitions for name in _vectors(x.value)}
    vectors |= {canonical(name) for x in definitions if len(x.indices) == 1 for name in x.names}
    used = {x.name for d in definitions for x in walk(d.value) if isinstance(x, s.Name)}
    notes: dict[str, None] = {}

    def entry(name: s.Name) -> Expr:
        stem, _, letter = name.name.rpartition("_")
        is_letter = len(letter) == 1 and letter.isascii() and letter.islower()
        if canonical(stem) not in vectors or not is_letter or letter in used:
            return name
        if canonical(name.name) in own:
            return name
        notes[f"{name.name} is read as {stem}[{letter}], entry {letter} of {stem}"] = None
        return s.Index(replace(name, name=stem), (replace(name, name=letter),), name.span)

    out: list[Statement] = []
    for statement in statements:
        if isinstance(statement, Define) and vectors:
            statement = replace(statement, value=with_names(statement.value, entry))
        out.append(statement)
    return out, list(notes)


def _vectors(expr: Expr) -> set[str]:
    """Names that carry one index letter."""
    found: dict[str, int] = {}
    for part in walk(expr):
        if isinstance(part, s.Component):
            base, letters, _ = base_of(part)
            if isinstance(base, s.Name):
                found[canonical(base.name)] = max(found.get(canonical(base.name), 0), len(letters))
    return {name for name, letters in found.items() if letters == 1}
