"""Several reports → a page for each and one that lists them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from urllib.parse import quote

from dvar.check.report import Report
from dvar.check.show.html import CHECK_SHEET, to_html
from dvar.check.show.places import visible
from dvar.check.show.words import MARKS, headline, outcome, total_of
from dvar.write.shell import data, document, page_sheet

INDEX = "index.html"


def pages(reports: Sequence[Report]) -> Iterator[tuple[str, str]]:
    """Name and content of each page, the index last."""
    names = _names(reports)
    for report, name in zip(reports, names, strict=True):
        yield name, to_html(report, report.file or "")
    yield INDEX, _index(reports, names)


def _names(reports: Sequence[Report]) -> list[str]:
    """A file name for each, from the path of the document; no two are the same on any system."""
    names: list[str] = []
    taken = {INDEX}
    for report in reports:
        stem = re.sub(r"[^\w.-]+", "-", report.file or "worksheet").strip("-.") or "worksheet"
        name = f"{stem[-150:]}.html"
        n = 2
        while name.lower() in taken:
            name = f"{stem[-150:]}-{n}.html"
            n += 1
        taken.add(name.lower())
        names.append(name)
    return names


def _index(reports: Sequence[Report], names: Sequence[str]) -> str:
    rows = "".join(_row(report, name) for report, name in zip(reports, names, strict=True))
    head = "".join(
        f'<th scope="col">{title}</th>'
        for title in ("file", "result", "right", "wrong", "not understood")
    )
    body = (
        '<main class="dvar dvar-check"><header><h1>Worksheets</h1>'
        f'<p class="lede">{escape(total_of(reports))}</p></header>'
        f'<div class="table files"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
        "</main>"
    )
    return document("Worksheets", page_sheet() + data(*CHECK_SHEET), body)


def _row(report: Report, name: str) -> str:
    state = outcome(report)
    summary = report.summary
    counts = (summary["ok"] + summary["convention"], len(report.faults), summary["unknown"])
    cells = "".join(f"<td>{count}</td>" for count in counts)
    return (
        f'<tr class="{state}"><th scope="row"><a href="{escape(quote(name))}">'
        f"{escape(visible(report.file or 'worksheet'))}</a></th>"
        f'<td><span class="sign" aria-hidden="true">{MARKS[state].sign}</span> '
        f"{escape(headline(report))}</td>{cells}</tr>"
    )
