"""Shifted beta-geometric: how long customers of a contract keep it, if each has its own chance to leave.

Source: Fader, Hardie: How to Project Customer Retention, Journal of Interactive Marketing 21 (2007). At the end of each
period a customer leaves with a chance from a beta distribution (alpha, beta); the steady stay, so retention rises.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy.special import betaln

from retention.errors import RetentionError
from retention.value.fitting import fitted, maximise, refused
from retention.value.statistics import Fit, Floats

MODEL = "sbg"
NAMES = ("alpha", "beta")
STARTS = ((1.0, 1.0), (0.7, 4.0), (5.0, 20.0))


def fit(renewed: npt.ArrayLike, lost: npt.ArrayLike) -> Fit:
    """Fit by maximum likelihood; a refusal where the data cannot support it.

    Whoever is still in its current period, or was observed for fewer, counts in the periods that it ended alone, so
    cohorts of different age go together.

    Args:
        renewed: per period from the first on, customers who kept the contract at its end.
        lost: per period from the first on, customers who did not.

    Raises:
        RetentionError: the counts are of different length, negative or no numbers.
    """
    kept, gone = (np.asarray(counts, dtype=np.float64) for counts in (renewed, lost))
    if kept.shape != gone.shape or kept.ndim != 1 or not (np.all(kept >= 0) and np.all(gone >= 0)):
        raise RetentionError("sBG needs counts of renewed and lost per period.", "Count both for the same periods.")
    customers = round(float(kept[0] + gone[0])) if len(kept) else 0
    if not customers:
        return refused(MODEL, NAMES, customers, "no_customers")
    if not gone.sum():
        return refused(MODEL, NAMES, customers, "nobody_lost")
    if not kept.sum():
        return refused(MODEL, NAMES, customers, "nobody_renewed")
    if np.count_nonzero(kept + gone) < len(NAMES):
        return refused(MODEL, NAMES, customers, "too_few_periods")
    maximum = maximise(SbgLikelihood(kept, gone, customers), STARTS)
    diagnostics = {"periods": float(np.count_nonzero(kept + gone))}
    return fitted(MODEL, NAMES, maximum, customers, units=(1.0, 1.0), shift=0.0, diagnostics=diagnostics)


class SbgLikelihood:
    """Mean log-likelihood per customer with its gradient, by log-parameters."""

    def __init__(self, renewed: Floats, lost: Floats, customers: float) -> None:
        self._renewed, self._lost, self._customers = renewed, lost, customers
        self._before = np.arange(len(renewed), dtype=np.float64)  # periods that were renewed before

    def __call__(self, log_parameters: Floats) -> tuple[float, Floats]:
        """The retention rate of period t is (beta + t - 1) / (alpha + beta + t - 1): equation 4 of the paper."""
        alpha, beta = np.exp(log_parameters)
        stays, every = beta + self._before, alpha + beta + self._before
        ended = self._renewed + self._lost
        value = self._renewed @ np.log(stays) + self._lost.sum() * np.log(alpha) - ended @ np.log(every)
        falls = ended @ (1 / every)
        by_alpha, by_beta = self._lost.sum() / alpha - falls, self._renewed @ (1 / stays) - falls
        return float(value / self._customers), np.array([by_alpha * alpha, by_beta * beta]) / self._customers


def survival(parameters: Mapping[str, float], periods: npt.ArrayLike) -> Floats:
    """The share of customers who keep the contract for so many periods (equation 6 of the paper)."""
    alpha, beta = (parameters[name] for name in NAMES)
    ended = np.asarray(periods, dtype=np.float64)
    return np.asarray(np.exp(betaln(alpha, beta + ended) - betaln(alpha, beta)), dtype=np.float64)


def retention_rate(parameters: Mapping[str, float], periods: npt.ArrayLike) -> Floats:
    """Of those who were there at the start of a period, counted from 1, the share who keep the contract at its end."""
    alpha, beta = (parameters[name] for name in NAMES)
    before = np.asarray(periods, dtype=np.float64) - 1
    return np.asarray((beta + before) / (alpha + beta + before), dtype=np.float64)
