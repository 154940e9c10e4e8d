"""Explanations as stories: what is asked, and what the page says."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from systems import LOGISTIC, NETWORK, NETWORK_SHAPES

import dvar
from dvar.core.errors import FormulaError

NEURON = "z = w*x + b; a = sigmoid(z); L = -log(a)"
NEURON_AT = {"w": 0.5, "x": 2.0, "b": -1.5}
SMALL: dict[str, Any] = {
    "W1": [[0.15, -0.2512345], [0.25, 0.3], [0.1, 0.7]],
    "b1": [[0.1], [0.2], [0.3]],
    "W2": [[0.4, -0.45, 0.123456]],
    "b2": [[0.6]],
    "X": [[1.5, 2.25, 3.125, -1.5], [0.5, -0.625, 1.25, 2.5]],
    "Y": [[1, 0, 1, 1]],
}


def headings(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith(" ")]


def numeric(program: str, at: dict[str, Any], name: str) -> Any:
    """The gradient by central differences of the values that are printed."""
    base = np.asarray(at[name], float)
    output = dvar.explain(program, at=at).report.output.text
    found = np.zeros_like(base)
    for index in np.ndindex(base.shape):
        ends = []
        for step in (1e-6, -1e-6):
            moved = base.copy()
            moved[index] += step
            ends.append(float(dvar.explain(program, at={**at, name: moved}).values[output]))
        found[index] = (ends[0] - ends[1]) / 2e-6
    return found


# ── right ───────────────────────────────────────────────────────────────────────────────────────

PROGRAMS: dict[str, tuple[str, dict[str, Any]]] = {
    "a neuron": (NEURON, NEURON_AT),
    "an input that is used twice": ("q = x*y; f = q*y + x", {"x": 2, "y": 3}),
    "names that look like gradients": ("dx = x*2; dL = dx + x; L = dL**2*x", {"x": 2}),
    "names that are words of Python": ("f = lambda*max**2/sum", {"lambda": 2, "max": 3, "sum": 5}),
    "the name I": ("f = I*x", {"I": 2, "x": 3}),
    "e and pi": ("f = pi*r**2 + e**r", {"r": 1.5}),
    "fractions in LaTeX": (r"f = \frac{x^2 + 1}{1 + \frac{1}{y}}", {"x": 2, "y": 3}),
    "whole numbers": ("f = x**3*n", {"x": 2, "n": 3}),
    "matrices": ("f = sum((A @ x)**2)/2", {"A": [[1, 2], [3, 4], [5, 6]], "x": [1, -1]}),
    "a sum inside": ("s = sum(X); f = s**2", {"X": [[1, 2, 3]]}),
    "elements": ("f = x[0]*x[1] + sum(sort(x))*x[2]", {"x": [3, 1, 2]}),
    "a network": ("X: (2, m); Y: (1, m); " + NETWORK, SMALL),
}  # fmt: skip


@pytest.mark.parametrize("case", PROGRAMS)
def test_every_gradient_is_the_slope_of_the_value(case: str) -> None:
    program, at = PROGRAMS[case]
    gradients = dvar.explain(program, at=at).gradients
    for name in at:
        if name == "Y":  # data; a slope all the same, but of no interest
            continue
        np.testing.assert_allclose(
            gradients[name], numeric(program, at, name), rtol=1e-6, atol=1e-6
        )


@pytest.mark.parametrize("case", PROGRAMS)
@pytest.mark.parametrize("level", ["summary", "steps", "gates"])
def test_every_level_and_format_has_the_same_gradients(case: str, level: str) -> None:
    program, at = PROGRAMS[case]
    wanted = dvar.explain(program, at=at).gradients
    explanation = dvar.explain(program, at=at, level=level)
    for name in at:
        np.testing.assert_allclose(explanation.gradients[name], wanted[name])
    assert explanation.to_markdown()
    assert explanation.to_latex()
    assert explanation.to_html()
    assert explanation.to_svg()


# ── levels ──────────────────────────────────────────────────────────────────────────────────────


def test_a_summary_is_the_forward_pass_and_the_gradients() -> None:
    text = dvar.explain(NEURON, level="summary").to_text()
    assert headings(text) == ["Forward pass", "Gradients", "Conventions"]


def test_the_steps_stand_between() -> None:
    text = dvar.explain(NEURON).to_text()
    assert headings(text) == [
        "Forward pass",
        "Local derivatives",
        "Backward pass",
        "Gradients",
        "Conventions",
    ]


@pytest.mark.parametrize(
    ("program", "operations"),
    [
        ("a = sigmoid(x)", ["exp", "1 / "]),
        ("F = softmax(x); f = sum(F*c)", ["exp", "sum", " / "]),
    ],
)
def test_gates_show_every_primitive_operation(program: str, operations: list[str]) -> None:
    at = {"x": 0.3} if "softmax" not in program else {"x": [0.1, 0.7], "c": [1, 3]}
    steps = dvar.explain(program, at=at)
    gates = dvar.explain(program, at=at, level="gates")
    expressions = [node.expression.text for node in gates.report.nodes if node.kind != "input"]
    for operation in operations:
        assert any(operation in expression for expression in expressions)
    assert not any("sigmoid" in e or "softmax" in e for e in expressions)
    assert len(gates.report.nodes) > len(steps.report.nodes)
    np.testing.assert_allclose(gates.gradients["x"], steps.gradients["x"])


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(FormulaError, match="level"):
        dvar.explain(NEURON, level="everything")


# ── what is asked ───────────────────────────────────────────────────────────────────────────────


def test_asking_for_one_derivative_leaves_out_the_others_and_keeps_the_way_there() -> None:
    explanation = dvar.explain(NEURON, wrt="w")
    assert set(explanation.formulas) == {"w", "z", "a", "L"}


def test_a_definition_that_the_output_does_not_use_has_no_gradient() -> None:
    explanation = dvar.explain("g = y*2; f = x**2", at={"x": 2, "y": 3})
    assert "g" not in explanation.formulas
    assert explanation.formulas["y"] == "0"
    assert explanation.gradients["y"] == 0


def test_the_output_may_be_an_input() -> None:
    explanation = dvar.explain("f = x", at={"x": 2})
    assert explanation.gradients == {"x": 1, "f": 1}
    text = explanation.to_text()
    assert "  f = x\n" in text
    assert "  df/df = 1" in text


def test_aliases_are_shown_and_carry_the_same_gradient() -> None:
    explanation = dvar.explain("a = x*y; b = a; f = b", at={"x": 2, "y": 3})
    assert explanation.values["b"] == 6
    assert "  b = a\n" in explanation.to_text()
    assert explanation.gradients["x"] == 3


def test_constants_have_gradient_one_of_themselves() -> None:
    assert dvar.explain("f = 3").values["f"] == 3


def test_an_upstream_gradient_is_a_name_a_number_or_an_array() -> None:
    at = {"x": [1.0, 2.0]}
    assert dvar.explain("F = 3*x", at=at, upstream="d").formulas["x"] == "3 * d"
    np.testing.assert_allclose(
        dvar.explain("F = 3*x", at=at, upstream=[1, 10]).gradients["x"], [3, 30]
    )
    assert dvar.explain("f = 3*x", at={"x": 1}, upstream=5).gradients["x"] == 15


def test_an_upstream_gradient_that_several_values_share_goes_by_its_own_name() -> None:
    text = dvar.explain("q = x + y", upstream="g").to_text()
    assert "dL/dq = g" in text
    assert "= g * 1" in text


# ── edges ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("program", "at", "taken", "interval"),
    [
        ("f = 2*relu(x)", {"x": 0}, 0, "[0, 1]"),
        ("f = abs(x)", {"x": 0}, 0, "[-1, 1]"),
        ("f = maximum(x, y)", {"x": 1, "y": 1}, 0.5, "[0, 1]"),
    ],
)
def test_a_kink_says_which_value_is_taken(
    program: str, at: dict[str, Any], taken: float, interval: str
) -> None:
    explanation = dvar.explain(program, at=at)
    reasons = [reason for step in explanation.report.steps for reason in step.reasons]
    assert any("no derivative" in r and f"takes {taken:g}" in r and interval in r for r in reasons)


def test_a_slope_that_is_infinite_says_why() -> None:
    text = dvar.explain("L = 1 + sqrt(x)", at={"x": 0}).to_text()
    assert "inf" in text
    assert "is undefined: 2 * sqrt(x) is 0" in text
    text = dvar.explain("L = sum(sqrt(x))", at={"x": [1, 0]}).to_text()
    assert "is undefined: 2 * sqrt(x) is 0 at index (1,)" in text


def test_negative_numbers_have_one_pair_of_brackets() -> None:
    text = dvar.explain("f = x*log(-x) + sin(x)", at={"x": -2}).to_text()
    assert "sin(-2)" in text
    assert "((" not in text


def test_a_matrix_is_not_turned_round_twice() -> None:
    text = dvar.explain("Z = w.T @ X; f = sum(Z**2)", shapes={"w": (2, 1), "X": (2, "m")}).to_text()
    assert ".T.T" not in text


def test_masks_are_ones_and_zeros() -> None:
    explanation = dvar.explain("f = sum(relu(x))", at={"x": [1.0, -1.0]})
    assert "True" not in explanation.to_text()
    assert "[1, 0]" in explanation.to_text()


# ── reading well ────────────────────────────────────────────────────────────────────────────────


def test_remarks_stand_in_one_column() -> None:
    text = dvar.explain(NEURON, at=NEURON_AT).to_text()
    columns = {
        match.start(1)
        for line in text.splitlines()
        if (match := re.search(r" {2}(numbers put in|chain rule|simplified)$", line))
    }
    assert len(columns) == 1


def test_no_line_of_a_derivation_repeats_the_one_before() -> None:
    for program, at in PROGRAMS.values():
        right = ""
        for line in dvar.explain(program, at=at).to_text().splitlines():
            left, equals, written = line.partition(" = ")
            written = re.split(r" {2,}", written)[0]
            if equals and not left.strip():
                assert written != right, line
            right = written


# ── elements, descent, programs ─────────────────────────────────────────────────────────────────


def test_one_element_is_the_sum_of_its_paths() -> None:
    explanation = dvar.explain(
        "y = W @ x; L = y[0]*y[1]", at={"W": [[1, 2], [3, 4]], "x": [5, 6]}, wrt="x[0]"
    )
    (element,) = explanation.report.elements
    assert len(element.paths) == 2
    assert element.value == pytest.approx(
        sum(p.value for p in element.paths if p.value is not None)
    )
    assert element.value == pytest.approx(float(explanation.gradients["x"][0]))
    assert "x[0] -> y[0] -> L" in explanation.to_text()


def test_descent_goes_down_and_says_how() -> None:
    explanation = dvar.explain(NEURON, at=NEURON_AT, learning_rate=0.5, epochs=5, update=["w", "b"])
    descent = explanation.report.descent
    assert descent is not None
    losses = [float(row[-1]) for row in descent.rows]
    assert losses == sorted(losses, reverse=True)
    assert "w - alpha * dL/dw" in explanation.to_text()


def test_descent_needs_a_learning_rate() -> None:
    with pytest.raises(FormulaError, match="learning rate"):
        dvar.explain(NEURON, at=NEURON_AT, update=["w"])
    with pytest.raises(FormulaError, match="positive"):
        dvar.explain(NEURON, at=NEURON_AT, update=["w"], learning_rate=float("nan"))


def test_the_loop_and_the_vectorised_form_stand_one_after_the_other() -> None:
    text = dvar.explain(LOGISTIC, wrt="w,b", examples="m").to_text()
    assert "for i in range(m):" in text
    assert text.index("Loop over m examples") < text.index("Vectorised")


# ── Markdown and LaTeX ──────────────────────────────────────────────────────────────────────────


def test_markdown_has_headings_equations_and_tables() -> None:
    markdown = dvar.explain(NEURON, at=NEURON_AT).to_markdown()
    assert markdown.startswith("# Derivative of `L`\n")
    assert "## Backward pass" in markdown
    assert markdown.count("$$") % 2 == 0
    assert r"\frac{\partial L}{\partial w}" in markdown
    widths = [line.count("|") for line in markdown.splitlines() if line.startswith("|--")]
    assert widths


def test_the_body_of_the_latex_can_stand_in_another_document() -> None:
    explanation = dvar.explain(NEURON, at=NEURON_AT)
    body = explanation.to_latex(document=False)
    assert r"\begin{document}" not in body
    assert r"\fit" not in body
    assert r"\begin{align*}" in body


STORIES: dict[str, dict[str, Any]] = {
    "a network without numbers": {"subject": NETWORK_SHAPES + NETWORK},
    "a network with numbers": {"subject": "X: (2, m); Y: (1, m); " + NETWORK, "at": SMALL},
    "a neuron gate by gate": {"subject": NEURON, "at": NEURON_AT, "level": "gates"},
    "descent and programs": {
        "subject": LOGISTIC,
        "at": {"X": [[0.5, 1.5, -1], [2, 0.25, 1]], "Y": [[1, 0, 1]], "w": [[0.1], [0.2]], "b": 0},
        "learning_rate": 0.1, "epochs": 4, "update": ["w", "b"], "examples": "m",
    },
    "elements": {
        "subject": "y = W_1 @ x; L = y[0]*y[1]", "at": {"W_1": [[1, 2], [3, 4]], "x": [5, 6]},
        "wrt": "x[0]",
    },
    "a sort": {"subject": "F = x[0]*sort(x)", "at": {"x": [3, 1, 2]}, "upstream": "d"},
    "names with signs of LaTeX": {"subject": "my_long_name = x_hat*y_bar_1; f = my_long_name**2"},
}  # fmt: skip


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex")
@pytest.mark.parametrize("story", STORIES)
def test_the_latex_compiles_and_no_line_runs_off_the_page(story: str, tmp_path: Path) -> None:
    asked = dict(STORIES[story])
    (tmp_path / "page.tex").write_text(dvar.explain(**asked).to_latex(), "utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"],
        cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
    overfull = [float(x) for x in re.findall(r"Overfull \\hbox \(([\d.]+)pt", done.stdout)]
    assert all(x < 15 for x in overfull), overfull
