"""Functions → functions: gradients, Jacobians and the like, with the names and conventions of autograd
and JAX.

Every transform calls the function with traced arrays, sweeps the graph and evaluates the result on the
reference interpreter, where the forward values are known already.  Inside another trace the result is
traced in turn, so transforms nest in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from dvar.core.collecting import rarely_collected
from dvar.core.dims import is_numeric, product, show
from dvar.core.errors import DtypeError, ShapeError, TraceError
from dvar.core.node import Node, topological
from dvar.core.op import Array, constant, like
from dvar.derive.batch import batched, spread
from dvar.derive.forward import forward
from dvar.derive.sweep import ones_like
from dvar.ops.moving import moveaxis
from dvar.ops.shaping import reshape
from dvar.read.trace import containers, facts
from dvar.read.trace.array import Variable, wrap
from dvar.read.trace.calling import ALONE, Argnums, Call, Function, name_of, position
from dvar.read.trace.trace import as_node

# ── what a function may return ───────────────────────────────────────────────────────────────────


def _scalar(output: Any, function: Function) -> Node:
    """The node of a result that has a gradient."""
    if isinstance(output, (tuple, list, dict)):
        raise TraceError(
            f"{name_of(function)} returned a {type(output).__name__}, not a scalar",
            hint="has_aux=True for (value, more); jacobian or vjp for several results",
        )
    node = _real(output, function)
    if any(size != 1 for size in node.shape):
        raise ShapeError(
            f"{name_of(function)} returned an array of shape {show(node.shape)}; "
            f"only a scalar has a gradient",
            hint="jacobian for all derivatives, vjp with an upstream gradient, or np.sum of it",
        )
    return node


def _real(output: Any, function: Function) -> Node:
    node = as_node(output)
    if not node.is_float and isinstance(output, Variable):
        raise DtypeError(
            f"{name_of(function)} returned {node.dtype}: there is no derivative of whole numbers"
        )
    return node if node.is_float else constant(np.asarray(output, np.float64))


def _with_aux(result: Any, has_aux: bool, function: Function) -> tuple[Any, Any]:
    if not has_aux:
        return result, None
    if not isinstance(result, tuple) or len(result) != 2:
        raise TraceError(f"has_aux=True, but {name_of(function)} did not return (value, more)")
    return result[0], result[1]


# ── gradients ───────────────────────────────────────────────────────────────────────────────────


def value_and_grad(function: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """The value of a scalar function and its gradient, in one pass.

    Args:
        function: plain NumPy, with a scalar result.
        argnums: which positional arguments; a tuple gives a tuple of gradients.
        has_aux: the function returns ``(value, more)``; ``more`` is handed through.

    Returns:
        A function with the same arguments that returns ``(value, gradient)``, or
        ``((value, more), gradient)``.  Gradients stand in the containers of the arguments.

    Example:
        >>> value_and_grad(lambda x: x**2 + 1)(3.0)
        (np.float64(10.0), np.float64(6.0))
    """

    @wraps(function)
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        with rarely_collected():
            call = Call(function, args, kwargs, argnums)
            output, aux = _with_aux(call.result, has_aux, function)
            root = _scalar(output, function)
            done = None if has_aux else call.in_numbers(root)
            if done is not None:
                return done[0], call.in_containers(done[1])
            gradients = call.in_containers(call.gradients({root: ones_like(root)}))
            return call.finish(((root, aux) if has_aux else root, gradients))

    ALONE.add(differentiated)
    return differentiated


def grad(function: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """The gradient of a scalar function; arguments as for ``value_and_grad``.

    Returns:
        A function that returns the gradient, or ``(gradient, more)`` with ``has_aux``.

    Example:
        >>> grad(lambda x, y: x * y**2, argnums=(0, 1))(2.0, 3.0)
        (np.float64(9.0), np.float64(12.0))
    """
    both = value_and_grad(function, argnums, has_aux)

    @wraps(function)
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        value, gradient = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    ALONE.add(differentiated)
    return differentiated


def elementwise_grad(function: Function, argnums: Argnums = 0) -> Function:
    """The derivative of a function that acts on each element alone: the gradient of its sum."""

    @wraps(function)
    def summed(*args: Any, **kwargs: Any) -> Any:
        return np.sum(function(*args, **kwargs))

    return grad(summed, argnums)


def vjp(function: Function, *primals: Any) -> tuple[Any, Function]:
    """The value, and the function that carries an upstream gradient back to the arguments.

    Returns:
        ``(value, back)``; ``back(upstream)`` is a tuple with a gradient for every argument.

    Example:
        >>> value, back = vjp(lambda x: 2 * x, np.array([1.0, 2.0]))
        >>> back(np.array([1.0, 10.0]))[0].tolist()
        [2.0, 20.0]
    """
    call = Call(function, primals, {}, tuple(range(len(primals))))
    roots = [_real(leaf, function) for leaf in containers.leaves(call.result)]

    def back(upstream: Any) -> Any:
        seeds: dict[Node, Node] = {}
        given = _beside(roots, call.result, upstream, "the upstream gradient")
        for root, seed in zip(roots, given, strict=True):
            seeds[root] = seeds[root] + seed if root in seeds else seed
        return call.finish(call.in_containers(call.gradients(seeds)))

    return call.finish(containers.rebuild(call.result, roots)), back


def _beside(nodes: Sequence[Node], tree: Any, given: Any, what: str) -> list[Node]:
    """Arrays that were given beside nodes: the same containers, shapes and types."""
    if not containers.same_form(tree, given):
        raise ShapeError(f"{what} has not the containers of what it stands beside")
    found = []
    for node, leaf in zip(nodes, containers.leaves(given), strict=True):
        beside = leaf.node if isinstance(leaf, Variable) else constant(leaf, node.dtype)
        if beside.shape != node.shape:
            raise ShapeError(
                f"{what} has the shape {show(beside.shape)}, but stands beside {show(node.shape)}"
            )
        found.append(beside)
    return found


def jvp(function: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """The value, and its derivative in the direction of ``tangents``, by forward mode.

    Example:
        >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0))
        (np.float64(6.0), np.float64(3.0))
    """
    primals = tuple(primals)
    call = Call(function, primals, {}, tuple(range(len(primals))))
    roots = [_real(leaf, function) for leaf in containers.leaves(call.result)]
    given = dict(
        zip(call.own, _beside(call.own, primals, tuple(tangents), "a tangent"), strict=True)
    )
    moved = forward(roots, given)
    value = containers.rebuild(call.result, roots)
    tangent = containers.rebuild(call.result, [moved[root] for root in roots])
    done: tuple[Any, Any] = call.finish((value, tangent))
    return done


# ── Jacobians ───────────────────────────────────────────────────────────────────────────────────


def jacrev(function: Function, argnums: Argnums = 0) -> Function:
    """All derivatives of all results, by one backward pass for each element of the result.

    The shape is that of the result followed by that of the argument: ``J[i, j]`` is
    ``∂result[i]/∂argument[j]``.  For few results and many arguments.
    """

    @wraps(function)
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        call = Call(function, args, kwargs, argnums)
        return _for_each_result(call, function, lambda root: _rows(call, root))

    return differentiated


def jacfwd(function: Function, argnums: Argnums = 0) -> Function:
    """All derivatives of all results, by one forward pass for each element of the arguments.

    Shapes as for ``jacrev``.  For few arguments and many results.
    """

    @wraps(function)
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        call = Call(function, args, kwargs, argnums)
        return _for_each_result(call, function, lambda root: _columns(call, root))

    return differentiated


jacobian = jacrev


def hessian(function: Function, argnums: Argnums = 0) -> Function:
    """The second derivatives of a scalar function; shape: the argument's, twice.

    Example:
        >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 3.0])).tolist()
        [[6.0, 2.0], [2.0, 0.0]]
    """
    return jacfwd(grad(function, argnums), argnums)


def hvp(function: Function, argnums: int = 0) -> Function:
    """The Hessian of a scalar function times a vector, without making the Hessian.

    Returns:
        A function of the same arguments and, last, the vector.

    Example:
        >>> hvp(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 3.0]), np.array([1.0, 0.0])).tolist()
        [6.0, 2.0]
    """

    @wraps(function)
    def product(*args: Any, **kwargs: Any) -> Any:
        *primals, vector = args
        at = position(argnums, len(primals), function)

        def gradient(x: Any) -> Any:
            return grad(function, at)(*primals[:at], x, *primals[at + 1 :], **kwargs)

        return jvp(gradient, (primals[at],), (vector,))[1]

    return product


def _for_each_result(
    call: Call, function: Function, derivatives: Callable[[Node], dict[Node, Any]]
) -> Any:
    """The containers of the result, each leaf with the containers of the arguments."""
    return containers.tree_map(
        lambda leaf: call.in_containers(derivatives(_real(leaf, function))), call.result
    )


def _basis(node: Node) -> Array:
    """An array with a single one, for every element, stacked."""
    if not is_numeric(node.shape):
        raise TraceError(
            f"a Jacobian is made element by element, and {show(node.shape)} has a named size",
            hint="give example values instead of shapes",
        )
    shape = tuple(int(size) for size in node.shape)  # type: ignore[arg-type]  # just checked
    count = int(np.prod(shape, dtype=int))
    return np.eye(count, dtype=node.dtype).reshape(count, *shape)


def _rows(call: Call, root: Node) -> dict[Node, Any]:
    seed = like(root, "seed")
    by_leaf = call.gradients({root: seed})
    rows = _at_each(call, list(by_leaf.values()), seed, _basis(root), axis=0)
    return {
        x: _shaped(stacked, (*root.shape, *x.shape))
        for x, stacked in zip(by_leaf, rows, strict=True)
    }


def _columns(call: Call, root: Node) -> dict[Node, Any]:
    columns: dict[Node, Any] = {}
    for x in call.own:
        seed = like(x, "seed")
        moved = forward([root], {x: seed})[root]
        (stacked,) = _at_each(call, [moved], seed, _basis(x), axis=-1)
        columns[x] = _shaped(stacked, (*root.shape, *x.shape))
    return columns


def _at_each(call: Call, nodes: list[Node], seed: Node, basis: Array, axis: int) -> list[Any]:
    """Every node for every seed, stacked: NumPy arrays, or traced ones inside another trace."""
    if not len(basis):
        return [np.zeros((0,)) for _ in nodes]
    if call.is_open(nodes, [seed]):
        many = _for_all(nodes, seed, constant(basis))
        return [wrap(moveaxis(x, 0, axis)) for x in facts.replace(many, call.closing())]
    parts = []
    for some in _in_parts(basis, nodes):
        slot = like(seed, "seeds", some.shape)
        parts.append(facts.evaluate(_for_all(nodes, seed, slot), {slot: some}))
    return [np.moveaxis(np.concatenate(column), 0, axis) for column in zip(*parts, strict=True)]


def _for_all(nodes: Sequence[Node], seed: Node, seeds: Node) -> list[Node]:
    """Every node for all seeds at once."""
    count = seeds.shape[0]
    made = batched(nodes, {seed: seeds}, count)
    return [spread(node, many, count) for node, many in zip(nodes, made, strict=True)]


# All seeds at once, unless the largest array on the way would have more elements than this.
_AT_ONCE = 1 << 22


def _in_parts(basis: Array, nodes: Sequence[Node]) -> list[Array]:
    sizes = [product(node.shape) for node in topological(nodes)]
    largest = max(size if isinstance(size, int) else 1 for size in sizes)
    count = max(1, _AT_ONCE // max(1, largest))
    return [basis[n : n + count] for n in range(0, len(basis), count)]


def _shaped(stacked: Any, shape: tuple[Any, ...]) -> Any:
    if isinstance(stacked, Variable):
        return wrap(reshape(stacked.node, shape))
    return stacked.reshape(shape)
