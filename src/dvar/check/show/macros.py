"""The macros that a document defines, put in where its formulas use them, for what sets formulas."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dvar.read.worksheet.mathematics.macros import Macro, arguments_of

Macros = Mapping[str, Macro]
"""Name without its backslash → macro, as the reader finds them."""

_NAME = re.compile(r"\\([a-zA-Z]+)")
# A macro may use others, and itself; nobody needs more than this.
_MOST_ROUNDS = 5
_LONGEST = 6_000


def expanded(latex: str, macros: Macros) -> str:
    """A formula without the document's macros."""
    for _ in range(_MOST_ROUNDS if macros else 0):
        once = _expanded_once(latex, macros)
        if once is None or once == latex:
            break
        latex = once
    return latex


def _expanded_once(latex: str, macros: Macros) -> str | None:
    """One round; None if the formula grows beyond all measure."""
    out = []
    at = length = 0
    while match := _NAME.search(latex, at):
        out.append(latex[at : match.start()])
        at = match.end()
        macro = macros.get(match[1])
        if macro is None:
            out.append(match[0])
            continue
        values, at = arguments_of(latex, at, macro)
        # The braces keep the body together and apart from its neighbours.
        out.append(f"{{{macro.filled(values)}}}")
        length += len(out[-1])
        if length > _LONGEST:
            return None
    return "".join(out) + latex[at:]
