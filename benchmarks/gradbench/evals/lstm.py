"""A recurrent network of long short-term memory with diagonal weights, which predicts the next letter."""

from __future__ import annotations

import numpy as np
from benchmarks.gradbench.work import Input, Work, compiled

import dvar


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def layer(weights, biases, hidden, cell, x):
    """One layer at one letter: what it hands on, and its memory."""
    forget = sigmoid(x * weights[0] + biases[0])
    ingate = sigmoid(hidden * weights[1] + biases[1])
    outgate = sigmoid(x * weights[2] + biases[2])
    change = np.tanh(hidden * weights[3] + biases[3])
    cell = cell * forget + ingate * change
    return outgate * np.tanh(cell), cell


def objective(main, extra, state, sequence):
    layers, width = len(main) // 2, main.shape[1] // 4
    weights, biases = (main[first::2].reshape(layers, 4, width) for first in (0, 1))
    in_weight, out_weight, out_bias = extra

    def letter(carry, pair):
        hidden, cell = carry
        this, following = pair
        x = this * in_weight
        made = []
        for n in range(layers):
            x, memory = layer(weights[n], biases[n], hidden[n], cell[n], x)
            made.append((x, memory))
        y = x * out_weight + out_bias
        share = np.sum(following * (y - np.log(2 + np.sum(np.exp(y)))))
        return (np.stack([x for x, _ in made]), np.stack([c for _, c in made])), share

    pairs = (sequence[:-1], sequence[1:])
    _, shares = dvar.scan(letter, (state[::2], state[1::2]), pairs)
    return -np.sum(shares) / (len(sequence) - 1) / width


def _arguments(given: Input) -> list[np.ndarray]:
    names = ("main_params", "extra_params", "state", "sequence")
    return [np.array(given[name], float) for name in names]


def prepare_objective(given: Input, threads: int) -> Work:
    return compiled(objective, *_arguments(given), threads=threads)


def prepare_jacobian(given: Input, threads: int) -> Work:
    def jacobian(main, extra, state, sequence):
        parts = dvar.grad(objective, (0, 1))(main, extra, state, sequence)
        return np.concatenate([part.reshape(-1) for part in parts])

    return compiled(jacobian, *_arguments(given), threads=threads)


FUNCTIONS = {"objective": prepare_objective, "jacobian": prepare_jacobian}
