"""A name with a bracket behind it: a function, an entry counted from one, a dependence, or a product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dvar.check.meaning import (
    chance,
    differentials,
    differentiate,
    entries,
    functions,
    losses,
    names,
    one_of_many,
    products,
    slopes,
    told,
)
from dvar.check.meaning.arguments import is_factor
from dvar.check.meaning.definitions import Definition
from dvar.check.meaning.keys import Key, arguments, sort, stem_of
from dvar.check.meaning.survey import names_dependence
from dvar.check.meaning.told import Function
from dvar.check.meaning.values import (
    Jacobian,
    NotUnderstood,
    Value,
    count,
    sizes,
)
from dvar.core.node import Node
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import multiplied

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter


def apply(e: Interpreter, tree: t.Apply, hint: tuple[int, ...] | None) -> Value:
    drawn = chance.drawn_of(tree.args)
    tree = replace(tree, args=arguments(tree.args))
    head = tree.head
    told = (differentials.of_applied(e, tree), chance.divergence(e, tree), _log(e, tree))
    for special in (*told, slopes.partial_at(e, tree)):
        if special is not None:
            return behind(e, special, tree)
    primes = head.primes + tree.primes
    bare = replace(head, primes=0)
    if head.scripts and head.scripts[-1].kind == "transpose" and not primes:
        return _multiplied(e, tree, hint)
    if primes == 1 and _is_turned(e, bare, tree):
        turned = t.Product((head, t.Group("(", tree.args, tree.span)), ("",), tree.span)
        return behind(e, products.product(e, turned, hint), tree)
    if primes:
        return behind(e, _primed(e, tree, bare, primes), tree)
    key = sort(bare, e.world.spelling, e.env).key
    of_entry = entries.of_function(e, bare, tree)
    if of_entry is not None:
        return names.operated(e, of_entry, tree.scripts)
    of_example = one_of_many.applied(e, tree)
    if of_example is not None:
        return behind(e, of_example, tree)
    function = _function(e, bare, key, tree.args, drawn)
    if function is not None:
        given = _arguments(e, key, tree, hint)
        value = _raised(e, function(given), sort(bare, e.world.spelling, e.env).operations)
        return behind(e, value, tree)
    entry = _entry(e, key, tree)
    if entry is not None:
        return behind(e, entry, tree)
    if _has_other_arguments(e, key, tree.args):
        raise NotUnderstood(f"{head.base}, which is a function of other arguments")
    if _is_dependence(e, key, tree):
        return behind(e, e.value(head, hint), tree)
    return _multiplied(e, tree, hint)


def beside_slash(e: Interpreter, tree: t.Quotient) -> t.Product | None:
    """``1/σ (x - μ)`` with the bracket beside the fraction, where σ is no function of it."""
    below = tree.below
    if not tree.inline or not isinstance(below, t.Apply) or len(below.args) != 1:
        return None
    bare, primes = replace(below.head, primes=0), below.head.primes + below.primes
    key = sort(bare, e.world.spelling, e.env).key
    args = arguments(below.args)
    if primes or _function(e, bare, key, args, chance.drawn_of(below.args)) is not None:
        return None
    whole = _has_other_arguments(e, key, args) or _is_dependence(e, key, replace(below, args=args))
    if whole or _entry(e, key, replace(below, args=args)) is not None:
        return None
    head, bracket = multiplied(below).factors
    return t.Product((replace(tree, below=head), bracket), ("",), tree.span)


def _log(e: Interpreter, tree: t.Apply) -> Value | None:
    """``log_a(x)`` where ``log`` was taken for a name with an index."""
    head = tree.head
    if head.base != "log" or not head.subscripts or len(tree.args) != 1 or tree.primes:
        return None
    if e.world.find(Key("log"), e.position) is not None:
        return None
    return e.value(t.Call("log", tree.args, tree.span, (), head.subscripts, head.scripts))


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


def behind(e: Interpreter, value: Value, tree: t.Apply | t.Call) -> Value:
    """What hangs on the bracket: ``F(x)_0``, ``f(x)^2``."""
    if tree.subscripts:
        stem = stem_of(tree.head) if isinstance(tree, t.Apply) else tree.name
        value = entries.picked(e, e.plain(value), tree.subscripts, stem)
    return names.operated(e, value, tree.scripts)


# ── functions ───────────────────────────────────────────────────────────────────────────────────


def _function(
    e: Interpreter, head: t.Symbol, key: Key, args: Sequence[t.Expr], drawn: int = 0
) -> Function | None:
    """The function that a symbol is; None where it is none."""
    world = e.world
    found = _told(e, key, args)
    if found is not None and key.stem in world.densities and _is_other_law(e, found[0], args):
        return lambda values: chance.density(e, key, values, args, drawn)
    if found is not None and (found[0].params or not found[0].numeric):
        return _by_formula(e, head, key, found, args)
    if key.stem in e.locals or (not key.indices and key.stem in e.env):
        return None
    if head.base in functions.SIGMAS and not head.accents and key.stem not in world.plain:
        if key.indices and any(not d.numeric for d in world.definitions.get(key.stem, ())):
            raise NotUnderstood(f"{key}, beside another one that has a formula")  # σ_1 beside σ_T
        return lambda values: functions.apply("sigmoid", values)
    normal = functions.of_normal(head.base) if world.has_normal_law and not key.indices else None
    if normal is not None and not head.accents and key.stem not in world.plain:
        return lambda values: functions.apply(normal, values)
    if len(head.base) > 1 and functions.is_known(head.base) and not key.marks:
        return lambda values: functions.apply(head.base, values)
    if key.stem in world.densities and not head.accents:
        return lambda values: chance.density(e, key, values, args, drawn)
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


def _told(
    e: Interpreter, key: Key, args: Sequence[t.Expr]
) -> tuple[Definition, dict[str, int]] | None:
    """The definition of a function.

    Of several arguments it is that of so many: ``f(x, y, z) = (x + y) z``, behind which ``f = q z`` says it by steps.
    """
    found = e.world.find(key, e.position)
    if found is None or found[0].params or len(args) < 2:
        return found
    told = [d for d in e.world.definitions.get(key.stem, ()) if len(d.params) == len(args)]
    told = [d for d in told if d.position <= e.position and e.world.holds_for(d, key)]
    bound = told[-1].pattern.match(key) if told else None
    return found if bound is None else (told[-1], bound)


def _by_formula(
    e: Interpreter,
    head: t.Symbol,
    key: Key,
    found: tuple[Definition, dict[str, int]],
    args: Sequence[t.Expr],
) -> Function | None:
    """The function that a formula tells; one that is told further on, of other arguments, is open until then."""
    if found[0].position > e.position and _has_other_arguments(e, key, args):
        return lambda values: functions.open_function(str(key), values, False)
    params = found[0].params
    if not params or is_factor(key, args):
        return None
    made = told.at_sibling(e, *found, args) or told.applied(e, head, *found, args)
    entries = made is None and len(params) > 1 and all(_is_entry(e, p) for p in params)
    if len(params) == len(args) and (entries or found[0].is_slope):
        return told.of_entries(e, head, *found)
    return made


def _is_entry(e: Interpreter, tree: t.Expr) -> bool:
    """``x_2``: a name with a number below it."""
    if not isinstance(tree, t.Symbol) or len(tree.subscripts) != 1:
        return False
    return e.whole(tree.subscripts[0]) is not None


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


def _primed(e: Interpreter, tree: t.Apply, head: t.Symbol, primes: int) -> Value:
    """``f(g(x))'`` may be the slope of f at g(x), and that of all of it."""
    value = _slope(e, tree, head, primes)
    if not tree.primes or len(tree.args) != 1 or not isinstance(tree.args[0], t.Apply):
        return value
    whole = slopes.of_value(e, e.node(replace(tree, head=head, primes=0)), primes)
    readings = [("of the function", value), ("of all of it", whole)]
    return e.choices.pick([(how, v) for how, v in readings if v is not None])


