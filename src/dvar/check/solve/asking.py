"""Questions in words: "what is ∂L/∂w?", "compute the following:" and a list below."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement

_VERB = (
    r"(?:compute|calculate|find|determine|derive|evaluate|obtain|give|state|report|write down|work out"
    r"|solve for|differentiate|berechne\w*|bestimme\w*|calcul(?:er|ez|e|a|ar)|trouve[rz]?|halla"
    r"|encuentra)"
)
_IMPERATIVE = re.compile(
    r"(?:^|[,.;:!?)]\s*|\b(?:and|then|please|now|also|finally|next|first|to|we)\s+)"
    r"(?<!want to )(?<!used to )(?<!order to )(?<!like to )(?<!able to )(?<!how to )"
    rf"{_VERB}\b",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"\b(?:what|which)(?:'s|’s|\s+(?:is|are|will|would|should))\b"
    r"|\bwas ist\b|\bquelle est\b|\bcu[aá]l es\b",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"\b(?:where|(?<!previously )(?<!already )(?<!the )(?<!these )(?<!our )given|using|use|with|if|when"
    r"|because|since|recall|in terms of|as a function of|from|after|note|once|that|assum\w+|by)\b[^,;:.]*$",
    re.IGNORECASE,
)
"""What is named after these words is a means, not what is asked for."""
_ON_CONDITION = re.compile(r"\s*(?:if|when|given)\b")
_ENUMERATION = re.compile(r"[\s$,;.()&]*(?:\b(?:and|or|und|et|y)\b[\s$,;.()&]*)*")
_ITEM = re.compile(r"\s*(?:[-*+]\s+)?(?:\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)]|[-*+])\s")
FAR = 2000
"""Signs between an announcement and the last item of its list."""


def is_asked(document: Document, statements: Sequence[Statement], ordinal: int) -> bool:
    """Whether the words around a single derivative ask for it."""
    statement = statements[ordinal]
    region = document.regions[statement.region]
    if not _is_alone(statement) or region.cell is not None or region.kind == "code":
        return False
    if _asks(region.before, region.after):
        return True
    listed = _ENUMERATION.fullmatch(region.before) and _ENUMERATION.fullmatch(region.after)
    return bool(listed) and _is_announced(document.text, region.span[0])


def _is_alone(statement: Statement) -> bool:
    """A derivative, which nobody writes down alone without a reason."""
    first, *rest = statement.members
    return not rest and not first.relation and isinstance(first.expr, t.Derivative)


def _is_announced(text: str, start: int) -> bool:
    """Whether it is an item of a list below "compute the following:"."""
    for line in reversed(text[max(0, start - FAR) : start].split("\n")[:-1]):
        if line.strip() and not _ITEM.match(line):
            return line.rstrip().endswith(":") and _asks(line, "")
    return False


def _asks(before: str, after: str) -> bool:
    if _QUESTION.search(before):
        return not _ASIDE.search(before) and not _ON_CONDITION.match(after)
    if after.lstrip().startswith("?") and len(before.split()) <= 3:  # and ∂a/∂z?
        return not _ASIDE.search(before)
    ends = [match.end() for match in _IMPERATIVE.finditer(before)]
    return bool(ends) and not _ASIDE.search(before, ends[-1])
