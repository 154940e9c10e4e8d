"""dvar differentiates a computation and shows its work."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dvar.check.backward import check_backward
    from dvar.check.worksheet import check
    from dvar.compiling import jit
    from dvar.control import checkpoint, cond, scan, while_loop
    from dvar.custom import custom_vjp
    from dvar.explain import explain
    from dvar.mapping import vmap
    from dvar.read.trace.array import Variable
    from dvar.read.trace.trace import Shape, Traced, trace
    from dvar.read.trace.variable import named, variable
    from dvar.training import train
    from dvar.transforms import (
        elementwise_grad,
        grad,
        hessian,
        hvp,
        jacfwd,
        jacobian,
        jacrev,
        jvp,
        value_and_grad,
        vjp,
    )

__version__ = "0.1.0"

# Where each public name lives.  A room is opened when one of its names is first used, so that
# `import dvar` costs nothing.
_ROOMS = {
    "dvar.check.backward": ("check_backward",),
    "dvar.compiling": ("jit",),
    "dvar.control": ("checkpoint", "cond", "scan", "while_loop"),
    "dvar.custom": ("custom_vjp",),
    "dvar.explain": ("explain",),
    "dvar.mapping": ("vmap",),
    "dvar.read.trace.array": ("Variable",),
    "dvar.read.trace.trace": ("Shape", "Traced", "trace"),
    "dvar.read.trace.variable": ("named", "variable"),
    "dvar.training": ("train",),
    "dvar.transforms": (
        "elementwise_grad",
        "grad",
        "hessian",
        "hvp",
        "jacfwd",
        "jacobian",
        "jacrev",
        "jvp",
        "value_and_grad",
        "vjp",
    ),
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    "Shape",
    "Traced",
    "Variable",
    "check",
    "check_backward",
    "checkpoint",
    "cond",
    "custom_vjp",
    "elementwise_grad",
    "explain",
    "grad",
    "hessian",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jit",
    "jvp",
    "named",
    "scan",
    "trace",
    "train",
    "value_and_grad",
    "variable",
    "vjp",
    "vmap",
    "while_loop",
]


class _Dvar(ModuleType):
    """This module.  ``dvar.explain`` is the function although there is a package of that name."""

    @property
    def explain(self) -> Any:
        return import_module("dvar.explain").explain

    @explain.setter
    def explain(self, package: Any) -> None:
        """Python puts a package into its parent when it is imported; the function stays."""


sys.modules[__name__].__class__ = _Dvar


def __getattr__(name: str) -> Any:
    """A public name, or a row of the table as a function: ``dvar.relu(x)``."""
    if name == "check":
        # The package itself, which can be called.
        value = import_module("dvar.check")
    elif name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
    elif name.startswith("_") or f"{__name__}.{name}" in sys.modules:
        raise AttributeError(f"module 'dvar' has no attribute {name!r}")
    else:
        value = _row(name)
    globals()[name] = value
    return value


def _row(name: str) -> Any:
    from dvar.ops import TABLE

    if name not in TABLE:
        raise AttributeError(f"module 'dvar' has no attribute {name!r}")
    return import_module("dvar.read.trace.namespace").row_function(name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
