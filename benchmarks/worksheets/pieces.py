r"""A formula taken apart as text: members, terms and factors, each as a span of characters.

This knows just enough of notation to put a mistake where a person would make one; it is not the reader of
``dvar check`` and shares nothing with it, so that what one of them misreads the other does not hide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

Span = tuple[int, int]

_TOKEN = re.compile(
    r"np(?:\.[a-z_]+)+|\\begin\{\w+\*?\}|\\end\{\w+\*?\}|\\[a-zA-Z]+\*?|\\.|\d+(?:\.\d+)?|\.\d+|[A-Za-z]+|\s+|.",
    re.DOTALL,
)
_RELATION = re.compile(
    r"\\approx|\\simeq|\\leftarrow|\\gets|\\Rightarrow|\\implies|\\to(?![a-z])|\\neq?(?![a-z])"
    r"|\\equiv|\\propto|\\in(?![a-z])|\\leq?(?![a-z])|\\geq?(?![a-z])|[-+*/:]?=|≈|≃|←|→|⇒|∈|≤|≥|[<>]"
)
_PRODUCT = {r"\cdot", r"\times", r"\odot", r"\circ", r"\bullet", *"*·×⊙∘@•"}
_OPEN, _CLOSE = set("([{"), set(")]}")
_FRACTIONS = (r"\frac", r"\dfrac", r"\tfrac")
_TAKES = dict.fromkeys((*_FRACTIONS, r"\binom"), 2)
_TAKES |= dict.fromkeys(
    (
        *(r"\sqrt", r"\hat", r"\widehat", r"\bar", r"\tilde", r"\vec", r"\overline", r"\mathbf"),
        *(r"\boldsymbol", r"\bm", r"\mathrm", r"\mathcal", r"\mathbb", r"\text", r"\textrm"),
        *(r"\operatorname", r"\mathsf", r"\mathit", r"\boxed", r"\underline", r"\pmb"),
    ),
    1,
)
_FUNCTIONS = {
    *(
        "sigma",
        "log",
        "ln",
        "exp",
        "sin",
        "cos",
        "tan",
        "tanh",
        "sinh",
        "cosh",
        "max",
        "min",
        "f",
        "g",
    ),
    *(
        "J",
        "L",
        "E",
        "C",
        "phi",
        "varphi",
        "relu",
        "ReLU",
        "sigmoid",
        "softmax",
        "det",
        "diag",
        "sign",
    ),
    *(
        "operatorname",
        "text",
        "mathrm",
        "textrm",
        "Tr",
        "tr",
        "trace",
        "np",
        "sum",
        "mean",
        "mathcal",
    ),
    *("σ", "φ", "h", "F", "softplus", "argmax", "sqrt", "vec", "mathbb", "I", "ell"),
}
_SIZE = re.compile(r"\\(?:left|[bB]igg?l?)\s*$")
_UNBRACKETED = {"log", "ln", "exp", "sin", "cos", "tan", "tanh", "sinh", "cosh", "det", "Tr", "tr"}
_SILENT = re.compile(
    r"\\(?:(?:left|right|big|Big|bigg|Bigg)[lr]?|limits|displaystyle)(?![a-zA-Z])"
    r"|\\[,;:! ]|\\quad|&|\s+"
)
_DERIVATIVE = re.compile(
    r"(?:\\partial\s*|∂|\bd)[A-Za-z\\]+[\w{}^()]*\s*/\s*(?:\\partial\s*|∂|d)[A-Za-z\\]+(?:_\{[^{}]*\}|\w)*"
)


@dataclass(frozen=True, slots=True)
class Factor:
    r"""One factor: a number, a symbol with its scripts, a bracket, a fraction, a function with its argument.

    ``kind``: ``number``, ``symbol``, ``group``, ``fraction``, ``call``, ``matrix``, ``sum``, ``derivative``,
    ``other``.  ``inner``: what stands in its brackets.  ``operator``: the product sign in front, if any.
    """

    kind: str
    span: Span
    inner: tuple[Span, ...] = ()
    operator: Span | None = None
    is_divided: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """A product; ``sign`` is the span of the ``+`` or ``-`` in front of it, None without one."""

    span: Span
    sign: Span | None
    factors: tuple[Factor, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """One side of a relation; ``regions`` are its sums: the whole of it, then what stands in brackets."""

    span: Span
    relation: str
    regions: tuple[tuple[Term, ...], ...]


def _tokens(text: str, is_latex: bool) -> Iterator[tuple[str, int, int]]:
    """The tokens of a formula; two letters side by side are two symbols in LaTeX, but for ``dw``."""
    for found in _TOKEN.finditer(text):
        token, start, end = found.group(), found.start(), found.end()
        is_pair = len(token) == 2 and token.isalpha() and token[0] != "d"
        if is_latex and is_pair:
            yield token[0], start, start + 1
            yield token[1], start + 1, end
        else:
            yield token, start, end


class Formula:
    """The pieces of one formula."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.is_latex = "\\" in text or "{" in text
        self._tokens = list(_tokens(text, self.is_latex))
        self._at = {start: n for n, (_, start, _) in enumerate(self._tokens)}
        self._partner = self._partners()
        self.scripts = list(self._scripts())

    def of(self, span: Span) -> str:
        return self.text[span[0] : span[1]]

    def in_script(self, offset: int) -> bool:
        """Whether a place belongs to a subscript or superscript that is no power of e."""
        return any(start <= offset < end for start, end in self.scripts)

    def members(self) -> list[Member]:
        """The sides of its relations in order; the first is empty where it goes on from an earlier line."""
        cuts, depth = [], 0
        n = 0
        while n < len(self._tokens):
            token, start, _ = self._tokens[n]
            depth += self._step(token)
            found = _RELATION.match(self.text, start)
            if found and depth == 0 and not self.in_script(start):
                cuts.append(found.span())
                while n + 1 < len(self._tokens) and self._tokens[n + 1][1] < found.end():
                    n += 1
            n += 1
        starts = [0, *(end for _, end in cuts)]
        ends = [*(start for start, _ in cuts), len(self.text)]
        names = ["", *(self.of(cut) for cut in cuts)]
        found_members = []
        for name, start, end in zip(names, starts, ends, strict=True):
            span = self._trimmed((start, end))
            found_members.append(Member(span, name, tuple(self._regions(span))))
        return found_members

    def _step(self, token: str) -> int:
        if token in _OPEN or token == r"\{" or token.startswith(r"\begin"):
            return 1
        return -1 if token in _CLOSE or token == r"\}" or token.startswith(r"\end") else 0

    def _partners(self) -> dict[int, int]:
        """For the token of each opening bracket the token of its closing one."""
        partner, stack = {}, []
        for n, (token, _, _) in enumerate(self._tokens):
            step = self._step(token)
            if step > 0:
                stack.append(n)
            elif step < 0 and stack:
                partner[stack.pop()] = n
        return partner

    def _scripts(self) -> Iterator[Span]:
        for n, (token, _, _) in enumerate(self._tokens):
            if token in ("_", "^") and n + 1 < len(self._tokens):
                end = self._script_end(n)
                base = self._tokens[n - 1][0] if n else ""
                if token == "_" or base not in ("e", r"\mathrm{e}"):
                    yield self._tokens[n][1], end

    def _script_end(self, n: int) -> int:
        """Where the script behind the sign at token ``n`` ends."""
        token, start, end = self._tokens[n + 1]
        if n + 1 in self._partner:
            return self._tokens[self._partner[n + 1]][2]
        if token == "-" and n + 2 < len(self._tokens):
            return self._tokens[n + 2][2]
        if self.is_latex:
            return end if token.startswith("\\") else start + 1
        behind = self._tokens[n + 2] if n + 2 < len(self._tokens) else ("", end, end)
        return behind[2] if token.isalpha() and behind[0].isdigit() else end

    def _trimmed(self, span: Span) -> Span:
        start, end = span
        while start < end and (found := _SILENT.match(self.text, start, end)):
            start = found.end()
        text = re.sub(r"(?:[\s.,;&]|\\\\|\\[,;!]|\\q?quad)+$", "", self.text[start:end])
        return start, start + len(text)

    def _regions(self, span: Span) -> Iterator[tuple[Term, ...]]:
        waiting = [span]
        while waiting:
            for item in self._items(waiting.pop(0)):
                terms = tuple(self._terms(item))
                if terms:
                    yield terms
                waiting += [i for term in terms for factor in term.factors for i in factor.inner]

    def _items(self, span: Span) -> Iterator[Span]:
        """What stands between the commas outside brackets."""
        start, depth = span[0], 0
        for token, at, end in self._tokens:
            if span[0] <= at < span[1]:
                depth += self._step(token)
                if depth == 0 and (token in ",;" or token == "\\\\"):
                    yield start, at
                    start = end
        yield start, span[1]

    def _terms(self, span: Span) -> Iterator[Term]:
        sign: Span | None = None
        start, factors = span[0], list[Factor]()
        operator: Span | None = None
        divided = False
        at = span[0]
        while at < span[1] and at in self._at:
            token, _, end = self._tokens[self._at[at]]
            if silent := _SILENT.match(self.text, at):
                at = silent.end()
            elif token in "+-−":
                if factors:
                    yield Term((start, factors[-1].span[1]), sign, tuple(factors))
                    factors = []
                sign, start, at = (at, end), end, end
                operator, divided = None, False
            elif token in _PRODUCT or token in "/|":
                operator, divided, at = (at, end), token == "/", end
            else:
                factor = self._factor(at, span[1], operator, divided)
                factors.append(factor)
                operator, divided = None, False
                at = factor.span[1]
        if factors:
            yield Term((start, factors[-1].span[1]), sign, tuple(factors))

    def _factor(self, at: int, limit: int, operator: Span | None, divided: bool) -> Factor:
        if found := _DERIVATIVE.match(self.text, at, limit):
            return Factor("derivative", found.span(), (), operator, divided)
        n = self._at[at]
        kind, last, inner = self._head(n)
        end = self._hanging(self._tokens[last][2], limit)
        if kind in ("symbol", "text"):
            kind, end, inner = self._call(n, kind, end, limit)
        if kind == "fraction" and re.search(r"\\partial|\bd\s*[A-Za-z\\]|∂", self.text[at:end]):
            kind, inner = "derivative", ()
        start = at
        if kind == "group" and (found := _SIZE.search(self.text, max(0, at - 8), at)):
            start = found.start()
        return Factor(kind, (start, max(end, at + 1)), inner, operator, divided)

    def _call(self, n: int, kind: str, end: int, limit: int) -> tuple[str, int, tuple[Span, ...]]:
        """A function with its argument, where the symbol at token ``n`` is one."""
        name = self._tokens[n][0].lstrip("\\")
        following = self._at.get(self._skipped(end))
        if following is None or self._tokens[following][1] >= limit:
            return "symbol", end, ()
        if (kind == "text" or name in _FUNCTIONS or "." in name) and following in self._partner:
            close = self._partner[following]
            inner = (self._tokens[following][2], self._tokens[close][1])
            return "call", self._hanging(self._tokens[close][2], limit), (inner,)
        if name in _UNBRACKETED and self._tokens[following][0] not in "+-=/":
            return "call", self._factor(self._tokens[following][1], limit, None, False).span[1], ()
        return "symbol", end, ()

    def _head(self, n: int) -> tuple[str, int, tuple[Span, ...]]:
        """What kind of factor starts at a token, the last token of it, and what is in its brackets."""
        token = self._tokens[n][0]
        if token in _TAKES:
            last, inner = n, list[Span]()
            for _ in range(_TAKES[token]):
                opening = self._at.get(self._skipped(self._tokens[last][2]))
                if opening is None:
                    break
                last = self._partner.get(opening, opening)
                if last != opening:
                    inner.append((self._tokens[opening][2], self._tokens[last][1]))
                elif len(self._tokens[last][0]) == _TAKES[token] and token in _FRACTIONS:
                    break  # \frac12
            kind = "fraction" if _TAKES[token] == 2 else "symbol"
            if token in (r"\text", r"\operatorname", r"\mathrm", r"\textrm"):
                kind = "text"
            return kind, last, tuple(inner) if kind == "fraction" or token == r"\boxed" else ()
        if n in self._partner:
            last = self._partner[n]
            span = (self._tokens[n][2], self._tokens[last][1])
            return ("matrix", last, ()) if token.startswith(r"\begin") else ("group", last, (span,))
        if token in (r"\sum", r"\prod", "∑", "Σ", "∏"):
            return "sum", n, ()
        if re.fullmatch(r"[\d.]+", token) and token != ".":
            return "number", n, ()
        return ("symbol" if re.match(r"\\?[^\W\d_]", token) else "other"), n, ()

    def _skipped(self, at: int) -> int:
        while found := _SILENT.match(self.text, at):
            at = found.end()
        return at

    def _hanging(self, end: int, limit: int) -> int:
        """The end of a factor with its scripts, primes and ``.T``."""
        while end < limit and (n := self._at.get(self._skipped(end))) is not None:
            token = self._tokens[n][0]
            if token in ("_", "^") and n + 1 < len(self._tokens):
                end = self._script_end(n)
            elif token in ("'", "ᵀ"):
                end = self._tokens[n][2]
            elif token == "." and self.text[self._tokens[n][2] :][:1] == "T":
                end = self._tokens[n + 1][2]
            elif not self.is_latex and token.isdigit() and self.text[end - 1].isalpha():
                end = self._tokens[n][2]
            else:
                break
        return min(end, limit)
