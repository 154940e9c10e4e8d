"""How much memory training takes as the examples grow: ``python benchmarks/memory.py``.

Writes examples to files, trains on memory maps of them, each size and each way in a process of its own, and
prints what the process held at most beyond the maps.  Pages of the files themselves are not counted: the
system takes them back when somebody needs the room.

It needs 1.3 GB of disk and Linux, which tells the two apart.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap

SIZES = (100_000, 1_000_000, 10_000_000)
FEATURES = 30
HIDDEN = 16
# What it is called, and arguments of train.
WAYS: dict[str, dict[str, Any]] = {
    "all examples, gd": {"steps": 3},
    "all examples, lbfgs": {"steps": 3, "optimizer": "lbfgs"},
    "stream of 10,000, adam": {"epochs": 1, "optimizer": "adam"},
    "batches of 1,000, adam": {"steps": 200, "optimizer": "adam", "batch_size": 1_000},
}
AT_ONCE = 10_000


def write_examples(folder: Path, m: int) -> None:
    """``x.npy``, shape (m, FEATURES), and ``y.npy``, shape (m,), float32; never more than a part in memory."""
    x = open_memmap(folder / "x.npy", "w+", np.float32, (m, FEATURES))
    y = open_memmap(folder / "y.npy", "w+", np.float32, (m,))
    draw = np.random.default_rng(0)
    for n in range(0, m, 100_000):
        part = draw.standard_normal((min(100_000, m - n), FEATURES), np.float32)
        x[n : n + len(part)], y[n : n + len(part)] = part, part.sum(1) > 0


def loss(w: Any, b: Any, v: Any, x: Any, y: Any) -> Any:
    """The cross entropy of a network of one hidden layer."""
    z = np.tanh(x @ w + b) @ v
    return np.mean(np.logaddexp(0, z) - y * z)


def held() -> int:
    """Bytes this process holds that are no pages of files."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("RssAnon"))


class Most:
    """What was held at most, looked at a hundred times a second."""

    def __init__(self) -> None:
        self.bytes, self._ended = held(), threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Most:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(0.01):
            self.bytes = max(self.bytes, held())


def work(folder: Path, way: str) -> dict[str, float]:
    """Train in this process; what it took."""
    import dvar

    draw = np.random.default_rng(1)
    start = {
        "w": draw.normal(size=(FEATURES, HIDDEN)).astype("f4") / 5,
        "b": np.zeros(HIDDEN, "f4"),
        "v": draw.normal(size=HIDDEN).astype("f4"),
    }
    data: Any = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("x", "y")}
    if way.startswith("stream"):
        maps = data

        def data() -> Any:
            for n in range(0, len(maps["y"]), AT_ONCE):
                yield {name: a[n : n + AT_ONCE] for name, a in maps.items()}

    before = held()
    began = time.perf_counter()
    with Most() as most:
        dvar.train(loss, start, data=data, learning_rate=0.01, **WAYS[way])
    return {
        "held": most.bytes,
        "before": before,
        "seconds": time.perf_counter() - began,
    }


def main() -> None:
    print(
        f"{'way':<24} {'examples':>11} {'on disk':>9} {'held':>8} {'of it before':>13} {'time':>8}"
    )
    for m in SIZES:
        with TemporaryDirectory() as folder:
            write_examples(Path(folder), m)
            disk = sum(path.stat().st_size for path in Path(folder).iterdir())
            for way in WAYS:
                told = subprocess.run(
                    [sys.executable, __file__, folder, way], capture_output=True, check=True
                )
                took = json.loads(told.stdout)
                print(
                    f"{way:<24} {m:>11,} {disk / 1e6:>6.0f} MB {took['held'] / 1e6:>5.0f} MB "
                    f"{took['before'] / 1e6:>10.0f} MB {took['seconds']:>6.2f} s",
                    flush=True,
                )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(work(Path(sys.argv[1]), sys.argv[2])))
    else:
        main()
