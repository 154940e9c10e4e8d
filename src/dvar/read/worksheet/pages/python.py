"""Which statements of a Python program are mathematics: its syntax tree tells, nothing is run.

Arrays are loaded, shuffled, printed and plotted between the lines that compute something; only assignments of
formulas made of known functions count.
"""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator

from dvar.read.worksheet.pages.lexicon import words
from dvar.read.worksheet.tree import Span

LONGEST = 60_000
_MAGIC = re.compile(r"^([ \t]*)(?:[%!?]|:[\w-]+:|---$)[^\n]*", re.MULTILINE)
"""Commands of a notebook, and options of a cell: ``:tags: [hide-input]``."""
_MODULES = words("np numpy jnp torch tf math F functional nn special linalg scipy sp jax fft")
_CALLS = words(
    """
    exp log log2 log10 log1p expm1 sqrt square power pow sin cos tan tanh sinh cosh arctan arcsin arccos
    abs fabs absolute sign maximum minimum max min amax amin sum mean average prod var std dot matmul mm bmm
    inner outer einsum tensordot transpose trace diag inv norm det where clip clamp relu sigmoid softmax
    log_softmax softplus logsumexp leaky_relu elu gelu silu expit cumsum cumprod flip sort argsort reshape
    ravel flatten view squeeze unsqueeze expand_dims repeat tile ones_like zeros_like ones zeros eye
    array asarray tensor float float32 float64 double astype copy detach clone item numpy t multiply
    divide add subtract reciprocal len size heaviside broadcast_to expand repeat_interleave vdot triu tril
    """
)
_ACTIVATIONS = words("relu sigmoid softmax tanh softplus")
SLOPE = re.compile(
    r"(relu|sigmoid|tanh)_?(?:derivative|deriv|prime|grad|gradient|slope)|d_?(relu|sigmoid|tanh)",
    re.IGNORECASE,
)
"""How programs call the derivatives of activations."""
_FILLED = words("ones zeros ones_like zeros_like empty_like empty full full_like eye rand randn")
"""Calls that only make room for what is computed later, where they are all that is assigned."""
_PROGRAM = re.compile(r"^(?:import |from \w[\w.]* import |def \w+\()", re.MULTILINE)
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.MatMult, ast.Pow)
_ATTRIBUTES = words("T mT shape size ndim pi e inf real")


def is_python(text: str) -> bool:
    """Whether a text as a whole is a program in Python."""
    if len(text) > LONGEST or _PROGRAM.search(text) is None:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def formulas(text: str, span: Span) -> set[int] | None:
    """Where the assignments of formulas begin; None where the program cannot be read."""
    code = text[span[0] : span[1]]
    if len(code) > LONGEST:
        return None
    cleared = _MAGIC.sub(lambda m: m[1] + "#" + " " * (len(m[0]) - len(m[1]) - 1), code)
    dedented = textwrap.dedent(cleared)
    lines = cleared.split("\n")
    pairs = zip(lines, dedented.split("\n"), strict=True)
    indent = next((len(a) - len(b) for a, b in pairs if b.strip()), 0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(dedented)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    starts, offset = [], span[0]
    for line in lines:
        starts.append(offset)
        offset += len(line) + 1
    return {
        starts[s.lineno - 1] + _column(lines[s.lineno - 1][indent:], s.col_offset) + indent
        for s in _assignments(tree.body)
        if s.lineno <= len(starts)
    }


def _column(line: str, width: int) -> int:
    """Columns are counted in bytes of UTF-8."""
    return len(line.encode()[:width].decode(errors="ignore"))


def _assignments(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.With)):
            yield from _assignments(statement.body)
        elif isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            if _is_formula(statement):
                yield statement


def _is_formula(statement: ast.Assign | ast.AnnAssign | ast.AugAssign) -> bool:
    value = statement.value
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    if value is None or len(targets) != 1:
        return False
    (target,) = targets
    if isinstance(target, ast.Tuple):
        if isinstance(value, ast.Tuple):
            return len(target.elts) == len(value.elts) and _is_value(target) and _is_value(value)
        return isinstance(value, ast.Attribute) and value.attr == "shape"
    if not isinstance(target, (ast.Name, ast.Subscript)) or not _is_value(target):
        return False
    makes_room = isinstance(value, ast.Call) and _called(value) in _FILLED
    return not makes_room and _is_value(value)


def _is_value(node: ast.expr) -> bool:
    """Whether an expression is made of numbers, names and known functions."""
    match node:
        case ast.Constant():
            return isinstance(node.value, (int, float)) and not isinstance(node.value, bool)
        case ast.Name():
            return True
        case ast.Attribute(value=ast.Call() as call, attr="values"):
            return _called(call) in ("max", "min") and _is_value(call)
        case ast.Attribute():
            return node.attr in _ATTRIBUTES and _is_value(node.value)
        case ast.BinOp():
            return (
                isinstance(node.op, _OPERATORS) and _is_value(node.left) and _is_value(node.right)
            )
        case ast.UnaryOp():
            return isinstance(node.op, (ast.USub, ast.UAdd)) and _is_value(node.operand)
        case ast.Compare():
            return all(_is_value(part) for part in (node.left, *node.comparators))
        case ast.Subscript():
            return _is_value(node.value) and _is_index(node.slice)
        case ast.Call():
            return _is_call(node)
        case ast.List() | ast.Tuple():
            return all(_is_value(item) for item in node.elts)
        case _:
            return False


def _is_index(node: ast.expr) -> bool:
    if isinstance(node, ast.Slice):
        return all(part is None or _is_value(part) for part in (node.lower, node.upper, node.step))
    if isinstance(node, ast.Tuple):
        return all(_is_index(item) for item in node.elts)
    if isinstance(node, ast.Call) and _called(node) in ("range", "arange"):
        return all(_is_value(arg) for arg in node.args)  # P[range(N), y]
    return _is_value(node) or (isinstance(node, ast.Constant) and node.value in (None, ...))


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def _is_call(node: ast.Call) -> bool:
    function = node.func
    if any(k.arg is None for k in node.keywords):
        return False
    name = _called(node)
    if name not in _CALLS and not (isinstance(function, ast.Name) and _is_activation(name)):
        return False
    if isinstance(function, ast.Attribute) and not _is_module(function.value):
        if not _is_value(function.value):
            return False
    texts = _called(node) == "einsum"
    return all(
        _is_value(arg) or (texts and isinstance(arg, ast.Constant) and isinstance(arg.value, str))
        for arg in node.args
    )


def _is_activation(name: str) -> bool:
    """``ReLU(z)`` and the slope of it, ``relu_derivative(z)``, that a program tells elsewhere."""
    return name.lower() in _ACTIVATIONS or SLOPE.fullmatch(name) is not None


def _is_module(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in _MODULES
