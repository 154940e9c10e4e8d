"""A class with a forward and a backward method: its weights are inputs, wherever it keeps them and their gradients."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from dvar.check.backward.settings import settled, size_of
from dvar.check.backward.shapes import EVEN, SIZES, possible_inputs
from dvar.check.backward.subject import Arrays, Run, Subject, Upstreams, input_of, is_float, seeded
from dvar.core.errors import ReadError

_DEPTH = 4
_PLAIN = frozenset(
    ("params", "parameters", "param", "weights", "data", "value", "val", "variables", "tensor")
)
_GRADIENT = frozenset(("grad", "grads", "gradient", "gradients", "dparams", "derivatives"))
_SIZES = (SIZES[1:], (3, 4, 2, 5), (5, 5, 5, 5), EVEN[1:], (4, 6, 2, 3))
"""Sizes that a layer may be made with, in turn: what fits the second axis of rows, the channels of pictures, …"""
_ARRAYS = re.compile(r"[A-Z]\w?|[WU][a-z]\w*|w\w?|b\w?|weights?\w*|bias\w*|gamma|beta|kernel|g|u")


class Place(NamedTuple):
    """Where a layer keeps an array.

    Attributes:
        holder, key: a dictionary, a list or an object, and the key, the index or the attribute.
        path: how it is reached from the layer.
        value: the array.
    """

    holder: Any
    key: Any
    path: tuple[str, ...]
    value: Any

    def put(self, value: Any) -> None:
        """Keep something else there."""
        if isinstance(self.holder, (dict, list)):
            self.holder[self.key] = value
        else:
            setattr(self.holder, self.key, value)


@dataclass
class LayerSubject(Subject):
    """A class.

    Attributes:
        made: the class.
        methods: the names of its two methods.
        given: what it is made with, other than arrays.
        arrays: arrays that it is made with.
        own: weights that it makes itself, with all the places where they are kept.
    """

    made: Any = None
    methods: tuple[str, str] = ("forward", "backward")
    given: Arrays = field(default_factory=dict)
    arrays: tuple[str, ...] = ()
    own: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def documentation(self) -> str:
        texts = [super().documentation(), self.made.__doc__ or ""]
        init = vars(self.made).get("__init__")
        return "\n".join([*texts, (init is not None and inspect.getdoc(init)) or ""])

    def shapes_given(self) -> dict[str, tuple[int, ...]]:
        return self.shapes

    def ungraded(self) -> set[str]:
        """The gradients of weights are kept elsewhere."""
        return super().ungraded() - {*self.own, *self.arrays}

    def fresh(self, inputs: Mapping[str, Any]) -> Any:
        """The layer anew, with these weights."""
        with seeded():
            layer = self.made(**copy.deepcopy(self.given), **{n: inputs[n] for n in self.arrays})
        kept = {p.path: p for p in places(layer)}
        for name, paths in self.own.items():
            for path in paths:
                if name in inputs and path in kept:
                    kept[path].put(inputs[name])
        return layer

    def passed(self, program: Any, given: Mapping[str, Any]) -> Any:
        """What a forward pass makes of a layer with these weights, for these inputs."""
        return self._called(program, self.fresh(given), given)

    def _called(self, program: Any, layer: Any, given: Mapping[str, Any]) -> Any:
        rest = {n: x for n, x in given.items() if n not in self.arrays and n not in self.own}
        return program.__get__(layer)(**rest)

    def run(
        self,
        inputs: Mapping[str, Any],
        upstreams: Upstreams,
        backward: Callable[..., Any] | None = None,
    ) -> Run:
        given = {**copy.deepcopy(self.fixed), **copy.deepcopy(dict(inputs))}
        layer = self.fresh(given)
        with seeded():
            outputs, kept = self.split(
                self._called(getattr(self.made, self.methods[0]), layer, given)
            )
        before = {p.path: (p.value, np.array(p.value)) for p in places(layer)}
        values = self._arguments(upstreams(outputs), kept, given, outputs)
        returned = (backward or getattr(self.made, self.methods[1]))(layer, *values)
        found = self.named(returned, inputs) if returned is not None else {}
        return Run(outputs, {**self._stored(layer, before, inputs), **found}, given)

    def named(self, returned: Any, inputs: Mapping[str, Any]) -> Arrays:
        """Gradients that are returned; those of weights may be elsewhere, or in this order at the end."""
        own = {n: x for n, x in inputs.items() if n not in (*self.own, *self.arrays)}
        count = len(returned) if isinstance(returned, (tuple, list)) else 1
        floats = [n for n, x in own.items() if is_float(x)]
        return super().named(returned, own if count <= len(floats) and floats else inputs)

    def _stored(
        self, layer: Any, before: Mapping[tuple[str, ...], Any], inputs: Mapping[str, Any]
    ) -> Arrays:
        """Gradients that the backward pass has left in the layer."""
        weights = {n: x for n, x in inputs.items() if n in (*self.own, *self.arrays)}
        ways = {short(path): n for n, paths in self.own.items() for path in paths}
        for p in places(layer):
            for n in self.arrays:
                if np.shape(p.value) == np.shape(weights[n]) and np.array_equal(
                    p.value, weights[n]
                ):
                    ways.setdefault(short(p.path), n)
        ways.update({(n,): n for n in weights})
        found: Arrays = {}
        for p in places(layer):
            was = before.get(p.path)
            if was is not None and was[0] is p.value and np.array_equal(was[1], p.value):
                continue
            name = gradient_of(p.path, ways)
            if name in weights:
                found.setdefault(name, p.value)
        return found


def places(x: Any, path: tuple[str, ...] = ()) -> Iterator[Place]:
    """Every array of numbers that an object keeps, in dictionaries, lists and objects of its own."""
    if len(path) > _DEPTH:
        return
    pairs: Any = ()
    if isinstance(x, dict):
        pairs = list(x.items())
    elif isinstance(x, list):
        pairs = list(enumerate(x))
    elif hasattr(x, "__dict__") and not isinstance(x, (type, ModuleType)) and not callable_only(x):
        pairs = list(vars(x).items())
    for key, value in pairs:
        here = (*path, str(key))
        if hasattr(value, "dtype") and hasattr(value, "shape"):
            if is_float(value):
                yield Place(x, key, here, value)
        else:
            yield from places(value, here)


def callable_only(x: Any) -> bool:
    """Whether something is a function and no layer."""
    return inspect.isroutine(x)


def short(path: Sequence[str]) -> tuple[str, ...]:
    """A path without the words that say only that there are weights."""
    words = tuple(w.strip("_") for w in path)
    kept = tuple(w for w in words if w.lower() not in _PLAIN)
    return kept or words[-1:]


def gradient_of(path: Sequence[str], ways: Mapping[tuple[str, ...], str]) -> str | None:
    """The weight that an array at a path is the gradient of, by its name: ``dW``, ``grads[0]``, ``W.grad``."""
    words = short(path)
    kept = tuple(w for w in words if w.lower() not in _GRADIENT)
    said = len(kept) < len(words)
    low = {tuple(w.lower() for w in way): n for way, n in ways.items()}
    if said and tuple(w.lower() for w in kept) in low:
        return low[tuple(w.lower() for w in kept)]
    if not kept or (not said and kept in ways):
        return None
    for way, name in ways.items():
        if way[:-1] == kept[:-1] and input_of(kept[-1], [way[-1]]) is not None:
            return name
    return None


# ── how a layer is made ─────────────────────────────────────────────────────────────────────────


def layer_subject(
    made: type,
    methods: tuple[str, str],
    name: str,
    file: str,
    kind: type[LayerSubject] = LayerSubject,
) -> Subject:
    """A class as a subject: made with sizes that some inputs fit.

    Args:
        made: the class.
        methods: the names of its forward and of its backward pass.
        name, file: what it is called and where it stands.
        kind: of the subject.

    Raises:
        ReadError: it cannot be made.
    """
    reason: ReadError | None = None
    before: Arrays | None = None
    for sizes in _SIZES:
        try:
            subject = _made_with(kind, made, methods, (name, file), sizes)
            if subject.given == before:
                break  # it takes no sizes: nothing else is to be tried
            before = subject.given
            next(possible_inputs(subject))
        except ReadError as error:
            reason = reason or error
        else:
            return subject
    assert reason is not None
    raise reason


def _made_with(
    kind: type[LayerSubject],
    made: type,
    methods: tuple[str, str],
    names: tuple[str, str],
    sizes: Sequence[int],
) -> LayerSubject:
    given, arrays = _arguments(made, sizes)
    signature = inspect.signature(getattr(made, methods[0]))
    inputs = [p for p in list(signature.parameters.values())[1:] if p.kind not in (2, 4)]
    subject = kind(
        *names, made, made, made=made, methods=methods, given=given, arrays=tuple(arrays)
    )
    if not arrays:
        try:
            with seeded():
                layer = made(**copy.deepcopy(given))
        except Exception as error:
            raise ReadError(
                f"{names[1]}: {names[0]} is made with arguments that were not found: {error}",
                hint="dvar.check_backward(layer.forward, layer.backward, x)",
            ) from None
        subject.own, subject.shapes = _weights(layer, [p.name for p in inputs])
    extra = [n for n in (*arrays, *subject.own) if n not in signature.parameters]
    parameters = [p.replace(kind=p.POSITIONAL_OR_KEYWORD) for p in inputs]
    parameters.sort(key=lambda p: p.default is not p.empty)
    required = [inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY) for n in extra]
    passed = _program(subject, getattr(made, methods[0]), [*parameters, *required])
    subject.forward = passed
    # The signature of a bound method, without an instance: nothing of one run is left for another.
    subject.backward = getattr(made, methods[1]).__get__(object.__new__(made))
    settled(subject)
    return subject


def _program(
    subject: LayerSubject, written: Any, parameters: Sequence[inspect.Parameter]
) -> Callable[..., Any]:
    signature = inspect.Signature(parameters)

    def passed(*args: Any, **kwargs: Any) -> Any:
        return subject.passed(written, signature.bind_partial(*args, **kwargs).arguments)

    passed.__wrapped__ = written  # type: ignore[attr-defined]  # how inspect finds the source
    passed.__signature__ = signature  # type: ignore[attr-defined]
    return passed


def _arguments(made: type, sizes: Sequence[int]) -> tuple[Arrays, list[str]]:
    """What a layer is made with: sizes and settings, and the names of arrays."""
    given: Arrays = {}
    arrays: list[str] = []
    waiting = iter(sizes)
    if made.__init__ is object.__init__:  # type: ignore[misc]
        return {}, []
    for p in list(inspect.signature(made.__init__).parameters.values())[1:]:  # type: ignore[misc]
        if p.kind in (2, 4) or p.default is not p.empty:
            continue
        whole = p.annotation in (int, "int")
        if not whole and _ARRAYS.fullmatch(p.name):
            arrays.append(p.name)
        else:
            size = size_of(p.name)
            given[p.name] = next(waiting, sizes[0]) if size is None else size
    return given, arrays


def _weights(
    layer: Any, taken: Sequence[str]
) -> tuple[dict[str, list[tuple[str, ...]]], dict[str, tuple[int, ...]]]:
    """Arrays that a new layer keeps and that are no gradients, by name; one array may have several places."""
    found = [p for p in places(layer) if np.size(p.value)]
    ways = {short(p.path): "_" for p in found}
    weights = []
    for p in found:
        others = {way: word for way, word in ways.items() if way != short(p.path)}
        if gradient_of(p.path, others) is None and not _says_gradient(p.path):
            weights.append(p)
    names: dict[int, str] = {}
    own: dict[str, list[tuple[str, ...]]] = {}
    shapes: dict[str, tuple[int, ...]] = {}
    for p in sorted(weights, key=lambda p: short(p.path)[-1].isdigit()):
        name = names.get(id(p.value))
        if name is None:
            name = re.sub(r"\W", "_", "_".join(short(p.path)))
            name = f"w_{name}" if name[:1].isdigit() or name in taken else name
            names[id(p.value)] = name
            shapes[name] = np.shape(p.value)
        own.setdefault(name, []).append(p.path)
    return own, shapes


def _says_gradient(path: Sequence[str]) -> bool:
    return any(w.strip("_").lower() in _GRADIENT for w in path)
