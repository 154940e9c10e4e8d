"""Training on real worker processes: the same numbers, also when one of them is killed."""

import os
import signal

import numpy as np
import pytest

distributed = pytest.importorskip("distributed")

import dvar
from dvar.core.errors import ReadError

pytestmark = pytest.mark.filterwarnings("ignore")

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(403, 5))
Y = (X.sum(1) > 0) * 1.0
DATA = {"x": X, "y": Y}
START = {"w": np.zeros(5), "b": 0.0}


def logistic(w, b, x, y):
    z = x @ w + b
    return np.mean(np.logaddexp(0, z) - y * z) + 0.01 * np.sum(w * w)


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.mark.parametrize("batch_size", [None, 50])
@pytest.mark.parametrize("optimizer", ["gd", "adam"])
def test_the_same_as_on_one_machine(client, batch_size, optimizer):
    how = {"data": DATA, "steps": 25, "batch_size": batch_size, "optimizer": optimizer}
    shared = dvar.train(logistic, START, cluster=client, **how)
    alone = dvar.train(logistic, START, **how)
    np.testing.assert_allclose(shared.losses, alone.losses, rtol=1e-10)
    np.testing.assert_allclose(shared.params["w"], alone.params["w"], rtol=1e-8)


def test_the_same_bits_every_time(client):
    one, other = (dvar.train(logistic, START, data=DATA, steps=8, cluster=client) for _ in range(2))
    np.testing.assert_array_equal(one.losses, other.losses)


@pytest.mark.parametrize("batch_size", [None, 100])
def test_a_killed_worker_costs_time_and_nothing_else(client, batch_size):
    killed = []

    def kill(step, loss, params):
        if step >= 10 and not killed:
            pids = client.run(os.getpid)
            killed.append(next(iter(pids.values())))
            os.kill(killed[0], signal.SIGKILL)

    how = {"data": DATA, "steps": 40, "batch_size": batch_size}
    shared = dvar.train(logistic, START, cluster=client, callback=kill, **how)
    alone = dvar.train(logistic, START, **how)
    assert killed
    np.testing.assert_allclose(shared.losses, alone.losses, rtol=1e-10)


def test_a_loss_that_is_no_mean_is_refused(client):
    def total(w, b, x, y):
        return np.sum((x @ w + b - y) ** 2)

    with pytest.raises(ReadError, match="mean over the examples"):
        dvar.train(total, START, data=DATA, steps=3, cluster=client)


def test_what_examples_do_to_each_other_shows_away_from_the_start(client):
    def normalised(w, b, x, y):
        z = x @ w
        return np.mean((z - np.mean(z) + b - y) ** 2)  # at zero weights it is a mean

    with pytest.raises(ReadError, match="mean over the examples"):
        dvar.train(normalised, START, data=DATA, steps=3, cluster=client)


def test_lbfgs_asks_the_workers(client):
    how = {"data": DATA, "steps": 9, "optimizer": "lbfgs"}
    shared = dvar.train(logistic, START, cluster=client, **how)
    alone = dvar.train(logistic, START, **how)
    np.testing.assert_allclose(shared.losses, alone.losses, rtol=1e-8)


def test_a_number_that_is_not_finite_is_blamed(client):
    def bad(w, b, x, y):
        return np.mean(np.log(x @ w + b) * y)

    with pytest.raises(dvar.training.Diverged, match="log"):
        dvar.train(bad, START, data=DATA, steps=3, cluster=client)
