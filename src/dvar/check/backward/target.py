"""What is to be checked: a pair of functions, a class with two methods, found by name in a file."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dvar.check.backward.frameworks import is_made_elsewhere, subject_elsewhere
from dvar.check.backward.layers import layer_subject
from dvar.check.backward.losses import LossLayerSubject, loss_method, loss_of
from dvar.check.backward.packed import unpacked
from dvar.check.backward.settings import settled
from dvar.check.backward.subject import Arrays, Subject
from dvar.core.errors import ReadError


def subject_of(
    forward: Callable[..., Any], backward: Callable[..., Any], name: str = "", file: str = ""
) -> Subject:
    """A pair of functions as a subject, with its settings filled in."""
    name = name or getattr(forward, "__name__", "forward")
    return settled(Subject(name, file, unpacked(forward), backward))


def find(path: str, name: str, names: Mapping[str, Any]) -> Subject:
    """The subject called ``name`` among the names of a file.

    Raises:
        ReadError: there is none.
    """
    here = names.get(name)
    if is_made_elsewhere(here):
        return settled(subject_elsewhere(here, name, path))
    if inspect.isclass(here):
        return _of_class(path, name, here)
    rule = getattr(here, "_rule", None)
    if rule is not None and callable(here):
        return settled(_RuleSubject(name, path, *rule))
    for first, second in _pairs(name, names):
        forward, backward = names.get(first), names.get(second)
        if callable(forward) and callable(backward) and first != second:
            return subject_of(forward, backward, name, path)
    loss = loss_of(here, name, path) if callable(here) else None
    if loss is not None:
        return loss
    raise ReadError(
        f"{path} has no forward and backward pass called {name}",
        hint=f"functions {name}_forward and {name}_backward, a class {name} with forward and backward, "
        "or a function that returns loss, dx",
    )


def checkable(path: str, names: Mapping[str, Any]) -> list[str]:
    """What a file defines that has a backward pass, in its order."""
    found: list[str] = []
    forwards: set[str] = set()
    rules = [x for x in names.values() if is_made_elsewhere(x)]
    parts = {id(getattr(x, part, None)) for x in rules for part in ("fun", "fwd", "bwd")}
    for name, here in names.items():
        if name.startswith("__") or not _is_defined_in(path, here) or id(here) in parts:
            continue
        if is_made_elsewhere(here) or getattr(here, "_rule", None) is not None:
            found.append(name)
        elif inspect.isclass(here):
            pairs = any(a in vars(here) and b in vars(here) for a, b in _METHODS)
            if pairs or loss_method(here) is not None:
                found.append(name)
        elif callable(here):
            forward = _forward_of(name, names)
            if forward is not None and forward not in (*forwards, *found):
                found.append(name)
                forwards.add(forward)
            elif forward is None and loss_of(here, name, path) is not None:
                found.append(name)
    return found


def _is_defined_in(path: str, here: Any) -> bool:
    """Whether a file holds the source of something, rather than importing it."""
    parts = vars(here).values() if inspect.isclass(here) else [getattr(here, "fun", here)]
    codes = [getattr(inspect.unwrap(part), "__code__", None) for part in map(_plain, parts)]
    files = {code.co_filename for code in codes if code is not None}
    return any(Path(file).exists() and Path(file).samefile(path) for file in files)


def _plain(part: Any) -> Any:
    """The function of a static method, or of a function with a rule of its own."""
    return getattr(part, "__func__", getattr(part, "__wrapped__", part))


def _forward_of(backward: str, names: Mapping[str, Any]) -> str | None:
    """The forward pass that a function is the backward pass of, by their names."""
    words = backward.split("_")
    if not {*_BACKWARD, *_ENDINGS, "d"} & set(words):
        return None
    for first, second in _pairs(backward, names):
        if second == backward and callable(names.get(first)) and first != second:
            return first
    return None


_FORWARD, _BACKWARD = ("forward", "fwd"), ("backward", "bwd", "backprop", "grad", "vjp")
_ENDINGS = ("prime", "derivative")


def _pairs(name: str, names: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names of a forward and a backward pass that may be meant: by a common stem, or by one of the two."""
    words = name.split("_")
    backward = [n for n, word in enumerate(words) if word in _BACKWARD]
    forward = [n for n, word in enumerate(words) if word in _FORWARD]
    if backward:  # batchnorm_backward_alt belongs to batchnorm_forward
        at = backward[0]
        for end in (words[at + 1 :], []):
            for word in _FORWARD:
                yield "_".join([*words[:at], word, *end]), name
            yield "_".join([*words[:at], *end]), name
    if forward:  # conv_forward_naive has conv_backward_naive
        at = forward[0]
        for end in (words[at + 1 :], []):
            for word in _BACKWARD:
                yield name, "_".join([*words[:at], word, *end])
    stem = "_".join(w for w in words if w not in (*_FORWARD, *_BACKWARD))
    for first in (f"{stem}_forward", f"{stem}_fwd", f"forward_{stem}", stem):
        for word in (*_BACKWARD, *_ENDINGS):
            yield first, f"{stem}_{word}"
            yield first, f"{word}_{stem}"
        yield first, f"d_{stem}"
    for other in names:  # conv stands for conv_forward_naive
        if other.startswith(f"{stem}_forward_"):
            yield other, other.replace("_forward_", "_backward_")


def _of_class(path: str, name: str, here: type) -> Subject:
    for a, b in _METHODS:
        if hasattr(here, a) and hasattr(here, b):
            break
    else:
        method = loss_method(here)
        if method is None:
            raise ReadError(f"{path}: {name} has no methods forward and backward")
        return layer_subject(here, (method, method), name, path, LossLayerSubject)
    if isinstance(inspect.getattr_static(here, a), staticmethod):
        forward, backward = getattr(here, a), getattr(here, b)
        if next(iter(inspect.signature(forward).parameters), "") != "ctx":
            return subject_of(forward, backward, name, path)
    return layer_subject(here, (a, b), name, path)


_METHODS = (
    ("forward", "backward"),
    ("forward", "backprop"),
    ("__call__", "backward"),
    ("fwd", "bwd"),
    ("forward", "grad"),
    ("forward_pass", "backward_pass"),
    ("forward_propagation", "backward_propagation"),
)


class _RuleSubject(Subject):
    """A function of ours with its rule: ``forward`` → (result, residuals), ``backward(residuals, upstream)``."""

    @property
    def takes_upstream(self) -> bool:
        return True

    def split(self, returned: Any) -> tuple[list[Any], Any]:
        result, kept = returned
        return list(result) if isinstance(result, tuple) else [result], kept

    def _arguments(
        self, upstreams: list[Any], kept: Any, names: Arrays, outputs: list[Any]
    ) -> list[Any]:
        return [kept, upstreams[0] if len(upstreams) == 1 else tuple(upstreams)]
