"""One call of a function with some of its arguments traced: what every transform begins with.

Inside another trace the arguments are aliases of the outer arrays, so that an outer array in the same
expression (by a closure) is another node than the argument.  When the call is over the aliases go.  Arrays that
nobody else has, as those that ``jit`` makes for a gradient, need none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias
from weakref import WeakSet

import numpy as np

from dvar.core.dtypes import dtype_of
from dvar.core.errors import DtypeError, MissingValue, TraceError
from dvar.core.node import Node, topological
from dvar.core.op import VARIABLE, Array, constant, fresh_key, variable
from dvar.derive.forward import zeros_like
from dvar.derive.sweep import pull
from dvar.engine import numbers
from dvar.engine.numbers import LONG, graph_of_gradients
from dvar.read.trace import containers, facts, following
from dvar.read.trace.array import Variable, unwrap, wrap
from dvar.read.trace.trace import as_array, is_number

Function: TypeAlias = "Callable[..., Any]"
Argnums: TypeAlias = "int | Sequence[int]"


# Functions that hand each array of theirs on in one place: to a function, as what is differentiated or as it is.
ALONE: WeakSet[Function] = WeakSet()


class Given:
    """Arrays that were given to a transform, as nodes, and the way back from nodes to arrays.

    Attributes:
        own: the nodes, in order.
        outer: what an alias among them stands for in the trace around this one.
    """

    def __init__(self) -> None:
        self.own: list[Node] = []
        self.outer: dict[Node, Node] = {}

    def add(self, name: str, leaf: Any) -> Node:
        """A number or array as a variable that has its value; a traced array as the node it is."""
        if isinstance(leaf, Variable):
            return leaf.node
        value = np.asarray(leaf)
        node = variable(name, value.shape, dtype_of(value), fresh_key())
        facts.learn(node, value.astype(node.dtype, copy=False))
        self.own.append(node)
        return node

    def finish(self, tree: Any) -> Any:
        """Nodes as NumPy arrays, or as traced arrays where they depend on a trace around this one."""
        leaves = containers.leaves(tree)
        places = [n for n, leaf in enumerate(leaves) if isinstance(leaf, (Node, Variable))]
        done = self.numbers([unwrap(leaves[n]) for n in places])
        for n, number in zip(places, done, strict=True):
            leaves[n] = number
        return containers.rebuild(tree, leaves)

    def numbers(self, nodes: list[Node]) -> list[Any]:
        if self.own and all(self.outer.get(x) is x for x in self.own):
            for node in nodes:  # no aliases, and no numbers
                facts.admit_unknown(node)
            return list(map(wrap, nodes))
        order = topological(nodes, set(self.own))
        if not self._is_open(order, set(self.own)):
            try:
                return [_as_numpy(array) for array in facts.evaluate(nodes, order=order)]
            except MissingValue:  # named sizes
                pass
        return list(map(wrap, facts.replace(nodes, self.closing(), order)))

    def is_open(self, nodes: Sequence[Node], but: Sequence[Node] = ()) -> bool:
        """Whether nodes depend on anything but the numbers given here."""
        own = {*self.own, *but}
        return self._is_open(topological(nodes, own), own)

    def _is_open(self, order: Sequence[Node], own: set[Node]) -> bool:
        outer = self.outer
        for node in order:
            if not node.inputs:
                if node.op is VARIABLE and (node in outer or node not in own):
                    return True
            elif outer and node in outer:
                return True
        return False

    def closing(self) -> dict[Node, Node]:
        """What stands for the nodes once the call is over."""
        return {
            x: self.outer[x] if x in self.outer else constant(facts.known_value(x))
            for x in self.own
        }


class Call(Given):
    """One call of a function with some of its arguments traced.

    Attributes:
        result: what the function returned.
    """

    def __init__(
        self, function: Function, args: Sequence[Any], kwargs: Mapping[str, Any], argnums: Argnums
    ) -> None:
        super().__init__()
        self.args = args
        self.single = isinstance(argnums, int)
        many = (argnums,) if isinstance(argnums, int) else argnums
        self.chosen = tuple(position(n, len(args), function) for n in many)
        traced = list(args)
        for n in self.chosen:
            traced[n] = self._traced(parameter(function, n), args[n])
        self.result = following.call(function, traced, kwargs)

    def _traced(self, name: str, argument: Any) -> Any:
        found = containers.leaves_with_paths(argument)
        new = [x for _, x in found]
        for n, (path, leaf) in enumerate(found):
            if is_number(leaf):
                new[n] = self._variable(containers.show_path(name, path), leaf)
        if not any(is_number(leaf) for _, leaf in found):
            raise DtypeError(
                f"{name} is {type(argument).__name__}: there is nothing to differentiate in it",
                hint="argnums= chooses the arguments that are arrays",
            )
        return containers.rebuild(argument, new)

    def _variable(self, name: str, leaf: Any) -> Variable:
        if isinstance(leaf, Variable):
            _check_real(name, leaf.node.dtype)
            node, known = leaf.node, facts.fact(leaf.node)
            if known.is_alone:
                known.is_alone = False
            else:
                node = facts.ALIAS.node(node, key=fresh_key())
                facts.admit(node)
            self.outer[node] = leaf.node
        else:
            value = as_array(leaf)
            _check_real(name, dtype_of(value))
            node = variable(name, value.shape, dtype_of(value), fresh_key())
            facts.learn(node, value.astype(node.dtype, copy=False))
        self.own.append(node)
        return Variable(node)

    # ── what comes back ─────────────────────────────────────────────────────────────────────────

    def in_containers(self, by_leaf: Mapping[Node, Any]) -> Any:
        """One thing for each traced leaf, in the containers of the chosen arguments."""
        own = iter(self.own)
        filled = [
            containers.tree_map(
                lambda leaf: by_leaf[next(own)] if is_number(leaf) else None, self.args[n]
            )
            for n in self.chosen
        ]
        return filled[0] if self.single else tuple(filled)

    def in_numbers(self, root: Node) -> tuple[Any, dict[Node, Any]] | None:
        """The value of a single number and its gradients; None where they are better made as a graph."""
        if self.outer:
            return None
        own = set(self.own)
        order = topological([root], own)
        if len(order) < LONG or self._is_open(order, own):
            return None
        values = {x: facts.known_value(x) for x in self.own}
        found = numbers.gradients(root, order, values)  # type: ignore[arg-type]  # all of them arrays
        if found is None:
            return None
        value, gradients = found
        zeros = (np.zeros_like(values[x]) for x in self.own)
        return _as_numpy(value), {
            x: _as_numpy(gradients.get(x, zero)) for x, zero in zip(self.own, zeros, strict=True)
        }

    def gradients(self, upstream: Mapping[Node, Node]) -> dict[Node, Node]:
        """The gradient of every traced leaf, from those of the roots; zero where none depends on it."""
        found = self._of_numbers(upstream)
        if found is None:
            found = pull(upstream, self.own, set(self.own) - set(upstream)).gradients
        return {x: found[x] if x in found else zeros_like(x) for x in self.own}

    def _of_numbers(self, upstream: Mapping[Node, Node]) -> dict[Node, Node] | None:
        """The gradients of a program of many single numbers; None of another one."""
        if len(upstream) > 1:
            return None
        ((root, seed),) = upstream.items()
        if root.shape:
            return None
        order = topological([root], set(self.own) - {root})
        return graph_of_gradients(root, seed, order, self.own) if len(order) >= LONG else None


def _as_numpy(array: Array) -> Any:
    # A copy where the array is one of ours: a gradient may be an input or a read-only view.
    return array[()] if not array.ndim else np.array(array)


def position(argnum: int, count: int, function: Function) -> int:
    if not -count <= argnum < count:
        raise TraceError(
            f"argnums={argnum}, but {name_of(function)} was called with {count} positional arguments",
            hint="pass the arguments that are differentiated by position",
        )
    return argnum % count


def name_of(function: Function) -> str:
    return str(getattr(function, "__name__", "the function"))


def parameter(function: Function, n: int) -> str:
    """What a function calls its n-th argument."""
    code = getattr(function, "__code__", None)
    if code is not None and n < code.co_argcount:
        return str(code.co_varnames[n])
    return f"argument {n}"


def _check_real(name: str, dtype: str) -> None:
    if not dtype.startswith("float"):
        raise DtypeError(
            f"{name} is an array of {dtype}: there is no derivative with respect to whole numbers",
            hint=f"{name}.astype(float), or another argnums",
        )
