"""``dvar check`` on training notes: shares of one step, strides, wide gaps, cases, means, numbers that are 1."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check

WRONG = {"wrong", "carried", "up-to-constant"}


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in check(text).judgements]


def last(text: str) -> str:
    return verdicts(text)[-1]


TWO_STEPS = r"""
$x_1 = 0.5$, $x_2 = -1$, $u = 0.4$, $v = 0.3$, $h_0 = 0$

$$a_1 = u x_1 + v h_0$$
$$h_1 = \tanh(a_1)$$
$$a_2 = u x_2 + v h_1$$
$$h_2 = \tanh(a_2)$$
$$L = \frac12 (h_1 - 1)^2 + \frac12 (h_2 + 1)^2$$
$$\frac{\partial L}{\partial a_2} = (h_2 + 1)(1 - h_2^2)$$
"""


@pytest.mark.parametrize("bar", [r"\bigg|_{t=2}", r"\Big|_{\text{through } t=2}"])
def test_what_one_step_sends_back_is_not_the_whole_gradient(bar: str) -> None:
    right = (
        TWO_STEPS
        + rf"$$\frac{{\partial L}}{{\partial u}}{bar} = \frac{{\partial L}}{{\partial a_2}} x_2$$"
    )
    assert last(right) == "ok"
    bent = (
        TWO_STEPS
        + rf"$$\frac{{\partial L}}{{\partial u}}{bar} = \frac{{\partial L}}{{\partial a_2}} h_1$$"
    )
    assert last(bent) in ("unknown", "wrong")


def test_without_a_bar_the_other_step_is_missing() -> None:
    bare = TWO_STEPS + r"$$\frac{\partial L}{\partial u} = \frac{\partial L}{\partial a_2} x_2$$"
    assert last(bare) == "wrong"


DELTA_RULE = """
A linear unit y = w x + b with error E = 1/2 (t - y)^2, where x = 2, w = 0.5, b = 0.1, t = 2, alpha = 0.1

y = w x + b = 0.5 * 2 + 0.1 = 1.1
e = t - y = 2 - 1.1 = 0.9
dw = alpha * e * x = 0.1 * 0.9 * 2 = 0.18
db = alpha * e = 0.1 * 0.9 = 0.09
w = w + dw = 0.5 + 0.18 = {w}
b = b + db = 0.1 + 0.09 = 0.19
"""


def test_a_stride_with_the_rate_in_it_is_no_gradient() -> None:
    assert not WRONG & set(verdicts(DELTA_RULE.format(w="0.68")))
    assert "wrong" in verdicts(DELTA_RULE.format(w="0.86"))


def test_a_gradient_without_a_rate_is_stepped_down() -> None:
    text = (
        "y = w x + b\nE = 1/2 (y - t)^2\ndw = (y - t) * x\ndb = y - t\n\n"
        "Gradient descent: w = w + alpha * dw\n"
    )
    assert last(text) == "wrong"


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        (r"(a - y) \quad a (1 - a) \quad x", "ok"),
        (r"(a - y) \qquad \sigma'(z) \qquad x", "ok"),
        (r"(a - y) \quad a (1 + a) \quad x", "wrong"),
        (r"(a - y) a (1 - a) x \quad (4)", "ok"),
        (r"(a - y) a (1 - a) x \quad (x > 0)", "ok"),
    ],
)
def test_wide_gaps_may_stand_between_factors(right: str, expected: str) -> None:
    text = rf"$z = w x$, $a = \sigma(z)$, $E = \frac12 (a - y)^2$ so $$\frac{{\partial E}}{{\partial w}} = {right}$$"
    assert last(text) == expected


@pytest.mark.parametrize(("slope", "verdict"), [("x_2 = 0", "ok"), ("x_1 = 0", "wrong")])
def test_a_number_behind_an_order_sign_is_not_what_a_sum_comes_to(slope: str, verdict: str) -> None:
    text = rf"""$w = 2$, $u = 1$, $c = -0.5$, $x_1 = 1$, $x_2 = 0$

$$h = \max(0, w x_1 + u x_2 + c) = 1.5$$

Since $w x_1 + u x_2 + c = 1.5 > 0$ the unit is on, and $\frac{{\partial h}}{{\partial u}} = {slope}$."""
    assert last(text) == verdict


@pytest.mark.parametrize(("v", "verdict"), [("2", "ok"), ("3", "wrong")])
def test_factors_that_come_to_one_may_be_left_out(v: str, verdict: str) -> None:
    text = rf"""$p = 0.5$, $q = {v}$, $x = 0.3$

$$f = p q x^2$$
$$\frac{{df}}{{dx}} = 2 p q x = 2 x$$"""
    assert last(text) == ("ok" if v == "2" else "wrong")


CASES = r"""
$$L(a, y) = -[y \log \sigma(w x + b) + (1-y) \log (1 - \sigma(w x + b))]$$

