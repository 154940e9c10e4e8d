"""Loops and choices in compiled programs: the same numbers as the reference, and in machine code."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dvar

RNG = np.random.default_rng(17)


def plan(function: Any, *args: Any) -> str:
    """What the compiled program says of itself, without the code."""
    lines = str(dvar.jit(function).kernel(*args)).splitlines()
    told = ("reference", "a loop", "as one function")
    return "\n".join(line for line in lines if any(words in line for words in told))


def cell(n: int) -> Any:
    def loss(w: Any, u: Any, b: Any, xs: Any) -> Any:
        def step(carry: Any, x: Any) -> Any:
            h, s = carry
            z = w @ h + u @ x + b
            keep, write, out = (dvar.sigmoid(z[k * n : (k + 1) * n]) for k in range(3))
            s = keep * s + write * np.tanh(z[3 * n :])
            h = out * np.tanh(s)
            return (h, s), h

        zero = np.zeros(n, w.dtype)
        (h, _), hs = dvar.scan(step, (zero, zero), xs)
        return np.mean(hs**2) + np.sum(h)

    return loss


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("n", [1, 8, 11])
def test_a_recurrent_network_and_its_gradient_are_loops_of_machine_code(n: int, dtype: str) -> None:
    shapes = ((4 * n, n), (4 * n, 5), (4 * n,), (9, 5))
    args = [(RNG.normal(size=shape) * 0.3).astype(dtype) for shape in shapes]
    gradient = dvar.grad(cell(n), (0, 1, 2, 3))
    tolerance = 1e-11 if dtype == "float64" else 2e-5
    for threads in (1, 2):
        for got, want in zip(
            dvar.jit(gradient, threads=threads)(*args), gradient(*args), strict=True
        ):
            assert got.dtype == want.dtype
            np.testing.assert_allclose(got, want, atol=tolerance)
    if n > 1:
        said = plan(gradient, *args)
        assert said.count("a loop of 9 steps") == 3  # the loop as such and with notes are one
        assert "scan" not in said


def test_a_gradient_of_a_loop_adds_up_its_products_at_once() -> None:
    args = [RNG.normal(size=s) for s in ((32, 8), (32, 5), (32,), (9, 5))]
    graph = dvar.trace(dvar.grad(cell(8)), *args).graph
    backward = graph.nodes[-1]
    assert backward.op.name == "matmul"  # over all steps
    assert [x.shape for x in backward.inputs] == [(32, 9), (9, 8)]


def power(a: Any, steps: Any) -> Any:
    """A loop of so many steps, whose result depends on all of them."""
    x, _ = dvar.while_loop(
        lambda c: c[1] < steps, lambda c: (np.sin(c[0]) + a * np.cos(c[1]), c[1] + 1.0), (a, 0.0)
    )
    return np.sum(x)


def unrolled(a: Any, steps: int) -> Any:
    x = a
    for n in range(steps):
        x = np.sin(x) + a * np.cos(float(n))
    return np.sum(x)


COMPILED, SLOPE = dvar.jit(power), dvar.jit(dvar.grad(power))
CURVATURE = dvar.jit(lambda a, steps: dvar.grad(lambda a: np.sum(dvar.grad(power)(a, steps)))(a))
NUMBER, VECTOR = np.float64(0.7), np.linspace(0.2, 0.9, 19)  # single numbers, and lanes


@settings(deadline=None, max_examples=30)
@given(
    st.one_of(st.integers(0, 5), st.integers(60, 70), st.integers(100, 400)),
    st.sampled_from([NUMBER, VECTOR]),
)
def test_a_while_loop_stops_where_it_must(steps: int, a: Any) -> None:
    np.testing.assert_allclose(COMPILED(a, float(steps)), unrolled(a, steps), rtol=1e-12)
    want = dvar.grad(power)(a, float(steps))
    np.testing.assert_allclose(SLOPE(a, float(steps)), want, rtol=1e-9, atol=1e-12)
    if steps < 70:
        want = dvar.grad(lambda a: np.sum(dvar.grad(lambda a: unrolled(a, steps))(a)))(a)
        np.testing.assert_allclose(CURVATURE(a, float(steps)), want, rtol=1e-8, atol=1e-10)


def test_a_while_loop_and_its_gradient_are_machine_code() -> None:
    said = plan(dvar.value_and_grad(power), VECTOR, 9.0)
    assert said.count("a loop that a condition ends") == 2
    assert "while_loop" not in said
    said = plan(dvar.value_and_grad(power), NUMBER, 9.0)
    assert said.splitlines() == ["while_loop, as one function"] * 2


def collision(x: Any, speed: Any) -> Any:
    """Loops in branches in loops, with positions that are computed, and notes of every kind."""
    places = np.array([0.3, -0.2, 0.9])

    def wander(carry: Any) -> Any:
        place, speed, n = carry

        def bounced(place: Any, speed: Any) -> Any:
            return dvar.while_loop(
                lambda c: np.abs(c[0]) > 1.0, lambda c: (c[0] * 0.7, -c[1]), (place, speed)
            )

        def flown(place: Any, speed: Any) -> Any:
            pull = dvar.take(places, n % 3, axis=0) - place
            return place + 0.2 * speed, speed + 0.1 * np.sin(pull) * np.array([1.0, 2.0])

        place, speed = dvar.cond(
            np.any(np.abs(place) > 1.0),
            lambda p, s: dvar.scan(
                lambda c, q: (bounced_one(c, q, bounced), None), (p, s), np.arange(2)
            )[0],
            flown,
            *(place, speed),
        )
        return place, speed, n + 1

    def bounced_one(carry: Any, q: Any, bounced: Any) -> Any:
        place, speed = carry
        p, s = bounced(dvar.take(place, q, axis=0), dvar.take(speed, q, axis=0))
        here = np.arange(2) == q
        return np.where(here, p, place), np.where(here, s, speed)

    place, speed, _ = dvar.while_loop(lambda c: c[2] < 25, wander, (x, speed, 0))
    return np.sum(place**2) + speed[0] * place[1]


def test_loops_and_branches_in_each_other_are_one_function() -> None:
    x, speed = np.array([0.4, -0.6]), np.array([1.1, -0.7])
    for function in (
        collision,
        dvar.grad(collision, (0, 1)),
        dvar.hessian(collision),
        dvar.jacfwd(dvar.grad(collision), 1),
    ):
        got, want = dvar.jit(function)(x, speed), function(x, speed)
        for a, b in zip(got, want, strict=True) if isinstance(want, tuple) else [(got, want)]:
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)
        lines = plan(function, x, speed).splitlines()
        assert "while_loop, as one function" in lines
        assert not any("reference" in line and "while_loop" in line for line in lines)


@pytest.mark.parametrize(
    "function",
    [
        lambda c: np.array([[0.0, 1.0], [-1.0, 0.3]]) @ c,
        lambda c: np.cumsum(c)[::-1] / 2,
        lambda c: np.where(c > 0, c, -c) / np.max(np.abs(c)),
        lambda c: np.stack([c[1], np.tanh(c[0])]),
        lambda c: np.outer(c, c)[0] - np.mean(c),
        lambda c: dvar.softmax(c) * np.prod(c),
        lambda c: c + dvar.one_hot(np.argmin(c), 2) * 0.1,
        lambda c: np.where(np.all(c < 1), c * 1.5, np.sort(c)),
        lambda c: np.pad(c, 1)[1:3] * 0.9,
        lambda c: c % 0.7 + np.floor_divide(c, 0.3) * c,
    ],
)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rows_on_single_numbers(function: Any, dtype: str) -> None:
    def loss(x: Any) -> Any:
        last, seen = dvar.scan(lambda c, _: (np.tanh(function(c)) * x, np.sum(c)), x, length=5)
        return np.sum(last) + np.sum(seen**2)

    x = np.array([0.8, -1.1], dtype)
    tolerance = 1e-10 if dtype == "float64" else 2e-4
    np.testing.assert_allclose(dvar.jit(loss)(x), loss(x), rtol=tolerance)
    gradient = dvar.grad(loss)
    got = dvar.jit(gradient)(x)
    assert got.dtype == dtype
    np.testing.assert_allclose(got, gradient(x), rtol=tolerance, atol=tolerance)


def test_computed_positions_may_count_from_the_end() -> None:
    places = np.array([0.5, -1.0, 2.0, 0.25])

    def walk(x: Any) -> Any:
        def step(carry: Any, n: Any) -> Any:
            return np.sin(carry * dvar.take(places * x, n, axis=0)) + 1.0, None

        return dvar.scan(step, x, np.array([0, -1, 2, -4, 3, -2]))[0]

    for function in (walk, dvar.grad(walk), dvar.grad(dvar.grad(walk))):
        np.testing.assert_allclose(dvar.jit(function)(0.9), function(0.9), rtol=1e-12)
    assert "reference" not in plan(walk, 0.9)


def test_long_results_of_loops_within_loops_are_no_obstacle() -> None:
    def total(x: Any) -> Any:
        def outer(c: Any, _: Any) -> Any:
            last, path = dvar.scan(lambda d, _: (np.cos(d), d), c, length=40_000)
            return last + np.mean(path), None

        return dvar.scan(outer, x, length=3)[0]

    np.testing.assert_allclose(dvar.jit(total)(0.3), total(0.3), rtol=1e-10)


def test_a_row_without_machine_code_may_be_in_a_loop() -> None:
    def loss(x: Any) -> Any:
        last, _ = dvar.scan(lambda c, v: (np.sort(c * v) + v[0], None), x[0], x)
        far = dvar.while_loop(lambda c: np.max(c) > 1.0, lambda c: np.sort(c)[::-1] * 0.6, last)
        return np.sum(far * np.arange(3.0))

    x = RNG.normal(size=(4, 3)) * 3
    np.testing.assert_allclose(dvar.jit(dvar.grad(loss))(x), dvar.grad(loss)(x), atol=1e-12)
    np.testing.assert_allclose(
        dvar.jit(dvar.vmap(dvar.grad(loss)))(np.stack([x, -x, x + 1])),
        np.stack([dvar.grad(loss)(v) for v in (x, -x, x + 1)]),
        atol=1e-12,
    )


def test_loops_without_steps_compile() -> None:
    def last(h: Any, xs: Any) -> Any:
        carry, ys = dvar.scan(lambda c, x: (c * x, c), h, xs)
        return carry + np.sum(ys)

    empty = np.zeros(0)
    assert dvar.jit(last)(2.0, empty) == 2.0
    assert dvar.jit(dvar.grad(last))(2.0, empty) == 1.0


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("n", [1, 5, 8, 19])
def test_parts_are_joined_and_cut_along_the_lanes(n: int, dtype: str) -> None:
    x, y = (RNG.normal(size=k).astype(dtype) for k in (n, 2 * n + 3))
    tolerance = 1e-11 if dtype == "float64" else 2e-5

    def joined(x: Any, y: Any) -> Any:
        return np.concatenate([np.sin(x), y, 2 * x]) ** 2

    def cut(y: Any) -> Any:
        return np.sum(np.sin(y[1 : n + 1]) * y[:n]) + np.sum(y[n:] ** 3)

    for function, args in (
        (joined, (x, y)),
        (dvar.grad(lambda x, y: np.sum(joined(x, y)), (0, 1)), (x, y)),
        (dvar.grad(cut), (y,)),
    ):
        got, want = dvar.jit(function)(*args), function(*args)
        for a, b in zip(got, want, strict=True) if isinstance(want, tuple) else [(got, want)]:
            np.testing.assert_allclose(a, b, atol=tolerance)
        assert plan(function, *args) == ""


def test_a_choice_inside_of_a_loop_leaves_it_in_machine_code() -> None:
    def loss(x: Any, steps: Any) -> Any:
        def step(carry: Any, wind: Any) -> Any:
            place, speed = carry
            pull = dvar.cond(place < 0.0, lambda p: -3.0 * p, lambda p: np.log1p(p) * wind, place)
            speed = speed + 0.1 * pull
            return (place + 0.1 * speed, speed), place

        (place, _), path = dvar.scan(step, (x, 0.0), steps)
        return place**2 + np.sum(path * np.abs(path))

    winds = RNG.normal(size=40) - 1.0
    for function in (dvar.value_and_grad(loss), dvar.hessian(loss)):
        got, want = dvar.jit(function)(0.4, winds), function(0.4, winds)
        np.testing.assert_allclose(got, want, rtol=1e-10)
        lines = plan(function, 0.4, winds)
        assert "scan, as one function" in lines
        assert "cond" not in lines


def test_a_few_steps_are_written_out() -> None:
    def stages(y: Any, t: Any) -> Any:
        def stage(carry: Any, weight: Any) -> Any:
            return np.sin(carry + weight * t), carry * weight

        last, parts = dvar.scan(stage, y, np.array([0.5, 0.5, 1.0]), reverse=True)
        return last + parts[0] * parts[2]

    for function in (stages, dvar.grad(stages), dvar.grad(dvar.grad(stages), 1)):
        np.testing.assert_allclose(dvar.jit(function)(0.3, 0.7), function(0.3, 0.7), rtol=1e-12)
        assert "a loop" not in plan(function, 0.3, 0.7)

    def many(y: Any) -> Any:
        return dvar.scan(lambda c, t: (stages(c, t), None), y, np.linspace(0.0, 1.0, 50))[0]

    np.testing.assert_allclose(dvar.jit(dvar.grad(many))(0.3), dvar.grad(many)(0.3), rtol=1e-10)
    assert "scan, as one function" in plan(dvar.grad(many), 0.3)


def test_results_of_several_types_run_their_programs_once() -> None:
    def deep(level: int, x: Any, n: Any, flag: Any) -> Any:
        if not level:
            return np.sin(x), n + 1, ~flag
        return dvar.cond(
            n % (level + 1) == 0,
            lambda x, n, f: deep(level - 1, x * 0.9, n, f),
            lambda x, n, f: (dvar.while_loop(lambda c: c > 1.0, lambda c: c / 2, x), n + 2, f),
            *(x, n, flag),
        )

    def walk(x: Any) -> Any:
        last = dvar.while_loop(
            lambda c: c[1] < 40, lambda c: deep(4, c[0] + 0.3, c[1], c[2]), (x, 0, x > 0)
        )
        return last[0] * last[1]

    for function in (walk, dvar.grad(walk)):
        np.testing.assert_allclose(dvar.jit(function)(0.4), function(0.4), rtol=1e-12)
    code = str(dvar.jit(walk).kernel(0.4))
    assert sum(line.startswith("taken") for line in code.splitlines()) <= 3 * 4


@pytest.mark.parametrize("position", [4, -5])
def test_a_position_out_of_range_gives_no_number(position: int) -> None:
    def walk(x: Any, places: Any) -> Any:
        return dvar.scan(lambda total, i: (total + x[i] ** 2, None), 0.0, places)[0]

    x, places = np.arange(4.0), np.array([1, position])
    with pytest.raises(IndexError, match=f"index {position} is out of range for axis 0 of size 4"):
        dvar.grad(walk)(x, places)
    assert np.isnan(dvar.jit(walk)(x, places))
    assert dvar.jit(walk)(x, np.array([1, -4])) == 1.0

    def total(x: Any, places: Any) -> Any:
        return np.sum(x[places])

    assert np.isnan(dvar.jit(total)(x, places))
    with pytest.raises(IndexError, match="out of range"):
        dvar.jit(dvar.grad(total))(x, places)


@pytest.mark.parametrize("outer", [dvar.grad, dvar.jacfwd, dvar.jacrev])
def test_a_loop_whose_result_has_no_derivative_is_not_run_for_one(outer: Any) -> None:
    def lowest(p: Any) -> Any:
        """Where a descent of (q - 1)² + p² ends; p decides nothing but the values on the way."""

        def step(state: Any) -> Any:
            q, value, rate = state
            there = q - rate * 2 * (q - 1)
            reached = np.sum((there - 1) ** 2) + np.sum(p**2)
            down = reached < value
            return np.where(down, there, q), np.where(down, reached, value), rate / 1.01

        start = np.array([3.0, -2.0])
        first = (start, np.sum((start - 1) ** 2) + np.sum(p**2), np.array(0.3))
        return dvar.while_loop(lambda state: state[2] > 0.01, step, first)[0]

    def highest(p: Any) -> Any:
        return np.sum(lowest(p) * p)

    p = np.array([0.3, 0.4])
    slope = outer(highest)
    np.testing.assert_allclose(slope(p), lowest(p), rtol=1e-12)
    program = dvar.jit(lambda p: (highest(p), slope(p)))
    np.testing.assert_allclose(program(p)[1], lowest(p), rtol=1e-12)
    nodes = [x for s in program.kernel(p).program.stages for x in s.gives]
    assert sum(x.op.name == "while_loop" for x in nodes) == 1


def test_what_a_loop_compares_and_also_returns_keeps_its_derivative() -> None:
    def last(p: Any) -> Any:
        def step(state: Any) -> Any:
            n, value, other = state
            return n + 1, value * np.sum(p) + other, other + 0 * value

        return dvar.while_loop(lambda s: s[0] < 5, step, (0, np.sum(p**2), p[0]))[1]

    p = np.array([0.3, 0.4])
    step = 1e-6
    expected = [(last(p + step * e) - last(p - step * e)) / (2 * step) for e in np.eye(2)]
    for way in (dvar.grad, dvar.jacfwd):
        np.testing.assert_allclose(way(last)(p), expected, rtol=1e-7)
        np.testing.assert_allclose(dvar.jit(way(last))(p), expected, rtol=1e-7)
