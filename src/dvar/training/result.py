"""What training returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dvar.core.op import Array
from dvar.training.curve import curve


@dataclass(frozen=True)
class Trained:
    """Trained parameters and how they came about.

    Attributes:
        params: the parameters, in the containers they were given in.
        losses: the loss before each step, shape (steps,).
        seconds: how long it took, this time.
        finished: False if it was interrupted, or a callback ended it.
        steps_per_epoch: how many steps see all examples once.
    """

    params: dict[str, Any]
    losses: Array
    seconds: float
    finished: bool
    steps_per_epoch: int

    @property
    def steps(self) -> int:
        """How many steps were done, those of earlier sessions included."""
        return len(self.losses)

    @property
    def history(self) -> list[dict[str, float]]:
        """A row for each epoch: its number, the steps done by then, the mean loss of its steps."""
        size = self.steps_per_epoch
        return [
            {
                "epoch": n // size + 1,
                "step": min(n + size, self.steps),
                "loss": float(self.losses[n : n + size].mean()),
            }
            for n in range(0, self.steps, size)
        ]

    def curve(self) -> str:
        """The learning curve, a picture in SVG: the loss over the steps."""
        return curve(self.losses)

    def _repr_html_(self) -> str:
        return self.curve()

    def __str__(self) -> str:
        if not self.steps:
            return "no steps"
        end = "" if self.finished else ", not finished"
        return (
            f"{self.steps} steps, loss {self.losses[0]:.6g} → {self.losses[-1]:.6g}, "
            f"{self.seconds:.3g} s{end}"
        )
