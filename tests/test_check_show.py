"""What ``check`` found, shown: on a terminal, for a code host, as a page."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from judged import NEURON, flawless, hostile, judged, neuron, place, silent

from dvar.check.report import VERDICTS, Report
from dvar.check.show import tex
from dvar.check.show.html import to_html, to_html_fragment
from dvar.check.show.index import pages
from dvar.check.show.macros import expanded
from dvar.check.show.mathml import to_mathml
from dvar.check.show.places import window
from dvar.check.show.sarif import to_sarif
from dvar.check.show.terminal import to_text
from dvar.check.show.words import MARKS, headline, tally
from dvar.read.worksheet.mathematics.macros import definitions

SCHEMA = Path(__file__).parent / "data" / "sarif-schema-2.1.0.json"
SAMPLES = {"neuron": neuron(), "flawless": flawless(), "silent": silent(), "hostile": hostile()}
samples = pytest.mark.parametrize("report", SAMPLES.values(), ids=SAMPLES)


def test_every_verdict_has_a_mark() -> None:
    assert set(MARKS) == set(VERDICTS)


# ── in words ────────────────────────────────────────────────────────────────────────────────────


def test_the_headline_answers_where_the_mistake_is() -> None:
    assert headline(neuron()) == "The first mistake is on line 23: a sign is turned."
    assert headline(flawless()) == "Nothing is wrong."
    assert headline(silent()) == "There is nothing to judge here."


def test_a_report_that_understood_little_does_not_say_that_all_is_well() -> None:
    half = judged("$a = 1$ $b = 2$", ("a = 1", "ok"), ("b = 2", "unknown"))
    none = judged("$a = 1$", ("a = 1", "unknown"))
    assert headline(half) == "Nothing is wrong in what was understood."
    assert headline(none) == "None of the equations was understood."


def test_the_tally_says_how_much_was_understood() -> None:
    assert tally(neuron()) == (
        "16 equations: 7 right, 4 wrong (3 carried), 1 not understood, 4 given or defined; "
        "91 % of the claims understood."
    )


def test_all_is_said_only_of_all() -> None:
    text = "$a = 1$ " * 1000
    almost = [("a = 1", "ok")] * 999 + [("a = 1", "unknown")]
    assert "99 % of the claims" in tally(judged(text, *almost))
    assert "all of the claims" in tally(judged(text, *almost[:999]))


# ── terminal ────────────────────────────────────────────────────────────────────────────────────


def test_faults_stand_with_their_notes_under_their_lines() -> None:
    lines = to_text(neuron()).splitlines()
    at = lines.index("✗ 23 │ &= 0.5")
    assert lines[at - 1] == r"✓ 22 │ &= -2 \cdot 0.25 \\"
    assert lines[at + 1 : at + 7] == [
        "     │    ^^^",
        "     │ The product of -2 and 0.25 is negative.",
        "     │   cause    a sign is turned",
        "     │   expected -0.5",
        "     │   example  the left side is -0.5, the right side 0.5",
        "     │   write    = -0.5",
    ]


def test_what_is_not_shown_is_there_as_marks() -> None:
    assert "     ⋮ · · · · ✓ ✓ ✓ ✓ ✓ ✓" in to_text(neuron()).splitlines()


def test_an_equation_that_has_its_line_to_itself_needs_no_pointing() -> None:
    alone = judged("$$a = 1$$\n", ("a = 1", "wrong"))
    beside = judged("So $a = 1$ and on.\n", ("a = 1", "wrong"))
    assert "^" not in to_text(alone)
    assert "   ^^^^^\n" in to_text(beside)


def test_many_marks_are_counted() -> None:
    text = "$a = 1$\n" * 200 + "$b = 2$\n"
    report = judged(text, *[("a = 1", "ok")] * 200, ("b = 2", "wrong"))
    assert "⋮ ✓×199" in to_text(report)


def test_a_line_that_only_follows_names_the_mistake() -> None:
    text = to_text(neuron())
    assert text.count("Follows from the mistake on line 23.") == 3
    assert "↳ 28 │ factor one, " in text


def test_the_whole_document_can_be_shown() -> None:
    shown = to_text(neuron(), everything=True, columns=140).splitlines()
    for n, line in enumerate(NEURON.rstrip("\n").split("\n"), 1):
        assert any(row[2:].rstrip() == f"{n:>2} │ {line}".rstrip() for row in shown), line


def test_a_document_without_faults_takes_three_lines() -> None:
    assert to_text(flawless()).splitlines() == [
        "good.md",
        "✓ Nothing is wrong.",
        "  2 equations: 1 right, 1 given or defined; all of the claims understood.",
    ]


@pytest.mark.parametrize("columns", [20, 60, 100, 200])
def test_long_lines_are_cut_around_the_fault(columns: int) -> None:
    text = "word " * 60 + "$x = 1 + 1 = 3$" + " word" * 60
    report = judged(text, ("x = 1 + 1 = 3", "wrong", {"found": "3"}))
    row, carets = to_text(report, columns=columns).splitlines()[2:4]
    assert len(row) <= max(columns, 48)
    assert "…" in row
    assert row[carets.index("^")] == "3"


def test_two_faults_of_one_line_share_it_where_there_is_room() -> None:
    report = judged("$a = 1$, $b = 2$", ("a = 1", "wrong"), ("b = 2", "wrong"))
    assert to_text(report).count("✗ 1 │") == 1


@pytest.mark.parametrize("inner", [(0, 3), (50, 60), (95, 100), (0, 100), (10, 90)])
@pytest.mark.parametrize("room", [10, 40, 99, 100, 120])
def test_a_window_holds_the_beginning_of_what_it_is_about(
    inner: tuple[int, int], room: int
) -> None:
    text = "".join(chr(0x100 + n) for n in range(100))
    cut, (start, end) = window(text, inner, room)
    assert len(cut) <= room
    assert 0 <= start < end <= len(cut)
    if room >= 40:
        assert cut[start] in (text[inner[0]], "…")


def test_an_equation_over_many_lines_is_shown_in_part() -> None:
    body = "\n".join(f"+ {n}" for n in range(30))
    report = judged(f"$$\nx = {body}\n= 7\n$$\n", (f"x = {body}\n= 7", "wrong", {"found": "7"}))
    lines = to_text(report).splitlines()
    assert any("│ x = + 0" in line for line in lines)
    assert any("│ = 7" in line for line in lines)
    assert len(lines) < 15


def test_lines_of_a_notebook_have_the_numbers_of_its_file() -> None:
    report = judged(
        "$a = 1$\n\n$b = 2$\n", ("b = 2", "wrong"), file="n.ipynb", lines=(9, 10, 31, 31)
    )
    assert "✗ 31 │ $b = 2$" in to_text(report)


def test_a_document_cannot_act_on_the_terminal() -> None:
    for everything in (False, True):
        shown = to_text(hostile(), everything=everything)
        assert not set(shown) & {"\x1b", "\x07", "\x9b", "\u202e"}


def test_text_that_cannot_be_cut_into_columns_is_shown_all_the_same() -> None:
    report = judged(
        "$\u6570 = 1$ \u202e \t x\r\n", ("\u6570 = 1", "wrong", {"found": "\u6570 = 1"})
    )
    row, carets = to_text(report).splitlines()[2:4]
    assert "\u202e" not in row
    assert carets.count("^") == 6  # the sign takes two columns


def test_a_report_prints_as_its_text() -> None:
    assert str(neuron()) == repr(neuron()) == neuron().to_text()


# ── SARIF ───────────────────────────────────────────────────────────────────────────────────────


def _results(log: dict[str, Any]) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = log["runs"][0]["results"]
    return results


@pytest.mark.parametrize("strict", [False, True])
def test_the_log_fits_the_official_schema(strict: bool) -> None:
    notebook = judged("$a = 1$\n", ("a = 1", "wrong"), file="n.ipynb", lines=(7, 7))
    named = judged(
        "$a = 1$", ("a = 1", "convention", {"message": "By rows."}), file="with blank.md"
    )
    reports = [*SAMPLES.values(), notebook, named, replace(neuron(), file=None)]
    log = to_sarif(reports, strict=strict, unreadable={"gone.md": "there is no file gone.md"})
    schema = json.loads(SCHEMA.read_text("utf-8"))
    jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(log)
    json.dumps(log)


def test_a_mistake_is_an_error_with_its_place_and_its_fix() -> None:
    result = _results(neuron().to_sarif())[0]
    assert result["ruleId"] == "sign"
    assert result["level"] == "error"
    assert "negative" in result["message"]["text"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "notes/neuron.md"
    region = {k: v for k, v in place["region"].items() if k != "snippet"}
    assert region == {"startLine": 23, "endLine": 23, "startColumn": 2, "endColumn": 7}
    (change,) = result["fixes"][0]["artifactChanges"]
    (replacement,) = change["replacements"]
    assert replacement["deletedRegion"] == region
    assert replacement["insertedContent"]["text"] == "= -0.5"


def test_what_follows_is_a_note_that_points_to_the_mistake() -> None:
    carried = _results(neuron().to_sarif())[1]
    assert (carried["ruleId"], carried["level"]) == ("carried", "note")
    (related,) = carried["relatedLocations"]
    assert related["physicalLocation"]["region"]["startLine"] == 23


def test_the_unknown_is_told_only_when_asked_for() -> None:
    assert [r["ruleId"] for r in _results(neuron().to_sarif())].count("unknown") == 0
    (unknown,) = [r for r in _results(neuron().to_sarif(strict=True)) if r["ruleId"] == "unknown"]
    assert unknown["level"] == "warning"


def test_rules_stand_where_their_results_say() -> None:
    log = neuron().to_sarif(strict=True)
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    for result in _results(log):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_fingerprints_stay_when_lines_move() -> None:
    def prints(report: Report) -> list[str]:
        return [r["partialFingerprints"]["equation/v1"] for r in _results(report.to_sarif())]

    twice = [("a = 1", "wrong")] * 2
    before = prints(judged("$a = 1$ $a = 1$", *twice))
    assert before == prints(judged("\n\nMoved.\n$a = 1$\n\n$a = 1$", *twice))
    assert len(set(before)) == 2


def test_a_file_elsewhere_has_its_whole_address(tmp_path: Path) -> None:
    report = judged("$a = 1$", ("a = 1", "wrong"), file=str(tmp_path / "x y.md"))
    here = to_sarif([report], directory=tmp_path)
    there = to_sarif([report], directory=tmp_path / "sub")
    uris = [
        _results(log)[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for log in (here, there)
    ]
    assert uris[0] == "x%20y.md"
    assert uris[1].startswith("file:///")


# ── pages ───────────────────────────────────────────────────────────────────────────────────────

VOID = {"meta", "br"}


class _Page(HTMLParser):
    """Tags must be closed in order; text, attributes and ids are collected."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def all(self, key: str) -> list[str]:
        return [value for _, attributes in self.tags if (value := attributes.get(key)) is not None]


