"""Targets, resources and plans against a second computation from the tables that they are made of."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from tests.models.compiled_project import PROJECT_DIR
from tests.models.lifecycle_companies import AS_OF
from tests.models.split_companies import split_company
from tests.models.test_satisfaction import records, with_answers

if TYPE_CHECKING:
    import duckdb
    from tests.models.compiled_project import CompiledProject

MARTS = ["target_tracking", "resource_plan", "plan_progress"]
FEWEST = 20  # a rate of fewer is not judged
Row = dict[str, Any]
Value = tuple[str, str, str, str, date]  # metric, scheme, tier, period_type, period_start


@pytest.fixture(scope="module", params=[3, 11])
def warehouse(project: CompiledProject, request: pytest.FixtureRequest) -> Any:
    """A random company with answers, members and what targets and plans need."""
    seed = request.param
    raw = with_answers(split_company(seed, 80), seed, AS_OF)
    dice = np.random.default_rng(seed)
    members = dice.choice(raw["customers"]["customer_id"].to_numpy(), size=30)
    levels = pd.DataFrame(
        {
            "customer_id": members,
            "level": dice.choice(["silver", "gold", "diamond"], size=30),
            "level_from": [AS_OF - timedelta(days=int(days)) for days in dice.integers(-5, 900, size=30)],
        }
    ).drop_duplicates(["customer_id", "level_from"])
    raw["memberships"] = levels.assign(_load_seq=1, _line_no=range(len(levels)))
    days = pd.to_datetime([AS_OF - timedelta(days=int(days)) for days in dice.integers(0, 60, size=80)])
    raw["tickets"] = pd.DataFrame(
        {
            "ticket_id": [f"T{number}" for number in range(80)],
            "received_at": (days + pd.Timedelta(hours=10)).astype("datetime64[us]"),
            "ticket_type": dice.choice(["complaint", "inquiry"], size=80),
            "resolved_at": (days + pd.Timedelta(hours=11)).astype("datetime64[us]").where(dice.random(80) < 0.7),
            "_load_seq": 1,
            "_line_no": range(80),
        }
    )
    with project.build(raw, as_of=AS_OF, models=MARTS) as built:
        yield built


def seed_rows(name: str, profile: str = "default_b2b") -> list[Row]:
    """The rows of a seed that hold for a profile."""
    with (PROJECT_DIR / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["profile"] in (profile, "all")]


def months_before(day: date, months: int) -> date:
    """The first day of the month so many months before."""
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def growth(later: float | None, earlier: float | None) -> float | None:
    """Change of a figure over the earlier one."""
    return None if later is None or not earlier else later / earlier - 1


def expected_values(built: duckdb.DuckDBPyConnection) -> dict[Value, float | None]:
    """Every metric of every period."""
    found: dict[Value, float | None] = {}
    tiers = records(built, "from marts.retention_by_tier")
    repeats = {(row["scheme"], row["tier"], row["period_type"], row["period_start"]): row for row in tiers}
    for (scheme, tier, kind, start), row in repeats.items():
        lost = row["customers_at_start"] - row["retained_customers"]
        found["retention_rate", scheme, tier, kind, start] = row["retained_customers"] / row["customers_at_start"]
        found["tier_churn_rate", scheme, tier, kind, start] = lost / row["customers_at_start"]
        found["repurchase_rate", scheme, tier, kind, start] = row["repurchase_rate"]
        if kind == "month":
            before = repeats.get((scheme, tier, kind, months_before(start, 3)), {}).get("repurchase_rate")
            found["repurchase_growth_3m_rate", scheme, tier, kind, start] = growth(row["repurchase_rate"], before)
    for row in records(built, "from marts.churn_metrics where dimension = 'all'"):
        rate = row["churned_customers"] / row["customers_at_start"] if row["customers_at_start"] else None
        found["churn_rate", "all", "all", "month", row["month_end"].replace(day=1)] = rate
    for row in records(built, "from marts.satisfaction_metrics where dimension = 'all'"):
        found[f"{row['survey_type']}_score", "all", "all", row["period_type"], row["period_start"]] = row["score"]
    base = {row["month_end"].replace(day=1): row for row in records(built, "from marts.customer_base_metrics")}
    for start, row in base.items():
        before = base.get(months_before(start, 3), {}).get("cross_sell_share")
        found["cross_sell_share", "all", "all", "month", start] = row["cross_sell_share"]
        found["cross_sell_growth_3m_rate", "all", "all", "month", start] = growth(row["cross_sell_share"], before)
        found["ltv_growth_rate", "all", "all", "month", start] = row["lifetime_revenue_growth_rate"]
    for row in records(built, "from marts.activation_metrics where dimension in ('all', 'tier')"):
        scheme = "retention_abcd" if row["dimension"] == "tier" else "all"
        found[f"{row['measure']}_rate", scheme, row["dimension_value"], "month", row["month"]] = row["rate"]
    for row in records(built, "from marts.service_metrics where period_type = 'week'"):
        what = {"all": "resolution_rate", "complaint": "complaint_resolution_rate"}.get(row["dimension_value"])
        if row["dimension"] in ("all", "ticket_type") and what:
            decided = row["tickets"] - row["undecided"]
            found[what, "all", "all", "week", row["week_start"]] = row["resolved"] / decided if decided else None
        if row["dimension"] == "all":
            due = row["met"] + row["breached"]
            found["timely_rate", "all", "all", "week", row["week_start"]] = row["met"] / due if due else None
    found |= expected_members(built)
    found["suggestion_adoption_rate", "all", "all", "as_of", AS_OF] = None
    return found


def expected_members(built: duckdb.DuckDBPyConnection) -> dict[Value, float | None]:
    """Repurchase and levels of the members, from the delivered memberships."""
    newest: dict[str, tuple[date, str]] = {}
    for row in records(built, "from raw.memberships"):
        if row["level_from"] <= AS_OF:
            newest[row["customer_id"]] = max(
                newest.get(row["customer_id"], (date.min, "")), (row["level_from"], row["level"])
            )
    days = defaultdict(set)
    year_ago = pd.Timestamp(AS_OF) - pd.DateOffset(months=12)
    for row in records(built, "from marts.fct_orders where is_purchase"):
        if row["customer_id"] in newest and pd.Timestamp(row["order_date"]) > year_ago:
            days[row["customer_id"]].add(row["order_date"])
    repeaters = sum(len(bought) > 1 for bought in days.values())
    ever = {row["level"] for row in records(built, "from raw.memberships") if row["level_from"] <= AS_OF}
    top = sum(level == "diamond" for _, level in newest.values()) if "diamond" in ever else None
    return {
        ("member_repurchase_rate", "all", "all", "as_of", AS_OF): repeaters / len(days),
        ("top_member_share", "all", "all", "as_of", AS_OF): None if top is None else top / len(newest),
    }


@pytest.mark.slow
def test_every_metric_is_that_of_its_own_table(warehouse: Any) -> None:
    expected = expected_values(warehouse)
    rows = records(warehouse, "from marts.metric_values")
    published = {
        (row["metric"], row["scheme"], row["tier"], row["period_type"], row["period_start"]): row for row in rows
    }
    assert published.keys() == expected.keys()
    assert len(rows) == len(published)
    for key, row in published.items():
        assert row["actual"] == (None if expected[key] is None else pytest.approx(expected[key], abs=1e-6)), key
        assert row["is_mature"] or row["period_end"] >= AS_OF - timedelta(days=60)
        if row["numerator"] is not None and row["actual"] is not None and row["unit"] == "rate":
            assert row["actual"] == pytest.approx(row["numerator"] / row["denominator"])
    month = {row["period_start"]: row for row in rows if row["metric"] == "cross_sell_share"}
    for row in rows:
        if row["metric"] == "cross_sell_growth_3m_rate" and row["actual"] is not None:
            sides = [month[start] for start in (row["period_start"], months_before(row["period_start"], 3))]
            assert row["denominator"] == min(side["denominator"] for side in sides)
    told = {row["metric"] for row in rows if row["actual"] is not None}
    assert {"repurchase_growth_3m_rate", "cross_sell_growth_3m_rate", "member_repurchase_rate", "nps_score"} <= told


def status_of(target: Row, actual: float | None, count: int | None) -> str:
    """How an actual stands to a target, in decimals; a score is hidden for too few answers alone."""
    if actual is None:
        return "too_few" if target["metric"].endswith("_score") and count is not None else "no_data"
    if count is not None and count < FEWEST:
        return "too_few"
    sign = -1 if target["direction"] == "at_most" else 1
    reached = sign * Decimal(actual).quantize(Decimal("0.000001"))
    if reached >= sign * Decimal(target["target"]):
        return "met"
    if target["alarm_at"] and reached <= sign * Decimal(target["alarm_at"]):
        return "alarm"
    return "warning" if target["warn_at"] and reached <= sign * Decimal(target["warn_at"]) else "behind"


@pytest.mark.slow
def test_every_target_stands_beside_every_period_of_its_metric(warehouse: Any) -> None:
    tracked = records(warehouse, "from marts.target_tracking")
    values = defaultdict(list)
    for row in records(warehouse, "from marts.metric_values"):
        values[row["metric"], row["scheme"], row["tier"], row["period_type"]].append(row)
    seen = 0
    for target in seed_rows("targets"):
        key = (target["metric"], target["scheme"], target["tier"], target["period_type"])
        of_target = [
            row for row in tracked if tuple(row[name] for name in ("metric", "scheme", "tier", "period_type")) == key
        ]
        seen += len(of_target)
        measured = {row["period_start"]: row for row in values[key]}
        assert {row["period_start"] for row in of_target} == (measured.keys() or {AS_OF})
        (latest,) = (row for row in of_target if row["is_latest"])
        ripe = [start for start, row in measured.items() if row["is_mature"]]
        assert latest["period_start"] == max(ripe or measured or [AS_OF])
        for row in of_target:
            value = measured.get(row["period_start"], {"actual": None, "is_mature": True, "denominator": None})
            status = status_of(target, value["actual"], value["denominator"]) if value["is_mature"] else "not_ripe"
            assert row["status"] == status, row
            if value["actual"] is not None:
                unit = 100 if row["unit"] == "rate" else 1
                assert row["gap"] == pytest.approx(unit * (value["actual"] - float(target["target"])), abs=1e-4)
                assert "at most" in row["reason"] or "at least" in row["reason"]
    assert seen == len(tracked)


@pytest.mark.slow
def test_budgets_are_compared_with_value_and_plans_with_time(warehouse: Any) -> None:
    tiers = {
        row["tier"]: row for row in records(warehouse, "from marts.tier_distribution where scheme = 'retention_abcd'")
    }
    budgets = {row["tier"]: Decimal(row["budget"]) for row in seed_rows("resource_budgets") if not row["quarter_start"]}
    revenue = sum(row["revenue_12m"] for row in tiers.values())
    quarter = date(AS_OF.year, 3 * ((AS_OF.month - 1) // 3) + 1, 1)
    plan = records(warehouse, f"from marts.resource_plan where quarter_start = '{quarter}'")
    assert {row["tier"] for row in plan} == tiers.keys() | budgets.keys()
    for row in plan:
        tier = tiers.get(row["tier"], {"customers": 0, "revenue_12m": Decimal(0)})
        share = float(budgets.get(row["tier"], 0) / sum(budgets.values()))
        worth = float(tier["revenue_12m"] / revenue)
        assert (row["customers"], row["budget"]) == (tier["customers"], budgets.get(row["tier"], 0))
        assert (row["budget_share"], row["value_share"]) == (pytest.approx(share), pytest.approx(worth))
        assert row["is_departing"] == (abs(round(share - worth, 6)) > 0.1)
    values = [
        row
        for row in records(warehouse, "from marts.metric_values where is_mature and actual is not null")
        if row["denominator"] is None or row["denominator"] >= FEWEST
    ]
    for row in records(warehouse, "from marts.plan_progress"):
        key = tuple(row[name] for name in ("metric", "scheme", "tier", "period_type"))
        of_metric = sorted(
            (one["period_end"], one["actual"])
            for one in values
            if tuple(one[name] for name in ("metric", "scheme", "tier", "period_type")) == key
        )
        within = [actual for end, actual in of_metric if row["starts_on"] <= end <= row["ends_on"]]
        assert row["actual"] == (within[-1] if within else None)
        over, whole = (AS_OF - row["starts_on"]).days + 1, (row["ends_on"] - row["starts_on"]).days + 1
        assert row["elapsed_share"] == pytest.approx(min(1, max(0, over / whole)), abs=1e-6)


def test_the_delivered_targets_are_those_of_section_g() -> None:
    delivered = {(row["scheme"], row["tier"], row["metric"]): float(row["target"]) for row in seed_rows("targets")}
    assert delivered == {
        ("retention_abcd", "A", "retention_rate"): 0.95,
        ("retention_abcd", "B", "retention_rate"): 0.85,
        ("retention_abcd", "D", "retention_rate"): 0.2,
        ("retention_abcd", "D", "activation_rate"): 0.2,
        ("all", "all", "churn_rate"): 0.05,
        ("value_sabc", "S", "tier_churn_rate"): 0.05,
        ("all", "all", "complaint_resolution_rate"): 0.95,
        ("all", "all", "timely_rate"): 0.9,
        ("all", "all", "csat_score"): 0.9,
        ("all", "all", "nps_score"): 40,
        ("retention_abcd", "B", "repurchase_growth_3m_rate"): 0.2,
        ("all", "all", "win_back_rate"): 0.3,
        ("all", "all", "cross_sell_growth_3m_rate"): 0.1,
        ("all", "all", "ltv_growth_rate"): 0.15,
        ("all", "all", "member_repurchase_rate"): 0.7,
        ("all", "all", "top_member_share"): 0.15,
        ("all", "all", "suggestion_adoption_rate"): 0.6,
        ("retention_abcd", "A", "repurchase_growth_3m_rate"): 0.1,
    }
    assert all(row["owner"] for row in seed_rows("targets"))
    assert all(row["warn_at"] != row["alarm_at"] != row["target"] for row in seed_rows("targets"))
