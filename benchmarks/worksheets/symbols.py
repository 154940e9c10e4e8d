"""Which symbols a document uses, and how it spells them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from benchmarks.worksheets.pieces import Formula, Span

_ACCENTS = (
    r"\\(?:hat|bar|tilde|vec|mathbf|boldsymbol|bm|pmb|overline|mathcal|widehat)\s*"
    r"(?:\{\s*\\?[A-Za-z]+\s*\}|[A-Za-z])"
)
_GREEK = (
    r"\\(?:alpha|beta|gamma|delta|epsilon|varepsilon|eta|theta|lambda|mu|nu|xi|rho|tau|omega|psi|phi|Phi|Theta"
    r"|Delta|Sigma|Lambda|kappa|zeta|chi|pi)(?![a-zA-Z])"
)
_SUBSCRIPT = r"(?:_\{[^{}]*\}|_[A-Za-z0-9])?"
_SUPERSCRIPT = r"(?:\^\{\s*[(\[][^{}]*[)\]]\s*\}|\^[(\[]\w+[)\]])?"
_LATEX = re.compile(
    rf"(?<!\\)(?<![A-Za-z\\])(?:{_ACCENTS}|{_GREEK}|[A-Za-z](?![A-Za-z]*\{{)){_SUBSCRIPT}{_SUPERSCRIPT}"
)
_PLAIN = re.compile(r"(?<![A-Za-z0-9_∂])[A-Za-zα-ωΑ-Ω][A-Za-z]*\d*(?:_\{?[A-Za-z0-9]+\}?)*[₀-₉]*")
_TRANSPOSE = re.compile(
    r"\^\{\s*(?:\\top|\\intercal|\\mathsf\{T\}|\\mathrm\{T\}|T|⊤)\s*\}|\^(?:\\top|\\intercal)(?![a-z])"
    r"|\^\s*[T⊤](?![a-zA-Z])|\.T\b|ᵀ|⊤"
)
_BOUND = re.compile(r"(?:\\sum|\\prod|\\int|[Σ∑∏])(?:_\{[^{}]*\}|_\w)?\s*$")
_NO_VARIABLES = set("edTRijklnmNMKIJLEf") | {"np", "dot", "sum", "log", "ln", "exp", "sin", "cos"}
_NO_VARIABLES |= {"max", "tanh", "sigmoid", "relu", "ReLU", "if", "and", "for", "dx", "dt", "axis"}


class Vocabulary:
    """The symbols of a document, taken from its formulas; ``prose`` is the whole of it."""

    def __init__(self, texts: Iterable[str], prose: str = "") -> None:
        self.has_symmetric = "ymmetric" in prose
        self.symbols = Counter[str]()
        self.aliases = set[tuple[str, str]]()
        transposes = Counter[str]()
        for text in texts:
            formula = Formula(text)
            self.symbols.update(name for _, name in occurrences(formula))
            transposes.update(found.group() for found in _TRANSPOSE.finditer(text))
            members = [squeezed(formula.of(member.span)) for member in formula.members()]
            self.aliases.update((a, b) for a in members for b in members)
        self.transpose = next((name for name, _ in transposes.most_common(1)), None)

    def same(self, one: str, other: str) -> bool:
        """Whether the document says somewhere that two symbols are equal."""
        return (squeezed(one), squeezed(other)) in self.aliases

    def exchangeable(self, name: str) -> list[str]:
        """Other symbols that could be mistaken for one: of the same look and with the same scripts."""
        return [
            other
            for other, times in self.symbols.items()
            if times > 1
            and squeezed(other) != squeezed(name)
            and is_variable(other)
            and _look(other) == _look(name)
            and _scripts(other) == _scripts(name)
        ]


def occurrences(formula: Formula) -> Iterator[tuple[Span, str]]:
    """Every symbol in a formula with its place; letters of words and of other scripts left out."""
    for found in (_LATEX if formula.is_latex else _PLAIN).finditer(formula.text):
        if not formula.in_script(found.start()):
            yield found.span(), found.group()


def transposes(formula: Formula) -> Iterator[Span]:
    """Where a transpose is written."""
    for found in _TRANSPOSE.finditer(formula.text):
        if not _BOUND.search(formula.text, 0, found.start()):
            yield found.span()
    for found in re.finditer(r"(?<=[)\]])\s*(?:\\top|T)(?=\s*\})", formula.text):
        yield found.span()


def is_variable(name: str) -> bool:
    """Whether a symbol stands for a value rather than an index, a size, a function or a word."""
    base = re.split(r"[_^]", name)[0].strip()
    plain = base.rstrip("0123456789")
    return bool(base) and plain not in _NO_VARIABLES and not plain.startswith("∂")


def is_array(name: str) -> bool:
    """Whether a symbol looks like a matrix or a bold vector, and not like an entry of one."""
    if re.search(r"_\{?[ijkl]", name):
        return False
    return bool(re.match(r"\\(?:mathbf|boldsymbol|bm|pmb|vec)|[A-Z](?![a-z])", name))


def squeezed(text: str) -> str:
    """Without what is silent, so that two spellings of one symbol are equal."""
    return re.sub(r"[\s{}&]|\\[,;!]", "", text)


def _look(name: str) -> tuple[bool, bool]:
    """Bold or not, upper or lower case."""
    letter = re.search(r"[^\W\d_]+$", re.split(r"[_^}]|\d", name)[0])
    return "\\" in name[:3] and is_array(name), letter is not None and letter.group()[0].isupper()


def _scripts(name: str) -> str:
    found = re.search(r"[_^].*$|\d+$", name)
    return squeezed(found.group()) if found else ""
