"""How far functions on lanes are from the exact value, in units in the last place of the result."""

import operator

import mpmath
import numpy as np
import pytest
from scipy import special

import dvar

# The largest errors that ``functions.py`` and ``circular.py`` state.
WORST = {
    "exp": (np.exp, mpmath.exp, 1.0, 1.5),
    "expm1": (np.expm1, mpmath.expm1, 2.0, 2.0),
    "log": (np.log, mpmath.log, 1.0, 1.0),
    "log1p": (np.log1p, mpmath.log1p, 2.0, 2.0),
    "tanh": (np.tanh, mpmath.tanh, 2.5, 2.5),
    "sin": (np.sin, mpmath.sin, 1.0, 1.5),
    "cos": (np.cos, mpmath.cos, 1.0, 1.5),
    "erf": (special.erf, mpmath.erf, 1.0, 1.5),
}
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e300, -1e300, 5e-324, -1e-40, 3e-310, 2e6, 1e22]


def _points(name, draw):
    if name.startswith("log"):
        return np.exp(np.concatenate([draw.normal(size=600), draw.uniform(-80, 80, 600)]))
    if name.startswith("exp"):
        return np.concatenate([draw.normal(size=600), draw.uniform(-80, 80, 600)])
    near = [draw.normal(size=600), 1e-4 * draw.normal(size=200)]
    if name in ("sin", "cos"):
        quarters = np.round(draw.uniform(-6e5, 6e5, 400)) * (
            np.pi / 2
        )  # where one of them is small
        return np.concatenate([*near, draw.uniform(-1e6, 1e6, 400), quarters])
    return np.concatenate([*near, draw.uniform(-7, 7, 600)])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", WORST)
def test_functions_are_as_near_as_is_said(name, dtype):
    function, exact, *worst = WORST[name]
    x = _points(name, np.random.default_rng(0)).astype(dtype)
    got = dvar.jit(lambda x: function(x))(x)
    assert got.dtype == dtype
    with mpmath.workdps(40):
        right = [exact(mpmath.mpf(float(v))) for v in x]
        ulps = np.spacing(np.abs(np.array([float(r) for r in right], dtype)))
        errors = [
            abs(mpmath.mpf(float(y)) - r) / mpmath.mpf(float(ulp))
            for y, r, ulp in zip(got, right, ulps, strict=True)
        ]
    assert max(errors) <= worst[dtype == "float32"]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", WORST)
def test_zeros_infinities_and_what_is_far_away(name, dtype):
    function = WORST[name][0]
    x = np.array([*SPECIAL, 709.7, -708.5, -745.1, -746.0, 88.7, -103.9, 0.5], np.float64)
    with np.errstate(all="ignore"):
        x = x.astype(dtype)
        got, want = dvar.jit(lambda x: function(x))(x), function(x)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
    known, finite = ~np.isnan(want), np.isfinite(want)
    np.testing.assert_array_equal(got[known & ~finite], want[known & ~finite])
    apart = np.abs(got[finite] - want[finite])
    assert (apart <= 3 * np.spacing(np.abs(want[finite]))).all()
    np.testing.assert_array_equal(np.signbit(got[known]), np.signbit(want[known]))


def test_one_angle_far_away_among_near_ones():
    """The C library computes the vector then; the others do not change by more than rounding."""
    x = np.linspace(-3, 3, 333)
    x[77] = 1e20
    for function in (np.sin, np.cos):
        np.testing.assert_allclose(dvar.jit(lambda x, f=function: f(x))(x), function(x), rtol=1e-14)


def test_a_division_of_many_zeros_and_ones_is_one_of_a_number():
    """The gradient of a maximum: the same bits, also where elements tie."""
    x = np.round(np.random.default_rng(0).normal(size=(40, 70)), 1)

    def of_rows(x):
        return np.sum(np.sin(np.max(x, axis=1))) * np.exp(np.max(x))

    got, want = dvar.jit(dvar.grad(of_rows))(x), dvar.grad(of_rows)(x)
    np.testing.assert_allclose(got, want, rtol=1e-13)
    assert "fdiv <" not in str(dvar.jit(dvar.grad(lambda x: np.sin(np.max(x)))).kernel(x))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("limit", [0.0, 1e-20, 1e-5, 0.1, 1 / 3, 2.0, 7e5, 1e18, np.inf, -1.0])
def test_a_root_is_compared_to_the_bit_as_numpy_does(limit: float, dtype: type) -> None:
    limit = dtype(limit)
    up = down = dtype(np.float64(limit) ** 2)
    points = [up, *map(dtype, (0.0, -0.0, -1.0, np.nan, np.inf, -np.inf))]
    for _ in range(4):
        up, down = np.nextafter(up, dtype(np.inf)), np.nextafter(down, dtype(-np.inf))
        points += [up, down]
    x = np.array(points, dtype)
    for compare in (operator.lt, operator.le, operator.gt, operator.ge):
        for ask in (
            lambda x, c=compare: c(np.sqrt(x), limit),
            lambda x, c=compare: c(limit, np.sqrt(x)),
        ):
            with np.errstate(all="ignore"):
                np.testing.assert_array_equal(dvar.jit(ask)(x), ask(x))
    kernel = dvar.jit(lambda x: np.sqrt(x) > 0.1).kernel(x)
    assert "sqrt" not in str(kernel).partition("\n\n")[0]
