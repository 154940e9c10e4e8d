"""Layers with backward passes as people write them, all of them right."""

import numpy as np


def affine_forward(x, w, b):
    out = x.reshape(x.shape[0], -1) @ w + b
    return out, (x, w, b)


def affine_backward(dout, cache):
    x, w, b = cache
    dx = (dout @ w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db


def relu_forward(x):
    return np.maximum(0, x), x


def relu_backward(dout, cache):
    dx = dout * (cache > 0)
    return dx


def softmax_ce_forward(z, y):
    z = z - z.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    n = z.shape[0]
    loss = -np.log(p[np.arange(n), y]).mean()
    return loss, (p, y)


def softmax_ce_backward(dout, cache):
    p, y = cache
    n = p.shape[0]
    dz = p.copy()
    dz[np.arange(n), y] -= 1
    dz /= n
    return dout * dz


def batchnorm_forward(x, gamma, beta, eps=1e-5):
    mu = x.mean(axis=0)
    xc = x - mu
    var = np.mean(xc**2, axis=0)
    std = np.sqrt(var + eps)
    xhat = xc / std
    return gamma * xhat + beta, (xhat, std, gamma)


def batchnorm_backward(dout, cache):
    xhat, std, gamma = cache
    N = dout.shape[0]
    dbeta = dout.sum(axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    dx = (dxhat - dxhat.mean(axis=0) - xhat * np.mean(dxhat * xhat, axis=0)) / std
    return dx, dgamma, dbeta


def tanh_rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x @ Wx + prev_h @ Wh + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)


def tanh_rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    dz = dnext_h * (1 - next_h**2)
    dx = dz @ Wx.T
    dprev_h = dz @ Wh.T
    dWx = x.T @ dz
    dWh = prev_h.T @ dz
    db = dz.sum(axis=0)
    return dx, dprev_h, dWx, dWh, db


class Sigmoid:
    def forward(self, x):
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, dout):
        return dout * self.out * (1 - self.out)


def maxpool_forward(x, pool_param):
    N, C, H, W = x.shape
    hh, ww, s = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    oh, ow = (H - hh) // s + 1, (W - ww) // s + 1
    out = np.zeros((N, C, oh, ow))
    for i in range(oh):
        for j in range(ow):
            out[:, :, i, j] = x[:, :, i * s : i * s + hh, j * s : j * s + ww].max(axis=(2, 3))
    return out, (x, pool_param)


def maxpool_backward(dout, cache):
    x, pool_param = cache
    hh, ww, s = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    dx = np.zeros_like(x)
    N, C, oh, ow = dout.shape
    for i in range(oh):
        for j in range(ow):
            win = x[:, :, i * s : i * s + hh, j * s : j * s + ww]
            mask = win == win.max(axis=(2, 3), keepdims=True)
            dx[:, :, i * s : i * s + hh, j * s : j * s + ww] += (
                mask * dout[:, :, i, j][:, :, None, None]
            )
    return dx


def dropout_forward(x, p=0.5):
    mask = (np.random.rand(*x.shape) < p) / p
    return x * mask, mask


def dropout_backward(dout, mask):
    return dout * mask


def layernorm_forward(x, gamma, beta, eps=1e-5):
    mu = x.mean(axis=1, keepdims=True)
    var = x.var(axis=1, keepdims=True)
    xhat = (x - mu) / np.sqrt(var + eps)
    return gamma * xhat + beta, (xhat, gamma, var, eps)


def layernorm_backward(dout, cache):
    xhat, gamma, var, eps = cache
    D = xhat.shape[1]
    dgamma = (dout * xhat).sum(0)
    dbeta = dout.sum(0)
    g = dout * gamma
    dx = (D * g - g.sum(1, keepdims=True) - xhat * (g * xhat).sum(1, keepdims=True)) / (
        D * np.sqrt(var + eps)
    )
    return dx, dgamma, dbeta


def embedding_forward(ids, W):
    return W[ids], (ids, W.shape)


def embedding_backward(dout, cache):
    ids, shape = cache
    dW = np.zeros(shape)
    np.add.at(dW, ids, dout)
    return dW


