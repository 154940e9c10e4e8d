"""The world of one problem of a document: which names there are, what defines them, what shape they have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dvar.check.meaning.assumptions import ACTIVE, Assumption
from dvar.check.meaning.definitions import DEFAULT_SIZE, Definition
from dvar.check.meaning.implicit import Tied
from dvar.check.meaning.keys import Index, Key, Spelling, family_of, general
from dvar.check.meaning.layouts import Layouts
from dvar.check.meaning.patterns import letters_within
from dvar.check.meaning.recall import Recall
from dvar.check.meaning.related import Motion, Relation
from dvar.check.meaning.results import Results
from dvar.check.meaning.stacking import Stacks
from dvar.check.meaning.values import Jacobian
from dvar.core.node import Node
from dvar.core.op import variable
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

if TYPE_CHECKING:
    from dvar.check.meaning.laws import Law


@dataclass(kw_only=True)
class World(Results):
    """Names and their meaning.

    Attributes:
        kronecker, kroneckers: whether ``δ_{ij}`` is Kronecker's, and ``⊗`` his product.
        has_unit_entries: whether ``I_{ij}`` is an entry of the identity.
        is_spread: whether sizes of which nothing is said are unequal; all formulas fit them.
        unread: statements whose formulas could not be read, and that define nothing; untold: the names they are for.
        misdeclared: where shapes are declared that no use of their names fits; their sizes are taken the other way.
        unfit: the statements, where some do not fit the shapes that are declared.
        matrices: whether letters may be vectors and matrices at all; else every open name is a scalar.
        shapes: declared and found shapes of open names.
        declared: names whose shapes the document says; given_shapes: shapes of the numbers that are given.
        row_vectors: whether words say that all vectors are rows.
        columns, rows: stems that are vectors by evidence (a transpose, a norm, bold type), and those of
            them that lie.
        batches: small letters that have a row for each example.
        bare: names used without an index; entire, several: stems of vectors that are written as such without
            an index, ``w^T x``, and with one.
        below: stems of names that stand alone below a line.
        functions: stems that are only ever applied: open functions.
        plain: stems that stand without an argument somewhere.
        valued: stems that have a number at one argument, and other arguments elsewhere: ``D(x) = 0.9``.
        counted: stems whose entries are written in brackets, ``w_2(1,1)``.
        dependent, dependent_stems: quantities written with what they depend on, ``J(w, b)``.
        numerators, denominators: names that are differentiated somewhere, and that others are by.
        weights: letters of losses that are weights here: another loss is differentiated by them.
        square: stems of matrices with as many rows as columns, as is said.
        normalised: stems whose entries add up to one: labels that are one-hot, probabilities.
        adds_up: "rows" or "columns", where entries of each row or of each column of a matrix do so; "" if nothing tells.
        examples: stems that are written for one example, ``x^{(i)}``; stacks: names of many examples.
        observed: stems whose indexed names are data, whatever the bare name is a model of.
        nilpotent: stems of names whose squares vanish, ``ε`` of dual numbers; small: those of increments that
            are added to what they are of, ``x + dx``.
        stationary: stems → what is written below them, where such derivatives are asked to vanish, ``L_x = … = 0``.
        helpers: stems of what stands in front of gradients only, so that no loss depends on it.
        collected: stems that a loop adds to, ``dw += …``; adds_steps: whether gradients are summed over steps in time.
        differentials: whether ``dX`` is an increment; moving: what moves in the equation that is read.
        relations: equations of the document whose names move in time; motion: which names do.
        increments: letters whose d is written somewhere.
        conditions: what the statement says that is judged has to hold for it.
        members: stem of a vector → the matrix it belongs to, and whether it is a "row" or a "column" of it.
        truths: open names by which members of sets are told from others.
        excludes: whether a chosen class is said to be none of those that are summed over.
        units: stems of unit vectors, ``e_k``.
        sets: how membership in sets is written of which only the name is known.
        has_normal_law: whether Φ and φ are the distribution and the density of the standard normal law.
        densities: stems that are probabilities; laws: stem of what is drawn → its name and
            that of its law; drawn: the same by the stem of the law.
        joint: what is known of each probability by itself.
        vectored: open functions whose values are vectors, with one of the same size.
        strides: stems of what is added to a name in a step, the rate in it: ``dw = α δ x`` is no gradient.
        bars, deltas, dots: whether ``\\bar v``, ``δv`` are gradients, ``\\dot v`` tangents.
        inner: stems of gates whose gradients by name are by what their functions are taken of, if that is sure.
        pads: whether an entry out of range counts as zero.
        extended: stems with an index such as ``i + k``.
        in_formulas: how many formulas there were, and the names in them.
        slopes: values of names that are told to be gradients, ``δ = ∂J/∂z``, in whichever layout.
        accumulated: gradients that are collected in several steps: rounds, each the ordinals of these.
        has_noise: whether the text speaks of noise in data; keeps_biases: of biases that stay as they are.
        primes_turn: whether ``X'`` is a transpose wherever it stands.
        loss: what ``dW`` and ``\\bar z`` are derivatives of; loss_names all that may be.
        is_seeded: whether gradients by name are of the last result itself, be it called a loss or not.
        each: whether gradients of what is computed for a batch are of each example's own loss, not of the
            mean; shares_are_known: whether lines that divide by the number of examples say so;
            divisor: how many examples there are, by what gradients are divided by.
        cuts: open loss → the result by which its first gradient was told; what comes after does not matter.
        number: of the problem, so that its variables differ from those of others; begins: where it starts.
    """

    spelling: Spelling
    number: int = 0
    begins: int = 0
    matrices: bool = False
    numerator_layout: bool = False
    rows_are_examples: bool = False
    bars: bool = False
    deltas: bool = False
    strides: frozenset[str] = frozenset()
    inner: dict[str, bool] = field(default_factory=dict)
    dots: bool = False
    differentials: bool = False
    increments: frozenset[str] = frozenset()
    row_vectors: bool = False
    moving: frozenset[Key] | None = None
    direction: tuple[str, t.Symbol] | None = None
    kronecker: bool = False
    kroneckers: bool = False
    has_unit_entries: bool = False
    shapes: dict[Key, tuple[int, ...]] = field(default_factory=dict)
    declared: set[Key] = field(default_factory=set)
    given_shapes: dict[Key, tuple[int, ...]] = field(default_factory=dict)
    inferred: dict[Key, tuple[int, ...]] = field(default_factory=dict)
    columns: set[str] = field(default_factory=set)
    entire: set[str] = field(default_factory=set)
    several: set[str] = field(default_factory=set)
    batches: set[str] = field(default_factory=set)
    rows: set[str] = field(default_factory=set)
    bare: set[Key] = field(default_factory=set)
    bare_left: set[Key] = field(default_factory=set)
    has_circle: bool = False
    below: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    plain: set[str] = field(default_factory=set)
    valued: set[str] = field(default_factory=set)
    counted: set[str] = field(default_factory=set)
    dependent: dict[Key, tuple[t.Expr, ...]] = field(default_factory=dict)
    dependent_stems: set[str] = field(default_factory=set)
    numerators: set[Key] = field(default_factory=set)
    denominators: set[Key] = field(default_factory=set)
    weights: set[str] = field(default_factory=set)
    loss: Key | None = None
    loss_names: set[Key] = field(default_factory=set)
    is_seeded: bool = False
    each: bool | None = None
    shares_are_known: bool = False
    divisor: t.Symbol | None = None
    parameter: t.Expr | None = None
    has_one_example: bool = False
    has_normal_law: bool = False
    densities: set[str] = field(default_factory=set)
    laws: dict[str, tuple[t.Symbol, t.Symbol]] = field(default_factory=dict)
    drawn: dict[str, tuple[t.Symbol, t.Symbol]] = field(default_factory=dict)
    joint: dict[str, Law] = field(default_factory=dict)
    vectored: dict[str, t.Symbol] = field(default_factory=dict)
    primes_turn: bool = False
    has_noise: bool = False
    keeps_biases: bool = False
    square: set[str] = field(default_factory=set)
    normalised: set[str] = field(default_factory=set)
    adds_up: str = ""
    default_size: int = DEFAULT_SIZE
    is_spread: bool = False
    nablas: dict[Key, t.Expr] = field(default_factory=dict)
    layouts: Layouts = field(default_factory=Layouts)
    assumed: frozenset[Assumption] = frozenset()
    conditions: Sequence[t.Expr] = ()
    tied: Tied | None = None
    relations: Sequence[Relation] = ()
    motion: Motion = field(default_factory=Motion)
    members: dict[str, tuple[str, str]] = field(default_factory=dict)
    truths: set[Node] = field(default_factory=set)
    excludes: bool = False
    units: set[str] = field(default_factory=set)
    nilpotent: set[str] = field(default_factory=set)
    small: set[str] = field(default_factory=set)
    stationary: dict[str, set[str]] = field(default_factory=dict)
    helpers: set[str] = field(default_factory=set)
    sets: Sequence[tuple[str, tuple[str, ...], tuple[str, ...]]] = ()
    # What reading has found so far.
    memo: dict[object, Node | None] = field(default_factory=dict)
    recall: Recall | None = None
    open: set[object] = field(default_factory=set)
    gradients: dict[Node, Jacobian] = field(default_factory=dict)
    in_formulas: tuple[int, frozenset[Key]] = (0, frozenset())
    slopes: set[Node] = field(default_factory=set)
    upstream: dict[tuple[Key, object], Node] = field(default_factory=dict)
    open_gradients: dict[tuple[Key, object], Node] = field(default_factory=dict)
    completed: set[int] = field(default_factory=set)
    cuts: dict[Key, Node] = field(default_factory=dict)
    familiar: set[str] = field(default_factory=set)
    unread: frozenset[int] = frozenset()
    untold: frozenset[str] = frozenset()
    misdeclared: set[t.Span] = field(default_factory=set)
    unfit: tuple[Statement, ...] = ()
    examples: set[str] = field(default_factory=set)
    observed: set[str] = field(default_factory=set)
    stacks: Stacks = field(default_factory=Stacks)
    _bare: tuple[int, set[Key]] = (0, set())
    _behind: tuple[object, frozenset[str]] = (None, frozenset())
    pads: bool = False
    extended: set[str] = field(default_factory=set)
    accumulated: dict[Key, list[list[int]]] = field(default_factory=dict)
    collected: set[str] = field(default_factory=set)
    adds_steps: bool = False
    entry_letters: dict[str, str] = field(default_factory=dict)
    entry_sizes: dict[tuple[str, int], int] = field(default_factory=dict)

    def steps_of(self, key: Key, position: int = -1) -> list[int]:
        """The later steps in which a gradient is collected, in the round that a place is in."""
        rounds = self.accumulated.get(key) or self.accumulated.get(family_of(key), [])
        begun = [r for r in rounds if r[0] <= position] or rounds[:1]
        return begun[-1][1:] if begun else []

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Whatever is read within leaves no trace: formulas that nobody wrote are only tried."""
        before = dict(vars(self))
        self.recall = Recall()
        loose = (dict, set, list, Layouts)
        vars(self).update({n: copy(v) for n, v in before.items() if isinstance(v, loose)})
        try:
            yield
        finally:
            vars(self).update(before)

    @contextmanager
    def read_anew(self) -> Iterator[None]:
        """Within this block nothing has been read: names with other properties make other results."""
        with self.unchanged():
            read: list[dict[Any, Any]] = [self.memo, self.named, self.places, self.keys]
            read += [self.fresh, self.uses, self.within, self.forward]
            read += [self.upstream, self.open_gradients, self.gradients]
            for found in read:
                found.clear()
            for seen in (self.backward, self.beneath, self.slopes):
                seen.clear()
            self.completed.clear()
            yield

    def supposed(self) -> tuple[object, ...]:
        """What is supposed of open names for now; what was read under it holds only under it."""
        return (self.assumed, tuple(self.dependents), self.moving, self.tied)

    def has_trees(self) -> bool:
        """Whether formulas that define nothing are read as well: their letters are told where they are used."""
        return self.parameter is not None or any(self._trees())

    def letters_behind(self) -> frozenset[str]:
        """The letters of those formulas."""
        trees = self._trees()
        known = (id(self.parameter), *map(len, trees))
        if known != self._behind[0]:
            of = [x for more in trees for x in (more.values() if isinstance(more, dict) else more)]
            each = [x for some in of for x in (some if isinstance(some, tuple) else (some,))]
            each += [] if self.parameter is None else [self.parameter]
            found = (letters_within(x) for x in each if not isinstance(x, str))
            self._behind = known, frozenset[str]().union(*found)
        return self._behind[1]

    def _trees(self) -> tuple[Any, ...]:
        more = (self.nablas, self.laws, self.drawn, self.vectored, self.dependent)
        return (*more, self.direction or ())

    def is_active(self) -> bool:
        """Whether only places count for now where every max(0, …) is positive."""
        return any(a.kind == ACTIVE for a in self.assumed)

    def definition_hint(self, definition: Definition) -> tuple[int, ...] | None:
        """The declared shape of what is defined."""
        pattern = definition.pattern
        if pattern.letters:
            return None
        marks = tuple((kind, value) for kind, (_, value, _) in pattern.marks)
        return self.shapes.get(Key(pattern.stem, marks, tuple(v for _, v, _ in pattern.indices)))

    def shape(self, key: Key) -> tuple[int, ...] | None:
        """What is known of the shape of an open name; families share one."""
        for shapes in (self.shapes, self.inferred):
            for name in (key, general(key), family_of(key)):
                if name in shapes:
                    return shapes[name]
        return None

    def settle(self, key: Key, shape: tuple[int, ...]) -> None:
        self.shapes[general(key)] = shape

    def is_bare(self, key: Key) -> bool:
        """Whether a name, or one of its family, stands without an index somewhere."""
        letters = self.spelling.letters
        if len(self.bare) != self._bare[0]:
            self._bare = (len(self.bare), {general(k, letters) for k in self.bare})
        return general(key, letters) in self._bare[1]

    def arrays(self) -> set[Key]:
        """Names that are known to be arrays."""
        found = {key for key, shape in self.shapes.items() if len(shape) > 0}
        return found | {key for key, shape in self.given_shapes.items() if len(shape) > 0}

    def open_name(self, key: Key, shape: tuple[int, ...]) -> Node:
        return variable(str(key), shape, key=self.number)

    # ── the graph of what has been read ─────────────────────────────────────────────────────────

    def spelled_key(self, rest: str, accents: Sequence[str], key: Key) -> Key | None:
        """The name behind ``dW`` or ``dx_norm``: one that the document has."""
        if key.stem in self.strides:
            return None
        stem = ".".join([rest, *accents])
        candidates = [Key(stem, key.marks, key.indices)]
        if "_" in rest:
            head, _, label = rest.partition("_")
            index: Index = int(label) if label.isdigit() else label
            candidates.append(Key(head, key.marks, (index, *key.indices)))
        for candidate in candidates:
            if self._is_known(candidate.stem) or (len(rest) == 1 and candidate.stem in self.plain):
                return candidate
        longer = self._longer(rest) if len(rest) > 2 and not accents else None
        return None if longer is None else Key(longer, key.marks, key.indices)

    def _longer(self, word: str) -> str | None:
        """``hidden_layer`` for the ``hidden`` of ``dhidden``, where only one name begins with that word."""
        found = {stem for stem in self.definitions if stem.startswith(f"{word}_")}
        return found.pop() if len(found) == 1 else None

    def _is_known(self, stem: str) -> bool:
        """Whether something is called so: it is defined, stands alone, or has a shape."""
        if stem in self.definitions or stem in self.stacks.wholes:
            return True
        return any(key.stem == stem for names in (self.bare, self.shapes) for key in names)

    def is_function(self, name: str) -> bool:
        """Whether a name is a function, be it the usual one or one that the document leaves open."""
        if name == "sigma":
            return name not in self.plain
        return name in self.functions and name not in self.definitions

    def is_row(self, stem: str) -> bool:
        """Whether a vector is a row, as its uses show or as the document says of all."""
        return self.row_vectors or stem in self.rows

    def is_loss(self, node: Node) -> bool:
        return node in self.named and self.is_loss_name(self.named[node])

    def is_loss_name(self, key: Key) -> bool:
        """Whether a loss has this name, or one of a family of losses: ``E_2`` where ``E_p`` is one."""
        name = general(key)
        return name in self.loss_names or any(
            family_of(loss) == family_of(name) and self.spelling.letters.issuperset(loss.indices)
            for loss in self.loss_names
        )
