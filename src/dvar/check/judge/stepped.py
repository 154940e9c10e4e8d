"""New values that are told by a number only: ``w_6^{+} = 0.4087`` behind a step that a document writes out.

The step is taken with the gradient that is due.  A number that it does not come to is a mistake only where the
document shows how it steps: it writes a step out, or other such numbers come out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction

from dvar.check.judge import numbers
from dvar.check.judge.assignments import NEW, OLD, is_update, old_name, without_mark
from dvar.check.judge.chain import Verdict
from dvar.check.judge.ledger import Step
from dvar.check.judge.lifting import numbers_of
from dvar.check.judge.links import is_number
from dvar.check.judge.literal import is_numeric, is_plain
from dvar.check.judge.matching import like_node
from dvar.check.judge.place import Place
from dvar.check.meaning.alphabet import RATES
from dvar.check.meaning.keys import Key, sort
from dvar.check.meaning.letters import parts
from dvar.core.node import Node
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Member, Statement
from dvar.read.worksheet.parts import factors_of, rewritten, same_tree

_HEADING = re.compile(r"^ {0,3}#{1,6} |\\(?:sub)*section\b", re.MULTILINE)
"""What opens a new part of a text."""


def in_words(statements: Sequence[Statement]) -> list[Statement]:
    """``updated w: 0.52``, as a program prints it, is about the new value of w, as ``w' = w - η ∂L/∂w`` is."""
    primed = _is_primed_when_new(statements)
    stepped = _stepped_from_old(statements)
    one: dict[str, t.Symbol] = {}
    found = []
    arrays: list[t.Matrix] = []
    for statement in statements:
        statement = _of_an_array(_in_words(statement), arrays)
        _see_one(statement, one)

        def change(part: object) -> t.Expr | None:
            if not isinstance(part, t.Symbol):
                return None
            if primed and part.primes == 1 and not (part.scripts or part.accents):
                new = t.Script("mark", t.Label("new", part.span, False), part.span)
                return replace(part, primes=0, scripts=(new,))
            of = one.get(part.base)
            labels = [s for s in part.subscripts if isinstance(s, t.Label)]
            is_bare = len(labels) == len(part.subscripts) == 1 and not part.scripts
            if of is not None and is_bare and labels[0].text in NEW | OLD:
                label = () if labels[0].text in OLD else (labels[0],)
                return replace(of, span=part.span, subscripts=(*of.subscripts, *label))
            return without_mark(part, OLD) if part.base in stepped else None

        found.append(rewritten(statement, change) if primed or stepped else statement)
    return found


def _of_an_array(statement: Statement, arrays: list[t.Matrix]) -> Statement:
    """``[w_1 w_2] = [0.4 0.1] - 0.1 [0.2 0.3]`` gives new values, where the same list took a step in letters before."""
    first, *rest = statement.members
    if not isinstance(first.expr, t.Matrix) or not rest or not isinstance(rest[0].expr, t.Sum):
        return statement
    if is_update(first.expr, rest[0].expr, "="):
        arrays.append(first.expr)
    numeric = is_numeric(rest[0].expr, lambda name: True)
    if not numeric or not any(same_tree(first.expr, array) for array in arrays):
        return statement
    return replace(statement, members=(first, replace(rest[0], relation=":="), *rest[1:]))


def _stepped_from_old(statements: Sequence[Statement]) -> set[str]:
    """Letters of ``w_{new} = w_{old} - η ∂L/∂w``: what is old there is what the name stands for."""
    found, told = set(), set()
    for statement in statements:
        first, *rest = (m.expr for m in statement.members)
        right = rest[0] if rest else None
        if not isinstance(first, t.Symbol) or right is None:
            continue
        old = [p for p in t.walk(right) if isinstance(p, t.Symbol) and p.base == first.base]
        if without_mark(first, OLD) is not None:
            told.add(first.base)
        elif old_name(first) is not None and isinstance(right, t.Sum):
            found |= {p.base for p in old if without_mark(p, OLD) is not None}
    return found - told


def _is_primed_when_new(statements: Sequence[Statement]) -> bool:
    """Whether a document writes ``w' = w - η ∂L/∂w`` for a step, and no prime anywhere for a slope."""
    steps = False
    for statement in statements:
        first, *rest = (m.expr for m in statement.members)
        if isinstance(first, t.Symbol) and first.primes == 1 and rest and rest[0] is not None:
            again = (p for p in t.walk(rest[0]) if isinstance(p, t.Symbol) and p.primes)
            if not any(p.base == first.base for p in again):  # w'_{new} = w'_{old} - … is one of w'
                steps |= is_update(replace(first, primes=0), rest[0], "=")
    if not steps:
        return False
    primed = [p for p in parts(statements) if getattr(p, "primes", 0)]
    return all(isinstance(p, t.Symbol) and p.primes == 1 for p in primed)


def _see_one(statement: Statement, one: dict[str, t.Symbol]) -> None:
    """``w_{new} = w_{old} - η ∂L/∂w_1``: here and further on, the new value is that of w_1."""
    left = statement.members[0].expr
    old = old_name(left) if isinstance(left, t.Symbol) else None
    if old is None or old.subscripts or old.scripts or len(statement.members) < 2:
        return
    slopes = [p for m in statement.members[1:2] if m.expr is not None for p in t.walk(m.expr)]
    by = [p.wrt[0] for p in slopes if isinstance(p, t.Derivative) and len(p.wrt) == 1]
    if len(by) == 1 and isinstance(by[0], t.Symbol) and by[0].base == old.base:
        one.pop(old.base, None)
        if by[0].subscripts and not by[0].scripts:
            one[old.base] = by[0]


