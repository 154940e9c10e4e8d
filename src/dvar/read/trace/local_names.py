"""What the user's functions called their results: their local variables at the moment they return."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Collection, Mapping
from types import CodeType, FrameType, TracebackType
from typing import Any

from dvar.core.node import Node
from dvar.read.trace import facts
from dvar.read.trace.array import Variable
from dvar.read.trace.filled import Filled


def code_of(function: Any) -> CodeType | None:
    """The code behind a callable, None for one that is not written in Python."""
    while isinstance(function, functools.partial):
        function = function.func
    function = inspect.unwrap(function)
    if not hasattr(function, "__code__"):
        function = type(function).__call__
    code = getattr(function, "__code__", None)
    return code if isinstance(code, CodeType) else None


def unique(name: str, taken: Collection[str], stem: str) -> str:
    """The name, or with its stem's number where it is taken: ``x_2``."""
    if name not in taken:
        return name
    n = 2
    while f"{stem}_{n}" in taken:
        n += 1
    return f"{stem}_{n}"


class Locals:
    """While open, watches functions return and keeps the names of traced arrays.

    Python tells a profiler of every return, with the frame.  If there is a profiler already, it is left
    alone and no names are found.  The function itself goes before those it calls.
    """

    def __init__(self, code: CodeType | None) -> None:
        self.code = code
        self.own: dict[str, Node] = {}
        self.others: dict[str, Node] = {}
        self._watching = False

    def __enter__(self) -> Locals:
        if sys.getprofile() is None:
            sys.setprofile(self._on_event)
            self._watching = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if self._watching:
            sys.setprofile(None)

    @property
    def names(self) -> dict[str, Node]:
        """Name → node; one name for each node."""
        named = set(self.own.values())
        rest = {
            name: node
            for name, node in self.others.items()
            if node not in named and name not in self.own
        }
        return {**self.own, **rest}

    def _on_event(self, frame: FrameType, event: str, _: Any) -> None:
        if event != "return" or facts.is_ours(frame.f_code):
            return
        if frame.f_code is self.code:
            self.own = _arrays(frame.f_locals)
        elif not frame.f_code.co_name.startswith("<"):
            # Parameters of a helper are what its caller already has a name for.
            code = frame.f_code
            parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
            inner = {k: v for k, v in frame.f_locals.items() if k not in parameters}
            known = set(self.others.values())
            for name, node in _arrays(inner).items():
                if node not in known:
                    self.others[unique(name, self.others, name)] = node


def _arrays(variables: Mapping[str, Any]) -> dict[str, Node]:
    """Traced arrays among local variables, also those kept in a dict or list."""
    found: dict[str, Node] = {}
    nested: list[tuple[str, Node]] = []
    for name, value in variables.items():
        if name.startswith("_") or name == "self":
            continue
        if isinstance(value, Variable):
            found[name] = value.node
            if isinstance(value, Filled):
                nested += [(f"{name}_{n}", row) for n, row in value.rows().items()]
        elif isinstance(value, dict):
            nested += [(str(k), v.node) for k, v in value.items() if isinstance(v, Variable)]
        elif isinstance(value, (list, tuple)):
            nested += [
                (f"{name}_{n}", v.node) for n, v in enumerate(value) if isinstance(v, Variable)
            ]
    known = set(found.values())
    for name, node in nested:
        if name not in found and node not in known and name.isidentifier():
            found[name] = node
    return found


def in_frame(frame: FrameType | None) -> dict[str, Node]:
    """The traced arrays of a frame that is still running."""
    return {} if frame is None else _arrays(frame.f_locals)
