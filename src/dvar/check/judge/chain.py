"""A statement judged: every link of its chain, and what its numbers say for later ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from dvar.check.judge import learning, links, numbers, opening, step
from dvar.check.judge.carrying import Mistake
from dvar.check.judge.conditions import SIGNS, names_a_step
from dvar.check.judge.links import GIVEN, Link
from dvar.check.judge.literal import is_zero, numbers_in
from dvar.check.judge.place import Place
from dvar.check.meaning import aligning
from dvar.check.meaning.keys import Key, sort, stem_of
from dvar.core.op import Array
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member

_NUMERIC = frozenset({"=", "approx", "equiv", "implies", "is", "==", "iff", ":=", ""})
FAULTS = 2
"""So many more wrong links of a statement are looked at where the first one is not beyond doubt."""
BRIDGED = "a member in between was not understood"
ARITHMETIC = "the arithmetic is right; what the numbers stand for is not known"
VANISHES = "the formula is right; that it is zero is a condition"
_SEVERITY = ("wrong", "carried", "up-to-constant", "unknown", "convention", "ok")


@dataclass
class Verdict:
    """What is to be said of a statement.

    Attributes:
        verdict: the worst of its links.
        member: the member at fault.
        link: its link.
        note: a remark for people.
    """

    verdict: str
    member: Member | None = None
    previous: Member | None = None
    link: Link | None = None
    note: str = ""
    links: list[tuple[Member, Member, Link]] = field(default_factory=list)

    @property
    def is_met(self) -> bool:
        """Whether it is an equation that holds where a gradient vanishes: what follows may rest on it."""
        return any(link.why.startswith(links.MET) for *_, link in self.links)


def judge_chain(
    place: Place,
    members: Sequence[Member],
    skip: frozenset[int],
    start: int = 1,
    teaches: bool = True,
) -> Verdict:
    """Judge the links of a chain.

    Args:
        members: the whole chain; what precedes ``start`` was said before and is not judged again.
        skip: members whose link is a definition.
        teaches: whether numbers in such a link are given for the name.
    """
    trees = [m.expr for m in members if m.expr is not None]
    place.world.conditions = place.conditions
    envs = links.assignments(place.world, trees, place.conditions, place.position)
    if not envs:
        return Verdict(
            "unknown", members[-1], None, Link("unknown", "no index satisfies the conditions")
        )
    verdict = Verdict("ok")
    subject = members[0]
    last: Member | None = None
    defined: Key | None = None
    for n, member in enumerate(members):
        if member.expr is None:
            is_unread = start == 1 and bool(member.problem)
            if (n >= start or is_unread) and not member.is_blank:
                _note(
                    verdict,
                    last or member,
                    member,
                    Link("unknown", member.problem or "nothing stands here"),
                )
            continue
        if last is None or n < start or n in skip or member.relation not in _NUMERIC:
            if n in skip and last is not None and teaches:
                defined = learning.definition(place, last, member, members) or defined
            last = member
            continue
        link = step.judge_link(place, subject, last, member, envs)
        goes_on = n == start > 1  # in a row of its own
        is_open = goes_on or link.numbers is None or _is_wrong(place, verdict, last)
        is_off = link.verdict == "wrong" or link.why.endswith(step.STRANGE)
        if is_off and last is not subject and is_open:
            link = _right_again(place, subject, member, envs) or link
        if n + 1 < len(members) and _names_a_function(member, link):
            link = replace(link, verdict="unknown", why="which function this is")
        if _is_made_of(member, link):
            last = member
            continue
        _note(verdict, last, member, link)
        last = member
    # What is printed here must not be what the end of the chain is compared with.
    verdict = _bridged(place, members, verdict, envs)
    root = root_of(place, verdict)
    # What a step leads to is not what its name has been so far; 1.5 > 0 says what a number is compared with.
    equal = list(takewhile(lambda m: m.relation not in SIGNS, members))
    if not names_a_step(place.conditions, subject.expr):
        learning.printed(place, equal if teaches else equal[1:], root, envs, start)
    if defined is not None and root is not None:
        place.ledger.err(defined, root, due_of(verdict))
    return verdict


def _names_a_function(member: Member, link: Link) -> bool:
    """``du/dv = g'(v) = cos v``: what stands in between names a function without a formula; what follows tells it."""
    return link.verdict == "wrong" and isinstance(member.expr, t.Apply) and links.opens_more(link)


