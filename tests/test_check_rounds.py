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


# With E = (2 w - 1)²/2, a step makes w - 0.5 half of what it was.
MANY = [
    "After 4 rounds the error is ${}$.",
    "After 4 such steps of descent the loss is down to ${}$.",
    "The loss is ${}$ after 4 iterations.",
    "At the start the error was $0.125$; after 4 updates it is ${}$.",
]


@pytest.mark.parametrize("said", MANY)
def test_the_loss_after_many_steps(said: str) -> None:
    assert last(STEP + said.format("0.00048828125"))[0] == "ok"
    found = last(STEP + said.format("0.00058828125"))
    assert found == ("wrong", "0.000488281")


def test_the_output_after_many_steps() -> None:
    said = STEP + "After 1,000 rounds the error is $0$, with output ${}$."
    assert last(said.replace("{}", "1.0000"))[0] == "ok"
    assert last(said.replace("{}", "0.9500"))[0] == "wrong"


@pytest.mark.parametrize("said", MANY)
def test_many_steps_are_not_followed_where_more_than_the_told_names_may_change(said: str) -> None:
    text = STEP.replace("$p = w x$", "$c = 0$, $p = w x + c$")
    assert last(text + said.format("0.1"))[0] != "wrong"
    assert last(said.format("0.1"))[0] != "wrong"


def test_too_many_rounds_are_not_followed() -> None:
    said = STEP + "After 1000000000000 rounds the error is $0.7$."
    assert last(said)[0] == "unknown"
