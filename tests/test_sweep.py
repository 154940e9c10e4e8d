"""The reverse sweep and forward mode: paths, broadcasting, stops, depth, higher orders."""

import numpy as np
import pytest

from dvar.core.dims import Dim
from dvar.core.errors import GraphError, MissingRule
from dvar.core.node import topological
from dvar.core.op import (
    REALS,
    Adjoint,
    Constant,
    Linear,
    Op,
    Partials,
    constant,
    is_constant,
    number,
    size_of,
    variable,
)
from dvar.derive.forward import forward, push
from dvar.derive.sweep import ones_like, sweep
from dvar.engine.reference import evaluate
from dvar.ops import TABLE

sum_, matmul = TABLE["sum"], TABLE["matmul"]
x, y, z = variable("x"), variable("y"), variable("z")


def _gradients(root, *wrt):
    found = sweep(root, ones_like(root), wrt).gradients
    return [found.get(node) for node in wrt]


def _values(nodes, values):
    return [array.tolist() for array in evaluate(nodes, values)]


# ── reverse mode ────────────────────────────────────────────────────────────────────────────────


def test_the_example_of_every_course_comes_out():
    q = x + y
    f = q * z
    gradients = _gradients(f, x, y, z, q)
    assert _values(gradients, {x: -2.0, y: 5.0, z: -4.0}) == [-4.0, -4.0, 3.0, -4.0]


def test_an_operand_used_twice_receives_the_sum_of_two_shares():
    f = x * x
    swept = sweep(f, ones_like(f), [x])
    assert [(e.operand, e.target) for e in swept.edges] == [(0, x), (1, x)]
    assert _values([swept.gradients[x]], {x: 3.0}) == [6.0]


def test_paths_of_different_length_meet_before_they_go_on():
    a = x * x
    b = a * a
    f = b + a
    swept = sweep(f, ones_like(f), [x])
    # a is visited once, after both of its uses.
    assert [e.node for e in swept.edges] == [f, f, b, b, a, a]
    assert _values([swept.gradients[x]], {x: 2.0}) == [36.0]


def test_what_does_not_lie_on_a_path_has_no_gradient_and_no_edge():
    f = x * y
    swept = sweep(f, ones_like(f), [x])
    assert y not in swept.gradients
    assert [e.target for e in swept.edges] == [x]
    assert sweep(f, ones_like(f), [z]).edges == []
    assert sweep(f, ones_like(f), [z]).gradients == {}


def test_the_gradient_of_a_root_with_respect_to_itself_is_the_seed():
    f = x * y
    seed = variable("seed")
    assert sweep(f, seed, [f]).gradients == {f: seed}


def test_a_factor_of_one_is_not_written():
    f = x - y
    seed = variable("seed")
    gx, gy = sweep(f, seed, [x, y]).gradients[x], sweep(f, seed, [x, y]).gradients[y]
    assert gx is seed
    assert gy is -seed


@pytest.mark.parametrize(
    ("small", "large"), [((), (2, 3)), ((3,), (2, 3)), ((2, 1), (2, 3)), ((1, 1), (4, 2, 3))]
)
def test_broadcasting_is_undone_by_a_sum_over_the_copies(small, large):
    a, b = variable("a", small), variable("b", large)
    seed = variable("seed", large)
    swept = sweep(a * b, seed, [a, b])
    assert [e.was_broadcast for e in swept.edges] == [True, False]
    assert swept.gradients[a].shape == small
    generator = np.random.default_rng(0)
    values = {n: generator.normal(size=n.shape) for n in (a, b, seed)}
    (got,) = evaluate([swept.gradients[a]], values)
    product = values[seed] * values[b]
    want = np.zeros(small)
    for place in np.ndindex(large):
        own = place[len(large) - len(small) :]
        own = tuple(0 if size == 1 else k for size, k in zip(small, own, strict=True))
        want[own] += product[place]
    np.testing.assert_allclose(got, want, rtol=1e-12)


