"""What a document's notation shows before a single formula is read: indices, layers, functions, shapes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from dvar.check.meaning import batches, blocks, members, random_names, simplex, slopes
from dvar.check.meaning.alphabet import WEIGHTS
from dvar.check.meaning.columns import is_turned, plain_entries
from dvar.check.meaning.keys import Key, Spelling, general, sort, stem_of, unwrapped
from dvar.check.meaning.letters import parts
from dvar.check.meaning.matrices import between_layers, matrices_in
from dvar.check.meaning.simplex import index_letters
from dvar.check.meaning.turned import by_primes
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

_LOSS_WORDS = re.compile(
    r"^(loss|cost|error|obj|objective|nll|mse|bce|ce|risk|energy|reg)$", re.IGNORECASE
)
_ONE_EXAMPLE = re.compile(
    r"\b(only|just|a) (one|single|1) (training |data )?(sample|example|observation|point|pair)\b"
)
_NORMAL = re.compile(
    r"\b(gelu|probit|(standard )?(normal|gaussian)( \w+)? (law|distribution|density|cdf|pdf|variable))\b|"
    r"distribution function",
    re.IGNORECASE,
)
_MOVED = frozenset("fgFGhJLuy")
"""Letters that are functions where they are taken at two places, one a step from the other."""
_LOSS_LETTERS = frozenset(["L", "J", "C", "E", "Q", "ell", "l", "R"])


# ── a world ─────────────────────────────────────────────────────────────────────────────────────


def survey(world: World, statements: Sequence[Statement], prose: str) -> None:
    """Put what the notation of a problem shows into its world."""
    _see_uses(world, statements)
    _see_losses(world, statements)
    _see_matrices(world, statements, prose)
    simplex.see(world, statements, prose)
    _see_below(world, statements)
    world.columns |= blocks.vectors(statements)
    members.see(world, prose)
    world.stationary = slopes.stationary(statements)
    world.helpers = slopes.helpers(statements)
    random_names.see(world, statements)
    vec = any(isinstance(p, t.Call) and p.name == "vec" for p in parts(statements))
    world.kroneckers = vec or "kronecker product" in prose.lower()
    low = prose.lower()
    world.has_normal_law = _NORMAL.search(prose) is not None
    world.has_noise = "noise" in low
    world.has_one_example = _ONE_EXAMPLE.search(low) is not None
    world.numerator_layout = "numerator layout" in low or "numerator-layout" in low
    batches.see(world, statements, low)


_INCREMENT = re.compile(r"d[A-Z]")


def _see_below(world: World, statements: Sequence[Statement]) -> None:
    for part in parts(statements):
        if isinstance(part, t.Quotient):
            below = unwrapped(part.below)
            if isinstance(below, t.Symbol):
                world.below.add(stem_of(below))


def _heads(statements: Sequence[Statement]) -> tuple[set[int], list[t.Apply]]:
    applies = [p for p in parts(statements) if isinstance(p, t.Apply)]
    return {id(a.head) for a in applies}, applies


def _see_uses(world: World, statements: Sequence[Statement]) -> None:
    heads, applies = _heads(statements)
    spelling = world.spelling
    mentioned = _mentioned(statements)
    seen: Counter[str] = Counter()  # how much oftener a name is that of one example than without
    for part in parts(statements):
        world.has_unit_entries |= isinstance(part, t.Sum) and _has_unit_entry(part)
        if not isinstance(part, t.Symbol):
            continue
        key = sort(part, spelling, {}).key
        if id(part) not in heads and id(part) not in mentioned:
            world.plain.add(key.stem)
        world.bare.add(key)
        if not key.marks:
            seen[key.stem] -= 1
        elif any(kind == "p" and str(v) in spelling.letters for kind, v in key.marks):
            seen[key.stem] += 1
        if any(i == 0 for i in key.indices):
            world.bases[key.stem] = 0
        if key.stem == "delta" and part.subscripts and len(index_letters(part)) == 2:
            world.kronecker = True
    world.examples = {stem for stem, more in seen.items() if more > 0}
    world.has_circle = _has_circle(statements)
    _see_left_sides(world, statements)
    _see_applied(world, applies)


def _has_circle(statements: Sequence[Statement]) -> bool:
    """Whether π stands behind numbers only where it has no index, ``√(2π)``: the number, whatever ``π_k`` are."""
    products = [p for p in parts(statements) if isinstance(p, t.Product)]
    pairs = (pair for p in products for pair in pairwise(p.factors))
    behind = {id(x) for number, x in pairs if isinstance(number, t.Number)}
    bare = [p for p in parts(statements) if isinstance(p, t.Symbol) and p.base == "pi"]
    bare = [p for p in bare if not (p.subscripts or p.accents)]
    return bool(bare) and all(id(p) in behind for p in bare)


def _has_unit_entry(tree: t.Sum) -> bool:
    """``I_{kj} - y_j``: entries of the identity, beside what has one of their letters."""
    names = [x for x in tree.terms if isinstance(x, t.Symbol) and len(index_letters(x)) > 0]
    units = [x for x in names if x.base == "I" and len(index_letters(x)) == 2]
    others = [x for x in names if x.base != "I" and len(index_letters(x)) == 1]
    return any(set(index_letters(a)) & set(index_letters(b)) for a in units for b in others)


def _see_left_sides(world: World, statements: Sequence[Statement]) -> None:
    spelling = world.spelling
    for statement in statements:
        first = statement.members[0].expr
        if isinstance(first, t.Symbol) and len(statement.members) > 1:
            key = sort(first, spelling, {}).key
            if any(kind == "p" and v in spelling.letters for kind, v in key.marks):
                world.examples.add(key.stem)
            world.bare_left.add(key)
            if key.stem == "delta" and len(index_letters(first)) == 2:
                world.kronecker = False


def _mentioned(statements: Sequence[Statement]) -> set[int]:
    """Symbols that the text only names, ``f, g``: they need not be quantities."""
    found: set[int] = set()
    for statement in statements:
        alone = statement.members[0].expr if len(statement.members) == 1 else None
        if isinstance(alone, t.Group):
            found |= {id(item) for item in alone.items}
        elif isinstance(alone, t.Symbol):
            found.add(id(alone))
    return found


def _see_applied(world: World, applies: Sequence[t.Apply]) -> None:
    spelling = world.spelling
    by_stem: dict[str, list[t.Apply]] = {}
    for apply in applies:
        if apply.subscripts and _is_from_zero(world, apply):
            world.bases[stem_of(apply.head)] = 0
        if any(s.kind == "transpose" for s in apply.head.scripts):
            continue  # x^T(y - Xw) is a product
        by_stem.setdefault(stem_of(apply.head), []).append(apply)
    for stem, uses in by_stem.items():
        whole = [_is_whole(a) for a in uses]
        named = [names_dependence(a, spelling) for a in uses]
        if stem == "sigma" and any(len(a.args) == 1 and not all(whole) for a in uses):
            world.plain.discard(stem)
        elif all(whole) and (stem in world.plain or any(len(a.args) > 1 for a in uses)):
            world.counted.add(stem)
        elif stem in _MOVED and _is_moved(uses):
            world.plain.discard(stem)
            world.functions.add(stem)
        elif stem not in world.plain and not _are_products(uses):
            world.functions.add(stem)
        for apply, is_named in zip(uses, named, strict=True):
            if is_named:
                key = sort(_unprimed(apply.head), spelling, {}).key
                world.dependent[key] = max(apply.args, world.dependent.get(key, ()), key=len)
                if stem in world.plain and (apply.args and _depends(apply, world)):
                    world.dependent_stems.add(stem)


def _is_moved(uses: Sequence[t.Apply]) -> bool:
    """``f(x)`` beside ``f(x + h)``."""
    places = [use.args[0] for use in uses if use.args]
    alone = {stem_of(x) for x in places if isinstance(x, t.Symbol)}
    sums = (p for p in places if isinstance(p, t.Sum) and len(p.terms) > 1)
    steps = [[x for x in p.terms if isinstance(x, t.Symbol)] for p in sums if len(p.terms) == 2]
    return any(len(pair) == 2 and alone & {stem_of(x) for x in pair} for pair in steps)


def _is_from_zero(world: World, apply: t.Apply) -> bool:
    """``F(x)_0``, or ``F(x)_1`` where there is an ``x_0``."""
    if any(isinstance(s, (t.Label, t.Number)) and s.text == "0" for s in apply.subscripts):
        return True
    return any(isinstance(a, t.Symbol) and world.bases.get(stem_of(a)) == 0 for a in apply.args)


def names_dependence(apply: t.Apply, spelling: Spelling) -> bool:
    """Whether the brackets hold names and nothing is done to them: ``J(w, b)``, not ``k(X^2)^T``."""
    if any(s.kind == "transpose" for s in apply.scripts):
        return False
    return all(
        isinstance(arg, t.Symbol)
        and not sort(arg, spelling, {}).operations
        and not _INCREMENT.fullmatch(arg.base)
        for arg in apply.args
    )


def _are_products(uses: Sequence[t.Apply]) -> bool:
    """``W(x - As)``, ``y(1 - a)``: a matrix or a number, in front of sums only, which no function is."""
    sums = [u.args[0] for u in uses if len(u.args) == 1 and not (u.primes or u.head.primes)]
    if len(sums) < len(uses) or not all(isinstance(x, t.Sum) and len(x.terms) > 1 for x in sums):
        return False
    ones = [x for x in sums if isinstance(x, t.Sum) and t.Number("1", x.terms[0].span) in x.terms]
    return all(u.head.base.isupper() or (ones and u.head.base in "yatp") for u in uses)


def _unprimed(head: t.Symbol) -> t.Symbol:
    return t.Symbol(head.base, head.span, head.font, head.accents, head.subscripts, head.scripts)


def _depends(apply: t.Apply, world: World) -> bool:
    """Whether ``J(w)`` says what J depends on: heads that losses and results have."""
    base = apply.head.base
    return (
        base in _LOSS_LETTERS or bool(apply.head.accents) or len(apply.args) > 1 or base in "uvyFGH"
    )


def _is_whole(apply: t.Apply) -> bool:
    return all(isinstance(a, t.Number) and a.is_whole for a in apply.args) and bool(apply.args)


# ── losses ──────────────────────────────────────────────────────────────────────────────────────


def is_loss_like(key: Key) -> bool:
    base = key.stem.partition(".")[0]
    return base in _LOSS_LETTERS or bool(_LOSS_WORDS.match(base)) or "loss" in base.lower()


def _see_losses(world: World, statements: Sequence[Statement]) -> None:
    spelling = world.spelling
    counted: Counter[Key] = Counter()
    wrts: set[Key] = set()
    for part in (p for p in parts(statements) if isinstance(p, t.Derivative)):
        wrts |= {key for w in part.wrt if (key := _name(w, spelling)) is not None}
        key = _name(part.of, spelling) if part.of is not None else None
        if key is not None:
            counted[key] += 1
    world.numerators.update(counted)
    world.denominators.update(wrts)
    for key in [k for k in counted if is_loss_like(k)]:
        world.loss_names.add(key)
    lefts = []
    for statement in statements:
        first = statement.members[0]
        if len(statement.members) > 1 and first.expr is not None and not first.relation:
            key = _name(first.expr, spelling)
            if key is not None and is_loss_like(key) and not key.stem.endswith(".bar"):
                lefts.append(key)
    arrays = matrices_in(statements) if lefts else set()
    lefts = [key for key in lefts if key in counted or key.stem not in arrays]
    world.loss_names.update(lefts)
    candidates = [k for k in counted if k in world.loss_names and k not in wrts] or [
        k for k in counted if k in world.loss_names
    ]
    if candidates:
        world.loss = max(candidates, key=lambda k: counted[k])
    elif lefts:
        world.loss = lefts[-1]


def _name(tree: t.Expr, spelling: Spelling) -> Key | None:
    """The name of a quantity, the same for all examples and layers of a family."""
    if t.is_bracketed(tree):
        return _name(tree.items[0], spelling)
    if isinstance(tree, t.Apply) and not tree.primes and not tree.head.primes:
        tree = tree.head
    if not isinstance(tree, t.Symbol) or tree.primes:
        return None
    found = sort(tree, spelling, {})
    return None if found.operations else general(found.key, spelling.letters)


# ── vectors and matrices ────────────────────────────────────────────────────────────────────────


def _see_matrices(world: World, statements: Sequence[Statement], prose: str) -> None:
    evidence = bool(
        re.search(r"\b(matri(x|ces)|vectors?|vectori[sz]ed|Matrix|Vektor|vecteur)\b", prose)
    )
    world.weights = between_layers(statements)
    shown = bool(world.weights)
    for part in parts(statements):
        if isinstance(part, t.Symbol):
            shown |= stem_of(part) not in world.weights and _see_vector(world, part)
        elif isinstance(part, t.Group) and part.kind == "norm":
            shown = True
            inner = [x for x in t.walk(part) if isinstance(x, t.Symbol) and not x.subscripts]
            world.columns.update(stem_of(x) for x in inner if x.base[:1].islower())
        elif isinstance(part, (t.Group, t.Matrix, t.Apply)):
            shown |= any(s.kind == "transpose" for s in part.scripts)
            shown |= isinstance(part, t.Matrix)
        elif (
            (
                isinstance(part, t.Call)
                and part.name
                in ("trace", "det", "diag", "transpose", "inv", "vec", "softmax", "einsum")
            )
            or (
                isinstance(part, t.Product)
                and any(o in ("odot", "@", ".*") for o in part.operators)
            )
            or (isinstance(part, t.Shape) and any(not _is_one(s) for s in part.sizes))
        ):
            shown = True
    world.entire |= plain_entries(statements) - world.several
    world.primes_turn = by_primes(statements, prose)
    shown = shown or world.primes_turn
    world.matrices = shown or (evidence and _has_capitals(statements))


def _see_vector(world: World, symbol: t.Symbol) -> bool:
    if symbol.base in WEIGHTS:
        return True
    turned = is_turned(symbol)
    if turned and symbol.base[:1].islower() and len(symbol.base) < 8:
        world.columns.add(stem_of(symbol))
        (world.several if symbol.subscripts else world.entire).add(stem_of(symbol))
    marked = symbol.font == "bf" or "vec" in symbol.accents
    if marked and symbol.base[:1].islower() and not _is_component(symbol):
        world.columns.add(stem_of(symbol))
        if symbol.subscripts:
            world.several.add(stem_of(symbol))
        return True
    return turned


def _is_component(symbol: t.Symbol) -> bool:
    return any(isinstance(s, t.Label) and set(s.text) <= set("ijkmn") for s in symbol.subscripts)


def _is_one(size: t.Expr) -> bool:
    return isinstance(size, t.Number) and size.text == "1"


def _has_capitals(statements: Sequence[Statement]) -> bool:
    return any(
        isinstance(p, t.Symbol) and p.base in ("W", "X", "A", "U", "V", "Theta")
        for p in parts(statements)
    )
