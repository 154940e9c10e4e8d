r"""Random variables: expectations, integrals over densities, and divergences.

A law that a document leaves open is one of a few outcomes, whose probabilities are a smooth function of the
parameters: what holds for every law holds for this one.  A normal law is summed by Hermite's nodes, which is
exact for polynomials.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from dvar.check.meaning import functions, laws
from dvar.check.meaning.keys import Key, sort, stem_of
from dvar.check.meaning.laws import drawn_name
from dvar.check.meaning.points import names_beneath
from dvar.check.meaning.substitute import substitute
from dvar.check.meaning.values import NotUnderstood, Value, add, number, settle, sizes
from dvar.core.node import Node, topological
from dvar.core.op import VARIABLE
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import rewritten

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter

_NODES = 14
_EVERYWHERE = frozenset({"infty"})


# ── densities ───────────────────────────────────────────────────────────────────────────────────


def density(
    e: Interpreter, key: Key, values: Sequence[Node], args: Sequence[t.Expr] = (), drawn: int = 0
) -> Node:
    """The probability of what is drawn, given the others and the parameters below the name.

    Args:
        args: what it is of; drawn: how many of these stand in front of the bar, 0 for all.
    """
    joint = laws.joint(e, key, values, args, drawn)
    if joint is not None:
        return joint
    first, *given = [*values, *parameters(e, key)]
    name = f"{key.stem}_{','.join(map(str, key.indices))}"

    def weight(x: Node) -> Node:
        return TABLE["exp"](functions.open_function(name, [x, *given], True))

    total = reduce(add, map(weight, laws.outcomes(first)))
    return TABLE["divide"](weight(first), total)


def drawn_of(args: Sequence[t.Expr]) -> int:
    """How many arguments of ``p(a, b | c)`` stand in front of the bar; 0 where there is none."""
    for n, arg in enumerate(args):
        if isinstance(arg, t.Relation) and "mid" in arg.relations:
            return n + 1
    return 0


def parameters(e: Interpreter, key: Key) -> list[Node]:
    """``θ`` of ``p_θ``: names below a function that are quantities of their own."""
    found = []
    for index in key.indices:
        if isinstance(index, str) and index in e.world.plain and Key(index) in e.world.bare:
            found.append(e.node(t.Symbol(index, (0, 0))))
    return found


# ── functions without brackets ──────────────────────────────────────────────────────────────────


def shortened(e: Interpreter, tree: t.Expr | None) -> t.Product | None:
    r"""``\log p(x) f(x)`` without brackets may be ``f(x)`` times a logarithm, ``\sin t (1 - t)`` that times a sine."""
    of = tree.args[0] if isinstance(tree, t.Call) and len(tree.args) == 1 else None
    if not isinstance(tree, t.Call) or of is None or tree.span[1] != of.span[1]:
        return None
    if isinstance(of, t.Apply) and not e.world.is_function(stem_of(of.head)):
        of = t.Product((of.head, t.Group("(", of.args, of.span)), ("",), of.span)  # t(1 - t)
    if not isinstance(of, t.Product):
        return None
    first, *rest = of.factors
    of_law = isinstance(first, t.Apply) and stem_of(first.head) in e.world.densities
    last = rest[-1].items[0] if len(rest) == 1 and t.is_bracketed(rest[-1]) else None
    if not (of_law and tree.name == "log") and not (
        isinstance(first, t.Symbol) and isinstance(last, t.Sum)
    ):
        return None
    return t.Product((replace(tree, args=(first,)), *rest), of.operators, tree.span)


def goes_on(product: t.Product) -> bool:
    r"""Whether what stands behind has the same name in it, ``\ln x (1 + x)``: more likely a factor of its own."""
    function, *rest = product.factors
    first = function.args[0] if isinstance(function, t.Call) else None
    return isinstance(first, t.Symbol) and any(
        isinstance(p, t.Symbol) and p.base == first.base for part in rest for p in t.walk(part)
    )


# ── expectations ────────────────────────────────────────────────────────────────────────────────


def expectation(e: Interpreter, tree: t.Big) -> Value:
    """``E_{x∼p}[f(x)]``, ``E_q[log q(z)]``, and ``E[f(x)]`` where it has been said what x is drawn from."""
    if (weighted := _over_index(e, tree)) is not None:
        return e.value(weighted)
    return settle(reduce(add, [TABLE["multiply"](v, weight) for weight, v in _weighed(e, tree)]))


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
    law_tree = head if isinstance(head, t.Apply) else _applied(e, variable, head)
    probability = e.node(law_tree)
    name = law_tree.head
    below = set(names_beneath([probability]))
    fixed = {
        n for p in parameters(e, sort(name, e.world.spelling, e.env).key) for n in topological([p])
    }
    drawn = sorted(below - fixed, key=str) if x.op is not VARIABLE else [x]
    if not drawn:
        raise NotUnderstood("an expectation over nothing")
    for k in range(laws.OUTCOMES):
        outcome = {n: laws.outcomes(n)[(k + i) % laws.OUTCOMES] for i, n in enumerate(drawn)}
        yield substitute(probability, outcome), substitute(body, outcome)


def _applied(e: Interpreter, variable: t.Symbol, head: t.Symbol) -> t.Apply:
    """``q(z | x)`` where q stands in no other form; else ``q(z)``."""
    law = e.world.joint.get(stem_of(head))
    only = None if law is None else law.form
    if only is not None and drawn_name(only.args[0]) is not None:
        first = drawn_name(only.args[0])
        if first is not None and stem_of(first) == stem_of(variable):
            return only
    return t.Apply(head, (variable,), variable.span)


def _law(e: Interpreter, tree: t.Big) -> tuple[t.Symbol, t.Symbol | t.Apply] | None:
    """What is random, and by which law."""
    told = e.world.laws
    relation = tree.condition
    if isinstance(relation, t.Relation) and relation.relations[0] == "sim":
        variable, head = relation.members[0], relation.members[1]
        if isinstance(variable, t.Symbol) and isinstance(head, (t.Symbol, t.Apply)):
            return variable, head
        return None
    if len(tree.indices) == 1 and tree.indices[0] in e.world.densities:
        return e.world.drawn.get(tree.indices[0])
    inside = {stem_of(p) for p in t.walk(tree.body) if isinstance(p, t.Symbol)}
    found: list[tuple[t.Symbol, t.Symbol]] = [told[stem] for stem in told if stem in inside]
    if not found and not tree.indices and len(e.world.densities) == 1:
        found = list(e.world.drawn.values())  # the only law that there is
    return found[0] if len(found) == 1 else None


def _normal(
    e: Interpreter, variable: t.Symbol, head: t.Symbol | t.Apply
) -> tuple[Node, Node] | None:
    """Mean and variance of a normal law; None for any other."""
    if isinstance(head, t.Apply):
        return None
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
    """``∫ p(x) f(x) dx``: over all outcomes of x; no law in it may have a formula."""
    stems = {
        stem_of(p.head)
        for p in t.walk(tree.body)
        if isinstance(p, t.Apply) and p.head.base in e.world.densities and len(p.args) > 0
    }
    letters, body = _over(e, tree)
    if not stems or not letters or not _is_everywhere(tree):
        raise NotUnderstood("an integral")
    told = any(not d.numeric for stem in stems for d in e.world.definitions.get(stem, ()))
    if told and (tree.low is not None or tree.name == "sum"):
        raise NotUnderstood("an integral")
    value = e.node(body)
    for letter in letters:
        x = e.node(t.Symbol(letter, tree.span))
        if x.op is not VARIABLE:
            raise NotUnderstood("an integral")
        value = _over_all(x, value)
    return value


def _over_all(x: Node, value: Node) -> Node:
    return reduce(add, [substitute(value, {x: outcome}) for outcome in laws.outcomes(x)])


def is_over_outcomes(e: Interpreter, tree: t.Big) -> bool:
    """``Σ_x P(x) f(x)`` where x is no index letter, and P a probability of it."""
    if len(tree.indices) != 1 or tree.indices[0] in e.world.spelling.letters:
        return False
    return any(tree.indices[0] in law.of for law in e.world.joint.values())


def _over(e: Interpreter, tree: t.Big) -> tuple[list[str], t.Expr]:
    """What is integrated over, and what: of ``∫ f dx dz`` the first differential is a factor; ``∫_τ`` has none."""
    if not tree.indices and isinstance(tree.body, t.Big) and tree.body.name == "int":
        return _over(e, tree.body)
    known = {stem for law in e.world.joint.values() for stem in law.of}
    letters, body = list(tree.indices), tree.body
    if not letters and isinstance(tree.low, (t.Symbol, t.Label)):
        letters = [tree.low.base if isinstance(tree.low, t.Symbol) else tree.low.text]

    def without(part: Any) -> t.Expr | None:
        if not isinstance(part, t.Product):
            return None
        *rest, last = part.factors
        if not isinstance(last, t.Symbol) or last.base[:1] != "d" or last.base[1:] not in known:
            return None
        letters.append(last.base[1:])
        if len(rest) == 1:
            return rewritten(rest[0], without)  # type: ignore[no-any-return]
        shorter = replace(part, factors=tuple(rest), operators=part.operators[: len(rest) - 1])
        return replace(shorter, factors=rewritten(shorter.factors, without))

    body = rewritten(body, without)  # the reader takes dx of ∫ log p(x) dx for a factor
    return [x for x in letters if x in known], body


def _is_everywhere(tree: t.Big) -> bool:
    """Whether an integral has no limits, infinite ones, or a set of all there is."""
    if tree.low is None:
        return tree.high is None
    if tree.high is None:
        return isinstance(tree.low, (t.Symbol, t.Label, t.Relation))
    low = tree.low.operand if isinstance(tree.low, t.Negative) else None
    return all(isinstance(x, t.Symbol) and x.base in _EVERYWHERE for x in (low, tree.high))


# ── divergences ─────────────────────────────────────────────────────────────────────────────────


def divergence(e: Interpreter, tree: t.Apply) -> Node | None:
    """``KL(N(μ_1, σ_1^2) ‖ N(μ_2, σ_2^2))``, ``KL(q(z | x) ‖ p(z))``; None where these are no laws."""
    if tree.head.base not in ("KL", "D") or len(tree.args) != 2:
        return None
    first, second = (_normal_of(e, arg) for arg in tree.args)
    if first is None or second is None:
        return _open_divergence(e, *tree.args)
    (m, v), (n, w) = first, second
    ratio = TABLE["divide"](v, w)
    far = TABLE["divide"](TABLE["square"](TABLE["subtract"](m, n)), w)
    each = TABLE["subtract"](add(ratio, far), add(TABLE["log"](ratio), number(1.0)))
    return settle(TABLE["multiply"](TABLE["sum"](each) if each.shape else each, 0.5))


def _open_divergence(e: Interpreter, first: t.Expr, second: t.Expr) -> Node | None:
    """``Σ_z q(z | x) \\log(q(z | x) / p(z))``."""
    both = [
        x
        for x in (first, second)
        if isinstance(x, t.Apply) and stem_of(x.head) in e.world.densities
    ]
    if len(both) != 2 or (variable := drawn_name(both[0].args[0])) is None:
        return None
    if drawn_of(both[0].args) != 1 and len(both[0].args) != 1:
        return None
    q, p = (e.node(law) for law in both)
    x = e.node(variable)
    if x.op is not VARIABLE:
        return None
    each = TABLE["multiply"](q, TABLE["log"](TABLE["divide"](q, p)))
    return _over_all(x, each)


def _normal_of(e: Interpreter, tree: t.Expr) -> tuple[Node, Node] | None:
    if not isinstance(tree, t.Apply):
        return None
    if tree.head.base == "N" and len(tree.args) == 2:
        mean, variance = (e.node(arg) for arg in tree.args)
        return None if mean.shape or variance.shape else (mean, variance)
    return None


__all__ = [
    "density",
    "divergence",
    "drawn_of",
    "expectation",
    "integral",
    "is_over_outcomes",
    "parameters",
    "shortened",
]
