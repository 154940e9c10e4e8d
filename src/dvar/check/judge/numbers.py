"""Formulas against numbers, and numbers against numbers, at the precision that is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from dvar.check.judge import carrying, signs
from dvar.check.judge.compare import varies
from dvar.check.judge.ledger import Ledger, State
from dvar.check.judge.links import READINGS, Link
from dvar.check.judge.literal import Literal, is_plain, numbers_in, read_literal
from dvar.check.judge.matching import arrays_of, close, is_each, like, value_at
from dvar.check.judge.place import Place
from dvar.check.judge.rounding import is_copied_wrong, is_rounded_up, rounds_to
from dvar.check.meaning import slopes
from dvar.check.meaning.aligning import put_in
from dvar.check.meaning.choices import Choices, readings
from dvar.check.meaning.keys import sort, stem_of
from dvar.check.meaning.points import Point, has_stand_in, names_beneath
from dvar.check.meaning.values import NotUnderstood, Value
from dvar.core.node import Node, topological
from dvar.core.op import Array
from dvar.read.worksheet import tree as t

ROUGH = "rounded numbers leave it open"
TOO_NEW = "a value is used that an update has changed since"
INHERITED = "whether what an earlier part says still holds is not told"
NOT_GIVEN = "no numbers are given for"
NO_FIT = "the shapes do not fit the numbers"
SAME = 0.002
"""Values that differ by no more of themselves are one, however their numbers are arranged."""
OPEN = "it depends on a function that has no formula"


def with_numbers(
    place: Place, left: t.Expr, right: t.Expr, envs: Sequence[Mapping[str, int]]
) -> Link:
    """Compare a formula with numbers, at the numbers that the document gives."""

    def attempt(choices: Choices) -> Link:
        reader = place.reader(choices, dict(envs[0]) if envs else {})
        try:
            value = reader.value(left)
            literal, _ = read_literal(place.reader(), right, place.ledger)
        except NotUnderstood as reason:
            return Link("unknown", str(reason))
        if literal.is_open:
            return Link("unknown", OPEN, value)
        place.sync()
        return _numeric(place, value, literal)

    link = _best(attempt, ("ok", "convention", "carried"))
    if link.verdict == "wrong" and link.left is not None and _is_count(place, left, link.left):
        return Link("unknown", "how far an index runs is not told", link.left)
    if link.verdict == "wrong" and is_plain(right) and place.is_defined_by_example(left):
        return Link("unknown", INHERITED, link.left)
    if link.verdict == "wrong" and _is_value_at(place, left):
        return Link("unknown", "a bracket behind a name that is no function", link.left)
    if link.verdict == "wrong" and link.left is not None:
        if signs.is_of_a_piece(place, link.left):
            return Link("unknown", "in which piece it is taken", link.left)
    if link.verdict == "wrong" and signs.is_elsewhere(place, left):
        return Link("unknown", "its formula holds elsewhere", link.left)
    if link.verdict == "wrong" and _is_about_another(place, left, right):
        return Link("unknown", INHERITED, link.left)
    return link


def of_some_class(
    place: Place, left: t.Expr, right: t.Expr, envs: Sequence[Mapping[str, int]]
) -> Link:
    """``L = -log p_y = 1.31`` where nothing gives y: right if it is so for one of the classes."""
    world = place.world
    before = world.spelling
    for name, choice in before.chosen.items():
        for number in range(choice.start, choice.start + choice.size) if not choice.given else ():
            chosen = {**before.chosen, name: replace(choice, given={(): number})}
            with world.read_anew():
                world.spelling = replace(before, chosen=chosen)
                link = with_numbers(place, left, right, envs)
            if link.verdict == "ok":
                return link
    return Link("unknown", "which index is chosen is not given")


def _is_about_another(place: Place, formula: t.Expr, written: t.Expr) -> bool:
    """Whether a number is put in for a name that has a formula only from an earlier problem, and no value here."""
    for name, value in put_in(formula, written) or ():
        if not is_plain(value) or not place.is_defined_before(name):
            continue
        try:
            node = place.reader().node(name)
        except NotUnderstood:
            continue
        known = place.world.named.get(node)
        has_twin = known is not None and known.stem != stem_of(name)
        if has_twin or node not in place.ledger.printed:
            held = _numeric(place, node, read_literal(place.reader(), value, place.ledger)[0])
            if held.verdict in ("unknown", "wrong"):
                return True
    return False


def _is_value_at(place: Place, tree: t.Expr) -> bool:
    """``x(0) = 0.2``: nobody multiplies a name by a number in brackets to tell what comes out."""
    if not isinstance(tree, t.Apply) or len(tree.args) != 1 or not is_plain(tree.args[0]):
        return False
    key = sort(tree.head, place.world.spelling, {}).key
    found = place.world.find(key, place.position)
    if tree.primes or tree.head.primes or slopes.is_partial(place.reader(), key):
        return False
    return found is None or not found[0].params


def _is_count(place: Place, tree: t.Expr, value: Value) -> bool:
    """``δ_{ii}``, ``tr I``: a number that depends on a size of which nothing is said, and on nothing else."""
    if any(varies(node) for node in arrays_of(value)):
        return False
    told = place.world.told_sizes
    for part in t.walk(tree):
        if isinstance(part, t.Big) and part.high is None and not set(part.indices) <= told:
            return True
        if isinstance(part, t.Symbol) and part.base in ("I", "1") and not part.subscripts:
            return True
    return False


def partly(
    place: Place, left: t.Expr, right: t.Expr, envs: Sequence[Mapping[str, int]]
) -> Link | None:
    """``x_1 · (-2.69)``: a formula in which numbers stand for some of the names; None if it is none."""
    written = list(numbers_in(right))
    known = {*place.ledger.numbers, *place.ledger.exact}
    if not any(abs(n.value) in known for n in written):
        return None
    # A whole number that was given may as well be a factor of a rule: it only helps to hold.
    is_sure = any(abs(n.value) in place.ledger.numbers and not n.is_whole for n in written)
    env = dict(envs[0]) if envs else {}

    def attempt(choices: Choices) -> Link:
        try:
            value = place.reader(choices, env).value(left)
            place.reader(choices, env).value(right)
            place.sync()
            return _in_one_state(place, choices, env, arrays_of(value), right)
        except NotUnderstood as reason:
            return Link("unknown", str(reason))

    link = _best(attempt, ("ok", "carried"))
    return link if link.verdict == "ok" or (is_sure and link.verdict != "unknown") else None


def _in_one_state(
    place: Place, choices: Choices, env: dict[str, int], nodes: Sequence[Node], right: t.Expr
) -> Link:
    """Two sides at the numbers of the same state."""
    failed = Link("unknown", _missing(nodes, place.ledger))
    for state in (*place.ledger.states(), *place.ledger.believed()):
        reader = place.reader(Choices(choices.script), env)
        literal, _ = read_literal(reader, right, place.ledger, state)
        if not np.all(np.isfinite(literal.value.astype(float))):
            continue
        for _, _, value in _values(nodes, (state,), literal):
            both = (value, literal.value)
            if close(value, literal.value, literal.slack):
                return Link("ok", "holds at the given numbers", numbers=both)
            if literal.roots and close(value, literal.value, literal.slack_with_mistakes):
                return Link("carried", roots=literal.roots, numbers=both)
            if failed.numbers is None:
                failed = Link("wrong", numbers=both)
    return failed


def _best(attempt: Callable[[Choices], Link], settled: Sequence[str]) -> Link:
    """The first reading with one of these verdicts, else a wrong one, else one not understood."""
    failed: Link | None = None
    unknown: Link | None = None
    for link, _ in readings(attempt, READINGS):
        if link.verdict in settled:
            return link
        if link.verdict == "wrong":
            failed = failed or link
        else:
            unknown = unknown or link
    return failed or unknown or Link("unknown", "nothing was understood")


def _numeric(place: Place, left: Value, literal: Literal) -> Link:
    ledger = place.ledger
    candidates = arrays_of(left)
    best: tuple[Array, Array] | None = None
    is_open = False
    for node, state, value in _values(candidates, ledger.states(), literal):
        best = best or (value, literal.value)
        fits = close(value, literal.value, literal.slack) or rounds_to(place, node, state, literal)
        is_open |= fits is None
        if fits:
            if not np.all((literal.value == 0) | (literal.value == 1)):  # may come out by chance
                ledger.inherited -= place.inherited(node)
            roots = _roots_of_given(place, node, state)
            verdict = "carried" if roots else "ok"
            return Link(verdict, "", left, None, roots=roots, numbers=(value, literal.value))
    if best is None:
        fixed = _constant(candidates, literal)
        if fixed is not None and close(fixed, literal.value, literal.slack):
            return Link("ok", "", left, None, numbers=(fixed, literal.value))
        if fixed is None and is_each(candidates, literal.value):
            return Link("ok", "", left)
        if fixed is None:
            return Link("unknown", _missing(candidates, ledger), left)
        best = (fixed, literal.value)
    carried = _carried(candidates, literal, ledger) or _from_mistake(place, left, literal)
    if carried:
        return Link("carried", "", left, None, roots=carried, numbers=best)
    why = ROUGH if is_open else _doubt(place, candidates)
    if why:
        return Link("unknown", why, left)
    return _too_new(candidates, literal, ledger, left) or Link("wrong", "", left, numbers=best)


def _doubt(place: Place, candidates: Sequence[Node]) -> str:
    """Why numbers that do not come out may be of something else."""
    ledger = place.ledger
    if any(n in ledger.printed and _is_told_only(n, ledger) for n in candidates):
        return "another number has been given for it"
    if not ledger.spread.isdisjoint(topological(candidates)):
        return "a single number is given for what is read as an array"
    return INHERITED if any(map(place.inherited, candidates)) else ""


def _too_new(nodes: Sequence[Node], literal: Literal, ledger: Ledger, left: Value) -> Link | None:
    """Numbers that come out with the new values of names beside results of the former ones."""
    mixed, former = ledger.mixed(), ledger.states()[-1]
    if mixed is None:
        return None
    if not any(
        close(v, literal.value, literal.slack) for _, _, v in _values(nodes, (mixed,), literal)
    ):
        return None
    due = next((v for _, _, v in _values(nodes, (former,), literal)), None)
    if due is None:
        return None
    return Link("wrong", TOO_NEW, left, numbers=(due, literal.value), causes=("wrong-variable",))


def _is_told_only(node: Node, ledger: Ledger) -> bool:
    """Whether nothing but the number printed for it tells a value: a function beneath is left open."""
    return any(has_stand_in(operand, ledger.printed) for operand in node.inputs)


def _values(
    nodes: Sequence[Node], states: Sequence[State], literal: Literal
) -> Iterator[tuple[Node, State, Array]]:
    """What each node is in each state, laid out like the numbers it is compared with."""
    for node in nodes:
        for state in states:
            found = value_at(node, state)
            matched = like(found, literal.value) if found is not None else None
            if matched is not None:
                yield node, state, matched


def _constant(nodes: Sequence[Node], literal: Literal) -> Array | None:
    """The value of a node that does not depend on the names in it."""
    for node in nodes:
        if varies(node):
            continue
        found = Point().value(node)
        matched = like(found, literal.value) if found is not None else None
        if matched is not None:
            return matched
    return None


def _missing(nodes: Sequence[Node], ledger: Ledger) -> str:
    missing = missing_values(nodes[0], ledger) if nodes else []
    if missing:
        return f"{NOT_GIVEN} {', '.join(missing[:4])}"
    if nodes and has_stand_in(nodes[0], ledger.printed):
        return OPEN
    return NO_FIT


def missing_values(node: Node, ledger: Ledger) -> list[str]:
    """Open names without a number."""
    known = set(ledger.given) | set(ledger.printed)
    return [str(n.param("name")) for n in names_beneath([node], known) if n not in known]


# ── mistakes carried on ─────────────────────────────────────────────────────────────────────────


def _carried(nodes: Sequence[Node], literal: Literal, ledger: Ledger) -> tuple[int, ...]:
    """The lines whose mistakes explain the numbers; empty if none do."""
    believed = ledger.believed()
    for node, _, value in _values(nodes, believed, literal):
        if close(value, literal.value, literal.slack):
            roots = _roots_under(node, ledger)
            if roots:
                return roots
    if literal.roots:
        for _, _, value in _values(nodes, (*ledger.states(), *believed), literal):
            if close(value, literal.value, literal.slack_with_mistakes):
                return literal.roots
    return ()


def _from_mistake(place: Place, left: Value, literal: Literal) -> tuple[int, ...]:
    """The line of a wrong formula or gradient that explains the numbers."""
    ledger = place.ledger
    states = (*ledger.states(), *ledger.believed())
    for value, root in carrying.taken(place.world, left, ledger.mistakes):
        for _, _, found in _values(arrays_of(value), states, literal):
            if close(found, literal.value, literal.slack):
                return (root,)
    return ()


def _roots_of_given(place: Place, node: Node, state: State) -> tuple[int, ...]:
    """The lines of the mistakes in the numbers that names beneath a node have got."""
    ledger = place.ledger
    if not (ledger.roots or ledger.rooted):
        return ()
    leaves = (
        n
        for n in topological([node], set(state))
        if n in ledger.given and n in state and state[n] is not ledger.meant.get(n)
    )
    keys = place.world.keys
    found = {ledger.roots.get(keys[n]) if n in keys else ledger.rooted.get(n) for n in leaves}
    return tuple(sorted(r for r in found if r is not None))


def _roots_under(node: Node, ledger: Ledger) -> tuple[int, ...]:
    stops = {*ledger.printed, *ledger.stale}
    found = {ledger.root_of(n) for n in topological([node], stops - {node})}
    return tuple(sorted(r for r in found if r is not None))


# ── arithmetic ──────────────────────────────────────────────────────────────────────────────────


def between_numbers(place: Place, left: t.Expr, right: t.Expr) -> Link:
    """Arithmetic: ``0.5·(2.94 - 1)² = 0.5·3.76 = 1.88``."""
    ledger = _without_new(place.ledger, left, right)

    def attempt(choices: Choices) -> Link:
        try:
            a, _ = read_literal(place.reader(choices), left, place.ledger)
            b, _ = read_literal(place.reader(choices), right, ledger)
        except NotUnderstood as reason:
            return Link("unknown", str(reason))
        if a.is_open or b.is_open:
            return Link("unknown", OPEN)
        matched = like(a.value, b.value)
        if matched is None or not np.all(np.isfinite(a.value.astype(float))):
            return Link("unknown", "the two sides are numbers of different shapes")
        numbers = (matched, b.value)
        if close(matched, b.value, _allowed_slack(a, b)):
            if is_copied_wrong(left, right) and not close(matched, b.value, SAME * np.abs(b.value)):
                return Link("wrong", "", numbers=numbers, causes=("arithmetic",))
            return Link("ok", "", numbers=numbers, roots=a.roots)
        if is_rounded_up(a, b):
            return Link("unknown", ROUGH, numbers=numbers)
        return Link("wrong", "", numbers=numbers)

    return _best(attempt, ("ok",))


def _without_new(ledger: Ledger, left: t.Expr, right: t.Expr) -> Ledger:
    """What is known of numbers, but for those that only a computation brings in: ``log 0.2 = -1.609`` is rounded.

    That something else has been given as 1.609 does not make it exact.
    """
    before = {abs(n.value) for n in numbers_in(left)}
    new = {abs(n.value) for n in numbers_in(right)} - before
    if is_plain(right) or not new & ledger.exact or not _has_function(left):
        return ledger
    numbers = {n: known for n, known in ledger.numbers.items() if n not in new or known[1]}
    return replace(ledger, exact=ledger.exact - new, numbers=numbers)


def _has_function(tree: t.Expr) -> bool:
    return any(isinstance(p, (t.Call, t.Apply, t.Power)) for p in t.walk(tree))


def _allowed_slack(a: Literal, b: Literal) -> Array:
    """One unit of the last digit shown, and what half a unit of each rounded operand makes."""
    slack = np.asarray(b.slack)
    if a.is_plain and b.is_plain and np.all(a.value == np.round(a.value)):
        return slack / 2  # a whole number is not rounded: 3 is not 3.1
    if not a.is_plain and a.slack.size:
        matched = like(a.slack, slack)
        if matched is not None:
            slack = slack + matched / 2
    return slack
