r"""Names as keys: ``\hat{y}^{(i)}_k`` with i = 2 and k = 1 is the name ``y.hat`` of example 2, entry 1.

A symbol's scripts are sorted into marks that belong to its name (layers, examples, ``new``), indices, and
operations on it (powers, transposes).  Letters that stand for numbers are looked up in an environment.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from dvar.core.letters import GREEK
from dvar.read.worksheet import tree as t

Index: TypeAlias = "int | str"
Mark: TypeAlias = "tuple[str, Index]"
Bindings: TypeAlias = "Mapping[str, int]"

_STAR_LIKE = frozenset({"*", "+", "-", "new", "old", "prime", "next", "prev"})
_WORDY = 3  # a run of so many letters is a word, not indices, unless all of them are index letters
LAST_LAYER = "L"


@dataclass(frozen=True, slots=True)
class Key:
    """The name of one quantity.

    Attributes:
        stem: letters and accents: ``w``, ``y.hat``, ``net``.
        marks: superscripts that belong to the name: kind and value.
        indices: subscripts: numbers, or labels such as ``h1``.
    """

    stem: str
    marks: tuple[Mark, ...] = ()
    indices: tuple[Index, ...] = ()

    def __str__(self) -> str:
        base, *accents = self.stem.split(".")
        shown = "".join([base, *accents])
        for kind, value in self.marks:
            shown += {"p": f"^({value})", "b": f"^[{value}]"}.get(kind, f"^{value}")
        if self.indices:
            shown += "_" + ",".join(map(str, self.indices))
        return shown


@dataclass(frozen=True, slots=True)
class Choice:
    """An index that is itself the value of a name, such as a class: any number of a run will do.

    Attributes:
        start, size: of the run.
        given: numbers that the document gives, for the indices of the name.
    """

    start: int
    size: int
    given: Mapping[tuple[int, ...], int] = field(default_factory=dict)

    def number(self, base: str, indices: Sequence[int] = ()) -> int:
        at = tuple(indices)
        if at in self.given:
            return self.given[at]
        return self.start + (1 + sum(2 * i + n for n, i in enumerate(at))) % max(1, self.size)


@dataclass
class Spelling:
    """How one document writes indices and marks, found by ``survey``.

    Attributes:
        letters: letters that stand for whole numbers where they are scripts.
        layered: stems whose plain superscript is a layer, not a power.
        labelled: stems whose plain superscript tells one name from another: ``b^h_1`` and ``b^y_1``.
        squared: stems whose square is a name of its own (``\\sigma^2``), with what stands above.
        last_layer: what ``L`` as a script stands for.
        numbers: names that stand for a fixed number where they are indices: the last time, the last layer.
        chosen: names whose value is an index: the class of an example.
        runs: stems with several index letters in one subscript, and how many: ``w_{ij}``, ``w_{2ij}``.
        has_euler: whether ``e`` is Euler's number: it is raised to a power somewhere.
    """

    letters: set[str] = field(default_factory=set)
    layered: set[str] = field(default_factory=set)
    labelled: set[str] = field(default_factory=set)
    squared: set[str] = field(default_factory=set)
    last_layer: int = 3
    numbers: Mapping[str, int] = field(default_factory=dict)
    chosen: Mapping[str, Choice] = field(default_factory=dict)
    runs: Mapping[str, Collection[int]] = field(default_factory=dict)
    has_euler: bool = False


@dataclass(frozen=True, slots=True)
class Name:
    """A symbol sorted: its key, and what is done to it."""

    key: Key
    operations: tuple[t.Script, ...]
    primes: int


def unwrapped(tree: t.Expr) -> t.Expr:
    """What plain brackets hold; norms and absolute values are more than brackets."""
    while (
        isinstance(tree, t.Group)
        and tree.kind in ("(", "[", "{")
        and len(tree.items) == 1
        and not (tree.scripts or tree.subscripts or tree.primes)
    ):
        tree = tree.items[0]
    return tree


def arguments(args: Sequence[t.Expr]) -> tuple[t.Expr, ...]:
    """The arguments of ``p(a | s, t)``, whatever stands between them."""
    found: list[t.Expr] = []
    for arg in args:
        bar = isinstance(arg, t.Relation) and set(arg.relations) == {"mid"}
        found += arg.members if bar and isinstance(arg, t.Relation) else (arg,)
    return tuple(found)


def stem_of(symbol: t.Symbol) -> str:
    accents = tuple(a for a in symbol.accents if a != "vec")
    return ".".join([symbol.base, *accents])


def worded_stem(symbol: t.Symbol) -> str:
    """The stem of a symbol with the word that tells it from others of that stem: ``L_{KL}`` is another loss than ``L``."""
    words = [s.text for s in symbol.subscripts if isinstance(s, t.Label) and s.text.isalpha()]
    words = [w for w in words if len(w) > 1]
    return "_".join([stem_of(symbol), *words])


def sort(symbol: t.Symbol, spelling: Spelling, env: Bindings) -> Name:
    """The key of a symbol and the operations on it."""
    stem = stem_of(symbol)
    indices = tuple(i for part in symbol.subscripts for i in entry_of(stem, part, spelling, env))
    marks: list[Mark] = []
    operations: list[t.Script] = []
    for script in symbol.scripts:
        mark = _mark(stem, script, spelling, env)
        if mark is None:
            operations.append(script)
        else:
            marks.append(mark)
    return Name(Key(stem, tuple(marks), indices), tuple(operations), symbol.primes)


def _mark(stem: str, script: t.Script, spelling: Spelling, env: Bindings) -> Mark | None:
    value = script.value
    if script.kind == "transpose" or value is None:
        return None
    if script.kind == "mark":
        return ("m", value.text if isinstance(value, t.Label) else "?")
    if script.kind in ("paren", "bracket"):
        found = indices_of(value, spelling, env)
        if not found:
            return None
        joined: Index = found[0] if len(found) == 1 else ",".join(map(str, found))
        return (script.kind[0], joined)
    if isinstance(value, t.Label) and (value.is_text or value.text in _STAR_LIKE):
        return ("m", value.text)
    if isinstance(value, t.Symbol) and _is_word(value) and stem != "e":
        return ("m", value.base)  # \hat\beta^{ridge}
    if stem in spelling.labelled and isinstance(value, t.Symbol) and len(value.base) == 1:
        return ("m", value.base)
    if stem in spelling.layered and _is_index(value, spelling):
        found = indices_of(value, spelling, env)
        if found:
            return ("l", found[0])
    if stem in spelling.squared and _whole(value) == 2:
        return ("^", 2)
    return None


def _is_word(value: t.Symbol) -> bool:
    """Whether a superscript is too long for a letter: it tells one version from another."""
    long = len(value.base) > _WORDY and value.base.isalpha() and value.base not in GREEK
    return long and not (value.subscripts or value.scripts or value.accents)


def _whole(value: t.Expr) -> int | None:
    if isinstance(value, t.Number) and value.is_whole:
        return int(value.value)
    if isinstance(value, t.Label) and value.text.isdigit():
        return int(value.text)
    return None


def _is_index(value: t.Expr, spelling: Spelling) -> bool:
    if _whole(value) is not None:
        return True
    known = spelling.letters | spelling.numbers.keys() | {LAST_LAYER}
    return any(letter in known for letter in letters_in(value))


def letters_in(expr: t.Expr) -> list[str]:
    """Single letters in a script: ``l`` of ``l - 1``, ``i`` and ``j`` of ``ij``."""
    found: list[str] = []
    for part in t.walk(expr):
        if isinstance(part, t.Symbol) and len(part.base) == 1:
            found.append(part.base)
        elif isinstance(part, t.Label) and not part.is_text:
            text = part.text
            found.extend(text if text.isalpha() else behind_numbers(text))
    return found


def behind_numbers(text: str) -> str:
    """``ij`` of ``2ij``: in the second layer from j to i; nothing of ``h1``, which is a label."""
    letters = text.lstrip("0123456789")
    return letters if letters != text and letters.isalpha() else ""


def entry_of(stem: str, sub: t.Expr, spelling: Spelling, env: Bindings) -> tuple[Index, ...]:
    """What a subscript of a name says: of ``w_{21}`` beside ``w_{ij}`` two numbers, of ``x_{12}`` one."""
    text = sub.text if isinstance(sub, t.Label) else ""
    if text.isdigit() and len(text) in spelling.runs.get(stem, ()):
        return tuple(map(int, text))
    return indices_of(sub, spelling, env)


def indices_of(expr: t.Expr, spelling: Spelling, env: Bindings) -> tuple[Index, ...]:
    """What a script says: numbers where its letters are bound, labels otherwise."""
    if isinstance(expr, t.Label):
        return _label(expr, spelling, env)
    if isinstance(expr, t.Number):
        return (int(expr.value),) if expr.is_whole else (expr.text,)
    if t.is_bracketed(expr):
        return indices_of(expr.items[0], spelling, env)
    apart = isinstance(expr, t.Product) and any(isinstance(f, t.Group) for f in expr.factors)
    value = None if apart else number_of(expr, spelling, env)  # δ_{(i)j} has two indices
    if value is not None:
        return (value,)
    if isinstance(expr, t.Product):
        return tuple(i for factor in expr.factors for i in indices_of(factor, spelling, env))
    if isinstance(expr, t.Symbol):
        return (_plain(expr, spelling, env),)
    if isinstance(expr, t.Text):
        return (expr.text.strip(),)
    return ("?",)


def _plain(symbol: t.Symbol, spelling: Spelling, env: Bindings) -> str:
    parts = [stem_of(symbol)]
    for sub in symbol.subscripts:
        parts += [str(i) for i in indices_of(sub, spelling, env)]
    return "_".join(parts)


def _label(label: t.Label, spelling: Spelling, env: Bindings) -> tuple[Index, ...]:
    text = label.text
    if text.isdigit():
        return (int(text),)
    if label.is_text or not text.isalpha():
        if text.isalnum() and not label.is_text and set(filter(str.isalpha, text)) <= env.keys():
            return tuple(env[c] if c.isalpha() else int(c) for c in text)
        return (text,)
    if text in spelling.numbers:
        return (spelling.numbers[text],)
    known = [_letter_number(c, spelling, env) for c in text]
    if all(n is not None for n in known):
        return tuple(n for n in known if n is not None)
    if len(text) == 1 and text == LAST_LAYER and text in spelling.letters:
        return (spelling.last_layer,)
    return (text,)


def _product(found: Sequence[Index]) -> int | None:
    """``si`` of ``x_{si+k}`` is s times i."""
    value = 1
    for part in found:
        if not isinstance(part, int):
            return None
        value *= part
    return value


def _letter_number(letter: str, spelling: Spelling, env: Bindings) -> int | None:
    if letter in env:
        return env[letter]
    if letter in spelling.chosen:
        return spelling.chosen[letter].number(letter)
    return None


def _named_number(symbol: t.Symbol, spelling: Spelling, env: Bindings) -> int | None:
    """The last index by its name, or the value of a name that is an index: ``n_l``, ``y_i``."""
    name = size_name(symbol)
    if (
        name is not None
        and name in spelling.numbers
        and not (symbol.base in env and name == symbol.base)
    ):
        return spelling.numbers[name]
    choice = spelling.chosen.get(symbol.base)
    if choice is None:
        return None
    scripts = [*symbol.subscripts, *(s.value for s in symbol.scripts if s.value is not None)]
    found = [i for part in scripts for i in indices_of(part, spelling, env)]
    if any(not isinstance(i, int) for i in found):
        return None
    return choice.number(symbol.base, [int(i) for i in found])


def size_name(tree: t.Expr) -> str | None:
    """How the name of a size is written, scripts and all."""
    if isinstance(tree, t.Symbol):
        subs = "".join(
            p.text if isinstance(p, t.Label) else size_name(p) or "" for p in tree.subscripts
        )
        marks = "".join(
            str(s.value.text) for s in tree.scripts if isinstance(s.value, (t.Label, t.Number))
        )
        return tree.base + subs + marks
    if isinstance(tree, t.Label):
        return tree.text
    return None


def number_of(expr: t.Expr, spelling: Spelling, env: Bindings) -> int | None:  # noqa: C901
    """The whole number an index expression stands for: ``l - 1`` with l = 2 is 1; None if it is none."""
    match expr:
        case t.Number():
            return int(expr.value) if expr.is_whole else None
        case t.Label():
            return _product(_label(expr, spelling, env))
        case t.Symbol(base=base, subscripts=(), scripts=()):
            if base in env:
                return env[base]
            if (named := _named_number(expr, spelling, env)) is not None:
                return named
            return spelling.last_layer if base == LAST_LAYER and base in spelling.letters else None
        case t.Symbol():
            named = _named_number(expr, spelling, env)
            return env.get(size_name(expr) or "") if named is None else named
        case t.Negative():
            inner = number_of(expr.operand, spelling, env)
            return None if inner is None else -inner
        case t.Group(kind="(" | "[" | "{", items=(item,), scripts=()):
            return number_of(item, spelling, env)
        case t.Sum():
            parts = [number_of(term, spelling, env) for term in expr.terms]
            if any(p is None for p in parts) or 0 in expr.signs:
                return None
            return sum(s * p for s, p in zip(expr.signs, parts, strict=True) if p is not None)
        case t.Product():
            value = 1
            for factor in expr.factors:
                part = number_of(factor, spelling, env)
                if part is None:
                    return None
                value *= part
            return value
    return None


def general(key: Key, letters: Collection[str] = (), counted: bool = True) -> Key:
    """The name that stands for all layers and examples of a family.

    Args:
        letters: index letters, which stand for any member.
        counted: whether a member with a number, ``W^{(1)}``, is one of many as well.
    """
    marks = tuple((kind, _any(kind, value, letters, counted)) for kind, value in key.marks)
    return Key(key.stem, marks, key.indices)


def family_of(key: Key) -> Key:
    """The name that stands for all vectors of a family: ``u_*``."""
    return Key(key.stem, key.marks, ("*",) * len(key.indices))


def collected(symbol: t.Symbol, spelling: Spelling) -> Key:
    """The name of what is collected in steps: all entries together where it has index letters."""
    key = sort(symbol, spelling, {}).key
    one = sort(symbol, spelling, dict.fromkeys(spelling.letters, 1)).key
    every = all(isinstance(s, t.Label) for s in symbol.subscripts) and not symbol.scripts
    return family_of(one) if every and one != key else key


def _any(kind: str, value: Index, letters: Collection[str], counted: bool) -> Index:
    counts = counted and isinstance(value, int) and kind != "^"
    return "*" if counts or value in letters or value == "?" else value


def exact(stem: str, indices: Sequence[Index] = ()) -> Key:
    return Key(stem, (), tuple(indices))
