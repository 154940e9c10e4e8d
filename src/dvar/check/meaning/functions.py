"""Functions by name: those of the rule table, and smooth stand-ins for those a document leaves open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

from dvar.check.meaning.points import coefficient
from dvar.check.meaning.values import (
    NotUnderstood,
    aligned,
    count,
    flat,
    is_vector,
    settle,
    sizes,
    squeezed,
)
from dvar.core.node import Node
from dvar.ops import TABLE

Unary = Callable[[Node], Node]

ELEMENTWISE = frozenset([
    "exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "sqrt", "square", "sin", "cos",
    "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "arcsinh", "arccosh", "arctanh",
    "abs", "sign", "relu", "sigmoid", "softplus", "silu", "gelu", "erf", "reciprocal", "floor",
    "ceil", "leaky_relu", "elu", "sec", "csc", "cot", "sech", "csch", "coth", "softsign",
])  # fmt: skip
_COMPOSED: dict[str, Unary] = {
    "sec": lambda x: TABLE["reciprocal"](TABLE["cos"](x)),
    "csc": lambda x: TABLE["reciprocal"](TABLE["sin"](x)),
    "cot": lambda x: TABLE["reciprocal"](TABLE["tan"](x)),
    "sech": lambda x: TABLE["reciprocal"](TABLE["cosh"](x)),
    "csch": lambda x: TABLE["reciprocal"](TABLE["sinh"](x)),
    "coth": lambda x: TABLE["reciprocal"](TABLE["tanh"](x)),
    "softsign": lambda x: TABLE["divide"](x, TABLE["add"](TABLE["abs"](x), 1.0)),
}
"""Functions that are no row of the table, by those that are."""
SPELLINGS = {
    "ln": "log",
    "lg": "log10",
    "logistic": "sigmoid",
    "sigm": "sigmoid",
    "sig": "sigmoid",
    "expit": "sigmoid",
    "step": "heaviside",
    "heaviside": "heaviside",
    "sgn": "sign",
    "fabs": "abs",
    "absolute": "abs",
    "swish": "silu",
    "leakyrelu": "leaky_relu",
    "lrelu": "leaky_relu",
    "tr": "trace",
    "power": "power",
    "atan": "arctan",
    "asin": "arcsin",
    "acos": "arccos",
    "average": "mean",
    "avg": "mean",
    "multiply": "multiply",
    "th": "tanh",
    "sh": "sinh",
    "ch": "cosh",
    "tg": "tan",
    "rect": "relu",
    "inverse": "inv",
    "lse": "logsumexp",
}
JUMPS = frozenset({"sign", "heaviside"})
"""Functions whose value at 0 is a convention; ``sign(0)`` is 0 and ``step(0)`` is 0 where nothing else is meant."""
_AT_ZERO: ContextVar[str] = ContextVar("at zero", default="")
SIGMAS = frozenset({"sigma"})
"""Symbols that are the logistic function where they are applied and not defined."""
NORMAL = "normal_density"
"""The density of a normal law: of what is drawn, its mean and its variance."""
_NORMAL = {"Phi": "normal_cdf", "phi": "normal_pdf", "varphi": "normal_pdf"}
"""Symbols for the standard normal law where a document speaks of it and does not define them."""
SCALAR_VALUED = frozenset(
    [
        "l",
        "L",
        "J",
        "C",
        "E",
        "ell",
        "loss",
        "cost",
        "error",
        "Loss",
        "Cost",
        "H",
        "K",
        "R",
        "D",
        "V",
    ]
)
"""Letters by which authors call functions whose value is a number whatever they are given."""


def named(name: str) -> str:
    """The row's name for what an author writes: ``ReLU``, ``Sigmoid``, ``LeakyReLU``."""
    low = name.lower().replace("-", "_")
    return SPELLINGS.get(low.replace("_", ""), SPELLINGS.get(low, low))


def is_known(name: str) -> bool:
    found = named(name)
    return found in ELEMENTWISE or found in _WHOLE


def apply(name: str, args: Sequence[Node], axis: int | None = None) -> Node:
    """A known function on values.  Raises NotUnderstood."""
    row = named(name)
    if row in JUMPS and _AT_ZERO.get() and len(args) == 1:
        return _jump(row, args[0])
    if row in ELEMENTWISE and len(args) == 1:
        return _COMPOSED[row](args[0]) if row in _COMPOSED else TABLE[row](args[0])
    if row in _WHOLE:
        return settle(_WHOLE[row](args, axis))
    raise NotUnderstood(f"the function {name}")


@contextmanager
def at_zero(side: str) -> Iterator[None]:
    """Within this block jumps take at 0 the value ``above`` or ``below`` it, as authors of perceptrons agree on."""
    token = _AT_ZERO.set(side)
    try:
        yield
    finally:
        _AT_ZERO.reset(token)


