"""Indexing, joining, moving and sorting: shapes as NumPy's, gradients as one writes them, messages.

That every row differentiates rightly to second order is a law of the whole table (test_laws.py).
"""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dvar.core.dims import Dim
from dvar.core.errors import DtypeError, DvarError, ShapeError
from dvar.core.graph import Graph
from dvar.core.op import variable
from dvar.derive.sweep import sweep
from dvar.engine.reference import evaluate, resolve
from dvar.ops import TABLE
from dvar.ops.subscript import read
from dvar.write.notation import latex, text

N = Dim("n")
X = variable("x", (N,))
W = variable("W", (3, 4))
A, B = variable("a"), variable("b")
I = variable("i", (5,), "int64")  # noqa: E741  an index


def gradient(root, wrt):
    return sweep(root, variable("g", root.shape), [wrt]).gradients[wrt]


# ── indices against NumPy ───────────────────────────────────────────────────────────────────────


@st.composite
def items(draw, size):
    """One item of an index for an axis of that size, now and then out of range."""
    bound = st.none() | st.integers(-size - 1, size + 1)
    return draw(
        st.integers(-size - 1, size)
        | st.builds(slice, bound, bound, st.sampled_from([None, 1, 2, -1, -2, 3]))
        | st.lists(st.integers(-size, size - 1), min_size=2, max_size=2)
        | st.sampled_from([None, ...])
        | st.lists(st.booleans(), min_size=size, max_size=size).map(np.array)
    )


@st.composite
def indexed(draw):
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple))
    count = draw(st.integers(1, len(shape) + 1))
    return shape, tuple(draw(items(shape[min(n, len(shape) - 1)])) for n in range(count))


@given(indexed())
@settings(max_examples=300, deadline=None)
@example(((4, 1), (slice(0, -2, 2),)))
@example(((2, 3, 4), ([0, 1], slice(None), [1, 2])))
@example(((2, 3, 4), (0, slice(None), [1, 2])))
def test_every_index_takes_what_numpy_takes_or_is_refused_with_it(case):
    shape, index = case
    array = np.arange(1.0, 1 + np.prod(shape)).reshape(shape)
    try:
        want = array[index]
    except (IndexError, ValueError):
        with pytest.raises(DvarError):
            variable("x", shape)[index]
        return
    x = variable("x", shape)
    node = x[index]
    (got,) = evaluate([node], {x: array})
    assert node.shape == got.shape == want.shape
    assert np.array_equal(got, want)


@given(indexed())
@settings(max_examples=150, deadline=None)
def test_what_is_said_of_a_named_size_is_true_or_refused_when_the_number_is_known(case):
    shape, index = case
    sizes = {f"n{k}": size for k, size in enumerate(shape)}
    x = variable("x", tuple(Dim(name) for name in sizes))
    array = np.arange(1.0, 1 + np.prod(shape)).reshape(shape)
    try:
        node = x[index]
        (got,) = evaluate([node], {x: array})
    except DvarError:
        return
    assert np.array_equal(got, array[index])
    assert resolve(node.shape, sizes) == got.shape


@given(indexed())
@settings(max_examples=150, deadline=None)
def test_scattering_is_the_transpose_of_taking(case):
    shape, index = case
    x = variable("x", shape)
    try:
        taken = x[index]
    except DvarError:
        return
    rng = np.random.default_rng(0)
    g = variable("g", taken.shape)
    values = {x: rng.normal(size=shape), g: rng.normal(size=taken.shape)}
    back = sweep(taken, g, [x]).gradients[x]
    spread = TABLE["scatter_add"](g, shape, index)
    y, share, again = evaluate([taken, back, spread], values)
    assert np.isclose(np.sum(y * values[g]), np.sum(share * values[x]))
    assert np.array_equal(share, again)


def test_equal_indices_are_one_node():
    assert W[-1] is W[2]
    assert W[1:9] is W[1:3]
    assert W[...] is W
    assert X[:] is X
    assert W[[0, -1]] is W[np.array([0, 2])]
    assert X[1:-1].shape == (N - 2,)


def test_the_index_of_a_graph_prints_as_written():
    graph = Graph({"W": W}, {"y": W[1:, 0]}, {"y": W[1:, 0]}).check()
    assert "y: float64 (2,) = getitem(W, index=(1:, 0))" in str(graph)


