"""``dvar check`` of habits of authors: decimal commas, biases as weights of a 1, an activation chosen at the end."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in check(text).judgements]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r"$h_\theta(x) = \theta_0 + \theta_1 x_1 + \theta_2 x_2 = \theta^T x$", {"ok"}),
        (r"$u = v_0 + v_1 p_1 + v_2 p_2 + v_3 p_3 = \mathbf{v}^T \mathbf{p}$", {"ok"}),
        (r"$u = v_1 p_1 + v_2 p_2 + v_0 = \mathbf{v}^T \mathbf{p}$", {"ok"}),
        (r"$u = v_0 + v_1 p_1 + v_2 p_1 = \mathbf{v}^T \mathbf{p}$", {"wrong", "unknown"}),
        (r"$u = v_0 + v_1 p_1 - v_2 p_2 = \mathbf{v}^T \mathbf{p}$", {"wrong", "unknown"}),
    ],
)
def test_a_bias_is_the_weight_of_one_more_input(line: str, expected: set[str]) -> None:
    assert verdicts(line)[-1] in expected


COMMAS = """Sei x = 0,4, w = 1,25, b = 0,15 und y = 1.

- z = 1,25 · 0,4 + 0,15 = 0,65
- a = σ(0,65) ≈ 0,657
- L = (0,657 - 1)² ≈ 0,1176

"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("- ∂L/∂a = 2 (0,657 - 1) = -0,686", "ok"),
        ("- ∂L/∂a = 2 (0,657 - 1) = -0,343", "wrong"),
        ("$z = 1,25 \\cdot 0,4 + 0,15 = 0,65$", "ok"),
        ("$z = 1,25 \\cdot 0,4 + 0,15 = 0,56$", "wrong"),
    ],
)
def test_decimal_commas_of_a_whole_document(line: str, expected: str) -> None:
    assert verdicts(COMMAS + line)[-1] == expected


def test_commas_between_numbers_of_a_document_with_points() -> None:
    given = check("With w = 0.25 the points are $(0,3)$, $(1,25)$, $(4,50)$ and $v = (0,25)$.")
    assert given.judgements[-1].source == "v = (0,25)"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Comme L = (a - y)², on a ∂L/∂a = 2(a - y).", "ok"),
        ("Comme L = (a - y)², on a ∂L/∂a = (a - y).", "wrong"),
    ],
)
def test_a_verb_of_one_letter_is_no_factor(line: str, expected: str) -> None:
    assert verdicts(line)[-1] == expected


LAYER = r"""The hidden layer is $h = \sigma(z)$.

## Sigmoid

$\sigma(z) = 1/(1 + e^{-z})$

## Tanh

$\sigma(z) = (e^z - e^{-z})/(e^z + e^{-z})$

## Numbers

Example with ReLU: $z = [0.4, -1.2]$.

$h = \mathrm{ReLU}(z) = [0.4, 0]$

"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r"$\sigma'(z) = [1, 0]$", {"ok"}),
        (r"$\sigma'(z) = [1, 1]$", {"wrong", "unknown"}),
        (r"$\sigma'(z) = [0, 1]$", {"wrong", "unknown"}),
    ],
)
def test_the_activation_that_an_example_chooses(line: str, expected: set[str]) -> None:
    assert verdicts(LAYER + line)[-1] in expected


def test_another_activation_than_the_usual_one_for_a_case() -> None:
    text = r"The hidden layer is $h = \sigma(z)$. With ReLU, $z = [0.4, -1.2]$: $h = \mathrm{ReLU}(z) = [0.4, 0]$"
    assert "wrong" not in verdicts(text)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("∂L/∂h = [[0.3], [0.7]] @ [-0.12] = [-0.036, -0.084]ᵀ", {"ok"}),
        ("∂L/∂h = [[0.3], [0.7]] @ [-0.12] = [-0.036, 0.084]ᵀ", {"wrong", "unknown"}),
        ("s = [0.3, 0.7] @ [0.5, 1.3]ᵀ = [1.06]", {"ok"}),
        ("s = [0.3, 0.7] @ [0.5, 1.3]ᵀ = [1.16]", {"wrong"}),
    ],
)
def test_the_half_of_a_square_is_no_entry_that_happens_to_be_as_large(
    line: str, expected: set[str]
) -> None:
    text = (
        "z = W x + b = [0.5, 1.3]\n\nh = ReLU(z) = [0.5, 1.3]\n\nL = 0.5 * (0.88 - 1)² = 0.0072\n\n"
    )
    assert verdicts(text + line)[-1] in expected


LAYERS = r"""$z^{(l)} = w^{(l)} a^{(l-1)} + b^{(l)}$, $a^{(l)} = f(z^{(l)})$

$\delta^{(l)} = \frac{\partial L}{\partial z^{(l)}}$

"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r"$\delta^{(l)} = (w^{(l+1)T} \delta^{(l+1)}) \odot f'(z^{(l)})$", {"ok"}),
        (r"$\delta^{(l)} = w^{(l+1)T} \delta^{(l+1)} \odot f'(z^{(l)})$", {"ok"}),
        (r"$\delta^{(l)} = ((w^{(l+1)})^T \delta^{(l+1)}) \odot f'(z^{(l)})$", {"ok"}),
        (r"$\delta^{(l)} = w^{(l+1)} \delta^{(l+1)} \odot f'(z^{(l)})$", {"wrong", "unknown"}),
        (r"$\delta^{(l)} = w^{(l+1)T} \delta^{(l)} \odot f'(z^{(l)})$", {"wrong", "unknown"}),
    ],
)
def test_small_weights_from_layer_to_layer_are_matrices(line: str, expected: set[str]) -> None:
    turned = r"$\frac{\partial L}{\partial w^{(l)}} = \delta^{(l)} a^{(l-1)T}$"
    *_, found, last = verdicts(f"{LAYERS}{line}\n\n{turned}")
    assert found in expected
    assert last == "ok"


