"""How large everything is before anything is computed: shapes of inputs, and the range of each index.

An index letter bound in one place and the axes it runs over are one *range*; ranges that meet at an
axis are the same.  Its size is what is declared, else the upper limit of a sum, else the number given,
else a name: ``m`` for examples.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from dvar.core.dims import Dim, Shape, Size, bind, show
from dvar.core.errors import ShapeError
from dvar.read import syntax as s
from dvar.read.build.scope import Definition, Program
from dvar.read.steps import Step, run
from dvar.read.syntax import Expr, base_of, canonical, children, walk

Key: TypeAlias = "tuple[str, Any, Any]"
Env: TypeAlias = "dict[str, Key]"


def long_axis(shape: Shape) -> int | None:
    """The axis of a column or a row along which its elements lie."""
    long = [a for a, size in enumerate(shape) if size != 1]
    return long[0] if len(shape) == 2 and len(long) == 1 else None


class Extents:
    """Shapes of inputs and sizes of index ranges.

    Attributes:
        arrays: canonical name → declared or given shape (examples included), of what has one.
        pinned: named sizes that the text gives a number and no array shows.
        dims: named sizes, canonical → Dim.
    """

    def __init__(self, program: Program, made: Mapping[str, Shape] | None = None) -> None:
        """``made``: shapes of definitions, where these are known already."""
        self.program = program
        self._made = made or {}
        self.arrays: dict[str, Shape] = {}
        self.pinned: dict[str, int] = {}
        self.dims: dict[str, Dim] = {}
        self._parent: dict[Key, Key] = {}
        self._limits: dict[Key, list[s.Sum]] = {}
        self._ranks: dict[str, int] = {}
        self._sizes: dict[Key, Size] = {}
        self._exampled: set[Key] = set()
        self._letters: dict[Key, str] = {}
        self._pin()
        for name, shape in program.declared.items():
            if name not in program.letters or name in program.used:
                self.arrays[name] = tuple(self.size(e) for e in shape)
        self._find_ranges()
        self._settle()
        self._check_values()

    # ── sizes as written ────────────────────────────────────────────────────────────────────────

    def size(self, expr: Expr) -> Size:
        """A size as written: a number, a name, or sums and products of them."""
        size: Size = run(self._size(expr))
        return size

    def _size(self, expr: Expr) -> Step[Size]:
        match expr:
            case s.Number() if isinstance(expr.value, int):
                return expr.value
            case s.Name():
                return self.dim(expr.name)
            case s.Binary() if expr.operator in ("+", "-", "*", "juxt", "cdot"):
                left: Size = yield self._size(expr.left)
                right: Size = yield self._size(expr.right)
                if expr.operator == "+":
                    return left + right
                return left - right if expr.operator == "-" else left * right
        raise self.program.error(
            f"{self.program.places.written(expr.span)} is no size",
            expr.span,
            "a whole number, a name, or sums and products of them",
        )

    def dim(self, spelled: str) -> Size:
        name = canonical(spelled)
        if name in self.pinned:
            return self.pinned[name]
        if name not in self.dims:
            self.dims[name] = Dim(
                self.program.shown(name) if name in self.program.spelling else spelled
            )
            self.program.spelling.setdefault(name, spelled)
        return self.dims[name]

    def _pin(self) -> None:
        """Sizes the text gives (``m = 2``): a number where no array shows them, else to be checked."""
        program = self.program
        shown = {
            canonical(part.name)
            for name, shape in program.declared.items()
            if program.has_number(name)
            for part in shape
            if isinstance(part, s.Name)
        }
        parts = [p for shape in program.declared.values() for e in shape for p in walk(e)]
        for part in parts:
            name = canonical(part.name) if isinstance(part, s.Name) else ""
            if name in program.given and name not in shown and name not in program.values:
                self.pinned[name] = self._whole(part, program.given[name])

    def _whole(self, expr: Expr, number: Any) -> int:
        if np.ndim(number) or number != int(number) or number < 0:
            raise self.program.error(
                f"{self.program.places.written(expr.span)} is a size, so it cannot be {number}",
                expr.span,
            )
        return int(number)

    # ── ranges ──────────────────────────────────────────────────────────────────────────────────

    def _root(self, key: Key) -> Key:
        while self._parent.setdefault(key, key) != key:
            self._parent[key] = self._parent[self._parent[key]]
            key = self._parent[key]
        return key

    def _same(self, a: Key, b: Key) -> None:
        self._parent[self._root(a)] = self._root(b)

    def _find_ranges(self) -> None:
        for definition in self.program.computed():
            define, name = definition.define, definition.names[0]
            env: Env = {}
            for k, letter in enumerate(define.indices):
                env[letter] = ("axis", name, k)
                self._letters[self._root(env[letter])] = letter
            stack: list[tuple[Expr, Env]] = [(define.value, env)]
            while stack:
                expr, inner = stack.pop()
                stack += [(x, inner) for x in self._visit(expr, inner)]
                if isinstance(expr, s.Sum):
                    key: Key = ("sum", id(expr), "")
                    self._letters[self._root(key)] = expr.index
                    if expr.high is not None:
                        self._limits.setdefault(key, []).append(expr)
                    stack.append((expr.body, {**inner, expr.index: key}))

    def _visit(self, expr: Expr, env: Env) -> list[Expr]:
        """Note the ranges of one expression; what is to be visited in the same surroundings."""
        if isinstance(expr, s.Sum):
            return []
        if isinstance(expr, s.Component):
            base, letters, example = base_of(expr)
            if isinstance(base, s.Name):
                self._component(self._stored(canonical(base.name)), letters, example, env)
            return [base]
        return children(expr)

    def _stored(self, name: str) -> str:
        """An alias under the name its definition is stored by."""
        definition = self.program.definitions.get(name)
        return definition.names[0] if definition else name

    def _component(self, name: str, letters: tuple[str, ...], example: bool, env: Env) -> None:
        for k, letter in enumerate(letters):
            key = env.get(letter, ("free", letter, ""))
            self._letters.setdefault(self._root(key), letter)
            self._same(("axis", name, k), key)
            if example and k == 0:
                self._exampled.add(key)
        rank = max(self._ranks.get(name, 0), len(letters))
        self._ranks[name] = rank

    def _full(self, name: str) -> Shape | None:
        """A declared shape with the axis of examples, whose size may be open (0)."""
        shape = self.arrays.get(name)
        if shape is None or name not in self.program.examples:
            return shape
        return (0, *shape)

    def _settle(self) -> None:
        """Give every range its size."""
        classes: dict[Key, list[Key]] = {}
        for key in list(self._parent):
            classes.setdefault(self._root(key), []).append(key)
        open_: list[list[Key]] = []
        for root, keys in classes.items():
            size = self._declared_size(keys)
            size = self._limit_size(keys) if size is None else size
            if size is None:
                open_.append(keys)
            else:
                self._sizes[root] = size
        for keys in sorted(open_, key=lambda keys: not self._exampled & set(keys)):
            self._sizes[self._root(keys[0])] = self._default_size(keys)
        for name in [*self._ranks]:
            self._complete(name)

    def _declared_size(self, keys: list[Key]) -> Size | None:
        found: tuple[Size, str] | None = None
        for kind, name, k in keys:
            shape = self._full(name) if kind == "axis" else None
            if name in self.program.definitions:
                shape = self._made.get(name) if kind == "axis" else None
            if shape is None:
                continue
            long = long_axis(shape) if self._ranks.get(name) == 1 else None
            axis = k if long is None else long
            if axis >= len(shape) or (axis == 0 and name in self.program.examples):
                continue
            if found is not None and found[0] != shape[axis]:
                raise self._disagree(found, (shape[axis], name), keys)
            found = found or (shape[axis], name)
        return found[0] if found else None

    def _disagree(self, a: tuple[Size, str], b: tuple[Size, str], keys: list[Key]) -> ShapeError:
        letter = next((self._letters[k] for k in keys if k in self._letters), "the index")
        shown, shapes = self.program.shown, {**self._made, **self.arrays}
        return ShapeError(
            f"{letter} runs over {a[0]} in {shown(a[1])} {show(shapes[a[1]])} "
            f"but over {b[0]} in {shown(b[1])} {show(shapes[b[1]])}",
            source=self.program.places.source(self.program.spans.get(b[1], (0, 0))),
        )

    def _limit_size(self, keys: list[Key]) -> Size | None:
        """From ``sum_{i=1}^{m}``, or from a range ``i = 0..4``."""
        for key in keys:
            letter = self._letters.get(key)
            declared = self.program.declared.get(letter) if letter else None
            if declared is not None and letter not in self.program.used and len(declared) == 1:
                return self.size(declared[0])
        sizes = [self.range_size(sum_) for key in keys for sum_ in self._limits.get(key, ())]
        named = [x for x in sizes if isinstance(x, Dim)]
        numbers = [x for x in sizes if isinstance(x, int)]
        if named:
            return named[0]
        return max(numbers) if numbers and self._number_size(keys) is None else None

    def range_size(self, expr: s.Sum) -> Size | None:
        """``high - low + 1``; None where a limit is missing or no size."""
        if expr.high is None or self.program.letters & _names(expr.high):
            return None
        low: Size = 1
        if expr.low is not None:
            if not isinstance(expr.low, s.Number) or not isinstance(expr.low.value, int):
                return None
            low = expr.low.value
        return self.size(expr.high) - low + 1

    def _number_size(self, keys: list[Key]) -> int | None:
        """From an array that came without a declaration."""
        for kind, name, k in keys:
            if kind == "axis" and self.program.has_number(name) and name not in self.arrays:
                shape = np.shape(self.program.number_of(name))
                long = long_axis(shape) if self._ranks.get(name) == 1 else None
                axis = k if long is None else long
                if axis < len(shape):
                    return int(shape[axis])
        return None

    def _default_size(self, keys: list[Key]) -> Size:
        program = self.program
        free = [
            n
            for n in ("m", "n", "N")
            if n in program.used and not program.is_known(n) and n not in self.dims
        ]
        is_example = bool(self._exampled & set(keys))
        if is_example and (not free or free[0] == "m"):
            return (
                self.dims.get("m") or self.dim("m")
                if not program.is_known("m")
                else self._fresh(keys)
            )
        number = self._number_size(keys)
        if free:
            return self.dim(free[0])
        return number if number is not None else self._fresh(keys)

    def _fresh(self, keys: list[Key]) -> Size:
        number = self._number_size(keys)
        if number is not None:
            return number
        letter = next((self._letters[k] for k in keys if k in self._letters), "i")
        taken = set(self.dims) | set(self.program.spelling)
        names = ["m" if self._exampled & set(keys) else "n", f"n_{letter}"]
        return self.dim(next((n for n in names if n not in taken), f"size_{letter}"))

    def _complete(self, name: str) -> None:
        """The whole shape of something with an index."""
        program = self.program
        if name in program.definitions:
            return
        first = self._sizes.get(self._root(("axis", name, 0)))
        if name in program.examples and first is not None:
            self.arrays[name] = (first, *self.arrays.get(name, self._rest(name)))
        elif name not in self.arrays:
            sizes = [self._sizes[self._root(("axis", name, k))] for k in range(self._ranks[name])]
            given = np.shape(program.number_of(name)) if program.has_number(name) else ()
            long = long_axis(given) if len(sizes) == 1 else None
            if long is not None:
                self.arrays[name] = (1, sizes[0]) if long else (sizes[0], 1)
            else:
                self.arrays[name] = (*sizes, *given[len(sizes) :])

    def _rest(self, name: str) -> Shape:
        """The axes of one example of an undeclared input."""
        if self._ranks[name] > 1:
            ranks = range(1, self._ranks[name])
            return tuple(self._sizes[self._root(("axis", name, k))] for k in ranks)
        given = np.shape(self.program.number_of(name)) if self.program.has_number(name) else ()
        return given[1:]

    def sum_size(self, expr: s.Sum) -> Size | None:
        """The size of the range of a sum."""
        return self._sizes.get(self._root(("sum", id(expr), "")))

    def index_size(self, definition: Definition, k: int) -> Size | None:
        """The size of the k-th index of a definition."""
        return self._sizes.get(self._root(("axis", definition.names[0], k)))

    @property
    def vectors(self) -> dict[str, Shape]:
        """Everything known to be a vector, a column or a row."""
        program = self.program
        shapes = {n: self.shape(n) for n in (*program.given, *program.values, *self.arrays)}
        for name in program.examples:
            if name in shapes:
                shapes[name] = shapes[name][1:]
        return {n: x for n, x in shapes.items() if len(x) == 1 or long_axis(x) is not None}

    # ── inputs ──────────────────────────────────────────────────────────────────────────────────

    def shape(self, name: str) -> Shape:
        """The shape of an input: declared, that of its number, or scalar."""
        if name in self.arrays:
            return self.arrays[name]
        return np.shape(self.program.number_of(name)) if self.program.has_number(name) else ()

    def _check_values(self) -> None:
        """Numbers must have the declared shapes, and the sizes given by name must agree."""
        program = self.program
        sizes: dict[str, int] = {}
        for name in self.dims:
            if program.has_number(name):
                expr = s.Name(name, program.spans.get(name, (0, 0)))
                sizes[str(self.dims[name])] = self._whole(expr, program.number_of(name))
        for name, shape in self.arrays.items():
            if program.has_number(name) and name not in program.definitions:
                try:
                    actual = np.shape(program.number_of(name))
                    bind(program.shown(name), shape, actual, sizes)
                except ShapeError as error:
                    if error.source is None and name in program.given:
                        error.source = program.places.source(program.spans[name])
                    raise


def _names(expr: Expr) -> set[str]:
    return {part.name for part in walk(expr) if isinstance(part, s.Name)}