@pytest.mark.parametrize(
    ("index", "error", "message"),
    [
        (5, ShapeError, "index 5 is out of range for axis 0 of size 3"),
        ((0, [1, 4]), ShapeError, "index 4 is out of range for axis 1 of size 4"),
        ((0, 0, 0), ShapeError, "3 indices for an array (3, 4) of 2 axes"),
        (slice(None, None, 0), ShapeError, "a slice cannot have a step of zero"),
        ((..., ...), ShapeError, "more than one '...'"),
        (0.5, DtypeError, "whole numbers, slices and masks; 0.5"),
        (np.array([True, False]), ShapeError, "axis 0 has size 3 but its mask has 2"),
        (W > 0, ShapeError, "where(mask, x, 0)"),
        (W, DtypeError, "whole numbers, not of float64"),
        (([0, 1], [0, 1, 2]), ShapeError, "(2,) and (3,) do not broadcast"),
    ],
)
def test_a_bad_index_says_what_is_wrong(index, error, message):
    with pytest.raises(error) as raised:
        W[index]
    assert message in str(raised.value)


def test_of_a_named_size_only_what_is_true_can_be_said():
    with pytest.raises(ShapeError, match="how long ::2 is cannot be said of axis 0 of size n"):
        X[::2]
    with pytest.raises(ShapeError, match="count both ends from the same side"):
        X[-2:3]
    with pytest.raises(ShapeError, match=":3 goes beyond axis 0 of size 2"):
        evaluate([X[:3]], {X: [1.0, 2.0]})
    with pytest.raises(ShapeError, match="index 7 is out of range for axis 0 of size 3"):
        evaluate([W[I]], {W: np.ones((3, 4)), I: [0, 1, 2, 0, 7]})


# ── what is read ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("node", "written", "printed"),
    [
        (X[0], "x[0]", "x_{0}"),
        (X[-1], "x[-1]", "x_{-1}"),
        (W[0, 1], "W[0, 1]", "W_{0,1}"),
        (W[1:, 0], "W[1:, 0]", "W_{1:,0}"),
        (W[[2, 0]], "W[[2, 0]]", "W_{[2,0]}"),
        (W[I], "W[i]", "W_{i}"),
        ((X + 1)[0], "(x + 1)[0]", r"\left(x + 1\right)_{0}"),
        (TABLE["eye"](3)[1], "eye(3)[1]", "e_{1}"),
        (TABLE["flip"](X), "x[::-1]", "x_{::-1}"),
        (TABLE["stack"]([A, B]), "[a, b]", r"\begin{bmatrix} a \\ b \end{bmatrix}"),
        (
            TABLE["stack"]([[A, B], [B, A]]),
            "[[a, b], [b, a]]",
            r"\begin{bmatrix} a & b \\ b & a \end{bmatrix}",
        ),
        (
            TABLE["concatenate"]([X, X]),
            "concatenate([x, x])",
            r"\begin{bmatrix} x \\ x \end{bmatrix}",
        ),
        (TABLE["trace"](TABLE["diag"](X)), "trace(diag(x))", None),
        (TABLE["sort"](W, 0), "sort(W, axis=0)", None),
        (TABLE["top_k"](X, 2), "top_k(x, 2)", None),
        (TABLE["tile"](X, 2), "tile(x, 2)", None),
        (TABLE["pad"](W, 1), "pad(W, 1)", None),
        (TABLE["pad"](X, (1, 0), constant_values=A), "pad(x, (1, 0), constant_values=a)", None),
    ],
)
def test_rows_are_written_as_people_write_them(node, written, printed):
    assert text(node, {}) == written
    if printed:
        assert latex(node, {}) == printed


@pytest.mark.parametrize(
    ("node", "wrt", "written"),
    [
        (X[0], X, "g * eye(n)[0]"),
        (X[0] * X[1], X, "g * x[1] * eye(n)[0] + g * x[0] * eye(n)[1]"),
        (W[1:, 0], W, "scatter_add(g, (3, 4), [1:, 0])"),
        (W[I], W, "scatter_add(g, (3, 4), i)"),
        (X[::-1], X, "g[::-1]"),
        (TABLE["sort"](X), X, "g[argsort(argsort(x))]"),
        (TABLE["top_k"](X, 2), X, "scatter_add(g, (n,), argsort(-x)[:2])"),
        (TABLE["stack"]([A, B]), A, "g[0]"),
        (TABLE["concatenate"]([X, W[0]]), W[0], "g[n:]"),
        (TABLE["diag"](X), X, "diag(g)"),
        (TABLE["trace"](W @ W.T), W @ W.T, "g * eye(3)"),
        (TABLE["roll"](X, 2), X, "roll(g, -2, axis=0)"),
        (TABLE["pad"](X, 1), X, "g[1:n + 1]"),
    ],
)
def test_gradients_read_well(node, wrt, written):
    assert text(gradient(node, wrt), {}) == written


