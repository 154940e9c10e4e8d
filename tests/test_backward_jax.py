"""``dvar check`` on ``jax.custom_vjp``: right rules are silent, wrong ones have a line and a cause."""

import numpy as np
import pytest

jax = pytest.importorskip("jax")

import dvar
from dvar.core.errors import ReadError

jnp = jax.numpy
pytestmark = pytest.mark.filterwarnings("ignore")  # of JAX's own


def rule(forward, backward, **settings):
    """A decorator: the function with its rule."""

    def made(function):
        custom = jax.custom_vjp(function, **settings)
        custom.defvjp(forward, backward)
        return custom

    return made


def softmax_fwd(x, gamma):
    y = jax.nn.softmax(x, axis=-1)
    return y * gamma, (y, gamma)


def softmax_bwd(res, g):
    y, gamma = res
    gy = g * gamma
    gx = y * (gy - jnp.sum(gy * y, axis=-1, keepdims=True))
    return gx, jnp.sum(g * y, axis=0)


def softmax_bwd_without_sum(res, g):
    y, gamma = res
    gy = g * gamma
    gx = y * (gy - jnp.sum(gy * y, axis=-1, keepdims=True))
    ggamma = g * y
    return gx, ggamma


def softmax(x, gamma):
    return jax.nn.softmax(x, axis=-1) * gamma


def gelu_fwd(x, w, approximate):
    h = x @ w
    return jax.nn.gelu(h), (x, w, h)


def gelu_bwd(approximate, res, g):
    x, w, h = res
    c = jnp.sqrt(2 / jnp.pi)
    t = jnp.tanh(c * (h + 0.044715 * h**3))
    dh = g * (0.5 * (1 + t) + 0.5 * h * (1 - t**2) * c * (1 + 3 * 0.044715 * h**2))
    return dh @ w.T, x.T @ dh


def gelu(x, w, approximate):
    return jax.nn.gelu(x @ w, approximate=approximate)


def rnn(xs, w):
    def step(h, x):
        h = jnp.tanh(h @ w + x)
        return h, h

    return jax.lax.scan(step, jnp.zeros(xs.shape[1:]), xs)[1]


def rnn_fwd(xs, w):
    hs = rnn(xs, w)
    return hs, (hs, w)


def rnn_bwd(res, g):
    hs, w = res
    before = jnp.concatenate([jnp.zeros_like(hs[:1]), hs[:-1]])

    def step(dh, inputs):
        upstream, h = inputs
        da = (dh + upstream) * (1 - h**2)
        return da @ w.T, da

    das = jax.lax.scan(step, jnp.zeros_like(hs[0]), (g, hs), reverse=True)[1]
    return das, jnp.einsum("tni,tnj->ij", before, das)


def rnn_bwd_of_this_step(res, g):
    hs, w = res

    def step(dh, inputs):
        upstream, h = inputs
        da = (dh + upstream) * (1 - h**2)
        return da @ w.T, da

    das = jax.lax.scan(step, jnp.zeros_like(hs[0]), (g, hs), reverse=True)[1]
    dw = jnp.einsum("tni,tnj->ij", hs, das)
    return das, dw


def cross_entropy(logits, labels):
    log_p = jax.nn.log_softmax(logits)
    return -jnp.mean(jnp.take_along_axis(log_p, labels[:, None], 1))


def cross_entropy_fwd(logits, labels):
    return cross_entropy(logits, labels), (logits, labels)


def cross_entropy_bwd(res, g):
    logits, labels = res
    p = jax.nn.softmax(logits)
    d = p.at[jnp.arange(len(labels)), labels].add(-1.0)
    return g * d / len(labels), None


@pytest.mark.parametrize(
    ("made", "examples"),
    [
        (rule(softmax_fwd, softmax_bwd)(softmax), [np.ones((4, 3)), np.ones(3)]),
        (
            rule(gelu_fwd, gelu_bwd, nondiff_argnums=(2,))(gelu),
            [np.ones((4, 3)), np.ones((3, 5)), True],
        ),
        (rule(rnn_fwd, rnn_bwd)(rnn), [np.ones((3, 2, 4)), np.ones((4, 4))]),
        (
            rule(cross_entropy_fwd, cross_entropy_bwd)(cross_entropy),
            [np.ones((4, 3)), np.array([0, 2, 1, 1])],
        ),
    ],
)
def test_what_is_right_is_silent(made, examples):
    report = dvar.check_backward(made, *examples)
    assert report.framework == "jax"
    assert [(g.name, g.ok) for g in report.gradients if not g.ok] == []
    assert report.findings == ()
    assert report.note == ""


