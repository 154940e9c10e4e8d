r"""Takes off what is around formulas: ``\boxed{…}``, ``\textcolor{red}{…}``, ``1)``, ``\overset{!}{=}``."""

from __future__ import annotations

from collections.abc import Sequence

from dvar.read.worksheet.mathematics import words
from dvar.read.worksheet.mathematics.balance import mates_of
from dvar.read.worksheet.mathematics.tokens import (
    BEGIN,
    CELL,
    COMMAND,
    END,
    LINE,
    NAME,
    NUMBER,
    QUAD,
    ROW,
    SIGN,
    TEXT,
    WORD,
    Token,
    made,
)

_STARTS = frozenset({ROW, LINE, CELL, QUAD, TEXT})
_ROMAN = frozenset(["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"])
_LETTERS = {"Sigma": "sum", "Pi": "prod"}
_RANGES = ("=", "neq", "in", "<", "<=")
_STATES = frozenset(words.RELATIONS) | frozenset(words.ARROWS)


def unnumbered(tokens: Sequence[Token]) -> list[Token]:
    """Without ``1)`` and ``a)`` at the start of a row: a bracket that nothing opened."""
    drop: set[int] = set()
    depth = 0
    for n, token in enumerate(tokens[:-1]):
        depth = max(0, depth + token.is_("(") - token.is_(")"))
        starts = depth == 0 and (n == 0 or tokens[n - 1].kind in (ROW, LINE))
        if starts and tokens[n + 1].is_(")") and is_counter(token):
            drop |= {n, n + 1}
    return [token for n, token in enumerate(tokens) if n not in drop]


def is_counter(token: Token) -> bool:
    """Whether a token can number an equation."""
    if token.kind == NUMBER:
        return token.text.isdigit() and len(token.text) < 3
    text = token.text.lower()
    return token.kind in (WORD, "name") and (len(text) == 1 or text in _ROMAN)


def summed(tokens: Sequence[Token]) -> list[Token]:
    r"""``\Sigma_{i=1}^n`` with the sign for a sum: a letter whose subscript runs over something."""
    mates = mates_of(tokens)
    out = list(tokens)
    for n, token in enumerate(tokens[:-2]):
        big = _LETTERS.get(token.text) if token.kind == NAME else None
        below = tokens[n + 2 : mates[n + 2]] if mates[n + 2] > n + 2 else []
        if big and tokens[n + 1].is_("_") and any(t.is_(*_RANGES) for t in below):
            out[n] = made(COMMAND, big, token)
    return out


def outcomes(tokens: Sequence[Token]) -> list[Token]:
    """``P(+ \\mid D)``: a sign with nothing on either side is the name of an outcome; not in ``(-||x||^2)``."""
    mates = mates_of(tokens)
    out = list(tokens)
    for n, token in enumerate(tokens[1:-1], 1):
        before, after = tokens[n - 1], tokens[n + 1]
        opens = before.is_("(", "|") or before.names("mid")
        inside = tokens[n : mates[n - 1]] if before.is_("(") else ()
        if sum(x.is_("|") for x in inside) > 1:
            continue
        if token.is_("+", "-") and opens and (after.is_(")", "|") or after.names("mid")):
            out[n] = made(NAME, token.text, token)
    return out


def thin(tokens: Sequence[Token]) -> list[Token]:
    r"""``a - \frac12,x^T x``: a fraction and a factor, where Markdown has eaten the backslash of a thin space.

    Not where an equation stands behind the comma, or nothing but a number.
    """
    out: list[Token] = []
    for n, token in enumerate(tokens):
        if not token.is_(",") or not _is_added_fraction(out):
            out.append(token)
            continue
        ends = (k for k in range(n + 1, len(tokens)) if _ends_item(tokens[k]))
        inside = tokens[n + 1 : next(ends, len(tokens))]
        stays = not inside or inside[0].kind not in (NAME, WORD, COMMAND)
        if stays or any(x.kind == SIGN and x.text in _STATES for x in inside):
            out.append(token)
    return out


