"""How the time of ``dvar check`` grows with the length of a worksheet."""

from __future__ import annotations

import math
import random
import re
import time
from collections.abc import Iterator, Sequence

from dvar.check.report import Report

SIZES = (100, 200, 400, 800)


_SECTION = r"""## Neuron @

Given $w_{@} = {w}$, $x_{@} = {x}$, $b_{@} = {b}$ and $y_{@} = {y}$.

$$z_{@} = w_{@} x_{@} + b_{@} = {z:.4f}$$

$$a_{@} = \sigma(z_{@}) = \frac{1}{1 + e^{-z_{@}}} \approx {a:.4f}$$

$$L_{@} = \frac{1}{2} (a_{@} - y_{@})^2 \approx {loss:.4f}$$

$$\frac{\partial L_{@}}{\partial a_{@}} = a_{@} - y_{@} \approx {da:.4f}$$

$$\frac{\partial L_{@}}{\partial z_{@}} = (a_{@} - y_{@}) a_{@} (1 - a_{@}) \approx {dz:.4f}$$

$$\frac{\partial L_{@}}{\partial w_{@}} = \frac{\partial L_{@}}{\partial z_{@}} x_{@} \approx {dw:.4f}$$
"""
EQUATIONS = 10
"""Of each section."""

_VALUE = re.compile(r"\{(w|x|b|y|z|a|loss|da|dz|dw)(?::([.0-9f]+))?\}")


def section(number: int, dice: random.Random) -> str:
    """Ten equations about one neuron, right in every digit, with names of their own."""
    w, x, b, y = (round(dice.uniform(-1.5, 1.5), 1) or 0.5 for _ in range(4))
    z = w * x + b
    a = 1 / (1 + math.exp(-z))
    values = {"w": w, "x": x, "b": b, "y": y, "z": z, "a": a, "loss": (a - y) ** 2 / 2}
    values |= {"da": a - y, "dz": (dz := (a - y) * a * (1 - a)), "dw": dz * x}
    text = _SECTION.replace("@", str(number))
    return _VALUE.sub(lambda found: f"{values[found[1]]:{found[2] or ''}}", text)


def worksheet(equations: int, seed: int = 0) -> str:
    """A right worksheet with about so many equations."""
    dice = random.Random(seed)
    return "\n".join(section(n, dice) for n in range(1, max(1, equations // EQUATIONS) + 1))


def measure(equations: int) -> tuple[float, Report]:
    """Seconds to check a worksheet of so many equations, and what was found."""
    from dvar.check.worksheet import check  # while starting, only what a command needs

    text = worksheet(equations)
    start = time.perf_counter()
    report = check(text)
    return time.perf_counter() - start, report


def table(sizes: Sequence[int]) -> Iterator[str]:
    """Times, and the exponents of their growth (1 is linear)."""
    measure(EQUATIONS)  # modules are loaded once
    yield f"{'equations':>9} {'seconds':>8} {'per equation':>13} {'unknown':>8} {'faults':>7}"
    before: tuple[int, float] | None = None
    for size in sizes:
        seconds, report = measure(size)
        each = f"{seconds / size * 1000:.1f} ms"
        unknown = report.summary["unknown"]
        yield f"{size:>9} {seconds:>8.2f} {each:>13} {unknown:>8} {len(report.faults):>7}"
        if before:
            grown = math.log(seconds / before[1]) / math.log(size / before[0])
            yield f"growth from {before[0]} to {size}: exponent {grown:.2f}"
        before = size, seconds
