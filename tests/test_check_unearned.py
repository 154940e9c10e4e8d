"""Wrong lines that nothing bore out: they are found or left open, and never called right."""

from __future__ import annotations

import pytest

import dvar

PASSED = {"ok", "convention", "definition", "given"}


def verdicts(text: str, part: str) -> list[str]:
    """The verdicts of the equations that hold a text."""
    return [j.verdict for j in dvar.check(text).judgements if part in j.source]


def last(text: str) -> str:
    return dvar.check(text).judgements[-1].verdict


# ── sides that vanish as they are read ──────────────────────────────────────────────────────────

MOVED = r"""
Write $u = a - c$ and $M = \Omega$, where $\Omega$ is symmetric and invertible. In differentials:

$$\begin{aligned} q &= -\tfrac 12 u^T M^{-1} u \\
dq &= -\tfrac 12 u^T \, dM^{-1} \, u \\
&= \tfrac 12 u^T M^{-1} dM \, M^{-1} {end} \\
&= \tfrac 12 {\rm Tr}\Big(M^{-1} u u^T M^{-1} dM\Big) \end{aligned}$$
"""


def test_differential_of_a_name_for_another_moves_it() -> None:
    part = r"M^{-1} dM \, M^{-1}"
    assert verdicts(MOVED.replace("{end}", "u"), part) == ["ok"]
    assert PASSED.isdisjoint(verdicts(MOVED.replace("{end}", "a"), part))


# ── steps ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "line",
    [
        r"u_{j} \leftarrow u_{j}",
        r"u = u",
        r"u = -\eta \frac{\partial C}{\partial u}",
        r"u(t) = -\eta \frac{\partial C}{\partial u}",
        r"u(t) = r(t-1) - \eta \frac{\partial C}{\partial u}",
    ],
)
def test_step_without_its_start_or_going_nowhere(line: str) -> None:
    assert last(f"The weights are changed by\n\n$${line}$$") not in PASSED


@pytest.mark.parametrize(
    "line",
    [
        r"u(t) = u(t-1) - \eta \frac{\partial C}{\partial u}",
        r"\Delta u = -\eta \frac{\partial C}{\partial u}",
        r"u = -\frac{1}{\lambda} \frac{\partial C}{\partial u}",
        r"v = \mu v - \eta \frac{\partial C}{\partial u}",
    ],
)
def test_step_as_it_should_be(line: str) -> None:
    assert last(f"The weights are changed by\n\n$${line}$$") in PASSED


NEWTON = r"""
Newton's method goes on until it converges:

$$z_{k+1} = z_k - \left[ {inner} \right]^{-1} \nabla h(z_k)$$
"""


def test_inverse_of_the_gradient_itself() -> None:
    assert last(NEWTON.replace("{inner}", r"\nabla^2 h(z_k)")) in PASSED
    assert last(NEWTON.replace("{inner}", r"\nabla h(z_k)")) == "wrong"


def test_gradient_of_the_turned_entry() -> None:
    text = r"$$V_{ij}^{(l)} := V_{ij}^{(l)} - \alpha \frac{\partial C}{\partial V_{{by}}^{(l)}}$$"
    assert last(text.replace("{by}", "ij")) in PASSED
    assert last(text.replace("{by}", "ji")) not in PASSED


STATED = r"""
The log likelihood of one example is

$$\ell(\theta) = z^{(i)} \theta^T u^{(i)} - e^{\theta^T u^{(i)}}$$
$$\frac{\partial \ell(\theta)}{\partial \theta_j} = \left(z^{(i)} - e^{\theta^T u^{(i)}}\right) u_j^{(i)}$$

Gradient ascent:

$$\theta_j := \theta_j + \alpha {step}$$
"""


@pytest.mark.parametrize(
    ("step", "right"),
    [
        (r"\left(z^{(i)} - e^{\theta^T u^{(i)}}\right) u_j^{(i)}", True),
        (r"u_j^{(i)} \left(z^{(i)} - e^{\theta^T u^{(i)}}\right)", True),
        (r"\left(z^{(i)} + e^{\theta^T u^{(i)}}\right) u_j^{(i)}", False),
        (r"\left(z^{(i)} - e^{\theta^T u^{(i)}}\right)", False),
    ],
)
def test_step_is_the_gradient_that_was_told(step: str, right: bool) -> None:
    found = last(STATED.replace("{step}", step))
    assert (found in PASSED) is right, found


