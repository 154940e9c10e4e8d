"""What authors write short: an index, a rest or a sum that is left out, a product that goes on, a part by its name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from dvar.check.judge.chain import Verdict
from dvar.check.judge.compare import compare
from dvar.check.judge.literal import is_zero
from dvar.check.judge.place import Place
from dvar.check.meaning.columns import is_turned
from dvar.check.meaning.keys import letters_in, sort, stem_of
from dvar.check.meaning.letters import parts
from dvar.check.meaning.patterns import free_letters
from dvar.check.meaning.points import names_beneath
from dvar.check.meaning.substitute import substitute
from dvar.check.meaning.values import node_of
from dvar.core.node import topological
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement
from dvar.read.worksheet.parts import same_tree

_ONE_CLASS = re.compile(
    r"one.?hot|\b(?:in)?(?:correct|true|right|target|actual|gold) (?:class|label|word|token|category)",
    re.IGNORECASE,
)
_AHEAD = 400
"""So many characters in front of a line may tell which class is the right one."""
_SAME = 1e-6
_SUM = re.compile(r"\\sum_\{?([A-Za-z])")


def is_shorthand(
    place: Place,
    document: Document,
    statement: Statement,
    verdict: Verdict,
    causes: Sequence[str],
    statements: Sequence[Statement],
    expected: str,
) -> bool:
    """Whether a difference may be what an author leaves out, so that it tells nothing."""
    only = next(iter(causes)) if len(set(causes)) == 1 else ""
    return (
        _runs_on(statement, verdict)
        or (only == "wrong-variable" and _drops_an_index(place, verdict, statements))
        or (only == "wrong-variable" and _names_a_part(place, verdict))
        or (only == "wrong-variable" and _drops_an_open_function(place, verdict))
        or (only == "wrong-variable" and _takes_its_value(place, statement, verdict))
        or ("transpose" in causes and _is_product_rule(verdict))
        or _adds_up_to_one(verdict)
        or _is_set_to_zero(statement, verdict)
        or (only == "transpose" and _turns_small(place, statement))
        or (not causes and _is_about(verdict))
        or _goes_to_second_order(verdict)
        or (only == "missing-sum" and _sums_its_own(place, verdict, expected))
        or (only == "missing-sum" and _keeps_one_term(document, statement))
    )


def _drops_an_index(place: Place, verdict: Verdict, statements: Sequence[Statement]) -> bool:
    """``(y_{nj} - t_{nj}) x_{ni}`` where ``x_i`` stands in the formulas: of the example n, which they leave out."""
    tree = verdict.member.expr if verdict.member is not None else None
    names = [p for p in t.walk(tree) if isinstance(p, t.Symbol)] if tree is not None else []
    others = [p for p in parts(statements) if isinstance(p, t.Symbol)]
    for name in names:
        own = _plain_letters(name) & place.world.spelling.letters
        for other in others if len(own) > 1 else ():
            fewer = _plain_letters(other)
            if stem_of(other) == stem_of(name) and fewer and len(own - fewer) == 1 and fewer < own:
                return True
    return False


def _plain_letters(name: t.Symbol) -> set[str]:
    """The letters below a name; none where they are counted with, ``i + m``."""
    plain = all(isinstance(sub, t.Label | t.Symbol) for sub in name.subscripts)
    return {c for sub in name.subscripts for c in letters_in(sub)} if plain else set()


def _takes_its_value(place: Place, statement: Statement, verdict: Verdict) -> bool:
    """``tanh'(h) = 0.39`` of ``h = tanh(a)``, and the numbers are those at a: the slope by what comes out."""
    member = verdict.member
    if member is None or member.expr is None or member is statement.members[-1]:
        return False
    for part in t.walk(member.expr):
        if isinstance(part, t.Call | t.Apply) and len(part.args) == 1:
            primes = part.primes + (part.head.primes if isinstance(part, t.Apply) else 0)
            (name,) = part.args
            key = sort(name, place.world.spelling, {}).key if isinstance(name, t.Symbol) else None
            found = place.world.find(key, place.position) if key is not None and primes else None
            value = found[0].value if found is not None else None
            if isinstance(part, t.Call) and isinstance(value, t.Call) and value.name == part.name:
                return True
            if isinstance(part, t.Apply) and isinstance(value, t.Apply):
                return stem_of(value.head) == stem_of(replace(part.head, primes=0))
    return False


def _runs_on(statement: Statement, verdict: Verdict) -> bool:
    """``[x_1 x_2] W = [h_1 h_2] · v = [y]``: what the first product comes to is multiplied on in the same line."""
    member = verdict.member.expr if verdict.member is not None else None
    inside = member.factors if isinstance(member, t.Product) else ()
    is_last = verdict.member is statement.members[-1]
    return not is_last and len(inside) > 1 and all(isinstance(x, t.Matrix) for x in inside)


def _names_a_part(place: Place, verdict: Verdict) -> bool:
    """``(σ(w x + b) - y) x = (p - y) x``: a name that has no formula so far may well be the part it stands for."""
    link = verdict.link
    if link is None or link.left is None or link.right is None or link.numbers is not None:
        return False
    left, right = node_of(link.left), node_of(link.right)
    of, told = set(names_beneath([left])), set(names_beneath([right]))
    new = told - of
    if len(new) != 1 or new == told or not of - told or new & place.ledger.given.keys():
        return False
    (name,) = new
    wholes = (
        n for n in topological([left]) if n.shape == name.shape and n.inputs and n is not left
    )
    return any(compare(substitute(left, {n: name}), right).holds for n in wholes)