@samples
@pytest.mark.parametrize("render", [to_html, to_html_fragment])
def test_every_tag_is_closed_in_order(report: Report, render: Any) -> None:
    assert _Page(render(report)).open == []


@samples
def test_a_page_loads_and_runs_nothing(report: Report) -> None:
    page = _Page(to_html(report))
    never = {"script", "link", "img", "iframe", "object", "embed", "base", "form", "svg"}
    assert not {tag for tag, _ in page.tags} & never
    for _, attributes in page.tags:
        assert not {"src", "style", "srcset", "xlink:href"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
        assert re.match(r"#|https?://", attributes.get("href") or "#")
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', to_html(report))
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "script-src" not in policy


def test_nothing_of_a_hostile_document_passes_through() -> None:
    source = to_html(hostile())
    assert "<script" not in source
    assert "javascript:" not in re.sub(r'aria-label="[^"]*"', "", source).replace(
        "[link](javascript:alert(3))", ""
    )
    page = _Page(source)
    for n in range(1, 8):
        if n not in (5, 8):
            assert f"alert({n})" in page.text
    assert "\x1b" not in source


@samples
def test_every_link_within_a_page_leads_somewhere(report: Report) -> None:
    page = _Page(to_html(report))
    ids = page.all("id")
    assert len(ids) == len(set(ids))
    for address in page.all("href"):
        if address.startswith("#"):
            assert address[1:] in ids


def test_each_equation_has_its_verdict_as_sign_and_word() -> None:
    page = _Page(to_html(neuron()))
    classes = [c.split() for c in page.all("class")]
    for verdict in ("ok", "wrong", "carried", "unknown", "given"):
        assert sum(c[:2] == ["eq", verdict] for c in classes) == neuron().summary[verdict]
    assert page.text.count("✓ right") == 7
    assert "✗ wrong" in page.text
    assert "? not understood" in page.text


def test_a_fault_has_an_open_note_with_all_that_is_known() -> None:
    page = _Page(to_html(neuron()))
    (note,) = [a for tag, a in page.tags if tag == "details" and a.get("class") == "note wrong"]
    assert "open" in note
    for said in (
        "Line 23: wrong, a sign is turned",
        "is negative",
        "the left side is -0.5",
        "dL/dz =",
    ):
        assert said in page.text


def test_notes_stand_behind_the_paragraph_of_their_equation() -> None:
    source = to_html(neuron())
    assert re.search(r"carried</span></a></span>\.</p>\n<details class=\"note carried\">", source)


def test_rows_of_one_display_are_judged_one_by_one() -> None:
    source = to_html(neuron())
    rows = re.findall(r'<span class="eq (\w+)( more)?" id', source)
    assert ("ok", "") in rows
    assert rows[rows.index(("wrong", " more")) - 1] == ("ok", " more")
    assert r"\begin{aligned}" not in source
    assert "&amp;" not in re.sub(r'aria-label="[^"]*"', "", source)


def test_an_alignment_without_verdicts_is_set_as_a_table() -> None:
    source = to_html(judged("\\begin{align}\na &= b \\\\\n &= c\n\\end{align}\n"))
    assert source.count("<mtr>") == 2
    assert "&amp;" not in re.sub(r'aria-label="[^"]*"', "", source)


def test_displays_in_a_fence_of_mathematics_are_displays() -> None:
    report = judged("```math\na = 1\n```\n\nand $`b = 2`$ too\n", ("a = 1", "ok"), ("b = 2", "ok"))
    source = to_html(report)
    assert "<pre" not in source
    assert "math</" not in _Page(source).text
    assert "`" not in _Page(source).text
    assert "$" not in _Page(source).text


def test_lines_without_delimiters_stay_lines() -> None:
    text = "Then\n\ndz = a - y\ndw = dz * x\n\nand so on.\n"
    plain = {"latex": False}
    source = to_html(judged(text, ("dz = a - y", "ok", plain), ("dw = dz * x", "wrong", plain)))
    assert source.count('<span class="display">') == 2
    assert "<code>dw = dz * x</code>" in source
    assert source.index("note wrong") < source.index("and so on")


def test_what_a_site_generator_reads_is_not_shown() -> None:
    report = judged("---\ntitle: x\ntags: [a]\n---\n\n$a = 1$\n", ("a = 1", "ok"))
    assert "tags" not in _Page(to_html(report)).text


def test_prose_code_tables_and_lists_are_kept() -> None:
    text = (
        "# Title\n\nSome *stress*, `code_*x*`, [site](https://example.org) and\n\n1. one\n2. two $a = 1$\n\n"
        "| $h$ | b |\n|--|--|\n| 1 | $b = 2$ |\n\n```python\nx = [1] < 2\n```\n\n"
        "<!-- hidden --> <u>under</u> a < b\n"
    )
    report = judged(
        text, ("a = 1", "wrong"), ("b = 2", "wrong"), ("x = [1]", "wrong", {"latex": False})
    )
    source = to_html(report)
    for part in (
        "<h2>Title</h2>", "<em>stress</em>", "<code>code_*x*</code>", 'href="https://example.org"',
        "<li>one</li>", "<table>", "under", "a &lt; b",
    ):  # fmt: skip
        assert part in source
    assert "hidden" not in _Page(source).text
    assert "<u>" not in source
    assert source.count('<details class="note wrong"') == 3


def test_an_equation_that_a_page_would_not_show_is_shown_at_its_end() -> None:
    text = 'See [this](https://example.org/x "a = 1").\n'
    source = to_html(judged(text, ("a = 1", "wrong", {"latex": False})))
    assert "Elsewhere in the file" in source
    assert 'id="eq-0"' in source


@pytest.mark.parametrize(
    ("latex", "part"),
    [
        (r"\frac{a}{b}", "<mfrac>"),
        (r"\mathbb{R}^n", "ℝ"),
        (r"\mathcal{L}", "ℒ"),
        (r"y \log a", '<mspace width="0.1667em"/><mi>log</mi><mspace width="0.1667em"/>'),
        (r"\operatorname{softmax}(z)", "<mi>softmax</mi><mo"),
        (r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}", "<mtd>"),
        (r"\underbrace{bc}_u", "<munder>"),
        (r"a \label{eq} \nonumber", "<mi>a</mi>"),
    ],
)
def test_latex_is_set(latex: str, part: str) -> None:
    assert part in (to_mathml(latex) or "")


@pytest.mark.parametrize(
    "latex",
    [
        "",
        "}",
        "{" * 100 + "x" + "}" * 100,
        r"\frac{a",
        "x^",
        r"\begin{bmatrix}",
        "x" * 10_000,
        r"\frac" * 300,
    ],
)
def test_latex_that_cannot_be_set_is_left_to_be_shown(latex: str) -> None:
    assert to_mathml(latex) is None or "<math" in (to_mathml(latex) or "")


@pytest.mark.parametrize(
    "latex",
    [
        r"\href{javascript:alert(1)}{x}",
        r"\style{position:fixed}{x}",
        r"\class{note}{x}",
        r"\text{<img src=x onerror=alert(1)>}",
        r"\text{&lt;script&gt;}",
        r"\color{red;background:url(x)}{y}",
        "<b>\"'",
        r"\unicode{<}",
    ],
)
def test_mathematics_cannot_carry_anything_else(latex: str) -> None:
    source = to_mathml(latex) or ""
    page = _Page(source)
    assert page.open == []
    allowed = {"math", "mrow", "mi", "mo", "mn", "mtext", "mstyle", "mspace", "msup", "msub"}
    assert {tag for tag, _ in page.tags} <= allowed
    assert not {"href", "style", "class", "src"} & {k for _, a in page.tags for k in a}


def test_macros_of_the_document_are_put_in() -> None:
    found = definitions(
        r"\newcommand{\R}{\mathbb{R}} \newcommand\pd[2]{\frac{\partial #1}{\partial #2}} \def\x{\mathbf{x}}"
        r"\DeclareMathOperator{\lse}{LSE} \newcommand{\loop}{\loop\loop} \newcommand{\open}{"
    )
    assert expanded(r"\x \in \R", found) == r"{\mathbf{x}} \in {\mathbb{R}}"
    assert expanded(r"\pd{L}w", found) == r"{\frac{\partial L}{\partial w}}"
    assert expanded(r"\lse", found) == r"{\operatorname{LSE}}"
    assert len(expanded(r"\loop" * 500, found)) < 20_000


def test_tex_reads_like_text() -> None:
    text = (
        "\\documentclass{article}\n\\begin{document}\n\\section{One}% remark\nA \\textbf{bold} word.\n"
        "\\begin{itemize}\n\\item first\n\\item second\n\\end{itemize}\n\\end{document}\n"
    )
    written = tex.to_markdown(text)
    assert "## One" in written
    assert "**bold**" in written
    assert "- first" in written
    assert "documentclass" not in written
    assert "remark" not in written


def test_several_pages_have_an_index() -> None:
    reports = [neuron("a/x.md"), neuron("a-x.md"), flawless("index.md")]
    made = dict(pages(reports))
    assert len(made) == 4
    index = _Page(made["index.html"])
    assert set(index.all("href")) == set(made) - {"index.html"}
    assert "3 files: 2 with mistakes, 1 without mistakes." in index.text


def test_a_notebook_gets_a_part_of_a_page() -> None:
    fragment = neuron()._repr_html_()
    assert fragment.startswith('<div class="dvar')
    assert "<html" not in fragment


@pytest.mark.parametrize(
    "text",
    [
        "$" * 20_000, r"\[" * 10_000, "```\n" * 5_000, "<!--" * 5_000, "[" * 20_000, "> " * 5_000 + "x",
        "*a **b " * 5_000, "| a " * 5_000, "`" * 20_000, r"\begin{align}" * 3_000, "<a " * 10_000,
    ],
    ids=lambda text: text[:12].strip(),
)  # fmt: skip
def test_a_strange_document_is_shown_in_bounded_time(text: str) -> None:
    report = judged(text + "\n\nend $a = 1$\n", ("a = 1", "wrong"))
    assert len(to_text(report)) < 20_000
    assert 'id="eq-0"' in to_html(report)


_PIECES = st.sampled_from([
    "$", "$$", "\n", "\n\n", "a = 1", r"\frac{a}{b}", "- ", "| a | b |\n|--|--|\n", "```\n", "`", "# ", r"\[",
    r"\]", r"\begin{aligned}", r"\end{aligned}", "&=", r"\\", "<b>", "&lt;", "[x](", ")", "> ", "é数", "\t",
    "---\n",
])  # fmt: skip


@given(st.lists(_PIECES, min_size=1, max_size=30).map("".join), st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_equations_of_any_document_are_shown(text: str, data: st.DataObject) -> None:
    ends = st.integers(0, len(text))
    judgements = []
    for start, stop in sorted(data.draw(st.lists(st.tuples(ends, ends), max_size=6))):
        start, stop = min(start, stop), max(start, stop)
        found = text[stop - 1 : stop] or None
        verdict = data.draw(st.sampled_from(VERDICTS))
        judgements.append(
            place(
                text,
                (start, stop),
                verdict,
                found=found,
                latex=data.draw(st.booleans()),
                message="Why.",
            )
        )
    report = Report("x.md", text, tuple(judgements))
    assert _Page(to_html(report)).open == []
    for n, judgement in enumerate(judgements):
        if judgement.is_fault:
            assert f'id="eq-{n}"' in to_html(report)
    for everything in (False, True):
        for columns in (50, 100):
            assert to_text(report, everything=everything, columns=columns)
    to_sarif([report])


# ── in a browser ────────────────────────────────────────────────────────────────────────────────

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr",
]  # fmt: skip


def _browse(folder: Path, source: str, *flags: str, fragment: str = "") -> tuple[str, str]:
    assert CHROMIUM is not None
    page = folder / "page.html"
    page.write_text(source, encoding="utf-8")
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'profile'}", *flags]
    done = subprocess.run(
        [*command, page.as_uri() + fragment], capture_output=True, text=True, timeout=120
    )
    return done.stdout, done.stderr


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
@pytest.mark.parametrize("name", SAMPLES)
def test_a_browser_has_nothing_to_complain_about(name: str, tmp_path: Path) -> None:
    dom, log = _browse(tmp_path, to_html(SAMPLES[name]), "--dump-dom")
    assert "CONSOLE" not in log
    assert "</main>" in dom


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_the_mark_of_an_equation_opens_its_note(tmp_path: Path) -> None:
    source = to_html(neuron())
    number = next(n for n, j in enumerate(neuron().judgements) if j.verdict == "carried")
    assert f'href="#note-{number}"' in source
    dom, _ = _browse(tmp_path, source, "--dump-dom", fragment=f"#note-{number}")
    assert source.count('<details class="note carried" open') == 0
    assert dom.count('<details class="note carried" open') == 1


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_a_page_prints(tmp_path: Path) -> None:
    target = tmp_path / "page.pdf"
    _browse(tmp_path, to_html(neuron()), f"--print-to-pdf={target}", "--no-pdf-header-footer")
    assert target.read_bytes().startswith(b"%PDF")
