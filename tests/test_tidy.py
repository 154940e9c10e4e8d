"""What a textbook writes: the answers of well-known problems, and the law every identity obeys."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import graphs

from dvar.core.dims import Dim
from dvar.core.node import Node, topological
from dvar.core.op import VARIABLE, constant, size_of, variable
from dvar.derive import identities
from dvar.derive.cost import cost
from dvar.derive.identities import IDENTITIES, Identity, rewrite
from dvar.derive.sweep import ones_like, sweep
from dvar.derive.tidy import equal_form, tidy
from dvar.engine.reference import evaluate
from dvar.ops import TABLE
from dvar.ops.contraction import outer
from dvar.ops.reduction import sum as sum_
from dvar.ops.shaping import broadcast_to

exp, log, relu, sigmoid, tanh = (TABLE[k] for k in ("exp", "log", "relu", "sigmoid", "tanh"))
m, n_x, n_a, n = Dim("m"), Dim("D_x"), Dim("D_a"), Dim("n")


def scalars(names: str) -> list[Node]:
    return [variable(name) for name in names.split()]


class Problem:
    """A result and its named nodes; ``d(x)`` is the tidy gradient with respect to ``x``."""

    def __init__(self, result: Node, *names: Node) -> None:
        self.names = [*names, result]
        self.gradients = sweep(result, ones_like(result), set(names)).gradients

    def d(self, x: Node) -> Node:
        out = tidy(self.gradients[x], self.names)
        assert out.shape == x.shape
        assert tidy(out, self.names) is out
        return out


# ── logistic regression, one example ────────────────────────────────────────────────────────────

w1, w2, x1, x2, b, y = scalars("w1 w2 x1 x2 b y")
z = w1 * x1 + w2 * x2 + b
a = sigmoid(z)
logistic = Problem(-(y * log(a) + (1 - y) * log(1 - a)), w1, w2, x1, x2, b, y, z, a)


def test_the_gradient_of_the_loss_before_the_sigmoid_is_a_minus_y() -> None:
    assert logistic.d(z) is a - y
    assert logistic.d(b) is a - y


def test_the_gradient_of_a_weight_is_its_input_times_the_error() -> None:
    assert logistic.d(w1) is x1 * (a - y)
    assert logistic.d(x2) is w2 * (a - y)


def test_a_sum_of_fractions_stays_one_where_nothing_cancels() -> None:
    assert logistic.d(a) is -y / a + (1 - y) / (1 - a)


# ── a network of two layers ─────────────────────────────────────────────────────────────────────

X, Y = variable("X", (n_x, m)), variable("Y", (1, m))
W1, b1 = variable("W1", (n_a, n_x)), variable("b1", (n_a, 1))
W2, b2 = variable("W2", (1, n_a)), variable("b2", (1, 1))
Z1 = W1 @ X + b1
A1 = relu(Z1)
Z2 = W2 @ A1 + b2
Yhat = sigmoid(Z2)
cross_entropy = -(1 / size_of(m)) * sum_(Y * log(Yhat) + (1 - Y) * log(1 - Yhat))
network = Problem(cross_entropy, X, Y, W1, b1, W2, b2, Z1, A1, Z2, Yhat)


def test_the_gradients_of_a_network_are_the_printed_ones() -> None:
    count, error = size_of(m), Yhat - Y
    behind = (W2.T @ error) * (Z1 > 0)
    assert network.d(Z2) is error / count
    assert network.d(W2) is (error @ A1.T) / count
    assert network.d(b2) is sum_(error, axis=1, keepdims=True) / count
    assert network.d(A1) is (W2.T @ error) / count
    assert network.d(Z1) is behind / count
    assert network.d(W1) is (behind @ X.T) / count
    assert network.d(b1) is sum_(behind, axis=1, keepdims=True) / count
    assert network.d(X) is (W1.T @ behind) / count


def test_the_gradient_of_a_mean_of_losses_carries_the_count() -> None:
    want = (-Y / Yhat + (1 - Y) / (1 - Yhat)) / size_of(m)
    assert network.d(Yhat) is want


w, bias = variable("w", (n_x, 1)), variable("b")
Z = w.T @ X + bias
A = sigmoid(Z)
regression = Problem(
    -(1 / size_of(m)) * sum_(Y * log(A) + (1 - Y) * log(1 - A)), X, Y, w, bias, Z, A
)


def test_the_vectorised_logistic_regression_transposes_as_one_writes_it() -> None:
    count = size_of(m)
    assert regression.d(w) is (X @ (A - Y).T) / count
    assert regression.d(bias) is sum_(A - Y) / count
    assert regression.d(X) is (w @ (A - Y)) / count


# ── names for products ──────────────────────────────────────────────────────────────────────────


def test_a_softmax_written_out_is_known_by_its_name() -> None:
    z, y = variable("z", (3,)), variable("y", (3,))
    p = exp(z) / sum_(exp(z))
    assert Problem(-sum_(y * log(p)), z, y, p).d(z) is p * sum_(y) - y


def test_the_loss_of_a_chosen_class_is_its_probability_minus_one() -> None:
    z = variable("z", (3,))
    k = variable("k", (), "int64")
    p = exp(z) / sum_(exp(z))
    unit = TABLE["scatter_add"](1.0, (3,), k)
    assert Problem(-log(p[k]), z, k, p).d(z) is p - unit


def test_the_gradients_of_a_normalised_layer_use_its_names() -> None:
    x, g = variable("x", (4,)), variable("g", (4,))
    r = TABLE["sqrt"](TABLE["mean"](x**2) + 1e-5)
    y = x / r
    problem = Problem(sum_(y * g), x, g, r, y)
    assert problem.d(r) is -sum_(g * y) / r
    assert problem.d(x) is (g - sum_(g * y) * y / 4) / r


def test_a_root_over_its_square_is_one_over_the_root() -> None:
    v, root = variable("v", (3,)), TABLE["sqrt"]
    assert tidy(root(v + 1) / (v + 1)) is 1 / root(v + 1)
    assert tidy((v + 1) / root(v + 1)) is root(v + 1)


def test_a_name_does_not_bring_a_division() -> None:
    x, y = scalars("x y")
    f = x**3 * y
    assert Problem(f, x, y).d(x) is 3 * y * x**2


def test_a_length_times_its_direction_is_the_vector() -> None:
    a, x, y = variable("A", (3, 2)), variable("x", (2,)), variable("y", (3,))
    half = TABLE["norm"](a @ x - y) ** 2 / 2
    assert Problem(half, A, x, y).d(x) is a.T @ (a @ x - y)


def test_the_logarithm_of_a_determinant_has_the_inverse_as_its_gradient() -> None:
    s = variable("S", (3, 3))
    assert Problem(log(TABLE["det"](s)), s).d(s) is TABLE["inv"](s).T


# ── other problems ──────────────────────────────────────────────────────────────────────────────


def test_the_minus_of_a_squared_error_goes_into_the_difference() -> None:
    w1, w2, x, y, count = scalars("w1 w2 x y N")
    z1 = w1 * x
    a1 = relu(z1)
    z2 = w2 * a1
    yhat = relu(z2)
    problem = Problem((y - yhat) ** 2 / (2 * count), w1, w2, x, y, count, z1, a1, z2, yhat)
    assert problem.d(yhat) is (yhat - y) / count
    assert problem.d(z2) is (yhat - y) / count * (z2 > 0)
    assert problem.d(w2) is a1 * (yhat - y) / count * (z2 > 0)


def test_a_sigmoid_written_out_is_known_by_its_name() -> None:
    w0, x0, z_ = scalars("w0 x0 z")
    z = w0 * x0 + z_
    alpha = 1 / (1 + exp(-z))
    problem = Problem(alpha, w0, x0, z)
    assert problem.d(z) is alpha * (1 - alpha)
    assert problem.d(w0) is x0 * alpha * (1 - alpha)
    assert tidy(sigmoid(z), [z, alpha]) is alpha


def test_the_gates_of_a_sigmoid_keep_their_names() -> None:
    (z,) = scalars("z")
    n = -z
    e = exp(n)
    d = 1 + e
    alpha = 1 / d
    problem = Problem(alpha, z, n, e, d)
    assert problem.d(d) is -1 / d**2
    assert problem.d(e) is -1 / d**2
    assert problem.d(z) is alpha * (1 - alpha)


def test_the_gradient_of_a_sigmoid_is_its_product_with_its_complement() -> None:
    (z,) = scalars("z")
    for written in (sigmoid(z), 1 / (1 + exp(-z)), exp(z) / (1 + exp(z)), 1 - 1 / (1 + exp(z))):
        gradient = Problem(written, z).gradients[z]
        assert tidy(gradient, [z]) is sigmoid(z) * (1 - sigmoid(z))


def test_least_squares() -> None:
    x, w, y = variable("x", (m, n)), variable("w", (n,)), variable("y", (m,))
    assert Problem(sum_((x @ w - y) ** 2), x, w, y).d(w) is 2 * (x.T @ (x @ w - y))
    mean = Problem(sum_((x @ w - y) ** 2) / size_of(m), x, w, y)
    assert mean.d(w) is 2 * (x.T @ (x @ w - y)) / size_of(m)
    assert mean.d(x) is 2 * outer(x @ w - y, w) / size_of(m)


def test_half_a_square_has_itself_as_its_gradient() -> None:
    z = variable("z", (n,))
    assert Problem(0.5 * sum_(z**2), z).d(z) is z


def test_softmax_does_not_assume_that_labels_sum_to_one() -> None:
    z, y = variable("z", (3,)), variable("y", (3,))
    e = exp(z)
    p = e / sum_(e)
    problem = Problem(-sum_(y * log(p)), z, y)
    point = {z: np.array([0.1, -0.3, 0.8]), y: np.array([0.2, 0.5, 0.9])}
    (got, want) = evaluate([problem.d(z), problem.gradients[z]], point)
    np.testing.assert_allclose(got, want, rtol=1e-12)


def test_a_name_is_put_in_wherever_what_defines_it_appears() -> None:
    x, y, w = scalars("x y w")
    q = x + y
    assert tidy(w * (y + x), [q]) is w * q
    assert tidy(exp(x + y) * w, [q]) is exp(q) * w
    assert tidy(q, [q]) is q
    assert tidy(w * (-x - y) + x, [q]) is x - w * q


def test_a_name_of_another_shape_is_not_put_in() -> None:
    x, v = variable("x"), variable("v", (3,))
    wide = broadcast_to(x + 1, (3,))
    assert tidy((x + 1) * x, [wide]).shape == ()
    assert tidy(v * (x + 1), [wide, v]).shape == (3,)


def test_equal_forms_are_one_node() -> None:
    x, y = scalars("x y")
    assert equal_form((x + y) * 2 - y, 2 * x + y)
    assert equal_form(1 - 1 / (1 + exp(-x)), exp(-x) / (1 + exp(-x)))
    assert not equal_form(x - y, y - x)


def test_cost_counts_what_is_read() -> None:
    x, y = scalars("x y")
    assert cost(x) == 1
    assert cost(x + y) == 4
    assert cost(-x) > cost(x)
    assert cost(x / y / x) > cost(x / (y * x))
    assert cost(exp(x + y), [exp(x + y)]) == 1


# ── laws ────────────────────────────────────────────────────────────────────────────────────────


def _values(nodes: list[Node], seed: int) -> dict[Node, np.ndarray]:
    generator = np.random.default_rng(seed)
    leaves = [x for x in topological(nodes) if x.op is VARIABLE]
    return {x: generator.uniform(0.2, 2.0, x.shape) for x in leaves}


def break_of(identity: Identity) -> str | None:
    """Why an identity does not hold, None if it does."""
    left, right = identity.left(), identity.right()
    out = tidy(left)
    if out is not right:
        return f"{out!r} is not the right side"
    if (left.shape, left.dtype) != (right.shape, right.dtype):
        return "shape or dtype differ"
    for seed in range(5):
        got, want = evaluate([right, left], _values([left, right], seed))
        if not np.allclose(got, want, rtol=1e-12, atol=0):
            return f"{got} is not {want}"
    return None


@pytest.mark.parametrize("identity", IDENTITIES, ids=lambda i: i.name)
def test_an_identity_turns_its_left_side_into_an_equal_right_side(identity: Identity) -> None:
    assert break_of(identity) is None
    if identity.rewrite is not None:
        assert rewrite(identity.left()) is not None


def test_a_planted_wrong_identity_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    (t,) = scalars("t")
    planted = Identity("exp x = x", lambda: exp(t), lambda: t, "exp")
    assert "is not the right side" in (break_of(planted) or "")
    monkeypatch.setitem(identities._BY_OP, "exp", [lambda node: node.inputs[0]])
    assert tidy(exp(t)) is t
    assert "is not the right side" not in (break_of(planted) or "is not the right side")


def test_names_of_identities_are_unique() -> None:
    names = [i.name for i in IDENTITIES]
    assert len(set(names)) == len(names)


@given(graphs(), st.booleans())
def test_the_tidied_gradient_of_a_random_graph_is_equal(drawn: tuple, by_name: bool) -> None:
    root, arrays = drawn
    inner = [x for x in topological([root]) if x.inputs][::2] if by_name else []
    for x, g in sweep(root, constant(1.0), set(arrays)).gradients.items():
        out = tidy(g, [*arrays, *inner])
        assert (out.shape, out.dtype) == (x.shape, x.dtype)
        assert tidy(out, [*arrays, *inner]) is out
        got, want = evaluate([out, g], arrays)
        np.testing.assert_allclose(got, want, rtol=1e-8, atol=1e-9)


def test_a_long_chain_is_tidied_without_recursion() -> None:
    x = variable("x", (3,))
    node = x
    for _ in range(5000):
        node = tanh(node) * x
    assert tidy(node).shape == (3,)
