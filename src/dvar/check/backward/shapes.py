"""Which arrays a forward pass takes: from what is written about it, or else by trying.

Every size is another number, so that only what belongs together fits together.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from dvar.check.backward.said import Spec, resized, said_of
from dvar.check.backward.settings import called_in
from dvar.check.backward.subject import Arrays, Subject, is_float
from dvar.core.errors import ReadError

SIZES = (4, 5, 3, 6, 2, 7)
"""Sizes in the order in which they are used: examples, features, units, …"""
EVEN = (4, 6, 8, 10, 2, 12)
"""Other sizes, for what is split into halves, heads or groups."""
_PICTURES = ((2, 3, 5, 6), (2, 4, 6, 8))
TRIES = 6_000
"""Forward passes that are tried at most."""


class Inputs(NamedTuple):
    """Inputs that a forward pass takes.

    Attributes:
        specs: the arrays by name.
        positive: whether they have to be between 0 and 1.
        said: whether the file says the shapes; otherwise they were found by trying.
    """

    specs: Mapping[str, Spec]
    positive: bool
    said: bool

    @property
    def plausible(self) -> bool:
        """Whether no bias or scale has a place of its own for every example."""
        return self.said or not any(
            _VECTORS.fullmatch(name)
            and not (name == "b" and "a" in self.specs)
            and not _SCALARS.fullmatch(name)
            and len(spec.shape) > 1
            for name, spec in self.specs.items()
        )

    def draw(self, seed: int) -> Arrays:
        """Numbers that are nothing in particular: no zeros, no ones, no sums that come out even."""
        generator = np.random.default_rng(seed)
        return {name: _drawn(spec, self.positive, generator) for name, spec in self.specs.items()}


def _drawn(spec: Spec, positive: bool, generator: np.random.Generator) -> Any:
    if spec.whole:
        return generator.integers(0, 2, spec.shape)
    if positive:
        return generator.uniform(0.15, 0.85, spec.shape)
    sizes = generator.uniform(0.2, 1.3, spec.shape)
    return sizes * np.where(generator.uniform(size=spec.shape) < 0.5, -1.0, 1.0)


def inputs_like(examples: Mapping[str, Any]) -> Inputs:
    """Inputs of the shapes of examples; whole numbers stay as they are."""
    arrays = {name: np.asarray(x) for name, x in examples.items()}
    specs = {n: Spec(a.shape, a.dtype.kind in "iub") for n, a in arrays.items()}
    floats = [a for a in arrays.values() if a.dtype.kind == "f" and a.size]
    positive = bool(floats) and all(bool((a > 0).all() and (a < 1).all()) for a in floats)
    return Inputs(specs, positive, said=True)


def possible_inputs(subject: Subject, sizes: Sequence[int] = SIZES) -> Iterator[Inputs]:
    """Inputs that the forward pass takes, the likeliest first: of the shapes that are written, else by trying.

    Args:
        subject: what is checked.
        sizes: sizes in the order in which they are used.

    Raises:
        ReadError: nothing that was tried fits.
    """
    names = [p.name for p in subject.parameters if p.name not in subject.fixed]
    functions = [n for n in names if n in called_in(subject.forward)]
    if functions:
        raise ReadError(
            f"{subject.name}: {functions[0]} is a function, and which one is not known",
            hint="dvar.check_backward(…) takes it where the examples stand, in the order of the parameters",
        )
    given = {n: Spec(shape) for n, shape in subject.shapes_given().items()}
    said = said_of(subject.documentation(), [n for n in names if n not in given])
    written = (_fill(names, {**specs, **given}) for specs in resized(said, sizes))
    reason = ""
    for guesses in (written, iter([_fill(names, given)])):
        budget = TRIES
        for choices in guesses:
            complete = all(len(c) == 1 and isinstance(c[0], Spec) for c in choices)
            found = _Found(subject, names, complete, sizes)
            yield from found.fitting(choices, budget)
            reason = reason or found.reason
            budget -= found.tried
            if found.seen:
                return
            if budget <= 0:
                break
    if subject.loosened():  # every count is 1: what is split into that many parts stays whole
        yield from possible_inputs(subject, sizes)
        return
    raise ReadError(
        f"{subject.name}: no inputs were found that the forward pass takes",
        rule=f"for instance: {reason}" if reason else None,
        hint="say the shapes in the docstring, x: (N, D), or call dvar.check_backward(forward, backward, x, w)",
    )


def _fill(names: Sequence[str], said: Mapping[str, Spec]) -> list[list[Any]]:
    """What each input may be: the shape that is written, or what is likely."""
    return [[said[n]] if n in said else list(_choices(n, names)) for n in names]


class _Found:
    """Tries inputs, and remembers whether any fitted and why the first did not."""

    def __init__(
        self, subject: Subject, names: Sequence[str], complete: bool, sizes: Sequence[int]
    ) -> None:
        self.subject, self.names, self.complete, self.sizes = subject, names, complete, sizes
        self.seen = False
        self.tried = 0
        self.reason = ""

    def fitting(self, choices: Sequence[Sequence[Any]], budget: int) -> Iterator[Inputs]:
        for positive in (False, True):
            patterns: set[tuple[int, ...]] = set()
            tried = itertools.islice(_together(self.names, choices, self.sizes), budget)
            for specs in tried:
                self.tried += 1
                found = Inputs(specs, positive, self.complete)
                pattern = tuple(len(s.shape) for s in specs.values())
                if pattern in patterns:
                    continue
                error = _refusal(self.subject, found)
                if error is None:
                    patterns.add(pattern)
                    self.seen = True
                    yield found
                self.reason = self.reason or error or ""
            if self.seen:
                return


def _refusal(subject: Subject, inputs: Inputs) -> str | None:
    """Why a forward pass does not take inputs; None if it does."""
    try:
        with np.errstate(all="ignore"):
            outputs = subject.results(inputs.draw(1))
    except Exception as error:  # whatever the user's function raises
        return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    arrays = [np.asarray(x) for x in outputs]
    if not any(is_float(a) for a in arrays):
        return "no result is an array of floating point numbers"
    if not all(np.isfinite(a).all() for a in arrays if is_float(a)):
        return "the result is not finite"
    return None


# ── what is likely ──────────────────────────────────────────────────────────────────────────────

_SCALARS = re.compile(
    r"eps(ilon)?|lr|lam(bda)?_?|reg|alpha|tau|temperature|momentum|p|delta|margin|slope|scale|c|k"
)
_VECTORS = re.compile(r"b\d*|b_?[a-z]+|bias\w*|beta\d*|gamma\d*|g|shift|offset")
_LABELS = re.compile(r"y|t|target\w*|labels?|y_true|classes")
_WHOLE = re.compile(r"idx|ids?|index|indices|tokens?|positions?|token_ids|words")
_WEIGHTS = re.compile(r"[WwUV]\w*|weights?|kernel|theta|filters?|K|Q|A|embedding\w*|table|E")


def _choices(name: str, names: Sequence[str]) -> Iterator[int | str]:
    """Ranks in the order in which they are likely; ``like`` the first array, ``whole`` numbers for each example."""
    if name == "b" and "a" in names:  # one of two operands, and no bias
        yield from (2, 1, 0, 3, 4)
    elif _SCALARS.fullmatch(name):
        yield from (0, 1, 2)
    elif _VECTORS.fullmatch(name):
        yield from (1, 0, 2)
    elif _LABELS.fullmatch(name):
        yield from ("like", "whole", 2, 1, 0)
    elif _WHOLE.fullmatch(name):
        yield from ("whole", 2)
    elif _WEIGHTS.fullmatch(name):
        yield from (2, 1, 3, 4, 0)
    else:
        yield from (2, 1, 0, 3, 4)


def _together(
    names: Sequence[str], choices: Sequence[Sequence[Any]], sizes: Sequence[int]
) -> Iterator[dict[str, Spec]]:
    """All inputs at once, the likeliest ranks first, and for each every way of sharing sizes."""
    ranked = sorted(
        itertools.product(*[range(len(c)) for c in choices]), key=lambda ns: (sum(ns), ns)
    )
    for picked in ranked:
        yield from _sized({}, names, [c[n] for c, n in zip(choices, picked, strict=True)], sizes)


def _sized(
    so_far: dict[str, Spec], names: Sequence[str], kinds: Sequence[Any], sizes: Sequence[int]
) -> Iterator[dict[str, Spec]]:
    if not names:
        yield so_far
        return
    kind, first = kinds[0], next(iter(so_far.values()), None)
    options: Iterator[Spec]
    if isinstance(kind, Spec):
        options = iter([kind])
    elif kind == "like":
        options = iter([first] if first is not None else [Spec(tuple(sizes[:2]))])
    elif kind == "whole":
        options = iter(
            [Spec(first.shape[:1] if first is not None else tuple(sizes[:1]), whole=True)]
        )
    else:
        options = map(Spec, _shapes(kind, so_far, sizes))
    for spec in options:
        yield from _sized({**so_far, names[0]: spec}, names[1:], kinds[1:], sizes)


def _shapes(
    rank: int, so_far: Mapping[str, Spec], sizes: Sequence[int]
) -> Iterator[tuple[int, ...]]:
    """Shapes of a rank, made of sizes that are there already and of new ones."""
    used: list[int] = []
    for spec in so_far.values():
        used += [n for n in spec.shape if n not in used]
    fresh = [n for n in sizes if n not in used]
    if not used:
        yield tuple(sizes[:rank]) if rank < 4 else _PICTURES[tuple(sizes) == EVEN]
        return
    if rank == 4:
        yield (4, used[1] if len(used) > 1 else 3, 3, 3)
        return
    last = used[::-1]
    pool = [*last, fresh[0]] if fresh else last
    first = next(iter(so_far.values())).shape
    if len(first) > 2:
        pool.append(math.prod(first[1:]))  # of what is flattened
    distinct = [s for s in itertools.product(pool, repeat=rank) if len(set(s)) == rank]
    square = [s for s in itertools.product(pool, repeat=rank) if len(set(s)) < rank]
    # What has a new size is likelier than what shares all of its sizes.
    distinct.sort(key=lambda s: fresh[:1] != [s[-1]] if rank > 1 else 0)
    yield from distinct
    yield from square