def test_a_unit_vector_counts_from_the_front_in_print():
    assert latex(gradient(X[-1], X), {}) == r"g \, e_{n - 1}"
    assert latex(gradient(W[0, 1], W), {}) == r"g \, e_{0} e_{1}^{\top}"
    assert latex(gradient(W[1], W), {}) == r"e_{1} \, g^{\top}"


# ── joining, moving, sorting ────────────────────────────────────────────────────────────────────


def numbers(*shape):
    return np.random.default_rng(0).normal(size=shape)


@pytest.mark.parametrize(
    ("make", "function"),
    [
        (lambda x: TABLE["take"](x, [1, 0, 1], 2), lambda x: np.take(x, [1, 0, 1], 2)),
        (lambda x: TABLE["take"](x, [5, 0]), lambda x: np.take(x, [5, 0])),
        (lambda x: TABLE["flip"](x, (0, 2)), lambda x: np.flip(x, (0, 2))),
        (lambda x: TABLE["roll"](x, 4), lambda x: np.roll(x, 4)),
        (lambda x: TABLE["roll"](x, (1, -1), (0, 0)), lambda x: np.roll(x, (1, -1), (0, 0))),
        (lambda x: TABLE["tile"](x, (2, 3)), lambda x: np.tile(x, (2, 3))),
        (lambda x: TABLE["tile"](x, (2, 1, 1, 3)), lambda x: np.tile(x, (2, 1, 1, 3))),
        (lambda x: TABLE["repeat"](x, 2), lambda x: np.repeat(x, 2)),
        (lambda x: TABLE["repeat"](x, [2, 0, 1], 1), lambda x: np.repeat(x, [2, 0, 1], 1)),
        (lambda x: TABLE["pad"](x, (1, 2)), lambda x: np.pad(x, (1, 2))),
        (
            lambda x: TABLE["pad"](x, ((1, 0), (0, 2), (0, 0)), constant_values=-np.inf),
            lambda x: np.pad(x, ((1, 0), (0, 2), (0, 0)), constant_values=-np.inf),
        ),
        (lambda x: TABLE["pad"](x, 1, "wrap"), lambda x: np.pad(x, 1, "wrap")),
        (lambda x: TABLE["diagonal"](x, 1, 2, 0), lambda x: np.diagonal(x, 1, 2, 0)),
        (lambda x: TABLE["trace"](x, -1, 1, 2), lambda x: np.trace(x, -1, 1, 2)),
        (lambda x: TABLE["triu"](x, -1), lambda x: np.triu(x, -1)),
        (lambda x: TABLE["swapaxes"](x, 0, -1), lambda x: np.swapaxes(x, 0, -1)),
        (lambda x: TABLE["moveaxis"](x, (0, 1), (2, 0)), lambda x: np.moveaxis(x, (0, 1), (2, 0))),
        (lambda x: TABLE["vstack"]([x, x]), lambda x: np.vstack([x, x])),
        (lambda x: TABLE["hstack"]([x, x]), lambda x: np.hstack([x, x])),
        (lambda x: TABLE["concatenate"]([x, x], None), lambda x: np.concatenate([x, x], None)),
        (lambda x: TABLE["split"](x, [1, 3], 2)[1], lambda x: np.split(x, [1, 3], 2)[1]),
        (lambda x: TABLE["sort"](x, 1), lambda x: np.sort(x, 1)),
        (lambda x: TABLE["sort"](x, None), lambda x: np.sort(x, None)),
        (lambda x: TABLE["argsort"](x, 0), lambda x: np.argsort(x, 0, kind="stable")),
        (lambda x: TABLE["top_k"](x, 2, 1), lambda x: -np.sort(-x, 1)[:, :2]),
        (lambda x: TABLE["stack"]([x, x], -1), lambda x: np.stack([x, x], -1)),
    ],
)
def test_rows_mean_what_numpy_means(make, function):
    x, array = variable("x", (2, 3, 4)), numbers(2, 3, 4)
    node = make(x)
    want = function(array)
    (got,) = evaluate([node], {x: array})
    assert node.shape == got.shape == want.shape
    assert np.allclose(got, want, rtol=1e-14)


