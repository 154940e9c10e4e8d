r"""A loss that is defined in a word and differentiated by a letter: ``Loss = (y - a)^2``, then ``∂L/∂a``.

Or told by its opposite: ``-D = \frac12 \sum_j (1 + s_j - \mu_j^2)`` is the only formula for ``D``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dvar.check.meaning.alphabet import PENALTIES
from dvar.check.meaning.keys import stem_of
from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import factors_of, in_members, same_tree

_WORDS = frozenset({"loss", "cost", "error"})
_LETTERS = ("L", "l", "ell", "J", "C", "E")


def turned(statements: Sequence[Statement]) -> list[Statement]:
    """The statements, with ``D = -(…)`` for ``-D = …`` where nothing else tells D, and it is differentiated."""
    firsts = [s.members[0].expr for s in statements if len(s.members) > 1]
    told = {stem_of(x) for x in firsts if isinstance(x, t.Symbol)}
    tops = {
        stem_of(p.of)
        for p in parts(statements)
        if isinstance(p, t.Derivative) and isinstance(p.of, t.Symbol)
    }

    def opposite(statement: Statement) -> Statement:
        first, *rest = statement.members
        name = first.expr.operand if isinstance(first.expr, t.Negative) else None
        if not isinstance(name, t.Symbol) or stem_of(name) in told or stem_of(name) not in tops:
            return statement
        others = [m.expr for m in rest if m.expr is not None]
        if len(others) < len(rest) or any(isinstance(x, t.Number | t.Derivative) for x in others):
            return statement
        values = (t.Negative(t.Group("(", (x,), x.span), x.span) for x in others)
        members = (replace(m, expr=x) for m, x in zip(rest, values, strict=True))
        return replace(statement, members=(replace(first, expr=name), *members))

    return [opposite(s) for s in statements]


def one_loss(statements: Sequence[Statement]) -> list[Statement]:
    """The statements with the word in the place of the letter.

    It is the same loss where a document has a formula for one, in a word, and the letter stands nowhere but
    above the bar of derivatives.
    """
    statements = turned(_without_arguments(statements))
    told = [(n, left) for n, s in enumerate(statements) if (left := _told(s)) is not None]
    if len({left.base for _, left in told}) != 1:
        return list(statements)
    first, word = told[0]
    letters = _above_only(statements)

    def name(part: t.Expr) -> t.Expr | None:
        if not isinstance(part, t.Derivative) or not isinstance(part.of, t.Symbol):
            return None
        if not _is_bare(part.of) or part.of.base not in letters:
            return None
        return replace(part, of=replace(word, span=part.of.span))

    return [in_members(s, name) if n > first and letters else s for n, s in enumerate(statements)]


def _without_arguments(statements: Sequence[Statement]) -> Sequence[Statement]:
    """``J = L(a, y) + λ Ω(θ)`` as ``J = L + λ Ω`` where L and Ω have no formula, and derivatives of them are taken."""
    made, added, sloped = set[str](), set[str](), set[str]()
    uses: dict[str, list[t.Apply]] = {}
    for statement in statements:
        first, *rest = (m.expr for m in statement.members)
        left = first.head if isinstance(first, t.Apply) else first
        if not isinstance(left, t.Symbol) or not rest:
            continue
        made.add(stem_of(left))
        for value in rest if left.base in _LETTERS else ():
            terms = value.terms if isinstance(value, t.Sum) else ()
            applied = [x.head for y in terms for x in factors_of(y) if isinstance(x, t.Apply)]
            added |= {stem_of(x) for x in applied if x.base in _LETTERS or x.base in PENALTIES}
    for part in parts(statements):
        if isinstance(part, t.Apply):
            uses.setdefault(stem_of(part.head), []).append(part)
        elif isinstance(part, t.Derivative):
            of = part.of.head if isinstance(part.of, t.Apply) else part.of
            sloped |= {stem_of(of)} if isinstance(of, t.Symbol) else set()
    open_ = {
        stem
        for stem in (added & sloped) - made
        if all(same_tree(x.args, uses[stem][0].args) and not x.primes for x in uses[stem])
    }

    def change(part: t.Expr) -> t.Expr | None:
        if isinstance(part, t.Derivative) and isinstance(part.of, t.Apply) and not part.wrt:
            if stem_of(part.of.head) in open_ and len(part.of.args) == 1:  # ∇L(w) is by w
                return replace(part, of=part.of.head, wrt=part.of.args)
        if not isinstance(part, t.Apply) or stem_of(part.head) not in open_:
            return None
        return replace(part.head, span=part.span)

    return [in_members(s, change) for s in statements] if open_ else statements


def _told(statement: Statement) -> t.Symbol | None:
    """The word for which a statement gives the formula of a loss."""
    members = statement.members
    if len(members) < 2 or members[0].relation or members[1].relation not in ("=", ":="):
        return None
    left, right = members[0].expr, members[1].expr
    if not isinstance(left, t.Symbol) or not _is_bare(left) or left.base.lower() not in _WORDS:
        return None
    has_names = right is not None and any(isinstance(p, t.Symbol) for p in t.walk(right))
    return left if has_names else None


def _is_bare(symbol: t.Symbol) -> bool:
    return not (symbol.subscripts or symbol.scripts or symbol.primes or symbol.accents)


def _above_only(statements: Sequence[Statement]) -> set[str]:
    """Letters of losses that are only ever differentiated."""
    above: set[int] = set()
    found: set[str] = set()
    other: set[str] = set()
    for part in parts(statements):
        if isinstance(part, t.Derivative) and isinstance(part.of, t.Symbol):
            above.add(id(part.of))
            found.add(part.of.base)
        elif isinstance(part, (t.Symbol, t.Label)) and id(part) not in above:
            other.add(part.base if isinstance(part, t.Symbol) else part.text)
    return {c for c in _LETTERS if c in found and c not in other}
