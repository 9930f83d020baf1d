"""sBG against the paper's figures."""

import numpy as np
import pytest

from retention.errors import RetentionError
from retention.value import sbg

HIGH_END = np.array([1.0, 0.869, 0.743, 0.653, 0.593, 0.551, 0.517, 0.491]) * 1000


def test_seven_years_of_the_high_end_forecast_those_of_fader_and_hardie_2007() -> None:
    found = sbg.fit(HIGH_END[1:], -np.diff(HIGH_END))
    assert found.is_sound
    assert [round(found.parameters[name], 3) for name in sbg.NAMES] == [0.668, 3.806]
    forecast = sbg.survival(found.parameters, np.arange(8, 13))
    assert [round(float(share), 3) for share in forecast] == [0.460, 0.436, 0.414, 0.395, 0.378]


def test_the_retention_rate_is_the_ratio_of_survivals_and_rises() -> None:
    model, periods = {"alpha": 0.668, "beta": 3.806}, np.arange(1, 30)
    rates = sbg.retention_rate(model, periods)
    assert rates == pytest.approx(sbg.survival(model, periods) / sbg.survival(model, periods - 1))
    assert np.all(np.diff(rates) > 0)


def test_cohorts_of_different_age_find_the_truth_together() -> None:
    """An older cohort and a younger one, as expected counts without chance."""
    truth = {"alpha": 1.5, "beta": 4.0}
    old, young = (size * sbg.survival(truth, np.arange(ages + 1)) for size, ages in ((5000, 8), (9000, 3)))
    renewed, lost = old[1:].copy(), -np.diff(old)
    renewed[:3] += young[1:]
    lost[:3] -= np.diff(young)
    assert sbg.fit(renewed, lost).parameters == pytest.approx(truth, rel=1e-5)


@pytest.mark.parametrize(
    ("renewed", "lost", "problem"),
    [
        ([], [], "no_customers"),
        ([9, 9], [0, 0], "nobody_lost"),
        ([0], [9], "nobody_renewed"),
        ([5], [4], "too_few_periods"),
    ],
)
def test_what_cannot_be_fitted_is_refused(renewed: list[float], lost: list[float], problem: str) -> None:
    found = sbg.fit(renewed, lost)
    assert problem in found.problems
    assert not found.is_sound


def test_a_retention_that_does_not_rise_tells_nothing_of_how_customers_differ() -> None:
    found = sbg.fit([900, 810], [100, 90])
    assert {"parameter_undetermined", "parameter_at_bound"} & set(found.problems)
    assert not found.is_sound


def test_counts_of_different_length_are_an_error() -> None:
    with pytest.raises(RetentionError, match="per period"):
        sbg.fit([5, 4], [1])
