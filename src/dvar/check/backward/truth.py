"""The true gradients of a forward pass: by its graph, or by differences where it has none."""

from __future__ import annotations

import copy
import functools
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dvar.check.backward.report import Counterexample
from dvar.check.backward.subject import Arrays, Subject, is_float, seeded
from dvar.core.errors import DvarError
from dvar.core.node import Node, topological
from dvar.core.op import Array, constant
from dvar.derive.sweep import pull
from dvar.derive.tidy import tidy
from dvar.engine.reference import evaluate_into
from dvar.read.trace import containers
from dvar.read.trace.trace import Traced, trace
from dvar.write.notation import text

GRADIENT_OF = "the gradient of "
STEP = 1e-5
"""Relative step of central differences: the cube root of the precision, near enough."""


@dataclass
class Truth:
    """What is true of a forward pass at some inputs.

    Attributes:
        gradients: by input.
        by_graph: whether the forward pass was differentiated by its graph.
        known: values in the forward pass and upstream gradients of them, with what they are in words.
        formulas: the gradients as formulas.
    """

    gradients: Arrays
    by_graph: bool
    known: list[tuple[str, Array]] = field(default_factory=list)
    formulas: dict[str, str] = field(default_factory=dict)


def truth_of(subject: Subject, inputs: Mapping[str, Any], upstreams: Sequence[Any]) -> Truth:
    """The gradients of the results, weighted with the upstream gradients, by every input of floats."""
    with suppress(Exception):  # the user's function cannot always be followed; numbers can
        return _by_graph(subject, inputs, upstreams)
    return Truth(by_differences(subject, inputs, upstreams), by_graph=False)


def _by_graph(subject: Subject, inputs: Mapping[str, Any], upstreams: Sequence[Any]) -> Truth:
    # Settings are passed on as they are: a stride is a number and no array.
    program = functools.partial(subject.forward, **copy.deepcopy(subject.fixed))
    with seeded():
        traced = trace(program, **inputs)
    graph = traced.graph
    roots = _outputs(subject, traced)
    seeds = {
        root: constant(np.asarray(g, root.dtype).reshape(np.shape(g)))
        for root, g in zip(roots, upstreams, strict=True)
    }
    wrt = [n for name, n in graph.inputs.items() if name in inputs and is_float(inputs[name])]
    inner = [n for n in topological(roots) if n.is_float and n.inputs]
    found = pull(seeds, [*wrt, *inner])
    env = {n: np.asarray(graph.values[name], n.dtype) for name, n in graph.inputs.items()}
    adjoints = found.gradients
    evaluate_into(env, [*roots, *adjoints.values(), *inner], {})
    gradients, formulas = {}, {}
    labels = dict(graph.labels)
    for seed, word in zip(seeds.values(), ("dout", "dout2", "dout3"), strict=False):
        labels[seed] = word
    for name, node in graph.inputs.items():
        if node in wrt:
            here = adjoints.get(node)
            gradients[name] = np.zeros(env[node].shape) if here is None else env[here]
            if here is not None:
                try:
                    formulas[name] = text(tidy(here, labels), labels)
                except DvarError:
                    continue
    named = dict(graph.labels)
    known = [(named.get(n, "a value of the forward pass"), env[n]) for n in (*wrt, *inner)]
    known += [
        (f"{GRADIENT_OF}{named.get(n, 'a value of the forward pass')}", env[a])
        for n, a in adjoints.items()
        if a in env
    ]
    known += [("a share of a gradient", env[e.share]) for e in found.edges if e.share in env]
    return Truth(gradients, True, known, formulas)


def _outputs(subject: Subject, traced: Traced) -> list[Node]:
    """The nodes of the results, without what is kept."""
    filled = traced.like_result(traced.graph.outputs)
    outputs, _ = subject.split(filled)
    found = [leaf for leaf in containers.leaves(outputs) if isinstance(leaf, Node)]
    if len(found) != len(outputs):
        raise DvarError("a result is no array")
    return found


def by_differences(subject: Subject, inputs: Mapping[str, Any], upstreams: Sequence[Any]) -> Arrays:
    """The gradients by every input of floats, element by element; raises whatever the forward pass raises."""
    found: Arrays = {}
    for name, x in inputs.items():
        if is_float(x):
            gradient = np.zeros(np.shape(x))
            for place in np.ndindex(*gradient.shape):
                gradient[place] = by_difference(subject, inputs, upstreams, name, place)
            found[name] = gradient
    return found


def by_difference(
    subject: Subject,
    inputs: Mapping[str, Any],
    upstreams: Sequence[Any],
    name: str,
    place: tuple[int, ...],
) -> float:
    """One element of a gradient: central differences, twice, so that the error of the first order cancels."""
    x = np.asarray(inputs[name])
    step = 50 * STEP * max(1.0, abs(float(x[place])))

    def total(move: float) -> float:
        moved = x.astype(np.float64)
        moved[place] += move
        outputs = subject.results({**inputs, name: moved if x.ndim else moved[()]})
        pairs = zip(upstreams, outputs, strict=True)
        return float(sum(np.sum(np.asarray(g) * np.asarray(y)) for g, y in pairs))

    whole, half = ((total(h) - total(-h)) / (2 * h) for h in (step, step / 2))
    return (4 * half - whole) / 3


def counterexample(
    subject: Subject,
    inputs: Mapping[str, Any],
    upstreams: Sequence[Any],
    name: str,
    returned: Any,
    truth: Truth,
) -> Counterexample | None:
    """The element of a gradient that is wrong the most; None if the forward pass cannot be run beside it."""
    given = np.asarray(returned, np.float64)
    due = np.asarray(truth.gradients[name], np.float64)
    off = np.nan_to_num(np.abs(given - due), nan=np.inf)
    place = tuple(map(int, np.unravel_index(np.argmax(off), off.shape)))
    with np.errstate(all="ignore"), suppress(Exception):  # the user's function may raise anything
        slope = by_difference(subject, inputs, upstreams, name, place)
        return Counterexample(place, float(given[place]), float(due[place]), slope)
    return None
