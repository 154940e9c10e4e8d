"""The main job: the fourteen systems of the seeds, every value and every formula."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from systems import LOGISTIC, NETWORK, NETWORK_SHAPES, TWO_OUTPUTS, expected, given, numbers

import dvar
from dvar import cli

TOLERANCE = {"rtol": 1e-9, "atol": 1e-9}


def close(found: Any, wanted: Any) -> None:
    np.testing.assert_allclose(np.squeeze(found), np.squeeze(wanted), **TOLERANCE)


def derivative(program: str, at: dict[str, Any], of: str, wrt: str, **options: Any) -> Any:
    """``dof/dwrt``: the gradient of a scalar, or the local derivative on an edge of arrays."""
    explanation = dvar.explain(program, at=at, of=of, **options)
    return explanation.gradients[wrt]


def scalar_answers(program: str, system: dict[str, Any], at: dict[str, Any]) -> int:
    """Compare every ``name`` and ``dA/dB`` of a scalar system; returns how many there were."""
    values = dvar.explain(program, at=at).values
    compared = 0
    for key, wanted in numbers(system).items():
        of, slash, wrt = key.removeprefix("d").partition("/d")
        if key in values:
            close(values[key], wanted)
        elif slash and of in values and wrt in values:
            close(derivative(program, at, of, wrt), wanted)
        else:
            continue
        compared += 1
    return compared


def evaluate(formula: str, names: dict[str, Any]) -> Any:
    """A printed formula, computed by NumPy: it is readable Python."""
    functions = {
        n: getattr(np, n) for n in ("exp", "log", "sum", "outer", "eye", "sqrt", "argsort")
    }
    functions["sigmoid"] = lambda z: 1 / (1 + np.exp(-z))
    return eval(formula.replace("·", "*"), {"__builtins__": {}}, {**functions, **names})


def same_function(found: str, wanted: str, names: dict[str, Any]) -> None:
    close(evaluate(found, names), evaluate(wanted, names))


# ── scalar systems ──────────────────────────────────────────────────────────────────────────────

SCALAR = {
    "S01": ("q = x + y; f = q*z", ("x", "y", "z"), 12 - 4),
    "S02": (
        "m0 = w0*x0; m1 = w1*x1; s = m0 + m1; z = s + w2; n = -z; e = exp(n); d = 1 + e; alpha = 1/d",
        ("w0", "x0", "w1", "x1", "w2"),
        20,
    ),
    "S07": ("u = b*c; v = a + u; J = 3*v", ("a", "b", "c"), 12),
    "S08": (
        "z = w1*x1 + w2*x2 + b; a = sigmoid(z); L = -(y*log(a) + (1-y)*log(1-a))",
        ("w1", "w2", "b", "x1", "x2", "y"),
        9,
    ),
    "S10": (
        "z1 = w1*x; a1 = relu(z1); z2 = w2*a1; yhat = relu(z2); J = (y - yhat)**2/(2*N)",
        ("x", "y", "w1", "w2", "N"),
        18,
    ),
}


@pytest.mark.parametrize("identity", SCALAR)
def test_every_value_of_a_scalar_system_is_right(identity: str) -> None:
    program, names, count = SCALAR[identity]
    system = expected(identity)
    assert scalar_answers(program, system, given(system, *names)) >= count


SYMBOLIC = {
    "S01": "q = x + y; f = q*z",
    "S02": "u = 1 + exp(-z); z = w0*x0 + w1*x1 + w2; alpha = 1/u",
    "S07": SCALAR["S07"][0],
    "S08": SCALAR["S08"][0],
}


@pytest.mark.parametrize("identity", SYMBOLIC)
def test_every_formula_of_a_scalar_system_is_the_right_function(identity: str) -> None:
    program = SYMBOLIC[identity]
    system = expected(identity)
    generator = np.random.default_rng(7)
    inputs = [n["name"] for n in dvar.explain(program).to_json()["nodes"] if n["kind"] == "input"]
    at = {name: generator.uniform(0.2, 0.8) for name in inputs}
    values = {name: float(v) for name, v in dvar.explain(program, at=at).values.items()}
    compared = 0
    for key, wanted in system["expect"]["symbolic"].items():
        of, slash, wrt = key.removeprefix("d").partition("/d")
        if not slash or of not in values or wrt not in values or of == wrt:
            continue
        found = dvar.explain(program, of=of).formulas[wrt]
        same_function(found, wanted, values)
        compared += 1
    assert compared >= 5


def test_the_sigmoid_neuron_reads_as_in_a_textbook() -> None:
    formulas = dvar.explain("z = w0*x0 + w1*x1 + w2; alpha = 1/(1 + exp(-z))").formulas
    assert formulas["z"] == "alpha * (1 - alpha)"
    assert formulas["w2"] == "alpha * (1 - alpha)"


def test_the_logistic_loss_gives_a_minus_y() -> None:
    formulas = dvar.explain(SCALAR["S08"][0]).formulas
    assert formulas["z"] == "a - y"
    assert formulas["w1"] in ("(a - y) * x1", "x1 * (a - y)")


def test_an_upstream_gradient_multiplies_every_answer() -> None:
    e = dvar.explain("q = x + y; f = q*z", at={"x": -2, "y": 5, "z": -4}, upstream="dL_df=2")
    assert e.formulas["x"] in ("dL_df * z", "z * dL_df")
    close(e.gradients["x"], -8)


# ── networks ────────────────────────────────────────────────────────────────────────────────────


def test_the_two_layer_network_is_right_in_every_value() -> None:
    system = expected("S03")
    at = given(system, "W1", "b1", "W2", "b2", "X", "Y")
    e = dvar.explain(NETWORK_SHAPES + NETWORK, at=at)
    wanted = numbers(system)
    for name in ("Z1", "A1", "Z2", "Yhat", "J"):
        close(e.values[name], wanted[name])
    close(e.values["L"], wanted["L (row of all examples)"])
    for name in ("L", "Yhat", "Z2", "A1", "Z1", "W2", "b2", "W1", "b1"):
        close(e.gradients[name], wanted[f"dJ/d{name}"])
    edges = {(edge["of"], edge["wrt"]): edge["value"] for edge in e.to_json()["edges"]}
    close(edges["Yhat", "Z2"], wanted["dYhat/dZ2"])
    close(edges["L", "Yhat"], wanted["dL/dyhat"])


def test_the_two_layer_network_reads_as_in_a_textbook_without_numbers() -> None:
    e = dvar.explain(NETWORK_SHAPES + NETWORK)
    assert e.formulas["Z2"] == "(Yhat - Y) / m"
    assert e.formulas["W2"] == "(Yhat - Y) @ A1.T / m"
    assert e.formulas["A1"] == "W2.T @ (Yhat - Y) / m"
    assert e.formulas["Z1"] == "(W2.T @ (Yhat - Y)) * (Z1 > 0) / m"
    assert e.formulas["W1"] == "((W2.T @ (Yhat - Y)) * (Z1 > 0)) @ X.T / m"
    shapes = {n["name"]: n["shape"] for n in e.to_json()["nodes"]}
    system = expected("S03")
    for name in ("W1", "b1", "Z1", "A1", "W2", "b2", "Z2", "X", "Y", "Yhat"):
        assert shapes[name] == system["expect"]["shapes"][name]


def test_local_derivatives_of_the_network_are_the_jacobians_people_write() -> None:
    edges = {
        (e["of"], e["wrt"]): e["symbolic"]
        for e in dvar.explain(NETWORK_SHAPES + NETWORK).to_json()["edges"]
    }
    assert edges["Z2", "A1"] == "W2"
    assert edges["Z1", "W1"] == "X.T"
    assert edges["A1", "Z1"] == "Z1 > 0"
    assert edges["Z1", "b1"] == "1"
    assert edges["Yhat", "Z2"] == "Yhat * (1 - Yhat)"


def test_the_network_with_two_outputs_is_right_in_every_value() -> None:
    system = expected("S11")
    e = dvar.explain(TWO_OUTPUTS, at=given(system, "W1", "x", "b1", "W2", "b2", "t"))
    wanted = numbers(system)
    for name in ("z1", "h", "z2", "y", "L"):
        close(e.values[name], wanted[name])
    for name in ("y", "z2", "W2", "b2", "h", "z1", "W1", "b1", "x"):
        close(e.gradients[name], wanted[f"dL/d{name}"])


def test_both_paths_to_a_single_weight_are_shown() -> None:
    system = expected("S11")
    at = given(system, "W1", "x", "b1", "W2", "b2", "t")
    e = dvar.explain(TWO_OUTPUTS, at=at, wrt=["W1[0,0]", "b1[1]", "W2[0,0]", "b2[0]"])
    elements = {element["label"]: element for element in e.to_json()["elements"]}
    wanted = numbers(system)
    pairs = {
        "dL/dW1[0,0]": "dL/dW1(1,1)",
        "dL/db1[1]": "dL/db1(2)",
        "dL/dW2[0,0]": "dL/dW2(1,1)",
        "dL/db2[0]": "dL/db2(1)",
    }
    for label, key in pairs.items():
        close(elements[label]["value"], wanted[f"asked: {key}"])
    for label in ("dL/dW1[0,0]", "dL/db1[1]"):
        paths = [path["value"] for path in elements[label]["paths"]]
        close(paths, [wanted[f"{pairs[label]} via y{k} only"] for k in (1, 2)])


# ── gradient descent ────────────────────────────────────────────────────────────────────────────


def test_weights_are_updated_and_the_second_epoch_is_cheaper() -> None:
    system = expected("S10")
    wanted = numbers(system)
    at = given(system, "x", "y", "w1", "w2", "N")
    e = dvar.explain(SCALAR["S10"][0], at=at, learning_rate=0.1, update=["w1", "w2"])
    descent = e.to_json()["descent"]
    new = {u["name"]: u["value"] for u in descent["updates"]}
    close([new["w1"], new["w2"]], [wanted["w1 new"], wanted["w2 new"]])
    second = descent["epochs"][1]["values"]
    for name in ("z1", "a1", "z2", "yhat", "J"):
        close(second[name], wanted[f"{name} (epoch 2)"])


def logistic_numbers(system: dict[str, Any]) -> dict[str, Any]:
    """The givens of S09, its two weights as the column that LOGISTIC declares."""
    source = given(system, "w1", "w2", "b", "X", "Y")
    w1, w2 = source.pop("w1"), source.pop("w2")
    return {**source, "w": [[w1], [w2]]}


def test_logistic_regression_over_m_examples() -> None:
    system = expected("S09")
    wanted = numbers(system)
    at = logistic_numbers(system)
    e = dvar.explain(LOGISTIC, at=at, learning_rate=0.1, update=["w", "b"], examples="m")
    close(e.values["Z"], wanted["z"])
    close(e.values["A"], wanted["a"])
    close(e.values["J"], wanted["J"])
    close(e.gradients["w"], [wanted["dJ/dw1"], wanted["dJ/dw2"]])
    close(e.gradients["b"], wanted["dJ/db"])
    new = {u["name"]: u["value"] for u in e.to_json()["descent"]["updates"]}
    close(new["w"], [wanted["w1 new"], wanted["w2 new"]])
    close(new["b"], wanted["b new"])
    assert e.formulas["w"] == "X @ (A - Y).T / m"


def test_the_loop_and_the_vectorised_program_compute_the_same_as_the_explanation() -> None:
    generator = np.random.default_rng(3)
    at = {
        "X": generator.normal(size=(4, 6)),
        "Y": generator.integers(0, 2, (1, 6)).astype(float),
        "w": generator.normal(size=(4, 1)),
        "b": 0.3,
    }
    e = dvar.explain(LOGISTIC, at=at, examples="m", wrt="w,b")
    for program in e.to_json()["programs"]:
        names: dict[str, Any] = {
            **at,
            "m": 6,
            "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
            "sum": np.sum,
            "log": np.log,
        }
        exec(program["code"], names)
        close(names["J"], e.values["J"])
        close(names["dw"], e.gradients["w"])
        close(names["db"], e.gradients["b"])


# ── sorting and products with one element ───────────────────────────────────────────────────────

VECTORS = {
    "S04": ("F = x[0]*x", "dL/dF"),
    "S05": ("F = sort(x)", "dL/dF"),
    "S06": ("F = x[0]*sort(x)", "dL/dF"),
    "S12": ("F = sort(x)", "d"),
    "S13": ("F = x[0]*x", "d"),
    "S14": ("F = x[0]*sort(x)", "d"),
}


@pytest.mark.parametrize("identity", VECTORS)
def test_vector_systems_are_right_for_a_given_upstream_gradient(identity: str) -> None:
    program, name = VECTORS[identity]
    system = expected(identity)
    source = system["test"]["given"]
    e = dvar.explain(program, at={"x": source["x"]}, upstream=source[name])
    close(e.values["F"], numbers(system)["F"])
    close(e.gradients["x"], numbers(system)["dL/dx"])
    if "x (second)" in source:
        e = dvar.explain(program, at={"x": source["x (second)"]}, upstream=source[name])
        close(e.gradients["x"], numbers(system)["dL/dx (second)"])


def test_the_first_component_of_x0_times_x_collects_every_term() -> None:
    e = dvar.explain("F = x[0]*x", shapes={"x": (3,)}, upstream="d")
    (first, second, third) = e.to_json()["nodes"][0]["gradient"]["elements"]
    names = {"x": np.array([2.0, 3.0, -1.0]), "d": np.array([0.5, -1.0, 4.0])}
    same_function(first, "2*x[0]*d[0] + d[1]*x[1] + d[2]*x[2]", names)
    same_function(second, "d[1]*x[0]", names)
    same_function(third, "d[2]*x[0]", names)
    assert "2 *" in first


def test_a_vector_of_unknown_length_has_its_first_component_apart() -> None:
    e = dvar.explain("F = x[0]*x", shapes={"x": ("n",)}, upstream="d")
    assert e.to_json()["nodes"][0]["gradient"]["elements"] == {
        "0": "2 * d[0] * x[0] + sum(d[1:] * x[1:])",
        "i": "d[i] * x[0]",
    }


def test_sorting_moves_the_upstream_gradients_back() -> None:
    e = dvar.explain("F = sort(x)", at={"x": [4, 5, 1, 3, 2]}, upstream="d")
    assert e.to_json()["nodes"][0]["gradient"]["elements"] == [
        "d[3]",
        "d[4]",
        "d[0]",
        "d[2]",
        "d[1]",
    ]


def test_a_permutation_written_by_hand_moves_them_too() -> None:
    e = dvar.explain("F = [x2, x4, x3, x0, x1]", upstream="d")
    assert [e.formulas[f"x{k}"] for k in range(5)] == ["d[3]", "d[4]", "d[0]", "d[2]", "d[1]"]


# ── through the command line ────────────────────────────────────────────────────────────────────


def test_the_command_line_gives_the_same_numbers_as_python() -> None:
    arguments = ["explain", "q = x + y; f = q*z", "--at", "x=-2", "y=5", "z=-4", "--format", "json"]
    run = subprocess.run(
        [sys.executable, "-m", "dvar", *arguments], capture_output=True, text=True, check=True
    )
    answer = json.loads(run.stdout)
    assert answer["output"] == "f"
    gradients = {n["name"]: n["gradient"]["value"] for n in answer["nodes"]}
    assert gradients == {"x": -4, "y": -4, "z": 3, "q": -4, "f": 1}
    assert {"of": "q", "wrt": "x", "symbolic": "1", "value": 1}.items() <= answer["edges"][
        -1
    ].items()
    assert {step["target"] for step in answer["steps"]} == {
        "df/df",
        "df/dx",
        "df/dy",
        "df/dz",
        "df/dq",
    }


def ask(capsys: pytest.CaptureFixture[str], program: str, at: dict[str, Any], *more: str) -> Any:
    """The JSON that the command line prints."""
    values = [f"{name}={json.dumps(value)}" for name, value in at.items()]
    cli.main(["explain", program, "--at", *values, *more, "--format", "json"])
    return json.loads(capsys.readouterr().out)


NUMERIC = {
    **{identity: (program, names, ()) for identity, (program, names, _) in SCALAR.items()},
    "S03": (NETWORK_SHAPES + NETWORK, ("W1", "b1", "W2", "b2", "X", "Y"), ()),
    "S11": (TWO_OUTPUTS, ("W1", "x", "b1", "W2", "b2", "t"), ()),
    **{
        identity: (program, ("x",), (name, "F"))
        for identity, (program, name) in VECTORS.items()
    },
}  # fmt: skip


@pytest.mark.parametrize("identity", NUMERIC)
def test_the_command_line_answers_every_system(
    identity: str, capsys: pytest.CaptureFixture[str]
) -> None:
    program, names, vector = NUMERIC[identity]
    system = expected(identity)
    more = ("--upstream", json.dumps(system["test"]["given"][vector[0]])) if vector else ()
    answer = ask(capsys, program, given(system, *names), *more)
    nodes = {node["name"]: node for node in answer["nodes"]}
    edges = {(edge["of"], edge["wrt"]): edge["value"] for edge in answer["edges"]}
    top = "L" if vector else answer["output"]
    compared = 0
    for key, wanted in numbers(system).items():
        of, slash, wrt = key.removeprefix("d").partition("/d")
        if key in nodes:
            close(nodes[key]["value"], wanted)
        elif slash and of == top and wrt in nodes:
            close(nodes[wrt]["gradient"]["value"], wanted)
        elif edges.get((of, wrt)) is not None:
            close(edges[of, wrt], wanted)
        else:
            continue
        compared += 1
    assert compared >= (2 if vector else 8)


def test_the_command_line_does_logistic_regression_and_its_descent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    system = expected("S09")
    wanted = numbers(system)
    at = logistic_numbers(system)
    answer = ask(
        capsys, LOGISTIC, at, "--learning-rate", "0.1", "--update", "w,b", "--examples", "m"
    )
    new = {update["name"]: update["value"] for update in answer["descent"]["updates"]}
    close(new["w"], [wanted["w1 new"], wanted["w2 new"]])
    assert [program["title"] for program in answer["programs"]][1] == "Vectorised"
