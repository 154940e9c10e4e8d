"""Calls of rows: which arguments are operands and which are plain data, and which indices they keep."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from dvar.core.dims import Shape, Size, product
from dvar.core.errors import DvarError, FormulaError, ShapeError
from dvar.core.node import Node
from dvar.core.op import Op
from dvar.ops import TABLE
from dvar.read import syntax as s
from dvar.read.build.functions import keeps_leading_axes, signature, usage
from dvar.read.build.indices import Value, elementwise, matmul, spread, together, union
from dvar.read.syntax import Expr

DATA = frozenset(
    {
        "shape", "more", "axis", "axes", "keepdims", "source", "destination", "shift", "reps",
        "pad_width", "indices_or_sections", "dtype", "start", "stop", "step", "repeats", "mode",
    }
)  # fmt: skip
"""Parameters that are plain data, never operands, beside those whose annotation says so."""
POSITIONS = frozenset({"indices", "index"})
_OPERANDS = frozenset({"Any", "Operand", "Node", ""})


def is_data(parameter: inspect.Parameter) -> bool:
    """Whether an argument is plain data and no operand."""
    empty = parameter.annotation is parameter.empty
    annotation = "" if empty else str(parameter.annotation)
    return parameter.name in DATA or annotation not in _OPERANDS


def bind(row: Op, call: s.Call) -> list[tuple[str, Expr]]:
    """(parameter, argument) in the order written; a bare ``keepdims`` is a flag.

    Raises:
        FormulaError: too many or too few arguments, or a keyword the row does not have.
    """
    parameters = signature(row).parameters
    flags = {
        p.name for p in parameters.values() if isinstance(p.default, bool) or p.name == "keepdims"
    }
    args = list(call.args)
    kwargs = dict(call.kwargs)
    while args and isinstance(args[-1], s.Name) and args[-1].name in flags:
        flag = args.pop()
        kwargs[flag.name] = s.Name("True", flag.span)  # type: ignore[union-attr]  # just checked
    aliases = {"dim": "axis", "a": "x", "keepdim": "keepdims", "axes": "axis", "ndim": "axis"}
    kwargs = {
        aliases[k] if k not in parameters and aliases.get(k) in parameters else k: v
        for k, v in kwargs.items()
    }
    for name in kwargs:
        if name not in parameters:
            raise FormulaError(f"{row.name} has no argument {name}", hint=usage(row))
    names = _positions(row, parameters, len(args), kwargs)
    return [*zip(names, args, strict=True), *kwargs.items()]


def _positions(row: Op, parameters: Any, count: int, kwargs: dict[str, Expr]) -> list[str]:
    names: list[str] = []
    for p in parameters.values():
        # The writer puts operands first and data behind, by name.
        by_name = p.name in kwargs and p.default is p.empty
        if p.kind is inspect.Parameter.VAR_POSITIONAL:
            names += [p.name] * (count - len(names))
        elif p.kind is not p.KEYWORD_ONLY and not by_name and len(names) < count:
            names.append(p.name)
    missing = [
        p.name
        for p in parameters.values()
        if p.default is p.empty
        and p.name not in {*names, *kwargs}
        and p.kind is not p.VAR_POSITIONAL
    ]
    if len(names) < count or missing:
        least = sum(p.default is p.empty for p in parameters.values())
        most = len(parameters)
        range_ = f"{least}" if least == most else f"{least} to {most}"
        raise FormulaError(
            f"{row.name} takes {range_} argument{'s' * (most != 1)}, but got {count + len(kwargs)}",
            hint=usage(row),
        )
    if twice := set(names) & set(kwargs):
        raise FormulaError(f"{row.name} got {twice.pop()} twice", hint=usage(row))
    return names


def listed(bound: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """``[3, 1]`` as the index of scatter_add is one place for one number, else a list of places."""
    values = dict(bound).get("values")
    if not isinstance(values, Value) or not values.event:
        return bound

    def whole(arg: Any) -> bool:
        return isinstance(arg, tuple) and all(isinstance(place, int) for place in arg)

    return [(k, (list(v),) if k == "index" and whole(v) else v) for k, v in bound]


def positions(row: Op, call: s.Call) -> list[str]:
    """The names that a call takes as positions on an axis."""
    try:
        bound = bind(row, call)
    except FormulaError:
        return []  # said when the call is made
    return [arg.name for name, arg in bound if name in POSITIONS and isinstance(arg, s.Name)]


def apply(row: Op, bound: Sequence[tuple[str, Any]]) -> Value:
    """The row on values (and lists of values) and plain data, for every choice of their indices.

    Raises:
        ShapeError: operands do not fit, or the row cannot be taken over an index.
        FormulaError: plain data of the wrong kind.
    """
    values = [v for _, arg in bound for v in (arg if isinstance(arg, list) else [arg])]
    values = [v for v in values if isinstance(v, Value)]
    if not union(values):
        return Value(_call(row, [(name, _plain(arg)) for name, arg in bound]))
    if row.name in ("matmul", "dot") and len(values) == 2:
        scalar = not all(value.event for value in values)
        return elementwise(TABLE["multiply"], values) if scalar else matmul(*values)
    if row.is_elementwise and len(values) == len(bound):
        return elementwise(row, values)
    return _over_indices(row, bound, values)


def _plain(arg: Any) -> Any:
    if isinstance(arg, list):
        return [_plain(part) for part in arg]
    return arg.node if isinstance(arg, Value) else arg


def _call(row: Op, bound: Sequence[tuple[str, Any]]) -> Node:
    parameters = signature(row).parameters
    positional = [
        arg
        for name, arg in bound
        if name not in parameters or parameters[name].kind is not inspect.Parameter.KEYWORD_ONLY
    ]
    named: dict[str, Any] = {}
    order = list(parameters)
    given = [name for name, _ in bound]
    if given != order[: len(given)] and len(set(given)) == len(given):
        named, positional = dict(bound), []
    try:
        out = row(*positional, **named)
    except DvarError:
        raise
    except (TypeError, ValueError, IndexError, KeyError, AttributeError, OverflowError) as error:
        raise FormulaError(f"{row.name}: {error}", hint=usage(row)) from error
    if not isinstance(out, Node):
        raise FormulaError(f"{row.name} has several results", hint="the row for one of them")
    return out


def _over_indices(row: Op, bound: Sequence[tuple[str, Any]], values: Sequence[Value]) -> Value:
    """Rows that are not elementwise: along an axis of one value, or one value after another."""
    nodes, letters = together(values) if row.is_elementwise else (None, values[0].letters)
    parameters = signature(row).parameters
    if nodes is not None:
        rest = {name: arg for name, arg in bound if not isinstance(arg, Value)}
        return Value(_wrapped(row, nodes, rest), letters)
    if "axis" in parameters and len(values) == 1:
        return _along(row, bound, values[0], parameters["axis"].default)
    if keeps_leading_axes(row):
        letters = union(values)
        spreads = [spread(value, letters, len(value.event)) for value in values]
        return Value(_wrapped(row, spreads, {}), letters)
    raise ShapeError(
        f"{row.name} over the index {values[0].letters[0]} is not understood",
        hint="the whole array, with axis=…, instead of the index",
    )


def _wrapped(row: Op, nodes: Sequence[Node], rest: dict[str, Any]) -> Node:
    names = list(signature(row).parameters)[: len(nodes)]
    return _call(row, [*zip(names, nodes, strict=False), *rest.items()])


def _along(row: Op, bound: Sequence[tuple[str, Any]], value: Value, default: Any) -> Value:
    """A reduction or the like along an axis of the event: axes are counted behind the indices."""
    given = dict(bound)
    axis = given.get("axis", default)
    lead, rank = len(value.letters), len(value.event)
    if not rank:
        if axis is None or default is None:
            return value  # the sum of one number
        raise ShapeError(f"{row.name}: for one index it is a scalar, without axes")
    if axis is None:
        axis = tuple(range(lead, lead + rank))
    else:
        many = axis if isinstance(axis, (tuple, list)) else (axis,)
        if not all(-rank <= a < rank for a in many):
            raise ShapeError(f"{row.name}: axis {axis} does not exist for one index")
        axis = tuple(a % rank + lead for a in many)
    given["axis"] = axis if len(axis) > 1 else axis[0]
    out = _call(row, [(name, _plain(arg)) for name, arg in given.items()])
    return Value(out, value.letters)


def shape_answer(name: str, shape: Shape) -> Shape | Size:
    """``x.shape``, ``x.size``, ``x.ndim``, ``len(x)``."""
    if name == "shape":
        return shape
    if name == "size":
        return product(shape)
    return len(shape) if name == "ndim" or not shape else shape[0]
