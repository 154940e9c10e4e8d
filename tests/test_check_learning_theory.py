"""``dvar check`` on lecture notes, answers and homework about learning and matrices."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check


def last(text: str) -> str:
    return check(text).judgements[-1].verdict


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"s(x_2) = 17", "ok"),
        (r"s(x_2) = 9", "wrong"),
        (r"s(x_2) = v x_2 + c = 17", "ok"),
        (r"s(x_2) = v x_2 - c = 17", "wrong"),
    ],
)
def test_a_score_told_for_one_example_is_one_for_the_others(claim: str, expected: str) -> None:
    text = rf"$x_1 = 2$, $x_2 = 5$, $v = 3$, $c = 2$. $s(x_1) = v x_1 + c = 8$ and ${claim}$"
    assert last(text) == expected


def test_what_else_has_a_number_is_not_put_in_for_another_example() -> None:
    text = r"$x_1 = 2$, $x_2 = 5$, $v_1 = 3$, $v_2 = 4$. $s(x_1) = v_1 x_1 = 6$ and $s(x_2) = 20$"
    assert last(text) == "unknown"


@pytest.mark.parametrize(
    ("gradient", "expected"),
    [
        (r"-\frac{1}{h^2}(x - c)\, k(x)", "ok"),
        (r"-\frac{2}{h^2}(x - c)\, k(x)", "wrong"),
        (r"\frac{1}{h^2}(x - c)\, k(x)", "wrong"),
    ],
)
@pytest.mark.parametrize("bars", [("||", "||"), (r"\|", r"\|")])
def test_a_minus_in_front_of_a_norm_is_no_outcome(
    gradient: str, expected: str, bars: tuple[str, str]
) -> None:
    norm = f"-{bars[0]}x - c{bars[1]}^2"
    text = rf"$k(x) = \exp({norm} / (2h^2))$ has $\nabla_x k(x) = {gradient}$"
    assert last(text) == expected


def test_a_sign_before_one_bar_is_an_outcome() -> None:
    text = r"$P(+|D) = 0.8$, $P(D) = 0.1$, $P(+|N) = 0.3$, $P(N) = 0.9$. $P(+) = P(+|D)P(D) + P(+|N)P(N) = $"
    assert last(text + "$0.35$") != "wrong"
    assert last(text.removesuffix("$") + "0.35$") == "ok"
    assert last(text.removesuffix("$") + "0.45$") == "wrong"


@pytest.mark.parametrize(
    "said",
    [
        r"where $M$ is a symetric matrix",
        r"since $M_{ab} = M_{ba}$",
        r"where $\boldsymbol\Omega$ is a symmetric matrix and $M = \Omega$",
    ],
)
@pytest.mark.parametrize(("gradient", "expected"), [("2 M u", "ok"), ("M u", "wrong")])
def test_a_matrix_is_symmetric_by_any_of_its_names(said: str, gradient: str, expected: str) -> None:
    text = rf"For $q = u^\top M u$ {said}, $\frac{{\partial q}}{{\partial u}} = {gradient}$"
    assert last(text) == expected


def test_entries_of_a_matrix_that_is_told_whole_are_mirrored() -> None:
    text = r"""
Let $\boldsymbol\Omega = \begin{pmatrix}w_{11} & \cdots & w_{1k}\\ \vdots & \ddots & \vdots \\ w_{k1} & \cdots & w_{kk}
\end{pmatrix}$ be a symmetric matrix, $V=\Omega$ and $g = \ln\det V$.