def _in_words(statement: Statement) -> Statement:
    first, *rest = statement.members
    match first.expr:
        case t.Product(factors=(t.Symbol() as word, t.Symbol() as name), operators=("",)):
            if word.base in NEW and not (word.subscripts or word.scripts) and len(rest) == 1:
                mark = t.Script("mark", t.Label(word.base, word.span, True), word.span)
                name = replace(name, span=first.expr.span, scripts=(*name.scripts, mark))
                return replace(statement, members=(replace(first, expr=name), *rest))
    return statement


def remember(place: Place, members: Sequence[Member]) -> None:
    """The gradient and the rate of a step that is right: ``w_5 - η ∂E/∂w_5 = 0.4 - 0.5 · 0.08``."""
    formula, put_in = members[1].expr, members[2].expr if len(members) > 2 else None
    if not isinstance(formula, t.Sum) or formula.signs != (1, -1):
        return
    factors = factors_of(formula.terms[1])
    gradients = [f for f in factors if isinstance(f, t.Derivative)]
    if len(gradients) != 1 or gradients[0].of is None:
        return
    rates = [_number_of(place, f) for f in factors if f is not gradients[0]]
    if any(r is None for r in rates) and isinstance(put_in, t.Sum) and len(put_in.terms) == 2:
        written = factors_of(put_in.terms[1])
        if len(written) != len(factors):
            return
        pairs = zip(factors, written, strict=True)
        rates = [_number_of(place, w) for f, w in pairs if f is not gradients[0]]
    known = [r for r in rates if r is not None]
    if known and len(known) == len(rates):
        rate = Fraction(1)
        for factor in known:
            rate *= factor
        place.ledger.steps.append(Step(gradients[0].of, rate))


@contextmanager
def recalling(place: Place) -> Iterator[bool]:
    """Within this block open gradients have the numbers that an earlier part of the document printed."""
    found: list[Node] = []
    for node, (_, _, target) in place.world.fresh.items():
        slope = place.ledger.slopes.get(target) if target is not None else None
        if slope is None or node in place.ledger.printed or node in place.ledger.given:
            continue
        value, unit = like_node(slope.value, node), like_node(slope.unit, node)
        if value is not None and unit is not None:
            place.ledger.printed[node] = replace(slope, value=value, unit=unit)
            found.append(node)
    yield bool(found)
    for node in found:
        place.ledger.printed.pop(node, None)


def judged(place: Place, members: Sequence[Member]) -> Verdict | None:
    """What is to be said of a new value that is given; None where no step tells it."""
    left, right = members[0].expr, members[-1].expr
    old = old_name(left) if isinstance(left, t.Symbol) and len(members) == 2 else None
    if old is None or right is None or not is_plain(right):
        return None
    told = place.ledger.steps[-1:]
    for step in told or _usual(place, old):
        rate = t.Number(str(step.rate), old.span)
        slope = t.Derivative(step.of, (old,), "partial", old.span)
        term = t.Product((rate, slope), ("",), old.span)
        link = numbers.with_numbers(place, t.Sum((old, term), (1, -1), old.span), right, [{}])
        if link.verdict == "wrong" and not (told or place.ledger.steps_taken):
            continue
        if link.verdict in ("ok", "carried", "wrong"):
            place.ledger.steps_taken += link.verdict == "ok"
            links = [(members[0], members[1], link)]
            return Verdict(link.verdict, members[1], members[0], link, links=links)
    return None


def are_another_rule(
    place: Place,
    document: Document,
    statement: Statement,
    statements: Sequence[Statement],
    verdict: Verdict,
) -> bool:
    """``θ_2 = 0.68 - 0.18 = 0.5`` under another heading than ``θ_2 = θ_1 - …``: steps of another rule, by the same names."""
    if verdict.verdict != "wrong" or not verdict.links:
        return False
    (first, _, link), *rest = verdict.links
    if link.verdict != "wrong" or link.numbers is None or not isinstance(first.expr, t.Symbol):
        return False
    if first is not statement.members[0] or not rest or any(k.verdict != "ok" for *_, k in rest):
        return False
    found = place.world.find(sort(first.expr, place.world.spelling, {}).key, place.position)
    if found is None or not 0 <= found[0].position < place.position:
        return False
    made = found[0].value
    old = made.terms[0] if isinstance(made, t.Sum) else None
    if not isinstance(old, t.Symbol) or old.base != first.expr.base:
        return False
    start = statements[found[0].position].span[1]
    return _HEADING.search(document.text[start : statement.span[0]]) is not None


def _usual(place: Place, old: t.Symbol) -> Iterator[Step]:
    """A step along the gradient of the loss, with a rate that is given."""
    loss = place.world.loss
    rates = [place.ledger.given_by_key.get(Key(name)) for name in RATES]
    if loss is not None and not loss.marks and not loss.indices:
        for rate in rates:
            if rate is not None and not rate.ndim:
                of = t.Symbol(loss.stem.partition(".")[0], old.span)
                yield Step(of, Fraction(float(rate)).limit_denominator(10**9))


def _number_of(place: Place, tree: t.Expr) -> Fraction | None:
    if is_number(tree, place.world):
        found = list(numbers_of(tree))
        return found[0] if len(found) == 1 else None
    if isinstance(tree, t.Symbol):
        known = place.ledger.given_by_key.get(sort(tree, place.world.spelling, {}).key)
        if known is not None and not known.ndim:
            return Fraction(float(known)).limit_denominator(10**9)
    return None
