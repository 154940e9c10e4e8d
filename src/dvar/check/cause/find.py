"""The likely cause of a fault: which bends of the written formula make it right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from dvar.check.cause import applied, missing, paths, pieces, ratios
from dvar.check.cause.arithmetic import slips_of
from dvar.check.cause.bend import Bend
from dvar.check.cause.bends import bends, scaled_by
from dvar.check.cause.layout import layout_bends
from dvar.check.cause.linking import missing_links
from dvar.check.cause.masked import lacks_mask
from dvar.check.cause.renaming import alike_first, nearest, other_names, value_for_argument
from dvar.check.cause.routes import routes
from dvar.check.cause.routing import WHERE, misrouted
from dvar.check.cause.sums import summed, summed_within
from dvar.check.cause.trying import TRIES, compared, is_chance, is_telling, limit, undisturbed
from dvar.check.cause.turning import companions, halves, reversed_products
from dvar.check.cause.worked_back import worked_back
from dvar.check.judge import links, misfits
from dvar.check.judge.chain import Place
from dvar.check.judge.links import Link
from dvar.check.meaning import effort, functions, shares
from dvar.check.meaning.alphabet import COUNTS
from dvar.check.meaning.assumptions import GENERAL
from dvar.check.meaning.keys import sort
from dvar.check.meaning.letters import is_idle
from dvar.check.meaning.patterns import free_letters
from dvar.check.meaning.values import Jacobian, Value, sizes, squeezed
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import same_tree

OTHERS = 14
"""Names that are tried in place of another."""


@dataclass(frozen=True)
class Fault:
    """A line that is wrong: ``right`` is not what ``left`` is.

    Attributes:
        place, text: where it stands; link: what is known of the two sides; others: names that may have been meant.
    """

    place: Place
    text: str
    left: t.Expr
    right: t.Expr
    link: Link
    others: Sequence[t.Symbol]

    @cached_property
    def envs(self) -> Sequence[Mapping[str, int]]:
        """Numbers for its index letters."""
        place = self.place
        sides = [self.left, self.right]
        return links.assignments(place.world, sides, place.conditions, place.position)


@dataclass(frozen=True)
class Found:
    """What was found.

    Attributes:
        causes: the likeliest first; bend: the change that makes the line right.
        remark: what else is to be said.
        before: the change that makes it right in the formula in front of it.
        is_seen: whether it is told by the value of what is missing, which does not fit by chance.
    """

    causes: tuple[str, ...]
    bend: Bend | None = None
    remark: str = ""
    before: Bend | None = None
    is_seen: bool = False

    @property
    def sure(self) -> bool:
        """Whether the repair hardly fits by chance."""
        return self.is_seen or (self.bend is not None and self.bend.sure)


def find(fault: Fault) -> Found:
    """Causes for the fault of one link."""
    place, right, link = fault.place, fault.right, fault.link
    sent = misrouted(place, link)
    if sent is not None:
        return Found((sent,), None, WHERE[sent])
    if link.numbers is not None:
        slips = Found(*slips_of(place, fault.text, fault.left, right, link.numbers))
        if slips.causes or links.is_number(right, place.world):
            return slips
        # Names that have numbers are names all the same.
        link = compared(place, fault.left, right, fault.envs)
        if link.verdict != "wrong":
            return slips
    return _among_names(replace(fault, link=link))


def may_be_mended(fault: Fault, wanted: Callable[[Bend], bool]) -> bool:
    """Whether a bend of a certain kind makes a line right.

    Where only such a one would count, this is to be asked before the likeliest of all is looked for.
    """
    return fault.link.numbers is not None or bool(_repairs(fault, wanted))


def _among_names(fault: Fault) -> Found:
    """Causes for a formula that is not what stands in front of it."""
    place, left, right, link = fault.place, fault.left, fault.right, fault.link
    causes: list[str] = []
    best: Bend | None = None
    ratio = link.difference.ratio if link.difference is not None else None
    remark, is_seen = "", False
    if ratio is not None and abs(ratio - 1) > 1e-9:  # 1: they are equal wherever both have a value
        if ratios.is_plain_ratio(ratio, left, right):
            cause, remark = ratios.of_ratio(place, ratio, right)
            causes.append(cause)
    if link.why == misfits.NO_SUM:
        causes.append("missing-sum")
    if link.left is not None and link.right is not None and lacks_mask(link.left, link.right):
        causes.append("mask")
        remark = "one side is cut off where the other one is not"
    if _is_function_itself(fault):
        causes.append("wrong-rule")
        remark = "the function itself stands where its derivative is due"
    if (lost := paths.missing(place, left, right, link, fault.envs)) is not None:
        causes += ["missing-path", "missing-sum"]
        remark, is_seen = lost
    for bend in _repairs(fault):
        if bend.cause not in causes:
            causes.append(bend.cause)
        best = best or bend
    if best is not None and best.is_coefficient:
        causes, remark = ["factor", *causes], ""  # which number it is says more than a ratio
    if link.left is not None and link.right is not None and _is_shape_fault(link):
        causes.append("transpose")
    return Found(tuple(dict.fromkeys(causes)), best, remark, is_seen=is_seen)


def _repairs(fault: Fault, wanted: Callable[[Bend], bool] | None = None) -> list[Bend]:
    """The bends that make a line right, the likeliest first; or the first that is ``wanted``."""
    place, left, right, envs = fault.place, fault.left, fault.right, fault.envs
    started, most = effort.spent(), limit()
    found: list[Bend] = []
    whole = isinstance(left, (t.Symbol, t.Apply))
    names = None if any(isinstance(p, t.Derivative) for p in t.walk(left)) else _names(left)
    names = None if names == _names(right) else names
    held = _holds(right, left)
    tried: tuple[t.Expr, Link] | None = None  # one change may undo several mistakes
    for bend in undisturbed(place.world, _all_bends(fault)):
        spent = effort.spent() - started
        is_new = tried is None or tried[0] is not bend.tree
        if (is_new and spent > (TRIES if found else most)) or len(found) >= 4:
            break
        if found and bend.cause in {b.cause for b in found}:
            continue
        if spent > TRIES and not is_telling(bend):
            continue
        if wanted is not None and not wanted(bend):
            continue
        if whole and bend.what == missing.TURNED and isinstance(right, t.Quotient):
            continue  # of two definitions that contradict each other nobody knows which is meant
        renamed = bend.cause == "wrong-variable" and names == _names(bend.tree)
        renamed = renamed and not set(_names(bend.tree)) < set(_names(right))
        if renamed or _holds(bend.tree, left) > held or _idles(bend, fault):
            continue  # it would only say what the left side says
        try:
            if tried is None or is_new:
                tried = bend.tree, compared(place, left, bend.tree, envs)
        except RecursionError:
            continue
        if _is_repair(bend, tried[1], fault.link):
            found.append(bend)
            if wanted is not None:
                break
    effort.take_more(effort.spent() - started - TRIES)
    return sorted(found, key=lambda bend: bend.by_value)


def _idles(bend: Bend, fault: Fault) -> bool:
    """Whether another name takes the index from what a sum or a product runs over, ``∏_j d`` for ``∏_j f_j``.

    Or brings one that the line is not about, ``u_j`` for ``u_c``.
    """
    if bend.cause != "wrong-variable":
        return False
    trees, spelling = (fault.left, fault.right), fault.place.world.spelling
    if free_letters(bend.tree, spelling) - set().union(*(free_letters(x, spelling) for x in trees)):
        return True
    before, after = (
        sum(isinstance(p, t.Big) and is_idle(p) for p in t.walk(x))
        for x in (fault.right, bend.tree)
    )
    return after > before


def _is_repair(bend: Bend, link: Link, before: Link) -> bool:
    """Whether a bent line is right, and not by chance."""
    if link.verdict not in ("ok", "convention") or is_chance(bend, link, before):
        return False
    return link.verdict == "ok" or bend.cause != "transpose"


def _all_bends(fault: Fault) -> Iterator[Bend]:
    """Every change of the right side that is tried, the likeliest first."""
    place, text, left, right, link = fault.place, fault.text, fault.left, fault.right, fault.link
    world, envs, others = place.world, fault.envs, fault.others
    letters = sorted(
        c for c in world.spelling.letters if c in world.sizes and len(c) == 1 and c != "L"
    )
    sizes = sorted(world.size_names & {n for n in world.size_names if len(n) == 1})
    names = others
    # A name of the left side put into the right one would make any equation an identity.
    mentioned = [p for p in t.walk(left) if isinstance(p, t.Symbol)]
    named = left.head if isinstance(left, t.Apply) else left
    if isinstance(named, t.Symbol):
        mentioned = [named]
    whole = isinstance(left, (t.Symbol, t.Apply))
    if isinstance(left, t.Derivative) and isinstance(left.of, t.Symbol):
        # That what is differentiated stands in its own derivative is no news where it stands there already.
        # A chain of derivatives begins with it.
        written = [p for p in t.walk(right) if isinstance(p, t.Symbol)]
        chained = any(isinstance(p, t.Derivative) for p in t.walk(right))
        if not chained and not any(_is_alike(p, left.of) for p in written):
            others = [o for o in others if not _is_alike(o, left.of)]
    others = [o for o in others if not (whole and any(_is_alike(o, m) for m in mentioned))]
    if place.code:
        yield from layout_bends(right, text)
    by = left.args if isinstance(left, t.Apply) else ()
    told = [o for o in others if any(isinstance(p, t.Symbol) and _is_alike(o, p) for p in by)]
    yield from other_names(right, text, told) if told else ()  # f'(θ) = 2 v_2 - 3
    yield from value_for_argument(right, left, text)
    loose = sorted(free_letters(right, world.spelling) - free_letters(left, world.spelling))
    yield from summed(right, text, [c for c in loose if c in letters])
    yield from summed_within(right, text, free_letters(left, world.spelling), world.spelling)
    if link.right is None and not place.code:  # it has not the shape that is due
        yield from missing.outer_factors(right, text, others)
    yield from applied.turned_indices(right)
    for bend in worked_back(place, text, right, link, others):
        yield replace(bend, by_value=not bend.is_coefficient)
    used = applied.functions_in([d for ds in world.definitions.values() for d in ds])
    yield from applied.forgotten(right, text, used)
    yield from missing_links(right, text, left, others)
    yield from scaled_by(right, text, _scalars(place, others))
    general = {a.stem for a in place.assumptions if a.kind == GENERAL}
    yield from reversed_products(right, text)
    yield from halves(right, text, general)
    yield from companions(right)
    yield from routes(place, left, right, text, names, envs[0] if envs else {})
    if not whole and not set(_names(left)) <= set(_names(right)):
        yield from pieces.missing_pieces(right, text, [left], left)
    made = [d for ds in world.definitions.values() for d in ds if d.position < place.position]
    yield from pieces.missing_slopes(right, text, made, names, world.spelling)
    likely = alike_first(others, right, world.spelling.letters | world.size_names)
    values = [o for o in others if o.base not in functions.SIGMAS]
    yield from bends(right, text, nearest(likely, OTHERS), sizes, letters, nearest(values, OTHERS))
    yield from missing.lost_factors(right, text, left)
    yield from pieces.missing_pieces(right, text, pieces.told_by(made, left, right), left)


def _holds(tree: t.Expr, part: t.Expr) -> int:
    """How often one expression stands in another."""
    return sum(same_tree(p, part) for p in t.walk(tree))


def _scalars(place: Place, names: Sequence[t.Symbol]) -> list[t.Symbol]:
    """The names that stand for open numbers: a missing factor may be one of them."""
    found = []
    for name in names:
        key = sort(name, place.world.spelling, {}).key
        told = place.world.find(key, place.position)
        if place.world.shape(key) == () and (told is None or told[0].numeric):
            if not key.indices and key.stem not in COUNTS | place.world.size_names:
                found.append(name)
    count = shares.count_symbol(place.world)
    return [*([] if count is None else [count]), *found[:6]]


def _names(tree: t.Expr) -> list[str]:
    return sorted(p.base + "".join(p.accents) for p in t.walk(tree) if isinstance(p, t.Symbol))


def _is_alike(a: t.Symbol, b: t.Symbol) -> bool:
    return a.base == b.base and a.accents == b.accents and same_tree(a.subscripts, b.subscripts)


def _is_function_itself(fault: Fault) -> bool:
    """``da/dz = σ(z)``: the function was written down where its derivative was due."""
    place, left = fault.place, fault.left
    if not isinstance(left, t.Derivative) or left.of is None:
        return False
    link = links.as_functions(
        place.world, place.position, left.of, fault.right, fault.envs, limit=2
    )
    return link.verdict == "ok"


def _is_shape_fault(link: Link) -> bool:
    def shape(value: Value | None) -> tuple[int, ...]:
        if value is None:
            return ()
        if isinstance(value, Jacobian):
            return squeezed((*value.of_shape, *value.wrt_shape))
        return squeezed(sizes(value))

    a, b = shape(link.left), shape(link.right)
    return a != b and len(a) == len(b) == 2


__all__ = ["Fault", "Found", "find", "may_be_mended"]
