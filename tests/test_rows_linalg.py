"""Linear algebra: what holds beyond the laws: singular matrices, symmetry, named sizes, messages."""

import numpy as np
import pytest

from dvar.core.dims import Dim
from dvar.core.errors import ShapeError
from dvar.core.op import variable
from dvar.derive.sweep import sweep
from dvar.engine.reference import evaluate
from dvar.ops import TABLE
from dvar.write.notation import latex, text

N = Dim("n")
A = variable("A", (3, 3))
B = variable("B", (N, N))
SINGULAR = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]])


def gradient(root, wrt):
    return sweep(root, variable("g", root.shape), [wrt]).gradients[wrt]


def differences(f, a, step=1e-6):
    """Central differences of a number with respect to a matrix."""
    out = np.zeros_like(a)
    for place in np.ndindex(*a.shape):
        delta = np.zeros_like(a)
        delta[place] = step
        out[place] = (f(a + delta) - f(a - delta)) / (2 * step)
    return out


@pytest.mark.parametrize(
    ("node", "wrt", "written", "printed"),
    [
        (TABLE["inv"](A), A, "-((inv(A).T @ g) @ inv(A).T)", None),
        (TABLE["det"](A), A, "g * cofactor(A)", r"g \, \operatorname{cof}\left(A\right)"),
        (TABLE["logabsdet"](B), B, "g * inv(B).T", r"g \, B^{-\top}"),
        (TABLE["solve"](A, A[0]), A[0], "solve(A.T, g)", r"\left(A^{-\top} \, g\right)"),
    ],
)
def test_gradients_read_as_in_the_books(node, wrt, written, printed):
    share = gradient(node, wrt)
    assert text(share, {}) == written
    if printed:
        assert latex(share, {}) == printed


def test_the_gradient_of_det_is_right_for_singular_matrices_to_third_order():
    g, v, w = (variable(name, shape) for name, shape in (("g", ()), ("v", (3, 3)), ("w", (3, 3))))
    first = sweep(TABLE["det"](A), g, [A]).gradients[A]
    second = sweep(first, v, [A]).gradients[A]
    third = sweep(second, w, [A]).gradients[A]
    rng = np.random.default_rng(0)
    values = {A: SINGULAR, g: 1.0, v: rng.normal(size=(3, 3)), w: rng.normal(size=(3, 3))}
    got = evaluate([first, second, third], values)
    lower = [TABLE["det"](A), TABLE["sum"](first * v), TABLE["sum"](second * w)]
    for share, root in zip(got, lower, strict=True):

        def f(a, root=root):
            return evaluate([root], {**values, A: a})[0]

        assert np.allclose(share, differences(f, SINGULAR), atol=1e-7)


@pytest.mark.parametrize("size", [2, 3, 4, 6])
@pytest.mark.parametrize("rank", ["full", "one less", "two less"])
def test_cofactors_are_signed_minors_whatever_the_rank(size, rank):
    a = np.random.default_rng(0).normal(size=(size, size))
    if rank != "full":
        a[:, -1] = a[:, 0]
    if rank == "two less":
        a[:, -2] = a[:, 0]
    minors = [
        [(-1) ** (i + j) * np.linalg.det(np.delete(np.delete(a, i, 0), j, 1)) for j in range(size)]
        for i in range(size)
    ]
    x = variable("x", (size, size))
    (got,) = evaluate([TABLE["cofactor"](x)], {x: a})
    assert np.allclose(got, minors, atol=1e-12)


def test_cofactors_expand_into_minors_for_small_matrices():
    c = variable("C", (2, 2))
    cofactor = TABLE["cofactor"]
    assert text(cofactor.expand(c), {}) == "[[C[1, 1], -C[1, 0]], [-C[0, 1], C[0, 0]]]"
    assert text(cofactor.expand(B), {}) == "det(B) * inv(B).T"
    (got, want) = evaluate([cofactor.expand(A), cofactor(A)], {A: SINGULAR})
    assert np.array_equal(got, want)


def test_the_pair_of_slogdet():
    sign, log = TABLE["slogdet"](A)
    a = np.diag([1.0, -2.0, 3.0])
    got = evaluate([sign, log], {A: a})
    assert np.allclose(got, np.linalg.slogdet(a))


def test_the_gradient_of_cholesky_is_symmetric_and_reads_both_triangles():
    draw = TABLE["cholesky"].domain[0].draw
    a = draw(np.random.default_rng(0), (3, 3))
    g = variable("g", (3, 3))
    values = {A: a, g: np.random.default_rng(1).normal(size=(3, 3))}
    factor = TABLE["cholesky"](A)
    l, share = evaluate([factor, sweep(factor, g, [A]).gradients[A]], values)  # noqa: E741
    assert np.allclose(l, np.linalg.cholesky(a))
    assert np.allclose(share, share.T)
    # Symmetric steps see NumPy's own derivative.
    step = np.random.default_rng(2).normal(size=(3, 3))
    step = 1e-6 * (step + step.T)
    change = np.linalg.cholesky(a + step) - np.linalg.cholesky(a - step)
    assert np.isclose(np.sum(share * step) * 2, np.sum(change * values[g]), rtol=1e-6)


def test_domains_say_what_lies_in_them():
    invertible = TABLE["inv"].domain[0]
    definite = TABLE["cholesky"].domain[0]
    rng = np.random.default_rng(0)
    for domain in (invertible, definite):
        drawn = domain.draw(rng, (5, 4, 4))
        assert np.all(domain.contains(drawn))
        assert np.all(np.linalg.cond(drawn) < 4)
    assert not invertible.contains(SINGULAR)
    assert not definite.contains(-np.eye(2))


def test_solve_takes_what_numpy_takes():
    rng = np.random.default_rng(0)
    draw = TABLE["solve"].domain[0].draw
    for left, right in (
        ((3, 3), (3,)),
        ((3, 3), (3, 2)),
        ((2, 3, 3), (3,)),
        ((2, 3, 3), (3, 2)),
        ((3, 3), (2, 3, 2)),
        ((2, 1, 3, 3), (4, 3, 2)),
    ):
        a, b = variable("a", left), variable("b", right)
        values = {a: draw(rng, left), b: rng.normal(size=right)}
        node = TABLE["solve"](a, b)
        (got,) = evaluate([node], values)
        assert node.shape == got.shape
        assert np.allclose(got, np.linalg.solve(values[a], values[b]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TABLE["inv"](variable("x", (2, 3))), "inv: needs a square matrix, not (2, 3)"),
        (lambda: TABLE["det"](variable("x", (2,))), "det: needs a square matrix, not (2,)"),
        (
            lambda: TABLE["solve"](A, variable("b", (4, 2))),
            "solve: a is (3, 3), so b needs 3 rows, not 4",
        ),
        (lambda: TABLE["solve"](A, 2.0), "b is a scalar"),
    ],
)
def test_what_does_not_fit_says_why(make, message):
    with pytest.raises(ShapeError) as raised:
        make()
    assert message in str(raised.value)
