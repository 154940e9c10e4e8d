"""What is known of one example from all of them, and of all from one."""

from __future__ import annotations

from collections.abc import Collection, Set
from typing import TYPE_CHECKING

from dvar.check.meaning.keys import Key, letters_in, sort, stem_of
from dvar.check.meaning.values import count, is_vector, number, reshaped, sizes, stacked
from dvar.core.node import Node, topological
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t

if TYPE_CHECKING:
    from dvar.check.meaning.definitions import Definition
    from dvar.check.meaning.interpret import Interpreter
    from dvar.check.meaning.shaping import Shaping
    from dvar.check.meaning.unions import Item
    from dvar.check.meaning.world import World


def of_one(e: Interpreter, key: Key) -> Node | None:
    """``a^{(i)}`` where ``A`` is known: one of its columns, a number where ``A`` is a single row.

    ``x_{ij}`` is an entry where examples are rows.
    """
    from dvar.check.meaning.entries import array_named, entry_of

    stacks = e.world.stacks
    if stacks.rows and key.stem in stacks.by_index and len(key.indices) == 2 and not key.marks:
        data = array_named(e, Key(stacks.wholes[key.stem]))
        places = [i for i in key.indices if isinstance(i, int)]
        return None if data is None or len(places) < 2 else entry_of(e, data, places, key.stem)
    found = stacks.whole_of(key)
    if found is None:
        return None
    whole, example = found
    if not isinstance(example, int):
        return None
    node = array_named(e, whole)
    return None if node is None else one_of(e, node, example, lies=whole.stem == key.stem)


def applied(e: Interpreter, tree: t.Apply) -> Node | None:
    """``φ(x_n)`` beside ``Φ``: the row or column of this example."""
    from dvar.check.meaning.entries import array_named

    whole = e.world.stacks.applied.get(stem_of(tree.head))
    if whole is None or len(tree.args) != 1 or not isinstance(tree.args[0], t.Symbol):
        return _of_several(e, tree)
    indices = sort(tree.args[0], e.world.spelling, e.env).key.indices
    node = array_named(e, Key(whole))
    if node is None or len(indices) != 1 or not isinstance(indices[0], int):
        return None
    return one_of(e, node, indices[0])


def _of_several(e: Interpreter, tree: t.Apply) -> Node | None:
    """``K(x_i, x_j)`` beside ``K_{ij} = x_i^T x_j``: the entry for these two."""
    from dvar.check.meaning.names import defined

    args = [a for a in tree.args if isinstance(a, t.Symbol)]
    keys = [sort(a, e.world.spelling, e.env).key for a in args]
    if len(keys) != len(tree.args) or len(keys) < 2 or tree.head.subscripts:
        return None
    if len({key.stem for key in keys}) != 1 or any(len(key.indices) != 1 for key in keys):
        return None
    member = Key(stem_of(tree.head), (), tuple(key.indices[0] for key in keys))
    found = e.world.find(member, e.position)
    if found is None or found[0].params or found[0].is_recursive:
        return None
    told = {stem_of(p) for p in t.walk(found[0].value) if isinstance(p, t.Symbol)}
    return defined(e, member, *found) if keys[0].stem in told and found[0].pattern.letters else None


def one_of(
    e: Interpreter, node: Node, example: int, lies: bool = False, rows: bool | None = None
) -> Node | None:
    """One example of an array of them, as a column.

    Args:
        lies: whether one of several rows is wanted as a row.
        rows: whether examples are the rows; None where that is as in the whole document.
    """
    if node.ndim != 2:
        return None
    rows = e.world.stacks.rows if rows is None else rows
    n, size = sizes(node) if rows else sizes(node)[::-1]
    if not 0 < example <= n:
        return None
    picked = [
        TABLE["getitem"](node, (example - 1, k) if rows else (k, example - 1)) for k in range(size)
    ]
    if len(picked) == 1:
        return picked[0]
    return reshaped(stacked(picked), (1, size) if rows and lies else (size, 1))


def all_of(e: Interpreter, key: Key) -> Node | None:
    """``A`` where only ``a^{(i)}`` has a formula: those of all examples side by side."""
    from dvar.check.meaning.names import defined

    world = e.world
    columns: list[list[Node]] = []
    for stem, whole in world.stacks.wholes.items():
        if whole != key.stem or columns:
            continue
        letter = next(iter(sorted(world.stacks.letters)), "i")
        for example in world.run_of(letter):
            one = (
                Key(stem, key.marks, (example,))
                if stem in world.stacks.by_index
                else Key(stem, (*key.marks, ("p", example)), key.indices)
            )
            found = world.find(one, e.position)
            if found is None or found[0].numeric:
                return None
            entries = entries_of(defined(e, one, *found))
            if entries is None:
                return None
            columns.append(entries)
    if not columns or len({len(c) for c in columns}) != 1:
        return None
    lines = columns if world.stacks.rows else [list(line) for line in zip(*columns, strict=True)]
    return stacked([stacked(line) for line in lines])


