"""A name with a bracket behind it: a function, an entry counted from one, a dependence, or a product."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dvar.check.meaning import (
    arrays,
    chance,
    differentials,
    differentiate,
    entries,
    functions,
    losses,
    names,
    products,
    slopes,
    stacking,
    structures,
)
from dvar.check.meaning.choices import Choices
from dvar.check.meaning.definitions import Definition
from dvar.check.meaning.keys import Key, arguments, sort, stem_of
from dvar.check.meaning.patterns import free_letters, pattern_of
from dvar.check.meaning.survey import names_dependence
from dvar.check.meaning.values import (
    Jacobian,
    NotUnderstood,
    Value,
    count,
    number,
    settle,
    sizes,
    stacked,
)
from dvar.core.node import Node
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter

Function = Callable[[Sequence[Node]], Node]


def apply(e: Interpreter, tree: t.Apply, hint: tuple[int, ...] | None) -> Value:
    tree = replace(tree, args=arguments(tree.args))
    head = tree.head
    for special in (differentials.of_applied(e, tree), chance.divergence(e, tree)):
        if special is not None:
            return _behind(e, special, tree)
    primes = head.primes + tree.primes
    bare = replace(head, primes=0)
    if head.scripts and head.scripts[-1].kind == "transpose" and not primes:
        return _multiplied(e, tree, hint)
    if primes == 1 and _is_turned(e, bare, tree):
        turned = t.Product((head, t.Group("(", tree.args, tree.span)), ("",), tree.span)
        return _behind(e, products.product(e, turned, hint), tree)
    if primes:
        return _behind(e, _slope(e, tree, bare, primes), tree)
    key = sort(bare, e.world.spelling, e.env).key
    of_entry = entries.of_function(e, bare, tree)
    if of_entry is not None:
        return names.operated(e, of_entry, tree.scripts)
    of_example = stacking.applied(e, tree)
    if of_example is not None:
        return _behind(e, of_example, tree)
    function = _function(e, bare, key, tree.args)
    if function is not None:
        given = _arguments(e, key, tree, hint)
        value = _raised(e, function(given), sort(bare, e.world.spelling, e.env).operations)
        return _behind(e, value, tree)
    entry = _entry(e, key, tree)
    if entry is not None:
        return _behind(e, entry, tree)
    if _is_dependence(e, key, tree):
        return _behind(e, e.value(head, hint), tree)
    return _multiplied(e, tree, hint)


def _raised(e: Interpreter, value: Node, operations: tuple[t.Script, ...]) -> Value:
    """``σ^2(x)`` is a square; ``f^{-1}(x)`` is rather another function."""
    for script in operations:
        whole = e.whole(script.value) if script.value is not None else None
        if script.kind == "plain" and (whole is None or whole < 0):
            raise NotUnderstood("a function with this superscript")
    return names.operated(e, value, operations)


def _is_turned(e: Interpreter, head: t.Symbol, tree: t.Apply) -> bool:
    """``X'(p - y)``: a matrix, turned, in front of a bracket."""
    if not e.world.primes_turn or tree.primes or len(tree.args) != 1:
        return False
    key = sort(head, e.world.spelling, e.env).key
    found = e.world.find(key, e.position)
    if head.base in functions.SIGMAS or (found is not None and found[0].params):
        return False
    return entries.array_named(e, key) is not None


def _arguments(e: Interpreter, key: Key, tree: t.Apply, hint: tuple[int, ...] | None) -> list[Node]:
    hints = _hints(e, key, tree, hint)
    computed = [a for a in tree.args if _is_computed(e, a)] if losses.is_known(key.stem) else []
    if len(computed) != 1 or len(tree.args) != 2:
        return [e.node(arg, h) for arg, h in zip(tree.args, hints, strict=True)]
    probabilities = e.node(computed[0])
    return [
        probabilities if arg is computed[0] else e.node(arg, sizes(probabilities))
        for arg in tree.args
    ]


def _is_computed(e: Interpreter, tree: t.Expr) -> bool:
    """Whether an argument has a formula: labels have none."""
    if not isinstance(tree, t.Symbol):
        return True
    return e.world.find(sort(tree, e.world.spelling, e.env).key, e.position) is not None


