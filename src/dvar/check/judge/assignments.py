"""New values from old ones: the forms that updates have; and one number for several names."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from dvar.check.judge.literal import is_numeric, is_plain
from dvar.check.meaning.keys import Key, stem_of
from dvar.check.meaning.survey import is_loss_like
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member
from dvar.read.worksheet.parts import factors_of, same_tree

_RATES = frozenset(
    {"alpha", "eta", "lr", "lambda", "epsilon", "gamma", "mu", "rate", "learning_rate", "H"}
)


NEW = frozenset({
    "new", "+", "next", "updated", "neu", "nuevo", "nueva", "nouveau", "novo", "nova", "nuovo", "新", "새",
})  # fmt: skip
OLD = frozenset({
    "old", "current", "prev", "alt", "viejo", "vieja", "anterior", "actual", "ancien", "antigo", "atual",
    "vecchio", "旧", "원래",
})  # fmt: skip
"""What marks the value after a step, and that before it."""


def is_update(left: t.Expr, right: t.Expr, relation: str) -> bool:
    """``w := w - α dw``, ``w^+ = w - η ∂E/∂w``, ``θ_{t+1} = θ_t - …``: a new value from the old one."""
    if is_rescaled(left, right):
        return True
    if isinstance(left, t.Derivative):  # dJ_db = dJ_db + err, as programs collect
        return isinstance(right, t.Sum) and any(
            same_tree(x, left) and sign > 0
            for x, sign in zip(right.terms, right.signs, strict=True)
        )
    if isinstance(left, t.Matrix):  # of all weights of a layer at once
        steps = isinstance(right, t.Sum) and same_tree(left, right.terms[0])
        return steps or (relation == ":=" and is_numeric(right, lambda name: True))
    if not isinstance(left, t.Symbol):
        return False
    if _goes_from_elsewhere(left, right, relation):
        return True
    if not isinstance(right, t.Sum) or len(right.terms) < 2:
        return False
    first = right.terms[0]
    if isinstance(first, t.Group) and len(first.items) == 1:
        first = first.items[0]
    if not isinstance(first, t.Symbol) or stem_of(first) != stem_of(left):
        # numbers put in: w_1 := 0.5 - 0.1(-1.92)
        return relation == ":=" and is_numeric(right, lambda name: True)
    if relation == ":=" or same_tree(first, left):
        return True
    if is_loss_like(Key(stem_of(left))) and not old_name(left):
        return False  # J = J_1 + λ R
    old = old_name(left)
    if old is not None and same_tree(first, old):
        return True
    return _is_new(left, first) and any(_is_step(term) for term in right.terms[1:])


def _goes_from_elsewhere(left: t.Symbol, right: t.Expr, relation: str) -> bool:
    """``w := -α dw``, ``w := x - α dw``, ``w := w``: a step that has not the old value to start from, or no step."""
    old = old_name(left)
    if relation != ":=" and old is None:
        return False
    if old is None and same_tree(left, right):
        return True
    match right:
        case t.Negative(operand=step) | t.Sum(terms=(t.Symbol(), step)):
            factors = factors_of(step)
            return len(factors) > 1 and any(_is_slope_of(f, old or left) for f in factors)
    return False


def _is_slope_of(tree: t.Expr, name: t.Symbol) -> bool:
    """``∂J/∂w`` and ``dw`` of w."""
    if isinstance(tree, t.Derivative):
        return len(tree.wrt) == 1 and same_tree(tree.wrt[0], name)
    return isinstance(tree, t.Symbol) and same_tree(tree, replace(name, base=f"d{name.base}"))


def is_rescaled(left: t.Expr, right: t.Expr) -> bool:
    """``dw = dw / m`` behind a loop that has added up dw."""
    if not isinstance(left, (t.Symbol, t.Derivative)):
        return False
    if isinstance(right, t.Quotient):
        return same_tree(left, right.above)
    if not isinstance(right, t.Product) or len(right.factors) != 2:
        return False
    share = [f for f in right.factors if not same_tree(f, left)]
    return len(share) == 1 and isinstance(share[0], (t.Quotient, t.Number))


def _is_new(left: t.Symbol, old: t.Symbol) -> bool:
    return (
        left.subscripts != old.subscripts
        or left.scripts != old.scripts
        or left.primes != old.primes
    )


def _is_step(term: t.Expr) -> bool:
    for part in t.walk(term):
        if isinstance(part, t.Derivative):
            return True
        if is_rate(part):
            return True
    return False


def is_rate(tree: object) -> bool:
    """Whether a name is one that steps are multiplied by."""
    return isinstance(tree, t.Symbol) and tree.base in _RATES


def old_name(name: t.Symbol) -> t.Symbol | None:
    """``w_6`` of ``w_6^{+}`` or ``w_{6,new}``; None where a name is not marked as new."""
    return without_mark(name, NEW)


def without_mark(name: t.Symbol, marks: Collection[str]) -> t.Symbol | None:
    """A name without the one label that marks it; None where it has no such label."""
    scripts = tuple(s for s in name.scripts if not _says(s.value, marks))
    subscripts = tuple(s for s in name.subscripts if not _says(s, marks))
    if len(scripts) + len(subscripts) + 1 != len(name.scripts) + len(name.subscripts):
        return None
    return replace(name, scripts=scripts, subscripts=subscripts)


def _says(tree: t.Expr | None, marks: Collection[str]) -> bool:
    return isinstance(tree, t.Label) and tree.text in marks


def shared_number(members: Sequence[Member], world: World) -> t.Expr | None:
    """The number of ``w_1 = w_2 = 0.3``, where none of the names is short for another; None if it is no such."""
    names, last = [m.expr for m in members[:-1]], members[-1].expr
    symbols = [x for x in names if isinstance(x, t.Symbol)]
    if len(names) < 2 or len(symbols) < len(names) or last is None or not is_plain(last):
        return None
    alike = len({stem_of(x) for x in symbols}) == 1 and all(x.subscripts for x in symbols)
    stems = {stem_of(x) for x in symbols if not (x.subscripts or x.scripts)}
    made = (d.value for some in world.definitions.values() for d in some if not d.numeric)
    beside = len(stems) == len(names) and any(
        len(stems & {stem_of(p) for p in t.walk(v) if isinstance(p, t.Symbol)}) > 1 for v in made
    )  # x = y = 5 behind a formula that has both
    return last if alike or beside else None
