"""Node → one expression, in Python's notation or in LaTeX, read from the notation column of its row.

``labels`` are the nodes printed by name; the writer stops there.  Written without recursion and with
a bound on the length of a part, since a graph with sharing can unfold to any size.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from dvar.core.node import Node, topological
from dvar.core.op import ATOM, CONSTANT, POWER, SIZE, UNARY, VARIABLE, Op
from dvar.write import names

Written = tuple[str, int]
"""An expression and how strongly it binds."""

LIMIT = 4000
ELIDED = "..."
_LEADING_NEGATIVE = re.compile(r"(^|\()\((-[\w.]+(?:e-?\d+)?)\)(?= [-+] |$)")
# Brackets of a function's own need no second pair around a negative number.
_TWICE_BRACKETED = re.compile(r"\(\((-[\w.]+(?:e-?\d+)?)\)\)")
_TWICE_BRACKETED_LATEX = re.compile(r"\\left\(\((-[\w. \\{}^]+?)\)\\right\)")


def text(node: Node, labels: Mapping[Node, str]) -> str:
    """The node in Python's notation, with the user's names: ``(W2.T @ dZ2) * (Z1 > 0)``."""
    return _write(node, labels, _text_leaf, _text)[0]


def latex(node: Node, labels: Mapping[Node, str]) -> str:
    """The node in LaTeX."""
    printed = {x: names.latex_name(name) for x, name in labels.items()}
    return _write(node, printed, _latex_leaf, _latex)[0]


def typeset(node: Node, printed: Mapping[Node, str]) -> str:
    """The node in LaTeX, with names that are LaTeX already."""
    return _write(node, printed, _latex_leaf, _latex)[0]


def definition(node: Node, labels: Mapping[Node, str]) -> tuple[str, str]:
    """A labelled node's own expression, in both notations: what stands right of its ``=``."""
    rest = {x: name for x, name in labels.items() if x is not node}
    return text(node, rest), latex(node, rest)


def substituted(
    node: Node, values: Mapping[Node, Any], labels: Mapping[Node, str]
) -> tuple[str, str]:
    """The node with numbers in place of names, in both notations; large arrays keep their names."""
    plain = {x: _value_text(value) for x, value in values.items()}
    print_ = {x: _value_latex(value) for x, value in values.items()}
    for x, value in values.items():
        if np.size(value) > LARGE and x in labels:
            plain[x], print_[x] = labels[x], names.latex_name(labels[x])
    written = _write(node, plain, _text_leaf, _text)[0]
    written = _TWICE_BRACKETED.sub(r"(\1)", _LEADING_NEGATIVE.sub(r"\1\2", written))
    printed = _write(node, print_, _latex_leaf, _latex)[0]
    return written, _TWICE_BRACKETED_LATEX.sub(r"\\left(\1\\right)", printed)


# Elements; more than these inside an expression hide the expression.
LARGE = 12


def _value_text(value: Any) -> str:
    shown = names.array(value, limit=LARGE)
    return f"({shown})" if shown.startswith("-") else shown


def _value_latex(value: Any) -> str:
    shown = names.latex_array(value, limit=LARGE)
    is_power = r"\cdot" in shown and np.ndim(value) == 0
    return rf"({shown})" if shown.startswith("-") or is_power else shown


def _write(
    root: Node,
    labels: Mapping[Node, str],
    leaf: Callable[[Node], Written],
    compose: Callable[[Node, Sequence[Written]], Written],
) -> Written:
    done: dict[Node, Written] = {}
    for node in topological([root], set(labels)):
        if node in labels:
            done[node] = (labels[node], _strength(labels[node]))
        elif not node.inputs:
            done[node] = leaf(node)
        else:
            written = compose(node, [done[x] for x in node.inputs])
            done[node] = written if len(written[0]) <= LIMIT else (ELIDED, ATOM)
    return done[root]


