"""What is known of a node beside its type: its value, where it was written, its name, its gradient.

Variables of a trace have keys of their own, so a node stands for one number only and its value can be
kept with it.  Nested traces therefore need no bookkeeping: an outer node in an inner graph is a node.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import CodeType, FrameType

import numpy as np

from dvar.core.collecting import rarely_collected
from dvar.core.errors import DtypeError, MissingValue, Source, TraceError
from dvar.core.node import Node, topological
from dvar.core.op import SIZE, VARIABLE, Array, Linear, Op
from dvar.engine.reference import apply

Place = tuple[CodeType, int]  # code, instruction

_OURS = (str(Path(__file__).parents[2]), str(Path(np.__file__).parent))


class NotAPosition(DtypeError, TraceError):
    """An argument is used as an index and is not made of whole numbers.

    Attributes:
        name: of the argument.
    """

    def __init__(self, name: str, source: Source | None) -> None:
        super().__init__(
            f"{name} is not a position: an index is a whole number",
            source=source,
            hint=f'{name}.astype(int), or dvar.Shape(5, dtype="int64") where it has no numbers',
        )
        self.name = name


class LostDerivative(TraceError):
    """A traced number would become a plain one unnoticed."""


class Fact:
    """What is known of one node; None for what is not.

    Attributes:
        value: its numbers, once somebody has asked for them.
        is_due: whether it has numbers that nobody has asked for yet.
        place: where it was written.
        name: what the user calls it.
        grad: what ``backward`` left there.
        is_alone: whether nobody has this array but the function that it is given to.
    """

    __slots__ = ("grad", "is_alone", "is_due", "name", "place", "value")

    def __init__(self, value: Array | None, place: Place | None, is_due: bool = False) -> None:
        self.value = value
        self.is_due, self.is_alone = is_due, False
        self.place = place
        self.name: str | None = None
        self.grad: Array | None = None


def fact(node: Node) -> Fact:
    """The fact of a node that was admitted."""
    found: Fact = node.known
    return found


def known(node: Node) -> bool:
    """Whether a node was admitted."""
    return node.known is not None


def known_value(node: Node) -> Array | None:
    found: Fact | None = node.known
    if found is None:
        return None
    if found.is_due:
        evaluate([node])
    return found.value


def place_of(node: Node) -> Place | None:
    found: Fact | None = node.known
    return None if found is None else found.place


def learn(node: Node, value: Array | None, place: Place | None = None) -> Fact:
    """Admit a leaf with the value it has."""
    new = node.known = Fact(value, place)
    return new


# ── values ──────────────────────────────────────────────────────────────────────────────────────


def admit_gate(node: Node) -> None:
    """``admit`` for the result of a row on admitted operands, two calls away from the user: nearly always a single
    number that waits, or that nobody knows."""
    if not node.shape and not node.params and _is_gate(node.op):
        has_numbers = True
        for x in node.inputs:
            found: Fact | None = x.known
            if found is None:
                break
            has_numbers = has_numbers and (found.is_due or found.value is not None)
        else:
            frame: FrameType | None = sys._getframe(3)
            while frame is not None and _is_our_file(frame.f_code.co_filename):
                frame = frame.f_back
            node.known = Fact(
                None, None if frame is None else (frame.f_code, frame.f_lasti), has_numbers
            )
            return
    admit(node, here())


@lru_cache(maxsize=1024)
def _is_gate(op: Op) -> bool:
    return op.is_elementwise


def admit(root: Node, place: Place | None = None) -> Fact:
    """Compute every new node under ``root`` that has all its numbers, and note where it was written.

    Single numbers wait until somebody asks: computing one at a time costs more than all of them in a row.
    """
    stack: list[Node] = [root]
    while stack:
        node = stack[-1]
        if node.known is not None:
            stack.pop()
            continue
        is_ready = has_numbers = True
        for x in reversed(node.inputs):
            found: Fact | None = x.known
            if found is None:
                is_ready = False
                stack.append(x)
            elif found.value is None and not found.is_due:
                has_numbers = False
        if not is_ready:
            continue
        stack.pop()
        if not has_numbers:
            node.known = Fact(None, place)
        elif not node.shape and not node.params and node.inputs and node.op.is_elementwise:
            node.known = Fact(None, place, is_due=True)
        else:
            with np.errstate(all="ignore"):
                operands = [array for array in map(known_value, node.inputs) if array is not None]
                node.known = Fact(_compute(node, operands), place)
    return fact(root)


def admit_unknown(root: Node) -> None:
    """``admit`` for a node alone, if it needs a number that nobody knows: then it has none, whatever lies beneath it.

    Of a gradient that is compiled and not looked at, tens of thousands of nodes need no more than that.
    """
    stack, seen = [root], {root}
    while stack:
        found: Fact | None = (node := stack.pop()).known
        if found is None:
            new = [x for x in node.inputs if x not in seen]
            seen.update(new)
            stack += new
        elif found.value is None and not found.is_due:
            root.known = root.known or Fact(None, here())
            return


def evaluate(
    roots: Sequence[Node],
    given: Mapping[Node, Array] | None = None,
    order: Sequence[Node] | None = None,
) -> list[Array]:
    """The values of nodes whose variables have values; ``given`` for those that have none.

    What is known already is not computed again; what is computed is kept where a trace waits for it.
    ``order`` is what lies beneath the roots, operands first, where that is known.

    Raises:
        MissingValue: a variable without a value.
    """
    env: dict[Node, Array] = dict(given or {})
    without: Node | None = None
    with rarely_collected(), np.errstate(all="ignore"):
        for node in topological(roots, _HasValue(env)) if order is None else order:
            if node in env:
                continue
            found: Fact | None = node.known
            if found is not None and found.value is not None:
                env[node] = found.value
                continue
            try:
                operands = [env[x] for x in node.inputs]
            except KeyError:
                continue
            value = _compute(node, operands) if node.params else apply(node, operands, {})
            if value is None:
                without = without or node
                continue
            env[node] = value
            if found is not None and found.is_due:
                found.value, found.is_due = value, False
    if without is not None and any(root not in env for root in roots):
        raise MissingValue(f"{without!r} has no value")
    return [env[root] for root in roots]


class _HasValue:
    """The nodes whose numbers are there already."""

    def __init__(self, env: Mapping[Node, Array]) -> None:
        self._env = env

    def __contains__(self, node: object) -> bool:
        assert isinstance(node, Node)
        found: Fact | None = node.known
        return (found is not None and found.value is not None) or node in self._env


def _compute(node: Node, operands: Sequence[Array]) -> Array | None:
    if node.op is VARIABLE or node.op is SIZE:
        return None
    try:
        return apply(node, operands, {})
    except MissingValue:  # a parameter holds a named size
        return None


# ── replacing ───────────────────────────────────────────────────────────────────────────────────

# Another name for an outer value inside a nested trace: what is differentiated there is this node and
# not the outer one, which may occur in the same graph by a closure.
ALIAS = Op(
    "alias", "... -> ...", lambda x, key: x, Linear(lambda g, x, key: (g,)), source="identity"
)


def replace(
    roots: Sequence[Node], by: Mapping[Node, Node], order: Sequence[Node] | None = None
) -> list[Node]:
    """The roots with some nodes replaced by others of the same type and value; facts go along.

    ``order`` is what lies beneath the roots and above the replaced ones, operands first, where that is known.
    """
    new: dict[Node, Node] = dict(by)
    with rarely_collected():
        for node in topological(roots, set(by)) if order is None else order:
            if node not in new:
                new[node] = _rebuilt(node, tuple([new[x] for x in node.inputs]))
    return [new[root] for root in roots]


def _rebuilt(node: Node, inputs: tuple[Node, ...]) -> Node:
    if inputs == node.inputs:
        return node
    rebuilt = Node.make(node.op, inputs, node.params, node.shape, node.dtype)
    old: Fact | None = node.known
    if old is not None and rebuilt.known is None:
        copy = learn(rebuilt, known_value(node), old.place)
        copy.name = old.name
    return rebuilt


def without_aliases(roots: Sequence[Node], order: Sequence[Node] | None = None) -> list[Node]:
    """The roots with every alias replaced by what it stands for."""
    aliases = [node for node in order or topological(roots) if node.op is ALIAS]
    by: dict[Node, Node] = {}
    for alias in aliases:  # operands first, so what an alias stands for is already free of them
        by[alias] = replace(alias.inputs, by)[0]
    return replace(roots, by) if by else list(roots)


# ── places ──────────────────────────────────────────────────────────────────────────────────────


def is_ours(code: CodeType) -> bool:
    """Whether code belongs to dvar or NumPy, not to the user."""
    return _is_our_file(code.co_filename)


@lru_cache(maxsize=1024)
def _is_our_file(name: str) -> bool:
    return name.startswith(_OURS)


def user_frame() -> FrameType | None:
    """The innermost frame of the user's code."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _is_our_file(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def here() -> Place | None:
    """Where the user's code stands."""
    frame = user_frame()
    return None if frame is None else (frame.f_code, frame.f_lasti)


