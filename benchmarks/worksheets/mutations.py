"""Mistakes as people make them, put into a right equation: one small edit of its text each.

Every edit changes what the equation says, unless it is marked as doubtful: a product that commutes after
all, a symmetric matrix, another name for the same thing.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from benchmarks.worksheets.pieces import Factor, Formula, Member, Span, Term
from benchmarks.worksheets.symbols import (
    Vocabulary,
    is_array,
    is_variable,
    occurrences,
    squeezed,
    transposes,
)


@dataclass(frozen=True, slots=True)
class Edit:
    """Instead of the characters of a span stands something else."""

    kind: str
    span: Span
    new: str
    is_doubtful: bool = False

    def apply(self, text: str) -> str:
        return text[: self.span[0]] + self.new + text[self.span[1] :]


@dataclass(frozen=True, slots=True)
class Context:
    """What an edit may look at: the formula, one of its members, the document's symbols, dice."""

    formula: Formula
    member: Member
    words: Vocabulary
    dice: random.Random

    @property
    def text(self) -> str:
        return self.formula.of(self.member.span)

    def holds(self, span: Span) -> bool:
        return self.member.span[0] <= span[0] and span[1] <= self.member.span[1]

    def find(self, pattern: str) -> Iterator[re.Match[str]]:
        return re.compile(pattern).finditer(self.formula.text, *self.member.span)


Planter = Callable[[Context], Iterator[Edit]]

CAUSES: dict[str, frozenset[str]] = {
    "sign": frozenset({"sign"}),
    "plus-minus": frozenset({"sign"}),
    "digit": frozenset({"arithmetic", "misprint", "truncation"}),
    "digits swapped": frozenset({"arithmetic", "misprint"}),
    "factor dropped": frozenset({"missing-factor", "factor", "missing-path", "up-to-constant"}),
    "factor doubled": frozenset({"factor", "up-to-constant", "arithmetic"}),
    "transpose dropped": frozenset({"transpose", "shape"}),
    "transpose added": frozenset({"transpose", "shape"}),
    "index": frozenset({"wrong-variable", "wrong-operand", "transpose", "routing"}),
    "variable": frozenset({"wrong-variable", "wrong-operand"}),
    "order": frozenset({"transpose", "shape"}),
    "sum dropped": frozenset({"missing-sum", "missing-path"}),
    "term dropped": frozenset({"missing-path", "missing-sum", "missing-factor"}),
    "exponent": frozenset({"factor", "missing-factor", "wrong-rule", "wrong-operand", "misprint"}),
    "log base": frozenset({"log-base"}),
    "mask": frozenset({"mask", "routing"}),
    "elementwise": frozenset({"transpose", "shape", "wrong-operand"}),
    "fraction turned": frozenset({"factor", "wrong-operand", "wrong-rule"}),
    "function": frozenset({"wrong-rule", "wrong-operand", "wrong-variable", "mask"}),
    "shape": frozenset({"transpose", "shape"}),
}
"""Kind of mistake → the causes that name it rightly."""


_NO_FACTOR = re.compile(
    r"\\(?:text|quad|[lcvd]?dots|mathbb|langle|rangle|[lr]?[vV]ert|mid|mathrel|forall|\|)"
)
_SET = (r"\in", "∈")


def _is_zero(text: str) -> bool:
    return re.fullmatch(r"[-+]?0*\.?0*", text.strip()) is not None


def _terms(context: Context) -> Iterator[tuple[int, int, Term, tuple[Term, ...]]]:
    """Each term with the numbers of its region and of its place in it."""
    for depth, region in enumerate(context.member.regions):
        for n, term in enumerate(region):
            yield depth, n, term, region


def _is_squared(context: Context, term: Term) -> bool:
    behind = context.formula.text[term.span[1] :]
    return re.match(r"\s*(?:\\right)?\s*[)\]}|]\s*(?:\^|\*\*)\s*\{?\s*[24]", behind) is not None


def _signs(context: Context) -> Iterator[Edit]:
    for depth, n, term, region in _terms(context):
        text = context.formula.of(term.factors[0].span) if len(term.factors) == 1 else ""
        if text and _is_zero(text):
            continue
        if term.sign and n > 0:
            turned = "-" if context.formula.of(term.sign) == "+" else "+"
            yield Edit("plus-minus", term.sign, turned)
        elif term.sign:
            yield Edit("sign", term.sign, "", _is_squared(context, term))
        elif depth == 0 and len(region) == 1:
            start = term.factors[0].span[0]
            yield Edit("sign", (start, start), "-")
    for found in context.find(r"(?<=e\^\{)\s*-\s*|(?<=exp\()\s*-\s*"):
        yield Edit("sign", found.span(), "")


