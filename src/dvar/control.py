"""Loops and choices inside one graph, where Python's own cannot look at numbers; and recomputation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from dvar.core.body import Body
from dvar.core.dims import Size, show
from dvar.core.dtypes import promote
from dvar.core.errors import ShapeError, TraceError
from dvar.core.node import Node
from dvar.derive.control.branches import chosen, recomputed
from dvar.derive.control.passes import Loop, Pass
from dvar.derive.control.scan import scan as scan_row
from dvar.derive.control.steps import Loop as Steps
from dvar.derive.control.while_loop import results
from dvar.ops.rounding import astype
from dvar.read.trace import containers, facts, following
from dvar.read.trace.array import Variable, wrap
from dvar.read.trace.calling import Function, Given, name_of, parameter
from dvar.read.trace.program import filled, lifted, placeholder, same_containers
from dvar.read.trace.trace import as_node


def scan(
    function: Function, init: Any, xs: Any = None, length: int | None = None, reverse: bool = False
) -> tuple[Any, Any]:
    """A loop that carries something from step to step and collects something of each.

    It is what this Python computes, as one row of the graph:

        carry, ys = init, []
        for x in xs:
            carry, y = function(carry, x)
            ys.append(y)
        return carry, np.stack(ys)

    Args:
        function: ``(carry, x) → (carry, y)`` in plain NumPy; called with shapes only.
        init: the carry before the first step; any containers of arrays and numbers.
        xs: any containers of arrays, whose first axis counts the steps; None where there is nothing to
            take in turn, so that ``length`` says how often.
        length: how many steps there are.
        reverse: from the last element of ``xs`` to the first; ``ys`` are in the order of ``xs``.

    Returns:
        The carry after the last step, and what each step gave, stacked.

    Raises:
        ShapeError: the carry changes its shape, or the arrays of ``xs`` differ in length.
        TraceError: the function does not return such a pair, or changes the containers of the carry.

    Example:
        >>> total, sums = scan(lambda c, x: (c + x, c + x), 0.0, np.array([1.0, 2.0, 3.0]))
        >>> total, sums
        (np.float64(6.0), array([1., 3., 6.]))
    """
    given = Given()
    inits = _nodes(given, "carry", init)
    series = _nodes(given, "x", xs)
    size = _length([x for x in series if x is not None], length)
    name = _called(function)

    def step(carries: Sequence[Node | None]) -> tuple[list[Node], Any, list[Node]]:
        elements = [
            None if x is None else placeholder(x, called, x.shape[1:])
            for x, called in zip(series, _names(function, 1, xs), strict=True)
        ]
        made = following.call(function, (filled(init, carries), filled(xs, elements)), {})
        if not isinstance(made, tuple) or len(made) != 2:
            raise TraceError(f"scan: {name} does not return a pair (carry, y)")
        same_containers(f"scan: {name}", init, made[0], "the carry")
        return _present(elements), made[1], [*_carried(made[0], carries), *_results(made[1])]

    names = _names(function, 0, init)
    inits, carries, (elements, pieces, roots) = _settled(name, inits, names, step)
    around, fixed, roots = lifted([*_present(carries), *elements], roots)
    loop = Steps(
        scan_row,
        Body.of([*_present(carries), *elements, *fixed], roots, name),
        tuple(_present(inits)),
        tuple(_present(series)),
        tuple(around),
        size,
        reverse,
    )
    made = loop.results(range(len(roots)))
    count = len(_present(inits))
    done: tuple[Any, Any] = given.finish(
        (_rebuilt(init, inits, made[:count]), _rebuilt_results(pieces, made[count:]))
    )
    return done


def while_loop(condition: Function, body: Function, init: Any) -> Any:
    """A loop that goes on as long as a condition holds.

    It is what this Python computes, as one row of the graph:

        while condition(carry):
            carry = body(carry)
        return carry

    Gradients of every order go through it, in both modes: the backward pass goes through the steps that
    were made, over the values that they have passed on.

    Args:
        condition: ``carry → whether there is another step``, one truth value.
        body: ``carry → carry``.
        init: the carry before the first step; any containers of arrays and numbers.

    Raises:
        ShapeError: the carry changes its shape, or the condition is not one truth value.
        TraceError: the body changes the containers of the carry.

    Example:
        >>> def newton(a):
        ...     far = lambda x: np.abs(x * x - a) > 1e-12
        ...     return while_loop(far, lambda x: (x + a / x) / 2, a)
        >>> newton(2.0)
        np.float64(1.414213562373095)
    """
    given = Given()
    inits = _nodes(given, "carry", init)
    name = _called(body)

    def step(carries: Sequence[Node | None]) -> tuple[list[Node], Any, list[Node]]:
        made = following.call(body, (filled(init, carries),), {})
        same_containers(f"while_loop: {name}", init, made, "the carry")
        return [], None, _carried(made, carries)

    inits, carries, (_, _, roots) = _settled(name, inits, _names(body, 0, init), step)
    test = _truth(as_node(condition(filled(init, carries))), "while_loop: the condition")
    own = _present(carries)
    around, fixed, (test, *roots) = lifted(own, [test, *roots])
    loop = Loop(
        Body.of([*own, *fixed], [test], _called(condition)),
        (Pass(Body.of([*own, *fixed], roots, name), len(own), False),),
        (tuple(_present(inits)),),
        tuple(around),
    )
    return given.finish(_rebuilt(init, inits, results(loop, range(len(roots)))))


def cond(condition: Any, true_fun: Function, false_fun: Function, *operands: Any) -> Any:
    """One of two functions of the same operands; only the one that is chosen is computed.

    Args:
        condition: one truth value; a plain one, that is not traced, chooses at once.
        true_fun, false_fun: plain NumPy; their results have the same containers and shapes.
        *operands: any containers of arrays.

    Raises:
        ShapeError: the results have different shapes, or the condition is not one truth value.
        TraceError: the results have different containers.

    Example:
        >>> from dvar import grad
        >>> root = lambda x: cond(x > 0, np.sqrt, lambda x: 0 * x, x)
        >>> grad(root)(4.0), grad(root)(-4.0)
        (np.float64(0.25), np.float64(0.0))
    """
    if not isinstance(condition, Variable):
        return (true_fun if condition else false_fun)(*operands)
    given = Given()
    truth = _truth(condition.node, "cond: the condition")
    nodes = _nodes(given, "operand", operands)
    names = [n for k, tree in enumerate(operands) for n in _names(true_fun, k, tree)]
    inside = [
        None if x is None else placeholder(x, called)
        for x, called in zip(nodes, names, strict=True)
    ]
    made = [following.call(f, filled(operands, inside), {}) for f in (true_fun, false_fun)]
    same_containers(f"cond: {_called(false_fun)}", made[0], made[1], _called(true_fun))
    pairs = [_alike(*pair) for pair in zip(*map(_results, made), strict=True)]
    own = _present(inside)
    around, fixed, roots = lifted(own, [root for pair in pairs for root in pair])
    bodies = [
        Body.of([*own, *fixed], roots[n::2], _called(function))
        for n, function in enumerate((true_fun, false_fun))
    ]
    found = chosen(truth, bodies[0], bodies[1], [*_present(nodes), *around])
    return given.finish(_rebuilt_results(made[0], found))


def checkpoint(function: Function) -> Function:
    """The same function, whose values on the way are not kept for the backward pass but computed again.

    Memory for time: of a chain of such functions only the values between them are kept.

    Example:
        >>> from dvar import grad
        >>> layer = checkpoint(lambda w, x: np.tanh(w * np.tanh(w * x)))
        >>> round(float(grad(layer)(0.5, 1.0)), 6)
        0.811253
    """

    @wraps(function)
    def lean(*args: Any, **kwargs: Any) -> Any:
        trees = (args, kwargs)
        leaves = containers.leaves(trees)
        if not any(isinstance(leaf, Variable) for leaf in leaves):
            return function(*args, **kwargs)
        nodes = [leaf.node if isinstance(leaf, Variable) else None for leaf in leaves]
        inside = [None if x is None else placeholder(x, "x") for x in nodes]
        for x, own in zip(nodes, inside, strict=True):
            if x is not None and own is not None:
                facts.fact(own).value = facts.known_value(x)
        positional, named = filled(trees, inside)
        made = following.call(function, positional, named)
        roots = _results(made)
        around, fixed, inner = lifted(_present(inside), roots)
        body = Body.of([*_present(inside), *fixed], inner, _called(function))
        found = recomputed(body, [*_present(nodes), *around])
        for node, root in zip(found, roots, strict=True):
            facts.learn(node, facts.known_value(root), facts.here())
        return _rebuilt_results(made, list(map(wrap, found)))

    return lean


def _called(function: Function) -> str:
    """What a program is called in print and in messages."""
    return name_of(function).replace("<lambda>", "lambda")


def _names(function: Function, n: int, tree: Any) -> list[str]:
    """What the leaves of an argument are called: after the parameter, and the keys on the way."""
    paths = [path for path, _ in containers.leaves_with_paths(tree)]
    return containers.names_of(parameter(function, n).replace(" ", "_"), paths)


# ── what goes in ────────────────────────────────────────────────────────────────────────────────


def _nodes(given: Given, name: str, tree: Any) -> list[Node | None]:
    """A node for every leaf that is an array or a number."""
    return [
        given.add(containers.show_path(name, path), leaf) if _is_value(leaf) else None
        for path, leaf in containers.leaves_with_paths(tree)
    ]


def _is_value(leaf: Any) -> bool:
    return isinstance(leaf, (Variable, np.ndarray, np.generic, bool, int, float))


def _present(nodes: Sequence[Node | None]) -> list[Node]:
    return [x for x in nodes if x is not None]


def _length(series: Sequence[Node], length: int | None) -> Size:
    sizes: list[Size] = [] if length is None else [length]
    for x in series:
        if not x.ndim:
            raise ShapeError("scan: a scalar in xs has no axis of steps")
        sizes.append(x.shape[0])
    if not sizes:
        raise ShapeError("scan: nothing says how many steps there are", hint="length=…")
    for size in sizes:
        if size != sizes[0]:
            raise ShapeError(f"scan: {sizes[0]} steps and {size} steps")
    return sizes[0]


# ── what is carried ─────────────────────────────────────────────────────────────────────────────

Traced = tuple[list[Node], Any, list[Node]]


def _settled(
    name: str,
    inits: Sequence[Node | None],
    names: Sequence[str],
    step: Callable[[Sequence[Node | None]], Traced],
) -> tuple[list[Node | None], list[Node | None], Traced]:
    """The first carry in types that do not change from step to step.

    A loop in Python may begin with ``0`` and go on with real numbers; here the first is real too.
    """
    while True:
        carries = [
            None if x is None else placeholder(x, called)
            for x, called in zip(inits, names, strict=True)
        ]
        traced = step(carries)
        roots = iter(traced[2])
        wider: list[Node | None] = []
        for x in inits:
            if x is None:
                wider.append(None)
                continue
            root = next(roots)
            if root.shape != x.shape:
                raise ShapeError(
                    f"{name}: what is carried is {show(x.shape)} before a step "
                    f"and {show(root.shape)} after it"
                )
            wider.append(astype(x, promote([x.dtype, root.dtype])))
        if wider == list(inits):
            return wider, carries, traced
        inits = wider


def _carried(tree: Any, carries: Sequence[Node | None]) -> list[Node]:
    """What a step carries on, in the types that it was carried in where these are wider."""
    found = []
    for leaf, x in zip(containers.leaves(tree), carries, strict=True):
        if x is not None:
            root = as_node(leaf)
            found.append(astype(root, promote([root.dtype, x.dtype])))
    return found


# ── what comes out ──────────────────────────────────────────────────────────────────────────────


def _results(tree: Any) -> list[Node]:
    return [as_node(leaf) for leaf in containers.leaves(tree) if leaf is not None]


def _rebuilt(tree: Any, places: Sequence[Node | None], nodes: Sequence[Any]) -> Any:
    """The tree with nodes at the leaves that have a place."""
    remaining = iter(nodes)
    return containers.rebuild(
        tree,
        [
            leaf if place is None else next(remaining)
            for leaf, place in zip(containers.leaves(tree), places, strict=True)
        ],
    )


def _rebuilt_results(tree: Any, nodes: Sequence[Any]) -> Any:
    """The tree with nodes at the leaves; None stays."""
    remaining = iter(nodes)
    return containers.tree_map(lambda leaf: None if leaf is None else next(remaining), tree)


def _truth(node: Node, what: str) -> Node:
    if node.shape:
        raise ShapeError(
            f"{what} is {show(node.shape)}, not one truth value", hint="np.any, np.all"
        )
    made: Node = astype(node, "bool")
    return made


def _alike(a: Node, b: Node) -> tuple[Node, Node]:
    """Results of both branches in the wider type."""
    if a.shape != b.shape:
        raise ShapeError(f"cond: one branch makes {show(a.shape)}, the other {show(b.shape)}")
    dtype = promote([a.dtype, b.dtype])
    return astype(a, dtype), astype(b, dtype)
