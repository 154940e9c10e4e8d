"""Sorting by radix says what NumPy's stable sort says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dvar
from dvar.engine.native.order import MANY, argsort, inverse

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
