r"""How a document writes gradients by name: bars, ``δv``, and dots for tangents."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from dvar.check.meaning import differentials, dual, gates, memberships
from dvar.check.meaning.aligning import literal_shape
from dvar.check.meaning.alphabet import RATES, TIMES
from dvar.check.meaning.definitions import Definition
from dvar.check.meaning.keys import Key, Spelling, collected, general, letters_in, sort, stem_of
from dvar.check.meaning.letters import parts
from dvar.check.meaning.patterns import Pattern
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import factors_of, same_tree

_TANGENT = re.compile(
    r"\b(tangents?|forward[- ](mode|accumulation|sweep)|dual numbers?|seeds?|seeded|directional|jvp)\b",
    re.IGNORECASE,
)
DELTA = "delta"
SIGMA = "sigma"
_SAID = 3
"""So many names with a mark, beside the names without it, show that the mark is a gradient's."""

_ROW_VECTORS = re.compile(
    r"\b(?:all|our|every|these) (?:\w+ )?(?:vectors?|states?|activations?|gradients?) "
    r"(?:\w+ )?(?:are|is) (?:all |here )?(?:an? )?[*_]*rows?\b|"
    r"\b(?:vectors|states) (?:are|will be) (?:always )?[*_]*row[- ]vectors\b|"
    r"\brow[- ]vector (?:convention|notation)\b|\b(?:use|using) row[- ]vectors\b|"
    r"(?:^|[.!?,] )[#*_ ]*row[- ]vectors[*_]*(?:[.:,]|$)",
    re.IGNORECASE | re.MULTILINE,
)
"""Words that make every vector of a document a row."""


def see(world: World, everything: Sequence[Statement], ordinals: Sequence[int], text: str) -> None:
    """Put into a world how gradients are written, here or anywhere in the document."""
    stems = _stems(everything)
    world.bars = _are_gradients(everything, stems, _without_bar)
    world.deltas = _are_gradients(everything, stems, without_delta)
    world.strides = _strides(everything)
    world.inner = gates.by_arguments(everything, (DELTA, "d") if world.deltas else ("d",))
    world.sets = memberships.forms(everything)
    dotted = any(s.endswith(".dot") for s in stems)
    world.dots = dotted and bool(_TANGENT.search(text) or _are_handed_on(world, everything))
    losses = {k.stem for k in world.loss_names} | {"f", "L", "J", "E"}
    world.row_vectors = _ROW_VECTORS.search(text) is not None or _multiplies_rows(everything)
    world.plain |= {SIGMA} if _is_slope_of_curve(everything) else set()
    own = [everything[o] for o in ordinals]
    world.differentials = differentials.are_written(own, text, losses)
    world.increments = differentials.increments(own)
    world.direction = _direction(everything)
    _see_losses(world, [everything[o] for o in ordinals])
    world.valued = _valued(everything, losses)
    upto = everything[: ordinals[-1] + 1]
    dual.see(world, upto, text[: upto[-1].span[1]])
    world.small = dual.steps(world, own)
    _see_accumulation(world, everything, ordinals)
    _pass_on(world, everything, ordinals)
    world.adds_steps = any(_adds_steps(world, everything[o]) for o in ordinals)
    world.collected = {
        str(sort(s.members[0].expr, world.spelling, {}).key)
        for s in everything
        if isinstance(s.members[0].expr, t.Symbol)
        and any(m.relation in ("+=", "-=") for m in s.members)
    }


def _is_slope_of_curve(statements: Sequence[Statement]) -> bool:
    """``1/(1 + e^{-σ(a - b)})`` and ``-σ/(1 + …)``: a factor, never applied to a name and somewhere by itself."""
    applied = [p for p in parts(statements) if isinstance(p, t.Apply) and p.head.base == SIGMA]
    heads = {id(a.head) for a in applied}
    factors = (x for p in parts(statements) if isinstance(p, t.Negative) for x in [p.operand])
    bare = (x for p in parts(statements) if isinstance(p, t.Quotient) for x in t.walk(p.above))
    alone = any(_is_bare_sigma(x) and id(x) not in heads for x in (*factors, *bare))
    return alone and all(
        len(a.args) == 1 and isinstance(a.args[0], t.Sum) and not (a.primes or a.head.primes)
        for a in applied
    )