UPSTAIRS = r"""The total input is $y_n^i = \sum_j w_n^{ij} x_{n-1}^j$, the output $x_n^i = f(y_n^i)$.

"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            r"$\frac{\partial E}{\partial w_n^{ij}} = x_{n-1}^j \frac{\partial E}{\partial y_n^i}$",
            "ok",
        ),
        (
            r"$\frac{\partial E}{\partial w_n^{ij}} = x_{n-1}^i \frac{\partial E}{\partial y_n^j}$",
            "no",
        ),
        (r"$\frac{\partial E}{\partial w_n^{ij}} = x_n^j \frac{\partial E}{\partial y_n^i}$", "no"),
        (
            r"$\frac{\partial E^p}{\partial y_n^i} = f'(y_n^i) \frac{\partial E^p}{\partial x_n^i}$",
            "ok",
        ),
        (
            r"$\frac{\partial E}{\partial y_n^i} = f'(x_n^i) \frac{\partial E}{\partial x_n^i}$",
            "no",
        ),
        (
            r"$\frac{\partial E}{\partial x_{n-1}^k} = \sum_i w_n^{ik} \frac{\partial E}{\partial y_n^i}$",
            "ok",
        ),
        (
            r"$\frac{\partial E}{\partial x_{n-1}^k} = \sum_i w_n^{ki} \frac{\partial E}{\partial y_n^i}$",
            "no",
        ),
    ],
)
def test_entries_that_are_counted_upstairs(line: str, expected: str) -> None:
    found = verdicts(UPSTAIRS + line)[-1]
    assert found == "ok" if expected == "ok" else found in ("wrong", "unknown")


@pytest.mark.parametrize("slope", ["F'(Y_n)", r"F'(Y_n)^T"])
def test_the_slope_of_a_function_of_vectors_may_be_a_matrix(slope: str) -> None:
    text = r"$Y_n = W_n X_{n-1}$, $X_n = F(Y_n)$ with matrices $W_n$." + "\n\n"
    line = rf"$\frac{{\partial E}}{{\partial Y_n}} = {slope} \frac{{\partial E}}{{\partial X_n}}$"
    assert verdicts(text + line)[-1] != "wrong"


def test_slopes_that_vanish_as_they_are_read_say_nothing() -> None:
    text = r"""The cost of pattern $p$ is $E^p = \frac12 (D^p - M(Z^p, W))^2$.

$Y_n = W_n X_{n-1}$, $X_n = F(Y_n)$ with matrices $W_n$.

$\frac{\partial E^p}{\partial X_{n-1}} = W_n \frac{\partial E^p}{\partial Y_n}$"""
    assert verdicts(text)[-1] in ("unknown", "wrong")


NETWORK = r"""$z^{(1)} = W^{(1)} x + b^{(1)}$, $a^{(1)} = \sigma(z^{(1)})$

$z^{(2)} = W^{(2)} a^{(1)} + b^{(2)}$, $a^{(2)} = \sigma(z^{(2)})$

$L = \frac{1}{2} \| a^{(2)} - y \|^2$

"""
ERRORS = r"""$\delta^{(2)} = (a^{(2)} - y) \odot a^{(2)} \odot (1 - a^{(2)})$

$\delta^{(1)} = (W^{(2)T} \delta^{(2)}) \odot a^{(1)} \odot (1 - a^{(1)})$

$\frac{\partial L}{\partial b^{(1)}} = \delta^{(1)}$, $\frac{\partial L}{\partial b^{(2)}} = \delta^{(2)}$"""


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("", "", set()),
        ("(1 - a^{(1)})", "(1 + a^{(1)})", {9}),
        (r"W^{(2)T} \delta", r"W^{(2)} \delta", {9}),
        ("(1 - a^{(2)})", "(1 + a^{(2)})", {7}),
    ],
)
def test_errors_of_units_that_biases_have_as_their_gradients(
    old: str, new: str, wrong: set[int]
) -> None:
    found = check(NETWORK + ERRORS.replace(old, new)).judgements
    assert {j.line for j in found if j.verdict == "wrong"} == wrong


def test_errors_that_are_minus_the_gradient_are_no_mistakes() -> None:
    text = NETWORK + ERRORS.replace("(a^{(2)} - y)", "(y - a^{(2)})").replace(
        "= \\delta", "= -\\delta"
    )
    assert not {"wrong", "carried"} & set(verdicts(text))


def test_errors_without_a_loss_are_definitions() -> None:
    text = NETWORK.partition("$L")[0] + ERRORS
    assert not {"wrong", "carried"} & set(verdicts(text))


def test_points_without_blanks_as_products_are_not_half_read() -> None:
    text = "Var(z) = (1/n).(Xv)^T.(Xv) = v^T.A.v\n\nL(v, k) = v^T.A.v - k.(v^T.v - 1)\n\nA.v = k.v"
    assert not {"wrong", "carried", "given"} & set(verdicts(text))


def test_a_new_value_for_a_name_by_itself() -> None:
    assert verdicts("x_i = (x_i - mean(x_i)) / std(x_i)")[-1] != "wrong"
