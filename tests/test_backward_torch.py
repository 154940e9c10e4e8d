"""``dvar check`` on ``torch.autograd.Function``: right ones are silent, wrong ones have a line and a cause."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import dvar
from dvar.check.backward import BackwardReport

pytestmark = pytest.mark.filterwarnings("ignore")  # of PyTorch's own


def report_of(made: type, *shapes: tuple[int, ...]) -> BackwardReport:
    return dvar.check_backward(made, *[np.ones(shape) for shape in shapes])


class Affine(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w)
        return x @ w.t() + b

    @staticmethod
    def backward(ctx, grad):
        x, w = ctx.saved_tensors
        return grad @ w, grad.t() @ x, grad.sum(0)


class Softplus(torch.autograd.Function):
    """In place, and with a context that is filled by a method of its own."""

    @staticmethod
    def forward(x, beta):
        y = x * beta
        y.exp_().add_(1)
        return y.log_() / beta

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, beta = inputs
        ctx.save_for_backward(x)
        ctx.beta = beta

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * torch.sigmoid(ctx.beta * x), None


class RmsNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, eps=1e-6):
        r = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)
        ctx.save_for_backward(x, weight, r)
        return x * r * weight

    @staticmethod
    def backward(ctx, grad):
        x, weight, r = ctx.saved_tensors
        gx = grad * weight
        dx = r * gx - x * r**3 * (gx * x).mean(-1, keepdim=True)
        return dx, (grad * x * r).sum(0), None


class CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx, logits, labels):
        log_p = torch.log_softmax(logits, dim=1)
        ctx.save_for_backward(log_p, labels)
        return -log_p.gather(1, labels[:, None]).mean()

    @staticmethod
    def backward(ctx, grad):
        log_p, labels = ctx.saved_tensors
        d = log_p.exp()
        d[torch.arange(len(labels)), labels] -= 1
        return grad * d / len(labels), None


class Dropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        mask = (torch.rand_like(x) < 0.7).to(x.dtype) / 0.7
        ctx.save_for_backward(mask)
        return x * mask

    @staticmethod
    def backward(ctx, grad):
        (mask,) = ctx.saved_tensors
        return grad * mask


class Solve(torch.autograd.Function):
    """An operation that is not followed: the truth is by differences."""

    @staticmethod
    def forward(ctx, b):
        a = torch.tensor([[3.0, 1.0], [0.5, 2.0]], dtype=b.dtype)
        ctx.save_for_backward(a)
        return torch.linalg.solve(a, b)

    @staticmethod
    def backward(ctx, grad):
        (a,) = ctx.saved_tensors
        return torch.linalg.solve(a.t(), grad)


class Conv(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return torch.nn.functional.conv1d(x, w)

    @staticmethod
    def backward(ctx, grad):
        x, w = ctx.saved_tensors
        dx = torch.nn.functional.conv_transpose1d(grad, w)
        dw = torch.nn.functional.conv1d(x.transpose(0, 1), grad.transpose(0, 1)).transpose(0, 1)
        return dx, dw


class Attention(torch.autograd.Function):
    @staticmethod
    def forward(ctx, q, k, v):
        scale = q.shape[-1] ** -0.5
        a = torch.softmax(q @ k.transpose(-2, -1) * scale, dim=-1)
        ctx.save_for_backward(q, k, v, a)
        ctx.scale = scale
        return a @ v

    @staticmethod
    def backward(ctx, grad):
        q, k, v, a = ctx.saved_tensors
        dv = a.transpose(-2, -1) @ grad
        da = grad @ v.transpose(-2, -1)
        ds = a * (da - (da * a).sum(-1, keepdim=True)) * ctx.scale
        return ds @ k, ds.transpose(-2, -1) @ q, dv


@pytest.mark.parametrize(
    ("made", "shapes"),
    [
        (Affine, [(4, 3), (5, 3), (5,)]),
        (RmsNorm, [(4, 3), (3,)]),
        (Dropout, [(4, 3)]),
        (Conv, [(2, 3, 7), (4, 3, 2)]),
        (Solve, [(2, 3)]),
        (Attention, [(2, 4, 3), (2, 5, 3), (2, 5, 6)]),
    ],
)
def test_what_is_right_is_silent(made, shapes):
    report = report_of(made, *shapes)
    assert report.framework == "torch"
    assert [(g.name, g.ok) for g in report.gradients if not g.ok] == []
    assert report.findings == ()


def test_settings_and_labels_are_passed_on():
    assert dvar.check_backward(Softplus, np.ones((4, 3)), 2.0).ok
    report = dvar.check_backward(CrossEntropy, torch.ones(4, 3), torch.tensor([0, 2, 1, 1]))
    assert [(g.name, g.ok) for g in report.gradients] == [("logits", True)]


class MeanForSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, gamma):
        y = torch.softmax(x, dim=-1)
        ctx.save_for_backward(y, gamma)
        return y * gamma

    @staticmethod
    def backward(ctx, grad):
        y, gamma = ctx.saved_tensors
        gy = grad * gamma
        gx = y * (gy - (gy * y).mean(-1, keepdim=True))
        return gx, (grad * y).sum(0)


class WrongTranspose(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x @ w

    @staticmethod
    def backward(ctx, grad):
        x, w = ctx.saved_tensors
        dx = grad @ w.t()
        dw = grad.t() @ x
        return dx, dw


def line_with(made: type, text: str) -> int:
    import inspect

    lines, first = inspect.getsourcelines(made)
    return first + next(n for n, line in enumerate(lines) if text in line)


def test_a_mean_where_a_sum_is_due():
    report = report_of(MeanForSum, (4, 3), (3,))
    assert [(g.name, g.ok) for g in report.gradients] == [("x", False), ("gamma", True)]
    (finding,) = report.findings
    assert finding.line == line_with(MeanForSum, "gx = y")
    assert finding.cause == "factor"
    assert finding.expected == "gx = y * (gy - (gy * y).sum(-1, keepdim=True))"


def test_a_transpose_is_told_by_the_shape():
    report = report_of(WrongTranspose, (4, 3), (3, 5))
    (finding,) = report.findings
    assert finding.line == line_with(WrongTranspose, "dw = ")
    assert finding.cause == "transpose"
    assert (report.gradients[1].shape, report.gradients[1].expected_shape) == ((5, 3), (3, 5))


def test_a_function_is_followed_as_a_graph():
    from dvar.check.backward.frameworks import subject_elsewhere
    from dvar.check.backward.truth import truth_of

    subject = subject_elsewhere(Affine)
    inputs = {"x": np.ones((4, 3)), "w": np.ones((5, 3)), "b": np.ones(5)}
    truth = truth_of(subject, inputs, [np.ones((4, 5))])
    assert truth.by_graph
    assert truth.formulas == {"x": "dout @ w", "w": "dout.T @ x", "b": "sum(dout, axis=0)"}


@pytest.mark.parametrize(
    ("sizes", "settings"),
    [
        (((2, 3, 7), (4, 3, 2), (4,)), {"stride": 2, "padding": 1}),
        (((2, 3, 6, 5), (4, 3, 2, 3), (4,)), {"padding": (1, 2), "dilation": 2}),
    ],
)
def test_convolutions_are_followed(sizes, settings):
    from dvar.read.frameworks import aten

    convolve = torch.nn.functional.conv1d if len(sizes[0]) == 3 else torch.nn.functional.conv2d
    generator = np.random.default_rng(1)
    arrays = [generator.normal(size=size) for size in sizes]
    tensors = [torch.tensor(x, requires_grad=True) for x in arrays]

    def loss(x, w, b):
        return np.sum(aten.follow(lambda *t: convolve(*t, **settings), [x, w, b])[0] ** 2)

    (convolve(*tensors, **settings) ** 2).sum().backward()
    for n, tensor in enumerate(tensors):
        np.testing.assert_allclose(dvar.grad(loss, argnums=n)(*arrays), tensor.grad, rtol=1e-8)


class LinearAsWritten(torch.autograd.Function):
    """A bias that may be left out, and gradients that are made only if they are asked for."""

    @staticmethod
    def forward(ctx, x, weight, bias=None):
        ctx.save_for_backward(x, weight, bias)
        y = x.mm(weight.t())
        if bias is not None:
            y += bias.unsqueeze(0).expand_as(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        x, weight, bias = ctx.saved_tensors
        gx = gw = gb = None
        if ctx.needs_input_grad[0]:
            gx = grad.mm(weight)
        if ctx.needs_input_grad[1]:
            gw = grad.t().mm(x)
        if bias is not None and ctx.needs_input_grad[2]:
            gb = grad.sum(0)
        return gx, gw, gb


class CausalAttention(torch.autograd.Function):
    """q, k, v: (B, T, D); what comes later is not seen"""

    @staticmethod
    def forward(ctx, q, k, v, causal=True):
        ctx.scale = q.size(-1) ** -0.5
        s = torch.matmul(q, k.transpose(-1, -2)) * ctx.scale
        if causal:
            later = torch.triu(torch.ones(s.shape[-2:], dtype=torch.bool), diagonal=1)
            s = s.masked_fill(later, float("-inf"))
        p = torch.softmax(s, dim=-1)
        o = torch.matmul(p, v)
        ctx.save_for_backward(q, k, v, p, o)
        return o

    @staticmethod
    def backward(ctx, do):
        q, k, v, p, o = ctx.saved_tensors
        dv = torch.matmul(p.transpose(-1, -2), do)
        dp = torch.matmul(do, v.transpose(-1, -2))
        ds = p * (dp - (do * o).sum(-1, keepdim=True))
        dq = torch.matmul(ds, k) * ctx.scale
        dk = torch.matmul(ds.transpose(-1, -2), q) * ctx.scale
        return dq, dk, dv, None


class IgnoringLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, logits, labels, ignore_index=-100):
        log_p = logits.log_softmax(-1)
        valid = labels != ignore_index
        safe = labels.masked_fill(~valid, 0)
        ctx.save_for_backward(log_p, safe, valid)
        return -(log_p.gather(-1, safe[:, None])[:, 0] * valid).sum() / valid.sum()

    @staticmethod
    def backward(ctx, grad):
        log_p, safe, valid = ctx.saved_tensors
        d = log_p.exp()
        d.scatter_add_(-1, safe[:, None], -torch.ones_like(d[:, :1]))
        d = d * valid[:, None] / valid.sum()
        return grad * d, None, None


class ClippedInPlace(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        x.clamp_(min=0)
        ctx.save_for_backward(x)
        return x

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        gx = grad.clone()
        gx[y == 0] = 0
        return gx


class Pooled(torch.autograd.Function):
    """x: (N, C, H, W)"""

    @staticmethod
    def forward(ctx, x):
        y, places = torch.nn.functional.max_pool2d(x, 2, return_indices=True)
        ctx.save_for_backward(places)
        ctx.shape = x.shape
        return y

    @staticmethod
    def backward(ctx, grad):
        (places,) = ctx.saved_tensors
        n, c, h, w = ctx.shape
        dx = grad.new_zeros(n, c, h * w)
        dx.scatter_(2, places.flatten(2), grad.flatten(2))
        return dx.view(n, c, h, w)


class LogisticLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z, y, reduction="mean"):
        p = z.sigmoid()
        ctx.save_for_backward(p, y)
        ctx.reduction = reduction
        loss = torch.nn.functional.softplus(z) - y * z
        return loss.mean() if reduction == "mean" else loss.sum()

    @staticmethod
    def backward(ctx, grad):
        p, y = ctx.saved_tensors
        dz = (p - y) * grad
        if ctx.reduction == "mean":
            dz /= p.numel()
        return dz, None, None


class Decaying(torch.autograd.Function):
    @staticmethod
    def forward(ctx, decay, x):
        h = torch.zeros_like(x[:, 0])
        out = []
        for t in range(x.shape[1]):
            h = decay * h + x[:, t]
            out.append(h)
        y = torch.stack(out, dim=1)
        ctx.save_for_backward(decay, y)
        return y

    @staticmethod
    def backward(ctx, dy):
        decay, y = ctx.saved_tensors
        dx = torch.empty_like(dy)
        ddecay = torch.zeros_like(decay)
        dh = torch.zeros_like(dy[:, 0])
        for t in reversed(range(dy.shape[1])):
            dh = dh + dy[:, t]
            dx[:, t] = dh
            if t > 0:
                ddecay += (dh * y[:, t - 1]).sum(0)
            dh = dh * decay
        return ddecay, dx


class AtKinks(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return torch.maximum(x.clamp(min=0), y) + y.abs() + x.clamp(-0.5, 0.5) + x.floor()

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        first = (x.clamp(min=0) >= y).to(grad.dtype)
        dx = grad * first * (x > 0) + grad * ((x >= -0.5) & (x < 0.5))
        dy = grad * (1 - first) + grad * torch.where(y >= 0, 1.0, -1.0)
        return dx, dy


def judged(made: type) -> BackwardReport:
    from dvar.check.backward.frameworks import subject_elsewhere
    from dvar.check.backward.judge import judge
    from dvar.check.backward.settings import settled

    return judge(settled(subject_elsewhere(made)))


SLIPS = [
    (LinearAsWritten, "grad.sum(0)", "grad.mean(0)"),
    (
        CausalAttention,
        "p * (dp - (do * o).sum(-1, keepdim=True))",
        "p * (dp + (do * o).sum(-1, keepdim=True))",
    ),
    (IgnoringLoss, "/ valid.sum()", "/ len(valid)"),
    (ClippedInPlace, "gx[y == 0]", "gx[y != 0]"),
    (LogisticLoss, "p.numel()", "p.shape[0]"),
    (Decaying, "y[:, t - 1]", "y[:, t]"),
    (AtKinks, "grad * (1 - first) + grad", "grad * (1 - first) - grad"),
]


@pytest.mark.parametrize(("made", "right", "slip"), SLIPS, ids=lambda x: getattr(x, "__name__", ""))
def test_layers_as_they_are_written_for_kernels(made, right, slip, tmp_path):
    """Shapes are found by trying; a slip in one line is found at this line."""
    import inspect

    from dvar.check.backward.judge import judge
    from dvar.check.backward.target import find
    from dvar.cli.functions import names_of

    report = judged(made)
    assert [(g.name, g.ok) for g in report.gradients if g.ok is False] == []
    assert report.note == ""
    method = inspect.getsource(made.backward)
    assert method.count(right) == 1
    text = inspect.getsource(made).replace(method, method.replace(right, slip))
    path = tmp_path / "layer.py"
    path.write_text(f"import torch\n\n\n{text}", encoding="utf-8")
    report = judge(find(str(path), made.__name__, names_of(str(path))))
    lines = path.read_text(encoding="utf-8").splitlines()
    assert slip in lines[report.findings[0].line - 1]
    example = next(g.counterexample for g in report.gradients if g.ok is False)
    assert example.by_differences == pytest.approx(example.expected, abs=1e-6)
    assert example.returned != pytest.approx(example.expected, abs=1e-3)


def test_windows_are_followed_to_their_largest():
    report = judged(Pooled)
    assert (report.ok, report.note) == (True, "")
