"""Pareto/NBD against published figures, against the closed form, and at the edges of numbers."""

import warnings
from itertools import product

import numpy as np
import pytest
from scipy.special import gammaln, hyp2f1
from tests.value.cdnow import cdnow

from retention.value import pareto_nbd
from retention.value.pareto_nbd import ParetoNbdLikelihood
from retention.value.statistics import Fit, Floats, PurchaseStatistics


@pytest.fixture(scope="module")
def published() -> Fit:
    return pareto_nbd.fit(cdnow().purchases)


def test_cdnow_gives_the_parameters_of_fader_hardie_and_lee_2005_table_2(published: Fit) -> None:
    assert [round(published.parameters[name], 3) for name in ("r", "s")] == [0.553, 0.606]
    assert [round(published.parameters[name], 2) for name in ("alpha", "beta")] == [10.58, 11.67]
    assert round(published.log_likelihood, 1) == -9595.0
    assert published.is_sound


def test_the_customer_of_the_btyd_walkthrough_is_alive_and_buys_25_times_in_a_year(published: Fit) -> None:
    """Dziurzynski, Wadsworth, McCarthy: BTYD, A Package (2014): x = 26, t_x = 30.86, T = 31: 25.46 and 0.998."""
    assert pareto_nbd.expected_purchases(published.parameters, 52, 26, 30.86, 31) == pytest.approx(25.46, abs=0.005)
    assert pareto_nbd.probability_alive(published.parameters, 26, 30.86, 31) == pytest.approx(0.998, abs=5e-4)


def closed_form(at: tuple[float, ...], x: float, t_x: float, age: float) -> float:
    """The log-likelihood of a customer: equations 19 and 20 of Fader and Hardie's note."""
    r, alpha, s, beta = at
    more, less, second = (alpha, beta, s + 1) if alpha >= beta else (beta, alpha, r + x)
    k = r + s + x
    parts = [hyp2f1(k, second, k + 1, (more - less) / (more + t)) / (more + t) ** k for t in (t_x, age)]
    past = s / k * (parts[0] - parts[1])
    alive = (alpha + age) ** -(r + x) * (beta + age) ** -s
    return float(gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + np.log(alive + past))


def test_the_integral_is_the_closed_form_where_that_does_not_cancel() -> None:
    models = [(0.55, 10.6, 0.6, 11.7), (0.2, 1.0, 2.0, 90.0), (3.0, 80.0, 0.1, 0.5), (1.0, 5.0, 1.0, 5.0)]
    for at, (x, t_x, age) in product(models, [(0, 0, 38), (0, 0, 2), (1, 3, 38), (6, 30, 38), (20, 10, 200)]):
        customer: list[Floats] = [np.array([float(value)]) for value in (x, t_x, age)]
        likelihood = ParetoNbdLikelihood(PurchaseStatistics.of_customers(*customer), 1.0)
        assert likelihood(np.log(at))[0] == pytest.approx(closed_form(at, x, t_x, age), rel=1e-9), (at, x)


def test_the_gradient_is_the_slope_of_the_likelihood_also_for_frequent_buyers() -> None:
    x, t_x, age = np.array([1000.0, 1000, 0, 3, 2]), np.array([0.1, 1999, 0, 2000, 0]), np.full(5, 2000.0)
    likelihood = ParetoNbdLikelihood(PurchaseStatistics.of_customers(x, t_x, age), 100.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for at in ((0.1, -0.3, 0.5, 0.7), (-1.0, -2.0, 0.2, 3.0), (2.0, 3.0, -2.0, -5.0)):
            point = np.array(at)
            slopes = [(likelihood(point + step)[0] - likelihood(point - step)[0]) / 2e-5 for step in np.eye(4) * 1e-5]
            assert likelihood(point)[1] == pytest.approx(slopes, rel=1e-6, abs=1e-6)


def test_expected_purchases_pass_smoothly_through_s_of_one() -> None:
    below, at, above = (
        float(pareto_nbd.expected_purchases({"r": 0.5, "alpha": 10, "s": s, "beta": 12}, 52, 3, 20, 30))
        for s in (1 - 1e-7, 1.0, 1 + 1e-7)
    )
    assert below > at > above
    assert below == pytest.approx(above, rel=1e-6)


def test_what_cannot_be_fitted_is_refused() -> None:
    found = pareto_nbd.fit(PurchaseStatistics.of_customers([0.0, 0.0], [0.0, 0.0], [3.0, 4.0]))
    assert found.problems == ("no_repeat_purchase",)
