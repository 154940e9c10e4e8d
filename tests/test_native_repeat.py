"""Many times in one call say what one time after the other says."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dvar
from dvar.core.errors import ShapeError
from dvar.engine.program import compiled, looped
from dvar.read.trace.trace import trace


def _parts(function, *arrays):
    graph = trace(function, *arrays).graph
    return list(graph.inputs.values()), list(graph.outputs.values())


def _one_by_one(step, values, carried, stepped, times):
    carry, given_ = list(values[:carried]), []
    for n in range(times):
        now = [x[n] for x in values[carried : carried + stepped]]
        done = step([*carry, *now, *values[carried + stepped :]])
        carry = done[:carried]
        given_.append(done[carried:])
    return [*carry, *map(np.stack, zip(*given_, strict=True))]


def _descent(w1, b1, w2, b2, rate, x, y):
    def loss(w1, b1, w2, b2):
        z = np.maximum(x @ w1 + b1, 0) @ w2 + b2
        return np.mean(np.logaddexp(0, z) - y * z)

    value, gradient = dvar.value_and_grad(loss, (0, 1, 2, 3))(w1, b1, w2, b2)
    moved = [p - rate * g for p, g in zip((w1, b1, w2, b2), gradient, strict=True)]
    return [*moved, value]


@given(
    st.sampled_from([1, 7, 16, 64, 1023, 3001]),
    st.integers(1, 20),
    st.integers(1, 40),
    st.integers(1, 4),
    st.sampled_from(["float32", "float64"]),
    st.integers(1, 3),
)
@settings(max_examples=20, deadline=None)
def test_gradient_descent_in_one_call(m, d, h, times, dtype, threads):
    draw = np.random.default_rng(m + d + h)
    shapes = ((d, h), (h,), (h, 1), (1,), (), (m, d), (m, 1))
    arrays = [draw.uniform(-1, 1, shape).astype(dtype) for shape in shapes]
    inputs, roots = _parts(_descent, *arrays)
    values = list(arrays)
    values[4] = draw.uniform(0, 0.1, times).astype(dtype)  # a learning rate for each step
    got = looped(inputs, roots, 4, 1, threads)(values, times)
    want = _one_by_one(compiled(inputs, roots, threads), values, 4, 1, times)
    for mine, right in zip(got, want, strict=True):
        np.testing.assert_array_equal(mine, right)


@pytest.mark.parametrize("times", [0, 1, 2, 3, 10])
def test_results_that_are_inputs_and_results_that_are_one_node(times):
    x, y = np.arange(3.0), np.ones(3)
    inputs, roots = _parts(lambda x, y: [y, x + y, x + y], x, y)
    got = looped(inputs, roots, 2)([x, y], times)
    for _ in range(times):
        x, y = y, x + y
    np.testing.assert_array_equal(got[0], x)
    np.testing.assert_array_equal(got[1], y)
    assert got[2].shape == (times, 3)


@pytest.mark.parametrize("times", [1, 2])
def test_numbers_stay_numbers(times):
    inputs, roots = _parts(lambda x: [x * 2], np.float64(1.5))
    (got,) = looped(inputs, roots, 1)([np.array(1.5)], times)
    assert got.shape == ()
    assert got == 1.5 * 2**times


def test_arguments_are_not_written_to():
    x = np.arange(4.0)
    inputs, roots = _parts(lambda x: [x * 2], x)
    np.testing.assert_array_equal(looped(inputs, roots, 1)([x], 5)[0], 32 * np.arange(4.0))
    np.testing.assert_array_equal(x, np.arange(4.0))


def test_rows_without_machine_code_take_a_call_each_time():
    x = np.array([3.0, 1.0, 2.0])
    inputs, roots = _parts(lambda x: [np.sort(x)[::-1] * 2, np.sum(x)], x)
    got, sums = looped(inputs, roots, 1)([x], 3)
    np.testing.assert_array_equal(got, [24, 16, 8])
    np.testing.assert_array_equal(sums, [6, 12, 24])


def test_what_is_carried_keeps_its_shape():
    inputs, roots = _parts(lambda x: [np.sum(x)], np.arange(3.0))
    with pytest.raises(ShapeError, match="before a step"):
        looped(inputs, roots, 1)


def test_an_equal_program_is_compiled_once():
    x = np.arange(3.0)

    def program(factor):
        return compiled(*_parts(lambda x: [np.tanh(x * factor)], x))

    assert program(2.0) is program(2.0)
    assert program(2.0) is not program(3.0)


def test_a_program_that_holds_much_is_not_kept():
    x = np.zeros(5_000_000)
    assert compiled(*_parts(lambda x: [x + 1], x)) is not compiled(*_parts(lambda x: [x + 1], x))


def _sum_of(x):
    return np.sum(np.exp(np.tanh(x) * np.sin(x)))


PARALLEL = np.linspace(-2, 2, 400_000)


def test_more_threads_than_cores_all_get_their_turn():
    want = float(_sum_of(PARALLEL))
    for threads in (2, 9, 1000):
        np.testing.assert_allclose(dvar.jit(_sum_of, threads=threads)(PARALLEL), want, rtol=1e-12)


def test_several_kernels_of_several_threads_at_once():
    programs = [dvar.jit(lambda x, n=n: n * _sum_of(x), threads=4) for n in range(1, 7)]
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda program: program(PARALLEL), programs * 4))
    want = [n * float(_sum_of(PARALLEL)) for n in range(1, 7)] * 4
    np.testing.assert_allclose(found, want, rtol=1e-12)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork")
def test_a_forked_process_has_threads_of_its_own():
    program = dvar.jit(_sum_of, threads=3)
    want = program(PARALLEL)
    child = os.fork()
    if not child:
        os._exit(0 if program(PARALLEL) == want else 1)
    assert os.waitpid(child, 0)[1] == 0
