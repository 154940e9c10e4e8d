"""What should stand where a line is wrong: the value or formula that is due, and the line with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from dvar.check.cause.bend import written_span
from dvar.check.cause.find import Found
from dvar.check.judge.chain import Place, Verdict
from dvar.check.judge.links import Link
from dvar.check.judge.own_names import Names
from dvar.check.meaning.points import is_stand_in
from dvar.check.meaning.values import Value, node_of, sizes, squeezed
from dvar.core.node import topological
from dvar.core.op import Array
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member, Statement

LONGEST = 120
"""A formula longer than this is not shown as what is expected."""
LARGEST = 60
"""Neither is one of more nodes than this."""


@dataclass(frozen=True)
class Written:
    """A statement as its document writes it.

    Attributes:
        text: the document.
        statement: the statement in it.
        latex: whether it is LaTeX.
        spelled: gives the document's own names; asked only where a formula is to be written.
    """

    text: str
    statement: Statement
    latex: bool
    spelled: Callable[[], Names] = field(repr=False)

    def between(self, start: int, end: int) -> str:
        """A part of the document in one line, with the fonts of its first and last names."""
        if start >= end:
            return ""
        return " ".join(self.text[slice(*written_span(self.text, (start, end)))].split())


def expected_of(
    place: Place, written: Written, link: Link, cause: Found, member: Member | None
) -> str | None:
    """What is due where a wrong member stands; None where what stands there is right, or it would be too long."""
    if cause.before is not None:
        return None  # what stands here is right
    if link.numbers is not None:
        return numbers_due(link)
    if member is not None and member.relation == "=" and _ends_steps(written.text, member):
        return None
    if member is not None and link.minus:
        return _with_minus(written.text, member.span, link.minus)
    if cause.bend is not None and cause.bend.edit is not None and member is not None:
        return _edited(written.text, member.span, cause.bend.edit)
    if link.left is not None:
        return _formula(place, written, link.left, link.env or {})
    return None


def repaired_of(
    written: Written, verdict: Verdict, cause: Found, expected: str | None
) -> str | None:
    """The equation as it should stand, up to what was wrong in it; what follows from that goes."""
    before, member = verdict.previous, verdict.member
    if before is None or member is None:
        return None
    start, end = written.statement.span
    if cause.before is not None and cause.before.edit is not None:
        mended = _edited(written.text, before.span, cause.before.edit)
        if not start <= before.span[0] < member.span[0]:
            return f"{mended} = {written.between(*member.span)}"
        first, last = written_span(written.text, before.span)
        return f"{written.between(start, first)} {mended} {written.between(last, end)}".strip()
    numbers = verdict.link.numbers if verdict.link is not None else None
    if numbers is not None and not _is_shown_whole(numbers[0]):
        return None
    if expected is None or before.span == member.span:
        return expected  # the same span: words say what it is equal to
    first, _ = written_span(written.text, member.span)
    return f"{written.between(start, first)} {expected}".strip()


def _ends_steps(text: str, member: Member) -> bool:
    """``dS /= N`` as the last of several steps that make one value: no line says all of it."""
    return re.search(r"[-+*/]=\s*$", text[max(0, member.span[0] - 4) : member.span[0]]) is not None


def _edited(text: str, span: t.Span, edit: tuple[t.Span, str]) -> str:
    (start, end), new = edit
    start, end = written_span(text, (start, end))  # what is put there brings its fonts along
    span = written_span(text, span)
    start, end = (
        max(start, span[0]),
        min(max(end, start), span[1]) if end > span[0] else max(end, start),
    )
    whole = text[span[0] : start] + new + text[end : span[1]]
    return " ".join(whole.split())


def _with_minus(text: str, span: t.Span, gaps: Sequence[t.Span]) -> str | None:
    """A part of the text with a minus in each of some gaps, for the plus where there is one; None where neither fits."""
    start, end = written_span(text, span)
    whole = text[start:end]
    for a, b in sorted(gaps, reverse=True):
        gap = text[a:b]
        if not start <= a <= b <= end or (gap.strip() and gap.count("+") != 1):
            return None
        minus = gap.replace("+", "-") if gap.strip() else " - "
        whole = whole[: a - start].rstrip() + minus + whole[b - start :].lstrip()
    return " ".join(whole.split())


# ── numbers ─────────────────────────────────────────────────────────────────────────────────────


def numbers_due(link: Link) -> str | None:
    """The number that is due, with as many digits as it takes to see that another one is written."""
    return told_apart(*link.numbers)[0] if link.numbers is not None else None


def told_apart(due: Array, written: Array) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to see the difference."""
    for digits in (6, 9, 12):
        texts = shown(due, digits), shown(written, digits)
        if texts[0] != texts[1]:
            break
    return texts


def shown(value: Array, digits: int = 6) -> str:
    array = np.asarray(value, dtype=float)
    if array.ndim == 0:
        return f"{float(array):.{digits}g}"
    if not _is_shown_whole(array):
        return f"an array of {'×'.join(map(str, array.shape))}"
    rounded = [[float(f"{x:.5g}") for x in row] for row in np.atleast_2d(array).tolist()]
    inner = [", ".join(f"{x:g}" for x in row) for row in rounded]
    if array.ndim == 1 or array.shape[0] == 1:
        return f"[{inner[0]}]"
    return "[" + "; ".join(inner) + "]"


def _is_shown_whole(array: Array) -> bool:
    return np.size(array) <= 12 and np.ndim(array) <= 2


# ── formulas ────────────────────────────────────────────────────────────────────────────────────


def _formula(place: Place, written: Written, value: Value, env: Mapping[str, int]) -> str | None:
    """A value as a formula in the document's names; None if it is too long to help, or nobody writes so."""
    from dvar.derive.tidy import tidy
    from dvar.write.names import latex_name
    from dvar.write.notation import text, typeset

    node = node_of(value)
    while node.op.name == "reshape" and squeezed(sizes(node)) == squeezed(sizes(node.inputs[0])):
        node = node.inputs[0]
    with place.world.unchanged():  # reading a name may settle what it is
        labels = written.spelled().labels(place, env, written.latex)
    if not env:  # entries that index letters were put for are none of the general case
        keys = place.world.keys | {n: k for n, k in place.world.named.items() if n.inputs}
        spelled = latex_name if written.latex else str
        labels = {n: spelled(str(key)) for n, key in keys.items()} | labels
    if len(topological([node], set(labels))) > LARGEST:
        return None
    try:
        tidied = tidy(node, labels)
        parts = topological([tidied], set(labels))
        if any(part.op.name == "scatter_add" or is_stand_in(part) for part in parts):
            return None
        if env and any(p.op.name in ("variable", "getitem") and p not in labels for p in parts):
            return None
        formula = (typeset if written.latex else text)(tidied, labels)
    except Exception:
        return None
    return formula if len(formula) <= LONGEST else None


__all__ = ["Written", "expected_of", "numbers_due", "repaired_of", "shown", "told_apart"]
