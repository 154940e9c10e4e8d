"""Worksheet mathematics: the trees of expressions in LaTeX, Unicode and ASCII."""

from __future__ import annotations

import pytest
from tree_notation import tree

from dvar.read.worksheet import tree as t
from dvar.read.worksheet.mathematics import parse

# ── expressions ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("w^T x + b", "(+[w^T _ x]+b)"),
        ("x^{(i)^T}", "x^('i')^T"),
        ("a^{[2](i)}", "a^['2']^('i')"),
        ("W^{[l]T}", "W^['l']^T"),
        ("X^{-T}", "X^neg(1)^T"),
        ("w_5^+", "w_'5'^*'+'"),
        ("w^{new}", "w^*'new'"),
        ("w^{\\text{new}}", "w^*'new'"),
        ("a^{[l]}_j", "a_'j'^['l']"),
        (r"a^{\{t\}}", "a^('t')"),
        ("x^{<t>}", "x^('t')"),
        ("w_5^{(1 - 1)}", "w_'5'^(+1-1)"),
        (r"\hat{y}^{(i)}_k", "y.hat_'k'^('i')"),
        (r"\hat{\mathbf{y}}_i", "y<bf>.hat_'i'"),
        ("{ w }_{ 1 }", "w_'1'"),
        (r"{\mathbf{W}^{(2)}}^\top", "W<bf>^('2')^T"),
        (r"\mathit{W2}_{11}", "W_'2'_'11'"),
        (r"\mathbf 1^T x", "[1<bf>^T _ x]"),
        (r"\overline{w^{(2)}_{ki}}", "w.bar_'ki'^('2')"),
        ("net_{h1}", "net_'h1'"),
        (r"E_{\text{total}}", "E_'total'"),
        (r"\mathcal{L}_{\rm reg}", "L<cal>_'reg'"),
        ("w_{i,j}", "w_'i'_'j'"),
        ("w_{ij}", "w_'ij'"),
        ("z_{j+1}", "z_(+j+1)"),
        ("D_{a_1}", "D_a_'1'"),
        (r"\sigma''(x)", "sigma''@(x)"),
        (r"f^{\prime}(x)", "f'@(x)"),
        (r"d\hat{x}_{ij}", "dx.hat_'ij'"),
        (r"\mathrm{d}W_Q", "dW_'Q'"),
        (r"\Delta w_{ij}", "Deltaw_'ij'"),
        (r"\mathbf{Wx}", "[W<bf> _ x<bf>]"),
        (r"\mathbb{R}^{D_x \times 1}", "Shape(D_'x', 1)"),
        ("A^TX^TB^T", "[A^T _ X^T _ B^T]"),
    ],
)
def test_symbols_keep_all_that_hangs_on_them(text: str, meaning: str) -> None:
    assert tree(text) == meaning


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("-x^2", "neg(x^2)"),
        ("1/2m", "{1 / [2 _ m]}"),
        ("1/2 (a-y)^2", "[{1 / 2} _ (⟨(+a-y)⟩^2]"),
        ("1/2 * x", "[{1 / 2} * x]"),
        ("a/b c", "[{a / b} _ c]"),
        ("a * -1 + 0", "(+[a * neg(1)]+0)"),
        (r"a \cdot -2", "[a cdot neg(2)]"),
        ("a + -0.019", "(+a+neg(0.019))"),
        ("(3)(1)(b)", "[(⟨3⟩ _ (⟨1⟩ _ (⟨b⟩]"),
        ("d_3 2x_0", "[d_'3' _ 2 _ x_'0']"),
        ("0.60(1-0.60)", "[0.60 _ (⟨(+1-0.60)⟩]"),
        ("p_j.p_i", "[p_'j' cdot p_'i']"),
        (r"\frac12 x", "[{1 ÷ 2} _ x]"),
        (r"\frac1m y", "[{1 ÷ m} _ y]"),
        (r"-\frac N2\beta", "neg([{N ÷ 2} _ beta])"),
        (r"{a \over b}", "{a ÷ b}"),
        ("2^{n}", "pow(2, n)"),
        ("10^{-5}", "pow(10, neg(5))"),
        ("e^{-(z+1)}", "e^neg((⟨(+z+1)⟩)"),
        ("e^{(z)}", "e^z"),
        (r"12\%", "0.12"),
        ("1{,}000", "1000"),
        ("0{,}5", "0.5"),
        (r"0.593\,269", "0.593269"),
        (r"\sqrt[3]{x}", "root(x, 3)"),
        (r"|x| + \|y\|_2^2", "(+|⟨x⟩+norm⟨y⟩_'2'^2)"),
        (r"\left\lVert W \right\rVert_F^2", "norm⟨W⟩_'F'^2"),
        (r"\langle a, b \rangle", "angle⟨a, b⟩"),
        ("(x_2, x_4)", "tuple⟨x_'2', x_'4'⟩"),
        (r"[x_0, \ldots, x_{n-1}]", "list⟨x_'0', …, x_(+n-1)⟩"),
        (r"a \odot b \circ c", "[a odot b odot c]"),
        (r"A \otimes B", "[A otimes B]"),
        (r"\Bigl(\sum_i x_i\Bigr)^2", "(⟨sum<i|>(x_'i')⟩^2"),
        (r"\textcolor{red}{x} + y", "(+x+y)"),
    ],
)
def test_sums_products_and_powers(text: str, meaning: str) -> None:
    assert tree(text) == meaning


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        (r"\sigma(z)(1-\sigma(z))", "[sigma@(z) _ (⟨(+1-sigma@(z))⟩]"),
        ("a(1-a)", "a@((+1-a))"),
        (r"\hat{y}\,(1-y)", "[y.hat _ (⟨(+1-y)⟩]"),
        ("F_1(x)_0", "F_'1'@(x)_'0'"),
        ("f(x)'", "f@(x)'"),
        (r"\log a^{(i)}", "log!(a^('i'))"),
        (r"\log_{10} x", "log10!(x)"),
        (r"\ln\det(X)", "log!(det!(X))"),
        (r"t \log y + 1", "(+[t _ log!(y)]+1)"),
        (r"\log{(x)} y", "[log!(x) _ y]"),
        (r"\sin^2 x", "sin!(x)^2"),
        (r"\tanh'(z)", "tanh!(z)'"),
        (r"\exp\{-x\}", "exp!(neg(x))"),
        (r"\max(0, z)", "max!(0, z)"),
        (r"\text{softmax}(z)_i", "softmax!(z)_'i'"),
        ("ReLU(z_{1})", "relu!(z_'1')"),
        (r"\mathrm{Tr}[X]", "trace!(X)"),
        (r"\operatorname*{argmin}_w J(w)", "argmin<w|>(J@(w))"),
        (r"\max_j z_j", "max<j|>(z_'j')"),
        (r"\mathbb{1}[z > 0]", "iverson⟨z > 0⟩"),
        (r"\mathbf{1}_{i=k}", "iverson⟨i = k⟩"),
        (r"p(y \mid x)", "p@(y mid x)"),
        (r"\mathrm{KL}(p\,\|\,q)", "KL<rm>@(p, q)"),
        ("ylna", "[y _ log!(a)]"),
    ],
)
def test_functions_and_what_only_may_be_one(text: str, meaning: str) -> None:
    assert tree(text) == meaning


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        (r"\sum_{i=1}^m x_i", "sum<i|1..m>(x_'i')"),
        (r"\sum_{i,j} A_{ij}", "sum<i,j|>(A_'ij')"),
        (r"\sum_{i \neq j} x_i", "sum<i||i neq j>(x_'i')"),
        (r"\sum_{\substack{i=1\\ i\ne j}}^n x_i", "sum<i|1..n|i neq j>(x_'i')"),
        (r"\sum_{j:(i,j)\in\Omega} e_j", "sum<j||tuple⟨i, j⟩ in Omega>(e_'j')"),
        (r"\sum_jw_jx_j + b", "(+sum<j|>([w_'j' _ x_'j'])+b)"),
        (r"\sum_i -2(x_i-\mu)", "sum<i|>(neg([2 _ (⟨(+x_'i'-mu)⟩]))"),
        (r"\sum\limits_{o}{\delta_o * w_{ho}}", "sum<o|>([delta_'o' * w_'ho'])"),
        (r"\prod_{k=0}^{t} p_k", "prod<k|0..t>(p_'k')"),
        (r"\mathbb{E}_{x \sim p}[f(x)]", "E<x||x sim p>(f@(x))"),
        (r"\int_0^1 x^2 dx", "int<x|0..1>(x^2)"),
        (r"\lim_{h \to 0} f(h)", "lim<h||h to 0>(f@(h))"),
        (r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}^T", "[M{1, 2; 3, 4}^T"),
        (r"\left[\begin{array}{c} 1 \\ 2 \end{array}\right]", "[M{1; 2}"),
        (
            r"\begin{cases} 1 & \text{if } z > 0 \\ 0 & \text{otherwise} \end{cases}",
            "cases{1 if z > 0; 0 if none}",
        ),
        (
            r"\begin{cases} 1 & if & i=j \\ 0 & if & i \neq j \end{cases}",
            "cases{1 if i = j; 0 if i neq j}",
        ),
        (
            r"\left\{ \begin{array}{ll} x & x \ge 0 \\ 0 & x < 0 \end{array} \right.",
            "cases{x if x >= 0; 0 if x < 0}",
        ),
        (
            r"\begin{cases} x, & x > 0 \\ 0, & \text{else} \end{cases}",
            "cases{x if x > 0; 0 if none}",
        ),
        (r"\underbrace{bc}_u", "brace([b _ c] | 'u')"),
        (r"\underbrace{w_1}_{\in D_{a_1} \times 1}", "brace(w_'1' | Shape(D_a_'1', 1))"),
    ],
)
def test_sums_over_indices_matrices_and_cases(text: str, meaning: str) -> None:
    assert tree(text) == meaning


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        (r"\frac{\partial L}{\partial w_1}", "D[L; w_'1']"),
        (r"\frac{dJ}{da}", "D[J; a]"),
        (r"\dfrac{\mathrm d L}{\mathrm d w}", "D[L; w]"),
        (r"\frac{\partial J}{\partial \mathbf{W}^{(1)}}", "D[J; W<bf>^('1')]"),
        (r"\frac{\partial^2 f}{\partial x \partial y}", "D[f; x, y]"),
        (r"\frac{\partial^{2}L}{\partial w^{2}}", "D[L; w, w]"),
        (r"\frac{d}{dz}(1 + e^{-z}) \cdot x", "[D![(⟨(+1+e^neg(z))⟩; z] cdot x]"),
        (r"\frac{\partial}{\partial w} \times (w x)", "D![(⟨[w _ x]⟩; w]"),
        (r"\frac{\partial}{\partial X}\mathrm{Tr}(XA)", "D![trace!([X _ A]); X]"),
        (r"\frac{dz_2(1)}{dw_2(1,1)}", "D[z_'2'@(1); w_'2'@(1, 1)]"),
        (r"\frac{\partial{loss}}{\partial{scores_0}}", "D[loss; scores_'0']"),
        (r"\frac{d \text{Final output}}{d \text{var}}", "D[Final output<rm>; var<rm>]"),
        (r"\frac{d_0}{d_1}", "{d_'0' ÷ d_'1'}"),
        (r"\frac{d}{d+1}", "{d ÷ (+d+1)}"),
        (r"\frac{dz}{N}", "{dz ÷ N}"),
        (r"\partial L / \partial f", "D[L; f]"),
        (r"\delta J / \delta \hat y", "delta[J; y.hat]"),
        (r"\delta_1^{(i)}", "delta_'1'^('i')"),
        (r"\partial_0", "partial_'0'"),
        (r"\partial_x f", "subscript![f; x]"),
        (r"\nabla_\theta J(\theta) x", "[nabla![J@(theta); theta] _ x]"),
        (r"\nabla^2 f", "nabla![nabla![f; ]; ]"),
        (r"\frac{\partial L}{\partial w}^T", "(⟨D[L; w]⟩^T"),
        (r"\frac{\partial (Bx)^T C}{\partial x}", "D[[(⟨[B _ x]⟩^T _ C]; x]"),
        ("dL/dw1", "D[L; w_'1']"),
        ("d(loss)/dw", "D[loss; w]"),
        ("d^2f/dxdy", "D[f; x, y]"),
        ("∂²f/∂x∂y", "D[f; x, y]"),
        ("d/dx (x^2)", "D![(⟨x^2⟩; x]"),
        ("∂L/∂ŷ · ∂ŷ/∂z", "[D[L; y.hat] cdot D[y.hat; z]]"),
        ("dL/dz2 * da1", "[D[L; z_'2'] * da_'1']"),
        ("dE_total/dnet_o1", "D[E_'total'; net_'o1']"),
        ("d|r|/dr", "D[|⟨r⟩; r]"),
    ],
)
def test_derivatives_in_every_spelling(text: str, meaning: str) -> None:
    assert tree(text, latex="\\" in text) == meaning


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("2xy + sin(xy)", "(+[2 _ x _ y]+sin!([x _ y]))"),
        ("wx + b", "(+[w _ x]+b)"),
        ("w1x1 + w2x2", "(+[w_'1' _ x_'1']+[w_'2' _ x_'2'])"),
        ("x**2", "pow(x, 2)"),
        ("W.T @ x", "[W^T @ x]"),
        ("W2[i][j]", "W_'2'_'i'_'j'"),
        ("np.sum(x, axis=0)", "sum!(x, axis=0)"),
        ("sum_i x_i", "sum<i|>(x_'i')"),
        ("sum_{j != y} x_j", "sum<j||j neq y>(x_'j')"),
        ("Σᵢ xᵢ²", "sum<i|>(x_'i'^2)"),
        ("∑ᵢ₌₁ⁿ xᵢ", "sum<i|1..n>(x_'i')"),
        ("½ × (−0.747)²", "[{1 ÷ 2} times (⟨neg(0.747)⟩^2]"),
        ("(x − μ)/√(σ² + ε)", "{(⟨(+x-mu)⟩ / root((+sigma^2+epsilon))}"),
        ("m̂ₜ", "m.hat_'t'"),
        ("Wᵀx", "[W^T _ x]"),
        ("1e-5", "1e-5"),
        ("e^-net_h1", "e^neg(net_'h1')"),
        ("yhat", "yhat"),
        ("y_hat", "y_'hat'"),
        ("h1_1", "h_'1'_'1'"),
        ("0.5 x 2", "[0.5 times 2]"),
        ("[1 2; 3 4]", "[M{1, 2; 3, 4}"),
        ("[[1], [2]]", "[M{1; 2}"),
        ("1 if z > 0 else 0", "cases{1 if z > 0; 0 if none}"),
        ("‖w‖²", "norm⟨w⟩^2"),
        ("1[m_j > 0]", "iverson⟨m_'j' > 0⟩"),
        ("hθ(x)", "h_theta@(x)"),
        ("alpha*dw", "[alpha * dw]"),
    ],
)
def test_plain_text_and_unicode(text: str, meaning: str) -> None:
    assert tree(text, latex=False) == meaning


