"""What a judged statement teaches for later ones: numbers that are given, and numbers that are printed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from dvar.check.judge import descent
from dvar.check.judge.ledger import Printed
from dvar.check.judge.links import is_number
from dvar.check.judge.literal import (
    is_choice,
    is_plain,
    numbers_in,
    plain_units,
    printed_numbers,
    read_literal,
)
from dvar.check.judge.matching import close, like, like_node, value_at
from dvar.check.judge.place import Place
from dvar.check.meaning import differentiate, entries, gradients
from dvar.check.meaning.aligning import put_in
from dvar.check.meaning.keys import Key, sort
from dvar.check.meaning.values import Jacobian, NotUnderstood, Value, reshaped, squeezed
from dvar.core.node import Node
from dvar.core.op import Array
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member


def condition(place: Place) -> None:
    """``if c = 2`` gives c for the statement and what follows."""
    for tree in place.conditions:
        if not isinstance(tree, t.Relation) or tree.relations != ("=",):
            continue
        name, value = tree.members
        if not isinstance(name, t.Symbol) or not is_number(value, place.world):
            continue
        if name.base not in place.world.spelling.letters:
            _learn(place, sort(name, place.world.spelling, {}).key, value)


def _learn(place: Place, key: Key, value: t.Expr, is_update: bool = False) -> bool:
    try:
        literal, _ = read_literal(place.reader(), value, place.ledger)
    except NotUnderstood:
        return False
    if literal.is_open:
        return False
    place.learn(key, literal.value, literal.slack, is_update)
    return True


def aligned(place: Place, formula: t.Expr, numbers: t.Expr) -> None:
    """``w x + b = 0.5 · 2 + 0.1`` gives w, x and b, where nothing has given them before."""
    world, ledger = place.world, place.ledger
    formula = _formula_of(place, formula)
    for name, value in put_in(formula, numbers) or ():
        key = sort(name, world.spelling, {}).key
        found = world.find(key, place.position)
        if key in ledger.given_by_key or (found is not None and not found[0].numeric):
            continue
        if gradients.is_named(place.reader(), key) or world.family(key):
            continue
        if (
            entries.array_named(place.reader(), Key(key.stem, key.marks)) is not None
            and key.indices
        ):
            continue
        if _learn(place, key, value):
            ledger.lent.add(key)
            ledger.exact.update(abs(number) for number in printed_numbers(value))


def is_another_case(place: Place, formula: t.Expr, numbers: t.Expr) -> bool:
    """Whether another number is put in for a name than before, and its number was only put in as well.

    So it is with a name that has been given several, in the rows of a table.
    """
    world, ledger = place.world, place.ledger
    for name, value in put_in(_formula_of(place, formula), numbers) or ():
        key = sort(name, world.spelling, {}).key
        known = ledger.given_by_key.get(key)
        told = (d for d in world.definitions.get(key.stem, ()) if d.numeric)
        several = len({d.position for d in told if d.pattern.match(key) is not None}) > 1
        if (
            known is None
            or known.ndim
            or not is_plain(value)
            or not (key in ledger.lent or several)
        ):
            continue
        written, _ = read_literal(place.reader(), value, ledger)
        if not close(known, written.value, written.slack):
            return True
    return False


def _formula_of(place: Place, tree: t.Expr) -> t.Expr:
    """The formula of a name; what is put into it stands behind the name."""
    key = differentiate.key_of(place.reader(), tree) if isinstance(tree, t.Symbol) else None
    found = place.world.find(key, place.position) if key is not None else None
    if found is None or found[0].numeric or found[1] or found[0].params:
        return tree
    return found[0].value


def definition(place: Place, left: Member, right: Member, members: Sequence[Member]) -> Key | None:
    """Numbers that are given for a name: what is computed for it, as it is printed in the end."""
    last = members[-1].expr
    if left.expr is None or right.expr is None or last is None:
        return None
    key = differentiate.key_of(place.reader(), left.expr)
    if key is None:
        return None
    told = right.expr
    if not is_number(told, place.world):
        found = place.world.find(key, place.position)
        if found is None or not found[0].numeric or found[0].position != place.position:
            return None
        told = last  # of w_1 = w_2 = 0.3
    plain = is_plain(told)
    value = last if not plain and is_plain(last) else told
    if not _learn(place, key, value, is_update=not plain):
        return None
    if plain:
        for number in printed_numbers(told):
            place.ledger.exact.add(abs(number))
            place.ledger.note(number, 0.0, None)
    return key


def printed(
    place: Place,
    members: Sequence[Member],
    root: int | None,
    envs: Sequence[dict[str, int]],
    start: int,
) -> None:
    """Printed results are remembered, right or wrong, with the line they come from."""
    ledger, world = place.ledger, place.world
    shown = [m for m in members[max(start, 1) :] if m.expr is not None and is_plain(m.expr)]
    for member in members[max(start, 1) :]:
        if member.expr is not None and is_number(member.expr, world):
            _note_numbers(place, member, members, root, envs)
    if not shown or len(envs) != 1:
        return
    final = shown[-1]
    assert final.expr is not None
    node = _subject_node(place, members, envs[0])
    try:
        literal, _ = read_literal(place.reader(), final.expr, ledger)
    except NotUnderstood:
        return
    slope = Printed(literal.value, literal.slack, place.line, root is not None, root)
    descent.remember(place, members, slope)
    if node is None or node in ledger.given:
        return
    matched = like_node(literal.value, node)
    if matched is not None:
        unit = plain_units(final.expr, literal.value).reshape(-1)[0]
        units = np.broadcast_to(unit, matched.shape)
        ledger.printed[node] = Printed(matched, units, place.line, root is not None, root)


def _note_numbers(
    place: Place,
    member: Member,
    members: Sequence[Member],
    root: int | None,
    envs: Sequence[dict[str, int]],
) -> None:
    assert member.expr is not None
    plain = is_plain(member.expr)
    if not plain and root is None:
        return
    exact = _exact(place, members, envs)
    try:
        literal, _ = read_literal(place.reader(), member.expr, place.ledger)
    except NotUnderstood:
        return
    matched = like(exact, literal.value) if exact is not None else None
    difference = np.abs(matched - literal.value).ravel() if matched is not None else None
    if not plain:
        # Numbers that come up first in a computation that is wrong are doubtful.
        worst = float(difference.max()) if difference is not None and difference.size else 0.0
        for number in numbers_in(member.expr):
            if not number.is_whole and abs(number.value) not in place.ledger.numbers:
                place.ledger.note(number.value, worst, root)
        return
    numbers = printed_numbers(member.expr)
    shown = [n for n in numbers_in(member.expr) if not n.is_whole and not is_choice(n)]
    units = {n.value: n.unit for n in shown}
    for n, value in enumerate(numbers):
        if difference is not None and difference.size == len(numbers):
            off = float(difference[n])
        else:
            off = 0.0 if abs(value) in place.ledger.exact else float(units.get(value, 0))
        place.ledger.note(value, off, root if difference is None or off > 0 else None)


def _exact(place: Place, members: Sequence[Member], envs: Sequence[dict[str, int]]) -> Array | None:
    node = _subject_node(place, members, envs[0] if envs else {})
    if node is None:
        return None
    place.sync()
    if node in place.ledger.given and (told := _computed(place, members)) is not None:
        return told
    return value_at(node, place.ledger.given)


def _computed(place: Place, members: Sequence[Member]) -> Array | None:
    """What a name that is told by numbers only comes to before it is rounded: ``R = \\sqrt 2 ≈ 1.414``."""
    for member in members:
        tree = member.expr
        if tree is None or is_plain(tree) or not is_number(tree, place.world):
            continue
        with suppress(NotUnderstood):
            return read_literal(place.reader(), tree, place.ledger)[0].value
    return None


def _subject_node(place: Place, members: Sequence[Member], env: dict[str, int]) -> Node | None:
    """The quantity that a chain is about: its first member, or the first that can be read."""
    for member in members:
        if member.expr is None or is_number(member.expr, place.world):
            continue
        try:
            value: Value = place.reader(env=env).value(member.expr)
        except NotUnderstood:
            continue
        if isinstance(value, Jacobian):
            if not squeezed(value.of_shape):
                return reshaped(value.node, value.wrt_shape) if value.wrt_shape else value.node
            return value.node
        return value
    return None
