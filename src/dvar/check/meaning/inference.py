"""The shapes of all names of a problem, from all its equations together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from dvar.check.meaning.alphabet import SCALAR_CAPITALS
from dvar.check.meaning.batches import matrix_factors
from dvar.check.meaning.keys import Key, stem_of
from dvar.check.meaning.letters import parts
from dvar.check.meaning.looks import counted_by, is_raised_e, is_small
from dvar.check.meaning.shapes import along, shape_of
from dvar.check.meaning.shaping import ONE, Shaping
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import same_tree

ROUNDS = 5
_OF_SEVERAL = frozenset({"softmax", "log_softmax"})
"""Functions of several numbers together."""
_MATMULS = frozenset({"", "cdot", "*", "@", "times"})
"""Signs that may stand for the product of a row and a matrix."""
_EQUALS = frozenset({"=", ":=", "equiv", "approx", "is", "=="})


def infer(s: Shaping, statements: Sequence[Statement]) -> None:
    """Read all statements until nothing new turns up.

    Numbers are taken to be numbers last: ``β`` may yet turn out to be a vector.
    """
    s.world.weights |= _weights(s, statements) | _of_forms(statements)
    for stem in sorted(_of_shares(s, statements) | _of_units(statements)):
        s.settle(Key(stem), s.vector())
    for stem in sorted(s.world.square):
        size = s.fresh()
        s.settle(Key(stem), (size, size))
    for key in sorted(_kernels(s, statements), key=str):
        s.settle(key, s.matrix())
    for statement in statements:
        _remember_function(s, statement)
        _remember_total(s, statement)
    _see_exponents(s, statements)
    _see_rows(s, statements)
    _read(s, statements)
    if _see_columns(s, statements):
        _read(s, statements)


def _kernels(s: Shaping, statements: Sequence[Statement]) -> set[Key]:
    """``w1``, ``w2`` of ``x @ w1`` and ``dy @ w2.T`` in a program whose x has a row for each example: matrices all."""
    behind: set[Key] = set()
    turned: set[str] = set()
    for part in parts(statements) if s.world.batches else ():
        factors = matrix_factors(part) if isinstance(part, (t.Call, t.Product)) else None
        last = factors[1] if factors is not None else None
        if isinstance(last, t.Symbol):
            behind.add(s.key_of(replace(last, scripts=())))
            if last.scripts:
                turned.add(stem_of(last))
    return {key for key in behind if key.stem in turned}


def _read(s: Shaping, statements: Sequence[Statement]) -> None:
    claims = {id(x) for x in statements if _is_of_gradient(s, x)}
    others = parts(x for x in statements if id(x) not in claims)
    s.forward = {s.key_of(p) for p in others if isinstance(p, t.Symbol)}
    for n in range(ROUNDS):
        s.changed = False
        s.final = n >= ROUNDS - 2 or s.final
        for statement in statements:
            s.is_claim = id(statement) in claims
            s.is_named = s.is_claim and not _is_of_formula(statement)
            _equations(s, statement)
        if not s.changed:
            if s.final:
                break
            s.final = True
    s.is_claim = False


def _see_columns(s: Shaping, statements: Sequence[Statement]) -> bool:
    """``p = softmax(z)``: of an open z nothing else may tell that it is a column; whether there is such a name."""
    made = {
        s.key_of(x) for x in (st.members[0].expr for st in statements) if isinstance(x, t.Symbol)
    }
    found = False
    for part in parts(statements):
        if not isinstance(part, t.Call) or part.name not in _OF_SEVERAL or len(part.args) != 1:
            continue
        inner = part.args[0]
        if isinstance(inner, t.Symbol) and s.key_of(inner) not in made:
            if shape_of(s, inner) is None:
                s.expect(inner, s.vector())
                found = True
    return found


def _see_exponents(s: Shaping, statements: Sequence[Statement]) -> None:
    """``(1 - h(x))^{1 - y}``, ``(2π)^{p/2}``: what is part of an exponent is a number."""
    for part in parts(statements):
        if not isinstance(part, (t.Symbol, t.Group, t.Apply)):
            continue
        if isinstance(part, t.Symbol) and part.base == "e":
            continue
        for script in part.scripts:
            value = script.value if script.kind == "plain" else None
            bare = isinstance(part, t.Symbol) and not isinstance(value, t.Sum | t.Quotient)
            names = () if value is None or bare else t.walk(value)
            for name in (x for x in names if isinstance(x, t.Symbol)):
                key = s.key_of(name)
                letter = name.base in s.world.spelling.letters or key.stem in s.world.columns
                if is_small(key) and not letter:
                    s.expect(name, ())


def _see_rows(s: Shaping, statements: Sequence[Statement]) -> None:
    """``z = x W``, where x is known to be a vector and no matrix ever stands in front of it: x is a row."""
    left: set[Key] = set()
    right: set[Key] = set()
    products = (p for p in parts(statements) if isinstance(p, t.Product))
    for part in products:
        for n, (a, b) in enumerate(pairwise(part.factors)):
            if not isinstance(a, t.Symbol) or not isinstance(b, t.Symbol):
                continue
            if _is_matrix(s, a):
                right.add(s.key_of(b))
            elif _is_matrix(s, b) and part.operators[n] in _MATMULS:
                is_vector = a.font == "bf" or stem_of(a) in s.world.columns
                if is_vector and not any(x.kind == "transpose" for x in a.scripts):
                    left.add(s.key_of(a))
    for key in left - right:
        if is_small(key):
            s.settle(key, s.column()[::-1])
            s.world.rows.add(key.stem)


def _is_matrix(s: Shaping, symbol: t.Symbol) -> bool:
    """A capital that is no entry: ``W``, ``W_1``, ``U_z``."""
    is_large = len(symbol.base) == 1 and symbol.base.isupper()
    return is_large and not counted_by(s.key_of(symbol), s.world.spelling.letters)


def _of_shares(s: Shaping, statements: Sequence[Statement]) -> set[str]:
    """P and S of ``P_i = e^{S_i} / \\sum_k e^{S_k}``: numbers with a common sum, which make vectors."""
    found: set[str] = set()
    for statement in statements:
        left, right = statement.members[0].expr, statement.members[-1].expr
        if not isinstance(left, t.Symbol) or not isinstance(right, t.Quotient):
            continue
        for sum_ in (p for p in t.walk(right.below) if isinstance(p, t.Big) and p.name == "sum"):
            inside = _exponent(sum_.body)
            if isinstance(inside, t.Symbol) and inside.subscripts:
                found |= {stem_of(p) for p in (left, inside) if _is_entry(s, p)}
    return found


def _of_units(statements: Sequence[Statement]) -> set[str]:
    """V of ``λ (1 - VᵀV)``: what a number is added to is one, so that V is a vector."""
    found: set[str] = set()
    for part in parts(statements):
        if not isinstance(part, t.Sum) or not any(isinstance(x, t.Number) for x in part.terms):
            continue
        for term in part.terms:
            factors = term.factors if isinstance(term, t.Product) else ()
            if len(factors) == 2 and all(isinstance(f, t.Symbol) for f in factors):
                first, second = (f for f in factors if isinstance(f, t.Symbol))
                turned = [s.kind for s in first.scripts] == ["transpose"] and not second.scripts
                if turned and stem_of(first) == stem_of(second) and not second.subscripts:
                    found.add(stem_of(second))
    return found


def _exponent(tree: t.Expr) -> t.Expr | None:
    """What ``e^x`` and ``exp(x / τ)`` are of."""
    of: t.Expr | None = None
    if isinstance(tree, t.Call) and tree.name == "exp" and len(tree.args) == 1:
        of = tree.args[0]
    elif isinstance(tree, t.Symbol) and is_raised_e(tree):
        of = tree.scripts[0].value
    return of.above if isinstance(of, t.Quotient) else of


def _is_entry(s: Shaping, symbol: t.Symbol) -> bool:
    """Whether a name has one index everywhere."""
    key = s.key_of(symbol)
    entries = {item for item in s.unions.items() if item[:2] == ("entry", key.stem)}
    return not key.marks and entries == {("entry", key.stem, "0")}


def _is_of_gradient(s: Shaping, statement: Statement) -> bool:
    """Whether a statement says what a gradient is; that may be wrong."""
    left = statement.members[0].expr
    if isinstance(left, t.Derivative):
        return True
    return isinstance(left, t.Symbol) and s.target_of(left) is not None


def _is_of_formula(statement: Statement) -> bool:
    """``∂/∂X tr(X B Xᵀ)``, whose own formula tells sizes as well."""
    left = statement.members[0].expr
    return isinstance(left, t.Derivative) and not isinstance(left.of, t.Symbol)


def _weights(s: Shaping, statements: Sequence[Statement]) -> set[str]:
    """C of ``C s_t + c`` beside ``∂L/∂C``: no loss, and no factor of a sum or a norm either."""
    names = {k.stem for k in s.world.denominators - s.world.loss_names if not k.indices}
    before: dict[str, set[bool]] = {}
    for part in parts(statements):
        if isinstance(part, t.Quotient) and isinstance(part.above, t.Symbol):
            before.setdefault(part.above.base, set()).add(False)
        elif isinstance(part, t.Product):
            for first, second in pairwise(part.factors):
                if isinstance(first, t.Symbol) and not (first.subscripts or first.scripts):
                    before.setdefault(first.base, set()).add(isinstance(second, t.Symbol))
    return {name for name in names & SCALAR_CAPITALS if before.get(name) == {True}}


def _of_forms(statements: Sequence[Statement]) -> set[str]:
    """C of ``vᵀ C v``: what stands between a vector and itself is a matrix."""
    found: set[str] = set()
    for part in parts(statements):
        names = part.factors if isinstance(part, t.Product) else ()
        for first, between, last in zip(names, names[1:], names[2:], strict=False):
            if not all(isinstance(x, t.Symbol) for x in (first, between, last)):
                continue
            assert isinstance(first, t.Symbol)
            assert isinstance(between, t.Symbol)
            bare = replace(first, scripts=())
            turned = [x.kind for x in first.scripts] == ["transpose"] and not between.scripts
            if turned and same_tree(bare, last):
                found |= {between.base} & SCALAR_CAPITALS
    return found


def _remember_function(s: Shaping, statement: Statement) -> None:
    members = statement.members
    if len(members) < 2 or members[0].relation or members[1].relation not in _EQUALS:
        return
    left, right = members[0].expr, members[1].expr
    if not isinstance(left, t.Apply) or right is None or left.scripts:
        return
    if not left.primes and not left.head.primes:
        s.bodies.setdefault(s.key_of(left.head), (left.args, right))


def _remember_total(s: Shaping, statement: Statement) -> None:
    """``db = dz.sum()``: what gets the sum of everything is a number."""
    if len(statement.members) < 2 or statement.members[1].relation not in _EQUALS:
        return
    left, right = statement.members[0].expr, statement.members[1].expr
    target = s.target_of(left) if isinstance(left, t.Symbol) else None
    total = _summed(right)
    if target is None or total is None or s.find(target) is not None:
        return
    if total.keywords:
        if any(s.known[key] and ONE not in s.known[key] for key in s.firm):
            shape = along(total.keywords, s.matrix())
            if shape is not None:
                s.settle(target, shape)
        return
    inner = total.args[0]
    if isinstance(inner, t.Symbol) and s.target_of(inner) is not None:
        s.settle(target, ())


def _summed(tree: t.Expr | None) -> t.Call | None:
    """The sum that a formula is a multiple of."""
    match tree:
        case t.Call() if tree.name in ("sum", "mean") and len(tree.args) == 1:
            return tree
        case t.Negative():
            return _summed(tree.operand)
        case t.Quotient():
            return _summed(tree.above)
        case t.Sum() if len(tree.terms) == 1:
            return _summed(tree.terms[0])
        case t.Product():
            found = [call for factor in tree.factors if (call := _summed(factor)) is not None]
            return found[0] if len(found) == 1 else None
        case _:
            return None


def _see_along(s: Shaping, left: t.Symbol, right: t.Expr) -> None:
    """``dγ = (dy * x).sum(axis=0)``: γ is a row, whatever such letters are elsewhere."""
    target, total = s.target_of(left), _summed(right)
    if target is None or total is None or not total.keywords or s.find(target) is not None:
        return
    shape = shape_of(s, total)
    if shape and ONE in shape:
        s.settle(target, shape)


def _equations(s: Shaping, statement: Statement) -> None:
    """Two sides of an equation have one shape."""
    before: t.Expr | None = None
    for member in statement.members:
        tree = member.expr
        if isinstance(tree, t.Shape) or tree is None:
            before = None
            continue
        if before is not None and member.relation in _EQUALS:
            _equal(s, before, tree)
        elif not isinstance(tree, t.Symbol) or len(statement.members) == 1:
            shape_of(s, tree)  # a name is seen together with what it is
        before = tree


def _equal(s: Shaping, left: t.Expr, right: t.Expr) -> None:
    if isinstance(left, t.Apply):
        left = left.head  # L(w) = …
    if isinstance(left, t.Symbol):
        _see_along(s, left, right)
    if isinstance(left, t.Symbol) and s.find(s.key_of(left)) is None:
        b = shape_of(s, right)
        if b and (len(b) > 2 or (ONE in b and s.is_of_many(left))):
            s.settle(s.key_of(left), b)  # a row of results, whatever such letters are elsewhere
    a, b = shape_of(s, left), shape_of(s, right)
    if isinstance(left, t.Derivative):
        if a is None and b and len(left.wrt) == 1 and _is_number(s, left.of):
            s.expect(left.wrt[0], b)
        return
    if a is None:
        s.expect(left, b)
    elif b is None:
        s.expect(right, a)
    else:
        s.same(a, b)


def _is_number(s: Shaping, tree: t.Expr | None) -> bool:
    return tree is not None and shape_of(s, tree) == ()
