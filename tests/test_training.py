"""Training: the same numbers as a loop by hand, whatever happens in between."""

import os
import resource
import signal
import subprocess
import sys
import time
from xml.etree import ElementTree

import numpy as np
import pytest

import dvar
from dvar.core.errors import DtypeError, ReadError, ShapeError
from dvar.training import NotSaved, adam, loop, momentum
from dvar.training.blame import Diverged

DRAW = np.random.default_rng(3)
X = DRAW.normal(size=(60, 4))
Y = (X @ np.array([1.0, -2.0, 0.5, 0.0]) + 0.1 * DRAW.normal(size=60) > 0) * 1.0
DATA = {"x": X, "y": Y}
START = {"w": np.zeros(4), "b": 0.0}


def logistic(w, b, x, y):
    z = x @ w + b
    return np.mean(np.logaddexp(0, z) - y * z)


def _gradient(w, b, x, y):
    error = 1 / (1 + np.exp(-(x @ w + b))) - y
    return x.T @ error / len(y), error.mean()


def test_gradient_descent_is_the_loop_by_hand():
    done = dvar.train(logistic, START, data=DATA, steps=50, learning_rate=0.3)
    w, b = np.zeros(4), 0.0
    losses = []
    for _ in range(50):
        losses.append(logistic(w, b, X, Y))
        gw, gb = _gradient(w, b, X, Y)
        w, b = w - 0.3 * gw, b - 0.3 * gb
    np.testing.assert_allclose(done.params["w"], w, rtol=1e-12)
    np.testing.assert_allclose(done.params["b"], b, rtol=1e-12)
    np.testing.assert_allclose(done.losses, losses, rtol=1e-12)
    assert done.finished
    assert isinstance(done.params["b"], np.float64)


def test_momentum_is_the_loop_by_hand():
    done = dvar.train(
        logistic, START, data=DATA, steps=30, learning_rate=0.1, optimizer=momentum(0.8)
    )
    w, b, vw, vb = np.zeros(4), 0.0, 0.0, 0.0
    for _ in range(30):
        gw, gb = _gradient(w, b, X, Y)
        vw, vb = 0.8 * vw + gw, 0.8 * vb + gb
        w, b = w - 0.1 * vw, b - 0.1 * vb
    np.testing.assert_allclose(done.params["w"], w, rtol=1e-11)
    np.testing.assert_allclose(done.params["b"], b, rtol=1e-11)


def test_adam_is_the_loop_by_hand():
    done = dvar.train(
        logistic, START, data=DATA, steps=30, learning_rate=0.01, optimizer=adam(0.9, 0.99)
    )
    p, m, v = np.zeros(5), np.zeros(5), np.zeros(5)
    for t in range(1, 31):
        gw, gb = _gradient(p[:4], p[4], X, Y)
        g = np.array([*gw, gb])
        m, v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g * g
        p = p - 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.99**t)) + 1e-8)
    np.testing.assert_allclose(done.params["w"], p[:4], rtol=1e-9)


def test_lbfgs_finds_the_bottom():
    def ridge(w, b, x, y):
        return logistic(w, b, x, y) + 0.01 * (w @ w)

    done = dvar.train(ridge, START, data=DATA, steps=200, optimizer="lbfgs")
    gw, gb = _gradient(done.params["w"], done.params["b"], X, Y)
    assert max(np.abs(gw + 0.02 * done.params["w"]).max(), abs(gb)) < 1e-4
    assert done.losses[-1] < 0.7 * done.losses[0]


def test_single_precision_stays_single():
    start = {"w": np.zeros(4, np.float32), "b": np.float32(0)}
    data = {"x": X.astype("f4"), "y": Y.astype("f4")}
    for optimizer in ("gd", "momentum", "adam"):
        done = dvar.train(logistic, start, data=data, steps=3, optimizer=optimizer)
        assert {a.dtype for a in done.params.values()} == {np.dtype("float32")}


