r"""Sets that a document gives by their name only: ``(i, j) \in \Omega``, ``j \in N(i)``, ``i \in B``.

Whether something belongs to such a set is left open, as the numbers of other data are: at each point some
members are in and some are out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dvar.check.meaning.keys import indices_of, stem_of
from dvar.check.meaning.letters import parts
from dvar.check.meaning.values import NotUnderstood
from dvar.core.node import Node
from dvar.core.op import variable
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import in_members, rewritten

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter

_PLAIN, _BOUND = "*", ""
_WORD = 2
"""Letters of the longest name that is no word."""
_ALL = frozenset("CDOVY")
"""Letters for the classes, the data, the outputs, the vocabulary and the labels: all of them."""
Form = tuple[str, tuple[str, ...], tuple[str, ...]]
"""How membership is written: the name of the set, what is in it, and what the set itself belongs to."""


def forms(statements: Sequence[Statement]) -> list[Form]:
    """Every way in which the statements speak of members of a set, once each."""
    found: dict[Form, None] = {}
    for part in parts(statements):
        if isinstance(part, t.Relation) and part.relations == ("in",):
            told = _written(*part.members)
            letters = [] if told is None else [_letter(x) for x in (*told[1], *told[2])]
            if told is not None and all(letters):
                cut = len(told[1])
                found[told[0], tuple(letters[:cut]), tuple(letters[cut:])] = None
    return list(found)


def whole(statements: Sequence[Statement]) -> list[Statement]:
    r"""The statements, without sets that are all there is: ``\sum_{w \in V}`` where no sum over w is another one.

    A set that is called by a word, ``Vocab``, is so beside plain sums as well; so are two such words, or one and
    bounds, for sums of different names: ``\sum_{j \in output} (t_j - y_j)^2`` and ``\sum_{j=1}^m w_{kj} y_j``.
    """
    sums = [p for p in parts(statements) if isinstance(p, t.Big) and len(p.indices) == 1]
    sized = {
        stem_of(p.items[0])
        for p in parts(statements)
        if isinstance(p, t.Group) and p.kind == "|" and isinstance(p.items[0], t.Symbol)
    }
    ranges: dict[str, set[str]] = {}
    for big in sums:
        ranges.setdefault(big.indices[0], set()).add(_range_of(big))
    everything: set[str] = set()
    for letter, found in ranges.items():
        names = found - {_PLAIN, _BOUND}
        words = all(len(name) > _WORD or name in _ALL for name in names)
        if not names or names & sized or not (words or found == names):
            continue
        several = names | (found & {_BOUND})
        if len(several) == 1 or (words and _are_of_different_names(sums, letter, several)):
            everything.add(letter)
    inside = [
        p for p in sums if p.indices[0] in everything and _range_of(p) not in (_PLAIN, _BOUND)
    ]
    if not inside:
        return list(statements)

    def change(part: Any) -> t.Expr | None:
        if not isinstance(part, t.Big) or not any(part is big for big in inside):
            return None
        return replace(part, condition=None, body=rewritten(part.body, change))

    return [in_members(s, change) for s in statements]


def _are_of_different_names(sums: Sequence[t.Big], letter: str, sets: set[str]) -> bool:
    """Whether what is summed over one set has no name with this letter that is summed over another one."""
    seen: set[str] = set()
    for name in sets:
        bodies = [big.body for big in sums if big.indices == (letter,) and _range_of(big) == name]
        symbols = (p for body in bodies for p in t.walk(body) if isinstance(p, t.Symbol))
        own = {stem_of(p) for p in symbols if any(_letter(s) == letter for s in p.subscripts)}
        if seen & own or not own:
            return False
        seen |= own
    return True


def _range_of(big: t.Big) -> str:
    """The set that a sum runs over by its name alone; another word for anything else."""
    if big.low is None and big.high is None and big.condition is None:
        return _PLAIN
    told = None
    if isinstance(big.condition, t.Relation) and big.condition.relations == ("in",):
        told = _written(*big.condition.members)
    return told[0] if told is not None and not told[2] and len(told[1]) == 1 else _BOUND


def _written(left: t.Expr, right: t.Expr) -> tuple[str, list[t.Expr], list[t.Expr]] | None:
    elements: list[t.Expr] = list(left.items) if isinstance(left, t.Group) else [left]
    owners: list[t.Expr]
    if isinstance(right, t.Apply) and not (right.scripts or right.primes):
        owners = [*right.head.subscripts, *right.args]
        return stem_of(right.head), elements, owners
    if isinstance(right, t.Symbol) and not right.primes:
        owners = [*right.subscripts, *(s.value for s in right.scripts if s.value is not None)]
        return stem_of(right), elements, owners
    return None


def _letter(tree: t.Expr) -> str:
    if isinstance(tree, t.Label):
        return tree.text
    return tree.base if isinstance(tree, t.Symbol) and not tree.subscripts else ""


def holds(e: Interpreter, left: t.Expr, right: t.Expr) -> Node:
    """Whether something belongs to a set; a truth that is open."""
    told = _written(left, right)
    if told is None:
        raise NotUnderstood("a condition of this kind")
    name, elements, owners = told
    places = [e.whole(x) for x in elements]
    at = [i for x in owners for i in indices_of(x, e.world.spelling, e.env)]
    if None in places:
        raise NotUnderstood(f"what belongs to {name}")
    letters = tuple(map(_letter, elements)), tuple(map(_letter, owners))
    values = [str(x) for x in (*places, *at)]
    if len(values) == 2 and len(elements) + len(owners) == 2:
        name, values = _relation(e.world.sets, (name, *letters), values)
    label = f"{name} of {','.join(values)}"
    # Which of two numbers is the larger is open wherever numbers are drawn from.
    first, second = (variable(f"{label}{mark}", (), key=e.world.number) for mark in ("", "'"))
    e.world.truths.add(first)
    return TABLE["greater"](first, second)


def _relation(known: Sequence[Form], form: Form, values: list[str]) -> tuple[str, list[str]]:
    """The pairs that a set is about: ``i \\in R_u`` and ``u \\in U_i`` say of the same ones ``(u, i) \\in K``."""
    name, elements, owners = form
    letters = (*elements, *owners)
    related = [f for f in known if {*f[1], *f[2]} == set(letters) and len(set(letters)) == 2]
    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], set[str]] = {}
    for other, inside, outside in related:
        alike.setdefault((inside, outside), set()).add(other)
    if not owners or not related or any(len(names) > 1 for names in alike.values()):
        return name, values  # P(i) and N(i) are two sets
    pairs = [f for f in related if not f[2]]
    others = {f[0] for f in related}
    if pairs:
        order, name = pairs[0][1], pairs[0][0]
    elif len(others) > 1:
        order, name = tuple(sorted(letters)), "&".join(sorted(others))
    else:
        return name, values
    return name, [values[letters.index(letter)] for letter in order]
