"""Formulas read for their shapes: what a sum, a product or a derivative shows of the names in it."""

from __future__ import annotations

from collections.abc import Sequence

from dvar.check.meaning import blocks, einsums, functions, looks, losses
from dvar.check.meaning.alphabet import COUNTS
from dvar.check.meaning.keys import sort, unwrapped
from dvar.check.meaning.looks import is_bias, is_inverse, is_number_beside, is_raised_e, is_small
from dvar.check.meaning.shaping import COPIES, ONE, Shape, Shaping, bare, laid_out
from dvar.read.worksheet import tree as t

DEPTH = 80
BUDGET = 200_000
"""Parts of trees that are looked at; what is not known by then is left open."""
_SCALAR_CALLS = frozenset(["trace", "tr", "det", "norm", "argmax", "argmin", "logsumexp"])
_PRODUCTS = frozenset(["dot", "matmul"])
_KEEPING = {*("softmax", "log_softmax", "max", "min", "maximum", "minimum", "sort", "where")}
_LIKE_FIRST = functions.ELEMENTWISE | COPIES | {"inv", "ones_like"}
_SUMS = frozenset(["sum", "mean", "max", "min"])
_ELEMENTWISE = frozenset({"odot", ".*"})


def shape_of(s: Shaping, tree: t.Expr) -> Shape | None:
    """The shape of an expression; None where it is not known."""
    s.depth += 1
    s.spent += 1
    try:
        return _shape(s, tree) if s.depth < DEPTH and s.spent < BUDGET else None
    finally:
        s.depth -= 1


def _shape(s: Shaping, tree: t.Expr) -> Shape | None:  # noqa: C901, a dispatch
    match tree:
        case t.Number():
            return ()
        case t.Symbol():
            return _symbol(s, tree)
        case t.Group():
            return _group(s, tree)
        case t.Negative():
            return shape_of(s, tree.operand)
        case t.Sum():
            return _sum(s, tree)
        case t.Product():
            return _product(s, tree.factors, tree.operators)
        case t.Quotient():
            return _quotient(s, tree)
        case t.Power():
            return shape_of(s, tree.base)
        case t.Apply():
            return _apply(s, tree)
        case t.Call(name="einsum"):
            return einsums.shape_of(s, tree, shape_of)
        case t.Call():
            return _call(s, tree)
        case t.Derivative():
            return _derivative(s, tree)
        case t.Big():
            return shape_of(s, tree.body)
        case t.Root():
            return shape_of(s, tree.radicand)
        case t.Cases():
            shapes = [shape_of(s, branch) for branch, _ in tree.branches]
            return max((x for x in shapes if x is not None), key=len, default=None)
        case t.Relation():
            return _joined(s, tree.members)
        case t.Matrix():
            return _scripted(s, blocks.shape_of(s, tree, shape_of), tree.scripts)
        case _:
            return None


def _scripted(s: Shaping, shape: Shape | None, scripts: Sequence[t.Script]) -> Shape | None:
    """After transposes and powers; an inverse shows that a matrix is square."""
    if shape is None or len(shape) != 2:
        return shape
    for script in scripts:
        if script.kind == "transpose":
            shape = shape[::-1]
        elif script.kind == "plain" and ONE not in shape and is_inverse(script):
            s.join(*shape)
    return shape


def _symbol(s: Shaping, tree: t.Symbol) -> Shape | None:
    if is_raised_e(tree) and tree.scripts[0].kind != "transpose":
        inner = tree.scripts[0].value
        return shape_of(s, inner) if inner is not None else None
    if tree.primes and not s.world.primes_turn:
        return None
    shape = s.of_name(tree)
    if tree.primes % 2 and shape:
        shape = shape[::-1]
    return _scripted(s, shape, sort(tree, s.world.spelling, {}).operations)


