"""Whether two values are the same function, up to how they are laid out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np

from dvar.check.meaning import kept
from dvar.check.meaning.points import RANGES, Point, finite, has_stand_in, same
from dvar.check.meaning.values import (
    Jacobian,
    Value,
    count,
    is_vector,
    reshaped,
    sizes,
    squeezed,
)
from dvar.core.node import Node, topological
from dvar.core.op import CONSTANT, Array, is_constant, number
from dvar.ops import TABLE

_HINGES = frozenset({"maximum", "greater", "greater_equal"})
TRIED = 40
"""Points that are tried where conditions have to hold."""
ON_KINKS = 12
"""So many points where one side has a kink."""
_ABOVE = tuple(span for span in RANGES if span[0] > 0)
ENOUGH = 3
"""Points at which both sides have values; agreement at all of them is taken for equality."""


@dataclass(frozen=True)
class Difference:
    """Two values that differ.

    Attributes:
        point, left, right: where, and the values there.
        sides: what differs; None where only some points count.
        near: the numbers that the points are close to.
    """

    point: Point
    left: Array
    right: Array
    sides: tuple[Node, Node] | None = None
    near: Mapping[Node, Any] | None = None

    @cached_property
    def ratio(self) -> float | None:
        """The factor by which they differ everywhere, if there is one."""
        return ratio_of(*self.sides, self.near) if self.sides is not None else None


@dataclass(frozen=True)
class Comparison:
    """The outcome of comparing two values.

    Attributes:
        holds: whether they are equal; None where no point could be found at which both exist.
        how: ``""``, or how the sides had to be laid out: ``orientation``, ``transposed``, ``shorthand``.
        difference: a counterexample if not.
    """

    holds: bool | None
    how: str = ""
    difference: Difference | None = None


def compare(
    left: Value,
    right: Value,
    near: Mapping[Node, Any] | None = None,
    strict: bool = False,
    active: bool = False,
    held: Sequence[Node] = (),
) -> Comparison:
    """Compare two values as functions of their open names.

    Args:
        left, right: what stands on the two sides.
        near: numbers given in the document; points are then taken close to them, on the same side of
            every kink.
        strict: whether a gradient by a matrix must not be transposed.
        active: whether only points count at which every max(0, …) is positive.
        held: conditions; only points count at which all of them hold.
    """
    first: Comparison | None = None
    for how, a, b in forms(left, right):
        if strict and how == "transposed":
            continue
        if active or (held and near is None):
            outcome = _equal_where(a, b, held, active)
        else:
            outcome = _equal(a, b, near)
        if outcome.holds:
            return Comparison(True, how)
        if first is None and outcome.holds is False:
            first = Comparison(False, "", outcome.difference)
    return first or Comparison(None)


def forms(left: Value, right: Value) -> Iterable[tuple[str, Node, Node]]:
    """Pairs of arrays of one shape that say the same as the two sides, the plainest first."""
    if isinstance(left, Jacobian) and isinstance(right, Jacobian):
        if squeezed(left.of_shape) == squeezed(right.of_shape) and squeezed(
            left.wrt_shape
        ) == squeezed(right.wrt_shape):
            yield "", left.node, right.node
            return
    if isinstance(right, Jacobian) and isinstance(left, Node):
        yield from ((how, b, a) for how, a, b in _against(right, left))
    elif isinstance(left, Jacobian) and isinstance(right, Node):
        yield from _against(left, right)
    elif isinstance(left, Node) and isinstance(right, Node):
        yield from _plain(left, right)
    elif isinstance(left, Jacobian) and isinstance(right, Jacobian):
        for _, a in arrays(left):
            for _, b in arrays(right):
                if a.shape == b.shape:
                    yield "orientation", a, b


def _plain(a: Node, b: Node) -> Iterable[tuple[str, Node, Node]]:
    if a.shape == b.shape:
        yield "", a, b
    elif squeezed(sizes(a)) == squeezed(sizes(b)):
        shape = squeezed(sizes(a))
        yield "orientation", reshaped(a, shape), reshaped(b, shape)
    elif not b.shape:
        yield "scalar", a, TABLE["broadcast_to"](b, sizes(a))
    elif not a.shape:
        yield "scalar", TABLE["broadcast_to"](a, sizes(b)), b


def _against(derivative: Jacobian, plain: Node) -> Iterable[tuple[str, Node, Node]]:
    """A derivative and an array that is said to be it."""
    for how, array in arrays(derivative):
        for more, a, b in _plain(array, plain):
            yield (more or how) if how in ("", "elementwise") else how, a, b
        if _is_matrix(array) and sizes(array)[::-1] == sizes(plain):
            yield "transposed", array, TABLE["transpose"](plain)
    yield from _shorthand(derivative, plain)


def _is_matrix(node: Node) -> bool:
    return node.ndim == 2 and 1 not in sizes(node)


def arrays(derivative: Jacobian) -> Iterable[tuple[str, Node]]:
    from dvar.check.meaning import chains

    of, wrt = squeezed(derivative.of_shape), squeezed(derivative.wrt_shape)
    node = derivative.node
    if not of or not wrt:
        yield "", reshaped(node, derivative.wrt_shape if wrt else derivative.of_shape)
        return
    if len(of) == len(wrt) == 1:
        yield "", node
        if of == wrt and chains.is_diagonal(node):
            yield "elementwise", TABLE["diagonal"](node)
        yield "layout", TABLE["transpose"](node)
        return
    if of == wrt:
        each = chains.per_element(derivative)
        if each is not None:
            yield "elementwise", each
    yield "", node


def _shorthand(derivative: Jacobian, plain: Node) -> Iterable[tuple[str, Node, Node]]:
    """``∂z/∂W = xᵀ``: told by the array that an upstream gradient is multiplied with."""
    from dvar.check.meaning import chains

    of, wrt = squeezed(derivative.of_shape), squeezed(derivative.wrt_shape)
    if not of or not wrt:
        return
    options = chains.slices(derivative) or []
    for _, array in options:
        for _, a, b in _plain(array, plain):
            yield "shorthand", a, b


# ── numbers ─────────────────────────────────────────────────────────────────────────────────────


def _equal(a: Node, b: Node, near: Mapping[Node, Any] | None) -> Comparison:
    tried = iter(points(near))
    agreed = _agreeing(a, b, tried, ENOUGH, near)
    if near is None and isinstance(agreed, int) and _has_hinge(a, b):
        # Which side of a kink a point is on is a matter of chance.
        more = (_cached(RANGES[seed % 2], 20 + seed) for seed in range(ON_KINKS))
        again = _agreeing(a, b, chain(tried, more), ON_KINKS - agreed, near)
        agreed = agreed + again if isinstance(again, int) else again
    if isinstance(agreed, Difference) and near is None and _are_of_lengths(a, b):
        # Lengths and densities stand under roots; of √g √l and √(gl) below zero nobody speaks, nor of √(y²) = -y.
        above = (_cached(span, 40 + seed) for seed, span in enumerate(_ABOVE))
        if _agreeing(a, b, above, len(_ABOVE), near) == len(_ABOVE):
            return Comparison(True)
    if isinstance(agreed, Difference):
        return Comparison(False, "", agreed)
    return Comparison(True if agreed >= 2 else None)


def _are_of_lengths(a: Node, b: Node) -> bool:
    """Whether both sides have a root or a logarithm, or one has a root that the other is said to be without."""
    if a.shape or b.shape:
        return _has_root(a) and _has_root(b)
    return (_has_root(a) and _has_root(b)) or _has_root(a, ("sqrt",)) or _has_root(b, ("sqrt",))


def _has_root(side: Node, kinds: Sequence[str] = ("sqrt", "log")) -> bool:
    """Whether a side has a root, a broken power or a logarithm of something that is no number."""
    for node in topological([side]):
        if node.op.name in kinds and not is_constant(node.inputs[0]):
            return True
        if node.op.name == "power" and not is_constant(node.inputs[0]):
            exponent = number(node.inputs[1])
            if exponent is None or not float(exponent).is_integer():
                return True
    return False


def _agreeing(
    a: Node, b: Node, tried: Iterable[Point], enough: int, near: Mapping[Node, Any] | None
) -> int | Difference:
    """At how many points two values agree, up to enough of them; or how they differ."""
    agreed = 0
    for point in tried:
        x, y = point.value(a), point.value(b)
        if x is None or y is None or not finite(x, y):
            continue
        if not same(x, y):
            return Difference(point, x, y, (a, b), near)
        agreed += 1
        if agreed >= enough:
            break
    return agreed


def _has_hinge(*sides: Node) -> bool:
    return any(n.op.name in _HINGES for n in topological(sides))


def _equal_where(a: Node, b: Node, held: Sequence[Node], active: bool) -> Comparison:
    """Whether two values agree wherever some conditions hold and, where asked, no hinge is at rest."""
    hinges = [n for n in topological([a, b]) if n.op.name in _HINGES and len(n.inputs) == 2]
    agreed = 0
    for seed in range(TRIED):
        point = _cached(RANGES[seed % 2], 100 + seed)
        x, y = point.value(a), point.value(b)
        if x is None or y is None or not finite(x, y):
            continue
        if active and not all(_is_active(point, hinge) for hinge in hinges):
            continue
        if not all(_is_true(point, truth) for truth in held):
            continue
        if not same(x, y):
            return Comparison(False, "", Difference(point, x, y))
        agreed += 1
        if agreed >= ENOUGH:
            return Comparison(True)
    return Comparison(None)


def _is_true(point: Point, truth: Node) -> bool:
    value = point.value(truth)
    return value is not None and bool(np.all(value))


def _is_active(point: Point, hinge: Node) -> bool:
    """Whether the side of a maximum or a comparison that is no constant is the larger one."""
    first, second = hinge.inputs
    x, y = point.value(first), point.value(second)
    if x is None or y is None:
        return False
    low, high = (x, y) if first.op is CONSTANT else (y, x)
    return bool(np.all(high > low))


def points(near: Mapping[Node, Any] | None) -> Iterable[Point]:
    """Random points, or random points close to given numbers."""
    if near is None:
        for seed, span in enumerate((*RANGES[:2], RANGES[0], *RANGES[2:], *RANGES[:2])):
            yield _cached(span, seed)
        return
    for seed in range(4):
        generator = np.random.default_rng(seed)
        yield Point(
            RANGES[seed % 2], seed, {node: _moved(value, generator) for node, value in near.items()}
        )


def _moved(value: Any, generator: np.random.Generator) -> Array:
    """A number close by; labels and masks, which are 0 or 1, stay what they are."""
    array = np.asarray(value, dtype=np.longdouble)
    moved = array * (1 + generator.uniform(-1e-3, 1e-3)) + generator.uniform(
        -1e-5, 1e-5, array.shape
    )
    return np.where((array == 0) | (array == 1), array, moved)


_points = kept.table()


def _cached(span: tuple[float, float], seed: int) -> Point:
    """The same point keeps what it has computed: a document's definitions are used again and again."""
    at = (span, seed)
    point = _points.get(at)
    if point is None or len(point.values) > 200_000:
        point = _points[at] = Point(span, seed)
    return point


