"""The row of a loop with a known number of steps.

Operands are what is carried from step to step, series with one element for each step, and what stays the
same.  The body makes of these what is carried on, and for every step a piece of each result.  Both derivatives
are loops again: forward mode carries tangents beside the values; reverse mode goes through the steps from
the last, over the carried values that a first pass has kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dvar.core.body import Body
from dvar.core.dims import Shape, Size, show
from dvar.core.errors import ShapeError
from dvar.core.node import Node
from dvar.core.op import Array, Nested, Op, like
from dvar.derive.batch import spread
from dvar.derive.control.bodies import (
    backward,
    carries_that_depend,
    dual,
    forward,
    gradients,
    many,
    or_zero,
    written,
)
from dvar.derive.forward import zeros_like
from dvar.derive.packing import pack, pack_many, packed_shape, unpack, unpack_upstream
from dvar.ops.moving import moveaxis


@dataclass(frozen=True)
class Loop:
    """A loop before it is a node.

    Attributes:
        body: ``(*carries, *elements of the series, *fixed) → (*carries, *pieces of the results)``.
        inits: what is carried into the first step.
        series: arrays whose first axis counts the steps.
        fixed: what is the same in every step.
        length: how many steps there are.
        reverse: from the last step to the first.
    """

    body: Body
    inits: tuple[Node, ...]
    series: tuple[Node, ...]
    fixed: tuple[Node, ...]
    length: Size
    reverse: bool = False

    @staticmethod
    def of(node: Node) -> Loop:
        k, m = node.param("carries"), node.param("series")
        x = node.inputs
        return Loop(
            node.param("body"),
            x[:k],
            x[k : k + m],
            x[k + m :],
            node.param("length"),
            node.param("reverse"),
        )

    def split(self, things: Sequence[Any]) -> tuple[list[Any], list[Any], list[Any]]:
        """One thing for each operand: those of the carries, of the series, of what is fixed."""
        k, m = len(self.inits), len(self.series)
        return list(things[:k]), list(things[k : k + m]), list(things[k + m :])

    def results(self, wanted: Sequence[int]) -> list[Node]:
        """The last carried values and the results, by their place among the roots of the body."""
        by_place: dict[int, Node] = {}
        for dtype in dict.fromkeys(self.body.roots[n].dtype for n in wanted):
            places = tuple(n for n in wanted if self.body.roots[n].dtype == dtype)
            node = scan.node(
                *self.inits, *self.series, *self.fixed,
                body=self.body, carries=len(self.inits), series=len(self.series),
                length=self.length, reverse=self.reverse, results=places, dtype=dtype,
            )  # fmt: skip
            shapes = result_shapes(self.body, len(self.inits), self.length, places)
            by_place.update(zip(places, unpack(node, shapes), strict=True))
        return [by_place[n] for n in wanted]

    def pruned(self, wanted: Sequence[int]) -> list[Node]:
        """The same results of a loop that computes nothing else."""
        k = len(self.inits)
        roots = self.body.roots
        live = {n for n in wanted if n < k}
        while True:
            body = Body(self.body.inputs, tuple(roots[n] for n in sorted({*live, *wanted})))
            more = {n for n in range(k) if body.used[n]} - live
            if not more:
                break
            live |= more
        places = sorted({*live, *wanted})
        kept_series, kept_fixed = self.split(body.used)[1:]
        operands = [n for n in range(len(self.body.inputs)) if body.used[n] or n in live]
        small = Loop(
            Body.of([self.body.inputs[n] for n in operands], body.roots, self.body.name),
            tuple(self.inits[n] for n in sorted(live)),
            tuple(x for x, kept in zip(self.series, kept_series, strict=True) if kept),
            tuple(x for x, kept in zip(self.fixed, kept_fixed, strict=True) if kept),
            self.length,
            self.reverse,
        )
        return small.results([places.index(n) for n in wanted])


def result_shapes(body: Body, carries: int, length: Size, places: Sequence[int]) -> list[Shape]:
    """The last carried values have their own shape, the others one more axis for the steps."""
    shapes = [body.roots[n].shape for n in places]
    return [s if n < carries else (length, *s) for n, s in zip(places, shapes, strict=True)]


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


# ── derivatives ─────────────────────────────────────────────────────────────────────────────────


def _adjoint(g: Node, node: Node, wanted: Sequence[bool]) -> Sequence[Node | None]:
    loop = Loop.of(node)
    body, count = loop.body, len(loop.inits)
    places = node.param("results")
    shapes = result_shapes(body, count, loop.length, places)
    upstream = {
        n: share
        for n, share in zip(places, unpack_upstream(g, shapes), strict=True)
        if share is not None
    }
    moving = carries_that_depend(body, count, wanted)

    inputs, roots = body.fresh()
    carries, elements, fixed = loop.split(inputs)
    want_first, want_series, want_fixed = loop.split(wanted)
    back = {n: like(roots[n], "g") for n in range(count) if moving[n]}
    totals = [like(x, "total") for x, want in zip(fixed, want_fixed, strict=True) if want]
    pieces = {n: like(roots[n], "g") for n in upstream if n >= count and roots[n].is_float}

    sources = [
        *(carries[n] for n in back),
        *_chosen(fixed, want_fixed),
        *_chosen(elements, want_series),
    ]
    shares = gradients(
        [*((roots[n], a) for n, a in back.items()), *((roots[n], a) for n, a in pieces.items())],
        sources,
    )
    first = len(back)
    for n, total in enumerate(totals, first):
        shares[n] = total + shares[n]
    used = set(Body(tuple(inputs), tuple(shares)).nodes)
    kept = [n for n in range(count) if carries[n] in used]

    transposed = Loop(
        Body.of(
            [
                *back.values(),
                *totals,
                *(carries[n] for n in kept),
                *elements,
                *pieces.values(),
                *fixed,
            ],
            shares,
            backward(body),
        ),
        (
            *(upstream[n] if n in upstream else zeros_like(loop.inits[n]) for n in back),
            *(zeros_like(x) for x in _chosen(loop.fixed, want_fixed)),
        ),
        (*_kept(loop, kept), *loop.series, *(upstream[n] for n in pieces)),
        loop.fixed,
        loop.length,
        not loop.reverse,
    )
    order = [n in back and want_first[n] for n in range(count)]
    asked = [list(back).index(n) for n in range(count) if order[n]]
    asked += range(first, len(shares))
    found = iter(transposed.pruned(asked))
    ways = [*order, *want_fixed, *want_series]
    by_way = [next(found) if way else None for way in ways]
    of_fixed, of_series = by_way[count : count + len(fixed)], by_way[count + len(fixed) :]
    return [*by_way[:count], *of_series, *of_fixed]


def _chosen(things: Sequence[Node], wanted: Sequence[bool]) -> list[Node]:
    return [x for x, want in zip(things, wanted, strict=True) if want]


def _kept(loop: Loop, places: Sequence[int]) -> list[Node]:
    """What is carried into every step, as series.

    The loop is the same but for these results, so that compiled code runs both as one.
    """
    if not places:
        return []
    inputs = loop.body.inputs
    roots = (*loop.body.roots, *(inputs[n] for n in places))
    longer = Loop(
        Body(inputs, roots, loop.body.name),
        loop.inits,
        loop.series,
        loop.fixed,
        loop.length,
        loop.reverse,
    )
    return longer.results(range(len(loop.body.roots), len(roots)))


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
    "scan", _shape, _forward, Nested(_adjoint, _tangent, _batched), dtype="stated",
    notation=written(lambda node: [node.param("body")]),
    source="a recurrence is differentiated step by step: Griewank & Walther, section 3.2",
)  # fmt: skip
