"""Functions that NumPy has not."""

from __future__ import annotations

from typing import Any


def erf(x: Any) -> Any:
    """The error function, of arrays that may be traced."""
    from scipy.special import erf as error_function

    return error_function(x)
