"""``python -m benchmarks.gradbench.peers SYSTEM``: other systems as tools that answer GradBench's messages.

``jax`` and ``autograd`` run the very functions of ``evals``, with their own NumPy and transformations put into these
modules.  ``suite TOOL CHECKOUT`` runs a tool of the suite in Python (``pytorch``, ``jax``) and ``manual CHECKOUT``
its hand-written C++; the suite's own driver does not wait for what JAX computes beside it, this one does.  Every first
call, which may compile, counts as preparation.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks.gradbench import descent, protocol, work

SYSTEMS = ("jax", "autograd", "suite", "manual")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gradbench.peers")
    parser.add_argument("system", choices=SYSTEMS)
    parser.add_argument("rest", nargs="*", help="for suite: TOOL CHECKOUT; for manual: CHECKOUT")
    parser.add_argument("--multithreaded", action="store_true")
    options = parser.parse_args()
    out, sys.stdout = sys.stdout, sys.stderr
    threads = (os.cpu_count() or 1) if options.multithreaded else 1
    if threads == 1:
        # JAX counts the processors; NumPy's and PyTorch's libraries read the number.
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-1:])
        os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    match options.system:
        case "suite":
            answer = _suite(*options.rest, threads=threads)
        case "manual":
            answer = _manual(*options.rest, threads=threads)
        case system:
            put_in = {"jax": _jax, "autograd": _autograd}[system]()

            def answer(message: Mapping[str, Any]) -> dict[str, Any]:
                if message["kind"] == "define":
                    with suppress(ImportError):
                        put_in(import_module(f"benchmarks.gradbench.evals.{message['module']}"))
                return protocol.answer(message, threads)

    for line in sys.stdin:
        message = json.loads(line)
        print(json.dumps({"id": message["id"], **answer(message)}), file=out, flush=True)


# ── the functions of evals in another system ────────────────────────────────────────────────────


def _into(numpy: Any, transformations: Any, run: Callable[..., Any]) -> Callable[[Any], None]:
    """What puts another system into a module of ``evals``."""

    def compiled(function: Any, *args: Any, threads: int, answer: Any = None) -> work.Work:
        call = run(function, args)
        call()
        return work.Work(call, answer or work.plain)

    def put_in(module: Any) -> None:
        for changed in (module, descent):
            changed.np, changed.dvar, changed.compiled = numpy, transformations, compiled

    return put_in


def _jax() -> Callable[[Any], None]:
    import jax

    jax.config.update("jax_enable_x64", True)

    def run(function: Any, args: Any) -> Callable[[], Any]:
        program = jax.jit(function)
        return lambda: jax.block_until_ready(program(*args))

    transformations = SimpleNamespace(
        grad=jax.grad,
        jvp=jax.jvp,
        vmap=jax.vmap,
        jacrev=jax.jacrev,
        jacfwd=jax.jacfwd,
        scan=jax.lax.scan,
        while_loop=jax.lax.while_loop,
        elementwise_grad=lambda f: jax.vmap(jax.grad(f)),
    )
    return _into(jax.numpy, transformations, run)


def _autograd() -> Callable[[Any], None]:
    import autograd
    import autograd.numpy as numpy
    from autograd.differential_operators import make_jvp_reversemode

    def jvp(f: Any, at: Any, along: Any) -> Any:
        return f(*at), make_jvp_reversemode(f)(*at)(*along)

    def scan(step: Any, carry: Any, xs: Any = None, length: int | None = None) -> Any:
        given = []
        for n in range(len(xs[0]) if length is None else length):
            carry, made = step(carry, None if xs is None else tuple(x[n] for x in xs))
            given.append(made)
        return carry, None if given[0] is None else numpy.stack(given)

    def while_loop(test: Any, step: Any, state: Any) -> Any:
        while test(state):
            state = step(state)
        return state

    transformations = SimpleNamespace(
        grad=autograd.grad, jvp=jvp, jacfwd=autograd.jacobian, scan=scan, while_loop=while_loop
    )
    return _into(numpy, transformations, lambda function, args: lambda: function(*args))


# ── tools of the suite ──────────────────────────────────────────────────────────────────────────


def _suite(tool: str, checkout: str, *, threads: int) -> Callable[[Mapping[str, Any]], Any]:
    package = Path(checkout) / "python" / "gradbench"
    sys.path[:0] = [str(package), str(package / "gradbench" / "tools" / tool)]
    wait = lambda result: result  # noqa: E731
    if tool == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
        wait = jax.block_until_ready
    if tool == "pytorch":
        import torch

        torch.set_num_threads(threads)
    wrap = import_module("gradbench.wrap")

    def multiple_runs(*, pre: Any, post: Any, **_: Any) -> Any:
        def decorated(function: Any) -> Any:
            def wrapped(given: Any) -> dict[str, Any]:
                prepared = pre(given)
                before = time.perf_counter_ns()
                wait(function(prepared))
                first = time.perf_counter_ns() - before
                of = work.Work(lambda: wait(function(prepared)), post)
                result, taken = work.timed(of, given["min_runs"], given["min_seconds"])
                timings = [("prepare", first), *(("evaluate", n) for n in taken)]
                return {
                    "success": True,
                    "output": post(result),
                    "timings": [{"name": name, "nanoseconds": n} for name, n in timings],
                }

            return wrap.Wrapped(function=function, wrapped=wrapped)

        return decorated

    wrap.multiple_runs = multiple_runs

    def answer(message: Mapping[str, Any]) -> dict[str, Any]:
        try:
            match message["kind"]:
                case "define":
                    import_module(message["module"])
                    return {"success": True}
                case "evaluate":
                    function = getattr(import_module(message["module"]), message["function"])
                    done: dict[str, Any] = function.wrapped(message["input"])
                    return done
        except Exception as error:
            return {"success": False, "error": f"{type(error).__name__}: {error}"}
        return {}

    return answer


def _manual(checkout: str, *, threads: int) -> Callable[[Mapping[str, Any]], Any]:
    os.chdir(checkout)
    sys.path[:0] = [str(Path("python", "gradbench").absolute())]
    cpp = import_module("gradbench.cpp")
    args = argparse.Namespace(tool="manual", multithreaded=threads > 1)

    def answer(message: Mapping[str, Any]) -> dict[str, Any]:
        match message["kind"]:
            case "define":
                if Path("tools/manual/bin", message["module"]).exists():
                    return {"success": True}
                done: dict[str, Any] = cpp.define(args=args, module=message["module"])
                return done
            case "evaluate":
                fields = {name: message[name] for name in ("module", "function", "input")}
                evaluated: dict[str, Any] = cpp.evaluate(tool="manual", **fields)
                return evaluated
        return {}

    return answer


if __name__ == "__main__":
    main()
