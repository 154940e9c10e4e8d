"""What is said of a loss after a step: it is about the new parameters."""

from __future__ import annotations

import pytest

from dvar import check

STEP = r"""
$x = 2$, $r = 1$, $w = 0.75$ and $\eta = 0.125$

$p = w x$ and $E = \frac{1}{2} (p - r)^2 = 0.125$

$$w^{+} = w - \eta \frac{\partial E}{\partial w} = 0.75 - 0.125 \cdot 1 = 0.625$$

"""
SAID = "After this first round the total error is ${}$."


def last(text: str) -> tuple[str, str | None]:
    found = check(text).judgements[-1]
    return found.verdict, found.expected


@pytest.mark.parametrize(
    "said", [SAID, "After the update the loss is down to ${}$.", "$E^{{+}} = {}$"]
)
def test_the_loss_at_new_parameters(said: str) -> None:
    assert last(STEP + said.format("0.03125"))[0] == "ok"
    assert last(STEP + said.format("0.0625"))[0] == "wrong"


def test_parameters_of_which_no_new_value_is_told_may_have_changed_as_well() -> None:
    text = STEP.replace("$p = w x$", "$c = 0$, $p = w x + c$") + SAID.format("0.0625")
    assert last(text)[0] in ("unknown", "given", "ok")
    kept = text.replace(
        SAID.format("0.0625"), "The biases are kept fixed. " + SAID.format("0.0625")
    )
    assert last(kept)[0] == "wrong"


def test_numbers_that_differ_late_are_shown_so_far() -> None:
    found = last(
        STEP.replace("w = 0.75$", "w = 0.8765432$")
        .replace("= 0.125$", "= 0.2835959$")
        .replace("= 0.75 - 0.125 \\cdot 1 = 0.625", "")
        + SAID.format("0.070898876")
    )
    assert found[0] == "wrong"
    assert found[1] is not None
    assert len(found[1]) > 8
