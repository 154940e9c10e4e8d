"""Products of a matrix with a vector that read the matrix as it lies: which do, and what they give."""

import numpy as np
import pytest

import dvar


def _loss(w, x, y):
    rest = x @ w - y
    return np.sum(np.tanh(rest) * rest)


def _by_hand(w, x, y):
    w, x, y = (np.asarray(a, float) for a in (w, x, y))
    t = np.tanh(x @ w - y)
    return x.T @ (t + (1 - t**2) * (x @ w - y))


def _is_read_by_rows(step, *args):
    return "row by row" in str(step.kernel(*args))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("columns", [3, 8, 16, 30, 33, 129, 300])
@pytest.mark.parametrize("rows", [5, 17, 64, 1003])
def test_any_number_of_rows_and_columns(rows, columns, dtype):
    draw = np.random.default_rng(rows * columns)
    x = draw.normal(size=(rows, columns)).astype(dtype)
    for shape in ((), (1,)):  # a vector, or a matrix of one column
        w = (draw.normal(size=(columns, *shape)) / columns).astype(dtype)
        y = draw.normal(size=(rows, *shape)).astype(dtype)
        got, want = dvar.jit(dvar.grad(_loss))(w, x, y), _by_hand(w, x, y)
        eps = 64 * np.finfo(dtype).eps
        np.testing.assert_allclose(got, want, rtol=eps, atol=eps * np.abs(want).max() * 4)


def test_a_matrix_that_only_meets_vectors_is_not_turned():
    draw = np.random.default_rng(0)
    args = draw.normal(size=30), draw.normal(size=(4000, 30)), draw.normal(size=4000)
    args = tuple(a.astype(np.float32) for a in args)
    assert _is_read_by_rows(dvar.jit(dvar.grad(_loss)), *args)

    def with_squares(w, x, y):
        return _loss(w, x, y) + np.sum(x**2 @ w)

    step = dvar.jit(dvar.value_and_grad(with_squares))
    assert not _is_read_by_rows(step, *args)
    w, x, y = (a.astype(float) for a in args)
    value, gradient = step(*args)
    np.testing.assert_allclose(gradient, _by_hand(w, x, y) + (x**2).sum(0), rtol=1e-4, atol=1e-2)
    np.testing.assert_allclose(value, _loss(w, x, y) + np.sum(x**2 @ w), rtol=1e-4)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_same_bits_every_time(threads):
    draw = np.random.default_rng(1)
    args = draw.normal(size=20), draw.normal(size=(50_001, 20)), draw.normal(size=50_001)
    step = dvar.jit(dvar.grad(_loss), threads=threads)
    first = step(*args)
    np.testing.assert_allclose(first, _by_hand(*args), rtol=1e-10, atol=1e-8)
    for _ in range(3):
        assert step(*args).tobytes() == first.tobytes()


def test_parts_and_transposed_matrices():
    """Columns cut out of wider rows, and a matrix given the other way round."""
    draw = np.random.default_rng(2)
    wide, w, y = draw.normal(size=(700, 40)), draw.normal(size=24), draw.normal(size=700)

    def of_part(w, wide, y):
        return _loss(w, wide[:, 5:29], y)

    def of_transposed(w, turned, y):
        return _loss(w, turned.T, y)

    want = _by_hand(w, wide[:, 5:29], y)
    np.testing.assert_allclose(dvar.jit(dvar.grad(of_part))(w, wide, y), want, rtol=1e-11)
    turned = np.ascontiguousarray(wide[:, 5:29].T)
    np.testing.assert_allclose(dvar.jit(dvar.grad(of_transposed))(w, turned, y), want, rtol=1e-11)


def test_two_vectors_share_a_matrix():
    draw = np.random.default_rng(3)
    x, v, w = draw.normal(size=(900, 19)), draw.normal(size=19), draw.normal(size=19)

    def loss(v, w, x):
        return np.sum((x @ v) * np.sin(x @ w))

    by_v, by_w = dvar.jit(dvar.grad(loss, (0, 1)))(v, w, x)
    np.testing.assert_allclose(by_v, x.T @ np.sin(x @ w), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(by_w, x.T @ ((x @ v) * np.cos(x @ w)), rtol=1e-10, atol=1e-10)