def mean_of(e: Interpreter, key: Key) -> Node | None:
    r"""``\bar x`` beside ``x_i`` or ``x^{(i)}``, where nothing else is said of it: their mean."""
    from dvar.check.meaning.names import key_value

    base, _, accents = key.stem.partition(".")
    if accents != "bar" or key.marks or key.indices or key in e.world.bare_left:
        return None
    size = e.world.entry_sizes.get((base, 0))
    first = e.world.bases.get(base, e.world.first)
    keys = [Key(base, (), (k,)) for k in range(first, first + (size or 0))]
    if not keys and base in e.world.examples:
        letter = next(iter(sorted(e.world.stacks.letters)), "i")
        keys = [Key(base, (("p", k),)) for k in e.world.run_of(letter)]
    values = [e.plain(key_value(e, k, None, t.Symbol(base, (0, 0)))) for k in keys]
    if not values or len({v.shape for v in values}) != 1:
        return None
    total = values[0]
    for value in values[1:]:
        total = TABLE["add"](total, value)
    return TABLE["divide"](total, number(float(len(values))))


def list_of(e: Interpreter, key: Key, tree: t.Symbol) -> Node | None:
    """``y`` in ``X^T (X w - y)`` where every example has a ``y^{(i)}``: all of these below or beside each other."""
    from dvar.check.meaning.names import key_value

    stacks = e.world.stacks
    if key.stem not in stacks.listed or key.marks or key.indices or e.example is not None:
        return None
    letter = next(iter(sorted(stacks.letters)), "i")
    one = [
        e.plain(key_value(e, Key(key.stem, (("p", n),)), (), tree)) for n in e.world.run_of(letter)
    ]
    if not one or any(n.shape for n in one):
        return None
    return reshaped(stacked(one), (len(one), 1) if stacks.rows else (1, len(one)))


def entries_of(node: Node) -> list[Node] | None:
    """The entries of a number, a column or a row."""
    if not node.shape:
        return [node]
    shape = sizes(node)
    if node.ndim == 1:
        return [TABLE["getitem"](node, (k,)) for k in range(shape[0])]
    if node.ndim != 2 or 1 not in shape:
        return None
    if shape[1] == 1:
        return [TABLE["getitem"](node, (k, 0)) for k in range(shape[0])]
    return [TABLE["getitem"](node, (0, k)) for k in range(shape[1])]


def as_loss(world: World, definition: Definition, node: Node) -> Node:
    """A loss is a number: ``\\frac{1}{N} \\sum_n (\\hat y_n - y_n)^2`` of vectors adds up their entries."""
    if not node.shape:
        return node
    pattern = definition.pattern
    losses = {key.stem for key in world.loss_names}
    if pattern.stem in losses and count(node) == 1:
        return reshaped(node, ())
    if not world.stacks.wholes:
        return TABLE["sum"](node) if _adds_entries(world, definition, node, losses) else node
    sums = any(
        isinstance(p, t.Big) and set(p.indices) & world.stacks.letters
        for p in t.walk(definition.value)
    )
    if pattern.stem not in losses or pattern.indices or pattern.marks or not sums:
        return node
    return TABLE["sum"](node)


def _adds_entries(world: World, definition: Definition, node: Node, losses: Set[str]) -> bool:
    """``L = -y \\log \\hat y`` of vectors, written without its sum; not where another loss adds them up."""
    stem = definition.pattern.stem
    if stem not in losses or definition.code or not is_vector(node):
        return False
    if not any(n.op is TABLE["softmax"] for n in topological([node])):
        return False
    others = (d for name in losses for d in world.definitions.get(name, ()) if d is not definition)
    names = (p for d in others for p in t.walk(d.value) if isinstance(p, t.Symbol))
    return not any(stem_of(p) == stem and not (p.subscripts or p.scripts) for p in names)


def entry_of_many(s: Shaping, symbol: t.Symbol, key: Key) -> tuple[Item, ...]:
    """The shape of ``P_k^{(i)}`` beside ``P``: a number, and the axes of P are as long as the two letters run."""
    whole, stacks = s.find(Key(key.stem)), s.world.stacks
    if whole is not None and len(whole) == 2:
        example, size = whole if stacks.rows else whole[::-1]
        letter = shared_letter(symbol, stacks.letters)
        if letter is not None:
            s.join(example, ("letter", letter))
        if isinstance(key.indices[0], str):
            s.join(size, ("letter", key.indices[0]))
    return ()


def shared_letter(symbol: t.Symbol, letters: Collection[str]) -> str | None:
    """The letter that counts examples in a name."""
    scripts = [s.value for s in symbol.scripts if s.kind == "paren" and s.value is not None]
    for part in (*scripts, *symbol.subscripts):
        for letter in letters_in(part):
            if letter in letters:
                return letter
    return None