def test_every_epoch_sees_every_example_once():
    seen = {"total": np.zeros(60)}
    data = {"which": np.eye(60)}
    done = dvar.train(
        lambda total, which: -np.sum(which @ total),
        seen,
        data=data,
        epochs=3,
        batch_size=7,
        learning_rate=1.0,
    )
    np.testing.assert_array_equal(done.params["total"], np.full(60, 3.0))
    assert done.steps == 3 * 9
    assert done.steps_per_epoch == 9
    assert [row["epoch"] for row in done.history] == [1, 2, 3]


def test_the_seed_decides_the_order_and_nothing_else():
    def losses(seed):
        return dvar.train(logistic, START, data=DATA, epochs=4, batch_size=8, seed=seed).losses

    np.testing.assert_array_equal(losses(1), losses(1))
    assert (losses(1) != losses(2)).any()


@pytest.mark.parametrize("batch_size", [None, 16])
def test_how_steps_are_cut_into_chunks_does_not_matter(monkeypatch, batch_size):
    def trained():
        return dvar.train(
            logistic, START, data=DATA, steps=40, batch_size=batch_size, optimizer="adam"
        )

    whole = trained()
    monkeypatch.setattr(loop, "CHUNK", 0.0)
    single = trained()
    np.testing.assert_array_equal(whole.losses, single.losses)
    np.testing.assert_array_equal(whole.params["w"], single.params["w"])


def test_weights_in_containers_and_a_learning_rate_that_changes():
    def net(layers, x, y):
        for w, b in layers[:-1]:
            x = np.tanh(x @ w + b)
        w, b = layers[-1]
        return np.mean((x @ w + b - y[:, None]) ** 2)

    layers = [(DRAW.normal(size=(4, 6)), np.zeros(6)), (DRAW.normal(size=(6, 1)), np.zeros(1))]
    done = dvar.train(
        net, {"layers": layers}, data=DATA, steps=300, learning_rate=lambda n: 0.2 / (1 + n / 100)
    )
    assert isinstance(done.params["layers"][0], tuple)
    assert done.losses[-1] < 0.5 * done.losses[0]
    np.testing.assert_array_equal(layers[1][1], np.zeros(1))


# ── in between ──────────────────────────────────────────────────────────────────────────────────


def test_a_callback_sees_every_epoch_and_may_end_it():
    steps = []

    def look(step, loss, params):
        assert set(params) == {"w", "b"}
        steps.append(step)
        return step >= 16

    done = dvar.train(logistic, START, data=DATA, epochs=10, batch_size=16, callback=look)
    assert steps == [4, 8, 12, 16]
    assert not done.finished
    assert done.steps == 16


def test_a_callback_is_told_the_loss_over_the_examples_of_an_epoch():
    told = []
    how = {"epochs": 3, "batch_size": 25, "learning_rate": 0.0}  # the last batch is a small one
    done = dvar.train(
        logistic, START, data=DATA, callback=lambda n, loss, _: told.append(loss), **how
    )
    np.testing.assert_allclose(told, logistic(**done.params, **DATA), rtol=1e-12)


def test_an_interruption_returns_what_there_is(tmp_path):
    def stop(step, loss, params):
        if step >= 20:
            raise KeyboardInterrupt

    path = tmp_path / "run.npz"
    done = dvar.train(logistic, START, data=DATA, steps=100, callback=stop, checkpoint=path)
    assert not done.finished
    assert done.steps >= 20
    resumed = dvar.train(logistic, START, data=DATA, steps=100, checkpoint=path)
    straight = dvar.train(logistic, START, data=DATA, steps=100)
    np.testing.assert_array_equal(resumed.params["w"], straight.params["w"])
    np.testing.assert_array_equal(resumed.losses, straight.losses)


