"""RFM and monthly cohorts in pandas."""

import pandas as pd
from command_line import a_year_before, task
from pandas_purchases import purchases


def main() -> None:
    """Read, clean, compute."""
    asked = task()
    asked.phase("import")
    bought = purchases(asked)
    day = bought["ordered_at"].dt.normalize()

    is_recent = day > pd.Timestamp(a_year_before(asked.as_of))
    customers = bought.groupby("customer_id").agg(last=("ordered_at", "max"))
    recent = bought[is_recent].groupby("customer_id")["net"].agg(["count", "sum"])
    customers["recency"] = (pd.Timestamp(asked.as_of) - customers["last"].dt.normalize()).dt.days
    customers["frequency"] = recent["count"].reindex(customers.index).fillna(0)
    customers["monetary"] = recent["sum"].reindex(customers.index).fillna(0.0)
    for measure, is_ascending in (("recency", False), ("frequency", True), ("monetary", True)):
        rank = customers[measure].rank(method="first", ascending=is_ascending)
        customers[f"{measure}_score"] = pd.qcut(rank, 5, labels=False) + 1
    asked.phase("rfm")

    months = pd.DataFrame(
        {"customer_id": bought["customer_id"], "month": day.dt.year * 12 + day.dt.month}
    ).drop_duplicates()
    months["cohort"] = months.groupby("customer_id")["month"].transform("min")
    cells = months.groupby(["cohort", "month"]).size()
    asked.phase("cohorts")
    asked.answer(
        ["pandas", "pyarrow", "numpy"],
        buyers=len(customers),
        frequency=customers["frequency"].sum(),
        monetary=customers["monetary"].sum(),
        cohort_customers=cells.sum(),
    )


main()
