"""LaTeX is read as an author means it; what cannot be read is pointed at."""

from __future__ import annotations

import time

import pytest

from dvar.core.dims import show
from dvar.core.errors import FormulaError, ShapeError
from dvar.engine.reference import evaluate
from dvar.read.latex.reader import looks_like_latex, parse_latex, read_latex
from dvar.read.syntax import (
    Array,
    Binary,
    Call,
    Cases,
    Component,
    Declare,
    Expr,
    Index,
    Name,
    Number,
    Statement,
    Sum,
    Transpose,
    Unary,
)
from dvar.read.text.formula import read_formula
from dvar.write.notation import latex


def shown(e: Expr | None) -> str:  # noqa: C901  one case for each kind of tree
    """A tree on one line; juxtaposition is a blank, cdot a dot, an index stands in <>."""
    match e:
        case None:
            return ""
        case Number():
            return repr(e.value)
        case Name():
            return e.name
        case Unary():
            return f"-{shown(e.operand)}"
        case Binary(operator="juxt"):
            return f"({shown(e.left)} {shown(e.right)})"
        case Binary(operator="cdot"):
            return f"({shown(e.left)}.{shown(e.right)})"
        case Binary():
            return f"({shown(e.left)}{e.operator}{shown(e.right)})"
        case Call():
            keywords = [f"{k}={shown(v)}" for k, v in e.kwargs]
            return f"{e.function}({', '.join([*map(shown, e.args), *keywords])})"
        case Transpose():
            return f"{shown(e.operand)}.T"
        case Index():
            return f"{shown(e.operand)}[{', '.join(map(shown, e.items))}]"
        case Component():
            mark = "example " if e.example else ""
            return f"{shown(e.operand)}<{mark}{','.join(e.indices)}>"
        case Sum():
            return f"sum[{e.index}={shown(e.low)}..{shown(e.high)}]{{{shown(e.body)}}}"
        case Array():
            return f"[{', '.join(map(shown, e.items))}]"
        case Cases():
            return "{" + "; ".join(f"{shown(v)} if {shown(c)}" for v, c in e.branches) + "}"
        case _:
            raise TypeError(e)


def line(statement: Statement) -> str:
    if isinstance(statement, Declare):
        return f"{', '.join(statement.names)}: ({', '.join(map(shown, statement.shape))})"
    parameters = f"({', '.join(statement.parameters)})" if statement.parameters else ""
    indices = f"<{','.join(statement.indices)}>" if statement.indices else ""
    left = " = ".join(statement.names) + parameters + indices
    return f"{left} = {shown(statement.value)}".removeprefix(" = ")


def read(text: str, *known: str) -> str:
    return " | ".join(map(line, parse_latex(text, known).statements))


def refusal(text: str) -> FormulaError:
    with pytest.raises(FormulaError) as caught:
        parse_latex(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        (r"w_1", "w1"),
        (r"W_{1}", "W1"),
        (r"w1", "w1"),
        (r"\hat y", "yhat"),
        (r"\hat{y}_1", "yhat1"),
        (r"\hat{y_1}", "yhat1"),
        (r"\widehat{y}", "yhat"),
        (r"y_{hat}", "yhat"),
        (r"\hat{\mathbf{y}}", "yhat"),
        (r"\bar z", "zbar"),
        (r"D_x", "D_x"),
        (r"D_{a_1}", "D_a1"),
        (r"W_{out}", "W_out"),
        (r"y_{\text{true}}", "y_true"),
        (r"W^{[1]}", "W1"),
        (r"W^{(2)}", "W2"),
        (r"\mathbf{W}_1", "W1"),
        (r"\mathit{W1}", "W1"),
        (r"\mathbf{W_1}", "W1"),
        (r"\boldsymbol{\theta}", "theta"),
        (r"\mathcal{L}", "L"),
        (r"\ell", "ell"),
        (r"\varepsilon", "epsilon"),
        (r"θ", "theta"),
        (r"w^*", "wstar"),
        (r"y'", "yprime"),
    ],
)
def test_a_name_is_the_one_of_the_text_notation(text: str, meaning: str) -> None:
    assert read(text) == meaning


