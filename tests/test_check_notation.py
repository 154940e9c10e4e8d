"""``dvar check`` on ways to write a network: raised numbers, dots, primes, accents, cases of an error signal."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check
from dvar.read.worksheet.mathematics import read_statements
from dvar.read.worksheet.pages import read_document

NUMBERED = r"""
$s^1 = V^1 o^0 + c^1$, $o^1 = \tanh(s^1)$, $s^2 = V^2 o^1 + c^2$, $o^2 = \mathrm{softmax}(s^2)$,
$J = -\sum_i t_i \log o^2_i$.

"""

DOTTED = r"""
$u_1 = V_1 x + c_1$, $h = \sigma(u_1)$, $u_2 = V_2 h + c_2$, $p = \sigma(u_2)$, $J = \frac{1}{2}(p - t)^2$.

$$\epsilon_2 = (p - t) \cdot p (1 - p)$$

$$\epsilon_1 = (V_2^T \epsilon_2) \cdot SLOPE$$

"""

PROBABILITIES = r"""
$p = \mathrm{softmax}(s)$ and $J = -\sum_i t_i \log p_i$.

"""

CASES = r"""
`s1 = V1 x + c1`, `h1 = φ(s1)`, `s2 = V2 h1 + c2`, `p = g(s2)`, `L = (p - t)²`

**Output error (`δ2 = ∂L/∂s2`):**

- Regression (MSE, linear output): `δ2 = p - t`
- Classification (CE + softmax): `δ2 = p - t`

"""

PRIMED = r"""
$E = (q' - q)^2$, but we take half of it to simplify what follows: $E = \frac{1}{2} (q' - q)^2$, with $q = \sum_i w_i x_i$.

"""

TURNED = """
```
H[0] = X
Z[l] = W[l] H[l-1] + b[l]
H[l] = f(Z[l])
dW[l] = 1/m PRODUCT
```
"""

HATTED = r"""
$$\hat q = w x + b, \qquad L = \frac{1}{2} (\hat q - t)^2$$

