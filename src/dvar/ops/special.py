"""Rows of functions that SciPy calls special: the gamma function and its logarithm, the normal distribution, logits."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dvar.core.errors import ReadError
from dvar.core.node import Node, operators
from dvar.core.op import (
    NONZERO,
    POSITIVE,
    REALS,
    Array,
    Domain,
    Edge,
    Notation,
    Op,
    Partials,
    as_nodes,
    number,
)
from dvar.ops.elementwise import as_float, exp, log, sqrt, unary

INSIDE_UNIT = Domain(
    "0 < {0} < 1", lambda x: (x > 0) & (x < 1), lambda r, s: r.uniform(0.1, 0.9, s)
)
# Next to a pole no difference quotient can be trusted.
OFF_ZERO = Domain("", NONZERO.contains, lambda r, s: r.uniform(0.6, 3.0, s))


def _of_scipy(name: str) -> Callable[..., Any]:
    """A function of SciPy, which is loaded when it is first computed."""

    def forward(*arrays: Array) -> Any:
        import scipy.special

        return getattr(scipy.special, name)(*arrays)

    return forward


def _gammaln(x: Array) -> Any:
    from scipy.special import gammaln, loggamma

    return loggamma(x) if np.iscomplexobj(x) else gammaln(x)


def _density(x: Node) -> Node:
    """The density of the standard normal distribution."""
    return exp(-(x**2) / 2) / sqrt(as_float(2 * math.pi, x))


# fmt: off
gammaln = unary("gammaln", _gammaln, lambda out, x: digamma(x), r"\log\Gamma", OFF_ZERO,
    aliases=("lgamma",), numpy=("scipy.special.gammaln",), edges=(Edge((1.0,), 0.0, (-float(np.euler_gamma),)),), source="DLMF 5.2.2")
gamma_function = unary("gamma_function", _of_scipy("gamma"), lambda out, x: out * digamma(x), r"\Gamma", OFF_ZERO,
    numpy=("scipy.special.gamma",), edges=(Edge((1.0,), 1.0, (-float(np.euler_gamma),)),), source="DLMF 5.2.1 and 5.2.2")
digamma: Op = unary("digamma", _of_scipy("digamma"), lambda out, x: polygamma(1, x), r"\psi", OFF_ZERO,
    numpy=("scipy.special.digamma", "scipy.special.psi"), source="DLMF 5.2.2 and 5.15.1")
erfc = unary("erfc", _of_scipy("erfc"), lambda out, x: -2 / sqrt(as_float(math.pi, out)) * exp(-(x**2)), r"\operatorname{{erfc}}\left({0}\right)", REALS,
    numpy=("scipy.special.erfc",), edges=(Edge((0.0,), 1.0, (-2.0 / math.sqrt(math.pi),)),), source="DLMF 7.2.2")
erfinv = unary("erfinv", _of_scipy("erfinv"), lambda out, x: sqrt(as_float(math.pi, out)) / 2 * exp(out**2), r"\operatorname{{erf}}^{{-1}}\left({0}\right)",
    Domain("-1 < {0} < 1", lambda x: np.abs(x) < 1, lambda r, s: r.uniform(-0.8, 0.8, s)),
    numpy=("scipy.special.erfinv",), edges=(Edge((0.0,), 0.0, (math.sqrt(math.pi) / 2,)),), source="DLMF 7.17.1, the inverse function's derivative")
ndtr = unary("ndtr", _of_scipy("ndtr"), lambda out, x: _density(x), r"\Phi", REALS,
    numpy=("scipy.special.ndtr",), edges=(Edge((0.0,), 0.5, (1.0 / math.sqrt(2 * math.pi),)),), source="DLMF 7.18.1; the normal distribution function")
log_ndtr = unary("log_ndtr", _of_scipy("log_ndtr"), lambda out, x: exp(-(x**2) / 2 - out) / sqrt(as_float(2 * math.pi, x)), r"\log\Phi", REALS,
    numpy=("scipy.special.log_ndtr",), source="ndtr")
logit = unary("logit", lambda x: np.log(x) - np.log1p(-x), lambda out, x: 1 / (x * (1 - x)), r"\operatorname{{logit}}\left({0}\right)", INSIDE_UNIT,
    expand=lambda x: log(x / (1 - x)), numpy=("scipy.special.logit",), edges=(Edge((0.5,), 0.0, (4.0,)),), source="the inverse of the logistic function")
entr = unary("entr", _of_scipy("entr"), lambda out, x: -log(x) - 1, r"\operatorname{{entr}}\left({0}\right)", POSITIVE,
    expand=lambda x: -x * log(x), numpy=("scipy.special.entr",), edges=(Edge((1.0,), 0.0, (-1.0,)),), source="Boyd & Vandenberghe, Convex Optimization, section 3.1.5")
# fmt: on

xlogy = Op(
    "xlogy", "... , ... -> ...", _of_scipy("xlogy"), Partials(lambda out, x, y: (log(y), x / y)),
    expand=lambda x, y: x * log(y), notation=Notation(None, r"{0} \log {1}"), dtype="float",
    domain=(POSITIVE, POSITIVE), edges=(Edge((0.0, 1.0), 0.0, (0.0, 0.0)),), numpy=("scipy.special.xlogy",),
    native=lambda m, x, y: x.compare("==", 0).select(x, x * m.log(y)), source="product rule; 0 where x is 0",
)  # fmt: skip

operators["xlogy"] = xlogy


def _build_polygamma(op: Op, n: Any, x: Any) -> Node:
    """SciPy's ``polygamma(n, x)``: derivative ``n`` of digamma."""
    (x,) = as_nodes([x])
    order = number(n) if isinstance(n, Node) else n
    if not isinstance(order, (int, float)) or order < 0 or order != int(order):
        raise ReadError("polygamma: n is the number of a derivative", hint="polygamma(1, x)")
    return op.node(x, n=int(order)) if order else digamma(x)


def _polygamma(x: Array, n: int) -> Any:
    from scipy.special import polygamma

    return np.asarray(polygamma(n, x), x.dtype)  # SciPy computes in double precision


def _polygamma_text(operands: Sequence[str], node: Node) -> str:
    return f"polygamma({node.param('n')}, {operands[0]})"


def _polygamma_latex(operands: Sequence[str], node: Node) -> str:
    return rf"\psi^{{({node.param('n')})}}\left({operands[0]}\right)"


polygamma: Op = Op(
    "polygamma", lambda shapes, n: "... -> ...", _polygamma, Partials(lambda out, x, n: (polygamma(n + 1, x),)), _build_polygamma,
    notation=Notation(_polygamma_text, _polygamma_latex), dtype="float", domain=(OFF_ZERO,),
    numpy=("scipy.special.polygamma",), source="DLMF 5.15.1",
)  # fmt: skip


def _build_betaln(op: Op, a: Any, b: Any) -> Node:
    """SciPy's ``betaln``: the logarithm of the beta function."""
    a, b = as_nodes([a, b])
    return gammaln(a) + gammaln(b) - gammaln(a + b)


betaln = Op(
    "betaln", "...", _of_scipy("betaln"), build=_build_betaln, source="DLMF 5.12.1", numpy=("scipy.special.betaln",),
)  # fmt: skip
