"""Mathematics as people write it: LaTeX, Unicode and ASCII to statements.

What a letter means is not decided here, only what is written.
"""

from dvar.core.errors import FormulaError, Source
from dvar.read.worksheet.mathematics.grammar.cursor import Unreadable
from dvar.read.worksheet.mathematics.lexicon import Lexicon, survey
from dvar.read.worksheet.mathematics.statements import member_of, read_region, read_statements
from dvar.read.worksheet.tree import Expr


def parse(text: str, latex: bool = True, lexicon: Lexicon | None = None) -> Expr:
    """One expression.

    Raises:
        FormulaError: it cannot be read.
    """
    try:
        return member_of(text, latex, lexicon)
    except Unreadable as problem:
        start, end = problem.span
        line = text.count("\n", 0, start) + 1
        begin = text.rfind("\n", 0, start) + 1
        stop = text.find("\n", begin)
        shown = text[begin : stop if stop >= 0 else len(text)]
        source = Source(shown, line, start - begin, max(1, end - start))
        raise FormulaError(problem.message, source=source) from None
    except RecursionError:
        raise FormulaError("nested too deep", source=Source(text[:100])) from None


__all__ = ["Lexicon", "parse", "read_region", "read_statements", "survey"]
