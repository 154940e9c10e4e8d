"""Layers with loops, windows, positions and time steps; every backward pass here is right."""

import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def conv1d_forward(x, w, b):
    n, length = x.shape
    f, k = w.shape
    out = np.zeros((n, f, length - k + 1))
    for i in range(length - k + 1):
        window = x[:, i : i + k]
        out[:, :, i] = window @ w.T + b
    return out, (x, w)


def conv1d_backward(dout, cache):
    x, w = cache
    f, k = w.shape
    dx = np.zeros_like(x)
    dw = np.zeros_like(w)
    db = np.zeros(f)
    for i in range(dout.shape[2]):
        window = x[:, i : i + k]
        step = dout[:, :, i]
        dx[:, i : i + k] += step @ w
        dw += step.T @ window
        db += step.sum(axis=0)
    return dx, dw, db


def maxpool_forward(x, size=2):
    n, length = x.shape
    blocks = x.reshape(n, length // size, size)
    return blocks.max(axis=2), (blocks, x.shape)


def maxpool_backward(dout, cache):
    blocks, shape = cache
    mask = blocks == blocks.max(axis=2, keepdims=True)
    dblocks = mask * dout[:, :, None]
    dx = dblocks.reshape(shape)
    return dx


def embedding_forward(tokens, table):
    return table[tokens], (tokens, table.shape)


def embedding_backward(dout, cache):
    tokens, shape = cache
    dtable = np.zeros(shape)
    np.add.at(dtable, tokens, dout)
    return dtable


def attention_forward(q, k, v):
    scale = 1.0 / np.sqrt(q.shape[-1])
    scores = q @ k.T * scale
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    a = e / e.sum(axis=-1, keepdims=True)
    return a @ v, (q, k, v, a, scale)


def attention_backward(dout, cache):
    q, k, v, a, scale = cache
    dv = a.T @ dout
    da = dout @ v.T
    ds = a * (da - np.sum(da * a, axis=-1, keepdims=True))
    ds *= scale
    dq = ds @ k
    dk = ds.T @ q
    return dq, dk, dv


def rnn_step_forward(x, prev_h, wx, wh, b):
    next_h = np.tanh(x @ wx + prev_h @ wh + b)
    return next_h, (x, prev_h, wx, wh, next_h)


def rnn_step_backward(dnext_h, cache):
    x, prev_h, wx, wh, next_h = cache
    draw = (1 - next_h**2) * dnext_h
    dx = draw.dot(wx.T)
    dprev_h = draw.dot(wh.T)
    dwx = x.T.dot(draw)
    dwh = prev_h.T.dot(draw)
    db = np.sum(draw, axis=0)
    return dx, dprev_h, dwx, dwh, db


def lstm_step_forward(x, prev_h, prev_c, wx, wh, b):
    n, h = prev_h.shape
    a = x @ wx + prev_h @ wh + b
    i = sigmoid(a[:, :h])
    f = sigmoid(a[:, h : 2 * h])
    o = sigmoid(a[:, 2 * h : 3 * h])
    g = np.tanh(a[:, 3 * h :])
    next_c = f * prev_c + i * g
    t = np.tanh(next_c)
    next_h = o * t
    return next_h, next_c, (x, prev_h, prev_c, wx, wh, i, f, o, g, t)


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, wx, wh, i, f, o, g, t = cache
    do = dnext_h * t
    dc = dnext_c + dnext_h * o * (1 - t**2)
    df = dc * prev_c
    di = dc * g
    dg = dc * i
    dprev_c = dc * f
    dai = di * i * (1 - i)
    daf = df * f * (1 - f)
    dao = do * o * (1 - o)
    dag = dg * (1 - g**2)
    da = np.hstack((dai, daf, dao, dag))
    dx = da @ wx.T
    dprev_h = da @ wh.T
    dwx = x.T @ da
    dwh = prev_h.T @ da
    db = da.sum(axis=0)
    return dx, dprev_h, dprev_c, dwx, dwh, db


def rnn_forward(x, h0, wx, wh):
    n, steps, d = x.shape
    hs = np.zeros((n, steps, h0.shape[1]))
    h = h0
    for t in range(steps):
        h = np.tanh(x[:, t] @ wx + h @ wh)
        hs[:, t] = h
    return hs, (x, h0, wx, wh, hs)


def rnn_backward(dhs, cache):
    x, h0, wx, wh, hs = cache
    dx = np.zeros_like(x)
    dwx = np.zeros_like(wx)
    dwh = np.zeros_like(wh)
    dh = np.zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        before = hs[:, t - 1] if t > 0 else h0
        dz = (dhs[:, t] + dh) * (1 - hs[:, t] ** 2)
        dx[:, t] = dz @ wx.T
        dwx += x[:, t].T @ dz
        dwh += before.T @ dz
        dh = dz @ wh.T
    return dx, dh, dwx, dwh


def bilinear_forward(x, w, y):
    return np.einsum("ni,ijk,nj->nk", x, w, y), (x, w, y)


def bilinear_backward(dout, cache):
    x, w, y = cache
    dx = np.einsum("nk,ijk,nj->ni", dout, w, y)
    dw = np.einsum("nk,ni,nj->ijk", dout, x, y)
    dy = np.einsum("nk,ni,ijk->nj", dout, x, w)
    return dx, dw, dy
