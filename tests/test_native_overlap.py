"""What is moved along the lanes is computed where it is used: the same numbers, in fewer loops."""

import numpy as np
import pytest

import dvar

SIZES = [2, 3, 8, 9, 17, 40, 1000, 3001]


def before(y):
    return np.concatenate([np.ones(1, y.dtype), y[:-1]])


def after(y):
    return np.concatenate([y[1:], np.zeros(1, y.dtype)])


def chain(x, y):
    for _ in range(4):
        y = y + 0.5 * x * before(y)
    return y


def both_ways(x, y):
    a = x * before(y) + y
    b = x * after(a) - before(a)
    return after(b) * before(b) + a


def round_about(x, y):
    a = np.roll(x * y, 1) + x
    return np.roll(a * a, -2) - np.roll(a, 1)


def differences(x, y):
    slope = np.diff(x * y)
    return np.sum(np.diff(slope) ** 2) + np.sum(slope)


def heat(x, y):
    for _ in range(3):
        inner = y[1:-1] + 0.1 * x[1:-1] * (y[2:] - 2 * y[1:-1] + y[:-2])
        y = np.concatenate([y[:1], inner, y[-1:]])
    return y


def middle_too(x, y):
    """A value that is a result and is taken at other places."""
    a = x * before(y)
    b = a * after(a)
    return a, b, np.sum(b * before(b))


def padded(x, y):
    a = np.pad(x * y, (2, 3))
    return a[1:] * a[:-1]


def costly(x, y):
    return np.exp(-before(np.tanh(x) * y)) + after(np.sin(y))


PROGRAMS = [chain, both_ways, round_about, differences, heat, middle_too, padded, costly]


def parts(made):
    return made if isinstance(made, tuple) else (made,)


def arrays(size, dtype="float64"):
    draw = np.random.default_rng(size)
    return [draw.normal(size=size).astype(dtype) for _ in range(2)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("program", PROGRAMS)
def test_values_are_those_of_the_reference(program, size):
    x, y = arrays(size)
    for got, want in zip(parts(dvar.jit(program)(x, y)), parts(program(x, y)), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("size", [3, 17, 1000])
@pytest.mark.parametrize("program", PROGRAMS)
def test_gradients_are_those_of_the_reference(program, size):
    def total(x, y):
        return sum(np.sum(np.sin(part)) for part in parts(program(x, y)))

    gradient = dvar.grad(total, (0, 1))
    x, y = arrays(size)
    for got, want in zip(dvar.jit(gradient)(x, y), gradient(x, y), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("program", PROGRAMS)
def test_single_precision_and_several_threads(program):
    x, y = arrays(200_003, "float32")
    one, several = dvar.jit(program, threads=1)(x, y), dvar.jit(program, threads=3)(x, y)
    for got, alike, want in zip(*map(parts, (one, several, program(x, y))), strict=True):
        np.testing.assert_allclose(got, want, rtol=2e-4, atol=2e-4)
        np.testing.assert_allclose(alike, got, rtol=1e-6)


@pytest.mark.parametrize("shape", [(30, 7), (7, 30), (3, 1500)])
@pytest.mark.parametrize("axis", [0, 1])
def test_arrays_of_two_axes_are_moved_along_either(shape, axis):
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=shape), draw.normal(size=shape)

    def moved(x, y):
        a = x * np.roll(y, 1, axis=axis)
        return np.roll(a, -1, axis=axis) * x + np.diff(a, axis=axis).sum()

    gradient = dvar.grad(lambda x, y: np.sum(moved(x, y) ** 2), (0, 1))
    np.testing.assert_allclose(dvar.jit(moved)(x, y), moved(x, y), rtol=1e-11, atol=1e-12)
    for got, want in zip(dvar.jit(gradient)(x, y), gradient(x, y), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("axis", [0, 1])
def test_lanes_that_do_not_lie_side_by_side_are_moved_all_the_same(axis):
    """Rows of an array that is given are put behind others along the axis that has the lanes."""

    def joined(x, y):
        a = np.where(x > 0.3, x, 0.5 * x)
        a = a * (a - 0.3 * np.mean(a))
        end = np.full_like(np.take(y, [0], axis=axis), 0.8)
        moved = np.concatenate([np.delete(y, 0, axis=axis), end], axis=axis)
        return np.roll(y, 1, axis=axis) - x, moved + a

    draw = np.random.default_rng(2)
    for shape in ((40, 3), (3, 40), (300, 5)):
        x, y = draw.normal(size=shape), draw.normal(size=shape)
        for got, want in zip(dvar.jit(joined)(x, y), joined(x, y), strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-13)


def test_loops_and_their_gradients():
    def last(x, y):
        return dvar.scan(lambda y, _: (y + 0.01 * chain(x, y), None), y, length=6)[0]

    x, y = arrays(3001)
    gradient = dvar.grad(lambda x, y: np.sum(last(x, y) ** 2), (0, 1))
    np.testing.assert_allclose(dvar.jit(last)(x, y), last(x, y), rtol=1e-12)
    for got, want in zip(dvar.jit(gradient)(x, y), gradient(x, y), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-11)


@pytest.mark.parametrize("program", [chain, both_ways, heat, middle_too])
def test_nothing_is_written_that_is_only_moved(program):
    x, y = arrays(50_000)
    plan = str(dvar.jit(program).kernel(x, y)).partition("; ModuleID")[0]
    assert plan.count("places in") == 1, plan


def test_what_costs_more_again_than_memory_is_written_once():
    def deep(x, y):
        for _ in range(12):
            y = np.tanh(before(y) * x) * before(before(y))
        return y

    x, y = arrays(50_000)
    plan = str(dvar.jit(deep).kernel(x, y)).partition("; ModuleID")[0]
    assert plan.count("places in") > 1, plan
    np.testing.assert_allclose(dvar.jit(deep)(x, y), deep(x, y), rtol=1e-9)