def _hints(
    e: Interpreter, key: Key, tree: t.Apply, hint: tuple[int, ...] | None
) -> list[tuple[int, ...] | None]:
    """The shapes that arguments have if nothing else is known of them: those of the parameters."""
    found = e.world.find(key, e.position)
    if found is not None and len(found[0].params) == len(tree.args):
        params = [p for p in found[0].params if isinstance(p, t.Symbol)]
        if len(params) == len(tree.args):
            return [e.world.shape(sort(p, e.world.spelling, e.env).key) for p in params]
    return [hint if len(tree.args) == 1 else None for _ in tree.args]


def _behind(e: Interpreter, value: Value, tree: t.Apply | t.Call) -> Value:
    """What hangs on the bracket: ``F(x)_0``, ``f(x)^2``."""
    if tree.subscripts:
        stem = stem_of(tree.head) if isinstance(tree, t.Apply) else tree.name
        value = entries.picked(e, e.plain(value), tree.subscripts, stem)
    return names.operated(e, value, tree.scripts)


# ── functions ───────────────────────────────────────────────────────────────────────────────────


def _function(e: Interpreter, head: t.Symbol, key: Key, args: Sequence[t.Expr]) -> Function | None:
    """The function that a symbol is; None where it is none."""
    world = e.world
    found = world.find(key, e.position)
    if found is not None and key.stem in world.densities and _is_other_law(e, found[0], args):
        return lambda values: chance.density(e, key, values)
    if found is not None and found[0].params:
        return _defined(e, head, found[0], found[1], args)
    if found is not None and not found[0].numeric:
        return None
    if key.stem in e.locals or (not key.indices and key.stem in e.env):
        return None
    if head.base in functions.SIGMAS and not head.accents and key.stem not in world.plain:
        return lambda values: functions.apply("sigmoid", values)
    normal = functions.of_normal(head.base) if world.has_normal_law and not key.indices else None
    if normal is not None and not head.accents and key.stem not in world.plain:
        return lambda values: functions.apply(normal, values)
    if len(head.base) > 1 and functions.is_known(head.base) and not key.marks:
        return lambda values: functions.apply(head.base, values)
    if key.stem in world.densities and not head.accents:
        return lambda values: chance.density(e, key, values)
    if key.stem in world.functions and key.stem in world.vectored:
        size = count(e.node(world.vectored[key.stem]))
        return lambda values: functions.open_vector(str(key), values, size)
    if key.stem in world.functions:
        scalar = head.base in functions.SCALAR_VALUED or len(args) > 1
        name = str(key)

        computed = [_is_computed(e, a) for a in args]

        def named(values: Sequence[Node]) -> Node:
            loss = losses.by_name(head.base, values, computed)
            return functions.open_function(name, values, scalar) if loss is None else loss

        return named
    return None


def _is_other_law(e: Interpreter, definition: Definition, args: Sequence[t.Expr]) -> bool:
    """``p(x)`` where the document tells ``p(τ)``: each letter has its own law."""
    if not args or not definition.params:
        return False
    drawn, told = args[0], definition.params[0]
    if not isinstance(drawn, t.Symbol) or not isinstance(told, t.Symbol):
        return False
    return stem_of(drawn) != stem_of(told) and drawn.base not in {*e.env, *e.locals}


def function_of(e: Interpreter, head: t.Symbol, args: Sequence[t.Expr]) -> Function | None:
    """The function called ``head``, made for these arguments; None where it is none."""
    return _function(e, head, sort(head, e.world.spelling, e.env).key, args)