def ratio_of(a: Node, b: Node, near: Mapping[Node, Any] | None = None) -> float | None:
    """The number by which ``b`` is larger than ``a`` everywhere, if there is one."""
    found: list[float] = []
    for point in points(near):
        x, y = point.value(a), point.value(b)
        if x is None or y is None or not finite(x, y):
            continue
        x, y = x.astype(float).ravel(), y.astype(float).ravel()
        if x.shape != y.shape:
            return None
        big = np.abs(x) > 1e-9 * max(1e-6, float(np.max(np.abs(x), initial=0)))
        if not np.any(big) or np.any(np.abs(y[~big]) > 1e-9):
            continue
        found.extend((y[big] / x[big]).tolist())
        first = found[0]
        if abs(first) < 1e-12 or any(abs(r - first) > 1e-7 * abs(first) for r in found):
            return None
        if len(found) > 3 * max(1, count(a)):
            break
    return found[0] if len(found) >= 2 else None


def varies(node: Node) -> bool:
    """Whether a value depends on the open names in it, or on functions that are left open."""
    if has_stand_in(node):
        return True
    seen: Array | None = None
    for point in points(None):
        x = point.value(node)
        if x is None or not finite(x):
            continue
        if seen is not None and not same(seen, x):
            return True
        seen = x
    return seen is None


def vectors(nodes: Sequence[Node]) -> bool:
    return all(is_vector(n) for n in nodes)
