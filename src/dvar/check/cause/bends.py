"""Bends: every small change of a formula that a learner's slip would be undone by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from dvar.check.cause import missing
from dvar.check.cause.bend import Bend, Edit, source_of, times, written_span
from dvar.check.cause.renaming import exchanged, names_throughout, other_names
from dvar.check.cause.sums import partial_sums, sum_bends
from dvar.check.cause.turning import transpose_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import places


def bends(
    tree: t.Expr,
    text: str,
    others: Sequence[t.Symbol],
    sizes: Sequence[str],
    letters: Sequence[str],
    beside: Sequence[t.Symbol] = (),
) -> Iterator[Bend]:
    """Changes of a formula, the likeliest mistakes first.

    Args:
        tree: the member at fault.
        text: the document, for edits.
        others: names that may have been meant instead of one that stands there.
        sizes: names of numbers of things (``m``), for means.
        letters: index letters, for sums.
        beside: names that may be missing as factors, the nearest first.
    """
    yield Bend(
        "sign",
        t.Negative(tree, tree.span),
        (tree.span, _negated(source_of(text, tree))),
        "the sign",
    )
    yield from _lost_minus(tree, text)
    yield from missing.turned_fractions(tree, text)
    yield from missing.other_functions(tree, text)
    yield from missing.complements(tree, text)
    yield from _signs(tree, text)
    yield from _signs_within(tree, text)
    yield from partial_sums(tree, text, letters)
    yield from _factors(tree, text)
    yield from _scaled(tree, text, sizes)
    yield from _transposes(tree, text)
    yield from _orders(tree, text)
    yield from _exponents(tree, text)
    yield from sum_bends(tree, text, letters)
    yield from _masks(tree, text)
    yield from other_names(tree, text, others)
    yield from names_throughout(tree, text, others)
    yield from exchanged(tree, text)
    yield from missing.missing_sums(tree, text, letters)
    yield from missing.missing_terms(tree, text, others)
    yield from missing.missing_factors(tree, text, beside)


def _negated(source: str) -> str:
    stripped = source.strip()
    if stripped.startswith(("-", "−")):
        return stripped[1:].lstrip()
    return f"-{stripped}" if not any(c in stripped for c in "+-") else f"-({stripped})"


def _signs(tree: t.Expr, text: str) -> Iterator[Bend]:
    for part, rebuild in places(tree):
        if isinstance(part, t.Negative):
            span = (part.span[0], part.operand.span[1])
            yield Bend(
                "sign", rebuild(part.operand), (span, source_of(text, part.operand)), "a minus sign"
            )
        elif isinstance(part, t.Sum):
            for n in range(len(part.terms)):
                signs = (*part.signs[:n], -part.signs[n], *part.signs[n + 1 :])
                edit = _sign_edit(part, n, text)
                yield Bend("sign", rebuild(replace(part, signs=signs)), edit, "the sign of a term")
        elif isinstance(part, t.Product) and part is not tree:
            yield Bend("sign", rebuild(t.Negative(part, part.span)), None, "the sign of a product")
        elif isinstance(part, t.Quotient) and part is not tree:
            yield Bend("sign", rebuild(t.Negative(part, part.span)), None, "the sign of a fraction")


def _signs_within(tree: t.Expr, text: str) -> Iterator[Bend]:
    """``e^{x}`` for ``e^{-x}``, ``σ(x)`` for ``σ(-x)``."""
    for part, rebuild in places(tree):
        if isinstance(part, (t.Call, t.Apply)) and len(part.args) == 1:
            inner = part.args[0]
            if not isinstance(inner, (t.Negative, t.Sum)):
                turned = replace(part, args=(t.Negative(inner, inner.span),))
                edit = (inner.span, _negated(source_of(text, inner)))
                yield Bend("sign", rebuild(turned), edit, "the sign of an argument")
        elif isinstance(part, t.Symbol) and part.base == "e":
            for n, script in enumerate(part.scripts):
                if script.kind == "plain" and isinstance(script.value, (t.Number, t.Symbol)):
                    power = replace(script, value=t.Negative(script.value, script.span))
                    raised = replace(
                        part, scripts=(*part.scripts[:n], power, *part.scripts[n + 1 :])
                    )
                    edit = (script.value.span, f"-{source_of(text, script.value)}")
                    yield Bend("sign", rebuild(raised), edit, "the sign of an exponent")


def _lost_minus(tree: t.Expr, text: str) -> Iterator[Bend]:
    """``(1 a)`` for ``(1 - a)``: a minus that got lost on the way to the page."""
    for part, rebuild in places(tree):
        if not isinstance(part, t.Product):
            continue
        for n, factor in enumerate(part.factors[:-1]):
            if part.operators[n] != "" or not isinstance(factor, t.Number) or n:
                continue
            rest = part.factors[n + 1 :]
            tail = (
                rest[0]
                if len(rest) == 1
                else replace(part, factors=rest, operators=part.operators[n + 1 :])
            )
            both = t.Sum((factor, tail), (1, -1), part.span)
            edit = ((factor.span[1], factor.span[1]), " -")
            yield Bend("misprint", rebuild(both), edit, "a minus sign that is missing")
            yield Bend("sign", rebuild(both), edit, "a minus sign that is missing")


def _sign_edit(part: t.Sum, n: int, text: str) -> Edit | None:
    start = part.terms[n - 1].span[1] if n else part.span[0]
    end = part.terms[n].span[0]
    between = text[start:end]
    for k, c in enumerate(between):
        if c in "+-−":
            new = "-" if c == "+" else ("+" if n else "")
            return ((start + k, start + k + 1), new)
    if n == 0:
        return ((end, end), "-")
    return None


def _factors(tree: t.Expr, text: str) -> Iterator[Bend]:
    """A factor too many; ``(1 - a)`` forgotten is found as another name's share."""
    for part, rebuild in places(tree):
        if isinstance(part, t.Product):
            for n, factor in enumerate(part.factors):
                factors = part.factors[:n] + part.factors[n + 1 :]
                operators = part.operators[: max(0, n - 1)] + part.operators[max(1, n) :]
                if n == 0:
                    operators = part.operators[1:]
                rest = (
                    factors[0]
                    if len(factors) == 1
                    else replace(part, factors=factors, operators=operators)
                )
                shown = source_of(text, factor)
                edit = (_with_sign(part, n, text), "")
                yield Bend("factor", rebuild(rest), edit, f"the factor {shown}")
        elif isinstance(part, t.Quotient):
            yield Bend(
                "factor",
                rebuild(part.above),
                (part.span, source_of(text, part.above)),
                "the denominator",
            )
            if _is_one(part.above):
                continue
            one = t.Number("1", part.span)
            edit = (part.above.span, "1")
            yield Bend("factor", rebuild(replace(part, above=one)), edit, "the numerator")


