"""Words of the field and words of talk, in the languages that worksheets are written in."""

from __future__ import annotations

from dvar.core.letters import GREEK
from dvar.read.latex import words as strict
from dvar.read.worksheet.mathematics.words import pairs, word_set

FIELD = word_set(
    "loss cost error err net out target tgt output input inp pred label logits logit score scores "
    "prob probs grad lr reg mean "
    "var std hidden bias weight weights biases delta eps epsilon alpha beta gamma theta lambda "
    "sigma eta mu rho phi "
    "psi omega tau zeta kappa chi nu xi pi activation act obj objective total batch momentum "
    "velocity lambd reward "
    "dropout mask embed embedding query key value attn attention context cell gate forget update "
    "state hid logsum "
    "trueprob probability learning rate yhat ypred ytrue upstream downstream local preact "
    "preactivation step margin residual "
    "temp temperature sim dist distance energy norm sum prod num den acc accuracy params param "
    "gradient new old "
    "entropy predicted prediction predictions actual truth true expected sig MSE BCE CE SSE RMSE "
    "MAE NLL KL RSS ReLU "
    "Loss Cost Error Net Out Target Output Input Var Cov Std Pr Tr softmax idx lam Sum Mean scale "
    "shift dout cache"
)
"""Runs of letters that are one name wherever they stand."""
GREEK_WORDS = frozenset(GREEK)
STATEMENT_WORDS = word_set(
    "def for if elif else while import from class print with return try except raise assert del "
    "pass break continue "
    "lambda global yield plt function end clear close clc figure hold disp fprintf printf"
)
"""Words that begin a line of a program which is no formula."""

CONDITIONAL = word_set(
    "if when whenever for unless provided wenn falls für si cuando para quand pour se quando sempre si iff"
)
"""Words that begin a condition."""
REASONS = word_set("since because as given assuming while with where whenever")
"""Words that begin a condition where an inequality follows, and another statement elsewhere."""
OTHERWISE = word_set(
    "otherwise else elsewhere sonst sinon autrement andernfalls altrimenti contrario default others "
    "other rest"
)
CONJUNCTIONS = pairs("and and or or und and oder or y and et and ou or o or e and not not")
VERBS = pairs(
    "equals = equal = is is are is gives = yields = implies implies becomes := approximately approx "
    "times * plus + minus - over / in in"
)
_TALK = word_set(
    "then therefore thus hence so now let with where we have get define obtain such that scalar all "
    "any each every here this "
    "these those it its be been has note recall using use by chain rule also both only but however "
    "finally first second third "
    "next substituting plugging compute computing computed follows following consider note suppose "
    "assume similarly likewise "
    "namely i.e e.g etc not on at via per from into can will would should may must our your their "
    "there which who whose what "
    "vector matrix row column constant elementwise element-wise element pointwise entrywise "
    "respectively wise "
    "donde entonces luego con avec où donc soit dann also mit wobei und sei vectors matrices shape "
    "definition def ok yes no true false step"
)
PROSE = strict.PROSE | CONDITIONAL | REASONS | OTHERWISE | {*CONJUNCTIONS, *VERBS} | _TALK
"""Words that are talk, not names, where a formula holds them as text."""
CODE_PROSE = word_set("if else and or not in")
LATEX_PROSE = word_set(
    "if for when where otherwise else and or with since because then therefore hence thus let such "
    "that unless while "
    "which from wenn sonst und falls für donde entonces avec pour sinon"
)
"""Words that are talk even where LaTeX sets them as letters."""
SUBSCRIPT_WORDS = word_set(
    "hat new old pred true out in norm total tot net max min reg data train test val target label "
    "input output hidden loss "
    "next prev tilde bar init final avg mean var std err error batch ref opt best layer"
)
