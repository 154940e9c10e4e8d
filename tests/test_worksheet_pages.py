"""Where mathematics stands in documents of many kinds, and what stands around it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from timing import processor_time

from dvar.core.errors import ReadError
from dvar.read.worksheet.document import Document, Region
from dvar.read.worksheet.pages import FORMATS, LIMIT, is_worksheet, read_document, read_path

SHARED = Path(__file__).parents[2] / "shared"


def shown(document: Document, region: Region) -> str:
    return document.text[slice(*region.span)]


def formulas(text: str, file: str = "notes.md") -> list[str]:
    document = read_document(text, file)
    return [shown(document, region) for region in document.regions]


def kinds(text: str, file: str = "notes.md") -> list[tuple[str, str]]:
    document = read_document(text, file)
    return [(region.kind, shown(document, region)) for region in document.regions]


def titles(text: str, file: str = "notes.md") -> list[tuple[str, str | None]]:
    """Each section with the title of the one around it."""
    sections = read_document(text, file).sections
    return [
        (section.title, None if section.parent is None else sections[section.parent].title)
        for section in sections[1:]
    ]


# -- delimiters


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("so $z = wx$ holds", "inline"),
        ("so $ z = wx $ holds", "inline"),
        (r"so \(z = wx\) holds", "inline"),
        (r"so \\(z = wx\\) holds", "inline"),
        ("so $`z = wx`$ holds", "inline"),
        ("so :math:`z = wx` holds", "inline"),
        ("so {math}`z = wx` holds", "inline"),
        ("so [latex]z = wx[/latex] holds", "inline"),
        ('<script type="math/tex">z = wx</script>', "inline"),
        ('<script type="math/tex; mode=display">z = wx</script>', "display"),
        ("$$z = wx$$", "display"),
        ("so $$ z = wx $$ holds", "display"),
        ("$$\nz = wx\n$$", "display"),
        ("\t$$ z = wx $$", "display"),
        ("        $$ z = wx $$", "display"),
        ("- item\n    $$\n    z = wx\n    $$", "display"),
        ("> $$\n> z = wx\n> $$", "display"),
        (r"\[ z = wx \]", "display"),
        ("\\\\[\nz = wx\n\\\\]", "display"),
        ("\\\\\\[\n\nz = wx\n\n\\\\]", "display"),
        ("a line\\\\\\[ z = wx \\] and", "display"),
        ("```math\nz = wx\n```", "display"),
        ("```latex\nz = wx\n```", "display"),
        ("```{math}\n:label: first\nz = wx\n```", "display"),
        ("\\begin{equation}\nz = wx\n\\end{equation}", "display"),
        ("| a | b |\n|---|---|\n| word | $z = wx$ |", "inline"),
    ],
)
def test_each_delimiter_gives_its_content(text: str, kind: str) -> None:
    assert ((kind, "z = wx")) in kinds(text)


def test_a_bare_align_keeps_its_environment_for_its_rows() -> None:
    text = "Then\n\\begin{align*}\na &= b \\\\\n  &= c\n\\end{align*}\nholds."
    assert formulas(text) == ["\\begin{align*}\na &= b \\\\\n  &= c\n\\end{align*}"]


def test_displays_on_one_line_share_a_group_and_others_do_not() -> None:
    document = read_document("\\[ a = 1 \\] \\[ b = 2 \\]\n\\[ c = 3 \\]\n\n$$d = 4$$\n\n$$e = 5$$")
    groups = [region.group for region in document.regions]
    assert groups[0] == groups[1]
    assert len(set(groups)) == 4


def test_prices_and_escaped_dollars_are_no_formulas() -> None:
    assert formulas("It costs $5 and $6, or \\$7, or 5$ for $x = 2$ pieces.") == ["x = 2"]


def test_a_dollar_that_is_never_closed_leaves_the_rest_readable() -> None:
    assert formulas("where $x = 2 and $y = 3$ hold") == ["x = 2", "y = 3"]


def test_a_display_that_is_never_closed_ends_with_its_line() -> None:
    text = "$$ x = 1\nis not closed\n\nA paragraph of prose that no display goes over.\n\n$$y = 2$$"
    assert formulas(text) == ["x = 1", "y = 2"]


def test_a_display_goes_over_blank_lines_when_no_prose_is_in_them() -> None:
    assert formulas("$$\ny = 2\n\n+ 3\n$$\n\nText.") == ["y = 2\n\n+ 3"]


def test_a_formula_in_the_words_of_a_formula_does_not_end_it() -> None:
    assert formulas(r"$f = 1 \text{ if $x > 0$}$") == [r"f = 1 \text{ if $x > 0$}"]


def test_escaped_brackets_of_citations_are_no_display() -> None:
    assert formulas(r"as shown \[1\] and \[2, 3\]") == []


def test_addresses_comments_and_attributes_are_no_formulas() -> None:
    text = (
        "See https://a.b/c?x=1&y=2, [a link](http://x.y/z=3) and ![fig](w=1.png){width=50%}.\n"
        "<!-- x = 1 -->\n<img src='a' width=300>\n"
        "<!--\ny = 2\n-->\n\n[ref]: http://a.b/?q=1\n"
    )
    assert formulas(text) == []


def test_front_matter_is_skipped() -> None:
    assert formulas("---\ntitle: a = b\nx: 3\n---\n$y = 1$\n") == ["y = 1"]


# -- plain formulas


@pytest.mark.parametrize(
    "line",
    [
        "dL/dw1 = -0.1360 * 1.0 = -0.1360",
        "∂E/∂w5 = ∂E/∂out_o1 * ∂out_o1/∂net_o1 * ∂net_o1/∂w5",
        "f(x, y, z) = (x + y) z",
        "F(x) = sort(x)",
        "w_{t+1} = w_t - lr * dL/dw",
        "σ'(z) = σ(z)(1 − σ(z))",
        "h_t = tanh(W_hh h_{t-1} + W_xh x_t)",
        "∇_W L = (p − y) xᵀ",
        "softmax(z)_i = exp(z_i) / Σ_j exp(z_j)",
        "MSE = (1/n) Σ (yᵢ - ŷᵢ)²",
        "θ₁ ← θ₁ − α (1/m) Σᵢ (h(xᵢ) − yᵢ) xᵢ",
        "error = target - output = 1 - 0.7 = 0.3",
        "new_weight = old_weight - learning_rate * gradient",
        "|x| = x if x >= 0",
        "f'(x) = 1 if x > 0 else 0",
        "d^2f/dxdy = 2x + cos(xy) - xy*sin(xy)",
        "p = softmax([1, 2, 3]) = [0.09, 0.24, 0.67]",
        "= W2^T * (y - a2) * f'(z1) * x",
        "J += -[y[i] log(a[i]) + (1-y[i]) log(1-a[i])]",
        r"\hat{y} = \sigma(w x + b)",
        "W ∈ ℝ^{3×4}",
    ],
)
def test_a_line_that_is_an_equation_is_one_region(line: str) -> None:
    assert kinds(line, "notes.txt") == [("plain", line)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "evaluating this function at x = -2, y = 5, and z = -4.",
            ["x = -2", "y = 5", "z = -4"],
        ),
        ("## Update (η = 0.1)", ["η = 0.1"]),
        ("#### Batch of 4, γ = 1, β = 0, ε = 1e-5", ["γ = 1", "β = 0", "ε = 1e-5"]),
        ("For i = 1 to m we sum.", ["i = 1"]),
        ("The loss = 0.5 × (y - t)² where y = 3.", ["loss = 0.5 × (y - t)²", "y = 3"]),
        ("the update is w <- w - lr * dw with lr=0.01.", ["w <- w - lr * dw", "lr=0.01"]),
        ("f(x)=x^2, f'(x)=2x → f'(3)=6", ["f(x)=x^2", "f'(x)=2x", "f'(3)=6"]),
        ("1) dE/db = δ * 1", ["dE/db = δ * 1"]),
        ("Learning rate: 0.1\n\n- w: 0.5", ["0.1", "w: 0.5"]),
        ("if the learning rate is 0.1", ["0.1"]),
        ("output of size (5 - 3 + 2)/1+1 = 5.", ["(5 - 3 + 2)/1+1 = 5"]),
        ("L = -y * log(a)\n    - (1-y) * log(1-a)", ["L = -y * log(a)\n    - (1-y) * log(1-a)"]),
        ("so a = 1 if b > 0, and c = 2", ["a = 1 if b > 0", "c = 2"]),
        ("a) x = 3 b) y = 4", ["x = 3", "y = 4"]),
        ("x = 3 (given), y = 2 * (a + b) (see above)", ["x = 3", "y = 2 * (a + b)"]),
        ("w_{new} = w_{old} - η dw", ["w_{new} = w_{old} - η dw"]),
        ("dz/dx = dz/dy . dy/dx holds . Then y = 2 .", ["dz/dx = dz/dy · dy/dx", "y = 2"]),
        ("其中x = 2，学习率η = 0.1，所以w=0.5。", ["x = 2", "η = 0.1", "w=0.5"]),
        ("don't use it's x = 3", ["x = 3"]),
    ],
)
def test_equations_are_found_inside_of_prose(text: str, expected: list[str]) -> None:
    assert formulas(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Use and/or, input/output and the x-axis; see Figure 3, Eq. (4) and model.py, v1.2.3, 2015-03-17.",
        "We need numpy==1.24 and foo=bar with axis=0.",
        "n = number of examples, L = the loss function, y = true label.",
        "error = 2 times the rate",
        "new weight = old weight - learning rate * gradient",
        "x -> y, a => b, bigger = better",
        "Run `for i in range(3): print(x)` and `x` or `keepdims=True`, `if x == 0`.",
        "the sum f(see below)/2 = 1",
        "z = 0,5 + 0,3 and i=1,2,...,n",
        '∇x ← ∇o ← ∇y, C\\<t> = 1, x = "text"',
    ],
)
def test_prose_is_not_mathematics(text: str) -> None:
    assert formulas(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "F(x) = x_0^*$ sort(x)",
        "ReLU′$(z)$ = 1 if $z>0$, else 0",
        r"\delta_4 = 0$ if $z_1 < 0, 1$ if $z_1 >= 0",
        "f(x) = 1$ if $x > 0$ and $0$ otherwise",
        "w_1$ = 0.47",
        "b$ ≈ $0.2",
        r"J = $\frac{1}{2m}$ $\sum_{i=1}^m$ (a - y)^2",
        r"w = w - $\alpha$ $\frac{dJ}{dw}",
        "CE $(p)$ = $-log(p)",
        "z = $w x$ + b",
    ],
)
def test_an_equation_half_in_dollars_is_one_region(text: str) -> None:
    line = text
    if text.split("$")[0].endswith(("*", "0", "1", "b")) or text.startswith(("w_1", "f(x)")):
        line = "$" + line
    line += "$" * (line.count("$") % 2)
    assert kinds(line + ", done.") == [("plain", text)]


def test_formulas_that_only_stand_side_by_side_stay_apart() -> None:
    text = "Given $a = 1$ and $b = 2$, $m$ = number of rows, $X$ is $2 \\times 3$."
    assert formulas(text) == ["a = 1", "b = 2", "m", "X", "2 \\times 3"]


def test_marks_of_emphasis_are_no_part_of_a_plain_formula() -> None:
    assert formulas("Here **N** = 50 and <i>x</i> = 3, y\\_hat = 2 \\* x.") == [
        "N   = 50",
        "x     = 3",
        "y_hat  = 2 *  x",
    ]


def test_markup_of_sub_and_superscripts_is_read() -> None:
    document = read_document("w<sub>1</sub> = 0.5, a &lt; b", "a.md")
    first, second = (shown(document, region) for region in document.regions)
    assert first.replace(" ", "") == "w_{1}=0.5"
    assert second.split() == ["a", "<", "b"]


# -- code


def test_fences_give_their_assignments_and_comments() -> None:
    text = """```python
import numpy as np
# forward: z = w*x + b
z = np.dot(W, x) + b  # shape (3, 1)
dW = (1/m) * np.dot(dZ,
      A.T)
for i in range(3):
    w -= lr * grad
    print(f"loss = {loss}")
name = "x = 3"
x = -2; y = 5
```
"""
    assert kinds(text) == [
        ("code", "z = w*x + b"),
        ("code", "z = np.dot(W, x) + b"),
        ("code", "dW = (1/m) * np.dot(dZ,\n      A.T)"),
        ("code", "w -= lr * grad"),
        ("code", "x = -2"),
        ("code", "y = 5"),
    ]
    assert {region.language for region in read_document(text).regions} == {"python"}


def test_fences_of_text_give_equations_and_printed_values() -> None:
    text = "```\nupdated w: 0.52115\nEpoch 3: 0.1\nthe gradient is dL/dw = 2x\n# y = 0.9*0.7 = 0.63\n```"
    assert formulas(text) == ["updated w: 0.52115", "dL/dw = 2x", "y = 0.9*0.7 = 0.63"]


def test_fences_of_other_languages_give_nothing() -> None:
    assert formulas("```bash\nX=3\n```\n\n```json\n{'a': 3}\n```\n\n```yaml\nlr: 0.1\n```") == []


def test_matlab_keeps_its_transposes_and_drops_its_semicolons() -> None:
    text = "```matlab\ngrad = (1/m).*x' * (h-y); % the gradient\ntheta = theta - inv(h) * dl';\n```"
    assert formulas(text) == ["grad = (1/m).*x' * (h-y)", "theta = theta - inv(h) * dl'"]


def test_code_in_backticks_is_a_region_where_it_computes() -> None:
    text = (
        "- `dbeta = np.sum(dout, axis=0)`\n- `dh1[h1 <= 0] = 0` leaves\n- the `dW`, `$x$` and `x+=`\n"
        "- `A = 1 / (1 + z) # where z is`, `b = -3, w = [1,1]`, `db` = `np.sum(dZ)`\n"
    )
    assert kinds(text) == [
        ("code", "dbeta = np.sum(dout, axis=0)"),
        ("code", "dh1[h1 <= 0] = 0"),
        ("inline", "x"),
        ("code", "A = 1 / (1 + z)"),
        ("code", "b = -3"),
        ("code", "w = [1,1]"),
        ("code", "db` = `np.sum(dZ)"),
    ]


# -- words


def words(text: str) -> list[tuple[str, str]]:
    return [(region.before, region.after) for region in read_document(text, "a.md").regions]


def test_the_words_of_a_sentence_stand_around_a_region() -> None:
    text = "Let it be. Assume $x = 1$ and *also* $y = 2$ hold. What is $z$?"
    assert words(text) == [
        ("Assume", "and also $ hold."),
        ("Assume $ and also", "hold."),
        ("What is", "?"),
    ]


def test_abbreviations_do_not_end_a_sentence() -> None:
    assert words("Take e.g. $x = 1$, see Eq. 3 with $y = 2$.")[1] == (
        "Take e.g. $ , see Eq. 3 with",
        ".",
    )


def test_a_sentence_goes_on_over_a_blank_line_into_a_display() -> None:
    text = "Given data:\n\n$$a = 1$$\n\n$$b = 2$$\n\nwhere $c$ is fixed. New."
    assert words(text) == [
        ("Given data:", ""),
        ("Given data: $", "where $ is fixed."),
        ("Given data: $ $ where", "is fixed."),
    ]


def test_a_formula_in_a_line_of_words_does_not_introduce_the_next_display() -> None:
    assert words("with $z = 1$\n\n$$b = 2$$")[1] == ("", "")


def test_a_sentence_broken_over_a_blank_line_goes_on_in_lower_case() -> None:
    assert words("For the 0th\n\ncomponent, it is $x$.") == [("For the 0th component, it is", ".")]


def test_lines_of_equations_have_no_words_of_each_other() -> None:
    assert words("a = 1\nb = 2\nc = 3") == [("", "")] * 3


# -- tables


def test_cells_have_their_place_and_bare_formulas_are_cells() -> None:
    text = (
        "| x | $z_1$ | value | `dz` |\n|---|:-:|--:|---|\n"
        "| 3 | $P(a|b)$ | -0.8 | 0.92 a_1 |\n| | **0.5** | n/a | \\hat{y} |\n"
    )
    document = read_document(text)
    found = [
        (r.cell.row, r.cell.column, r.kind, shown(document, r)) for r in document.regions if r.cell
    ]
    assert found == [
        (0, 0, "cell", "x"),
        (0, 1, "inline", "z_1"),
        (0, 3, "code", "dz"),
        (1, 0, "cell", "3"),
        (1, 1, "inline", "P(a|b)"),
        (1, 2, "cell", "-0.8"),
        (1, 3, "cell", "0.92 a_1"),
        (2, 1, "cell", "0.5"),
        (2, 3, "cell", r"\hat{y}"),
    ]


def test_tables_of_tex_html_and_grids_are_read() -> None:
    tex = (
        "\\begin{tabular}{|c|c|}\n\\hline\n$x$ & value \\\\ \\hline\n$z$ & 0.5 \\\\\n\\end{tabular}"
    )
    html = "<table><tr><th>x</th></tr><tr><td>0.5</td></tr></table>"
    grid = "+---+-----+\n| x | 0.5 |\n+===+=====+\n| y | 1.5 |\n+---+-----+"
    assert formulas(tex, "a.tex") == ["x", "z", "0.5"]
    assert formulas(html) == ["x", "0.5"]
    assert formulas(grid, "a.rst") == ["x", "0.5", "y", "1.5"]


def test_rows_are_groups_and_tables_are_numbered() -> None:
    table = "| a | b |\n|---|---|\n| 1 | 2 |\n"
    document = read_document(f"{table}\ntext\n\n{table}")
    assert [r.cell.table for r in document.regions if r.cell] == [0] * 4 + [1] * 4
    assert len({r.group for r in document.regions}) == 4


# -- sections


def test_headings_nest_by_level() -> None:
    text = "# A\n\n## B **b** $x$\n\ntext\n\n### C\n\n## D\n\nTitle\n=====\n\nSub\n---\n"
    assert titles(text) == [
        ("A", None),
        ("B b $x$", "A"),
        ("C", "B b $x$"),
        ("D", "A"),
        ("Title", None),
        ("Sub", "Title"),
    ]


def test_labels_are_sections() -> None:
    text = (
        "Section 3: Practice\n\nProblem 1. Review\n\na\n\n(b)\n\nSolution 1:\n\nProblem 2: Given\n\n"
        "**Numbers**\n\n$x$\n\nSection 3 Solutions\n\nQ3 loss\n\nLec 9. Descent\n\nStep 3 — Update\n"
    )
    assert titles(text) == [
        ("Section 3: Practice", None),
        ("Problem 1. Review", "Section 3: Practice"),
        ("a", "Problem 1. Review"),
        ("(b)", "Problem 1. Review"),
        ("Solution 1", "(b)"),
        ("Problem 2: Given", "Section 3: Practice"),
        ("Numbers", "Problem 2: Given"),
        ("Section 3 Solutions", None),
        ("Q3 loss", "Section 3 Solutions"),
        ("Lec 9. Descent", None),
        ("Step 3 — Update", "Lec 9. Descent"),
    ]


def test_rules_and_prose_open_no_section() -> None:
    text = "a line\n\n***\n\nProblem 3 of the set asks for more.\n\n---\n\nStep 1: z = 3\n\nPart of it.\n"
    assert titles(text) == []


def test_a_region_knows_its_section() -> None:
    document = read_document("$a$\n\n# One with $b$\n\n$c$\n")
    assert [document.sections[r.section].title for r in document.regions] == [
        "",
        "One with $b$",
        "One with $b$",
    ]


# -- TeX and reStructuredText


TEX = r"""
\documentclass{article}
\newcommand{\x}{x = 2}
\begin{document}
\section{Forward pass with $n = 3$}
Let $x = 2$ % comment y = 3
and $w = 3$, so by~\eqref{eq:a=b}
\begin{align}
z &= wx \\ % note
  &= 6
