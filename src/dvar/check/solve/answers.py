"""The answer to a question: formulas and numbers from the graph, each read back before it is believed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dvar.check.judge import links, matching, numbers
from dvar.check.judge.chain import Place
from dvar.check.judge.own_names import Names
from dvar.check.meaning.values import NotUnderstood, Value, node_of, sizes
from dvar.check.solve.formulas import ONE, Formulas
from dvar.check.solve.numbers import bare, first_value, rounded, shown, value_of
from dvar.check.solve.peeling import sizes_under
from dvar.check.solve.plain import as_typed, inner, squeezed_text, typed_out, with_bounds
from dvar.check.solve.questions import BOTH, BRIEF, FORMULA, RENEWS, SHAPE, VALUE, Question
from dvar.check.solve.steps import steps_of
from dvar.check.solve.trial import holds
from dvar.check.solve.updates import with_step
from dvar.core.errors import DvarError
from dvar.core.node import Node, topological
from dvar.core.op import VARIABLE, Array
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.mathematics import Lexicon
from dvar.write import notation

LONGEST = 220
"""Signs of a formula; a longer one answers nothing."""
_CAPITAL = re.compile(r"(?<![A-Za-z\\])[A-Z](?![A-Za-z])")


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
    question, step = with_step(place, question, text, spelled)
    answering = _Answering(place, question, text, lexicon, spelled)
    if question.wants == SHAPE:
        return Found(answering.set())
    found = answering.found()
    if not step:
        return found
    if found.value is None:
        return replace(found, written=step)
    return replace(found, written=f"{step} {shown(found.value, question.latex)}")


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
        self.left = trees[0]
        # Before the labels: reading it may bring gradients without a formula, which have names too.
        self.value = self._value(trees)
        self.labels = spelled.labels(place, self.env, question.latex)
        self.options = matching.arrays_of(self.value)
        self.sizes = sizes_under(place, self.left)
        known = (spelled, self.labels, self.env, self.value, self.options, self.sizes)
        self.formulas = Formulas(place, question, text, *known)

    def found(self) -> Found:
        wants = self.question.wants
        number = self._number()
        if wants == VALUE and number is None:
            raise Open(self._missing())
        told = self._is_told()
        if number is not None and (told or wants in (VALUE, BRIEF)):
            for written in self._spelled(self._bare(number)):
                if self._holds(written):
                    return Found(written, number)
            raise Open("its number was not confirmed")
        if self._is_given():
            if wants == FORMULA or number is None:
                raise Open("it is given")
            return Found(self._bare(number), number)
        formula, node = self._formula()
        if told and squeezed_text(formula) == squeezed_text(self._last()):
            raise Open(self._missing())
        latex, told_sizes = self.question.latex, self.sizes <= self.place.world.told_sizes
        steps = steps_of(
            self.place, self.left, self.env, self.labels, self.lexicon, latex, told_sizes
        )
        if wants == BOTH and number is not None:
            for chain in self._with_numbers(formula, node, number):
                for spelled in self._spelled(chain):
                    if self._holds(spelled):
                        return Found(spelled, number, formula, steps)
        return Found(formula, number, formula, steps)

    def set(self) -> str:
        """``\\mathbb{R}^{4 \\times 3}``; a column is a vector."""
        if len(self.options) > 1:
            raise Open("it may be laid out in several ways")
        shape = sizes(self.options[0])
        lengths = [self._length(n) for n in (shape[:1] if shape[1:] == (1,) else shape)]
        if not self.question.latex:
            return f"R^({' x '.join(lengths)})" if lengths else "R"
        power = r" \times ".join(lengths)
        return rf"\mathbb{{R}}^{{{power}}}" if lengths else r"\mathbb{R}"

    def _length(self, count: int) -> str:
        """A size as the document has it: a letter stands for a number that was chosen for it."""
        world = self.place.world
        open_ = sorted(
            name for name in world.size_names - world.told_sizes if world.sizes.get(name) == count
        )
        if not open_:
            return str(count)
        if len(open_) > 1 or re.search(rf"(?<!\d){count}(?!\d)", self.text):
            raise Open(f"nothing says how large {', '.join(open_)} is")
        return open_[0]

    def _is_told(self) -> bool:
        """Whether the formula stands there already, not just another name for what is asked for."""
        rest = [m.expr for m in self.question.members[1:]]
        return any(not isinstance(x, (t.Derivative, t.Symbol)) for x in rest)

    def _last(self) -> str:
        """What stands before the blank, as written."""
        return self.text[slice(*self.question.members[-1].span)]

    # ── values ──────────────────────────────────────────────────────────────────────────────────

    def _value(self, trees: Sequence[t.Expr]) -> Value:
        """What is asked for; what stands before the blank tells it where the name itself does not."""
        reason = ""
        renewed = any(m.relation in RENEWS for m in self.question.members)
        for tree in trees[:0:-1] if renewed else (trees[0], *trees[:0:-1]):
            try:
                value = self.place.reader(env=dict(self.env)).value(tree)
            except (NotUnderstood, DvarError) as problem:
                reason = reason or str(problem)
                continue
            node = node_of(value)
            if inner(node) in self.place.world.fresh:
                if not self._is_open(tree, inner(node)):
                    return value
                of = self.place.world.fresh[inner(node)][0]
                reason = reason or f"{of} has no formula"
            elif (
                node.op is VARIABLE
                and node not in self.place.ledger.given
                and self.question.wants != SHAPE
            ):
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

    def _is_open(self, tree: t.Expr, node: Node) -> bool:
        """Whether a gradient of an unknown loss is asked for itself, not by what it is passed on to unchanged."""
        _, at, _ = self.place.world.fresh[node]
        if not isinstance(tree, t.Derivative) or len(tree.wrt) != 1 or not isinstance(at, tuple):
            return True
        return not at or self.place.reader(env=dict(self.env)).node(tree.wrt[0]) is at[0][0]

    def _number(self) -> Array | None:
        if not self.sizes <= self.place.world.told_sizes:
            return None
        self.place.sync()
        if self.question.wants == BOTH and self._is_of_another_problem():
            return None
        return first_value(self.options, self.place.ledger.states(), notation.LARGE)

    def _is_of_another_problem(self) -> bool:
        """Whether a function is new, and the number for its argument was given for one of before.

        ``f'(x)`` at ``x = -3`` of one exercise says nothing of ``y = sin(x)`` in the next.
        """
        world, given, since = self.place.world, self.place.ledger.given, self.question.since
        under = topological(self.options)
        found = (world.find(world.named[n], self.place.position) for n in under if n in world.named)
        if any(told is not None and told[0].position < since for told in found):
            return False
        stems = {world.keys[n].stem for n in under if n in given and n in world.keys}
        here = {s for s in stems for d in world.definitions.get(s, ()) if d.position >= since}
        return bool((stems - here) & self.question.used_before)

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
        for raw, node in self.formulas.ways():
            tried += 1
            for formula in self._spelled(raw) if len(raw) <= LONGEST else ():
                if not self._holds(formula):
                    continue
                if self._shapes_unclear(formula):
                    raise Open(
                        "nothing settles which letters are arrays; say it: $W \\in \\mathbb{R}^{m \\times n}$"
                    )
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
        letters |= {p.base.removeprefix("d") for p in t.walk(self.left) if isinstance(p, t.Symbol)}
        return any(c.isupper() and len(c) == 1 for c in letters - losses)

    def _spelled(self, written: str) -> list[str]:
        """As a document that is typed on the line has it, then as programs have it."""
        if self.question.latex:
            sizes = sorted(self.place.world.size_names)
            letter = next((c for c in "inkr" if c not in sizes), "i")
            return [*with_bounds(written, sizes, letter), written]
        if self.place.code:
            return [written]
        return list(dict.fromkeys((as_typed(written, self.text), written)))

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
        plain = node if self.question.latex else typed_out(node, labels)
        text, latex = notation.substituted(plain, values, labels)
        written = ONE.sub("", latex if self.question.latex else text, count=1)
        return written if len(written) <= LONGEST * 3 // 4 else None

    def _bare(self, number: Array) -> str:
        return bare(number, self.question.latex)
