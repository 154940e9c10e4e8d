"""A row of the table on traced arrays; what is wrong with it is said in the user's names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dvar.core.errors import DvarError
from dvar.core.node import Node
from dvar.core.op import VARIABLE, AxesError, Op
from dvar.read.trace import facts
from dvar.read.trace.array import FORMS, Variable, made, unwrap, wrap
from dvar.read.trace.local_names import in_frame


def apply_row(row: Op, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """A row of the table on Variables and arrays."""
    plain_kwargs = {key: unwrap(value) for key, value in kwargs.items()}
    return wrap_call(lambda: row(*map(unwrap, args), **plain_kwargs))


def wrap_call(make: Callable[[], Any]) -> Any:
    """What ``make`` makes, wrapped; errors get the user's names and line."""
    try:
        return wrap(make())
    except DvarError as error:
        _reword(error)
        raise


def apply_plain(row: Op, args: tuple[Any, ...]) -> Variable:
    """A row that takes its operands as they are: the way of most gates, so the shortest."""
    try:
        node = row.node(
            *[x.node if type(x) is Variable else x if type(x) is float else unwrap(x) for x in args]
        )
        if node.known is None:
            facts.admit_gate(node)
    except DvarError as error:
        _reword(error)
        raise
    return made(node) if FORMS else Variable(node)


def _reword(error: DvarError) -> None:
    """Put the user's names and line into an error."""
    if isinstance(error, AxesError):
        names = {node: name for name, node in reversed(in_frame(facts.user_frame()).items())}
        error.message = error.reworded([_called(x, names) for x in error.nodes])
    error.source = error.source or facts.source_here()


def _called(node: Node, names: Mapping[Node, str]) -> str:
    return names.get(node) or (str(node.param("name")) if node.op is VARIABLE else "")
