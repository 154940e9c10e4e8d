"""What a token looks like, as regular expressions: one for each way of writing."""

from __future__ import annotations

import re

_LETTER = r"A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff"
_MARKS = r"\u0300-\u036f\u20d0-\u20ff"
_NUMBER = (
    r"[0-9]{1,3}(?:\{,\}[0-9]{3})+(?:\.[0-9]+)?(?![0-9])|[0-9]+\{,\}[0-9]+|[0-9]{1,3}(?:\\,[0-9]{3})+(?:\.[0-9]+)?(?![0-9])"
    r"|[0-9]+\.(?:[0-9]{3}\\,)+[0-9]{1,3}|(?:[0-9]+(?:\.[0-9]+)?|(?<![\w)\]}])\.[0-9]+)(?:[eE][+-]?[0-9]+(?![A-Za-z_^0-9.]))?"
)
_OPERATORS = (
    r":=|(?<![\^_])[-+*]=|/=|<=>|<->|\|->|=>|<=|>=|->|==|!=|\*\*|\.\.+|%\*%|%o%|\.[*/^](?!=)|&&"
)
_SPACE = r"[ \t\r\f\v\u00a0\u2000-\u200d\u202f\u205f\u3000\ufeff]+"


def _pattern(
    command: str, name: str, comment: str, ruled: str = r"(?!)", number: str = _NUMBER
) -> re.Pattern[str]:
    return re.compile(
        rf"(?P<space>{_SPACE})|(?P<line>\n\s*)|(?P<entity>&(?:[A-Za-z]+\d?|\#\d+);)|(?P<comment>{comment})"
        rf"|(?P<ruled>{ruled})|{command}|(?P<number>{number})|(?P<word>{name})|(?P<operator>{_OPERATORS})"
        rf"|(?P<marked>[^\W\d_][{_MARKS}]+)|(?P<other>.)",
        re.DOTALL,
    )


_WORDS = rf"(?:[{_LETTER}][{_MARKS}]*)+"
_COMMAND = r"(?P<row>\\\\)|\\(?P<command>[A-Za-z]+\*?|.|$)"
_ESCAPED = r"(?P<row>\\\\\\\\)|\\\\?(?P<command>[A-Za-z]+\*?|.|$)"
_NEVER = r"(?!)"
LATEX = _pattern(_COMMAND, _WORDS, r"(?<!\\)%[^\n]*")
DOUBLED = _pattern(_ESCAPED, _WORDS, r"(?<!\\)%[^\n]*")
PLAIN = _pattern(_COMMAND, _WORDS, _NEVER, r"-{3,}|={3,}|\*{3,}|~{3,}|_{3,}|\#{3,}")
_SMALL = r"²³¹⁰-ₜᴬ-ᵪᶜ-ᶿⱼʰ-ʸˠ-ˤ"
"""Letters and digits above and below the line: no part of a name, in programs neither."""
_WHOLE = r"[0-9]+\.(?![\w.*^/])"
"""``1.`` of a program: a number, where a text ends its sentence."""
CODE = _pattern(
    _COMMAND,
    rf"[{_LETTER}_](?:(?![{_SMALL}])[\w{_MARKS}])*",
    r"\#[^\n]*",
    number=f"{_WHOLE}|{_NUMBER}",
)
SINGLE = re.compile(r"(?<!\\)\\[A-Za-z]")
DOUBLE = re.compile(r"(?<!\\)\\\\([A-Za-z]+)")
NESTED_COMMAND = re.compile(r"\\[A-Za-z]+\s*|[{}]")
CALL_TEXT = re.compile(r"[A-Za-z]\w*\s*\([\w\s,.]*\)|d\w+\s*/\s*d\w+")
MODULE_TEXT = re.compile(r"(?:np|numpy|torch|tf|jnp|math|F|nn)(?:\.\w+)+")
DECIMAL_COMMA = re.compile(r"0,\d{2,}(?![\d,])")
THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])")
ARRAY_DOT = re.compile(r"\.(?=\s*(?:&|\\\\|[\]\),;]|\d*[eE][+-]?\d))")
