"""Long programs of single numbers: the sweep carries numbers, and its bits are those of the graph."""

import random

import numpy as np
import pytest

import dvar
from dvar.core.errors import MissingRule
from dvar.core.node import topological
from dvar.core.op import Op, variable
from dvar.derive.sweep import ones_like, sweep
from dvar.engine import numbers
from dvar.engine.reference import evaluate
from dvar.ops import TABLE

PLAIN = [
    row
    for row in TABLE.values()
    if row.is_elementwise and row.build is None and row.dtype in ("promote", "float")
]


def _program(seed, dtype, gates=600):
    """A random program over all elementwise rows of one or two operands, numbers among them."""
    draw = random.Random(seed)
    inputs = [variable(f"x{n}", (), dtype) for n in range(4)]
    array = variable("a", (3,), dtype)
    nodes = [*inputs, array[0], array[2]]
    while len(nodes) < gates:
        row, x = draw.choice(PLAIN), draw.choice(nodes[-30:])
        others = [x, draw.choice(nodes[-30:]), draw.choice([0.5, 2.0, 3.0, 1.0])]
        count = row.axes.count(",") + 1
        if count > 2:
            continue
        made = row(x) if count == 1 else row(x, draw.choice(others))
        # Numbers stay near one, whatever the row makes of them.
        nodes.append(TABLE["tanh"](made) + 1.1)
    root = nodes[-1]
    for node in nodes[-20:]:
        root = root + node
    return root, [*inputs, array]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("seed", range(6))
def test_numbers_and_graph_give_the_same_bits(seed, dtype):
    root, inputs = _program(seed, dtype)
    draw = np.random.default_rng(seed)
    values = {x: draw.uniform(0.3, 0.9, x.shape).astype(dtype) for x in inputs}
    value, found = numbers.gradients(root, topological([root]), values)
    graph = sweep(root, ones_like(root), inputs).gradients
    reached = [x for x in inputs if x in graph]
    expected, *rest = evaluate([root, *(graph[x] for x in reached)], values)
    assert value.tobytes() == expected.tobytes()
    assert set(found) == set(reached)
    for x, gradient in zip(reached, rest, strict=True):
        assert found[x].dtype == gradient.dtype
        assert found[x].tobytes() == gradient.tobytes()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("seed", range(6))
def test_the_graph_of_gradients_is_that_of_the_sweep(seed, dtype):
    root, inputs = _program(seed, dtype)
    seed_of_sweep = ones_like(root)
    for wrt in (inputs, inputs[1:3]):
        order = topological([root], set(wrt))
        found = numbers.graph_of_gradients(root, seed_of_sweep, order, wrt)
        graph = sweep(root, seed_of_sweep, wrt).gradients
        assert {x: found.get(x) for x in wrt} == {x: graph.get(x) for x in wrt}  # the same nodes


def test_a_long_loop_in_plain_python_has_the_gradient_of_its_formula():
    def f(x, y):
        s = x[0] * y
        for n in range(300):
            s = s * 0.99 + np.sin(s) / 100 if s > 0 or n % 2 else s**2
        return s * x[1]

    value, (x, y) = dvar.value_and_grad(f, argnums=(0, 1))(np.array([0.5, 2.0, 7.0]), 3.0)
    assert x[1] * 2 == pytest.approx(value)
    assert x[2] == 0
    step = 1e-6
    moved = [f(np.array([0.5, 2.0, 7.0]), 3.0 + h) for h in (step, -step)]
    assert y == pytest.approx((moved[0] - moved[1]) / (2 * step), rel=1e-6)


def test_many_different_numbers_need_no_kind_of_their_own():
    def f(x):
        for n in range(400):
            x = x * (1 + 1e-4 * n) - 0.001 * n
        return x

    before = len(numbers._kinds)
    assert dvar.grad(f)(0.5) == pytest.approx(np.prod(1 + 1e-4 * np.arange(400)))
    assert len(numbers._kinds) - before <= 4


def test_a_program_of_too_many_kinds_stays_a_graph():
    def f(x):
        for n in range(2 * numbers.KINDS):
            x = x + x ** (1 + 1 / (n + 3)) * 1e-3
        return x

    x, gradient = 0.5, 1.0
    for n in range(2 * numbers.KINDS):
        p = 1 + 1 / (n + 3)
        gradient *= 1 + 1e-3 * p * x ** (p - 1)
        x = x + x**p * 1e-3
    assert dvar.grad(f)(0.5) == pytest.approx(gradient)


def test_a_row_without_a_derivative_is_named():
    x = variable("x")
    root = Op("odd", "... -> ...", np.negative)(x)
    for _ in range(300):
        root = root * 1.001
    with pytest.raises(MissingRule, match="odd"):
        numbers.gradients(root, topological([root]), {x: np.array(2.0)})
