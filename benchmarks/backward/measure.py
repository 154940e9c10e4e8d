"""One slip, checked: is it caught, is its line named, does the repair give it back?"""

from __future__ import annotations

import importlib.util
import random
import tempfile
import time
import warnings
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from benchmarks.backward.layers import LABELS, Layer
from benchmarks.backward.slips import Slip, slips

import dvar
from dvar.check.backward import BackwardReport
from dvar.core.errors import DvarError


class Outcome(NamedTuple):
    """What the check said of a slip.

    Attributes:
        layer, kind, line, before, after: the slip.
        caught: whether a gradient was called wrong.
        named: the line that was named first; 0 if none.
        repaired: whether the repair of that line is the statement as it was.
        cause, expected: as reported.
        seconds: how long it took.
    """

    layer: str
    kind: str
    line: int
    before: str
    after: str
    caught: bool
    named: int
    repaired: bool
    cause: str
    expected: str
    seconds: float

    @property
    def at_line(self) -> bool:
        return self.caught and self.named == self.line


_NUMBERS = count()


def loaded(text: str, folder: Path) -> ModuleType:
    """A module with this text, in a file of its own."""
    name = f"layers_{next(_NUMBERS)}"
    path = folder / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def arrays(layer: Layer) -> list[Any]:
    """Inputs of a layer."""
    generator = np.random.default_rng(5)
    return [
        np.array([0, 1, 1, 0]) if shape == LABELS else _drawn(layer, shape, generator)
        for shape in layer.shapes
    ]


def _drawn(layer: Layer, shape: Any, generator: np.random.Generator) -> Any:
    if layer.between:
        return generator.uniform(0.2, 0.8, shape)
    return generator.normal(size=shape)


def checked(module: ModuleType, layer: Layer) -> BackwardReport:
    """The report on a layer of a module."""
    forward = getattr(module, f"{layer.name}_forward")
    backward = getattr(module, f"{layer.name}_backward")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dvar.check_backward(forward, backward, *arrays(layer))


def planted(layer: Layer, limit: int, seed: int) -> list[Slip]:
    """Slips of a layer that change a gradient, at most ``limit`` of them, spread over the kinds."""
    text = layer.path.read_text(encoding="utf-8")
    found = list(slips(text, f"{layer.name}_backward"))
    random.Random(seed).shuffle(found)
    rank: dict[str, int] = {}
    order = []
    for slip in found:
        rank[slip.kind] = rank.get(slip.kind, 0) + 1
        order.append((rank[slip.kind], len(order), slip))
    kept: list[Slip] = []
    with tempfile.TemporaryDirectory() as folder:
        right = _gradients(loaded(text, Path(folder)), layer)
        for _, _, slip in sorted(order, key=lambda x: x[:2]):
            if len(kept) == limit:
                break
            if _differs(loaded(slip.text, Path(folder)), layer, right):
                kept.append(slip)
    return kept


def _gradients(module: ModuleType, layer: Layer) -> list[Any]:
    given = arrays(layer)
    np.random.seed(3)
    *outputs, cache = getattr(module, f"{layer.name}_forward")(*given)
    generator = np.random.default_rng(9)
    upstreams = [generator.normal(size=np.shape(y)) for y in outputs]
    with np.errstate(all="ignore"):
        returned = getattr(module, f"{layer.name}_backward")(*upstreams, cache)
    return list(returned) if isinstance(returned, tuple) else [returned]


def _differs(module: ModuleType, layer: Layer, right: Sequence[Any]) -> bool:
    """Whether a slip makes any difference to what is returned; a line may be right in two ways."""
    try:
        found = _gradients(module, layer)
    except Exception:  # a slip may do anything
        return True
    return len(found) != len(right) or not all(
        np.shape(a) == np.shape(b) and np.allclose(a, b, 1e-8, 1e-10)
        for a, b in zip(found, right, strict=True)
    )


def outcome(slip: Slip, layer: Layer) -> Outcome:
    """Check one slip."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        module = loaded(slip.text, Path(folder))
        try:
            report = checked(module, layer)
        except DvarError as error:
            seconds = time.perf_counter() - start
            return Outcome(layer.name, *slip[:4], False, 0, False, "", str(error), seconds)
    first = report.findings[0] if report.findings else None
    return Outcome(
        layer.name,
        *slip[:4],
        caught=not report.ok,
        named=first.line if first else 0,
        repaired=first is not None and first.line == slip.line and first.expected == slip.before,
        cause=first.cause if first else "",
        expected=first.expected if first else "",
        seconds=time.perf_counter() - start,
    )
