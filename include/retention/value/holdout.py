"""A model held against what came later: fitted on the first part of the data, judged by the rest.

Beside the model stand three rules that need no model. A model that does not beat them is not worth its trouble.
"""

from dataclasses import dataclass

import numpy as np

from retention.errors import RetentionError
from retention.value.statistics import Floats

LARGEST_GROUP = 7  # customers with as many repeat purchases or more are one group
TENTHS = 10


@dataclass(frozen=True)
class Calibration:
    """What a customer knows at the end of the first part, one element a customer.

    Attributes:
        frequency: x, purchase days after the first.
        age: T, weeks from the first purchase day to the end of the first part.
        last_period: purchase days after the first within its last `horizon_weeks`.
        horizon_weeks: length of the rest, the holdout.
    """

    frequency: Floats
    age: Floats
    last_period: Floats
    horizon_weeks: float


@dataclass(frozen=True)
class Group:
    """Customers together.

    Attributes:
        number: repeat purchases, the largest number and more in one group; or the tenth, 1 the highest score.
        customers: how many; parts of customers where equal scores lie in two tenths.
        actual, predicted: means per customer.
    """

    number: int
    customers: float
    actual: float
    predicted: float


@dataclass(frozen=True)
class Errors:
    """How far predictions of purchase days are from what came.

    Attributes:
        rule: model, last_period, own_rate or mean_rate.
        mae, rmse: mean absolute error, root of the mean squared error, per customer.
        bias: mean of predicted less actual.
    """

    rule: str
    mae: float
    rmse: float
    bias: float


@dataclass(frozen=True)
class Holdout:
    """What a model was worth.

    Attributes:
        by_frequency: the calibration table.
        errors: of the model first, then of each naive rule.
    """

    by_frequency: tuple[Group, ...]
    errors: tuple[Errors, ...]


@dataclass(frozen=True)
class Lift:
    """How well a score finds those to whom something happens.

    Attributes:
        rate: share of all customers to whom it happened.
        tenths: from the highest score down; `actual` is the share, `predicted` the mean score.
        lifts: the share of each tenth over that of all; nan where it happened to nobody.
    """

    rate: float
    tenths: tuple[Group, ...]
    lifts: tuple[float, ...]


def compare(calibration: Calibration, predicted: Floats, actual: Floats) -> Holdout:
    """Hold predictions against what came, in total and by number of repeat purchases.

    The naive rules: what a customer bought in the last period of the same length it buys again; it goes on at its own
    rate since its first purchase; everybody buys at the rate of all.

    Args:
        predicted, actual: purchase days within the holdout, one element a customer.

    Raises:
        RetentionError: the arrays differ in length, or there is nobody.
    """
    arrays = (calibration.frequency, calibration.age, calibration.last_period, predicted, actual)
    _require_even(*arrays)
    group = np.minimum(calibration.frequency, LARGEST_GROUP).astype(np.int64)
    rates = np.divide(calibration.frequency, calibration.age, out=np.zeros(len(group)), where=calibration.age > 0)
    all_weeks = float(calibration.age.sum())
    mean_rate = float(calibration.frequency.sum()) / all_weeks if all_weeks > 0 else 0.0
    rules = {
        "model": predicted,
        "last_period": calibration.last_period,
        "own_rate": rates * calibration.horizon_weeks,
        "mean_rate": np.full(len(group), mean_rate * calibration.horizon_weeks),
    }
    customers = np.bincount(group, minlength=LARGEST_GROUP + 1).astype(np.float64)
    sums = [np.bincount(group, values, minlength=LARGEST_GROUP + 1) for values in (actual, predicted)]
    table = tuple(
        Group(number, float(count), float(sums[0][number] / count), float(sums[1][number] / count))
        for number, count in enumerate(customers)
        if count
    )
    return Holdout(table, tuple(_errors(rule, values, actual) for rule, values in rules.items()))


def lift(score: Floats, happened: Floats) -> Lift:
    """Rank customers by a score, cut the ranks in tenths, and count in each to how many it happened.

    Customers of equal score that lie on a cut are shared out between both tenths, so the order in which they come does
    not matter.

    Args:
        score: the higher, the likelier, such as 1 less the probability alive.
        happened: 1 where it happened, else 0.

    Raises:
        RetentionError: the arrays differ in length, or there is nobody.
    """
    _require_even(score, happened)
    values, index = np.unique(-score, return_inverse=True)
    counts = np.bincount(index).astype(np.float64)
    shares = np.bincount(index, happened) / counts
    ends = np.cumsum(counts)
    cuts = np.linspace(0.0, len(score), TENTHS + 1)
    begins, to = np.maximum.outer(cuts[:-1], ends - counts), np.minimum.outer(cuts[1:], ends)
    parts = np.maximum(to - begins, 0.0)  # customers of each tenth by score
    size = parts.sum(axis=1)
    actual, predicted = parts @ shares / size, parts @ -values / size
    rate = float(happened.mean())
    tenths = tuple(
        Group(number + 1, float(size[number]), float(actual[number]), float(predicted[number]))
        for number in range(TENTHS)
    )
    return Lift(rate, tenths, tuple(tenth.actual / rate if rate > 0 else float("nan") for tenth in tenths))


def _errors(rule: str, predicted: Floats, actual: Floats) -> Errors:
    off = predicted - actual
    return Errors(rule, float(np.mean(np.abs(off))), float(np.sqrt(np.mean(off**2))), float(np.mean(off)))


def _require_even(*arrays: Floats) -> None:
    if not len(arrays[0]) or any(array.shape != arrays[0].shape for array in arrays):
        raise RetentionError(
            "A holdout needs customers, and all figures for each of them.",
            "Compute all arrays from the same customers.",
        )
