"""vmap: conventions, errors, and agreement with loops, alone and composed with the other transforms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dvar
from dvar.core.errors import ShapeError, TraceError

RNG = np.random.default_rng(11)
W = RNG.normal(size=(3, 4))
XS = RNG.normal(size=(5, 4))


def energy(w: Any, x: Any) -> Any:
    return np.sum(np.tanh(w @ x) ** 2) + np.max(x) * w[0, 1]


def attention(x: Any) -> Any:
    scores = x @ np.transpose(x) / np.sqrt(x.shape[1])
    return np.sum(dvar.softmax(scores, axis=1) @ x, axis=0)


def sorted_products(x: Any) -> Any:
    order = np.argsort(x)
    return np.cumsum(x[order] * x[order[::-1]])[1:]


def factors(x: Any) -> Any:
    a = np.outer(x, x) + 4 * np.eye(len(x))
    return np.linalg.solve(a, np.flip(x)) * np.linalg.det(a)


FUNCTIONS = [
    (attention, (3, 2)),
    (sorted_products, (5,)),
    (factors, (3,)),
    (lambda x: np.where(x > 0, x, np.sin(x)).reshape(-1)[::2], (2, 3)),
    (lambda x: np.concatenate([x, 2 * x[:, :1]], axis=1).T[[0, -1, 0]], (3, 2)),
    (lambda x: np.stack([np.mean(x, axis=0), x[1] ** 2, np.diag(x)]), (3, 3)),
    (lambda x: np.var(x) + np.linalg.norm(x), (4,)),
    (lambda x: np.pad(x, 1, constant_values=x[0])[np.argmax(x)], (4,)),
]


def stacked(function: Any, xs: Any) -> Any:
    return np.stack([function(x) for x in xs])


@pytest.mark.parametrize(("function", "shape"), FUNCTIONS)
def test_a_mapped_function_is_the_function_of_each(function: Any, shape: tuple[int, ...]) -> None:
    xs = np.random.default_rng(1).normal(size=(4, *shape))
    for transformed in (function, dvar.jacobian(function), dvar.jacfwd(function)):
        want = stacked(transformed, xs)
        np.testing.assert_allclose(dvar.vmap(transformed)(xs), want, atol=1e-12)
        np.testing.assert_allclose(dvar.jit(dvar.vmap(transformed))(xs), want, atol=1e-12)


@pytest.mark.parametrize(("function", "shape"), FUNCTIONS)
def test_the_gradient_through_a_map_is_that_of_the_loop(
    function: Any, shape: tuple[int, ...]
) -> None:
    xs = np.random.default_rng(2).normal(size=(4, *shape))

    def loss(xs: Any) -> Any:
        return np.sum(np.sin(dvar.vmap(function)(xs)))

    def one(x: Any) -> Any:
        return np.sum(np.sin(function(x)))

    np.testing.assert_allclose(dvar.grad(loss)(xs), stacked(dvar.grad(one), xs), atol=1e-12)
    second = dvar.hessian(loss)(xs)
    for n in range(len(xs)):
        index = (n, *(slice(None),) * len(shape)) * 2
        np.testing.assert_allclose(second[index], dvar.hessian(one)(xs[n]), atol=1e-11)


# ── axes ────────────────────────────────────────────────────────────────────────────────────────


@given(st.integers(-3, 2), st.integers(-3, 2))
def test_axes_of_arguments_and_results_may_be_any(in_axis: int, out_axis: int) -> None:
    xs = np.random.default_rng(3).normal(size=(2, 3, 4))
    got = dvar.vmap(lambda x: x * 2 + x[0], in_axes=in_axis, out_axes=out_axis)(xs)
    moved = np.moveaxis(xs, in_axis, 0)
    np.testing.assert_allclose(np.moveaxis(got, out_axis, 0), moved * 2 + moved[:, :1])


def test_containers_of_arrays_may_have_containers_of_axes() -> None:
    params = {"w": W, "b": RNG.normal(size=(5, 3))}
    got = dvar.vmap(
        lambda p, x: {"y": p["w"] @ x + p["b"], "w": p["w"]},
        in_axes=({"w": None, "b": 0}, 0),
        out_axes={"y": 1, "w": None},
    )(params, XS)
    np.testing.assert_allclose(got["y"], (XS @ W.T + params["b"]).T)
    np.testing.assert_array_equal(got["w"], W)


def test_what_does_not_depend_on_the_example_is_repeated() -> None:
    np.testing.assert_array_equal(dvar.vmap(lambda x: 3.0)(XS), np.full(5, 3.0))


def test_maps_nest() -> None:
    table = dvar.vmap(dvar.vmap(lambda a, b: a * np.sin(b), (None, 0)), (0, None))
    np.testing.assert_allclose(table(XS[0], W[0]), np.outer(XS[0], np.sin(W[0])))


def test_maps_of_products_that_only_einsum_can_say_nest() -> None:
    a, b = RNG.normal(size=(2, 3, 4)), RNG.normal(size=(2, 3, 5))
    got = dvar.vmap(dvar.vmap(np.outer))(a, b)
    np.testing.assert_allclose(got, np.einsum("abi,abj->abij", a, b))


def test_an_argument_by_name_is_mapped_and_other_things_pass() -> None:
    got = dvar.vmap(lambda x, how, *, scale: x * scale if how == "up" else x, (0, None))(
        XS, "up", scale=np.arange(5.0)
    )
    np.testing.assert_allclose(got, XS * np.arange(5.0)[:, None])


def test_single_precision_stays() -> None:
    assert dvar.vmap(lambda x: np.mean(x) * 2)(XS.astype("float32")).dtype == np.float32


def test_whole_numbers_may_be_mapped_too() -> None:
    labels = np.array([2, 0, 1])
    got = dvar.vmap(lambda y: dvar.take(XS[0], y))(labels)
    np.testing.assert_array_equal(got, XS[0][labels])


def test_a_gradient_for_each_example_sums_to_the_gradient() -> None:
    each = dvar.vmap(dvar.grad(energy), in_axes=(None, 0))(W, XS)
    assert each.shape == (5, 3, 4)
    whole = dvar.grad(lambda w: np.sum(dvar.vmap(energy, in_axes=(None, 0))(w, XS)))(W)
    np.testing.assert_allclose(each.sum(0), whole, atol=1e-12)


def test_an_array_from_around_the_function_is_the_same_for_all() -> None:
    def loss(w: Any) -> Any:
        return np.sum(dvar.vmap(lambda x: energy(w, x))(XS) ** 2)

    want = dvar.grad(lambda w: sum(energy(w, x) ** 2 for x in XS))(W)
    np.testing.assert_allclose(dvar.grad(loss)(W), want, atol=1e-12)
    np.testing.assert_allclose(dvar.jit(dvar.grad(loss))(W), want, atol=1e-12)


def test_variables_with_values_are_mapped_and_go_backward() -> None:
    x = dvar.variable(XS)
    total = np.sum(dvar.vmap(lambda x: np.sum(x) ** 2)(x))
    total.backward()
    np.testing.assert_allclose(x.grad, np.broadcast_to(2 * XS.sum(1, keepdims=True), XS.shape))


# ── errors ──────────────────────────────────────────────────────────────────────────────────────


def test_different_numbers_of_examples_are_named() -> None:
    with pytest.raises(ShapeError, match=r"argument\[0\] holds 5 examples, argument\[1\] 3"):
        dvar.vmap(lambda x, y: x)(XS, W)


def test_an_argument_without_the_axis_is_named() -> None:
    with pytest.raises(ShapeError, match=r"argument\[1\] is scalar, so it has no axis 0"):
        dvar.vmap(lambda x, y: x)(XS, 2.0)
    with pytest.raises(ShapeError, match="no argument of f has an axis"):
        dvar.vmap(f, in_axes=None)(XS)


def f(x: Any) -> Any:
    return x


def test_axes_that_do_not_fit_are_said() -> None:
    with pytest.raises(ShapeError, match="in_axes is"):
        dvar.vmap(f, in_axes=(0, 1))(XS)
    with pytest.raises(ShapeError, match="differs by example"):
        dvar.vmap(f, out_axes=None)(XS)


def test_a_plain_array_at_a_traced_position_is_an_error_that_says_what_to_write() -> None:
    with pytest.raises(TraceError, match=r"dvar\.take"):
        dvar.vmap(lambda y: XS[0][y])(np.array([2, 0]))


def test_a_choice_by_number_is_an_error_that_says_what_to_write() -> None:
    with pytest.raises(TraceError, match=r"np\.where"):
        dvar.vmap(lambda x: x if x[0] > 0 else -x)(XS)
