"""The fourteen systems of the seeds as programs of ours: what to ask, and where the answer stands.

The expected answers are read from the shared folder, which is not part of the project.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

SYSTEMS = Path(__file__).parents[2] / "shared" / "seeds" / "systems.json"

NETWORK = (
    "Z1 = W1 @ X + b1; A1 = relu(Z1); Z2 = W2 @ A1 + b2; Yhat = sigmoid(Z2); "
    "L = Y*log(Yhat) + (1 - Y)*log(1 - Yhat); J = -(1/m)*sum(L)"
)
NETWORK_SHAPES = "W1: (Da1, Dx); b1: (Da1, 1); W2: (1, Da1); b2: (1, 1); X: (Dx, m); Y: (1, m); "
LOGISTIC = (
    "X: (n, m); Y: (1, m); w: (n, 1); b: scalar; "
    "Z = w.T @ X + b; A = sigmoid(Z); J = -(1/m)*sum(Y*log(A) + (1 - Y)*log(1 - A))"
)
TWO_OUTPUTS = (
    "z1 = W1 @ x + b1; h = relu(z1); z2 = W2 @ h + b2; y = sigmoid(z2); "
    "L = -(1/2)*sum(t*log(y) + (1 - t)*log(1 - y))"
)


def expected(identity: str) -> dict[str, Any]:
    """The truth about one system; skips where the shared folder is absent."""
    if not SYSTEMS.is_file():
        pytest.skip("the seeds are not beside the project")
    (system,) = [s for s in json.loads(SYSTEMS.read_text("utf-8")) if s["id"] == identity]
    return dict(system)


def numbers(system: dict[str, Any]) -> dict[str, Any]:
    """Every expected value, those of an invented instance included."""
    found = dict(system["expect"].get("value", {}))
    found.update(system.get("test", {}).get("value", {}))
    return found


def given(system: dict[str, Any], *names: str) -> dict[str, Any]:
    source = {**system["given"], **system.get("test", {}).get("given", {})}
    return {name: source[name] for name in names}
