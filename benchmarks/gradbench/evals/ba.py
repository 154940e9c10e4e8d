"""Bundle adjustment: how far points seen by cameras are from where they were seen, and a sparse Jacobian."""

from __future__ import annotations

import numpy as np
from benchmarks.gradbench.work import Input, Work, compiled

import dvar

CAMERA, POINT = 11, 3
SHOWN = 30


def rotated(r, x):
    """The vector x turned about r, by the angle that is its length (Rodrigues)."""
    square = np.sum(r**2)
    turns = square > 0
    theta = np.sqrt(np.where(turns, square, 1.0))
    axis = r / theta
    across = np.cross(axis, x)
    along = axis * np.sum(axis * x)
    far = x * np.cos(theta) + across * np.sin(theta) + along * (1 - np.cos(theta))
    return np.where(turns, far, x + np.cross(r, x))


def projected(camera, point):
    """Where a camera sees a point: cam = rotation, centre, focal length, principal point, distortion."""
    x, y, z = rotated(camera[:3], point - camera[3:6])
    p = np.stack([x, y]) / z
    square = np.sum(p**2)
    distortion = 1 + camera[9] * square + camera[10] * square**2
    return camera[6] * distortion * p + camera[7:9]


def reprojection(camera, point, weight, seen):
    return weight * (projected(camera, point) - seen)


def weight_error(weight):
    return 1 - weight**2


def errors(cameras, points, weights, seen, of_camera, of_point):
    each = dvar.vmap(reprojection)(cameras[of_camera], points[of_point], weights, seen)
    return each, weight_error(weights)


def jacobian(cameras, points, weights, seen, of_camera, of_point):
    """Row starts, columns and values of the compressed sparse rows."""
    n, m, p = len(cameras), len(points), len(weights)
    blocks = dvar.vmap(dvar.jacrev(reprojection, (0, 1, 2)))
    by = blocks(cameras[of_camera], points[of_point], weights, seen)
    slope = dvar.elementwise_grad(weight_error)(weights)
    values = np.concatenate([by[0], by[1], by[2][:, :, None]], axis=2)
    last = CAMERA * n + POINT * m + np.arange(p)
    columns = np.concatenate(
        [
            CAMERA * of_camera[:, None] + np.arange(CAMERA),
            CAMERA * n + POINT * of_point[:, None] + np.arange(POINT),
            last[:, None],
        ],
        axis=1,
    )
    width = columns.shape[1]
    twice = np.broadcast_to(columns[:, None, :], (p, 2, width))
    starts = np.concatenate([width * np.arange(2 * p), 2 * p * width + np.arange(p + 1)])
    return (
        starts,
        np.concatenate([twice.reshape(-1), last]),
        np.concatenate([values.reshape(-1), slope]),
    )


def _arguments(given: Input) -> list[np.ndarray]:
    n, m, p = given["n"], given["m"], given["p"]

    def copies(value, count):
        value = np.array(value, float)
        return np.tile(value, (count,) + (1,) * value.ndim)

    observed = np.arange(p)
    return [
        copies(given["cam"], n),
        copies(given["x"], m),
        copies(given["w"], p),
        copies(given["feat"], p),
        observed % n,
        observed % m,
    ]


def prepare_objective(given: Input, threads: int) -> Work:
    def answer(result):
        each, weights = result
        return {
            "reproj_error": {"elements": each[0].tolist(), "repeated": len(each)},
            "w_err": {"element": float(weights[0]), "repeated": len(weights)},
        }

    return compiled(errors, *_arguments(given), threads=threads, answer=answer)


def prepare_jacobian(given: Input, threads: int) -> Work:
    def answer(result):
        shown = ([*array[:SHOWN].tolist(), array[-1].item()] for array in result)
        return dict(zip(("rows", "cols", "vals"), shown, strict=True))

    return compiled(jacobian, *_arguments(given), threads=threads, answer=answer)


FUNCTIONS = {"objective": prepare_objective, "jacobian": prepare_jacobian}
