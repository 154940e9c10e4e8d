r"""One letter for two things.

``J(W, b; x, y)`` is the cost of one example, ``J(W, b)`` that of all: where both have a formula they are told
apart by how many arguments they have.  ``\sum_i ∂J(x^{(i)})/∂b_i`` on the right of ``∂J/∂b_i`` runs over
examples, and the i of the bias is the one on the left.  ``p_o = e^{s_o} / \sum_w e^{s_w}`` of the chosen o is the
formula of every ``p_w``.  And i from 0 to n counts features where examples are counted by i from 1 to m.
``\mathcal{L}`` whose formula has an L in it is another L.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from dvar.check.meaning.keys import arguments, letters_in, stem_of
from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import in_members, rewritten, same_tree

_INDICES = frozenset("ijk")
"""Letters of units: where weights lead from one to another, no author chooses one thing by them."""
_FREE = "nstpqrmk"
"""Letters for examples."""


def told_apart(statements: Sequence[Statement]) -> list[Statement]:
    """The statements, with a prime for each function that has more arguments than another of its name, and letters of
    their own for sums over examples.
    """
    statements = _by_looks(_counted_below(_for_all(statements)))
    statements = [_with_own_letters(s) for s in statements]
    counts: dict[str, set[int]] = {}
    for statement in statements:
        first, second = statement.members[0].expr, statement.members[1:2]
        if isinstance(first, t.Apply) and second and second[0].relation in ("=", ":="):
            if not first.primes and all(isinstance(a, t.Symbol) for a in arguments(first.args)):
                counts.setdefault(stem_of(first.head), set()).add(len(arguments(first.args)))
    nested = {stem_of(p.head) for s in statements for p in _of_its_own_name(s)}
    several = {
        stem: sorted(found) for stem, found in counts.items() if len(found) > 1 and stem in nested
    }
    if not several:
        return statements

    def change(part: Any) -> t.Expr | None:
        if not isinstance(part, t.Apply) or part.primes:
            return None
        count, known = len(arguments(part.args)), several.get(stem_of(part.head), [])
        more = known.index(count) if count in known else 0
        if not more:
            return None
        head = replace(part.head, accents=(*part.head.accents, "'" * more))
        return replace(part, head=head, args=rewritten(part.args, change))

    return [in_members(s, change) for s in statements]


def _by_looks(statements: Sequence[Statement]) -> Sequence[Statement]:
    """With a mark on the plain letter where a formula tells the calligraphic one by it."""
    both = {base for s in statements for base in _of_plain_letter(s)}

    def change(part: Any) -> t.Expr | None:
        is_plain = isinstance(part, t.Symbol) and part.base in both and part.font != "cal"
        return replace(part, accents=(*part.accents, "'")) if is_plain else None

    return [in_members(s, change) for s in statements] if both else statements


def _of_plain_letter(statement: Statement) -> Iterator[str]:
    r"""L of ``\mathcal{L}(x) = x^2 - L x``; examples have an index, as in ``\mathcal{L} = \sum_i L_i``."""
    first, *rest = statement.members
    head = first.expr.head if isinstance(first.expr, t.Apply) else first.expr
    if isinstance(head, t.Symbol) and head.font == "cal" and rest and rest[0].expr is not None:
        inside = [
            p for p in t.walk(rest[0].expr) if isinstance(p, t.Symbol) and p.base == head.base
        ]
        if any(p.font != "cal" and not p.subscripts for p in inside):
            yield head.base


def _counted_below(statements: Sequence[Statement]) -> list[Statement]:
    """Sums whose letter counts examples elsewhere, ``x^{(i)}``, and stands below names here: with another one."""
    names = [p for p in parts(statements) if isinstance(p, (t.Symbol, t.Label))]
    marks = {
        letter
        for p in names
        if isinstance(p, t.Symbol)
        for s in p.scripts
        if s.kind == "paren" and s.value is not None
        for letter in letters_in(s.value)
    }
    used = {c for p in names for c in (p.base if isinstance(p, t.Symbol) else p.text)}
    free = iter([c for c in _FREE if c not in used])
    new: dict[tuple[str, str, str], str] = {}

    def change(part: Any) -> t.Expr | None:
        if not isinstance(part, t.Big) or len(part.indices) != 1 or part.indices[0] not in marks:
            return None
        (old,) = part.indices
        low, high = part.low, part.high
        if not isinstance(low, t.Number) or not isinstance(high, t.Symbol) or high.scripts:
            return None
        inside = [p for p in t.walk(part.body) if isinstance(p, t.Symbol)]
        if any(_is_mark(s, old) for p in inside for s in p.scripts):
            return None
        bounds = old, low.text, high.base
        letter = new[bounds] = new.get(bounds) or next(free, old)
        body = rewritten(rewritten(part.body, change), lambda p: _lettered(p, old, letter))
        return replace(part, indices=(letter,), body=body)

    return [in_members(s, change) for s in statements] if marks else list(statements)


def _lettered(part: Any, old: str, new: str) -> t.Expr | None:
    """An index with another letter."""
    if isinstance(part, t.Label) and old in part.text and set(part.text) <= _INDICES:
        return replace(part, text=part.text.replace(old, new))
    if isinstance(part, t.Symbol) and part.base == old and not (part.subscripts or part.scripts):
        return replace(part, base=new)
    return None


def _of_its_own_name(statement: Statement) -> Iterator[t.Apply]:
    """Functions in the formula of another function of the same name: ``J(w) = \\sum_i J(w, x_i)``."""
    first = statement.members[0].expr
    if not isinstance(first, t.Apply):
        return
    for member in statement.members[1:]:
        for part in t.walk(member.expr) if member.expr is not None else ():
            if isinstance(part, t.Apply) and stem_of(part.head) == stem_of(first.head):
                if len(arguments(part.args)) != len(arguments(first.args)):
                    yield part


def _for_all(statements: Sequence[Statement]) -> list[Statement]:
    """Formulas of a chosen entry as those of every entry, where others of the same name have none."""
    summed = {c for p in parts(statements) if isinstance(p, t.Big) for c in p.indices}
    entries: dict[str, set[str]] = {}
    for part in parts(statements):
        if isinstance(part, t.Symbol) and (letter := _only_letter(part)):
            entries.setdefault(stem_of(part), set()).add(letter)
    letters = summed | _INDICES if any(_leads_on(s) for s in statements) else summed
    made: dict[tuple[str, str], int] = {}  # where each has its last formula
    for n, statement in enumerate(statements):
        left = statement.members[0].expr if len(statement.members) > 1 else None
        if isinstance(left, t.Symbol):
            made[stem_of(left), _only_letter(left)] = n
    found: list[Statement] = []
    for n, statement in enumerate(statements):
        left = statement.members[0].expr
        letter = (
            _only_letter(left) if isinstance(left, t.Symbol) and len(statement.members) > 1 else ""
        )
        if isinstance(left, t.Symbol) and letter and letter not in letters:
            others = entries[stem_of(left)] & summed
            value = statement.members[-1].expr
            sums = value is not None and any(
                isinstance(p, t.Big) and p.name == "sum" for p in t.walk(value)
            )
            if others and sums and not any(made.get((stem_of(left), c), -1) > n for c in others):
                statement = _renamed(statement, letter)
        found.append(statement)
    return found


def _leads_on(statement: Statement) -> bool:
    """``a_j = Σ_i w_{ji} z_i``, ``o_j = φ(Σ_i w_{ij} o_i)``: units by their letters, and weights between them."""
    first, *rest = (m.expr for m in statement.members)
    if not isinstance(first, t.Symbol):
        return False
    letter, own = _only_letter(first), stem_of(first)
    values = [p for value in rest if value is not None for p in t.walk(value)]
    applied = [
        x for p in values if isinstance(p, (t.Apply, t.Call)) for a in p.args for x in t.walk(a)
    ]
    for some, may_be_own in ((values, False), (applied, True)):
        sums = [p for p in some if isinstance(p, t.Big)]
        weights = [p for big in sums for p in t.walk(big.body) if isinstance(p, t.Symbol)]
        below = [{c for sub in p.subscripts for c in letters_in(sub)} for p in weights]
        is_led = any(letter in found and len(found) == 2 for found in below)
        if is_led and (may_be_own or own not in map(stem_of, weights)):
            return True
    return False


def _renamed(statement: Statement, letter: str) -> Statement:
    used = {c for m in statement.members if m.expr is not None for c in letters_in(m.expr)}
    new = next((c for c in "jik" if c not in used), letter)

    def change(part: Any) -> t.Expr | None:
        if (
            isinstance(part, t.Symbol)
            and part.base == letter
            and not (part.subscripts or part.scripts)
        ):
            return replace(part, base=new)
        return (
            t.Label(new, part.span) if isinstance(part, t.Label) and part.text == letter else None
        )

    return in_members(statement, change)


def _only_letter(symbol: t.Symbol) -> str:
    """The letter that stands alone below a symbol."""
    found = (
        letters_in(symbol.subscripts[0])
        if len(symbol.subscripts) == 1 and not symbol.scripts
        else []
    )
    return found[0] if len(found) == 1 and not isinstance(symbol.subscripts[0], t.Sum) else ""


def _with_own_letters(statement: Statement) -> Statement:
    first = statement.members[0].expr
    if first is None or len(statement.members) < 2:
        return statement
    left = [p for p in t.walk(first) if isinstance(p, t.Symbol) and p.subscripts]
    used = {c for m in statement.members if m.expr is not None for c in letters_in(m.expr)}

    def change(part: Any) -> t.Expr | None:
        if not isinstance(part, t.Big) or len(part.indices) != 1:
            return None
        (letter,) = part.indices
        shared = [p for p in left if any(letter in letters_in(sub) for sub in p.subscripts)]
        inside = [p for p in t.walk(part.body) if isinstance(p, t.Symbol)]
        if not any(same_tree(p, q) for p in inside for q in shared):
            return None
        if not any(_is_mark(s, letter) for p in inside for s in p.scripts):
            return None
        new = next((c for c in _FREE if c not in used), letter)

        def mark(inner: Any) -> t.Expr | None:
            if not isinstance(inner, t.Script) or not _is_mark(inner, letter):
                return None
            return replace(inner, value=t.Symbol(new, inner.span))  # type: ignore[return-value]

        return replace(part, indices=(new,), body=rewritten(part.body, mark))

    members = (statement.members[0], *in_members(statement, change).members[1:])
    return replace(statement, members=members)


def _is_mark(script: t.Script, letter: str) -> bool:
    return (
        script.kind == "paren" and script.value is not None and letters_in(script.value) == [letter]
    )
