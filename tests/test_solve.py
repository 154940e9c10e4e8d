"""``solve``: blanks are filled with what is right, in the author's names, and nothing else is touched."""

from __future__ import annotations

import difflib
import json
import re
from pathlib import Path

import numpy as np
import pytest

from dvar.check.solve import Solution, solve
from dvar.check.worksheet import check
from dvar.cli import main
from dvar.core.errors import ReadError

ROOT = Path(__file__).parents[1]
SEEDS = ROOT.parent / "shared" / "seeds"
Capture = pytest.CaptureFixture[str]

NEURON = r"""A neuron: $z = w x + b$, $a = \sigma(z)$, $L = \frac{1}{2}(a - y)^2$
with $x = 2$, $w = 0.5$, $b = -1.5$, $y = 1$.

"""
CUBE = "Let $f = x^3 y$ with $x = 2$ and $y = 5$.\n\n"


def added(before: str, after: str) -> list[str]:
    """The lines that are new."""
    lines = difflib.ndiff(before.split("\n"), after.split("\n"))
    return [line[2:] for line in lines if line.startswith("+ ")]


def only(text: str) -> str:
    """The answer to the one question of a text, which holds up when the result is checked."""
    solution = sound(text)
    assert [u.reason for u in solution.unanswered] == []
    (answer,) = solution.answers
    return answer.answer


def sound(text: str, file: str | None = None) -> Solution:
    solution = solve(text, file=file)
    assert check(solution.text, file=file).faults == []
    return solution


# ── blanks ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("blank", "filled"),
    [
        (r"$\frac{df}{dx} = ?$", r"$\frac{df}{dx} = ANSWER$"),
        (r"$\frac{df}{dx} =$", r"$\frac{df}{dx} = ANSWER$"),
        (r"$\frac{df}{dx} = $", r"$\frac{df}{dx} = ANSWER $"),
        (r"$\frac{df}{dx} = \ldots$", r"$\frac{df}{dx} = ANSWER$"),
        (r"$\frac{df}{dx} = \_\_\_\_$", r"$\frac{df}{dx} = ANSWER$"),
        (r"$\frac{df}{dx} =$ ____", r"$\frac{df}{dx} = ANSWER$"),
        (r"$\frac{df}{dx} = \boxed{?}$", r"$\frac{df}{dx} = \boxed{ANSWER}$"),
        ("$$\n\\frac{df}{dx} = ?\n$$", "$$\n\\frac{df}{dx} = ANSWER\n$$"),
        (r"\[ \frac{df}{dx} = ? \]", r"\[ \frac{df}{dx} = ANSWER \]"),
    ],
)
def test_every_kind_of_blank_is_filled(blank: str, filled: str) -> None:
    answer = r"3 \, y \, x^{2} = 3 \cdot 5 \cdot 2^{2} = 60"
    assert sound(CUBE + blank + "\n").text == CUBE + filled.replace("ANSWER", answer) + "\n"


def test_an_aligned_row_is_filled_in_its_row() -> None:
    text = CUBE + "\\begin{align}\n\\frac{df}{dx} &= ? \\\\\n\\frac{df}{dy} &= ?\n\\end{align}\n"
    solution = sound(text)
    assert [a.value for a in solution.answers] == [60, 8]
    assert re.search(r"\\frac\{df\}\{dx\} &= 3 .* = 60 \\\\\n", solution.text)


def test_plain_text_is_answered_in_plain_text() -> None:
    text = "z = w*x + b\np = 1/(1 + exp(-z))\n\nw = 0.3, b = 0.1, x = 2\n\ndp/dw = ?\n"
    solution = sound(text, "notes.txt")
    assert "dp/dw = x * p * (1 - p) = 2 * 0.668188 * (1 - 0.668188) ≈ 0.443426" in solution.text
    assert "\\" not in solution.text
    assert "$" not in solution.text


