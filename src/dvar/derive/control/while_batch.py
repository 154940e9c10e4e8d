"""Loops that a condition ends, for many examples: they go on as long as one of the examples does."""

from __future__ import annotations

from collections.abc import Sequence

from dvar.core.body import Body
from dvar.core.dims import Size
from dvar.core.node import Node
from dvar.core.op import like
from dvar.derive.batch import spread
from dvar.derive.control.bodies import Flags, many
from dvar.derive.control.examples import beside, guarded
from dvar.derive.control.passes import Loop, Pass, cut
from dvar.ops.extremes import any as any_
from dvar.ops.selection import where


def for_many(loop: Loop, operands: Sequence[Node | None], size: Size) -> tuple[Loop, list[bool]]:
    """The loop for many examples, and which of its carries have the leading axis.

    Where the examples have conditions of their own, those that are done keep what they carry.  In the
    steps of the others they take part with what one of those carries, so that nothing is computed which
    the loop of that example alone would not compute.
    """
    *wide_inits, wide_fixed = cut(operands, [p.carries for p in loop.passes])
    in_fixed = [x is not None for x in wide_fixed]
    first = loop.passes[0]
    flags = _carries(first, [*(x is not None for x in wide_inits[0]), *in_fixed], size)
    test, alone, roots = many(loop.test, [*flags, *in_fixed], size)
    own_ends = roots[0] is not None
    wide_test = Body.of(
        test, [spread(alone[0], roots[0], size) if own_ends else alone[0]], loop.test.name
    )

    notes: list[list[bool]] = []
    passes: list[Pass] = []
    for way, inits in zip(loop.passes, wide_inits, strict=True):
        given = [x is not None for x in inits] + [f for part in notes for f in part] + in_fixed
        k = way.carries
        given[:k] = [True] * k if own_ends else _carries(way, given, size)
        body, more = _wide(way, given, own_ends, size)
        if own_ends:
            body = _while_active(body, k, given, wide_test, [len(part) for part in notes])
        passes.append(Pass(body, k, way.reverse))
        notes.append([*given[:k], *more])
    if own_ends:
        inputs, (mask,) = wide_test.fresh()
        wide_test = Body.of(inputs, [any_(mask)], loop.test.name)
    in_carries = [f for part, p in zip(notes, passes, strict=True) for f in part[: p.carries]]
    spread_inits = iter(
        spread(x, wide, size) if flag else x
        for x, wide, flag in zip(
            [x for part in loop.inits for x in part],
            [x for part in wide_inits for x in part],
            in_carries,
            strict=True,
        )
    )
    made = Loop(
        wide_test,
        tuple(passes),
        tuple(tuple(next(spread_inits) for _ in part) for part in loop.inits),
        tuple(x if wide is None else wide for x, wide in zip(loop.fixed, wide_fixed, strict=True)),
    )
    return made, in_carries


def _carries(way: Pass, given: Flags, size: Size) -> list[bool]:
    """Which carries have a leading axis, after any number of steps."""
    flags = list(given)
    while True:
        roots = many(way.body, flags, size)[2]
        new = [n for n in range(way.carries) if roots[n] is not None and not flags[n]]
        if not new:
            return flags[: way.carries]
        for n in new:
            flags[n] = True


def _wide(way: Pass, given: Flags, all_of_them: bool, size: Size) -> tuple[Body, list[bool]]:
    """The body for many examples, and which of the other roots than the carries have the axis."""
    inputs, alone, roots = many(way.body, given, size)
    k = way.carries
    has = [
        *given[:k],
        *(all_of_them or root is not None for root in roots[k:]),
    ]
    made = [
        spread(one, root, size) if flag else one
        for one, root, flag in zip(alone, roots, has, strict=True)
    ]
    return Body.of(inputs, made, way.body.name), has[k:]


def _while_active(
    body: Body, carries: int, given: Flags, test: Body, earlier: Sequence[int]
) -> Body:
    """The body for those examples that are not done.

    The first pass asks the test, and notes what it says behind its other notes; the later passes, which
    have notes of earlier ones, find it there.
    """
    inputs = [like(x, str(x.param("name"))) for x in body.inputs]
    fixed = inputs[carries + sum(earlier) :]
    if earlier:
        mask = like(test.roots[0], "active")
        place = carries + earlier[0]
        shown = [*inputs[:place], mask, *inputs[place:]]
    else:
        (mask,) = test.at([*inputs[:carries], *fixed])
        shown = inputs
    made = body.at(guarded(inputs, given, mask))
    roots = [
        where(beside(mask, old), new, old) if n < carries else new
        for n, (new, old) in enumerate(zip(made, [*inputs[:carries], *made[carries:]], strict=True))
    ]
    return Body.of(shown, roots if earlier else [*roots, mask], body.name)
