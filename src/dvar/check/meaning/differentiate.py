"""Derivatives: ∂A/∂B as the sweep finds it, whatever A and B are."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dvar.check.meaning import (
    chains,
    chance,
    ends,
    functions,
    gradients,
    implicit,
    inverse,
    nabla,
    nearly,
    slopes,
)
from dvar.check.meaning.alphabet import TIMES
from dvar.check.meaning.keys import Key, letters_in, sort, stem_of
from dvar.check.meaning.sweeps import gradient_at, seeds
from dvar.check.meaning.values import (
    UNCONNECTED,
    Jacobian,
    NotUnderstood,
    Unconnected,
    Value,
    count,
    reshaped,
    sizes,
    squeezed,
)
from dvar.core.letters import GREEK
from dvar.core.node import Node, topological
from dvar.core.op import CONSTANT
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import same_tree

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter

LARGEST = 64
"""Entries of a numerator; a Jacobian takes one sweep for each."""
PARTIAL = "partial derivative, other names held fixed"
"""A reading that may make a line right, but not wrong."""
_TIMES = frozenset("tTn")
"""Letters of times and steps: what carries them may depend on what went before."""


@dataclass(frozen=True)
class Place:
    """What a derivative is taken with respect to: a node, some of its entries, or several nodes.

    Attributes:
        parts: nodes, each with the entry meant or None for all of it.
        shape: of the whole.
    """

    parts: tuple[tuple[Node, tuple[int, ...] | None], ...]
    shape: tuple[int, ...]


def derivative(e: Interpreter, tree: t.Derivative) -> Value:
    if tree.of is None:
        raise NotUnderstood("a derivative of nothing")
    if (there := slopes.at_point(e, tree)) is not None:
        return there
    alone = chance.shortened(e, tree.of) if tree.operator else None
    if alone is not None and not chance.goes_on(alone):
        if e.choices.pick([("of all", False), ("of the logarithm alone", True)]):
            slope = replace(tree, of=alone.factors[0])
            return e.value(replace(alone, factors=(slope, *alone.factors[1:])))
    if not tree.wrt:
        return nabla.nabla(e, tree)
    if tree.spelling == "nabla" and (key := key_of(e, tree.of)) is not None:
        e.world.nablas[key] = tree.wrt[0]
    if tree.spelling == "subscript" and (told := _by_index(e, tree.wrt[0])) is not None:
        letter, number_, by = told
        return between(e, numerator(e, tree.of), place_of(e.inside({letter: number_}), by))
    if tree.spelling == "subscript" and (along := slopes.along(e, tree)) is not None:
        return along
    if len(tree.wrt) > 1:
        return _higher(e, tree)
    value = nabla.or_determinant(e, tree, first_order(e, tree.of, tree.wrt[0]))
    if isinstance(value, Jacobian) and _is_transposed(tree.wrt[0]) and not value.of_shape:
        if len(squeezed(value.wrt_shape)) == 2:
            turned: Value = TABLE["transpose"](reshaped(value.node, value.wrt_shape))
            return e.choices.pick([("laid out like the transpose", turned), ("as it is", value)])
    return value


def _is_transposed(tree: t.Expr) -> bool:
    return isinstance(tree, t.Symbol) and any(s.kind == "transpose" for s in tree.scripts)


def _by_index(e: Interpreter, wrt: t.Expr) -> tuple[str, int, t.Symbol] | None:
    """What ``D_j`` is taken by, where the document has said so."""
    told = e.world.direction
    number_ = e.whole(wrt) if told is not None else None
    if told is None or number_ is None or not isinstance(wrt, t.Symbol) or wrt.subscripts:
        return None
    return told[0], number_, told[1]


def whole_jacobian(e: Interpreter, tree: t.Product) -> Value | None:
    """``DS``, where ``D_j S_i`` is ``∂S_i/∂a_j``: all of them at once."""
    told = e.world.direction
    if told is None or len(tree.factors) != 2 or not isinstance(tree.factors[0], t.Symbol):
        return None
    operator = tree.factors[0]
    if operator.base != "D" or operator.subscripts or e.world.find(Key("D"), e.position):
        return None
    by = replace(told[1], subscripts=())
    return between(e, numerator(e, tree.factors[1]), place_of(e, by))


def first_order(e: Interpreter, of: t.Expr, wrt: t.Expr) -> Value:
    if (columns := chains.stacked_name(wrt)) is not None:
        return chains.by_columns(first_order(e, of, columns))
    of = _with_argument(e, of, wrt)
    place = place_of(e, wrt)
    key = key_of(e, of)
    is_apart = key is not None and key != key_of(e, wrt) and not _is_entry_beside(of, wrt)
    if key is not None and is_apart and gradients.is_open(e, key):
        return gradients.of_open(e, key, place, key_of(e, wrt))
    top = numerator(e, of)
    if not _reaches(top, place):
        place = _spelled_matrix(e, of, wrt) or place
    apart = slopes.other_arguments(e, key, wrt)
    held = total = None
    if apart and _reaches(top, place):
        held, total = jacobian(top, place, apart), jacobian(top, place)
    is_same = held is not None and total is not None and held.node is total.node
    if (apart and not is_same) or slopes.is_made_of_another(e, key, wrt):
        e.choices.suppose(PARTIAL)  # what is called y elsewhere need not be this argument
    if held is not None and total is not None and not is_same:
        return e.choices.pick([("its other arguments held fixed", held), ("total", total)])
    return between(e, top, place, key)


def _with_argument(e: Interpreter, of: t.Expr, wrt: t.Expr) -> t.Expr:
    """``∂lse/∂x_i`` of a function that has a name of its own: of ``lse(x)``."""
    if not isinstance(of, t.Symbol) or of.subscripts or of.scripts:
        return of
    places = e.world.dependent.get(Key(of.base), ())
    if e.world.is_function(of.base) and len(places) == 1 and same_tree(places[0], wrt):
        return t.Apply(of, places, of.span)  # df/dx beside f(x + h)
    if len(of.base) < 2:
        return of
    if e.world.is_function(of.base) and of.base in functions.SIGMAS:
        return slopes.applied(e, of, wrt)
    if not functions.is_known(of.base) or not isinstance(wrt, t.Symbol) or wrt.scripts:
        return of
    if e.world.find(Key(of.base), e.position) is not None or of.base in GREEK:
        return of
    whole = functions.named(of.base) not in functions.ELEMENTWISE
    argument = replace(wrt, subscripts=()) if whole and wrt.subscripts else wrt
    return t.Call(functions.named(of.base), (argument,), of.span)


def by_place(e: Interpreter, of: t.Expr, place: Place, target: Key | None) -> Value:
    """The derivative of an expression, or of a function that is left open."""
    key = key_of(e, of)
    if key is not None and gradients.is_open(e, key):
        return gradients.of_open(e, key, place, target)
    return between(e, numerator(e, of), place, key)


def _is_entry_beside(of: t.Expr, wrt: t.Expr) -> bool:
    """``∂x_i/∂x_j``: two entries of one name do not depend on each other, as ``h_t`` does on ``h_{t-1}``."""
    if not isinstance(of, t.Symbol) or not isinstance(wrt, t.Symbol) or not of.subscripts:
        return False
    apart = any(isinstance(sub, t.Sum) for sub in (*of.subscripts, *wrt.subscripts))
    same = stem_of(of) == stem_of(wrt) and len(of.subscripts) == len(wrt.subscripts)
    return same and not apart and set(letters_in(of.subscripts[0])).isdisjoint(_TIMES)


def _reaches(top: Node, place: Place) -> bool:
    under = set(topological([top]))
    return any(node in under for node, _ in place.parts)


def _spelled_matrix(e: Interpreter, of: t.Expr, wrt: t.Expr) -> Place | None:
    """``∂/∂X`` of a formula in which X is spelled out as the matrix of its entries x."""
    if not isinstance(wrt, t.Symbol) or not wrt.base.isupper():
        return None
    for part in t.walk(of):
        if isinstance(part, t.Matrix):
            entries = [entry for row in part.rows for entry in row]
            if all(isinstance(x, t.Symbol) and x.base == wrt.base.lower() for x in entries):
                return place_at(e.node(replace(part, scripts=())))
    return None


def numerator(e: Interpreter, tree: t.Expr) -> Node:
    """What is differentiated; ``L(a, y)`` in a numerator is L."""
    if t.is_bracketed(tree):
        return numerator(e, tree.items[0])
    if isinstance(tree, t.Apply) and (key := key_of(e, tree)) in e.world.loss_names:
        known = e.world.find(key, e.position)
        tree = tree if known is None or known[0].params else tree.head  # of ∂C(a - b)/∂a
    return e.node(tree)


def key_of(e: Interpreter, tree: t.Expr) -> Key | None:
    """The name that an expression is, if it is no more than one."""
    if t.is_bracketed(tree):
        return key_of(e, tree.items[0])
    if isinstance(tree, t.Apply) and not tree.scripts and not tree.subscripts and not tree.primes:
        base, key = tree.head.base, key_of(e, tree.head)
        known = len(base) > 1 and functions.is_known(base)
        known |= base in e.world.densities and bool(tree.args)
        return None if known or (key is not None and _is_logistic(e, tree.head, key)) else key
    if not isinstance(tree, t.Symbol) or tree.primes:
        return None
    name = sort(tree, e.world.spelling, e.env)
    return None if name.operations else name.key


def _is_logistic(e: Interpreter, head: t.Symbol, key: Key) -> bool:
    """``σ(x)`` where nothing else is said of σ: a known function, not one that is left open."""
    if head.base not in functions.SIGMAS or head.accents or key.stem in e.world.plain:
        return False
    return e.world.find(key, e.position) is None


def place_of(e: Interpreter, tree: t.Expr) -> Place:
    """Where a derivative is taken."""
    if t.is_bracketed(tree):
        return place_of(e, tree.items[0])
    if isinstance(tree, t.Symbol) and _is_transposed(tree):
        tree = replace(tree, scripts=tuple(s for s in tree.scripts if s.kind != "transpose"))
    return place_at(e.node(tree))


def place_at(node: Node) -> Place:
    """The place a node is: an entry of an array, a list of names, or itself."""
    inner = node.inputs[0] if node.op is TABLE["float64"] else node
    shape = sizes(node)
    entry = _entry(inner)
    if entry is not None:
        return Place((entry,), ())
    parts = _members(inner)
    if parts is not None:
        return Place(tuple(_entry(p) or (p, None) for p in parts), shape)
    if node.op is CONSTANT:
        raise NotUnderstood("a derivative with respect to a number")
    return Place(((node, None),), shape)


def _entry(node: Node) -> tuple[Node, tuple[int, ...]] | None:
    """The array of which a node is an entry, and where."""
    if node.op is TABLE["float64"]:
        node = node.inputs[0]
    if node.op is not TABLE["getitem"]:
        return None
    index = node.param("index")
    if not all(isinstance(k, int) for k in index):
        return None
    return node.inputs[0], tuple(int(k) for k in index)


def _members(node: Node) -> list[Node] | None:
    """The scalars an array was put together from, in order."""
    if node.op is TABLE["reshape"]:
        return _members(node.inputs[0])
    if node.op is TABLE["stack"]:
        found: list[Node] = []
        for part in node.inputs:
            if part.shape:
                inner = _members(part)
                if inner is None:
                    return None
                found += inner
            else:
                found.append(part)
        return found
    return None


# ── the sweep ───────────────────────────────────────────────────────────────────────────────────


def between(e: Interpreter, top: Node, place: Place, key: Key | None = None) -> Value:
    """∂top/∂place.

    Raises NotUnderstood where ``top`` does not depend on the place: the names do not mean what we took them for.
    """
    nodes = [node for node, _ in place.parts]
    under = set(topological([top]))
    if (curved := implicit.along(e, top, place, key)) is not None:
        return curved
    if (with_open := ends.with_open_losses(e, top, place)) is not None:
        return with_open
    is_apart = not any(node in under for node in nodes)
    if is_apart or nodes[0].op is TABLE["inv"] or e.world.is_not_in(top, nodes):
        turned = inverse.by_inverse(top, place)
        if turned is not None:
            if nodes[0].op is not TABLE["inv"]:
                e.choices.suppose(PARTIAL)
            plain = [] if is_apart else [("by what it has of it", jacobian(top, place))]
            return e.choices.pick([("by the inverse function", turned), *plain])
    if is_apart:
        rescue = gradients.without_path(e, top, place, key)
        rescue = nearly.by_other_name(e, top, place) if rescue is None else rescue
        if rescue is not None:
            return rescue
        if not e.may_vanish:
            raise Unconnected(f"{UNCONNECTED}{_about(e, top, nodes)}")
    options = [("total derivative", jacobian(top, place))]
    beneath = set() if e.world.is_loss(top) else e.world.named_below(top, nodes)
    later = [{n} for n in beneath if e.world.is_told_later(n, e.position)]
    for held in (beneath, *later, _of_other_steps(e, top, under)):
        explicit = set(topological([top], held))
        partial = jacobian(top, place, held) if held and explicit & {*nodes} else options[0][1]
        if all(partial.node is not other.node for _, other in options):
            options.append((PARTIAL, partial))
    return e.choices.pick(options)


def _of_other_steps(e: Interpreter, top: Node, under: Set[Node]) -> set[Node]:
    """The s of other steps beneath ``s_t = φ(z_t)``; all of other steps, ``∂L_t/∂W = δ_t x_tᵀ`` is what t has of it."""
    named = e.world.named
    key = named.get(top)
    if key is None or not (key.indices or key.marks):
        return set()
    now = {e.env[c] for c in TIMES if c in e.env} & _steps(key)
    others = ((n, named[n]) for n in under & named.keys() if n is not top)
    return {
        n for n, k in others if k.stem == key.stem or (now and _steps(k) and not now & _steps(k))
    }


def _steps(key: Key) -> set[int]:
    return {i for i in (*key.indices, *(v for _, v in key.marks)) if isinstance(i, int)}


def _about(e: Interpreter, top: Node, nodes: Sequence[Node]) -> str:
    names = [e.world.named.get(n) or e.world.keys.get(n) for n in (top, *nodes[:1])]
    shown = [str(n) for n in names if n is not None]
    return f" ({', '.join(shown)})" if shown else ""


def jacobian(top: Node, place: Place, beneath: set[Node] | None = None) -> Jacobian:
    """All partial derivatives; the nodes ``beneath`` are held fixed."""
    top_shape = sizes(top)
    if count(top) > LARGEST or sum(count(n) for n, _ in place.parts) > 400:
        raise NotUnderstood("a derivative of this size")
    rows = [gradient_at(top, seed, place, beneath) for seed in seeds(top)]
    if not squeezed(top_shape):
        node = rows[0]
    else:
        node = TABLE["stack"](rows)
        node = reshaped(node, (*squeezed(top_shape), *squeezed(place.shape)))
    return Jacobian(place_parts(top), place.parts, node, top_shape, place.shape)


def pulled_back(top: Node, upstream: Node, place: Place) -> Node:
    """What a gradient by ``top`` sends to a place: one sweep, where a Jacobian takes one a row."""
    return gradient_at(top, reshaped(upstream, sizes(top)), place, None)


def sent_back(
    e: Interpreter, place: Place, result: Node, upstream: Callable[[Node], Value]
) -> Jacobian:
    """What one result sends back to a name: the gradient at the result, joined with the local derivative."""
    above = upstream(result)
    local = jacobian(result, place, e.world.named_below(result, [node for node, _ in place.parts]))
    if not isinstance(above, Jacobian) or not chains.links(above, local):
        raise NotUnderstood("what a result sends back")
    return chains.join(above, local)


def place_parts(node: Node) -> object:
    try:
        return place_at(node).parts
    except NotUnderstood:
        return node


def _higher(e: Interpreter, tree: t.Derivative) -> Value:
    """``∂²f/∂x∂y``: one derivative after the other."""
    assert tree.of is not None
    *outer, inner = tree.wrt
    if len(outer) > 2:
        raise NotUnderstood("a derivative of higher than third order")
    value: Value = first_order(e, tree.of, inner)
    for wrt in reversed(outer):
        if not isinstance(value, Jacobian):
            raise NotUnderstood("a second derivative of this kind")
        if value.is_open and not _reaches(value.node, place_of(e, inner)):
            raise NotUnderstood("how a slope changes of which no formula is told")
        second = implicit.total(e, value.node, place_of(e, wrt))
        of, shape = ("second", value.of, value.wrt), (*value.of_shape, *value.wrt_shape)
        value = Jacobian(of, second.wrt, second.node, shape, second.wrt_shape)
    return value