def _is_bare_sigma(part: object) -> bool:
    return (
        isinstance(part, t.Symbol) and part.base == SIGMA and not (part.subscripts or part.scripts)
    )


def _multiplies_rows(statements: Sequence[Statement]) -> bool:
    """``[1, 2] · [[0.5, 0.6], [0.7, 0.8]]``: lists of numbers stand in front of matrices, and never behind them."""
    in_front = behind = False
    for part in parts(statements):
        if isinstance(part, t.Product):
            for (a, b), sign in zip(pairwise(part.factors), part.operators, strict=True):
                before, after = (literal_shape(x) or () for x in (a, b))
                sizes = (len(before), len(after))
                in_front |= sizes == (1, 2) and sign in ("", "cdot", "@", "times")
                behind |= sizes == (2, 1) and before[1] > 1  # a column may well be
    return in_front and not behind


def _adds_steps(world: World, statement: Statement) -> bool:
    """``∂L/∂W = Σ_t δ_t h_{t-1}^T``: a gradient that is a sum over time."""
    left = statement.members[0].expr
    named = isinstance(left, t.Symbol) and (
        left.base[:1] == "d" or _is_marked(world, stem_of(left))
    )
    sums = (p for p in parts([statement]) if isinstance(p, t.Big) and p.name == "sum")
    return (named or isinstance(left, t.Derivative)) and any(TIMES & {*p.indices} for p in sums)


def _valued(statements: Sequence[Statement], losses: set[str]) -> set[str]:
    """Stems that are applied to several arguments, and have a number at one of them at least; a loss is a number all the same."""
    told: set[str] = set()
    for statement in statements:
        first, *rest = (m.expr for m in statement.members)
        if isinstance(first, t.Apply) and len(rest) == 1 and isinstance(rest[0], t.Number):
            told |= {stem_of(first.head)} - losses
    met: dict[str, list[t.Expr]] = {}
    for part in parts(statements) if told else ():
        if not isinstance(part, t.Apply) or stem_of(part.head) not in told:
            continue
        if any(isinstance(x, t.Symbol) for a in part.args for x in t.walk(a)):
            seen = met.setdefault(stem_of(part.head), [])
            if not any(_same_arguments(part, other) for other in seen):
                seen.append(part)
    return {stem for stem, seen in met.items() if len(seen) > 1}


def _same_arguments(a: t.Expr, b: t.Expr) -> bool:
    assert isinstance(a, t.Apply)
    assert isinstance(b, t.Apply)
    return len(a.args) == len(b.args) and all(map(same_tree, a.args, b.args))


def _direction(statements: Sequence[Statement]) -> tuple[str, t.Symbol] | None:
    """``D_j S_i = ∂S_i/∂a_j`` tells what ``D_j`` is taken by: an index letter, and the name with it.

    So do the two, one behind the other, in a sentence.
    """
    pairs = [[m.expr for m in statement.members[:2]] for statement in statements]
    alone = [exprs[0] for exprs in pairs if len(exprs) == 1]
    found = [*(tuple(p) for p in pairs if len(p) == 2), *pairwise(alone)]
    for first, second in (p for a, b in found for p in ((a, b), (b, a))):
        if not isinstance(first, t.Derivative) or first.spelling != "subscript":
            continue
        letter = first.wrt[0]
        if not isinstance(letter, t.Symbol) or not isinstance(second, t.Derivative):
            continue
        if len(second.wrt) == 1 and isinstance(second.wrt[0], t.Symbol):
            if letter.base in {c for sub in second.wrt[0].subscripts for c in letters_in(sub)}:
                return letter.base, second.wrt[0]
    return _coordinates(statements)


