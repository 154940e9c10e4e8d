"""NumPy's functions as people use them: the gradient of each is that of differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import betaln, gammaln, logsumexp, polygamma

import dvar
from dvar.read.trace import facts

SERIES, KERNEL = np.array([0.3, -1.2, 0.8, 2.1, -0.4]), np.array([0.5, -0.2, 0.7])
TABLE = np.array([[0.4, -1.1, 0.9], [1.7, 0.2, -0.6], [-0.3, 1.3, 0.5], [0.8, -0.7, 1.9]])
SQUARE = np.array([[3.0, 0.4, -0.2], [0.4, 1.5, 0.3], [-0.2, 0.3, 0.8]])
STACK = np.arange(24.0).reshape(2, 3, 4) / 10 + np.sin(np.arange(24.0)).reshape(2, 3, 4)

halves = np.vectorize(lambda t: t / 2, otypes=[int])
signed = np.vectorize(lambda t: t * t if t > 0 else 0.1 * t)


def by_element(x: Any) -> Any:
    return sum(i * j * v**2 for (i, j), v in np.ndenumerate(x))


CALLS = {
    "convolve": (lambda x, k: np.convolve(x, k), SERIES, KERNEL),
    "convolve, same": (lambda x, k: np.convolve(k, x, mode="same"), SERIES, KERNEL),
    "correlate": (lambda x, k: np.correlate(x, k), SERIES, KERNEL),
    "interp": (lambda x, y: np.interp(x, [0.0, 1.0, 3.0], y), np.array([0.5, 2.2, 4.0]), KERNEL),
    "windows": (
        lambda x: np.einsum("ijkl,kl->ij", sliding_window_view(x, (2, 2)), TABLE[:2, :2]),
        TABLE,
    ),
    "along an axis": (lambda x: np.apply_along_axis(lambda r: r * r[0], 1, x), TABLE),
    "vectorize": (lambda x: signed(x), SERIES),
    "vectorize inside": (
        lambda x, y: np.vectorize(lambda a, b: a * b)(x, y),
        SERIES,
        np.array(2.0),
    ),
    "ndenumerate": (by_element, TABLE),
    "fromiter": (lambda x: np.fromiter((v**2 for v in x), float), SERIES),
    "full": (lambda x: np.full(3, x[0] * x[1]) + np.array([x[0], 1.0, 2.0]), SERIES),
    "eigvalsh": (lambda a: np.linalg.eigvalsh(a + a.T), SQUARE),
    "eigh": (lambda a: np.linalg.eigh(a @ a.T).eigenvectors ** 2, SQUARE),
    "percentile": (lambda x: np.percentile(x, [10, 55], axis=0), TABLE),
    "quantile": (lambda x: np.quantile(x, 0.3), SERIES),
    "corrcoef": (lambda x: np.corrcoef(x.T), TABLE),
    "running extremes": (lambda x: np.maximum.accumulate(x) + np.minimum.accumulate(x), SERIES),
    "without nan": (lambda x: np.nansum(np.where(x > 2, np.nan, x) ** 2) + np.nanmean(x), SERIES),
    "insert": (lambda x: np.insert(x, 2, x[0] * x[1]), SERIES),
    "insert a row": (lambda x: np.insert(x, 1, x[0] * 2, axis=0), TABLE),
    "vander": (lambda x: np.vander(x, 3), SERIES),
    "block": (lambda x: np.block([[x[:2], x[2:]], [x[2:] * 2, x[:2]]]), TABLE),
    "reduce": (lambda x: np.logaddexp.reduce(x) * np.multiply.reduce(x), SERIES),
    "gradient": (lambda x: np.stack(np.gradient(x, 0.5)), TABLE),
    "where there are any": (lambda x: x[np.where(x > 0)[0]], SERIES),
    "stack of one": (lambda x: np.vstack(x) * np.hstack(x).sum(), TABLE),
    "dot": (lambda a, b: np.dot(a, b), STACK, STACK.transpose(0, 2, 1)),
    "inner": (lambda a, b: np.inner(a, b), STACK, STACK[0]),
    "kron": (lambda a, b: np.kron(a, b), KERNEL, TABLE),
    "einsum of stacks": (lambda a, b: np.einsum("...ij,...kj", a, b), STACK, STACK),
    "einsum of a diagonal": (lambda a: np.einsum("ii->i", a) * np.einsum("ii", a), SQUARE),
    "einsum of one and many": (lambda a, b: np.einsum("bij,bkj->bik", a, b), STACK, STACK[:1]),
    "einsum by numbers": (lambda a, b: np.einsum(a, [0, 1], b, [2, 1], [0, 2]), TABLE, SQUARE),
    "special functions": (
        lambda x: gammaln(x) + polygamma(1, x) + betaln(x, 2.0),
        np.abs(SERIES) + 1,
    ),
    "logsumexp": (lambda x: logsumexp(x, axis=1), TABLE),
}


@pytest.mark.parametrize("name", CALLS)
def test_the_gradient_of_a_function_is_that_of_differences(name: str) -> None:
    function, *args = CALLS[name]
    weights = np.cos(np.arange(np.size(function(*args)))).reshape(np.shape(function(*args)))

    def total(*given: Any) -> Any:
        return np.sum(function(*given) * weights)

    found = dvar.grad(total, argnums=tuple(range(len(args))))(*args)
    for n, (x, gradient) in enumerate(zip(args, found, strict=True)):
        for place in np.ndindex(x.shape):
            step = np.zeros(x.shape)
            step[place] = 1e-6
            above = total(*args[:n], x + step, *args[n + 1 :])
            below = total(*args[:n], x - step, *args[n + 1 :])
            assert gradient[place] == pytest.approx((above - below) / 2e-6, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("function", [np.convolve, np.correlate])
def test_any_lengths_are_convolved_as_numpy_does(function: Any, mode: str) -> None:
    for n in range(1, 7):
        for m in range(1, 7):
            a, v = np.cos(np.arange(n)), np.sin(np.arange(m) + 1.0)
            found = dvar.trace(lambda a, v: function(a, v, mode), a, v).graph
            [result] = found.outputs.values()
            assert np.allclose(facts.known_value(result), function(a, v, mode))


def test_a_vectorized_function_keeps_its_types_where_it_gets_plain_numbers() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.array([x[0], x[1]]) * halves([2, 5]))

    assert list(dvar.grad(f)(np.array([0.5, 0.5]))) == [1.0, 2.0]


def test_a_power_of_zero_does_not_change_with_its_exponent() -> None:
    def total(x: Any, y: Any) -> Any:
        return np.sum(x**y)

    x = np.array([0.0, 0.5, 2.0])
    wanted = 0.5**1.5 * np.log(0.5) + 2**1.5 * np.log(2.0)
    assert dvar.grad(total, argnums=1)(x, 1.5) == pytest.approx(wanted)
    assert dvar.jit(dvar.grad(total, argnums=1))(x, 1.5) == pytest.approx(wanted)
    assert dvar.explain(total, x, 1.5).formulas["y"] == "sum(x**y * log(x))"


def test_wrong_modes_and_places_are_refused_with_what_to_write() -> None:
    with pytest.raises(ValueError, match='"full", "same" or "valid"'):
        dvar.grad(lambda x: np.sum(np.convolve(x, KERNEL, mode="round")))(SERIES)
    with pytest.raises(ValueError, match="one step"):
        dvar.grad(lambda x: np.sum(np.gradient(x, np.arange(5.0))))(SERIES)
    with pytest.raises(ValueError, match="without jit"):
        dvar.jit(lambda x: np.interp(x, [0.0, 1.0], [0.0, 1.0]))(SERIES)
    with pytest.raises(ValueError, match="gives 3 axes to an operand of 2"):
        dvar.grad(lambda x: np.sum(np.einsum("ijk->i", x)))(TABLE)
