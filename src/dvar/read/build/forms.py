"""Transposes, indices, components, sums, lists and cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dvar.core.axes import Axes
from dvar.core.dims import Dim, Size
from dvar.core.errors import FormulaError, ShapeError
from dvar.core.op import constant, size_of
from dvar.ops import TABLE
from dvar.ops.contraction import contract
from dvar.read import syntax as s
from dvar.read.build import examples, lookup
from dvar.read.build.calls import shape_answer
from dvar.read.build.indices import Value, elementwise, rename, take_letter, together, union
from dvar.read.build.literals import literal
from dvar.read.build.scope import LITERAL_NAMES
from dvar.read.steps import Step
from dvar.read.syntax import Expr, base_of, canonical

if TYPE_CHECKING:
    from dvar.read.build.evaluate import Evaluator


class _Open:
    """What is not known before the program runs."""


OPEN = _Open()


def transpose(e: Evaluator, expr: s.Transpose) -> Step[Value]:
    operand: Value = yield e.value(expr.operand)
    if not operand.event:
        if lookup.rests_on_undeclared(e, expr.operand):
            raise lookup.needs_shape(e, expr.operand, operand, ".T")
        return operand  # a number is its own transpose
    lead, rank = len(operand.letters), operand.node.ndim
    axes = [*range(lead), *reversed(range(lead, rank))]
    return Value(TABLE["transpose"](operand.node, axes), operand.letters)


def is_row(expr: Expr) -> bool:
    """Whether a vector was written as a row: ``x^T``, or what begins with one (``x^T W``)."""
    while isinstance(expr, s.Binary) and expr.operator in ("juxt", "cdot", "@"):
        expr = expr.left
    return isinstance(expr, s.Transpose)


# ── plain data ──────────────────────────────────────────────────────────────────────────────────


def static(e: Evaluator, expr: Expr) -> Step[Any]:
    """A number, tuple, text or size that is known now; OPEN for what is computed."""
    match expr:
        case s.Number() | s.Text():
            return expr.value
        case s.Unary():
            inner: Any = yield static(e, expr.operand)
            return OPEN if inner is OPEN or not isinstance(inner, (int, float, Dim)) else -inner
        case s.Array():
            items = []
            for item in expr.items:
                part: Any = yield static(e, item)
                if part is OPEN:
                    return OPEN
                items.append(part)
            return tuple(items)
        case s.Name():
            return _static_name(e, expr)
        case s.Binary() if expr.operator in ("+", "-", "*", "juxt", "cdot", "/"):
            left: Any = yield static(e, expr.left)
            right: Any = yield static(e, expr.right)
            return _arithmetic(expr.operator, left, right)
        case s.Call() if expr.function in ("shape", "size", "ndim", "len") and len(expr.args) == 1:
            operand: Value = yield e.value(expr.args[0])
            return shape_answer(expr.function, operand.node.shape)
        case s.Index() if isinstance(expr.operand, s.Call) and expr.operand.function == "shape":
            shape: Any = yield static(e, expr.operand)
            place: Any = yield static(e, expr.items[0])
            if (
                isinstance(place, int)
                and isinstance(shape, tuple)
                and -len(shape) <= place < len(shape)
            ):
                return shape[place]
            raise ShapeError("this axis does not exist")
    return OPEN


def _static_name(e: Evaluator, expr: s.Name) -> Any:
    if expr.name in LITERAL_NAMES:
        known = {"True": True, "False": False, "...": Ellipsis}
        return known.get(expr.name)
    key = canonical(expr.name)
    if key not in e.program.definitions and (key in e.extents.dims or key in e.extents.pinned):
        e.sized.add(key)
        return e.extents.dim(expr.name)
    return OPEN


def _arithmetic(sign: str, left: Any, right: Any) -> Any:
    if not all(isinstance(x, (int, float, Dim)) for x in (left, right)):
        return OPEN
    try:
        if sign == "/":
            return left / right  # not of sizes
        return left + right if sign == "+" else left - right if sign == "-" else left * right
    except (TypeError, ZeroDivisionError, OverflowError):
        return OPEN


# ── x[…] ────────────────────────────────────────────────────────────────────────────────────────


def index(e: Evaluator, expr: s.Index) -> Step[Value]:
    if isinstance(expr.operand, s.Call) and expr.operand.function == "shape":
        size: Size = yield static(e, expr)
        return Value(size_of(size))
    operand: Value = yield e.value(expr.operand)
    if not operand.event:
        raise lookup.needs_shape(e, expr.operand, operand, "an index")
    items: list[Any] = []
    letters = operand.letters
    for item in expr.items:
        place: Any = yield _place(e, item)
        if isinstance(place, Value):
            if place.letters and (operand.letters or len(expr.items) > 1):
                raise ShapeError(
                    "an index with an index of its own is understood in one place only"
                )
            letters = operand.letters or place.letters
            place = place.node
        items.append(place)
    whole = (*(slice(None),) * len(operand.letters), *items)
    return Value(TABLE["getitem"](operand.node, whole), letters)


def _place(e: Evaluator, item: Expr) -> Step[Any]:
    if isinstance(item, s.Slice):
        parts: list[Any] = []
        for part in (item.start, item.stop, item.step):
            end: Any = None
            if part is not None:
                end = yield static(e, part)
            if end is OPEN:
                raise FormulaError(
                    "the ends of a slice are numbers or sizes written in the text",
                    source=e.program.places.source(item.span),
                )
            parts.append(end)
        return slice(*parts)
    known: Any = yield static(e, item)
    if known is OPEN:
        known = yield e.value(item)
    return list(known) if isinstance(known, tuple) and not isinstance(known, Value) else known


def places(e: Evaluator, expr: s.Array) -> Step[tuple[Any, ...]]:
    """The index that scatter_add takes, as it stands between the brackets of ``x[…]``."""
    found: list[Any] = []
    for item in expr.items:
        place: Any = yield _place(e, item)
        found.append(place.node if isinstance(place, Value) else place)
    return tuple(found)


# ── x_i and sums ────────────────────────────────────────────────────────────────────────────────


def component(e: Evaluator, expr: s.Component) -> Step[Value]:
    base, letters, example = base_of(expr)
    own = 0
    if isinstance(base, s.Name) and canonical(base.name) in e.program.definitions:
        key = canonical(base.name)
        overridden = any(key in frame.overrides for frame in e.frames)
        value: Value = yield e.value(base) if overridden else lookup.defined(e, key)
        own = len(value.letters)
    else:
        value = yield e.value(base)
        own = len(value.letters) if example or set(letters) & set(value.letters) else 0
    for k, letter in enumerate(letters):
        if k < own and (letter not in value.letters or value.letters[k] == letter):
            value = rename(value, k, letter)
        elif _is_one_example(e, base, value, own):
            raise examples.OpenExamples(e.program, base, letter)
        elif not value.event:
            raise lookup.needs_shape(e, base, value, f"the index {letter}")
        else:
            value = take_letter(value, letter)
    is_single = isinstance(base, s.Name) and canonical(base.name) in e.program.single
    if is_single and value.event and all(size == 1 for size in value.event):
        leading = value.node.shape[: len(value.letters)]
        value = Value(TABLE["reshape"](value.node, leading), value.letters)
    return value


def _is_one_example(e: Evaluator, base: Expr, value: Value, own: int) -> bool:
    """Whether a definition makes one number for one example, so that its index is the example's."""
    is_defined = isinstance(base, s.Name) and canonical(base.name) in e.program.definitions
    return is_defined and not own and not e.frames and all(size == 1 for size in value.event)