def _ends_item(token: Token) -> bool:
    return token.kind in _STARTS or token.is_(",")


def _is_added_fraction(before: Sequence[Token]) -> bool:
    r"""``- \frac12``, ``+ \tfrac{1}{2}``."""
    rest = [t for t in before[-9:] if not t.is_("{", "}")]
    numbers = 0
    while rest and rest[-1].kind == NUMBER and numbers < 2:
        rest.pop()
        numbers += 1
    is_fraction = rest and rest[-1].kind == COMMAND and rest[-1].text in ("frac", "tfrac", "dfrac")
    return bool(numbers and is_fraction and len(rest) > 1 and rest[-2].is_("+", "-"))


def unfilled(tokens: Sequence[Token]) -> list[Token]:
    """Without ``{}`` that only makes room, around ``{}={}``; with a script it holds that."""
    drop: set[int] = set()
    for n, token in enumerate(tokens[:-1]):
        if not token.is_("{") or not tokens[n + 1].is_("}"):
            continue
        before, after = tokens[n - 1 : n], tokens[n + 2 : n + 3]
        is_held = any(t.is_("^", "_") for t in (*before, *after))
        if not is_held and not any(t.kind in (COMMAND, BEGIN) or t.is_("}") for t in before):
            drop |= {n, n + 1}
    return [token for n, token in enumerate(tokens) if n not in drop]


def unpadded(tokens: Sequence[Token]) -> list[Token]:
    r"""Without the braces that formula editors put around what has brackets already.

    ``\frac{{dy}}{{dx}}``, ``f\left( {x,y} \right)``, ``{\sin ^2}\left( x \right)``, ``\delta{_2}``,
    ``{D_u}f``.
    """
    mates = mates_of(tokens)
    drop: set[int] = set()
    for n, token in enumerate(tokens):
        if not token.is_("{") or mates[n] < n:
            continue
        opens = n > 0 and tokens[n - 1].is_("{", "(", "[", "langle")
        inside = opens and mates[n - 1] == mates[n] + 1
        holds = (_holds_power, _holds_script, _holds_name)
        if inside or any(is_so(tokens, mates, n) for is_so in holds):
            drop |= {n, mates[n]}
    return [token for n, token in enumerate(tokens) if n not in drop]


def _holds_script(tokens: Sequence[Token], mates: Sequence[int], n: int) -> bool:
    """Whether braces hold one script of what stands right in front of them, and nothing else."""
    if not n or tokens[n].gap or not tokens[n + 1].is_("_", "^") or n + 2 >= mates[n]:
        return False
    before = tokens[n - 1]
    hangs = before.kind in (NAME, WORD) or before.is_(")", "]", "}")
    return hangs and max(mates[n + 2], n + 2) + 1 == mates[n]


def _holds_name(tokens: Sequence[Token], mates: Sequence[int], n: int) -> bool:
    """Whether braces that nothing takes hold a name with something below it."""
    end = mates[n]
    before, after = tokens[n - 1 : n], tokens[end + 1 : end + 2]
    if any(t.kind in (COMMAND, BEGIN) or t.is_("_", "^", "}", "]") for t in before):
        return False
    if end < n + 4 or tokens[n + 1].kind not in (NAME, WORD) or not tokens[n + 2].is_("_"):
        return False
    return max(mates[n + 3], n + 3) + 1 == end and not any(t.is_("_", "^") for t in after)


def _holds_power(tokens: Sequence[Token], mates: Sequence[int], n: int) -> bool:
    r"""Whether braces hold ``\partial^2``, or ``\sin^2`` with its argument behind them, and nothing else."""
    first, after = tokens[n + 1], mates[n] + 1
    if n + 3 >= mates[n] or not tokens[n + 2].is_("^") or (n and tokens[n - 1].is_("^", "_")):
        return False
    if n and tokens[n - 1].kind == COMMAND and tokens[n - 1].text in words.FRACTIONS:
        return False
    called = after < len(tokens) and tokens[after].is_("(", "{")
    function = called and first.kind == COMMAND and first.text in words.FUNCTIONS
    ends = mates[n + 3] if mates[n + 3] > 0 else n + 3
    return ends + 1 == mates[n] and (function or first.names("partial") or first.text == "d")