def _is_made_of(member: Member, link: Link) -> bool:
    """``(1, 2, 1) → (0.25, 0.5, 0.25)``: an arrow between lists says what becomes of one, not that they are equal."""
    if member.relation != "implies" or link.verdict != "wrong" or link.numbers is None:
        return False
    return all(v.size > 1 for v in link.numbers)


def _right_again(
    place: Place, subject: Member, member: Member, envs: Sequence[dict[str, int]]
) -> Link | None:
    """A member that is what the chain is about, whatever stands between; None if it is not."""
    if subject.expr is None or place.is_only_given(subject.expr):
        return None
    link = step.judge_link(place, subject, subject, member, envs)
    held = link.verdict in ("ok", "convention") and link.why != GIVEN
    return replace(link, anew=True) if held else None


def _is_wrong(place: Place, verdict: Verdict, member: Member) -> bool:
    """Whether the link that leads to a formula is wrong; names and numbers are what they are whatever leads there."""
    tree = member.expr
    if tree is None or isinstance(tree, t.Symbol) or links.is_number(tree, place.world):
        return False
    return any(m is member and link.verdict == "wrong" for _, m, link in verdict.links)


def remember(place: Place, verdict: Verdict) -> None:
    """What a wrong line makes of a quantity, for lines that go on with it."""
    root = root_of(place, verdict)
    first = verdict.links[0][0].expr if verdict.links else None
    for _, member, link in verdict.links:
        if link.verdict not in ("wrong", "carried") or link.left is None or root is None:
            continue
        if link.numbers is None and first is not None and member.expr is not None:
            place.ledger.formulas.append((first, member.expr, root))
        wrong = link.numbers[1] if link.numbers is not None else link.right
        if wrong is not None:
            place.ledger.mistakes.append(Mistake(link.left, wrong, root))


def root_of(place: Place, verdict: Verdict) -> int | None:
    """The line of the mistake that a statement makes or carries on."""
    root: int | None = None
    for _, _, link in verdict.links:
        if link.verdict == "wrong":
            root = place.line
        elif link.verdict == "carried" and root is None and link.roots:
            root = link.roots[0]
    return root


def due_of(verdict: Verdict) -> Array | None:
    """The number that a line with a wrong one should come to."""
    link = verdict.link
    if verdict.verdict != "wrong" or link is None or link.numbers is None:
        return None
    due, written = link.numbers
    return due if due.shape == written.shape else None


def faults(place: Place, verdict: Verdict) -> list[Verdict]:
    """A wrong statement with each of its wrong links as the one at fault, the first one first."""
    if verdict.verdict != "wrong":
        return []
    others = [
        replace(verdict, previous=before, member=member, link=link)
        for before, member, link in verdict.links
        if link.verdict == "wrong"
        and link is not verdict.link
        and not _is_wrong(place, verdict, before)  # where it is that one it need not be this one
    ]
    return [verdict, *others[:FAULTS]]


def _note(verdict: Verdict, before: Member, member: Member, link: Link) -> None:
    verdict.links.append((before, member, link))
    if _SEVERITY.index(link.verdict) < _SEVERITY.index(verdict.verdict):
        verdict.verdict = link.verdict
        verdict.member, verdict.previous, verdict.link = member, before, link
    elif link.verdict == verdict.verdict and verdict.link is None:
        verdict.member, verdict.previous, verdict.link = member, before, link


