"""This computer's LLVM: what its vectors hold, and modules turned into machine code."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import llvmlite.binding as llvm

from dvar.engine.native.cache import cached
from dvar.engine.native.lanes import Value


def _new_target() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features()
    # Otherwise LLVM keeps to half of a 512-bit register.
    text = features.flatten() + (",-prefer-256-bit" if features.get("avx512f") else "")
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=text, opt=3, jit=True
    )


@lru_cache(maxsize=1)
def _target() -> Any:
    return _new_target()


@lru_cache(maxsize=1)
def vector_bytes() -> int:
    """How many bytes a vector register holds."""
    features = llvm.get_host_cpu_features()
    return 64 if features.get("avx512f") else 32 if features.get("avx2") else 16


@lru_cache(maxsize=1)
def signature() -> str:
    """What machine code depends on beside the module."""
    from llvmlite import __version__

    features = llvm.get_host_cpu_features().flatten()
    return f"{llvm.get_host_cpu_name()} {features} {_target().triple} {__version__}"


def object_code(module: Value) -> bytes:
    """A module, optimised and compiled; from the disk if that was done before."""
    text = str(module)
    return cached(f"{signature()}\n{text}", lambda: _compiled(text))


def _compiled(text: str) -> bytes:
    parsed = llvm.parse_assembly(text)
    parsed.verify()
    parsed.triple = _target().triple
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = options.slp_vectorization = False
    builder = llvm.create_pass_builder(_target(), options)
    builder.getModulePassManager().run(parsed, builder)
    done: bytes = _target().emit_object(parsed)
    return done


class Loaded:
    """Machine code in memory; it stays there as long as this lives."""

    def __init__(self, code: bytes) -> None:
        self._engine = llvm.create_mcjit_compiler(
            llvm.parse_assembly(""), _new_target()
        )  # which it will own
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Where a function begins."""
        found: int = self._engine.get_function_address(name)
        return found
