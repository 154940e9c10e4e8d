"""Functions that a document leaves open, and members in between: what can be said of their numbers."""

from __future__ import annotations

import pytest

from dvar import check


def said(text: str, line: int) -> tuple[str, tuple[str, ...]]:
    found = [j for j in check(text + "\n").judgements if j.line == line]
    return found[-1].verdict, found[-1].causes


OPEN = "Let $g$ be some smooth function, $h = g(u)$, $u = 2v$ and $v = 0.5$.\n\n"


@pytest.mark.parametrize(
    "line",
    [
        "$h = 3.5$",
        "$g(1) = 3.5$",
        "$g'(1) = -2$",
        "$\\frac{dh}{dv} = 2 g'(u) = 2 \\cdot 0.7 = 1.4$",
        "$\\frac{dh}{dv} = 2 g'(1) = -4$",
        "$h = g(1) = 3.5$",
        "$r = g(u) + 3 = 8$",
    ],
)
def test_numbers_of_an_open_function_are_never_wrong(line: str) -> None:
    assert said(OPEN + line, 3)[0] in ("ok", "given", "unknown")


def test_what_follows_from_a_given_value_of_an_open_function_is_judged() -> None:
    text = OPEN + "$q = h^2$\n\n$h = 3$\n\n$q = 9$\n\n$q = 8$"
    assert [said(text, line)[0] for line in (5, 7, 9)] == ["ok", "ok", "wrong"]


def test_rules_for_an_open_function_are_judged() -> None:
    text = OPEN + "$\\frac{dh}{dv} = 2 g'(u)$\n\n$\\frac{dh}{dv} = g'(u)$"
    assert said(text, 3)[0] == "ok"
    assert said(text, 5)[0] == "wrong"


def test_the_end_of_a_chain_is_not_compared_with_itself() -> None:
    text = "$f = q z$, $q = x + y$.\n\n$\\frac{\\partial f}{\\partial z} = x_7 + y z = q = -4$"
    assert said(text, 3)[0] == "unknown"


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("$\\frac{\\partial f}{\\partial x} = k_{39} = z$", "unknown"),
        ("$\\frac{\\partial f}{\\partial x} = z = z$", "ok"),
    ],
)
def test_a_strange_name_in_between_is_not_passed_over(line: str, verdict: str) -> None:
    assert said("$f = q z$, $q = x + y$.\n\n" + line, 3)[0] == verdict


ACTIVATED = "$q = v u + c$ and $p = g(q)$\n\n"


def test_a_function_is_recognised_by_its_derivative() -> None:
    text = (
        ACTIVATED
        + "$\\frac{dp}{dq} = p (1 - p)$\n\n$\\frac{dp}{dv} = \\sigma(q)(1 - \\sigma(q)) u$"
    )
    assert [said(text, line)[0] for line in (3, 5)] == ["ok", "ok"]
    assert said(text.replace("(q)) u", "(q)) c"), 5)[0] == "wrong"
    text = ACTIVATED + "$\\frac{dp}{dq} = 1 - p^2$\n\n$\\frac{dp}{dc} = 1 - \\tanh^2(q)$"
    assert [said(text, line)[0] for line in (3, 5)] == ["ok", "ok"]


def test_a_function_that_has_a_formula_is_not_recognised_as_another() -> None:
    text = "$g(z) = z^2$, $q = v u$ and $p = g(q)$\n\n$\\frac{dp}{dq} = p (1 - p)$"
    assert said(text, 3)[0] == "wrong"


def test_what_is_told_of_an_open_loss_holds_for_what_was_made_of_it() -> None:
    text = (
        "$p = v u$\n\n$\\frac{dJ}{dv} = \\frac{dJ}{dL} \\cdot \\frac{dL}{dp} \\cdot \\frac{dp}{dv}$\n\n"
        "$\\frac{dJ}{dL} = \\frac{1}{4}$\n\n$\\frac{dL}{dp} = p - r$\n\n$\\frac{dJ}{dp} = \\frac{p - r}{4}$"
    )
    assert [said(text, line)[0] for line in (3, 5, 7, 9)] == ["ok"] * 4


def test_a_gradient_tells_the_shape_of_a_name_of_which_nothing_is_said() -> None:
    text = (
        "$x \\in \\mathbb{R}^{5 \\times 2}$ and $r \\in \\mathbb{R}^{5}$\n\n"
        "$\\nabla J(\\theta) = x^T r$\n\n$\\nabla J(\\theta) = 2 x^T r$"
    )
    assert said(text, 3)[0] == "ok"


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        (r"\frac{d\sigma(t)}{dt} = \sigma(t)(1 - \sigma(t))", "ok"),
        (r"\frac{d\sigma(t)}{dt} = \sigma(t)(1 + \sigma(t))", "wrong"),
        (r"\frac{d}{dt}\sigma(t) = 1 - \sigma(t)", "wrong"),
        (r"\frac{d\sigma(t)}{dt} = \sigma'(t)", "ok"),
        (r"\frac{d\sigma(t)}{dt} = 1 - \sigma(t)^2", "unknown"),  # σ may be the tanh
    ],
)
def test_a_sigma_that_nothing_defines_is_no_open_function(claim: str, verdict: str) -> None:
    (judged,) = check(f"$${claim}$$").judgements
    assert judged.verdict == verdict


