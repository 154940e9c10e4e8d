"""What a name is by its look alone: a bias, a version of another name, a vector, a matrix, a number."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from dvar.check.meaning.alphabet import (
    COUNTS,
    MATRIX_GREEK,
    PENALTIES,
    SCALAR_CAPITALS,
    SCALAR_GREEK,
    SMALL_GREEK,
    WEIGHTS,
)
from dvar.check.meaning.keys import Key
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t

INDEX_LETTERS = frozenset("ijklmnpqrst")


def is_bias(symbol: t.Symbol) -> bool:
    """Whether a letter is one that biases have; each layer has its own."""
    return symbol.base[:1] in ("b", "c")


def is_inverse(script: t.Script) -> bool:
    """``^{-1}``, or another power below zero."""
    return isinstance(script.value, t.Negative) and isinstance(script.value.operand, t.Number)


def is_raised_e(tree: t.Symbol) -> bool:
    """``e^{-z}``, ``e^2``, ``e^T``: the letter e and something above it."""
    raised = bool(tree.scripts) and tree.scripts[0].kind != "paren"
    return tree.base == "e" and raised and not tree.subscripts


def is_exponential(world: World, tree: t.Symbol) -> bool:
    """``e^{s/2}``: no power of an error e, but Euler's number to a power that is no plain number."""
    first = tree.scripts[0].value if is_raised_e(tree) else None
    index = isinstance(first, t.Symbol) and first.base in world.spelling.letters  # e^t, of step t
    return (
        first is not None
        and not index
        and tree.scripts[0].kind == "plain"
        and not isinstance(first, (t.Number, t.Label))
        and world.spelling.has_euler
        and "e" not in world.spelling.layered
    )


def is_version(indices: Sequence[object]) -> bool:
    """``w_{ML}``, ``w_λ``: not an entry of w, but another one like it."""
    if len(indices) != 1 or not isinstance(indices[0], str):
        return False
    label = indices[0]
    return label.isalpha() and len(label) > 1 and not set(label) <= INDEX_LETTERS


def counted_by(key: Key, letters: Collection[str]) -> int:
    """How many index letters a name has: ``X_{ij}`` has two, and is an entry."""
    found = 0
    for index in key.indices:
        text = str(index)
        if text in letters or (len(text) == 2 and set(text) <= INDEX_LETTERS):
            found += len(text)
    return found


def is_small(key: Key) -> bool:
    """Whether a name is a small letter that may be a vector."""
    base = key.stem.partition(".")[0]
    counts = base in COUNTS and not key.indices
    return (len(base) == 1 and base.islower() and not counts) or base in SMALL_GREEK


def usual_kind(world: World, key: Key, symbol: t.Symbol | None) -> str | None:
    """What such a letter usually is, where nothing but its look is known."""
    base = key.stem.partition(".")[0]
    if key.stem in world.columns:
        return "row" if world.is_row(key.stem) else "column"
    if base in SCALAR_GREEK or (base in SCALAR_CAPITALS and key.stem not in world.weights):
        return "scalar"
    is_penalty = base in PENALTIES and key in world.numerators
    if is_penalty or (base in MATRIX_GREEK and key.stem in world.below):
        return "scalar"
    if base in MATRIX_GREEK | WEIGHTS | world.weights or (len(base) == 1 and base.isupper()):
        return "matrix"
    if symbol is not None and symbol.font == "bf":
        vector = "row" if world.is_row(key.stem) else "column"
        return "matrix" if base[:1].isupper() else vector
    return None


def is_number_beside(tree: t.Sum, term: t.Expr) -> bool:
    r"""Whether a small letter in plain type stands beside a bold one, ``\mathbf{x} + z``: it is a number, unless a bias."""
    if not isinstance(term, t.Symbol) or term.font or term.accents or is_bias(term):
        return False
    small = len(term.base) == 1 and term.base.islower()
    bold = (x for x in tree.terms if isinstance(x, t.Symbol) and x.font == "bf")
    return small and any(x.base.islower() and not x.subscripts for x in bold)


def is_slope(tree: t.Expr) -> bool:
    """``f'(z)``, ``\\sigma'(z)``: the derivative of a function at a place; it multiplies entries as often as not."""
    if isinstance(tree, t.Apply):
        return bool(tree.primes or tree.head.primes)
    return isinstance(tree, t.Call) and bool(tree.primes)