# ── what is read wrong, and what is excused ─────────────────────────────────────────────────────


def test_star_in_front_of_an_equals_sign_is_no_product() -> None:
    text = r"With $$C = (s - Au)^T(s - Au)$$ the best is $$u^*={formula}$$"
    judged = dvar.check(text.replace("{formula}", r"(A^TA)^{-1}A^Ts")).judgements
    assert judged[-1].kind != "update"
    assert last(text.replace("{formula}", r"(A^TA)^{-1}A^Ts")) in PASSED
    assert last(text.replace("{formula}", r"(AA^T)^{-1}A^Ts")) not in PASSED


def test_sum_over_one_of_two_indices_is_not_the_whole_way() -> None:
    text = r"""
The loss $C$ depends on $s_{1,1}$ through every entry of $R$:

$$\frac{\partial C}{\partial s_{1,1}} = {sums} \frac{\partial C}{\partial r_{i,j}} \frac{\partial r_{i,j}}{\partial s_{1,1}}$$
"""
    assert last(text.replace("{sums}", r"\sum_{i=1}^N \sum_{j=1}^M")) in PASSED
    assert last(text.replace("{sums}", r"\sum_{i=1}^N")) not in PASSED


def test_number_of_another_name_is_put_in() -> None:
    text = r"""
Input $u = [1, 2]$. Weights $V_1 = \begin{bmatrix} 0.4 & 0.7 \\ 0.9 & 0.2 \end{bmatrix}$ and $c_1 = [0.3, 0.1]$,
then $V_2 = [0.6, 0.5]$ and $c_2 = 0.8$.

$r_1 = u \cdot V_1 + {bias} = [1, 2] \cdot \begin{bmatrix} 0.4 & 0.7 \\ 0.9 & 0.2 \end{bmatrix} + [0.3, 0.1] = [2.5, 1.2]$
"""
    assert last(text.replace("{bias}", "c_1")) in PASSED
    assert last(text.replace("{bias}", "c_2")) not in PASSED


def test_whole_number_that_stands_for_something_else_is_not_rounded() -> None:
    text = r"""
$$r = \log v^2$$
$$K = -\frac{1}{2} \sum_{j=1}^J \left(1 + r_j - n_j^2 - e^{r_j}\right)$$

Numbers, $J = 1$: $n = 0.5$, $r = -1$: $K = {half}(1 - 1 - 0.25 - 0.3679) = 0.3089$.
"""
    assert verdicts(text.replace("{half}", r"-\frac{1}{2}"), "0.3679") == ["ok"]
    assert verdicts(text.replace("{half}", r"\frac{1}{2}"), "0.3679") == ["wrong"]


def test_program_that_sums_nothing_is_read() -> None:
    assert dvar.check("```python\ndc = .sum(axis=0)\n```\n") is not None


@pytest.mark.parametrize(("rate", "right"), [(r"\eta \cdot", True), ("", False)])
def test_step_without_the_rate_of_the_step_beside_it(rate: str, right: bool) -> None:
    text = r"""
The perceptron learns with $g = s - r$:

$$p \gets p + \eta \cdot g \cdot u$$
$$c \gets c + {rate} g$$
"""
    found = verdicts(text.replace("{rate}", rate), r"c \gets")
    assert PASSED.isdisjoint(found) is not right, found


def test_an_array_of_zeros_is_due_to_nobody() -> None:
    """The rows of A are told, and A is not: that L does not depend on S is no more than what was read of it."""
    text = (
        r"$S = \frac{1}{\sqrt{d}} Q K^T \in \mathbb{R}^{T \times T}$ and"
        "\n\n"
        r"$$A_i = \text{softmax}(S_i), \quad"
        r" \frac{\partial A_{ij}}{\partial S_{ik}} = A_{ij} (\delta_{jk} - A_{ik})$$"
        "\n\n"
        r"$$\frac{\partial L}{\partial S} = A \odot \left(\frac{\partial L}{\partial A}"
        r" - \sum_j \frac{\partial L}{\partial A}_{:j} A_{:j}\right)$$"
        "\n"
    )
    last = dvar.check(text).judgements[-1]
    assert last.verdict == "unknown"
    assert last.message.endswith("as it is read here, it does not")
