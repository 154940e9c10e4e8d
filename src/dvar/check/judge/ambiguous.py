"""Lines whose names may be read in more than one way, so that a difference tells nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations

from dvar.check.judge.chain import Verdict
from dvar.check.judge.literal import is_plain
from dvar.check.judge.place import Place
from dvar.check.judge.shorthand import is_shorthand
from dvar.check.meaning.functions import SIGMAS
from dvar.check.meaning.implied import is_said, is_uneven
from dvar.check.meaning.keys import Key, letters_in, size_name, sort, stem_of
from dvar.check.meaning.letters import parts
from dvar.check.meaning.stacking import COUNTS
from dvar.check.meaning.values import Jacobian, count, node_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement
from dvar.read.worksheet.parts import same_tree

_ASSIGNED = re.compile(r"^[ \t>]*([A-Za-z_]\w*)[ \t]*=(?!=)", re.MULTILINE)
_WORD = re.compile(r"[A-Za-z_]\w*")
_INDICES = frozenset("ijk")
_STEP = "t"
_LIKELIHOOD = re.compile(r"cross.?entropy|log.?loss|\bnll|likelihood", re.IGNORECASE)
_OF_VARIANCES = re.compile(
    r"\bVar\b|\bvariances?\b|\bexpectations?\b|Varianz|varianza", re.IGNORECASE
)
_ROUGH = 0.02
"""What an expansion leaves out is less than this part of the whole, in examples."""
_SQUASHED = {"softmax", "sigmoid"}


def are_open(
    place: Place,
    document: Document,
    statement: Statement,
    verdict: Verdict,
    causes: Sequence[str],
    statements: Sequence[Statement],
    expected: str,
) -> bool:
    """Whether a name of a statement may stand for something else than it is read as."""
    return (
        is_shorthand(place, document, statement, verdict, causes, statements, expected)
        or _names_only(statement)
        or _has_one_of_many(place, verdict)
        or _leads_on(place, statement)
        or _may_be_product(place, statement)
        or _is_of_means(document, statement)
        or _joins_loss_and_activation(place, document, statement)
        or _counts_alike(place, verdict)
        or _is_told_of_several(place, verdict)
        or _lists_on(verdict, causes)
        or (set(causes) == {"wrong-variable"} and _has_its_values(place, verdict))
        or (set(causes) == {"transpose"} and _is_in_both_orders(statements))
        or _sums_what_is_spread(verdict)
        or _is_open_on_one_side(place, verdict)
        or _is_solved_again(place, verdict)
        or _is_estimate(verdict, statements)
        or _is_told_twice(place, statement, causes)
        or _chooses_another(place, verdict)
        or _is_renewed(place, verdict)
        or ("wrong-rule" in causes and _has_slope_of_vectors(statement))
        or _may_be_one(verdict, statements)
        or (is_said(document) and is_uneven(_sides(verdict), place.world.spelling, statements))
        or (place.code and _uses_unread(document, statement, statements))
    )


def _sides(verdict: Verdict) -> list[t.Expr]:
    return [m.expr for m in (verdict.previous, verdict.member) if m is not None and m.expr]


def _has_its_values(place: Place, verdict: Verdict) -> bool:
    """``P_y`` beside ``S_y`` where ``P(x) = S(g(x))``: one is what the other comes to, at an argument left out."""
    sides = _sides(verdict)
    stems = {stem_of(p) for side in sides for p in t.walk(side) if isinstance(p, t.Symbol)}
    made = (d for stem in stems for d in place.world.definitions.get(stem, ()) if d.params)
    return any(isinstance(d.value, t.Apply) and stem_of(d.value.head) in stems for d in made)


def _is_of_means(document: Document, statement: Statement) -> bool:
    """``E[x^2 w^2] = E[x^2] E[w^2]`` in a text about variances: what is independent of what, words tell at best."""
    applied = (p.head for p in parts([statement]) if isinstance(p, t.Apply))
    means = any(head.base == "E" and not head.subscripts for head in applied)
    return means and _OF_VARIANCES.search(document.text) is not None


def _may_be_one(verdict: Verdict, statements: Sequence[Statement]) -> bool:
    """``∇J = ∇E``: names without formulas may stand for the same, where nothing is differentiated by either of them."""
    link, members = verdict.link, (verdict.previous, verdict.member)
    sides = () if link is None else (link.left, link.right)
    tops = [m.expr.of for m in members if m is not None and isinstance(m.expr, t.Derivative)]
    if len(tops) < 2 or not all(isinstance(x, Jacobian) and x.is_open for x in sides):
        return False
    if same_tree(tops[0], tops[1]):
        return False
    by = [x for p in parts(statements) if isinstance(p, t.Derivative) for x in p.wrt]
    return not any(top is not None and same_tree(top, x) for top in tops for x in by)


def _is_in_both_orders(statements: Sequence[Statement]) -> bool:
    """``z = x W`` and then ``z = W x``: of which of the two a gradient is may be said in words."""
    products: dict[str, list[tuple[t.Expr, ...]]] = {}
    for name, value in ((s.members[0].expr, s.members[-1].expr) for s in statements):
        if isinstance(name, t.Symbol) and isinstance(value, t.Product):
            products.setdefault(stem_of(name), []).append(value.factors)
    return any(
        len(a) == len(b) and all(map(same_tree, a, b[::-1])) and not all(map(same_tree, a, b))
        for told in products.values()
        for a, b in combinations(told, 2)
    )


def _sums_what_is_spread(verdict: Verdict) -> bool:
    """``a (1 - a)`` that is n times too large: a is one number, and nothing was meant to be added up."""
    link = verdict.link
    numbers = link.numbers if link is not None else None
    if link is None or numbers is None or any(side.size != 1 for side in numbers):
        return False
    node = node_of(link.left) if link.left is not None else None
    if node is None or node.op.name != "sum" or node.shape:
        return False
    due, written = (float(side.reshape(-1)[0]) for side in numbers)
    return abs(due - count(node.inputs[0]) * written) <= 0.01 * abs(due)


def _is_open_on_one_side(place: Place, verdict: Verdict) -> bool:
    """``∂L/∂b = ∂L/∂z`` where the formulas lead from L to b, but not by way of this z: it is another one than was read."""
    link, tree = verdict.link, verdict.previous.expr if verdict.previous is not None else None
    of = tree.of if isinstance(tree, t.Derivative) else None
    sides = (link.left, link.right) if link is not None else ()
    if not isinstance(of, t.Symbol) or not all(isinstance(side, Jacobian) for side in sides):
        return False
    open_ = "open", sort(of, place.world.spelling, {}).key
    return [side.of == open_ for side in sides if isinstance(side, Jacobian)] == [False, True]


def leaves_out_arguments(place: Place, tree: t.Expr) -> bool:
    """``f_x`` and ``f`` of ``f(x, y) = …``, which may be taken anywhere."""
    inside = list(t.walk(tree))
    heads = {id(p.head) for p in inside if isinstance(p, t.Apply)}
    bare = {p.base for p in inside if isinstance(p, t.Symbol) and id(p) not in heads}
    return any(d.params for base in bare for d in place.world.definitions.get(base, ()))


def _is_solved_again(place: Place, verdict: Verdict) -> bool:
    """``λ = -x/(4y)`` behind ``λ = y/(4x)``, which comes of a wrong line: one of them solves another equation."""
    name = verdict.previous.expr if verdict.previous is not None else None
    if not isinstance(name, t.Symbol) or not place.ledger.mistakes:
        return False
    found = place.world.find(sort(name, place.world.spelling, {}).key, place.position)
    return found is not None and found[0].onwards and found[0].position < place.position


def _is_estimate(verdict: Verdict, statements: Sequence[Statement]) -> bool:
    """``cos(0.3) ≈ 1 - 0.045``, and ``f(1.1) - 1 = 0.1 + 0.015`` where it is said that f(1.1) is about so much."""
    link, left = verdict.link, verdict.previous.expr if verdict.previous is not None else None
    if link is None or link.numbers is None or left is None:
        return False
    (due, written), member = link.numbers, verdict.member
    if due.shape != written.shape or abs(due - written).max() > _ROUGH * abs(due).max():
        return False
    if isinstance(left, t.Call | t.Root) and member is not None and member.relation == "approx":
        return member.expr is not None and not is_plain(member.expr)
    values = [p for p in t.walk(left) if isinstance(p, t.Apply)]
    about = [
        s.members[0].expr for s in statements if any(m.relation == "approx" for m in s.members)
    ]
    return any(same_tree(v, x) for v in values for x in about)


def _is_told_twice(place: Place, statement: Statement, causes: Sequence[str]) -> bool:
    """``z_{2i} = …`` with another formula than ``z_{hi} = …``: one of them is read as something else than is meant.

    A slip explains a difference of layers all the same, ``z^{(2)}`` beside ``z^{(l)}``.
    """
    world = place.world
    for stem in {stem_of(p) for p in parts([statement]) if isinstance(p, t.Symbol)}:
        made = [d for d in world.definitions.get(stem, ()) if not d.numeric]
        made = [
            d for d in made if not causes or (len(d.pattern.indices) > 1 and not d.pattern.marks)
        ]
        for one in made if len({len(d.pattern.letters) for d in made}) > 1 else ():
            key = one.pattern.key({c: world.sample(c) for c in one.pattern.letters})
            if any(
                world.holds_for(d, key) for d in made if d.pattern.letters > one.pattern.letters
            ):
                return True
    return False


def _is_renewed(place: Place, verdict: Verdict) -> bool:
    """``x_i = (x_i - mean(x_i)) / std(x_i)``: another value for a name that nothing else defines."""
    name, of = (m.expr if m is not None else None for m in (verdict.previous, verdict.member))
    if not isinstance(name, t.Symbol | t.Product) or of is None or isinstance(of, t.Symbol):
        return False
    stems = {stem_of(p) for p in t.walk(name) if isinstance(p, t.Symbol)}
    made = (d for stem in stems for d in place.world.definitions.get(stem, ()))
    others = any(d.position != place.position for d in made)
    whole = (p.args for p in t.walk(of) if isinstance(p, t.Call | t.Apply))
    return not others and any(same_tree(name, arg) for args in whole for arg in args)


def _has_slope_of_vectors(statement: Statement) -> bool:
    """``F'(Y) ∂E/∂X``: the slope of a function of vectors may be the matrix of all its slopes."""
    slopes = (p for p in parts([statement]) if isinstance(p, t.Apply) and p.head.base.isupper())
    return any(p.primes or p.head.primes for p in slopes)


