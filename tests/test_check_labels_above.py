r"""Letters above names that tell them apart, brackets behind a slash, signs over names, and sums left out."""

from __future__ import annotations

import pytest

import dvar


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in dvar.check(text).judgements]


def last(text: str) -> str:
    return verdicts(text)[-1]


RECURRENT = r"""
$$s_t = \tanh(U^{su}u_t + U^{ss}s_{t-1} + c_s)$$

$$a_t = U^{as}s_t + c_a, \quad \hat{y}_t = \text{softmax}(a_t)$$

$$E_t = -\sum_k y_{t,k}\log\hat{y}_{t,k}, \quad E = \sum_{t=1}^{N} E_t$$

$$\frac{\partial E}{\partial U^{ss}} = \sum_{t=1}^{N}\frac{\partial E}{\partial s_t} \odot (1 - s_t^2) s_{t-1}^\top$$

$$\frac{\partial E}{\partial U^{su}} = \sum_{t=1}^{N}\left(\frac{\partial E}{\partial s_t} \odot (1 - s_t^2)\right) u_t^\top$$

$$\frac{\partial E}{\partial U^{as}} = \sum_{t=1}^{N} RIGHT$$
"""


@pytest.mark.parametrize(
    ("right", "wanted"),
    [
        (r"(\hat{y}_t - y_t) s_t^\top", {"ok"}),
        (r"(y_t - \hat{y}_t) s_t^\top", {"wrong"}),
        (r"(\hat{y}_t - y_t) u_t^\top", {"wrong", "unknown"}),
    ],
)
def test_two_letters_above_a_matrix_tell_where_it_leads(right: str, wanted: set[str]) -> None:
    assert last(RECURRENT.replace("RIGHT", right)) in wanted


GATED = r"""
$$g_t = \sigma(k^g_t), \quad k^g_t = x_t V_g + s_{t-1} R_g$$

$$\tilde{s}_t = \tanh(k^s_t), \quad k^s_t = x_t V_s + s_{t-1} R_s$$

$$s_t = g_t \odot s_{t-1} + (1 - g_t) \odot \tilde{s}_t$$

$$\delta^s_t = \frac{\partial E}{\partial s_t}, \quad \delta^g_t = \frac{\partial E}{\partial k^g_t}$$

$$\delta^g_t = RIGHT$$
"""


@pytest.mark.parametrize(
    ("right", "wanted"),
    [
        (r"\delta^s_t \odot (s_{t-1} - \tilde{s}_t) \odot g_t \odot (1 - g_t)", {"ok"}),
        (r"\delta^s_t \odot (\tilde{s}_t - s_{t-1}) \odot g_t \odot (1 - g_t)", {"wrong"}),
        (r"\delta^s_t \odot (s_{t-1} - \tilde{s}_t) \odot g_t", {"wrong", "unknown"}),
    ],
)
def test_what_stands_above_an_error_tells_whose_it_is(right: str, wanted: set[str]) -> None:
    assert last(GATED.replace("RIGHT", right)) in wanted


def test_powers_stay_powers() -> None:
    assert last("$$v = u^2 + u^n$$\n\n$$\\frac{dv}{du} = 2u + n u^{n-1}$$") == "ok"
    assert last("$$v = u^2 + u^n$$\n\n$$\\frac{dv}{du} = 2u + n u^{n}$$") == "wrong"


@pytest.mark.parametrize(
    ("right", "wanted"),
    [
        (r"1/\rho (q - r (r^\top q))", {"ok"}),
        (r"1/\rho (q + r (r^\top q))", {"wrong", "unknown"}),
        (r"q/\rho (1 - 1)", {"ok"}),
        (r"q/\rho (1 + 1)", {"wrong", "unknown"}),
    ],
)
def test_a_bracket_behind_a_slash_may_stand_beside_the_fraction(
    right: str, wanted: set[str]
) -> None:
    told = r"$$\rho = \sqrt{q^\top q}, \quad r = q/\rho$$" + "\n\n"
    left = r"\frac{1}{\rho} (q - r (r^\top q))"
    assert last(f"{told}$${left} = {right}$$") in wanted


def test_a_bracket_behind_a_slash_may_stand_below_it() -> None:
    told = "$$C = -y \\log a - (1 - y) \\log(1 - a)$$\n\n"
    assert last(f"{told}$$\\frac{{dC}}{{da}} = (a - y)/a(1 - a)$$") == "ok"
    assert last(f"{told}$$\\frac{{dC}}{{da}} = (a + y)/a(1 - a)$$") != "ok"


@pytest.mark.parametrize("sign", [r"\overset{\sim}{m}", r"\stackrel{\sim}{m}", r"\overset{-}{m}"])
def test_a_sign_set_over_a_name_is_its_accent(sign: str) -> None:
    told = f"$$m_t = g_t \\cdot m_{{t-1}} + i_t \\cdot {sign}_t$$\n\n"
    slope = (
        f"$$\\frac{{\\partial E}}{{\\partial {sign}_t}} = \\frac{{\\partial E}}{{\\partial m_t}}"
    )
    assert last(f"{told}{slope} \\cdot i_t$$") == "ok"
    assert last(f"{told}{slope} \\cdot g_t$$") != "ok"


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (r"(n \times m)^T \cdot (n \times p) = m \times p", "ok"),
        (r"(B \times H) (H \times D) = B \times D", "ok"),
        (r"(n \times m)^T \cdot (n \times p) = p \times m", "wrong"),
    ],
)
def test_sizes_of_a_product_without_brackets_or_turned(line: str, wanted: str) -> None:
    assert last(f"Shapes: ${line}$") == wanted