def _with_sign(product: t.Product, n: int, text: str) -> t.Span:
    """Where a factor stands with the sign that joins it to the others: ``2 *`` of ``2 * x``, ``· y`` of ``x · y``."""
    spans = [written_span(text, factor.span) for factor in product.factors]
    return (spans[0][0], spans[1][0]) if n == 0 else (spans[n - 1][1], spans[n][1])


def _is_one(tree: t.Expr) -> bool:
    return isinstance(tree, t.Number) and tree.text == "1"


def _scaled(tree: t.Expr, text: str, sizes: Sequence[str]) -> Iterator[Bend]:
    """A factor that is missing: a number, how many there are of something, another quantity."""
    span = tree.span
    by: list[tuple[t.Expr, str]] = [(t.Number(n, span), n) for n in ("2", "3", "4")]
    by += [(t.Symbol(size, span), size) for size in sizes]
    for factor, shown in by:
        yield from _times(tree, text, factor, shown)
    for part, rebuild in places(tree):
        if isinstance(part, t.Sum) and len(part.terms) > 1:
            for n, term in enumerate(part.terms):
                for bend in _times(term, text, by[0][0], "2"):
                    terms = (*part.terms[:n], bend.tree, *part.terms[n + 1 :])
                    yield replace(bend, tree=rebuild(replace(part, terms=terms)))


def scaled_by(tree: t.Expr, text: str, names: Sequence[t.Symbol]) -> Iterator[Bend]:
    """A quantity that is missing as a factor or below the line."""
    for name in names:
        yield from _times(tree, text, replace(name, span=tree.span), source_of(text, name))


def _times(tree: t.Expr, text: str, factor: t.Expr, shown: str) -> Iterator[Bend]:
    span, source = tree.span, source_of(text, tree)
    scaled = t.Product((factor, _grouped(tree)), ("",), span)
    edit = (span, times(shown, tree, text))
    yield Bend("missing-factor", scaled, edit, f"a factor {shown}")
    divided = t.Quotient(tree, factor, span)
    edit = (span, rf"\frac{{1}}{{{shown}}}({source})")
    yield Bend("missing-factor", divided, edit, f"a factor 1/{shown}")


def _grouped(tree: t.Expr) -> t.Expr:
    return t.Group("(", (tree,), tree.span)


def turned(tree: t.Expr, text: str) -> Iterator[Bend]:
    """One transpose more or less, or two factors exchanged."""
    yield from _transposes(tree, text)
    yield from (bend for bend in _orders(tree, text) if bend.cause == "transpose")


def _transposes(tree: t.Expr, text: str) -> Iterator[Bend]:
    for part, rebuild in places(tree):
        if not isinstance(part, (t.Symbol, t.Group, t.Derivative, t.Matrix)):
            continue
        if isinstance(part, t.Group) and any(s.kind == "plain" for s in part.scripts):
            continue  # a power of a number
        if isinstance(part, t.Derivative):
            edit = (part.span, rf"\left({source_of(text, part)}\right)^T")
        elif (at := next((s for s in part.scripts if s.kind == "transpose"), None)) is not None:
            edit = (at.span, "")
        elif isinstance(part, t.Symbol) and len(part.base) == 1 and part.base.islower():
            continue  # a vector: turned or not, it has the same entries
        else:
            edit = ((part.span[1], part.span[1]), "^T")
        turned = transpose_of(part)
        if turned is not None:
            yield Bend("transpose", rebuild(turned), edit, "a transpose")


