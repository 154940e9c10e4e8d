"""What words between formulas say: "refer to this as δ", "is of shape n × m"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise, zip_longest

from dvar.check.judge import claimed, masks, rounds, told_gradients, tuples, worded
from dvar.check.judge.literal import is_plain
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Member, Statement
from dvar.read.worksheet.mathematics.lexicon import EMPTY
from dvar.read.worksheet.mathematics.statements import read_region
from dvar.read.worksheet.parts import same_tree

_NAMING = re.compile(
    r"\b(refer to|denot(?:e|ing)|call(?:ing)?|name|label|abbreviat(?:e|ing)|writ(?:e|ing))\b[^.]*\b(as|by)?\s*$",
    re.IGNORECASE,
)
_WRITING = re.compile(
    r"\b(writ(e|ing)|call(ing)?|abbreviat(e|ing)|denot(e|ing))[\s$`\\(]*$", re.IGNORECASE
)
_FOR_IT = re.compile(
    r"[\s$`\\)]*for (it|this|that|the (whole|last|above|right[- ]hand side|result))\b",
    re.IGNORECASE,
)
_CALL_IT = re.compile(
    r"\b(call|denote|abbreviate) (it|this|that|the result)( (by|as|simply))?[\s$`\\(]*$",
    re.IGNORECASE,
)
_THESE = re.compile(
    r"\b(vector|column|row|list|collection) of (these|those|all|its|the|such)\b[^.;:]{0,40}$",
    re.IGNORECASE,
)
_NEAR = 120
"""Characters between a formula and what its numbers are called."""
_STANDS_FOR = re.compile(
    r"^[\s$`]*(stands?|is (short|shorthand|an abbreviation|another name)|short) for[\s$`]*$|"
    r"^[\s$`]*(denotes?|means?|abbreviates|steht für|désigne|denota)[\s$`]*$",
    re.IGNORECASE,
)
_WRITE = re.compile(
    r"\b(write|writing|use|using|put|set|abbreviate)\s*(\$ for \$\s*(,|and|, and)\s*)*$",
    re.IGNORECASE,
)
_SHAPE = re.compile(r"\b(shape|dimensions?|size)\b[^.;]{0,20}$", re.IGNORECASE)


_OWN = re.compile(
    r"\b([A-Za-z](?:_\w|_\{\w+\})?)\s*['’]s (?:shape|size|dimensions?) (?:is|are)[\s$`]*$"
)
_CALLED = re.compile(r"(\w+)[\s$`*]*$")
_FOR = re.compile(r"[\s$`,(]*(for|with|where|if|when|für|bei|pour|para)[\s$`]*", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“„'‘](d_?[A-Za-z]\w*)[\"”“'’][\s$`*]*$")
"""A gradient by its name in a program, in quotes: "dz" = …"""
_GOING_ON = re.compile(
    r"thus|so|hence|gives?|giving|is|are|which|that|then|and|therefore|equals?|gets?|yields|as|with|to|or|"
    r"again|finally|simply|just|now|also|but|where|becomes|be|obtain|by|means|\w{1,2}",
    re.IGNORECASE,
)
"""Words that a chain goes on behind; any other word in front of a = names what is equal."""
_A_SCALAR = re.compile(
    r"\b(scalars?|real numbers?)( (variables?|parameters?|inputs?|values?|weights?|constants?))?[\s$`]*$",
    re.IGNORECASE,
)
_IS_SCALAR = re.compile(
    r"[\s$`]*(\\text\{\s*)?\b(is|being|denotes|=)( just| also| only| (an?|the) [\w -]{1,40} and is)?[ \n]+"
    r"(an? )?(single |real )?(scalar|real number)\b"
    r"(?! product| function| field|-)",
    re.IGNORECASE,
)
_IS_A = re.compile(
    r"[\s$`\\()]*(is|be|are|as|being|denotes?|for)?\s*(an?|the|our|some|two|both)?[\s$`\\()]*"
)
_MATRIX = re.compile(r"[\s$`\\)-]*([a-z-]+ ){0,2}(matrix|matrices|arrays?)\b")
_MATRIX_CALLED = re.compile(r"[\s$`\\)]*-?([a-z-]+ ){0,2}(matrix|array)[\s$`\\(]*")
_IS_SIZED = re.compile(
    r"[\s$`\\()]*(is|are|being|has|have|a|an|of|with)\b[\s$`\\()]*((is|an?|of|with|the|row|column) )*"
    r"((vectors?|matri(x|ces)|arrays?)[,:]?)?( (with|of|has|have))?"
    r"( (the )?(shape|size|dimensions?))?( of)?[\s$`\\(]*"
)
_AND = re.compile(r"[\s$`\\()]*(,|and|, and)[\s$`\\()]*")


def spoken(document: Document, statements: Sequence[Statement]) -> list[Statement]:
    """The statements, with what the words around single expressions make of them."""
    found: list[Statement] = []
    for statement, following in zip_longest(statements, statements[1:]):
        statement = _of_its_row(document, found, _called(document, statement))
        one_by_one = tuples.one_by_one(statement) or tuples.entries(statement, statements)
        one_by_one = one_by_one or tuples.given(document, found, statement, statements)
        if one_by_one:
            found += one_by_one
            continue
        found += tuples.at_point(document, found, statement)
        if (whole := _below(document, found, statement)) is not None:
            found[-1] = whole
            continue
        found.append(
            _named(document, found, statement)
            or _shaped(document, found, statement)
            or _sized(document, found, statement)
            or _short(document, found, statement)
            or told_gradients.told(document, found, statement, statements)
            or rounds.after_a_step(document, found, statement)
            or rounds.after_many(document, found, statement)
            or claimed.in_words(document, found, statement)
            or masks.left_over(document, found, statement)
            or masks.stated(document, statement, following)
            or _scalar(document, statement)
            or worded.told(document, statement, statements)
            or worded.objective(document, statement)
            or statement
        )
    return _told_first(document, found)


def _told_first(document: Document, found: list[Statement]) -> list[Statement]:
    """ "∂L/∂a = … for L = …": what L is there is read before what is said of it."""
    for n, (claim, formula) in enumerate(pairwise(found)):
        first, name = claim.members[0].expr, formula.members[0].expr
        if not isinstance(first, t.Derivative) or not isinstance(name, t.Symbol):
            continue
        between = document.text[claim.span[1] : formula.span[0]]
        if len(formula.members) > 1 and same_tree(first.of, name) and _FOR.fullmatch(between):
            found[n], found[n + 1] = formula, claim
    return found


def _called(document: Document, statement: Statement) -> Statement:
    """ "Error $= t - y = 0.3$" begins a chain of its own: what is equal has only a word for a name."""
    first, *rest = statement.members
    quoted = _QUOTED.search(document.regions[statement.region].before)
    if first.relation == "=" and quoted is not None:
        start = document.text.rfind(quoted[1], 0, document.regions[statement.region].span[0])
        span = start, start + len(quoted[1])
        name = read_region(document.text, span, False, EMPTY)[0].members[0]
        return replace(statement, members=(name, first, *rest))
    words = _CALLED.search(document.regions[statement.region].before)
    if first.relation != "=" or not rest or words is None or _GOING_ON.fullmatch(words[1]):
        return statement
    return replace(statement, members=(replace(first, relation=""), *rest))


def _of_its_row(document: Document, found: Sequence[Statement], statement: Statement) -> Statement:
    """``f_c(x) = c + x → df/dx = 1``: the derivative is of the function that stands right before it."""
    first = statement.members[0].expr
    if not found or found[-1].region != statement.region or not isinstance(first, t.Derivative):
        return statement
    before = found[-1].members[0].expr
    if "\n" in document.text[found[-1].span[1] : statement.span[0]].strip():
        return statement
    if not isinstance(before, t.Apply) or not before.head.subscripts or not first.wrt:
        return statement
    bare = replace(before.head, subscripts=())
    if not same_tree(first.of, bare) or not all(same_tree(first.wrt[0], a) for a in before.args):
        return statement
    whole = replace(statement.members[0], expr=replace(first, of=before.head))
    return replace(statement, members=(whole, *statement.members[1:]))


def _single(statement: Statement) -> t.Expr | None:
    if len(statement.members) != 1 or statement.members[0].relation:
        return None
    return statement.members[0].expr


def _previous(
    document: Document, found: Sequence[Statement], statement: Statement
) -> Statement | None:
    """The expression before, in the same paragraph."""
    if not found:
        return None
    before, here = (document.regions[s.region] for s in (found[-1], statement))
    return found[-1] if before.group == here.group else None


def _named(
    document: Document, found: Sequence[Statement], statement: Statement
) -> Statement | None:
    """ "What is ∂J/∂ŷ? Refer to this result as δ": δ is that derivative."""
    expr = _single(statement)
    if not isinstance(expr, t.Symbol) or not _NAMING.search(
        document.regions[statement.region].before
    ):
        return None
    near = found[-1] if found and statement.span[0] - found[-1].span[1] < _NEAR else None
    if near is not None:
        listed = _vector_of(near, expr, document.regions[statement.region].before)
        if listed is not None:
            return replace(statement, members=listed)
        if (whole := _abbreviated(document, near, statement)) is not None:
            return replace(statement, members=(statement.members[0], replace(whole, relation="=")))
    before = _previous(document, found, statement)
    if before is None or not isinstance(_single(before), t.Derivative):
        return None
    return replace(
        statement, members=(statement.members[0], replace(before.members[0], relation="="))
    )


def _abbreviated(document: Document, near: Statement, statement: Statement) -> Member | None:
    """ "Writing K for it", "call this K": the formula of the line before."""
    behind = document.text[statement.span[1] :][:_NEAR]
    words = document.regions[statement.region].before
    if not (_CALL_IT.search(words) or (_WRITING.search(words) and _FOR_IT.match(behind))):
        return None
    last = near.members[-1]
    has_formula = len(near.members) > 1 and all(m.relation in ("", "=") for m in near.members)
    if not has_formula or last.expr is None or isinstance(last.expr, t.Symbol | t.Number):
        return None
    return last


def _vector_of(before: Statement, name: t.Symbol, words: str) -> tuple[Member, ...] | None:
    """ "∂f/∂x_i = …; call the vector of these p": p_i is that derivative."""
    first = before.members[0]
    if not isinstance(first.expr, t.Derivative) or len(first.expr.wrt) != 1 or first.relation:
        return None
    by = first.expr.wrt[0]
    if not isinstance(by, t.Symbol) or not by.subscripts or name.subscripts:
        return None
    if not _THESE.search(words):
        return None
    entry = replace(name, subscripts=by.subscripts)
    return (Member("", entry, name.span), Member("=", first.expr, first.span))


def _short(
    document: Document, found: Sequence[Statement], statement: Statement
) -> Statement | None:
    """ "Σ stands for the sum of all e^{a_k}", "write δv for ∂L/∂v"."""
    expr = _single(statement)
    before = _previous(document, found, statement)
    if expr is None or before is None or not isinstance(_single(before), t.Symbol):
        return None
    between = document.text[before.span[1] : statement.span[0]]
    writes = _WRITE.search(document.regions[before.region].before)
    if not _STANDS_FOR.match(between) and not (writes and between.strip(" \n\t$`") == "for"):
        return None
    return replace(
        statement, members=(before.members[0], replace(statement.members[0], relation="="))
    )


def _below(
    document: Document, found: Sequence[Statement], statement: Statement
) -> Statement | None:
    """A name, and a number in the line below it in the same display."""
    expr = _single(statement)
    if expr is None or not is_plain(expr) or not found or found[-1].region != statement.region:
        return None
    between = document.text[found[-1].span[1] : statement.span[0]]
    if not isinstance(_single(found[-1]), t.Symbol) or between.strip() != "\\\\":
        return None
    number = replace(statement.members[0], relation="=")
    span = found[-1].span[0], statement.span[1]
    return replace(statement, members=(found[-1].members[0], number), span=span)


def _scalar(document: Document, statement: Statement) -> Statement | None:
    """ "A scalar z", "where z is a scalar"."""
    expr = _single(statement)
    if not isinstance(expr, t.Symbol):
        return None
    before = document.regions[statement.region].before
    behind = document.text[statement.span[1] :][:_NEAR]
    if not (_A_SCALAR.search(before) or _IS_SCALAR.match(behind)):
        return None
    shape = Member("in", t.Shape((), expr.span), expr.span)
    return replace(statement, members=(statement.members[0], shape))


def _shaped(
    document: Document, found: Sequence[Statement], statement: Statement
) -> Statement | None:
    """ "x is of shape D × 1"."""
    expr = _single(statement)
    if expr is None or not _SHAPE.search(document.regions[statement.region].before):
        return None
    sizes = _sizes(expr)
    name = _whose(document, found, statement)
    if sizes is None or name is None:
        return None
    member = statement.members[0]
    shape = Member("in", t.Shape(sizes, member.span), member.span)
    return replace(statement, members=(name, shape))


def _whose(document: Document, found: Sequence[Statement], statement: Statement) -> Member | None:
    """The name whose shape is told: "z_1's shape is", or the expression before."""
    start = document.regions[statement.region].span[0]
    own = _OWN.search(document.text[max(0, start - _NEAR) : start])
    if own is not None:
        at = max(0, start - _NEAR) + own.start(1)
        named = read_region(document.text, (at, at + len(own[1])), False, EMPTY)
        return named[0].members[0] if named else None
    before = _previous(document, found, statement)
    return (
        before.members[0] if before is not None and isinstance(_single(before), t.Symbol) else None
    )


def _sized(
    document: Document, found: Sequence[Statement], statement: Statement
) -> Statement | None:
    """ "X is an N × D matrix", "P and Y are the N × K matrices of …", "the N × D matrix X"."""
    expr = _single(statement)
    before = _previous(document, found, statement)
    if expr is None or before is None:
        return None
    behind = document.text[statement.span[1] :][:_NEAR]
    between = document.text[before.span[1] : statement.span[0]]
    first = before.members[0]
    called = _IS_A.fullmatch(between) and _MATRIX.match(behind)
    if isinstance(expr, t.Product) and (called or _is_sized(expr, between)):
        sizes = _sizes(expr)
        names = _listed(document, found, before) if sizes is not None else ()
        if sizes is not None and names:
            whole = names[0] if len(names) == 1 else t.Group("tuple", names, statement.span)
            shape = Member("in", t.Shape(sizes, statement.span), statement.span)
            return replace(statement, members=(Member("", whole, statement.span), shape))
    if isinstance(expr, t.Symbol) and isinstance(_single(before), t.Product):
        sizes = _sizes(first.expr) if first.expr is not None else None
        if sizes is not None and _MATRIX_CALLED.fullmatch(between):
            shape = Member("in", t.Shape(sizes, first.span), first.span)
            return replace(statement, members=(statement.members[0], shape))
    return None


def _is_sized(expr: t.Product, between: str) -> bool:
    """ "W is D × C", "x, a row vector, 1 × D": letters say that no product of numbers is meant."""
    if not any(isinstance(f, t.Symbol) for f in expr.factors) or len(expr.factors) > 3:
        return False
    return _IS_SIZED.fullmatch(between) is not None


def _listed(
    document: Document, found: Sequence[Statement], last: Statement
) -> tuple[t.Symbol, ...]:
    """Names in a row that end with this one: ``P`` and ``Y``."""
    names: list[t.Symbol] = []
    for statement in reversed(found):
        expr = _single(statement)
        here = document.regions[statement.region].group == document.regions[last.region].group
        if not isinstance(expr, t.Symbol) or not here:
            break
        if names and not _AND.fullmatch(document.text[statement.span[1] : names[0].span[0]]):
            break
        names.insert(0, expr)
    return tuple(names)


def _sizes(expr: t.Expr) -> tuple[t.Expr, ...] | None:
    if isinstance(expr, t.Shape):
        return expr.sizes
    if isinstance(expr, t.Product) and all(o in ("times", "*") for o in expr.operators):
        return expr.factors
    if isinstance(expr, t.Group) and len(expr.items) > 1:
        return expr.items
    return None
