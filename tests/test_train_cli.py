"""``dvar train`` as people use it."""

from pathlib import Path

import numpy as np
import pytest

from dvar.cli import main
from dvar.training.files import examples

ROOT = Path(__file__).parents[1]
MODEL = str(ROOT / "examples" / "train" / "circles.py")
TABLE = str(ROOT / "examples" / "train" / "circles.csv")
COLUMNS = ("--columns", "x=x1,x2", "y=inside")


def run(*more: str) -> None:
    main(
        ["train", f"{MODEL}::loss", "--params", f"{MODEL}::start", "--data", TABLE, *COLUMNS, *more]
    )


def test_the_example_learns_and_writes_what_it_learned(tmp_path, capsys):
    out, curve = tmp_path / "trained.npz", tmp_path / "curve.svg"
    run("--steps", "400", "--learning-rate", "1", "-o", str(out), "--curve", str(curve))
    told = capsys.readouterr().out
    assert told.startswith("400 steps, loss 0.69")
    assert curve.read_text().startswith("<svg")
    with np.load(out) as params:
        assert params["w1"].shape == (2, 8)
    main(
        (
            f"train {MODEL}::loss --params {out} --data {TABLE} --columns x=x1,x2 y=inside "
            "--steps 5 --optimizer lbfgs"
        ).split()
    )
    assert "w1: numbers of shape (2, 8)" in capsys.readouterr().out


def test_a_table_of_any_size_passes_through_memory(tmp_path, capsys):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    names = Path(TABLE).read_text().split("\n", 1)[0].split(",")
    table = np.loadtxt(TABLE, delimiter=",", skiprows=1)
    path, found = tmp_path / "table.parquet", []
    parquet.write_table(arrow.table(dict(zip(names, table.T, strict=True))), path)
    common = f"train {MODEL}::loss --params {MODEL}::start --data {path} --columns x=x1,x2 y=inside"
    for how in (f"--stream --batch-size {len(table)} --epochs 5", "--steps 5"):
        out = tmp_path / "out.npz"
        main([*common.split(), *how.split(), "-o", str(out)])
        with np.load(out) as params:
            found.append(params["w1"])
        assert capsys.readouterr().out.startswith("5 steps")
    np.testing.assert_allclose(*found, rtol=1e-12)


def test_what_was_good_is_written_when_training_diverges(tmp_path, capsys):
    model, out = tmp_path / "model.py", tmp_path / "out.npz"
    model.write_text(
        "import numpy as np\n"
        "def start(): return {'w': np.ones(1)}\n"
        "def loss(w, x): return np.mean(np.log(w * x))\n"
    )
    np.save(tmp_path / "x.npy", np.ones(3))
    with pytest.raises(SystemExit) as stopped:
        main(
            f"train {model}::loss --params {model}::start --data x={tmp_path}/x.npy --steps 9 "
            f"--learning-rate 0.6 -o {out}".split()
        )
    assert stopped.value.code == 2
    told = capsys.readouterr().err
    assert "out.npz has the parameters as they were then" in told
    assert "np.log(w * x)" in told
    with np.load(out) as params:
        assert params["w"][0] == pytest.approx(-1.1)  # where log was asked for
    with pytest.raises(SystemExit):
        main(
            f"train {model}::loss --params {model}::start --data x={tmp_path}/x.npy --steps 9 "
            "--learning-rate 0.6".split()
        )
    assert "-o FILE.npz keeps what there is by then" in capsys.readouterr().err


