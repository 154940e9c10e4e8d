"""Tables of signs: the LaTeX commands dvar writes, as Unicode."""

from __future__ import annotations

from dvar.core.letters import GREEK

SYMBOLS: dict[str, str] = {
    **GREEK,
    "omicron": "ο",
    "varsigma": "ς",
    "varepsilon": "ε",
    "varphi": "φ",
    "vartheta": "ϑ",
    "partial": "∂",
    "nabla": "∇",
    "ell": "ℓ",
    "infty": "∞",
    "hbar": "ℏ",
}

OPERATORS: dict[str, str] = {
    "cdot": "·", "times": "×", "odot": "⊙", "circ": "∘", "otimes": "⊗", "div": "÷", "pm": "±",
    "ast": "∗", "star": "⋆", "oplus": "⊕", "wedge": "∧", "vee": "∨", "lnot": "¬", "neg": "¬",
    "top": "⊤", "prime": "′", "dagger": "†", "bullet": "•",
    "leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "neq": "≠", "ne": "≠", "approx": "≈",
    "equiv": "≡", "sim": "∼", "propto": "∝", "in": "∈", "to": "→", "rightarrow": "→",
    "leftarrow": "←", "gets": "←", "mapsto": "↦", "Rightarrow": "⇒", "mid": "|", "lt": "<", "gt": ">",
    "sum": "∑", "prod": "∏", "int": "∫",
    "ldots": "…", "dots": "…", "cdots": "⋯", "vdots": "⋮", "ddots": "⋱", "colon": ":",
    "lVert": "‖", "rVert": "‖", "Vert": "‖", "lvert": "|", "rvert": "|", "vert": "|",
    "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "langle": "⟨", "rangle": "⟩",
    "lbrace": "{", "rbrace": "}", "lbrack": "[", "rbrack": "]", "backslash": "\\",
    "|": "‖",
}  # fmt: skip

LARGE = "∑∏∫"
RELATIONS = "=<>≤≥≠≈≡∼∝∈→←↦⇒"
BINARY = "+−·×⊙∘⊗÷±∗⋆⊕∧∨"
OPENING = "([{⟨⌊⌈"
CLOSING = ")]}⟩⌋⌉"

SPACES: dict[str, str] = {
    ",": "\u2009", "thinspace": "\u2009", ":": "\u2005", ">": "\u2005", ";": "\u2004", " ": " ",
    "quad": "\u2003", "qquad": "\u2003\u2003", "!": "", "enspace": "\u2002",
}  # fmt: skip

_FUNCTIONS = (
    "log ln exp sin cos tan sinh cosh tanh arcsin arccos arctan max min arg argmax argmin det tr "
    "sup inf lim ker dim deg gcd Pr sec csc cot"
)
FUNCTIONS = frozenset(_FUNCTIONS.split())

ACCENTS: dict[str, tuple[str, str]] = {  # sign over a letter, combining character
    "hat": ("^", "\u0302"), "widehat": ("^", "\u0302"), "bar": ("¯", "\u0304"),
    "overline": ("¯", "\u0304"), "tilde": ("~", "\u0303"), "widetilde": ("~", "\u0303"),
    "dot": ("˙", "\u0307"), "ddot": ("¨", "\u0308"), "vec": ("→", "\u20d7"),
}  # fmt: skip

FENCES: dict[str, str] = {
    "(": "(", ")": ")", "[": "[", "]": "]", "|": "|", ".": "", r"\{": "{", r"\}": "}", "/": "/",
    r"\|": "‖", r"\lVert": "‖", r"\rVert": "‖", r"\lvert": "|", r"\rvert": "|", r"\vert": "|",
    r"\lfloor": "⌊", r"\rfloor": "⌋", r"\lceil": "⌈", r"\rceil": "⌉", r"\langle": "⟨",
    r"\rangle": "⟩", r"\lbrace": "{", r"\rbrace": "}", r"\lbrack": "[", r"\rbrack": "]",
    "<": "⟨", ">": "⟩",
}  # fmt: skip


def _alphabet(upper: int, lower: int, digits: int | None) -> dict[str, str]:
    table = {chr(65 + k): chr(upper + k) for k in range(26)}
    table |= {chr(97 + k): chr(lower + k) for k in range(26)}
    if digits is not None:
        table |= {chr(48 + k): chr(digits + k) for k in range(10)}
    return table


# Unicode put some letters of these alphabets elsewhere, earlier.
_DOUBLE = _alphabet(0x1D538, 0x1D552, 0x1D7D8) | dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True))
_SCRIPT = _alphabet(0x1D49C, 0x1D4B6, None) | dict(zip("BEFHILMRego", "ℬℰℱℋℐℒℳℛℯℊℴ", strict=True))
_BOLD = _alphabet(0x1D400, 0x1D41A, 0x1D7CE)

ALPHABETS: dict[str, dict[str, str]] = {
    "mathbb": _DOUBLE,
    "mathcal": _SCRIPT,
    "mathbf": _BOLD,
    "boldsymbol": _BOLD,
}
