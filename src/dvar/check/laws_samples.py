"""Sample calls of rows, for the laws: elementwise rows by themselves, the others from a table.

Sizes differ from axis to axis, so that no wrong axis goes unseen, and every float operand is a variable.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dvar.check.cases import Draw, Sample, Shapes
from dvar.core.axes import parse
from dvar.core.op import REALS, Array, Op
from dvar.ops.spectral import APART


def calls(*shapes: tuple[int, ...], **kwargs: Any) -> Sample:
    """A plain call, with keyword arguments as the public signature takes them."""
    note = ", ".join(f"{k}={v}" for k, v in kwargs.items())
    return Sample(shapes, lambda op, *xs: op(*xs, **kwargs), note=note)


_ELEMENTWISE: dict[int, list[Shapes]] = {
    1: [((),), ((2, 3),)],
    2: [((2, 3), (2, 3)), ((3,), (2, 3)), ((2, 1), (3,)), ((2, 3), ()), ((), ())],
    3: [((2, 3),) * 3, ((2, 1), (3,), ()), ((), (2, 3), (1, 3))],
}


def samples_of(op: Op) -> Sequence[Sample]:
    """The calls to try: those of the table and, for elementwise rows, all mixes of shapes."""
    mixes: list[Shapes] = []
    if op.is_elementwise and isinstance(op.axes, str):
        arity = len(parse(op.axes).operands)
        mixes = _ELEMENTWISE.get(arity, [((2, 3),) * arity])
    return [*(Sample(shapes) for shapes in mixes), *SAMPLES.get(op.name, ())]


def _reals(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers of both signs, beyond a domain that excludes them for want of a simple sentence."""
    return REALS.draw(generator, shape)


