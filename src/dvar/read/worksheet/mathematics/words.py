"""Which commands, signs and words occur in worksheets, and what each of them is.

Tables only.  What LaTeX's strict reader knows already is taken from its tables.
"""

from __future__ import annotations

from dvar.core.letters import GREEK
from dvar.read.latex import words as strict


def word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


def pairs(text: str) -> dict[str, str]:
    """``word meaning`` pairs."""
    parts = text.split()
    return dict(zip(parts[::2], parts[1::2], strict=True))


# ── symbols ─────────────────────────────────────────────────────────────────────────────────────

NAMES = {
    **{name: name for name in GREEK},
    **strict.SYMBOLS,
    "infty": "infty", "emptyset": "emptyset", "aleph": "aleph", "wp": "wp", "varnothing": "emptyset",
    "digamma": "digamma", "Re": "R", "Im": "Im", "varGamma": "Gamma", "varDelta": "Delta",
    "varTheta": "Theta", "varLambda": "Lambda", "varSigma": "Sigma", "varPhi": "Phi",
    "varOmega": "Omega", "varPsi": "Psi",
}  # fmt: skip
"""Command → base of the symbol it is."""

ACCENTS = {
    **strict.ACCENTS,
    "ddot": "ddot", "check": "check", "breve": "breve", "mathring": "ring", "acute": "acute",
    "grave": "grave", "overrightarrow": "vec", "overleftarrow": "larrow",
    "widecheck": "check",
}  # fmt: skip
COMBINING = {
    "\u0302": "hat", "\u0304": "bar", "\u0305": "bar", "\u0303": "tilde", "\u0307": "dot",
    "\u0308": "ddot", "\u20d7": "vec", "\u030c": "check",
}  # fmt: skip

FONTS = {
    **dict.fromkeys(word_set("mathbf boldsymbol bm pmb symbf mathbfit symbfit mathbold bold vb bf"), "bf"),
    **dict.fromkeys(word_set("mathcal mathscr cal mathfrak EuScript"), "cal"),
    **dict.fromkeys(word_set("mathbb mathds mathbbm Bbb"), "bb"),
    **dict.fromkeys(word_set("mathsf sf symsf"), "sf"),
    **dict.fromkeys(word_set("mathtt tt"), "tt"),
    **dict.fromkeys(word_set("mathrm operatorname rm symrm up mathup"), "rm"),
    **dict.fromkeys(word_set("mathit mathnormal it em symit mit"), ""),
}  # fmt: skip
"""Command → font of the symbols in its argument (or in the rest of the group)."""
SWITCHES = word_set("bf cal sf tt rm it em mit")
"""Fonts for the rest of the group."""
TEXTS = word_set(
    "text textrm textbf textit texttt textsf textsc textnormal textup mbox hbox intertext "
    "shortintertext emph textmd fbox"
)

ALIASES = pairs(
    "part partial infin infty isin in plusmn pm sdot cdot lang langle rang rangle empty emptyset"
)
"""Commands by their HTML names, as MediaWiki, KaTeX and Markdown editors allow."""

# ── signs ───────────────────────────────────────────────────────────────────────────────────────

RELATIONS = {
    "=": "=", "==": "=", "approx": "approx", "simeq": "approx", "cong": "approx", "approxeq": "approx",
    "thickapprox": "approx", "doteq": "approx", "sim": "sim", "thicksim": "sim",
    "equiv": "equiv", "triangleq": ":=", "coloneqq": ":=", ":=": ":=", "coloneq": ":=", "leftarrow": ":=",
    "gets": ":=", "longleftarrow": ":=", "Leftarrow": ":=", "eqdef": ":=", "defeq": ":=",
    "+=": "+=", "-=": "-=", "*=": "*=", "/=": "/=", "in": "in", "notin": "notin", "ni": "ni",
    "neq": "neq", "ne": "neq", "!=": "neq", "<": "<", "lt": "<", ">": ">", "gt": ">",
    "<=": "<=", "leq": "<=", "le": "<=", "leqslant": "<=", "leqq": "<=",
    ">=": ">=", "geq": ">=", "ge": ">=", "geqslant": ">=", "geqq": ">=", "ll": "<", "gg": ">",
    "lesssim": "<=", "lessapprox": "<=", "gtrapprox": ">=",
    "gtrsim": ">=", "propto": "propto", "subset": "subset", "subseteq": "subset",
    "perp": "perp", "bot": "perp", "mapsto": "to", "longmapsto": "to", "|->": "to", "is": "is",
    "succ": ">", "succeq": ">=", "prec": "<", "preceq": "<=",
}  # fmt: skip
"""Sign → relation."""
ORDERS = frozenset({"<", ">", "<=", ">=", "neq", "sim", "notin", "ni", "subset", "perp"})
"""Relations that restrict rather than state."""

