"""Axes sentences and sizes: shapes are inferred, and what does not fit is said with names and sizes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dvar.core.axes import infer, parse
from dvar.core.dims import Dim, bind, broadcast, product, show
from dvar.core.errors import MissingValue, ShapeError
from dvar.core.op import variable
from dvar.ops import TABLE

m, n = Dim("m"), Dim("n")

# ── sentences ───────────────────────────────────────────────────────────────────────────────────


def test_a_sentence_prints_as_it_is_written():
    assert str(parse("i k,   k j -> i j")) == "i k, k j -> i j"
    assert str(parse("a b ->")) == "a b ->"


def test_a_sentence_without_an_arrow_is_refused():
    with pytest.raises(ValueError, match="needs '->'"):
        parse("i k, k j")


@pytest.mark.parametrize(
    ("sentence", "shapes", "result"),
    [
        ("i k, k j -> i j", [(2, 3), (3, 4)], (2, 4)),
        ("i k, k j -> i j", [(m, 3), (3, n)], (m, n)),
        ("... , ... -> ...", [(2, 1), (3,)], (2, 3)),
        ("... , ... -> ...", [(m, 1), (n,)], (m, n)),
        ("... i k, ... k j -> ... i j", [(5, 1, 2, 3), (4, 3, 6)], (5, 4, 2, 6)),
        ("a b c -> b", [(2, 3, 4)], (3,)),
        ("a b -> a 1", [(2, 3)], (2, 1)),
        ("a b ->", [(2, 3)], ()),
        ("i, j -> i j", [(m,), (4,)], (m, 4)),
    ],
)
def test_a_sentence_gives_the_shape_of_the_result(sentence, shapes, result):
    assert infer(sentence, shapes) == result


@pytest.mark.parametrize(
    ("sentence", "shapes", "reason"),
    [
        ("i k, k j -> i j", [(2, 3), (4, 5)], "axis k is 3 in {0} (2, 3) but 4 in {1} (4, 5)"),
        ("i k, k j -> i j", [(2, m), (n, 5)], "axis k is m in {0} (2, m) but n in {1} (n, 5)"),
        ("i k, k j -> i j", [(2, 3), (3,)], "{1} needs 2 axes (k j), but it is (3,)"),
        ("i k, k j -> i j", [(2, 3)], "takes 2 operands, got 1"),
        ("... k -> ...", [()], "{0} needs at least 1 axes, but it is scalar"),
        (
            "... , ... -> ...",
            [(2, 3), (2,)],
            "{0} (2, 3) and {1} (2,) do not broadcast: axis -1 is 3 in one operand but 2 in another",
        ),
    ],
)
def test_what_does_not_fit_is_said_with_the_axis_and_both_sizes(sentence, shapes, reason):
    assert infer(sentence, shapes) == reason


def test_the_message_of_an_application_names_the_operands():
    w, x = variable("W", (4, 3)), variable("x", (2,))
    with pytest.raises(ShapeError) as caught:
        w @ x
    assert str(caught.value).splitlines() == [
        "matmul: axis k is 3 in W (4, 3) but 2 in x (2,)",
        "  rule: matmul: i k, k -> i",
    ]


def test_a_nameless_operand_is_counted():
    w, x = variable("W", (4, 3)), variable("x", (2,))
    with pytest.raises(ShapeError, match=r"axis k is 3 in W \(4, 3\) but 2 in operand 2 \(2,\)"):
        w @ (x + x)


def test_a_missing_axis_is_said_with_the_axes_there_are():
    with pytest.raises(ShapeError) as caught:
        TABLE["sum"](variable("x", (2, 3)), axis=2)
    assert "axis 2 does not exist: the operand has 2 axes" in str(caught.value)
    assert "an axis between -2 and 1" in str(caught.value)


_SIZES = st.lists(st.integers(1, 3), max_size=3).map(tuple)


@given(_SIZES, _SIZES)
def test_shapes_broadcast_exactly_where_numpy_broadcasts_them(a, b):
    try:
        want = np.broadcast_shapes(a, b)
    except ValueError:
        assert isinstance(broadcast([a, b]), str)
    else:
        assert broadcast([a, b]) == want


# ── sizes ───────────────────────────────────────────────────────────────────────────────────────


def test_sizes_are_polynomials_with_one_form():
    assert (m + 1) * (m - 1) == m * m - 1
    assert m * n == n * m
    assert hash(m * n + m) == hash(m + n * m)
    assert 2 - m == -1 * m + 2


def test_a_polynomial_without_names_is_a_number():
    assert (m + 3) - m == 3
    assert isinstance((m + 3) - m, int)
    assert m * 0 == 0
    assert m != 3


def test_sizes_print_as_one_writes_them():
    assert str(2 * m * n + m - 1) == "m + 2*m*n - 1"
    assert show((m, 3)) == "(m, 3)"
    assert show((m,)) == "(m,)"
    assert show(()) == "scalar"
    assert product([m, 2, n]) == 2 * m * n


@given(st.integers(-3, 5), st.integers(0, 7), st.integers(0, 7))
def test_arithmetic_with_names_is_arithmetic_with_their_numbers(k, a, b):
    sizes = {"m": a, "n": b}
    poly = (k * m + n) * (m - k) + n * n
    want = (k * a + b) * (a - k) + b * b
    assert (poly if isinstance(poly, int) else poly.value(sizes)) == want


def test_a_size_without_a_number_is_named():
    with pytest.raises(MissingValue, match="the size n is not known"):
        (m * n).value({"m": 2})


def test_names_are_learned_from_arrays():
    sizes = {}
    bind("X", (m, 3), (5, 3), sizes)
    bind("Y", (m * 2, n), (10, 4), sizes)
    assert sizes == {"m": 5, "n": 4}


@pytest.mark.parametrize(
    ("shape", "actual", "reason"),
    [
        ((m, 3), (5,), r"X is declared as \(m, 3\) but its value has shape \(5,\)"),
        ((m, 3), (5, 4), "axis 1 of X is declared as 3 but its value has 4"),
        ((m, m), (5, 4), "axis 1 of X is 4, but m is already 5"),
        ((m, m + 1), (5, 7), r"axis 1 of X is declared as m \+ 1 but its value has 7"),
    ],
)
def test_an_array_that_is_not_as_declared_is_refused_with_the_axis(shape, actual, reason):
    with pytest.raises(ShapeError, match=reason):
        bind("X", shape, actual, {})
