"""Which arrays a forward pass takes: from what is written about it, or else by trying.

Every size is another number, so that only what belongs together fits together.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from dvar.check.backward.conflicts import Flow
from dvar.check.backward.likely import (
    WEIGHTS,
    Kind,
    chained,
    choices,
    is_plausible,
    settings_of,
    shapes,
    summing_to,
)
from dvar.check.backward.said import Setting, Spec, is_mask, resized, said_of
from dvar.check.backward.settings import called_in, void_of
from dvar.check.backward.subject import Arrays, Subject, is_float
from dvar.core.errors import ReadError

SIZES = (4, 5, 3, 6, 2, 7)
"""Sizes in the order in which they are used: examples, features, units, …"""
EVEN = (4, 6, 8, 10, 2, 12)
"""Other sizes, for what is split into halves, heads or groups."""
_PICTURES = ((2, 3, 5, 6), (2, 4, 6, 8))
PROBES = (11, 23, 37, 51)
"""Seeds of the numbers that are tried."""
TRIES = 6_000
"""Forward passes that are tried at most."""
OTHERS = 500
"""Forward passes that are tried at most after one that fits, to find inputs of other ranks."""


class Inputs(NamedTuple):
    """Inputs that a forward pass takes.

    Attributes:
        specs: the arrays by name.
        positive: whether they have to be between 0 and 1.
        said: whether the file says the shapes; otherwise they were found by trying.
        void: a label that stands for none, among the whole numbers; None if there is none.
        trouble: what the backward pass raised for likelier inputs; empty if it takes them.
    """

    specs: Mapping[str, Spec]
    positive: bool
    said: bool
    void: int | None = None
    trouble: str = ""

    @property
    def plausible(self) -> bool:
        """Whether no bias or scale has a place of its own for every example."""
        names = list(self.specs)
        return self.said or all(
            is_plausible(name, len(spec.shape), names) for name, spec in self.specs.items()
        )

    @property
    def kinds(self) -> tuple[int | str, ...]:
        """The number of axes of every input, or that it is a setting."""
        return tuple("set" if s.setting else len(s.shape) for s in self.specs.values())

    def settled(self, subject: Subject) -> Subject:
        """The subject with the inputs that are no arrays as settings."""
        found = {n: s.setting.value for n, s in self.specs.items() if s.setting is not None}
        return replace(subject, fixed={**subject.fixed, **found}) if found else subject

    def draw(self, seed: int) -> Arrays:
        """Numbers that are nothing in particular: no zeros, no ones, no sums that come out even."""
        generator = np.random.default_rng(seed)
        arrays = {n: _masked(n, spec) for n, spec in self.specs.items() if spec.setting is None}
        drawn = {n: _drawn(spec, self.positive, generator) for n, spec in arrays.items()}
        for name, spec in arrays.items():
            if spec.whole and not spec.mask and self.void is not None and spec.shape:
                drawn[name][-1] = self.void
        return drawn


def _masked(name: str, spec: Spec) -> Spec:
    """Of what is called a mask, zeros and ones are tried, whatever shows its shape."""
    return spec if spec.whole else spec._replace(mask=spec.mask or is_mask(name))


def _drawn(spec: Spec, positive: bool, generator: np.random.Generator) -> Any:
    if spec.mask:
        held = generator.uniform(size=spec.shape) < 0.6
        held[(0,) * len(spec.shape[:1])] = True  # nowhere all that is averaged is left out
        return held if spec.whole else np.asarray(held, float)
    if spec.whole:
        return generator.integers(0, 2, spec.shape)
    if positive:
        return generator.uniform(0.15, 0.85, spec.shape)
    sizes = generator.uniform(0.2, 1.3, spec.shape)
    return sizes * np.where(generator.uniform(size=spec.shape) < 0.5, -1.0, 1.0)


def inputs_like(examples: Mapping[str, Any]) -> Inputs:
    """Inputs of the shapes of examples; whole numbers stay as they are."""
    arrays = {name: np.asarray(x) for name, x in examples.items()}
    specs = {
        n: Spec(a.shape, a.dtype.kind in "iub", a.dtype.kind == "b") for n, a in arrays.items()
    }
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
    flow = Flow(subject.forward, subject.backward, names)
    written = ({**specs, **given} for specs in resized(said, sizes))
    reason = ""
    for guesses in (written, iter([given])):
        budget = TRIES
        for known in guesses:
            found = _Found(subject, flow, known, sizes)
            yield from found.fitting(budget)
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


class _Found:
    """Tries inputs, and remembers whether any fitted and why the first did not.

    What fails says which inputs it was computed from; those are not tried together again.

    Attributes:
        names: the inputs, those whose shapes are known first, then in the order in which the forward pass uses them.
        choices: what each input may be, the shape that is known or what is likely.
    """

    def __init__(
        self, subject: Subject, flow: Flow, known: Mapping[str, Spec], sizes: Sequence[int]
    ) -> None:
        self.subject, self.flow, self.sizes = subject, flow, sizes
        self.names = sorted(flow.order, key=lambda n: n not in known)
        self.known = known
        free = _free(subject)
        self.choices: list[list[Kind | Spec]] = [
            [known[n]] if n in known else [*choices(n, self.names, flow.ranks, free.get(n, ()))]
            for n in self.names
        ]
        self.complete = all(n in known for n in self.names)
        self.seen = False
        self.tried = 0
        self.reason = ""
        self._refused: dict[frozenset[str], set[tuple[Spec, ...]]] = {}
        self._back = len(self.names)
        self._early = self._chained = True

    def fitting(self, budget: int) -> Iterator[Inputs]:
        # Where the source tells nothing of a failure, a second look would be the same.
        ways = [(True, True), (True, False), (False, False)]
        ways = ways if self.flow.is_known else [(False, True), (False, False)]
        for (early, strict), positive in itertools.product(ways, (False, True)):
            self._early, self._chained = early, strict
            self._refused.clear()
            # Half of what is left, so that something is left for what comes after.
            yield from self._fitting(positive, self.tried + max((budget - self.tried) // 2, 1))
            if self.seen or (self.complete and positive):
                return

    def _fitting(self, positive: bool, most: int) -> Iterator[Inputs]:
        """Inputs that fit, of each pattern of ranks one, until ``most`` have been tried in all."""
        patterns: set[tuple[int | str, ...]] = set()
        waiting: dict[tuple[int | str, ...], Inputs] = {}
        for specs in self._together():
            if self.tried >= most:
                break
            self.tried += 1
            ordered = {n: specs[n] for n in self.flow.names}
            found = Inputs(ordered, positive, self.complete, void_of(self.subject))
            pattern = tuple(s.setting.kind if s.setting else len(s.shape) for s in ordered.values())
            error = None if pattern in patterns else self._refusal(found)
            if error is not None and found.void is not None:
                found = found._replace(void=None)
                error = self._refusal(found)
            if error is not None:
                self._refuse(specs, error)
                continue
            if pattern not in patterns:
                self.seen = True
                most = min(most, self.tried + OTHERS)
                trouble = "" if self.complete else _trouble(self.subject, found)
                if trouble:  # other sizes may be meant: what is one wide is like anything
                    waiting.setdefault(pattern, found._replace(trouble=trouble))
                    continue
                first = next(iter(waiting.values()), found)
                yield found._replace(trouble=first.trouble)
            patterns.add(pattern)
            self._back = -1  # on to other ranks
        yield from (found for pattern, found in waiting.items() if pattern not in patterns)

    def _refusal(self, inputs: Inputs) -> Exception | None:
        """Why the forward pass does not take inputs; None if it does."""
        found = (_refusal(self.subject, inputs, seed) for seed in (1, *PROBES))
        return next((error for error in found if error is not None), None)

    def _refuse(self, specs: Mapping[str, Spec], error: Exception) -> None:
        """Go back to the last of the inputs that the error is due to."""
        self.reason = self.reason or f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        blamed = self.flow.blamed(error, self._early)
        key = tuple(specs[n] for n in self.names if n in blamed)
        self._refused.setdefault(blamed, set()).add(key)
        self._back = max(self.names.index(n) for n in blamed)

    def _is_refused(self, specs: Mapping[str, Spec]) -> bool:
        """Whether the last of these inputs is known not to go with those before it."""
        last = self.names[len(specs) - 1]
        return any(
            last in blamed
            and all(n in specs for n in blamed)
            and tuple(specs[n] for n in self.names if n in blamed) in keys
            for blamed, keys in self._refused.items()
        )

    def _together(self) -> Iterator[dict[str, Spec]]:
        """All inputs at once, the likeliest ranks first, and for each every way of sharing sizes."""
        for total in range(sum(len(c) - 1 for c in self.choices) + 1):
            for picked in summing_to(total, self.choices):
                self._back = len(self.names)
                yield from self._sized({}, picked)

    def _sized(self, so_far: dict[str, Spec], kinds: Sequence[Any]) -> Iterator[dict[str, Spec]]:
        at = len(so_far)
        if at == len(kinds):
            yield so_far
            return
        for spec in self._specs(kinds[at], so_far):
            more = {**so_far, self.names[at]: spec}
            if not self._is_refused(more):
                yield from self._sized(more, kinds)
            if self._back < at:
                return
            self._back = len(self.names)

    def _specs(self, kind: Any, so_far: Mapping[str, Spec]) -> Iterator[Spec]:
        """What an input of a kind may be beside those that are there."""
        name = self.names[len(so_far)]
        data = [n for n in so_far if n not in self.known and not WEIGHTS.fullmatch(n)]
        data = [n for n in data if so_far[n].setting is None]
        first = so_far[data[0]].shape if data else tuple(self.sizes[:2])
        if isinstance(kind, Spec):
            yield kind
        elif isinstance(kind, Setting):
            yield Spec((), setting=kind)
        elif kind == "one":
            yield Spec((), whole=True)
        elif kind == "like":
            yield Spec(first)
        elif kind == "mask":
            for shape in dict.fromkeys((first, first[:1], first[:2])):
                yield from (Spec(shape, True, True), Spec(shape, False, True))
        elif kind == "whole":
            shapes_of_labels = (first[:1], first[:-1]) if len(first) > 2 else (first[:1],)
            yield from (Spec(shape, whole=True) for shape in shapes_of_labels)
        elif not so_far:
            yield Spec(
                tuple(self.sizes[:kind]) if kind < 4 else _PICTURES[tuple(self.sizes) == EVEN]
            )
        else:
            used = list(dict.fromkeys(itertools.chain(*(spec.shape for spec in so_far.values()))))
            flow = self.flow
            likely = shapes(kind, first, used, self.sizes, flow.factors, flow.joins)
            if kind > 1 and not WEIGHTS.fullmatch(name):  # as many examples as the others have
                likely = sorted(likely, key=lambda s: s[0] != first[:1][0] if first else False)
            if self._chained and data:
                likely = chained(name, likely, [so_far[n].shape for n in data], used, self.sizes)
            yield from map(Spec, likely)


def _trouble(subject: Subject, inputs: Inputs) -> str:
    """What the backward pass raises for some numbers; empty if it takes them."""
    subject = inputs.settled(subject)
    try:
        with np.errstate(all="ignore"):
            subject.run(inputs.draw(1), lambda ys: [np.ones(np.shape(y))[()] for y in ys])
    except ReadError:
        return ""  # no matter of the inputs
    except Exception as error:  # whatever the user's function raises
        return f"{type(error).__name__}: {error}"
    return ""


def _free(subject: Subject) -> dict[str, list[Setting]]:
    """What the parameters that no gradient is returned for may be set to."""
    found = subject.ungraded()
    free = [p for p in subject.parameters if p.name in found and p.name not in subject.fixed]
    return {p.name: settings_of(p, n) for n, p in enumerate(free)}


def _refusal(subject: Subject, inputs: Inputs, seed: int) -> Exception | None:
    """Why a forward pass does not take some numbers; None if it does."""
    subject = inputs.settled(subject)
    try:
        with np.errstate(all="ignore"):
            drawn = inputs.draw(seed)
            subject.fits(drawn)
            outputs = subject.results(drawn)
    except Exception as error:  # whatever the user's function raises
        return error
    arrays = [np.asarray(x) for x in outputs]
    if not subject.takes_upstream and any(a.ndim for a in arrays):
        return TypeError(
            "the backward pass takes no upstream gradient, but the result is no number"
        )
    if not all(a.size for a in arrays):
        return ValueError("a result has no elements")
    if not any(is_float(a) for a in arrays):
        return TypeError("no result is an array of floating point numbers")
    if not all(np.isfinite(a).all() for a in arrays if is_float(a)):
        return FloatingPointError("the result is not finite")
    return None
