"""Formulas on one line, for pictures: pieces of text with style, size and height, and their widths.

SVG has no mathematics of its own and no way to ask how wide a text is.  The widths are those of
Times and Helvetica, with which the fonts of every system agree closely; a little is added.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape

from dvar.write.report import Formula
from dvar.write.symbols import ACCENTS, BINARY, CLOSING, LARGE, OPENING, RELATIONS
from dvar.write.tex import (
    Accent,
    Fence,
    Fraction,
    Group,
    Leaf,
    Root,
    Script,
    Table,
    Tree,
    Unreadable,
    is_operator,
    parse,
)

_ROMAN = {
    0.2: "'|", 0.25: " ,.·\u2009", 0.28: "/:;\\ijltι", 0.34: "!()-I[]`fr⊤′", 0.39: "Jsςτ",
    0.42: 'εζ"', 0.45: "?acezχγξν^", 0.48: "δθ{}λ∂υ", 0.5: "#$*0123456789_bdghknopquvxyορκπβ",
    0.55: "αημσ~≤≥≠≈√FPS⁻⁰¹²³⁴⁵⁶⁷⁸⁹", 0.58: "+<=>×−φΓΣ", 0.65: "ELTZψΔΞωBCR",
    0.73: "∞∑ADGHKNOQUVXYwΘΠΛΦΨΩ∇", 0.79: "&m", 0.89: "%M∏", 0.95: "@W",
}  # fmt: skip
_ITALIC = {
    0.22: "'′", 0.25: " ,.·|\u2009", 0.28: "/\\fijltι", 0.34: "!()-:;I`", 0.39: "[]rszτγε",
    0.41: "{}ζς", 0.45: "Jcekvxyνξλχ^", 0.5: "#$*0123456789?S_abdghnopquοθσ∂ηβπμυδκρ",
    0.56: "LTYZα~≤≥≠≈√φΓ", 0.61: "ABEFPRVXΔΣΛ", 0.67: "CKNwψΞ+<=>×−", 0.73: "DGHOQUmΘΠΩωΨ∞∑",
    0.85: "MW%&∏Φ",
}  # fmt: skip
_SANS = {
    0.2: "'′", 0.23: "ijl|ι", 0.28: " !,./:;I[\\]ft·", 0.34: "()-`r{}⁻⁰¹²³⁴⁵⁶⁷⁸⁹", 0.39: "*\"τ",
    0.5: "Jcksvxyz^", 0.56: "#$0123456789?L_abdeghnopqu", 0.59: "+<=>~×−∞", 0.62: "FTZσ",
    0.67: "&ABEKPSVXY", 0.73: "CDHNRUw", 0.79: "GOQ", 0.85: "Mm", 0.95: "%W",
}  # fmt: skip


def _by_sign(table: dict[float, str]) -> dict[str, float]:
    return {sign: width for width, signs in table.items() for sign in signs}


_WIDTHS = {"roman": _by_sign(_ROMAN), "italic": _by_sign(_ITALIC), "sans": _by_sign(_SANS)}
_MARGIN = 1.03  # fonts differ a little
_UNKNOWN = 0.75


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text in one style: ``size`` and ``rise`` are relative to the line."""

    text: str
    style: str = "roman"
    size: float = 1.0
    rise: float = 0.0


def text_width(text: str, style: str = "sans") -> float:
    """In units of the font size."""
    widths = _WIDTHS[style]
    total = 0.0
    for sign in text:
        if unicodedata.combining(sign):
            continue
        plain = unicodedata.normalize("NFD", sign)[0]
        total += widths.get(plain, _UNKNOWN)
    return total * _MARGIN


def width(runs: Iterable[Run]) -> float:
    """In units of the font size."""
    return sum(text_width(run.text, run.style) * run.size for run in runs)


def clip(runs: Sequence[Run], limit: float) -> list[Run]:
    """As many signs as fit into ``limit``, with an ellipsis if any are lost."""
    if width(runs) <= limit:
        return list(runs)
    room = limit - 1.0
    kept: list[Run] = []
    for run in runs:
        for at, sign in enumerate(run.text):
            room -= text_width(sign, run.style) * run.size
            if room < 0:
                return [*kept, replace(run, text=run.text[:at]), Run("…")]
        kept.append(run)
    return kept


def svg_text(runs: Iterable[Run], size: float) -> str:
    """The runs as ``tspan`` elements of a ``text`` element."""
    out, risen = [], 0.0
    for run in runs:
        if not run.text:
            continue
        attributes = f' class="{run.style}"'
        if run.size != 1:
            attributes += f' font-size="{run.size * size:.1f}"'
        if run.rise != risen:
            attributes += f' dy="{(risen - run.rise) * size:.2f}"'
            risen = run.rise
        out.append(f"<tspan{attributes}>{escape(run.text)}</tspan>")
    return "".join(out)


def formula_runs(formula: Formula) -> list[Run]:
    """A formula on one line; its text in italics where the LaTeX is not understood."""
    try:
        return joined(_runs(parse(formula.latex)))
    except Unreadable:
        return [Run(formula.text.replace("-", "−"), "italic")]


