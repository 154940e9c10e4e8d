"""A problem being judged: what is known of it, and what has been found so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dvar.check.judge import alternatives, following
from dvar.check.judge.ledger import Ledger
from dvar.check.judge.own_names import Names
from dvar.check.judge.problem import Problem
from dvar.check.meaning.assumptions import Assumption
from dvar.check.meaning.implicit import Curve
from dvar.check.meaning.keys import Key
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Member, Statement
from dvar.read.worksheet.parts import same_tree


@dataclass
class Context:
    """What judging a statement needs of the rest of its problem."""

    document: Document
    statements: Sequence[Statement]
    problem: Problem
    ledger: Ledger
    previous: int | None = None
    prose: str = ""
    names: dict[Key, t.Symbol] = field(default_factory=dict)
    constraints: list[Assumption] = field(default_factory=list)
    twins: Mapping[str, set[str]] = field(default_factory=dict)
    chains: dict[int, list[Member]] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    conditions: dict[int, list[t.Expr]] = field(default_factory=dict)
    signs: dict[int, list[t.Expr]] = field(default_factory=dict)
    faults: dict[int, int] = field(default_factory=dict)
    asked: list[following.Condition] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    spelled: Names | None = None

    def own_names(self) -> Names:
        """The names of the problem as the document spells them."""
        if self.spelled is None:
            self.spelled = Names(self.document, self.statements, self.problem.ordinals)
        return self.spelled

    def others(self, statement: Statement) -> list[t.Symbol]:
        """Names of the problem that may have been meant, those nearest to the statement first; not what it is about."""
        if not self.names:
            own = [self.statements[ordinal] for ordinal in self.problem.ordinals]
            self.names = alternatives.named(self.problem.world.spelling, own)
        found = alternatives.nearest_first(self.problem.world, self.names, statement)
        whole: Sequence[Member] = statement.members
        if whole[0].relation and self.previous is not None:
            whole = self.chains.get(self.previous, [])
        subject = whole[0].expr if whole else None
        subject = subject.head if isinstance(subject, t.Apply) else subject
        # V = V is right whatever V is.
        return [name for name in found if not same_tree(name, subject)]
