"""``dvar check`` on classical models and the calculus behind them, as lecture notes and exams write it."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in check(text).judgements]


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\mathrm{tr} PQ = \mathrm{tr} QP", "ok"),
        (r"\mathrm{tr} PQR = \mathrm{tr} RPQ", "ok"),
        (r"\mathrm{tr} PQR = \mathrm{tr} PRQ", "wrong"),
        (r"\nabla_P \mathrm{tr} PQ = Q^T", "ok"),
    ],
)
def test_a_trace_takes_the_product_behind_it(claim: str, expected: str) -> None:
    assert verdicts(f"For square matrices, $${claim}.$$")[-1] == expected
