"""The row of a loop with a known number of steps.

Operands are what is carried from step to step, series with one element for each step, and what stays the
same.  The body makes of these what is carried on, and for every step a piece of each result.  Both derivatives
are loops again: forward mode carries tangents beside the values; reverse mode goes through the steps from
the last, over the carried values that a first pass has kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dvar.core.body import Body
from dvar.core.dims import Shape, Size, show
from dvar.core.errors import ShapeError
from dvar.core.node import Node
from dvar.core.op import Array, Nested, Op
from dvar.derive.batch import spread
from dvar.derive.control.bodies import (
    carries_that_depend,
    dual,
    forward,
    many,
    or_zero,
    written,
)
from dvar.derive.control.scan_backward import adjoint
from dvar.derive.control.steps import Loop, result_shapes
from dvar.derive.forward import zeros_like
from dvar.derive.packing import pack, pack_many, packed_shape, unpack
from dvar.ops.moving import moveaxis


def _shape(
    shapes: Sequence[Shape], body: Body, carries: int, series: int, length: Size, results: Sequence[int],
    **_: Any,
) -> Shape:  # fmt: skip
    for n, (shape, x) in enumerate(zip(shapes, body.inputs, strict=True)):
        want = (length, *x.shape) if carries <= n < carries + series else x.shape
        if shape != want:
            raise ShapeError(f"scan: operand {n + 1} is {show(shape)}, its body takes {show(want)}")
    return packed_shape(result_shapes(body, carries, length, results))


def _forward(
    *arrays: Array, body: Any, carries: int, series: int, length: int, reverse: bool, results: Sequence[int],
    dtype: str,
) -> Array:  # fmt: skip
    carry = list(arrays[:carries])
    elements, fixed = arrays[carries : carries + series], arrays[carries + series :]
    pieces: list[list[Array]] = []
    for t in reversed(range(length)) if reverse else range(length):
        made = body([*carry, *(x[t] for x in elements), *fixed])
        carry, rest = made[:carries], made[carries:]
        pieces.append(rest)
    if reverse:
        pieces.reverse()
    found = [
        carry[n]
        if n < carries
        else _stacked([piece[n - carries] for piece in pieces], body.roots[n])
        for n in results
    ]
    return found[0] if len(found) == 1 else np.concatenate([np.ravel(x) for x in found])


def _stacked(pieces: Sequence[Array], root: Node) -> Array:
    return np.stack(pieces) if pieces else np.empty((0, *root.shape), root.dtype)


# ── forward mode ────────────────────────────────────────────────────────────────────────────────


def _tangent(node: Node, tangents: Sequence[Node | None]) -> Node | None:
    loop = Loop.of(node)
    count = len(loop.inits)
    given = [t is not None for t in tangents]
    given[:count] = carries_that_depend(loop.body, count, given)
    inputs, moves, roots, moved = dual(loop.body, given)
    beside = [
        zeros_like(x) if t is None and has else t
        for x, t, has in zip(node.inputs, tangents, given, strict=True)
    ]
    wanted = node.param("results")
    pieces = [n for n in wanted if n >= count and moved[n] is not None]
    new_roots = [
        *roots[:count],
        *(or_zero(moved[n], roots[n]) for n in range(count) if given[n]),
        *(or_zero(moved[n], roots[n]) for n in pieces),
    ]
    both = [_doubled(x, t) for x, t in zip(loop.split(inputs), loop.split(moves), strict=True)]
    operands = [
        _doubled(x, t) for x, t in zip(loop.split(node.inputs), loop.split(beside), strict=True)
    ]
    pushed = Loop(
        node.op,
        Body.of([x for part in both for x in part], new_roots, forward(loop.body)),
        tuple(operands[0]), tuple(operands[1]), tuple(operands[2]), loop.length, loop.reverse,
    )  # fmt: skip
    rank = [n for n in range(count) if given[n]]
    places = {n: count + k for k, n in enumerate([*rank, *pieces])}
    asked = [n for n in wanted if n in places]
    if not asked:
        return None
    found = dict(zip(asked, pushed.pruned([places[n] for n in asked]), strict=True))
    values = unpack(node, result_shapes(loop.body, count, loop.length, wanted))
    return pack(
        [found[n] if n in found else zeros_like(x) for n, x in zip(wanted, values, strict=True)]
    )


def _doubled(values: Sequence[Node], tangents: Sequence[Node | None]) -> list[Node]:
    return [*values, *(t for t in tangents if t is not None)]


# ── many examples ───────────────────────────────────────────────────────────────────────────────


def _batched(node: Node, operands: Sequence[Node | None], size: Size) -> Node:
    loop = Loop.of(node)
    count = len(loop.inits)
    flags = [x is not None for x in operands]
    while True:
        inputs, alone, roots = many(loop.body, flags, size)
        new = [n for n in range(count) if roots[n] is not None and not flags[n]]
        if not new:
            break
        for n in new:
            flags[n] = True
    made = [
        spread(one, root, size) if root is not None or (n < count and flags[n]) else one
        for n, (one, root) in enumerate(zip(alone, roots, strict=True))
    ]
    firsts, series, fixed = loop.split(
        [
            x if not flag else spread(x, x_many, size)
            for x, x_many, flag in zip(node.inputs, operands, flags, strict=True)
        ]
    )
    in_series = loop.split(flags)[1]
    wide = Loop(
        node.op,
        Body.of(inputs, made, loop.body.name),
        tuple(firsts),
        tuple(moveaxis(x, 0, 1) if flag else x for x, flag in zip(series, in_series, strict=True)),
        tuple(fixed),
        loop.length,
        loop.reverse,
    )
    places = node.param("results")
    done = []
    for n, result in zip(places, wide.results(places), strict=True):
        has = flags[n] if n < count else roots[n] is not None
        whole = result if has else spread(result, None, size)
        done.append(moveaxis(whole, 1, 0) if has and n >= count else whole)
    return pack_many(done, size)


scan = Op(
    "scan", _shape, _forward, Nested(adjoint, _tangent, _batched), dtype="stated",
    notation=written(lambda node: [node.param("body")]),
    source="a recurrence is differentiated step by step: Griewank & Walther, section 3.2",
)  # fmt: skip