$$\frac{\partial g}{\partial w_{ij}} = \big(V^{-1}\big)_{ij}$$
"""
    assert last(text) != "wrong"


def test_the_signature_of_a_map_is_no_equation() -> None:
    text = r"Its derivative is $Dg: V \to V \times \mathbb{R}^k$, and $g : \mathbb{R}^2 \rightarrow \mathbb{R}$."
    kinds = [j.verdict for j in check(text + r" $g(a, b) = ab$").judgements]
    assert set(kinds) <= {"definition", "ok", "skipped"}


@pytest.mark.parametrize(
    ("gradient", "expected"), [("c - S z", "ok"), ("c + S z", "wrong"), ("c - 2 S z", "wrong")]
)
def test_a_thin_space_that_lost_its_backslash_is_no_comma(gradient: str, expected: str) -> None:
    text = (
        rf"With $S$ symmetric, $D(z)=c^\top z - \tfrac12,z^\top S z$. $$\nabla_z D = {gradient}$$"
    )
    assert last(text) == expected


def test_a_comma_between_values_stays_one() -> None:
    found = check(r"$p = 1 - \frac12, q = 2$ and $u = a - \tfrac12, b > 0$").judgements
    assert [j.verdict for j in found] == ["given", "given", "definition"]


@pytest.mark.parametrize(("slope", "expected"), [("3 a", {"ok"}), ("2 a", {"wrong", "unknown"})])
def test_a_starred_vector_is_transposed(slope: str, expected: set[str]) -> None:
    text = r"$v^* = 3 a$ and $h(z) = v^{*\top}z + c$, so $\nabla_z h = "
    assert last(f"{text}{slope}$") in expected


def test_dollars_in_code_are_formulas() -> None:
    text = r"`$$g(t) = t^3$$` has the slope `$g'(t) = 3t^2$`, not `$g'(t) = 2t^2$`, and `cost$` is code."
    assert [j.verdict for j in check(text).judgements] == ["definition", "ok", "wrong"]


ONE = r"$a = v^T x + c$ and $p = \sigma(a)$ for one example."
EACH = r"$a^{(i)} = v^T x^{(i)} + c$ and $p^{(i)} = \sigma(a^{(i)})$."


@pytest.mark.parametrize("model", [ONE, EACH])
@pytest.mark.parametrize(
    ("gradient", "expected"),
    [
        (r"\frac{1}{n} X^T (p - t)", {"ok"}),
        (r"X^T (p - t)", {"wrong", "unknown", "up-to-constant"}),
        (r"\frac{1}{n} X^T (p + t)", {"wrong", "unknown"}),
    ],
)
def test_bare_labels_beside_all_inputs_are_those_of_all_examples(
    model: str, gradient: str, expected: set[str]
) -> None:
    text = rf"""
{model} $$J = -\frac{{1}}{{n}}\sum_{{i=1}}^n [t^{{(i)}} \log p^{{(i)}} + (1-t^{{(i)}}) \log(1-p^{{(i)}})]$$

$$\frac{{\partial J}}{{\partial v}} = \frac{{1}}{{n}} \sum_{{i=1}}^{{n}} (p^{{(i)}} - t^{{(i)}}) x^{{(i)}}$$

