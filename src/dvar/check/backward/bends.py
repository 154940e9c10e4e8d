"""Slips as people make them, undone: every small change of a statement, with the slip it would repair."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple


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


Option = tuple[str, str, ast.AST]


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
    rules = (_SMALL, _around, _names_of(names), _WHOLE, _with(names), _with(names))
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
            if field in ("targets", "target", "func", "ctx", "annotation"):
                if field == "func" and isinstance(value, ast.Attribute):
                    waiting.append(value)
                continue
            parts = value if isinstance(value, list) else [value]
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
                    _compare(left, other, right),
                )
        case ast.Constant(value) if type(value) in (int, float):
            yield from _of_number(value)


_OTHER_ORDER: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Gt: (ast.Lt,),
    ast.GtE: (ast.Lt,),
    ast.Lt: (ast.Gt,),
    ast.LtE: (ast.Gt,),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}


def _compare(left: ast.expr, op: type[ast.cmpop], right: ast.expr) -> ast.expr:
    return ast.Compare(left, [op()], [right])


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
            a, b = _turned(left), _turned(right)
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


def _turned(part: ast.expr) -> ast.expr:
    """``x.T``, or ``x`` for ``x.T``."""
    if isinstance(part, ast.Attribute) and part.attr == "T":
        return part.value
    return ast.Attribute(part, "T", ast.Load())


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
                yield "missing-sum", "the sum is over the wrong axes", _summed(inner, axis, False)
            yield "missing-sum", "the sum is over the wrong axes", _summed(inner, None, False)
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
        if isinstance(part, (ast.Name, ast.Attribute)) and _text(part) in names:
            for name in names:
                if name != _text(part):
                    words = f"{_text(part)} stands where {name} is due"
                    yield "wrong-variable", words, _read(name)

    return rank


# ── something around a value ────────────────────────────────────────────────────────────────────


def _around(part: ast.expr) -> Iterator[Option]:
    """What the whole value of a statement may lack."""
    yield "sign", "the sign is turned", ast.UnaryOp(ast.USub(), part)
    for axis in (0, 1, -1, (0, 1), (0, 2, 3)):
        yield "missing-sum", _SUM, _summed(part, axis, False)
        yield "missing-sum", _SUM, _summed(part, axis, True)
    yield "missing-sum", _SUM, _summed(part, None, False)
    yield "transpose", "a transpose is missing", _turned(part)
    for number in (2.0, 0.5):
        yield (
            "missing-factor",
            f"a factor of {number:g} is missing",
            _times(part, ast.Constant(number)),
        )


_SUM = "the sum over the examples, or over the axis that was broadcast, is missing"


def _WHOLE(part: ast.expr) -> Iterator[Option]:  # noqa: N802  one of three ranks
    """What a part in the middle may lack."""
    if not isinstance(part, (ast.BinOp, ast.Name, ast.Call, ast.Subscript, ast.Attribute)):
        return
    yield "sign", "the sign is turned", ast.UnaryOp(ast.USub(), part)
    yield "transpose", "a transpose is missing", _turned(part)
    square = ast.BinOp(part, ast.Pow(), ast.Constant(2))
    yield "wrong-rule", f"{_text(part)} should be squared", square
    yield "wrong-rule", f"1 - {_text(part)} is due", ast.BinOp(ast.Constant(1.0), ast.Sub(), part)
    for axis in (0, 1, -1):
        yield "missing-sum", f"a sum of {_text(part)} is missing", _summed(part, axis, True)
    yield "missing-factor", "a factor of 2 is missing", _times(part, ast.Constant(2.0))


def _with(names: Sequence[str]) -> Callable[[ast.expr], Iterator[Option]]:
    return lambda part: _with_names(part, names)


def _with_names(part: ast.expr, names: Sequence[str]) -> Iterator[Option]:
    """A factor or a term that is missing."""
    for name in names:
        x = _read(name)
        size = ast.Subscript(ast.Attribute(x, "shape", ast.Load()), ast.Constant(0), ast.Load())
        one = ast.Constant(1.0)
        less = ast.BinOp(one, ast.Sub(), x)
        square = ast.BinOp(x, ast.Pow(), ast.Constant(2))
        mask = _compare(x, ast.Gt, ast.Constant(0))
        missing = "missing-factor"
        yield missing, f"the factor {name} is missing", _times(part, x)
        yield missing, f"the division by {name} is missing", ast.BinOp(part, ast.Div(), x)
        yield (
            missing,
            f"the division by the size of {name} is missing",
            ast.BinOp(part, ast.Div(), size),
        )
        yield "factor", f"a factor of the size of {name} is missing", _times(part, size)
        yield "mask", f"the mask {name} > 0 is missing", _times(part, mask)
        yield missing, f"the factor {name} (1 - {name}) is missing", _times(_times(part, x), less)
        slope = ast.BinOp(one, ast.Sub(), square)
        yield missing, f"the factor 1 - {name}² is missing", _times(part, slope)
        yield missing, f"the factor 1 - {name} is missing", _times(part, less)
        turned = _turned(x)
        for left, right in ((part, turned), (turned, part), (part, x)):
            product = ast.BinOp(left, ast.MatMult(), right)
            yield (
                missing,
                f"the product with {_text(right if left is part else left)} is missing",
                product,
            )
        yield "missing-path", f"the term {name} is missing", ast.BinOp(part, ast.Add(), x)
        yield "missing-path", f"the term -{name} is missing", ast.BinOp(part, ast.Sub(), x)


def _read(name: str) -> ast.expr:
    """``x`` or ``self.x``."""
    first, *rest = name.split(".")
    read: ast.expr = ast.Name(first, ast.Load())
    for word in rest:
        read = ast.Attribute(read, word, ast.Load())
    return read


def _times(a: ast.expr, b: ast.expr) -> ast.expr:
    return ast.BinOp(a, ast.Mult(), b)


def _summed(part: ast.expr, axis: int | tuple[int, ...] | None, keep: bool) -> ast.expr:
    """``part.sum(axis=…)``, which every kind of array has."""
    keywords = []
    if axis is not None:
        keywords.append(ast.keyword("axis", _literal(axis)))
    if keep:
        keywords.append(ast.keyword("keepdims", ast.Constant(True)))
    return ast.Call(ast.Attribute(part, "sum", ast.Load()), [], keywords)


def _literal(axis: int | tuple[int, ...]) -> ast.expr:
    if isinstance(axis, int):
        return ast.Constant(axis)
    return ast.Tuple([ast.Constant(n) for n in axis], ast.Load())


def _text(part: ast.expr) -> str:
    return ast.unparse(part)
