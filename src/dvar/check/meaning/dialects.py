r"""Names of programs by the names that the formulas of the document have for them: ``dZ2`` is ``dZ^{[2]}``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

from dvar.check.meaning import spelled
from dvar.check.meaning.keys import stem_of
from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement
from dvar.read.worksheet.pages.python import SLOPE
from dvar.read.worksheet.parts import in_members, rewritten

_BY_ENTRY = r"\b(?:(?:element|component|entry|point)[- ]?wise|Hadamard|product of (?:the )?entries)"
_OF_MATRICES = r"\b(?:matrix (?:product|multiplication)|product of matrices)"
_OPEN, _CLOSE = r"(?<![\w})])(?:`|\$|\\\(|[\"'“(])\s*", r"\s*(?:`|\$|\\\)|[\"'”)])"
_SIGNS = {
    "otimes": r"(?:\\otimes|⊗)",
    "cdot": rf"{_OPEN}(?:\\cdot|·){_CLOSE}",
    "*": rf"{_OPEN}(?:\\?\*|\\ast|∗){_CLOSE}",
    "times": rf"{_OPEN}(?:\\times|×){_CLOSE}",
}
"""Signs of products as they stand where a document says what they mean: but for ⊗, on their own."""
_BETWEEN = r"(?:(?!\\(?:cdot|odot|otimes|times|circ|ast)\b)[^.\n*·×⊗⊙])"
_MEANINGS = {"odot": _BY_ENTRY, "@": _OF_MATRICES}
_SAID = [
    {
        pair: re.compile(form.format(*pair_words), re.IGNORECASE)
        for pair, pair_words in (
            ((sign, meant), (alone, words))
            for sign, alone in _SIGNS.items()
            for meant, words in _MEANINGS.items()
        )
    }
    for form in (rf"{{0}}{_BETWEEN}{{{{0,60}}}}?{{1}}", rf"{{1}}{_BETWEEN}{{{{0,40}}}}{{0}}")
]
"""Words by which a document says that a sign multiplies entry by entry, or matrices: behind it, else before it."""
_LAYERS = frozenset({"bracket", "paren"})


def in_one_dialect(document: Document, statements: Sequence[Statement]) -> list[Statement]:
    """The statements with the names in programs as they are in formulas, and signs of products as they are meant."""
    if signs := _signs(document.text):
        change, regions = partial(_multiplied, signs), document.regions
        statements = [
            s if regions[s.region].is_program else in_members(s, change) for s in statements
        ]
    statements = [_without_loss(in_members(s, _links)) for s in statements]
    statements = [in_members(s, partial(_slope, _activated(statements))) for s in statements]
    if _has_bare_partials(statements):
        statements = [in_members(s, _as_gradient) for s in statements]
    is_code = [_is_code(document, s) for s in statements]
    if not any(is_code):
        return list(statements)
    formulas = [s for s, code in zip(statements, is_code, strict=True) if not code]
    names = _Names(spelled.known(statements), _layers(formulas), _accented(formulas))
    return [_renamed(s, names) if code else s for s, code in zip(statements, is_code, strict=True)]


def _without_loss(statement: Statement) -> Statement:
    r"""``\nabla_W = \delta a^T`` as ``dW``: the loss that the gradient is of is not written again."""
    first, *others = statement.members
    whole = first.expr
    if not others or not isinstance(whole, t.Derivative) or whole.of is not None:
        return statement
    by = whole.wrt[0] if len(whole.wrt) == 1 else None
    if whole.spelling != "nabla" or not isinstance(by, t.Symbol):
        return statement
    named = replace(by, base="d" + by.base, span=whole.span)
    return replace(statement, members=(replace(first, expr=named), *others))


def _activated(statements: Sequence[Statement]) -> dict[tuple[str, ...], str]:
    """What comes out of an activation, ``a = sigmoid(z)``, with its name; functions with a formula have none."""
    found: dict[tuple[str, ...], str] = {}
    for statement in statements:
        left, *others = (m.expr for m in statement.members[:2])
        if isinstance(left, t.Apply):
            found[_written(left.head)] = ""
        elif isinstance(left, t.Symbol) and others and isinstance(others[0], t.Call):
            found[_written(left)] = others[0].name
    return found


def _written(name: t.Symbol) -> tuple[str, ...]:
    return stem_of(name), *(getattr(below, "text", "") for below in name.subscripts)


def _slope(activated: Mapping[tuple[str, ...], str], part: t.Expr) -> t.Expr | None:
    """``relu_derivative(z)`` and ``sigmoid_prime(z)``, where the document does not say what they compute.

    Many give a sigmoid's slope its output ``a`` and mean ``a (1 - a)``; what is called z is its argument.
    """
    if not isinstance(part, t.Apply) or len(part.args) != 1 or _written(part.head) in activated:
        return None
    found = SLOPE.fullmatch(part.head.base)
    (by,) = part.args
    if found is None or not isinstance(by, t.Symbol):
        return None
    name = (found[1] or found[2]).lower()
    if name == "relu" or by.base[:1] in ("z", "Z"):
        return t.Call(name, part.args, part.span, primes=1)
    if activated.get(_written(by)) != name:
        return None
    one, span = t.Number("1", part.span), part.span
    factors: tuple[t.Expr, ...] = (by, t.Group("(", (t.Sum((one, by), (1, -1), span),), span))
    product = t.Product(factors, (".*",), span)
    if name == "sigmoid":
        return t.Group("(", (product,), span)
    square = t.Product((by, by), (".*",), span)
    return t.Group("(", (t.Sum((one, square), (1, -1), span),), span)


def _is_bare(part: t.Expr | None) -> bool:
    r"""``\partial w_{11}`` that nothing is below of."""
    if not isinstance(part, t.Derivative) or part.spelling != "partial" or part.operator:
        return False
    return not part.wrt and isinstance(part.of, t.Symbol)


def _has_bare_partials(statements: Sequence[Statement]) -> bool:
    r"""Whether ``\partial w = \partial y \, x`` tells gradients of a loss, and nowhere what small changes make."""
    if not any(len(s.members) > 1 and _is_bare(s.members[0].expr) for s in statements):
        return False
    products = (p.factors for p in parts(statements) if isinstance(p, t.Product))
    return not any(
        any(map(_is_bare, fs)) and any(isinstance(f, t.Derivative) and f.wrt for f in fs)
        for fs in products
    )


def _as_gradient(part: t.Expr) -> t.Expr | None:
    of = part.of if isinstance(part, t.Derivative) and _is_bare(part) else None
    return replace(of, base="d" + of.base) if isinstance(of, t.Symbol) else None


def _signs(text: str) -> dict[str, str]:
    """What a document says of its signs of products; nothing of those of which it says both."""
    found: dict[str, str] = {}
    for forms in _SAID:
        said = [pair for pair, words in forms.items() if words.search(text)]
        for sign, meant in said:
            if [s for s, _ in said].count(sign) == 1:
                found.setdefault(sign, meant)
    return found


def _multiplied(signs: Mapping[str, str], part: t.Expr) -> t.Expr | None:
    """A product with its signs as they are meant."""
    if not isinstance(part, t.Product) or signs.keys().isdisjoint(part.operators):
        return None
    meant = tuple(signs.get(sign, sign) for sign in part.operators)
    factors = rewritten(part.factors, partial(_multiplied, signs))
    return replace(part, factors=factors, operators=meant)


def _links(part: t.Expr) -> t.Expr | None:
    """``prod(∂z/∂y, ∂y/∂x)``: links of a chain, multiplied however they fit."""
    if not isinstance(part, t.Call) or part.name != "prod" or len(part.args) < 2 or part.keywords:
        return None
    if not all(isinstance(arg, t.Derivative) for arg in part.args):
        return None
    return t.Product(part.args, ("",) * (len(part.args) - 1), part.span)


@dataclass(frozen=True)
class _Names:
    """All names there are, those that have layers, and those of formulas with one accent, by their words."""

    known: frozenset[str]
    layers: dict[str, str]
    accented: dict[str, t.Symbol]


def _is_code(document: Document, statement: Statement) -> bool:
    region = document.regions[statement.region]
    return region.kind == "code" and not region.latex


def _layers(statements: Sequence[Statement]) -> dict[str, str]:
    """Stems with the kind of script that tells their layer, where no subscript does."""
    kinds: dict[str, Counter[str]] = {}
    below: set[str] = set()
    for part in parts(statements):
        if not isinstance(part, t.Symbol):
            continue
        if not part.scripts and any(_is_digit(s) for s in part.subscripts):
            below.add(part.base)
        for script in part.scripts:
            if script.kind in _LAYERS and _is_digit(script.value):
                kinds.setdefault(part.base, Counter())[script.kind] += 1
    return {base: k.most_common(1)[0][0] for base, k in kinds.items() if base not in below}


def _accented(statements: Sequence[Statement]) -> dict[str, t.Symbol]:
    r"""What programs call ``\hat y``: ``y_hat``, ``yhat``."""
    found: dict[str, t.Symbol] = {}
    for part in parts(statements):
        if isinstance(part, t.Symbol) and len(part.accents) == 1 and part.accents[0].isalpha():
            for joint in ("_", ""):
                found.setdefault(f"{part.base}{joint}{part.accents[0]}", part)
    return found


def _is_digit(tree: t.Expr | None) -> bool:
    return isinstance(tree, (t.Label, t.Number)) and len(tree.text) == 1 and tree.text.isdigit()


def _renamed(statement: Statement, names: _Names) -> Statement:
    def name(part: t.Expr) -> t.Expr | None:
        if not isinstance(part, t.Symbol):
            return None
        gradient = spelled.of_name(part, names.known)
        if gradient is part:
            return _layered(_with_accent(part, names.accented), names.layers)
        return cast("t.Expr", rewritten(gradient, name))

    return in_members(statement, name)


def _with_accent(part: t.Symbol, accented: dict[str, t.Symbol]) -> t.Symbol:
    """``y_hat`` and its gradient ``dy_hat`` as the formulas write them."""
    for front in ("", "d"):
        like = accented.get(part.base.removeprefix(front))
        if like is not None and part.base.startswith(front) and not part.accents:
            return replace(part, base=front + like.base, accents=like.accents)
    return part


def _layered(part: t.Symbol, layers: dict[str, str]) -> t.Symbol:
    kind = layers.get(part.base) or layers.get(part.base.removeprefix("d"))
    if kind and len(part.subscripts) == 1 and _is_digit(part.subscripts[0]):
        layer = t.Script(kind, part.subscripts[0], part.subscripts[0].span)
        return replace(part, subscripts=(), scripts=(layer, *part.scripts))
    return part
