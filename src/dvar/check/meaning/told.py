"""Functions that the document tells a formula of, at other arguments than those of the formula."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dvar.check.meaning import names
from dvar.check.meaning.choices import Choices
from dvar.check.meaning.definitions import Definition
from dvar.check.meaning.keys import sort, stem_of
from dvar.check.meaning.patterns import pattern_of
from dvar.check.meaning.substitute import substitute
from dvar.check.meaning.values import NotUnderstood, sizes
from dvar.core.node import Node
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import rewritten

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter

Function = Callable[[Sequence[Node]], Node]


def applied(
    e: Interpreter,
    head: t.Symbol,
    definition: Definition,
    bound: dict[str, int],
    args: Sequence[t.Expr],
) -> Function | None:
    """A function that the document defines; applied to its own parameters it is the quantity itself."""
    params = definition.params
    if len(params) != len(args):
        return None
    own = all(said(e, a) == said(e, p) for a, p in zip(args, params, strict=True))
    if own and not any(stem_of(a) in e.locals for a in args if isinstance(a, t.Symbol)):
        return lambda values: names.defined(
            e, sort(head, e.world.spelling, e.env).key, definition, bound
        )
    env = dict(bound)
    stems: list[str | None] = []
    for param, arg in zip(params, args, strict=True):
        if not isinstance(param, t.Symbol):
            return None
        pattern, rest = pattern_of(param, e.world.spelling)
        if rest:
            return None
        if pattern.letters and isinstance(arg, t.Symbol):
            matched = pattern.match(sort(arg, e.world.spelling, e.env).key)
            if matched is None:
                return None
            env.update(matched)
            stems.append(None)
        elif pattern.marks or pattern.indices:
            return None
        else:
            stems.append(pattern.stem)

    def function(values: Sequence[Node]) -> Node:
        from dvar.check.meaning.interpret import Interpreter

        reader = Interpreter(e.world, e.position, Choices(), {**e.env, **env})
        reader.locals = {s: v for s, v in zip(stems, values, strict=True) if s is not None}
        reader.depth = e.depth
        if not _is_hidden(e, definition, args):
            return reader.node(definition.value)
        whole = names.defined(e, sort(head, e.world.spelling, e.env).key, definition, bound)
        named = ("named for what it depends on", whole)
        try:
            return e.choices.pick([("at its argument", reader.node(definition.value)), named])
        except NotUnderstood:
            return e.choices.pick([named])

    return function


def at_sibling(
    e: Interpreter, definition: Definition, bound: dict[str, int], args: Sequence[t.Expr]
) -> Function | None:
    """``f(x_2)`` where the document tells ``f(x_1) = w x_1 + b``: the formula with the other name in it.

    Not understood where anything else in it has a number of its own, which may be to change along: ``w_1 x_1``.
    """
    from dvar.check.meaning.interpret import Interpreter

    param, arg = definition.params[0], args[0]
    if len(args) != 1 or not isinstance(param, t.Symbol) or not isinstance(arg, t.Symbol):
        return None
    pattern = pattern_of(param, e.world.spelling)[0]
    other = sort(arg, e.world.spelling, e.env).key
    if pattern.letters or pattern.stem != other.stem or pattern.match(other) is not None:
        return None
    if not (pattern.indices or pattern.marks) or not (other.indices or other.marks):
        return None
    known, put = said(e, param), 0

    def change(part: Any) -> t.Expr | None:
        nonlocal put
        if not isinstance(part, t.Symbol):
            return None
        name = sort(part, e.world.spelling, e.env)
        if name.key == known:
            put += 1
            return replace(arg, scripts=(*arg.scripts, *name.operations))
        if name.key.indices or name.key.marks:
            raise NotUnderstood(f"{definition.pattern.stem} at another member of a family")
        return None

    def function(values: Sequence[Node]) -> Node:
        value = rewritten(definition.value, change)
        if not put:
            raise NotUnderstood(f"{definition.pattern.stem} at another member of a family")
        reader = Interpreter(e.world, e.position, Choices(), {**e.env, **bound})
        reader.depth = e.depth
        return reader.node(value)

    return function


def of_entries(
    e: Interpreter, head: t.Symbol, definition: Definition, bound: dict[str, int]
) -> Function:
    """``f(1, 2)`` of ``f(x_1, x_2) = …``: numbers put in for the entries."""

    def function(values: Sequence[Node]) -> Node:
        own = [e.node(param) for param in definition.params]
        if [sizes(x) for x in own] != [sizes(x) for x in values]:
            raise NotUnderstood("arguments of another shape")
        whole = names.defined(e, sort(head, e.world.spelling, e.env).key, definition, bound)
        return substitute(whole, dict(zip(own, values, strict=True)))

    return function


def _is_hidden(e: Interpreter, definition: Definition, args: Sequence[t.Expr]) -> bool:
    """``h(w)`` of ``h(x) = σ(w^T x)``: written with a name that the formula holds, not with its argument."""
    if len(args) != 1 or not isinstance(args[0], t.Symbol):
        return False
    inside = {said(e, part) for part in t.walk(definition.value) if isinstance(part, t.Symbol)}
    return said(e, args[0]) in inside


def said(e: Interpreter, tree: t.Expr) -> object:
    if isinstance(tree, t.Symbol):
        return sort(tree, e.world.spelling, e.env).key
    return tree
