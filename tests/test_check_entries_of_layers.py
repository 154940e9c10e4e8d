"""``dvar check`` on units told by a number and a letter, ``q_{2i}``, by their time, ``r_j(n)``, and by sets, and by shares."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check


def verdict(model: str, claim: str) -> str:
    return check(f"{model}\n$${claim}$$\n").judgements[-1].verdict


NUMBERED = r"""
$$Q = (p - s)^2, \quad p = h_3(u_3), \quad u_3 = v_{31} q_{21} + v_{32} q_{22} + c_3$$

$$q_{2i} = h_2(u_{2i}), \quad u_{2i} = \sum_{j=1}^4 v_{2ij} q_{1j} + c_{2i}$$
"""
PAIRS = r"""
$$u_i = \sum_{j=1}^2 v_{ij} q_j$$
"""
TIMED = r"""
$$B(n) = \frac{1}{2} \sum_{j \in C} r_j^2(n), \qquad M(T) = \frac{1}{T} \sum_{n=1}^T B(n)$$

$$r_j(n) = g_j(n) - q_j(n), \qquad u_j(n) = \sum_{i=0}^m v_{ji}(n) q_i(n), \qquad q_j(n) = \phi_j(u_j(n))$$

$$B(n) = \frac{1}{2} \sum_{k \in C} r_k^2(n), \qquad r_k(n) = g_k(n) - q_k(n)$$

$$u_k(n) = \sum_{j=0}^m v_{kj}(n) q_j(n)$$
"""
SHARES = r"""
$$q_j = \frac{e^{u_j}}{\sum_j e^{u_j}}, \qquad u_j = \sum_i v_{ij} q_i + c$$
"""
EXAMPLES = r"""
$$m_i = a_{1,i} v_1 + a_{2,i} v_2 + c, \qquad S = \sum_{i=1}^{n=3} (r_i - m_i)^2$$
"""


@pytest.mark.parametrize(
    ("model", "claim", "expected"),
    [
        (NUMBERED, r"\frac{\partial Q}{\partial v_{3i}} = \frac{\partial Q}{\partial u_3} q_{2i}", {"ok"}),
        (NUMBERED, r"\frac{\partial Q}{\partial v_{2ij}} = \frac{\partial Q}{\partial u_{2i}} q_{1j}", {"ok"}),
        (NUMBERED, r"\frac{\partial Q}{\partial v_{2ij}} = \frac{\partial Q}{\partial u_{2i}} q_{1i}", {"wrong", "unknown"}),
        (
            NUMBERED,
            (r"\frac{\partial Q}{\partial q_{1j}} = "
            r"\frac{\partial Q}{\partial u_{21}} v_{21j} + \frac{\partial Q}{\partial u_{22}} v_{22j}"),
            {"ok"},
        ),
        (
            NUMBERED,
            (r"\frac{\partial Q}{\partial q_{1j}} = "
            r"\frac{\partial Q}{\partial u_{21}} v_{21j} - \frac{\partial Q}{\partial u_{22}} v_{22j}"),
            {"wrong"},
        ),
        (PAIRS, r"\frac{\partial u_2}{\partial v_{21}} = q_1", {"ok"}),
        (PAIRS, r"\frac{\partial u_2}{\partial v_{21}} = q_2", {"wrong", "unknown"}),
        (PAIRS, r"u_1 = v_{11} q_1 + v_{12} q_2", {"ok"}),
        (PAIRS, r"u_1 = v_{11} q_1 + v_{21} q_2", {"wrong", "unknown"}),
        (TIMED, r"\frac{\partial r_k(n)}{\partial u_k(n)} = -\phi_k'(u_k(n))", {"ok"}),
        (TIMED, r"\frac{\partial B(n)}{\partial q_j(n)} = -\sum_k r_k(n) \phi_k'(u_k(n)) v_{kj}(n)", {"ok"}),
        (TIMED, r"\frac{\partial B(n)}{\partial q_j(n)} = \sum_k r_k(n) \phi_k'(u_k(n)) v_{kj}(n)", {"wrong"}),
        (SHARES, r"\frac{\partial q_j}{\partial u_j} = q_j (1 - q_j)", {"ok"}),
        (SHARES, r"\frac{\partial q_j}{\partial u_j} = q_j (1 + q_j)", {"wrong", "unknown"}),
        (SHARES, r"\frac{\partial q_j}{\partial u_i} = q_j (\delta_{ij} - q_i)", {"ok"}),
        (SHARES, r"\frac{\partial q_j}{\partial u_i} = q_j (\delta_{ij} + q_i)", {"wrong", "unknown"}),
        (EXAMPLES, r"\frac{d m}{d v_1} = \frac{d}{d v_1} (a_{1,i} v_1 + a_{2,i} v_2 + c) = a_{1,i}", {"ok", "convention"}),
        (EXAMPLES, r"\frac{d m}{d v_1} = a_{2,i}", {"wrong", "unknown"}),
        (EXAMPLES, r"\frac{d S}{d v_1} = \sum_{i=1}^{n=3} -2 (r_i - m_i) a_{1,i}", {"ok"}),
        (EXAMPLES, r"\frac{d S}{d v_1} = \sum_{i=1}^{n=3} 2 (r_i - m_i) a_{1,i}", {"wrong"}),
    ],
)  # fmt: skip
def test_an_entry_is_told_from_its_layer(model: str, claim: str, expected: set[str]) -> None:
    assert verdict(model, claim) in expected


def test_nobody_sums_over_an_index_of_what_is_told() -> None:
    model = r"""