def source_here() -> Source | None:
    """The line at which the user's code stands; None where there is no text, as at a prompt."""
    place = here()
    source = None if place is None else source_at(place)
    return source if source is not None and source.text else None


def source_at(place: Place) -> Source:
    """The line of a place, with the span of the expression."""
    import linecache

    code, instruction = place
    first, last, start, stop = _positions(code)[instruction // 2]
    line = first or code.co_firstlineno
    text = linecache.getline(code.co_filename, line).rstrip("\n")
    column, length = 0, max(1, len(text))
    if start is not None and stop is not None:
        # Python counts bytes, people count characters.
        column = len(text.encode()[:start].decode(errors="replace"))
        end = len(text.encode()[:stop].decode(errors="replace")) if last == line else len(text)
        length = max(1, end - column)
    indent = len(text) - len(text.lstrip())
    return Source(
        text=text.strip(),
        line=line,
        column=max(0, column - indent),
        length=min(length, max(1, len(text.strip()) - max(0, column - indent))),
        file=_short(code.co_filename),
    )


@lru_cache(maxsize=16)
def _positions(code: CodeType) -> list[tuple[int | None, ...]]:
    """First and last line and column of every instruction."""
    return list(code.co_positions())


def _short(file: str) -> str:
    """A path as seen from here."""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file
