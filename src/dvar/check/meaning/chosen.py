r"""Names that stand where an index stands: the last one, ``h_T`` and ``a^{(n_l)}``, or a chosen one, ``z_{y_i}``."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dvar.check.meaning.keys import Choice, Key, Spelling, letters_in, size_name, stem_of
from dvar.check.meaning.letters import parts
from dvar.check.meaning.values import squeezed
from dvar.check.meaning.world import World
from dvar.core.node import Node
from dvar.core.op import constant
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import rewritten

_CLASS = re.compile(
    r"\b(class|label|target|categor\w+|correct|true|right|wanted|position|word|token|winner|winning)\b",
    re.IGNORECASE,
)
_EXCLUDES = re.compile(
    r"\b(noise|negative) (words?|samples?|sampling|examples?|classes)\b|\bnot (among|one of) (them|these|those)\b|"
    r"\bnone of (them|these|those|which)\b",
    re.IGNORECASE,
)
"""Words that set what is chosen apart from what is summed over."""
_MAXIMUM = re.compile(
    r"maximi[sz]er|position of the (max|largest)|argmax|largest entry", re.IGNORECASE
)
_STRIDE = re.compile(r"\b(strides?|dilat\w+|step size|spacing)\b", re.IGNORECASE)
_CHANGES = frozenset({"+=", "-="})
_LAST_LAYER = 3
_STEP = 2


def _has_both(statements: Sequence[Statement]) -> bool:
    r"""``\sum_{j \neq y}`` with derivatives by ``w_j`` and by ``w_y``: then the j of the first is not y."""
    apart: set[tuple[str, str]] = set()
    by: set[str] = set()
    for part in parts(statements):
        if isinstance(part, t.Big) and isinstance(part.condition, t.Relation):
            sides = [x.base for x in part.condition.members if isinstance(x, t.Symbol)]
            if part.condition.relations == ("neq",) and len(sides) == 2:
                apart.add((sides[0], sides[1]))
        if isinstance(part, t.Derivative):
            names = (x for x in part.wrt if isinstance(x, t.Symbol) and x.subscripts)
            by |= {letter for x in names for letter in letters_in(x.subscripts[-1])}
    return any({j, y} <= by for j, y in apart)


def choose(world: World, statements: Sequence[Statement], prose: str) -> None:
    """Give numbers to the names of a problem that stand for indices."""
    spelling = world.spelling
    world.excludes = _EXCLUDES.search(prose) is not None or _has_both(statements)
    lettered = _lettered(spelling, statements)
    # Where the largest entry is depends on the numbers: no index can stand for it.
    compared = set() if _MAXIMUM.search(prose) else _compared(spelling, statements)
    given = _given(world, statements)
    logged = _logged(statements)
    lefts = [x for s in statements if isinstance(x := s.members[0].expr, t.Symbol)]
    made = {stem_of(x) for x in lefts}
    running = {(stem_of(x), c) for x in lefts for sub in x.subscripts for c in letters_in(sub)}
    runs = {c for _, c in running} - _written_over(statements) | {
        c for p in _sums(statements) for c in p.indices
    }
    numbers: dict[str, int] = {}
    chosen: dict[str, Choice] = {}
    has_classes, classes = _CLASS.search(prose) is not None, _Classes(prose)
    for stem, position, script in _indices(statements):
        name = size_name(script)
        if name is None or not isinstance(script, (t.Label, t.Symbol)):
            continue
        picked = (stem, name) in logged and name not in runs
        size = _entries_of(world, stem, position)
        if (stem, position) not in lettered or (picked and size):
            sure = picked or (has_classes and name not in spelling.letters)
            base = _of_whole(script, sure) if size else None
            if base is not None:
                chosen.setdefault(base, Choice(world.first, size, given.get(base, {})))
            continue
        if set(letters_in(script)) <= spelling.letters and len(name) == 1:
            continue
        run = world.run_of(lettered[stem, position])
        if position == "mark":
            if not name.isdigit():
                numbers.setdefault(name, world.sizes.get(name, _LAST_LAYER))
        elif name in world.size_names:
            numbers.setdefault(name, world.sizes[name])
        elif isinstance(script, t.Symbol) and (script.subscripts or script.scripts):
            chosen.setdefault(script.base, Choice(run.start, len(run), given.get(script.base, {})))
        elif len(name) == 1 and (
            name in given
            or name in compared
            or (name in "yc" and has_classes)
            or (
                stem in made
                and (stem, name) not in running
                and ((stem, name) in logged or classes[name])
            )
        ):
            chosen.setdefault(name, Choice(run.start, len(run), given.get(name, {})))
    for name in _steps(spelling, statements, prose):
        numbers.setdefault(name, world.sizes.get(name, _STEP))
    world.spelling = replace(spelling, numbers=numbers, chosen=chosen)
    wanted = {*chosen, *(letter for _, letter in logged)}
    world.units |= _unit_vectors(wanted, statements) - made


def _unit_vectors(chosen: Container[str], statements: Sequence[Statement]) -> set[str]:
    """``e`` of ``p - e_y`` where y is a class, and no e stands elsewhere."""
    found = [x for x in parts(statements) if isinstance(x, t.Symbol) and x.base == "e"]
    below = [size_name(x.subscripts[0]) if len(x.subscripts) == 1 else None for x in found]
    return {"e"} if found and all(name and name in chosen for name in below) else set()


def _written_over(statements: Sequence[Statement]) -> set[str]:
    """``y`` of ``ds[y] -= 1``, the one entry that a program changes."""
    changed = (s for s in statements if len(s.members) > 1 and s.members[1].relation in _CHANGES)
    lefts = (x for s in changed if isinstance(x := s.members[0].expr, t.Symbol))
    return {c for x in lefts for sub in x.subscripts for c in letters_in(sub)}


def _sums(statements: Sequence[Statement]) -> Iterator[t.Big]:
    return (part for part in parts(statements) if isinstance(part, t.Big))


def _logged(statements: Sequence[Statement]) -> set[tuple[str, str]]:
    """``log p_c``: what stands below the one probability whose logarithm is taken."""
    return {
        (stem_of(part.args[0]), size_name(part.args[0].subscripts[-1]) or "")
        for part in parts(statements)
        if isinstance(part, t.Call) and part.name == "log" and len(part.args) == 1
        if isinstance(part.args[0], t.Symbol) and part.args[0].subscripts
    }


def _of_whole(script: t.Label | t.Symbol, sure: bool) -> str | None:
    """The name that picks an entry of what is only written as a whole elsewhere: ``p_t[k_t]``, ``p_y``."""
    if isinstance(script, t.Symbol) and script.subscripts:
        return script.base
    name = size_name(script) or ""
    return name if len(name) == 1 and name.islower() and sure else None


class _Classes(dict[str, bool]):
    """Whether the text says of a letter that it is a class: "the correct word o", "o: the word seen"."""

    def __init__(self, prose: str) -> None:
        self.prose = prose

    def __missing__(self, name: str) -> bool:
        return self.setdefault(name, _is_class(name, self.prose))


def _is_class(name: str, prose: str) -> bool:
    near = rf"(?<![\w\\^_]){re.escape(name)}(?![\w^_])"
    told = rf"{near}\W{{0,4}}(?:\w+\W+){{0,4}}{_CLASS.pattern}|{_CLASS.pattern}\W{{1,3}}{near}"
    return re.search(told, prose, re.IGNORECASE) is not None


def _entries_of(world: World, stem: str, position: str) -> int:
    """How many entries a vector has that a formula gives as a whole; 0 where it is none."""
    if not position.isdigit():
        return 0
    key = Key(stem, (), ("*",) * int(position))
    made = any(k.stem == stem and len(k.indices) == int(position) for k in world.bare_left)
    shape = world.shape(key) if made else None
    return max(shape) if shape and len(squeezed(shape)) == 1 else 0


def _given(world: World, statements: Sequence[Statement]) -> dict[str, dict[tuple[int, ...], int]]:
    """Whole numbers that are given for a name, or for its entries: ``y = 2``, ``y = [0, 2]``."""
    found: dict[str, dict[tuple[int, ...], int]] = {}
    for statement in statements:
        if len(statement.members) < 2 or statement.members[0].relation:
            continue
        left, right = statement.members[0].expr, statement.members[-1].expr
        if not isinstance(left, t.Symbol) or left.scripts or left.subscripts:
            continue
        if isinstance(right, t.Number) and right.is_whole:
            found[left.base] = {(): int(right.value)}
        elif isinstance(right, t.Group) and right.items and right.kind != "{":  # {0, 1} is a set
            whole = [x for x in right.items if isinstance(x, t.Number) and x.is_whole]
            if len(whole) == len(right.items):
                first = world.bases.get(left.base, world.first)
                found[left.base] = {(n,): int(x.value) for n, x in enumerate(whole, first)}
    for name, given in found.items():
        # Class 0 is the first one, whatever else counts from 1.
        if world.first and 0 in given.values():
            found[name] = {at: number + world.first for at, number in given.items()}
    return found


def _steps(spelling: Spelling, statements: Sequence[Statement], prose: str) -> set[str]:
    """Names that an index is multiplied with: the stride s of ``x_{si+k}``."""
    if not _STRIDE.search(prose):
        return set()
    found: set[str] = set()
    for _, _, script in _indices(statements):
        for part in t.walk(script):
            if isinstance(part, t.Product):
                found |= {
                    f.base for f in part.factors if isinstance(f, t.Symbol) and not f.subscripts
                }
    return {name for name in found if len(name) == 1} - spelling.letters


def _indices(statements: Sequence[Statement]) -> Iterator[tuple[str, str, t.Expr]]:
    """Every index: of which stem, at which place, and what stands there."""
    for part in parts(statements):
        if not isinstance(part, t.Symbol):
            continue
        position = 0
        for sub in part.subscripts:
            for single in _singles(sub):
                yield stem_of(part), str(position), single
                position += 1
        for script in part.scripts:
            if script.kind in ("paren", "bracket") and script.value is not None:
                yield stem_of(part), "mark", script.value


def _singles(sub: t.Expr) -> Iterator[t.Expr]:
    """The indices of one subscript; ``iy`` are two."""
    if isinstance(sub, t.Label) and not sub.is_text and sub.text.isalpha() and len(sub.text) == 2:
        for c in sub.text:
            yield t.Label(c, sub.span)
    elif isinstance(sub, t.Group) and sub.kind in ("tuple", "("):
        yield from sub.items
    else:
        yield sub


def _lettered(spelling: Spelling, statements: Sequence[Statement]) -> dict[tuple[str, str], str]:
    """Places at which an index letter stands somewhere, with the letter."""
    found: dict[tuple[str, str], str] = {}
    for stem, position, script in _indices(statements):
        letters = letters_in(script)
        if len(letters) == 1 and letters[0] in spelling.letters:
            found.setdefault((stem, position), letters[0])
    return found


def _compared(spelling: Spelling, statements: Sequence[Statement]) -> set[str]:
    """Names that an index is compared with: ``1[k = y]``, ``j \\ne y``, ``δ_{jy}``."""
    found: set[str] = set()
    for part in parts(statements):
        names: list[str] = []
        if isinstance(part, t.Relation) and len(part.members) == 2:
            names = [m.base for m in part.members if isinstance(m, t.Symbol) and not m.scripts]
            if len(names) < 2:
                continue
        elif isinstance(part, t.Symbol) and part.base == "delta":
            names = [c for sub in part.subscripts for c in letters_in(sub)]
        if len(names) == 2 and len(set(names) & spelling.letters) == 1:
            found |= set(names) - spelling.letters
    return found


def is_guessed(world: World, tree: t.Expr, seen: set[str] | None = None) -> bool:
    """Whether a value depends on a chosen index that no number is given for: any class would do as well."""
    seen = set() if seen is None else seen
    open_ = {name for name, choice in world.spelling.chosen.items() if not choice.given}
    if not open_:
        return False
    for part in t.walk(tree):
        if not isinstance(part, t.Symbol):
            continue
        for sub in part.subscripts:
            for single in _singles(sub):
                name = single.base if isinstance(single, t.Symbol) else size_name(single)
                if name in open_:
                    return True
        stem = stem_of(part)
        if stem not in seen:
            seen.add(stem)
            for known in world.definitions.get(stem, ()):
                if not known.numeric and is_guessed(world, known.value, seen):
                    return True
    return False


def starred(statements: Sequence[Statement]) -> list[Statement]:
    """The statements with a letter of its own for ``j^*``, the one j that is wanted, where j runs as well."""
    symbols = [p for p in parts(statements) if isinstance(p, t.Symbol)]
    wanted = {p.base for p in symbols if _is_starred(p)}
    subs = [sub for p in symbols for sub in p.subscripts]
    running = {c for sub in subs if not _is_starred(sub) for c in letters_in(sub)}
    used = running | {p.base for p in symbols}
    free = [c for c in "corqugvt" if c not in used]
    names = dict(zip(sorted(wanted & running), free, strict=False))

    def change(part: Any) -> t.Expr | None:
        if isinstance(part, t.Symbol) and _is_starred(part) and part.base in names:
            return t.Symbol(names[part.base], part.span)
        return None

    return [rewritten(s, change) for s in statements] if names else list(statements)


def _is_starred(tree: t.Expr) -> bool:
    if not isinstance(tree, t.Symbol) or len(tree.base) != 1 or tree.subscripts:
        return False
    if len(tree.scripts) != 1:
        return False
    (script,) = tree.scripts
    return script.kind == "mark" and isinstance(script.value, t.Label) and script.value.text == "*"


def one_hot(world: World, key: Key, shape: tuple[int, ...]) -> Node | None:
    """A one-hot label whose class has a name: ``Y_{ik}`` is 1 where k is ``y_i``, and 0 elsewhere."""
    base = key.stem.lower()
    chosen = world.spelling.chosen
    choice = chosen.get(base)
    if base == key.stem:  # y beside ŷ_o: the only class that there is
        places = {(c.start, c.size, c.number(base)) for c in chosen.values() if not c.given}
        only = next(iter(chosen.values())) if len(places) == 1 or len(chosen) == 1 else None
        choice = only if base not in chosen else None
    if choice is None or key.stem not in world.normalised:
        return None
    ints = [i for i in key.indices if isinstance(i, int)]
    if len(ints) < len(key.indices) or key.marks:
        return None
    if not shape:
        return constant(float(bool(ints) and ints[-1] == choice.number(base, ints[:-1])))
    rows = max(1, shape[0]) if len(shape) == 2 and 1 not in shape else 1
    hot = np.zeros((rows, choice.size))
    for n in range(rows):
        at = choice.number(base, [*ints, n + choice.start] if rows > 1 else ints)
        hot[n, at - choice.start] = 1.0
    return constant(hot.reshape(shape)) if hot.size == np.prod(shape) else None


__all__ = ["choose", "one_hot", "starred"]
