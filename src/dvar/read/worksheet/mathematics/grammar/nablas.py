"""∇ in front of what it acts on."""

from __future__ import annotations

from dataclasses import replace

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
        if order == 2 and len(wrt) == 1:
            wrt = [_once(wrt[0])]
        self._skip_empty()
        if not (self.starts_operand() or self.sees("|", "norm")):
            expr = t.Derivative(None, tuple(wrt) * order, "nabla", self.since(start), True)
            return self.attach(expr, self.hung(), start)
        of = self._bracketed_name() or self._whole_form(wrt) or self.factor()
        span = self.since(start)
        if order == 2 and not wrt:
            return t.Derivative(t.Derivative(of, (), "nabla", span, True), (), "nabla", span, True)
        return t.Derivative(of, tuple(wrt) * order, "nabla", span, True)

    def _bracketed_name(self) -> t.Expr | None:
        r"""``\nabla(f)(x)``: the name of a function in brackets of its own, applied."""
        end = self.mates[self.at] if self.sees("(") else -1
        if end != self.at + 2 or end + 1 >= self.end or not self.tokens[end + 1].is_("("):
            return None
        if self.peek().text not in self.lexicon.functions:
            return None
        self.at += 1
        name = self.name()
        self.at = end + 1
        return self.applied(name, end - 2)

    def _whole_form(self, wrt: list[t.Expr]) -> t.Expr | None:
        r"""``\nabla_x a^\top x``, ``\nabla \tfrac12 \|x\|^2``: what begins so is no function, but a product."""
        start, tokens = self.at, list(self.tokens)  # reading takes \frac12 to pieces
        if self.sees("|", "norm"):
            return None
        first = self.factor()
        by = {x.base for x in wrt if isinstance(x, t.Symbol)}
        marks = first.scripts if isinstance(first, t.Symbol) else ()
        is_turned = bool(by) and any(s.kind == "transpose" for s in marks)
        if (is_turned or _is_number(first)) and (self.starts_operand() or self.sees("|", "norm")):
            self.at, self.tokens[:] = start, tokens
            whole = self.product(until=self._ends_acting)
            held = any(isinstance(x, t.Symbol) and x.base in by for x in t.walk(whole))
            if held or not is_turned:
                return whole
        self.at, self.tokens[:] = start, tokens
        return None

    def _skip_empty(self) -> None:
        if self.sees("{") and self.mates[self.at] == self.at + 1:
            self.at += 2

    def _is_order(self) -> bool:
        n = self.at + 1
        if n < self.end and self.tokens[n].is_("{"):
            n += 1
        return n < self.end and self.tokens[n].kind == NUMBER and self.tokens[n].text == "2"


def _once(name: t.Expr) -> t.Expr:
    r"""x of ``\nabla_{xx}^2 L``."""
    twice = isinstance(name, t.Symbol) and len(name.base) == 2 and len(set(name.base)) == 1
    return replace(name, base=name.base[0]) if twice and isinstance(name, t.Symbol) else name


def _is_number(tree: t.Expr) -> bool:
    parts = (tree.above, tree.below) if isinstance(tree, t.Quotient) else (tree,)
    return all(isinstance(part, t.Number) for part in parts)