If the label is $y=1$, the loss is

$$L(a, y) = -[y \log \sigma(w x + b) + (1-y) \log (1 - \sigma(w x + b))] = -\log \sigma(w x+b)$$

If instead $y=0$:

$$L(a, y) = -\log(1-\sigma(w x+b))$$

$$\frac{\partial L(a, y)}{\partial w} = SLOPE$$
"""


def test_what_a_formula_is_for_one_label_does_not_replace_it() -> None:
    assert last(CASES.replace("SLOPE", r"(\sigma(w x+b) - y) x")) == "ok"
    assert last(CASES.replace("SLOPE", r"(\sigma(w x+b) + y) x")) in ("wrong", "unknown")


@pytest.mark.parametrize(("sign", "verdict"), [("-", "ok"), ("+", "wrong")])
def test_a_label_of_zero_hides_no_sign(sign: str, verdict: str) -> None:
    text = rf"""$w = 0.5$, $x = 2$, $y = 0$

$$a = \sigma(w x)$$
$$L = \frac12 (a - y)^2$$
$$\frac{{\partial L}}{{\partial a}} = a {sign} y$$"""
    assert last(text) == verdict


def test_a_name_without_a_formula_may_be_the_part_it_stands_for() -> None:
    text = CASES.replace("SLOPE", r"(\sigma(w x+b) - y) x = (\hat{y} - y) x")
    assert not WRONG & set(verdicts(text))


def test_means_of_products_are_no_mistakes_of_names() -> None:
    text = r"""The variance of one term:

$$Var[t]=E[t^2]-E[t]^2=E[t^2]=E[x_i^2w_i^2]=E[x_i^2]E[w_i^2]$$
$$Var[y]=m\cdot Var[t]=m \cdot Var[x_i]\cdot Var[w_i]$$"""
    assert not WRONG & set(verdicts(text))


PROGRAM = """```python
u = x.dot(w1)
r = np.maximum(u, 0)
p = r.dot(w2)
cost = np.square(p - t).sum()
grad_p = 2.0 * (p - t)
grad_w2 = r.T.dot(grad_p)
grad_r = grad_p.dot(w2.T)
grad_u = grad_r.copy()
grad_u[u < 0] = 0
grad_w1 = x.T.dot(grad_u)
```"""


def test_small_letters_behind_a_batch_are_matrices_where_they_are_transposed() -> None:
    assert not {"unknown", *WRONG} & set(verdicts(PROGRAM))


@pytest.mark.parametrize(
    ("old", "new"),
    [("r.T.dot(", "u.T.dot("), ("2.0 * (p", "(p"), ("x.T.dot(grad_u)", "x.T.dot(grad_r)")],
)
def test_slips_of_such_a_program_are_found(old: str, new: str) -> None:
    assert "wrong" in verdicts(PROGRAM.replace(old, new))


@pytest.mark.parametrize(
    "words", ["with $g$ the sigmoid function", "where $g$ is the logistic function"]
)
@pytest.mark.parametrize(("sign", "expected"), [("-", "ok"), ("+", "wrong")])
def test_a_function_that_words_tell_may_only_be_applied_to_layers(
    words: str, sign: str, expected: str
) -> None:
    text = rf"""$u^{{[1]}} = V^{{[1]}} x + c^{{[1]}}$, $h^{{[1]}} = g(u^{{[1]}})$,
$u^{{[2]}} = V^{{[2]}} h^{{[1]}} + c^{{[2]}}$, $p = g(u^{{[2]}})$, {words}.

$$L = -t \log p - (1-t) \log(1-p)$$

$$\frac{{\partial L}}{{\partial V^{{[2]}}}} = (1-t)p\,{{h^{{[1]}}}}^T {sign} t(1-p)\,{{h^{{[1]}}}}^T$$"""
    assert last(text) == expected


@pytest.mark.parametrize(
    ("step", "verdict"),
    [
        (r"- \alpha A^T (A v - c)", "ok"),
        (r"+ \alpha A^T (c - A v)", "ok"),
        (r"- \alpha A^T (c - A v)", "wrong"),
        (r"+ \frac{\alpha}{2} A^T (A v - c)", "wrong"),
    ],
)
def test_a_step_that_writes_its_gradient_out_goes_down(step: str, verdict: str) -> None:
    text = rf"""$$E(v) = \frac12 \|A v - c\|^2$$

The error falls with gradient descent:

$$v := v {step}$$"""
    assert last(text) == verdict
    likely = text.replace("The error falls with gradient descent", "Gradient ascent")
    assert last(likely) == "ok"


@pytest.mark.parametrize(("sign", "verdict"), [("-", "ok"), ("+", "wrong")])
def test_a_name_that_is_told_to_be_the_gradient_is_stepped_down(sign: str, verdict: str) -> None:
    text = rf"""The loss $L = \frac12 (v x - t)^2$ has the gradient $s = \frac{{\partial L}}{{\partial v}} = (v x - t) x$.

