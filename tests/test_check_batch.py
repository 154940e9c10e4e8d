"""``dvar check`` where a model is written for one example and its gradients for a batch."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check

ROWS = r"""
# Rows

There are $N$ examples; each row of $X$ is one example.

$$Z = X w + b, \qquad P = \sigma(Z)$$

$$J = -\frac{1}{N} \sum_{n=1}^{N} \left[ t_n \ln p_n + (1 - t_n) \ln(1 - p_n) \right]$$
"""

COLUMNS = r"""
# Columns

Examples are columns of $X$. $Z = W X + b$, $A = \sigma(Z)$ and

$$J = -\frac{1}{m}\sum_{i=1}^{m} \left( y^{(i)} \log a^{(i)} + (1 - y^{(i)}) \log(1 - a^{(i)}) \right)$$
"""

ONE_AND_MANY = r"""
One example: $z = w^T x + b$, $a = \sigma(z)$, and $L(a, y) = -(y \log a + (1 - y) \log(1 - a))$.

The cost is $J = \frac{1}{m} \sum_{i=1}^{m} L(a^{(i)}, y^{(i)})$. The examples are columns of $X$.

$$Z = w^T X + b$$

$$A = \sigma(Z)$$
"""

SQUARES = r"""
A batch of $B$ samples, one sample per row.

$$H = \tanh(X U), \quad O = H V + c, \quad E = \frac{1}{2B} \sum_{n=1}^{B} \|o_n - t_n\|^2$$
"""


def _verdicts(text: str, lines: list[str]) -> list[tuple[str, str | None]]:
    """What is said of the lines behind a text."""
    report = check(text + "".join(f"\n$${line}$$\n" for line in lines))
    return [(j.verdict, j.cause) for j in report.judgements[-len(lines) :]]


RIGHT = [
    (ROWS, [r"dZ = P - T", r"dw = \frac{1}{N} X^T dZ", r"db = \frac{1}{N} \sum_{n=1}^{N} dZ_n"]),
    (ROWS, [r"dZ = P - T", r"dX = dZ w^T"]),
    (COLUMNS, [r"dZ = \frac{1}{m}(A - Y)", r"dW = dZ X^T", r"db = \sum_{i=1}^m dz^{(i)}"]),
    (COLUMNS, [r"dZ = A - Y", r"dW = \frac{1}{m} dZ X^T", r"dX = W^T dZ"]),
    (
        ONE_AND_MANY,
        [
            r"dZ = A - Y",
            r"dw = \frac{1}{m} X dZ^T",
            r"db = \frac{1}{m} \sum_{i=1}^{m} dz^{(i)}",
        ],
    ),
    (
        SQUARES,
        [
            r"\frac{\partial E}{\partial O} = \frac{1}{B}(O - T)",
            r"\frac{\partial E}{\partial c} = \sum_{n=1}^{B} \left(\frac{\partial E}{\partial O}\right)_n",
            r"\frac{\partial E}{\partial V} = H^T \frac{\partial E}{\partial O}",
        ],
    ),
]


@pytest.mark.parametrize(("text", "lines"), RIGHT)
def test_gradients_of_a_batch_follow_from_the_loss_of_one_example(
    text: str, lines: list[str]
) -> None:
    assert _verdicts(text, lines) == [("ok", None)] * len(lines)


WRONG = [
    (COLUMNS, [r"dZ = \frac{1}{m}(A - Y)", r"dW = dZ X^T"], r"dW = \frac{1}{m} dZ X^T", "factor"),
    (COLUMNS, [r"dZ = A - Y", r"dW = \frac{1}{m} dZ X^T"], r"dW = dZ X^T", "missing-factor"),
    (
        ONE_AND_MANY,
        [r"dZ = A - Y", r"dw = \frac{1}{m} X dZ^T"],
        r"dw = \frac{1}{m} X dZ",
        "transpose",
    ),
    (ONE_AND_MANY, [r"dZ = A - Y"], r"db = \frac{1}{m} dZ", "missing-sum"),
    (SQUARES, [], r"\frac{\partial E}{\partial O} = O - T", "missing-factor"),
    (
        SQUARES,
        [],
        r"\frac{\partial E}{\partial c} = \frac{\partial E}{\partial O}",
        "missing-sum",
    ),
]


@pytest.mark.parametrize(("text", "lines", "slip", "cause"), WRONG)
def test_slips_of_a_batch_are_found(text: str, lines: list[str], slip: str, cause: str) -> None:
    assert _verdicts(text, [*lines, slip])[-1] == ("wrong", cause)


def test_a_factor_that_is_never_written_may_be_a_habit() -> None:
    found = _verdicts(ROWS, [r"dZ = P - T", r"dw = X^T dZ"])
    assert found[0] == ("ok", None)
    assert found[1][0] == "unknown"


def test_one_example_in_capitals_is_no_batch() -> None:
    text = r"One pair. $Z = W X + b$, $L = \frac12 \|Z - Y\|^2$."
    assert _verdicts(text, [r"dZ = Z - Y", r"db = dZ"])[1][0] != "wrong"


TABLE = r"""
Model $\hat y_i = a x_i + c$ with $a = 2$, $c = -1$, and $E = \frac{1}{2N} \sum_{i=1}^{N} (\hat y_i - y_i)^2$ for $N = 3$.

