"""A forward and a backward pass as one thing that can be run: arrays in, results and gradients out."""

from __future__ import annotations

import ast
import copy
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import numpy as np

from dvar.check.backward.source import Source, kept_attributes, nones_of, source_of
from dvar.core.errors import ReadError
from dvar.read.trace.local_names import code_of

Arrays = dict[str, Any]
Upstreams = Callable[[Sequence[Any]], list[Any]]

# What people call the things that the forward pass leaves for the backward pass.
CACHE = frozenset(
    ("cache", "ctx", "context", "saved", "residuals", "residual", "res", "caches", "tape", "memory")
)
SEED = 20


@contextmanager
def seeded() -> Iterator[None]:
    """The same random numbers each time, for dropout and the like; those of others are left as they were."""
    state = np.random.get_state()
    np.random.seed(SEED)
    try:
        yield
    finally:
        np.random.set_state(state)


@dataclass(frozen=True)
class Run:
    """One run of both passes.

    Attributes:
        outputs: the results of the forward pass that have upstream gradients.
        gradients: what the backward pass returned, by the input it belongs to.
        locals: local variables of the forward pass when it returned.
    """

    outputs: list[Any]
    gradients: Arrays
    locals: Arrays


@dataclass
class Subject:
    """A pair of functions in plain NumPy.

    Attributes:
        name, file, framework: what they are called and where they stand.
        forward: inputs → results, or results and a cache.
        backward: upstream gradients and what it needs of the forward pass → gradients.
        fixed: arguments that are no arrays to be tried, by name.
        counts: those of them that say how many, and could be 1.
        optional: inputs that may be left out, as a bias that is None.
    """

    name: str
    file: str
    forward: Callable[..., Any]
    backward: Callable[..., Any]
    framework: str = "numpy"
    fixed: Arrays = field(default_factory=dict)
    counts: set[str] = field(default_factory=set)
    optional: set[str] = field(default_factory=set)

    @property
    def parameters(self) -> list[inspect.Parameter]:
        """What the forward pass takes."""
        return [
            p for p in inspect.signature(self.forward).parameters.values() if p.kind not in (2, 4)
        ]

    def shapes_given(self) -> dict[str, tuple[int, ...]]:
        """Shapes of inputs that are known, since a layer has made them itself."""
        return {}

    def ungraded(self) -> set[str]:
        """Inputs that no gradient is returned for, as far as the source shows: settings, labels, masks."""
        names = self.graded_names()
        found = {input_of(name, names) for name in self.returned_names()}
        if found and None not in found:
            return set(names) - found
        with suppress(ReadError):
            return {names[n] for n in nones_of(self.source().pieces[0], len(names))}
        return set()

    def graded_names(self) -> list[str]:
        """The parameters that a place of what the backward pass returns belongs to, in order."""
        return [p.name for p in self.parameters]

    def loosened(self) -> bool:
        """Take every count to be 1, or leave out what need not be there; false if that is nothing new."""
        more: Arrays = {n: 1 for n in self.counts if self.fixed[n] > 1}
        more = more or {n: None for n in self.optional if n not in self.fixed}
        self.fixed.update(more)
        return bool(more)

    def documentation(self) -> str:
        """What is written about the forward pass, shapes perhaps: its docstring, its source, and that of its class."""
        plain = inspect.unwrap(self.forward)
        owner = getattr(plain, "__self__", None)
        texts = [inspect.getdoc(plain) or "", (owner is not None and type(owner).__doc__) or ""]
        with suppress(OSError, TypeError):
            texts.append(inspect.getsource(plain))
        return "\n".join(texts)

    def attributes(self) -> list[str]:
        """What the forward pass keeps or reads in attributes of an object that the backward pass is given."""
        return kept_attributes(self.forward)

    def source(self) -> Source:
        """The source of the backward pass.  Raises ReadError if there is none."""
        return source_of(self.backward)

    def fits(self, inputs: Mapping[str, Any]) -> None:
        """Raise what the forward pass raises for these shapes, where that can be told without computing anything."""

    def results(self, inputs: Mapping[str, Any]) -> list[Any]:
        """What the forward pass computes, without what it keeps."""
        return self._forward(inputs)[0]

    def _forward(self, inputs: Mapping[str, Any]) -> tuple[list[Any], Any, Arrays]:
        """Results, what is kept, and local variables at the end."""
        given = {**self.fixed, **inputs}
        with seeded(), _AtReturn(code_of(self.forward)) as seen:
            returned = self.forward(**{name: copy.deepcopy(x) for name, x in given.items()})
        outputs, kept = self.split(returned)
        return outputs, kept, {**given, **seen.locals}

    def split(self, returned: Any) -> tuple[list[Any], Any]:
        """Results that have upstream gradients, and the rest."""
        if not isinstance(returned, tuple) or len(returned) < 2:
            return [returned], ()
        names = list(inspect.signature(self.backward).parameters)
        has_cache = len(names) == 2 or any(n.lower() in CACHE for n in names)
        if has_cache and not _is_array(returned[-1]):
            return list(returned[:-1]), returned[-1]
        count = max(1, min(len(self._upstream_names()), len(returned)))
        rest = returned[count:]
        return list(returned[:count]), rest[0] if len(rest) == 1 and len(names) == 2 else rest

    def run(
        self,
        inputs: Mapping[str, Any],
        upstreams: Upstreams,
        backward: Callable[..., Any] | None = None,
    ) -> Run:
        """Run both passes; raises whatever they raise."""
        outputs, kept, names = self._forward(inputs)
        used = backward or self.backward
        values = self._arguments(upstreams(outputs), kept, names, outputs)
        return Run(outputs, self.named(used(*values), inputs), names)

    @property
    def takes_upstream(self) -> bool:
        """Whether the backward pass is given upstream gradients; if not, they are taken to be 1."""
        return "upstream" in self._roles().values()

    def _roles(self) -> dict[str, str]:
        """What each parameter of the backward pass is: an upstream gradient, the cache, something by its name."""
        own = {p.name for p in self.parameters}
        upstream = self._upstream_names()
        roles: dict[str, str] = {}
        for p in inspect.signature(self.backward).parameters.values():
            low = p.name.lower()
            if p.kind in (2, 4):
                continue
            if low in CACHE:
                roles[p.name] = "cache"
            elif p.name in own:
                roles[p.name] = "name"
            else:
                roles[p.name] = "upstream" if p.name in upstream else "open"
        if "upstream" not in roles.values():
            first = next((name for name, role in roles.items() if role == "open"), None)
            if first is not None:
                roles[first] = "upstream"
        return roles

    def _upstream_names(self) -> list[str]:
        """Parameters of the backward pass that are upstream gradients by their names.

        What the forward pass calls ``difference`` is kept by it, unless nothing else could be one.
        """
        named = [n for n in inspect.signature(self.backward).parameters if is_upstream(n)]
        code = code_of(self.forward)
        here = code.co_varnames if code is not None else ()
        return [n for n in named if n not in here] or named

    def _arguments(
        self, upstreams: list[Any], kept: Any, names: Arrays, outputs: list[Any]
    ) -> list[Any]:
        roles = self._roles()
        waiting = list(upstreams)
        opened = [name for name, role in roles.items() if role == "open"]
        rest = list(kept) if isinstance(kept, tuple) and len(opened) > 1 else [kept]
        values = []
        for name, role in roles.items():
            default = inspect.signature(self.backward).parameters[name].default
            if role == "cache":
                values.append(names if _is_empty(kept) else kept)
            elif role == "upstream" and waiting:
                values.append(waiting.pop(0))
            elif name in names and (role == "name" or _is_empty(kept) or len(rest) < len(opened)):
                values.append(names[name])
            elif role == "open" and rest and not _is_empty(kept):
                values.append(rest.pop(0))
            elif name in ("out", "output", "y_hat", "result"):
                values.append(outputs[0])
            elif default is not inspect.Parameter.empty:
                values.append(default)
            else:
                raise ReadError(
                    f"{self.name}: what is {name} of the backward pass?",
                    hint="name it as the forward pass does, or return it beside the result: return out, cache",
                )
        return values

    def named(self, returned: Any, inputs: Mapping[str, Any]) -> Arrays:
        """Gradients by input."""
        names = [n for n, x in inputs.items() if is_float(x)]
        if isinstance(returned, dict):
            return {
                m: g for key, g in returned.items() if (m := input_of(str(key), names)) is not None
            }
        found = list(returned) if isinstance(returned, (tuple, list)) else [returned]
        said = self.returned_names()
        if len(said) == len(found):
            matched = [input_of(name, names) for name in said]
            if all(m is not None for m in matched) and len(set(matched)) == len(matched):
                return {m: g for m, g in zip(matched, found, strict=True) if m is not None}
        if len(found) == len(inputs):
            return {n: g for n, g in zip(inputs, found, strict=True) if n in names}
        if len(found) <= len(names):
            return dict(zip(names, found, strict=False))
        taken = [p.name for p in self.parameters]  # with settings, at whose places there is None
        if len(found) == len(taken):
            return {n: g for n, g in zip(taken, found, strict=True) if n in names}
        raise ReadError(
            f"{self.name}: the backward pass returns {len(found)} gradients for {len(names)} inputs"
        )

    def returned_names(self) -> list[str]:
        """What the return statement calls the gradients."""
        try:
            source = self.source()
        except ReadError:
            return []
        for node in reversed(list(ast.walk(source.pieces[0].definition))):
            if isinstance(node, ast.Return) and node.value is not None:
                value = node.value
                parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else [value]
                if all(isinstance(p, ast.Name) for p in parts):
                    return [p.id for p in parts if isinstance(p, ast.Name)]
        return []


