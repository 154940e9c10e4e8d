"""Things of PyTorch and JAX that bring their own backward pass."""

from __future__ import annotations

import sys
from typing import Any

from dvar.check.backward.subject import Subject


def is_made_elsewhere(x: Any) -> bool:
    """Whether something is a ``torch.autograd.Function`` or a ``jax.custom_vjp``; neither library is imported."""
    return _is_torch(x) or _is_jax(x)


def subject_elsewhere(x: Any, name: str = "", file: str = "") -> Subject:
    """Such a thing as a subject.  Raises ReadError if a pass is missing."""
    if _is_torch(x):
        from dvar.check.backward.torch_function import torch_subject

        return torch_subject(x, name, file)
    from dvar.check.backward.jax_function import jax_subject

    return jax_subject(x, name, file)


def _is_torch(x: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(x, type) and issubclass(x, torch.autograd.Function)


def _is_jax(x: Any) -> bool:
    jax = sys.modules.get("jax")
    return jax is not None and isinstance(x, jax.custom_vjp)
