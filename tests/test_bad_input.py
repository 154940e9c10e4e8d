"""What cannot be explained: a short message for people, status 2, nothing printed, no traceback."""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path

import pytest

from dvar.cli import main

Capture = pytest.CaptureFixture[str]

SECONDS = 10.0


def refused(capsys: Capture, *arguments: str) -> str:
    """The message; checks everything that every refusal owes."""
    started = time.monotonic()
    with pytest.raises(SystemExit) as stop:
        main(["explain", *arguments])
    out, err = capsys.readouterr()
    assert stop.value.code == 2
    assert out == ""
    assert "Traceback" not in err
    assert "bug of dvar" not in err
    assert err.count("\n") <= 6
    assert len(err) < 1000
    assert time.monotonic() - started < SECONDS
    return err


def explained(capsys: Capture, *arguments: str) -> str:
    main(["explain", *arguments])
    out, err = capsys.readouterr()
    assert err == ""
    return out


# case → arguments, and what the message has to mention
MESSAGES: dict[str, tuple[list[str], list[str]]] = {
    "nothing": ([""], ["nothing to read", "f = (x + y)*z"]),
    "blanks": (["   "], ["nothing to read"]),
    "only a remark": (["# f = x"], ["nothing to read"]),
    # names
    "a value for an unknown name": (["f = width*y", "width=1", "y=2", "widht=3"], ["width?"]),
    "a value for a strange name": (["f = x*y", "x=1", "y=2", "q=3"], ["q", "x, y"]),
    "an unknown name in wrt": (["f = width*y", "--wrt", "widht"], ["did you mean width?"]),
    "an unknown name in of": (["f = width*y", "--of", "widht"], ["did you mean width?"]),
    "an unknown name in update": (
        ["f = width*y", "width=1", "y=2", "--learning-rate", "1", "--update", "widht"],
        ["did you mean width?"],
    ),
    "an unknown function": (["f = sigmod(x)"], ["sigmod", "did you mean sigmoid?", "^^^^^^"]),
    "no such element": (["f = sum(x)", "--shape", "x=(3,)", "--wrt", "x[5]"], ["x[5]", "0..2"]),
    "too many indices": (["f = sum(x)", "--shape", "x=(3,)", "--wrt", "x[0,0]"], ["1 index"]),
    "an empty wrt": (["f = x", "--wrt", ","], ["--wrt is empty"]),
    "an unknown axis of examples": (["X: (n, m); f = sum(X)", "--examples", "q"], ["axis q"]),
    # shapes
    "shapes of a product": (
        ["W: (3, 4); x: (5,); f = sum(W @ x)"],
        ["W (3, 4)", "x (5,)", "line 1", "^^^^^", "i k, k -> i"],
    ),
    "shapes with names": (["W: (n, m); x: (k,); f = sum(W @ x)"], ["W (n, m)", "x (k,)"]),
    "shapes of values": (
        ["a = W @ x\nf = sum(a)", "W=[[1,2],[3,4]]", "x=[1,2,3]"],
        ["W (2, 2)", "x (3,)", "line 1"],
    ),
    "shapes of a sum": (["f = sum(x + y)", "x=[1,2]", "y=[1,2,3]"], ["x (2,)", "y (3,)"]),
    "a value against its declaration": (["x: (3,); f = sum(x)", "x=[1, 2]"], ["declared as 3"]),
    "a vector": (["F = 2*x", "x=[1, 2]"], ["F", "(2,)", "sum(F)", "--upstream"]),
    "an upstream gradient of wrong shape": (
        ["F = 2*x", "x=[1, 2]", "--upstream", "[1, 2, 3]"],
        ["(3,)", "F is (2,)"],
    ),
    "a named upstream gradient of wrong shape": (
        ["F = 2*x", "x=[1, 2]", "--upstream", "d=[1, 2, 3]"],
        ["(3,)", "F is (2,)"],
    ),
    "one number upstream of a vector": (
        ["F = 2*x", "x=[1, 2]", "--upstream", "3"],
        ["scalar", "F is (2,)"],
    ),
    # syntax
    "an operator at the end": (["f = x +"], ["at the end", "f = x +", "^"]),
    "an operator too many": (["q = x + y\nf = q * * z"], ["line 2", "f = q * * z", "^"]),
    "a bracket too few": (["f = (x + y"], ["never closed", "^"]),
    "a bracket too many": (["f = x + y)"], ["closes nothing", "^"]),
    "a statement of Python": (["f += x"], ["+=", "^"]),
    "a call of the system": (["f = __import__('os').system('ls')"], ["system"]),
    "a number too large": (["f = 1e999*x"], ["too large", "^"]),
    "a circle": (["a = b + 1; b = a*2"], ["a → b → a"]),
    "a name defined by itself": (["a = a + 1"], ["a is defined by itself", "another name"]),
    "a name defined twice": (["a = x; a = y; f = a"], ["a is defined twice", "line 1"]),
    # values
    "a word for a number": (["f = x", "x=abc"], ["'abc'", "x=0.5"]),
    "a list left open": (["f = sum(x)", "x=[1,2"], ["'[1,2'", "[[1, 2], [3, 4]]"]),
    "a ragged list": (["f = sum(x)", "x=[[1,2],[3]]"], ["[[1,2],[3]]"]),
    "no value": (["f = x", "x="], ["x"]),
    "null": (["f = x", "x=null"], ["'null'"]),
    "an object": (["f = x", 'x={"a": 1}'], ["x"]),
    "a complex number": (["f = x", "x=1j"], ["'1j'"]),
    "a fraction with nothing below": (["f = x", "x=1/0"], ["'1/0'"]),
    "a list of a hundred levels": (["f = sum(x)", "x=" + "[" * 100 + "1" + "]" * 100], ["x"]),
    "a list of a great many levels": (["f = sum(x)", "x=" + "[" * 90_000], ["x"]),
    "no equals sign": (["f = x", "x"], ["NAME=VALUE"]),
    "no name": (["f = x", "=3"], ["NAME=VALUE"]),
    "a value twice": (["f = x", "x=1", "x=2"], ["x is given twice"]),
    "one value is missing": (["f = x*y", "x=1"], ["no value for y", "--at y="]),
    "no file of values": (["f = x", "x=@nowhere.npy"], ["nowhere.npy", "No such file"]),
    "a value for a computed name": (["q = x*y; f = q", "q=3"], ["q"]),
    "half an example": (["Z: (n, m); f = sum(Z)/m", "m=2.5"], ["m is a size", "2.5"]),
    # domains
    "log of 0": (["a = x - 1; L = 3*log(a) + 2", "x=1"], ["log(a)", "a is 0", "a > 0", "^^^^^^"]),
    "log of an element": (["L = sum(log(x))", "x=[1, 0]"], ["log(x)", "index (1,)"]),
    "division by 0": (["a = x - 1\nb = 3\nL = y/a + b", "x=1", "y=2"], ["y / a", "line 3"]),
    "root of a negative": (["L = 1 + sqrt(x - 3)", "x=1"], ["sqrt(x - 3)", "x - 3 is -2"]),
    # options
    "an unknown format": (["f = x", "--format", "pdf"], ["pdf", "latex"]),
    "an unknown level": (["f = x", "--level", "all"], ["gates"]),
    "an unknown option": (["f = x", "--formt", "svg"], ["--format"]),
    "no epochs": (["f = x", "x=1", "--epochs", "0"], ["1<=x<=10000"]),
    "epochs without a learning rate": (["f = x", "x=1", "--epochs", "3"], ["--learning-rate"]),
    "update without a learning rate": (["f = x", "x=1", "--update", "x"], ["--learning-rate"]),
    "a learning rate without update": (["f = x", "x=1", "--learning-rate", "1"], ["--update"]),
    "a learning rate that is no number": (
        ["f = x", "x=1", "--learning-rate", "nan", "--update", "x"],
        ["positive number"],
    ),
    "a negative learning rate": (
        ["f = x", "x=1", "--learning-rate=-1", "--update", "x"],
        ["positive number"],
    ),
    "descent without numbers": (
        ["f = x*y", "--learning-rate", "1", "--update", "x"],
        ["needs numbers", "x, y"],
    ),
    "descent of an intermediate value": (
        ["q = x*y; f = q", "x=1", "y=1", "--learning-rate", "1", "--update", "q"],
        ["q is not an input"],
    ),
    "a file that cannot be written": (["f = x", "-o", "nowhere/f.txt"], ["nowhere/f.txt"]),
    # files
    "no such file": (["nowhere.txt"], ["nowhere.txt", "No such file"]),
    "no such path": (["./nowhere"], ["./nowhere", "No such file"]),
    "no such Python file": (["nowhere.py::f"], ["nowhere.py"]),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_the_message_says_what_is_wrong_and_what_to_write(
    case: str, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments, mentioned = MESSAGES[case]
    message = refused(capsys, *arguments)
    for part in mentioned:
        assert part in message


def test_no_subject_at_all_shows_how_it_is_used(capsys: Capture) -> None:
    assert "SUBJECT" in refused(capsys)


FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "nothing to read"),
    "remarks only": (b"# one\n# two\n", "nothing to read"),
    "Latin-1": ("f = x  # café".encode("latin-1"), "not UTF-8"),
    "binary": (bytes(range(256)) * 8, "not UTF-8"),
    "a zero byte": (b"f = x\0 + y", "U+0000"),
    "50 MB": (b"f = x + y\n" * 5_000_000, "larger than"),
    "a million characters": (b"f = x" + b" + x" * 250_000, "1,000,005 characters"),
    "10,000 brackets": (b"f = " + b"(" * 10_000 + b"x" + b")" * 10_000, "nested"),
    "5,000 signs": (b"f = " + b"-" * 5_000 + b"x", "nested"),
    "500 powers": (b"f = x" + b"**2" * 500, "nested"),
    "2,500 inputs": (
        b"f = " + b" + ".join(b"x%d*y%d" % (n, n) for n in range(2500)),
        "named values",
    ),
    "3,000 definitions": (
        b"a0 = x*x\n" + b"\n".join(b"a%d = a%d*x" % (n + 1, n) for n in range(3000)),
        "named values",
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_formula_is_refused_in_time(
    case: str, capsys: Capture, tmp_path: Path
) -> None:
    data, mentioned = FILES[case]
    path = tmp_path / "bad.txt"
    path.write_bytes(data)
    assert mentioned in refused(capsys, str(path))


def test_standard_input_that_is_no_text_is_refused(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"f = x \xff"), "utf-8"))
    assert "standard input is not UTF-8" in refused(capsys, "-")


