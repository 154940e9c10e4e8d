"""``dvar check`` on notes about layers: commands of another file, shapes side by side, words for the ends."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in check(text).judgements if j.verdict != "skipped"]


DENSE = r"""
Let $\inputs \in \R^{B \times P}$ and $\mtx{V} \in \R^{P \times Q}$ and let $\risk$ be the loss.

$$\scores = \inputs \mtx{V}$$

$$\frac{\partial \risk}{\partial \mtx{V}} = %s$$
"""


@pytest.mark.parametrize(
    ("right", "verdict"),
    [
        (r"\inputs^\T \frac{\partial \risk}{\partial \scores}", "ok"),
        (r"\inputs^\T (-\frac{\partial \risk}{\partial \scores})", "wrong"),
        (r"\inputs^\T \strange{\risk}{\scores}", "unknown"),
    ],
)
def test_commands_that_another_file_defines_are_names_and_fonts(right: str, verdict: str) -> None:
    assert verdicts(DENSE % right)[-1] == verdict


def test_a_function_spelled_as_a_command_is_that_function() -> None:
    text = r"Here $p = \Softmax(s)$ and $\frac{\partial p_1}{\partial s_2} = %s$."
    assert verdicts(text % "-p_1 p_2")[-1] == "ok"
    assert verdicts(text % "p_1 p_2")[-1] == "wrong"


NORMALISED = r"""
A batch $X \in \mathbb{R}^{B \times F}$ has the mean $m \in \mathbb{R}^{1 \times F}$ and the variance
$v \in \mathbb{R}^{1 \times F}$ of its columns.

$$N = \frac{X - m}{\sqrt{v + \epsilon}} = %s$$
"""


@pytest.mark.parametrize(
    ("right", "good"),
    [
        (r"(v + \epsilon)^{-1/2} (X - m)", True),
        (r"(v + \epsilon)^{-\frac{1}{2}} \odot (X - m)", True),
        (r"(v + \epsilon)^{1/2} (X - m)", False),
        (r"(v - \epsilon)^{-1/2} (X - m)", False),
    ],
)
def test_a_row_beside_a_matrix_is_spread_over_it(right: str, good: bool) -> None:
    assert (verdicts(NORMALISED % right)[-1] == "ok") is good


def test_one_entry_may_stand_for_the_array() -> None:
    text = r"""
    The scores are $s \in \mathbb{R}^C$.

    $$q = \text{softmax}(s) = %s$$
    """
    assert verdicts(text % r"\frac{e^{s_i}}{\sum_c e^{s_c}}")[-1] == "convention"
    assert verdicts(text % r"\frac{e^{s_i}}{\sum_c e^{-s_c}}")[-1] == "wrong"


def test_the_gradient_behind_a_softmax_is_often_called_by_its_output() -> None:
    text = """
```python
s = V @ h
p = softmax(s)
loss = cross_entropy(t, p)
dp = p - t        # of the cross-entropy and the softmax together
ds = dp
dV = %s
```
"""
    assert "wrong" not in verdicts(text % "ds @ h.T")
    assert verdicts(text % "ds.T @ h")[-1] != "ok"


def test_words_for_the_ends_are_told_for_each_layer() -> None:
    text = r"""
$$Input = x \quad Output = g(A x)$$

For three layers:

$$Input = x_0$$

$$Output = x_3 = g(A_3 x_2)$$
"""
    assert set(verdicts(text)) == {"definition"}


def test_how_many_there_are_in_an_example_contradicts_nothing() -> None:
    text = r"""
Here $T_a = T_b$, and $x$ has the shape $(n, m, T_a)$.

If a sentence has 7 words, $T_a = 7$.
"""
    assert "wrong" not in verdicts(text)


def test_what_has_no_parts_has_no_length() -> None:
    assert "wrong" not in verdicts("The output is `len(parts) = 2`.")
    assert verdicts("```python\nparts = [3, 4]\n```\n\nSo `len(parts) = 3`.")[-1] == "wrong"


LABELLED = r"""
$$u_1 = c_{11} x_1 + c_{21} x_2 + b^q_1, \quad u_2 = c_{12} x_1 + c_{22} x_2 + b^q_2$$