def _jump(row: str, x: Node) -> Node:
    more = "greater_equal" if _AT_ZERO.get() == "above" else "greater"
    high = TABLE["float64"](TABLE[more](x, 0.0))
    return high if row == "heaviside" else TABLE["subtract"](TABLE["multiply"](high, 2.0), 1.0)


def of_normal(symbol: str) -> str | None:
    """The name of the function of the standard normal law that a symbol usually is."""
    return _NORMAL.get(symbol)


def _normal_cdf(args: Sequence[Node], axis: int | None) -> Node:
    scaled = TABLE["divide"](_one(args), float(np.sqrt(2.0)))
    return TABLE["multiply"](TABLE["add"](TABLE["erf"](scaled), 1.0), 0.5)


def _normal_pdf(args: Sequence[Node], axis: int | None) -> Node:
    square = TABLE["multiply"](TABLE["square"](_one(args)), -0.5)
    return TABLE["multiply"](TABLE["exp"](square), float(1 / np.sqrt(2 * np.pi)))


def _normal_density(args: Sequence[Node], axis: int | None) -> Node:
    """Of a number with this mean and variance; of a vector with this covariance, or with these variances."""
    if len(args) != 3:
        raise NotUnderstood("a normal density")
    x, mean, variance = args
    apart = TABLE["subtract"](*aligned(x, mean))
    if variance.ndim == 2 and variance.shape[0] == variance.shape[1] == count(apart) > 1:
        apart = TABLE["reshape"](apart, (count(apart), 1))
        far = TABLE["matmul"](TABLE["inv"](variance), apart)
        square = TABLE["sum"](TABLE["multiply"](apart, far))
        volume = TABLE["det"](TABLE["multiply"](variance, float(2 * np.pi)))
        return TABLE["divide"](TABLE["exp"](TABLE["multiply"](square, -0.5)), TABLE["sqrt"](volume))
    if variance.shape and squeezed(sizes(variance)) != squeezed(sizes(apart)):
        raise NotUnderstood("the density of a normal vector")
    square = TABLE["divide"](*aligned(TABLE["square"](apart), variance))
    scale = TABLE["sqrt"](TABLE["multiply"](variance, float(2 * np.pi)))
    each = TABLE["divide"](*aligned(TABLE["exp"](TABLE["multiply"](square, -0.5)), scale))
    return TABLE["prod"](each) if each.shape else each


def _clip(args: Sequence[Node], axis: int | None) -> Node:
    if len(args) != 3:
        raise NotUnderstood("clip without two bounds")
    x, low, high = args
    return TABLE["minimum"](*aligned(TABLE["maximum"](*aligned(x, low)), high))


def _one(args: Sequence[Node]) -> Node:
    if len(args) != 1:
        raise NotUnderstood(f"a function of one argument with {len(args)}")
    return args[0]


def _extreme(pairwise: str, overall: str) -> Callable[[Sequence[Node], int | None], Node]:
    def row(args: Sequence[Node], axis: int | None) -> Node:
        if len(args) == 1:
            return TABLE[overall](args[0], axis=axis) if args[0].shape else args[0]
        out = args[0]
        for other in args[1:]:
            out = TABLE[pairwise](*aligned(out, other))
        return out

    return row


def _reduce(name: str) -> Callable[[Sequence[Node], int | None], Node]:
    def row(args: Sequence[Node], axis: int | None) -> Node:
        x = _one(args)
        return TABLE[name](x, axis=axis) if x.shape else x

    return row


def _softmax(name: str) -> Callable[[Sequence[Node], int | None], Node]:
    def row(args: Sequence[Node], axis: int | None) -> Node:
        x = _one(args)
        if not x.shape:
            raise NotUnderstood(f"{name} of a single number")
        if axis is None:
            axis = 0 if is_vector(x) and x.ndim == 2 and x.shape[1] == 1 else -1
        return TABLE[name](x, axis=axis)

    return row


def _square(name: str) -> Callable[[Sequence[Node], int | None], Node]:
    def row(args: Sequence[Node], axis: int | None) -> Node:
        x = _one(args)
        if not x.shape:
            return x if name in ("trace", "det") else TABLE["reciprocal"](x)
        if x.ndim != 2 or x.shape[0] != x.shape[1]:
            raise NotUnderstood(f"{name} of an array of shape {sizes(x)}")
        return TABLE[name](x)

    return row


def _diag(args: Sequence[Node], axis: int | None) -> Node:
    x = _one(args)
    if not x.shape:
        return x
    if is_vector(x):
        return TABLE["diag"](flat(x))
    return TABLE["diagonal"](x)


def _vec(args: Sequence[Node], axis: int | None) -> Node:
    x = _one(args)
    if x.ndim != 2:
        return x
    return TABLE["reshape"](TABLE["transpose"](x), (count(x), 1))


