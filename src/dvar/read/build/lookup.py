"""What a name stands for: a definition, an input, a size, an element of an array, a constant."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

import numpy as np

from dvar.core.dims import Size, show
from dvar.core.errors import FormulaError, ShapeError
from dvar.core.op import VARIABLE, constant, size_of
from dvar.ops import TABLE
from dvar.read import syntax as s
from dvar.read.build import calls
from dvar.read.build.extents import long_axis
from dvar.read.build.functions import lookup as find_row
from dvar.read.build.functions import signature
from dvar.read.build.indices import Value
from dvar.read.build.scope import LITERAL_NAMES, Program, closure, element
from dvar.read.steps import Step
from dvar.read.syntax import Expr, canonical, walk

if TYPE_CHECKING:
    from dvar.read.build.evaluate import Evaluator

_CONSTANTS = {"pi": np.pi, "e": np.e, "inf": np.inf, "nan": np.nan}


def name(e: Evaluator, expr: s.Name) -> Step[Value]:
    """The value of a name."""
    key = canonical(expr.name)
    for frame in reversed(e.frames):
        if key in frame.overrides:
            return frame.overrides[key]
    if key in e.program.definitions:
        value: Value = yield defined(e, key)
        return value if key in e.carries else Value(value.node)
    value = yield undefined(e, key, expr)
    return value


def defined(e: Evaluator, key: str) -> Step[Value]:
    """A definition, made anew where a function is called with other arguments."""
    definition = e.program.definitions[key]
    stored = definition.names[0]
    if e.frames:
        frame = e.frames[-1]
        if not frame.overrides.keys().isdisjoint(depends(e.program, stored)):
            if stored not in frame.made:
                value: Value = yield e.body(definition)
                frame.made[stored] = value
            return frame.made[stored]
    if stored not in e.made:
        frames, e.frames = e.frames, []
        yield e.define(definition)
        e.frames = frames
    return e.made[stored]


def depends(program: Program, key: str) -> frozenset[str]:
    """Every name a definition depends on, itself included."""
    if key not in program.closures:
        program.closures[key] = closure(program, key)
    return program.closures[key]


def undefined(e: Evaluator, key: str, expr: s.Name) -> Step[Value]:
    """An input, or what a name without definition means."""
    program, extents = e.program, e.extents
    if expr.name in LITERAL_NAMES:
        if expr.name in ("True", "False"):
            return Value(constant(expr.name == "True"))
        raise FormulaError(f"{expr.name} stands where a quantity is expected")
    if key in extents.dims or key in extents.pinned:
        e.sized.add(key)
        return Value(size_of(extents.dim(expr.name)))
    if program.is_known(key) or key in extents.arrays:
        return e.input(key)
    if part := element(program, key, extents.vectors):
        value: Value = yield _element(e, expr, *part)
        return value
    for letter, size, low in reversed(e.bound):
        if letter == expr.name and size is not None:
            places = TABLE["arange"](size)
            return Value(places + low if low else places, (letter,))
    if key in _CONSTANTS:
        return Value(constant(_CONSTANTS[key]))
    _check_not_a_function(e, expr)
    if key not in e.inputs:
        _note_near(e, key)
    return e.input(key)


def _element(e: Evaluator, expr: s.Name, base: str, k: int) -> Step[Value]:
    """``x0`` of an array x."""
    whole: Value = yield name(e, s.Name(base, expr.span))
    shape = whole.event
    long = long_axis(shape)
    size = shape[0 if long is None else long]
    from_one = _counts_from_one(e.program, base, size)
    k -= from_one
    if isinstance(size, int) and k >= size:
        shown = e.program.shown(base)
        raise ShapeError(
            f"{expr.name} would be element {k} of {shown}, which is {show(shape)}",
            hint=f"elements are counted from 0: {shown}0 to {shown}{size - 1}",
        )
    counted = ", counted from 1" if from_one else ""
    e.program.note(f"{expr.name} is read as {e.program.shown(base)}[{k}]{counted}")
    place = (k,) if long is None else (0, k) if long else (k, 0)
    lead = (slice(None),) * len(whole.letters)
    return Value(TABLE["getitem"](whole.node, (*lead, *place)), whole.letters)


def _counts_from_one(program: Program, base: str, size: Size) -> bool:
    """Whether the elements are x1 to xn, without an x0."""
    places = {
        int(other[len(base) :])
        for other in program.used
        if other.startswith(base) and other[len(base) :].isdigit()
    }
    return size in places and 0 not in places


def _check_not_a_function(e: Evaluator, expr: s.Name) -> None:
    row = find_row(expr.name) if len(expr.name) > 1 else None
    if row is None or not row.is_elementwise or expr.name not in (row.name, *row.aliases):
        return
    if len(signature(row).parameters) == 1:
        raise FormulaError(f"{expr.name} is a function", hint=f"{expr.name}(…) with its argument")


def _note_near(e: Evaluator, key: str) -> None:
    """A name that is nearly another one is perhaps a slip of the pen."""
    shown = e.program.shown(key)
    for other in e.program.definitions:
        known = e.program.shown(other)
        same = known.lower() == shown.lower() and len(shown) > 1
        if same or (len(shown) > 3 and _one_letter_off(shown, known)):
            e.program.note(f"{shown} is an input; {known} is another name, defined here")


def _one_letter_off(a: str, b: str) -> bool:
    if abs(len(a) - len(b)) > 1 or any(c.isdigit() or c == "_" for c in a + b):
        return False
    blocks = SequenceMatcher(None, a, b).get_matching_blocks()
    return a != b and sum(block.size for block in blocks) >= max(len(a), len(b)) - 1


def is_euler(e: Evaluator, expr: Expr) -> bool:
    """Whether an expression is Euler's number: ``e`` where nothing else is called so."""
    return isinstance(expr, s.Name) and expr.name == "e" and not _means_something(e, "e")


