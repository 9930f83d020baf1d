"""Amounts of several currencies, against pandas and exact decimals: merge_asof finds the rates, not a table of days."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from tests.models.compiled_project import PROJECT_DIR, DbtFailedError, create_raw, run_dbt, set_run_parameters

if TYPE_CHECKING:
    from pathlib import Path

    from tests.models.compiled_project import CompiledProject

import duckdb

AS_OF = date(2024, 3, 31)
REPORTING = "CNY"  # of profile default_b2b
MAX_AGE = pd.Timedelta(days=10)
CODES = ["USD", "usd", " Eur", "JPY", "CNY", "cny", "", None]
RATES = [Decimal(text) for text in ("7.125", "0.04812345", "1.005", "7.09999999", "0.5")]
AMOUNTS = [Decimal(text) for text in ("100.00", "0.05", "33.33", "0.01", "-15.00", "0.00", "99999.99", "1.00")]


def company(seed: int) -> dict[str, pd.DataFrame]:
    """Orders on any day of three months, rates on most working days, returns and lines of some orders."""
    rng = np.random.default_rng(seed)
    size = 120
    days = pd.Timestamp(AS_OF) - pd.to_timedelta(rng.integers(-2, 90, size=size), unit="D")
    orders = pd.DataFrame(
        {
            "order_id": [f"O{number}" for number in range(size)],
            "customer_id": [f"C{number % 9}" for number in range(size)],
            "ordered_at": days + pd.to_timedelta(rng.integers(0, 86_400, size=size), unit="s"),
            "amount": rng.choice(AMOUNTS, size=size),
            "discount_amount": rng.choice([None, *AMOUNTS], size=size),
            "currency": rng.choice(CODES, size=size),
            "_load_seq": 1,
            "_line_no": range(size),
        }
    )
    working_days = pd.bdate_range("2023-12-20", AS_OF)
    rates = pd.DataFrame(
        [(code, day) for code in ("USD", "EUR", "jpy", "CNY") for day in working_days],
        columns=["currency", "rate_date"],
    )
    rates["rate"] = rng.choice(RATES, size=len(rates))
    kept = rates[rng.random(len(rates)) < 0.6]
    corrected = kept.sample(20, random_state=seed).assign(rate=rng.choice(RATES, size=20))
    fx_rates = pd.concat([kept.assign(_load_seq=1), corrected.assign(_load_seq=2)], ignore_index=True)
    returned = orders.sample(60, replace=True, random_state=seed)
    returns = pd.DataFrame(
        {
            "return_id": [f"R{number}" for number in range(60)],
            "order_id": returned["order_id"].to_numpy(),
            "returned_at": returned["ordered_at"].to_numpy() + pd.to_timedelta(rng.integers(0, 20, 60), unit="D"),
            "amount": [
                abs(amount) / divisor for amount, divisor in zip(returned["amount"], [1, 2, 3] * 20, strict=True)
            ],
            "_load_seq": 1,
            "_line_no": range(60),
        }
    )
    returns["amount"] = [cents(amount) for amount in returns["amount"]]
    items = orders[["order_id", "amount"]].rename(columns={"amount": "line_amount"}).assign(
        line_no=1, product_id="P", quantity=1, _load_seq=1, _line_no=range(size)
    )  # fmt: skip
    return {
        "orders": orders,
        "fx_rates": fx_rates.assign(_line_no=range(len(fx_rates))),
        "returns": returns,
        "order_items": items,
    }


def cents(amount: Decimal) -> Decimal:
    """Rounded to cents, halves away from zero."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def expected_rates(raw: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Orders seen, with the code of their currency and their rate; none where no rate is near enough."""
    orders = raw["orders"].assign(
        day=raw["orders"]["ordered_at"].dt.normalize().astype("datetime64[us]"),
        code=raw["orders"]["currency"].fillna("").str.strip().str.upper().replace("", REPORTING),
    )
    newest = raw["fx_rates"].assign(code=raw["fx_rates"]["currency"].str.upper()).sort_values("_load_seq")
    newest = newest.drop_duplicates(["code", "rate_date"], keep="last").sort_values("rate_date")
    newest["rate_date"] = newest["rate_date"].astype("datetime64[us]")
    priced = pd.merge_asof(
        orders[orders["day"] <= pd.Timestamp(AS_OF)].sort_values("day"),
        newest[["code", "rate_date", "rate"]],
        left_on="day",
        right_on="rate_date",
        by="code",
        tolerance=MAX_AGE,
    )
    return priced.assign(rate=priced["rate"].where(priced["code"] != REPORTING, Decimal(1)))


