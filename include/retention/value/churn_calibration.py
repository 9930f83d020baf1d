"""What a churn score means: the probability of no purchase, by a logistic curve that never falls (M8).

Platt (1999), Probabilistic Outputs for Support Vector Machines, without his smoothed targets: the groups are large.
"""

from dataclasses import dataclass
from math import nan

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from retention.errors import RetentionError
from retention.value.statistics import Fit, Floats

MODEL = "churn_calibration"
STEEPEST = 100.0
"""A score from 0 to 1 that shifts the log odds by more parts the customers as by a ruler: there is no curve to find."""
FLATTEST = 1e-6


@dataclass(frozen=True)
class ChurnOutcomes:
    """Scores of active customers on past days and what came of them, one element a group of equal scores.

    Attributes:
        score: raw churn score, 0 to 1.
        silent: customers of the group without a purchase in the window that followed.
        customers: customers of the group, above 0.
        uses_p_alive: whether the scores knew P(alive).

    Raises:
        RetentionError: the arrays are no such figures.
    """

    score: Floats
    silent: Floats
    customers: Floats
    uses_p_alive: bool

    def __post_init__(self) -> None:
        is_even = len(self.score) == len(self.silent) == len(self.customers)
        if not is_even or not np.all((self.silent >= 0) & (self.silent <= self.customers) & (self.customers > 0)):
            raise RetentionError(
                "Churn outcomes need arrays of one length and no more silent customers than there are.",
                "Group the customers anew.",
            )


@dataclass(frozen=True)
class HeldOut:
    """Outcomes to judge a calibration by, apart from those that it would have known.

    Attributes:
        earlier: outcomes that were known on the later ones' day.
        later: outcomes of one day.
    """

    earlier: ChurnOutcomes
    later: ChurnOutcomes

    def judged(self) -> dict[str, float]:
        """What a fit to the earlier outcomes foretells of the later ones, and what happened; empty if it is not sound.

        Returns:
            `held_out_customers`; the share of them that stayed silent, foretold and observed; the Brier score, and
            that of the earlier share foretold of everybody.
        """
        found = fit(self.earlier)
        if not found.is_sound:
            return {}
        customers = float(self.later.customers.sum())
        foretold = risk(found.parameters, self.later.score)
        base = np.full(len(foretold), found.diagnostics["base_rate"])
        return {
            "held_out_customers": customers,
            "held_out_foretold": float(np.sum(self.later.customers * foretold)) / customers,
            "held_out_observed": float(self.later.silent.sum()) / customers,
            "held_out_brier": _brier(foretold, self.later),
            "held_out_brier_of_base_rate": _brier(base, self.later),
        }


def fit(outcomes: ChurnOutcomes, held_out: HeldOut | None = None) -> Fit:
    """Fit intercept and slope of the log odds by maximum likelihood, with a slope of 0 or more.

    Args:
        outcomes: what is known now.
        held_out: part of it, by which the method is judged; its figures join the diagnostics.

    The standard errors take a customer's month-ends for independent, which they are not: read them as a lower bound.

    Returns:
        The fit; `problems` names why it is not to be trusted: one_outcome (all or none bought), no_slope (the score
        does not tell who stays silent) or separated (it tells without a doubt, which no sample bears out).
    """
    total = float(outcomes.customers.sum())
    silent = float(outcomes.silent.sum())
    if not 0 < silent < total:
        nothing = {"intercept": nan, "slope": nan, "uses_p_alive": float(outcomes.uses_p_alive)}
        return Fit(MODEL, nothing, dict.fromkeys(nothing, nan), nan, round(total), False, ("one_outcome",))
    base = silent / total
    start = np.array([np.log(base / (1 - base)), 0.5])
    found = minimize(
        lambda at: _loss(at, outcomes, total), start, jac=True, method="L-BFGS-B", bounds=[(None, None), (0, None)],
        options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 500},
    )  # fmt: skip
    intercept, slope = (float(value) for value in found.x)
    problems = ("no_slope",) if slope < FLATTEST else ("separated",) if slope > STEEPEST else ()
    predicted = expit(intercept + slope * outcomes.score)
    return Fit(
        MODEL,
        {"intercept": intercept, "slope": slope, "uses_p_alive": float(outcomes.uses_p_alive)},
        _standard_errors(predicted, outcomes),
        -float(found.fun) * total,
        round(total),
        bool(found.success),
        problems,
        {
            "base_rate": base,
            "brier": _brier(predicted, outcomes),
            "brier_of_base_rate": base * (1 - base),
            **(held_out.judged() if held_out else {}),
        },
    )


def risk(parameters: dict[str, float], score: Floats) -> Floats:
    """Probability of no purchase in the window at a raw score."""
    return np.asarray(expit(parameters["intercept"] + parameters["slope"] * score), dtype=np.float64)


def _loss(at: Floats, outcomes: ChurnOutcomes, total: float) -> tuple[float, Floats]:
    """Mean negative log-likelihood and its gradient."""
    odds = at[0] + at[1] * outcomes.score
    loss = np.sum(outcomes.customers * np.logaddexp(0, odds) - outcomes.silent * odds)
    excess = outcomes.customers * expit(odds) - outcomes.silent
    return float(loss) / total, np.array([excess.sum(), (excess * outcomes.score).sum()]) / total


def _standard_errors(predicted: Floats, outcomes: ChurnOutcomes) -> dict[str, float]:
    weight = outcomes.customers * predicted * (1 - predicted)
    design = np.vstack([np.ones_like(outcomes.score), outcomes.score])
    information = (design * weight) @ design.T
    errors = np.full(2, np.nan)
    if np.linalg.cond(information) < 1 / np.finfo(float).eps:
        errors = np.sqrt(np.diag(np.linalg.inv(information)))
    return {"intercept": float(errors[0]), "slope": float(errors[1]), "uses_p_alive": nan}


def _brier(predicted: Floats, outcomes: ChurnOutcomes) -> float:
    """Mean squared distance of the probability from what happened."""
    bought = outcomes.customers - outcomes.silent
    return float(np.sum(outcomes.silent * (1 - predicted) ** 2 + bought * predicted**2) / outcomes.customers.sum())
