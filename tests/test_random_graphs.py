"""Random graphs: reverse mode, forward mode, a naive twin and complex steps say the same."""

import numpy as np
from hypothesis import assume, given
from strategies import graphs
from twin import Value, backward, numbers, values

from dvar.core.node import topological
from dvar.core.op import VARIABLE, constant, variable
from dvar.derive.batch import batched
from dvar.derive.forward import forward
from dvar.derive.sweep import ones_like, sweep
from dvar.engine.reference import evaluate
from dvar.ops import TABLE

_TWIN = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "power": lambda x, y: x**y,
    "negative": lambda x: -x,
    "sin": np.sin,
    "cos": np.cos,
    "exp": np.exp,
    "tanh": np.tanh,
    "matmul": lambda x, y: x @ y,
    "outer": np.multiply.outer,
    "sum": lambda x, axis, keepdims: np.sum(x, axis=axis, keepdims=keepdims),
    "transpose": lambda x, axes: np.transpose(x, axes),
    "reshape": lambda x, shape: np.reshape(x, shape),
    "broadcast_to": lambda x, shape: np.broadcast_to(x, shape),
}


def _by_twin(root, arrays):
    """Value and gradients of a scalar graph, computed by the twin."""
    env = {x: values(a) for x, a in arrays.items()}
    for node in topological([root]):
        if node.op is VARIABLE:
            continue
        if not node.inputs:
            env[node] = values(node.param("value").array)
            continue
        out = _TWIN[node.op.name](*(env[x] for x in node.inputs), **dict(node.params))
        env[node] = np.asarray(out, dtype=object)
    result = env[root].item()
    assert isinstance(result, Value)
    backward(result)
    return result.number, {x: numbers(env[x], "gradient") for x in arrays}


def _gradients(root, seed, wrt):
    """Reverse gradients as graph, zeros written out."""
    found = sweep(root, seed, wrt).gradients
    return [found.get(x, constant(np.zeros(x.shape))) for x in wrt]


def _complex_step(f, arrays, x):
    """The gradient of ``f`` with respect to ``x``, element by element."""
    out = np.zeros(np.shape(arrays[x]))
    for place in np.ndindex(out.shape):
        moved = arrays[x].astype(complex)
        moved[place] += 1e-25j
        out[place] = f({**arrays, x: moved}).imag / 1e-25
    return out


def _agree(got, want):
    assert np.shape(got) == np.shape(want)
    np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-9 * (1 + np.max(np.abs(want))))


def _tame(root, arrays):
    """Discard what overflows, and what grows so large that rounding says more than the rule."""
    (value,) = evaluate([root], arrays)
    assume(abs(value) < 1e6)
    return value


@given(graphs())
def test_reverse_mode_agrees_with_the_naive_twin(drawn):
    root, arrays = drawn
    value = _tame(root, arrays)
    number, want = _by_twin(root, arrays)
    _agree(value, number)
    gradients = evaluate(_gradients(root, ones_like(root), list(arrays)), arrays)
    for x, gradient in zip(arrays, gradients, strict=True):
        _agree(gradient, want[x])


@given(graphs())
def test_reverse_mode_agrees_with_a_complex_step(drawn):
    root, arrays = drawn
    _tame(root, arrays)
    gradients = evaluate(_gradients(root, ones_like(root), list(arrays)), arrays)
    for x, gradient in zip(arrays, gradients, strict=True):
        _agree(gradient, _complex_step(lambda a: evaluate([root], a)[0], arrays, x))


@given(graphs())
def test_forward_mode_is_the_transpose_of_reverse_mode(drawn):
    root, arrays = drawn
    _tame(root, arrays)
    generator = np.random.default_rng(1)
    tangents = {x: constant(generator.normal(size=x.shape)) for x in arrays}
    (along,) = evaluate([forward([root], tangents)[root]], arrays)
    gradients = evaluate(_gradients(root, ones_like(root), list(arrays)), arrays)
    directions = [t.param("value").array for t in tangents.values()]
    _agree(along, sum(np.sum(g * v) for g, v in zip(gradients, directions, strict=True)))


@given(graphs(max_gates=5))
def test_the_derivative_of_a_gradient_agrees_with_a_complex_step_and_with_forward_mode(drawn):
    root, arrays = drawn
    _tame(root, arrays)
    wrt = list(arrays)
    generator = np.random.default_rng(2)
    weights = [generator.normal(size=x.shape) for x in wrt]
    along = constant(0.0)
    for gradient, w in zip(_gradients(root, ones_like(root), wrt), weights, strict=True):
        term = gradient * constant(w)
        along = along + (TABLE["sum"](term) if term.ndim else term)
    product = evaluate(_gradients(along, ones_like(along), wrt), arrays)
    for x, got in zip(wrt, product, strict=True):
        _agree(got, _complex_step(lambda a: evaluate([along], a)[0], arrays, x))
    # A Hessian is symmetric: the tangent of the gradient is the gradient along the tangent.
    tangents = {x: constant(w) for x, w in zip(wrt, weights, strict=True)}
    gradients = _gradients(root, ones_like(root), wrt)
    pushed = forward(gradients, tangents)
    for gradient, got in zip(gradients, product, strict=True):
        _agree(evaluate([pushed[gradient]], arrays)[0], got)


@given(graphs())
def test_a_graph_without_the_variable_has_no_gradient_and_a_zero_tangent(drawn):
    root, _ = drawn
    stranger = variable("stranger", (2,))
    assert sweep(root, ones_like(root), [stranger]).gradients.get(stranger) is None
    tangent = forward([root], {stranger: constant(np.ones(2))})[root]
    assert np.all(evaluate([tangent], {})[0] == 0.0)


@given(graphs())
def test_many_examples_at_once_are_each_of_them(drawn):
    root, arrays = drawn
    _tame(root, arrays)
    wrt = list(arrays)
    roots = [root, *_gradients(root, ones_like(root), wrt)]
    scales = (1.0, 0.9, 1.05)
    each = [evaluate(roots, {x: a * s for x, a in arrays.items()}) for s in scales]
    assume(all(np.all(np.isfinite(v)) and np.all(np.abs(v) < 1e6) for row in each for v in row))
    given_ = {x: variable(f"many {x.param('name')}", (3, *x.shape)) for x in wrt}
    values = {given_[x]: np.stack([a * s for s in scales]) for x, a in arrays.items()}
    for n, many in enumerate(batched(roots, given_, 3)):
        if many is not None:
            (got,) = evaluate([many], values)
            _agree(got, np.stack([row[n] for row in each]))
