"""``dvar check`` on exercises with solutions: equations to be solved, levels, powers of e, macros of a lost preamble."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in check(text).judgements if j.verdict != "skipped"]


@pytest.mark.parametrize(
    ("formula", "slope", "expected"),
    [
        ("e^(uv) + u^2", "v e^(uv) + 2u", "ok"),
        ("e^(uv) + u^2", "u e^(uv) + 2u", "wrong"),
        ("e^(3u) v", "3 e^(3u) v", "ok"),
        ("e^(3u) v", "e^(3u) v", "wrong"),
    ],
)
def test_a_bracket_above_e_is_a_power(formula: str, slope: str, expected: str) -> None:
    assert verdicts(f"h(u, v) = {formula}\n\n∂h/∂u = {slope}")[-1] == expected


@pytest.mark.parametrize(
    ("slope", "expected"),
    [
        (r"-\sin u\, e^{4u} + 4\cos u\, e^{4u}", "ok"),
        (r"-\sin u\, e^{4u} + \cos u\, e^{4u}", "wrong"),
    ],
)
def test_an_angle_ends_before_a_power_of_e(slope: str, expected: str) -> None:
    assert verdicts(rf"$h(u) = e^{{4u}}\cos(u)$ and $h'(u) = {slope}$")[-1] == expected


def test_or_between_numbers_parts_them() -> None:
    text = r"$v \approx 0.4 or 1.7$. The slope $q = v^2$ vanishes at $v = 0$ and $v = 3$."
    assert "wrong" not in verdicts(text)


def test_an_open_function_has_many_levels() -> None:
    text = "Contours of $h = G(p, q)$: along one $h=4$, then $h=6$, and $h=4$ again beside $h = 2$."
    assert verdicts(text) == ["definition", *["given"] * 4]


@pytest.mark.parametrize(("level", "expected"), [("10", "ok"), ("11", "wrong")])
def test_a_function_with_a_formula_has_one_value(level: str, expected: str) -> None:
    text = rf"$G(p, q) = p q$, $h = G(p, q)$, $p = 2$, $q = 5$. Then $h = {level}$."
    assert verdicts(text)[-1] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("E = 2.417 * 312 / 753.2 = 1", "unknown"),  # 1.0012
        ("E = 2.417 * 312 / 753.2 = 2", "wrong"),
        ("E = 2.5 * 3 = 7", "wrong"),
    ],
)
def test_a_whole_number_may_be_rounded_where_decimals_are_computed_with(
    text: str, expected: str
) -> None:
    assert verdicts(text)[-1] == expected


def test_a_map_between_spaces_claims_nothing() -> None:
    assert set(verdicts(r"$Dg: V \to V \times \mathbb{R}^k$ and $g: V \to W$.")) <= {"ok"}


# ── dual numbers ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"(2 + 3h)(4 + 5h) = 8 + 22h", "ok"),
        (r"(x + h)^3 = x^3 + 3x^2 h", "ok"),
        (r"(x + h)^3 = x^3 + 3x h", "wrong"),
    ],
)
def test_a_square_that_vanishes_is_remembered_in_later_sections(claim: str, expected: str) -> None:
    text = "# What they are\n\nDual numbers have $h^2 = 0$.\n\n# Rules\n\n"
    assert verdicts(f"{text}${claim}$")[-1] == expected


def test_a_square_that_vanishes_is_no_name() -> None:
    chain = r"(a + b\epsilon)(c - d\epsilon) = ac + (bc - ad)\epsilon - bd\epsilon^2 = ac + (bc - ad)\epsilon"
    assert verdicts(rf"Take $\epsilon^2 = 0$. ${chain}$")[-1] == "ok"


def test_a_letter_whose_square_is_zero_is_nothing_special_without_the_words() -> None:
    assert verdicts("$h^2 = 0$ and $(2 + 3h)(4 + 5h) = 8 + 22h$")[-1] != "ok"


# ── equations to be solved ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The curve is $u^2 + 3v^2 = 21$, so $2u^2 + 6v^2 = 42$.", ["given", "ok"]),
        ("Perimeter: $P(u, v) = 2u + 2v = 36$.", ["given"]),
        (
            r"$6 + 2(7)\frac{dv}{dt} = 0$, hence $3 + 7\frac{dv}{dt} = 0$.",
            ["given", "ok"],
        ),
    ],
)
def test_an_equation_between_open_names_is_a_condition(text: str, expected: list[str]) -> None:
    assert verdicts(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "$E = (y - q)^2$ and $y = wx$, so $2(y - q)x = 0.7$.",  # y has a formula: it claims something
        "$K = u + v$ with $u = 2$. Then $3u = 7$.",
    ],
)
def test_names_with_a_formula_or_a_number_are_not_solved_for(text: str) -> None:
    assert verdicts(text)[-1] in ("unknown", "wrong")


def test_a_name_put_at_pi_may_be_differentiated_by() -> None:
    text = r"$h = t^2 s$, wanted at $t = \pi$. $\frac{\partial h}{\partial t} = 2ts$, $\frac{\partial h}{\partial t} = 3ts$"
    assert verdicts(text)[-2:] == ["ok", "wrong"]


def test_pi_is_multiplied_by_a_number_in_brackets() -> None:
    assert verdicts(r"$r = 5$. $A = \pi r^2 = \pi(25) = 78.54$")[-1] == "ok"


def test_a_policy_keeps_its_arguments() -> None:
    policy = r"$\pi_w(1) = \sigma(w), \quad \pi_w(0) = 1 - \sigma(w)$. "
    assert verdicts(policy + r"$\frac{d}{dw}\log\pi_w(1) = 1 - \sigma(w)$")[-1] == "ok"


# ── pages without their preamble ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\pd{h}{u} = 2uv", "ok"),
        (r"\pd{h}{u} = 2u", "wrong"),
        (r"\ds \frac{\partial h}{\partial v} = u^2", "ok"),
        (r"\grad h = \vector{2uv, u^2}", "ok"),
        (r"\grad h = \vector{2uv, u}", "wrong"),
        (r"\pp[h]{v} = u^2", "ok"),
    ],
)
def test_customary_abbreviations_are_known(claim: str, expected: str) -> None:
    assert verdicts(rf"Let $h(u, v) = u^2 v$. Then ${claim}$.")[-1] == expected


def test_what_a_document_defines_itself_comes_first() -> None:
    text = r"$\newcommand{\ds}{s^2}$ Let $h = 3s^2$. Then $h = 3\ds$."
    assert verdicts(text)[-1] == "ok"


def test_bold_letters_by_their_short_names() -> None:
    assert verdicts(r"$h = \bx^\T \bx$ and $\pd{h}{\bx} = 2\bx$")[-1] in ("ok", "convention")


@pytest.mark.parametrize(("right", "expected"), [("P Q", "ok"), ("Q P", "wrong")])
def test_a_star_multiplies_matrices_in_julia(right: str, expected: str) -> None:
    text = f"```julia\nK = P * Q\n```\n\n$$K = {right}$$\n\n$K_{{ij}} = \\sum_k P_{{ik}} Q_{{kj}}$"
    found = verdicts(text)
    assert found[1] != "wrong" if expected == "ok" else found[1] != "ok"


@pytest.mark.parametrize(("number", "expected"), [(r"3\pi^2", "ok"), (r"2\pi^2", "unknown")])
def test_a_name_that_comes_out_as_pi_keeps_its_formula(number: str, expected: str) -> None:
    text = r"$h = ab$, $a = t^2$, $b = t\cos s$. At $s = 0$, $t = \pi$: $a = \pi^2$ and $b = \pi$. "
    assert verdicts(text + rf"$\frac{{\partial h}}{{\partial t}} = {number}$")[-1] == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (r"To find the top we set $\frac{dh}{du} = 0$ and solve.", "given"),
        (r"Setting $h' = 0$ helps.", "given"),
        (r"At that point $\frac{dh}{du} = 0$.", "wrong"),
    ],
)
def test_a_derivative_that_is_set_to_zero_is_not_taken_at_the_point_before(
    words: str, expected: str
) -> None:
    text = r"$h = u^3 - 2u$. At $u = 1$: $\frac{dh}{du} = 1$. "
    assert verdicts(text + words)[-1] == expected


def test_a_condition_that_is_said_again_is_the_same_condition() -> None:
    text = r"$\mu(p^2 + q^2 - 4) = 0$. Say $q = 0$ or $\mu = 1$. With $p = \frac{3}{\mu + 1}$: $\mu(p^2 + q^2 - 4) = 0$"
    assert verdicts(text)[-1] == "given"


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        (r"\frac{dq}{dp} \frac{dp}{dk} \frac{dk}{dt}", "ok"),
        (r"\frac{dk}{dt} \frac{dp}{dk} \frac{dq}{dp}", "ok"),
        (r"\frac{dq}{dp} \frac{dk}{dt}", "unknown"),
    ],
)
def test_functions_of_a_composition_stand_for_what_they_give(chain: str, expected: str) -> None:
    assert verdicts(rf"$v = q(p(k(t)))$. $\frac{{dv}}{{dt}} = {chain}$")[-1] == expected


@pytest.mark.parametrize(
    ("gradient", "is_right"),
    [(r"(2xy, x^2 + 1)", True), (r"\langle xy, x^2 + 1\rangle", False), ("(2xy, x + 1)", False)],
)
def test_a_formula_in_x_and_y_has_a_gradient(gradient: str, is_right: bool) -> None:
    found = verdicts(rf"$h = x^2 y + y$. $\nabla h = {gradient}$")[-1]
    assert (found == "ok") is is_right


@pytest.mark.parametrize(
    "condition",
    [
        r"\nabla h(x, y) = \lambda \nabla c(x, y)",
        r"\langle y, 2x \rangle = \lambda \langle 3, 4 \rangle",
        r"\nabla K = \vec{0}",
        r"\frac{m}{4} = \frac{m + n}{9}",
    ],
)
def test_what_an_optimum_is_asked_claims_nothing(condition: str) -> None:
    assert verdicts(f"We need ${condition}$.")[-1] in ("given", "definition")


@pytest.mark.parametrize(
    ("claim", "is_right"),
    [
        (r"\frac{\partial G}{\partial p} = 2pq", True),
        (r"\frac{\partial G}{\partial p} = 2p", False),
        (r"G_q(p, q) = p^2 + 1", True),
        (r"G_q(p, q) = p + 1", False),
    ],
)
def test_what_a_name_is_a_function_of_gives_the_function_its_formula(
    claim: str, is_right: bool
) -> None:
    text = f"Suppose $h = G(p, q)$.\n\n# Example\n\nLet $h = p^2 q + q$. Then ${claim}$."
    assert (verdicts(text)[-1] == "ok") is is_right


def test_where_a_function_is_taken_is_no_formula_for_it() -> None:
    text = r"Let $h = G(p, q)$, $p = a(t)$, $q = b(t)$. Then $h = G(p, q) = G(a(t), b(t))$. "
    text += r"Now let $h = p^2 q$. $\frac{\partial h}{\partial p} = 2pq$"
    assert verdicts(text)[-1] == "ok"


def test_a_derivative_that_vanishes_in_a_chain_does_so_elsewhere() -> None:
    text = (
        r"$h = u^2 - 4u$. When $u = 0$, $\frac{dh}{du} = -4$. Setting the derivative to 0 gives "
        r"$\frac{dh}{du} = 0 = 2u - 4$."
    )
    assert verdicts(text)[-1] != "wrong"


@pytest.mark.parametrize(
    ("chain", "is_right"),
    [
        (r"2\sqrt{\frac{m^2}{n^2}} = \frac{2m}{n}", True),
        (r"2\sqrt{\frac{m^2}{n^2}} = \frac{m}{n}", False),
        (r"\sqrt{m^2 + n^2} = m + n", False),
    ],
)
def test_lengths_stand_under_roots(chain: str, is_right: bool) -> None:
    assert (verdicts(f"$k = {chain}$")[-1] in ("ok", "definition")) is is_right


def test_one_infinitesimal_part_alone_is_left_open() -> None:
    text = r"Dual numbers have $\epsilon^2 = 0$. $(a/b) = a/b + (a'b - ab')/b^2 \epsilon$"
    assert verdicts(text)[-1] == "unknown"


@pytest.mark.parametrize(("gradient", "expected"), [("[8, 6]", "ok"), ("[8, 16]", "wrong")])
def test_a_point_that_was_printed_as_a_whole_is_the_next_one(gradient: str, expected: str) -> None:
    text = (
        "h(x, y) = x² + 3y²\n\nx = 5, y = 10\n\n∇h = [10, 60]\n\n"
        f"p = (5, 10) - 0.1·[10, 90] = (4, 1)\n\nStep 2:\n\n∇h = {gradient}"
    )
    assert verdicts(text)[-1] == expected


def test_answers_behind_a_list_of_exercises_belong_to_none_of_them() -> None:
    text = "1. $g(u) = u^2$\n2. $g(u) = e^{2u}$\n3. $g(u) = \\ln u$\n\nAnswers:\n\n"
    found = verdicts(text + "1. $g'(u) = 2u$\n2. $g'(u) = 2e^{2u}$\n3. $g'(u) = \\frac{1}{u}$")
    assert "wrong" not in found
    assert verdicts("$g(u) = u^2$\n\n$g(u) = e^{2u}$\n\n$g'(u) = e^{2u}$")[-1] == "wrong"
