"""Steps of gradient descent that go the wrong way, what follows from them, and gradients sent astray."""

from __future__ import annotations

import pytest

from dvar import check

START = (
    "We minimise the loss $C = (p u - v)^2$ with $u = 2$, $v = 1$, $p = 0.3$, $\\eta = 0.1$.\n\n"
    "$\\frac{dC}{dp} = 2(pu - v)u = 2(0.6 - 1) 2 = -1.6$\n\n"
)


def verdicts(text: str) -> dict[int, str]:
    return {j.line: j.verdict for j in check(text + "\n").judgements}


def said(text: str, line: int) -> tuple[str, tuple[str, ...]]:
    return next((j.verdict, j.causes) for j in check(text + "\n").judgements if j.line == line)


@pytest.mark.parametrize(
    ("step", "verdict"),
    [
        ("p := p - \\eta \\frac{dC}{dp}", "ok"),
        ("p := p + \\eta \\frac{dC}{dp}", "wrong"),
        ("p := 0.3 - 0.1 (-1.6) = 0.46", "ok"),
        ("p := 0.3 + 0.1 \\cdot 1.6 = 0.46", "ok"),
        ("p := 0.3 + 0.1 (-1.6) = 0.14", "wrong"),
        ("p = 0.3 + 0.1 (-1.6) = 0.14", "wrong"),
        ("p^{+} = p - \\eta \\frac{dC}{dp} = 0.3 + 0.1 (-1.6) = 0.14", "wrong"),
        ("p^{+} = p - \\eta \\frac{dC}{dp} = 0.3 - 0.1 (-1.6) = 0.46", "ok"),
    ],
)
def test_a_step_goes_down(step: str, verdict: str) -> None:
    found, causes = said(f"{START}${step}$", 5)
    assert found == verdict
    assert verdict == "ok" or "sign" in causes


@pytest.mark.parametrize(
    ("step", "verdict"),
    [
        ("u_{t+1} = u_t - \\eta \\nabla C(u_t)", "ok"),
        ("u_{t+1} = u_t + \\eta \\nabla C(u_t)", "wrong"),
        ("u := u + 0.1 \\nabla C", "wrong"),
        ("g := g + \\nabla C", "ok"),
        ("u := u + H^{-1} \\nabla C", "ok"),
    ],
)
def test_a_gradient_without_an_index_is_that_of_the_step(step: str, verdict: str) -> None:
    assert said(f"We minimise the loss $C(u)$:\n\n${step}$", 3)[0] == verdict


def test_a_document_that_climbs_is_left_alone() -> None:
    text = START.replace("minimise the loss", "maximise") + "$p := p + \\eta \\frac{dC}{dp}$"
    assert said(text, 5)[0] == "ok"


def test_what_is_computed_with_a_wrong_step_is_carried() -> None:
    text = f"{START}$p := 0.3 + 0.1 (-1.6) = 0.14$\n\n$p u = 0.14 \\cdot 2 = 0.28$"
    assert verdicts(text)[7] == "carried"


def test_a_step_with_a_wrong_gradient_is_carried() -> None:
    text = START.replace("-1.6", "-1.9") + "$p := 0.3 - 0.1 (-1.9) = 0.49$"
    found = verdicts(text)
    assert (found[3], found[5]) == ("wrong", "carried")


def test_an_arrow_gives_a_new_value() -> None:
    found = check("p1 = 0.5\n\np1 -> 0.5 - 0.1*2 = 0.3\n", file="notes.txt").judgements
    assert [j.kind for j in found] == ["given", "update"]