@pytest.mark.parametrize(
    "mark", ["T", r"\top", r"{\top}", r"\mathsf{T}", r"{\mathrm{T}}", r"\intercal"]
)
def test_every_way_to_write_a_transpose_is_one(mark: str) -> None:
    assert read(rf"w^{mark} x") == "(w.T x)"


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        (r"x^{(i)}", "x<example i>"),
        (r"x_1^{(i)}", "x1<example i>"),
        (r"x^{(i)}_1", "x1<example i>"),
        (r"a^{[2](i)}", "a2<example i>"),
        (r"x^{(i)^T}", "x<example i>.T"),
        (r"x^{(i)T}", "x<example i>.T"),
        (r"x^{(n+1)}", "(x**(n+1))"),
    ],
)
def test_a_letter_in_brackets_above_is_an_example(text: str, meaning: str) -> None:
    assert read(text) == meaning


def test_a_subscript_is_an_index_where_a_sum_binds_it_and_a_label_elsewhere() -> None:
    assert read(r"\sum_{i=1}^{n} W_{ij} x_i") == "sum[i=1..n]{(W_ij x<i>)}"
    assert read(r"\sum_{i,j} W_{ij} x_j") == "sum[i=..]{sum[j=..]{(W<i,j> x<j>)}}"


def test_the_example_is_chosen_before_the_entry() -> None:
    for text in (r"\sum_j x_j^{(i)}", r"\sum_j x^{(i)}_j"):
        assert read(text) == "sum[j=..]{x<example i><j>}"


def test_an_index_on_the_left_binds_the_right_side() -> None:
    assert read("F_i = x_0 x_i") == "F<i> = (x0 x<i>)"
    assert read(r"F_2(x)_i = x_0 \cdot x_i") == "F2(x)<i> = (x0.x<i>)"
    assert (
        read(r"p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}") == "p<k> = (exp(z<k>)/sum[j=..]{exp(z<j>)})"
    )


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        (r"bc", "(b c)"),
        (r"w_1x + b", "((w1 x)+b)"),
        (r"3(a + bc)", "(3 (a+(b c)))"),
        (r"a(1-a)", "(a (1-a))"),
        (r"(3)(1)(b)", "((3 1) b)"),
        (r"d_3 2x_0", "((d3 2) x0)"),
        (r"0.1(-1.92)", "(0.1 -1.92)"),
        (r"-x^2", "-(x**2)"),
        (r"-a b + c", "(-(a b)+c)"),
        (r"A \times B \ast C \odot D \circ E", "((((A.B)*C)*D)*E)"),
        (r"g \odot W x", "(g*(W x))"),
        (r"\frac1n w^T x", "((1/n) (w.T x))"),
        (r"W^T d x^T", "((W.T d) x.T)"),
        (r"x^T A x", "((x.T A) x)"),
        (r"1/2m", "(1/(2 m))"),
        (r"1/2 m", "((1/2) m)"),
        (r"a/bc", "((a/b) c)"),
        (r"(1-y)/(1-\hat y)", "((1-y)/(1-yhat))"),
        (r"\frac12 x", "((1/2) x)"),
        (r"\frac1{2m}", "(1/(2 m))"),
        (r"\dfrac{-1}{m} \tfrac ab", "((-1/m) (a/b))"),
        (r"0 < x < 1", "((0<x)*(x<1))"),
        (r"x^{\circ 2}", "(x**2)"),
        (r"(Wx + b)_0", "((W x)+b)[0]"),
    ],
)
def test_products_bind_as_they_are_set(text: str, meaning: str) -> None:
    assert read(text) == meaning


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        (r"\frac{1}{1+e^{-z}}", "(1/(1+exp(-z)))"),
        (r"\sigma(z_2)", "sigmoid(z2)"),
        (r"\text{ReLU}(z) + ReLU(z) + \mathrm{relu}(z)", "((relu(z)+relu(z))+relu(z))"),
        (r"\operatorname{softmax}(z)", "softmax(z)"),
        (r"\log a b + c", "(log((a b))+c)"),
        (r"\log(a) b", "(log(a) b)"),
        (r"y \log a \log b", "((y log(a)) log(b))"),
        (r"\ln x + \log_2 x", "(log(x)+(log(x)/log(2)))"),
        (r"\sin^2 x + \tan^{-1} x", "((sin(x)**2)+arctan(x))"),
        (r"\max(0, x) + \min\{a, b, c\}", "(maximum(0, x)+minimum(minimum(a, b), c))"),
        (r"\sqrt{x} + \sqrt[3]{x}", "(sqrt(x)+(x**(1/3)))"),
        (r"|x - 1| + \left| y \right| + a|b|c", "((abs((x-1))+abs(y))+((a abs(b)) c))"),
        (r"\lVert x \rVert^2 + \|W\|_F + ||v||", "(((norm(x)**2)+norm(W))+norm(v))"),
        (r"\lVert w \rVert_1", "norm(w, ord=1)"),
        (r"\mathbb{1}[z > 0]", "{1 if (z>0); 0 if }"),
        (r"\mathbf{1}_{\{z > 0\}} x", "({1 if (z>0); 0 if } x)"),
        (r"\mathcal{L}(a^{(i)}, y^{(i)})", "L(a<example i>, y<example i>)"),
        (r"h_\theta(x) - y", "(h_theta(x)-y)"),
        (r"\text{softmax}(z, axis=1)", "softmax(z, axis=1)"),
        (r"w_2(1,2)h_2", "(w2[0, 1] h2)"),
        (r"sort(x)", "sort(x)"),
    ],
)
def test_functions_take_what_is_theirs(text: str, meaning: str) -> None:
    assert read(text) == meaning