def unframed(tokens: Sequence[Token]) -> list[Token]:
    """Without commands whose argument is what is meant."""
    tokens = unpadded(tokens)
    mates = mates_of(tokens)
    drop: set[int] = set()
    put: dict[int, Token] = {}
    for n, token in enumerate(tokens):
        if n in drop:
            continue
        if token.kind == COMMAND and token.text in words.FRAMES:
            _frame(tokens, mates, n, drop)
        elif token.names("substack"):
            _substack(tokens, mates, n, drop, put)
        elif token.is_(r"\{") and (_is_system(tokens, mates, n) or _is_block(tokens, mates, n)):
            drop |= {n, mates[n]}
        elif (
            token.kind == BEGIN
            and token.text in words.CASES
            and _is_loose(tokens, n)
            and _is_listed(tokens, mates, n)
        ):
            put[n] = made(BEGIN, "aligned", token)
            put[mates[n]] = made(END, "aligned", tokens[mates[n]])
        elif token.kind == COMMAND and token.text in words.STACKED:
            _stacked(tokens, mates, n, drop, put)
        elif token.is_("xrightarrow", "xRightarrow", "xLeftrightarrow", "longrightarrow"):
            for stop in _arguments(tokens, mates, n + 1, 1):
                drop |= set(range(n + 1, stop + 1))
        elif token.is_("{") and (
            _is_big(tokens, mates, n)
            or (_is_loose(tokens, n) and _states_something(tokens, mates, n))
        ):
            drop |= {n, mates[n]}
    return [put.get(n, token) for n, token in enumerate(tokens) if n not in drop]


def _frame(tokens: Sequence[Token], mates: Sequence[int], n: int, drop: set[int]) -> None:
    drop.add(n)
    at = n + 1
    if (tokens[n].text in words.COLOURED and at < len(tokens) and tokens[at].is_("{")) or (
        at < len(tokens) and tokens[at].is_("[") and tokens[n].text == "bbox"
    ):
        drop |= set(range(at, mates[at] + 1))
        at = mates[at] + 1
    if at < len(tokens) and tokens[at].is_("{"):
        inner = tokens[at + 1 : mates[at]]
        short = tokens[n].text.startswith("math") and len(inner) < 5
        if short or _states_something(tokens, mates, at):
            drop |= {at, mates[at]}


def _arguments(tokens: Sequence[Token], mates: Sequence[int], at: int, count: int) -> list[int]:
    """Where the groups in braces that follow end."""
    stops: list[int] = []
    while len(stops) < count and at < len(tokens) and tokens[at].is_("{"):
        stops.append(mates[at])
        at = mates[at] + 1
    return stops


def _stacked(
    tokens: Sequence[Token],
    mates: Sequence[int],
    n: int,
    drop: set[int],
    put: dict[int, Token],
) -> None:
    r"""``\overset{!}{=}`` is a relation; ``\stackrel{\text{def}}{=}`` defines."""
    stops = _arguments(tokens, mates, n + 1, 2)
    if len(stops) == 1 and stops[0] + 1 < len(tokens):
        first, last = stops[0] + 1, stops[0] + 1
    elif len(stops) == 2 and stops[1] == stops[0] + 3:
        first, last = stops[0] + 2, stops[1]
    else:
        return
    sign = tokens[first]
    known = sign.text in _STATES or sign.text in words.PRODUCTS or sign.text in words.SUMS
    if sign.kind != SIGN or not known:
        return
    note = "".join(token.text.lower() for token in tokens[n + 2 : stops[0]])
    defines = sign.text == "=" and ("def" in note or "triangle" in note.lower() or note == "delta")
    drop |= set(range(n + 1, last + 1))
    put[n] = made(SIGN, ":=" if defines else sign.text, tokens[n])