ARROWS = {
    **dict.fromkeys(
        word_set("Rightarrow Longrightarrow implies => therefore because leadsto "
                 "rightsquigarrow xRightarrow"),
        "implies",
    ),
    **dict.fromkeys(
        word_set("Leftrightarrow Longleftrightarrow iff <=> leftrightarrow xLeftrightarrow"), "iff"
    ),
    **dict.fromkeys(word_set("rightarrow to longrightarrow -> xrightarrow"), "to"),
    **dict.fromkeys(
        word_set("downarrow uparrow swarrow searrow nearrow nwarrow hookrightarrow hookleftarrow updownarrow "
             "Downarrow Uparrow Updownarrow blacktriangleright triangleright checkmark rightharpoonup "
             "curvearrowright circlearrowright dashrightarrow Longleftarrow impliedby blacksquare"),
        "mark",
    ),
}  # fmt: skip
"""Sign → what it does between two statements; a ``mark`` only separates."""

PRODUCTS = {
    "cdot": "cdot", "bullet": "cdot", "cdotp": "cdot", "centerdot": "cdot", "times": "times", "*": "*",
    "ast": "*", ".*": ".*", "odot": "odot", "circ": "odot", "otimes": "otimes", "@": "@", "star": "conv",
    "circledast": "conv", "convolution": "conv", "bigodot": "odot", "boxdot": "odot", "bigotimes": "otimes",
    "oast": "conv", "Hadamard": "odot",
}  # fmt: skip
QUOTIENTS = word_set("/ div ./ oslash slash")
SUMS = {"+": 1, "-": -1, "pm": 0, "mp": 0, "oplus": 1, "ominus": -1}
DOTS = word_set("ldots dots cdots vdots ddots dotsc dotsb dotso dotsm iddots ...")
LOGIC = {
    "land": "and", "wedge": "and", "&&": "and", "lor": "or", "vee": "or", "||": "or", "lnot": "not",
    "neg": "not",
}  # fmt: skip

OPENERS = {
    "(": ")", "[": "]", "{": "}", r"\{": r"\}", "langle": "rangle", "lfloor": "rfloor",
    "lceil": "rceil", "lround": "rround", "|(": "|)", "norm(": "norm)",
}  # fmt: skip
CLOSERS = {close: opener for opener, close in OPENERS.items()}
KINDS = {
    "(": "(", "[": "[", r"\{": "{", "langle": "angle", "lfloor": "floor", "lceil": "ceil", "lround": "round",
    "|(": "|", "norm(": "norm",
}  # fmt: skip
"""Opener → ``Group.kind``."""

SIGNS = {
    **{
        word: word
        for table in (RELATIONS, ARROWS, PRODUCTS, SUMS, LOGIC, QUOTIENTS, DOTS, OPENERS, CLOSERS)
        for word in table
        if word.isalpha()
    },
    "lbrace": r"\{", "rbrace": r"\}", "{": r"\{", "}": r"\}", "lbrack": "[", "rbrack": "]",
    "lparen": "(", "rparen": ")", "lvert": "|(", "rvert": "|)", "lVert": "norm(", "rVert": "norm)",
    "vert": "|", "|": "norm", "Vert": "norm", "mid": "|", "lbrakk": "[", "rbrakk": "]", "llbracket": "[",
    "rrbracket": "]", "parallel": "norm", "colon": ":", "prime": "'", "backprime": "'", "*": "*",
    "_": "_", "%": "%", "#": "#", "$": "$", "lgroup": "(", "rgroup": ")",
    "land": "land", "comma": ",", "vdotswithin": "vdots",
}  # fmt: skip
"""Command → the sign it is."""

