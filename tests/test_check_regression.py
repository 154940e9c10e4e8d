r"""``dvar check`` on derivations of linear and logistic regression, as notes have them: right lines and wrong ones."""

from __future__ import annotations

import pytest

from dvar.check.report import Judgement
from dvar.check.worksheet import check


def verdicts(text: str) -> tuple[Judgement, ...]:
    return check(text).judgements


LINE = r"""
In matrix form $J(w) = \|Xw - y\|^2$.

For the line $y = mx + b$ and the mean squared error

$$E = \frac{1}{N}\sum_{i=1}^N (y_i - (mx_i + b))^2$$

$$\frac{\partial E}{\partial b} = %s$$
"""

COST = r"""
The model is $z = w_1x_1 + w_2x_2 + b$, $a = \sigma(z)$, $L(a, y) = -(y \log a + (1-y) \log(1-a))$
and the cost is $J = \frac{1}{m} \sum_{i=1}^{m} L(a^{(i)}, y^{(i)})$.

$$\frac{\partial J}{\partial w_1} = %s$$
"""

PLAIN = r"""
Hypothesis $h(x) = \frac{1}{1 + e^{-wx}}$.

$$J(w) = -\frac{1}{m}\sum_{i=1}^m \left[y^i \log h(x^i) + (1-y^i) \log(1-h(x^i))\right]$$

$$\log h(x^i) = %s$$
"""


@pytest.mark.parametrize(
    ("text", "right", "wrong", "cause"),
    [
        pytest.param(
            LINE,
            r"\frac{1}{N}\sum_{i=1}^N -2(y_i - (mx_i + b))",
            r"\frac{1}{N}\sum_{i=1}^N 2(y_i - (mx_i + b))",
            "sign",
            id="data that share their name with the model",
        ),
        pytest.param(
            COST,
            r"\frac{1}{m}\sum_{i=1}^m x_1^{(i)}(a^{(i)} - y^{(i)})",
            r"\sum_{i=1}^m x_1^{(i)}(a^{(i)} - y^{(i)})",
            "missing-factor",
            id="a cost over examples of a model of one",
        ),
        pytest.param(
            PLAIN,
            r"-\log(1 + e^{-wx^i})",
            r"\log(1 + e^{-wx^i})",
            "sign",
            id="examples counted by a plain superscript",
        ),
    ],
)
def test_a_right_line_holds_and_a_wrong_one_is_named(
    text: str, right: str, wrong: str, cause: str
) -> None:
    (*_, judged) = verdicts(text % right)
    assert judged.verdict in ("ok", "convention"), judged.message
    (*_, judged) = verdicts(text % wrong)
    assert judged.verdict == "wrong", judged.message
    assert cause in judged.causes


def test_a_sum_of_vectors_is_no_forgotten_sum() -> None:
    text = r"""
$h(x) = \theta_0 + \theta_1 x$ with $J = \frac{1}{2m}\sum_{i=1}^m (h(x^{(i)}) - y^{(i)})^2$.

$$\frac{\partial J}{\partial \theta_0} = \frac{1}{m}\sum_{i=1}^m (h(x^{(i)}) - y^{(i)})$$

In matrix form $J(w) = \|Xw - y\|^2$.
"""
    judged = verdicts(text)
    assert len(judged) == 4
    assert all(j.verdict != "wrong" for j in judged)


EXAMPLES = r"""
$$h_\beta(u) = s(\beta^T u)$$ with $s(z) = \frac{1}{1+e^{-z}}$.
$$E(\beta) = -\frac{1}{m}\sum_{i=1}^{m}\left[t^{(i)}\log h_\beta(u^{(i)}) + (1-t^{(i)})\log(1-h_\beta(u^{(i)}))\right]$$
$$\frac{\partial E}{\partial \beta_j} = \frac{1}{m}\sum_{i=1}^m (h_\beta(u^{(i)}) - t^{(i)}) u_j^{(i)}$$
For all examples at once: $\nabla E = \frac{1}{m} U^T (s(U\beta) - t)$.
"""


def test_entries_of_one_example_and_all_examples_in_one_document():
    assert [j.verdict for j in verdicts(EXAMPLES)][-2:] == ["ok", "ok"]
    bent = EXAMPLES.replace("s(U\\beta) - t", "t - s(U\\beta)")
    assert [j.verdict for j in verdicts(bent)][-2:] == ["ok", "wrong"]
    bent = EXAMPLES.replace("u_j^{(i)}$$", "u_j^{(1)}$$")
    assert [j.verdict for j in verdicts(bent)][-2] in ("wrong", "unknown")


COUNTS = (
    r"The model is $\eta_i = x_i^\top w$, $\lambda_i = \exp(\eta_i)$ with $L(w) = \sum_{i=1}^n "
    r"\left[y_i \eta_i - \lambda_i\right]$. "
)


def test_what_is_added_up_tells_whether_examples_are_rows() -> None:
    def last(claim: str) -> str:
        return check(COUNTS + claim).judgements[-1].verdict

    assert last(r"$\nabla_w L = X^\top (y - \lambda)$") == "ok"
    assert last(r"$\nabla_w L = X^\top (\lambda - y)$") == "wrong"
    assert last(r"$\nabla_w L = X (y - \lambda)$") != "wrong"


def test_a_letter_with_bounds_is_a_sum() -> None:
    loss = r"$R(w) = \frac{1}{2} \Sigma_{i=1}^{n} (y_i - \Sigma_{j=1}^{d} w_j x_{ij})^2$. "

    def last(claim: str) -> str:
        return check(loss + claim).judgements[-1].verdict

    slope = r"\Sigma_{i=1}^{n} (y_i - \Sigma_{j=1}^{d} w_j x_{ij}) x_{ik}$"
    assert last(rf"$\frac{{\partial R}}{{\partial w_k}} = -{slope}") == "ok"
    assert last(rf"$\frac{{\partial R}}{{\partial w_k}} = {slope}") == "wrong"


def test_empty_braces_around_a_sign_say_nothing() -> None:
    text = r"$f(x) = x^3$ \[\begin{aligned} f'(x) {}={}& \frac{d}{dx} x^3 \\ {}={}& 3x^2 \end{aligned}\]"
    assert [j.verdict for j in check(text).judgements] == ["definition", "ok", "ok"]
    assert check(text.replace("3x^2", "3x")).judgements[-1].verdict == "wrong"


MEMBERS = r"""
$\mathbf{x}_t \in \mathbb{R}^m$ with labels $y_t \in \{+1, -1\}$, and $f(\mathbf{x}) = \mathbf{w}^\top \mathbf{x} + b$.

$$L = \frac12 \mathbf{w}^\top \mathbf{w} - \sum_{t=1}^N \alpha_t (y_t (\mathbf{w}^\top \mathbf{x}_t + b) - 1)$$

$$\frac{\partial L}{\partial \mathbf{w}} = \mathbf{w} %s \sum_{t=1}^N \alpha_t y_t \mathbf{x}_t = \mathbf{0}$$

The difference $\mathbf{w}^\top(\mathbf{x}_1 - \mathbf{x}_2) = \mathbf{w}^\top \mathbf{x}_1 - \mathbf{w}^\top \mathbf{x}_2$.
"""


def test_members_that_are_declared_as_vectors_are_no_entries_and_a_bold_zero_is_zero() -> None:
    right = [j.verdict for j in check(MEMBERS % "-").judgements]
    assert right[-2:] == ["ok", "ok"]
    wrong = [j.verdict for j in check(MEMBERS % "+").judgements]
    assert wrong[-2:] == ["wrong", "ok"]