def _well_conditioned(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(REALS.draw(generator, shape) + 4 * np.eye(shape[-1]))


def _positive(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return generator.uniform(0.6, 3.0, shape)


def _mask(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(generator.integers(0, 2, shape).astype(bool))


def _with_zeros(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """One zero in the first column, two in the second."""
    array = REALS.draw(generator, shape)
    array[0] = array[1, 1] = 0.0
    return array


def _exponent(y: float) -> Sample:
    """A constant exponent has partials of its own; integer ones take negative bases."""
    draws: dict[int, Draw] = {0: _reals} if y == round(y) else {}
    return Sample(((2, 3),), lambda op, x: op(x, y), draws, note=f"exponent {y}")


def one(shape: tuple[int, ...], *args: Any, fixed: bool = False, **kwargs: Any) -> Sample:
    """A call with one array, and further arguments as the public signature takes them."""
    note = ", ".join([*map(str, args), *(f"{k}={v}" for k, v in kwargs.items())])
    return Sample((shape,), lambda op, x: op(x, *args, **kwargs), fixed=fixed, note=note)


def many(*shapes: tuple[int, ...], **kwargs: Any) -> Sample:
    """A call with a list of arrays."""
    note = ", ".join(f"{k}={v}" for k, v in kwargs.items())
    return Sample(shapes, lambda op, *xs: op(list(xs), **kwargs), note=note)


def made(*args: Any, **kwargs: Any) -> Sample:
    """A call without arrays."""
    return Sample((), lambda op: op(*args, **kwargs), note=str(args))


def below(size: int) -> Draw:
    """Whole numbers that are positions on an axis of that size."""
    return lambda generator, shape: generator.integers(0, size, shape)


_REDUCTION = [
    one((2, 3)),
    one((2, 3), axis=0),
    one((2, 3), axis=-1, keepdims=True),
    one((4, 2, 3), axis=(0, 2)),
]
_SQUARE = [one((3, 3)), one((1, 1)), one((2, 2)), one((4, 4)), one((2, 3, 3))]
_ORDER = [one((5,)), one((2, 4)), one((4, 2), axis=0), one((2, 3), axis=None)]
_SOFT = [one((4,)), one((2, 3)), one((2, 3), axis=0), one((2, 3), axis=None)]
_TRUTH = [Sample(((2, 3),), draws={0: _mask}), one((2, 3), axis=0)]
_BINARY = [calls((2, 3), (2, 3), reduction=reduction) for reduction in ("none", "sum")]

# Name of a row → calls of it.
SAMPLES: dict[str, Sequence[Sample]] = {
    # ── arithmetic and contraction ──
    "power": [_exponent(y) for y in (0, 1, 2, 3, -1, 2.0, 0.5)],
    "matmul": [
        calls((2, 3), (3, 4)),
        calls((3,), (3, 4)),
        calls((2, 3), (3,)),
        calls((3,), (3,)),
        calls((3, 3), (3, 3)),
        calls((4, 2, 3), (3, 2)),
        calls((4, 2, 3), (4, 3, 2)),
        calls((2, 1, 2, 3), (4, 3, 2)),
        calls((3,), (4, 3, 2)),
        calls((4, 2, 3), (3,)),
    ],
    "outer": [calls((2,), (3,))],
    "dot": [calls((2, 3), (3,)), calls((), (3,)), calls((3,), (3,)), calls((3, 3), (3, 3))],
    "inner": [calls((2, 3), (3,)), calls((), (3,)), calls((3,), (3,)), calls((3, 3), (3, 3))],
    "vdot": [calls((3,), (3,)), calls((3, 3), (3, 3))],
    "einsum": [
        Sample(((2, 3), (3, 4)), lambda op, x, y: op("ij,jk->ki", x, y), note="ij,jk->ki"),
        Sample(((2, 3), (4, 3)), lambda op, x, y: op("ij,kj->", x, y), note="ij,kj->"),
        Sample(((2, 3, 4), (4, 3)), lambda op, x, y: op("abc,cb->ac", x, y), note="abc,cb->ac"),
        # The public signature writes what it can in plainer rows; this is the row itself.
        Sample(
            ((2, 3), (3, 4), (4, 2)),
            lambda op, x, y, z: op.node(x, y, z, sentence="i j, j k, k i -> i k"),
            note="ij,jk,ki->ik",
        ),
    ],
    # ── activations and choices, with parameters ──
    "leaky_relu": [one((2, 3), 0.25)],
    "elu": [one((2, 3), 2.0)],
    "polygamma": [
        Sample(((2, 3),), lambda op, x: op(1, x)),
        Sample(((3,),), lambda op, x: op(2, x), note="n=2"),
    ],
    "betaln": [
        Sample(((2, 3), (3,)), draws={0: _positive, 1: _positive}),
    ],
    "gelu": [one((2, 3), approximate="tanh")],
    "clip": [one((2, 3), -1.0, 1.0), one((2, 3), -1.0, None), one((2, 3), None, 0.5)],
    "maximum": [one((2, 3), 0)],
    # ── shaping and moving ──
    "transpose": [one((2, 3)), one((2, 3, 4), (1, 2, 0))],
    "reshape": [
        one((2, 3), (3, 2), fixed=True),
        Sample(((2, 3, 4),), lambda op, x: op(x, (-1, x.shape[2])), note="to (-1, 4)"),
    ],
    "ravel": [one((2, 3))],
    "expand_dims": [one((2, 3), axis=1)],
    "squeeze": [one((2, 1, 3))],
    "broadcast_to": [
        Sample(((3,),), lambda op, x: op(x, (2, *x.shape)), note="to (2, 3)"),
        Sample(((2, 1),), lambda op, x: op(x, (4, x.shape[0], 3)), note="to (4, 2, 3)"),
    ],
    "flip": [one((2, 3)), one((2, 3), axis=1)],
    "roll": [one((5,), 2), one((2, 3), -1, axis=1), one((2, 3), (1, 2), axis=(0, 1))],
    "swapaxes": [one((2, 3, 4), 0, 2)],
    "moveaxis": [one((2, 3, 4), 0, -1)],
    "eye": [made(3), made(2, 3), made(2, 3, k=1)],
    "arange": [Sample(((4,),), lambda op, x: op(x.shape[0]), note="the size of an axis")],
    "zeros": [made((2, 3))],
    "ones": [made((2, 3))],
    "zeros_like": [one((2, 3))],
    "ones_like": [one((2, 3))],
    "diag": [one((3,)), one((3,), 1), one((3, 3)), one((3, 3), -1), one((2, 3), 1, fixed=True)],
    "diagonal": [
        one((3, 3), offset=1),
        one((3, 3, 2), fixed=True),
        one((3, 2, 3), axis1=0, axis2=2, fixed=True),
    ],
    "trace": [one((3, 3)), one((2, 3)), one((3, 3), offset=1), one((3, 3, 2), fixed=True)],
    "linalg_diagonal": [one((3, 3), offset=1), one((2, 3, 3), fixed=True)],
    "linalg_trace": [one((3, 3)), one((2, 3, 3), offset=1, fixed=True)],
    "tril": [one((3, 3)), one((2, 2, 3), -1)],
    "triu": [one((3, 3)), one((2, 2, 3), 1)],
    # ── indexing ──
    "getitem": [
        one((4, 3), 1),
        one((4, 3), -1),
        one((4, 3), (slice(None), 2)),
        one((4, 3), (slice(1, None), slice(None, None, -1))),
        one((4, 3), (Ellipsis, None, 0)),
        one((4, 3), [2, 0, 2]),
        one((4, 3), ([0, 3, 0], [1, 1, 1])),
        one((4, 3), np.arange(12).reshape(4, 3) % 2 == 0, fixed=True),
        Sample(((4, 3), (5,)), lambda op, x, i: op(x, i), {1: below(4)}, note="[computed]"),
        Sample(
            ((4, 3), (5,)), lambda op, x, i: op(x, (slice(1, 3), i)), {1: below(3)}, note="[1:3, i]"
        ),
    ],
    "take": [one((4, 3), [1, 0, 1], axis=0), one((2, 3), [5, 0], fixed=True)],
    "scatter_add": [
        one((2,), (4,), [3, 1], fixed=True),
        one((3,), (2,), [1, 1, 0], fixed=True),
        one((), (2, 3), (1, 2)),
        one((2, 2), (2, 4), (slice(None), slice(None, None, 2)), fixed=True),
        Sample(
            ((5, 3), (5,)),
            lambda op, x, i: op(x, (4, x.shape[1]), i),
            {1: below(4)},
            note="at computed places",
        ),
    ],
    "take_along_axis": [
        Sample(((2, 3), (2, 4)), lambda op, x, i: op(x, i, axis=1), {1: below(3)}, note="axis=1"),
        Sample(((3, 2), (4, 2)), lambda op, x, i: op(x, i, axis=0), {1: below(3)}, note="axis=0"),
    ],
    "scatter_add_along_axis": [
        Sample(((2, 4), (2, 4)), lambda op, x, i: op(x, 3, i, axis=1), {1: below(3)}, note="axis=1")
    ],
    # ── joining ──
    "stack": [many((2, 3), (2, 3)), many((2, 3), (2, 3), (2, 3), axis=1), many((), ())],
    "array": [many((2,), (2,))],
    "concatenate": [many((2, 3), (4, 3)), many((2, 1), (2, 3), (2, 2), axis=1)],
    "vstack": [many((2, 3), (3,))],
    "hstack": [many((2, 3), (2, 1)), many((2,), (3,))],
    "split": [
        Sample(((2, 6),), lambda op, x: op(x, 3, axis=1)[1], fixed=True, note="the second of 3"),
        Sample(((5, 2),), lambda op, x: op(x, [1, 3])[2], note="from 3"),
    ],
    "tile": [one((3,), 2), one((2, 3), (2, 1, 3))],
    "repeat": [one((2, 3), 2, axis=1), one((2, 3), 3), one((3, 2), [2, 0, 1], axis=0, fixed=True)],
    "pad": [
        one((2, 3), 1),
        Sample(
            ((2, 3), ()),
            lambda op, x, value: op(x, ((1, 0), (0, 2)), constant_values=value),
            note="a padding that is an operand",
        ),
        one((4,), (2, 1), mode="reflect", fixed=True),
    ],
    # ── order and reductions ──
    "sort": _ORDER,
    "argsort": _ORDER,
    "top_k": [one((5,), 2), one((4, 2), 3, axis=0)],
    "sum": [*_REDUCTION, Sample(((2, 3),), draws={0: _mask}, note="of a mask")],
    "mean": _REDUCTION,
    "prod": [*_REDUCTION, Sample(((3, 2),), lambda op, x: op(x, axis=0), {0: _with_zeros})],
    "var": [*_REDUCTION, one((2, 3), axis=1, ddof=1)],
    "std": [*_REDUCTION, one((2, 3), axis=1, ddof=1)],
    "product_of_others": [one((4,)), one((2, 3)), one((2, 3), axis=1), one((4, 2, 3), axis=(0, 2))],
    "cumprod": [
        one((4,)),
        one((2, 3)),
        one((2, 3), axis=1),
        Sample(((3, 2),), lambda op, x: op(x, axis=0), {0: _with_zeros}, note="with zeros"),
    ],
    "linear_recurrence": [
        calls((4,), (4,)),
        calls((2, 3), (2, 3)),
        calls((3, 2), (3, 2), axis=0, reverse=True),
    ],
    "round": [one((2, 3), 1), one((2, 3), decimals=-1)],
    "astype": [Sample(((2, 3),), lambda op, x: op(x, "float64"), {0: _mask}, note="of a mask")],
    "cumsum": [one((4,)), one((2, 3)), one((2, 3), axis=1), one((4,), reverse=True)],
    **dict.fromkeys(("max", "min", "logsumexp"), _REDUCTION),
    **dict.fromkeys(("argmax", "argmin"), _REDUCTION[:3]),
    **dict.fromkeys(("any", "all"), _TRUTH),
    "one_hot": [
        Sample(((4,),), lambda op, y: op(y, 3), {0: below(3)}, note="3 classes"),
        Sample(((4,),), lambda op, y: op(y, 3, axis=0), {0: below(3)}, note="classes first"),
    ],
    **dict.fromkeys(("softmax", "log_softmax", "scipy_softmax", "scipy_log_softmax"), _SOFT),
    "norm": [*_REDUCTION[:3], one((5,), 1), one((5,), 3), one((2, 3), 1), one((2, 3), np.inf)],
    # ── losses ──
    **dict.fromkeys(("binary_cross_entropy", "binary_cross_entropy_with_logits"), _BINARY),
    "cross_entropy": [
        calls((2, 3), (2, 3)),
        calls((2, 3), (3,), reduction="sum"),
        calls((2, 3, 4), (2, 3, 4), axis=1, reduction="none"),
        calls((3,), (3,)),
        Sample(((4, 3), (4,)), draws={1: below(3)}, note="classes as numbers"),
        Sample(
            ((3, 4), (4,)),
            lambda op, z, y: op(z, y, axis=0, reduction="none"),
            {1: below(3)},
            note="classes as numbers, axis=0",
        ),
    ],
    "mean_squared_error": [
        calls((2, 3), (2, 3)),
        calls((2, 3), (3,), scale="half_mean"),
        calls((2, 1), (3,), scale="half"),
        calls((4,), (4,), scale="sum"),
    ],
    # ── linear algebra ──
    "solve": [
        calls((3, 3), (3,)),
        calls((3, 3), (3, 2)),
        calls((2, 3, 3), (2, 3, 2)),
        calls((2, 3, 3), (3,)),
    ],
    **dict.fromkeys(("inv", "det", "cofactor", "logabsdet", "signdet", "cholesky"), _SQUARE),
    **dict.fromkeys(("eigvalsh", "eigenvectors"), _SQUARE),
    "eigh": [Sample(((3, 3),), lambda op, a: op(a)[0], {0: APART.draw}, note="[0]")],
    "slogdet": [Sample(((3, 3),), lambda op, a: op(a)[1], {0: _well_conditioned}, note="[1]")],
}
