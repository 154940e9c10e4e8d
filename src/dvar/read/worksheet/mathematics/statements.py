"""Regions to statements: rows, clauses in a row, members of a clause, and a tree for each member."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dvar.read.worksheet.document import Document, Member, Statement
from dvar.read.worksheet.mathematics import colons, vocabulary, words
from dvar.read.worksheet.mathematics.balance import balanced, mates_of
from dvar.read.worksheet.mathematics.clauses import Clause, clauses
from dvar.read.worksheet.mathematics.dialects import MATLAB, in_program
from dvar.read.worksheet.mathematics.frames import (
    is_counter,
    outcomes,
    summed,
    thin,
    unfilled,
    unframed,
    unnumbered,
)
from dvar.read.worksheet.mathematics.grammar.cursor import Unreadable
from dvar.read.worksheet.mathematics.grammar.shapes import as_shape
from dvar.read.worksheet.mathematics.grammar.terms import Grammar
from dvar.read.worksheet.mathematics.lexicon import EMPTY, Lexicon, survey
from dvar.read.worksheet.mathematics.lost import multiplied, restored, unboxed
from dvar.read.worksheet.mathematics.names import resolved
from dvar.read.worksheet.mathematics.programs import code_parts, inside_brackets, sizes_told
from dvar.read.worksheet.mathematics.rows import is_relation, rows, top
from dvar.read.worksheet.mathematics.scan import scan
from dvar.read.worksheet.mathematics.tokens import (
    BEGIN,
    CELL,
    COMMAND,
    END,
    LINE,
    NUMBER,
    QUAD,
    ROW,
    SIGN,
    TEXT,
    Token,
    span_of,
)
from dvar.read.worksheet.tree import Expr, Group, Logic, Shape, Span, Symbol

_CHAIN = frozenset({"implies", "iff", "to"})


def read_statements(document: Document, lexicon: Lexicon | None = None) -> list[Statement]:
    """The statements of all regions, in the order of the document.  Never raises."""
    found = survey(document) if lexicon is None else lexicon
    out: list[Statement] = []
    for n, region in enumerate(document.regions):
        code = region.kind == "code" and not region.latex
        out += read_region(
            document.text, region.span, region.latex, found, n, code, region.language
        )
    return out


def read_region(
    text: str,
    span: Span,
    latex: bool,
    lexicon: Lexicon,
    region: int = 0,
    code: bool = False,
    language: str = "",
) -> list[Statement]:
    """The statements in a part of a text.

    Args:
        text: of the document.
        span: the part.
        latex: whether it is LaTeX.
        lexicon: what the document says of its names.
        region: the number that the statements get.
        code: whether it is a program, where letters side by side are one name.
        language: of the program, as far as it is known.
    """
    if not code or latex:
        found = _Region(text, span, latex, lexicon, region, False).statements()
        may_be_lost = latex and lexicon.lacks_spaces
        return [multiplied(text, s) for s in found] if may_be_lost else found
    told = sizes_told(text, span)
    if told is not None:
        return _sizes(_Region(text, span, False, lexicon, region, True), *told)
    out: list[Statement] = []
    text = inside_brackets(text, span, language)
    for part, is_comment in code_parts(text, span, language):
        reader = _Region(text, part, False, lexicon, region, not is_comment)
        reader.language = "" if is_comment else language.lower()
        found = reader.statements()
        out += found if is_comment else [one for s in found for one in _one_by_one(s)]
    return out


def _one_by_one(statement: Statement) -> list[Statement]:
    """``x, w = 1.5, 0.8`` as two statements."""
    members = statement.members
    sides = [m.expr for m in members]
    if len(sides) != 2 or not all(isinstance(e, Group) and e.kind == "tuple" for e in sides):
        return [statement]
    names, values = (e.items for e in sides if isinstance(e, Group))
    if len(names) != len(values):
        return [statement]
    pairs = zip(names, values, strict=True)
    return [
        replace(
            statement,
            members=(Member("", a, a.span), replace(members[1], expr=b, span=b.span)),
            span=(a.span[0], b.span[1]),
        )
        for a, b in pairs
    ]


def _sizes(reader: _Region, names: list[Span], array: Span) -> list[Statement]:
    """``N, D = X.shape`` says what shape X has."""
    whole = reader.part(array).only()
    sizes = [reader.part(name).only() for name in names]
    if not isinstance(whole, Symbol) or not all(isinstance(s, Symbol) for s in sizes):
        return []
    shape = Shape(tuple(s for s in sizes if s is not None), (names[0][0], names[-1][1]))
    members = (Member("", whole, array), Member("in", shape, shape.span))
    return [Statement(members, (names[0][0], array[1]), reader.region)]


def member_of(text: str, latex: bool, lexicon: Lexicon | None) -> Expr:
    """One expression; raises Unreadable."""
    reader = _Region(text, (0, len(text)), latex, lexicon or EMPTY, 0, False)
    tokens = reader.tokens()
    if reader.wrong:
        raise Unreadable("a bracket closes nothing", reader.wrong[0].span)
    return reader.grammar(_flat(tokens)).member()


# ── one region ──────────────────────────────────────────────────────────────────────────────────


class _Region:
    def __init__(
        self, text: str, span: Span, latex: bool, lexicon: Lexicon, region: int, code: bool
    ) -> None:
        self.text, self.span, self.latex = text, span, latex
        self.lexicon, self.region, self.code = lexicon, region, code
        self.wrong: list[Token] = []
        self.language = ""

    def tokens(self) -> list[Token]:
        """The tokens, balanced, without frames, every letter decided."""
        scanned = scan(self.text, self.span, self.latex, self.code, dict(self.lexicon.macros))
        whole, self.wrong = balanced(unnumbered(unboxed(scanned)))
        bare = unframed(whole)
        if self.latex:
            bare = summed(restored(unfilled(outcomes(thin(bare))), self.text, self.lexicon.indexed))
        tokens = resolved(bare, self.lexicon, self.latex, self.code)
        if self.lexicon.colons and not self.code:
            tokens = colons.joined(tokens)
        return in_program(tokens, self.language)

    def part(self, span: Span) -> _Region:
        """A reader of some of it."""
        return _Region(self.text, span, self.latex, self.lexicon, self.region, self.code)

    def only(self) -> Expr | None:
        """The one expression that stands here; None where it is something else."""
        found = self.statements()
        return found[0].members[0].expr if len(found) == 1 else None

    def statements(self) -> list[Statement]:
        out: list[Statement] = []
        for row in rows(self.tokens(), self.latex):
            for clause in clauses(row):
                statement = self.statement(clause)
                if statement is not None:
                    out.append(statement)
        return out

    def grammar(self, tokens: list[Token]) -> Grammar:
        return Grammar(tokens, self.lexicon, self.latex, self.code, self.language in MATLAB)

    def statement(self, clause: Clause) -> Statement | None:
        tokens = _flat(_bare(clause.tokens, self.latex, self.code))
        tokens, last = _last_bracket(tokens, self.latex)
        if not tokens:
            return None
        conditions: list[Expr] = []
        said = list(clause.words)
        members = _without_size([self.member(m, conditions, said) for m in _members(tokens)])
        for held in (clause.condition, last):
            condition = self.condition(held, said) if held else None
            if condition is not None:
                conditions.append(condition)
        span = members[0].span[0], max(member.span[1] for member in members)
        if members[0].relation:
            span = min(tokens[0].start, span[0]), span[1]
        return Statement(tuple(members), span, self.region, _both(conditions), " ".join(said))

    def member(
        self, part: tuple[Token | None, list[Token]], conditions: list[Expr], said: list[str]
    ) -> Member:
        sign, tokens = part
        relation = "" if sign is None else words.RELATIONS.get(sign.text, sign.text)
        end = sign.end if sign is not None else self.span[0]
        span = span_of(tokens, (end, end))
        if _is_blank(tokens):
            return Member(relation, None, span, "", True)
        if relation == "sim":
            relation = "approx" if _is_numeric(tokens) else "sim"
        problem = next((w for w in self.wrong if span[0] <= w.start <= span[1]), None)
        if problem is not None:
            return Member(relation, None, span, f"the bracket {problem.text} closes nothing")
        grammar = self.grammar(tokens)
        try:
            expr = grammar.member()
        except Unreadable as error:
            return Member(relation, None, span, error.message)
        except RecursionError:
            return Member(relation, None, span, "nested too deep")
        if relation == "in":
            expr = as_shape(expr, span)
        conditions += grammar.conditions
        said += grammar.said
        return Member(relation, expr, span)

    def condition(self, tokens: list[Token], said: list[str]) -> Expr | None:
        """A condition; None where it is not understood, whose words are then kept."""
        grammar = self.grammar(_flat(tokens))
        try:
            return grammar.within(0, grammar.end, grammar.conditions_listed)
        except (Unreadable, RecursionError):
            a, b = span_of(tokens, self.span)
            said.append(self.text[a:b])
            return None


def _both(conditions: list[Expr]) -> Expr | None:
    if not conditions:
        return None
    if len(conditions) == 1:
        return conditions[0]
    first, last = conditions[0], conditions[-1]
    return Logic("and", tuple(conditions), (first.span[0], max(first.span[1], last.span[1])))


# ── tokens of a clause ──────────────────────────────────────────────────────────────────────────


def _members(tokens: list[Token]) -> list[tuple[Token | None, list[Token]]]:
    """The sides of a chain with the sign before each."""
    mates = mates_of(tokens)
    out: list[tuple[Token | None, list[Token]]] = []
    sign: Token | None = None
    start = 0
    for n in top(tokens, mates):
        token = tokens[n]
        if token.kind == TEXT and token.text.lower().split(" ")[0] in vocabulary.CONDITIONAL:
            break  # the relations in a condition are none of the chain
        if not is_relation(token) and not (token.kind == SIGN and token.text in _CHAIN):
            continue
        held = tokens[start:n]
        if not held and sign is not None:  # = = and "= \approx" are one sign
            sign = token if sign.text in ("=", ":=") else sign
        else:
            if held or out:
                joined = _is_update(held) and token.is_("=")
                out.append((sign, held[:-1] if joined else held))
                token = replace(token, text=held[-1].text + "=") if joined else token
            sign = token
        start = n + 1
    out.append((sign, tokens[start:]))
    return out


def _without_size(members: list[Member]) -> list[Member]:
    """``Z = X W + b \\rightarrow (N, 4)``: without the size that is noted behind it."""
    if len(members) < 3 or members[-1].relation not in ("to", "implies"):
        return members
    noted = members[-1].expr
    is_size = isinstance(noted, Group) and noted.kind == "tuple"
    return members[:-1] if is_size and not isinstance(members[-2].expr, Group) else members


def _is_update(held: Sequence[Token]) -> bool:
    """``a + =``: the sign and the relation are one."""
    if len(held) < 2 or not held[-1].is_("+", "-", "*", "/") or held[-2].is_("^", "_"):
        return False
    return held[-1].gap or not held[-1].is_("*")  # x* = 1 has a mark


def _flat(tokens: Sequence[Token]) -> list[Token]:
    """Without lines, spaces and alignment, but for the cells and rows of matrices."""
    out: list[Token] = []
    inside: list[bool] = []
    spaced = False
    for n, token in enumerate(tokens):
        if token.kind == BEGIN:
            layout = token.text in words.TRANSPARENT and not (n and tokens[n - 1].is_(r"\{"))
            inside.append(not layout)
            if layout:
                continue
        elif token.kind == END and inside:
            if not inside.pop():
                continue
        elif token.kind in (LINE, QUAD) or (token.kind in (ROW, CELL) and not any(inside)):
            spaced = True
            continue
        if spaced:
            token = replace(token, spaced=token.spaced or token.kind != SIGN, gap=True)
            spaced = False
        out.append(token)
    return out


def _bare(tokens: list[Token], latex: bool, code: bool) -> list[Token]:
    """Without bullets and numbers in front and punctuation behind."""
    start, end = 0, len(tokens)
    while end > start and (
        tokens[end - 1].is_(",", ".", ";", ":") or tokens[end - 1].kind in (LINE, QUAD, CELL)
    ):
        end -= 1
    while start < end and tokens[start].is_(
        "star", "bullet", "cdot", "*", "odot", "circ", ",", ".", ":", ">"
    ):
        start += 1
    dashed = start + 1 < end and tokens[start].is_("-") and tokens[start + 1].gap
    if dashed and not latex and not code and any(map(is_relation, tokens[start:end])):
        start += 1
    start = _past_number(tokens, start, end)
    return tokens[start:end]


def _past_number(tokens: list[Token], start: int, end: int) -> int:
    """Behind ``(1)``, ``(a)`` in front of an equation."""
    if start + 4 > end or not tokens[start].is_("(") or not tokens[start + 2].is_(")"):
        return start
    after = tokens[start + 3]
    if not is_counter(tokens[start + 1]) or not (after.gap or after.spaced or after.kind == QUAD):
        return start
    if after.kind == SIGN and after.text not in ("{", "|"):
        return start
    stated = any(is_relation(token) for token in tokens[start:end])
    return start + 3 if stated else start


def _last_bracket(tokens: list[Token], latex: bool) -> tuple[list[Token], list[Token]]:
    """A condition in a bracket at the end: ``… \\; (i \\neq j)``."""
    if len(tokens) < 5 or not tokens[-1].is_(")"):
        return tokens, []
    mates = mates_of(tokens)
    opener = mates[-1]
    behind = opener >= 2 and tokens[opener].gap and tokens[opener - 1].is_(")", "]", "}")
    if opener < 2 or not (tokens[opener].spaced or behind):
        return tokens, []
    inner = tokens[opener + 1 : -1]
    depth = mates_of(inner)
    if not any(is_relation(inner[n]) for n in top(inner, depth)):
        numbered = (
            len(inner) == 1
            and inner[0].kind == NUMBER
            and tokens[opener - 1].is_("...", "ldots", "dots", "cdots")
        )
        return (tokens[: opener - 1], []) if numbered else (tokens, [])
    before = tokens[opener - 1]
    return (
        (tokens, [])
        if before.kind == SIGN and before.text not in (")", "]", "}")
        else (tokens[:opener], inner)
    )


def _is_blank(tokens: Sequence[Token]) -> bool:
    """A place to fill in."""
    for token in tokens:
        if token.kind == COMMAND and token.text in words.BLANKS:
            continue
        if token.kind == TEXT and not any(c.isalnum() for c in token.text):
            continue
        if token.kind == SIGN and (
            token.text in ("?", "{", "}", "_", ".") or token.text in words.DOTS
        ):
            continue
        return False
    return True


def _is_numeric(tokens: Sequence[Token]) -> bool:
    return bool(tokens) and (tokens[0].kind == NUMBER or (tokens[0].is_("-") and len(tokens) > 1))
