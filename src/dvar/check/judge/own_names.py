"""The document's own names for nodes, so that an answer is written as its author writes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace

from dvar.check.judge.chain import Place
from dvar.check.meaning.keys import sort, stem_of
from dvar.check.meaning.letters import parts
from dvar.check.meaning.patterns import free_letters
from dvar.check.meaning.values import NotUnderstood, node_of
from dvar.core.letters import GREEK
from dvar.core.node import Node
from dvar.core.op import CONSTANT, VARIABLE
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement
from dvar.write.names import latex_name

MOST = 300
"""Names of a problem that are looked at; more than any worksheet has."""


class Names:
    """The names of one problem as its document spells them; those of other problems come last.

    Attributes:
        speaks_of_arrays: whether shapes, matrices, transposes or layers, ``W x``, are written in the problem.
    """

    def __init__(
        self, document: Document, statements: Sequence[Statement], ordinals: Sequence[int]
    ) -> None:
        found: dict[tuple[str, bool], tuple[t.Symbol, int]] = {}
        own = set(ordinals)
        self.heads: set[int] = set()
        self.speaks_of_arrays = any(
            isinstance(p, (t.Shape, t.Matrix))
            or (isinstance(p, t.Script) and p.kind == "transpose")
            or _is_layer(p)
            for p in parts([statements[n] for n in ordinals])
        )
        for ordinal in (*ordinals, *(n for n in range(len(statements)) if n not in own)):
            latex = document.regions[statements[ordinal].region].latex
            for part in parts([statements[ordinal]]):
                if isinstance(part, t.Apply):
                    self.heads.add(id(part.head))
                if not isinstance(part, t.Symbol) or part.primes or len(found) > MOST:
                    continue
                for symbol in (part, _bare(part)):
                    written = " ".join(document.text[slice(*symbol.span)].split()).rstrip("^{ ")
                    if any(sign.isalpha() for sign in written):  # no number in a name's place
                        found.setdefault((written, latex), (symbol, ordinal))
        self.found = found

    def labels(self, place: Place, env: Mapping[str, int], latex: bool) -> dict[Node, str]:
        """Node → its name, for the nodes that have one where ``env`` binds the index letters."""
        ranked: dict[Node, tuple[tuple[bool, bool], str]] = {}
        for (written, is_latex), (symbol, ordinal) in self.found.items():
            node = self._node(place, env, symbol)
            if node is None:
                continue
            if ordinal > place.position and node.op is not VARIABLE:
                continue  # a name for what is computed helps nobody who has not met it yet
            name = written if is_latex == latex else _turned(written, latex)
            letters = free_letters(symbol, place.world.spelling)
            rank = (bool(env) and not letters, is_latex != latex)
            if node not in ranked or rank < ranked[node][0]:
                ranked[node] = (rank, name)
        labels = {node: name for node, (_, name) in ranked.items()}
        return {**self._open_gradients(place, labels, latex), **labels}

    def _node(self, place: Place, env: Mapping[str, int], symbol: t.Symbol) -> Node | None:
        spelling = place.world.spelling
        if symbol.base in ("e", "pi", "d") or symbol.base in env:
            return None
        if id(symbol) in self.heads and stem_of(symbol) not in place.world.definitions:
            return None
        try:
            if sort(symbol, spelling, env).operations:
                return None
            value = place.reader(env=dict(env)).value(symbol)
        except NotUnderstood:
            return None
        node = node_of(value)
        return None if node.op is CONSTANT else node

    def _open_gradients(
        self, place: Place, labels: Mapping[Node, str], latex: bool
    ) -> dict[Node, str]:
        """``∂L/∂a`` where the document does not say what L is."""
        found: dict[Node, str] = {}
        for node, (key, at, _) in place.world.fresh.items():
            if not isinstance(at, tuple) or len(at) != 1:
                continue
            wrt = labels.get(at[0][0])
            of = _turned(str(key), latex) if latex else str(key)
            if wrt is not None and at[0][1] is None:
                found[node] = (
                    rf"\frac{{\partial {of}}}{{\partial {wrt}}}" if latex else f"∂{of}/∂{wrt}"
                )
        return found


def _is_layer(part: object) -> bool:
    """``W x``, ``W^{[2]} a^{[1]}``: a capital W in front of a small letter is a matrix, as a rule."""
    match part:
        case t.Product(factors=(t.Symbol() as weight, t.Symbol() as inputs, *_)):
            return weight.base in ("W", "Theta") and inputs.base[:1].islower()
    return False


def _bare(symbol: t.Symbol) -> t.Symbol:
    """A name without the powers and transposes that stand behind it."""
    kept = tuple(s for s in symbol.scripts if s.kind not in ("plain", "transpose"))
    marks = [s for s in symbol.scripts if s.kind in ("plain", "transpose")]
    if not marks or symbol.scripts[: len(kept)] != kept:
        return symbol
    end = min(s.span[0] for s in marks)
    inside = [s.span for s in (*symbol.subscripts, *kept) if s.span[1] > end]
    return symbol if inside else replace(symbol, scripts=kept, span=(symbol.span[0], end))


_ACCENT = re.compile(r"\\(hat|bar|tilde|dot|vec|widehat|overline)\s*(?:\{\s*(\w)\s*\}|(\w))")
_COMBINING = {
    "hat": "\u0302",
    "widehat": "\u0302",
    "bar": "\u0304",
    "overline": "\u0304",
    "tilde": "\u0303",
    "dot": "\u0307",
    "vec": "\u20d7",
}


def _turned(written: str, latex: bool) -> str:
    """A name in the other style: ``w1`` as ``w_{1}``, ``\\hat{y}`` as ``ŷ``."""
    if latex:
        return latex_name(written) if re.fullmatch(r"\w+", written) else written
    plain = _ACCENT.sub(lambda m: (m[2] or m[3]) + _COMBINING[m[1]], written)
    plain = re.sub(r"\\([A-Za-z]+) ?", lambda m: GREEK[m[1]] if m[1] in GREEK else m[0], plain)
    plain = re.sub(r"_\{(\w+)\}", r"_\1", plain)
    return unicodedata.normalize("NFC", plain)
