"""Pareto/NBD: as BG/NBD, but a customer may stop at any time, not only after a purchase.

Source: Schmittlein, Morrison, Colombo: Counting Your Customers, Management Science 33 (1987); Fader, Hardie: A Note on
Deriving the Pareto/NBD Model (2005). A customer buys at a rate from a gamma distribution (r, alpha) and lives for a
time whose rate is from another (s, beta).

The paper's likelihood is a difference of two hypergeometric functions, which overflow for frequent buyers and cancel
where a customer bought lately. Before it is integrated it is a sum: alive at T, or stopped at some time since the last
purchase. That integral is computed here, in logarithms and with its gradient.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, gammaln, logsumexp, psi

from retention.value.bg_nbd import unfit
from retention.value.fitting import fitted, maximise, refused
from retention.value.statistics import Fit, Floats, PurchaseStatistics, inner

MODEL = "pareto_nbd"
NAMES = ("r", "alpha", "s", "beta")
STARTS = ((1.0, 1.0, 1.0, 1.0), (0.5, 0.3, 0.6, 0.4), (3.0, 3.0, 0.2, 0.5), (0.3, 0.05, 2.0, 3.0))
NODES = 40
SCOUTED_GROUPS = 500  # each costs as much as forty of BG/NBD's
DROP = 45.0  # beyond exp(-45) of its start the integrand adds nothing that a double holds
ROWS_AT_ONCE = 8_192


def fit(statistics: PurchaseStatistics) -> Fit:
    """Fit by maximum likelihood; a refusal where the data cannot support it."""
    problem = unfit(statistics)
    if problem:
        return refused(MODEL, NAMES, statistics.customers, problem)
    weeks = float(np.average(statistics.age, weights=statistics.weight))
    thin = len(statistics.weight) > SCOUTED_GROUPS
    scout = ParetoNbdLikelihood(statistics.thinned(SCOUTED_GROUPS), weeks) if thin else None
    maximum = maximise(ParetoNbdLikelihood(statistics, weeks), STARTS, scout)
    purchases = inner(statistics.weight, statistics.frequency)
    return fitted(
        MODEL, NAMES, maximum, statistics.customers, units=(1.0, weeks, 1.0, weeks), shift=-purchases * np.log(weeks),
        diagnostics={"groups": float(len(statistics.weight)), "repeaters": float(statistics.repeaters)},
    )  # fmt: skip


class ParetoNbdLikelihood:
    """Mean log-likelihood per customer with its gradient, by log-parameters; time in the given unit."""

    def __init__(self, statistics: PurchaseStatistics, weeks: float) -> None:
        self._x, index = np.unique(statistics.frequency, return_inverse=True)
        self._counts = np.bincount(index, statistics.weight)
        self._frequency, self._weight = statistics.frequency, statistics.weight
        self._recency, self._age = statistics.recency / weeks, statistics.age / weeks
        self._customers = float(self._weight.sum())

    def __call__(self, log_parameters: Floats) -> tuple[float, Floats]:
        """The likelihood before equation 19 of the note: alive, or stopped since the last purchase."""
        r, alpha, s, beta = np.exp(log_parameters)
        counts, customers = self._counts, self._customers
        value = counts @ (gammaln(r + self._x) - gammaln(r)) + customers * (r * np.log(alpha) + s * np.log(beta))
        gradient = np.array([
            counts @ (psi(r + self._x) - psi(r)) + customers * np.log(alpha), customers * r / alpha,
            customers * np.log(beta), customers * s / beta,
        ])  # fmt: skip
        for begin in range(0, len(self._weight), ROWS_AT_ONCE):  # blocks that stay in the processor's cache
            part = slice(begin, begin + ROWS_AT_ONCE)
            weight, x, age = self._weight[part], self._frequency[part], self._age[part]
            alive = -(r + x) * np.log(alpha + age) - s * np.log(beta + age)
            past = _stopped((r, alpha, s, beta), x, self._recency[part], age)
            value += weight @ np.logaddexp(alive, past.log)
            gone = expit(past.log - alive)
            left, dead = weight * (1 - gone), weight * gone
            gradient += np.array([
                -(left @ np.log(alpha + age) + dead @ past.log_alpha),
                -(left @ ((r + x) / (alpha + age)) + dead @ ((r + x) * past.over_alpha)),
                dead.sum() / s - left @ np.log(beta + age) - dead @ past.log_beta,
                -(left @ (s / (beta + age)) + (s + 1) * (dead @ past.over_beta)),
            ])  # fmt: skip
        return float(value / customers), gradient * np.array([r, alpha, s, beta]) / customers


@dataclass(frozen=True)
class _Stopped:
    """Having stopped at some time u from t_x to T, per customer.

    Attributes:
        log: of s times the integral of (alpha + u) ** -(r + x) * (beta + u) ** -(s + 1).
        log_alpha, over_alpha, log_beta, over_beta: means under it of log(alpha + u), 1 / (alpha + u), ...
    """

    log: Floats
    log_alpha: Floats
    over_alpha: Floats
    log_beta: Floats
    over_beta: Floats


def _stopped(parameters: tuple[float, float, float, float], x: Floats, recency: Floats, age: Floats) -> _Stopped:
    """Gauss-Legendre over y = log(m + u), m the lesser of alpha and beta.

    There the integrand has no feature sharper than its own fall, and its logarithm is concave: it lies below the
    tangent at its start, so what is negligible by the tangent is.
    """
    r, alpha, s, beta = parameters
    shift = min(alpha, beta)
    start = shift + recency
    fall = start * ((r + x) / (alpha + recency) + (s + 1) / (beta + recency)) - 1
    length = np.log1p((age - recency) / start)
    length = np.minimum(length, np.where(fall > 0, DROP / np.maximum(fall, 1e-300), np.inf))
    node, weight = np.polynomial.legendre.leggauss(NODES)
    y = length[:, None] * ((1 + node) / 2)
    since = start[:, None] * np.exp(y)
    from_alpha, from_beta = since + (alpha - shift), since + (beta - shift)
    log_alpha, log_beta = np.log(from_alpha), np.log(from_beta)
    terms = -(r + x)[:, None] * log_alpha - (s + 1) * log_beta + y + np.log(weight / 2)
    total = logsumexp(terms, axis=1)
    share = np.exp(terms - total[:, None])
    with np.errstate(divide="ignore"):  # nobody stopped in no time
        log_mass = np.log(s) + total + np.log(start) + np.log(length)
    means = (np.sum(share * values, axis=1) for values in (log_alpha, 1 / from_alpha, log_beta, 1 / from_beta))
    return _Stopped(log_mass, *means)


def probability_alive(
    parameters: Mapping[str, float], x: npt.ArrayLike, t_x: npt.ArrayLike, age: npt.ArrayLike
) -> Floats:
    """The chance that a customer still buys at the end of observation.

    Args:
        x: purchase days after the first.
        t_x, age: weeks from the first purchase day to the last, and to the end of observation.
    """
    r, alpha, s, beta = (parameters[name] for name in NAMES)
    arrays = np.broadcast_arrays(*(np.asarray(values, dtype=np.float64) for values in (x, t_x, age)))
    frequency, recency, until = (array.ravel() for array in arrays)
    found = np.empty(len(frequency))
    for begin in range(0, len(frequency), ROWS_AT_ONCE):
        part = slice(begin, begin + ROWS_AT_ONCE)
        alive = -(r + frequency[part]) * np.log(alpha + until[part]) - s * np.log(beta + until[part])
        found[part] = expit(alive - _stopped((r, alpha, s, beta), frequency[part], recency[part], until[part]).log)
    return found.reshape(arrays[0].shape)


def expected_purchases(
    parameters: Mapping[str, float], horizon_weeks: float, x: npt.ArrayLike, t_x: npt.ArrayLike, age: npt.ArrayLike
) -> Floats:
    """Purchase days of each customer within the horizon, in expectation (equation 41 of the note).

    Args:
        x, t_x, age: as for `probability_alive`.
    """
    r, alpha, s, beta = (parameters[name] for name in NAMES)
    frequency, until = (np.asarray(values, dtype=np.float64) for values in (x, age))
    longer = np.log1p(horizon_weeks / (beta + until))
    exponent = (s - 1) * longer  # (1 - exp(-exponent)) / (s - 1), which goes to `longer` at s = 1
    is_zero = np.abs(exponent) < 1e-12  # noqa: PLR2004  # below it the quotient is 1 to all digits
    spent = longer * np.where(is_zero, 1.0, -np.expm1(-exponent) / np.where(is_zero, 1.0, exponent))
    rate = (r + frequency) * (beta + until) / (alpha + until)
    return np.asarray(probability_alive(parameters, x, t_x, age) * rate * spent, dtype=np.float64)