def _digits(context: Context) -> Iterator[Edit]:
    has_zero = any(
        _is_zero(found.group()) for found in context.find(r"(?<![\d.\w])[\d.]+(?![\d.])")
    )
    for found in context.find(r"(?<![\w.\\^_])\d*\.\d+(?![\w.])"):
        if context.formula.in_script(found.start()) or _is_zero(found.group()):
            continue
        number = found.group()
        places = [n for n, c in enumerate(number) if c.isdigit()]
        first = next(n for n in places if number[n] != "0")
        inner = [n for n in places if first <= n and n < places[-1]]
        at = context.dice.choice(inner) if inner else places[-1]
        digit = (int(number[at]) + context.dice.randint(3, 7)) % 10
        new = number[:at] + str(digit) + number[at + 1 :]
        yield Edit("digit", found.span(), new, has_zero or _is_zero(new))
        pairs = [n for n in inner if n + 1 in inner and number[n] != number[n + 1]]
        if pairs:
            n = context.dice.choice(pairs)
            new = number[:n] + number[n + 1] + number[n] + number[n + 2 :]
            yield Edit("digits swapped", found.span(), new, has_zero)


def _is_droppable(context: Context, factor: Factor, before: Factor | None) -> bool:
    text = context.formula.of(factor.span)
    if factor.kind in ("sum", "other") or _NO_FACTOR.match(text):
        return False
    if squeezed(text).strip("()") in ("1", "1.0", "", "I"):
        return False
    if factor.kind == "group" and factor.operator is None and before and before.kind == "symbol":
        return re.search(r"[+\-−]", text) is not None  # else it may be an argument
    return True


def _factors_dropped(context: Context) -> Iterator[Edit]:
    for _, _, term, _ in _terms(context):
        real = [factor for factor in term.factors if factor.kind != "sum"]
        for n, factor in enumerate(term.factors):
            before = term.factors[n - 1] if n else None
            after = term.factors[n + 1] if n + 1 < len(term.factors) else None
            if len(real) < 2 or not _is_droppable(context, factor, before):
                continue
            if before is not None and before.kind != "sum":
                yield Edit("factor dropped", (before.span[1], factor.span[1]), "")
            elif after is not None and not after.is_divided:
                yield Edit("factor dropped", (factor.span[0], after.span[0]), "")


def _factors_doubled(context: Context) -> Iterator[Edit]:
    region = context.member.regions[0]
    if len(region) != 1 or region[0].factors[0].kind == "other":
        return
    [term] = region
    first = term.factors[0]
    text = context.formula.of(first.span)
    if first.kind != "number":
        two = "2 " if context.formula.is_latex else "2 * "
        yield Edit("factor doubled", (first.span[0],) * 2, two, _is_zero(text))
    elif len(term.factors) == 1 and re.fullmatch(r"\d*\.?\d+", text) and not _is_zero(text):
        yield Edit("factor doubled", first.span, str(2 * Decimal(text)))


def _transposes(context: Context) -> Iterator[Edit]:
    is_trace = re.search(r"[Tt]r\b|trace|det", context.formula.text) is not None
    is_trace |= context.words.has_symmetric
    inside = [f.span for _, _, t, _ in _terms(context) for f in t.factors if f.kind == "derivative"]
    for span in transposes(context.formula):
        if context.holds(span):
            behind = context.formula.text[: span[0]]
            symbol = re.search(
                r"(\\mathbf|\\boldsymbol|\\bm)?\s*\{?(\w)\}?(?:_\w|_\{\w+\})?$", behind
            )
            looks = symbol is not None and (symbol.group(1) or symbol.group(2).isupper())
            looks = looks and not any(a <= span[0] < b for a, b in inside)
            yield Edit("transpose dropped", span, "", is_trace or not looks)
    if context.words.transpose is None:
        return
    for _, _, term, _ in _terms(context):
        for factor in term.factors:
            text = context.formula.of(factor.span)
            is_bare = factor.kind == "symbol" and "^" not in text and ".T" not in text
            if is_bare and len(term.factors) > 1 and is_array(text) and is_variable(text):
                end = factor.span[1]
                yield Edit("transpose added", (end, end), context.words.transpose, is_trace)


