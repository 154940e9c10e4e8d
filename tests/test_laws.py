"""Every row × every law, and every row × every planted mistake: the laws can say no."""

from dataclasses import replace

import numpy as np
import pytest

from dvar.check.cases import Sample, case, gradients_at
from dvar.check.laws import LAWS, broken, first_order
from dvar.check.laws_samples import SAMPLES, samples_of
from dvar.check.mistakes import MISTAKES, plant
from dvar.core.node import topological
from dvar.core.op import (
    POSITIVE,
    REALS,
    Adjoint,
    Constant,
    Edge,
    Kink,
    Linear,
    Op,
    Partials,
    constant,
)
from dvar.derive.sweep import sweep
from dvar.ops import TABLE

ROWS = list(TABLE.values())
BENDABLE = [op for op in ROWS if op.axes != "..." and not isinstance(op.derivative, Constant)]
ONE = "... -> ..."


def _makes_nodes(op):
    """Whether the row makes nodes of its own (``squeeze`` only spells ``reshape``)."""
    roots = [case(op, sample, named=not sample.fixed).root for sample in samples_of(op)]
    return any(node.op is op for node in topological(roots))


def _is_differentiable(op):
    return any(
        sweep(it.root, it.random("u", it.root), it.wrt).edges
        for it in (case(op, sample) for sample in samples_of(op))
        if it.root.is_float
    )


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_every_row_keeps_every_law(op, law):
    assert LAWS[law](op, samples_of(op)) == ""


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_every_row_is_covered_by_a_sample(op):
    assert samples_of(op), f"add a call of {op.name} to SAMPLES in check/laws_samples.py"


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_every_row_makes_its_own_nodes_in_some_sample_or_only_spells_other_rows(op):
    assert _makes_nodes(op) != (op.axes == "...")


def test_every_entry_of_the_table_of_samples_is_a_row():
    assert set(SAMPLES) <= set(TABLE)


# ── planted mistakes ────────────────────────────────────────────────────────────────────────────


def _gradients(op, sample):
    it = case(op, sample)
    if not it.root.is_float:
        return []
    return gradients_at(it.root, it.random("u", it.root), it.wrt, it.values)


def _differs(op, bent):
    """Whether the mistake changes any gradient at all: that of ``diag`` is its own transpose."""
    return any(
        not np.allclose(a, b, rtol=1e-6, atol=1e-6)
        for sample in samples_of(op)
        for a, b in zip(_gradients(op, sample), _gradients(bent, sample), strict=True)
    )


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("op", BENDABLE, ids=lambda op: op.name)
def test_a_planted_mistake_is_caught_wherever_it_changes_a_gradient(op, mistake):
    bent = plant(op, MISTAKES[mistake])
    assert bool(first_order(bent, samples_of(bent))) == _differs(op, bent)


@pytest.mark.parametrize("mistake", ["sign", "factor 2", "factor 1/2"])
@pytest.mark.parametrize("op", BENDABLE, ids=lambda op: op.name)
def test_sign_and_factor_are_caught_in_every_row_that_has_a_derivative(op, mistake):
    bent = plant(op, MISTAKES[mistake])
    assert bool(first_order(bent, samples_of(bent))) == _is_differentiable(op)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_every_mistake_can_be_made_in_some_row(mistake):
    assert any(_differs(op, plant(op, MISTAKES[mistake])) for op in BENDABLE)


# ── the laws say no ─────────────────────────────────────────────────────────────────────────────


def _row(**columns):
    """A sound row, with some columns replaced: ``x**2 / 2``, whose derivative is x."""
    right = {
        "name": "half_square",
        "axes": ONE,
        "forward": lambda x: x * x / 2,
        "derivative": Partials(lambda out, x: (x,)),
        "domain": (REALS,),
        "source": "power rule",
    }
    return Op(**{**right, **columns})


def _reasons(**columns):
    return broken(_row(**columns))


def test_a_sound_row_of_your_own_breaks_no_law():
    assert _reasons() == []


def test_a_row_without_source_is_refused():
    (reason,) = _reasons(source=" ")
    assert reason == "half_square breaks states: no source says where the rule comes from"


def test_a_row_whose_name_cannot_be_typed_is_refused():
    (reason,) = _reasons(name="half square")
    assert "not an identifier" in reason


def test_an_elementwise_row_without_a_domain_for_each_operand_is_refused():
    (reason,) = _reasons(domain=())
    assert "1 operands, but 0 domains" in reason


def test_a_wrong_partial_is_refused_with_both_numbers():
    reasons = _reasons(derivative=Partials(lambda out, x: (2 * x,)))
    assert any("breaks first_order" in r and "a complex step says" in r for r in reasons)


def test_a_partial_that_is_right_to_six_digits_only_is_refused():
    reasons = _reasons(derivative=Partials(lambda out, x: (x * (1 + 1e-6),)))
    assert any("breaks first_order" in r for r in reasons)


def test_a_wrong_derivative_is_refused_where_the_forward_takes_no_complex_numbers():
    sound = Op(
        "magnitude", ONE, np.fabs, Partials(lambda out, x: (x / out,)), domain=(REALS,), source="x"
    )
    assert first_order(sound, samples_of(sound)) == ""
    bent = replace(sound, derivative=Partials(lambda out, x: (x / out + 1e-6,)))
    assert "differences says" in first_order(bent, samples_of(bent))


