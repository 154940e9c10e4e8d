"""Losses that are called by their name alone: ``J = CE(y, ŷ)`` in a document that never writes one out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from itertools import takewhile
from typing import Any

import numpy as np

from dvar.check.meaning.keys import letters_in, stem_of
from dvar.check.meaning.letters import parts
from dvar.check.meaning.points import RANGES, Point
from dvar.check.meaning.values import aligned
from dvar.core.node import Node
from dvar.core.op import Array
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import in_members, same_tree

_CROSS_ENTROPIES = frozenset(["CE", "xent", "BCE", "CEL", "H"])
_WORDS = frozenset(["crossentropy", "crossentropyloss", "binarycrossentropy"])


def is_known(name: str) -> bool:
    """Whether a name is that of a cross entropy: ``CE``, ``cross_entropy``, ``Cross-Entropy``."""
    return name in _CROSS_ENTROPIES or name.lower().replace("-", "").replace("_", "") in _WORDS


def by_name(name: str, args: Sequence[Node], is_computed: Sequence[bool]) -> Node | None:
    """The cross entropy of labels and computed probabilities; None where a name is not sure to be that.

    Of the two arguments the labels are the one without a formula.  Whether what is computed is a distribution
    is told by its values.
    """
    if not is_known(name) or len(args) != 2 or sum(is_computed) != 1:
        return None
    labels, computed = args if is_computed[1] else (args[1], args[0])
    values = [Point(span, seed).value(computed) for span in RANGES[:2] for seed in (0, 1)]
    known = [v for v in values if v is not None and np.all(np.isfinite(v))]
    if not known:
        return None
    if not computed.shape:
        return _binary(labels, computed) if all(0 < v < 1 for v in known) else None
    for axis in range(computed.ndim):
        if computed.shape[axis] != 1 and all(_adds_up(v, axis) for v in known):
            return _categorical(labels, computed)
    return None


def _adds_up(value: Array, axis: int) -> bool:
    return bool(np.all(value > 0) and np.allclose(value.astype(float).sum(axis=axis), 1))


def _categorical(labels: Node, probabilities: Node) -> Node | None:
    labels, probabilities = aligned(labels, probabilities)
    if labels.shape != probabilities.shape:
        return None
    return TABLE["negative"](TABLE["sum"](TABLE["multiply"](labels, TABLE["log"](probabilities))))


def _binary(label: Node, probability: Node) -> Node | None:
    if label.shape:
        return None
    yes = TABLE["multiply"](label, TABLE["log"](probability))
    no = TABLE["multiply"](
        TABLE["subtract"](1.0, label), TABLE["log"](TABLE["subtract"](1.0, probability))
    )
    return TABLE["negative"](TABLE["add"](yes, no))


def labels(statements: Sequence[Statement]) -> set[str]:
    """The stems of labels of a cross entropy: they add up to one, though few documents say so.

    ``CE(y, p)``, and ``Σ y_i log p_i`` or ``yᵀ log p`` where p is a softmax.
    """
    softmaxes = set(softmaxes_of(statements))
    found: set[str] = set()
    for part in parts(statements):
        if isinstance(part, t.Apply) and is_known(part.head.base) and len(part.args) == 2:
            stems = [stem_of(a) for a in part.args if isinstance(a, t.Symbol)]
            found |= {s for s in stems if s not in softmaxes} if softmaxes & set(stems) else set()
        if isinstance(part, t.Product) and len(part.factors) == 2:
            label, log = part.factors
            of = log.args[0] if isinstance(log, t.Call) and log.name == "log" else None
            if (
                isinstance(label, t.Symbol)
                and isinstance(of, t.Symbol)
                and stem_of(of) in softmaxes
            ):
                found.add(stem_of(label))
    return found


def softmaxes_of(statements: Sequence[Statement]) -> Iterator[str]:
    """What is defined as a softmax, in one word or written out: ``y_c = s(z)_c = e^{z_c} / \\sum_d e^{z_d}``.

    In programs also in two steps, ``E = np.exp(Z)`` and ``E / E.sum(axis=1, keepdims=True)``.
    """
    raised: set[str] = set()
    for statement in statements:
        chain = list(takewhile(lambda m: m.relation in ("", "=", ":=", "equiv"), statement.members))
        names = [stem_of(m.expr) for m in chain if isinstance(m.expr, t.Symbol)]
        made = [m.expr for m in chain[1:] if m.expr is not None]
        if any(_is_softmax(x, raised) for x in made):
            yield from names
        elif any(isinstance(x, t.Call) and _is_exponential(x, raised) for x in made):
            raised |= {*names}


def _is_softmax(tree: t.Expr, raised: Set[str]) -> bool:
    if isinstance(tree, t.Call):
        return tree.name == "softmax"
    if not isinstance(tree, t.Quotient):
        return False
    below = tree.below
    if isinstance(below, t.Call) and below.name == "sum" and len(below.args) == 1:
        return _is_exponential(below.args[0], raised) and _is_exponential(tree.above, raised)
    return isinstance(below, t.Big) and below.name == "sum" and _is_exponential(below.body, raised)


def _is_exponential(tree: t.Expr, raised: Set[str]) -> bool:
    if isinstance(tree, t.Call):
        return tree.name == "exp"
    if not isinstance(tree, t.Symbol):
        return False
    return (tree.base == "e" and bool(tree.scripts)) or stem_of(tree) in raised


def in_one_word(statements: Sequence[Statement]) -> list[Statement]:
    r"""The statements, with ``softmax(z)`` for ``e^z / \\sum_j e^{z_j}``: all entries of a vector at once."""

    def change(part: Any) -> t.Expr | None:
        below = part.below if isinstance(part, t.Quotient) else None
        if not isinstance(below, t.Big) or below.name != "sum" or len(below.indices) != 1:
            return None
        whole, entry = _exponent(part.above), _exponent(below.body)
        if not isinstance(whole, t.Symbol) or not isinstance(entry, t.Symbol) or below.condition:
            return None
        *kept, last = [c for sub in entry.subscripts for c in letters_in(sub)] or [""]
        own = [c for sub in whole.subscripts for c in letters_in(sub)]
        same = same_tree(replace(whole, subscripts=()), replace(entry, subscripts=()))
        if not same or last != below.indices[0] or own != kept:
            return None
        return t.Call("softmax", (whole,), part.span)

    return [in_members(s, change) for s in statements]


def _exponent(tree: t.Expr) -> t.Expr | None:
    if isinstance(tree, t.Call) and tree.name == "exp" and len(tree.args) == 1:
        return tree.args[0]
    if isinstance(tree, t.Symbol) and tree.base == "e" and len(tree.scripts) == 1:
        return tree.scripts[0].value
    return None


def _is_column(tree: t.Expr) -> bool:
    """``V s_t + c``: matrices stand on the left."""
    first = tree.terms[0] if isinstance(tree, t.Sum) else tree
    left = first.factors[0] if isinstance(first, t.Product) else None
    return isinstance(left, t.Symbol) and left.base[:1].isupper()


def adding_up(statements: Sequence[Statement]) -> list[Statement]:
    r"""The statements, with ``y_t \log \hat y_t`` summed up where ``\hat y_t = softmax(V s_t)`` is a column.

    A loss is a number: of two vectors side by side it is the sum of the products of their entries.
    """
    whole = {
        (stem_of(left), len(left.subscripts))
        for s in statements
        if len(s.members) > 1 and isinstance(left := s.members[0].expr, t.Symbol)
        if isinstance(made := s.members[1].expr, t.Call) and made.name == "softmax"
        if left.subscripts and not (left.scripts or made.subscripts) and _is_column(made.args[0])
    }
    apart = {
        stem_of(p) for p in parts(statements) if isinstance(p, t.Symbol) and len(p.subscripts) > 1
    }

    def change(part: Any) -> t.Expr | None:
        if isinstance(part, t.Big) and not part.indices:
            return part  # the sum is there
        if not isinstance(part, t.Product) or len(part.factors) != 2 or part.operators[0]:
            return None
        label, log = part.factors
        if not isinstance(label, t.Symbol) or not isinstance(log, t.Call) or log.name != "log":
            return None
        (of,) = log.args if len(log.args) == 1 else (None,)
        if not isinstance(of, t.Symbol) or (stem_of(of), len(of.subscripts)) not in whole:
            return None
        if label.scripts or of.scripts or not same_tree(label.subscripts, of.subscripts):
            return None
        turned = replace(label, scripts=(t.Script("transpose", None, label.span),))
        return replace(part, factors=(turned, log))

    whole = {(stem, n) for stem, n in whole if stem not in apart}
    return [in_members(s, change) for s in statements] if whole else list(statements)
