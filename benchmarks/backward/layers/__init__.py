"""Layers with right backward passes, and arrays to try them with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent


class Layer(NamedTuple):
    """A layer of one of the files here.

    Attributes:
        file: its name without the ending.
        name: of the layer; a pair ``NAME_forward`` and ``NAME_backward``, or one thing of that name.
        shapes: of the inputs in order, or ``LABELS``.
        between: whether inputs lie between 0 and 1, as targets that are probabilities.
    """

    file: str
    name: str
    shapes: tuple[tuple[int, ...] | str, ...]
    between: bool = False

    @property
    def path(self) -> Path:
        return HERE / f"{self.file}.py"


LABELS = "labels"
"""Four whole numbers, as classes of four examples."""

_ROWS = (4, 3)
LAYERS = (
    Layer("dense", "affine", (_ROWS, (3, 5), (5,))),
    Layer("dense", "relu", (_ROWS,)),
    Layer("dense", "leaky", (_ROWS,)),
    Layer("dense", "sigmoid", (_ROWS,)),
    Layer("dense", "two_layers", (_ROWS, (3, 5), (5,), (5, 2), (2,))),
    Layer("dense", "softmax", (_ROWS,)),
    Layer("dense", "cross_entropy", (_ROWS, LABELS)),
    Layer("dense", "mse", (_ROWS, _ROWS)),
    Layer("dense", "bce", (_ROWS, (3,), (), (4,)), between=True),
    Layer("dense", "dropout", (_ROWS,)),
    Layer("dense", "gelu", (_ROWS,)),
    Layer("dense", "swiglu", (_ROWS, (3, 5), (3, 5))),
    Layer("norms", "batchnorm", (_ROWS, (3,), (3,))),
    Layer("norms", "staged_batchnorm", (_ROWS, (3,), (3,))),
    Layer("norms", "layernorm", (_ROWS, (3,), (3,))),
    Layer("norms", "rmsnorm", (_ROWS, (3,))),
    Layer("norms", "l2norm", (_ROWS,)),
    Layer("sequences", "conv1d", ((4, 7), (5, 3), (5,))),
    Layer("sequences", "maxpool", ((4, 6),)),
    Layer("sequences", "embedding", (LABELS, (2, 3))),
    Layer("sequences", "attention", ((4, 3), (5, 3), (5, 2))),
    Layer("sequences", "rnn_step", (_ROWS, (4, 5), (3, 5), (5, 5), (5,))),
    Layer("sequences", "lstm_step", (_ROWS, (4, 2), (4, 2), (3, 8), (2, 8), (8,))),
    Layer("sequences", "rnn", ((4, 3, 2), (4, 5), (2, 5), (5, 5))),
    Layer("sequences", "bilinear", (_ROWS, (3, 5, 2), (4, 5))),
)


def layers(names: tuple[str, ...] = ()) -> Iterator[Layer]:
    """The layers, or those that are named."""
    yield from (layer for layer in LAYERS if not names or layer.name in names)
