"""Walkthroughs of training as people post them: values printed in a row, means, sums along an axis, recaps."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check


def verdicts(text: str) -> dict[str, str]:
    return {j.source: j.verdict for j in check(text).judgements}


PROGRAM = """```python
x, goal, u, c, v, d = 2.0, 1.0, 0.5, 0.5, 3.0, -1.0
h = u * x + c
g = max(0.0, h)
q = v * g + d
loss = (q - goal) ** 2
```

```text
{printed}
```

```python
dloss_dq = 2.0 * (q - goal)
dq_dv = g
```
"""


@pytest.mark.parametrize("gap", ["   ", "  "])
def test_values_printed_in_a_row_are_no_products(gap: str) -> None:
    found = verdicts(PROGRAM.format(printed=gap.join(["h = 1.5", "g = 1.5", "q = 3.5"])))
    assert found["g = 1.5"] == found["q = 3.5"] == "ok"
    assert found["dloss_dq = 2.0 * (q - goal)"] == found["dq_dv = g"] == "ok"
    assert verdicts(PROGRAM.format(printed=f"g = 1.5{gap}h = 1.7"))["h = 1.7"] != "ok"


def test_values_printed_tightly_in_a_row_are_judged_one_by_one() -> None:
    found = verdicts("$z = 3x$ with $x = 2$, $a = z + 1$.\n\nforward: z=6.0 a=7.5\n")
    assert found["z=6.0"] == "ok"
    assert found["a=7.5"] == "wrong"


RECAP = r"""$p = \sigma(z)$, $z = wx + b$, $L = (p - y)^2$; $x = 2$, $y = 1$, $w = 0$, $b = 0$.

$$\frac{\partial L}{\partial w} = (-1)(0.25)(2) = -0.5$$

$w \leftarrow 0 - 1 \cdot (-0.5) = 0.5$. Now $z = 1$.

In short: $\frac{\partial L}{\partial w} = NUMBER$.
"""


@pytest.mark.parametrize(("number", "verdict"), [("-0.5", "ok"), ("-0.25", "wrong")])
def test_a_gradient_told_again_is_that_of_before(number: str, verdict: str) -> None:
    found = check(RECAP.replace("NUMBER", number)).judgements[-1]
    assert found.verdict == verdict


def test_a_chain_filled_in_factor_by_factor_says_nothing_of_layout() -> None:
    text = (
        "Z1 = X·W1 + b1, A1 = ReLU(Z1), Z2 = A1·W2 + b2, A2 = ReLU(Z2), Z3 = A2·W3 + b3, P = sigmoid(Z3)\n"
        "- dL/dP = -1/m * (Y / P - (1 - Y) / (1 - P))\n"
        "- dL/dW3 = dL/dP * dP/dZ3 * dZ3/dW3 = FILLED\n"
        "- dL/dW3 = (1/m) * A2.T.dot(P - Y)\n"
    )
    filled = "-1/m * (Y / P - (1 - Y) / (1 - P)) * P * (1 - P) * A2"
    assert "wrong" not in verdicts(text.replace("FILLED", filled)).values()
    assert "wrong" in verdicts(text.replace("FILLED", "(1/m) * A2.T @ (P + Y)")).values()


WHOLE = r"""A layer $z = wx + b$, an activation $h$ and a target $y$. Fix $x = 2$, $w = 3$, $b = 1$, $y = 5$.

$$z = 3 \cdot 2 + 1 = 7 \qquad h = 49 \qquad L = (49 - 5)^2 = 1936$$

$$\frac{\partial L}{\partial h} = FACTOR(h - y)$$
"""


@pytest.mark.parametrize(("factor", "verdict"), [("2", "ok"), ("", "wrong")])
def test_whole_numbers_that_were_printed_for_one_name_stand_for_it(
    factor: str, verdict: str
) -> None:
    assert check(WHOLE.replace("FACTOR", factor)).judgements[-1].verdict == verdict


MEAN = """```python
h = X @ W1 + b1
q = sigmoid(np.maximum(0, h) @ W2 + b2)
loss = -np.mean(t * np.log(q) + (1 - t) * np.log(1 - q))
rows = X.shape[0]
dloss_dq = SIGN(t / q - (1 - t) / (1 - q)) / rows
```
"""


@pytest.mark.parametrize(("sign", "verdict"), [("-", "ok"), ("", "wrong"), ("-2 * ", "wrong")])
def test_a_mean_over_rows_has_one_output(sign: str, verdict: str) -> None:
    assert check(MEAN.replace("SIGN", sign)).judgements[-1].verdict == verdict


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("db2 = (1/m) * sum(dZ2, 1)", "ok"),
        ("db2 = (1/m) * sum(dZ2, 0)", "wrong"),
        ("db2 = (1/m) * Σ(dZ2, axis=1)", "ok"),
    ],
)
def test_sums_along_an_axis_in_notes(line: str, verdict: str) -> None:
    text = (
        "Z1 = W1·X + b1, A1 = tanh(Z1), Z2 = W2·A1 + b2, A2 = softmax(Z2)\n\n"
        f"dZ2 = A2 - Y\ndW2 = (1/m) * dZ2 * A1.T\n{line}\n"
        "dZ1 = W2.T * dZ2 ⊙ (1 - A1^2)\ndW1 = (1/m) * dZ1 * X.T\n"
    )
    assert verdicts(text)[line] == verdict


ROWS = r"""$L = \frac{1}{N}\sum (P - Y)^2$, $Z = X U + c$, $A = \text{ReLU}(Z)$, $P = A V + d$.

