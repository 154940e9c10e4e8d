r"""Random variables: expectations, integrals over densities, and divergences.

A law that a document leaves open is one of a few outcomes, whose probabilities are a smooth function of the
parameters: what holds for every law holds for this one.  A normal law is summed by Hermite's nodes, which is
exact for polynomials.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dvar.check.meaning import functions
from dvar.check.meaning.keys import Key, sort, stem_of
from dvar.check.meaning.points import names_beneath
from dvar.check.meaning.substitute import substitute
from dvar.check.meaning.values import NotUnderstood, Value, add, number, settle, sizes
from dvar.core.node import Node, topological
from dvar.core.op import VARIABLE, constant
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter

OUTCOMES = 3
"""Outcomes of a law that is left open: as many as an index letter runs through where nothing is said."""
_NODES = 14


# ── densities ───────────────────────────────────────────────────────────────────────────────────


def density(e: Interpreter, key: Key, values: Sequence[Node]) -> Node:
    """The probability of the first value, given the others and the parameters below the name."""
    first, *given = [*values, *parameters(e, key)]
    name = f"{key.stem}_{','.join(map(str, key.indices))}"

    def weight(x: Node) -> Node:
        return TABLE["exp"](functions.open_function(name, [x, *given], True))

    total = None
    for outcome in _outcomes(first):
        part = weight(outcome)
        total = part if total is None else add(total, part)
    assert total is not None
    return TABLE["divide"](weight(first), total)


def parameters(e: Interpreter, key: Key) -> list[Node]:
    """``θ`` of ``p_θ``: names below a function that are quantities of their own."""
    found = []
    for index in key.indices:
        if isinstance(index, str) and index in e.world.plain and Key(index) in e.world.bare:
            found.append(e.node(t.Symbol(index, (0, 0))))
    return found


def _outcomes(like: Node) -> list[Node]:
    shape = sizes(like)
    return [
        constant(
            np.full(shape, float(k)) + np.arange(max(1, int(np.prod(shape)))).reshape(shape) * 0.1
        )
        if shape
        else number(float(k))
        for k in range(1, OUTCOMES + 1)
    ]


# ── expectations ────────────────────────────────────────────────────────────────────────────────


def expectation(e: Interpreter, tree: t.Big) -> Value:
    """``E_{x∼p}[f(x)]``, ``E_q[log q(z)]``, and ``E[f(x)]`` where it has been said what x is drawn from."""
    if (weighted := _over_index(e, tree)) is not None:
        return e.value(weighted)
    total: Node | None = None
    for weight, value in _weighed(e, tree):
        part = TABLE["multiply"](value, weight)
        total = part if total is None else add(total, part)
    if total is None:
        raise NotUnderstood("an expectation")
    return settle(total)


def _over_index(e: Interpreter, tree: t.Big) -> t.Big | None:
    """``E_{k∼π}[f_k]`` where π has an entry for each k: the sum of ``π_k f_k``."""
    relation = tree.condition
    if not isinstance(relation, t.Relation) or relation.relations != ("sim",):
        return None
    letter, law = relation.members
    if not isinstance(letter, t.Symbol) or not isinstance(law, t.Symbol) or law.subscripts:
        return None
    if letter.base not in e.world.spelling.letters or letter.subscripts:
        return None
    entry = replace(law, subscripts=(t.Label(letter.base, letter.span),))
    found = e.world.find(sort(entry, e.world.spelling, {letter.base: 1}).key, e.position)
    if found is None or not found[0].pattern.letters:
        return None
    body = t.Product((entry, t.Group("(", (tree.body,), tree.span)), ("",), tree.span)
    return t.Big("sum", (letter.base,), None, None, None, body, tree.span)


def _weighed(e: Interpreter, tree: t.Big) -> Iterator[tuple[Node, Node]]:
    """The outcomes of what is random in an expectation: probability and value of each."""
    body = e.node(tree.body)
    law = _law(e, tree)
    if law is None:
        raise NotUnderstood("an expectation over something that is not told")
    variable, head = law
    normal = _normal(e, variable, head)
    x = e.node(variable)
    if normal is not None:
        if x.op is not VARIABLE:
            raise NotUnderstood("an expectation over something that has a formula")
        yield from _of_normal(body, x, *normal)
        return
    probability = e.node(t.Apply(head, (variable,), variable.span))
    below = set(names_beneath([probability]))
    fixed = {
        n for p in parameters(e, sort(head, e.world.spelling, e.env).key) for n in topological([p])
    }
    drawn = sorted(below - fixed, key=str) if x.op is not VARIABLE else [x]
    if not drawn:
        raise NotUnderstood("an expectation over nothing")
    for k in range(OUTCOMES):
        outcome = {n: _outcomes(n)[(k + i) % OUTCOMES] for i, n in enumerate(drawn)}
        yield substitute(probability, outcome), substitute(body, outcome)


def _law(e: Interpreter, tree: t.Big) -> tuple[t.Symbol, t.Symbol] | None:
    """What is random, and by which law."""
    laws = e.world.laws
    relation = tree.condition
    if isinstance(relation, t.Relation) and relation.relations[0] == "sim":
        variable, head = relation.members[0], relation.members[1]
        if isinstance(variable, t.Symbol) and isinstance(head, t.Symbol):
            return variable, head
        return None
    if len(tree.indices) == 1 and tree.indices[0] in e.world.densities:
        return e.world.drawn.get(tree.indices[0])
    inside = {stem_of(p) for p in t.walk(tree.body) if isinstance(p, t.Symbol)}
    found = [laws[stem] for stem in laws if stem in inside]
    return found[0] if len(found) == 1 else None


def _normal(e: Interpreter, variable: t.Symbol, head: t.Symbol) -> tuple[Node, Node] | None:
    """Mean and variance of a normal law; None for any other."""
    key = sort(head, e.world.spelling, e.env).key
    found = e.world.find(key, e.position)
    if found is None or not isinstance(found[0].value, t.Call):
        return None
    if found[0].value.name != functions.NORMAL:
        return None
    _, mean, variance = found[0].value.args
    like = sizes(e.node(variable))
    return e.node(mean, like), e.node(variance)


def _of_normal(body: Node, x: Node, mean: Node, variance: Node) -> Iterator[tuple[Node, Node]]:
    if x.shape:
        raise NotUnderstood("an expectation over a vector")
    places, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    spread = TABLE["sqrt"](variance)
    for place, weight in zip(places, weights, strict=True):
        at = add(mean, TABLE["multiply"](spread, float(place)))
        yield number(float(weight)), substitute(body, {x: at})


def integral(e: Interpreter, tree: t.Big) -> Value:
    """``∫ p(x) f(x) dx``: over all outcomes of x."""
    applied = [
        p
        for p in t.walk(tree.body)
        if isinstance(p, t.Apply) and p.head.base in e.world.densities and len(p.args) > 0
    ]
    if tree.low is not None or tree.high is not None or len(tree.indices) != 1 or not applied:
        raise NotUnderstood("an integral")
    x = e.node(t.Symbol(tree.indices[0], tree.span))
    if x.op is not VARIABLE:
        raise NotUnderstood("an integral")
    body = e.node(tree.body)
    total: Node | None = None
    for outcome in _outcomes(x):
        part = substitute(body, {x: outcome})
        total = part if total is None else add(total, part)
    assert total is not None
    return total


# ── divergences ─────────────────────────────────────────────────────────────────────────────────


def divergence(e: Interpreter, tree: t.Apply) -> Node | None:
    """``KL(N(μ_1, σ_1^2) ‖ N(μ_2, σ_2^2))``; None where the laws are not normal."""
    if tree.head.base not in ("KL", "D") or len(tree.args) != 2:
        return None
    first, second = (_normal_of(e, arg) for arg in tree.args)
    if first is None or second is None:
        return None
    (m, v), (n, w) = first, second
    ratio = TABLE["divide"](v, w)
    far = TABLE["divide"](TABLE["square"](TABLE["subtract"](m, n)), w)
    each = TABLE["subtract"](add(ratio, far), add(TABLE["log"](ratio), number(1.0)))
    return settle(TABLE["multiply"](TABLE["sum"](each) if each.shape else each, 0.5))


def _normal_of(e: Interpreter, tree: t.Expr) -> tuple[Node, Node] | None:
    if not isinstance(tree, t.Apply):
        return None
    if tree.head.base == "N" and len(tree.args) == 2:
        mean, variance = (e.node(arg) for arg in tree.args)
        return None if mean.shape or variance.shape else (mean, variance)
    return None


__all__ = ["density", "divergence", "expectation", "integral", "parameters"]