class _AtReturn:
    """While open, the local variables of a function when it returns are kept."""

    def __init__(self, code: Any) -> None:
        self.code = code
        self.locals: Arrays = {}
        self._before: Any = None

    def __enter__(self) -> _AtReturn:
        self._before = sys.getprofile()
        sys.setprofile(self._on_event)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(self._before)

    def _on_event(self, frame: FrameType, event: str, _: Any) -> None:
        if event == "return" and frame.f_code is self.code:
            self.locals = dict(frame.f_locals)


_NO_GRADIENTS = {
    "data",
    "depth",
    "det",
    "diag",
    "diff",
    "dilation",
    "dim",
    "dims",
    "dist",
    "distance",
    "div",
}
_NO_GRADIENTS |= {"denom", "denominator", "dropout", "dt", "dtype"}


def is_upstream(name: str) -> bool:
    """Whether a parameter of a backward pass is an upstream gradient by its name."""
    name = name.lower()
    if name in ("g", "gy", "gout", "upstream", "delta", "ct", "cotangent", "v"):
        return True
    if name.startswith(("grad", "upstream", "g_")):
        return True
    return len(name) > 1 and name[0] == "d" and name not in _NO_GRADIENTS


def is_float(x: Any) -> bool:
    dtype = getattr(x, "dtype", None)
    return "float" in str(dtype) if dtype is not None else isinstance(x, float)


def _is_array(x: Any) -> bool:
    return hasattr(x, "dtype") and hasattr(x, "shape")


def _is_empty(kept: Any) -> bool:
    return isinstance(kept, tuple) and not kept


def input_of(name: str, inputs: Sequence[str]) -> str | None:
    """The input that a gradient is called after: ``dW``, ``grad_w``, ``w_grad``, ``W``."""
    low = {n.lower(): n for n in inputs}
    bare = name.lower()
    tried = [bare]
    for head in ("grad_", "d_", "g_", "dl_d", "dld", "dl", "grad", "d", "g"):
        if bare.startswith(head):
            tried.append(bare[len(head) :].strip("_"))
    for tail in ("_grad", "_bar", "grad"):
        if bare.endswith(tail):
            tried.append(bare[: -len(tail)])
    return next((low[t] for t in tried[1:] + tried[:1] if t in low), None)
