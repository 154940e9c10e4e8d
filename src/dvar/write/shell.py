"""What every page of ours is wrapped in: a style sheet, at most one script, a policy against all else."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from html import escape
from importlib.resources import files

_PAGE_ONLY = "/* page only */"


@cache
def data(package: str, name: str) -> str:
    """A style sheet or script that is part of a package."""
    return files(package).joinpath(name).read_text(encoding="utf-8")


def page_sheet() -> str:
    """The style of a whole page, for light and dark, screen and paper."""
    return data("dvar.write", "page.css")


def fragment_sheet() -> str:
    """The style of a part of somebody else's page."""
    return page_sheet().split(_PAGE_ONLY)[0]


def document(title: str, sheet: str, body: str, script: str = "") -> str:
    """A self-contained page.  Its policy forbids every connection; only its own style and script run.

    Args:
        title: plain text.
        sheet: the style; it must not depend on the reader's input.
        body: HTML in which everything foreign is escaped.
        script: the script, which runs after the body has been read; none if empty.
    """
    scripts = f"script-src '{_digest(script)}'; " if script else ""
    policy = (
        f"default-src 'none'; style-src '{_digest(sheet)}'; {scripts}"
        "base-uri 'none'; form-action 'none'"
    )
    run = f"\n<script>{script}</script>" if script else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{sheet}</style></head>\n"
        f"<body>{body}{run}</body></html>\n"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
