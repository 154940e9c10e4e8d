"""Entries of vectors by a letter, ranges that come from definitions, and what is too long to write out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dvar
from dvar.core.errors import DvarError, FormulaError, ShapeError


def close(found: Any, wanted: Any) -> None:
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9)


SOFTMAX = r"z = W x + b; p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}; "
SIZES = {"W": (3, 2), "x": (2,), "b": (3,)}


def test_the_loss_of_a_chosen_class_reads_as_in_a_textbook() -> None:
    e = dvar.explain(SOFTMAX + r"L = -\log p_c", shapes=SIZES)
    assert e.formulas["b"] == "p - eye(3)[c]"
    assert e.formulas["W"] == "outer(p - eye(3)[c], x)"
    assert "p_c is read as p[c], entry c of p" in e.to_text()


def test_the_entry_of_a_letter_is_not_a_name_of_its_own() -> None:
    loss = r"-\log \frac{e^{z_k}}{\sum_j e^{z_j}}"
    e = dvar.explain(loss, at={"z": [0.1, 0.2, 0.7], "k": 2})
    soft = np.exp([0.1, 0.2, 0.7]) / np.sum(np.exp([0.1, 0.2, 0.7]))
    close(e.gradients["z"], soft - np.eye(3)[2])
    own = dvar.explain(loss, at={"z": [0.1, 0.2, 0.7], "z_k": 0.4})  # a number of its own
    close(own.gradients["z"], soft)


def test_a_range_is_that_of_what_is_computed() -> None:
    e = dvar.explain(SOFTMAX + r"L = -\sum_k y_k \log p_k", shapes=SIZES)
    assert e.formulas["b"] == "p * sum(y) - y"
    with pytest.raises(ShapeError, match="runs over 3 in z"):
        dvar.explain(SOFTMAX + r"L = -\sum_k y_k \log p_k", shapes={**SIZES, "y": (4,)})


def test_elements_that_nobody_reads_are_not_written_out() -> None:
    e = dvar.explain("n = (x - mean(x)) / sqrt(var(x) + 1e-5); L = sum(n*g)", shapes={"x": (4,)})
    assert max(map(len, e.to_text().splitlines())) < 200


def test_the_step_before_is_a_name() -> None:
    step = r"h_t = \tanh(W_h h_{t-1} + W_x x_t + b)"
    shapes = {"W_h": (3, 3), "W_x": (3, 2), "b": (3,), "x_t": (2,), "h_{t-1}": (3,)}
    e = dvar.explain(step, shapes=shapes, upstream="g")
    assert e.formulas["h_tminus1"] == "W_h.T @ (g * (1 - h_t**2))"
    assert "h_{t-1}" in e.to_latex()
    with pytest.raises(FormulaError, match="neither a label nor an index"):
        dvar.explain(r"L = \sum_i (x_i - x_{i-1})^2")


def test_a_result_of_one_element_is_a_number() -> None:
    e = dvar.explain("L = (W @ x - y)**2", shapes={"W": (1, 3), "x": (3,), "y": (1,)})
    assert e.formulas["W"] == "2 * outer(W @ x - y, x)"


# ── labels ──────────────────────────────────────────────────────────────────────────────────────


def chosen(z: Any, y: Any) -> Any:
    """The mean loss of the labels y."""
    e = np.exp(z)
    p = e / e.sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(z.shape[0]), y]).mean()


def test_what_is_used_as_an_index_is_made_of_whole_numbers() -> None:
    z = np.array([[0.1, 0.4, 0.2], [0.3, -0.2, 0.5]])
    soft = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    e = dvar.explain(chosen, at={"z": z.tolist(), "y": [2, 0]})
    close(e.gradients["z"], (soft - np.eye(3)[[2, 0]]) / 2)
    assert "z" in dvar.explain(chosen, shapes={"z": (2, 3), "y": (2,)}).formulas
    with pytest.raises(DvarError, match="y is not a position"):
        dvar.explain(chosen, at={"z": z.tolist(), "y": [0.5, 1.0]})


# ── sums over an index ──────────────────────────────────────────────────────────────────────────


def test_a_sum_of_products_over_an_index_is_a_product_with_a_matrix() -> None:
    layer = r"z_i = \sum_j W_{ij} x_j + b_i; C = \frac{1}{2}\sum_i (z_i - y_i)^2"
    at = {
        "W": [[1.0, 2], [0.5, -1], [3, 0]],
        "x": [0.3, -0.7],
        "b": [0.1, 0.2, 0.3],
        "y": [1, 0, 2],
    }
    e = dvar.explain(layer, at=at)
    assert e.formulas["W"] == "outer(z - y, x)"
    assert e.formulas["x"] == "W.T @ (z - y)"
    error = np.array(at["W"]) @ at["x"] + at["b"] - np.array(at["y"])
    close(e.gradients["W"], np.outer(error, at["x"]))
    close(e.gradients["x"], np.array(at["W"]).T @ error)


def test_a_sum_over_the_other_index_transposes() -> None:
    e = dvar.explain(r"d_j = \sum_k W_{kj} e_k; f = \sum_j d_j^2")
    assert e.formulas["e"] == "2 * (W @ d)"
    assert e.formulas["W"] == "2 * outer(e, d)"


def test_a_part_of_a_sum_stays_a_part() -> None:
    w, x = np.arange(1.0, 5.0), np.arange(12.0).reshape(3, 4)
    text = r"z_i = \sum_{j=2}^{3} x_{ij} w_j; f = \sum_i z_i"
    gradient = dvar.explain(text, at={"w": w.tolist(), "x": x.tolist()}).gradients["w"]
    close(gradient, [0, 0, *x[:, 2:].sum(axis=0)])  # counted from 0: 3 is the last of four


def test_sums_in_sums_are_read_once() -> None:
    """Reading a body twice at each depth would never end here."""
    letters = "ijklmnpqrstuvwabcdefgh"
    body = "x_h"
    for letter in reversed(letters):
        body = rf"\sum_{letter} y_{letter} \left({body}\right)"
    assert set(dvar.explain(f"f = {body}").formulas) >= {"x", "y"}
