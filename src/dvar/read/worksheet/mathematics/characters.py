"""Letters beyond ASCII, and which commands are known at all."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from dvar.core.letters import GREEK
from dvar.read.latex import words as strict
from dvar.read.worksheet.mathematics import words

STARRED = frozenset({"operatorname", "tag", "vspace", "hspace", "textcolor"})
DEFINING = frozenset(
    {"newcommand", "renewcommand", "providecommand", "def", "DeclareMathOperator", "let", "gdef"}
)
OPTIONED = words.word_set(
    "array tabular aligned gathered split dcases cases pmatrix* bmatrix* matrix* alignedat"
)
"""Environments with an option in square brackets behind their names."""
COLUMNED = {
    "array": 1,
    "tabular": 1,
    "alignat": 1,
    "alignedat": 1,
    "IEEEeqnarray": 1,
    "subarray": 1,
    "xalignat": 1,
}
"""Environment → how many arguments follow its name."""
BRACED = {
    "eqalign": "aligned",
    "eqalignno": "aligned",
    "leqalignno": "aligned",
    "displaylines": "gathered",
    "matrix": "matrix",
    "pmatrix": "pmatrix",
    "bmatrix": "bmatrix",
    "cases": "cases",
}
"""Commands of plain TeX with rows in braces → the environment that does the same."""
_LETTERS = {letter: name for name, letter in GREEK.items()}
_PROSE_LETTERS = "áàâäãåéèêëíìîïóòôöõúùûüçñøæœšžčřýÿğş"


@lru_cache(maxsize=1)
def _commands() -> frozenset[str]:
    tables = (
        words.NAMES, words.ACCENTS, words.FONTS, words.TEXTS, words.SIGNS, words.BIGS, words.BRACES,
        words.ALIASES, words.FRACTIONS, words.GAPS, words.SKIPPED, words.SIZES, words.STACKED, words.FUNCTIONS,
        ("partial", "nabla", "sqrt", "begin", "end", "operatorname", "boxed", "quad", "qquad", "text", "top"),
    )  # fmt: skip
    found = frozenset(
        word for table in tables for word in table if len(word) > 1 and word.isalpha()
    )
    return found | strict.known_commands()


def is_command(word: str) -> bool:
    """Whether LaTeX's ``\\word`` means something."""
    return word in _commands()


def plain_letter(character: str) -> tuple[str, str]:
    """The letter (Greek by its name) that a character stands for, and its font."""
    if character in words.LETTERLIKE:
        return words.LETTERLIKE[character]
    simple = unicodedata.normalize("NFKC", character)
    name = unicodedata.name(character, "") if simple != character else ""
    font = ""
    for word, kind in (("DOUBLE-STRUCK", "bb"), ("SCRIPT", "cal"), ("FRAKTUR", "cal"), ("BOLD", "bf"),
                       ("MONOSPACE", "tt"), ("SANS-SERIF", "sf")):  # fmt: skip
        if word in name:
            font = kind
            break
    if len(simple) != 1:
        return character, ""
    return _LETTERS.get(simple, simple), font


def letters(run: str) -> list[tuple[str, tuple[str, ...], int, int]] | None:
    """Letters of a run with the accents on them, offset and length; None where the accents are spelling."""
    out: list[tuple[str, tuple[str, ...], int, int]] = []
    base_count = sum(unicodedata.combining(c) == 0 for c in run)
    at = 0
    while at < len(run):
        stop = at + 1
        while stop < len(run) and unicodedata.combining(run[stop]):
            stop += 1
        parts = unicodedata.normalize("NFD", run[at:stop])
        accents = tuple(words.COMBINING.get(c, "") for c in parts[1:])
        if "" in accents or (accents and base_count > 2 and run[at:stop].lower() in _PROSE_LETTERS):
            return None
        base, _ = plain_letter(parts[0])
        if not accents and out and not out[-1][1] and base.isascii():
            piece, _, offset, length = out[-1]
            out[-1] = (piece + base, (), offset, length + 1)
        else:
            out.append((base, accents, at, stop - at))
        at = stop
    return out


def percent(number: str) -> str:
    """``12.5`` (of a hundred) as ``0.125``."""
    whole, _, fraction = number.partition(".")
    if not whole.isdigit() or (fraction and not fraction.isdigit()):
        return number
    digits = whole.rjust(3, "0")
    return f"{digits[:-2].lstrip('0') or '0'}.{digits[-2:]}{fraction}"
