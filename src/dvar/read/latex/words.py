"""The commands of LaTeX that the reader knows, and what each of them is."""

from __future__ import annotations

from functools import lru_cache

from dvar.core.letters import GREEK


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Other commands that are one symbol: the name they stand for in text.
SYMBOLS = {
    "varepsilon": "epsilon",
    "vartheta": "theta",
    "varphi": "phi",
    "varrho": "rho",
    "varsigma": "sigma",
    "varpi": "pi",
    "ell": "ell",
    "hbar": "hbar",
    "imath": "i",
    "jmath": "j",
    "omicron": "o",
}
UNICODE = {
    **{letter: name for name, letter in GREEK.items()},
    "ℓ": "ell", "−": "-", "·": "cdot", "×": "times", "⊙": "odot", "∘": "circ", "∈": "in",
    "≤": "leq", "≥": "geq", "≠": "neq", "≈": "approx", "∑": "sum", "√": "sqrt", "ℝ": "Reals",
    "⊤": "top", "∂": "partial", "∇": "nabla", "…": "ldots",
}  # fmt: skip

ACCENTS = {
    "hat": "hat",
    "widehat": "hat",
    "bar": "bar",
    "overline": "bar",
    "tilde": "tilde",
    "widetilde": "tilde",
    "dot": "dot",
    "vec": "vec",
}
# Fonts do not change what a name means; the argument may be a word.
FONTS = _set(
    "text mathrm operatorname mathit mathbf textbf boldsymbol bm mathsf mathcal mathscr mathfrak "
    "textit texttt textrm textsf mathtt mbox hbox mathnormal pmb symbf symrm"
)
BLACKBOARD = frozenset({"mathbb", "mathds", "mathbbm"})

# Binary operators: what they are in the tree, and how strongly they bind (1 comparison, 2 sum, 3 product).
COMPARISONS = {
    ">": ">", "<": "<", "gt": ">", "lt": "<", "geq": ">=", "ge": ">=", "geqslant": ">=",
    "leq": "<=", "le": "<=", "leqslant": "<=", ">=": ">=", "<=": "<=", "neq": "!=", "ne": "!=",
    "!=": "!=", "==": "==",
}  # fmt: skip
SUMS = {"+": "+", "-": "-"}
PRODUCTS = {
    "cdot": "cdot", "times": "cdot", "bullet": "cdot", "*": "*", "ast": "*", "odot": "*",
    "circ": "*", "star": "*", "/": "/", "div": "/",
}  # fmt: skip
DEFINES = frozenset({"=", ":=", "equiv", "coloneqq", "triangleq", "doteq"})
ROUNDED = frozenset({"approx", "simeq", "cong", "sim"})

# Opening bracket: closing bracket, and the function it means ("" for none).
BRACKETS = {
    "(": (")", ""),
    "[": ("]", ""),
    "{": ("}", ""),
    r"\{": (r"\}", ""),
    "lbrace": ("rbrace", ""),
    "lbrack": ("rbrack", ""),
    "lvert": ("rvert", "abs"),
    "lVert": ("rVert", "norm"),
    "lfloor": ("rfloor", "floor"),
    "lceil": ("rceil", "ceil"),
    "langle": ("rangle", "dot"),
}
CLOSING = frozenset(close for close, _ in BRACKETS.values())
BARS = {"|": "abs", "vert": "abs", "mid": "abs", r"\|": "norm", "Vert": "norm"}

# Functions with a command of their own, by the name of their row.
FUNCTIONS = {
    **{name: name for name in _set("log exp tanh sin cos tan sinh cosh max min det")},
    "ln": "log",
    "lg": "log10",
    "arctan": "arctan",
    "arcsin": "arcsin",
    "arccos": "arccos",
    "tr": "trace",
    "Tr": "trace",
    "sgn": "sign",
}
# Words that are a function even without a bracket after them.
BARE_FUNCTIONS = _set("log ln exp sin cos tan tanh sinh cosh")
# Letters by which authors call functions; a name of their own with a bracket after it is a call.
FUNCTION_LETTERS = _set("f g h F G H J L l u phi psi Phi Psi sigma")

