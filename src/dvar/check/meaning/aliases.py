r"""Functions by another name: ``\phi = \tanh`` is ``\phi(u) = \tanh(u)``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import permutations
from typing import TypeGuard

from dvar.check.meaning import functions
from dvar.check.meaning.aligning import literal_shape
from dvar.check.meaning.keys import stem_of
from dvar.check.meaning.letters import parts
from dvar.core.letters import GREEK
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import in_members, rewritten, same_tree

_GENERAL = frozenset({"g", "f", "h", "sigma", "phi", "varphi", "psi"})
"""Letters for functions whatever they are."""
_LOSSES = frozenset({"E", "J", "L", "C", "Q", "S", "ell", "loss"})
_ACTIVATIONS = frozenset({"relu", "sigmoid", "tanh", "softmax", "softplus", "leaky_relu"})

_ANY_ACTIVATION = frozenset({"phi", "varphi", "psi", "sigma"})
_IS = frozenset({"=", ":=", "equiv"})
_SHAPED = frozenset({"elu", "leaky_relu", "softplus", "swish", "silu", "gelu", "hardtanh"})
"""Activations that some authors give a parameter."""


def spelled_out(statements: Sequence[Statement]) -> list[Statement]:
    """The statements with an argument where a name is said to be a function, and ``h(x)`` as ``h_θ(x)``."""
    statements = _named(_bare(statements))
    whole = _parametrised(statements)
    own = {call.name for s in statements if (call := _with_parameters(s)) is not None}
    chosen = _chosen(statements)

    def name(part: t.Expr) -> t.Expr | None:
        if isinstance(part, (t.Call, t.Apply)) and (head := _head(part, own)) is not None:
            args = tuple(rewritten(a, name) for a in part.args)
            return t.Apply(head, args, part.span, part.subscripts, part.scripts, part.primes)
        if isinstance(part, t.Apply) and _is_of_many(part):
            return part.head  # C(…): of what, is not told
        call = (_by_label(part) or _by_choice(part, chosen)) if isinstance(part, t.Apply) else None
        if call is not None:
            return replace(call, args=tuple(rewritten(a, name) for a in call.args))
        if isinstance(part, t.Apply) and part.head.base in whole and not part.head.subscripts:
            head = replace(part.head, subscripts=whole[part.head.base])
            args = tuple(rewritten(a, name) for a in part.args)
            return replace(part, head=head, args=args)
        return None

    applied = [_applied(statement) for statement in statements]
    applied = [s if _tells_formula(s, chosen) else in_members(s, name) for s in applied]
    return _in_one_case(_apart(applied))


def _chosen(statements: Sequence[Statement]) -> dict[str, str]:
    """``h = ReLU(z)`` beside ``h = σ(z)``: which activation σ is, where no formula or several tell it."""
    values: dict[str, list[tuple[str, t.Expr]]] = {}
    formulas: dict[str, list[t.Expr]] = {}
    for name, *others in ([m.expr for m in s.members] for s in statements):
        of = others[0] if others else None
        if isinstance(name, t.Apply) and of is not None and not (name.primes or name.head.primes):
            formulas.setdefault(name.head.base, []).append(of)
        if not isinstance(name, t.Symbol) or not isinstance(of, t.Apply | t.Call):
            continue
        word = of.name if isinstance(of, t.Call) else of.head.base
        if len(of.args) == 1 and word in _ACTIVATIONS | _ANY_ACTIVATION and not of.primes:
            values.setdefault(stem_of(name), []).append((word, of.args[0]))
    found: dict[str, set[str]] = {}
    for (one, a), (other, b) in (
        pair for told in values.values() for pair in permutations(told, 2)
    ):
        if one in _ANY_ACTIVATION and other in _ACTIVATIONS and same_tree(a, b):
            found.setdefault(one, set()).add(other)
    return {
        one: words.pop()
        for one, words in found.items()
        if len(words) == 1 and len(formulas.get(one, ())) != 1
    }


def _tells_formula(statement: Statement, chosen: Collection[str]) -> bool:
    """``σ(z) = 1/(1 + e^{-z})`` and ``σ'(z) = σ(z)(1 - σ(z))``: what σ may be."""
    left, *others = (m.expr for m in statement.members)
    is_of = isinstance(left, t.Apply) and left.head.base in chosen
    return is_of and any(x is not None and literal_shape(x) is None for x in others)


