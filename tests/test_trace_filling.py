"""Functions that fill arrays and build them from lists, in plain NumPy, are followed."""

from __future__ import annotations

import math
import threading
from math import sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import array, zeros

import dvar
from dvar.core.errors import TraceError


def by_differences(function: Any, x: Any) -> Any:
    found = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = 1e-6
        found[place] = (function(x + step) - function(x - step)) / 2e-6
    return found


def agrees(function: Any, x: Any, compiled: bool = True) -> None:
    wanted = by_differences(function, np.asarray(x, float))
    assert np.allclose(dvar.grad(function)(np.asarray(x, float)), wanted, atol=1e-6)
    if compiled:
        assert np.allclose(dvar.jit(dvar.grad(function))(np.asarray(x, float)), wanted, atol=1e-6)


# ── arrays made of lists ────────────────────────────────────────────────────────────────────────


def test_lists_of_traced_numbers_become_arrays() -> None:
    def turned(x: Any) -> Any:
        c, s = np.cos(x[0]), np.sin(x[0])
        return np.sum((np.array([[c, -s], [s, c]]) @ x[1:]) ** 2 * np.array([1.0, 3.0]))

    agrees(turned, [0.3, 1.0, 2.0])
    assert np.allclose(
        dvar.jacobian(lambda x: array([x[0] ** 2, x[0] * x[1]]))(np.array([3.0, 2.0])),
        [[6.0, 0.0], [2.0, 3.0]],
    )


def test_functions_take_lists_of_traced_numbers() -> None:
    agrees(lambda x: np.mean([x[0], x[1] ** 2, 3.0]) + np.linalg.norm([x[0], 2 * x[1]]), [1.0, 2.0])


def test_rows_and_columns_are_joined_as_numpy_does() -> None:
    weights = np.arange(8.0).reshape(4, 2)
    agrees(lambda x: np.sum(np.r_[x, x[0], 1.0] ** 2 * np.r_[1:6]), [1.0, 2.0, 3.0])
    agrees(lambda x: np.sum(np.c_[x, x**2] * weights), [1.0, 2.0, 3.0, 4.0])


def test_mathematics_for_single_numbers_is_that_of_numpy() -> None:
    def f(x: Any) -> Any:
        return math.sin(x) * sqrt(x) + math.log(x, 3) + math.atan2(x, 2.0) + math.erf(x) * math.pi

    assert dvar.grad(f)(0.7) == pytest.approx((f(0.7 + 1e-6) - f(0.7 - 1e-6)) / 2e-6)


# ── arrays that are filled ──────────────────────────────────────────────────────────────────────


def test_what_is_written_element_by_element_is_stacked() -> None:
    def squares(x: Any) -> Any:
        out = np.zeros(3)
        for i in range(3):
            out[i] = x[i] ** 2
        return out

    assert "stack(%2, %4, %6, axis=0)" in str(dvar.trace(squares, np.ones(3)).graph)
    agrees(lambda x: squares(x).sum(), [1.0, 2.0, 3.0])


def test_a_recurrence_is_shown_row_by_row() -> None:
    def last(x: Any, w: Any) -> Any:
        h = zeros((4, 2))
        for t in range(3):
            h[t + 1] = np.tanh(w @ h[t] + x[t])
        return np.sum(h[3])

    x, w = np.arange(6.0).reshape(3, 2) / 10, np.array([[0.5, 0.1], [0.2, -0.3]])
    graph = dvar.trace(last, x, w).graph
    assert [name for name in graph.names if name.startswith("h_")] == ["h_1", "h_2", "h_3"]
    assert "h_3 = tanh(w @ h_2 + x[2])" in str(dvar.explain(last, x, w))
    agrees(lambda w: last(x, w), w)


def test_what_is_read_before_it_is_written_is_the_old_one() -> None:
    def swapped(x: Any) -> Any:
        y = x.copy()
        first = y[0] * 1.0
        y[0] = y[1]
        y[1] = first
        return np.sum(y * np.array([1.0, 10.0]))

    agrees(swapped, [2.0, 3.0])


