"""Define by run: values at once, gradients by ``backward()``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dvar
from dvar.core.errors import DtypeError, ShapeError, TraceError
from dvar.read.trace.variable import graph_of


def test_the_circuit_of_the_lectures_has_its_known_gradients() -> None:
    x, y, z = dvar.variable(-2.0), dvar.variable(5.0), dvar.variable(-4.0)
    q = x + y
    f = q * z
    f.backward()
    assert f.value == -12.0
    assert (x.grad, y.grad, z.grad, q.grad, f.grad) == (-4.0, -4.0, 3.0, -4.0, 1.0)


def test_an_upstream_gradient_scales_all() -> None:
    x = dvar.variable([1.0, 2.0])
    y = x**2
    y.backward(np.array([1.0, 10.0]))
    assert x.grad.tolist() == [2.0, 40.0]


def test_a_result_that_is_no_scalar_needs_an_upstream_gradient() -> None:
    y = dvar.variable([1.0, 2.0]) * 2
    with pytest.raises(ShapeError, match=r"shape \(2,\)") as caught:
        y.backward()
    assert "upstream" in str(caught.value)
    with pytest.raises(ShapeError, match="upstream gradient has the shape scalar"):
        y.backward(1.0)


def test_variables_accumulate_and_results_in_between_do_not() -> None:
    x = dvar.variable(3.0)
    y = x * x
    y.backward()
    y.backward()
    assert x.grad == 12.0
    assert y.grad == 1.0
    x.zero_grad()
    assert x.grad is None
    y.backward()
    assert x.grad == 6.0


def test_what_a_result_does_not_depend_on_has_no_gradient() -> None:
    x, other = dvar.variable(3.0), dvar.variable(1.0)
    (x * 2).backward()
    assert other.grad is None


def test_python_control_flow_is_allowed() -> None:
    x = dvar.variable(1.5)
    y = x
    steps = 0
    while y < 10:
        y = y * x if steps % 2 else y + x
        steps += 1
    y.backward()

    def plain(x: Any) -> Any:
        y = x
        for n in range(steps):
            y = y * x if n % 2 else y + x
        return y

    assert np.isclose(y.value, plain(1.5))
    assert np.isclose(x.grad, plain(1.5 + 1e-30j).imag / 1e-30)


def test_a_training_loop_assigns_values() -> None:
    w = dvar.variable([0.0, 0.0], name="w")
    x, y = np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]]), np.array([1.0, 2.0, 2.0])
    for _ in range(200):
        w.zero_grad()
        loss = np.mean((x @ w - y) ** 2)
        loss.backward()
        w.value = w.value - 0.3 * w.grad
    assert np.allclose(w.value, [1.0, 1.0])
    assert w.name == "w"
    with pytest.raises(TraceError, match="only a variable"):
        loss.value = 1.0


def test_results_keep_the_value_they_were_computed_with() -> None:
    x = dvar.variable(2.0)
    before = x * 3
    x.value = 10.0
    assert before.value == 6.0
    assert (x * 3).value == 30.0


def test_a_variable_does_not_follow_the_array_it_was_made_from() -> None:
    array = np.ones(3)
    x = dvar.variable(array)
    array[0] = 100
    assert x.value.tolist() == [1.0, 1.0, 1.0]
    with pytest.raises(ValueError, match="read-only"):
        x.value[0] = 5


def test_names_are_given_or_found() -> None:
    x, y = dvar.variable(1.0, name="alpha"), dvar.variable(2.0)
    q = x * y
    r = dvar.named(np.exp(q), "growth")
    result = r + q
    graph = graph_of(result, __import__("sys")._getframe())
    assert list(graph.inputs) == ["alpha", "y"]
    assert list(graph.names) == ["q", "growth", "result"]
    assert list(graph.outputs) == ["result"]
    assert graph.values["y"] == 2.0
    q.name = "product"
    assert list(graph_of(result).names) == ["product", "growth", "out"]


def test_a_result_explains_itself() -> None:
    x, y, z = dvar.variable(-2.0), dvar.variable(5.0), dvar.variable(-4.0)
    q = x + y
    f = q * z
    explanation = f.explain()
    assert float(explanation.gradients["x"]) == -4.0
    assert "q = x + y" in explanation.to_text()


def test_transforms_take_variables_and_give_variables() -> None:
    x = dvar.variable(3.0)
    slope = dvar.grad(lambda x: x**3)(x)
    assert isinstance(slope, dvar.Variable)
    slope.backward()
    assert slope.value == 27.0
    assert x.grad == 18.0


def test_whole_numbers_and_truth_values_have_no_backward() -> None:
    x = dvar.variable([3.0, 4.0])
    with pytest.raises(DtypeError, match="bool"):
        (x > 3).backward()


def test_a_deep_chain_is_no_limit() -> None:
    x = dvar.variable(1.0)
    y = x
    for _ in range(5000):
        y = y * 1.0001
    y.backward()
    assert np.isclose(x.grad, 1.0001**5000)


def test_a_number_is_computed_when_somebody_asks_and_once():
    x = dvar.variable(2.0)
    y = x
    for _ in range(50_000):  # far deeper than Python's stack
        y = y * 0.5 + 1.0
    assert y.value == 2.0
    y.backward()
    assert x.grad == 0.0
    with np.errstate(all="raise"):
        assert np.isinf(np.exp(dvar.variable(1e4)).value)


def test_an_operation_without_a_value_has_none():
    found = []

    def f(x):
        y = x * 2.0 + 1.0
        found.append(y.value)
        return y

    dvar.trace(f, dvar.Shape())
    assert found == [None]
