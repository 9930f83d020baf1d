"""Execution, cadence and activation, against walks through the delivered rows of random companies."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from tests.models.compiled_project import PROJECT_DIR

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    from tests.models.compiled_project import CompiledProject

AS_OF, FIRST = date(2024, 3, 15), date(2023, 1, 5)
# Without the days that are worked instead, Spring Festival and the week of 1 October have no open day.
HOLIDAYS = pd.read_csv(PROJECT_DIR / "seeds" / "holidays.csv", dtype=str).query("is_working_day == 'false'")
CLOSED = set(HOLIDAYS.query("holiday_calendar == 'CN'")["holiday_on"])
WINDOW, ACTIVATION, WIN_BACK = 90, 30, 60  # active_window_days, activation_days, win_back_days of default_b2b
MODELS = ["touch_execution", "cadence_compliance", "activation_metrics", "customer_lifecycle_history"]
CHANNELS = ["phone", "email", "visit", "mail"]
EXCHANGEABLE = {"phone", "email", "wechat", "sms", "app"}  # of contact_channels.csv
PERSONS = {"phone", "wechat", "visit", "event"}
LENGTHS = ["week", "fortnight", "month", "quarter", "half_year"]


def random_company(seed: int) -> dict[str, pd.DataFrame]:
    """Customers who buy, fall silent, are touched by plan or without, are left out, opt out."""
    rng = np.random.default_rng(seed)
    count, span = 60, (AS_OF - FIRST).days

    def instants(size: int) -> pd.Series:
        hours = rng.choice([0, 9, 17], size=size)
        days = pd.Timestamp(FIRST) + pd.to_timedelta(pd.Series(rng.integers(0, span + 3, size=size)), unit="D")
        return (days + pd.to_timedelta(pd.Series(hours), unit="h")).astype("datetime64[us]")

    customers = pd.DataFrame(
        {
            "customer_id": [f"C{number}" for number in range(count)],
            "consent_marketing": rng.random(count) < 0.85,
            "opted_out_at": instants(count).where(pd.Series(rng.random(count) < 0.2)),
        }
    )
    orders = pd.DataFrame(
        {"customer_id": [f"C{one}" for one in rng.integers(count, size=260)], "ordered_at": instants(260), "amount": 10}
    )
    plans = pd.DataFrame(
        {
            "plan_id": [f"L{number}" for number in range(30)],
            "planned_on": instants(30).dt.date,
            "scheme": "value_sabc",
            "tier": rng.choice(["A", "B"], size=30),
            "channel": rng.choice(CHANNELS, size=30),
            "theme": rng.choice(np.array(["gift", None], dtype=object), size=30),
            "planned_count": rng.integers(0, 9, size=30),
        }
    )
    size = 900
    touches = pd.DataFrame(
        {
            "touch_id": [f"T{number:04d}" for number in range(size)],
            "customer_id": [f"C{one}" for one in rng.integers(count, size=size)],
            "touched_at": instants(size),
            "channel": rng.choice(CHANNELS, size=size),
            "plan_id": rng.choice(np.array([None, *[f"L{number}" for number in range(33)]], dtype=object), size=size),
            "campaign_id": rng.choice(np.array([None, "K1", "K2"], dtype=object), size=size),
            "variant": rng.choice(np.array([None, "A", "holdout"], dtype=object), size=size, p=[0.5, 0.35, 0.15]),
            "feedback": rng.choice(np.array([None, "none", "positive", "negative"], dtype=object), size=size),
        }
    )
    orders["order_id"], orders["status"] = [f"O{number}" for number in range(len(orders))], "completed"
    raw = {"customers": customers, "orders": orders, "touch_plans": plans, "touches": touches}
    return {name: rows.assign(_load_seq=1, _line_no=range(len(rows))) for name, rows in raw.items()}


def records(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    """Rows as dictionaries."""
    found = connection.sql(sql)
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


class Walk:
    """What the delivered rows say, row by row."""

    def __init__(self, raw: dict[str, pd.DataFrame], connection: duckdb.DuckDBPyConnection) -> None:
        end = datetime.combine(AS_OF, time.max)
        self.orders: dict[str, list[datetime]] = defaultdict(list)
        for row in raw["orders"].itertuples():
            if row.ordered_at <= end:
                self.orders[row.customer_id].append(row.ordered_at.to_pydatetime())
        sent = raw["touches"].astype(object).where(raw["touches"].notna(), None)
        self.touches = [
            row
            for row in sorted(sent.itertuples(), key=lambda one: (one.touched_at, one.touch_id))
            if row.touched_at <= end and row.variant != "holdout"
        ]
        self.tiers = {
            (row["customer_id"], row["scheme"], row["month_end"]): row["tier"]
            for row in records(connection, "from marts.customer_tier_history")
        }
        self.stages = {
            (row["customer_id"], row["month_end"]): row["activity_state"]
            for row in records(connection, "from marts.customer_lifecycle_history")
        }
        told = raw["customers"]
        self.opted_out = {
            row.customer_id: row.opted_out_at.date()
            for row in told.itertuples()
            if not pd.isna(row.opted_out_at) and row.opted_out_at <= end
        }
        self.consenting = set(told.loc[told["consent_marketing"], "customer_id"])
        self.policies = records(connection, "from seeds.service_policy_rules where profile = 'all' and contacts > 0")

    def is_contactable(self, customer: str, until: date) -> bool:
        """Whether a customer could be contacted in a month that ends on a day."""
        if customer in self.opted_out:
            return self.opted_out[customer] > until
        return customer in self.consenting


def months() -> Iterator[tuple[date, date, date]]:
    """The day before, the last day and the counted last day of the evaluated months and the running one."""
    for first in pd.date_range("2023-03-01", "2024-03-01", freq="MS"):
        last = (first + pd.offsets.MonthEnd(0)).date()
        yield first.date() - timedelta(days=1), last, min(last, AS_OF)


def follows(ordered_at: datetime, touched_at: datetime, days: int) -> bool:
    """Whether an order came after a touch and within so many days; at midnight only its day is known."""
    if ordered_at.date() > touched_at.date() + timedelta(days=days):
        return False
    return ordered_at >= touched_at or (ordered_at.time() == time(0) and ordered_at.date() == touched_at.date())


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_execution_cadence_and_activation_are_what_walks_through_the_rows_give(
    project: CompiledProject, seed: int
) -> None:
    raw = random_company(seed)
    with project.build(raw, as_of=AS_OF, models=MODELS, seeds={"holidays": HOLIDAYS}) as connection:
        walk = Walk(raw, connection)
        executed, cadence, activated = (
            records(connection, f"from marts.{table}") for table in ("touch_execution", "cadence_compliance",
                                                                     "activation_metrics")
        )  # fmt: skip
    check_execution(walk, raw["touch_plans"], executed)
    check_cadence(walk, cadence)
    check_activation(walk, activated)


@pytest.mark.slow
def test_plans_of_50_and_100_are_done_to_96_and_98_percent(project: CompiledProject) -> None:
    rounds = {"L50": (date(2024, 3, 1), 50, 48), "L100": (date(2024, 3, 2), 100, 98)}  # the golden rows of P4
    plans = pd.DataFrame(
        [(name, day, "value_sabc", "A", "phone", planned) for name, (day, planned, _) in rounds.items()],
        columns=["plan_id", "planned_on", "scheme", "tier", "channel", "planned_count"],
    )
    touches = pd.DataFrame({"plan_id": [name for name, (_, _, made) in rounds.items() for _ in range(made)]})
    touches["touch_id"] = touches["customer_id"] = [f"T{number}" for number in range(len(touches))]
    touches["touched_at"], touches["channel"] = pd.Timestamp("2024-03-02 10:00"), "phone"
    raw = {name: rows.assign(_load_seq=1, _line_no=range(len(rows))) for name, rows in
           (("touch_plans", plans), ("touches", touches))}  # fmt: skip
    with project.build(raw, as_of=AS_OF, models=["touch_execution"]) as connection:
        rows = records(connection, "from marts.touch_execution order by touch_date")
    assert [(row["planned_count"], row["actual_count"], row["completion_rate"]) for row in rows] == [
        (50, 48, 0.96), (100, 98, 0.98)
    ]  # fmt: skip
    assert [row["none"] for row in rows] == [48, 98]


def check_execution(walk: Walk, plans: pd.DataFrame, rows: list[dict[str, Any]]) -> None:
    """Every planned round with what was done, and all contacts in one row or another."""
    plans = plans.assign(theme=plans["theme"].fillna("unknown"))
    known = plans[plans["planned_on"] <= AS_OF].set_index("plan_id")
    planned, made, feedback = Counter[Any](), Counter[Any](), Counter[Any]()
    for plan in known.itertuples():
        planned[plan.planned_on, plan.tier, plan.channel, plan.theme, True] += plan.planned_count
    for touch in walk.touches:
        if touch.plan_id in known.index:
            plan = known.loc[touch.plan_id]
            key = (plan["planned_on"], plan["tier"], plan["channel"], plan["theme"], True)
        else:
            before = touch.touched_at.date().replace(day=1) - timedelta(days=1)
            tier = walk.tiers.get((touch.customer_id, "retention_abcd", before), "unknown")
            key = (touch.touched_at.date(), tier, touch.channel, "unknown", False)
        made[key] += 1
        feedback[key, touch.feedback or "none"] += 1
    found = {tuple(row[name] for name in ("touch_date", "tier", "channel", "theme", "is_planned")): row for row in rows}
    assert found.keys() == planned.keys() | made.keys()
    for key, row in found.items():
        assert row["actual_count"] == made[key], key
        assert [row[name] for name in ("positive", "negative", "none")] == [
            feedback[key, name] for name in ("positive", "negative", "none")
        ]
        rate = made[key] / planned[key] if planned[key] else None
        assert row["completion_rate"] == (None if rate is None else pytest.approx(rate))
        assert row["delivered_count"] is None


@cache
def periods_of(day: date) -> dict[str, tuple[date, date]]:
    """First and last day of the periods that a day is in."""
    stamp = pd.Timestamp(day)
    monday = day - timedelta(days=day.weekday())
    fortnight = day - timedelta(days=(day - date(2000, 1, 3)).days % 14)
    quarter = stamp.to_period("Q")
    half = date(day.year, 1 if day.month < 7 else 7, 1)
    return {
        "week": (monday, monday + timedelta(days=6)),
        "fortnight": (fortnight, fortnight + timedelta(days=13)),
        "month": (day.replace(day=1), (stamp + pd.offsets.MonthEnd(0)).date()),
        "quarter": (quarter.start_time.date(), quarter.end_time.date()),
        "half_year": (half, date(day.year, 6, 30) if half.month == 1 else date(day.year, 12, 31)),
    }


@cache
def has_open_day(start: date, end: date) -> bool:
    """Whether people make contacts on any day of a period."""
    days = [start + timedelta(days=number) for number in range((end - start).days + 1)]
    return any(day.isoweekday() < 6 and str(day) not in CLOSED for day in days)


def suits(policy: dict[str, Any], touch: Any) -> bool:
    """Whether a touch can be what a policy asks for: a call is made by a person, and for this customer alone."""
    by = policy["channel"]
    is_personal = touch.channel in PERSONS and touch.campaign_id is None
    is_by_it = touch.channel == by or {by, touch.channel} <= set(EXCHANGEABLE)
    return is_by_it and (is_personal or by not in PERSONS)


def owed(
    policies: list[dict[str, Any]],
    touches: list[Any],
    tiers: dict[date, str],
    judged: tuple[date, set[tuple[str, date]]],
) -> tuple[int, int]:
    """Contacts due to a customer in the periods that ended in a month, and those of them that were made.

    One touch after the other goes to the first policy that still wants one.

    Args:
        policies: of one scheme, those of shorter periods first, then by priority.
        tiers: the customer's tier by the first day of the month that a period ends in.
        judged: first day of the month, and the periods that ended in it.
    """
    month, ended = judged
    taken = Counter[Any]()
    for touch in touches:
        periods = periods_of(touch.touched_at.date())
        for policy in policies:
            start, end = periods[policy["period"]]
            place = (policy["policy"], start)
            if (
                tiers.get(end.replace(day=1)) == policy["tier"]
                and suits(policy, touch)
                and has_open_day(start, end)
                and taken[place] < policy["contacts"]
            ):
                taken[place] += 1
                break
    own = [one for one in policies if one["tier"] == tiers.get(month)]
    places = [(policy, start) for policy, (name, start) in product(own, ended) if name == policy["period"]]
    return sum(one["contacts"] for one, _ in places), sum(taken[one["policy"], start] for one, start in places)


def check_cadence(walk: Walk, rows: list[dict[str, Any]]) -> None:
    """Every tier with a policy, customer by customer."""
    touched = defaultdict[str, list[Any]](list)
    for touch in walk.touches:
        touched[touch.customer_id].append(touch)
    by_scheme = defaultdict[str, list[dict[str, Any]]](list)
    for policy in sorted(walk.policies, key=lambda one: (LENGTHS.index(one["period"]), one["priority"])):
        by_scheme[policy["scheme"]].append(policy)
    held = defaultdict[tuple[str, str], dict[date, str]](dict)
    for opening, last, closing in months():
        for (customer, scheme, on), tier in walk.tiers.items():
            if on == opening and walk.is_contactable(customer, closing):
                held[customer, scheme][last.replace(day=1)] = tier
    expected: dict[Any, list[int]] = {}
    for opening, last, closing in months():
        first = last.replace(day=1)
        days = [opening + timedelta(days=number + 1) for number in range((closing - opening).days)]
        ended = {
            (name, span[0])
            for day in days
            for name, span in periods_of(day).items()
            if span[1] == day and has_open_day(*span)
        }
        in_tiers = {key: tier for key, tier in walk.tiers.items() if key[2] == opening}
        for (customer, scheme, _), tier in in_tiers.items():
            tiers = {**held[customer, scheme], first: tier}
            due, made = owed(by_scheme[scheme], touched[customer], tiers, (first, ended))
            if due:
                counts = expected.setdefault((first, scheme, tier), [0, 0, 0, 0, 0])
                is_due = walk.is_contactable(customer, closing)
                added = (1, int(made == due), due, made, 0) if is_due else (0, 0, 0, 0, 1)
                counts[:] = [one + more for one, more in zip(counts, added, strict=True)]
    names = ("customers_due", "customers_contacted", "contacts_due", "contacts_made", "customers_without_consent")
    found = {(row["month"], row["scheme"], row["tier"]): [row[name] for name in names] for row in rows}
    assert found == expected
    assert sum(row["customers_contacted"] for row in rows) > 10
    assert any(row["overdue_contacts"] and row["contacts_made"] for row in rows)
    assert not has_open_day(date(2024, 2, 12), date(2024, 2, 18))
    assert {row["is_mature"] for row in rows} == {True, False}


@dataclass(frozen=True)
class Silent:
    """A customer who was silent when a month began: by which measure, touched when, and whether it came back."""

    measure: str
    first: Any
    was_back: bool
    has_returned: bool


def silent(walk: Walk, customer: str, opening: date, last: date) -> Silent | None:
    """What the month of a customer was; None of one who was not silent."""
    orders = walk.orders[customer]
    before = [one for one in orders if one.date() <= opening]
    if not before:
        return None
    is_churned = (opening - max(before).date()).days >= WINDOW
    if not is_churned and walk.stages.get((customer, opening)) != "at_risk":
        return None
    own = [one for one in walk.touches if one.customer_id == customer]
    first = next((one for one in own if opening < one.touched_at.date() <= last), None)
    was_back = False
    if first is not None:
        month = [one for one in orders if opening < one.date() <= first.touched_at.date()]
        if not all(follows(one, first.touched_at, 0) for one in month):
            first, was_back = None, True
    since = datetime.combine(last.replace(day=1), time(0)) if first is None else first.touched_at.to_pydatetime()
    days = WIN_BACK if is_churned else ACTIVATION
    has_returned = any(one.date() > opening and follows(one, since, days) for one in orders)
    return Silent("win_back" if is_churned else "activation", first, was_back, has_returned)


def check_activation(walk: Walk, rows: list[dict[str, Any]]) -> None:
    """Every month, customer by customer."""
    counts: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    for (_, last, _), measure in product(months(), ("activation", "win_back")):
        counts[last.replace(day=1), measure, "all", "all"] = [0, 0, 0, 0, 0]
    for (opening, last, _), customer in product(list(months()), list(walk.orders)):
        one = silent(walk, customer, opening, last)
        if one is None:
            continue
        keys = [("all", "all"), ("tier", walk.tiers[customer, "retention_abcd", opening])]
        if one.first is not None:
            keys += [("touch_channel", one.first.channel), ("campaign", one.first.campaign_id or "none")]
        for key in keys:
            place = 4 if one.was_back else 2 if one.first is None else 0
            counts[last.replace(day=1), one.measure, *key][place] += 1
            if not one.was_back:
                counts[last.replace(day=1), one.measure, *key][place + 1] += one.has_returned
    names = ("touched_customers", "returned_customers", "untouched_customers", "untouched_returned_customers",
             "returned_before_touch_customers")  # fmt: skip
    found = {
        (row["month"], row["measure"], row["dimension"], row["dimension_value"]): [row[name] or 0 for name in names]
        for row in rows
    }
    assert found == counts
    targets = {("win_back", "all", "all"): 0.3, ("activation", "tier", "D"): 0.2}
    for row in rows:
        touched = row["touched_customers"]
        assert row["rate"] == (pytest.approx(row["returned_customers"] / touched) if touched else None)
        assert row["target_rate"] == targets.get((row["measure"], row["dimension"], row["dimension_value"]))
        month_end = (row["month"] + pd.offsets.MonthEnd(0)).date()
        assert row["is_mature"] == (month_end + timedelta(days=row["return_days"]) <= AS_OF)
    for measure in ("activation", "win_back"):
        totals = [counts for key, counts in found.items() if key[1:3] == (measure, "all")]
        assert all(sum(column) > 10 for column in zip(*totals, strict=True))
