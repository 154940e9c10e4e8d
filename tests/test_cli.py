"""The command line as people use it: every option and format, files, pipes, functions."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dvar.cli import FORMATS, main

EXAMPLE = ("explain", "q = x + y; f = q*z", "--at", "x=-2", "y=5", "z=-4")

Capture = pytest.CaptureFixture[str]


def shown(capsys: Capture, *arguments: str) -> str:
    """What a command prints; nothing goes to standard error."""
    main(arguments)
    out, err = capsys.readouterr()
    assert err == ""
    return out


def gradients(capsys: Capture, *arguments: str) -> dict[str, Any]:
    answer = json.loads(shown(capsys, *arguments, "--format", "json"))
    return {n["name"]: n["gradient"]["value"] for n in answer["nodes"] if n["gradient"]}


def test_a_formula_may_begin_with_a_minus(capsys: Capture) -> None:
    assert gradients(capsys, "explain", "-log(p)*y", "p=0.5", "y=-2")["p"] == 4
    assert gradients(capsys, "explain", "-(x - 1)*y", "x=-1", "y=-2")["x"] == 2
    with pytest.raises(SystemExit):
        main(["explain", "x", "--shap", "x=3"])


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_is_printed(capsys: Capture, format_: str) -> None:
    out = shown(capsys, *EXAMPLE, "--format", format_)
    starts = {
        "text": "Forward pass\n",
        "markdown": "# Derivative of `f`",
        "latex": r"\documentclass",
        "json": "{",
        "html": "<!doctype html>",
        "svg": "<svg",
    }
    assert out.startswith(starts[format_])
    assert out.endswith("\n")


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_is_written_to_a_file(capsys: Capture, tmp_path: Path, format_: str) -> None:
    path = tmp_path / "out"
    assert shown(capsys, *EXAMPLE, "--format", format_, "-o", str(path)) == ""
    assert path.read_text("utf-8") == shown(capsys, *EXAMPLE, "--format", format_)


def test_the_svg_is_well_formed(capsys: Capture) -> None:
    ElementTree.fromstring(shown(capsys, *EXAMPLE, "--format", "svg"))


def test_values_may_follow_without_an_option(capsys: Capture) -> None:
    wanted = {"x": -4, "y": -4, "z": 3, "q": -4, "f": 1}
    assert gradients(capsys, *EXAMPLE) == wanted
    assert gradients(capsys, "explain", EXAMPLE[1], "x=-2", "y=5", "z=-4") == wanted


def test_values_are_numbers_fractions_lists_and_files(capsys: Capture, tmp_path: Path) -> None:
    np.save(tmp_path / "c.npy", np.array([1.0, 2.0]))
    (tmp_path / "d.csv").write_text("3,4\n5,6\n", "utf-8")
    got = gradients(
        capsys, "explain", "f = a*sum(b) + sum(c*b) + e*sum(D)",
        "a=1/4", "b=[1, 2]", f"c=@{tmp_path / 'c.npy'}", f"D=@{tmp_path / 'd.csv'}", "e=1e-1",
    )  # fmt: skip
    assert got["a"] == 3
    assert got["b"] == [1.25, 2.25]
    assert got["e"] == 18
    np.testing.assert_allclose(got["D"], [[0.1, 0.1], [0.1, 0.1]])


def test_shapes_have_numbers_and_names(capsys: Capture) -> None:
    out = shown(capsys, "explain", "f = sum(A @ x)", "--shape", "A=(3, n)", "x=(n,)")
    assert "(3, n)" in out
    assert "(n,)" in out


def test_of_differentiates_an_intermediate_value(capsys: Capture) -> None:
    got = gradients(capsys, "explain", "q = x*y; f = sin(q)", "--of", "q", "x=2", "y=3")
    assert got == {"x": 3, "y": 2, "q": 1}


def test_wrt_selects(capsys: Capture) -> None:
    out = shown(capsys, *EXAMPLE, "--wrt", "x")
    assert "df/dx" in out
    assert "df/dy" not in out


def test_an_upstream_gradient_is_a_number_a_list_a_name_or_both(capsys: Capture) -> None:
    vector = ("explain", "F = 2*x", "x=[1, 2]", "--upstream")
    assert gradients(capsys, *vector, "[1, 10]")["x"] == [2, 20]
    assert gradients(capsys, *vector, "d=[1, 10]")["x"] == [2, 20]
    assert "2 * d" in shown(capsys, *vector, "d")
    assert gradients(capsys, "explain", "f = 2*x", "x=1", "--upstream", "5")["x"] == 10


def test_an_upstream_gradient_keeps_its_name_when_it_is_passed_on(capsys: Capture) -> None:
    out = shown(capsys, "explain", "q = x + y", "x=1", "y=2", "--upstream", "g=3")
    assert "dL/dq = g" in out
    assert "dL/dy = dL/dq * dq/dy" in out


def test_epochs_of_gradient_descent(capsys: Capture) -> None:
    out = shown(
        capsys, "explain", "J = (y - w*x)**2", "x=3", "y=2", "w=0.5",
        "--learning-rate", "0.1", "--epochs", "100", "--update", "w", "--format", "json",
    )  # fmt: skip
    epochs = json.loads(out)["descent"]["epochs"]
    assert len(epochs) == 100
    w = 0.5
    for epoch in epochs[:5]:
        assert epoch["values"]["w"] == pytest.approx(w)
        w -= 0.1 * -2 * 3 * (2 - 3 * w)


def test_standard_input_is_a_subject(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"f = x**2\n"), "utf-8"))
    assert gradients(capsys, "explain", "-", "x=3")["x"] == 6


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("f.txt", "# a remark\nq = x + y\nf = q*z\n"),
        ("f.tex", r"$$q = x + y$$ $$f = q \cdot z$$"),
        ("with a byte order mark.txt", "\ufeffq = x + y; f = q*z"),
        ("dos.txt", "q = x + y\r\nf = q*z\r\n"),
        ("no-suffix", "f = (x + y)*z"),
    ],
)
def test_a_file_is_a_subject(capsys: Capture, tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode("utf-8"))
    assert gradients(capsys, "explain", str(path), *EXAMPLE[2:])["z"] == 3


FUNCTIONS = """
import numpy as np

