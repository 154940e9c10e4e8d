"""sin and cos on lanes: the angle less a multiple of a quarter turn, and a polynomial for each of the two.

The coefficients are Chebyshev fits on the reduced interval (mpmath's chebyfit with 50 digits).  Errors are below 1 ulp in
float64 and 1.5 ulp in float32; beyond a million the C library reduces the angle, and computes all lanes of the vector.

Source: Muller, Elementary Functions, 3rd ed., chapter 11: Cody and Waite's reduction.
"""

from __future__ import annotations

import math

from llvmlite import ir

from dvar.engine.native.lanes import I64, Lanes, Value

# (sin(r) - r)/r³ and (cos(r) - 1 + r²/2)/r⁴ as polynomials in r², for |r| <= π/4
_SIN = {
    "float32": (
        -0.1666666716337204,
        0.008333331905305386,
        -0.00019840084132738411,
        2.724962087086169e-06,
    ),
    "float64": (
        -0.16666666666666666,
        0.008333333333330936,
        -0.00019841269836740532,
        2.7557316093198404e-06,
        -2.5051129896450185e-08,
        1.5917988979397435e-10,
    ),
}
_COS = {
    "float32": (
        0.0416666679084301,
        -0.00138888880610466,
        2.4800598112051375e-05,
        -2.7300703209220956e-07,
    ),
    "float64": (
        0.041666666666666664,
        -0.0013888888888887389,
        2.48015872987544e-05,
        -2.755731726587808e-07,
        2.087614504941318e-09,
        -1.138254464534925e-11,
    ),
}
# π/2 in three parts; the first two have so few bits that their products with a count of quarters are exact.
_QUARTER = (1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21)
# Added to a number below 2⁵¹ this leaves the nearest whole number in the last bits.
_WHOLE = 1.5 * 2.0**52
FARTHEST = 1e6


def sin(x: Lanes) -> Lanes:
    return _circular(x, "sin", 0)


def cos(x: Lanes) -> Lanes:
    """The sine a quarter turn later."""
    return _circular(x, "cos", 1)


def _circular(x: Lanes, name: str, later: int) -> Lanes:
    if x.at.width == 1:
        return x.library(name)
    b, point = x.at.builder, x.at
    r, rest, quarters = _reduced(x)
    square = r * r
    tail = square * r * square.polynomial(_SIN[x.dtype])
    sine = r + (tail if rest is None else tail + rest)
    half = square * 0.5
    near = 1.0 - half
    small = square * square * square.polynomial(_COS[x.dtype])
    if rest is not None:
        small = small - r * rest
    cosine = near + (((1.0 - near) - half) + small)
    turns = b.add(quarters, point.literal(later, I64))

    def has(bit: int) -> Lanes:
        one = b.and_(turns, point.literal(bit, I64))
        return Lanes(point, b.icmp_signed("!=", one, point.literal(0, I64)), "bool")

    done = has(1).select(cosine, sine)
    return _or_library(x, has(2).select(-done, done), name)


def _reduced(x: Lanes) -> tuple[Lanes, Lanes | None, Value]:
    """r and a small rest with ``x = n π/2 + r + rest``, and n."""
    wide = x.to("float64")
    counted = wide.fma(2 / math.pi, _WHOLE)
    n = counted - _WHOLE
    first, second, third = _QUARTER
    near = n.fma(-first, wide)
    first_r = n.fma(-second, near)
    missing = n.fma(-third, n.fma(-second, near - first_r))
    r = first_r + missing
    if x.dtype == "float32":
        return r.to("float32"), None, counted.bits()
    return r, missing - (r - first_r), counted.bits()


def _or_library(x: Lanes, done: Lanes, name: str) -> Lanes:
    """``done``, unless an element is too far away."""
    b, width = x.at.builder, x.at.width
    bits = ir.IntType(width)
    near = b.bitcast(x.abs().compare("<=", FARTHEST).v, bits)
    before = b.block
    with b.if_then(b.icmp_unsigned("!=", near, ir.Constant(bits, (1 << width) - 1)), likely=False):
        slow = x.library(name)
        there = b.block
    phi = b.phi(done.v.type)
    phi.add_incoming(done.v, before)
    phi.add_incoming(slow.v, there)
    return Lanes(x.at, phi, x.dtype)