def _coordinates(statements: Sequence[Statement]) -> tuple[str, t.Symbol] | None:
    """``∂_i r`` beside ``x_i``, of which nothing else is said, is taken by the coordinate ``x_i``."""
    letters: set[str] = set()
    places: dict[str, t.Symbol] = {}
    for part in parts(statements):
        if isinstance(part, t.Derivative) and part.spelling == "subscript" and len(part.wrt) == 1:
            by = part.wrt[0]
            if isinstance(by, t.Symbol) and not by.subscripts and not by.scripts:
                letters.add(by.base)
        elif isinstance(part, t.Symbol) and part.base == "x" and len(part.subscripts) == 1:
            for letter in letters_in(part.subscripts[0]):
                places.setdefault(letter, part)
    shared = sorted(letters & places.keys())
    return (shared[0], places[shared[0]]) if shared else None


def _stems(statements: Sequence[Statement]) -> set[str]:
    return {stem_of(p) for p in parts(statements) if isinstance(p, t.Symbol)}


def _strides(statements: Sequence[Statement]) -> frozenset[str]:
    """Stems such as ``dw`` of ``dw = α x δ``, where w becomes ``w + dw``, and no other rate comes in."""
    paced, added = set[str](), set[str]()
    for statement in statements:
        left, *rest = (m.expr for m in statement.members)
        right = rest[0] if rest else None
        if not isinstance(left, t.Symbol) or right is None:
            continue
        stem = stem_of(left)
        factors = factors_of(right.operand if isinstance(right, t.Negative) else right)
        if any(isinstance(f, t.Symbol) and f.base in RATES for f in factors):
            paced.add(stem)
        if isinstance(right, t.Sum) and right.signs == (1, 1):
            old, step = right.terms
            if isinstance(old, t.Symbol) and stem_of(old) == stem and isinstance(step, t.Symbol):
                added.add(stem_of(step))
    return frozenset(x for x in paced & added if x.startswith("d"))


def _without_bar(stem: str) -> str | None:
    return stem.removesuffix(".bar") if stem.endswith(".bar") else None


def without_delta(stem: str) -> str | None:
    base, *accents = stem.split(".")
    rest = base.removeprefix(DELTA)
    return ".".join([rest, *accents]) if rest and rest != base else None


def _are_gradients(
    statements: Sequence[Statement],
    stems: set[str],
    plain: Callable[[str], str | None],
) -> bool:
    """Whether a mark is a gradient's: said so, or on the left of several lines beside the plain names."""
    found: set[tuple[str, str]] = set()
    for statement in statements:
        first = statement.members[0]
        if not isinstance(first.expr, t.Symbol) or first.relation:
            continue
        of = plain(stem_of(first.expr))
        if of is None:
            continue
        if len(statement.members) > 1 and of in stems:
            found.add((of, _kind(first.expr)))
        if any(isinstance(m.expr, t.Derivative) for m in statement.members[1:]):
            return True
    return len(found) >= _SAID


def _are_handed_on(world: World, statements: Sequence[Statement]) -> bool:
    r"""``\dot v_2 = \dot v_1 \cos v_1`` beside ``v_2 = \sin v_1``: dots that go from name to name in several lines."""
    told: set[Key] = set()
    moved: set[Key] = set()
    for statement in statements:
        first = statement.members[0]
        if not isinstance(first.expr, t.Symbol) or first.relation or len(statement.members) < 2:
            continue
        key = sort(first.expr, world.spelling, {}).key
        right = [p for m in statement.members[1:] if m.expr is not None for p in t.walk(m.expr)]
        dotted = {stem_of(p).endswith(".dot") for p in right if isinstance(p, t.Symbol)}
        if not key.stem.endswith(".dot"):
            told.add(key)
        elif dotted == {True, False}:
            moved.add(Key(key.stem.removesuffix(".dot"), key.marks, key.indices))
    return len(moved & told) >= _SAID


def _kind(symbol: t.Symbol) -> str:
    """The letter that tells ``U_z`` from ``U_r``; numbers only count what is of one kind."""
    below = symbol.subscripts[0] if len(symbol.subscripts) == 1 else None
    text = below.base if isinstance(below, t.Symbol) else getattr(below, "text", "")
    return text if text.isalpha() and text not in "ijklmnt" else ""