def _by_choice(part: t.Apply, chosen: Mapping[str, str]) -> t.Call | None:
    word = chosen.get(part.head.base)
    if word is None or _is_marked(replace(part.head, primes=0)):
        return None
    primes = part.head.primes + part.primes
    return t.Call(word, part.args, part.span, (), part.subscripts, part.scripts, primes)


def _bare(statements: Sequence[Statement]) -> list[Statement]:
    """``∂Sigmoid/∂x = Sigmoid (1 - Sigmoid)``: words for functions that stand for their values at x."""
    lefts = (s.members[0].expr for s in statements)
    told = {_word(left) for left in lefts if isinstance(left, t.Symbol)}
    found = []
    for statement in statements:
        first = statement.members[0].expr
        of = first.of if isinstance(first, t.Derivative) and len(first.wrt) == 1 else None
        word = _word(of) if isinstance(of, t.Symbol) else ""
        at = first.wrt if isinstance(first, t.Derivative) and word and word not in told else ()

        def name(part: t.Expr, word: str = word, at: tuple[t.Expr, ...] = at) -> t.Expr | None:
            if isinstance(part, t.Symbol) and at and _word(part) == word:
                return t.Call(word, at, part.span, scripts=part.scripts)
            if not isinstance(part, t.Call):
                return None
            names = (x for a in part.args for x in t.walk(a) if isinstance(x, t.Symbol))
            bare = next((x for x in names if _word(x) == part.name), None)
            if bare is None:
                return None
            group = t.Group("(", tuple(rewritten(a, name) for a in part.args), part.span)
            return t.Product((name(bare) or bare, group), ("",), part.span)

        found.append(in_members(statement, name))
    return found


def _named(statements: Sequence[Statement]) -> list[Statement]:
    """``σ(z) = a``, where nothing else says what a is, as ``a = σ(z)``: the value of a known activation gets a name.

    Not ``g(x) = c`` of any function: it may be a condition on x.
    """
    pairs = [[m.expr for m in s.members] for s in statements]
    told = {stem_of(x[0]) for x in pairs if len(x) > 1 and isinstance(x[0], t.Symbol)}
    formulas = {"sigma"}
    for left, *rest in pairs:
        head = left.head.base if isinstance(left, t.Apply) else ""
        if isinstance(left, t.Apply) and head in _ANY_ACTIVATION and rest:
            formulas |= set() if _is_other_name(rest[0], left.args) else {head}
    found = []
    for statement, (left, *rest) in zip(statements, pairs, strict=True):
        is_one = len(rest) == 1 and statement.members[1].relation in _IS
        is_known = (isinstance(left, t.Apply) and left.head.base in formulas) or (
            isinstance(left, t.Call) and left.name in _ACTIVATIONS
        )
        name = rest[0] if is_one and is_known else None
        args = left.args if isinstance(left, t.Apply | t.Call) else ()
        if _is_other_name(name, args) and stem_of(name) not in told:
            first, second = statement.members
            members = (replace(first, expr=name), replace(second, expr=left))
            statement = replace(statement, members=members)
        found.append(statement)
    return found


def _is_other_name(tree: t.Expr | None, args: Sequence[t.Expr]) -> TypeGuard[t.Symbol]:
    """A name by itself, of an example as well, that is no argument and no power of one."""
    is_name = isinstance(tree, t.Symbol) and all(s.kind != "plain" for s in tree.scripts)
    return is_name and not any(same_tree(tree, arg) for arg in args)


def _word(name: t.Symbol) -> str:
    """The activation that a name is the word for, standing alone."""
    word = functions.named(name.base.lower()) if len(name.base) > 2 else ""
    return word if word in _ACTIVATIONS and not name.subscripts and not name.primes else ""