def _chooses_another(place: Place, verdict: Verdict) -> bool:
    """``h = ReLU(z)`` behind ``h = σ(z)``: a case with another activation, of σ as a letter for any."""
    name, of = (m.expr if m is not None else None for m in (verdict.previous, verdict.member))
    if not isinstance(name, t.Symbol) or not isinstance(of, t.Call):
        return False
    values = [d.value for d in place.world.definitions.get(stem_of(name), ()) if not d.numeric]
    return any(
        isinstance(x, t.Apply) and x.head.base in SIGMAS and same_tree(x.args, of.args)
        for x in values
    )


def _has_one_of_many(place: Place, verdict: Verdict) -> bool:
    """``X^T (y - X β)`` where y is a number in one line, so that ``Σ_{i=1}^n`` has come to a single term."""
    world, link = place.world, verdict.link
    if link is None or link.numbers is not None or place.ledger.given_by_key or world.given_shapes:
        return False
    counts = (world.size_names & COUNTS) - world.spelling.letters
    return any(world.sizes.get(name) == 1 for name in counts)


def _names_only(statement: Statement) -> bool:
    """``q_1 = q_2 = q^*``: several names for one thing, told and not worked out; so ``P A = L U``."""
    first, *rest = (m.expr for m in statement.members)
    if isinstance(first, t.Product) and all(isinstance(x, t.Product) for x in rest):
        factors = [f for x in (first, *rest) if isinstance(x, t.Product) for f in x.factors]
        return all(isinstance(f, t.Symbol) and not f.scripts and not f.subscripts for f in factors)
    return len(rest) > 1 and all(isinstance(x, t.Symbol) for x in (first, *rest))


