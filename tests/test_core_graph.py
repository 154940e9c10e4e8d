"""Nodes are interned, graphs are checked and print as programs, errors point at what was written."""

import gc
import weakref

import numpy as np
import pytest

import dvar
from dvar.core.dims import Dim
from dvar.core.dtypes import dtype_of
from dvar.core.errors import DtypeError, GraphError, MissingValue, ShapeError, Source
from dvar.core.graph import Graph
from dvar.core.node import Literal, Node, topological
from dvar.core.op import CONSTANT, constant, is_constant, number, size_of, variable
from dvar.engine.reference import evaluate
from dvar.ops import TABLE

m = Dim("m")


def _program():
    x, y = variable("x"), variable("y", (m,))
    q = x + y
    f = TABLE["sum"](q * 2.0)
    return Graph({"x": x, "y": y}, {"q": q, "f": f}, {"f": f})


# ── nodes ───────────────────────────────────────────────────────────────────────────────────────


def test_equal_nodes_are_one_object():
    x, y = variable("x", (3,)), variable("y", (3,))
    assert x + y is x + y
    assert x + y is not y + x
    assert variable("x", (3,)) is x
    assert variable("x", (2,)) is not x
    assert variable("x", (3,), key=1) is not x
    assert x * 2.0 is x * constant(2.0)


def test_equal_parameters_are_equal_however_they_are_spelled():
    x, sum_ = variable("x", (2, 3)), TABLE["sum"]
    assert sum_(x, axis=-1) is sum_(x, axis=(1,))
    assert sum_(x) is sum_(x, axis=(1, 0))


def test_constants_are_equal_by_content():
    assert constant([1.0, 2.0]) is constant([1.0, 2.0])
    assert constant([1.0, 2.0]) is not constant([1, 2])
    assert constant(np.nan) is constant(np.nan)
    assert constant(0.0) is not constant(-0.0)


@pytest.mark.parametrize("size", [2, 100_000])
def test_a_constant_does_not_change_with_the_array_it_was_made_of(size):
    array = np.arange(size, dtype=float)
    before = constant(array)
    array[1] = 7.0
    assert evaluate([before], {})[0][1] == 1.0
    assert constant(array) is not before
    assert evaluate([constant(array)], {})[0][1] == 7.0
    array[1] = 1.0
    assert constant(array) is before


def test_a_large_array_is_one_node_however_often_it_is_used():
    array, x = np.arange(1e5), variable("x", (100_000,))
    assert constant(array) is constant(array)
    assert x * array is x * array
    assert constant(array) is constant(array.copy())
    assert constant(array) is not constant(array[::-1])
    assert constant(array) is not constant(array.reshape(2, -1))
    assert constant(array) is not constant(array, "float32")


def test_large_arrays_that_differ_in_one_element_or_one_sign_are_two_nodes():
    zeros = np.zeros(100_000)
    for place in (0, 1, 777, 99_999):
        other = zeros.copy()
        other[place] = -0.0
        assert constant(other) is not constant(zeros)
        other[place] = np.nan
        assert constant(other) is constant(other.copy())
    assert Literal(zeros) == Literal(np.zeros(100_000))


def test_a_large_array_is_copied_once_and_not_at_all_if_nobody_can_write_to_it():
    array = np.arange(1e5)
    once, again = Literal(array), Literal(array)
    assert not np.shares_memory(once.array, array)
    assert again.array is once.array
    settled = np.arange(2e5)
    settled.setflags(write=False)
    assert np.shares_memory(Literal(settled).array, settled)
    view = array[1:]
    view.setflags(write=False)  # its owner can still be written to
    assert not np.shares_memory(Literal(view).array, array)


def test_a_large_array_is_forgotten_with_the_last_node_that_holds_it():
    node = constant(np.arange(1e5))
    gone = weakref.ref(node.param("value"))
    del node
    gc.collect()
    assert gone() is None


def test_a_large_array_is_one_node_in_a_trace():
    table = np.arange(1e5)
    graph = dvar.trace(lambda x: np.sum(x * table) + np.sum(table / x), np.ones(100_000)).graph
    assert sum(node.op is CONSTANT for node in graph.nodes) == 1


def test_nodes_that_nobody_holds_are_forgotten():
    from dvar.core.node import _nodes

    gc.collect()
    before = len(_nodes)
    x = variable("a name nobody else uses")
    held = [x]
    for _ in range(60):
        held.append(held[-1] + x)
    assert len(_nodes) > before + 50
    del held, x
    gc.collect()
    assert len(_nodes) <= before


def test_plain_numbers_take_the_precision_of_the_array_beside_them():
    x = variable("x", (3,), "float32")
    assert (x * 2).dtype == "float32"
    assert (0.5 + x).dtype == "float32"
    assert (x + variable("y", (3,))).dtype == "float64"
    assert (x > 0).dtype == "bool"
    assert (variable("k", (), "int64") / 2).dtype == "float64"


