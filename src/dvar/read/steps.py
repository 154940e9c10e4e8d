"""Recursion without Python's stack, so that a deep formula is no RecursionError.

A step is a generator that yields the steps it needs and is sent their results.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")
Step: TypeAlias = "Generator[Step[Any], Any, T]"


def run(step: Step[T]) -> T:
    """The result of a step and of all the steps it asks for."""
    stack: list[Step[Any]] = [step]
    result: Any = None
    error: BaseException | None = None
    while stack:
        try:
            asked = stack[-1].send(result) if error is None else stack[-1].throw(error)
        except StopIteration as stop:
            stack.pop()
            result, error = stop.value, None
        except Exception as raised:
            stack.pop()
            if not stack:
                raise
            result, error = None, raised
        else:
            stack.append(asked)
            result, error = None, None
    answer: T = result
    return answer