def _bridged(
    place: Place,
    members: Sequence[Member],
    verdict: Verdict,
    envs: Sequence[dict[str, int]],
) -> Verdict:
    """Where a member in the middle is not understood, what stands before it is compared with the end."""
    if verdict.verdict != "unknown" or len(members) < 3 or members[-1].expr is None:
        return verdict
    if _only_numbers_unknown(place, verdict):
        if any(_is_contradicted(place, link, envs) for link in verdict.links):
            return verdict
        note = VANISHES if _is_asked_to_vanish(verdict) else ARITHMETIC
        return _carrying(place, verdict) or Verdict("ok", note=note, links=verdict.links)
    anchor: Member | None = None
    for before, _, link in verdict.links:
        anchor = before
        if link.verdict == "unknown":
            if link.why.endswith(step.STRANGE):
                return verdict  # a name of its own may well be a slip
            break
    if anchor is None or anchor.expr is None or anchor is members[-2]:
        return verdict
    if is_zero(members[-1].expr):
        return verdict  # what is set to zero says nothing of what is set so
    if _is_of_open_function(place, verdict):
        return verdict
    link = step.judge_link(place, members[0], anchor, members[-1], envs)
    if link.verdict in ("ok", "convention"):
        return Verdict("ok", note=BRIDGED, links=verdict.links)
    if link.verdict in ("wrong", "carried"):
        return Verdict(link.verdict, members[-1], anchor, link, links=[(anchor, members[-1], link)])
    return verdict


def _is_contradicted(
    place: Place, told: tuple[Member, Member, Link], envs: Sequence[dict[str, int]]
) -> bool:
    """``X W + b_2 = [1, 2] [[…]] + [0.1, 0.2]``, which is not understood, where b_2 is 0.3."""
    before, member, found = told
    if found.verdict != "unknown" or before.expr is None or member.expr is None:
        return False
    pairs = aligning.put_in(before.expr, member.expr) or []
    return any(_is_another_number(place, name, value, envs) for name, value in pairs)


def _is_another_number(
    place: Place, name: t.Symbol, value: t.Expr, envs: Sequence[dict[str, int]]
) -> bool:
    """Whether what is put in for a name is not what was given for it; a single number may be that of all entries."""
    single = place.ledger.given_by_key.get(sort(name, place.world.spelling, {}).key)
    if single is not None and single.size == 1:
        shown = {float(n.value) for n in numbers_in(value)}
        return len(shown) > 1 and float(abs(single.flat[0])) not in shown
    return numbers.with_numbers(place, name, value, envs).verdict == "wrong"


def _is_of_open_function(place: Place, verdict: Verdict) -> bool:
    """``y_3 = F(a_1) = 1/(1 + e^{-0.2}) = 0.55``: the arithmetic is right, and what F is applied to is said here."""
    unread = [m.expr for _, m, link in verdict.links if link.verdict == "unknown"]
    applied = (x for x in unread if isinstance(x, t.Apply) and not x.primes + x.head.primes)
    known = place.world.definitions
    is_open = any(x.args and not known.get(stem_of(x.head)) for x in applied)
    last = verdict.links[-1][-1]
    return is_open and last.verdict == "ok" and last.numbers is not None


def _is_asked_to_vanish(verdict: Verdict) -> bool:
    """``∂L/∂x = 2x - λ = 0``: all that is not understood is that something is zero."""
    open_ = [member for _, member, link in verdict.links if link.verdict == "unknown"]
    return all(is_zero(member.expr) for member in open_)


def _carrying(place: Place, verdict: Verdict) -> Verdict | None:
    """Right arithmetic of unknown names that goes on with a wrong number."""
    for n, (before, member, link) in enumerate(verdict.links):
        if before.expr is None or link.verdict != "ok" or not link.roots:
            continue
        if roots := opening.roots_in(place, before.expr):
            carried = replace(link, verdict="carried", roots=roots)
            told = [*verdict.links[:n], (before, member, carried), *verdict.links[n + 1 :]]
            return Verdict("carried", member, before, carried, links=told)
    return None


def _only_numbers_unknown(place: Place, verdict: Verdict) -> bool:
    """Whether all that is not understood is where numbers are put in for names, and the rest is right."""
    right = 0
    for before, member, link in verdict.links:
        if link.verdict != "unknown":
            right += 1
            continue
        if before.expr is None or member.expr is None:
            return False
        if links.is_number(before.expr, place.world) or not links.is_number(
            member.expr, place.world
        ):
            return False
    return right > 0


__all__ = ["Place", "Verdict", "faults", "judge_chain", "remember", "root_of"]
