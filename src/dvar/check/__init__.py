"""Judging: worked derivations, laws for rows, and later hand-written backward passes.

``dvar.check("notes.md")`` judges a worked derivation; see ``dvar.check.worksheet.check``.
"""

from __future__ import annotations

import os
import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dvar.check.report import Report


class _Check(ModuleType):
    """This package.  Calling it checks a worksheet, although it is a package too."""

    def __call__(self, source: str | os.PathLike[str], *, file: str | None = None) -> Report:
        """Judge every equation of a worked derivation: see ``dvar.check.worksheet.check``."""
        from dvar.check.worksheet import check

        return check(source, file=file)


sys.modules[__name__].__class__ = _Check