```python
q_hat = w * x + b
dL_dq_hat = CODE
```
"""


def last(text: str) -> str:
    return check(text).judgements[-1].verdict


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\frac{\partial J}{\partial s^2} = o^2 - t", "ok"),
        (r"\frac{\partial J}{\partial s^2} = t - o^2", "wrong"),
        (r"\frac{\partial J}{\partial V^2} = (o^2 - t) (o^1)^T", "ok"),
        (r"\frac{\partial J}{\partial V^2} = (o^2 + t) (o^1)^T", "wrong"),
    ],
)
def test_numbers_above_several_names_count_layers(claim: str, expected: str) -> None:
    assert last(f"{NUMBERED}$${claim}$$\n") == expected


def test_powers_of_one_name_stay_powers() -> None:
    assert last("$f = x^3$, $f^1 = f$, $f^2 = x^6$.\n\n$$f^2 = x^5$$\n") != "ok"
    assert last("$f = x^1 + x^2$.\n\n$$\\frac{df}{dx} = 1 + 2 x$$\n") == "ok"


@pytest.mark.parametrize("slope", [r"\sigma'(u_1)", r"h (1 - h)", r"(1 - h) \cdot h"])
def test_a_dot_beside_a_slope_multiplies_entry_by_entry(slope: str) -> None:
    text = DOTTED.replace("SLOPE", slope)
    assert last(text + r"$$\frac{\partial J}{\partial V_1} = \epsilon_1 x^T$$" + "\n") == "ok"
    assert last(text + r"$$\frac{\partial J}{\partial c_1} = \epsilon_1$$" + "\n") == "ok"
    assert last(text + r"$$\frac{\partial J}{\partial c_1} = -\epsilon_1$$" + "\n") == "wrong"


def test_a_dot_between_labels_and_logarithms_is_an_inner_product() -> None:
    text = (
        r"$p = \mathrm{softmax}(s)$, $\mathbf{t}, \mathbf{s} \in \mathbb{R}^n$, $J = -\mathbf{t} \cdot \log p$."
        "\n\n"
    )
    assert last(text + r"$$J = -\sum_i t_i \log p_i$$" + "\n") == "ok"


def test_what_softmax_is_applied_to_is_a_vector() -> None:
    assert last(PROBABILITIES + r"$$\frac{\partial J}{\partial s} = p - t$$" + "\n") == "ok"
    assert last(PROBABILITIES + r"$$\frac{\partial J}{\partial s} = t - p$$" + "\n") == "wrong"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("`∂L/∂V2 = δ2 · h1ᵀ`", "ok"),
        ("`∂L/∂c2 = δ2`", "ok"),
        ("`∂L/∂V2 = -δ2 · h1ᵀ`", "wrong"),
    ],
)
def test_an_error_signal_told_for_some_cases_is_the_slope_all_the_same(
    line: str, expected: str
) -> None:
    assert last(f"{CASES}- {line}\n") == expected


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\frac{dE}{dw_i} = -(q' - q) x_i", "ok"),
        (r"\frac{dE}{dw_i} = (q' - q) x_i", "wrong"),
    ],
)
def test_a_primed_name_that_is_compared_is_no_slope(claim: str, expected: str) -> None:
    judgements = check(f"{PRIMED}$${claim}$$\n").judgements
    assert [j.verdict for j in judgements[:2]] == ["definition", "definition"]
    assert judgements[-1].verdict == expected


def test_a_prime_at_a_matrix_turns_it_where_nothing_else_does() -> None:
    assert last(TURNED.replace("PRODUCT", "dZ[l] H[l-1]'")) == "ok"
    assert last(TURNED.replace("PRODUCT", "H[l-1]' dZ[l]")) != "ok"


@pytest.mark.parametrize(("code", "expected"), [("q_hat - t", "ok"), ("q_hat + t", "wrong")])
def test_programs_write_accents_as_words(code: str, expected: str) -> None:
    assert last(HATTED.replace("CODE", code)) == expected


def test_the_gradient_by_all_of_a_layer_may_leave_out_its_letter() -> None:
    text = r"$E = (o^L - t)^2$ and $o^L = \sigma(s^L)$." + "\n\n"
    assert last(text + r"$$\nabla_o E = 2 (o^L - t)$$" + "\n") == "ok"


def test_what_is_made_of_a_result_is_made_of_its_argument() -> None:
    text = (
        r"$o = \sigma(V h + c) = \sigma(s)$ with $s = V h + c$, and $J = \frac{1}{2} (o - t)^2$."
        "\n\n"
    )
    claim = r"$$\frac{\partial J}{\partial s} = (o - t) o (1 OR o)$$" + "\n"
    assert last(text + claim.replace("OR", "-")) == "ok"
    assert last(text + claim.replace("OR", "+")) == "wrong"


def test_a_shape_in_brackets_behind_a_matrix_is_none_of_its_factors() -> None:
    text = r"""
- $A = \begin{pmatrix} 1 & 2 \\ 3 & 4 \\ 5 & 6 \end{pmatrix}$ (3x2), $v = \begin{pmatrix} 1 \\ 2 \end{pmatrix}$ (2x1)

$$u = A v = \begin{pmatrix} 5 \\ 11 \\ LAST \end{pmatrix}$$
"""
    assert last(text.replace("LAST", "17")) == "ok"
    assert last(text.replace("LAST", "18")) == "wrong"


def test_numbers_for_matrices_hold_in_the_next_part() -> None:
    text = """
**Setup**
- `s = V2 h + c2`, `L = (s - t)²`
- `h = [1, 2]`, `t = 1`, `V2 = [[0.5, 0.25]]`, `c2 = [0]`

**Backward**
- `s = V2 h + c2 = 1`
- `δ2 = ∂L/∂s = 2(s - t) = 0`
- `∂L/∂V2 = δ2 hᵀ = [0, 0]`
"""
    assert [j.verdict for j in check(text).judgements[-3:]] == ["ok", "ok", "ok"]
    assert last(text.replace("[0, 0]", "[0, 1]")) == "wrong"


def test_commands_may_have_their_names_in_html() -> None:
    text = r"$f = 3 x^2$ and $\frac{\part f}{\part x} = FACTOR x$" + "\n"
    assert last(text.replace("FACTOR", "6")) == "ok"
    assert last(text.replace("FACTOR", "5")) == "wrong"


def test_a_run_of_capitals_that_has_a_formula_is_one_name() -> None:
    (statement,) = read_statements(read_document("ET = E1 + E2\n", None))
    assert statement.members[0].expr is not None
    assert getattr(statement.members[0].expr, "base", "") == "ET"


def test_entries_that_are_slightly_off_are_no_turned_signs() -> None:
    text = r"$\begin{pmatrix} 13.571 / 32.298 \\ 18.727 / 32.298 \end{pmatrix} = \begin{pmatrix} 0.4199 \\ 0.5801 \end{pmatrix}$"
    assert check(text + "\n").judgements[-1].cause == "arithmetic"


UNTOLD = r"""
## Hidden layer