def test_a_vulgar_fraction_and_accents_are_what_latex_writes() -> None:
    assert tree("½(ŷ − y)²", latex=False) == tree(r"\frac{1}{2}(\hat{y} - y)^2")


def test_a_bold_one_is_a_vector_and_digits_behind_a_name_its_subscript() -> None:
    assert tree(r"c\mathbf{1} + G^\top\mathbf{1}") == "(+[c _ 1<bf>]+[G^T _ 1<bf>])"
    assert tree(r"\mathbf{W1}") == "W<bf>_'1'"


@pytest.mark.parametrize(
    ("written", "wrt"),
    [
        ("d2f/dx2", ["x2", "x2"]),
        ("d2f/dxdy", ["x", "y"]),
        ("∂2f/∂x1∂x2", ["x1", "x2"]),
        ("d3s/dt3", ["t3"] * 3),
        ("d2f/dx1^2", ["x1^2", "x1^2"]),
    ],
)
def test_orders_typed_on_the_line(written: str, wrt: list[str]) -> None:
    found = parse(written, latex=False)
    assert isinstance(found, t.Derivative)
    assert [written[slice(*w.span)] for w in found.wrt] == wrt


@pytest.mark.parametrize("written", ["d2f/dx", "d2f/dx1", "d2/dx2"])
def test_numbers_that_are_no_orders_stay_what_they_are(written: str) -> None:
    assert not isinstance(parse(written, latex=False), t.Derivative)