def test_a_name_before_a_bracket_is_what_the_text_makes_it() -> None:
    assert read(r"\alpha(1 - \alpha)") == "(alpha (1-alpha))"
    assert read(r"\sigma = 2 \\ y = \sigma(x - 1)") == "sigma = 2 | y = (sigma (x-1))"
    assert read(r"f(x) = x^2 \\ g = f(y)") == "f(x) = (x**2) | g = f(y)"
    assert read(r"J(w) = w^2 \\ L = J(w)") == "J(w) = (w**2) | L = J"


def test_e_is_a_variable_where_the_text_defines_it() -> None:
    assert read(r"e = y - \hat y \\ L = e^2") == "e = (y-yhat) | L = (e**2)"


def test_words_of_several_letters_are_names_once_defined_or_given() -> None:
    assert read("dz = a - y, dw = x dz") == "dz = (a-y) | dw = (x dz)"
    assert read(r"\alpha lr", "lr") == "(alpha lr)"
    assert read(r"w_1 - \alpha dw_1") == "(w1-(alpha dw1))"
    assert read("d = 2, y = dx") == "d = 2 | y = (d x)"
    assert parse_latex("cost").notes[0].startswith("cost is read as c·o·s·t")


def test_minus_one_above_a_matrix_is_its_inverse() -> None:
    declared = r"X \in R^{m \times n}, y \in R^{m \times 1} \\ "
    assert read(declared + r"w = (X^T X)^{-1} X^T y").endswith("w = (inv((X.T X)) (X.T y))")
    assert read(declared + r"A = X^T X + \lambda I \\ w = A^{-1} b").endswith("w = (inv(A) b)")
    assert read(declared + r"s = (y^T y)^{-1} + n^{-1}").endswith("s = (((y.T y)**-1)+(n**-1))")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        (r"\begin{bmatrix} a & b \\ c & d \end{bmatrix}", "[[a, b], [c, d]]"),
        (r"\begin{pmatrix} 1 \\ -2 \\ \end{pmatrix}", "[[1], [-2]]"),
        (r"\left[\begin{array}{cc} a & b \end{array}\right]", "[[a, b]]"),
        (r"(x_2, x_4, x_0)", "[x2, x4, x0]"),
        (r"[x_0, x_1]", "[x0, x1]"),
        (
            r"\begin{cases} x & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}",
            "{x if (x>0); 0 if }",
        ),
        (
            r"\begin{cases} 1, & z_1 > 0 \\ 0, & \text{when } z_1 \leq 0 \end{cases}",
            "{1 if (z1>0); 0 if (z1<=0)}",
        ),
    ],
)
def test_environments_are_arrays_and_cases(text: str, meaning: str) -> None:
    assert read(text) == meaning


