"""Rows of one and of many numbers: what the generic laws cannot know about each of them."""

import numpy as np
import pytest

from dvar.core.dims import Dim
from dvar.core.errors import DomainError, ReadError, ShapeError
from dvar.core.op import constant, variable
from dvar.derive.sweep import ones_like, sweep
from dvar.engine.reference import evaluate
from dvar.ops import TABLE
from dvar.write.notation import latex, text

T = TABLE
X = variable("x", (3,))
A = variable("a", (2, 3))


def value(node, **arrays):
    """The value of a graph over variables given by name."""
    return gradient_and_value(node, [], arrays)[0]


def gradient(node, wrt, **arrays):
    """The gradient of the sum of a graph."""
    return gradient_and_value(node, [wrt], arrays)[1]


def gradient_and_value(node, wrt, arrays):
    found = sweep(node, ones_like(node), wrt).gradients
    nodes = [node, *(found[x] for x in wrt)]
    leaves = {x: arrays[x.param("name")] for x in VARIABLES if x.param("name") in arrays}
    return evaluate(nodes, leaves)


Y = variable("y", (3,))
S, U = variable("s"), variable("u")
B = variable("b", (2, 3))
VARIABLES = [X, A, Y, S, U, B]


def share(name, *operands, wrt=0, **params):
    """How the derivative of a row is written."""
    out = T[name](*operands, **params)
    g = variable("g", out.shape)
    found = sweep(out, g, [operands[wrt]]).gradients[operands[wrt]]
    return text(found, {out: "out"})


# ── as people write it ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("exp", "g * out"),
        ("tanh", "g * (1 - out**2)"),
        ("sigmoid", "g * (out * (1 - out))"),
        ("softplus", "g * sigmoid(x)"),
        ("relu", "g * (x > 0)"),
        ("abs", "g * sign(x)"),
        ("sin", "g * cos(x)"),
        ("square", "g * (2 * x)"),
        ("softmax", "out * (g - sum(g * out))"),
        ("prod", "g * product_of_others(x)"),
        ("logsumexp", "g * softmax(x)"),
    ],
)
def test_a_partial_reads_as_in_a_textbook(name, written):
    assert share(name, X) == written


def test_losses_show_the_error():
    assert share("binary_cross_entropy_with_logits", X, Y, reduction="none") == (
        "g * (sigmoid(x) - y)"
    )
    assert share("mean_squared_error", X, Y, scale="half") == "g * (x - y)"
    assert share("mean_squared_error", X, Y, scale="half_mean") == "g * ((x - y) / 3)"


def test_the_softmax_minus_labels_of_classes_needs_no_sum_of_the_labels():
    classes = variable("c", (2,), "int64")
    written = share("cross_entropy", A, classes, reduction="none")
    assert written == "reshape(g, (2, 1)) * (softmax(a) - one_hot(c, 3))"


def test_a_mean_over_a_named_axis_divides_by_its_name():
    x = variable("x", (Dim("m"),))
    assert share("mean", x) == "broadcast_to(g / m, (m,))"
    assert share("mean_squared_error", x, variable("y", (Dim("m"),))) == "g * (2 * (x - y) / m)"


def test_a_sum_beside_a_factor_is_told_from_a_sum_of_products():
    total = T["sum"]
    assert latex(total(X) * S, {}) == r"\left(\sum x\right) \, s"
    assert latex(total(X * Y), {}) == r"\sum x \odot y"


# ── equal calls are one node ────────────────────────────────────────────────────────────────────


def test_equal_calls_are_one_node():
    for name in ("sum", "mean", "prod", "var", "max", "logsumexp", "norm"):
        row = T[name]
        assert row(A) is row(A, axis=(0, 1)) is row(A, axis=(-1, 0)) is row(A, axis=[1, 0])
        assert row(A, axis=1) is row(A, axis=-1) is row(A, axis=(1,))
    assert T["softmax"](A) is T["softmax"](A, axis=1) is T["softmax"](A, axis=(1,))
    assert T["leaky_relu"](X) is T["leaky_relu"](X, 0.01) is T["leaky_relu"](X, constant(0.01))
    assert T["elu"](X) is T["elu"](X, alpha=1)
    assert T["gelu"](X, True) is T["gelu"](X, approximate="tanh") is not T["gelu"](X)
    assert T["var"](A, ddof=1) is T["var"](A, ddof=1.0)


def test_a_maximum_with_zero_is_a_relu():
    assert T["maximum"](0, X) is T["maximum"](X, 0.0) is T["relu"](X)
    assert T["max"](0, S) is T["max"](S, 0) is T["relu"](S)


