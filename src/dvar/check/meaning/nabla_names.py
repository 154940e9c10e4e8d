r"""``\nabla_X = \nabla_Y ⊙ γ``: a nabla with nothing behind it names the gradient of the loss, whatever that is called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import in_members, rewritten

_LOSSES = frozenset({"L", "J", "E", "C", "ell", "loss", "l"})


def of_the_loss(statements: Sequence[Statement]) -> list[Statement]:
    """The statements with such gradients written out, where a line tells what one of them is."""
    if not any(len(s.members) > 1 and _is_bare(s.members[0].expr) for s in statements):
        return list(statements)
    loss = _loss(parts(statements))

    def change(part: t.Expr) -> t.Expr | None:
        if not isinstance(part, t.Derivative) or part.spelling != "nabla" or len(part.wrt) != 1:
            return None
        if part.of is not None and _is_loss(part.of):
            return None
        by = part.wrt[0]
        name = t.Symbol(loss, (part.span[0], part.span[0]))
        end = part.span[1] if part.of is None else by.span[1]
        slope = t.Derivative(name, (by,), "partial", (part.span[0], end))
        if part.of is None:
            return slope
        # ∇_Z X^T is the product of a gradient and X^T for who writes ∇_W = ∇_Z X^T.
        return t.Product((slope, rewritten(part.of, change)), ("",), part.span)

    return [in_members(s, change) for s in statements]


def _is_bare(tree: t.Expr | None) -> bool:
    if not isinstance(tree, t.Derivative) or tree.spelling != "nabla" or tree.of is not None:
        return False
    return len(tree.wrt) == 1 and isinstance(tree.wrt[0], t.Symbol)


def _is_loss(tree: t.Expr) -> bool:
    head = tree.head if isinstance(tree, t.Apply) else tree
    return isinstance(head, t.Symbol) and head.base in _LOSSES


def _loss(found: Iterable[t.Expr | t.Script]) -> str:
    """The name of what is differentiated elsewhere, or one that nothing has."""
    tops, names = Counter[str](), set[str]()
    for part in found:
        if isinstance(part, t.Symbol):
            names.add(part.base)
        elif isinstance(part, t.Derivative) and isinstance(part.of, t.Symbol) and _is_loss(part.of):
            tops[part.of.base] += 1
    if tops:
        return tops.most_common(1)[0][0]
    return next(x for x in ("L", "J", "E", "loss") if x not in names or x == "loss")
