"""The last results of a problem: what an open loss is a function of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dvar.check.meaning import differentiate, gradients
from dvar.check.meaning.alphabet import PENALTIES, TIMES
from dvar.check.meaning.definitions import Definition
from dvar.check.meaning.keys import general, letters_in
from dvar.check.meaning.survey import is_loss_like
from dvar.check.meaning.values import Jacobian, add, sizes
from dvar.core.node import Node, topological
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter


def networks(e: Interpreter, ends: Sequence[Node]) -> list[tuple[str, list[Node]]]:
    """Results that last names of a document belong to, where it tells of one network in several ways.

    A layer for one example and the same for a batch share weights but no result: a loss is of either.
    """
    families: dict[str, list[Node]] = {}
    for end in ends:
        families.setdefault(e.world.named[end].stem, []).append(end)
    if len(families) < 2:
        return []
    made = {stem: e.world.made_of(some) for stem, some in families.items()}
    found: list[tuple[str, list[Node]]] = []
    for stem in families:
        mine = made[stem]
        apart = [
            s
            for s, other in made.items()
            if s != stem and mine & other and not (mine & other) & set(e.world.named)
        ]
        if apart:
            found.append(
                (
                    f"where {stem} comes last",
                    [n for s in families if s not in apart for n in families[s]],
                )
            )
    return found


def last(e: Interpreter, nodes: Sequence[Node]) -> list[Node]:
    """The last results that depend on the nodes; what only is written out in a state of a step goes where that goes."""
    found = e.world.ends_of(nodes, e.position)
    return found or (e.world.ends_around(nodes, e.position) if _has_steps(e) else [])


def _has_steps(e: Interpreter) -> bool:
    return any(_looks_back(d) for some in e.world.definitions.values() for d in some)


def of_a_step(e: Interpreter, nodes: Sequence[Node]) -> list[Node]:
    """The results that use one of the nodes, in a text on steps in time."""
    if not _has_steps(e):
        return []
    apart = e.world.backward
    return [r for r, used in e.world.uses.items() if r not in apart and not used.isdisjoint(nodes)]


def _looks_back(definition: Definition) -> bool:
    """Whether the state of a step is told by that of another step: ``h_t = φ(… h_{t-1})``, or by way of a name."""
    times = TIMES & set(definition.pattern.letters)
    symbols = (p for p in t.walk(definition.value) if isinstance(p, t.Symbol)) if times else ()
    scripts = (s for x in symbols for s in (*x.subscripts, *(k.value for k in x.scripts)))
    return any(isinstance(s, t.Sum) and not times.isdisjoint(letters_in(s)) for s in scripts)


def of_this_step(e: Interpreter, results: Sequence[Node]) -> list[Node]:
    """Those of the step that a statement is about: ``z_2`` where its t is 2."""
    now = {e.env[c] for c in TIMES if c in e.env}
    keys = [(r, e.world.named[r]) for r in results]
    found = [r for r, key in keys if now & {*key.indices, *(v for _, v in key.marks)}]
    written_out = {r for x in found for r in e.world.within.get(x, ())}
    return [
        r for r in found if r not in written_out
    ]  # σ(γ_t) gets what it sends back by way of γ_t


def are_names(e: Interpreter, place: differentiate.Place) -> bool:
    """Whether what an array was put together from has names: not so ``F = (x_0 x_1, x_0 x_2)``."""
    if len(place.parts) == 1:
        return True
    keys, uses = e.world.keys, e.world.uses
    whole = next((r for r in uses if differentiate.place_parts(r) == place.parts), None)
    found = None if whole is None else e.world.find(e.world.named[whole], e.position)
    if found is not None and found[0].params:
        return False  # F(x) = (x_2, x_0, x_1) is a result as well
    written = e.world.named.keys() if whole is None else uses[whole]
    return all(at is not None or part in written or part in keys for part, at in place.parts)


def is_told_by_entries(e: Interpreter, definition: Definition) -> bool:
    """``F(x) = (x_0 x_1, x_0 x_2)``: a result, whatever else the function may be applied to."""
    value, pattern = definition.value, definition.pattern
    if not isinstance(value, t.Group) or len(value.items) < 2 or pattern.letters:
        return False
    return not e.world.family(pattern.key({}))


def with_open_losses(e: Interpreter, top: Node, place: differentiate.Place) -> Jacobian | None:
    """``∂J/∂W`` of ``J = L + λ‖W‖²``, where L has no formula and derivatives of it are taken: it depends on W as well."""
    if sizes(top):
        return None
    open_ = [
        (node, key)
        for node in topological([top])
        if (key := e.world.keys.get(node)) is not None and not node.shape and node is not top
        if general(key) in e.world.numerators and (node, None) not in place.parts
        if (is_loss_like(key) or key.stem in PENALTIES) and gradients.is_open(e, key)
    ]
    if not open_:
        return None
    ways = []
    for some in (open_, [(node, key) for node, key in open_ if key.stem not in PENALTIES]):
        whole = differentiate.jacobian(top, place)
        for node, key in some:
            share = gradients.of_open(e, key, place, None)
            over = differentiate.jacobian(top, differentiate.place_at(node)).node
            if isinstance(share, Jacobian):
                whole = replace(whole, node=add(whole.node, TABLE["multiply"](over, share.node)))
        ways.append(("of a loss that a penalty does not depend on", whole))
    return e.choices.pick(ways if len(open_) > 1 else ways[:1])
