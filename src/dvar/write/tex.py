"""The LaTeX that dvar itself writes, as a tree: what MathML and the labels of pictures are made from.

Not a reader of LaTeX at large: a fixed list of commands, and ``Unreadable`` for anything else, on
which every writer falls back to the text form.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from dvar.write.symbols import ACCENTS, ALPHABETS, FENCES, FUNCTIONS, OPERATORS, SPACES, SYMBOLS


class Unreadable(ValueError):
    """The LaTeX holds something that is not understood."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One sign or word: ``kind`` is letter, name (italic), word (upright), number, operator,
    text, code or space."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Group:
    items: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Fraction:
    above: Tree
    below: Tree


@dataclass(frozen=True, slots=True)
class Script:
    base: Tree
    below: Tree | None
    above: Tree | None


@dataclass(frozen=True, slots=True)
class Accent:
    base: Tree
    command: str


@dataclass(frozen=True, slots=True)
class Root:
    body: Tree
    degree: Tree | None


@dataclass(frozen=True, slots=True)
class Fence:
    left: str
    body: Tree
    right: str


@dataclass(frozen=True, slots=True)
class Table:
    """``environment`` is ``bmatrix``, ``pmatrix``, ``cases``, ``aligned``, …"""

    environment: str
    rows: tuple[tuple[Tree, ...], ...]


Tree: TypeAlias = "Leaf | Group | Fraction | Script | Accent | Root | Fence | Table"

_TOKEN = re.compile(r"\\[a-zA-Z]+\*?|\\.|:=|\d+(?:\.\d+)?|\s+|.", re.DOTALL)
_MAX_DEPTH = 60
_TEXT = {
    **dict.fromkeys(("text", "textrm", "textit"), "text"),
    **dict.fromkeys(("mathrm", "mathsf", "operatorname", "operatorname*"), "word"),
    "mathit": "name",
    "texttt": "code",
}
_ENVIRONMENTS = ("bmatrix", "pmatrix", "matrix", "vmatrix", "cases", "aligned", "array")


def parse(latex: str) -> Tree:
    """The tree of a formula.

    Raises:
        Unreadable: it holds an unknown command, or braces that do not match.
    """
    reader = _Reader(_TOKEN.findall(latex))
    tree = reader.row(())
    if reader.peek():
        raise Unreadable(f"unexpected {reader.peek()!r}")
    return tree


def is_operator(tree: Tree, signs: str = "") -> bool:
    return isinstance(tree, Leaf) and tree.kind == "operator" and (not signs or tree.text in signs)


