"""BG/NBD against the paper's figures, against its closed form, and against data whose truth is known."""

import warnings
from itertools import product

import numpy as np
import pytest
from scipy.special import hyp2f1
from tests.value.cdnow import cdnow

from retention.benchmark.value_customers import draw_customers
from retention.value import bg_nbd
from retention.value.bg_nbd import BgNbdLikelihood
from retention.value.statistics import Fit, PurchaseStatistics

CDNOW = {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}
TRUTH = {"r": 0.8, "alpha": 6.0, "a": 1.2, "b": 3.5}


def draw(customers: int, seed: int) -> PurchaseStatistics:
    age = np.random.default_rng(seed).uniform(20, 100, customers)
    return PurchaseStatistics.of_customers(*draw_customers(TRUTH, age, seed), age)


@pytest.fixture(scope="module")
def published() -> Fit:
    return bg_nbd.fit(cdnow().purchases)


def test_cdnow_gives_the_parameters_of_fader_hardie_and_lee_2005_table_2(published: Fit) -> None:
    assert [round(published.parameters[name], 3) for name in bg_nbd.NAMES] == [0.243, 4.414, 0.793, 2.426]
    assert round(published.log_likelihood, 1) == -9582.4
    assert round(published.log_likelihood, 2) == -9582.43
    assert published.is_sound
    assert (published.customers, published.diagnostics["repeaters"]) == (2357, 946)


def test_the_papers_customer_1_is_expected_to_buy_1_226_times_in_39_weeks(published: Fit) -> None:
    assert bg_nbd.expected_purchases(published.parameters, 39, 2, 30.43, 38.86) == pytest.approx(1.226, abs=5e-4)


def test_standard_errors_are_those_of_a_second_difference_of_the_likelihood(published: Fit) -> None:
    """The observed information in the parameters themselves, by values of the likelihood alone."""
    likelihood = BgNbdLikelihood(cdnow().purchases, 1.0)
    at = np.array([published.parameters[name] for name in bg_nbd.NAMES])
    steps = np.diag(at * 1e-3)

    def value(point: np.ndarray) -> float:
        return likelihood(np.log(point))[0] * published.customers

    information = [
        [
            -(value(at + i + j) - value(at + i - j) - value(at - i + j) + value(at - i - j)) / (4 * i.sum() * j.sum())
            for j in steps
        ]
        for i in steps
    ]
    expected = np.sqrt(np.diag(np.linalg.inv(np.array(information))))
    assert [published.standard_errors[name] for name in bg_nbd.NAMES] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("at", [(0.1, -0.3, 0.5, 0.7), (-1.0, -2.0, 0.2, -0.4), (2.0, 2.0, -2.0, 2.0)])
def test_the_gradient_is_the_slope_of_the_likelihood(at: tuple[float, ...]) -> None:
    likelihood, point = BgNbdLikelihood(cdnow().purchases, 30.0), np.array(at)
    slopes = [(likelihood(point + step)[0] - likelihood(point - step)[0]) / 2e-5 for step in np.eye(4) * 1e-5]
    assert likelihood(point)[1] == pytest.approx(slopes, abs=1e-8)


def closed_form(p: dict[str, float], horizon: float, x: float, t_x: float, age: float) -> float:
    """Equation 10 of the paper."""
    r, alpha, a, b = (p[name] for name in bg_nbd.NAMES)
    first = (a + b + x - 1) / (a - 1)
    shrunk = ((alpha + age) / (alpha + age + horizon)) ** (r + x)
    with np.errstate(invalid="ignore"):  # it overflows for frequent buyers
        second = 1 - shrunk * hyp2f1(r + x, b + x, a + b + x - 1, horizon / (alpha + age + horizon))
        odds = a / (b + x - 1) * ((alpha + age) / (alpha + t_x)) ** (r + x) if x > 0 else 0.0
        return float(first * second / (1 + odds))


def by_nodes(p: dict[str, float], horizon: float, x: int, t_x: float, age: float) -> float:
    """What a database computes: P(alive) times a sum of sixteen terms."""
    r, alpha, a, b = (p[name] for name in bg_nbd.NAMES)
    purchases, _, node, weight = bg_nbd.quadrature(p, x)
    mine = purchases == x
    terms = (1 - (1 + node[mine] * horizon / (alpha + age)) ** -(r + x)) / node[mine]
    alive = 1 / (1 + a / (b + x - 1) * ((alpha + age) / (alpha + t_x)) ** (r + x)) if x > 0 else 1.0
    return float(alive * np.sum(weight[mine] * terms))


def test_sixteen_nodes_give_the_closed_form_to_nine_digits() -> None:
    models = [CDNOW, {"r": 0.5, "alpha": 10.0, "a": 0.3, "b": 1.0}, {"r": 1.0, "alpha": 9.0, "a": 3.0, "b": 8.0}]
    models += [{"r": 3.0, "alpha": 12.0, "a": 20.0, "b": 60.0}, {"r": 0.4, "alpha": 12.0, "a": 0.5, "b": 0.5}]
    compared = 0
    for model, horizon, x, (t_x, age) in product(
        models, (1.0, 13.0, 52.0, 260.0), (0, 1, 2, 7, 50, 200, 500), ((25.0, 26.0), (10.0, 38.0), (150.0, 300.0))
    ):
        since = t_x if x else 0.0
        expected = closed_form(model, horizon, x, since, age)
        case = (model, horizon, x, since, age)
        if np.isfinite(expected) and horizon <= 8 * (model["alpha"] + age):
            assert by_nodes(model, horizon, x, since, age) == pytest.approx(expected, rel=1e-9), case
            found = bg_nbd.expected_purchases(model, horizon, x, since, age)
            assert found == pytest.approx(expected, rel=1e-9), case
            compared += x == 500
    assert compared > 20  # of the most frequent buyers