def test_broadcasting_is_undone_for_named_sizes():
    m = Dim("m")
    inputs, bias = variable("X", (m, 3)), variable("b", (3,))
    (gradient,) = _gradients(sum_(inputs + bias), bias)
    assert gradient.shape == (3,)
    assert _values([gradient], {inputs: np.zeros((5, 3)), bias: np.zeros(3)}) == [[5.0, 5.0, 5.0]]


def test_the_gradient_with_respect_to_an_intermediate_node_is_there():
    a = x * y
    f = a * a * z
    (gradient,) = _gradients(f, a)
    assert _values([gradient], {x: 2.0, y: 3.0, z: 4.0}) == [48.0]


def test_nothing_beneath_a_stop_is_differentiated():
    a = x * x
    f = a * x
    swept = sweep(f, ones_like(f), [a, x], stops=[a])
    # Only the direct use of x counts: a is held fixed.
    assert _values([swept.gradients[x], swept.gradients[a]], {x: 3.0}) == [9.0, 3.0]
    assert {e.node for e in swept.edges} == {f}


def test_integers_and_comparisons_carry_no_gradient():
    k = variable("k", (), "int64")
    f = x * k + (x > 0)
    swept = sweep(f, ones_like(f), [x, k])
    assert k not in swept.gradients
    assert all(e.target.is_float for e in swept.edges)
    assert _values([swept.gradients[x]], {x: 1.0, k: 5}) == [5.0]


def test_a_matrix_product_gives_products_with_transposes():
    a, b = variable("A", (2, 3)), variable("B", (3, 4))
    seed = variable("G", (2, 4))
    found = sweep(a @ b, seed, [a, b]).gradients
    assert found[a] is matmul(seed, b.T)
    assert found[b] is matmul(a.T, seed)


def test_a_row_without_a_derivative_is_named():
    row = Op("mystery", "... -> ...", np.sin)
    with pytest.raises(MissingRule, match="the row mystery has no derivative"):
        _gradients(row(x), x)
    with pytest.raises(MissingRule, match="the row mystery has no derivative"):
        forward([row(x)], {x: constant(1.0)})


def test_a_share_of_another_shape_is_our_bug_and_says_so():
    row = Op("odd", "a -> a", np.copy, Linear(lambda g, x: (sum_(g),)))
    v = variable("v", (3,))
    with pytest.raises(GraphError, match=r"odd: share scalar for an operand \(3,\)"):
        _gradients(sum_(row(v)), v)


def test_a_row_without_a_rule_of_its_own_is_derived_from_what_it_expands_into():
    cube = Op("cube", "... -> ...", lambda v: v**3, expand=lambda v: v * v * v)
    f = cube(x * y)
    values = {x: 2.0, y: 3.0}
    assert _values(_gradients(f, x), values) == [324.0]
    assert _values([forward([f], {x: constant(1.0)})[f]], values) == [324.0]


def test_an_expansion_with_one_operand_twice_counts_it_once():
    mixed = Op("mixed", "... , ... -> ...", lambda a, b: a * a * b, expand=lambda a, b: a * a * b)
    f = mixed(x, x)
    assert _values(_gradients(f, x), {x: 2.0}) == [12.0]
    assert _values([forward([f], {x: constant(1.0)})[f]], {x: 2.0}) == [12.0]


def test_an_expansion_into_one_of_its_operands_does_not_look_beneath_it():
    second = Op("second", "... , ... -> ...", lambda a, b: b, expand=lambda a, b: b)
    f = second(x, x * x)
    assert _values(_gradients(f, x), {x: 3.0}) == [6.0]
    assert _values([forward([f], {x: constant(1.0)})[f]], {x: 3.0}) == [6.0]


def test_an_expansion_does_not_look_beneath_an_operand_that_is_made_of_another():
    mixed = Op("mixed", "... , ... -> ...", lambda a, b: a * b, expand=lambda a, b: a * b)
    f = mixed(x, x * x)
    assert _values(_gradients(f, x), {x: 3.0}) == [27.0]
    assert _values([forward([f], {x: constant(1.0)})[f]], {x: 3.0}) == [27.0]