@pytest.mark.parametrize("seed", range(8))
def test_amounts_equal_an_independent_computation(project: CompiledProject, seed: int) -> None:
    raw = company(seed)
    orders = expected_rates(raw)
    assert orders["rate"].notna().all()  # else the test would be about something else
    seen = raw["returns"][raw["returns"]["returned_at"] < pd.Timestamp(AS_OF) + pd.Timedelta(days=1)]
    returned = seen.groupby("order_id")["amount"].sum()
    expected = {}
    for order in orders.itertuples():
        back = returned.get(order.order_id, Decimal(0))
        discount = None if order.discount_amount is None else cents(order.discount_amount * order.rate)
        is_purchase = order.amount >= 0 and not (back > 0 and back >= order.amount)
        expected[order.order_id] = (
            *(REPORTING, order.code, order.amount, order.rate, cents(order.amount * order.rate), discount),
            *(cents(back * order.rate), is_purchase, cents(order.amount * order.rate)),
        )
    connection = project.build(raw, as_of=AS_OF, models=["fct_orders", "fct_order_items", "int_order_versions"])
    rows = connection.sql(
        """
        select orders.order_id, currency, source_currency, source_amount, orders.fx_rate, gross_amount,
            orders.discount_amount, returned_amount, is_purchase, lines.line_amount
        from marts.fct_orders as orders
        left join marts.fct_order_items as lines using (order_id)
        """
    ).fetchall()
    assert {row[0]: row[1:] for row in rows} == expected
    # What an order was worth on past days ends where the order stands now.
    apart = connection.sql(
        """
        select order_id from marts.fct_orders as orders
        left join intermediate.int_order_versions as versions using (order_id)
        where versions.valid_until is null
            and (versions.net_amount, versions.is_purchase) is distinct from (orders.net_amount, orders.is_purchase)
        """
    ).fetchall()
    assert apart == []


MISSING = (
    "No exchange rate to CNY for orders in EUR (2024-03-20, 1 order), USD (2024-03-12 to 2024-03-31, 2 orders). "
    "Deliver rates of these days as entity fx_rates (a rate holds for fx_max_age_days of "
    "seeds/profile_parameters.csv), or correct the orders' currency or the profile's reporting_currency."
)


@pytest.mark.slow
def test_a_missing_rate_stops_the_build_and_says_what_to_deliver(tmp_path: Path) -> None:
    orders = pd.DataFrame(
        [
            ("covered", "USD", "2024-03-11"),  # the last of the ten days
            ("too_late", "USD", "2024-03-12"),
            ("later_still", "usd", "2024-03-31"),
            ("no_rate_at_all", "EUR", "2024-03-20"),
            ("to_come", "GBP", "2024-04-01"),
            ("own", "", "2024-03-20"),
        ],
        columns=["order_id", "currency", "ordered_at"],
    )
    orders["ordered_at"] = pd.to_datetime(orders["ordered_at"])
    orders = orders.assign(customer_id="C", amount=Decimal("1.00"), _load_seq=1, _line_no=range(len(orders)))
    rates = pd.DataFrame(
        {"currency": ["USD"], "rate_date": [date(2024, 3, 1)], "rate": [Decimal("7.1")], "_load_seq": 1}
    )
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        create_raw(connection, {"orders": orders, "fx_rates": rates.assign(_line_no=1)})
        set_run_parameters(connection, AS_OF, "default_b2b")
    with pytest.raises(DbtFailedError) as caught:
        run_dbt(
            tmp_path, "build", "--select", "+fct_orders", "dim_customers", "--exclude-resource-type", "unit_test",
            project_dir=PROJECT_DIR,
        )  # fmt: skip
    told = " ".join(str(caught.value).split())
    assert MISSING in told
    with duckdb.connect(tmp_path / "retention.duckdb", read_only=True) as connection:
        tables = connection.sql("select table_name from duckdb_tables()").fetchall()
    assert tables == [("fct_orders",)]  # what follows is not built