def test_without_numbers_the_answer_is_a_formula() -> None:
    assert only(r"Let $f = x^3 y$. $\frac{df}{dy} = ?$") == "x^{3}"


def test_a_formula_that_stands_there_already_is_only_put_in_numbers() -> None:
    assert only(CUBE + r"$\frac{df}{dx} = 3 x^2 y = ?$") == "60"
    assert only(r"With $x = 3$ and $y = 4$: $r = \sqrt{x^2 + y^2} = ?$") == "5"


def test_a_result_may_be_asked_for_too() -> None:
    assert only(CUBE + "$f = ?$") == r"x^{3} \, y = 2^{3} \cdot 5 = 40"


def test_what_a_blank_line_defines_is_used_below() -> None:
    text = r"With $x = 2$: $u = x^2 = ?$ and $v = u + 1 = ?$ and $\frac{dv}{dx} = ?$"
    assert [a.value for a in sound(text).answers] == [4, 5, 4]


def test_an_update_asks_for_the_new_value() -> None:
    text = CUBE + r"With $\eta = 0.01$: $x := x - \eta \frac{df}{dx} = ?$"
    assert only(text) == "1.4"


def test_the_numbers_may_stand_below_where_only_a_number_is_wanted() -> None:
    text = "Let $f = x^2$.\n\n| | symbolic | value |\n|---|---|---|\n| $df/dx$ | | |\n\nHere $x = 3$.\n"
    assert added(text, sound(text).text) == [r"| $df/dx$ | $2 \, x$ | 6 |"]


# ── two columns, lists, questions ───────────────────────────────────────────────────────────────


def test_the_second_of_two_columns_wants_the_number() -> None:
    line = "1.\t$\\partial f / \\partial x =$\t$\\partial f / \\partial x =$\n"
    (first,) = added(CUBE + line, sound(CUBE + line).text)
    assert (
        first
        == "1.\t$\\partial f / \\partial x = 3 \\, y \\, x^{2}$\t$\\partial f / \\partial x = 60$"
    )


@pytest.mark.parametrize(
    "asked",
    [
        r"What is $\frac{\partial f}{\partial y}$?",
        r"Compute $\frac{\partial f}{\partial y}$.",
        r"Now find $\frac{\partial f}{\partial y}$ and explain it.",
        r"And $\frac{\partial f}{\partial y}$?",
        "Calculate the following:\n\n" + r"- $\frac{\partial f}{\partial y}$",
        "What are the values of:\n\n" + r"a) $\frac{\partial f}{\partial y}$",
    ],
)
def test_a_question_in_words_is_answered_below(asked: str) -> None:
    solution = sound(CUBE + asked + "\n\nThe end.\n")
    answer = r"> $\frac{\partial f}{\partial y} = x^{3} = 2^{3} = 8$"
    assert solution.text == f"{CUBE}{asked}\n\n{answer}\n\nThe end.\n"


@pytest.mark.parametrize(
    "said",
    [
        r"Recall that $\frac{\partial f}{\partial y}$ is a number.",
        r"Using $\frac{\partial f}{\partial y}$, we go on.",
        r"We computed $\frac{\partial f}{\partial y}$ above.",
        r"The gradient is what you want to compute: a step along $\frac{\partial f}{\partial y}$.",
    ],
)
def test_a_derivative_that_is_only_mentioned_is_no_question(said: str) -> None:
    solution = sound(CUBE + said)
    assert solution.text == CUBE + said
    assert not solution.answers
    assert not solution.unanswered


def test_the_wanted_ones_of_a_display_are_answered_one_by_one() -> None:
    text = CUBE + "Compute the following:\n\n" + r"$$\frac{df}{dx} \quad \frac{df}{dy}$$" + "\n"
    assert [a.value for a in sound(text).answers] == [60, 8]


# ── tables ──────────────────────────────────────────────────────────────────────────────────────


def test_a_row_is_answered_as_its_columns_say() -> None:
    text = CUBE + "| derivative | symbolic | value |\n|---|---|---|\n| $df/dy$ | | ? |\n"
    assert added(text, sound(text).text) == ["| $df/dy$ | $x^{3}$ | 8 |"]


