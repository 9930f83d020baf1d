"""Completeness, its work list, lateness and finance's totals, against pandas on made-up companies."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from tests.models.compiled_project import PROJECT_DIR, CompiledProject

from retention.landing import load_contracts

if TYPE_CHECKING:
    import duckdb

CONTRACTS = load_contracts(PROJECT_DIR.parent)
WEEKS = 13
OWNERS = ["Li", "Wang", None]
FIELDS = {  # columns of raw by the column asked for
    "customers": {
        "name": "name_hash",
        "contact_name": "contact_name_hash",
        "phone": "phone_hash",
        "email": "email_hash",
        "industry": "industry",
        "region": "region",
        "need_tags": "need_tags",
        "consent_marketing": "consent_marketing",
    },
    "interactions": {"staff": "staff", "recorded_at": "recorded_at"},
    "products": {"name": "name", "category": "category"},
}


def holes(rng: np.random.Generator, values: list[object], size: int, share: float) -> np.ndarray:
    """Values drawn at random, a share of them missing."""
    return np.where(rng.random(size) < share, None, np.array(values, dtype=object)[rng.integers(0, len(values), size)])


def instants(rng: np.random.Generator, as_of: date, days: int, size: int, ahead: int = 2) -> pd.Series:
    """Instants of the days before a day, and of a few after it."""
    seconds = rng.integers(-ahead * 86_400, days * 86_400, size)
    return pd.Series(pd.Timestamp(as_of) + pd.Timedelta(days=1) - pd.to_timedelta(seconds, unit="s")).dt.floor("s")


def company(seed: int, as_of: date) -> dict[str, pd.DataFrame]:
    """Customers in several versions, orders (also of customers without a profile), interactions, products, totals."""
    rng = np.random.default_rng(seed)
    size = 150
    profiles = pd.DataFrame({"customer_id": [f"C{number}" for number in rng.integers(0, 60, size)]})
    profiles["registered_at"] = instants(rng, as_of, 200, size)
    profiles["updated_at"] = profiles["registered_at"] + pd.to_timedelta(rng.integers(0, 120, size), unit="D")
    for column in ("registered_at", "updated_at"):
        profiles[column] = profiles[column].where(rng.random(size) > 0.15)
    for column in FIELDS["customers"].values():
        profiles[column] = holes(rng, [True, False] if column == "consent_marketing" else ["x", "y"], size, 0.3)
    profiles["account_owner"] = holes(rng, ["Li", "Wang"], size, 0.2)
    talks = pd.DataFrame({"interaction_id": [f"I{number}" for number in rng.integers(0, 260, 300)]})
    talks["customer_id"] = [f"C{number}" for number in rng.integers(0, 60, 300)]
    talks["occurred_at"] = instants(rng, as_of, 120, 300)
    talks["recorded_at"] = talks["occurred_at"] + pd.to_timedelta(
        rng.choice([-30, 0, 59, 1439 * 60, 1440 * 60, 1441 * 60, 100_000], 300), unit="s"
    )
    talks["recorded_at"] = talks["recorded_at"].where(rng.random(300) > 0.3)
    talks["staff"] = holes(rng, ["Zhao", "Qian"], 300, 0.2)
    orders = pd.DataFrame({"order_id": [f"O{number}" for number in range(120)]})
    orders["customer_id"] = [f"C{number}" for number in rng.integers(0, 75, 120)]
    orders["ordered_at"] = instants(rng, as_of, 200, 120)
    orders["amount"] = [Decimal(int(cents)) / 100 for cents in rng.integers(0, 100_000, 120)]
    products = pd.DataFrame({"product_id": [f"P{number}" for number in rng.integers(0, 25, 40)]})
    products["name"] = holes(rng, ["tea"], 40, 0.2)
    products["category"] = holes(rng, ["drinks"], 40, 0.3)
    raw = {"customers": profiles, "interactions": talks, "orders": orders, "products": products}
    return {name: frame.assign(_load_seq=1, _line_no=range(len(frame))) for name, frame in raw.items()}


def newest(frame: pd.DataFrame, key: str, day: date, version: str | None = None) -> pd.DataFrame:
    """The newest version of each key by a day; versions of later days come last of all."""
    ordered = frame.assign(later=0, version=pd.NaT)
    if version:
        ordered["version"] = ordered[version]
        ordered["later"] = (ordered[version] >= pd.Timestamp(day) + pd.Timedelta(days=1)).astype(int)
    # The last row of each key is its newest: later ones first, then by version (none first), then as delivered.
    ordered = ordered.sort_values(
        ["later", "version", "_load_seq", "_line_no"], ascending=[False, True, True, True], na_position="first"
    )
    return ordered.drop_duplicates(key, keep="last")


def known(frame: pd.DataFrame, column: str, day: date) -> pd.DataFrame:
    """Rows of which a day is not still to come; those without a day too."""
    return frame[frame[column].isna() | (frame[column] < pd.Timestamp(day) + pd.Timedelta(days=1))]


def weeks_up_to(as_of: date) -> list[pd.Timestamp]:
    """Mondays of the weeks shown."""
    monday = pd.Timestamp(as_of) - pd.Timedelta(days=as_of.weekday())
    return [monday - pd.Timedelta(weeks=number) for number in range(WEEKS)]


def expected_counts(raw: dict[str, pd.DataFrame], as_of: date) -> dict[tuple[str, str, date], tuple[int, int] | None]:
    """Rows and missing values by entity, column and week; None where nothing can be told."""
    expected: dict[tuple[str, str, date], tuple[int, int] | None] = {}
    for monday in weeks_up_to(as_of):
        end = min(monday + pd.Timedelta(days=6), pd.Timestamp(as_of)).date()
        talks = known(newest(raw["interactions"], "interaction_id", as_of), "occurred_at", as_of)
        talks = talks[talks["occurred_at"].dt.normalize().between(monday, pd.Timestamp(end))].copy()
        talks.loc[talks["recorded_at"] >= pd.Timestamp(as_of) + pd.Timedelta(days=1), "recorded_at"] = pd.NaT
        is_last = end == as_of
        there = {
            "customers": known(newest(raw["customers"], "customer_id", end, "updated_at"), "registered_at", end),
            "interactions": talks,
            "products": newest(raw["products"], "product_id", as_of) if is_last else None,
        }
        for entity, rows in there.items():
            for column, source in FIELDS[entity].items():
                told = None if rows is None else (len(rows), int(rows[source].isna().sum()))
                expected[entity, column, monday.date()] = told
    return expected


def published(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[object, ...]]:
    """The rows of a query."""
    return connection.sql(query).fetchall()


AS_OF = (date(2024, 3, 31), date(2024, 4, 1), date(2024, 1, 3), date(2024, 2, 29))  # Sunday, Monday, across the year


@pytest.mark.parametrize("seed", range(8))
def test_completeness_by_week_equals_an_independent_count(project: CompiledProject, seed: int) -> None:
    as_of = AS_OF[seed % len(AS_OF)]
    raw = company(seed, as_of)
    connection = project.build(raw, as_of=as_of, models=["completeness"])
    rows = published(connection, 'select entity, "column", week_start, "rows", missing from marts.completeness')
    found = {(entity, column, week): None if n is None else (n, gone) for entity, column, week, n, gone in rows}
    expected = expected_counts(raw, as_of)
    assert {key: value for key, value in found.items() if key[0] in FIELDS} == expected
    # What was not delivered stands there with its reason.
    reasons = published(connection, "select distinct missing_reason from marts.completeness where entity = 'tickets'")
    assert reasons == [("not_delivered",)]


@pytest.mark.parametrize("seed", range(4))
def test_the_worklist_names_what_each_customer_lacks(project: CompiledProject, seed: int) -> None:
    as_of = AS_OF[seed]
    raw = company(seed, as_of)
    connection = project.build(raw, as_of=as_of, models=["completeness_worklist"])
    profiles = known(newest(raw["customers"], "customer_id", as_of, "updated_at"), "registered_at", as_of)
    expected = {
        row["customer_id"]: ", ".join(sorted(name for name, at in FIELDS["customers"].items() if pd.isna(row[at])))
        for row in profiles.to_dict("records")
    }
    orders = known(raw["orders"], "ordered_at", as_of)
    for customer in set(orders["customer_id"]) - set(expected):
        expected[customer] = ", ".join(sorted(FIELDS["customers"]))
    rows = published(connection, "select customer_id, missing_columns from marts.completeness_worklist")
    assert dict(rows) == {customer: fields for customer, fields in expected.items() if fields}
    owners = profiles.set_index("customer_id")["account_owner"]
    spent = orders[orders["ordered_at"].dt.date > (pd.Timestamp(as_of) - pd.DateOffset(months=12)).date()]
    stakes = spent.groupby("customer_id")["amount"].sum()
    rows = published(
        connection,
        "select customer_id, account_owner, missing_count, value_at_stake from marts.completeness_worklist",
    )
    for customer, owner, count, stake in rows:
        assert owner == (owners.get(customer) if pd.notna(owners.get(customer)) else None)
        assert (count, stake) == (len(expected[customer].split(", ")), stakes.get(customer, Decimal(0)))


def test_without_a_customer_master_nobody_is_on_the_worklist(project: CompiledProject) -> None:
    raw = {"orders": company(1, AS_OF[0])["orders"]}
    connection = project.build(raw, as_of=AS_OF[0], models=["completeness_worklist"])
    assert published(connection, "select * from marts.completeness_worklist") == []


@pytest.mark.parametrize("seed", range(4))
def test_lateness_by_staff_equals_an_independent_count(project: CompiledProject, seed: int) -> None:
    as_of = AS_OF[seed]
    raw = company(seed, as_of)
    connection = project.build(raw, as_of=as_of, models=["interaction_lateness"])
    talks = known(newest(raw["interactions"], "interaction_id", as_of), "occurred_at", as_of).copy()
    talks.loc[talks["recorded_at"] >= pd.Timestamp(as_of) + pd.Timedelta(days=1), "recorded_at"] = pd.NaT
    happened = talks["occurred_at"].dt.normalize()
    delay = (talks["recorded_at"] - talks["occurred_at"]).dt.total_seconds()
    minutes = np.trunc(delay / 60)
    talks = talks.assign(
        week_start=(happened - pd.to_timedelta(happened.dt.day_of_week, unit="D")).dt.date,
        minutes=minutes,
        late=minutes > 24 * 60,
        pending=talks["recorded_at"].isna() & (happened + pd.Timedelta(days=1) > pd.Timestamp(as_of)),
    )
    talks["missing"] = talks["recorded_at"].isna() & ~talks["pending"]
    expected = {}
    for (week, staff), rows in talks.groupby(["week_start", "staff"], dropna=False):
        late, missing, pending = (int(rows[name].sum()) for name in ("late", "missing", "pending"))
        due = len(rows) - pending
        share = round((late + missing) / due, 9) if due else None
        median = rows["minutes"].median()
        who = None if pd.isna(staff) else staff
        expected[week, who] = (len(rows), late, missing, pending, share, None if pd.isna(median) else median)
    rows = published(
        connection,
        "select week_start, staff, interactions, late, missing, pending, round(late_share, 9), median_delay_minutes "
        "from marts.interaction_lateness",
    )
    assert {(row[0], row[1]): row[2:] for row in rows} == expected


def test_a_source_that_never_says_when_it_recorded_is_not_late(project: CompiledProject) -> None:
    raw = company(3, AS_OF[0])
    raw["interactions"]["recorded_at"] = pd.NaT
    connection = project.build(raw, as_of=AS_OF[0], models=["interaction_lateness"])
    rows = published(
        connection, "select distinct late, missing, late_share, missing_reason from marts.interaction_lateness"
    )
    assert rows == [(None, None, None, "no_recording_times")]


@pytest.mark.parametrize("seed", range(4))
def test_months_are_held_against_finance(project: CompiledProject, seed: int) -> None:
    as_of = AS_OF[seed]
    raw = company(seed, as_of)
    rng = np.random.default_rng(seed)
    orders = known(raw["orders"], "ordered_at", as_of)
    sums = orders.groupby(orders["ordered_at"].dt.to_period("M"))["amount"].sum()
    first = sums.index.min() + 1  # finance begins a month later than the orders
    booked = {month: total for month, total in sums.items() if month >= first}
    kinds = [Decimal("1"), Decimal("0.99"), Decimal("1.02"), Decimal("0.5")]
    totals = {month: (total * kinds[rng.integers(0, 4)]).quantize(Decimal("0.01")) for month, total in booked.items()}
    left_out = list(totals)[len(totals) // 2]  # one that finance forgot
    raw["finance_totals"] = pd.DataFrame(
        [(month.start_time.date(), total) for month, total in totals.items() if month != left_out],
        columns=["month", "revenue"],
    )
    raw["finance_totals"] = raw["finance_totals"].assign(_load_seq=1, _line_no=range(len(raw["finance_totals"])))
    connection = project.build(raw, as_of=as_of, models=["finance_reconciliation"])
    begun = min(month for month in totals if month != left_out)
    expected = {}
    for month, total in sums.items():
        if month < begun:
            continue
        over = month.end_time.date() <= as_of
        revenue = totals.get(month) if month != left_out else None
        reason = "month_not_over" if not over else "not_booked" if revenue is None else None
        is_reconciled = None if reason else abs(total - revenue) <= Decimal("0.01") * abs(revenue)
        difference = None if revenue is None else total - revenue
        expected[month.start_time.date()] = (revenue, total, difference, is_reconciled, reason)
    rows = published(
        connection,
        "select month_start, revenue_booked, revenue_computed, difference, is_reconciled, missing_reason "
        "from marts.finance_reconciliation",
    )
    assert {row[0]: row[1:] for row in rows} == expected


def test_the_models_know_every_entity_of_the_contracts() -> None:
    macro = (PROJECT_DIR / "macros" / "rules" / "completeness.sql").read_text(encoding="utf-8")
    listed = macro[macro.index("return([") : macro.index("])")]
    assert [entity for entity in CONTRACTS if f'"{entity}"' not in listed] == []
