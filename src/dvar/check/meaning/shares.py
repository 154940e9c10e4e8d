"""The mean over examples in gradients by name: ``dZ`` may leave its 1/m to the gradients of the parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dvar.check.meaning.keys import Key, general
from dvar.check.meaning.stacking import COUNTS
from dvar.check.meaning.values import Jacobian, Value, node_of
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter
    from dvar.check.meaning.world import World


def count_symbol(world: World) -> t.Symbol | None:
    """``m`` of a loss that is a mean over m examples, or by which gradients are divided where no loss is told."""
    losses = {key.stem for key in world.loss_names}
    if not any(not d.numeric for stem in losses for d in world.definitions.get(stem, ())):
        return world.divisor
    for stem in sorted(losses):
        for definition in world.definitions.get(stem, ()):
            tree = definition.value
            if not any(_adds_up(part) for part in t.walk(tree)):
                continue
            for part in t.walk(tree):
                if isinstance(part, t.Quotient):
                    for name in t.walk(part.below):
                        if isinstance(name, t.Symbol) and name.base in COUNTS and not name.scripts:
                            return name
    return None


def _adds_up(tree: t.Expr | t.Script) -> bool:
    if isinstance(tree, t.Big):
        return tree.name == "sum"
    return (isinstance(tree, t.Call) and tree.name == "sum") or (
        isinstance(tree, t.Group) and tree.kind == "norm"
    )


def is_for_all(e: Interpreter, target: Key) -> bool:
    """Whether a name stands for all examples at once, or for one of them by number."""
    stacks = e.world.stacks
    if target.stem in stacks.wholes.values() or stacks.whole_of(target) is not None:
        return True
    if target in stacks.many or general(target) in stacks.many:
        return True
    found = e.world.find(target, e.position)
    return target.stem[:1].isupper() and found is not None and not found[0].numeric


def _is_of_one(e: Interpreter, target: Key) -> bool:
    """``z^{(i)}``: what a program computes for one example after the other."""
    found = e.world.find(target, e.position)
    return any(kind == "p" for kind, _ in target.marks) and (
        found is not None and not found[0].numeric
    )


def is_result(e: Interpreter, target: Key) -> bool:
    """Whether a name is computed for every example, or holds data of every example; else it is a parameter."""
    found = e.world.find(target, e.position)
    return is_for_all(e, target) or (found is not None and not found[0].numeric)


def either(e: Interpreter, target: Key, gradient: Value) -> Value:
    """The gradient of the mean, or of each example's own loss, as the document has it."""
    each = e.world.each
    if each is False or node_of(gradient) in e.world.fresh:
        return gradient
    count = count_symbol(e.world)
    is_many = is_for_all(e, target) or _is_of_one(e, target)
    if e.code and count is e.world.divisor:
        is_many = is_many or is_result(e, target)  # z = X @ w + b of a program is of all examples
    if count is None or not is_many:
        return gradient
    many = e.node(count)
    if isinstance(gradient, Jacobian):
        node = TABLE["multiply"](many, gradient.node)
        whole: Value = Jacobian(
            gradient.of, gradient.wrt, node, gradient.of_shape, gradient.wrt_shape
        )
    else:
        whole = TABLE["multiply"](many, gradient)
    if each:
        return whole
    return e.choices.pick([("of the mean", gradient), ("of each example's loss", whole)])
