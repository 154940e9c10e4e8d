r"""Runs of letters to names: what is one name, what a function, what a product of letters, what talk.

``wx`` is w·x, ``net`` a name, ``sin(xy)`` a function of a product; LaTeX's ``\sum_jw_j`` has the script j
and the letter w.  The document's lexicon decides where the words of the field do not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dvar.read.worksheet.mathematics import fonts, orders, vocabulary, words
from dvar.read.worksheet.mathematics.lexicon import Lexicon, is_word
from dvar.read.worksheet.mathematics.runs import glued, is_glued, split_up
from dvar.read.worksheet.mathematics.stream import Stream
from dvar.read.worksheet.mathematics.tokens import (
    ATTRIBUTE,
    BEGIN,
    COMMAND,
    DIGITS,
    FUNCTION,
    LABEL,
    NAME,
    NUMBER,
    SIGN,
    TEXT,
    WORD,
    Token,
    made,
)

_IDENTIFIER = re.compile(r"([A-Za-z]+?)_?(\d+)((?:_\d+)*)")
_INDEXED = re.compile(r"([A-Za-z])_([A-Za-z])")
_FUNCTION_TEXT = re.compile(r"arg\s*(max|min)")
_ACTIVATIONS = frozenset({"relu", "sigmoid", "softmax", "tanh"})
_NAMED = frozenset(["Pr", "gcd", "Var", "Cov", "loss", "Loss", "cost", "net", "MSE", "grad", "KL"])
_NO_DIGITS = frozenset({"pi", "infty", "e"})


def resolved(
    tokens: Sequence[Token], lexicon: Lexicon, latex: bool, code: bool = False
) -> list[Token]:
    """Tokens with every run of letters decided."""
    return _Names(orders.marked(fonts.applied(tokens)), lexicon, latex, code).run()


class _Names(Stream):
    def run(self) -> list[Token]:
        while self.n < len(self.tokens):
            token = self.tokens[self.n]
            self.n += 1
            if token.kind == WORD:
                self._word(token)
            elif token.kind == NUMBER:
                self._number(token)
            elif token.kind == TEXT:
                self._text(token)
            elif token.is_(".") and self.is_attribute(token):
                word = self.tokens[self.n]
                self.n += 1
                self.out.append(made(ATTRIBUTE, word.text, word))
            elif token.is_(".") and self.is_product(token):
                self.out.append(made(SIGN, "cdot", token))
            elif token.kind == COMMAND:
                self._command(token)
            else:
                if token.kind == NAME and self.is_parameter(token):
                    self.out.append(Token(SIGN, "_", token.start, token.start))
                self.out.append(token)
        return self.out

    # ── numbers, texts, commands ────────────────────────────────────────────────────────────────

    def _number(self, token: Token) -> None:
        last = self.last
        whole = token.text.isdigit()
        goes_on = last is not None and last.font == token.font and last.end == token.start
        hung = "0" if any(x.is_("_") for x in self.tokens[self.n : self.n + 1]) else "1"
        if token.font in ("bf", "bb") and token.text in ("1", hung) and not goes_on:
            token.kind = NAME  # a vector of ones, or of so many zeros
        elif whole and self.behind("_"):
            token.kind = LABEL
        elif whole and last is not None and last.kind in (NAME, FUNCTION) and not token.gap:
            self._digits(token, last)
            return
        self.out.append(token)

    def _digits(self, token: Token, last: Token) -> None:
        """Digits right behind a name."""
        joined = (last.text + token.text).lower()
        if joined in words.FUNCTIONS and (self.before("(") or joined.startswith("log")):
            last.kind, last.text, last.end = FUNCTION, joined, token.end
            return
        two_back = self.out[-2] if len(self.out) > 1 else None
        is_script = two_back is not None and (
            two_back.is_("^", "_")
            or (two_back.kind == COMMAND and two_back.text in words.FRACTIONS)
        )
        named = last.kind == NAME and not is_script and last.text not in _NO_DIGITS
        if named and not self.is_factor(token, last, two_back):
            token.kind = DIGITS
        self.out.append(token)

    def _text(self, token: Token) -> None:
        text = token.text
        if token.font == "rm" and self.behind("_", "^"):
            self.out.append(made(LABEL if self.behind("_") else NAME, text, token))
            return
        choice = _FUNCTION_TEXT.fullmatch(text.lower())
        if choice:
            self.out.append(made(FUNCTION, "arg" + choice[1], token))
        elif token.font == "rm" and (is_word(text) or self._is_step(text)):
            self._whole(made(WORD, text, token))
        else:
            self.out.append(token)

    def _is_step(self, text: str) -> bool:
        r"""``\text{step}(z)``: a word of talk that is a function right before a bracket."""
        return text.lower() in words.FUNCTIONS and self.before("(") and not self._spaced_out()

    def _command(self, token: Token) -> None:
        """Commands that are functions by name; unknown ones stay."""
        text = token.text
        if text in words.BIGS or text in words.ACCENTS or text in ("partial", "nabla", "sqrt"):
            self.out.append(token)
        elif text in ("arg", "mathop") and self.next is not None and self.next.names("max", "min"):
            self.out.append(made(FUNCTION, "arg" + self.next.text, token))
            self.n += 1
        elif text.lower() in words.FUNCTIONS:
            self.out.append(made(FUNCTION, text, token))
        elif text == "top" or (text == "intercal"):
            self.out.append(made(NAME, "T", token))
        elif text in _NAMED:
            self.out.append(made(NAME, text, token))
        else:
            self.out.append(token)

    # ── runs of letters ─────────────────────────────────────────────────────────────────────────

    def _word(self, token: Token) -> None:
        if self.code:
            self._identifier(token)
        elif token.accents:
            token.kind = NAME
            self.out.append(token)
        elif fonts.is_whole(token):
            self._whole(token)
        elif self.behind("_"):
            self._subscript(token)
        elif self.behind("^"):
            self._superscript(token)
        elif not self._module(token) and not self._snake(token):
            self._run(token)

    def _snake(self, token: Token) -> bool:
        r"""``log_softmax``, ``x_norm`` in plain text, where a program of the document has that name.

        And ``cross\_entropy``: LaTeX's escaped line is no subscript.
        """
        if not self.before("_") or self.n + 1 >= len(self.tokens):
            return False
        line, after = self.tokens[self.n], self.tokens[self.n + 1]
        is_escaped = self.latex and line.end - line.start > 1
        if after.kind != WORD or self.latex > is_escaped:
            return False
        joined = f"{token.text}_{after.text}"
        called = self.n + 2 < len(self.tokens) and self.tokens[self.n + 2].is_("(")
        is_function = called and joined.lower() in words.FUNCTIONS
        if is_escaped and len(token.text) == 1 and not is_function:
            after.kind = LABEL  # d\_in is d_{in}
            return False
        if not (is_function or is_escaped or joined in self.lexicon.names):
            return False
        self.n += 2
        whole = made(FUNCTION if is_function else NAME, joined, token)
        whole.end = after.end
        self.out.append(whole)
        return True

    def _module(self, token: Token) -> bool:
        """``np.sum``: what stands before the last dot says nothing."""
        if token.text not in words.MODULES or not self.before("."):
            return False
        after = self.tokens[self.n + 1] if self.n + 1 < len(self.tokens) else None
        if after is None or after.kind != WORD or after.gap or self.tokens[self.n].gap:
            return False
        after.spaced, after.gap = token.spaced, token.gap
        self.n += 1
        return True

    def _whole(self, token: Token) -> None:
        """A word that its font makes one."""
        text = token.text
        digits = re.fullmatch(r"([A-Za-z]+)(\d+)", text)
        joined = text.lower().replace("\\", "").replace("-", "_")  # one-hot, one\_hot
        if joined in words.FUNCTIONS and self._is_called(joined, True):
            self.out.append(made(FUNCTION, text if "_" not in joined else joined, token))
        elif digits and not self.behind("_", "^"):
            self.out += [made(NAME, digits[1], token), made(DIGITS, digits[2], token)]
            self.out[-1].gap = self.out[-1].spaced = False
        else:
            self.out.append(made(NAME, text, token))

    def _subscript(self, token: Token) -> None:
        text = token.text
        if token.font or (text in vocabulary.SUBSCRIPT_WORDS and len(text) > 2):
            token.kind = LABEL
            self.out.append(token)
        elif self.latex:
            self._split_off(token, 1, LABEL)
        else:
            self._plain_subscript(token)

    def _plain_subscript(self, token: Token) -> None:
        """Letters and digits up to the next sign: ``h1``, ``ij``."""
        text = token.text
        known = text in vocabulary.SUBSCRIPT_WORDS or text in vocabulary.FIELD
        if self.before("_") and len(text) > 1 and not known:
            self._split_off(token, len(text) - 1, LABEL)
            return
        token.kind = LABEL
        while self.next is not None and not self.next.gap and self.next.kind in (WORD, NUMBER):
            if not self.next.text.isalnum() or not self.next.text.isascii():
                break
            token.text += self.next.text
            token.end = self.next.end
            self.n += 1
        self.out.append(token)

    def _superscript(self, token: Token) -> None:
        known = not self.latex and (
            token.text in self.lexicon.names or token.text in vocabulary.FIELD
        )
        if len(token.text) == 1 or known:
            self.out.append(made(NAME, token.text, token))
        else:
            self._split_off(token, 1, NAME)

    def _split_off(self, token: Token, count: int, kind: str) -> None:
        """The first letters as one token; the rest is read on its own."""
        middle = min(token.end, token.start + count)
        first = Token(
            kind, token.text[:count], token.start, middle, token.spaced, token.gap, token.font
        )
        self.out.append(first)
        if len(token.text) > count:
            rest = Token(WORD, token.text[count:], middle, token.end, False, False, token.font)
            self._run(rest)

    def _run(self, token: Token) -> None:
        text = token.text
        low = text.lower()
        if self._is_times(token):
            self.out.append(made(SIGN, "times" if len(text) == 1 else "cdot", token))
        elif len(text) == 1:
            self.out.append(made(NAME, text, token))
        elif self._is_talk(token):
            self._talk(token, low)
        elif low == "arg" and self.next is not None and self.next.text in ("max", "min"):
            self.out.append(made(FUNCTION, low + self.next.text, token))
            self.n += 1
        elif text not in self.lexicon.names and is_glued(text):
            self.out += glued(token)
        elif self._is_function(text, low):
            self._function(token, low)
        elif text not in self.lexicon.names and text[0] in "gf" and self._is_activation(low[1:]):
            self.out.append(made(FUNCTION, low[1:], token))  # gReLU(Z), whose g_{ReLU} was lost
        else:
            self.out += split_up(token, self.lexicon, self.latex)

    def _is_function(self, text: str, low: str) -> bool:
        if low in words.BIGS and self._runs_over():
            return True
        if low not in words.FUNCTIONS:
            return False
        if self.before("(") and not self._spaced_out():
            return True
        return text not in self.lexicon.names and self._is_called(low, False)

    def _spaced_out(self) -> bool:
        return self.next is not None and self.next.spaced

    def _is_activation(self, low: str) -> bool:
        return low in _ACTIVATIONS and self.before("(") and not self._spaced_out()

    def _function(self, token: Token, low: str) -> None:
        big = low in words.BIGS and (not self.before("(") or self._spaced_out())
        self.out.append(made(COMMAND if big else FUNCTION, low if big else token.text, token))

    def _is_called(self, low: str, upright: bool) -> bool:
        """Whether a word that may be a function is one here."""
        after = self.next
        if after is None:
            return low in words.BARE and low not in words.ALSO_NAMES
        if after.is_("("):
            return not after.spaced or low not in words.ALSO_NAMES or low in words.BIGS
        if low in words.BIGS:
            return self._runs_over() or self._starts_operand(after)
        if low in words.ALSO_NAMES:
            bare = words.FUNCTIONS.get(low, low) in words.BARE  # \mathrm{tr} AB
            return upright and (after.is_("[") or (bare and self._starts_operand(after)))
        if after.is_("[", "{", "^", "_", "'", r"\{"):
            return True
        return low in words.BARE or (low not in vocabulary.FIELD and upright)

    def _runs_over(self) -> bool:
        """``sum_i``, ``sum_{i=1}``; ``sum_1`` is a name."""
        if not self.before("_", "^"):
            return False
        after = self.tokens[self.n + 1] if self.n + 1 < len(self.tokens) else None
        return after is not None and after.kind != NUMBER

    def _starts_operand(self, token: Token) -> bool:
        return token.kind in (WORD, NUMBER, NAME, COMMAND, BEGIN) or token.is_("(", "[", "|")

    def _is_times(self, token: Token) -> bool:
        """``0.5 x 2``: the letter between two numbers; ``W dot a``: the word between two operands."""
        last, after = self.last, self.next
        if self.latex or not token.gap or last is None or after is None or not after.gap:
            return False
        if token.text == "dot":
            ends = last.kind in (NUMBER, NAME) or (last.kind == SIGN and last.text in words.CLOSERS)
            return ends and self._starts_operand(after) and "dot" not in self.lexicon.names
        return token.text == "x" and last.kind == NUMBER and after.kind == NUMBER

    def _is_talk(self, token: Token) -> bool:
        text = token.text
        if text in self.lexicon.names or text in vocabulary.FIELD:
            return False
        if self.latex:
            return text in vocabulary.LATEX_PROSE and (token.gap or self.last is None)
        if text.lower() not in vocabulary.PROSE or text.lower() in words.FUNCTIONS:
            return False
        if len(text) > 2 or text in ("if", "or", "is", "in", "to", "so"):
            return self.last is None or token.gap or self.last.kind != NAME
        return token.gap and self._between_values()

    def _between_values(self) -> bool:
        last, after = self.last, self.next
        if last is None or after is None or not after.gap:
            return False
        signs = (last.kind == SIGN and last.text not in words.CLOSERS) or (
            after.kind == SIGN and after.text not in words.OPENERS
        )
        return not signs

    def _talk(self, token: Token, low: str) -> None:
        if low in ("in", "is") and self.out and not self.latex:
            self.out.append(made(SIGN, low, token))
        else:
            self.out.append(made(TEXT, token.text, token))

    def _identifier(self, token: Token) -> None:
        """A name of a program, whole but for digits behind it."""
        if self._module(token) or (token.text == "self" and self._skip_self()):
            return
        text = token.text.strip("_") or token.text
        low = text.lower()
        if text in vocabulary.CODE_PROSE:
            self.out.append(made(SIGN if text == "in" else TEXT, text, token))
            return
        if (low in words.FUNCTIONS and self.before("(")) or self._takes_a_name(low):
            self.out.append(made(FUNCTION, text, token))
            return
        numbered = _IDENTIFIER.fullmatch(text)
        indexed = _INDEXED.fullmatch(text)
        if numbered:
            self.out.append(made(NAME, numbered[1], token))
            for digits in (numbered[2], *numbered[3].split("_")[1:]):
                self.out.append(made(DIGITS, digits, token))
                self.out[-1].gap = self.out[-1].spaced = False
        elif indexed:
            self.out += [
                made(NAME, indexed[1], token),
                made(SIGN, "_", token),
                made(LABEL, indexed[2], token),
            ]
            self.out[-2].spaced = self.out[-1].spaced = False
        else:
            self.out.append(made(NAME, text, token))

    def _takes_a_name(self, low: str) -> bool:
        """``L = -log p[y]``: no program, where two names never stand side by side, but a formula in a comment."""
        is_function = low in words.BARE and low not in words.ALSO_NAMES
        return is_function and self.next is not None and self.next.kind in (WORD, NAME)

    def _skip_self(self) -> bool:
        if self.before("."):
            self.n += 1
            return True
        return False
