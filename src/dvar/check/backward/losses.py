"""A function that returns a loss and its gradients at once: ``return loss, dw``."""

from __future__ import annotations

import ast
import copy
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from dvar.check.backward.layers import LayerSubject, places
from dvar.check.backward.packed import unpacked
from dvar.check.backward.settings import settled
from dvar.check.backward.source import source_of
from dvar.check.backward.subject import Arrays, Run, Subject, Upstreams, input_of, seeded
from dvar.core.errors import ReadError


class _OfLoss(Subject):
    """What returns a loss and, behind it, its gradients."""

    @property
    def takes_upstream(self) -> bool:
        return False

    def split(self, returned: Any) -> tuple[list[Any], Any]:
        return [returned[0]], ()

    def returned_names(self) -> list[str]:
        return _names_of(self.backward)[1:]

    def _apart(self, returned: Any, inputs: Mapping[str, Any], is_changed: bool) -> tuple[Any, Any]:
        """The loss and the gradients of one call.  Raises ValueError if a change of the code changes the loss."""
        loss, *found = returned
        if is_changed and not np.allclose(loss, self.results(inputs)[0], 1e-9, 1e-12):
            raise ValueError("a change of the loss is no repair of its gradient")
        return loss, found[0] if len(found) == 1 else tuple(found)


class LossSubject(_OfLoss):
    """Such a function; it is its own backward pass."""

    def run(
        self,
        inputs: Mapping[str, Any],
        upstreams: Upstreams,
        backward: Callable[..., Any] | None = None,
    ) -> Run:
        given = {**copy.deepcopy(self.fixed), **copy.deepcopy(dict(inputs))}
        program = self.backward if backward is None else unpacked(backward, self.backward)
        with seeded():
            returned = program(**given)
        loss, found = self._apart(returned, inputs, backward is not None)
        return Run([loss], self.named(found, inputs), given)

    def named(self, returned: Any, inputs: Mapping[str, Any]) -> Arrays:
        said = self.returned_names()
        if not isinstance(returned, (dict, tuple, list)) and len(said) == 1:
            name = meant(said[0], list(inputs))
            return {name: returned} if name is not None else super().named(returned, inputs)
        names = [meant(name, list(inputs)) for name in said]
        if isinstance(returned, tuple) and len(names) == len(returned) and None not in names:
            return {n: g for n, g in zip(names, returned, strict=True) if n is not None}
        return super().named(returned, inputs)

    def ungraded(self) -> set[str]:
        names = [p.name for p in self.parameters]
        found = {meant(name, names) for name in self.returned_names()}
        return set(names) - found if found and None not in found else set()


class LossLayerSubject(_OfLoss, LayerSubject):
    """A class with a method that returns a loss and the gradients of the weights: ``net.loss(X, y)``."""

    def run(
        self,
        inputs: Mapping[str, Any],
        upstreams: Upstreams,
        backward: Callable[..., Any] | None = None,
    ) -> Run:
        given = {**copy.deepcopy(self.fixed), **copy.deepcopy(dict(inputs))}
        layer = self.fresh(given)
        before = {p.path: (p.value, np.array(p.value)) for p in places(layer)}
        with seeded():
            returned = self._called(backward or self.written, layer, given)
        loss, found = self._apart(returned, inputs, backward is not None)
        gradients = {**self._stored(layer, before, inputs), **self.named(found, inputs)}
        return Run([loss], gradients, given)

    @property
    def written(self) -> Any:
        """The method."""
        return getattr(self.made, self.methods[0])

    def named(self, returned: Any, inputs: Mapping[str, Any]) -> Arrays:
        return Subject.named(self, returned, inputs)


def loss_method(made: type) -> str | None:
    """The method of a class that returns a loss and its gradients, if there is one."""
    for name, method in vars(made).items():
        if inspect.isfunction(method):
            with suppress(ReadError):
                rest = _names_of(method)[1:]
                if rest and all(_is_gradient(n, []) for n in rest):
                    return name
    return None


def loss_of(function: Any, name: str, file: str) -> Subject | None:
    """The function as a subject, if what it returns beside the first result is called after its parameters."""
    try:
        names = _names_of(function)
        parameters = [a.arg for a in source_of(function).pieces[0].definition.args.args]
    except ReadError:
        return None
    rest = names[1:]
    if not rest or not all(_is_gradient(n, parameters) for n in rest):
        return None
    program = unpacked(function)
    return settled(LossSubject(name, file, program, program))


def _is_gradient(name: str, parameters: list[str]) -> bool:
    if name.lower() in ("grad", "grads", "gradient", "gradients"):
        return True
    return name not in parameters and meant(name, parameters) is not None


def meant(name: str, inputs: Sequence[str]) -> str | None:
    """The input that a gradient is called after, if only by the first letters of its words: ``gradOutVecs``."""
    found = input_of(name, inputs)
    bare = re.sub(r"^(grad|d)_?", "", name.lower())
    if found is not None or len(bare) < 4 or bare == name.lower():
        return found
    short = [n for n in inputs if n.lower()[:3] == bare[:3] and _is_within(bare, n.lower())]
    return short[0] if len(short) == 1 else None


def _is_within(letters: str, word: str) -> bool:
    """Whether letters occur in a word, in this order."""
    rest = iter(word)
    return all(letter in rest for letter in letters)


def _names_of(function: Callable[..., Any]) -> list[str]:
    """What the last return statement calls its results; a dictionary that is written there is ``grads``."""
    definition = source_of(function).pieces[0].definition
    returns = [n for n in ast.walk(definition) if isinstance(n, ast.Return) and n.value is not None]
    last = max(returns, key=lambda n: n.lineno, default=None)
    parts = last.value.elts if last is not None and isinstance(last.value, ast.Tuple) else []
    words = ["grads" if isinstance(p, ast.Dict) else getattr(p, "id", "") for p in parts]
    return words if all(words[1:]) else []
