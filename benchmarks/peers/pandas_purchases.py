"""Purchases as a pandas user gets them: Parquet read by Arrow, amounts as floats, newest versions, net of returns."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from command_line import Task

ORDER_COLUMNS = [
    "order_id", "customer_id", "ordered_at", "amount", "status", "updated_at", "_load_seq", "_line_no"
]  # fmt: skip


HALF_A_CENT = 0.005  # amounts are binary fractions here, so equal ones may differ in the last place


def purchases(task: Task) -> pd.DataFrame:
    """customer_id, ordered_at and net amount of every purchase up to the as-of day."""
    orders = _read(task.raw, "orders", ORDER_COLUMNS)
    returns = _read(task.raw, "returns", ["return_id", "order_id", "returned_at", "amount"])
    task.phase("read")
    after = pd.Timestamp(task.as_of) + pd.Timedelta(days=1)
    orders = orders.sort_values(["updated_at", "_load_seq", "_line_no"]).drop_duplicates("order_id", keep="last")
    orders = orders[orders["ordered_at"] < after]
    returns = returns.drop_duplicates("return_id", keep="last")
    returned = returns[returns["returned_at"] < after].groupby("order_id")["amount"].sum()
    gone = orders["order_id"].map(returned).fillna(0.0)
    is_all_back = (gone > 0) & (gone > orders["amount"] - HALF_A_CENT)
    is_purchase = (orders["status"] == "completed") & ~is_all_back
    bought = orders.loc[is_purchase, ["customer_id", "ordered_at"]]
    bought["net"] = (orders["amount"] - gone)[is_purchase]
    task.phase("clean")
    return bought


def _read(raw: Path, entity: str, columns: list[str]) -> pd.DataFrame:
    # Decimals would become one Python object each; as floats they are an array.
    paths = sorted(raw.glob(f"{entity}/load=*/part.parquet"))
    tables = [pq.read_table(path, columns=columns, partitioning=None) for path in paths]
    table = pa.concat_tables(tables)
    at = table.schema.get_field_index("amount")
    return table.set_column(at, "amount", table["amount"].cast(pa.float64())).to_pandas()