def _indices(context: Context) -> Iterator[Edit]:
    for span, name in occurrences(context.formula):
        if not context.holds(span):
            continue
        for found in re.finditer(r"\d", name):
            for step in (1, -1):
                digit = int(found.group()) + step
                new = name[: found.start()] + str(digit) + name[found.end() :]
                if new in context.words.symbols:
                    yield Edit("index", span, new, context.words.same(name, new))
        swapped = re.sub(r"_\{\s*([ijkl])(\s*,?\s*)([ijkl])\s*\}", r"_{\3\2\1}", name)
        if swapped != name and squeezed(swapped) != squeezed(name):
            yield Edit("index", span, swapped, True)


def _variables(context: Context) -> Iterator[Edit]:
    for _, _, term, _ in _terms(context):
        for factor in term.factors:
            name = context.formula.of(factor.span)
            if (
                factor.kind != "symbol"
                or name not in context.words.symbols
                or not is_variable(name)
            ):
                continue
            others = context.words.exchangeable(name)
            if others:
                new = context.dice.choice(others)
                yield Edit("variable", factor.span, new, context.words.same(name, new))


def _orders(context: Context) -> Iterator[Edit]:
    spans = list(transposes(context.formula))
    for _, _, term, _ in _terms(context):
        for one, other in zip(term.factors, term.factors[1:], strict=False):
            if {one.kind, other.kind} - {"symbol", "group"} or other.is_divided:
                continue
            turned = [
                any(f.span[0] <= s[0] and s[1] <= f.span[1] for s in spans) for f in (one, other)
            ]
            if any(turned):
                parts = [context.formula.of(f.span) for f in (one, other)]
                between = context.formula.text[one.span[1] : other.span[0]]
                new = parts[1] + (between or " ") + parts[0]
                sure = all(map(is_array, parts)) and not re.search(r"[Tt]r\b", context.formula.text)
                yield Edit("order", (one.span[0], other.span[1]), new, not sure)


def _sums_dropped(context: Context) -> Iterator[Edit]:
    for _, _, term, _ in _terms(context):
        for factor in term.factors:
            if factor.kind == "sum" and len(term.factors) > 1:
                yield Edit("sum dropped", factor.span, "")


def _terms_dropped(context: Context) -> Iterator[Edit]:
    for _, n, term, region in _terms(context):
        if len(region) < 2 or _is_zero(context.formula.of(term.span)):
            continue
        if n > 0 and term.sign:
            yield Edit("term dropped", (term.sign[0], term.span[1]), "")
        elif (following := region[1].sign) is not None:
            is_plus = context.formula.of(following) == "+"
            start = term.sign[0] if term.sign else term.span[0]
            yield Edit("term dropped", (start, following[1] if is_plus else following[0]), "")


def _exponents(context: Context) -> Iterator[Edit]:
    for found in context.find(
        r"(?<![d∂])(?<!\\partial)\^(?:\{\s*[23]\s*\}|[23](?!\w))|\*\*[23]|[²³]"
    ):
        three = (
            found.group().replace("3", "4").replace("2", "3").replace("³", "^4").replace("²", "³")
        )
        yield Edit("exponent", found.span(), context.dice.choice(["", three]))


def _log_bases(context: Context) -> Iterator[Edit]:
    members = context.formula.members()
    place = [member.span for member in members].index(context.member.span)
    before = context.formula.of(members[place - 1].span) if place else ""
    number = re.fullmatch(r"-?\s*(\d*\.\d+)", context.text)
    body = re.sub(r"^\s*-?\s*(?:\\left)?[(\[](.*?)(?:\\right)?[)\]]\s*$", r"\1", before)
    logs = re.findall(r"\\log|\\ln|\blog|\bln", body)
    regions = Formula(body).members()[0].regions
    if number and logs and regions and len(logs) >= len(regions[0]):
        start = context.member.span[0] + number.start(1)
        value = Decimal(number.group(1)) / Decimal("2.302585093")
        shown = number.group(1).partition(".")[2]
        new = f"{value:.{len(shown)}f}"
        yield Edit("log base", (start, start + len(number.group(1))), new)


