"""A ``torch.autograd.Function`` as a subject: arrays go in and come out, tensors are in between."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from dvar.check.backward.signatures import FrameworkSubject, numpy_program
from dvar.check.backward.source import kept_attributes
from dvar.check.backward.subject import SEED, Arrays, Run, Subject, Upstreams
from dvar.core.errors import ReadError
from dvar.read.frameworks import aten
from dvar.read.trace.trace import is_number


def torch_subject(made: type, name: str = "", file: str = "") -> Subject:
    """A class with static methods ``forward(ctx, …)`` and ``backward(ctx, …)``.

    Raises:
        ReadError: there is no such method.
    """
    own = {n for base in made.__mro__[:-1] if _own(base) for n in vars(base)}
    for method in ("forward", "backward"):
        if method not in own:
            raise ReadError(f"{made.__name__} has no method {method} of its own")
    known: Any = made
    parameters = list(inspect.signature(known.forward).parameters.values())
    if not _sets_up(known):
        parameters = parameters[1:]
    subject = TorchSubject(
        name or made.__name__, file, known.forward, known.backward, "torch", made=known
    )
    subject.forward = numpy_program(known.forward, parameters, subject.followed)
    return subject


def _own(base: type) -> bool:
    return not base.__module__.startswith("torch.")


def _sets_up(made: Any) -> bool:
    """Whether the context is filled by a method of its own, ``setup_context(ctx, inputs, output)``."""
    return any("setup_context" in vars(base) for base in made.__mro__ if _own(base))


class Context:
    """What a Function sees as ``ctx``: a place for what is kept, and wishes that need not be fulfilled here."""

    def __init__(self, needs: Sequence[bool] = ()) -> None:
        self.needs_input_grad = tuple(needs)
        self.saved_tensors: tuple[Any, ...] = ()
        self.fills_zeros = True

    def save_for_backward(self, *tensors: Any) -> None:
        self.saved_tensors = tensors

    def save_for_forward(self, *_: Any) -> None:
        """Forward mode is not checked."""

    def mark_dirty(self, *_: Any) -> None:
        """Inputs are copies."""

    def mark_non_differentiable(self, *_: Any) -> None:
        """A result that is no array of real numbers has no upstream gradient anyway."""

    def set_materialize_grads(self, value: bool) -> None:
        self.fills_zeros = value


class TorchSubject(FrameworkSubject):
    """A Function."""

    def followed(self, *arguments: Any) -> Any:
        """The results for traced arrays."""
        arrays = [n for n, x in enumerate(arguments) if is_number(x) and not _plain(x)]

        def function(*tensors: Any) -> Any:
            given = list(arguments)
            for n, t in zip(arrays, tensors, strict=True):
                given[n] = t
            return tuple(_floats(self._called(given)[0]))

        with _seeded():
            return aten.follow(function, [arguments[n] for n in arrays])

    def attributes(self) -> list[str]:
        kept = kept_attributes(self.made.setup_context) if _sets_up(self.made) else []
        return [*kept, *super().attributes()]

    def _called(self, arguments: Sequence[Any]) -> tuple[Any, Context]:
        ctx = Context([_is_real(x) for x in arguments])
        if not _sets_up(self.made):
            return self.made.forward(ctx, *arguments), ctx
        result = self.made.forward(*arguments)
        self.made.setup_context(ctx, tuple(arguments), result)
        return result, ctx

    def _forward(self, inputs: Mapping[str, Any]) -> tuple[list[Any], Any, Arrays]:
        result, _ = self._passed(inputs)
        return [t.detach().numpy().copy() for t in _floats(result)], (), {**self.fixed, **inputs}

    def _passed(self, inputs: Mapping[str, Any]) -> tuple[Any, Context]:
        import torch

        given = {**self.fixed, **inputs}
        arguments = [_tensor(given[p.name]) for p in self.parameters if p.name in given]
        with _seeded(), torch.no_grad():
            return self._called(arguments)

    def run(
        self,
        inputs: Mapping[str, Any],
        upstreams: Upstreams,
        backward: Callable[..., Any] | None = None,
    ) -> Run:
        import torch

        result, ctx = self._passed(inputs)
        outputs = [t.detach().numpy().copy() for t in _floats(result)]
        waiting = iter(upstreams(outputs))
        whole = result if isinstance(result, tuple) else (result,)
        seeds = [
            torch.as_tensor(np.asarray(next(waiting)), dtype=t.dtype)
            if _is_real(t)
            else torch.zeros_like(t)
            for t in whole
            if isinstance(t, torch.Tensor)
        ]
        with torch.no_grad():
            returned = (backward or self.made.backward)(ctx, *seeds)
        return Run(outputs, self.named(returned, inputs), {})

    def named(self, returned: Any, inputs: Mapping[str, Any]) -> Arrays:
        found = list(returned) if isinstance(returned, (tuple, list)) else [returned]
        names = [p.name for p in self.parameters]
        extra = [g for g in found[len(names) :] if g is not None]
        if extra or len(found) < len(names):
            raise ReadError(
                f"{self.name}: backward returns {len(found)} gradients, forward takes {len(names)} inputs",
                hint="one for each input of forward, None for those that have no gradient",
            )
        pairs = zip(names, found, strict=False)
        return {
            n: g.detach().numpy() for n, g in pairs if n in inputs and isinstance(g, _tensor_type())
        }


def _tensor_type() -> Any:
    import torch

    return torch.Tensor


@contextmanager
def _seeded() -> Iterator[None]:
    """The same random numbers each time, for dropout and the like."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        yield


def _plain(x: Any) -> bool:
    """Whether a function is given a number as a number and not as a tensor."""
    return isinstance(x, (bool, int, float)) and not isinstance(x, np.number)


def _tensor(x: Any) -> Any:
    return aten.tensor(x) if isinstance(x, (np.ndarray, np.number)) else x


def _is_real(x: Any) -> bool:
    return isinstance(x, _tensor_type()) and bool(x.is_floating_point())


def _floats(result: Any) -> list[Any]:
    whole = result if isinstance(result, (tuple, list)) else [result]
    return [t for t in whole if _is_real(t)]
