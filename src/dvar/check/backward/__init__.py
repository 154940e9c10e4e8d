"""Hand-written backward passes: is every returned gradient right, and if not, which line is wrong?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dvar.check.backward.report import BackwardReport, Finding, Gradient


def check_backward(
    forward: Callable[..., Any], backward: Any = None, *examples: Any
) -> BackwardReport:
    """Check a backward pass written by hand against the forward pass it belongs to.

    Args:
        forward: plain NumPy: inputs → result, or → (result, cache).  Or a ``torch.autograd.Function`` or a
            ``jax.custom_vjp``, which bring their backward pass: the examples follow at once.
        backward: upstream gradient and cache (or the inputs, by name) → gradients, in the order of the inputs.
        *examples: arrays of the shapes to try.  The numbers are not used: the check draws its own.

    Returns:
        Each gradient, right or wrong, and for wrong ones the line, the likely cause and the line as it should be.

    Raises:
        ReadError: the passes cannot be run.

    Example:
        >>> import numpy as np, dvar
        >>> def forward(x, w, b):
        ...     return x @ w + b, (x, w)
        >>> def backward(dout, cache):
        ...     x, w = cache
        ...     dx = dout @ w.T
        ...     dw = x.T @ dout
        ...     db = dout
        ...     return dx, dw, db
        >>> report = dvar.check_backward(forward, backward, np.ones((4, 3)), np.ones((3, 2)), np.ones(2))
        >>> [(g.name, g.ok) for g in report.gradients]
        [('x', True), ('w', True), ('b', False)]
        >>> finding = report.findings[0]
        >>> finding.cause, finding.source, finding.expected
        ('missing-sum', 'db = dout', 'db = dout.sum(axis=0)')
    """
    from dvar.check.backward.frameworks import is_made_elsewhere, subject_elsewhere
    from dvar.check.backward.judge import judge
    from dvar.check.backward.settings import settled
    from dvar.check.backward.shapes import inputs_like
    from dvar.check.backward.target import subject_of

    if is_made_elsewhere(forward):
        subject, examples = settled(subject_elsewhere(forward)), (backward, *examples)
    else:
        subject = subject_of(forward, backward)
    names = [p.name for p in subject.parameters]
    plain = [x.detach().numpy() if hasattr(x, "detach") else x for x in examples]
    given = {n: x for n, x in zip(names, plain, strict=False) if x is not None}
    arrays = {n: x for n, x in given.items() if hasattr(x, "shape") or isinstance(x, float)}
    subject.fixed.update({n: x for n, x in given.items() if n not in arrays})
    subject.fixed.update({n: None for n in subject.optional if examples and n not in arrays})
    return judge(subject, inputs_like(arrays) if arrays else None)


__all__ = ["BackwardReport", "Finding", "Gradient", "check_backward"]
