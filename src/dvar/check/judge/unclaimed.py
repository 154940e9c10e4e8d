"""Statements whose sides differ and that claim nothing: conditions, equations to solve, cells of another case."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from dvar.check.judge import zeros
from dvar.check.judge.another import has_formula
from dvar.check.judge.chain import Verdict
from dvar.check.judge.literal import is_plain, is_zero
from dvar.check.judge.place import Place
from dvar.check.meaning import gradients
from dvar.check.meaning.implied import lack_a_sum, writes_its_sums
from dvar.check.meaning.keys import Key, sort, stem_of, unwrapped, worded_stem
from dvar.check.meaning.letters import parts
from dvar.check.meaning.points import RANGES, Point, finite, names_beneath, same
from dvar.check.meaning.values import NotUnderstood, node_of
from dvar.core.node import Node
from dvar.core.op import Array
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement
from dvar.read.worksheet.parts import same_tree

ENOUGH = 3
"""Names that an equation may set conditions on."""
_ONE_HOT = re.compile(r"\bone.?hot\b|1.of.[KkCc]\b", re.IGNORECASE)
DIGITS = 8
"""So many digits are written where nothing is rounded on the way."""
TELLING = 3
"""So many digits do not come out alike by chance."""
_OR = re.compile(
    r"[$`)]\s*,?\s*(?:or|oder|ou|o)\s*[$`(\\]*(?:\\?(?:mathbf|boldsymbol|bm)\s*\{?\s*)?$"
)
"""Between two formulas, and nothing else."""
ROWS = 2
"""So many right numbers below a heading tell what the column is about."""


def is_beyond(statement: Statement) -> bool:
    """Sums without an end and events, ``P(x > 0)``, are no functions of names.

    A quotient of differences is no derivative, but close to one, where the step is gone from it.  Of a weight that
    stands in several places ``|_{(i)}`` is one of them, entries of a matrix that are equations themselves are no
    numbers, and a variance between matrices is a matrix.
    """
    if isinstance(statement.condition, t.Group):
        return True
    last = statement.members[-1].expr
    told = {stem_of(p) for p in t.walk(last) if isinstance(p, t.Symbol)} if last else set()
    return any(
        not _steps_of(p) <= told
        or _is_of_a_vector(p)
        or (
            isinstance(p, t.Matrix)
            and any(isinstance(x, t.Relation) for row in p.rows for x in row)
        )
        or (isinstance(p, t.Symbol) and p.base == "infty")
        for p in parts([statement])
    ) or _is_of_events(statement)


def _is_of_events(statement: Statement) -> bool:
    """``P(x > 0)``, ``P(A | B)`` beside ``P(A)``; a ``π(a | s)`` that is alike throughout is one name."""
    applied = [p for p in parts([statement]) if isinstance(p, t.Apply)]
    told = [p for p in applied if any(isinstance(a, t.Relation) for a in p.args)]
    return any(
        any(isinstance(a, t.Relation) and set(a.relations) != {"mid"} for a in p.args)
        or any(q.head.base == p.head.base and not same_tree(q.args, p.args) for q in applied)
        for p in told
    )


def has_increments(place: Place, statement: Statement) -> bool:
    """``d x^2 = 2x d x``: a d that stands alone in front of a name is no factor, where nothing says what d is."""
    if place.world.find(Key("d"), place.position) is not None or "d" in place.world.size_names:
        return False
    least = 3 if place.world.differentials else 2  # there d X is what X changes by
    return any(
        isinstance(p, t.Product)
        and len(p.factors) >= least
        and any(
            isinstance(f, t.Symbol) and f.base == "d" and not (f.subscripts or operator)
            for f, operator in zip(p.factors, p.operators, strict=False)
        )
        for p in parts([statement])
    )


def _is_of_a_vector(part: t.Expr | t.Script) -> bool:
    """``A Var(y) Aᵀ``: the covariance of a vector."""
    if not isinstance(part, t.Product):
        return False
    spread = any(isinstance(f, t.Call) and f.name == "var" for f in part.factors)
    names = (unwrapped(f) for f in part.factors)
    return spread and any(s.kind == "transpose" for x in names for s in getattr(x, "scripts", ()))


def is_alternative(document: Document, statement: Statement) -> bool:
    """``x_1 = x`` or ``x_1 = x - μ``: one of two meanings of a name."""
    is_name = isinstance(statement.members[0].expr, t.Symbol) and len(statement.members) == 2
    return is_name and bool(_OR.search(document.text[: statement.span[0]][-40:]))


def goes_round(statement: Statement) -> bool:
    """``z = z - 1/f(z) = 16.1``: a round of a search, and which value the name had before is not told."""
    first, *rest = (m.expr for m in statement.members)
    if not isinstance(first, t.Symbol) or len(rest) < 2:
        return False
    formula, last = rest[0], rest[-1]
    if formula is None or last is None or not is_plain(last):
        return False
    calls = [p for p in t.walk(formula) if isinstance(p, t.Apply | t.Call)]
    return any(same_tree(first, p) for call in calls for a in call.args for p in t.walk(a))


def is_size(verdict: Verdict) -> bool:
    """``(8 - 3)/1 + 1 = 6 × 6``: how large a picture is, told by its side."""
    last = verdict.member.expr if verdict.member is not None else None
    numbers = verdict.link.numbers if verdict.link is not None else None
    if not isinstance(last, t.Product) or last.operators != ("times",) or numbers is None:
        return False
    a, b = last.factors
    if not (isinstance(a, t.Number) and isinstance(b, t.Number) and a.text == b.text):
        return False
    return numbers[0].size == 1 and float(numbers[0].reshape(-1)[0]) == float(a.text)


def is_of_the_true_class(document: Document, verdict: Verdict) -> bool:
    """``-Σ_k y_k log p_k = -log p_c`` where y is said to be one-hot: ``y_c``, left out, is 1."""
    link = verdict.link
    if (
        link is None
        or link.left is None
        or link.right is None
        or not _ONE_HOT.search(document.text)
    ):
        return False
    left, right = node_of(link.left), node_of(link.right)
    absent = set(names_beneath([left])) ^ set(names_beneath([right]))
    if len(absent) != 1 or left.shape or right.shape or any(node.shape for node in absent):
        return False
    point = Point(RANGES[1], known=dict.fromkeys(absent, 1.0))
    a, b = point.value(left), point.value(right)
    return a is not None and b is not None and finite(a, b) and same(a, b)


def _steps_of(part: t.Expr | t.Script) -> set[str]:
    """The h of ``(f(x + h) - f(x - h)) / 2h``: the same function at two places, over how far they are apart."""
    if not isinstance(part, t.Quotient):
        return set()
    above = unwrapped(part.above)
    if not isinstance(above, t.Sum) or sorted(above.signs) != [-1, 1]:
        return set()
    values = [x for x in above.terms if isinstance(x, t.Apply)]
    if len(values) < 2 or stem_of(values[0].head) != stem_of(values[1].head):
        return set()
    steps = {stem_of(p) for p in t.walk(part.below) if isinstance(p, t.Symbol)}
    moved = {
        stem_of(p) for v in values for a in v.args for p in t.walk(a) if isinstance(p, t.Symbol)
    }
    return steps & moved


def is_layout(statement: Statement) -> bool:
    """``[∂f/∂X]_ij = ∂f/∂X_ij`` says how derivatives are laid out."""
    left, *rest = (m.expr for m in statement.members)
    return (
        isinstance(left, t.Group)
        and any(isinstance(part, t.Derivative) for part in left.items)
        and any(isinstance(part, t.Derivative) for part in rest)
    )


def is_bare_chain(verdict: Verdict, causes: Sequence[str]) -> bool:
    """``∂Y/∂W ∂Z/∂Y ∂L/∂Z``: links of a chain and nothing else, whose order and transposes are left open."""
    tree = verdict.member.expr if verdict.member is not None else None
    if tree is None or set(causes) != {"transpose"}:
        return False
    terms = tree.terms if isinstance(tree, t.Sum) else (tree,)
    return all(
        isinstance(x, t.Product)
        and len(x.factors) > 1
        and all(isinstance(unwrapped(f), t.Derivative) for f in x.factors)
        for x in terms
    )


def is_condition(place: Place, statement: Statement) -> bool:
    """``M ⊙ M = M`` says what M is, and follows from nothing."""
    left = statement.members[0].expr
    if left is None or statement.members[0].relation or len(statement.members) > 2:
        return False  # of a chain the ends say what it is about
    names = [p for p in t.walk(left) if isinstance(p, t.Symbol)]
    if names and all(has_formula(place, name) for name in names):
        return False
    if _is_worked_out(place, statement):
        return False
    if isinstance(left, t.Call) and left.primes:
        return False  # tanh'(z) = 1 - tanh^2(z)
    if len({name.base for name in names}) > ENOUGH:
        return False  # an identity of many names is no condition on them
    derivatives = [p for p in parts([statement]) if isinstance(p, t.Derivative)]
    return not derivatives and not isinstance(left, (t.Symbol, t.Apply))


def _is_worked_out(place: Place, statement: Statement) -> bool:
    """``((x + h)^2 - x^2)/h = 2x + h``: a fraction of several numbers in terms of just these."""
    sides = [m.expr for m in statement.members]
    left, right = (
        {p.base for p in t.walk(x) if isinstance(p, t.Symbol)} if x is not None else set()
        for x in sides[:2]
    )
    return (
        isinstance(sides[0], t.Quotient)
        and len(left) > 1
        and left == right
        and not place.world.matrices
    )


def is_equation_to_solve(place: Place, statement: Statement, verdict: Verdict) -> bool:
    """``21 w + 7 b = 32``, ``z = w x + b = 0``: no value is told of a sum, it is a condition on its names.

    So is ``A x = R(x) x`` at a minimum, and ``e^x = 3x`` where ``h(x) = e^x - 3x`` is zero.
    """
    member, before = verdict.member, verdict.previous
    if member is None or before is None or member.expr is None:
        return False
    if len(statement.members) == 2 and zeros.is_asked(place.world, before.expr, member.expr):
        return True
    if place.is_optimum and len(statement.members) == 2 and isinstance(before.expr, t.Product):
        return not any(isinstance(p, t.Derivative) for p in parts([statement]))
    if not is_plain(member.expr) or member.relation == "approx":
        return False
    if not is_zero(member.expr) and (
        len(statement.members) != 2 or before is not statement.members[0]
    ):
        return False
    tree = before.expr
    turned = isinstance(tree, t.Apply) and any(s.kind == "transpose" for s in tree.head.scripts)
    if tree is None or not (turned or isinstance(tree, (t.Sum, t.Product))):  # Xᵀ(Xw - y)
        return False
    return any(isinstance(part, t.Symbol) for part in t.walk(tree))


def is_by_a_twin(place: Place, statement: Statement) -> bool:
    """Whether a derivative is taken by a name whose formula another name has as well.

    ``∂b/∂a`` for ``b = a + z`` where ``a = x y`` and ``z = x y``: the two are one value, and are moved apart here.
    """
    names = {
        stem_of(by)
        for part in parts([statement])
        if isinstance(part, t.Derivative)
        for by in part.wrt
        if isinstance(by, t.Symbol)
    }
    values: dict[str, list[Node]] = {}
    for stem, made in place.world.definitions.items() if names else ():
        for d in made:
            if d.numeric or d.params or not isinstance(d.value, (t.Product, t.Sum, t.Quotient)):
                continue
            if stem in names and any(kind == "m" for kind, _ in d.pattern.marks):
                continue  # w^* is a value of w
            with suppress(NotUnderstood):
                values.setdefault(stem, []).append(place.reader().node(d.value))
    mine = {node for stem in names for node in values.get(stem, ())}
    return any(mine & set(nodes) for stem, nodes in values.items() if stem not in names)


def _is_misprint(verdict: Verdict) -> bool:
    """``0.0630`` for ``0.0360``: the digits of what is due, two of them exchanged."""
    member, link = verdict.member, verdict.link
    numbers = link.numbers if link is not None else None
    tree = member.expr if member is not None else None
    tree = tree.operand if isinstance(tree, t.Negative) else tree
    if numbers is None or not isinstance(tree, t.Number) or numbers[0].size != 1:
        return False
    due = f"{abs(float(numbers[0].reshape(-1)[0])):.{len(tree.text.partition('.')[2])}f}"
    off = [n for n, (a, b) in enumerate(zip(due, tree.text, strict=False)) if a != b]
    told = len(due.replace(".", "").lstrip("0")) >= TELLING
    pairs = len(off) == 2 and len(due) == len(tree.text)
    return told and pairs and due[off[0]] == tree.text[off[1]] and due[off[1]] == tree.text[off[0]]


def is_said_again(place: Place, document: Document, statement: Statement, verdict: Verdict) -> bool:
    """Whether a bare name has another number than before: after a step, or as part of another loss."""
    numbers = verdict.link.numbers if verdict.link is not None else None
    left = statement.members[0].expr
    if numbers is None or len(statement.members) != 2 or not isinstance(left, (t.Symbol, t.Apply)):
        return False
    cell = document.regions[statement.region].cell
    told = cell is not None and place.ledger.columns[cell.table, cell.column] >= ROWS
    if told or _is_misprint(verdict):  # others of its column have come out right
        return False
    if len(place.world.loss_names) > 1 and is_gradient_name(place, left):
        return True
    due = numbers[0]
    shown = [p.value for p in (*place.ledger.printed.values(), *place.ledger.stale.values())]
    if _is_exact(statement, numbers):
        shown = [value for value in shown if not np.array_equal(value, numbers[1])]
    return any(
        value.shape == due.shape and np.allclose(value.astype(float), due.astype(float), rtol=0.01)
        for value in shown
    )


def _is_exact(statement: Statement, numbers: tuple[Array, Array]) -> bool:
    """Whether a number has so many digits that nothing was rounded on the way, and is off by more than the last."""
    last = statement.members[-1].expr
    if not isinstance(last, t.Number) or len(last.text.strip("0.").replace(".", "")) < DIGITS:
        return False
    unit = 10.0 ** -len(last.text.partition(".")[2])
    return bool(np.all(np.abs((numbers[0] - numbers[1]).astype(float)) > 50 * unit))


def is_gradient_name(place: Place, tree: t.Expr | t.Script) -> bool:
    """Whether a name is one for a gradient: ``dW``, ``\\bar w``."""
    name = tree.head if isinstance(tree, t.Apply) else tree
    key = sort(name, place.world.spelling, {}).key if isinstance(name, t.Symbol) else None
    return key is not None and gradients.is_named(place.reader(), key)


def prove(place: Place, document: Document, statement: Statement, verdict: Verdict) -> None:
    """A number in a table that is right tells that its column is understood."""
    cell = document.regions[statement.region].cell
    if cell is not None and verdict.verdict == "ok":
        if any(link.numbers is not None for _, _, link in verdict.links):
            place.ledger.columns[cell.table, cell.column] += 1


def is_under_heading(
    place: Place, document: Document, statement: Statement, verdict: Verdict
) -> bool:
    """Whether a number stands in a table below its name: which case the row is about is not known.

    Where several rows have come out right by the same heading, it is.
    """
    cell = document.regions[statement.region].cell
    if cell is None or verdict.previous is None:
        return False
    if place.ledger.columns[cell.table, cell.column] >= ROWS:
        return False
    at = verdict.previous.span[0]
    region = next((r for r in document.regions if r.cell and r.span[0] <= at < r.span[1]), None)
    head = region.cell if region is not None else None
    if region is None or head is None or head.table != cell.table or head.row >= cell.row:
        return False
    subject = statement.members[0].expr
    told = () if subject is None else t.walk(subject)
    in_row = (p for p in told if isinstance(p, (t.Number, t.Symbol, t.Label)))
    if any(region.span[1] <= p.span[0] for p in in_row):  # by the number or name of the row
        return False
    return not _is_misprint(verdict)


def sums_by_convention(place: Place, verdict: Verdict, statements: Sequence[Statement]) -> bool:
    """``B_{qi} A_{ip} = (BA)_{qp}``: an index that stands twice on one side only is summed over.

    Not where the lines beside it write such sums, and none of them leaves one out.
    """
    spelling = place.world.spelling
    beside = [other for n, other in enumerate(statements) if n != place.position]
    return lack_a_sum(_sides(verdict), spelling) and not writes_its_sums(beside, spelling)


def stems_of(statement: Statement, verdict: Verdict) -> set[str]:
    """The names that a line is about; none where two numbers differ."""
    sides = _sides(verdict)
    if len(sides) == 2 and not any(isinstance(p, t.Symbol) for s in sides for p in t.walk(s)):
        return set()
    return {worded_stem(p) for p in parts([statement]) if isinstance(p, t.Symbol)}


def has_half_a_label(place: Place, statement: Statement, verdict: Verdict) -> bool:
    """``\\sum_i W_{oi} x_i`` where o is no index: whether ``oi`` is a label or two indices is not clear."""
    letters = place.world.spelling.letters
    before = verdict.previous.expr if verdict.previous is not None else None
    for part in (*parts([statement]), *(t.walk(before) if before is not None else ())):
        if isinstance(part, t.Big) and part.indices:
            names = (p for p in t.walk(part.body) if isinstance(p, t.Symbol))
            labels = (
                s.text
                for p in names
                for s in p.subscripts
                if isinstance(s, t.Label) and not s.is_text
            )
            if any(set(x) & set(part.indices) and x.isalpha() and set(x) - letters for x in labels):
                return True
    return False


def _sides(verdict: Verdict) -> list[t.Expr]:
    """The two members that differ."""
    return [m.expr for m in (verdict.previous, verdict.member) if m is not None and m.expr]
