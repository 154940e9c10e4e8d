"""An explanation as data: what every renderer reads and none computes.

A ``Formula`` is one expression in the two notations.  Values are NumPy arrays, or None where the
problem has no numbers.  Shapes hold numbers and names (``(3, "m")``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = "np.ndarray[Any, Any]"
Shape = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Formula:
    """One expression: ``text`` in Python's notation with the user's names, ``latex`` for print."""

    text: str
    latex: str


@dataclass(frozen=True, slots=True)
class Gradient:
    """The gradient of the output with respect to one node.

    Attributes:
        label: ``dL/dz``.
        symbolic: its tidy formula.
        value: its number, None without numbers.
        elements: where the elements differ in form, as for ``x[0]*x``: a Formula for each, nested as the
            shape; for a long vector ``{"0": …, "i": …}``, the singled-out ones and all others.
            Else None.
    """

    label: Formula
    symbolic: Formula
    value: Array | None
    elements: Any = None


@dataclass(frozen=True, slots=True)
class NodeReport:
    """One named node of the forward pass.

    ``kind`` is ``input``, ``intermediate`` or ``output``; ``substituted`` is the expression with the
    numbers put in, None for inputs and without numbers.
    """

    name: Formula
    kind: str
    expression: Formula
    substituted: Formula | None
    shape: Shape
    value: Array | None
    gradient: Gradient | None


@dataclass(frozen=True, slots=True)
class EdgeReport:
    """The local derivative of one node with respect to an operand.

    ``note`` says how to read it: ``elementwise``, ``Jacobian``, ``linear map``; None for plain numbers.
    ``kink`` names the value taken at a point without a derivative, if a value lies on one.
    """

    of: Formula
    wrt: Formula
    label: Formula
    symbolic: Formula
    value: Array | None
    note: str | None = None
    kink: str | None = None


@dataclass(frozen=True, slots=True)
class StepReport:
    """One line of the chain rule.

    Attributes:
        kind: ``seed`` (the upstream gradient of the output), ``share`` (what one use sends back) or
            ``total`` (the sum of several shares).
        target: ``dL/dz``.
        rule: the rows used: ``sigmoid``, ``product rule``, …
        chain: ``dL/da · da/dz``.
        expanded: upstream and local derivative put in, not simplified.
        symbolic: tidy.
        substituted: ``expanded`` with the numbers put in; None without numbers.
        value: the result.
        shape: of the result.
        reasons: why a sum or a transpose appears, which value is taken at a kink.
    """

    kind: str
    target: Formula
    rule: str
    chain: Formula
    expanded: Formula
    symbolic: Formula
    substituted: Formula | None
    value: Array | None
    shape: Shape
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """One parameter update: ``w := w - alpha * dJ/dw``, with numbers, and the new value."""

    name: Formula
    rule: Formula
    substituted: Formula
    value: Array


@dataclass(frozen=True, slots=True)
class Descent:
    """Gradient descent: the updates of the first step, and a table of epochs.

    ``columns`` are names (parameters, intermediates, loss); ``rows`` one tuple of arrays per epoch,
    epoch 1 being the forward pass before any update.
    """

    learning_rate: float
    updates: tuple[UpdateReport, ...]
    columns: tuple[Formula, ...]
    rows: tuple[tuple[Array, ...], ...]


@dataclass(frozen=True, slots=True)
class Program:
    """Source code shown beside another, with what it costs in words."""

    title: str
    code: str
    cost: str


@dataclass(frozen=True, slots=True)
class PathReport:
    """One path from the output to a single element: the product of its local derivatives."""

    through: tuple[Formula, ...]
    product: Formula
    substituted: Formula | None
    value: Array | None


@dataclass(frozen=True, slots=True)
class ElementReport:
    """The derivative with respect to one element (``dL/dW1[0,0]``), path by path, and their sum."""

    label: Formula
    symbolic: Formula
    paths: tuple[PathReport, ...]
    value: Array | None


@dataclass(frozen=True)
class Report:
    """Everything an explanation says, in order of reading."""

    level: str
    output: Formula
    upstream: Formula
    nodes: tuple[NodeReport, ...]
    edges: tuple[EdgeReport, ...]
    steps: tuple[StepReport, ...]
    conventions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    elements: tuple[ElementReport, ...] = ()
    descent: Descent | None = None
    programs: tuple[Program, ...] = field(default=())
