"""What a name is: a definition, an entry of an array, a gradient by its code name, or an open variable."""

from __future__ import annotations

from collections.abc import Callable
from math import pi
from typing import TYPE_CHECKING

from dvar.check.meaning import (
    dimensions,
    entries,
    gradients,
    implicit,
    members,
    one_of_many,
    open_names,
    other_case,
    products,
    renewed,
    slopes,
)
from dvar.check.meaning.choices import readings
from dvar.check.meaning.definitions import Definition
from dvar.check.meaning.keys import Key, Name, size_name, sort
from dvar.check.meaning.looks import is_exponential, is_raised_e
from dvar.check.meaning.values import (
    Circular,
    Jacobian,
    NotUnderstood,
    Value,
    identity,
    number,
    sizes,
    squeezed,
)
from dvar.core.letters import GREEK
from dvar.core.node import Node
from dvar.core.op import VARIABLE
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter


def symbol(e: Interpreter, tree: t.Symbol, hint: tuple[int, ...] | None) -> Value:
    """A symbol with all its scripts."""
    if is_exponential(e.world, tree) or (is_raised_e(tree) and not _is_defined(e, "e")):
        return _exponential(e, tree)
    name = sort(tree, e.world.spelling, e.env)
    if tree.subscripts and not tree.scripts and (size := _size(e, tree, name.key)) is not None:
        return size
    if name.primes:
        return _primed(e, tree, name, hint)
    value = key_value(e, name.key, _before_scripts(name, hint), tree)
    turned = _turned_entry(e, name, value, tree)
    return operated(e, value, name.operations) if turned is None else turned


def _turned_entry(e: Interpreter, name: Name, value: Value, tree: t.Symbol) -> Value | None:
    """``A^T_{ij}``: the entry of the transpose, or the entry of A; None where it is no entry of a matrix."""
    if len(name.operations) != 1 or name.operations[0].kind != "transpose":
        return None
    if len(name.key.indices) != 2 or not isinstance(value, Node) or value.shape:
        return None
    swapped = Key(name.key.stem, name.key.marks, name.key.indices[::-1])
    try:
        turned = key_value(e, swapped, None, tree)
    except NotUnderstood:
        return None
    return e.choices.pick([("entry of the transpose", turned), ("the entry", value)])


def _size(e: Interpreter, tree: t.Symbol, key: Key) -> Node | None:
    """``d_k`` where an array has so many columns: a number, whatever k counts elsewhere."""
    name = size_name(tree)
    if name not in e.world.size_names or e.world.find(key, e.position) is not None:
        return None
    return number(e.world.sizes[str(name)])


def _before_scripts(name: Name, hint: tuple[int, ...] | None) -> tuple[int, ...] | None:
    turned = any(s.kind == "transpose" for s in name.operations)
    return hint[::-1] if hint and turned else hint


def operated(e: Interpreter, value: Value, operations: tuple[t.Script, ...]) -> Value:
    """Powers and transposes, in the order written."""
    for script in operations:
        if script.kind == "transpose":
            value = products.transpose_of(e.plain(value))
        elif script.kind == "plain" and script.value is not None:
            value = products.power(e, e.plain(value), script.value)
        elif script.kind == "paren" and script.value is not None:
            value = _derivative_or_power(e, e.plain(value), script)
        else:
            raise NotUnderstood(f"the superscript {_shown(script)}")
    return value


def _derivative_or_power(e: Interpreter, value: Node, script: t.Script) -> Node:
    whole = e.whole(script.value) if script.value is not None else None
    if isinstance(script.value, (t.Sum, t.Negative)) and whole is not None:
        return products.power(e, value, script.value)  # w^{(1 - 1)}
    raise NotUnderstood(f"the superscript {_shown(script)}")


def _shown(script: t.Script) -> str:
    return script.value.text if isinstance(script.value, (t.Label, t.Number)) else script.kind


def _exponential(e: Interpreter, tree: t.Symbol) -> Value:
    value: Value = number(1.0)
    first, *rest = tree.scripts
    if first.value is None:
        raise NotUnderstood("the transpose of e")
    value = TABLE["exp"](e.node(first.value))
    return operated(e, value, tuple(rest))