def _sort(args: Sequence[Node], axis: int | None) -> Node:
    x = _one(args)
    return TABLE["sort"](x, axis=0 if x.ndim else -1)


def _heaviside(args: Sequence[Node], axis: int | None) -> Node:
    x = _one(args)
    return TABLE["float64"](TABLE["greater"](x, 0.0))


def _binary(name: str) -> Callable[[Sequence[Node], int | None], Node]:
    def row(args: Sequence[Node], axis: int | None) -> Node:
        if len(args) != 2:
            raise NotUnderstood(f"{name} with {len(args)} arguments")
        return TABLE[name](*aligned(*args))

    return row


def _product(args: Sequence[Node], axis: int | None) -> Node:
    if len(args) != 2:
        raise NotUnderstood(f"a product of {len(args)} arguments")
    a, b = args
    if not a.shape or not b.shape:
        return TABLE["multiply"](a, b)
    if a.ndim == b.ndim == 1:
        return TABLE["sum"](TABLE["multiply"](a, b))
    if a.shape[-1] != b.shape[0]:
        raise NotUnderstood(f"the product of {sizes(a)} and {sizes(b)}")
    return TABLE["matmul"](a, b)


_WHOLE: dict[str, Callable[[Sequence[Node], int | None], Node]] = {
    "max": _extreme("maximum", "max"),
    "min": _extreme("minimum", "min"),
    "maximum": _extreme("maximum", "max"),
    "minimum": _extreme("minimum", "min"),
    **{name: _reduce(name) for name in ("sum", "mean", "prod", "var", "std", "logsumexp")},
    "softmax": _softmax("softmax"),
    "log_softmax": _softmax("log_softmax"),
    "logsoftmax": _softmax("log_softmax"),
    "trace": _square("trace"),
    "det": _square("det"),
    "inv": _square("inv"),
    "diag": _diag,
    "vec": _vec,
    "sort": _sort,
    "heaviside": _heaviside,
    "normal_cdf": _normal_cdf,
    "normal_pdf": _normal_pdf,
    "clip": _clip,
    "clamp": _clip,
    NORMAL: _normal_density,
    "multiply": _binary("multiply"),
    "divide": _binary("divide"),
    "add": _binary("add"),
    "subtract": _binary("subtract"),
    "power": _binary("power"),
    "dot": _product,
    "matmul": _product,
    "outer": lambda args, axis: TABLE["outer"](flat(args[0]), flat(args[1])),
    "transpose": lambda args, axis: TABLE["transpose"](_one(args)),
    "factorial": lambda args, axis: open_function("factorial", args, False),
    "norm": lambda args, axis: TABLE["sqrt"](TABLE["sum"](TABLE["square"](_one(args)))),
}


# ── stand-ins ───────────────────────────────────────────────────────────────────────────────────


def open_function(name: str, args: Sequence[Node], scalar: bool) -> Node:
    """A function that the document does not define, as some smooth function that is no special one.

    Of one argument it acts on every element, as activations do; a ``scalar`` one makes a number of all
    elements of all arguments.  The same name is the same function.
    """
    if not scalar and len(args) == 1:
        return _bent(args[0], name)
    mixed: Node | None = None
    for n, x in enumerate(args):
        part_name = f"{name}/{n}"
        whole = flat(x) if x.shape else x
        inside = TABLE["sum"](TABLE["multiply"](whole, _weights(part_name, "inside", x)))
        bent = _bent(whole, part_name)
        outside = TABLE["sum"](TABLE["multiply"](bent, _weights(part_name, "outside", x)))
        part = TABLE["add"](inside, outside)
        mixed = part if mixed is None else _joined(mixed, part, name)
    if mixed is None:
        raise NotUnderstood(f"the function {name} without arguments")
    return mixed


def open_vector(name: str, args: Sequence[Node], size: int) -> Node:
    """The same with several values."""
    if size == 1:
        return open_function(name, args, True)
    parts = [open_function(f"{name}.{n}", args, True) for n in range(size)]
    return TABLE["reshape"](TABLE["stack"](parts), (size, 1))


def _joined(a: Node, b: Node, name: str) -> Node:
    return TABLE["add"](TABLE["multiply"](a, TABLE["add"](b, 0.7)), _bent(b, name))


def _weights(name: str, what: str, like: Node) -> Node:
    return coefficient(f"{name}: {what}", (count(like),) if like.shape else ())


def _bent(x: Node, name: str) -> Node:
    """``p·sin(q x + r) + s x``: smooth, defined everywhere, no symmetry."""
    p, q, r, s = (coefficient(f"{name}: {letter}") for letter in "pqrs")
    wave = TABLE["sin"](TABLE["add"](TABLE["multiply"](x, q), r))
    return TABLE["add"](TABLE["multiply"](wave, p), TABLE["multiply"](x, s))
