r"""Laws that a document leaves open, of one thing or several: ``p(x, z)``, ``p_θ(x | z)`` and ``p(z)`` belong together.

Everything drawn has a few outcomes, whose probabilities are a smooth function of the parameters: what holds for every
law holds for this one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from dvar.check.meaning import functions
from dvar.check.meaning.keys import Key, arguments, stem_of
from dvar.check.meaning.letters import parts
from dvar.check.meaning.values import add, number, sizes
from dvar.core.node import Node
from dvar.core.op import constant
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter
    from dvar.check.meaning.world import World

OUTCOMES = 3
"""Outcomes of a law that is left open: as many as an index letter runs through where nothing is said."""
_MOST = 3
"""Things that one law may be of."""
_PARAMETERS = frozenset(
    ["theta", "phi", "eta", "psi", "lambda", "Theta", "Phi", "vartheta", "varphi", "omega"]
)
"""Letters of parameters, unless a probability is of them."""


@dataclass(frozen=True)
class Law:
    """What a document writes of one probability.

    Attributes:
        of: stems of all that it is a probability of, in order.
        under: parameters below its name or among what it is given.
        plain: stems that it is of without any parameter, ``p(z)`` beside ``p_θ(x | z)``.
        form: its only form, ``q(z | x)``; None where there are several.
    """

    of: tuple[str, ...]
    under: tuple[t.Symbol, ...]
    plain: frozenset[str]
    form: t.Apply | None


def see(world: World, statements: Sequence[Statement]) -> None:
    """Note of what each probability is, and which parameters it has."""
    uses: dict[str, list[t.Apply]] = {}
    for part in parts(statements):
        if isinstance(part, t.Apply) and part.args and stem_of(part.head) in world.densities:
            uses.setdefault(stem_of(part.head), []).append(part)
    for stem, forms in uses.items():
        names = [[drawn_name(arg) for arg in arguments(form.args)] for form in forms]
        if all(name is not None for several in names for name in several):
            told = [[n for n in several if n is not None] for several in names]
            world.joint[stem] = _law(forms, told)


def _law(forms: Sequence[t.Apply], names: Sequence[Sequence[t.Symbol]]) -> Law:
    drawn = {stem_of(several[0]) for several in names}
    given = [x for several in names for x in several if x.base in _PARAMETERS]
    below = [x for form in forms for x in form.head.subscripts if isinstance(x, t.Symbol)]
    under = {x.base: x for x in (*below, *given) if stem_of(x) not in drawn}
    of = {stem_of(x) for several in names for x in several} - under.keys()
    plain: set[str] = set()
    for form, several in zip(forms, names, strict=True):
        if not form.head.subscripts and not {x.base for x in several} & under.keys():
            plain |= {stem_of(x) for x in several}
    alike = {tuple(map(stem_of, several)) for several in names}
    only = forms[0] if len(alike) == 1 else None
    params = tuple(under[k] for k in sorted(under))
    return Law(tuple(sorted(of)), params, frozenset(plain) if under else frozenset(), only)


def drawn_name(tree: t.Expr) -> t.Symbol | None:
    """``z`` of ``p(z)``, ``p(z | x)`` and ``p(z = k)``."""
    while isinstance(tree, t.Relation) and tree.relations[0] in ("mid", "="):
        tree = tree.members[0]
    return tree if isinstance(tree, t.Symbol) else None


def joint(
    e: Interpreter, key: Key, values: Sequence[Node], args: Sequence[t.Expr], drawn: int
) -> Node | None:
    """``p(x, z)``, ``p(z | x)`` and ``p(x)`` of one law of x and z together; None where it is of one thing only.

    Args:
        drawn: how many arguments stand in front of the bar; 0 for all.
    """
    law = e.world.joint.get(key.stem)
    names = [drawn_name(arg) for arg in args]
    if law is None or not 1 < len(law.of) <= _MOST or len(names) != len(values) or None in names:
        return None
    stems = [stem_of(name) for name in names if name is not None]
    if len(set(stems)) < len(stems):
        return None
    at = dict(zip(stems, values, strict=True))
    own = {stem: at[stem] for stem in law.of if stem in at}
    params = {p.base for p in law.under}
    others = [str(i) for i in key.indices if str(i) not in params]
    mine = [p for p in law.under if not others or p.base in {*map(str, key.indices), *stems}]
    under = [at[stem_of(p)] if stem_of(p) in at else e.node(p) for p in mine]
    weigh = _Weights(e, f"{key.stem}_{','.join(others)}", law, under)
    given = {s: own[s] for s in stems[drawn or len(stems) :] if s in own}
    return TABLE["divide"](weigh.total(own), weigh.total(given))


@dataclass(frozen=True)
class _Weights:
    """How likely all that a law is of is together, up to a factor.

    What is written without parameters does not depend on them: of ``p_θ(x | z)`` and ``p(z)`` the first does.
    """

    e: Interpreter
    name: str
    law: Law
    under: Sequence[Node]

    def total(self, known: Mapping[str, Node]) -> Node:
        missing = [stem for stem in self.law.of if stem not in known]
        if not missing:
            return self._weight(known)
        stem = missing[0]
        options = outcomes(self.e.node(t.Symbol(stem, (0, 0))))
        return reduce(add, [self.total({**known, stem: outcome}) for outcome in options])

    def _weight(self, at: Mapping[str, Node]) -> Node:
        plain = [stem for stem in self.law.of if stem in self.law.plain]
        whole = self._open("", [at[stem] for stem in self.law.of], self.under)
        if not plain or len(plain) == len(self.law.of):
            return whole
        rest = _Weights(self.e, self.name, Law(self.law.of, (), frozenset(), None), self.under)
        prior = self._open(" alone", [at[stem] for stem in plain], ())
        share = TABLE["divide"](whole, rest.total({stem: at[stem] for stem in plain}))
        return TABLE["multiply"](share, prior)

    def _open(self, what: str, values: Sequence[Node], under: Sequence[Node]) -> Node:
        return TABLE["exp"](functions.open_function(self.name + what, [*values, *under], True))


def outcomes(like: Node) -> list[Node]:
    """What may come out, of the shape of a name."""
    shape = sizes(like)
    return [
        constant(
            np.full(shape, float(k)) + np.arange(max(1, int(np.prod(shape)))).reshape(shape) * 0.1
        )
        if shape
        else number(float(k))
        for k in range(1, OUTCOMES + 1)
    ]


__all__ = ["OUTCOMES", "Law", "drawn_name", "joint", "outcomes", "see"]