def summed(e: Evaluator, expr: s.Sum) -> Step[Value]:
    """Σ: the sum of the axis that the index names."""
    size = e.extents.sum_size(expr)
    low = expr.low.value if isinstance(expr.low, s.Number) else 0
    e.bound.append((expr.index, size, low))
    product: Value | None = None
    if isinstance(expr.body, s.Binary) and expr.body.operator in ("juxt", "cdot", "*"):
        left: Value = yield e.value(expr.body.left)
        right: Value = yield e.value(expr.body.right)
        body = e.combined(expr.body, left, right)
        product = _as_product(expr.index, left, right)
    else:
        body = yield e.value(expr.body)
    e.bound.pop()
    ranged = e.extents.range_size(expr)
    if product is not None and ranged in (None, size):
        return product
    if expr.index not in body.letters:
        count = ranged if ranged is not None else size
        if count is None:
            raise ShapeError(f"nothing under the sum depends on {expr.index}")
        return elementwise(TABLE["multiply"], [Value(size_of(count)), body])
    axis = body.letters.index(expr.index)
    node = body.node
    if ranged is not None and ranged != node.shape[axis]:
        part = _part(e, expr, node.shape[axis], ranged)
        node = TABLE["getitem"](node, (*(slice(None),) * axis, part))
    rest = (*body.letters[:axis], *body.letters[axis + 1 :])
    return Value(TABLE["sum"](node, axis=axis), rest)


