"""Holdouts by hand, and on CDNOW against the predictions of `lifetimes`."""

import numpy as np
import pandas as pd
import pytest
from lifetimes import BetaGeoFitter
from tests.value.cdnow import cdnow
from tests.value.complete_journey import complete_journey

from retention.errors import RetentionError
from retention.value import bg_nbd, holdout
from retention.value.holdout import Calibration
from retention.value.statistics import PurchaseStatistics


def test_errors_and_groups_by_hand() -> None:
    known = Calibration(np.array([0.0, 2, 9, 12]), np.array([10.0, 20, 20, 0]), np.array([0.0, 1, 3, 4]), 10.0)
    found = holdout.compare(known, np.array([0.5, 1.0, 4.0, 6.0]), np.array([0.0, 2.0, 4.0, 5.0]))
    assert [(one.number, one.customers, one.actual, one.predicted) for one in found.by_frequency] == [
        (0, 1, 0.0, 0.5), (2, 1, 2.0, 1.0), (7, 2, 4.5, 5.0),
    ]  # fmt: skip
    errors = {one.rule: (one.mae, one.rmse, one.bias) for one in found.errors}
    assert errors["model"] == pytest.approx((2.5 / 4, (2.25 / 4) ** 0.5, 0.125))
    assert errors["last_period"] == pytest.approx((0.75, (3 / 4) ** 0.5, -0.75))
    assert errors["own_rate"] == pytest.approx(((0 + 1 + 0.5 + 5) / 4, (26.25 / 4) ** 0.5, -5.5 / 4))
    assert errors["mean_rate"] == pytest.approx((8.2 / 4, (4.6**2 + 2.6**2 + 0.6**2 + 0.4**2) ** 0.5 / 2, 1.85))


def test_lift_by_hand_with_equal_scores_shared_between_tenths() -> None:
    score, happened = np.array([0.9] + [0.5] * 2 + [0.1] * 7), np.array([1.0, 1, 0] + [0] * 7)
    found = holdout.lift(score, happened)
    assert found.rate == 0.2
    assert found.lifts[:4] == pytest.approx((5.0, 2.5, 2.5, 0.0))
    assert [tenth.customers for tenth in found.tenths] == [1.0] * 10
    five = holdout.lift(np.array([0.9, 0.5, 0.5, 0.1, 0.1]), np.array([1.0, 1, 0, 0, 0]))
    assert [tenth.actual for tenth in five.tenths[:6]] == pytest.approx([1, 1, 0.5, 0.5, 0.5, 0.5])


def test_the_order_of_customers_does_not_matter_to_the_lift() -> None:
    draws = np.random.default_rng(2)
    score, happened = draws.integers(0, 5, 101).astype(np.float64), draws.integers(0, 2, 101).astype(np.float64)
    order = draws.permutation(101)
    assert holdout.lift(score, happened).lifts == pytest.approx(holdout.lift(score[order], happened[order]).lifts)
    assert sum(tenth.actual * tenth.customers for tenth in holdout.lift(score, happened).tenths) == pytest.approx(
        happened.sum()
    )


def test_nobody_or_uneven_figures_are_an_error() -> None:
    with pytest.raises(RetentionError):
        holdout.lift(np.array([]), np.array([]))
    with pytest.raises(RetentionError):
        holdout.lift(np.ones(2), np.ones(3))
    assert np.isnan(holdout.lift(np.ones(3), np.zeros(3)).lifts[0])


def test_on_cdnow_weeks_40_to_78_the_errors_are_those_of_lifetimes_and_below_every_naive_rule() -> None:
    data = cdnow()
    model = bg_nbd.fit(data.purchases).parameters
    predicted = bg_nbd.expected_purchases(model, 39, data.frequency, data.recency, data.age)
    known = Calibration(data.frequency, data.age, data.last_period, 39.0)
    found = holdout.compare(known, predicted, data.holdout)

    peer = BetaGeoFitter()
    peer.fit(*(pd.Series(part) for part in (data.frequency, data.recency, data.age)))
    theirs = peer.conditional_expected_number_of_purchases_up_to_time(39, data.frequency, data.recency, data.age)
    of_peer = holdout.compare(known, np.asarray(theirs), data.holdout)
    ours, naive = found.errors[0], found.errors[1:]
    assert ours.mae == pytest.approx(of_peer.errors[0].mae, rel=1e-3)
    assert ours.rmse == pytest.approx(of_peer.errors[0].rmse, rel=1e-3)
    assert all(ours.rmse < rule.rmse and ours.mae < rule.mae for rule in naive)
    assert sum(group.customers for group in found.by_frequency) == 2357
    for group in found.by_frequency:  # the paper's figure 4: 0 to 7 and more, within 0.6 purchases
        assert group.predicted == pytest.approx(group.actual, abs=0.6)


def test_on_the_complete_journeys_last_quarter_the_errors_are_those_of_lifetimes() -> None:
    """A grocery's regulars hardly leave: repeating their last quarter errs by 4.37 purchase days, the model by 4.44."""
    data = complete_journey()
    customers = tuple(data[name].to_numpy() for name in ("frequency", "recency", "age"))
    known = Calibration(customers[0], customers[2], data["last_period"].to_numpy(), 13.0)
    model = bg_nbd.fit(PurchaseStatistics.of_customers(*customers)).parameters
    found = holdout.compare(known, bg_nbd.expected_purchases(model, 13, *customers), data["holdout"].to_numpy())

    peer = BetaGeoFitter()
    peer.fit(*(pd.Series(part) for part in customers))
    theirs = np.asarray(peer.conditional_expected_number_of_purchases_up_to_time(13, *customers))
    of_peer = holdout.compare(known, theirs, data["holdout"].to_numpy()).errors[0]
    errors = {one.rule: one for one in found.errors}
    assert errors["model"].mae == pytest.approx(of_peer.mae, rel=1e-3)
    assert errors["model"].rmse == pytest.approx(of_peer.rmse, rel=1e-3)
    assert errors["last_period"].mae < errors["model"].mae < errors["own_rate"].mae < errors["mean_rate"].mae


def test_on_cdnow_silence_is_found_by_its_own_probability_and_not_by_that_of_having_stopped() -> None:
    """Whoever bought once is alive for certain in BG/NBD, and most of those who never come back bought once."""
    data = cdnow()
    customers, model = (data.frequency, data.recency, data.age), bg_nbd.fit(data.purchases).parameters
    is_silent = (data.holdout == 0).astype(np.float64)
    silence = bg_nbd.probability_silent(model, 39, *customers)
    stopped = 1 - bg_nbd.probability_alive(model, *customers)
    found = holdout.lift(silence, is_silent)
    assert found.lifts[0] > 1.1
    assert holdout.lift(stopped, is_silent).lifts[0] < 1
    assert found.lifts[-1] < 0.5
    assert silence.mean() == pytest.approx(is_silent.mean(), abs=0.03)
