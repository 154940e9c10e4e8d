"""Programs that say again what the formulas of a document say: they have names and shapes of their own."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

from dvar.check.judge.assignments import is_update
from dvar.check.judge.grouping import Group, grouped
from dvar.check.judge.lending import lent, names_of, plain
from dvar.check.judge.literal import is_numeric
from dvar.check.judge.sections import EQUALS, equation, parts_of
from dvar.check.meaning.definitions import Definition
from dvar.check.meaning.keys import Spelling, stem_of
from dvar.check.meaning.ranks import is_example, numbered_rivals
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement
from dvar.read.worksheet.mathematics.dialects import PYTHON


@dataclass(frozen=True)
class Programs:
    """What is read apart from the formulas.

    Attributes:
        ordinals: the statements.
        stems, used: what they define, and all names in them.
        lent: definitions of which the formulas make use as well.
    """

    ordinals: frozenset[int] = frozenset()
    stems: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()
    lent: tuple[Definition, ...] = ()

    def needs(self, definition: Definition) -> bool:
        """Whether the programs use what is defined and have no formula of their own for it."""
        stem = plain(definition.pattern.stem)
        return stem in self.used and stem not in self.stems


def own_programs(
    document: Document, statements: Sequence[Statement], spelling: Spelling
) -> Programs:
    """The statements of programs that define most of what they use, though the formulas have it as well.

    In the formulas ``x_i`` is a column of one example, in the program ``x`` has a row for each; so they are
    read apart.
    """
    programs = [
        n
        for n, s in enumerate(statements)
        if document.regions[s.region].is_program and not _is_given(s)
    ]
    inside = _defined([statements[n] for n in programs])
    if len(inside) < 2:
        return Programs()
    chosen = frozenset(programs)
    outside = _defined([s for n, s in enumerate(statements) if n not in chosen])
    if not outside:
        return Programs()  # what stands outside are the numbers of the program
    python = [n for n in programs if document.regions[statements[n].region].language in PYTHON]
    told = _differentiated([statements[n] for n in python])
    is_whole = len(told) > 2 and len(inside) > 2
    if 2 * len(inside & outside) < len(inside) and not is_whole:
        return Programs()
    names = names_of([s for n, s in enumerate(statements) if n not in chosen])
    used = frozenset(names_of([statements[n] for n in programs]))
    if not (inside - outside) & names.keys():
        return Programs(chosen, frozenset(inside), used)
    steps = [n for n in programs if _defined([statements[n]]) and _is_about(statements[n], names)]
    made = [lent(statements[n], n, names, spelling) for n in steps]
    # The program has finer steps: all of them are needed, or none.
    whole = tuple(d for d in made if d is not None)
    return Programs(chosen, frozenset(inside), used, whole if len(whole) == len(made) else ())


def _differentiated(statements: Sequence[Statement]) -> set[str]:
    """Names whose gradients are told by name: ``Z1`` where ``dZ1 = …`` stands."""
    found = set()
    for statement in statements:
        left, right = equation(statement)
        if isinstance(left, t.Symbol) and right is not None and left.base[:1] == "d":
            found.add(plain(stem_of(left))[1:])
    return found


def _is_about(statement: Statement, names: Container[str]) -> bool:
    """Whether the formulas have anything of what a step is made of."""
    _, right = equation(statement)
    symbols = [p for p in t.walk(right) if isinstance(p, t.Symbol)] if right is not None else []
    return any(plain(stem_of(p)) in names for p in symbols)


def _is_given(statement: Statement) -> bool:
    """Whether a statement only gives numbers: they are those of the formulas as well."""
    left, right = equation(statement)
    if right is None or statement.members[1].relation not in EQUALS or _is_written_over(left):
        return False
    return is_numeric(right, lambda name: True)


def _is_written_over(left: t.Expr | None) -> bool:
    """``dh[h <= 0] = 0``: a step of the program, which changes what a name is."""
    below = left.subscripts if isinstance(left, t.Symbol) else ()
    return any(isinstance(s, (t.Relation, t.Call)) for s in below)


def _defined(statements: Sequence[Statement]) -> set[str]:
    """Names with a formula, gradients by name apart."""
    found = set()
    for statement in statements:
        left, right = equation(statement)
        if left is None or right is None or statement.members[1].relation not in EQUALS:
            continue
        head = left.head if isinstance(left, t.Apply) else left
        if not isinstance(head, t.Symbol) or is_numeric(right, lambda name: True):
            continue
        if isinstance(right, t.Call) and right.name == "shape":
            continue
        stem = plain(stem_of(head))
        if not is_update(left, right, "=") and not (stem.startswith("d") and len(stem) > 1):
            found.add(stem)
    return found


def groups_of(
    document: Document, statements: Sequence[Statement], spelling: Spelling, programs: Programs
) -> list[Group]:
    """The groups of the formulas, then the programs that are read apart from them."""
    apart = programs.ordinals
    kept = [n for n in range(len(statements)) if n not in apart]
    formulas = [statements[n] for n in kept]
    groups = grouped(document, formulas, parts_of(document, formulas), spelling)
    for group in groups:
        group.ordinals = [kept[n] for n in group.ordinals]
    groups = [part for group in groups for part in _examples_apart(group, statements, spelling)]
    return [*groups, Group(sorted(apart))] if apart else groups


def _examples_apart(
    group: Group, statements: Sequence[Statement], spelling: Spelling
) -> list[Group]:
    """The formulas, then the example in numbers, where ``n_j`` and ``n_k`` are other units and ``n_1`` may be either.

    The letters tell the layers of the formulas, which they cannot where their units are also counted.
    """
    if not numbered_rivals([statements[o] for o in group.ordinals], spelling):
        return [group]
    example = [o for o in group.ordinals if is_example(statements[o], spelling)]
    formulas = [o for o in group.ordinals if o not in set(example)]
    return [replace(group, ordinals=formulas), Group(example, fresh=False)]