FRACTIONS = frozenset({"frac", "dfrac", "tfrac", "cfrac", "nicefrac", "sfrac"})
BRACES = frozenset({"underbrace", "overbrace"})
TRANSPOSES = frozenset({"T", "top", "intercal"})

# Spacing, sizes and marks that carry no meaning inside a formula.
IGNORED = _set(
    "displaystyle textstyle scriptstyle scriptscriptstyle limits nolimits nonumber notag enspace "
    "thinspace medspace thickspace negthinspace hfill left right middle big Big bigg Bigg bigl Bigl "
    "biggl Biggl bigr Bigr biggr Biggr bigm Bigm allowbreak mathstrut strut noindent centering boxed "
    "mathop mathbin mathrel mathopen mathclose"
) | {",", ";", ":", "!", ">", "/"}
IGNORED_WITH_ARGUMENT = frozenset(
    {"label", "tag", "vspace", "hspace", "phantom", "color", "mathstrut"}
)
# Between definitions: space, arrows and other signs of "therefore".
SEPARATORS = _set(
    "quad qquad Rightarrow rightarrow Leftrightarrow leftrightarrow implies iff therefore because "
    "downarrow uparrow swarrow searrow hookrightarrow updownarrow Longrightarrow longrightarrow to "
    "par newline"
)

MATRICES = {
    "matrix": "", "bmatrix": "", "pmatrix": "", "Bmatrix": "", "smallmatrix": "", "array": "",
    "vmatrix": "det",
}  # fmt: skip
CASES = frozenset({"cases", "dcases", "rcases", "numcases"})
TRANSPARENT = _set(
    "aligned align alignat alignedat equation gather gathered split eqnarray multline flalign math "
    "displaymath subequations document center"
)

# Commands that are understood and refused: why.
REFUSED = {
    **dict.fromkeys(
        ("partial", "nabla", "mathrm d"),
        "a derivative: dvar finds derivatives; write the definitions only",
    ),
    **dict.fromkeys(("int", "iint", "oint"), "an integral, which dvar does not read"),
    **dict.fromkeys(("lim", "limsup", "liminf", "sup", "inf"), "a limit, which dvar does not read"),
    **dict.fromkeys(
        ("ldots", "dots", "cdots", "vdots", "ddots"), "dots: write every part, or a sum with an index"
    ),
    "prod": "a product over an index: write prod(x) in the text notation",
    "argmax": "a choice of an index, which has no derivative",
    "argmin": "a choice of an index, which has no derivative",
    **dict.fromkeys(("pm", "mp"), "two signs at once: write one of them"),
    **dict.fromkeys(
        ("newcommand", "renewcommand", "def", "let", "DeclareMathOperator", "input", "include",
         "write", "usepackage", "catcode"),
        "a definition of TeX: macros are not expanded and files are not read",
    ),
}  # fmt: skip

# Words inside \text{…} that are talk between definitions, not names.
PROSE = _set(
    "and or with where so if for when else otherwise because since then thus hence let we in is are "
    "the an of to as by from given elsewhere which that i.e. e.g. scalar"
)
OTHERWISE = frozenset({"otherwise", "else", "elsewhere"})
CONDITION_WORDS = frozenset({"if", "when", "for", "where", "whenever"})

OTHERS = _set(
    "begin end in sqrt sum log_ infty Reals R mathbb mathds mathbbm underset overset textcolor "
    "underbrace overbrace land lor wedge lnot prime backslash _ % & # $ dagger ast top"
)


@lru_cache(maxsize=1)
def known_commands() -> frozenset[str]:
    """Every command the reader has an answer to, for "did you mean"."""
    tables = (
        GREEK, SYMBOLS, ACCENTS, FONTS, BLACKBOARD, COMPARISONS, PRODUCTS, DEFINES, ROUNDED,
        BRACKETS, CLOSING, BARS, FUNCTIONS, FRACTIONS, BRACES, TRANSPOSES, IGNORED, SEPARATORS,
        OTHERS,
    )  # fmt: skip
    return frozenset(word for table in tables for word in table if len(word) > 1 and word.isalpha())