$$\frac{{\partial J}}{{\partial v}} = {gradient}$$
"""
    assert last(text) in expected


MARGIN = r"""
$$L(v,c,\zeta,\beta,\nu) =\frac12 v^\top v + C\sum_i \zeta_i
+\sum_i \beta_i\big(1-\zeta_i - t_i(v^\top x_i+c)\big) - \sum_i \nu_i \zeta_i.$$
"""


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (r"$\frac{\partial L}{\partial \zeta_i}=0 \Rightarrow C-\beta_i-\nu_i=0$", {"ok"}),
        (
            r"$\frac{\partial L}{\partial \zeta_i}=0 \Rightarrow C-\beta_i+\nu_i=0$",
            {"unknown", "given"},
        ),
        (r"$\frac{\partial L}{\partial c}=0 \Rightarrow \sum_i \beta_i t_i=0$", {"ok"}),
        (
            r"Complementary slackness: $\beta_i\big(1-\zeta_i-t_i(v^\top x_i+c)\big)=0$",
            {"given", "ok"},
        ),
        (r"$$g(a) = a_1^2 \quad\text{s.t.}\quad \sum_i \beta_i t_i=0$$", {"given", "definition"}),
    ],
)
def test_conditions_of_an_optimum_of_many(condition: str, expected: set[str]) -> None:
    assert last(MARGIN + condition) in expected


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        (r"\arg\min_v \|A v - r\|^2 = \arg\min_v \frac12 (A v - r)^\top (A v - r)", "ok"),
        (r"\arg\min_v \|A v - r\|^2 = \arg\min_v v^\top A^\top A v - 2 v^\top A^\top r", "ok"),
        (r"\arg\min_v \|A v - r\|^2 = \arg\min_v v^\top A^\top A v - v^\top A^\top r", "unknown"),
        (r"\arg\min_v \|A v - r\|^2 = \arg\max_v -\|A v - r\|", "ok"),
        (r"\arg\min_v \|A v - r\|^2 = \arg\max_v \|A v - r\|", "wrong"),
        (r"\arg\max_u \prod_i q(x_i;u) = \arg\max_u \sum_i \log q(x_i;u)", "ok"),
        (r"\arg\max_{u \in U} \log q(x;u) = \arg\min_{u \in U} -\log q(x;u)", "ok"),
        (r"\arg\max_{u \in U} \log q(x;u) = \arg\min_{u \in U} \log q(x;u)", "wrong"),
    ],
)
def test_where_something_is_largest(chain: str, expected: str) -> None:
    assert last(f"$${chain}$$") == expected


BOUND = r"\log r(y) = \mathbb{E}_{k(u | y)}\left[\log \frac{r(y, u)}{k(u | y)}\right]"
LAWS = r"$r(y, u)$, $r(u | y)$ and $k(u | y)$ are densities."


@pytest.mark.parametrize(
    ("equation", "expected"),
    [
        (r"r(y) = \int r(y, u)\, du", "ok"),
        (r"r(y) = \int r(y | u) r(u) \,du", "ok"),
        (r"r(y) = \int r(y | u) r(y) \,du", "no"),
        (r"r(y) = \int r(u | y) r(u) \,du", "no"),
        (r"\int r(u | y)\, du = 1", "ok"),
        (r"\int r(y, u)\, du = 1", "no"),
        (r"\int_{-\infty}^{\infty} r(u | y)\, du = 1", "ok"),
        (r"\int_{-\infty}^{0} r(u | y)\, du = 1", "no"),
        (r"\log r(y) = \log r(y, u) - \log r(u | y)", "ok"),
        (r"\log r(y) = \log r(y, u) - \log r(y | u)", "no"),
        (r"\log r(y) = \mathbb{E}_{k(u | y)}\left[\log \frac{r(y, u)}{r(u | y)}\right]", "ok"),
        (BOUND, "no"),
        (
            BOUND + r" + D_{KL}(k(u | y) \| r(u | y))",
            "ok",
        ),
        (
            BOUND + r" - D_{KL}(k(u | y) \| r(u | y))",
            "no",
        ),
        (
            BOUND + r" + D_{KL}(r(u | y) \| k(u | y))",
            "no",
        ),
    ],
)
def test_one_law_of_several_things_and_its_parts(equation: str, expected: str) -> None:
    found = last(f"{LAWS}\n\n$${equation}$$")
    assert (found == "ok") == (expected == "ok")


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (r"\int \nabla_\eta r(y | \eta)\, g(y) \, dy", "ok"),
        (r"\int r(y | \eta)\, \nabla_\eta \log r(y | \eta)\, g(y) \, dy", "ok"),
        (r"\int \nabla_\eta \log r(y | \eta)\, g(y) \, dy", "no"),
        (r"-\int r(y | \eta)\, \nabla_\eta \log r(y | \eta)\, g(y) \, dy", "no"),
        (r"\mathbb{E}_{y \sim r(y | \eta)}[g(y) \nabla_\eta \log r(y | \eta)]", "ok"),
        (r"\mathbb{E}_{y \sim r(y | \eta)}[\nabla_\eta \log r(y | \eta)]", "no"),
    ],
)
def test_the_gradient_of_a_mean_by_its_law(link: str, expected: str) -> None:
    text = rf"$$\nabla_\eta \int r(y | \eta)\, g(y)\, dy = {link}$$"
    assert (last(text) == "ok") == (expected == "ok")


@pytest.mark.parametrize(("number", "expected"), [("0", {"ok"}), ("1", {"wrong", "unknown"})])
def test_the_mean_of_a_score(number: str, expected: set[str]) -> None:
    text = rf"$$\int \nabla_\eta \log r(y | \eta)\, r(y | \eta)\, dy = {number}$$"
    assert last(text) in expected


CUBES = r"Let $g(y) = \sum_i b_i y_i^3$."


@pytest.mark.parametrize(
    ("equation", "expected"),
    [
        (r"\nabla g(y) = \begin{bmatrix} 3 b_1 y_1^2 \\ \vdots \\ 3 b_n y_n^2 \end{bmatrix}", "ok"),
        (r"\nabla g(y) = \begin{bmatrix} 2 b_1 y_1^2 \\ \vdots \\ 2 b_n y_n^2 \end{bmatrix}", "no"),
        (
            (
                r"\nabla g(y) = \begin{bmatrix} \frac{\partial g}{\partial y_1} \\ \vdots \\ "
                r"\frac{\partial g}{\partial y_n} \end{bmatrix}"
            ),
            "ok",
        ),
        (
            (
                r"\nabla^2 g(y) = \begin{bmatrix} \frac{\partial^2 g}{\partial y_1^2} & \cdots & "
                r"\frac{\partial^2 g}{\partial y_1 \partial y_n} \\ \vdots & \ddots & \vdots \\ "
                r"\frac{\partial^2 g}{\partial y_n \partial y_1} & \cdots & "
                r"\frac{\partial^2 g}{\partial y_n^2} \end{bmatrix}"
            ),
            "ok",
        ),
    ],
)
def test_a_column_with_dots_is_as_long_as_its_last_entry_says(equation: str, expected: str) -> None:
    found = last(f"{CUBES}\n\n$${equation}$$")
    assert (found == "ok") == (expected == "ok")


@pytest.mark.parametrize("fence", ["{code-cell} ipython3\n:tags: [hide-input]", "{python}"])
def test_points_of_a_plot_are_no_definitions(fence: str) -> None:
    code = (
        f"```{fence}\nimport numpy as np\nx = np.linspace(-2, 2, 9)\nX, Y = np.meshgrid(x, x)\n```"
    )
    text = f"$f(x, y) = x^3 + xy$.\n\n{code}\n\n$$\\frac{{\\partial f}}{{\\partial x}} = 3x^2 + y$$"
    assert [j.verdict for j in check(text).judgements] == ["definition", "ok"]


def test_what_a_line_is_about_was_not_meant_in_it() -> None:
    text = r"""
