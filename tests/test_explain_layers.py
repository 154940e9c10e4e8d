# ruff: noqa: N803
"""Layers as people write them in NumPy have the gradients that textbooks print."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dvar

EXAMPLES = runpy.run_path(str(Path(__file__).parent.parent / "examples/layers.py"))
DRAW = np.random.default_rng(4)


def layer_norm(x, gain, bias):
    mu = np.mean(x, axis=-1, keepdims=True)
    v = np.var(x, axis=-1, keepdims=True)
    return gain * (x - mu) / np.sqrt(v + 1e-5) + bias


def matching(a, b, t):
    s = a @ b.T / t
    return -np.mean(np.diag(s) - np.log(np.exp(s).sum(axis=1)))


def bumps(X, c, s):
    return np.sum(np.exp(-np.sum((X - c) ** 2, axis=1) / (2 * s**2)))


X = DRAW.normal(size=(5, 4))
LAYERS: dict[str, tuple[Callable[..., Any], dict[str, Any], dict[str, str]]] = {
    # The row's largest logit is taken off for safety only: it leaves no trace in the gradient.
    "labels": (
        EXAMPLES["cross_entropy"],
        {
            "W": DRAW.normal(size=(4, 3)),
            "b": DRAW.normal(size=3),
            "X": X,
            "y": np.array([2, 0, 1, 1, 2]),
        },
        {
            "W": "X.T @ (p - one_hot(y, 3)) / 5",
            "b": "sum(p - one_hot(y, 3), axis=0) / 5",
        },
    ),
    "layer norm": (
        layer_norm,
        {"x": DRAW.normal(size=(2, 3)), "gain": DRAW.normal(size=3), "bias": np.zeros(3)},
        {
            "x": "(d * gain - sum(d * gain, axis=1, keepdims=True) / 3"
            " - sum(d * gain * (mu - x), axis=1, keepdims=True) * (mu - x) / (3 * (v + 1e-05)))"
            " / sqrt(v + 1e-05)",
        },
    ),
    "batch norm": (
        EXAMPLES["batch_norm"],
        {"x": X, "gain": DRAW.normal(size=4), "bias": np.zeros(4)},
        {
            "x": "gain * (d - sum(d, axis=0) / 5 - sum(d * xhat, axis=0) * xhat / 5) / sqrt(v + 1e-05)"
        },
    ),
    "matching": (
        matching,
        {"a": DRAW.normal(size=(4, 3)), "b": DRAW.normal(size=(4, 3)), "t": 0.5},
        {"a": "(exp(s) / sum(exp(s), axis=1, keepdims=True) - eye(4)) @ b / (4 * t)"},
    ),
    "attention": (
        EXAMPLES["attention"],
        {name: DRAW.normal(size=(2, 3)) for name in "QKV"},
        {
            "S": "P * (d @ V.T - sum((d @ V.T) * P, axis=1, keepdims=True))",
            "V": "P.T @ d",
            "Q": "(P * (d @ V.T - sum((d @ V.T) * P, axis=1, keepdims=True))) @ K / sqrt(3)",
        },
    ),
    "bumps": (
        bumps,
        {"X": X, "c": DRAW.normal(size=4), "s": 1.5},
        {
            "c": "sum(exp(-sum((X - c)**2, axis=1, keepdims=True) / (2 * s**2)) * (X - c), axis=0) / s**2",
        },
    ),
}


@pytest.mark.parametrize("case", LAYERS)
def test_a_layer_has_the_gradient_of_the_textbook(case: str) -> None:
    layer, at, wanted = LAYERS[case]
    is_scalar = np.ndim(layer(**at)) == 0
    explanation = dvar.explain(layer, at=at, upstream=None if is_scalar else "d")
    for name, formula in wanted.items():
        assert explanation.formulas[name] == formula


@pytest.mark.parametrize("case", LAYERS)
def test_and_it_is_the_slope_of_the_layer(case: str) -> None:
    layer, at, _ = LAYERS[case]
    upstream = DRAW.normal(size=np.shape(layer(**at)))
    given = upstream if upstream.ndim else float(upstream)
    gradients = dvar.explain(layer, at=at, upstream=given).gradients
    for name, value in at.items():
        if np.asarray(value).dtype == int:
            continue
        way = DRAW.normal(size=np.shape(value))
        step = 1e-6
        ahead, behind = (layer(**{**at, name: value + s * way}) for s in (step, -step))
        slope = np.sum(upstream * (ahead - behind)) / (2 * step)
        assert np.sum(gradients[name] * way) == pytest.approx(slope, rel=1e-5, abs=1e-8)
