"""Labels and indices told apart: ``W_i`` beside ``W_f``, ``W_o`` and ``W_c`` is the matrix of one gate,
``z_{inj}`` what goes into unit j, and ``δ 7`` the seventh of several δ.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import TypeGuard

from dvar.check.meaning.above import BESIDE, label_above
from dvar.check.meaning.aligning import literal_shape
from dvar.check.meaning.keys import LAST_LAYER, stem_of, unwrapped
from dvar.check.meaning.letters import parts, spelling_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import factors_of, in_members, rewritten

_WORDS = ("in", "out", "net", "hid")
_GLUED = re.compile(rf"({'|'.join(_WORDS)})([a-z]|\d)")
_PLACES = re.compile(r"[1-9]{2}")
_SIZES = frozenset({"d", "D"})


def unbraced(statements: Sequence[Statement]) -> list[Statement]:
    r"""``\underbrace{a}_{\text{activation}}`` is a: the note is for people."""

    def change(part: t.Expr) -> t.Expr | None:
        return rewritten(part.body, change) if isinstance(part, t.Brace) else None

    has_notes = any(isinstance(p, t.Brace) for p in parts(statements))
    return [in_members(s, change) for s in statements] if has_notes else list(statements)


def labelled(statements: Sequence[Statement]) -> list[Statement]:
    """The statements, with such letters marked as text, and words in front of indices on their own."""
    statements = _with_plain_letters(_with_biases_apart(statements))
    statements = _with_last_layer(_with_layers_of_letters(statements))
    statements = _with_sizes_named(_with_numbers_below(statements))
    letters = spelling_of(statements).letters
    statements = _with_places_apart(_with_words_apart(statements, letters), letters)
    seen: dict[str, set[str]] = {}
    for part in parts(statements):
        if isinstance(part, t.Symbol) and (letter := _letter(part)):
            seen.setdefault(stem_of(part), set()).add(letter)
    stems = {
        stem
        for stem, found in seen.items()
        if len(found - letters) >= BESIDE and found & letters and found & letters <= {"i"}
    }
    if not stems:
        return list(statements)

    def change(part: t.Expr) -> t.Expr | None:
        if not isinstance(part, t.Symbol) or stem_of(part) not in stems or _letter(part) != "i":
            return None
        label = t.Label("i", part.subscripts[0].span, True)
        scripts = tuple(rewritten(s, change) for s in part.scripts)
        return replace(part, subscripts=(label,), scripts=scripts)

    return [in_members(s, change) for s in statements]


def _with_biases_apart(statements: Sequence[Statement]) -> Sequence[Statement]:
    """``w_0`` of ``w^T x + w_0`` with a name of its own: it is no entry of the w that stands beside it whole.

    Not where a list or a sum counts it among the entries, ``(w_0, w_1)``.
    """
    apart, entries = set[str](), set[str]()
    for part in parts(statements):
        if isinstance(part, t.Sum):
            factors = (unwrapped(f) for term in part.terms for f in factors_of(term))
            whole = {stem_of(f) for f in factors if isinstance(f, t.Symbol) and not f.subscripts}
            apart |= {stem_of(x) for x in part.terms if _is_zeroth(x)} & whole
        elif isinstance(part, (t.Group, t.Matrix)):
            rows = part.rows if isinstance(part, t.Matrix) else (part.items,)
            items = [x for row in rows for x in row if isinstance(x, t.Symbol) and x.subscripts]
            entries |= {stem_of(x) for x in items if not _is_zeroth(x)}
        elif isinstance(part, t.Big) and isinstance(part.low, t.Number) and not part.low.value:
            inside = (x for x in t.walk(part.body) if isinstance(x, t.Symbol) and x.subscripts)
            entries |= {stem_of(x) for x in inside}
    if not apart - entries:
        return statements

    def change(part: t.Expr) -> t.Expr | None:
        if not _is_zeroth(part) or stem_of(part) not in apart - entries:
            return None
        return replace(part, base=f"{part.base}_0", subscripts=())

    return [in_members(s, change) for s in statements]


def _is_zeroth(part: t.Expr) -> TypeGuard[t.Symbol]:
    """``w_0``"""
    below = part.subscripts if isinstance(part, t.Symbol) else ()
    return len(below) == 1 and isinstance(below[0], (t.Label, t.Number)) and below[0].text == "0"


def _with_layers_of_letters(statements: Sequence[Statement]) -> Sequence[Statement]:
    """``w_{kj}`` behind ``w_{kj}^{(2)}``, whose letters tell which layer it belongs to, where w has no formula."""
    made = {stem_of(x) for s in statements if isinstance(x := s.members[0].expr, t.Symbol)}
    layers: dict[tuple[str, str], set[str]] = {}
    first: dict[tuple[str, str], int] = {}
    marked: dict[tuple[str, str], t.Script] = {}
    for n, statement in enumerate(statements):
        for part in parts([statement]):
            pair = _pair_below(part)
            if pair and isinstance(part, t.Symbol) and len(part.scripts) == 1:
                (script,) = part.scripts
                if script.kind == "paren" and isinstance(script.value, (t.Number, t.Label)):
                    layers.setdefault(pair, set()).add(script.value.text)
                    first.setdefault(pair, n)
                    marked[pair] = script
    told = {p for p, found in layers.items() if len(found) == 1 and p[0] not in made}
    if not told:
        return statements

    def change(n: int, part: t.Expr) -> t.Expr | None:
        pair = _pair_below(part)
        if pair not in told or not isinstance(part, t.Symbol) or part.scripts or n <= first[pair]:
            return None
        return replace(part, scripts=(marked[pair],))

    return [in_members(s, partial(change, n)) for n, s in enumerate(statements)]


def _pair_below(part: t.Expr | t.Script) -> tuple[str, str] | None:
    """A name and the two letters below it."""
    below = part.subscripts if isinstance(part, t.Symbol) else ()
    if not isinstance(part, t.Symbol) or len(below) != 1 or not isinstance(below[0], t.Label):
        return None
    text = below[0].text
    return (
        (stem_of(part), text) if len(text) == 2 and text.isalpha() and text[0] != text[1] else None
    )


def _with_last_layer(statements: Sequence[Statement]) -> Sequence[Statement]:
    """``∇_a C`` for ``∇_{a^L} C`` where a has its layer everywhere else, ``a^l`` and ``a^L``."""
    nablas = [p for p in parts(statements) if isinstance(p, t.Derivative) and len(p.wrt) == 1]
    by = {id(p.wrt[0]) for p in nablas if p.spelling == "nabla"}
    bare, last = set[str](), dict[str, t.Symbol]()
    for part in parts(statements):
        if isinstance(part, t.Symbol) and id(part) not in by:
            if not part.scripts:
                bare.add(stem_of(part))
            elif label_above(part) == LAST_LAYER and not part.subscripts:
                last.setdefault(stem_of(part), part)

    def change(part: t.Expr) -> t.Expr | None:
        if not isinstance(part, t.Derivative) or part.spelling != "nabla" or len(part.wrt) != 1:
            return None
        (name,) = part.wrt
        if not isinstance(name, t.Symbol) or name.scripts or name.subscripts:
            return None
        whole = None if stem_of(name) in bare else last.get(stem_of(name))
        return None if whole is None else replace(part, wrt=(replace(whole, span=name.span),))

    return [in_members(s, change) for s in statements] if by and last else statements


def _with_sizes_named(statements: Sequence[Statement]) -> Sequence[Statement]:
    r"""``\\sqrt{d_k}`` of attention: the size of the keys, whatever else the letter k counts."""
    rooted = {id(p.radicand) for p in parts(statements) if isinstance(p, t.Root)}
    sizes = [p for p in parts(statements) if isinstance(p, t.Symbol) and p.base in _SIZES]
    sums = [p for p in parts(statements) if isinstance(p, t.Big)] if sizes else []
    inside = ((p, x) for p in sums for x in t.walk(p) if isinstance(x, t.Symbol))
    summed = {id(x) for p, x in inside if _letter(x) in p.indices}
    below = [p for p in sizes if p.subscripts and id(p) not in summed]
    if not any(id(p) in rooted for p in below) or len({_letter(p) for p in below}) != 1:
        return statements
    if any(p.subscripts and id(p) not in rooted for p in sizes):
        return statements

    def change(part: t.Expr) -> t.Expr | None:
        if isinstance(part, t.Symbol) and part.base in _SIZES and _letter(part):
            label = t.Label(_letter(part), part.subscripts[0].span, True)
            return replace(part, subscripts=(label,))
        return None

    return [in_members(s, change) for s in statements]


def _with_plain_letters(statements: Sequence[Statement]) -> Sequence[Statement]:
    """``a^{(l)}`` for ``a^{(ℓ)}`` in a document that has no l, and no loss ℓ: its letters are those of l."""
    scripts = {
        id(x)
        for part in parts(statements)
        for script in (*getattr(part, "subscripts", ()), *getattr(part, "scripts", ()))
        for x in t.walk(script)
    }
    found = [p for p in parts(statements) if isinstance(p, t.Symbol) and p.base in ("ell", "l")]
    counting = [x for x in found if id(x) in scripts]
    heads = {id(p.head) for p in parts(statements) if isinstance(p, t.Apply)}
    marked = any(x.subscripts or x.scripts or id(x) in heads for x in found)
    labels = any(isinstance(p, t.Label) and "l" in p.text for p in parts(statements))
    if not counting or marked or labels or any(x.base == "l" for x in found):
        return statements

    def change(part: t.Expr) -> t.Expr | None:
        if isinstance(part, t.Symbol) and part.base == "ell":
            return replace(part, base="l")
        if isinstance(part, t.Big) and "ell" in part.indices:
            indices = tuple("l" if c == "ell" else c for c in part.indices)
            body, low, high = (rewritten(x, change) for x in (part.body, part.low, part.high))
            return replace(part, indices=indices, body=body, low=low, high=high)
        return None

    return [in_members(s, change) for s in statements]


def _with_numbers_below(statements: Sequence[Statement]) -> Sequence[Statement]:
    """``δ_7`` for ``δ 7`` where several left sides are that letter with a number behind it: no author puts factors so."""
    seen: dict[str, set[str]] = {}
    for statement in statements:
        left = statement.members[0].expr
        if isinstance(left, t.Product) and len(left.factors) == 2 and len(statement.members) > 1:
            for name, number in _counted(left).values():
                seen.setdefault(stem_of(name), set()).add(number.text)
    stems = {stem for stem, numbers in seen.items() if len(numbers) > 1}

    def change(part: t.Expr) -> t.Expr | None:
        if not isinstance(part, t.Product):
            return None
        pairs = {n: pair for n, pair in _counted(part).items() if stem_of(pair[0]) in stems}
        if not pairs:
            return None
        factors, operators = [], []
        for n, factor in enumerate(part.factors):
            if n - 1 in pairs:
                continue
            operators += [part.operators[n - 1]] * (n > 0)
            factors.append(_below(*pairs[n]) if n in pairs else rewritten(factor, change))
        if not operators:
            return factors[0]
        return replace(part, factors=tuple(factors), operators=tuple(operators))

    return [in_members(s, change) for s in statements] if stems else statements


def _below(name: t.Symbol, number: t.Number) -> t.Symbol:
    span = (name.span[0], number.span[1])
    return replace(name, subscripts=(t.Label(number.text, number.span),), span=span)


def _counted(product: t.Product) -> dict[int, tuple[t.Symbol, t.Number]]:
    """The factors of a product that are a bare letter with a whole number right behind it, by their places."""
    found = {}
    for n, (name, number) in enumerate(pairwise(product.factors)):
        if isinstance(name, t.Symbol) and isinstance(number, t.Number) and number.is_whole:
            if not (name.subscripts or name.scripts or name.primes or product.operators[n]):
                found[n] = (name, number)
    return found


def _with_words_apart(statements: Sequence[Statement], letters: Set[str]) -> list[Statement]:
    """``δ_{inj}`` and ``δ_{in1}`` with two subscripts where a name has an index letter behind the word."""
    stems = {
        stem_of(part)
        for part in parts(statements)
        if isinstance(part, t.Symbol)
        and (apart := _word_and_index(part))
        and apart[1].text in letters
    }

    def change(part: t.Expr) -> t.Expr | None:
        apart = _word_and_index(part) if isinstance(part, t.Symbol) else None
        if apart is None or not isinstance(part, t.Symbol) or stem_of(part) not in stems:
            return None
        return replace(part, subscripts=apart, scripts=rewritten(part.scripts, change))

    return [in_members(s, change) for s in statements] if stems else list(statements)


def _with_places_apart(statements: Sequence[Statement], letters: Set[str]) -> list[Statement]:
    """``w_{21}`` with two subscripts, as row 2 and column 1, where sums have ``w_{ji}`` of any two units.

    Only where the numbers of all rows and columns are given one by one: ``w_{35}`` may count units through the layers.
    """
    sums = (p for p in parts(statements) if isinstance(p, t.Big))
    below = (pair for big in sums for p in t.walk(big.body) if (pair := _pair_below(p)))
    pairs = {stem for stem, pair in below if set(pair) <= letters}
    given: dict[str, dict[str, set[str]]] = {}
    for statement in statements if pairs else ():
        left, value = statement.members[0].expr, statement.members[-1].expr
        if isinstance(left, t.Symbol) and stem_of(left) in pairs and value is not None:
            layer = "".join(
                s.value.text for s in left.scripts if isinstance(s.value, t.Label | t.Number)
            )
            label = left.subscripts[0] if len(left.subscripts) == 1 else None
            if isinstance(label, t.Label) and len(label.text) > 1 and literal_shape(value) == ():
                given.setdefault(stem_of(left), {}).setdefault(layer, set()).add(label.text)
    stems = {stem for stem, layers in given.items() if all(map(_is_grid, layers.values()))}

    def change(part: t.Expr) -> t.Expr | None:
        if not isinstance(part, t.Symbol) or stem_of(part) not in stems:
            return None
        label = part.subscripts[0] if len(part.subscripts) == 1 else None
        if not isinstance(label, t.Label) or not _PLACES.fullmatch(label.text):
            return None
        places = tuple(replace(label, text=digit) for digit in label.text)
        return replace(part, subscripts=places, scripts=rewritten(part.scripts, change))

    return [in_members(s, change) for s in statements] if stems else list(statements)


def _is_grid(places: Set[str]) -> bool:
    """Whether these are the rows and columns of a matrix: ``11, 12, 21, 22``."""
    if len(places) < BESIDE or not all(map(_PLACES.fullmatch, places)):
        return False
    rows, columns = (range(1, int(n) + 1) for n in max(places))
    return places == {f"{r}{c}" for r in rows for c in columns}


def _word_and_index(symbol: t.Symbol) -> tuple[t.Label, t.Label] | None:
    """The word and what stands behind it, where a subscript has both."""
    if len(symbol.subscripts) != 1:
        return None
    (below,) = symbol.subscripts
    if isinstance(below, t.Label) and (glued := _GLUED.fullmatch(below.text)):
        return t.Label(glued[1], below.span, True), t.Label(glued[2], below.span)
    letters = below.factors if isinstance(below, t.Product) else (below,)
    named = [x for x in letters if isinstance(x, t.Symbol) and not x.scripts]
    word, last = "".join(x.base for x in named), letters[-1]
    if len(named) < len(letters) or word not in _WORDS or any(x.subscripts for x in named[:-1]):
        return None
    index = last.subscripts[0] if isinstance(last, t.Symbol) and last.subscripts else None
    if isinstance(index, t.Label) and len(index.text) == 1:
        return t.Label(word, below.span, True), index
    return None


def _letter(symbol: t.Symbol) -> str:
    """The only letter below a symbol."""
    if len(symbol.subscripts) != 1:
        return ""
    (below,) = symbol.subscripts
    if isinstance(below, t.Symbol) and not (below.subscripts or below.scripts):
        return below.base if len(below.base) == 1 and below.base.isalpha() else ""
    if isinstance(below, t.Label) and len(below.text) == 1 and below.text.isalpha():
        return below.text
    return ""
