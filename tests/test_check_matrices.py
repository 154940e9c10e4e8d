"""What ``check`` makes of matrix calculus: differentials, conditions, layouts, second formulas."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check

DIFFERENTIALS = "# Differentials\n\n$d(X \\odot Y) = dX \\odot Y + X \\odot dY$\n\n"


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in check(text + "\n").judgements]


def last(text: str) -> str:
    return verdicts(text)[-1]


@pytest.mark.parametrize(
    "rule",
    [
        r"$d(XY) = (dX)\,Y + X\,dY$",
        r"$d\log\det X = \operatorname{tr}(X^{-1} dX)$",
        r"$L = \operatorname{tr}(X^\top A X)$ and $dL = \operatorname{tr}(X^\top (A^\top + A)\,dX)$",
        r"$E = XW - Y$ and $dE = X\,dW$",
    ],
)
def test_a_rule_of_differentials_holds_for_every_increment(rule: str) -> None:
    assert last(DIFFERENTIALS + rule) == "ok"


def test_a_sign_in_a_rule_of_differentials_is_seen() -> None:
    assert last(DIFFERENTIALS + r"$d(X^{-1}) = X^{-1}(dX)X^{-1}$") == "wrong"


def test_a_formula_for_symmetric_matrices_is_right_where_that_is_said() -> None:
    formula = r"$\nabla_x (x^\top B x) = 2Bx$"
    assert last(f"For symmetric $B$: {formula}") == "ok"
    assert last(f"Nothing is said: {formula}") != "ok"


def test_two_names_in_each_others_place_are_seen() -> None:
    text = r"$\nabla_X (a^\top X^{-1} b) = -X^{-\top} b\, a^\top X^{-\top}$"
    (judgement,) = check(text + "\n").judgements
    assert judgement.verdict == "wrong"
    assert judgement.cause == "transpose"


def test_the_order_of_a_kronecker_product_matters() -> None:
    head = "With the Kronecker product, "
    assert last(head + r"$\mathrm{vec}(AXB) = (B^\top \otimes A)\, \mathrm{vec}(X)$") == "ok"
    assert last(head + r"$\mathrm{vec}(AXB) = (A \otimes B^\top)\, \mathrm{vec}(X)$") == "wrong"


def test_a_name_may_be_given_another_formula_about_other_things() -> None:
    text = r"""
$L = \|XW - Y\|_F^2$ has $\nabla_W L = 2X^\top(XW - Y)$.

**Another.** $L = \operatorname{tr}(V^\top A V)$ has $\nabla_V L = (A + A^\top)V$."""
    assert verdicts(text) == ["definition", "ok", "definition", "ok"]


def test_functions_that_are_left_open_obey_the_product_rule() -> None:
    rule = r"\frac{\partial (u^\top v)}{\partial x} = u^\top \frac{\partial v}{\partial x}"
    assert last(rf"${rule} + v^\top \frac{{\partial u}}{{\partial x}}$") == "ok"


def test_a_gradient_is_right_where_the_hinge_is_active() -> None:
    text = r"""$T = \max(0, \|a - p\|^2 - \|a - n\|^2 + \alpha)$.

While the max is active, $\nabla_p T = -2(a - p)$."""
    assert last(text) == "ok"


EXAMPLE = (
    "Let $p \\in \\mathbb{R}^{m_0}$, $u = A^{(1)} p$, $y = A^{(2)} u$ and $E = \\frac{1}{2} (y - t)^2$, where "
    "$A^{(1)} \\in \\mathbb{R}^{m_1 \\times m_0}$ and $A^{(2)} \\in \\mathbb{R}^{m_2 \\times m_1}$.\n\n"
    "Now $p = (1, -2)^T$, $A^{(1)} = \\begin{pmatrix} 0.5 & -0.25 \\\\ 0.3 & 0.5 \\\\ -0.5 & 0.25 \\end{pmatrix}$, "
    "$A^{(2)} = \\begin{pmatrix} 2 & -1 & 0.5 \\end{pmatrix}$, $t = 2$.\n\n"
)


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        (r"$u = (1, -0.7, -1)^T$", "ok"),
        (r"$y = 2.2$", "ok"),
        (r"$y = 2.6$", "wrong"),
        (
            r"$\frac{\partial E}{\partial A^{(2)}} = 0.2 \begin{pmatrix} 1 & -0.7 & -1 \end{pmatrix}$",
            "ok",
        ),
        (
            r"$\frac{\partial E}{\partial A^{(2)}} = 0.2 \begin{pmatrix} 1 & 0.7 & -1 \end{pmatrix}$",
            "wrong",
        ),
    ],
)
def test_a_worked_example_behind_a_theory_has_sizes_of_its_own(line: str, verdict: str) -> None:
    assert last(EXAMPLE + line) == verdict


PRIMED = r"""
$W \in \mathbb{R}^{V \times N}$, $W' \in \mathbb{R}^{N \times V}$, $h = W^T x$, $u = W'^T h$ and $E = \frac12 \|u - t\|^2$.