def test_max_and_min_understand_pythons_call():
    assert T["max"](S, U) is T["maximum"](S, U)
    assert T["min"](S, U, X) is T["minimum"](T["minimum"](S, U), X)
    assert T["max"](S, 2.0) is T["maximum"](S, 2.0)
    assert T["max"](A, 0) is T["max"](A, axis=0)
    assert T["max"](S) is S


def test_clip_takes_either_bound_away_and_either_spelling():
    assert T["clip"](X, -1.0, None) is T["maximum"](X, -1.0)
    assert T["clip"](X, None, 1.0) is T["minimum"](X, 1.0)
    assert T["clip"](X, min=-1.0, max=1.0) is T["clip"](X, a_min=-1.0, a_max=1.0)


def test_scipys_softmax_takes_all_axes_unless_told():
    assert T["scipy_softmax"](A) is T["softmax"](A, axis=None)
    assert T["scipy_softmax"](A, axis=-1) is T["softmax"](A)


# ── values ──────────────────────────────────────────────────────────────────────────────────────


def test_prod_with_zeros_to_the_third_order():
    x = np.array([0.0, 2.0, 0.0])
    assert gradient(T["prod"](X), X, x=x).tolist() == [0, 0, 0]
    first = sweep(T["prod"](X), constant(1.0), [X]).gradients[X]
    assert gradient(first[0], X, x=x).tolist() == [0, 0, 2]
    second = sweep(first[0], constant(1.0), [X]).gradients[X]
    assert gradient(second[2], X, x=x).tolist() == [0, 1, 0]


def test_prod_of_many_elements_takes_linear_time():
    many = variable("many", (200_000,))
    g = sweep(T["prod"](many), constant(1.0), [many]).gradients[many]
    (got,) = evaluate([g], {many: np.ones(200_000)})
    assert np.all(got == 1)


@pytest.mark.parametrize("order", [None, 1, 2, 3, np.inf, -np.inf, "inf"])
@pytest.mark.parametrize("keepdims", [False, True])
def test_norms_of_vectors_are_numpys(order, keepdims):
    rng = np.random.default_rng(1)
    a = rng.normal(size=(2, 3))
    kind = np.inf if order == "inf" else order
    got = value(T["norm"](A, order, 1, keepdims), a=a)
    np.testing.assert_allclose(got, np.linalg.norm(a, kind, 1, keepdims))


@pytest.mark.parametrize("order", [None, "fro", 1, np.inf])
@pytest.mark.parametrize("keepdims", [False, True])
def test_norms_of_matrices_are_numpys(order, keepdims):
    rng = np.random.default_rng(1)
    a = rng.normal(size=(2, 3))
    got = value(T["norm"](A, order, None, keepdims), a=a)
    np.testing.assert_allclose(got, np.linalg.norm(a, order, None, keepdims))


def test_a_spectral_norm_is_refused_with_what_there_is():
    with pytest.raises(ReadError, match="Frobenius"):
        T["norm"](A, 2)


def test_a_sum_of_truth_values_counts_them():
    assert T["sum"](X > 0).dtype == "int64"
    assert value(T["sum"](X > 0), x=[1.0, -1.0, 2.0]) == 2


def test_where_sends_nothing_to_the_side_not_taken():
    safe = T["where"](X > 0, T["log"](X), 0)
    g = sweep(safe, variable("g", (3,)), [X])
    (edge,) = [e for e in g.edges if e.node is safe]
    (got,) = evaluate([edge.share], {X: [-1.0, 1.0, 2.0], edge.upstream: np.full(3, np.inf)})
    assert got.tolist() == [0, np.inf, np.inf]


def test_ties_of_three_share_in_thirds():
    got = gradient(T["max"](A, axis=1), A, a=[[1.0, 1.0, 1.0], [0.0, 2.0, 2.0]])
    np.testing.assert_allclose(got, [[1 / 3] * 3, [0, 0.5, 0.5]])


def test_a_tie_is_told_only_where_it_matters():
    (kink,) = T["max"].kinks
    a = np.array([[1.0, 1.0, 3.0], [0.0, 2.0, 2.0]])
    assert kink.hit(a, axis=(1,), keepdims=False).tolist() == [[False] * 3, [False, True, True]]
    assert not kink.hit(a, axis=None, keepdims=False).any()


# ── stability ───────────────────────────────────────────────────────────────────────────────────


