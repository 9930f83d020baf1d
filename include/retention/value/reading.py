"""What a fit reads of a published release: purchase histories as they were known on a day, grouped in SQL.

A day is described by `int_order_versions`, so with what had come back by then and no later return.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import numpy as np
import numpy.typing as npt

from retention.errors import NotThereError
from retention.runs import Home
from retention.sql import literal
from retention.value.statistics import Floats, PurchaseStatistics, SpendStatistics
from retention.warehouse.candidate import open_warehouse

DAYS_PER_WEEK = 7
OLD_RELEASE = "The published release knows nothing of value models."
# One row per customer who had bought by the day, as known on it.
HISTORIES = """
    with days as (
        select customer_id, order_date, sum(net_amount) as spend
        from intermediate.int_order_versions
        where is_purchase and valid_from <= {day} and (valid_until is null or valid_until > {day})
        group by customer_id, order_date
    )
    select
        customer_id, count(*) - 1 as frequency, max(order_date) as last_on,
        max(order_date) - min(order_date) as span_days, {day} - min(order_date) as age_days,
        (sum(spend) - arg_min(spend, order_date))::double / nullif(count(*) - 1, 0) as mean_spend,
        count(*) filter (where order_date > {since}) as recent
    from days
    group by customer_id
"""
PURCHASES = """
    select frequency, span_days, age_days, count(*) as weight
    from ({histories}) group by all order by all
"""
# Amounts are summed as decimals: in whatever order they are read, means and the name of the fit are the same. Below a
# hundredth of a cent means would part customers who are alike.
SPEND = """
    select frequency, round(mean_spend, 4) as mean_spend, count(*) as weight
    from ({histories}) where frequency > 0 and round(mean_spend, 4) > 0 group by all order by all
"""
HELD_OUT = """
    with histories as ({histories}),
    later as (
        select customer_id, count(distinct order_date) as purchases
        from intermediate.int_order_versions
        where is_purchase and order_date > {day} and valid_from <= {until}
            and (valid_until is null or valid_until > {until})
        group by customer_id
    )
    select
        frequency, span_days, age_days, recent, last_on > {active_after} as is_active,
        coalesce(later.purchases, 0) as actual, count(*) as weight
    from histories left join later on histories.customer_id = later.customer_id
    group by all order by all
"""


@dataclass(frozen=True)
class Asked:
    """What a release was asked for, and what its profile says of fits (M7).

    Attributes:
        as_of: the day that the release describes; its data end there.
        holdout_days: days that a backtest holds out.
        active_window_days: a customer is active when it bought within so many days.
        comparison: the model that the backtest sets beside BG/NBD; None for none.
    """

    profile: str
    as_of: date
    min_buyers: int
    min_history_days: int
    min_repeaters: int
    holdout_days: int
    active_window_days: int
    comparison: str | None

    @property
    def calibrated_until(self) -> date:
        """The last day before those held out."""
        return self.as_of - timedelta(days=self.holdout_days)


@dataclass(frozen=True)
class HeldOut:
    """Customers known at the end of the calibration with what they did afterwards; arrays of one length.

    Attributes:
        statistics: their histories by then, one element a group of customers who share all that stands here.
        recent: purchase days in as many days as are held out, just before those.
        is_active: whether they were active then.
        actual: purchase days in the held-out days.
    """

    statistics: PurchaseStatistics
    recent: Floats
    is_active: npt.NDArray[np.bool_]
    actual: Floats


@contextmanager
def opened_release(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published release, read-only.

    Raises:
        NotThereError: nothing has been published yet.
    """
    if not home.published.exists():
        raise NotThereError(f"Nothing has been published in {home.path} yet.", "Run the pipeline first: retention run.")
    with open_warehouse(home.published, read_only=True) as connection:
        yield connection


def read_asked(connection: duckdb.DuckDBPyConnection) -> Asked:
    """Profile, day and parameters of the release.

    Raises:
        NotThereError: an older program made the release.
    """
    try:
        [row] = connection.execute(
            "select asked.profile, asked.as_of_date, value_min_buyers, value_min_history_days, value_min_repeaters, "
            "value_holdout_days, active_window_days, nullif(value_comparison_model, 'none') "
            "from raw.run_parameters as asked cross join intermediate.int_profile"
        ).fetchall()
    except duckdb.Error as error:
        raise NotThereError(OLD_RELEASE, "Run again: retention run.") from error
    return Asked(*row)


def purchase_statistics(connection: duckdb.DuckDBPyConnection, day: date) -> PurchaseStatistics:
    """Purchase histories up to a day, in weeks."""
    found = connection.execute(PURCHASES.format(histories=_histories(day))).fetchnumpy()
    return _statistics(found)


def spend_statistics(connection: duckdb.DuckDBPyConnection, day: date) -> SpendStatistics:
    """Mean spend of the repeat purchase days up to a day; the first day is no part of it, as in the papers."""
    found = connection.execute(SPEND.format(histories=_histories(day))).fetchnumpy()
    return SpendStatistics(_floats(found["frequency"]), _floats(found["mean_spend"]), _floats(found["weight"]))


def held_out(connection: duckdb.DuckDBPyConnection, asked: Asked) -> HeldOut:
    """What customers did in the held-out days, as known at the end of them."""
    cut = asked.calibrated_until
    found = connection.execute(
        HELD_OUT.format(
            histories=_histories(cut, cut - timedelta(days=asked.holdout_days)),
            day=_day(cut),
            until=_day(asked.as_of),
            active_after=_day(cut - timedelta(days=asked.active_window_days)),
        )
    ).fetchnumpy()
    is_active = np.asarray(found["is_active"], dtype=np.bool_)
    return HeldOut(_statistics(found), _floats(found["recent"]), is_active, _floats(found["actual"]))


def _histories(day: date, since: date | None = None) -> str:
    return HISTORIES.format(day=_day(day), since=_day(since or day))


def _day(day: date) -> str:
    return f"date {literal(day)}"


def _statistics(found: dict[str, npt.NDArray[np.generic]]) -> PurchaseStatistics:
    return PurchaseStatistics(
        _floats(found["frequency"]),
        _floats(found["span_days"]) / DAYS_PER_WEEK,
        _floats(found["age_days"]) / DAYS_PER_WEEK,
        _floats(found["weight"]),
    )


def _floats(values: npt.NDArray[np.generic]) -> Floats:
    return np.asarray(values, dtype=np.float64)
