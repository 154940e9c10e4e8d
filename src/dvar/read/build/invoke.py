"""Calls: the user's own functions, rows of the table, and brackets that are no call at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dvar.core.errors import FormulaError, ShapeError
from dvar.core.op import Op, size_of
from dvar.ops import TABLE
from dvar.read import syntax as s
from dvar.read.build import calls, forms
from dvar.read.build.functions import lookup as find_row
from dvar.read.build.functions import nearest, signature
from dvar.read.build.indices import Value, elementwise
from dvar.read.build.lookup import defined, depends, how_to_declare
from dvar.read.build.scope import Definition, Program
from dvar.read.steps import Step
from dvar.read.syntax import Expr, canonical, walk

if TYPE_CHECKING:
    from dvar.read.build.evaluate import Evaluator

_FUNCTION_LETTERS = frozenset("fghFGHLJ")
_LISTS = frozenset({"arrays", "object"})
_LARGER = {"max": "maximum", "min": "minimum"}
_IDENTITIES = frozenset({"float", "array", "asarray", "float64"})


def call(e: Evaluator, expr: s.Call) -> Step[Value]:
    """What stands before the bracket decides: a definition, an array, a row, or no function at all."""
    key = canonical(expr.function)
    if key in e.program.definitions:
        return _own(e, expr, key)
    if _is_component(e, expr, key):
        return _counted(e, expr)
    row = find_row(expr.function)
    if row is not None and not e.program.is_known(key):
        return _row(e, expr, row)
    if expr.function in ("shape", "size", "ndim", "len") and len(expr.args) == 1:
        return _measured(e, expr)
    if len(expr.args) == 1 and not expr.kwargs:
        is_sum = isinstance(expr.args[0], s.Binary) and key not in _FUNCTION_LETTERS
        if _is_quantity(e, key) or (len(key) == 1 and is_sum):
            return _multiplied(e, expr)
    raise _unknown(e, expr)


def _measured(e: Evaluator, expr: s.Call) -> Step[Value]:
    answer: Any = yield forms.static(e, expr)
    if isinstance(answer, tuple):
        raise FormulaError("a shape is no quantity", hint="x.shape[0] for the size of one axis")
    return Value(size_of(answer))


def _multiplied(e: Evaluator, expr: s.Call) -> Step[Value]:
    """``a(b + c)`` where a is a quantity."""
    e.program.note(f"{expr.function}(…) is read as a product: {expr.function} is no function")
    name = s.Name(expr.function, expr.span)
    return e.value(s.Binary("juxt", name, expr.args[0], expr.span))


def _is_quantity(e: Evaluator, key: str) -> bool:
    return e.program.is_known(key) or key in e.program.used or key in e.extents.arrays


def _unknown(e: Evaluator, expr: s.Call) -> FormulaError:
    own = tuple(e.program.shown(n) for n, d in e.program.definitions.items() if d.define.parameters)
    close = nearest(expr.function, own)
    hint = f"did you mean {close}?" if close else f"{expr.function} * (…) for a product"
    start = expr.span[0]
    return FormulaError(
        f"there is no function {expr.function}",
        source=e.program.places.source((start, start + len(expr.function))),
        hint=hint,
    )


# ── w(1, 2) ─────────────────────────────────────────────────────────────────────────────────────


def _is_component(e: Evaluator, expr: s.Call, key: str) -> bool:
    """``w(1, 2)`` of a known array: row 1, column 2, as one writes on paper."""
    shape = e.extents.shape(key) if key not in e.program.definitions else ()
    whole = all(isinstance(a, s.Number) and isinstance(a.value, int) for a in expr.args)
    return bool(expr.args) and whole and len(shape) >= len(expr.args) and not expr.kwargs


def _counted(e: Evaluator, expr: s.Call) -> Step[Value]:
    places = [a.value - 1 for a in expr.args if isinstance(a, s.Number)]
    if min(places) < 0:
        raise ShapeError(
            "components in round brackets are counted from 1", hint="square brackets count from 0"
        )
    name = s.Name(expr.function, expr.span)
    items = tuple(s.Number(place, expr.span) for place in places)
    inner = ", ".join(str(place) for place in places)
    written = e.program.places.written(expr.span)
    e.program.note(f"{written} is read as {expr.function}[{inner}], counted from 1")
    value: Value = yield e.value(s.Index(name, items, expr.span))
    return value


# ── the user's functions ────────────────────────────────────────────────────────────────────────


def templates(program: Program) -> frozenset[str]:
    """Functions that are called with other arguments and whose parameters are nothing else."""
    called: set[str] = set()
    elsewhere: dict[str, int] = {}
    for definition in program.computed():
        for expr in walk(definition.define.value):
            if isinstance(expr, s.Call):
                own = program.definitions.get(canonical(expr.function))
                if own and own.define.parameters and not _same_names(expr, own):
                    called.add(own.names[0])
        for name in definition.uses - {canonical(p) for p in definition.define.parameters}:
            elsewhere[name] = elsewhere.get(name, 0) + 1
    return frozenset(
        name
        for name in called
        if not all(
            program.is_known(p) or p in elsewhere
            for p in map(canonical, program.definitions[name].define.parameters)
        )
    )


def _same_names(expr: s.Call, definition: Definition) -> bool:
    names = [a.name if isinstance(a, s.Name) else "" for a in expr.args]
    return [canonical(n) for n in names] == [canonical(p) for p in definition.define.parameters]


def _own(e: Evaluator, expr: s.Call, key: str) -> Step[Value]:
    definition = e.program.definitions[key]
    parameters = [canonical(p) for p in definition.define.parameters]
    plain = s.Name(expr.function, expr.span)
    if not parameters:
        value: Value = yield _quantity(e, expr, key)
        return value
    if _same_names(expr, definition) and not e.frames:
        value = yield e.value(plain)
        return value
    if len(expr.args) != len(parameters) or expr.kwargs:
        wanted = f"{expr.function}({', '.join(definition.define.parameters)})"
        raise FormulaError(
            f"{expr.function} takes {len(parameters)} argument{'s' * (len(parameters) != 1)}, "
            f"but got {len(expr.args)}",
            hint=wanted,
        )
    overrides: dict[str, Value] = {}
    for parameter, arg in zip(parameters, expr.args, strict=True):
        overrides[parameter] = yield e.value(arg)
    known = (key, *overrides.values())
    if known not in e.calls:
        from dvar.read.build.evaluate import Frame

        outer = e.frames[-1].overrides if e.frames else {}
        inner = {k: v for k, v in outer.items() if k not in definition.define.parameters}
        local = {k: v for k, v in inner.items() if k in e.program.spelling and not parameters}
        e.frames.append(Frame({**local, **overrides}))
        value = yield defined(e, key)
        e.frames.pop()
        e.calls[known] = value
    return e.calls[known]


def _quantity(e: Evaluator, expr: s.Call, key: str) -> Step[Value]:
    """``J(yhat)``: the arguments only remind of what J depends on; else a product."""
    plain = s.Name(expr.function, expr.span)
    under = depends(e.program, key)
    reminders = [isinstance(a, s.Name) and canonical(a.name) in under for a in expr.args]
    if all(reminders):
        value: Value = yield e.value(plain)
        return value
    if len(expr.args) == 1 and not expr.kwargs and not isinstance(expr.args[0], s.Name):
        value = yield _multiplied(e, expr)
        return value
    others = [
        e.program.places.written(a.span)
        for a, known in zip(expr.args, reminders, strict=True)
        if not known
    ]
    raise FormulaError(
        f"{expr.function} does not depend on {', '.join(others)}",
        hint=f"{expr.function} * {others[0]} for a product",
    )


# ── rows ────────────────────────────────────────────────────────────────────────────────────────


def _row(e: Evaluator, expr: s.Call, row: Op) -> Step[Value]:
    if (
        expr.function in _IDENTITIES
        and len(expr.args) == 1
        and not isinstance(expr.args[0], s.Array)
    ):
        value: Value = yield e.value(expr.args[0])
        return value
    if row.name in _LARGER and len(expr.args) == 2:
        between: Value | None = yield _larger(e, expr, row)
        if between is not None:
            return between
    bound: list[tuple[str, Any]] = []
    if expr.args and "axis" in signature(row).parameters:
        _note_scalar(e, expr)
    for parameter, arg in calls.bind(row, expr):
        given: Any = yield _argument(e, row, parameter, arg)
        bound.append((parameter, given))
    bound = calls.listed(bound)
    return calls.apply(row, bound)


def _larger(e: Evaluator, expr: s.Call, row: Op) -> Step[Value | None]:
    """``max(0, z)``: the larger of two, as in Python; None where the second one is an axis."""
    first, second = expr.args
    left: Value = yield e.value(first)
    axis: Any = yield forms.static(e, second)
    if isinstance(axis, tuple) or expr.kwargs:
        return None
    if isinstance(axis, int) and left.event:
        written = e.program.places.written(first.span)
        raise FormulaError(
            f"{expr.function}({written}, {axis}) can mean two things",
            hint=f"{_LARGER[row.name]}({written}, {axis}) or {row.name}({written}, axis={axis})",
        )
    right: Value = yield e.value(second)
    return elementwise(TABLE[_LARGER[row.name]], [left, right])


def _note_scalar(e: Evaluator, expr: s.Call) -> None:
    """``sum(x)`` of an input that nobody declared is most likely meant for an array."""
    first = expr.args[0]
    names = {canonical(x.name) for x in walk(first) if isinstance(x, s.Name)}
    unknown = names & e.program.used - e.program.declared.keys() - e.program.definitions.keys()
    if (
        names
        and names == unknown
        and not any(e.extents.shape(name) or e.program.has_number(name) for name in names)
    ):
        shown = ", ".join(sorted(e.program.shown(name) for name in names))
        e.program.note(f"{shown}: read as scalar; {how_to_declare(e.program.shown(min(names)))}")


def _argument(e: Evaluator, row: Op, parameter: str, arg: Expr) -> Step[Any]:
    """One argument as the row wants it: plain data, a list of values, or a value."""
    known = signature(row).parameters[parameter]
    if parameter in _LISTS and isinstance(arg, s.Array):
        items: list[Any] = yield _list(e, arg)
        return items
    if parameter == "index" and isinstance(arg, s.Array):
        whole: Any = yield forms.places(e, arg)
        return whole
    is_data = calls.is_data(known)
    if is_data or known.default is not known.empty or parameter in calls.POSITIONS:
        plain: Any = yield forms.static(e, arg)
        if plain is not forms.OPEN:
            return (
                list(plain) if parameter in calls.POSITIONS and isinstance(plain, tuple) else plain
            )
        if is_data:
            raise FormulaError(
                f"{row.name}: {parameter} must be written out: a number, a tuple or a size",
                source=e.program.places.source(arg.span),
            )
    value: Value = yield e.value(arg)
    return value


def _list(e: Evaluator, arg: s.Array) -> Step[list[Any]]:
    items: list[Any] = []
    for item in arg.items:
        part: Any = yield _list(e, item) if isinstance(item, s.Array) else e.value(item)
        items.append(part)
    return items
