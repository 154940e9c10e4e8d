"""What a program defines, declares and is given, and in which order its definitions can be made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dvar.core.errors import FormulaError
from dvar.read import syntax as s
from dvar.read.build.literals import literal
from dvar.read.syntax import (
    CONSTANTS,
    Declare,
    Define,
    Expr,
    Span,
    Statement,
    base_of,
    canonical,
    walk,
)
from dvar.read.where import Places

LITERAL_NAMES = frozenset({"True", "False", "None", "newaxis", "..."})


@dataclass(frozen=True, eq=False)
class Definition:
    """One computed definition; ``names`` are canonical, the first is the one it is stored under."""

    names: tuple[str, ...]
    define: Define
    uses: frozenset[str]

    @property
    def span(self) -> Span:
        return self.define.span


@dataclass
class Program:
    """Keys are canonical names.

    Attributes:
        places: the text.
        definitions: name → computed definition; aliases are several names for one.
        given: name → number or array in the text.
        values: name → number or array from the caller.
        declared: name → sizes as written.
        spelling: name → as the user first wrote it.
        spans: name → where it first stands.
        used: names that occur in expressions.
        letters: index letters.
        examples: name → letter of the examples its values carry.
        indexed: names that occur with an index.
        single: definitions of one number for one example, whatever axes of one element it has.
        notes: remarks for the person.
        closures: definition → all it depends on, as far as it was asked for.
    """

    places: Places
    definitions: dict[str, Definition] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    declared: dict[str, tuple[Expr, ...]] = field(default_factory=dict)
    spelling: dict[str, str] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    letters: set[str] = field(default_factory=set)
    examples: dict[str, str] = field(default_factory=dict)
    indexed: set[str] = field(default_factory=set)
    single: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    closures: dict[str, frozenset[str]] = field(default_factory=dict)

    def note(self, remark: str) -> None:
        if remark not in self.notes:
            self.notes.append(remark)

    def shown(self, name: str) -> str:
        return self.spelling.get(name, name)

    def error(self, message: str, span: Span, hint: str | None = None) -> FormulaError:
        return FormulaError(message, source=self.places.source(span), hint=hint)

    def is_known(self, name: str) -> bool:
        """Whether a name stands for something of its own, so that it is no element of an array."""
        return name in self.definitions or self.has_number(name) or name in self.declared

    def has_number(self, name: str) -> bool:
        return name in self.given or name in self.values

    def number_of(self, name: str) -> Any:
        """The number given for a name; the caller's goes before the text's."""
        return self.values[name] if name in self.values else self.given[name]

    def computed(self) -> list[Definition]:
        """Every definition once, in the order of the text."""
        return list(dict.fromkeys(self.definitions.values()))


def collect(statements: Sequence[Statement], places: Places) -> Program:
    """Sort the statements into a program.

    Raises:
        FormulaError: a name is defined or declared twice.
    """
    program = Program(places)
    lefts = [name for x in statements if isinstance(x, Define) for name in x.names]
    bare = _bare_names({canonical(name) for name in lefts})
    for statement in statements:
        _see_names(program, statement)
    for statement in statements:
        if isinstance(statement, Declare):
            _declare(program, statement)
        elif not _names_an_upstream(program, statement, lefts):
            _define(program, statement, bare)
    return program


def _bare_names(taken: set[str]) -> Iterator[str]:
    for name in ("f", "out"):
        if name not in taken:
            yield name
    n = 2
    while True:
        if f"out{n}" not in taken:
            yield f"out{n}"
        n += 1


def _spell(program: Program, name: str, span: Span) -> str:
    key = canonical(name)
    if key not in program.spelling:
        program.spelling[key], program.spans[key] = name, span
    return key


def _see_names(program: Program, statement: Statement) -> None:
    """First spellings, index letters, and which names carry an index."""
    if isinstance(statement, Declare):
        for name in statement.names:
            _spell(program, name, statement.span)
        return
    found = sorted(walk(statement.value), key=lambda x: x.span[0])
    for name in (*statement.names, *statement.parameters):
        _spell(program, name, statement.span)
    program.letters |= set(statement.indices)
    for expr in found:
        if isinstance(expr, s.Name) and expr.name not in LITERAL_NAMES:
            program.used.add(_spell(program, expr.name, expr.span))
        elif isinstance(expr, s.Sum):
            program.letters.add(expr.index)
        elif isinstance(expr, s.Index) and isinstance(expr.operand, s.Name):
            program.indexed.add(canonical(expr.operand.name))
        elif isinstance(expr, s.Component):
            _see_component(program, expr)


def _see_component(program: Program, expr: s.Component) -> None:
    base, letters, example = base_of(expr)
    program.letters |= set(letters)
    if isinstance(base, s.Name):
        name = canonical(base.name)
        program.indexed.add(name)
        if example:
            program.examples.setdefault(name, letters[0])


def _declare(program: Program, declare: Declare) -> None:
    for spelled in declare.names:
        name = canonical(spelled)
        stem, underscore, letter = spelled.rpartition("_")
        if underscore and letter in program.letters and canonical(stem) in program.indexed:
            name = _spell(program, stem, declare.span)  # x_i: (n,) is the shape of one example
            program.examples[name] = letter
        known = program.declared.get(name)
        if known is not None and [_bones(e) for e in known] != [_bones(e) for e in declare.shape]:
            raise program.error(
                f"{spelled} is declared twice, with two shapes", declare.span, "one of them"
            )
        program.declared[name] = declare.shape


def _bones(expr: Expr) -> list[Any]:
    """A size without its place."""
    parts: list[Any] = []
    for part in walk(expr):
        parts += [type(part), getattr(part, "value", ""), getattr(part, "name", "")]
        parts.append(getattr(part, "operator", ""))
    return parts


def _names_an_upstream(program: Program, define: Define, lefts: Sequence[str]) -> bool:
    """``g = dL/dF`` gives the gradient a name; nothing is computed."""
    value = define.value
    if not isinstance(value, s.Binary) or value.operator != "/" or not define.names:
        return False
    below = base_of(value.right)[0] if isinstance(value.right, s.Component) else value.right
    if not isinstance(value.left, s.Name) or not isinstance(below, s.Name):
        return False
    names = (value.left.name, below.name)
    known = {canonical(name) for name in lefts}
    known |= {name.rstrip("0123456789") for name in known}  # F stands for F1 and F2
    stem = below.name[1:]
    of = {canonical(stem), canonical(stem.rpartition("_")[0] or stem)}
    if any(name[:1] != "d" or canonical(name) in known for name in names) or not of & known:
        return False
    written = program.places.written(value.span)
    program.note(
        f"{define.names[0]} = {written} names a gradient; it is no part of the computation"
    )
    for name in names:
        program.used.discard(canonical(name))
    return True


def _define(program: Program, define: Define, bare: Iterator[str]) -> None:
    names = define.names or (next(bare),)
    keys = tuple(_spell(program, name, define.span) for name in names)
    for name, key in zip(names, keys, strict=True):
        if key in program.definitions or key in program.given:
            raise _twice(program, name, key, define)
    number = None
    if define.names and not define.indices and not define.parameters:
        number = literal(define.value, program.places)
    if number is not None:
        program.given |= dict.fromkeys(keys, number)
        return
    definition = Definition(keys, define, _uses(define))
    for key in keys:
        program.definitions[key] = definition


def _twice(program: Program, name: str, key: str, define: Define) -> FormulaError:
    first = program.places.line(program.spans[key])
    if key in program.definitions:
        first = program.places.line(program.definitions[key].span)
    second = program.places.line(define.span)
    where = f"on lines {first} and {second}" if first != second else f"twice on line {first}"
    again = key in _uses(define)
    return program.error(
        f"{name} is defined {where}",
        define.span,
        f"another name: {name}_new = …; = defines here, it does not change"
        if again
        else "two names",
    )


def _uses(define: Define) -> frozenset[str]:
    names: set[str] = set()
    for expr in walk(define.value):
        if isinstance(expr, s.Name):
            names.add(canonical(expr.name))
        elif isinstance(expr, s.Call):
            names.add(canonical(expr.function))
    return frozenset(names - LITERAL_NAMES)


def element(program: Program, name: str, arrays: Mapping[str, Any]) -> tuple[str, int] | None:
    """``x0`` → (x, 0) where x is an array and x0 is nothing of its own."""
    if program.is_known(name) or name in CONSTANTS:
        return None
    digits = len(name) - len(name.rstrip("0123456789"))
    base = name[: len(name) - digits]
    if not digits or not base or digits > 9 or base not in arrays:
        return None
    return base, int(name[-digits:])


def spell_by_elements(program: Program, name: str, spelled: str) -> bool:
    """Give x a place where the text has only its elements, ``x0`` and ``x4``; whether it has any."""
    parts = [n for n in program.used if n.startswith(name) and n[len(name) :].isdigit()]
    spans = [program.spans[n] for n in parts if not program.is_known(n)]
    if spans:
        program.spelling.setdefault(name, spelled)
        program.spans.setdefault(name, min(spans))
    return bool(spans)


def in_order(program: Program, arrays: Mapping[str, Any]) -> list[Definition]:
    """Definitions, each after those it uses.

    Raises:
        FormulaError: a loop, named.
    """
    order: list[Definition] = []
    done: set[Definition] = set()
    for root in program.computed():
        path: dict[Definition, Iterator[Definition]] = {}
        if root not in done:
            path[root] = iter(_needs(program, root, arrays))
        while path:
            top = next(reversed(path))
            below = next(path[top], None)
            if below is None:
                del path[top]
                done.add(top)
                order.append(top)
            elif below in path:
                raise _loop(program, list(path), below)
            elif below not in done:
                path[below] = iter(_needs(program, below, arrays))
    return order


def _needs(program: Program, definition: Definition, arrays: Mapping[str, Any]) -> list[Definition]:
    found: dict[Definition, None] = {}
    for name in sorted(definition.uses):
        if name in definition.define.parameters and name not in program.definitions:
            continue
        part = element(program, name, arrays)
        other = program.definitions.get(part[0] if part else name)
        if other is not None:
            found[other] = None
    return list(found)


def _loop(program: Program, path: list[Definition], back: Definition) -> FormulaError:
    loop = [d.names[0] for d in path[path.index(back) :]]
    if len(loop) == 1:
        name = program.shown(loop[0])
        return program.error(
            f"{name} is defined by itself",
            back.span,
            f"another name on the left: {name}_new = …; = defines here, it does not change",
        )
    names = " → ".join(program.shown(name) for name in [*loop, loop[0]])
    return program.error(f"the definitions go round in a circle: {names}", back.span)


def closure(program: Program, name: str) -> frozenset[str]:
    """Every name a definition depends on, itself included."""
    seen: set[str] = set()
    stack = [name]
    while stack:
        top = stack.pop()
        if top not in seen:
            seen.add(top)
            stem = top.rstrip("0123456789")
            if stem and stem != top and not program.is_known(top):
                stack.append(stem)
            if top in program.definitions:
                stack.extend(program.definitions[top].uses)
    return frozenset(seen)


def add_values(program: Program, values: Mapping[str, Any] | None) -> None:
    """Numbers from the caller, of the names that occur."""
    for spelled, value in (values or {}).items():
        name = canonical(spelled)
        if name in program.definitions or isinstance(value, str) or value is None:
            continue
        if name not in program.spelling and name not in program.letters:
            has_place = np.ndim(value) and spell_by_elements(program, name, spelled)
            if not has_place:
                continue
        try:
            program.values[name] = value if np.ndim(value) == 0 else np.asarray(value)
        except ValueError:
            raise FormulaError(f"the rows of {spelled} have different lengths") from None
