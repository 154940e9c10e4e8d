"""Functions of PyTorch with settings, masks and images, of whose inputs nothing is written."""

import pytest

from dvar.check.backward.judge import judge
from dvar.check.backward.target import find
from dvar.cli.functions import names_of

pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore")  # of PyTorch's own

WRITTEN = """
import torch
import torch.nn.functional as F


class SmoothedLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, logits, target, label_smoothing, ignore_index):
        logp = torch.log_softmax(logits, -1)
        valid = target.ne(ignore_index)
        safe = target.masked_fill(~valid, 0)
        n = valid.sum().clamp(min=1)
        picked = logp.gather(-1, safe.unsqueeze(-1)).squeeze(-1)
        row = -(1 - label_smoothing) * picked - label_smoothing * logp.mean(-1)
        ctx.save_for_backward(logp, safe, valid, n)
        ctx.eps = label_smoothing
        return row.masked_fill(~valid, 0).sum() / n

    @staticmethod
    def backward(ctx, g):
        logp, safe, valid, n = ctx.saved_tensors
        k = logp.shape[-1]
        soft = torch.full_like(logp, ctx.eps / k)
        soft.scatter_(-1, safe.unsqueeze(-1), 1 - ctx.eps + ctx.eps / k)
        d = (logp.exp() - soft) * valid.unsqueeze(-1) / n
        return d * g, None, None, None


class Filtered(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, stride, padding):
        ctx.save_for_backward(x, weight)
        ctx.way = stride, padding
        return F.conv2d(x, weight, bias, stride=stride, padding=padding)

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        gx = torch.nn.grad.conv2d_input(x.shape, weight, g, *ctx.way)
        gw = torch.nn.grad.conv2d_weight(x, weight.shape, g, *ctx.way)
        gb = g.sum(dim=(0, 2, 3))
        return gx, gw, gb, None, None


class MaskedError(torch.autograd.Function):
    @staticmethod
    def forward(ctx, pred, target, mask):
        d = (pred - target) * mask
        n = mask.sum()
        ctx.save_for_backward(d, n)
        return (d**2).sum() / n

    @staticmethod
    def backward(ctx, g):
        d, n = ctx.saved_tensors
        gp = 2 * d / n * g
        return gp, -gp, None


class Steep(torch.autograd.Function):
    @staticmethod
    def forward(x, scale):
        return torch.tanh(x * scale)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.scale = inputs[1]
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * (1 - y * y) * ctx.scale, None


class Summed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, weight, indices, padding_idx):
        ctx.rows = weight.size(0)
        ctx.save_for_backward(indices)
        return weight[indices]

    @staticmethod
    def backward(ctx, g):
        (indices,) = ctx.saved_tensors
        gw = g.new_zeros(ctx.rows, g.size(-1))
        gw.index_add_(0, indices, g)
        return gw, None, None
"""
SLIPS = {
    "SmoothedLoss": ("soft) * valid.unsqueeze(-1) / n", "soft) * valid.unsqueeze(-1)"),
    "Filtered": ("g.sum(dim=(0, 2, 3))", "g.mean(dim=(0, 2, 3))"),
    "MaskedError": ("gp = 2 * d / n * g", "gp = d / n * g"),
    "Steep": ("(1 - y * y) * ctx.scale", "(1 - y * y)"),
    "Summed": ("gw.index_add_(0, indices, g)", "gw.index_add_(0, indices, -g)"),
}


@pytest.mark.parametrize(("name", "slip"), SLIPS.items(), ids=SLIPS.keys())
def test_what_is_right_is_silent_and_the_line_of_a_slip_is_named(name, slip, tmp_path):
    path = tmp_path / "written.py"
    path.write_text(WRITTEN, encoding="utf-8")
    report = judge(find(str(path), name, names_of(str(path))))
    assert report.ok, str(report)
    before, after = slip
    assert WRITTEN.count(before) == 1
    bent = tmp_path / "bent.py"
    text = WRITTEN.replace(before, after)
    bent.write_text(text, encoding="utf-8")
    report = judge(find(str(bent), name, names_of(str(bent))))
    due = next(n for n, line in enumerate(text.splitlines(), 1) if after in line)
    assert not report.ok
    assert report.findings[0].line == due, str(report)


def test_of_rows_that_occur_twice_both_count(tmp_path):
    path = tmp_path / "written.py"
    path.write_text(WRITTEN.replace("gw.index_add_(0, indices, g)", "gw[indices] = g"))
    assert not judge(find(str(path), "Summed", names_of(str(path)))).ok
