"""The steps to an answer: the derivation by ``explain``, in the names of the document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from dvar.check.judge.chain import Place
from dvar.check.meaning.differentiate import place_of
from dvar.check.meaning.values import NotUnderstood, sizes
from dvar.check.solve.numbers import shown
from dvar.check.solve.plain import has_sizes
from dvar.check.solve.trial import is_right
from dvar.core.errors import DvarError
from dvar.core.graph import Graph
from dvar.core.node import Node, topological
from dvar.core.op import CONSTANT, VARIABLE
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.mathematics import Lexicon
from dvar.write.report import Formula, StepReport

MOST = 8
"""Steps; more are a derivation of their own, for which there is ``dvar explain``."""
_FIRST = 0xE100
"""Names while ``explain`` works are signs of the private use area, which no document is read with."""
_RAISED = re.compile(r"([\ue100-\uefff])(\^|\*\*|\.T\b)?")
LONGEST = 240


def steps_of(
    place: Place,
    left: t.Expr,
    env: Mapping[str, int],
    labels: Mapping[Node, str],
    lexicon: Lexicon,
    latex: bool,
    sizes_are_told: bool,
) -> tuple[str, ...]:
    """The chain rule, a line for each step; nothing where one step does it or one is not confirmed.

    Nor where a number would stand for a size that the document leaves open.
    """
    if not isinstance(left, t.Derivative) or left.of is None or len(left.wrt) != 1:
        return ()
    reader = place.reader(env=dict(env))
    try:
        top = reader.node(left.of)
        wrt = [node for node, at in place_of(reader, left.wrt[0]).parts if at is None]
        if sizes(top) or len(wrt) != 1 or wrt[0] is top:
            return ()
        between = [n for n in topological([top], set(wrt)) if n not in labels or n.inputs]
        if not sizes_are_told and any(has_sizes(n, {}) for n in between if n.op is CONSTANT):
            return ()
        lines = list(_lines(place, top, wrt[0], labels, latex))
    except (NotUnderstood, DvarError):
        return ()
    if not 1 < len(lines) <= MOST or not all(is_right(place, lexicon, x, latex) for x in lines):
        return ()
    return tuple(lines)


def _lines(
    place: Place, top: Node, wrt: Node, labels: Mapping[Node, str], latex: bool
) -> Iterator[str]:
    from dvar.explain import explain

    under = topological([top])
    named = {node: labels[node] for node in under if node in labels}
    if top not in named or wrt not in named:
        return
    signs = {node: chr(_FIRST + n) for n, node in enumerate(named)}
    # Only what is named is on the way; what is not, is part of a step.
    inputs = {signs.get(n, str(n.param("name"))): n for n in under if n.op is VARIABLE}
    if not set(inputs.values()) <= set(named):
        return
    names = {signs[node]: node for node in under if node in signs and node.inputs}
    values = {
        name: place.ledger.given[node].astype(float)
        for name, node in inputs.items()
        if node in place.ledger.given
    }
    graph = Graph(inputs, names, {signs[top]: top}, values if len(values) == len(inputs) else {})
    written = {sign: named[node] for node, sign in signs.items()}
    for step in explain(graph, of=signs[top], wrt=[signs[wrt]]).report.steps:
        line = _line(step, latex)
        if step.kind == "seed" or line is None:
            continue
        yield _RAISED.sub(lambda m: _named(written.get(m[1], m[1]), m[2] or "", latex), line)


def _named(name: str, power: str, latex: bool) -> str:
    """A name with what hangs on it: one that has something above it already needs brackets."""
    if not power or "^" not in name:
        return name + power
    return rf"\left({name}\right){power}" if latex else f"({name}){power}"


def _line(step: StepReport, latex: bool) -> str | None:
    """``dL/dz = dL/da · da/dz = … = 3``, what is written twice once."""

    def pick(formula: Formula) -> str:
        return formula.latex if latex else formula.text

    middle = step.expanded if step.kind == "total" else step.chain
    parts = [pick(step.target), pick(middle), pick(step.symbolic)]
    kept = list(dict.fromkeys(part for part in parts if part))
    line = " = ".join(kept)
    if step.value is not None and step.value.size <= 4:
        number = shown(step.value, latex)
        line = line if line.endswith(number) else f"{line} {number}"
    return line if len(kept) > 1 and len(line) <= LONGEST else None