PROGRAM = """
import sys, numpy as np, dvar
from dvar.training import checkpoint, loop
checkpoint.EVERY, loop.CHUNK = 0.0, 1e-3
draw = np.random.default_rng(0)
x = draw.normal(size=(500, 6)); y = np.sin(x.sum(1))
def loss(w, v, x, y):
    return np.mean((np.tanh(x @ w) @ v - y)**2)
start = {"w": draw.normal(size=(6, 9)), "v": draw.normal(size=9)}
done = dvar.train(loss, start, data={"x": x, "y": y}, epochs=120, batch_size=33, optimizer="adam",
                  learning_rate=1e-3, checkpoint=sys.argv[1])
np.savez(sys.argv[2], losses=done.losses, **done.params)
"""


def test_killed_at_any_moment_it_goes_on_to_the_same_bits(tmp_path):
    def run(name, seconds=None):
        arguments = [sys.executable, "-c", PROGRAM, tmp_path / name, tmp_path / f"{name}.out.npz"]
        process = subprocess.Popen(arguments)
        if seconds is None:
            assert process.wait() == 0
            return
        deadline = time.monotonic() + 60
        while not (tmp_path / name).exists() and time.monotonic() < deadline:
            time.sleep(0.005)  # compiled, and the first steps done
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()

    run("straight.npz")
    draw = np.random.default_rng(int(os.environ.get("PYTEST_SEED", "0")))
    for _ in range(3):
        run("killed.npz", draw.uniform(0, 0.15))
    run("killed.npz")
    with (
        np.load(tmp_path / "straight.npz.out.npz") as straight,
        np.load(tmp_path / "killed.npz.out.npz") as killed,
    ):
        for name in ("w", "v", "losses"):
            np.testing.assert_array_equal(straight[name], killed[name])


def _interrupting(at):
    def stop(step, loss, params):
        if step == at:
            raise KeyboardInterrupt

    return stop


@pytest.mark.parametrize("more", [0, 7])
def test_lbfgs_is_interrupted_and_goes_on_to_the_same_bits(tmp_path, more):
    how = {"data": DATA, "steps": 12, "optimizer": "lbfgs"}
    path = tmp_path / "run.npz"
    stopped = dvar.train(logistic, START, callback=_interrupting(5), checkpoint=path, **how)
    assert not stopped.finished
    assert stopped.steps == 6  # the loss at the start, then after each of five iterations
    if more:
        dvar.train(logistic, START, callback=_interrupting(more), checkpoint=path, **how)
    straight = dvar.train(logistic, START, **how)
    np.testing.assert_array_equal(stopped.losses, straight.losses[:6])
    resumed = dvar.train(logistic, START, checkpoint=path, **how)
    np.testing.assert_array_equal(resumed.losses, straight.losses)
    np.testing.assert_array_equal(resumed.params["w"], straight.params["w"])


def test_a_callback_sees_the_iterations_of_lbfgs_and_may_end_it(tmp_path):
    seen = []

    def look(step, loss, params):
        seen.append((step, loss))
        return step == 4

    how = {"data": DATA, "steps": 12, "optimizer": "lbfgs", "checkpoint": tmp_path / "run.npz"}
    done = dvar.train(logistic, START, callback=look, **how)
    assert [step for step, _ in seen] == [1, 2, 3, 4]
    np.testing.assert_array_equal([loss for _, loss in seen], done.losses[1:])
    assert not done.finished
    value = logistic(**done.params, **DATA)
    np.testing.assert_allclose(value, done.losses[-1], rtol=1e-12)
    dvar.train(logistic, START, callback=look, **how)  # what was seen is not shown again
    assert [step for step, _ in seen[:6]] == [1, 2, 3, 4, 5, 6]