def _leads_on(place: Place, statement: Statement) -> bool:
    """``Σ_l ∂y/∂a_l ∂a_l/∂a_j`` of one name: units of two layers, though nothing but their letters tells them apart.

    Or ``δ_{kj}`` of letters that are those of two layers elsewhere, and of one here.
    """
    for part in parts([statement]):
        if isinstance(part, t.Symbol) and part.base == "delta":
            letters = [c for sub in part.subscripts for c in letters_in(sub)]
            layers = {place.world.starts.get(c) for c in letters}
            of_examples = {c for loss in place.world.loss_names for c in loss.indices}
            if len(letters) == len(layers) == 2 and not of_examples & {*letters}:
                return True
        if isinstance(part, t.Derivative) and len(part.wrt) == 1:
            of, by = part.of, part.wrt[0]
            if isinstance(of, t.Symbol) and isinstance(by, t.Symbol) and stem_of(of) == stem_of(by):
                below = [{c for sub in x.subscripts for c in letters_in(sub)} for x in (of, by)]
                if all(below) and not below[0] & below[1] and of.scripts == by.scripts == ():
                    return True
    return False


def _is_told_of_several(place: Place, verdict: Verdict) -> bool:
    """``π = (0.6, 0.2, 0.2)`` of ``π_t(x) = …``: at which step, and of what, is left out; so where two formulas tell it."""
    name = verdict.previous.expr if verdict.previous is not None else None
    if not isinstance(name, t.Symbol) or name.subscripts or name.scripts:
        return False
    made = [d for d in place.world.definitions.get(stem_of(name), ()) if not d.numeric]
    if any(not same_tree(d.value, made[0].value) for d in made):
        return all(d.params or d.pattern.letters for d in made)
    return bool(made) and all(d.params and d.pattern.letters for d in made)


