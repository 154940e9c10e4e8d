"""Numbers put in for names one by one: which of them is not the number of its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import isclose

import numpy as np

from dvar.check.judge import numbers
from dvar.check.judge.compare import compare
from dvar.check.judge.links import Link, is_number
from dvar.check.judge.literal import is_plain, numbers_in
from dvar.check.judge.place import Place
from dvar.check.meaning.aligning import put_in
from dvar.check.meaning.keys import sort, stem_of
from dvar.check.meaning.points import Point, names_beneath
from dvar.check.meaning.substitute import substitute
from dvar.check.meaning.values import NotUnderstood, node_of
from dvar.core.node import Node
from dvar.core.op import Array, constant
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import factors_of, rewritten, same_tree

ENOUGH = 2
"""So many other numbers of a line are those of their names."""


def misplaced(
    place: Place, left: t.Expr, right: t.Expr, envs: Sequence[Mapping[str, int]], link: Link
) -> Link:
    """``w_1 x_1 + b = 0.2 · 0.7 + 0.1`` where x_1 is 0.5, and all other numbers are right.

    Args:
        left, right: the formula, and the numbers put in.
        link: what is known so far: it differs as a whole, or a 0 hides a sign (``-0.3 · 0`` for ``w h``).
    """
    is_hidden = link.verdict == "ok" and any(n.value == 0 for n in numbers_in(right))
    if not (is_hidden or link.verdict == "wrong"):
        return link
    if is_plain(right):
        return link
    formula, envs = _formula_of(place, left, envs)
    if isinstance(formula, t.Symbol):
        return link
    pairs = _pairs(formula, right)
    judged = [
        _strictly(place, part, value, numbers.with_numbers(place, part, value, envs))
        for part, value in pairs
    ]
    off = [n for n, found in enumerate(judged) if found.verdict == "wrong"]
    same = sum(found.verdict == "ok" for found in judged)
    if len(off) != 1 or same + 1 < len(judged) or same < ENOUGH:
        return link
    part, wrong = pairs[off[0]][0], judged[off[0]].numbers
    if wrong is None or not isinstance(part, t.Symbol):
        return link
    shown = part.base
    if _power(part):
        causes = _of_power(place, part, wrong[1], envs)
        shown = f"the power of {part.base}"
    else:
        causes = _causes(place, part, *wrong)
        is_first = link.left is not None and node_of(link.left) not in place.ledger.printed
        names = [(x, value) for x, value in pairs if isinstance(x, t.Symbol)]
        if not causes and is_first and _is_of_this_case(place, names, part, wrong[1], same):
            causes = ("arithmetic", "wrong-operand")
    if not causes or (is_hidden and causes[0] != "sign"):
        return link
    why = f"{_shown(wrong[1])} is put in for {shown}, which is {_shown(wrong[0])}"
    return replace(link, verdict="wrong", why=why, causes=causes, numbers=link.numbers or wrong)


def _strictly(place: Place, part: t.Expr, value: t.Expr, link: Link) -> Link:
    """A number that was given is put in as it is: 0.2 is none for 0.1, though both have one digit only."""
    shown = list(numbers_in(value))
    if link.verdict != "ok" or link.numbers is None or not isinstance(part, t.Symbol):
        return link
    if len(shown) != 1 or sort(part, place.world.spelling, {}).key not in place.ledger.own:
        return link
    due, written = (v.astype(float) for v in link.numbers)
    is_off = bool(np.any(np.abs(due - written) > 0.51 * float(shown[0].unit)))
    return replace(link, verdict="wrong") if is_off else link


def _formula_of(
    place: Place, left: t.Expr, envs: Sequence[Mapping[str, int]]
) -> tuple[t.Expr, Sequence[Mapping[str, int]]]:
    """The rule that a name follows, ``v_t = β v_{t-1} + (1 - β) g_t^2`` for ``v_2``, and what its letters stand for."""
    if not isinstance(left, t.Symbol) or left.scripts:
        return left, envs
    found = place.world.find(sort(left, place.world.spelling, {}).key, place.position)
    if found is None or found[0].numeric or found[0].params or not found[1]:
        return left, envs
    return found[0].value, [found[1]]


def _pairs(formula: t.Expr, right: t.Expr) -> list[tuple[t.Expr, t.Expr]]:
    """Parts of a formula and the numbers in their places: names, derivatives, powers, differences in brackets."""
    for likes in ((_slope,), (_slope, _raised), (_slope, _raised, _bracket)):
        if pairs := _aligned(formula, right, likes):
            return pairs
    return []


def _aligned(
    formula: t.Expr, right: t.Expr, likes: Sequence[Callable[[object], bool]]
) -> list[tuple[t.Expr, t.Expr]]:
    """The same, where parts of these kinds are put in like names."""
    parts: dict[t.Span, t.Expr] = {}

    def as_name(part: object) -> t.Expr | None:
        if not isinstance(part, (t.Derivative, t.Apply, t.Symbol, t.Group)):
            return None
        if not any(like(part) for like in likes):
            return None
        parts[part.span] = part
        return t.Symbol("", part.span)

    pairs = put_in(rewritten(formula, as_name), right) or []
    return [(parts.get(name.span, name), value) for name, value in pairs]


def _slope(part: object) -> bool:
    """``∂L/∂w``, ``f'(x)``."""
    primed = isinstance(part, t.Apply) and bool(part.primes or part.head.primes)
    return isinstance(part, t.Derivative) or primed