def test_a_sum_ends_at_the_next_plus_or_minus() -> None:
    assert read(r"\sum_i a_i b_i - c") == "(sum[i=..]{(a<i> b<i>)}-c)"
    mean = r"J = -\frac1m \sum_{i=1}^{m} \left[ y^{(i)} + 1 \right]"
    assert read(mean) == "J = -((1/m) sum[i=1..m]{(y<example i>+1)})"


def test_an_index_outside_its_sum_is_a_missing_bracket() -> None:
    error = refusal(r"J = \sum_i y_i \log a_i + (1 - y_i)")
    assert "outside its sum" in error.message
    assert error.source is not None
    assert error.source.column == 32


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        (r"x \in \mathbb{R}^{D_x \times 1}", "x: (D_x, 1)"),
        (r"W_1 \in R^{a \times b}, b_1 \in R^{a}", "W1: (a, b) | b1: (a)"),
        (r"x^{(i)} \in \mathbb R^n", "x: (n)"),
        (r"x, y \in \mathbb{R}", "x, y: ()"),
        (r"y \in \{0, 1\}^m", "y: (m)"),
        (r"x \in D_x \times 1", "x: (D_x, 1)"),
        (r"z = \underbrace{w}_{\in R^{m \times n}} x", "w: (m, n) | z = (w x)"),
    ],
)
def test_membership_declares_a_shape(text: str, meaning: str) -> None:
    assert read(text) == meaning


@pytest.mark.parametrize(
    "text",
    [
        "z = w x\na = z^2",
        r"z = w x \\ a = z^2",
        r"z = w x; a = z^2.",
        r"z = w x, \quad a = z^2",
        r"z = w x, a = z^2,",
        r"z = w x \qquad a = z^2",
        r"$z = w x$ and then $a = z^2$, where $w$ is a weight",
        "$$z = w x$$\n\n$$a = z^2$$",
        r"\[ z = w x \] \( a = z^2 \)",
        r"\begin{align*} z &= w x \\ a &= z^2 \end{align*}",
        r"\begin{aligned} z &= w x \\[2pt] a &= z^2 \end{aligned}",
        r"\begin{equation} z = w x \label{eq:1} \end{equation} gives $a = z^2$",
        r"z = w x \text{ and } a = z^2",
        "1) z = w x\n2) a = z^2",
        "z = w x % a comment, with a = 3\na = z^2",
        r"z = w \, x \; \Rightarrow a = {z}^{2}",
        "z =\n w x \\\\ a = z^2",
        r"z \coloneqq w\,x \quad a := z^2",
        r"z\ =\ w\ x \ a = z^2",  # a shell took one backslash
    ],
)
def test_definitions_may_be_separated_in_many_ways(text: str) -> None:
    assert read(text) == "z = (w x) | a = (z**2)"


def test_a_line_that_begins_with_an_operator_goes_on() -> None:
    assert read("f = a\n + b") == "f = (a+b)"
    assert read(r"\begin{aligned} f &= a \\ &\quad - b \end{aligned}") == "f = (a-b)"


def test_a_chain_names_one_value_several_times() -> None:
    assert read(r"\hat{y} = a = \sigma(z)") == "yhat = a = sigmoid(z)"
    assert read(r"\hat y = g(z) = z^2") == "g(z) = (z**2) | yhat = g"


def test_the_first_value_of_a_chain_is_read_and_the_rest_is_said() -> None:
    parsed = parse_latex(r"\alpha = \sigma(z) = \frac{1}{1+e^{-z}} \approx 0.73")
    assert line(parsed.statements[0]) == "alpha = sigmoid(z)"
    assert r"\sigma(z) is read" in parsed.notes[0]


