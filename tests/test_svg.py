"""Pictures: valid XML, nothing overlaps, every number is there, nobody's text becomes markup."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import combinations, pairwise

import numpy as np
import pytest
import reports
from hypothesis import given, settings
from hypothesis import strategies as st

from dvar.write import numbers, runs
from dvar.write.layout import Cell, Layout, Link, layout, pooled
from dvar.write.picture import LIMIT, boxes, chosen, wires
from dvar.write.report import Formula, Report
from dvar.write.svg import to_svg

SAMPLES = {
    "product": reports.product(),
    "neuron": reports.neuron(),
    "network": reports.network(),
    "network with numbers": reports.network(numbers=True),
    "everything": reports.with_everything(),
    "hostile": reports.hostile(),
    "forty nodes": reports.chain(40),
    "wide": reports.fan_in(30),
}
SVG = "{http://www.w3.org/2000/svg}"
samples = pytest.mark.parametrize("report", SAMPLES.values(), ids=SAMPLES)


def _text(svg: str) -> str:
    """What one can read in the picture, without tooltips and the description."""
    root = ET.fromstring(svg)
    return " ".join("".join(t.itertext()) for t in root.iter(f"{SVG}text"))


@samples
def test_a_picture_is_valid_xml_with_a_role_a_title_and_a_description(report: Report) -> None:
    root = ET.fromstring(to_svg(report))
    assert root.get("role") == "img"
    named = (root.get("aria-labelledby") or "").split()
    ids = {e.get("id"): e for e in root if e.tag in (f"{SVG}title", f"{SVG}desc")}
    assert set(named) == set(ids)
    assert all(e.text for e in ids.values())


@samples
def test_a_picture_loads_nothing_and_runs_nothing(report: Report) -> None:
    root = ET.fromstring(to_svg(report))
    assert not {e.tag for e in root.iter()} & {f"{SVG}script", f"{SVG}image", f"{SVG}use"}
    for element in root.iter():
        assert not [name for name in element.attrib if "href" in name or name.startswith("on")]
    assert "url(" not in to_svg(report)
    assert "@import" not in to_svg(report)


@pytest.mark.parametrize("name", ["product", "neuron", "network with numbers", "wide"])
def test_every_small_value_and_gradient_stands_in_the_picture(name: str) -> None:
    report = SAMPLES[name]
    words = _text(to_svg(report)).split()
    for node in report.nodes:
        arrays = [node.value, None if node.gradient is None else node.gradient.value]
        for array in arrays:
            if array is not None and array.size <= numbers.SMALL:
                for element in np.ravel(array):
                    assert numbers.number(element) in words, (node.name.text, element)


def test_symbolic_shapes_and_short_gradients_stand_in_the_picture() -> None:
    text = _text(to_svg(reports.network()))
    assert "(Da, m)" in text
    assert "(Ŷ − Y)/m" in text


def test_names_are_set_as_mathematics() -> None:
    text = _text(to_svg(reports.network()))
    assert "Ŷ" in text
    assert "yhat" not in text.lower()
    assert "∂J/∂W1" in text


def test_kinds_of_nodes_differ_in_form_not_only_in_colour() -> None:
    root = ET.fromstring(to_svg(reports.network()))
    corners: dict[str, set[str]] = {}
    for group in root.iter(f"{SVG}g"):
        kind = (group.get("class") or "").split()
        if kind[:1] == ["node"]:
            corners.setdefault(kind[1], set()).update(
                str(r.get("rx")) for r in group.iter(f"{SVG}rect")
            )
    assert corners["input"].isdisjoint(corners["intermediate"])
    assert len(corners["output"]) == 2  # a double rim
    assert "given" in to_svg(reports.network())


def test_users_text_never_becomes_markup() -> None:
    svg = to_svg(reports.hostile())
    assert "<script" not in svg
    assert "<i>" not in svg
    assert '<script>alert("1")</script>&' in "".join(ET.fromstring(svg).itertext())


def test_a_kink_is_marked_and_explained() -> None:
    assert "kink <at> 0 & 1" in _text(to_svg(reports.hostile()))


def test_an_edge_without_a_gradient_is_drawn_and_looks_different() -> None:
    root = ET.fromstring(to_svg(reports.network()))
    plain = [g for g in root.iter(f"{SVG}g") if g.get("class") == "edge plain"]
    assert len(plain) == 2  # X into Z1, Y into J


def test_a_huge_graph_is_cut_to_the_nodes_near_the_output_and_says_so() -> None:
    report = reports.chain(LIMIT + 50)
    assert len(chosen(report)) == LIMIT
    text = _text(to_svg(report))
    assert "50 nodes farther from the output are not shown" in text


def test_a_picture_is_the_same_every_time() -> None:
    assert to_svg(reports.neuron()) == to_svg(reports.neuron())


def test_nodes_in_any_order_are_drawn() -> None:
    base = reports.product()
    backwards = Report(
        base.level, base.output, base.upstream, base.nodes[::-1], base.edges, base.steps
    )
    assert len(re.findall('class="node', to_svg(backwards))) == len(base.nodes)


@samples
def test_labels_stay_within_the_room_of_their_node(report: Report) -> None:
    nodes = chosen(report)
    for box in boxes(report, nodes, wires(report, nodes)):
        before, body, after = box.cell.zones
        assert box.size[0] <= body
        assert max(box.value.width, box.gradient.width) < after
        assert box.value.height <= box.cell.above
        assert box.gradient.height <= box.cell.below
        assert box.inside.width < box.size[0]
        assert before >= 0


# ── numbers and formulas ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.53444665, "0.5344"),
        (-4.0, "−4"),
        (12345.6, "12346"),
        (-0.0, "0"),
        (1.234e-7, "1.234×10⁻⁷"),
        (5e9, "5×10⁹"),
        (float("nan"), "NaN"),
        (float("-inf"), "−∞"),
        (100.0, "100"),
    ],
)
def test_numbers_have_four_digits_and_a_real_minus(value: float, shown: str) -> None:
    assert numbers.number(value) == shown


def test_large_arrays_are_shown_by_their_extent() -> None:
    assert numbers.inline(np.linspace(-1, 3, 50)) == "−1 … 3"
    assert numbers.inline(np.array([1.0, np.nan] * 5)) == "1 … 1, 5 not finite"
    assert numbers.inline(np.array([[1.0, 2], [3, 4]])) == "[[1, 2], [3, 4]]"


@pytest.mark.parametrize(
    ("latex", "line"),
    [
        (r"\frac{\partial L}{\partial z}", "∂L/∂z"),
        (r"-\frac{1}{d^{2}}", "−1/d2"),
        (r"\frac{1}{2 N}", "1/(2N)"),
        (r"\frac{a + b}{c}", "(a + b)/c"),
        (r"\frac{1}{m} x", "(1/m)\u2009x"),
        (r"\frac{1}{m} \cdot x", "1/m · x"),
        (r"\hat{y}", "ŷ"),
        (r"W^{\top} g", "W⊤g"),
        (r"\mathbb{1}[z > 0]", "𝟙[z > 0]"),
        (r"a - -b", "a − −b"),
    ],
)
def test_formulas_are_written_on_one_line(latex: str, line: str) -> None:
    assert runs.plain(Formula("?", latex)) == line


def test_a_clipped_formula_fits_and_ends_in_dots() -> None:
    long = runs.formula_runs(Formula("x", " + ".join(["x"] * 50)))
    short = runs.clip(long, 10.0)
    assert runs.width(short) <= 10.5
    assert short[-1].text == "…"


# ── layout ──────────────────────────────────────────────────────────────────────────────────────


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Cell], list[Link]]:
    count = draw(st.integers(1, 24))
    size = st.floats(4, 120)
    cells = [
        Cell(f"n{n}", (draw(size), draw(size), draw(size)), draw(size), draw(size))
        for n in range(count)
    ]
    links = []
    for head in range(1, count):
        tails = draw(st.lists(st.integers(0, head - 1), max_size=4, unique=True))
        links += [Link(f"n{t}", f"n{head}", draw(st.floats(0, 40))) for t in tails]
    return cells, links


def _overlapping(plan: Layout) -> list[tuple[str, str]]:
    found = []
    for (a, p), (b, q) in combinations(plan.spots.items(), 2):
        across = p.zones[0] < q.zones[3] and q.zones[0] < p.zones[3]
        down = p.y - p.above < q.y + q.below - 1e-6 and q.y - q.above < p.y + p.below - 1e-6
        if across and down:
            found.append((a, b))
    return found


@given(graphs())
@settings(max_examples=60, deadline=None)
def test_no_two_nodes_overlap_and_everything_lies_on_the_canvas(
    graph: tuple[list[Cell], list[Link]],
) -> None:
    plan = layout(*graph)
    assert not _overlapping(plan)
    for spot in plan.spots.values():
        assert spot.y - spot.above >= -1e-6
        assert spot.y + spot.below <= plan.height + 1e-6
        assert spot.zones[3] <= plan.width + 1e-6


@given(graphs())
@settings(max_examples=60, deadline=None)
def test_edges_run_from_left_to_right_and_through_no_node(
    graph: tuple[list[Cell], list[Link]],
) -> None:
    cells, links = graph
    plan = layout(cells, links)
    for link, route in zip(links, plan.routes, strict=True):
        xs = [x for x, _ in route]
        assert xs == sorted(xs)
        assert route[0] == (plan.spots[link.tail].zones[3], plan.spots[link.tail].y)
        for (x0, y0), (x1, y1) in zip(route[1:-1:2], route[2:-1:2], strict=True):
            assert y0 == y1  # level while it passes a column
            for spot in plan.spots.values():
                if spot.zones[0] < x1 and x0 < spot.zones[3]:
                    assert not spot.y - spot.above < y0 < spot.y + spot.below


@given(graphs())
@settings(max_examples=20, deadline=None)
def test_edges_enter_a_node_apart_from_each_other(graph: tuple[list[Cell], list[Link]]) -> None:
    cells, links = graph
    plan = layout(cells, links)
    for cell in cells:
        entering = [
            (route[-1][1], link.room)
            for link, route in zip(links, plan.routes, strict=True)
            if link.head == cell.name
        ]
        entering.sort()
        for (y, room), (below, other) in pairwise(entering):
            assert below - y >= (room + other) / 2 - 1e-6


def test_a_chain_is_drawn_straight() -> None:
    cells = [Cell(f"n{n}", (10, 20, 10), 20, 20) for n in range(6)]
    plan = layout(cells, [Link(f"n{n}", f"n{n + 1}", 20) for n in range(5)])
    assert len({round(spot.y, 6) for spot in plan.spots.values()}) == 1


def test_a_planar_graph_is_drawn_without_crossings() -> None:
    # Two crossing pairs in the order given; none after sorting.
    cells = [Cell(name, (10, 20, 10), 10, 10) for name in "abcdef"]
    plan = layout(cells, [Link("a", "f"), Link("b", "e"), Link("c", "d")])
    tails = sorted("abc", key=lambda n: plan.spots[n].y)
    heads = sorted("def", key=lambda n: plan.spots[n].y)
    assert [{"a": "f", "b": "e", "c": "d"}[t] for t in tails] == heads


def test_three_hundred_nodes_take_little_time() -> None:
    svg = to_svg(reports.chain(LIMIT, fan=3))
    assert svg.count('class="node') == LIMIT


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(0.1, 9), st.floats(0, 20)), min_size=1))
def test_pooled_heights_keep_order_and_gaps(rows: list[tuple[float, float, float]]) -> None:
    wanted, weights, gaps = (list(column) for column in zip(*rows, strict=True))
    got = pooled(wanted, weights, gaps[1:])
    for above, below, gap in zip(got, got[1:], gaps[1:], strict=False):
        assert below - above >= gap - 1e-9


def test_heights_that_do_not_collide_stay_as_they_are_wanted() -> None:
    assert pooled([0, 10, 30], [1, 1, 1], [5, 5]) == [0, 10, 30]
    assert pooled([10, 0], [1, 3], [4]) == [-0.5, 3.5]
