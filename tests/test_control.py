"""scan, while_loop, cond and checkpoint: beside the same written in Python, alone and composed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dvar
from dvar.core.errors import ShapeError, TraceError
from dvar.core.node import topological
from dvar.derive.sweep import ones_like, sweep
from dvar.engine.reference import evaluate

RNG = np.random.default_rng(5)
W = RNG.normal(size=(3, 3)) * 0.5
H = RNG.normal(size=3)
XS = RNG.normal(size=(6, 3))
Function = Callable[..., Any]


def close(got: Any, want: Any, atol: float = 1e-10) -> None:
    if isinstance(want, tuple | list):
        assert len(got) == len(want)
        for a, b in zip(got, want, strict=True):
            close(a, b, atol)
    else:
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=atol)


# ── the same in Python ──────────────────────────────────────────────────────────────────────────


def python_scan(
    function: Function, init: Any, xs: Any = None, length: int | None = None, reverse: bool = False
) -> Any:
    count = length if xs is None else len(xs)
    carry, ys = init, []
    for n in reversed(range(count)) if reverse else range(count):
        carry, y = function(carry, None if xs is None else xs[n])
        ys.append(y)
    if reverse:
        ys.reverse()
    return carry, None if ys[0] is None else np.stack(ys)


def python_while(condition: Function, body: Function, init: Any) -> Any:
    carry = init
    while condition(carry):
        carry = body(carry)
    return carry


def python_cond(condition: Any, true_fun: Function, false_fun: Function, *operands: Any) -> Any:
    return true_fun(*operands) if condition else false_fun(*operands)


# ── programs: each takes the loops it is made of ────────────────────────────────────────────────


def recurrent(scan: Function, w: Any, h: Any, xs: Any) -> Any:
    def step(carry: Any, x: Any) -> Any:
        h, count = carry
        new = np.tanh(w @ h + x)
        return (new, count + 1), np.sum(new**2) * count

    (last, count), energies = scan(step, (h, 0), xs)
    return np.sum(last) * np.sum(np.sin(energies)) + count * h[0]


def backwards(scan: Function, w: Any, h: Any, xs: Any) -> Any:
    last, seen = scan(lambda c, x: (c * x + w[0], c), h, xs, reverse=True)
    return np.sum(seen * xs) + np.prod(last)


def linear(scan: Function, w: Any, h: Any, xs: Any) -> Any:
    last, _ = scan(lambda c, x: (w @ c + x, None), h, xs)
    return np.sum(last**2)


def without_series(scan: Function, w: Any, h: Any, xs: Any) -> Any:
    last, path = scan(lambda c, _: (np.sin(w @ c), c[0]), h, None, 4)
    return np.sum(last) + np.sum(path * path) + np.sum(xs)


def untouched(scan: Function, w: Any, h: Any, xs: Any) -> Any:
    last, doubled = scan(lambda c, x: (c, 2 * x), h, xs)
    return np.sum(last * doubled[0]) + np.sum(w)


def nested(scan: Function, w: Any, h: Any, xs: Any) -> Any:
    def outer(c: Any, x: Any) -> Any:
        inner, sums = scan(lambda d, v: (d * np.cos(v) + c[0], d), c[1], w @ x)
        return np.stack([inner, c[0] + x[0], sums[-1]]), inner

    last, all_of_them = scan(outer, h, xs)
    return np.sum(last) + np.sum(all_of_them**2)


SCANS = [recurrent, backwards, linear, without_series, untouched, nested]


def relaxed(loop: Function, a: Any, w: Any) -> Any:
    def far(carry: Any) -> Any:
        return np.sum(carry[0] ** 2) > 1e-2 * a

    def step(carry: Any) -> Any:
        x, count = carry
        return np.tanh(w @ x) * 0.7, count + 1

    x, count = loop(far, step, (np.array([1.0, 2.0, 3.0]) * a, 0))
    return np.sum(np.sin(x)) * a + count


def grown(loop: Function, a: Any, w: Any) -> Any:
    return loop(lambda c: c < 100.0, lambda c: c * (1 + a) + np.sum(w[0] ** 2), a)


def halved_in_halves(loop: Function, a: Any, w: Any) -> Any:
    def outer(c: Any) -> Any:
        return loop(lambda d: d > 0.4 * a, lambda d: d * np.cos(w[0, 0]) * 0.7, c) * 0.8

    return loop(lambda c: c > 0.01, outer, a * a)


WHILES = [relaxed, grown, halved_in_halves]


# ── scan ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("program", SCANS)
def test_a_scan_is_the_loop_that_python_makes_in_value_and_all_derivatives(program: Any) -> None:
    def ours(*args: Any) -> Any:
        return program(dvar.scan, *args)

    def theirs(*args: Any) -> Any:
        return program(python_scan, *args)

    args = (W, H, XS)
    every = (0, 1, 2)
    close(ours(*args), theirs(*args))
    close(dvar.grad(ours, every)(*args), dvar.grad(theirs, every)(*args))
    close(dvar.jit(dvar.grad(ours, every))(*args), dvar.grad(theirs, every)(*args))
    for n in every:
        close(dvar.jacfwd(ours, n)(*args), dvar.grad(theirs, n)(*args))
        close(dvar.hessian(ours, n)(*args), dvar.hessian(theirs, n)(*args))
        # Reverse over reverse, and mixed.
        close(
            dvar.jacobian(dvar.grad(ours, n), 1)(*args),
            dvar.jacobian(dvar.grad(theirs, n), 1)(*args),
        )


@pytest.mark.parametrize("program", SCANS)
@pytest.mark.parametrize("axes", [(None, 0, None), (0, None, None), (None, None, 0), (0, 0, 0)])
def test_scans_are_mapped(program: Any, axes: Any) -> None:
    many = [RNG.normal(size=(4, *x.shape)) * 0.5 for x in (W, H, XS)]
    args = [m if axis == 0 else x for m, x, axis in zip(many, (W, H, XS), axes, strict=True)]
    one_by_one = [
        [x[n] if axis == 0 else x for x, axis in zip(args, axes, strict=True)] for n in range(4)
    ]

    def ours(*args: Any) -> Any:
        return program(dvar.scan, *args)

    def theirs(*args: Any) -> Any:
        return program(python_scan, *args)

    close(dvar.vmap(ours, axes)(*args), np.stack([theirs(*a) for a in one_by_one]))
    for n in range(3):
        want = np.stack([dvar.grad(theirs, n)(*a) for a in one_by_one])
        close(dvar.vmap(dvar.grad(ours, n), axes)(*args), want)
    total = dvar.grad(lambda *args: np.sum(dvar.vmap(ours, axes)(*args)), (0, 1, 2))(*args)
    each = [dvar.grad(theirs, (0, 1, 2))(*a) for a in one_by_one]
    for n, axis in enumerate(axes):
        shares = np.stack([share[n] for share in each])
        close(total[n], shares if axis == 0 else shares.sum(0))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 5), st.integers(1, 3), st.booleans(), st.integers(0, 2**31), st.booleans())
def test_any_length_size_and_direction(
    length: int, size: int, reverse: bool, seed: int, with_fixed: bool
) -> None:
    rng = np.random.default_rng(seed)
    a, h, xs = rng.normal(size=size), rng.normal(size=size), rng.normal(size=(length, size))

    def loss(a: Any, h: Any, xs: Any) -> Any:
        def step(c: Any, x: Any) -> Any:
            made = np.sin(c) * x + (a if with_fixed else 0.5)
            return made, np.sum(made * c)

        last, ys = dvar.scan(step, h, xs, reverse=reverse)
        return np.sum(last**2) + np.sum(ys * np.arange(length))

    gradients = dvar.grad(loss, (0, 1, 2))(a, h, xs)
    for n, (x, gradient) in enumerate(zip((a, h, xs), gradients, strict=True)):
        way = rng.normal(size=x.shape)
        numbers: list[Any] = [a, h, xs]

        def moved(t: float, n: int = n, x: Any = x, way: Any = way) -> float:
            return float(loss(*numbers[:n], x + t * way, *numbers[n + 1 :]))  # noqa: B023

        steps = 1e-4, 5e-5
        slopes = [(moved(t) - moved(-t)) / (2 * t) for t in steps]
        want = (4 * slopes[1] - slopes[0]) / 3
        assert np.sum(gradient * way) == pytest.approx(want, rel=1e-6, abs=1e-6)


def test_containers_are_carried_and_collected() -> None:
    init = {"a": np.zeros(2), "n": 0, "none": None}
    last, ys = dvar.scan(
        lambda c, x: (
            {"a": c["a"] + x["v"], "n": c["n"] + 1, "none": None},
            [c["n"], {"v": x["v"]}],
        ),
        init,
        {"v": np.arange(6.0).reshape(3, 2)},
    )
    close(last["a"], [6.0, 9.0])
    assert last["n"] == 3
    assert last["n"].dtype == np.int64
    assert last["none"] is None
    assert ys[0].tolist() == [0, 1, 2]
    close(ys[1]["v"], np.arange(6.0).reshape(3, 2))


def test_a_carry_that_begins_whole_and_goes_on_real_is_real() -> None:
    last, _ = dvar.scan(lambda c, x: (c + x, None), 0, np.array([0.5, 0.25]))
    assert last == 0.75
    single, _ = dvar.scan(lambda c, x: (c * x, None), np.float32(2), np.ones(2, np.float32))
    assert single.dtype == np.float32


def test_equal_loops_are_one_node() -> None:
    x = dvar.variable(XS)

    first, second = (dvar.scan(lambda c, x: (np.tanh(c + x), None), x[0], x)[0] for _ in range(2))
    assert first.node is second.node


def test_mistakes_in_a_scan_are_named() -> None:
    with pytest.raises(TraceError, match="does not return a pair"):
        dvar.scan(lambda c, x: c, 0.0, XS)
    with pytest.raises(ShapeError, match=r"scalar before a step and \(3,\) after it"):
        dvar.scan(lambda c, x: (c + x, None), 0.0, XS)
    with pytest.raises(TraceError, match="containers of the carry"):
        dvar.scan(lambda c, x: ((c, c), None), 0.0, XS)
    with pytest.raises(ShapeError, match="how many steps"):
        dvar.scan(lambda c, x: (c, None), 0.0)
    with pytest.raises(ShapeError, match="6 steps and 3 steps"):
        dvar.scan(lambda c, x: (c, None), 0.0, (XS, H))


def complex_step(function: Function, args: tuple[Any, ...], n: int) -> Any:
    """The gradient of a traced graph by complex numbers that go through the reference interpreter."""
    graph = dvar.trace(function, *args).graph
    inputs, (root,) = list(graph.inputs.values()), graph.outputs.values()
    x = np.asarray(args[n], float)
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        moved = x.astype(complex)
        moved[place] += 1e-25j
        values = [np.asarray(a, float) for a in args]
        values[n] = moved
        gradient[place] = evaluate([root], dict(zip(inputs, values, strict=True)))[0].imag / 1e-25
    return gradient


@pytest.mark.parametrize("program", SCANS)
def test_a_complex_step_through_a_scan_says_the_same(program: Any) -> None:
    def ours(*args: Any) -> Any:
        return program(dvar.scan, *args)

    for n in range(3):
        close(dvar.grad(ours, n)(W, H, XS), complex_step(ours, (W, H, XS), n), 1e-8)


@pytest.mark.parametrize("program", WHILES)
def test_a_complex_step_through_a_while_loop_says_the_same(program: Any) -> None:
    def ours(*args: Any) -> Any:
        return program(dvar.while_loop, *args)

    for n in range(2):
        close(dvar.grad(ours, n)(1.3, W), complex_step(ours, (1.3, W), n))


def test_the_number_of_steps_may_be_a_name() -> None:
    def last(h: Any, xs: Any) -> Any:
        carry, ys = dvar.scan(lambda c, x: (np.tanh(c + x), c * x), h, xs)
        return carry + np.sum(ys)

    graph = dvar.trace(last, dvar.Shape(), dvar.Shape("m")).graph
    assert "length=m" in str(graph)
    (root,) = graph.outputs.values()
    wrt = list(graph.inputs.values())
    found = sweep(root, ones_like(root), wrt).gradients
    xs = np.array([0.1, 0.2, 0.5])
    values = dict(zip(wrt, (0.3, xs), strict=True))
    close(evaluate([found[x] for x in wrt], values), dvar.grad(last, (0, 1))(0.3, xs))


# ── while_loop ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("program", WHILES)
def test_a_while_loop_is_that_of_python_in_value_and_all_derivatives(program: Any) -> None:
    def ours(*args: Any) -> Any:
        return program(dvar.while_loop, *args)

    def theirs(*args: Any) -> Any:
        return program(python_while, *args)

    args = (1.3, W)
    close(ours(*args), theirs(*args))
    close(dvar.grad(ours, (0, 1))(*args), dvar.grad(theirs, (0, 1))(*args))
    close(dvar.jit(dvar.grad(ours, (0, 1)))(*args), dvar.grad(theirs, (0, 1))(*args))
    for n in (0, 1):
        close(dvar.jacfwd(ours, n)(*args), dvar.grad(theirs, n)(*args))
        close(dvar.hessian(ours, n)(*args), dvar.hessian(theirs, n)(*args))
        close(
            dvar.jacobian(dvar.grad(ours, n), 1)(*args),
            dvar.jacobian(dvar.grad(theirs, n), 1)(*args),
        )
    third = dvar.grad(dvar.grad(dvar.grad(theirs)))(*args)
    close(dvar.grad(dvar.grad(dvar.grad(ours)))(*args), third, 1e-8)


@pytest.mark.parametrize("program", WHILES)
@pytest.mark.parametrize("axes", [(0, None), (None, 0), (0, 0)])
def test_while_loops_of_different_lengths_are_mapped(program: Any, axes: Any) -> None:
    many = (np.array([1.3, 0.2, 0.9, 3.0]), RNG.normal(size=(4, 3, 3)) * 0.4)
    args = [m if axis == 0 else x for m, x, axis in zip(many, (1.3, W), axes, strict=True)]
    one_by_one = [
        [x[n] if axis == 0 else x for x, axis in zip(args, axes, strict=True)] for n in range(4)
    ]

    def ours(*args: Any) -> Any:
        return program(dvar.while_loop, *args)

    def theirs(*args: Any) -> Any:
        return program(python_while, *args)

    close(dvar.vmap(ours, axes)(*args), np.stack([theirs(*a) for a in one_by_one]))
    for n in (0, 1):
        want = np.stack([dvar.grad(theirs, n)(*a) for a in one_by_one])
        close(dvar.vmap(dvar.grad(ours, n), axes)(*args), want)
    second = np.stack([dvar.hessian(theirs)(*a) for a in one_by_one])
    close(dvar.vmap(dvar.hessian(ours), axes)(*args), second)

    def summed(*args: Any) -> Any:
        return np.sum(dvar.vmap(ours, axes)(*args))

    # Tangents beside what several passes note, the marks of those that are done among it.
    close(dvar.hessian(summed)(*args), np.diag(second) if axes[0] == 0 else second.sum())
    slope = dvar.grad(lambda *args: np.sum(dvar.grad(summed)(*args)))
    third = [dvar.grad(dvar.grad(dvar.grad(theirs)))(*a) for a in one_by_one]
    close(dvar.jacfwd(slope)(*args), np.diag(third) if axes[0] == 0 else np.sum(third), 1e-8)
    total = dvar.grad(summed, (0, 1))(*args)
    each = [dvar.grad(theirs, (0, 1))(*a) for a in one_by_one]
    for n, axis in enumerate(axes):
        shares = np.stack([share[n] for share in each])
        close(total[n], shares if axis == 0 else shares.sum(0))


def test_a_while_loop_may_make_no_step() -> None:
    f = lambda x: dvar.while_loop(lambda c: c < 0, lambda c: c * c, x)  # noqa: E731
    assert f(3.0) == 3.0
    assert dvar.grad(f)(3.0) == 1.0
    assert dvar.hessian(f)(3.0) == 0.0


def test_examples_that_are_done_are_not_computed_further() -> None:
    """One example after its end would take the logarithm of nothing."""

    def f(x: Any) -> Any:
        return dvar.while_loop(lambda c: c > 1.0, lambda c: np.log(c), x)

    xs = np.array([2.0, 50.0, 1e6])
    slopes = dvar.vmap(dvar.grad(f))(xs)
    assert np.all(np.isfinite(slopes))
    close(slopes, [dvar.grad(f)(x) for x in xs])


def test_mistakes_in_a_while_loop_are_named() -> None:
    with pytest.raises(ShapeError, match="not one truth value"):
        dvar.while_loop(lambda c: c > 0, lambda c: c - 1, H)
    with pytest.raises(TraceError, match="containers of the carry"):
        dvar.while_loop(lambda c: c > 0, lambda c: [c], 1.0)


# ── cond ────────────────────────────────────────────────────────────────────────────────────────


def chosen(cond: Function, x: Any, w: Any) -> Any:
    return cond(x > 0, lambda x: np.log(x) * w[0], lambda x: x**3 * np.sum(w), x)


@pytest.mark.parametrize("x", [2.0, -1.5])
def test_a_choice_is_the_branch_that_is_taken(x: float) -> None:
    def ours(x: Any, w: Any) -> Any:
        return chosen(dvar.cond, x, w)

    def theirs(x: Any, w: Any) -> Any:
        return chosen(python_cond, x, w)

    def total(f: Function) -> Function:
        return lambda x, w: np.sum(np.sin(f(x, w) * np.arange(1.0, 4.0)))

    for transform in (dvar.grad, dvar.hessian, dvar.jacfwd):
        for n in (0, 1):
            want = transform(total(lambda x, w: theirs(x, w) * H), n)(x, H)
            close(transform(total(lambda x, w: ours(x, w) * H), n)(x, H), want)
            jitted = dvar.jit(transform(total(lambda x, w: ours(x, w) * H), n))
            close(jitted(x, H), want)


def test_each_example_takes_its_own_branch() -> None:
    xs = np.array([2.0, -1.0, 0.5, -3.0])
    for transform in (lambda f: f, dvar.grad, dvar.hessian):

        def ours(x: Any) -> Any:
            return chosen(dvar.cond, x, H)

        def theirs(x: Any) -> Any:
            return chosen(python_cond, x, H)

        want = np.stack([transform(theirs)(x) for x in xs])
        got = dvar.vmap(transform(ours))(xs)
        assert np.all(np.isfinite(got))  # no logarithm of the negative ones
        close(got, want)
        close(dvar.jit(dvar.vmap(transform(ours)))(xs), want)
    close(dvar.vmap(lambda x: chosen(dvar.cond, x, H))(-np.abs(xs)), -(np.abs(xs) ** 3) * np.sum(H))
    summed = dvar.grad(lambda xs: np.sum(dvar.vmap(lambda x: chosen(dvar.cond, x, H))(xs)))(xs)
    close(summed, [dvar.grad(lambda x: chosen(python_cond, x, H))(x) for x in xs])


def test_only_the_branch_that_is_taken_is_computed() -> None:
    assert dvar.grad(lambda x: dvar.cond(x > 0, np.sqrt, np.sin, x))(-2.0) == np.cos(-2.0)
    # One hot of a class that does not exist is an error, wherever it is computed.
    f = lambda y, x: dvar.cond(  # noqa: E731
        y < 3, lambda y, x: np.sum(dvar.one_hot(y, 3) * x), lambda y, x: x[0], y, x
    )
    assert dvar.jit(f)(np.int64(7), H) == H[0]


def test_results_may_be_containers_and_types_meet() -> None:
    made = dvar.jit(
        lambda x: dvar.cond(
            x > 0, lambda: {"a": x, "n": 1}, lambda: {"a": np.array([1, 2])[0], "n": 2}
        )
    )(np.float64(3.0))
    assert made["a"] == 3.0
    assert made["n"] == 1
    assert made["n"].dtype == np.int64


def test_mistakes_in_a_choice_are_named() -> None:
    x = dvar.variable(1.0)
    with pytest.raises(ShapeError, match=r"one branch makes scalar, the other \(3,\)"):
        dvar.cond(x > 0, lambda x: x, lambda x: x * H, x)
    with pytest.raises(TraceError, match="containers"):
        dvar.cond(x > 0, lambda x: x, lambda x: (x, x), x)
    with pytest.raises(ShapeError, match="not one truth value"):
        dvar.cond(dvar.variable(H) > 0, lambda: x, lambda: x)


# ── checkpoint ──────────────────────────────────────────────────────────────────────────────────


def layers(wrapped: Function, w: Any, x: Any) -> Any:
    block = wrapped(lambda w, x: np.tanh(w @ np.sin(w @ x)))
    return np.sum(block(w, block(w, x)) ** 2)


def test_recomputing_changes_no_number() -> None:
    plain, lean = ((lambda w, x, f=f: layers(f, w, x)) for f in (lambda f: f, dvar.checkpoint))
    for n in (0, 1):
        close(dvar.grad(lean, n)(W, H), dvar.grad(plain, n)(W, H))
        close(dvar.jit(dvar.grad(lean, n))(W, H), dvar.grad(plain, n)(W, H))
        close(dvar.hessian(lean, n)(W, H), dvar.hessian(plain, n)(W, H))
        close(dvar.jacfwd(lean, n)(W, H), dvar.grad(plain, n)(W, H))
    close(
        dvar.vmap(dvar.grad(lean), (None, 0))(W, XS),
        np.stack([dvar.grad(plain)(W, x) for x in XS]),
    )


def test_what_is_checkpointed_is_computed_again_and_not_kept() -> None:
    """Of 16 blocks only the values between them are nodes of the graph around them."""
    block = dvar.checkpoint(lambda x: np.sin(np.sin(np.sin(x))))
    x = out = dvar.variable(0.5)
    for _ in range(16):
        out = block(out)
    names = [node.op.name for node in topological([out.node])]
    assert names.count("checkpoint") == 16
    assert "sin" not in names
    out.backward()
    value, slope = 0.5, 1.0
    for _ in range(48):
        slope, value = slope * np.cos(value), np.sin(value)
    close(out.value, value)
    close(x.grad, slope)


def _count(monkeypatch: pytest.MonkeyPatch, run: Function) -> int:
    """How many hyperbolic tangents the reference interpreter computes."""
    from dvar.engine import reference
    from dvar.read.trace import facts

    seen = []
    plain = reference.apply

    def counting(node: Any, *args: Any) -> Any:
        seen.append(node.op.name)
        return plain(node, *args)

    monkeypatch.setattr(reference, "apply", counting)
    monkeypatch.setattr(facts, "apply", counting)
    run()
    monkeypatch.undo()
    return seen.count("tanh")


def test_the_backward_pass_computes_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def loss(wrapped: Function) -> Function:
        return lambda x: np.sum(wrapped(lambda x: np.sin(np.tanh(np.tanh(x))))(x))

    assert _count(monkeypatch, lambda: dvar.grad(loss(lambda f: f))(H)) == 2
    assert _count(monkeypatch, lambda: dvar.grad(loss(dvar.checkpoint))(H)) == 4


def test_python_decides_by_numbers_inside_a_checkpoint() -> None:
    f = dvar.checkpoint(lambda x: x**2 if x > 0 else x**3)
    assert dvar.grad(f)(3.0) == 6.0
    assert dvar.grad(f)(-3.0) == 27.0


def test_a_checkpoint_may_use_arrays_from_around_it() -> None:
    def loss(w: Any) -> Any:
        return np.sum(dvar.checkpoint(lambda x: np.tanh(w @ x))(H * w[0]))

    close(dvar.grad(loss)(W), dvar.grad(lambda w: np.sum(np.tanh(w @ (H * w[0]))))(W))


# ── printing and explaining ─────────────────────────────────────────────────────────────────────


def test_a_graph_shows_the_programs_inside_its_nodes() -> None:
    def last(h: Any, xs: Any) -> Any:
        return dvar.scan(lambda c, x: (np.tanh(c + x), None), h, xs)[0]

    shown = str(dvar.trace(last, 0.5, np.ones(3)).graph)
    assert "scan(h, xs, carries=1" in shown
    assert "\n    %1: float64 scalar = add(c, x)\n    %2: float64 scalar = tanh(%1)" in shown


def test_names_inside_a_step_are_no_names_of_the_graph() -> None:
    def last(h: Any, xs: Any) -> Any:
        def step(c: Any, x: Any) -> Any:
            inner = np.tanh(c + x)
            return inner, None

        def one(x: Any) -> Any:
            own = np.sin(x)
            return own * h

        total = np.sum(dvar.vmap(one)(xs))
        return dvar.scan(step, h, xs)[0] + total

    graph = dvar.trace(last, 0.5, np.ones(3)).graph
    assert set(graph.names) == {"total", "last"}


def test_explain_writes_a_loop_with_the_name_of_its_step() -> None:
    def step(c: Any, x: Any) -> Any:
        return np.tanh(c + x), None

    def last(h: Any, xs: Any) -> Any:
        return dvar.scan(step, h, xs)[0]

    explained = dvar.explain(last, 0.5, np.ones(3))
    assert "last = scan(step, h, xs)" in explained.to_text()
    assert "scan(backward(step), 1, scan(step, h, xs)" in explained.to_text()
    assert r"\operatorname{scan}_{\text{step}}" in explained.to_latex()
    # And what the names stand for.
    assert "\nstep\n    input: c, x\n" in explained.to_text()
    assert "    result: g * (1 - tanh(" in explained.to_text()
    for written in (explained.to_html(), explained.to_svg(), str(explained.to_json())):
        assert "scan" in written
