"""What passes from loop to loop through memory, what is computed again instead, and sums that are known."""

import numpy as np
import pytest

import dvar
from dvar.core.node import topological
from dvar.core.op import variable
from dvar.derive.sweep import ones_like, sweep
from dvar.engine.native.assembly import Assembly
from dvar.engine.native.machine import vector_bytes
from dvar.engine.native.rewrite import rewritten
from dvar.ops.arithmetic import multiply
from dvar.ops.elementwise import exp, log, sin
from dvar.ops.extremes import max as max_
from dvar.ops.reduction import sum as sum_


def _log_sum_exp(x):
    top = max_(x)
    return top + log(sum_(exp(x - top)))


def _stored(x, root):
    """The rows whose arrays pass through memory."""
    (root,) = rewritten([root])
    assembly = Assembly([x], [root], vector_bytes())
    size = max(int(np.prod(node.shape)) for node in topological([root]))
    return [
        node.op.name
        for nodes in assembly.memory.escapes
        for node in nodes
        if node is not root and int(np.prod(node.shape)) == size
    ]


@pytest.mark.parametrize(("count", "heavy"), [(2_000, ["exp"]), (2_000_000, [])])
def test_light_rows_are_computed_again_heavy_ones_where_arrays_are_large(count, heavy):
    x = variable("x", (count,))
    value = _log_sum_exp(x)
    gradient = sweep(value, ones_like(value), [x]).gradients[x]
    assert _stored(x, gradient) == heavy


def test_shares_of_a_whole_are_not_added_up_again():
    x = variable("x", (3000,))
    value = _log_sum_exp(x)
    (gradient,) = rewritten([sweep(value, ones_like(value), [x]).gradients[x]])
    added = [node.inputs[0].op.name for node in topological([gradient]) if node.op is sum_]
    assert sorted(added) == ["equal", "exp"]


def test_a_sum_that_is_not_there_is_not_made():
    """``sum(x)`` may be infinite where ``sum(x * s)`` is not."""
    x, s = variable("x", (3000,)), variable("s", ())
    (root,) = rewritten([sum_(multiply(x, s))])
    assert root.inputs[0].op is multiply
    (both,) = rewritten([sum_(multiply(x, s)) + sin(sum_(x))])
    assert sum(node.op is sum_ for node in topological([both])) == 1


@pytest.mark.parametrize("count", [3, 1000, 300_001])
def test_values_and_gradients_are_those_of_the_reference(count):
    draw = np.random.default_rng(count)
    x, y = draw.normal(size=count), draw.normal(size=count)

    def shifted(x):
        return x * np.concatenate([np.ones(1), x[:-1]])

    def function(x, y):
        a = shifted(x + 0.5 * shifted(x * y))
        b = a + shifted(np.sin(a) + x)
        share = np.exp(b - np.max(b))
        return np.sum(np.log(np.sum(share)) * b) + np.sum(share / np.sum(share) * y)

    got = dvar.jit(dvar.value_and_grad(function, (0, 1)))(x, y)
    want = dvar.value_and_grad(function, (0, 1))(x, y)
    np.testing.assert_allclose(got[0], want[0], rtol=1e-11)
    for mine, right in zip(got[1], want[1], strict=True):
        np.testing.assert_allclose(mine, right, rtol=1e-9, atol=1e-9 * np.abs(right).max())


@pytest.mark.parametrize("steps", [0, 1, 5])
def test_loops_from_the_last_step_to_the_first(steps):
    """Machine code, and a body with a row that has none."""
    series = np.random.default_rng(1).normal(size=(steps, 300))

    def plain(carry, x):
        return carry * 0.5 + np.sin(x), carry + x

    def with_sort(carry, x):
        return carry * 0.5 + np.sort(x), carry + x

    for step in (plain, with_sort):

        def both(carry, xs, step=step):
            return dvar.scan(step, carry, xs, reverse=True)

        last, pieces = dvar.jit(both)(np.ones(300), series)
        carry, want = np.ones(300), np.empty_like(series)
        for n in reversed(range(steps)):
            carry, want[n] = step(carry, series[n])
        np.testing.assert_allclose(last, carry, rtol=1e-13, atol=1e-14)
        np.testing.assert_allclose(pieces, want, rtol=1e-13, atol=1e-14)
