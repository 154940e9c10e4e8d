"""Pages: self-contained, complete without a script, safe, mathematics as MathML."""

from __future__ import annotations

import base64
import hashlib
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
import reports

from dvar.write import tex
from dvar.write.html import to_html, to_html_fragment
from dvar.write.mathml import math
from dvar.write.report import Formula, Report

SAMPLES = {
    "product": reports.product(),
    "neuron": reports.neuron(),
    "network": reports.network(),
    "network with numbers": reports.network(numbers=True),
    "everything": reports.with_everything(),
    "hostile": reports.hostile(),
}
samples = pytest.mark.parametrize("report", SAMPLES.values(), ids=SAMPLES)
VOID = {"meta", "input", "br", "link", "img"}


class _Page(HTMLParser):
    """Tags must be closed in order; text and attributes are collected."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
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
        if self.open and self.open[-1] not in ("style", "script"):
            self.text.append(data)


@samples
@pytest.mark.parametrize("render", [to_html, to_html_fragment])
def test_every_tag_is_closed_in_order(report: Report, render: type) -> None:
    assert _Page(render(report)).open == []


@samples
def test_a_page_is_self_contained(report: Report) -> None:
    page = _Page(to_html(report))
    assert not {tag for tag, _ in page.tags} & {"link", "img", "iframe", "object", "base", "form"}
    for _, attributes in page.tags:
        assert not {"src", "href", "style", "srcset"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
    assert not re.findall(r"url\(|@import|fetch\(|XMLHttpRequest|eval\(", to_html(report))


@samples
def test_the_policy_admits_only_the_own_style_and_script(report: Report) -> None:
    source = to_html(report)
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', source)
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (body,) = re.findall(f"<{tag}>(.*?)</{tag}>", source, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_everything_in_a_report_stands_on_the_page_without_a_script() -> None:
    report = reports.with_everything()
    source = re.sub(r"<script>.*?</script>", "", to_html(report), flags=re.DOTALL)
    text = " ".join(_Page(source).text)
    labels = " ".join(re.findall(r'aria-label="([^"]*)"', source))
    for node in report.nodes:
        assert node.name.text in labels
        if node.gradient is not None:
            assert f"{node.gradient.label.text} = {node.gradient.symbolic.text}" in labels
    for step in report.steps:
        assert step.chain.text in labels
        assert not step.reasons or all(reason in text for reason in step.reasons)
    for sentence in (*report.conventions, *report.notes):
        assert sentence in text
    for program in report.programs:
        assert program.code in text
        assert program.cost in text
    assert "Gradient descent" in text
    assert "−1.6" in text.replace("− 1.6", "−1.6")
    assert "path 1 of 2" in text


def test_every_step_is_one_item_with_what_it_lights_up() -> None:
    report = reports.product()
    page = _Page(to_html(report))
    steps = [a for tag, a in page.tags if tag == "li" and "data-phase" in a]
    phases = [step["data-phase"] for step in steps]
    assert phases == ["overview", *["forward"] * 3, *["backward"] * 5]
    first_computed, last = steps[2], steps[-1]
    assert first_computed["data-values"] == "3"
    assert set((first_computed["data-edges"] or "").split()) == {"3-0", "3-1"}
    assert last["data-gradients"] == "0"
    assert last["data-edges"] == "3-0"


def test_users_text_never_becomes_markup() -> None:
    for source in (to_html(reports.hostile(), title="<b>&"), to_html_fragment(reports.hostile())):
        tags = {tag for tag, _ in _Page(source).tags}
        assert not tags & {"b", "i", "l", "x", "why", "rule", "cost", "note", "convention", "at"}
        assert "alert(" not in re.sub(r"&lt;script&gt;alert\(", "", source)


def test_a_page_is_titled_by_its_output_or_as_asked() -> None:
    assert "<title>Derivative of α</title>" in to_html(reports.neuron())
    assert "<h1>My &lt;neuron&gt;</h1>" in to_html(reports.neuron(), title="My <neuron>")


def test_a_fragment_has_no_script_and_styles_only_itself() -> None:
    source = to_html_fragment(reports.network())
    assert "<script" not in source
    (sheet,) = re.findall(r"<style>(.*?)</style>", source, re.DOTALL)
    sheet = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    selectors = re.findall(r"(?:^|\})\s*([^{}@]+)\{", sheet)
    assert selectors
    for selector in selectors:
        assert all(
            part.strip().startswith(".dvar") for part in re.split(r",(?![^(]*\))", selector)
        ), selector


def test_a_summary_has_no_backward_steps_but_is_a_page() -> None:
    base = reports.product()
    brief = Report("summary", base.output, base.upstream, base.nodes, base.edges, base.steps)
    assert 'data-phase="backward"' not in to_html(brief)


# ── MathML ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("latex", "holds"),
    [
        (r"\frac{a}{b}", "<mfrac><mi>a</mi><mi>b</mi></mfrac>"),
        (
            r"W_{1}^{\top}",
            '<msubsup><mi>W</mi><mn>1</mn><mo lspace="0" rspace="0">⊤</mo></msubsup>',
        ),
        (r"\hat{y}", '<mover accent="true"><mi>y</mi><mo stretchy="false">^</mo></mover>'),
        (r"\sum_{i=1}^{m} x_i", "<munderover><mo>∑</mo>"),
        (r"\mathbb{1}[z > 0]", '<mi mathvariant="normal">𝟙</mi>'),
        (r"\operatorname{ReLU}(z)", "<mi>ReLU</mi>"),
        (r"\mathit{loss\_a}", '<mi class="name">loss_a</mi>'),
        (r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}", "<mtr><mtd><mn>1</mn></mtd><mtd>"),
        (r"\sqrt{x}", "<msqrt><mi>x</mi></msqrt>"),
        (r"\log a", '<mi>log</mi><mspace width="0.1667em"/><mi>a</mi>'),
        (r"-x", '<mo form="prefix">−</mo>'),
        (r"\left( x \right)", '<mo form="prefix" stretchy="true" fence="true">(</mo>'),
        (r"a \odot b \cdot \alpha", "<mo>⊙</mo>"),
        (r"\begin{cases} 1 & z > 0 \\ 0 & z \leq 0 \end{cases}", '<mtable class="cases">'),
        (r"\sum_{\mathrm{axis\,1}} x", "<mi>axis\u20091</mi>"),
        (r"x := x - \alpha", "<mo>:=</mo>"),
    ],
)
def test_latex_becomes_mathml(latex: str, holds: str) -> None:
    made = math(Formula("text", latex))
    ET.fromstring(made)
    assert holds in made


@pytest.mark.parametrize(
    "latex",
    [r"\unknown{x}", "{x", "x}", r"\left( x", r"\begin{evil}\end{evil}", "x_", "{" * 500, "a & b",
     r"\frac{a}", r"\mathbf{ab}", r"\text{a {b} c}"],
)  # fmt: skip
def test_what_is_not_understood_is_shown_as_text(latex: str) -> None:
    with pytest.raises(tex.Unreadable):
        tex.parse(latex)
    assert math(Formula("a < b", latex)) == '<code class="formula">a &lt; b</code>'