def test_every_higher_order_comes_from_the_same_sweep():
    f = x**5
    for value in (80.0, 160.0, 240.0, 240.0, 120.0):
        (f,) = _gradients(f, x)
        assert _values([f], {x: 2.0}) == [value]
    assert _gradients(f, x) == [None]


def test_mixed_derivatives_do_not_depend_on_the_order():
    f = x * x * y / (z + x)
    values = {x: 1.5, y: 2.5, z: 0.5}
    xy = _gradients(_gradients(f, x)[0], y)
    yx = _gradients(_gradients(f, y)[0], x)
    np.testing.assert_allclose(_values(xy, values), _values(yx, values), rtol=1e-13)


# ── depth and cost ──────────────────────────────────────────────────────────────────────────────


def _chain(length):
    node = x
    for k in range(length):
        node = node * y if k % 2 else node + y
    return node


def test_a_chain_of_ten_thousand_gates_needs_no_recursion():
    f = _chain(10_000)
    (gradient,) = _gradients(f, x)
    tangent = forward([f], {x: constant(1.0)})[f]
    values = {x: 0.5, y: 1.0}
    assert _values([f, gradient, tangent], values) == [5000.5, 1.0, 1.0]


def test_a_second_derivative_of_a_chain_of_ten_thousand_gates_needs_no_recursion():
    f = _chain(10_000)
    (gradient,) = _gradients(f, x)  # y**5000
    (second,) = _gradients(gradient, y)
    assert _values([second], {x: 0.5, y: 1.0}) == [5000.0]


@pytest.mark.parametrize("differentiate", ["reverse", "forward"])
def test_the_size_of_a_derivative_grows_in_proportion_to_the_graph(differentiate):
    def size(length):
        f = _chain(length)
        if differentiate == "reverse":
            (out,) = _gradients(f, x)
        else:
            out = forward([f], {x: constant(1.0), y: constant(1.0)})[f]
        return len(topological([out]))

    assert size(3000) - size(2000) == size(2000) - size(1000)


def test_sharing_is_kept_so_that_doubling_does_not_double_the_work():
    f = x
    for _ in range(60):  # 2**60 paths
        f = f + f
    (gradient,) = _gradients(f, x)
    assert _values([gradient], {}) == [2.0**60]
    assert _values([forward([f], {x: constant(1.0)})[f]], {}) == [2.0**60]


# ── forward mode ────────────────────────────────────────────────────────────────────────────────


def test_the_tangent_of_a_product_is_the_product_rule():
    dx, dy = variable("dx"), variable("dy")
    tangent = forward([x * y], {x: dx, y: dy})[x * y]
    assert _values([tangent], {x: 2.0, y: 3.0, dx: 5.0, dy: 7.0}) == [29.0]


def test_a_tangent_of_one_factor_leaves_the_factor():
    assert forward([x + y], {x: z})[x + y] is z
    assert forward([x - y], {y: z})[x - y] is -z


def test_a_root_that_depends_on_nothing_given_has_the_tangent_zero():
    k = variable("k", (2,), "int64")
    tangents = forward([y * y, k, k > 0], {x: constant(1.0)})
    assert number(tangents[y * y]) == 0.0
    assert evaluate([tangents[k], tangents[k > 0]], {})[0].tolist() == [0.0, 0.0]
    assert all(t.is_float for t in tangents.values())


def test_a_node_that_was_given_a_tangent_counts_as_independent():
    a = x * x
    f = a * x
    tangent = forward([f, a], {x: constant(1.0), a: constant(10.0)})
    assert _values([tangent[f], tangent[a]], {x: 3.0}) == [39.0, 10.0]


def test_a_tangent_has_the_shape_of_its_node_after_broadcasting():
    m = Dim("m")
    a, b = variable("a", (3,)), variable("b", (m, 1))
    f = a + b
    for given in ({a: constant(np.ones(3))}, {b: b}):
        tangent = forward([f], given)[f]
        assert tangent.shape == (m, 3)
        (out,) = evaluate([tangent], {a: np.zeros(3), b: np.ones((2, 1))})
        assert out.tolist() == [[1.0] * 3] * 2


