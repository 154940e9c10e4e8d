"""Statements that begin with ``=``: the chain that they go on from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from dvar.check.judge import headers, links
from dvar.check.judge.chain import Verdict
from dvar.check.judge.literal import is_numeric, is_plain
from dvar.check.judge.place import Place
from dvar.check.judge.step import judge_link
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Member, Statement
from dvar.read.worksheet.parts import same_tree

_OPERATION = re.compile(r"[\w)\]]\s*[·*/×÷+]\s*[\w(\[]")
_WORD = re.compile(r"(?<!\\)\b[^\W\d_]{3,}")
_NEXT = re.compile(r"[.;]\s|\n\s*\n")
"""The end of a sentence or a paragraph."""
_OTHER = re.compile(
    r",[\w\s]*\b(?:errors?|ratio|difference|deviation|gap)[\s$`\\(]*$", re.IGNORECASE
)
"""A noun of its own in front: "the value is 1.1, error ≈ 0.005"."""
_ITEM = re.compile(r"\n[ \t]*(?:[-*+]|\d+[.)])[ \t]+([^\n]*)$")
"""The next item of a list, up to an equation in its first line."""
_ALTERNATIVE = re.compile(r"[ \t]+(?:for|in|on|at|when) [a-z]{3,}")
"""Words behind a value that say for which of several cases it is."""
_REASONS = frozenset(["since", "because", "as", "by", "using", "where", "with", "from", "recall"])
"""Words in front of an equation that tells why the one before it holds."""
_CODE_BEFORE = re.compile(r"[\w)\]]\s*#\s*$")


_NAMED_IN_WORDS = re.compile(r"\\text(?:rm|bf|it)?\s*\{[^{}]*\}\s*$")
"""``\\text{"e"} = (0, 1)``: something stands in front of the equation, though no formula."""


def joined(
    document: Document,
    statements: Sequence[Statement],
    previous: int | None,
    ordinal: int,
    chains: Mapping[int, Sequence[Member]],
) -> tuple[int, list[Member]]:
    """A statement with the chain before it, of a long one its ends; and how much was said before.

    Where it goes on from something else, or from nothing that was read, its first member opens a chain.
    """
    statement = statements[ordinal]
    first, *rest = statement.members
    while previous is not None and (
        _is_aside(document.text, statements[previous])
        or _is_reason(document.text, statements, previous)
    ):
        previous = max((k for k in chains if k < previous), default=None)
    members = chains.get(previous) if previous is not None else None
    if previous is None or not members:
        return 1, [replace(first, relation=""), *rest]
    last = statements[previous]
    if not headers.goes_on(document, last, statement) or _is_apart(document, last, statement):
        return 1, [replace(first, relation=""), *rest]
    before = [members[0], *members[-2:]] if len(members) > 3 else members
    return len(before), [*before, first, *rest]


def _is_apart(document: Document, last: Statement, statement: Statement) -> bool:
    """Whether what stands between the two, or behind them, says that they are about different things."""
    text = document.text
    if all(_ALTERNATIVE.match(text, s.span[1]) for s in (last, statement)):
        return True
    if _NAMED_IN_WORDS.search(text[last.span[1] : statement.span[0]]):
        return True
    inline = document.regions[statement.region].kind == "inline" and not _is_alone(text, statement)
    between = text[last.span[1] : statement.span[0]]
    if inline and _NEXT.search(between) and len(_WORD.findall(between)) > 1:
        return True
    if inline and _OTHER.search(between):
        return True
    if inline and (item := _ITEM.search(between)) and _WORD.search(item.group(1)):
        return True
    return _is_below_another(text, last, statement)


def _is_alone(text: str, statement: Statement) -> bool:
    """Whether nothing else stands in its lines: a formula between dollars may be set apart by itself."""
    start, end = statement.span
    before = text[text.rfind("\n", 0, start) + 1 : start]
    behind = text[end:].partition("\n")[0]
    return not (before.strip(" \t$`") or behind.strip(" \t$`.,;"))


def _is_aside(text: str, statement: Statement) -> bool:
    """Whether an equation stands in brackets behind another one: ``u = a v   (with a = 2)``."""
    start = statement.span[0]
    before = text[text.rfind("\n", 0, start) + 1 : start]
    return before.count("(") > before.count(")") and "=" in before


def _is_reason(text: str, statements: Sequence[Statement], ordinal: int) -> bool:
    """Whether an equation tells in its row why another one holds: ``= 6 + a  && \\text{since } c = 6``."""
    here, before = statements[ordinal], statements[ordinal - 1]
    said = here.words.lower().split()[:1]
    if ordinal == 0 or here.members[0].relation or before.region != here.region:
        return False
    if re.search(r"\\\\|\n", text[before.span[1] : here.span[0]]):
        return False
    if said == ["and"]:  # a second reason
        return _is_reason(text, statements, ordinal - 1)
    return bool(_REASONS.intersection(said))


def _is_below_another(text: str, last: Statement, statement: Statement) -> bool:
    """Whether a formula that was not read stands in the line above: ``2 · (true / all)``."""
    between = text[last.span[1] : statement.span[0]]
    if between.strip() == ":":
        return True  # at x = 2: = 3 + …
    *lines, own = between.split("\n")
    if lines and _CODE_BEFORE.search(own):
        return True  # the comment of another statement
    return len(lines) > 1 and not own.strip() and _OPERATION.search(lines[-1]) is not None


def as_before(
    place: Place,
    last: Statement | None,
    statement: Statement,
    verdict: Verdict,
    right: Sequence[Sequence[Member]],
) -> Verdict:
    """The verdict for a number that was found before.

    ``g = -0.35`` behind ``g = -0.7 / 2`` is right where that comes to it.  A derivative told once more, when
    names have got new values ("Answer: ∂L/∂w = -0.5"), is what it was at those of before.

    Args:
        place, statement: what is judged; last: the statement before it.
        verdict: for it, by itself.
        right: the chains of earlier statements that are not wrong.
    """
    if verdict.verdict == "wrong" and last is not None and _comes_out(place, last, statement):
        return Verdict("ok", note="what the line before comes to", links=verdict.links)
    if verdict.verdict == "wrong" and any(_is_same_result(statement, m) for m in right):
        return Verdict("ok", note="what was found before", links=verdict.links)
    return verdict


def _is_same_result(statement: Statement, before: Sequence[Member]) -> bool:
    """Whether a derivative has a number that it had at the end of an earlier chain."""
    first, last = statement.members[0].expr, statement.members[-1].expr
    if len(statement.members) != 2 or not isinstance(first, t.Derivative) or len(before) < 2:
        return False
    if last is None or not is_plain(last):
        return False
    return same_tree(first, before[0].expr) and same_tree(last, before[-1].expr)


def _comes_out(place: Place, last: Statement, statement: Statement) -> bool:
    if len(statement.members) != 2 or len(last.members) < 2:
        return False
    (first, number), before = statement.members, last.members[-1]
    if not same_tree(first.expr, last.members[0].expr) or number.expr is None:
        return False
    if before.expr is None or not is_plain(number.expr) or is_plain(before.expr):
        return False
    numeric = is_numeric(before.expr, lambda name: False)
    return numeric and judge_link(place, before, before, number, [{}]).verdict == "ok"


def gathered(place: Place, members: Sequence[Member], verdict: Verdict) -> Verdict:
    """``g += x y`` and ``= 5`` behind it: what is added, or what g has come to by then."""
    if verdict.verdict != "wrong" or not any(m.relation == "+=" for m in members[1:]):
        return verdict
    first, last = members[0], members[-1]
    trees = [x.expr for x in (first, last) if x.expr is not None]
    envs = links.assignments(place.world, trees, place.conditions, place.position)
    link = judge_link(place, first, first, last, envs) if envs and len(trees) > 1 else None
    if link is None or link.verdict not in ("ok", "convention"):
        link = links.Link("unknown", "whether this is what is added or the sum so far")
    return Verdict(link.verdict, last, first, link, links=[(first, last, link)])


def went_on(place: Place, members: Sequence[Member], verdict: Verdict, root: int | None) -> Verdict:
    """``= …`` below a wrong line, whose line is ``root``: equal to it, and so as wrong as it is."""
    first, last = members[0], members[-1]
    if root is None or verdict.verdict != "ok" or first.expr is None or last.expr is None:
        return verdict
    envs = links.assignments(place.world, [first.expr, last.expr], place.conditions, place.position)
    link = judge_link(place, first, first, last, envs) if envs else None
    if link is None or link.verdict not in ("wrong", "carried"):
        return verdict
    carried = replace(link, verdict="carried", roots=(root,))
    return Verdict("carried", last, first, carried, links=[(first, last, carried)])
