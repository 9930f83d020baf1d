"""BG/NBD: how often customers buy while they do, and when they stop, if nobody says so.

Source: Fader, Hardie, Lee: "Counting Your Customers" the Easy Way, Marketing Science 24 (2005). A customer buys at a
rate from a gamma distribution (r, alpha) and stops after each purchase with a chance from a beta distribution (a, b).
"""

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
from scipy.special import expit, gammaln, psi

from retention.value.beta_quadrature import beta_quadrature
from retention.value.fitting import SCOUTED_GROUPS, fitted, maximise, refused
from retention.value.statistics import Fit, Floats, PurchaseStatistics, inner

MODEL = "bg_nbd"
NAMES = ("r", "alpha", "a", "b")
STARTS = ((1.0, 1.0, 1.0, 1.0), (0.25, 0.1, 0.8, 2.5), (5.0, 3.0, 0.3, 3.0), (0.5, 0.05, 3.0, 10.0))
LEAST_REPEATERS = 5  # one more than there are parameters; what is worth a prediction is for the reader to say
NODES = 16
CUSTOMERS_AT_ONCE = 50_000
GROUPS_AT_ONCE = 8_192


def fit(statistics: PurchaseStatistics) -> Fit:
    """Fit by maximum likelihood; a refusal where the data cannot support it."""
    problem = unfit(statistics)
    if problem:
        return refused(MODEL, NAMES, statistics.customers, problem)
    weeks = float(np.average(statistics.age, weights=statistics.weight))
    thin = len(statistics.weight) > SCOUTED_GROUPS
    scout = BgNbdLikelihood(statistics.thinned(SCOUTED_GROUPS), weeks) if thin else None
    maximum = maximise(BgNbdLikelihood(statistics, weeks), STARTS, scout)
    purchases = inner(statistics.weight, statistics.frequency)
    return fitted(
        MODEL, NAMES, maximum, statistics.customers, units=(1.0, weeks, 1.0, 1.0), shift=-purchases * np.log(weeks),
        diagnostics={"groups": float(len(statistics.weight)), "repeaters": float(statistics.repeaters)},
    )  # fmt: skip


def unfit(statistics: PurchaseStatistics) -> str:
    """Why no model of purchases can be fitted, as a code; empty where one can."""
    if not statistics.customers:
        return "no_customers"
    if not statistics.repeaters:
        return "no_repeat_purchase"
    if statistics.repeaters < LEAST_REPEATERS:
        return "too_few_repeaters"
    columns = (statistics.frequency, statistics.recency, statistics.age)
    return "no_spread" if all(np.ptp(column) == 0 for column in columns) else ""


class BgNbdLikelihood:
    """Mean log-likelihood per customer with its gradient, by log-parameters; time in the given unit.

    What depends on x alone is computed once per distinct x, the rest in blocks of groups that stay in the processor's
    cache.
    """

    def __init__(self, statistics: PurchaseStatistics, weeks: float) -> None:
        order = np.argsort(statistics.frequency, kind="stable")
        frequency, self._weight = statistics.frequency[order], statistics.weight[order]
        self._recency, self._age = statistics.recency[order] / weeks, statistics.age[order] / weeks
        self._once = int(np.searchsorted(frequency, 0.0, side="right"))  # the groups of one purchase stand first
        self._x, self._index = np.unique(frequency, return_inverse=True)
        self._counts = np.bincount(self._index, self._weight)
        self._frequency, self._customers = frequency, float(self._weight.sum())

    def __call__(self, log_parameters: Floats) -> tuple[float, Floats]:
        """The likelihood of equation 6 of the paper, in logarithms."""
        r, alpha, a, b = np.exp(log_parameters)
        x, counts = self._x, self._counts
        value = counts @ (
            gammaln(r + x) - gammaln(r) + r * np.log(alpha)
            + gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
        )  # fmt: skip
        by_r = counts @ (psi(r + x) - psi(r) + np.log(alpha))
        by_a = counts @ (psi(a + b) - psi(a + b + x))
        sums = np.array([value, by_r, self._customers * r / alpha, by_a, by_a + counts @ (psi(b + x) - psi(b))])
        for block in _blocks(0, self._once):
            sums += self._of_one_purchase(block, r, alpha)
        stops = np.where(x > 0, np.log(a) - np.log(np.maximum(b + x - 1, 1e-300)), -np.inf)
        for block in _blocks(self._once, len(self._weight)):
            sums += self._of_repeaters(block, r, alpha, a, b, stops)
        return float(sums[0] / self._customers), sums[1:] * (r, alpha, a, b) / self._customers

    def _of_one_purchase(self, block: slice, r: float, alpha: float) -> Floats:
        """What groups of one purchase add to the value and to its slopes by r, alpha, a and b."""
        weight, since = self._weight[block], alpha + self._age[block]
        silence = inner(weight, np.log(since))
        return np.array([-r * silence, -silence, -r * inner(weight, 1.0 / since), 0.0, 0.0])

    def _of_repeaters(self, block: slice, r: float, alpha: float, a: float, b: float, stops: Floats) -> Floats:
        """What groups of several purchases add to the value and to its slopes by r, alpha, a and b."""
        weight, frequency = self._weight[block], self._frequency[block]
        since_first, until_last = alpha + self._age[block], alpha + self._recency[block]
        exponent, log_age, log_recency = r + frequency, np.log(since_first), np.log(until_last)
        odds = stops[self._index[block]] + exponent * (log_age - log_recency)
        small = np.exp(-np.abs(odds))  # one exponential for both, log(1 + exp(odds)) and its slope
        gone = weight * np.where(odds > 0, 1.0, small) / (1.0 + small)
        alive = weight - gone  # times the chance that the customer still buys
        return np.array([
            inner(weight, np.maximum(odds, 0.0) + np.log1p(small)) - inner(weight, exponent * log_age),
            -inner(alive, log_age) - inner(gone, log_recency),
            -inner(alive, exponent / since_first) - inner(gone, exponent / until_last),
            float(gone.sum()) / a,
            -inner(gone, 1.0 / (b + frequency - 1)),
        ])  # fmt: skip


