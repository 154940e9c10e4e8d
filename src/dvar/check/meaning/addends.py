"""``L_i`` where only ``L = \\frac{1}{N} \\sum_{i=1}^N …`` has a formula: what example i adds, not divided by N."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from dvar.check.meaning.alphabet import COUNTS
from dvar.check.meaning.definitions import Definition
from dvar.check.meaning.keys import letters_in, stem_of
from dvar.check.meaning.letters import parts
from dvar.check.meaning.patterns import Pattern, free_letters
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import rewritten


def tell(world: World, statements: Sequence[Statement]) -> None:
    """Give names for what single examples add to a loss their formulas, where they have none."""
    used = {
        (stem_of(p), tuple(c for sub in p.subscripts for c in letters_in(sub)))
        for p in parts(statements)
        if isinstance(p, t.Symbol) and p.subscripts and not p.scripts
    }
    for made in [d for some in world.definitions.values() for d in some]:
        sign, big = (1, None) if made.numeric else _sum(made.value)
        if big is None or made.pattern.marks or made.pattern.indices or len(big.indices) != 1:
            continue
        (letter,) = big.indices
        if (made.pattern.stem, (letter,)) not in used or not _is_count(big.high):
            continue
        if letter in letters_in(big.body):
            _define(world, made, letter, big.body if sign > 0 else t.Negative(big.body, big.span))


def tell_any(world: World, statements: Sequence[Statement]) -> None:
    """``∂L/∂a`` where only ``L_n`` has a formula, and sums run over n: L is that of any one example, without its n.

    Not where the n is written beside it, ``∂L/∂w = x_n``: there L is left as the list of all of them.
    """
    tops: dict[str, set[str]] = {}
    for statement in statements:
        members = [m.expr for m in statement.members if m.expr is not None]
        free = {c for tree in members for c in free_letters(tree, world.spelling)}
        for p in parts([statement]):
            if isinstance(p, t.Derivative) and isinstance(p.of, t.Symbol):
                if not (p.of.subscripts or p.of.scripts):
                    tops.setdefault(stem_of(p.of), set()).update(free)
    summed = {
        c for p in parts(statements) if isinstance(p, t.Big) and p.name == "sum" for c in p.indices
    }
    for stem in tops.keys() & world.definitions.keys():
        made = world.definitions[stem]
        patterns = {d.pattern for d in made if not d.numeric}
        letters = {str(slot[1]) for p in patterns for slot in p.indices if slot[0] == "letter"}
        if (
            len(patterns) != 1
            or len(made) != 1
            or len(letters) != 1
            or not letters <= summed - tops[stem]
        ):
            continue
        if made[0].pattern.marks or len(made[0].pattern.indices) != 1:
            continue
        value = _without(made[0].value, letters.pop())
        world.define(replace(made[0], pattern=Pattern(stem, (), ()), value=value))


def _without(tree: t.Expr, letter: str) -> t.Expr:
    """A formula whose names lose an index."""

    def change(part: Any) -> t.Expr | None:
        if isinstance(part, t.Label) and not part.is_text and len(part.text) == 2:
            return replace(part, text=part.text.replace(letter, ""))
        if not isinstance(part, t.Symbol) or not part.subscripts:
            return None
        kept = tuple(s for s in part.subscripts if letters_in(s) != [letter])
        return replace(
            part, subscripts=rewritten(kept, change), scripts=rewritten(part.scripts, change)
        )

    return cast("t.Expr", rewritten(tree, change))


def _define(world: World, whole: Definition, letter: str, value: t.Expr) -> None:
    pattern = Pattern(whole.pattern.stem, (), (("letter", letter, 0),))
    if world.find(pattern.key({letter: world.sample(letter)}), whole.position) is None:
        world.define(replace(whole, pattern=pattern, params=(), value=value))


def _sum(tree: t.Expr) -> tuple[int, t.Big | None]:
    """The sign and the sum of a mean: whatever divides it is left away."""
    match tree:
        case t.Negative(operand=inner):
            sign, big = _sum(inner)
            return -sign, big
        case t.Big(name="sum"):
            return 1, tree
        case t.Product(factors=(t.Quotient(above=t.Number(text="1"), below=below), rest)) if (
            _is_count(below)
        ):
            return _sum(rest)
        case t.Quotient(above=above, below=below) if _is_count(below):
            return _sum(above)
    return 1, None


def _is_count(tree: t.Expr | None) -> bool:
    return isinstance(tree, t.Symbol) and tree.base in COUNTS and not tree.subscripts
