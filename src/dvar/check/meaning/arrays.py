"""What array languages say of arrays as such: their sizes, ones and zeros, other layouts, sums along an axis."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from dvar.check.meaning import einsums, members
from dvar.check.meaning.shaping import COPIES
from dvar.check.meaning.values import (
    NotUnderstood,
    aligned,
    count,
    flat,
    identity,
    is_vector,
    number,
    reshaped,
    settle,
    sizes,
)
from dvar.core.node import Node
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter

Hint = tuple[int, ...] | None
Reading = Callable[["Interpreter", t.Call, Hint], Node]
REDUCTIONS = frozenset({"sum", "mean", "prod", "max", "min", "var", "std", "logsumexp"})


def reading_of(tree: t.Call) -> Reading | None:
    """How a call is read that is no plain function of its arguments' values."""
    if tree.name in REDUCTIONS and len(tree.args) == 1 and _settings(tree) & _AXES:
        return _reduced
    return _READINGS.get(tree.name)


_AXES = frozenset({"axis", "dim", "first", "along"})


def _settings(tree: t.Call) -> set[str]:
    return {name for name, _ in tree.keywords}


def _reduced(e: Interpreter, tree: t.Call, hint: Hint) -> Node:
    """``x.sum(axis=0, keepdims=True)``; MATLAB's ``sum(x)`` goes along the first axis that has a length."""
    array = e.node(tree.args[0])
    settings = dict(tree.keywords)
    if not array.shape:
        return array
    axes: tuple[int, ...]
    if "first" in settings:
        axes = (next((k for k, n in enumerate(sizes(array)) if n > 1), 0),)
        keep = True
    elif "along" in settings:
        axes, keep = _counted(e, settings["along"], array), False
    else:
        axes = _axes(e, settings["axis" if "axis" in settings else "dim"], array)
        keep = any(_label(settings.get(name)) == 1 for name in ("keepdims", "keepdim"))
    return TABLE[tree.name](array, axis=axes, keepdims=keep)


def _counted(e: Interpreter, tree: t.Expr, array: Node) -> tuple[int, ...]:
    """The axis of ``sum(dZ, 1)`` in notes: the second one of NumPy, or the first one of MATLAB."""
    said = e.whole(tree)
    first = [] if said is None else [("counted from 0", said), ("counted from 1", said - 1)]
    options = [(how, (axis,)) for how, axis in first if 0 <= axis < array.ndim]
    if not options:
        raise NotUnderstood(f"a sum of this kind over an array of shape {sizes(array)}")
    return e.choices.pick(options)


def _axes(e: Interpreter, tree: t.Expr, array: Node) -> tuple[int, ...]:
    said = tree.items if isinstance(tree, t.Group) else (tree,)
    axes = tuple(axis for item in said if (axis := e.whole(item)) is not None)
    if len(axes) < len(said) or any(not -array.ndim <= axis < array.ndim for axis in axes):
        raise NotUnderstood(f"a sum of this kind over an array of shape {sizes(array)}")
    return axes


def _size(e: Interpreter, tree: t.Call, hint: Hint) -> Node:
    """``x.shape[0]``, ``size(x, 1)``, ``len(x)``, ``numel(x)``."""
    array = e.node(tree.args[0])
    if tree.name in ("numel", "length") or (tree.name == "size" and len(tree.args) == 1):
        return number(max(sizes(array), default=1) if tree.name == "length" else count(array))
    if tree.name == "len":
        if not array.shape:
            raise NotUnderstood("how long what has no parts is")
        return number(sizes(array)[0])
    place = tree.subscripts[0] if tree.name == "shape" and tree.subscripts else None
    if tree.name == "size" and len(tree.args) == 2:
        axis = e.whole(tree.args[1])
        axis = None if axis is None else axis - 1
    else:
        axis = _label(place)
    if axis is None or not -array.ndim <= axis < array.ndim:
        raise NotUnderstood("a size of this kind")
    return number(sizes(array)[axis])


def _label(tree: t.Expr | None) -> int | None:
    if isinstance(tree, (t.Label, t.Number)) and tree.text.isdigit():
        return int(tree.text)
    if isinstance(tree, t.Negative):
        inner = _label(tree.operand)
        return None if inner is None else -inner
    return None


def _constant(e: Interpreter, tree: t.Call, hint: Hint) -> Node:
    """``ones(n, 1)``, ``np.zeros((n, d))``; sizes that nobody knows are those that are asked for."""
    value = 0.0 if tree.name.startswith("zeros") else 1.0
    if tree.name.endswith("_like"):
        shape: Hint = sizes(e.node(tree.args[0]))
    else:
        shape = _shape_said(e, tree) or hint
    if shape is None:
        raise NotUnderstood(f"{tree.name} of sizes that are not known")
    return TABLE["broadcast_to"](number(value), shape)