$$q_1 = \sigma(u_1), \quad q_2 = \sigma(u_2), \quad r = d_1 q_1 + d_2 q_2 + b^z_1$$

$$E = (r - t)^2$$

$$\frac{\partial E}{\partial b^q_2} = %s$$
"""


def test_letters_above_the_same_name_tell_it_apart() -> None:
    good = r"2 (r - t) d_2 q_2 (1 - q_2)"
    assert verdicts(LABELLED % good)[-1] == "ok"
    assert verdicts(LABELLED % good.replace("d_2", "d_1"))[-1] == "wrong"


def test_a_backslash_that_a_page_lost_leaves_a_product() -> None:
    text = r"""
$$z = W h + b$$

$$\frac{\partial L}{\partial W} = \frac{\partial L}{\partial z} , %s$$
"""
    assert verdicts(text % "h^T")[-1] == "ok"
    assert verdicts(text % "b^T")[-1] != "ok"


def test_a_row_that_lost_half_of_its_end_is_a_row() -> None:
    text = "$$r(x) = \\max(0, x)$$\n\n$$r'(x) = \\begin{cases} %s & x > 0 \\\n %s & x < 0 \\end{cases}$$"
    assert verdicts(text % (1, 0))[-1] == "ok"
    assert verdicts(text % (0, 1))[-1] == "wrong"


def test_words_behind_a_formula_are_no_value() -> None:
    text = "$z = A x$, where\n\n- $A^T$ = Transpose of the matrix\n- $=$ = **Assignment/computation**\n- $+$ = Addition\n"
    assert set(verdicts(text)) == {"definition"}


LAYERS = r"""
For unit $j$ of layer $l$, $z^{(l)}_j = h(a^{(l)}_j)$ and $a^{(l)}_j = \sum_{m} w^{(l)}_{jm} z^{(l-1)}_m$.

$$\delta^{(l)}_j = \frac{\partial L}{\partial a^{(l)}_j}$$

Let the %s be linear. Then

$$\delta^{(l)}_k = \frac{\partial L}{\partial a^{(l)}_k} = \frac{\partial L}{\partial p_k}$$

where $a^{(l)}_k = p_k$ is what the net predicts. For the others,

$$\delta^{(l)}_j = h'(a^{(l)}_j) \sum_{m} %s \delta^{(l+1)}_m$$
"""


def test_what_holds_for_the_last_layer_is_no_formula_of_all() -> None:
    good = verdicts(LAYERS % ("output units", "w^{(l+1)}_{mj}"))
    assert "wrong" not in good
    assert good[-1] == "ok"
    assert verdicts(LAYERS % ("output units", "w^{(l+1)}_{jm}"))[-1] != "ok"


def test_a_letter_is_the_activation_that_is_named_in_front_of_it() -> None:
    text = r"""
$a = f(z)$ and $h = g(u)$.

ReLU:

$$f'(z) = \begin{cases} %s & \text{if } z > 0 \\ %s & \text{otherwise} \end{cases}$$

With the tanh activation, $g'(u) = %s$.
"""
    assert verdicts(text % (1, 0, "1 - h^2"))[-2:] == ["ok", "ok"]
    assert "ok" not in verdicts(text % (0, 1, "h (1 - h)"))


def test_an_error_joins_a_derivative_by_a_matrix() -> None:
    text = r"""
$$u = \tanh(V x), \quad E = \frac{1}{2} \|u - t\|^2$$

$$\frac{\partial E}{\partial V} = (u %s t) \frac{\partial u}{\partial V}$$
"""
    assert verdicts(text % "-")[-1] == "ok"
    assert verdicts(text % "+")[-1] == "wrong"


def test_what_a_program_makes_elsewhere_is_no_claim() -> None:
    text = "```python\nX, weights = make_case()\nY, cache = forward(X, weights)\n```"
    assert set(verdicts(text)) <= {"definition"}


STEPS = r"""
Let $U \in \mathbb{R}^{m \times m}$ and let $\mathbf{1}$ be the column of ones.

$$P = \text{softmax}(U)$$