def _see_losses(world: World, statements: Sequence[Statement]) -> None:
    r"""``\bar v_i = ∂y/∂v_i`` tells whose gradients the bars are."""
    for statement in statements:
        first = statement.members[0].expr
        if not isinstance(first, t.Symbol):
            continue
        for member in statement.members[1:]:
            slope = member.expr
            if not isinstance(slope, t.Derivative) or not _names_gradient(world, first, slope):
                continue
            of = slope.of
            if isinstance(of, t.Symbol) and not of.primes and not of.subscripts:
                key = _key(of, world.spelling)
                if key is not None and key not in world.loss_names:
                    world.loss_names.add(key)
                    world.loss = world.loss or key


def _names_gradient(world: World, name: t.Symbol, slope: t.Derivative) -> bool:
    r"""Whether a name is that of a gradient by its mark, or ``dO`` of ``dO = ∂φ/∂O``."""
    if _is_marked(world, stem_of(name)):
        return True
    by = slope.wrt[0] if len(slope.wrt) == 1 else None
    return isinstance(by, t.Symbol) and stem_of(name) == f"d{stem_of(by)}"


def _is_marked(world: World, stem: str) -> bool:
    return (world.bars and _without_bar(stem) is not None) or (
        world.deltas and without_delta(stem) is not None
    )


def _key(symbol: t.Symbol, spelling: Spelling) -> Key | None:
    found = sort(symbol, spelling, {})
    return None if found.operations else general(found.key, spelling.letters)


def _see_accumulation(
    world: World, everything: Sequence[Statement], ordinals: Sequence[int]
) -> None:
    r"""``\bar v = \bar v + …``: what was said of the name before was a share of it.

    A line that says something else of the name begins to collect it anew.
    """
    rounds: dict[Key, list[list[int]]] = {}
    for ordinal in ordinals:
        statement = everything[ordinal]
        first = statement.members[0]
        if not isinstance(first.expr, t.Symbol) or len(statement.members) < 2 or first.relation:
            continue
        second = statement.members[1]
        adds = second.relation == "+=" or (
            isinstance(second.expr, t.Sum)
            and any(_is_same(first.expr, term) for term in second.expr.terms)
        )
        key = collected(first.expr, world.spelling)
        if adds:
            rounds.setdefault(key, [[ordinal]])[-1].append(ordinal)
        elif not isinstance(second.expr, t.Number):
            rounds.setdefault(key, []).append([ordinal])
    # Of each round, where it begins and the steps in which more is added.
    world.accumulated = {k: found for k, found in rounds.items() if any(r[1:] for r in found)}


_NEXT = re.compile(r"d(?P<state>\w+?)_(?:next|from_next|future)")


def _pass_on(world: World, everything: Sequence[Statement], ordinals: Sequence[int]) -> None:
    """``dc = … + dc_next``: a state also goes to the next step, which sends a gradient of its own back.

    What the next step gets is worth the same and is another quantity, ``c_next``.
    """
    lefts = {
        stem_of(x): (o, x)
        for o in ordinals
        if isinstance(x := everything[o].members[0].expr, t.Symbol) and not x.subscripts
    }
    names = {p.base for p in parts([everything[o] for o in ordinals]) if isinstance(p, t.Symbol)}
    for name in sorted(names - lefts.keys()):
        told = _NEXT.fullmatch(name)
        if told is None or told["state"] not in lefts or name[1:] in lefts:
            continue
        position, state = lefts[told["state"]]
        same = t.Product((state, t.Number("1", state.span)), ("*",), state.span)
        world.define(Definition(Pattern(name[1:], (), ()), same, position, code=True))


def _is_same(a: t.Symbol, b: t.Expr) -> bool:
    spelling = Spelling()
    if not isinstance(b, t.Symbol):
        return False
    return sort(a, spelling, {}).key == sort(b, spelling, {}).key and a.primes == b.primes
