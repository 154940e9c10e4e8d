r"""Gradients by name: ``dW``, ``\bar z``, ``∇J``, and derivatives of functions that a document leaves open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from dvar.check.meaning import (
    chains,
    differentials,
    differentiate,
    ends,
    gates,
    reading,
    shares,
    slopes,
    tangents,
)
from dvar.check.meaning.keys import Key, general
from dvar.check.meaning.notation import DELTA
from dvar.check.meaning.values import (
    Jacobian,
    NotUnderstood,
    Value,
    add,
    reshaped,
    sizes,
    squeezed,
    stacked,
)
from dvar.core.node import Node, topological
from dvar.core.op import variable
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter

Share = Callable[[], Jacobian]
"""What a result sends back to a name, worked out when a reading takes it."""

UPSTREAM = frozenset({"dout", "grad_output", "upstream", "grad_out", "dupstream"})
_LOSSES = ("dL_d", "dJ_d", "dE_d", "dC_d", "dloss_d", "grad_", "dL", "dJ", "dLoss_d")


def is_named(e: Interpreter, key: Key) -> bool:
    """Whether a name is a gradient by its spelling, and is not defined to be something else."""
    if slopes.is_partial(e, key):
        return True
    if e.world.differentials:
        return differentials.target(e, key) is not None
    return _target(e, key) is not None or _is_upstream(e, key) or tangents.is_named(e, key)


def target_of(e: Interpreter, key: Key) -> Key | None:
    """``W_1`` for ``dW_1``, where this is a gradient by its name."""
    return None if e.world.differentials else _target(e, key)


def _is_upstream(e: Interpreter, key: Key) -> bool:
    return key.stem in UPSTREAM and not key.marks and not key.indices


def by_name(e: Interpreter, key: Key, tree: t.Symbol | None) -> Value | None:
    """The gradient of the loss that a name such as ``dW_1`` or ``\\bar z`` stands for; None if it is none."""
    if slopes.is_partial(e, key):
        return slopes.partial(e, key)
    if e.world.differentials:
        return differentials.by_name(e, key, tree or t.Symbol(key.stem, (0, 0)))
    if _is_upstream(e, key) and _target(e, key) is None:
        return _upstream(e, key)
    target = _target(e, key)
    if target is None:
        return tangents.by_name(e, key, tree or t.Symbol(key.stem, (0, 0)))
    from dvar.check.meaning.names import key_value

    example = next((v for kind, v in target.marks if kind == "p" and isinstance(v, int)), None)
    reader = e if example is None else e.inside({})
    reader.example = example if example is not None else e.example
    value = e.plain(key_value(e, target, None, tree or t.Symbol(target.stem, (0, 0))))
    if (is_sure := e.world.inner.get(target.stem)) is not None:
        inner = gates.argument(reader, target, value)
        ways = [("by its argument", inner), ("by the gate", value)]
        value = e.choices.pick(ways[:1] if is_sure or inner is value else ways)
    place = differentiate.place_at(value)
    later = e.world.steps_of(key, e.position)
    if later and e.position < later[0]:
        options = [(f"the share of {e.world.named[r]}", s) for r, s in shares_of(reader, place)]
        if options:
            total = (
                "in the end",
                lambda: shares.either(reader, target, of_loss(reader, place, target)),
            )
            return e.plain(e.choices.pick([*options, total])())
    gradient = shares.either(reader, target, of_loss(reader, place, target))
    node = e.plain(gradient)
    if isinstance(gradient, Jacobian):
        e.world.gradients.setdefault(node, gradient)
    return node


def of_loss(e: Interpreter, place: differentiate.Place, target: Key | None) -> Value:
    """The gradient of the problem's loss, or of an open one where there is none that depends on the place.

    Where a loss of one example stands beside that of all, either may be meant.
    """
    loss = e.world.loss
    found = [(k, top) for k in _candidates(e) if (top := _top(e, k)) is not None]
    # A loss that is part of another one is not what gradients are of, unless that one sums over examples.
    roots = [
        k for k, top in found if not any(top in topological([o]) for _, o in found if o is not top)
    ]
    order = roots if not _sums(e, roots) else [*roots, *(k for k, _ in found if k not in roots)]
    options: list[tuple[str, Value]] = []
    for key in order:
        value = _gradient(e, dict(found)[key], place, key)
        if value is not None:
            options.append((f"of {key}", value))
    if options:
        return e.choices.pick(options)
    end = last_result(e, place) if e.world.is_seeded else None
    if end is not None:
        return differentiate.jacobian(end, place)
    return of_open(e, loss or Key("loss"), place, target)


def last_result(e: Interpreter, place: differentiate.Place) -> Node | None:
    """The number that all else leads to, where there is only one; None else."""
    reading.read_all(e)
    nodes = [node for node, _ in place.parts]
    ends = [n for n in e.world.ends_of(nodes, e.position) if n not in nodes]
    ends = ends or [n for n in nodes if n in e.world.ends(e.position)]
    return ends[0] if len(ends) == 1 and not ends[0].shape else None


def shares_of(e: Interpreter, place: differentiate.Place) -> list[tuple[Node, Share]]:
    """What each result that uses a name sends back to it, the last one first."""
    world = e.world
    reading.read_all(e)
    nodes = [node for node, _ in place.parts]
    tops = [top for key in _candidates(e) if (top := _top(e, key)) is not None]
    under = set(topological(tops)) if tops else world.uses.keys()

    def upstream(result: Node) -> Value:
        return of_loss(e, differentiate.place_at(result), world.named.get(result))

    return [
        (result, partial(differentiate.sent_back, e, place, result, upstream))
        for result, uses in reversed(list(world.uses.items()))
        if result not in world.backward and result in under and any(n in uses for n in nodes)
    ]


def _candidates(e: Interpreter) -> list[Key]:
    first = [e.world.loss] if e.world.loss is not None else []
    return [*first, *sorted(e.world.loss_names - set(first), key=str)]


def _sums(e: Interpreter, losses: list[Key]) -> bool:
    """Whether one of the losses is a sum or mean over examples."""
    found = [e.world.find(k, e.position) for k in losses]
    return any(
        isinstance(part, t.Big) for f in found if f is not None for part in t.walk(f[0].value)
    )


def _top(e: Interpreter, loss: Key) -> Node | None:
    """The value of a loss; None where it has no formula."""
    from dvar.check.meaning.names import key_value

    if is_open(e, loss):
        return None
    if any(v == "*" for _, v in loss.marks):
        if e.example is None:
            return None
        marks = tuple((kind, e.example if v == "*" else v) for kind, v in loss.marks)
        loss = Key(loss.stem, marks, loss.indices)
    try:
        top = e.plain(key_value(e, loss, None, t.Symbol(loss.stem, (0, 0))))
    except NotUnderstood:
        return None
    return None if top.shape else top


def _gradient(e: Interpreter, top: Node, place: differentiate.Place, key: Key) -> Value | None:
    try:
        return differentiate.between(e, top, place, key)
    except NotUnderstood:
        return None


def _target(e: Interpreter, key: Key) -> Key | None:
    """``W_1`` for ``dW_1``: what the gradient is taken with respect to."""
    world = e.world
    base, *accents = key.stem.split(".")
    if world.find(key, e.position) is not None:
        return None
    if world.bars and accents and accents[-1] == "bar":
        return Key(".".join([base, *accents[:-1]]), key.marks, key.indices)
    marks = (*_LOSSES, DELTA, "d") if world.deltas else (*_LOSSES, "d")
    for prefix in marks:
        rest = base.removeprefix(prefix)
        if rest == base or not rest:
            continue
        inner = world.spelled_key(rest, accents, key)
        if inner is not None:
            return inner
    return None


def _upstream(e: Interpreter, key: Key) -> Value | None:
    """``dout``: the gradient with respect to the last result, where there is one only."""
    reading.read_all(e)
    ends = e.world.ends(e.position)
    if len(ends) != 1:
        return None
    return e.plain(of_loss(e, differentiate.place_at(ends[0]), None))


# ── open functions ──────────────────────────────────────────────────────────────────────────────


def is_open(e: Interpreter, key: Key) -> bool:
    """Whether a numerator has no formula: a loss that the document never writes out."""
    from dvar.check.meaning.entries import array_named, square_of

    world = e.world
    found = world.find(key, e.position)
    if (found is not None and not found[0].numeric) or key in world.dependents:
        return False
    if square_of(e, key) is not None:
        return False
    if key in world.keys.values() and general(key) not in world.numerators:
        return False
    if world.family(key) or (not key.marks and not key.indices and key.stem in e.locals):
        return False
    if key.indices and array_named(e, Key(key.stem, key.marks)) is not None:
        return False
    return _target(e, key) is None


def of_open(e: Interpreter, key: Key, place: differentiate.Place, target: Key | None) -> Value:
    """The derivative of an open function: known numbers it depends on only through what comes last.

    It is a function of every result that nothing else uses; its gradients there are open variables, and a
    gradient further down follows by the chain rule.
    """
    world = e.world
    found = world.open_gradients.get((key, place.parts))
    of = ("open", key)
    if found is not None:
        return Jacobian(of, place.parts, found, (), place.shape)
    is_result = not ends.are_names(e, place)
    if len(place.parts) > 1 and not is_result:
        return _of_parts(e, key, place)
    entry = None if is_result else _of_entry(e, key, place, target)
    if entry is not None:
        return entry
    reading.read_all(e)
    nodes = [node for node, _ in place.parts]
    last = [s for s in ends.last(e, nodes) if key not in map(world.keys.get, topological([s]))]
    if not last:
        return Jacobian(of, place.parts, _fresh(e, key, place, target), (), place.shape)
    options = [("of all that comes last", last), *ends.networks(e, last)]
    ways: list[tuple[str, Share]] = [
        (how, partial(_through, e, key, place, target, some)) for how, some in options
    ]
    return e.choices.pick([*ways, *_of_one_step(e, key, place)])()


def _of_one_step(e: Interpreter, key: Key, place: differentiate.Place) -> list[tuple[str, Share]]:
    """What each next result sends back on its own, in texts on steps in time, or all results of the step at hand.

    ``δc_{t-1} = δc_t ⊙ f_t`` is the share of step t, and so is ``δW = δz_t h_{t-1}^T`` where no steps are added up.
    """
    following = ends.of_a_step(e, [node for node, _ in place.parts])
    if len(following) < 2:
        return []

    def upstream(result: Node) -> Value:
        last = ends.last(e, [result]) or [result]
        return _through(e, key, differentiate.place_at(result), e.world.named[result], last)

    def of_this() -> Jacobian:
        first, *others = (differentiate.sent_back(e, place, r, upstream) for r in now)
        return chains.summed([first, *others]) or first

    now = [] if e.world.adds_steps else ends.of_this_step(e, following)
    single = [partial(differentiate.sent_back, e, place, r, upstream) for r in following]
    return [(differentiate.PARTIAL, way) for way in ([of_this] * bool(now) + single)]


def _cut(e: Interpreter, key: Key, end: Node, nodes: Sequence[Node]) -> Node:
    """What stands before a last result, where the gradient by that was told and all ways lead through it."""
    cut = e.world.cuts.get(key)
    if cut is None or cut in nodes or cut not in topological([end]):
        return end
    return end if set(nodes) & set(topological([end], {cut})) - {cut} else cut


def _through(
    e: Interpreter,
    key: Key,
    place: differentiate.Place,
    target: Key | None,
    ends: Sequence[Node],
) -> Jacobian:
    """The derivative that arrives through some results."""
    of = ("open", key)
    total: Node | None = None
    nodes = [node for node, _ in place.parts]
    for end in dict.fromkeys(_cut(e, key, s, nodes) for s in ends):
        end_place = differentiate.place_at(end)
        if end_place.parts == place.parts:
            share = _fresh(e, key, place, target)
        else:
            upstream = of_open(e, key, end_place, e.world.named.get(end))
            assert isinstance(upstream, Jacobian)
            share = differentiate.pulled_back(end, upstream.node, place)
        total = share if total is None else add(total, share)
    assert total is not None
    return Jacobian(of, place.parts, total, (), place.shape)


def _of_entry(
    e: Interpreter, key: Key, place: differentiate.Place, target: Key | None
) -> Jacobian | None:
    """The derivative by an entry of an array whose own one has come up: an entry of that."""
    ((node, at),) = place.parts
    if at is None:
        return None
    whole = differentiate.place_at(node)
    known = {*e.world.upstream, *e.world.open_gradients}
    if ends.are_names(e, whole):
        whole = differentiate.Place(((node, None),), sizes(node))
        if (key, whole.parts) not in known:
            return None
    gradient = of_open(e, key, whole, target)
    assert isinstance(gradient, Jacobian)
    array = reshaped(gradient.node, sizes(node))
    return Jacobian(("open", key), place.parts, TABLE["getitem"](array, at), (), place.shape)


def _of_parts(e: Interpreter, key: Key, place: differentiate.Place) -> Jacobian:
    """The derivatives by several names, each on its own, in the shape of their array."""
    parts = []
    for part, at in place.parts:
        single = differentiate.Place(((part, at),), ())
        named = e.world.named.get(part) or e.world.keys.get(part)
        found = of_open(e, key, single, named if at is None else None)
        assert isinstance(found, Jacobian)
        parts.append(found.node)
    node = reshaped(stacked(parts), squeezed(place.shape))
    return Jacobian(("open", key), place.parts, node, (), place.shape)


def _fresh(e: Interpreter, key: Key, place: differentiate.Place, target: Key | None) -> Node:
    known = e.world.upstream.get((key, place.parts))
    if known is not None:
        return known
    names = [str(e.world.named.get(n) or e.world.keys.get(n) or n.op.name) for n, _ in place.parts]
    entry = [str(at) for _, at in place.parts if at is not None]
    name = f"d{key}/d{','.join(names)}{''.join(entry)}"
    node = variable(name, squeezed(place.shape), key=e.world.number)
    while node in e.world.fresh:  # another quantity has had the same name
        name += "'"
        node = variable(name, squeezed(place.shape), key=e.world.number)
    e.world.fresh[node] = (key, place.parts, target)
    e.world.upstream[key, place.parts] = node
    return node


def without_path(
    e: Interpreter, top: Node, place: differentiate.Place, key: Key | None
) -> Value | None:
    """The loss of a problem whose last results are not written into it: open, as far as they go."""
    nodes = [n for n, _ in place.parts]
    if key is None or sizes(top):
        return None
    reading.read_all(e)
    if not e.world.ends_of(nodes, e.position) and not any(n in e.world.named for n in nodes):
        return None
    if not e.world.is_loss_name(key):
        return None
    return of_open(e, key, place, None)
