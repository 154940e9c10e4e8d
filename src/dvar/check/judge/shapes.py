"""Statements about shapes: ``W_1 ∈ R^{n×m}`` against what the formulas make of it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from dvar.check.cause.bends import turned
from dvar.check.cause.turning import reversed_products
from dvar.check.judge import misfits
from dvar.check.judge.chain import Place, Verdict
from dvar.check.judge.links import Link
from dvar.check.meaning.aligning import literal_shape
from dvar.check.meaning.extents import size_name
from dvar.check.meaning.keys import sort
from dvar.check.meaning.misdeclared import fits, is_borne_out
from dvar.check.meaning.values import Jacobian, NotUnderstood, Value, sizes, squeezed
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member, Statement
from dvar.read.worksheet.parts import same_tree


def judge_shape(place: Place, statement: Statement) -> Verdict:
    """Whether what is said of a shape agrees with the formulas and with what was said before."""
    members = statement.members
    if is_product(members):
        return _of_product(members)
    if statement.span in place.world.misdeclared:
        link = Link(
            "wrong", "the formulas need the sizes in the other order", causes=("transpose",)
        )
        return Verdict("wrong", members[1], members[0], link)
    for before, member in itertools.pairwise(members):
        if not isinstance(member.expr, t.Shape) or before.expr is None:
            continue
        wanted = _sizes(place, member.expr)
        if wanted is None:
            continue
        for tree in _things(before.expr):
            found = _shape_of(place, tree)
            by_matrix = isinstance(tree, t.Derivative) and len(wanted) == 2 and 1 not in wanted
            if by_matrix and found == wanted != wanted[::-1]:
                place.world.layouts.note("")
            if found is None or squeezed(found) == squeezed(wanted):
                continue
            if found == wanted[::-1] and isinstance(tree, t.Derivative):
                return _of_other_layout(place, before, member)
            # Sizes that nothing ties together are equal or not by choice; only an order says something.
            is_said = all(isinstance(size, t.Number) for size in member.expr.sizes)
            if (place.world.unread and not is_said) or sorted(found) != sorted(wanted):
                if members[-1].relation == "to":
                    return Verdict("definition")  # f: R^2 → R, where f(x) is no pair
                return Verdict(
                    "unknown",
                    member,
                    before,
                    Link("unknown", "shapes that the formulas do not settle"),
                )
            why = f"the formulas make it {_shown(found)}, not {_shown(wanted)}"
            causes = ("transpose",) if is_said and found == wanted[::-1] else ()
            return Verdict("wrong", member, before, Link("wrong", why, causes=causes))
    return Verdict("ok")


def _of_other_layout(place: Place, before: Member, member: Member) -> Verdict:
    """A gradient whose shape is told transposed: a slip where all others lie the other way."""
    if place.world.layouts.strict:
        link = Link(
            "wrong",
            "all other gradients have the shape of what they are by",
            causes=("transpose", "shape"),
        )
        return Verdict("wrong", member, before, link)
    place.world.layouts.note("transposed")
    return Verdict("convention", member, before, Link("convention", "the other layout"))


def of_definition(place: Place, statement: Statement) -> Verdict | None:
    """A definition whose product does not fit the declared shapes, and does with one transpose more or less."""
    if len(statement.members) != 2 or statement.members[0].relation or place.code:
        return None
    before, member = statement.members
    if (
        member.expr is None
        or not misfits.are_said(place, member.expr)
        or fits(place.world, statement)
    ):
        return None
    if not is_borne_out(place.world, statement):
        return None  # the declaration may as well be the slip
    for n, bend in enumerate(
        itertools.chain(turned(member.expr, ""), reversed_products(member.expr, ""))
    ):
        if n >= misfits.TRIED:
            break
        meant = replace(statement, members=(before, replace(member, expr=bend.tree)))
        if fits(place.world, statement, meant):
            place.world.unfit = tuple(
                meant if s.span == meant.span else s for s in place.world.unfit
            )
            link = Link("wrong", misfits.NO_FIT, causes=("transpose",))
            return Verdict("wrong", member, before, link, links=[(before, member, link)])
    return None


def without_shape(statement: Statement) -> Statement:
    """``A = B C`` of ``A = B C ∈ R^{n×h}``: an equation says the same with or without the shape behind it."""
    *equation, last = statement.members
    if last.relation != "in" or not isinstance(last.expr, t.Shape) or not equation:
        return statement
    is_equation = len(equation) > 1 or bool(equation[0].relation)
    if not is_equation or any(isinstance(m.expr, t.Shape) for m in equation):
        return statement
    return replace(statement, members=tuple(equation))


def and_shape(place: Place, statement: Statement, verdict: Verdict) -> Verdict:
    """The verdict of an equation, and where it holds that of the shape behind it."""
    if verdict.verdict not in ("ok", "definition") or without_shape(statement) is statement:
        return verdict
    said = judge_shape(place, statement)
    return verdict if said.verdict == "ok" else said


def is_product(members: Sequence[Member]) -> bool:
    """``(m, 3) @ (3, 2) = (m, 2)``, ``[m, 3] × [3, 2]``, ``(m × 3)(3 × 2)``: what a product of two shapes comes to."""
    if len(members) != 2 or members[1].relation not in ("=", "to", "implies"):
        return False
    product, result = members[0].expr, members[1].expr
    if not isinstance(product, t.Product) or result is None:
        return False
    if not set(product.operators) <= {"@", "times", "cdot", "*", ""}:
        return False
    pairs = [_pair(x) for x in (*product.factors, result)]
    if not all(pairs):
        return False
    if all(isinstance(x, t.Group) and x.kind == "tuple" for x in (*product.factors, result)):
        return True
    whole = [pair for pair in pairs if pair]
    if not all(same_tree(a[1], b[0]) for a, b in itertools.pairwise(whole[:-1])):
        return False
    ends = (whole[0][0], whole[-2][1])
    numbers = all(isinstance(x, t.Number) for pair in whole for x in pair)
    return not numbers or all(map(same_tree, ends, whole[-1]))  # (2 × 3)(3 × 4) = (6 × 12)


def _pair(tree: t.Expr) -> tuple[t.Expr, ...] | None:
    """The two sizes in a bracket, which may be turned, ``(m × n)^T``, or without one, ``m × n``."""
    if isinstance(tree, t.Product) and tree.operators == ("times",):
        return tree.factors if all(map(_is_name_or_number, tree.factors)) else None
    if isinstance(tree, t.Group) and [s.kind for s in tree.scripts] == ["transpose"]:
        pair = _pair(replace(tree, scripts=()))
        return pair and pair[::-1]
    items = tree.items if isinstance(tree, t.Group) and tree.kind in ("tuple", "list", "(") else ()
    (only,) = items if len(items) == 1 else (None,)
    if isinstance(only, t.Product) and only.operators == ("times",):
        items = only.factors
    is_list = isinstance(tree, t.Group) and tree.kind == "list"
    sized = all(map(_is_name_or_number, items)) or not is_list
    return items if len(items) == 2 and sized else None


def _is_name_or_number(tree: t.Expr) -> bool:
    return isinstance(tree, t.Symbol | t.Number)


def _of_product(members: Sequence[Member]) -> Verdict:
    product, result = members[0].expr, members[1].expr
    assert isinstance(product, t.Product)
    assert result is not None
    pairs = [pair for x in product.factors if (pair := _pair(x))]
    meeting = [(a[1], b[0]) for a, b in itertools.pairwise(pairs)]
    ends = list(zip((pairs[0][0], pairs[-1][1]), _pair(result) or (), strict=True))
    if all(same_tree(a, b) for a, b in (*meeting, *ends)):
        return Verdict("ok")
    is_turned = all(same_tree(a, b) for (a, _), (_, b) in zip(ends, ends[::-1], strict=True))
    if is_turned or any(_differ(a, b) for a, b in (*meeting, *ends)):
        link = Link("wrong", "the sizes of the product are others", causes=("transpose",))
        return Verdict("wrong", members[1], members[0], link)
    return Verdict("unknown", members[1], members[0], Link("unknown", "which sizes are equal"))


def _differ(a: t.Expr, b: t.Expr) -> bool:
    return isinstance(a, t.Number) and isinstance(b, t.Number) and a.value != b.value


def _things(tree: t.Expr) -> list[t.Expr]:
    if isinstance(tree, t.Group) and tree.kind == "tuple":
        return list(tree.items)
    return [tree]


def _sizes(place: Place, shape: t.Shape) -> tuple[int, ...] | None:
    found = []
    for size in shape.sizes:
        if isinstance(size, t.Number) and size.is_whole:
            found.append(int(size.value))
            continue
        name = size_name(size)
        if name is None or name not in place.world.sizes:
            return None
        found.append(place.world.sizes[name])
    return tuple(found)


def _shape_of(place: Place, tree: t.Expr) -> tuple[int, ...] | None:
    world = place.world
    if isinstance(tree, t.Symbol):
        key = sort(tree, world.spelling, {}).key
        found = world.find(key, place.position)
        if found is None:
            return None  # an open name has the shape that is declared for it
        if found[0].numeric:
            shape = literal_shape(found[0].value)
            return shape if shape is not None and 1 not in shape and len(shape) == 2 else None
    reader = place.reader(env={c: 1 for c in world.spelling.letters if c in "ijk"})
    try:
        value: Value = reader.value(tree)
    except NotUnderstood:
        return None
    if isinstance(value, Jacobian):
        if squeezed(value.of_shape):
            return None
        return value.wrt_shape
    return sizes(value)


def _shown(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "a scalar"