def test_an_underbrace_names_a_part() -> None:
    assert read(r"J(a, b, c) = 3(a + \underbrace{bc}_u)") == "u = (b c) | J(a, b, c) = (3 (a+u))"
    assert read(r"v = a + \underbrace{bc}_u \\ u = bc") == "v = (a+(b c)) | u = (b c)"
    assert read(r"v = \underbrace{bc}_{\text{product}}") == "v = (b c)"


def test_an_overview_gives_way_to_the_definition_in_steps() -> None:
    parsed = parse_latex(r"J(a, b, c) = 3(a + bc) \\ u = bc \\ v = a + u \\ J = 3v")
    assert [line(x) for x in parsed.statements] == ["u = (b c)", "v = (a+u)", "J = (3 v)"]
    assert "later definition" in parsed.notes[0]


def test_a_definition_written_twice_is_read_once() -> None:
    assert read("$z = w x$ and again $z=wx$ with $a = z^2$") == "z = (w x) | a = (z**2)"


def test_a_whole_network_is_read() -> None:
    text = r"""
    $$z_{1} = W_{1} x^{(i)} + b_{1}$$
    $$a_{1} = ReLU(z_{1})$$
    $$\hat{y}^{(i)} = \sigma(W_2 a_1 + b_2)$$
    $$L^{(i)} = y^{(i)} * \log(\hat{y}^{(i)}) + (1 - y^{(i)}) * \log(1 - \hat{y}^{(i)})$$
    $$J = \frac{-1}{m} \sum_{i=1}^{m} L^{(i)}$$
    """
    assert read(text).split(" | ") == [
        "z1 = ((W1 x<example i>)+b1)",
        "a1 = relu(z1)",
        "yhat<i> = sigmoid(((W2 a1)+b2))",
        "L<i> = ((y<example i>*log(yhat<example i>))+((1-y<example i>)*log((1-yhat<example i>))))",
        "J = ((-1/m) sum[i=1..m]{L<example i>})",
    ]


@pytest.mark.parametrize(
    ("text", "column", "message", "hint"),
    [
        (r"y = \sigmod(z)", 4, r"\sigmod is not a command", None),
        (r"y = \tanhh(z)", 4, r"\tanhh is not a command", r"\tanh"),
        (r"z = {x + 1", 4, "{ is not closed", None),
        (r"z = (x + 1]", 10, "] does not close (", None),
        (r"z = x)", 5, ") closes nothing", None),
        (r"$z = x", 0, "$ is not closed", None),
        (r"\frac{dJ}{da} = 3", 0, "not a name: dvar finds derivatives", None),
        (r"y = \frac{da}{dz} x", 4, "this is a derivative", None),
        (r"y = \partial z", 4, "a derivative", None),
        (r"y = \text{ReLU}'(z)", 15, "a derivative", None),
        (r"x + y = 3", 0, "the left side of = is not a name", None),
        (r"y = x_", 5, "an argument is missing", None),
        (r"y = x + ", 6, "an operand is missing", None),
        (r"y = 3 4", 6, "two numbers", r"\cdot between them"),
        (r"y = 2^10", 6, "only 1 is raised", "^{10}"),
        (r"y = 1,000", 5, "a comma here", "1{,}000 for a thousand"),
        (r"y = sigmod(x)", 4, "sigmod is not a function", "sigmoid"),
        (r"y = x?", 5, "? is not expected", None),
        (r"\begin{bmatrix} 1 & 2 \\ 3 \end{bmatrix}", 0, "2, 1 entries", None),
        (r"\begin{foo} x \end{foo}", 0, "the environment foo", None),
        (r"\sum_{i \neq 0} x_i", 6, "the range", None),
        (r"h_t = \tanh(h_{-1})", 13, "the subscript -1", None),
        (r"\newcommand{\x}{1}", 0, "macros are not expanded", None),
        (r"\log", 3, "needs an argument", None),
        ("", 0, "no formula", None),
        ("a = b \n c = $ d", 4, "$ is not closed", None),
    ],
)
def test_what_cannot_be_read_is_pointed_at(
    text: str, column: int, message: str, hint: str | None
) -> None:
    error = refusal(text)
    assert message in error.message
    assert error.source is not None
    assert error.source.column == column or "\n" in text
    assert hint is None or error.hint == hint