def test_moves_also_move_whole_numbers_and_only_move():
    # Whoever follows single elements runs the forwards on positions.
    x, places = variable("x", (2, 3), "int64"), np.arange(6).reshape(2, 3)
    for node in (
        x[0, [2, 0]], TABLE["roll"](x, 1), TABLE["tile"](x, 2), TABLE["repeat"](x, 2, 1),
        TABLE["pad"](x, 1), TABLE["stack"]([x, x]), TABLE["concatenate"]([x, x]),
        TABLE["tril"](x), TABLE["diag"](x), TABLE["scatter_add"](x, (4, 3), [3, 1]),
    ):  # fmt: skip
        (got,) = evaluate([node], {x: places})
        assert node.dtype == "int64"
        assert set(got.ravel().tolist()) <= set(range(6))


def test_arrays_of_nothing_take_named_sizes():
    for node, array in (
        (TABLE["eye"](N), np.eye(3)),
        (TABLE["eye"](N, 2, 1), np.eye(3, 2, 1)),
        (TABLE["arange"](N), np.arange(3)),
        (TABLE["zeros"]((N, 2)), np.zeros((3, 2))),
        (TABLE["ones"](N, "float32"), np.ones(3)),
    ):
        (got,) = evaluate([node], {}, {"n": 3})
        assert np.array_equal(got, array)
        assert got.dtype.name == node.dtype
    assert "return eye(columns=n, k=0, rows=n)" in str(Graph({}, {}, {"y": TABLE["eye"](N)}))


def test_equal_elements_keep_their_own_gradients_when_sorted():
    x = variable("x", (4,))
    g = variable("g", (4,))
    back = sweep(TABLE["sort"](x), g, [x]).gradients[x]
    (share,) = evaluate([back], {x: [2.0, 1.0, 2.0, 1.0], g: [1.0, 2.0, 3.0, 4.0]})
    assert share.tolist() == [3.0, 1.0, 4.0, 2.0]
    (kink,) = TABLE["sort"].kinks
    assert kink.hit(np.array([[1.0, 2.0, 1.0], [1.0, 2.0, 3.0]])).tolist() == [
        [True, False, True],
        [False, False, False],
    ]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: TABLE["concatenate"]([W, W.T]),
            "concatenate: axis 1 is 3 in array 1 (4, 3) but 4 in array 0 (3, 4)",
        ),
        (lambda: TABLE["concatenate"]([A, B]), "stack makes a vector of them"),
        (lambda: TABLE["stack"]([W, W.T]), "stack: array 1 is (4, 3) but array 0 is (3, 4)"),
        (lambda: TABLE["split"](X, 2), "axis 0 of size n does not fall into 2 equal parts"),
        (lambda: TABLE["top_k"](W, 5), "top_k: 5 elements asked of axis 1 of size 4"),
        (lambda: TABLE["sort"](W, 2), "sort: axis 2 does not exist: the operand has 2 axes"),
        (lambda: TABLE["pad"](W, -1), "a width in [(-1, -1), (-1, -1)] is negative"),
        (lambda: TABLE["pad"](X, 1, "reflect"), "needs a number for the size of axis 0"),
        (lambda: TABLE["tril"](X), "tril: needs a matrix, not (n,)"),
        (lambda: TABLE["diag"](TABLE["tile"](W, (2, 1, 1))), "axis1=-2, axis2=-1"),
        (
            lambda: TABLE["take_along_axis"](W, [[0, 1]], 0),
            "take_along_axis: axis 1 is 4 in x (3, 4) but 2 in indices (1, 2)",
        ),
        (lambda: TABLE["take_along_axis"](W, [0]), "need as many axes as x (3, 4)"),
        (lambda: TABLE["scatter_add"](W, (2, 2), [0, 1]), "does not broadcast to"),
    ],
)
def test_what_does_not_fit_says_which_axis_and_what_to_write(make, message):
    with pytest.raises(ShapeError) as raised:
        make()
    assert message in str(raised.value)


def test_the_normal_form_of_an_index_holds_no_arrays():
    items, nodes = read((0, [1, 2], slice(None)), (3, 4, 5))
    assert hash(items) == hash(read((-3, np.array([1, -2]), ...), (3, 4, 5))[0])
    assert not nodes
