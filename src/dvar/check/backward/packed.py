"""Weights that come in one parameter, ``params["w"]`` or ``w, b = params``, as inputs of their own."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from dvar.check.backward.settings import is_setting, keys_of


class Pack(NamedTuple):
    """What one parameter holds.

    Attributes:
        keys: of a dictionary, or names for the elements of a tuple.
        leaves: the names of the inputs, in the same order.
        by_name: whether it is a dictionary.
    """

    keys: tuple[str, ...]
    leaves: tuple[str, ...]
    by_name: bool

    def packed(self, given: Mapping[str, Any]) -> Any:
        """The parameter for some inputs."""
        if self.by_name:
            return {key: given[leaf] for key, leaf in zip(self.keys, self.leaves, strict=True)}
        return tuple(given[leaf] for leaf in self.leaves)

    def unpacked(self, held: Any) -> dict[str, Any]:
        """What something of the same form holds, by the names of the inputs."""
        if self.by_name and isinstance(held, Mapping):
            return {n: held[k] for k, n in zip(self.keys, self.leaves, strict=True) if k in held}
        if not self.by_name and isinstance(held, (tuple, list)):
            return dict(zip(self.leaves, held, strict=False))
        return {}


def packs_of(function: Callable[..., Any]) -> dict[str, Pack]:
    """The parameters of a function that hold several arrays, as its source takes them apart."""
    names = list(inspect.signature(function).parameters)
    found: dict[str, Pack] = {}
    for name in names:
        keys = [k for k in keys_of(function, name) if k]
        by_name = bool(keys) and not is_setting(name, keys)
        parts = keys if by_name else [] if keys else _unpacked_names(function, name)
        if parts:
            taken = [*names, *[leaf for pack in found.values() for leaf in pack.leaves]]
            leaves = [k if k.isidentifier() and k not in taken else f"{name}_{k}" for k in parts]
            found[name] = Pack(tuple(parts), tuple(leaves), by_name)
    return found


def _unpacked_names(function: Callable[..., Any], name: str) -> list[str]:
    """``w, b`` for ``w, b = params``."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return []
    for node in ast.walk(tree):
        match node:
            case ast.Assign([ast.Tuple(parts) | ast.List(parts)], ast.Name(held)) if held == name:
                if all(isinstance(p, ast.Name) for p in parts):
                    return [p.id for p in parts if isinstance(p, ast.Name)]
    return []


def leaf_parameters(
    parameters: Sequence[inspect.Parameter], packs: Mapping[str, Pack]
) -> list[inspect.Parameter]:
    """The parameters, with inputs of their own for what one holds."""
    found = []
    for p in parameters:
        if p.name in packs:
            kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
            found += [inspect.Parameter(leaf, kind) for leaf in packs[p.name].leaves]
        else:
            found.append(p)
    found.sort(key=lambda p: p.default is not p.empty)
    return found


def unpacked(
    function: Callable[..., Any], like: Callable[..., Any] | None = None
) -> Callable[..., Any]:
    """The function of single arrays; itself if no parameter holds several.

    Args:
        function: what is called.
        like: where to look for what its parameters hold, if not in its own source.
    """
    shown = inspect.unwrap(like or function)
    packs = packs_of(shown)
    if not packs:
        return function
    signature = inspect.signature(shown)
    signature = signature.replace(
        parameters=leaf_parameters(list(signature.parameters.values()), packs)
    )

    def program(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs).arguments
        inside = {leaf for pack in packs.values() for leaf in pack.leaves}
        rest = {n: x for n, x in given.items() if n not in inside}
        return function(**rest, **{n: pack.packed(given) for n, pack in packs.items()})

    program.__wrapped__ = function  # type: ignore[attr-defined]  # how inspect finds the source
    program.__signature__ = signature  # type: ignore[attr-defined]
    return program
