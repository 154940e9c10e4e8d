r"""Plain text as tokens, each with a guess: an operand, an operator, a relation, a word, prose.

The guess is by sight only.  ``runs`` decides what a word is by what stands beside it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

from dvar.read.worksheet.pages.inline import CODE, FILLER, FORMULA, NOTHING
from dvar.read.worksheet.pages.lexicon import FUNCTIONS, GREEK, STOP, is_stop, words


@dataclass(slots=True)
class Token:
    """One token.

    ``kind``:
      ``M`` an operand       ``N`` a number           ``H`` a formula in delimiters   ``C`` code in backticks
      ``O`` an operator      ``S`` a sign in front (∂, √, ∑)   ``R`` a relation      ``|`` a bar
      ``(`` ``)`` brackets   ``,`` a comma            ``W`` a word that may be a name
      ``P`` prose            ``.`` the end of a clause   ``L`` a line end   ``G`` a wide gap
    ``match`` is the index of the other bracket, -1 if there is none.
    """

    kind: str
    text: str
    start: int
    end: int
    match: int = -1
    spaced: bool = False
    """Whether a blank stands in front of it."""
    relates: bool = False
    """Of a formula in delimiters: whether a relation is in it."""
    leads: bool = False
    """Whether it begins with a relation."""
    trails: bool = False
    """Whether it ends with a relation."""
    brackets: bool = False
    """Whether it begins with a bracket."""

    @property
    def is_open(self) -> bool:
        """Whether what stands beside it is the other side of its relation."""
        return self.leads or self.trails

    @property
    def is_equation(self) -> bool:
        return self.relates and not self.is_open


_LETTER = (
    "A-Za-zªµºÀ-ÖØ-öø-\u02ff\u0370-\u03ff\u1d00-\u1fff\u2090-\u209c\u2100-\u214f\u2c60-\u2c7f"
    "\U0001d400-\U0001d7ff"
)
"""Latin, Greek and the letters of mathematics: a word in another script is prose."""
_PART = _LETTER + "0-9_²³¹\u2070-\u208e\u0300-\u036f"
_TOKEN = re.compile(
    rf"""(?P<H>{FORMULA}{FILLER}*)
      | (?P<C>{CODE}{FILLER}*)
      | (?P<P>{NOTHING}+)
      | (?P<L>\n[ \t]*)
      | (?P<G>[ ]*\t[ \t]*|[ ]{{3,}})
      | (?P<blank>[ ]+)
      | (?P<N>(?:\d{{1,3}}(?:,\d{{3}})+(?![\d,])(?:\.\d+)?|\d+(?:\.\d+)?(?:\.(?=[,\])\s]+[\d\])]))?|\.\d+)
            (?:[eE][-+−]?\d+(?!\w))?(?:[ ]?\\?%)?)
      | (?P<contraction>(?:[{_LETTER}]{{2,}}|\w+)['’](?:t|s|re|ll|ve|d)(?=[\s.,;:)]|$))
      | (?P<compound>\w+-(?:ax[ei]s|intercept|coordinates?|direction|scores?|test|entropy|likelihood|hot
            |dimensional|th|step)\b)
      | (?P<name>[{_LETTER}](?:[{_PART}]|\\_)*(?:\.[A-Za-z]\w*)*['′’″]*|_+[A-Za-z]\w*)
      | (?P<command>\\[A-Za-z]+\*?|\\[{{}}|,;!:\s])
      | (?P<arrow>[-=]+>|<=>|→|⇒|⟹|⟶|↦|⇔|∴)
      | (?P<R>:=|[-+*/⊙]=|==|!=|<=|>=|:[ ]=|←|≔|=|≈|≃|≅|≠|≤|≥|∈|∝|≡|~(?=[ ])|<-(?=[ ])|<(?![a-zA-Z/!])|>)
      | (?P<M>\.\.\.|…|⋯|∞|[½⅓¼⅔¾⅛]|[⁰¹²³⁴-⁹⁻⁺ᵀ₀-₉]+|(?<=[)\]])['′’″]+(?=[ ]|$|[-+*/=,;]))
      | (?P<ask>_{{2,}}(?!\w)|[□▢☐])
      | (?P<O>\.[*^]|\./|(?<=\w[ ])\.(?=[ ][a-zA-Z]\b)|\\?\*\*?|[-+/^_·×÷∗⋅•∘⊙⊗⊕±∓−–@&]|\\\\)
      | (?P<S>[∂∇√∑∏∫Σ∆])
      | (?P<bracket>[(\[{{⟨]|[)\]}}⟩])
      | (?P<bar>\|\|?|‖)
      | (?P<comma>[,，、])
      | (?P<foreign>(?:(?![{_LETTER}])[^\W\d_])+)
      | (?P<other>.)
    """,
    re.VERBOSE,
)
_OPEN = {"(": ")", "[": "]", "{": "}", "⟨": "⟩"}
_TEXT_COMMAND = re.compile(r"\\(?:text|mbox|begin|end|intertext|left|right)\w*\*?")
_FILES = re.compile(
    r"\.(?:py|md|txt|ipynb|png|jpe?g|gif|pdf|html?|com|org|net|io|edu|csv|json|ya?ml|cpp|js|tex|zip)$",
    re.IGNORECASE,
)
_ABBREVIATION = re.compile(
    r"e\.g|i\.e|s\.t|w\.r\.t|i\.i\.d|a\.k\.a|(?:eq|fig|sec|ch|www|no|vol)\..*", re.IGNORECASE
)
_D_NAME = re.compile(r"d[A-Z]\w*|d[a-zα-ω]{1,2}|d\w*\d")
_PREPOSITIONS = frozenset(
    (
        "at",
        "of",
        "with",
        "for",
        "to",
        "by",
        "is",
        "as",
        "in",
        "have",
        "has",
        "on",
        "igual",
        "uguale",
    )
)
_SHORT_D = frozenset(("da", "de", "do", "du"))
_PRIMES = "'′’″"


def tokenize(masked: str) -> list[Token]:
    """All tokens of a masked stretch of text, brackets matched."""
    tokens: list[Token] = []
    spaced = True
    for match in _TOKEN.finditer(masked):
        group = match.lastgroup or "other"
        if group == "blank":
            spaced = True
            continue
        kind = _KINDS.get(group) or _kind(group, match[0])
        tokens.append(Token(kind, match[0], match.start(), match.end(), spaced=spaced))
        spaced = group in ("L", "G")
    _articles(tokens)
    _differentials(tokens)
    _match_brackets(tokens)
    _products(tokens)
    _steps(tokens)
    _pointers(tokens)
    return tokens


_STEP = re.compile(r"O?N[^.,LGPWMHC]*RO?N")
"""Numbers to compute, and what they come to, as kinds of tokens."""


def _steps(tokens: list[Token]) -> None:
    """``w1 -> 0.3 - 0.5*0.02 = 0.29``: the arrow gives a new value."""
    kinds = "".join(token.kind for token in tokens)
    for n, token in enumerate(tokens[1:], 1):
        if token.text not in ("->", "→") or token.kind != "." or tokens[n - 1].kind != "M":
            continue
        starts_clause = n == 1 or tokens[n - 2].kind in ".,LGPW"
        if starts_clause and _STEP.match(kinds, n + 1):
            token.kind = "R"


def _pointers(tokens: list[Token]) -> None:
    """``dz/dw = x    ← the input``: an arrow behind a wide gap points from a remark to an equation."""
    related = False
    for before, token in pairwise(tokens):
        related = (related and before.kind != "L") or before.kind == "R"
        if related and before.kind == "G" and token.text in ("←", "<-"):
            token.kind = "."


_KINDS = {
    "H": "H",
    "C": "C",
    "P": "P",
    "L": "L",
    "G": "G",
    "N": "N",
    "M": "M",
    "O": "O",
    "S": "S",
    "R": "R",
    "contraction": "P",
    "compound": "P",
    "foreign": "P",
    "arrow": ".",
    "bar": "|",
    "comma": ",",
    "ask": ".",
    "other": ".",
}


def _kind(group: str, text: str) -> str:
    if group == "bracket":
        return "(" if text in _OPEN else ")"
    if group == "command":
        return _command_kind(text)
    return word_kind(text)


def _command_kind(text: str) -> str:
    if text in (r"\{", r"\}", r"\|"):
        return "|"
    if not text[1].isalpha():
        return "S"
    if text in _RELATION_COMMANDS:
        return "R"
    if text in _OPERATOR_COMMANDS:
        return "O"
    if text in _ARROW_COMMANDS:
        return "."
    return "S" if text in _PREFIX_COMMANDS or _TEXT_COMMAND.fullmatch(text) else "M"


_RELATION_COMMANDS = words(
    r"\approx \neq \ne \leq \le \geq \ge \in \equiv \propto \simeq \sim \coloneqq \leftarrow \gets"
)
_OPERATOR_COMMANDS = words(
    r"\cdot \times \circ \odot \otimes \oplus \pm \mp \ast \star \div \over \bullet"
)
_ARROW_COMMANDS = words(
    r"""
    \rightarrow \Rightarrow \to \implies \Leftrightarrow \iff \therefore \downarrow \swarrow \searrow
    \updownarrow \hookrightarrow \longrightarrow \quad \qquad \because
    """
)
_PREFIX_COMMANDS = words(
    r"""
    \frac \tfrac \dfrac \sqrt \sum \prod \int \partial \nabla \hat \bar \tilde \vec \overline \mathbf
    \mathrm \mathcal \mathbb \mathsf \boldsymbol \bm \displaystyle \limits \operatorname \underbrace \dot
    """
)


def word_kind(word: str) -> str:
    """``M`` for a symbol, ``P`` for prose, ``W`` for a word that its neighbours decide on."""
    bare = word.rstrip(_PRIMES)
    if "." in bare:
        head = bare.split(".")[0].lower()
        return "P" if _FILES.search(bare) or _ABBREVIATION.fullmatch(bare) or head in STOP else "M"
    lower = bare.lower()
    if bare in ("True", "False", "None"):
        return "P"
    if len(bare) > 1 and is_stop(bare):
        return "P"
    if any(c.isdigit() or c in "_\\" for c in bare):
        return (
            "P"
            if bare.startswith("_") and not any(c.isdigit() for c in bare) and len(bare) > 9
            else "M"
        )
    if len(unicodedata.normalize("NFC", bare)) == 1:
        return "M" if _is_letter(bare[0]) else "P"
    if lower in GREEK or lower in FUNCTIONS or _D_NAME.fullmatch(bare):
        return "M"
    return _long_word_kind(bare)


def _long_word_kind(word: str) -> str:
    if word.isascii():
        return "M" if len(word) <= 2 else "W"
    if all(_is_symbol(c) for c in word):
        return "M" if len(word) <= 4 else "P"
    if any(_is_symbol(c) for c in word) and len(word) <= 4:
        return "M"  # "ηδ", "Δw", "σz"
    return "P" if not all(_is_letter(c) for c in word) else "W"


def _is_letter(c: str) -> bool:
    """Latin, Greek, a mathematical alphabet or a combining mark; no Cyrillic, no Chinese."""
    return (
        c < "\u0400"
        or "\u1d00" <= c <= "\u1fff"
        or "\u2070" <= c <= "\u214f"
        or c == "ⱼ"
        or c >= "\U0001d400"
    )


def _is_symbol(c: str) -> bool:
    return (
        "\u0300" <= c < "\u0400"
        or "\u1d2c" <= c <= "\u1dbf"
        or "\u2070" <= c <= "\u214f"
        or c == "ⱼ"
        or "\U0001d400" <= c <= "\U0001d7ff"
    )


def _articles(tokens: list[Token]) -> None:
    """The words "a", "A" and "I" in front of a word; a word with a bracket at it is a function; ``dL/da``."""
    before = ""
    for token, following in pairwise(tokens):
        if (
            token.text == "a"
            and before in _PREPOSITIONS
            and following.kind in "MNS"
            and following.spaced
        ):
            token.kind = "P"
        for one, other in ((token, following), (following, token)):
            if one.text in _SHORT_D and (other.text == "/" or other.kind == "R"):
                one.kind = "M"
        if token.text == "/" and not following.spaced and before[:1] == "d":
            letters = unicodedata.normalize("NFC", following.text)
            if len(letters) == 2 and letters[0] == "d" and following.kind in "PW":
                following.kind = "M"  # dE/di, where "di" is a word elsewhere
        before = token.text
        if token.text in ("a", "A", "I") and following.kind in "WP" and following.spaced:
            token.kind = "P"
        if token.kind == "W" and following.text == "(" and not following.spaced:
            token.kind = "M"  # a call: "loss(…)"


def _differentials(tokens: list[Token]) -> None:
    """Words that are differentiated: ``grad f``, ``d loss/d w``, ``d^2 loss/d w^2``."""
    for n, token in enumerate(tokens[:-1]):
        following = tokens[n + 1]
        if token.text.lower() == "grad" and following.kind == "M" and following.text[0].isalpha():
            token.kind = "S"
        if token.text != "/" or following.text not in ("d", "∂") or n < 2:
            continue
        ordered = n > 3 and tokens[n - 3].text == "^"
        if tokens[n - 4 if ordered else n - 2].text == following.text and tokens[n - 1].kind == "W":
            tokens[n - 1].kind = "M"


def _match_brackets(tokens: list[Token]) -> None:
    """Pair the brackets; one that would cross another pair stays alone."""
    stack: list[int] = []
    waiting = dict.fromkeys(_OPEN.values(), 0)
    for n, token in enumerate(tokens):
        if token.kind == "(":
            stack.append(n)
            waiting[_OPEN[token.text]] += 1
        elif token.kind == ")" and waiting[token.text]:
            while True:
                top = stack.pop()
                closer = _OPEN[tokens[top].text]
                waiting[closer] -= 1
                if closer == token.text:
                    break
            token.match, tokens[top].match = top, n
    for token, following in pairwise(tokens):
        alone = following.text == ")" and following.match < 0 and not following.spaced
        if alone and len(token.text) == 1 and token.spaced:
            token.kind = "."  # "a) x = 3 b) y = 4"


def _products(tokens: list[Token]) -> None:
    """The dot of ``dz/dy . dy/dx`` as a product sign: blanks around it, and no new equation behind it."""
    for n in range(1, len(tokens) - 1):
        token, following = tokens[n], tokens[n + 1]
        if token.text != "." or not (token.spaced and following.spaced):
            continue
        if following.kind not in "MNS(" or tokens[n - 1].kind not in "MN)":
            continue
        quotients = [other.text for other in tokens[max(0, n - 3) : n + 4]].count("/") == 2
        if quotients or not _relates_again(tokens, n + 1):
            token.kind = "O"


def _relates_again(tokens: list[Token], n: int) -> bool:
    for token in tokens[n : n + 20]:
        if token.kind in "RPWL.,":
            return token.kind == "R"
    return False
