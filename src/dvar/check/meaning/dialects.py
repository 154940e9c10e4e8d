r"""Names of programs by the names that the formulas of the document have for them: ``dZ2`` is ``dZ^{[2]}``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from dvar.check.meaning import spelled
from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement
from dvar.read.worksheet.parts import in_members, rewritten

_ENTRY_BY_ENTRY = re.compile(
    r"(\\otimes|⊗)[^.\n]{0,80}\b(element|component|entry|point)-?wise|(\\otimes|⊗)[^.\n]{0,80}\bHadamard|"
    r"\b((element|component|entry|point)-?wise|Hadamard)\b[^.\n]{0,60}(\\otimes|⊗)",
    re.IGNORECASE,
)
"""Words by which a document says that ⊗ multiplies entry by entry."""
_LAYERS = frozenset({"bracket", "paren"})


def in_one_dialect(document: Document, statements: Sequence[Statement]) -> list[Statement]:
    """The statements with the names in programs as they are in formulas, and ⊗ as it is meant."""
    if _ENTRY_BY_ENTRY.search(document.text):
        statements = [in_members(s, _hadamard) for s in statements]
    statements = [in_members(s, _links) for s in statements]
    is_code = [_is_code(document, s) for s in statements]
    if not any(is_code):
        return list(statements)
    formulas = [s for s, code in zip(statements, is_code, strict=True) if not code]
    names = _Names(spelled.known(statements), _layers(formulas), _accented(formulas))
    return [_renamed(s, names) if code else s for s, code in zip(statements, is_code, strict=True)]


def _hadamard(part: t.Expr) -> t.Expr | None:
    if not isinstance(part, t.Product) or "otimes" not in part.operators:
        return None
    signs = tuple("odot" if sign == "otimes" else sign for sign in part.operators)
    return replace(part, operators=signs)


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
