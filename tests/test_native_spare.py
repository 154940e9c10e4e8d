"""Memory of large results is used again, and never while somebody holds a part of it."""

import gc

import numpy as np

import dvar
from dvar.engine.native import spare

SIZE = spare.LARGE // 8


def test_memory_comes_back_when_its_last_part_is_gone():
    first = spare.empty((SIZE,), "float64")
    at, part = first.ctypes.data, first[10:20]
    assert at % spare.ALIGN == 0
    part[...] = 3.0
    del first
    gc.collect()
    second = spare.empty((SIZE,), "float64")
    assert second.ctypes.data != at
    assert (part == 3.0).all()
    del part
    third = spare.empty((SIZE,), "float64")
    assert third.ctypes.data == at


def test_what_a_caller_holds_is_not_written_to():
    program = dvar.jit(lambda x: np.exp(x) + 1)
    draw = np.random.default_rng(2)
    given = [draw.normal(size=SIZE) for _ in range(4)]
    held = [program(x)[3:] for x in given]
    for x, part in zip(given, held, strict=True):
        np.testing.assert_allclose(part, (np.exp(x) + 1)[3:], rtol=1e-14)


def test_no_more_is_kept_than_is_said():
    arrays = [spare.empty((spare.HELD // 16 + 4096 * i,), "float64") for i in range(4)]
    del arrays
    assert sum(x.nbytes for x in spare._free.values()) <= spare.HELD
    assert spare.empty((0, 3), "float32").shape == (0, 3)
    assert spare.empty((2**18,), "bool").dtype == bool


def test_a_large_result_asked_for_again_and_again_is_kept():
    size = spare.HELD // 4
    places = []
    for _ in range(4):
        result = spare.empty((size,), "float64")
        places.append(result.ctypes.data)
        del result
    assert len(set(places[1:])) == 1


def test_and_goes_back_once_others_are_asked_for():
    for _ in range(3):
        spare.empty((spare.HELD // 4,), "float64")
    for i in range(spare.LATELY + 1):
        spare.empty((spare.HELD // 64 + 4096 * i,), "float64")
    assert sum(x.nbytes for x in spare._free.values()) <= spare.HELD
