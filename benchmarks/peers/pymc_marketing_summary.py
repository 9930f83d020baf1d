"""`pymc-marketing`'s summary per customer: frequency, recency, age and mean spend. No scores and no cohorts."""

from command_line import task
from pandas_purchases import purchases
from pymc_marketing.clv.utils import rfm_summary


def main() -> None:
    """Read and clean by pandas, summarise."""
    asked = task()
    asked.phase("import")
    bought = purchases(asked)
    summary = rfm_summary(
        bought, "customer_id", "ordered_at", monetary_value_col="net",
        observation_period_end=str(asked.as_of), time_unit="D",
    )  # fmt: skip
    asked.phase("summary")
    asked.answer(["pymc-marketing", "pandas"], buyers=len(summary), repeat_days=summary["frequency"].sum())


main()
