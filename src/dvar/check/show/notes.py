"""What is to be said of an equation, as HTML: the mark beside it and the note below it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from dvar.check.report import Judgement
from dvar.check.show.macros import Macros, expanded
from dvar.check.show.mathml import to_mathml
from dvar.check.show.places import harmless, visible
from dvar.check.show.words import MARKS, explanation, reason
from dvar.core.errors import DvarError

NOTED = ("wrong", "carried", "up-to-constant", "unknown", "convention")
"""Verdicts of equations about which there is something to say."""

# Python's signs: no LaTeX.
_CODE = re.compile(r"\*\*|@|\.T\b|==")


def has_note(judgement: Judgement) -> bool:
    return judgement.is_fault or (judgement.verdict in NOTED and bool(judgement.message))


def mark(judgement: Judgement, number: int, *, short: bool) -> str:
    """Sign and word; of what is right the sign alone where there is no room."""
    sign = MARKS[judgement.verdict]
    if not sign.sign:
        return ""
    word = f'<span class="word"> {escape(sign.word)}</span>'
    if short and judgement.verdict in ("given", "definition"):
        return ""
    quiet = " quiet" if short and not judgement.is_fault and judgement.verdict != "unknown" else ""
    body = f'<span aria-hidden="true">{sign.sign}</span>{word}'
    if has_note(judgement):
        return f'<a class="mark{quiet}" href="#note-{number}">{body}</a>'
    return f'<span class="mark{quiet}" title="{escape(sign.word)}">{body}</span>'


def note(judgement: Judgement, number: int, following: int | None, macros: Macros) -> str:
    """A box that opens; of a mistake it is open.

    Args:
        number: of the equation on the page.
        following: number of the next fault.
    """
    sign = MARKS[judgement.verdict]
    is_open = " open" if judgement.verdict in ("wrong", "up-to-constant") else ""
    title = f"Line {judgement.line}: {_outcome(judgement)}"
    facts = "".join(
        f"<dt>{escape(name)}</dt><dd>{value}</dd>" for name, value in _facts(judgement, macros)
    )
    rest = f"<dl>{facts}</dl>" if facts else ""
    onward = ""
    if judgement.is_fault and following is not None:
        onward = f'<p class="onward"><a href="#eq-{following}">next mistake ↓</a></p>'
    # The name is that of what is inside, so that going there opens the box.
    return (
        f'<details class="note {judgement.verdict}"{is_open}><summary>'
        f'<span aria-hidden="true">{sign.sign}</span> {escape(title)}</summary>'
        f'<div id="note-{number}"><p>{_said(explanation(judgement))}</p>'
        f"{rest}{_derivation(judgement)}{onward}</div></details>\n"
    )


def _outcome(judgement: Judgement) -> str:
    word = MARKS[judgement.verdict].word
    if judgement.verdict == "carried" and judgement.from_line is not None:
        return f"{word} from line {judgement.from_line}"
    cause = reason(judgement) if judgement.is_fault else ""
    return f"{word}, {cause}" if cause else word


def _facts(judgement: Judgement, macros: Macros) -> Iterator[tuple[str, str]]:
    if judgement.found and judgement.is_fault:
        yield "written", formula(judgement.found, judgement.latex, macros)
    if judgement.expected:
        yield "expected", _given(judgement.expected, judgement, macros)
    if judgement.counterexample:
        yield "example", _said(judgement.counterexample)
    if judgement.repaired:
        shown = _given(judgement.repaired, judgement, macros)
        source = f"<code>{escape(harmless(judgement.repaired))}</code>"
        yield "repaired", source if shown.startswith("<code") else f"{shown}<br>{source}"


def _given(text: str, judgement: Judgement, macros: Macros) -> str:
    """A formula of ours, which may be text although the document is LaTeX."""
    return formula(text, judgement.latex and not _CODE.search(text), macros)


def _said(text: str) -> str:
    """A sentence, without characters that would act on the reader's screen."""
    return escape(visible(text))


def _derivation(judgement: Judgement) -> str:
    if judgement.verdict != "wrong" or judgement.derive is None:
        return ""
    try:
        derived = judgement.derive()
    except DvarError:
        return ""
    return (
        '<details class="derivation"><summary>How it is derived</summary>'
        f'<pre tabindex="0">{escape(harmless(derived))}</pre></details>'
    )


def formula(source: str, latex: bool, macros: Macros, *, display: bool = False) -> str:
    """Set, if it is LaTeX that can be set; else as it is written."""
    source = harmless(source)
    shown = to_mathml(expanded(source, macros), display) if latex else None
    return shown or f"<code>{escape(source)}</code>"