$v \leftarrow v {sign} \eta s$"""
    assert last(text) == verdict


WORDS_FOR_SIGNS = """    Z[1] = W[1] dot X + b[1]
    A[1] = ReLU(Z[1])
    Z[2] = W[2] dot A[1] + b[2]
    A[2] = softmax(Z[2])

    m = number of examples, Y = one-hot labels
    dZ[2] = A[2] - Y
    dW[2] = (1/m) * dZ[2] dot A[1]^T
    dZ[1] = (W[2]^T dot dZ[2]) * ReLU'(Z[1])
    dW[1] = (1/m) * dZ[1] dot X^T
"""


def test_the_word_dot_between_operands_is_a_sign() -> None:
    assert not {"unknown", *WRONG} & set(verdicts(WORDS_FOR_SIGNS))
    assert last(WORDS_FOR_SIGNS.replace("dot X^T", "dot A[1]^T")) == "wrong"
    assert "wrong" in verdicts(WORDS_FOR_SIGNS.replace("(W[2]^T dot", "(W[2] dot"))


@pytest.mark.parametrize("change", [r"\Delta ", "d"])
@pytest.mark.parametrize(
    ("v", "b", "bent"), [("", "", 0), ("-", "", 1), ("", "-", 1), ("2 ", "", 0)]
)
def test_a_stride_is_the_rate_times_minus_the_gradient(
    change: str, v: str, b: str, bent: int
) -> None:
    text = rf"""A unit $p = v u + b$ with error $E = \frac12 (t - p)^2$ and $\varepsilon = t - p$.

$${change}v = {v}\eta \varepsilon u$$
$${change}b = {b}\eta \varepsilon$$

$$v = v + {change}v$$
$$b = b + {change}b$$"""
    assert verdicts(text).count("wrong") == bent


def test_a_number_beside_a_formula_in_a_cell_is_another_piece_of_it() -> None:
    text = r"""| Name | Formula | Derivative |
|---|---|---|
| ramp | $r(u) = \max(0, u)$ | $r'(u) = 1$ (when $u > 0$), $0$ (when $u \leq 0$) |"""
    assert not WRONG & set(verdicts(text))
    assert "wrong" in verdicts(text.replace(r"r'(u) = 1", r"r'(u) = u"))


@pytest.mark.parametrize(("slope", "verdict"), [("v_2 u", "ok"), ("v_1 u", "unknown")])
def test_an_open_activation_may_be_the_identity_for_once(slope: str, verdict: str) -> None:
    text = rf"""$k = v_1 u + c$, $h = \sigma(k)$. Let us leave $\sigma$ away, so $h = k = v_1 u + c$.

$p = v_2 h$, $E = \frac12 (p - t)^2$

$$\frac{{\partial p}}{{\partial v_1}} = v_2 \frac{{\partial h}}{{\partial v_1}} = {slope}$$"""
    told = verdicts(text)
    assert told[-1] == verdict
    assert not WRONG & set(told[:-1])


@pytest.mark.parametrize(("value", "verdict"), [("0.57", "ok"), ("0.75", "wrong")])
def test_what_an_open_function_is_applied_to_says_the_line(value: str, verdict: str) -> None:
    text = rf"""$x_1 = 0.5$, $v_1 = 0.6$, $v_3 = 2$

$$b_j = v_j x_1$$
$$o_j = \frac{{1}}{{1 + e^{{-b_j}}}}$$
$$b_1 = 0.6 \times 0.5 = 0.3$$
$$o_3 = G(b_1) = \frac{{1}}{{1 + e^{{-0.3}}}} = {value}$$"""
    assert last(text) == verdict


@pytest.mark.parametrize(("slope", "verdict"), [("-", "ok"), ("+", "wrong")])
def test_one_divided_by_one_is_a_lost_bracket(slope: str, verdict: str) -> None:
    text = rf"""$\phi(u) = 1 / 1 + e^{{-u}}$

$\phi'(u) = \phi(u) (1 {slope} \phi(u))$"""
    assert last(text) == verdict


NUMBERS_UNDER_A_HEADING = r"""## Plain steps, $\eta = 0.1$

$v_0 = 1$, $v_1 = v_0 - \eta s_0 = 1 - 0.1 \cdot 2 = 0.8$, $v_2 = v_1 - \eta s_1 = 0.8 - 0.1 \cdot 1.6 = 0.64$

## Scaled steps

$v_2 = 0.75 - \frac{0.1}{0.5} \cdot 1.5 = 0.75 - 0.3 = RESULT$"""


@pytest.mark.parametrize(("result", "verdict"), [("0.45", "ok"), ("0.54", "wrong")])
def test_a_name_has_numbers_of_its_own_under_another_heading(result: str, verdict: str) -> None:
    assert last(NUMBERS_UNDER_A_HEADING.replace("RESULT", result)) == verdict
