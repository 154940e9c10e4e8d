"""What single letters usually are, where a document shows nothing else."""

from __future__ import annotations

import re

SCALAR_CAPITALS = frozenset("LJCENTFR")
"""Capitals that are numbers unless something shows otherwise: losses, energies, counts."""
SCALAR_GREEK = frozenset(
    [
        "alpha",
        "beta",
        "gamma",
        "lambda",
        "eta",
        "epsilon",
        "mu",
        "tau",
        "rho",
        "kappa",
        "nu",
        "zeta",
        "pi",
        "omega",
        "phi",
        "psi",
    ]
)
MATRIX_GREEK = frozenset(["Theta", "Sigma", "Lambda", "Omega", "Phi", "Psi", "Gamma", "Delta"])
PENALTIES = frozenset({"Omega", "R"})
"""Letters of what is added to a loss to keep parameters small: it need not depend on anything else."""
SMALL_GREEK = SCALAR_GREEK | frozenset(["theta", "sigma", "delta", "xi", "chi"])
WEIGHTS = frozenset({"weight", "weights"})
"""Words of programs for a matrix."""
COUNTS = frozenset("mnkNMK")
"""Letters that count things, and are no vectors."""
_EXAMPLES = re.compile(r"batch|sample|example", re.IGNORECASE)


def counts_examples(name: str) -> bool:
    """``m``, ``batch_size``: what a mean over examples is divided by."""
    return name in COUNTS or (len(name) > 4 and _EXAMPLES.search(name) is not None)


TIMES = frozenset("tT")
"""Letters of steps in time."""
RATES = ("eta", "alpha", "lr", "learning_rate")
"""What steps are multiplied by."""
ONE_HOT = "onehot"
"""How names of one-hot matrices begin that a program never writes out."""
UNDONE = "undone"
"""How names of gradients begin that a program is still making."""
