"""Numbers as written: their values, and how far rounding may have moved them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from dvar.check.judge.ledger import Ledger, State
from dvar.check.meaning.interpret import Interpreter
from dvar.check.meaning.points import Point
from dvar.check.meaning.values import NotUnderstood, sizes
from dvar.core.node import Node
from dvar.core.op import Array
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import Rebuild, places

FEW = 0.05
"""A rounded number is not off by more than this part of itself."""


@dataclass(frozen=True)
class Literal:
    """An expression of numbers only.

    Attributes:
        value: what it comes to, from the numbers as written.
        slack: how far the value may be off since the numbers in it are rounded.
        slack_with_mistakes: the same, if numbers carried from mistakes count as rounded; roots are the
            lines of those mistakes.
        is_plain: whether it is a number or an array of numbers, with nothing to compute.
    """

    value: Array
    slack: Array
    slack_with_mistakes: Array
    roots: tuple[int, ...]
    is_plain: bool

    @property
    def is_open(self) -> bool:
        """Whether it has no value: it depends on a function that is left open."""
        return bool(np.any(np.isnan(self.value.astype(float))))


def is_literal(tree: t.Expr) -> bool:
    """Whether an expression has no names in it (e and π are numbers)."""
    for part in t.walk(tree):
        if isinstance(part, t.Symbol) and not _is_constant(part):
            return False
        if isinstance(part, (t.Derivative, t.Text, t.Ellipsis, t.Shape)):
            return False
        if isinstance(part, t.Big):
            return False
        if isinstance(part, t.Apply) and part.head.base not in ("sigma", "phi", "g", "f"):
            return False
    return True


def is_numeric(tree: t.Expr, is_function: Callable[[str], bool]) -> bool:
    """Like ``is_literal``, but functions may be applied: ``σ(0.2)``."""
    heads = {
        id(p.head) for p in t.walk(tree) if isinstance(p, t.Apply) and is_function(p.head.base)
    }
    for part in t.walk(tree):
        if isinstance(part, t.Symbol) and id(part) not in heads:
            if not _is_constant(part):
                return False
        if isinstance(part, (t.Derivative, t.Text, t.Ellipsis, t.Shape, t.Big)):
            return False
        if isinstance(part, t.Label) and not part.text.isdigit():
            return False
    return any(isinstance(p, t.Number) for p in t.walk(tree))


def _is_constant(symbol: t.Symbol) -> bool:
    """π, or a power of e; a bare e and its square are more often those of an error."""
    powers = [s for s in symbol.scripts if not isinstance(s.value, t.Number)]
    known = symbol.base == "pi" or (symbol.base == "e" and bool(powers))
    return known and not symbol.subscripts


_ANGLES = frozenset(
    ["t", "s", "u", "x", "y", "z", "r", "theta", "phi", "varphi", "alpha", "beta", "omega"]
)


def is_pi(value: t.Expr) -> bool:
    """A bare π: it may be the ratio of the circle."""
    plain = isinstance(value, t.Symbol) and not (value.scripts or value.accents or value.primes)
    return plain and isinstance(value, t.Symbol) and value.base == "pi" and _is_constant(value)


def is_angle(name: t.Expr, value: t.Expr) -> bool:
    """``t = \\pi``: a number without a digit; a policy or a share is called by other letters."""
    return isinstance(name, t.Symbol) and name.base in _ANGLES and is_pi(value)


def is_profit(value: t.Expr) -> bool:
    """``π = TR - TC``: what is told by other names is not the ratio of the circle."""
    names = {p.base for p in t.walk(value) if isinstance(p, t.Symbol)}
    return isinstance(value, t.Sum) and bool(names) and "pi" not in names


def is_zero(tree: t.Expr | None) -> bool:
    return isinstance(tree, t.Number) and tree.value == 0


def is_plain(tree: t.Expr) -> bool:
    match tree:
        case t.Number():
            return True
        case t.Negative():
            return is_plain(tree.operand)
        case t.Sum(terms=(only,)):
            return is_plain(only)
        case t.Group(scripts=scripts) if tree.kind in ("(", "[", "list", "tuple", "{"):
            return all(map(is_plain, tree.items)) and all(s.kind == "transpose" for s in scripts)
        case t.Matrix():
            return all(is_plain(entry) for row in tree.rows for entry in row)
    return False


def numbers_in(tree: t.Expr) -> Iterator[t.Number]:
    """The numbers of an expression that are values: exponents and indices are not."""
    stack: list[t.Expr | t.Script] = [tree]
    while stack:
        part = stack.pop()
        if isinstance(part, t.Number):
            yield part
        elif isinstance(part, t.Script):
            if part.value is not None and not isinstance(part.value, (t.Number, t.Label)):
                stack.append(part.value)
        else:
            stack.extend(reversed(list(t.children(part))))


def read_literal(
    e: Interpreter, tree: t.Expr, ledger: Ledger, known: State | None = None
) -> tuple[Literal, Node]:
    """The value of an expression of numbers, or of numbers and names that are known.

    Raises NotUnderstood.
    """
    node = e.node(tree)
    known = known or {}
    value = _value(node, known)
    plain = is_plain(tree)
    slack, with_mistakes, roots = _slack(e, tree, value, ledger, plain, known)
    return Literal(value, slack, with_mistakes, roots, plain), node


def _value(node: Node, known: State) -> Array:
    value = Point(closed=True, known=known).value(node)
    if value is None:
        return np.full(sizes(node), np.nan)
    return value


def _slack(
    e: Interpreter, tree: t.Expr, value: Array, ledger: Ledger, plain: bool, known: State
) -> tuple[Array, Array, tuple[int, ...]]:
    if plain:
        units = plain_units(tree, value)
        return units, units, ()
    slack = np.zeros_like(value)
    extra = np.zeros_like(value)
    roots: set[int] = set()
    values = {id(number) for number in numbers_in(tree)}
    for number, rebuild in places(tree):
        if not isinstance(number, t.Number) or id(number) not in values:
            continue
        off, mistake, root = _deviation(number, ledger)
        if root is not None:
            roots.add(root)
        if off:
            slack = slack + _effect(e, number, rebuild, off, value, known)
        if max(off, mistake):
            extra = extra + _effect(e, number, rebuild, max(off, mistake), value, known)
    return slack, extra, tuple(sorted(roots))


def _deviation(number: t.Number, ledger: Ledger) -> tuple[float, float, int | None]:
    """How far a number in a formula may be from what it stands for: by rounding, by an earlier mistake."""
    off, root = ledger.numbers.get(abs(number.value), (0.0, None))
    size = FEW * float(abs(number.value))
    if root is not None:
        return 0.0 if number.is_whole else float(number.unit), off * 1.02, root
    most = max(float(number.unit) / (2 if number.is_whole else 1), size)
    if abs(number.value) in ledger.numbers and off <= most:
        return min(off * 1.02, most), 0.0, None  # what is further off is something else
    if abs(number.value) in ledger.exact or number.is_whole:
        return 0.0, 0.0, None
    if is_choice(number):
        return 2 * _rounding(number, ledger), 0.0, None
    return min(float(number.unit), size), 0.0, None


def is_choice(number: t.Number) -> bool:
    """Whether a number has a single digit: 0.1 and 2.0 are chosen rather than computed."""
    digits = number.text.lower().partition("e")[0].replace(".", "").strip("0")
    return len(digits) <= 1


def _rounding(number: t.Number, ledger: Ledger) -> float:
    """How far a number is from those printed before that come to it when they are rounded."""
    value, unit = abs(number.value), number.unit
    near = (abs(n - value) for n in ledger.numbers)
    return float(max((off for off in near if off <= unit / 2), default=Fraction(0)))


def _effect(
    e: Interpreter, number: t.Number, rebuild: Rebuild, off: float, value: Array, known: State
) -> Array:
    """How far the value moves if one number in it moves by ``off``."""
    worst = np.zeros_like(value)
    for sign in (1, -1):
        moved_number = number.value + sign * Fraction(off)
        span = number.span
        written: t.Expr = t.Number(str(abs(moved_number)), span)
        if moved_number < 0:
            written = t.Negative(written, span)
        try:
            moved = _value(e.again().node(rebuild(written)), known)
        except NotUnderstood:
            continue
        if moved.shape != value.shape:
            continue
        with np.errstate(invalid="ignore"):  # ∞ - ∞ moves by no finite amount
            change = np.abs(moved - value)
        worst = np.maximum(worst, np.where(np.isfinite(change.astype(float)), change, 0))
    return worst


def plain_units(tree: t.Expr, like: Array) -> Array:
    """One unit of the last digit of each printed number, in the shape of their array."""
    units = [0.0 if n.is_whole else float(n.unit) for n in _plain_numbers(tree)]
    flat = np.array(units, dtype=np.longdouble)
    if flat.size == like.size:
        # A whole number in a list of decimals is rounded like its neighbours: [1.1, 0].
        if flat.size > 1 and flat.max() > 0:
            flat = np.where(flat == 0, flat.max(), flat)
        return (
            flat.reshape(like.shape) if not _is_turned(tree) else flat.reshape(like.shape[::-1]).T
        )
    return np.full(like.shape, flat.max() if flat.size else 0.0, dtype=np.longdouble)


def _is_turned(tree: t.Expr) -> bool:
    return isinstance(tree, (t.Group, t.Matrix)) and any(
        s.kind == "transpose" for s in tree.scripts
    )


def _plain_numbers(tree: t.Expr) -> list[t.Number]:
    return [part for part in t.walk(tree) if isinstance(part, t.Number)]


def printed_numbers(tree: t.Expr) -> list[Fraction]:
    """The values of all plain numbers of a member, without signs."""
    return [n.value for n in _plain_numbers(tree)]


def is_closed(slope: t.Derivative) -> bool:
    """``d/dx [x e^x]``: the slope of a formula of nothing but what it is differentiated by."""
    by = {w.base for w in slope.wrt if isinstance(w, t.Symbol) and not w.subscripts}
    inside = list(t.walk(slope.of)) if slope.of is not None else []
    symbols = [p for p in inside if isinstance(p, t.Symbol)]
    known = all(not (p.subscripts or p.accents) and p.base in {*by, "e"} for p in symbols)
    return (
        known
        and bool(by & {p.base for p in symbols})
        and not any(isinstance(p, t.Apply) for p in inside)
    )