def _slope(e: Interpreter, tree: t.Apply, head: t.Symbol, primes: int) -> Value:
    """``σ'(z)``, ``f''(x)``, ``u'(x_0)``."""
    if len(tree.args) > 1 and primes == 1:
        from dvar.check.meaning.nabla import by_parameters

        several = by_parameters(e, replace(tree, head=replace(head, primes=0), primes=0))
        if several is not None:
            return several  # f'(m, b) is the gradient
    if len(tree.args) != 1 or primes > 3:
        raise NotUnderstood("a derivative of a function of several arguments, written as a prime")
    key = sort(head, e.world.spelling, e.env).key
    function = _function(e, head, key, tree.args)
    found = e.world.find(key, e.position)
    depends = (
        found is not None
        and found[0].params
        and told.said(e, found[0].params[0]) == told.said(e, tree.args[0])
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


def _has_other_arguments(e: Interpreter, key: Key, args: Sequence[t.Expr]) -> bool:
    """``f(x + h)`` and ``f(z)`` of ``f(x, y, z) = …``: neither that function, nor a product with its value.

    A loss may be said to depend on anything, and arguments may be left out at the end.
    """
    found = e.world.find(key, e.position)
    if found is None or len(found[0].params) < 2 or len(found[0].params) == len(args):
        return False
    if key in e.world.loss_names or key.stem in e.world.densities:
        return False
    return any(
        told.said(e, a) != told.said(e, p) for a, p in zip(args, found[0].params, strict=False)
    )


def _multiplied(e: Interpreter, tree: t.Apply, hint: tuple[int, ...] | None) -> Value:
    if len(tree.args) != 1:
        raise NotUnderstood(f"{tree.head.base} applied to several arguments")
    return products.product(e, multiplied(tree), hint)