def test_a_column_is_answered_with_the_numbers_of_its_row() -> None:
    text = "Let $f = x y$.\n\n| x | y | f |\n|---|---|---|\n| 2 | 3 | |\n| -1 | 4 | |\n"
    assert added(text, sound(text).text) == ["| 2 | 3 | 6 |", "| -1 | 4 | -4 |"]


def test_the_number_of_an_equation_stands_beside_it() -> None:
    text = CUBE + "| | |\n|---|---|\n| $\\frac{df}{dy} = x^3$ | |\n"
    assert added(text, sound(text).text) == [r"| $\frac{df}{dy} = x^3$ | 8 |"]


def test_a_column_of_gradients_is_of_what_the_table_ends_in() -> None:
    text = (
        "## A\n\nLet $g(u,v) = (u - v) v$ with $u = 3$, $v = 5$ and $r = u - v$.\n\n"
        "| node | value | gradient |\n|---|---|---|\n"
        "| u | 3 | |\n| v | 5 | |\n| r | | |\n| g | | 1 |\n\n"
        "## B\n\n$L = -\\log a$, $\\frac{\\partial L}{\\partial a} = -\\frac{1}{a}$\n"
    )
    rows = ["| u | 3 | 5 |", "| v | 5 | -7 |", "| r | -2 | 5 |", "| g | -10 | 1 |"]
    assert added(text, sound(text).text) == rows


def test_what_only_rounding_leaves_of_a_zero_is_zero() -> None:
    text = (
        "$w = 0.2$, $v = -0.3$, $b = 0.1$, $z = w + v + b$, $a = 5 z + 1$\n\n$z = ?$\n\n$a = ?$\n"
    )
    assert [float(a.value) for a in sound(text).answers] == [0, pytest.approx(1)]


def test_a_cell_that_nothing_asks_for_stays_empty() -> None:
    text = CUBE + "| name | remark |\n|---|---|\n| $x$ | |\n"
    assert solve(text).text == text


# ── answers ─────────────────────────────────────────────────────────────────────────────────────


def test_names_are_those_of_the_document() -> None:
    text = r"$\hat{y}^{(i)} = \theta_1 x^{(i)}$ and $E^{(i)} = (\hat{y}^{(i)} - t^{(i)})^2$. "
    answer = only(text + r"$\frac{\partial E^{(i)}}{\partial \theta_1} = ?$")
    assert answer == r"2 \, x^{(i)} \, \left(\hat{y}^{(i)} - t^{(i)}\right)"


def test_a_mean_keeps_its_sum_and_its_number_of_examples() -> None:
    text = r"$J = \frac{1}{2m} \sum_{i=1}^{m} (w x^{(i)} - y^{(i)})^2$. "
    answer = only(text + r"$\frac{\partial J}{\partial w} = ?$")
    inner = r"x^{(i)} \, \left(w \, x^{(i)} - y^{(i)}\right)"
    assert answer == rf"\frac{{1}}{{m}} \sum_{{i=1}}^{{m}} {inner}"


def test_the_sum_falls_away_for_one_of_its_terms() -> None:
    text = r"$J = \frac{1}{m} \sum_{i=1}^{m} (a^{(i)} - y^{(i)})^2$. "
    answer = only(text + r"$\frac{\partial J}{\partial a^{(i)}} = ?$")
    assert answer == r"\frac{1}{m} 2 \, \left(a^{(i)} - y^{(i)}\right)"


def test_a_size_that_nobody_tells_is_no_number() -> None:
    text = r"$J = \frac{1}{m} \sum_{i=1}^{m} w x^{(i)}$, $x^{(1)} = 2$, $x^{(2)} = 3$, $w = 1$. $J = ?$"
    assert all(a.value is None for a in sound(text).answers)


