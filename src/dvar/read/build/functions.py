"""The table read backwards: which signs and which words mean which row."""

from __future__ import annotations

import inspect
import re
from difflib import get_close_matches
from functools import cache

from dvar.core.axes import DOTS, parse
from dvar.core.op import MATMUL, MUL, Op
from dvar.ops import TABLE

_TEMPLATE = re.compile(r"\{0\} ?([^\s\w{}]+) ?\{1\}")


def _infix() -> dict[str, tuple[Op, int]]:
    signs: dict[str, tuple[Op, int]] = {}
    for row in TABLE.values():
        notation = row.notation
        match = _TEMPLATE.fullmatch(notation.text) if isinstance(notation.text, str) else None
        if match:
            # The writer sets @ apart with parentheses; people write it as in Python, beside * and /.
            strength = MUL if notation.precedence == MATMUL else notation.precedence
            signs[match[1]] = (row, strength)
    return signs


INFIX = _infix()
"""Sign → (row, how strongly it binds), from the notation column."""

MODULES = frozenset(
    {
        "np", "numpy", "math", "jnp", "jax", "torch", "F", "nn", "functional", "lax", "scipy",
        "special", "tf", "linalg",
    }
)  # fmt: skip
"""Prefixes of functions that say nothing: ``np.exp``, ``torch.nn.functional.relu``."""

_SPELLINGS = {
    "sigma": "sigmoid", "ln": "log", "logistic": "sigmoid", "expit": "sigmoid", "arcsin": "asin",
    "arccos": "acos", "arctan": "atan", "arctanh": "atanh", "arcsinh": "asinh",
    "arccosh": "acosh", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "amax": "max",
    "amin": "min", "absolute": "abs", "mm": "matmul", "average": "mean", "fabs": "abs",
    "concat": "concatenate", "cat": "concatenate", "flatten": "ravel", "pow": "power",
    "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh", "square_root": "sqrt",
}  # fmt: skip
"""Words of the field that a row need not list as its own aliases."""


@cache
def _words() -> dict[str, Op]:
    words: dict[str, Op] = {}
    rows = list(TABLE.values())
    for row in rows:
        words.setdefault(row.name, row)
    for row in rows:
        for name in row.aliases:
            words.setdefault(name, row)
    for row in rows:
        for name in row.numpy:
            words.setdefault(name, row)
            words.setdefault(name.rpartition(".")[2], row)
    for word, other in _SPELLINGS.items():
        if other in words:
            words.setdefault(word, words[other])
    for name, row in list(words.items()):
        words.setdefault(name.lower(), row)
        words.setdefault(name.lower().replace("_", ""), row)
    return words


def lookup(name: str) -> Op | None:
    """The row a word means: a name, an alias or a NumPy name, whatever its case; None if unknown."""
    words = _words()
    last = name.rpartition(".")[2]
    for spelling in (name, last, last.lower(), last.lower().replace("_", "")):
        if spelling in words:
            return words[spelling]
    return None


def nearest(name: str, others: tuple[str, ...] = ()) -> str | None:
    """The known function (or one of ``others``) that looks most like a word."""
    known = {**{word.lower(): word for word in _words()}, **{o.lower(): o for o in others}}
    close = get_close_matches(name.lower(), known, n=1, cutoff=0.6)
    return known[close[0]] if close else None


@cache
def signature(row: Op) -> inspect.Signature:
    """The public signature of a row, without the row itself."""
    if row.build is not None:
        whole = inspect.signature(row.build)
        own = [p for p in whole.parameters.values() if p.kind is not p.VAR_KEYWORD]
        return whole.replace(parameters=own[1:])
    kind = inspect.Parameter.POSITIONAL_ONLY
    count = len(parse(row.axes).operands) if isinstance(row.axes, str) and "->" in row.axes else 1
    if not isinstance(row.axes, str):
        anything = inspect.Parameter("operands", inspect.Parameter.VAR_POSITIONAL)
        return inspect.Signature([anything])
    names = "xyzuvw"[:count] if count <= 6 else [f"x{n}" for n in range(count)]
    return inspect.Signature([inspect.Parameter(name, kind) for name in names])


def usage(row: Op) -> str:
    """How a row is called: ``sum(x, axis=None, keepdims=False)``."""
    shown = []
    for p in signature(row).parameters.values():
        star = "*" if p.kind is p.VAR_POSITIONAL else ""
        shown.append(f"{star}{p.name}" + ("" if p.default is p.empty else f"={p.default!r}"))
    return f"{row.name}({', '.join(shown)})"


def keeps_leading_axes(row: Op) -> bool:
    """Whether the row can be applied to a stack: its axes sentence starts every operand with dots."""
    return isinstance(row.axes, str) and all(
        part[:1] == (DOTS,) for part in parse(row.axes).operands
    )
