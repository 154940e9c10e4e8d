"""One letter for two things: functions told apart by their arguments, indices, the formula of a chosen entry."""

import pytest

import dvar


def verdicts(text):
    return [j.verdict for j in dvar.check(text).judgements]


COSTS = r"""
$$E(V, d; u, t) = \frac12 \| g_{V,d}(u) - t \|^2$$
$$E(V, d) = \frac1m \sum_{i=1}^m E(V, d; u^{(i)}, t^{(i)})$$
with $s^{(l+1)} = V^{(l)} r^{(l)} + d^{(l)}$, $r^{(l+1)} = \tanh(s^{(l+1)})$ and $g_{V,d}(u) = r^{(n_l)}$.

$$
\frac{\partial}{\partial d_i^{(l)}} E(V, d)
  = \frac1m \sum_{i=1}^m \frac{\partial}{\partial d_i^{(l)}} E(V, d; u^{(i)}, t^{(i)})
$$
"""


def test_the_cost_of_one_example_and_that_of_all_have_one_name():
    assert verdicts(COSTS)[-1] == "ok"


def test_such_a_line_without_the_mean_is_not_passed():
    head, mark, tail = COSTS.rpartition(r"= \frac1m \sum")
    assert mark
    assert verdicts(head + r"= \sum" + tail)[-1] in ("wrong", "unknown")


WORDS = r"""
$$q_o = \frac{\exp(b_o^T h)}{\sum_{w=1}^V \exp(b_w^T h)}$$
$$J = -\log q_o$$
$$\frac{\partial J}{\partial h} = -b_o + \sum_{w=1}^V q_w b_w$$
$$\frac{\partial J}{\partial b_w} = (q_w - 1) h, \quad w = o$$
$$\frac{\partial J}{\partial b_w} = q_w h, \quad w \neq o$$
"""


def test_the_formula_of_the_chosen_entry_holds_for_all():
    assert [v for v in verdicts(WORDS) if v != "definition"] == ["ok", "ok", "ok"]


@pytest.mark.parametrize(
    ("right", "bent"),
    [("(q_w - 1) h", "(1 - q_w) h"), ("-b_o + ", "b_o + "), (r"q_w h, \quad", r"-q_w h, \quad")],
)
def test_slips_beside_it_are_found(right, bent):
    assert right in WORDS
    found = [v for v in verdicts(WORDS.replace(right, bent)) if v != "definition"]
    assert sorted(found) == ["ok", "ok", "wrong"]


def test_functions_of_one_name_in_two_sections_are_not_told_apart_by_their_arguments():
    text = r"""
# First
$$G(c, \lambda) = c^\top M c - \lambda (c^\top c - 1)$$ with $M$ symmetric.
$$\frac{\partial G}{\partial c} = 2 M c - 2 \lambda c$$

# Second
$$G(v, \lambda, \mu) = v^\top M v - \lambda (v^\top v - 1) - \mu v^\top c$$ with $M$ symmetric.
$$\frac{\partial G}{\partial v} = 2 M v - 2 \lambda v - \mu c$$
"""
    assert [j.verdict for j in dvar.check(text).judgements if j.kind == "claim"] == ["ok", "ok"]