def test_views_share_their_memory_and_copies_do_not() -> None:
    def f(x: Any) -> Any:
        a = x * 1.0
        row, turned, taken = a[0], a.T, a[[0, 1]]
        row += 10.0
        row[1] = x[2, 0]
        turned[2, 1] *= 5.0
        taken[0] = 0.0
        a.T.reshape(-1)[0] = 7.0  # a copy: what is turned round has no memory in this order
        a.reshape(-1)[8] = x[0, 0] ** 2
        return np.sum(a**2) + np.sum(taken) + np.sum(row)

    agrees(f, np.arange(9.0).reshape(3, 3) / 3)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_writes_end_as_in_numpy(data: st.DataObject) -> None:
    """Random views of an array, written to in random order."""
    shape = data.draw(st.sampled_from([(4,), (2, 3), (2, 2, 2)]))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    steps = []
    for _ in range(data.draw(st.integers(1, 6))):
        turn = data.draw(st.sampled_from(["", "T", "flat", "keep"]))
        kind = data.draw(st.sampled_from(["=", "+", "*", "mask"]))
        steps.append((turn, kind, int(rng.integers(0, 2)), data.draw(st.booleans())))

    def program(x: Any) -> Any:
        a, kept = np.zeros(shape), []
        a[...] = x
        for n, (turn, kind, place, sliced) in enumerate(steps):
            view = a.T if turn == "T" else a.reshape(-1) if turn == "flat" else a
            if turn == "keep":
                kept.append(a[place:])
            index: Any = slice(place, None) if sliced else place
            if kind == "mask":
                view[view > 0.5] = 0.25 * n
            elif kind == "=":
                view[index] = x.reshape(-1)[n % 4] * 2.0
            elif kind == "+":
                view[index] += x.reshape(-1)[n % 3]
            else:
                view[index] *= view[index]
        return np.sum(a * np.arange(1.0, 1 + a.size).reshape(shape)) + sum(np.sum(k) for k in kept)

    x = rng.uniform(0.6, 1.5, shape)
    traced = dvar.value_and_grad(program)(x)
    assert traced[0] == pytest.approx(program(x))
    assert np.allclose(traced[1], by_differences(program, x), atol=1e-5)


def test_a_factorisation_written_out_is_explained_though_some_slices_are_empty() -> None:
    def log_of_the_diagonal(a: Any) -> Any:
        low = np.zeros((3, 3))
        for i in range(3):
            for j in range(i + 1):
                rest = a[i, j] - np.dot(low[i, :j], low[j, :j])
                low[i, j] = np.sqrt(rest) if i == j else rest / low[j, j]
        return np.sum(np.log(np.diag(low)))

    a = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]])
    assert log_of_the_diagonal(a) == pytest.approx(np.linalg.slogdet(a)[1] / 2)
    assert "sqrt" in dvar.explain(log_of_the_diagonal, a).formulas["a"]
    agrees(log_of_the_diagonal, a)


def test_labels_are_subtracted_in_place() -> None:
    def f(z: Any, y: Any) -> Any:
        p = np.exp(z)
        p /= p.sum(1, keepdims=True)
        p[np.arange(2), y] -= 1.0
        return np.sum(p**2)

    z, y = np.array([[1.0, 2.0, 0.5], [0.1, 0.2, 0.3]]), np.array([2, 0])
    wanted = by_differences(lambda z: f(z, y), z)
    assert np.allclose(dvar.grad(f)(z, y), wanted, atol=1e-6)
    assert np.allclose(dvar.jit(dvar.grad(f))(z, y), wanted, atol=1e-6)


def test_sums_by_group_and_results_in_given_arrays() -> None:
    def f(x: Any) -> Any:
        totals = np.zeros(2)
        np.add.at(totals, [0, 1, 1], x)
        out = np.empty_like(x)
        np.maximum(x, 0.5, out=out)
        out.sort()
        square = np.zeros((2, 2))
        np.fill_diagonal(square, totals)
        return np.sum(totals**2) + np.sum(out * np.arange(3.0)) + np.linalg.det(square)

    agrees(f, [0.2, 1.0, 0.7])


def test_an_array_filled_with_plain_numbers_stays_plain() -> None:
    def f(x: Any) -> Any:
        hot = np.zeros((2, 3))
        hot[np.arange(2), [2, 0]] = 1.0
        rows = [np.asarray(hot).sum() * x[0]]
        return np.array(rows)[0] + np.sum(hot * x)

    agrees(f, [1.0, 2.0, 3.0])


def test_one_place_written_twice_by_unknown_labels_is_refused() -> None:
    def f(x: Any, y: Any) -> Any:
        out = np.zeros(3)
        out[y] = x
        return out.sum()

    with pytest.raises(TraceError, match=r"np\.add\.at"):
        dvar.grad(f)(np.ones(2), np.array([1, 1]))


# ── nobody else notices ─────────────────────────────────────────────────────────────────────────


def test_other_threads_and_the_module_see_numpy() -> None:
    inside, seen = threading.Event(), []
    done = threading.Event()

    def other() -> None:
        inside.wait(5)
        seen.append(type(np.zeros(2)) is np.ndarray and type(array([1.0])) is np.ndarray)
        done.set()

    def f(x: Any) -> Any:
        out = zeros(1)
        out[0] = x
        inside.set()
        done.wait(5)
        return out[0] * np.random.default_rng(0).normal(size=2).sum()

    thread = threading.Thread(target=other)
    thread.start()
    dvar.grad(f)(1.0)
    thread.join()
    assert seen == [True]
    assert type(zeros(1)) is np.ndarray
    assert isinstance(np.r_[1, 2], np.ndarray)


def test_the_names_come_back_after_an_error() -> None:
    def f(x: Any) -> Any:
        out = np.zeros(1)
        out[0] = x
        raise ZeroDivisionError

    before = globals()["np"]
    with pytest.raises(ZeroDivisionError):
        dvar.grad(f)(1.0)
    assert globals()["np"] is before
