"""The source of a backward pass, and the same function with something in it changed."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any

from dvar.core.errors import ReadError


@dataclass
class Piece:
    """A function of the user's, as a tree.

    Attributes:
        name: its name.
        tree: a module that holds only its definition, without decorators.
        offset, indent: what to add to a line and to a column of the tree for those of the file.
        code: of the function itself, whose lines are those of the file.
    """

    name: str
    tree: ast.Module
    offset: int
    code: CodeType
    indent: int = 0

    @property
    def definition(self) -> ast.FunctionDef:
        (definition,) = self.tree.body
        assert isinstance(definition, ast.FunctionDef)
        return definition

    def line(self, node: ast.AST) -> int:
        return int(getattr(node, "lineno", 1)) + self.offset

    def lines(self, statement: ast.stmt) -> range:
        """The lines of the file that a statement stands on."""
        end = statement.end_lineno or statement.lineno
        return range(self.line(statement), end + self.offset + 1)


@dataclass
class Source:
    """A function and the functions of the same file that it calls.

    Attributes:
        pieces: the function first.
        names: what global names and those of an enclosing function stand for.
    """

    pieces: list[Piece]
    names: Mapping[str, Any]
    _compiled: dict[str, CodeType] = field(default_factory=dict)

    def rebuilt(self, changed: Piece) -> Callable[..., Any]:
        """The function with one piece as its tree says now; all others call that one."""
        names = dict(self.names)
        for piece in reversed(self.pieces):
            if piece is changed:
                code = compile(piece.tree, piece.code.co_filename, "exec")
            else:
                code = self._compiled.get(piece.name) or compile(
                    piece.tree, piece.code.co_filename, "exec"
                )
                self._compiled[piece.name] = code
            exec(code, names)
        made: Callable[..., Any] = names[self.pieces[0].name]
        return made

    def statements(self) -> list[tuple[Piece, ast.stmt]]:
        """The statements of all pieces that compute something."""
        return [(piece, statement) for piece in self.pieces for statement in statements(piece)]

    def settle(self, piece: Piece) -> None:
        """Take a change of a piece for good."""
        self._compiled.pop(piece.name, None)


def source_of(function: Callable[..., Any]) -> Source:
    """The source of a function.  Raises ReadError if there is none."""
    function = inspect.unwrap(function)
    plain = getattr(function, "__func__", function)
    if not isinstance(plain, FunctionType):
        raise ReadError(f"{function!r} is no function written in Python")
    names = {**plain.__globals__}
    for name, cell in zip(plain.__code__.co_freevars, plain.__closure__ or (), strict=True):
        try:
            names[name] = cell.cell_contents
        except ValueError:
            continue
    pieces: list[Piece] = []
    waiting, seen = [plain], {plain.__code__}
    while waiting:
        pieces.append(_piece(waiting.pop(0)))
        for name in _called(pieces[-1]):
            called = names.get(name)
            if isinstance(called, FunctionType) and called.__code__ not in seen:
                if called.__code__.co_filename == plain.__code__.co_filename:
                    seen.add(called.__code__)
                    waiting.append(called)
    return Source(pieces, names)


def _piece(function: FunctionType) -> Piece:
    try:
        lines, first = inspect.getsourcelines(function)
    except (OSError, TypeError):
        raise ReadError(f"the source of {function.__name__} is not to be found") from None
    text = textwrap.dedent("".join(lines))
    try:
        tree = ast.parse(text)
    except SyntaxError:
        raise ReadError(f"{function.__name__} has to be defined with def") from None
    (definition,) = tree.body[:1]
    if not isinstance(definition, ast.FunctionDef):
        raise ReadError(f"{function.__name__} has to be defined with def")
    definition.decorator_list = []
    indent = len(lines[0]) - len(lines[0].lstrip())
    return Piece(function.__name__, tree, max(first, 1) - 1, function.__code__, indent)


def _called(piece: Piece) -> Iterator[str]:
    for node in ast.walk(piece.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def statements(piece: Piece) -> Iterator[ast.stmt]:
    """The statements that compute something, in the order of the file."""
    found = [n for n in ast.walk(piece.definition) if isinstance(n, _COMPUTING)]
    yield from sorted(found, key=lambda n: (n.lineno, n.col_offset))


_COMPUTING = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Expr)


HOLDERS = ("self", "ctx")


def kept_attributes(forward: Callable[..., Any]) -> list[str]:
    """What a forward pass reads or keeps in attributes: ``x`` for ``self.x = x``; ``W`` for ``x @ self.W``."""
    try:
        piece = source_of(forward).pieces[0]
    except ReadError:
        return []
    called = {id(n.func) for n in ast.walk(piece.tree) if isinstance(n, ast.Call)}
    found = [
        n.attr
        for n in ast.walk(piece.tree)
        if isinstance(n, ast.Attribute) and id(n) not in called
        if isinstance(n.value, ast.Name) and n.value.id in HOLDERS
    ]
    return list(dict.fromkeys(found))


def nones_of(piece: Piece, count: int) -> list[int]:
    """The places at which every return statement of ``count`` results has ``None``; none if one has other results."""
    returns = [n.value for n in ast.walk(piece.definition) if isinstance(n, ast.Return)]
    found = [_elements(value) for value in returns if value is not None]
    if not found or any(len(parts) != count for parts in found):
        return []
    return [n for n, parts in enumerate(zip(*found, strict=True)) if all(map(_is_none, parts))]


def _elements(value: ast.expr) -> list[ast.expr]:
    """``a, None`` for ``(a, None)`` and for ``(a,) + (None,) * 1``."""
    match value:
        case ast.Tuple(parts) | ast.List(parts):
            return [x for part in parts for x in _elements(part)]
        case ast.Starred(inner):
            return _elements(inner)
        case ast.BinOp(left, ast.Add(), right) if isinstance(left, ast.Tuple):
            return _elements(left) + _elements(right)
        case ast.BinOp(ast.Tuple() | ast.List() as left, ast.Mult(), ast.Constant(int(times))):
            return _elements(left) * times
    return [value]


def _is_none(part: ast.expr) -> bool:
    return isinstance(part, ast.Constant) and part.value is None
