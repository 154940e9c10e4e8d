"""``dvar check`` as people use it: files, folders, pipes, formats, exit statuses, mistakes of theirs."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import jsonschema
import pytest
from judged import NEURON, flawless, judged, neuron, silent

import dvar
from dvar.check.report import Report
from dvar.cli import main
from dvar.core.errors import ReadError

SCHEMA = Path(__file__).parent / "data" / "sarif-schema-2.1.0.json"
Capture = pytest.CaptureFixture[str]


def _judge(source: str | os.PathLike[str], *, file: str | None = None) -> Report:
    """Stands for the judge: what it says depends on the first word of the text."""
    text = source if isinstance(source, str) else Path(source).read_text("utf-8")
    word = text.split()[0] if text.split() else ""
    if word == "broken":
        raise ReadError("the text is broken", hint="mend it")
    if word == "bug":
        raise ZeroDivisionError("division by zero")
    if word == "deep":
        raise RecursionError
    if word == "doubt":
        return judged(text, ("a = 1", "unknown"), file=file)
    return {"#": neuron, "good": flawless}.get(word, silent)(file)


@pytest.fixture(autouse=True)
def judge(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("dvar.check.worksheet")
    module.check = _judge  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "dvar.check.worksheet", module)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with some files."""
    files = {
        "neuron.md": NEURON,
        "good.md": "good",
        "doubt.md": "doubt a = 1",
        "broken.md": "broken",
        "lectures/one.md": NEURON,
        "lectures/two.tex": "good",
        "lectures/README.md": "words only",
        "lectures/data.csv": "1,2",
        "lectures/.hidden/three.md": NEURON,
        "lectures/node_modules/four.md": NEURON,
        "empty/data.csv": "1,2",
        "model.py": "raise SystemExit('this file is run')",
        "scan.pdf": "%PDF",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(capsys: Capture, *arguments: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error."""
    status = 0
    try:
        main(["check", *arguments])
    except SystemExit as stop:
        status = int(stop.code or 0)
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return status, out, err


# ── status ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["good.md"], 0),
        (["neuron.md"], 1),
        (["doubt.md"], 0),
        (["doubt.md", "--strict"], 1),
        (["good.md", "--strict"], 0),
        (["broken.md"], 2),
        (["good.md", "neuron.md"], 1),
        (["good.md", "broken.md", "neuron.md"], 2),
        (["lectures"], 1),
        (["nowhere.md"], 2),
    ],
)
def test_the_exit_status_says_what_was_found(
    capsys: Capture, folder: Path, arguments: list[str], status: int
) -> None:
    assert check(capsys, *arguments)[0] == status


def test_one_unreadable_file_does_not_keep_the_others_from_being_checked(
    capsys: Capture, folder: Path
) -> None:
    status, out, err = check(capsys, "broken.md", "neuron.md", "nowhere.md", "good.md")
    assert status == 2
    assert "neuron.md" in out
    assert "good.md" in out
    assert err.splitlines() == [
        "dvar: there is no file nowhere.md",
        "dvar: broken.md: the text is broken",
        "  try:  mend it",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.md"], ["no file nowhere.md"]),
        (["empty"], ["empty holds no worksheets", ".md"]),
        (["scan.pdf"], ["scan.pdf is not text", "Markdown"]),
        (["model.py"], ["model.py raised SystemExit", "(model.py:1)"]),
        (["model.py", "good.md"], ["in two runs"]),
        (["model.py::Layer"], ["model.py raised SystemExit", "(model.py:1)"]),
        (["nowhere.py::Layer"], ["no file nowhere.py"]),
        (["good.md", "-o", "no/such/folder/x.txt"], ["cannot write no/such/folder/x.txt"]),
        (["lectures", "--derive", "3"], ["--derive is about one file"]),
        (["good.md", "--derive", "2"], ["no equation on line 2"]),
        (["neuron.md", "--derive", "7"], ["nothing to derive on line 7", "--derive 23"]),
        (["lectures", "--format", "html"], ["need a folder", "-o pages"]),
        (["lectures", "--format", "html", "-o", "good.md"], ["cannot make the folder good.md"]),
        ([], ["Missing argument", "FILE"]),
        (["good.md", "--format", "xml"], ["xml"]),
    ],
    ids=lambda value: " ".join(value)[:40] or "nothing",
)
def test_mistakes_of_ours_are_told_without_a_traceback(
    capsys: Capture, folder: Path, arguments: list[str], said: list[str]
) -> None:
    status, out, err = check(capsys, *arguments)
    assert status == 2
    assert out == ""
    for words in said:
        assert words in err


def test_a_file_that_may_not_be_read_is_told(
    capsys: Capture, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "cannot read good.md: permission denied" in check(capsys, "good.md")[2]
    assert "cannot open lectures: permission denied" in check(capsys, "lectures")[2]


@pytest.mark.parametrize(("word", "said"), [("bug", "bug of dvar"), ("deep", "too deeply nested")])
def test_a_bug_of_ours_in_one_file_leaves_the_others(
    capsys: Capture, folder: Path, word: str, said: str
) -> None:
    (folder / "odd.md").write_text(word, "utf-8")
    status, out, err = check(capsys, "odd.md", "neuron.md")
    assert status == 2
    assert said in err
    assert "odd.md" in err
    assert "line 23" in out


# ── files and folders ───────────────────────────────────────────────────────────────────────────


def test_a_folder_is_searched_for_worksheets(capsys: Capture, folder: Path) -> None:
    _, out, _ = check(capsys, "lectures", "--format", "json")
    files = [report["file"] for report in json.loads(out)]
    assert files == [str(Path("lectures/one.md")), str(Path("lectures/two.tex"))]


def test_a_named_file_is_shown_although_it_has_no_equations(capsys: Capture, folder: Path) -> None:
    _, out, _ = check(capsys, "lectures/README.md")
    assert "No equations were found" in out


def test_several_files_of_which_none_can_be_read_are_an_empty_list(
    capsys: Capture, folder: Path
) -> None:
    assert check(capsys, "broken.md", "nowhere.md")[:2] == (2, "")
    assert check(capsys, "broken.md", "nowhere.md", "--format", "json")[:2] == (2, "[]\n")


def test_a_folder_without_equations_is_told(capsys: Capture, folder: Path) -> None:
    (folder / "empty/words.txt").write_text("words", "utf-8")
    assert check(capsys, "empty") == (0, "No equations were found.\n", "")


def test_a_file_that_is_named_twice_is_checked_once(capsys: Capture, folder: Path) -> None:
    _, out, _ = check(capsys, "good.md", "./good.md", "--format", "json")
    assert len(json.loads(out)) == 1


def test_standard_input_is_a_file(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(NEURON.encode()), "utf-8"))
    status, out, _ = check(capsys, "-", "--format", "json")
    assert status == 1
    assert json.loads(out)["file"] == "-"


def test_standard_input_that_is_no_text_is_told(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe\x00"), "utf-8"))
    status, _, err = check(capsys, "-")
    assert status == 2
    assert "not UTF-8" in err


# ── formats ─────────────────────────────────────────────────────────────────────────────────────


def test_one_file_is_one_object_and_several_are_a_list(capsys: Capture, folder: Path) -> None:
    one = json.loads(check(capsys, "neuron.md", "--format", "json")[1])
    assert one["file"] == "neuron.md"
    assert one["summary"]["wrong"] == 1
    for equation in one["equations"]:
        assert {
            "line", "column", "source", "kind", "verdict", "cause", "causes", "expected", "found",
            "from_line", "message",
        } <= set(equation)  # fmt: skip
    several = json.loads(check(capsys, "neuron.md", "good.md", "--format", "json")[1])
    assert several[0] == one


def test_a_log_for_code_hosts_names_what_could_not_be_read(capsys: Capture, folder: Path) -> None:
    status, out, _ = check(
        capsys, "lectures", "broken.md", "doubt.md", "--format", "sarif", "--strict"
    )
    log = json.loads(out)
    jsonschema.Draft4Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(log)
    run = log["runs"][0]
    assert status == 2
    assert run["invocations"][0]["executionSuccessful"] is False
    assert "broken" in str(run["invocations"][0]["toolExecutionNotifications"])
    uris = {
        r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"]
    }
    assert uris == {"lectures/one.md", "doubt.md"}


def test_a_log_is_written_even_if_nothing_could_be_read(capsys: Capture, folder: Path) -> None:
    status, out, _ = check(capsys, "broken.md", "--format", "sarif")
    assert status == 2
    assert json.loads(out)["runs"][0]["results"] == []


def test_one_page_goes_to_standard_output_or_a_file(capsys: Capture, folder: Path) -> None:
    out = check(capsys, "neuron.md", "--format", "html")[1]
    assert out.startswith("<!doctype html>")
    assert check(capsys, "neuron.md", "--format", "html", "-o", "n.html")[1] == ""
    assert (folder / "n.html").read_text("utf-8") == out


def test_several_pages_go_to_a_folder_with_an_index(capsys: Capture, folder: Path) -> None:
    status, out, err = check(capsys, "lectures", "good.md", "--format", "html", "-o", "a/b")
    assert (status, out, err) == (1, "", "")
    assert sorted(p.name for p in (folder / "a/b").iterdir()) == [
        "good.md.html", "index.html", "lectures-one.md.html", "lectures-two.tex.html",
    ]  # fmt: skip


def test_several_texts_end_with_a_total(capsys: Capture, folder: Path) -> None:
    _, out, _ = check(capsys, "neuron.md", "good.md")
    assert out.splitlines()[-1] == "2 files: 1 with mistakes, 1 without mistakes."


def test_the_whole_document_is_shown_on_request(capsys: Capture, folder: Path) -> None:
    assert "A single sigmoid neuron" not in check(capsys, "neuron.md")[1]
    assert "A single sigmoid neuron" in check(capsys, "neuron.md", "--all")[1]


def test_the_right_answer_is_derived_on_request(capsys: Capture, folder: Path) -> None:
    status, out, _ = check(capsys, "neuron.md", "--derive", "23")
    assert status == 1
    assert out.startswith("✗ 23 │ = 0.5\n\ndL/dz = dL/da * da/dz\n")


def test_text_is_written_to_a_file_without_colour(capsys: Capture, folder: Path) -> None:
    expected = check(capsys, "neuron.md")[1]
    check(capsys, "neuron.md", "-o", "out.txt")
    assert (folder / "out.txt").read_text("utf-8") == expected


# ── terminal ────────────────────────────────────────────────────────────────────────────────────

PROGRAM = """
import sys
sys.path.insert(0, {tests!r})
from types import ModuleType
import judged
from dvar.cli import main
module = ModuleType("dvar.check.worksheet")
module.check = lambda source, file=None: judged.neuron(file)
sys.modules["dvar.check.worksheet"] = module
main(["check", *sys.argv[1:]])
"""


def _on_a_terminal(*arguments: str, **environment: str) -> str:
    """What the command prints when its output and its errors are a terminal."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    inherited = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    program = PROGRAM.format(tests=str(Path(__file__).parent))
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdout=theirs, stderr=theirs,
        env={**inherited, "TERM": "xterm-256color", "COLUMNS": "90", **environment},
    ):  # fmt: skip
        os.close(theirs)
        parts = []
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux says so when the other side has closed
                break
            if not part:
                break
            parts.append(part)
    os.close(ours)
    return b"".join(parts).decode().replace("\r\n", "\n")


def test_a_terminal_gets_colour_unless_it_is_not_wanted(capsys: Capture, folder: Path) -> None:
    assert "\x1b[" in _on_a_terminal("neuron.md")
    assert _on_a_terminal("neuron.md", NO_COLOR="1") == check(capsys, "neuron.md")[1]


def test_a_bar_shows_the_progress_over_several_files(folder: Path) -> None:
    assert "checking" in _on_a_terminal("neuron.md", "good.md")
    assert "checking" not in _on_a_terminal("neuron.md")


def test_a_pipe_that_closes_early_is_no_error(folder: Path) -> None:
    program = PROGRAM.format(tests=str(Path(__file__).parent))
    command = [sys.executable, "-c", program, "neuron.md", "--format", "html"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == b""


def test_the_help_opens_no_heavy_room() -> None:
    code = (
        "import sys\nfrom dvar.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({m.partition('.')[0] for m in sys.modules} & "
        "{'numpy', 'scipy', 'rich', 'markdown_it', 'latex2mathml'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "check" in done.stdout
    assert done.stdout.endswith("[]\n")


# ── from Python ─────────────────────────────────────────────────────────────────────────────────


def test_the_package_can_be_called(folder: Path) -> None:
    assert dvar.check(Path("neuron.md"), file="neuron.md").first_wrong is not None
    assert dvar.check("good", file="text").ok


def test_the_package_stays_a_package() -> None:
    code = (
        "import sys, dvar\nassert 'dvar.check' not in sys.modules\nassert callable(dvar.check)\n"
        "import dvar.check.report as report\nassert dvar.check.report is report\n"
        "from dvar import check\nassert check is dvar.check\nassert 'numpy' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
