"""The measurements as pictures (needs matplotlib, extra ``bench``)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
# Words stay words that can be searched, and the same numbers make the same file.
mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "dvar", "font.size": 10})
from matplotlib import pyplot as plt  # noqa: E402  the back end is chosen before

OURS, PEER, FAINT = "#0a5c93", "#b8c0c7", "#667079"


def bars(path: Path, cases: Sequence[tuple[str, dict[str, float]]]) -> None:
    """For each case, how many times as long every system takes as dvar; a case that dvar lacks is left out.

    Args:
        path: the SVG to write.
        cases: the work in words, and the seconds of each system.
    """
    shown = [(title, times) for title, times in cases if "dvar" in times]
    count = sum(len(times) for _, times in shown) + len(shown)
    figure, axes = plt.subplots(figsize=(8, 0.27 * count + 0.6), layout="constrained")
    place = 0.0
    for title, times in shown:
        axes.text(0.1, place, title, va="center", weight="bold", color="#22282d")
        for system, seconds in sorted(times.items(), key=lambda pair: pair[1]):
            place += 1
            ratio = seconds / times["dvar"]
            color = OURS if system == "dvar" else PEER
            axes.barh(place, ratio - 0.1, left=0.1, height=0.8, color=color)
            axes.text(ratio * 1.06, place, f"{system} {ratio:.3g}", va="center", color=FAINT)
        place += 1.4
    axes.set(xscale="log", xlim=(0.1, 2000), ylim=(place - 0.4, -0.8), yticks=[])
    axes.set_xlabel("time as a multiple of dvar's (shorter is faster)")
    axes.axvline(1, color=OURS, linewidth=0.8)
    _save(figure, axes, path)


def lines_over_sizes(path: Path, lines: Sequence[tuple[str, list[int], list[float]]]) -> None:
    """Seconds over size, both on logarithmic scales, with the slope of linear growth beside each line.

    Args:
        path: the SVG to write.
        lines: a name, the sizes, and the seconds at each.
    """
    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    for (name, sizes, times), color in zip(lines, (OURS, "#b3541e", "#3c7a3f"), strict=False):
        axes.plot(sizes, times, "o-", color=color, markersize=4, label=name)
        last = times[-1]
        axes.plot(sizes, [last * n / sizes[-1] for n in sizes], ":", color=color, linewidth=1)
    axes.set(xscale="log", yscale="log", xlabel="size", ylabel="seconds (dotted: linear)")
    axes.legend(frameon=False, fontsize=9)
    axes.grid(color="#e3e7ea")
    _save(figure, axes, path)


def _save(figure: Any, axes: Any, path: Path) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.savefig(path, format="svg", metadata={"Date": None})
    plt.close(figure)
