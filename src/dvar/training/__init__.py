"""Training: a loss, parameters and data in, trained parameters out."""

from __future__ import annotations

from dvar.training.blame import Diverged
from dvar.training.checkpoint import NotSaved
from dvar.training.loop import train
from dvar.training.optimizers import Optimizer, adam, gd, momentum
from dvar.training.result import Trained

__all__ = ["Diverged", "NotSaved", "Optimizer", "Trained", "adam", "gd", "momentum", "train"]