def _group(s: Shaping, tree: t.Group) -> Shape | None:
    if tree.subscripts and tree.kind != "norm":
        return ()
    if len(tree.items) != 1:
        for item in tree.items:
            shape_of(s, item)
        if tree.kind not in ("angle", "colon") or len(tree.items) != 2:
            return None
        is_pair = tree.kind == "colon" or all(isinstance(item, t.Symbol) for item in tree.items)
        return () if _joined(s, tree.items) or is_pair else None
    inner = shape_of(s, tree.items[0])
    if tree.kind in ("norm", "iverson") or (tree.kind == "|" and inner and ONE not in inner):
        if tree.kind == "|" and inner:
            s.join(*inner)
        return () if tree.kind != "iverson" else inner
    return _scripted(s, inner, tree.scripts)


def _joined(s: Shaping, trees: Sequence[t.Expr]) -> Shape | None:
    """The shape of several values that stand beside each other entry by entry."""
    shapes = [shape_of(s, tree) for tree in trees]
    best = _largest(shapes)
    if best is None:
        return None
    for tree, shape in zip(trees, shapes, strict=True):
        if shape is None and best:
            s.expect(tree, _as_bias(s, tree, best))
        elif shape and best:
            s.same(shape, best)
    return best


def _largest(shapes: Sequence[Shape | None]) -> Shape | None:
    """A matrix before vectors before numbers."""
    known = [x for x in shapes if x is not None]
    return max(known, key=lambda x: (len(x), sum(size != ONE for size in x)), default=None)


def _as_bias(s: Shaping, tree: t.Expr, shape: Shape) -> Shape:
    """What is added to a matrix of examples is one column, or one row, for all of them."""
    symbol, _ = bare(tree)
    if symbol is None or not shape or ONE in shape or not is_bias(symbol):
        return shape
    return (ONE, shape[1]) if s.world.rows_are_examples else (shape[0], ONE)


def _sum(s: Shaping, tree: t.Sum) -> Shape | None:
    late = {n: key for n, term in enumerate(tree.terms) if (key := s.capital_greek(term))}
    shapes = [None if n in late else shape_of(s, term) for n, term in enumerate(tree.terms)]
    among_numbers = all(shape == () for n, shape in enumerate(shapes) if n not in late)
    for n, key in late.items():
        if among_numbers and len(late) < len(shapes):
            s.settle(key, ())  # s_j - s_i + Δ
        shapes[n] = shape_of(s, tree.terms[n])
    shapes = [_fitted(s, tree, shapes, n) for n in range(len(shapes))]
    best = _largest(shapes)
    if best is None:
        return None
    for term, shape in zip(tree.terms, shapes, strict=True):
        if shape is None and (best or not isinstance(term, t.Number)):
            s.expect(term, () if is_number_beside(tree, term) else _as_bias(s, term, best))
        elif shape and best:
            s.same(shape, best)
    if not best and any(x is None for x in shapes):
        return None
    return best


def _fitted(s: Shaping, tree: t.Sum, shapes: Sequence[Shape | None], n: int) -> Shape | None:
    """The shape of a term, seen beside the others."""
    symbol, is_turned = bare(tree.terms[n])
    if symbol is None or is_turned or not shapes[n]:
        return shapes[n]
    for k, beside in enumerate(shapes):
        if k != n and beside and len(beside) == 2:
            s.fit(symbol, beside)
    return s.find(s.key_of(symbol)) or shapes[n]


def _quotient(s: Shaping, tree: t.Quotient) -> Shape | None:
    above, below = shape_of(s, tree.above), shape_of(s, tree.below)
    if above is None and below:
        s.expect(tree.above, below)
        return below
    if above and below:
        s.same(above, below)
    return (below or above) if above == () and below is not None else above


# ── products ────────────────────────────────────────────────────────────────────────────────────


def _product(s: Shaping, factors: Sequence[t.Expr], signs: Sequence[str]) -> Shape | None:
    shapes = [shape_of(s, factor) for factor in factors]
    if "otimes" in signs and s.world.kroneckers:
        both = zip(factors, shapes, strict=True)
        shapes = [s.matrix_named(f) if x is None else x for f, x in both]
    for n, factor in enumerate(factors):
        if shapes[n] is None:
            inner = unwrapped(factor)  # w^T (h_i - h_j): each of them
            for term in inner.terms if isinstance(inner, t.Sum) else (factor,):
                beside = (*factors[:n], term, *factors[n + 1 :])
                s.expect(term, _between(s, beside, signs, shapes, n))
            shapes[n] = shape_of(s, factor)
    out = shapes[0]
    for factor, sign, shape in zip(factors[1:], signs, shapes[1:], strict=True):
        loose = sign in ("", "cdot") and looks.is_slope(factor) and not s.world.primes_turn
        out = None if loose and out and shape else _times(s, out, shape, sign)
    return out


