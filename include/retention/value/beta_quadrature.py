"""Means over a beta distribution as sums of a few terms, for functions that fall like (1 + p t) ** -k.

Gauss-Jacobi nodes are exact for polynomials in p; these functions are far from polynomials when t is long, and sixteen
such nodes err by percents. In w = p / (p + c) they are close to polynomials at every t, so the nodes here are those of
the same distribution seen in w. Many Gauss-Jacobi nodes in w stand for the distribution; Lanczos' method finds the few.
Source: Golub, Welsch: Calculation of Gauss Quadrature Rules (1969); Gautschi: Orthogonal Polynomials (2004), 2.2.3.
"""

from math import ceil

import numpy as np

from retention.value.statistics import Floats

DENSE_NODES = 128
BLOCK = 256


def beta_quadrature(a: float, b: float, steps: Floats, nodes: int) -> tuple[Floats, Floats]:
    """Nodes within 0 and 1 and weights that add up to 1, one row per step, for means over Beta(a, b + step).

    Args:
        steps: whole numbers from 0.
    """
    base = b - ceil(b) + 1  # within 0 and 1, and whole steps below every b + step
    dense, weight = _gauss_jacobi(a, base, DENSE_NODES)
    blocks = [
        _rows(a, b + steps[begin : begin + BLOCK], base, dense, np.log(weight), nodes)
        for begin in range(0, len(steps), BLOCK)
    ]
    return np.concatenate([node for node, _ in blocks]), np.concatenate([weight for _, weight in blocks])


def _rows(a: float, b: Floats, base: float, dense: Floats, log_weight: Floats, nodes: int) -> tuple[Floats, Floats]:
    """The rule for each b.

    With z = (1 + c) w, Beta(a, b) has the density z ** (a - 1) * (1 - z) ** (b - 1) * (1 - w) ** -(a + b) in z. The
    dense nodes bring the first factor and (1 - z) ** (base - 1) along; what is left is smooth.
    """
    scale = (1.0 / (1.0 + a + b))[:, None]  # c: below the mean of p, the more so the smaller a is
    w = dense / (1.0 + scale)
    rest = (b - base)[:, None] * np.log1p(-dense) - (a + b)[:, None] * np.log1p(-w) + log_weight
    seen, weight = _lanczos(w, np.exp(rest - rest.max(axis=1, keepdims=True)), nodes)
    return scale * seen / (1.0 - seen), weight


def _gauss_jacobi(a: float, b: float, nodes: int) -> tuple[Floats, Floats]:
    """Gauss-Jacobi nodes of Beta(a, b), from the recurrence of the Jacobi polynomials."""
    left, right = a - 1.0, b - 1.0
    k = np.arange(1.0, nodes)
    both = 2 * k + left + right
    middle = np.concatenate([[2 * a / (a + b) - 1], (left**2 - right**2) / (both * (both + 2))])
    over = np.concatenate([[1.0], (k[1:] + left + right) / (both[1:] - 1)])  # the first may be 0 over 0, and is 1
    beside = 4 * k * (k + left) * (k + right) * over / (both**2 * (both + 1))
    node, weight = _golub_welsch((1 + middle[None, :]) / 2, np.sqrt(beside[None, :]) / 2)
    return np.clip(node[0], 1e-300, 1 - 1e-16), np.maximum(weight[0], 1e-300)


def _lanczos(points: Floats, weight: Floats, nodes: int) -> tuple[Floats, Floats]:
    """The Gauss rule of so many nodes for points with weights, row by row."""
    base = np.zeros((len(points), nodes, points.shape[1]))
    current = np.sqrt(weight / weight.sum(axis=1, keepdims=True))
    middle, beside = np.empty((len(points), nodes)), np.empty((len(points), nodes))
    for step in range(nodes):
        base[:, step] = current
        known = base[:, : step + 1]
        ahead = points * current
        middle[:, step] = np.sum(ahead * current, axis=1)
        for _ in range(2):  # twice, since once leaves rounding that grows
            ahead -= (ahead[:, None, :] @ known.transpose(0, 2, 1) @ known)[:, 0]
        beside[:, step] = np.linalg.norm(ahead, axis=1)
        current = ahead / beside[:, step, None]
    return _golub_welsch(middle, beside[:, :-1])


def _golub_welsch(middle: Floats, beside: Floats) -> tuple[Floats, Floats]:
    """Nodes and weights of symmetric tridiagonal matrices, row by row."""
    count = middle.shape[1]
    matrix = np.zeros((*middle.shape, count))
    at, ahead = np.arange(count), np.arange(1, count)
    matrix[:, at, at] = middle
    matrix[:, ahead, ahead - 1] = beside  # eigh reads the lower half
    nodes, vectors = np.linalg.eigh(matrix)
    return nodes, vectors[:, 0, :] ** 2
