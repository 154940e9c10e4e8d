"""Slips as people make them, undone: every small change of a statement, with the slip it would repair."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from dvar.check.backward.lacking import (
    Option,
    around,
    compare,
    read,
    summed,
    text_of,
    turned,
    with_one_of,
    within,
)


class Bend(NamedTuple):
    """A change of one place of a tree.

    Attributes:
        cause: the slip that it repairs.
        words: what is wrong then, for people.
        holder, field, place: where the changed part hangs; ``place`` is None where the field holds one part.
        part: what is to stand there.
    """

    cause: str
    words: str
    holder: ast.AST
    field: str
    place: int | None
    part: ast.AST

    def swap(self) -> Bend:
        """Make the change; the result makes it undone."""
        before: ast.AST
        if self.place is None:
            before = getattr(self.holder, self.field)
            setattr(self.holder, self.field, self.part)
        else:
            parts = getattr(self.holder, self.field)
            before, parts[self.place] = parts[self.place], self.part
        return self._replace(part=before)


TIERS = 6
"""How plain a change is, from one sign to a factor in the middle of an expression."""


def bends(statement: ast.stmt, names: Sequence[str], tier: int) -> Iterator[Bend]:
    """Changes of a statement.

    Args:
        statement: a statement that computes something.
        names: arrays that are there when it is run; ``self.x`` is one.
        tier: how plain they are, from 0 to ``TIERS`` - 1.
    """
    if tier == 0 and isinstance(statement, ast.AugAssign):
        yield from _of_update(statement)
    if tier == 0 and isinstance(statement, ast.Assign):
        yield from _of_assignment(statement)
    values = value_places(statement)
    rules = (_SMALL, around, _names_of(names), within, with_one_of(names), with_one_of(names))
    places = list(_places(statement)) if tier in (0, 2, 3) else values
    if tier == 5:  # in the middle
        whole = [part for *_, part in values]
        places = [x for x in _places(statement) if x[3] not in whole and _is_factor(x[3])]
    for holder, field, place, part in places:
        for cause, words, new in rules[tier](part):
            yield Bend(cause, words, holder, field, place, new)


def _is_factor(part: ast.expr) -> bool:
    return isinstance(part, (ast.BinOp, ast.Name, ast.Call, ast.Subscript))


def _places(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.expr]]:
    """Every expression of a statement that is read, with where it hangs; the outermost first."""
    waiting = [tree]
    while waiting:
        holder = waiting.pop(0)
        for field, value in ast.iter_fields(holder):
            parts = value if isinstance(value, list) else [value]
            if field in ("targets", "target", "func", "ctx", "annotation"):
                if field == "func" and isinstance(value, ast.Attribute):
                    waiting.append(value)
                for target in parts:  # x[mask] = 0 reads the mask
                    if field in ("targets", "target") and isinstance(target, ast.Subscript):
                        yield target, "slice", None, target.slice
                        waiting.append(target.slice)
                continue
            for n, part in enumerate(parts):
                if isinstance(part, ast.expr):
                    yield holder, field, n if isinstance(value, list) else None, part
                if isinstance(part, ast.AST):
                    waiting.append(part)


def value_places(statement: ast.stmt) -> list[tuple[ast.AST, str, int | None, ast.expr]]:
    """What a statement assigns or returns, element by element."""
    value = getattr(statement, "value", None)
    if isinstance(value, (ast.Tuple, ast.List)):
        return [(value, "elts", n, part) for n, part in enumerate(value.elts)]
    return [] if value is None else [(statement, "value", None, value)]


def _of_update(statement: ast.AugAssign) -> Iterator[Bend]:
    op = statement.op
    if isinstance(op, (ast.Add, ast.Sub)):
        other = ast.Sub() if isinstance(op, ast.Add) else ast.Add()
        yield Bend("sign", "the sign is turned", statement, "op", None, other)
    if isinstance(op, (ast.Mult, ast.Div)):
        other2 = ast.Div() if isinstance(op, ast.Mult) else ast.Mult()
        yield Bend("factor", "it divides where it should multiply", statement, "op", None, other2)


def _of_assignment(statement: ast.Assign) -> Iterator[Bend]:
    """``dx[i] = …`` where ``dx[i] += …`` is due."""
    target = statement.targets[0]
    if isinstance(target, ast.Subscript):
        read = ast.Subscript(target.value, target.slice, ast.Load())
        total = ast.BinOp(read, ast.Add(), statement.value)
        words = "what was there is overwritten instead of added to"
        yield Bend("missing-path", words, statement, "value", None, total)


# ── changes of an expression by what it is ──────────────────────────────────────────────────────


def _SMALL(part: ast.expr) -> Iterator[Option]:  # noqa: N802  one of three ranks
    match part:
        case ast.UnaryOp(ast.USub(), operand):
            yield "sign", "the sign is turned", operand
        case ast.BinOp(left, op, right):
            yield from _of_operation(left, op, right)
        case ast.Attribute(value, "T"):
            yield "transpose", "there is a transpose too many", value
        case ast.Call():
            yield from _of_call(part)
        case ast.Compare(left, [op], [right]):
            for other in _OTHER_ORDER.get(type(op), ()):
                yield (
                    "mask",
                    "the mask is not that of the forward pass",
                    compare(left, other, right),
                )
        case ast.Constant(value) if type(value) in (int, float):
            yield from _of_number(value)
        case ast.Subscript(ast.Attribute(value, "shape"), ast.Constant()):
            for whole in (ast.Attribute(value, "size", ast.Load()), _called(value, "numel")):
                yield "factor", "the number of all elements is due", whole
        case ast.Subscript(value, ast.Name() | ast.Tuple() as index):
            for place in _shifted(index):
                words = f"{text_of(place)} is due where {text_of(index)} stands"
                yield "wrong-operand", words, ast.Subscript(value, place, ast.Load())


def _called(value: ast.expr, method: str) -> ast.expr:
    return ast.Call(ast.Attribute(value, method, ast.Load()), [], [])


def _shifted(index: ast.expr) -> Iterator[ast.expr]:
    """An index, or one of several, a step before and a step after."""
    if isinstance(index, ast.Tuple):
        for n, part in enumerate(index.elts):
            for other in _shifted(part):
                yield ast.Tuple([*index.elts[:n], other, *index.elts[n + 1 :]], ast.Load())
    elif isinstance(index, ast.Name):
        yield ast.BinOp(index, ast.Sub(), ast.Constant(1))
        yield ast.BinOp(index, ast.Add(), ast.Constant(1))


_OTHER_ORDER: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Gt: (ast.Lt,),
    ast.GtE: (ast.Lt,),
    ast.Lt: (ast.Gt,),
    ast.LtE: (ast.Gt,),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}


def _of_operation(left: ast.expr, op: ast.operator, right: ast.expr) -> Iterator[Option]:
    def other(kind: ast.operator, a: ast.expr = left, b: ast.expr = right) -> ast.expr:
        return ast.BinOp(a, kind, b)

    match op:
        case ast.Add():
            yield "sign", "the sign is turned", other(ast.Sub())
            yield "sign", "the sign is turned", other(ast.Sub(), right, left)
            yield "wrong-operand", "a term is too many", left
            yield "wrong-operand", "a term is too many", right
        case ast.Sub():
            yield "sign", "the sign is turned", other(ast.Add())
            yield "sign", "the difference is the wrong way round", other(op, right, left)
            yield "wrong-operand", "a term is too many", left
        case ast.Mult():
            yield "factor", "a factor is too many", left
            yield "factor", "a factor is too many", right
            yield "factor", "it multiplies where it should divide", other(ast.Div())
        case ast.Div():
            yield "factor", "a division is too many", left
            yield "factor", "it divides where it should multiply", other(ast.Mult())
            yield "factor", "the fraction is upside down", other(op, right, left)
        case ast.MatMult():
            a, b = turned(left), turned(right)
            for x, y in (
                (a, right),
                (left, b),
                (right, left),
                (b, left),
                (right, a),
                (a, b),
                (b, a),
            ):
                yield (
                    "transpose",
                    "a transpose or the order of the product is wrong",
                    other(op, x, y),
                )
        case ast.Pow():
            yield "wrong-rule", "the power is wrong", left
            if not isinstance(right, ast.Constant):
                less = ast.BinOp(right, ast.Sub(), ast.Constant(1))
                yield "wrong-rule", "a power is one less in its derivative", other(op, left, less)


_FUNCTIONS = {
    "sum": ("mean",),
    "mean": ("sum",),
    "sin": ("cos",),
    "cos": ("sin",),
    "sinh": ("cosh",),
    "cosh": ("sinh",),
    "max": ("sum",),
    "maximum": ("minimum",),
    "minimum": ("maximum",),
    "log": ("reciprocal",),
    "set": ("add",),
    "ones_like": ("zeros_like",),
    "zeros_like": ("ones_like",),
}


def _of_call(call: ast.Call) -> Iterator[Option]:
    """Another function, the same without a reduction, other axes, arguments the other way round."""
    func = call.func
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    for other in _FUNCTIONS.get(name, ()):
        if isinstance(func, ast.Attribute):
            cause = "factor" if {name, other} == {"sum", "mean"} else "wrong-rule"
            words = f"{name} where {other} is due"
            renamed = ast.Attribute(func.value, other, ast.Load())
            yield cause, words, ast.Call(renamed, call.args, call.keywords)
    if name in ("sum", "mean", "dot", "matmul", "outer", "multiply", "subtract"):
        inner = _argument(call)
        if name in ("sum", "mean") and inner is not None:
            for axis in (0, 1, -1):
                yield "missing-sum", "the sum is over the wrong axes", summed(inner, axis, False)
            yield "missing-sum", "the sum is over the wrong axes", summed(inner, None, False)
            yield "missing-sum", "a sum is too many", inner
        if name in ("dot", "matmul") and len(call.args) == 2:
            for _, words, new in _of_operation(call.args[0], ast.MatMult(), call.args[1]):
                yield "transpose", words, new
        if name in ("outer", "subtract") and len(call.args) == 2:
            cause = "sign" if name == "subtract" else "transpose"
            yield (
                cause,
                "the arguments are the wrong way round",
                ast.Call(func, call.args[::-1], []),
            )
    if name in ("transpose", "swapaxes"):
        inner = _argument(call)
        if inner is not None:
            yield "transpose", "there is a transpose too many", inner
    if name == "where" and len(call.args) == 3:
        condition, a, b = call.args
        yield "mask", "the mask is turned round", ast.Call(func, [condition, b, a], [])


def _argument(call: ast.Call) -> ast.expr | None:
    """The array of ``np.sum(x, …)`` or ``x.sum(…)``."""
    func = call.func
    if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name):
        if func.value.id in ("np", "numpy", "torch", "jnp"):
            return call.args[0] if call.args else None
    return func.value if isinstance(func, ast.Attribute) else None


def _of_number(value: Any) -> Iterator[Option]:
    for other in (value + 1, value - 1, 2 * value, value / 2, 1 - value, -value):
        if other != value:
            words = f"{value:g} where {other:g} is due"
            yield "factor", words, ast.Constant(int(other) if other == int(other) else other)


# ── other names ─────────────────────────────────────────────────────────────────────────────────


def _names_of(names: Sequence[str]) -> Any:
    def rank(part: ast.expr) -> Iterator[Option]:
        if isinstance(part, (ast.Name, ast.Attribute)) and text_of(part) in names:
            for name in names:
                if name != text_of(part):
                    words = f"{text_of(part)} stands where {name} is due"
                    yield "wrong-variable", words, read(name)

    return rank