def test_matrices_are_multiplied_in_order() -> None:
    solution = sound((ROOT / "examples" / "layers.md").read_text("utf-8"))
    answers = {a.question: a.answer for a in solution.answers}
    assert answers[r"\frac{\partial L}{\partial W_2}"] == r"\left(z_2 - y\right) \, a_1^{\top}"
    assert answers[r"\frac{\partial L}{\partial a_1}"] == r"W_2^{\top} \, \left(z_2 - y\right)"


def test_arrays_are_computed_where_they_are_given() -> None:
    text = (
        r"$x = \begin{bmatrix} 1 \\ 2 \end{bmatrix}$, $W = \begin{bmatrix} 1 & 0 \\ 2 & -1 \end{bmatrix}$. "
        r"$z = W x = ?$ and $L = z^T z = ?$ and $\frac{\partial L}{\partial W} = ?$"
    )
    z, loss, gradient = (a.value for a in sound(text).answers)
    assert z is not None
    assert gradient is not None
    assert z.ravel().tolist() == [1, 0]
    assert loss == 1
    assert np.array_equal(gradient, [[2, 4], [0, 0]])


def test_a_name_for_the_question_is_no_answer() -> None:
    text = r"$y = x^2$. What is $\frac{dy}{dx}$? Refer to this result as $\delta$."
    assert only(text) == r"2 \, x"
    text = (
        r"$L = x^T x$ with $x \in \mathbb{R}^n$. $\frac{\partial L}{\partial x} = ?$ We say $dx$."
    )
    assert only(text) == r"2 \, x"


# ── steps ───────────────────────────────────────────────────────────────────────────────────────


def test_steps_stand_below_the_list_they_belong_to() -> None:
    text = NEURON + "1. $\\frac{\\partial L}{\\partial w} = ?$\n2. $z = ?$\n\nNext.\n"
    head, steps, tail = sound(text).text[len(NEURON) :].split("\n\n")
    assert head.startswith(r"1. $\frac{\partial L}{\partial w} = x \, a")
    assert steps.startswith("> $")
    assert r"\frac{\partial L}{\partial a} \cdot \frac{\partial a}{\partial z}" in steps
    assert tail == "Next.\n"


def test_one_step_needs_no_words() -> None:
    (answer,) = sound(CUBE + r"$\frac{df}{dy} = ?$").answers
    assert answer.steps == ()


def test_tex_quotes_its_steps_in_an_environment() -> None:
    solution = solve(ROOT / "examples" / "cost.tex")
    assert solution.text.count(r"\begin{quote}") == 1
    assert solution.text.rstrip().endswith(r"\end{document}")
    assert check(solution.text, file="cost.tex").ok


# ── what cannot be answered ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (r"$\frac{\partial L}{\partial w} = ?$", "has no formula"),
        (r"$f = x^2$ and $\frac{df}{dy} = ?$", "nothing connects"),
        ("$q = ?$", "has no formula"),
        ("Let $x = 2$.\n\n| | formula |\n|---|---|\n| $x$ | |\n", "given"),
    ],
)
def test_an_open_question_is_left_and_listed(text: str, reason: str) -> None:
    solution = solve(text)
    assert solution.text == text
    (left,) = solution.unanswered
    assert reason in left.reason
    assert left.line == text.count("\n", 0, text.rindex(left.question)) + 1


def test_order_and_transposes_are_not_guessed_where_shapes_are_unclear() -> None:
    text = r"""$x \in \mathbb{R}^{n}$ and $W \in \mathbb{R}^{k \times n}$ in $z = x W + W x$, $L = z^2$.

$\frac{\partial L}{\partial W} = ?$
"""
    assert solve(text).text == text


# ── every other byte ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_rest_stays_byte_for_byte(tmp_path: Path, newline: str, mark: str) -> None:
    text = "> A quote &lt;here&gt;\n\n\tIndented\u00a0text,  \nx<sub>1</sub> ｆｕｌｌ\n\n" + CUBE
    text = text + "$\\frac{df}{dy} = ?$\n\nlast line without an end"
    path = tmp_path / "problem.md"
    path.write_bytes((mark + text.replace("\n", newline)).encode())
    solved = mark + text.replace("= ?", "= x^{3} = 2^{3} = 8").replace("\n", newline)
    assert solve(path).text == solved


