"""What a value may lack: a sign, a sum, a transpose, a factor or a term; and the trees of such changes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence

Option = tuple[str, str, ast.AST]
"""A cause, words for people, and what is to stand there."""


def around(part: ast.expr) -> Iterator[Option]:
    """What the whole value of a statement may lack."""
    yield "sign", "the sign is turned", ast.UnaryOp(ast.USub(), part)
    for axis in (0, 1, -1, (0, 1), (0, 2, 3)):
        yield "missing-sum", _SUM, summed(part, axis, False)
        yield "missing-sum", _SUM, summed(part, axis, True)
    yield "missing-sum", _SUM, summed(part, None, False)
    yield "transpose", "a transpose is missing", turned(part)
    for number in (2.0, 0.5):
        yield (
            "missing-factor",
            f"a factor of {number:g} is missing",
            _times(part, ast.Constant(number)),
        )


_SUM = "the sum over the examples, or over the axis that was broadcast, is missing"


def within(part: ast.expr) -> Iterator[Option]:
    """What a part in the middle may lack."""
    if not isinstance(part, (ast.BinOp, ast.Name, ast.Call, ast.Subscript, ast.Attribute)):
        return
    yield "sign", "the sign is turned", ast.UnaryOp(ast.USub(), part)
    yield "transpose", "a transpose is missing", turned(part)
    square = ast.BinOp(part, ast.Pow(), ast.Constant(2))
    yield "wrong-rule", f"{text_of(part)} should be squared", square
    yield "wrong-rule", f"1 - {text_of(part)} is due", ast.BinOp(ast.Constant(1.0), ast.Sub(), part)
    for axis in (0, 1, -1):
        yield "missing-sum", f"a sum of {text_of(part)} is missing", summed(part, axis, True)
    yield "missing-factor", "a factor of 2 is missing", _times(part, ast.Constant(2.0))


def with_one_of(names: Sequence[str]) -> Callable[[ast.expr], Iterator[Option]]:
    return lambda part: _with_names(part, names)


def _with_names(part: ast.expr, names: Sequence[str]) -> Iterator[Option]:
    """A factor or a term that is missing."""
    for name in names:
        x = read(name)
        size = ast.Subscript(ast.Attribute(x, "shape", ast.Load()), ast.Constant(0), ast.Load())
        one = ast.Constant(1.0)
        less = ast.BinOp(one, ast.Sub(), x)
        square = ast.BinOp(x, ast.Pow(), ast.Constant(2))
        mask = compare(x, ast.Gt, ast.Constant(0))
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
        flipped = turned(x)
        for left, right in ((part, flipped), (flipped, part), (part, x)):
            product = ast.BinOp(left, ast.MatMult(), right)
            yield (
                missing,
                f"the product with {text_of(right if left is part else left)} is missing",
                product,
            )
        yield "missing-path", f"the term {name} is missing", ast.BinOp(part, ast.Add(), x)
        yield "missing-path", f"the term -{name} is missing", ast.BinOp(part, ast.Sub(), x)


def read(name: str) -> ast.expr:
    """``x`` or ``self.x``."""
    first, *rest = name.split(".")
    read: ast.expr = ast.Name(first, ast.Load())
    for word in rest:
        read = ast.Attribute(read, word, ast.Load())
    return read


def _times(a: ast.expr, b: ast.expr) -> ast.expr:
    return ast.BinOp(a, ast.Mult(), b)


def summed(part: ast.expr, axis: int | tuple[int, ...] | None, keep: bool) -> ast.expr:
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


def text_of(part: ast.expr) -> str:
    return ast.unparse(part)


def turned(part: ast.expr) -> ast.expr:
    """``x.T``, or ``x`` for ``x.T``."""
    if isinstance(part, ast.Attribute) and part.attr == "T":
        return part.value
    return ast.Attribute(part, "T", ast.Load())


def compare(left: ast.expr, op: type[ast.cmpop], right: ast.expr) -> ast.expr:
    return ast.Compare(left, [op()], [right])
