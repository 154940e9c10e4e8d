"""A number for a name that has a formula, supposed for a while: "at z = 10 the slope is about 0"."""

from __future__ import annotations

import re

import numpy as np

from dvar.check.judge.ledger import Printed
from dvar.check.judge.literal import is_plain, read_literal
from dvar.check.judge.matching import like_node
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


def is_supposed(place: Place, document: Document, statement: Statement) -> bool:
    """Whether a statement supposes numbers for a result; if so, they count from here on.

    It does where the words say so, or where nothing that goes into the result has a number: ``s = (3, 5, 1)``.
    """
    if len(statement.members) != 2 or statement.members[1].relation != "=":
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
    known = {*ledger.given, *ledger.printed} - {node}
    leaves = names_beneath([node], known)
    given = [n in known for n in leaves]
    said = _AT.search(document.regions[statement.region].before) is not None
    value = like_node(literal.value, node)
    if value is None or all(given) or (any(given) and not said):
        return False
    if not said and (node in ledger.printed or any(n in world.fresh for n in leaves)):
        return False
    for part, entry in _parts(node, value):
        ledger.outdate({part}, keep=False)
        ledger.printed[part] = Printed(entry, np.zeros_like(entry), place.line)
    return True


def _parts(node: Node, value: Array) -> list[tuple[Node, Array]]:
    """An array with its numbers, and each of the results it is made of with its own."""
    entries = [part for part, at in differentiate.place_at(node).parts if at is None]
    found = [(node, value)]
    if len(entries) == value.size > 1:
        found += [(part, np.asarray(v)) for part, v in zip(entries, value.ravel(), strict=True)]
    return found
