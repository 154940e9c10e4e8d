"""Problems of a document: which sections share their names, and what each statement defines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from dvar.check.judge import following, inverses, predicted, properties, sharing, stationary
from dvar.check.judge.before import arguments_of, arrays, declarations, first_definition, formulas
from dvar.check.judge.fitting import misfits, warm_up
from dvar.check.judge.grouping import stands_alone
from dvar.check.judge.lifting import Numbers, named
from dvar.check.judge.literal import is_numeric, is_pi
from dvar.check.judge.midway import name_steps
from dvar.check.judge.naming import Occurrences, as_function, by_argument, named_at_end
from dvar.check.judge.programs import groups_of, own_programs
from dvar.check.judge.renewal import (
    at_fault,
    formula_before,
    is_case,
    is_part_of,
    is_renewal,
    outdated,
)
from dvar.check.judge.roles import Role, role_of
from dvar.check.judge.sections import equation, parts_of, section_of
from dvar.check.judge.siblings import as_sibling
from dvar.check.meaning import addends, effort, notation, stacking
from dvar.check.meaning.bounds import bound
from dvar.check.meaning.chosen import choose
from dvar.check.meaning.conditions import are_about_values
from dvar.check.meaning.definitions import Definition, definition_of
from dvar.check.meaning.extents import measure
from dvar.check.meaning.keys import Spelling
from dvar.check.meaning.letters import spelling_of
from dvar.check.meaning.misdeclared import straightened
from dvar.check.meaning.observed import is_still_one, keeps_biases, observed
from dvar.check.meaning.open_names import acquaint
from dvar.check.meaning.patterns import Pattern
from dvar.check.meaning.ranks import carried_on, separate
from dvar.check.meaning.survey import survey
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement

FAR = 300
"""Statements of earlier problems whose notation still counts."""


@dataclass
class Problem:
    """Some sections of a document whose names belong together.

    Attributes:
        world: what the names mean.
        ordinals: which statements of the document belong to it.
        roles: ordinal → what the statement is.
    """

    world: World
    ordinals: list[int]
    roles: dict[int, Role] = field(default_factory=dict)
    prose: str = ""
    draft: _Draft | None = None

    def only(self, ordinals: Sequence[int]) -> Problem:
        """Some of its statements as a problem of their own, with nothing of what stands around them."""
        assert self.draft is not None
        own = [self.draft.statements[o] for o in ordinals]
        alone = replace(self.draft, ordinals=list(ordinals), before=[], context=own, earlier=own)
        return _problem(replace(alone, fresh=True, broken=set(), renewed=set()))


def problems(document: Document, statements: Sequence[Statement]) -> list[Problem]:
    """The problems of a document, in order; each statement belongs to one."""
    spelling = spelling_of(statements)
    programs = own_programs(document, statements, spelling)
    found, before = list[Problem](), list(programs.lent)
    context, earlier, misdeclared = list[Statement](), list[Statement](), set[t.Span]()
    shelf: tuple[list[Definition], list[Statement]] = ([], [])
    parts_ = parts_of(document, statements)
    occurrences = Occurrences(statements)
    for number, group in enumerate(groups_of(document, statements, spelling, programs)):
        ordinals, is_fresh = group.ordinals, group.fresh
        before = [d for d in before if d.pattern.stem not in group.forgotten]
        free = arguments_of([statements[o] for o in ordinals])
        before = [d for d in before if not (d.onwards and d.pattern.stem in free)]
        if ordinals[0] in programs.ordinals:
            before = [d for d in before if programs.needs(d)]
        if group.alone:
            shelf, before = (before, context), []
        elif group.resumes:
            before, context = [*shelf[0], *before], [*shelf[1], *context]
        if not is_fresh and stands_alone([statements[o] for o in ordinals], before, spelling):
            before, is_fresh = [], True
        context = [] if is_fresh else context[-FAR:]
        context += [statements[o] for o in ordinals]
        earlier = (earlier[-FAR:] if before else []) + [statements[o] for o in ordinals]
        draft = _Draft(
            document,
            statements,
            spelling,
            ordinals,
            number,
            before,
            context,
            is_fresh,
            parts_,
            occurrences,
            earlier,
            misdeclared=misdeclared,
            has_one=bool(found) and found[-1].world.has_one_example,
        )
        problem = _problem(draft)
        ended = problem.world.ended
        made = (d for ds in problem.world.definitions.values() for d in ds if not d.numeric)
        before = [d for d in made if d.position not in ended]
        found.append(problem)
    return found


# ── one problem ─────────────────────────────────────────────────────────────────────────────────


_SUPPOSED = re.compile(
    r"\b(if|when|suppose|assume|now|substitut(?:e|ing)|wenn|falls|si|supongamos|supposons"
    r"|(?:tied|tying|shared) [a-z]+)\b[^.;:]*$",
    re.IGNORECASE,
)
"""Words in front of a definition that holds from there on."""
_IF = re.compile(r"\W*if\b[^.;:]*$", re.IGNORECASE)


@dataclass
class _Draft:
    """A problem in the making: some definitions turn out to be none, some claims to be definitions.

    Attributes:
        before: definitions of earlier problems; whether names start afresh.
        context: the statements whose notation counts: its own, and those of problems before that go on.
        broken: statements whose formula could not be read, so that they define nothing.
        renewed: statements that give another meaning to a name.
        parts: of the document, in which each statement stands.
        occurrences: in which statements each name stands.
        earlier: statements up to here whose definitions may still hold.
        misdeclared: where the declarations stand whose sizes are in the wrong order.
        has_one: whether the problem before has a single example.
        predicted: whether formulas written with the letter of a label are those of predictions.
    """

    document: Document
    statements: Sequence[Statement]
    spelling: Spelling
    ordinals: list[int]
    number: int
    before: Sequence[Definition]
    context: Sequence[Statement]
    fresh: bool
    parts: Sequence[int]
    occurrences: Occurrences
    earlier: Sequence[Statement] = ()
    broken: set[int] = field(default_factory=set)
    renewed: set[int] = field(default_factory=set)
    spread: bool = False
    misdeclared: set[t.Span] = field(default_factory=set)
    has_one: bool = False
    predicted: bool = False
    prose: str = ""

    @property
    def own(self) -> list[Statement]:
        return [self.statements[o] for o in self.ordinals]

    def settled(self, matrices: bool | None) -> tuple[Problem, int]:
        """The problem when no more roles change, and how many products and sums do not fit in it."""
        for _ in range(3):
            problem = self.made(matrices)
            failed, unfit = warm_up(problem.world, problem.ordinals)
            early = failed - set(self.ordinals)
            gone = outdated(self.before, early, [equation(s)[0] for s in self.own])
            self.before = [d for d in self.before if d not in gone]
            failed &= set(self.ordinals)
            again = self._renewed(self.made(matrices)) if self._may_renew(problem) else set()
            if failed <= self.broken and again <= self.renewed and not gone:
                break
            self.broken |= at_fault(problem.world, failed - self.broken)
            self.renewed |= again
        return problem, unfit

    def made(self, matrices: bool | None) -> Problem:
        world = World(spelling=self.spelling, number=self.number, begins=self.ordinals[0])
        world.is_spread = self.spread
        world.unread = frozenset(self.broken)
        unread = (first_definition(self.statements[o], o, self.spelling) for o in self.broken)
        world.untold = frozenset(d.pattern.stem for d in unread if d is not None)
        survey(world, self.own, self.prose)
        world.has_one_example |= self.has_one and is_still_one(self.prose)
        world.keeps_biases = keeps_biases(self.prose)
        world.square = properties.square(self.prose)
        notation.see(world, self.statements, self.ordinals, self.document.text)
        if matrices is not None:
            world.matrices = matrices
        stacking.survey(world, self.earlier, _prose(self.document, self.earlier))
        world.misdeclared = self.misdeclared
        told = straightened(world, [*self._told_before(), *self.own])
        measure(world, told)
        bound(world, told, self.document.text)
        choose(world, self.earlier, self.prose)
        layers = separate(world, self.own)
        world.observed = observed(self.earlier)
        if not world.matrices:
            world.shapes.clear()
            world.given_shapes = {k: s for k, s in world.given_shapes.items() if len(s) == 1}
        world.parts = {o: self.parts[o] for o in self.ordinals}
        self._take_over(world)
        problem = Problem(world, list(self.ordinals), prose=self.prose)
        numbers = Numbers(world)
        for ordinal, statement in enumerate(self.statements[: self.ordinals[0]]):
            numbers.see(statement, ordinal)
        for ordinal in self.ordinals:
            self._give_role(problem, ordinal, numbers)
            numbers.see(self.statements[ordinal], ordinal)
        carried_on(world, layers)
        addends.tell(world, self.own)
        addends.tell_any(world, self.own)
        return problem

    def _told_before(self) -> list[Statement]:
        """What earlier problems say of the shapes of names here."""
        again = {p.stem for p in self._redefined()}
        places = formulas(self.own, [d for d in self.before if d.pattern.stem not in again])
        told = [self.statements[n] for n in places if n < self.ordinals[0]]
        told = [*declarations(self.context, self.own), *told]
        return [*arrays(self.earlier, self.own, [*told, *self.own]), *told]

    def _redefined(self) -> set[Pattern]:
        """The left sides of formulas here."""
        made = (
            first_definition(self.statements[o], o, self.spelling)
            for o in self.ordinals
            if o not in self.broken
        )
        return {d.pattern for d in made if d is not None}

    def _take_over(self, world: World) -> None:
        """What was defined before still holds, unless it is defined anew."""
        redefined = self._redefined()
        for definition in self.before:
            replaced = definition.pattern in redefined or any(
                new.stem == definition.pattern.stem
                and not new.indices
                and new.marks == definition.pattern.marks
                for new in redefined  # H = … replaces H_{ij} = …
            )
            position = min(definition.position, self.ordinals[0])
            if not replaced or not self.fresh or definition.firm:
                world.define(replace(definition, position=position))
            else:
                world.superseded.append(replace(definition, position=position))
        world.redefined.clear()

    def _give_role(self, problem: Problem, ordinal: int, numbers: Numbers) -> None:
        statement, broken = self.statements[ordinal], ordinal in self.broken
        role = role_of(statement, ordinal, problem.world, broken, ordinal in self.renewed)
        if role.kind == "definition" and following.is_asked(self.document, statement):
            role, broken = Role("given"), True
        if not broken:
            made = tuple(named(d, numbers, statement) for d in role.definitions)
            role = as_sibling(replace(role, definitions=made), numbers)
            role = by_argument(role, statement, self.occurrences, self.spelling)
            role = named_at_end(role, statement, ordinal, problem.world, self.occurrences)
            role = as_function(role, ordinal, problem.world, self.occurrences)
            role = predicted.of_model(role, statement, self.occurrences)
            if self.predicted:
                role = predicted.of_output(role, ordinal, problem.world, self.occurrences)
            told, own = self.statements, self.ordinals
            role = inverses.settled(problem.world, problem.roles, role, told, own, ordinal)
        region, problem.roles[ordinal] = self.document.regions[statement.region], role
        code = region.kind == "code" and region.language != ""
        # What solves an equation is no name for what stands in it before.
        solved = role.kind == "definition" and stationary.is_announced(self.document, statement)
        varied = stationary.varied([self.statements[o] for o in self.ordinals if o < ordinal])
        said = _SUPPOSED.search(region.before)
        text = self.document.text  # where the "if" stands tells which sentence it is
        supposed = None if said is None else text.rfind(said.group(1), 0, region.span[0])
        free = arguments_of([statement]) if role.kind == "definition" else set()
        for stem in free:
            for solution in problem.world.definitions.get(stem, ()):
                if solution.onwards and self.parts[solution.position] != self.parts[ordinal]:
                    problem.world.ended.setdefault(solution.position, ordinal)
        for definition in role.definitions:
            line = text[text.rfind("\n", 0, region.span[0]) + 1 : region.span[0]]
            if isinstance(definition.value, t.Symbol) and _IF.match(line):
                continue  # "If β = μ, …" makes nothing of either
            solves = solved or definition.pattern.stem in varied
            onwards = definition.onwards or solves or said is not None
            problem.world.define(replace(definition, code=code, onwards=onwards, supposed=supposed))

    # ── claims that define ──────────────────────────────────────────────────────────────────────

    def _may_renew(self, problem: Problem) -> list[tuple[int, t.Expr, t.Expr]]:
        """Claims whose left side is a name and whose right side is a formula."""
        found = []
        for ordinal in self.ordinals:
            left, right = equation(self.statements[ordinal])
            role = problem.roles[ordinal]
            if left is None or right is None or role.kind != "claim" or role.definitions:
                continue
            if are_about_values([self.statements[ordinal].condition]):
                continue  # one piece of a formula
            known = formula_before(problem.world, left, right, ordinal)
            is_told = is_numeric(right, lambda name: True) or is_pi(right)
            if known and not is_told:
                if not is_part_of(right, known.value, self.statements[ordinal]):
                    found.append((ordinal, left, right))
        return found

    def _renewed(self, problem: Problem) -> set[int]:
        """Claims that give a name another meaning than it had; reading them may disturb the problem."""
        warm_up(problem.world, problem.ordinals)
        found: set[int] = set()
        for ordinal, left, right in self._may_renew(problem):
            with suppress(effort.TooMuch), effort.bounded():
                if is_renewal(problem.world, self.document, self.statements, ordinal, left, right):
                    if is_case(problem.world, left, right, ordinal):
                        self.broken.add(ordinal)
                    elif made := definition_of(left, right, ordinal, self.spelling, False):
                        found.add(ordinal)
                        problem.world.define(made)  # and may be told again by those behind
        return found


def _problem(draft: _Draft) -> Problem:
    draft.prose = _prose(draft.document, draft.context)
    problem, unfit = draft.settled(None)
    if problem.world.matrices and unfit:
        flat = replace(draft, broken=set(), renewed=set())
        trial = flat.made(False)
        _, flat_unfit = warm_up(trial.world, trial.ordinals)
        if flat_unfit < unfit:
            problem, _ = flat.settled(False)
    if problem.world.matrices:
        problem = _spread(draft, problem)
    said = [(o, draft.statements[o]) for o in problem.ordinals]
    if predicted.is_any(problem.roles, problem.world, draft.occurrences):
        other, _ = replace(draft, predicted=True, broken=set(), renewed=set()).settled(None)
        if predicted.slopes(other.world, said) > predicted.slopes(problem.world, said):
            problem = other
    name_steps(problem.world, said)
    sharing.seed(problem.world, said)
    sharing.decide(problem.world, said)
    acquaint(problem.world, draft.own)
    problem.draft = draft
    return problem


def _spread(draft: _Draft, problem: Problem) -> Problem:
    """The problem with unequal sizes for whatever may have them, if all formulas still fit."""
    trial = replace(draft, spread=True).made(None)
    if trial.world.inferred == problem.world.inferred:
        problem.world.is_spread = True  # no size is free: what is square has to be
        return problem
    warm_up(trial.world, trial.ordinals)
    warm_up(problem.world, problem.ordinals)
    with trial.world.unchanged():
        after = misfits(trial.world, draft.statements, draft.ordinals)
    worse = bool(after) and len(after) > len(
        misfits(draft.made(None).world, draft.statements, draft.ordinals)
    )
    return problem if worse and not _is_one_slip(draft, trial, after) else trial


FEW = 6
"""Among fewer statements one that does not fit says more of the reading than of its author."""


def _is_one_slip(draft: _Draft, trial: Problem, unfit: Sequence[int]) -> bool:
    """Whether all formulas of a program have shapes that fit but for one claim: there the author slipped."""
    if len(set(unfit)) != 1 or len(draft.ordinals) < FEW:
        return False
    region = draft.document.regions[draft.statements[unfit[0]].region]
    role = trial.roles[unfit[0]]
    return (
        region.kind == "code" and bool(region.language) and role.kind == "claim" and not role.links
    )


def _prose(document: Document, own: Sequence[Statement]) -> str:
    """The words around the statements of a problem."""
    if not own:
        return ""
    sections = sorted({section_of(document, s) for s in own})
    spans = [document.sections[n].span for n in sections if n < len(document.sections)]
    return " ".join(document.text[a:b] for a, b in spans)
