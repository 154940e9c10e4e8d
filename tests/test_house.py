"""The house rules that no linter knows."""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import dvar

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "dvar"
LINES = 400
HEAVY = ("scipy", "rich", "click", "llvmlite", "pylatexenc", "markdown_it", "torch", "jax", "sympy")
DOORS = ("dvar.cli", "dvar.read.latex.reader", "dvar.read.text.formula", "dvar.write.terminal")
SCRIPTS = ("explain", "test", ".ci/run")
# Somebody's own directory: /home/name, /Users/name, /root/…, a drive letter.
MACHINE_PATH = re.compile(r"(?<![\w.])(/home/\w|/Users/\w|/root/\w|/work/\w|[A-Z]:\\\w)")


def _loaded_by(statement: str) -> set[str]:
    """Modules in memory after a statement, in a Python of its own."""
    code = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def _tracked() -> list[Path]:
    try:
        done = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [path for name in done.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_importing_dvar_loads_no_heavy_library() -> None:
    loaded = {name.partition(".")[0] for name in _loaded_by("import dvar")}
    assert loaded.isdisjoint(HEAVY)


def test_importing_dvar_opens_no_door_that_is_not_used() -> None:
    assert _loaded_by("import dvar").isdisjoint(DOORS)


def test_every_exported_name_exists() -> None:
    missing = [name for name in getattr(dvar, "__all__", ()) if not hasattr(dvar, name)]
    assert not missing


def test_the_version_is_the_one_that_is_packaged() -> None:
    assert f'version = "{dvar.__version__}"' in (ROOT / "pyproject.toml").read_text("utf-8")


def test_every_module_can_be_imported_and_says_what_it_is() -> None:
    for module in pkgutil.walk_packages(dvar.__path__, "dvar."):
        if not module.name.endswith("__main__"):  # importing it runs it
            assert importlib.import_module(module.name).__doc__, module.name


@pytest.mark.parametrize(
    "path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE))
)
def test_every_source_file_is_short(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) < LINES


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_is_executable_and_parses(name: str) -> None:
    assert os.access(ROOT / name, os.X_OK)
    subprocess.run(["bash", "-n", str(ROOT / name)], check=True)


def test_the_readme_names_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "./explain" in readme
    assert "./test" in readme


def test_the_licence_is_the_whole_apache_licence() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    found = []
    for path in _tracked():
        if path == Path(__file__) or path.suffix in {".png", ".npz", ".gz"}:
            continue
        for n, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1):
            if MACHINE_PATH.search(line):
                found.append(f"{path.relative_to(ROOT)}:{n}: {line.strip()[:80]}")
    assert not found
