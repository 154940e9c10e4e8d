"""Random graphs: what Hypothesis draws."""

import numpy as np
from hypothesis import strategies as st

from dvar.core.op import constant, variable
from dvar.ops import TABLE

SHAPES = [(), (3,), (2, 3), (3, 2), (2, 1)]
_UNARY = [name for name in ("sin", "cos", "exp", "tanh", "negative") if name in TABLE]
_BINARY = ["add", "subtract", "multiply", "divide"]


@st.composite
def graphs(draw, max_gates=9):
    """A random scalar graph over a few inputs: ``(root, {variable: array})``.

    Every gate is kept near zero to one in size, so that rounding stays small: products of products
    would overflow, and a quotient stays away from zero.
    """
    shapes = draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=4))
    inputs = [variable(f"x{n}", shape) for n, shape in enumerate(shapes)]
    generator = np.random.default_rng(draw(st.integers(0, 2**16)))
    arrays = {x: generator.uniform(-1.5, 1.5, x.shape) for x in inputs}
    nodes = list(inputs)
    for _ in range(draw(st.integers(1, max_gates))):
        x = draw(st.sampled_from(nodes))
        nodes.append(draw(st.sampled_from(_gates(x, nodes, generator)))())
    # Everything is used, so that no gate is drawn in vain.
    root = constant(0.0)
    for node in nodes[::-1][:4]:
        root = root + (TABLE["sum"](node) if node.ndim else node)
    return root, arrays


def _gates(x, nodes, generator):
    """What can be applied to ``x``: functions that make the new node."""
    gates = [lambda name=name: TABLE[name](x) for name in _UNARY if name != "exp"]
    if "exp" in _UNARY and "tanh" in _UNARY:
        gates.append(lambda: TABLE["exp"](TABLE["tanh"](x)))
    gates += [lambda: x * round(generator.normal(), 3), lambda: (x * x + 1.0) ** -1]
    for y in nodes:
        if _broadcast(x, y):
            gates += [lambda y=y, op=op: _binary(op, x, y) for op in _BINARY]
        if x.ndim and y.ndim and x.shape[-1] == y.shape[-2 if y.ndim > 1 else 0]:
            gates.append(lambda y=y: TABLE["matmul"](x, y) * 0.3)
    if x.ndim:
        gates += [
            lambda: TABLE["sum"](x, axis=0),
            lambda: TABLE["sum"](x, axis=-1, keepdims=True),
            lambda: TABLE["transpose"](x),
            lambda: TABLE["reshape"](x, (-1,)),
        ]
    return gates


def _binary(name, x, y):
    if name == "divide":
        return x / (y * y + 1.0)
    return x * y * 0.5 if name == "multiply" else TABLE[name](x, y)


def _broadcast(x, y):
    try:
        np.broadcast_shapes(x.shape, y.shape)
    except ValueError:
        return False
    return True