class _Reader:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def next(self) -> str:
        token = self.peek()
        if not token:
            raise Unreadable("the formula ends too early")
        self.at += 1
        return token

    def skip_space(self) -> None:
        while self.peek().isspace():
            self.at += 1

    def expect(self, token: str) -> None:
        self.skip_space()
        if self.next() != token:
            raise Unreadable(f"expected {token!r}")

    def row(self, ends: tuple[str, ...]) -> Tree:
        """Everything up to one of ``ends`` (not consumed), or to the end of the formula."""
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise Unreadable("nested too deeply")
        items: list[Tree] = []
        while True:
            self.skip_space()
            token = self.peek()
            if not token or token in ends or token in ("}", "&", r"\\", r"\right", r"\end"):
                break
            items.append(self.scripted())
        self.depth -= 1
        return items[0] if len(items) == 1 else Group(tuple(items))

    def scripted(self) -> Tree:
        """One atom with its sub- and superscripts."""
        base: Tree = Group(()) if self.peek() in "^_" else self.atom()
        below = above = None
        while True:
            self.skip_space()
            token = self.peek()
            if token == "_" and below is None:
                self.next()
                below = self.argument()
            elif token in ("^", "'") and above is None:
                self.next()
                above = Leaf("operator", "′") if token == "'" else self.argument()
            else:
                break
        return Script(base, below, above) if below or above else base

    def argument(self) -> Tree:
        """What follows a command: a group in braces, or one atom."""
        self.skip_space()
        return self.atom()

    def atom(self) -> Tree:
        token = self.next()
        if token == "{":
            tree = self.row(())
            self.expect("}")
            return tree
        if token.startswith("\\"):
            return self.command(token[1:])
        return _character(token)

    def command(self, name: str) -> Tree:
        special = _COMMANDS.get(name)
        if special:
            return special(self)
        if name in _TEXT:
            return Leaf(_TEXT[name], self.raw())
        if name in ALPHABETS:
            return _styled(name, self.argument())
        if name in ACCENTS:
            return Accent(self.argument(), name)
        for table, kind in ((SYMBOLS, "letter"), (OPERATORS, "operator"), (SPACES, "space")):
            if name in table:
                return Leaf(kind, table[name])
        if name in FUNCTIONS:
            return Leaf("word", name)
        if len(name) == 1 and not name.isalnum():
            return Leaf("operator", name)
        raise Unreadable(f"unknown command \\{name}")

    def raw(self) -> str:
        """The characters of a group, as they stand (``\\_`` is an underscore, ``\\,`` a space)."""
        self.expect("{")
        out: list[str] = []
        while (token := self.next()) != "}":
            if token == "{" or (token[0] == "\\" and token[1:2].isalpha()):
                raise Unreadable("formula within text")
            sign = token[1:] if token[0] == "\\" else token
            out.append(SPACES.get(sign, sign) if len(token) > 1 else token)
        return "".join(out)

    def fraction(self) -> Tree:
        return Fraction(self.argument(), self.argument())

    def root(self) -> Tree:
        degree = None
        if self.peek() == "[":
            self.next()
            degree = self.row(("]",))
            self.expect("]")
        return Root(self.argument(), degree)

    def fence(self) -> Tree:
        left = self.delimiter()
        body = self.row(())
        self.expect(r"\right")
        return Fence(left, body, self.delimiter())

    def delimiter(self) -> str:
        self.skip_space()
        token = self.next()
        if token in FENCES:
            return FENCES[token]
        raise Unreadable(f"unknown delimiter {token}")

    def environment(self) -> Tree:
        name = self.raw()
        if name not in _ENVIRONMENTS:
            raise Unreadable(f"unknown environment {name}")
        if name == "array":
            self.raw()  # the alignment of its columns
        rows: list[tuple[Tree, ...]] = [self.cells()]
        while self.peek() == r"\\":
            self.next()
            rows.append(self.cells())
        self.expect(r"\end")
        if self.raw() != name:
            raise Unreadable(f"{name} is not closed")
        return Table(name, tuple(row for row in rows if row != (Group(()),)))

    def cells(self) -> tuple[Tree, ...]:
        cells = [self.row(())]
        while self.peek() == "&":
            self.next()
            cells.append(self.row(()))
        return tuple(cells)

    def nothing(self) -> Tree:
        """A command about layout only (``\\displaystyle``, ``\\limits``)."""
        return Group(())

    def sized(self) -> Tree:
        """``\\big(`` and the like: the size is left to the reader's browser."""
        return Leaf("operator", self.delimiter())


_COMMANDS: dict[str, Callable[[_Reader], Tree]] = {
    **dict.fromkeys(("frac", "tfrac", "dfrac"), _Reader.fraction),
    "sqrt": _Reader.root,
    "left": _Reader.fence,
    "begin": _Reader.environment,
    **dict.fromkeys(("displaystyle", "textstyle", "limits", "nolimits"), _Reader.nothing),
    **dict.fromkeys(("big", "Big", "bigl", "bigr", "Bigl", "Bigr", "bigg"), _Reader.sized),
}


def _character(token: str) -> Tree:
    if token[0].isdigit():
        return Leaf("number", token)
    if token.isalpha():
        return Leaf("letter", token)
    if token in "}&#%$\\":
        raise Unreadable(f"unexpected {token!r}")
    return Leaf("operator", {"-": "−", "*": "∗", "~": " "}.get(token, token))


def _styled(alphabet: str, tree: Tree) -> Tree:
    """Letters of another alphabet, as the Unicode signs that mean them."""
    if not isinstance(tree, Leaf):
        raise Unreadable(f"\\{alphabet} of more than one sign")
    table = ALPHABETS[alphabet]
    return Leaf("word", "".join(table.get(c, c) for c in tree.text))
