r"""Derivatives in every spelling: ``\frac{\partial L}{\partial w}``, ``dL/dw``, ``d²f/dxdy``, ``∇_θ J``.

``dL`` is one name until what stands below it shows that the d is an operator.
"""

from __future__ import annotations

from dataclasses import replace

from dvar.read.worksheet import tree as t
from dvar.read.worksheet.mathematics import words
from dvar.read.worksheet.mathematics.grammar.calls import Calls
from dvar.read.worksheet.mathematics.grammar.cursor import Unreadable
from dvar.read.worksheet.mathematics.grammar.differentials import (
    counted,
    named,
    unwrapped,
)
from dvar.read.worksheet.mathematics.tokens import (
    ATTRIBUTE,
    COMMAND,
    DIGITS,
    FUNCTION,
    NAME,
    NUMBER,
    TEXT,
)

HIGHEST = 9
"""Orders of derivatives that anyone writes out."""
_NO_DIFFERENTIAL = frozenset(
    {"d", "dot", "det", "dim", "data", "dist", "delta", "den", "dropout", "downstream", "distance"}
)
_PRODUCT_SIGNS = ("cdot", "times", "*", "odot")


class Derivatives(Calls):
    # ── what an operator is ─────────────────────────────────────────────────────────────────────

    def _differential(self, n: int, end: int) -> str | None:
        """The kind of the differential that begins at a token; None if none does."""
        if n >= end:
            return None
        token = self.tokens[n]
        if token.kind == COMMAND and token.text in ("partial", "nabla"):
            return "partial" if token.text == "partial" else "nabla"
        if token.kind != NAME or token.accents:
            return None
        alone = n + 1 >= end
        after = self.tokens[n + 1] if not alone else self.stop
        if token.text in ("d", "D", "delta", "Delta"):
            kind = {"D": "d", "Delta": "delta"}.get(token.text, token.text)
            starts = (
                alone
                or after.is_("^", "/", "|", "norm")
                or self.starts_operand(after)
                or after.kind == TEXT
            )
            turned = after.is_("^") and self._is_turned(n + 2, end)  # d^T A d
            return kind if starts and not (turned or after.is_("_")) else None
        if token.text[0] != "d" or not token.text.isascii() or token.text in _NO_DIFFERENTIAL:
            return None
        return "d"

    def _is_turned(self, n: int, end: int) -> bool:
        """Whether what stands above a letter is the sign of a transpose."""
        inner = n + 1 if n < end and self.tokens[n].is_("{") else n
        return inner < end and self.tokens[inner].kind == NAME and self.tokens[inner].text == "T"

    def _strip(self) -> int:
        """Goes past the operator of a differential; its order."""
        token = self.token
        if token.kind == NAME and token.text not in ("d", "D", "delta", "Delta"):
            start = (
                min(token.start + 1, token.end)
                if token.end - token.start == len(token.text)
                else token.start
            )
            self.tokens[self.at] = replace(token, text=token.text[1:], start=start)
            return 1
        self.at += 1
        if not self.accept("^"):
            return 1
        exponent = self.argument()
        if isinstance(exponent, t.Number) and exponent.is_whole and 0 < exponent.value <= HIGHEST:
            return int(exponent.value)
        raise Unreadable("a derivative of an order that is no number", exponent.span)

    # ── fractions ───────────────────────────────────────────────────────────────────────────────

    def fraction(self) -> t.Expr:
        start = self.at
        if self.sees_derivative():
            below_at = self.mates[start + 1] + 1
            return self._over(start, start + 1, below_at, self.mates[below_at] + 1)
        self.at += 1
        above = self.argument(lone=True)
        below = self.argument(lone=True)
        expr = t.Quotient(above, below, self.since(start))
        return self.attach(expr, self.hung(), start)

    def sees_derivative(self) -> bool:
        """Whether a fraction of differentials stands here."""
        above = self.at + 1
        if not self.token.names(*words.FRACTIONS) or not self.peek().is_("{"):
            return False
        below = self.mates[above] + 1
        if below >= self.end or not self.tokens[below].is_("{"):
            return False
        return self._is_derivative(above + 1, below - 1, below + 1, self.mates[below])

    def _is_derivative(self, a: int, a_end: int, b: int, b_end: int) -> bool:
        above = self._differential(a + self.tokens[a].is_("-") if a < a_end else a, a_end)
        below = self._differential(b, b_end)
        if below is None and a + 1 == a_end:  # \frac{\partial}{w} has lost one
            return self.tokens[a].names("partial") and self.tokens[b].kind in (NAME, COMMAND)
        if above is None or below is None or (b + 1 >= b_end and self._is_bare(b)):
            return False
        if "delta" in (above, below) and above != below:
            return False
        second = self.tokens[a + 1] if a + 1 < a_end else None
        return not (second is not None and second.is_("_") and self.tokens[a].names("partial"))

    def _is_bare(self, n: int) -> bool:
        """Whether an operator stands there without what it acts on."""
        token = self.tokens[n]
        return token.kind == COMMAND or token.text in ("d", "D", "delta", "Delta")

    def _over(self, start: int, above_at: int, below_at: int, stop: int) -> t.Expr:
        """One fraction of differentials."""
        kind = self._differential(above_at + 1, self.mates[above_at]) or "partial"
        negative = self.tokens[above_at + 1].is_("-")
        first = above_at + 1 + negative
        order, of = self.within(first, self.mates[above_at], self._above_bar)
        wrt = self.within(below_at + 1, self.mates[below_at], lambda: self._below_bar(order))
        self.at = stop
        expr = self._derived(of, wrt, kind, start)
        return t.Negative(expr, expr.span) if negative else expr

    def _above_bar(self) -> tuple[int, t.Expr | None]:
        order = self._strip()
        while self.sees("{") and self.mates[self.at] == self.at + 1:
            self.at += 2  # \partial{}
        if self.at >= self.end:
            return order, None
        return order, self.comparison()

    def _below_bar(self, order: int) -> tuple[t.Expr, ...]:
        wrt: list[t.Expr] = []
        whole: list[t.Expr] = []
        while self.at < self.end:
            if self.sees(",", "cdot", "times", "*"):
                self.at += 1
            if self._differential(self.at, self.end) is None:
                if not wrt:
                    return (self._operand(),)
                raise Unreadable("no derivative is taken by this", self.token.span)
            times, one = self._one_below(order)
            wrt += times
            whole += one
            if len(wrt) > HIGHEST:
                raise Unreadable("a derivative of too high an order", self.token.span)
        # Of second order by μ and σ² is ``\partial^2 l / \partial\mu \partial\sigma^2``: a power counts no more than is due.
        return tuple(whole if len(wrt) > order == len(whole) else wrt)

    def _one_below(self, order: int) -> tuple[list[t.Expr], list[t.Expr]]:
        """``\\partial x``, ``dx^2``, ``dxdy``: what follows one operator, as often as it counts; and as one name."""
        twice = self._twice()
        if twice is not None:
            return twice, twice
        times = self._strip()
        start = self.at
        if self.token.kind == TEXT:
            token = self.take()
            named_so: list[t.Expr] = [t.Text(token.text, token.span)] * times
            return named_so, named_so
        factors = [self._operand()]
        while self.starts_operand() and self._differential(self.at, self.end) is None:
            factors.append(self._operand())
        expr = factors[0]
        if len(factors) > 1:
            expr = t.Product(tuple(factors), ("",) * (len(factors) - 1), self.since(start))
        whole = [unwrapped(expr)] * times
        if order > 1 and times == 1:
            expr, times = counted(expr, order)
        return [unwrapped(expr)] * times, whole

    def _twice(self) -> list[t.Expr] | None:
        """``dxdy`` in one run of letters."""
        token = self.token
        if token.kind != NAME or len(token.text) != 4 or token.text[::2] != "dd":
            return None
        self.at += 1
        s, e = token.span
        return [
            t.Symbol(token.text[1], (min(s + 1, e), min(s + 2, e))),
            t.Symbol(token.text[3], (min(s + 3, e), e)),
        ]

    def _operand(self) -> t.Expr:
        return self.factor()

    # ── with a slash ────────────────────────────────────────────────────────────────────────────

    def inline_derivative(self) -> t.Expr | None:
        """``dL/dw``, ``∂²f/∂x∂y``, ``d/dx f``: None where no such thing begins here."""
        start = self.at
        kind = self._differential(start, self.end)
        if kind is None:
            return None
        slash = self._slash_after(start)
        if slash is None:
            return None
        below = self._differential(slash + 1, self.end)
        if (
            below is None
            or ("delta" in (kind, below) and kind != below)
            or not self._has_operand(slash + 1)
        ):
            return None
        if self.code and (self.tokens[slash].gap or self.tokens[slash + 1].gap):
            return None
        order, of = self.within(start, slash, self._above_bar)
        self.at = slash + 1
        before = self.applies, self.indexes
        self.applies, self.indexes = (
            False,
            of is not None,
        )  # d/dx(2x) acts on what is in the bracket
        try:
            wrt = self._inline_below(order)
        finally:
            self.applies, self.indexes = before
        return self._derived(None if of is None else unwrapped(of), tuple(wrt), kind, start)

    def _inline_below(self, order: int) -> list[t.Expr]:
        wrt: list[t.Expr] = []
        while not wrt or (len(wrt) < order and self._differential(self.at, self.end) is not None):
            twice = self._twice()
            if twice is not None:
                wrt += twice
                continue
            times = self._strip()
            if self.token.kind == TEXT:
                token = self.take()
                expr: t.Expr = t.Text(token.text, token.span)
            else:
                expr = self._operand()
            if order > 1 and times == 1:
                expr, times = counted(expr, order - len(wrt))
            wrt += [unwrapped(expr)] * times
        return wrt

    def _has_operand(self, n: int) -> bool:
        """Whether something stands behind the operator below the slash."""
        if not self._is_bare(n):
            return True
        after = self.tokens[n + 1] if n + 1 < self.end else self.stop
        return self.starts_operand(after) or after.kind == TEXT or after.is_("^")

    def _slash_after(self, n: int) -> int | None:
        """Where the slash stands behind one differential; None if something else follows it."""
        if self._is_bare(n):
            n += 1
            if n < self.end and self.tokens[n].is_("^"):
                n = self._past_argument(n + 1)
            if n < self.end and self.tokens[n].is_("/"):
                return n
            n = self._past_operand(n)
        else:
            n = self._past_hung(n + 1)
        return n if n < self.end and self.tokens[n].is_("/") else None

    def _past_argument(self, n: int) -> int:
        """The place behind what a script or a command takes."""
        if n < self.end and self.mates[n] > n:
            return self.mates[n] + 1
        return n + 1

    def _past_operand(self, n: int) -> int:
        while (
            n < self.end and self.tokens[n].kind == COMMAND and self.tokens[n].text in words.ACCENTS
        ):
            n += 1
        if n >= self.end:
            return n
        if self.tokens[n].is_("|", "norm"):
            stop = (k for k in range(n + 1, self.end) if self.tokens[k].is_(self.tokens[n].text))
            return self._past_hung(next(stop, self.end - 1) + 1)
        if self.tokens[n].kind == FUNCTION and n + 1 < self.end:
            n = self._past_hung(n + 1)  # ∂ log p, ∂ log f(x)
            return n if self.tokens[n - 1].is_(")", "]") else self._past_operand(n)
        if self.tokens[n].kind == COMMAND and self.tokens[n].text != "ell":
            return self.end
        return self._past_hung(self._past_argument(n))

    def _past_hung(self, n: int) -> int:
        """The place behind scripts, primes and a bracket."""
        while n < self.end:
            token = self.tokens[n]
            if token.is_("_", "^"):
                n = self._past_argument(n + 1)
            elif token.kind in (DIGITS, ATTRIBUTE) or token.is_("'"):
                n += 1
            elif token.is_("(", "[") and not token.spaced and self.mates[n] > n:
                n = self.mates[n] + 1
            else:
                break
        return n

    # ── operators in front ──────────────────────────────────────────────────────────────────────

    def _derived(self, of: t.Expr | None, wrt: tuple[t.Expr, ...], kind: str, start: int) -> t.Expr:
        spelling = "partial" if kind == "nabla" else kind
        if of is not None:
            partial = kind == "partial"  # of dy/dx the point is one of a curve
            if partial and isinstance(of, t.Symbol) and (point := self._point()):
                of = t.Apply(of, tuple(point), of.span)
            expr = t.Derivative(of, wrt, spelling, self.since(start))
            return self.attach(expr, self.hung(), start)
        alone = self.hung()
        if alone:
            return self.attach(
                t.Derivative(None, wrt, spelling, self.since(start), True), alone, start
            )
        body = self._acted_on()
        by = wrt[-1] if wrt else None
        if body is None and self.tokens[self.at - 1].is_("]") and isinstance(by, t.Symbol):
            self.at = self.mates[self.at - 1]  # d/dx[25]: what it acts on, and no index of x
            body, wrt = self._acted_on(), (*wrt[:-1], replace(by, subscripts=by.subscripts[:-1]))
        return t.Derivative(body, wrt, spelling, self.since(start), True)

    def _point(self) -> list[t.Expr]:
        r"""``\Big|_{(1, 2)}``, ``|(1, 2)``: numbers at which a derivative is taken; none where no bar begins so."""
        start = self.at
        if not self.accept("|", "bar"):
            return []
        self.accept("_")
        brace = self.mates[self.at] if self.sees("{") else 0
        self.at += bool(brace)
        if self.sees("(") and (not brace or self.mates[self.at] == brace - 1):
            inner = self.tokens[self.at + 1 : self.mates[self.at]]
            if all(x.kind == NUMBER or x.is_(",", "-") for x in inner):
                point = self.bracketed_items()
                self.at += bool(brace)
                return point
        self.at = start
        return []

    def _acted_on(self) -> t.Expr | None:
        """The product behind an operator; it ends at a sign behind a bracket or before a derivative."""
        start = self.at
        if self.sees(*_PRODUCT_SIGNS) and self.starts_operand(self.peek()):
            self.at += 1
        if self.sees("{") and self.mates[self.at] == self.at + 1:
            self.at += 2
        if not (self.starts_operand() or self.sees("|", "norm")):
            self.at = start
            return None
        return self.product(until=self._ends_acting)

    def _ends_acting(self, first: t.Expr, n: int) -> bool:
        if isinstance(first, t.Group) and first.kind in ("(", "[", "{"):
            return True
        return self.tokens[n + 1].names("frac", "dfrac", "tfrac") if n + 1 < self.end else False

    def partial(self) -> t.Expr:
        r"""``\partial_x f``, ``\partial L`` and the name ``\partial_0``."""
        inline = self.inline_derivative()
        if inline is not None:
            return inline
        start = self.at
        token = self.take()
        if self.accept("_"):
            below = self.subscript()
            if self._is_numbered(below):
                name = t.Symbol("partial", token.span, "", (), tuple(below))
                return self.attach(name, self.hung(), start)
            twice = self.sees("^") and self.peek().text == "2"
            self.at += 2 * twice  # \partial_x^2
            body = self.factor() if self.starts_operand() else None
            wrt = tuple(named(b) for b in below) * (1 + twice)
            return t.Derivative(body, wrt, "subscript", self.since(start), True)
        if not self.starts_operand():
            symbol = t.Symbol("partial", token.span)
            return self.attach(symbol, self.hung(), start)
        of = self.factor()
        if self.sees("/") and self.peek().names("partial"):  # ∂ log p / ∂θ
            self.at += 2
            return t.Derivative(of, (named(self.factor()),), "partial", self.since(start))
        return t.Derivative(of, (), "partial", self.since(start))

    def _is_numbered(self, below: list[t.Expr]) -> bool:
        """``\\partial_0`` is a name; so is ``\\partial_i`` where nothing follows."""
        if all(isinstance(b, t.Label) and b.text.isdigit() for b in below):
            return True
        return not (self.starts_operand() or self.sees("^"))
