"""What the documents say is true: their Python runs, their commands work, their examples explain."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest

from dvar.cli import main

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLES = sorted(path for path in (ROOT / "examples").iterdir() if path.is_file())
PROBLEMS = [path for path in EXAMPLES if path.suffix in (".md", ".tex")]
"""Worksheets with blanks; the other examples are programs to be explained."""
COMMAND = re.compile(r"(?:^|^[ ]*\$ |[ ]{2,}|`)(?:\./|dvar )explain (.*)")
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)

Capture = pytest.CaptureFixture[str]


def commands(text: str) -> list[list[str]]:
    """The arguments of every ``dvar explain …`` and ``./explain …`` in a text."""
    found = []
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        match = COMMAND.search(line)
        # What stands behind a wide gap, or behind a backquote, is said of the command.
        command = re.split(r" {4,}|`", match[1])[0] if match else ""
        if command.strip():
            found.append(shlex.split(command, comments=True))
    return found


def works(arguments: list[str], where: Path, capsys: Capture, patch: pytest.MonkeyPatch) -> None:
    """Run it at the root of the repository; a file it writes goes elsewhere."""
    patch.chdir(ROOT)
    written = None
    for option in ("-o", "--output"):
        if option in arguments:
            written = where / "written"
            arguments[arguments.index(option) + 1] = str(written)
    main(["explain", *arguments])  # SystemExit would fail the test
    out, err = capsys.readouterr()
    assert err == ""
    assert written.read_text("utf-8") if written else out


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_python_of_a_page_runs(page: Path) -> None:
    text = page.read_text("utf-8")
    names: dict[str, object] = {}
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    parser = doctest.DocTestParser()
    for block in PYTHON.finditer(text):
        if ">>>" not in block[1]:
            continue
        line = text.count("\n", 0, block.start()) + 1
        test = parser.get_doctest(block[1], names, page.name, str(page), line)
        report: list[str] = []
        runner.run(test, out=report.append, clear_globs=False)
        assert not report, "".join(report)
        names.update(test.globs)


README = commands((ROOT / "README.md").read_text("utf-8"))
SCRIPT = commands((ROOT / "explain").read_text("utf-8"))


def test_the_readme_and_the_script_show_commands() -> None:
    assert len(README) >= 8
    assert len(SCRIPT) >= 4


@pytest.mark.parametrize("arguments", [*README, *SCRIPT], ids=" ".join)
def test_every_command_of_the_readme_works(
    arguments: list[str], tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    works([*arguments], tmp_path, capsys, monkeypatch)


def test_every_command_of_the_help_works(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["explain", "--help"])
    found = commands(capsys.readouterr().out)
    assert len(found) >= 10
    for arguments in found:
        works(arguments, tmp_path, capsys, monkeypatch)


def test_the_output_shown_in_the_readme_is_the_output(capsys: Capture) -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    block = re.search(r"```text\n\$ \./explain (.*?)\n(.*?)```", text, re.DOTALL)
    assert block is not None
    main(["explain", *shlex.split(block[1])])
    printed = capsys.readouterr().out
    for part in block[2].split("...\n"):
        assert part.strip("\n") in printed


@pytest.mark.parametrize("path", PROBLEMS, ids=lambda path: path.name)
def test_every_problem_can_be_solved(path: Path, capsys: Capture) -> None:
    main(["solve", str(path)])
    out, err = capsys.readouterr()
    assert "?" not in out.split("\n\n")[-1]
    assert err == ""


@pytest.mark.parametrize(
    "path", [p for p in EXAMPLES if p not in PROBLEMS], ids=lambda path: path.name
)
def test_every_example_can_be_explained(path: Path, capsys: Capture) -> None:
    if path.suffix == ".py":  # its first line says how it is used
        text = path.read_text("utf-8")
        for arguments in commands(text):
            subject, *rest = arguments
            main(["explain", str(ROOT / subject), *rest])
            assert capsys.readouterr().out
        assert commands(text)
        return
    main(["explain", str(path)])
    out, err = capsys.readouterr()
    assert "Gradients" in out
    assert err == ""


def test_the_line_shown_of_a_check_is_what_check_says(capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        main(["check", str(ROOT / "examples" / "check" / "one_neuron.md")])
    printed = capsys.readouterr().out
    for page in ("README.md", "docs/check.md"):
        block = re.search(r"```text\n(✗ .*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)
        assert block is not None
        assert block[1] in printed