def line_with(function, text: str) -> int:
    import inspect

    lines, first = inspect.getsourcelines(function)
    return first + next(n for n, line in enumerate(lines) if text in line)


def test_a_forgotten_sum_is_told_by_the_shape():
    made = rule(softmax_fwd, softmax_bwd_without_sum)(softmax)
    report = dvar.check_backward(made, np.ones((4, 3)), np.ones(3))
    assert [(g.name, g.ok) for g in report.gradients] == [("x", True), ("gamma", False)]
    (finding,) = report.findings
    assert finding.line == line_with(softmax_bwd_without_sum, "ggamma = ")
    assert finding.cause == "missing-sum"
    assert finding.expected == "ggamma = (g * y).sum(axis=0)"


def test_a_wrong_residual_in_a_loop_is_wrong():
    made = rule(rnn_fwd, rnn_bwd_of_this_step)(rnn)
    report = dvar.check_backward(made, np.ones((3, 2, 4)), np.ones((4, 4)))
    assert [(g.name, g.ok) for g in report.gradients] == [("xs", True), ("w", False)]


def test_a_function_without_a_rule_is_said_to_have_none():
    with pytest.raises(ReadError, match="has no backward pass"):
        dvar.check_backward(jax.custom_vjp(softmax), np.ones((4, 3)), np.ones(3))


def test_steps_that_only_move_elements_are_read_off():
    """Slices, gathers, paddings: one rule for all, by sending positions through them."""
    from dvar.read.frameworks import jaxprs
    from dvar.read.trace.trace import trace

    def moved(x):
        y = jnp.pad(x[1:, ::-1], ((1, 0), (0, 2)))
        return jnp.concatenate([y, y[jnp.array([2, 0])]]) * 2

    def program(x):
        return jaxprs.follow(moved, [x])[0]

    x = np.arange(12.0).reshape(4, 3)
    traced = trace(program, x)
    assert len(traced.graph.outputs) == 1
    gradient = dvar.grad(lambda x: np.sum(program(x) ** 2))(x)
    due = jax.grad(lambda x: jnp.sum(moved(x) ** 2))(x)
    np.testing.assert_allclose(gradient, due, rtol=1e-6)


def dense(params, x):
    w, b = params
    return jnp.tanh(x @ w + b)


def dense_fwd(params, x):
    y = dense(params, x)
    return y, (params, x, y)


def dense_bwd(res, g):
    (w, _), x, y = res
    dz = g * (1 - y**2)
    return (x.T @ dz, dz.sum(0)), dz @ w.T


def dense_bwd_of_means(res, g):
    (w, _), x, y = res
    dz = g * (1 - y**2)
    db = dz.mean(0)
    return (x.T @ dz, db), dz @ w.T


def test_weights_in_a_tuple_are_inputs_of_their_own():
    from dvar.check.backward.jax_function import jax_subject
    from dvar.check.backward.judge import judge

    report = judge(jax_subject(rule(dense_fwd, dense_bwd)(dense)))
    assert [(g.name, g.ok) for g in report.gradients] == [("w", True), ("b", True), ("x", True)]
    report = judge(jax_subject(rule(dense_fwd, dense_bwd_of_means)(dense)))
    assert {g.name for g in report.gradients if not g.ok} == {"b"}
    assert report.findings[0].line == line_with(dense_bwd_of_means, "db = ")


def clipped(x):
    return x


def test_a_rule_for_an_identity_is_there_to_change_the_gradient():
    made = rule(lambda x: (x, None), lambda _, g: (jnp.clip(g, -0.5, 0.5),))(clipped)
    report = dvar.check_backward(made, np.ones((4, 3)))
    assert report.ok
    assert report.gradients[0].ok is None
    assert "another gradient is the purpose" in report.note


def judged(made):
    from dvar.check.backward.frameworks import subject_elsewhere
    from dvar.check.backward.judge import judge
    from dvar.check.backward.settings import settled

    return judge(settled(subject_elsewhere(made)))


def root(a):
    """By Newton's method, which does not end for negative numbers."""

    def far(s):
        return jnp.max(jnp.abs(s * s - a)) > 1e-12

    return jax.lax.while_loop(far, lambda s: 0.5 * (s + a / s), jnp.ones_like(a) + a)