$$E = \exp(U), \quad d = E \mathbf{1}, \quad r = d^{-1}, \quad R = r \mathbf{1}^T, \quad P = %s$$

$$\frac{\partial L}{\partial R} = \frac{\partial L}{\partial P} \odot E$$

$$\frac{\partial L}{\partial E} = %s$$
"""


def test_the_steps_of_a_result_are_its_ways_back() -> None:
    whole = r"\frac{\partial L}{\partial d} \mathbf{1}^T + \frac{\partial L}{\partial P} \odot R"
    good = verdicts(STEPS % (r"E \odot R", whole))
    assert good[-2:] == ["ok", "ok"]
    half = r"\frac{\partial L}{\partial d} \mathbf{1}^T"
    assert verdicts(STEPS % (r"E \odot R", half))[-1] == "wrong"
    assert "wrong" in verdicts(STEPS % (r"E + R", whole))


def test_a_matrix_of_numbers_gives_the_entries_of_a_matrix_of_names() -> None:
    text = r"""
$$V = \begin{pmatrix} v_1 & v_2 \\ v_3 & v_4 \end{pmatrix} = \begin{pmatrix} 2 & 3 \\ 5 & 7 \end{pmatrix}$$

$$s = v_2 v_3 - v_1 = %s$$
"""
    assert verdicts(text % 13)[-1] == "ok"
    assert verdicts(text % 31)[-1] == "wrong"


def test_conditions_may_stand_in_text() -> None:
    text = r"""
$$h_p = \sigma(z_p)$$

$$\frac{\partial h_p}{\partial z_q} = \begin{cases} 0, & \text{p $\ne$ q} \\ %s, & \text{p = q} \end{cases}$$
"""
    assert verdicts(text % r"\sigma'(z_p)")[-1] == "ok"
    assert verdicts(text % r"\sigma(z_p)")[-1] != "ok"


def test_a_partial_that_nothing_is_below_of_is_a_gradient() -> None:
    text = r"""
$$y_1 = w_1 x_1 + w_2 x_2, \quad y_2 = w_1 x_2 + w_2 x_3$$

$$\partial w_1 = \partial y_1 x_1 + \partial y_2 %s$$

$$\partial x_1 = \partial y_1 w_1$$
"""
    assert verdicts(text % "x_2")[-2:] == ["ok", "ok"]
    assert verdicts(text % "x_3")[-2] != "ok"


BACKWARD = """
```python
z1 = V1 @ x + c1
a1 = %s(z1)
z2 = V2 @ a1 + c2
a2 = sigmoid(z2)
dz2 = a2 - y
da1 = V2.T @ dz2
dz1 = da1 * %s
dV1 = dz1 @ x.T
```
"""


@pytest.mark.parametrize(
    ("activation", "slope", "good"),
    [
        ("ReLU", "ReLU_derivative(z1)", True),
        ("relu", "relu_prime(a1)", True),
        ("tanh", "tanh_grad(a1)", True),
        ("sigmoid", "sigmoid_derivative(z1)", True),
        ("sigmoid", "sigmoid_derivative(a1)", True),
        ("ReLU", "ReLU_derivative(z2)", False),
        ("tanh", "sigmoid_prime(z1)", False),
        ("tanh", "sigmoid_derivative(a1)", False),
    ],
)
def test_programs_call_the_slope_of_an_activation_by_name(
    activation: str, slope: str, good: bool
) -> None:
    found = verdicts(BACKWARD % (activation, slope))[-2:]
    assert (found == ["ok", "ok"]) if good else found[0] != "ok"


def test_a_nabla_with_a_name_below_is_of_the_loss() -> None:
    text = r"$u = V h + c$ and $g = \frac{\partial L}{\partial u}$, so $$\nabla_V = g h^T$$ $$\nabla_c = %s$$"
    assert verdicts(text % "g")[-2:] == ["ok", "ok"]
    assert verdicts(text % "-g")[-1] == "wrong"


ROWS = r"""
Row $x_i$ of $X \in \mathbb{R}^{N \times D}$ is one example; $s, b \in \mathbb{R}^{1 \times D}$.

