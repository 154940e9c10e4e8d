"""What is to be checked: a pair of functions, a class with two methods, found by name in a file."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from dvar.check.backward.frameworks import is_made_elsewhere, subject_elsewhere
from dvar.check.backward.shapes import keys_of
from dvar.check.backward.subject import Arrays, Subject
from dvar.core.errors import ReadError

_SETTINGS = {
    "stride": 1, "pad": 1, "padding": 1, "mode": "train", "p": 0.6, "pool_height": 2, "pool_width": 2,
    "eps": 1e-5, "momentum": 0.9, "seed": 3, "kernel_size": 2, "size": 2, "G": 1, "groups": 1,
}  # fmt: skip
_FLAGS = {"train": True, "training": True, "is_training": True, "causal": True, "mode": "train"}
_COUNTS = (
    "stride",
    "pad",
    "padding",
    "dilation",
    "kernel_size",
    "pool_size",
    "num_heads",
    "n_heads",
    "heads",
)


def subject_of(
    forward: Callable[..., Any], backward: Callable[..., Any], name: str = "", file: str = ""
) -> Subject:
    """A pair of functions as a subject, with its settings filled in."""
    name = name or getattr(forward, "__name__", "forward")
    return settled(Subject(name, file, forward, backward))


def settled(subject: Subject) -> Subject:
    """The subject with values for the parameters that are settings."""
    for p in subject.parameters:
        low = p.name.lower()
        keys = keys_of(subject.forward, p.name)
        if keys:
            subject.fixed[p.name] = {k: _SETTINGS.get(k, 1) for k in keys if k}
        elif p.default is not p.empty:
            subject.fixed[p.name] = p.default
        elif low in _FLAGS:
            subject.fixed[p.name] = _FLAGS[low]
        elif low in _COUNTS:
            subject.fixed[p.name] = _SETTINGS.get(low, 2)
    return subject


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
    for first, second in _pairs(name):
        forward, backward = names.get(first), names.get(second)
        if callable(forward) and callable(backward) and first != second:
            return subject_of(forward, backward, name, path)
    raise ReadError(
        f"{path} has no forward and backward pass called {name}",
        hint=f"functions {name}_forward and {name}_backward, or a class {name} with forward and backward",
    )


def _pairs(name: str) -> list[tuple[str, str]]:
    stem = (
        name.removesuffix("_forward")
        .removesuffix("_backward")
        .removesuffix("_fwd")
        .removesuffix("_bwd")
    )
    pairs = [
        (f"{stem}_forward", f"{stem}_backward"),
        (f"forward_{stem}", f"backward_{stem}"),
        (f"{stem}_fwd", f"{stem}_bwd"),
        (f"{stem}_forward", f"{stem}_backprop"),
        (stem, f"{stem}_backward"),
        (stem, f"{stem}_grad"),
        (stem, f"grad_{stem}"),
        (stem, f"d_{stem}"),
        (stem, f"{stem}_vjp"),
        (stem, f"{stem}_bwd"),
        (stem, f"{stem}_prime"),
        (stem, f"{stem}_derivative"),
    ]
    if name in ("forward", "backward"):
        pairs.append(("forward", "backward"))
    return pairs


def _of_class(path: str, name: str, here: type) -> Subject:
    for a, b in (
        ("forward", "backward"),
        ("forward", "backprop"),
        ("__call__", "backward"),
        ("fwd", "bwd"),
    ):
        if hasattr(here, a) and hasattr(here, b):
            break
    else:
        raise ReadError(f"{path}: {name} has no methods forward and backward")
    static = isinstance(inspect.getattr_static(here, a), staticmethod)
    if static:
        forward, backward = getattr(here, a), getattr(here, b)
        if next(iter(inspect.signature(forward).parameters), "") != "ctx":
            return subject_of(forward, backward, name, path)
    try:
        instance = here()
    except TypeError:
        raise ReadError(
            f"{path}: {name} is made with arguments",
            hint="dvar.check_backward(layer.forward, layer.backward, x)",
        ) from None
    return subject_of(getattr(instance, a), getattr(instance, b), name, path)


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
