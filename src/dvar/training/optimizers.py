"""Optimizers: how parameters move along a gradient.  One function makes each of them.

They are plain NumPy, traced into the program of a step like the loss, so that updating costs no pass over memory of
its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from dvar.core.errors import ReadError
from dvar.core.op import Array

State = dict[str, Any]


class Optimizer(NamedTuple):
    """A rule for one array of parameters; every array has a state of its own.

    Attributes:
        name: what it is called, with its settings.
        start: the array → its first state, arrays by name.
        move: ``(array, gradient, state, learning rate) → (array, state)``, shapes unchanged.
    """

    name: str
    start: Callable[[Array], State]
    move: Callable[[Any, Any, Mapping[str, Any], Any], tuple[Any, State]]


def gd() -> Optimizer:
    """Gradient descent: ``w - rate * g``."""
    return Optimizer("gd", lambda w: {}, lambda w, g, state, rate: (w - rate * g, {}))


def momentum(decay: float = 0.9) -> Optimizer:
    """Gradient descent with a velocity: ``v = decay * v + g``, ``w - rate * v``.

    Source: Polyak 1964, Some methods of speeding up the convergence of iteration methods, in the form of Sutskever,
    Martens, Dahl & Hinton 2013, section 2.
    """

    def move(w: Any, g: Any, state: Mapping[str, Any], rate: Any) -> tuple[Any, State]:
        v = decay * state["velocity"] + g
        return w - rate * v, {"velocity": v}

    return Optimizer(f"momentum(decay={decay})", lambda w: {"velocity": np.zeros_like(w)}, move)


def adam(beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> Optimizer:
    """Steps scaled by running means of the gradient and of its square.

    Source: Kingma & Ba 2015, Adam: a method for stochastic optimization, algorithm 1.
    """

    def start(w: Array) -> State:
        one = np.ones((), w.dtype)
        return {"mean": np.zeros_like(w), "square": np.zeros_like(w), "left1": one, "left2": one}

    def move(w: Any, g: Any, state: Mapping[str, Any], rate: Any) -> tuple[Any, State]:
        mean = beta1 * state["mean"] + (1 - beta1) * g
        square = beta2 * state["square"] + (1 - beta2) * g * g
        # What is left of the zeros that the means began with.
        left1, left2 = beta1 * state["left1"], beta2 * state["left2"]
        step = (mean / (1 - left1)) / (np.sqrt(square / (1 - left2)) + epsilon)
        return w - rate * step, {"mean": mean, "square": square, "left1": left1, "left2": left2}

    return Optimizer(f"adam({beta1}, {beta2}, {epsilon})", start, move)


OPTIMIZERS: dict[str, Callable[[], Optimizer]] = {"gd": gd, "momentum": momentum, "adam": adam}


def optimizer_of(chosen: str | Optimizer) -> Optimizer:
    """An optimizer by name, or itself.  Raises ReadError for a name that is not known."""
    if isinstance(chosen, Optimizer):
        return chosen
    if chosen not in OPTIMIZERS:
        known = ", ".join([*OPTIMIZERS, "lbfgs"])
        raise ReadError(f"there is no optimizer {chosen!r}", hint=f"one of {known}")
    return OPTIMIZERS[chosen]()
