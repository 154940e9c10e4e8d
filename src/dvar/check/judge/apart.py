"""Rules with matrices of their own: ``A`` of ``∇ tr(Aᵀ X) = A`` need not have the shape of that in ``∇ tr(Xᵀ A X)``.

Lists of rules use their letters anew in every line.  A rule whose shapes do not fit those of the lines around it is
read once more by itself, with nothing but what is declared of its names; and so is one by a name that means something
else around it, the number ``x`` of ``∂Y⁻¹/∂x`` beside a vector **x**.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dvar.check.judge.misfits import NO_FIT, is_said
from dvar.check.judge.problem import Problem
from dvar.check.judge.sections import equation
from dvar.check.meaning.keys import stem_of
from dvar.check.meaning.letters import parts
from dvar.check.meaning.values import UNCONNECTED
from dvar.check.report import Judgement
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import same_tree


def problems(
    statements: Sequence[Statement],
    problem: Problem,
    found: Sequence[Judgement | None],
) -> Iterator[tuple[Problem, bool]]:
    """A problem for each rule of this one that does not fit the others; of a chain for all of its lines.

    With each, whether it begins with a definition.
    """
    if not problem.world.matrices:
        return
    rules: list[list[int]] = []
    for ordinal in problem.ordinals:
        if statements[ordinal].members[0].relation and rules:
            rules[-1].append(ordinal)
        else:
            rules.append([ordinal])
    shapes = [o for o in problem.ordinals if _declares(statements[o])]
    lefts: dict[int, t.Expr | None] = {}
    if any(is_unfit(found[o]) for o in problem.ordinals):
        ordered = sorted(problem.ordinals, key=lambda o: statements[o].span)
        lefts = {o: equation(statements[o])[0] for o in ordered}
    for rule in rules:
        case = _case(statements, lefts, rule[0])
        if any(is_unfit(found[o]) for o in case):
            yield problem.only(case), True
            continue
        own = [statements[o] for o in rule]
        unfit = any(is_unfit(found[o]) or _is_unconnected(found[o]) for o in rule)
        if len(rules) > 1 and unfit and _is_rule(problem, own):
            stems = _stems(own)
            told = [o for o in shapes if o not in rule and _stems([statements[o]]) & stems]
            yield problem.only(sorted({*told, *rule})), False


def _case(
    statements: Sequence[Statement], lefts: Mapping[int, t.Expr | None], first: int
) -> list[int]:
    """``α = x^T A x`` behind ``α = y^T A x``, with the lines up to the next formula for α: letters of a case of its own.

    Args:
        lefts: the left sides of equations in the order in which they stand in the text; none where all lines fit.
    """
    name = lefts.get(first)
    if not isinstance(name, t.Symbol):
        return []
    if not any(o < first and same_tree(left, name) for o, left in lefts.items()):
        return []
    held: list[int] = []
    for ordinal, left in lefts.items():
        if statements[ordinal].span <= statements[first].span:
            continue
        if same_tree(left, name):
            break
        held += [ordinal] if _stems([statements[ordinal]]) & {stem_of(name)} else []
    return [first, *held] if held else []


def is_unfit(judgement: Judgement | None) -> bool:
    """Whether shapes are the reason why a line was not understood, or is called wrong."""
    if judgement is None or judgement.verdict not in ("unknown", "wrong"):
        return False
    return is_said(judgement.message) or NO_FIT in judgement.message


def settled(old: Judgement | None, new: Judgement, begins: bool) -> Judgement | None:
    """The judgement of a line that has been read by itself; ``begins``: whether it may define what follows."""
    if _is_unconnected(old):
        return new if new.verdict in ("ok", "convention") else old
    if old is None or not is_unfit(old) or (new.verdict == "definition" and not begins):
        return old
    return new


def _is_unconnected(judgement: Judgement | None) -> bool:
    """Whether it is by a name that nothing around it connects with what is differentiated."""
    return (
        judgement is not None
        and judgement.verdict == "unknown"
        and UNCONNECTED in judgement.message
    )


def _declares(statement: Statement) -> bool:
    return any(isinstance(m.expr, t.Shape) for m in statement.members)


def _stems(own: Sequence[Statement]) -> set[str]:
    return {stem_of(p) for p in parts(own) if isinstance(p, t.Symbol)}


def _is_rule(problem: Problem, own: Sequence[Statement]) -> bool:
    """Whether some expression is differentiated in it, and none of its names has a formula."""
    formulas = {s for s, ds in problem.world.definitions.items() if any(not d.numeric for d in ds)}
    if formulas & _stems(own):
        return False
    slopes = [p.of for p in parts(own) if isinstance(p, t.Derivative)]
    return problem.world.differentials or any(
        of is not None and (not isinstance(of, t.Symbol) or of.scripts) for of in slopes
    )
