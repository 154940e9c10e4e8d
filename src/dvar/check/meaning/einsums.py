"""``np.einsum('ij,jk->ik', a, b)``: what it comes to, and what its letters say of the sizes of arrays."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from dvar.check.meaning.shaping import ONE, Shape, Shaping, bare
from dvar.check.meaning.unions import Item
from dvar.check.meaning.values import NotUnderstood, flat, is_vector, sizes
from dvar.core.node import Node
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter

MANY = "many"
"""The kind of item that says of a size that it is one of three or more: such arrays had better be small."""
_FORM = re.compile(r"[A-Za-z]+(?:,[A-Za-z]+)*(?:->[A-Za-z]*)?")


def subscripts_of(tree: t.Call) -> tuple[list[str], str] | None:
    """The letters of each operand, and of the result; None where they cannot be read."""
    first = tree.args[0] if tree.args else None
    said = first.text.replace(" ", "") if isinstance(first, t.Text) else ""
    if _FORM.fullmatch(said) is None:
        return None
    left, arrow, right = said.partition("->")
    operands = left.split(",")
    if not arrow:
        letters = "".join(operands)
        right = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    if len(operands) != len(tree.args) - 1 or not set(right) <= set(left):
        return None
    return operands, right


def read(e: Interpreter, tree: t.Call, hint: tuple[int, ...] | None) -> Node:
    found = subscripts_of(tree)
    if found is None:
        raise NotUnderstood("an einsum of this form")
    operands, result = found
    nodes = []
    for letters, arg in zip(operands, tree.args[1:], strict=True):
        node = e.node(arg)
        node = flat(node) if len(letters) == 1 and is_vector(node) else node
        if node.ndim != len(letters):
            raise NotUnderstood(f"“{letters}” for an array of shape {sizes(node)}")
        nodes.append(node)
    letters_seen: dict[str, int] = {}
    for letters, node in zip(operands, nodes, strict=True):
        for letter, size in zip(letters, sizes(node), strict=True):
            if letters_seen.setdefault(letter, size) != size:
                raise NotUnderstood(f"the sizes of “{letter}” do not fit")
    if any(len(set(letters)) < len(letters) for letters in operands):
        raise NotUnderstood("an einsum along a diagonal")
    return TABLE["einsum"](",".join(operands) + "->" + result, *nodes)


def shape_of(
    s: Shaping, tree: t.Call, shaped: Callable[[Shaping, t.Expr], Shape | None]
) -> Shape | None:
    """The shape of the result; names that nothing is known of get that of their letters."""
    found = subscripts_of(tree)
    if found is None:
        return None
    operands, result = found
    axes: dict[str, Item] = {}
    shapes = [shaped(s, arg) if _is_known(s, arg) else None for arg in tree.args[1:]]
    for letters, shape in zip(operands, shapes, strict=True):
        if shape is not None and (sizes_ := _axes(shape, len(letters))) is not None:
            for letter, size in zip(letters, sizes_, strict=True):
                s.join(axes.setdefault(letter, size), size)
    for letters, arg, shape in zip(operands, tree.args[1:], shapes, strict=True):
        symbol, _ = bare(arg)
        own = [axes.setdefault(c, s.fresh()) for c in letters]
        if len(letters) > 2:
            for size in own:
                s.join((MANY, *size), size)
        if shape is None and symbol is not None and not symbol.subscripts:
            s.settle(s.key_of(symbol), _laid_out(own))
    return _laid_out([axes.setdefault(c, s.fresh()) for c in result])


def _is_known(s: Shaping, tree: t.Expr) -> bool:
    """Whether anything but its look tells the shape of an operand."""
    symbol, _ = bare(tree)
    if symbol is None or symbol.subscripts:
        return True
    return s.find(s.key_of(symbol)) is not None or s.target_of(symbol) is not None


def _axes(shape: Shape, count: int) -> Sequence[Item] | None:
    """The sizes along as many axes."""
    if count == 1 and len(shape) == 2 and ONE in shape:
        return [shape[0] if shape[1] == ONE else shape[1]]
    return shape if len(shape) == count else None


def _laid_out(axes: Sequence[Item]) -> Shape:
    return (axes[0], ONE) if len(axes) == 1 else tuple(axes)
