"""A fit on the data before the held-out days, held against what happened in them and against two naive rules.

`last_period`: a customer buys on as many days as in as many days before. `recency_rule`: who is active goes on at its
own rate of repeat purchases, all others have stopped.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from retention.value import bg_nbd, pareto_nbd
from retention.value.reading import DAYS_PER_WEEK, HeldOut
from retention.value.statistics import Floats

MODEL, LAST_PERIOD, RECENCY_RULE = "model", "last_period", "recency_rule"
MOST_REPEATS = 7
DECILES = 10
Predict = Callable[[Mapping[str, float], float, Floats, Floats, Floats], Floats]
PREDICTED: Mapping[str, Predict] = {
    bg_nbd.MODEL: bg_nbd.expected_purchases,
    pareto_nbd.MODEL: pareto_nbd.expected_purchases,
}


@dataclass(frozen=True)
class Group:
    """A row of a backtest.

    Attributes:
        measure: purchases or silence.
        method: model, last_period or recency_rule.
        group_name: all, repeat_purchases or risk_decile.
        actual, predicted: means over the customers.
    """

    measure: str
    method: str
    group_name: str
    group_number: int
    customers: int
    actual: float
    predicted: float
    mean_absolute_error: float | None
    root_mean_square_error: float | None

    def as_row(self, fit_id: str) -> dict[str, Any]:
        """The row that is landed."""
        return {"fit_id": fit_id, **asdict(self)}


def backtest(model: str, parameters: Mapping[str, float], held: HeldOut, holdout_days: int) -> list[Group]:
    """Hold a fit against the held-out days.

    Args:
        model: the model that was fitted.
        parameters: as fitted on the data before them.
        holdout_days: how many days they are.
    """
    known, weeks = held.statistics, holdout_days / DAYS_PER_WEEK
    history = (known.frequency, known.recency, known.age)
    predicted = {
        MODEL: PREDICTED[model](parameters, weeks, *history),
        LAST_PERIOD: held.recent,
        RECENCY_RULE: np.where(held.is_active, known.frequency / np.maximum(known.age, weeks) * weeks, 0.0),
    }
    repeats = np.minimum(known.frequency, MOST_REPEATS).astype(np.int64)
    groups = []
    for method, figures in predicted.items():
        groups += _purchases(method, figures, held, "all", np.zeros(len(repeats), dtype=np.int64))
        groups += _purchases(method, figures, held, "repeat_purchases", repeats)
    if model == bg_nbd.MODEL:
        groups += _silence(silence(parameters, weeks, *history), held)
    return groups


def silence(parameters: Mapping[str, float], weeks: float, x: Floats, t_x: Floats, age: Floats) -> Floats:
    """The chance that a customer does not buy for some weeks (BG/NBD).

    Who is alive stays so until the next purchase, whose waiting time is exponential at a rate from a gamma law,
    given the history: 1 - P(alive) (1 - ((alpha + T) / (alpha + T + t)) ** (r + x)).
    """
    scale = parameters["alpha"] + age
    buys = 1 - (scale / (scale + weeks)) ** (parameters["r"] + x)
    return np.asarray(1 - bg_nbd.probability_alive(parameters, x, t_x, age) * buys, dtype=np.float64)


def naive_mae(groups: Iterable[Group]) -> float | None:
    """Mean absolute error of the better naive rule."""
    return min(
        (one.mean_absolute_error or 0.0 for one in groups if one.method != MODEL and _is_whole(one)), default=None
    )


def model_errors(groups: Iterable[Group]) -> tuple[float | None, float | None]:
    """Mean absolute and root mean square error of the model."""
    for one in groups:
        if one.method == MODEL and _is_whole(one):
            return one.mean_absolute_error, one.root_mean_square_error
    return None, None


def _is_whole(group: Group) -> bool:
    return (group.measure, group.group_name) == ("purchases", "all")


def _purchases(
    method: str, predicted: Floats, held: HeldOut, group_name: str, numbers: npt.NDArray[np.int64]
) -> list[Group]:
    error = predicted - held.actual
    weight = held.statistics.weight
    return [
        Group("purchases", method, group_name, number, customers, actual, foretold, absolute, float(np.sqrt(squared)))
        for number, customers, (actual, foretold, absolute, squared) in _means(
            numbers, weight, held.actual, predicted, np.abs(error), error**2
        )
    ]


def _silence(predicted: Floats, held: HeldOut) -> list[Group]:
    """Of all customers and of each tenth of them by the chance foretold; who share a history share a tenth."""
    weight, silent = held.statistics.weight, np.asarray(held.actual == 0, dtype=np.float64)
    order = np.argsort(-predicted, kind="stable")
    before = np.empty(len(order))
    before[order] = np.cumsum(weight[order]) - weight[order]
    _, first = np.unique(predicted, return_inverse=True)
    ahead = np.full(int(first.max(initial=-1)) + 1, np.inf)
    np.minimum.at(ahead, first, before)
    deciles = (DECILES * ahead[first] / weight.sum()).astype(np.int64) + 1
    return [
        Group("silence", MODEL, group_name, number, customers, actual, foretold, None, None)
        for group_name, numbers in (("all", np.zeros_like(deciles)), ("risk_decile", deciles))
        for number, customers, (actual, foretold) in _means(numbers, weight, silent, predicted)
    ]


def _means(numbers: npt.NDArray[np.int64], weight: Floats, *columns: Floats) -> list[tuple[int, int, list[float]]]:
    """Weighted means of the columns for each group number that there is."""
    totals = np.bincount(numbers, weight)
    sums = [np.bincount(numbers, weight * column) for column in columns]
    return [
        (int(number), round(float(totals[number])), [float(column[number] / totals[number]) for column in sums])
        for number in np.flatnonzero(totals)
    ]