def _orders(tree: t.Expr, text: str) -> Iterator[Bend]:
    for part, rebuild in places(tree):
        if not isinstance(part, t.Product):
            continue
        for n in range(len(part.factors) - 1):
            swapped = list(part.factors)
            swapped[n], swapped[n + 1] = swapped[n + 1], swapped[n]
            a, b = part.factors[n], part.factors[n + 1]
            first, second = written_span(text, a.span), written_span(text, b.span)
            between = text[first[1] : second[0]] or " "
            edit = (
                (first[0], second[1]),
                f"{source_of(text, b)}{between}{source_of(text, a)}",
            )
            yield Bend(
                "transpose",
                rebuild(replace(part, factors=tuple(swapped))),
                edit,
                "the order of a product",
            )
        for n, sign in enumerate(part.operators):
            beside = part.factors[n : n + 2]
            if sign in ("", "cdot", "*", "odot") and not any(
                isinstance(factor, t.Number) for factor in beside
            ):
                other = "" if sign == "odot" else "odot"
                signs = (*part.operators[:n], other, *part.operators[n + 1 :])
                what = "an elementwise product"
                for cause in ("wrong-rule", "transpose"):
                    yield Bend(cause, rebuild(replace(part, operators=signs)), None, what)


def _exponents(tree: t.Expr, text: str) -> Iterator[Bend]:
    for part, rebuild in places(tree):
        if isinstance(part, t.Power):
            yield Bend("wrong-rule", rebuild(part.base), None, "an exponent")
            one = t.Number("1", part.span)
            for change in (1, -1):
                moved = t.Sum((part.exponent, one), (1, change), part.span)
                yield Bend(
                    "wrong-rule", rebuild(replace(part, exponent=moved)), None, "an exponent"
                )
        if isinstance(part, (t.Symbol, t.Group, t.Apply, t.Call, t.Root)):
            scripts = part.scripts
            for n, script in enumerate(scripts):
                if script.kind != "plain" or script.value is None:
                    continue
                for change in (1, -1):
                    moved = t.Sum(
                        (script.value, t.Number("1", script.span)), (1, change), script.span
                    )
                    new = replace(script, value=moved)
                    changed = replace(part, scripts=(*scripts[:n], new, *scripts[n + 1 :]))
                    yield Bend("wrong-rule", rebuild(changed), None, "an exponent")
                dropped = replace(part, scripts=(*scripts[:n], *scripts[n + 1 :]))
                yield Bend("factor", rebuild(dropped), (script.span, ""), "an exponent")
            if isinstance(part, (t.Symbol, t.Group)) and not any(
                s.kind == "plain" for s in scripts
            ):
                powers = ("2", "3") if _is_norm(part) else ("2",)
                for power in powers:
                    raised = t.Script("plain", t.Number(power, part.span), part.span)
                    changed = replace(part, scripts=(*scripts, raised))
                    edit = ((part.span[1], part.span[1]), f"^{power}")
                    what = "a square" if power == "2" else "an exponent"
                    yield Bend("wrong-rule", rebuild(changed), edit, what)


def _is_norm(part: t.Expr) -> bool:
    """``‖u‖``, which stands in third powers in the slopes of fractions."""
    return isinstance(part, t.Group) and part.kind in ("norm", "|")


_TURNED = {">": "<=", "<": ">=", ">=": "<", "<=": ">"}


def _masks(tree: t.Expr, text: str) -> Iterator[Bend]:
    for part, rebuild in places(tree):
        if isinstance(part, t.Relation) and len(part.relations) == 1:
            turned = _TURNED.get(part.relations[0])
            if turned is not None:
                yield Bend(
                    "mask", rebuild(replace(part, relations=(turned,))), None, "the side of a mask"
                )
        elif isinstance(part, t.Cases) and len(part.branches) == 2:
            (a, x), (b, y) = part.branches
            yield Bend(
                "mask",
                rebuild(replace(part, branches=((b, x), (a, y)))),
                None,
                "the cases, exchanged",
            )
        elif isinstance(part, (t.Group, t.Matrix)) and _is_mask(part):
            for entry, put in places(part):
                if isinstance(entry, t.Number):
                    other = "1" if entry.text == "0" else "0"
                    tree_ = rebuild(put(replace(entry, text=other)))
                    yield Bend("mask", tree_, (entry.span, other), "an entry of a mask")


def _is_mask(part: t.Group | t.Matrix) -> bool:
    """A list of zeros and ones."""
    entries = part.items if isinstance(part, t.Group) else [e for row in part.rows for e in row]
    if len(entries) < 2:
        return False
    return all(isinstance(e, t.Number) and e.text in ("0", "1") for e in entries)
