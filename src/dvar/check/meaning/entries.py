"""Entries of arrays by their index: ``w_{ij}`` of W, ``y_1`` of a y that is given, and arrays of what has entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dvar.check.meaning import gradients, names, one_of_many, open_names
from dvar.check.meaning.definitions import Definition
from dvar.check.meaning.keys import Index, Key, indices_of, sort, stem_of
from dvar.check.meaning.values import (
    NotUnderstood,
    Value,
    reshaped,
    sizes,
    stacked,
)
from dvar.core.node import Node, topological
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter
    from dvar.check.meaning.world import World


def entry(e: Interpreter, key: Key) -> Node | None:
    """``x_1`` where ``x`` is an array: one of its entries."""
    shape = e.world.shape(key)
    told = Key(key.stem, key.marks) in e.world.given_shapes
    if shape and 1 in shape and not told:
        return None  # h_0 beside h_t: a vector of its own, whatever h is
    if key.indices and (of := gradients.target_of(e, key)) is not None and e.world.shape(of):
        return None  # db2 beside db, where b2 is an array of its own
    for cut in range(len(key.indices) - 1, -1, -1):
        rest = key.indices[cut:]
        base = Key(key.stem, key.marks, key.indices[:cut])
        if ":" in rest and (node := array_named(e, base)) is not None:
            return _sliced(e, node, rest, base.stem)
        if not all(isinstance(i, int) for i in rest):
            continue
        node = array_named(e, base)
        if node is not None:
            picked = entry_of(e, node, [int(i) for i in rest], base.stem)
            if picked is None and len(rest) == 1 and _has_rows(e, base.stem):
                picked = _line(e, node, int(rest[0]), base.stem)
            if picked is not None:
                return picked
            whole = key.stem in e.world.entire - e.world.several and 1 in sizes(node)
            if whole and not told and len(rest) == 1 and e.world.find(key, e.position) is None:
                raise NotUnderstood(f"{key}, which {base} does not have")  # no vector of its own
    capital = _entry_of_capital(e, key)
    return _entry_of_layer(e, key) if capital is None else capital


def _entry_of_layer(e: Interpreter, key: Key) -> Node | None:
    """``w_{2,1}`` beside ``w_1(2,1)`` and ``w_2(2,1)``: an entry of one of the matrices w."""
    if key.stem not in e.world.counted or len(key.indices) != 2 or key.marks:
        return None
    places = [k for k in key.indices if isinstance(k, int)]
    layers = [k for k in e.world.given_shapes if k.stem == key.stem and len(k.indices) == 1]
    options: list[tuple[str, Value]] = []
    for layer in sorted(layers, key=str):
        matrix = array_named(e, layer)
        picked = None if matrix is None else entry_of(e, matrix, places, key.stem)
        if picked is not None and len(places) == 2:
            options.append((f"of {layer}", picked))
    return e.plain(e.choices.pick(options)) if options else None


def _entry_of_capital(e: Interpreter, key: Key) -> Node | None:
    """``w_{11}`` of the only matrix called W, W_1 or W^{(1)}."""
    if len(key.stem.partition(".")[0]) != 1 or not key.stem[0].islower():
        return None
    ints = [i for i in key.indices if isinstance(i, int)]
    if len(ints) != len(key.indices) or not ints:
        return None
    upper = key.stem[0].upper() + key.stem[1:]
    found = []
    is_of_two = len(ints) == 2 or ints[0] > 9
    made = {Key(upper, key.marks)} if e.world.matrices and is_of_two else set()
    for base in sorted(e.world.arrays() | made, key=str):
        if base.stem == upper and (base.marks == key.marks or not (key.marks or _is_version(base))):
            node = array_named(e, base)
            if node is not None and node.ndim == 2 and 1 not in sizes(node):
                found.append(node)
    if len(found) == 1:
        return entry_of(e, found[0], ints, upper)
    return None


def _is_version(key: Key) -> bool:
    """``W_1^{new}``, ``W^*``: not the thing itself."""
    return any(kind == "m" for kind, _ in key.marks)


def array_named(e: Interpreter, base: Key) -> Node | None:
    """The array of this name, if the document has one."""
    world = e.world
    found = None if base.stem in world.observed else world.find(base, e.position)
    if base.stem in e.locals and not base.marks and not base.indices:
        value = e.locals[base.stem]
    elif found is not None and not found[0].numeric:
        if _is_made_of_another(found[0]):
            return None
        value = names.defined(e, base, *found)
    elif (base.marks or base.indices) and (one := one_of_many.of_one(e, base)) is not None:
        value = one  # x^(2) or x_2 beside X
    elif base in world.given_shapes or (
        world.matrices and (world.shape(base) or world.is_bare(base))
    ):
        if _is_of_steps(e, base):
            return None
        by_name = gradients.by_name(e, base, None) if gradients.is_named(e, base) else None
        value = e.plain(open_names.open_name(e, base, None, None) if by_name is None else by_name)
    else:
        return None
    return value if value.shape else None


def _is_made_of_another(definition: Definition) -> bool:
    """``W = W_0 + B A``, ``X_i = Σ_k X_{ik}``: a name in the formula is no entry of what that is the formula of.

    Where the name of the left has a mark above, those with one are of another step: ``x^{(1)} = x^{(0)} - x_1^{(0)} e``.
    """
    told, own = definition.value, definition.pattern
    names = (p for p in t.walk(told) if isinstance(p, t.Symbol) and stem_of(p) == own.stem)
    return isinstance(told, t.Sum | t.Big) and any(
        sum(len(s.text) if isinstance(s, t.Label) else 1 for s in name.subscripts)
        > len(own.indices)
        for name in names
        if not (own.marks and name.scripts)
    )


def _is_of_steps(e: Interpreter, base: Key) -> bool:
    """Whether a gradient without an index, ``dy`` of a program, is of what formulas have for each step, ``y_t``."""
    of = gradients.target_of(e, base)
    if of is None or e.world.find(of, e.position) is not None or not e.world.family(of):
        return False
    return family(e, of) is None


def entry_of(e: Interpreter, node: Node, places: list[int], stem: str) -> Node | None:
    """An entry counted from the base of the name: ``x_1`` is the first where nothing is called ``x_0``."""
    shape = sizes(node)
    if len(places) == 1 and places[0] > 9 and len(shape) == 2 and 1 not in shape:
        places = [int(c) for c in str(places[0])]
    base = e.world.bases.get(stem, 1)
    apart = e.world.apart if stem in e.world.entire else ()  # each layer has numbers of its own
    runs = [e.world.run_of(letter) for letter in apart]
    at = [p - next((run.start for run in runs if p in run), base) for p in places]
    if len(at) == 1 and node.ndim == 2 and 1 in shape:
        at = [at[0], 0] if shape[1] == 1 else [0, at[0]]
    if len(at) != node.ndim or any(not 0 <= k < n for k, n in zip(at, shape, strict=True)):
        return None
    return TABLE["getitem"](node, tuple(at))


def of_capital(e: Interpreter, key: Key) -> Node | None:
    """``w_{ki}^{(2)}`` beside the matrix ``W^{(2)}``: one of its entries.

    Authors count rows and columns in either order there, so this makes a line right, but none wrong.
    """
    base, _, accents = key.stem.partition(".")
    if len(base) != 1 or not base.islower() or len(key.indices) != 2 or accents:
        return None
    places = [k for k in key.indices if isinstance(k, int)]
    capital = Key(base.upper(), key.marks)
    if len(places) < 2 or not e.world.matrices or e.world.family(Key(key.stem, key.marks)):
        return None
    matrix = array_named(e, capital)
    if matrix is None or matrix.ndim != 2 or 1 in sizes(matrix):
        return None
    e.opened.add(f"{key} as an entry of {capital}")
    return entry_of(e, matrix, places, capital.stem)


def of_member(e: Interpreter, key: Key) -> Node | None:
    """``x_{ij}`` beside vectors ``x_i``: entry j of one of them."""
    places = [k for k in key.indices if isinstance(k, int)]
    if len(places) < 2 or len(key.indices) != 2 or key.marks or key.stem not in e.world.columns:
        return None
    if (key.stem, 1) in e.world.entry_sizes and e.world.family(Key(key.stem)):
        return None
    one = Key(key.stem, (), (places[0],))
    vector = e.plain(names.key_value(e, one, None, t.Symbol(key.stem, (0, 0))))
    return entry_of(e, vector, places[1:], key.stem) if vector.ndim == 2 else None


def is_padding(e: Interpreter, key: Key) -> bool:
    """Whether an entry lies outside its array, where entries count as zero: so do gradients of what is not there."""
    world = e.world
    if key.stem not in world.shifted:
        return False
    if not (world.pads or any(_is_of_outputs(e, d) for d in world.definitions.get(key.stem, ()))):
        return False
    for position, index in enumerate(key.indices):
        if not isinstance(index, int):
            return False
        size = world.entry_sizes.get((key.stem, position))
        first = world.bases.get(key.stem, world.first)
        above = size is not None and key.stem not in world.extended and index >= first + size
        if index < first or above:
            return True
    return False


def _is_of_outputs(e: Interpreter, made: Definition) -> bool:
    """``d_i = ∂L/∂z_i`` of results that have no neighbours: beside the first there is none."""
    value = made.value
    if not isinstance(value, t.Derivative) or not made.pattern.letters:
        return False
    return all(isinstance(w, t.Symbol) and stem_of(w) not in e.world.shifted for w in value.wrt)


def picked(e: Interpreter, node: Node, subscripts: tuple[t.Expr, ...], stem: str) -> Node:
    """The entry that indices behind a bracket tell: ``F(x)_0``, ``(A^{-1})_{ij}``."""
    places = [i for part in subscripts for i in indices_of(part, e.world.spelling, e.env)]
    if ":" in places and (line := _sliced(e, node, places, stem)) is not None:
        return line
    if not all(isinstance(p, int) for p in places):
        raise NotUnderstood("an index behind a bracket that is no number")
    found = entry_of(e, node, [int(p) for p in places], stem)
    if found is None and len(places) == 1:
        found = _line(e, node, int(places[0]), stem)
        if found is None:
            found = one_of_many.one_of(e, node, _nth(e, stem, int(places[0])), lies=True)
    if found is None:
        raise NotUnderstood(f"an entry of an array of shape {sizes(node)}")
    return found


def _sliced(e: Interpreter, node: Node, places: Sequence[Index], stem: str) -> Node | None:
    """``Z_{i,:}`` and ``Z_{:,j}``: a row and a column."""
    numbers = [p for p in places if isinstance(p, int)]
    if len(numbers) != 1 or len(places) != 2 or node.ndim != 2:
        return None
    return one_of_many.one_of(e, node, _nth(e, stem, numbers[0]), True, places[1] == ":")


def is_row(tree: t.Expr, world: World) -> bool:
    """``P_{i,:}`` and ``P_{:,j}`` of a P that is told."""
    if not isinstance(tree, t.Symbol) or stem_of(tree) not in world.definitions:
        return False
    return any(isinstance(s, t.Text) and s.text == ":" for s in tree.subscripts)


def _has_rows(e: Interpreter, stem: str) -> bool:
    """Whether ``Z_i`` may be a row of Z; where a row is called ``z_i``, it is something else."""
    wholes = e.world.stacks.wholes.items()
    return e.world.rows_are_examples and all(one == stem for one, of in wholes if of == stem)


def _line(e: Interpreter, node: Node, place: int, stem: str) -> Node | None:
    """``Z_i``: a row of a matrix, or a column, if the letter that is this number counts only one of them."""
    runs = {len(e.world.run_of(letter)) for letter, number in e.env.items() if number == place}
    if node.ndim != 2 or 1 in sizes(node) or len(runs) != 1:
        return None
    fits = [n in runs for n in sizes(node)]
    if fits.count(True) != 1:
        return None
    return one_of_many.one_of(e, node, _nth(e, stem, place), True, fits[0])


def _nth(e: Interpreter, stem: str, place: int) -> int:
    """Which one of its array, from 1, has this index."""
    return place - e.world.bases.get(stem, e.world.first) + 1


def family(e: Interpreter, key: Key) -> Node | None:
    """A name whose entries are defined one by one, as an array."""
    found = e.world.family(key)
    if not found:
        return _one_by_one(e, key)
    if any(_is_step(d) for d in found):
        return None  # the steps of an iteration are no entries
    slots = found[-1].pattern.indices[len(key.indices) :]
    if not all(kind == "letter" for kind, _, _ in slots):
        return None
    ranges = [e.world.run_of(str(letter)) for _, letter, _ in slots]
    if len(ranges) == 1:
        parts = [_member(e, key, (k,)) for k in ranges[0]]
        if any(p is None or p.shape for p in parts):
            return None  # the vectors of all steps are no vector
        whole = stacked([p for p in parts if p is not None])
        return reshaped(whole, (len(parts), 1)) if e.world.matrices else whole
    if len(ranges) == 2:
        rows = [[_member(e, key, (j, k)) for k in ranges[1]] for j in ranges[0]]
        if any(p is None for row in rows for p in row):
            return None
        return stacked([stacked([p for p in row if p is not None]) for row in rows])
    return None


def _one_by_one(e: Interpreter, key: Key) -> Node | None:
    """``z`` behind ``z_1 = …, z_2 = …, z_3 = …``."""
    parts = [_member(e, key, (n,)) for n in e.world.told_singly(key) or ()]
    known = [p for p in parts if p is not None and not p.shape]
    beneath = set(topological([x for p in known for x in p.inputs]))
    if not known or len(known) < len(parts) or not beneath.isdisjoint(known):
        return None  # a layer is made of the one before
    whole = stacked(known)
    return reshaped(whole, (len(known), 1)) if e.world.matrices else whole


def of_argument(e: Interpreter, key: Key) -> Node | None:
    """``x`` behind ``F(x) = (x_2, x_0, x_1)``: the array of what F is told by."""
    if key.indices or key.marks or key in e.world.given_shapes or e.world.shape(key):
        return None
    for definitions in e.world.definitions.values():
        for definition in definitions:
            if any(isinstance(p, t.Symbol) and p.base == key.stem for p in definition.params):
                numbers = _entries_in(e, definition.value, key.stem)
                if len(numbers) > 1:
                    parts = [e.node(numbers[k]) for k in sorted(numbers)]
                    whole = stacked(parts)
                    return reshaped(whole, (len(parts), 1)) if e.world.matrices else whole
    return None


def _entries_in(e: Interpreter, tree: t.Expr, stem: str) -> dict[int, t.Symbol]:
    """The entries of one name in a list, by their numbers; none where some are left out or it stands whole."""
    found: dict[int, t.Symbol] = {}
    for part in t.walk(tree) if isinstance(tree, t.Group) else ():
        if not isinstance(part, t.Symbol) or stem_of(part) != stem:
            continue
        at = e.whole(part.subscripts[0]) if len(part.subscripts) == 1 else None
        if at is None or part.scripts:
            return {}
        found[at] = part
    first = e.world.bases.get(stem, 1)
    return found if sorted(found) == list(range(first, first + len(found))) else {}


def of_function(e: Interpreter, head: t.Symbol, tree: t.Apply) -> Node | None:
    """``F(x)_i`` by the formula that entries have of their own."""
    if not tree.subscripts:
        return None
    named = replace(head, subscripts=(*head.subscripts, *tree.subscripts))
    key = sort(named, e.world.spelling, e.env).key
    found = e.world.find(key, e.position)
    return None if found is None or found[0].numeric else names.defined(e, key, *found)


def _is_step(definition: Definition) -> bool:
    """``x_{t+1} = x_t - …``, ``x_t = x_{t-1} - …``"""
    own = definition.pattern
    others = (p for p in t.walk(definition.value) if isinstance(p, t.Symbol))
    before = (p for p in others if stem_of(p) == own.stem and p.subscripts)
    return any(
        isinstance(p.subscripts[-1], t.Sum) or any(shift for _, _, shift in own.indices)
        for p in before
    )


def _member(e: Interpreter, key: Key, rest: tuple[int, ...]) -> Node | None:
    member = Key(key.stem, key.marks, key.indices + rest)
    found = e.world.find(member, e.position)
    return None if found is None else names.defined(e, member, *found)


def root(e: Interpreter, key: Key) -> Node | None:
    """``σ`` where only ``σ^2`` has a formula; the ``e`` of ``e^2 = (r - p)^2`` is what is squared, with its sign."""
    square = square_of(e, key)
    if square is None:
        return None
    name, definition, bound = square
    match definition.value:
        case t.Group(scripts=(t.Script(kind="plain", value=t.Number(text="2")),)) as body:
            return names.defined(
                e, key, replace(definition, value=replace(body, scripts=())), bound
            )
    return TABLE["sqrt"](names.defined(e, name, definition, bound))


def square(e: Interpreter, key: Key, tree: t.Symbol) -> Node | None:
    """``σ^2`` before the line that solves for it, where there is a σ as well: it is the square of that."""
    if key.marks[-1:] != (("^", 2),):
        return None
    base = Key(key.stem, key.marks[:-1], key.indices)
    return TABLE["square"](e.plain(names.key_value(e, base, None, tree)))


def square_of(e: Interpreter, key: Key) -> tuple[Key, Definition, dict[str, int]] | None:
    """The formula of ``σ^2`` where ``σ`` has none."""
    square = Key(key.stem, (*key.marks, ("^", 2)), key.indices)
    found = e.world.find(square, e.position) if key.stem in e.world.spelling.squared else None
    if found is None or found[0].numeric or found[0].position > e.position:
        return None
    return (square, *found)
