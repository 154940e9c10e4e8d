"""Reports of ``check``: written by hand, for the tests of what shows them, and made of a text, line by line."""

from __future__ import annotations

from typing import Any

from dvar import check
from dvar.check.report import Judgement, Report

_WORST = ("wrong", "carried", "up-to-constant", "unknown", "convention", "ok")


def verdicts(text: str) -> dict[int, str]:
    """Line → what is said of it; of several verdicts the worst."""
    found: dict[int, str] = {}
    for one in check(text).judgements:
        both = {one.verdict, found.get(one.line, one.verdict)}
        found[one.line] = next((v for v in _WORST if v in both), one.verdict)
    return found


def judged(
    text: str,
    *equations: tuple[str, str] | tuple[str, str, dict[str, Any]],
    file: str | None = "notes.md",
    lines: tuple[int, ...] | None = None,
    notes: tuple[str, ...] = (),
) -> Report:
    """A report on a text: each equation as written there, in order, with its verdict and more fields."""
    judgements = []
    at = 0
    for source, verdict, *more in equations:
        start = text.index(source, at)
        at = end = start + len(source)
        judgements.append(place(text, (start, end), verdict, lines, **(more[0] if more else {})))
    return Report(file, text, tuple(judgements), lines, notes)


def place(
    text: str,
    span: tuple[int, int],
    verdict: str,
    lines: tuple[int, ...] | None = None,
    **fields: Any,
) -> Judgement:
    """A judgement of what stands between two offsets."""
    start = _line_and_column(text, span[0], lines)
    end = _line_and_column(text, span[1], lines)
    kind = verdict if verdict in ("definition", "given") else "claim"
    fields = {"kind": kind, "latex": True, **fields}
    return Judgement(*start, *end, text[slice(*span)], span, verdict=verdict, **fields)


def _line_and_column(text: str, offset: int, lines: tuple[int, ...] | None) -> tuple[int, int]:
    before = text[:offset]
    number = before.count("\n")
    return (number + 1 if lines is None else lines[number]), offset - before.rfind("\n") - 1


NEURON = r"""# One neuron

A single sigmoid neuron with the loss of logistic regression.

Given $x = 2.0$, $w = 0.5$, $b = -1.0$ and the label $y = 1$.

$$z = w x + b = 0.5 \cdot 2.0 - 1.0 = 0$$

$$a = \sigma(z) = \frac{1}{1 + e^{-z}} = 0.5$$

$$L = -\left(y \log a + (1 - y) \log(1 - a)\right) = 0.6931$$

## Backward

$$\frac{\partial L}{\partial a} = -\frac{y}{a} + \frac{1 - y}{1 - a} = -2$$

$$\frac{\partial a}{\partial z} = a (1 - a) = 0.25$$

$$
\begin{aligned}
\frac{\partial L}{\partial z} &= \frac{\partial L}{\partial a} \cdot \frac{\partial a}{\partial z} \\
&= -2 \cdot 0.25 \\
&= 0.5
\end{aligned}
$$

Hence $\frac{\partial L}{\partial w} = \frac{\partial L}{\partial z} x = 1.0$ and, since $b$ enters with
factor one, $\frac{\partial L}{\partial b} = 0.5$.

The Fisher information is $\mathcal{I}(w) = \mathbb{E}_{\pi}[\ldots]$.

| step | value |
|------|-------|
| $w - 0.1 \cdot 1.0$ | $w' = 0.4$ |
"""


CHAIN = r"\frac{\partial L}{\partial z} &= \frac{\partial L}{\partial a} \cdot \frac{\partial a}{\partial z}"


def neuron(file: str | None = "notes/neuron.md") -> Report:
    """A sign lost in the middle, and what follows from it."""
    carried = {"from_line": 23, "expected": "-1.0", "found": "1.0", "cause": "sign"}
    return judged(
        NEURON,
        ("x = 2.0", "given"),
        ("w = 0.5", "given"),
        ("b = -1.0", "given"),
        ("y = 1", "given"),
        (r"z = w x + b = 0.5 \cdot 2.0 - 1.0 = 0", "ok"),
        (r"a = \sigma(z) = \frac{1}{1 + e^{-z}} = 0.5", "ok"),
        (r"L = -\left(y \log a + (1 - y) \log(1 - a)\right) = 0.6931", "ok"),
        (r"\frac{\partial L}{\partial a} = -\frac{y}{a} + \frac{1 - y}{1 - a} = -2", "ok"),
        (r"\frac{\partial a}{\partial z} = a (1 - a) = 0.25", "ok"),
        (CHAIN, "ok"),
        (r"= -2 \cdot 0.25", "ok"),
        ("= 0.5", "wrong", {
            "cause": "sign", "causes": ("sign",), "found": "0.5", "expected": "-0.5",
            "message": "The product of -2 and 0.25 is negative.",
            "counterexample": "the left side is -0.5, the right side 0.5",
            "repaired": "= -0.5", "derive": _derivation,
        }),
        (r"\frac{\partial L}{\partial w} = \frac{\partial L}{\partial z} x = 1.0", "carried", carried),
        (r"\frac{\partial L}{\partial b} = 0.5", "carried", {**carried, "expected": "-0.5"}),
        (r"\mathcal{I}(w) = \mathbb{E}_{\pi}[\ldots]", "unknown",
         {"message": "What the dots stand for is not written."}),
        ("w' = 0.4", "carried", {**carried, "kind": "update"}),
        file=file,
        notes=(r"Derivatives are laid out as the parameter itself (denominator layout).",),
    )  # fmt: skip


def _derivation() -> str:
    return "dL/dz = dL/da * da/dz\n      = (-2) * 0.25\n      = -0.5\n"


def flawless(file: str | None = "good.md") -> Report:
    return judged(
        "$f = x y$\n\n$df/dx = y$\n", ("f = x y", "definition"), ("df/dx = y", "ok"), file=file
    )


def silent(file: str | None = "prose.md") -> Report:
    """A document without an equation."""
    return Report(file, "Only words.\n", ())


def hostile() -> Report:
    """Mark-up, scripts and control characters wherever a document can put them."""
    text = (
        "# <script>alert(1)</script>\n\n<img src=x onerror=alert(2)> \x1b[31mred [link](javascript:alert(3))"
        " ![pixel](http://example.org/p.png) <a href='http://example.org'>a</a>\n\n"
        "$\\text{<script>alert(4)</script>} = \\href{javascript:alert(5)}{x}$ and `<b>` &lt;i&gt;\n\n"
        '```"><script>\n</code></pre><script>alert(6)</script>\n```\n'
    )
    bad = "<script>alert(7)</script>\x1b]0;title\x07"
    return judged(
        text,
        ("\\text{<script>alert(4)</script>} = \\href{javascript:alert(5)}{x}", "wrong", {
            "message": bad, "expected": bad, "counterexample": bad, "repaired": bad,
        }),
        file='"><script>alert(8)</script>.md', notes=(bad,),
    )  # fmt: skip
