"""A function of another framework as one in NumPy, with the parameters and the words of the original."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from dvar.check.backward.subject import Subject


@dataclass
class FrameworkSubject(Subject):
    """What another framework made of a forward and a backward pass; ``forward`` is the former in terms of NumPy.

    Attributes:
        made: the class or function that the framework knows.
    """

    made: Any = field(default=None)

    @property
    def takes_upstream(self) -> bool:
        return True

    def documentation(self) -> str:
        return f"{super().documentation()}\n{getattr(self.made, '__doc__', None) or ''}"

    def split(self, returned: Any) -> tuple[list[Any], Any]:
        """What is kept is the framework's, and no result."""
        return list(returned), ()


def numpy_program(
    written: Callable[..., Any],
    parameters: Sequence[inspect.Parameter],
    followed: Callable[..., Any],
) -> Callable[..., Any]:
    """``followed`` under the parameters of what the user has written.

    Args:
        written: the user's function; its source and its docstring tell shapes.
        parameters: those that are inputs.
        followed: the inputs, traced, in this order → the results.
    """
    plain = [p.replace(kind=p.POSITIONAL_OR_KEYWORD) for p in parameters if p.kind not in (2, 4)]
    signature = inspect.Signature(plain)

    def program(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return followed(*bound.args)

    program.__wrapped__ = written  # type: ignore[attr-defined]  # how inspect finds the source
    program.__signature__ = signature  # type: ignore[attr-defined]  # how inspect finds the parameters
    program.__doc__ = written.__doc__
    program.__name__ = getattr(written, "__name__", "forward")
    return program