def _apart(statements: Sequence[Statement]) -> list[Statement]:
    r"""``\vec{y}`` as a name of its own where it is the list of all ``y^{(i)}``: y itself is one of them."""
    lists: set[str] = set()
    for statement in statements:
        left, *others = (m.expr for m in statement.members)
        if isinstance(left, t.Symbol) and left.accents == ("vec",) and not left.subscripts:
            if any(isinstance(x, t.Matrix) and _lists_examples(left, x) for x in others):
                lists.add(left.base)

    def name(part: t.Expr) -> t.Expr | None:
        if isinstance(part, t.Symbol) and part.accents == ("vec",) and part.base in lists:
            return replace(part, accents=("arrow",))
        return None

    return [in_members(s, name) for s in statements] if lists else list(statements)


def _lists_examples(name: t.Symbol, matrix: t.Matrix) -> bool:
    entries = [x for row in matrix.rows for x in row]
    return any(
        isinstance(x, t.Symbol)
        and x.base == name.base
        and any(s.kind == "paren" for s in x.scripts)
        for x in entries
    )


def _in_one_case(statements: Sequence[Statement]) -> list[Statement]:
    """``w * x + b`` beside the data ``X = [1, 2, 3]``, where nothing else is told of x: it is X."""
    names = {p.base: p for p in parts(statements) if isinstance(p, t.Symbol) and len(p.base) == 1}
    indexed = {p.base for p in parts(statements) if isinstance(p, t.Symbol) and _is_marked(p)}
    given: dict[str, str] = {}
    for statement in statements:
        left, *others = (m.expr for m in statement.members)
        if isinstance(left, t.Symbol) and left.base.isupper() and left.base.lower() in names:
            if len(others) == 1 and others[0] is not None and literal_shape(others[0]):
                given[left.base.lower()] = left.base
    for statement in statements:
        for part in (
            p for m in statement.members[:1] if m.expr is not None for p in t.walk(m.expr)
        ):
            if isinstance(part, t.Symbol | t.Apply):
                given.pop(part.base if isinstance(part, t.Symbol) else part.head.base, None)

    small = _small(statements)

    def name(part: t.Expr) -> t.Expr | None:
        if isinstance(part, t.Symbol) and part.base in given and part.base not in indexed:
            return replace(part, base=given[part.base])
        if isinstance(part, t.Symbol) and part.base in small:
            return replace(part, base=part.base.lower())
        return None

    return [in_members(s, name) for s in statements] if given or small else list(statements)


def _small(statements: Sequence[Statement]) -> set[str]:
    """The W of ``∂E/∂W_6`` and of the update of ``W_6`` where all formulas have ``w_6``: no other name has its numbers."""
    numbers: dict[str, set[str]] = {}
    for part in parts(statements):
        if isinstance(part, t.Symbol) and len(part.base) == 1 and len(part.subscripts) == 1:
            below = getattr(part.subscripts[0], "text", "")
            numbers.setdefault(part.base, set()).update({below} if below.isdigit() else ())
    found = {x for x, own in numbers.items() if x.isupper() and own}
    found = {
        x for x in found if len(numbers[x]) > 1 and numbers[x] <= numbers.get(x.lower(), set())
    }
    for statement in statements if found else ():
        first = statement.members[0].expr
        by = [p.wrt for p in parts([statement]) if isinstance(p, t.Derivative)]
        slopes = {id(x) for wrt in by for x in wrt}
        for part in parts([statement]):
            own = isinstance(first, t.Symbol) and first.base
            if isinstance(part, t.Symbol) and part.base != own and id(part) not in slopes:
                found.discard(part.base)
    return found


def _is_marked(symbol: t.Symbol) -> bool:
    return bool(symbol.subscripts or symbol.scripts or symbol.accents or symbol.primes)


