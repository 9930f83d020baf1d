"""lost_customers and churn_reasons against a walk through the delivered rows, day by day and customer by customer."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from tests.models.compiled_project import PROJECT_DIR
from tests.models.program_company import AS_OF, FIRST, program_company

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    from tests.models.compiled_project import CompiledProject

WINDOW, PERIOD, WEEKS, FEWEST = 90, 90, 26, 3  # of default_b2b
Row = dict[str, Any]
Loss = tuple[str, date]  # customer_id, week_start


@pytest.fixture(scope="module", params=[4, 9])
def warehouse(project: CompiledProject, request: pytest.FixtureRequest) -> Iterator[Any]:
    raw = program_company(request.param)
    with project.build(raw, as_of=AS_OF, models=["churn_reasons", "churn_metrics"]) as built:
        yield built


def rows_of(built: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    """Rows as dictionaries."""
    found = built.sql(query)
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def by_customer(built: duckdb.DuckDBPyConnection, query: str) -> dict[str, list[Row]]:
    found = defaultdict(list)
    for row in rows_of(built, query):
        found[row["customer_id"]].append(row)
    return found


def rules() -> list[Row]:
    with (PROJECT_DIR / "seeds" / "churn_reason_rules.csv").open(encoding="utf-8", newline="") as file:
        found = [row for row in csv.DictReader(file) if row["profile"] == "all"]
    return sorted(found, key=lambda row: int(row["priority"]))


def year_before(day: date) -> date:
    return (pd.Timestamp(day) - pd.DateOffset(months=12)).date()


class Company:
    """What was delivered, customer by customer."""

    def __init__(self, built: duckdb.DuckDBPyConnection) -> None:
        self.orders = by_customer(built, f"from raw.orders where ordered_at::date <= '{AS_OF}'")
        back = defaultdict(list)
        for row in rows_of(built, f"from raw.returns where returned_at::date <= '{AS_OF}'"):
            back[row["order_id"]].append(row)
        self.back = back
        self.tickets = by_customer(built, "from raw.tickets")
        self.answers = by_customer(built, "from raw.surveys")
        self.contracts = by_customer(built, "from raw.contracts")
        self.touches = by_customer(built, "from raw.touches where coalesce(variant, '') != 'holdout'")
        self.interactions = by_customer(built, "from raw.interactions")

    def is_purchase(self, order: Row, day: date) -> bool:
        """Whether an order was a purchase, as a day knew it."""
        returned = self.returned(order, day)
        return order["status"] == "completed" and order["ordered_at"].date() <= day and returned < order["amount"]

    def returned(self, order: Row, day: date) -> Any:
        return sum((row["amount"] for row in self.back[order["order_id"]] if row["returned_at"].date() <= day), 0)

    def last_purchase(self, customer: str, day: date) -> date | None:
        bought = [row["ordered_at"].date() for row in self.orders[customer] if self.is_purchase(row, day)]
        return max(bought, default=None)

    def is_active(self, customer: str, day: date) -> bool:
        last = self.last_purchase(customer, day)
        return last is not None and (day - last).days < WINDOW

    def lost(self, customer: str, opening: date, closing: date) -> tuple[date, date] | None:
        """The day of loss, and the purchase that had kept the customer active until then; None: it is not lost."""
        if not self.is_active(customer, opening) or self.is_active(customer, closing):
            return None
        day = opening + timedelta(days=1)
        while self.is_active(customer, day):
            day += timedelta(days=1)
        last = self.last_purchase(customer, day - timedelta(days=1))
        assert last is not None
        return day, last

    def purchases(self, customer: str, after: date, until: date) -> list[Row]:
        """Purchases of a span of days, as the as-of day knows them."""
        return [
            row
            for row in self.orders[customer]
            if after < row["ordered_at"].date() <= until and self.is_purchase(row, AS_OF)
        ]

    def revenue(self, customer: str, after: date, until: date) -> float:
        return float(sum(row["amount"] - self.returned(row, AS_OF) for row in self.purchases(customer, after, until)))

    def measured(self, customer: str, rule: Row, churned_on: date, last: date) -> float | None:
        """The signal of a rule."""
        if rule["look_back_days"]:
            since = last - timedelta(days=int(rule["look_back_days"]))
            return self.events(customer, rule["signal"], since, churned_on)
        return self.state(customer, rule["signal"], churned_on, last)

    def events(self, customer: str, signal: str, since: date, until: date) -> float | None:
        tickets = [row for row in self.tickets[customer] if since <= row["received_at"].date() <= until]

        def settled(row: Row) -> bool:
            return row["resolved_at"] is not None and row["resolved_at"].date() <= until

        if signal.endswith("_answer"):
            kind = signal.removesuffix("_answer")
            answers = [row for row in self.answers[customer] if row["survey_type"] == kind]
            return min((row["score"] for row in answers if since <= row["responded_at"].date() <= until), default=None)
        if signal == "ticket_score":
            scores = [row["satisfaction_score"] for row in tickets if settled(row)]
            return min((score for score in scores if score), default=None)
        if signal == "negative_feedbacks":
            days = [
                (row["responded_at"] or row["touched_at"]).date()
                for row in self.touches[customer]
                if row["feedback"] == "negative" and row["touched_at"].date() <= AS_OF
            ]
        elif signal == "open_tickets":
            return sum(not settled(row) for row in tickets)
        elif signal == "complaints":
            days = [row["received_at"].date() for row in tickets if row["ticket_type"] == "complaint"]
        else:
            assert signal == "ended_contracts"
            own = [row for row in self.contracts[customer] if row["starts_on"] <= AS_OF]
            is_bound = any(row["starts_on"] <= until < row["ends_on"] for row in own)
            days = [] if is_bound else [row["ends_on"] for row in own]
        return sum(since <= day <= until for day in days)

    def state(self, customer: str, signal: str, churned_on: date, last: date) -> float | None:
        if signal == "purchase_days":
            return len({row["ordered_at"].date() for row in self.purchases(customer, date.min, churned_on)})
        if signal == "discount_share":
            own = self.purchases(customer, year_before(last), last)
            off = float(sum(row["discount_amount"] for row in own))
            spent = self.revenue(customer, year_before(last), last)
            return off / (spent + off) if spent + off else None
        if signal == "returned_share":
            sold = [
                row
                for row in self.orders[customer]
                if year_before(churned_on) < row["ordered_at"].date() <= churned_on
                and (self.is_purchase(row, AS_OF) or self.returned(row, AS_OF) > 0)
            ]
            amount = float(sum(row["amount"] for row in sold))
            return float(sum(self.returned(row, AS_OF) for row in sold)) / amount if amount else None
        middle, start = last - timedelta(days=PERIOD), last - timedelta(days=2 * PERIOD)
        now, before = self.purchases(customer, middle, last), self.purchases(customer, start, middle)
        if signal == "frequency_change_rate":
            return len(now) / len(before) - 1 if len(now) + len(before) >= FEWEST and before else None
        if signal == "spend_change_rate":
            spent = self.revenue(customer, start, middle)
            is_enough = len(now) + len(before) >= FEWEST and spent > 0
            return self.revenue(customer, middle, last) / spent - 1 if is_enough else None
        assert signal == "days_without_contact"
        days = [row["touched_at"].date() for row in self.touches[customer]]
        days += [row["occurred_at"].date() for row in self.interactions[customer]]
        contacts = [day for day in days if day <= churned_on]
        first = [row["ordered_at"].date() for row in self.orders[customer] if self.is_purchase(row, AS_OF)]
        since = max(contacts, default=min(first, default=None))
        return None if since is None else (churned_on - since).days


def is_met(rule: Row, value: float | None) -> bool:
    if value is None:
        return False
    reached, bound = round(float(value), 6), float(rule["threshold"])
    return reached >= bound if rule["direction"] == "at_least" else reached <= bound


def weeks() -> dict[date, date]:
    """The weeks, each with the day that it closes on."""
    monday = AS_OF - timedelta(days=AS_OF.weekday())
    starts = [monday - timedelta(days=7 * back) for back in range(WEEKS)]
    return {start: min(start + timedelta(days=6), AS_OF) for start in starts if start > FIRST}


@pytest.mark.slow
def test_every_lost_customer_has_the_reason_that_its_records_tell(warehouse: Any) -> None:
    company = Company(warehouse)
    found: dict[Loss, Row] = {
        (row["customer_id"], row["week_start"]): row for row in rows_of(warehouse, "from marts.lost_customers")
    }
    expected = {
        (customer, start): lost
        for start, closing in weeks().items()
        for customer in company.orders
        if (lost := company.lost(customer, start - timedelta(days=1), closing))
    }
    assert found.keys() == expected.keys()
    breached = {row["ticket_id"]: row for row in rows_of(warehouse, "from marts.ticket_sla where is_breached")}
    seen: Counter[str] = Counter()
    for key, (churned_on, last) in expected.items():
        row, signals = found[key], []
        assert (row["churned_on"], row["last_purchase_on"]) == (churned_on, last), key
        for rule in rules():
            if rule["signal"] == "breached_tickets":
                since = last - timedelta(days=int(rule["look_back_days"]))
                value: float | None = sum(
                    one["resolution_due_at"].date() <= churned_on and since <= one["received_on"] <= churned_on
                    for one in breached.values()
                    if one["customer_id"] == key[0]
                )
            else:
                value = company.measured(key[0], rule, churned_on, last)
            if is_met(rule, value):
                signals.append(rule["reason"])
        assert (row["signals"] or "").split(",") == (signals or [""]), key
        assert row["reason"] == (signals[0] if signals else "unknown")
        assert float(row["value_lost"]) == pytest.approx(company.revenue(key[0], year_before(last), last))
        assert row["explanation"].startswith(f"K2.{row['reason']}: ")
        later = [day for day in range(1, 200) if company.is_active(key[0], churned_on + timedelta(days=day))]
        came_back = churned_on + timedelta(days=later[0]) if later else None
        assert row["came_back_on"] == (came_back if came_back and came_back <= AS_OF else None)
        seen.update(signals)
    assert len(found) > 40
    assert len(seen) >= 12, seen


@pytest.mark.slow
def test_reasons_add_up_to_everybody_lost_and_all_value(warehouse: Any) -> None:
    table = rows_of(warehouse, "from marts.churn_reasons")
    lost = rows_of(warehouse, "from marts.lost_customers")
    reasons = {*(rule["reason"] for rule in rules()), "unknown"}
    assert {(row["week_start"], row["reason"]) for row in table} == {(week, one) for week in weeks() for one in reasons}
    for week, closing in weeks().items():
        rows = [row for row in table if row["week_start"] == week]
        gone = [row for row in lost if row["week_start"] == week]
        assert sum(row["lost_customers"] for row in rows) == len(gone)
        assert sum(row["value_lost"] for row in rows) == sum(row["value_lost"] for row in gone)
        assert {row["is_mature"] for row in rows} == {closing == week + timedelta(days=6)}
        assert sorted(row["rank"] for row in rows) == list(range(1, len(reasons) + 1))
        assert [row["lost_customers"] for row in sorted(rows, key=lambda row: row["rank"])] == sorted(
            (row["lost_customers"] for row in rows), reverse=True
        )
        if gone:
            assert sum(row["customer_share"] for row in rows) == pytest.approx(1)
            assert {row["missing_reason"] for row in rows} <= {None, "no_value_lost"}
        else:
            assert {(row["customer_share"], row["missing_reason"]) for row in rows} == {(None, "nobody_lost")}
        told = Counter(signal for row in gone for signal in (row["signals"] or "unknown").split(","))
        assert {row["reason"]: row["signalled_customers"] for row in rows} == {one: told[one] for one in reasons}


@pytest.mark.slow
def test_whom_a_month_counts_as_churned_some_week_lost(warehouse: Any) -> None:
    """Weeks and months compare the same states, so nobody churns by the month without being lost in a week of it."""
    company = Company(warehouse)
    lost = defaultdict(list)
    for row in rows_of(warehouse, "from marts.lost_customers"):
        lost[row["customer_id"]].append(row["churned_on"])
    months = rows_of(warehouse, "from marts.churn_metrics where dimension = 'all' and is_mature")
    checked = 0
    for row in months:
        end = row["month_end"]
        opening = end.replace(day=1) - timedelta(days=1)
        if opening - timedelta(days=7) < min(weeks()):
            continue
        gone = [one for one in company.orders if company.is_active(one, opening) and not company.is_active(one, end)]
        assert len(gone) == row["churned_customers"]
        checked += len(gone)
        assert all(any(opening < day <= end for day in lost[one]) for one in gone)
    assert checked > 20