def test_an_error_names_file_and_line() -> None:
    with pytest.raises(FormulaError) as caught:
        parse_latex("z = w x\na = z ^", file="notes.tex")
    assert str(caught.value.source) == "notes.tex:2"


@pytest.mark.parametrize(
    "text",
    [
        "(" * 150 + "x" + ")" * 150,
        "x" + "^{x" * 120 + "}" * 120,
        "-" * 20000 + "x",
        "x" + "+x" * 20000,
        "x=1," * 10000,
        r"\begin{matrix}" + "1&" * 10000 + r"1\end{matrix}",
    ],
    ids=["brackets", "powers", "signs", "terms", "definitions", "entries"],
)
def test_large_formulas_are_read_in_time(text: str) -> None:
    start = time.monotonic()
    assert parse_latex(text).statements
    assert time.monotonic() - start < 10  # [s] generous: a slow machine, other work beside it


@pytest.mark.parametrize(
    "text",
    [
        "(" * 201 + "x" + ")" * 201,
        "{" * 50000,
        r"\sqrt" * 10000 + "x",
        r"\hat" * 10000 + "x",
        "|" * 20000,
        r"\text{" * 195 + "}" * 195,
        "x" + "'" * 30000,
        "x " * 60000,
    ],
    ids=["brackets", "open", "roots", "hats", "bars", "fonts", "primes", "size"],
)
def test_what_is_too_large_is_refused_in_time(text: str) -> None:
    start = time.monotonic()
    refusal(text)
    assert time.monotonic() - start < 10  # [s]


@pytest.mark.parametrize(
    "text", [r"\hat y", "$x$", "w^T x", "x_{1}", "x^{2}", "x^(i)", r"a \\ b\,c"]
)
def test_latex_is_recognised(text: str) -> None:
    assert looks_like_latex(text)


@pytest.mark.parametrize("text", ["q = x + y; f = q*z", "W1: (D_a, D_x)", "x**2 + x_1", "x.T @ y"])
def test_the_text_notation_is_not_taken_for_latex(text: str) -> None:
    assert not looks_like_latex(text)


SHAPES = {"W": ("k", "n"), "v": ("n",), "A": ("n", "n"), "X": ("m", "n"), "b": ("k",)}


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\hat y = \sigma(W v + b)", "yhat = sigmoid(W @ v + b)"),
        (r"L = \frac{1}{2m} \lVert X v - y \rVert^2", "L = 1/(2*m) * norm(X @ v - y)**2"),
        (r"f = \max(0, x) + |x| \log x", "f = maximum(0, x) + abs(x)*log(x)"),
        (r"u = v_0 v", "u = v[0]*v"),
        (r"w = A^{-1} v", "w = inv(A) @ v"),
        (r"p = \text{softmax}(W v)", "p = softmax(W @ v)"),
    ],
)
def test_latex_and_text_make_the_same_graph(latex: str, text: str) -> None:
    shapes = {**SHAPES, "y": ("m",)}
    a, b = read_latex(latex, shapes), read_formula(text, shapes)
    assert list(a.outputs.values()) == list(b.outputs.values())


@pytest.mark.parametrize(
    "text",
    [
        "x*y + z",
        "x/y/z",
        "x/(y*z)",
        "-(x + y)",
        "(-x)**2",
        "2**x",
        "x**y**z",
        "(x**y)**z",
        "x*exp(-y)",
        "exp(x)**2",
        "log(x)*y",
        "sin(x)*cos(y)",
        "tanh(x)**2",
        "x*-y",
        "2*x*3",
        "x - (y - z)",
        "sqrt(abs(x))",
        "maximum(x, y)",
        "clip(x, 0, 1)",
        "relu(W @ v + b)",
        "A.T @ v",
        "A @ A @ v",
        "A * A",
        "inv(A) @ v",
        "X.T @ (X @ v)",
        "mean((X @ v)**2)",
        "sum(X, axis=0)",
        "sum(sort(v))",
        "prod(v)",
        "yhat - y",
        "D_x*alpha",
        "loss*W1",
    ],
)
def test_what_the_writer_writes_is_read_back(text: str) -> None:
    graph = read_formula(f"f = {text}", SHAPES)
    node = graph.outputs["f"]
    written = latex(node, {x: name for name, x in graph.inputs.items()})
    assert read_latex(f"f = {written}", SHAPES).outputs["f"] is node


