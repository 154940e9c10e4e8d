r"""``dvar check`` on everyday notes: several examples with the same letters, asides, numbers said again."""

from __future__ import annotations

import pytest

from dvar.check.report import Judgement
from dvar.check.worksheet import check


def last(text: str) -> Judgement:
    return check(text).judgements[-1]


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in check(text).judgements]


SOFTMAX = r"""
$$p_j = \frac{e^{u_j}}{\sum_k e^{u_k}}$$

$$\frac{\partial p_j}{\partial u_i} = p_i(1 %s p_i), \quad i = j$$
"""


@pytest.mark.parametrize(("sign", "verdict"), [("-", "ok"), ("+", "wrong")])
def test_two_indices_set_equal_beside_a_formula_are_a_condition_on_it(
    sign: str, verdict: str
) -> None:
    judgements = check(SOFTMAX % sign).judgements
    assert judgements[1].verdict == verdict


TWO_EXERCISES = """
## Exercise 1

c = 1.0, k = 5
beta = c * exp(-k) = 0.0067

## Exercise 2

beta = 0.3, q = 2
r = beta * q = %s
"""


def test_a_number_for_a_name_of_an_earlier_exercise_is_given_anew() -> None:
    assert "wrong" not in verdicts(TWO_EXERCISES % "0.6")
    assert last(TWO_EXERCISES % "0.8").verdict == "wrong"


INHERITED = """
## Exercise 1

x = -3, f(x) = x^2
f'(x) = 2x = -6

## Exercise 2

Two samples, the first of them (x=4): t = 0.02 * 4 = 0.08

## Exercise 3

g = x^2
dg/dx = 12
"""


def test_numbers_of_an_earlier_exercise_do_not_make_a_line_wrong() -> None:
    assert "wrong" not in verdicts(INHERITED)


def test_a_value_that_is_supposed_differs_from_the_one_that_was_computed() -> None:
    text = "x = 2, w = 0.5\nz = w * x = 1\ns = 1/(1 + exp(-z)) = 0.7311\n\nFor z = 4: s = 0.9820\n"
    assert verdicts(text)[-2:] == ["given", "ok"]


def test_the_number_of_a_function_at_one_argument_is_not_that_at_another() -> None:
    text = r"""
$$M = \max(0, S(a, b) - S(a, c) + \mu)$$

* $S(a,b)=1.5$, $S(a,c)=1.8$, $\mu=0.5$

$$M = \max(0, 1.5 - 1.8 + 0.5) = %s$$
"""
    assert last(text % "0.2").verdict == "ok"


def test_an_error_called_e_has_one_number_after_another() -> None:
    text = "The loss is $H = 0.5 e^2$.\n\n* For $e=0.5$: $0.5 (0.5^2) = 0.125$\n* For $e=-1$: $0.5(1^2) = %s$\n"
    assert verdicts(text % "0.5") == ["definition", "given", "ok", "given", "ok"]
    assert last(text % "0.8").verdict == "wrong"


def test_two_names_with_one_formula_are_not_moved_together() -> None:
    assert "wrong" not in verdicts("h = x * y\n\na = x * y\nb = a + h\n∂b/∂a = 1\n")


def test_a_rounded_logarithm_is_rounded_though_something_else_has_just_that_number() -> None:
    text = "cost = 1.609, share = 0.0333\n\n$0.0333 \\log 0.2 = 0.0333 \\times (%s) = -0.0536$\n"
    assert last(text % "-1.609").verdict == "ok"
    assert last(text % "-1.906").verdict == "wrong"


def test_what_a_sentence_says_of_a_letter_is_no_formula() -> None:
    text = r"""
$\hat{y}_i$ = softmax output for class i

$$J(y, \hat{y}) = \frac{1}{N} \sum_{i=1}^N (y_i - \hat{y}_i)^2$$

$$\frac{\partial J}{\partial \hat{y}_i} = %s(\hat{y}_i - y_i)/N$$
"""
    assert last(text % "2").verdict == "ok"
    assert last(text % "-2").verdict == "wrong"


