"""A number for a name that has a formula, supposed for a while: "at z = 10 the slope is about 0"."""

from __future__ import annotations

import re

import numpy as np

from dvar.check.judge.following import is_asked
from dvar.check.judge.ledger import Printed
from dvar.check.judge.literal import is_plain, read_literal
from dvar.check.judge.matching import like_node, value_at
from dvar.check.judge.place import Place
from dvar.check.meaning import differentiate, gradients
from dvar.check.meaning.keys import sort
from dvar.check.meaning.points import names_beneath
from dvar.check.meaning.values import NotUnderstood
from dvar.core.node import Node
from dvar.core.op import Array
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement

_AT = re.compile(
    r"\b(at|when|if|for|suppose|say|take|with|let|evaluated at|für|bei|wenn|pour|en|si|para|cuando)"
    r"[\s$`]*$",
    re.IGNORECASE,
)

_GIVEN = re.compile(
    r"^\W*(given|let|take|suppose|assume|inputs?|setup|values|parameters|data|example|gegeben|données|dados|datos)"
    r"\b[\s:*_`$]*(?:[^\s:=;.]+\s*=\s*[-+−\d.,()\[\] ]+(?:and\b|[,;$`\s])*)*$",
    re.IGNORECASE,
)
"""A list of what is given, up to one of its items: ``Given: x = 2, y = 1``."""

SLIP = 0.1
"""A number that is off by at most this part may be the one that is due, with a slip."""


def is_supposed(place: Place, document: Document, statement: Statement) -> bool:
    """Whether a statement supposes numbers for a result; if so, they count from here on.

    It does where the words say so, or where nothing that goes into the result has a number: ``s = (3, 5, 1)``;
    and where the formula, or the numbers that go into it, are those of an earlier problem and come to another.
    What something is "subject to" is asked, whatever it is.
    """
    if is_asked(document, statement):
        return True
    if len(statement.members) != 2 or statement.members[1].relation not in ("=", "approx"):
        return False
    name, number = statement.members[0].expr, statement.members[1].expr
    if not isinstance(name, t.Symbol) or number is None or not is_plain(number):
        return False
    world, ledger = place.world, place.ledger
    key = sort(name, world.spelling, {}).key
    found = world.find(key, place.position)
    made = world.family(key) if found is None else [found[0]]
    if not made or made[0].numeric or gradients.is_named(place.reader(), key):
        return False
    try:
        node = place.reader().node(name)
        literal, _ = read_literal(place.reader(), number, ledger)
    except NotUnderstood:
        return False
    place.sync()
    start = statement.span[0]
    line = document.text[document.text.rfind("\n", 0, start) + 1 : start]
    said = bool(_AT.search(document.regions[statement.region].before) or _GIVEN.search(line))
    value = like_node(literal.value, node)
    if value is None or not _is_open_to(
        place, node, value, made[0].position, said, place.is_defined_by_example(name)
    ):
        return False
    for part, entry in _parts(node, value):
        ledger.outdate({part}, keep=False)
        ledger.printed[part] = Printed(entry, np.zeros_like(entry), place.line)
    return True


def _is_open_to(
    place: Place, node: Node, value: Array, position: int, said: bool, is_by_example: bool
) -> bool:
    """Whether a result may have a number of its own.

    Args:
        position: where its formula stands.
        said: whether the words suppose the number.
        is_by_example: whether it has its formula only from an example.
    """
    ledger, world = place.ledger, place.world
    known = {*ledger.given, *ledger.printed} - {node}
    leaves = names_beneath([node], known)
    given = [n in known for n in leaves]
    is_elsewhere = bool(place.inherited(node)) or is_by_example
    is_elsewhere |= position < world.begins and not place.is_of_own_numbers(node)
    if all(given) or is_elsewhere:
        return (said or is_elsewhere) and _is_other(place, node, value, is_elsewhere)
    if any(given) or said:
        return said
    return node not in ledger.printed and not any(n in world.fresh for n in leaves)


def _is_other(place: Place, node: Node, value: Array, is_elsewhere: bool) -> bool:
    """Whether a number is none that a name has so far, nor that with a slip: near to it, turned, or ten times it."""
    written = value.astype(float)
    scales = (1.0,) if is_elsewhere else (1.0, -1.0, 0.1, 10.0)
    values = (value_at(node, state) for state in place.ledger.states())
    return not any(
        np.allclose(written, due.astype(float) * scale, rtol=SLIP)
        for due in values
        if due is not None
        for scale in scales
    )


def _parts(node: Node, value: Array) -> list[tuple[Node, Array]]:
    """An array with its numbers, and each of the results it is made of with its own."""
    entries = [part for part, at in differentiate.place_at(node).parts if at is None]
    found = [(node, value)]
    if len(entries) == value.size > 1:
        found += [(part, np.asarray(v)) for part, v in zip(entries, value.ravel(), strict=True)]
    return found
