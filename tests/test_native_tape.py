"""Programs of very many single numbers: the tape and the reference interpreter say the same."""

from __future__ import annotations

import gc
import time
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dvar
from dvar.core.node import topological
from dvar.core.op import variable
from dvar.derive.sweep import ones_like, sweep
from dvar.engine.native.tape import Tape, taped
from dvar.engine.program import Interpreted
from dvar.ops import TABLE

ULPS = 64  # of the functions; sums and products are the same to the bit
_ONE = ["negative", "tanh", "sin", "sigmoid", "square", "abs", "sqrt", "floor", "softplus"]
_TWO = ["add", "subtract", "multiply", "divide", "maximum", "greater", "power"]


def _gates(generator, dtype, count, names):
    """A random program over three inputs, an array among them; numbers stay near one."""
    inputs = [variable("a", (), dtype), variable("b", (3,), dtype), variable("c", (), dtype)]
    nodes = [inputs[0], inputs[2], *(inputs[1][k] for k in range(3))]
    for _ in range(count):
        x, y = (nodes[-1 - generator.integers(min(8, len(nodes)))] for _ in range(2))
        name = names[generator.integers(len(names))]
        if name == "power":
            made = (x * x + 1.0) ** [2, 0.5, -1.0, 3, 1.25][generator.integers(5)]
        elif name == "divide":
            made = x / (y * y + 1.0)
        elif name == "greater":
            made = TABLE["where"](x > y, x * 0.5, y + 0.25)
        elif name == "sqrt":
            made = TABLE["sqrt"](x * x + 0.5)
        else:
            made = TABLE[name](*((x, y) if name in _TWO else (x,)))
        nodes.append(TABLE["tanh"](made) if generator.random() < 0.3 else made * 0.7)
    return inputs, nodes[-1] + nodes[-2] * nodes[-3]


def _both(inputs, roots, values):
    tape = Tape(inputs, roots, topological(roots))
    return tape(values), Interpreted(inputs, roots)(values)


def _with_gradients(inputs, root):
    found = sweep(root, ones_like(root), inputs).gradients
    return [root, *(found[x] for x in inputs if x in found)]


def _values(generator, inputs):
    return [generator.uniform(-1, 1, x.shape).astype(x.dtype) for x in inputs]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@given(st.integers(0, 2**16), st.integers(1, 60))
@settings(max_examples=15, deadline=None)
def test_random_programs_and_their_gradients(dtype, seed, count):
    generator = np.random.default_rng(seed)
    inputs, root = _gates(generator, dtype, count, _ONE + _TWO)
    mine, right = _both(inputs, _with_gradients(inputs, root), _values(generator, inputs))
    for got, want in zip(mine, right, strict=True):
        assert got.dtype == want.dtype
        assert got.shape == want.shape
        scale = 1 + np.abs(want).max()
        np.testing.assert_allclose(got, want, rtol=0, atol=ULPS * np.finfo(dtype).eps * scale)


@given(st.integers(0, 2**16), st.integers(1, 200))
@settings(max_examples=25, deadline=None)
def test_sums_and_products_are_the_same_to_the_bit(seed, count):
    generator = np.random.default_rng(seed)
    inputs, root = _gates(generator, "float64", count, ["add", "subtract", "multiply", "negative"])
    roots = [x for x in topological([root]) if not x.shape and x.inputs and x.op.name != "tanh"]
    plain = [x for x in roots if all(y.op.name != "tanh" for y in topological([x]))]
    mine, right = _both(inputs, [inputs[0], *plain], _values(generator, inputs))
    for got, want in zip(mine, right, strict=True):
        assert got.tobytes() == want.tobytes()


@pytest.mark.parametrize("pair", [(0.0, -0.0), (-0.0, -0.0), (np.inf, 1.0), (np.inf, -np.inf)])
def test_zeros_keep_their_signs_and_infinities_stay(pair):
    x, y = variable("x"), variable("y")
    roots = [x + y, x - y, x * y, -x, TABLE["square"](y), x * y + x, y - x * y, x / y]
    mine, right = _both([x, y], roots, [np.float64(v) for v in pair])
    np.testing.assert_array_equal(mine, right)
    real = ~np.isnan(right)
    np.testing.assert_array_equal(np.signbit(mine)[real], np.signbit(right)[real])


