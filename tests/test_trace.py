"""Tracing: names, lines, containers, shapes without numbers, and what a traced array refuses to do."""

from __future__ import annotations

import copy
import cProfile
import functools
import math
import sys
from math import sqrt
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import dvar
from dvar.core.dims import Dim
from dvar.core.errors import DtypeError, ShapeError, TraceError
from dvar.core.graph import Graph
from dvar.engine.reference import evaluate
from dvar.read.trace import containers, numpy_api
from dvar.read.trace.examples import trace_for_explanation


def run(graph: Graph, **values: Any) -> list[Any]:
    return evaluate(list(graph.outputs.values()), {graph.inputs[k]: v for k, v in values.items()})


def affine(w: Any, x: Any, b: Any) -> Any:
    z = w @ x + b
    a = np.tanh(z)
    loss = np.sum(a**2)
    return loss  # noqa: RET504  the name is what is tested


# ── names and lines ─────────────────────────────────────────────────────────────────────────────


def test_inputs_are_called_like_parameters_and_results_like_local_variables() -> None:
    traced = dvar.trace(affine, np.ones((2, 3)), x=np.ones(3), b=1.0)
    assert list(traced.graph.inputs) == ["w", "x", "b"]
    assert list(traced.graph.names) == ["z", "a", "loss"]
    assert list(traced.graph.outputs) == ["loss"]
    assert traced.graph.names["z"].shape == (2,)
    assert traced.values["w"].tolist() == [[1.0] * 3] * 2


def test_a_result_without_a_name_is_called_out() -> None:
    assert list(dvar.trace(lambda x: x * 2, 1.0).graph.outputs) == ["out"]
    assert list(dvar.trace(lambda x: x, 1.0).graph.outputs) == ["x"]
    assert list(dvar.trace(lambda out: out * 2, 1.0).graph.outputs) == ["out_2"]


def test_a_name_that_is_bound_again_gets_a_number() -> None:
    def f(x: Any) -> Any:
        x = x * 2
        return x  # noqa: RET504

    graph = dvar.trace(f, 1.0).graph
    assert list(graph.inputs) == ["x"]
    assert list(graph.names) == ["x_2"]


def test_names_are_found_in_helpers_dicts_and_lists() -> None:
    def helper(v: Any) -> Any:
        inner = np.exp(v)
        return inner + 1

    def f(x: Any) -> Any:
        cache = {"Z1": x * 3}
        steps = [np.sin(cache["Z1"])]
        y = helper(steps[0])
        return np.sum(y)

    names = dvar.trace(f, np.ones(2)).graph.names
    assert list(names) == ["Z1", "steps_0", "inner", "y", "f"]


def test_what_the_result_does_not_need_is_left_out() -> None:
    def f(x: Any) -> Any:
        unused = x * 5  # noqa: F841
        y = x + 1
        return y  # noqa: RET504

    assert list(dvar.trace(f, 1.0).graph.names) == ["y"]


def test_every_node_knows_the_line_that_made_it() -> None:
    traced = dvar.trace(affine, np.ones((2, 3)), np.ones(3), 1.0)
    source = traced.graph.sources[traced.graph.names["a"]]
    assert source.text == "a = np.tanh(z)"
    assert source.text[source.column : source.column + source.length] == "np.tanh(z)"
    assert source.line == affine.__code__.co_firstlineno + 2
    assert (source.file or "").endswith("test_trace.py")
    product = next(n for n in traced.graph.nodes if n.op.name == "matmul")
    source = traced.graph.sources[product]
    assert source.text[source.column : source.column + source.length] == "w @ x"


def test_a_profiler_that_is_running_is_left_alone() -> None:
    profiler = cProfile.Profile()
    profiler.enable()
    try:
        graph = dvar.trace(affine, np.ones((2, 3)), np.ones(3), 1.0).graph
    finally:
        profiler.disable()
    assert len(graph.inputs) == 3
    dvar.trace(affine, np.ones((2, 3)), np.ones(3), 1.0)
    assert sys.getprofile() is None


