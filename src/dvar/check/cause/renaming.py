"""Bends of names: one that was taken for another, two in each other's place, indices turned round."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import TypeGuard, cast

from dvar.check.cause.bend import Bend, source_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import Rebuild, places, rewritten, same_tree

_STEPS = frozenset({"t", "l", "ell"})
"""Letters of steps and layers, which have others beside them."""
_LABELS = ("paren", "bracket", "mark")
"""Scripts that belong to a name."""
EXCHANGED = 5
"""Names of which two are tried in each other's place."""


def _gradients(others: Sequence[t.Symbol]) -> list[t.Symbol]:
    r"""The names that are gradients of others: ``dW`` and ``\bar W`` beside ``W``."""
    names = {o.base for o in others if not o.accents}
    return [
        o
        for o in others
        if (o.base[:1] == "d" and o.base[1:] in names)
        or (o.accents == ("bar",) and o.base in names)
    ]


def nearest(others: Sequence[t.Symbol], most: int) -> list[t.Symbol]:
    """The names that are tried: gradients by name are as many as the names they belong to."""
    gradients = _gradients(others)
    if not gradients:
        return list(others[:most])
    rest = [o for o in others if o not in gradients]
    return [*rest[:most], *gradients[: most // 2]]


def alike_first(others: Sequence[t.Symbol], tree: t.Expr, indices: Set[str]) -> list[t.Symbol]:
    """Names that may stand in a formula for one of its own: those with just such indices, with as many, names of indices.

    ``indices`` are letters that count; who confuses two names seldom takes a number for what it counts.
    """
    own = [p for p in t.walk(tree) if isinstance(p, t.Symbol) and not _counts(p, indices)]
    marked = [p for p in own if _form(p) != (0, 0)]
    forms = {_form(p) for p in own}

    def unlike(other: t.Symbol) -> int:
        if _counts(other, indices):
            return 3
        if any(_marks_alike(p, other) for p in marked):
            return 0
        return 1 if _form(other) in forms else 2

    return sorted(others, key=unlike)


def _marks_alike(a: t.Symbol, b: t.Symbol) -> bool:
    """``h^{(i)}`` beside ``y^{(i)}``: names of the same example, unit or layer."""
    return _form(a) == _form(b) and _same_name(replace(a, base=b.base, accents=b.accents), b)


def _form(name: t.Symbol) -> tuple[int, int]:
    return len(name.subscripts), sum(s.kind in _LABELS for s in name.scripts)


def _counts(name: t.Symbol, indices: Set[str]) -> bool:
    return name.base in indices and not name.subscripts and not name.accents


def other_names(tree: t.Expr, text: str, others: Sequence[t.Symbol]) -> Iterator[Bend]:
    """One name for another: first where both have as many indices, then the layers beside, then all others."""
    gradients = _gradients(others)
    named = [(part, rebuild) for part, rebuild in places(tree) if isinstance(part, t.Symbol)]
    late: list[Bend] = []
    applied = (
        p for p in t.walk(tree) if isinstance(p, t.Apply) and not (p.primes or p.head.primes)
    )
    arguments = {id(a) for p in applied for a in p.args}
    slopes = {id(q) for p in t.walk(tree) if isinstance(p, t.Derivative) for q in t.walk(p)}
    ranges = [p.condition for p in t.walk(tree) if isinstance(p, t.Big) and p.condition is not None]
    letters = {id(q) for when in ranges for q in t.walk(when)}
    for part, rebuild in named:
        beside = (p for p, _ in named if p is not part and id(p) not in slopes)
        if id(part) in arguments and any(_same_name(part, p) for p in beside):
            continue  # R(x) x: what is meant is the same x
        for other in others:
            if _same_name(part, other):
                continue
            if id(part) in letters and not _is_letter(other):
                continue  # Σ_{j ≠ i} is over letters
            if other in gradients and part.base == "delta":
                continue  # a signal is a gradient as well: what is due fits whatever has been written
            new = replace(other, span=part.span)
            kept = tuple(s for s in part.scripts if s.kind == "transpose")
            new = replace(new, scripts=(*new.scripts, *kept))
            written = source_of(text, other)
            what = f"{written} for {source_of(text, part)}"
            yield from _with_its_power(part, new, rebuild, written)
            bend = Bend("wrong-variable", rebuild(new), (part.span, written), what)
            if _form(part) == _form(other):
                yield bend
                continue
            late.append(bend)
            if (entry := _entry_of(part, other, text)) is not None:
                yield Bend("wrong-variable", rebuild(entry[0]), (part.span, entry[1]), what)
    for part, rebuild in named:
        for other, at, index in _neighbours(part):
            before = text[at[0] - 1 : at[0]]
            index = f"{{{index}}}" if before in ("_", "^") else index
            edit = (at, index) if before in ("_", "^", "{", "(") else None
            what = f"{text[part.span[0] : at[0]]}{index}{text[at[1] : part.span[1]]} is due"
            yield Bend("wrong-variable", rebuild(other), edit, what)
        reversed_ = reversed_indices(part)
        if reversed_ is not None:
            yield Bend("transpose", rebuild(reversed_), None, "the order of the indices")
    yield from late


def _is_letter(name: t.Symbol) -> bool:
    return len(name.base) == 1 and name.base.islower() and not (name.subscripts or name.scripts)


def _entry_of(part: t.Symbol, other: t.Symbol, text: str) -> tuple[t.Symbol, str] | None:
    """``x_j`` for ``w_j`` where ``x`` is a name: its entries need not stand anywhere else."""
    if not part.subscripts or other.subscripts or other.scripts or part.base == other.base:
        return None
    written = source_of(text, part)
    if not written.startswith(part.base):
        return None
    new = replace(part, base=other.base, accents=other.accents, font=other.font)
    return new, source_of(text, other) + written[len(part.base) :]


def _with_its_power(
    name: t.Symbol, other: t.Symbol, rebuild: Rebuild, written: str
) -> Iterator[Bend]:
    """``v^2`` where ``u^2`` stands."""
    last = name.scripts[-1] if name.scripts else None
    if last is None or last.kind != "plain" or any(s.kind == "plain" for s in other.scripts):
        return
    if all(s.span[0] < last.span[0] for s in name.subscripts):
        raised = replace(other, scripts=(*other.scripts, last))
        edit = ((name.span[0], last.span[0]), written)
        what = f"{written} for {name.base}"
        yield Bend("wrong-variable", rebuild(raised), edit, what)


def _neighbours(part: t.Symbol) -> Iterator[tuple[t.Symbol, t.Span, str]]:
    """``w^{(3)}`` and ``w^{(1)}`` for ``w^{(2)}``, ``δ_{t+1}`` for ``δ_t``, wherever else they stand.

    Each with where the index is written, and the other one.
    """
    for n, script in enumerate(part.scripts):
        for value, shown in _beside(script.value) if script.kind in _LABELS else ():
            moved = replace(script, value=value)
            scripts = (*part.scripts[:n], moved, *part.scripts[n + 1 :])
            yield replace(part, scripts=scripts), value.span, shown
    first = part.subscripts[:1]
    for value, shown in _beside(first[0]) if first and not _is_number(first[0]) else ():
        yield replace(part, subscripts=(value, *part.subscripts[1:])), value.span, shown


def _beside(index: t.Expr | None) -> Iterator[tuple[t.Expr, str]]:
    """The numbers beside a number; the steps beside t, t + 1 or t - 1."""
    if _is_number(index):
        for step in (1, -1):
            shown = str(int(index.text) + step)
            yield replace(index, text=shown), shown
    elif isinstance(index, t.Sum):
        letter, *rest = index.terms
        if len(rest) == 1 and _is_step(letter) and isinstance(rest[0], t.Number):
            yield replace(letter, span=index.span), _letter(letter)
    elif index is not None and _is_step(index):
        one = t.Number("1", index.span)
        for sign, shown in ((1, "+"), (-1, "-")):
            yield t.Sum((index, one), (1, sign), index.span), f"{_letter(index)}{shown}1"


def _is_number(index: t.Expr | None) -> TypeGuard[t.Number | t.Label]:
    return isinstance(index, (t.Number, t.Label)) and index.text.isdigit()


def _is_step(index: t.Expr) -> bool:
    return _letter(index) in _STEPS


def _letter(index: t.Expr) -> str:
    return index.text if isinstance(index, t.Label) else str(getattr(index, "base", ""))


def names_throughout(tree: t.Expr, text: str, others: Sequence[t.Symbol]) -> Iterator[Bend]:
    """One name for another wherever it stands in a part of a formula: ``u/‖u‖`` for ``v/‖v‖``, ``z(1 - z)``."""
    for part, rebuild in places(tree):
        if not isinstance(part, (t.Quotient, t.Group, t.Product, t.Apply)):
            continue
        names = [x for x in t.walk(part) if isinstance(x, t.Symbol)]
        for name in {x.base: x for x in names}.values():
            if sum(_same_name(x, name) for x in names) < 2:
                continue
            for other in others:
                if not _same_name(name, other):
                    new = _renamed(part, name, other)
                    written = source_of(text, other)
                    yield Bend(
                        "wrong-variable",
                        rebuild(new),
                        None,
                        f"{written} for {source_of(text, name)}",
                    )


def value_for_argument(tree: t.Expr, slope: t.Expr, text: str) -> Iterator[Bend]:
    """``a(1 - a)`` for ``z(1 - z)`` where a is differentiated by z, all at once."""
    if not isinstance(slope, t.Derivative) or len(slope.wrt) != 1:
        return
    of, by = slope.of, slope.wrt[0]
    if isinstance(of, t.Symbol) and isinstance(by, t.Symbol):
        new = _renamed(tree, by, of)
        if not same_tree(new, tree):
            what = f"{source_of(text, of)} for {source_of(text, by)}"
            yield Bend("wrong-variable", new, None, what, True)


def exchanged(tree: t.Expr, text: str) -> Iterator[Bend]:
    """Two names in each other's place: ``b aᵀ`` for ``a bᵀ``."""
    names = list({(x.base, x.accents): x for x in t.walk(tree) if isinstance(x, t.Symbol)}.values())
    for n, a in enumerate(names[:EXCHANGED]):
        for b in names[n + 1 : EXCHANGED]:
            new = _with_names(tree, {(a.base, a.accents): b, (b.base, b.accents): a})
            what = f"{source_of(text, a)} and {source_of(text, b)} exchanged"
            yield Bend("transpose", new, None, what)
            yield Bend("wrong-variable", new, None, what)


def _with_names(tree: t.Expr, new: Mapping[tuple[str, tuple[str, ...]], t.Symbol]) -> t.Expr:
    def put(part: t.Expr) -> t.Symbol | None:
        other = new.get((part.base, part.accents)) if isinstance(part, t.Symbol) else None
        if other is None or not isinstance(part, t.Symbol):
            return None
        return replace(
            part,
            base=other.base,
            accents=other.accents,
            font=other.font,
            subscripts=rewritten(part.subscripts, put) or other.subscripts,
            scripts=rewritten(part.scripts, put),
        )

    return cast("t.Expr", rewritten(tree, put))


def _renamed(tree: t.Expr, name: t.Symbol, other: t.Symbol) -> t.Expr:
    def put(part: t.Expr) -> t.Symbol | None:
        if not isinstance(part, t.Symbol):
            return None
        powers = tuple(s for s in part.scripts if s.kind == "plain")
        bare = replace(part, scripts=tuple(s for s in part.scripts if s.kind != "plain"))
        if not _same_name(bare, name):
            return None
        return replace(other, span=part.span, scripts=(*other.scripts, *powers))

    return cast("t.Expr", rewritten(tree, put))


def reversed_indices(part: t.Symbol) -> t.Symbol | None:
    """``w_{ji}`` for ``w_{ij}``; None for a name without two indices."""
    if len(part.subscripts) == 2:
        return replace(part, subscripts=part.subscripts[::-1])
    if len(part.subscripts) == 1 and isinstance(part.subscripts[0], t.Label):
        label = part.subscripts[0]
        if len(label.text) == 2 and label.text[0] != label.text[1]:
            return replace(part, subscripts=(replace(label, text=label.text[::-1]),))
    return None


def _same_name(a: t.Symbol, b: t.Symbol) -> bool:
    """Whether two names are one, be it raised or turned: ``a^{(2)}`` and ``a^{(3)}`` are two."""
    if not same_tree(replace(a, scripts=()), replace(b, scripts=())):
        return False
    return [s.kind for s in a.scripts] == [s.kind for s in b.scripts] and all(
        same_tree(x.value, y.value)
        for x, y in zip(a.scripts, b.scripts, strict=True)
        if x.kind in _LABELS
    )
