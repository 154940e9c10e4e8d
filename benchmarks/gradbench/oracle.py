"""The evals again, as their descriptions read: loops over plain numbers, with complex-step derivatives.

Nothing here knows of dvar.  A function that works on complex numbers is differentiated exactly to
rounding by one evaluation a little off the real axis: f'(x) = Im f(x + ih)/h with h = 10⁻³⁰.

Source: Squire & Trapp, Using complex variables to estimate derivatives of real functions, 1998.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

H = 1e-30
Given = Mapping[str, Any]


def derivatives(function: Callable[[np.ndarray], Any], x: np.ndarray) -> np.ndarray:
    """All derivatives of all results: an axis for the entries of x at the end."""
    flat = np.asarray(x, complex).ravel()
    columns = []
    for n in range(flat.size):
        moved = flat.copy()
        moved[n] += 1j * H
        columns.append(np.asarray(function(moved.reshape(np.shape(x)))).imag / H)
    return np.stack(columns, axis=-1)


def gradient(function: Callable[[np.ndarray], Any], x: Any) -> Any:
    return derivatives(function, np.array(x)).reshape(np.shape(x)).tolist()


# ── llsq, lse ───────────────────────────────────────────────────────────────────────────────────


def llsq(x: Any, n: int) -> Any:
    total = 0.0
    for i in range(n):
        t = -1 + 2 * i / (n - 1)
        s = (t > 0) - (t < 0)
        total = total + (s - sum(c * t**j for j, c in enumerate(x))) ** 2
    return total / 2


def lse(x: Any) -> Any:
    return cmath.log(sum(cmath.exp(v) for v in x))


# ── gmm ─────────────────────────────────────────────────────────────────────────────────────────


def gmm(alpha: Any, mu: Any, q: Any, low: Any, given: Given) -> Any:
    d, k, m, gamma = given["d"], given["k"], given["m"], given["gamma"]
    n = d + m + 1
    total = -given["n"] * d / 2 * math.log(2 * math.pi)
    for x in given["x"]:
        terms = []
        for c in range(k):
            matrix = np.zeros((d, d), complex)
            places = [(i, j) for j in range(d) for i in range(j + 1, d)]
            for place, value in zip(places, low[c], strict=True):
                matrix[place] = value
            matrix += np.diag(np.exp(q[c]))
            off = matrix @ (np.array(x) - mu[c])
            terms.append(alpha[c] + sum(q[c]) - sum(off * off) / 2)
        total = total + lse(terms)
    total = total - given["n"] * lse(alpha)
    gammas = d * (d - 1) / 4 * math.log(math.pi)
    gammas += sum(math.lgamma(n / 2 + (1 - j) / 2) for j in range(1, d + 1))
    total = total + k * (n * d * math.log(gamma / math.sqrt(2)) - gammas)
    for c in range(k):
        squares = sum(np.exp(2 * q[c])) + sum(low[c] * low[c])
        total = total - gamma**2 / 2 * squares + m * sum(q[c])
    return total


def gmm_gradients(given: Given) -> dict[str, Any]:
    values = [np.array(given[name], complex) for name in ("alpha", "mu", "q", "l")]
    found = {}
    for at, name in enumerate(("alpha", "mu", "q", "l")):

        def moved(x: Any, at: int = at) -> Any:
            return gmm(*values[:at], x, *values[at + 1 :], given)  # type: ignore[misc]

        found[name] = gradient(moved, given[name])
    return found


# ── kmeans ──────────────────────────────────────────────────────────────────────────────────────


def _nearest(given: Given) -> list[int]:
    squares = [
        [sum((a - b) ** 2 for a, b in zip(p, c, strict=True)) for c in given["centroids"]]
        for p in given["points"]
    ]
    return [row.index(min(row)) for row in squares]


def kmeans(given: Given) -> float:
    centroids = given["centroids"]
    return sum(
        sum((a - b) ** 2 for a, b in zip(p, centroids[c], strict=True))
        for p, c in zip(given["points"], _nearest(given), strict=True)
    )


def kmeans_direction(given: Given) -> Any:
    """Newton's step goes to the mean of the members."""
    nearest = _nearest(given)
    found = []
    for c, centroid in enumerate(given["centroids"]):
        members = [p for p, at in zip(given["points"], nearest, strict=True) if at == c]
        found.append((np.array(centroid) - np.mean(members, axis=0)).tolist())
    return found