$$y_i = s \cdot x_i + b$$

$$Y = s \odot X + b$$

Given $\frac{\partial J}{\partial Y}$ of the loss $J$, where $y_i$ is a row of $Y$:

$$\frac{\partial J}{\partial b} = %s$$
"""


def test_what_arrives_through_rows_does_not_arrive_once_more_through_the_matrix() -> None:
    assert "wrong" not in verdicts(ROWS % r"\sum_i \frac{\partial J}{\partial y_i}")


def test_what_a_line_left_out_makes_is_open() -> None:
    text = """
```python
One = make_ones(n, 1)
E = np.exp(U)
d = E @ One
P = E / d
dd = -np.sum(dP * E, axis=1, keepdims=True) / d**2
dE = %s
```
"""
    assert "wrong" not in verdicts(text % "dd @ One.T + dP / d")


def test_a_list_that_goes_on_has_any_length() -> None:
    text = r"""
$$y = A x - b, \quad A = \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}$$

$$\frac{\partial f}{\partial x} = \begin{bmatrix} \frac{\partial f}{\partial x_1} & \frac{\partial f}{\partial x_2} & \cdots
& \frac{\partial f}{\partial x_n} \end{bmatrix}$$
"""
    assert "wrong" not in verdicts(text)


def test_a_right_number_behind_a_slip_of_letters_carries_nothing() -> None:
    text = r"""
Given $u_1 = 0.21$, $u_2 = 0.19$, $v_1 = 0.4$ and $v_2 = 0.5$.

$$q_1 = \sigma(u_1) = \frac{1}{1 + e^{-0.21}} = 0.552$$

$$q_2 = \sigma(u_1) = \frac{1}{1 + e^{-u_2}} = \frac{1}{1 + e^{-0.19}} = 0.547$$

$$p = v_1 q_1 + v_2 q_2 = 0.4 \times 0.552 + 0.5 \times 0.547 = %s$$
"""
    assert verdicts(text % "0.4943")[-2:] == ["wrong", "ok"]
    assert verdicts(text % "0.5943")[-2:] == ["wrong", "wrong"]


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        (r"$[M, N] \times [N, K] = [M, K]$", "ok"),
        (r"$[M, N] \times [N, K] = [K, M]$", "wrong"),
        (r"$(n \times m) \cdot (m \times k) = (n \times k)$", "ok"),
        (r"$(n \times m)(m \times k) = (k \times n)$", "wrong"),
        (r"$(3 \times 4)(4 \times 5) = (12 \times 20)$", "ok"),
        ("`[B, 16] @ [16, 10] = [B, 10]`", "ok"),
    ],
)
def test_shapes_are_multiplied_in_any_bracket(line: str, verdict: str) -> None:
    assert verdicts(f"The shapes: {line}") == [verdict]


def test_nothing_is_shown_by_a_derivative_that_vanishes_as_it_is_read() -> None:
    text = r"""
$$p = \sigma(u)$$

$$L = \frac{1}{N} \sum_{i=1}^{N} (y_i - p_i)^2, \quad s = \frac{\partial L}{\partial u}$$

$$u = v_1 h_1 + v_2 h_2$$

$$\frac{\partial L}{\partial u} \cdot \frac{\partial u}{\partial v_1} = %s s h_1$$
"""
    assert "wrong" not in verdicts(text % "")
    assert verdicts(text % "2")[-1] != "ok"


@pytest.mark.parametrize(
    ("step", "verdict"),
    [
        (r"v_{12} - \eta \frac{\partial L}{\partial v_{12}}", "ok"),
        (r"v_{12} - \eta \frac{\partial L}{\partial v_{21}}", "wrong"),
        (r"v_{21} - \eta \frac{\partial L}{\partial v_{12}}", "wrong"),
    ],
)
def test_a_step_goes_along_the_gradient_of_its_own_entry(step: str, verdict: str) -> None:
    text = rf"$u = v_{{12}} h_1 + v_{{21}} h_2$ and $L$ is the loss: $$v_{{12}} \leftarrow {step}$$"
    assert verdicts(text)[-1] == verdict