def test_arrays_of_their_own_files(tmp_path, capsys):
    table = np.loadtxt(TABLE, delimiter=",", skiprows=1)
    np.save(tmp_path / "x.npy", table[:, :2])
    np.save(tmp_path / "y.npy", table[:, 2])
    main(
        (
            f"train {MODEL}::loss --params {MODEL}::start --data x={tmp_path}/x.npy y={tmp_path}/y.npy "
            "--epochs 3 --batch-size 50 --optimizer adam"
        ).split()
    )
    assert capsys.readouterr().out.startswith("9 steps")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (["--columns", "x=x1,x9", "y=inside"], "there is no column x9"),
        (["--columns", "x=x1,x2"], "does not fit the names"),
        (["--columns", "x="], "names no columns"),
        (["--data", "nowhere.csv"], "cannot read nowhere.csv: No such file"),
        (["--data", "table.xls"], "table.xls is no data"),
        (["--params", f"{MODEL}::loss"], "needs arguments"),
        (["--params", f"{MODEL}::nothing"], "has no function nothing"),
        (["--steps", "3", "--epochs", "3"], "steps or epochs"),
        (["-o", "/nowhere/at/all.npz"], "there is no folder"),
        (["--stream"], "takes one Parquet file"),
        (["--data", "days.parquet", "--stream"], "needs --batch-size"),
    ],
)
def test_what_cannot_be_done_is_said(changes, words, capsys):
    given = {"--params": [f"{MODEL}::start"], "--data": [TABLE], "--columns": list(COLUMNS[1:])}
    given |= {"--steps": ["3"]}
    option = ""
    for part in changes:
        if part.startswith("-"):
            option = part
            given[option] = []
        else:
            given[option].append(part)
    arguments = [word for option, values in given.items() for word in (option, *values)]
    with pytest.raises(SystemExit) as stopped:
        main(["train", f"{MODEL}::loss", *arguments])
    assert stopped.value.code == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n\n3\n", "not a table of numbers: line 4 has 1 columns, not 2"),
        ("a,b\n1,2\n1,x\n", "not a table of numbers: line 3, column 2: 'x' is no number"),
        ("a,b\n1,\n", "line 2, column 2: nothing stands there"),
        ("a,b,a\n1,2,3\n", "several columns a"),
        ("a,b\n", "has no lines of numbers"),
        ("", "begin with a line of names"),
        ("1,2\n3,4\n", "begin with a line of names"),
        ("a\n1,2\n", "1 names and 2 columns"),
    ],
)
def test_tables_that_are_none(text, words, tmp_path, capsys):
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(SystemExit):
        main(f"train {MODEL}::loss --params {MODEL}::start --data {path} --steps 1".split())
    assert words in capsys.readouterr().err


def test_numbers_in_quotes_are_numbers(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text('"a","b"\n"1.5","2"\n3, 4\n')
    table = examples([str(path)])
    assert {name: column.tolist() for name, column in table.items()} == {
        "a": [1.5, 3.0],
        "b": [2.0, 4.0],
    }


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--steps", "3", "--seed", "-1"), "--seed 0"),
        (("--steps", "3", "--batch-size", "0"), "--batch-size 32"),
        (("--steps", "3", "--threads", "0"), "--threads 1"),
        (("--steps", "3", "--learning-rate", "nan"), "--learning-rate 0.1"),
        ((), "--steps 1000"),
        (("--steps", "3", "--checkpoint", "no/folder/c.npz"), "there is no folder"),
        (("--steps", "3", "--curve", "no/folder/c.svg"), "there is no folder"),
        (("--steps", "3", "--data", "no.parquet"), "cannot read no.parquet: there is no such file"),
    ],
)
def test_what_to_write_instead_is_said_as_it_is_written_here(more, words, capsys):
    with pytest.raises(SystemExit) as ended:
        run(*more)
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert words in told
    assert "bug" not in told


def test_a_column_without_numbers_is_named(tmp_path, capsys):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "table.parquet"
    parquet.write_table(
        arrow.table({"x1": [1.0, 2.0], "x2": ["a", "b"], "inside": [0, 1], "more": ["c", "d"]}),
        path,
    )
    given = f"train {MODEL}::loss --params {MODEL}::start --data {path} --steps 1 --columns"
    with pytest.raises(SystemExit):
        main([*given.split(), "x=x1,x2", "y=inside"])
    assert "the column x2 holds no numbers" in capsys.readouterr().err
    main([*given.split(), "x=x1,inside", "y=inside"])  # what is not looked at may be anything


def test_files_can_be_read_by_those_who_may_read_new_files(tmp_path):
    out, plain = tmp_path / "out.npz", tmp_path / "plain"
    plain.write_text("")
    run("--steps", "1", "-o", str(out))
    assert out.stat().st_mode == plain.stat().st_mode
    out.chmod(0o640)
    run("--steps", "1", "-o", str(out))
    assert out.stat().st_mode & 0o777 == 0o640
