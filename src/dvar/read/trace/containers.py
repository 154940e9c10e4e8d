"""Containers of arrays: nested dicts, lists, tuples, named tuples and dataclasses.

A leaf is whatever is not one of these.  A path is the way to a leaf: keys, positions and field names.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

Key = str | int
Path = tuple[Key, ...]


@lru_cache(maxsize=1024)
def _form(kind: Any) -> str:
    """How a type holds its children; empty for a leaf."""
    if issubclass(kind, Mapping):
        return "mapping"
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return "fields"
    if issubclass(kind, (list, tuple)):
        return "sequence"
    return "dataclass" if dataclasses.is_dataclass(kind) else ""


def _parts(tree: Any) -> list[tuple[Key, Any]] | None:
    """The children of a container with their keys; None for a leaf."""
    kind: Any = type(tree)
    form = _form(kind)
    if not form:
        return None
    if form == "sequence":
        return list(enumerate(tree))
    if form == "mapping":
        return [(key if isinstance(key, int) else str(key), child) for key, child in tree.items()]
    if form == "fields":
        return list(zip(tree._fields, tree, strict=True))
    return [(f.name, getattr(tree, f.name)) for f in dataclasses.fields(tree)]


def leaves_with_paths(tree: Any) -> list[tuple[Path, Any]]:
    """Every leaf and the way to it, in the order of the containers."""
    parts = _parts(tree)
    if parts is None:
        return [((), tree)]
    return [((key, *path), leaf) for key, child in parts for path, leaf in leaves_with_paths(child)]


def leaves(tree: Any) -> list[Any]:
    return [leaf for _, leaf in leaves_with_paths(tree)]


def rebuild(tree: Any, new: Sequence[Any]) -> Any:
    """The same containers with other leaves, in the order of ``leaves``."""
    remaining = iter(new)
    built = builder(tree)(remaining)
    if next(remaining, remaining) is not remaining:
        raise ValueError("more leaves than the container holds")
    return built


def builder(tree: Any) -> Callable[[Iterator[Any]], Any]:
    """``rebuild`` for one container and many sets of leaves."""
    parts = _parts(tree)
    if parts is None:
        return next
    kind: Any = type(tree)
    form = _form(kind)
    children = [builder(child) for _, child in parts]
    if form == "sequence":
        return lambda new: kind([child(new) for child in children])
    if form == "fields":
        return lambda new: kind(*[child(new) for child in children])
    if form == "mapping":
        return lambda new: _refill(tree, [child(new) for child in children])
    names = [name for name, _ in parts]

    def clone(new: Iterator[Any]) -> Any:
        made = copy.copy(tree)
        for name, child in zip(names, children, strict=True):
            object.__setattr__(made, str(name), child(new))  # frozen ones too
        return made

    return clone


def _refill(tree: Mapping[Any, Any], children: Sequence[Any]) -> Any:
    """A mapping of the same type; copied, since a defaultdict is not made from pairs alone."""
    pairs = dict(zip(tree, children, strict=True))
    if type(tree) is dict:
        return pairs
    clone: Any = copy.copy(tree)
    clone.update(pairs)
    return clone


def tree_map(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """``function`` of every leaf, beside the leaves of other containers of the same form."""
    columns = [leaves(tree), *(leaves(other) for other in others)]
    return rebuild(tree, [function(*row) for row in zip(*columns, strict=True)])


def same_form(tree: Any, other: Any) -> bool:
    """Whether two containers have the same ways to leaves."""
    return [path for path, _ in leaves_with_paths(tree)] == [
        path for path, _ in leaves_with_paths(other)
    ]


def beside(prefix: Any, tree: Any) -> list[Any]:
    """For every leaf of ``tree`` the leaf of ``prefix`` that stands there or in a container around it.

    Raises:
        ValueError: ``prefix`` goes deeper than ``tree``, or has other parts.
    """
    above, parts = _parts(prefix), _parts(tree)
    if above is None:
        return [prefix for _ in leaves(tree)]
    if parts is None or [key for key, _ in above] != [key for key, _ in parts]:
        raise ValueError(f"{prefix!r} has not the form of what it stands for")
    return [
        x for (_, inner), (_, child) in zip(above, parts, strict=True) for x in beside(inner, child)
    ]


def show_path(name: str, path: Path) -> str:
    """``params["W1"][0]``: a leaf as one writes it."""
    return name + "".join(f'["{key}"]' if isinstance(key, str) else f"[{key}]" for key in path)


def names_of(name: str, paths: Sequence[Path]) -> list[str]:
    """Short names for the leaves of one argument: ``W1`` where that is unique, else ``params_0_W``."""
    last = [str(path[-1]) if path else name for path in paths]
    short = [
        last[n] if last[n].isidentifier() and last.count(last[n]) == 1 else ""
        for n in range(len(paths))
    ]
    return [short[n] or long_name(name, path) for n, path in enumerate(paths)]


def long_name(name: str, path: Path) -> str:
    """``params_0_W``: the whole way as one name."""
    return "_".join([name, *(_word(key) for key in path)])


def _word(key: Key) -> str:
    return "".join(c if c.isalnum() or c == "_" else "_" for c in str(key))
