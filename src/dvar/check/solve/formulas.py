"""The ways to write an answer as a formula: by definitions, by the gradient itself, by the one that is sent on."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from dvar.check.judge import matching
from dvar.check.judge.chain import Place
from dvar.check.judge.own_names import Names
from dvar.check.meaning.differentiate import key_of, place_of, pulled_back
from dvar.check.meaning.patterns import free_letters
from dvar.check.meaning.values import Jacobian, NotUnderstood, Value, sizes, squeezed
from dvar.check.solve.peeling import Peeled, peeled
from dvar.check.solve.plain import (
    elementary,
    has_sizes,
    inner,
    is_named,
    laid_out,
    typed_out,
    unbracketed,
)
from dvar.check.solve.questions import Question
from dvar.core.errors import DvarError
from dvar.core.node import Node, topological
from dvar.core.op import VARIABLE
from dvar.derive.tidy import tidy
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import same_tree
from dvar.write import notation

LARGEST = 400
"""Nodes of a graph that is written as a formula."""
MOST = 20
"""Differences of two names of one shape that are tried."""
_SIGMOID = re.compile(r"\\sigma|σ|sigmoid|logistic|softplus", re.IGNORECASE)
ONE = re.compile(r"^1 (?:\\, (?=\\mathbb)|\* (?=\())")
"""A factor that only makes a number of a condition."""


@dataclass(frozen=True)
class Formulas:
    """Formulas for what a question asks for, in the names of its document.

    Attributes:
        place, question, text: where it is asked.
        spelled: the names of the document; labels: those that are known there, by node.
        env: numbers for index letters.
        value: what is asked for; options: the arrays that may be meant by it.
        sizes: the names of sizes that take part.
    """

    place: Place
    question: Question
    text: str
    spelled: Names
    labels: Mapping[Node, str]
    env: Mapping[str, int]
    value: Value
    options: Sequence[Node]
    sizes: set[str]

    @property
    def left(self) -> t.Expr:
        return next(m.expr for m in self.question.members if m.expr is not None)

    def ways(self) -> Iterator[tuple[str, Node | None]]:
        """Ways to write the answer, the plainest first, with the node of each if it has one."""
        if self._is_name() and self._asked() is None and self._is_defined():
            yield from self._definitions()
        labels = self._without_names_of(self.labels, self.options)
        for node in (*self._sent_on(labels), *self.options):
            short = self._short(node, labels)
            if short is None:
                continue
            plain = elementary(short, labels)
            forms = (short, plain) if _SIGMOID.search(self.text) else (plain,)
            for form in dict.fromkeys(forms):
                written = self._written(form, labels)
                if ONE.match(written):  # the one only makes a number of a condition
                    yield ONE.sub("", written), form
                yield written, form
        if isinstance(self.left, t.Derivative):
            for formula in self._peeled(self.left):
                yield formula, None
            yield from self._differences()
            yield from self._after_answers(self.left)
            yield from self._summed(self.left)
        if isinstance(self.value, Jacobian):  # ∂(Wx)/∂x
            for node, name in labels.items():
                if len(squeezed(sizes(node))) == 2:
                    yield name, node

    def _is_name(self) -> bool:
        """Whether a quantity is asked for by its name; ``f'(x)`` is a derivative."""
        head = self.left.head if isinstance(self.left, t.Apply) else self.left
        primed = isinstance(self.left, t.Apply) and self.left.primes
        return isinstance(head, t.Symbol) and not (head.primes or primed)

    def _is_defined(self) -> bool:
        """Whether the document says what the name stands for; ``dz`` is a gradient without being told."""
        key = key_of(self.place.reader(env=dict(self.env)), self.left)
        return key is not None and self.place.world.find(key, self.place.position) is not None

    def _sent_on(self, labels: Mapping[Node, str]) -> Iterator[Node]:
        """``δ x^T``: what the nearest gradient that has a name sends on to what is asked for."""
        asked = self._asked()
        if asked is None or len(asked.wrt) != 1 or asked.of is None:
            return
        reader = self.place.reader(env=dict(self.env))
        found: list[tuple[int, Node, Node]] = []
        for node in labels:
            told = self._derivative(node)
            if told is None or len(told.wrt) != 1 or not same_tree(told.of, asked.of):
                continue
            with suppress(NotUnderstood, DvarError):
                top = reader.node(told.wrt[0])
                found.append((len(topological([top])), top, node))
        for _, top, node in sorted(found, key=lambda one: one[0]):
            with suppress(NotUnderstood, DvarError):
                place = place_of(reader, asked.wrt[0])
                below = {n for n, _ in place.parts}
                if top not in below and below <= set(topological([top])):
                    yield pulled_back(top, node, place)

    def _differences(self) -> Iterator[tuple[str, Node | None]]:
        """``p - y``, also as a mean: what a softmax and its loss leave, though only for labels that add up to one."""
        asked = self._asked()
        open_ = self.place.world.fresh.keys()
        if asked is None or len(asked.wrt) != 1 or not open_.isdisjoint(topological(self.options)):
            return
        with suppress(NotUnderstood, DvarError):
            below = {
                n for n, _ in place_of(self.place.reader(env=dict(self.env)), asked.wrt[0]).parts
            }
            sizes = sorted(self.sizes & self.place.world.size_names) if self.question.latex else ()
            for node in self.options:
                alike = [n for n in self.labels if n.shape == node.shape and n not in below]
                moving = [n for n in alike if not below.isdisjoint(topological([n]))]
                still = [n for n in alike if n not in moving]
                for a, b in itertools.islice(itertools.product(moving, still), MOST):
                    written = self._written(a - b, self.labels)
                    yield written, a - b
                    for size in sizes:
                        yield rf"\frac{{1}}{{{size}}} \left({written}\right)", None

    def _after_answers(self, asked: t.Derivative) -> Iterator[tuple[str, Node]]:
        """``X^T ∂L/∂Z``: what a gradient that was asked for before sends on to this one."""
        if len(asked.wrt) != 1 or asked.of is None:
            return
        reader = self.place.reader(env=dict(self.env))
        for told, written in reversed(self.question.answered):
            if len(told.wrt) != 1 or not same_tree(told.of, asked.of):
                continue
            with suppress(NotUnderstood, DvarError):
                node, top = reader.node(told), reader.node(told.wrt[0])
                place = place_of(reader, asked.wrt[0])
                if top not in {n for n, _ in place.parts}:
                    back = pulled_back(top, node, place)
                    labels = {**self.labels, node: written}
                    short = self._short(back, labels)
                    if short is not None and node in topological([short], set(labels)):
                        yield self._written(short, labels), short

    def _summed(self, asked: t.Derivative) -> Iterator[tuple[str, None]]:
        r"""``\sum_n \frac{\partial L}{\partial y_{nj}} \hat x_{nj}``: over what has an index more, entry by entry."""
        world, latex = self.place.world, self.question.latex
        if len(asked.wrt) != 1 or asked.of is None or not latex:
            return
        (wrt,) = asked.wrt
        own = free_letters(wrt, world.spelling)
        of, by = (self.text[slice(*x.span)] for x in (asked.of, wrt))
        for (written, is_latex), (symbol, _) in self.spelled.found.items():
            letters = sorted(free_letters(symbol, world.spelling) - own)
            if not letters or is_latex != latex or written == by or symbol.scripts:
                continue
            env = {**self.env, **{c: world.sample(c) for c in letters}}
            with suppress(NotUnderstood, DvarError):
                local = self.place.reader(env=env).node(
                    t.Derivative(symbol, (wrt,), "partial", symbol.span)
                )
                labels = self.spelled.labels(self.place, env, latex)
                short = self._short(local, labels)
                if short is None or sizes(short):
                    continue
                factor = self._written(short, labels)
                signs = "".join(rf"\sum_{{{c}}} " for c in letters)
                slope = rf"{signs}\frac{{\partial {of}}}{{\partial {written}}}"
                if factor != "0":
                    yield slope if factor == "1" else rf"{slope} \, {self._factor(factor)}", None

    @staticmethod
    def _factor(written: str) -> str:
        """What may stand behind another factor."""
        is_sum = " + " in written or " - " in written or written.startswith("-")
        return rf"\left({written}\right)" if is_sum else written

    def _definitions(self) -> Iterator[tuple[str, Node]]:
        """What a name stands for, as it is defined; its own name tells nothing."""
        own = {self.labels[inner(node)] for node in self.options if inner(node) in self.labels}
        labels = {node: name for node, name in self.labels.items() if name not in own}
        for node in self.options:
            plain = self._plain(node, labels)
            if is_named(plain, labels) and not (self.sizes and has_sizes(plain, labels)):
                yield self._written(plain, labels), plain

    def _plain(self, node: Node, labels: Mapping[Node, str]) -> Node:
        try:
            return laid_out(node, labels)
        except DvarError:
            return node

    def _short(self, node: Node, labels: Mapping[Node, str]) -> Node | None:
        """A node tidied; None where it cannot be written in the names of the document."""
        if len(topological([node], set(labels))) > LARGEST:
            return None
        try:
            short = tidy(laid_out(node, labels), labels)
        except DvarError:
            return None
        if not is_named(short, labels) or (self.sizes and has_sizes(short, labels)):
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
            told, asked = self._derivative(node), self._asked()
            return told is not None and (asked is None or same_tree(told.wrt, asked.wrt))
        return node.op is not VARIABLE

    def _asked(self) -> t.Derivative | None:
        """The derivative that is asked for, in its own words or behind the name for it."""
        trees = (m.expr for m in self.question.members)
        return next((x for x in trees if isinstance(x, t.Derivative)), None)

    def _derivative(self, node: Node) -> t.Derivative | None:
        """The derivative that a name is defined to be."""
        key = self.place.world.named.get(node)
        found = self.place.world.find(key, self.place.position) if key is not None else None
        value = found[0].value if found is not None else None
        return value if isinstance(value, t.Derivative) else None

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
        labels = {n: name for n, name in labels.items() if self._derivative(n) is None}
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
            bare = unbracketed(bare)
            for shorter in rest.without_two():
                for written in self._bracketed(bare):
                    yield from shorter.texts(written)

    def _written(self, node: Node, labels: Mapping[Node, str]) -> str:
        if self.question.latex:
            return notation.typeset(node, labels)
        return notation.text(typed_out(node, labels), labels)
