"""Which inputs an exception in a forward pass may be due to, so that only those are tried otherwise."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from dvar.check.backward.likely import is_weight
from dvar.check.backward.source import HOLDERS, Piece, source_of
from dvar.core.errors import ReadError


class Flow:
    """Where the values of a forward pass come from, as far as the source of the two passes shows.

    Attributes:
        names: the inputs, in the order of the parameters.
        order: the same, those that are used first before the others.
        ranks: how many axes inputs are likely to have (``N, D = x.shape``, ``np.outer(g, x)``).
        factors: whole numbers that sizes are multiplied or divided by (``4 * H``, ``np.split(a, 4)``).
        joins: whether arrays are put side by side (``np.hstack``), so that sizes are added.
    """

    def __init__(
        self, forward: Callable[..., Any], backward: Callable[..., Any], names: Sequence[str]
    ) -> None:
        self.names = names
        self.order = list(names)
        self.ranks: dict[str, int] = {}
        self.factors: list[int] = []
        self.joins = False
        self._parts: list[_Part] = []
        try:
            pieces = source_of(forward).pieces
        except ReadError:
            return
        self._parts = [_Part(piece) for piece in pieces]
        body = pieces[0].definition.body
        used = [n for statement in body for n in _read(statement) if not _renames(statement, n)]
        self.order.sort(key=lambda n: used.index(n) if n in used else len(used))
        self.factors = sorted(
            {k for piece in pieces for n in ast.walk(piece.tree) for k in _factors(n)}
        )
        self.joins = any(_joins(node) for node in ast.walk(pieces[0].tree))
        trees = [pieces[0].tree]
        with suppress(ReadError):
            trees.append(source_of(backward).pieces[0].tree)
        for node in itertools.chain(*map(ast.walk, trees)):
            for n, rank in _ranks(node):
                if n in names:
                    self.ranks[n] = max(rank, self.ranks.get(n, 0))

    @property
    def is_known(self) -> bool:
        """Whether the source of the forward pass is there."""
        return bool(self._parts)

    def blamed(self, error: BaseException, early: bool) -> frozenset[str]:
        """The inputs that what failed was computed from; all of them where that is not to be seen.

        Args:
            error: what the forward pass raised.
            early: whether loops are taken to fail in their first round, before what stands below is computed.
        """
        chain = self._chain(error)
        names: set[str] | None = None
        for at, (part, failed) in reversed([*enumerate(chain)]):
            called = chain[at + 1][0] if names is not None else None
            inner = names or set[str]()
            names = part.behind(_passed(failed, called, inner), failed, early)
            if called is not None:  # what it has taken out of a dictionary itself
                names |= inner - {a.arg for a in called.piece.definition.args.args}
        return frozenset(n for n in self.names if names and n in names) or frozenset(self.names)

    def _chain(self, error: BaseException) -> list[tuple[_Part, ast.expr]]:
        """What failed in the forward pass, and in the functions of the same file that it called there."""
        chain: list[tuple[_Part, ast.expr]] = []
        trace = error.__traceback__
        known = {part.piece.code: part for part in self._parts}
        while trace is not None:
            part = known.get(trace.tb_frame.f_code)
            failed = part.failed(trace.tb_lasti) if part is not None else None
            if part is not None and failed is not None and (chain or part is self._parts[0]):
                chain.append((part, failed))
            elif chain:
                break
            trace = trace.tb_next
        return chain


class _Part:
    """A function of the source, and where its values come from."""

    def __init__(self, piece: Piece) -> None:
        self.piece = piece
        self._places = list(piece.code.co_positions())
        self._nodes: dict[Any, ast.expr] = {}
        self._sources: dict[str, list[tuple[int, list[str]]]] = {}
        for node in ast.walk(piece.definition):
            if isinstance(node, ast.expr):
                self._nodes.setdefault(_span(node), node)
        for node in ast.walk(piece.definition):
            for target, value in _assigned(node):
                self._nodes[_span(target)] = value  # where a, b = x.shape does not fit
                for name in _bound(target):
                    self._sources.setdefault(name, []).append((value.lineno, [*_read(value)]))

    def failed(self, instruction: int) -> ast.expr | None:
        """The expression of an instruction."""
        place = self._places[instruction // 2]
        if any(n is None for n in place):
            return None
        piece, (first, last, start, end) = self.piece, (int(n or 0) for n in place)
        span = (first - piece.offset, last - piece.offset, start - piece.indent, end - piece.indent)
        return self._nodes.get(span)

    def behind(self, parts: Sequence[ast.expr], failed: ast.expr, early: bool) -> set[str]:
        """The names that some parts of what failed were computed from."""
        waiting, seen = [n for part in parts for n in _read(part)], set[str]()
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                for line, sources in self._sources.get(name, ()):
                    waiting += sources if line < failed.lineno or not early else []
        return seen


def _passed(failed: ast.expr, called: _Part | None, names: set[str]) -> list[ast.expr]:
    """Of a call, the arguments that the function takes under some names; anything else as a whole."""
    if called is None or not isinstance(failed, ast.Call):
        return [failed]
    taken = [a.arg for a in called.piece.definition.args.args]
    pairs = [*zip(taken, failed.args, strict=False)]
    pairs += [(k.arg or "", k.value) for k in failed.keywords]
    if any(isinstance(value, ast.Starred) or not name for name, value in pairs):
        return [failed]
    return [value for name, value in pairs if name in names] or [failed]


def _span(node: ast.expr) -> tuple[int, int | None, int, int | None]:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def _read(node: ast.AST) -> Iterator[str]:
    """The names and attributes in a piece of source, in its order."""
    for child in ast.iter_child_nodes(node):
        yield from _read(child)
    match node:
        case ast.Name(name) if name not in HOLDERS and not isinstance(node.ctx, ast.Store):
            yield name
        case ast.Attribute(_, name):
            yield name
        case ast.Subscript(ast.Name(held), ast.Constant(str(key))):  # params["w"] is an input
            yield from (key, f"{held}_{key}")
        case ast.Subscript(_, ast.Constant(str(key))):
            yield key


def _renames(statement: ast.stmt, name: str) -> bool:
    """``W, b = self.params``: weights are taken out, and nothing is computed."""
    if not isinstance(statement, ast.Assign) or not is_weight(name):
        return False
    computing = (ast.BinOp, ast.Call, ast.UnaryOp)
    return not any(isinstance(n, computing) for n in ast.walk(statement.value))


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
        for target in node.targets:
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                yield from zip(target.elts, node.value.elts, strict=False)
            else:
                yield target, node.value
    elif isinstance(node, (ast.AugAssign, ast.NamedExpr)):
        yield node.target, node.value
    elif isinstance(node, (ast.For, ast.comprehension)):
        yield node.target, node.iter
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        yield node.target, node.value


def _joins(node: ast.AST) -> bool:
    name = getattr(node.func, "attr", "") if isinstance(node, ast.Call) else ""
    return name in ("concatenate", "hstack", "vstack", "cat", "concat", "column_stack")


def _ranks(node: ast.AST) -> Iterator[tuple[str, int]]:
    """``N, D = x.shape``: two axes; ``np.outer(g, x)``: one; ``F.conv2d(x, w)``: four."""
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name == "outer":
            yield from ((part.id, 1) for part in node.args if isinstance(part, ast.Name))
        moved = re.fullmatch(r"conv(_transpose)?([123])d|\w*pool([123])d", name)
        if moved:
            count = 2 if name.startswith("conv") else 1
            axes = 2 + int(moved.group(2) or moved.group(3))
            yield from ((part.id, axes) for part in node.args[:count] if isinstance(part, ast.Name))
        if name in ("transpose", "permute") and len(node.args) > 2:  # x.permute(0, 2, 3, 1)
            of = node.func.value if isinstance(node.func, ast.Attribute) else None
            yield from ((of.id, len(node.args)) for of in (of,) if isinstance(of, ast.Name))
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else []
        if sum(isinstance(part, ast.Slice) for part in parts) > 2:  # x[:, :, i:k, j:k]
            yield node.value.id, len(parts)
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Attribute):
        return
    target, of = node.targets[0], node.value.value
    if node.value.attr == "shape" and isinstance(target, ast.Tuple) and isinstance(of, ast.Name):
        if not any(isinstance(part, ast.Starred) for part in target.elts):
            yield of.id, len(target.elts)


def _factors(node: ast.AST) -> Iterator[int]:
    parts: list[ast.expr] = []
    if isinstance(node, ast.Slice) and node.upper is None:  # a[:, 3 * H :] is the fourth part
        match node.lower:
            case ast.BinOp(ast.Constant(int(k)), ast.Mult()) | ast.BinOp(
                _, ast.Mult(), ast.Constant(int(k))
            ):
                yield k + 1
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.FloorDiv)):
        parts = [node.left, node.right]
    elif isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        parts = node.args if name in ("split", "array_split", "hsplit", "chunk", "reshape") else []
    for part in parts:
        if isinstance(part, ast.Constant) and type(part.value) is int and 2 <= part.value <= 8:
            yield part.value
