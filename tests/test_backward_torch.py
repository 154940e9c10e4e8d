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