def _as_product(index: str, left: Value, right: Value) -> Value | None:
    """``\\sum_j W_{ij} x_j`` as the product with a matrix that it is; None for other sums."""
    sides = (left, right)
    if any(side.event or index not in side.letters for side in sides):
        return None
    rest = tuple(letter for letter in union(sides) if letter != index)
    if not rest:
        return None  # a sum of products reads as well as x @ y
    node = contract(Axes((left.letters, right.letters), rest), [left.node, right.node])
    return Value(node, rest) if node.op.name in ("matmul", "transpose") else None


def _part(e: Evaluator, expr: s.Sum, size: Size, ranged: Size) -> slice:
    """A sum over a part of the range, as a slice."""
    low = expr.low.value if isinstance(expr.low, s.Number) else 1
    high = e.extents.size(expr.high) if expr.high is not None else size
    shown = e.program.places.written(expr.span)
    if not isinstance(low, int) or (
        isinstance(size, int) and isinstance(high, int) and high > size
    ):
        raise ShapeError(f"the sum runs over {ranged} places, but {expr.index} has {size}")
    if high == size - 1:
        e.program.note(f"{shown}: {expr.index} counts from 0")
        return slice(low, None)
    if high == size:
        e.program.note(f"{shown}: {expr.index} counts from 1")
        return slice(low - 1, None)
    if isinstance(high, int):
        e.program.note(f"{shown}: {expr.index} counts from 0")
        return slice(low, high + 1)
    raise ShapeError(f"the sum runs to {high}, but {expr.index} runs over {size}")


# ── lists and cases ─────────────────────────────────────────────────────────────────────────────


def array(e: Evaluator, expr: s.Array) -> Step[Value]:
    """A list of values is a stack; of numbers, a constant."""
    number = literal(expr, e.program.places)
    if number is not None:
        return Value(constant(number))
    if not expr.items:
        raise ShapeError("an empty list has no shape")
    parts: list[Value] = []
    for item in expr.items:
        part: Value = yield e.value(item)
        parts.append(part)
    if len({len(part.event) for part in parts}) > 1:
        raise ShapeError("the items of a list must have one shape")
    nodes, letters = together(parts)
    if letters:
        shape = max((node.shape for node in nodes), key=len)
        nodes = [TABLE["broadcast_to"](node, shape) for node in nodes]
    return Value(TABLE["stack"](nodes, axis=len(letters)), letters)


def cases(e: Evaluator, expr: s.Cases) -> Step[Value]:
    """The first branch whose condition holds."""
    *front, (last, condition) = expr.branches
    out: Value = yield e.value(last)
    if condition is not None:
        written = e.program.places.written(last.span)
        e.program.note(f"the cases are taken to be complete: otherwise {written}")
    for value, test in reversed(front):
        if test is None:
            raise FormulaError("only the last case can be the one for all the rest")
        where: Value = yield e.value(test)
        taken: Value = yield e.value(value)
        out = elementwise(TABLE["where"], [where, taken, out])
    return out
