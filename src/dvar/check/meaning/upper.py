r"""Indices that stand upstairs: ``Q^{ia} K^{ja}`` and ``δ^i_j`` of documents that sum over what occurs twice.

Everything else looks for indices downstairs, so they are brought there.  ``softmax_j(S_{ij})`` tells by its index what
it is normalised over, and is written out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dvar.check.meaning.keys import letters_in
from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import in_members, rewritten


def lowered(statements: Sequence[Statement]) -> list[Statement]:
    """The statements with upper indices below, where some name has a run of them."""
    runs = [p for p in parts(statements) if isinstance(p, t.Symbol) and len(_upper(p)) > 1]
    mixed = [p for p in parts(statements) if _is_mixed_delta(p)]
    found = list(statements)
    if len({p.base for p in runs}) > 1 or (runs and mixed):
        found = [in_members(s, _lower) for s in found]
    return [in_members(s, _normalised) for s in found]


def exchanged(statements: Sequence[Statement]) -> list[Statement]:
    """The statements with entries below and layers above, where ``w_n^{ij}`` and ``x_{n-1}^j`` have them so."""
    marked = [p for p in parts(statements) if isinstance(p, t.Symbol) and len(p.subscripts) == 1]
    runs = [p for p in marked if len(_upper(p)) > 1]
    layers = {c for run in runs for c in letters_in(run.subscripts[0])}
    counted = {x.base for run in runs for x in _upper(run)}
    single = {p.base for p in marked if len(_upper(p)) == 1 and _upper(p)[0].base in counted}
    if len(layers) != 1 or layers & counted or not single - {run.base for run in runs}:
        return list(statements)
    (layer,) = layers
    return [in_members(s, lambda part: _exchanged(part, layer)) for s in statements]


def _exchanged(part: t.Expr, layer: str) -> t.Expr | None:
    """``x_{n-1}^j`` as ``x^{(n-1)}_j``, ``Y_n`` as ``Y^{(n)}``, and ``E^p`` as ``E_p``."""
    if not isinstance(part, t.Symbol) or len(part.subscripts) > 1:
        return None
    upper = _upper(part)
    if not part.subscripts:
        return _lower(part)
    (below,) = part.subscripts
    others = () if upper else part.scripts
    if letters_in(below) != [layer] or any(s.kind != "transpose" for s in others):
        return None
    entry = (t.Label("".join(x.base for x in upper), part.scripts[0].span),) if upper else ()
    above = t.Script("paren", below, below.span)
    return replace(part, subscripts=entry, scripts=(above, *others))


def _upper(symbol: t.Symbol) -> tuple[t.Symbol, ...]:
    """The letters upstairs: ``i`` and ``a`` of ``Q^{ia}``; none where anything else stands there."""
    if len(symbol.scripts) != 1 or symbol.base == "e":
        return ()
    script = symbol.scripts[0]
    value = script.value
    letters = value.factors if isinstance(value, t.Product) else (value,)
    if script.kind != "plain" or (isinstance(value, t.Product) and any(value.operators)):
        return ()
    names = [x for x in letters if isinstance(x, t.Symbol) and _is_letter(x)]
    return tuple(names) if len(names) == len(letters) else ()


def _is_letter(symbol: t.Symbol) -> bool:
    plain = not (symbol.subscripts or symbol.scripts or symbol.accents)
    return plain and len(symbol.base) == 1 and symbol.base.islower()


def _is_mixed_delta(part: object) -> bool:
    return (
        isinstance(part, t.Symbol)
        and part.base == "delta"
        and len(_upper(part)) == 1
        and len(part.subscripts) == 1
    )


def _lower(part: t.Expr) -> t.Expr | None:
    if not isinstance(part, t.Symbol) or not (upper := _upper(part)):
        return None
    span = part.scripts[0].span
    text = "".join(x.base for x in upper)
    below = part.subscripts
    if all(isinstance(x, t.Label) for x in below) and not any(x.primes for x in upper):
        text += "".join(x.text for x in below if isinstance(x, t.Label))
        return replace(part, scripts=(), subscripts=(t.Label(text, span),))
    return replace(part, scripts=(), subscripts=(*upper, *below))


def _normalised(part: t.Expr) -> t.Expr | None:
    """``softmax_j(S_{ij})`` as ``e^{S_ij} / Σ_j e^{S_ij}``."""
    if not isinstance(part, t.Call) or part.name != "softmax" or len(part.args) != 1:
        return None
    of = part.args[0]
    if len(part.subscripts) != 1 or part.scripts or not isinstance(of, t.Symbol):
        return None
    letter = getattr(part.subscripts[0], "text", getattr(part.subscripts[0], "base", ""))
    run = "".join(x.text for x in of.subscripts if isinstance(x, t.Label))
    if len(letter) != 1 or letter not in run or len(run) < 2:
        return None
    above = t.Call("exp", (of,), part.span)
    below = t.Big("sum", (letter,), None, None, None, rewritten(above, lambda x: None), part.span)
    return t.Quotient(above, below, part.span)


__all__ = ["lowered"]
