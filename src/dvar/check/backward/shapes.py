"""Which arrays a forward pass takes: from what is written about it, or else by trying.

Every size is another number, so that only what belongs together fits together.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from dvar.check.backward.subject import Arrays, Subject, is_float
from dvar.core.errors import ReadError

SIZES = (4, 5, 3, 6, 2, 7)
"""Sizes in the order in which they are used: examples, features, units, …"""
TRIES = 6_000
"""Forward passes that are tried at most."""


class Spec(NamedTuple):
    """One input: its shape, whether it holds positions (whole numbers), and whether only positive numbers fit."""

    shape: tuple[int, ...]
    whole: bool = False

    def __str__(self) -> str:
        shown = f"({', '.join(map(str, self.shape))}{',' if len(self.shape) == 1 else ''})"
        return f"{shown} of whole numbers" if self.whole else shown


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
            _VECTORS.fullmatch(name) and not _SCALARS.fullmatch(name) and len(spec.shape) > 1
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


def possible_inputs(subject: Subject) -> Iterator[Inputs]:
    """Inputs that the forward pass takes, the likeliest first.

    Raises:
        ReadError: nothing that was tried fits.
    """
    names = [p.name for p in subject.parameters if p.name not in subject.fixed]
    said = _said(subject.forward, names)
    choices = [[said[n]] if n in said else list(_choices(n)) for n in names]
    seen = False
    reason = ""
    for positive in (False, True):
        patterns: set[tuple[int, ...]] = set()
        for specs in itertools.islice(_together(names, choices), TRIES):
            found = Inputs(specs, positive, said=len(said) == len(names))
            pattern = tuple(len(s.shape) for s in specs.values())
            if pattern in patterns:
                continue
            error = _refusal(subject, found)
            if error is None:
                patterns.add(pattern)
                seen = True
                yield found
            reason = reason or error or ""
        if seen:
            return
    raise ReadError(
        f"{subject.name}: no inputs were found that the forward pass takes",
        rule=f"for instance: {reason}" if reason else None,
        hint="say the shapes in the docstring, x: (N, D), or call dvar.check_backward(forward, backward, x, w)",
    )


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


# ── what is written ─────────────────────────────────────────────────────────────────────────────

_ONE = r"(?:\d+\s*\*?\s*[A-Za-z_]\w*|[A-Za-z_][\w']*|\d+|\.\.\.|…)"
_SHAPE = rf"\(\s*({_ONE}(?:\s*[,x×]\s*{_ONE})*\s*,?|)\s*\)"


def _said(function: Any, names: Sequence[str]) -> dict[str, Spec]:
    """Shapes that a docstring, a comment or an annotation tells: ``x: (N, D)``."""
    text = inspect.getdoc(function) or ""
    with suppress(OSError, TypeError):
        text += "\n" + inspect.getsource(function)
    sizes: dict[str, int] = {}
    found: dict[str, Spec] = {}
    for name in names:
        match = re.search(
            rf"(?m)^[\s\-*#:`]*\b{re.escape(name)}\b`?\s*[:=,-][^\n]*?{_SHAPE}([^\n]*)", text
        )
        match = match or re.search(
            rf"\b{re.escape(name)}\b`?\s*(?::|of shape|is|has shape)?\s*{_SHAPE}(.*)", text
        )
        if match is None or "def " in match.group(0):
            continue
        letters = [s for s in re.split(r"\s*[,x×]\s*", match.group(1).strip(" ,")) if s]
        letters = [s for s in letters if s not in ("...", "…")]
        if any(s in names for s in letters):
            continue  # a call, not a shape
        shape = tuple(_size(s, sizes) for s in letters)
        whole = re.search(r"\b(?:int\w*|labels?|indices|index|0\s*<=)", match.group(0)) is not None
        found[name] = Spec(shape, whole)
    return found


def _size(written: str, sizes: dict[str, int]) -> int:
    """``N``, ``4``, ``4H`` or ``4 * H``; the same letter is the same size."""
    if written.isdigit():
        return int(written)
    match = re.fullmatch(r"(\d*)\s*\*?\s*(.+)", written)
    assert match is not None
    times, letter = match.groups()
    if letter not in sizes:
        unused = [n for n in SIZES if n not in sizes.values()]
        sizes[letter] = unused[0] if unused else 4
    return int(times or 1) * sizes[letter]


# ── what is likely ──────────────────────────────────────────────────────────────────────────────

_SCALARS = re.compile(
    r"eps(ilon)?|lr|lam(bda)?_?|reg|alpha|tau|temperature|momentum|p|delta|margin|slope|scale|c|k"
)
_VECTORS = re.compile(r"b\d*|b_?[a-z]+|bias\w*|beta\d*|gamma\d*|g|shift|offset")
_LABELS = re.compile(r"y|t|target\w*|labels?|y_true|classes")
_WHOLE = re.compile(r"idx|ids?|index|indices|tokens?|positions?|token_ids|words")
_WEIGHTS = re.compile(r"[WwUV]\w*|weights?|kernel|theta|filters?|K|Q|A|embedding\w*|table|E")


def _choices(name: str) -> Iterator[int | str]:
    """Ranks in the order in which they are likely; ``like`` the first array, ``whole`` numbers for each example."""
    if _SCALARS.fullmatch(name):
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


def _together(names: Sequence[str], choices: Sequence[Sequence[Any]]) -> Iterator[dict[str, Spec]]:
    """All inputs at once, the likeliest ranks first, and for each every way of sharing sizes."""
    ranked = sorted(
        itertools.product(*[range(len(c)) for c in choices]), key=lambda ns: (sum(ns), ns)
    )
    for picked in ranked:
        yield from _sized({}, names, [c[n] for c, n in zip(choices, picked, strict=True)])


def _sized(
    so_far: dict[str, Spec], names: Sequence[str], kinds: Sequence[Any]
) -> Iterator[dict[str, Spec]]:
    if not names:
        yield so_far
        return
    kind, first = kinds[0], next(iter(so_far.values()), None)
    options: Iterator[Spec]
    if isinstance(kind, Spec):
        options = iter([kind])
    elif kind == "like":
        options = iter([first] if first is not None else [Spec(SIZES[:2])])
    elif kind == "whole":
        options = iter([Spec(first.shape[:1] if first is not None else SIZES[:1], whole=True)])
    else:
        options = map(Spec, _shapes(kind, so_far))
    for spec in options:
        yield from _sized({**so_far, names[0]: spec}, names[1:], kinds[1:])


def _shapes(rank: int, so_far: Mapping[str, Spec]) -> Iterator[tuple[int, ...]]:
    """Shapes of a rank, made of sizes that are there already and of new ones."""
    used: list[int] = []
    for spec in so_far.values():
        used += [n for n in spec.shape if n not in used]
    fresh = [n for n in SIZES if n not in used]
    if not used:
        yield tuple(SIZES[:rank]) if rank < 4 else (2, 3, 5, 6)
        return
    if rank == 4:
        yield (4, used[1] if len(used) > 1 else 3, 3, 3)
        return
    last = used[::-1]
    pool = [*last, fresh[0]] if fresh else last
    distinct = [s for s in itertools.product(pool, repeat=rank) if len(set(s)) == rank]
    square = [s for s in itertools.product(pool, repeat=rank) if len(set(s)) < rank]
    # What has a new size is likelier than what shares all of its sizes.
    distinct.sort(key=lambda s: fresh[:1] != [s[-1]] if rank > 1 else 0)
    yield from distinct
    yield from square


def keys_of(function: Any, name: str) -> list[str]:
    """The keys that a function looks up in an argument: ``conv_param['stride']``, ``p.get('eps', 1e-5)``."""
    try:
        tree = ast.parse(inspect.cleandoc("\n" + inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError, IndentationError):
        return []
    found: list[str] = []
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Name)
            and node.value.id == name
        ):
            if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
                found.append(node.slice.value)
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "get"
        ):
            if isinstance(node.func.value, ast.Name) and node.func.value.id == name:
                found.append("")
    return list(dict.fromkeys(found))
