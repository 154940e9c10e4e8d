"""exp, log, erf and their family on lanes: polynomials in vector registers, a few ulp from the exact value.

The largest errors, in float64 and in float32 (the tests hold them to it): log 1 and 1; exp and erf 1 and 1.5; expm1 and
log1p 2 and 2; tanh 2.5 and 2.5.  Functions of the C library, called lane by lane, are the others.

The coefficients are Chebyshev fits on the reduced interval (mpmath's chebyfit with 40 digits), with relative
errors below a tenth of an ulp; the reductions are the classical ones.

Source: Muller, Elementary Functions, 3rd ed., chapters 11 and 12.
"""

from __future__ import annotations

import math

from llvmlite import ir

from dvar.engine.native.circular import cos as cos
from dvar.engine.native.circular import sin as sin
from dvar.engine.native.lanes import I32, I64, Lanes

_SINGLE = "float32"

# (exp(r) - 1 - r) / r² for |r| <= log(2)/2
_EXP = {
    "float32": (
        0.5,
        0.16666576989698775,
        0.041666554617204574,
        0.008363179052722578,
        0.0013926183587713494,
    ),
    "float64": (
        0.5,
        0.1666666666666667,
        0.04166666666666667,
        0.008333333333326136,
        0.0013888888888883748,
        0.00019841269874820627,
        2.4801587325547743e-05,
        2.7557255400206422e-06,
        2.75572736431103e-07,
        2.5105217004720745e-08,
        2.0914686968086876e-09,
    ),
}
# The same for |r| <= log(2)/32; 2 to the sixteenth parts, and what rounding took from them.
_EXP_NEAR = (
    0.5,
    0.1666666666530169,
    0.04166666666496045,
    0.008333449701253456,
    0.0013889034348599464,
)
_PARTS = (
    1.0,
    1.0442737824274138,
    1.0905077326652577,
    1.1387886347566916,
    1.189207115002721,
    1.241857812073484,
    1.2968395546510096,
    1.3542555469368927,
    1.4142135623730951,
    1.4768261459394993,
    1.5422108254079407,
    1.6104903319492543,
    1.681792830507429,
    1.7562521603732995,
    1.8340080864093424,
    1.9152065613971474,
)
_PARTS_REST = (
    0.0,
    8.551889705537965e-17,
    -3.046782079812471e-17,
    8.912812676025408e-17,
    3.982015231465646e-17,
    4.658027591836937e-17,
    2.5382502794888315e-17,
    7.70094837980299e-17,
    -9.667293313452913e-17,
    -3.483994556892796e-17,
    7.949834809697621e-17,
    2.4707192569797888e-17,
    8.199010020581497e-17,
    2.960140695448873e-17,
    3.283107224245627e-17,
    -1.0619946056195963e-16,
)
# Added to a number below 2⁵¹ this leaves the nearest whole number in the last bits.
_WHOLE = 1.5 * 2.0**52
# (log(m) - 2s) / s³ as a polynomial in s², s = (m - 1)/(m + 1), m between sqrt(1/2) and sqrt(2)
_LOG = {
    "float32": (0.6666666655440618, 0.4000012191414928, 0.28550812382590146, 0.2333069667245578),
    "float64": (
        0.666666666666667,
        0.3999999999989938,
        0.28571428626031065,
        0.2222221112572281,
        0.18182889786191042,
        0.15331699633543858,
        0.14616721179861816,
    ),
}
# (log(1 + e) - 2s) / s³ as a polynomial in s², s = e/(2 + e), e between 0 and 1
_LOG1P = {
    "float32": (
        0.6666666732052742,
        0.3999970633192972,
        0.28592357994302836,
        0.21706575800880373,
        0.2322432922402335,
    ),
    "float64": (
        0.6666666666666666,
        0.40000000000014585,
        0.2857142856710876,
        0.22222222717427864,
        0.18181789436132859,
        0.15385570064958623,
        0.13314144209654935,
        0.12001072809590713,
        0.08800738486144674,
        0.1616404561194353,
    ),
}
# erf(x)/x - 1 as a polynomial in x², x between 0 and 1
_ERF = {
    "float32": (
        0.1283791661262512,
        -0.3761262595653534,
        0.11283594369888306,
        -0.02685421146452427,
        0.005189087241888046,
        -0.000801686430349946,
        7.875874871388078e-05,
    ),
    "float64": (
        0.1283791670955126,
        -0.3761263890318375,
        0.11283791670954879,
        -0.026866170645076792,
        0.0052239776248180145,
        -0.000854832698083379,
        0.0001205533111164271,
        -1.4925595266831182e-05,
        1.6461000484121368e-06,
        -1.6350312701054695e-07,
        1.4659775274047436e-08,
        -1.1372848856791674e-09,
        5.957176147748911e-11,
    ),
}
# exp(x²)·(1 - erf(x)) as a polynomial in (x - a)/(x + a), from x = 1 to where erf(x) is 1; a, and this end
_ERFC = {
    "float32": (
        0.25539568066596985,
        -0.427185982465744,
        0.24165819585323334,
        -0.07896830886602402,
        0.0037323718424886465,
        0.006811140105128288,
        -0.0008379754144698381,
    ),
    "float64": (
        0.17900115118138996,
        -0.3262335600430372,
        0.24560380171233487,
        -0.15011593650077898,
        0.07166583719747308,
        -0.024392499318915004,
        0.004269136356961225,
        0.0007077464666941425,
        -0.0005970624964924544,
        4.525434558991009e-05,
        6.406279226046039e-05,
        -1.2845780030775907e-05,
        -8.00978093907608e-06,
        2.0135111426447427e-06,
        1.2755818949624478e-06,
        3.381355142042904e-09,
    ),
}
_ERFC_RANGE = {"float32": (2.0, 4.0), "float64": (3.0, 6.0)}
# log(2) in two parts; the first has so few bits that its product with an exponent is exact.
_LN2 = {
    "float32": (0.693359375, -2.12194440e-4),
    "float64": (0.693147180369123816490, 1.90821492927058770002e-10),
}
# Beyond these exp is zero or infinite; the bits of an exponent, and of a fraction.
_RANGE = {"float32": (-105.0, 89.0), "float64": (-746.0, 710.0)}
_FORMAT = {"float32": (127, 23), "float64": (1023, 52)}
# Only processors with vectors of so many bits scale them by powers of two in one instruction.
WIDEST = 512