def _primed(e: Interpreter, tree: t.Symbol, name: Name, hint: tuple[int, ...] | None) -> Value:
    """``X'`` is a transpose in MATLAB's manner; ``w'`` a name of its own."""
    marked = Key(name.key.stem + "'" * name.primes, name.key.marks, name.key.indices)
    if e.world.find(marked, e.position) is not None:
        return operated(e, key_value(e, marked, hint, tree), name.operations)
    slope = None if e.world.primes_turn else slopes.of_applied(e, name)
    if slope is not None:
        return operated(e, slope, name.operations)
    if name.primes == 1 and e.world.matrices:
        value = key_value(e, name.key, hint[::-1] if hint else None, tree)
        if isinstance(value, Node) and value.shape:
            return operated(e, products.transpose_of(value), name.operations)
    if name.primes < 3 and name.key in e.world.dependents:
        return _own_slope(e, name, tree)
    is_slope = not e.world.nilpotent  # x + x'ε: of dual numbers x' is what goes with x
    if is_slope and (len(tree.base) == 1 or tree.base in GREEK) and _is_defined(e, tree.base):
        return slopes.primed(e, name)
    return operated(e, key_value(e, marked, hint, tree), name.operations)


def _own_slope(e: Interpreter, name: Name, tree: t.Symbol) -> Value:
    """``k'`` where k is taken to be a function of the only thing it depends on, and ``k''``."""
    from dvar.check.meaning.differentiate import between, place_at

    on = e.world.dependents[name.key]
    if len(on) != 1:
        raise NotUnderstood(f"the prime of {name.key}, which depends on others")
    value = e.plain(key_value(e, name.key, None, tree))
    for _ in range(name.primes):
        value = e.plain(between(e, value, place_at(on[0]), name.key))
    return operated(e, value, name.operations)


def _is_defined(e: Interpreter, stem: str) -> bool:
    return stem in e.world.definitions or stem in e.env


# ── keys ────────────────────────────────────────────────────────────────────────────────────────


def key_value(e: Interpreter, key: Key, hint: tuple[int, ...] | None, tree: t.Symbol) -> Value:
    """What a key stands for.  Raises NotUnderstood."""
    local = _local(e, key)
    if local is not None:
        return local
    plain = not (key.marks or key.indices)
    if e.example is not None and not key.marks:
        single = Key(key.stem, (("p", e.example),), key.indices)
        if key.stem in e.world.examples:
            key, plain = single, False
    found = e.world.find(key, e.position)
    if found is not None and not found[0].numeric:
        made = defined(e, key, *found)
        many = one_of_many.list_of(e, key, tree) if plain else None
        return made if many is None else e.choices.pick([("of one", made), ("of all", many)])
    if found is None and entries.is_padding(e, key):
        return number(0.0)
    if plain and key.stem in e.world.size_names and not e.world.family(key):
        return number(e.world.sizes[key.stem])
    if found is None and (kronecker := _kronecker(e, key)) is not None:
        return kronecker  # even where δ alone is a vector
    if (one := entries.entry(e, key)) is not None:  # also where numbers are printed: y_1 = 0.60
        return one
    understood: Value | None = one_of_many.of_one(e, key)  # also where numbers are given for all
    if understood is None and found is None:
        understood = _without_definition(e, key, hint, tree)
    if understood is None and (found is None or found[0].numeric):
        understood = other_case.of(e, key)
    return open_names.open_name(e, key, hint, tree) if understood is None else understood


def _is_own_constant(e: Interpreter, key: Key) -> bool:
    """Whether this is the π in the formula of ``π(a | s) = 1/√(2π) …``, or of ``√(2π)`` beside ``π_k``."""
    if key != Key("pi") or e.world.has_circle:
        return key == Key("pi") and key not in e.world.bare_left
    found = e.world.find(key, e.position)
    if found is None or not (found[0].params and found[0].is_recursive):
        return False
    return any(isinstance(at, tuple) and at[0] == id(found[0]) for at in e.world.open)


