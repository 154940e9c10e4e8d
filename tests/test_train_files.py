"""Data in Parquet, all at once and as a stream."""

import numpy as np
import pytest

import dvar
from dvar.core.errors import ReadError
from dvar.training import files

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

DRAW = np.random.default_rng(0)
COLUMNS = {"a": DRAW.normal(size=500), "b": DRAW.normal(size=500), "label": np.arange(500) % 2}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "table.parquet"
    parquet.write_table(pyarrow.table(COLUMNS), path, row_group_size=64)
    return str(path)


def logistic(w, x, y):
    z = x @ w
    return np.mean(np.logaddexp(0, z) - y * z)


def test_a_table_is_read(path):
    data = files.examples([path], ["x=a,b", "y=label"])
    np.testing.assert_array_equal(data["x"], np.stack([COLUMNS["a"], COLUMNS["b"]], 1))
    assert data["y"].dtype == np.int64


def test_a_file_is_a_stream_of_batches(path):
    stream = files.parquet_batches(path, 100, ["x=a,b", "y=label"])
    assert sum(len(batch["y"]) for batch in stream()) == 500
    done = dvar.train(logistic, {"w": np.zeros(2)}, data=stream, epochs=2)
    whole = files.examples([path], ["x=a,b", "y=label"])
    w = np.zeros(2)
    for n in [*range(0, 500, 100)] * 2:
        x, y = whole["x"][n : n + 100], whole["y"][n : n + 100]
        w = w - 0.1 * dvar.grad(logistic)(w, x, y)
    np.testing.assert_allclose(done.params["w"], w, rtol=1e-10)


def test_files_that_cannot_be_read(tmp_path):
    path = tmp_path / "no.parquet"
    with pytest.raises(ReadError, match="cannot read"):
        files.examples([str(path)])
    path.write_bytes(b"nonsense")
    with pytest.raises(ReadError, match="cannot read"):
        files.examples([str(path)])
    with pytest.raises(ReadError, match="cannot read"):
        dvar.train(logistic, {"w": np.zeros(2)}, data=files.parquet_batches(str(path), 9), steps=1)


def test_a_stream_of_a_file_holds_a_few_batches_in_memory_however_long_it_is(tmp_path):
    path = tmp_path / "long.parquet"
    schema = pyarrow.schema([(name, pyarrow.float64()) for name in ("a", "b", "more")])
    with parquet.ParquetWriter(path, schema) as writer:
        for _ in range(30):
            writer.write_table(pyarrow.table(list(DRAW.normal(size=(3, 20_000))), schema=schema))
    before, seen, most = pyarrow.total_allocated_bytes(), 0, 0
    for batch in files.parquet_batches(str(path), 5_000, ["x=a,b"])():
        seen, most = seen + len(batch["x"]), max(most, pyarrow.total_allocated_bytes() - before)
    assert seen == 600_000
    assert most < path.stat().st_size / 4
    with pytest.raises(ReadError, match="there is no column c"):
        next(files.parquet_batches(str(path), 5_000, ["x=a,c"])())