UNICODE = {
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "﹣": "-", "⁃": "-", "＋": "+", "＝": "=",
    "±": "pm", "∓": "mp",
    "·": "cdot", "⋅": "cdot", "∙": "cdot", "•": "cdot", "‧": "cdot", "・": "cdot", "×": "times",
    "✕": "times",
    "⨯": "times", "✖": "times", "∗": "*", "⁎": "*", "⊙": "odot", "∘": "circ", "○": "odot", "◦": "circ",
    "⊗": "otimes",
    "⊕": "+", "⊖": "-", "⋆": "star", "★": "star", "÷": "/", "∕": "/", "⁄": "/", "⊘": "/",
    "∈": "in", "∊": "in", "∉": "notin", "≤": "<=", "⩽": "<=", "≦": "<=", "≥": ">=", "⩾": ">=", "≧": ">=",
    "≠": "neq", "≈": "approx", "≃": "approx", "≅": "approx", "≒": "approx", "∼": "sim", "≡": "equiv",
    "≔": ":=",
    "≜": ":=", "≝": ":=", "∝": "propto", "≪": "<", "≫": ">", "⊂": "subset", "⊆": "subset", "⊥": "perp",
    "＜": "<", "＞": ">",
    "→": "to", "⟶": "to", "➔": "to", "➜": "to", "➡": "to", "←": "gets", "⟵": "gets", "↦": "mapsto",
    "⇒": "implies",
    "⟹": "implies", "➾": "implies", "⇔": "iff", "⟺": "iff", "↔": "iff", "∴": "implies", "∵": "because",
    "↓": "downarrow",
    "↑": "downarrow", "↳": "downarrow", "↪": "downarrow", "↘": "downarrow", "↙": "downarrow",
    "⇓": "downarrow",
    "►": "downarrow", "▶": "downarrow", "✓": "downarrow", "✔": "downarrow", "■": "downarrow",
    "∎": "downarrow",
    "…": "ldots", "⋯": "ldots", "⋮": "ldots", "⋱": "ldots", "‥": "ldots", "∧": "land", "∨": "lor",
    "¬": "lnot",
    "⟨": "langle", "〈": "langle", "⟩": "rangle", "〉": "rangle", "⌊": "lfloor", "⌋": "rfloor", "⌈": "lceil",
    "⌉": "rceil", "‖": "norm", "∥": "norm", "∣": "|", "｜": "|", "′": "'", "’": "'", "‘": "'", "ʹ": "'",
    "（": "(", "）": ")",
    "［": "[", "］": "]", "，": ",", "；": ";", "：": ":", "。": ".", "、": ",", "⟦": "[", "⟧": "]", "∶": ":",
    "％": "%", "？": "?", "□": "?", "▢": "?", "☐": "?",
}  # fmt: skip
"""Character → sign."""
UNICODE_COMMANDS = {
    "∂": "partial", "𝜕": "partial", "∇": "nabla", "∑": "sum", "∏": "prod", "∫": "int", "√": "sqrt",
    "∀": "forall",
    "∃": "exists", "∆": "Delta", "Ω": "Omega", "µ": "mu", "ℓ": "ell", "ϵ": "epsilon", "ϕ": "phi",
    "ϑ": "theta",
    "ϱ": "rho", "ς": "sigma", "ϖ": "pi", "∞": "infty", "∅": "emptyset", "ı": "imath", "⊤": "top",
}  # fmt: skip
"""Character → command."""
LETTERLIKE = {
    "ℒ": ("L", "cal"), "ℝ": ("R", "bb"), "ℕ": ("N", "bb"), "ℤ": ("Z", "bb"), "ℂ": ("C", "bb"),
    "𝟙": ("1", "bb"),
    "𝟏": ("1", "bf"), "𝟘": ("0", "bb"), "ℋ": ("H", "cal"), "ℐ": ("I", "cal"), "ℛ": ("R", "cal"),
    "ℱ": ("F", "cal"),
    "ℬ": ("B", "cal"), "ℰ": ("E", "cal"), "ℳ": ("M", "cal"), "ℙ": ("P", "bb"), "ℎ": ("h", ""),
    "ℯ": ("e", ""),
    "𝔼": ("E", "bb"),
}  # fmt: skip
"""Character → letter and font."""
SUPERSCRIPTS = str.maketrans(
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱᵃᵇᶜᵈᵉᶠᵍʰʲᵏˡᵐᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀᴸᴹᴺᴴᴷᴰᴮᴬᵝᵞⱽᵁᵂᴾᴿᴶᴱᴳᴵᴼ",
    "0123456789+-=()niabcdefghjklmoprstuvwxyzTLMNHKDBAβγVUWPRJEGIO",
)
SUBSCRIPTS = str.maketrans(
    "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ",
    "0123456789+-=()aehijklmnoprstuvxβγρφχ",
)
VULGAR = {
    "½": "12", "⅓": "13", "⅔": "23", "¼": "14", "¾": "34", "⅕": "15", "⅖": "25", "⅗": "35", "⅘": "45",
    "⅙": "16",
    "⅚": "56", "⅛": "18", "⅜": "38", "⅝": "58", "⅞": "78",
}  # fmt: skip
ENTITIES = {
    "lt": "<", "gt": ">", "amp": "&", "nbsp": " ", "le": "<=", "ge": ">=", "ne": "!=", "minus": "-",
    "times": "×", "middot": "·", "sdot": "·", "quot": '"', "apos": "'", "plusmn": "±", "rarr": "→",
    "larr": "←",
    "sum": "∑", "part": "∂", "nabla": "∇", "radic": "√", "asymp": "≈", "isin": "∈", "hellip": "…",
    "prime": "′",
    "thinsp": " ", "ensp": " ", "emsp": " ", "lbrace": "{", "rbrace": "}", "rArr": "⇒", "hArr": "⇔",
    "deg": "°",
    "frac12": "½", "sup2": "²", "sup3": "³",
    **GREEK,
}  # fmt: skip
"""HTML entity → what it stands for."""

