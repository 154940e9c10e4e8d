"""The laws: what every row of the rule table must satisfy.

A law takes a row, and sample calls of it, and returns "" or the reason as a sentence.  ``broken(row)``
asks all of them; it serves for a row of your own as it does for ours.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from dvar.check.cases import Case, Sample, Values, case, gradients_at
from dvar.check.laws_batching import batching
from dvar.check.laws_samples import samples_of
from dvar.check.oracles import EXACT, SINGLE, close, oracles
from dvar.core.axes import parse
from dvar.core.dims import Dim, Size, resolve
from dvar.core.node import Node, topological
from dvar.core.op import CONSTANT, SIZE, VARIABLE, Array, Constant, Kink, Op, variable
from dvar.derive.forward import forward
from dvar.derive.sweep import ones_like, sweep
from dvar.engine.reference import evaluate

Law: TypeAlias = "Callable[[Op, Sequence[Sample]], str]"

# ── comparing ───────────────────────────────────────────────────────────────────────────────────


def _wrong(root: Node, seed: Node, wrt: Sequence[Node], values: Values) -> str:
    """Why the reverse gradients of ``<seed, root>`` are not what evaluating it says; "" if they are."""
    for x, got in zip(wrt, gradients_at(root, seed, wrt, values), strict=True):

        def f(array: Array, x: Node = x) -> Array:
            (out,) = evaluate([root], {**values, x: array})
            return np.asarray(np.sum(out * values[seed]))

        said = []
        for name, tolerance, want in oracles(f, values[x]):
            if close(got, want, _at_best(x, tolerance)):
                break
            said.append(f"{name} says {_short(want)}")
        else:
            return f"operand {x.param('name')}: the row says {_short(got)}, {said[0]}, {said[-1]}"
    return ""


def _at_best(node: Node, tolerance: float) -> float:
    """Nothing can be closer than the precision of a node."""
    return max(tolerance, SINGLE) if node.dtype == "float32" else tolerance


def _short(array: Array) -> str:
    if np.ndim(array) == 0:
        return f"{np.asarray(array).item():.12g}"
    return np.array2string(np.asarray(array), precision=9, threshold=12).replace("\n", "")


# ── the laws ────────────────────────────────────────────────────────────────────────────────────


def states(op: Op, samples: Sequence[Sample]) -> str:
    """A row states its source, its domain and a name that can be typed."""
    if not all(name.isidentifier() for name in (op.name, *op.aliases)):
        return f"a name is not an identifier: {(op.name, *op.aliases)}"
    if not op.source.strip():
        return "no source says where the rule comes from"
    if op.is_elementwise and isinstance(op.axes, str):
        arity = len(parse(op.axes).operands)
        if len(op.domain) != arity:
            return f"{arity} operands, but {len(op.domain)} domains"
    return ""


def types(op: Op, samples: Sequence[Sample]) -> str:
    """Shape and dtype as inferred are those of the arrays, for both precisions and named sizes."""
    for sample in samples:
        for dtype, named in itertools.product(("float32", "float64"), (False, True)):
            if not (named and sample.fixed):
                reason = _mistyped(case(op, sample, dtype, named))
                if reason:
                    return f"{reason} ({dtype}{', named sizes' if named else ''}; {sample})"
    return ""


def _mistyped(case: Case) -> str:
    nodes = topological([case.root])
    sizes = _sizes(case)
    env = dict(zip(nodes, evaluate(nodes, case.values), strict=True))
    for node in nodes:
        if node.op not in (VARIABLE, CONSTANT, SIZE):
            params = {k: resolve(v, sizes) for k, v in node.params}
            with np.errstate(all="ignore"):
                raw = np.asarray(node.op.forward(*(env[x] for x in node.inputs), **params))
            if raw.shape != resolve(node.shape, sizes):
                return f"{node!r} has shape {raw.shape} when computed"
            if node.inputs and raw.dtype.name != node.dtype:
                return f"{node!r} is {raw.dtype} when computed"
    if case.root.is_float:
        found = sweep(case.root, case.random("u", case.root), case.wrt).gradients
        for x, array in zip(found, evaluate(list(found.values()), case.values), strict=True):
            if x in case.wrt and (array.shape, array.dtype) != (
                case.values[x].shape,
                case.values[x].dtype,
            ):
                return f"the gradient of {x!r} is {array.dtype} {array.shape}"
    return ""


def _sizes(case: Case) -> dict[str, int]:
    """What the named sizes of a case are: ``n3`` is 3."""
    sizes: list[Size] = [s for x in case.values for s in x.shape if isinstance(s, Dim)]
    return {str(s): int(str(s)[1:]) for s in sizes}


def first_order(op: Op, samples: Sequence[Sample]) -> str:
    """The reverse gradient is what a complex step through the forward says."""
    for sample in samples:
        it = case(op, sample)
        if it.root.is_float:
            reason = _wrong(it.root, it.random("u", it.root), it.wrt, it.values)
            if reason:
                return f"{reason} ({sample})"
        elif it.wrt and not isinstance(it.root.op.derivative, Constant):
            return f"the result is {it.root.dtype}, so the derivative must be Constant ({sample})"
    return ""


def modes_agree(op: Op, samples: Sequence[Sample]) -> str:
    """Forward mode and reverse mode are transposes: ``<u, J v> = <Jᵀ u, v>``, for the gradient too."""
    for sample in samples:
        it = case(op, sample)
        if not it.root.is_float or not it.wrt:
            continue
        seed = it.random("u", it.root)
        gradients = sweep(it.root, seed, it.wrt).gradients
        for root in (it.root, *(gradients[x] for x in it.wrt if x in gradients)):
            reason = _modes_differ(it, root)
            if reason:
                what = "" if root is it.root else "of the gradient: "
                return f"{what}{reason} ({sample})"
    return ""


def _modes_differ(it: Case, root: Node) -> str:
    w = it.random("w", root)
    tangents = {x: it.random(f"v {x.param('name')}", x) for x in it.wrt}
    back = gradients_at(root, w, it.wrt, it.values)
    alone = [{x: t} for x, t in tangents.items()]
    for given in alone if len(alone) == 1 else [tangents, *alone]:
        (out,) = evaluate([forward([root], given)[root]], it.values)
        if out.shape != it.values[w].shape:
            return f"the tangent of {root!r} has shape {out.shape}"
        left = np.sum(out * it.values[w])
        right = sum(
            np.sum(g * it.values[given[x]]) for x, g in zip(it.wrt, back, strict=True) if x in given
        )
        if not close(np.asarray(left), np.asarray(right), _at_best(it.root, EXACT)):
            return f"forward mode says {left:.12g}, reverse mode {right:.12g}"
    return ""


def second_order(op: Op, samples: Sequence[Sample]) -> str:
    """The derivative of the gradient is what a complex step through the gradient says."""
    for sample in samples:
        it = case(op, sample)
        if not it.root.is_float:
            continue
        seed = it.random("u", it.root)
        gradients = sweep(it.root, seed, it.wrt).gradients
        for x in it.wrt:
            if x in gradients:
                w = it.random("w", gradients[x])
                reason = _wrong(gradients[x], w, (*it.wrt, seed), it.values)
                if reason:
                    return f"gradient of {x.param('name')}, {reason} ({sample})"
    return ""


def edges(op: Op, samples: Sequence[Sample]) -> str:
    """At hard points the value and the partials are exactly those the row states."""
    for edge in op.edges:
        arrays = [_as_operand(op, a) for a in edge.at]
        xs = [variable(f"x{n}", a.shape, a.dtype.name) for n, a in enumerate(arrays)]
        values = dict(zip(xs, arrays, strict=True))
        root = op(*xs, **edge.params)
        (got,) = evaluate([root], values)
        where = f"at {', '.join(map(str, edge.at))}"
        if not _same(got, edge.value):
            return f"{where} the value is {_short(got)}, not {edge.value}"
        if edge.partials is None:
            continue
        found = gradients_at(root, ones_like(root), [x for x in xs if x.is_float], values)
        for n, (share, want) in enumerate(zip(found, edge.partials, strict=True)):
            if want is not None and not _same(share, want):
                return f"{where} the partial of operand {n + 1} is {_short(share)}, not {want}"
    return ""


def _as_operand(op: Op, value: object) -> Array:
    array = np.asarray(value)
    return array.astype("float64") if array.dtype.kind in "iu" and op.is_elementwise else array


def _same(got: Array, want: object) -> bool:
    """Equal up to four units in the last place; nan equals nan, infinities and zeros are exact."""
    array = np.asarray(want)
    return got.shape == array.shape and bool(
        np.allclose(got, array, rtol=4 * 2.0**-52, atol=0.0, equal_nan=True)
    )


def kinks(op: Op, samples: Sequence[Sample]) -> str:
    """At a kink the row takes the value it states, and that value is one of the admissible."""
    for kink in op.kinks:
        low, high = kink.admissible
        if not low <= kink.taken <= high:
            return f"at {kink.where}: {kink.taken} is not in [{low}, {high}]"
        if not kink.reason.strip():
            return f"at {kink.where}: no reason says why {kink.taken} is taken"
        hit = _ties(op, samples, kink) if not op.is_elementwise else _off_kink(op, kink)
        if hit:
            return f"at {kink.where}: {hit}"
    return ""


# Kinks lie at small round numbers, or where operands are equal.
_ROUND = (-6.0, -3.0, -2.5, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 2.5, 3.0, 6.0)


def _off_kink(op: Op, kink: Kink) -> str:
    """An elementwise row at all round numbers that lie on the kink."""
    columns = np.array(list(itertools.product(_ROUND, repeat=len(op.domain)))).T
    with np.errstate(all="ignore"):
        inside = np.all([d.contains(c) for d, c in zip(op.domain, columns, strict=True)], axis=0)
        columns = columns[:, inside & np.asarray(kink.hit(*columns))]
    if not columns.size:
        return "none of the sample points lies on it"
    xs = [variable(f"x{n}", c.shape) for n, c in enumerate(columns)]
    root = op(*xs)
    got = gradients_at(root, ones_like(root), xs[:1], dict(zip(xs, columns, strict=True)))[0]
    return "" if np.all(got == kink.taken) else f"the partial is {_short(got)}, not {kink.taken}"


def _ties(op: Op, samples: Sequence[Sample], kink: Kink) -> str:
    """Any other row at samples with equal elements: the partials there are admissible.

    What is taken is not compared: a share of the gradient depends on how many elements are equal.
    """
    low, high = kink.admissible
    seen = False
    for sample, flat in itertools.product(samples, (False, True)):
        it = case(op, sample)
        x = it.wrt[0]
        it.values[x] = np.round(it.values[x]) * (0.0 if flat else 1.0)
        for node in [n for n in topological([it.root]) if n.op is op]:
            arrays = evaluate(node.inputs, it.values)
            hit = np.asarray(kink.hit(*arrays, **dict(node.params)))
            hit = hit.reshape(hit.shape + (1,) * (arrays[0].ndim - hit.ndim))  # of whole matrices
            (got,) = gradients_at(node, ones_like(node), node.inputs[:1], it.values)
            seen = seen or bool(np.any(hit))
            if not np.all((got >= low) & (got <= high) | ~hit):
                return f"a partial of {_short(got)} is not in [{low}, {high}] ({sample})"
    return "" if seen else "none of the sample points lies on it"


def broadcasting(op: Op, samples: Sequence[Sample]) -> str:
    """An elementwise row on operands of different shapes is the row on the operands spread out."""
    if not op.is_elementwise:
        return ""
    for sample in samples:
        it = case(op, sample)
        if not it.root.is_float:
            continue
        full = np.broadcast_arrays(*it.values.values())
        spread = [variable(f"x{n}", a.shape, a.dtype.name) for n, a in enumerate(full)]
        root = sample.call(op, *spread)
        seed = it.random("u", it.root)
        values = {**dict(zip(spread, full, strict=True)), seed: it.values[seed]}
        (small,), (large,) = evaluate([it.root], it.values), evaluate([root], values)
        if not close(small, large, EXACT):
            return f"the value differs from that of the operands spread out ({sample})"
        wide = [x for x in spread if x.is_float]
        pairs = zip(
            it.wrt,
            gradients_at(it.root, seed, it.wrt, it.values),
            gradients_at(root, seed, wide, values),
            strict=True,
        )
        for x, got, want in pairs:
            if not close(got, _summed(want, got.shape), EXACT):
                return f"the gradient of {x!r} is not the sum over the places it went to ({sample})"
    return ""


def _summed(array: Array, shape: tuple[int, ...]) -> Array:
    array = np.sum(array, axis=tuple(range(array.ndim - len(shape))))
    ones = tuple(a for a, s in enumerate(shape) if s == 1)
    return np.asarray(np.sum(array, axis=ones, keepdims=True))


def expansion(op: Op, samples: Sequence[Sample]) -> str:
    """Written in other rows it has the same value and the same gradients."""
    if op.expand is None:
        return ""
    for sample in samples:
        it = case(op, sample)
        for node in [n for n in topological([it.root]) if n.op is op]:
            body = op.expand(*node.inputs, **dict(node.params))
            if body.shape != node.shape:
                return f"it expands into {body!r} ({sample})"
            (want,), (got,) = evaluate([node], it.values), evaluate([body], it.values)
            if not close(got, want, EXACT):
                return f"{_short(want)} expands into {_short(got)} ({sample})"
            seed = it.random("u", node)
            own = gradients_at(node, seed, it.wrt, it.values)
            for a, b in zip(own, gradients_at(body, seed, it.wrt, it.values), strict=True):
                if not close(b, a, EXACT):
                    return f"a gradient of {_short(a)} expands into {_short(b)} ({sample})"
    return ""


def spelling(op: Op, samples: Sequence[Sample]) -> str:
    """What the row says NumPy and SciPy call it computes the same, called in the same way."""
    for name in op.numpy:
        function, called = _function(name), False
        for sample in samples:
            it = case(op, sample)
            try:
                with np.errstate(all="ignore"):
                    got = np.asarray(sample.call(function, *it.values.values()))
            except (TypeError, AttributeError):
                continue  # an argument that only the row has, or a node made directly
            called = True
            (want,) = evaluate([it.root], it.values)
            if not close(got, want, EXACT):
                return f"{name} gives {_short(got)}, the row {_short(want)} ({sample})"
        if samples and not called:
            return f"{name} takes none of the sample calls"
    return ""


def _function(name: str) -> Any:
    """``linalg.det`` is NumPy's; SciPy's come with all their dots."""
    module, _, last = name.rpartition(".")
    if not module.startswith("scipy"):
        module = f"numpy.{module}".rstrip(".")
    return getattr(importlib.import_module(module), last)


LAWS: dict[str, Law] = {
    "states": states,
    "types": types,
    "first_order": first_order,
    "modes_agree": modes_agree,
    "second_order": second_order,
    "edges": edges,
    "kinks": kinks,
    "broadcasting": broadcasting,
    "expansion": expansion,
    "spelling": spelling,
    "batching": batching,
}


def broken(op: Op, samples: Sequence[Sample] | None = None) -> list[str]:
    """Which laws a row breaks, each with the reason; empty for a sound row.

    Args:
        op: the row.
        samples: calls to try; None draws them from the domain (elementwise rows) or from our table.
    """
    calls = samples_of(op) if samples is None else samples
    reasons = []
    for name, law in LAWS.items():
        try:
            reason = law(op, calls)
        except Exception as error:  # a row that breaks one law may not even run under the next
            reason = f"raises {type(error).__name__}: {error}"
        if reason:
            reasons.append(f"{op.name} breaks {name}: {reason}")
    return reasons