def test_silence_is_having_stopped_or_waiting_longer() -> None:
    """Until the next purchase nobody can stop, so of those alive the chance to wait is gamma-mixed exponential."""
    assert bg_nbd.probability_silent(CDNOW, 39, 0, 0, 20) == pytest.approx((24.4136 / 63.4136) ** 0.2426)
    alive = bg_nbd.probability_alive(CDNOW, 2, 10, 20)
    expected = 1 - alive * (1 - (24.4136 / 63.4136) ** 2.2426)
    assert bg_nbd.probability_silent(CDNOW, 39, 2, 10, 20) == pytest.approx(float(expected))


def test_where_the_closed_form_has_no_value_its_neighbours_do() -> None:
    at_one, beside = ({**CDNOW, "a": a} for a in (1.0, 1.0 + 1e-6))
    assert bg_nbd.expected_purchases(at_one, 52, 3, 20, 30) == pytest.approx(
        closed_form(beside, 52, 3, 20, 30), rel=1e-5
    )


def test_nothing_overflows_for_frequent_buyers_over_decades() -> None:
    x, t_x, age = np.array([1000.0, 1000.0, 0.0, 1.0]), np.array([0.0, 2000.0, 0.0, 0.1]), np.full(4, 2000.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        alive = bg_nbd.probability_alive(CDNOW, x, t_x, age)
        bought = bg_nbd.expected_purchases(CDNOW, 260, x, t_x, age)
        value, gradient = BgNbdLikelihood(PurchaseStatistics.of_customers(x, t_x, age), 1.0)(np.zeros(4))
    assert np.all((alive >= 0) & (alive <= 1))
    assert alive[2] == 1.0
    assert np.all(np.isfinite(bought))
    assert np.isfinite(value)
    assert np.all(np.isfinite(gradient))


def test_the_truth_is_found_again_within_its_standard_errors() -> None:
    found = bg_nbd.fit(draw(20_000, 7))
    assert found.is_sound
    for name, truth in TRUTH.items():
        assert abs(found.parameters[name] - truth) < 4 * found.standard_errors[name], name
        assert found.standard_errors[name] < 0.3 * truth


def test_weights_are_repetition_and_the_unit_of_time_scales_alpha_alone(published: Fit) -> None:
    data = cdnow()
    thrice = PurchaseStatistics.of_customers(*(np.tile(part, 3) for part in (data.frequency, data.recency, data.age)))
    days = PurchaseStatistics.of_customers(data.frequency, data.recency * 7, data.age * 7)
    tripled, daily = bg_nbd.fit(thrice), bg_nbd.fit(days)
    assert len(thrice.weight) == len(data.purchases.weight)
    for name in bg_nbd.NAMES:
        assert tripled.parameters[name] == pytest.approx(published.parameters[name], rel=1e-6)
        assert tripled.standard_errors[name] == pytest.approx(published.standard_errors[name] / 3**0.5, rel=1e-4)
        scale = 7 if name == "alpha" else 1
        assert daily.parameters[name] == pytest.approx(scale * published.parameters[name], rel=1e-6)
    assert tripled.log_likelihood == pytest.approx(3 * published.log_likelihood)


def test_the_order_of_customers_and_the_thinned_search_change_nothing(published: Fit) -> None:
    data, grouped = cdnow(), cdnow().purchases
    order = np.random.default_rng(1).permutation(len(data.frequency))
    single = PurchaseStatistics(data.frequency[order], data.recency[order], data.age[order], np.ones(len(order)))
    assert bg_nbd.fit(single).parameters == pytest.approx(published.parameters, rel=1e-6)
    assert len(grouped.thinned(100).weight) <= 100


@pytest.mark.parametrize(
    ("case", "problem"),
    [
        (([], [], []), "no_customers"),
        (([0, 0, 0], [0, 0, 0], [10, 20, 30]), "no_repeat_purchase"),
        (([0, 1, 2], [0, 3, 4], [10, 20, 30]), "too_few_repeaters"),
        (([2] * 9, [5] * 9, [9] * 9), "no_spread"),
        (([1] * 6, [0.5] * 3 + [1.0] * 3, [1.0] * 6), "parameter_at_bound"),
        ((range(1, 60), range(1, 60), range(1, 60)), "parameter_at_bound"),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_what_cannot_be_fitted_is_refused_without_a_warning(case: tuple[list[float], ...], problem: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = bg_nbd.fit(PurchaseStatistics.of_customers(*(np.array(part, dtype=np.float64) for part in case)))
    assert problem in found.problems
    assert not found.is_sound
    assert set(found.parameters) == set(bg_nbd.NAMES)


def test_random_small_companies_never_end_in_an_exception() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for seed in range(12):
            draws = np.random.default_rng(seed)
            frequency = draws.poisson(draws.uniform(0.1, 30), 30).astype(np.float64)
            age = draws.uniform(1, 200, 30).round(1)
            recency = np.where(frequency > 0, (age * draws.uniform(0, 1, 30)).round(1), 0.0)
            found = bg_nbd.fit(PurchaseStatistics.of_customers(frequency, recency, age))
            assert found.is_sound or found.problems
