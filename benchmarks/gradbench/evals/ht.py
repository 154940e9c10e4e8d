"""Hand tracking: a skinned hand, posed by 26 numbers, beside the points of a scan."""

from __future__ import annotations

import numpy as np
from benchmarks.gradbench.work import Input, Work, compiled

import dvar

THETAS = 26
FINGERS, PER_FINGER = 5, 4
# The first columns of a pose are the rotation, the scale and the translation of the whole hand.
WHOLE = 3


def rotation_about(r):
    """The matrix that turns about r by the angle that is its length."""
    square = np.sum(r**2)
    turns = square > 1e-8
    theta = np.sqrt(np.where(turns, square, 1.0))
    x, y, z = r / theta
    across = np.stack(
        [np.stack([0 * x, -z, y]), np.stack([z, 0 * x, -x]), np.stack([-y, x, 0 * x])]
    )
    turned = np.eye(3) + np.sin(theta) * across + (1 - np.cos(theta)) * (across @ across)
    return np.where(turns, turned, np.eye(3))


def bone_angles(theta, bones):
    """3 × bones: of each finger the first joint bends in two ways, the other two in one."""
    fixed = len(theta)  # where a zero is put
    places = [[fixed] * bones for _ in range(3)]
    for finger in range(FINGERS):
        bone, first = 2 + 4 * finger, 6 + PER_FINGER * finger
        places[0][bone : bone + 3] = first, first + 2, first + 3
        places[1][bone] = first + 1
    return np.concatenate([theta, np.zeros(1)])[np.array(places)]


def turned_bones(angles):
    """bones × 4 × 4: each bone turned about its own x, y and z axis."""
    x, z, y = angles
    cx, sx, cy, sy, cz, sz = np.cos(x), np.sin(x), np.cos(y), np.sin(y), np.cos(z), np.sin(z)
    zero, one = np.zeros_like(x), np.ones_like(x)

    def matrices(rows):
        return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)

    rows = [
        [cy * cz, sx * sy * cz - cx * sz, cx * sy * cz + sx * sz, zero],
        [cy * sz, sx * sy * sz + cx * cz, cx * sy * sz - sx * cz, zero],
        [-sy, sx * cy, cx * cy, zero],
        [zero, zero, zero, one],
    ]
    return matrices(rows)


def posed(theta, model, parents, is_mirrored):
    """Where the vertices of the hand are."""
    bases, inverses, vertices, weights = model
    relative = bases @ turned_bones(bone_angles(theta, len(parents)))
    absolute = []
    for bone, parent in enumerate(parents):
        absolute.append(relative[bone] if parent < 0 else absolute[parent] @ relative[bone])
    transforms = (np.stack(absolute) @ inverses)[:, :3]
    blended = np.einsum("vb,bij->vij", weights, transforms)
    positions = np.einsum("vij,vj->vi", blended, vertices)
    if is_mirrored:
        positions = positions * np.array([-1.0, 1.0, 1.0])
    return positions @ rotation_about(theta[:3]).T + theta[3:6]


def errors(theta, us, model, corners, points, parents, is_mirrored):
    """points × 3; ``us`` says where in a triangle a point lies, None that it lies at a vertex."""
    positions = posed(theta, model, parents, is_mirrored)
    if us is None:
        return points - positions[corners]
    shares = np.concatenate([us, 1 - np.sum(us, axis=1, keepdims=True)], axis=1)
    return points - np.sum(shares[:, :, None] * positions[corners], axis=1)


def _arguments(given: Input) -> tuple[list, tuple[int, ...], bool]:
    data = given["data"]
    model = data["model"]
    names = ("base_relatives", "inverse_base_absolutes", "base_positions", "weights")
    arrays = tuple(np.array(model[name], float) for name in names)
    corners = np.array(data["correspondences"], int)
    us = np.array(given["us"], float) if given["us"] else None
    if us is not None:
        corners = np.array(model["triangles"], int)[corners]
    points = np.array(data["points"], float)
    arguments = [np.array(given["theta"], float), us, arrays, corners, points]
    return arguments, tuple(model["parents"]), bool(model["is_mirrored"])


def prepare_objective(given: Input, threads: int) -> Work:
    arguments, parents, mirrored = _arguments(given)

    def function(*args):
        return errors(*args, parents, mirrored)

    return compiled(function, *arguments, threads=threads, answer=lambda e: e.ravel().tolist())


def prepare_jacobian(given: Input, threads: int) -> Work:
    arguments, parents, mirrored = _arguments(given)

    def jacobian(theta, us, *rest):
        """3 · points rows: the derivatives by the point's own us, then by theta."""

        def of(theta, us):
            return errors(theta, us, *rest, parents, mirrored)

        columns = [dvar.jacfwd(of)(theta, us)]
        if us is not None:
            for along in reversed(range(2)):
                way = np.broadcast_to(np.eye(2)[along], us.shape)
                moved = dvar.jvp(lambda u: of(theta, u), (us,), (way,))[1]
                columns.insert(0, moved[:, :, None])
        whole = np.concatenate(columns, axis=2)
        return whole.reshape(-1, whole.shape[2])

    return compiled(jacobian, *arguments, threads=threads)


FUNCTIONS = {"objective": prepare_objective, "jacobian": prepare_jacobian}
