"""What comes out after many rounds: "after 10 000 rounds the error is 0.000035, with outputs 0.0159 and 0.984".

The rounds are run: the step that the document writes out, on the graph of its loss, from the numbers it gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from dvar.check.judge import stepped
from dvar.check.judge.assignments import NEW
from dvar.check.judge.chain import Verdict
from dvar.check.judge.links import Link
from dvar.check.judge.literal import is_plain, read_literal
from dvar.check.judge.matching import close, value_at
from dvar.check.judge.place import Place
from dvar.check.judge.rounds import OUTPUT, RUN
from dvar.check.meaning.keys import Key
from dvar.check.meaning.points import names_beneath
from dvar.check.meaning.renewed import stays
from dvar.check.meaning.values import Jacobian, NotUnderstood, number
from dvar.core.node import Node, topological
from dvar.core.op import Array
from dvar.derive.sweep import sweep
from dvar.engine.program import looped
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member

MOST = 30_000_000
"""Nodes times rounds: about a second of compiled rounds."""


def after_steps(place: Place, members: Sequence[Member]) -> Verdict | None:
    """What is to be said of numbers that are told for what one step, or many, come to."""
    return stepped.judged(place, members) or judged(place, members)


def judged(place: Place, members: Sequence[Member]) -> Verdict | None:
    """What is to be said of a number that is told for a result after many rounds; None where it is none."""
    name, told = members[0].expr, members[-1].expr
    if not isinstance(name, t.Symbol) or len(members) != 2 or told is None or not is_plain(told):
        return None
    if not name.scripts or not isinstance(mark := name.scripts[-1].value, t.Label):
        return None
    rounds = RUN.fullmatch(mark.text)
    if rounds is None:
        return None
    link = _after(place, name, int(rounds[1]), told)
    return Verdict(
        link.verdict, members[1], members[0], link, links=[(members[0], members[1], link)]
    )


def _after(place: Place, name: t.Symbol, count: int, told: t.Expr) -> Link:
    try:
        loss, rate = _descent(place)
        nodes = [loss, *_outputs(place, loss)]
        which = _output(name)
        if which >= len(nodes):
            raise NotUnderstood("the network has fewer outputs")
        state = _trained(place, loss, rate, count)
        literal, _ = read_literal(place.reader(), told, place.ledger)
    except NotUnderstood as reason:
        return Link("unknown", str(reason))
    value = value_at(nodes[which], state)
    if value is None or not np.all(np.isfinite(value.astype(float))):
        return Link("unknown", "the rounds do not come to a number")
    right = close(value, literal.value, literal.slack)
    return Link("ok" if right else "wrong", "", nodes[which], numbers=(value, literal.value))


def _output(name: t.Symbol) -> int:
    """Which of the outputs is meant, from 1; 0 for the loss."""
    match name:
        case t.Symbol(base=base, subscripts=(t.Number(text=digits),)) if base == OUTPUT:
            return int(digits)
    return 0


def _descent(place: Place) -> tuple[Node, Fraction]:
    """The loss that the steps of the document go down on, and how far they go."""
    if not place.ledger.steps:
        raise NotUnderstood("no step is written out")
    step = place.ledger.steps[-1]
    loss = place.reader().value(step.of)
    if isinstance(loss, Jacobian) or loss.shape:
        raise NotUnderstood("the loss is no number")
    place.sync()
    return loss, step.rate


def _trained(place: Place, loss: Node, rate: Fraction, count: int) -> Mapping[Node, Array]:
    """The numbers of the document, those of what it renews as they are after so many steps."""
    given = place.ledger.given
    names = names_beneath([loss])
    if missing := [str(n.param("name")) for n in names if n not in given]:
        raise NotUnderstood(f"no numbers are given for {', '.join(missing[:4])}")
    renewed = [node for node in names if _is_renewed(place, node)]
    keys = [place.world.keys.get(node) for node in names if node not in renewed]
    if not renewed or any(key is None or not stays(place.world, key) for key in keys):
        raise NotUnderstood("it is not told of everything whether the steps change it")
    gradients = sweep(loss, number(1.0), renewed).gradients
    if any(node not in gradients for node in renewed):
        raise NotUnderstood("the loss does not depend on what is renewed")
    by = number(float(rate))
    after = [TABLE["subtract"](w, TABLE["multiply"](by, gradients[w])) for w in renewed]
    if count * len(topological(after)) > MOST:
        raise NotUnderstood("these are too many rounds to follow")
    inputs = [*renewed, *(node for node in names if node not in renewed)]
    rounds = looped(inputs, after, len(renewed), threads=1)
    found = rounds([np.asarray(given[node], dtype=float) for node in inputs], count)
    return {**given, **dict(zip(renewed, found, strict=False))}


def _is_renewed(place: Place, node: Node) -> bool:
    key = place.world.keys.get(node)
    marked = (Key(key.stem, (*key.marks, ("m", new)), key.indices) for new in NEW) if key else ()
    return any(place.world.find(new, place.position) is not None for new in marked)


def _outputs(place: Place, loss: Node) -> list[Node]:
    """What the loss compares with numbers that are given: the results in those of its formulas that have such."""
    world, given = place.world, place.ledger.given
    found: list[Node] = []
    waiting = [loss]
    while waiting:
        uses = world.uses.get(waiting.pop(), frozenset())
        results = [node for node in uses if node in world.named]
        is_compared = any(node in given and node not in world.named for node in uses)
        (found if is_compared else waiting).extend(results)
    return sorted(dict.fromkeys(found), key=lambda node: str(world.named[node]))
