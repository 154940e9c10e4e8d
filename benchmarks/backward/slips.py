"""Slips planted in right backward passes: one statement changed, the lines of the file kept."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from typing import NamedTuple


class Slip(NamedTuple):
    """A backward pass with one slip.

    Attributes:
        kind: what was planted.
        line: where, in the file.
        before, after: the statement.
        text: the whole file with it.
    """

    kind: str
    line: int
    before: str
    after: str
    text: str


def slips(text: str, function: str) -> Iterator[Slip]:
    """Every slip of a function in a file, in the order of its lines."""
    tree = ast.parse(text)
    (definition,) = (n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == function)
    names = _assigned(definition)
    for statement in _computing(definition):
        before = ast.unparse(statement)
        seen = {before}
        count = sum(1 for _ in ast.walk(statement))
        for place in range(count):
            for kind, changed in _changes(statement, place, names):
                after = ast.unparse(ast.fix_missing_locations(changed))
                if after not in seen:
                    seen.add(after)
                    yield Slip(kind, statement.lineno, before, after, _with(text, statement, after))


def _computing(definition: ast.FunctionDef) -> list[ast.stmt]:
    """Statements with arithmetic; what unpacks the cache or returns names has none to get wrong."""
    found = []
    for node in ast.walk(definition):
        if (
            isinstance(node, (ast.Assign, ast.AugAssign, ast.Return, ast.Expr))
            and node.value is not None
        ):
            bare = ast.unparse(node.value)
            plain = all(part.isidentifier() for part in bare.strip("()").split(", "))
            sizes = ".shape" in bare and not any(isinstance(n, ast.BinOp) for n in ast.walk(node))
            if not sizes and not (plain and not isinstance(node, ast.AugAssign)):
                found.append(node)
    return sorted(found, key=lambda n: n.lineno)


def _assigned(definition: ast.FunctionDef) -> list[str]:
    stored = [
        n.id
        for n in ast.walk(definition)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    ]
    return list(dict.fromkeys([a.arg for a in definition.args.args] + stored))


def _with(text: str, statement: ast.stmt, after: str) -> str:
    lines = text.split("\n")
    first, last = statement.lineno - 1, (statement.end_lineno or statement.lineno)
    lines[first:last] = [" " * statement.col_offset + after] + [""] * (last - first - 1)
    return "\n".join(lines)


def _changes(statement: ast.stmt, place: int, names: list[str]) -> Iterator[tuple[str, ast.stmt]]:
    """Copies of a statement with the part at ``place`` changed."""
    part = list(ast.walk(statement))[place]
    if isinstance(part, ast.AugAssign):
        yield from _of_update(statement, part)
    if not isinstance(part, ast.expr) or isinstance(getattr(part, "ctx", None), ast.Store):
        return
    for kind, new in _of(part, names):
        yield kind, _replaced(statement, place, new)


def _replaced(statement: ast.stmt, place: int, new: ast.expr) -> ast.stmt:
    target = list(ast.walk(statement))[place]

    class Swap(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return copy.deepcopy(new) if node is target else super().generic_visit(node)

    made = copy.deepcopy(statement)
    target = list(ast.walk(made))[place]
    result = Swap().visit(made)
    assert isinstance(result, ast.stmt)
    return result


def _of_update(statement: ast.stmt, part: ast.AugAssign) -> Iterator[tuple[str, ast.stmt]]:
    if isinstance(part.op, (ast.Add, ast.Sub)):
        turned = copy.deepcopy(part)
        turned.op = ast.Sub() if isinstance(part.op, ast.Add) else ast.Add()
        yield "sign", turned
        if isinstance(part.op, ast.Add):
            yield "overwritten", ast.Assign([part.target], part.value)


def _of(part: ast.expr, names: list[str]) -> Iterator[tuple[str, ast.expr]]:
    match part:
        case ast.BinOp(left, op, right):
            yield from _of_operation(left, op, right)
        case ast.UnaryOp(ast.USub(), operand):
            yield "sign", operand
        case ast.Attribute(value, "T"):
            yield "transpose", value
        case ast.Call():
            yield from _of_call(part)
        case ast.Compare(left, [ast.Gt()], comparators):
            yield "mask", ast.Compare(left, [ast.Lt()], comparators)
        case ast.Compare(left, [ast.Lt()], comparators):
            yield "mask", ast.Compare(left, [ast.Gt()], comparators)
        case ast.Name(name, ast.Load()) if name in names:
            for other in names:
                if other != name:
                    yield "variable", ast.Name(other, ast.Load())
        case ast.Subscript(value, ast.BinOp(inner, ast.Sub(), ast.Constant(1)), ctx):
            yield "index", ast.Subscript(value, inner, ctx)


def _of_operation(
    left: ast.expr, op: ast.operator, right: ast.expr
) -> Iterator[tuple[str, ast.expr]]:
    match op:
        case ast.Add():
            yield "sign", ast.BinOp(left, ast.Sub(), right)
            yield "missing path", left
            yield "missing path", right
        case ast.Sub():
            yield "sign", ast.BinOp(left, ast.Add(), right)
            yield "missing path", left
        case ast.Mult():
            kind = "mask" if isinstance(right, ast.Compare) else "missing factor"
            yield kind, left
            if not isinstance(left, ast.UnaryOp):
                yield "missing factor", right
        case ast.Div():
            yield "missing factor", left
        case ast.MatMult():
            yield "transpose", ast.BinOp(right, ast.MatMult(), left)
        case ast.Pow():
            yield "missing factor", left


def _of_call(call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    func = call.func
    if not isinstance(func, ast.Attribute):
        return
    numpy = isinstance(func.value, ast.Name) and func.value.id == "np"
    inner = call.args[0] if numpy and call.args else func.value
    if func.attr in ("sum", "mean"):
        yield "missing sum", inner
        for n, keyword in enumerate(call.keywords):
            if keyword.arg == "axis" and isinstance(keyword.value, (ast.Constant, ast.UnaryOp)):
                other = ast.Constant(1 if ast.unparse(keyword.value) == "0" else 0)
                keywords = [*call.keywords[:n], ast.keyword("axis", other), *call.keywords[n + 1 :]]
                yield "axis", ast.Call(func, call.args, keywords)
        other_name = "mean" if func.attr == "sum" else "sum"
        swapped = ast.Attribute(func.value, other_name, ast.Load())
        yield "mean for sum", ast.Call(swapped, call.args, call.keywords)
    if func.attr == "dot" and numpy and len(call.args) == 2:
        yield "transpose", ast.Call(func, call.args[::-1], [])
