"""The learning curve as a picture."""

from __future__ import annotations

from html import escape

import numpy as np

from dvar.core.op import Array

WIDE, HIGH = 560.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 16.0, 16.0, 44.0
# No screen shows more; beyond, each place has the smallest and the largest loss that fall there.
PLACES = 400

_STYLE = (
    ".curve text{font:12px 'Helvetica Neue',Helvetica,Arial,sans-serif;fill:#667079}"
    ".curve .paper{fill:#fff}.curve .grid{stroke:#e3e7ea}.curve .line{fill:none;stroke:#0a5c93;stroke-width:1.6}"
)


def curve(losses: Array) -> str:
    """Loss over steps in SVG; on a logarithmic scale where it falls by more than a factor of 30."""
    finite = np.asarray(losses, np.float64)
    finite = finite[np.isfinite(finite)]
    if not len(finite):
        return _frame("no finite loss to show", "")
    steep = finite.min() > 0 and finite.max() / finite.min() > 30
    heights = np.log10(finite) if steep else finite
    low, high = float(heights.min()), float(heights.max())
    if high - low < 1e-12 * max(1.0, abs(high)):
        low, high = low - 0.5, high + 0.5
    steps = np.arange(1, len(finite) + 1)
    x = LEFT + (WIDE - LEFT - RIGHT) * (steps - 1) / max(1, len(finite) - 1)
    y = TOP + (HIGH - TOP - BOTTOM) * (high - heights) / (high - low)
    parts = [_level(v, low, high, steep) for v in np.linspace(low, high, 5)]
    parts += [
        f'<text x="{x[n]:.1f}" y="{HIGH - BOTTOM + 18:.1f}" text-anchor="{anchor}">{n + 1:,}</text>'
        for n, anchor in ((0, "start"), (len(finite) - 1, "end"))
    ]
    parts.append(f'<text x="{WIDE / 2}" y="{HIGH - 8}" text-anchor="middle">step</text>')
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(*_thinned(x, y), strict=True))
    parts.append(f'<polyline class="line" points="{points}"/>')
    return _frame(f"loss from {finite[0]:.4g} to {finite[-1]:.4g}", "".join(parts))


def _level(value: float, low: float, high: float, steep: bool) -> str:
    y = TOP + (HIGH - TOP - BOTTOM) * (high - value) / (high - low)
    shown = f"{10**value if steep else value:.3g}"
    return (
        f'<line class="grid" x1="{LEFT}" x2="{WIDE - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{shown}</text>'
    )


def _thinned(x: Array, y: Array) -> tuple[Array, Array]:
    if len(x) <= 2 * PLACES:
        return x, y
    chosen = []
    for part in np.array_split(np.arange(len(x)), PLACES):
        chosen += sorted({int(part[0]), int(part[y[part].argmin()]), int(part[y[part].argmax()])})
    return x[chosen], y[chosen]


def _frame(title: str, body: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="curve" viewBox="0 0 {WIDE:.0f} {HIGH:.0f}" '
        f'width="{WIDE:.0f}" height="{HIGH:.0f}" role="img"><title>{escape(title)}</title>'
        f'<style>{_STYLE}</style><rect class="paper" width="100%" height="100%"/>{body}</svg>\n'
    )
