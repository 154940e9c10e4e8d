"""Bends of programs: the other product, the other axis, a sum over examples that is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dvar.check.cause.bend import Bend, source_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import places

_OTHER = {"@": ".*", ".*": "@", "*": "@", "odot": "@"}
_REDUCTIONS = frozenset({"sum", "mean"})


def layout_bends(tree: t.Expr, text: str) -> Iterator[Bend]:
    """Changes that make shapes fit."""
    yield from _operators(tree, text)
    yield from _axes(tree, text)
    if isinstance(tree, t.Call) and tree.name in _REDUCTIONS:
        return  # it is summed already; what else is due depends on shapes that may not be told
    for axis in ("0", "1"):
        summed = t.Call("sum", (tree,), tree.span, (("axis", t.Number(axis, tree.span)),))
        edit = (tree.span, f"sum({source_of(text, tree)}, axis={axis})")
        yield Bend("missing-sum", summed, edit, "a sum over the examples")


def _operators(tree: t.Expr, text: str) -> Iterator[Bend]:
    for part, rebuild in places(tree):
        if isinstance(part, t.Product):
            for n, sign in enumerate(part.operators):
                if sign not in _OTHER:
                    continue
                signs = (*part.operators[:n], _OTHER[sign], *part.operators[n + 1 :])
                between = part.factors[n].span[1], part.factors[n + 1].span[0]
                bent = rebuild(replace(part, operators=signs))
                edit = (between, f" {_OTHER[sign]} ")
                yield Bend("wrong-rule", bent, edit, _said(_OTHER[sign]))
        elif isinstance(part, t.Call) and part.name in ("dot", "matmul") and len(part.args) == 2:
            product = t.Product(part.args, (".*",), part.span)
            sources = " * ".join(source_of(text, arg) for arg in part.args)
            yield Bend("wrong-rule", rebuild(product), (part.span, sources), _said(".*"))


def _said(sign: str) -> str:
    return "a product of matrices is due" if sign == "@" else "a product of entries is due"


def _axes(tree: t.Expr, text: str) -> Iterator[Bend]:
    for part, rebuild in places(tree):
        if not isinstance(part, t.Call) or part.name not in _REDUCTIONS:
            continue
        for n, (name, value) in enumerate(part.keywords):
            if name in ("axis", "dim") and isinstance(value, t.Number) and value.text in "01":
                other = replace(value, text="1" if value.text == "0" else "0")
                keywords = (*part.keywords[:n], (name, other), *part.keywords[n + 1 :])
                bent = rebuild(replace(part, keywords=keywords))
                for cause in ("wrong-rule", "missing-sum"):  # over the units, not over the examples
                    yield Bend(cause, bent, None, "the axis of the sum")