def _between(
    s: Shaping,
    factors: Sequence[t.Expr],
    signs: Sequence[str],
    shapes: Sequence[Shape | None],
    n: int,
) -> Shape | None:
    """The shape that an unknown factor takes from its neighbours."""
    symbol, turned = bare(factors[n])
    left = shapes[n - 1] if n else None
    if symbol is not None and left and _follows_matrix(symbol, left, signs[n - 1]):
        return (left[1], s.fresh())
    if symbol is None or (symbol.base in COUNTS and not symbol.subscripts):
        return None
    if not is_small(key := s.key_of(symbol)) and key.stem not in s.world.batches:
        return None
    right = shapes[n + 1] if n + 1 < len(factors) else None
    near = {signs[k] for k in (n - 1, n) if 0 <= k < len(signs)}
    if near & _ELEMENTWISE:
        return left or right
    if left is None and _is_inner(shapes[n + 1 : n + 3]):
        return ()  # y w^T x is y times a number
    if left and left[1] != ONE and signs[n - 1] in ("", "cdot", "@", "times", "%*%"):
        return (left[1], ONE)
    if right and right[0] != ONE and right[1] != ONE and (turned or _leads(s, symbol, n)):
        many = not turned and key.stem in s.world.batches
        return (s.fresh() if many else ONE, right[0])
    return None


def _is_inner(shapes: Sequence[Shape | None]) -> bool:
    """Whether a row and a column stand side by side."""
    if len(shapes) < 2 or not shapes[0] or not shapes[1]:
        return False
    return shapes[0][0] == ONE and shapes[1][1] == ONE


def _follows_matrix(symbol: t.Symbol, before: Shape, sign: str) -> bool:
    """``A C``: what stands right behind a matrix is no number, whatever its letter."""
    return ONE not in before and sign == "" and symbol.base in "CEFRT"


def _leads(s: Shaping, symbol: t.Symbol, n: int) -> bool:
    """Whether a small letter in front of a matrix is a row rather than a number."""
    stem = s.key_of(symbol).stem
    may_be = len(symbol.base) == 1 or stem in s.world.batches
    return n == 0 and may_be and stem not in s.world.columns


def _times(s: Shaping, a: Shape | None, b: Shape | None, sign: str) -> Shape | None:
    if a is None or b is None or sign in ("otimes", "conv"):
        return None
    if not a or not b:
        return a or b
    if sign in _ELEMENTWISE:
        s.same(a, b)
        return a if ONE in b else b
    if sign == "*":
        return a if _alike(s, a, b) else None
    if a[1] == ONE and b[0] != ONE:
        if b[1] == ONE and sign == "cdot":
            s.same(a, b)
            return ()
        return None
    if (a[1] == ONE) != (b[0] == ONE):
        return None
    if ONE not in a and _alike(s, a, b) and s.unions.root(a[0]) != s.unions.root(a[1]):
        return a  # dA g'(Z): what does not fit as a product of matrices is one of entries
    s.join(a[1], b[0])
    return laid_out((a[0], b[1]))


def _alike(s: Shaping, a: Shape, b: Shape) -> bool:
    return all(s.unions.root(x) == s.unions.root(y) for x, y in zip(a, b, strict=True))


# ── functions and derivatives ───────────────────────────────────────────────────────────────────


def _apply(s: Shaping, tree: t.Apply) -> Shape | None:
    args = [shape_of(s, arg) for arg in tree.args]
    if tree.subscripts:
        return ()
    if tree.head.primes and s.world.primes_turn and len(args) == 1:
        group = t.Group("(", tree.args, tree.span)
        return _scripted(s, _product(s, (tree.head, group), ("",)), tree.scripts)
    shape = s.of_applied(tree) or _applied(s, tree, args)
    if shape is None and len(tree.args) == 1 and not _is_function(s, tree):
        group = t.Group("(", tree.args, tree.span)
        return _scripted(s, _product(s, (tree.head, group), ("",)), tree.scripts)
    return _scripted(s, shape, tree.scripts)


