"""Which letters of a document are indices, which superscripts are layers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set

from dvar.check.meaning import kept
from dvar.check.meaning.counting import counted_to
from dvar.check.meaning.keys import Spelling, letters_in, stem_of
from dvar.check.meaning.patterns import runs
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

_LAYERS = frozenset({"l", "L"})
USUAL = frozenset("ijk")
_SEVERAL = 3
"""So many names with the same letter above them, each with an equation, show that it is no power."""
_FIRST = frozenset({"0", "1"})
"""Numbers that stand above a name only where they count something: nobody writes such powers."""
_ALPHABET = frozenset("abcdijklmnpqrstuv")
"""Letters that authors use as indices; others beside them in a subscript make a label: ``W_{xh}``."""
_WORDS = frozenset({"in", "min", "val", "act", "std", "add", "abs", "int", "mid"})


def parts(statements: Iterable[Statement]) -> Iterator[t.Expr | t.Script]:
    """Every part of every expression."""
    for statement in statements:
        for member in statement.members:
            if member.expr is not None:
                yield from _parts(member.expr)
        if statement.condition is not None:
            yield from _parts(statement.condition)


_walked = kept.table()


def _parts(expr: t.Expr) -> list[t.Expr | t.Script]:
    """A document is looked through for dozens of customs; its expressions are walked once."""
    known = _walked.get(id(expr))
    if known is None:  # while an expression is kept, no other has its identity
        known = _walked[id(expr)] = (expr, list(t.walk(expr)))
    return known[1]


def is_idle(big: t.Big) -> bool:
    """Whether what is summed or multiplied has none of the indices that it is over: ``Σ_i dy``."""
    return not set(big.indices) & set(letters_in(big.body))


def counting(big: t.Big) -> tuple[str, ...]:
    """The letters of a sum or a maximum that count something: not x of ``∫ f(x) dx``, nor w of ``min_w L(w)``.

    Nor the i of ``\\prod_{i=c}^C y_c``, a misprint: the terms have another letter.
    """
    low = letters_in(big.low) if isinstance(big.low, t.Symbol) and is_idle(big) else ()
    if big.name in ("E", "int", "lim") or not set(low).isdisjoint(letters_in(big.body)):
        return ()
    if big.name in ("sum", "prod") or not big.indices:
        return big.indices
    inside = [p for p in t.walk(big.body) if isinstance(p, t.Symbol)]
    scripts = [x for p in inside for x in (*p.subscripts, *(s.value for s in p.scripts))]
    below = {c for x in scripts if x is not None for c in letters_in(x)}
    return tuple(c for c in big.indices if c in below)


def spelling_of(statements: Sequence[Statement]) -> Spelling:
    """Which letters are indices, which superscripts are layers, in the whole document."""
    spelling = Spelling()
    layers = _LAYERS | _counting_layers(statements)
    for part in parts(statements):
        if isinstance(part, t.Big):
            spelling.letters.update(i for i in counting(part) if len(i) == 1)
        elif isinstance(part, t.Symbol):
            _see_symbol(part, spelling, layers)
            spelling.has_euler |= _is_power_of_e(part)
        elif isinstance(part, t.Derivative):
            for wrt in part.wrt:
                _see_square(wrt, spelling)
    spelling.layered |= _numbered(statements)
    spelling.labelled = _labelled(statements) - spelling.layered
    sloped = _differentiated(statements)
    for statement in statements:
        first, *others = statement.members
        if others and not first.relation:
            base = first.expr.base if isinstance(first.expr, t.Symbol) else ""
            said = others[0].expr
            is_none = isinstance(said, t.Number) and said.value == 0  # ε^2 = 0 says it of ε
            if not is_none and (
                base not in sloped or not all(_is_arithmetic(m.expr) for m in others)
            ):
                _see_square(first.expr, spelling)
    spelling.letters |= _told_apart(statements)
    for statement in statements:
        spelling.letters |= _among_all(statement) | _in_runs(statement)
    spelling.squared -= spelling.layered
    _see_alike(statements, spelling)
    spelling.letters -= _ends(statements)
    spelling.runs = runs(parts(statements), spelling.letters)
    return spelling


def _ends(statements: Sequence[Statement]) -> set[str]:
    r"""Letters that only end lists, n of ``(x_1, \dots, x_n)``: a size, and no index.

    Not where something counts by one, or names that are in no such list have it below them: ``δ_{in}``.
    """
    listed: dict[str, set[str]] = {}
    for part in parts(statements):
        for base, _, end in counted_to(part):
            listed.setdefault(end, set()).add(base)
    if not listed:
        return set()
    used: set[str] = set()
    for part in parts(statements):
        if isinstance(part, t.Big):
            used |= set(part.indices)
        elif isinstance(part, t.Symbol):
            below = {c for sub in part.subscripts for c in letters_in(sub)}
            used |= {c for c in below & listed.keys() if part.base not in listed[c]}
    return set(listed) - used


def _differentiated(statements: Sequence[Statement]) -> set[str]:
    """Letters of which derivatives are taken: where ``dy/dx`` stands, ``y² = 144`` is solved for y."""
    return {
        part.of.base
        for part in parts(statements)
        if isinstance(part, t.Derivative) and isinstance(part.of, t.Symbol) and not part.of.scripts
    }


def _is_arithmetic(tree: t.Expr | None) -> bool:
    return tree is not None and not any(
        isinstance(part, (t.Symbol, t.Derivative, t.Matrix)) for part in t.walk(tree)
    )


def _is_power_of_e(symbol: t.Symbol) -> bool:
    """``e^{-z}``; the square of an error e is none."""
    powers = [s.value for s in symbol.scripts if s.kind == "plain"]
    exponents = [p for p in powers if p is not None and not isinstance(p, t.Number)]
    return symbol.base == "e" and not symbol.subscripts and bool(exponents)


def _see_square(tree: t.Expr | None, spelling: Spelling) -> None:
    if not isinstance(tree, t.Symbol):
        return
    for script in tree.scripts:
        value = script.value
        if script.kind == "plain" and isinstance(value, t.Number) and value.text == "2":
            spelling.squared.add(stem_of(tree))


def _counting_layers(statements: Sequence[Statement]) -> set[str]:
    """Letters like m in ``s^m = W^m a^{m-1}``: above several names, with a neighbour, and never a factor."""
    above: dict[str, set[str]] = {}
    beside: dict[str, set[str]] = {}
    factors: set[str] = set()
    for part in parts(statements):
        if isinstance(part, t.Symbol) and part.base != "e":
            for script in part.scripts:
                letter, shift = shifted(script.value) if script.kind == "plain" else ("", 0)
                if letter:
                    (beside if shift else above).setdefault(letter, set()).add(stem_of(part))
        elif isinstance(part, t.Product):
            factors |= {f.base for f in part.factors if isinstance(f, t.Symbol) and not f.scripts}
    found = {c for c, stems in above.items() if len(stems) > 1 and beside.get(c, set()) & stems}
    found |= {c for c, stems in _above_left(statements).items() if len(stems) >= _SEVERAL}
    lower = {c for c in found if c.islower() and c.isascii()} - factors
    return lower | {c.upper() for c in lower if c.upper() in above}


def _above_left(statements: Sequence[Statement]) -> dict[str, set[str]]:
    """Letters above names that equations begin with, and those names: ``o^t = …``, ``c^t = …``, ``h^t = …``."""
    found: dict[str, set[str]] = {}
    for statement in statements:
        left = statement.members[0].expr
        if isinstance(left, t.Symbol) and len(statement.members) > 1 and len(left.scripts) == 1:
            letter, shift = shifted(left.scripts[0].value)
            if letter and not shift and left.scripts[0].kind == "plain":
                found.setdefault(letter, set()).add(stem_of(left))
    return found


def _told_apart(statements: Sequence[Statement]) -> set[str]:
    """Letters below names of which a distinction of cases asks whether they are the same: ``p = q``, ``p \\neq q``."""
    found: set[str] = set()
    below: set[str | None] = set()
    for part in parts(statements):
        if isinstance(part, t.Symbol) and len(part.subscripts) == 1:
            below.add(_single(part.subscripts[0]))
        elif isinstance(part, t.Cases):
            asked = [c for _, c in part.branches if isinstance(c, t.Relation)]
            pairs = [{_single(m) for m in c.members} for c in asked if len(c.members) == 2]
            found |= {c for pair in pairs if len(pair) == 2 and None not in pair for c in pair if c}
    return found & below


def _labelled(statements: Sequence[Statement]) -> set[str]:
    """Stems with one of several letters above them and something below: ``b^h_1`` and ``b^y_1``, where no power is."""
    above: dict[str, set[str]] = {}
    bare: dict[str, set[str]] = {}
    for part in parts(statements):
        if isinstance(part, t.Symbol) and part.scripts:
            plain = len(part.scripts) == 1 and part.scripts[0].kind == "plain"
            letter, shift = shifted(part.scripts[0].value) if plain else ("", 0)
            found = above if part.subscripts else bare
            found.setdefault(stem_of(part), set()).add("" if shift else letter)
    return {
        stem
        for stem, letters in above.items()
        if len(letters) > 1 and not letters & (USUAL | {""}) and bare.get(stem, letters) <= letters
    } - {"e"}


def _numbered(statements: Sequence[Statement]) -> set[str]:
    """Stems with the numbers of layers or steps above them: ``z^1 = …`` and ``z^2 = …``, ``W^1`` beside them.

    Nobody begins an equation with a first power, except a list of powers: ``i^1 = i``, ``i^2 = -1``.
    """
    begun: dict[str, set[str]] = {}
    beside: set[str] = set()
    for statement in statements:
        left = statement.members[0].expr
        number = _number_above(left) if len(statement.members) > 1 else ""
        if not number or not isinstance(left, t.Symbol):
            continue
        inside = [p for p in parts([statement]) if isinstance(p, t.Symbol)]
        if not any(p.base == left.base and not (p.scripts or p.subscripts) for p in inside):
            begun.setdefault(stem_of(left), set()).add(number)
            beside |= {stem_of(p) for p in inside if _number_above(p) in _FIRST}
    found = {stem for stem, numbers in begun.items() if numbers & _FIRST and len(numbers) > 1}
    first = {stem for stem, numbers in begun.items() if numbers & _FIRST}
    return found | beside | first if found else found


def _number_above(tree: t.Expr | None) -> str:
    """The whole number that stands above a name, and nothing else."""
    if not isinstance(tree, t.Symbol) or len(tree.scripts) != 1:
        return ""
    value = tree.scripts[0].value
    plain = tree.scripts[0].kind == "plain" and isinstance(value, t.Number) and value.is_whole
    return value.text if plain and isinstance(value, t.Number) else ""


def shifted(tree: t.Expr | None) -> tuple[str, int]:
    """The letter of ``m``, ``m - 1``, ``m + 1`` and the number behind it."""
    match tree:
        case t.Symbol(base=base, subscripts=(), scripts=(), primes=0) if len(base) == 1:
            return base, 0
        case t.Sum(terms=(t.Symbol(base=base, subscripts=(), scripts=()), t.Number(text="1"))):
            return (base, 1) if len(base) == 1 else ("", 0)
    return "", 0


def _see_symbol(symbol: t.Symbol, spelling: Spelling, layers: Set[str]) -> None:
    for sub in symbol.subscripts:
        if isinstance(sub, t.Sum) and len(sub.terms) == 2 and isinstance(sub.terms[1], t.Number):
            spelling.letters.update(letters_in(sub.terms[0]))
        elif isinstance(sub, t.Sum):  # h_{t-k}
            spelling.letters.update(USUAL & {*map(_single, sub.terms)})
        elif isinstance(sub, (t.Label, t.Symbol)):
            found = letters_in(sub)
            if found and set(found) <= USUAL:
                spelling.letters.update(found)
    for script in symbol.scripts:
        if script.value is None:
            continue
        found = letters_in(script.value)
        if script.kind in ("paren", "bracket") and len(found) == 1 and found[0].islower():
            spelling.letters.update(found)
        elif script.kind in ("paren", "bracket") and found == ["L"]:
            spelling.letters.add("L")
        elif script.kind == "plain" and found and set(found) <= layers and symbol.base != "e":
            spelling.layered.add(stem_of(symbol))
            spelling.letters.update(found)


# ── letters beside known ones ───────────────────────────────────────────────────────────────────


def _see_alike(statements: Sequence[Statement], spelling: Spelling) -> None:
    """``A_{pq}`` has indices p and q where the same array is written ``A_{ij}`` elsewhere.

    A single letter may be a name's label (``W_f`` beside ``W_i``): it counts only if no quantity is called so.
    """
    places, bases, sums = _subscripts(statements)
    alone = {use[0] for (_, count), uses in places.items() if count == 1 for use in uses}
    while True:
        new: set[str] = set()
        for beside in sums:  # y_{m-p} beside the sum over p
            if beside & spelling.letters:
                new |= {c for c in beside if c} - spelling.letters - bases
        for (_, count), uses in places.items():
            if count == 2:  # W_{kl} beside z_k and x_l
                known = alone | spelling.letters
                new |= {c for u in uses if set(u) & spelling.letters and set(u) <= known for c in u}
                new -= spelling.letters
            if not any(set(u) <= spelling.letters for u in uses):
                continue
            for use in uses:
                if count > 1 or use[0] not in bases:
                    new |= set(use) - spelling.letters
        if not new:
            return
        spelling.letters |= new


def _subscripts(
    statements: Sequence[Statement],
) -> tuple[dict[tuple[str, int], list[tuple[str, ...]]], set[str], list[set[str | None]]]:
    """Letters below each name, by their number; names that are quantities; letters that are added below names."""
    places: dict[tuple[str, int], list[tuple[str, ...]]] = {}
    bases: set[str] = set()
    below: set[int] = set()
    sums: list[set[str | None]] = []
    for part in parts([s for s in statements if not _compares(s)]):
        if isinstance(part, t.Symbol):
            below |= {id(y) for x in part.subscripts for y in t.walk(x)}
            bases |= {part.base} if id(part) not in below else set()
            sums += [{*map(_single, x.terms)} for x in part.subscripts if isinstance(x, t.Sum)]
            letters = _written(part)
            if letters:
                places.setdefault((stem_of(part), len(letters)), []).append(letters)
    return places, bases, sums


def _compares(statement: Statement) -> bool:
    """``k \\neq c`` says of two indices that they differ, and makes no quantity of either."""
    return [m.relation for m in statement.members[1:]] == ["neq"] and all(
        isinstance(m.expr, t.Symbol) and not m.expr.subscripts and _single(m.expr)
        for m in statement.members
    )


def _among_all(statement: Statement) -> set[str]:
    """``p_w = e^{s_w} / \\sum_j e^{s_j}``: w is one of those that j runs through."""
    left = statement.members[0].expr
    if len(statement.members) < 2 or not isinstance(left, t.Symbol) or len(left.subscripts) != 1:
        return set()
    letter = _single(left.subscripts[0])
    right = statement.members[1].expr
    if letter is None or right is None:
        return set()
    inside = list(t.walk(right))
    summed = {c for p in inside if isinstance(p, t.Big) for c in p.indices}
    uses: dict[str, set[str | None]] = {}
    for part in inside:
        if isinstance(part, t.Symbol) and len(part.subscripts) == 1:
            uses.setdefault(stem_of(part), set()).add(_single(part.subscripts[0]))
    return {letter} if any(letter in own and own & summed for own in uses.values()) else set()


def _in_runs(statement: Statement) -> set[str]:
    """``S_{ij} = Q_{ia} K_{ja}``: two letters that a left side has, each once on the right, and others there twice."""
    left = _run(statement.members[0].expr)
    if len(statement.members) < 2 or len(set(left)) != 2:
        return set()
    right = statement.members[1].expr
    for part in t.walk(right) if right is not None else ():
        factors = part.factors if isinstance(part, t.Product) else ()
        runs = [run for factor in factors if (run := _run(factor))]
        counted = Counter("".join(runs))
        inner = set(counted) - set(left)
        fits = all(counted[c] == 1 for c in left) and all(counted[c] == 2 for c in inner)
        if len(runs) > 1 and inner and fits:
            return set(counted)
    return set()


def _run(tree: t.Expr | None) -> str:
    """The two letters below a name of one letter; nothing where anything else stands there."""
    below = tree.subscripts if isinstance(tree, t.Symbol) and len(tree.base) == 1 else ()
    text = below[0].text if len(below) == 1 and isinstance(below[0], t.Label) else ""
    plain = len(text) == 2 and text.isascii() and text.islower()
    return text if plain and not getattr(below[0], "is_text", False) else ""


def _single(sub: t.Expr) -> str | None:
    """The one letter that a subscript is."""
    name = sub.text if isinstance(sub, t.Label) else sub.base if isinstance(sub, t.Symbol) else ""
    return name if len(name) == 1 and name.islower() else None


def _written(symbol: t.Symbol) -> tuple[str, ...] | None:
    """The single letters below a symbol, if nothing else stands there."""
    found: list[str] = []
    for sub in symbol.subscripts:
        match sub:
            case t.Label(text=text, is_text=False) if set(text) <= _ALPHABET and text not in _WORDS:
                found.extend(text)
            case t.Symbol(base=base, subscripts=(), scripts=(), accents=()) if base in _ALPHABET:
                found.append(base)
            case _:
                return None
    return tuple(found)
