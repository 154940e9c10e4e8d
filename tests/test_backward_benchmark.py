"""The benchmark of backward passes: slips are what they are said to be, and are counted as they are found."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from benchmarks.backward.layers import LAYERS, layers
from benchmarks.backward.measure import checked, loaded, outcome, planted
from benchmarks.backward.slips import slips


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_right_layers_are_silent(layer):
    with tempfile.TemporaryDirectory() as folder:
        report = checked(loaded(layer.path.read_text(encoding="utf-8"), Path(folder)), layer)
    assert report.ok, str(report)
    assert any(g.ok for g in report.gradients)


def test_slips_change_one_line_and_move_none():
    (layer,) = layers(("affine",))
    text = layer.path.read_text(encoding="utf-8")
    found = list(slips(text, "affine_backward"))
    assert {"transpose", "missing sum", "axis", "variable"} <= {s.kind for s in found}
    for slip in found:
        old, new = text.split("\n"), slip.text.split("\n")
        assert len(old) == len(new)
        assert [n for n, (a, b) in enumerate(zip(old, new, strict=True), 1) if a != b] == [
            slip.line
        ]


def test_a_slip_that_changes_nothing_is_none():
    (layer,) = layers(("softmax",))
    assert not any(s.after == s.before for s in planted(layer, 40, seed=1))


def test_outcomes_say_what_was_found():
    (layer,) = layers(("attention",))
    slip = next(s for s in planted(layer, 40, seed=1) if s.kind == "sign")
    found = outcome(slip, layer)
    assert found.caught
    assert found.at_line
    assert found.repaired
