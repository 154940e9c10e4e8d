"""New values that are asked for by name: ``w^{new} = ___`` is one step of gradient descent from ``w``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dvar.check.judge.assignments import is_rate, old_name
from dvar.check.judge.chain import Place
from dvar.check.judge.own_names import Names
from dvar.check.meaning.keys import stem_of
from dvar.check.meaning.values import NotUnderstood
from dvar.check.solve.numbers import bare, first_value
from dvar.check.solve.questions import Question
from dvar.core.errors import DvarError
from dvar.core.op import Array
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member
from dvar.read.worksheet.parts import same_tree


def with_step(place: Place, question: Question, text: str, spelled: Names) -> tuple[Question, str]:
    """The question with the step that leads to what is asked for, and the step as it is written.

    The text is empty, and the question as it was, where no new value is asked for, or where the document
    does not name a loss, a learning rate with a number, and the old value.
    """
    found = _Step(place, question, text, spelled).found()
    return (question, "") if found is None else found


class _Step:
    def __init__(self, place: Place, question: Question, text: str, spelled: Names) -> None:
        self.place, self.question = place, question
        self.text, self.spelled = text, spelled

    def found(self) -> tuple[Question, str] | None:
        first = self.question.members[0]
        if not isinstance(first.expr, t.Symbol) or len(self.question.members) > 1:
            return None
        old = old_name(first.expr) or (first.expr if self.question.renews else None)
        loss = self.place.world.loss
        if old is None or loss is None:
            return None
        weight = self._named(lambda symbol: same_tree(symbol, old))
        rate = self._named(lambda symbol: is_rate(symbol) and self._number(symbol) is not None)
        of = self._named(lambda symbol: stem_of(symbol) == loss.stem and not symbol.scripts)
        if weight is None or rate is None or of is None:
            return None
        span = first.span
        slope = t.Derivative(of[0], (old,), "partial", span)
        step = t.Product((rate[0], slope), ("",), span)
        tree = t.Sum((old, step), (1, -1), span)
        latex = self.question.latex
        d = "∂" if "∂" in self.text else "d"
        sloped = (
            rf"\frac{{\partial {of[1]}}}{{\partial {weight[1]}}}"
            if latex
            else f"{d}{of[1]}/{d}{weight[1]}"
        )
        times = " " if latex else " * "
        written = f"{weight[1]} - {rate[1]}{times}{sloped}"
        put_in = self._put_in(old, rate[0], slope)
        if put_in:
            written = f"{written} = {put_in}"
        members = (first, Member(":=" if self.question.renews else "=", tree, span))
        return replace(self.question, members=members), written

    def _named(self, fits: Callable[[t.Symbol], bool]) -> tuple[t.Symbol, str] | None:
        """A name of the document, and how it is spelled where the question stands."""
        names = self.spelled.found.items()
        own = ((symbol, w) for (w, latex), (symbol, _) in names if latex == self.question.latex)
        return next((found for found in own if fits(found[0])), None)

    def _number(self, tree: t.Expr) -> Array | None:
        """The number of a quantity, if it is one."""
        try:
            node = self.place.reader(env={}).node(tree)
        except (NotUnderstood, DvarError):
            return None
        self.place.sync()
        return first_value([node], self.place.ledger.states(), 1)

    def _put_in(self, *trees: t.Expr) -> str:
        """``0.5 - 0.1 \\cdot (-0.475)``; empty for arrays."""
        numbers = [self._number(tree) for tree in trees]
        shown = [bare(x, self.question.latex) for x in numbers if x is not None]
        if len(shown) < len(trees):
            return ""
        dot = r" \cdot " if self.question.latex else " * "
        old, rate, slope = (f"({x})" if x.startswith("-") and n else x for n, x in enumerate(shown))
        return f"{old} - {rate}{dot}{slope}"
