"""A ``jax.custom_vjp`` as a subject: arrays go in and come out, JAX's arrays are in between."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from dvar.check.backward.signatures import FrameworkSubject, numpy_program
from dvar.check.backward.subject import Arrays, Run, Subject, Upstreams
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
    subject.forward = numpy_program(made.fun, parameters, subject.followed)
    return subject


class JaxSubject(FrameworkSubject):
    """A function with its rule."""

    def followed(self, *arguments: Any) -> Any:
        """The results for traced arrays."""
        arrays = [n for n, x in enumerate(arguments) if is_number(x) and n not in self._settings]

        def function(*values: Any) -> Any:
            given = list(arguments)
            for n, x in zip(arrays, values, strict=True):
                given[n] = x
            return _floats(self.made.fun(*given))

        return tuple(jaxprs.follow(function, [arguments[n] for n in arrays]))

    @property
    def _settings(self) -> set[int]:
        """Places of arguments that are passed on as they are."""
        count = len(self.parameters)
        given = self.made.nondiff_argnums
        return (
            {n % count for n in ((given,) if isinstance(given, int) else given)} if count else set()
        )

    def _arguments_of(self, inputs: Mapping[str, Any]) -> list[Any]:
        given = {**self.fixed, **inputs}
        names = [p.name for p in self.parameters if p.name in given]
        return [
            given[name] if n in self._settings else _array(given[name])
            for n, name in enumerate(names)
        ]

    def _forward(self, inputs: Mapping[str, Any]) -> tuple[list[Any], Any, Arrays]:
        import jax

        with jax.enable_x64(True):
            result = self.made.fun(*self._arguments_of(inputs))
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
            returned = self.made.fwd(*arguments)
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
            found = rule(*settings, kept, jax.tree_util.tree_unflatten(form, seeds))
            return Run(outputs, self.named(found, inputs), {})

    def named(self, returned: Any, inputs: Mapping[str, Any]) -> Arrays:
        names = [p.name for n, p in enumerate(self.parameters) if n not in self._settings]
        if not isinstance(returned, (tuple, list)) or len(returned) != len(names):
            count = len(returned) if isinstance(returned, (tuple, list)) else "no tuple of"
            raise ReadError(
                f"{self.name}: the backward pass returns {count} gradients for {len(names)} inputs",
                hint="a tuple with one for each input, None for those that have no gradient",
            )
        pairs = zip(names, returned, strict=True)
        return {n: np.asarray(g) for n, g in pairs if n in inputs and hasattr(g, "shape")}


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