def _masks(context: Context) -> Iterator[Edit]:
    row = r"(?<![A-Za-z0-9_)}])[\[(]\s*([01](?:\s*,\s*[01])+)\s*[\])]"
    matrix = r"\\begin\{[bp]matrix\}((?:[\s&\\]|[01](?!\d|\.))+)\\end"
    for found in context.find(f"{row}|{matrix}"):
        which = 1 if found.group(1) else 2
        bits = [found.start(which) + m.start() for m in re.finditer(r"[01]", found.group(which))]
        if len(bits) > 1:
            at = context.dice.choice(bits)
            yield Edit("mask", (at, at + 1), "1" if context.formula.text[at] == "0" else "0")
    for found in context.find(r"(>|<|\\geq?(?![a-z])|\\leq?(?![a-z])|≥|≤)(?=\s*0(?![\d.]))"):
        turned = "<" if found.group() in (">", "≥") or found.group().startswith(r"\g") else ">"
        yield Edit("mask", found.span(), turned)


def _elementwise(context: Context) -> Iterator[Edit]:
    for _, _, term, _ in _terms(context):
        for one, other in zip(term.factors, term.factors[1:], strict=False):
            sign = context.formula.of(other.operator) if other.operator else ""
            if sign in (r"\odot", r"\circ", "⊙", "∘"):
                sure = is_array(context.formula.of(one.span)) or is_array(
                    context.formula.of(other.span)
                )
                yield Edit("elementwise", other.operator or other.span, r"\,", not sure)


def _fractions_turned(context: Context) -> Iterator[Edit]:
    for _, _, term, _ in _terms(context):
        for factor in term.factors:
            if factor.kind == "fraction" and len(factor.inner) == 2:
                above, below = (context.formula.of(span) for span in factor.inner)
                if "1" not in (above.strip(), below.strip()) and squeezed(above) != squeezed(below):
                    span = (factor.inner[0][0], factor.inner[1][1])
                    between = context.formula.text[factor.inner[0][1] : factor.inner[1][0]]
                    yield Edit("fraction turned", span, below + between + above)


_SWAPPED = {"sin": "cos", "cos": "sin", "sinh": "cosh", "cosh": "sinh", "max": "min", "min": "max"}


def _functions(context: Context) -> Iterator[Edit]:
    for found in context.find(r"(?<![a-zA-Z])(?:sinh?|cosh?|max|min)(?![a-zA-Z])"):
        yield Edit("function", found.span(), _SWAPPED[found.group()])


def _shapes(context: Context) -> Iterator[Edit]:
    size = r"([A-Za-z0-9]+(?:_\{[^{}]*\}|_\w+)?)"
    for found in context.find(rf"{size}(\s*\\times\s*|\s*×\s*){size}(?!\s*\\times)"):
        if found.group(1) != found.group(3):
            new = found.group(3) + found.group(2) + found.group(1)
            yield Edit("shape", found.span(), new)
    for found in context.find(r"\(\s*(\w+)(\s*,\s*)(\w+)\s*\)"):
        if found.group(1) != found.group(3):
            yield Edit("shape", found.span(), f"({found.group(3)}{found.group(2)}{found.group(1)})")


_PLANTERS: tuple[Planter, ...] = (
    *(_signs, _digits, _factors_dropped, _factors_doubled, _transposes, _indices, _variables),
    *(_orders, _sums_dropped, _terms_dropped, _exponents, _log_bases, _masks, _elementwise),
    *(_fractions_turned, _functions),
)


def edits(text: str, kind: str, words: Vocabulary, dice: random.Random) -> list[Edit]:
    """Every mistake that could be put into an equation, outside its left side."""
    formula = Formula(text)
    members = formula.members()
    is_alone = len(members) == 1
    found: list[Edit] = []
    for member in members if is_alone else members[1:]:
        if not member.regions:
            continue
        context = Context(formula, member, words, dice)
        is_shape = kind == "shape" or member.relation in _SET
        planters = (_shapes,) if is_shape else (_digits,) if is_alone else _PLANTERS
        nothing = _annihilated(context)
        for edit in (edit for planter in planters for edit in planter(context)):
            idle = any(start <= edit.span[0] and edit.span[1] <= end for start, end in nothing)
            found.append(replace(edit, is_doubtful=edit.is_doubtful or idle))
    return [edit for edit in found if squeezed(edit.apply(text)) != squeezed(text)]


def _annihilated(context: Context) -> list[Span]:
    """Terms that are zero whatever their other factors are."""
    return [
        (term.sign[0] if term.sign else term.span[0], term.span[1])
        for _, _, term, _ in _terms(context)
        if any(
            (text := squeezed(context.formula.of(factor.span)).strip("()")) == "1-1"
            or _is_zero(text)
            for factor in term.factors
        )
    ]
