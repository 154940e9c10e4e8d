"""A number for a name that has a formula, supposed for a while: "at z = 10 the slope is about 0"."""

from __future__ import annotations

import re

import numpy as np

from dvar.check.judge.ledger import Printed
from dvar.check.judge.literal import is_plain, read_literal
from dvar.check.judge.place import Place
from dvar.check.meaning.keys import sort
from dvar.check.meaning.points import names_beneath
from dvar.check.meaning.values import NotUnderstood
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement

_AT = re.compile(
    r"\b(at|when|if|for|suppose|say|take|with|let|evaluated at|für|bei|wenn|pour|en|si|para|cuando)"
    r"[\s$`]*$",
    re.IGNORECASE,
)


def is_supposed(place: Place, document: Document, statement: Statement) -> bool:
    """Whether a statement supposes a number for a result whose own numbers are not given; if so, it counts."""
    if len(statement.members) != 2 or statement.members[1].relation != "=":
        return False
    name, number = statement.members[0].expr, statement.members[1].expr
    if not isinstance(name, t.Symbol) or number is None or not is_plain(number):
        return False
    if not _AT.search(document.regions[statement.region].before):
        return False
    world, ledger = place.world, place.ledger
    found = world.find(sort(name, world.spelling, {}).key, place.position)
    if found is None or found[0].numeric:
        return False
    try:
        node = place.reader().node(name)
        literal, _ = read_literal(place.reader(), number, ledger)
    except NotUnderstood:
        return False
    place.sync()
    if node.shape or literal.value.shape or all(n in ledger.given for n in names_beneath([node])):
        return False
    ledger.outdate({node}, keep=False)
    ledger.printed[node] = Printed(literal.value, np.zeros_like(literal.value), place.line)
    return True
