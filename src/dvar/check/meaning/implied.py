"""The summation convention: a product in which an index occurs twice is summed over it.

Where a document says that it uses it, the sums are written out here, so that everything else finds them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import pairwise

from dvar.check.meaning.columns import is_turned
from dvar.check.meaning.keys import Spelling
from dvar.check.meaning.letters import parts, spelling_of
from dvar.check.meaning.patterns import free_letters
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Member, Statement
from dvar.read.worksheet.parts import multiplied

_SAID = re.compile(
    r"summation convention|Einstein('s|ian)?[- ](sum|notation|convention|index|indices)|"
    r"\b(repeated|double|doubled|twice occurring) (ind(ex|ices)|subscripts?)\b.{0,40}\bsum|"
    r"\bind(ex|ices)\b.{0,30}\b(twice|repeated)\b.{0,40}\bsum|"
    r"\bsum\w* (over|on) (all |the )?(repeated|double|intermediate|dummy|contracted) ind|"
    r"(sum|summation)s? (is|are) (implied|implicit|understood)|implied summation|implicit sum|"
    r"Summenkonvention|Summationskonvention|convention de sommation|conve(nio|nción) de (suma|Einstein)",
    re.IGNORECASE | re.DOTALL,
)

_LONGEST = 4
"""A run of so many letters is a word rather than indices."""


def is_said(document: Document) -> bool:
    """Whether a document says that it leaves out sums over what occurs twice."""
    return _SAID.search(document.text) is not None


def written_out(document: Document, statements: Sequence[Statement]) -> list[Statement]:
    """The statements of a document, with the sums that its convention leaves out."""
    spelling = spelling_of(statements)
    said = is_said(document)
    if not (said or _is_practised(statements, spelling)):
        return list(statements)
    if said:
        spelling.letters |= _in_runs(statements, spelling)
    summer = _Summer(spelling)
    found: list[Statement] = []
    free: frozenset[str] = frozenset()
    for statement in statements:
        first = statement.members[0]
        if not first.relation and first.expr is not None:
            # Who does not tell the convention writes ∂a_j/∂z_j for one j.
            free = frozenset(free_letters(first.expr, spelling))
            if said:  # nor does ∂a_i/∂z_i = a_i - a_i^2 sum over what one term has once
                rest = (summer.free(m.expr) for m in statement.members[1:] if m.expr is not None)
                free = summer.free(first.expr) | (free & frozenset().union(*rest))
        if any(_is_turned_vector(part) for part in parts([statement])):
            found.append(statement)
            continue
        members = tuple(_member(summer, m, free) for m in statement.members)
        found.append(replace(statement, members=members))
    return found


def _is_turned_vector(part: t.Expr | t.Script) -> bool:
    """``u_o^T``: who turns vectors means them whole, and o tells which one it is."""
    return isinstance(part, t.Symbol) and bool(part.subscripts) and is_turned(part)


def is_uneven(sides: Sequence[t.Expr], spelling: Spelling, statements: Sequence[Statement]) -> bool:
    """Whether a letter is free in one term and not in another: then no convention tells what is added up there."""
    spelling = replace(spelling, letters=spelling.letters | _in_runs(statements, spelling))
    terms = [x for side in sides for x in (side.terms if isinstance(side, t.Sum) else (side,))]
    free = [free_letters(x, spelling) for x in terms if not isinstance(x, t.Number | t.Derivative)]
    return any(letters != free[0] for letters in free)


def _in_runs(statements: Sequence[Statement], spelling: Spelling) -> set[str]:
    """The letters beside known ones below, ``a`` of ``Q_{ia} K_{ja}``: who leaves out sums has indices only there."""
    found: set[str] = set()
    for part in parts(statements):
        for below in part.subscripts if isinstance(part, t.Symbol) else ():
            text = below.text if isinstance(below, t.Label) and not below.is_text else ""
            if 1 < len(text) < _LONGEST and text.isascii() and text.islower():
                found |= set(text) if set(text) & spelling.letters else set()
    return found


def _is_practised(statements: Sequence[Statement], spelling: Spelling) -> bool:
    """Whether a document that writes no sum of products at all defines something by one: ``z_j = w_{ji} x_i``.

    What softmax divides by, ``Σ_j e^{z_j}``, no convention leaves out.
    """
    sums = (p for p in parts(statements) if isinstance(p, t.Big) and p.name == "sum")
    if any(not _is_of_powers(p) for p in sums):
        return False
    return any(
        isinstance(s.members[0].expr, t.Symbol)
        and (second := s.members[1].expr) is not None
        and leaves_out_a_sum(free_letters(s.members[0].expr, spelling), second, spelling)
        for s in statements
        if len(s.members) > 1
    )


def _is_of_powers(big: t.Big) -> bool:
    """``Σ_j e^{z_j}``, ``Σ_j \\exp(z_j)``."""
    body = big.body
    named = isinstance(body, t.Symbol) and body.base == "e" and bool(body.scripts)
    return named or (isinstance(body, t.Call) and body.name == "exp")


def leaves_out_a_sum(letters: AbstractSet[str], value: t.Expr, spelling: Spelling) -> bool:
    """Whether a formula for entries with these letters has another letter twice in a product, and no sum over it."""
    if not letters or any(isinstance(p, t.Big) for p in t.walk(value)):
        return False
    return bool(_twice_in(value, spelling) - letters)


def lack_a_sum(sides: Sequence[t.Expr], spelling: Spelling) -> bool:
    """Whether one of two sides has a letter twice in a product that the other side does not have."""
    return len(sides) == 2 and any(
        leaves_out_a_sum(free_letters(other, spelling), side, spelling)
        for side, other in (sides, sides[::-1])
    )


def writes_its_sums(statements: Sequence[Statement], spelling: Spelling) -> bool:
    """Whether some statements have sums of products over what stands twice there, and none leaves one out."""
    return any(
        isinstance(p, t.Big) and p.name == "sum" and set(p.indices) & _twice_in(p.body, spelling)
        for p in parts(statements)
    ) and not any(
        lack_a_sum([side.expr for side in sides if side.expr is not None], spelling)
        for statement in statements
        for sides in pairwise(statement.members)
    )


def _twice_in(value: t.Expr, spelling: Spelling) -> set[str]:
    """The letters that are indices of two factors of a product."""
    found: set[str] = set()
    for part in t.walk(value):
        if isinstance(part, t.Product):
            counted = Counter(c for f in part.factors for c in free_letters(f, spelling))
            found |= {c for c, n in counted.items() if n > 1}
    return found


def _member(summer: _Summer, member: Member, free: frozenset[str]) -> Member:
    return (
        member if member.expr is None else replace(member, expr=summer.term(member.expr, free)[0])
    )


@dataclass(frozen=True)
class _Summer:
    spelling: Spelling

    def free(self, expr: t.Expr) -> frozenset[str]:
        """The indices that occur once: those that a statement with this left side is about."""
        _, counted = self.term(expr, frozenset())
        return frozenset(counted)

    def term(self, expr: t.Expr, kept: frozenset[str]) -> tuple[t.Expr, Counter[str]]:
        """A term with its sums written out, and the indices that are left in it.

        Args:
            kept: indices that are not summed however often they occur.
        """
        new, counted = self._part(expr, kept)
        twice = sorted(c for c, n in counted.items() if n > 1 and c not in kept)
        if not twice:
            return new, counted
        left = Counter({c: n for c, n in counted.items() if c not in twice})
        return t.Big("sum", tuple(twice), None, None, None, new, expr.span), left

    def _part(self, expr: t.Expr, kept: frozenset[str]) -> tuple[t.Expr, Counter[str]]:
        """A factor or a product of them: its indices are counted together with those beside it."""
        match expr:
            case t.Symbol():
                return expr, self._of_symbol(expr)
            case t.Negative():
                inner, counted = self._part(expr.operand, kept)
                return replace(expr, operand=inner), counted
            case t.Product():
                pairs = [self._part(f, kept) for f in expr.factors]
                return replace(expr, factors=tuple(p for p, _ in pairs)), _total(pairs)
            case t.Quotient():
                above, below = self._part(expr.above, kept), self._part(expr.below, kept)
                return replace(expr, above=above[0], below=below[0]), _total([above, below])
            case t.Sum():
                terms = [self.term(x, kept) for x in expr.terms]
                return replace(expr, terms=tuple(x for x, _ in terms)), _widest(terms)
            case t.Group():
                return self._group(expr, kept)
            case t.Apply(args=(t.Sum(),)) if self._is_entry(expr.head):
                # V_{mi} (p_m - y_m): no function has two indices
                return self._part(multiplied(expr), kept)
            case t.Apply() | t.Call():
                args = [self.term(a, kept) for a in expr.args]
                return replace(expr, args=tuple(a for a, _ in args)), _widest(args)
            case t.Derivative():
                return self._derivative(expr, kept)
        return self._whole(expr, kept)

    def _is_entry(self, head: t.Symbol) -> bool:
        return self._of_symbol(head).total() > 1 and not head.primes

    def _whole(self, expr: t.Expr, kept: frozenset[str]) -> tuple[t.Expr, Counter[str]]:
        """A factor in which sums are those of its own parts."""
        match expr:
            case t.Root():
                inner, counted = self.term(expr.radicand, kept)
                return replace(expr, radicand=inner), counted
            case t.Cases():
                branches = [(self.term(x, kept), when) for x, when in expr.branches]
                cases = replace(expr, branches=tuple((x[0], when) for x, when in branches))
                return cases, _widest([x for x, _ in branches])
            case t.Big():
                body, counted = self.term(expr.body, kept | set(expr.indices))
                return replace(expr, body=body), Counter(
                    {c: n for c, n in counted.items() if c not in expr.indices}
                )
        return expr, Counter()

    def _group(self, expr: t.Group, kept: frozenset[str]) -> tuple[t.Expr, Counter[str]]:
        if len(expr.items) == 1 and not expr.scripts and expr.kind in "([{":
            inner, counted = self._part(expr.items[0], kept)
            return replace(expr, items=(inner,)), counted + self._of_scripts(expr.subscripts)
        pairs = [self.term(item, kept) for item in expr.items]
        counted = _widest(pairs) + self._of_scripts(expr.subscripts)
        if any(isinstance(s.value, t.Number) and s.value.text == "2" for s in expr.scripts):
            counted = counted + counted
        return replace(expr, items=tuple(item for item, _ in pairs)), counted

    def _derivative(self, expr: t.Derivative, kept: frozenset[str]) -> tuple[t.Expr, Counter[str]]:
        of, counted = (None, Counter[str]()) if expr.of is None else self.term(expr.of, kept)
        for wrt in expr.wrt:
            counted = counted + self._part(wrt, kept)[1]
            if expr.spelling == "subscript" and isinstance(wrt, t.Symbol):
                counted = counted + self._of_scripts([wrt])  # of ∂_i
        return replace(expr, of=of), counted

    def _of_symbol(self, symbol: t.Symbol) -> Counter[str]:
        counted = self._of_scripts(symbol.subscripts)
        for script in symbol.scripts:
            value = script.value
            if script.kind != "plain" or value is None:
                continue
            if isinstance(value, t.Number) and value.text == "2":
                counted = counted + counted
            elif symbol.base == "e":
                counted = counted + self.term(value, frozenset())[1]
        return counted

    def _of_scripts(self, scripts: Sequence[t.Expr]) -> Counter[str]:
        """Index letters; those in brackets, ``p_{(i)}``, are not summed and do not count."""
        found: Counter[str] = Counter()
        for part in scripts:
            match part:
                case t.Label(text=text, is_text=False) if set(text) <= self.spelling.letters:
                    found.update(text)
                case t.Symbol(base=base) if base in self.spelling.letters:
                    found.update([base])
                case t.Product():
                    found += self._of_scripts(part.factors)
        return found


def _total(pairs: Sequence[tuple[t.Expr, Counter[str]]]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for _, more in pairs:
        counted = counted + more
    return counted


def _widest(pairs: Sequence[tuple[t.Expr, Counter[str]]]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for _, more in pairs:
        counted |= more
    return counted