def _strength(label: str) -> int:
    """A name that has something above it, ``a^{[1]}``, is no base of another power as it stands."""
    depth = 0
    for sign in label if "^" in label else "":
        depth += (sign in "{([") - (sign in "})]")
        if sign == "^" and not depth:
            return POWER
    return ATOM


def _wrap(operands: Sequence[Written], needs: Sequence[int], brackets: str) -> list[str]:
    left, right = brackets.split()
    needs = (*needs, *(0,) * len(operands))  # operands beyond the listed ones need no parentheses
    return [
        written if strength >= need else f"{left}{written}{right}"
        for (written, strength), need in zip(operands, needs, strict=False)
    ]


# ── text ────────────────────────────────────────────────────────────────────────────────────────


def _text_leaf(node: Node) -> Written:
    if node.op is VARIABLE:
        return str(node.param("name")), ATOM
    if node.op is SIZE:
        shown = str(node.param("size"))
        return shown, ATOM if shown.isidentifier() else UNARY - 2
    if node.op is CONSTANT:
        value = node.param("value").array
        shown = names.exact(value.item()) if value.ndim == 0 else _exact_array(value)
        return shown, UNARY if shown.startswith("-") else ATOM
    return _text(node, [])


def _exact_array(value: Any) -> str:
    if value.size > 64:
        return names.summary(value)
    return repr(np.vectorize(_as_int, otypes=[object])(value).tolist() if value.size else [])


def _as_int(x: Any) -> Any:
    return int(x) if isinstance(x, float) and x.is_integer() else x


def _text(node: Node, operands: Sequence[Written]) -> Written:
    notation = node.op.notation
    wrapped = _wrap(operands, notation.text_needs, "( )")
    if callable(notation.text):
        return notation.text(wrapped, node), notation.precedence
    if notation.text is None:
        return f"{node.op.name}({', '.join(wrapped + _shown_params(node))})", ATOM
    return notation.text.format(*wrapped), notation.precedence


@lru_cache(maxsize=1024)
def _defaults(op: Op) -> Mapping[str, Any]:
    if op.build is None:
        return {}
    return {
        p.name: p.default
        for p in inspect.signature(op.build).parameters.values()
        if p.default is not p.empty
    }


def _shown_params(node: Node) -> list[str]:
    """Parameters that differ from the defaults of the public signature."""
    defaults = _defaults(node.op)
    shown = []
    for name, value in node.params:
        if name in defaults and defaults[name] == value:
            continue
        if name == "axis" and isinstance(value, tuple) and len(value) == 1:
            (value,) = value
        shown.append(f"{name}={value!r}")
    return shown


# ── LaTeX ───────────────────────────────────────────────────────────────────────────────────────


def _latex_leaf(node: Node) -> Written:
    if node.op is VARIABLE:
        return names.latex_name(str(node.param("name"))), ATOM
    if node.op is SIZE:
        shown = str(node.param("size"))
        return (names.latex_name(shown), ATOM) if shown.isidentifier() else (shown, UNARY - 2)
    if node.op is CONSTANT:
        value = node.param("value").array
        known = names.constant(value.item()) if value.ndim == 0 else None
        shown = known[1] if known else names.latex_array(value, digits=15)
        return shown, UNARY if shown.startswith("-") else ATOM
    return _latex(node, [])


def _latex(node: Node, operands: Sequence[Written]) -> Written:
    notation = node.op.notation
    wrapped = _wrap(operands, notation.latex_needs, r"\left( \right)")
    strength = (
        notation.precedence if notation.latex_precedence is None else notation.latex_precedence
    )
    if callable(notation.latex):
        return notation.latex(wrapped, node), strength
    if notation.latex is None:
        params = [p.replace("_", r"\_") for p in _shown_params(node)]
        name = node.op.name.replace("_", r"\_")
        index = rf"_{{\mathrm{{{', '.join(params)}}}}}" if params else ""
        arguments = ",\\, ".join(wrapped)
        return rf"\operatorname{{{name}}}{index}\left({arguments}\right)", ATOM
    return notation.latex.format(*wrapped), strength
