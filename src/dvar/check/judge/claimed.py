"""Derivatives that are claimed in words: "the derivative of L with respect to w is 2x(wx - y)".

The words name what is differentiated and by what, the formula behind them says what it comes to; together they
are an equation like any other.  What else is said of the formula ("if", "at", "proportional to") leaves it alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from dvar.check.judge.literal import is_plain
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Member, Statement

_ORDER = r"(?P<order>second )?"
_KIND = r"(?:partial |total |local )?(?:derivative|partial|gradient|slope)"
_NOUN = r"(?:(?:the|our|its|this|each|any|an?) )?(?:[\w-]+ ){0,3}"
_BY = r"(?:with respect to|with regard to|w\.? ?r\.? ?t\.?)"
_IS = (
    r" ?,?(?: is| are| equals| becomes| gives| yields| we (?:get|obtain|have)| comes out as| works out to| to be| as|:)"
    r"(?:,? (?:then|thus|therefore|hence|so|just|simply|also|now|again|exactly|equal to|given by))*:? ?"
)
_OF_BY = re.compile(
    rf"\b{_ORDER}{_KIND} of {_NOUN}(?P<of>\$) ?,? {_BY} {_NOUN}(?P<by>\$){_IS}$", re.IGNORECASE
)
_DIFFERENTIATED = re.compile(
    rf"\b{_ORDER}differentiat(?:e|ing|ed) {_NOUN}(?P<of>\$) ?,? {_BY} {_NOUN}(?P<by>\$){_IS}$",
    re.IGNORECASE,
)
_OF = re.compile(rf"\b{_ORDER}{_KIND} of {_NOUN}(?P<of>\$){_IS}$", re.IGNORECASE)
_BY_ALONE = re.compile(
    rf"\b{_ORDER}{_KIND}(?: of the (?:loss|cost|error|objective)(?: function)?)? {_BY} {_NOUN}(?P<by>\$){_IS}$",
    re.IGNORECASE,
)
_LOSSES = ("L", "J", "E", "C", "loss", "cost")
_ITS = re.compile(
    rf"(?P<of>\$) ?[,;:.]? (?:and|then|so|here|where)?,? ?(?:its|the) {_ORDER}{_KIND}(?: {_BY} {_NOUN}(?P<by>\$))?{_IS}$",
    re.IGNORECASE,
)
_SAME = re.compile(
    r"(?P<of>\$) (?:is|equals|becomes|as)(?: (?:then|thus|just|simply|also|equal to|given by))* ?$",
    re.IGNORECASE,
)
_ON_CONDITION = re.compile(
    r"\b(if|when|whenever|unless|until|assum\w+|suppos\w+|provided|such that|case)\b", re.IGNORECASE
)
_AT = re.compile(r"\b(at|when|for|where|evaluated|point)\b", re.IGNORECASE)
_GOES_ON = re.compile(
    r"(?!.*\brespectively\b)\s*($|[.;!)]|,\s*(and|which|where|while|so|because|since|as|but)\b|"
    r"(and|while|since|because|so|which)\b)"
)
"""What may stand behind a formula that has been told in full."""


def in_words(
    document: Document, found: Sequence[Statement], statement: Statement
) -> Statement | None:
    """The statement with what its words say it is equal to in front; None if they say nothing of the kind."""
    first = statement.members[0]
    region = document.regions[statement.region]
    if first.relation or first.expr is None or region.cell is not None or region.is_program:
        return None
    if (
        isinstance(first.expr, t.Derivative | t.Shape | t.Relation)
        or statement.condition is not None
    ):
        return None
    if isinstance(first.expr, t.Symbol) and len(statement.members) > 1:
        return None  # a name that is explained, not the derivative itself
    if not region.before or not _GOES_ON.match(region.after):
        return None
    subject = _subject(document, found, statement, region.before)
    if subject is None or (is_plain(first.expr) and _AT.search(region.before)):
        return None
    members = (
        Member("", subject, first.span),
        replace(first, relation="="),
        *statement.members[1:],
    )
    return replace(statement, members=members)


def _subject(
    document: Document, found: Sequence[Statement], statement: Statement, words: str
) -> t.Expr | None:
    for pattern in (_OF_BY, _DIFFERENTIATED, _OF, _ITS, _BY_ALONE, _SAME):
        said = pattern.search(words)
        if said is None:
            continue
        names = said.groupdict()
        by = _before(document, found, statement, words, said, "by") if names.get("by") else None
        if pattern is _BY_ALONE:
            of = _differentiated_last(document, found, statement)
        else:
            of = _before(document, found, statement, words, said, "of")
        if of is None or (names.get("by") and not isinstance(by, t.Symbol)):
            return None
        if pattern is _SAME:
            return of if isinstance(of, t.Derivative) and not _ON_CONDITION.search(words) else None
        return _derivative(of, by, 2 if names.get("order") else 1, statement.members[0].span)
    return None


def _before(
    document: Document,
    found: Sequence[Statement],
    statement: Statement,
    words: str,
    said: re.Match[str],
    group: str,
) -> t.Expr | None:
    """The formula that a ``$`` of the words stands for."""
    region = statement.region - words.count("$", said.start(group))
    for before in reversed(found):
        if before.region <= region:
            break
    else:
        return None
    if before.region != region or before.members[0].relation:
        return None
    return before.members[0].expr


def _derivative(of: t.Expr, by: t.Expr | None, order: int, span: t.Span) -> t.Expr | None:
    if by is None and isinstance(of, t.Symbol) and not of.scripts:
        return replace(of, primes=of.primes + order, span=span)
    if by is None:
        names = {(x.base, x.subscripts): x for x in _names(of)}
        by = next(iter(names.values())) if len(names) == 1 else None
    if by is None or isinstance(of, t.Derivative):
        return None
    return t.Derivative(of, (by,) * order, "partial", span)


def _names(tree: t.Expr) -> Iterator[t.Symbol]:
    """The names that a formula is made of, without those of functions and of fixed numbers."""
    heads = {id(x.head) for x in t.walk(tree) if isinstance(x, t.Apply)}
    for part in t.walk(tree):
        if isinstance(part, t.Symbol) and id(part) not in heads and part.base not in ("e", "pi"):
            yield replace(part, scripts=tuple(s for s in part.scripts if not _is_power(s)))


def _is_power(script: t.Script) -> bool:
    return script.kind == "plain" and isinstance(script.value, t.Number)


def _differentiated_last(
    document: Document, found: Sequence[Statement], statement: Statement
) -> t.Expr | None:
    """What the section differentiates: "the gradient with respect to x" is that of the same loss."""
    section = document.regions[statement.region].section
    for before in reversed(found):
        if document.regions[before.region].section != section:
            return None
        match before.members[0].expr:
            case t.Derivative(of=t.Symbol() as loss):
                return loss
            case t.Symbol(base=base) as loss if base in _LOSSES and len(before.members) > 1:
                return loss
    return None