# ── structure ───────────────────────────────────────────────────────────────────────────────────

FRACTIONS = strict.FRACTIONS | {"binomfrac", "genfracsimple", "ifrac"}
BIGS = {
    "sum": "sum", "prod": "prod", "int": "int", "iint": "int", "iiint": "int", "oint": "int", "lim": "lim",
    "limsup": "lim", "liminf": "lim", "sup": "max", "inf": "min", "coprod": "prod", "bigcup": "union",
    "bigcap": "intersection", "biguplus": "union",
}  # fmt: skip
CHOICES = {
    "max": "max",
    "min": "min",
    "argmax": "argmax",
    "argmin": "argmin",
    "amax": "max",
    "amin": "min",
}
"""Functions that with something below them run over an index."""
BRACES = word_set("underbrace overbrace underbracket overbracket underparen overparen")
OVERSET = {
    "sim": "tilde",
    "wedge": "hat",
    "-": "bar",
    "rightarrow": "vec",
    "cdot": "dot",
    ".": "dot",
}
"""Signs that over a name are its accent: ``\\overset{\\sim}{c}``."""
STACKED = word_set("overset underset stackrel stackbin xlongequal")
CANCELS = word_set("cancel bcancel xcancel not sout")
GAPS = {" ", ",", ":", ";", ">", "quad", "qquad", "enspace", "thinspace", "medspace", "thickspace"}
"""Spaces that part what stands around them; ``quad`` and ``qquad`` also part statements."""
FRAMES = word_set(
    "boxed framebox colorbox fcolorbox textcolor mathcolor bbox highlight hl Aboxed underline mathclap "
    "mathllap mathrlap mathop mathbin mathrel mathpunct smashoperator vcenter tcboxmath"
)
"""Commands around what is meant."""
SKIPPED = (
    (
        strict.IGNORED
        | word_set(
            "Biggm biggm enskip hfil relax tiny scriptsize footnotesize small normalsize large Large "
            "LARGE huge Huge displaylimits smash hline toprule midrule bottomrule goodbreak break nobreak "
            "bgroup egroup raggedright left right ensuremath mathopen mathclose mathinner mathord unicode "
            "vphantomless math par leavevmode null protect space"
        )
    )
    - FRAMES
    - word_set("left right middle , ; : > / enspace thinspace medspace thickspace mathstrut")
)
SKIPPED_WITH_ARGUMENT = strict.IGNORED_WITH_ARGUMENT | word_set(
    "color tag tag* label vspace hspace vspace* hspace* phantom hphantom vphantom ref eqref cite "
    "citep footnote "
    "hskip kern mkern mskip arraystretch cline rowcolor cellcolor require setlength fontsize bookmark "
    "hypertarget index rule raisebox pagestyle vskip"
)
COLOURED = word_set("textcolor mathcolor colorbox")
"""Frames whose first argument is a colour."""
SIZES = word_set("left right middle") | {
    size + side for size in word_set("big Big bigg Bigg") for side in ("", "l", "r", "m")
}
MATRICES = {
    "matrix": "", "array": "", "smallmatrix": "", "bmatrix": "[", "pmatrix": "(", "Bmatrix": "{",
    "vmatrix": "|", "Vmatrix": "norm", "bsmallmatrix": "[", "psmallmatrix": "(", "tabular": "",
    "subarray": "",
    "bmatrix*": "[", "pmatrix*": "(", "matrix*": "", "pNiceMatrix": "(", "bNiceMatrix": "[",
    "NiceMatrix": "",
    "blockarray": "", "block": "", "bordermatrix": "(",
}  # fmt: skip
"""Environment → delimiter around it."""
CASES = strict.CASES | {"dcases", "dcases*", "cases*", "drcases"}
TRANSPARENT = strict.TRANSPARENT | word_set(
    "dmath dgroup eqnarray* IEEEeqnarray alignedat empheq flalign xalignat proof theorem lemma example "
    "aligned tabularx table figure itemize enumerate quote small scriptsize"
)
BLANKS = word_set("square Box underline blank boxempty bigcirc")

