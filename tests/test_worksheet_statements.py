"""Statements of worksheets: where they begin and end, what holds for them; and that nothing breaks it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from timing import processor_time
from tree_notation import said, statements

from dvar.core.errors import FormulaError
from dvar.read.worksheet.document import Document, Region, Section
from dvar.read.worksheet.mathematics import (
    Lexicon,
    parse,
    read_region,
    read_statements,
    survey,
)
from dvar.read.worksheet.tree import walk

HERE = Path(__file__).parent


def document(
    *regions: str, latex: bool = True, kind: str = "display", around: str = ""
) -> Document:
    """A document of nothing but regions."""
    text = around
    found = []
    for content in regions:
        found.append(Region((len(text), len(text) + len(content)), kind, latex, 0))
        text += content + "\n\n"
    section = Section("", 1, None, (0, len(text)))
    return Document(text, None, (section,), tuple(found))


# ── statements ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a = 1, b = 2", ["a = 1", "b = 2"]),
        ("w_1 = w_2 = 0.3", ["w_'1' = w_'2' = 0.3"]),
        ("F(x) = (x_2, x_4)", ["F@(x) = tuple⟨x_'2', x_'4'⟩"]),
        ("x, y \\in R^n", ["tuple⟨x, y⟩ in Shape(n)"]),
        ("W_1 \\in R^{n \\times m}, b_1 \\in R^n", ["W_'1' in Shape(n, m)", "b_'1' in Shape(n)"]),
        (r"J = 3v \quad \frac{dJ}{dv} = 3", ["J = [3 _ v]", "D[J; v] = 3"]),
        (r"\frac{dJ}{da} \quad \frac{da}{dz}", ["D[J; a]", "D[a; z]"]),
        (r"a = b \text{ and } c = d", ["a = b", "c = d  “and”"]),
        (r"\frac{da}{dz} = A \Rightarrow a(1-a)", ["D[a; z] = A implies a@((+1-a))"]),
        (r"a = b \Rightarrow c = d", ["a = b", "c = d"]),
        (r"\therefore z = wx", ["z = [w _ x]"]),
        (r"\frac{\partial z}{\partial a} = w \Leftrightarrow S_3", ["D[z; a] = w iff S_'3'"]),
        (r"a \rightarrow v \rightarrow J", ["a to v to J"]),
        (r"w \leftarrow w - \alpha dw", ["w := (+w-[alpha _ dw])"]),
        ("w : = w - 1", ["w := (+w-1)"]),
        (r"J \mathrel{+}= 3", ["J += 3"]),
        (r"x \sim 0.5", ["x approx 0.5"]),
        (r"u \overset{!}{=} 0", ["u = 0"]),
        (r"u \stackrel{\text{def}}{=} 0", ["u := 0"]),
        ("1) x = 2", ["x = 2"]),
        ("(a) x = 2", ["x = 2"]),
        (r"\star \frac{dJ}{dL} = 1 \tag{3}", ["D[J; L] = 1"]),
        ("+ a_1 = 2.", ["a_'1' = 2"]),
        (r"\boxed{\frac{dL}{da} = 2}", ["D[L; a] = 2"]),
        (r"\\frac{\\partial L}{\\partial w} = x", ["D[L; w] = x"]),
        (r"W\_1 \* x", ["[W_'1' * x]"]),
        ("z &gt; 0", ["z > 0"]),
        ("a = b % = c", ["a = b"]),
        (r"w_1 \\ 0.692", ["w_'1'", "0.692"]),
        (r"\frac{dJ}{da} = ?", ["D[J; a] = □"]),
        (r"a = \_\_\_", ["a = □"]),
        (r"\partial f / \partial q =", ["D[f; q] = □"]),
        (r"\in D_x \times 1 \quad \in 1 \times m", ["in Shape(D_'x', 1)", "in Shape(1, m)"]),
        (r"y \in R^{1} \text{ (scalar)}", ["y in Shape(1)  “(scalar)”"]),
        (r"\text{we define } u(x) = x", ["u@(x) = x  “we define”"]),
        (r"\{ w := w - 1 \}", ["w := (+w-1)"]),
    ],
)
def test_statements_of_one_line(text: str, lines: list[str]) -> None:
    assert statements(text) == lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (r"\begin{aligned} a &= b \\ &= c + d \\ &\quad + e \end{aligned}", ["a = b", "= (+c+d+e)"]),
        (r"\begin{align} a &= b, & c &= d \\ e &= f \label{x} \end{align}", ["a = b", "c = d", "e = f"]),
        (r"\begin{eqnarray} a &=& b \\ &=& c \end{eqnarray}", ["a = b", "= c"]),
        (r"\begin{array}{rcl} a &=& b \\ c &=& d \end{array}", ["a = b", "c = d"]),
        (r"\left\{\begin{aligned} a &= b \\ c &= d\end{aligned}\right.", ["a = b", "c = d"]),
        (r"L = \left( a + b \right. \\ \left. + c \right)", ["L = (⟨(+a+b+c)⟩"]),
        (r"a &= b && \text{(mean)} \\ c &= d", ["a = b  “(mean)”", "c = d"]),
        ("z = wx + b\na = z", ["z = (+[w _ x]+b)", "a = z"]),
        ("L\n= a\n= b", ["L = a = b"]),
        ("\\frac{dL}{dw} = \\frac{dL}{da}\n\\frac{da}{dw} = 3", ["D[L; w] = [D[L; a] _ D[a; w]] = 3"]),
    ],
)  # fmt: skip
def test_rows_that_state_something_are_statements(text: str, lines: list[str]) -> None:
    assert statements(text) == lines


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (r"x_i = 1 \text{ for } i = 1, \ldots, m", "x_'i' = 1  if i = tuple⟨1, …, m⟩  “for”"),
        (r"x_i = 1, \qquad i = 1,\dots,n", "x_'i' = 1  if i = tuple⟨1, …, n⟩"),
        (r"a = b \quad (i \neq j)", "a = b  if i neq j"),
        (r"a = b \; \forall i \in S", "a = b  if i in S"),
        (r"\text{if } z > 0, \quad y = 1", "y = 1  if z > 0  “if”"),
        (r"z > 0 \Rightarrow y = 1", "y = 1  if z > 0"),
        (r"= 3c \quad \text{if } c=2 \Rightarrow 6.", "= [3 _ c] implies 6  if c = 2  “if”"),
        (r"h = 1 \text{ because } z > 0", "h = 1  if z > 0  “because”"),
        (r"\frac{\partial L}{\partial W}\Big|_{x=0} = 2", "D[L; W] = 2  if x = 0"),
        (r"\left.\frac{df}{dx}\right|_{x=2} = 3", "D[f; x] = 3  if x = 2"),
    ],
)
def test_conditions_belong_to_their_statement(text: str, line: str) -> None:
    assert statements(text) == [line]


def test_plain_lines_are_statements_and_equations_in_a_row_too() -> None:
    assert statements("x = -2, y = 5, and z = -4", latex=False) == [
        "x = neg(2)",
        "y = 5",
        "z = neg(4)  “and”",
    ]
    assert statements("q = x + y; f = q*z\nw <- w - 1", latex=False) == [
        "q = (+x+y)",
        "f = [q * z]",
        "w := (+w-1)",
    ]


def test_an_unknown_command_spoils_only_its_own_member() -> None:
    assert statements(r"a = \foo{x} = 3") == [r"a = !\foo is not known! = 3"]


def test_lost_brackets_are_found_again_where_that_is_safe() -> None:
    assert statements(r"\log(1-a = 3") == ["log!((+1-a)) = 3"]
    assert statements("= 2(a-y))") == ["= [2 _ (⟨(+a-y)⟩]"]
    assert "closes nothing" in statements("x = (a + b)) c")[0]


def test_code_has_whole_names_and_attributes() -> None:
    assert statements("dvar = np.sum(dx_norm * (x - mean) * -0.5, axis=0)", False, True) == [
        "dvar = sum!([dx_norm * (⟨(+x-mean)⟩ * neg(0.5)], axis=0)"
    ]
    assert statements("dW1 = X.T.dot(dz1)  # shape (3, 4)\nself.W1 -= lr * dW1", False, True) == [
        "dW_'1' = dot!(X^T, dz_'1')", "W_'1' -= [lr * dW_'1']"
    ]  # fmt: skip
    assert statements("# dL/dy = 2.94 - 1.0 = 1.94", False, True) == [
        "D[L; y] = (+2.94-1.0) = 1.94"
    ]
    assert statements("dl = (y - h)' * X;", False, True) == ["dl = [(⟨(+y-h)⟩^T * X]"]
    assert statements("for i in range(3):\n    pass", False, True) == []


def test_remainders_and_whole_quotients_are_no_comments() -> None:
    assert "not expected" in statements("i = n % 2", False, True)[0]
    assert "not expected" in statements("q = a // b", False, True)[0]
    assert statements("x = 3; % y = 4", False, True) == ["x = 3", "y = 4"]


# ── what the document says of its letters ───────────────────────────────────────────────────────


def test_runs_of_letters_are_names_where_the_document_uses_them_so() -> None:
    lexicon = survey(
        document(
            r"\mathrm{pos} = 3", "abc = 2", r"a + b + c", r"\frac{\partial E}{\partial err_{h1}}"
        )
    )
    assert {"pos", "err"} <= lexicon.names
    assert "abc" not in lexicon.names
    assert statements("2pos + abc", lexicon=lexicon) == ["(+[2 _ pos]+[a _ b _ c])"]


def test_functions_are_what_is_defined_with_parameters_or_primed() -> None:
    lexicon = survey(document("f(x, y) = xy", "u'(x) = 2", "z = a(1 - a)"))
    assert lexicon.functions == {"f", "u"}


def test_a_delta_always_in_front_of_a_letter_is_part_of_its_name() -> None:
    lexicon = survey(document(r"\delta h_t = 1", r"\delta \hat{c} = \delta h_t"))
    assert statements(r"\delta h_t = 1", lexicon=lexicon) == ["deltah_'t' = 1"]
    assert statements(r"\delta h_t = 1") == ["[delta _ h_'t'] = 1"]


def test_macros_of_the_document_are_put_in() -> None:
    around = r"\newcommand{\pd}[2]{\frac{\partial #1}{\partial #2}} \def\R{\mathbb{R}}"
    around += r"\DeclareMathOperator{\lse}{lse}"
    doc = document(r"\pd{L}{w} = \lse(x)", r"x \in \R^n", around=around)
    assert [said(s) for s in read_statements(doc)] == ["D[L; w] = logsumexp!(x)", "x in Shape(n)"]


def test_a_macro_that_uses_itself_or_grows_ends() -> None:
    doc = document(r"\a + \b", around=r"\newcommand{\a}{\a x} \newcommand{\b}{\a\a\a}")
    assert len(read_statements(doc)) == 1


def test_spans_point_into_the_document() -> None:
    doc = document("x = 1", r"\frac{da}{dz} = a(1 - a) = 0.24")
    found = read_statements(doc)[1]
    assert [doc.text[slice(*m.span)] for m in found.members] == [
        r"\frac{da}{dz}",
        "a(1 - a)",
        "0.24",
    ]
    assert doc.text[slice(*found.span)] == r"\frac{da}{dz} = a(1 - a) = 0.24"
    assert found.region == 1


# ── errors and robustness ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text", [r"\foo", "a +", r"\frac{1}", "x_", "(" * 200 + "x" + ")" * 200, ")x("]
)
def test_what_cannot_be_read_is_a_formula_error(text: str) -> None:
    with pytest.raises(FormulaError):
        parse(text)


_PIECES = st.sampled_from(
    [
        r"\frac",
        r"\partial",
        r"\sum",
        r"_",
        r"^",
        r"{",
        r"}",
        r"(",
        r")",
        r"[",
        r"]",
        r"\{",
        r"\}",
        r"|",
        r"\|",
        r"\left(",
        r"\right)",
        r"\left.",
        r"\right.",
        r"\right|",
        r"=",
        r"+",
        r"-",
        r"*",
        r"/",
        r"\cdot",
        r"&",
        r"\\",
        r",",
        r".",
        r";",
        r":",
        r"'",
        r"\text{if}",
        r"\text{and}",
        r"\text{so}",
        r"\begin{cases}",
        r"\end{cases}",
        r"\begin{aligned}",
        r"\end{aligned}",
        r"\hat",
        r"\mathbf",
        r"\begin{bmatrix}",
        r"\end{bmatrix}",
        r"\mathrm{d}",
        r"dL",
        r"dw",
        r"x",
        r"12",
        r"0.5",
        r"\log",
        r"\max",
        r"\nabla",
        r"\delta",
        r"\Rightarrow",
        r"\to",
        r"\quad",
        r"\foo",
        r"½",
        r"²",
        r"₁",
        r"σ",
        r"∂",
        r"ŷ",
        r"√",
        r"Σ",
        r"\sqrt",
        r"\over",
        r"\underbrace",
        r"\overset",
        r"\not",
        r"\in",
        r"\mathbb{R}",
        r"T",
        r"1[",
        r"I(",
        r"#",
        r"%",
        r"$",
        r"for",
        r"if",
        r"else",
        r"sum_",
        r"exp",
        r"->",
        r":=",
        r"+=",
        r"<=",
        r"\boxed",
        r"\newcommand{\a}{b}",
        r"\a",
        r"\substack",
        r"\rm",
        r"\color{red}",
        r"\operatorname",
        r"\Big|",
        r"d",
        r"D",
        r"\binom",
        r"!",
        r"**",
        r".^",
        r".T",
        r"np.",
        r"e",
        r"~",
        r"\;",
        r"<",
        r">",
        r"?",
        r"...",
        r"\forall",
        r"\limits",
        r"\int",
        r"\lim",
        r"\_",
        r"\*",
        r"\%",
        r"&lt;",
        r"\mid",
        r"\top",
        r"\prime",
        r"1e-5",
        r"1,000",
        r"}{",
    ]
)


_GLUES = st.sampled_from(["", " ", "\n"])
_KINDS = st.sampled_from(["latex", "plain", "code"])


@given(st.lists(_PIECES, max_size=40), _GLUES, _KINDS)
def test_no_soup_of_signs_breaks_the_reader(pieces: list[str], glue: str, kind: str) -> None:
    text = "ab " + glue.join(pieces)
    latex, code = kind == "latex", kind == "code"
    found = read_region(text, (3, len(text)), latex, Lexicon(), 0, code)
    assert found == read_region(text, (3, len(text)), latex, Lexicon(), 0, code)
    for statement in found:
        assert 3 <= statement.span[0] <= statement.span[1] <= len(text)
        for member in statement.members:
            assert (member.expr is None) == bool(member.is_blank or member.problem)
            parts = walk(member.expr) if member.expr is not None else ()
            assert all(3 <= p.span[0] <= p.span[1] <= len(text) for p in parts)


@given(st.text(max_size=60), st.booleans())
def test_no_text_breaks_the_reader(text: str, latex: bool) -> None:
    read_region(text, (0, len(text)), latex, Lexicon())


@pytest.mark.parametrize(
    "text",
    [
        "(" * 30000, "{" * 30000, "-" * 30000 + "x", r"\hat" * 9000, "x" + "^x" * 9000, r"\text{" * 3000,
        "|x" * 9000, ",".join(["a"] * 20000), ", 3" * 9000, "\n".join(["a = b"] * 6000), r" \\ & + c" * 6000,
        "x_{" * 3000, "d" * 30000,
        r"\begin{bmatrix}" + r"1 & 2 \\ " * 9000 + r"\end{bmatrix}",
    ],
)  # fmt: skip
def test_time_grows_with_the_length(text: str) -> None:
    with processor_time() as taken:
        read_region(text, (0, len(text)), True, Lexicon())
    assert taken() < 6


# ── documents ───────────────────────────────────────────────────────────────────────────────────

DOCUMENTS = [
    p
    for folder in ("worksheets", "fresh_worksheets")
    for p in sorted((HERE / folder).glob("*"))
    if p.suffix in (".md", ".tex", ".txt", ".ipynb")
]
SHARED = HERE.parent.parent / "shared"
DOCUMENTS += sorted((SHARED / "seeds").glob("0*.txt")) + sorted(
    (SHARED / "worksheets").glob("[0-9]*.md")
)


@pytest.mark.parametrize(
    "path",
    DOCUMENTS,
    ids=[p.name for p in DOCUMENTS],
)
def test_every_formula_of_a_worksheet_is_read(path: Path) -> None:
    from dvar.read.worksheet.pages import read_path

    doc = read_path(path)
    problems = [
        (doc.text[slice(*member.span)], member.problem)
        for statement in read_statements(doc)
        for member in statement.members
        if member.problem
    ]
    assert len(problems) <= 1, problems  # a formula that the document itself breaks, at most


def test_a_sign_alone_in_brackets_is_the_name_of_an_outcome() -> None:
    assert "!" not in statements("P(+|D) = 0.95")[0]
    assert "!" not in statements("P(D|+) = 0.08")[0]