def _defined(
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
    if all(_said(e, a) == _said(e, p) for a, p in zip(args, params, strict=True)):
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


def _is_hidden(e: Interpreter, definition: Definition, args: Sequence[t.Expr]) -> bool:
    """``h(w)`` of ``h(x) = σ(w^T x)``: written with a name that the formula holds, not with its argument."""
    if len(args) != 1 or not isinstance(args[0], t.Symbol):
        return False
    inside = {_said(e, part) for part in t.walk(definition.value) if isinstance(part, t.Symbol)}
    return _said(e, args[0]) in inside


def _said(e: Interpreter, tree: t.Expr) -> object:
    if isinstance(tree, t.Symbol):
        return sort(tree, e.world.spelling, e.env).key
    return tree


def _slope(e: Interpreter, tree: t.Apply, head: t.Symbol, primes: int) -> Value:
    """``σ'(z)``, ``f''(x)``, ``u'(x_0)``."""
    if len(tree.args) != 1 or primes > 3:
        raise NotUnderstood("a derivative of a function of several arguments, written as a prime")
    key = sort(head, e.world.spelling, e.env).key
    function = _function(e, head, key, tree.args)
    found = e.world.find(key, e.position)
    depends = (
        found is not None
        and found[0].params
        and _said(e, found[0].params[0]) == _said(e, tree.args[0])
    )
    if function is None or depends:
        if found is None:
            raise NotUnderstood(f"{key}' of something, where {key} is no function")
        value = differentiate.first_order(e, head, tree.args[0])
        for _ in range(primes - 1):
            if not isinstance(value, Jacobian):
                raise NotUnderstood("a second derivative of this kind")
            place = differentiate.place_of(e, tree.args[0])
            value = differentiate.between(e, e.plain(value), place)
        return value
    argument = e.node(tree.args[0])
    make: Function = function
    for _ in range(primes - 1):
        make = _sloped(e, make)
    return slopes.own_slope(e, lambda x: make([x]), argument)


def _sloped(e: Interpreter, make: Function) -> Function:
    return lambda values: slopes.own_slope(e, lambda x: make([x]), values[0])


# ── the rest ────────────────────────────────────────────────────────────────────────────────────


def _entry(e: Interpreter, key: Key, tree: t.Apply) -> Node | None:
    """``w_2(1,1)``: the entry in row 1 and column 1."""
    places = [arg.value for arg in tree.args if isinstance(arg, t.Number) and arg.is_whole]
    if len(places) != len(tree.args) or not places or key.stem not in e.world.counted:
        letters = [e.whole(a) for a in tree.args if isinstance(a, t.Symbol) and a.base in e.env]
        if len(letters) != len(tree.args) or key.stem not in e.world.counted:
            return None
        places = [p for p in letters if p is not None]  # type: ignore[misc]
    whole = tuple(int(p) for p in places)
    member = Key(key.stem, key.marks, key.indices + whole)
    return e.plain(names.key_value(e, member, None, tree.head))


def _is_dependence(e: Interpreter, key: Key, tree: t.Apply) -> bool:
    """``J(w, b)`` where J is a quantity: what it depends on is said, nothing is multiplied."""
    if not names_dependence(tree, e.world.spelling) or key.stem in e.world.size_names:
        return False
    if len(tree.args) > 1:
        return True
    return key in e.world.dependent or key.stem in e.world.dependent_stems


def _multiplied(e: Interpreter, tree: t.Apply, hint: tuple[int, ...] | None) -> Value:
    if len(tree.args) != 1:
        raise NotUnderstood(f"{tree.head.base} applied to several arguments")
    group = t.Group("(", tree.args, tree.span, tree.subscripts, tree.scripts)
    product = t.Product((tree.head, group), ("",), tree.span)
    return products.product(e, product, hint)


def call(e: Interpreter, tree: t.Call, hint: tuple[int, ...] | None) -> Value:
    """A function that its word makes certain."""
    if tree.primes:
        slope = slopes.own_slope(e, lambda x: functions.apply(tree.name, [x]), e.node(tree.args[0]))
        return _behind(e, slope, tree)
    array = arrays.read(e, tree, hint)
    if array is not None:
        at = () if tree.name == "shape" else tree.subscripts
        return _behind(e, array, replace(tree, subscripts=at))
    axis = next((e.whole(value) for name, value in tree.keywords if name in ("axis", "dim")), None)
    if functions.named(tree.name) == "softmax" and len(tree.args) == 1:
        entry = _softmax_of_entry(e, tree.args[0])
        if entry is not None:
            return names.operated(e, entry, tree.scripts)
    if tree.name == "log" and tree.subscripts:
        return _log_to_base(e, tree)
    if functions.named(tree.name) == "diag" and (entries_ := _listed(e, tree.args)) is not None:
        return names.operated(e, TABLE["diag"](entries_), tree.scripts)
    keep = hint if functions.named(tree.name) in functions.ELEMENTWISE else None
    args = [e.node(arg, keep) for arg in tree.args]
    if (
        tree.scripts
        and _is_inverse(tree.scripts[0])
        and functions.named(tree.name) in ("tanh", "sin", "cos", "tan")
    ):
        return functions.apply("arc" + functions.named(tree.name), args)
    return _behind(e, settle(functions.apply(tree.name, args, axis)), tree)


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
    base = e.whole(tree.subscripts[0])
    if base is None or base < 2:
        raise NotUnderstood("a logarithm to this base")
    value = TABLE["divide"](TABLE["log"](e.node(tree.args[0])), TABLE["log"](number(base)))
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