def _deep(x, count):
    y = x[0]
    for n in range(count):
        y = np.tanh(y * x[n % 4] + 0.5) if n % 3 else y - x[n % 4] * 0.25
    return y


def test_jit_chooses_the_tape_for_many_numbers_and_no_other():
    x = np.linspace(0.1, 0.9, 4)
    both = dvar.value_and_grad(lambda x: _deep(x, 1000))
    fast = dvar.jit(both)
    assert str(fast.kernel(x)).startswith("a tape of float64")
    value, gradient = both(x)
    np.testing.assert_allclose(fast(x)[0], value, rtol=1e-12)
    np.testing.assert_allclose(fast(x)[1], gradient, rtol=1e-9, atol=1e-15)
    assert "a tape" not in str(dvar.jit(lambda x: _deep(x, 10)).kernel(x))


@pytest.mark.parametrize(
    "root",
    [
        lambda x: TABLE["tanh"](x * 0.5) + x,  # long arrays
        lambda x: TABLE["det"](TABLE["outer"](x[:3], x[:3])),  # a row without machine code
    ],
)
def test_what_a_tape_is_not_for_is_compiled(root):
    x = variable("x", (300,))
    roots = [root(x)]
    assert taped([x], roots, topological(roots)) is None


def test_elements_that_are_read_get_their_gradients_back():
    def f(x):
        total = 0.0
        for k in range(200):
            total = total + x[k] * x[k - 1] * 0.5
        return total

    x = np.random.default_rng(0).normal(size=200)
    gradient = dvar.jit(dvar.grad(f))
    assert str(gradient.kernel(x)).startswith("a tape")
    np.testing.assert_allclose(gradient(x), (np.roll(x, 1) + np.roll(x, -1)) / 2, rtol=1e-14)


def test_time_grows_with_the_number_of_gates():
    def seconds(count):
        x = np.linspace(0.1, 0.9, 4)
        start = time.process_time()
        dvar.jit(dvar.value_and_grad(lambda x: _deep(x, count)))(x)
        return time.process_time() - start

    seconds(500)
    assert seconds(12_000) < 40 * min(seconds(1_200) for _ in range(3))


def test_a_chain_of_arrays_that_is_too_deep_for_a_kernel_is_interpreted():
    def chain(x):
        y = x
        for _ in range(600):
            y = y * 0.5 + x
        return y

    x = np.linspace(-1, 1, 50)
    np.testing.assert_array_equal(dvar.jit(chain)(x), chain(x))


def _many(x):
    """A program of some hundred numbers whose gradient is one of many more."""
    h = x
    for _ in range(300):
        h = np.tanh(h * 0.9 + x) - h * 0.1
    return h


def test_a_gradient_inside_a_compiled_program_is_used_as_a_number():
    def step(x):
        g = dvar.grad(_many)(x)
        return _many(x) + g * g, g

    value, gradient = dvar.jit(step)(0.3)
    expected = dvar.grad(_many)(0.3)
    assert np.allclose(gradient, expected, rtol=1e-12)
    assert np.allclose(value, _many(0.3) + expected**2, rtol=1e-12)
    second = dvar.jit(dvar.grad(dvar.grad(_many)))(0.3)
    assert np.allclose(second, dvar.grad(dvar.grad(_many))(0.3), rtol=1e-9)


def test_a_gradient_that_is_known_steers_a_compiled_program():
    def linear(x):
        total = x
        for n in range(300):
            total = total + n * x
        return total

    def step(x):
        return x if dvar.grad(linear)(x) > 0 else -x

    assert dvar.jit(step)(2.0) == 2.0


def test_compiling_leaves_the_collector_as_it_was():
    before = gc.get_threshold(), gc.get_freeze_count()

    def program(x):
        h = x[0]
        for _ in range(12_000):
            h = np.tanh(h) * 0.5 + x[1]
        return h

    made = dvar.jit(program)
    made(np.ones(2))
    assert (gc.get_threshold(), gc.get_freeze_count()) == before
    cycle = weakref.ref(_cycle())
    gc.collect()
    assert cycle() is None


class _Itself:
    pass


def _cycle():
    made = _Itself()
    made.itself = made
    return made
