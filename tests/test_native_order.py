"""Sorting by radix says what NumPy's stable sort says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dvar
from dvar.engine.native.order import MANY, PARALLEL, argsort, inverse, placed

SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan, 5e-324, -5e-324, 1.0, -1.0]


@given(
    st.integers(0, 2**32),
    st.sampled_from(["float64", "float32", "int64", "bool"]),
    st.sampled_from([1, 3, 1000, 10**9]),
)
@settings(max_examples=20, deadline=None)
def test_the_order_is_that_of_a_stable_sort(seed, dtype, spread):
    draw = np.random.default_rng(seed)
    x = draw.integers(-spread, spread, MANY + 17).astype(np.float64)
    if dtype.startswith("float"):
        x *= draw.choice([1.0, 1e-300 if dtype == "float64" else 1e-40, 3.7])
        x[draw.integers(0, len(x), 40)] = draw.choice(SPECIAL, 40)
    x = x.astype(dtype)
    np.testing.assert_array_equal(argsort(x, 0), np.argsort(x, kind="stable"))


CLOSE = {
    "one far away": lambda draw, n: np.append(1 + 1e-9 * draw.normal(size=n - 1), 1e300),
    "all alike": lambda draw, n: np.zeros(n),
    "few values": lambda draw, n: draw.choice([0.1, 0.2, 1e-200, -3e100], n),
    "neighbours": lambda draw, n: np.where(
        draw.random(n) < 0.5, draw.normal(size=n), np.nextafter(1.0, draw.choice([0, 2], n))
    ),
    "long runs": lambda draw, n: np.append(1 + draw.integers(0, 3, n - 2) * 2.0**-52, [np.nan, -1]),
}


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("kind", CLOSE)
def test_numbers_very_close_to_each_other(kind, threads):
    """Not all bits of a number have room beside its position."""
    draw = np.random.default_rng(3)
    x = CLOSE[kind](draw, PARALLEL + 101)
    np.testing.assert_array_equal(argsort(x, 0, threads), np.argsort(x, kind="stable"))
    large = draw.integers(-(2**62), 2**62, len(x)) * np.where(draw.random(len(x)) < 0.1, 1, 0)
    np.testing.assert_array_equal(argsort(large, 0, threads), np.argsort(large, kind="stable"))


@pytest.mark.parametrize("count", [5, PARALLEL + 101])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
def test_what_is_put_in_an_order(count, dtype):
    draw = np.random.default_rng(4)
    x, order = draw.normal(size=count).astype(dtype), draw.permutation(count)
    got = placed(x, order, 0, threads=2)
    assert got.dtype == x.dtype
    np.testing.assert_array_equal(got[order], x)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_along_an_axis(axis):
    x = np.random.default_rng(0).normal(size=(MANY, 3) if axis == 0 else (3, MANY))
    order = argsort(x, axis)
    np.testing.assert_array_equal(order, np.argsort(x, axis=axis, kind="stable"))
    np.testing.assert_array_equal(inverse(order, axis), np.argsort(order, axis=axis))


def test_the_gradient_of_a_sort_goes_where_the_numbers_came_from():
    draw = np.random.default_rng(1)
    x, c = draw.normal(size=3 * MANY), draw.normal(size=3 * MANY)

    def function(x, c):
        return np.sum(x[0] * np.sort(x) * c)

    got = dvar.jit(dvar.value_and_grad(function))(x, c)
    want = dvar.value_and_grad(function)(x, c)
    np.testing.assert_allclose(got[0], want[0], rtol=1e-12)
    np.testing.assert_allclose(got[1], want[1], rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("count", [1, 5, 100, 3003])
def test_one_place_along_the_lanes(count, dtype):
    """The gradient of an element is zero but for its place, which is one lane of one vector."""
    draw = np.random.default_rng(5)
    x = draw.normal(size=(count, 7)).astype(dtype)
    for k in {0, count // 2, count - 1}:

        def of_row(x, k=k):
            return np.sum(np.sin(x) * np.exp(x[k]))

        def of_element(x, k=k):
            return np.sum(np.cos(x[:, 3]) * x[k, 2])

        for function in (of_row, of_element):
            got, want = dvar.jit(dvar.grad(function))(x), dvar.grad(function)(x)
            eps = 64 * np.finfo(dtype).eps
            np.testing.assert_allclose(got, want, rtol=eps, atol=eps * np.abs(want).max())