| $i$ | $x$ | $y$ | $\hat y$ | $\hat y - y$ |
|---|---|---|---|---|
| 1 | 0.5 | 1 | 0 | -1 |
| 2 | 1 | 0.5 | 1 | 0.5 |
| 3 | 2 | 2 | 3 | 1 |
"""


def test_rows_of_a_table_are_examples() -> None:
    assert all(j.verdict not in ("wrong", "unknown") for j in check(TABLE).judgements)
    turned = check(TABLE.replace("1 | 0.5 |\n", "1 | -0.5 |\n")).judgements
    assert [(j.source, j.cause) for j in turned if j.verdict == "wrong"] == [("-0.5", "sign")]


def test_a_sum_where_a_mean_is_due_is_seen_in_numbers() -> None:
    found = _verdicts(
        TABLE,
        [
            r"\frac{\partial E}{\partial a} = \frac{1}{3}(-1 \cdot 0.5 + 0.5 \cdot 1 + 1 \cdot 2) = 0.667",
            r"\frac{\partial E}{\partial c} = -1 + 0.5 + 1 = 0.5",
        ],
    )
    assert found == [("ok", None), ("wrong", "missing-factor")]


LOGISTIC = r"""
The prime is a transpose. $J(\beta) = -\sum_{i=1}^{n} [y_i \log p_i + (1-y_i)\log(1-p_i)]$ with
$p_i = \frac{1}{1+\exp(-x_i'\beta)}$; row $i$ of $X$ is $x_i'$ and $V = \operatorname{diag}\{p_i(1-p_i)\}$.
"""


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        (r"\nabla J(\beta) = X'(p-y)", "ok"),
        (r"\nabla J(\beta) = X'(y-p)", "wrong"),
        (r"\frac{\partial J}{\partial\beta_j} = \sum_i (p_i - y_i)x_{ij}", "ok"),
        (
            r"\frac{\partial^2 J}{\partial\beta_j\partial\beta_k} = \sum_i x_{ij} p_i(1-p_i) x_{ik}",
            "ok",
        ),
        (r"u'X'VXu = \sum_i p_i(1-p_i)(x_i'u)^2", "ok"),
    ],
)
def test_logistic_regression_with_a_design_matrix(line: str, verdict: str) -> None:
    assert _verdicts(LOGISTIC, [line])[0][0] == verdict


def test_the_matrix_of_entries_that_were_defined_is_a_claim() -> None:
    text = r"""
$l(\theta) = \sum_{i=1}^m [ y^{(i)} \ln h(x^{(i)}) + (1-y^{(i)}) ln\ (1 - h(x^{(i)})) ]$ with
$h(x^{(i)}) = \frac{1}{1 + e^{-\theta^T x^{(i)}}}$ and $H_{i,j} = \frac{\partial^2 l}{\partial \theta_i \partial \theta_j}$.
The examples are the rows of $X$; $S = \text{diag}(h(x^{(1)})(1 - h(x^{(1)})), \dots, h(x^{(m)})(1 - h(x^{(m)})))$.
"""
    assert _verdicts(text, [r"H = -X^T S X"]) == [("ok", None)]
    assert _verdicts(text, [r"H = X^T S X"]) == [("wrong", "sign")]


def test_a_function_may_be_written_with_what_it_depends_on() -> None:
    text = r"$f(x) = \frac{1}{1 + e^{-(u^T x + c)}}$, $E = -(y \log f(x) + (1 - y) \log(1 - f(x)))$"
    assert _verdicts(text, [r"\frac{\partial E}{\partial u} = (f(u) - y) x"]) == [("ok", None)]
    assert _verdicts(text, [r"\frac{\partial E}{\partial c} = y - f(u)"]) == [("wrong", "sign")]


def test_the_square_of_a_function_is_no_other_function() -> None:
    assert _verdicts("", [r"\sigma'(x) = \sigma(x) - \sigma^2(x)"]) == [("ok", None)]
    assert _verdicts("", [r"\sigma'(x) = \sigma(x) + \sigma^2(x)"]) == [("wrong", "sign")]


FEATURES = r"""
We observe $N$ pairs; row $n$ of the design matrix $\Phi$ is $\phi(x_n)^T$, and $t$ is the column of all $t_n$.
$E(w) = \frac12 \sum_{n=1}^{N} \{t_n - w^T \phi(x_n)\}^2$ and, with $R = \operatorname{diag}(r_1,\dots,r_N)$,
$E_R(w) = \frac12\sum_{n=1}^{N}r_n\{t_n - w^T\phi(x_n)\}^2$. Suppose $t_n = w^T \phi(x_n) + \epsilon_n$ with noise of
precision $\beta$, so that $\ln p(t \mid w, \beta) = \frac{N}{2} \ln \beta - \frac{N}{2} \ln(2\pi) - \beta E(w)$.
"""


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        (r"\nabla E(w) = \Phi^T (\Phi w - t)", "ok"),
        (r"\nabla E(w) = \Phi^T (t - \Phi w)", "wrong"),
        (r"\nabla\nabla E = \Phi^T \Phi = \sum_{n=1}^{N} \phi(x_n) \phi(x_n)^T", "ok"),
        (r"\frac{\partial E_R}{\partial w^T} = (\Phi w - t)^T R \Phi", "ok"),
        (
            r"\nabla_w \ln p(t \mid w, \beta) = \beta \sum_{n=1}^{N} \{t_n - w^T \phi(x_n)\} \phi(x_n)",
            "ok",
        ),
        (r"\frac{\partial}{\partial\beta} \ln p = \frac{N}{2\beta} - E(w)", "ok"),
        (r"\frac{\partial}{\partial\beta} \ln p = \frac{N}{2\beta} + E(w)", "wrong"),
    ],
)
def test_linear_regression_with_features(line: str, verdict: str) -> None:
    assert _verdicts(FEATURES, [line])[0][0] == verdict


def test_numbers_by_a_wrong_formula_are_carried_into_another_section() -> None:
    text = r"""
# Formula

$a = \tanh(u x)$ and $E = \frac12 (a - t)^2$ have $\frac{\partial E}{\partial u} = (a - t)(1 - a) x$.

# Numbers

With $u = 0.5$, $x = 2$, $t = 1$ we get $a = 0.7616$ and
"""
    report = check(text + "$$\\frac{\\partial E}{\\partial u} = -0.1137$$\n").judgements
    assert (report[-1].verdict, report[-1].from_line) == ("carried", 4)
    report = check(text + "$$\\frac{\\partial E}{\\partial u} = -0.2137$$\n").judgements
    assert report[-1].verdict == "wrong"


SOFTMAX = r"""
# Scores

One example per row, counted from 0: $S = X W + b$ with $X \in \mathbb{R}^{N \times 2}$, $W \in \mathbb{R}^{2 \times 3}$
and $b$ a row. With $y_i$ the index of the true class,

$$P_{ij} = \frac{e^{S_{ij}}}{\sum_{k} e^{S_{ik}}}, \qquad L = -\frac{1}{N} \sum_{i} \log P_{i, y_i}$$

# Gradients

$Y$ holds one-hot labels as rows.
"""


def test_softmax_regression_goes_on_in_another_section() -> None:
    right = [
        r"\frac{\partial L}{\partial S} = \frac{1}{N} (P - Y)",
        r"\frac{\partial L}{\partial W} = X^T \frac{\partial L}{\partial S}",
        r"\frac{\partial L}{\partial b} = \sum_{i} \left( \frac{\partial L}{\partial S} \right)_{i}",
    ]
    assert _verdicts(SOFTMAX, right) == [("ok", None)] * 3
    assert _verdicts(SOFTMAX, [r"\frac{\partial L}{\partial S} = P - Y"])[0] == (
        "wrong",
        "missing-factor",
    )


def test_numbers_of_a_class_that_is_not_given_are_no_mistake() -> None:
    text = (
        SOFTMAX.replace("# Gradients", "")
        + r"$S = \begin{pmatrix} 1 & 0 & 2 \\ 0 & 1 & 0 \end{pmatrix}$"
    )
    assert _verdicts(text, [r"L = 1.234"])[0][0] != "wrong"


def test_one_step_of_newton_solves_least_squares() -> None:
    text = r"$E(w) = \frac12 \|A w - b\|^2$, $g = \nabla E(w) = A^T (A w - b)$ and $H = A^T A$."
    assert _verdicts(text, [r"w^{*} = w - H^{-1} g = (A^T A)^{-1} A^T b"]) == [("ok", None)]


def test_a_parameter_is_shared_whatever_mark_it_carries_once() -> None:
    text = r"""
$$C(v, c) = \frac{1}{n} \sum_{i=1}^n \ell(p^{(i)}, t^{(i)})$$

where $\ell(p, t) = -(t \log(p) + (1 - t) \log(1 - p))$, $p^{(i)} = \sigma(s^{(i)})$ and
$s^{(i)} = v^T x^{(i)} + c$. One example gives $\frac{\partial}{\partial v_1^{(i)}}$.

For $i = 1$ to $n$:

$$ds^{(i)} = p^{(i)} - t^{(i)}$$

$$dv_1 += x_1^{(i)} ds^{(i)}$$

$$dc += ds^{(i)}$$
"""
    found = {j.line: j.verdict for j in check(text).judgements}
    assert [found[n] for n in (9, 11, 13)] == ["ok", "ok", "ok"]


SKETCHED = r"""
$$z^{(2)} = XU^{(1)} \qquad a^{(2)} = f(z^{(2)}) \qquad z^{(3)} = a^{(2)}U^{(2)} \qquad \hat{y} = f(z^{(3)})$$
$$J = \sum \frac{1}{2}(y-\hat{y})^2$$
$$\delta^{(3)} = -(y-\hat{y}) f'(z^{(3)})$$
$$\frac{\partial J}{\partial U^{(1)}} = X^T \delta^{(3)} (U^{(2)})^T f'(z^{(2)})$$
$$\frac{\partial J}{\partial U^{(2)}} = (a^{(2)})^T\delta^{(3)}$$
$$\frac{\partial J}{\partial U^{(2)}} = -(y-\hat{y})\frac{\partial \hat{y}}{\partial U^{(2)}}$$
"""


def test_a_sketch_with_the_slope_of_an_activation_tells_no_sizes() -> None:
    """Its factors are in no order that fits, so that no size is free if it is believed."""
    found = [j.verdict for j in check(SKETCHED).judgements]
    assert found[-3:] == ["unknown", "ok", "ok"]
    bent = SKETCHED.replace(r"= -(y-\hat{y})\frac", r"= (y-\hat{y})\frac")
    assert [j.verdict for j in check(bent).judgements][-1] == "wrong"
