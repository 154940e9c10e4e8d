"""Reports made by hand, for the tests of pictures and pages: no part of dvar computes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from dvar.write.report import (
    Descent,
    EdgeReport,
    ElementReport,
    Formula,
    Gradient,
    NodeReport,
    PathReport,
    Program,
    Report,
    StepReport,
    UpdateReport,
)

_HAT = {"yhat": r"\hat{y}", "Yhat": r"\hat{Y}"}
_GREEK = ("alpha", "beta", "sigma")


def name_latex(name: str) -> str:
    if name in _HAT:
        return _HAT[name]
    if name in _GREEK:
        return "\\" + name
    match = re.fullmatch(r"([A-Za-z])_?(\d+)", name)
    if match:
        return f"{match[1]}_{{{match[2]}}}"
    return name if len(name) == 1 else rf"\mathrm{{{name}}}".replace("_", r"\_")


def form(text: str, latex: str | None = None) -> Formula:
    """A formula; without LaTeX its names are set and products written side by side."""
    if latex is None:
        latex = re.sub(r"[A-Za-z_]\w*", lambda m: name_latex(m[0]), text)
        latex = re.sub(r"\s*\*\s*", r" \\, ", latex.replace("**2", "^{2}"))
    return Formula(text, latex)


def d(of: str, wrt: str) -> Formula:
    latex = rf"\frac{{\partial {name_latex(of)}}}{{\partial {name_latex(wrt)}}}"
    return Formula(f"d{of}/d{wrt}", latex)


def node(
    name: str,
    kind: str,
    expression: Formula | None = None,
    value: Any = None,
    grad: tuple[str, Formula, Any] | None = None,
    shape: tuple[int | str, ...] | None = None,
    substituted: str | None = None,
) -> NodeReport:
    """``grad`` is output name, tidy formula, value."""
    array = None if value is None else np.asarray(value, float)
    gradient = None
    if grad:
        number = None if grad[2] is None else np.asarray(grad[2], float)
        gradient = Gradient(d(grad[0], name), grad[1], number)
    put_in = form(substituted) if substituted else None
    size = shape if shape is not None else (() if array is None else array.shape)
    return NodeReport(form(name), kind, expression or form(name), put_in, size, array, gradient)


def edge(
    of: str, wrt: str, symbolic: Formula, value: Any = None, note: str | None = None,
    kink: str | None = None,
) -> EdgeReport:  # fmt: skip
    array = None if value is None else np.asarray(value, float)
    return EdgeReport(form(of), form(wrt), d(of, wrt), symbolic, array, note, kink)


def seed(output: str, shape: tuple[int | str, ...] = ()) -> StepReport:
    one = Formula("1", "1")
    target = d(output, output)
    return StepReport("seed", target, "upstream", one, one, one, one, np.array(1.0), shape)


def share(
    output: str, of: str, wrt: str, rule: str, expanded: Formula, symbolic: Formula,
    value: Any = None, substituted: str | None = None, shape: tuple[int | str, ...] = (),
    reasons: Sequence[str] = (),
) -> StepReport:  # fmt: skip
    left, right = d(output, of), d(of, wrt)
    chain = Formula(f"{left.text} * {right.text}", rf"{left.latex} \cdot {right.latex}")
    array = None if value is None else np.asarray(value, float)
    put_in = None if substituted is None else form(substituted, substituted.replace("*", r"\cdot "))
    return StepReport(
        "share",
        d(output, wrt),
        rule,
        chain,
        expanded,
        symbolic,
        put_in,
        array,
        shape,
        tuple(reasons),
    )


def product() -> Report:
    """S01: f = (x + y) z at x = −2, y = 5, z = −4."""
    z, q = form("z"), form("x + y")
    nodes = (
        node("x", "input", value=-2, grad=("f", z, -4)),
        node("y", "input", value=5, grad=("f", z, -4)),
        node("z", "input", value=-4, grad=("f", q, 3)),
        node("q", "intermediate", q, 3, ("f", z, -4), substituted="-2 + 5"),
        node("f", "output", form("q*z"), -12, ("f", form("1"), 1), substituted="3*(-4)"),
    )
    edges = (
        edge("q", "x", form("1"), 1),
        edge("q", "y", form("1"), 1),
        edge("f", "q", z, -4),
        edge("f", "z", form("q"), 3),
    )
    steps = (
        seed("f"),
        share("f", "f", "z", "product rule", form("1*q"), q, 3, "1*3"),
        share("f", "f", "q", "product rule", form("1*z"), z, -4, "1*(-4)"),
        share("f", "q", "y", "sum rule", form("z*1"), z, -4, "-4*1"),
        share("f", "q", "x", "sum rule", form("z*1"), z, -4, "-4*1"),
    )
    one = form("1")
    return Report("steps", form("f"), one, nodes, edges, steps)


def neuron() -> Report:
    """S02: the sigmoid neuron, every gate shown."""
    w0, x0, w1, x1, w2 = 2.0, -1.0, -3.0, -2.0, -3.0
    e = float(np.exp(-1.0))
    a = 1 / (1 + e)
    s = a * (1 - a)
    tidy = form("alpha*(1 - alpha)", r"\alpha \left(1 - \alpha\right)")
    square = form("-1/d**2", r"-\frac{1}{d^{2}}")
    rows: list[tuple[str, Formula | None, float, Formula, float]] = [
        ("w0", None, w0, form("x0*alpha*(1 - alpha)"), x0 * s),
        ("x0", None, x0, form("w0*alpha*(1 - alpha)"), w0 * s),
        ("w1", None, w1, form("x1*alpha*(1 - alpha)"), x1 * s),
        ("x1", None, x1, form("w1*alpha*(1 - alpha)"), w1 * s),
        ("w2", None, w2, tidy, s),
        ("m0", form("w0*x0"), -2, tidy, s),
        ("m1", form("w1*x1"), 6, tidy, s),
        ("s", form("m0 + m1"), 4, tidy, s),
        ("z", form("s + w2"), 1, tidy, s),
        ("n", form("-z"), -1, form("-alpha*(1 - alpha)"), -s),
        ("e", form("exp(n)", "e^{n}"), e, square, -a * a),
        ("d", form("1 + e"), 1 + e, square, -a * a),
        ("alpha", form("1/d", r"\frac{1}{d}"), a, form("1"), 1),
    ]
    nodes = tuple(
        node(n, "input" if x is None else "output" if n == "alpha" else "intermediate", x, v,
             ("alpha", g, dv))
        for n, x, v, g, dv in rows
    )  # fmt: skip
    links = [
        ("m0", "w0", form("x0"), x0), ("m0", "x0", form("w0"), w0), ("m1", "w1", form("x1"), x1),
        ("m1", "x1", form("w1"), w1), ("s", "m0", form("1"), 1), ("s", "m1", form("1"), 1),
        ("z", "s", form("1"), 1), ("z", "w2", form("1"), 1), ("n", "z", form("-1"), -1),
        ("e", "n", form("exp(n)", "e^{n}"), e), ("d", "e", form("1"), 1), ("alpha", "d", square, -a * a),
    ]  # fmt: skip
    edges = tuple(edge(*link) for link in links)
    gradients = {n: (g, dv) for n, _, _, g, dv in rows}
    steps = [seed("alpha")]
    for of, wrt, symbolic, value in reversed(links):
        g, dv = gradients[wrt]
        up = gradients[of][1]
        expanded = form(f"{gradients[of][0].text}*({symbolic.text})")
        steps.append(
            share("alpha", of, wrt, "chain rule", expanded, g, dv, f"{up:.4g}*({value:.4g})")
        )
    return Report("gates", form("alpha"), form("1"), nodes, edges, tuple(steps))


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def network(numbers: bool = False) -> Report:
    """S03: two layers, vectorised over m examples; shapes by name, or with the test numbers."""
    v: dict[str, Any] = {}
    if numbers:
        v = {
            "X": np.array([[1, -0.5], [0.8, 1.5]]), "Y": np.array([[1.0, 0]]),
            "W1": np.array([[0.5, -0.3], [0.2, 0.4], [-0.6, 0.1]]),
            "b1": np.array([[0.1], [-0.2], [0.05]]), "W2": np.array([[0.7, -0.5, 0.3]]),
            "b2": np.array([[0.2]]),
        }  # fmt: skip
        v["Z1"] = v["W1"] @ v["X"] + v["b1"]
        v["A1"] = np.maximum(v["Z1"], 0)
        v["Z2"] = v["W2"] @ v["A1"] + v["b2"]
        v["Yhat"] = _sigmoid(v["Z2"])
        v["J"] = -np.mean(v["Y"] * np.log(v["Yhat"]) + (1 - v["Y"]) * np.log(1 - v["Yhat"]))
        g = {"J": np.array(1.0)}
        g["Yhat"] = -(v["Y"] / v["Yhat"] - (1 - v["Y"]) / (1 - v["Yhat"])) / 2
        g["Z2"] = (v["Yhat"] - v["Y"]) / 2
        g["W2"], g["b2"] = g["Z2"] @ v["A1"].T, g["Z2"].sum(1, keepdims=True)
        g["A1"] = v["W2"].T @ g["Z2"]
        g["Z1"] = g["A1"] * (v["Z1"] > 0)
        g["W1"], g["b1"] = g["Z1"] @ v["X"].T, g["Z1"].sum(1, keepdims=True)
    else:
        g = {}
    m = 2 if numbers else "m"
    hidden, features = (3, 2) if numbers else ("D_a", "D_x")
    shapes: dict[str, tuple[int | str, ...]] = {
        "X": (features, m), "Y": (1, m), "W1": (hidden, features), "b1": (hidden, 1),
        "W2": (1, hidden), "b2": (1, 1), "Z1": (hidden, m), "A1": (hidden, m), "Z2": (1, m),
        "Yhat": (1, m), "J": (),
    }  # fmt: skip
    z2 = form("(Yhat - Y)/m", r"\frac{\hat{Y} - Y}{m}")
    a1 = form("W2.T @ (Yhat - Y)/m", r"W_{2}^{\top} \frac{\hat{Y} - Y}{m}")
    z1 = form(
        "(W2.T @ (Yhat - Y)/m) * (Z1 > 0)",
        r"\left(W_{2}^{\top} \frac{\hat{Y} - Y}{m}\right) \odot \mathbb{1}[Z_{1} > 0]",
    )
    w2 = form("(Yhat - Y)/m @ A1.T", r"\frac{\hat{Y} - Y}{m} \, A_{1}^{\top}")
    b2 = form("sum((Yhat - Y)/m)", r"\sum_{i} \frac{\hat{Y}_{i} - Y_{i}}{m}")
    w1 = form(f"({z1.text}) @ X.T", rf"\left({z1.latex}\right) X^{{\top}}")
    b1 = form(f"sum({z1.text}, axis=1)", rf"\sum_{{i}} {z1.latex}")
    yhat = form(
        "-(Y/Yhat - (1 - Y)/(1 - Yhat))/m",
        r"-\frac{1}{m} \left(\frac{Y}{\hat{Y}} - \frac{1 - Y}{1 - \hat{Y}}\right)",
    )
    loss = form(
        "-(1/m)*sum(Y*log(Yhat) + (1 - Y)*log(1 - Yhat))",
        r"-\frac{1}{m} \sum_{i=1}^{m} \left[Y_i \log \hat{Y}_i + (1 - Y_i) \log (1 - \hat{Y}_i)\right]",
    )
    mask = form("Z1 > 0", r"\mathbb{1}[Z_{1} > 0]")
    slope = form("Yhat*(1 - Yhat)", r"\hat{Y} \odot (1 - \hat{Y})")
    specs: list[tuple[str, str, Formula | None, Formula | None]] = [
        ("X", "input", None, None), ("Y", "input", None, None), ("W1", "input", None, w1),
        ("b1", "input", None, b1), ("W2", "input", None, w2), ("b2", "input", None, b2),
        ("Z1", "intermediate", form("W1 @ X + b1", r"W_{1} X + b_{1}"), z1),
        ("A1", "intermediate", form("relu(Z1)", r"\operatorname{ReLU}(Z_{1})"), a1),
        ("Z2", "intermediate", form("W2 @ A1 + b2", r"W_{2} A_{1} + b_{2}"), z2),
        ("Yhat", "intermediate", form("sigmoid(Z2)", r"\sigma(Z_{2})"), yhat),
        ("J", "output", loss, form("1")),
    ]  # fmt: skip
    nodes = tuple(
        node(n, k, x, v.get(n), None if s is None else ("J", s, g.get(n)), shapes[n])
        for n, k, x, s in specs
    )
    edges = (
        edge("Z1", "W1", form("X.T", r"X^{\top}"), note="linear map"),
        edge("Z1", "b1", form("1"), note="linear map"),
        edge("A1", "Z1", mask, v["Z1"] > 0 if numbers else None, "elementwise"),
        edge("Z2", "W2", form("A1.T", r"A_{1}^{\top}"), note="linear map"),
        edge("Z2", "A1", form("W2"), v.get("W2"), "Jacobian"),
        edge("Z2", "b2", form("1"), note="linear map"),
        edge("Yhat", "Z2", slope, v["Yhat"] * (1 - v["Yhat"]) if numbers else None, "elementwise"),
        edge("J", "Yhat", yhat, g.get("Yhat"), "elementwise"),
    )
    why_sum = "b1 is used once for every example: its gradient is the sum over the axis m"
    steps = (
        seed("J"),
        share("J", "J", "Yhat", "log rule, quotient rule", yhat, yhat, g.get("Yhat"), None, (1, m)),
        share("J", "Yhat", "Z2", "sigmoid",
              form(f"({yhat.text}) * {slope.text}", rf"{yhat.latex} \odot {slope.latex}"), z2,
              g.get("Z2"), None, (1, m)),
        share("J", "Z2", "b2", "sum over a broadcast axis", form("sum(dZ2)", r"\sum_i dZ_2"), b2,
              g.get("b2"), None, (1, 1), ("b2 is used for every example",)),
        share("J", "Z2", "W2", "matrix product", w2, w2, g.get("W2"), None, (1, hidden),
              ("the transpose puts the sum over the examples inside the product",)),
        share("J", "Z2", "A1", "matrix product", a1, a1, g.get("A1"), None, (hidden, m)),
        share("J", "A1", "Z1", "ReLU", z1, z1, g.get("Z1"), None, (hidden, m),
              ("at Z1 = 0 the value 0 is taken",)),
        share("J", "Z1", "b1", "sum over a broadcast axis", b1, b1, g.get("b1"), None, (hidden, 1),
              (why_sum,)),
        share("J", "Z1", "W1", "matrix product", w1, w1, g.get("W1"), None, (hidden, features)),
    )  # fmt: skip
    conventions = (
        "A gradient has the shape of what it is taken for (denominator layout).",
        "ReLU at 0: the derivative is taken as 0; any value in [0, 1] is right.",
    )
    return Report("steps", form("J"), form("1"), nodes, edges, steps, conventions)


def with_everything() -> Report:
    """S01 with a descent, element reports, programs, conventions and notes: every part of a page."""
    base = product()
    element = ElementReport(
        form("df/dx[0]", r"\frac{\partial f}{\partial x_{0}}"),
        form("z"),
        (
            PathReport(
                (form("f"), form("q"), form("x")),
                form("z*1"),
                form("-4*1", r"-4 \cdot 1"),
                np.array(-4.0),
            ),
            PathReport((form("f"), form("z")), form("0"), None, None),
        ),
        np.array(-4.0),
    )
    rule = form("x := x - alpha*df/dx", r"x := x - \alpha \frac{\partial f}{\partial x}")
    update = UpdateReport(form("x"), rule, form("-2 - 0.1*(-4)"), np.array(-1.6))
    rows = (
        tuple(map(np.array, (-2.0, -12.0))),
        tuple(map(np.array, (-1.6, -13.6))),
    )
    descent = Descent(0.1, (update,), (form("x"), form("f")), rows)
    programs = (
        Program(
            "loop over examples", "for i in range(m):\n    dw += x[i] * dz[i]", "O(m n) in Python"
        ),
        Program("vectorised", "dw = X @ dZ.T / m", "one matrix product"),
    )
    return Report(
        "steps", base.output, base.upstream, base.nodes, base.edges, base.steps,
        ("Partial derivatives are written ∂.",), ("An invented note.",), (element,), descent, programs,
    )  # fmt: skip


def hostile() -> Report:
    """Names with markup in them, LaTeX nobody understands."""
    bad = Formula('<script>alert("1")</script>&', r"\evil{<b>x</b>}&")
    gradient = Gradient(Formula("d<L>/d<x>", r"\unknown"), bad, np.array(2.5))
    inner = NodeReport(bad, "input", bad, None, (), np.array(1.5), gradient)
    outer = NodeReport(Formula("L<&>", r"\nope"), "output", bad, bad, (), np.array(3.5), gradient)
    link = EdgeReport(outer.name, bad, bad, bad, np.array(2.5), '<i>"note"</i>', "kink <at> 0 & 1")
    step = StepReport(
        "share", gradient.label, "<rule>", bad, bad, bad, bad, np.array(2.5), (), ("<why> & so",)
    )
    program = Program("<title>", "if a < b & c: print('</pre>')", "<cost>")
    return Report(
        "steps", outer.name, bad, (inner, outer), (link,), (step,), ("<convention>",), ("<note>",),
        programs=(program,),
    )  # fmt: skip


def chain(count: int, fan: int = 2) -> Report:
    """A graph of ``count`` nodes in which each uses the ``fan`` before it."""
    nodes = [node("v0", "input", value=1.0, grad=(f"v{count - 1}", form("g"), 0.5))]
    edges = []
    for n in range(1, count):
        used = sorted({max(0, n - 1), *(max(0, n - k * k) for k in range(1, fan + 1))})
        expression = form(" + ".join(f"v{k}" for k in used))
        kind = "output" if n == count - 1 else "intermediate"
        nodes.append(node(f"v{n}", kind, expression, n / 7, (f"v{count - 1}", form("g"), -n / 3)))
        edges += [edge(f"v{n}", f"v{k}", form("1"), 1) for k in used]
    steps = (seed(f"v{count - 1}"),)
    return Report("gates", form(f"v{count - 1}"), form("1"), tuple(nodes), tuple(edges), steps)


def fan_in(count: int) -> Report:
    """One sum of many inputs."""
    nodes = [node(f"x{n}", "input", value=n / 3, grad=("s", form("1"), 1)) for n in range(count)]
    total = form(" + ".join(f"x{n}" for n in range(count)))
    nodes.append(node("s", "output", total, 12.5, ("s", form("1"), 1)))
    edges = tuple(edge("s", f"x{n}", form("1"), 1) for n in range(count))
    return Report("steps", form("s"), form("1"), tuple(nodes), edges, (seed("s"),))