def _sums_its_own(place: Place, verdict: Verdict, expected: str) -> bool:
    """``L_k = Σ_k (y_k - a_k)^2`` for ``L_k = (y_k - a_k)^2``: nobody means a sum over an index of what is told."""
    name = verdict.previous.expr if verdict.previous is not None else None
    own = free_letters(name, place.world.spelling) if isinstance(name, t.Symbol) else set()
    return bool(own & set(_SUM.findall(expected)))


def _keeps_one_term(document: Document, statement: Statement) -> bool:
    """``L = -y_k log p_k`` where k is the class that is right: all other terms of the sum are zero."""
    ahead = document.text[: statement.span[0]][-_AHEAD:]
    is_log = any(isinstance(p, t.Call) and p.name in ("log", "ln") for p in parts([statement]))
    return is_log and _ONE_CLASS.search(ahead) is not None


def _is_about(verdict: Verdict) -> bool:
    """``∂C/∂z ≈ (1 + z)/(N + …)``: one formula for another, to an order that is not told."""
    member, link = verdict.member, verdict.link
    return member is not None and member.relation == "approx" and not (link and link.numbers)


def _goes_to_second_order(verdict: Verdict) -> bool:
    """``df = f_x dx + ½ f_xx (dx)^2``: what changes, to an order at which it is no differential."""
    left, right = (m.expr if m is not None else None for m in (verdict.previous, verdict.member))
    if not isinstance(left, t.Symbol) or not isinstance(right, t.Sum) or left.base[:1] != "d":
        return False
    small = [[p for p in t.walk(term) if _is_small(p)] for term in right.terms]
    return any(len(found) > 1 or any(map(_is_squared, found)) for found in small)


def _is_small(tree: object) -> bool:
    """``dx`` and ``(dx)``, behind another name as well."""
    if isinstance(tree, t.Group | t.Apply) and tree.scripts:
        inside = tree.items if isinstance(tree, t.Group) else tree.args
        tree = inside[0] if inside else tree
    is_name = isinstance(tree, t.Symbol) and len(tree.base) == 2 and tree.base.islower()
    return isinstance(tree, t.Symbol) and is_name and tree.base[0] == "d"


def _is_squared(tree: object) -> bool:
    scripts = tree.scripts if isinstance(tree, t.Group | t.Symbol | t.Apply) else ()
    return any(s.kind == "plain" and isinstance(s.value, t.Number) for s in scripts)


def _is_set_to_zero(statement: Statement, verdict: Verdict) -> bool:
    """``∂L/∂λ = g(x) = 0`` where it is ``-g(x)``: whichever sign it has, that is what is to vanish."""
    link, last = verdict.link, statement.members[-1]
    if link is None or link.difference is None or verdict.member is last or not is_zero(last.expr):
        return False
    ratio = link.difference.ratio
    return ratio is not None and abs(ratio + 1) < _SAME


def _adds_up_to_one(verdict: Verdict) -> bool:
    """``(s 1^T - I) y = s - y`` of labels y, which add up to one: the ``1^T y`` that is gone is 1."""
    sides = [m.expr for m in (verdict.previous, verdict.member) if m is not None and m.expr]
    added = [any(_adds_entries(p) for p in t.walk(side)) for side in sides]
    return len(added) == 2 and added[0] != added[1]


def _adds_entries(tree: object) -> bool:
    """``1^T y``, and ``(s 1^T - I) y``: something stands behind the row of ones."""
    ahead = tree.factors[:-1] if isinstance(tree, t.Product) else ()
    names = (p for factor in ahead for p in t.walk(factor) if isinstance(p, t.Symbol))
    return any(p.base == "1" and is_turned(p) for p in names)


def _is_product_rule(verdict: Verdict) -> bool:
    """``∂(x^T A x)/∂x = ∂x^T/∂x A x + x^T ∂(A x)/∂x``: the rule as it is known of numbers, rows and columns left aside."""
    left, right = (m.expr if m is not None else None for m in (verdict.previous, verdict.member))
    if not isinstance(left, t.Derivative) or not isinstance(right, t.Sum):
        return False
    inner = [[p for p in t.walk(x) if isinstance(p, t.Derivative)] for x in right.terms]
    return all(len(found) == 1 and same_tree(found[0].wrt, left.wrt) for found in inner)


def _turns_small(place: Place, statement: Statement) -> bool:
    """``dx = dz w^T`` of row vectors where nothing says what w is: a matrix, though its letter is small."""
    world = place.world
    names = (p for p in parts([statement]) if isinstance(p, t.Symbol) and is_turned(p))
    keys = (sort(p, world.spelling, {}).key for p in names if p.base[:1].islower())
    return world.row_vectors and any(k not in world.declared for k in keys)


def _drops_an_open_function(place: Place, verdict: Verdict) -> bool:
    """``h = z`` behind ``h = σ(z)``, where nothing says what σ is: here it may be the identity."""
    name = verdict.previous.expr if verdict.previous is not None else None
    written = verdict.member.expr if verdict.member is not None else None
    if not isinstance(name, t.Symbol) or written is None:
        return False
    found = place.world.find(sort(name, place.world.spelling, {}).key, place.position)
    made = found[0].value if found is not None else None
    if not isinstance(made, t.Apply) or len(made.args) != 1:
        return False
    return same_tree(made.args[0], written) and not place.world.definitions.get(stem_of(made.head))
