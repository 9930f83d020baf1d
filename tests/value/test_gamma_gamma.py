"""Gamma-Gamma against the paper's figures and against data whose truth is known."""

import warnings

import numpy as np
import pytest
from tests.value.cdnow import cdnow

from retention.value import gamma_gamma
from retention.value.gamma_gamma import GammaGammaLikelihood
from retention.value.statistics import SpendStatistics


def test_cdnow_gives_the_parameters_of_fader_and_hardie_2013() -> None:
    found = gamma_gamma.fit(cdnow().spend)
    assert found.customers == 946
    assert [round(found.parameters[name], 2) for name in gamma_gamma.NAMES] == [6.25, 3.74, 15.44]
    assert found.is_sound
    expected = np.corrcoef(cdnow().repeats, cdnow().mean_spend)[0, 1]
    assert found.diagnostics["spend_frequency_correlation"] == pytest.approx(expected)


def test_the_gradient_is_the_slope_of_the_likelihood() -> None:
    likelihood = GammaGammaLikelihood(cdnow().spend, 35.0)
    for at in ((0.1, -0.3, 0.5), (1.8, 1.3, -0.8), (-2.0, 2.0, 2.0)):
        point = np.array(at)
        slopes = [(likelihood(point + step)[0] - likelihood(point - step)[0]) / 2e-5 for step in np.eye(3) * 1e-5]
        assert likelihood(point)[1] == pytest.approx(slopes, abs=1e-7)


def test_the_truth_is_found_again_and_the_unit_of_money_scales_v_alone() -> None:
    truth, draws = {"p": 4.0, "q": 3.0, "v": 25.0}, np.random.default_rng(3)
    x = draws.integers(1, 12, 20_000).astype(np.float64)
    scale = draws.gamma(truth["q"], 1 / truth["v"], len(x))
    spend = draws.gamma(truth["p"] * x) / (x * scale)
    found = gamma_gamma.fit(SpendStatistics.of_customers(x, spend))
    cents = gamma_gamma.fit(SpendStatistics.of_customers(x, spend * 100))
    assert found.is_sound
    for name, value in truth.items():
        assert abs(found.parameters[name] - value) < 4 * found.standard_errors[name], name
        factor = 100 if name == "v" else 1
        assert cents.parameters[name] == pytest.approx(factor * found.parameters[name], rel=1e-5)
    assert cents.log_likelihood == pytest.approx(found.log_likelihood - len(x) * np.log(100))


def test_expected_spend_lies_between_that_of_all_and_the_customers_own() -> None:
    model = {"p": 6.25, "q": 3.74, "v": 15.44}
    of_all = 6.25 * 15.44 / 2.74
    none, once, often = gamma_gamma.expected_spend(model, np.array([0, 1, 10_000]), np.array([np.nan, 100.0, 100.0]))
    assert none == pytest.approx(of_all)
    assert once == pytest.approx(6.25 * (15.44 + 100) / (6.25 + 2.74))
    assert often == pytest.approx(100, rel=1e-3)
    assert of_all < once < often


def test_without_a_finite_mean_no_spend_is_expected() -> None:
    assert np.isnan(gamma_gamma.expected_spend({"p": 0.5, "q": 0.4, "v": 10.0}, 1, 20.0))
    draws = np.random.default_rng(5)
    spend = draws.gamma(5.0, size=2_000) / draws.gamma(0.6, size=2_000)
    found = gamma_gamma.fit(SpendStatistics.of_customers(np.ones(2_000), spend))
    assert found.parameters["q"] < 1 or "no_mean" not in found.problems
    many = gamma_gamma.fit(SpendStatistics.of_customers(np.full(2_000, 50.0), spend))
    assert "no_mean" in many.problems
    assert not many.is_sound


@pytest.mark.parametrize(
    ("x", "spend", "problem"),
    [([], [], "no_customers"), ([1, 2], [5, 6], "too_few_repeaters"), ([1, 2, 3, 4, 5], [9.99] * 5, "no_spread")],
)
def test_what_cannot_be_fitted_is_refused_without_a_warning(x: list[float], spend: list[float], problem: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert gamma_gamma.fit(SpendStatistics.of_customers(x, spend)).problems == (problem,)
        few = gamma_gamma.fit(SpendStatistics.of_customers([1, 1, 1, 1], [10, 10.01, 10, 10.01]))
    assert few.problems