def test_a_complex_number_has_no_dtype_of_ours():
    with pytest.raises(DtypeError, match="real numbers, not with complex128"):
        dtype_of(1j)


def test_a_node_has_no_truth_value_and_cannot_be_iterated_over():
    x = variable("x", (3,))
    with pytest.raises(TypeError, match="no truth value"):
        bool(x > 0)
    with pytest.raises(TypeError, match="cannot be iterated"):
        list(x)
    with pytest.raises(TypeError, match="calling an operation"):
        Node()


def test_numpy_leaves_arithmetic_with_a_node_to_the_node():
    x = variable("x", (3,))
    assert isinstance(np.ones(3) * x, Node)
    assert (np.ones(3) @ x).shape == ()


def test_the_value_of_a_constant_scalar_is_at_hand():
    assert number(constant(2.5)) == 2.5
    assert number(constant([2.5])) is None
    assert number(variable("x")) is None
    assert is_constant(constant(1))
    assert is_constant(size_of(3))


def test_the_size_of_an_axis_stays_a_name_until_numbers_come():
    x = variable("x", (m,))
    mean = TABLE["sum"](x) / size_of(m)
    assert evaluate([mean], {x: np.array([1.0, 2.0, 6.0])}) == [3.0]


def test_operands_come_before_what_is_made_of_them():
    x = variable("x")
    y = x * x
    z = y + x
    order = topological([z, y])
    assert order == [x, y, z]
    assert topological([z], {y}) == [y, x, z]


# ── graphs ──────────────────────────────────────────────────────────────────────────────────────


def test_a_graph_prints_as_a_program():
    assert str(_program()).splitlines() == [
        "input x: float64 scalar",
        "input y: float64 (m,)",
        "q: float64 (m,) = add(x, y)",
        "%1: float64 (m,) = multiply(q, 2.0)",
        "f: float64 scalar = sum(%1, axis=None, keepdims=False)",
        "return f",
    ]


def test_a_sound_graph_passes_its_check():
    graph = _program()
    assert graph.check() is graph
    assert graph.output == ("f", graph.outputs["f"])


def test_a_variable_that_is_no_input_is_named():
    x, y = variable("x"), variable("y")
    with pytest.raises(GraphError, match="the variable y is not an input"):
        Graph({"x": x}, {}, {"f": x + y}).check()


def test_a_node_that_its_row_would_not_make_is_found():
    x = variable("x", (2, 3))
    wrong = Node.make(TABLE["negative"], (x,), (), (3, 2), "float64")
    with pytest.raises(GraphError, match=r"negative: float64 \(3, 2\).*is not what its row makes"):
        Graph({"x": x}, {}, {"f": wrong}).check()


# ── the reference interpreter ───────────────────────────────────────────────────────────────────


def test_a_variable_without_a_value_is_named():
    x, y = variable("x"), variable("speed")
    with pytest.raises(MissingValue, match="speed has no value"):
        evaluate([x + y], {x: 1.0})


def test_a_value_of_another_shape_is_refused():
    x = variable("x", (2, 3))
    with pytest.raises(ShapeError, match="axis 1 of x is declared as 3 but its value has 4"):
        evaluate([x], {x: np.zeros((2, 4))})


def test_values_are_computed_in_the_precision_of_the_graph():
    x = variable("x", (2,), "float32")
    (out,) = evaluate([x * 2], {x: [1.0, 2.0]})
    assert out.dtype == np.float32


# ── errors ──────────────────────────────────────────────────────────────────────────────────────


def test_an_error_shows_where_and_why_and_what_instead():
    error = ShapeError(
        "a and b do not fit",
        source=Source("f = a @ b", line=3, column=4, length=5, file="model.py"),
        rule="matmul: i k, k j -> i j",
        hint="a.T @ b",
    )
    assert str(error).splitlines() == [
        "a and b do not fit",
        "  in:   f = a @ b   (model.py:3)",
        "            ^^^^^",
        "  rule: matmul: i k, k j -> i j",
        "  try:  a.T @ b",
    ]


def test_a_long_line_is_cut_around_what_is_meant():
    text = "x" * 500 + "HERE" + "x" * 500
    shown, carets = Source(text, column=500, length=4).pointer().splitlines()
    assert len(shown) == 100
    assert shown[carets.index("^") : carets.rindex("^") + 1] == "HERE"


def test_a_printed_graph_shows_some_elements_of_large_constants():
    x = variable("x", (100, 1000))
    y = x + np.arange(100_000.0).reshape(100, 1000)
    text = str(Graph({"x": x}, {"y": y}, {"y": y}))
    assert "add(x, [[0.0000e+00, 1.0000e+00, ..." in text
    assert len(text) < 500