def _shape_said(e: Interpreter, tree: t.Call) -> Hint:
    first = tree.args[0] if tree.args else None
    args = first.items if isinstance(first, t.Group) else tree.args
    found = [e.whole(arg) for arg in args]
    known = tuple(n for n in found if n is not None)
    return known if known and len(known) == len(found) else None


def _eye(e: Interpreter, tree: t.Call, hint: Hint) -> Node:
    said = e.whole(tree.args[0]) if tree.args else None
    if said is None and hint and len(hint) == 2:
        said = hint[0]
    if said is None:
        raise NotUnderstood("an identity whose size is not known")
    return identity(said)


def _laid_out(e: Interpreter, tree: t.Call, hint: Hint) -> Node:
    """``reshape`` and its like: the same entries; a vector as a row or a column where that is said."""
    array = e.node(tree.args[0], hint)
    if tree.name in ("ravel", "flatten", "squeeze"):
        return flat(array) if is_vector(array) or tree.name != "squeeze" else array
    said = [e.whole(arg) for arg in _items(tree.args[1:])]
    if said == [-1, 1]:
        return reshaped(array, (count(array), 1))
    if said in ([1, -1], [-1]):
        return reshaped(array, (1, count(array))) if len(said) == 2 else flat(array)
    if said and all(n is not None and n > 0 for n in said):
        shape = tuple(n for n in said if n is not None)
        if count(array) == math.prod(shape):
            return reshaped(array, shape)
    if hint and count(array) == math.prod(hint):
        return reshaped(array, hint)
    raise NotUnderstood("a layout of sizes that are not known")


def _items(args: tuple[t.Expr, ...]) -> tuple[t.Expr, ...]:
    return args[0].items if len(args) == 1 and isinstance(args[0], t.Group) else args


def _repeated(e: Interpreter, tree: t.Call, hint: Hint) -> Node:
    """``repmat(b, 1, m)``: copies side by side are what a sum makes of b by itself."""
    return e.node(tree.args[0])


def _where(e: Interpreter, tree: t.Call, hint: Hint) -> Node:
    if len(tree.args) != 3:
        raise NotUnderstood("places where something holds")
    held = e.node(tree.args[0])
    a, b = (e.node(arg, sizes(held)) for arg in tree.args[1:])
    test = held if not held.is_float else TABLE["not_equal"](held, number(0.0))
    for _ in range(2):
        test, a = aligned(test, a)
        test, b = aligned(test, b)
    return TABLE["where"](test, a, b)


def _running(e: Interpreter, tree: t.Call, hint: Hint) -> Node:
    array = e.node(tree.args[0])
    axis = next((e.whole(v) for name, v in tree.keywords if name in _AXES), 0)
    if not array.shape or axis is None:
        raise NotUnderstood(f"{tree.name} along this axis")
    return TABLE[tree.name](array, axis=axis)


def _one_hot(e: Interpreter, tree: t.Call, hint: Hint) -> Node:
    """``onehot(y)`` where y is the class of ``-log p_y``: the unit vector of its place, a column if nothing is said."""
    label = tree.args[0].base if isinstance(tree.args[0], t.Symbol) else ""
    if label in e.env:
        run = e.world.run_of(label)
        start, size, place = run.start, len(run), e.env[label]
    elif (choice := e.world.spelling.chosen.get(label)) is not None:
        start, size, place = choice.start, choice.size, choice.number(label)
    else:
        raise NotUnderstood("a one-hot vector of something that is no class")
    shape = hint if hint and size in hint else (size, 1)
    vector = members.unit_of(place, shape, start)
    if vector is None:
        raise NotUnderstood("a one-hot vector for each of several examples")
    return vector


_READINGS: dict[str, Reading] = {
    **dict.fromkeys(("shape", "size", "len", "numel", "length"), _size),
    **dict.fromkeys(("ones", "zeros", "ones_like", "zeros_like"), _constant),
    **dict.fromkeys(
        ("reshape", "ravel", "flatten", "squeeze", "view", "unsqueeze", "expand_dims"), _laid_out
    ),
    **dict.fromkeys(COPIES, _repeated),
    "eye": _eye,
    "one_hot": _one_hot,
    "einsum": einsums.read,
    "where": _where,
    "cumsum": _running,
    "flip": _running,
}


def read(e: Interpreter, tree: t.Call, hint: Hint) -> Node | None:
    """The value of such a call; None where it is another."""
    reading = reading_of(tree)
    return None if reading is None or not tree.args else settle(reading(e, tree, hint))


__all__ = ["REDUCTIONS", "read", "reading_of"]
