"""What a statement is: a definition, numbers that are given, a claim, an update, a shape, a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dvar.check.judge import masks
from dvar.check.judge.assignments import NEW, is_update, shared_number
from dvar.check.judge.chances import tells_by_itself
from dvar.check.judge.expansions import is_expanded
from dvar.check.judge.literal import is_angle, is_numeric, is_plain, is_profit, is_zero
from dvar.check.judge.shapes import is_product, without_shape
from dvar.check.judge.summands import summands
from dvar.check.judge.wholes import are_entries, spells_out
from dvar.check.meaning import tangents
from dvar.check.meaning.arguments import argument
from dvar.check.meaning.definitions import Definition, definition_of, is_of_open_function
from dvar.check.meaning.entries import is_row
from dvar.check.meaning.functions import NORMAL
from dvar.check.meaning.keys import Key, arguments, sort, stem_of
from dvar.check.meaning.patterns import is_of_one_layer, pattern_of
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member, Statement
from dvar.read.worksheet.parts import same_tree

_EQUALS = frozenset({"=", ":=", "equiv", "approx", "is", "=="})
_ACCUMULATE = frozenset({"+=", "-=", "*=", "/="})
NOISES = frozenset({"epsilon", "varepsilon", "xi", "eta", "nu", "e"})
Told = tuple[Definition, ...]
LONGEST = 6
"""Names that one chain may define: ``y = a_3 = f(z_3) = …`` has two."""
_ENDS = frozenset({"Input", "Inputs", "Output", "Outputs"})
"""Words for the ends of whatever is spoken of: ``Input = x`` says what goes into it, once for every layer."""


@dataclass(frozen=True)
class Role:
    """What a statement does.

    Attributes:
        kind: ``claim``, ``definition``, ``given``, ``shape``, ``update``, ``question`` or ``prose``.
        definitions: what it defines.
        links: the members (from 1) whose relation to the one before is a definition, not a claim.
    """

    kind: str
    definitions: tuple[Definition, ...] = ()
    links: frozenset[int] = frozenset()


def role_of(
    statement: Statement,
    ordinal: int,
    world: World,
    is_broken: bool = False,
    is_renewal: bool = False,
) -> Role:
    """What a statement does; if broken its formula cannot be read, a renewal gives a name another meaning."""
    statement = without_shape(statement)
    members = statement.members
    if members[-1].is_blank and len(members) > 2 and not members[0].relation:
        # z = w x + b = ?: what stands before the blank says what it says anywhere else.
        return role_of(replace(statement, members=members[:-1]), ordinal, world, is_broken)
    kind = _by_form(members)
    if kind is not None:
        return Role(kind)
    if [m.relation for m in members] == ["", "is", "to"]:
        return Role("definition", (), frozenset({1, 2}))  # Df: U → V
    left, first = members[0].expr, members[1]
    if _starts_collecting(members, world):
        return Role("given", (), frozenset({1}))
    if (anew := masks.masked(members, ordinal, world)) is not None:
        return Role("definition", (anew,), frozenset({1}))
    if first.relation not in _EQUALS or left is None:
        return Role("prose" if first.relation in ("to", "propto") else "claim")
    if first.expr and is_update(left, first.expr, first.relation):
        return Role("update", _result(statement, ordinal, world))
    if isinstance(first.expr, t.Apply) and same_tree(first.expr.head, left):
        return Role("definition", (), frozenset({1}))  # C = C(a, y): what C depends on
    if first.expr and (is_row(left, world) or tells_by_itself(left, first.expr, world)):
        return Role("claim")
    if is_broken and (further := _told_further_on(statement, ordinal, world)):
        return Role("definition", further, frozenset(range(1, len(members))))
    is_broken |= is_expanded(left, first)
    if is_broken or (first.expr is not None and _only_tells(left, first.expr, world)):
        return Role("definition", (), frozenset({1}))
    return _defining(statement, ordinal, world, is_renewal)


def _told_further_on(statement: Statement, ordinal: int, world: World) -> Told:
    """``D = ∫ q log(q/p) dz = ½ (μ² + s² - log s² - 1)``: the formula behind an integral that is not read."""
    first, told, *rest = statement.members
    inner = t.walk(told.expr) if told.expr is not None and rest else ()
    if not any(isinstance(p, t.Big) and "int" in p.name for p in inner):
        return ()
    role = _defining(replace(statement, members=(first, *rest)), ordinal, world)
    return tuple(d for d in role.definitions if not d.numeric)


def _by_form(members: Sequence[Member]) -> str | None:
    """What a statement is whatever its names stand for; None where that decides."""
    if any(m.is_blank for m in members):
        return "question"
    if len(members) == 1 and not members[0].relation:
        return "prose"
    if (
        len(members) == 2
        and members[1].relation == "is"
        and all(m.expr is not None and is_plain(m.expr) for m in members)
    ):
        return "prose"  # 2:4, a ratio or a part of a list
    if is_product(members) or any(
        m.relation in ("in", "is") and isinstance(m.expr, t.Shape) for m in members
    ):
        return "shape"
    if members[0].relation:
        return "claim"
    if [m.relation for m in members[1:]] == ["is", "to"]:
        return "prose"  # f: U → V
    left, first = members[0].expr, members[1]
    if any(m.relation in _ACCUMULATE for m in members):
        return "update"
    if first.relation != ":=" or left is None or first.expr is None:
        return None
    return "update" if is_update(left, first.expr, ":=") else None


def _only_tells(left: t.Expr, right: t.Expr, world: World) -> bool:
    """Whether an equation tells of a name without a formula for it."""
    return (
        spells_out(left, right, world)
        or _has_noise(left, right, world)
        or _is_run(left, right, world)
        or _is_chance(left, world)
        or is_of_one_layer(left, right, world)
        or tangents.is_along_any(left, right, world)
        or (isinstance(right, t.Group) and right.kind == "{" and len(right.items) > 1)  # a set
        or (isinstance(left, t.Group) and isinstance(right, t.Apply))  # Y, cache = forward(X)
    )


def _is_chance(left: t.Expr, world: World) -> bool:
    """``P(y = 1 | x) = σ(z)`` says what a model takes for the probability."""
    if not isinstance(left, t.Apply) or left.head.base not in ("P", "Pr", "p"):
        return False
    equations = [p for a in left.args for p in t.walk(a) if isinstance(p, t.Relation)]
    return any(p.relations[:1] == ("=",) for p in equations) and not world.defining(
        pattern_of(left.head, world.spelling)[0]
    )


def _is_run(left: t.Expr, right: t.Expr, world: World) -> bool:
    """``n = 1, …, N``: what an index runs through."""
    if not isinstance(left, t.Symbol) or left.base not in world.spelling.letters:
        return False
    dots = isinstance(right, t.Group) and any(isinstance(x, t.Ellipsis) for x in right.items)
    return dots and not (left.subscripts or left.scripts)


def _has_noise(left: t.Expr, right: t.Expr, world: World) -> bool:
    """``t_n = w^T x_n + ε_n``: how data are thought to arise; they are data all the same."""
    if not isinstance(left, t.Symbol) or not isinstance(right, t.Sum) or not world.has_noise:
        return False
    return any(isinstance(x, t.Symbol) and x.base in NOISES for x in right.terms)


def _starts_collecting(members: Sequence[Member], world: World) -> bool:
    """``dw = 0`` before a loop that adds to it."""
    left, first = members[0].expr, members[1]
    if len(members) != 2 or not isinstance(left, t.Symbol) or first.relation not in ("=", ":="):
        return False
    return is_zero(first.expr) and str(sort(left, world.spelling, {}).key) in world.collected


def _defining(statement: Statement, ordinal: int, world: World, is_renewal: bool = False) -> Role:
    """A chain whose first members are names without a formula so far defines them."""
    members = statement.members
    definitions: list[Definition] = []
    links: set[int] = set()
    shared = shared_number(members, world)
    for n, member in enumerate(members[:-1]):
        following = members[n + 1]
        if member.expr is None or following.expr is None or following.relation not in _EQUALS:
            break
        if n > LONGEST or (n and n not in links) or argument(member.expr, following.expr):
            break
        made = definition_of(member.expr, following.expr, ordinal, world.spelling, False)
        if made is None or (
            not (is_renewal and n == 0) and _is_taken(member.expr, made, world, ordinal)
        ):
            break
        is_value = made.params and is_plain(following.expr) and _is_one_value(made, world)
        if is_value or (n and _is_name_of(made)):
            break
        if n == 0 and (meant := _meant_by_last(member.expr, made, world)) is not None:
            return Role("claim", (Definition(made.pattern, meant, ordinal),))
        numeric = _is_number(following.expr) or is_angle(member.expr, following.expr)
        numeric |= is_numeric(following.expr, world.is_function) and _ends_in_number(members)
        if numeric and not _is_computed_anew(made, world) and _is_computed(made, world):
            break
        is_last = numeric or not _names_again(following.expr, world)
        if shared is not None and not numeric and not _has_formula(made, world):
            made, numeric = replace(made, value=shared), True
        definitions.append(Definition(made.pattern, made.value, ordinal, made.params, numeric))
        links.add(n + 1)
        if is_last:
            break
    told = summands(members, ordinal, world)
    if not definitions:
        return _through_function(statement, ordinal, world, told)
    only_given = (
        all(d.numeric or isinstance(d.value, t.Symbol) for d in definitions)
        and definitions[-1].numeric
    )
    rest = len(members) - 1 - len(links)
    if rest:
        return Role("claim", (*definitions, *told), frozenset(links))
    return Role("given" if only_given else "definition", tuple(definitions), frozenset(links))


def _is_one_value(made: Definition, world: World) -> bool:
    """``D(x) = 0.9`` beside ``D(G(z)) = 0.2``: the number at one place of a function without a formula."""
    known = world.definitions.get(made.pattern.stem, ())
    return made.pattern.stem in world.valued and all(d.numeric for d in known)


def _through_function(statement: Statement, ordinal: int, world: World, told: Told) -> Role:
    """``y = f(x) = x + x^2`` where y is known: it defines f all the same."""
    second = statement.members[1].expr
    if len(statement.members) < 3 or not isinstance(second, t.Apply) or second.primes or told:
        return Role("claim", told)
    if not all(isinstance(a, t.Symbol) for a in arguments(second.args)):
        return Role("claim")
    role = _defining(replace(statement, members=statement.members[1:]), ordinal, world)
    # w = f(v) = y gives the value another name: no formula
    if not any(d.params and not d.numeric and not _is_name_of(d) for d in role.definitions):
        return Role("claim")
    return Role("claim", role.definitions, frozenset(n + 1 for n in role.links))


def _is_name_of(made: Definition) -> bool:
    """Whether a function is told to be a name that is none of its arguments."""
    value = made.value
    is_name = isinstance(value, t.Symbol) and bool(made.params)
    return is_name and not any(same_tree(value, p) for p in made.params)


def _ends_in_number(members: Sequence[Member]) -> bool:
    """``a = g(1.1) = 0.75``: what is left open is told in numbers."""
    last = members[-1].expr
    return last is not None and is_plain(last)


def _names_again(tree: t.Expr, world: World) -> bool:
    """Whether a member in the middle is another name of the same: ``y = f(x_1, x_2) = …``."""
    if isinstance(tree, t.Apply):
        args = arguments(tree.args)  # of p(o | c) as well
        return all(isinstance(a, t.Symbol) for a in args) and (
            len(args) > 1 or stem_of(tree.head) in world.functions
        )
    return isinstance(tree, t.Symbol)


def _result(statement: Statement, ordinal: int, world: World) -> tuple[Definition, ...]:
    """``w^+ = w - η g``: the new name is defined by the formula, unless it is the old one."""
    left, right = statement.members[0].expr, statement.members[1].expr
    if left is None or right is None:
        return ()
    made = definition_of(left, right, ordinal, world.spelling, False)
    is_new = made is not None and not any(same_tree(p, left) for p in t.walk(right))
    if made is None or not is_new or made.pattern.letters or _has_formula(made, world):
        return ()
    return (made,)


def _is_number(tree: t.Expr) -> bool:
    return is_numeric(tree, lambda name: name == "sigma")


def _has_formula(made: Definition, world: World) -> bool:
    return any(not d.numeric for d in world.defining(made.pattern))


def _is_computed(made: Definition, world: World) -> bool:
    """Whether a formula tells the value of a name: ``z = F(x, y)`` with an open F has many levels."""
    known = world.defining(made.pattern)
    return not all(d.numeric or is_of_open_function(d, world.definitions) for d in known)


def _is_computed_anew(made: Definition, world: World) -> bool:
    """``h = σ(0.6)`` behind ``h = σ(0.5)``: the numbers of another pass or case."""
    known = [d for d in world.defining(made.pattern) if not d.numeric]
    if not known or not all(d.lifted for d in known):
        return False
    return _is_number(made.value) and not is_plain(made.value)


def _is_taken(left: t.Expr, made: Definition, world: World, ordinal: int) -> bool:
    """Whether a left side means something already, so that the statement is a claim about it."""
    if _is_computed_anew(made, world) or made.pattern.stem in _ENDS:
        return False
    if _is_computed(made, world) or (_has_formula(made, world) and not is_plain(made.value)):
        return True
    if world.differentials and isinstance(left, t.Apply) and left.head.base == "d":
        return True  # d(XY) is no function called d
    head = left.head if isinstance(left, t.Apply) else left
    if not isinstance(head, t.Symbol):
        return True
    key = sort(head, world.spelling, {}).key
    if isinstance(made.value, t.Call) and made.value.name == NORMAL:
        return False
    fixed = ("e", "pi", "1") if world.spelling.has_euler else ("pi", "1")
    if made.pattern.stem in fixed and not (made.params or made.pattern.indices):
        if made.pattern.stem == "pi":
            return not is_profit(made.value)
        return made.pattern.stem != "e" or not is_plain(made.value)  # e = 0.5 is an error
    if isinstance(made.value, t.Symbol) and _is_alias(made.value, key, world, ordinal):
        return True
    if _family_covers(made, world):
        return True
    if not made.params and _has_entries(made, world) and not _is_total(made):
        return True
    if are_entries(left, made, world) or _is_result_anew(key, made, world):
        return True
    return _is_gradient_name(head, key.stem, world)


def _is_result_anew(key: Key, made: Definition, world: World) -> bool:
    """``E^+ = 0.29`` where E has a formula: what comes out with new parameters."""
    if not is_plain(made.value) or not key.marks or key.marks[-1] not in {("m", x) for x in NEW}:
        return False
    found = world.find(Key(key.stem, key.marks[:-1], key.indices), made.position)
    return found is not None and not found[0].numeric


def _has_entries(made: Definition, world: World) -> bool:
    """Whether the entries of what is defined have a formula: ``z^l`` behind ``z^l_j = …``."""
    env = {c: world.sample(c) for c in made.pattern.letters}
    return bool(world.family(made.pattern.key(env)))


def _is_total(made: Definition) -> bool:
    """``E = Σ_t E_t``: what has the name of its terms is their sum, not the array of them."""
    sums = (p for p in t.walk(made.value) if isinstance(p, t.Big) and p.name == "sum")
    terms = (x for big in sums for x in t.walk(big.body) if isinstance(x, t.Symbol))
    return any(stem_of(x) == made.pattern.stem and (x.subscripts or x.scripts) for x in terms)


def _meant_by_last(left: t.Expr, made: Definition, world: World) -> t.Expr | None:
    """``δ^l = (…) δ^{l+1} …`` behind ``δ^L = ∂C/∂z^L``: every δ is such a derivative."""
    if not isinstance(left, t.Symbol) or not made.is_recursive:
        return None
    places = [n for n, (_, slot) in enumerate(made.pattern.marks) if slot[0] == "letter"]
    if len(places) != 1 or len(made.pattern.marks) != 1:
        return None
    marked = [s for s in left.scripts if s.kind != "transpose"]
    for known in world.definitions.get(made.pattern.stem, ()):
        value, pattern = known.value, known.pattern
        if not isinstance(value, t.Derivative) or len(value.wrt) != 1 or len(pattern.marks) != 1:
            continue
        by = value.wrt[0]
        if pattern.marks[0][1][0] != "const" or pattern.indices != made.pattern.indices:
            continue
        if isinstance(by, t.Symbol) and len(by.scripts) == len(marked) == 1:
            return replace(value, wrt=(replace(by, scripts=tuple(marked)),))
    return None


def _is_alias(value: t.Symbol, key: Key, world: World, ordinal: int) -> bool:
    """Whether the right side is defined to be the left one: ``x = v_0`` behind ``v_0 = x``."""
    found = world.find(sort(value, world.spelling, {}).key, ordinal)
    if found is None or not isinstance(found[0].value, t.Symbol):
        return False
    return sort(found[0].value, world.spelling, {}).key == key


def _family_covers(made: Definition, world: World) -> bool:
    """Whether a general formula holds for this name: ``F_0`` where ``F_i`` is defined, ``z_k`` where ``z_j`` is."""
    env = {c: world.sample(c) for c in made.pattern.letters}
    found = world.find(made.pattern.key(env), made.position)
    told = found is not None and is_of_open_function(found[0], world.definitions)
    if found is None or found[0].numeric or (told and is_plain(made.value)):
        return False
    if isinstance(found[0].value, t.Derivative) and made.pattern.marks and made.pattern.indices:
        return True  # δ_j^l behind δ_i^l = ∂C/∂z_i^l
    return not made.pattern.letters or not (found[0].is_recursive or made.is_recursive)


def _is_gradient_name(head: t.Symbol, stem: str, world: World) -> bool:
    from dvar.check.meaning import gradients
    from dvar.check.meaning.interpret import Interpreter

    key = sort(head, world.spelling, {}).key
    return gradients.is_named(Interpreter(world, 10**9), key)
