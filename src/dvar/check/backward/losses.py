"""A function that returns a loss and its gradients at once: ``return loss, dw``."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from dvar.check.backward.settings import settled
from dvar.check.backward.source import source_of
from dvar.check.backward.subject import Arrays, Run, Subject, Upstreams, input_of, seeded
from dvar.core.errors import ReadError


class LossSubject(Subject):
    """Such a function; it is its own backward pass."""

    @property
    def takes_upstream(self) -> bool:
        return False

    def split(self, returned: Any) -> tuple[list[Any], Any]:
        return [returned[0]], ()

    def run(
        self,
        inputs: Mapping[str, Any],
        upstreams: Upstreams,
        backward: Callable[..., Any] | None = None,
    ) -> Run:
        given = {**copy.deepcopy(self.fixed), **copy.deepcopy(dict(inputs))}
        with seeded():
            loss, *found = (backward or self.backward)(**given)
        if backward is not None and not np.allclose(loss, self.results(inputs)[0], 1e-9, 1e-12):
            raise ValueError("a change of the loss is no repair of its gradient")
        return Run([loss], self.named(found[0] if len(found) == 1 else tuple(found), inputs), given)

    def named(self, returned: Any, inputs: Mapping[str, Any]) -> Arrays:
        said = self.returned_names()
        if not isinstance(returned, (dict, tuple, list)) and len(said) == 1:
            name = input_of(said[0], list(inputs))
            return {name: returned} if name is not None else super().named(returned, inputs)
        return super().named(returned, inputs)

    def returned_names(self) -> list[str]:
        return _names_of(self.backward)[1:]


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
    return settled(LossSubject(name, file, function, function))


def _is_gradient(name: str, parameters: list[str]) -> bool:
    if name.lower() in ("grad", "grads", "gradient", "gradients"):
        return True
    return name not in parameters and input_of(name, parameters) is not None


def _names_of(function: Callable[..., Any]) -> list[str]:
    """What the last return statement calls its results; a dictionary that is written there is ``grads``."""
    definition = source_of(function).pieces[0].definition
    returns = [n for n in ast.walk(definition) if isinstance(n, ast.Return) and n.value is not None]
    last = max(returns, key=lambda n: n.lineno, default=None)
    parts = last.value.elts if last is not None and isinstance(last.value, ast.Tuple) else []
    words = ["grads" if isinstance(p, ast.Dict) else getattr(p, "id", "") for p in parts]
    return words if all(words[1:]) else []
