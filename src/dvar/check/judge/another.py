"""Lines that differ from what was defined because they are about something else: examples, cases, ratios."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dvar.check.judge.chain import Verdict
from dvar.check.judge.literal import is_plain, is_zero, numbers_in
from dvar.check.judge.place import Place
from dvar.check.judge.properties import vicinity
from dvar.check.meaning.gradients import UPSTREAM
from dvar.check.meaning.keys import sort, stem_of
from dvar.check.meaning.letters import parts
from dvar.check.meaning.values import Jacobian, NotUnderstood, squeezed
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement
from dvar.read.worksheet.parts import same_tree

_OTHERWISE = re.compile(r"\b(otherwise|else|sonst|sinon|en otro caso)[\s,$`]*$", re.IGNORECASE)
_EXTREMES = frozenset({"min", "max", "argmin", "argmax", "inf", "sup"})
_WORD = re.compile(r"(?<!\\)\b[^\W\d_]{3,}")
_NEAR = 40
_REACH = 200
_RATIO = re.compile(r"\d\s*:[ $`]*$")
_SOME = re.compile(
    r"\b(some|other) (sources|authors|texts?|textbooks|books|people|papers|definitions)\b[^.]*$",
    re.IGNORECASE,
)
"""Words in front of what is written otherwise elsewhere."""
_AFTERWARDS = re.compile(
    r"\b(after|with|using) (the |this |that |an? )?(\w+ )?(updat\w+|new\b|chang\w+)|\bupdated?\b[^.]{0,60}\bagain\b",
    re.IGNORECASE,
)
"""Words in front of what is computed from new values."""
_EXPECTED = re.compile(
    r"\b(should|expect\w*|learns?|converges?|approach\w*|close to|true|target)\b[^.;\n]*$",
    re.IGNORECASE,
)
"""Words in front of a number that something is to come close to."""
_ANNOUNCED = re.compile(
    r"\b(with|where|let|given|suppose|assume|take|say)\b(?:[\s,;`]|\band\b|\$[^$\n]*\$)*[$`]?$",
    re.IGNORECASE,
)
"""Words in front of numbers that are chosen: "with $y = 0$ and $a = 0.7$"."""
_DUMMY = re.compile(
    r"\bEinstein\b|\bsummation convention\b|"
    r"\b(sum|summed|summing|summation) over (the )?(intermediate|repeated|dummy|shared|contracted) ind(ex|ices)",
    re.IGNORECASE,
)
"""Words by which letters that stand twice are summed over."""
_LOOSELY = re.compile(
    r"\b(terse|sloppy|sloppily|loosely|abus\w+|pretend\w*|fake|(match|fit)\w*( the)? (sizes|dimensions|shapes)|"
    r"(sizes|dimensions|shapes)( to)? (match|fit)|real (gradients?|matrix))\b",
    re.IGNORECASE,
)
"""Words in front of products whose order is still to be found."""
_LARGE = re.compile(r"[ \t]*(?:thousand|million|billion|trillion)s?\b", re.IGNORECASE)
_ASIDE = re.compile(
    r"\b(forget\w*|ignor\w+|leav\w+ aside|set\w* aside)\b[^.\n]{0,40}\b(ty(ing|e)|tied?|shar(ing|ed))\b",
    re.IGNORECASE,
)
"""Words by which names that are one are apart for a while."""
_IF = re.compile(r"\b(?:if|needs?|wants?|requires?)\b[^.:=$\n]{0,80}:\s*[$`(\\]*$", re.IGNORECASE)
"""A case or a demand told in words, with its condition in the line below."""
_SUPPOSES_ANOTHER = re.compile(
    r"\b(if|when|for|with)\b[^.;:\n]{0,40}\b(is|were|being|as)\b (an?|the) [^.;:\n]{0,30}\bfunction\b[^.;:]*$",
    re.IGNORECASE,
)
"""Words in front of what holds for another function of the name: "if $f$ is the tanh function, …"."""
_NEW_THING = re.compile(r"\W*(?:an?|another|two|now an?|next,? an?)\s+[a-z]+\b", re.IGNORECASE)
"""How a paragraph begins that is about something else."""
FAMILIAR = frozenset(["sigma", "log", "exp"])
"""Functions that are known without a formula."""
_BY_ROWS = re.compile(r"\brow[- ]?(wise|vectors?|major)\b", re.IGNORECASE)
_BY_COLUMNS = re.compile(r"\bcolumn[- ]?(wise|vectors?|major)\b", re.IGNORECASE)
_CASE = re.compile(r"^[ \t]*[-*+][ \t]+[*_]*([^\W\d]+(?:[ -][^\W\d]+){0,3})[*_]*:", re.MULTILINE)
"""The name in front of an item of a list, without a number that would count steps."""
_WORDS = re.compile(r"[A-Za-z_]\w*")
_OTHERS = re.compile(r"[a-z]\s*(?:\\neq?\b|≠|!=)\s*[a-z]\b")
_BEHIND = 40
"""So far behind a formula it is said for which classes it holds, ``(j ≠ c)``."""
_HELD = re.compile(
    r"\b(held|hold(ing)?|keep(ing)?|kept) \w*\s*(fixed|constant)|\b(fixed|constant)\b[^.]{0,20}\bheld\b|"
    r"\b(through|along|via) (the|this|its|one) ([\w-]+ )?(skip|residual|shortcut|identity|direct|first|second|third|"
    r"upper|lower|left|right|main|same|branch|path|block|connection)\b|"
    r"\b(ignor|neglect|treat(ing)?\b[^.]{0,30}\bconstant|detach|stop.?gradient|direct (effect|path|part))",
    re.IGNORECASE,
)
"""Words that say that paths are left out on purpose."""
_BY = re.compile(
    r"(?:\}\s*\{|/)\s*\{?\s*(?:\\partial|∂)\s*\{?\s*(?:\\(?:mathbf|boldsymbol|bm)\s*\{?)?([A-Za-z])(?![A-Za-z])"
)
"""What a derivative is by: a single letter."""
_LINEAR = re.compile(
    r"\b(outputs?|activations?)\b[^.]{0,40}\b(linear|identity)\b|\b(linear|identity)\b[^.]{0,20}\b(outputs?|activations?)\b",
    re.IGNORECASE,
)


def is_about_another(
    document: Document, statement: Statement, verdict: Verdict, causes: Sequence[str]
) -> bool:
    """Whether a difference is no mistake since the line does not speak of what was defined before."""
    start = statement.span[0]
    before = document.text[max(0, start - _NEAR) : start]
    if _RATIO.search(before) and document.text[start].isdigit():
        return True  # 128:64 = 2:1
    near = document.text[max(0, start - _REACH) : start]
    large = _LARGE.match(document.text, statement.span[1])
    if large or _SOME.search(near) or _SUPPOSES_ANOTHER.search(near):
        return True
    if _OTHERWISE.search(before) or _is_expected(document, statement):
        return True
    far = document.text[max(0, start - 3 * _REACH) : start]
    if _ASIDE.search(far) or _is_case(far, statement):
        return True
    told = (_is_one_of_cases, _is_chosen, _is_data)
    if any(is_so(document, statement) for is_so in told):
        return True
    if set(causes) == {"wrong-variable"} and _is_of_one_example(document, statement):
        return True
    if _is_shorthand(document, statement, causes) or _is_schematic(verdict, causes):
        return True
    left = statement.members[0].expr
    if verdict.previous is statement.members[0] and left is not None:
        if _is_function_anew(left) or _is_asked_to_vanish(left, statement):
            return True
    if "transpose" in causes and isinstance(left, t.Derivative) and left.spelling == "nabla":
        value = verdict.link.left if verdict.link is not None else None
        if isinstance(value, Jacobian) and squeezed(value.of_shape):
            return True  # the gradient of a vector has no layout that all agree on
    return any(
        isinstance(p, t.Symbol) and p.base in _EXTREMES and p.subscripts for p in parts([statement])
    ) or any(
        isinstance(p, t.Call) and p.name in _EXTREMES and p.subscripts for p in parts([statement])
    )


def lacks_nothing(
    document: Document, statement: Statement, expected: str, causes: Sequence[str]
) -> bool:
    """Whether a slope that is missing is 1 or has been taken already, or ``dout`` is a factor too many: it never is."""
    if set(causes) <= {"factor", "missing-factor"} and expected:
        written = UPSTREAM.intersection(_WORDS.findall(document.text[slice(*statement.span)]))
        if any(n not in expected or f"{{{n}}}" in expected for n in written):
            return True
    if "\\partial" not in expected:
        return False
    is_linear = _LINEAR.search(vicinity(document, statement)) is not None
    return is_linear or _goes_through_the_whole(document, statement, expected)


def _goes_through_the_whole(document: Document, statement: Statement, expected: str) -> bool:
    """Whether what is missing arrives through Y where the line has ``∂L/∂y_i``: the rows of Y go no other way."""
    written = set(_BY.findall(document.text[slice(*statement.span)]))
    through = set(_BY.findall(expected))
    return any(name.swapcase() in through | (written - through) for name in through)


def _is_one_of_cases(document: Document, statement: Statement) -> bool:
    """``- hinge: L = 1`` behind ``- logistic: L = 0.69``: each item of the list is about a function of its own."""
    text, (start, _) = document.text, statement.span
    begin = text.rfind("\n", 0, start) + 1
    own = _CASE.match(text, begin)
    left = text[start:].partition("=")[0].strip()
    if own is None or not left or own.end() > start:
        return False
    cases = [m for m in _CASE.finditer(text) if m[1] != own[1]]
    lines = (text[m.end() :].partition("\n")[0] for m in cases)
    return any(re.search(rf"{re.escape(left)}\s*=", line) for line in lines)


def leaves_out_paths(document: Document, statement: Statement) -> bool:
    """Whether words say that only one path is followed, that others are held fixed, or that j is not the true class."""
    start, end = statement.span
    near = document.text[start:end].partition("=")[2] + document.text[end : end + _BEHIND]
    is_other = _OTHERS.search(near.partition("\n\n")[0]) is not None
    return is_other or _HELD.search(vicinity(document, statement)) is not None


def _is_case(before: str, statement: Statement) -> bool:
    """ "If the sign stays the same: sign(a) = sign(b)" says when, not what."""
    named = isinstance(statement.members[0].expr, (t.Symbol, t.Derivative, t.Apply))
    return not named and _IF.search(before) is not None


def _is_shorthand(document: Document, statement: Statement, causes: Sequence[str]) -> bool:
    """Whether sums are understood throughout, or the order of products is still to be found."""
    if {"missing-path", "missing-sum"} & set(causes) and _DUMMY.search(document.text):
        return True
    if "transpose" not in causes:
        return False
    start = statement.span[0]
    if _LOOSELY.search(document.text[max(0, start - 2 * _REACH) : start]):
        return True
    if document.regions[statement.region].cell is None:
        return False
    # Each column of a table has its own layout.
    return bool(_BY_ROWS.search(document.text) and _BY_COLUMNS.search(document.text))


def _is_schematic(verdict: Verdict, causes: Sequence[str]) -> bool:
    """``dL/dZ * dZ/dW = 2 * (A - Y) * X``: a chain filled in factor by factor, where nobody turns anything."""
    chain = verdict.previous.expr if verdict.previous is not None else None
    filled = verdict.member.expr if verdict.member is not None else None
    filled = filled.operand if isinstance(filled, t.Negative) else filled
    if "transpose" not in causes or not isinstance(filled, t.Product):
        return False
    if not isinstance(chain, t.Product) or len(filled.factors) < len(chain.factors):
        return False
    scripts = [p for p in t.walk(filled) if isinstance(p, t.Script)]
    return all(isinstance(x, t.Derivative) for x in chain.factors) and not any(
        s.kind == "transpose" for s in scripts
    )


def _is_expected(document: Document, statement: Statement) -> bool:
    """ "Should learn w ≈ 2": what is hoped for, not what is."""
    relations = {m.relation for m in statement.members[1:]}
    start = statement.span[0]
    line = document.text[document.text.rfind("\n", 0, start) + 1 : start]
    number = isinstance(statement.members[-1].expr, t.Number)
    return relations == {"approx"} and number and _EXPECTED.search(line) is not None


def _is_chosen(document: Document, statement: Statement) -> bool:
    """ "with $a = 0.7$": a number for a name, whatever an earlier part of the document makes of it."""
    first, last = statement.members[0].expr, statement.members[-1].expr
    if len(statement.members) != 2 or not isinstance(first, t.Symbol):
        return False
    if not isinstance(last, (t.Number, t.Negative)):
        return False
    start = statement.span[0]
    before = document.text[document.text.rfind("\n", 0, start) + 1 : start]
    return _ANNOUNCED.search(before) is not None


def _is_data(document: Document, statement: Statement) -> bool:
    r"""``y = [4, 5, 6]`` where ``\hat y`` is what the model says: the numbers that are to be met."""
    first, last = statement.members[0].expr, statement.members[-1].expr
    if len(statement.members) != 2 or not isinstance(first, t.Symbol) or first.accents:
        return False
    if not isinstance(last, (t.Group, t.Matrix)) or not is_plain(last):
        return False
    base = re.escape(first.base)
    hatted = rf"\\(?:wide)?hat\s*\{{?\s*{base}\b|{base}\u0302|{base}_?hat\b" + "|ŷ" * (base == "y")
    return re.search(hatted, document.text) is not None


def _is_of_one_example(document: Document, statement: Statement) -> bool:
    r"""A step along ``\partial \xi_i / \partial w`` beside one along ``\partial \xi / \partial w``: for one example."""
    tops = [p.of for p in parts([statement]) if isinstance(p, t.Derivative)]
    singles = [
        x for x in tops if isinstance(x, t.Symbol) and len(x.subscripts) == 1 and not x.scripts
    ]
    return any(
        getattr(x.subscripts[0], "text", getattr(x.subscripts[0], "base", "")) in ("i", "n", "j")
        and any(p.base.startswith("Delta") for p in parts([statement]) if isinstance(p, t.Symbol))
        for x in singles
    )


def _is_told_anew(place: Place, document: Document, statement: Statement) -> bool:
    """Whether words have given a name another meaning since its formula: "below, $J$ represents …"."""
    start = statement.span[0]
    for symbol in parts([statement]):
        if not isinstance(symbol, t.Symbol) or symbol.subscripts or symbol.accents:
            continue
        found = place.world.find(sort(symbol, place.world.spelling, {}).key, place.position)
        if found is None or symbol.base not in document.text:
            continue
        told = rf"\$\s*{re.escape(symbol.base)}\s*\$+ (?:represents|denotes|stands for|refers to)\b"
        if re.search(told, document.text[found[0].value.span[1] : start]):
            return True
    return False


def _is_another_thing(place: Place, document: Document, statement: Statement) -> bool:
    """ "A cone has r = h/2, so V = …" in a paragraph behind that of a ball: a formula of what is new there."""
    left, start = statement.members[0].expr, statement.span[0]
    if not isinstance(left, t.Symbol) or left.primes:
        return False
    made = place.world.definitions.get(stem_of(left), ())
    told = [d.value.span[1] for d in made if not d.numeric and d.position < place.position]
    begins = document.text.rfind("\n\n", 0, start) + 2
    is_before = bool(told) and max(told) < begins
    return is_before and _NEW_THING.match(document.text, begins, start) is not None


def is_about_the_unknown(
    place: Place, document: Document, statement: Statement, verdict: Verdict
) -> bool:
    """Whether a line rests on what was not understood, or gives a name to what stands before it."""
    return (
        _is_told_anew(place, document, statement)
        or _is_another_thing(place, document, statement)
        or _gives_a_name(place, statement, verdict)
        or _names_a_function(place, document, statement, verdict)
        or _rests_on_unread(place, statement)
        or _is_of_new_values(place, document, statement, verdict)
    )


def _is_of_new_values(
    place: Place, document: Document, statement: Statement, verdict: Verdict
) -> bool:
    """ "After updating the weight, y = 0.9001 · 3": a number put in that came out before, under another name."""
    told = verdict.member.expr if verdict.member is not None else None
    start = statement.span[0]
    before = document.text[max(0, start - 2 * _REACH) : start]
    if told is None or verdict.link is None or verdict.link.numbers is None or is_plain(told):
        return False
    came_out = [n for n in numbers_in(told) if abs(n.value) in place.ledger.numbers]
    new = any(_has_digits(n) and abs(n.value) not in place.ledger.exact for n in came_out)
    return new and _AFTERWARDS.search(before) is not None


def _has_digits(number: t.Number) -> bool:
    """Whether a number is too long to be there by chance."""
    return len(number.text.replace(".", "").strip("0")) > 2


def _rests_on_unread(place: Place, statement: Statement) -> bool:
    """Whether something is differentiated that has a formula which was not understood."""
    tops = [part.of for part in parts([statement]) if isinstance(part, t.Derivative)]
    for top in tops:
        if isinstance(top, t.Symbol) and not top.primes and has_formula(place, top):
            try:
                place.reader().value(top)
            except NotUnderstood:
                return True
    return False


def _gives_a_name(place: Place, statement: Statement, verdict: Verdict) -> bool:
    """``p = k/n = \\bar x``: a name without a formula at the end of a chain is another for the same."""
    member = verdict.member
    if member is None or member is not statement.members[-1] or len(statement.members) < 3:
        return False
    last, first = member.expr, statement.members[0].expr
    if not isinstance(first, t.Symbol) or not isinstance(last, t.Symbol):
        return False
    between = [m.expr for m in statement.members[1:-1] if m.expr is not None]
    if any(same_tree(last, p) for x in between for p in t.walk(x)):
        return False  # the r of ``r cos² θ + r sin² θ = r``
    return not last.primes and not has_formula(place, last)


def _names_a_function(
    place: Place, document: Document, statement: Statement, verdict: Verdict
) -> bool:
    r"""``y = f(z)``, further on ``y = \varepsilon(z)``: where it is applied first, a function without a formula
    is another name for the one before."""
    tree = verdict.member.expr if verdict.member is not None else None
    if not isinstance(tree, t.Apply) or tree.primes or tree.head.primes:
        return False
    if tree.head.base in FAMILIAR or has_formula(place, tree.head):
        return False
    if not place.world.is_function(stem_of(tree.head)):
        return False  # a product: X^T (X w - y)
    start, end = tree.head.span
    applied = re.escape(document.text[start:end]) + r"\s*(?:\\left)?\s*\(\s*(?!\\cdot|[·.])"
    return re.search(applied, document.text[: statement.span[0]]) is None


def has_formula(place: Place, name: t.Symbol) -> bool:
    found = place.world.find(sort(name, place.world.spelling, {}).key, place.position)
    return found is not None and not found[0].numeric and found[0].position < place.position


def is_remark(document: Document, before: Statement | None, statement: Statement) -> bool:
    """ "A beam of size $=2$" goes on from words, not from a formula."""
    inline = document.regions[statement.region].kind == "inline"
    first = statement.members[0]
    number = len(statement.members) == 1 and isinstance(first.expr, t.Number)
    if before is None or not inline or not first.relation or not number:
        return False
    return len(_WORD.findall(document.text[before.span[1] : statement.span[0]])) > 1


def _is_function_anew(left: t.Expr) -> bool:
    """``f(x) = …`` behind another ``f(x) = …`` is the next function that a text calls f."""
    if not isinstance(left, t.Apply) or left.primes or left.head.primes or left.scripts:
        return False
    if len(left.head.base) != 1 or left.head.base == "d":
        return False
    return all(isinstance(a, t.Symbol) and not (a.subscripts or a.scripts) for a in left.args)


def _is_asked_to_vanish(left: t.Expr, statement: Statement) -> bool:
    """``f'(x) = 0`` is a question about x."""
    last = statement.members[-1].expr
    return (
        is_zero(last)
        and len(statement.members) == 2
        and isinstance(left, t.Apply)
        and bool(left.primes or left.head.primes)
    )
