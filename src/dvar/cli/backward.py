"""``dvar check FILE.py``, ``FILE.py::NAME``: backward passes written by hand in, their wrong lines out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dvar.cli.functions import names_of
from dvar.cli.output import COULD_NOT, NOTHING_WRONG, SOMETHING_WRONG, complain, emit, progress
from dvar.core.errors import DvarError, ReadError

if TYPE_CHECKING:
    from dvar.check.backward.report import BackwardReport


def is_target(path: str) -> bool:
    """Whether a path names a Python file, or something in one."""
    return ".py::" in path or path.endswith(".py")


def check_targets(targets: Sequence[str], format_: str, output: str | None) -> None:
    """Check each of them, show what was found, and leave with the exit status."""
    if format_ == "html":
        raise ReadError(
            "there are no pages of backward passes", hint="--format text, json or sarif"
        )
    reports: list[BackwardReport] = []
    failures: dict[str, str] = {}
    several = len(targets) > 1
    for target in targets:
        path, _, name = target.partition("::")
        several = several or not name
        messages: list[str] = []
        try:
            for report in _reports(path, name, messages):
                reports.append(report)
        except DvarError as error:
            messages.append(str(error))
        for message in messages:
            complain(message)
        if messages:
            failures[path] = "\n".join(messages)
    if reports or format_ == "sarif":
        emit(_shown(reports, format_, failures, several), output)
    status = COULD_NOT if failures else NOTHING_WRONG
    if not failures and not all(report.ok for report in reports):
        status = SOMETHING_WRONG
    if status != NOTHING_WRONG:
        sys.exit(status)


def _reports(path: str, name: str, messages: list[str]) -> Iterator[BackwardReport]:
    """What comes of one backward pass, or of all in a file; what keeps one from being checked is a message.

    Raises:
        ReadError: the file cannot be run, or holds none.
    """
    from dvar.check.backward.judge import judge
    from dvar.check.backward.target import checkable, find

    here = names_of(path)
    wanted = [name] if name else checkable(path, here)
    if not wanted:
        raise ReadError(
            f"{path} holds no backward pass",
            hint="functions NAME_forward and NAME_backward, a class with forward and backward, "
            "a torch.autograd.Function or a jax.custom_vjp",
        )
    with progress(len(wanted)) as bar:
        for one in wanted:
            try:
                yield judge(find(path, one, here))
            except DvarError as error:
                messages.append(str(error))
            if bar is not None:
                bar.advance(bar.task_ids[0])


def _shown(
    reports: Sequence[BackwardReport], format_: str, failures: dict[str, str], several: bool
) -> str:
    if format_ == "text":
        return "\n\n".join(str(report).strip("\n") for report in reports) + "\n"
    if format_ == "json":
        found = [report.to_json() for report in reports]
        data: object = found if several else found[0]
    else:
        from dvar.check.show.sarif import to_sarif

        data = to_sarif([], unreadable=failures, backward=reports)
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