def mse(pred, target):
    return np.mean((pred - target) ** 2)


def mse_backward(pred, target):
    return 2 * (pred - target) / pred.size


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def gelu_grad(x, dout):
    c = np.sqrt(2 / np.pi)
    t = np.tanh(c * (x + 0.044715 * x**3))
    return dout * (0.5 * (1 + t) + 0.5 * x * (1 - t**2) * c * (1 + 3 * 0.044715 * x**2))


def conv1d_forward(x, w, b):
    """Slide filters over sequences.

    x: (N, C, T), w: (F, C, K), b: (F,)
    """
    n, _, t = x.shape
    f, _, k = w.shape
    out = np.zeros((n, f, t - k + 1))
    for i in range(t - k + 1):
        out[:, :, i] = np.tensordot(x[:, :, i : i + k], w, axes=([1, 2], [1, 2])) + b
    return out, (x, w)


def conv1d_backward(dout, cache):
    x, w = cache
    k = w.shape[2]
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for i in range(dout.shape[2]):
        g = dout[:, :, i]
        dx[:, :, i : i + k] += np.tensordot(g, w, axes=(1, 0))
        dw += np.tensordot(g, x[:, :, i : i + k], axes=(0, 0))
    db = dout.sum(axis=(0, 2))
    return dx, dw, db


def attention_forward(Q, K, V):
    """One head: Q (n, d), K (m, d), V (m, e)."""
    scale = 1 / np.sqrt(Q.shape[1])
    s = Q @ K.T * scale
    e = np.exp(s - s.max(axis=1, keepdims=True))
    a = e / e.sum(axis=1, keepdims=True)
    return a @ V, (Q, K, V, a, scale)


def attention_backward(dout, cache):
    Q, K, V, a, scale = cache
    dV = a.T @ dout
    da = dout @ V.T
    ds = a * (da - np.sum(da * a, axis=1, keepdims=True))
    dQ = ds @ K * scale
    dK = ds.T @ Q * scale
    return dQ, dK, dV


def lstm_cell_forward(x, h, c, W, U, b):
    """One step: x (N, D), h (N, H), c (N, H), W (D, 4H), U (H, 4H)."""
    n = h.shape[1]
    z = x @ W + h @ U + b
    i, f, o = (1 / (1 + np.exp(-z[:, k * n : (k + 1) * n])) for k in range(3))
    g = np.tanh(z[:, 3 * n :])
    c_next = f * c + i * g
    t = np.tanh(c_next)
    return o * t, c_next, (x, h, c, W, U, i, f, o, g, t)


def lstm_cell_backward(dh_next, dc_next, cache):
    x, h, c, W, U, i, f, o, g, t = cache
    do = dh_next * t
    dc = dc_next + dh_next * o * (1 - t**2)
    di, df, dg = dc * g, dc * c, dc * i
    dz = np.hstack([di * i * (1 - i), df * f * (1 - f), do * o * (1 - o), dg * (1 - g**2)])
    return dz @ W.T, dz @ U.T, dc * f, x.T @ dz, h.T @ dz, dz.sum(axis=0)


def rmsnorm_forward(x, g):
    r = np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + 1e-6)
    return x / r * g, (x, g, r)


def rmsnorm_backward(dout, cache):
    x, g, r = cache
    n = x.shape[-1]
    dg = np.sum(dout * x / r, axis=0)
    d = dout * g
    dx = d / r - x * np.sum(d * x, axis=-1, keepdims=True) / (n * r**3)
    return dx, dg


def swiglu_forward(x, W, V):
    a, b = x @ W, x @ V
    s = 1 / (1 + np.exp(-a))
    return a * s * b, (x, W, V, a, b, s)


def swiglu_backward(dout, cache):
    x, W, V, a, b, s = cache
    da = dout * b * s * (1 + a * (1 - s))
    db = dout * a * s
    return da @ W.T + db @ V.T, x.T @ da, x.T @ db


class Linear:
    def forward(self, x, w):
        self.x, self.w = x, w
        return x @ w

    def backward(self, grad_output):
        return grad_output @ self.w.T, self.x.T @ grad_output
