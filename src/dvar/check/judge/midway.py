"""Steps that get their name afterwards: ``a_j = σ(Σ_k w_{jk} x_k + b_j)``, of which ``z_j`` is the sum further on.

Where a derivative is taken by ``z_j``, a has to be known as made of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from dvar.check.judge.compare import compare
from dvar.check.meaning import effort
from dvar.check.meaning.choices import Choices
from dvar.check.meaning.definitions import Definition
from dvar.check.meaning.interpret import Interpreter
from dvar.check.meaning.keys import stem_of
from dvar.check.meaning.letters import parts
from dvar.check.meaning.values import NotUnderstood, sizes
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import rewritten, same_tree


def name_steps(world: World, statements: Sequence[tuple[int, Statement]]) -> None:
    """Put names by which derivatives are taken where the steps stand that they are names of, if that is the same."""
    sloped = {stem_of(x) for part in parts(s for _, s in statements) for x in _by(part)}
    told = [
        (ordinal, left, value)
        for ordinal, statement in statements
        for left, value in _equation(statement)
        if {stem_of(left), *_argument(value)} & sloped & world.definitions.keys()
    ]
    for made in [d for several in world.definitions.values() for d in several] if told else ():
        for ordinal, left, value in told:
            if ordinal <= made.position or made.numeric:
                continue
            new = _named(made, left, value)
            if new is not None and _is_same(world, made, new):
                world.exchange(made.pattern.stem, [made.value], new)
                break


def _by(part: t.Expr | t.Script) -> Iterator[t.Symbol]:
    """What a derivative is taken by, ``∂C/∂z`` and ``σ'(z)``."""
    if isinstance(part, t.Derivative):
        yield from (x for x in part.wrt if isinstance(x, t.Symbol))
    elif isinstance(part, t.Apply) and (part.primes or part.head.primes):
        yield from (x for x in part.args if isinstance(x, t.Symbol))


def _equation(statement: Statement) -> Iterator[tuple[t.Symbol, t.Expr]]:
    """``z_j = Σ_k w_{jk} x_k + b_j``, and ``a = σ(z)``."""
    if len(statement.members) != 2:
        return
    left, value = (m.expr for m in statement.members)
    if isinstance(left, t.Symbol) and not left.primes and value is not None:
        if isinstance(value, (t.Sum, t.Big)) or _argument(value):
            yield left, value


def _argument(value: t.Expr | None) -> set[str]:
    """The name that a function is of."""
    if not isinstance(value, (t.Apply, t.Call)) or len(value.args) != 1 or value.primes:
        return set()
    (of,) = value.args
    return {stem_of(of)} if isinstance(of, t.Symbol) else set()


def _named(made: Definition, left: t.Symbol, value: t.Expr) -> t.Expr | None:
    """The value of a definition with ``left`` where it has ``value``; or with the argument of another formula for it."""
    if isinstance(value, (t.Sum, t.Big)):
        if stem_of(left) == made.pattern.stem or isinstance(made.value, (t.Sum, t.Big)):
            return None

        def change(part: t.Expr) -> t.Expr | None:
            is_step = isinstance(part, (t.Sum, t.Big)) and same_tree(part, value)
            return replace(left, span=part.span) if is_step else None

        changed: t.Expr = rewritten(made.value, change)
        return None if same_tree(changed, made.value) else changed
    before = made.value
    if stem_of(left) != made.pattern.stem or left.subscripts or not made.pattern.indices:
        return None
    if not isinstance(before, (t.Apply, t.Call)) or not isinstance(value, (t.Apply, t.Call)):
        return None
    (of,) = value.args
    is_alike = same_tree(replace(before, args=()), replace(value, args=()))
    if not is_alike or not isinstance(of, t.Symbol) or isinstance(before.args[0], t.Symbol):
        return None
    below = tuple(t.Label(str(slot), of.span) for _, slot, _ in made.pattern.indices)
    return replace(before, args=(replace(of, subscripts=below),))


def _is_same(world: World, made: Definition, new: t.Expr) -> bool:
    """Whether another value of a definition comes to the same."""
    with world.unchanged(), suppress(NotUnderstood, effort.TooMuch), effort.bounded():
        env = {c: world.sample(c) for c in made.pattern.letters}
        reader = Interpreter(world, made.position, Choices(), env)
        before = reader.node(made.value)
        return bool(compare(before, reader.node(new, sizes(before))).holds)
    return False
