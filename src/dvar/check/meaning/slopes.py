"""Derivatives written at the name of a function: ``y'``, and ``f_x`` of a function ``f(x, y) = …``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from dvar.check.meaning import differentiate
from dvar.check.meaning.definitions import Definition
from dvar.check.meaning.keys import Key, Name, sort, stem_of, unwrapped
from dvar.check.meaning.letters import parts
from dvar.check.meaning.points import names_beneath
from dvar.check.meaning.substitute import substitute
from dvar.check.meaning.values import (
    Jacobian,
    NotUnderstood,
    Value,
    add,
    count,
    flat,
    number,
    reshaped,
    sizes,
    squeezed,
)
from dvar.core.node import Node, topological
from dvar.core.op import variable
from dvar.derive.sweep import sweep
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import same_tree

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter

_GENERAL = frozenset("fgFG")
"""Letters of functions, of which nobody writes ``f_x`` for the value at x."""
_ORDERS = 2
"""``y''`` and ``f_{xy}`` are read; more primes may be anything."""


def primed(e: Interpreter, name: Name) -> Value:
    """``y'`` behind ``y = x² sin x``: the derivative by the only thing that y depends on."""
    from dvar.check.meaning.names import key_value

    found = e.world.find(name.key, e.position)
    if found is not None and not found[0].numeric and name.primes <= _ORDERS:
        value = e.plain(key_value(e, name.key, None, t.Symbol(name.key.stem, (0, 0))))
        slope = None if name.operations else of_value(e, value, name.primes)
        if slope is not None:
            return slope
    raise NotUnderstood(f"the prime of {name.key}, without an argument")


def of_applied(e: Interpreter, name: Name) -> Value | None:
    """``H'`` behind ``H = σ(Z)``, arrays: σ'(Z), element by element; None where H has another formula."""
    from dvar.check.meaning.choices import Choices
    from dvar.check.meaning.interpret import Interpreter

    found = e.world.find(name.key, e.position)
    if found is None or name.primes > _ORDERS or found[0].params:
        return None
    definition, env = found
    tree = definition.value
    if not isinstance(tree, t.Apply | t.Call) or len(tree.args) != 1:
        return None
    if tree.primes or tree.scripts or tree.subscripts or getattr(tree, "keywords", ()):
        return None
    if isinstance(tree, t.Apply) and (tree.head.primes or tree.head.scripts):
        return None
    reader = Interpreter(e.world, definition.position, Choices(), env)
    argument = reader.node(tree.args[0])
    value = reader.node(tree)
    if not value.shape or sizes(value) != sizes(argument):
        return None  # of one number the slope is by whatever it depends on
    return reader.value(replace(tree, primes=name.primes))


def of_value(e: Interpreter, value: Node, order: int) -> Node | None:
    """The derivative of a number by the only number it depends on; None where it depends on more."""
    on = names_beneath([value])
    if value.shape or len(on) != 1 or on[0].shape or order > _ORDERS:
        return None
    for _ in range(order):
        value = e.plain(differentiate.between(e, value, differentiate.place_at(on[0])))
    return value


def is_partial(e: Interpreter, key: Key) -> bool:
    """Whether a name is that of a partial derivative: ``f_x``, where x is an argument of f."""
    return _partial(e, key) is not None


def partial(e: Interpreter, key: Key) -> Value | None:
    """The derivative that ``f_x`` or ``f_{xy}`` stands for; None where the name is none."""
    found = _partial(e, key)
    if found is None:
        return None
    definition, params = found
    of: t.Expr = t.Symbol(definition.pattern.stem, (0, 0))
    if not definition.params:
        return _explicit(e, definition, params)
    value = differentiate.first_order(e, of, params[0])
    for param in params[1:]:
        place = differentiate.place_of(e, param)
        value = differentiate.between(e, e.plain(value), place)
    return value


def _explicit(e: Interpreter, definition: Definition, params: Sequence[t.Expr]) -> Value:
    """The derivative by names that stand in a formula, whatever they are found to be further on."""
    value = e.node(t.Symbol(definition.pattern.stem, (0, 0)))
    names = [p for p in t.walk(definition.value) if isinstance(p, t.Symbol) and not p.subscripts]
    nodes = {e.node(replace(p, scripts=())) for p in names}
    for param in params:
        place = differentiate.place_of(e, param)
        apart = {n for n in nodes if n.inputs} - {n for n, _ in place.parts}
        value = e.plain(differentiate.jacobian(value, place, apart))
    return value


