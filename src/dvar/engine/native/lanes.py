"""One element of the computation in every lane of a vector register, as LLVM instructions.

The ``native`` column of a row is written with these: ``lambda x, y: x * y + x.exp()``.  A ``Lanes`` knows
its dtype; numbers beside it take that dtype.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from llvmlite import ir

from dvar.core.dtypes import promote

Value: TypeAlias = Any  # llvmlite has no types

I1, I8, I32, I64 = (ir.IntType(bits) for bits in (1, 8, 32, 64))
_TYPES = {"float64": ir.DoubleType(), "float32": ir.FloatType(), "int64": I64, "bool": I1}

# A product that is added may be rounded once; nothing else may be reordered.
FLAGS = ("contract",)


def scalar_type(dtype: str) -> Value:
    return _TYPES[dtype]


class Point:
    """Where instructions are written, and how many lanes a vector has there (1: plain numbers)."""

    def __init__(self, builder: Value, width: int) -> None:
        self.builder, self.width = builder, width

    def type_of(self, element: Value) -> Value:
        return element if self.width == 1 else ir.VectorType(element, self.width)

    def splat(self, value: Value) -> Value:
        """A number in every lane."""
        if self.width == 1:
            return value
        b = self.builder
        one = ir.Constant(ir.VectorType(value.type, self.width), ir.Undefined)
        one = b.insert_element(one, value, ir.Constant(I32, 0))
        zeros = ir.Constant(ir.VectorType(I32, self.width), [0] * self.width)
        return b.shuffle_vector(one, one, zeros)

    def together(self, parts: Sequence[Value]) -> Value:
        """A vector of one number for each lane."""
        if self.width == 1:
            return parts[0]
        whole = ir.Constant(ir.VectorType(parts[0].type, self.width), ir.Undefined)
        for n, part in enumerate(parts):
            whole = self.builder.insert_element(whole, part, ir.Constant(I32, n))
        return whole

    def constant(self, value: Any, dtype: str) -> Lanes:
        return Lanes(self, self.literal(value, scalar_type(dtype)), dtype)

    def literal(self, value: Any, element: Value) -> Value:
        if isinstance(element, ir.IntType):
            value = int(value)
        elif isinstance(element, ir.FloatType):
            value = float(np.float32(value))
        else:
            value = float(value)
        return ir.Constant(self.type_of(element), [value] * self.width if self.width > 1 else value)

    def call(self, name: str, result: Value, *operands: Value) -> Value:
        """An LLVM intrinsic, declared where it is not yet."""
        module = self.builder.module
        kinds = [x.type for x in operands]
        function = module.globals.get(name)
        if function is None:
            function = ir.Function(module, ir.FunctionType(result, kinds), name)
        return self.builder.call(function, operands)

    def intrinsic(self, name: str, *operands: Value) -> Value:
        """An intrinsic that is overloaded on the type of its first operand, and returns that type."""
        kind = operands[0].type
        return self.call(f"llvm.{name}.{_suffix(kind)}", kind, *operands)

    def ldexp(self, x: Value, n: Value) -> Value:
        """``x · 2ⁿ``, rounded once."""
        return self.call(f"llvm.ldexp.{_suffix(x.type)}.{_suffix(n.type)}", x.type, x, n)


def _suffix(kind: Value) -> str:
    if isinstance(kind, ir.VectorType):
        return f"v{kind.count}{_suffix(kind.element)}"
    if isinstance(kind, ir.IntType):
        return f"i{kind.width}"
    return "f64" if isinstance(kind, ir.DoubleType) else "f32"


class Lanes:
    """A value in every lane."""

    __slots__ = ("at", "dtype", "v")

    def __init__(self, at: Point, v: Value, dtype: str) -> None:
        self.at, self.v, self.dtype = at, v, dtype

    @property
    def is_float(self) -> bool:
        return self.dtype.startswith("float")

    def like(self, value: Any) -> Lanes:
        """A number, or lanes of another dtype, in the dtype of these."""
        if isinstance(value, Lanes):
            return value.to(self.dtype)
        return self.at.constant(value, self.dtype)

    # ── arithmetic ──────────────────────────────────────────────────────────────────────────────

    def _both(self, other: Any) -> tuple[Lanes, Lanes]:
        if not isinstance(other, Lanes):
            return self, self.like(other)
        dtype = promote([self.dtype, other.dtype])
        return self.to(dtype), other.to(dtype)

    def _do(self, other: Any, real: str, whole: str, truth: str) -> Lanes:
        x, y = self._both(other)
        b = self.at.builder
        if x.is_float:
            return Lanes(self.at, getattr(b, real)(x.v, y.v, flags=FLAGS), x.dtype)
        name = truth if x.dtype == "bool" else whole
        return Lanes(self.at, getattr(b, name)(x.v, y.v), x.dtype)

    def __add__(self, other: Any) -> Lanes:
        return self._do(other, "fadd", "add", "or_")

    def __sub__(self, other: Any) -> Lanes:
        return self._do(other, "fsub", "sub", "xor")

    def __mul__(self, other: Any) -> Lanes:
        return self._do(other, "fmul", "mul", "and_")

    def __truediv__(self, other: Any) -> Lanes:
        return self._do(other, "fdiv", "sdiv", "and_")

    def __radd__(self, other: Any) -> Lanes:
        return self.like(other) + self

    def __rsub__(self, other: Any) -> Lanes:
        return self.like(other) - self

    def __rmul__(self, other: Any) -> Lanes:
        return self.like(other) * self

    def __rtruediv__(self, other: Any) -> Lanes:
        return self.like(other) / self

    def __neg__(self) -> Lanes:
        b = self.at.builder
        return Lanes(self.at, b.fneg(self.v) if self.is_float else b.neg(self.v), self.dtype)

    def fma(self, times: Any, plus: Any) -> Lanes:
        """``self * times + plus``, rounded once."""
        x, y, z = self, self.like(times), self.like(plus)
        return Lanes(self.at, self.at.intrinsic("fma", x.v, y.v, z.v), self.dtype)

    def polynomial(self, coefficients: tuple[float, ...]) -> Lanes:
        """``c0 + c1 x + c2 x² + …`` by Estrin's scheme: short chains keep the units busy."""
        row = [self.like(c) for c in coefficients]
        x = self
        while len(row) > 1:
            pairs = [row[n + 1].fma(x, row[n]) for n in range(0, len(row) - 1, 2)]
            row = pairs + ([row[-1]] if len(row) % 2 else [])
            x = x * x
        return row[0]

    # ── comparison and choice ───────────────────────────────────────────────────────────────────

    def compare(self, sign: str, other: Any) -> Lanes:
        x, y = self._both(other)
        b = self.at.builder
        if not x.is_float:
            compared = b.icmp_unsigned if x.dtype == "bool" else b.icmp_signed
            return Lanes(self.at, compared(sign, x.v, y.v), "bool")
        compared = b.fcmp_unordered if sign == "!=" else b.fcmp_ordered
        return Lanes(self.at, compared(sign, x.v, y.v), "bool")

    def select(self, yes: Any, no: Any) -> Lanes:
        """``yes`` where this truth value holds, else ``no``; one of the two must be lanes."""
        if not isinstance(yes, Lanes):
            yes = no.like(yes)
        no = yes.like(no)
        return Lanes(self.at, self.at.builder.select(self.to("bool").v, yes.v, no.v), yes.dtype)

    def maximum(self, other: Any) -> Lanes:
        """The larger; nan where either is, as in NumPy."""
        return self._extreme(other, ">")

    def minimum(self, other: Any) -> Lanes:
        return self._extreme(other, "<")

    def _extreme(self, other: Any, sign: str) -> Lanes:
        x, y = self._both(other)
        if not x.is_float:
            return x.compare(sign, y).select(x, y)
        # Ordered comparison fails on nan in y, so y is taken; a nan in x is taken by itself.
        if isinstance(y.v, ir.Constant):
            x, y = y, x
        wins = x.compare(sign, y).v
        if isinstance(x.v, ir.Constant):  # which is no nan: one instruction
            return Lanes(self.at, self.at.builder.select(wins, x.v, y.v), x.dtype)
        b = self.at.builder
        nan = b.fcmp_unordered("uno", x.v, x.v)
        return Lanes(self.at, b.select(b.or_(wins, nan), x.v, y.v), x.dtype)

    def abs(self) -> Lanes:
        if self.is_float:
            return Lanes(self.at, self.at.intrinsic("fabs", self.v), self.dtype)
        return self.compare("<", 0).select(-self, self) if self.dtype == "int64" else self

    def with_sign_of(self, other: Lanes) -> Lanes:
        return Lanes(self.at, self.at.intrinsic("copysign", self.v, other.v), self.dtype)

    def unary(self, intrinsic: str) -> Lanes:
        """An LLVM intrinsic of one operand: ``sqrt``, ``floor``, ``ceil``, ``trunc``, ``rint``, or a
        function of the mathematical library, called lane by lane."""
        return Lanes(self.at, self.at.intrinsic(intrinsic, self.v), self.dtype)

    def library(self, name: str, *others: Lanes) -> Lanes:
        """A function of the C library, lane by lane: right, and slow."""
        b, at = self.at.builder, self.at
        element = scalar_type(self.dtype)
        symbol = name + ("f" if self.dtype == "float32" else "")
        operands = [self.v, *(self.like(x).v for x in others)]
        if at.width == 1:
            return Lanes(at, at.call(symbol, element, *operands), self.dtype)
        out = ir.Constant(operands[0].type, ir.Undefined)
        for lane in range(at.width):
            place = ir.Constant(I32, lane)
            done = at.call(symbol, element, *(b.extract_element(x, place) for x in operands))
            out = b.insert_element(out, done, place)
        return Lanes(at, out, self.dtype)

    # ── conversion ──────────────────────────────────────────────────────────────────────────────

    def to(self, dtype: str) -> Lanes:
        """In another dtype, as NumPy's astype."""
        if dtype == self.dtype:
            return self
        b, kind = self.at.builder, self.at.type_of(scalar_type(dtype))
        if dtype == "bool":
            return self.compare("!=", 0)
        if self.dtype == "bool":
            done = b.zext(self.v, kind) if dtype == "int64" else b.uitofp(self.v, kind)
        elif self.dtype == "int64":
            done = b.sitofp(self.v, kind)
        elif dtype == "int64":
            done = b.fptosi(self.v, kind)
        else:
            done = b.fpext(self.v, kind) if dtype == "float64" else b.fptrunc(self.v, kind)
        return Lanes(self.at, done, dtype)

    def bits(self) -> Value:
        """The bits as whole numbers of the same width."""
        width = I64 if self.dtype == "float64" else I32
        return self.at.builder.bitcast(self.v, self.at.type_of(width))