def _raised(part: object) -> bool:
    return isinstance(part, t.Symbol) and _power(part)


def _bracket(part: object) -> bool:
    """``(1 - β)``."""
    return isinstance(part, t.Group) and part.kind == "(" and len(part.items) == 1


def _power(name: t.Symbol) -> bool:
    return any(s.kind == "plain" for s in name.scripts)


def _of_power(
    place: Place, part: t.Symbol, written: Array, envs: Sequence[Mapping[str, int]]
) -> tuple[str, ...]:
    """What is put in for a power is the number itself: it was not raised."""
    bare = replace(part, scripts=tuple(s for s in part.scripts if s.kind != "plain"))
    literal = t.Number(repr(float(written)), part.span) if not written.ndim else None
    if literal is None or written < 0:
        return ()
    same = numbers.with_numbers(place, bare, literal, envs).verdict == "ok"
    return ("missing-factor", "wrong-rule", "arithmetic") if same else ()


def has_all(place: Place, formula: t.Expr, written: t.Expr) -> bool:
    """Whether the number of each name of a formula stands among those put in: they are of the same case.

    ``w_1 h_1 = 0.6 · 0.4 - 0.3 · 0.7``: what else is put in belongs to no other case, and is wrong here or is
    missing there.
    """
    if isinstance(formula, t.Symbol) or not is_number(written, place.world) or is_plain(written):
        return False
    shown = [(abs(float(n.value)), float(n.unit)) for n in numbers_in(written)]
    leaves = [p for p in _leaves(formula) if isinstance(p, (t.Symbol, t.Derivative))]
    for leaf in leaves:
        try:
            node = place.reader().node(leaf)
        except NotUnderstood:
            return False
        printed = place.ledger.printed.get(node)
        value = place.ledger.given.get(node) if printed is None else printed.value
        if value is None or np.ndim(value) or not np.any(value):
            return False
        if not any(abs(abs(float(value)) - n) <= unit / 2 for n, unit in shown):
            return False
    return len(leaves) >= ENOUGH


def has_more(place: Place, formula: t.Expr, written: t.Expr) -> bool:
    """Whether more numbers are put in than a formula has names, and those of all its names among them."""
    more = len(list(numbers_in(written))) > len(list(_leaves(formula)))
    return more and has_all(place, formula, written)


def is_put_in(place: Place, right: t.Expr, of: Node, written: Node) -> bool:
    """``w h = 0.5 h``: whether two sides are equal with some of the given numbers in the place of their names."""
    shown = {float(abs(n.value)) for n in numbers_in(right)} | set(_worked_out(written))
    kept, known = set(names_beneath([written])), place.ledger.given
    exchange = {
        node: constant(known[node])
        for node in names_beneath([of])
        if node in known and node not in kept and _are_among(known[node], shown)
    }
    same = bool(exchange) and bool(kept) and compare(substitute(of, exchange), written).holds
    return same is True


def leaves_out_ones(
    place: Place, left: t.Expr, right: t.Expr, envs: Sequence[Mapping[str, int]]
) -> bool:
    """``2 (a v - y) v ∂a/∂w = ∂a/∂w``: whether the factors that are gone come to 1 at the given numbers."""
    factors, kept = factors_of(left), factors_of(right)
    gone = [f for f in factors if not any(same_tree(f, k) for k in kept)]
    if not gone or len(gone) + len(kept) != len(factors):
        return False
    product = t.Product(tuple(gone), ("",) * (len(gone) - 1), left.span)
    one = t.Number("1", right.span)
    return numbers.with_numbers(place, product, one, envs).verdict in ("ok", "carried")


