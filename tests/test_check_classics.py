"""``dvar check`` on classical models and the calculus behind them, as lecture notes and exams write it."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in check(text).judgements]


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\mathrm{tr} PQ = \mathrm{tr} QP", "ok"),
        (r"\mathrm{tr} PQR = \mathrm{tr} RPQ", "ok"),
        (r"\mathrm{tr} PQR = \mathrm{tr} PRQ", "wrong"),
        (r"\nabla_P \mathrm{tr} PQ = Q^T", "ok"),
    ],
)
def test_a_trace_takes_the_product_behind_it(claim: str, expected: str) -> None:
    assert verdicts(f"For square matrices, $${claim}.$$")[-1] == expected


PRECISION = r"Let $l = \log|\Lambda| - p^T \Lambda^{-1} q$ with $\Lambda$ symmetric. Then "


@pytest.mark.parametrize(
    ("slope", "expected"), [(r"-\Lambda - pq^T", "ok"), (r"\Lambda - pq^T", "wrong")]
)
def test_a_derivative_by_an_inverse_sees_the_matrix_itself(slope: str, expected: str) -> None:
    claim = rf"$\frac{{\partial l}}{{\partial \Lambda^{{-1}}}} = {slope}$."
    assert verdicts(PRECISION + claim)[-1] == expected


GRAM = r"Let $K_{ij} = x_i^T x_j$ and $L = \sum_i a_i - \frac12 \sum_{i,j} a_i a_j y_i y_j K_{ij}$. Then "


@pytest.mark.parametrize(("factor", "expected"), [("y_i y_j", "ok"), ("y_j", "wrong")])
def test_an_entry_of_a_kernel_is_that_of_its_two_vectors(factor: str, expected: str) -> None:
    claim = rf"$\frac{{\partial L}}{{\partial a_i}} = 1 - \sum_j a_j {factor} K(x_i, x_j)$."
    assert verdicts(GRAM + claim)[-1] == expected


LINE = "Model: y = w*x + b\nLoss: L = (y - y_pred)^2\n"


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ("dL/dw = -2 * x * (y - y_pred)\ndL/db = -2 * (y - y_pred)", ["ok", "ok"]),
        ("dL/dw = -2 * x * (y - y_pred)\ndL/db = -(y - y_pred)", ["ok", "wrong"]),
        ("dL/dw = 2 * x * (y - y_pred)\ndL/db = 2 * (y - y_pred)", ["ok", "ok"]),
    ],
)
def test_a_model_may_be_written_with_the_letter_of_its_labels(
    claims: str, expected: list[str]
) -> None:
    assert verdicts(LINE + claims)[-2:] == expected


@pytest.mark.parametrize(("sign", "expected"), [("-", "ok"), ("", "wrong")])
def test_data_under_a_capital_are_those_of_the_small_letter(sign: str, expected: str) -> None:
    text = f"""y_pred = w*x + b, with X = [1, 2, 3], Y = [2, 4, 9], w = 0, b = 0
loss = mean((Y - y_pred)^2)
dw = {sign}2 * mean((Y - y_pred) * X) = {sign}2 * (2 + 8 + 27)/3 = {sign}24.67"""
    assert verdicts(text)[-1] == expected


@pytest.mark.parametrize(("slope", "expected"), [(r"\vec{1}", "ok"), (r"2 \cdot \vec{1}", "wrong")])
def test_a_plain_letter_beside_a_bold_vector_is_a_number(slope: str, expected: str) -> None:
    text = r"Let $\mathbf{u} = \mathbf{v} + s$, so $\frac{\partial}{\partial s}(\mathbf{v} + s) = "
    assert verdicts(f"{text}{slope}$.")[-1] == expected


@pytest.mark.parametrize(("slope", "expected"), [("4st", "ok"), ("2st", "wrong")])
def test_a_name_that_gets_a_formula_later_may_be_held_fixed(slope: str, expected: str) -> None:
    text = (
        rf"For a start, $\frac{{\partial}}{{\partial t}} 2st^2 = {slope}$. "
        "Later $u = t^2$, $s = \\sin(u)$."
    )
    assert verdicts(text)[0] == expected


SWEEP = r"""
$v_1 = \ln x_1$, $v_2 = x_1 x_2$, $v_3 = \sin x_2$, $y = v_1 + v_2 - v_3$ and $\bar{v}_i = \frac{\partial y}{\partial v_i}$.