def exp(x: Lanes) -> Lanes:
    if x.dtype == "float64" and x.at.width * 64 == WIDEST:
        return _exp_by_table(x)
    n, low = _reduced(x)
    return _scaled(low + 1.0, n, x)


def _exp_by_table(x: Lanes) -> Lanes:
    """With the sixteenth parts of an octave from two registers less is left for the polynomial."""
    at = x.at
    lowest, highest = _RANGE[x.dtype]
    inside = x.maximum(lowest).minimum(highest)
    counted = inside.fma(len(_PARTS) / math.log(2.0), _WHOLE)
    n = counted - _WHOLE
    high, rest = (part / len(_PARTS) for part in _LN2[x.dtype])
    r = n.fma(-rest, n.fma(-high, inside))
    low = (r * r).fma(r.polynomial(_EXP_NEAR), r)
    places = counted.bits()

    def taken(table: tuple[float, ...]) -> Lanes:
        """The element for each lane's last four bits."""
        kind = x.v.type
        halves = [ir.Constant(kind, list(table[k : k + at.width])) for k in (0, at.width)]
        name = "llvm.x86.avx512.vpermi2var.pd.512"
        return Lanes(at, at.call(name, kind, halves[0], places, halves[1]), x.dtype)

    part = taken(_PARTS)
    y = part + part.fma(low, taken(_PARTS_REST))
    return _times_power(y, n * (1 / len(_PARTS)))


def _times_power(y: Lanes, n: Lanes) -> Lanes:
    """``y`` times two to the power of n, rounded down, in one instruction."""
    at, kind = y.at, y.v.type
    name = f"llvm.x86.avx512.mask.scalef.{'pd' if y.dtype == 'float64' else 'ps'}.512"
    every = ir.Constant(ir.IntType(at.width), -1)
    return Lanes(at, at.call(name, kind, y.v, n.v, y.v, every, ir.Constant(I32, 4)), y.dtype)


def decay(x: Lanes) -> Lanes:
    """``exp(-|x|)``."""
    return exp(-x.abs())


def log1p_of_share(e: Lanes) -> Lanes:
    """``log(1 + e)`` for e between 0 and 1."""
    s = e / (e + 2.0)
    z = s * s
    return (s * z).fma(z.polynomial(_LOG1P[e.dtype]), s + s)


def expm1(x: Lanes) -> Lanes:
    """``exp(x) - 1`` without losing the digits of a small x."""
    n, low = _reduced(x)
    # 2ⁿ(1 + low) - 1 = (2ⁿ - 1) + 2ⁿ low, of which the half does not overflow where the whole does not.
    scale = _scaled(x.like(1.0), n - 1.0, x)
    half = low.fma(scale, scale - 0.5)
    return (half + half).with_sign_of(x)


def _reduced(x: Lanes) -> tuple[Lanes, Lanes]:
    """n and exp(r) - 1 for x = n log(2) + r."""
    lowest, highest = _RANGE[x.dtype]
    inside = x.maximum(lowest).minimum(highest)
    n = (inside * (1 / math.log(2.0))).unary("rint")
    high, rest = _LN2[x.dtype]
    r = n.fma(-rest, n.fma(-high, inside))
    return n, (r * r).fma(r.polynomial(_EXP[x.dtype]), r)