$$q_5 = h(v_{0,5} + v_{3,5} q_3) = h(v_{0,5} + v_{3,5} h(v_{0,3} + v_{1,3} x_1 + v_{2,3} x_2))$$

$$Risk(\mathbf{v}) = \sum_k (s_k - q_k)^2$$

$$\frac{\partial}{\partial v} Risk(\mathbf{v}) = \frac{\partial}{\partial v} |\mathbf{s} - \mathbf{f}(\mathbf{x})|^2$$
"""
    assert verdict(model, "Risk_k = (s_k - q_k)^2") != "wrong"


def test_all_weights_have_one_number() -> None:
    given = r"""
$f(x) = \frac{1}{1 + e^{-x}}$, $q_1 = f(w_1 x_1 + w_2 x_2 + b_1)$.

We take $x_1 = -1$, $x_2 = 3$; all the weights are set to 0.5 and all biases are 0.
"""
    assert verdict(given, "q_1 = f(-0.5 + 1.5 + 0) = 0.731") == "ok"
    assert verdict(given, "q_1 = f(-0.5 + 1.5 + 0) = 0.371") == "wrong"
    assert verdict(given.replace("all the weights", "some weights"), "q_1 = 0.731") != "ok"


def test_an_argument_gets_its_formula_where_a_function_is_applied_to_it() -> None:
    model = r"$U_k = \sigma(\sum_j v_{jk} U_j) = \sigma(net_k)$" + "\n"
    assert verdict(model, r"\frac{\partial net_k}{\partial U_j} = v_{jk}") == "ok"
    assert verdict(model, r"\frac{\partial net_k}{\partial U_j} = v_{kj}") in ("wrong", "unknown")


def test_what_comes_into_a_unit_is_one_name() -> None:
    model = r"$in_j = \sum_{i=0}^n v_{i,j} q_i$, $q_j = g(in_j)$" + "\n"
    assert verdict(model, r"\frac{\partial q_j}{\partial v_{i,j}} = g'(in_j) q_i") == "ok"
    assert verdict(model, r"\frac{\partial q_j}{\partial v_{i,j}} = g(in_j) q_i") == "wrong"


def test_layers_of_declared_sizes() -> None:
    model = r"""
$q^{[1]} = x \in \mathbb{R}^{n_1}$ and

$$u^{[l]} = V^{[l]} q^{[l-1]} + c^{[l]} \in \mathbb{R}^{n_l}, \qquad q^{[l]} = \sigma(u^{[l]}), \quad l = 2, \ldots, L$$

$$F = \frac{1}{2} \| s - q^{[L]} \|_2^2, \qquad \delta_j^{[l]} = \frac{\partial F}{\partial u_j^{[l]}}, \quad 1 \le j \le n_l$$
"""
    assert verdict(model, r"\delta^{[L]} = \sigma'(u^{[L]}) \circ (q^{[L]} - s)") == "ok"
    assert verdict(model, r"\delta^{[L]} = \sigma'(u^{[L]}) \circ (s - q^{[L]})") in (
        "wrong",
        "unknown",
    )
    assert verdict(model, r"\frac{\partial F}{\partial c_j^{[l]}} = \delta_j^{[l]}") == "ok"


def test_an_activation_with_a_formula_is_no_other_one() -> None:
    model = r"""
The logistic function of the field $v_j = \sum_i w_{ji} q_i$, with $q_j = \psi_j(v_j)$:

$$\psi_j(v_j) = \frac{1}{1 + \exp(-c v_j)}$$
"""
    assert verdict(model, r"\psi_j'(v_j) = c\, q_j (1 - q_j)") == "ok"
    assert verdict(model, r"\psi_j'(v_j) = q_j (1 - q_j)") == "wrong"


def test_a_shape_behind_a_formula_leaves_nothing_open() -> None:
    model = r"""
$$q^{[l]} = \tanh\left( V^{[l]} q^{[l-1]} + c^{[l]} \right) \in \mathbb{R}^{n_l}, \qquad F = \frac{1}{2} \| s - q^{[L]} \|_2^2$$
"""
    slope = r"\frac{\partial}{\partial q_j^{[L]}} \frac{1}{2} \sum_{k=1}^{n_L} (s_k - q_k^{[L]})^2"
    claim = rf"\frac{{\partial F}}{{\partial q_j^{{[L]}}}} = {slope}"
    assert verdict(model, claim + r" = -(s_j - q_j^{[L]})") == "ok"
    assert verdict(model, claim + r" = (s_j - q_j^{[L]})") == "wrong"


def test_a_name_made_by_another_open_function_is_no_mistake() -> None:
    model = r"Let $u = g(v)$ and $z = f(g(v)) = f(u)$." + "\n\nA chain, with $v = f(w)$:\n"
    assert verdict(model, "u = f(v)") != "wrong"
