"""Which statements of a document share their names."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from dvar.check.judge.assignments import is_update
from dvar.check.judge.literal import is_numeric
from dvar.check.judge.sections import EQUALS, equation, section_of
from dvar.check.meaning.definitions import Definition, definition_of
from dvar.check.meaning.keys import Key, Spelling, arguments, sort, stem_of
from dvar.check.meaning.letters import parts
from dvar.check.meaning.patterns import Pattern, pattern_of
from dvar.check.meaning.survey import is_loss_like
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement
from dvar.read.worksheet.parts import same_tree

Formulas = Mapping[Pattern, t.Expr]


_GENERAL = frozenset({"f", "g", "h", "F", "G"})
"""Letters for any function."""
_SAME = 4
"""Two formulas of so many names, all the same ones, are hardly of two problems."""
_NUMBERED = re.compile(r"^[ \t]*(?:\(?\d{1,2}\)|\d{1,2}\.|\(?[a-z]\))[ \t]+", re.MULTILINE)


@dataclass
class Group:
    """Statements whose names belong together.

    Attributes:
        ordinals: which statements.
        fresh: whether its letters start afresh; what was defined before still holds.
        alone: whether nothing of what was defined before is used.
        resumes: whether it goes back to what was defined before a group that stands alone.
        forgotten: stems of losses that are open again: they are about another network now.
    """

    ordinals: list[int] = field(default_factory=list)
    fresh: bool = True
    alone: bool = False
    resumes: bool = False
    forgotten: set[str] = field(default_factory=set)


def grouped(
    document: Document,
    statements: Sequence[Statement],
    parts_: Sequence[int],
    spelling: Spelling,
) -> list[Group]:
    """Statements by problem.

    An exercise, a question or a part begins another problem, in which what was defined before still holds.
    A section that defines a name anew, or has a formula for what was only a number or a loss left open,
    starts afresh: its letters need not be vectors because they were before.
    """
    groups: list[Group] = []
    known: dict[Pattern, t.Expr] = {}
    opened: set[str] = set()
    shelved: set[str] = set()  # what was defined before a section that stands alone
    lefts: set[str] = set()  # of all equations so far, gradients by name among them
    part, exercise, item, posed = -1, None, 0, False
    items = _items(document, statements)
    for ordinal, statement in enumerate(statements):
        here = section_of(document, statement)
        if parts_[ordinal] != part:
            part = parts_[ordinal]
            end = bisect_right(parts_, part)
            inside = statements[ordinal:end]
            own = _definitions_in(inside, spelling, ordinal)
            forgotten = _left_behind(inside, own, known, spelling)
            forgotten |= _of_other_arguments(inside, statements[:ordinal])
            clash = _clashes(own, known, spelling)
            named = {stem_of(left) for s in inside if isinstance(left := equation(s)[0], t.Symbol)}
            used = _used(inside, spelling) & ({p.stem for p in known} | lefts)
            lefts |= named
            again = any(p in known and _is_said_again(known[p], v) for p, v in own.items())
            alone = len(own) > 1 and not again and used <= {p.stem for p in own} | named
            alone = alone and not _leans(inside, own, known, spelling)
            alone = alone and not _estimates(inside, known.values())
            alone = alone and not _borrows(inside, known)
            shelved -= {p.stem for p in own}
            if alone and groups:
                groups.append(Group(alone=True))
                shelved = {p.stem for p in known} - {p.stem for p in own}
            elif len(used & shelved) > 1:
                groups.append(Group(fresh=False, forgotten=forgotten, resumes=True))
                shelved = set()
            elif clash or forgotten or opened & {p.stem for p in own} or not groups:
                groups.append(Group(forgotten=forgotten))
            elif _exercise(document, here) != exercise and groups[-1].ordinals:
                groups.append(Group(fresh=False))
            exercise = _exercise(document, here)
            known = {p: v for p, v in known.items() if p.stem not in forgotten} | own
            opened |= {stem for stem, _ in _differentiated(inside) if _is_loss(stem)}
            opened -= {p.stem for p in known}
            item, posed = items[ordinal], _poses(statement, spelling)
        elif items[ordinal] != item:
            item = items[ordinal]
            own = _definitions_in(_item(statements, items, ordinal), spelling, ordinal)
            poses = _poses(statement, spelling)
            if poses and posed and _clashes(own, known, spelling):
                groups.append(Group())
                known |= own
            posed = poses
        left, right = equation(statement)
        if left is not None and right is not None and is_numeric(right, lambda name: True):
            given = definition_of(left, right, ordinal, spelling, True)
            if given is not None:
                known.setdefault(given.pattern, right)
        groups[-1].ordinals.append(ordinal)
    return groups


def _clashes(own: Formulas, known: Formulas, spelling: Spelling) -> bool:
    """Whether a name gets another meaning."""
    before = {p: v for p, v in known.items() if p not in own}
    return any(
        pattern in known
        and not _alike(known[pattern], value)
        and not _is_known(value, before, spelling)
        for pattern, value in own.items()
    )


def _is_said_again(old: t.Expr, new: t.Expr) -> bool:
    """Whether a formula says again what another does, as it is or written otherwise: of the same names."""
    before, after = _stems(old), _stems(new)
    return same_tree(old, new) or (before == after and len(before) >= _SAME)


def _items(document: Document, statements: Sequence[Statement]) -> list[int]:
    """The item of a numbered list in which each statement stands; exercises are often listed so."""
    found: list[int] = []
    end = 0
    for statement in statements:
        opened = _NUMBERED.search(document.text, end, max(end, statement.span[0]))
        found.append((found[-1] if found else 0) + bool(opened))
        end = max(end, statement.span[1])
    return found


def _item(statements: Sequence[Statement], items: Sequence[int], first: int) -> Sequence[Statement]:
    return statements[first : bisect_right(items, items[first])]


def _poses(statement: Statement, spelling: Spelling) -> bool:
    """Whether an item begins with the formula of a plain name, as an exercise does: ``y = x^2 sin x``."""
    left, right = equation(statement)
    if left is None or right is None or isinstance(right, t.Derivative):
        return False
    made = definition_of(left, right, 0, spelling, False)
    if made is None or made.pattern.marks or made.pattern.indices or _is_gradient_like(left):
        return False
    return not is_numeric(right, lambda name: True)


def _alike(old: t.Expr, new: t.Expr) -> bool:
    """Whether a second formula need not be another meaning: ``δ = ∂C/∂z``, and later what comes out of it."""
    return isinstance(old, t.Derivative) != isinstance(new, t.Derivative) or same_tree(old, new)


def _is_known(value: t.Expr, known: Mapping[Pattern, t.Expr], spelling: Spelling) -> bool:
    """Whether a formula is only the name of something that is known: it says that two things are the same."""
    return isinstance(value, t.Symbol) and pattern_of(value, spelling)[0] in known


def _is_loss(stem: str) -> bool:
    return is_loss_like(Key(stem))


def _differentiated(own: Sequence[Statement]) -> set[tuple[str, str]]:
    """Stems of what is differentiated, with those of what by; bars are of no loss in particular: ``""``."""
    found: set[tuple[str, str]] = set()
    for part in parts(own):
        if isinstance(part, t.Derivative) and part.of is not None:
            of = part.of.head if isinstance(part.of, t.Apply) else part.of
            if isinstance(of, t.Symbol):
                found |= {(stem_of(of), stem_of(w)) for w in part.wrt if isinstance(w, t.Symbol)}
        elif isinstance(part, t.Symbol) and part.accents[-1:] == ("bar",):
            found.add(("", stem_of(part).removesuffix(".bar")))
    return found


def _left_behind(
    own: Sequence[Statement],
    definitions: Mapping[Pattern, t.Expr],
    known: Mapping[Pattern, t.Expr],
    spelling: Spelling,
) -> set[str]:
    """Losses with a formula that a section differentiates by something new which is not in that formula.

    Then the section is about another network whose loss is left open, and has the old name.
    """
    new = {p.stem for p in definitions} - {p.stem for p in known}
    formulas: dict[str, set[str]] = {}
    for pattern, value in (*known.items(), *definitions.items()):
        formulas.setdefault(pattern.stem, set()).update(_stems(value))
    here = {p.stem for p in definitions}
    losses = {stem for stem in formulas if _is_loss(stem)} - here
    forgotten = _circled(own, definitions, known)
    for of, wrt in _differentiated(own):
        if wrt in new:
            meant = losses if not of else losses & {of}
            forgotten |= {loss for loss in meant if wrt not in _reached(loss, formulas)}
    return forgotten


def _of_other_arguments(own: Sequence[Statement], before: Sequence[Statement]) -> set[str]:
    """Functions of several arguments that are applied to others here: ``f(y)`` behind ``f(x; w, b) = …`` is any f."""
    counts: dict[str, set[int]] = {}
    for statement in before:
        left = statement.members[0].expr if len(statement.members) > 1 else None
        if isinstance(left, t.Apply) and not left.primes:
            counts.setdefault(stem_of(left.head), set()).add(len(arguments(left.args)))
    several = {stem for stem, found in counts.items() if 1 not in found} & _GENERAL
    used: dict[str, set[int]] = {}
    for part in parts(own) if several else ():
        if isinstance(part, t.Apply):
            used.setdefault(stem_of(part.head), set()).add(len(arguments(part.args)))
    return {stem for stem in several if used.get(stem) == {1}}


def _circled(inside: Sequence[Statement], own: Formulas, known: Formulas) -> set[str]:
    """``y`` of ``y = p t`` where ``t = x + y`` stands here, and nothing of p: it is any y."""
    used = {stem_of(p) for p in parts(inside) if isinstance(p, t.Symbol)}
    made = {p.stem: _stems(value) for p, value in own.items()}
    found: set[str] = set()
    for pattern, value in known.items():
        names = _stems(value) - {pattern.stem}
        circle = {stem for stem in names & made.keys() if pattern.stem in made[stem]}
        rest, is_bare = names - circle, not (pattern.indices or pattern.marks or pattern in own)
        if circle and is_bare and rest and not rest & used:
            found.add(pattern.stem)
    return found


def _borrows(inside: Sequence[Statement], known: Formulas) -> bool:
    """Whether a derivative is formed of what has a formula so far, before anything here says what that is now."""
    seen: set[str] = set()
    told = {p.stem for p, value in known.items() if not is_numeric(value, lambda name: True)}
    for statement in inside:
        left = equation(statement)[0]
        tops = (p.of for p in parts([statement]) if isinstance(p, t.Derivative))
        names = {stem_of(of) for of in tops if isinstance(of, t.Symbol)}
        names |= (
            {stem_of(p) for p in parts([statement]) if isinstance(p, t.Symbol)} if names else set()
        )
        used = names - seen - ({stem_of(left)} if isinstance(left, t.Symbol) else set())
        if len(used & told) > 1:
            return True
        seen |= {stem_of(left)} if isinstance(left, t.Symbol) else set()
    return False


def _stems(tree: t.Expr) -> set[str]:
    return {stem_of(p) for p in t.walk(tree) if isinstance(p, t.Symbol)}


def _reached(stem: str, formulas: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [stem]
    while waiting:
        for used in formulas.get(waiting.pop(), ()):
            if used not in found:
                found.add(used)
                waiting.append(used)
    return found


_EXERCISE = re.compile(
    r"^\W*(exercises?|problems?|questions?|q\.?\s*\d|parts?|examples?|tasks?|solutions?|lec(ture)?\b|aufgabe|"
    r"ejercicio|exercice|beispiel|ejemplo|exemple|esercizio|esempio|exerc[íi]cio|problema|задача|пример|упражнение|"
    r"문제|예제|例|习题|問題|问题|练习|section \d|case|variant|method|network)",
    re.IGNORECASE,
)


_EXAMPLE = re.compile(
    r"\b(example|by hand|in numbers|with numbers|numerical(ly)?|worked)\b", re.IGNORECASE
)


def stands_alone(
    own: Sequence[Statement], before: Sequence[Definition], spelling: Spelling
) -> bool:
    """Whether an exercise uses nothing of what was defined before, but for the name of a loss.

    ``∂L/∂x`` of an exercise about sorting is not about the loss of the network before it.
    """
    earlier = {d.pattern.stem for d in before}
    if not earlier or not any(equation(s)[1] is not None for s in own):
        return False
    return not (_used(own, spelling) & earlier or _estimates(own, [d.value for d in before]))


def _estimates(own: Sequence[Statement], before: Collection[t.Expr]) -> bool:
    """Whether a formula is for the estimate of a name in formulas before: ``\\hat μ = …`` behind ``L(μ) = …``."""
    lefts = (equation(s)[0] for s in own)
    bare = {left.base for left in lefts if isinstance(left, t.Symbol) and "hat" in left.accents}
    return any(
        isinstance(p, t.Symbol) and p.base in bare and not p.accents
        for formula in (before if bare else ())
        for p in t.walk(formula)
    )


def _used(own: Sequence[Statement], spelling: Spelling) -> set[str]:
    """Stems of the names in some statements; what is only differentiated may be open, and does not count."""
    losses: set[int] = set()
    for part in parts(own):
        if isinstance(part, t.Derivative) and part.of is not None:
            losses |= {id(p) for p in t.walk(part.of)}
    return {
        sort(p, spelling, {}).key.stem
        for p in parts(own)
        if isinstance(p, t.Symbol) and id(p) not in losses and not p.primes
    }


def _leans(
    own: Sequence[Statement],
    made: Mapping[Pattern, t.Expr],
    known: Mapping[Pattern, t.Expr],
    spelling: Spelling,
) -> bool:
    """Whether the layer before is used, ``A^{[1]}`` in a part that makes ``A^{[2]}``, though their letter is one."""
    before = {p for p in known if p not in made and (p.marks or p.indices) and not p.letters}
    symbols = (p for p in parts(own) if isinstance(p, t.Symbol) and (p.scripts or p.subscripts))
    return bool(before) and any(pattern_of(x, spelling)[0] in before for x in symbols)


def _opens(title: str) -> bool:
    return bool(_EXERCISE.match(title) or _EXAMPLE.search(title))


def _exercise(document: Document, section: int) -> int | None:
    """The exercise that a section stands in, by its heading."""
    at: int | None = section
    while at is not None and not _opens(document.sections[at].title):
        at = document.sections[at].parent
    return at


def _definitions_in(
    inside: Sequence[Statement], spelling: Spelling, first: int
) -> dict[Pattern, t.Expr]:
    """The formulas that a part gives for plain names, in their first place."""
    found: dict[Pattern, t.Expr] = {}
    for ordinal, statement in enumerate(inside, first):
        members = statement.members
        if len(members) < 2 or members[0].relation:
            continue
        for before, after in itertools.pairwise(members):
            left, right = before.expr, after.expr
            if left is None or right is None or after.relation not in EQUALS:
                break
            if is_numeric(right, lambda name: True) or is_update(left, right, after.relation):
                break
            definition = definition_of(left, right, ordinal, spelling, False)
            if definition is None or _is_gradient_like(left):
                break
            found.setdefault(definition.pattern, right)
            if not isinstance(right, t.Symbol):
                break
    return found


def _is_gradient_like(left: t.Expr) -> bool:
    """Names that say what they are, or that every problem uses for another thing: ``dW``, ``δ``, bars."""
    if isinstance(left, t.Apply):
        left = left.head
    if not isinstance(left, t.Symbol):
        return True
    return "bar" in left.accents or (left.base.startswith("d") and len(left.base) > 1)
