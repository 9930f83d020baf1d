"""`lifetimes`' summary per customer: frequency, recency, age and mean spend. It makes no scores and no cohorts."""

from command_line import task
from lifetimes.utils import summary_data_from_transaction_data
from pandas_purchases import purchases


def main() -> None:
    """Read and clean by pandas, summarise."""
    asked = task()
    asked.phase("import")
    bought = purchases(asked)
    summary = summary_data_from_transaction_data(
        bought, "customer_id", "ordered_at", monetary_value_col="net", observation_period_end=asked.as_of, freq="D"
    )
    asked.phase("summary")
    asked.answer(["lifetimes", "pandas"], buyers=len(summary), repeat_days=summary["frequency"].sum())


main()
