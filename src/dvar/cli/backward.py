"""``dvar check FILE.py::NAME``: a backward pass written by hand in, its wrong lines out."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dvar.cli.functions import names_of
from dvar.cli.output import COULD_NOT, NOTHING_WRONG, SOMETHING_WRONG, complain, emit
from dvar.core.errors import DvarError, ReadError

if TYPE_CHECKING:
    from dvar.check.backward.report import BackwardReport


def is_target(path: str) -> bool:
    """Whether a path names something in a Python file."""
    return ".py::" in path


def check_targets(targets: Sequence[str], format_: str, output: str | None) -> None:
    """Check each of them, show what was found, and leave with the exit status."""
    if format_ == "html":
        raise ReadError(
            "there are no pages of backward passes", hint="--format text, json or sarif"
        )
    reports: list[BackwardReport] = []
    failures: dict[str, str] = {}
    for target in targets:
        try:
            reports.append(_report(target))
        except DvarError as error:
            failures[target.partition("::")[0]] = str(error)
    for message in failures.values():
        complain(message)
    if reports or format_ == "sarif":
        emit(_shown(reports, format_, failures, several=len(targets) > 1), output)
    status = COULD_NOT if failures else NOTHING_WRONG
    if not failures and not all(report.ok for report in reports):
        status = SOMETHING_WRONG
    if status != NOTHING_WRONG:
        sys.exit(status)


def _report(target: str) -> BackwardReport:
    from dvar.check.backward.judge import judge
    from dvar.check.backward.target import find

    path, _, name = target.partition("::")
    return judge(find(path, name, names_of(path)))


def _shown(
    reports: Sequence[BackwardReport], format_: str, failures: dict[str, str], several: bool
) -> str:
    if format_ == "text":
        return "\n".join(map(str, reports))
    if format_ == "json":
        found = [report.to_json() for report in reports]
        data: object = found if several else found[0]
    else:
        from dvar.check.show.sarif import to_sarif

        data = to_sarif([], unreadable=failures, backward=reports)
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