def test_a_checkpoint_of_lbfgs_is_of_the_same_arrays(tmp_path):
    how = {"data": DATA, "steps": 3, "optimizer": "lbfgs", "checkpoint": tmp_path / "run.npz"}
    dvar.train(logistic, START, **how)
    with pytest.raises(ReadError, match="another form of the parameters"):
        dvar.train(logistic, {"w": np.zeros((4, 1)), "b": 0.0}, **how)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_a_full_disk_leaves_the_checkpoint_that_was_there_and_what_was_found(tmp_path, optimizer):
    path = tmp_path / "run.npz"
    how = {"data": DATA, "optimizer": optimizer}
    dvar.train(logistic, START, steps=2, checkpoint=path, **how)
    before = path.read_bytes()
    # Files may grow no further than this; the same as a disk that is full, but for its name.
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, most[1]))
    try:
        with pytest.raises(NotSaved, match="cannot write the checkpoint") as caught:
            dvar.train(logistic, START, steps=6, checkpoint=path, **how)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["run.npz"]
    whole = dvar.train(logistic, START, steps=6, **how)
    assert caught.value.step == 6
    np.testing.assert_array_equal(caught.value.params["w"], whole.params["w"])


def test_what_another_training_is_writing_stays(tmp_path):
    halves = [tmp_path / name for name in ("run.npz.abcdefgh.part", "run.npz2.abcdefgh.part")]
    for half in halves:
        half.write_bytes(b"half")
    dvar.train(logistic, START, data=DATA, steps=2, checkpoint=tmp_path / "run.npz")
    assert [half.exists() for half in halves] == [False, True]


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    path = tmp_path / "run.npz"
    dvar.train(logistic, START, data=DATA, steps=5, checkpoint=path)
    with pytest.raises(ReadError, match="another optimizer"):
        dvar.train(logistic, START, data=DATA, steps=5, optimizer="adam", checkpoint=path)
    path.write_bytes(b"nonsense")
    with pytest.raises(ReadError, match="not a checkpoint"):
        dvar.train(logistic, START, data=DATA, steps=5, checkpoint=path)


# ── what goes wrong ─────────────────────────────────────────────────────────────────────────────


def test_a_number_that_is_not_finite_is_blamed_on_its_line():
    def entropy(w, x, y):
        p = 1 / (1 + np.exp(-(x @ w)))
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    with pytest.raises(Diverged) as caught:
        dvar.train(entropy, {"w": np.full(4, 1.0)}, data=DATA, steps=50, learning_rate=1e4)
    message = str(caught.value)
    assert "log(1 - p)" in message or "log(p)" in message
    assert "return -np.mean(y * np.log(p)" in message
    assert f"step {caught.value.step}:" in message
    assert np.isfinite(caught.value.params["w"]).all()


def test_a_gradient_that_is_not_finite_is_blamed_too():
    def root(w, x):
        return np.sum(np.sqrt(w) * np.mean(x))

    with pytest.raises(Diverged, match="the gradient of w"):
        dvar.train(root, {"w": np.zeros(2)}, data={"x": X}, steps=3)


