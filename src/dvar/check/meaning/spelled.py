"""Gradients by the names that programs give them: ``dL_dW1``, ``grad_W1``, ``d_W1``, ``W1_grad``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

_PREFIXES = ("grad_", "d_", "g_", "delta_")
_SUFFIX = "_grad"
_LOSS = re.compile(r"[LJEC]|loss|cost|error|Loss|Cost", re.ASCII)
_DIGITS = re.compile(r"(?P<base>\w*?[A-Za-z])(?P<digits>\d*)")


def known(statements: Sequence[Statement]) -> frozenset[str]:
    """All names of a document, as a program writes them: ``W1``; indices, as l of ``W[l+1]``, are none."""
    symbols = [part for part in parts(statements) if isinstance(part, t.Symbol)]
    below = {id(x) for s in symbols for sub in s.subscripts for x in t.walk(sub)}
    return frozenset(_text(symbol) for symbol in symbols if id(symbol) not in below)


def _text(symbol: t.Symbol) -> str:
    labels = [*symbol.subscripts, *(s.value for s in symbol.scripts if s.kind != "plain")]
    return symbol.base + "".join(
        x.text for x in labels if isinstance(x, t.Label) and x.text.isdigit()
    )


def of_name(symbol: t.Symbol, names: frozenset[str]) -> t.Symbol | t.Derivative:
    """The gradient that a name of a program stands for; the name itself where it is none."""
    text = _written(symbol)
    if text is None:
        return symbol
    for of, wrt in _splits(text):
        if wrt not in names:
            continue
        if of in names and not symbol.scripts:
            return t.Derivative(_symbol(symbol, of), (_symbol(symbol, wrt),), "d", symbol.span)
        if _LOSS.fullmatch(of):
            return _named(symbol, wrt)
    for prefix in _PREFIXES:
        if text.startswith(prefix) and text.removeprefix(prefix) in names:
            return _named(symbol, text.removeprefix(prefix))
    if text.endswith(_SUFFIX) and text.removesuffix(_SUFFIX) in names:
        return _named(symbol, text.removesuffix(_SUFFIX))
    return symbol


def _written(symbol: t.Symbol) -> str | None:
    """``grad_h``, also where h was read as an index; None for names without such a sign."""
    if symbol.accents or any(s.kind != "transpose" for s in symbol.scripts):
        return None
    labels = [x.text for x in symbol.subscripts if isinstance(x, t.Label)]
    if len(labels) < len(symbol.subscripts):
        return None
    text = "_".join([symbol.base, *labels])
    return text if "_" in text else None


def _splits(text: str) -> list[tuple[str, str]]:
    """``dL_dW1``, ``dloss_dz``, ``d_loss_d_w``: every way to read a name as a quotient."""
    if not text.startswith("d"):
        return []
    parts = re.split(r"_d_?", text)
    if len(parts) < 2:
        return []
    above = parts[0].removeprefix("d").removeprefix("_")
    return [(above, "_d".join(parts[1:]))] if above else []


def _symbol(like: t.Symbol, text: str) -> t.Symbol:
    match = _DIGITS.fullmatch(text)
    if match is None or not match["digits"]:
        return t.Symbol(text, like.span)
    return t.Symbol(match["base"], like.span, subscripts=(t.Label(match["digits"], like.span),))


def _named(symbol: t.Symbol, target: str) -> t.Symbol:
    """``dW_1`` for the target ``W1``."""
    made = _symbol(symbol, target)
    return replace(made, base="d" + made.base, scripts=symbol.scripts)