def test_a_text_without_blanks_comes_back_as_it_is() -> None:
    for path in sorted((ROOT / "examples").glob("*.txt")):
        text = path.read_text("utf-8")
        assert solve(text).text == text


def test_solving_twice_changes_nothing() -> None:
    for path in sorted((ROOT / "examples").glob("*.md")):
        once = solve(path).text
        again = solve(once, file=path.name)
        assert [a for a in again.answers if a.question not in once] == []
        assert len(again.text) <= 2 * len(once)


@pytest.mark.parametrize("name", ["neuron.md", "layers.md", "cost.tex"])
def test_the_examples_hold_up_when_they_are_checked(name: str) -> None:
    solution = solve(ROOT / "examples" / name)
    report = check(solution.text, file=name)
    assert solution.unanswered == ()
    assert report.ok
    assert report.summary["unknown"] == 0


@pytest.mark.parametrize("start", ["001_", "003_"])
def test_practice_problems_gain_no_fault(start: str, tmp_path: Path) -> None:
    found = sorted(SEEDS.glob(f"{start}*.txt"))
    if not found:
        pytest.skip("the practice problems are not here")
    solution = solve(found[0])
    before = {j.source for j in check(found[0]).faults}
    (tmp_path / "solved.txt").write_text(solution.text, "utf-8")
    assert solution.answers
    assert {j.source for j in check(tmp_path / "solved.txt").faults} <= before


# ── how it is told ──────────────────────────────────────────────────────────────────────────────


def test_the_solution_is_data_too() -> None:
    solution = solve(CUBE + "$\\frac{df}{dy} = ?$ and $q = ?$", file="p.md")
    data = json.loads(json.dumps(solution.to_json()))
    assert data["file"] == "p.md"
    assert data["answers"] == [
        {
            "line": 3,
            "column": 1,
            "question": r"\frac{df}{dy}",
            "answer": "x^{3} = 2^{3} = 8",
            "value": 8.0,
            "steps": [],
        }
    ]
    assert [u["question"] for u in data["unanswered"]] == ["q"]


def test_the_command_writes_the_document_and_tells_what_is_open(
    capsys: Capture, tmp_path: Path
) -> None:
    path = tmp_path / "problem.md"
    path.write_text(CUBE + "$\\frac{df}{dy} = ?$ and $q = ?$\n", "utf-8")
    main(["solve", str(path)])
    out, err = capsys.readouterr()
    assert out == CUBE + "$\\frac{df}{dy} = x^{3} = 2^{3} = 8$ and $q = ?$\n"
    assert err == "dvar: line 3: q: q has no formula\n"
    main(["solve", str(path), "-o", str(tmp_path / "solved.md")])
    assert (tmp_path / "solved.md").read_text("utf-8") == out
    main(["solve", str(path), "--format", "json"])
    assert json.loads(capsys.readouterr().out)["answers"][0]["value"] == 8


def test_the_command_says_that_there_is_nothing_to_fill(capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "prose.md").write_text("Only words.\n", "utf-8")
    main(["solve", str(tmp_path / "prose.md")])
    assert capsys.readouterr() == ("Only words.\n", "dvar: there is no blank to fill\n")


def test_a_file_that_is_not_there_is_told(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["solve", "nowhere.md"])
    assert stop.value.code == 2
    assert "no file nowhere.md" in capsys.readouterr().err


def test_a_notebook_is_refused_with_a_way_out() -> None:
    notebook = '{"cells": [{"cell_type": "markdown", "source": ["$f = ?$"]}], "nbformat": 4}'
    with pytest.raises(ReadError, match="notebook"):
        solve(notebook, file="a.ipynb")
