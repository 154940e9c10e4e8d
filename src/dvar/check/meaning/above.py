"""Labels above names: ``b^h`` beside ``b^y``, ``W^{hx}`` beside ``W^{hh}``, where no power is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from dvar.check.meaning.keys import LAST_LAYER, stem_of
from dvar.check.meaning.letters import USUAL, parts, spelling_of
from dvar.core.letters import GREEK
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import in_members

BESIDE = 2
"""So many labels of a name that are no indices make labels of the others."""


def labels_above(statements: Sequence[Statement]) -> list[Statement]:
    r"""``b^h = …`` and ``b^y = …``: nobody defines powers of one name, h and y tell two biases apart.

    So nobody differentiates by ``a_k^π`` and ``a_k^μ``, ``z^S``, or ``W^{hx}`` and ``W^{hh}``, or stacks ``W^f`` and
    ``W^o``, where these are powers.
    """
    above: dict[str, set[str]] = {}
    names = [s.members[0].expr for s in statements if len(s.members) > 1]
    names = [x for x in names if len(label_above(x)) == 1 or {"_", "~"} & set(label_above(x))]
    by = [w for p in parts(statements) if isinstance(p, t.Derivative) for w in p.wrt]
    capitals = {stem_of(w) for w in by if isinstance(w, t.Symbol) and _is_capital(label_above(w))}
    names += by
    names += [x for p in parts(statements) if isinstance(p, t.Matrix) for r in p.rows for x in r]
    everywhere = [p for p in parts(statements) if label_above(p)]
    if not everywhere:
        return list(statements)
    known = spelling_of(statements)
    names += [p for p in everywhere if isinstance(p, t.Symbol) and stem_of(p) in known.labelled]
    for name in names:
        if isinstance(name, t.Symbol) and (label := label_above(name)):
            above.setdefault(stem_of(name), set()).add(label)
    above = {
        stem: labels
        for stem, found in above.items()
        if len(labels := {x for x in found if not _may_be_indices(x, known.letters)}) >= BESIDE
        or (stem in capitals and labels)
        if stem not in known.layered
    }

    def change(part: t.Expr) -> t.Expr | None:
        labels = above.get(stem_of(part)) if isinstance(part, t.Symbol) else None
        if not labels or not isinstance(part, t.Symbol):
            return None
        label = label_above(part)
        if label not in labels and not {",", "_", "~"} & set(label):
            return None
        (script,) = part.scripts
        word = t.Label(label, script.span, True)
        if part.subscripts:  # a^u_t is one of a_{u,t}, of which each step has its own
            below = (_as_word(sub, above) for sub in part.subscripts)
            return replace(part, subscripts=(word, *below), scripts=())
        return replace(part, scripts=(replace(script, kind="mark", value=word),))

    return [in_members(s, change) for s in statements] if above else list(statements)


def _as_word(sub: t.Expr, above: Collection[str]) -> t.Expr:
    """``δ^h_{a,t}`` is the error of ``a^h_t``: that a is no index."""
    return replace(sub, is_text=True) if isinstance(sub, t.Label) and sub.text in above else sub


def _may_be_indices(label: str, letters: AbstractSet[str]) -> bool:
    """Whether ``A^{ij}`` may be an entry; a run with a usual index in it is no label."""
    if label in GREEK or len(label) == 1:
        return label in letters
    return not (letters | USUAL | {*"lmn"}).isdisjoint(label)


def _is_capital(letter: str) -> bool:
    return letter.isupper() and letter not in (LAST_LAYER, "T", "N", "K", "M", "D")


def label_above(name: t.Expr | t.Script | None) -> str:
    r"""What stands above a name like a power and may be a label: ``h``, ``hx``, ``a_f``, ``\tilde c``, ``h,\text{new}``."""
    if not isinstance(name, t.Symbol) or len(name.scripts) != 1 or name.base == "e":
        return ""
    return _as_label(name.scripts[0].value) if name.scripts[0].kind == "plain" else ""


def _as_label(value: t.Expr | None) -> str:
    match value:
        case t.Symbol(base=base, scripts=(), primes=0) if len(base) == 1 or base in GREEK:
            below = "".join(f"_{_as_label(x)}" for x in value.subscripts)
            return "~" * len(value.accents) + base + below
        case t.Product() if not any(value.operators):
            found = [_as_label(x) for x in value.factors]
            return "".join(found) if all(len(x) == 1 for x in found) else ""
        case t.Group(kind="tuple"):
            found = [_as_label(x) for x in value.items]
            return ",".join(found) if all(found) and any(len(x) > 1 for x in found) else ""
        case t.Label() | t.Text():
            return value.text
    return ""
