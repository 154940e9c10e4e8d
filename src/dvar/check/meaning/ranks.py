"""Letters that count different things: i the inputs, j the hidden units, k the outputs."""

from __future__ import annotations

from collections.abc import Sequence

from dvar.check.meaning.definitions import Definition, definition_of
from dvar.check.meaning.keys import Spelling, letters_in, stem_of
from dvar.check.meaning.letters import parts
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

_STEP = 10
"""Where the numbers of the next letter begin: no two letters share a number."""
_TIMES = frozenset("tTlL")
_EQUALS = frozenset({"=", ":=", "equiv", "is", "=="})


def separate(world: World, statements: Sequence[Statement]) -> None:
    """Let letters of different ranks run through different numbers.

    ``z_j`` and ``z_k`` are two families where their formulas are about different things; and where ``o_j``
    is made of ``o_i``, the latter are units of the layer before.
    """
    spelling = world.spelling
    families = _families(statements, spelling)
    counted = _counted(statements)
    apart: set[str] = set()
    for stem, definitions in families.items():
        if stem in counted:
            continue
        apart |= _of_formulas(definitions)
        apart |= _of_circles(stem, families, spelling)
    for n, letter in enumerate(sorted(apart - _TIMES), 1):
        world.starts[letter] = n * _STEP + 1
        world.apart.add(letter)


def _families(statements: Sequence[Statement], spelling: Spelling) -> dict[str, list[Definition]]:
    """Formulas for names with index letters and nothing else."""
    found: dict[str, list[Definition]] = {}
    for n, statement in enumerate(statements):
        if len(statement.members) < 2 or statement.members[0].relation:
            continue
        left, second = statement.members[0].expr, statement.members[1]
        if left is None or second.expr is None or second.relation not in _EQUALS:
            continue
        made = definition_of(left, second.expr, n, spelling, False)
        if made is None or made.pattern.marks or len(made.pattern.indices) != 1:
            continue  # entries of matrices are no units of layers
        if all(kind == "letter" and not offset for kind, _, offset in made.pattern.indices):
            found.setdefault(made.pattern.stem, []).append(made)
    return found


def _counted(statements: Sequence[Statement]) -> set[str]:
    """Stems whose entries are also written with numbers."""
    return {
        stem_of(p) for p in parts(statements)
        if isinstance(p, t.Symbol) and any(isinstance(s, t.Label) and s.text.isdigit() for s in p.subscripts)
    }  # fmt: skip


def _of_formulas(definitions: Sequence[Definition]) -> set[str]:
    """Letters of one name whose formulas use different names."""
    found: set[str] = set()
    for n, a in enumerate(definitions):
        for b in definitions[:n]:
            if isinstance(a.value, t.Derivative) or isinstance(b.value, t.Derivative):
                continue
            if a.pattern.letters != b.pattern.letters and _stems(a.value) != _stems(b.value):
                found |= a.pattern.letters ^ b.pattern.letters
    return found


def _of_circles(stem: str, families: dict[str, list[Definition]], spelling: Spelling) -> set[str]:
    """Letters by which a name is made of itself."""
    found: set[str] = set()
    reached: set[str] = set()
    waiting = [stem]
    while waiting:
        for definition in families.get(waiting.pop(), ()):
            for part in t.walk(definition.value):
                if not isinstance(part, t.Symbol) or isinstance(definition.value, t.Derivative):
                    continue
                used = stem_of(part)
                letters = {c for sub in part.subscripts for c in letters_in(sub)}
                if used == stem:
                    mine = {c for d in families[stem] for c in d.pattern.letters}
                    if letters and letters <= spelling.letters and not letters & mine:
                        found |= letters | mine
                elif used not in reached and used in families:
                    reached.add(used)
                    waiting.append(used)
    return found


def _stems(tree: t.Expr) -> set[str]:
    return {stem_of(p) for p in t.walk(tree) if isinstance(p, t.Symbol)}
