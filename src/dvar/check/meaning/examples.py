r"""Examples counted by a plain superscript: ``\sum_i (h(x^i) - y^i)^2`` is about ``x^{(i)}`` and ``y^{(i)}``.

A letter above a name is a power, unless a sum over it has several names with it: data come in pairs, and no
power series has two bases.  And examples without their index: "we drop the index $b$", and ``x_i`` is ``x_{bi}``.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dvar.check.meaning.keys import letters_in, stem_of
from dvar.check.meaning.letters import parts, shifted
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement
from dvar.read.worksheet.parts import Change, in_members, rewritten

COUNTING = frozenset("ijkmnps")
"""Letters that examples are counted by; steps and layers are counted by others."""
_GREEK = frozenset({"mu", "nu"})
"""Letters of patterns, ``ξ_k^μ``, which nobody takes for powers where they are summed over."""
_DROPPED = re.compile(
    r"\b(?:drop|omit|suppress|leav(?:e|ing) out|do without)[a-z]*\b[^.$\n]{0,50}\$([a-z])\$",
    re.IGNORECASE,
)
"""How authors say that an index is left out from here on."""


def marked(statements: Sequence[Statement]) -> list[Statement]:
    """The statements, with the superscripts that count examples in brackets."""
    letters = _counting(statements)
    if not letters:
        return list(statements)
    used = {c for p in parts(statements) if isinstance(p, t.Symbol) for c in (p.base, *_below(p))}
    used |= {c for p in parts(statements) if isinstance(p, t.Big) for c in p.indices} | letters
    free = iter(sorted(COUNTING - used, reverse=True))
    latin = {c: next(free, c) if c in _GREEK else c for c in sorted(letters)}

    def mark(part: Any) -> t.Expr | None:
        if isinstance(part, t.Big) and _GREEK & letters & {*part.indices}:
            indices = tuple(latin.get(c, c) for c in part.indices)
            return replace(part, indices=indices, body=rewritten(part.body, mark))
        if not isinstance(part, t.Symbol) or not _above(part) & letters:
            return None
        scripts = tuple(_counted(s, latin) if _letter(s) in letters else s for s in part.scripts)
        return replace(part, scripts=scripts)

    return [in_members(s, mark) for s in statements]


def inside(statements: Sequence[Statement]) -> list[Statement]:
    """The statements, with ``φ(z)_A^{(i)}`` as ``φ_A(z^{(i)})``: the example is that of the argument."""
    letters = {letter for letter, _ in marks_in(parts(statements))} & COUNTING

    def push(of: Any) -> t.Expr | None:
        if not isinstance(of, t.Apply) or len(of.args) != 1:
            return None
        part: t.Apply = of
        (name,) = part.args
        label = part.subscripts[0] if len(part.subscripts) == 1 else None
        if isinstance(label, t.Label) and len(label.text) == 1 and label.text.isupper():
            head = replace(part.head, subscripts=(*part.head.subscripts, label))
            part = replace(part, head=head, subscripts=())
        own = [s for s in part.scripts if s.kind == "paren" and _letters(s) <= letters]
        if len(own) == 1 and isinstance(name, t.Symbol) and not name.scripts:
            scripts = tuple(s for s in part.scripts if s is not own[0])
            return replace(part, args=(replace(name, scripts=(own[0],)),), scripts=scripts)
        return part

    return [in_members(s, push) for s in statements] if letters else list(statements)


def _letters(script: t.Script) -> set[str]:
    return set(letters_in(script.value)) if script.value is not None else {""}


def _counted(script: t.Script, latin: Mapping[str, str]) -> t.Script:
    """An example's superscript in brackets."""
    letter = latin[_letter(script)]
    value = script.value if letter == _letter(script) else t.Symbol(letter, script.span)
    return replace(script, kind="paren", value=value)


def _counting(statements: Sequence[Statement]) -> set[str]:
    """Letters of sums that stand above two names there, and nowhere as a quantity."""
    found: set[str] = set()
    quantities: set[str] = set()
    for part in parts(statements):
        if isinstance(part, t.Big) and part.name == "sum":
            above: dict[str, set[str]] = {}
            for inner in t.walk(part.body):
                if isinstance(inner, t.Symbol):
                    for letter in _above(inner) & set(part.indices):
                        above.setdefault(letter, set()).add(inner.base)
            found |= {letter for letter, names in above.items() if len(names) > 1}
        elif isinstance(part, t.Product):
            quantities |= {f.base for f in part.factors if isinstance(f, t.Symbol)}
    return (found & (COUNTING | _GREEK | {"t"} - going_on(statements))) - quantities