def _scaled(y: Lanes, n: Lanes, x: Lanes) -> Lanes:
    """``y · 2ⁿ`` in two steps, so that results below the smallest normal number come out right."""
    at, b = x.at, x.at.builder
    bias, bits = _FORMAT[x.dtype]
    whole = I64 if x.dtype == "float64" else I32
    if at.width * whole.width == WIDEST:
        return _times_power(y, n)
    kind = at.type_of(whole)
    k = b.fptosi(n.v, kind)
    half = b.ashr(k, at.literal(1, whole))
    for part in (half, b.sub(k, half)):
        power = b.shl(b.add(part, at.literal(bias, whole)), at.literal(bits, whole))
        y = y * Lanes(at, b.bitcast(power, y.v.type), y.dtype)
    return y


def log(x: Lanes) -> Lanes:
    """-inf at zero, nan below."""
    low, n = _log_parts(x)
    return _at_the_edges(x, n.fma(_LN2[x.dtype][0], low))


def _log_parts(x: Lanes) -> tuple[Lanes, Lanes]:
    """``log x = low + n · (first part of log 2)``."""
    at, b = x.at, x.at.builder
    bias, bits = _FORMAT[x.dtype]
    whole = I64 if x.dtype == "float64" else I32
    tiny = x.compare("<", 2.0 ** (1 - bias))
    normal = tiny.select(x * 2.0**bits, x)
    pattern = normal.bits()
    # Adding the distance from sqrt(1/2) to 1 carries into the exponent where m would exceed sqrt(2).
    root = {"float32": 0x3F3504F3, "float64": 0x3FE6A09E667F3BCD}[x.dtype]
    shifted = b.sub(pattern, at.literal(root, whole))
    exponent = b.ashr(shifted, at.literal(bits, whole))
    mantissa = b.sub(pattern, b.shl(exponent, at.literal(bits, whole)))
    n = Lanes(at, b.sitofp(exponent, x.v.type), x.dtype)
    n = tiny.select(n - float(bits), n)
    f = Lanes(at, b.bitcast(mantissa, x.v.type), x.dtype) - 1.0
    s = f / (f + 2.0)
    z = s * s
    half = f * f * 0.5
    # log(1 + f) = f - (f²/2 - s (f²/2 + R(s²)·s²)), whose terms shrink.
    inner = s * (half + z * z.polynomial(_LOG[x.dtype])) + n * _LN2[x.dtype][1]
    return f - (half - inner), n


def _at_the_edges(x: Lanes, y: Lanes) -> Lanes:
    y = x.compare("==", 0.0).select(-math.inf, y)
    y = x.compare("==", math.inf).select(x, y)
    return x.compare(">=", 0.0).select(y, math.nan)


def log1p(x: Lanes) -> Lanes:
    """``log(1 + x)`` without losing the digits of a small x."""
    u = x + 1.0
    # What rounding took from u, as a share of it.
    lost = (x - (u - 1.0)) / u
    done = log(u) + x.compare("<", math.inf).select(lost, 0.0)
    small = x.abs().compare("<", 2.0**-60 if x.dtype == "float64" else 2.0**-30)
    return small.select(x, x.compare("==", -1.0).select(-math.inf, done))


def tanh(x: Lanes) -> Lanes:
    limit = 10.0 if x.dtype == _SINGLE else 20.0
    t = expm1(x.abs().minimum(limit) * 2.0)
    return (t / (t + 2.0)).with_sign_of(x)


def erf(x: Lanes) -> Lanes:
    if x.at.width == 1:
        return x.library("erf")
    square = x * x
    near = x.fma(square.polynomial(_ERF[x.dtype]), x)
    middle, end = _ERFC_RANGE[x.dtype]
    size = x.abs().minimum(end)
    share = (size - middle) / (size + middle)
    far = 1.0 - exp(-(size * size)) * share.polynomial(_ERFC[x.dtype])
    return x.abs().compare("<", 1.0).select(near, far.with_sign_of(x))


def power(x: Lanes, y: Lanes) -> Lanes:
    """``x**y``; small whole exponents known at compile time are products."""
    known = _known(y)
    if known is not None:
        if known == 0.5:
            return x.unary("sqrt")
        if known == int(known) and abs(known) <= 16:
            done = _whole_power(x, abs(int(known)))
            return 1.0 / done if known < 0 else done
    return x.library("pow", y)


def _known(y: Lanes) -> float | None:
    if not isinstance(y.v, ir.Constant):
        return None
    value = y.v.constant
    if isinstance(value, (list, tuple)):
        value = value[0]
    return float(getattr(value, "constant", value))


def _whole_power(x: Lanes, n: int) -> Lanes:
    done: Lanes | None = None
    while n:
        if n % 2:
            done = x if done is None else done * x
        n //= 2
        if n:
            x = x * x
    return x.like(1) if done is None else done


def sign(x: Lanes) -> Lanes:
    """-1, 0 or 1; nan stays nan."""
    one = x.like(1)
    return x.compare(">", 0).select(one, x.compare("<", 0).select(-one, x))


def whole(x: Lanes, way: str) -> Lanes:
    """Rounded to a whole number: ``floor``, ``ceil``, ``trunc`` or ``rint``."""
    return x.unary(way) if x.is_float else x