def test_small_probabilities_keep_their_digits():
    x = np.array([-40.0, -700.0, 40.0])
    np.testing.assert_allclose(value(T["sigmoid"](X), x=x)[:2], np.exp(x[:2]), rtol=1e-14)
    np.testing.assert_allclose(value(T["softplus"](X), x=x)[:2], np.exp(x[:2]), rtol=1e-14)
    loss = T["binary_cross_entropy_with_logits"](X, 1.0, reduction="none")
    np.testing.assert_allclose(value(loss, x=-x)[:2], np.exp(x[:2]), rtol=1e-14)
    assert value(T["gelu"](X), x=[-10.0] * 3)[0] == pytest.approx(-7.619853e-23, rel=1e-6)


def test_impossible_classes_have_probability_zero():
    logits = [[-np.inf, 0.0, 0.0], [1e4, -1e4, 0.0]]
    loss = T["cross_entropy"](A, np.array([1, 0]), reduction="none")
    np.testing.assert_allclose(value(loss, a=logits), [np.log(2), 0])
    np.testing.assert_allclose(gradient(loss, A, a=logits), [[0, -0.5, 0.5], [0, 0, 0]])


# ── losses ──────────────────────────────────────────────────────────────────────────────────────


def test_classes_are_one_hot_rows():
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(2, 3)), np.eye(3)[[2, 0]]
    by_class = T["cross_entropy"](A, [2, 0])
    np.testing.assert_allclose(value(by_class, a=a), value(T["cross_entropy"](A, B), a=a, b=b))
    first = T["cross_entropy"](A, [1, 0, 1], axis=0, reduction="sum")
    log_p = a - np.log(np.exp(a).sum(0))
    np.testing.assert_allclose(value(first, a=a), -(log_p[1, 0] + log_p[0, 1] + log_p[1, 2]))


def test_labels_that_do_not_sum_to_one_have_a_gradient_of_their_own():
    got = gradient(T["cross_entropy"](A, B), A, a=np.zeros((2, 3)), b=np.full((2, 3), 0.5))
    np.testing.assert_allclose(got, np.zeros((2, 3)), atol=1e-16)
    got = gradient(T["cross_entropy"](A, B), A, a=np.zeros((2, 3)), b=[[3.0, 0, 0], [0, 0, 0]])
    np.testing.assert_allclose(got, [[-1, 0.5, 0.5], [0, 0, 0]])


def test_the_binary_loss_is_zero_for_certain_and_right():
    loss = T["binary_cross_entropy"](X, Y, reduction="none")
    got = value(loss, x=[0.0, 1.0, 0.5], y=[0.0, 1.0, 1.0])
    np.testing.assert_allclose(got, [0, 0, np.log(2)])


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: T["binary_cross_entropy"](X, Y, reduction="avg"), ReadError, "avg"),
        (lambda: T["mean_squared_error"](X, Y, scale="m"), ReadError, "half_mean"),
        (lambda: T["cross_entropy"](A, constant([0, 1, 1, 2])), ShapeError, "labels"),
        (lambda: T["cross_entropy"](S, U), ShapeError, "one logit"),
        (lambda: T["softmax"](S), ShapeError, "scalar"),
        (lambda: T["gelu"](X, "exact"), ReadError, "tanh"),
        (lambda: T["argmax"](A, axis=(0, 1)), ShapeError, "one axis"),
        (lambda: T["mean"](A, axis=2), ShapeError, "axis 2"),
        (lambda: value(T["one_hot"](constant([0, 3]), 3)), DomainError, "no class 3"),
        (lambda: value(T["one_hot"](constant([-1]), 3)), DomainError, "no class -1"),
    ],
)
def test_what_cannot_be_meant_is_refused(call, error, said):
    with pytest.raises(error, match=said):
        call()


# ── parameters and dtypes ───────────────────────────────────────────────────────────────────────


def test_a_slope_that_is_learned_has_a_gradient():
    x = [-2.0, 0.5, 3.0]
    assert gradient(T["leaky_relu"](X, S), S, x=x, s=0.1) == -2
    np.testing.assert_allclose(gradient(T["elu"](X, S), S, x=x, s=0.1), np.exp(-2) - 1)


@pytest.mark.parametrize(
    "name", ["gelu", "elu", "leaky_relu", "relu", "erf", "exp2", "log10", "mean", "std", "softmax"]
)
def test_single_precision_stays_single(name):
    x = variable("x", (3,), "float32")
    out = T[name](x)
    g = sweep(out, ones_like(out), [x]).gradients[x]
    assert (out.dtype, g.dtype) == ("float32", "float32")


def test_a_maximum_keeps_single_precision_at_ties():
    x, y = variable("x", (3,), "float32"), variable("y", (3,), "float32")
    out = T["maximum"](x, y)
    assert sweep(out, ones_like(out), [x]).gradients[x].dtype == "float32"