def test_steps_that_grow_get_a_hint():
    def bowl(w, x):
        return np.sum(w**2) * np.mean(x**2)

    with pytest.raises(Diverged, match="a smaller learning_rate"):
        dvar.train(bowl, {"w": np.ones(2)}, data={"x": X}, steps=5000, learning_rate=3.0)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"data": {"x": X, "y": Y[:-1]}}, ShapeError, "x has 60, y has 59"),
        ({"data": {"x": X, "y": 3.0}}, ShapeError, "y is a single number"),
        ({"data": {"x": [[1.0], [1.0, 2.0]], "y": Y}}, DtypeError, "x are not an array"),
        ({"data": {"x": np.array(["a"] * 60), "y": Y}}, DtypeError, "x are not an array"),
        ({"params": {"w": "zero", "b": 0.0}}, DtypeError, "parameter w is str"),
        ({"steps": None}, ReadError, "steps or epochs"),
        ({"epochs": 3}, ReadError, "steps or epochs"),
        ({"steps": -1}, ReadError, "steps=-1: training cannot go back"),
        ({"batch_size": 2.5}, ReadError, "batch_size=2.5 is no whole number"),
        ({"seed": -1, "batch_size": 3}, ReadError, "seed=-1"),
        ({"seed": "a"}, ReadError, "seed='a'"),
        ({"threads": 0}, ReadError, "threads=0"),
        ({"learning_rate": float("nan")}, ReadError, "learning_rate=nan"),
        ({"learning_rate": "0.1"}, ReadError, "learning_rate='0.1'"),
        ({"learning_rate": -0.1}, ReadError, "learning_rate=-0.1"),
        ({"learning_rate": np.ones(2)}, ReadError, "learning_rate="),
        ({"learning_rate": lambda n: "a" if n else 0.1}, ReadError, "'a' at step 1"),
        ({"checkpoint": 3}, ReadError, "checkpoint=3 is no file"),
        ({"checkpoint": "no/such/folder/c.npz"}, ReadError, "there is no folder"),
        ({"cluster": "scheduler:8786"}, ReadError, "is no distributed.Client"),
        ({"params": [1.0]}, ReadError, "params is list"),
        ({"params": {}}, ReadError, "no parameter to train"),
        ({"data": [1.0]}, ReadError, "data is list"),
        ({"data": iter([1.0])}, ReadError, "gone through once"),
        ({"data": lambda: [3]}, ReadError, "the stream of data gave int"),
        ({"data": lambda: None}, ReadError, "the stream of data is NoneType"),
        ({"data": {n: a[:0] for n, a in DATA.items()}}, ShapeError, "no example in the data: x"),
        ({"batch_size": 0}, ReadError, "batch_size=0"),
        ({"optimizer": "sgd"}, ReadError, "no optimizer 'sgd'"),
        ({"optimizer": "lbfgs", "batch_size": 4}, ReadError, "leave batch_size out"),
    ],
)
def test_what_cannot_be_trained_is_said(changes, error, words):
    given = {"params": START, "data": DATA, "steps": 5, **changes}
    with pytest.raises(error, match=words):
        dvar.train(logistic, given.pop("params"), **given)


# ── data and pictures ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("batch_size", [None, 25])
def test_a_memory_map_is_trained_on_like_an_array(tmp_path, batch_size):
    x, y = X.astype(np.float32), Y.astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    mapped = {"x": np.load(tmp_path / "x.npy", mmap_mode="r"), "y": y}
    start = {"w": np.zeros(4, np.float32), "b": np.float32(0)}
    some = dvar.train(logistic, start, data=mapped, steps=20, batch_size=batch_size)
    all_ = dvar.train(logistic, start, data={"x": x, "y": y}, steps=20, batch_size=batch_size)
    np.testing.assert_array_equal(some.params["w"], all_.params["w"])


@pytest.mark.parametrize("batch_size", [None, 16])
def test_a_path_of_pixels_is_trained_on_like_the_pixels(tmp_path, batch_size):
    pixels = DRAW.integers(0, 255, (60, 4), np.uint8)
    np.save(tmp_path / "x.npy", pixels)

    def scaled(w, b, x, y):
        return logistic(w, b, x / 255, y)

    how = {"steps": 20, "batch_size": batch_size}
    data = {"x": tmp_path / "x.npy", "y": Y}
    mapped = dvar.train(scaled, START, data=data, **how)
    held = dvar.train(scaled, START, data={"x": pixels.astype(int), "y": Y}, **how)
    np.testing.assert_array_equal(mapped.params["w"], held.params["w"])
    with pytest.raises(ReadError, match="cannot read"):
        dvar.train(scaled, START, data={"x": tmp_path / "no.npy", "y": Y}, **how)


def test_batches_of_a_map_of_pixels_are_all_that_is_held(tmp_path):
    from dvar.training.batches import source_of

    np.save(tmp_path / "x.npy", np.zeros((60, 4), np.uint8))
    source = source_of({"x": tmp_path / "x.npy"}, 8, 0)
    assert isinstance(source.data["x"], np.memmap)
    assert source.data["x"].dtype == np.uint8
    (piece,) = source.pieces(0, 3)
    assert (piece.data["x"].dtype, piece.data["x"].shape) == (np.int64, (3, 8, 4))


