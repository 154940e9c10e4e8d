"""Which gradients each statement of a backward pass has a share in: it is changed, and the pass is run."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import numpy as np

from dvar.check.backward.bends import Bend, value_places
from dvar.check.backward.source import Piece, Source
from dvar.core.op import Array

Reach = Mapping[int, frozenset[str]]
"""The gradients that a statement reaches, by its identity; a statement that is not there may reach any."""
SCALE = 1.25


def reach_of(source: Source, gradients: Callable[[Any], Mapping[str, Array]]) -> Reach:
    """What every statement reaches.

    Args:
        source: the backward pass.
        gradients: what a backward pass returns, always for the same upstream gradients; it may raise anything.
    """
    before = gradients(None)
    found: dict[int, frozenset[str]] = {}
    for piece, statement in source.statements():
        bent = list(_scaled(statement))
        reached: set[str] = set()
        for bend in bent:
            changed = _changed(source, piece, bend, gradients)
            if changed is None:
                break
            reached |= {n for n, x in before.items() if not _same(x, changed.get(n))}
        else:
            if bent:
                found[id(statement)] = frozenset(reached)
    return found


def is_alone(reach: Reach, statement: ast.stmt, kept: Collection[str]) -> bool:
    """Whether a statement has no share in a gradient that is right: else it would be wrong too."""
    return not reach.get(id(statement), frozenset()) & set(kept)


def only_line(source: Source, reach: Reach, kept: Collection[str], wrong: Collection[str]) -> int:
    """The line that alone computes something of some gradients and of no right one; 0 if there are several."""
    found = {
        piece.line(s)
        for piece, s in source.statements()
        if any(isinstance(n, (ast.BinOp, ast.UnaryOp, ast.Call)) for n in ast.walk(s))
        if is_alone(reach, s, kept) and set(wrong) & reach.get(id(s), set(wrong))
    }
    return found.pop() if len(found) == 1 else 0


def _scaled(statement: ast.stmt) -> Iterator[Bend]:
    if isinstance(
        statement, ast.Expr
    ):  # g.scatter_(…) changes something; what it returns is dropped
        yield Bend("", "", statement, "value", None, ast.Constant(None))
        return
    for holder, field, place, part in value_places(statement):
        yield Bend("", "", holder, field, place, ast.BinOp(part, ast.Mult(), ast.Constant(SCALE)))


def _changed(
    source: Source, piece: Piece, bend: Bend, gradients: Callable[[Any], Mapping[str, Array]]
) -> Mapping[str, Array] | None:
    """The gradients after a change; None if it cannot be run."""
    undo = bend.swap()
    try:
        ast.fix_missing_locations(piece.tree)
        return gradients(source.rebuilt(piece))
    except Exception:  # a changed function may do anything
        return None
    finally:
        undo.swap()


def _same(x: Array, y: Array | None) -> bool:
    return (
        y is not None and np.shape(x) == np.shape(y) and bool(np.allclose(x, y, rtol=1e-9, atol=0))
    )
