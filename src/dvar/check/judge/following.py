r"""What follows from conditions: ``Su = λu`` behind ``2Su - 2λu = 0``, ``u^T S u = λ`` with ``u^T u = 1``.

Points are looked for at which all conditions hold; what is said to follow has to hold there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dvar.check.judge.links import between
from dvar.check.judge.literal import is_zero
from dvar.check.judge.place import Place
from dvar.check.meaning import gradients
from dvar.check.meaning.choices import Choices
from dvar.check.meaning.interpret import Interpreter
from dvar.check.meaning.keys import sort
from dvar.check.meaning.points import Point, names_beneath
from dvar.check.meaning.substitute import substitute
from dvar.check.meaning.values import NotUnderstood, count, flat, number, sizes, squeezed, subtract
from dvar.core.errors import DvarError
from dvar.core.node import Node, topological
from dvar.core.op import Array, like
from dvar.derive.sweep import sweep
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement
from dvar.read.worksheet.parts import same_tree

_MULTIPLIERS = frozenset({"lambda", "mu", "nu"})
MOST = 6
"""Conditions that are taken together, the last ones."""
LARGEST = 60
"""Numbers that may be looked for, and equations between them."""
_STEPS = 30
_INSIDE = 80
"""Characters in front of an equation in which such words are looked for."""
_TRIED = 6
_ENOUGH = 2
_GIVEN = re.compile(
    r"\b(with|using|use|assum\w+|suppose|where|such that|subject to|constraints?|conditions?|cent(red|ered)|"
    r"normali[sz]ed|orthogonal\w*|since|because|s\.t\.|slackness|feasib\w+|KKT)\b[^.;]{0,25}$",
    re.IGNORECASE,
)
_GIVEN_INSIDE = re.compile(
    r"\\(?:text|textrm|mathrm|mbox)\s*\{[^{}]*\b(?:with|where|such that|subject to|s\.t\.)[^{}]*\}"
    r"(?:\\[ ,;:!]|\\q?quad\b|[\s&~])*$"
)
"""The same words in a formula: ``\\max_a f(a) \\quad \\text{s.t.}``."""
_ASKED = re.compile(
    r"\b(subject to|such that|s\.t\.|under the (constraint|condition)|constrained (by|to))[\s$`]*$",
    re.IGNORECASE,
)

_ARROW = r"\\(?:implies|Rightarrow|Longrightarrow|iff|Leftrightarrow|rightarrow|therefore|to)\b|[⇒⟹⇔→∴]|=>|->"
_LEADS_ON = re.compile(rf"[\s$`,.*]*(?:{_ARROW})")
"""Behind an equation from which another one is made."""
_LED_ON = re.compile(rf"(?:{_ARROW})[\s$`,.*]*$")
_BALANCED = re.compile(
    r"\b(set(ting|s)?|equat\w+|equilibri\w+|break[- ]?even|optim\w+|maximi[sz]\w+|minimi[sz]\w+|condition|solv\w+|"
    r"intersect\w*|until|where)\b[^.;]{0,40}$",
    re.IGNORECASE,
)
"""Words in front of two quantities that are to be equal."""
_SET = re.compile(
    r"\b(set(ting|s)?|solv\w+|when(ever)?|where|if|until|require\w*|must have|critical points?|stationary points?)"
    r"\b[^.;:=]{0,40}$",
    re.IGNORECASE,
)
"""Words in front of a derivative that is to vanish."""


@dataclass(frozen=True)
class Condition:
    """An equation that a document asks to hold: both sides, and where it stands."""

    left: t.Expr
    right: t.Expr
    position: int


def conditions_of(
    document: Document, statement: Statement, ordinal: int, is_constraint: bool
) -> list[Condition]:
    """Equations of a statement that are conditions: those that end in zero, and those said of names."""
    is_constraint |= is_asked(document, statement)
    members = statement.members
    found = []
    for before, member in pairwise(members):
        if before.expr is None or member.expr is None or member.relation not in ("=", "equiv"):
            continue
        if _differentiates(before.expr) or _differentiates(member.expr):
            continue
        if is_constraint or (is_zero(member.expr) and not isinstance(before.expr, t.Symbol)):
            found.append(Condition(before.expr, member.expr, ordinal))
    return found


def is_asked(document: Document, statement: Statement) -> bool:
    """``w = p_1 x_1 + p_2 x_2`` behind "subject to": it asks something of names, and defines none."""
    return _ASKED.search(document.regions[statement.region].before) is not None


def is_given(document: Document, statement: Statement) -> bool:
    """Whether an equation between names is asked to hold: ``centred: Σ x_i = 0``, ``using u^T v = 0``."""
    members = statement.members
    if len(members) != 2 or members[0].relation or members[1].relation != "=":
        return False
    left, right = members[0].expr, members[1].expr
    words = document.regions[statement.region].before
    if left is None or right is None or isinstance(left, t.Symbol):
        return False
    if isinstance(left, t.Apply) and not all(isinstance(a, t.Sum) for a in left.args):
        return False  # α_i (1 - ξ_i) is a product
    if isinstance(left, t.Derivative) and _vanishes(right):
        return True  # what is asked of an optimum
    if isinstance(left, t.Derivative) and left.spelling == "nabla" and _is_multiple(right):
        return True
    if _differentiates(left) or _differentiates(right):
        return False
    if is_asked(document, statement) or _is_to_be_solved(document, statement, left, right):
        return True
    if not isinstance(right, t.Number) or not right.is_whole or isinstance(left, t.Sum):
        return False
    inside = document.text[: statement.span[0]][-_INSIDE:]
    return _GIVEN.search(words) is not None or _GIVEN_INSIDE.search(inside) is not None


def leads_on(document: Document, statement: Statement) -> bool:
    """Whether an arrow behind an equation makes another one of it."""
    return _LEADS_ON.match(document.text[statement.span[1] :][:40]) is not None


def asks(place: Place, document: Document, statement: Statement) -> bool:
    """Whether words, or the same equation before, make a statement a condition."""
    if is_asked(document, statement) or _is_set_to_zero(document, statement):
        return True
    sides = [m.expr for m in statement.members]
    if len(sides) != 2 or sides[0] is None or sides[1] is None or statement.members[0].relation:
        return False
    a, b = sides
    if isinstance(a, t.Symbol):
        return False
    return any(same_tree(left, a) and same_tree(right, b) for left, right in place.asked)


def _is_set_to_zero(document: Document, statement: Statement) -> bool:
    """ "We set ``dy/dx = 0`` and solve": wherever that may be, it is not the point that was looked at before."""
    members = statement.members
    if len(members) != 2 or members[0].expr is None or not is_zero(members[1].expr):
        return False
    words = document.regions[statement.region].before
    return _differentiates(members[0].expr) and _SET.search(words) is not None


def _vanishes(tree: t.Expr) -> bool:
    if isinstance(tree, t.Group):
        return all(map(is_zero, tree.items))
    return is_zero(tree) or (isinstance(tree, t.Symbol) and tree.base == "0")


def _is_multiple(tree: t.Expr) -> bool:
    """``λ ∇g``, ``λ ∇g + μ ∇h``: what a gradient is at an optimum under constraints."""
    terms = tree.terms if isinstance(tree, t.Sum) else (tree,)
    return all(
        isinstance(x, t.Product)
        and len(x.factors) == 2
        and isinstance(x.factors[0], t.Symbol)
        and x.factors[0].base in _MULTIPLIERS
        and isinstance(x.factors[1], t.Derivative)
        and x.factors[1].spelling == "nabla"
        for x in terms
    )


def _is_to_be_solved(document: Document, statement: Statement, left: t.Expr, right: t.Expr) -> bool:
    """``120 - 3P = 2P - 10 ⇒ …``: neither side is told to be the other."""
    explicit = (t.Sum, t.Product, t.Quotient, t.Power)
    named = any(isinstance(p, t.Symbol) for p in t.walk(left))
    if _LED_ON.search(document.text[: statement.span[0]][-40:]):
        return False  # it is made of another one
    return named and isinstance(left, explicit) and leads_on(document, statement)


def is_balance(place: Place, document: Document, statement: Statement) -> bool:
    """``MR = MC ⇒ …``: two quantities that have a formula each are to be equal somewhere.

    Where both are the same anyway, or one of them is the gradient of something, it says what one is.
    """
    members = statement.members
    if len(members) != 2 or members[0].relation or members[1].relation != "=":
        return False
    left, right = members[0].expr, members[1].expr
    if not isinstance(left, t.Symbol) or not isinstance(right, t.Symbol):
        return False
    words = document.regions[statement.region].before
    if not (leads_on(document, statement) or _BALANCED.search(words)):
        return False
    keys = [sort(name, place.world.spelling, {}).key for name in (left, right)]
    if any(gradients.is_named(place.reader(), key) for key in keys):
        return False
    made = [place.world.find(key, place.position) for key in keys]
    if any(m is None or m[0].numeric or m[0].position >= place.position for m in made):
        return False
    return between(place.world, place.position, left, right).verdict == "wrong"


def both_sides(statement: Statement, ordinal: int) -> list[Condition]:
    """An equation as a condition."""
    left, right = (m.expr for m in statement.members)
    return [] if left is None or right is None else [Condition(left, right, ordinal)]


def may_follow(place: Place, before: t.Expr | None, member: t.Expr | None) -> bool:
    """Whether two formulas that differ are equal wherever the conditions before hold; of slopes that says nothing."""
    if before is None or member is None or _differentiates(before) or _differentiates(member):
        return False
    return follows(place, [(before, member)])


def follows(place: Place, links: Sequence[tuple[t.Expr, t.Expr]]) -> bool:
    """Whether equations hold wherever the conditions before do.

    What both sides have in common, such as a scatter matrix, may be whatever it likes then.
    """
    asked = [residual(place, left, right) for left, right in links]
    told = [residual(place, left, right) for left, right in place.asked[-MOST:]]
    known = [r for r in told if r is not None]
    if any(r is None for r in asked) or not known:
        return False
    claim = _stacked([r for r in asked if r is not None])
    about = set(names_beneath([claim]))
    known = [r for r in known if about & set(topological([r]))]
    if not known:
        return False
    condition = _stacked(known)
    made = set(place.world.named) & set(topological([condition])) & set(topological([claim]))
    free = {node: like(node) for node in made if node.inputs}
    if free and is_met(substitute(condition, free), substitute(claim, free)):
        return True
    # The last one alone, where those before it are of another case.
    return is_met(condition, claim) or (len(known) > 1 and is_met(known[-1], claim))


def _differentiates(tree: t.Expr) -> bool:
    return any(
        isinstance(p, t.Derivative) or (isinstance(p, (t.Symbol, t.Apply)) and p.primes)
        for p in t.walk(tree)
    )


def residual(place: Place, left: t.Expr, right: t.Expr) -> Node | None:
    """What is to be zero, as a list of numbers; None where the two sides are not understood."""
    reader = Interpreter(place.world, place.position, Choices())
    try:
        a = reader.node(left)
        b = reader.node(right, sizes(a))
        if a.shape and b.shape and squeezed(sizes(a)) != squeezed(sizes(b)):
            return None
        if is_zero(right):
            return flat(a) if a.shape else TABLE["reshape"](a, (1,))
        rest = subtract(a, b)
        return flat(rest) if rest.shape else TABLE["reshape"](rest, (1,))
    except (NotUnderstood, DvarError):
        return None


def _stacked(residuals: Sequence[Node]) -> Node:
    return residuals[0] if len(residuals) == 1 else TABLE["concatenate"](list(residuals), axis=0)


def is_met(told: Node, claim: Node) -> bool:
    """Whether a claim is zero wherever what is told is."""
    variables = names_beneath([told, claim])
    if sum(map(count, variables)) > LARGEST or count(told) > LARGEST:
        return False
    slopes = _slopes(told, variables)
    agreed = 0
    for seed in range(_TRIED):
        point = _solved(told, slopes, variables, seed, variables)
        if point is None:  # by one name alone, in which the equations may be linear
            able = [v for v in variables if count(v) >= count(told)]
            tried = (_solved(told, slopes, variables, seed, [v]) for v in able)
            point = next((p for p in tried if p is not None), None)
        if point is None:
            continue
        value = Point(known=point).value(claim)
        if value is None or not np.all(np.abs(value.astype(float)) < 1e-6):
            return False
        agreed += 1
        if agreed >= _ENOUGH:
            return True
    return False


def _slopes(told: Node, variables: Sequence[Node]) -> list[list[Node]]:
    """The derivatives of each equation by each variable."""
    found = []
    for k in range(count(told)):
        one = TABLE["getitem"](told, (k,))
        gradients = sweep(one, number(1.0), list(variables)).gradients
        found.append([_or_zero(gradients.get(v), v) for v in variables])
    return found


def _or_zero(slope: Node | None, like: Node) -> Node:
    if slope is not None:
        return slope
    return TABLE["zeros"](sizes(like)) if like.shape else number(0.0)


def _solved(
    told: Node,
    slopes: Sequence[Sequence[Node]],
    variables: Sequence[Node],
    seed: int,
    moving: Sequence[Node],
) -> dict[Node, Array] | None:
    """A point at which all equations hold, near a random one, that differs in some of the names only."""
    start = Point(seed=300 + seed)
    at = {v: np.asarray(start.value(v), dtype=float) for v in variables}
    if (first := start.value(told)) is None or not np.all(np.isfinite(first.astype(float))):
        at = {v: np.abs(x) for v, x in at.items()}  # of roots and powers
    for _ in range(_STEPS):
        point = Point(known=at)
        value = point.value(told)
        if value is None or not np.all(np.isfinite(value.astype(float))):
            return None
        if np.max(np.abs(value.astype(float))) < 1e-10:
            return {v: np.asarray(x) for v, x in at.items()}
        rows = [
            np.concatenate(
                [
                    _flat(point.value(g) if v in moving else None, v)
                    for g, v in zip(row, variables, strict=True)
                ]
            )
            for row in slopes
        ]
        step, *_ = np.linalg.lstsq(np.array(rows), -value.astype(float), rcond=1e-10)
        length = float(np.max(np.abs(step), initial=0.0))
        step = step / max(1.0, length)
        offset = 0
        for v in variables:
            part = step[offset : offset + count(v)]
            at[v] = at[v] + part.reshape(sizes(v))
            offset += count(v)
    return None


def _flat(value: Array | None, like: Node) -> Array:
    if value is None:
        return np.zeros(count(like))
    return np.broadcast_to(np.asarray(value, dtype=float), sizes(like)).reshape(-1)


__all__ = [
    "Condition",
    "asks",
    "both_sides",
    "conditions_of",
    "follows",
    "is_asked",
    "is_balance",
    "is_given",
    "is_met",
    "may_follow",
    "residual",
]
