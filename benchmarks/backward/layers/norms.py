"""Normalisations, in the styles people write them; every backward pass here is right."""

import numpy as np


def batchnorm_forward(x, gamma, beta, eps=1e-5):
    mu = x.mean(axis=0)
    var = x.var(axis=0)
    std = np.sqrt(var + eps)
    xhat = (x - mu) / std
    return gamma * xhat + beta, (xhat, gamma, std)


def batchnorm_backward(dout, cache):
    xhat, gamma, std = cache
    n = dout.shape[0]
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dx = gamma / (n * std) * (n * dout - dbeta - xhat * dgamma)
    return dx, dgamma, dbeta


def staged_batchnorm_forward(x, gamma, beta, eps=1e-5):
    n, d = x.shape
    mu = 1.0 / n * np.sum(x, axis=0)
    xmu = x - mu
    sq = xmu**2
    var = 1.0 / n * np.sum(sq, axis=0)
    sqrtvar = np.sqrt(var + eps)
    ivar = 1.0 / sqrtvar
    xhat = xmu * ivar
    gammax = gamma * xhat
    out = gammax + beta
    return out, (xhat, gamma, xmu, ivar, sqrtvar, var, eps)


def staged_batchnorm_backward(dout, cache):
    xhat, gamma, xmu, ivar, sqrtvar, var, eps = cache
    n, d = dout.shape
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    divar = np.sum(dxhat * xmu, axis=0)
    dxmu1 = dxhat * ivar
    dsqrtvar = -1.0 / (sqrtvar**2) * divar
    dvar = 0.5 * 1.0 / np.sqrt(var + eps) * dsqrtvar
    dsq = 1.0 / n * np.ones((n, d)) * dvar
    dxmu2 = 2 * xmu * dsq
    dx1 = dxmu1 + dxmu2
    dmu = -1 * np.sum(dxmu1 + dxmu2, axis=0)
    dx2 = 1.0 / n * np.ones((n, d)) * dmu
    dx = dx1 + dx2
    return dx, dgamma, dbeta


def layernorm_forward(x, gamma, beta, eps=1e-5):
    mean = x.mean(axis=-1, keepdims=True)
    rstd = 1 / np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    norm = (x - mean) * rstd
    return norm * gamma + beta, (norm, rstd, gamma)


def layernorm_backward(dout, cache):
    norm, rstd, gamma = cache
    dgamma = (dout * norm).sum(axis=0)
    dbeta = dout.sum(axis=0)
    dnorm = dout * gamma
    mean1 = dnorm.mean(axis=-1, keepdims=True)
    mean2 = (dnorm * norm).mean(axis=-1, keepdims=True)
    dx = rstd * (dnorm - mean1 - norm * mean2)
    return dx, dgamma, dbeta


def rmsnorm_forward(x, g, eps=1e-6):
    r = np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + eps)
    return x / r * g, (x, r, g)


def rmsnorm_backward(dout, cache):
    x, r, g = cache
    n = x.shape[-1]
    dg = np.sum(dout * x / r, axis=0)
    dy = dout * g
    dr = -np.sum(dy * x, axis=-1, keepdims=True) / r**2
    dx = dy / r + dr * x / (n * r)
    return dx, dg


def l2norm_forward(x):
    length = np.sqrt((x * x).sum(axis=1, keepdims=True))
    y = x / length
    return y, (y, length)


def l2norm_backward(dy, cache):
    y, length = cache
    along = (dy * y).sum(axis=1, keepdims=True)
    dx = (dy - y * along) / length
    return dx
