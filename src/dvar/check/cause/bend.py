"""One small change of a formula: what a slip would be undone by."""

from __future__ import annotations

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
    """

    cause: str
    tree: t.Expr
    edit: Edit | None = None
    what: str = ""
    sure: bool = False


def source_of(text: str, tree: t.Expr) -> str:
    """An expression as written."""
    return text[tree.span[0] : tree.span[1]]