@pytest.mark.parametrize(
    "text",
    [
        "The limit is δ = 1\n\nHuber (δ=1) = 0.1875\n",
        "ReLU(x) = max(0, x)\n\nLeaky ReLU(-2) = -0.02\n",
        "bytes = 4\n\nMoments: 7B × 4 bytes = 28 GB\n",
        "z₃ = w a₂\na₃ = σ(z₃)  or  a₃ = z₃ (for regression)\n",
        "$b = 2, h = θ^T x$ with $θ = [θ^0; θ^1]$ where $θ^0 = b$\n",
        "grad = 3, a = 2, b = a^2\n\ngrad_input (∂L/∂a) = (∂L/∂b) × (∂b/∂a)\n",
        "```js\nlet x = 2;\nlet w = 6;\nscale(x) // = 5\n```\n",
        "```python\nx = [1,  # a = 2 + 2 = 5\n     2]\n```\n",
    ],
)
def test_a_part_of_a_sentence_or_of_code_is_no_mistake(text: str) -> None:
    assert "wrong" not in verdicts(text)


def test_a_list_goes_on_behind_a_comment() -> None:
    text = "```python\nx = np.array([1.0,  # the first\n     2.0])\ns = np.sum(x)  # = %s\n```\n"
    assert "wrong" not in verdicts(text % "3.0")
    assert "wrong" in verdicts(text % "4.0")


LOST = r"""
$$\sigma(z)i = \frac{e^{z_i}}{\sum{j} e^{z_j}}$$

$$\frac{\partial \sigma(z)i}{\partial z_j} = \sigma(z)i (\delta_{ij} %s \sigma(z)j)$$
"""


@pytest.mark.parametrize(("sign", "verdict"), [("-", "ok"), ("+", "wrong")])
def test_underscores_lost_on_the_way_are_put_back(sign: str, verdict: str) -> None:
    assert last(LOST % sign).verdict == verdict


@pytest.mark.parametrize(("slope", "verdict"), [("- d/dx(4)", "ok"), ("- d/dx(3x)", "wrong")])
def test_an_operator_written_with_a_slash_acts_on_the_bracket_behind_it(
    slope: str, verdict: str
) -> None:
    text = f"f(x) = 5x² + 2x - 4\n\nf'(x) = d/dx(5x²) + d/dx(2x) {slope}\n"
    assert last(text).verdict == verdict


def test_a_loss_in_a_word_is_differentiated_by_a_letter() -> None:
    text = "z = w x + b\n\nLoss = (y - z)^2\n\n∂l/∂w = %s(y - z) x\n"
    assert last(text % "-2").verdict == "ok"
    assert last(text % "2").verdict == "wrong"


@pytest.mark.parametrize(
    ("product", "verdict"),
    [
        ("(m, 10) @ (10, 4) = (m, 4)", "ok"),
        ("(5, 10) @ (10, 4) = (5, 4)", "ok"),
        ("(5, 10) @ (8, 4) = (5, 4)", "wrong"),
        ("(m, 10) @ (k, 4) = (m, 4)", "unknown"),
    ],
)
def test_the_sizes_of_a_product_are_checked(product: str, verdict: str) -> None:
    assert last(f"```\n{product}\n```\n").verdict == verdict


def test_arithmetic_with_a_rounded_number_in_between_may_end_right() -> None:
    text = "p = 0.357, q = 0.9333\n\n$0.9333 \\log 0.7 = 0.9333 \\times (-0.357) = %s$\n"
    assert last(text % "-0.3329").verdict == "ok"
    assert last(text % "-0.3929").verdict == "wrong"


PROGRAM = """
```python
Z1 = np.dot(W1, X) + b1
A1 = np.tanh(Z1)
Z2 = np.dot(W2, A1) + b2
A2 = sigmoid(Z2)
m = X.shape[1]
dZ2 = A2 - Y
dW2 = (1/m) * np.dot(dZ2, A1.T)
dZ1 = np.dot(W2.T, dZ2) * (1 %s np.power(A1, 2))
dW1 = (1/m) * np.dot(dZ1, %s)
```
"""


def test_a_program_that_never_writes_its_loss_begins_at_prediction_minus_label() -> None:
    found = verdicts(PROGRAM % ("-", "X.T"))
    assert found[5:] == ["ok"] * 4
    assert verdicts(PROGRAM % ("+", "X.T"))[7] == "wrong"
    assert "ok" not in verdicts(PROGRAM % ("-", "X"))[8:]


def test_the_gradient_by_a_weight_may_be_the_first_one_told() -> None:
    text = r"""
$\hat y = \sigma(w^T x + b)$

$\frac{\partial L}{\partial w} = (\hat y - y) x$

$\frac{\partial L}{\partial b} = %s$
"""
    assert last(text % r"\hat y - y").verdict == "ok"
    assert last(text % r"y - \hat y").verdict == "wrong"


