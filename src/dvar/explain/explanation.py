"""What ``explain`` returns: the report, and every way to show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dvar.core.graph import Graph
from dvar.write.report import Array, Report


@dataclass(frozen=True)
class Explanation:
    """A derivation with its work shown.  Printing it, or showing it in a notebook, displays it.

    Attributes:
        report: the data every renderer reads.
        graph: the program that was explained.
    """

    report: Report
    graph: Graph

    @property
    def values(self) -> Mapping[str, Array]:
        """Name → value of the forward pass; empty without numbers."""
        return {n.name.text: n.value for n in self.report.nodes if n.value is not None}

    @property
    def gradients(self) -> Mapping[str, Array]:
        """Name → gradient of the output; empty without numbers."""
        return {
            n.name.text: n.gradient.value
            for n in self.report.nodes
            if n.gradient is not None and n.gradient.value is not None
        }

    @property
    def formulas(self) -> Mapping[str, str]:
        """Name → tidy formula of its gradient."""
        return {
            n.name.text: n.gradient.symbolic.text
            for n in self.report.nodes
            if n.gradient is not None
        }

    def to_text(self) -> str:
        """Plain text, never wrapped."""
        from dvar.write.text import to_text

        return to_text(self.report)

    def to_markdown(self) -> str:
        from dvar.write.markdown import to_markdown

        return to_markdown(self.report)

    def to_latex(self, document: bool = True) -> str:
        """LaTeX; a whole document that compiles, or only its body."""
        from dvar.write.latex import to_latex

        return to_latex(self.report, document)

    def to_json(self) -> dict[str, Any]:
        """The JSON contract as plain Python data."""
        from dvar.write.json import to_json

        return to_json(self.report)

    def to_svg(self) -> str:
        from dvar.write.svg import to_svg

        return to_svg(self.report)

    def to_html(self, title: str = "") -> str:
        """One self-contained page."""
        from dvar.write.html import to_html

        return to_html(self.report, title)

    def _repr_html_(self) -> str:
        from dvar.write.html import to_html_fragment

        return to_html_fragment(self.report)

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return self.to_text()
