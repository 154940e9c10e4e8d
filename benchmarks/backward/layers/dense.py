"""Layers on rows of features, as people write them in plain NumPy; every backward pass here is right."""

import numpy as np


def affine_forward(x, w, b):
    out = x @ w + b
    cache = (x, w, b)
    return out, cache


def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout @ w.T
    dw = x.T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db


def relu_forward(x):
    out = np.maximum(0, x)
    return out, x


def relu_backward(dout, cache):
    x = cache
    dx = dout * (x > 0)
    return dx


def leaky_forward(x, slope=0.1):
    return np.where(x > 0, x, slope * x), (x, slope)


def leaky_backward(dout, cache):
    x, slope = cache
    dx = np.ones_like(x)
    dx[x < 0] = slope
    dx *= dout
    return dx


def sigmoid_forward(x):
    s = 1.0 / (1.0 + np.exp(-x))
    return s, s


def sigmoid_backward(dout, s):
    return dout * s * (1 - s)


def two_layers_forward(x, w1, b1, w2, b2):
    z1 = np.dot(x, w1) + b1
    a1 = np.tanh(z1)
    z2 = np.dot(a1, w2) + b2
    return z2, (x, w1, w2, a1)


def two_layers_backward(dz2, cache):
    x, w1, w2, a1 = cache
    dw2 = np.dot(a1.T, dz2)
    db2 = np.sum(dz2, axis=0)
    da1 = np.dot(dz2, w2.T)
    dz1 = da1 * (1 - a1**2)
    dw1 = np.dot(x.T, dz1)
    db1 = np.sum(dz1, axis=0)
    dx = np.dot(dz1, w1.T)
    return dx, dw1, db1, dw2, db2


def softmax_forward(x):
    shifted = x - x.max(axis=-1, keepdims=True)
    e = np.exp(shifted)
    y = e / e.sum(axis=-1, keepdims=True)
    return y, y


def softmax_backward(dy, y):
    inner = np.sum(dy * y, axis=-1, keepdims=True)
    dx = y * (dy - inner)
    return dx


def cross_entropy_forward(logits, labels):
    n = logits.shape[0]
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probs[np.arange(n), labels].mean()
    return loss, (log_probs, labels)


def cross_entropy_backward(dloss, cache):
    log_probs, labels = cache
    n = log_probs.shape[0]
    dlogits = np.exp(log_probs)
    dlogits[np.arange(n), labels] -= 1
    dlogits *= dloss / n
    return dlogits


def mse_forward(prediction, target):
    difference = prediction - target
    return np.mean(difference**2), difference


def mse_backward(dloss, difference):
    dprediction = 2 * difference / difference.size * dloss
    dtarget = -dprediction
    return dprediction, dtarget


def bce_forward(x, w, b, y):
    z = x @ w + b
    p = 1 / (1 + np.exp(-z))
    loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    return loss, (x, w, y, p)


def bce_backward(dloss, cache):
    x, w, y, p = cache
    m = x.shape[0]
    dz = dloss * (p - y) / m
    dw = x.T @ dz
    db = dz.sum()
    dx = np.outer(dz, w)
    return dx, dw, db


def dropout_forward(x, keep=0.7):
    mask = (np.random.rand(*x.shape) < keep) / keep
    return x * mask, mask


def dropout_backward(dout, mask):
    dx = dout * mask
    return dx


def gelu_forward(x):
    c = np.sqrt(2 / np.pi)
    u = c * (x + 0.044715 * x**3)
    t = np.tanh(u)
    return 0.5 * x * (1 + t), (x, t, c)


def gelu_backward(dout, cache):
    x, t, c = cache
    du = c * (1 + 3 * 0.044715 * x**2)
    dt = 1 - t**2
    dx = 0.5 * (1 + t) + 0.5 * x * dt * du
    return dout * dx


def swiglu_forward(x, w, v):
    a = x @ w
    b = x @ v
    s = 1 / (1 + np.exp(-a))
    h = a * s
    return h * b, (x, w, v, a, b, s, h)


def swiglu_backward(dout, cache):
    x, w, v, a, b, s, h = cache
    db = dout * h
    dh = dout * b
    da = dh * (s + a * s * (1 - s))
    dw = x.T @ da
    dv = x.T @ db
    dx = da @ w.T + db @ v.T
    return dx, dw, dv
