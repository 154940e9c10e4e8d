"""Machine code says what the reference interpreter says: every row, random graphs, networks of any size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import graphs

import dvar
from dvar.check.cases import case
from dvar.check.laws_samples import samples_of
from dvar.derive.sweep import ones_like, sweep
from dvar.engine.native.stages import Compiled
from dvar.engine.reference import evaluate
from dvar.ops import TABLE

# How many units in the last place of the largest element a result may be off, and a sum of many more.
ULPS = 64


def assert_alike(roots, values, threads=1):
    inputs = list(values)
    arrays = [np.asarray(values[x], x.dtype) for x in inputs]
    got = Compiled(inputs, roots, threads)(arrays)
    want = evaluate(roots, dict(zip(inputs, arrays, strict=True)))
    for root, mine, right in zip(roots, got, want, strict=True):
        assert mine.shape == right.shape
        assert mine.dtype == right.dtype
        np.testing.assert_array_equal(np.isnan(mine), np.isnan(right))
        if root.is_float and right.size:
            finite = np.abs(right[np.isfinite(right)])
            scale = finite.max() if finite.size else 1.0
            eps = np.finfo(right.dtype).eps
            np.testing.assert_allclose(mine, right, rtol=ULPS * eps, atol=ULPS * eps * scale)
        else:
            np.testing.assert_array_equal(mine, right)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("op", list(TABLE.values()), ids=lambda op: op.name)
def test_every_row_and_its_gradient(op, dtype):
    for sample in samples_of(op):
        it = case(op, sample, dtype)
        roots = [it.root]
        if it.root.is_float and it.wrt:
            seed = it.random("u", it.root)
            found = sweep(it.root, seed, it.wrt).gradients
            roots += [found[x] for x in it.wrt if x in found]
        assert_alike(roots, it.values)


@given(graphs())
@settings(max_examples=25, deadline=None)
def test_random_graphs(drawn):
    root, arrays = drawn
    found = sweep(root, ones_like(root), list(arrays)).gradients
    assert_alike([root, *(found[x] for x in arrays if x in found)], arrays)


def _network(w1, b1, w2, b2, x, y):
    return dvar.cross_entropy(np.tanh(x @ w1 + b1) @ w2 + b2, y)


def _normalised(w1, g, w2, x, y):
    z = x @ w1
    z = g * (z - np.mean(z, axis=0)) / np.sqrt(np.var(z, axis=0) + 1e-5)
    out = np.maximum(z, 0) @ w2
    return np.mean((out[:, 0] - y) ** 2)


def _draw(generator, dtype, *shapes):
    return [generator.normal(size=shape).astype(dtype) for shape in shapes]


def _agrees(loss, args, argnums, threads, tolerance):
    both = dvar.value_and_grad(loss, argnums)
    value, gradients = dvar.jit(both, threads=threads)(*args)
    wanted_value, wanted = both(*args)
    np.testing.assert_allclose(value, wanted_value, rtol=tolerance)
    for mine, right in zip(gradients, wanted, strict=True):
        assert mine.dtype == right.dtype
        np.testing.assert_allclose(mine, right, rtol=0, atol=tolerance * np.abs(right).max())


SIZES = st.sampled_from([1, 2, 3, 5, 8, 13, 16, 17, 33])
EXAMPLES = st.sampled_from([1, 2, 7, 16, 17, 64, 100, 257, 1000, 3001])


@given(EXAMPLES, SIZES, SIZES, st.integers(2, 9), st.sampled_from(["float32", "float64"]), st.integers(1, 3))  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_networks_of_any_size(m, d, h, c, dtype, threads):
    generator = np.random.default_rng(m + d)
    args = _draw(generator, dtype, (d, h), (h,), (h, c), (c,), (m, d))
    labels = np.eye(c, dtype=dtype)[generator.integers(0, c, m)]
    tolerance = 1e-4 if dtype == "float32" else 1e-12
    _agrees(_network, [*args, labels], (0, 1, 2, 3), threads, tolerance)


@given(st.sampled_from([5, 16, 100, 3001]), SIZES, SIZES, st.integers(1, 2))
@settings(max_examples=12, deadline=None)
def test_a_sum_over_examples_that_feeds_back_into_them(m, d, h, threads):
    generator = np.random.default_rng(m + d)
    args = _draw(generator, "float64", (d, h), (h,), (h, 1), (m, d), (m,))
    _agrees(_normalised, args, (0, 1, 2), threads, 1e-9)


def test_the_same_bits_every_time():
    generator = np.random.default_rng(1)
    args = _draw(generator, "float32", (20, 16), (16,), (16, 3), (3,), (50_000, 20))
    labels = np.eye(3, dtype="float32")[generator.integers(0, 3, 50_000)]
    both = dvar.jit(dvar.value_and_grad(_network, (0, 1, 2, 3)), threads=2)
    first = both(*args, labels)
    for _ in range(5):
        again = both(*args, labels)
        assert again[0] == first[0]
        for one, other in zip(first[1], again[1], strict=True):
            np.testing.assert_array_equal(one, other)


def test_what_leaves_with_the_axis_in_the_lanes_is_turned_back():
    x = np.arange(3000.0).reshape(1000, 3)
    f = dvar.jit(lambda x: (np.tanh(x) * x[:, :1], np.sum(x, axis=1)))
    turned, total = f(x)
    np.testing.assert_allclose(turned, np.tanh(x) * x[:, :1], rtol=1e-14)
    np.testing.assert_allclose(total, x.sum(1), rtol=1e-14)


def test_the_plan_says_what_the_reference_computes():
    plan = str(dvar.jit(lambda x: np.sum(np.sort(np.exp(x)))).kernel(np.ones(9)))
    assert "by the reference interpreter" in plan
    assert "sort" in plan or "argsort" in plan
    assert "define" in plan  # the code of the rest


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    ("sentence", "left", "right"),
    [
        ("nki,nkj->kij", (999, 5, 6), (999, 5, 7)),
        ("nki,nk->ki", (999, 5, 3), (999, 5)),
        ("nk,nk->k", (999, 5), (999, 5)),
        ("nakb,nckb->abkc", (999, 5, 2, 3), (999, 6, 2, 3)),
    ],
)
def test_sums_over_examples_of_stacks_of_products(sentence, left, right, threads):
    """Axes that both operands and the result have count products of their own."""
    generator = np.random.default_rng(5)
    x, y = _draw(generator, np.float64, left, right)
    product = dvar.jit(lambda x, y: np.einsum(sentence, np.tanh(x), y), threads=threads)
    np.testing.assert_allclose(product(x, y), np.einsum(sentence, np.tanh(x), y), atol=1e-12)


def _read_in_parts(x):
    """Some entries one by one, a range, a last one that is left out, and one that is read twice."""
    first = sum(np.sin(x[n]) * (n + 1) for n in range(4))
    return first + np.sum(np.exp(x[5:9])) + x[9] * x[2] * x[-2]


@pytest.mark.parametrize("size", [12, 200])
def test_shares_of_parts_are_put_side_by_side(size):
    x = np.linspace(-1, 1, size)
    gradient = dvar.grad(_read_in_parts)
    np.testing.assert_allclose(dvar.jit(gradient)(x), gradient(x), atol=1e-14)


def test_shares_of_all_entries_are_one_array():
    def polynomial(x, t):
        power, value = np.ones_like(t), 0.0
        for c in x:
            value, power = value + c * power, power * t
        return np.sum(np.sin(value))

    x, t = np.linspace(-1, 1, 100), np.linspace(-1, 1, 1000)
    gradient = dvar.grad(polynomial)
    program = dvar.jit(gradient)
    np.testing.assert_allclose(program(x, t), gradient(x, t), atol=1e-11)
    plan = str(program.kernel(x, t))
    assert "stack[100]" in plan
    assert "interpreter" not in plan


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_parts_of_many_examples(axis):
    x = np.random.default_rng(3).normal(size=(300, 3, 4))

    def cut(x):
        parts = [np.take(x, [n], axis=axis) * (n + 2.0) for n in range(3)]
        return np.sum(np.tanh(np.concatenate(parts, axis=axis)))

    gradient = dvar.grad(cut)
    np.testing.assert_allclose(dvar.jit(gradient)(x), gradient(x), atol=1e-14)


def _weighted(shape):
    """Numbers that differ from place to place, so that no two places can be taken for each other."""
    return np.cos(np.arange(np.prod(shape, dtype=int), dtype=float)).reshape(shape)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    ("take", "shape", "places"),
    [
        (lambda x, i: x[i], (7,), (1000,)),
        (lambda x, i: x[i], (7,), (3, 500)),
        (lambda x, i: x[i], (9, 4), (1003,)),
        (lambda x, i: x[i], (500, 3), (400, 3)),
        (lambda x, i: x[:, i], (300, 9), (5,)),
        (lambda x, i: x[:, :, i], (4, 300, 9), (2, 3)),
        (lambda x, i: x[:, i], (26, 80, 3)[:2], (700, 3)),
        (lambda x, i: x[i], (6,), ()),
    ],
)
def test_elements_at_computed_positions(take, shape, places, threads):
    generator = np.random.default_rng(4)
    x = generator.normal(size=shape)
    size = {(7,): 7, (9, 4): 9, (500, 3): 500, (300, 9): 9, (4, 300, 9): 9, (26, 80): 80, (6,): 6}
    i = generator.integers(-size[shape], size[shape], places)

    def function(x, i):
        taken = take(np.tanh(x), i)
        return np.sum(taken * _weighted(taken.shape)), taken

    program = dvar.jit(function, threads=threads)
    for mine, right in zip(program(x, i), function(x, i), strict=True):
        np.testing.assert_allclose(mine, right, atol=1e-12)
    fixed = dvar.jit(lambda x: function(x, i), threads=threads)
    np.testing.assert_allclose(fixed(x)[1], function(x, i)[1], atol=1e-12)
    assert "interpreter" not in str(program.kernel(x, i))


def test_a_position_outside_gives_nan():
    program = dvar.jit(lambda x, i: np.exp(x)[i])
    got = program(np.zeros(3), np.array([0, 3, -3, -4, 10**12]))
    np.testing.assert_array_equal(got, [1, np.nan, 1, np.nan, np.nan])


def test_a_result_in_another_shape_is_not_copied():
    def function(x):
        y = np.exp(x)
        return y.reshape(-1), np.reshape(2 * y, (3, 2, 500))

    x = np.random.default_rng(6).normal(size=(1000, 3))
    program = dvar.jit(function)
    for mine, right in zip(program(x), function(x), strict=True):
        np.testing.assert_allclose(mine, right, rtol=1e-14)
    assert "map: reshape" not in str(program.kernel(x))


def test_a_part_of_an_array_is_read_where_it_lies():
    """No loop only copies: not the neighbours of a recurrence, not a transposed product."""

    def shifted(x):
        y = np.tanh(x)
        return y[2:] - 2 * y[1:-1] + np.exp(y)[:-2]

    x = np.linspace(-1, 1, 1001)
    program = dvar.jit(shifted)
    np.testing.assert_allclose(program(x), shifted(x), atol=1e-14)
    assert "map: getitem" not in str(program.kernel(x))


@pytest.mark.parametrize(
    "places",
    [
        [[0, 1], [1, 2], [2, 0]],  # as many to each place
        [3, 1, 0, 2],
        [0, 0, 1, 2, 2, -1],  # to some more than to others, to one none
        [5] * 4,  # to all but one none
    ],
)
def test_what_comes_to_known_positions_is_added_up(places):
    draw = np.random.default_rng(5)
    x, places = draw.normal(size=(6, 3)), np.array(places)
    weights = draw.normal(size=(*places.shape, 3))
    gradient = dvar.grad(lambda x: np.sum(x[places] * weights * np.tanh(x)[places]))
    program = dvar.jit(gradient)
    np.testing.assert_allclose(program(x), gradient(x), rtol=1e-13, atol=1e-15)
    if len(set(places.ravel())) > 1:
        assert "interpreter: scatter_add" not in str(program.kernel(x))
    sideways = dvar.grad(lambda x: np.sum(x.T[:, places] * weights.T.reshape(3, *places.shape)))
    np.testing.assert_allclose(dvar.jit(sideways)(x), sideways(x), rtol=1e-13, atol=1e-15)


def _kernels(function, *args):
    stages = dvar.jit(function).kernel(*args).program.stages
    return [stage.kernel is not None for stage in stages]


def _minors(a):
    """Sums over pairs of columns, and of these over all: gathers along an axis that is also the one of the result."""
    n = len(a)
    pairs = np.array([(i, j) for i in range(n) for j in range(i)])
    sums = np.sum(a[0][pairs] * np.array([1.0, -1.0]), axis=1)
    turned = np.array([[i, (i + 1) % len(pairs)] for i in reversed(range(len(pairs)))])
    return np.sum(np.sum(sums[turned] * a[1][pairs], axis=1) ** 2)


@pytest.mark.parametrize("n", [3, 5, 11])
def test_gradients_of_gathers_are_one_kernel(n):
    a = np.random.default_rng(0).normal(size=(n, n))
    assert _kernels(dvar.grad(_minors), a) == [True]
    assert np.allclose(dvar.jit(dvar.grad(_minors))(a), dvar.grad(_minors)(a), rtol=1e-12)


def test_a_node_that_is_refused_leaves_the_kernels_before_it_as_they_were(monkeypatch):
    from dvar.engine.native import stages

    made = []

    class Counted(stages.Kernel):
        def __init__(self, *args):
            super().__init__(*args)
            made.append(self)

    def function(x):
        for _ in range(3):
            x = np.linalg.inv(np.tanh(x) + np.eye(len(x)) * 3)
            x = np.reshape(x.T, -1)[np.array([3, 1, 2, 0])].reshape(2, 2)
        return np.sum(np.exp(x))

    monkeypatch.setattr(stages, "Kernel", Counted)
    x = np.array([[0.1, 0.7], [0.3, 0.2]])
    program = dvar.jit(dvar.grad(function)).kernel(x).program
    assert len(made) == sum(stage.kernel is not None for stage in program.stages)
    assert np.allclose(dvar.jit(dvar.grad(function))(x), dvar.grad(function)(x), rtol=1e-12)


def _unrolled(w, x):
    """A recurrence written out, step by step, that passes a long chain of cheap rows on."""
    h = c = np.zeros((x.shape[1], len(w)))
    total = 0.0
    for row in x:
        z = np.tanh(row @ w + h @ w)
        c = 0.9 * c + z * (1 - h) - 0.1 * h
        h = c * z + np.maximum(c, 0) * 0.5
        total = total + np.mean(h**2)
    return total


def test_code_of_a_recurrence_written_out_grows_with_its_steps():
    draw = np.random.default_rng(0)
    w = draw.normal(size=(8, 8)) * 0.3
    gradient = dvar.grad(_unrolled)
    lengths, longest = [], []
    for steps in (10, 20, 40):
        x = draw.normal(size=(steps, 5, 8))
        program = dvar.jit(gradient)
        np.testing.assert_allclose(program(w, x), gradient(w, x), rtol=1e-9, atol=1e-12)
        functions = str(program.kernel(w, x)).split("\ndefine ")
        lengths.append(sum(map(len, functions)))
        longest.append(max(map(len, functions)))
    assert lengths[2] < 2.4 * lengths[1] < 2.4 * 2.4 * lengths[0]
    assert longest[2] < 1.6 * longest[1]
