"""∇ in front of what it acts on."""

from __future__ import annotations

from dvar.read.worksheet import tree as t
from dvar.read.worksheet.mathematics.grammar.derivatives import Derivatives
from dvar.read.worksheet.mathematics.grammar.differentials import named
from dvar.read.worksheet.mathematics.tokens import NUMBER


class Nablas(Derivatives):
    """Gradients that are written with ∇."""

    def nabla(self) -> t.Expr:
        r"""``\nabla_\theta J``, ``∇f(x)``, ``\nabla^2 f``: acts on one operand."""
        start = self.at
        self.at += 1
        wrt: list[t.Expr] = []
        order = 1
        for _ in range(3):
            if self.accept("_"):
                wrt += [named(b) for b in self.subscript()]
            elif self.sees("^") and self._is_order():
                self.at += 1
                self.argument()
                order = 2
        self._skip_empty()
        if not (self.starts_operand() or self.sees("|", "norm")):
            expr = t.Derivative(None, tuple(wrt) * order, "nabla", self.since(start), True)
            return self.attach(expr, self.hung(), start)
        of = self._whole_form(wrt) or self.factor()
        span = self.since(start)
        if order == 2 and not wrt:
            return t.Derivative(t.Derivative(of, (), "nabla", span, True), (), "nabla", span, True)
        return t.Derivative(of, tuple(wrt) * order, "nabla", span, True)

    def _whole_form(self, wrt: list[t.Expr]) -> t.Expr | None:
        r"""``\nabla_x a^\top x``: what begins transposed is no function, but a product in which x stands."""
        start = self.at
        first = self.factor()
        marks = first.scripts if isinstance(first, t.Symbol) else ()
        by = {x.base for x in wrt if isinstance(x, t.Symbol)}
        if by and any(s.kind == "transpose" for s in marks) and self.starts_operand():
            self.at = start
            whole = self.product(until=self._ends_acting)
            if any(isinstance(x, t.Symbol) and x.base in by for x in t.walk(whole)):
                return whole
        self.at = start
        return None

    def _skip_empty(self) -> None:
        if self.sees("{") and self.mates[self.at] == self.at + 1:
            self.at += 2

    def _is_order(self) -> bool:
        n = self.at + 1
        if n < self.end and self.tokens[n].is_("{"):
            n += 1
        return n < self.end and self.tokens[n].kind == NUMBER and self.tokens[n].text == "2"
