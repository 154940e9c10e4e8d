"""Transforms: their conventions, their errors, and their values against other ways to get them."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict, namedtuple
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
import pytest

import dvar
from dvar.core.errors import DtypeError, ShapeError, TraceError

RNG = np.random.default_rng(7)
Array = Any


def complex_step(function: Callable[..., Any], x: Array) -> Array:
    """The gradient of a real-analytic scalar function, to machine precision."""
    x = np.asarray(x, float)
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        moved = x.astype(complex)
        moved[index] += 1e-30j
        gradient[index] = np.asarray(function(moved)).imag.item() / 1e-30
    return gradient


def central(function: Callable[..., Any], x: Array, h: float = 1e-6) -> Array:
    """The same by differences, for functions that complex numbers do not go through."""
    x = np.asarray(x, float)
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += h
        down[index] -= h
        gradient[index] = (np.sum(function(up)) - np.sum(function(down))) / (2 * h)
    return gradient


def neural(w: Array, x: Array, y: Array) -> Any:
    z = x @ w
    a = 1 / (1 + np.exp(-z))
    return -np.mean(y * np.log(a) + (1 - y) * np.log(1 - a))


# ── conventions ─────────────────────────────────────────────────────────────────────────────────


def test_the_gradient_of_a_scalar_is_a_numpy_scalar() -> None:
    gradient = dvar.grad(lambda x: x**3)(2.0)
    assert gradient == 12.0
    assert type(gradient) is np.float64


def test_whole_python_numbers_count_as_real() -> None:
    assert dvar.grad(lambda x: x * x)(3) == 6.0


def test_a_tuple_of_argnums_gives_a_tuple_of_gradients() -> None:
    assert dvar.grad(lambda x, y: x * y**2, argnums=(0, 1))(2.0, 3.0) == (9.0, 12.0)
    assert dvar.grad(lambda x, y: x * y**2, argnums=(1,))(2.0, 3.0) == (12.0,)
    assert dvar.grad(lambda x, y: x * y**2, argnums=-1)(2.0, 3.0) == 12.0


def test_other_arguments_are_handed_through_as_they_are() -> None:
    seen = []

    def f(x: Any, n: int, *, scale: Any, name: str) -> Any:
        seen.append((n, scale, name))
        return scale * x**n

    assert dvar.grad(f)(2.0, 3, scale=5.0, name="a") == 60.0
    assert seen == [(3, 5.0, "a")]


def test_has_aux_hands_the_rest_through_as_numpy() -> None:
    def f(x: Any) -> Any:
        y = np.exp(x)
        return np.sum(y), {"y": y, "note": "kept"}

    gradient, aux = dvar.grad(f, has_aux=True)(np.array([0.0, 1.0]))
    assert np.allclose(gradient, np.exp([0.0, 1.0]))
    assert type(aux["y"]) is np.ndarray
    assert aux["note"] == "kept"
    (value, again), _ = dvar.value_and_grad(f, has_aux=True)(np.array([0.0, 1.0]))
    assert value == again["y"].sum()


def test_gradients_come_back_in_the_containers_of_the_arguments() -> None:
    @dataclasses.dataclass(frozen=True)
    class Layer:
        w: Any
        b: Any
        activation: str = "tanh"

    pair = namedtuple("pair", "left right")
    params = {
        "layers": [Layer(RNG.normal(size=(3, 2)), RNG.normal(size=2))],
        "ends": pair(1.5, (2.5, None)),
        "more": OrderedDict(scale=np.array([3.0])),
    }

    def f(p: Any) -> Any:
        (layer,) = p["layers"]
        z = np.tanh(np.ones(3) @ layer.w + layer.b)
        return np.sum(z) * p["ends"].left * p["ends"].right[0] * p["more"]["scale"][0]

    gradient = dvar.grad(f)(params)
    assert list(gradient) == list(params)
    assert gradient["layers"][0].w.shape == (3, 2)
    assert gradient["layers"][0].activation is None
    assert type(gradient["ends"]) is pair
    assert gradient["ends"].right[1] is None
    assert type(gradient["more"]) is OrderedDict
    value = f(params)
    assert np.isclose(gradient["ends"].left, value / 1.5)
    assert np.isclose(gradient["more"]["scale"][0], value / 3.0)


def test_the_dtype_of_a_gradient_follows_the_data() -> None:
    x = np.ones(3, np.float32)
    value, gradient = dvar.value_and_grad(lambda x: np.mean(x**2) * 2.0)(x)
    assert gradient.dtype == np.float32
    assert value.dtype == np.float32


def test_a_gradient_may_be_written_to_and_is_not_the_argument() -> None:
    x = np.ones(3)
    gradient = dvar.grad(lambda x: np.sum(x * x) / 2)(x)
    gradient += 1
    assert x.tolist() == [1.0, 1.0, 1.0]


def test_what_does_not_depend_on_the_argument_has_the_gradient_zero() -> None:
    assert dvar.grad(lambda x: 3.0)(2.0) == 0.0
    assert dvar.grad(lambda x, y: x, argnums=1)(2.0, np.ones(3)).tolist() == [0.0] * 3
    assert dvar.grad(lambda x: float(x) ** 2)(2.0) == 0.0  # float() leaves the graph, by wish


def test_the_gradient_with_respect_to_a_result_itself_is_one() -> None:
    assert dvar.grad(lambda x: x)(5.0) == 1.0


def test_python_control_flow_on_values_works() -> None:
    def f(x: Any) -> Any:
        while x < 100:
            x = x * x if x > 3 else 2 * x
        return x

    assert dvar.grad(f)(2.0) == complex_step(lambda x: (2 * x) ** 4, 2.0)


def test_loops_over_elements_and_negative_steps_work() -> None:
    def horner(x: Any, coefficients: Any) -> Any:
        total = 0.0
        for c in coefficients[::-1]:
            total = total * x + c
        return total

    c = np.array([1.0, -2.0, 0.5, 3.0])
    assert np.isclose(dvar.grad(horner)(1.3, c), complex_step(lambda x: horner(x, c), 1.3))
    assert np.allclose(dvar.grad(horner, 1)(1.3, c), 1.3 ** np.arange(4))


# ── values ──────────────────────────────────────────────────────────────────────────────────────


def test_logistic_regression_has_its_known_gradient() -> None:
    x, w = RNG.normal(size=(20, 4)), RNG.normal(size=4)
    y = (RNG.uniform(size=20) > 0.5).astype(float)
    a = 1 / (1 + np.exp(-x @ w))
    assert np.allclose(dvar.grad(neural)(w, x, y), x.T @ (a - y) / 20)
    assert np.allclose(dvar.grad(neural)(w, x, y), complex_step(lambda w: neural(w, x, y), w))


M = RNG.uniform(0.5, 1.5, (3, 4))
S = M[:, :3] @ M[:, :3].T + np.eye(3)
ANALYTIC: dict[str, tuple[Callable[..., Any], Array]] = {
    "trigonometry": (lambda x: np.sum(np.sin(x) * np.cos(x) + np.tan(x)), M),
    "hyperbola": (lambda x: np.sum(np.tanh(x) + np.sinh(x) * np.cosh(x)), M),
    "logarithm": (lambda x: np.sum(np.log1p(x) - np.log(x) + np.expm1(x) * np.sqrt(x)), M),
    "power": (lambda x: np.sum(x**3 + 2.0**x + x**x + np.square(x) + 1 / x), M),
    "mean": (lambda x: np.sum(np.mean(x, axis=0) ** 2) + np.mean(x) * 2, M),
    "keepdims": (lambda x: np.sum((x - x.mean(axis=1, keepdims=True)) ** 3), M),
    "product": (lambda x: np.sum(np.prod(x, axis=1)), M),
    "matmul": (lambda x: np.sum((x @ x.T) ** 2), M),
    "dot": (lambda x: np.dot(x[0], x[1]) + np.sum(x.dot(x.T)), M),
    "outer": (lambda x: np.sum(np.outer(x[0], x[1]) ** 2), M),
    "einsum": (lambda x: np.sum(np.einsum("ij,kj->ik", x, x) ** 2), M),
    "tensordot": (lambda x: np.sum(np.tensordot(x, x, axes=([1], [1])) ** 2), M),
    "kron": (lambda x: np.sum(np.kron(x, x[:2]) ** 2), M),
    "trace": (lambda x: np.trace(x @ x.T) * 2, M),
    "slices": (lambda x: np.sum(x[1:, ::2] ** 2) + x[0, -1] * x[-1, 0], M),
    "rows": (lambda x: np.sum(x[[0, 0, 2]] ** 2), M),
    "mask": (lambda x: np.sum(x[np.real(M) > 1] ** 2), M),
    "reshape": (lambda x: np.sum(x.reshape(2, 6)[0] * np.reshape(x, (6, -1)).T[1]), M),
    "ravel": (lambda x: np.sum(np.ravel(x)[:5] * x.flatten()[1:6]), M),
    "transpose": (lambda x: np.sum(x.T[0] * np.transpose(x)[1] * x.transpose(1, 0)[2]), M),
    "concatenate": (lambda x: np.sum(np.concatenate([x, x * 2], axis=1) ** 3), M),
    "stack": (lambda x: np.sum(np.stack([x[0], x[1]], axis=1) ** 3), M),
    "vstack and hstack": (lambda x: np.sum(np.vstack([x[0], x[1]])[1] * np.hstack([x[2]])), M),
    "column_stack": (lambda x: np.sum(np.column_stack([x[0], x[1] ** 2]) ** 3), M),
    "split": (lambda x: np.sum(np.split(x, 2, axis=1)[1] ** 2), M),
    "array_split": (lambda x: np.sum(np.array_split(x, 3, axis=1)[0] ** 2), M),
    "tile and repeat": (lambda x: np.sum(np.tile(x, (2, 1)) ** 2) + np.sum(np.repeat(x, 3) ** 2), M),
    "flip and roll": (lambda x: np.sum(np.flip(x, 0) * np.roll(x, 1, axis=1) * x[::-1]), M),
    "rot90": (lambda x: np.sum(np.rot90(x) * np.arange(12.0).reshape(4, 3)), M),
    "swapaxes": (lambda x: np.sum(np.swapaxes(x, 0, 1)[1:] * np.moveaxis(x, 0, 1)[:-1]), M),
    "expand_dims": (lambda x: np.sum(np.expand_dims(x, 0) * x[:, None, :]), M),
    "squeeze": (lambda x: np.sum(np.squeeze(x[:, None, :], 1) ** 2), M),
    "broadcast_to": (lambda x: np.sum(np.broadcast_to(x[0], (5, 4)) ** 2), M),
    "cumsum": (lambda x: np.sum(np.cumsum(x, axis=1) ** 2), M),
    "diff": (lambda x: np.sum(np.diff(x, axis=0) ** 3), M),
    "average": (lambda x: np.average(x[0], weights=x[1]), M),
    "trapezoid": (lambda x: np.trapezoid(x[0] ** 2, dx=0.5), M),
    "polyval": (lambda x: np.sum(np.polyval([1.0, 2.0, 3.0], x)), M),
    "cross": (lambda x: np.sum(np.cross(x[0, :3], x[1, :3]) ** 2), M),
    "where": (lambda x: np.sum(np.where(np.real(M) > 1, x**2, -x)), M),
    "diag": (lambda x: np.sum(np.diag(x) ** 2), M),
    "triangle": (lambda x: np.sum(np.tril(x) ** 2 + np.triu(x, 1) ** 3), M),
    "solve": (lambda x: np.sum(np.linalg.solve(x, np.arange(3.0)) ** 2), S),
    "inverse": (lambda x: np.sum(np.linalg.inv(x) ** 2), S),
    "determinant": (lambda x: np.linalg.det(x), S),
    "matrix_power": (lambda x: np.sum(np.linalg.matrix_power(x, 3)), S),
    "ufunc methods": (lambda x: np.sum(np.add.reduce(x) ** 2 + np.multiply.reduce(x, axis=0)), M),
    "ufunc outer": (lambda x: np.sum(np.multiply.outer(x[0], x[1]) ** 2), M),
    "zeros_like": (lambda x: np.sum((np.zeros_like(x) + np.ones_like(x) * 2) * x**2), M),
    "atleast": (lambda x: np.sum(np.atleast_2d(x[0]) @ x.T), M),
    "in place by name": (lambda x: np.sum(_augmented(x)), M),
}  # fmt: skip


def _augmented(x: Any) -> Any:
    y = x * 1.0
    y = y**2
    y += x
    y *= 3
    y -= 1
    return y / 2


@pytest.mark.parametrize("name", ANALYTIC)
def test_gradients_agree_with_the_complex_step(name: str) -> None:
    function, x = ANALYTIC[name]
    value, gradient = dvar.value_and_grad(function)(x)
    assert np.isclose(value, function(x), rtol=1e-12)
    assert np.allclose(gradient, complex_step(function, x), rtol=1e-10)


V = np.array([0.3, -1.2, 2.5, -0.4, 1.1, 0.9])
SELECTING: dict[str, Callable[..., Any]] = {
    "abs": lambda x: np.sum(np.abs(x) * abs(x) + np.fabs(x)),
    "maximum": lambda x: np.sum(np.maximum(x, 0) * np.minimum(x, 1)),
    "max and min": lambda x: np.max(x) * 2 + x.min() * x[0],
    "clip": lambda x: np.sum(np.clip(x, -1, 1) ** 2 + x.clip(0, None)),
    "sort": lambda x: np.sum(np.sort(x) * np.arange(6.0)),
    "argsort": lambda x: np.sum(x[np.argsort(x)] * np.arange(6.0) ** 2),
    "argmax": lambda x: x[np.argmax(x)] ** 2,
    "median": lambda x: np.median(x) ** 2,
    "norm": lambda x: np.linalg.norm(x),
    "hypot": lambda x: np.sum(np.hypot(x, 2.0) + np.logaddexp(x, 1.0)),
    "mask": lambda x: np.sum(x[x > 0] ** 2),
    "logic": lambda x: np.sum(np.where((x > 0) & ~(x > 2), x**2, -x)),
    "select": lambda x: np.sum(np.select([x < -1, x < 1], [x**2, x**3], x)),
    "truth as number": lambda x: np.sum((x > 0) * x**2 + (x > 0).astype(float) * x),
    "variance": lambda x: np.var(x) * x.std(ddof=1),
    "radians": lambda x: np.sum(np.deg2rad(x) ** 2),
    "Fortran's order": lambda x: np.sum(np.reshape(x, (2, 3), order="F")[0] ** 2 * x[:3]),
    "ravel in Fortran's order": lambda x: np.sum(np.ravel(x.reshape(2, 3), order="F") * V**2),
    "delete": lambda x: np.sum(np.delete(x, [1, 3]) ** 2),
    "meshgrid": lambda x: np.sum(np.meshgrid(x[:2], x[2:])[0] ** 2 * np.meshgrid(x[:2], x[2:])[1]),
    "cumprod": lambda x: np.sum(np.cumprod(x) ** 2),
    "dstack": lambda x: np.sum(np.dstack([x[:2], x[2:4]])[0, 1] ** 3),
    "piecewise": lambda x: np.sum(np.piecewise(x, [x < -1, x > 1], [lambda v: v**2, 3.0, np.sin])),
    "linspace": lambda x: np.sum(np.linspace(x[0], x[1], 4) ** 2),
    "covariance": lambda x: np.sum(np.cov(x.reshape(2, 3))),
    "outer of matrices": lambda x: np.sum(np.outer(x.reshape(2, 3), x[:2]) ** 2),
    "names of several results": lambda x: np.linalg.slogdet(np.outer(x, x) + np.eye(6)).logabsdet,
    "ptp": lambda x: np.ptp(x) ** 2,
    "sign": lambda x: np.sum(np.sign(x) * x),
}


@pytest.mark.parametrize("name", SELECTING)
def test_gradients_of_choices_agree_with_differences(name: str) -> None:
    function = SELECTING[name]
    assert np.allclose(dvar.grad(function)(V), central(function, V), atol=1e-7)


def test_rows_are_functions_of_arrays_too() -> None:
    assert type(dvar.sigmoid(np.zeros(2))) is np.ndarray
    assert dvar.sigmoid(np.zeros(2)).tolist() == [0.5, 0.5]
    gradient = dvar.grad(lambda x: np.sum(dvar.relu(x) * dvar.tanh(x)))(V)
    assert np.allclose(gradient, central(lambda x: np.maximum(x, 0) * np.tanh(x), V))
    with pytest.raises(AttributeError, match="no_such_row"):
        dvar.no_such_row  # noqa: B018


def test_scipy_functions_are_found_when_the_user_has_scipy() -> None:
    special = pytest.importorskip("scipy.special")
    gradient = dvar.grad(lambda x: np.sum(special.expit(x) * special.erf(x)))(V)
    assert np.allclose(gradient, central(lambda x: special.expit(x) * special.erf(x), V))


def test_the_array_api_reaches_the_same_rows() -> None:
    def f(x: Any) -> Any:
        xp = x.__array_namespace__()
        return xp.sum(xp.matmul(x, xp.permute_dims(x, (1, 0))) ** 2) * xp.asarray(2.0)

    assert np.allclose(dvar.grad(f)(M), complex_step(lambda x: np.sum((x @ x.T) ** 2) * 2, M))


# ── higher order and nesting ────────────────────────────────────────────────────────────────────


def test_gradients_of_gradients_give_every_order() -> None:
    f: Any = lambda x: np.sin(x) * x**3  # noqa: E731
    for derivative in (
        lambda x: np.sin(x) * x**3,
        lambda x: np.cos(x) * x**3 + 3 * np.sin(x) * x**2,
        lambda x: -np.sin(x) * x**3 + 6 * np.cos(x) * x**2 + 6 * np.sin(x) * x,
    ):
        assert np.isclose(f(1.7), derivative(1.7))
        f = dvar.grad(f)


def test_an_inner_gradient_does_not_see_the_outer_variable() -> None:
    # Perturbation confusion (Siskind & Pearlmutter): a system that takes both for the same gives 2.
    inner = lambda x: x * dvar.grad(lambda y: x + y)(1.0)  # noqa: E731
    assert dvar.grad(inner)(1.0) == 1.0


def test_an_inner_gradient_at_the_outer_variable_is_not_confused() -> None:
    # y is evaluated at x: d/dx [x * (d/dy x*y at y = x)] = d/dx x*x = 2x.
    assert dvar.grad(lambda x: x * dvar.grad(lambda y: x * y)(x))(3.0) == 6.0
    # d/dx [x * (d/dy x + y at y = x)] = 1, whatever x is.
    assert dvar.grad(lambda x: x * dvar.grad(lambda y: x + y)(x))(3.0) == 1.0


def test_three_levels_of_closures_are_kept_apart() -> None:
    def f(x: Any) -> Any:
        def g(y: Any) -> Any:
            return dvar.grad(lambda z: x * y * z**2)(y)  # 2xy²

        return dvar.grad(g)(x) * x  # 4xy at y = x, times x: 4x³

    assert np.isclose(dvar.grad(f)(1.5), 12 * 1.5**2)


def test_an_inner_result_may_leave_its_function() -> None:
    def f(x: Any) -> Any:
        kept = []

        def g(y: Any) -> Any:
            kept.append(np.exp(y))
            return kept[0] * x

        return dvar.grad(g)(x) + kept[0]  # x e^x + e^x

    assert np.isclose(dvar.grad(f)(0.7), np.exp(0.7) * (0.7 + 2))


def test_a_closed_inner_gradient_is_plain_numpy() -> None:
    seen = []

    def f(x: Any) -> Any:
        seen.append(dvar.grad(lambda y: y**2)(3.0))
        return x * seen[0]

    assert dvar.grad(f)(1.0) == 6.0
    assert type(seen[0]) is np.float64


def test_the_auxiliary_result_of_an_inner_gradient_is_differentiated() -> None:
    def f(x: Any) -> Any:
        gradient, aux = dvar.grad(lambda y: (y**3, {"square": y**2}), has_aux=True)(x)
        return gradient + aux["square"]  # 3x² + x²

    assert dvar.grad(f)(2.0) == 16.0


def test_control_flow_inside_nested_gradients_sees_values() -> None:
    f = dvar.grad(lambda x: x**3 if x > 0 else -x)
    assert dvar.grad(f)(2.0) == 12.0
    assert dvar.grad(f)(-2.0) == 0.0


def test_unrolled_gradient_descent_is_differentiated_by_its_learning_rate() -> None:
    def after(rate: Any) -> Any:
        x = 1.0
        for _ in range(5):
            x = x - rate * dvar.grad(lambda x: x**2)(x)
        return x  # (1 - 2 rate)^5

    assert np.isclose(dvar.grad(after)(0.1), -10 * 0.8**4)


# ── Jacobians ───────────────────────────────────────────────────────────────────────────────────


def test_a_jacobian_has_the_shape_of_the_result_and_then_of_the_argument() -> None:
    a = RNG.normal(size=(5, 3))
    for jacobian in (dvar.jacobian, dvar.jacrev, dvar.jacfwd):
        assert np.allclose(jacobian(lambda x: a @ x)(np.ones(3)), a)
        assert jacobian(lambda x: a @ x)(np.ones((3, 2))).shape == (5, 2, 3, 2)
        assert jacobian(lambda x: x**2)(3.0) == 6.0
        assert np.allclose(
            jacobian(lambda x: np.sin(x) * x[0])(V)[:, 1], np.eye(6)[1] * 0.3 * np.cos(V)
        )


def test_jacobians_by_both_modes_agree_on_a_network() -> None:
    w = RNG.normal(size=(3, 4))

    def f(w: Any, x: Any) -> Any:
        z = np.tanh(w @ x)
        return np.exp(z) / np.sum(np.exp(z))

    x = RNG.normal(size=4)
    reverse = dvar.jacrev(f, argnums=(0, 1))(w, x)
    ahead = dvar.jacfwd(f, argnums=(0, 1))(w, x)
    assert [j.shape for j in reverse] == [(3, 3, 4), (3, 4)]
    assert all(np.allclose(a, b) for a, b in zip(reverse, ahead, strict=True))


def test_a_jacobian_of_containers_is_containers_of_jacobians() -> None:
    jacobian = dvar.jacobian(lambda p: {"s": p["a"] * p["b"], "t": p["b"]})
    found = jacobian({"a": 2.0, "b": np.array([3.0, 4.0])})
    assert found["s"]["a"].tolist() == [3.0, 4.0]
    assert found["t"]["a"].tolist() == [0.0, 0.0]
    assert found["s"]["b"].tolist() == [[2.0, 0.0], [0.0, 2.0]]


def test_the_jacobian_of_a_jacobian_is_the_second_derivative() -> None:
    second = dvar.jacobian(dvar.jacobian(lambda x: x**3))(np.array([1.0, 2.0]))
    assert second.shape == (2, 2, 2)
    assert np.allclose(second[[0, 1], [0, 1], [0, 1]], [6.0, 12.0])
    assert np.allclose(dvar.grad(lambda x: np.sum(dvar.jacfwd(np.sin)(x)))(V), -np.sin(V))


def test_a_hessian_is_symmetric_and_agrees_with_differences_of_the_gradient() -> None:
    x = RNG.normal(size=4)
    a = RNG.normal(size=(6, 4))
    y = np.array([1.0, 0, 1, 1, 0, 1])
    f = lambda w: neural(w, a, y)  # noqa: E731
    h = dvar.hessian(f)(x)
    assert np.allclose(h, h.T)
    rows = [central(lambda w, i=i: dvar.grad(f)(w)[i], x) for i in range(4)]
    assert np.allclose(h, rows, atol=1e-8)
    assert np.allclose(h, dvar.jacrev(dvar.grad(f))(x))
    v = RNG.normal(size=4)
    assert np.allclose(dvar.hvp(f)(x, v), h @ v)
    assert np.allclose(dvar.hvp(neural)(x, a, y, v), h @ v)


def test_the_gradient_of_a_function_of_the_hessian_is_right() -> None:
    def curvature(x: Any) -> Any:
        return np.trace(dvar.hessian(lambda y: np.sum(y**4))(x))

    assert np.allclose(dvar.grad(curvature)(V), 24 * V)


def test_vjp_gives_the_value_and_carries_upstream_gradients_back() -> None:
    a = RNG.normal(size=(5, 3))
    value, back = dvar.vjp(lambda a, x: a @ x, a, np.ones(3))
    upstream = RNG.normal(size=5)
    assert np.allclose(value, a.sum(axis=1))
    by_a, by_x = back(upstream)
    assert np.allclose(by_a, np.outer(upstream, np.ones(3)))
    assert np.allclose(by_x, a.T @ upstream)


def test_vjp_of_several_results_adds_what_each_sends_back() -> None:
    (value, more), back = dvar.vjp(lambda x: (x**2, {"cube": x**3}), np.array([1.0, 2.0]))
    assert value.tolist() == [1.0, 4.0]
    assert more["cube"].tolist() == [1.0, 8.0]
    ((gradient),) = back((np.array([1.0, 0.0]), {"cube": np.array([0.0, 1.0])}))
    assert gradient.tolist() == [2.0, 12.0]


def test_vjp_and_jvp_are_transposes_of_each_other() -> None:
    x, v, u = RNG.normal(size=4), RNG.normal(size=4), RNG.normal(size=3)
    f = lambda x: np.tanh(M @ x) * np.sum(x)  # noqa: E731
    _, tangent = dvar.jvp(f, (x,), (v,))
    (cotangent,) = dvar.vjp(f, x)[1](u)
    assert np.isclose(u @ tangent, cotangent @ v)


def test_jvp_takes_containers() -> None:
    value, tangent = dvar.jvp(
        lambda p, y: {"z": p["w"] * p["x"] * y},
        ({"w": 2.0, "x": 3.0}, 5.0),
        ({"w": 1.0, "x": 0.0}, 0.0),
    )
    assert value == {"z": 30.0}
    assert tangent == {"z": 15.0}


def test_elementwise_grad_is_the_derivative_at_every_element() -> None:
    assert np.allclose(dvar.elementwise_grad(np.tanh)(V), 1 - np.tanh(V) ** 2)


def test_transforms_keep_the_name_and_the_words_of_the_function() -> None:
    assert dvar.grad(neural).__name__ == "neural"


# ── errors ──────────────────────────────────────────────────────────────────────────────────────


def test_a_result_that_is_no_scalar_names_its_shape_and_the_way_out() -> None:
    def double(x: Any) -> Any:
        return x * 2

    with pytest.raises(ShapeError, match=r"double returned an array of shape \(2, 3\)") as caught:
        dvar.grad(double)(np.ones((2, 3)))
    assert "jacobian" in str(caught.value)
    assert "vjp" in str(caught.value)
    assert "sum" in str(caught.value)


def test_whole_number_arrays_have_no_derivative() -> None:
    def f(table: Any) -> Any:
        return np.sum(table["rows"])

    with pytest.raises(DtypeError, match=r'table\["rows"\] is an array of int64'):
        dvar.grad(f)({"rows": np.arange(3)})
    with pytest.raises(DtypeError, match="nothing to differentiate"):
        dvar.grad(f)("text")
    with pytest.raises(DtypeError, match="real numbers"):
        dvar.grad(f)({"rows": np.ones(3, complex)})


def test_results_that_are_no_numbers_are_named() -> None:
    with pytest.raises(TraceError, match="returned None"):
        dvar.grad(lambda x: None)(1.0)
    with pytest.raises(TraceError, match="returned a tuple"):
        dvar.grad(lambda x: (x, x))(1.0)
    with pytest.raises(TraceError, match="not an array"):
        dvar.grad(lambda x: "text")(1.0)
    with pytest.raises(DtypeError, match="returned int64"):
        dvar.grad(lambda x: np.argmax(x))(V)
    with pytest.raises(TraceError, match="has_aux=True"):
        dvar.grad(lambda x: x, has_aux=True)(1.0)


def test_argnums_beyond_the_arguments_say_so() -> None:
    with pytest.raises(TraceError, match="argnums=2"):
        dvar.grad(lambda x, y: x, argnums=2)(1.0, 2.0)


def test_upstream_gradients_and_tangents_must_fit() -> None:
    _, back = dvar.vjp(lambda x: x * 2, np.ones(3))
    with pytest.raises(ShapeError, match="upstream gradient has the shape"):
        back(1.0)
    with pytest.raises(ShapeError, match="containers"):
        back((np.ones(3), np.ones(3)))
    with pytest.raises(ShapeError, match="tangent"):
        dvar.jvp(lambda x: x * 2, (np.ones(3),), (np.ones(2),))


@pytest.mark.parametrize("jacobian", [dvar.jacfwd, dvar.jacrev])
def test_a_jacobian_inside_a_trace_is_one_program_for_all_its_entries(jacobian):
    def size(n):
        node = dvar.trace(jacobian(lambda x: np.tanh(x) * np.sum(x)), dvar.Shape(n))
        return len(str(node.graph).splitlines())

    assert 5 < size(30) == size(3)


def test_a_compiled_gradient_does_not_mistake_an_outer_array_for_its_argument():
    def inner(x):
        # The inner derivative is taken with respect to y alone, though y and x are one array.
        return dvar.grad(lambda y: y * x * x)(x)

    for function in (inner, dvar.grad(inner), dvar.grad(dvar.grad(inner))):
        assert dvar.jit(function)(3.0) == function(3.0)

    outer = wraps(dvar.grad(inner))(lambda x: dvar.grad(lambda y: y * x)(x))
    assert dvar.jit(outer)(3.0) == 3.0
    value, (a, b) = dvar.jit(dvar.value_and_grad(lambda a, b: a * b * b, (0, 1)))(2.0, 3.0)
    assert (value, a, b) == (18.0, 9.0, 12.0)