def _counts_alike(place: Place, verdict: Verdict) -> bool:
    """``T_x = 10`` behind ``T_x = T_y``: how many there are in an example, and no size is a number for all."""
    name = verdict.previous.expr if verdict.previous is not None else None
    last = verdict.member.expr if verdict.member is not None else None
    if not isinstance(name, t.Symbol) or not isinstance(last, t.Number):
        return False
    found = place.world.find(sort(name, place.world.spelling, {}).key, place.position)
    other = found[0].value if found is not None else None
    return isinstance(other, t.Symbol) and size_name(other) in place.world.size_names


def tells_links(
    statement: Statement,
    verdict: Verdict,
    causes: Sequence[str],
    statements: Sequence[Statement],
    expected: str | None,
) -> bool:
    """Whether a path that cannot be written down is missing in a distinction of cases, or in a chain of entries.

    Or a sum over steps in a chain, ``∂L/∂b = ∂L/∂h_t ∂h_t/∂b`` where no line adds up steps: it is told of one of them.
    """
    if not {"missing-path", "missing-sum"} & set(causes):
        return False
    right = verdict.member.expr if verdict.member is not None else None
    factors = right.factors if isinstance(right, t.Product) else ()
    is_bare = bool(factors) and all(isinstance(f, t.Derivative) for f in factors)
    below = (
        [x for p in t.walk(right) if isinstance(p, t.Symbol) for x in p.subscripts] if right else []
    )
    letters = {c for x in below for c in letters_in(x)}
    if is_bare and _STEP in letters:
        sums = (p for p in parts(statements) if isinstance(p, t.Big) and p.name == "sum")
        return not any(_STEP in p.indices for p in sums)
    if expected is not None or not set(causes) <= {"missing-path", "missing-sum"}:
        return False
    return (is_bare and bool(letters & _INDICES)) or any(
        isinstance(p, t.Cases) for p in parts([statement])
    )


def _uses_unread(document: Document, statement: Statement, statements: Sequence[Statement]) -> bool:
    """Whether a line of a program takes what another line makes that is no formula: ``Ones = torch.ones(n, 1)``."""
    assigned = set(_ASSIGNED.findall(document.text))
    read = {m[0] for s in statements if (m := _WORD.match(document.text, s.span[0]))}
    return not (assigned - read).isdisjoint(_WORD.findall(document.text[slice(*statement.span)]))


def _lists_on(verdict: Verdict, causes: Sequence[str]) -> bool:
    """``[x_1, x_2, …, x_n]`` of any length, whatever n is elsewhere."""
    sides = (m.expr for m in (verdict.previous, verdict.member) if m is not None)
    dots = any(isinstance(p, t.Ellipsis) for side in sides if side for p in t.walk(side))
    return dots and set(causes) <= {"wrong-variable"}


def _joins_loss_and_activation(place: Place, document: Document, statement: Statement) -> bool:
    """``dz = dp`` where p is a softmax: by dp many mean the gradient of both together, ``p - y``."""
    if len(statement.members) != 2 or _LIKELIHOOD.search(document.text) is None:
        return False
    right = statement.members[1].expr
    if not isinstance(right, t.Symbol) or right.base[:1] != "d" or len(right.base) < 2:
        return False
    stem = stem_of(right)[1:]
    return any(
        (isinstance(p, t.Call) and p.name in _SQUASHED)
        or (isinstance(p, t.Apply) and p.head.base in SIGMAS)
        for told in place.world.definitions.get(stem, ())
        for p in t.walk(told.value)
    )


def _may_be_product(place: Place, statement: Statement) -> bool:
    """``x / (dr)`` where d is a number of its own: the product of two names, or what is no differential alone."""
    if Key("d") not in place.world.keys.values() and "d" not in place.world.size_names:
        return False
    below = [p.below for p in parts([statement]) if isinstance(p, t.Quotient)]
    names = (p.base for x in below for p in t.walk(x) if isinstance(p, t.Symbol))
    return any(len(base) == 2 and base[0] == "d" for base in names)


EXERCISES = 3
"""So many formulas for one name, one behind the other, are exercises."""


def answers_a_list(statements: Sequence[Statement], ordinal: int) -> bool:
    """``f'(x) = …`` behind a list of functions that are all called f: which of them is it the slope of?"""

    def of(k: int) -> tuple[str, bool]:
        first = statements[k].members[0].expr
        if not isinstance(first, t.Apply) or len(statements[k].members) < 2:
            return "", False
        return first.head.base, bool(first.primes or first.head.primes)

    name, is_slope = of(ordinal)
    if not name or not is_slope:
        return False
    k = ordinal - 1
    while k >= 0 and of(k) == (name, True):
        k -= 1
    listed = 0
    while k >= 0 and of(k) == (name, False):
        k, listed = k - 1, listed + 1
    return listed >= EXERCISES
