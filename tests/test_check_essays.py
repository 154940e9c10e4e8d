"""Habits of long texts by many hands: reasons beside a line, names used anew, words instead of formulas."""

import pytest

from dvar import check


def verdicts(text: str) -> list[str]:
    """Verdicts of everything that claims something."""
    silent = ("definition", "given", "skipped")
    return [j.verdict for j in check(text).judgements if j.verdict not in silent]


def test_a_reason_beside_a_row_is_no_part_of_the_chain() -> None:
    text = r"""
With $p = 4$ and $q = 5$, and so $r = p q$,
$$
\begin{align*}
r + p & = 20 + p && \text{ since } r = 20\\
 & = %s && \text{ because } p = 4
\end{align*}
$$
"""
    assert "wrong" not in verdicts(text % 24)
    assert "wrong" in verdicts(text % 25)


def test_an_arrow_between_lists_does_not_say_that_they_are_equal() -> None:
    text = r"$$[1, -1] \rightarrow [e^{1}, e^{-1}] = [2.72, 0.37] \rightarrow [0.88, 0.12]$$"
    assert "wrong" not in verdicts(text)
    assert "wrong" in verdicts(text.replace("2.72", "2.27"))


def test_a_part_goes_on_with_the_formula_before_until_it_tells_its_own() -> None:
    text = r"""
Take $f(u, v) = u v$.

**What it means.** At $u = 3$ and $v = -2$ the slope is $\frac{\partial f}{\partial u} = -2$.

For a sum

$$f(u, v) = u + v$$

it is $\frac{\partial f}{\partial u} = 1$.
"""
    assert verdicts(text) == ["ok", "ok"]
    assert "ok" not in verdicts(text.replace("= -2$.", "= -5$."))[:1]


def test_a_function_of_other_arguments_is_another_one() -> None:
    text = r"""
$f(x, y) = x y$ has $\frac{\partial f}{\partial x} = y$. In general $f(x + h) = f(x) + h \frac{df(x)}{dx}$.
"""
    assert "wrong" not in verdicts(text)


def test_a_new_function_letter_is_another_name_and_no_mistake() -> None:
    text = r"""
$y = f(w^\top x - b)$ with $x, w\in\mathbb{R}^n$. With a step it is

$$y = \eta(w^\top x - b)$$
"""
    assert "wrong" not in verdicts(text)


def test_words_tell_which_function_a_letter_is() -> None:
    text = r"""
Let $a = g(z)$ with $z = wx + b$, where $g$ is the logistic function.

$$\frac{\partial a}{\partial w} = a (1 %s a) x$$
"""
    assert verdicts(text % "-") == ["ok"]
    assert verdicts(text % "+") == ["wrong"]


def test_what_holds_of_another_function_is_not_held_against_this_one() -> None:
    text = r"""
If $f(z) = 1/(1+e^{-z})$, then $f'(z) = f(z)(1 - f(z))$. (If $f$ is the tanh function, $f'(z) = 1 - (f(z))^2$.)
"""
    assert "wrong" not in verdicts(text)


def test_a_letter_is_another_function_once_it_has_other_arguments() -> None:
    text = r"""
$h = f(z)$ with $z = w x$. Then $\frac{\partial h}{\partial w} = f'(z) x$.

Now take $f(x, y) = x y$, so $\frac{\partial f}{\partial y} = x$. Last, $f(x) = \frac{1}{x}$ has

$$\frac{df}{dx} = -\frac{1}{x^2}$$
"""
    assert verdicts(text) == ["ok", "ok", "ok"]


@pytest.mark.parametrize(
    "line",
    [
        r"$d u^{2} = 2u d u$",
        r"$d\exp(u) \cdot h = \exp(u) \odot h$",
        "The output is (8 + 2×1 - 3)/1 + 1 = 8×8",
        "v = 2\n\nv = v - 1 / exp(v) = 1.5",
        r"$A = \begin{bmatrix} 1 \cdot 2 + 0 \cdot 1 = 2 \\ 0 \cdot 2 + 3 \cdot 1 = 3 \end{bmatrix} = [2, 4]$",
    ],
)
def test_what_is_no_equation_between_numbers_is_not_called_wrong(line: str) -> None:
    assert "wrong" not in {j.verdict for j in check(line).judgements}


def test_the_label_of_the_true_class_is_one() -> None:
    text = "The labels $y$ are one-hot.\n\n$E = -\\sum_{k=1}^{3} y_k \\log q_k$\n\n$\\frac{\\partial E}{\\partial q_2} = {}$"
    assert check(text.replace("{}", r"-\frac{1}{q_2}")).judgements[-1].verdict != "wrong"
    assert check(text.replace("{}", r"\frac{y_2}{q_2}")).judgements[-1].verdict == "wrong"
