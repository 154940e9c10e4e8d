"""What is known of a node beside its type: its value, where it was written, its name, its gradient.

Variables of a trace have keys of their own, so a node stands for one number only and its value can be
kept with it.  Nested traces therefore need no bookkeeping: an outer node in an inner graph is a node.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import CodeType, FrameType
from weakref import WeakKeyDictionary

import numpy as np

from dvar.core.errors import MissingValue, Source
from dvar.core.node import Node, topological
from dvar.core.op import SIZE, VARIABLE, Array, Linear, Op
from dvar.engine.reference import apply

Place = tuple[CodeType, int, int]  # code, instruction, line

_OURS = (str(Path(__file__).parents[2]), str(Path(np.__file__).parent))


class Fact:
    """What is known of one node; None for what is not."""

    __slots__ = ("grad", "name", "place", "value")

    def __init__(self, value: Array | None, place: Place | None) -> None:
        self.value = value
        self.place = place
        self.name: str | None = None
        self.grad: Array | None = None


_facts: WeakKeyDictionary[Node, Fact] = WeakKeyDictionary()


def fact(node: Node) -> Fact:
    """The fact of a node that was admitted."""
    return _facts[node]


def known(node: Node) -> bool:
    """Whether a node was admitted."""
    return node in _facts


def known_value(node: Node) -> Array | None:
    found = _facts.get(node)
    return None if found is None else found.value


def place_of(node: Node) -> Place | None:
    found = _facts.get(node)
    return None if found is None else found.place


def learn(node: Node, value: Array | None, place: Place | None = None) -> Fact:
    """Admit a leaf with the value it has."""
    new = Fact(value, place)
    _facts[node] = new
    return new


# ── values ──────────────────────────────────────────────────────────────────────────────────────


def admit(root: Node, place: Place | None = None) -> Fact:
    """Compute every new node under ``root`` that has all its numbers, and note where it was written."""
    found = _facts.get(root)
    if found is not None:
        return found
    for node in _missing([root], _facts.__contains__):
        value = _compute(node, [known_value(x) for x in node.inputs])
        _facts[node] = Fact(value, place)
    return _facts[root]


def evaluate(roots: Sequence[Node], given: Mapping[Node, Array] | None = None) -> list[Array]:
    """The values of nodes whose variables have values; ``given`` for those that have none.

    What is known already is not computed again; what is computed is not kept.

    Raises:
        MissingValue: a variable without a value.
    """
    env: dict[Node, Array] = dict(given or {})

    def is_known(node: Node) -> bool:
        if node not in env:
            value = known_value(node)
            if value is None:
                return False
            env[node] = value
        return True

    for node in _missing(roots, is_known):
        value = _compute(node, [env[x] for x in node.inputs])
        if value is None:
            raise MissingValue(f"{node!r} has no value")
        env[node] = value
    return [env[root] for root in roots]


def _missing(roots: Sequence[Node], is_known: Callable[[Node], bool]) -> list[Node]:
    """The unknown nodes under the roots, operands first."""
    order: list[Node] = []
    seen: set[Node] = set()
    stack = list(reversed(roots))
    while stack:
        node = stack[-1]
        if node in seen or is_known(node):
            stack.pop()
            continue
        new = [x for x in node.inputs if x not in seen and not is_known(x)]
        if new:
            stack += reversed(new)
            continue
        stack.pop()
        seen.add(node)
        order.append(node)
    return order


def _compute(node: Node, operands: Sequence[Array | None]) -> Array | None:
    if node.op is VARIABLE or node.op is SIZE:
        return None
    present = [x for x in operands if x is not None]
    if len(present) < len(operands):
        return None
    try:
        with np.errstate(all="ignore"):
            return apply(node, present, {})
    except MissingValue:  # a parameter holds a named size
        return None


# ── replacing ───────────────────────────────────────────────────────────────────────────────────

# Another name for an outer value inside a nested trace: what is differentiated there is this node and
# not the outer one, which may occur in the same graph by a closure.
ALIAS = Op(
    "alias", "... -> ...", lambda x, key: x, Linear(lambda g, x, key: (g,)), source="identity"
)


def replace(roots: Sequence[Node], by: Mapping[Node, Node]) -> list[Node]:
    """The roots with some nodes replaced by others of the same type and value; facts go along."""
    new: dict[Node, Node] = dict(by)
    for node in topological(roots, set(by)):
        if node not in new:
            new[node] = _rebuilt(node, tuple(new[x] for x in node.inputs))
    return [new[root] for root in roots]


def _rebuilt(node: Node, inputs: tuple[Node, ...]) -> Node:
    if inputs == node.inputs:
        return node
    rebuilt = Node.make(node.op, inputs, node.params, node.shape, node.dtype)
    old = _facts.get(node)
    if old is not None and rebuilt not in _facts:
        copy = learn(rebuilt, old.value, old.place)
        copy.name = old.name
    return rebuilt


def without_aliases(roots: Sequence[Node]) -> list[Node]:
    """The roots with every alias replaced by what it stands for."""
    aliases = [node for node in topological(roots) if node.op is ALIAS]
    by: dict[Node, Node] = {}
    for alias in aliases:  # operands first, so what an alias stands for is already free of them
        by[alias] = replace(alias.inputs, by)[0]
    return replace(roots, by) if by else list(roots)


# ── places ──────────────────────────────────────────────────────────────────────────────────────


def is_ours(code: CodeType) -> bool:
    """Whether code belongs to dvar or NumPy, not to the user."""
    return code.co_filename.startswith(_OURS)


def user_frame() -> FrameType | None:
    """The innermost frame of the user's code."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and is_ours(frame.f_code):
        frame = frame.f_back
    return frame


def here() -> Place | None:
    """Where the user's code stands."""
    frame = user_frame()
    return None if frame is None else (frame.f_code, frame.f_lasti, frame.f_lineno)


def source_here() -> Source | None:
    """The line at which the user's code stands; None where there is no text, as at a prompt."""
    place = here()
    source = None if place is None else source_at(place)
    return source if source is not None and source.text else None


def source_at(place: Place) -> Source:
    """The line of a place, with the span of the expression."""
    import linecache

    code, instruction, line = place
    text = linecache.getline(code.co_filename, line).rstrip("\n")
    column, length = 0, max(1, len(text))
    first, last, start, stop = list(code.co_positions())[instruction // 2]
    if first == line and start is not None and stop is not None:
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


def _short(file: str) -> str:
    """A path as seen from here."""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file