$$X \in \mathbb{R}^{N \times 2}, \quad U \in \mathbb{R}^{2 \times 4}$$

$$V \in \mathbb{R}^{4 \times 1}, \quad Y \in \mathbb{R}^{N \times 1}$$

$$\frac{\partial L}{\partial P} = \frac{2}{N}(P - Y) \quad \rightarrow \quad (N, 1)$$

$$\frac{\partial L}{\partial Z} = \left(\frac{\partial L}{\partial P} \cdot V^T\right) \odot (Z > 0) \rightarrow (N, 4)$$

$$\frac{\partial L}{\partial c} = \sum_{\text{batch}} \frac{\partial L}{\partial Z} \rightarrow (1, 4)$$

$$\frac{\partial L}{\partial U} = X^T \cdot \frac{\partial L}{\partial Z} \quad \rightarrow \quad (2, N) \times (N, 4) = (2, 4)$$
"""


def test_sizes_noted_behind_formulas_and_sums_over_a_batch() -> None:
    found = check(ROWS).judgements
    assert {j.verdict for j in found if j.line > 4} == {"ok"}
    for right, bent in (
        (r"\frac{2}{N}(P - Y)", r"\frac{1}{N}(P - Y)"),
        (r"\odot (Z > 0) ", r"\odot (Z < 0) "),
    ):
        assert "wrong" in {j.verdict for j in check(ROWS.replace(right, bent)).judgements}, bent


@pytest.mark.parametrize("label", [r"\text{axis=0}", r"\text{rows}", "batch", r"\text{samples}"])
def test_a_sum_over_a_batch_makes_no_line_wrong(label: str) -> None:
    text = (
        "$s_1 = X U_1 + c_1$, $a_1 = ReLU(s_1)$, $s_2 = a_1 U_2 + c_2$.\n\n"
        rf"$$\frac{{\partial L}}{{\partial c_2}} = \sum_{{{label}}} \frac{{\partial L}}{{\partial s_2}}$$"
    )
    assert check(text).judgements[-1].verdict not in ("wrong", "carried")


@pytest.mark.parametrize(("number", "verdict"), [("1", "ok"), ("2", "unknown")])
def test_a_bias_of_every_row_counts_once(number: str, verdict: str) -> None:
    text = (
        r"$K = X U + c$, $P = \sigma(K)$ with $X \in R^{N \times 3}$, $U \in R^{3 \times 2}$."
        rf" So $\frac{{\partial K}}{{\partial c}} = {number}$."
    )
    assert check(text).judgements[-1].verdict == verdict


@pytest.mark.parametrize(("power", "verdict"), [("⁻⁰·⁴⁸", "ok"), ("⁻⁰·⁸⁴", "unknown")])
def test_a_point_between_raised_digits_is_a_decimal_point(power: str, verdict: str) -> None:
    text = f"z₁ = 0.48\n\n```\na₁ = σ(z₁) = 1/(1 + e{power})\n```\n"
    assert check(text).judgements[-1].verdict == verdict


@pytest.mark.parametrize(("weights", "verdict"), [("W2.T", "ok"), ("W2", "wrong")])
def test_a_transpose_that_is_missing_shows_beside_a_mean(weights: str, verdict: str) -> None:
    text = MEAN.replace("SIGN", "-").replace("sigmoid(np.maximum(0, h) @ W2 + b2)", "sigmoid(s)")
    text = text.replace("\nq = ", "\ng = np.maximum(0, h)\ns = g @ W2 + b2\nq = ")
    line = f"dloss_dg = dloss_ds @ {weights}"
    text = text.replace("\n```\n", f"\ndloss_ds = -(t - q) / rows\n{line}\n```\n")
    assert verdicts(text)[line] == verdict
