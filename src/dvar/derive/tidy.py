"""Rewriting for reading: an equal graph, written the way a textbook would."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container
from fractions import Fraction
from functools import reduce
from math import isfinite

import numpy as np

from dvar.core.dims import Shape, broadcast, product
from dvar.core.node import Node, topological
from dvar.core.op import CONSTANT, SIZE, VARIABLE, constant, number, size_of
from dvar.derive.arithmetic import form_of, is_arithmetic, is_transparent
from dvar.derive.cost import cost, cost_of
from dvar.derive.identities import rewrite
from dvar.derive.layout import Layout, Unfit
from dvar.derive.meeting import PAIRS
from dvar.derive.polynomial import TooLarge
from dvar.derive.rational import Rational
from dvar.derive.rewrites import with_products
from dvar.derive.scaling import parted, stays, summed_operands
from dvar.derive.term import ONE, UNIT, Term
from dvar.ops import TABLE
from dvar.ops.arithmetic import add, multiply
from dvar.ops.reduction import sum as sum_
from dvar.ops.shaping import broadcast_to, reshape

ROUNDS = 6
LARGE = 3000
"""Nodes; larger graphs go round once: nobody reads them, and a second look costs as much again."""
DEEPEST = 40
MOST_PARTS = 4
"""Terms; a longer sum is summed as it is."""
LONGEST_DECIMAL = 10**6
"""0.25 is a fraction; 0.6931471805599453 is a name for log 2."""


def tidy(node: Node, atoms: Collection[Node] = (), defined: Collection[Node] | None = None) -> Node:
    """An equal graph that reads better.

    Args:
        node: what is to be read.
        atoms: named nodes; never looked into, and put in wherever what defines them appears.
        defined: the atoms whose definitions may appear; all of them if None.  To leave out those that
            cannot appear spares reading their definitions.

    Returns:
        A node of the same shape and dtype, equal wherever ``node`` is defined; removable
        singularities (``a(1-a)/(a(1-a))``) are removed, as on paper.  Never costs more to read.

    Cost:
        About linear in the number of nodes; expressions too long for anyone to read stay as they are.
    """
    stops = frozenset(atoms)
    beneath = topological([node], stops)
    seen = [with_products(node, beneath, stops)]
    large = len(beneath) > LARGE
    for _ in range(1 if large else ROUNDS):
        out = Tidier(stops, stops if defined is None else frozenset(defined)).tidy(seen[-1])
        if out in seen:
            break
        seen.append(out)
    return min(seen, key=lambda n: (cost(n, stops), -seen.index(n)))


def equal_form(a: Node, b: Node, atoms: Collection[Node] = ()) -> bool:
    """Whether both tidy to the same node.  True proves them equal; False proves nothing."""
    return tidy(a, atoms) is tidy(b, atoms)


class Tidier:
    """One pass over a graph: rational form for the arithmetic, identities for the rest."""

    def __init__(self, atoms: frozenset[Node], defined: frozenset[Node]) -> None:
        self.atoms = atoms
        self.defined = defined
        self.rational = Rational(self._logistic)
        self.layout = Layout(self.rational)
        self.forms: dict[Node, Term] = {}
        self.written: dict[Node, Node] = {}
        self.plain: dict[Node, Node] = {}
        self.costs: dict[Node, int] = {}
        self.depth = 0

    def tidy(self, node: Node) -> Node:
        if node in self.atoms:
            return node
        self._learn_names()
        self._visit_all(node)
        return self._result(node)

    # ── names ───────────────────────────────────────────────────────────────────────────────────

    def _learn_names(self) -> None:
        """What defines an atom is written as the atom."""
        beneath = [x for atom in self.defined for x in atom.inputs]
        order = topological([*beneath, *self.defined], self.atoms - self.defined)
        for atom in order:
            if atom not in self.defined or not atom.inputs:
                continue
            for x in atom.inputs:
                self._visit_all(x)
            form, out = self._step(atom)
            self._learn(atom, form, out)
            self._learn_sum(atom)

    def _learn(self, atom: Node, form: Term, out: Node) -> None:
        form = self.rational.finished(form)
        if not form.powers or self._reach(form) != atom.shape or out.dtype != atom.dtype:
            return
        name = self.rational.atom(atom)
        ((mine, _),) = name.powers if len(name.powers) == 1 else ((-1, 0),)
        if len(form.powers) == 1 and form.powers[0][1] == 1:
            factor = form.powers[0][0]
            thing = self.rational.factors[factor]
            if (
                factor == mine
                or thing in self.atoms
                or (isinstance(thing, Node) and not thing.inputs)
            ):
                return
            self.rational.names.setdefault(factor, name.scaled(1 / form.coefficient))
            inner = self.rational.one_plus.get(factor)
            if inner is not None and form.coefficient == 1:
                self.rational.one_plus[mine] = inner
        else:
            self.rational.whole.setdefault((form.coefficient, form.key), name)
            if name.powers == ((mine, 1),) and len(form.powers) > 1:
                self.rational.meeting.products.setdefault(mine, form)

    def _learn_sum(self, mean: Node) -> None:
        """Where a mean has a name, the sum is that name times its number of elements."""
        if mean.op.name != "mean":
            return
        (x,) = mean.inputs
        whole = sum_(x, axis=mean.param("axis"), keepdims=mean.param("keepdims"))
        count = size_of(product(x.shape), x.dtype) / size_of(product(mean.shape), x.dtype)
        self._visit_all(whole)
        self._visit_all(count)
        form = self.forms[whole]
        if _is_factor(form):
            times = self.rational.multiply(self.forms[count], self.rational.atom(mean))
            self.forms[whole] = self.rational.names.setdefault(form.powers[0][0], times)

    def _reach(self, form: Term) -> Shape | None:
        """The shape that the factors of a form broadcast to."""
        shapes: set[Shape] = {()}
        stack = [f for f, _ in form.powers]
        while stack:
            thing = self.rational.factors[stack.pop()]
            if isinstance(thing, Node):
                shapes.add(thing.shape)
            else:
                stack.extend(f for term in thing for f, _ in term.powers)
        common = broadcast(sorted(shapes, key=len))
        return None if isinstance(common, str) else common

    def _named(self, term: Term) -> Term:
        return self.rational.whole.get((term.coefficient, term.key), term)

    # ── one node after the other ────────────────────────────────────────────────────────────────

    def _visit_all(self, root: Node) -> None:
        for node in _beneath(root, self.forms, self.atoms):
            self._visit(node)

    def _visit(self, node: Node) -> None:
        if node in self.atoms or node.op in (VARIABLE, SIZE):
            form, out = self.rational.atom(node), node
            self.written[node] = node
        else:
            form, out = self._step(node)
        self.forms[node] = form
        self.plain[node] = out

    def _step(self, node: Node) -> tuple[Term, Node]:
        """The form of a node whose operands have theirs, and the node over tidied operands."""
        if node.op is CONSTANT:
            return self._constant(node), node
        if is_transparent(node) or (node.is_float and is_arithmetic(node)):
            plain = _rebuilt(node, [self.plain[x] for x in node.inputs])
            try:
                return self._named(
                    form_of(node, [self.forms[x] for x in node.inputs], self.rational)
                ), plain
            except (ZeroDivisionError, OverflowError, TooLarge):
                pass
        return self._opaque(_rebuilt(node, [self._result(x) for x in node.inputs]))

    def _constant(self, node: Node) -> Term:
        array = node.param("value").array
        if node.is_float and array.size and np.all(array == array.flat[0]):
            value = float(array.flat[0])
            fraction = Fraction(repr(value)) if isfinite(value) else None
            if fraction is not None and fraction.denominator <= LONGEST_DECIMAL:
                # 0.1 is a number of the program's; 1e-5 only keeps a root from zero.
                if fraction.denominator not in (1, 2, 4, 8) and fraction.denominator <= 1000:
                    self.layout.decimals = True
                return Term(fraction)
        value_int = number(node)
        if node.dtype == "int64" and value_int is not None:
            return Term(Fraction(int(value_int)))
        return self.rational.atom(node)

    def _opaque(self, node: Node) -> tuple[Term, Node]:
        """A node that the rational form does not look into."""
        outside, node = self._scaled_apart(node)
        if outside != ONE:
            self._visit_all(node)
            form = self.rational.multiply(outside, self.forms[node])
            return form, self._fitted(self._laid(form, node.dtype), node)
        changed = rewrite(node) if self.depth < DEEPEST else None
        if changed is None and self.depth < DEEPEST:
            changed = self._opened(node)
        if changed is not None:
            self.depth += 1
            self._visit_all(changed)
            out = self._result(changed)
            self.depth -= 1
            return self.forms[changed], out
        term = self.rational.atom(node)
        if node.op.name == "sqrt" and len(term.powers) == 1:
            inner = self.forms.get(node.inputs[0]) or self.rational.atom(node.inputs[0])
            if node not in self.atoms:
                self.rational.meeting.squares[term.powers[0][0]] = inner
            elif _is_factor(inner):  # the square of a name is shorter than what it stands for
                self.rational.names.setdefault(inner.powers[0][0], self.rational.power(term, 2))
        self._pair(node, term)
        return term, self._atom_node(term, node)

    def _scaled_apart(self, node: Node) -> tuple[Term, Node]:
        """``sum(2 x / m)`` as ``2 / m`` and ``sum(x)``: numbers stand in front of sums and products."""
        outside = ONE
        for n in summed_operands(node):
            x = node.inputs[n]
            form = ONE if x in self.atoms else self.forms.get(x, ONE)
            scale, rest = parted(form, self._stays(node), self.rational)
            if scale == ONE or not (rest.powers or node.op.name == "scatter_add"):
                continue
            operand = self._fitted(self._laid(rest, x.dtype), x)
            operands = (*node.inputs[:n], operand, *node.inputs[n + 1 :])
            outside, node = self.rational.multiply(outside, scale), node.with_inputs(*operands)
        return outside, node

    def _opened(self, node: Node) -> Node | None:
        """A sum term by term, or with what a name stands for, where that leaves less to read."""
        form = self.forms.get(node.inputs[0], ONE) if node.op is sum_ and node.is_float else ONE
        if len(form.powers) != 1 or form.powers[0][1] != 1:
            return None
        try:
            total = self._by_terms(node, form)
        except (Unfit, TooLarge, OverflowError):
            return None
        if total is None:
            return None
        self.depth += 1
        self._visit_all(total)
        is_less = self._cost(self._result(total)) < self._cost(node)
        self.depth -= 1
        return total if is_less else None

    def _by_terms(self, node: Node, form: Term) -> Node | None:
        (x,) = node.inputs
        factor = form.powers[0][0]
        terms = self.rational.sum_of(factor)
        if terms is not None:
            if len(terms) > MOST_PARTS:
                return None
            laid = [self._laid(term.scaled(form.coefficient), x.dtype) for term in terms]
            return reduce(add, (node.with_inputs(self._fitted(part, x)) for part in laid))
        named = self.rational.meeting.products.get(factor)
        if named is None:
            return None
        outside, rest = parted(named, self._stays(node), self.rational)
        if not outside.powers or not rest.powers:
            return None
        inner = node.with_inputs(self._fitted(self._laid(rest, x.dtype), x))
        return multiply(self._laid(outside.scaled(form.coefficient), x.dtype), inner)

    def _stays(self, node: Node) -> Callable[[int], bool]:
        stay = stays(node)
        return lambda factor: stay(self._reach(Term(UNIT, ((factor, 1),))))

    def _pair(self, node: Node, term: Term) -> None:
        """Note what the node and another one are together."""
        found = PAIRS[node.op.name](node) if node.op.name in PAIRS else None
        if found is None or not _is_factor(term):
            return
        partner, exponent, made = found
        other = self.rational.atom(partner)
        if _is_factor(other):
            self._visit_all(made)
            together = (other.powers[0][0], exponent, self.forms[made])
            self.rational.meeting.pairs[term.powers[0][0]] = together

    def _atom_node(self, term: Term, node: Node) -> Node:
        if _is_factor(term):
            thing = self.rational.factors[term.powers[0][0]]
            if isinstance(thing, Node) and thing.shape == node.shape:
                return thing
        return node

    # ── writing ─────────────────────────────────────────────────────────────────────────────────

    def _result(self, node: Node) -> Node:
        """The node as it will be read: the cheaper of its rational form and of what it was."""
        known = self.written.get(node)
        if known is not None:
            return known
        out = self.plain[node]
        form = self.forms[node]
        try:
            laid = self._fitted(self._laid(form, node.dtype), node)
            if self._cost(laid) <= self._cost(out):
                out = laid
        except (Unfit, TooLarge, OverflowError):
            pass
        self.written[node] = out
        self.written.setdefault(out, out)
        self.forms.setdefault(out, form)
        self.plain.setdefault(out, out)
        return out

    def _laid(self, form: Term, dtype: str) -> Node:
        return self.layout.write(self._named(self.rational.finished(form)), dtype)

    def _fitted(self, out: Node, node: Node) -> Node:
        """Shape and dtype as they were, where cancelling lost them."""
        if out.dtype != node.dtype:
            if not node.is_float:
                raise Unfit
            out = multiply(constant(1.0, node.dtype), out)
            if out.dtype != node.dtype:
                raise Unfit
        if out.shape == node.shape:
            return out
        if broadcast([out.shape, node.shape]) != node.shape:
            raise Unfit
        extra = node.ndim - out.ndim
        moved = reshape if node.shape == (1,) * extra + out.shape else broadcast_to
        return moved(out, node.shape)

    def _cost(self, node: Node) -> int:
        for n in _beneath(node, self.costs, self.atoms):
            self.costs[n] = cost_of(n, self.costs, n in self.atoms)
        return self.costs[node]

    def _logistic(self, u: Node) -> tuple[Term, Term] | None:
        """``1/(1+exp(u))`` and ``exp(u)/(1+exp(u))`` by ``sigmoid`` of ``u`` or ``-u``, as is plainer."""
        sigmoid = TABLE.get("sigmoid")
        if sigmoid is None:
            return None
        form = self.forms.get(u) or self.rational.atom(u)
        z = u
        if form.coefficient < 0:
            z = self._fitted(self._laid(form.scaled(-1), u.dtype), u)
        s = self.rational.atom(sigmoid(z))
        c = self.rational.add(ONE, s.scaled(-1))
        return (s, c) if form.coefficient < 0 else (c, s)


def _beneath(root: Node, known: Container[Node], stops: frozenset[Node]) -> list[Node]:
    """What is not yet known of a root and of what it needs, operands first."""
    order: list[Node] = []
    seen: set[Node] = set()
    stack = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif node not in seen and node not in known:
            seen.add(node)
            stack.append((node, True))
            if node not in stops:
                stack.extend((x, False) for x in reversed(node.inputs))
    return order


def _is_factor(term: Term) -> bool:
    return term.coefficient == 1 and len(term.powers) == 1 and term.powers[0][1] == 1


def _rebuilt(node: Node, operands: list[Node]) -> Node:
    if all(a is b for a, b in zip(operands, node.inputs, strict=True)):
        return node
    return node.with_inputs(*operands)
