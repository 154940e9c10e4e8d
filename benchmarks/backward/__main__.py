"""``python -m benchmarks.backward``: right layers have to be silent, planted slips have to be found."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click
from benchmarks.backward.layers import Layer, layers
from benchmarks.backward.measure import Outcome, checked, loaded, outcome, planted


@dataclass
class Score:
    """What came of all layers.

    Attributes:
        alarms: right layers that were called wrong.
        outcomes: of the slips.
    """

    alarms: list[str] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    layers: int = 0


@click.command()
@click.argument("names", nargs=-1)
@click.option(
    "--slips", "limit", default=20, show_default=True, help="Slips of each layer, at most."
)
@click.option("--seed", default=1, show_default=True)
@click.option("--json", "path", type=click.Path(), help="Write every outcome to a file.")
@click.option(
    "--list", "listed", is_flag=True, help="Show slips that were not found or at another line."
)
def main(names: Sequence[str], limit: int, seed: int, path: str | None, listed: bool) -> None:
    """Plant slips in right backward passes and count what `dvar check` finds."""
    score = Score()
    for layer in layers(tuple(names)):
        _score(layer, limit, seed, score)
        if listed:
            _show_missed([o for o in score.outcomes if o.layer == layer.name])
    click.echo(table(score))
    if path:
        data = {"alarms": score.alarms, "slips": [o._asdict() for o in score.outcomes]}
        Path(path).write_text(json.dumps(data, indent=1), encoding="utf-8")
    sys.exit(1 if score.alarms else 0)


def _score(layer: Layer, limit: int, seed: int, score: Score) -> None:
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        text = layer.path.read_text(encoding="utf-8")
        report = checked(loaded(text, Path(folder)), layer)
        if not report.ok:
            score.alarms.append(layer.name)
            click.echo(str(report))
    found = [outcome(slip, layer) for slip in planted(layer, limit, seed)]
    score.outcomes += found
    score.layers += 1
    caught, named = sum(o.caught for o in found), sum(o.at_line for o in found)
    seconds = time.perf_counter() - start
    click.echo(
        f"{layer.name:18} {len(found):4} slips {caught:4} caught {named:4} at line  {seconds:6.1f} s"
    )


def _show_missed(outcomes: Sequence[Outcome]) -> None:
    for o in outcomes:
        if not o.at_line:
            what = f"line {o.named}: {o.cause}: {o.expected}" if o.caught else "not caught"
            click.echo(f"    {o.kind} {o.line}: {o.before}  →  {o.after}\n        {what}")


def table(score: Score) -> str:
    """Rates by kind of slip."""
    rows = [f"\n{'slip':16} {'planted':>8} {'caught':>8} {'at line':>8} {'given back':>11}"]
    kinds = sorted({o.kind for o in score.outcomes})
    for kind in (*kinds, "all"):
        of = [o for o in score.outcomes if kind in ("all", o.kind)]
        if of:
            caught, line, back = (
                f"{sum(getattr(o, name) for o in of) / len(of):.0%}"
                for name in ("caught", "at_line", "repaired")
            )
            rows.append(f"{kind:16} {len(of):8} {caught:>8} {line:>8} {back:>11}")
    rows.append(
        f"\nfalse alarms: {len(score.alarms)} of {score.layers} right layers {' '.join(score.alarms)}"
    )
    return "\n".join(rows)


main()
