"""GradBench's evals by dvar: right by a check that lets no zeros, no NaN and no wrong shape pass."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))  # benchmarks/ is not installed

from benchmarks.gradbench.beside import Peer, agrees
from benchmarks.gradbench.cases import small
from benchmarks.gradbench.check import complaints, judged
from benchmarks.gradbench.measure import Tool
from benchmarks.gradbench.oracle import ANSWERS
from benchmarks.gradbench.protocol import EVALS, answers, functions

ROOT = Path(__file__).parents[1]
LONG = {"m=9 n=40", "d=6 k=3 n=20", "n=10 s=5", "l=3 c=9 b=14", "in triangles", "n=1 m=1 p=1"}


@pytest.mark.parametrize(
    ("name", "function", "case"),
    [
        (name, function, case)
        for name, function in ANSWERS
        for case in small(name)
        if case not in LONG
    ],
)
def test_right(name, function, case):
    assert judged(name, function, small(name)[case]) == []


def test_every_function_has_an_oracle():
    assert len(EVALS) == 12
    assert {(name, function) for name in EVALS for function in functions(name)} == set(ANSWERS)


@pytest.mark.parametrize(
    ("got", "wanted"),
    [
        ([0.0, 0.0], [1e-6, 2e-6]),
        ([1.0, float("nan")], [1.0, 2.0]),
        ([1.0, float("inf")], [1.0, 2.0]),
        ([1.0], [1.0, 2.0]),
        ([[1.0, 2.0]], [1.0, 2.0]),
        (1.0, [1.0]),
        ([1.0], 1.0),
        ([1.0, 2.0 + 1e-8], [1.0, 2.0]),
        ({"a": [1.0]}, {"a": [1.0], "b": [1.0]}),
        ({"a": [1.0], "b": [0.0]}, {"a": [1.0], "b": [1.0]}),
        ([None, 2.0], [1.0, 2.0]),
        ([True, 2.0], [1.0, 2.0]),
        ([0, 15, 31], [0, 15, 30]),
        ([[1.0], [1.0, 2.0]], [[1.0, 2.0], [1.0]]),
    ],
)
def test_what_the_check_refuses(got, wanted):
    assert list(complaints(got, wanted))


def test_what_the_check_lets_pass():
    wanted = {"a": [1.0, -2e5], "b": [[1, 2], [3, 4]], "c": 3.0}
    assert not list(complaints({"a": [1.0 + 1e-12, -2e5], "b": [[1, 2], [3, 4]], "c": 3}, wanted))


@pytest.mark.parametrize(
    ("name", "function"), [pair for pair in ANSWERS if pair[0] not in ("particle", "saddle")]
)
def test_no_answer_is_all_zeros(name, function):
    """What would pass as zeros would not be a check."""
    for given in small(name).values():
        wanted = ANSWERS[name, function](given)
        assert list(complaints(_zeros(wanted), wanted))


def _zeros(tree):
    if isinstance(tree, dict):
        return {name: _zeros(x) for name, x in tree.items()}
    return [_zeros(x) for x in tree] if isinstance(tree, list) else 0.0


def _said(*messages):
    return [json.loads(line) for line in answers(map(json.dumps, messages), 1)]


def test_messages():
    given = {"x": [1.0, 2.0], "min_runs": 3, "min_seconds": 0.0}
    ask = {"kind": "evaluate", "module": "lse", "function": "primal", "input": given}
    start, define, unknown, value, analysis = _said(
        {"id": 0, "kind": "start", "eval": "lse"},
        {"id": 1, "kind": "define", "module": "lse"},
        {"id": 2, "kind": "define", "module": "os"},
        {"id": 3, **ask},
        {"id": 4, "kind": "analysis", "of": 3, "valid": True},
    )
    assert start == {"id": 0, "tool": "dvar"}
    assert define == {"id": 1, "success": True}
    assert unknown["id"] == 2
    assert unknown["success"] is False
    assert analysis == {"id": 4}
    assert value["success"] is True
    assert "error" not in value
    names = [timing["name"] for timing in value["timings"]]
    assert names == ["prepare", "evaluate", "evaluate", "evaluate"]
    assert all(isinstance(timing["nanoseconds"], int) for timing in value["timings"])


def test_a_failure_is_an_answer():
    ask = {"id": 7, "kind": "evaluate", "module": "det", "function": "primal"}
    broken, missing = _said({**ask, "input": {"A": [1.0], "ell": 2}}, {**ask, "function": "f"})
    assert broken["success"] is False
    assert "reshape" in broken["error"]
    assert "output" not in broken
    assert missing["success"] is False


def test_over_pipes():
    ask = {"id": 1, "kind": "evaluate", "module": "hello", "function": "double", "input": 4.0}
    lines = [json.dumps({"id": 0, "kind": "define", "module": "hello"}), json.dumps(ask)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.gradbench", "--multithreaded"],
        input="\n".join(lines), capture_output=True, text=True, cwd=ROOT, check=True,
    )  # fmt: skip
    first, second = map(json.loads, done.stdout.splitlines())
    assert first["success"]
    assert second["output"] == 8.0


def test_answers_of_two_systems_agree_up_to_rounding():
    ours = {"a": [[1.0, 2.0]], "b": 3.0}
    assert agrees(ours, {"b": 3.0 + 1e-12, "a": [[1.0, 2.0]]})
    assert not agrees(ours, {"a": [[1.0, 2.1]], "b": 3.0})
    assert not agrees(ours, {"a": [[1.0], [2.0]], "b": 3.0})
    assert not agrees([0.0, 1.0], [math.nan, 1.0])


def test_a_system_that_takes_too_long_is_left_out():
    peer = Peer([sys.executable, "-c", "import time; time.sleep(60)"], "det")
    assert peer.ask("primal", small("det")["ell=2"], 0.3) is None
    assert peer.given_up == {"primal"}


def test_the_smallest_size_beside_the_peers_that_are_here():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.gradbench.beside", "det", "--size", "5", "--rounds", "1"],
        capture_output=True, text=True, cwd=ROOT, check=True,
    )  # fmt: skip
    assert "| det | 5 | gradient | " in done.stdout


def test_a_system_whose_functions_are_put_into_the_evals():
    pytest.importorskip("autograd")
    with Tool([sys.executable, "-m", "benchmarks.gradbench.peers", "autograd"]) as tool:
        assert tool.ask("define", module="det")["success"]
        given = small("det")["ell=3"]
        made = tool.ask("evaluate", module="det", function="gradient", input=given)
    assert agrees(ANSWERS["det", "gradient"](given), made["output"])