# ── functions ───────────────────────────────────────────────────────────────────────────────────

FUNCTIONS: dict[str, str] = {
    **{word: word for word in word_set(
        "log exp sin cos tan tanh sinh cosh sec csc cot coth sech csch arcsin arccos arctan arcsinh arccosh "
        "arctanh log2 log10 "
        "log1p expm1 max min argmax argmin det trace diag sign relu sigmoid softmax softplus softsign "
        "logsumexp sort sum mean transpose vec dot matmul outer inner abs sqrt norm inv prod var "
        "std erf gelu silu elu "
        "maximum minimum where clip square power reciprocal multiply divide add subtract sigm "
        "heaviside hardtanh einsum "
        "leaky_relu log_softmax rank argsort cumsum zeros ones eye concatenate reshape round floor "
        "ceil tril triu "
        "cov one_hot swish exp2 zeros_like ones_like flatten stack array kron vdot pinv median "
        "top_k flip mod "
        "expand_dims squeeze unsqueeze view ravel repmat tile broadcast_to expand size shape len numel length "
    )},
    "ln": "log", "lg": "log10", "tr": "trace", "sgn": "sign", "signum": "sign", "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan", "tg": "tan", "ctg": "cot", "th": "tanh", "sh": "sinh", "ch": "cosh",
    "logistic": "sigmoid",
    "expit": "sigmoid", "sig": "sigmoid", "leakyrelu": "leaky_relu", "lrelu": "leaky_relu",
    "logsoftmax": "log_softmax",
    "average": "mean", "avg": "mean", "inverse": "inv", "lse": "logsumexp", "absolute": "abs",
    "fabs": "abs",
    "amax": "max", "amin": "min", "pow": "power", "mm": "matmul", "bmm": "matmul", "onehot": "one_hot",
    "arg_max": "argmax",
    "arg_min": "argmin", "concat": "concatenate", "cat": "concatenate", "step": "heaviside",
    "asarray": "array", "tensor": "array", "mat": "array", "matrix": "array",
    **{word: word.replace("_", "") for word in word_set("rowsum row_sum colsum col_sum")},
}  # fmt: skip
"""Word in lower case → the function as the rule table spells it."""
SUMS_ALONG = {"rowsum": "1", "colsum": "0"}
"""Sums of each row, of each column: the axis that they go along."""
BARE = word_set(
    "log ln exp sin cos tan tanh sinh cosh sec csc cot coth sech csch arcsin arccos arctan log2 log10 det trace "
    "diag sign rank vec "
    "abs max min sqrt"
)
"""Functions that take what follows without a bracket."""
ALSO_NAMES = word_set(
    "sum mean var std norm sig step max min sort abs prod array mat matrix cov add average avg rank "
    "square power tensor "
    "round dot inner outer sigm inverse inv mod ch sh th tg tr cat stack median vec sign ones zeros "
    "eye transpose elu mm view expand size shape length len tile clip where flip reshape"
)
"""Words that are functions before a bracket and names elsewhere."""
MODULES = word_set(
    "np numpy math torch tf nn functional jnp jax linalg scipy special keras K lax random F cp mx nd"
)
METHODS = word_set(
    "sum mean dot max min prod std var transpose reshape ravel flatten matmul mm exp log sqrt abs "
    "argmax argmin copy clip "
    "astype squeeze norm inv diag trace pow t tanh sigmoid relu softmax view unsqueeze detach item "
    "clone numpy float shape size expand tile repeat_interleave flip cumsum argsort sort double"
)
TRANSPARENT_CALLS = word_set(
    "array float float32 float64 copy detach clone numpy item double contiguous"
)
"""Calls that only pass on what they are given."""
KEYWORDS = word_set(
    "axis dim keepdims keepdim dtype ord ddof initial where out base decimals num_classes"
)