MAX = "$m = \\max(s, t)$, $F = q m$, with $q = -5$, $s = -1$, $t = 0.5$.\n\n"


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("\\frac{\\partial F}{\\partial s} = \\frac{\\partial F}{\\partial m} \\cdot 0 = 0", "ok"),
        ("\\frac{\\partial F}{\\partial t} = \\frac{\\partial F}{\\partial m} \\cdot 1 = -5", "ok"),
        (
            "\\frac{\\partial F}{\\partial s} = \\frac{\\partial F}{\\partial m} \\cdot 1 = -5",
            "wrong",
        ),
        (
            "\\frac{\\partial F}{\\partial t} = \\frac{\\partial F}{\\partial m} \\cdot 0 = 0",
            "wrong",
        ),
        ("\\frac{\\partial F}{\\partial t} = 0", "wrong"),
    ],
)
def test_a_maximum_passes_to_its_larger_side(line: str, verdict: str) -> None:
    found, causes = said(f"{MAX}${line}$", 3)
    assert found == verdict
    assert verdict == "ok" or causes == ("routing",)


@pytest.mark.parametrize("names", ["s t", "d e", "b c", "u v", "g h", "x y"])
def test_a_maximum_is_no_matter_of_chance(names: str) -> None:
    a, b = names.split()
    text = f"$m = \\max({a}, {b})$\n\n$\\frac{{\\partial m}}{{\\partial {a}}} = 1$"
    assert said(text, 3)[0] != "ok"


MARKED = r"""
With $s = u r + c$ we minimise the loss $L = \frac12 (s - t)^2$ with $r = 4$, $u = 2$, $c = 1$, $t = 5$.

$$\frac{\partial L}{\partial u} = (s - t) r = 16$$

$$u_{new} = 2 %s 0.1 (16) = %s$$

Forward again:

$$s = 0.4 \cdot 4 + 1 = %s$$
"""


@pytest.mark.parametrize(
    ("sign", "new", "again", "expected"),
    [
        ("-", "0.4", "2.6", ["ok", "ok"]),
        ("+", "3.6", "2.6", ["wrong", "wrong"]),
        ("-", "0.4", "3.6", ["ok", "wrong"]),
    ],
)
def test_a_new_value_by_a_marked_name_is_a_step_and_counts_in_the_next_pass(
    sign: str, new: str, again: str, expected: list[str]
) -> None:
    judgements = check(MARKED % (sign, new, again)).judgements
    assert judgements[-2].verdict == expected[0]
    if sign == "-":
        assert judgements[-1].verdict == expected[1]


@pytest.mark.parametrize(
    ("terms", "verdict"), [("0.5 - 0.003 = 0.497", "ok"), ("0.5 + 0.003 = 0.503", "wrong")]
)
def test_a_term_of_a_step_may_be_rounded_before_it_is_taken_off(terms: str, verdict: str) -> None:
    text = f"$v = 0.5$\n\n$$v \\leftarrow v - 0.1 \\times 0.0285 = {terms}$$"
    assert check(text).judgements[-1].verdict == verdict


COLLECTED = r"""
$$\Delta k_{pq}=\eta r_{out}V_{in}$$

$$s = \sum_i k_i x_i = 0.2 \times 0.4 - 0.3 \times 0.3 = -0.01$$

$$\Delta k_i = \eta r^h x_i = (0.5 \times 0.003 \times 0.1, 0.5 \times 0.003 \times 0.3) = (0.00015, %s)$$

$$r_j=\sum[k_{jm} r_m]f'(s_j)$$

- Begin with
    - $\Delta k_{ij} = 0$
    - $\Delta V_j = 0$
- Example by example:
    - $r^o = (y - p) f'(z)$ where $z = \sum_j V_j a_j$.
    - $r^h_j = r^o V_j f'(s_j)$
    - Collect:
        - $\Delta V_j = \Delta V_j + r^o a_j$
        - $\Delta k_{ij} = \Delta k_{ij} + r^h_j a_i$
- At the end, with $\eta$ the rate and m the number of records:
    - $V_j = V_j + \eta \Delta V_j / m$
    - $k_{ij} = k_{ij} + \eta \Delta k_{ij} / m$
"""


