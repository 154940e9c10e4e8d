"""Every definition read: only then is known what uses a name, and what comes last."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from dvar.check.meaning import ends
from dvar.check.meaning.definitions import Definition
from dvar.check.meaning.keys import Key
from dvar.check.meaning.values import NotUnderstood
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter


def read_all(e: Interpreter) -> None:
    """Read every definition up to this section for all its letters: what uses a name must be known."""
    from dvar.check.meaning.names import read_definition

    world = e.world
    here = world.parts.get(e.position, 0)
    for definitions in list(world.definitions.values()):
        for definition in list(definitions):
            after = definition.position > e.position
            if definition.numeric or id(definition) in world.completed:
                continue
            told = not after and definition.params and ends.is_told_by_entries(e, definition)
            if definition.params and not (told or _is_result(world, definition)):
                continue
            if definition.is_backward:
                continue
            if world.is_early(definition, e.position):
                continue
            if after and world.parts.get(definition.position, here) != here:
                continue
            instances = world.instances(definition)
            world.completed.add(id(definition))
            for env in instances:
                with suppress(NotUnderstood), world.reading():
                    read_definition(e, definition, env)


def _is_result(world: World, definition: Definition) -> bool:
    """Whether a function is a result as well: where ∂L/∂f is written, and it is more than a new order."""
    by = Key(definition.pattern.stem) in world.denominators
    return by and not isinstance(definition.value, (t.Group, t.Matrix))