def partial_at(e: Interpreter, tree: t.Apply) -> Value | None:
    """``f_x(x, y)``, ``f_{xy}(1, 2)``: the same with its arguments."""
    head = tree.head
    if head.primes or head.scripts or tree.primes or len(head.subscripts) != 1:
        return None
    found = _partial(e, sort(head, e.world.spelling, e.env).key)
    if found is None or len(found[0].params) != len(tree.args):
        return None
    of = replace(tree, head=replace(head, subscripts=()), scripts=(), subscripts=())
    return e.value(t.Derivative(of, tuple(found[1]), "partial", tree.span))


def along(e: Interpreter, tree: t.Derivative) -> Node | None:
    """``D_u f(x, y)``, f along a vector u of as many entries as f has arguments: ``f_x u_1 + f_y u_2``."""
    head = tree.of.head if isinstance(tree.of, t.Apply) else tree.of
    by = tree.wrt[0]
    if not isinstance(head, t.Symbol) or not isinstance(by, t.Symbol) or len(tree.wrt) != 1:
        return None
    found = e.world.find(sort(head, e.world.spelling, e.env).key, e.position)
    if found is None or len(found[0].params) < 2 or any(p == by for p in found[0].params):
        return None
    told = e.world.find(sort(by, e.world.spelling, e.env).key, e.position)
    value = None if told is None else told[0].value
    options: list[tuple[str, list[Node]]] = []
    if isinstance(value, t.Group) and len(value.items) == len(found[0].params):
        options.append(("as it is told", [e.node(item) for item in value.items]))
    direction = flat(e.plain(e.value(by)))
    if count(direction) == len(found[0].params) and direction.shape:
        by_name = [TABLE["getitem"](direction, (n,)) for n in range(count(direction))]
        options.append(("by its name", by_name))
    if not options:
        return None
    entries = e.choices.pick(options)
    total = number(0.0)
    for entry, param in zip(entries, found[0].params, strict=True):
        slope = e.plain(e.value(t.Derivative(tree.of, (param,), "partial", tree.span)))
        total = add(total, TABLE["multiply"](slope, entry))
    return total


def stationary(statements: Sequence[Statement]) -> dict[str, set[str]]:
    """``L`` of ``L_x = 2x - λ = 0`` and ``L_y = 2y - λ = 0``: both are to vanish, so they are derivatives of L."""
    asked: dict[str, set[str]] = {}
    for statement in statements:
        left, last = statement.members[0].expr, statement.members[-1].expr
        if not isinstance(left, t.Symbol) or len(statement.members) < 3 or left.scripts:
            continue
        if isinstance(last, t.Number) and last.value == 0 and len(left.subscripts) == 1:
            sub = left.subscripts[0]
            text = sub.text if isinstance(sub, t.Label) else getattr(sub, "base", "")
            if text and not text.isdigit():
                asked.setdefault(stem_of(left), set()).add(text)
    return {stem: by for stem, by in asked.items() if len(by) > 1}


def helpers(statements: Sequence[Statement]) -> set[str]:
    """``P`` of ``∂L/∂x = P ∂L/∂y``, which stands nowhere but in front of gradients: the loss is no function of it."""
    made, beside, elsewhere = set[str](), set[str](), set[str]()
    for statement in statements:
        first = statement.members[0].expr
        fronts: set[int] = set()
        if isinstance(first, t.Symbol):
            made.add(stem_of(first))
            fronts.add(id(first))
        for part in parts([statement]):
            slopes = part.factors if isinstance(part, t.Product) else ()
            if isinstance(first, t.Derivative) and any(_is_of_same(f, first) for f in slopes):
                fronts |= {id(unwrapped(f)) for f in slopes}
                beside |= {stem_of(f) for f in map(unwrapped, slopes) if isinstance(f, t.Symbol)}
        found = (p for p in parts([statement]) if isinstance(p, t.Symbol) and id(p) not in fronts)
        elsewhere |= {stem_of(p) for p in found}
    return (made & beside) - elsewhere


def _is_of_same(part: t.Expr, slope: t.Derivative) -> bool:
    return isinstance(part, t.Derivative) and part.of is not None and same_tree(part.of, slope.of)


def _partial(e: Interpreter, key: Key) -> tuple[Definition, list[t.Expr]] | None:
    if key.marks or len(key.indices) != 1 or not isinstance(key.indices[0], str):
        return None
    found = e.world.find(Key(key.stem), e.position)
    if found is None or found[0].numeric:
        return None
    told: Sequence[t.Expr] = found[0].params
    if not told and key.stem in e.world.stationary:
        told = [p for p in t.walk(found[0].value) if isinstance(p, t.Symbol) and not p.scripts]
        told += [replace(p, scripts=()) for p in t.walk(found[0].value) if isinstance(p, t.Symbol)]
    elif not told or (len(told) == 1 and (key.stem not in _GENERAL or e.world.differentials)):
        return None  # h_t of h(t)
    params = {p.base: p for p in told if isinstance(p, t.Symbol) and not p.subscripts}
    letters = [key.indices[0]] if key.indices[0] in params else list(key.indices[0])
    if len(letters) > _ORDERS or any(c not in params or e.world.shape(Key(c)) for c in letters):
        return None
    return found[0], [params[c] for c in letters]


