"""From a fresh process to the first gradient: import, build, compile, compute."""

from __future__ import annotations

import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

# The same small network in every system; ``{np}`` is the system's NumPy and ``{gradient}`` what differentiates.
_PROGRAM = """
{imports}
def loss(w1, w2, x, y):
    p = {np}.tanh(x @ w1) @ w2
    return {np}.mean((p - y) ** 2)
w1, w2 = numpy.full((4, 8), 0.1), numpy.full((8, 1), 0.2)
x, y = numpy.ones((16, 4)), numpy.ones((16, 1))
numpy.asarray({gradient}(w1, w2, x, y))
"""
_TORCH = """
import torch
w1 = torch.full((4, 8), 0.1, dtype=torch.float64, requires_grad=True)
w2 = torch.full((8, 1), 0.2, dtype=torch.float64, requires_grad=True)
x, y = torch.ones(16, 4, dtype=torch.float64), torch.ones(16, 1, dtype=torch.float64)
((torch.tanh(x @ w1) @ w2 - y) ** 2).mean().backward()
"""


class Start(NamedTuple):
    """A system's program, and the module without which it cannot run."""

    module: str
    program: str


def _numpy_like(module: str, imports: str, np: str, gradient: str) -> Start:
    text = _PROGRAM.format(imports=f"import numpy\n{imports}", np=np, gradient=gradient)
    return Start(module, text)


PLAIN = {
    "dvar": _numpy_like("dvar", "import dvar", "numpy", "dvar.grad(loss)"),
    "HIPS autograd": _numpy_like(
        "autograd", "import autograd, autograd.numpy", "autograd.numpy", "autograd.grad(loss)"
    ),
    "PyTorch": Start("torch", _TORCH),
    "JAX": _numpy_like("jax", "import jax", "jax.numpy", "jax.grad(loss)"),
}
COMPILED = {
    "dvar": _numpy_like("dvar", "import dvar", "numpy", "dvar.jit(dvar.grad(loss))"),
    "JAX": _numpy_like("jax", "import jax", "jax.numpy", "jax.jit(jax.grad(loss))"),
}


def measure(systems: dict[str, Start], rounds: int, kept: bool) -> dict[str, float]:
    """Seconds that each system's process takes, the median of the rounds.

    Args:
        systems: who takes part.
        rounds: how often each runs, in turns.
        kept: whether machine code may be on disk from the round before.
    """
    there = {title: s for title, s in systems.items() if importlib.util.find_spec(s.module)}
    times: dict[str, list[float]] = {title: [] for title in there}
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "DVAR_CACHE": folder if kept else ""}
        environment.pop(
            "PYTHONDONTWRITEBYTECODE", None
        )  # installed packages are compiled beforehand
        for n in range(rounds + 1):  # the first round reads files from disk and does not count
            for title in list(there) if n % 2 else reversed(there):
                seconds = _run(there[title].program, environment)
                if n:
                    times[title].append(seconds)
    return {title: statistics.median(taken) for title, taken in times.items()}


def _run(program: str, environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    return time.perf_counter() - start
