"""Maximum likelihood as every value model does it: several starts, gradients, an observed information, checks.

All parameters are positive, so the search goes over their logarithms; models scale time and money beforehand, so that
sound parameters are not far from 1. Likelihoods are means per customer, so that tolerances mean the same at any size.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, log, nan, sqrt

import numpy as np
from scipy.optimize import minimize

from retention.value.statistics import Fit, Floats

Likelihood = Callable[[Floats], tuple[float, Floats]]  # of log-parameters: mean log-likelihood, gradient

BOUND = log(1e5)  # beyond it a parameter, in scaled units, is on its way to 0 or to infinity
NEAR_BOUND = 0.01
GRADIENT_TOLERANCE = 1e-6
STEP = 1e-4  # of the differences of gradients, in log-parameters
NEWTON_STEPS = 12
SETTLED = 1e-9  # a slope that no further step is worth
SAME_MAXIMUM = 1e-5  # two starts that ended within it, per customer, found the same maximum
UNDETERMINED = 2.0  # standard error of a log-parameter: its interval spans three powers of ten
SCOUTED_GROUPS = 5_000
LEAST_EIGENVALUE = 1e-12


@dataclass(frozen=True)
class Maximum:
    """The highest point that was found.

    Attributes:
        at: log-parameters.
        value: mean log-likelihood there.
        gradient_norm: its largest slope there, per customer.
        information: observed information of one customer, in log-parameters.
        starts: from how many points the search went.
        agreeing: how many of them ended at this maximum.
    """

    at: Floats
    value: float
    gradient_norm: float
    information: Floats
    starts: int
    agreeing: int


def maximise(likelihood: Likelihood, starts: Sequence[Sequence[float]], scout: Likelihood | None = None) -> Maximum:
    """Climb from every start, then on from the best.

    Args:
        starts: parameters in scaled units.
        scout: the likelihood of a thinned sample, on which the starts are tried; None to try them on the whole.
    """
    with np.errstate(all="ignore"):
        tried = [_climb(scout or likelihood, np.log(np.asarray(start, dtype=np.float64))) for start in starts]
        best_value, best = max(tried, key=lambda one: one[0])
        if scout is not None:  # its curvature is nearly that of the whole, and cheap
            best, slope = _settled(likelihood, best, _information(scout, best))
            best = best if slope <= GRADIENT_TOLERANCE else _climb(likelihood, best)[1]
        information = _information(likelihood, best)
        best, slope = _settled(likelihood, best, information)
        agreeing = sum(best_value - one <= SAME_MAXIMUM for one, _ in tried)
        return Maximum(best, likelihood(best)[0], slope, information, len(tried), agreeing)


def _climb(likelihood: Likelihood, start: Floats) -> tuple[float, Floats]:
    """The end of a search with gradients within the bounds, and the value there."""

    def downhill(at: Floats) -> tuple[float, Floats]:
        value, gradient = likelihood(at)
        return (
            (-value, -gradient) if np.isfinite(value) and np.all(np.isfinite(gradient)) else (1e10, np.zeros_like(at))
        )

    found = minimize(
        downhill, start, jac=True, method="L-BFGS-B", bounds=[(-BOUND, BOUND)] * len(start),
        options={"ftol": 1e-13, "gtol": 1e-8, "maxiter": 500},
    )  # fmt: skip
    return -float(found.fun), np.asarray(found.x, dtype=np.float64)


def _settled(likelihood: Likelihood, at: Floats, information: Floats) -> tuple[Floats, float]:
    """On to the maximum close by, by Newton's steps with one information for all; with the largest slope there."""
    _, gradient = likelihood(at)
    slope = float(np.max(np.abs(gradient)))
    for _ in range(NEWTON_STEPS if _is_definite(information) else 0):
        if slope < SETTLED:
            break
        ahead = np.clip(at + np.linalg.solve(information, gradient), -BOUND, BOUND)
        _, new_gradient = likelihood(ahead)
        new_slope = float(np.max(np.abs(new_gradient)))
        if not new_slope < slope / 2:
            break
        at, gradient, slope = ahead, new_gradient, new_slope
    return at, slope


def _information(likelihood: Likelihood, at: Floats) -> Floats:
    """Minus the second derivatives, by differences of the gradient to both sides."""
    steps = np.eye(len(at)) * STEP
    rows = [(likelihood(at - step)[1] - likelihood(at + step)[1]) / (2 * STEP) for step in steps]
    matrix = np.array(rows)
    return np.asarray((matrix + matrix.T) / 2, dtype=np.float64)


def _is_definite(information: Floats) -> bool:
    if not np.all(np.isfinite(information)):
        return False
    values = np.linalg.eigvalsh(information)
    return bool(values[0] > LEAST_EIGENVALUE * max(1.0, float(values[-1])))


def fitted(
    model: str,
    names: Sequence[str],
    maximum: Maximum,
    customers: int,
    *,
    units: Sequence[float],
    shift: float,
    diagnostics: dict[str, float],
) -> Fit:
    """The fit at a maximum, in the data's own units, with what speaks against it.

    Standard errors follow from those of the log-parameters by the delta method: se(p) = p * se(log p).

    Args:
        units: what each scaled parameter is multiplied by.
        shift: what is added to the log-likelihood of the scaled data.
    """
    values = np.exp(maximum.at) * np.asarray(units)
    is_definite = _is_definite(maximum.information)
    errors = np.full(len(values), nan)
    if is_definite:
        errors = np.sqrt(np.diag(np.linalg.inv(maximum.information)) / customers)
    is_at_bound = bool(np.any(np.abs(maximum.at) > BOUND - NEAR_BOUND))
    is_flat = maximum.gradient_norm <= GRADIENT_TOLERANCE
    checks = {
        "not_converged": not is_flat and not is_at_bound,
        "parameter_at_bound": is_at_bound,
        "information_singular": not is_definite,
        "parameter_undetermined": is_definite and bool(np.any(errors > UNDETERMINED)),
    }
    return Fit(
        model,
        {name: float(value) for name, value in zip(names, values, strict=True)},
        {name: float(value * error) for name, value, error in zip(names, values, errors, strict=True)},
        float(maximum.value * customers + shift),
        customers,
        is_flat and is_definite and not is_at_bound,
        tuple(code for code, holds in checks.items() if holds),
        {
            "starts": float(maximum.starts), "starts_agreeing": float(maximum.agreeing),
            "gradient_norm": maximum.gradient_norm, "condition": _condition(maximum.information), **diagnostics,
        },
    )  # fmt: skip


def refused(model: str, names: Sequence[str], customers: int, problem: str) -> Fit:
    """No fit, since the data cannot support one."""
    nothing = dict.fromkeys(names, nan)
    return Fit(model, nothing, dict(nothing), nan, customers, False, (problem,))


def _condition(information: Floats) -> float:
    """Root of the ratio of the largest to the least eigenvalue: how much worse the worst direction is known."""
    if not _is_definite(information):
        return inf
    values = np.linalg.eigvalsh(information)
    return sqrt(float(values[-1] / values[0]))
