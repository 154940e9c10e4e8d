"""How far the steps of a document go: a rate that is put in for the one that is given."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dvar.check.judge.links import Link
from dvar.check.judge.literal import numbers_in
from dvar.check.judge.place import Place
from dvar.check.meaning.alphabet import RATES
from dvar.check.meaning.keys import Key
from dvar.read.worksheet.document import Member

_SAID = re.compile(
    r"learning[- ]?rate|step[- ]?(size|length)|\brate\b|lernrate|schrittweite|taux d'apprentissage|tasa de aprendizaje",
    re.IGNORECASE,
)
_CHANGES = re.compile(
    r"decay|schedul|anneal|halv|doubl|line[- ]search|backtrack|adaptive|adam|rmsprop|adagrad|another rate|"
    r"(larger|smaller|other|different|new) (learning |step )?(rate|size|step)|instead",
    re.IGNORECASE,
)
"""Words of rates that do not stay as they are."""


def of_another(place: Place, members: Sequence[Member], rate: float, prose: str) -> Link | None:
    """``w := 0.5 - 0.4 · (-1.92)`` where the learning rate is 0.1, and nothing in the text says 0.4.

    A share of the rate may be a mean: it has been divided by the number of examples.
    """
    given = _given(place)
    if given is None or rate <= 0 or not _SAID.search(prose) or _CHANGES.search(prose):
        return None
    name, due = given
    share = due / rate
    if abs(rate - due) <= 1e-9 * due or (share > 1 and abs(share - round(share)) < 1e-6):
        return None
    trees = [m.expr for m in members if m.expr is not None]
    shown = {n.text for x in trees for n in numbers_in(x) if abs(float(n.value) - rate) < 1e-9}
    if not shown or any(_is_said_elsewhere(text, trees, prose) for text in shown):
        return None
    why = f"{rate:g} is put in for the rate {name}, which is {due:g}"
    return Link("wrong", why, causes=("wrong-operand", "arithmetic"))


def _given(place: Place) -> tuple[str, float] | None:
    """The one rate that has a number, by its name."""
    found = [
        (key.stem, float(value))
        for key, value in place.ledger.given_by_key.items()
        if key.stem in RATES and not value.ndim
    ]
    is_one = len(found) == 1 and Key(found[0][0]) in place.ledger.given_by_key
    return found[0] if is_one and found[0][1] > 0 else None


def _is_said_elsewhere(text: str, trees: Sequence[object], prose: str) -> bool:
    """Whether a number stands in the text outside of the step."""
    here = sum(n.text == text for x in trees for n in numbers_in(x))  # type: ignore[arg-type]
    return len(re.findall(rf"(?<![\d.−-]){re.escape(text)}(?!\d|\.\d)", prose)) > here