def marks_in(among: Iterable[t.Expr | t.Script]) -> Iterator[tuple[str, str]]:
    """Letters that stand in brackets above names, ``h^{(n)}``, each with the name."""
    for name in (part for part in among if isinstance(part, t.Symbol)):
        for script in name.scripts:
            letters = letters_in(script.value) if script.value is not None else []
            if script.kind == "paren" and len(letters) == 1 and not isinstance(script.value, t.Sum):
                yield letters[0], stem_of(name)


def going_on(statements: Sequence[Statement]) -> set[str]:
    """Letters of steps: something is of the one before, ``h^{t-1}``."""
    names = [p for p in parts(statements) if isinstance(p, t.Symbol)]
    scripts = [x for p in names for x in (*p.subscripts, *(s.value for s in p.scripts))]
    return {c for x in scripts if isinstance(x, t.Sum) for c in letters_in(x)}


def _above(symbol: t.Symbol) -> set[str]:
    """The single letters that stand above a Latin name without brackets, and Greek ones above any."""
    letters = {letter for s in symbol.scripts if (letter := _letter(s))}
    is_latin = symbol.base != "e" and symbol.base.isascii() and len(symbol.base) == 1
    return letters if is_latin else letters & _GREEK


def _letter(script: t.Script) -> str:
    if isinstance(script.value, t.Symbol) and script.value.base in _GREEK:
        return script.value.base
    letter, shift = shifted(script.value) if script.kind == "plain" else ("", 0)
    return "" if shift else letter


def undropped(document: Document, statements: Sequence[Statement]) -> list[Statement]:
    """The statements, with an index that words or formulas leave out put back: it stands in the formulas before."""
    said = [(m.end(), m[1]) for m in _DROPPED.finditer(document.text)]
    named = (s.members[0].expr for s in statements)
    told = [x for x in named if isinstance(x, t.Symbol)]
    own = {stem_of(x) for x in told if not x.subscripts}
    marks = {c for x in told if len(c := "".join(_below(x))) == 1 and stem_of(x) not in own}
    full = {c: _with_letter(statements, c) for c in marks | {c for _, c in said}}
    found = []
    for statement in statements:
        letters = {c for end, c in said if end < statement.span[0]}
        letters |= {c for c in marks if _leaves_out(statement, full[c], own)}
        for letter in sorted(letters):
            statement = in_members(statement, _put_back(letter, full[letter]))
        found.append(statement)
    return found


def _with_letter(statements: Sequence[Statement], letter: str) -> dict[str, list[str]]:
    """All indices of the names that have a letter among them."""
    names = (p for p in parts(statements) if isinstance(p, t.Symbol))
    return {stem_of(p): below for p in names if letter in (below := _below(p))}


def _leaves_out(
    statement: Statement, full: Mapping[str, Sequence[str]], own: Container[str]
) -> bool:
    """``x_i - μ``, where only ``μ_b`` has a formula and x has two indices everywhere else."""
    first = statement.members[0].expr
    if isinstance(first, t.Symbol) and stem_of(first) not in full:
        return False  # what is told by names without the index has none either
    names = [p for p in parts([statement]) if isinstance(p, t.Symbol)]
    bare = {stem_of(p) for p in names if not p.subscripts and len(full.get(stem_of(p), ())) == 1}
    short = [p for p in names if len(full.get(stem_of(p), ())) - 1 == len(_below(p)) == 1]
    alike = any(set(_below(p)) <= set(full[stem_of(p)]) for p in short)
    return alike and any(stem not in own for stem in bare)


def _put_back(letter: str, full: Mapping[str, Sequence[str]]) -> Change:
    def change(part: Any) -> t.Expr | None:
        below = full.get(stem_of(part), ()) if isinstance(part, t.Symbol) else ()
        if not isinstance(part, t.Symbol) or letter not in below:
            return None
        own = _below(part)
        if len(own) != len(below) - 1 or letter in own:
            return None
        own.insert(below.index(letter), letter)
        return replace(part, subscripts=tuple(t.Label(c, part.span) for c in own))

    return change


def _below(symbol: t.Symbol) -> list[str]:
    return [c for sub in symbol.subscripts for c in letters_in(sub)]