# ── lstm ────────────────────────────────────────────────────────────────────────────────────────


def lstm(main: Any, extra: Any, given: Given) -> Any:
    layers, width = len(main) // 2, len(extra[0])
    hidden = [np.array(h, complex) for h in given["state"][::2]]
    cells = [np.array(c, complex) for c in given["state"][1::2]]
    letters = np.array(given["sequence"], float)
    total = 0.0

    def share(x: Any) -> Any:
        return 1 / (1 + np.exp(-x))

    for t in range(len(letters) - 1):
        x = letters[t] * extra[0]
        for n in range(layers):
            w = [main[2 * n][g * width : (g + 1) * width] for g in range(4)]
            b = [main[2 * n + 1][g * width : (g + 1) * width] for g in range(4)]
            keep, let = share(x * w[0] + b[0]), share(hidden[n] * w[1] + b[1])
            out, new = share(x * w[2] + b[2]), np.tanh(hidden[n] * w[3] + b[3])
            cells[n] = cells[n] * keep + let * new
            x = hidden[n] = out * np.tanh(cells[n])
        y = x * extra[1] + extra[2]
        total = total + sum(letters[t + 1] * (y - np.log(2 + sum(np.exp(y)))))
    return -total / width / (len(letters) - 1)


def lstm_gradient(given: Given) -> list[float]:
    main = np.array(given["main_params"], complex)
    extra = np.array(given["extra_params"], complex)
    parts = (
        gradient(lambda x: lstm(x, extra, given), main.real),
        gradient(lambda x: lstm(main, x, given), extra.real),
    )
    return [value for part in parts for row in part for value in row]


# ── ba ──────────────────────────────────────────────────────────────────────────────────────────


