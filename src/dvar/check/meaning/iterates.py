"""Steps of an iteration written like a function, ``v(t) = βv(t-1) - αf'(x(t-1))`` beside ``v_1 = -1``, or like powers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from dvar.check.meaning.functions import is_known
from dvar.check.meaning.keys import stem_of
from dvar.check.meaning.letters import parts, shifted, spelling_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import rewritten

_COUNTERS = frozenset("tkni")


def marked(statements: Sequence[Statement]) -> list[Statement]:
    """The statements with brackets around the number of a step: ``x^0 = (2, 1)``, ``x^{k+1} = x^k - η g(x^k)``.

    A list has no powers; what stands above one of its entries may be one: ``x_1^2``.  Layers, ``a^0`` beside ``W^1``,
    are told by other names.
    """
    stems = {stem for s in statements for stem in _begun(s)}
    if not stems or spelling_of(statements).layered - stems:
        return list(statements)

    def change(part: Any) -> t.Expr | None:
        if not isinstance(part, t.Symbol) or stem_of(part) not in stems or part.subscripts:
            return None
        step = _above(part)
        if step is None:
            return None
        return replace(part, scripts=(replace(part.scripts[0], kind="paren"),))

    return [rewritten(s, change) for s in statements]


def _begun(statement: Statement) -> Iterator[str]:
    """``x`` where an iteration of it starts or goes on, and no x stands by itself as in ``x^{n+1} = x^n x``."""
    first, *rest = (m.expr for m in statement.members)
    step = _above(first) if rest else None
    if step is None or not isinstance(first, t.Symbol) or first.subscripts:
        return
    last = rest[-1]
    listed = isinstance(last, t.Matrix) or (isinstance(last, t.Group) and len(last.items) > 1)
    names = [p for x in rest if x is not None for p in t.walk(x) if isinstance(p, t.Symbol)]
    own = [_above(p) for p in names if stem_of(p) == stem_of(first) and not p.subscripts]
    goes_on = step[0] and any(x is not None and x[0] == step[0] and x != step for x in own)
    if None not in own and (goes_on or (listed and step in (("", 0), ("", 1)))):
        yield stem_of(first)


def _above(tree: t.Expr | None) -> tuple[str, int] | None:
    """The letter and what is added to it, or the number, that stands above a name like a power."""
    if not isinstance(tree, t.Symbol) or len(tree.scripts) != 1 or tree.scripts[0].kind != "plain":
        return None
    value = tree.scripts[0].value
    if isinstance(value, t.Number):
        return ("", int(value.value)) if value.is_whole else None
    letter, shift = shifted(value)
    return (letter, shift) if letter else None


def indexed(statements: Sequence[Statement]) -> list[Statement]:
    """The statements, with the number of the step as a subscript.

    A name is stepped where a line says what it is at one step by what it was a step before, and where nothing but
    numbers of steps ever stands in its brackets.  What is differentiated by the letter is a function of time.
    """
    stepped = {stem for s in statements for stem in _stepped(s)}
    if not stepped:
        return list(statements)
    for part in parts(statements):
        if isinstance(part, t.Apply) and _step(part) is None and not _is_product(part):
            stepped.discard(stem_of(part.head))
        elif isinstance(part, t.Derivative) and any(_is_counter(x) for x in part.wrt):
            return list(statements)

    def change(part: Any) -> t.Expr | None:
        if not isinstance(part, t.Apply) or stem_of(part.head) not in stepped:
            return None
        if _step(part) is None:
            return None
        (arg,) = part.args
        place = t.Label(arg.base, arg.span) if isinstance(arg, t.Symbol) else arg
        return replace(
            part.head,
            span=part.span,
            subscripts=(*part.head.subscripts, place),
            scripts=(*part.head.scripts, *part.scripts),
        )

    return [rewritten(s, change) for s in statements]


def _is_product(use: t.Apply) -> bool:
    """``x(1 - x)``: what stands in the brackets is made of the name itself."""
    inside = (p for a in use.args for p in t.walk(a) if isinstance(p, t.Symbol))
    return any(stem_of(p) == stem_of(use.head) for p in inside)


def _stepped(statement: Statement) -> Iterator[str]:
    """``x`` of ``x(t) = x(t-1) + v(t)``, and all that is counted like it there."""
    left, *rest = (m.expr for m in statement.members)
    if not isinstance(left, t.Apply) or (here := _step(left)) is None or not here[0]:
        return
    uses = [p for x in rest if x is not None for p in t.walk(x) if isinstance(p, t.Apply)]
    counted = [(stem_of(use.head), step) for use in uses if (step := _step(use)) is not None]
    own = stem_of(left.head)
    if any(stem == own and step[0] == here[0] and step[1] < here[1] for stem, step in counted):
        yield own
        yield from (stem for stem, step in counted if step[0] == here[0])


def _step(use: t.Apply) -> tuple[str, int] | None:
    """The letter and the offset of ``x(t-1)``; no letter for ``x(3)``; None for what counts no steps."""
    if len(use.args) != 1 or use.primes or use.head.primes or use.subscripts or use.head.subscripts:
        return None
    if is_known(use.head.base):
        return None
    match use.args[0]:
        case t.Number() as number if number.is_whole:
            return "", int(number.value)
        case t.Symbol() as letter if _is_counter(letter):
            return letter.base, 0
        case t.Sum(terms=(t.Symbol() as letter, t.Number() as number), signs=(1, sign)):
            if _is_counter(letter) and number.is_whole:
                return letter.base, sign * int(number.value)
    return None


def _is_counter(tree: t.Expr) -> bool:
    return (
        isinstance(tree, t.Symbol)
        and tree.base in _COUNTERS
        and not (tree.subscripts or tree.scripts or tree.primes)
    )


__all__ = ["indexed", "marked"]