def test_a_chain_of_one_step_lacks_no_sum_over_steps() -> None:
    told = "$$k_t = R s_{t-1} + V x_t + c, \\quad g_t = \\sigma(k_t)$$\n\n"
    chain = (
        r"\frac{\partial E}{\partial g_t} \frac{\partial g_t}{\partial k_t}"
        r" \frac{\partial k_t}{\partial c}"
    )
    line = f"$$\\frac{{\\partial E}}{{\\partial c}} = {chain}$$"
    assert last(told + line) in {"ok", "unknown"}
    product = "$$v = \\prod_{t=2}^{N} u_t$$\n\n"
    assert last(told + product + line) in {"ok", "unknown"}


def test_where_free_letters_differ_no_convention_tells_the_sums() -> None:
    told = "Repeated indices are summed.\n\n$$q_i = -y_a [U_{ai} - h_z U_{zi}]$$\n\n"
    assert last(f"{told}$$q_i = -y_a U_{{ai}} + y_a h_z U_{{zi}}$$") != "wrong"
    told = "Repeated indices are summed.\n\n$$q_i = y_a [U_{ai} - h_z U_{za} b_i]$$\n\n"
    assert last(f"{told}$$q_i = y_a U_{{ai}} - y_a h_z U_{{za}} b_i$$") == "ok"
    assert last(f"{told}$$q_i = y_a U_{{ai}} + y_a h_z U_{{za}} b_i$$") == "wrong"


@pytest.mark.parametrize("bias", ["", " + b"])
def test_entries_of_the_vector_of_a_step_are_as_many_as_it_has(bias: str) -> None:
    told = (
        f"$$a_t = W s_t{bias}, \\quad \\hat{{y}}_t = \\text{{softmax}}(a_t)$$\n\n"
        "$$E_t = -\\sum_k y_{t,k} \\log \\hat{y}_{t,k}, \\quad E = \\sum_{t=1}^{N} E_t$$\n\n"
    )
    slope = "\\frac{\\partial E}{\\partial W} = \\sum_{t=1}^{N}"
    assert last(f"{told}$${slope} (\\hat{{y}}_t - y_t) s_t^\\top$$") == "ok"
    assert last(f"{told}$${slope} (y_t - \\hat{{y}}_t) s_t^\\top$$") == "wrong"


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (r"\nabla_U = \nabla_R \odot g", {"ok"}),
        (r"\nabla_A = \nabla_U B^T", {"ok"}),
        (r"\nabla_B = A^T \nabla_U", {"ok"}),
        (r"\nabla_U = \nabla_R \odot c", {"wrong", "unknown"}),
        (r"\nabla_B = -A^T \nabla_U", {"wrong"}),
        (r"\nabla_A = \nabla_U B", {"wrong", "unknown"}),
    ],
)
def test_a_nabla_with_nothing_behind_it_names_a_gradient(line: str, wanted: set[str]) -> None:
    told = "$$U = A B, \\quad R = g \\odot U + c$$\n\n$$\\nabla_U = \\nabla_R \\odot g$$\n\n"
    assert last(f"{told}$${line}$$") in wanted


def test_a_nabla_of_something_stays_an_operator() -> None:
    told = "$$h = u^T A u$$\n\n$$\\nabla_u h = (A + A^T) u$$\n\n"
    assert last(told) == "ok"
    assert last(f"{told}$$\\nabla_u h = (A - A^T) u$$") == "wrong"


@pytest.mark.parametrize("right", ["ok", "bent"])
def test_one_member_of_a_family_tells_how_long_all_are(right: str) -> None:
    told = (
        "$$r_{ij} = p_i^\\top q_j + c_i - X_{ij}, \\quad J = \\sum_{i,j} r_{ij}^2$$\n\n"
        "For example $p_i = [0.4, -0.1]$.\n\n"
    )
    factor = "2" if right == "ok" else "3"
    slope = f"\\frac{{\\partial J}}{{\\partial p_i}} = {factor} \\sum_j r_{{ij}} q_j"
    assert (last(f"{told}$${slope}$$") == "ok") == (right == "ok")


def test_who_says_over_which_index_is_summed_leaves_the_sums_out() -> None:
    told = (
        "Note the sum over the intermediate index.\n\n"
        "$$H^{ia} = P^{ib} C^{ba}, \\quad G^{ic} = H^{ia} D^{ac}$$\n\n"
        "$$\\frac{\\partial L}{\\partial H^{ia}} = "
    )
    assert last(told + "\\frac{\\partial L}{\\partial G^{ic}} D^{ac}$$") == "ok"
    assert last(told + "-\\frac{\\partial L}{\\partial G^{ic}} D^{ac}$$") == "wrong"