def _applied(s: Shaping, tree: t.Apply, args: list[Shape | None]) -> Shape | None:
    key = s.key_of(tree.head)
    body = s.bodies.get(key)
    if body is not None and len(body[0]) == len(args) and key not in s.reading:
        for n, (param, arg) in enumerate(zip(body[0], args, strict=True)):
            if arg is None:
                s.expect(tree.args[n], shape_of(s, param))
        s.reading.add(key)
        try:
            return _of_body(s, body, args)
        finally:
            s.reading.discard(key)
    if not _is_function(s, tree):
        return s.of_name(tree.head) if key in s.world.dependent else None
    if losses.is_known(tree.head.base):
        _joined(s, tree.args)
    if len(args) != 1 or tree.head.base in functions.SCALAR_VALUED:
        return ()
    return args[0]


def _is_function(s: Shaping, tree: t.Apply) -> bool:
    stem = s.key_of(tree.head).stem
    known = len(tree.head.base) > 1 and functions.is_known(tree.head.base)
    sigma = tree.head.base in functions.SIGMAS and stem not in s.world.plain
    return stem in s.world.functions or known or sigma


def _of_body(
    s: Shaping, body: tuple[tuple[t.Expr, ...], t.Expr], args: list[Shape | None]
) -> Shape | None:
    """A function of the document at these arguments."""
    before = dict(s.local)
    for param, arg in zip(body[0], args, strict=True):
        if isinstance(param, t.Symbol) and arg is not None and not param.subscripts:
            s.local[s.key_of(param).stem] = arg
    try:
        return shape_of(s, body[1])
    finally:
        s.local = before


def _call(s: Shaping, tree: t.Call) -> Shape | None:
    name = functions.named(tree.name)
    if name == functions.NORMAL:
        drawn = shape_of(s, tree.args[0])
        mean, _ = bare(tree.args[1])
        if drawn and mean is not None and s.find(s.key_of(mean)) is None:
            s.settle(s.key_of(mean), drawn)  # whatever such letters are elsewhere
        shape_of(s, tree.args[2])
        return ()
    if name in _PRODUCTS and len(tree.args) == 2:
        product = _product(s, tree.args, ("@",))
        return () if product is None and name == "dot" else product
    args = [shape_of(s, arg) for arg in tree.args]
    first = args[0] if args else None
    if tree.subscripts and name != "log":
        return ()
    if name in ("trace", "det", "inv") and first and ONE not in first:
        s.join(*first)
    if name in _SCALAR_CALLS or (name in ("sum", "mean") and not tree.keywords):
        return ()
    if name in _SUMS and tree.keywords and first:
        return along(tree.keywords, first)
    if name == "transpose" and first is not None:
        return first[::-1]
    if name == "diag" and first:
        return (first[0], first[0]) if first[1] == ONE else (first[0], ONE)
    if name in _LIKE_FIRST:
        return _scripted(s, first, tree.scripts)
    if name in _KEEPING:
        return _joined(s, tree.args)
    return None


def along(keywords: Sequence[tuple[str, t.Expr]], shape: Shape) -> Shape | None:
    """The shape of a sum along an axis; whether it is a row or a column matters only to matrices."""
    axis = next((v for name, v in keywords if name in ("axis", "dim", "along")), None)
    if axis is None:
        return (ONE, shape[1]) if shape[0] != ONE else ()
    counted = any(name == "along" for name, _ in keywords)  # from 0 or from 1
    if not isinstance(axis, t.Number) or ONE in shape or len(shape) > 2 or counted:
        return None
    return (ONE, shape[1]) if axis.text == "0" else (shape[0], ONE)


def _derivative(s: Shaping, tree: t.Derivative) -> Shape | None:
    if tree.of is None:
        return None
    of = shape_of(s, tree.of)
    wrt = [shape_of(s, w) for w in tree.wrt]
    if len(wrt) == 1 and of == () and not (s.world.numerator_layout and wrt[0]):
        return wrt[0]
    if len(wrt) == 1 and wrt[0] == () and of is not None:
        return of
    return None