def _is_of_many(part: t.Apply) -> bool:
    r"""``C(…)``, and ``E(\mathbf{w}_1, …, \mathbf{w}_K)`` of a loss: what it depends on, not how."""
    dots = [isinstance(a, t.Ellipsis) for a in part.args]
    return all(dots) or (any(dots) and part.head.base in _LOSSES and not part.head.primes)


def _head(part: t.Call | t.Apply, own: Collection[str]) -> t.Symbol | None:
    """The name of a function that has a formula in this document, as no word that is known."""
    word = part.name if isinstance(part, t.Call) else functions.named(part.head.base.lower())
    if word not in own or len(part.args) != 1:
        return None
    primes = part.head.primes if isinstance(part, t.Apply) else 0
    return t.Symbol(f"{word} of its own", part.span, primes=primes)


def _with_parameters(statement: Statement) -> t.Call | None:
    """``ELU(x) = α (e^x - 1)`` for x ≤ 0: a known word whose formula here has names of its own."""
    left, *rest = (m.expr for m in statement.members)
    if (
        not isinstance(left, t.Call)
        or len(left.args) != 1
        or left.primes
        or left.name not in _SHAPED
    ):
        return None
    (of,) = left.args
    if not isinstance(of, t.Symbol) or not rest or rest[0] is None:
        return None
    names = {p.base for p in t.walk(rest[0]) if isinstance(p, t.Symbol)} - {of.base, "e", "pi"}
    return left if names else None


def _by_label(part: t.Apply) -> t.Call | None:
    r"""``g_{\text{ReLU}}(z)`` is ReLU of z, and ``g'_{\text{ReLU}}(z)`` its slope."""
    head = part.head
    if head.base not in _GENERAL or len(head.subscripts) != 1 or head.scripts or head.accents:
        return None
    label = head.subscripts[0]
    name = functions.named(label.text.lower()) if isinstance(label, t.Label) else ""
    if name not in _ACTIVATIONS:
        return None
    primes = head.primes + part.primes
    return t.Call(name, part.args, part.span, (), part.subscripts, part.scripts, primes)


def _parametrised(statements: Sequence[Statement]) -> dict[str, tuple[t.Expr, ...]]:
    """Functions that are written with their parameters below, ``h_θ(x)``, and without: ``h(x) = θ^T x``."""
    told: dict[str, set[str]] = {}
    below: dict[str, tuple[t.Expr, ...]] = {}
    plain: set[str] = set()
    for part in parts(statements):
        if isinstance(part, t.Apply) and len(part.head.subscripts) == 1:
            name = part.head.subscripts[0]
            if isinstance(name, t.Symbol) and len(name.base) > 1 and name.base in GREEK:
                told.setdefault(part.head.base, set()).add(name.base)
                below.setdefault(part.head.base, part.head.subscripts)
    defined: set[str] = set()
    for statement in statements:
        left, *others = (m.expr for m in statement.members)
        if isinstance(left, t.Symbol) and not left.subscripts:
            plain.add(left.base)
        elif isinstance(left, t.Apply) and others and others[0] is not None:
            names = {p.base for p in t.walk(others[0]) if isinstance(p, t.Symbol)}
            known = told.get(left.head.base, set())
            if left.head.subscripts or known & names:
                defined.add(left.head.base)
            else:
                plain.add(left.head.base)
    return {base: below[base] for base in defined - plain if len(told.get(base, ())) == 1}


def _applied(statement: Statement) -> Statement:
    if len(statement.members) != 2 or statement.members[1].relation not in ("=", ":="):
        return statement
    left, right = (m.expr for m in statement.members)
    if not isinstance(left, t.Symbol) or not isinstance(right, t.Symbol):
        return statement
    named = functions.named(right.base) in functions.ELEMENTWISE and right.font == "rm"
    if not named or left.primes or right.primes or right.subscripts or right.scripts:
        return statement
    argument = t.Symbol("u", left.span)
    first = replace(statement.members[0], expr=t.Apply(left, (argument,), left.span))
    call = t.Call(functions.named(right.base), (argument,), right.span)
    return replace(statement, members=(first, replace(statement.members[1], expr=call)))
