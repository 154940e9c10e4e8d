r"""Abbreviations that many authors define in a preamble, for pages that are shown without theirs: ``\R``, ``\bx``."""

from __future__ import annotations

from string import ascii_letters

from dvar.core.letters import GREEK
from dvar.read.worksheet.mathematics import words
from dvar.read.worksheet.mathematics.macros import Macro

_SIGNS = {
    r"\mathbb{R}": "R RR bbR Real Reals reals",
    r"\mathbb{E}": "E EE",
    r"\mathbb{N}": "N NN",
    r"\mathbb{Z}": "Z ZZ",
    r"\mathbb{Q}": "Q QQ",
    r"\mathbb{C}": "C CC",
    r"\top": "T tp tran trans transp",
    r"\frac{1}{2}": "half",
    r"\epsilon": "eps",
    r"\frac{d}{dx}": "ddx",
    r"\frac{d}{dt}": "ddt",
    "d": "dd",
    r"\nabla": "grad gradient",
    "": "ds dsp",
}
_OF_ONE = {r"\mathbf{#1}": "vect bvec", r"\langle #1\rangle": "vector"}
_OF_TWO = {
    r"\frac{\partial #1}{\partial #2}": "pd pder pdiff dpar parder pfrac partiald",
    r"\frac{d #1}{d #2}": "deriv der tder",
}
_BOLD = {f"{mark}{letter}": letter for mark in "bvm" for letter in ascii_letters}
_BOLD |= {f"{mark}{letter}": rf"\{letter}" for mark in "bv" for letter in (*GREEK, *words.NAMES)}


def _table() -> dict[str, Macro]:
    found = {name: Macro(0, rf"\mathbf{{{letter}}}") for name, letter in _BOLD.items()}
    for count, bodies in enumerate((_SIGNS, _OF_ONE, _OF_TWO)):
        found |= {n: Macro(count, body) for body, names in bodies.items() for n in names.split()}
    found["pp"] = Macro(2, r"\frac{\partial #1}{\partial #2}", "")
    taken = {*words.FONTS, *words.ACCENTS, *words.SIZES, *words.BIGS, *words.FUNCTIONS}
    return {name: macro for name, macro in found.items() if name not in taken}


CUSTOMARY = _table()
"""What a command stands for where a page uses it and defines it nowhere."""
