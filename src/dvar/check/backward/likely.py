"""What an input may be, by its name and by what the source says of it, the likeliest first."""

from __future__ import annotations

import inspect
import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dvar.check.backward.said import Setting, is_mask

Kind = int | str | Setting
"""A number of axes; ``like`` the first array, ``whole`` numbers, ``one`` of them or a ``mask``; or a setting."""

_SCALARS = re.compile(
    r"eps(ilon)?|lr|lam(bda)?_?|reg|alpha|tau|temperature|momentum|p|delta|margin|slope|scale|c|k"
)
_VECTORS = re.compile(r"b\d*|b_?[a-z]+|bias\w*|beta\d*|gamma\d*|g|shift|offset")
_LABELS = re.compile(r"y|t|target\w*|labels?|y_true|classes")
_WHOLE = re.compile(r"\w*(idx|Idx|index|Index|indices)|ids?|tokens?|positions?|token_ids|words")
WEIGHTS = re.compile(r"[WwUV]\w*|weights?|kernel|theta|filters?|K|Q|A|embedding\w*|table|E")


def is_weight(name: str) -> bool:
    """Whether an input is a weight, a bias or a scale by its name."""
    return any(p.fullmatch(name) for p in (WEIGHTS, _VECTORS))


def is_plausible(name: str, rank: int, names: Sequence[str]) -> bool:
    """Whether a bias or a scale has no place of its own for every example."""
    if rank < 2 or not _VECTORS.fullmatch(name):
        return True
    return bool((name == "b" and "a" in names) or _SCALARS.fullmatch(name))


def choices(
    name: str, names: Sequence[str], ranks: Mapping[str, int], settings: Sequence[Setting]
) -> Iterator[Kind]:
    """What an input may be.

    Args:
        name: of the input.
        names: of all inputs.
        ranks: how many axes inputs have, as far as the source shows.
        settings: what it may be set to, if no gradient is returned for it.
    """
    known = [ranks[name]] if name in ranks else []
    arrays: list[Kind] = [*known, *_by_name(name, names)]
    said = known or any(p.fullmatch(name) for p in (_LABELS, _WHOLE, WEIGHTS)) or is_mask(name)
    if said and name != "t":
        settings = ()  # one position hides that others are added up
    elif settings:
        arrays = [*settings, "like", "whole", "mask", *arrays]
    yield from dict.fromkeys([*arrays, *settings])


def _by_name(name: str, names: Sequence[str]) -> Iterator[int | str]:
    if (name == "b" and "a" in names) or (name == "k" and "q" in names):  # an operand like another
        yield from (2, 1, 0, 3, 4)
    elif _SCALARS.fullmatch(name):
        yield from (0, 1, 2)
    elif _VECTORS.fullmatch(name):
        yield from (1, 0, 2)
    elif is_mask(name):
        yield from ("mask", "like", 2, 1, 3, 4)
    elif _LABELS.fullmatch(name):
        yield from ("like", "whole", 2, 1, 0)
    elif _WHOLE.fullmatch(name):
        yield from ("whole", "one", 2)
    elif WEIGHTS.fullmatch(name):
        yield from (2, 1, 3, 4, 0)
    else:
        yield from (2, 1, 0, 3, 4)


_KINDS: dict[str, tuple[Any, ...]] = {
    "bool": (True,), "int": (2, -1, 1), "float": (0.0,), "str": ("mean", "sum", "none"),
}  # fmt: skip


def settings_of(parameter: inspect.Parameter, place: int) -> list[Setting]:
    """What a parameter may be set to, the likeliest first; nothing if it is said to be an array.

    Args:
        parameter: one that no gradient is returned for.
        place: among such parameters: two bounds are in order, and no two settings are alike.
    """
    said = parameter.annotation
    said = said if isinstance(said, str) else getattr(said, "__name__", "")
    number = round(0.3 * (place + 1), 1)
    values: tuple[Any, ...] = (number, 2, True, -1, 1, "mean", None)
    if parameter.annotation is not parameter.empty:
        values = _KINDS.get(said, ())
        values = tuple(number if type(v) is float else v for v in values)
    return [Setting(v, type(v).__name__) for v in values]


def summing_to(total: int, choices: Sequence[Sequence[Any]]) -> Iterator[list[Any]]:
    """One of each choice, with positions that add up to a total: the later, the less likely."""
    if not choices:
        if total == 0:
            yield []
        return
    most = sum(len(c) - 1 for c in choices[1:])
    for at in range(max(0, total - most), min(total, len(choices[0]) - 1) + 1):
        for rest in summing_to(total - at, choices[1:]):
            yield [choices[0][at], *rest]


def shapes(
    rank: int,
    first: tuple[int, ...],
    used: Sequence[int],
    sizes: Sequence[int],
    factors: Sequence[int],
    joins: bool,
) -> list[tuple[int, ...]]:
    """Shapes of a rank, made of sizes that are there already and of new ones.

    Args:
        rank: how many axes.
        first: the shape of the first data.
        used: the sizes that are there.
        sizes: those that may be new.
        factors: numbers that sizes are multiplied with.
        joins: whether arrays are put side by side, so that sizes are added.
    """
    fresh = [n for n in sizes if n not in used][:1]
    if rank == 4:
        channels = used[1] if len(used) > 1 else 3
        last = first[-1] if len(first) == 4 else channels
        kernels: list[tuple[int, ...]] = [
            (4, channels, 3, 3),
            (channels, 4, 3, 3),
            (channels, 1, 3, 3),
            (3, 3, last, 4),
        ]
        return [*kernels[:1], first, *kernels[1:]] if len(first) == 4 else kernels
    fresh += [k * n for k in factors for n in fresh]
    pool = [*used[::-1], *fresh]
    if len(first) > 2:
        pool.append(math.prod(first[1:]))  # of what is flattened
    pool += [k * n for k in factors for n in used]
    if joins:
        pool += [a + b for a, b in itertools.combinations(used, 2)]
    pool = list(dict.fromkeys(pool))
    distinct = [s for s in itertools.product(pool, repeat=rank) if len(set(s)) == rank]
    square = [s for s in itertools.product(pool, repeat=rank) if len(set(s)) < rank]
    if rank > 1:  # What has a new size is likelier than what shares all of its sizes.
        distinct.sort(key=lambda s: fresh.index(s[-1]) if s[-1] in fresh else len(fresh))
    return distinct + square


def chained(
    name: str,
    likely: Sequence[tuple[int, ...]],
    data: Sequence[tuple[int, ...]],
    used: Sequence[int],
    sizes: Sequence[int],
) -> list[tuple[int, ...]]:
    """Of some shapes those that most arrays have: weights meet data, other data has as many examples.

    Args:
        name: of the input.
        likely: what it may be.
        data: shapes of the inputs so far that are no weights.
        used: all sizes so far.
        sizes: those that may be new.
    """
    if WEIGHTS.fullmatch(name):
        met = {n for shape in data for n in shape}
        return [s for s in likely if len(s) < 2 or met & set(s)]
    if _VECTORS.fullmatch(name):
        return [s for s in likely if len(s) > 1 or set(s) <= set(used)]
    first, plain = data[0], {*used, *sizes}
    return [
        s
        for s in likely
        if (len(s) < 2 and set(s) <= plain)
        or (set(s) <= plain and (s[:1] == first[:1] or s[-1:] == first[-1:]))
    ]
