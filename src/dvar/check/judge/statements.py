"""From statements to judgements: what each is, its verdict, and the words for it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from dvar.check.cause.bend import written_span
from dvar.check.cause.find import Fault, find
from dvar.check.judge import (
    borrowed,
    chain,
    continued,
    deltas,
    descent,
    directions,
    doubts,
    earlier,
    following,
    learning,
    links,
    misfits,
    renewal,
    shapes,
    signs,
    slips,
    stationary,
    stepped,
    supposing,
    told,
    tying,
    unclaimed,
    updates,
)
from dvar.check.judge.another import is_remark
from dvar.check.judge.certainty import is_believed, is_no_claim
from dvar.check.judge.chain import Place, Verdict
from dvar.check.judge.chances import is_meaning
from dvar.check.judge.conditions import each, said_before
from dvar.check.judge.context import Context
from dvar.check.judge.faces import instead, on_its_face
from dvar.check.judge.links import Link
from dvar.check.judge.literal import is_pi
from dvar.check.judge.properties import constraint_of, of_graphs, said_of
from dvar.check.judge.repairs import Written
from dvar.check.judge.roles import Role
from dvar.check.judge.twins import shared
from dvar.check.judge.words import doubtful, message_of, unexplained, with_cause
from dvar.check.meaning import effort, gradients
from dvar.check.meaning.definitions import definition_of
from dvar.check.meaning.keys import worded_stem
from dvar.check.report import Judgement
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member, Statement

INTERNAL = "a mistake of dvar itself"


def judge_statement(context: Context, ordinal: int) -> Judgement:
    """The judgement of one statement; whatever goes wrong on the way, the others are judged."""
    statement = context.statements[ordinal]
    role = context.problem.roles[ordinal]
    place = _place(context, ordinal)
    try:
        with effort.bounded():
            bare = shapes.without_shape(statement)
            verdict, kind = _verdict(context, place, bare, role, ordinal)
            verdict = shapes.and_shape(place, statement, verdict)
            if kind not in ("prose", "question", "shape"):
                members = context.chains.get(ordinal, list(bare.members))
                verdict = on_its_face(members[-len(bare.members) - 1 :], verdict)
                verdict = borrowed.of_another_name(place, bare.members, verdict, context.statements)
            is_met = verdict.is_met or constraint_of(place.world, statement) is not None
            context.asked += following.conditions_of(context.document, statement, ordinal, is_met)
            judgement = _judgement(context, place, statement, kind, verdict)
            if judgement.verdict == "unknown" and (faced := instead(bare.members, verdict)):
                judgement = _judgement(context, place, statement, kind, faced)
            if judgement.verdict == "unknown" and verdict.note == deltas.BY_USE:
                judgement = _judgement(context, place, statement, role.kind, Verdict(role.kind))
            elif judgement.verdict == "unknown":
                judgement = _from_conditions(context, place, statement, verdict) or judgement
        with suppress(effort.TooMuch), effort.bounded():
            judgement = _as_meant(context, place, ordinal, verdict, judgement)
    except (effort.TooMuch, MemoryError, RecursionError):
        judgement = _given_up(context, place, ordinal, "it takes too long")
    except Exception as error:
        if "DVAR_TRACEBACK" in os.environ:
            raise
        said = f"{INTERNAL} ({type(error).__name__}: {error})"
        judgement = _given_up(context, place, ordinal, said)
    if role.kind not in ("prose", "question", "shape"):
        context.previous = ordinal
    first = statement.members[0].expr
    below = first.subscripts if isinstance(first, t.Symbol) and not role.definitions else ()
    if isinstance(first, t.Symbol) and any(isinstance(s, t.Relation) for s in below):
        context.touched.add(worded_stem(first))  # dh[h <= 0] = 0
    if judgement.verdict == "unknown":
        context.touched |= renewal.left_open(place, statement)
    return judgement


def _as_meant(
    context: Context, place: Place, ordinal: int, verdict: Verdict, judgement: Judgement
) -> Judgement:
    """The judgement of a line that is right of what a formula before was meant to be."""
    statement, role = context.statements[ordinal], context.problem.roles[ordinal]
    statement = shapes.without_shape(statement)

    def judged() -> tuple[Verdict, str]:
        return _verdict(context, place, statement, role, ordinal)

    def again() -> tuple[Verdict, str] | None:
        return found if (found := judged())[0].verdict in ("ok", "convention") else None

    if judgement.verdict == "carried" and judgement.from_line == place.line:
        place.ledger.acquit(place.line)  # nothing before it is wrong
        verdict, kind = judged()
        judgement = _judgement(context, place, statement, kind, verdict)
    is_doubted = judgement.verdict == "unknown" and verdict.verdict == "wrong"
    if judgement.verdict in ("wrong", "carried") or is_doubted:
        right = _right_before(context, ordinal)
        meant = None if is_doubted else doubts.settled(place, judgement.from_line, again)
        meant = meant or earlier.settled(place, statement, judged, right)
        if meant is not None:
            context.faults.pop(ordinal, None)
            place.ledger.acquit(place.line)
            return _judgement(context, place, statement, meant[1], meant[0])
    if verdict.verdict == "wrong":
        text, others = context.document.text, context.others(statement)
        doubts.note(place, context.chains.get(ordinal, []), verdict, text, others)
    return judgement


def _from_conditions(
    context: Context, place: Place, statement: Statement, verdict: Verdict
) -> Judgement | None:
    """A statement that is a condition itself, or that follows from those before; None if it does not."""
    open_ = [
        (a.expr, b.expr)
        for a, b, link in verdict.links
        if link.verdict not in ("ok", "convention") and a.expr is not None and b.expr is not None
    ]
    if open_ and following.follows(place, open_):
        context.asked += [following.Condition(a, b, place.position) for a, b in open_]
        note = "follows from the conditions before"
        return _judgement(context, place, statement, "claim", Verdict("ok", note=note))
    if not statement.members[0].relation and verdict.link is not None:
        if tied := tying.tie(place, verdict.previous, verdict.member, verdict.link.why):
            context.asked += tied
            return _judgement(context, place, statement, "given", Verdict("given"))
    if following.is_given(context.document, statement):
        context.asked += following.both_sides(statement, place.position)
        return _judgement(context, place, statement, "given", Verdict("given"))
    return None


def _given_up(context: Context, place: Place, ordinal: int, reason: str) -> Judgement:
    """What is said of a statement that could not be judged."""
    statement = context.statements[ordinal]
    verdict = Verdict("unknown", statement.members[-1], None, Link("unknown", reason))
    return _judgement(context, place, statement, "claim", verdict)


def _place(context: Context, ordinal: int) -> Place:
    statement = context.statements[ordinal]
    region = context.document.regions[statement.region]
    line, _ = context.document.place(statement.span[0])
    conditions = each(statement.condition)
    letters = context.problem.world.spelling.letters | {*context.problem.world.spelling.chosen}
    conditions += said_before(context.document, context.statements, ordinal, letters)
    if statement.members[0].relation and context.previous is not None:
        conditions += context.conditions.get(context.previous, [])  # a chain that goes on
    context.conditions[ordinal] = conditions
    said = signs.standing(context.statements, context.problem.ordinals, ordinal)
    context.signs[ordinal] = [*conditions, *said]
    world = context.problem.world
    assumptions = said_of(context.document, statement, world.matrices)
    assumptions += context.constraints
    assumptions += of_graphs(context.problem.prose)
    assumptions += shared(context.twins, assumptions)
    optimum = stationary.is_announced(context.document, statement)
    asked = [(c.left, c.right) for c in context.asked if c.position < ordinal]
    code, held = region.is_program, assumptions
    known = (world, context.ledger, ordinal, line, conditions, code, held, optimum, asked)
    return Place(*known, context.signs)


def _by_role(
    context: Context, place: Place, statement: Statement, role: Role, ordinal: int
) -> tuple[Verdict, str] | None:
    """What is to be said of a statement that is no chain of claims; None of one that is."""
    members = list(statement.members)
    before_it = None if context.previous is None else context.statements[context.previous]
    if role.kind in ("question", "prose") or is_remark(context.document, before_it, statement):
        return Verdict("skipped"), role.kind if role.kind == "question" else "prose"
    if role.kind == "shape":
        return shapes.judge_shape(place, statement), "shape"
    if role.kind == "update" or (role.kind == "claim" and descent.is_step(place, members)):
        context.chains[ordinal] = members
        verdict = updates.judge_update(place, statement, context.prose, context.statements)
        return verdict, "update"
    if role.kind == "definition":
        odd = directions.judged(place, members, context.statements, context.prose)
        if odd is not None:
            return odd, "update"
        used = deltas.judged(place, members, context.statements)
        if used is not None:
            return used, "claim"
    kind = _told(context, place, statement)
    return None if kind is None else (Verdict(kind), kind)


def _verdict(
    context: Context, place: Place, statement: Statement, role: Role, ordinal: int
) -> tuple[Verdict, str]:
    members = list(statement.members)
    if (decided := _by_role(context, place, statement, role, ordinal)) is not None:
        return decided
    start = 1
    learning.condition(place)
    if members[0].relation:
        start, members = continued.joined(
            context.document, context.statements, context.previous, ordinal, context.chains
        )
        if len(members) == 1:
            context.chains[ordinal] = members
            return _headless(context, statement)
    context.chains[ordinal] = members
    skip = frozenset(n + len(members) - len(statement.members) for n in role.links)
    verdict = chain.judge_chain(place, members, skip, start)
    if start > 1:
        root = context.faults.get(context.previous) if context.previous is not None else None
        verdict = continued.went_on(place, members, verdict, root)
        verdict = continued.gathered(place, members, verdict)
    right = list(_right_before(context, ordinal).values())
    before_it = None if context.previous is None else context.statements[context.previous]
    verdict = continued.as_before(place, before_it, statement, verdict, right)
    if slips.may_be(place, verdict):
        others = context.others(statement)
        beside = [(o, context.statements[o]) for o in context.problem.ordinals]
        verdict = slips.as_mistake(place, context.document.text, verdict, others, beside)
    verdict = earlier.in_case(place, context.statements, verdict)
    if verdict.verdict in ("wrong", "unknown") and _is_new_definition(
        context, place, statement, members, verdict
    ):
        verdict = chain.judge_chain(place, members, frozenset({1}), start)
        return (verdict, "claim") if verdict.links else (Verdict("definition"), "definition")
    if role.kind in ("definition", "given"):
        said = told.judged(place, context.document, statement, members, role.kind)
        return said or (verdict if verdict.links else Verdict(role.kind)), role.kind
    if not verdict.links:
        return Verdict("definition"), "definition"
    return verdict, "claim"


def _right_before(context: Context, ordinal: int) -> dict[int, list[Member]]:
    return {k: m for k, m in context.chains.items() if k < ordinal and k not in context.faults}


def _headless(context: Context, statement: Statement) -> tuple[Verdict, str]:
    """What is said of a value without what it is the value of; in a table words may say that."""
    if context.document.regions[statement.region].cell is not None:
        return Verdict("skipped"), "prose"
    link = Link("unknown", "nothing stands before the =")
    return Verdict("unknown", statement.members[0], None, link), "claim"


def _told(context: Context, place: Place, statement: Statement) -> str | None:
    """What a statement is that says what shall hold; None where it claims something."""
    if constraint_of(place.world, statement) is not None or is_meaning(statement):
        return "definition"
    is_given = place.position in (curve.position for curve in context.curves)
    is_given |= place.position in (r.position for r in place.world.relations)
    is_given |= following.asks(place, context.document, statement)
    if following.is_balance(place, context.document, statement):
        context.asked += following.both_sides(statement, place.position)
        is_given = True
    return (
        "given" if is_given or supposing.is_supposed(place, context.document, statement) else None
    )


def _is_new_definition(
    context: Context,
    place: Place,
    statement: Statement,
    members: Sequence[Member],
    verdict: Verdict,
) -> bool:
    """Whether a formula for a name that has one is meant as another: then it holds from here on.

    Where one small change makes the two formulas equal it is the old one, written wrong.
    """
    first = 1 if len(members) > 2 and isinstance(members[1].expr, t.Apply) else 0  # of y = f(x) = …
    first = first if verdict.previous is members[first] else 0
    left, right = members[first].expr, members[first + 1].expr if len(members) > 1 else None
    pair = (verdict.previous, verdict.member)
    if verdict.link is None or any(a is not b for a, b in zip(pair, members[first:], strict=False)):
        return False
    is_unread = verdict.verdict == "unknown" and verdict.link.difference is None
    if is_unread or left is None or right is None:
        return False
    if links.is_number(right, place.world) or is_pi(right):
        return False
    made = definition_of(left, right, place.position, place.world.spelling, False)
    is_of_another = renewal.is_of_another_letter(place.world, left, right)
    if made is None or is_of_another or gradients.is_named(place.reader(), place.key_of(left)):
        return False
    if not place.code and renewal.is_derivative(place, place.key_of(left)):
        return False  # whatever a line says of it
    if renewal.is_contradicted(place, left, right, members[first + 2 :]):
        return False
    if not place.code and _is_repaired(context, place, statement, left, right, verdict.link):
        if not renewal.is_borne_out(place, made, _behind(context, place)):
            return False
    place.world.define(made)  # an assignment of a program says what a name is from there on
    return True


def _is_repaired(
    context: Context,
    place: Place,
    statement: Statement,
    left: t.Expr,
    right: t.Expr,
    link: Link,
) -> bool:
    others = context.others(statement)
    with effort.briefly():
        return find(Fault(place, context.document.text, left, right, link, others)).bend is not None


def _behind(context: Context, place: Place) -> list[tuple[int, Statement]]:
    """The statements of the problem behind a place."""
    ordinals = context.problem.ordinals
    return [(o, context.statements[o]) for o in ordinals if o > place.position]


def _judgement(
    context: Context, place: Place, statement: Statement, kind: str, verdict: Verdict
) -> Judgement:
    document = context.document
    span = start, end = written_span(document.text, statement.span)
    line, column = document.place(start)
    end_line, end_column = document.place(max(start, end - 1))
    chained = context.chains.get(place.position, list(statement.members))
    others = context.others(statement) if verdict.verdict == "wrong" else []
    written = Written(
        document.text, statement, document.regions[statement.region].latex, context.own_names
    )
    tried, explained = None, None
    anew = stepped.are_another_rule(place, document, statement, context.statements, verdict)
    for said in chain.faults(place, verdict) if not anew else ():
        if is_no_claim(place, document, statement, said, context.touched, context.statements):
            tried = tried or unexplained(written, said)
            continue
        told = message_of(place, written, said, chained, others)
        if is_believed(place, document, statement, said, told, context.statements):
            verdict, explained = said, with_cause(place, said, told)
            break
        tried = tried or told
    is_fault = explained is not None or verdict.verdict != "wrong"
    if anew:
        place.ledger.acquit(place.line)
        verdict, is_fault = replace(verdict, verdict="ok", note=chain.ARITHMETIC), True
    explained = explained or tried or message_of(place, written, verdict, chained, others)
    if not is_fault:
        place.ledger.acquit(place.line)
        verdict = replace(verdict, verdict="unknown")
        explained = doubtful(explained)
    if verdict.verdict == "ok":
        misfits.note_care(place, verdict.links)
        unclaimed.prove(place, document, statement, verdict)
    if verdict.verdict in ("wrong", "carried"):
        chain.remember(place, verdict)
        context.faults[place.position] = chain.root_of(place, verdict) or line
    return Judgement(
        line,
        column,
        end_line,
        end_column + 1,
        document.text[start:end],
        span,
        kind,
        verdict.verdict,
        explained.cause,
        explained.causes,
        explained.expected,
        explained.found,
        explained.from_line,
        explained.message,
        explained.counterexample,
        explained.repaired,
        written.latex,
        explained.derive,
    )
