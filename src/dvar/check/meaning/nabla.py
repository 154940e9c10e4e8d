r"""∇ without an index: ``∇J(θ)``, ``∇ loss(scores)``, ``∇²f``, by what the document says of the function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dvar.check.meaning import applying, differentiate, slopes
from dvar.check.meaning.definitions import Definition
from dvar.check.meaning.keys import Key
from dvar.check.meaning.points import names_beneath
from dvar.check.meaning.substitute import substitute
from dvar.check.meaning.values import (
    Jacobian,
    NotUnderstood,
    Value,
    is_vector,
    reshaped,
    sizes,
    squeezed,
    stacked,
)
from dvar.core.node import Node
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import same_tree

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter


_PARAMETERS = frozenset({"theta", "w", "phi", "psi", "vartheta"})


def nabla(e: Interpreter, tree: t.Derivative) -> Value:
    """``∇J(θ)``, ``∇ loss(scores)``, ``∇²f``, or ``∇J`` where it has been said of what."""
    of, times = _beneath(tree)
    if (several := by_parameters(e, of)) is not None:
        return several if times == 1 else _again(e, of, several)
    by = _by(e, of)
    if by is None:
        place = _only_vector(e, of)
        if place is None or times > 1:
            raise NotUnderstood("∇, without saying with respect to what")
        return differentiate.by_place(e, of, place, None)
    whole = of.head if isinstance(of, t.Apply) and _is_argument(of.args, by) else of
    if times == 1:
        return differentiate.first_order(e, whole, by)
    hessian = differentiate.derivative(e, replace(tree, of=whole, wrt=(by,) * times))
    node = e.plain(hessian)
    if node.ndim != 2 or node.shape[0] != node.shape[1]:
        return hessian
    return e.choices.pick([("Hessian", hessian), ("Laplacian", TABLE["trace"](node))])


def _beneath(tree: t.Derivative) -> tuple[t.Expr, int]:
    """What ∇ is taken of, and how many times."""
    of: t.Expr | None = tree
    times = 0
    while isinstance(of, t.Derivative) and of.spelling == "nabla" and not of.wrt:
        of, times = of.of, times + 1
        while of is not None and t.is_bracketed(of):
            of = of.items[0]
    if of is None or times > 2:
        raise NotUnderstood("∇, without saying of what")
    return of, times


def by_parameters(e: Interpreter, of: t.Expr) -> Node | None:
    """``∇f``, ``∇f(1, 2)`` of ``f(x, y) = …``: the partial derivatives by x and y, at a point if one is given."""
    key = differentiate.key_of(e, of)
    found = e.world.find(key, e.position) if key is not None else None
    if found is not None and isinstance(of, t.Symbol) and (places := _coordinates(e, found[0])):
        return _column(e, [e.plain(differentiate.first_order(e, of, p)) for p in places])
    if found is None or len(found[0].params) < 2:
        return None
    args = of.args if isinstance(of, t.Apply) else found[0].params
    if len(args) != len(found[0].params):
        return None
    head = of.head if isinstance(of, t.Apply) else of
    if not isinstance(head, t.Symbol):
        return None
    points = [e.node(arg) for arg in args]
    if any(p.shape for p in points):
        return None
    function = applying.function_of(e, head, args)
    if function is None:
        return None
    params = found[0].params
    partials = [e.plain(differentiate.first_order(e, head, p)) for p in params]
    if squeezed(sizes(partials[0])):
        there = {e.node(p): x for p, x in zip(params, points, strict=True)}
        rows = [reshaped(substitute(x, there), squeezed(sizes(x))) for x in partials]
        ways = [("Jacobian", TABLE["stack"](rows, axis=1)), ("gradient", TABLE["stack"](rows))]
        return e.choices.pick(ways)
    if not all(map(same_tree, args, params)):
        partials = [
            slopes.own_slope(e, lambda x, n=n: function([*points[:n], x, *points[n + 1 :]]), p)
            for n, p in enumerate(points)
        ]
    return _column(e, partials)


def _column(e: Interpreter, partials: Sequence[Node]) -> Node:
    whole = stacked(partials)
    return reshaped(whole, (len(partials), 1)) if e.world.matrices else whole


def _coordinates(e: Interpreter, made: Definition) -> list[t.Symbol]:
    """x and y of ``g = x^2 y``, of which nobody says that it is a function of them."""
    symbols = [p for p in t.walk(made.value) if isinstance(p, t.Symbol)]
    names = {p.base: p for p in symbols}
    turned = any(s.kind == "transpose" for p in symbols for s in p.scripts)
    bare = not turned and not any(p.subscripts or p.accents for p in symbols)
    if made.params or made.numeric or len(names) < 2 or not (bare and names.keys() <= set("xyz")):
        return []
    places = [replace(names[base], scripts=(), primes=0) for base in sorted(names)]
    return [] if any(e.world.definitions.get(p.base) for p in places) else places


def _again(e: Interpreter, of: t.Expr, gradient: Node) -> Value:
    """``∇²f`` of ``f(x, y) = …``: the partial derivatives of the gradient by all of its parameters."""
    key = differentiate.key_of(e, of)
    found = e.world.find(key, e.position) if key is not None else None
    params = found[0].params if found is not None else ()
    there: dict[Node, Node] = {}
    if isinstance(of, t.Apply) and not all(map(same_tree, of.args, params)):
        slope = by_parameters(e, of.head)
        gradient = gradient if slope is None else slope
        there = {e.node(p): e.node(x) for p, x in zip(params, of.args, strict=True)}
    columns = [differentiate.jacobian(gradient, differentiate.place_of(e, p)).node for p in params]
    whole = TABLE["stack"]([reshaped(c, (len(params),)) for c in columns], axis=1)
    whole = substitute(whole, there)
    return e.choices.pick([("Hessian", whole), ("Laplacian", TABLE["trace"](whole))])


def _is_argument(args: Sequence[t.Expr], by: t.Expr) -> bool:
    return len(args) == 1 and args[0] is by


def _by(e: Interpreter, of: t.Expr) -> t.Expr | None:
    """What the derivative is taken with respect to, as far as it is written."""
    key = differentiate.key_of(e, of)
    if isinstance(of, (t.Apply, t.Call)) and len(of.args) == 1 and isinstance(of.args[0], t.Symbol):
        if key is not None:
            e.world.nablas[key] = of.args[0]
        return of.args[0]
    if key is not None:
        found = e.world.find(key, e.position)
        if found is not None and len(found[0].params) == 1:
            return found[0].params[0]
        if key in e.world.nablas:
            return e.world.nablas[key]
    if (last := _parameter_in(of)) is not None:
        return last
    if e.world.parameter is None and e.world.direction is not None:
        return replace(e.world.direction[1], subscripts=())
    return e.world.parameter


def _parameter_in(of: t.Expr) -> t.Symbol | None:
    """``θ`` of ``∇ ln π(a | s, θ)``: the last argument of what ∇ is taken of, where it is a letter for parameters."""
    lasts = [p.args[-1] for p in t.walk(of) if isinstance(p, t.Apply) and len(p.args) > 1]
    if not lasts or not all(same_tree(x, lasts[0]) for x in lasts):
        return None
    return last if isinstance(last := lasts[0], t.Symbol) and last.base in _PARAMETERS else None


def _only_vector(e: Interpreter, of: t.Expr) -> differentiate.Place | None:
    """The only vector that a formula is about, where all else in it is a matrix or a number."""
    key: Key | None = differentiate.key_of(e, of)
    if key is None or e.world.find(key, e.position) is None:
        return None
    value: Node = differentiate.numerator(e, of)
    found = [n for n in names_beneath([value]) if is_vector(n)]
    return differentiate.place_at(found[0]) if len(found) == 1 and not value.shape else None


def or_determinant(e: Interpreter, tree: t.Derivative, value: Value) -> Value:
    """``∂(x, y)/∂(r, θ)``: the matrix of all derivatives, or what calculus means by it, its determinant."""
    lists = (tree.of, *tree.wrt)
    if not isinstance(value, Jacobian) or not all(isinstance(x, t.Group) for x in lists):
        return value
    of, wrt = squeezed(value.of_shape), squeezed(value.wrt_shape)
    if tree.spelling != "partial" or len(of) != 1 or of != wrt:
        return value
    whole: Value = TABLE["det"](reshaped(value.node, (*of, *wrt)))
    options: list[tuple[str, Value]] = [("all derivatives", value), ("their determinant", whole)]
    return e.choices.pick(options)


__all__ = ["nabla", "or_determinant"]
