"""Conditions on values said beside a formula, "f(z) = z if z > 0, and 0 otherwise", and formulas in pieces."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from dvar.check.meaning.alphabet import TIMES
from dvar.check.meaning.keys import Spelling, letters_in
from dvar.check.meaning.letters import parts, spelling_of
from dvar.check.meaning.patterns import free_letters
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Member, Statement
from dvar.read.worksheet.parts import same_tree

_ORDERS = frozenset({"<", ">", "<=", ">="})
SIGNS = _ORDERS | {"neq"}
_EQUALS = frozenset({"=", ":=", "equiv"})
_WORD = (
    r"(?:if|for|when|whenever|where|while|provided(?: that)?|as long as|in case|on|"
    r"falls|wenn|für|si|pour|quand|para|cuando)"
)
_BEHIND = re.compile(
    rf"^[\s$`,]*(?:\(\s*(?:{_WORD}\b[\s$`]*(?:all|every|any)?)?|{_WORD}\b[\s$`]*(?:all|every|any)?)[\s$`(]*$",
    re.IGNORECASE,
)
_AHEAD = re.compile(rf"\b{_WORD}[\s$`]*$", re.IGNORECASE)
_THEN = re.compile(r"^(?:(?!\n\s*\n)[^.;!?]){0,60}$")
_OTHERWISE = re.compile(
    r"^[\s$`,;)]*(?:otherwise|else|elsewhere|in all other cases|everywhere else|sonst|sinon|en otro caso)\b",
    re.IGNORECASE,
)
_ELSE = re.compile(r"\b(?:otherwise|else|elsewhere|sonst|sinon)\b", re.IGNORECASE)
_IF = re.compile(
    r"\b(if|when|for|where|suppose|falls|wenn|si|cuando|pour|quand|"
    r"(case|fall|cas|caso)(\W{1,3}([\divx]+|[a-c]\b))?)\W*\$?\W*$",
    re.IGNORECASE,
)
_CASE = re.compile(r"\W*(?:case|fall|cas|caso)\b", re.IGNORECASE)
"""Behind a condition: "we start with the $i = j$ case"."""
_NEAR = 3
_FAR = 200
"""How many characters later two indices are still said to be equal or not: what else could ``$i = j$`` mean?"""
_NO_WORDS = re.compile(r"^[\s$,;&\\]*,[\s$,;&\\]*$")
"""Between two formulas of one sentence."""
_ASIDE = re.compile(r"^(?:[\s,;:&(]|\\q?quad|\\[,;: ]|~)*$")
"""Between a formula and a condition that is set apart from it in the same display."""
_AND = re.compile(r"^[\s$`,;)]*(?:and|but|und|et|y)?[\s$`(]*$", re.IGNORECASE)


_BRACKETED = re.compile(r"\([^()\n]*\)")
"""A remark between a condition and what it is for."""
_WITHIN = re.compile(
    r"[\s$`,)]*(inside|within|outside|in (the|its|this) \w*\s?(interval|region|range|interior|case|part)|"
    r"(where|when|while|unless|as long as|if|for|on)\b)",
    re.IGNORECASE,
)
"""Words behind a formula that say where it holds."""
_WHEREVER = re.compile(
    r"\b(where|when|while|unless|as long as|if|for|on|inside|within|outside)\b[^.;:]*\$",
    re.IGNORECASE,
)
"""The same in front of it, with a condition."""


def conditioned(document: Document, statements: Sequence[Statement]) -> list[Statement]:
    """The statements, with the conditions that words around them tell, and formulas in pieces made whole."""
    found = list(statements)
    taken: set[int] = set()
    spelling = spelling_of(statements)
    below = {
        c
        for p in parts(statements)
        if isinstance(p, t.Symbol)
        for x in p.subscripts
        for c in letters_in(x)
    }
    for n, statement in enumerate(found):
        condition = _condition(statement)
        if condition is None:
            if n and _is_aside(document, found[n - 1], statement, spelling, below):
                found[n - 1] = replace(found[n - 1], condition=_relation(statement))
            continue
        if n and _may_have(document, found[n - 1], statement, _BEHIND):
            found[n - 1] = replace(found[n - 1], condition=condition)
            taken.add(n)
    for n, statement in enumerate(found[:-1]):
        condition = _condition(statement)
        if condition is None or n in taken:
            continue
        if not _AHEAD.search(document.regions[statement.region].before):
            continue
        told, last = _run(document, found, n, condition)
        if last + 1 < len(found) and _may_have(
            document, found[last], found[last + 1], _THEN, follows=True
        ):
            found[last + 1] = replace(found[last + 1], condition=told)
    _complete(document, found)
    _complete_cases(found)
    return _joined(found)


def _run(
    document: Document, found: Sequence[Statement], first: int, condition: t.Relation
) -> tuple[t.Expr, int]:
    """A condition and those that are joined to it, "for $A > 0$ and $r < 1$", and where the last of them stands."""
    told, last = [condition], first
    while last + 1 < len(found):
        between = document.text[found[last].span[1] : found[last + 1].span[0]]
        more = _condition(found[last + 1])
        if more is None or "\n\n" in between or not _AND.match(between):
            break
        told.append(more)
        last += 1
    span = (condition.span[0], told[-1].span[1])
    return (condition if len(told) == 1 else t.Logic("and", tuple(told), span)), last


def each(condition: t.Expr | None) -> list[t.Expr]:
    """Conditions that hold together, one by one."""
    if isinstance(condition, t.Logic) and condition.name == "and":
        return [part for operand in condition.operands for part in each(operand)]
    return [] if condition is None else [condition]


def _condition(statement: Statement) -> t.Relation | None:
    """``z > 0``, ``0 < x <= 1``, ``j != y`` as a condition."""
    told = _relation(statement)
    return told if told is not None and set(told.relations) <= SIGNS else None


def _relation(statement: Statement) -> t.Relation | None:
    members = statement.members
    if len(members) < 2 or members[0].relation or statement.condition is not None:
        return None
    signs = tuple(m.relation for m in members[1:])
    sides = tuple(m.expr for m in members if m.expr is not None)
    return None if len(sides) < len(members) else t.Relation(sides, signs, statement.span)


def _is_aside(
    document: Document,
    formula: Statement,
    statement: Statement,
    spelling: Spelling,
    below: set[str],
) -> bool:
    """``∂s_i/∂z_j = s_i (1 - s_j), \\quad i = j``: an index of the formula in front equals another, of all below names."""
    told = _relation(statement)
    if told is None or told.relations != ("=",) or formula.region != statement.region:
        return False
    used = {c for m in formula.members if m.expr for c in free_letters(m.expr, spelling)}
    sides = {s.base for s in told.members if isinstance(s, t.Symbol)}
    if len(sides) < 2 or not sides & used or not sides <= used | below:
        return False
    return _may_have(document, formula, statement, _ASIDE)


def _may_have(
    document: Document,
    first: Statement,
    second: Statement,
    between: re.Pattern[str],
    follows: bool = False,
) -> bool:
    """Whether one of two neighbours is a formula and the words between make the other its condition."""
    formula = second if follows else first
    states = len(formula.members) > 1 or formula.members[0].relation
    if not states or formula.condition is not None or _condition(formula) is not None:
        return False
    if not any(m.relation in _EQUALS for m in formula.members):
        return False
    text = document.text[first.span[1] : second.span[0]]
    return "\n\n" not in text and len(text) < 80 and between.match(text) is not None


def _complete(document: Document, found: list[Statement]) -> None:
    """``f(z) = z if z > 0, and 0 otherwise``: what stands for the other case belongs to the formula."""
    for n in range(len(found) - 2):
        first, condition, rest = found[n], found[n + 1], found[n + 2]
        if first.condition is None or len(first.members) != 2 or len(rest.members) != 1:
            continue
        whole = _condition(condition)
        if whole is None or not same_tree(whole, first.condition):
            continue
        between = document.text[condition.span[1] : rest.span[0]]
        value, other = first.members[1].expr, rest.members[0].expr
        if value is None or other is None or not _AND.match(between):
            continue
        if _OTHERWISE.match(document.text[rest.span[1] : rest.span[1] + 40]):
            cases = t.Cases(((value, whole), (other, None)), first.members[1].span)
            found[n] = _with(replace(first, condition=None), cases)


def _complete_cases(found: list[Statement]) -> None:
    """The same where the first case has been read as one of several."""
    for n in range(len(found) - 1):
        first, rest = found[n], found[n + 1]
        if len(first.members) != 2 or len(rest.members) != 1 or first.region != rest.region:
            continue
        cases, other = first.members[1].expr, rest.members[0].expr
        if isinstance(cases, t.Cases) and other is not None and _ELSE.search(rest.words):
            if cases.branches[-1][1] is not None:
                whole = replace(cases, branches=(*cases.branches, (other, None)))
                found[n] = _with(first, whole)


def _with(statement: Statement, value: t.Expr) -> Statement:
    left, right = statement.members
    return replace(statement, members=(left, replace(right, expr=value)))


def _joined(found: list[Statement]) -> list[Statement]:
    """Formulas for one name under conditions that take turns are one formula with cases."""
    letters = spelling_of(found)
    pieces: list[list[int]] = []
    for n, statement in enumerate(found):
        left = _name(statement)
        if left is None or free_letters(left, letters) or not _is_about_values(statement):
            continue
        last = found[pieces[-1][-1]] if pieces else None
        if last is not None and same_tree(_name(last), left) and n - pieces[-1][-1] < 4:
            pieces[-1].append(n)
        else:
            pieces.append([n])
    for places in pieces:
        if len(places) < 2:
            continue
        branches = []
        for n in places:
            value, condition = found[n].members[1].expr, found[n].condition
            assert value is not None
            branches.append((value, condition))
        first = found[places[0]]
        cases = t.Cases(tuple(branches), first.members[1].span)
        found[places[0]] = _with(replace(first, condition=None), cases)
    return found


def _name(statement: Statement) -> t.Expr | None:
    """The left side of a formula for a name under a condition."""
    members: tuple[Member, ...] = statement.members
    if statement.condition is None or len(members) != 2 or members[1].relation not in _EQUALS:
        return None
    left = members[0].expr
    if members[1].expr is None or not isinstance(left, (t.Symbol, t.Apply)):
        return None
    head = left.head if isinstance(left, t.Apply) else left
    return None if head.primes or (isinstance(left, t.Apply) and left.primes) else left


def _is_about_values(statement: Statement) -> bool:
    tree = statement.condition
    return isinstance(tree, t.Relation) and bool(set(tree.relations) & _ORDERS)


def _is_in_brackets(text: str, statement: Statement) -> bool:
    """A name in a remark, "(how $p_j$ changes with $z_i$)"."""
    line = text.rfind("\n", 0, statement.span[0]) + 1
    ahead, behind = text[line : statement.span[0]], text[statement.span[1] :].partition("\n")[0]
    opened = ahead.count("(") - ahead.count(")")
    return len(statement.members) == 1 and opened > 0 and behind.count(")") > behind.count("(")


def _is_a_consequence(text: str, condition: Statement, statement: Statement) -> bool:
    """``when $i = j$, $\\delta_{ij} = 1$``, in one sentence: what a condition on indices comes to."""
    between = text[condition.span[1] : statement.span[0]]
    left = statement.members[0].expr
    return (
        _NO_WORDS.match(between) is not None
        and isinstance(left, t.Symbol)
        and left.base == "delta"
        and isinstance(statement.members[-1].expr, t.Number)
    )


def _said_again(statements: Sequence[Statement], ordinal: int) -> int | None:
    """Where the first link of a chain was written down before, a little further up."""
    here = statements[ordinal].members[:2]
    for earlier in range(ordinal - 1, max(-1, ordinal - 1 - _NEAR), -1):
        there = statements[earlier].members
        if len(here) == 2 == len(there) and not here[0].relation:
            if all(same_tree(a.expr, b.expr) for a, b in zip(here, there, strict=True)):
                return earlier
    return None


def said_before(
    document: Document, statements: Sequence[Statement], ordinal: int, letters: Collection[str]
) -> list[t.Expr]:
    """``If $i \\neq j$:`` in front of a display is a condition on its indices, also where that is begun again."""
    said = _said_ahead(document, statements, ordinal, letters)
    again = _said_again(statements, ordinal)
    return said if said or again is None else said_before(document, statements, again, letters)


def _said_ahead(
    document: Document, statements: Sequence[Statement], ordinal: int, letters: Collection[str]
) -> list[t.Expr]:
    here, last = statements[ordinal], ordinal - 1
    while last >= 0 and (
        _is_in_brackets(document.text, statements[last])
        or (last and _is_a_consequence(document.text, *statements[last - 1 : last + 1]))
    ):
        last -= 1
    if last < 0:
        return []
    before = statements[last]
    region = document.regions[before.region]
    between = _BRACKETED.sub("", document.text[before.span[1] : here.span[0]])
    if _NO_WORDS.match(between) and any(m.relation in _EQUALS for m in before.members[1:]):
        inherited = said_before(document, statements, last, letters)
        if inherited:
            return inherited
    if "#" in between or len(before.members) != 2:
        return []
    left, right = before.members
    sides = [left.expr, right.expr]
    if right.relation not in ("=", "neq", "<", ">", "<=", ">=") or None in sides:
        return []
    indices = [isinstance(s, t.Symbol) and s.base in letters for s in sides]
    # Behind a formula of another display it is the condition of that one.
    ahead = statements[last - 1].region != before.region or before.region == here.region
    of_indices = all(indices) and (ahead or last == 0) and here.condition is None
    is_said = of_indices or _IF.search(region.before) or _CASE.match(between)
    if not is_said or len(between) > (_FAR if of_indices else 60):
        return []
    if not all(i or isinstance(s, t.Number) for i, s in zip(indices, sides, strict=True)):
        return []
    assert left.expr is not None
    assert right.expr is not None
    return [t.Relation((left.expr, right.expr), (right.relation,), before.span)]


def names_a_step(conditions: Sequence[t.Expr], left: t.Expr | None) -> bool:
    """``∂L/∂w |_{t=2}``: what one step in time sends back, and not all of the gradient."""
    if not isinstance(left, t.Derivative):
        return False
    equal = (c for c in conditions if isinstance(c, t.Relation) and c.relations == ("=",))
    return any(
        isinstance(p, t.Symbol) and p.base in TIMES and not any(same_tree(p, x) for x in left.wrt)
        for c in equal
        for p in t.walk(c.members[0])
    )


def is_said_to_hold(document: Document, statement: Statement) -> bool:
    """Whether words before or behind a formula say where it holds."""
    before = document.regions[statement.region].before
    return bool(_WITHIN.match(document.text[statement.span[1] :][:60]) or _WHEREVER.search(before))
