"""What cannot be read is refused with a message that points, says why and says what to write."""

from __future__ import annotations

import pytest

from dvar.core.errors import DvarError, FormulaError, ShapeError
from dvar.read.text.formula import read_formula


def refusal(text: str, **given: object) -> DvarError:
    with pytest.raises(DvarError) as caught:
        read_formula(text, **given)  # type: ignore[arg-type]  # whatever the test gives
    return caught.value


def marked(error: DvarError) -> str:
    """What the carets stand under."""
    source = error.source
    assert source is not None
    return source.text[source.column : source.column + source.length]


# text → message, what is marked, part of the hint
SYNTAX = [
    ("", "there is nothing to read", None, "f = (x + y)*z"),
    ("f = (x + y", "( is never closed", "(", None),
    ("f = x + y)", ") closes nothing", ")", None),
    ("f = (x + y]", "( is closed by ]", "(x + y]", ") instead of ]"),
    ("f = (x;\ny)", "( is never closed", "(", None),
    ("f = x +", "expected a number, a name or ( after +, at the end", "", None),
    ("f = * x", "expected a number, a name or (, not *", "*", None),
    ("f = [1,, 2]", "expected a number, a name or (, not ,", ",", None),
    ("f = sum(x y: 3)", "expected a comma or ), not :", ":", None),
    ("f = x $ y", "“$” (dollar sign) means nothing in a formula", "$", None),
    ("f = 'abc", "“'” (apostrophe) means nothing in a formula", "'", "quotes on both sides"),
    ("f = x 2", "a number right behind another factor", "2", "* between them"),
    ("f = 1/2x", "1/2x can mean two things", "1/2x", "(1/2)*x or 1/(2*x)"),
    ("f = log 2x", "where does the argument of log end?", "log 2x", "log(2*x)"),
    ("f = a < b < c", "comparisons cannot be chained", "<", "(a < b) * (b < c)"),
    ("f = x if y", "expected else, as in: a if x > 0 else b after y, at the end", "", None),
    ("2*x = 3", "what stands left of = must be a name", "=", "name = expression"),
    ("w := w - 1", ":= changes a variable; a formula only defines", ":=", "a new name"),
    ("J += 1", "+= changes a variable; a formula only defines", "+=", "a new name"),
    ("f = x, y", "expected the end of the line, not a comma", ",", "[a, b]"),
    ("f = x.foo", ".foo is not known", "foo", ".sum()"),
    ("f = 1e999", "the number is too large", "1e999", None),
    ("x: (2.5, m); f = x", "2.5 is no size", "2.5", "a whole number"),
    (
        "h_t = tanh(W*h_{t-1})",
        "this subscript is not read: it is neither a label nor an index letter",
        "h_{",
        "the steps written out",
    ),
    ("f = x // 2", "expected a number, a name or (, not /", "/", "# begins a remark"),
    ("f = x!", "“!” (exclamation mark) means nothing in a formula", "!", "a factorial"),
    ("f = ||x", "expected | to close the norm after x, at the end", "", None),
    ("f = {x if x > 0, 0 otherwise", "{ is never closed", "{", None),
    ("f = 'a' + x", "a piece of text stands where a quantity is expected", "'a'", None),
]


@pytest.mark.parametrize(("text", "message", "mark", "hint"), SYNTAX, ids=[x[0] for x in SYNTAX])
def test_a_slip_in_the_notation_is_pointed_at(
    text: str, message: str, mark: str | None, hint: str | None
) -> None:
    error = refusal(text)
    assert isinstance(error, FormulaError)
    assert error.message == message
    assert mark is None or marked(error) == mark
    assert hint is None or hint in str(error.hint)


def test_a_message_shows_the_line_and_the_place() -> None:
    error = refusal("q = x + y\nf = sigmod(q)", file="notes.txt")
    assert str(error).splitlines() == [
        "there is no function sigmod",
        "  in:   f = sigmod(q)   (notes.txt:2)",
        "            ^^^^^^",
        "  try:  did you mean sigmoid?",
    ]


# ── names ───────────────────────────────────────────────────────────────────────────────────────


def test_the_nearest_function_of_the_user_is_suggested_too() -> None:
    assert refusal("kernel(a) = a**2; y = kernle(b)").hint == "did you mean kernel?"


