"""RFM and monthly cohorts in polars, lazily, so that it reads and does only what is needed."""

import os
import sys

os.environ["POLARS_MAX_THREADS"] = sys.argv[3]

import polars as pl  # it reads the number of threads when it is imported
from command_line import Task, a_year_before, task


def purchases(asked: Task) -> pl.LazyFrame:
    """customer_id, day and net amount of every purchase up to the as-of day."""
    orders = pl.scan_parquet(asked.orders, hive_partitioning=False)
    returns = pl.scan_parquet(asked.returns, hive_partitioning=False)
    newest = orders.group_by("order_id").agg(
        pl.col("customer_id", "ordered_at", "amount", "status")
        .sort_by("updated_at", "_load_seq", "_line_no", nulls_last=False)
        .last()
    )
    returned = (
        returns.unique("return_id", keep="last", maintain_order=False)
        .filter(pl.col("returned_at").dt.date() <= asked.as_of)
        .group_by("order_id")
        .agg(pl.col("amount").sum().alias("returned"))
    )
    return (
        newest.with_columns(day=pl.col("ordered_at").dt.date())
        .filter((pl.col("day") <= asked.as_of) & (pl.col("status") == "completed"))
        .join(returned, on="order_id", how="left")
        .with_columns(pl.col("returned").fill_null(0))
        .filter(~((pl.col("returned") > 0) & (pl.col("returned") >= pl.col("amount"))))
        .select("customer_id", "day", (pl.col("amount") - pl.col("returned")).cast(pl.Float64).alias("net"))
    )


def main() -> None:
    """Read, clean, compute."""
    asked = task()
    asked.phase("import")
    bought = purchases(asked).collect(engine="streaming")
    asked.phase("read_and_clean")
    is_recent = pl.col("day") > a_year_before(asked.as_of)
    customers = (
        bought.lazy()
        .group_by("customer_id")
        .agg(
            recency=(pl.lit(asked.as_of) - pl.col("day").max()).dt.total_days(),
            frequency=is_recent.sum(),
            monetary=pl.col("net").filter(is_recent).sum(),
        )
        .with_columns(
            ((pl.col(measure).rank("ordinal", descending=is_down) - 1) * 5 // pl.len() + 1).alias(f"{measure}_score")
            for measure, is_down in (("recency", True), ("frequency", False), ("monetary", False))
        )
        .collect()
    )
    asked.phase("rfm")
    months = bought.lazy().select("customer_id", month=pl.col("day").dt.truncate("1mo")).unique()
    cells = (
        months.with_columns(cohort=pl.col("month").min().over("customer_id"))
        .group_by("cohort", "month")
        .agg(pl.len().alias("customers"))
        .collect()
    )
    asked.phase("cohorts")
    asked.answer(
        ["polars"],
        buyers=len(customers),
        frequency=customers["frequency"].sum(),
        monetary=customers["monetary"].sum(),
        cohort_customers=cells["customers"].sum(),
    )


main()
