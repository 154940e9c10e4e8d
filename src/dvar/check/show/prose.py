"""The words of a document → HTML, by way of Markdown; formulas are left to the caller.

Nothing of the document's own HTML passes through: tags that only dress the text are dropped, all else is
shown as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping, Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

# Private signs around the number of a formula; the document's own are replaced beforehand.
OPEN, CLOSE = "\ue100", "\ue101"
_HOLE = re.compile(f"{OPEN}(\\d+){CLOSE}")
_PRIVATE = re.compile(f"[{OPEN}{CLOSE}]")
_TAG = re.compile(
    r"<!--.{0,2000}?-->"
    r"|</?(?:a|abbr|b|big|blockquote|br|center|code|details|dd|div|dl|dt|em|font|h[1-6]|hr|i|img|ins|kbd|li|mark|ol|p"
    r"|pre|s|small|span|strong|sub|summary|sup|table|tbody|td|th|thead|tr|tt|u|ul)"
    r"(?:\s+[\w:-]{1,40}\s*=\s*(?:\"[^\"<>]{0,400}\"|'[^'<>]{0,400}'))*\s*/?>",
    re.IGNORECASE | re.DOTALL,
)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_LINK = re.compile(r"https?://", re.IGNORECASE)

Fill = Callable[[int, bool], str]
"""Number of a formula, and whether it stands in code → what stands in its place."""
After = Callable[[], str]
"""What is to stand after the block that ends here."""


def hole(number: int) -> str:
    """What stands in the text in the place of a formula."""
    return f"{OPEN}{number}{CLOSE}"


def without_holes(text: str) -> str:
    """Text of the document in which nothing looks like a hole."""
    return _PRIVATE.sub("\ufffd", text)


def to_html(text: str, fill: Fill, after: After, *, breaks: bool = False) -> str:
    """Markdown with holes → HTML.

    Args:
        fill: called for each hole that is shown, in order.
        after: called at the end of each paragraph, heading, table and listing.
        breaks: keep the ends of lines, as in plain text.
    """
    options = {"html": True, "breaks": breaks}
    markdown = MarkdownIt("commonmark", options, renderer_cls=_Renderer).enable("table")
    # Worksheets are indented for many reasons, seldom to show code.
    markdown.disable("code")
    return str(markdown.render(text, {"fill": fill, "after": after}))


Tokens = Sequence[Token]
Env = MutableMapping[str, Any]


class _Renderer(RendererHTML):
    """How the kinds of tokens are written in which text of the document stands.

    The library finds these methods by their names, which are those of its tokens.
    """

    def text(self, tokens: Tokens, idx: int, options: OptionsDict, env: Env) -> str:
        return _filled(tokens[idx].content, env)

    def code_inline(self, tokens: Tokens, idx: int, options: OptionsDict, env: Env) -> str:
        return f"<code>{_filled(tokens[idx].content, env, in_code=True)}</code>"

    def fence(self, tokens: Tokens, idx: int, options: OptionsDict, env: Env) -> str:
        content = tokens[idx].content
        if _HOLE.search(content) and not _HOLE.sub("", content).strip():  # ```math
            return f"<p>{_filled(content, env)}</p>\n{env['after']()}"
        code = _filled(content, env, in_code=True)
        return f'<pre tabindex="0"><code>{code}</code></pre>\n{env["after"]()}'

    def html_inline(self, tokens: Tokens, idx: int, options: OptionsDict, env: Env) -> str:
        return _without_tags(tokens[idx].content, env)

    def html_block(self, tokens: Tokens, idx: int, options: OptionsDict, env: Env) -> str:
        inner = _without_tags(tokens[idx].content, env).strip()
        return f"<p>{inner}</p>\n{env['after']()}" if inner else ""

    def image(self, tokens: Tokens, idx: int, options: OptionsDict, env: Env) -> str:
        """Its words; nothing is loaded."""
        inner = self.renderInlineAsText(tokens[idx].children, options, env)
        return f'<span class="image">{_filled(inner or "picture", env)}</span>'

    def link_open(self, tokens: Tokens, idx: int, options: OptionsDict, env: Env) -> str:
        address = str(tokens[idx].attrs.get("href", ""))
        if not _LINK.match(address):
            return "<a>"
        return f'<a href="{escape(address)}" rel="noopener noreferrer nofollow">'

    def heading_open(self, tokens: Tokens, idx: int, options: OptionsDict, env: Env) -> str:
        return f"<h{_below(tokens[idx].tag)}>"

    def heading_close(self, tokens: Tokens, idx: int, options: OptionsDict, env: Env) -> str:
        return f"</h{_below(tokens[idx].tag)}>\n{env['after']()}"

    def paragraph_close(self, tokens: Tokens, idx: int, options: OptionsDict, env: Env) -> str:
        return f"{self.renderToken(tokens, idx, options, env)}{env['after']()}"

    def table_open(self, tokens: Tokens, idx: int, options: OptionsDict, env: Env) -> str:
        return '<div class="table"><table>\n'

    def table_close(self, tokens: Tokens, idx: int, options: OptionsDict, env: Env) -> str:
        return f"</table></div>\n{env['after']()}"

    def th_open(self, tokens: Tokens, idx: int, options: OptionsDict, env: Env) -> str:
        return "<th>"

    def td_open(self, tokens: Tokens, idx: int, options: OptionsDict, env: Env) -> str:
        return "<td>"


def _below(tag: str) -> int:
    """The level of a heading under the title of the page."""
    return min(int(tag[1:]) + 1, 6)


def _filled(text: str, env: Env, *, in_code: bool = False) -> str:
    """Text of the document, escaped, with its formulas."""
    out = []
    at = 0
    for match in _HOLE.finditer(text):
        out += [escape(text[at : match.start()]), env["fill"](int(match[1]), in_code)]
        at = match.end()
    return "".join([*out, escape(text[at:])])


def _without_tags(text: str, env: Env) -> str:
    if _BREAK.fullmatch(text.strip()):
        return "<br>"
    return _filled(_TAG.sub(" ", text), env)
