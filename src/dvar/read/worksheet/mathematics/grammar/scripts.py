r"""Subscripts, superscripts and primes: ``W^{[l]T}``, ``x_{i,j}``, ``y_{hat}``, ``a^{[2](i)}``, ``W2[i]``."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from dvar.read.worksheet import tree as t
from dvar.read.worksheet.mathematics.grammar.cursor import Cursor, Unreadable, widened
from dvar.read.worksheet.mathematics.grammar.indices import is_indexed_letter, is_short_index
from dvar.read.worksheet.mathematics.grammar.labels import is_latin, is_line, is_wordy, label
from dvar.read.worksheet.mathematics.tokens import (
    ATTRIBUTE,
    COMMAND,
    DIGITS,
    FUNCTION,
    LABEL,
    NAME,
    NUMBER,
    SIGN,
    STOP,
    TEXT,
    Token,
)

_MARKS = {
    "*": "*", "ast": "*", "star": "*", "+": "+", "-": "-", "dagger": "dagger", "dag": "dagger",
    "ddagger": "ddagger",
    "circ": "o", "sharp": "sharp", "flat": "flat", "prime": "'", "odot": "o", "pm": "pm", "#": "#",
    "bullet": "bullet", "cdot": "cdot", "times": "x",
}  # fmt: skip
_LABELS = frozenset({NAME, DIGITS, NUMBER, LABEL, FUNCTION, TEXT})
_SET = frozenset({"(", "[", r"\{", "langle", "<"})


@dataclass(slots=True)
class Hung:
    """What hangs on an operand."""

    subscripts: list[t.Expr] = field(default_factory=list)
    scripts: list[t.Script] = field(default_factory=list)
    primes: int = 0

    def __bool__(self) -> bool:
        return bool(self.subscripts or self.scripts or self.primes)


class Scripts(Cursor):
    def hung(self, bracket: bool = False) -> Hung:
        """Everything that hangs on what was just read; ``bracket`` if that ends with one."""
        found = Hung()
        while self.at < self.end:
            token = self.token
            if self._small(found, bracket):
                continue
            if token.kind != SIGN:
                break
            if token.text == "_":
                self.at += 1
                found.subscripts += self.subscript()
            elif token.text == "^":
                self._superscript(found)
            elif token.text == "'":
                self._prime(found, bracket)
            elif token.text in ("|", "bar"):
                if not self._evaluated():
                    break
            elif token.text == "*" and self._is_star():
                self.at += 1
                found.scripts.append(t.Script("mark", t.Label("*", token.span), token.span))
            elif token.text == "[" and self._is_index(below=bool(found.subscripts)):
                found.subscripts += self._index()
            else:
                break
        return found

    def _small(self, found: Hung, bracket: bool) -> bool:
        """Digits right behind a name, ``.T``, and scripts in braces, ``θ{_k}``: whether one stood here."""
        token = self.token
        if token.kind == DIGITS:
            self.at += 1
            found.subscripts.append(t.Label(token.text, token.span))
        elif token.kind == ATTRIBUTE and token.text == "T":
            self.at += 1
            found.scripts.append(t.Script("transpose", None, token.span))
        elif token.is_("{") and self.latex and self.peek().is_("_", "^"):
            inner = self.within(*self.enter(), lambda: self.hung(bracket))
            found.subscripts += inner.subscripts
            found.scripts += inner.scripts
        else:
            return False
        return True

    def _prime(self, found: Hung, bracket: bool) -> None:
        token = self.take()
        if bracket and self.code:
            found.scripts.append(t.Script("transpose", None, token.span))
        else:
            found.primes += 1

    def attach(self, expr: t.Expr, found: Hung, start: int) -> t.Expr:
        """An operand with what hangs on it."""
        if not found:
            return expr
        span = widened(expr.span, self.since(start))
        subs, scripts = tuple(found.subscripts), tuple(found.scripts)
        if isinstance(expr, (t.Symbol, t.Group, t.Apply, t.Call)):
            return replace(
                expr, span=span, subscripts=expr.subscripts + subs,
                scripts=expr.scripts + scripts, primes=expr.primes + found.primes,
            )  # fmt: skip
        if isinstance(expr, (t.Matrix, t.Root)) and not subs and not found.primes:
            return replace(expr, span=span, scripts=expr.scripts + scripts)
        if isinstance(expr, t.Number) and not subs and not found.primes and len(scripts) == 1:
            value = scripts[0].value
            if scripts[0].kind in ("plain", "paren") and value is not None:
                return t.Power(expr, value, span)
        return t.Group("(", (expr,), span, subs, scripts, found.primes)

    def _is_star(self) -> bool:
        """``θ*`` in plain text: nothing is multiplied."""
        after = self.peek()
        return not self.token.gap and (after.kind == STOP or after.is_(")", ",", "]"))

    # ── evaluation at a place ───────────────────────────────────────────────────────────────────

    def _evaluated(self) -> bool:
        r"""``\Big|_{x=0}``: the place at which something is taken."""
        if self.token.text == "|" and not self.peek().is_("_"):
            return False
        self.at += 1
        for sign in ("_", "^"):
            if self.accept(sign):
                start = self.at
                if self.sees("{"):
                    inner = self.enter()
                    condition = self.within(*inner, self.listed) if inner[0] < inner[1] else None
                else:
                    condition = self.factor()
                if condition is not None and sign == "_":
                    self.conditions.append(condition)
                elif start == self.at:
                    raise self.unexpected()
        return True

    def listed(self) -> t.Expr:
        """Comparisons with commas between them: several hold together."""
        start = self.at
        parts = [self.comparison()]
        while self.accept(",", ";"):
            parts.append(self.comparison())
        return parts[0] if len(parts) == 1 else t.Logic("and", tuple(parts), self.since(start))

    # ── indices in square brackets ──────────────────────────────────────────────────────────────

    def _is_index(self, below: bool) -> bool:
        """``x[i]``: always in code; elsewhere where something short stands right behind a symbol."""
        inner = self.tokens[self.at + 1 : self.mates[self.at]]
        if self.token.gap:
            return False
        return self.code or is_short_index(inner) or (below and is_indexed_letter(inner))

    def _index(self) -> list[t.Expr]:
        start, end = self.enter()
        return self._parts(start, end)

    # ── subscripts ──────────────────────────────────────────────────────────────────────────────

    def subscript(self) -> list[t.Expr]:
        """What stands behind ``_``."""
        token = self.token
        if token.is_("{") or token.is_("("):
            return self._parts(*self.enter())
        self.at += 1
        if token.kind in (LABEL, NUMBER, TEXT, FUNCTION) or (
            token.kind == NAME and is_latin(token)
        ):
            return [label([token])]
        if token.kind == SIGN and token.text in _MARKS:
            following = self.token
            if token.text == "-" and following.kind in (LABEL, NUMBER) and not following.gap:
                self.at += 1
                operand = t.Label(following.text, following.span)
                return [t.Negative(operand, widened(token.span, following.span))]
            return [t.Label(_MARKS[token.text], token.span)]
        self.at -= 1
        if not self.starts_operand():
            raise self.unexpected()
        return [self.alone()]

    def alone(self) -> t.Expr:
        """One operand without anything that hangs on it."""
        raise NotImplementedError

    def _parts(self, start: int, end: int) -> list[t.Expr]:
        """Subscripts with commas between them."""
        out: list[t.Expr] = []
        at = n = start
        while n <= end:
            if n < end and self.mates[n] > n:
                n = self.mates[n]
            elif n == end or self.tokens[n].is_(",", ";"):
                if is_line(self.tokens[at:n]):  # Z_{i:} is Z_{i,:}
                    out.append(self._part(at, at + 1))
                    at += 1
                if at < n:
                    out.append(self._part(at, n))
                at = n + 1
            n += 1
        return out

    def _part(self, start: int, end: int) -> t.Expr:
        tokens = self.tokens[start:end]
        if all(
            token.kind in _LABELS and (token.kind != NAME or is_latin(token)) for token in tokens
        ):
            return label(tokens)
        if any(token.is_(":") for token in tokens):
            return t.Text("".join(token.text for token in tokens), self.place(start, end))
        if len(tokens) == 1 and tokens[0].kind in (SIGN, COMMAND) and tokens[0].text in _MARKS:
            return t.Label(_MARKS[tokens[0].text], tokens[0].span)
        try:
            return self.within(start, end, self.comparison)
        except Unreadable as problem:
            if "nested" in problem.message:
                raise
            shown = "".join(token.text for token in tokens if not token.is_("{", "}"))
            return t.Label(shown, self.place(start, end))

    # ── superscripts ────────────────────────────────────────────────────────────────────────────

    def _superscript(self, found: Hung) -> None:
        start = self.at
        self.at += 1
        token = self.token
        if token.is_("{"):
            inner = self.enter()
            self._braced(found, *inner)
        elif token.is_("'"):
            self.at += 1
            found.primes += 1
        elif token.is_("(") and self._is_power_of_e():
            inside = self.enter()
            value_ = self.within(*inside, self.comparison)
            found.scripts.append(t.Script("plain", value_, self.since(start)))
        elif token.is_("(", "[") and self.mates[self.at] > 0:
            self._braced(found, self.at, self.mates[self.at] + 1)
            self.at = self.mates[self.at] + 1
        elif token.kind == NAME and token.text == "T":
            self.at += 1
            found.scripts.append(t.Script("transpose", None, self.since(start)))
        elif self._is_mark(token):
            self.at += 1
            value = t.Label(_MARKS.get(token.text, token.text), token.span, token.font == "rm")
            found.scripts.append(t.Script("mark", value, self.since(start)))
        else:
            value_ = self._bare_exponent()
            found.scripts.append(t.Script("plain", value_, self.since(start)))

    def _is_power_of_e(self) -> bool:
        """``e^(xy)``, ``e^(2x)``: no label; ``e^(i)`` may be the error of an example."""
        base, close = self.peek(-2), self.mates[self.at]
        inner = self.tokens[self.at + 1 : close]
        return base.kind == NAME and base.text == "e" and len(inner) > 1

    def _is_mark(self, token: Token) -> bool:
        if token.kind in (SIGN, COMMAND) and token.text in _MARKS:
            after = self.peek()
            signed = token.text in "+-" and after.kind in (NUMBER, NAME)
            bracket = token.text == "-" and after.is_("(", "{")
            return after.gap or not (signed or bracket)
        return token.kind == TEXT or (
            token.kind == NAME and token.font == "rm" and len(token.text) > 1
        )

    def _bare_exponent(self) -> t.Expr:
        """``x^2``, ``e^-z``: without braces one operand, with its sign where it has one."""
        start = self.at
        if self.accept("-"):
            operand = self.factor() if not self.latex or self.sees("(") else self.alone()
            return t.Negative(operand, self.since(start))
        self.accept("+")
        if not self.starts_operand():
            raise self.unexpected()
        return self.alone()

    def _braced(self, found: Hung, start: int, end: int) -> None:
        """One script or several in braces."""
        if start >= end:
            return
        several = Hung()
        if self._sequence(several, start, end):
            found.scripts += several.scripts
            found.primes += several.primes
            return
        tokens = self.tokens[start:end]
        if all(token.is_(",") for token in tokens):  # f^{,}(x)
            found.primes += len(tokens)
            return
        if all(token.kind in _LABELS for token in tokens) and is_wordy(tokens):
            found.scripts.append(t.Script("mark", label(tokens), self.place(start, end)))
            return
        value = self.within(start, end, self._several)
        found.scripts.append(t.Script("plain", value, self.place(start, end)))

    def _several(self) -> t.Expr:
        """An exponent, or labels with commas between them."""
        start = self.at
        parts = [self.comparison()]
        while self.accept(","):
            parts.append(self.comparison())
        if len(parts) == 1:
            only = parts[0]
            if (
                isinstance(only, t.Group)
                and only.kind in "([{"
                and not (only.scripts or only.subscripts)
            ):
                return only.items[0] if len(only.items) == 1 else only
            return only
        return t.Group("tuple", tuple(parts), self.since(start))

    def _sequence(self, found: Hung, start: int, end: int) -> bool:
        """``[l]T``, ``(2)\\top``, ``[2](i)``, ``(i)^T``, ``-T``, ``*``: whether that is all."""
        n = start
        while n < end:
            token = self.tokens[n]
            if token.kind == SIGN and token.text in _SET:
                stop = self._closing(n, end)
                script = self._bracketed(n, stop) if stop > n else None
                if script is None:
                    return False
                found.scripts.append(script)
                n = stop + 1
            elif token.kind == NAME and token.text == "T" and self._ends_script(n + 1, end):
                found.scripts.append(t.Script("transpose", None, token.span))
                n += 1
            elif token.is_("-") and n + 2 == end and self.tokens[n + 1].text == "T":
                one = t.Negative(t.Number("1", token.span), token.span)
                found.scripts.append(t.Script("plain", one, token.span))
                n += 1
            elif token.is_("'"):
                found.primes += 1
                n += 1
            elif token.kind == NUMBER and start < n == end - 1 and found.scripts:
                power = t.Number(token.text, token.span)  # of A^{[1]2}
                found.scripts.append(t.Script("plain", power, token.span))
                n += 1
            elif (
                token.kind in (SIGN, COMMAND)
                and token.text in _MARKS
                and (n > start or n + 1 == end or token.is_("*"))
            ):
                turned = n + 2 == end and self.tokens[n + 1].text == "T"  # of w^{*T}
                if n + 1 != end and not turned and not self.tokens[n + 1].is_("(", "["):
                    return False
                value = t.Label(_MARKS[token.text], token.span)
                found.scripts.append(t.Script("mark", value, token.span))
                n += 1
            elif (token.is_("^") or token.is_(",")) and start < n < end - 1:
                n += 1
            else:
                inner = token.is_("{") and start < n and self.mates[n] == end - 1
                if not inner:
                    return False
                end, n = end - 1, n + 1
        return bool(found)

    def _closing(self, n: int, end: int) -> int:
        """Where the bracket that opens at ``n`` closes; ``<t>`` has signs for brackets."""
        if self.tokens[n].is_("<"):
            return next((k for k in range(n + 1, end) if self.tokens[k].is_(">")), n)
        return self.mates[n] if self.mates[n] < end else n

    def _ends_script(self, n: int, end: int) -> bool:
        return n >= end or self.tokens[n].is_("(", "[", "}", "'", ",", "^")

    def _bracketed(self, start: int, stop: int) -> t.Script | None:
        """``(i)``, ``[l-1]``: a label or an index; None where it is a power in brackets."""
        inner = self.tokens[start + 1 : stop]
        kind = "bracket" if self.tokens[start].is_("[") else "paren"
        span = self.place(start, stop + 1)
        if not inner:
            return None
        if all(
            token.kind in _LABELS and (token.kind != NAME or is_latin(token)) for token in inner
        ):
            return t.Script(kind, label(inner), span)
        if len(inner) == 1 and inner[0].text in _MARKS:
            return t.Script(kind, t.Label(_MARKS[inner[0].text], inner[0].span), span)
        if any(token.is_("/", "^", "cdot") or token.names("frac") for token in inner):
            return None
        if not any(token.kind in (NAME, LABEL) for token in inner):
            return None
        value = self.within(start + 1, stop, self._several)
        if kind == "paren" and isinstance(value, (t.Product, t.Quotient, t.Apply)):
            return None
        return t.Script(kind, value, span)
