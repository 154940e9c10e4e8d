"""The answer to a question: formulas and numbers from the graph, each read back before it is believed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dvar.check.judge import links, matching, numbers
from dvar.check.judge.chain import Place
from dvar.check.judge.own_names import Names
from dvar.check.meaning.values import NotUnderstood, Value, node_of, sizes, squeezed
from dvar.check.solve.numbers import bare, rounded, shown, value_of
from dvar.check.solve.peeling import Peeled, peeled, sizes_under
from dvar.check.solve.questions import BOTH, BRIEF, FORMULA, VALUE, Question
from dvar.check.solve.steps import steps_of
from dvar.check.solve.trial import holds
from dvar.core.errors import DvarError
from dvar.core.node import Node, topological
from dvar.core.op import CONSTANT, VARIABLE, Array
from dvar.derive.tidy import tidy
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.mathematics import Lexicon
from dvar.write import notation

LONGEST = 220
"""Signs of a formula; a longer one answers nothing."""
LARGEST = 400
"""Nodes of a graph that is written as a formula."""
_ONE = re.compile(r"1 (?:\\, (?=\\mathbb)|\* (?=\())")
_RENEWS = frozenset({":=", "+=", "-=", "*=", "/="})
"""Signs that give a name a new value: what stands right of them is asked for, not the old one."""
_CAPITAL = re.compile(r"(?<![A-Za-z\\])[A-Z](?![A-Za-z])")
_PLAIN = frozenset({0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5})
"""Numbers that a derivative brings along; any other may stand for a size."""


@dataclass(frozen=True)
class Found:
    """What was found for a question.

    Attributes:
        written: the answer, to be put behind ``=``.
        value: the number, if there is one.
        formula: the part of it that is a formula; empty where only a number is wanted.
        steps: the derivation.
    """

    written: str
    value: Array | None = None
    formula: str = ""
    steps: tuple[str, ...] = ()


class Open(Exception):
    """A question that cannot be answered; the text says why, for people."""


def answer(place: Place, question: Question, text: str, lexicon: Lexicon, spelled: Names) -> Found:
    """The answer to a question.

    Raises:
        Open: there is none.
    """
    return _Answering(place, question, text, lexicon, spelled).found()


class _Answering:
    def __init__(
        self, place: Place, question: Question, text: str, lexicon: Lexicon, spelled: Names
    ) -> None:
        self.place, self.question, self.text, self.lexicon = place, question, text, lexicon
        trees = [m.expr for m in question.members if m.expr is not None]
        self.envs = links.assignments(place.world, trees, place.conditions, place.position)
        if not self.envs:
            raise Open("no index satisfies the conditions")
        self.env = self.envs[0]
        self.spelled = spelled
        self.labels = spelled.labels(place, self.env, question.latex)
        self.left = trees[0]
        self.value = self._value(trees)
        self.options = matching.arrays_of(self.value)
        self.sizes = sizes_under(place, self.left)

    def found(self) -> Found:
        wants = self.question.wants
        number = self._number()
        if wants == VALUE and number is None:
            raise Open(self._missing())
        told = len(self.question.members) > 1  # the formula stands there already
        if number is not None and (told or wants in (VALUE, BRIEF)):
            written = self._bare(number)
            if self._holds(written):
                return Found(written, number)
            raise Open("its number was not confirmed")
        if self._is_given():
            if wants == FORMULA or number is None:
                raise Open("it is given")
            return Found(self._bare(number), number)
        formula, node = self._formula()
        if told and _squeezed(formula) == _squeezed(self._last()):
            raise Open(self._missing())
        steps = steps_of(
            self.place, self.left, self.env, self.labels, self.lexicon, self.question.latex
        )
        if wants == BOTH and number is not None:
            for chain in self._with_numbers(formula, node, number):
                if self._holds(chain):
                    return Found(chain, number, formula, steps)
        return Found(formula, number, formula, steps)

    def _last(self) -> str:
        """What stands before the blank, as written."""
        return self.text[slice(*self.question.members[-1].span)]

    # ── values ──────────────────────────────────────────────────────────────────────────────────

    def _value(self, trees: Sequence[t.Expr]) -> Value:
        """What is asked for; what stands before the blank tells it where the name itself does not."""
        reason = ""
        renewed = any(m.relation in _RENEWS for m in self.question.members)
        for tree in trees[:0:-1] if renewed else (trees[0], *trees[:0:-1]):
            try:
                value = self.place.reader(env=dict(self.env)).value(tree)
            except (NotUnderstood, DvarError) as problem:
                reason = reason or str(problem)
                continue
            node = node_of(value)
            if _inner(node) in self.place.world.fresh:
                of = self.place.world.fresh[_inner(node)][0]
                reason = reason or f"{of} has no formula"
            elif node.op is VARIABLE and node not in self.place.ledger.given:
                self.place.sync()
                if node in self.place.ledger.given:
                    return value
                reason = (
                    reason
                    or f"{self.place.world.keys.get(node, node.param('name'))} has no formula"
                )
            else:
                return value
        raise Open(reason or "it was not understood")

    def _number(self) -> Array | None:
        if not self.sizes <= self.place.world.told_sizes:
            return None
        self.place.sync()
        for node in self.options:
            for known in self.place.ledger.states():
                found = value_of(node, known)
                if found is not None and found.size <= notation.LARGE:
                    return found
        return None

    def _is_given(self) -> bool:
        """Whether the name stands for numbers that the document gives."""
        named = isinstance(self.left, t.Symbol | t.Apply)
        return named and any(node.op is VARIABLE for node in self.options)

    def _missing(self) -> str:
        untold = self.sizes - self.place.world.told_sizes
        if untold:
            return f"nothing says how large {', '.join(sorted(untold))} is"
        missing = numbers.missing_values(self.options[0], self.place.ledger) if self.options else []
        if not missing:
            return "its number cannot be written"
        return f"no numbers are given for {', '.join(missing[:4])}"

    # ── formulas ────────────────────────────────────────────────────────────────────────────────

    def _formula(self) -> tuple[str, Node | None]:
        tried = 0
        for formula, node in self._formulas():
            tried += 1
            if len(formula) <= LONGEST and self._holds(formula):
                if self._shapes_unclear(formula):
                    raise Open("the document does not settle which of its letters are arrays")
                return formula, node
        raise Open(
            "no formula for it was confirmed" if tried else "its formula cannot be written briefly"
        )

    def _shapes_unclear(self, formula: str) -> bool:
        """Whether letters that look like matrices are taken for numbers, so that transposes are lost."""
        world = self.place.world
        if world.matrices or not self.spelled.speaks_of_arrays:
            return False
        losses = {key.stem for key in world.loss_names}
        letters = set(_CAPITAL.findall(formula))
        letters |= {p.base for p in t.walk(self.left) if isinstance(p, t.Symbol)}
        return any(c.isupper() and len(c) == 1 for c in letters - losses)

    def _formulas(self) -> Iterator[tuple[str, Node | None]]:
        """Ways to write the answer, the plainest first, with the node of each if it has one."""
        if isinstance(self.left, t.Symbol | t.Apply):
            yield from self._definitions()
        labels = self._without_names_of(self.labels, self.options)
        for node in self.options:
            short = self._short(node, labels)
            if short is None:
                continue
            written = self._written(short, labels)
            if _ONE.match(written):  # the one only makes a number of a condition
                yield _ONE.sub("", written), short
            yield written, short
        if isinstance(self.left, t.Derivative):
            for formula in self._peeled(self.left):
                yield formula, None

    def _definitions(self) -> Iterator[tuple[str, Node]]:
        """What a name stands for, as it is defined; its own name tells nothing."""
        labels = {node: name for node, name in self.labels.items() if node not in self.options}
        for node in self.options:
            if _is_named(node, labels) and not (self.sizes and _has_sizes(node, labels)):
                yield self._written(node, labels), node

    def _short(self, node: Node, labels: Mapping[Node, str]) -> Node | None:
        """A node tidied; None where it cannot be written in the names of the document."""
        if len(topological([node], set(labels))) > LARGEST:
            return None
        try:
            short = tidy(_laid_out(node), labels)
        except DvarError:
            return None
        if not _is_named(short, labels) or (self.sizes and _has_sizes(short, labels)):
            return None
        return short

    def _without_names_of(
        self, labels: Mapping[Node, str], asked: Sequence[Node]
    ) -> dict[Node, str]:
        """Labels without those that only name what is asked for."""
        return {
            node: name
            for node, name in labels.items()
            if node not in asked or not self._only_names(node)
        }

    def _only_names(self, node: Node) -> bool:
        """Whether a label only says that it is a derivative: ``dW``, or "refer to ∂J/∂ŷ as δ"."""
        if node in self.place.world.named:
            return self._is_derivative(node)
        return node.op is not VARIABLE

    def _is_derivative(self, node: Node) -> bool:
        """Whether a name is defined to be a derivative."""
        key = self.place.world.named.get(node)
        found = self.place.world.find(key, self.place.position) if key is not None else None
        return found is not None and isinstance(found[0].value, t.Derivative)

    def _peeled(self, tree: t.Derivative) -> Iterator[str]:
        rest = peeled(self.place, self.text, tree, self.env)
        if rest is None:
            return
        core = replace(tree, of=rest.core)
        try:
            value = self.place.reader(env=dict(rest.env)).value(core)
        except (NotUnderstood, DvarError):
            return
        labels = self.spelled.labels(self.place, rest.env, self.question.latex)
        labels = {n: name for n, name in labels.items() if not self._is_derivative(n)}
        for node in matching.arrays_of(value):
            short = self._short(node, self._without_names_of(labels, [node]))
            if short is not None:
                inner = self._written(short, labels)
                yield from self._cancelled(rest, inner)
                for written in self._bracketed(inner):
                    yield from rest.texts(written)

    def _bracketed(self, inner: str) -> Iterator[str]:
        yield inner
        if " " in inner:
            yield rf"\left({inner}\right)" if self.question.latex else f"({inner})"

    def _cancelled(self, rest: Peeled, inner: str) -> Iterator[str]:
        """``1/2m`` in front of ``2 (a - y)``: the two cancel, as everybody writes it."""
        bare = re.sub(r"^2 (?:\\, |\* )?", "", inner)
        if bare != inner:
            for shorter in rest.without_two():
                for written in self._bracketed(bare):
                    yield from shorter.texts(written)

    def _written(self, node: Node, labels: Mapping[Node, str]) -> str:
        if self.question.latex:
            return notation.typeset(node, labels)
        return notation.text(node, labels)

    def _holds(self, written: str) -> bool:
        return holds(self.place, self.lexicon, self.question.members, written, self.question.latex)

    # ── numbers ─────────────────────────────────────────────────────────────────────────────────

    def _with_numbers(self, formula: str, node: Node | None, number: Array) -> Iterator[str]:
        """``formula = with numbers = number``, and shorter ones."""
        number_shown = shown(number, self.question.latex)
        if f"= {formula}" == number_shown:
            yield formula
            return
        put_in = self._put_in(node) if node is not None else ""
        if put_in and put_in not in (formula, self._bare(number)):
            yield f"{formula} = {put_in} {number_shown}"
        yield f"{formula} {number_shown}"
        yield self._bare(number)

    def _put_in(self, node: Node) -> str | None:
        """The formula with the numbers in it, where they are few."""
        values: dict[Node, Array] = {}
        labels = self.labels
        if isinstance(self.left, t.Symbol | t.Apply):
            labels = {n: name for n, name in labels.items() if n is not node}
        known = self.place.ledger.states()[0]
        for part in topological([node], set(labels)):
            if part not in labels:
                continue
            value = value_of(part, known)
            if value is None or value.size > 4:
                return None
            values[part] = rounded(value)
        if not values or node in labels:
            return None
        text, latex = notation.substituted(node, values, labels)
        written = latex if self.question.latex else text
        return written if len(written) <= LONGEST // 2 else None

    def _bare(self, number: Array) -> str:
        return bare(number, self.question.latex)


def _squeezed(formula: str) -> str:
    """Without what only spaces a formula."""
    return re.sub(r"\\left|\\right|\\,|\\cdot|[\s*]", "", formula)


def _inner(node: Node) -> Node:
    return node.inputs[0] if node.op.name == "reshape" and node.inputs else node


def _laid_out(node: Node) -> Node:
    """Without the moves that only fit a shape, where what is left tells as much."""
    inner = node
    while inner.op.name == "reshape":
        inner = inner.inputs[0]
    return inner if squeezed(sizes(inner)) == squeezed(sizes(node)) else node


def _is_named(node: Node, labels: Mapping[Node, str]) -> bool:
    """Whether the document has a name for all that a formula is made of."""
    return all(n in labels or n.op is not VARIABLE for n in topological([node], set(labels)))


def _has_sizes(node: Node, labels: Mapping[Node, str]) -> bool:
    """Whether there is a number in a formula that may stand for a number of examples."""
    constants = (
        n for n in topological([node], set(labels)) if n.op is CONSTANT and n not in labels
    )
    return any(set(n.param("value").array.ravel().tolist()) - _PLAIN for n in constants)
