"""Compiled code is kept on disk, and nothing that happens to the files there changes a result."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import dvar
from dvar.engine.native import cache

PROGRAM = """
import numpy as np, dvar
from dvar.engine.native import machine
made = []
compile_ = machine._compiled
machine._compiled = lambda text: made.append(1) or compile_(text)
f = dvar.jit(dvar.grad(lambda w, x: np.mean(np.tanh(x @ w)**2)))
print(f(np.linspace(0, 1, 3), np.linspace(-1, 1, 21).reshape(7, 3)).tolist(), len(made))
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DVAR_CACHE", str(tmp_path))
    return tmp_path


def _run(folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "DVAR_CACHE": str(folder)},
    )
    return done.stdout


def test_another_process_compiles_nothing_and_gets_the_same(folder):
    first, second = _run(folder), _run(folder)
    assert first.endswith("1\n")
    assert second.endswith("0\n")
    assert first.rsplit(" ", 1)[0] == second.rsplit(" ", 1)[0]


@pytest.mark.parametrize("damage", [b"", b"nonsense", None])
def test_a_damaged_file_is_made_again(folder, damage):
    made = []
    assert cache.cached("text", lambda: made.append(1) or b"code") == b"code"
    (path,) = folder.glob("*.o")
    good = path.read_bytes()
    path.write_bytes(good[:-1] + b"?" if damage is None else damage)
    assert cache.cached("text", lambda: made.append(1) or b"code") == b"code"
    assert cache.cached("text", lambda: made.append(1) or b"code") == b"code"
    assert len(made) == 2
    assert path.read_bytes() == good


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("DVAR_CACHE", str(blocked))
    assert cache.cached("text", lambda: b"code") == b"code"
    assert float(dvar.jit(lambda x: np.sum(x * x))(np.arange(3.0))) == 5.0


def test_an_empty_name_keeps_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("DVAR_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache.cached("text", lambda: b"code")
    assert not list(tmp_path.iterdir())


def test_the_oldest_files_go(folder, monkeypatch):
    monkeypatch.setattr(cache, "MOST", 8)
    for n in range(12):
        cache.cached(str(n), lambda: b"code")
    assert len(list(folder.glob("*.o"))) <= 9