def _blocks(begin: int, end: int) -> Iterator[slice]:
    """Parts of groups, in order."""
    return (slice(at, min(at + GROUPS_AT_ONCE, end)) for at in range(begin, end, GROUPS_AT_ONCE))


def probability_alive(
    parameters: Mapping[str, float], x: npt.ArrayLike, t_x: npt.ArrayLike, age: npt.ArrayLike
) -> Floats:
    """The chance that a customer still buys at the end of observation; 1 for whoever bought once.

    In this model a customer can stop only right after a repeat purchase (Fader, Hardie, Lee: Computing P(alive) Using
    the BG/NBD Model, 2008).

    Args:
        x: purchase days after the first.
        t_x, age: weeks from the first purchase day to the last, and to the end of observation.
    """
    r, alpha, a, b = (parameters[name] for name in NAMES)
    frequency, recency, until = (np.asarray(values, dtype=np.float64) for values in (x, t_x, age))
    repeats = np.maximum(frequency, 1.0)
    odds = np.log(a) - np.log(b + repeats - 1) + (r + frequency) * (np.log(alpha + until) - np.log(alpha + recency))
    return np.asarray(np.where(frequency > 0, expit(-odds), 1.0), dtype=np.float64)


def probability_silent(
    parameters: Mapping[str, float], horizon_weeks: float, x: npt.ArrayLike, t_x: npt.ArrayLike, age: npt.ArrayLike
) -> Floats:
    """The chance that a customer buys nothing within the horizon: it has stopped, or it still buys and waits longer.

    As a score of churn it ranks better than 1 - P(alive), which is 0 for everybody who bought once.

    Args:
        x, t_x, age: as for `probability_alive`.
    """
    r, alpha = parameters["r"], parameters["alpha"]
    frequency, until = (np.asarray(values, dtype=np.float64) for values in (x, age))
    waits = np.exp(-(r + frequency) * np.log1p(horizon_weeks / (alpha + until)))
    alive = probability_alive(parameters, x, t_x, age)
    return np.asarray(1 - alive * (1 - waits), dtype=np.float64)


def expected_purchases(
    parameters: Mapping[str, float],
    horizon_weeks: float,
    x: npt.ArrayLike,
    t_x: npt.ArrayLike,
    age: npt.ArrayLike,
    nodes: int = 2 * NODES,
) -> Floats:
    """Purchase days of each customer within the horizon, in expectation (equation 10 of the paper).

    P(alive) times the mean over p, the chance to stop, which is Beta(a, b + x) for those alive, of
    (1 - ((alpha + T) / (alpha + T + p t)) ** (r + x)) / p. The paper integrates it to a hypergeometric function, which
    overflows for frequent buyers and has no value at a = 1; a sum over nodes has neither fault.

    Args:
        x, t_x, age: as for `probability_alive`, all of one length or single figures.
        nodes: of the integral.
    """
    r, alpha, a, b = (parameters[name] for name in NAMES)
    arrays = np.broadcast_arrays(*(np.asarray(values, dtype=np.float64) for values in (x, t_x, age)))
    frequency, until = arrays[0].ravel(), arrays[2].ravel()
    distinct, index = np.unique(frequency, return_inverse=True)
    node, weight = beta_quadrature(a, b, distinct, nodes)
    mean = np.empty(len(frequency))
    for begin in range(0, len(frequency), CUSTOMERS_AT_ONCE):  # blocks, so that memory does not grow with customers
        part = slice(begin, begin + CUSTOMERS_AT_ONCE)
        p = node[index[part]]
        stretch = np.log1p(p * (horizon_weeks / (alpha + until[part]))[:, None])
        mean[part] = np.sum(weight[index[part]] * -np.expm1(-(r + frequency[part])[:, None] * stretch) / p, axis=1)
    return probability_alive(parameters, *arrays) * mean.reshape(arrays[0].shape)


def quadrature(
    parameters: Mapping[str, float], largest_frequency: int, nodes: int = NODES
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats, Floats]:
    """Nodes by which a database computes `expected_purchases` as a sum: purchases, position, node, weight.

    For every x from 0 to `largest_frequency`, weights add up to 1. With 16 nodes the sum is right to 1e-9 for horizons
    of up to 7 times alpha + T (tests/value/test_bg_nbd.py).
    """
    purchases = np.arange(largest_frequency + 1)
    node, weight = beta_quadrature(parameters["a"], parameters["b"], purchases.astype(np.float64), nodes)
    position = np.tile(np.arange(nodes), len(purchases))
    return np.repeat(purchases, nodes), position, node.ravel(), weight.ravel()
