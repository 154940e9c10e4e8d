"""The rational form: random elementwise graphs, evaluated exactly before and after."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dvar.core.node import Node, topological
from dvar.core.op import CONSTANT, VARIABLE, constant, variable
from dvar.derive.cost import cost
from dvar.derive.polynomial import Polynomial, product, quotient
from dvar.derive.tidy import tidy
from dvar.ops.shaping import broadcast_to

SCALAR, ROW, COLUMN, MATRIX = (), (3,), (2, 1), (2, 3)
LEAVES = [variable(f"x{n}", shape) for n, shape in enumerate([SCALAR, SCALAR, ROW, COLUMN, MATRIX])]
NUMBERS = [0.0, 1.0, -1.0, 2.0, 3.0, 0.5, -0.25, 0.1]


def _exactly(value: Any) -> Any:
    return np.vectorize(lambda v: Fraction(repr(float(v))), otypes=[object])(value)


def exact_value(node: Node, values: dict[Node, Any]) -> Any:
    """The value in fractions.  Raises ZeroDivisionError."""
    env: dict[Node, Any] = {}
    for n in topological([node]):
        if n.op is VARIABLE:
            env[n] = values[n]
        elif n.op is CONSTANT:
            env[n] = _exactly(n.param("value").array)
        else:
            params = dict(n.params)
            out = np.asarray(
                n.op.forward(*(np.asarray(env[x], object) for x in n.inputs), **params)
            )
            env[n] = _exactly(out) if out.dtype == bool else out
    return env[node]


def draw_point(seed: int) -> dict[Node, Any]:
    random = np.random.default_rng(seed)
    return {x: _exactly(random.integers(-40, 41, x.shape) / 8) for x in LEAVES}


def _combined(draw: Any, x: Node, y: Node) -> Node:
    op = draw(st.sampled_from("+-*/+-*/npbm"))
    if op == "n":
        return -x
    if op == "p":
        return x ** draw(st.sampled_from([-2, -1, 0, 1, 2, 3]))
    if op == "b":
        return broadcast_to(x, MATRIX)
    if op == "m":
        return x * (y > 0)
    return {"+": x + y, "-": x - y, "*": x * y, "/": x / y}[op]


@st.composite
def graphs(draw: Any) -> Node:
    pool = [*LEAVES, *(constant(draw(st.sampled_from(NUMBERS))) for _ in range(3))]
    for _ in range(draw(st.integers(2, 12))):
        recent = draw(st.integers(0, len(pool) - 1)), draw(st.integers(0, len(pool) - 1))
        pool.append(_combined(draw, pool[max(recent)], pool[recent[0]]))
    return pool[-1]


@settings(
    max_examples=max(300, settings.default.max_examples),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(graphs(), st.integers(0, 10**6))
def test_a_tidied_graph_is_equal_of_the_same_type_stable_and_no_longer(
    node: Node, seed: int
) -> None:
    out = tidy(node)
    assert (out.shape, out.dtype) == (node.shape, node.dtype)
    assert tidy(out) is out
    assert cost(out) <= cost(node)
    point = draw_point(seed)
    try:
        want = exact_value(node, point)
    except (ZeroDivisionError, OverflowError):
        assume(False)
    got = exact_value(out, point)
    assert np.shape(got) == np.shape(want)
    difference = np.abs(np.asarray(got - want, float))
    assert np.all(difference <= 1e-9 * (1 + np.abs(np.asarray(want, float))))


@settings(max_examples=max(60, settings.default.max_examples), deadline=None)
@given(graphs(), graphs(), st.integers(0, 10**6))
def test_names_put_in_do_not_change_the_value(inner: Node, outer: Node, seed: int) -> None:
    node = outer * inner + inner / (1 + outer**2)
    out = tidy(node, [inner])
    assert (out.shape, out.dtype) == (node.shape, node.dtype)
    point = draw_point(seed)
    try:
        want = exact_value(node, point)
    except (ZeroDivisionError, OverflowError):
        assume(False)
    difference = np.abs(np.asarray(exact_value(out, point) - want, float))
    assert np.all(difference <= 1e-9 * (1 + np.abs(np.asarray(want, float))))


# ── polynomials ─────────────────────────────────────────────────────────────────────────────────

monomials = st.dictionaries(st.integers(0, 2), st.integers(1, 3), max_size=2).map(
    lambda powers: tuple(sorted(powers.items()))
)
polynomials = st.dictionaries(
    monomials, st.integers(-5, 5).filter(bool).map(Fraction), min_size=1, max_size=4
)


@given(polynomials, polynomials)
def test_a_product_divides_by_its_factors(p: Polynomial, q: Polynomial) -> None:
    out = quotient(product(p, q), q)
    assert out == p


@given(polynomials, polynomials)
def test_a_quotient_is_exact_or_none(p: Polynomial, q: Polynomial) -> None:
    out = quotient(p, q)
    assert out is None or product(out, q) == p


# ── single forms ────────────────────────────────────────────────────────────────────────────────

a, b, c, x, y = (variable(name) for name in "abcxy")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (x + x, 2 * x),
        (x * x, x**2),
        (x * a + x * b, x * (a + b)),
        (-x + a, a - x),
        (-(x - y) / a, (y - x) / a),
        (x / (a / b), x * b / a),
        (x / a / b, x / (a * b)),
        (0.5 * (2 * x), x),
        (x * 0.5, x / 2),
        (a * x - x * a + y, y),
        ((x**2 - 1) / (x - 1), x + 1),
        ((x - 1) / (x**2 - 1), 1 / (x + 1)),
        (1 / (1 / x + 1 / y), x * y / (y + x)),
        (y * (1 - a) - (1 - y) * a, y - a),
        ((-y / a + (1 - y) / (1 - a)) * (a * (1 - a)), a - y),
        (-(y / a - (1 - y) / (1 - a)), -y / a + (1 - y) / (1 - a)),
        (0.1 * x + 0.2 * x, constant(0.3) * x),
        (x * constant(1.0) / 3, x / 3),
        (x * (a + b) * 2, 2 * x * (a + b)),
        ((a + b) * (a + c), (a + b) * (a + c)),
        (a * (1 - a), a * (1 - a)),
        (-(a * (1 - a)), -a * (1 - a)),
        (x - 0, x),
        (0 * x, constant(0.0)),
        (x**0, constant(1.0)),
        (2 * x + 4 * y, 2 * x + 4 * y),
        (x / 2 + y / 3, x / 2 + y / 3),
    ],
)
def test_a_form_reads_as_on_paper(before: Node, after: Node) -> None:
    assert tidy(before) is after


def test_masks_are_not_added_as_numbers() -> None:
    """True + True is True: a sum of masks must not lose the factor that makes numbers of them."""
    node = x * (a > 0) + x * (b > 0)
    got = tidy(node)
    values = {v: np.asarray(Fraction(3), object) for v in (x, a, b)}
    assert exact_value(got, values) == exact_value(node, values) == 6


def test_a_division_by_zero_stays_as_it_was_written() -> None:
    node = x / (a - a)
    assert tidy(node).shape == ()
    assert tidy(node) is tidy(tidy(node))


def test_a_long_graph_takes_bounded_time() -> None:
    node = x
    for n in range(3000):
        node = node * y + variable(f"v{n % 50}") / (a + n)
    assert tidy(node).shape == ()