def ba_error(values: Any, seen: Any) -> Any:
    """values: 11 of the camera, 3 of the point, the weight."""
    r, centre, point = values[:3], values[3:6], values[11:14]
    f, centre_of_image, k1, k2, w = values[6], values[7:9], values[9], values[10], values[14]
    x = point - centre
    square = r[0] ** 2 + r[1] ** 2 + r[2] ** 2

    def cross(a: Any, b: Any) -> Any:
        return np.array(
            [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
        )

    if square == 0:
        turned = x + cross(r, x)
    else:
        theta = cmath.sqrt(square)
        a = r / theta
        along = a * (a[0] * x[0] + a[1] * x[1] + a[2] * x[2])
        turned = x * cmath.cos(theta) + cross(a, x) * cmath.sin(theta)
        turned = turned + along * (1 - cmath.cos(theta))
    p, q = turned[0] / turned[2], turned[1] / turned[2]
    s = p * p + q * q
    distortion = 1 + k1 * s + k2 * s * s
    image = f * distortion * np.array([p, q]) + centre_of_image
    return w * (image - np.array(seen))


def ba_objective(given: Given) -> dict[str, Any]:
    error = ba_error(np.array([*given["cam"], *given["x"], given["w"]]), given["feat"]).real
    p = given["p"]
    return {
        "reproj_error": {"elements": error.tolist(), "repeated": p},
        "w_err": {"element": 1 - given["w"] ** 2, "repeated": p},
    }


def ba_jacobian(given: Given) -> dict[str, Any]:
    n, m, p = given["n"], given["m"], given["p"]
    values = np.array([*given["cam"], *given["x"], given["w"]])
    block = derivatives(lambda v: ba_error(v, given["feat"]), values)
    starts, columns, entries = [0], [], []
    for i in range(p):
        places = [11 * (i % n) + a for a in range(11)]
        places += [11 * n + 3 * (i % m) + a for a in range(3)] + [11 * n + 3 * m + i]
        for row in block:
            columns += places
            entries += row.tolist()
            starts.append(len(columns))
    for i in range(p):
        columns.append(11 * n + 3 * m + i)
        entries.append(-2 * given["w"])
        starts.append(len(columns))
    whole = {"rows": starts, "cols": columns, "vals": entries}
    return {name: [*values[:30], values[-1]] for name, values in whole.items()}


# ── ht ──────────────────────────────────────────────────────────────────────────────────────────


def ht(theta: Any, us: Any, given: Given) -> Any:
    """The errors of all points, one after the other."""
    data = given["data"]
    model = data["model"]
    bones = model["bone_count"]
    pose = np.zeros((3, bones + 3), complex)
    pose[:, 0], pose[:, 1], pose[:, 2] = theta[:3], 1, theta[3:6]
    column, at = 5, 6
    for _ in range(5):
        pose[0, column], pose[1, column] = theta[at], theta[at + 1]
        pose[0, column + 1], pose[0, column + 2] = theta[at + 2], theta[at + 3]
        column, at = column + 4, at + 4
    absolute: list[Any] = []
    transforms = []
    for b in range(bones):
        x, z, y = pose[:, b + 3]
        turn = np.eye(4, dtype=complex)
        turn[:3, :3] = _about(2, z) @ _about(1, y) @ _about(0, x)
        relative = np.array(model["base_relatives"][b]) @ turn
        parent = model["parents"][b]
        absolute.append(relative if parent == -1 else absolute[parent] @ relative)
        transforms.append(absolute[b] @ np.array(model["inverse_base_absolutes"][b]))
    r = theta[:3]
    square = r[0] ** 2 + r[1] ** 2 + r[2] ** 2
    whole = np.eye(3)
    if abs(square) > 1e-8:
        a = r / cmath.sqrt(square)
        k = np.array([[0, -a[2], a[1]], [a[2], 0, -a[0]], [-a[1], a[0], 0]])
        angle = cmath.sqrt(square)
        whole = np.eye(3) + cmath.sin(angle) * k + (1 - cmath.cos(angle)) * k @ k
    positions = []
    for v, base in enumerate(model["base_positions"]):
        place = sum(
            weight * (transform @ np.array(base))[:3]
            for weight, transform in zip(model["weights"][v], transforms, strict=True)
        )
        positions.append(whole @ place + theta[3:6])
    errors: list[Any] = []
    for i, (point, c) in enumerate(zip(data["points"], data["correspondences"], strict=True)):
        if len(us):
            one, two, three = (positions[v] for v in model["triangles"][c])
            there = us[i][0] * one + us[i][1] * two + (1 - us[i][0] - us[i][1]) * three
        else:
            there = positions[c]
        errors += list(np.array(point) - there)
    return np.array(errors)


def _about(axis: int, angle: Any) -> Any:
    i, j = ((1, 2), (2, 0), (0, 1))[axis]
    turn = np.eye(3, dtype=complex)
    turn[i, i] = turn[j, j] = cmath.cos(angle)
    turn[j, i], turn[i, j] = cmath.sin(angle), -cmath.sin(angle)
    return turn


def ht_jacobian(given: Given) -> Any:
    theta, us = np.array(given["theta"], complex), np.array(given["us"], complex)
    by_theta = derivatives(lambda t: ht(t, us, given), theta.real)
    if not len(us):
        return by_theta.tolist()
    by_us = derivatives(lambda u: ht(theta, u, given), us.real).reshape(len(by_theta), len(us), 2)
    own = by_us[np.arange(len(by_theta)), np.arange(len(by_theta)) // 3]
    return np.concatenate([own, by_theta], axis=1).tolist()


# ── ode, det ────────────────────────────────────────────────────────────────────────────────────


def ode(x: Any, s: int) -> Any:
    n, h = len(x), 2 / s

    def f(y: Any) -> Any:
        return np.array([x[i] * (y[i - 1] if i else 1) for i in range(n)])

    y = np.zeros(n)
    for _ in range(s):
        k1 = f(y)
        k2 = f(y + h / 2 * k1)
        k3 = f(y + h / 2 * k2)
        k4 = f(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return y


def det(a: Any) -> Any:
    if not len(a):
        return 1.0
    rest = a[1:]
    return sum(
        (-1) ** j * a[0, j] * det(np.delete(rest, j, axis=1)) for j in range(len(a)) if a[0, j]
    )


# ── particle, saddle ────────────────────────────────────────────────────────────────────────────


def descent(function: Any, slope: Any, start: Any) -> Any:
    x, value, g, eta, good = start, function(start), slope(start), 1e-5, 0
    while np.linalg.norm(g) > 1e-5:
        if good == 10:
            eta, good = 2 * eta, 0
            continue
        there = x - eta * g
        if np.linalg.norm(x - there) <= 1e-5:
            break
        reached = function(there)
        if reached < value:
            x, value, g, good = there, reached, slope(there), good + 1
        else:
            eta, good = eta / 2, 0
    return x


def particle(w: float) -> float:
    def squared(w: complex) -> complex:
        position, velocity = [0j, 8 + 0j], [0.75 + 0j, 0j]
        while True:
            force = [0j, 0j]
            for charge in ((10, 10 - w), (10, 0)):
                away = [position[0] - charge[0], position[1] - charge[1]]
                distance = cmath.sqrt(away[0] ** 2 + away[1] ** 2)
                force = [f + a / distance**3 for f, a in zip(force, away, strict=True)]
            position = [p + 0.1 * v for p, v in zip(position, velocity, strict=True)]
            if position[1].real <= 0:
                break
            velocity = [v + 0.1 * f for v, f in zip(velocity, force, strict=True)]
        return (position[0] - position[1] / velocity[1] * velocity[0]) ** 2

    found = descent(
        lambda w: squared(complex(w[0])).real,
        lambda w: np.array([squared(w[0] + 1j * H).imag / H]),
        np.array([w]),
    )
    return float(found[0])


def saddle(start: list[float]) -> list[float]:
    """The inner descent is linear in where it begins and does not know of p: its end does not move."""
    first = np.array(start)

    def highest(p: Any) -> Any:
        return descent(lambda q: q @ q - p @ p, lambda q: 2 * q, first)

    def value(p: Any) -> Any:
        q = highest(p)
        return p @ p - q @ q

    p = descent(value, lambda p: 2 * p, first)
    return [*p.tolist(), *highest(p).tolist()]


# ── the table ───────────────────────────────────────────────────────────────────────────────────


def _matrix(given: Given) -> np.ndarray:
    return np.array(given["A"]).reshape(given["ell"], given["ell"])


def _lstm(given: Given) -> float:
    main, extra = (np.array(given[name], complex) for name in ("main_params", "extra_params"))
    return float(lstm(main, extra, given).real)


def _ht(given: Given) -> Any:
    return ht(np.array(given["theta"]), np.array(given["us"]), given).real.tolist()


def _gmm(given: Given) -> float:
    values = [np.array(given[name], complex) for name in ("alpha", "mu", "q", "l")]
    return float(gmm(*values, given).real)


MODES = ("rr", "ff", "fr", "rf")
ANSWERS: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("hello", "square"): lambda x: x * x,
    ("hello", "double"): lambda x: 2 * x,
    ("llsq", "primal"): lambda g: llsq(g["x"], g["n"]),
    ("llsq", "gradient"): lambda g: gradient(lambda x: llsq(x, g["n"]), g["x"]),
    ("lse", "primal"): lambda g: lse(g["x"]).real,
    ("lse", "gradient"): lambda g: gradient(lse, g["x"]),
    ("gmm", "objective"): _gmm,
    ("gmm", "jacobian"): gmm_gradients,
    ("kmeans", "cost"): kmeans,
    ("kmeans", "dir"): kmeans_direction,
    ("lstm", "objective"): _lstm,
    ("lstm", "jacobian"): lstm_gradient,
    ("ba", "objective"): ba_objective,
    ("ba", "jacobian"): ba_jacobian,
    ("ht", "objective"): _ht,
    ("ht", "jacobian"): ht_jacobian,
    ("ode", "primal"): lambda g: ode(np.array(g["x"]), g["s"]).tolist(),
    ("ode", "gradient"): lambda g: gradient(lambda x: ode(x, g["s"])[-1], g["x"]),
    ("det", "primal"): lambda g: float(det(_matrix(g))),
    ("det", "gradient"): lambda g: np.ravel(gradient(det, _matrix(g))).tolist(),
    **{("particle", mode): lambda g: particle(g["w"]) for mode in MODES},
    **{("saddle", mode): lambda g: saddle(g["start"]) for mode in MODES},
}
