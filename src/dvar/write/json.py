"""Report → the JSON contract, as plain Python data."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dvar.write.report import (
    Array,
    Descent,
    EdgeReport,
    ElementReport,
    Formula,
    Gradient,
    NodeReport,
    Report,
    StepReport,
)


def to_json(report: Report) -> dict[str, Any]:
    """Numbers at full precision; infinities and NaN, which JSON lacks, as strings."""
    return {
        "output": report.output.text,
        "level": report.level,
        "upstream": report.upstream.text,
        "nodes": [_node(node) for node in report.nodes],
        "edges": [_edge(edge) for edge in report.edges],
        "steps": [_step(step) for step in report.steps],
        "elements": [_element(element) for element in report.elements],
        "descent": _descent(report.descent),
        "programs": [{"title": p.title, "code": p.code, "cost": p.cost} for p in report.programs],
        "conventions": list(report.conventions),
        "notes": list(report.notes),
    }


def plain(value: Array | None) -> Any:
    """An array as nested lists of numbers; None stays None."""
    return None if value is None else _finite(np.asarray(value).tolist())


def _finite(value: Any) -> Any:
    if isinstance(value, list):
        return [_finite(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _text(formula: Formula | None) -> str | None:
    return None if formula is None else formula.text


def _node(node: NodeReport) -> dict[str, Any]:
    return {
        "name": node.name.text,
        "kind": node.kind,
        "expression": node.expression.text,
        "substituted": _text(node.substituted),
        "shape": list(node.shape),
        "value": plain(node.value),
        "gradient": _gradient(node.gradient),
    }


def _gradient(gradient: Gradient | None) -> dict[str, Any] | None:
    if gradient is None:
        return None
    return {
        "label": gradient.label.text,
        "symbolic": gradient.symbolic.text,
        "latex": gradient.symbolic.latex,
        "value": plain(gradient.value),
        "elements": _elements(gradient.elements),
    }


def _elements(elements: Any) -> Any:
    """Formulas as text, nested as they are."""
    if isinstance(elements, list):
        return [_elements(part) for part in elements]
    if isinstance(elements, dict):
        return {index: _elements(part) for index, part in elements.items()}
    return None if elements is None else elements.text


def _edge(edge: EdgeReport) -> dict[str, Any]:
    return {
        "of": edge.of.text,
        "wrt": edge.wrt.text,
        "symbolic": edge.symbolic.text,
        "latex": edge.symbolic.latex,
        "value": plain(edge.value),
        "note": edge.note,
        "kink": edge.kink,
    }


def _step(step: StepReport) -> dict[str, Any]:
    return {
        "target": step.target.text,
        "kind": step.kind,
        "rule": step.rule,
        "chain": step.chain.text,
        "expanded": step.expanded.text,
        "symbolic": step.symbolic.text,
        "latex": step.symbolic.latex,
        "substituted": _text(step.substituted),
        "value": plain(step.value),
        "shape": list(step.shape),
        "reason": "; ".join(step.reasons) or None,
    }


def _element(element: ElementReport) -> dict[str, Any]:
    return {
        "label": element.label.text,
        "symbolic": element.symbolic.text,
        "value": plain(element.value),
        "paths": [
            {
                "through": [formula.text for formula in path.through],
                "product": path.product.text,
                "substituted": _text(path.substituted),
                "value": plain(path.value),
            }
            for path in element.paths
        ],
    }


def _descent(descent: Descent | None) -> dict[str, Any] | None:
    if descent is None:
        return None
    columns = [column.text for column in descent.columns]
    return {
        "learning_rate": descent.learning_rate,
        "updates": [
            {
                "name": update.name.text,
                "rule": update.rule.text,
                "substituted": update.substituted.text,
                "value": plain(update.value),
            }
            for update in descent.updates
        ],
        "epochs": [
            {"epoch": n + 1, "values": dict(zip(columns, map(plain, row), strict=True))}
            for n, row in enumerate(descent.rows)
        ],
    }