def test_a_name_is_defined_once() -> None:
    error = refusal("x = y\n\nx = 3")
    assert error.message == "x is defined on lines 1 and 3"
    assert refusal("W_1 = y; W1 = z").message == "W1 is defined twice on line 1"


def test_a_definition_is_no_assignment() -> None:
    error = refusal("x = x + 1")
    assert error.message == "x is defined by itself"
    assert "x_new" in str(error.hint)


def test_a_circle_is_named() -> None:
    error = refusal("a = b + 1; b = 2*c; c = a")
    assert error.message == "the definitions go round in a circle: a → b → c → a"


def test_two_shapes_for_one_name_are_refused() -> None:
    assert refusal("x: 3; x: 4; y = x").message == "x is declared twice, with two shapes"


def test_a_function_without_argument_is_refused() -> None:
    assert refusal("f = log + 1").message == "log is a function"


def test_a_name_that_differs_by_a_letter_is_remarked_upon() -> None:
    notes = read_formula("hidden = x*2; y = hiden + 1").notes
    assert notes == ("hiden is an input; hidden is another name, defined here",)


def test_an_input_that_is_summed_without_a_shape_is_remarked_upon() -> None:
    (note,) = read_formula("f = sum(x**2)").notes
    assert note.startswith("x: read as scalar")


# ── calls ───────────────────────────────────────────────────────────────────────────────────────

CALLS = [
    ("f = relu(x, y)", "relu takes 1 argument, but got 2", "relu(x)"),
    ("f = where(x)", "where takes 3 arguments, but got 1", "where(condition, x, y)"),
    ("f = sum(x, foo=1)", "sum has no argument foo", "sum(x, axis=None, keepdims=False)"),
    ("f = sum(x, 0, axis=1)", "sum got axis twice", "sum(x, axis=None, keepdims=False)"),
    ("f = sum(x, axis=y)", "sum: axis must be written out: a number, a tuple or a size", None),
    ("f(a, b) = a*b; g = f(1)", "f takes 2 arguments, but got 1", "f(a, b)"),
    ("q = x + 1; f = q(z)", "q does not depend on z", "q * z for a product"),
    ("x: 3; f = max(x, 0)", "max(x, 0) can mean two things", "maximum(x, 0) or max(x, axis=0)"),
]


@pytest.mark.parametrize(("text", "message", "hint"), CALLS, ids=[x[0] for x in CALLS])
def test_a_wrong_call_says_how_to_call(text: str, message: str, hint: str | None) -> None:
    error = refusal(text)
    assert error.message == message
    assert error.source is not None
    assert hint is None or hint in str(error.hint)


# ── shapes ──────────────────────────────────────────────────────────────────────────────────────


def test_shapes_that_do_not_fit_are_told_in_the_names_of_the_user() -> None:
    error = refusal("W1: (3, 4); x: (3,)\nz1 = W1 @ x\na = relu(z1)")
    assert isinstance(error, ShapeError)
    assert error.message == "matmul: axis k is 4 in W1 (3, 4) but 3 in x (3,)"
    assert marked(error) == "W1 @ x"
    assert error.rule == "matmul: i k, k -> i"


def test_expressions_are_named_by_how_they_are_written() -> None:
    error = refusal("x: 3; y: 4; f = (x + 1)*y")
    assert "x + 1 (3,) and y (4,) do not broadcast" in error.message


@pytest.mark.parametrize("text", ["z = W @ x", "z = 2*W.T", "z = W[0]", "z = sigmoid(W @ W)"])
def test_a_shape_that_nobody_declared_is_asked_for(text: str) -> None:
    error = refusal(text)
    assert "nothing says which shape W has" in error.message
    assert error.hint == 'W: (a, b) in the text, or --shape "W=(a, b)"'


def test_a_value_must_have_the_declared_shape() -> None:
    error = refusal("x: (n, 2); y = x", values={"x": [[1, 2, 3]]})
    assert error.message == "axis 1 of x is declared as 2 but its value has 3"


def test_a_size_has_one_value() -> None:
    error = refusal("X: (3, m); m = 2; X = [[1], [1], [1]]; Y = X/m")
    assert error.message == "axis 1 of X is 1, but m is already 2"


def test_a_definition_must_have_its_declared_shape() -> None:
    error = refusal("x: 3; y: 4; y = 2*x")
    assert error.message == "y is declared as (4,) but its definition makes (3,)"