def applied(e: Interpreter, function: t.Symbol, wrt: t.Expr) -> t.Expr:
    """``∂σ/∂w`` where formulas have σ of one thing only, or of w: of what it is applied to there."""
    if e.world.find(Key(function.base), e.position) is not None:
        return function
    several: list[t.Expr] = []
    for definition in (d for some in e.world.definitions.values() for d in some):
        for part in t.walk(definition.value):
            if (
                isinstance(part, t.Apply)
                and part.head.base == function.base
                and len(part.args) == 1
            ):
                if not any(same_tree(part.args[0], x) for x in several):
                    several.append(part.args[0])
    at = [x for x in several if same_tree(x, wrt)] or several
    return t.Apply(function, (at[0],), function.span) if len(at) == 1 else function


def _arguments_beside(e: Interpreter, key: Key | None, wrt: t.Expr) -> list[t.Expr]:
    """The arguments of ``f(x, y) = …`` beside ``x``; none where x is no argument of it."""
    found = e.world.find(key, e.position) if key is not None else None
    by = differentiate.key_of(e, wrt)
    if found is None or by is None or len(found[0].params) < 2:
        return []
    keys = [differentiate.key_of(e, p) for p in found[0].params]
    pairs = zip(found[0].params, keys, strict=True)
    return [p for p, k in pairs if k is not None and k != by] if by in keys else []


def other_arguments(e: Interpreter, key: Key | None, wrt: t.Expr) -> set[Node]:
    """The arguments of ``f(x, y) = …`` beside ``x`` that have a formula of their own: ``∂f/∂x`` holds them fixed."""
    nodes: set[Node] = set()
    for other in _arguments_beside(e, key, wrt):
        with suppress(NotUnderstood):
            node = e.node(other)
            if node.inputs:
                nodes.add(node)
    return nodes


def is_made_of_another(e: Interpreter, key: Key | None, wrt: t.Expr) -> bool:
    """Whether an argument of ``f(x, y) = …`` has a formula with another one in it: is it that y at all?"""
    others = _arguments_beside(e, key, wrt)
    with suppress(NotUnderstood):
        under = set(topological([e.node(wrt)])) if others else set()
        return any(e.node(other) in under for other in others)
    return False


def at_point(e: Interpreter, tree: t.Derivative) -> Value | None:
    """``∇_w J(w_1)`` of ``J(w) = …``: the derivative by the argument, at another point; None if it is no such."""
    of = tree.of
    if not isinstance(of, t.Apply) or of.primes or of.scripts or of.subscripts:
        return None
    key = differentiate.key_of(e, of)
    found = e.world.find(key, e.position) if key is not None else None
    if found is None or len(found[0].params) != len(of.args):
        return None
    params = found[0].params
    keys = [differentiate.key_of(e, p) for p in params]
    moved = [
        (param, arg, key)
        for param, arg, key in zip(params, of.args, keys, strict=True)
        if key is not None and key != differentiate.key_of(e, arg)
    ]
    by = [differentiate.key_of(e, w) for w in tree.wrt] or keys
    if not any(key in by for _, _, key in moved) or (not tree.wrt and len(params) > 1):
        return None
    usual = replace(tree, of=replace(of, args=params), wrt=tree.wrt or params)
    value = differentiate.derivative(e, usual)
    exchange: dict[Node, Node] = {}
    for param, arg, _ in moved:
        node = e.node(param)
        point = e.node(arg, sizes(node))
        if node in topological([point]) or squeezed(sizes(point)) != squeezed(sizes(node)):
            return None
        exchange[node] = reshaped(point, sizes(node))
    if not isinstance(value, Jacobian):
        return substitute(value, exchange)
    return replace(value, of=("at", value.of, of), node=substitute(value.node, exchange))


def own_slope(e: Interpreter, make: object, arg: Node) -> Node:
    """The derivative of a function of one argument at ``arg``, element by element.

    ``make`` maps a node to a node; the derivative is taken at a fresh variable which ``arg`` then replaces.
    """
    assert callable(make)
    fresh = variable("argument", arg.shape, key=-7)
    value: Node = make(fresh)
    if value.shape != fresh.shape:
        raise NotUnderstood("the derivative of a function that does not act on each element")
    seed = TABLE["ones"](sizes(value)) if value.shape else number(1.0)
    found = sweep(value, seed, [fresh]).gradients.get(fresh)
    if found is None:
        return TABLE["zeros"](sizes(arg)) if arg.shape else number(0.0)
    return substitute(found, {fresh: arg})