$$\bar{x}_2 = \bar{v}_2 \frac{\partial v_2}{\partial x_2} SIGN \bar{v}_3 \frac{\partial v_3}{\partial x_2}$$

In steps: $\bar{x}_2 = \bar{v}_3 \cos x_2$, then $\bar{x}_2 = \bar{x}_2 + \bar{v}_2 x_1$.
"""


@pytest.mark.parametrize(("sign", "expected"), [("+", True), ("-", False)])
def test_a_sum_that_is_collected_in_steps_may_be_written_at_once(sign: str, expected: bool) -> None:
    assert ("wrong" not in verdicts(SWEEP.replace("SIGN", sign))) is expected


@pytest.mark.parametrize(("number", "expected"), [(r"\frac{\pi}{2}", "ok"), (r"\pi", "unknown")])
def test_a_number_that_was_given_may_stand_for_its_name(number: str, expected: str) -> None:
    assert verdicts(rf"$c = \frac{{\pi}}{{2}}$. So $v = a + c = a + {number}$.")[-1] == expected


AFTER = """x = 0.5
w_hat = 0.9
y_hat = w_hat * x = 0.9 * 0.5 = 0.45
new_weight = 0.9 - 0.1 * 0.315 = 0.8685

SAID:

y_hat = w_hat * x
= 0.8685 * 0.5
= 0.43425
"""


@pytest.mark.parametrize(
    ("said", "expected"), [("After updating the weight", False), ("Altogether", True)]
)
def test_new_values_may_be_put_in_for_a_name(said: str, expected: bool) -> None:
    assert ("wrong" in verdicts(AFTER.replace("SAID", said))) is expected


EDITOR = r"\(f\left( {x,y} \right) = {x^4} + 6\sqrt y\). "


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\(\frac{{\partial f}}{{\partial x}} = 4{x^3}\)", "ok"),
        (r"\(\frac{{\partial f}}{{\partial x}} = 4{x^2}\)", "wrong"),
        (r"\(\frac{{{\partial ^2}f}}{{\partial {x^2}}} = 12{x^2}\)", "ok"),
        (r"\({f_y}\left( {x,y} \right) = \frac{3}{{\sqrt y }}\)", "ok"),
        (r"\({f_y}\left( {1,4} \right) = \frac32\)", "ok"),
        (r"\({f_y}\left( {1,4} \right) = \frac34\)", "wrong"),
        (r"\({\sin ^2}\left( {2x} \right) + {\cos ^2}\left( {2x} \right) = 1\)", "ok"),
    ],
)
def test_braces_of_formula_editors_mean_nothing(claim: str, expected: str) -> None:
    assert verdicts(EDITOR + claim)[-1] == expected


@pytest.mark.parametrize(("area", "expected"), [("r", "ok"), ("r^2", "wrong")])
def test_a_jacobian_may_be_its_determinant(area: str, expected: str) -> None:
    text = r"With $x = r\cos t$, $y = r\sin t$: $\frac{\partial(x, y)}{\partial(r, t)} = "
    assert verdicts(f"{text}{area}$.")[-1] == expected


BERNOULLI = r"""$$q_w(x) = \frac{1}{1 + e^{-w^T x}}, \qquad p(t | x; w) = (q_w(x))^t (1 - q_w(x))^{1-t}$$

$$L(w) = \prod_{i=1}^n p(t^{(i)} | x^{(i)}; w) = \prod_{i=1}^n (q_w(x^{(i)}))^{t^{(i)}} (1 SIGN q_w(x^{(i)}))^{1 - t^{(i)}}$$
"""


@pytest.mark.parametrize(("sign", "expected"), [("-", True), ("+", False)])
def test_a_law_is_applied_to_each_example(sign: str, expected: bool) -> None:
    assert (verdicts(BERNOULLI.replace("SIGN", sign))[-1] == "ok") is expected


def test_an_arrow_marks_the_list_of_all_labels() -> None:
    text = r"""$$\vec{t} = \begin{bmatrix} t^{(1)} \\ \vdots \\ t^{(n)} \end{bmatrix}$$

$$p(t; f) = f^t (1 - f)^{1 - t} = \exp(t \log f + (1 - t) \log(1 - f))$$"""
    assert verdicts(text)[-1] == "ok"