def root_fwd(a):
    s = root(a)
    return s, s


def root_bwd(s, g):
    return (g / (2 * s),)


def root_bwd_without_two(s, g):
    da = g / s
    return (da,)


def test_loops_that_do_not_end_are_left():
    assert judged(rule(root_fwd, root_bwd)(root)).ok
    report = judged(rule(root_fwd, root_bwd_without_two)(root))
    assert report.findings[0].line == line_with(root_bwd_without_two, "da = ")
    assert report.findings[0].expected == "da = g / s * 0.5"


def layer_norm(x, scale, bias):
    off = x - jnp.mean(x, -1, keepdims=True)
    return off * jax.lax.rsqrt(jnp.var(x, -1, keepdims=True) + 1e-5) * scale + bias


def layer_norm_fwd(x, scale, bias):
    inverse = jax.lax.rsqrt(jnp.var(x, -1, keepdims=True) + 1e-5)
    xhat = (x - jnp.mean(x, -1, keepdims=True)) * inverse
    return xhat * scale + bias, (xhat, inverse, scale)


def layer_norm_bwd(res, g):
    xhat, inverse, scale = res
    gs = g * scale
    a = jnp.mean(gs, -1, keepdims=True)
    b = jnp.mean(gs * xhat, -1, keepdims=True)
    return inverse * (gs - a - xhat * b), jnp.sum(g * xhat, 0), jnp.sum(g, 0)


def test_a_variance_is_followed():
    """JAX's own chooses between it and a NaN."""
    report = judged(rule(layer_norm_fwd, layer_norm_bwd)(layer_norm))
    assert (report.ok, report.note) == (True, "")


def embedded(table, idx):
    return jnp.take(table, idx, axis=0)


def embedded_fwd(table, idx):
    return embedded(table, idx), (table.shape, idx)


def embedded_bwd(res, g):
    shape, idx = res
    dtable = jnp.zeros(shape, g.dtype).at[idx].add(g)
    return dtable, None


def embedded_bwd_of_the_last(res, g):
    shape, idx = res
    dtable = jnp.zeros(shape, g.dtype).at[idx].set(g)
    return dtable, None


def test_rows_that_occur_twice_add_up():
    assert judged(rule(embedded_fwd, embedded_bwd)(embedded)).ok
    report = judged(rule(embedded_fwd, embedded_bwd_of_the_last)(embedded))
    assert report.findings[0].expected == "dtable = jnp.zeros(shape, g.dtype).at[idx].add(g)"


def smoothed(x, k):
    """x: (N, L, C), k: (K, C, F)"""
    layout = ("NWC", "WIO", "NWC")
    return jax.lax.conv_general_dilated(x, k, (1,), "VALID", dimension_numbers=layout)


def smoothed_fwd(x, k):
    return smoothed(x, k), (x, k)


def smoothed_bwd_not_turned(res, g):
    x, k = res
    n = k.shape[0]
    full, layout = [(n - 1, n - 1)], ("NWC", "WIO", "NWC")
    back = k.transpose(0, 2, 1)
    dx = jax.lax.conv_general_dilated(g, back, (1,), full, dimension_numbers=layout)
    parts = [jnp.einsum("nlc,nlf->cf", x[:, i : i + g.shape[1]], g) for i in range(n)]
    return dx, jnp.stack(parts)


def test_sizes_that_leave_nothing_are_not_tried():
    """A kernel longer than its input gives no results, and any gradient of none is right."""
    report = judged(rule(smoothed_fwd, smoothed_bwd_not_turned)(smoothed))
    assert [(g.name, g.ok) for g in report.gradients] == [("x", False), ("k", True)]


def test_the_functions_of_a_rule_are_no_layers_of_their_own(tmp_path):
    from dvar.check.backward.target import checkable
    from dvar.cli.functions import names_of

    path = tmp_path / "rules.py"
    path.write_text(
        "import jax\n\n@jax.custom_vjp\ndef twice(x):\n    return 2 * x\n\n"
        "def twice_fwd(x):\n    return 2 * x, None\n\ndef twice_bwd(_, g):\n    return (2 * g,)\n\n"
        "twice.defvjp(twice_fwd, twice_bwd)\n"
    )
    assert checkable(str(path), names_of(str(path))) == ["twice"]