def plain(formula: Formula) -> str:
    """A formula as plain characters: ``∂L/∂W1``, ``ŷ``."""
    return "".join(run.text for run in formula_runs(formula))


def joined(runs: Iterable[Run]) -> list[Run]:
    """Neighbours of one style as one run."""
    out: list[Run] = []
    for run in runs:
        if out and replace(out[-1], text="") == replace(run, text=""):
            out[-1] = replace(run, text=out[-1].text + run.text)
        elif run.text:
            out.append(run)
    return out


def _runs(tree: Tree) -> list[Run]:
    match tree:
        case Leaf():
            return [_leaf(tree)]
        case Group(items):
            return _row(items)
        case Fraction(above, below):
            return [*_part(above, "+−"), Run("/"), *_part(below, BINARY)]
        case Script():
            return _script(tree)
        case Accent(base, command):
            *first, last = _runs(base) or [Run("")]
            text = unicodedata.normalize("NFC", last.text + ACCENTS[command][1])
            return [*first, replace(last, text=text)]
        case Root(body, _):
            return [Run("√("), *_runs(body), Run(")")]
        case Fence(left, body, right):
            return [Run(left), *_runs(body), Run(right)]
        case Table(_, rows):
            return [Run("["), *_separated([_separated(list(map(_runs, r)), ", ") for r in rows], "; "),
                    Run("]")]  # fmt: skip


def _separated(parts: Sequence[list[Run]], separator: str) -> list[Run]:
    out: list[Run] = []
    for part in parts:
        out += [Run(separator), *part] if out else part
    return out


def _leaf(leaf: Leaf) -> Run:
    if leaf.kind == "letter":
        return Run(leaf.text, "roman" if leaf.text in "∂∇∞ΓΔΘΛΞΠΣΥΦΨΩ" else "italic")
    if leaf.kind == "name":
        return Run(leaf.text, "italic")
    if leaf.kind == "space":
        return Run("\u2009" if leaf.text else "")
    return Run(leaf.text)


def _row(items: Sequence[Tree]) -> list[Run]:
    out: list[Run] = []
    for at, item in enumerate(items):
        before = items[at - 1] if at else None
        if isinstance(item, Leaf) and item.kind == "operator":
            out.append(Run(_spaced(item.text, before)))
            continue
        word = before.base if isinstance(before, Script) else before
        applied = _is_word(word) and not isinstance(item, Fence)
        multiplied = _is_word(item) and before is not None and not is_operator(before)
        if applied or multiplied:
            out.append(Run("\u2009"))
        loose = isinstance(item, Fraction) and _multiplies(items[at + 1 :])
        out += [Run("("), *_runs(item), Run(")\u2009")] if loose else _runs(item)
    return out


def _is_word(tree: Tree | None) -> bool:
    """A function name such as ``log``, which stands apart from its neighbours."""
    return isinstance(tree, Leaf) and tree.kind == "word" and len(tree.text) > 1


def _multiplies(rest: Sequence[Tree]) -> bool:
    """Whether a factor follows without a sign between: ``1/m x`` would read as ``1/(m x)``."""
    for item in rest:
        if not (isinstance(item, Leaf) and item.kind == "space"):
            sum_sign = isinstance(item, Script) and is_operator(item.base, LARGE)
            return sum_sign or not is_operator(item) or is_operator(item, OPENING)
    return False


def _spaced(sign: str, before: Tree | None) -> str:
    """An operator with the space around it that print gives it; none around a sign of a number."""
    if sign in RELATIONS or sign == ":=":
        return f" {sign} "
    if sign in BINARY:
        starts = before is None or is_operator(before, RELATIONS + BINARY + OPENING + ",")
        return sign if starts else f" {sign} "
    return {",": ", ", ";": "; "}.get(sign, sign)


def _part(tree: Tree, signs: str) -> list[Run]:
    """One side of a fraction, in parentheses where the slash would not hold it together."""
    runs = _runs(tree)
    if not isinstance(tree, Group) or not tree.items:
        return runs
    derivative = isinstance(tree.items[0], Leaf) and tree.items[0].text in "∂d"
    product = signs == BINARY and len(tree.items) > 1 and not derivative
    compound = product or any(is_operator(item, signs) for item in tree.items[1:])
    enclosed = is_operator(tree.items[0], OPENING) and is_operator(tree.items[-1], CLOSING)
    single = len([item for item in tree.items if not is_operator(item)]) <= 1
    if not compound or (enclosed and single):
        return runs
    return [Run("("), *runs, Run(")")]


def _script(tree: Script) -> list[Run]:
    out = _runs(tree.base)
    large = isinstance(tree.base, Leaf) and tree.base.text in LARGE
    for part, rise in ((tree.below, -0.22), (tree.above, 0.36)):
        if part is not None:
            out += [_raised(run, rise) for run in _runs(part)]
    return [*out, Run("\u2009")] if large else out


def _raised(run: Run, rise: float) -> Run:
    text = run.text.replace(" ", "")
    return replace(run, text=text, size=run.size * 0.7, rise=run.rise * 0.7 + rise)
