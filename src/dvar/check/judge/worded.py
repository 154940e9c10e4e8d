"""Functions that words tell: "where $g$ is the logistic function", "we maximise $uᵀS u + λ(1 - uᵀu)$"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Member, Statement

_IS = re.compile(
    r"[\s$`\\)]*(?:(?:is|denotes|represents|be|being|stands for)\s+(?:an?|the)?\s*(?:\w+ )?|the (?=\w+ function))"
    r"(?:\$\\?)?(?P<name>tanh|hyperbolic tangent|sigmoid|logistic|relu|rectified linear|identity|softplus)\b"
    r"\$?(?: (?:unit|sigmoid))?(?: activation)?(?: function)?(?! (?:layer|unit|neuron|regression|loss|output))",
    re.IGNORECASE,
)
_IF = re.compile(r"\bif[\s$`(\\]*$", re.IGNORECASE)
_CALLS = {
    "tanh": "tanh",
    "hyperbolic tangent": "tanh",
    "sigmoid": "sigmoid",
    "logistic": "sigmoid",
    "relu": "relu",
    "rectified linear": "relu",
    "softplus": "softplus",
    "identity": "",
}


_SOUGHT = re.compile(
    r"\b((max|min|opt)imi[sz]\w+|objective|Lagrangian|(cost|loss) function|extremi[sz]\w+)\b[^.;:]{0,40}[\s:$`\[\\(]*"
    r"(\\begin\{\w+\*?\}\s*)?$",
    re.IGNORECASE,
)
"""Words in front of what is to be as large or as small as it can be."""
_REACH = 120


def objective(document: Document, statement: Statement) -> Statement | None:
    """A name for an expression that is to be optimised and has none: what vanishes is its derivative."""
    first = statement.members[0]
    if len(statement.members) != 1 or first.relation or not isinstance(first.expr, t.Sum):
        return None
    start = statement.span[0]
    if not _SOUGHT.search(document.text[max(0, start - _REACH) : start]):
        return None
    name = t.Symbol("objective", first.expr.span, "rm")
    return replace(statement, members=(replace(first, expr=name), replace(first, relation="=")))


def told(
    document: Document, statement: Statement, statements: Sequence[Statement]
) -> Statement | None:
    """The definition that a name and the words behind it come to; None where they tell none.

    Only of a name that is applied to one thing somewhere, and has no formula of its own.
    """
    name = statement.members[0].expr
    argument: t.Expr | None = None
    if isinstance(name, t.Apply) and len(name.args) == 1 and not (name.primes or name.subscripts):
        argument, name = name.args[0], name.head  # f(z) is the sigmoid
    if len(statement.members) != 1 or not isinstance(name, t.Symbol) or name.primes:
        return None
    said = _IS.match(document.text, statement.span[1])
    if said is None or name.subscripts or name.scripts:
        return None
    plain = isinstance(argument, t.Symbol) and not (argument.subscripts or argument.scripts)
    is_case = _IF.search(document.text[: statement.span[0]][-12:]) is not None
    if is_case and argument is not None:
        return None  # "if f(z) is the sigmoid" says less of what stands before than of what follows
    argument = _argument(name, statements, is_case) if argument is None or plain else None
    if argument is None:
        return None
    call = _CALLS[said["name"].lower()]
    value = t.Call(call, (argument,), argument.span) if call else argument
    left = t.Apply(name, (argument,), name.span)
    first = statement.members[0]
    made = Member("=", value, first.span)
    return replace(statement, members=(replace(first, expr=left), made))


def _argument(name: t.Symbol, statements: Sequence[Statement], is_case: bool) -> t.Symbol | None:
    """A name that the function is applied to somewhere, without its indices.

    None where it has a formula already, and this is no case of several.
    """
    found: t.Symbol | None = None
    for statement in statements:
        first = statement.members[0].expr
        for part in parts([statement]):
            if not isinstance(part, t.Apply) or part.head.base != name.base or len(part.args) != 1:
                continue
            if part is first and len(statement.members) > 1 and not part.head.primes + part.primes:
                if not is_case:
                    return None
            argument = part.args[0]
            if isinstance(argument, t.Symbol) and not argument.primes:
                plain = replace(argument, subscripts=(), scripts=())  # z of g(z^{[2]})
                found = found if found and argument != plain else plain
            else:
                found = found or t.Symbol("z", argument.span)  # of g(X θ)
    return found