def test_a_forward_that_turns_complex_numbers_into_real_ones_is_judged_by_differences():
    sound = Op(
        "magnitude", ONE, np.abs, Partials(lambda out, x: (x / out,)), domain=(REALS,), source="x"
    )
    assert broken(sound) == []


def test_a_result_of_another_shape_than_inferred_is_refused():
    row = Op("flat", "a b -> a b", np.ravel, Constant(), source="x")
    reasons = broken(row, [Sample(((2, 3),))])
    assert any("breaks types" in r and "has shape (6,) when computed" in r for r in reasons)


def test_a_forward_that_leaves_single_precision_is_refused():
    reasons = _reasons(forward=lambda x: x * x * np.float64(0.5))
    assert any("is float64 when computed (float32" in r for r in reasons)


def test_a_gradient_that_leaves_single_precision_is_refused():
    reasons = _reasons(derivative=Partials(lambda out, x: (x * constant(1.0, "float64"),)))
    assert any("breaks types: the gradient of" in r for r in reasons)


def test_an_adjoint_that_is_not_linear_in_the_upstream_gradient_is_refused():
    reasons = _reasons(derivative=Adjoint(lambda g, out, x: (g * g * x,)))
    assert any("breaks first_order" in r for r in reasons)
    assert any("is not linear in the upstream gradient" in r for r in reasons)


def test_a_linear_row_whose_transpose_is_wrong_breaks_the_agreement_of_the_modes():
    row = Op(
        "triple", ONE, lambda x: 3 * x, Linear(lambda g, x: (2 * g,)), domain=(REALS,), source="x"
    )
    reasons = broken(row)
    assert any("breaks modes_agree: forward mode says" in r for r in reasons)


def test_a_derivative_of_an_integer_result_is_refused():
    row = Op("floor", ONE, np.floor, Partials(lambda out, x: (1,)), dtype="int64", source="x")
    assert "must be Constant" in first_order(row, [Sample(((3,),))])


def test_a_wrong_value_at_an_edge_is_refused():
    (reason,) = _reasons(edges=(Edge((2.0,), 2.5, (2.0,)),))
    assert reason == "half_square breaks edges: at 2.0 the value is 2, not 2.5"


def test_a_wrong_partial_at_an_edge_is_refused():
    (reason,) = _reasons(edges=(Edge((2.0,), 2.0, (3.0,)),))
    assert "at 2.0 the partial of operand 1 is 2, not 3.0" in reason


def _kink(**columns):
    right = {
        "where": "x = 0",
        "hit": lambda x: x == 0,
        "taken": 0.0,
        "admissible": (0.0, 1.0),
        "reason": "the middle",
    }
    return (Kink(**{**right, **columns}),)


def test_a_kink_must_take_an_admissible_value():
    assert _reasons(kinks=_kink()) == []
    (reason,) = _reasons(kinks=_kink(taken=2.0))
    assert "2.0 is not in [0.0, 1.0]" in reason


def test_a_kink_must_take_the_value_it_states():
    (reason,) = _reasons(kinks=_kink(taken=0.5))
    assert "at x = 0: the partial is [0.], not 0.5" in reason


def test_a_kink_must_give_its_reason():
    (reason,) = _reasons(kinks=_kink(reason=""))
    assert "no reason says why" in reason


def test_a_kink_that_no_sample_point_lies_on_is_not_taken_on_trust():
    (reason,) = _reasons(kinks=_kink(hit=lambda x: x == 0.123))
    assert "none of the sample points lies on it" in reason


def test_a_row_that_does_not_broadcast_elementwise_is_refused():
    row = Op(
        "shifted",
        "... , ... -> ...",
        lambda x, y: x * y + np.ndim(y),
        Partials(lambda out, x, y: (y, x)),
        domain=(REALS, POSITIVE),
        source="x",
    )
    assert any("breaks broadcasting" in r for r in broken(row))


def test_an_expansion_that_computes_something_else_is_refused():
    reasons = _reasons(expand=lambda x: x * x / 3)
    assert any("breaks expansion" in r and "expands into" in r for r in reasons)


def test_an_expansion_with_the_right_value_and_another_gradient_is_refused():
    reasons = _reasons(expand=lambda x: TABLE["sign"](x * x) * _HELD(x) / 2)
    assert any("breaks expansion: a gradient of" in r for r in reasons)


# The square as a number that nothing flows back from.
_HELD = Op("held_square", ONE, np.square, Constant(), domain=(REALS,), source="x")


def test_a_numpy_name_that_means_something_else_is_refused():
    assert (
        _reasons(name="negated", forward=np.negative, derivative=_MINUS, numpy=("negative",)) == []
    )
    (reason,) = _reasons(name="negated", forward=np.negative, derivative=_MINUS, numpy=("exp",))
    assert "breaks spelling: exp gives" in reason


def test_a_numpy_name_that_cannot_be_called_like_the_row_is_refused():
    (reason,) = _reasons(name="negated", forward=np.negative, derivative=_MINUS, numpy=("outer",))
    assert "outer takes none of the sample calls" in reason


_MINUS = Partials(lambda out, x: (-1,))
