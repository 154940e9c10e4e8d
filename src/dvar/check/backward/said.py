"""Shapes that are written about a layer, in its docstring, a comment or an annotation: ``x: (N, D)``."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple


class Setting(NamedTuple):
    """What an input is that is no array; ``True`` is another setting than ``1``."""

    value: Any
    kind: str


class Spec(NamedTuple):
    """One input.

    Attributes:
        shape: of an array.
        whole: whether it holds positions (whole numbers).
        mask: whether it holds zeros and ones; with ``whole``, truth values.
        setting: what it is if it is no array.
    """

    shape: tuple[int, ...]
    whole: bool = False
    mask: bool = False
    setting: Setting | None = None

    def __str__(self) -> str:
        if self.setting is not None:
            return repr(self.setting.value)
        shown = f"({', '.join(map(str, self.shape))}{',' if len(self.shape) == 1 else ''})"
        if self.mask:
            return f"{shown} of {'truth values' if self.whole else 'zeros and ones'}"
        return f"{shown} of whole numbers" if self.whole else shown


def is_mask(name: str) -> bool:
    """Whether an input says by its name where something holds: it is zeros and ones."""
    return _MASK.fullmatch(name.lower()) is not None


_MASK = re.compile(r"(\w+_)?(masks?|valid|keep)|is_\w+")


class Said(NamedTuple):
    """What is written about one input: its sizes (``N``, ``4``, ``4H``), and whether they are whole numbers."""

    letters: tuple[str, ...]
    whole: bool


_ONE = r"(?:\d+\s*\*?\s*[A-Za-z_]\w*|[A-Za-z_][\w']*(?:\s*//?\s*\d+)?|\d+|\.\.\.|…)"
_SHAPE = rf"\(\s*({_ONE}(?:\s*[,x×]\s*{_ONE})*\s*,?|)\s*\)"
_WHOLE = re.compile(r"\b(?:int\w*|labels?|indices|index|0\s*<=)")
_KINDS = frozenset(
    (
        "float",
        "int",
        "integer",
        "bool",
        "str",
        "string",
        "scalar",
        "optional",
        "tuple",
        "dict",
        "list",
    )
)
_NEXT = re.compile(r"[,;]\s*`?\w+`?\s*:")


def said_of(text: str, names: Sequence[str]) -> dict[str, Said]:
    """The inputs that a text tells the shapes of."""
    found: dict[str, Said] = {}
    for name in names:
        match = re.search(
            rf"(?m)^[\s\-*#:`]*(?:\w+`?,\s*`?)*\b{re.escape(name)}\b`?\s*[:=,-][^\n]*?{_SHAPE}([^\n]*)",
            text,
        )
        match = match or re.search(
            rf"\b{re.escape(name)}\b`?\s*(?::|of shape|is|has shape)?\s*(?:int\w*\s*)?{_SHAPE}(.*)",
            text,
        )
        if match is None or "def " in match.group(0):
            continue
        letters = [s for s in re.split(r"\s*[,x×]\s*", match.group(1).strip(" ,")) if s]
        letters = [s for s in letters if s not in ("...", "…")]
        if any(s in names or s.lower() in _KINDS for s in letters):
            continue  # a call or a kind, not a shape
        about = match.group(0)[: -len(match.group(2)) or None] + _NEXT.split(match.group(2))[0]
        found[name] = Said(tuple(letters), _WHOLE.search(about) is not None)
    return found


def resized(said: Mapping[str, Said], sizes: Sequence[int]) -> Iterator[dict[str, Spec]]:
    """The shapes with numbers for the letters: every letter another one, then with one and two of them changed.

    A letter may stand for a product of others (``D`` is ``d_1 * … * d_k``), or for the same number as another.
    """
    letters = list(dict.fromkeys(_letter(s)[2] for x in said.values() for s in x.letters))
    letters = [x for x in letters if x]
    base = dict(zip(letters, itertools.chain(sizes, itertools.repeat(sizes[0])), strict=False))
    yield _specs(said, base)
    others = sorted({p for x in said.values() for p in _products(x.letters, base)})
    for count in (1, 2):
        for changed in itertools.combinations(letters[::-1], count):
            for values in itertools.product(others, repeat=count):
                new = dict(zip(changed, values, strict=True))
                if all(base[k] != v for k, v in new.items()):
                    yield _specs(said, {**base, **new})


def _products(letters: Sequence[str], base: Mapping[str, int]) -> Iterator[int]:
    """Sizes, and products of sizes that stand side by side."""
    shape = [_size(s, base) for s in letters]
    for first in range(len(shape)):
        for end in range(first + 1, len(shape) + 1):
            yield prod(shape[first:end])


def _specs(said: Mapping[str, Said], base: Mapping[str, int]) -> dict[str, Spec]:
    return {n: Spec(tuple(_size(s, base) for s in x.letters), x.whole) for n, x in said.items()}


def _letter(written: str) -> tuple[int, int, str]:
    """``N``, ``4``, ``4H``, ``4 * H`` or ``D/2`` as two numbers, to multiply with and to divide by, and a letter."""
    if written.isdigit():
        return int(written), 1, ""
    match = re.fullmatch(r"(\d*)\s*\*?\s*(.+?)(?:\s*//?\s*(\d+))?", written)
    assert match is not None
    times, letter, parts = match.groups()
    return int(times or 1), int(parts or 1) or 1, letter


def _size(written: str, base: Mapping[str, int]) -> int:
    times, parts, letter = _letter(written)
    return times * base[letter] // parts if letter else times