def test_a_factor_that_a_sum_lacks_goes_in_front_of_a_bracket() -> None:
    (judged,) = check(r"$$\frac{d}{dt}\sigma(t) = 1 - \sigma(t)$$").judgements
    assert judged.expected == r"\sigma(t)\, (1 - \sigma(t))"
    assert judged.cause == "missing-factor"


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        (r"\frac{\partial r}{\partial s} = r(1 - r)", "ok"),
        (r"\frac{\partial r}{\partial s} = -r(1 - r)", "wrong"),
        (r"\frac{\partial q}{\partial r} = 2 (r - c)", "ok"),
        (r"\frac{\partial q}{\partial r} = 2 (r + c)", "wrong"),
        (r"\frac{\partial r}{\partial s} = r (1 - r) = r - r^2", "ok"),
        (r"\frac{\partial r}{\partial s} = r (1 - r) = r + r^2", "wrong"),
    ],
)
def test_names_that_drop_the_index_of_their_example_are_not_open(claim: str, verdict: str) -> None:
    text = (
        r"$r^{(i)} = \frac{1}{1 + e^{-s^{(i)}}}$, $q^{(i)} = (r^{(i)} - c^{(i)})^2$ and "
        rf"$E = \frac{{1}}{{m}} \sum_{{i=1}}^m q^{{(i)}}$.  For one of them: ${claim}$"
    )
    assert check(text).judgements[-1].verdict == verdict


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        (r"\frac{\partial (p^T q)}{\partial s} = p^T \frac{\partial q}{\partial s} + q^T \frac{\partial p}{\partial s}", "ok"),
        (r"\frac{\partial (p^T q)}{\partial s} = q^T \frac{\partial p}{\partial s}", "wrong"),
        (r"\frac{\partial (p + q)}{\partial s} = \frac{\partial p}{\partial s} + \frac{\partial q}{\partial s}", "ok"),
        (r"\frac{\partial (p + q)}{\partial s} = \frac{\partial p}{\partial s}", "wrong"),
        (r"\frac{\partial (k^T p)}{\partial s} = k^T \frac{\partial p}{\partial s}", "ok"),
    ],
)  # fmt: skip
def test_an_open_function_that_is_told_depends_on_its_argument_in_all_terms(
    rule: str, verdict: str
) -> None:
    assert said(f"For vectors $p(s)$ and $q(s)$:\n\n$${rule}$$", 3)[0] == verdict


@pytest.mark.parametrize(
    ("words", "verdict"), [("Hence", "wrong"), ("If $q$ is held fixed,", "ok")]
)
def test_what_is_said_to_be_constant_does_not_move(words: str, verdict: str) -> None:
    rule = r"\frac{d(p q)}{ds} = q \frac{dp}{ds}"
    assert (
        said(f"There are $p(s)$ and $q(s)$ with a product $pq$.\n\n{words} ${rule}$", 3)[0]
        == verdict
    )


SPELLED_OUT = r"""
$c = \frac{1}{n} \sum_k u_k$, $q = \frac{1}{n} \sum_k (u_k - c)^2$ and $r_k = \frac{u_k - c}{\sqrt{q}}$.

The output is $o_k = \frac{u_k - c}{\sqrt{q}} g_k$ and goes into some loss $E$.

$$\frac{\partial E}{\partial q} = -\frac{1}{2} q^{-3/2} \sum_k \frac{\partial E}{\partial o_k} g_k (u_k - c)$$
"""


def test_a_result_written_out_in_a_later_one_is_no_second_way_to_the_loss() -> None:
    assert said(SPELLED_OUT, 6)[0] == "ok"
    assert said(SPELLED_OUT.replace("-3/2", "-1/2"), 6)[0] == "wrong"


def test_running_sums_all_go_into_the_loss() -> None:
    text = "$s_i = \\sum_{j\\le i} u_j$ and $g_i = \\frac{\\partial L}{\\partial s_i}$.\n\n"
    line = "$\\frac{\\partial L}{\\partial u_j} = \\sum_{i\\ge j} g_i$"
    assert said(text + line, 3)[0] == "ok"
    assert said(text + line.replace("ge", "le"), 3)[0] == "wrong"


@pytest.mark.parametrize(
    "line",
    [
        r"\frac{\partial E}{\partial w_{ij}} = \frac{\partial E}{\partial z_j}\frac{\partial z_j}{\partial w_{ij}}",
        r"\frac{\partial E}{\partial w_{ij}} = \frac{\partial z_j}{\partial w_{ij}}\frac{\partial E}{\partial z_j}",
        r"\frac{\partial E}{\partial u_{k}} = \sum_i \frac{\partial E}{\partial r_i}\frac{\partial r_i}{\partial u_k}",
        (
            r"\frac{\partial E}{\partial u_{k}} = \sum_i \sum_j "
            r"\frac{\partial E}{\partial r_i}\frac{\partial r_i}{\partial s_j}\frac{\partial s_j}{\partial u_k}"
        ),
    ],
)
def test_the_chain_rule_alone_is_right(line: str) -> None:
    """Nothing has a formula: what the loss is by the weights is told by the line itself."""
    assert [j.verdict for j in check(f"${line}$").judgements] == ["ok"]


def test_a_chain_that_leaves_its_sum_early_is_not_right() -> None:
    line = r"\frac{\partial E}{\partial u_k} = \sum_i \frac{\partial E}{\partial r_i}\frac{\partial r_k}{\partial u_i}"
    assert [j.verdict for j in check(f"${line}$").judgements] != ["ok"]


def test_two_sets_that_are_called_by_words_are_all_there_is() -> None:
    text = (
        r"$E = \frac12 \sum_{j \in output} (t_j - y_j)^2$, $y_i = \frac{e^{z_i}}{\sum_{j \in group} e^{z_j}}$"
        "\n\n"
        r"$\frac{\partial y_i}{\partial z_i} = y_i (1 - y_i)$"
        "\n\n"
    )
    assert [j.verdict for j in check(text).judgements][-1] == "ok"
    assert [j.verdict for j in check(text.replace("(1 - y_i)", "(1 + y_i)")).judgements][-1] != "ok"