def test_a_tangent_of_another_shape_is_refused():
    with pytest.raises(GraphError, match=r"tangent scalar for <variable.*\(3,\)>"):
        forward([x], {variable("v", (3,)): constant(1.0)})


def test_a_jointly_linear_row_moves_all_tangents_at_once():
    stack = Op(
        "pile",
        lambda shapes: (2, *shapes[0]),
        lambda a, b: np.stack([a, b]),
        Linear(lambda g, a, b: (None, None)),
    )
    a, b = variable("a", (2,)), variable("b", (2,))
    f = stack(a, b)
    both = push(f, [b, a])
    assert both is stack(b, a)
    (alone,) = evaluate([push(f, [None, a])], {a: [1.0, 2.0]})
    assert alone.tolist() == [[0.0, 0.0], [1.0, 2.0]]
    assert push(f, [None, None]) is None


def test_a_given_operand_of_a_linear_row_stays_as_it_is():
    row = Op(
        "scaled",
        "... , ... -> ...",
        np.multiply,
        Linear(lambda g, a, k: (g * k, None), operands=(0,)),
    )
    k = variable("k", (), "int64")
    assert push(row(x, k), [y, None]) is row(y, k)


def test_an_adjoint_is_transposed_into_a_tangent():
    dot = Op(
        "inner",
        "a, a ->",
        np.dot,
        Adjoint(lambda g, out, a, b: (g * b, g * a)),
        domain=(REALS, REALS),
    )
    a, b, da, db = (variable(name, (3,)) for name in ("a", "b", "da", "db"))
    f = dot(a, b)
    tangent = forward([f], {a: da, b: db})[f]
    generator = np.random.default_rng(0)
    values = {n: generator.normal(size=3) for n in (a, b, da, db)}
    want = values[da] @ values[b] + values[a] @ values[db]
    np.testing.assert_allclose(evaluate([tangent], values)[0], want, rtol=1e-13)


def test_the_tangent_of_a_chain_of_adjoints_grows_in_proportion_to_it():
    sin = TABLE["sin"]
    turn = Op("turn", "... -> ...", np.sin, Adjoint(lambda g, out, x: (g * TABLE["cos"](x),)))

    def tangent(length):
        f = x
        for _ in range(length):
            f = turn(f)
        return forward([f], {x: constant(1.0)})[f]

    sizes = [len(topological([tangent(length)])) for length in (10, 20, 30)]
    assert sizes[2] - sizes[1] == sizes[1] - sizes[0]
    want = _values(_gradients(sin(sin(sin(x))), x), {x: 0.7})
    np.testing.assert_allclose(_values([tangent(3)], {x: 0.7}), want, rtol=1e-14)


def test_a_constant_row_has_no_tangent_and_no_share():
    step = Op("step", "... -> ...", np.sign, Constant())
    f = step(x) * x
    assert _values(_gradients(f, x), {x: -2.0}) == [-1.0]
    assert _values([forward([f], {x: constant(1.0)})[f]], {x: -2.0}) == [-1.0]


def test_partials_may_be_missing_and_may_be_numbers():
    row = Op("first", "... , ... -> ...", lambda a, b: 3 * a, Partials(lambda out, a, b: (3, None)))
    f = row(x, y)
    assert _gradients(f, y) == [None]
    assert number(forward([f], {y: constant(1.0)})[f]) == 0.0
    assert is_constant(_gradients(f, x)[0]) or _values(_gradients(f, x), {}) == [3.0]


def test_a_named_size_is_a_constant_of_the_derivative():
    m = Dim("m")
    v = variable("v", (m,))
    mean = sum_(v * v) / size_of(m)
    (gradient,) = _gradients(mean, v)
    np.testing.assert_allclose(evaluate([gradient], {v: [1.0, 2.0, 6.0, 7.0]})[0], [0.5, 1, 3, 3.5])
