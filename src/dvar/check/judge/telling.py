"""Documents that never write their loss: ``dZ = A - Y`` behind a sigmoid or a softmax is where gradients begin.

The loss is left open then, but all that comes after is a function of z alone, and its gradient there is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from dvar.check.judge import links
from dvar.check.judge.compare import compare
from dvar.check.judge.links import Link
from dvar.check.judge.place import Place
from dvar.check.meaning import differentiate, functions, reading, shares
from dvar.check.meaning.alphabet import counts_examples
from dvar.check.meaning.assumptions import ACTIVATIONS
from dvar.check.meaning.definitions import definition_of
from dvar.check.meaning.interpret import Interpreter
from dvar.check.meaning.keys import Key, stem_of
from dvar.check.meaning.recall import Recall
from dvar.check.meaning.values import Jacobian, NotUnderstood, node_of, reshaped, sizes, squeezed
from dvar.check.meaning.world import World
from dvar.core.node import Node, topological
from dvar.core.op import VARIABLE
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t

USUAL = "where the loss has its usual gradient, prediction minus label"
_SQUASHED = ("sigmoid", "softmax")


@dataclass(frozen=True)
class _Beginning:
    """What the gradient is taken by, ``z``, and what it is there, ``a - y``."""

    by: Node
    value: Node


def begins(place: Place, left: t.Expr, right: t.Expr, env: dict[str, int]) -> bool:
    """Whether a line tells the first gradient of a loss that is left open; from here on it is that."""
    reader, key = place.reader(env=env), _open_loss(place, left, env)
    if key is None or key[1] is place.world.cuts.get(key[0]):
        return False
    found = _beginning(reader, right)
    if found is None or found.by is not key[1] or not _is_only_that(right):
        return False
    try:
        told = reader.node(right, sizes(found.by))
    except NotUnderstood:
        return False
    if squeezed(sizes(told)) != squeezed(sizes(found.by)):
        return False
    _begin(place.world, key[0], found.by, told)
    return True


def as_usual(
    place: Place, left: t.Expr, right: t.Expr, env: dict[str, int], compared: Callable[[], Link]
) -> Link | None:
    """A gradient that is right if the loss has the usual one; None if it is not, or a loss is told."""
    world, key = place.world, _open_loss(place, left, env)
    found = _beginning(place.reader(env=env), right) if key is not None else None
    if key is None or found is None:
        return None
    for told in _with_share(place, found.value, right):
        with world.unchanged():
            _begin(world, key[0], found.by, told)
            link = compared()
        if link.verdict == "ok":
            if key[0] not in world.cuts:
                _begin(world, key[0], found.by, told)
            return Link("ok", USUAL, link.left, link.right)
    return None


def as_activation(
    place: Place, left: t.Expr, right: t.Expr, envs: Sequence[dict[str, int]]
) -> Link | None:
    """``f'(z) = 1 - f(z)^2`` of an open f that the words around call tanh; None if it does not hold of that."""
    named = [a.kind for a in place.assumptions if a.kind in ACTIVATIONS]
    if not named or not isinstance(left, t.Apply):
        return None
    world, span = place.world, left.span
    head = replace(left.head, primes=0)
    if world.definitions.get(stem_of(head)):
        return None
    own = t.Symbol("u", span)
    call = t.Call(named[0], (own,), span)
    with world.read_anew():
        made = definition_of(
            t.Apply(head, (own,), span), call, place.position, world.spelling, False
        )
        if made is None:
            return None
        world.define(made)
        link = links.as_functions(world, place.position, left, right, envs, code=place.code)
    said = f"where {head.base} is {named[0]}"
    return Link("ok", said, link.left, link.right) if link.verdict == "ok" else None


def _open_loss(place: Place, left: t.Expr, env: dict[str, int]) -> tuple[Key, Node] | None:
    """The open loss of which a left side is the gradient, and what it is taken by."""
    try:
        value = place.reader(env=env).value(left)
    except NotUnderstood:
        return None
    found = value if isinstance(value, Jacobian) else place.world.gradients.get(value)
    if found is None or not isinstance(found.of, tuple) or found.of[0] != "open":
        return None
    parts = found.wrt
    if not isinstance(parts, tuple) or len(parts) != 1 or parts[0][1] is not None:
        return None
    return found.of[1], parts[0][0]


def _beginning(e: Interpreter, right: t.Expr) -> _Beginning | None:
    """``a - y`` in a formula, where a is the last result and y is open."""
    reading.read_all(e)
    for part in t.walk(right):
        if not isinstance(part, t.Sum) or part.signs != (1, -1):
            continue
        if not all(isinstance(x, t.Symbol) for x in part.terms):
            continue
        try:
            result, label = (e.node(x) for x in part.terms)
        except NotUnderstood:
            continue
        if not _is_open(e.world, label) or label in topological(list(e.world.named)):
            continue
        if result not in e.world.ends(e.position) or squeezed(sizes(result)) != squeezed(
            sizes(label)
        ):
            continue
        value = TABLE["subtract"](result, reshaped(label, sizes(result)))
        return _Beginning(_before_squashing(e.world, result), value)
    return None


def _is_open(world: World, label: Node) -> bool:
    """Whether nothing tells what a name is, but that its entries sum to one: labels that are "one-hot"."""
    under = topological([label])
    return label.op is VARIABLE or (
        sum(node.op is VARIABLE for node in under) == 1 and not any(n in world.named for n in under)
    )


def _before_squashing(world: World, result: Node) -> Node:
    """``z`` for ``σ(z)``: what a prediction is made of by a sigmoid or a softmax; else the prediction itself."""
    beneath = world.named_below(result, ())
    if not beneath and result.op.name in _SQUASHED:
        return result.inputs[0]
    if len(beneath) != 1:
        return result
    (inner,) = beneath
    axis = 0 if world.adds_up == "columns" and inner.ndim == 2 else None
    for name in _SQUASHED:
        try:
            same = compare(functions.apply(name, [inner], axis), result)
        except NotUnderstood:
            continue
        if same.holds:
            return inner
    return result


def _is_only_that(right: t.Expr) -> bool:
    """``a - y``, or that over the number of examples."""
    if isinstance(right, t.Quotient):
        return _is_only_that(right.above)
    if t.is_bracketed(right):
        return _is_only_that(right.items[0])
    if isinstance(right, t.Product):
        return sum(isinstance(x, (t.Sum, t.Group)) for x in right.factors) == 1 and all(
            isinstance(x, (t.Quotient, t.Sum, t.Group)) for x in right.factors
        )
    return isinstance(right, t.Sum)


def _with_share(place: Place, value: Node, right: t.Expr) -> Iterator[Node]:
    """The gradient of a sum over examples, and of their mean."""
    yield value
    below = (p.below for p in t.walk(right) if isinstance(p, t.Quotient))
    named = (x for x in below if isinstance(x, t.Symbol) and counts_examples(x.base))
    count = shares.count_symbol(place.world) or next(named, None)
    if count is not None:
        with suppress(NotUnderstood):
            number = node_of(place.reader().value(count))
            if not squeezed(sizes(number)):
                yield TABLE["divide"](value, reshaped(number, ()))


def _begin(world: World, key: Key, by: Node, told: Node) -> None:
    parts = differentiate.place_at(by).parts
    world.open_gradients[key, parts] = reshaped(told, squeezed(sizes(by)))
    world.cuts[key] = by
    world.memo = {}
    world.recall = Recall() if world.recall is not None else None
