"""Numbers put in for names one by one: which of them is not the number of its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from dvar.check.judge import numbers
from dvar.check.judge.links import Link
from dvar.check.judge.literal import is_plain
from dvar.check.judge.place import Place
from dvar.check.meaning.aligning import put_in
from dvar.check.meaning.keys import stem_of
from dvar.core.op import Array
from dvar.read.worksheet import tree as t

ENOUGH = 2
"""So many other numbers of a line are those of their names."""


def misplaced(
    place: Place, left: t.Expr, right: t.Expr, envs: Sequence[Mapping[str, int]], link: Link
) -> Link:
    """``w_1 x_1 + b = 0.2 · 0.7 + 0.1`` where x_1 is 0.5, and all other numbers are right.

    Args:
        left, right: the formula, and the numbers put in.
        link: what is known so far: it differs as a whole.
    """
    if link.verdict != "wrong" or is_plain(right) or isinstance(left, t.Symbol):
        return link
    pairs = put_in(left, right) or []
    judged = [numbers.with_numbers(place, name, value, envs) for name, value in pairs]
    off = [n for n, found in enumerate(judged) if found.verdict == "wrong"]
    same = sum(found.verdict == "ok" for found in judged)
    if len(off) != 1 or same + 1 < len(judged) or same < ENOUGH:
        return link
    wrong = judged[off[0]].numbers
    if wrong is None:
        return link
    name = pairs[off[0]][0]
    causes = _causes(place, name, *wrong)
    if not causes:
        return link
    why = f"{_shown(wrong[1])} is put in for {name.base}, which is {_shown(wrong[0])}"
    return replace(link, why=why, causes=causes)


def _causes(place: Place, name: t.Symbol, due: Array, written: Array) -> tuple[str, ...]:
    """A number that is another name's: other numbers may be those of another case."""
    if np.allclose(due.astype(float), -written.astype(float), rtol=1e-6):
        return ("sign", "arithmetic")
    stem = stem_of(name)
    for key, value in place.ledger.given_by_key.items():
        if value.shape == written.shape and np.array_equal(value, written):
            if key.stem == stem or not _is_round(written):
                return ("wrong-variable", "wrong-operand", "arithmetic")
        if key.stem == stem and not written.shape and np.any(value == written):
            return ("wrong-variable", "wrong-operand", "arithmetic")  # another entry of the same
    return ()


def _is_round(value: Array) -> bool:
    """Whether many things may have this number: 0.5, 2, 10."""
    return bool(np.all(value.astype(float) * 10 % 1 == 0))


def _shown(value: Array) -> str:
    return f"{float(value):.6g}" if not value.ndim else "an array"
