"""Gradients of a batch whose shapes cannot be right: no sum over the examples, a transpose too few.

A shape that does not fit is a fault of the reading as often as one of the author.  It counts where the document
has said what the examples are, and one change makes the line right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from itertools import product as every

from dvar.check.cause.bends import turned
from dvar.check.cause.turning import reversed_products
from dvar.check.judge import links
from dvar.check.judge.compare import compare
from dvar.check.judge.links import Link
from dvar.check.judge.place import Place
from dvar.check.meaning import gradients, shares
from dvar.check.meaning.keys import Key, family_of, letters_in, sort, stem_of
from dvar.check.meaning.letters import parts
from dvar.check.meaning.patterns import letters_within
from dvar.check.meaning.ranks import relettered
from dvar.check.meaning.values import (
    OUTER,
    Jacobian,
    NotUnderstood,
    Value,
    node_of,
    sizes,
    squeezed,
)
from dvar.check.meaning.world import World
from dvar.check.report import Judgement
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member, Statement

NO_SUM = "the sum over the examples is missing"
NO_FIT = "the shapes do not fit"
_SAID = ("the two sides have shapes", "the product of shapes")
_UNFIT = re.compile(
    r"the two sides have shapes|the product of shapes|shapes \S+ and \S+ do not fit"
)
READINGS = 6
TRIED = 12
"""So many changes of a formula are tried."""


def of_examples(
    place: Place, left: t.Expr, right: t.Expr, envs: Sequence[Mapping[str, int]], link: Link
) -> Link | None:
    """The fault of a gradient by a parameter that has not the shape of the parameter."""
    world = place.world
    if not world.stacks.wholes or len(envs) != 1:
        return None
    if link.verdict != "wrong" and not link.why.startswith(_SAID):
        return None
    value = _gradient_by_parameter(place, left, envs[0])
    if value is None:
        return None
    written = None if link.right is None or _adds_up(right) else node_of(link.right)
    if written is not None and written.ndim == 2:
        examples = 0 if world.stacks.rows else 1
        summed = TABLE["sum"](written, axis=examples, keepdims=True)
        if sizes(written)[examples] > 1 and compare(value, summed).holds:
            return Link("wrong", NO_SUM, value, link.right, opened=link.opened)
    if link.verdict == "wrong" or link.right is not None or not _holds_examples(place, right):
        return None
    for n, bend in enumerate(turned(right, "")):
        if n >= TRIED:
            break
        tried = links.as_functions(world, place.position, left, bend.tree, envs, limit=READINGS)
        if tried.verdict == "ok":
            return Link("wrong", NO_FIT, value, None)
    return None


def are_said(place: Place, *trees: t.Expr | None) -> bool:
    """Whether the document says the shapes of all arrays in formulas, or computes them."""
    world = place.world
    names = [p for tree in trees if tree for p in t.walk(tree) if isinstance(p, t.Symbol)]
    keys = (sort(name, world.spelling, {}).key for name in names)
    arrays = [key for key in keys if world.shape(key)]
    open_ = [key for key in arrays if world.find(key, place.position) is None]
    return bool(open_) and world.declared.issuperset(open_)


def is_said(message: str) -> bool:
    """Whether a line was not understood because shapes do not fit."""
    return _UNFIT.search(message) is not None


def note_care(place: Place, judged: Sequence[tuple[Member, Member, Link]]) -> None:
    """Count gradients of arrays with a transpose where it is due, and see those without it."""
    layouts = place.world.layouts
    for _, member, link in judged:
        if link.verdict != "ok" or link.left is None or member.expr is None:
            continue
        is_gradient = isinstance(link.left, Jacobian) or link.left in place.world.gradients
        is_turned = any(
            isinstance(p, t.Script) and p.kind == "transpose" for p in t.walk(member.expr)
        )
        layouts.careful += is_gradient and is_turned
        if is_gradient and link.why == OUTER and not is_turned:
            if not place.code and not _is_schematic(member.expr) and not _is_by_matrix(member.expr):
                layouts.loose.add(place.position)


def without_transpose(judgement: Judgement) -> Judgement:
    """``δ h`` for ``δ hᵀ`` in a document that turns all others."""
    said = "a product of two columns does not exist; one of them is to be transposed"
    return replace(
        judgement, verdict="wrong", cause="transpose", causes=("transpose",), message=said
    )


def of_layout(
    place: Place, left: t.Expr, right: t.Expr, envs: Sequence[Mapping[str, int]], link: Link
) -> Link | None:
    """A gradient that one transpose makes right, in a document that sets them with care."""
    world = place.world
    if link.verdict != "unknown" or not is_said(link.why):
        return None
    is_minded = world.layouts.careful and _are_declared(place, right)
    if not world.layouts.fits and not is_minded:
        return None
    value = _gradient(place, left, envs[0] if envs else {})
    if value is None or _is_schematic(right):
        return None
    for n, bend in enumerate(chain(turned(right, ""), reversed_products(right, ""))):
        if n >= TRIED:
            break
        tried = links.as_functions(world, place.position, left, bend.tree, envs, limit=READINGS)
        if tried.verdict == "ok":
            return Link("wrong", NO_FIT, value, None, causes=("transpose",))
    return None


def _are_declared(place: Place, tree: t.Expr) -> bool:
    """Whether the shapes of all matrices in a formula have been told, or follow from formulas."""
    names = [p for p in t.walk(tree) if isinstance(p, t.Symbol) and p.base[:1].isupper()]
    told = place.world.given_shapes
    keys = [sort(name, place.world.spelling, {}).key for name in names]
    return bool(told) and all(
        key in told or family_of(key) in told or _is_computed(place, key) for key in keys
    )


def _is_computed(place: Place, key: Key) -> bool:
    found = place.world.find(key, place.position)
    return found is not None and not found[0].numeric


def _is_schematic(tree: t.Expr) -> bool:
    """``∂L/∂z ∂z/∂W``: a chain that tells the links, and leaves their order open."""
    return any(
        isinstance(p, t.Product) and sum(isinstance(f, t.Derivative) for f in p.factors) > 1
        for p in t.walk(tree)
    )


def _is_by_matrix(tree: t.Expr) -> bool:
    """``δ ∂z/∂W``: a link of a chain that has more than two axes."""
    wrt = [w for p in t.walk(tree) if isinstance(p, t.Derivative) for w in p.wrt]
    return any(isinstance(w, t.Symbol) and w.base[:1].isupper() and not w.subscripts for w in wrt)


def _gradient(place: Place, left: t.Expr, env: Mapping[str, int]) -> Value | None:
    """The left side, if it is the gradient of a number."""
    reader = place.reader(env=dict(env))
    try:
        value = reader.value(left)
    except NotUnderstood:
        return None
    if isinstance(value, Jacobian):
        return None if squeezed(value.of_shape) else value
    return value if value in place.world.gradients else None


def _adds_up(tree: t.Expr) -> bool:
    """Whether a formula has a sum of its own, so that none was forgotten."""
    return any(isinstance(part, t.Big) for part in t.walk(tree))


def _gradient_by_parameter(place: Place, left: t.Expr, env: Mapping[str, int]) -> Value | None:
    """What the left side is, if it is the gradient of a number by an open name that all examples share."""
    reader = place.reader(env=dict(env))
    if isinstance(left, t.Symbol):
        target = gradients.target_of(reader, sort(left, place.world.spelling, env).key)
    elif (
        isinstance(left, t.Derivative) and len(left.wrt) == 1 and isinstance(left.wrt[0], t.Symbol)
    ):
        target = sort(left.wrt[0], place.world.spelling, env).key
    else:
        return None
    if target is None or shares.is_result(reader, target):
        return None
    try:
        value = reader.value(left)
    except NotUnderstood:
        return None
    return None if isinstance(value, Jacobian) and value.of_shape else value


def _holds_examples(place: Place, tree: t.Expr) -> bool:
    """Whether names of all examples take part."""
    stacks = place.world.stacks
    wholes = set(stacks.wholes.values()) | {key.stem for key in stacks.many}
    return any(
        isinstance(part, t.Symbol) and sort(part, place.world.spelling, {}).key.stem in wholes
        for part in t.walk(tree)
    )


def of_one_layer(place: Place, left: t.Expr, right: t.Expr, link: Link) -> Link | None:
    """A link that holds if its letters count the units of one layer: i and j of ``∂p_j/∂z_i``, wherever i counts inputs."""
    world = place.world
    if link.verdict != "unknown" or not world.apart:
        return None
    used = world.apart & (letters_within(left) | letters_within(right))
    summed = {
        c for p in chain(t.walk(left), t.walk(right)) if isinstance(p, t.Big) for c in p.indices
    }
    for layer in sorted(world.apart, reverse=True):
        if {world.starts[c] for c in used} in (set(), {world.starts[layer]}):
            continue  # as it was read
        with _moved(world, used, layer):
            envs = links.assignments(world, [left, right], place.conditions, place.position)
        with _moved(world, used & summed, layer):
            held = links.as_functions(world, place.position, left, right, envs, code=place.code)
        if envs and held.verdict in ("ok", "convention"):
            return held
    return None


@contextmanager
def of_last_layer(world: World, statement: Statement) -> Iterator[bool]:
    """Within this block the loss sums over the last layer, ``E = ½Σ_j (t_j - o_j)²`` where j leads to k; whether it does.

    Formulas for hidden units come after those for the outputs, which have the same letter.
    """
    sums = [p for p in parts([statement]) if isinstance(p, t.Big)]
    summed = {c for p in sums for c in p.indices}
    above = max(summed & world.apart, key=world.starts.__getitem__, default="")
    if not above:
        yield False
        return
    with world.read_anew():
        moved = 0
        for stem in {loss.stem for loss in world.loss_names}:
            for told in world.definitions.get(stem, ()):
                sums = [p for p in t.walk(told.value) if isinstance(p, t.Big)]
                below = {c for p in sums for c in p.indices if c in world.apart}
                below = {c for c in below if world.starts[c] < world.starts[above]}
                value = relettered(told.value, dict.fromkeys(below, above))
                moved += bool(below) and world.exchange(stem, [told.value], value)
        yield moved > 0


@contextmanager
def _moved(world: World, letters: Set[str], layer: str) -> Iterator[None]:
    """Within this block some letters count the units that another one does."""
    with world.read_anew():
        world.starts.update(dict.fromkeys(letters, world.starts[layer]))
        world.sizes = {**world.sizes, **dict.fromkeys(letters, world.size(layer))}
        yield


def off_diagonal(
    world: World, tree: t.Expr, envs: Sequence[Mapping[str, int]]
) -> list[Mapping[str, int]]:
    """Those of the numbers for index letters at which ``∂p_k/∂z_c`` is by another entry: k is not c.

    So is ``∂L(x_i)/∂s_{i,j}``, by that name or another: what an example is compared with is not that example.
    Nor is j the chosen y in ``∂L/∂z_j = p_j`` where ``∂L/∂z_y`` has a line of its own.
    """
    if isinstance(tree, t.Symbol):
        made = [d.value for d in world.definitions.get(stem_of(tree), ()) if d.pattern.letters]
        tree = made[-1] if made else tree
    chosen = {c: choice.number(c) for c, choice in world.spelling.chosen.items()}
    pairs: list[tuple[str, str]] = []
    for part in t.walk(tree):
        of = part.of if isinstance(part, t.Derivative) else None
        for name in part.wrt if isinstance(part, t.Derivative) else ():
            if not isinstance(of, t.Symbol | t.Apply) or not isinstance(name, t.Symbol):
                continue
            told = [c for c in chosen if Key(stem_of(name), (), (c,)) in world.denominators]
            letters = every([*letters_in(of), *told], letters_in(name))
            pairs += [(a, b) for a, b in letters if a != b]
    places = ((e, {**chosen, **e}) for e in envs)
    return [e for e, at in places if all(at.get(a, -1) != at.get(b, -2) for a, b in pairs)]
