"""Trees of worksheet mathematics in a few signs, for tests that say what was read.

``_`` stands for side by side, ``÷`` for a fraction, ``/`` for a slash, ``f@(x)`` for a symbol with a bracket,
``f!(x)`` for a function that its word makes certain, ``D[f; x]`` for a derivative (``D!`` in front of it),
``'i'`` for a label, ``^2`` for a plain script, ``^(i)``, ``^[l]``, ``^T``, ``^*mark`` for the others.
"""

from __future__ import annotations

from collections.abc import Sequence

from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.mathematics import Lexicon, parse, read_region

_SIGNS = {1: "+", -1: "-", 0: "±"}


def shown(expr: t.Expr | None) -> str:
    if expr is None:
        return "none"
    return _leaf(expr) or _arithmetic(expr) or _compound(expr) or _head(expr) + _hung(expr)


def _leaf(expr: t.Expr) -> str:
    match expr:
        case t.Number():
            return expr.text
        case t.Label():
            return f"'{expr.text}'"
        case t.Text():
            return f"“{expr.text}”"
        case t.Ellipsis():
            return "…"
        case t.Shape():
            return f"Shape({listed(expr.sizes)})"
    return ""


def _arithmetic(expr: t.Expr) -> str:
    match expr:
        case t.Sum():
            parts = [_SIGNS[s] + shown(x) for s, x in zip(expr.signs, expr.terms, strict=True)]
            return "(" + "".join(parts) + ")"
        case t.Product():
            rest = zip(expr.operators, expr.factors[1:], strict=True)
            others = [f" {o or '_'} {shown(f)}" for o, f in rest]
            return "[" + shown(expr.factors[0]) + "".join(others) + "]"
        case t.Negative():
            return f"neg({shown(expr.operand)})"
        case t.Quotient():
            return f"{{{shown(expr.above)} {'/' if expr.inline else '÷'} {shown(expr.below)}}}"
        case t.Power():
            return f"pow({shown(expr.base)}, {shown(expr.exponent)})"
    return ""


def _compound(expr: t.Expr) -> str:
    match expr:
        case t.Derivative():
            kind = {"partial": "D", "d": "D"}.get(expr.spelling, expr.spelling)
            return f"{kind}{'!' * expr.operator}[{shown(expr.of)}; {listed(expr.wrt)}]"
        case t.Big():
            bounds = f"{shown(expr.low)}..{shown(expr.high)}|{shown(expr.condition)}"
            bounds = bounds.replace("none..none", "").removesuffix("|none")
            return f"{expr.name}<{','.join(expr.indices)}|{bounds}>({shown(expr.body)})"
        case t.Cases():
            return "cases{" + "; ".join(f"{shown(v)} if {shown(c)}" for v, c in expr.branches) + "}"
        case t.Relation():
            rest = zip(expr.relations, expr.members[1:], strict=True)
            return shown(expr.members[0]) + "".join(f" {r} {shown(m)}" for r, m in rest)
        case t.Logic():
            return f"{expr.name}({listed(expr.operands)})"
        case t.Brace():
            return f"brace({shown(expr.body)} | {shown(expr.note)})"
    return ""


def listed(items: Sequence[t.Expr]) -> str:
    return ", ".join(map(shown, items))


def _head(expr: t.Expr) -> str:
    match expr:
        case t.Symbol():
            font = f"<{expr.font}>" if expr.font else ""
            return expr.base + font + "".join("." + a for a in expr.accents)
        case t.Group():
            return f"{expr.kind}⟨{listed(expr.items)}⟩"
        case t.Apply():
            return f"{shown(expr.head)}@({listed(expr.args)})"
        case t.Call():
            keywords = [f"{name}={shown(value)}" for name, value in expr.keywords]
            return f"{expr.name}!({', '.join([*map(shown, expr.args), *keywords])})"
        case t.Matrix():
            return f"{expr.delimiter}M{{{'; '.join(map(listed, expr.rows))}}}"
        case t.Root():
            return f"root({shown(expr.radicand)}{', ' + shown(expr.degree) if expr.degree else ''})"
    raise AssertionError(expr)


def _hung(expr: t.Expr) -> str:
    out = "".join("_" + shown(s) for s in getattr(expr, "subscripts", ()))
    for script in getattr(expr, "scripts", ()):
        value = shown(script.value) if script.value is not None else ""
        brackets = {
            "plain": "{}",
            "paren": "({})",
            "bracket": "[{}]",
            "transpose": "T",
            "mark": "*{}",
        }
        out += "^" + brackets[script.kind].format(value)
    return out + "'" * getattr(expr, "primes", 0)


def said(statement: Statement) -> str:
    """A statement: its members, what it holds for, the words beside it."""
    out = ""
    for member in statement.members:
        value = (
            "□"
            if member.is_blank
            else f"!{member.problem}!"
            if member.problem
            else shown(member.expr)
        )
        out += f" {member.relation} {value}" if member.relation else value
    if statement.condition is not None:
        out += f"  if {shown(statement.condition)}"
    return (out + (f"  “{statement.words}”" if statement.words else "")).strip()


def statements(
    text: str, latex: bool = True, code: bool = False, lexicon: Lexicon | None = None
) -> list[str]:
    """What a text says, one line for each statement."""
    found = read_region(text, (0, len(text)), latex, lexicon or Lexicon(), 0, code)
    return [said(s) for s in found]


def tree(text: str, latex: bool = True) -> str:
    return shown(parse(text, latex))
