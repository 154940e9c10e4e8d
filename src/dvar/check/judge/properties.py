"""What a document says of its matrices and vectors: "for symmetric B", "U has orthonormal columns"."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import TypeGuard

from dvar.check.judge.literal import is_plain
from dvar.check.meaning.assumptions import (
    ACTIVATIONS,
    ACTIVE,
    CONSTANT,
    GENERAL,
    MASK,
    ORTHONORMAL,
    POSITIVE,
    SIGNS,
    SYMMETRIC,
    UNIT,
    Assumption,
)
from dvar.check.meaning.keys import stem_of, unwrapped
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement
from dvar.read.worksheet.parts import same_tree

_MARKUP = re.compile(
    r"\\(?:mathbf|boldsymbol|bm|mathrm|mathit|mathsf|text|textbf|textit|emph|operatorname)\s*\{([^{}]*)\}"
)
_STEM = r"(?<![A-Za-z\\])(\\[A-Z][a-z]+|[A-Za-z])"
_BELOW = r"(?:_\{?\w+\}?)?(?![A-Za-z])"
_NAME = _STEM + _BELOW
_MARKED = r"\\(?:wide)?(?P<accent>hat|tilde|bar|check)\s*\{?\s*(?P<letter>[A-Za-z])\s*\}?"
_ACCENTED = re.compile(r"\s*\\(?:wide)?(?:hat|tilde|bar|check)\b")
_TURNED = re.compile(r"(?:\^\s*\{?\s*(?:T|\\top|\\intercal|\\mathsf\s*T)\s*\}?|⊤|ᵀ|\.T|')[\s@*]*$")
_FILL = r"(?:\s|,|\b(?:and|are|is|be|an?|the|turns|out|to|real|square|held|kept|invertible)\b)*"
_NOT = re.compile(
    r"\b(?:not|no|nothing is|non|un|without)\b[\s*_-]*(?:necessarily\s*)?$", re.IGNORECASE
)
_OF_GRAPHS = r"(?:symmetric\s+)?(?:normali[sz]ed\s+)?(?:adjacency|laplacian)"
_WORDS = {
    SYMMETRIC: rf"{_OF_GRAPHS}|sym{{1,2}}e(?:t|tr)ic|symmetrisch|sim[eé]tric[ao]|sym[eé]trique|self-adjoint",
    POSITIVE: r"(?:symmetric,?\s*)?positive[- ](?:semi-?)?definite|\bSPD\b|covariance(?: matrix)?",
    ORTHONORMAL: r"orthogonal(?! to\b)|orthonormal(?: columns)?|unitary",
    MASK: r"(?:binary |0/1[- ])?mask|zeros and ones",
    CONSTANT: r"\bconstants?\b|\bfixed\b|independent of|\bdo(?:es)? not depend|not (?:an? )?functions? of",
    UNIT: r"unit (?:vector|norm|length)s?|normali[sz]ed",
}
_ACTIVE = re.compile(
    r"\bactive\b|argument\s*(is\s*)?(>|positive)|violated|(0|zero) otherwise|otherwise (it is |all are )?(0|zero)|"
    r"(if|when|while|where) the (max|margin|hinge)|"
    r"(if|when(ever)?|while|where|as long as) (it|this|that|the \w+) (is|stays) (strictly )?"
    r"(positive|nonzero|non-zero|not (0|zero)|(greater|larger) than (0|zero)|above (0|zero)|> ?0)",
    re.IGNORECASE,
)
_GENERAL = re.compile(
    r"(?<!in )\bgeneral\b|\barbitrary\b|\bany\b|\bsquare\b|\bnot (?:necessarily )?symmetric|\bnon-?symmetric",
    re.IGNORECASE,
)
"""Words for a matrix of which nothing else is supposed."""
_ELSE = (
    r"(?:\b(?:otherwise|else(?:where)?|sonst|sinon|si no|en otro caso|and|or|oder|und|ou|y)\b|[,;])"
)
_ONE_OR_NONE = re.compile(
    r"(?<![{_^.])(?<!\\dot )(?<!\\dot\{)"
    + (_STEM + r"(?!_\{?\d)" + _BELOW)  # x_1 = 1, x_2 = 0 are chosen
    + r"(?:\^\{?\(?\w\)?\}?)?\s*(?:=\s*1\b(?![.,]?\d)[^.;=\n]{0,80}?"
    + rf"{_ELSE}\s*(?:is\s+|it is\s+|(?:\1)(?:_\{{?\w+\}}?)?\s*=\s*)?(?:0|zero)\b(?!\.\d)"
    + r"|\\in\s*\\\{\s*0\s*,\s*1\s*\\\}|∈\s*\{\s*0\s*,\s*1\s*\})"
)
"""``M_{ij} = 1`` for some entries, "and 0 elsewhere"."""
_SIGN = re.compile(
    _NAME
    + r"(?:\^\{?\(?\w\)?\}?)?\s*(?:(?:\\in|∈)\s*\\?\{\s*(?:[-−]\s*1\s*,\s*\+?1|\+?1\s*,\s*[-−]\s*1|\\pm\s*1)\s*\\?\}"
    + r"|=\s*(?:\\pm\s*1|±\s*1|\+1\s*/\s*[-−]1))"
)
r"""``y_n \in \{-1, 1\}``: labels whose square is one."""
_MIRRORED = (
    re.compile(_NAME + r"\s*=\s*\1\s*\^\s*\{?\s*(?:\\top|\\intercal|T\b|⊤)"),
    re.compile(_STEM + r"_\{?(\w),?(?!\2)(\w)\}?\s*=\s*\1_\{?\3,?\2(?!\w)"),
)
"""``A = A^T``, ``A_{ij} = A_{ji}``."""
_REASON = re.compile(
    r"\b(?:given(?: that)?|since|because|as|recall that|note that)\s+(?:\S+\s+){0,4}$"
)
_REACH = 600
"""How many characters around an equation are looked at."""
_FAR = 4 * _REACH
"""The same for what is said of a matrix by its name, in the same section."""


def said_of(document: Document, statement: Statement, has_matrices: bool) -> list[Assumption]:
    """What the words of the same row, or of the sentences around an equation, say of names."""
    text = _plain(vicinity(document, statement))
    start = statement.span[0]
    before = document.text[max(0, start - _REACH) : start]
    found = [Assumption("", ACTIVE)] if _ACTIVE.search(text) or _ACTIVE.search(before) else []
    kinds = _WORDS if has_matrices else {k: _WORDS[k] for k in (SYMMETRIC, CONSTANT)}
    for kind, words in kinds.items():
        for match in re.finditer(words, text, re.IGNORECASE):
            if _NOT.search(text[: match.start()]):
                continue
            found += [Assumption(stem, kind) for stem in _subjects(text, match)]
    if any(a.kind == MASK and a.stem for a in found):  # "a mask m of zeros and ones"
        found = [a for a in found if a != Assumption("", MASK)]
    found += _named_before(document, statement)
    taken = {a.stem for a in found if a.kind in (SYMMETRIC, POSITIVE)}
    if "" not in taken:
        general = {s for match in _GENERAL.finditer(text) for s in _subjects(text, match)}
        found += [Assumption(stem, GENERAL) for stem in sorted(general - taken - {""})]
    mirrored = (match for pattern in _MIRRORED for match in pattern.finditer(text))
    found += [Assumption(match.group(1).lstrip("\\"), SYMMETRIC) for match in mirrored]
    return found + _activation(statement, before, text)


def _activation(statement: Statement, before: str, around: str) -> list[Assumption]:
    """ "For ReLU, ``f'(z) = …``": which function a letter stands for, where one is named; the nearest in front."""
    left = statement.members[0].expr
    if not isinstance(left, t.Apply) or left.primes + left.head.primes != 1:
        return []
    last = {
        kind: found[-1].end()
        for kind, words in ACTIVATIONS.items()
        if (found := list(re.finditer(words, before, re.IGNORECASE)))
    }
    named = (
        [max(last, key=last.__getitem__)]
        if last
        else [k for k, words in ACTIVATIONS.items() if re.search(words, around, re.IGNORECASE)]
    )
    return [Assumption(stem_of(left.head), named[0])] if len(named) == 1 else []


def square(prose: str, words: str = "") -> set[str]:
    """The names that are called symmetric somewhere: they have as many rows as columns."""
    text, found = _plain(prose), set[str]()
    for match in re.finditer(
        words or f"{_WORDS[SYMMETRIC]}|{_WORDS[POSITIVE]}", text, re.IGNORECASE
    ):
        if not _NOT.search(text[: match.start()]):
            found |= {stem for stem in _subjects(text, match) if stem[:1].isupper()}
    return found


def of_graphs(prose: str) -> list[Assumption]:
    """Matrices of graphs, which are symmetric wherever they stand."""
    return [Assumption(stem, SYMMETRIC) for stem in sorted(square(prose, _OF_GRAPHS))]


def _named_before(document: Document, statement: Statement) -> list[Assumption]:
    """What was said a little earlier in the same section of a matrix by its name, or a little later as a reason."""
    region = document.regions[statement.region]
    if region.cell is not None:
        return []  # each row of a table has its own conditions
    section = document.sections[region.section]
    start = statement.span[0]
    text = _plain(document.text[max(section.span[0], start - _FAR) : start])
    found = []
    for kind in (SYMMETRIC, POSITIVE, CONSTANT):
        for match in re.finditer(_WORDS[kind], text, re.IGNORECASE):
            if not _NOT.search(text[: match.start()]):
                found += [Assumption(stem, kind) for stem in _subjects(text, match) if stem]
    later = _plain(document.text[statement.span[1] : min(section.span[1], start + _FAR)])
    for match in re.finditer(_WORDS[SYMMETRIC], later, re.IGNORECASE):
        if _REASON.search(later[: match.start()]):
            found += [Assumption(stem, SYMMETRIC) for stem in _subjects(later, match) if stem]
    return found


def _subjects(text: str, match: re.Match[str]) -> list[str]:
    """The names that a property is said of; all matrices where it is none."""
    before = re.search(_NAME + _FILL + r"$", text[: match.start()])
    accented = re.search(_MARKED + _FILL + r"$", text[: match.start()])
    if any(b and _TURNED.search(text[: b.start()]) for b in (before, accented)):
        return []  # XᵀX is symmetric, and nothing is said of X
    after = re.match(r"\s*(?:matri(?:x|ces)\s*|multiplier\s*)?" + _NAME, text[match.end() :])
    apart = before and after and re.search(r",\s*an?\s*$", before.group()) is not None
    if before and before.group(1) != "a" and not apart:  # "a symmetric matrix", "a row x, a mask m"
        return [before.group(1).lstrip("\\")]
    if after and after.group(1) not in ("a", "I"):
        return [after.group(1).lstrip("\\")]
    if marked := _marked(text, match, accented):
        return [marked]
    if _ACCENTED.match(text, match.end()):
        return []  # unit vectors û: u itself is none
    return [""]


def _marked(text: str, match: re.Match[str], found: re.Match[str] | None) -> str | None:
    """``A.hat`` of "a symmetric normalised matrix Â" and of "Â is symmetric", where it was ``found`` in front."""
    words = r"[\s,]*(?:(?:normali[sz]ed|adjacency|graph|real|square|and)\s+)*matri(?:x|ces)\s*"
    found = found or re.match(words + _MARKED, text[match.end() :])
    return f"{found['letter']}.{found['accent']}" if found else None


def vicinity(document: Document, statement: Statement) -> str:
    """The row of the table, or the text around an equation up to the sentences it belongs to."""
    text = document.text
    start, end = statement.span
    if document.regions[statement.region].cell is not None:
        return text[text.rfind("\n", 0, start) + 1 : _line_end(text, end)]
    first = max(_last_break(text, start), start - _REACH)
    return text[first : min(_next_break(text, end), end + _REACH)]


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found


def _last_break(text: str, at: int) -> int:
    """Where the paragraph before a displayed equation begins."""
    head = text[:at].rstrip("\n $[\\")
    found = head.rfind("\n\n")
    return max(found, 0)


def _next_break(text: str, at: int) -> int:
    """Where the paragraph behind an equation ends."""
    found = text.find("\n\n", at + 8)
    found = text.find("\n\n", found + 2) if found >= 0 else -1
    return len(text) if found < 0 else found


def _plain(text: str) -> str:
    """Words and names without what sets their type."""
    before = ""
    while before != text:
        before, text = text, _MARKUP.sub(r"\1", text)
    return re.sub(r"\$|\\[()\[\]]|\*\*|`|\\(?:boldsymbol|mathbf|bm)(?=\s*\\)", "", text)


# ── equations that say it ───────────────────────────────────────────────────────────────────────


def constraint_of(world: World, statement: Statement) -> Assumption | None:
    """``UᵀU = I``, ``uᵀu = 1``, ``‖u‖ = 1``, ``A = Aᵀ`` for an open name."""
    members = statement.members
    if len(members) != 2 or members[1].relation not in ("=", "equiv"):
        return None
    left, right = members[0].expr, members[1].expr
    if left is None or right is None:
        return None
    stem = _of_gram(left, right) or _of_norm(left, right)
    if stem is not None:
        return Assumption(stem, ORTHONORMAL) if _is_open(world, stem) else None
    stem = _of_square(left, right)
    if stem is not None:
        return Assumption(stem, MASK) if _is_open(world, stem) else None
    stem = _of_mirror(left, right)
    return Assumption(stem, SYMMETRIC) if stem is not None and _is_open(world, stem) else None


def _is_open(world: World, stem: str) -> bool:
    return not any(not d.numeric for d in world.definitions.get(stem, ()))


def _of_gram(left: t.Expr, right: t.Expr) -> str | None:
    one = isinstance(right, t.Number) and right.text == "1"
    if not one and not (isinstance(right, t.Symbol) and right.base == "I"):
        return None
    left = unwrapped(left)
    if not isinstance(left, t.Product) or len(left.factors) != 2:
        return None
    first, second = (unwrapped(f) for f in left.factors)
    if not isinstance(first, t.Symbol) or not isinstance(second, t.Symbol):
        return None
    turned = [any(s.kind == "transpose" for s in x.scripts) for x in (first, second)]
    return stem_of(first) if turned == [True, False] and _alike(first, second) else None


def _alike(a: t.Symbol, b: t.Symbol) -> bool:
    return stem_of(a) == stem_of(b) and [str(x) for x in _labels(a)] == [str(x) for x in _labels(b)]


def _labels(symbol: t.Symbol) -> Iterator[str]:
    for part in symbol.subscripts:
        yield getattr(part, "text", getattr(part, "base", "?"))


def _of_norm(left: t.Expr, right: t.Expr) -> str | None:
    if not (isinstance(right, t.Number) and right.text == "1"):
        return None
    if isinstance(left, t.Group) and left.kind in ("norm", "|") and len(left.items) == 1:
        inner = left.items[0]
        return stem_of(inner) if isinstance(inner, t.Symbol) else None
    return None


def _of_square(left: t.Expr, right: t.Expr) -> str | None:
    """``M ∘ M = M``"""
    if not isinstance(left, t.Product) or left.operators != ("odot",):
        return None
    names = (*left.factors, right)
    if not all(isinstance(x, t.Symbol) and not x.scripts for x in names):
        return None
    stems = {stem_of(x) for x in names if isinstance(x, t.Symbol)}
    return stems.pop() if len(stems) == 1 else None


def _of_mirror(left: t.Expr, right: t.Expr) -> str | None:
    for a, b in ((left, right), (right, left)):
        if isinstance(a, t.Symbol) and isinstance(b, t.Symbol) and _alike(a, b):
            if not a.scripts and [s.kind for s in b.scripts] == ["transpose"]:
                return stem_of(a)
    return None


def constraints(
    world: World, statements: Sequence[Statement], document: Document
) -> list[Assumption]:
    """All properties that equations of a problem give to its names, and the masks of the document."""
    found = [constraint_of(world, statement) for statement in statements]
    told = {m.group(1).lstrip("\\") for m in _ONE_OR_NONE.finditer(_plain(document.text))}
    masks = [Assumption(stem, MASK) for stem in sorted(told) if _is_open(world, stem)]
    signed = {m.group(1).lstrip("\\") for m in _SIGN.finditer(_plain(document.text))}
    masks += [Assumption(stem, SIGNS) for stem in sorted(signed - told) if _is_open(world, stem)]
    mirrored = [Assumption(stem, SYMMETRIC) for stem in sorted(set(_mirrored(statements)))]
    return [*(a for a in found if a is not None), *masks, *mirrored, *_congruent(statements)]


def _mirrored(statements: Sequence[Statement]) -> Iterator[str]:
    """Names of matrices whose numbers are the same on both sides of the diagonal."""
    for statement in statements:
        if len(statement.members) != 2 or statement.members[1].relation != "=":
            continue
        name, value = (m.expr for m in statement.members)
        if not isinstance(name, t.Symbol) or name.scripts or name.subscripts:
            continue  # of W_1 nothing follows for W_2
        if not isinstance(value, t.Matrix):
            continue
        size = len(value.rows)
        if size < 2 or any(len(row) != size for row in value.rows) or not is_plain(value):
            continue
        pairs = ((n, m) for n in range(size) for m in range(n))
        if all(same_tree(value.rows[n][m], value.rows[m][n]) for n, m in pairs):
            yield stem_of(name)


def _congruent(statements: Sequence[Statement]) -> list[Assumption]:
    """``H P Hᵀ + R`` with a matrix H is what becomes of a covariance P, or of a metric: they are symmetric.

    Not where something is differentiated by H, or where the document writes Pᵀ: there P is any matrix.
    """
    parts = [p for s in statements for m in s.members if m.expr is not None for p in t.walk(m.expr)]
    varied = {
        stem_of(x)
        for p in parts
        if isinstance(p, t.Derivative)
        for by in p.wrt
        for x in t.walk(by)
        if isinstance(x, t.Symbol)
    }
    turned = {stem_of(p) for p in parts if isinstance(p, t.Symbol) and _is_turned(p)}
    found = set()
    for part in parts:
        terms = part.terms if isinstance(part, t.Sum) else (part,)
        middles = {m for term in terms for m in _middles(term, varied)}
        if middles:
            found |= middles | {stem_of(x) for x in terms if _is_matrix(x)}
    return [Assumption(stem, SYMMETRIC) for stem in sorted(found - turned)]


def _middles(tree: t.Expr | t.Script, varied: Collection[str]) -> Iterator[str]:
    factors = tree.factors if isinstance(tree, t.Product) else ()
    for a, middle, b in zip(factors, factors[1:], factors[2:], strict=False):
        if _is_matrix(a) and _is_matrix(middle) and _is_matrix(b):
            if stem_of(a) == stem_of(b) not in varied and _is_turned(a) != _is_turned(b):
                yield stem_of(middle)


def _is_matrix(tree: t.Expr | t.Script) -> TypeGuard[t.Symbol]:
    return isinstance(tree, t.Symbol) and tree.base[:1].isupper()


def _is_turned(name: t.Symbol) -> bool:
    return any(script.kind == "transpose" for script in name.scripts)


__all__ = ["constraint_of", "constraints", "said_of", "vicinity"]