def test_label_minus_prediction_is_not_taken_for_the_usual_gradient() -> None:
    text = "```python\nz = X @ w + b\np = sigmoid(z)\ndz = y - p\n```\n"
    assert last(text).verdict not in ("ok", "convention")


def test_a_bias_whose_gradient_is_summed_over_everything_is_one_number() -> None:
    text = """
```python
z = np.dot(X, w) + b
p = sigmoid(z)
dw = np.dot(X.T, p - y) / n_samples
db = np.sum(%s) / n_samples
```
"""
    assert verdicts(text % "p - y")[2:] == ["ok", "ok"]
    assert last(text % "y - p").verdict == "wrong"


def test_a_share_of_so_many_examples_as_there_are_is_no_slip() -> None:
    text = """
```python
Z = np.dot(W, A) + b
A_prev = A
m = A_prev.shape[1]
dW = np.dot(dZ, A_prev.T) / m
```
"""
    assert "wrong" not in verdicts(text)


def test_a_large_bracket_in_braces_closes_as_any_other() -> None:
    text = r"""
$$J = \frac{1}{m} \sum_{i=1}^m \large{(} \small a_i - y_i \large{)}^2$$

$$\frac{\partial J}{\partial a_i} = \frac{%s}{m}(a_i - y_i)$$
"""
    assert last(text % "2").verdict == "ok"
    assert last(text % "3").verdict == "wrong"


def test_a_line_of_a_training_log_is_no_equation() -> None:
    text = "Cost = 2 x\n\n```\nCost after iteration 1000: 0.000219\n```\n"
    assert verdicts(text) == ["definition"]


def test_a_point_walks_with_each_step() -> None:
    text = """
f(x, y) = x² + 10y²

(x, y) = (5, 5)
∇f = [10, 100]
(x, y) = (5, 5) - [1.0, 1.0] = (4, 4)
∇f = [8, %s]
"""
    assert last(text % "80").verdict == "ok"
    assert last(text % "90").verdict == "wrong"


def test_a_point_that_is_computed_wrongly_is_found() -> None:
    text = "f(x, y) = x² + y²\n\n(x, y) = (5, 5)\n(x, y) = (5, 5) - [1.0, 1.5] = (4, 3)\n"
    assert "wrong" in verdicts(text)


def test_how_an_example_went_is_no_formula_for_the_next() -> None:
    text = (
        "rate = 0.01\nv = 0.9 * 10 + 10 = 19\nstep = 0.01 * 19 = 0.19\n\nlater the step = 0.271\n"
    )
    assert "wrong" not in verdicts(text)


def test_two_products_written_alike_in_several_exercises_are_two_names() -> None:
    text = """
## Exercise 1

a = 2, b = -3
c = a * b
dc/da = b = -3

## Exercise 2

temp = a * b = -6
d = temp + c = -6.0 + 10.0 = 4.0
dd/dtemp = 1.0
"""
    assert "wrong" not in verdicts(text)


POINTED = """
    s = k r + c
    m = tanh(s)

    dm/ds = 1 {sign} m²             ← the bend
    ds/dk = r                   ← input
    ds/dc = {one}                   <- always
"""


@pytest.mark.parametrize(
    ("sign", "one", "expected"),
    [
        ("-", "1", ["ok", "ok", "ok"]),
        ("+", "1", ["wrong", "ok", "ok"]),
        ("-", "2", ["ok", "ok", "wrong"]),
    ],
)
def test_an_arrow_behind_a_gap_points_from_a_remark(
    sign: str, one: str, expected: list[str]
) -> None:
    assert verdicts(POINTED.format(sign=sign, one=one))[2:] == expected


ASIDES = """
```
u = r³      (inside)
g = u + c  (middle)
f = tanh(g)     (outside)

df/du = 1 {sign} f²
```
"""


@pytest.mark.parametrize(("sign", "verdict"), [("-", "ok"), ("+", "wrong")])
def test_a_word_in_brackets_behind_a_gap_is_a_remark(sign: str, verdict: str) -> None:
    judgements = check(ASIDES.format(sign=sign)).judgements
    assert [j.verdict for j in judgements] == ["definition"] * 3 + [verdict]
