"""A ``jax.custom_vjp`` as a subject: arrays go in and come out, JAX's arrays are in between."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dvar.check.backward.packed import Pack, leaf_parameters, packs_of
from dvar.check.backward.signatures import FrameworkSubject, numpy_program
from dvar.check.backward.subject import Arrays, Run, Subject, Upstreams
from dvar.check.backward.watching import untraced
from dvar.core.errors import ReadError
from dvar.read.frameworks import jaxprs
from dvar.read.trace.trace import is_number


def jax_subject(made: Any, name: str = "", file: str = "") -> Subject:
    """A function with its rule.

    Raises:
        ReadError: it has no rule, or one with symbolic zeros.
    """
    name = name or getattr(made, "__name__", "function")
    if getattr(made, "fwd", None) is None or getattr(made, "bwd", None) is None:
        raise ReadError(f"{name} has no backward pass", hint=f"{name}.defvjp(forward, backward)")
    if getattr(made, "symbolic_zeros", False):
        raise ReadError(f"{name}: a rule with symbolic_zeros is not checked")
    subject = JaxSubject(name, file, made.fun, made.bwd, "jax", made=made)
    parameters = list(inspect.signature(made.fun).parameters.values())
    subject.packs = packs_of(made.fun)
    leaves = leaf_parameters(parameters, subject.packs)
    subject.forward = numpy_program(made.fun, leaves, subject.followed)
    return subject


@dataclass
class JaxSubject(FrameworkSubject):
    """A function with its rule.

    Attributes:
        packs: parameters that hold several arrays.
        loops: which of its functions have loops that may not end.
    """

    packs: dict[str, Pack] = field(default_factory=dict)
    loops: dict[str, bool] = field(default_factory=dict)

    def followed(self, *arguments: Any) -> Any:
        """The results for traced arrays."""
        given = dict(zip((p.name for p in self.parameters), arguments, strict=False))
        settings = [self._taken[n] for n in self._settings]
        arrays = [n for n, x in given.items() if is_number(x) and n not in settings]

        def function(*values: Any) -> Any:
            return _floats(
                self.made.fun(*self._packed({**given, **dict(zip(arrays, values, strict=True))}))
            )

        return tuple(jaxprs.follow(function, [given[n] for n in arrays]))

    def ungraded(self) -> set[str]:
        return super().ungraded() | {self._taken[n] for n in self._settings}

    def graded_names(self) -> list[str]:
        return [name for n, name in enumerate(self._taken) if n not in self._settings]

    @property
    def _taken(self) -> list[str]:
        """The parameters of the function itself."""
        found = inspect.signature(self.made.fun).parameters.values()
        return [p.name for p in found if p.kind not in (2, 4)]

    def _packed(self, given: Mapping[str, Any]) -> list[Any]:
        """Arguments of the function itself."""
        return [
            self.packs[name].packed(given) if name in self.packs else given[name]
            for name in self._taken
            if name in given or name in self.packs
        ]

    @property
    def _settings(self) -> set[int]:
        """Places of arguments that are passed on as they are."""
        count = len(self._taken)
        given = self.made.nondiff_argnums
        return (
            {n % count for n in ((given,) if isinstance(given, int) else given)} if count else set()
        )

    def _arguments_of(self, inputs: Mapping[str, Any]) -> list[Any]:
        given = {**self.fixed, **inputs}
        settings = [self._taken[n] for n in self._settings]
        return self._packed({n: x if n in settings else _array(x) for n, x in given.items()})

    def fits(self, inputs: Mapping[str, Any]) -> None:
        jaxprs.fits(self.made.fun, self._arguments_of(inputs))

    def _called(self, part: str, function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
        """What one of the three functions returns, or a changed one that stands for it."""
        if part not in self.loops:
            with untraced():
                self.loops[part] = jaxprs.loops(function, arguments)
        return jaxprs.bounded(function, arguments) if self.loops[part] else function(*arguments)

    def _forward(self, inputs: Mapping[str, Any]) -> tuple[list[Any], Any, Arrays]:
        import jax

        with jax.enable_x64(True):
            result = self._called("fun", self.made.fun, self._arguments_of(inputs))
            return [np.array(x) for x in _floats(result)], (), {**self.fixed, **inputs}

    def run(
        self,
        inputs: Mapping[str, Any],
        upstreams: Upstreams,
        backward: Callable[..., Any] | None = None,
    ) -> Run:
        import jax

        with jax.enable_x64(True):
            arguments = self._arguments_of(inputs)
            returned = self._called("fwd", self.made.fwd, arguments)
            if not isinstance(returned, tuple) or len(returned) != 2:
                raise ReadError(
                    f"{self.name}: the forward pass does not return (result, residuals)"
                )
            result, kept = returned
            leaves, form = jax.tree_util.tree_flatten(result)
            outputs = [np.array(x) for x in _floats(result)]
            waiting = iter(upstreams(outputs))
            seeds = [_array(next(waiting)) if _is_real(x) else _no_seed(x) for x in leaves]
            settings = [arguments[n] for n in sorted(self._settings)]
            rule = backward or self.made.bwd
            upstream = jax.tree_util.tree_unflatten(form, seeds)
            found = self._called("bwd", rule, [*settings, kept, upstream])
            return Run(outputs, self.named(found, inputs), {})

    def named(self, returned: Any, inputs: Mapping[str, Any]) -> Arrays:
        names = self.graded_names()
        if not isinstance(returned, (tuple, list)) or len(returned) != len(names):
            count = len(returned) if isinstance(returned, (tuple, list)) else "no tuple of"
            raise ReadError(
                f"{self.name}: the backward pass returns {count} gradients for {len(names)} inputs",
                hint="a tuple with one for each input, None for those that have no gradient",
            )
        found: Arrays = {}
        for n, g in zip(names, returned, strict=True):
            found.update(self.packs[n].unpacked(g) if n in self.packs else {n: g})
        return {n: np.asarray(g) for n, g in found.items() if n in inputs and hasattr(g, "shape")}


def _array(x: Any) -> Any:
    import jax.numpy as jnp

    return jnp.asarray(x) if isinstance(x, (np.ndarray, np.number, float)) else x


def _is_real(x: Any) -> bool:
    return "float" in str(getattr(x, "dtype", "")) or isinstance(x, float)


def _no_seed(x: Any) -> Any:
    """What JAX passes for a result that is no array of real numbers."""
    import jax

    return np.zeros(np.shape(x), jax.dtypes.float0)


def _floats(result: Any) -> list[Any]:
    import jax

    return [x for x in jax.tree_util.tree_leaves(result) if _is_real(x)]
