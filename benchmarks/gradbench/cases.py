"""Inputs of the evals: small ones to check with, and the sizes that GradBench times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Cases = dict[str, Callable[[], Any]]
QUICK = {"min_runs": 1, "min_seconds": 0}


def _draw(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


# ── one case of each eval, of any size ──────────────────────────────────────────────────────────


def llsq(m: int, n: int, seed: int = 1) -> dict[str, Any]:
    return {"x": _draw(seed).normal(size=m).tolist(), "n": n}


def lse(n: int, seed: int = 1) -> dict[str, Any]:
    return {"x": _draw(seed).random(n).tolist()}


def gmm(d: int, k: int, n: int, m: int = 0, gamma: float = 1.0) -> dict[str, Any]:
    draw = _draw(d + k)
    shapes = {"alpha": (k,), "mu": (k, d), "q": (k, d), "l": (k, d * (d - 1) // 2), "x": (n, d)}
    arrays = {name: (draw.normal(size=shape) / 2).tolist() for name, shape in shapes.items()}
    return {"d": d, "k": k, "n": n, "m": m, "gamma": gamma, **arrays}


def kmeans(k: int, n: int, d: int) -> dict[str, Any]:
    points = _draw(k + d).random((n, d)).tolist()
    return {"points": points, "centroids": points[-k:]}


def lstm(layers: int, letters: int, width: int = 14) -> dict[str, Any]:
    draw = _draw(layers)
    shapes = {
        "main_params": (2 * layers, 4 * width),
        "extra_params": (3, width),
        "state": (2 * layers, width),
    }
    arrays = {name: draw.uniform(-1, 1, shape).tolist() for name, shape in shapes.items()}
    return {**arrays, "sequence": draw.integers(0, 2, (letters, width)).tolist()}


def ba(n: int, m: int, p: int, turn: float = 1.0) -> dict[str, Any]:
    camera = [0.1 * turn, -0.2 * turn, 0.3 * turn, 0.5, -0.4, 0.2, 1.5, 0.1, -0.1, 0.02, -0.01]
    point = {"cam": camera, "x": [0.3, 0.6, 2.5], "w": 0.8, "feat": [0.4, -0.3]}
    return {"n": n, "m": m, "p": p, **point}


def ht(bones: int, vertices: int, points: int, in_triangles: bool) -> dict[str, Any]:
    """A hand of random bones: a wrist, five fingers of four bones, and what is left hangs from the wrist."""
    draw = _draw(vertices)
    parents = [-1, *(0 if b % 4 == 1 else b - 1 for b in range(1, bones))]
    matrices = np.tile(np.eye(4), (2, bones, 1, 1))
    matrices[:, :, :3] += 0.2 * draw.normal(size=(2, bones, 3, 4))
    weights = draw.random((vertices, bones)) * (draw.random((vertices, bones)) < 4 / bones)
    positions = np.concatenate([draw.normal(size=(vertices, 3)), np.ones((vertices, 1))], axis=1)
    triangles = draw.integers(0, vertices, (2 * vertices, 3))
    model = {
        "bone_count": bones,
        "bone_names": [f"bone {b}" for b in range(bones)],
        "parents": parents,
        "base_relatives": matrices[0].tolist(),
        "inverse_base_absolutes": matrices[1].tolist(),
        "base_positions": positions.tolist(),
        "weights": weights.tolist(),
        "triangles": triangles.tolist(),
        "is_mirrored": False,
    }
    targets = 2 * vertices if in_triangles else vertices
    data = {
        "model": model,
        "correspondences": draw.integers(0, targets, points).tolist(),
        "points": draw.normal(size=(points, 3)).tolist(),
    }
    us = draw.random((points, 2)).tolist() if in_triangles else []
    return {"theta": (0.3 * draw.normal(size=26)).tolist(), "data": data, "us": us}


def ode(n: int, s: int) -> dict[str, Any]:
    return {"x": _draw(n).uniform(0.5, 1.5, n).tolist(), "s": s}


def det(ell: int) -> dict[str, Any]:
    return {"A": _draw(ell).normal(size=ell * ell).tolist(), "ell": ell}


# ── small cases ─────────────────────────────────────────────────────────────────────────────────

_SMALL: Mapping[str, Cases] = {
    "llsq": {
        "m=4 n=5": lambda: llsq(4, 5),
        "m=1 n=2": lambda: llsq(1, 2),
        "m=9 n=40": lambda: llsq(9, 40),
    },
    "lse": {
        "n=1": lambda: lse(1),
        "n=7": lambda: lse(7),
        "n=100": lambda: lse(100),
        "the largest twice": lambda: {"x": [0.25, 1.5, 1.5, -2.0]},
    },
    "gmm": {
        "d=3 k=2 n=5": lambda: gmm(3, 2, 5),
        "d=2 k=4 n=9 m=2": lambda: gmm(2, 4, 9, 2, 0.7),
        "d=6 k=3 n=20": lambda: gmm(6, 3, 20),
    },
    "kmeans": {
        "k=3 n=12 d=2": lambda: kmeans(3, 12, 2),
        "k=11 n=60 d=5": lambda: kmeans(11, 60, 5),
    },
    "lstm": {
        "l=1 c=2 b=2": lambda: lstm(1, 2, 2),
        "l=2 c=6 b=3": lambda: lstm(2, 6, 3),
        "l=3 c=9 b=14": lambda: lstm(3, 9),
    },
    "ba": {
        "n=2 m=3 p=7": lambda: ba(2, 3, 7),
        "n=1 m=1 p=1": lambda: ba(1, 1, 1),
        "a camera not turned": lambda: ba(2, 3, 8, turn=0.0),
    },
    "ht": {
        "at vertices": lambda: ht(22, 12, 5, False),
        "in triangles": lambda: ht(22, 12, 5, True),
        "not turned": lambda: _still(ht(22, 9, 3, True)),
    },
    "ode": {
        "n=1 s=1": lambda: ode(1, 1),
        "n=4 s=1": lambda: ode(4, 1),
        "n=6 s=2": lambda: ode(6, 2),
        "n=10 s=5": lambda: ode(10, 5),
    },
    "det": {f"ell={ell}": lambda ell=ell: det(ell) for ell in (1, 2, 3, 5)},
    "particle": {"from 0": lambda: {"w": 0.0}},
    "saddle": {"from (1, 1)": lambda: {"start": [1.0, 1.0]}},
}


def _still(given: dict[str, Any]) -> dict[str, Any]:
    """The same without a turn of the whole hand."""
    return {**given, "theta": [0.0] * 3 + given["theta"][3:]}


def small(name: str) -> dict[str, Any]:
    """Cases to check with."""
    if name == "hello":
        return {"3": 3.0, "-1.5": -1.5}
    return {case: {**make(), **QUICK} for case, make in _SMALL[name].items()}


# ── the sizes that are timed ────────────────────────────────────────────────────────────────────

# n, m and p of the fourteen files of ba.
_SCENES = (
    (49, 7776, 31843), (73, 11032, 36455), (120, 44776, 182072), (161, 48126, 204472),
    (202, 52084, 225911), (245, 67680, 277273), (257, 65132, 287451), (356, 86484, 383937),
    (372, 93272, 393775), (539, 127808, 563734), (646, 152504, 678718), (870, 204664, 899155),
    (1039, 246080, 1091386), (1197, 285280, 1255268),
)  # fmt: skip


def _of(make: Callable[..., Any], form: str, sizes: Any) -> Cases:
    """Cases by name."""
    found: Cases = {}
    for size in sizes:
        values = size if isinstance(size, tuple) else (size,)
        found[form.format(*values)] = lambda values=values: make(*values)
    return found


def timed(name: str) -> Cases:
    """The sizes of an eval, smallest first."""
    match name:
        case "llsq":
            return _of(lambda n: llsq(128, n), "n={}", [*(2**k for k in range(4, 13)), 8196, 16392])
        case "lse":
            return _of(lse, "n={}", [2500 * 2**k for k in range(10)])
        case "gmm":
            pairs = [(d, k) for d in (2, 10, 20, 32, 64) for k in (5, 10, 25, 50, 100)]
            pairs.sort(key=lambda pair: pair[0] * pair[1])
            return _of(lambda d, k: gmm(d, k, 1000), "{}_{}", pairs)
        case "kmeans":
            sizes = [(k, n, d) for k in (10, 100, 1000) for n in (1000, 10000) for d in (8, 16)]
            return _of(kmeans, "k={},n={},d={}", sizes)
        case "lstm":
            sizes = [(layers, c) for layers in (2, 4, 6) for c in (1024, 4096, 8192)]
            sizes.sort(key=lambda pair: pair[0] * pair[1])
            return _of(lstm, "l={},c={}", sizes)
        case "ba":
            return _of(ba, "n={},m={},p={}", _SCENES)
        case "ht":
            points = [100, 192, 200, *(400 * 2**k for k in range(8)), 100000]
            return _of(lambda p: ht(22, 10000, p, True), "points={}", points)
        case "ode":
            sizes = [(n, s) for n in (1000, 10000, 100000) for s in (1, 10, 100)]
            return _of(ode, "n={},s={}", sorted(sizes, key=lambda pair: (pair[0] * pair[1], pair)))
        case "det":
            return _of(det, "{}", range(5, 12))
    return {case: lambda given=given: given for case, given in small(name).items()}