def _means_something(e: Evaluator, key: str) -> bool:
    overridden = any(key in frame.overrides for frame in e.frames)
    return overridden or e.program.is_known(key) or key in e.extents.arrays or key in e.extents.dims


# ── shapes that nobody declared ─────────────────────────────────────────────────────────────────


def is_undeclared(e: Evaluator, key: str) -> bool:
    """Whether a name is an input that is a scalar only because nothing says otherwise."""
    return (
        key in e.inputs
        and not e.inputs[key].shape
        and key not in e.program.declared
        and not e.program.has_number(key)
    )


def rests_on_undeclared(e: Evaluator, expr: Expr) -> bool:
    """Whether an expression is a scalar perhaps only because nothing says what it is made of."""
    names = {canonical(x.name) for x in walk(expr) if isinstance(x, s.Name)}
    under = {below for name in names for below in depends(e.program, name)}
    return any(is_undeclared(e, name) for name in under)


def how_to_declare(spelled: str) -> str:
    return f'{spelled}: (a, b) in the text, or --shape "{spelled}=(a, b)"'


def needs_shape(e: Evaluator, expr: Expr, value: Value, what: str) -> ShapeError:
    """The error for a scalar where an array is needed."""
    written = e.program.places.written(expr.span)
    source = e.program.places.source(expr.span)
    key = canonical(str(value.node.param("name"))) if value.node.op is VARIABLE else ""
    if key and key not in e.program.declared and not e.program.has_number(key):
        return ShapeError(
            f"{what} needs an array, but nothing says which shape {written} has",
            source=source,
            hint=how_to_declare(written if value.letters else e.program.shown(key)),
        )
    each = " for every index" if value.letters else ""
    hint = "* multiplies by a scalar" if what == "@" else None
    return ShapeError(
        f"{what} needs an array, but {written} is a scalar{each}", source=source, hint=hint
    )


def integers(program: Program) -> frozenset[str]:
    """Inputs that are used as positions: whole numbers."""
    found: set[str] = set()
    for definition in program.computed():
        for expr in walk(definition.define.value):
            if isinstance(expr, s.Index):
                found |= {canonical(i.name) for i in expr.items if isinstance(i, s.Name)}
            elif isinstance(expr, s.Call) and (row := find_row(expr.function)):
                found |= {canonical(name) for name in calls.positions(row, expr)}
    return frozenset(name for name in found if _is_whole(program, name))


def _is_whole(program: Program, name: str) -> bool:
    """Whether nothing speaks against whole numbers."""
    if not program.has_number(name):
        return True
    number = np.asarray(program.number_of(name))
    return bool(np.all(np.floor(number) == number))
