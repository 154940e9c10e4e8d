"""Sums and products that are written with dots, and their derivatives."""

import pytest

import dvar


def verdicts(text):
    return [j.verdict for j in dvar.check(text).judgements]


RIGHT = {
    "to a last term": r"""$u = c_1 p_1 + c_2 p_2 + \cdots + c_m p_m + d$
        $\frac{\partial u}{\partial c_i} = p_i$
        $\frac{\partial u}{\partial d} = 1$""",
    "without an end": r"""$u = c_1 p_1 + c_2 p_2 + \cdots + d$
        $\frac{\partial u}{\partial c_1} = p_1$
        $\frac{\partial u}{\partial d} = 1$""",
    "first and last": r"""$Q = v_1^2 + \dots + v_n^2$
        $\frac{\partial Q}{\partial v_i} = 2 v_i$
        $\frac{\partial Q}{\partial v_1} = 2 v_1$""",
    "two letters": r"""$u_j = c_{j1} p_1 + c_{j2} p_2 + \cdots + c_{jm} p_m + d_j$
        $\frac{\partial u_j}{\partial c_{jk}} = p_k$
        $\frac{\partial u_j}{\partial p_k} = c_{jk}$""",
    "from zero": r"""$u_j = c_{j0} p_0 + c_{j1} p_1 + \cdots + d_j$
        $\frac{\partial u_j}{\partial p_0} = c_{j0}$
        $\frac{\partial u_j}{\partial d_j} = 1$""",
    "in plain text": "u = c1*p1 + c2*p2 + ... + cn*pn + d\ndu/dc1 = p1\ndu/dd = 1",
    "as a product": r"""$P = q_1 q_2 \cdots q_n$
        $\log P = \sum_{i=1}^n \log q_i$
        $\log P = \log q_1 + \log q_2 + \cdots + \log q_n$""",
    "a mean": r"""$\bar t = \frac{t_1 + t_2 + \ldots + t_n}{n}$
        $\frac{\partial \bar t}{\partial t_i} = \frac{1}{n}$
        $n \bar t = \sum_i t_i$""",
    "whole numbers": r"""$S = 1 + 2 + \cdots + n$
        $S = \frac{n(n+1)}{2}$
        $S = \sum_{i=1}^n i$""",
}


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT.keys())
def test_dots_stand_for_the_terms_between(text):
    assert verdicts(text) == ["definition", "ok", "ok"]
    assert not any(j.message == "given" for j in dvar.check(text).judgements)


WRONG = {
    "another entry": r"""$Q = (v_1 - s_1)^2 + (v_2 - s_2)^2 + \cdots + (v_n - s_n)^2$
        $\frac{\partial Q}{\partial v_2} = 2 (v_1 - s_2)$""",
    "a factor": r"""$Q = v_1^2 + \dots + v_n^2$
        $\frac{\partial Q}{\partial v_i} = v_i$""",
    "a transpose": r"""$u_j = c_{j1} p_1 + c_{j2} p_2 + \cdots + c_{jm} p_m + d_j$
        $\frac{\partial u_j}{\partial c_{jk}} = p_k$
        $\frac{\partial u_j}{\partial p_k} = c_{kj}$""",
    "a name": r"""$u = c_1 p_1 + c_2 p_2 + \cdots + c_m p_m + d$
        $\frac{\partial u}{\partial c_i} = c_i$""",
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_derivative_of_such_a_sum_is_found(text):
    assert verdicts(text)[-1] == "wrong"


def test_dots_that_tell_no_rule_are_left_alone():
    text = r"""$w = a + b^2 + \cdots + g$
        $\frac{\partial w}{\partial a} = 5$"""
    assert "wrong" not in verdicts(text)


def test_an_entry_of_a_family_is_not_introduced_as_a_name():
    text = r"""$u = \sum_{k=1}^n c_k p_k + d$

        $\frac{\partial u}{\partial c_1} = p_1$

        $\frac{\partial u}{\partial c_2} = p_1$"""
    assert verdicts(text)[1:] in (["ok", "wrong"], ["ok", "unknown"])
