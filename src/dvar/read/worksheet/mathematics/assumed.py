r"""Commands that a page uses and another file defines: ``\R``, ``\lossFunction``, ``\mat{W}``, ``\ReLU``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from dvar.read.worksheet.mathematics import characters, words
from dvar.read.worksheet.mathematics.customary import CUSTOMARY
from dvar.read.worksheet.mathematics.macros import Macro

_USED = re.compile(r"\\([A-Za-z]+)(?:\s*\{([^{}]{0,20})\})?(?=(\s*\{)?)")
_LETTER = re.compile(r"\s*\\?[A-Za-z]+\d?\s*")
_STRUCTURE = frozenset(words.word_set(
    "pdv dv odv norm abs Norm Abs binom dbinom tbinom item section subsection includegraphics caption url href "
    "footnote newcommand renewcommand providecommand DeclareMathOperator let def gdef usepackage forall exists "
    "arg mathop newline par cr crcr not label ref cite displaystyle textstyle limits nolimits nonumber notag"
) | words.SKIPPED_WITH_ARGUMENT | words.FRAMES | words.CANCELS | words.BLANKS | words.COLOURED)  # fmt: skip


def assumed(regions: Iterable[str], defined: Mapping[str, Macro]) -> dict[str, Macro]:
    r"""What such commands stand for, as far as their use tells.

    A command that only ever stands in front of one letter in braces is a font; one that never has braces behind
    it is a name, or the function that is called so.  Any other stays unknown.
    """
    uses: dict[str, set[str]] = {}
    for region in regions:
        for match in _USED.finditer(region):
            name = match[1]
            known = name in defined or name in CUSTOMARY or name in _STRUCTURE
            known = known or characters.is_command(name)
            if not known and name not in words.MATRICES:
                uses.setdefault(name, set()).add(_use(match))
    return {name: macro for name, kinds in uses.items() if (macro := _macro(name, kinds))}


def _use(match: re.Match[str]) -> str:
    if match[2] is None:
        return "bare" if match[3] is None else "other"
    return "font" if match[3] is None and _LETTER.fullmatch(match[2]) else "other"


def _macro(name: str, kinds: set[str]) -> Macro | None:
    if kinds == {"font"} and len(name) > 1:
        return Macro(1, r"\mathbf{#1}")
    if kinds != {"bare"}:
        return None
    function = name.lower() in words.FUNCTIONS
    return (
        Macro(0, rf"\{'operatorname' if function else 'mathrm'}{{{name}}}")
        if len(name) > 2
        else None
    )
