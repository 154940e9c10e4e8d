"""Updates: ``w := w - α ∂J/∂w``, and sums that a loop collects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from dvar.check.judge import descent, directions, links, stepped, strides
from dvar.check.judge.assignments import is_rescaled
from dvar.check.judge.chain import Place, Verdict, due_of, judge_chain, root_of
from dvar.check.judge.ledger import Doubt
from dvar.check.judge.links import Link
from dvar.check.judge.literal import printed_numbers, read_literal
from dvar.check.meaning import gradients, shares
from dvar.check.meaning.keys import Key, collected, sort
from dvar.check.meaning.values import NotUnderstood
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member, Statement
from dvar.read.worksheet.parts import places, rewritten, same_tree

ONE_OFF = 0.05
"""What differs by less of the largest difference differs by rounding."""
_COLLECTING = ("+=", "-=", "*=", "/=")


def judge_update(
    place: Place, statement: Statement, prose: str = "", others: Sequence[Statement] = ()
) -> Verdict:
    """Judge a step.

    Args:
        prose: the words around it; others: the statements of the document, whose steps go down or up.
    """
    members = list(statement.members)
    if any(m.relation in _COLLECTING for m in members):
        return _collected(place, members, others)
    if (odd := strides.out_of_step(place, members, others)) is not None:
        return Verdict(
            odd.verdict, members[1], members[0], odd, links=[(members[0], members[1], odd)]
        )
    if _is_told_again(place, members):
        return judge_chain(place, members, frozenset())
    before, after = members[0].expr, members[1].expr
    if before is not None and after is not None and is_rescaled(before, after):
        return Verdict("ok")
    if _is_of_more(place, members):
        return Verdict("ok")
    gathered = _gathered(place, members)
    if gathered is not None:
        return gathered
    printed = dict(place.ledger.printed)
    verdict = judge_chain(place, members, frozenset({1}), teaches=False)
    if verdict.verdict == "unknown":
        place.ledger.printed = printed  # a number is not to be compared with itself
        with stepped.recalling(place) as any_known:
            again = (
                judge_chain(place, members, frozenset({1}), teaches=False) if any_known else verdict
            )
        verdict = again if again.verdict in ("ok", "carried") or _is_one_off(again) else verdict
    step = _step(place, members, prose, others)
    if step is not None and verdict.verdict in ("ok", "unknown", "convention"):
        at = _member_of(members, step.minus)
        link = (members[0], members[1], step)
        verdict = Verdict(step.verdict, members[at], members[at - 1], step, links=[link])
    if step is None and verdict.verdict == "ok":
        verdict = directions.judged(place, members, others, prose) or verdict
    _take_over(place, members, verdict)
    if verdict.verdict == "ok":
        stepped.remember(place, members)
    return verdict


def _member_of(members: Sequence[Member], gaps: Sequence[t.Span]) -> int:
    """Which member of a step some gaps are in; the first behind the name where there are none."""
    spans = [m.span for m in members]
    found = (k for k, (a, b) in enumerate(spans) if k and any(a <= g[0] < b for g in gaps))
    return next(found, 1)


def _is_one_off(verdict: Verdict) -> bool:
    """Whether an array of new values is right but for one of them: it is the step that is meant."""
    numbers = verdict.link.numbers if verdict.link is not None else None
    if verdict.verdict != "wrong" or numbers is None or numbers[0].shape != numbers[1].shape:
        return False
    off = np.abs((numbers[0] - numbers[1]).astype(float)).ravel()
    return off.size > 2 and int(np.sum(off > ONE_OFF * np.max(off))) == 1


def _is_told_again(place: Place, members: Sequence[Member]) -> bool:
    """``q = q + p = 1 + 2`` behind ``q = a + p``: the formula of q with another name in it, and no new value."""
    left, right, *rest = (m.expr for m in members)
    if not isinstance(left, t.Symbol) or members[1].relation != "=" or place.code:
        return False
    if not rest or rest[0] is None or not links.is_number(rest[0], place.world):
        return False  # of two rules for steps each has its own
    found = place.world.find(sort(left, place.world.spelling, {}).key, place.position)
    if found is None or found[0].numeric or found[0].position >= place.position:
        return False
    names = (x for x in places(found[0].value) if isinstance(x[0], t.Symbol))
    return any(same_tree(rebuild(left), right) for name, rebuild in names if name != left)


def _gathered(place: Place, members: Sequence[Member]) -> Verdict | None:
    """``\\bar v = \\bar v + …``: what is added is what one more result sends back to v."""
    left, right = members[0].expr, members[1].expr
    if not isinstance(right, t.Sum):
        return None
    rest = [(x, s) for x, s in zip(right.terms, right.signs, strict=True) if not same_tree(x, left)]
    if not rest:
        return None
    added = t.Sum(tuple(x for x, _ in rest), tuple(s for _, s in rest), right.span)
    if isinstance(left, t.Derivative) and not place.code:
        return _from_here(place, members, left, added)
    if not isinstance(left, t.Symbol):
        return None
    key = sort(left, place.world.spelling, {}).key
    steps = place.world.steps_of(collected(left, place.world.spelling), place.position)
    if not steps or not gradients.is_named(place.reader(), key):
        return None
    envs = links.assignments(place.world, [added], place.conditions, place.position)
    link = links.as_functions(place.world, steps[0] - 1, left, added, envs, code=place.code)
    if link.verdict not in ("ok", "convention"):
        return Verdict(
            link.verdict, members[1], members[0], link, links=[(members[0], members[1], link)]
        )
    is_last = place.position >= steps[-1]
    numbers = [
        m for m in members[2:] if m.expr is not None and links.is_number(m.expr, place.world)
    ]
    chain = [members[0], *numbers] if is_last else numbers
    return judge_chain(place, chain, frozenset()) if len(chain) > 1 else Verdict("ok")


def _from_here(
    place: Place, members: Sequence[Member], left: t.Derivative, added: t.Expr
) -> Verdict:
    """``dL/dh_t = dL/dz_t dz_t/dh_t + dL/dh_t``: beside what this step sends back stands what arrives from the next."""
    envs = links.assignments(place.world, [left, added], place.conditions, place.position)
    link = links.as_functions(place.world, place.position, left, added, envs)
    if link.verdict not in ("ok", "convention"):
        link = Link("unknown", "which of the shares of a gradient is meant")
    return Verdict(link.verdict, members[1], members[0], link)


def _is_of_more(place: Place, members: Sequence[Member]) -> bool:
    """``dW = dW + (λ/m) W``: from then on the gradient of a loss that has one more term."""
    world = place.world
    left, right = members[0].expr, members[1].expr
    if len(members) != 2 or not isinstance(left, t.Symbol) or right is None:
        return False
    target = gradients._target(place.reader(), sort(left, world.spelling, {}).key)
    if target is None or target.marks:
        return False
    wrt = replace(left, base=left.base.removeprefix("d"))
    envs = links.assignments(world, [right], place.conditions, place.position)
    for whole in _longer_losses(place):
        of = t.Derivative(t.Symbol(whole, left.span), (wrt,), "partial", left.span)
        link = links.as_functions(world, place.position, of, right, envs, code=place.code)
        if link.verdict in ("ok", "convention"):
            return True
    return False


def _longer_losses(place: Place) -> list[str]:
    """Names that are defined as a loss and something more."""
    world = place.world
    found = []
    for stem, definitions in world.definitions.items():
        for made in definitions:
            if made.position >= place.position or made.pattern.marks or made.pattern.indices:
                continue
            if not isinstance(made.value, t.Sum) or made.params:
                continue
            terms = [x for x in made.value.terms if isinstance(x, t.Symbol)]
            if any(sort(x, world.spelling, {}).key in world.loss_names for x in terms):
                found.append(stem)
    return found


def _step(
    place: Place, members: Sequence[Member], prose: str, others: Sequence[Statement]
) -> Link | None:
    """What is wrong with the direction of a step: up the gradient, or along that of another name."""
    left, right = members[0].expr, members[1].expr
    if not isinstance(left, t.Symbol) or not isinstance(right, t.Sum):
        return None
    named = descent.of_names(place, left, right, others, prose)
    if named is not None and named.why == descent.UPHILL:
        _doubt(place, right)
    return named or descent.of_numbers(place, members, others, prose)


def _doubt(place: Place, right: t.Sum) -> None:
    """Lines further on that step down are right of the rule that was meant."""
    meant = replace(right, signs=(right.signs[0], *(-sign for sign in right.signs[1:])))
    for known in place.world.definitions.values():
        for made in known:
            if made.position == place.position and not made.numeric:
                place.ledger.doubts.append(Doubt(made, place.line, [meant]))


def _take_over(place: Place, members: Sequence[Member], verdict: Verdict) -> None:
    """``w := …`` gives w its new value for what follows."""
    left, last = members[0].expr, members[-1].expr
    if not isinstance(left, t.Symbol) or last is None or not links.is_number(last, place.world):
        return
    key = sort(left, place.world.spelling, {}).key
    try:
        literal, _ = read_literal(place.reader(), last, place.ledger)
    except NotUnderstood:
        return
    place.learn(key, literal.value, literal.slack, is_update=True)
    root = root_of(place, verdict)
    if root is None:
        return
    place.ledger.err(key, root, due_of(verdict))
    before = place.ledger.former.get(key)
    if before is not None and before.shape == literal.value.shape:
        off = 2 * float(np.max(np.abs(literal.value - before), initial=0.0))
        for number in printed_numbers(last):
            place.ledger.note(number, off, root)


# ── sums that a loop collects ───────────────────────────────────────────────────────────────────


def _collected(place: Place, members: Sequence[Member], others: Sequence[Statement]) -> Verdict:
    """``dw += x^{(i)} dz^{(i)}``: what is added is the share of one example."""
    added = members[1]
    if added.relation != "+=" or members[0].expr is None or added.expr is None:
        return Verdict("ok")
    failed: Link | None = None
    due = members[0]
    for target, link in _against_shares(place, members):
        if link.verdict in ("ok", "convention"):
            return Verdict("ok")
        if link.verdict == "wrong" and failed is None:
            failed, due = link, replace(due, expr=target)
    if failed is None:
        return Verdict("ok")
    ratio = failed.difference.ratio if failed.difference is not None else None
    if ratio is not None and ratio > 0:
        # A mean may be divided here or behind the loop; nothing is doubled that is not doubled beside it.
        half = replace(added, expr=t.Quotient(added.expr, t.Number("2", added.span), added.span))
        siblings = (o.members for o in others if len(o.members) > 1 and o.members[1] is not added)
        if not (
            _is_share(place, [members[0], half]) and any(_is_share(place, s) for s in siblings)
        ):
            return Verdict("ok")
        failed = replace(failed, why="twice what one example adds", causes=("factor",))
    return Verdict("wrong", added, due, failed, links=[(due, added, failed)])


def _against_shares(place: Place, members: Sequence[Member]) -> Iterator[tuple[t.Expr, Link]]:
    left, right = members[0].expr, members[1].expr
    assert left is not None
    assert right is not None
    envs = links.assignments(place.world, [right], place.conditions, place.position)
    for target in _shares(place, left):
        yield (
            target,
            links.as_functions(place.world, place.position, target, right, envs, code=place.code),
        )


def _is_share(place: Place, members: Sequence[Member]) -> bool:
    """Whether a line of a loop adds just the share of one example."""
    if members[1].relation != "+=" or members[0].expr is None or members[1].expr is None:
        return False
    return any(link.verdict == "ok" for _, link in _against_shares(place, members))


def _shares(place: Place, left: t.Expr) -> list[t.Expr]:
    """What one example adds to a loss or to a gradient."""
    world = place.world
    if not isinstance(left, t.Symbol):
        return []
    key = sort(left, world.spelling, {}).key
    span = left.span
    singles = [
        k
        for k in world.loss_names
        if (found := world.find(k, place.position)) is not None
        and not found[0].numeric
        and not _is_mean(found[0].value)
    ]
    single = (t.Script("paren", t.Symbol("i", span), span),)
    names = [
        t.Symbol(k.stem, span, scripts=single) for k in singles if not k.marks and not k.indices
    ]
    names += [t.Symbol(k.stem, span) for k in singles if not k.marks and not k.indices]
    names += [
        replace(
            left, base=k.stem, accents=(), scripts=(t.Script("paren", t.Symbol("i", span), span),)
        )
        for k in singles
        if k.marks
    ]
    named: list[t.Expr] = [*_of_example(place, singles, single, span), *_summands(place), *names]
    if key in world.loss_names:
        return named
    target = gradients._target(place.reader(), key)
    if target is None:
        return []
    wrt = t.Symbol(target.stem, span, "", (), left.subscripts, ())
    return [t.Derivative(n, (wrt,), "partial", span) for n in named]


def _of_example(
    place: Place, losses: Sequence[Key], mark: tuple[t.Script, ...], span: t.Span
) -> Iterator[t.Expr]:
    """``L(a^{(i)}, y^{(i)})`` of a loss ``L(a, y) = …`` of one example."""
    for key in losses:
        found = place.world.find(key, place.position)
        if found is None or not found[0].params or key.marks or key.indices:
            continue
        args = [replace(p, scripts=mark) for p in found[0].params if isinstance(p, t.Symbol)]
        yield t.Apply(t.Symbol(key.stem, span), tuple(args), span)


def _summands(place: Place) -> Iterator[t.Expr]:
    """What one example adds to a mean over all: the sum without its sign and without 1/m."""
    count = shares.count_symbol(place.world)

    def one(part: object) -> t.Expr | None:
        if isinstance(part, t.Big) and part.name == "sum":
            return t.Group("(", (part.body,), part.span)
        if count is not None and isinstance(part, t.Symbol) and part.base == count.base:
            return t.Number("1", part.span)
        return None

    for key in sorted(place.world.loss_names, key=str):
        found = place.world.find(key, place.position)
        if found is None or found[0].numeric or found[0].position >= place.position:
            continue
        sums = [p for p in t.walk(found[0].value) if isinstance(p, t.Big)]
        if len(sums) == 1 and sums[0].indices == ("i",) and sums[0].condition is None:
            yield rewritten(found[0].value, one)


def _is_mean(tree: t.Expr) -> bool:
    return any(isinstance(p, t.Big) for p in t.walk(tree))