def test_rows_of_different_lengths_are_refused() -> None:
    assert "different lengths" in refusal("x = [[1], [2, 3]]; f = x").message


def test_an_index_has_one_range() -> None:
    error = refusal("x: n; y: m; f = sum_i x_i*y_i")
    assert error.message == "i runs over m in y (m,) but over n in x (n,)"
    assert refusal("x: n; f = sum_{i=1}^{m} x_i").message == "the sum runs to m, but i runs over n"


def test_elements_count_from_zero() -> None:
    error = refusal("w: 2; z = w0*a + w2*b")
    assert error.message == "w2 would be element 2 of w, which is (2,)"
    assert error.hint == "elements are counted from 0: w0 to w1"


def test_an_index_of_which_nothing_says_what_changes_asks_for_it() -> None:
    error = refusal("a: (n, 1); w: (n, 1); L = w.T @ a; J = sum_i L_i")
    assert error.message == "the index i at L: nothing says what changes with i"
    assert error.hint == "the index i at every input that changes: a_i, w_i"
    assert marked(error) == "L_i"


def test_examples_that_do_not_fit_their_numbers_ask_for_the_index() -> None:
    error = refusal("x = 3; L = w*x; J = sum_i L_i")
    assert error.message == "the index i at L: nothing says what changes with i"


def test_a_product_of_parameters_is_not_torn_apart_by_a_sign() -> None:
    error = refusal("f(a, b, c) = a/bc")
    assert error.message == "/bc can mean two things: bc is no name of its own"
    assert error.hint == "/(b*c), or * between them"


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("def f(x): return x**2", "def"),
        ("z = 2*x; return z", "return"),
        ("f = x; print(f)", "print"),
        ("lambda x: x**2", "lambda"),
        ("for i in range(3): x = 2", "for"),
    ],
)
def test_python_is_recognised_and_shown_the_way(text: str, mark: str) -> None:
    error = refusal(text)
    assert error.message == f"“{mark}” is Python; here every line defines something"
    assert error.hint is not None
    assert "dvar.explain(f, …)" in error.hint
    assert marked(error) == mark


@pytest.mark.parametrize("text", ["f = x where", "f = (x where y = 2)", "f = x, with y > 2"])
def test_a_word_of_prose_is_not_taken_for_a_quantity(text: str) -> None:
    assert "does not stand before a definition" in refusal(text).message


def test_vectors_beside_each_other_need_a_sign() -> None:
    error = refusal("x: 3; y: 3; f = x y")
    assert "do not say which product is meant" in error.message
    assert error.hint == "x * y element by element, x @ y for the matrix product"


def test_subscripts_of_einsum_are_checked() -> None:
    error = refusal("A: (2, 3); B: (2, 4); f = einsum('ij,jk->ik', A, B)")
    assert error.message == "einsum: axis j is 3 in A (2, 3) but 2 in B (2, 4)"


# ── limits ──────────────────────────────────────────────────────────────────────────────────────

LIMITS = [
    ("f = " + "x" * 100_000, "dvar reads at most 100,000"),
    ("f = " + "(" * 201 + "x" + ")" * 201, "nested more than 200 deep"),
    ("f = " + "-" * 5_000 + "x", "nested more than 200 deep"),
    ("f = " + "**".join(["x"] * 5_000), "nested more than 200 deep"),
    ("f = " + "sum_i " * 5_000 + "x_i", "nested more than 200 deep"),
    ("x = " + "[" * 100 + "1" + "]" * 100, "nested too deep"),
    ("f = " + "9" * 5_000, "too large"),
    (
        "f0(x) = x + 1; "
        + "; ".join(f"f{n + 1}(x) = f{n}(x + 1) + f{n}(2*x)" for n in range(30))
        + "; y = f30(t)",
        "grows too large",
    ),
]


@pytest.mark.parametrize(
    ("text", "message"), LIMITS, ids=[m[:18] + str(n) for n, (_, m) in enumerate(LIMITS)]
)
def test_a_text_beyond_the_limits_is_refused(text: str, message: str) -> None:
    assert message in refusal(text).message


def test_nothing_in_a_text_is_executed() -> None:
    for text in ("f = __import__('os').system('true')", "f = open('x')", "f = x.__class__"):
        assert refusal(text).message