def test_a_directory_is_no_formula(capsys: Capture, tmp_path: Path) -> None:
    assert "directory" in refused(capsys, str(tmp_path))


MODULE = """
import sys
import numpy as np

def loss(w, x):
    return np.sum((w * x)**2)

def raises(w):
    raise KeyError("boom")

def leaves(w):
    sys.exit(3)

def nothing(w):
    w * 2

def words(w):
    return "w"
"""

FUNCTIONS: dict[str, tuple[list[str], list[str]]] = {
    "loss": (["w=2"], ["loss needs a value or a shape for x"]),
    "loss ": (["w=2", "xs=3"], ["no parameter xs", "did you mean x?"]),
    "loss  ": (["w=[1, 2]", "x=[1, 2, 3]"], ["w (2,)", "x (3,)", "module.py:6"]),
    "raises": (["w=2"], ["KeyError", "boom", "module.py:9"]),
    "leaves": (["w=2"], ["SystemExit", "module.py:12"]),
    "nothing": (["w=2"], ["None", "return"]),
    "words": (["w=2"], ["str"]),
    "lost": (["w=2"], ["no function lost", "loss"]),
    "": ([], ["no function", "loss"]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_that_cannot_be_explained_says_why(
    name: str, capsys: Capture, tmp_path: Path
) -> None:
    path = tmp_path / "module.py"
    path.write_text(MODULE, "utf-8")
    arguments, mentioned = FUNCTIONS[name]
    message = refused(capsys, f"{path}::{name.strip()}", *arguments)
    for part in mentioned:
        assert part in message


@pytest.mark.parametrize(
    "code", ["def f(x:\n", "import no_such_module\n", "import sys\nsys.exit(4)\n", "1/0\n"]
)
def test_a_python_file_that_does_not_run_says_why(
    code: str, capsys: Capture, tmp_path: Path
) -> None:
    path = tmp_path / "broken.py"
    path.write_text(code, "utf-8")
    assert "broken.py" in refused(capsys, f"{path}::f")


def test_a_python_file_needs_the_name_of_a_function(capsys: Capture, tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(MODULE, "utf-8")
    assert "module.py::" in refused(capsys, str(path))


# ── large, and explained all the same ───────────────────────────────────────────────────────────


def test_a_sum_of_thousands_of_terms_is_explained_in_seconds(
    capsys: Capture, tmp_path: Path
) -> None:
    path = tmp_path / "sum.txt"
    path.write_text("f = " + " + ".join(["x"] * 5000), "utf-8")
    started = time.monotonic()
    out = explained(capsys, str(path), "x=0.5")
    assert time.monotonic() - started < SECONDS
    assert "5000" in out


def test_fractions_in_fractions_are_explained(capsys: Capture) -> None:
    formula, slope, x = "x", 1.0, 0.5
    for _ in range(60):
        formula = f"1/(1 + {formula})"
        slope, x = slope * -1 / (1 + x) ** 2, 1 / (1 + x)
    out = explained(capsys, f"f = {formula}", "x=0.5", "--level", "summary")
    assert f"{slope:.6g}" in out


def test_shared_values_do_not_unfold(capsys: Capture) -> None:
    program = "a0 = x + y; " + "; ".join(f"a{n + 1} = a{n}*a{n}" for n in range(40))
    assert len(explained(capsys, program)) < 60_000


def test_a_large_array_is_shown_by_its_shape_and_range(capsys: Capture, tmp_path: Path) -> None:
    import numpy as np

    np.save(tmp_path / "X.npy", np.linspace(-1, 1, 200_000).reshape(1000, 200))
    for format_ in ("text", "html", "latex", "markdown"):
        out = explained(
            capsys, "f = sum(X**2)", f"X=@{tmp_path / 'X.npy'}", "--format", format_,
            "--level", "summary",
        )  # fmt: skip
        assert len(out) < 300_000
        assert "1000, 200" in out
