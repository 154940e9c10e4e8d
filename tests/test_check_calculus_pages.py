"""``dvar check`` on the notation of calculus pages: gradients, Hessians, expansions, chains of open functions."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check


def last(text: str) -> str:
    return check(text).judgements[-1].verdict


@pytest.mark.parametrize("gradient", [r"(\nabla q)(x)", r"\nabla(q)(x)", r"\nabla q(x)"])
@pytest.mark.parametrize(("factor", "expected"), [("2", "ok"), ("", "wrong")])
def test_the_gradient_of_a_function_may_stand_in_brackets(
    gradient: str, factor: str, expected: str
) -> None:
    text = rf"Let $q(x) = x^T S x$ with symmetric $S$. Then ${gradient} = {factor} S x$"
    assert last(text) == expected


@pytest.mark.parametrize(("slope", "expected"), [(r"\cosh v", "ok"), (r"3\cosh v", "unknown")])
def test_an_open_function_in_between_is_told_by_what_follows(slope: str, expected: str) -> None:
    text = rf"$w = e^r$, $r = \sinh v$ and $\frac{{dr}}{{dv}} = k'(v) = {slope}$"
    assert last(text) == expected


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"3\cos t \frac{d \cos t}{d t} = -3\cos t \sin t", "ok"),
        (r"3\cos t \frac{d \cos t}{d t} = 3\cos t \sin t", "wrong"),
        (r"\log u \frac{du}{dt} = 3t^2 \log u", "ok"),
        (r"\log u \frac{du}{dt} = t^2 \log u", "wrong"),
    ],
)
def test_a_derivative_behind_a_bare_function_is_no_argument(claim: str, expected: str) -> None:
    assert last(rf"Let $u = t^3$. Then ${claim}$") == expected


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\frac{df}{dt} = 2\sin t\cos t + 3\cos t = \cos t(2\sin t + 3)", "ok"),
        (r"\frac{df}{dt} = 2\sin t\cos t - 3\cos t = \cos t(2\sin t - 3)", "wrong"),
    ],
)
def test_a_sum_behind_a_bare_sine_is_a_factor(claim: str, expected: str) -> None:
    assert last(rf"Let $f = \sin^2 t + 3\sin t$. ${claim}$") == expected


@pytest.mark.parametrize(
    ("slope", "expected"), [(r"b \cos b(t - c)", "ok"), (r"-b \cos b(t - c)", "wrong")]
)
def test_a_sum_behind_another_name_is_part_of_the_angle(slope: str, expected: str) -> None:
    assert last(rf"$y = \sin b(t - c)$ and $\frac{{dy}}{{dt}} = {slope}$") == expected


_FIRST = r"g(\mathbf{u}) + \nabla g(\mathbf{u})^T \mathbf{s}"


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        (_FIRST, "ok"),
        (_FIRST.replace("+", "-"), "unknown"),
        (r"g(\mathbf{u}) + \mathbf{s} \cdot \nabla_{\mathbf{u}} g(\mathbf{u})", "ok"),
        (_FIRST + r"+ \tfrac{1}{2} \mathbf{s}^T \nabla^2 g(\mathbf{u}) \mathbf{s}", "ok"),
        (_FIRST + r"+ \mathbf{s}^T \nabla^2 g(\mathbf{u}) \mathbf{s}", "unknown"),
    ],
)
def test_an_open_function_of_a_vector_is_expanded(right: str, expected: str) -> None:
    assert last(rf"$$g(\mathbf{{u}} + \mathbf{{s}}) \approx {right}$$") == expected


@pytest.mark.parametrize(("sign", "expected"), [("-", "ok"), ("+", "unknown")])
def test_a_step_against_the_gradient_goes_down_by_its_square(sign: str, expected: str) -> None:
    down = rf"g(x_k - \eta \nabla g(x_k)) \approx g(x_k) {sign} \eta \|\nabla g(x_k)\|^2"
    assert last(rf"$${down}$$") == expected


@pytest.mark.parametrize(("slope", "expected"), [(r"\frac{3}{4}", "ok"), ("2", "unknown")])
def test_an_expansion_at_numbers_has_a_step_for_each_argument(slope: str, expected: str) -> None:
    near = rf"g(h, \log(3) + k) \approx \log(4) + \frac{{1}}{{4}}h + {slope}k"
    assert last(rf"$g(x, y) = \log(e^x + e^y)$. ${near}$") == expected


@pytest.mark.parametrize("head", [r"\mathbf{H}q(x, y)", "H_q(x, y)", "Hq(x, y)"])
@pytest.mark.parametrize(("corner", "expected"), [("4y", "ok"), ("-4y", "wrong")])
def test_a_hessian_by_name(head: str, corner: str, expected: str) -> None:
    matrix = rf"\begin{{bmatrix}} 6x & 4y \\ {corner} & 4x \end{{bmatrix}}"
    assert last(rf"$q(x, y) = x^3 + 2xy^2$. $${head} = {matrix}$$") == expected


@pytest.mark.parametrize(("entry", "expected"), [("12", "ok"), ("10", "wrong")])
def test_a_hessian_and_a_jacobian_at_a_point(entry: str, expected: str) -> None:
    matrix = rf"\begin{{bmatrix}} {entry} & 4 \\ 4 & 8 \end{{bmatrix}}"
    assert last(rf"$q(x, y) = x^3 + 2xy^2$. $$H_q(2, 1) = {matrix}$$") == expected
    field = r"$G(x, y) = (x^3 y, 2x + y)$"
    matrix = rf"\begin{{bmatrix}} {entry} & 8 \\ 2 & 1 \end{{bmatrix}}"
    assert last(rf"{field}. $$J_G(2, 1) = {matrix}$$") == expected


def test_an_h_with_a_meaning_is_a_factor() -> None:
    text = r"$H = \begin{bmatrix} 1 & 2 \\ 0 & 1 \end{bmatrix}$, $f(x, y) = (x, y)^T$. $Hf(3, 1) = (5, 1)^T$"
    assert last(text) != "wrong"


@pytest.mark.parametrize(
    ("claim", "expected"),
    [("grad g = (6x, 2y)", "ok"), ("grad g(1, 2) = (6, 4)", "ok"), ("grad g(1, 2) = (6, 2)", "wrong")],
)  # fmt: skip
def test_a_gradient_as_a_word_in_plain_text(claim: str, expected: str) -> None:
    assert last(f"g(x,y) = 3x^2 + y^2\n{claim}\n") == expected


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        (r"\frac{8 \pm \sqrt{64 - 28}}{2} = \frac{8 \pm 6}{2} = 4 \pm 3", "ok"),
        (r"\frac{8 \pm \sqrt{64 - 28}}{2} = \frac{8 \pm 5}{2}", "wrong"),
        (r"\pm\frac{1}{\sqrt{3}} = \pm\frac{\sqrt 3}{3}", "ok"),
    ],
)
def test_both_signs_of_a_root(chain: str, expected: str) -> None:
    assert last(rf"$\lambda = {chain}$") == expected


@pytest.mark.parametrize(("sign", "is_right"), [("-", True), ("+", False)])
@pytest.mark.parametrize("word", ["const", r"\text{const}", "C"])
def test_what_does_not_depend_on_the_argument_is_left_out(
    sign: str, is_right: bool, word: str
) -> None:
    whole = r"\frac12(t - Av)^T(t - Av)"
    text = rf"$A \in \mathbb{{R}}^{{n\times d}}$. $$E(v) = {whole} = \frac12 v^TA^TAv {sign} v^TA^Tt + {word}$$"
    assert (last(text) == "ok") is is_right


@pytest.mark.parametrize(("sign", "expected"), [("-2", "ok"), ("2", "wrong")])
def test_vectors_of_a_sum_are_the_rows_of_their_capital(sign: str, expected: str) -> None:
    text = rf"$$R(w) = \sum_{{i=1}}^N (t_i - w^Tx_i)^2$$ $$\nabla R(w) = {sign} X^T(t - Xw)$$"
    assert last(text) == expected


@pytest.mark.parametrize(("factor", "expected"), [("-2", "ok"), ("2", "wrong"), ("-1", "wrong")])
@pytest.mark.parametrize(
    ("model", "loss", "slope"),
    [
        ("t_i = a u_i + c", r"\sum_i (t_i - (a u_i + c))^2", r"\sum_i u_i (t_i - a u_i - c)"),
        ("t = a u + c", "(t - a u - c)^2", "u (t - a u - c)"),
        (
            r"t_i = a u_i + c + \xi_i",
            r"\sum_i (t_i - a u_i - c)^2",
            r"\sum_i u_i (t_i - a u_i - c)",
        ),
        (r"t_i = a u_i + c + v_i", r"\sum_i (c + a u_i - t_i)^2", r"\sum_i u_i (t_i - a u_i - c)"),
    ],
)
def test_what_a_model_is_set_against_is_no_name_for_it(
    model: str, loss: str, slope: str, factor: str, expected: str
) -> None:
    text = rf"Model: ${model}$. $E = {loss}$. $\frac{{\partial E}}{{\partial a}} = {factor} \cdot {slope}$"
    assert last(text) == expected


@pytest.mark.parametrize(("factor", "expected"), [("-2", "ok"), ("2", "wrong")])
@pytest.mark.parametrize("noise", ["", "+ r"])
def test_neither_is_a_vector_that_is_fitted(noise: str, factor: str, expected: str) -> None:
    text = rf"$t = Z \gamma {noise}$, $S = (t - Z\gamma)^T(t - Z\gamma)$."
    assert (
        last(rf"{text} $\frac{{\partial S}}{{\partial \gamma}} = {factor} Z^T(t - Z\gamma)$")
        == expected
    )


def test_a_residual_of_a_prediction_leaves_its_formula() -> None:
    text = r"$y = X w$, $r = y - t$, $L = r^T r$. $\frac{\partial L}{\partial w} = 2 X^T r$"
    assert last(text) == "ok"


@pytest.mark.parametrize(
    ("slope", "expected"), [("2*(k*x - y)*x", "ok"), ("2*(k*x - y)*y", "wrong")]
)
@pytest.mark.parametrize("head", ["d loss/d k", "dloss/dk"])
def test_words_are_differentiated_in_plain_text(head: str, slope: str, expected: str) -> None:
    assert last(f"loss = (k*x - y)^2\n{head} = {slope}\n") == expected


@pytest.mark.parametrize("formula", ["2^v - 5v", "5v - 2^v"])
def test_an_equation_that_a_function_solves_is_no_claim(formula: str) -> None:
    text = rf"Let $h(v) = {formula}$. We ask for $2^v = 5v$. Then $h'(v) = 0$"
    assert [j.verdict for j in check(text).judgements][1] == "unknown"


def test_curves_that_meet_lack_no_term() -> None:
    text = "$h(v) = v^2 + 3v - 4$. $y = v^2$ meets $y = 4 - 3v$ twice."
    assert [j.verdict for j in check(text).judgements][-1] != "wrong"


@pytest.mark.parametrize(("sign", "expected"), [("+", "ok"), ("-", "wrong")])
def test_dots_that_go_from_name_to_name_are_derivatives(sign: str, expected: str) -> None:
    lines = [
        r"$u_1 = p q$, $\dot u_1 = \dot p q + p \dot q$",
        r"$u_2 = e^{u_1}$, $\dot u_2 = \dot u_1 u_2$",
        rf"$u_3 = u_2 + q$, $\dot u_3 = \dot u_2 {sign} \dot q + 0 u_1$",
    ]
    assert last("\n\n".join(lines)) == expected


@pytest.mark.parametrize(("number", "expected"), [("3", "ok"), ("2", "wrong")])
def test_a_fraction_without_braces_takes_one_letter_each(number: str, expected: str) -> None:
    assert last(rf"$K = 6$, $L = 2$, $\frac KL = {number}$") == expected
