"""custom_vjp: the rule is used by every transform, and only the rule."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dvar
from dvar.core.errors import ShapeError, TraceError

X = np.array([0.3, -1.2, 2.0])
P = {"w": np.array([3.0, 4.0, 0.5])}


def plain(x: Any, p: Any) -> Any:
    return {"wave": np.sin(x) * p["w"], "size": np.sum(p["w"] ** 2)}


@dvar.custom_vjp
def waves(x: Any, p: Any) -> Any:
    return plain(x, p)


def _forward(x: Any, p: Any) -> Any:
    return plain(x, p), (np.cos(x), np.sin(x), p["w"], "kept")


def _backward(residuals: Any, g: Any) -> Any:
    cos, sin, w, word = residuals
    assert word == "kept"
    return g["wave"] * cos * w, {"w": g["wave"] * sin + 2 * w * g["size"]}


waves.defvjp(_forward, _backward)


def loss(function: Any) -> Any:
    def value(x: Any, p: Any) -> Any:
        made = function(x, p)
        return np.sum(made["wave"] ** 2) * made["size"]

    return value


def close(a: Any, b: Any) -> None:
    np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def test_a_right_rule_gives_what_the_operations_give() -> None:
    for transform in (dvar.grad, dvar.jacfwd, dvar.hessian):
        close(transform(loss(waves))(X, P), transform(loss(plain))(X, P))
    close(
        dvar.grad(loss(waves), 1)(X, P)["w"],
        dvar.grad(loss(plain), 1)(X, P)["w"],
    )


def test_it_is_mapped_and_compiled() -> None:
    xs = np.stack([X, X + 1, -X])
    close(
        dvar.vmap(dvar.grad(loss(waves)), (0, None))(xs, P),
        np.stack([dvar.grad(loss(plain))(x, P) for x in xs]),
    )

    def total(function: Any) -> Any:
        return lambda p: np.sum(dvar.vmap(loss(function), (0, None))(xs, p))

    want = dvar.grad(lambda p: sum(loss(plain)(x, p) for x in xs))(P)["w"]
    close(dvar.grad(total(waves))(P)["w"], want)
    close(dvar.jit(dvar.grad(total(waves)))(P)["w"], want)
    close(
        dvar.vmap(dvar.hessian(loss(waves)), (0, None))(xs, P),
        np.stack([dvar.hessian(loss(plain))(x, P) for x in xs]),
    )


def test_the_rule_is_used_even_where_it_is_not_the_derivative() -> None:
    @dvar.custom_vjp
    def straight_through(x: Any) -> Any:
        return np.round(x)

    straight_through.defvjp(lambda x: (np.round(x), None), lambda _, g: (g,))
    close(dvar.grad(lambda x: np.sum(straight_through(x) * X))(X), X)
    close(dvar.jvp(straight_through, (X,), (P["w"],))[1], P["w"])


def test_python_decides_by_the_numbers() -> None:
    @dvar.custom_vjp
    def twice_if_positive(x: Any) -> Any:
        return 2 * x if x > 0 else x

    twice_if_positive.defvjp(
        lambda x: (2 * x if x > 0 else x, x), lambda x, g: (g * 2 if x > 0 else g,)
    )
    assert dvar.grad(twice_if_positive)(3.0) == 2.0
    assert dvar.grad(twice_if_positive)(-3.0) == 1.0


def test_without_tracing_the_function_itself_is_called() -> None:
    assert set(waves(X, P)) == {"wave", "size"}
    assert isinstance(waves(X, p=P)["wave"], np.ndarray)


def test_none_is_zero() -> None:
    @dvar.custom_vjp
    def product(x: Any, y: Any) -> Any:
        return x * y

    product.defvjp(lambda x, y: (x * y, y), lambda y, g: (g * y, None))
    assert dvar.grad(product, (0, 1))(2.0, 3.0) == (3.0, 0.0)


def test_mistakes_in_the_rule_are_named() -> None:
    @dvar.custom_vjp
    def double(x: Any) -> Any:
        return 2 * x

    def total(x: Any) -> Any:
        return np.sum(double(x))

    with pytest.raises(TraceError, match="double has no backward pass"):
        dvar.grad(total)(X)
    double.defvjp(lambda x: 2 * x, lambda _, g: (g,))
    with pytest.raises(TraceError, match=r"did not return \(result, residuals\)"):
        dvar.grad(total)(X)
    double.defvjp(lambda x: (2 * x, None), lambda _, g: 2 * g)
    with pytest.raises(TraceError, match="did not return a tuple of 1"):
        dvar.grad(total)(X)
    double.defvjp(lambda x: (2 * x, None), lambda _, g: (2 * np.sum(g),))
    with pytest.raises(ShapeError, match=r"returned scalar for argument 0 of shape \(3,\)"):
        dvar.grad(total)(X)
    double.defvjp(lambda x: (2 * x, None), lambda _, g: ({"x": g},))
    with pytest.raises(TraceError, match="containers"):
        dvar.grad(total)(X)


def test_a_traced_array_that_is_no_argument_is_an_error() -> None:
    def outer(scale: Any) -> Any:
        @dvar.custom_vjp
        def scaled(x: Any) -> Any:
            return x * scale

        scaled.defvjp(lambda x: (x * scale, scale), lambda s, g: (g * s,))
        return np.sum(scaled(scale * X))

    with pytest.raises(TraceError, match="not among its arguments"):
        dvar.grad(outer)(2.0)
