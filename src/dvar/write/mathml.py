"""Formulas as MathML, which browsers set themselves: no script, no font to load."""

from __future__ import annotations

from html import escape

from dvar.write.report import Formula
from dvar.write.symbols import ACCENTS, LARGE
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

_BRACKETS = {
    "bmatrix": ("[", "]"),
    "pmatrix": ("(", ")"),
    "vmatrix": ("|", "|"),
    "cases": ("{", ""),
}


def math(formula: Formula, display: bool = False) -> str:
    """A formula for HTML: MathML, or its text where the LaTeX is not understood."""
    try:
        tree = parse(formula.latex)
    except Unreadable:
        return f'<code class="formula">{escape(formula.text)}</code>'
    style = ' displaystyle="true"' if display else ""
    label = escape(formula.text)
    return f'<math{style} aria-label="{label}">{_row(tree)}</math>'


def _row(tree: Tree) -> str:
    """A tree as exactly one element."""
    if isinstance(tree, Group):
        return f"<mrow>{_items(tree.items)}</mrow>"
    return _element(tree)


def _items(items: tuple[Tree, ...]) -> str:
    out = []
    for at, item in enumerate(items):
        # The browser guesses prefix or infix from the place in the row; our rows nest, so we say it.
        prefix = is_operator(item, "−+") and (at == 0 or is_operator(items[at - 1]))
        closed = at > 0 and is_operator(items[at - 1], ")]}|‖′⊤")
        form = "prefix" if prefix and not closed else None
        applied = isinstance(item, Leaf) and item.kind == "word" and _takes_argument(items, at)
        out.append(
            _operator(item.text, form) if form and isinstance(item, Leaf) else _element(item)
        )
        if applied:
            out.append('<mspace width="0.1667em"/>')
    return "".join(out)


def _takes_argument(items: tuple[Tree, ...], at: int) -> bool:
    """Whether a function name is followed by its argument without a bracket, as in ``log a``."""
    if at + 1 >= len(items):
        return False
    after = items[at + 1]
    return not isinstance(after, Fence) and not is_operator(after)


def _element(tree: Tree) -> str:
    match tree:
        case Leaf():
            return _leaf(tree)
        case Group():
            return _row(tree)
        case Fraction(above, below):
            return f"<mfrac>{_row(above)}{_row(below)}</mfrac>"
        case Script():
            return _script(tree)
        case Accent(base, command):
            sign = ACCENTS[command][0]
            over = f'<mo stretchy="false">{escape(sign)}</mo>'
            return f'<mover accent="true">{_row(base)}{over}</mover>'
        case Root(body, None):
            return f"<msqrt>{_row(body)}</msqrt>"
        case Root(body, degree):
            return f"<mroot>{_row(body)}{_row(degree or Group(()))}</mroot>"
        case Fence(left, body, right):
            return f"<mrow>{_bracket(left, True)}{_row(body)}{_bracket(right, False)}</mrow>"
        case Table():
            return _table(tree)


def _leaf(leaf: Leaf) -> str:
    text = escape(leaf.text)
    match leaf.kind:
        case "letter":
            # Upper case Greek stands upright, as in print.
            upright = ' mathvariant="normal"' if leaf.text in "ΓΔΘΛΞΠΣΥΦΨΩ∂∇∞" else ""
            return f"<mi{upright}>{text}</mi>"
        case "word":
            upright = ' mathvariant="normal"' if len(leaf.text) == 1 else ""
            return f"<mi{upright}>{text}</mi>"
        case "name":
            return f'<mi class="name">{text}</mi>'
        case "code":
            return f'<mtext class="code">{text}</mtext>'
        case "number":
            return f"<mn>{text}</mn>"
        case "space":
            return f'<mspace width="{_SPACE.get(leaf.text, "0.2em")}"/>'
        case "text":
            return f"<mtext>{text}</mtext>"
    return _operator(leaf.text, None)


_SPACE = {"\u2009": "0.1667em", "\u2005": "0.2222em", "\u2004": "0.2778em", "": "0",
          "\u2003": "1em", "\u2003\u2003": "2em"}  # fmt: skip


def _operator(text: str, form: str | None) -> str:
    attributes = f' form="{form}"' if form else ""
    if text in "()[]{}|‖⟨⟩⌊⌋⌈⌉":
        attributes += ' stretchy="false"'
    if text == ",":
        attributes += ' separator="true"'
    if text in "⊤′":
        attributes += ' lspace="0" rspace="0"'
    return f"<mo{attributes}>{escape(text)}</mo>"


def _script(tree: Script) -> str:
    below = None if tree.below is None else _row(tree.below)
    above = None if tree.above is None else _row(tree.above)
    limits = isinstance(tree.base, Leaf) and tree.base.text in LARGE
    names = ("munderover", "munder", "mover") if limits else ("msubsup", "msub", "msup")
    base = _row(tree.base)
    if below and above:
        return f"<{names[0]}>{base}{below}{above}</{names[0]}>"
    name = names[1] if below else names[2]
    return f"<{name}>{base}{below or above}</{name}>"


def _bracket(sign: str, opening: bool) -> str:
    form = "prefix" if opening else "postfix"
    return f'<mo form="{form}" stretchy="true" fence="true">{escape(sign)}</mo>' if sign else ""


def _table(table: Table) -> str:
    rows = "".join(
        f"<mtr>{''.join(f'<mtd>{_row(cell)}</mtd>' for cell in row)}</mtr>" for row in table.rows
    )
    left, right = _BRACKETS.get(table.environment, ("", ""))
    kind = ' class="cases"' if table.environment in ("cases", "aligned") else ""
    return (
        f"<mrow>{_bracket(left, True)}<mtable{kind}>{rows}</mtable>{_bracket(right, False)}</mrow>"
    )
