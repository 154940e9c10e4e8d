"""Which inputs an exception in a forward pass may be due to, so that only those are tried otherwise."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from dvar.check.backward.source import HOLDERS, Piece, source_of
from dvar.core.errors import ReadError


class Flow:
    """Where the values of a forward pass come from, as far as the source of the two passes shows.

    Attributes:
        names: the inputs, in the order of the parameters.
        order: the same, those that are used first before the others.
        ranks: how many axes inputs are likely to have (``N, D = x.shape``, ``np.outer(g, x)``).
        factors: whole numbers that sizes are multiplied or divided by (``4 * H``, ``np.split(a, 4)``).
    """

    def __init__(
        self, forward: Callable[..., Any], backward: Callable[..., Any], names: Sequence[str]
    ) -> None:
        self.names = names
        self.order = list(names)
        self.ranks: dict[str, int] = {}
        self.factors: list[int] = []
        self._piece: Piece | None = None
        self._places: list[Any] = []
        self._nodes: dict[Any, ast.expr] = {}
        try:
            self._piece = source_of(forward).pieces[0]
        except ReadError:
            return
        self._places = list(self._piece.code.co_positions())
        for node in ast.walk(self._piece.definition):
            if isinstance(node, ast.expr):
                self._nodes.setdefault(_span(node), node)
        body = self._piece.definition.body
        used = [n for statement in body for n in _read(statement)]
        self.order.sort(key=lambda n: used.index(n) if n in used else len(used))
        self.factors = sorted({k for node in ast.walk(self._piece.tree) for k in _factors(node)})
        trees = [self._piece.tree]
        with suppress(ReadError):
            trees.append(source_of(backward).pieces[0].tree)
        for node in itertools.chain(*map(ast.walk, trees)):
            self.ranks.update((n, rank) for n, rank in _ranks(node) if n in names)
        self._sources: dict[str, list[tuple[int, list[str]]]] = {}
        for node in ast.walk(self._piece.definition):
            for target, value in _assigned(node):
                for name in _bound(target):
                    self._sources.setdefault(name, []).append((value.lineno, [*_read(value)]))

    @property
    def is_known(self) -> bool:
        """Whether the source of the forward pass is there."""
        return self._piece is not None

    def blamed(self, error: BaseException, early: bool) -> frozenset[str]:
        """The inputs that what failed was computed from; all of them where that is not to be seen.

        Args:
            error: what the forward pass raised.
            early: whether loops are taken to fail in their first round, before what stands below is computed.
        """
        failed = self._failed(error)
        if failed is None:
            return frozenset(self.names)
        waiting, seen = list(_read(failed)), set[str]()
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                for line, sources in self._sources.get(name, ()):
                    waiting += sources if line < failed.lineno or not early else []
        return frozenset(n for n in self.names if n in seen) or frozenset(self.names)

    def _failed(self, error: BaseException) -> ast.expr | None:
        """The expression of the forward pass that raised."""
        piece, trace = self._piece, error.__traceback__
        while trace is not None and (piece is None or trace.tb_frame.f_code is not piece.code):
            trace = trace.tb_next
        if trace is None or piece is None:
            return None
        place = self._places[trace.tb_lasti // 2]
        if any(n is None for n in place):
            return None
        first, last, start, end = (int(n or 0) for n in place)
        span = (first - piece.offset, last - piece.offset, start - piece.indent, end - piece.indent)
        return self._nodes.get(span)


def _span(node: ast.expr) -> tuple[int, int | None, int, int | None]:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def _read(node: ast.AST) -> Iterator[str]:
    """The names and attributes in a piece of source, in its order."""
    for child in ast.iter_child_nodes(node):
        yield from _read(child)
    if isinstance(node, ast.Name) and node.id not in HOLDERS:
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr


def _bound(target: ast.AST) -> Iterator[str]:
    """The names that an assignment changes: ``h`` for ``h[:, t] = …``."""
    if isinstance(target, (ast.Tuple, ast.List)):
        for part in target.elts:
            yield from _bound(part)
    elif isinstance(target, (ast.Subscript, ast.Starred)):
        yield from _bound(target.value)
    elif isinstance(target, ast.Attribute):
        yield target.attr
    elif isinstance(target, ast.Name):
        yield target.id


def _assigned(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What is assigned to, and what the value is made of."""
    if isinstance(node, ast.Assign):
        yield from ((target, node.value) for target in node.targets)
    elif isinstance(node, (ast.AugAssign, ast.NamedExpr)):
        yield node.target, node.value
    elif isinstance(node, (ast.For, ast.comprehension)):
        yield node.target, node.iter
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        yield node.target, node.value


def _ranks(node: ast.AST) -> Iterator[tuple[str, int]]:
    """``N, D = x.shape``: two axes; ``np.outer(g, x)``: one."""
    if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "outer":
        yield from ((part.id, 1) for part in node.args if isinstance(part, ast.Name))
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Attribute):
        return
    target, of = node.targets[0], node.value.value
    if node.value.attr == "shape" and isinstance(target, ast.Tuple) and isinstance(of, ast.Name):
        if not any(isinstance(part, ast.Starred) for part in target.elts):
            yield of.id, len(target.elts)


def _factors(node: ast.AST) -> Iterator[int]:
    parts: list[ast.expr] = []
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.FloorDiv)):
        parts = [node.left, node.right]
    elif isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        parts = node.args if name in ("split", "array_split", "hsplit", "chunk", "reshape") else []
    for part in parts:
        if isinstance(part, ast.Constant) and type(part.value) is int and 2 <= part.value <= 8:
            yield part.value