def test_the_profile_hook_goes_when_the_function_fails() -> None:
    with pytest.raises(ZeroDivisionError):
        dvar.trace(lambda x: x / (1 // 0), 1.0)
    assert sys.getprofile() is None


def test_any_callable_can_be_traced() -> None:
    class Model:
        def __call__(self, x: Any) -> Any:
            y = x * 2
            return y  # noqa: RET504

        def method(self, x: Any) -> Any:
            y = x * 3
            return y  # noqa: RET504

    for function in (Model(), Model().method, functools.partial(lambda k, x: k * x, 2.0)):
        assert list(dvar.trace(function, 1.0).graph.inputs)
    assert list(dvar.trace(Model().method, 1.0).graph.names) == ["y"]


# ── containers ──────────────────────────────────────────────────────────────────────────────────


def test_leaves_of_containers_have_short_names_where_these_are_unique() -> None:
    params = {"W1": np.ones((2, 2)), "b1": np.ones(2)}
    layers = [{"W": np.ones((2, 2))}, {"W": np.ones((1, 2))}]

    def f(params: Any, layers: Any, pair: Any, flag: Any) -> Any:
        x = params["W1"] @ params["b1"]
        for layer in layers:
            x = np.tanh(layer["W"] @ x)
        return {"y": np.sum(x) * pair[0] if flag == "on" else 0.0, "x": x}

    traced = dvar.trace(f, params, layers, (2.0, 3.0), "on")
    names = ["W1", "b1", "layers_0_W", "layers_1_W", "pair_0", "pair_1"]
    assert list(traced.graph.inputs) == names
    assert list(traced.graph.outputs) == ["y", "x"]
    numbers = traced.like_arguments({name: n for n, name in enumerate(names)})
    assert numbers == {
        "params": {"W1": 0, "b1": 1},
        "layers": [{"W": 2}, {"W": 3}],
        "pair": (4, 5),
        "flag": "on",
    }
    assert traced.like_result({"y": 1, "x": 2}) == {"y": 1, "x": 2}


def test_two_arguments_with_the_same_keys_have_different_names() -> None:
    graph = dvar.trace(lambda a, b: a["w"] * b["w"], {"w": 1.0}, {"w": 2.0}).graph
    assert list(graph.inputs) == ["w", "b_w"]


def test_containers_are_rebuilt_as_they_were() -> None:
    tree = {"a": [1, (2, 3)], "b": {}, "c": None}
    assert containers.leaves(tree) == [1, 2, 3, None]
    assert containers.rebuild(tree, containers.leaves(tree)) == tree
    assert containers.tree_map(lambda x: x, tree) == tree
    with pytest.raises(ValueError, match="more leaves"):
        containers.rebuild([1], [1, 2])


# ── shapes without numbers ──────────────────────────────────────────────────────────────────────


def test_named_sizes_go_through_a_whole_function() -> None:
    def cost(w: Any, b: Any, x: Any, y: Any) -> Any:
        m = x.shape[1]
        a = dvar.sigmoid(np.dot(w.T, x) + b)
        j = -1 / m * np.sum(y * np.log(a) + (1 - y) * np.log(1 - a))
        return np.squeeze(j)

    shapes = {"w": ("n", 1), "b": (), "x": ("n", "m"), "y": (1, "m")}
    graph = dvar.trace(cost, shapes=shapes).graph
    assert graph.names["a"].shape == (1, Dim("m"))
    assert graph.output[1].shape == ()
    rng = np.random.default_rng(0)
    values = {
        "w": rng.normal(size=(3, 1)),
        "b": 0.5,
        "x": rng.normal(size=(3, 5)),
        "y": np.ones((1, 5)),
    }
    (found,) = run(graph, **values)
    assert np.isclose(found, cost(**values))


def test_arithmetic_on_named_sizes_stays_exact_where_it_is_whole() -> None:
    seen = {}

    def f(x: Any) -> Any:
        m, n = x.shape
        seen.update(double=2 * m, area=m * n, more=m + 1, less=n - 1, size=x.size)
        return np.sum(x.reshape(m * n, 1)) / np.sqrt(m) + m * 0.5 + m**2 - 1 / n + 2.0 * m

    graph = dvar.trace(f, dvar.Shape("m", "n")).graph
    assert str(seen["area"]) == "m*n"
    assert seen["size"] == seen["area"]
    assert str(seen["double"]) == "2*m"
    (found,) = run(graph, x=np.ones((4, 2)))
    assert found == 8 / 2 + 2 + 16 - 0.5 + 8.0


def test_gradients_can_be_traced_with_shapes_only() -> None:
    def loss(w: Any, x: Any) -> Any:
        return np.mean(np.tanh(x @ w) ** 2)

    graph = dvar.trace(dvar.grad(loss), dvar.Shape("n"), dvar.Shape("m", "n")).graph
    assert graph.output[1].shape == (Dim("n"),)
    assert {node.op.name for node in graph.nodes}.isdisjoint({"alias"})
    w, x = np.ones(2), np.arange(6.0).reshape(3, 2)
    assert np.allclose(run(graph, w=w, x=x)[0], dvar.grad(loss)(w, x))


def test_a_choice_by_python_needs_numbers() -> None:
    def f(x: Any) -> Any:
        return x if x > 0 else -x

    with pytest.raises(TraceError, match="traced with shapes only") as caught:
        dvar.trace(f, dvar.Shape())
    assert "np.where" in str(caught.value)
    assert "return x if x > 0 else -x" in str(caught.value)
    assert dvar.trace(f, -2.0).graph.output[1].op.name == "negative"


def test_a_loop_over_a_named_size_needs_numbers() -> None:
    with pytest.raises(TraceError, match="the size m has no number"):
        dvar.trace(lambda x: sum(row for row in x), dvar.Shape("m"))
    with pytest.raises(TraceError, match="the size m has no number"):
        dvar.trace(lambda x: np.zeros((x.shape[0], 1)) * x, dvar.Shape("m"))


def test_shapes_and_arguments_that_do_not_fit_say_so() -> None:
    with pytest.raises(TraceError, match="neither a value nor a shape"):
        dvar.trace(lambda x, y: x, 1.0)
    with pytest.raises(TraceError, match="no parameter"):
        dvar.trace(lambda x: x, 1.0, shapes={"z": (3,)})
    with pytest.raises(TraceError, match="do not fit the function"):
        dvar.trace(lambda x: x, 1.0, 2.0)


def test_an_explanation_takes_lists_shapes_and_nothing_at_all() -> None:
    graph, values = trace_for_explanation(lambda w, x: np.sum(w * x), ([1, 2],), {"x": 3}, None)
    assert graph.inputs["w"].shape == (2,)
    assert values["x"] == 3.0
    graph, values = trace_for_explanation(lambda x, y: x * y, (), None, None)
    assert graph.output[1].shape == ()
    assert not values
    graph, values = trace_for_explanation(
        lambda w, x: np.sum(w * x),
        (),
        {"w": [1.0, 2.0], "x": [3.0, 4.0]},
        {"w": ("n",), "x": ("n",)},
    )
    assert graph.inputs["w"].shape == (Dim("n"),)
    assert values["x"].tolist() == [3.0, 4.0]


# ── closures ────────────────────────────────────────────────────────────────────────────────────


def test_variables_from_outside_become_constants() -> None:
    w = dvar.variable(3.0, name="w")
    graph = dvar.trace(lambda x: x * w, 2.0).graph
    assert list(graph.inputs) == ["x"]
    assert run(graph, x=5.0) == [15.0]


def test_two_traces_of_one_function_do_not_share_inputs() -> None:
    first, second = (dvar.trace(lambda x: x * 2, 1.0).graph for _ in range(2))
    assert first.inputs["x"] is not second.inputs["x"]


def test_a_graph_computes_what_the_function_computes_elsewhere() -> None:
    graph = dvar.trace(lambda x: np.sum(np.sort(x)[1:] * x[np.argsort(x)][:-1]), np.ones(4)).graph
    x = np.array([3.0, 1.0, 4.0, 2.0])
    assert run(graph, x=x) == [1 * 2 + 2 * 3 + 3 * 4]


def test_masks_are_part_of_the_graph() -> None:
    def f(x: Any) -> Any:
        inside = np.logical_and(x > 0, np.isfinite(x)) | (x < -1)
        return np.sum(np.where(inside, x, 0.0)) + np.any(x > 2) * 1.0 + np.all(x > -2) * 1.0

    graph = dvar.trace(f, np.zeros(3)).graph
    x = np.array([0.5, -3.0, 4.0])
    assert run(graph, x=x)[0] == f(x)


# ── what a traced array refuses ─────────────────────────────────────────────────────────────────


def refused(function: Any, *args: Any, of: Any = dvar.trace) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        of(function, *(args or (np.ones(3),)))
    error = caught.value
    # NumPy puts an error of its own over one that is raised while it converts an element.
    error = error if isinstance(error, TraceError) else error.__cause__
    assert isinstance(error, TraceError)
    return str(error)


def refused_to_one(function: Any) -> str:
    """What an array by itself refuses; a function as a whole is followed, see test_trace_filling."""
    return refused(function, of=lambda f, x: f(dvar.variable(x)))


def assign(x: Any) -> Any:
    x[0] = 1
    return x


def assign_into(x: Any) -> Any:
    y = np.zeros(3)
    y[0] = x[0]
    return y


def fill(x: Any) -> Any:
    y = np.zeros(3)
    y.fill(x[0])
    return y


def add_into(x: Any) -> Any:
    y = np.zeros(3)
    y += x
    return y


def test_assignment_to_an_element_says_what_to_write_instead() -> None:
    message = refused_to_one(assign)
    assert "x[0] = 1" in message
    assert "np.where" in message
    assert "np.concatenate" in message


def test_a_plain_array_does_not_swallow_a_traced_one() -> None:
    for function in (assign_into, add_into, lambda x: np.array([x[0], x[1]]), np.asarray):
        assert "lose" in refused_to_one(function)
    assert "np.stack" in refused_to_one(lambda x: np.array([x[0], x[1]]))
    assert "out=" in refused_to_one(lambda x: np.sum(x, out=np.zeros(())))
    assert "lose" in refused_to_one(lambda x: np.add.at(np.zeros(3), [0], x))


def test_an_unknown_function_is_named_with_its_line() -> None:
    message = refused(lambda x: np.unwrap(x))
    assert "does not know the derivative of unwrap" in message
    assert "np.unwrap(x)" in message


def test_a_function_that_looks_like_a_known_one_is_told_which() -> None:
    error = numpy_api._unsupported(SimpleNamespace(__name__="tanhh"))
    assert "np.tanh" in str(error)


def test_mathematics_for_plain_numbers_does_not_cut_the_graph() -> None:
    assert "np.exp" in refused_to_one(lambda x: math.exp(x[0]))
    assert "np.sqrt" in refused_to_one(lambda x: x[0] * sqrt(x[1]))
    assert "writes into a plain array" in refused_to_one(fill)
    assert dvar.trace(lambda x: x * float(x[1]), np.ones(3)).graph


def test_unsupported_arguments_are_not_dropped_silently() -> None:
    assert "where=" in refused(lambda x: np.sum(x, where=np.array([True, False, True])))
    assert dvar.trace(lambda x: np.sum(x, dtype=None, out=None), np.ones(3)).graph
    total = dvar.trace(lambda x: np.sum(x > 0, None, float), np.ones(3)).graph.output[1]
    assert total.dtype == "float64"


def test_a_shape_that_does_not_fit_is_told_in_the_users_names_and_line() -> None:
    def f(x: Any, w: Any) -> Any:
        h = x * 2
        return h @ w

    with pytest.raises(ShapeError) as caught:
        dvar.trace(f, np.ones((3, 4)), np.ones((3, 4)))
    message = str(caught.value)
    assert "axis k is 4 in h (3, 4) but 3 in w (3, 4)" in message
    assert "return h @ w" in message
    assert "^^^^^" in message


def test_a_function_that_returns_nothing_says_so() -> None:
    assert "returned None" in refused(lambda x: None)
    assert "not an array" in refused(lambda x: "text")


def test_an_array_of_another_trace_without_a_value_is_refused() -> None:
    kept: list[Any] = []
    dvar.trace(lambda x: kept.append(x) or x * 1.0, dvar.Shape())
    assert "another trace" in refused(lambda x: x * kept[0])


# ── what a traced array does ────────────────────────────────────────────────────────────────────


def probe(function: Any, x: Any = None) -> Any:
    seen = SimpleNamespace()

    def f(x: Any) -> Any:
        seen.result = function(x)
        return x * 1.0

    dvar.trace(f, np.arange(6.0).reshape(2, 3) if x is None else x)
    return seen.result


def test_a_traced_array_describes_itself_like_numpy() -> None:
    assert probe(lambda x: (x.shape, x.ndim, x.size, len(x), x.dtype)) == ((2, 3), 2, 6, 2, float)
    assert probe(lambda x: (x.T.shape, x.mT.shape, np.shape(x), np.ndim(x), np.size(x, 1))) == (
        (3, 2), (3, 2), (2, 3), 2, 3,
    )  # fmt: skip
    assert probe(lambda x: [row.shape for row in x]) == [(3,), (3,)]
    assert "Variable(x: [[0. 1. 2.]" in probe(repr)
    assert probe(lambda x: f"{x[0, 1]:.2f}") == "1.00"
    assert probe(lambda x: isinstance(x, dvar.Variable))


def test_values_steer_python() -> None:
    assert probe(lambda x: (float(x[0, 1]), int(x[1, 2]), bool(x[0, 0]))) == (1.0, 5, False)
    assert probe(lambda x: x[0, 1].item()) == 1.0
    assert probe(lambda x: x.tolist()) == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert probe(lambda x: list(range(x[0, 2]))) == [0, 1]
    assert probe(lambda n: "abc"[n], 1) == "b"
    assert probe(lambda x: np.allclose(x, x + 0)) is True
    assert probe(lambda x: x is None or x == None) is False  # noqa: E711
    with pytest.raises(ValueError, match="ambiguous"):
        probe(lambda x: bool(x > 1))
    with pytest.raises(DtypeError, match="not a position"):
        probe(lambda x: [1, 2, 3][x[0, 1] / 2])


def test_copies_are_the_array_itself() -> None:
    assert probe(lambda x: x.copy() is x and copy.deepcopy({"x": x})["x"] is x)


def test_methods_that_would_change_the_array_are_refused() -> None:
    with pytest.raises(TraceError, match=r"np\.sort"):
        dvar.variable(np.ones(3)).sort()
    with pytest.raises(AttributeError, match="cannot be changed"):
        probe(lambda x: x.fill(0))
    with pytest.raises(AttributeError, match="no attribute 'foo'"):
        probe(lambda x: x.foo)


def test_types_can_be_changed_where_a_derivative_allows_it() -> None:
    assert probe(lambda x: (x > 1).astype(float).dtype.name) == "float64"
    assert probe(lambda x: x.astype(bool).dtype.name) == "bool"
    assert probe(lambda x: x.astype(int)).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert probe(lambda x: x.astype(np.float64) is x)


def test_every_numpy_name_of_a_row_is_a_function_of_numpy_or_scipy() -> None:
    pytest.importorskip("scipy.special")
    pytest.importorskip("scipy.linalg")
    missing = [
        (row.name, name)
        for row in numpy_api.TABLE.values()
        for name in row.numpy
        if numpy_api._resolve(name) is None
    ]
    assert not missing


def test_a_single_result_is_called_like_its_function() -> None:
    def loss(w: Any, x: Any) -> Any:
        return np.sum(w * x)

    def pair(w: Any) -> Any:
        return w + 1, w + 2

    def w(w: Any) -> Any:
        return w + 1

    def loss_of(function: Any, *args: Any) -> list[str]:
        return list(dvar.trace(function, *args).graph.outputs)

    assert loss_of(loss, np.ones(2), np.ones(2)) == ["loss"]
    assert loss_of(functools.partial(loss, np.ones(2)), np.ones(2)) == ["loss"]
    assert loss_of(lambda w: w + 1, 1.0) == ["out"]
    assert loss_of(w, 1.0) == ["out"]
    assert loss_of(pair, 1.0) == ["out_0", "out_1"]