$Z^{[1]} = V^{[1]} X + c^{[1]}$, $H^{[1]} = g_{\text{tanh}}(Z^{[1]})$

## Output layer

$Z^{[2]} = V^{[2]} H^{[1]} + c^{[2]}$, $H^{[2]} = g_{\text{softmax}}(Z^{[2]})$; the labels $T$ are one-hot

## Backward

$dZ^{[2]} = H^{[2]} - T$

"""


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"dV^{[2]} = \frac{1}{m} dZ^{[2]} H^{[1]T}", "ok"),
        (r"dZ^{[1]} = V^{[2]T} dZ^{[2]} \odot g'_{\text{tanh}}(Z^{[1]})", "ok"),
        (r"dZ^{[1]} = V^{[2]} dZ^{[2]} \odot g'_{\text{tanh}}(Z^{[1]})", "wrong"),
        (r"dZ^{[1]} = -V^{[2]T} dZ^{[2]} \odot g'_{\text{tanh}}(Z^{[1]})", "wrong"),
    ],
)
def test_a_layer_in_a_part_of_its_own_goes_on_from_the_one_before(
    claim: str, expected: str
) -> None:
    judgements = check(f"{UNTOLD}${claim}$\n").judgements
    assert judgements[-2].verdict == "ok"
    assert judgements[-1].verdict == expected


def test_the_function_of_a_letter_may_be_its_label() -> None:
    text = r"$z = w x + b$, $a = g_{\text{sigmoid}}(z)$." + "\n\n"
    assert last(text + r"$$g'_{\text{sigmoid}}(z) = a (1 - a)$$" + "\n") == "ok"
    assert last(text + r"$$g'_{\text{sigmoid}}(z) = a (1 + a)$$" + "\n") == "wrong"


def test_a_label_that_was_glued_to_its_function_is_left_out() -> None:
    text = "A = W X + b\nH = gReLU(A)\nS = V H + c\nP = gsoftmax(S)\n\ndS = P - Y\n"
    assert last(text) == "ok"


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\frac{\partial J}{\partial V_1} = \epsilon_1 x^T", "ok"),
        (r"\frac{\partial J}{\partial V_1} = \epsilon_2 x^T", "wrong"),
    ],
)
def test_another_number_at_a_name_explains_shapes_that_do_not_fit(
    claim: str, expected: str
) -> None:
    text = DOTTED.replace("SLOPE", r"\sigma'(u_1)")
    assert last(f"{text}$${claim}$$\n") == expected


def test_what_is_off_by_little_lacks_no_number() -> None:
    (judgement,) = check(r"$u \approx 13.571 / 32.298 \approx 0.4199$" + "\n").judgements
    assert judgement.verdict == "wrong"
    assert judgement.cause == "arithmetic"


ONE_OUTPUT = """
```python
h = X @ W1 + b1
a = relu(h)
s = a @ W2 + b2
p = sigmoid(s)
loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
N = X.shape[0]
dL_ds = FIRST / N
dL_da = dL_ds @ W2
```
"""


@pytest.mark.parametrize(("first", "expected"), [("(p - y)", "ok"), ("(p + y)", "wrong")])
def test_a_forgotten_transpose_makes_no_line_before_it_wrong(first: str, expected: str) -> None:
    verdicts = [j.verdict for j in check(ONE_OUTPUT.replace("FIRST", first)).judgements]
    assert verdicts[-2] == expected
    assert verdicts[-1] != "ok"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("dV = (1/m) * dS H^T", "ok"),
        ("dV = (1/m) * H^T dS", "wrong"),
        ("dV = -(1/m) * dS H^T", "wrong"),
    ],
)
def test_the_number_of_examples_needs_no_word(line: str, expected: str) -> None:
    text = f"A = W X + b\nH = ReLU(A)\nS = V H + c\nP = softmax(S)\n\ndS = P - Y\n{line}\n"
    assert last(text) == expected
