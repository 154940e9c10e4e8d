"""A function of JAX arrays, followed with our arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from dvar.core.errors import TraceError
from dvar.read.frameworks.elementwise import ELEMENTWISE, sigmoid
from dvar.read.frameworks.replay import Lane, Operation, entering, number, replay

ROUNDS = 500
"""Rounds after which a loop is taken not to end: for numbers that are not meant, some do not."""


def follow(function: Callable[..., Any], arguments: Sequence[Any]) -> list[Any]:
    """What a function of JAX arrays returns, as traced arrays, leaf by leaf.

    Args:
        function: arrays → arrays in any containers.
        arguments: arrays, traced or not.

    Raises:
        TraceError: it uses an operation that is not known.
    """
    import jax

    with jax.enable_x64(True):
        arrays = [_array(number(x)) for x in arguments]
        closed = jax.make_jaxpr(function)(*arrays)
        lanes = [entering(*pair) for pair in zip(arrays, arguments, strict=True)]
        results = _followed(closed.jaxpr, [*map(Lane, closed.consts), *lanes])
        return [np.asarray(x.concrete) if x.traced is None else x.traced for x in results]


def loops(function: Callable[..., Any], arguments: Sequence[Any]) -> bool:
    """Whether a function of JAX arrays has loops that end by a condition, as far as it can be told from shapes."""
    import jax

    program, arrays = _of_arrays(function, arguments)
    try:
        return " while[" in str(jax.make_jaxpr(program)(*arrays))
    except Exception:  # it asks for numbers, or is not meant for these shapes
        return False


def bounded(function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
    """What a function of JAX arrays returns.  Raises TraceError if a loop has not ended after ``ROUNDS`` rounds."""
    import jax

    program, arrays = _of_arrays(function, arguments)
    closed, shape = jax.make_jaxpr(program, return_shape=True)(*arrays)
    found = _followed(closed.jaxpr, [*map(Lane, closed.consts), *map(Lane, arrays)])
    form = jax.tree_util.tree_structure(shape)
    return jax.tree_util.tree_unflatten(form, [x.concrete for x in found])


def fits(function: Callable[..., Any], arguments: Sequence[Any]) -> None:
    """Raise what a function of JAX arrays raises for arguments of these shapes; nothing is computed."""
    import jax

    program, arrays = _of_arrays(function, arguments)
    with suppress(jax.errors.ConcretizationTypeError):
        jax.eval_shape(program, *arrays)


def _of_arrays(
    function: Callable[..., Any], arguments: Sequence[Any]
) -> tuple[Callable[..., Any], list[Any]]:
    """A function of the arrays among some arguments alone, and these."""
    import jax

    leaves, form = jax.tree_util.tree_flatten(tuple(arguments))
    places = [n for n, x in enumerate(leaves) if isinstance(x, jax.Array)]

    def program(*arrays: Any) -> Any:
        changed = dict(zip(places, arrays, strict=True))
        whole = [changed.get(n, x) for n, x in enumerate(leaves)]
        return function(*jax.tree_util.tree_unflatten(form, whole))

    return program, [leaves[n] for n in places]


def _array(x: Any) -> Any:
    import jax.numpy as jnp

    return jnp.asarray(x)


def _followed(jaxpr: Any, inputs: Sequence[Lane]) -> list[Lane]:
    """The results of a program; constants come before arguments."""
    lanes = dict(zip([*jaxpr.constvars, *jaxpr.invars], inputs, strict=True))

    def read(atom: Any) -> Lane:
        return Lane(atom.val) if hasattr(atom, "val") else lanes[atom]

    for equation in jaxpr.eqns:
        results = _equation(equation, [read(x) for x in equation.invars])
        lanes.update(zip(equation.outvars, results, strict=True))
    return [read(x) for x in jaxpr.outvars]


def _equation(equation: Any, inputs: list[Lane]) -> list[Lane]:
    name = equation.primitive.name
    if name in _LOOPS:
        return _LOOPS[name](equation.params, inputs)
    if name == "stop_gradient":
        return [Lane(inputs[0].concrete)]
    inner = next((equation.params[k] for k in _INSIDE if k in equation.params), None)
    if inner is not None and not callable(inner):
        return _closed(inner, inputs)
    params = equation.params

    def run(*arrays: Any) -> Any:
        return equation.primitive.bind(*arrays, **params)

    rule = RULES.get(name)
    rules = {} if rule is None else {name: lambda *args: rule(params, *args)}
    lane = replay(Operation(name, run, inputs, {}), rules, MOVES, _array)
    if not equation.primitive.multiple_results:
        return [lane]
    return [
        Lane(x, None if lane.traced is None else lane.traced[n])
        for n, x in enumerate(lane.concrete)
    ]


_INSIDE = ("jaxpr", "call_jaxpr", "fun_jaxpr")


def _closed(inner: Any, inputs: Sequence[Lane]) -> list[Lane]:
    """A program inside a program, with its constants or without."""
    consts = getattr(inner, "consts", [])
    return _followed(getattr(inner, "jaxpr", inner), [*map(Lane, consts), *inputs])


# ── loops, written out ──────────────────────────────────────────────────────────────────────────


def _scan(params: Any, inputs: list[Lane]) -> list[Lane]:
    fixed, carried = params["num_consts"], params["num_carry"]
    consts, carry = inputs[:fixed], inputs[fixed : fixed + carried]
    series = inputs[fixed + carried :]
    order = range(params["length"])
    rows: list[list[Lane]] = []
    for n in reversed(order) if params["reverse"] else order:
        results = _closed(params["jaxpr"], [*consts, *carry, *[_row(x, n) for x in series]])
        carry = results[:carried]
        rows.append(results[carried:])
    if params["reverse"]:
        rows.reverse()
    return [*carry, *[_stacked(column) for column in zip(*rows, strict=True)]]


def _row(lane: Lane, n: int) -> Lane:
    return Lane(lane.concrete[n], None if lane.traced is None else lane.traced[n])


def _stacked(column: Sequence[Lane]) -> Lane:
    concrete = _array(np.stack([np.asarray(x.concrete) for x in column]))
    if all(x.traced is None for x in column):
        return Lane(concrete)
    return Lane(
        concrete,
        np.stack([np.asarray(x.concrete) if x.traced is None else x.traced for x in column]),
    )


def _while(params: Any, inputs: list[Lane]) -> list[Lane]:
    a, b = params["cond_nconsts"], params["body_nconsts"]
    tested, used, carry = inputs[:a], inputs[a : a + b], inputs[a + b :]
    for _ in range(ROUNDS):
        if not bool(_closed(params["cond_jaxpr"], [*tested, *carry])[0].concrete):
            return carry
        carry = _closed(params["body_jaxpr"], [*used, *carry])
    raise TraceError(f"a loop has not ended after {ROUNDS} rounds")


def _cond(params: Any, inputs: list[Lane]) -> list[Lane]:
    branches = params["branches"]
    index = int(np.clip(int(inputs[0].concrete), 0, len(branches) - 1))
    return _closed(branches[index], inputs[1:])


_LOOPS: dict[str, Callable[[Any, list[Lane]], list[Lane]]] = {
    "scan": _scan,
    "while": _while,
    "cond": _cond,
}

# ── operations ──────────────────────────────────────────────────────────────────────────────────

MOVES = frozenset(
    [
        "slice",
        "gather",
        "rev",
        "concatenate",
        "pad",
        "dynamic_slice",
        "dynamic_update_slice",
        "copy",
        "copy_p",
        "split",
    ]
)


def _dot(params: Any, a: Any, b: Any) -> Any:
    (ca, cb), (ba, bb) = params["dimension_numbers"]
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    left = [next(letters) for _ in range(np.ndim(a))]
    right: list[str] = [""] * np.ndim(b)
    for m, n in (*zip(ca, cb, strict=True), *zip(ba, bb, strict=True)):
        right[n] = left[m]
    right = [x or next(letters) for x in right]
    if (np.ndim(a), np.ndim(b), tuple(ca), tuple(cb)) == (2, 2, (1,), (0,)):
        return a @ b
    batch = [left[m] for m in ba]
    free = [x for n, x in enumerate(left) if n not in (*ca, *ba)]
    free += [x for n, x in enumerate(right) if n not in (*cb, *bb)]
    return np.einsum(f"{''.join(left)},{''.join(right)}->{''.join(batch + free)}", a, b)


def _broadcast(params: Any, x: Any, *_: Any) -> Any:
    shape, places = params["shape"], params["broadcast_dimensions"]
    sizes = [1] * len(shape)
    for n, place in enumerate(places):
        sizes[place] = np.shape(x)[n]
    return np.broadcast_to(np.reshape(x, tuple(sizes)), tuple(shape))


def _selected(_: Any, which: Any, *cases: Any) -> Any:
    if len(cases) != 2:
        raise TraceError("a choice among more than two is not followed")
    return np.where(np.asarray(number(which)).astype(bool), cases[1], cases[0])


def _sum(params: Any, x: Any) -> Any:
    return np.sum(x, axis=tuple(params["axes"]))


def _max(params: Any, x: Any) -> Any:
    return np.max(x, axis=tuple(params["axes"]))


def _min(params: Any, x: Any) -> Any:
    return np.min(x, axis=tuple(params["axes"]))


def _running(params: Any, x: Any) -> Any:
    if not params["reverse"]:
        return np.cumsum(x, axis=params["axis"])
    return np.flip(np.cumsum(np.flip(x, params["axis"]), axis=params["axis"]), params["axis"])


def _of_elements(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda _, *args: function(*args)


_ELEMENTWISE: dict[str, Callable[..., Any]] = {
    **ELEMENTWISE,
    "exp2": np.exp2,
    "cbrt": np.cbrt,
    "logistic": sigmoid,
    "add": lambda a, b: a + b,
    "add_any": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "max": np.maximum,
    "min": np.minimum,
    "clamp": lambda low, x, high: np.minimum(np.maximum(x, low), high),
    "copy": lambda x: x,
    "optimization_barrier": lambda x: (x,),
}
RULES: dict[str, Callable[..., Any]] = {
    **{name: _of_elements(function) for name, function in _ELEMENTWISE.items()},
    "integer_pow": lambda p, x: x ** p["y"],
    "dot_general": _dot,
    "broadcast_in_dim": _broadcast,
    "reshape": lambda p, x, *_: np.reshape(x, tuple(p["new_sizes"])),
    "squeeze": lambda p, x: np.squeeze(x, tuple(p["dimensions"])),
    "expand_dims": lambda p, x: np.expand_dims(x, tuple(p["dimensions"])),
    "transpose": lambda p, x: np.transpose(x, tuple(p["permutation"])),
    "reduce_sum": _sum,
    "reduce_max": _max,
    "reduce_min": _min,
    "cumsum": _running,
    "select_n": _selected,
    "convert_element_type": lambda p, x: x,
}