$u_i = x_i^\top r$ with a unit vector $r$.

$$V = \frac{1}{n} \sum_{i=1}^n u_i^2 = r^\top \left(\frac{1}{n} \sum_{i=1}^n x_i x_i^\top\right) r = r^\top K r$$
"""
    assert last(text) != "wrong"


def test_a_sine_ends_before_a_differential() -> None:
    text = r"$\mathrm{d}s^2 = (b \sin u \,\mathrm{d}v)^2 = b^2 \sin^2 u \,\mathrm{d}v^2$"
    assert last(text) in ("ok", "definition")


def test_a_substitution_holds_from_there_on() -> None:
    text = r"""
$w = p q$.

$\frac{\partial w}{\partial t} = q \frac{\partial p}{\partial t} + p \frac{\partial q}{\partial t}$

Let us substitute $t = p$, then we go on.
"""
    assert "wrong" not in [j.verdict for j in check(text).judgements]


def test_a_vector_told_by_its_own_entries_is_not_defined_by_itself() -> None:
    text = r"""
$$\mathbf h(\mathbf u) = \begin{bmatrix} h(\mathbf u)_1 & \cdots & h(\mathbf u)_n \end{bmatrix}$$

$$h(\mathbf u)_i = \frac{e^{u_i}}{\sum e^{u_j}}$$

$$\frac{\partial h(\mathbf u)_i}{\partial u_i} = h(\mathbf u)_i SIGN h(\mathbf u)_i^2$$
"""
    assert last(text.replace("SIGN", "-")) == "ok"
    assert last(text.replace("SIGN", "+")) in ("wrong", "unknown")


def test_what_is_named_in_words_goes_on_from_nothing() -> None:
    text = '$$\\text{"a"} = (1, 0)$$\n\n$$\\text{"b"} = (0, 1)$$\n'
    assert [j.verdict for j in check(text).judgements] == ["unknown", "unknown"]
