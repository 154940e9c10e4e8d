"""Which words are prose, which are mathematics, and which lines are programs.

Short words decide most: ``lr = 0.1`` is a formula and ``is = 0.1`` is not.
"""

from __future__ import annotations

import re


def words(text: str) -> frozenset[str]:
    """The words of a list."""
    return frozenset(text.split())


_ENGLISH = words(
    """
    a about above after again all also although always am an and another any applying are as
    assume at be because been before being below between both but by called can cannot combining
    compute computing consider could define defined denote denotes did different do does done
    each eg either else equal equals equation every few finally find first following for from
    full gave get gets give given gives giving go goes had has have he hence her here his how
    however i ie if in instead into is it its just know let like make many may me means most
    must my namely need new next no nor not note notice now obtain of off old on once one only
    or other our over own part per plug provided put rather read recall same say second see set
    she should shown similarly simply since so some still such take taking than that the their
    them then there therefore these they third this those thus to together too two under until
    up upon us use used using via was we well were what when where whether which while who whose
    why will with within without would write yes yet you your st nd rd th vs etc eq fig cf resp
    wrt iff sec ch pp nos vol becomes become yields yield holds follows implies produces
    """
)
_OTHERS = words(
    """
    el la los las un una unos unas del con que es por para como si sus tenemos donde entonces
    sea le les des et ou est pour dans avec sur par une au aux qui ce cette nous on donc soit où
    der die das den dem ein eine einen und oder ist mit für auf von zu wir sei wenn dann also wo
    als bei il gli della di che è per sono dove allora o os as em com um uma é seja onde então
    """
)
STOP = _ENGLISH | _OTHERS
"""Words that are never part of a formula outside of delimiters."""


def is_stop(word: str) -> bool:
    """Whether a word is prose; CE and MIT in capitals are names, though ce and mit are words elsewhere."""
    lower = word.lower()
    return lower in _ENGLISH or (lower in _OTHERS and not (word.isupper() and len(word) > 1))


NAMED = words(
    """
    rate bias weight weights input output target label loss momentum decay gradient
    """
)
"""What numbers are given for: ``learning rate: 0.1``."""

FUNCTIONS = words(
    """
    sin cos tan cot sec csc sinh cosh tanh coth arcsin arccos arctan asin acos atan log ln lg
    exp sqrt abs max min argmax argmin sup inf lim det tr trace rank diag sign sgn norm relu
    leakyrelu elu gelu selu silu swish sigmoid softmax logsoftmax softplus softsign sort mean
    var std cov prod dot inner outer vec sum transpose erf mod round floor ceil clip where
    hardtanh heaviside step
    """
)
"""Words that are functions where a bracket or an argument follows."""

GREEK = words(
    """
    alpha beta gamma delta epsilon varepsilon zeta eta theta iota kappa lambda lam mu nu xi
    omicron pi rho sigma tau upsilon phi varphi chi psi omega nabla partial
    """
)

ARITHMETIC_WORDS = words(
    "times plus minus divided multiplied over squared cubed more less percent dot mod cross"
)
"""Behind a formula they go on with it in words, so that what stands before is only half of it."""

_PROGRAM = re.compile(
    r"""\s*(?:
        (?:def|class|for|while|if|elif|elseif|else|try|except|finally|import|return|print|raise|assert|del
          |yield|pass|break|continue|global|nonlocal|async|await|end|function|switch|typedef|struct|void
          |fprintf|printf|echo|export|alias|pip|conda|git|cd|ls|sudo|apt|brew|npm|python3?|curl|wget|docker
          |chmod|mkdir)\b(?!\s*(?:[-+*/:]?=[^=]|\^|_))
      | from\s+\S+\s+import\b
      | with\b.*:\s*$
      | (?:print|disp|fprintf|printf|plt|pd|os|sys|logging)\b\s*[(.]
      | @\w+\s*(?:\(|$)
      | [$%!]\s*\w+\s
      | \#(?:include|define|!|pragma)
      | [{}\])]+[;,]?\s*$
      | </?\w+[^>]*>
    )""",
    re.VERBOSE,
)
_NO_VALUE = re.compile(
    r"""["`]|(?<![\w)\].'])'[^']*'|(?<!keepdims=)(?<!keepdim=)\b(?:True|False)\b
      |\b(?:None|lambda(?=[ ]?[\w, ]*:)|true|false|null|nullptr)\b
      |\b(?:open|input|load\w*|(?<!\[)range|print|list|dict|new\s+\w+)\s*\(
      |\b(?:plt|pd|os|sys|re|json|requests|logging|time|cv2|sns|keras|datasets?|nn|optim|layers|models|sklearn)\.
      |[{}]|\bfor\b|=>|&&|::|<<|>>
      |=\s*@\(|\w\(\s*(?:\w+\s*:|:\s*\w)|^\s*\[[^\]=]*,[^\]=]*\]\s*=(?!\s*size\b)""",
    re.VERBOSE,
)
_SUBSCRIPTS = re.compile(r"""\beinsum\(\s*(?P<quote>["'])[\w ,>-]*(?P=quote)""")
"""The letters of an einsum are no string among others."""
_SETTING = re.compile(
    r"\s*(?:axis|dim|dims|keepdims?|dtype|seed|random_state|random_seed|verbose|shuffle|device|figsize|size"
    r"|requires_grad|reduction|index|header|sep|usecols|inplace|copy|end|n_jobs|padding|stride|width|height)"
    r"\s*=(?!=)[^=]*$"
)


def is_program(line: str) -> bool:
    """Whether a line is a statement of a program that can be no mathematics: ``for``, ``import`` …"""
    return _PROGRAM.match(line) is not None


def is_setting(code: str) -> bool:
    """Whether it is the setting of a program: ``axis=0``."""
    return _SETTING.match(code) is not None


def holds_no_value(code: str) -> bool:
    """Whether an assignment is of strings, truth values, objects: nothing that has a derivative."""
    code = _SUBSCRIPTS.sub("einsum(", code)
    return _NO_VALUE.search(code) is not None or is_setting(code)