def test_the_numbers_of_a_worked_example_come_out() -> None:
    graph = read_latex(r"a = 5, b = 3, c = 2 \quad J(a, b, c) = 3(a + \underbrace{bc}_u)")
    values = {x: graph.values[name] for name, x in graph.inputs.items()}
    assert evaluate([graph.outputs["J"]], values) == [33]
    assert graph.values == {"a": 5, "b": 3, "c": 2}


def test_remarks_of_the_reader_are_kept() -> None:
    graph = read_latex(r"\alpha = \sigma(z) = \frac{1}{1 + e^{-z}}")
    assert any("is read" in note for note in graph.notes)


def test_a_shape_that_does_not_fit_is_pointed_at_in_the_latex() -> None:
    with pytest.raises(ShapeError) as caught:
        read_latex(r"W \in \mathbb{R}^{3 \times 2}, x \in \mathbb{R}^4 \quad z = W x")
    assert caught.value.source is not None


def test_names_in_a_product_of_vectors_are_vectors_and_that_is_said() -> None:
    graph = read_latex(r"z = w^T x + b")
    assert {name: show(x.shape) for name, x in graph.inputs.items()} == {
        "w": "(n,)",
        "x": "(n,)",
        "b": "scalar",
    }
    assert graph.outputs["z"].shape == ()
    assert "w and x are taken for vectors" in graph.notes[0]


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        (r"x \in \mathbb{R}^{D \times 1} \quad z = w^T x", "(D, 1)"),
        (r"x \in \mathbb{R}^{D} \quad z = w^T x", "(D,)"),
        (r"z = \frac{1}{n} w^T x", "(d,)"),
        (
            r"x^{(i)} \in \mathbb{R}^{D} \quad z^{(i)} = w^T x^{(i)} \quad J = \sum_{i=1}^m z^{(i)}",
            "(D,)",
        ),
    ],
)
def test_a_vector_takes_its_length_from_the_other(text: str, shape: str) -> None:
    assert show(read_latex(text).inputs["w"].shape) == shape


def test_definitions_may_come_after_their_use() -> None:
    graph = read_latex(r"J(\hat y) = (y - \hat y)^2; \hat y(z) = \text{Relu}(z); z(w) = w x")
    assert list(graph.outputs) == ["J"]


@pytest.mark.parametrize(
    ("text", "is_latex"),
    [
        ("z = w^T x + b", True),
        (r"f = \|w\|^2", True),
        ("A: (3, 3); f = x^T A x", False),
        ("J = 1/m * sum_{i=1}^m (w x_i - y_i)^2", False),
        ("y = 1/(1 + e^{-z}); z = w*x", False),
    ],
)
def test_the_notation_is_told_by_what_only_one_of_them_has(text: str, is_latex: bool) -> None:
    assert looks_like_latex(text) is is_latex


def test_where_before_a_bracket_is_a_call_and_talk_elsewhere() -> None:
    called = read_latex(r"b = \text{where}(a > 1, a, 2) a")
    assert called.output[1].shape == ()
    assert list(read_latex(r"b = c^2 \text{ where } c = 2 a").inputs) == ["a"]


@pytest.mark.parametrize("by", ["shapes", "values"])
def test_numbered_letters_are_elements_of_an_array(by: str) -> None:
    given = {by: {"x": (5,) if by == "shapes" else [1, 2, 3, 4, 5]}}
    graph = read_latex("$F_1(x) = (x_2, x_4, x_3, x_0, x_1)$", **given)  # type: ignore[arg-type]
    assert list(graph.inputs) == ["x"]
    assert graph.output[1].shape == (5,)


def test_a_scalar_is_its_own_transpose() -> None:
    assert read_latex("L = w^T x", values={"w": 2, "x": 3}).output[1].shape == ()
