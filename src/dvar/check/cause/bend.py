"""One small change of a formula: what a slip would be undone by."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dvar.read.worksheet import tree as t

Edit = tuple[t.Span, str]


@dataclass(frozen=True)
class Bend:
    """One change.

    Attributes:
        cause: the mistake it undoes.
        tree: the formula after it.
        edit: the same change in the text: a span and what stands there instead; None where it has no text.
        what: the change in words.
        sure: whether it hardly fits by chance.
        by_value: whether it was looked for by what is due; the usual slips are the likelier ones.
        is_coefficient: whether it only puts another number in place of one.
    """

    cause: str
    tree: t.Expr
    edit: Edit | None = None
    what: str = ""
    sure: bool = False
    by_value: bool = False
    is_coefficient: bool = False


_FONT = re.compile(r"\\[a-zA-Z]+\s*\{\s*$")


def written_span(text: str, span: t.Span) -> t.Span:
    r"""Where an expression stands with the fonts of its first and last names: ``\mathbf{W} \mathbf{x}``."""
    start, end = span
    depth = lowest = 0
    for sign in text[start:end]:
        depth += (sign == "{") - (sign == "}")
        lowest = min(lowest, depth)
    font = _FONT.search(text[max(0, start - 20) : start])
    if lowest < 0 and font is not None:
        start, depth = start - len(font.group()), depth + 1
    if depth > 0 and text[end : end + 1] == "}":
        end += 1
    return start, end


def source_of(text: str, tree: t.Expr) -> str:
    """An expression as written."""
    start, end = written_span(text, tree.span)
    return text[start:end]


def times(shown: str, tree: t.Expr, text: str) -> str:
    """A factor in front of an expression, written as the expression is: ``2 (a - y) b``, ``2 * (a - y) * b``."""
    source = source_of(text, tree)
    bare = not isinstance(tree, (t.Sum, t.Negative)) and not source.startswith("-")
    if not bare or (shown[-1:].isdigit() and source[:1].isdigit()):
        source = f"({source})"
    if "*" in source and "\\" not in source:  # as in programs
        return f"{shown} * {source}"
    return f"{shown}{source}" if shown.isdigit() else rf"{shown}\, {source}"


def summed_over(letter: str, tree: t.Expr, text: str) -> str:
    """The sum of an expression over an index."""
    source = source_of(text, tree)
    bare = not isinstance(tree, (t.Sum, t.Negative)) and not source.startswith("-")
    return rf"\sum_{letter} {source if bare else f'({source})'}"