def _local(e: Interpreter, key: Key) -> Value | None:
    """An argument of the function that is being read, or an entry of one; the number of an index letter."""
    if key.marks:
        return None
    if not key.indices and key.stem in e.locals:
        return e.locals[key.stem]
    if not key.indices and key.stem in e.env:
        return number(e.env[key.stem])
    if _is_own_constant(e, key):
        return number(pi)
    tied = implicit.value(e.world, key)
    return entries.entry(e, key) if key.stem in e.locals else tied


def _without_definition(
    e: Interpreter, key: Key, hint: tuple[int, ...] | None, tree: t.Symbol
) -> Value | None:
    """What a name that nothing defines may be all the same."""
    readings: tuple[Callable[[], Value | None], ...] = (
        lambda: members.vector(e, key),
        lambda: entries.of_capital(e, key),
        lambda: entries.of_member(e, key),
        lambda: _of_example(e, key),
        lambda: entries.root(e, key),
        lambda: entries.square(e, key, tree),
        lambda: _special(e, key, hint, tree),
        lambda: entries.family(e, key),
        lambda: entries.of_argument(e, key),
        lambda: one_of_many.all_of(e, key),
        lambda: one_of_many.list_of(e, key, tree),
        lambda: _pseudo_inverse(e, key),
        lambda: renewed.renewed(e, key),
        lambda: gradients.by_name(e, key, tree),
        lambda: dimensions.in_more_dimensions(e, key),
        lambda: one_of_many.mean_of(e, key),
    )
    return next((value for read in readings if (value := read()) is not None), None)


def defined(e: Interpreter, key: Key, definition: Definition, bound: dict[str, int]) -> Node:
    """The value of a definition, read once for each choice of its letters."""
    world = e.world
    env = {**{c: n for c, n in e.env.items() if c in world.loose or world.has_trees()}, **bound}
    memo = world.memo
    epoch = world.epoch(e.position)
    at = (id(definition), tuple(sorted(env.items())), epoch, e.example, *world.supposed())
    if at in world.open:
        raise Circular(f"{key}, which is defined by itself")
    if at in memo:
        node = memo[at]
        if node is None:
            raise NotUnderstood(f"{key}, whose definition was not understood")
        world.note_use(node)
        return node
    if len(world.open) > 60:
        raise NotUnderstood(f"{key}, whose definition goes through too many others")
    world.open.add(at)
    memo[at] = None
    try:
        with world.reading() as used:
            node = _read(e, definition, env)
        memo[at] = node
    except Circular:
        del memo[at]
        raise
    finally:
        world.open.discard(at)
    world.note_use(node)
    backward = definition.is_backward or definition.pattern.stem in world.helpers
    world.learn(node, key, definition, used, backward)
    return node


def read_definition(e: Interpreter, definition: Definition, env: dict[str, int]) -> Node:
    """The value of a definition for these letters, at the place where it stands."""
    from dvar.check.meaning.choices import Choices
    from dvar.check.meaning.interpret import Interpreter

    reader = Interpreter(e.world, definition.position, Choices(), env)
    return defined(reader, definition.pattern.key(env), definition, env)


def _read(e: Interpreter, definition: Definition, env: dict[str, int]) -> Node:
    """The plainest reading of a definition that makes sense."""
    from dvar.check.meaning.choices import Choices
    from dvar.check.meaning.interpret import Interpreter

    hint = e.world.definition_hint(definition)

    def read(choices: Choices) -> Node | NotUnderstood:
        reader = Interpreter(e.world, max(e.position, definition.position), choices, env)
        reader.depth, reader.code = e.depth, definition.code
        reader.example = e.example
        try:
            value = reader.value(definition.value, hint)
            node = reader.plain(value)
        except NotUnderstood as reason:
            return reason
        if isinstance(value, Jacobian) and not squeezed(value.of_shape):
            e.world.slopes.add(node)
        return node

    first: NotUnderstood | None = None
    for result, _ in readings(read, 8):
        if isinstance(result, Node):
            return one_of_many.as_loss(e.world, definition, _told_apart(definition, result))
        first = result if isinstance(result, Circular) else first or result
    assert first is not None
    raise first


