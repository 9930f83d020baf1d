"""Gamma-Gamma: what a customer spends on a purchase day, shrunk to what all spend where it has few.

Source: Fader, Hardie: The Gamma-Gamma Model of Monetary Value (2013). Amounts of a customer scatter by a gamma
distribution (p), whose scale differs between customers by another (q, v). Spend must not depend on how often one buys;
the correlation of both is in the diagnostics.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import nan

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, psi

from retention.value.fitting import SCOUTED_GROUPS, fitted, maximise, refused
from retention.value.statistics import Fit, Floats, SpendStatistics, inner

MODEL = "gamma_gamma"
NAMES = ("p", "q", "v")
STARTS = ((1.0, 2.0, 1.0), (6.0, 4.0, 0.5), (2.0, 1.2, 0.2), (20.0, 10.0, 0.5))
LEAST_CUSTOMERS = 4  # one more than there are parameters


def fit(statistics: SpendStatistics) -> Fit:
    """Fit by maximum likelihood; a refusal where the data cannot support it."""
    problem = _unfit(statistics)
    if problem:
        return refused(MODEL, NAMES, statistics.customers, problem)
    mean = float(np.average(statistics.mean_spend, weights=statistics.weight))
    thin = len(statistics.weight) > SCOUTED_GROUPS
    scout = GammaGammaLikelihood(statistics.thinned(SCOUTED_GROUPS), mean) if thin else None
    maximum = maximise(GammaGammaLikelihood(statistics, mean), STARTS, scout)
    found = fitted(
        MODEL, NAMES, maximum, statistics.customers, units=(1.0, 1.0, mean), shift=-statistics.customers * np.log(mean),
        diagnostics={
            "groups": float(len(statistics.weight)),
            "spend_frequency_correlation": correlation(statistics),
        },
    )  # fmt: skip
    has_mean = found.parameters["q"] > 1  # else the mean over customers is infinite, and no spend can be expected
    return found if has_mean else replace(found, problems=(*found.problems, "no_mean"))


def correlation(statistics: SpendStatistics) -> float:
    """Pearson's correlation of purchase days with mean spend; 0 where either does not vary."""
    weight = statistics.weight / statistics.weight.sum()
    x, spend = (values - inner(weight, values) for values in (statistics.frequency, statistics.mean_spend))
    scale = float(np.sqrt(inner(weight, x**2) * inner(weight, spend**2)))
    return inner(weight, x * spend) / scale if scale > 0 else 0.0


def _unfit(statistics: SpendStatistics) -> str:
    if not statistics.customers:
        return "no_customers"
    if statistics.customers < LEAST_CUSTOMERS:
        return "too_few_repeaters"
    spend = statistics.mean_spend
    return "no_spread" if np.ptp(spend) <= 1e-9 * np.max(spend) else ""


class GammaGammaLikelihood:
    """Mean log-likelihood per customer with its gradient, by log-parameters; money in the given unit."""

    def __init__(self, statistics: SpendStatistics, unit: float) -> None:
        self._x, self._index = np.unique(statistics.frequency, return_inverse=True)
        self._weight = statistics.weight
        self._counts = np.bincount(self._index, self._weight)
        self._frequency, self._customers = statistics.frequency, float(self._weight.sum())
        spend = statistics.mean_spend / unit
        self._total, self._log_spend = self._frequency * spend, np.log(spend)
        self._repeats = inner(self._weight, self._log_spend)
        by_x = np.bincount(self._index, self._weight * self._log_spend)
        self._log_totals = self._x * (by_x + self._counts * np.log(self._x))  # x * sum of log(x m), per x

    def __call__(self, log_parameters: Floats) -> tuple[float, Floats]:
        """The likelihood of equation 1a of the paper, in logarithms."""
        p, q, v = np.exp(log_parameters)
        x, counts, customers = self._x, self._counts, self._customers
        shape = p * self._frequency + q
        log_sum = np.log(self._total + v)
        value = (
            counts @ (gammaln(p * x + q) - gammaln(p * x) - gammaln(q)) + customers * q * np.log(v)
            + p * self._log_totals.sum() - self._repeats - inner(self._weight, shape * log_sum)
        )  # fmt: skip
        rises = psi(p * x + q)
        by_p = counts @ (x * (rises - psi(p * x))) + self._log_totals.sum()
        by_p -= inner(self._weight * self._frequency, log_sum)
        by_q = counts @ rises + customers * (np.log(v) - psi(q)) - inner(self._weight, log_sum)
        by_v = customers * q / v - inner(self._weight, shape / (self._total + v))
        return float(value / customers), np.array([by_p * p, by_q * q, by_v * v]) / customers


def expected_spend(parameters: Mapping[str, float], x: npt.ArrayLike, mean_spend: npt.ArrayLike) -> Floats:
    """What each customer spends on a purchase day, in expectation (equation 5 of the paper).

    A mean of the customer's own spend and that of all, the more its own the more often it bought; that of all where x
    is 0. nan where the mean over customers is infinite (p x + q <= 1).
    """
    p, q, v = (parameters[name] for name in NAMES)
    frequency = np.asarray(x, dtype=np.float64)
    spend = np.where(frequency > 0, np.asarray(mean_spend, dtype=np.float64), 0.0)
    above = p * frequency + q - 1
    return np.asarray(np.where(above > 0, p * (v + frequency * spend) / np.where(above > 0, above, 1.0), nan))
