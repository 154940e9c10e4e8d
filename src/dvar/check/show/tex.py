r"""The words of a TeX document as Markdown, as far as a reader needs it: headings, lists, emphasis."""

from __future__ import annotations

import re

_BODY = re.compile(r"\\begin\{document\}")
_END = re.compile(r"\\end\{document\}")
_LEVELS = {
    "part": 1,
    "chapter": 1,
    "section": 2,
    "subsection": 3,
    "subsubsection": 4,
}
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<!\\)%[^\n]*"), ""),
    (re.compile(r"\\(?:title)\{([^{}\n]{0,400})\}"), r"\n\n# \1\n\n"),
    (re.compile(r"\\(?:sub)?paragraph\*?\{([^{}\n]{0,400})\}"), r"\n\n**\1** "),
    (re.compile(r"\\(?:textbf|bf)\{([^{}\n]{0,400})\}"), r"**\1**"),
    (re.compile(r"\\(?:emph|textit|it)\{([^{}\n]{0,400})\}"), r"*\1*"),
    (re.compile(r"\\(?:texttt|verb)\{([^{}\n]{0,400})\}"), r"`\1`"),
    (re.compile(r"\\item\b\[([^\]\n]{0,200})\][ \t]*"), r"\n- \1 "),
    (re.compile(r"\\item\b[ \t]*"), "\n- "),
    (
        re.compile(r"\\begin\{(?:verbatim|lstlisting|minted)\}(?:\[[^\]\n]{0,200}\])?(?:\{\w*\})?"),
        "\n```\n",
    ),
    (re.compile(r"\\end\{(?:verbatim|lstlisting|minted)\}"), "\n```\n"),
    (re.compile(r"\\(?:begin|end)\{[a-zA-Z]+\*?\}(?:\[[^\]\n]{0,200}\])?"), "\n\n"),
    (
        re.compile(
            r"\\(?:label|cite|ref|eqref|vspace|hspace|usepackage|author|date)\*?\{[^{}\n]{0,200}\}"
        ),
        "",
    ),
    (
        re.compile(
            r"\\(?:maketitle|noindent|medskip|bigskip|smallskip|newpage|clearpage|par|centering)\b[ \t]*"
        ),
        "",
    ),
    (re.compile(r"\\\\(?:\[[^\]\n]{0,200}\])?"), r"\\\n"),
    (re.compile(r"``|''"), '"'),
    (re.compile(r"(?<!\\)~"), " "),
)
_HEADING = re.compile(r"\\(part|chapter|(?:sub){0,2}section)\*?\{([^{}\n]{0,400})\}")


def is_document(text: str) -> bool:
    return _BODY.search(text) is not None


def to_markdown(text: str) -> str:
    """The body of the document; formulas have been taken out of it before."""
    begin = _BODY.search(text)
    if begin is not None:
        end = _END.search(text, begin.end())
        text = text[begin.end() : end.start() if end else len(text)]
    for pattern, written in _RULES:
        text = pattern.sub(written, text)
    return _HEADING.sub(lambda m: f"\n\n{'#' * _LEVELS[m[1]]} {m[2]}\n\n", text)
