"""A second formula for a name: another way to write it, or another quantity that is called the same."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from dvar.check.judge import links, numbers
from dvar.check.judge.chances import is_event
from dvar.check.judge.compare import compare, ratio_of
from dvar.check.judge.literal import is_literal, is_plain
from dvar.check.judge.place import Place
from dvar.check.judge.sections import equation
from dvar.check.meaning import gradients
from dvar.check.meaning.choices import Choices
from dvar.check.meaning.definitions import Definition, definition_of
from dvar.check.meaning.interpret import Interpreter
from dvar.check.meaning.keys import Key, arguments, sort, stem_of, worded_stem
from dvar.check.meaning.letters import parts
from dvar.check.meaning.patterns import free_letters
from dvar.check.meaning.points import names_beneath
from dvar.check.meaning.substitute import substitute
from dvar.check.meaning.survey import is_loss_like
from dvar.check.meaning.values import NotUnderstood, sizes
from dvar.check.meaning.world import World
from dvar.core.node import Node
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Member, Statement
from dvar.read.worksheet.parts import same_tree

_ANEW = re.compile(
    r"\b(instead|now|another|alternative(ly)?|suppose|example|case|variant|version|chang\w*|replac\w*|"
    r"different|some authors?|usually|often|sometimes|consider|define|redefine|call|put|if|"
    r"R?MSE|MAE|B?CE|huber|hinge|cross[- ]entropy|(squared|absolute|quadratic) (error|loss)|log[- ]loss)\b",
    re.IGNORECASE,
)
_SCALED = re.compile(
    r"\b(divid\w*|divis\w*|halv\w*|halbier\w*|geteilt|dimezza\w*|multipl\w*|scal(ed|ing)|simplif\w*|"
    r"vereinfach\w*|semplific\w*|convenien\w*|Faktor|fact(or|eur)|fattore)\b|one half|½|1/2",
    re.IGNORECASE,
)
"""Words by which an author gives a loss another factor."""
_ACTIVATIONS = frozenset({"f", "g", "h", "phi", "varphi"})
"""Letters of activations, whichever they are."""
_RUN_IN = re.compile(
    r"^\s*(?:[-*+]\s+|\d+[.)]\s+)?(?:\*\*|__|\\textbf|\\paragraph|\\item\b|#)", re.MULTILINE
)
"""What opens a new item of a text: a bold beginning, a list item in TeX, a heading."""


def outdated(
    before: Sequence[Definition], failed: Collection[int], lefts: Sequence[t.Expr | None]
) -> list[Definition]:
    """Formulas of earlier problems that mean nothing here, for names that are used for something else.

    Args:
        before: formulas of earlier problems.
        failed: where those stand that cannot be read.
        lefts: left sides of the statements of this problem.
    """
    stems = {stem_of(left) for left in lefts if isinstance(left, t.Symbol)}
    return [d for d in before if d.position in failed and d.pattern.stem in stems]


def at_fault(world: World, failed: Collection[int]) -> set[int]:
    """Which of the formulas that cannot be read fail by themselves, and not by what they are made of."""
    told = [d for ds in world.definitions.values() for d in ds if d.position in failed]
    stems = {d.pattern.stem for d in told}
    roots = set()
    for definition in told:
        used = {stem_of(x) for x in t.walk(definition.value) if isinstance(x, t.Symbol)}
        if used.isdisjoint(stems - {definition.pattern.stem}):
            roots.add(definition.position)
    return roots or set(failed)


def _is_by_another(world: World, before: t.Expr, now: t.Expr) -> bool:
    """``y = f(x)`` behind ``y = g(x)``, with nothing said of either: another example."""
    if not isinstance(before, t.Apply) or not isinstance(now, t.Apply):
        return False
    plain = all(isinstance(a, t.Symbol) for a in (*before.args, *now.args))
    heads = [stem_of(tree.head) for tree in (before, now)]
    open_ = not any(world.definitions.get(h) for h in heads) and not (before.primes or now.primes)
    return plain and open_ and heads[0] != heads[1]


def is_renewal(
    world: World,
    document: Document,
    statements: Sequence[Statement],
    ordinal: int,
    left: t.Expr,
    right: t.Expr,
) -> bool:
    """Whether ``left = right`` gives a new meaning to a name that has a formula already.

    It does where the two formulas differ and are about different open names (``L = ‖XW - Y‖²`` first,
    ``L = tr(XᵀAX)`` later), or where the text opens a new case in between.
    """
    before = formula_before(world, left, right, ordinal)
    if before is None or is_event(right):
        return False
    if _has_other_arguments(world, left, before) or _is_by_another(world, before.value, right):
        return True
    if is_of_another_letter(world, left, right):
        return False
    letters = free_letters(left, world.spelling) | free_letters(right, world.spelling)
    env = {c: world.sample(c) for c in letters}
    sides = _read(world, ordinal, env, left, right)
    if sides is None:
        return _is_opened_anew(document, statements, before.position, ordinal)
    a, b = sides
    if compare(a, b).holds is not False:
        return _opens_a_way(world, statements, before, right)
    if holds_in_case(world, statements, ordinal, env, a, b):
        return False
    if _is_choice(left, right):
        return True
    if is_loss_like(before.pattern.key(env)) and ratio_of(a, b) is not None:
        return bool(_SCALED.search(document.regions[statements[ordinal].region].before))
    if _open_names(a) != _open_names(b):
        is_worked_out = is_slope(before.value) and _open_names(b) <= _open_names(a)
        return not is_worked_out and not _has_loose_entry(world, a, b)
    if is_slope(before.value):
        return _is_said_anew(document, statements[ordinal])
    return _is_opened_anew(document, statements, before.position, ordinal)


def holds_in_case(
    world: World,
    statements: Sequence[Statement],
    ordinal: int,
    env: Mapping[str, int],
    a: Node,
    b: Node,
) -> bool:
    """``L = -log p`` behind "for y = 1": what the formula before comes to with that number."""
    name, number = equation(statements[ordinal - 1]) if ordinal else (None, None)
    if not isinstance(name, t.Symbol) or number is None or not is_plain(number):
        return False
    told = _read(world, ordinal, env, name, number)
    return told is not None and bool(compare(substitute(a, dict([told])), b).holds)


def _is_choice(left: t.Expr, right: t.Expr) -> bool:
    """``f(z) = tanh(z)`` behind another formula for f: the activation that is chosen instead."""
    if not isinstance(left, t.Apply) or not isinstance(right, t.Call) or len(left.args) != 1:
        return False
    is_any = left.head.base in _ACTIVATIONS and not (left.primes or left.head.primes)
    return is_any and not right.primes and same_tree(left.args, right.args)


def _opens_a_way(
    world: World, statements: Sequence[Statement], before: Definition, right: t.Expr
) -> bool:
    """``B = B_1 ⊙ B_4`` behind ``B = softmax(W)``: by the steps that it is made of derivatives are taken further on."""
    old = {stem_of(x) for x in t.walk(before.value) if isinstance(x, t.Symbol)}
    steps = {
        stem
        for stem in {stem_of(x) for x in t.walk(right) if isinstance(x, t.Symbol)} - old
        if any(
            d.position > before.position and not d.numeric for d in world.definitions.get(stem, ())
        )
    }
    return bool(steps) and any(
        isinstance(by, t.Symbol) and stem_of(by) in steps
        for part in parts(statements)
        if isinstance(part, t.Derivative)
        for by in part.wrt
    )


def is_of_another_letter(world: World, left: t.Expr, right: t.Expr) -> bool:
    """``p_j = e^{a_i} / …``: what has a letter that the name does not have cannot be a formula for each j."""
    of, told = (free_letters(side, world.spelling) for side in (left, right))
    return bool(of) and len(told) == len(of) and not told <= of


def _has_other_arguments(world: World, left: t.Expr, before: Definition) -> bool:
    """``f(x) = …`` behind ``f(x, y) = …`` is another function that is called the same."""
    stem = before.pattern.stem
    if not isinstance(left, t.Apply) or not before.params or stem in world.densities:
        return False
    if any(key.stem == stem for key in world.loss_names):
        return False
    return len(arguments(left.args)) != len(before.params)


def _is_gradient(world: World, left: t.Expr) -> bool:
    head = left.head if isinstance(left, t.Apply) else left
    if not isinstance(head, t.Symbol):
        return True
    return gradients.is_named(Interpreter(world, 10**9), sort(head, world.spelling, {}).key)


def formula_before(world: World, left: t.Expr, right: t.Expr, ordinal: int) -> Definition | None:
    """The formula that the name on the left side has already; None for gradients by name."""
    made = definition_of(left, right, ordinal, world.spelling, False)
    if made is None or _is_gradient(world, left):
        return None
    found = [
        d for d in world.defining(made.pattern) if not d.numeric and d.position < made.position
    ]
    return found[-1] if found else None


def is_slope(value: t.Expr) -> bool:
    """``δ = ∂E/∂z``: a formula for δ further on is no other meaning, but what that comes to."""
    return isinstance(value, t.Derivative) or (
        isinstance(value, t.Negative) and isinstance(value.operand, t.Derivative)
    )


def is_derivative(place: Place, key: Key) -> bool:
    """Whether a name, or the entries of an array, are told to be a derivative: ``δ^l_j = ∂C/∂z^l_j``."""
    world = place.world
    found = world.find(key, place.position)
    entries = (
        d for d in world.definitions.get(key.stem, ()) if len(d.pattern.indices) >= len(key.indices)
    )
    told = entries if found is None else found[:1]
    values = [d.value for d in told if d.position < place.position and not d.numeric]
    return bool(values) and is_slope(values[0])


def is_case(world: World, left: t.Expr, right: t.Expr, ordinal: int) -> bool:
    """``δ = a - y`` "for cross-entropy" behind ``δ = ∂L/∂z``: what δ comes to in one case; it is the slope all the same."""
    before = formula_before(world, left, right, ordinal)
    return before is not None and is_slope(before.value) and not is_slope(right)


def _read(
    world: World, ordinal: int, env: Mapping[str, int], left: t.Expr, right: t.Expr
) -> tuple[Node, Node] | None:
    reader = Interpreter(world, ordinal - 1, Choices(), env)
    try:
        a = reader.node(left)
        return a, reader.node(right, sizes(a))
    except NotUnderstood:
        return None


def _open_names(node: Node) -> set[Node]:
    return set(names_beneath([node]))


def _has_loose_entry(world: World, a: Node, b: Node) -> bool:
    """Whether ``b`` has an entry that only words tell, of an array in ``a``: ``s_y`` beside ``s_1, s_2``."""
    keys = {world.keys[n] for n in _open_names(b) - _open_names(a) if n in world.keys}
    stems = {world.keys[n].stem for n in _open_names(a) if n in world.keys}
    return any(k.stem in stems and any(isinstance(i, str) for i in k.indices) for k in keys)


def _is_opened_anew(
    document: Document, statements: Sequence[Statement], first: int, second: int
) -> bool:
    """Whether a new case begins between two statements: another row of a table, an item, a word for it."""
    a, b = (document.regions[statements[n].region] for n in (first, second))
    if a.cell is not None and b.cell is not None and a.cell.table == b.cell.table:
        return a.cell.row != b.cell.row
    between = document.text[statements[first].span[1] : statements[second].span[0]]
    line = between.find("\n")
    if line >= 0 and _RUN_IN.search(between[line:]):
        return True
    return _is_said_anew(document, statements[second])


def _is_said_anew(document: Document, statement: Statement) -> bool:
    return bool(_ANEW.search(document.regions[statement.region].before))


_AHEAD = 8
"""Statements behind a formula that may bear it out."""


def is_borne_out(place: Place, made: Definition, behind: Sequence[tuple[int, Statement]]) -> bool:
    """Whether derivatives further on are right with the new formula, and were wrong with the one before.

    ``y = f(x) = …`` is borne out where it defines f.
    """
    world, tried, beside = place.world, [], []
    if isinstance(made.value, t.Apply):
        function = world.find(sort(made.value.head, world.spelling, {}).key, place.position)
        if function is not None and function[0].position == place.position:
            return True
    for ordinal, statement in behind[:_AHEAD]:
        left = equation(statement)[0]
        again = definition_of(left, left, ordinal, world.spelling, False) if left else None
        if again is not None and again.pattern == made.pattern:
            break
        if again is not None and again.params:  # u_1(x) = …, u_2(x, u_1) = … belong together
            value = equation(statement)[1]
            beside += [] if value is None else [replace(again, value=value)]
        tried += [(ordinal, a, b) for a, b in _sides(statement) if _is_slope_of(made, (a, b))]
    if not tried:
        return False
    before = [links.between(world, *sides).verdict for sides in tried]
    with world.unchanged():
        for definition in (made, *beside):
            world.define(definition)
        after = [links.between(world, *sides).verdict for sides in tried]
    is_right = after[0] == "ok" and any(a == "ok" != b for a, b in zip(after, before, strict=True))
    return is_right and not any(
        a == "wrong" and b == "ok" for a, b in zip(after, before, strict=True)
    )


def _sides(statement: Statement) -> list[tuple[t.Expr, t.Expr]]:
    sides = [m.expr for m in statement.members]
    return [(a, b) for a, b in pairwise(sides) if a is not None and b is not None]


def _is_slope_of(made: Definition, sides: tuple[t.Expr, t.Expr]) -> bool:
    """Whether a derivative of what is defined stands in an equation."""
    for part in (*t.walk(sides[0]), *t.walk(sides[1])):
        if isinstance(part, t.Derivative) and part.of is not None:
            names = [x for x in t.walk(part.of) if isinstance(x, t.Symbol)]
        elif isinstance(part, t.Apply) and (part.primes or part.head.primes):
            names = [part.head]
        else:
            continue
        if any(stem_of(name) == made.pattern.stem for name in names):
            return True
    return False


def is_contradicted(place: Place, left: t.Expr, right: t.Expr, behind: Sequence[Member]) -> bool:
    """Whether a number behind a second formula is that of the first: ``L = 2 (u - 1)^2 = 0.2766``, half as much."""
    shown = next((m.expr for m in behind if m.expr is not None and is_plain(m.expr)), None)
    if shown is None:
        return False
    due, told = (numbers.with_numbers(place, x, shown, [{}]).verdict for x in (left, right))
    return due == "ok" and told == "wrong"


def left_open(place: Place, statement: Statement) -> set[str]:
    """The name that a statement which was not understood is about: it need not be what it was before."""
    left, right = equation(statement)
    if place.code and isinstance(left, t.Symbol):
        return {worded_stem(left)}  # dy need not be what it is called
    told = [m for m in statement.members if not isinstance(m.expr, t.Shape)]
    if isinstance(left, t.Symbol) and len(told) > 2 and not _has_numbers(statement):
        return {worded_stem(left)}  # p = X b = P y: which of the two it is has been left open
    if (names := _tied(place, statement)) is not None:
        return names
    if left is None or right is None or links.is_number(right, place.world):
        return set()
    made = definition_of(left, right, place.position, place.world.spelling, False)
    return {made.pattern.stem} if made is not None and made.params else set()


def _has_numbers(statement: Statement) -> bool:
    return any(m.expr is not None and is_plain(m.expr) for m in statement.members)


def _tied(place: Place, statement: Statement) -> set[str] | None:
    """``x^2 + y^2 = R^2``, which ties names to each other: none of them need have the formula of before."""
    if len(statement.members) != 2:
        return None
    left, right = (m.expr for m in statement.members)
    if not isinstance(left, t.Sum) or right is None:
        return None
    told = [p for side in (left, right) for p in t.walk(side)]
    if any(isinstance(p, t.Derivative | t.Big) for p in told):
        return None
    names = {stem_of(p) for p in t.walk(left) if isinstance(p, t.Symbol)}
    due = {stem_of(p) for p in t.walk(right) if isinstance(p, t.Symbol)}
    formulas = place.world.definitions
    if len(names) < 2 or any(formulas.get(stem) for stem in due):
        return None
    before = (d for s in names for d in formulas.get(s, ()) if d.position < place.position)
    return {d.pattern.stem for d in before if not d.numeric}


def is_part_of(name: t.Expr, formula: t.Expr, statement: Statement) -> bool:
    """``e = b = 2 · (-3)`` behind ``e = a b``: a factor is lost, as the numbers put in show, and e means what it meant."""
    inside = (p for p in t.walk(formula) if isinstance(p, t.Symbol))
    third = statement.members[2].expr if len(statement.members) > 2 else None
    worked_out = third is not None and is_literal(third) and not is_plain(third)
    return worked_out and isinstance(name, t.Symbol) and any(same_tree(name, p) for p in inside)