@pytest.mark.parametrize(("last", "verdict"), [("0.00045", "ok"), ("0.00054", "wrong")])
def test_no_line_carries_a_mistake_of_its_own(last: str, verdict: str) -> None:
    assert verdicts(COLLECTED % last)[6] == verdict


BESIDE = "We minimise the loss $J$ with $r = 2 s$:\n\n$u := u - \\alpha \\frac{\\partial J}{\\partial u}$\n\n"


@pytest.mark.parametrize(
    ("step", "verdict"),
    [
        ("v := v - \\alpha \\frac{\\partial J}{\\partial v}", "ok"),
        ("v := -\\alpha \\frac{\\partial J}{\\partial v}", "wrong"),
        ("v := v", "wrong"),
        ("v := v - \\frac{\\partial J}{\\partial v}", "wrong"),
        ("v := v - 0.1 \\frac{\\partial J}{\\partial v}", "ok"),
        ("v := s - \\alpha \\frac{\\partial J}{\\partial v}", "wrong"),
        ("v := v - k \\frac{\\partial J}{\\partial v}", "wrong"),
        ("v := v - r \\frac{\\partial J}{\\partial v}", "wrong"),
        ("v := v - \\beta \\frac{\\partial J}{\\partial v}", "ok"),
        ("v_1^{+} = v_1 - \\alpha \\frac{\\partial J}{\\partial v_1}", "ok"),
        ("v_1^{+} = v_2 - \\alpha \\frac{\\partial J}{\\partial v_1}", "wrong"),
        ("v_2 = v_1 - \\alpha \\frac{\\partial J}{\\partial v_1}", "ok"),
        ("v := v - \\alpha \\nabla_v J(v)", "ok"),
        ("v := v - \\alpha \\nabla_v (v)", "wrong"),
    ],
)
def test_all_names_of_a_document_are_stepped_in_one_way(step: str, verdict: str) -> None:
    assert said(f"{BESIDE}${step}$", 5)[0] == verdict


def test_a_step_may_start_where_another_rule_leads() -> None:
    text = BESIDE + "$q := \\mu q$\n\n$v := q - \\alpha \\frac{\\partial J}{\\partial v}$"
    assert said(text, 7)[0] == "ok"


@pytest.mark.parametrize(("added", "verdict"), [("", "ok"), ("2 ", "wrong")])
def test_a_loop_adds_each_share_once(added: str, verdict: str) -> None:
    text = (
        "$z^{(i)} = w x^{(i)} + b$, $a^{(i)} = \\sigma(z^{(i)})$ and $J = -\\frac{1}{m} \\sum_{i=1}^m "
        "[y^{(i)} \\log a^{(i)} + (1 - y^{(i)}) \\log(1 - a^{(i)})]$.\n\n"
        "$J = 0$, $dw = 0$, $db = 0$; for each $i$: $dz^{(i)} = a^{(i)} - y^{(i)}$\n\n"
        f"$dw += x^{{(i)}} dz^{{(i)}}$\n\n$db += {added}dz^{{(i)}}$\n\n$dw = dw / m$"
    )
    found = verdicts(text)
    assert (found[5], found[7], found[9]) == ("ok", verdict, "ok")


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("s = c + r = 1 + 5 = 6", "ok"),
        ("s = s + r = 1 + 5 = 6", "wrong"),
        ("s := s + r = 6 + 5 = 11", "ok"),
    ],
)
def test_a_formula_with_its_own_name_in_it_is_no_new_value(line: str, verdict: str) -> None:
    assert said(f"$s = c + r$ with $c = 1$, $r = 5$ gives\n\n${line}$", 3)[0] == verdict


@pytest.mark.parametrize(
    ("line", "verdict"), [("u = 0 = 0.1", "wrong"), ("u = 0 = 0.0", "ok"), ("u = 3 = 3.1", "wrong")]
)
def test_a_whole_number_is_not_rounded(line: str, verdict: str) -> None:
    assert check(f"${line}$").judgements[-1].verdict == verdict
