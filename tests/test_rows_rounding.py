"""Rounding, remainders, casts and running products: values, gradients, and graphs at other inputs."""

import itertools
import math

import numpy as np
import pytest

import dvar
from dvar.core.dims import Dim
from dvar.core.errors import DtypeError, ShapeError
from dvar.core.op import constant, variable
from dvar.derive.sweep import ones_like, sweep
from dvar.engine.reference import evaluate
from dvar.ops import TABLE

HERE = np.array([-2.75, -0.5, 0.3, 1.5, 2.5])
THERE = np.array([4.2, 1.5, -3.7, -0.2, 0.5])


def _gradient(node, x, value):
    (share,) = evaluate([sweep(node, ones_like(node), [x]).gradients[x]], {x: value})
    return share


# ── graphs at other inputs ──────────────────────────────────────────────────────────────────────

FUNCTIONS = {
    "floor": lambda x: np.floor(x),
    "ceil": lambda x: np.ceil(x),
    "trunc": lambda x: np.trunc(x),
    "fix": lambda x: np.fix(x),
    "rint": lambda x: np.rint(x),
    "round": lambda x: np.round(x),
    "round to one digit": lambda x: np.round(x, 1),
    "the method round": lambda x: x.round(),
    "remainder": lambda x: np.remainder(x, 1.5),
    "mod": lambda x: np.mod(x, -0.7),
    "percent sign": lambda x: x % 0.8,
    "percent sign, reflected": lambda x: 3.0 % x,
    "floor_divide": lambda x: x // 0.4,
    "divmod": lambda x: np.divmod(x, 0.9)[0] + np.divmod(x, 0.9)[1],
    "sawtooth": lambda x: x - np.floor(x),
    "to int and back": lambda x: x.astype(int) * x,
    "to single precision": lambda x: x.astype(np.float32) * 2,
    "to bool": lambda x: x.astype(bool) * x,
    "cumprod": lambda x: np.cumprod(x),
    "accumulate": lambda x: np.multiply.accumulate(x),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_traced_graph_is_right_at_inputs_it_was_not_traced_with(name):
    function = FUNCTIONS[name]
    graph = dvar.trace(function, x=HERE).graph
    for value in (HERE, THERE):
        (got,) = evaluate(list(graph.outputs.values()), {graph.inputs["x"]: value})
        np.testing.assert_allclose(got, function(value), rtol=1e-12, atol=1e-12)


def test_rounding_is_traced_with_a_shape_alone():
    assert dvar.trace(lambda x: np.floor(x), dvar.Shape("n")).graph.output[1].shape == (Dim("n"),)


# ── gradients ───────────────────────────────────────────────────────────────────────────────────


def test_a_remainder_has_the_slope_one_and_minus_the_quotient():
    dx, dy = dvar.grad(lambda x, y: x % y, argnums=(0, 1))(7.5, 2.0)
    assert (dx, dy) == (1.0, -3.0)


def test_a_rounded_number_passes_nothing_on():
    assert dvar.grad(lambda x: np.floor(x) * x)(2.5) == 2.0


def test_the_gradient_goes_through_single_precision_and_not_through_whole_numbers():
    assert dvar.grad(lambda x: x.astype("float32") * 3)(2.0) == 3.0
    assert dvar.grad(lambda x: x.astype(int) * x)(2.5) == 2.0


def test_the_gradient_of_a_cast_has_the_precision_of_the_operand():
    x = variable("x", (2,), "float32")
    wide = TABLE["astype"](x, "float64")
    assert wide.dtype == "float64"
    assert sweep(wide, ones_like(wide), [x]).gradients[x].dtype == "float32"


def test_casting_to_the_same_type_is_nothing():
    x = variable("x")
    assert TABLE["astype"](x, float) is x
    assert TABLE["astype"](constant(True), int).dtype == "int64"


def test_a_cast_to_complex_numbers_is_refused():
    with pytest.raises(DtypeError, match="real numbers"):
        TABLE["astype"](variable("x"), complex)


# ── running products ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("zeros", [(), (0,), (2,), (1, 3), (0, 1, 2, 3)])
def test_the_gradient_of_a_running_product_is_exact_with_zeros(zeros):
    value = np.array([2.0, -3.0, 0.5, 4.0])
    value[list(zeros)] = 0.0
    x = variable("x", (4,))
    g = np.array([1.0, 10.0, 100.0, 1000.0])
    root = TABLE["sum"](TABLE["cumprod"](x) * g)
    want = [
        sum(g[i] * math.prod(np.delete(value[: i + 1], k)) for i in range(k, 4)) for k in range(4)
    ]
    assert _gradient(root, x, value).tolist() == want


def test_a_running_product_is_differentiable_twice_with_zeros():
    value = np.array([2.0, 0.0, 3.0])
    hessian = dvar.hessian(lambda x: np.sum(np.cumprod(x)))(value)
    a, b, c = value
    assert hessian.tolist() == [[0.0, 1 + c, b], [1 + c, 0.0, a], [b, a, 0.0]]


def test_the_gradient_of_a_running_product_takes_linear_time():
    x = variable("x", (100_000,))
    root = TABLE["sum"](TABLE["cumprod"](x))
    nodes = [*sweep(root, ones_like(root), [x]).gradients.values()]
    assert all(np.prod(node.shape) <= 100_000 for node in nodes)
    assert _gradient(root, x, np.ones(100_000))[0] == 100_000


def test_a_running_product_keeps_named_sizes():
    x = variable("x", (Dim("m"), 3))
    root = TABLE["sum"](TABLE["cumprod"](x, axis=0))
    assert sweep(root, ones_like(root), [x]).gradients[x].shape == x.shape


def test_a_recurrence_is_what_its_loop_computes():
    a, b = np.array([5.0, 0.5, -2.0]), np.array([1.0, 2.0, 3.0])
    row = TABLE["linear_recurrence"]
    forth, back = evaluate([row(a, b), row(a, b, reverse=True)], {})
    assert forth.tolist() == list(
        itertools.accumulate(range(1, 3), lambda s, k: a[k] * s + b[k], initial=b[0])
    )
    assert back.tolist() == [1 + 0.5 * (2 - 2 * 3), 2 - 2 * 3, 3.0]


def test_a_recurrence_of_arrays_that_do_not_fit_is_refused():
    with pytest.raises(ShapeError, match=r"linear_recurrence: factors \(3,\) beside terms \(2,\)"):
        TABLE["linear_recurrence"](np.ones(3), np.ones(2))


# ── truth values ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["exp", "tanh", "sqrt", "log1p", "arctan", "sinh"])
def test_a_function_of_a_truth_value_is_computed_in_double_precision(name):
    (got,) = evaluate([TABLE[name](constant(True))], {})
    assert got == getattr(np, name)(1.0)


def test_a_mean_of_truth_values_is_computed_in_double_precision():
    mask = np.arange(3) < 1
    assert evaluate([TABLE["mean"](constant(mask))], {})[0] == 1 / 3
