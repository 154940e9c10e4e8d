"""Bends that put back what was left out, and turn back what was turned over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeGuard

from dvar.check.cause.bend import Bend, source_of, summed_over, times, written_span
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import Rebuild, places

_MISTAKEN = {
    "sin": ("cos",),
    "cos": ("sin",),
    "tanh": ("sigmoid",),
    "sigmoid": ("tanh",),
    "max": ("min",),
    "min": ("max",),
    "log2": ("log",),
    "log10": ("log",),
}
"""Functions that are written for one another."""
TURNED = "a fraction, turned over"
_NAMES = 6
"""Names of a line that are tried as factors at every place of it."""
_FACTORS = 12
"""Names that are tried as a factor that is missing."""
_ARRAYS = 60
"""So many where a shape is missing, which most do not have."""


def turned_fractions(tree: t.Expr, text: str) -> Iterator[Bend]:
    """``b/a`` for ``a/b``."""
    for part, rebuild in places(tree):
        if isinstance(part, t.Quotient):
            above, below = source_of(text, part.above), source_of(text, part.below)
            turned = replace(part, above=part.below, below=part.above)
            edit = (part.span, rf"\frac{{{below}}}{{{above}}}")
            yield Bend("wrong-rule", rebuild(turned), edit, TURNED)


def other_functions(tree: t.Expr, text: str) -> Iterator[Bend]:
    """``cos`` for ``sin``."""
    for part, rebuild in places(tree):
        if isinstance(part, t.Call):
            for name in _MISTAKEN.get(part.name, ()):
                cause = "log-base" if name == "log" else "wrong-rule"
                other, source = rebuild(replace(part, name=name)), source_of(text, part)
                is_spelled = part.name in source[: len(part.name) + 1]
                new = source.replace(part.name, name, 1)
                edit = (written_span(text, part.span), new) if is_spelled else None
                yield Bend(cause, other, edit, f"{name} for {part.name}")


def complements(tree: t.Expr, text: str) -> Iterator[Bend]:
    """``(1 - a)`` where only ``-a`` is left of it, and ``1 - tanh²`` where ``-tanh²`` is."""
    for part, rebuild in places(tree):
        match part:
            case t.Negative(operand=operand):
                pass
            case t.Sum(terms=(operand,), signs=(-1,)):
                pass
            case _:
                continue
        one = t.Number("1", (part.span[0], part.span[0]))
        whole = rebuild(t.Sum((one, operand), (1, -1), part.span))
        edit = ((part.span[0], part.span[0]), "1 ")
        for cause in ("missing-factor", "missing-path"):
            yield Bend(cause, whole, edit, "a 1 that is missing")


def missing_terms(tree: t.Expr, text: str, others: Sequence[t.Symbol]) -> Iterator[Bend]:
    """A name that was added or taken away, and is missing: ``1/(1 - h)`` for ``(1 - y)/(1 - h)``."""
    targets = [(part, rebuild) for part, rebuild in summands(tree) if _may_miss(part, tree)]
    for other in (o for o in others if all(s.kind != "plain" for s in o.scripts)):
        for part, rebuild in targets:
            is_sum = isinstance(part, t.Sum)
            bracket = part if _is_left_alone(part) else None
            end = part.span[1] if bracket is None else bracket.items[0].span[1]
            terms, signs = (part.terms, part.signs) if isinstance(part, t.Sum) else ((part,), (1,))
            yield from () if is_sum else _less_square(part, rebuild, other, text)
            for sign in (-1, 1):
                new = replace(other, span=part.span)
                if bracket is None:
                    both = t.Sum((*terms, new), (*signs, sign), part.span)
                    whole = t.Group("(", (both,), part.span)
                else:  # with what is done to the brackets
                    (alone,) = bracket.items
                    within = t.Sum((alone, new), (1, sign), alone.span)
                    whole = replace(bracket, items=(within,))
                written = f" {'-' if sign < 0 else '+'} {source_of(text, other)}"
                edit = ((end, end), written)
                yield Bend("missing-path", rebuild(whole), edit, f"the term{written}")


def summands(tree: t.Expr) -> Iterator[tuple[t.Expr, Rebuild]]:
    """The parts of a formula, but for conditions and the ends of sums.

    A term more there changes only where the formula holds, and that at few points.
    """
    within = [p.span for p in t.walk(tree) if isinstance(p, t.Relation)]
    ends = [end for p in t.walk(tree) if isinstance(p, t.Big) for end in (p.low, p.high)]
    within += [end.span for end in ends if end is not None]
    for part, rebuild in places(tree):
        if not any(a <= part.span[0] and part.span[1] <= b for a, b in within):
            yield part, rebuild


def _may_miss(part: t.Expr, tree: t.Expr) -> bool:
    """Whether a term may be missing there: in a sum, beside a 1, in brackets around one name, beside the whole."""
    if isinstance(part, t.Number):
        return part.text == "1"
    if isinstance(part, t.Sum):
        return True
    is_whole = part is tree and isinstance(part, (t.Symbol, t.Group))
    return (is_whole and not isinstance(part, t.Label)) or _is_left_alone(part)


def _is_left_alone(part: t.Expr) -> TypeGuard[t.Group]:
    """``(x)``, ``(-x)``: brackets that something is missing in."""
    if not isinstance(part, t.Group) or part.kind != "(" or len(part.items) != 1:
        return False
    return isinstance(part.items[0], t.Symbol | t.Negative)


def _less_square(part: t.Expr, rebuild: Rebuild, other: t.Symbol, text: str) -> Iterator[Bend]:
    """``1 - h^2`` where only ``1`` is left of it."""
    if not isinstance(part, t.Number) or other.scripts:
        return
    two = t.Script("plain", t.Number("2", part.span), part.span)
    square = replace(other, span=part.span, scripts=(two,))
    group = t.Group("(", (t.Sum((part, square), (1, -1), part.span),), part.span)
    whole = rebuild(group)
    edit = ((part.span[1], part.span[1]), f" - {source_of(text, other)}^2")
    for cause in ("missing-path", "missing-factor"):
        yield Bend(cause, whole, edit, "a term that is missing")


def missing_factors(tree: t.Expr, text: str, others: Sequence[t.Symbol]) -> Iterator[Bend]:
    """A name, or what is left to 1 of it, that is missing as a factor of the whole or of a term."""
    terms = tree.terms if isinstance(tree, t.Sum) and len(tree.terms) > 1 else ()
    bodies = [p.body for p in t.walk(tree) if isinstance(p, t.Big)]
    targets = [
        (part, rebuild)
        for part, rebuild in places(tree)
        if part is tree or any(part is term for term in (*terms, *bodies))
    ]
    for other in others[:_FACTORS]:
        name = replace(other, span=tree.span)
        one = t.Number("1", tree.span)
        rest = t.Group("(", (t.Sum((one, name), (1, -1), tree.span),), tree.span)
        written = source_of(text, other)
        for part, rebuild in targets:
            for factor, shown in ((name, written), (rest, f"(1 - {written})")):
                for operator in ("", "odot"):
                    both = (factor, t.Group("(", (part,), part.span))
                    whole = t.Product(both, (operator,), part.span)
                    edit = (part.span, times(shown, part, text))
                    yield Bend("missing-factor", rebuild(whole), edit, f"the factor {shown}")


def outer_factors(tree: t.Expr, text: str, others: Sequence[t.Symbol]) -> Iterator[Bend]:
    """``Wᵀ`` for ``Wᵀ δ``, ``Σ_t δ_t`` for ``Σ_t δ_t x_tᵀ``: an array that is missing in front or behind."""
    bodies = [p.body for p in t.walk(tree) if isinstance(p, t.Big)]
    targets = [
        (part, rebuild)
        for part, rebuild in places(tree)
        if part is tree or any(part is body for body in bodies)
    ]
    for other in others[:_ARRAYS]:
        bare = tuple(s for s in other.scripts if s.kind != "transpose")
        shown = source_of(text, other)
        for part, rebuild in targets:
            turn = t.Script("transpose", None, part.span)
            plain = replace(other, span=part.span, scripts=bare)
            turned = replace(plain, scripts=(*bare, turn))
            whole = part if not isinstance(part, t.Sum) else t.Group("(", (part,), part.span)
            for factor, written in ((plain, shown), (turned, rf"{shown}^\top")):
                source = source_of(text, whole)
                for pair, both in (
                    ((whole, factor), rf"{source}\, {written}"),
                    ((factor, whole), rf"{written}\, {source}"),
                ):
                    new = rebuild(t.Product(pair, ("",), part.span))
                    edit = (written_span(text, part.span), both)
                    yield Bend("missing-factor", new, edit, f"the factor {written}")


def lost_factors(tree: t.Expr, text: str, whole: t.Expr) -> Iterator[Bend]:
    """``2(Ax - b)ᵀ`` for ``2(Ax - b)ᵀA``, ``σ(β)`` for ``σ(βx)``: a name of the line, anywhere in a product.

    Args:
        tree: the member at fault; whole: what it should be equal to.
    """
    functions = _functions(whole, tree)
    named = {source_of(text, p): p for p in _names_of(whole, tree) if p.base not in functions}
    candidates: dict[str, t.Expr] = dict(list(named.items())[:_NAMES])
    candidates |= _applied(text, whole, tree)
    multiplied = {id(part) for part in values_in(tree)}
    for shown, factor in candidates.items():
        for part, rebuild in summands(tree):
            if id(part) not in multiplied or (part is not tree and isinstance(part, t.Number)):
                continue  # a name for a 1 is no factor more
            is_product = isinstance(part, t.Product)
            factors = part.factors if isinstance(part, t.Product) else (part,)
            signs = part.operators if isinstance(part, t.Product) else ()
            for n in range(len(factors) + 1 if is_product else 2):
                after = factors[n - 1].span[1] if n else factors[0].span[0]
                more = (*factors[:n], _at(factor, after), *factors[n:])
                product = t.Product(more, (*signs[:n], "", *signs[n:]), part.span)
                edit = ((after, after), rf"\, {shown} ")
                if isinstance(part, t.Sum) and len(part.terms) > 1:
                    edit = (part.span, rf"{shown}\, ({source_of(text, part)})")
                yield Bend("missing-factor", rebuild(product), edit, f"the factor {shown}")


def values_in(tree: t.Expr) -> Iterator[t.Expr]:
    """The parts of a formula that are values by themselves, and no factors of others."""
    yield tree
    for part in t.walk(tree):
        match part:
            case t.Sum():
                yield from part.terms
            case t.Quotient():
                yield from (part.above, part.below)
            case t.Negative():
                yield part.operand
            case t.Call() | t.Apply():
                yield from part.args
            case t.Group(items=(only,)):
                yield only
            case t.Big():
                yield part.body


def _functions(*trees: t.Expr) -> set[str]:
    """Names that stand in front of a bracket and nowhere else; ``c (1 - x)`` beside ``c x`` is a product."""
    parts = [p for tree in trees for p in t.walk(tree)]
    heads = [p.head for p in parts if isinstance(p, t.Apply)]
    own = {id(h) for h in heads}
    alone = {p.base for p in parts if isinstance(p, t.Symbol) and id(p) not in own}
    return {h.base for h in heads} - alone


def _at(factor: t.Expr, place: int) -> t.Expr:
    return replace(factor, span=(place, place)) if isinstance(factor, t.Symbol) else factor


def _applied(text: str, *trees: t.Expr) -> dict[str, t.Expr]:
    """``σ(x)`` and ``1 - σ(x)``, of the functions in a line."""
    found: dict[str, t.Expr] = {}
    for part in (p for tree in trees for p in t.walk(tree)):
        if isinstance(part, (t.Apply, t.Call)) and len(part.args) == 1 and len(found) < 4:
            one = t.Number("1", part.span)
            rest = t.Group("(", (t.Sum((one, part), (1, -1), part.span),), part.span)
            found.setdefault(source_of(text, part), part)
            found.setdefault(f"(1 - {source_of(text, part)})", rest)
    return found


def _names_of(*trees: t.Expr) -> Iterator[t.Symbol]:
    for tree in trees:
        for part in t.walk(tree):
            if isinstance(part, t.Symbol) and not part.primes:
                yield replace(part, scripts=tuple(s for s in part.scripts if s.kind != "plain"))


def missing_sums(tree: t.Expr, text: str, letters: Sequence[str]) -> Iterator[Bend]:
    """A sum over an index that a term has and the left side does not."""
    for part, rebuild in places(tree):
        if part is tree or not isinstance(part, t.Product):
            continue
        for letter in letters:
            summed = t.Big("sum", (letter,), None, None, None, part, part.span)
            edit = (part.span, summed_over(letter, part, text))
            yield Bend("missing-sum", rebuild(summed), edit, f"a sum over {letter}")
