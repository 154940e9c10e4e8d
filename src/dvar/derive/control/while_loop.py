"""The row of a loop that a condition ends.

How many steps it takes is not known before, so what the steps pass on cannot be an array of the graph.  The
row therefore holds passes: the first goes on as long as the condition holds and notes what it carries, and
later ones go over the same steps, forwards or backwards, and see what the earlier ones have noted there.
A loop has one pass.  Its derivative in reverse mode has two: the loop again, and its transpose from the last
step to the first.  The transpose of that has four, and so on: the row is closed under differentiation.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np

from dvar.core.body import Body
from dvar.core.dims import Shape, Size
from dvar.core.node import Node
from dvar.core.op import Array, Nested, Op, like
from dvar.derive.batch import spread
from dvar.derive.control.bodies import (
    Flags,
    backward,
    carries_that_depend,
    depend,
    dual,
    forward,
    gradients,
    or_zero,
    written,
)
from dvar.derive.control.passes import Loop, Pass, cut
from dvar.derive.control.while_batch import for_many
from dvar.derive.forward import zeros_like
from dvar.derive.packing import pack, pack_many, packed_shape, unpack, unpack_upstream


def results(loop: Loop, wanted: Sequence[int]) -> list[Node]:
    """The last carried values, counted through all passes."""
    found: dict[int, Node] = {}
    for dtype in dict.fromkeys(loop.ends[n].dtype for n in wanted):
        places = tuple(n for n in wanted if loop.ends[n].dtype == dtype)
        node = while_loop.node(
            *(x for inits in loop.inits for x in inits),
            *loop.fixed,
            test=loop.test,
            passes=loop.passes,
            results=places,
            dtype=dtype,
        )
        parts = unpack(node, [loop.ends[n].shape for n in places])
        found.update(zip(places, parts, strict=True))
    return [found[n] for n in wanted]


def _shape(
    shapes: Sequence[Shape], passes: Sequence[Pass], results: Sequence[int], **_: Any
) -> Shape:
    ends = [root for p in passes for root in p.body.roots[: p.carries]]
    return packed_shape([ends[n].shape for n in results])


def _forward(*arrays: Array, test: Any, passes: Any, results: Sequence[int], dtype: str) -> Array:
    *inits, fixed = cut(arrays, [carries for _, carries, _ in passes])
    notes: list[list[Array]] = []
    ends: list[Array] = []
    for n, ((body, carries, reverse), carry) in enumerate(zip(passes, inits, strict=True)):
        if n == 0:
            while test([*carry, *fixed])[0]:
                made = body([*carry, *fixed])
                if len(passes) > 1:
                    notes.append([*carry, *made[carries:]])
                carry = made[:carries]
        else:
            for here in reversed(notes) if reverse else notes:
                made = body([*carry, *here, *fixed])
                here += [*carry, *made[carries:]]
                carry = made[:carries]
        ends += carry
    found = [ends[n] for n in results]
    return found[0] if len(found) == 1 else np.concatenate([np.ravel(x) for x in found])


# ── reverse mode ────────────────────────────────────────────────────────────────────────────────


class _Note(NamedTuple):
    """Something noted at a step: by which pass, and the how manieth of its notes."""

    by: int
    place: int


class _Transposing:
    """Adds the transposes of the passes, the last one first.

    Attributes:
        loop: what is differentiated.
        wanted: which of what is fixed receives a gradient.
        passes: all passes so far.
        origins: for each transpose, which note receives the share that it leaves at a place of its own.
    """

    def __init__(self, loop: Loop, wanted: Flags) -> None:
        self.loop, self.wanted = loop, wanted
        self.passes = list(loop.passes)
        self.shares: dict[_Note, list[_Note]] = {}
        for n in reversed(range(len(loop.passes))):
            self._add(n)

    def _add(self, n: int) -> None:
        """The transpose of pass ``n``."""
        way = self.loop.passes[n]
        notes = [_fresh_notes(p) for p in self.passes]
        fixed = [like(x, str(x.param("name"))) for x in self._fixed_of(way)]
        seen = [x for part in notes[:n] for x in part]
        roots = way.body.at([*notes[n][: way.carries], *seen, *fixed])
        back = [like(root, "g") if root.is_float else None for root in roots[: way.carries]]
        totals = [like(x, "total") for x, want in zip(fixed, self.wanted, strict=True) if want]

        def given(place: int) -> Node | None:
            """The shares that later passes have left for a note of this pass."""
            parts = [notes[s.by][s.place] for s in self.shares.get(_Note(n, place), ())]
            return sum(parts[1:], parts[0]) if parts else None

        seeds = [(root, g) for root, g in zip(roots, back, strict=False)]
        seeds += [(roots[k], given(k)) for k in range(way.carries, len(roots))]
        carries = [x for x, g in zip(notes[n], back, strict=False) if g is not None]
        earlier = [
            (_Note(by, place), x)
            for by, part in enumerate(notes[:n])
            for place, x in enumerate(part)
            if x.is_float and x in set(Body((), tuple(roots)).nodes)
        ]
        chosen = [x for x, want in zip(fixed, self.wanted, strict=True) if want]
        found = gradients(seeds, [*carries, *chosen, *(x for _, x in earlier)])
        count = len(carries)
        places = [k for k, g in enumerate(back) if g is not None]
        for k, place in enumerate(places):
            more = given(place)
            found[k] = found[k] if more is None else found[k] + more
        for k, total in enumerate(totals, count):
            found[k] = total + found[k]
        body = Body.of(
            [*(g for g in back if g is not None), *totals, *(x for p in notes for x in p), *fixed],
            found,
            backward(way.body),
        )
        here = len(self.passes)
        first = count + len(totals)
        self.passes.append(Pass(body, first, not way.reverse))
        for k, (note, _) in enumerate(earlier, first):
            self.shares.setdefault(note, []).append(_Note(here, k))

    def _fixed_of(self, way: Pass) -> Sequence[Node]:
        count = len(self.loop.fixed)
        return way.body.inputs[len(way.body.inputs) - count :]


def _fresh_notes(way: Pass) -> list[Node]:
    """Variables for what a pass notes at a step."""
    types = [*way.body.inputs[: way.carries], *way.body.roots[way.carries :]]
    return [like(x, "note") for x in types]


def _adjoint(g: Node, node: Node, wanted: Sequence[bool]) -> Sequence[Node | None]:
    loop = Loop.of(node)
    ends = loop.ends
    places = node.param("results")
    parts = unpack_upstream(g, [ends[n].shape for n in places])
    upstream = {n: part for n, part in zip(places, parts, strict=True) if part is not None}
    wanted = [w and r for w, r in zip(wanted, _reached(loop, upstream), strict=True)]
    if not any(wanted):
        return [None] * len(wanted)
    *want_inits, want_fixed = cut(wanted, [p.carries for p in loop.passes])
    made = _Transposing(loop, want_fixed)

    starts = [0, *accumulate(p.carries for p in loop.passes)]
    inits = list(loop.inits)
    totals = [zeros_like(x) for x, want in zip(loop.fixed, want_fixed, strict=True) if want]
    result = starts[-1]  # where the carries of the next transpose stand among all results
    of_init: dict[int, int] = {}  # operand → result
    of_total: list[list[int]] = [[] for _ in totals]
    for n in reversed(range(len(loop.passes))):
        first: list[Node] = []
        for k, x in enumerate(loop.inits[n]):
            if x.is_float:
                of_init[starts[n] + k] = result + len(first)
                first.append(upstream.get(starts[n] + k, zeros_like(x)))
        for k in range(len(totals)):
            of_total[k].append(result + len(first) + k)
        inits.append((*first, *totals))
        result += len(first) + len(totals)

    flat = [w for part in want_inits for w in part]
    asked = [of_init[n] for n, want in enumerate(flat) if want]
    asked += [n for several in of_total for n in several]
    transposed = Loop(loop.test, tuple(made.passes), tuple(inits), loop.fixed)
    found = iter(results(transposed, asked))
    shares: list[Node | None] = [next(found) if want else None for want in flat]
    for want in want_fixed:
        several = [next(found) for _ in loop.passes] if want else []
        shares.append(sum(several[1:], several[0]) if several else None)
    return shares


def _reached(loop: Loop, upstream: Container[int]) -> list[bool]:
    """Which operands a gradient can come to, from carries that have one at the end.

    What only decides how a loop goes on, as the value that a descent compares, has none.
    """
    if len(loop.passes) > 1:
        return [True] * (sum(map(len, loop.inits)) + len(loop.fixed))
    (way,) = loop.passes
    count = len(way.body.inputs)
    carries = range(way.carries)
    alone = [depend(way.body, [k == n for k in range(count)]) for n in range(count)]
    live = {n for n in carries if n in upstream}
    while True:
        more = {n for n in carries if n not in live and any(alone[n][root] for root in live)}
        if not more:
            break
        live |= more
    return [n in live or any(alone[n][root] for root in live) for n in range(count)]


# ── forward mode ────────────────────────────────────────────────────────────────────────────────


def _tangent(node: Node, tangents: Sequence[Node | None]) -> Node | None:
    loop = Loop.of(node)
    *of_inits, of_fixed = cut(tangents, [p.carries for p in loop.passes])
    fixed_move = [t is not None for t in of_fixed]
    notes_move: list[list[bool]] = []
    noted: list[int] = []
    passes: list[Pass] = []
    inits: list[tuple[Node, ...]] = []
    place: dict[int, int] = {}  # carry → its tangent, both counted through all passes
    before = after = 0
    for way, first, moves in zip(loop.passes, loop.inits, of_inits, strict=True):
        given = [t is not None for t in moves] + [f for part in notes_move for f in part]
        carry_moves = carries_that_depend(way.body, way.carries, [*given, *fixed_move])
        given[: way.carries] = carry_moves
        made, moved = _dual_pass(way, [*given, *fixed_move], noted)
        passes.append(made)
        notes_move.append([*carry_moves, *moved])
        noted += [way.carries, len(moved)]
        inits.append((*first, *_ways(first, moves, carry_moves)))
        rank = iter(range(after + way.carries, after + made.carries))
        place.update({before + n: next(rank) for n, f in enumerate(carry_moves) if f})
        before, after = before + way.carries, after + made.carries
    wanted = node.param("results")
    asked = [n for n in wanted if n in place]
    if not asked:
        return None
    pushed = Loop(
        _test_beside(loop.test, loop.passes[0].carries, notes_move[0], fixed_move),
        tuple(passes),
        tuple(inits),
        (*loop.fixed, *(t for t in of_fixed if t is not None)),
    )
    found = dict(zip(asked, results(pushed, [place[n] for n in asked]), strict=True))
    return pack([found[n] if n in found else zeros_like(loop.ends[n]) for n in wanted])


def _ways(inits: Sequence[Node], moves: Sequence[Node | None], flags: Flags) -> list[Node]:
    return [
        zeros_like(x) if t is None else t
        for x, t, flag in zip(inits, moves, flags, strict=True)
        if flag
    ]


def _dual_pass(way: Pass, given: Flags, noted: Sequence[int]) -> tuple[Pass, list[bool]]:
    """A pass with tangents beside its values; and which of its own notes move.

    The tangents of what an earlier pass carried stand behind that, and those of its other notes behind these:
    ``noted`` says how many there are of either, pass by pass.
    """
    inputs, ways, roots, moved = dual(way.body, given)
    sizes = [way.carries, *noted]
    both = [
        [*values, *(t for t in tangents if t is not None)]
        for values, tangents in zip(cut(inputs, sizes), cut(ways, sizes), strict=True)
    ]
    k = way.carries
    carried_ways = [
        or_zero(t, x) for x, t, flag in zip(roots[:k], moved[:k], given[:k], strict=True) if flag
    ]
    extra = [or_zero(t, x) for x, t in zip(roots[k:], moved[k:], strict=True) if t is not None]
    body = Body.of(
        [x for part in both for x in part],
        [*roots[:k], *carried_ways, *roots[k:], *extra],
        forward(way.body),
    )
    return Pass(body, k + len(carried_ways), way.reverse), [t is not None for t in moved[k:]]


def _test_beside(test: Body, carries: int, carries_move: Flags, fixed_move: Flags) -> Body:
    """The same test, which does not look at the tangents beside the values."""
    inputs, roots = test.fresh()
    first, fixed = inputs[:carries], inputs[carries:]
    return Body.of(
        [
            *first,
            *(like(x) for x, moves in zip(first, carries_move, strict=False) if moves),
            *fixed,
            *(like(x) for x, moves in zip(fixed, fixed_move, strict=True) if moves),
        ],
        roots,
        test.name,
    )


# ── many examples ───────────────────────────────────────────────────────────────────────────────


def _batched(node: Node, operands: Sequence[Node | None], size: Size) -> Node:
    loop = Loop.of(node)
    wide, flags = for_many(loop, operands, size)
    wanted = node.param("results")
    made = [
        x if flags[n] else spread(x, None, size)
        for n, x in zip(wanted, results(wide, wanted), strict=True)
    ]
    return pack_many(made, size)


while_loop = Op(
    "while_loop", _shape, _forward, Nested(_adjoint, _tangent, _batched), dtype="stated",
    notation=written(lambda node: [node.param("test"), *(p.body for p in node.param("passes"))]),
    source="a recurrence is differentiated step by step: Griewank & Walther, section 3.2",
)  # fmt: skip
