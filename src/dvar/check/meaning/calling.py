"""A function that its word makes certain: ``log(x)``, ``softmax(z_k)``, ``diag(r_1, …, r_N)``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dvar.check.meaning import arrays, chance, entries, functions, names, slopes, structures
from dvar.check.meaning.applying import behind
from dvar.check.meaning.keys import Key, sort
from dvar.check.meaning.patterns import free_letters
from dvar.check.meaning.values import NotUnderstood, Value, number, settle, stacked
from dvar.core.node import Node
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter


def call(e: Interpreter, tree: t.Call, hint: tuple[int, ...] | None) -> Value:
    """A function that its word makes certain."""
    if tree.primes:
        slope = slopes.own_slope(e, lambda x: functions.apply(tree.name, [x]), e.node(tree.args[0]))
        return behind(e, slope, tree)
    array = arrays.read(e, tree, hint)
    if array is not None:
        at = () if tree.name == "shape" else tree.subscripts
        return behind(e, array, replace(tree, subscripts=at))
    axis = next((e.whole(value) for name, value in tree.keywords if name in ("axis", "dim")), None)
    if functions.named(tree.name) == "softmax" and len(tree.args) == 1:
        entry = _softmax_of_entry(e, tree.args[0])
        if entry is not None:
            return names.operated(e, entry, tree.scripts)
    split = chance.shortened(e, tree)
    if split is not None:
        ways = [("of all", False), ("of the first factor", True)]
        if e.choices.pick(ways[::-1] if chance.goes_on(split) else ways):
            return e.value(split, hint)
    if tree.name == "log" and tree.subscripts:
        return _log_to_base(e, tree)
    if functions.named(tree.name) == "diag" and (entries_ := _listed(e, tree.args)) is not None:
        return names.operated(e, TABLE["diag"](entries_), tree.scripts)
    keep = hint if functions.named(tree.name) in functions.ELEMENTWISE else None
    args = [e.node(arg, keep) for arg in tree.args]
    if axis is None and e.world.adds_up == "columns" and _is_softmax_of_columns(tree, args):
        axis = 0
    if (
        tree.scripts
        and _is_inverse(tree.scripts[0])
        and functions.named(tree.name) in ("tanh", "sin", "cos", "tan")
    ):
        return functions.apply("arc" + functions.named(tree.name), args)
    return behind(e, settle(functions.apply(tree.name, args, axis)), tree)


def _is_softmax_of_columns(tree: t.Call, args: Sequence[Node]) -> bool:
    """Whether a softmax is that of a matrix with a column for each example."""
    is_softmax = functions.named(tree.name) in ("softmax", "log_softmax", "logsoftmax")
    return is_softmax and len(args) == 1 and args[0].ndim == 2 and args[0].shape[0] != 1


def _listed(e: Interpreter, args: Sequence[t.Expr]) -> Node | None:
    """``diag{p_i (1 - p_i)}`` lists an entry for every i, ``diag(r_1, …, r_N)`` those up to N."""
    if any(isinstance(arg, t.Ellipsis) for arg in args):
        return stacked([e.node(arg) for arg in structures.spelled_out(e, tuple(args))])
    free = {c for arg in args for c in free_letters(arg, e.world.spelling)} - e.env.keys()
    if len(args) != 1 or len(free) != 1:
        return None
    (letter,) = free
    listed = [e.inside({letter: k}).node(args[0]) for k in e.world.run_of(letter)]
    return None if any(entry.shape for entry in listed) else stacked(listed)


def _is_inverse(script: t.Script) -> bool:
    value = script.value
    return (
        isinstance(value, t.Negative)
        and isinstance(value.operand, t.Number)
        and value.operand.text == "1"
    )


def _log_to_base(e: Interpreter, tree: t.Call) -> Value:
    below = tree.subscripts[0]
    base = e.whole(below)
    if isinstance(below, t.Label) and len(below.text) == 1 and not below.is_text:
        below = t.Symbol(below.text, below.span)  # log_a x
    if (base is not None and base < 2) or isinstance(below, t.Label):
        raise NotUnderstood("a logarithm to this base")
    to = e.node(below) if base is None else number(base)
    if to.shape:
        raise NotUnderstood("a logarithm to this base")
    value = TABLE["divide"](TABLE["log"](e.node(tree.args[0])), TABLE["log"](to))
    return names.operated(e, value, tree.scripts)


def _softmax_of_entry(e: Interpreter, tree: t.Expr) -> Node | None:
    """``softmax(z_k)`` is written for the entry k of softmax(z)."""
    if not isinstance(tree, t.Symbol) or not tree.subscripts:
        return None
    key = sort(tree, e.world.spelling, e.env).key
    if not key.indices or not isinstance(key.indices[-1], int):
        return None
    array = entries.array_named(e, Key(key.stem, key.marks, key.indices[:-1]))
    if array is None:
        return None
    whole = functions.apply("softmax", [array])
    return entries.entry_of(e, whole, [int(key.indices[-1])], key.stem)
