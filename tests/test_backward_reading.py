"""What a check of a backward pass takes: names, shapes and settings as people write them."""

from __future__ import annotations

import numpy as np
import pytest

from dvar.check.backward.judge import judge
from dvar.check.backward.said import Said, Spec, resized, said_of
from dvar.check.backward.target import find
from dvar.cli.functions import names_of
from dvar.core.errors import ReadError


def checked(tmp_path, text, name):
    path = tmp_path / "layer.py"
    path.write_text("import numpy as np\n" + text)
    return judge(find(str(path), name, names_of(str(path))))


FLAT = '''
def flat_forward_plain(x, w):
    """Rows of pixels times weights.

    - x: pictures, of shape (N, d_1, ..., d_k)
    - w: weights, of shape (D, M)
    """
    return x.reshape(len(x), -1) @ w, (x, w)


def flat_backward_plain(dout, cache):
    x, w = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout


def flat_backward_again(dout, cache):
    return flat_backward_plain(dout, cache)
'''


@pytest.mark.parametrize("name", ["flat", "flat_forward_plain", "flat_backward_plain"])
def test_a_letter_may_stand_for_a_product_of_others(tmp_path, name):
    report = checked(tmp_path, FLAT, name)
    assert [(g.name, g.ok) for g in report.gradients] == [("x", True), ("w", True)]


def test_a_second_way_back_is_checked_against_the_same_forward_pass(tmp_path):
    text = FLAT.replace("flat_forward_plain", "flat_forward")
    assert checked(tmp_path, text, "flat_backward_again").ok


def test_shapes_are_numbers_for_letters():
    said = said_of("x: (N, D) floats, y: int (N,)\nw: (D, 4H)", ["x", "y", "w"])
    assert said == {
        "x": Said(("N", "D"), False),
        "y": Said(("N",), True),
        "w": Said(("D", "4H"), False),
    }
    assert next(resized(said, (4, 5, 3))) == {
        "x": Spec((4, 5)),
        "y": Spec((4,), whole=True),
        "w": Spec((5, 12)),
    }


def test_a_dictionary_of_settings_is_asked_for_what_it_needs(tmp_path):
    text = """
def scaled_forward(x, gamma, bn_param):
    return inner(x, gamma, bn_param)

def inner(x, gamma, bn_param):
    assert bn_param["mode"] == "train"
    xhat = x / np.sqrt(np.mean(x**2, axis=0) + bn_param.get("eps", 1e-5))
    return gamma * xhat, (x, gamma, xhat)

def scaled_backward(dout, cache):
    x, gamma, xhat = cache
    return dout * 0 + back(dout * gamma, x, xhat), np.sum(dout * xhat, axis=0)

def back(g, x, xhat):
    scale = np.sqrt(np.mean(x**2, axis=0) + 1e-5)
    return (g - xhat * np.mean(g * xhat, axis=0)) / scale
"""
    assert checked(tmp_path, text, "scaled").ok


def test_two_operands_are_no_weight_and_bias(tmp_path):
    text = """
def gate_forward(a, b):
    s = 1 / (1 + np.exp(-a))
    return s * b, (s, b)

def gate_backward(dout, cache):
    s, b = cache
    return dout * b * s * (1 - s), dout * s
"""
    assert checked(tmp_path, text, "gate").ok


def test_what_is_split_into_halves_gets_even_sizes(tmp_path):
    text = '''
def turned_forward(x, c, s):
    """x: (B, T, D), c: (T, D), s: (T, D)"""
    a, b = np.array_split(x, 2, axis=-1)
    return x * c + np.concatenate([-b, a], axis=-1) * s, (c, s)

def turned_backward(dout, cache):
    c, s = cache
    a, b = np.array_split(dout * s, 2, axis=-1)
    dx = dout * c + np.concatenate([b, -a], axis=-1)
    return dx
'''
    report = checked(tmp_path, text, "turned")
    assert report.ok, str(report)
    assert report.gradients[0].ok


POOL = '''
def pool_forward(x, pool_param):
    """x: (N, T)"""
    k, s = pool_param["pool_width"], pool_param["stride"]
    return np.stack([x[:, i : i + k].max(1) for i in range(0, x.shape[1] - k + 1, s)], 1), (x, pool_param)

def pool_backward(dout, cache):
    x, pool_param = cache
    k, s = pool_param["pool_width"], pool_param["stride"]
    dx = np.zeros_like(x)
    for n, i in enumerate(range(0, x.shape[1] - k + 1, s)):
        win = x[:, i : i + k]
        dx[:, i : i + k] = (win == win.max(1, keepdims=True)) * dout[:, n : n + 1]
    return dx
'''


def test_windows_that_overlap_are_our_idea(tmp_path):
    report = checked(tmp_path, POOL, "pool")
    assert report.ok
    assert "windows that do not overlap; for others see line 14" in report.note
    assert not checked(tmp_path, POOL.replace("== win.max", "== -win.max"), "pool").ok


def test_no_gradient_at_all_is_no_praise(tmp_path):
    text = """
def lost_forward(x):
    return np.exp(x), x

def lost_backward(dout, cache):
    return ()
"""
    with pytest.raises(ReadError, match="no gradient was returned for x"):
        checked(tmp_path, text, "lost")


def test_counts_are_one_where_more_do_not_fit(tmp_path):
    text = '''
def parted_forward(x, groups):
    """x: (N, 9)"""
    y = x.reshape(len(x), groups, -1)
    return (y - y.mean(axis=2, keepdims=True)).reshape(x.shape), groups

def parted_backward(dout, groups):
    g = dout.reshape(len(dout), groups, -1)
    return (g - g.mean(axis=2, keepdims=True)).reshape(dout.shape)
'''
    assert checked(tmp_path, text, "parted").ok


def test_the_sizes_of_settings_are_not_traced():
    from dvar.check.backward.subject import Subject
    from dvar.check.backward.truth import truth_of

    def forward(x, stride):
        assert type(stride) is int
        return x[::stride] ** 2, x

    subject = Subject("s", "", forward, lambda g, x: g, fixed={"stride": 2})
    assert truth_of(subject, {"x": np.arange(5.0)}, [np.ones(3)]).by_graph