def _substack(
    tokens: Sequence[Token],
    mates: Sequence[int],
    n: int,
    drop: set[int],
    put: dict[int, Token],
) -> None:
    r"""``\substack{i = 1 \\ i \neq j}``: conditions with commas between them."""
    drop.add(n)
    if n + 1 >= len(tokens) or not tokens[n + 1].is_("{"):
        return
    drop |= {n + 1, mates[n + 1]}
    for k in range(n + 2, mates[n + 1]):
        if tokens[k].kind == ROW:
            put[k] = made(SIGN, ",", tokens[k])


def _is_big(tokens: Sequence[Token], mates: Sequence[int], n: int) -> bool:
    r"""``{\sum_j} x_j``: nothing but the sign of a sum and its bounds in braces."""
    stop = mates[n]
    k = n + 1
    if k >= stop or tokens[k].kind != COMMAND or tokens[k].text not in words.BIGS:
        return False
    k += 1
    while k + 1 < stop and tokens[k].is_("_", "^"):
        if tokens[k + 1].kind == WORD and len(tokens[k + 1].text) > 1:
            return False  # of _ix_i only the first letter is an index
        k = max(mates[k + 1], k + 1) + 1
    return k == stop


def _is_system(tokens: Sequence[Token], mates: Sequence[int], n: int) -> bool:
    """Equations behind one brace: a relation sign at the start of a cell."""
    begin = n + 1
    if begin >= len(tokens) or tokens[begin].kind != BEGIN or mates[begin] != mates[n] - 1:
        return False
    inside = range(begin + 1, mates[begin])
    return any(
        tokens[k].kind == CELL
        and tokens[k + 1].kind == SIGN
        and tokens[k + 1].text in words.RELATIONS
        for k in inside
    )


def _is_block(tokens: Sequence[Token], mates: Sequence[int], n: int) -> bool:
    """``repeat \\{ w := w - 1 \\}``: braces around a statement, not a set."""
    inside = tokens[n + 1 : mates[n]]
    if inside and inside[0].kind == BEGIN and any(t.kind == CELL for t in inside):
        return _is_system(tokens, mates, n)  # else what stands behind & says where a case holds
    if not _is_loose(tokens, n) or any(t.is_(",", "|", ":", "in") for t in inside):
        return False
    return any(t.is_("=", ":=", "gets", "leftarrow", "+=", "-=") for t in inside)


def _is_listed(tokens: Sequence[Token], mates: Sequence[int], n: int) -> bool:
    """``cases`` that only puts a brace in front of equations: no cells, one equation in each row."""
    equations, count, k = True, 0, n + 1
    stop = mates[n]
    found = False
    while k <= stop:
        token = tokens[k]
        if token.kind in (CELL, TEXT) or token.is_(","):
            return False
        if token.kind == ROW or k == stop:
            equations, count = equations and (found or tokens[k - 1].kind == ROW), count + found
            found = False
        found = found or token.is_("=")
        k = mates[k] + 1 if mates[k] > k else k + 1
    return equations and count > 0


def _is_loose(tokens: Sequence[Token], n: int) -> bool:
    """Whether braces are no argument of anything."""
    if n == 0:
        return True
    before = tokens[n - 1]
    return before.kind in _STARTS or (
        before.kind == SIGN and (before.text in _STATES or before.text == ",")
    )


def _states_something(tokens: Sequence[Token], mates: Sequence[int], n: int) -> bool:
    """Whether a relation, a new row or talk stands directly inside a group."""
    stop = mates[n]
    n += 1
    while n < stop:
        token = tokens[n]
        if token.kind == ROW or (token.kind == SIGN and token.text in _STATES):
            return True
        if token.kind == TEXT and " " in token.text:
            return True
        n = mates[n] + 1 if mates[n] > n else n + 1
    return False
