"""LaTeX as people write it → MathML that is safe to put on a page.

The conversion is a library's; what it makes is taken apart and only elements and attributes that set
mathematics are written out, for the document is not to be trusted: ``\\href``, ``\\style`` and raw HTML in
``\\text`` pass through the library.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from functools import lru_cache
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element

from dvar.write.symbols import ALPHABETS, FUNCTIONS

ELEMENTS = (
    "math mrow mi mn mo mtext mspace ms mfrac msqrt mroot msub msup msubsup munder mover munderover "
    "mmultiscripts mprescripts none mtable mtr mtd mpadded mphantom mstyle menclose merror"
)
ATTRIBUTES = (
    "stretchy fence form separator accent accentunder linethickness columnalign rowalign rowspacing "
    "columnspacing columnlines rowlines width height depth lspace rspace minsize maxsize symmetric "
    "largeop movablelimits displaystyle scriptlevel notation mathcolor"
)
_ELEMENTS = frozenset(ELEMENTS.split())
_ATTRIBUTES = frozenset(ATTRIBUTES.split())
# Inside these, and only these, more elements may stand.
_ROWS = frozenset(("math", "mrow", "mtd", "mstyle", "mpadded", "menclose"))
_THIN = '<mspace width="0.1667em"/>'
_VALUE = re.compile(
    r"-?\d{0,2}(\.\d{1,5})?(em|ex|px|pt|mu|%)?|[a-zA-Z-]{1,20}( [a-zA-Z-]{1,20}){0,30}|#[0-9a-fA-F]{3,8}"
)
# Browsers know no other alphabets than the upright one; the letters of Unicode mean the same.
_VARIANTS = {
    "double-struck": "mathbb",
    "script": "mathcal",
    "bold": "mathbf",
    "bold-italic": "mathbf",
    "bold-script": "mathcal",
}
_LONGEST = 6_000
_DEEPEST = 40
# Labels, numbers and layout: commands that the library does not know, and that do not change what is meant.
DROPPED = re.compile(
    r"\\(?:label|tag|eqref|ref|hspace|vspace)\*?\{[^{}]*\}|\\(?:nonumber|notag|allowbreak|hfill)(?![a-zA-Z])"
)

# Other spellings of what the library knows.
_SPELLINGS = (
    (re.compile(r"\\[lr]?Vert(?![a-zA-Z])"), r"\\|"),
    (re.compile(r"\\[lr]?vert(?![a-zA-Z])"), "|"),
    (re.compile(r"\\intertext(?![a-zA-Z])"), r"\\text"),
    (re.compile(r"\\ensuremath(?![a-zA-Z])"), ""),
    (re.compile(r"\\(begin|end)\{(?:aligned|split|eqnarray\*?|align)\}"), r"\\\1{align*}"),
    (
        re.compile(r"\\(begin|end)\{(?:gathered|gather\*?|multline\*?|equation\*?)\}"),
        r"\\\1{matrix}",
    ),
)


@lru_cache(maxsize=4096)
def to_mathml(latex: str, display: bool = False) -> str | None:
    """A ``math`` element; None for what cannot be set."""
    latex = DROPPED.sub("", latex).strip()
    if not latex or len(latex) > _LONGEST or _depth(latex) > _DEEPEST:
        return None
    label = html.escape(_spoken(latex))
    for pattern, spelling in _SPELLINGS:
        latex = pattern.sub(spelling, latex)
    try:
        root = convert_to_element(latex, display="block" if display else "inline")
    except Exception:  # whatever the library makes of broken LaTeX: the source is shown instead
        return None
    inner = "".join(_children(root))
    style = ' displaystyle="true"' if display else ""
    return f'<math{style} aria-label="{label}">{inner}</math>'


def _depth(latex: str) -> int:
    """How deeply braces are nested."""
    depth = deepest = 0
    for c in latex:
        depth += (c == "{") - (c == "}")
        deepest = max(deepest, depth)
    return deepest


def _spoken(latex: str) -> str:
    """The source on one line, for readers of the screen."""
    return " ".join(latex.split())


def _written(element: Element) -> str:
    """An element and what is in it, with nothing but mathematics."""
    name = str(element.tag)
    text = html.unescape(element.text or "")
    inner = "".join(_children(element))
    if name not in _ELEMENTS:
        return f"<mrow>{inner}</mrow>" if inner else f"<mtext>{html.escape(text)}</mtext>"
    if _is_word(element):
        return f"<mi>{html.escape(text)}</mi>"
    variant = element.get("mathvariant")
    attributes = "".join(
        f' {key}="{html.escape(value)}"'
        for key, value in element.attrib.items()
        if key in _ATTRIBUTES and _VALUE.fullmatch(value)
    )
    if variant == "normal":
        attributes += ' mathvariant="normal"'
    elif variant in _VARIANTS:
        table = ALPHABETS[_VARIANTS[variant]]
        text = "".join(table.get(c, c) for c in text)
    return f"<{name}{attributes}>{html.escape(text)}{inner}</{name}>"


def _children(element: Element) -> Iterator[str]:
    """What is in an element; a function's name keeps a distance to its neighbours, as in print."""
    inner = list(element)
    for n, child in enumerate(inner):
        spaced = element.tag in _ROWS and _is_function(child)
        if spaced and n > 0 and not _is_operator(inner[n - 1]):
            yield _THIN
        yield _written(child)
        if spaced and n + 1 < len(inner) and not _is_operator(inner[n + 1]):
            yield _THIN


def _is_function(element: Element) -> bool:
    if element.tag in ("msub", "msup", "msubsup", "munder") and len(element):
        return _is_function(element[0])
    return _is_word(element) or (element.tag == "mi" and element.text in FUNCTIONS)


def _is_word(element: Element) -> bool:
    r"""``\operatorname{…}``, which the library takes for an operator such as ``+``."""
    return element.tag == "mo" and len(element.text or "") > 1 and (element.text or "").isalpha()


def _is_operator(element: Element) -> bool:
    return element.tag == "mspace" or (element.tag == "mo" and not _is_word(element))
