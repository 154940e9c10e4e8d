"""Parameters of a forward pass that are no arrays: strides, modes, how many heads."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dvar.check.backward.said import said_of

if TYPE_CHECKING:
    from dvar.check.backward.subject import Subject

_VALUES: dict[str, Any] = {
    "stride": 1, "pad": 1, "padding": 1, "mode": "train", "p": 0.6, "pool_height": 2, "pool_width": 2,
    "eps": 1e-5, "epsilon": 1e-5, "momentum": 0.9, "seed": 3, "kernel_size": 2, "pool_size": 2, "size": 2,
    "dilation": 1, "keep_prob": 0.6, "causal": True, "train": True, "training": True, "is_training": True,
}  # fmt: skip
_ABOUT: dict[str, Any] = {
    **_VALUES, "ignore_index": -100, "ignore_label": -100, "padding_idx": 0, "label_smoothing": 0.1,
    "smoothing": 0.1, "dim": -1, "axis": -1, "keepdim": False, "keepdims": False, "reduction": "mean",
    "inplace": False,
}  # fmt: skip
"""The same and more, of what no gradient is returned for."""
_FLAGS = ("train", "training", "is_training", "causal", "mode")
_COUNTS = (
    "stride", "pad", "padding", "dilation", "kernel_size", "pool_size", "num_heads", "n_heads", "heads",
    "n_head", "nhead", "G", "groups", "num_groups",
)  # fmt: skip
_OPTIONAL = re.compile(r"b|bias\w*|beta|gamma|weight|scale|shift|gain|y|t|targets?|labels?|y_true")
_PENALTY = re.compile(r"reg\w*|lam\w*|l2\w*|weight_decay")
_VOID = re.compile(r"ignore_(index|label|id)|pad(ding)?_(idx|index|id|token|token_id)|pad")
_HOLDERS = re.compile(r"\w+_params?|config|cfg|opts?|options|settings|hparams|hyper\w*")


class Settings(dict[str, Any]):
    """What a forward pass is told in a dictionary; what it asks for and nobody has set has a value."""

    def __missing__(self, key: str) -> Any:
        return _VALUES.get(key, 1)


def is_setting(name: str, keys: Sequence[str]) -> bool:
    """Whether a parameter is a dictionary of settings, by its name or by what is looked up in it."""
    known = bool(keys) and all(k in _VALUES for k in keys)
    return known or _HOLDERS.fullmatch(name.lower()) is not None


def size_of(name: str) -> Any:
    """A setting that a layer is made with; None for one that is a size of its own."""
    low = name.lower()
    if low in _VALUES or low in _COUNTS:
        return _VALUES.get(low, 2)
    return 0.6 if re.search(r"prob|rate|ratio", low) else None


def void_of(subject: Subject) -> int | None:
    """The label that stands for none, if there is one."""
    found = (x for n, x in subject.fixed.items() if _VOID.fullmatch(n.lower()))
    return next((x for x in found if type(x) is int), None)


def set_apart(subject: Subject) -> bool:
    """Move the windows of pools so far that they do not overlap; false if there are none."""
    for name, value in subject.fixed.items():
        if isinstance(value, Settings) and value.get("stride") == 1 and "pool" in "".join(value):
            subject.fixed[name] = Settings({**value, "stride": 2})
            return True
        if name == "stride" and value == 1 and any("pool" in n for n in subject.fixed):
            subject.fixed[name] = 2
            return True
    return False


def settled(subject: Subject) -> Subject:
    """The subject with values for the parameters that are settings."""
    words = subject.documentation()
    arrays = said_of(words, [p.name for p in subject.parameters])
    free = subject.ungraded()
    for p in subject.parameters:
        low = p.name.lower()
        keys = [k for k in keys_of(subject.forward, p.name) if k]
        told = re.search(rf"\b{re.escape(p.name)}`?\s*:\s*(?:an? )?(\w+)", words)
        kind = told.group(1).lower() if told else ""
        if is_setting(p.name, keys):
            subject.fixed[p.name] = Settings({k: _VALUES.get(k, 1) for k in keys})
        elif p.default is None and _OPTIONAL.fullmatch(low):
            subject.optional.add(p.name)
        elif p.default == 0 and _PENALTY.fullmatch(low):
            subject.fixed[p.name] = 0.3  # nothing would be shown by 0
        elif p.default is not p.empty:
            subject.fixed[p.name] = p.default
        elif low in _FLAGS:
            subject.fixed[p.name] = _VALUES.get(low, True)
        elif low in _COUNTS or (kind in ("int", "integer") and p.name not in arrays):
            subject.fixed[p.name] = _VALUES.get(low, 2)
            subject.counts.add(p.name)
        elif low in _ABOUT and p.name in free and p.name not in arrays:
            subject.fixed[p.name] = _ABOUT[low]
    return subject


def _parts(function: Any) -> list[ast.AST]:
    """The nodes of a function's source; none if there is no source."""
    try:
        text = inspect.getsource(inspect.unwrap(function))
        return list(ast.walk(ast.parse(inspect.cleandoc("\n" + text))))
    except (OSError, TypeError, SyntaxError):
        return []


def called_in(function: Any) -> set[str]:
    """Names that a function calls as functions."""
    calls = [n.func for n in _parts(function) if isinstance(n, ast.Call)]
    return {f.id for f in calls if isinstance(f, ast.Name)}


def keys_of(function: Any, name: str, depth: int = 2) -> list[str]:
    """The keys that a function looks up in an argument: ``conv_param['stride']``, ``p.get('eps', 1e-5)``.

    Args:
        function: the function; what it hands the argument on to is looked at too.
        name: of the argument.
        depth: how far it may be handed on.
    """
    found: list[str] = []
    for node in _parts(function):
        match node:
            case ast.Subscript(ast.Name(held), ast.Constant(str(key))) if held == name:
                found.append(key)
            case ast.Call(ast.Attribute(ast.Name(held), "get")) if held == name:
                found.append("")
            case ast.Call(ast.Name(called), given) if depth:
                other = getattr(inspect.unwrap(function), "__globals__", {}).get(called)
                if inspect.isfunction(other) and other.__module__ == function.__module__:
                    for part, taken in zip(
                        given, inspect.signature(other).parameters, strict=False
                    ):
                        if isinstance(part, ast.Name) and part.id == name:
                            found += keys_of(other, taken, depth - 1)
    return list(dict.fromkeys(found))