def _batches():
    for n in range(0, 60, 16):
        yield {"x": X[n : n + 16], "y": Y[n : n + 16]}


def test_a_stream_brings_a_batch_for_each_step(tmp_path):
    passes = []

    def data():
        passes.append(1)
        return _batches()

    done = dvar.train(logistic, START, data=data, epochs=3, learning_rate=0.2)
    assert done.steps == 12
    assert done.steps_per_epoch == 4
    w, b = np.zeros(4), 0.0
    for _ in range(3):
        for batch in _batches():
            gw, gb = _gradient(w, b, **batch)
            w, b = w - 0.2 * gw, b - 0.2 * gb
    np.testing.assert_allclose(done.params["w"], w, rtol=1e-11)
    assert len(passes) <= 4  # one to count, and no batch is held back


def test_a_stream_goes_on_where_it_was(tmp_path):
    def stop(step, loss, params):
        if step == 8:
            raise KeyboardInterrupt

    path = tmp_path / "run.npz"
    dvar.train(logistic, START, data=_batches, epochs=5, callback=stop, checkpoint=path)
    resumed = dvar.train(logistic, START, data=_batches, epochs=5, checkpoint=path)
    straight = dvar.train(logistic, START, data=_batches, epochs=5)
    np.testing.assert_array_equal(resumed.losses, straight.losses)


def test_a_stream_may_have_no_end():
    def forever():
        while True:
            yield from _batches()

    seen = []
    how = {"data": forever, "steps": 40, "learning_rate": 0.2}
    done = dvar.train(logistic, START, callback=lambda n, *_: seen.append(n), **how)
    passes = dvar.train(logistic, START, data=_batches, epochs=10, learning_rate=0.2)
    np.testing.assert_array_equal(done.losses, passes.losses)
    assert len(done.history) == 1
    assert len(seen) == 40


def test_lbfgs_sees_all_of_a_stream_in_every_step():
    streamed = dvar.train(logistic, START, data=_batches, steps=8, optimizer="lbfgs")
    whole = dvar.train(logistic, START, data=DATA, steps=8, optimizer="lbfgs")
    np.testing.assert_allclose(streamed.losses, whole.losses, rtol=1e-8)
    with pytest.raises(ReadError, match="mean over the examples"):
        dvar.train(
            lambda w, b, x, y: np.sum((x @ w + b - y) ** 2),
            START,
            data=_batches,
            steps=2,
            optimizer="lbfgs",
        )
    with pytest.raises(Diverged, match="log"):
        dvar.train(
            lambda w, b, x, y: np.mean(np.log(x @ w + b) * y),
            START,
            data=_batches,
            steps=2,
            optimizer="lbfgs",
        )
    with pytest.raises(ReadError, match="no batch"):
        dvar.train(logistic, START, data=lambda: iter(()), steps=2, optimizer="lbfgs")


def test_streams_that_are_none():
    with pytest.raises(ReadError, match="no batch"):
        dvar.train(logistic, START, data=lambda: iter(()), epochs=1)
    with pytest.raises(ShapeError, match="differ"):
        dvar.train(logistic, START, data=lambda: [{"x": X, "y": Y[:3]}], steps=1)
    with pytest.raises(ReadError, match="decides itself"):
        dvar.train(logistic, START, data=_batches, steps=1, batch_size=3)


def test_no_steps_return_what_was_given():
    done = dvar.train(logistic, START, data=DATA, steps=0)
    assert done.steps == 0
    np.testing.assert_array_equal(done.params["w"], START["w"])
    assert str(done) == "no steps"


def test_the_curve_is_a_picture():
    done = dvar.train(logistic, START, data=DATA, steps=2000, learning_rate=0.5)
    picture = ElementTree.fromstring(done.curve())
    (line,) = [e for e in picture.iter() if e.tag.endswith("polyline")]
    heights = [float(p.split(",")[1]) for p in line.get("points").split()]
    assert len(heights) <= 3 * 400
    assert heights[-1] > heights[0]  # downwards on the page: the loss falls