$$\frac{\partial E}{\partial W'} = %s$$
"""


def test_a_matrix_with_a_prime_and_sizes_of_its_own_is_no_transpose() -> None:
    assert check(PRIMED % "h (u - t)^T").judgements[-1].verdict == "ok"
    assert check(PRIMED % "-h (u - t)^T").judgements[-1].verdict == "wrong"


def test_sizes_are_told_in_words() -> None:
    text = r"""
$X$ is an $N \times D$ matrix and $W$ is a $D \times K$ matrix. With $Y = XW$ and $L = \frac12\|Y - T\|_F^2$:

$$\frac{\partial L}{\partial W} = X^T (Y - T)$$
"""
    shapes = [j for j in check(text).judgements if j.kind == "shape"]
    assert len(shapes) == 2
    assert check(text).judgements[-1].verdict == "ok"


def test_what_one_sentence_supposes_holds_together() -> None:
    text = r"""
$O = P V$ and $S = Q K^T$. If $Q = X A$, $K = X B$ and $V = X C$, then

$$\frac{\partial L}{\partial A} = X^T \frac{\partial L}{\partial Q}$$
$$\frac{\partial L}{\partial C} = X^T \frac{\partial L}{\partial V}$$
"""
    assert [j.verdict for j in check(text).judgements[-2:]] == ["ok", "ok"]


LINEAR = r"""
A linear layer $Y = XW$ and $Z = \tanh(Y)$ with $X \in \mathbb{R}^{n \times d}$ and
$W \in \mathbb{R}^{d \times k}$; $L$ is a scalar.

- $\frac{\partial L}{\partial Y} = \frac{\partial L}{\partial Z} \odot (1 - Z \odot Z) = g_1 \in \mathbb{R}^{n \times k}$
- $\frac{\partial L}{\partial W} = X^T g_1 = g_2 \in \mathbb{R}^{d \times k}$
"""


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        (r"\frac{\partial L}{\partial X} = g_1 W^T \in \mathbb{R}^{n \times d}", "ok"),
        (r"\frac{\partial L}{\partial X} = -g_1 W^T \in \mathbb{R}^{n \times d}", "wrong"),
        (r"\frac{\partial L}{\partial X} = 2 g_1 W^T \in \mathbb{R}^{n \times d}", "wrong"),
        (r"\frac{\partial L}{\partial X} = g_1 X^T \in \mathbb{R}^{n \times n}", "wrong"),
    ],
)
def test_an_equation_is_judged_whatever_shape_is_said_behind_it(claim: str, verdict: str) -> None:
    judged = check(f"{LINEAR}- ${claim}$\n").judgements
    assert [j.verdict for j in judged[-3:]] == ["ok", "ok", verdict]


def test_a_d_in_front_of_an_inverse_is_of_the_inverse() -> None:
    rule = r"$d B^{-1} = -B^{-1} (d B) B^{-1}$"
    assert last(DIFFERENTIALS + rule) == "ok"
    assert last(DIFFERENTIALS + rule.replace("-B^{-1} (d", "B^{-1} (d")) == "wrong"


def test_entries_of_a_symmetric_matrix_may_be_turned_though_it_is_never_written() -> None:
    text = r"""WHAT. Its entries are $q_{ij}$.

$$f(u) = \sum_{i=1}^n \sum_{j=1}^n u_i q_{ij} u_j$$

$$\sum_{j=1}^n u_j q_{ji} = \sum_{j=1}^n q_{ij} u_j$$
"""
    assert last(text.replace("WHAT", "Let $Q$ be a symmetric matrix")) == "ok"
    assert last(text.replace("WHAT", "Let $Q$ be a matrix")) != "ok"


def test_the_covariance_of_a_vector_is_no_number() -> None:
    text = "$X$ is a matrix.\n\n$\\operatorname{Var}(Xy) = X \\operatorname{Var}(y) X^T$\n\n"
    assert "wrong" not in verdicts(text + "$X \\operatorname{Var}(y) X^T = X X^T X$")


@pytest.mark.parametrize(("word", "verdict"), [("or", "unknown"), ("so", "wrong")])
def test_a_name_may_mean_one_thing_or_another(word: str, verdict: str) -> None:
    text = (
        rf"Here $\mathbf{{q}} = \mathbf{{p}}$ {word} $\mathbf{{q}} = \mathbf{{p}} - \bar{{\mathbf{{p}}}}, "
        r"\bar{\mathbf{p}} = \left(\sum_{i=1}^n p_i\right)/n$."
    )
    assert check(text).judgements[1].verdict == verdict


LAYERS = """Let $u \\in \\mathbb{R}^{n}$, $c \\in \\mathbb{R}^{m}$ and $A \\in \\mathbb{R}^{SIZES}$.

$$v = A u + c$$

$$E = \\frac{1}{2} \\|v\\|^2$$

$$\\frac{\\partial E}{\\partial u} = A^T v$$

$$\\frac{\\partial E}{\\partial A} = v u^T$$
"""


@pytest.mark.parametrize(("sizes", "verdict"), [("m \\times n", "ok"), ("n \\times m", "wrong")])
def test_uses_tell_which_way_a_matrix_lies(sizes: str, verdict: str) -> None:
    found = check(LAYERS.replace("SIZES", sizes)).judgements
    assert found[2].verdict == verdict
    assert [j.verdict for j in found[-2:]] == ["ok", "ok"]


def test_a_use_that_differs_from_the_others_is_not_what_tells() -> None:
    """The sizes and the gradients agree: the transpose is missing in the model."""
    text = LAYERS.replace("SIZES", "n \\times m").replace("A^T v", "A v").replace("v u^T", "u v^T")
    assert check(text).judgements[2].verdict != "wrong"


@pytest.mark.parametrize(("sizes", "verdict"), [("2 \\times 3", "ok"), ("3 \\times 2", "wrong")])
def test_numbers_of_a_matrix_tell_its_shape(sizes: str, verdict: str) -> None:
    text = rf"$H \in \mathbb{{R}}^{{{sizes}}}$ is $H = \begin{{pmatrix}} 1 & 2 & 3 \\ 4 & 5 & 6 \end{{pmatrix}}$."
    assert check(text).judgements[0].verdict == verdict


@pytest.mark.parametrize(
    ("formula", "verdict"),
    [
        ("g = Q^T r", "definition"),
        ("g = Q r", "wrong"),
        ("g = (Q^T Q)^{-1} Q^T c", "definition"),
        ("g = (Q Q^T)^{-1} Q^T c", "wrong"),
        ("g = (Q^T Q)^{-1} Q c", "wrong"),
    ],
)
def test_a_definition_must_fit_the_shapes_that_are_declared(formula: str, verdict: str) -> None:
    text = (
        "Let $Q \\in \\mathbb{R}^{m \\times k}$, $s \\in \\mathbb{R}^k$ and $c \\in \\mathbb{R}^m$.\n\n"
        f"$r = Q s - c$\n\n${formula}$\n\n$F = \\|r\\|^2$ with $\\frac{{\\partial F}}{{\\partial s}} = 2 Q^T r$"
    )
    found = {j.line: j.verdict for j in check(text).judgements}
    assert (found[3], found[5], found[7]) == ("definition", verdict, "ok")


@pytest.mark.parametrize(("divisor", "verdict"), [("p", "ok"), ("h", "wrong")])
def test_only_the_vectors_that_are_called_so_are_unit_vectors(divisor: str, verdict: str) -> None:
    text = (
        "Let $r(p, q) = \\frac{p^\\top q}{\\|p\\| \\|q\\|}$.\n\n"
        f"$$\\nabla_p r = \\frac{{q}}{{\\|p\\| \\|q\\|}} - "
        f"\\frac{{p^\\top q}}{{\\|p\\|^2 \\|q\\|}} \\frac{{p}}{{\\|{divisor}\\|}}$$\n\n"
        "In terms of the unit vectors $\\hat p = p / \\|p\\|$ and $\\hat q = q / \\|q\\|$ it is shorter."
    )
    assert next(j.verdict for j in check(text).judgements if j.line == 3) == verdict


def test_a_declaration_and_a_definition_alone_leave_open_which_of_them_is_wrong() -> None:
    text = "Let $Q \\in \\mathbb{R}^{k \\times m}$, $s \\in \\mathbb{R}^k$ and $r = Q s$."
    assert "wrong" not in [j.verdict for j in check(text).judgements]


FILTER = r"""
$P^- = F P F^T + Q$ and $S = H P^- H^T + R$.

$$(H P^-)^T = %s$$
"""


def test_what_stands_between_a_matrix_and_its_transpose_may_be_symmetric() -> None:
    assert last(FILTER % "P^- H^T") == "ok"
    assert last(FILTER % "P^- H") != "ok"
    assert last(r"$M = A B C$ and $(A B)^T = B A^T$") != "ok"


def test_a_second_formula_is_differentiated_where_the_first_holds_at_one_value_only() -> None:
    text = r"""
The state has covariance $P$, the measurement covariance $R$; $S = H P H^T + R$, $K = P H^T S^{-1}$.

$$C = (I - K H) P$$

$$C = P - K H P - P H^T K^T + K S K^T$$

$$\frac{\partial \operatorname{tr}(C)}{\partial K} = %s$$
"""
    assert last(text % "-2 (H P)^T + 2 K S") == "ok"
    assert last(text % "-2 (H P)^T - 2 K S") == "wrong"


def test_a_minus_above_a_name_stays_there_before_a_bracket() -> None:
    assert last(r"$P^- = F P F^T$ and $P^- (B + I) = P^- B + P^-$") == "ok"


def test_nabla_acts_on_a_product_that_begins_with_a_transpose() -> None:
    assert last(r"$\nabla_x\, a^\top x = a$") == "ok"
    assert last(r"$\nabla_x\, x^\top M x = (M + M^\top) x$") == "ok"
    assert last(r"$\nabla_Y\, a^\top Y^{-1} b = -Y^{-\top} a b^\top Y^{-\top}$") == "ok"


RULES = r"""
For $X \in \mathbb{R}^{n \times m}$:

1. $\nabla_X \operatorname{tr}(A^\top X) = A$
2. $\nabla_X \operatorname{tr}(A X B) = A^\top B^\top$
3. $\nabla_X \operatorname{tr}(X^\top A X B) = %s$
"""


def test_each_rule_of_a_list_has_matrices_of_its_own() -> None:
    right = verdicts(RULES % r"A X B + A^\top X B^\top")
    assert right == ["ok", "ok", "ok", "ok"]
    assert verdicts(RULES % r"A X B + A^\top X B") == ["ok", "ok", "ok", "wrong"]


@pytest.mark.parametrize("said", ["a symmetric matrix", "an adjacency matrix"])
@pytest.mark.parametrize("name", ["B", "\\hat{A}"])
def test_what_is_called_symmetric_is_square_and_need_not_be_turned(said: str, name: str) -> None:
    text = (
        f"Let ${name}$ be {said}.\n\n"
        f"$Z = {name} H W$ and $Y = \\phi(Z)$ for some loss $L$.\n\n"
        f"$$\\frac{{\\partial L}}{{\\partial H}} = {name} \\frac{{\\partial L}}{{\\partial Z}} W^\\top$$\n\n"
        f"With $G = \\frac{{\\partial L}}{{\\partial Z}}$ also "
        f"$\\frac{{\\partial L}}{{\\partial H}} = {name} G W^\\top$."
    )
    assert [j.verdict for j in check(text).judgements if j.kind == "claim"] == ["ok", "ok"]
