"""A function of PyTorch tensors, followed with our arrays."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from dvar.core.errors import TraceError
from dvar.read.frameworks.elementwise import ELEMENTWISE, erf, sigmoid
from dvar.read.frameworks.replay import Lane, Operation, entering, number, replay


def follow(function: Callable[..., Any], arguments: Sequence[Any]) -> list[Any]:
    """What a function of tensors returns, as traced arrays.

    Args:
        function: tensors → a tensor or a tuple of tensors.
        arguments: arrays, traced or not.

    Raises:
        TraceError: it uses an operation that is not known.
    """
    import torch
    from torch.fx import Node
    from torch.fx.experimental.proxy_tensor import make_fx
    from torch.fx.node import map_arg

    tensors = [tensor(number(x)) for x in arguments]
    pure = torch.func.functionalize(function, remove="mutations_and_views")
    with torch.no_grad():
        module = make_fx(pure, _simpler())(*[t.clone() for t in tensors])
        lanes: dict[Node, Lane] = {}
        waiting = iter(zip(tensors, arguments, strict=True))
        for node in module.graph.nodes:
            if node.op == "placeholder":
                lanes[node] = entering(*next(waiting))
            elif node.op == "get_attr":
                lanes[node] = Lane(getattr(module, node.target))
            elif node.op == "output":
                returned = node.args[0]
                nodes = returned if isinstance(returned, (tuple, list)) else [returned]
                return [_result(lanes[n]) for n in nodes if isinstance(n, Node)]
            else:
                args, kwargs = map_arg((node.args, node.kwargs), lanes.__getitem__)
                lanes[node] = _step(node.target, args, kwargs)
    return []


@cache
def _simpler() -> Any:
    """How PyTorch says its many operations by some that are enough."""
    import torch

    return torch._decomp.core_aten_decompositions()


def tensor(x: Any) -> Any:
    """An array as a tensor of its own memory."""
    import torch

    return torch.from_numpy(np.array(x))


def _result(lane: Lane) -> Any:
    return lane.concrete.numpy() if lane.traced is None else lane.traced


def _step(target: Any, args: Any, kwargs: Any) -> Lane:
    if target is operator.getitem:
        lane, n = args
        follows = lane.traced is not None and n < len(lane.traced)
        return Lane(lane.concrete[n], lane.traced[n] if follows else None)
    name = target._schema.name.removeprefix("aten::").removesuffix("_copy")
    rules = {name: _plain(RULES[name])} if name in RULES else {}
    return replay(Operation(name, target, args, kwargs), rules, MOVES, tensor)


def _plain(rule: Callable[..., Any]) -> Callable[..., Any]:
    """The rule without the arguments that say where a result lies and how exact it is."""

    def called(*args: Any, **kwargs: Any) -> Any:
        return rule(*args, **{k: v for k, v in kwargs.items() if k not in _STORAGE})

    return called


_STORAGE = ("dtype", "layout", "device", "pin_memory", "memory_format", "non_blocking")
MOVES = frozenset(
    [
        "slice",
        "select",
        "index",
        "gather",
        "embedding",
        "flip",
        "roll",
        "cat",
        "stack",
        "split",
        "split_with_sizes",
        "unbind",
        "constant_pad_nd",
        "diagonal",
        "tril",
        "triu",
        "as_strided",
        "index_select",
        "repeat",
        "narrow",
        "unfold",
        "lift_fresh",
        "detach_",
        "expand_as",
    ]
)


def _axes(dim: Any) -> Any:
    return (
        tuple(dim) if isinstance(dim, (list, tuple)) and dim else None if dim in ((), []) else dim
    )


def _variance(x: Any, dim: Any = None, correction: Any = 1, keepdim: bool = False) -> Any:
    axis = _axes(dim)
    off = x - np.mean(x, axis=axis, keepdims=True)
    count = x.size if axis is None else int(np.prod([x.shape[n] for n in np.atleast_1d(axis)]))
    return np.sum(off * off, axis=axis, keepdims=keepdim) / (
        count - (1 if correction is None else correction)
    )


def _softmax(x: Any, dim: int, _: bool = False) -> Any:
    e = np.exp(x - np.max(number(x), axis=dim, keepdims=True))
    return e / np.sum(e, axis=dim, keepdims=True)


def _log_softmax(x: Any, dim: int, _: bool = False) -> Any:
    shifted = x - np.max(number(x), axis=dim, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=dim, keepdims=True))


def _gelu(x: Any, approximate: str = "none") -> Any:
    if approximate == "tanh":
        return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * (1 + erf(x / np.sqrt(2.0)))


def _layer_norm(x: Any, shape: Any, weight: Any, bias: Any, eps: float) -> Any:
    axes = tuple(range(-len(shape), 0))
    off = x - np.mean(x, axis=axes, keepdims=True)
    inverse = 1 / np.sqrt(np.mean(off * off, axis=axes, keepdims=True) + eps)
    y = off * inverse
    y = y if weight is None else y * weight
    return (y if bias is None else y + bias,)


def _expanded(x: Any, sizes: Any, implicit: bool = False) -> Any:
    shape = (1,) * (len(sizes) - np.ndim(x)) + tuple(x.shape)
    return np.broadcast_to(x, tuple(n if s == -1 else s for n, s in zip(shape, sizes, strict=True)))


def _squeezed(x: Any, dim: Any = None) -> Any:
    axes = range(x.ndim) if dim is None else [dim] if isinstance(dim, int) else dim
    drop = {n % x.ndim for n in axes if x.shape[n] == 1} if x.ndim else set()
    return np.reshape(x, tuple(s for n, s in enumerate(x.shape) if n not in drop))


def _clamped(x: Any, low: Any = None, high: Any = None) -> Any:
    x = x if low is None else np.maximum(x, low)
    return x if high is None else np.minimum(x, high)


def _convolution(
    x: Any,
    w: Any,
    bias: Any,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    _: Sequence[int],
    groups: int,
) -> Any:
    """A product for every place of the kernel, with the part of the input that it meets there."""
    if transposed or groups != 1:
        raise TraceError("transposed convolutions and convolutions in groups are not followed")
    for axis, width in enumerate(padding, 2):
        if width:
            edge = np.zeros((*x.shape[:axis], width, *x.shape[axis + 1 :]))
            x = np.concatenate([edge, x, edge], axis=axis)
    kernel = w.shape[2:]
    axes = list(zip(x.shape[2:], kernel, stride, dilation, strict=True))
    counts = [(size - step * (k - 1) - 1) // jump + 1 for size, k, jump, step in axes]
    places = "ijk"[: len(kernel)]
    total: Any = 0.0
    for place in np.ndindex(*kernel):
        starts = [at * step for at, (*_rest, step) in zip(place, axes, strict=True)]
        window = x[
            (
                slice(None),
                slice(None),
                *[
                    slice(start, start + (count - 1) * jump + 1, jump)
                    for start, count, jump in zip(starts, counts, stride, strict=True)
                ],
            )
        ]
        weights = w[(slice(None), slice(None), *place)]
        total = total + np.einsum(f"nc{places},fc->nf{places}", window, weights)
    return total if bias is None else total + np.reshape(bias, (-1, *[1] * len(kernel)))


def _largest(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """The largest element; along an axis, PyTorch returns its position too, which is not followed."""
    return np.max(x) if dim is None else (np.max(x, axis=dim, keepdims=keepdim),)


def _pooled(x: Any, *settings: Any) -> Any:
    """The largest of each window; where they are, PyTorch says."""
    import torch

    places = torch.ops.aten.max_pool2d_with_indices(tensor(number(x)), *settings)[1].numpy()
    flat = np.reshape(x, (-1, x.shape[-2] * x.shape[-1]))
    rows = np.arange(flat.shape[0])[:, None]
    found = flat[rows, places.reshape(flat.shape[0], -1)]
    return (np.reshape(found, places.shape),)


def _swapped(x: Any, a: int, b: int) -> Any:
    return np.swapaxes(x, a, b)


def _scaled(x: Any, alpha: Any) -> Any:
    return x if alpha == 1 else alpha * x


RULES: dict[str, Callable[..., Any]] = {
    **ELEMENTWISE,
    # of each element
    "log2": np.log2,
    "log10": np.log10,
    "reciprocal": lambda x: 1 / x,
    "sigmoid": sigmoid,
    "relu": lambda x: np.maximum(x, 0.0),
    "gelu": _gelu,
    "leaky_relu": lambda x, slope=0.01: np.where(x > 0, x, slope * x),
    "clamp": _clamped,
    "clamp_min": _clamped,
    "clamp_max": lambda x, high: np.minimum(x, high),
    "hardtanh": lambda x, low=-1.0, high=1.0: _clamped(x, low, high),
    # of two
    "add": lambda a, b, alpha=1: a + _scaled(b, alpha),
    "sub": lambda a, b, alpha=1: a - _scaled(b, alpha),
    "rsub": lambda a, b, alpha=1: b - _scaled(a, alpha),
    "maximum": np.maximum,
    "minimum": np.minimum,
    "where": np.where,
    "masked_fill": lambda x, mask, value: np.where(mask, value, x),
    # sums and the like
    "sum": lambda x, dim=None, keepdim=False: np.sum(x, axis=_axes(dim), keepdims=keepdim),
    "mean": lambda x, dim=None, keepdim=False: np.mean(x, axis=_axes(dim), keepdims=keepdim),
    "amax": lambda x, dim=None, keepdim=False: np.max(x, axis=_axes(dim), keepdims=keepdim),
    "amin": lambda x, dim=None, keepdim=False: np.min(x, axis=_axes(dim), keepdims=keepdim),
    "max": _largest,
    "var": _variance,
    "cumsum": lambda x, dim: np.cumsum(x, axis=dim),
    "_softmax": _softmax,
    "_log_softmax": _log_softmax,
    "native_layer_norm": _layer_norm,
    # products
    "mm": lambda a, b: a @ b,
    "bmm": lambda a, b: a @ b,
    "mv": lambda a, b: a @ b,
    "dot": lambda a, b: a @ b,
    "convolution": _convolution,
    "max_pool2d_with_indices": _pooled,
    "addmm": lambda c, a, b, beta=1, alpha=1: _scaled(c, beta) + _scaled(a @ b, alpha),
    # moves that have names of their own
    "permute": lambda x, axes: np.transpose(x, tuple(axes)),
    "transpose": _swapped,
    "t": lambda x: x.T,
    "view": lambda x, shape: np.reshape(x, tuple(shape)),
    "_unsafe_view": lambda x, shape: np.reshape(x, tuple(shape)),
    "reshape": lambda x, shape: np.reshape(x, tuple(shape)),
    "expand": _expanded,
    "unsqueeze": lambda x, dim: np.expand_dims(x, dim),
    "squeeze": _squeezed,
    # nothing at all
    "clone": lambda x: x,
    "alias": lambda x: x,
    "detach": lambda x: x,
    "contiguous": lambda x: x,
    "_to": lambda x: x,
    "to": lambda x: x,
    "copy_": lambda x, y: np.broadcast_to(y, x.shape),
    "copy": lambda x, y: np.broadcast_to(y, x.shape),
    "fill": lambda x, value: np.broadcast_to(np.asarray(value, float), x.shape),
}  # fmt: skip