\end{align}
\begin{itemize}
\item The bias is \(b = 1\), for \$5.
\end{itemize}
\begin{exercise}[Chain rule]
Find $dL/dw$.
\end{exercise}
\paragraph{Numbers} With $c = 0$:
\begin{lstlisting}[language=Python]
dz = a - y
def f(x):
\end{lstlisting}
\end{document}
junk = 3
"""


def test_tex_is_read_without_preamble_and_comments() -> None:
    found = formulas(TEX, "a.tex")
    assert found[:3] == ["n = 3", "x = 2", "w = 3"]
    assert found[3].startswith(r"\begin{align}")
    assert "note" not in found[3]
    assert found[4:] == ["b = 1", "dL/dw", "c = 0", "dz = a - y"]
    assert [title for title, _ in titles(TEX, "a.tex")] == [
        "Forward pass with $n = 3$",
        "Chain rule",
        "Numbers",
    ]


def test_restructured_text_is_read() -> None:
    text = (
        "Notes\n=====\n\n.. math::\n   :label: one\n\n   z = w x\n\n   a = \\sigma(z)\n\n"
        ".. math:: L = a^2\n\n.. code-block:: python\n\n   dz = a - y\n\n.. note:: With x = 2.\n"
    )
    assert formulas(text, "a.rst")[:4] == ["z = w x", "a = \\sigma(z)", "L = a^2", "dz = a - y"]


# -- files


def notebook(*cells: tuple[str, str | list[str]]) -> str:
    content = [{"cell_type": kind, "metadata": {}, "source": source} for kind, source in cells]
    return json.dumps({"cells": content, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def test_notebooks_give_their_cells_with_the_lines_of_the_file() -> None:
    raw = notebook(
        ("markdown", ["# One\n", "\n", "with $x = 1$"]),
        ("code", ["y = 2\n"]),
        ("markdown", "a single string\nwith $z = 3$"),
        ("markdown", ["```\n", "never closed\n"]),
        ("markdown", ["$w = 4$"]),
    )
    document = read_document(raw, "a.ipynb")
    assert [shown(document, r) for r in document.regions] == ["x = 1", "y = 2", "z = 3", "w = 4"]
    lines = raw.split("\n")
    insides = ["$x = 1$", "y = 2", "$z = 3$", "$w = 4$"]
    for region, inside in zip(document.regions, insides, strict=True):
        assert inside in lines[document.place(region.span[0])[0] - 1]


@pytest.mark.parametrize(
    ("content", "file", "message"),
    [
        (b"", "a.md", "empty"),
        (b"  \n ", None, "empty"),
        (b"\x00\x01\x02", "a.md", "binary"),
        ("x\0y", None, "binary"),
        (b"caf\xe9 x = 1", "a.md", "0xe9 on line 1"),
        ("x = 1".encode("utf-16"), "a.txt", "UTF-16"),
        (b"x" * (LIMIT + 1), "a.md", "2,000,000"),
        ("{", "a.ipynb", "not valid JSON"),
        ("[" * 100_000, "a.ipynb", "not valid JSON"),
        ("[]", "a.ipynb", "no list of cells"),
        ('{"cells": 3}', "a.ipynb", "no list of cells"),
    ],
)
def test_what_cannot_be_read_is_said(content: str | bytes, file: str | None, message: str) -> None:
    with pytest.raises(ReadError, match=message):
        read_document(content, file)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="cannot open"):
        read_path(tmp_path / "none.md")


def test_a_worksheet_is_known_by_its_suffix_or_its_look(tmp_path: Path) -> None:
    for name, content, expected in [
        ("a.md", b"", True),
        ("README", "∂x\n".encode(), True),
        ("blob", b"\x00\x01", False),
        ("none.py", b"x", False),
    ]:
        (tmp_path / name).write_bytes(content)
        assert is_worksheet(tmp_path / name) is expected
    assert not is_worksheet(tmp_path / "missing")
    assert ".ipynb" in FORMATS


def test_signs_of_all_kinds_become_plain_and_places_stay() -> None:
    content = "\ufeffone\r\ntwo\u00a0$x\u200b = 1$\r\n\ty\u3000＝ 2\f\rend".encode()
    document = read_document(content, "a.txt")
    assert [shown(document, r) for r in document.regions] == ["x  = 1", "y = 2"]
    assert [document.place(r.span[0]) for r in document.regions] == [(2, 5), (3, 1)]


SIGNS = list("$$$$\\()[]{}|`*_#->~=<>:.,;&%'\"!?^ \n\n\txyzwdLa01279σ∂ŷ²ᵀ≈∈·")
PIECES = [
    *[
        "$$",
        "\n\n",
        "\r\n",
        "```\n",
        "| a | ",
        "---\n",
        "<!--",
        "-->",
        "<b>",
        "**",
        "\u200b",
        "\ue000",
        "\ue003",
    ],
    *[
        "\\begin{align}",
        "\\end{align}",
        "\\frac{",
        "\\item ",
        "\\(",
        "\\[",
        "\\]",
        "if ",
        "the ",
        "Problem 1. ",
    ],
]
NASTY = st.lists(st.sampled_from(SIGNS + PIECES), max_size=80).map("".join)


@settings(max_examples=400, deadline=None)
@given(NASTY, st.sampled_from(["a.md", "a.tex", "a.rst", "a.txt", "a.ipynb", None]))
def test_any_text_is_read_or_refused(text: str, file: str | None) -> None:
    try:
        document = read_document(text, file)
    except ReadError:
        return
    check(document)


@settings(max_examples=60, deadline=None)
@given(st.lists(NASTY, max_size=4))
def test_any_notebook_is_read(cells: list[str]) -> None:
    raw = notebook(*(("markdown", cell.splitlines(keepends=True)) for cell in cells))
    document = read_document(raw, "a.ipynb")
    check(document)
    assert document.lines is not None
    assert len(document.lines) == document.text.count("\n") + 1


def check(document: Document) -> None:
    """Spans are in order, inside of the text and apart; sections and groups are there."""
    position = 0
    for region in document.regions:
        start, stop = region.span
        assert position <= start < stop <= len(document.text)
        assert shown(document, region).strip() == shown(document, region)
        assert 0 <= region.section < len(document.sections)
        assert document.sections[region.section].span[0] <= start
        position = stop
    for n, section in enumerate(document.sections):
        assert section.parent is None or section.parent < n


@pytest.mark.parametrize(
    "unit",
    [
        *["$", "$$", "|", "*", "(", "`", "[", "{", "<", "\\", "_", "\\[", "\\(", "\\[\n"],
        *["(x=", "[^", "](", "{{<", "| a ", "|\n", "a$b ", "<!--\n", "```a\n", "# a ##b"],
        *["**a ", "$a ", "\\cite[", "x=1, ", "if x=1 ", "<td", "$x$ ", "word ", "- ", "\n"],
        *["\\begin{align}\n", "\\begin{tabular}\n", "a\\_"],
    ],
)
def test_time_grows_with_the_length_only(unit: str) -> None:
    def seconds(length: int) -> float:
        text = (unit * length)[:length]
        with processor_time() as taken, contextlib.suppress(ReadError):
            read_document(text + "x", "a.md")
        return taken()

    assert seconds(100_000) < 10 * seconds(25_000) + 1


# -- judged documents


def truths() -> Iterator[tuple[Path, Path]]:
    for seed in sorted((SHARED / "seeds").glob("0*.txt")):
        yield seed, SHARED / "seeds" / "truth" / f"{seed.name[:3]}.json"
    for worksheet in sorted((SHARED / "worksheets").glob("*.md")):
        yield worksheet, worksheet.with_suffix(".truth.json")


def wanted(item: dict[str, object]) -> str | None:
    """The formula of an entry; None where it is a fragment, or words with formulas in them."""
    if any(item.get(key) for key in ("fragment", "prose", "blank")) or item["kind"] == "prose":
        return None
    text = str(item.get("text") or item["latex"]).strip("#; ")
    spoken = [word for word in text.replace("$", " ").split() if word.isalpha() and len(word) > 3]
    return None if len(spoken) > 1 and "\\" not in text.split("$")[0] else text


def test_the_equations_of_judged_documents_lie_inside_of_regions() -> None:
    found, missed = 0, []
    for path, truth in truths():
        if not truth.exists():
            continue
        document = read_path(path)
        lines = document.text.split("\n")
        starts = [sum(len(line) + 1 for line in lines[:n]) for n in range(len(lines))]
        for item in json.loads(truth.read_text()):
            text, n = wanted(item), int(item["line"]) - 1
            if text is None:
                continue
            places = [starts[n] + k for k in range(len(lines[n])) if lines[n].startswith(text, k)]
            if any(
                r.span[0] <= place and place + len(text) <= r.span[1]
                for place in places
                for r in document.regions
            ):
                found += 1
            else:
                missed.append(f"{path.name}:{n + 1} {text}")
    if not found and not missed:
        pytest.skip("no judged documents here")
    assert found > 0.98 * (found + len(missed)), missed
