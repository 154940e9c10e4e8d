"""The text notation is read as people mean it."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import pytest

from dvar.check.laws_samples import samples_of
from dvar.core.dims import Dim, show
from dvar.core.errors import DvarError
from dvar.core.graph import Graph
from dvar.core.node import Node
from dvar.core.op import variable
from dvar.engine.reference import evaluate
from dvar.ops import TABLE
from dvar.read.text.formula import read_formula
from dvar.write import notation

ROWS = [(name, n) for name, row in TABLE.items() for n in range(len(samples_of(row)))]


def value_of(graph: Graph, **at: Any) -> Any:
    """The last output with the numbers of the text and further ones."""
    numbers = {**graph.values, **at}
    known = {node: numbers[name] for name, node in graph.inputs.items()}
    return evaluate([graph.output[1]], known)[0]


def calculated(text: str, **at: Any) -> Any:
    return value_of(read_formula(text, values=at), **at)


def same(left: str, right: str) -> bool:
    """Whether two texts make the same node (operands that commute stand in the same order)."""
    return read_formula(left).output[1] is read_formula(right).output[1]


# ── statements ──────────────────────────────────────────────────────────────────────────────────


def test_statements_are_lines_or_stand_between_semicolons() -> None:
    graph = read_formula("q = x + y  # a sum\nf = q*z; g = f\n\n")
    assert list(graph.inputs) == ["x", "y", "z"]
    assert list(graph.names) == ["q", "f", "g"]
    assert graph.output[0] == "g"


def test_a_number_makes_an_input_with_a_value_and_not_a_constant() -> None:
    graph = read_formula("x = -2; y = 5, z = 1/2\nf = (x + y)*z")
    assert graph.values == {"x": -2, "y": 5, "z": 0.5}
    assert value_of(graph) == 1.5


def test_a_list_of_numbers_is_the_value_of_an_array() -> None:
    graph = read_formula("W = [[1, 2], [3, 4]]; x = [1, -1]; z = W @ x")
    assert graph.inputs["W"].shape == (2, 2)
    assert value_of(graph).tolist() == [-1, -1]


def test_values_of_the_caller_go_before_those_of_the_text() -> None:
    graph = read_formula("x = 3; f = x**2", values={"x": 4})
    assert graph.values == {"x": 4}


def test_a_line_that_ends_with_an_operator_goes_on_in_the_next() -> None:
    assert same("f = x +\n  y", "f = x + y")
    assert same("f = (x\n + y)", "f = x + y")


def test_a_chain_of_names_gives_aliases() -> None:
    graph = read_formula("yhat = a = sigmoid(z); a0 = x; f = a0*a")
    assert graph.names["yhat"] is graph.names["a"]
    assert graph.names["a0"] is graph.inputs["x"]


def test_a_bare_expression_gets_a_name() -> None:
    assert list(read_formula("x + y").outputs) == ["f"]
    assert list(read_formula("f = x; f + y").outputs) == ["out"]


def test_definitions_may_stand_before_what_they_use() -> None:
    graph = read_formula("f = q*z; q = x + y")
    assert list(graph.names) == ["f", "q"]
    assert graph.names["f"].inputs[0] is graph.names["q"]


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("W: (3, m)", (3, Dim("m"))),
        ("W: 3 x m", (3, Dim("m"))),
        ("W: 3 × m", (3, Dim("m"))),
        ("W: 3x4", (3, 4)),
        ("W ∈ R^{3 x 4}", (3, 4)),
        ("a, W: (n,)", (Dim("n"),)),
        ("a: scalar, W: n", (Dim("n"),)),
        ("W: (2*n + 1, 3)", (2 * Dim("n") + 1, 3)),
    ],
)
def test_shapes_are_declared_in_many_ways(text: str, shape: Any) -> None:
    assert read_formula(f"{text}\nf = W*2").inputs["W"].shape == shape


def test_the_size_of_an_axis_is_a_number_of_the_formula() -> None:
    graph = read_formula("X: (n, m); J = sum(X)/m")
    assert value_of(graph, X=np.ones((2, 5))) == 2
    assert list(graph.inputs) == ["X"]


def test_a_size_given_as_a_number_is_known_in_every_shape() -> None:
    assert read_formula("m = 2; X: (3, m); Y = X/m").inputs["X"].shape == (3, 2)


def test_the_shape_of_an_array_is_asked_as_in_numpy() -> None:
    graph = read_formula("X: (n, m); J = sum(X)/X.shape[1]")
    assert value_of(graph, X=np.ones((2, 5))) == 2


def test_a_name_and_its_subscripted_spelling_are_one() -> None:
    graph = read_formula("W_1*x + W1")
    assert list(graph.inputs) == ["W_1", "x"]
    assert read_formula("f = W₁*2").inputs.keys() == {"W1"}


# ── expressions ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2 + 3*4 + 0*x", 14),
        ("-x**2", -9),
        ("2**3**2 + 0*x", 512),
        ("2**-1*x", 1.5),
        ("x/2/3", 0.5),
        ("6/-x*2", -4),
        ("-1*x - -x", 0),
        ("2x + 3(x + 1) + (x)(x)", 27),
        ("2x^2", 18),
        ("x² + x⁻¹*x", 10),
        ("√(x + 1) × 2 ÷ 4 − 1", 0),
        ("1/2(x + 1)", 2),
        ("x if x > 2 else 0", 3),
        ("1 if x > 5 else 2 if x > 2 else 3", 2),
        ("1[x > 2]*x", 3),
        ("(x ≥ 3)*(x ≤ 3)*(x ≠ 4)", 1),
        ("|1 - x|", 2),
        ("log e^x", 3),
        ("e**x/exp(x) + 0*pi", 1),
        ("max(0, x) + min(x, 1)", 4),
        ("1e1*x + 1_0", 40),
        ("np.exp(x)/math.exp(x) + torch.nn.functional.relu(x)", 4),
        ("ReLU(x) + Sigmoid(0*x) + RELU(-x)", 3.5),
        ("σ(0*x)", 0.5),
        ("ln(x) - log x", 0),
        ("x.exp() - exp(x)", 0),
    ],
)
def test_expressions_have_the_value_people_expect(text: str, value: float) -> None:
    assert calculated(f"f = {text}", x=3.0) == pytest.approx(value)


def test_words_of_functions_are_names_where_they_are_not_called() -> None:
    assert list(read_formula("z = (x - mean)/std").inputs) == ["x", "mean", "std"]
    assert calculated("e = exp(n); d = 1 + e", n=0.0) == 2


def test_letters_of_other_alphabets_are_names() -> None:
    graph = read_formula("ŷ = α·x + δ₁")
    assert list(graph.inputs) == ["alpha", "x", "delta1"]
    assert list(graph.names) == ["yhat"]


def test_juxtaposition_is_the_product_that_the_shapes_make() -> None:
    shapes = "W: (3, 2); x: 2; y: 3; "
    assert same(shapes + "f = W x", shapes + "f = W @ x")
    assert same(shapes + "f = y^T W x", shapes + "f = (y @ W) @ x")
    assert same(shapes + "f = y x^T", shapes + "f = outer(y, x)")
    assert same(shapes + "f = 2 x", shapes + "f = 2*x")


def test_arrays_are_indexed_sliced_and_transposed_as_in_numpy() -> None:
    x = np.arange(12.0).reshape(3, 4)
    for index in ("0", "0, 1", "1:", ":, 0", "-1", "[2, 0]", "::2, 1", "..., 0", ":, None, 0"):
        assert np.array_equal(calculated(f"x[{index}]", x=x), eval(f"x[{index}]", {"x": x}))
    assert np.array_equal(calculated("x.T", x=x), x.T)
    assert np.array_equal(calculated("xᵀ", x=x), x.T)


def test_an_input_used_as_an_index_holds_whole_numbers() -> None:
    assert calculated("x[k]", x=np.array([3.0, 1.0, 2.0]), k=np.array([2, 0])).tolist() == [2, 3]


def test_keywords_flags_and_methods_are_those_of_numpy() -> None:
    declared = "X: (3, 4); f = "
    assert same(declared + "sum(X, axis=1, keepdims)", declared + "X.sum(1, keepdims=True)")
    assert same(declared + "X.mean(axis=0)", declared + "np.mean(X, 0)")
    assert same(declared + "X.reshape(2, 6)", declared + "reshape(X, (2, -1))")
    assert same(declared + "X.dot(X.T)", declared + "X @ X.T")
    assert same(declared + "softmax(X, dim=1)", declared + "softmax(X)")


def test_a_list_of_quantities_is_a_stack() -> None:
    assert calculated("f = [x, 2*x, 1]", x=3.0).tolist() == [3, 6, 1]
    assert calculated("f = [[x, 1], [0, x]]", x=3.0).tolist() == [[3, 1], [0, 3]]


def test_x0_is_an_element_where_x_is_an_array() -> None:
    graph = read_formula("x: n; F(x) = x0*x")
    assert list(graph.inputs) == ["x"]
    assert "x0 is read as x[0]" in graph.notes
    assert list(read_formula("z = x0*x").inputs) == ["x0", "x"]
    assert list(read_formula("x: n; x0 = 3; z = x0*x").inputs) == ["x", "x0"]


def test_elements_without_a_zeroth_are_counted_from_one() -> None:
    graph = read_formula("w: (2, 1); z = w1*a + w2*b")
    assert graph.notes == (
        "w1 is read as w[0], counted from 1",
        "w2 is read as w[1], counted from 1",
    )


def test_a_shape_of_the_caller_declares_an_input() -> None:
    graph = read_formula("F(x) = (x2, x0, x1)", shapes={"x": (3,)})
    assert graph.inputs["x"].shape == (3,)
    assert read_formula("W*2", shapes={"W": ("2*n", 3)}).inputs["W"].shape == (2 * Dim("n"), 3)


def test_components_in_round_brackets_count_from_one() -> None:
    graph = read_formula("w: (2, 3); f = w(1, 2)*3")
    assert same("w: (2, 3); f = w(1, 2)", "w: (2, 3); f = w[0, 1]")
    assert any("counted from 1" in note for note in graph.notes)


# ── functions of the user ───────────────────────────────────────────────────────────────────────


def test_parameters_on_the_left_are_remarks() -> None:
    graph = read_formula("f(x, y, z) = (x + y) z; g = f(x, y, z) + f")
    assert value_of(graph, x=1, y=2, z=3) == 18


def test_other_arguments_are_put_in() -> None:
    assert calculated("sq(t) = t**2; y = sq(x + 1) + sq(2)", x=3.0) == 20
    assert list(read_formula("sq(t) = t**2; y = sq(x)").inputs) == ["x"]


def test_arguments_reach_what_a_function_is_made_of() -> None:
    assert calculated("q = x + 1; f(x) = q*x; g = f(2*x)", x=1.0) == 6


def test_functions_are_put_into_each_other() -> None:
    assert calculated("h(t) = t + 1; g(t) = h(2*t)*t; y = g(h(x))", x=1.0) == 10


def test_arguments_of_a_quantity_only_remind() -> None:
    assert same("J(a) = a**2; K = 2*J(a)", "J = a**2; K = 2*J")


def test_a_quantity_before_a_bracket_is_a_factor() -> None:
    assert same("a = 2; f = a(b + c)", "a = 2; f = a*(b + c)")


# ── indices ─────────────────────────────────────────────────────────────────────────────────────


def test_a_sum_over_an_index_is_the_sum_of_an_axis() -> None:
    x, y = np.array([1.0, 2.0, 3.0]), np.array([0.5, 1.0, 2.0])
    assert calculated("L = sum_i x_i*y_i + 1", x=x, y=y) == x @ y + 1
    assert calculated("L = -(1/3)*sum_{i=1}^{3} [x_i + y_i]", x=x, y=y) == pytest.approx(-9.5 / 3)
    assert calculated("L = ∑_i xᵢ²", x=x) == 14


def test_a_definition_with_an_index_is_an_array() -> None:
    W, x = np.arange(6.0).reshape(2, 3), np.array([1.0, -1.0, 2.0])  # noqa: N806
    assert np.array_equal(calculated("y_i = sum_j W_ij*x_j", W=W, x=x), W @ x)
    assert np.array_equal(calculated("y_j = sum_i W_ij", W=W), W.sum(0))
    assert np.array_equal(calculated("A_ij = x_i*y_j", x=x, y=W[0]), np.outer(x, W[0]))
    assert calculated("F(x)_i = x_0*x_i, i = 0..2", x=x).tolist() == [1, -1, 2]
    assert calculated("F_i = i*x_i", x=x).tolist() == [0, -1, 4]


def test_the_range_of_an_index_declares_what_nobody_declared() -> None:
    assert read_formula("F(x)_i = x0*x_i, i = 0..4").inputs["x"].shape == (5,)
    assert read_formula("F(x)_i = x0*x_i, i = 0, ..., n-1").inputs["x"].shape == (Dim("n"),)


def test_softmax_written_with_indices_is_softmax() -> None:
    z = np.array([1.0, 2.0, 0.5])
    out = calculated("p_i = exp(z_i)/sum_j exp(z_j)", z=z)
    assert np.allclose(out, np.exp(z) / np.exp(z).sum())


def test_an_index_can_be_a_place_in_an_order() -> None:
    x = np.array([3.0, 1.0, 2.0])
    assert calculated("order = argsort(x); F_k = x0*x[order_k]", x=x).tolist() == [3, 6, 9]


def test_a_sum_over_what_does_not_depend_on_the_index_multiplies() -> None:
    assert calculated("x: n; f = sum_{i=1}^{n} c + 0*sum(x)", x=np.ones(4), c=2.0) == 8


def test_logistic_regression_over_examples_is_read_from_single_ones() -> None:
    text = (
        "w: (n, 1); x_i: (n, 1); z_i = w.T @ x_i + b; a_i = sigmoid(z_i)\n"
        "L_i = -(y_i*log(a_i) + (1 - y_i)*log(1 - a_i)); J = (1/m)*sum_i L_i"
    )
    graph = read_formula(text)
    assert graph.inputs["x"].shape == (Dim("m"), Dim("n"), 1)
    assert graph.inputs["y"].shape == (Dim("m"),)
    generator = np.random.default_rng(0)
    x, w = generator.normal(size=(5, 2, 1)), generator.normal(size=(2, 1))
    y = np.array([1.0, 0.0, 1.0, 1.0, 0.0])
    a = 1 / (1 + np.exp(-(x[:, :, 0] @ w[:, 0] + 0.3)))
    expected = -np.mean(y * np.log(a) + (1 - y) * np.log(1 - a))
    assert np.allclose(value_of(graph, x=x, w=w, b=0.3, y=y), expected)


def test_examples_in_a_superscript_are_carried_along() -> None:
    graph = read_formula(
        "w, x: n; z^(i) = w @ x^(i) + b; J = 1/(2*m)*sum_{i=1}^{m} (z^(i) - y^(i))^2"
    )
    x, y, w = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.ones(3), np.array([0.5, -1.0])
    assert value_of(graph, x=x, y=y, w=w, b=1.0) == pytest.approx(np.sum((x @ w) ** 2) / 6)


def test_names_with_letters_are_plain_names_where_nothing_is_an_array() -> None:
    assert list(read_formula("z_i = w_i*x + b_i").inputs) == ["w_i", "x", "b_i"]


def test_a_name_for_the_upstream_gradient_is_no_part_of_the_computation() -> None:
    graph = read_formula("x: n; F(x) = x0*x; g = dL/dF")
    assert list(graph.outputs) == ["F"]
    assert list(graph.inputs) == ["x"]


# ── with the writer ─────────────────────────────────────────────────────────────────────────────


def _numbers(operands: list[Any]) -> dict[Node, Any]:
    kinds = {"b": "bool", "i": "int64", "f": "float64"}
    return {
        variable(f"p{'abc'[n]}", x.shape, kinds[x.dtype.kind]): x for n, x in enumerate(operands)
    }


@pytest.mark.parametrize(("name", "n"), ROWS, ids=[f"{name}-{n}" for name, n in ROWS])
def test_what_is_written_is_read_back(name: str, n: int) -> None:
    row = TABLE[name]
    sample = samples_of(row)[n]
    values = _numbers(sample.draw(row, np.random.default_rng(0)))
    node = sample.call(row, *values)
    labels = {x: str(x.param("name")) for x in values}
    declared = "".join(f"{label}: {show(x.shape)}; " for x, label in labels.items())
    at = {labels[x]: value for x, value in values.items()}
    graph = read_formula(f"{declared}{notation.text(node, labels)}", values=at)
    back = {graph.inputs[label]: at[label] for label in graph.inputs}
    (wanted,), (found,) = evaluate([node], values), evaluate([graph.output[1]], back)
    assert wanted.shape == found.shape
    assert np.allclose(wanted, found, equal_nan=True)


def test_every_place_is_known() -> None:
    graph = read_formula("q = x + y\nf = q*exp(z)", file="a.txt")
    source = graph.sources[graph.names["f"]]
    assert (source.line, source.column, source.file) == (2, 0, "a.txt")


@pytest.mark.parametrize(
    "text",
    [
        "f = " + " + ".join(f"x{n}" for n in range(9000)),
        "\n".join(f"a{n + 1} = a{n}*2" for n in range(3000)),
        "f = " + "(" * 199 + "x" + ")" * 199,
        "X: (2, 2); f = X" + ".T" * 5000,
        "f(x) = x*x + 1; y = " + "f(" * 150 + "t" + ")" * 150,
        "f = " + "sum_i " * 150 + "x_i",
    ],
    ids=["long sum", "many lines", "brackets", "transposes", "functions", "sums"],
)
def test_long_and_deep_texts_are_read(text: str) -> None:
    assert read_formula(text).nodes


@pytest.mark.parametrize("seed", range(300))
def test_any_text_is_read_or_refused_with_an_error_of_ours(seed: int) -> None:
    generator = np.random.default_rng(seed)
    pieces = [
        *"xyW0129()[]{}+-*/@^=<>.,:;|_ \n'#", "**", "sum_i", "x_i", "exp", " if ", " else ", "²", "ᵀ",
        "1:", "x0", "T", ".T", "^(i)", "sum(", "f(x)", ":=", "..", "√", "W: (2,2)\n", "x = [1, 2]\n",
    ]  # fmt: skip
    text = "".join(generator.choice(pieces, size=generator.integers(1, 25)))
    with contextlib.suppress(DvarError):
        assert read_formula(text).outputs


# ── elements, products of parameters ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        "F = [x2, x4, x0]",
        "F(x) = (x2, x4, x0)",
        "F = (x2*1, x4*1, x0*1)",
        "F_1(x) = (x_2, x_4, x_0)",
    ],
)
@pytest.mark.parametrize("given", ["shape", "values", "text"])
def test_numbered_names_are_elements_of_an_array_that_is_given_in_any_way(
    text: str, given: str
) -> None:
    shapes = {"x": (5,)} if given == "shape" else None
    values = {"x": [0, 10, 20, 30, 40]} if given == "values" else None
    graph = read_formula(f"x: (5,)\n{text}" if given == "text" else text, shapes, values)
    assert list(graph.inputs) == ["x"]
    assert value_of(graph, x=np.array([0.0, 10, 20, 30, 40])).tolist() == [20, 40, 0]
    assert any("is read as x[2]" in note for note in graph.notes)


def test_a_number_is_its_own_transpose() -> None:
    assert calculated("L = w^T x", w=2.0, x=3.0) == 6
    assert calculated("w: scalar; L = w.T * x", w=2.0, x=3.0) == 6


def test_words_made_of_parameters_are_products() -> None:
    graph = read_formula("J(a, b, c) = 3(a + bc^2)")
    assert list(graph.inputs) == ["a", "b", "c"]
    assert graph.notes[0] == "bc is read as b*c"
    assert value_of(graph, a=1.0, b=2.0, c=3.0) == 57
    assert same("q = 2x; f(z, x) = qz + x", "q = 2x; f(z, x) = q*z + x")


@pytest.mark.parametrize(
    "text", ["f(m, u) = mu + m*u", "f(p, i) = pi + p*i", "f(b, c) = bc + 1; bc = 3", "f = bc"]
)
def test_words_that_mean_something_are_no_products_of_parameters(text: str) -> None:
    assert not any("is read as" in note for note in read_formula(text).notes)


def test_where_is_a_function_and_a_word() -> None:
    graph = read_formula("b = where(a > 1, a, 2)*c, where c = a^2")
    assert graph.output[0] == "b"
    assert value_of(graph, a=3.0) == 27


# ── notes and notebooks ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        "a = sigmoid(z), where z = w*x",
        "a = sigmoid(z) with z = w*x.",
        "Let z = w*x. Then a = sigmoid(z).",
        "Forward pass: z = w*x\na = sigmoid(z)",
        "1. z = w*x\n2. a = sigmoid(z)",
        "(a) z = w*x\n(b) a = sigmoid(z)",
        "- z = w*x\n- a = sigmoid(z)",
        "z = w*x    (1)\na = sigmoid(z)    (2)",
        "z = w*x (weighted input)\na = sigmoid(z) (with z from above)",
        "import numpy as np\nfrom math import *\nz = w*x; a = 1/(1 + np.exp(-z))",
    ],
)
def test_words_between_definitions_are_left_out(text: str) -> None:
    graph = read_formula(text)
    assert list(graph.inputs) == ["w", "x"]
    assert graph.output[0] == "a"
    assert value_of(graph, w=0.0, x=1.0) == 0.5


@pytest.mark.parametrize("text", ["f = 2*rate; g = f (rate)", "g = x (alpha beta)", "g = x (a b)"])
def test_a_factor_in_brackets_is_no_remark(text: str) -> None:
    assert not any("remark" in note for note in read_formula(text).notes)


def test_a_sum_of_a_loss_for_one_example_takes_x_and_y_for_examples() -> None:
    graph = read_formula(
        "x: (D, 1); y: (1, 1); W: (1, D); b: (1, 1)\n"
        "z = W @ x + b; yhat = sigmoid(z); L = y*log(yhat) + (1-y)*log(1-yhat)\n"
        "J = -(1/m)*sum_i L_i"
    )
    assert graph.output[1].shape == ()
    assert graph.inputs["W"].ndim == 2
    assert graph.inputs["x"].ndim == 3
    assert graph.notes[-1].startswith("x and y are taken for examples: x_i, y_i")
    x, y = np.array([1.0, 2.0]), np.array([0.0, 1.0])
    mean = calculated("L = (w*x - y)^2; J = 1/m sum_i L_i", w=2.0, x=x, y=y, m=2)
    assert mean == (4 + 9) / 2


def test_vectors_in_a_sum_are_implied_by_their_product() -> None:
    graph = read_formula("J = 1/(2m) * sum_{i=1}^m (w^T x_i - y_i)^2")
    assert [node.ndim for node in graph.inputs.values()] == [1, 2, 1]


def test_cases_may_be_written_with_braces_and_otherwise() -> None:
    text = "f(x) = {x^2 if x > 1, x if x > 0, 0 otherwise}"
    assert [calculated(text, x=x) for x in (3.0, 0.5, -1.0)] == [9, 0.5, 0]
    assert calculated("y = x if x > 0, else 0", x=-1.0) == 0


def test_bars_powers_of_functions_and_fractions_are_read_as_in_a_book() -> None:
    assert calculated("f = 2|x| |y|", x=-1.0, y=-3.0) == 6
    assert calculated("f = ½||x||^2", x=np.array([3.0, 4.0])) == 12.5
    assert calculated("f = sin^2(x) + cos^2 x", x=0.3) == pytest.approx(1.0)
    assert calculated("f = ln|x|", x=-1.0) == 0
    assert read_formula("x' = 3x").output[0] == "xprime"


def test_arrays_of_numpy_and_torch_are_values() -> None:
    graph = read_formula(
        "x = np.array([1, 2]); y = torch.tensor([3.], requires_grad=True); f = sum(x)"
    )
    assert graph.values["x"].tolist() == [1, 2]
    assert graph.values["y"].tolist() == [3]
