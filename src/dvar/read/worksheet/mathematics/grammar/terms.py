r"""Sums, products, quotients, comparisons: the top of the grammar."""

from __future__ import annotations

from collections.abc import Callable

from dvar.read.worksheet import tree as t
from dvar.read.worksheet.mathematics import colons, vocabulary, words
from dvar.read.worksheet.mathematics.grammar.cursor import widened
from dvar.read.worksheet.mathematics.grammar.differentials import by_product_rule
from dvar.read.worksheet.mathematics.grammar.operands import Operands
from dvar.read.worksheet.mathematics.grammar.shapes import as_shape
from dvar.read.worksheet.mathematics.tokens import (
    NAME,
    NUMBER,
    SIGN,
    TEXT,
)

_COMPARES = frozenset(words.RELATIONS)


class Grammar(Operands):
    def member(self) -> t.Expr:
        """One side of a relation: an expression, or several with commas between them."""
        start = self.at
        items = [self.expression()]
        while self.accept(","):
            if self.at >= self.end:
                break
            items.append(self.expression())
        while self.token.kind == TEXT:
            self.said.append(self.take().text)
        if self.at < self.end:
            raise self.unexpected()
        if len(items) == 1:
            return items[0]
        return t.Group("tuple", tuple(items), self.since(start))

    # ── comparisons ─────────────────────────────────────────────────────────────────────────────

    def comparison(self) -> t.Expr:
        start = self.at
        parts = [self._related()]
        names: list[str] = []
        while (joint := self._joint()) is not None:
            names.append(joint)
            parts.append(self._related())
        if len(parts) == 1:
            return parts[0]
        name = "or" if "or" in names else "and"
        return t.Logic(name, tuple(parts), self.since(start))

    def _joint(self) -> str | None:
        token = self.token
        if token.kind == SIGN and token.text in words.LOGIC:
            self.at += 1
            return words.LOGIC[token.text]
        if (
            token.kind == TEXT
            and token.text.lower() in vocabulary.CONJUNCTIONS
            and self.at + 1 < self.end
        ):
            self.at += 1
            return vocabulary.CONJUNCTIONS[token.text.lower()]
        return None

    def _related(self) -> t.Expr:
        start = self.at
        if self.sees("lnot") or (self.token.kind == TEXT and self.token.text == "not"):
            self.at += 1
            return t.Logic("not", (self._related(),), self.since(start))
        if self.token.kind == SIGN and self.token.text in _COMPARES:
            relation = words.RELATIONS[self.take().text]
            side = self._side(relation)
            return (
                side
                if relation in ("in", "=")
                else t.Relation((side, side), (relation,), self.since(start))
            )
        members = [self.expression()]
        relations: list[str] = []
        while self.token.kind == SIGN and (
            self.token.text in _COMPARES or self.token.text in ("to", "implies", "iff")
        ):
            sign = self.take().text
            relation = words.RELATIONS.get(sign, sign)
            if self.at >= self.end:
                break
            relations.append(relation)
            members.append(self._side(relation))
        if not relations:
            return members[0]
        return t.Relation(tuple(members), tuple(relations), self.since(start))

    def _side(self, relation: str) -> t.Expr:
        start = self.at
        if self.token.kind == SIGN and self.token.text in _COMPARES:
            self.at += 1
        side = self.expression()
        return as_shape(side, self.since(start)) if relation == "in" else side

    # ── sums ────────────────────────────────────────────────────────────────────────────────────

    def expression(self) -> t.Expr:
        over = self._over_sign()
        if over is not None:
            return self._stacked(over)
        expr = self.sum()
        return self._conditional(expr) if self.token.kind == TEXT else expr

    def _over_sign(self) -> int | None:
        r"""``{a \over b}``: where the bar stands."""
        n = self.at if self.has_over else self.end
        while n < self.end:
            if self.tokens[n].names("over", "choose"):
                return n
            if self.tokens[n].is_(",") or (
                self.tokens[n].kind == SIGN and self.tokens[n].text in _COMPARES
            ):
                return None
            n = self.mates[n] + 1 if self.mates[n] > n else n + 1
        return None

    def _stacked(self, over: int) -> t.Expr:
        start, end = self.at, self.end
        above = self.within(start, over, self.expression)
        below = self.within(over + 1, end, self.expression)
        self.at = end
        if self.tokens[over].text == "choose":
            return t.Call("binomial", (above, below), self.since(start))
        return t.Quotient(above, below, self.since(start))

    def sum(self) -> t.Expr:
        start = self.at
        terms: list[t.Expr] = []
        signs: list[int] = []
        sign = self._sign()
        leading = sign is not None
        while True:
            terms.append(self._term())
            signs.append(1 if sign is None else sign)
            sign = self._sign()
            if sign is None:
                break
        if len(terms) > 1:
            return _logistic(t.Sum(tuple(by_product_rule(terms)), tuple(signs), self.since(start)))
        if leading and signs[0] == -1:
            return t.Negative(terms[0], self.since(start))
        if leading and signs[0] == 0:
            return t.Sum(tuple(terms), tuple(signs), self.since(start))
        return terms[0]

    def _sign(self) -> int | None:
        token = self.token
        if token.kind == SIGN and token.text in words.SUMS:
            self.at += 1
            return words.SUMS[token.text]
        return None

    def _term(self) -> t.Expr:
        """A product, which behind a sign may have a sign of its own: ``a + -b``."""
        start = self.at
        if self.sees("-"):
            self.at += 1
            if self.sees("-", "+"):
                return t.Negative(self._nested_sign(), self.since(start))
            return t.Negative(self.pairing(), self.since(start))
        self.accept("+")
        return self.pairing()

    def _nested_sign(self) -> t.Expr:
        """Many signs in a row, without recursion."""
        start = self.at
        negative = False
        while self.sees("-", "+"):
            negative ^= self.take().text == "-"
        operand = self.pairing()
        return t.Negative(operand, self.since(start)) if negative else operand

    # ── products ────────────────────────────────────────────────────────────────────────────────

    def pairing(self) -> t.Expr:
        """``A : B C``, the inner product of two matrices, which binds less than every other product."""
        start = self.at
        left = self.product()
        while self.accept(colons.PRODUCT):
            left = t.Group(colons.PRODUCT, (left, self.product()), self.since(start))
        return left

    def product(self, until: Callable[[t.Expr, int], bool] | None = None) -> t.Expr:
        start = self.at
        factors = [self.factor()]
        operators: list[str] = []
        first = factors[0]
        while self.at < self.end:
            token = self.token
            if token.kind == SIGN and token.text in words.PRODUCTS:
                if until is not None and until(first, self.at):
                    break
                if self.at + 1 >= self.end:
                    break
                self.at += 1
                operators.append(words.PRODUCTS[token.text])
                factors.append(self.signed())
            elif token.kind == SIGN and token.text in words.QUOTIENTS:
                self.at += 1
                below = self._below_slash(factors[-1])
                above = self._folded(factors, operators, start)
                factors = [t.Quotient(above, below, self.since(start), token.text != "div")]
                operators = []
            elif self.starts_operand() or self.opens_bar():
                operators.append("")
                factors.append(self.factor())
            elif token.kind == TEXT and self._is_aside():
                self.said.append(self.take().text)
            elif token.is_("(") and self._holds_talk():
                self._skip_talk()
            else:
                break
        return self._folded(factors, operators, start)

    def _folded(self, factors: list[t.Expr], operators: list[str], start: int) -> t.Expr:
        if len(factors) == 1:
            return factors[0]
        return t.Product(
            tuple(factors), tuple(operators), widened(factors[0].span, factors[-1].span)
        )

    def signed(self) -> t.Expr:
        """A factor with its own sign: ``a * -1``."""
        start = self.at
        negative = False
        while self.sees("-", "+"):
            negative ^= self.take().text == "-"
        operand = self.factor()
        return t.Negative(operand, self.since(start)) if negative else operand

    def _below_slash(self, above: t.Expr) -> t.Expr:
        """``1/2m`` is 1/(2m), ``1/2 (a - y)`` and ``a/b c`` are not."""
        start = self.at
        first = self.signed()
        factors = [first]
        if not isinstance(first, (t.Number, t.Symbol)):
            return first
        while (
            self.token.kind in (NAME, NUMBER)
            and not self.token.gap
            and self._belongs_below(above, factors)
        ):
            factors.append(self.factor())
        return self._folded(factors, [""] * (len(factors) - 1), start)

    def _belongs_below(self, above: t.Expr, factors: list[t.Expr]) -> bool:
        if self.code or self.token.spaced:
            return False
        if isinstance(factors[0], t.Symbol):
            # a/bc in one run; a/b_1c_1 too
            return self.token.kind == NAME and not self.latex
        half = isinstance(above, t.Number) and isinstance(factors[0], t.Number)
        after = self.peek()
        squared = after.is_("^") and self.token.text != "sigma"
        return not (half and squared)

    def _is_aside(self) -> bool:
        """Words between factors inside brackets."""
        return self.depth > 0 and self.latex and self.at + 1 < self.end and not self._is_joint()

    def _is_joint(self) -> bool:
        first = self.token.text.lower().split(" ")[0].strip(",.")
        return (
            first in vocabulary.CONJUNCTIONS
            or first in vocabulary.CONDITIONAL
            or first in vocabulary.OTHERWISE
        )

    def _skip_talk(self) -> None:
        start, end = self.enter()
        self.said += [token.text for token in self.tokens[start:end]]

    # ── conditions written into a line ──────────────────────────────────────────────────────────

    def _conditional(self, value: t.Expr) -> t.Expr:
        """``1 if z > 0 else 0``, ``x if x > 0, 0 otherwise``."""
        branches: list[tuple[t.Expr, t.Expr | None]] = []
        start = self.at
        while self._is_if(self.token):
            self.at += 1
            condition = self.comparison()
            branches.append((value, condition))
            self.accept(",", ";")
            if self.token.kind == TEXT and self.token.text.lower() in vocabulary.OTHERWISE:
                self.at += 1
                self.accept(",")
                branches.append((self.sum(), None))
                break
            if self.at >= self.end:
                break
            value = self.sum()
            if self.token.kind == TEXT and self.token.text.lower() in vocabulary.OTHERWISE:
                self.at += 1
                branches.append((value, None))
                break
        if not branches:
            return value
        return t.Cases(tuple(branches), widened(branches[0][0].span, self.since(start)))


def _logistic(tree: t.Sum) -> t.Expr:
    """``1 / 1 + e^{-z}`` as ``1 / (1 + e^{-z})``: nobody divides one by one."""
    first, second = tree.terms[0], tree.terms[1]
    ones = isinstance(first, t.Quotient) and first.inline
    if tree.signs != (1, 1) or not ones or not isinstance(second, (t.Symbol, t.Call)):
        return tree
    assert isinstance(first, t.Quotient)
    above, below = first.above, first.below
    if not all(isinstance(x, t.Number) and x.text == "1" for x in (above, below)):
        return tree
    is_power = (second.base == "e" and second.scripts) if isinstance(second, t.Symbol) else None
    if not (is_power or (isinstance(second, t.Call) and second.name == "exp")):
        return tree
    whole = t.Sum((below, second), (1, 1), (below.span[0], second.span[1]))
    return t.Quotient(above, whole, tree.span, inline=True)