def _are_among(value: Array, shown: set[float]) -> bool:
    return all(any(isclose(abs(x), y, rel_tol=1e-9) for y in shown) for x in np.ravel(value))


def _worked_out(node: Node) -> Iterator[float]:
    """The values of the largest parts in which no name stands: of ``π/2`` in ``x + π/2``."""
    seen, waiting = {node}, [node]
    while waiting:
        part = waiting.pop()
        value = None if part.shape or names_beneath([part]) else Point(closed=True).value(part)
        if value is not None:
            yield abs(float(value))
            continue
        new = [x for x in part.inputs if x not in seen]
        seen.update(new)
        waiting += new


def _leaves(tree: t.Expr) -> Iterator[t.Expr]:
    """The names and derivatives of a formula that is made of them by arithmetic; of another nothing is known."""
    if isinstance(tree, (t.Sum, t.Product, t.Quotient, t.Negative, t.Group)):
        for part in t.children(tree):
            if isinstance(part, t.Script):
                yield t.Number("0", tree.span)
            else:
                yield from _leaves(part)
    else:
        yield tree


def _causes(place: Place, name: t.Symbol, due: Array, written: Array) -> tuple[str, ...]:
    """A number that is another name's: other numbers may be those of another case."""
    if np.allclose(due.astype(float), -written.astype(float), rtol=1e-6):
        return ("sign", "arithmetic")
    stem = stem_of(name)
    for key, value in place.ledger.given_by_key.items():
        if value.shape == written.shape and np.array_equal(value, written):
            if key.stem == stem or not _is_round(written):
                return ("wrong-variable", "wrong-operand", "arithmetic")
        if key.stem == stem and not written.shape and np.any(value == written):
            return ("wrong-variable", "wrong-operand", "arithmetic")  # another entry of the same
    return ()


def _is_of_this_case(
    place: Place,
    pairs: Sequence[tuple[t.Symbol, t.Expr]],
    off: t.Symbol,
    written: Array,
    same: int,
) -> bool:
    """Whether a number is put in that stands nowhere else, among others of just this case.

    Another name of the same kind has its number, or several have: those of the next example differ together.  What has
    been changed by a step, or is given more than once, may have another number yet.
    """
    names = [name for name, _ in pairs]
    stem, key = stem_of(off), sort(off, place.world.spelling, {}).key
    is_told_once = key in place.ledger.own and not place.ledger.former
    told = [
        d
        for d in place.world.definitions.get(stem, ())
        if d.numeric and d.pattern.match(key) is not None
    ]
    if not is_told_once or len(told) > 1 or written.ndim or _is_known(place, float(written)):
        return False
    beside = {sort(n, place.world.spelling, {}).key for n in names} - {key}
    return same > ENOUGH or (len(beside) == ENOUGH and any(k.stem == stem for k in beside))


def _is_known(place: Place, value: float) -> bool:
    """Whether a number has been given or printed for something."""
    shown = {float(n) for n in place.ledger.numbers} | {float(n) for n in place.ledger.exact}
    given = [
        v
        for v in place.ledger.given_by_key.values()
        if np.any(np.isclose(np.abs(v.astype(float)), abs(value)))
    ]
    return bool(given) or any(isclose(abs(value), n, rel_tol=1e-9) for n in shown)


def _is_round(value: Array) -> bool:
    """Whether many things may have this number: 0.5, 2, 10."""
    return bool(np.all(value.astype(float) * 10 % 1 == 0))


def _shown(value: Array) -> str:
    return f"{float(value):.6g}" if not value.ndim else "an array"


def is_of_another_formula(
    place: Place, left: t.Expr, right: t.Expr, envs: Sequence[Mapping[str, int]]
) -> bool:
    """``C = log(1 + e^{-0.8})`` behind ``C = log(1 + e^{-t})`` for y = 1 and ``C = log(1 + e^t)`` for y = 0."""
    if not isinstance(left, t.Symbol):
        return False
    key, world = sort(left, place.world.spelling, {}).key, place.world
    told = [d for d in world.definitions.get(key.stem, ()) if world.holds_for(d, key)]
    told = [d for d in told if d.position < place.position and not (d.numeric or d.params)]
    return any(numbers.with_numbers(place, d.value, right, envs).verdict == "ok" for d in told[:-1])
