"""A function of another framework as one in NumPy, with the parameters and the words of the original."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from dvar.check.backward.subject import Subject
from dvar.core.errors import ReadError


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

    def ungraded(self) -> set[str]:
        """Inputs at whose places every return statement has ``None``."""
        names = self.graded_names()
        with suppress(ReadError):
            definition = self.source().pieces[0].definition
            returns = [n.value for n in ast.walk(definition) if isinstance(n, ast.Return)]
            found = [_elements(value) for value in returns if value is not None]
            if found and all(len(parts) == len(names) for parts in found):
                places = zip(names, *found, strict=True)
                return {name for name, *parts in places if all(map(_is_none, parts))}
        return set()

    def graded_names(self) -> list[str]:
        """The parameters that a place of what the backward pass returns belongs to, in order."""
        return [p.name for p in self.parameters]

    def split(self, returned: Any) -> tuple[list[Any], Any]:
        """What is kept is the framework's, and no result."""
        return list(returned), ()


def _elements(value: ast.expr) -> list[ast.expr]:
    """``a, None`` for ``(a, None)`` and for ``(a,) + (None,) * 1``."""
    match value:
        case ast.Tuple(parts) | ast.List(parts):
            return [x for part in parts for x in _elements(part)]
        case ast.Starred(inner):
            return _elements(inner)
        case ast.BinOp(left, ast.Add(), right) if isinstance(left, ast.Tuple):
            return _elements(left) + _elements(right)
        case ast.BinOp(ast.Tuple() | ast.List() as left, ast.Mult(), ast.Constant(int(times))):
            return _elements(left) * times
    return [value]


def _is_none(part: ast.expr) -> bool:
    return isinstance(part, ast.Constant) and part.value is None


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