def loss(w, x, scale=2.0):
    return scale * np.sum((w * x)**2)

def number(w):
    return 3.0

def pair(w):
    return w**2, w**3

def filled(w):
    out = np.zeros(2)
    out[0] = np.sum(w**2)
    return np.sum(out)
"""


@pytest.fixture
def functions(tmp_path: Path) -> str:
    path = tmp_path / "functions.py"
    path.write_text(FUNCTIONS, "utf-8")
    return str(path)


def test_a_python_function_is_a_subject(capsys: Capture, functions: str) -> None:
    got = gradients(capsys, "explain", f"{functions}::loss", "w=[1, 2]", "x=[3, 4]")
    assert got["w"] == [36, 128]
    assert "(n,)" in shown(capsys, "explain", f"{functions}::loss", "--shape", "w=(n,)", "x=(n,)")


def test_a_function_that_returns_a_plain_number_has_gradient_zero(
    capsys: Capture, functions: str
) -> None:
    assert gradients(capsys, "explain", f"{functions}::number", "w=2")["w"] == 0


@pytest.mark.parametrize("w", ["w=(3,)", "w=[1, 2, 3]"])
def test_an_array_that_is_filled_is_followed(capsys: Capture, functions: str, w: str) -> None:
    assert "2 * w" in shown(capsys, "explain", f"{functions}::filled", w)


def test_a_pipe_that_closes_early_is_no_error() -> None:
    command = [sys.executable, "-m", "dvar", "explain", "s = sum(x)", "--shape", "x=(50,)"]
    command += ["--format", "html"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_a_pipe_gets_neither_colour_nor_wrapped_lines() -> None:
    wide = "f = " + " + ".join(f"weight{n}" for n in range(40))
    done = subprocess.run(
        [sys.executable, "-m", "dvar", "explain", wide],
        capture_output=True, text=True, check=True,
        env={**os.environ, "COLUMNS": "40", "FORCE_COLOR": "1"},
    )  # fmt: skip
    assert "\x1b" not in done.stdout
    assert wide in done.stdout


def _on_a_terminal(**environment: str) -> str:
    """What the command prints when its output is a terminal."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    inherited = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    with subprocess.Popen(
        [sys.executable, "-m", "dvar", *EXAMPLE],
        stdout=theirs, env={**inherited, "TERM": "xterm-256color", **environment},
    ) as process:  # fmt: skip
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
    assert process.returncode == 0
    return b"".join(parts).decode().replace("\r\n", "\n")


def test_a_terminal_gets_colour_unless_it_is_not_wanted(capsys: Capture) -> None:
    plain = shown(capsys, *EXAMPLE)
    coloured = _on_a_terminal()
    assert "\x1b[" in coloured
    assert _on_a_terminal(NO_COLOR="1") == plain


def test_the_version_and_the_help_are_printed(capsys: Capture) -> None:
    from dvar import __version__

    assert __version__ in shown(capsys, "--version")
    assert "--upstream" in shown(capsys, "explain", "--help")
