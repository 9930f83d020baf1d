"""The calibration of churn scores: what is planted comes back, and what cannot be told is not told."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from retention.errors import RetentionError
from retention.value.churn_calibration import ChurnOutcomes, HeldOut, fit, risk

SCORE = np.round(np.linspace(0, 1, 101), 3)


def outcomes(silent: np.ndarray, customers: float = 1000) -> ChurnOutcomes:
    return ChurnOutcomes(SCORE, silent, np.full(len(SCORE), customers), uses_p_alive=True)


def test_a_planted_curve_comes_back() -> None:
    found = fit(outcomes(1000 * expit(-2 + 5 * SCORE)))
    assert found.is_sound
    assert found.parameters == pytest.approx({"intercept": -2, "slope": 5, "uses_p_alive": 1}, abs=1e-4)


def test_it_equals_a_search_over_single_customers() -> None:
    rng = np.random.default_rng(11)
    score = np.round(rng.random(4000), 3)
    silent = rng.random(4000) < expit(-1 + 3 * score)

    def loss(at: np.ndarray) -> float:
        odds = at[0] + at[1] * score
        return float(np.sum(np.logaddexp(0, odds) - silent * odds))

    oracle = minimize(loss, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10, "maxiter": 5000})
    groups, place = np.unique(score, return_inverse=True)
    grouped = ChurnOutcomes(
        groups, np.bincount(place, silent).astype(float), np.bincount(place).astype(float), uses_p_alive=False
    )
    found = fit(grouped)
    assert [found.parameters["intercept"], found.parameters["slope"]] == pytest.approx(oracle.x, abs=1e-5)
    assert found.log_likelihood == pytest.approx(-oracle.fun, abs=1e-6)
    # Of a logistic curve by maximum likelihood the risks add up to what happened.
    assert np.sum(grouped.customers * risk(found.parameters, groups)) == pytest.approx(silent.sum(), rel=1e-6)
    assert found.parameters["slope"] == pytest.approx(3, abs=4 * found.standard_errors["slope"])
    assert found.diagnostics["brier"] < found.diagnostics["brier_of_base_rate"]


@pytest.mark.parametrize(
    ("silent", "problem"),
    [
        (np.zeros(101), "one_outcome"),
        (np.full(101, 1000.0), "one_outcome"),
        (1000 * expit(1 - 3 * SCORE), "no_slope"),
        (np.where(SCORE > 0.5, 1000.0, 0.0), "separated"),
    ],
)
def test_a_score_that_tells_nothing_or_all_is_not_trusted(silent: np.ndarray, problem: str) -> None:
    found = fit(outcomes(silent))
    assert not found.is_sound
    assert found.problems == (problem,)
    assert not found.parameters["slope"] < 0


def test_more_silent_customers_than_there_are_is_refused() -> None:
    with pytest.raises(RetentionError):
        outcomes(np.full(101, 1001.0))


def test_a_held_out_month_is_foretold_by_the_months_before_alone() -> None:
    earlier, later = outcomes(1000 * expit(-2 + 5 * SCORE)), outcomes(10 * expit(-1 + 5 * SCORE), 10)
    together = ChurnOutcomes(*(np.concatenate(both) for both in zip(
        (earlier.score, earlier.silent, earlier.customers), (later.score, later.silent, later.customers), strict=True
    )), uses_p_alive=True)  # fmt: skip
    found = fit(together, HeldOut(earlier, later)).diagnostics
    foretold = expit(-2 + 5 * SCORE)
    happened = expit(-1 + 5 * SCORE)
    assert found["held_out_customers"] == 1010
    assert found["held_out_foretold"] == pytest.approx(foretold.mean(), abs=1e-4)
    assert found["held_out_observed"] == pytest.approx(happened.mean())
    brier = np.mean(happened * (1 - foretold) ** 2 + (1 - happened) * foretold**2)
    assert found["held_out_brier"] == pytest.approx(brier, abs=1e-4)
    base = foretold.mean()
    of_base = np.mean(happened * (1 - base) ** 2 + (1 - happened) * base**2)
    assert found["held_out_brier_of_base_rate"] == pytest.approx(of_base, abs=1e-4)


def test_months_that_carry_no_fit_judge_nothing() -> None:
    sound = outcomes(1000 * expit(-2 + 5 * SCORE))
    assert "held_out_customers" not in fit(sound, HeldOut(outcomes(np.zeros(101)), sound)).diagnostics