def _told_apart(definition: Definition, node: Node) -> Node:
    """``y_1`` of ``y_i = Σ_{j≤i} x_j`` is worth x_1 and yet another quantity: more depends on x_1."""
    subscripts = definition.value.subscripts if isinstance(definition.value, t.Symbol) else ()
    renames = isinstance(definition.value, t.Symbol) and not any(
        isinstance(s, t.Symbol) and s.subscripts for s in subscripts
    )
    is_place = node.op is VARIABLE or node.op.name == "getitem"
    if not is_place or not definition.pattern.letters or renames:
        return node
    return TABLE["multiply"](node, number(1.0))


def _pseudo_inverse(e: Interpreter, key: Key) -> Node | None:
    """``X^+`` and ``X^†`` of a matrix with full column rank."""
    if not e.world.matrices or key.marks[-1:] not in ((("m", "+"),), (("m", "dagger"),)):
        return None
    if not (key.stem[:1].isupper()):
        return None
    matrix = entries.array_named(e, Key(key.stem, key.marks[:-1], key.indices))
    if matrix is None or matrix.ndim != 2 or 1 in sizes(matrix):
        return None
    turned = TABLE["transpose"](matrix)
    return TABLE["matmul"](TABLE["inv"](TABLE["matmul"](turned, matrix)), turned)


def _of_example(e: Interpreter, key: Key) -> Node | None:
    """``L^{(i)}`` where only ``L`` has a formula, written for one example: the same with i in it."""
    if len(key.marks) != 1 or key.marks[0][0] != "p" or not isinstance(key.marks[0][1], int):
        return None
    bare_loss = Key(key.stem, (), key.indices) in e.world.loss_names
    if not e.world.examples or not (key.stem in e.world.examples or bare_loss):
        return None
    bare = Key(key.stem, (), key.indices)
    found = e.world.find(bare, e.position)
    if found is None or found[0].numeric or key.stem in e.world.observed:
        return None
    reader = e.inside({})
    reader.example = key.marks[0][1]
    return defined(reader, bare, *found)


def _kronecker(e: Interpreter, key: Key) -> Node | None:
    """``δ_{ij}``, unless it is a gradient in two dimensions; ``I_{ij}``."""
    used = {"delta": e.world.kronecker, "I": e.world.has_unit_entries}
    if not used.get(key.stem) or len(key.indices) != 2 or key.marks:
        return None
    gradient = dimensions.in_more_dimensions(e, key) if key.stem == "delta" else None
    if gradient is not None:
        return e.plain(gradient)
    i, j = key.indices
    return number(float(i == j)) if isinstance(i, int) and isinstance(j, int) else None


def _special(e: Interpreter, key: Key, hint: tuple[int, ...] | None, tree: t.Symbol) -> Node | None:
    """π, the identity, a vector of ones, infinity."""
    world = e.world
    plain = not key.marks and not key.indices
    if not plain:
        if key.stem == "I" and world.matrices and len(key.indices) == 1:
            (n,) = key.indices
            return identity(n if isinstance(n, int) else world.size(str(n)))
        if key.stem == "1" and len(key.indices) == 1:
            (n,) = key.indices
            sub = tree.subscripts[0] if tree.subscripts else None
            if isinstance(sub, t.Symbol) and sub.base in world.spelling.chosen and hint:
                return members.unit_of(n, hint, world.first)  # a one at the chosen place
            return TABLE["ones"]((n if isinstance(n, int) else world.size(str(n)), 1))
        return None
    if key.stem == "pi" and not (world.shape(key) or key in world.bare_left):
        return number(pi)
    if key.stem == "infty":
        return number(float("inf"))
    if key.stem == "I" and world.matrices:
        if hint and len(hint) == 2 and hint[0] == hint[1]:
            return identity(hint[0])
        return identity(e.world.default_size)
    if key.stem == "1":
        if hint and len(hint) == 2:
            return TABLE["ones"](hint)
        return TABLE["ones"]((e.world.default_size, 1))
    return None
