"""Tiers equal an independent evaluation of the rule table, and the golden rows hold."""

from __future__ import annotations

import io
import itertools
import shutil
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from tests.models.compiled_project import (
    PROJECT_DIR,
    CompiledProject,
)
from tests.models.expected_metrics import expected_metrics
from tests.models.expected_rfm import Rule, expected_rfm, expected_tier, rules_in_order
from tests.models.random_companies import Company, moved_to_days, random_company
from tests.models.random_engagement import engaged_company, with_engagement
from tests.models.test_customer_rfm import SEGMENTS, build

if TYPE_CHECKING:
    import duckdb

RULES = pd.read_csv(PROJECT_DIR / "seeds" / "tier_rules.csv", dtype={"value": str}).query("profile == 'all'")
SCHEMES = sorted(RULES["scheme"].unique())  # as the columns of the history are numbered
IN_ORDER = {scheme: rules_in_order(RULES[RULES["scheme"] == scheme]) for scheme in SCHEMES}


HISTORY_MONTHS = 36


def month_ends(company: Company, months: int = HISTORY_MONTHS) -> list[date]:
    """The last days of the last whole months by the as-of day, none before the first order's month; 0 months: all."""
    end = pd.Timestamp(company.as_of)
    ordered = company.raw["orders"]["ordered_at"]
    first = ordered[ordered < end + pd.Timedelta(days=1)].min()
    if pd.isna(first):
        # The calendar of a company without orders holds the as-of day alone.
        return [company.as_of] if end.is_month_end else []
    whole = pd.period_range(first.to_period("M"), (end + pd.Timedelta(days=1)).to_period("M") - 1, freq="M")
    return [month.end_time.date() for month in whole][-months:]


def snapshot_days(company: Company) -> list[date]:
    """The days on which tiers are compared: month-ends, the day before the rolling 90 days, and the as-of day.

    The evaluated months are among those of the history, and so is the day before each of them.
    """
    end = pd.Timestamp(company.as_of)
    return sorted({end.date(), (end - pd.Timedelta(days=90)).date(), *month_ends(company)})


def tiers_on(
    company: Company, day: date, in_order: dict[str, list[Rule]] = IN_ORDER
) -> dict[tuple[str, str], tuple[str, int, str]]:
    """Tier, rank and rule of every known customer and scheme at the close of a day."""
    # As the models keep them: a mean that is on a threshold meets it, whatever binary fractions make of it.
    metrics = expected_metrics(company, SEGMENTS, day)
    numbers = metrics.select_dtypes("number").columns
    metrics[numbers] = metrics[numbers].round(6)
    return {
        (str(customer_id), scheme): expected_tier(customer, rules)
        for customer_id, customer in metrics.to_dict("index").items()
        for scheme, rules in in_order.items()
    }


def expected_tiers(company: Company) -> dict[tuple[str, str], tuple[object, ...]]:
    """customer_tiers: tier, rank, rule, whether primary, tier before the last change and the day that showed it."""
    # The day before the rolling period moves from run to run and so tells no change.
    history = {day: tiers_on(company, day) for day in sorted({company.as_of, *month_ends(company)})}
    result: dict[tuple[str, str], tuple[object, ...]] = {}
    for key, (tier, rank, rule_id) in history[company.as_of].items():
        course = [(day, tiers[key][0]) for day, tiers in history.items() if key in tiers]
        changes = [(before, day) for (_, before), (day, after) in itertools.pairwise(course) if before != after]
        previous, changed_on = changes[-1] if changes else (None, None)
        result[key] = (tier, rank, rule_id, key[1] == "retention_abcd", previous, changed_on, company.as_of)
    return result


@pytest.mark.parametrize("seed", range(0, 40, 5))
def test_customer_tiers_equal_an_independent_computation(project: CompiledProject, seed: int) -> None:
    company = engaged_company(seed)
    connection = build(project, company, "customer_tiers")
    found = connection.sql(
        "select customer_id, scheme, tier, tier_rank, rule_id, is_primary_scheme, previous_tier, changed_on, as_of_date"
        " from marts.customer_tiers"
    ).fetchall()
    assert {row[:2]: row[2:] for row in found} == expected_tiers(company)
    assert len({row[:2] for row in found}) == len(found)


def window_edges(company: Company) -> list[date]:
    """The snapshots, and the days after which their windows open."""
    days = snapshot_days(company)
    opened = [(pd.Timestamp(day) - pd.DateOffset(months=12)).date() for day in days]
    return [*days, *opened]


def tier_history(warehouse: duckdb.DuckDBPyConnection, schemes: list[str]) -> dict[date, dict[tuple[str, str], object]]:
    """By snapshot the tier and rank of every customer under every scheme."""
    found: dict[date, dict[tuple[str, str], object]] = {}
    for number, scheme in enumerate(schemes, start=1):
        for customer_id, day, tier, rank in warehouse.sql(
            f"select customer_id, snapshot_on, tier_{number}, tier_rank_{number} from intermediate.int_tier_history"
        ).fetchall():
            assert (customer_id, scheme) not in found.setdefault(day, {})
            found[day][customer_id, scheme] = (tier, rank)
    return found


def expected_history(company: Company, in_order: dict[str, list[Rule]]) -> dict[date, dict[tuple[str, str], object]]:
    """The same, by the rules' words; a day on which nobody was known is left out."""
    history = {
        day: {key: found[:2] for key, found in tiers_on(company, day, in_order).items()}
        for day in snapshot_days(company)
    }
    return {day: tiers for day, tiers in history.items() if tiers}


@pytest.mark.parametrize("seed", range(20, 40, 3))
def test_every_snapshot_is_right_when_orders_and_returns_fall_on_the_edges_of_windows(
    project: CompiledProject, seed: int
) -> None:
    company = with_engagement(moved_to_days(random_company(seed), window_edges(random_company(seed)), seed), seed)
    warehouse = build(project, company, "int_tier_history")
    assert tier_history(warehouse, SCHEMES) == expected_history(company, IN_ORDER)


ASKS_FOR_LIFETIMES = """\
profile,scheme,rule_id,rule_rank,tier,condition_group,metric,operator,value
all,lifetime,T9.days,1,days,1,purchase_days_lifetime,>=,3
all,lifetime,T9.often,2,often,1,frequency_lifetime,>=,2
all,lifetime,T9.much,3,much,1,monetary_lifetime,>=,50000
all,lifetime,T9.none,4,none,1,purchase_days_lifetime,is_null,
all,lifetime,T9.rest,5,rest,1,always,,
"""


@pytest.fixture(scope="module")
def asking_for_lifetimes(tmp_path_factory: pytest.TempPathFactory) -> CompiledProject:
    """The project with other tier rules: about all purchases ever made."""
    folder = tmp_path_factory.mktemp("lifetimes")
    copied = shutil.copytree(PROJECT_DIR, folder / "dbt_project", ignore=shutil.ignore_patterns("target", "logs"))
    (copied / "seeds" / "tier_rules.csv").write_text(ASKS_FOR_LIFETIMES, encoding="utf-8")
    return CompiledProject(folder / "compiled", copied)


@pytest.mark.slow
def test_a_rule_may_ask_for_all_purchases_ever_made(asking_for_lifetimes: CompiledProject) -> None:
    rules = pd.read_csv(io.StringIO(ASKS_FOR_LIFETIMES), dtype={"value": str})
    in_order = {"lifetime": rules_in_order(rules)}
    seen: set[object] = set()
    for seed in range(40, 46):
        company = moved_to_days(random_company(seed), window_edges(random_company(seed)), seed)
        company = with_engagement(company, seed)
        with build(asking_for_lifetimes, company, "int_tier_history", "tier_crosswalk") as warehouse:
            found = tier_history(warehouse, ["lifetime"])
            assert not warehouse.sql("from marts.tier_crosswalk").fetchall()  # there is no second scheme
        assert found == expected_history(company, in_order)
        seen |= {tier for tiers in found.values() for tier in tiers.values()}
    assert seen == {("days", 1), ("often", 2), ("much", 3), ("none", 4), ("rest", 5)}


@pytest.mark.parametrize("seed", range(1, 40, 6))
def test_tier_distribution_equals_an_independent_computation(project: CompiledProject, seed: int) -> None:
    company = engaged_company(seed)
    connection = build(project, company, "tier_distribution")
    rfm = expected_rfm(company, SEGMENTS)
    total = int(rfm["monetary_12m"].sum())
    for scheme in SCHEMES:
        tiers = pd.Series(
            {key[0]: tier for key, (tier, _, _) in tiers_on(company, company.as_of).items() if key[1] == scheme}
        )
        found = connection.execute(
            "select tier, customers, customer_share, revenue_12m, revenue_share, avg_order_value, avg_recency_days,"
            " avg_frequency_12m, avg_monetary_12m from marts.tier_distribution where scheme = ?",
            [scheme],
        ).fetchall()
        assert {row[0] for row in found} == set(tiers)
        for tier, customers, customer_share, revenue, revenue_share, order_value, recency, often, spend in found:
            group = rfm.loc[tiers[tiers == tier].index]
            cents, purchases = int(group["monetary_12m"].sum()), int(group["frequency_12m"].sum())
            assert customers == len(group)
            assert customer_share == pytest.approx(len(group) / len(rfm))
            assert revenue == Decimal(cents) / 100
            assert revenue_share == (pytest.approx(cents / total) if total else None)
            expected_value = pytest.approx(cents / 100 / purchases, abs=0.00501) if purchases else None
            assert (None if order_value is None else float(order_value)) == expected_value
            days = group["recency_days"].dropna()
            assert recency == (pytest.approx(days.mean()) if len(days) else None)
            assert often == pytest.approx(purchases / len(group))
            assert float(spend) == pytest.approx(cents / 100 / len(group), abs=0.00501)


GOLDEN = [(45, "D"), (68, "B"), (80, "A"), (50, "D"), (50.01, "C"), (65, "B"), (None, "unscored")]


@pytest.mark.parametrize(("score", "tier"), GOLDEN)
def test_the_golden_rows_of_r5_and_t1(score: float | None, tier: str) -> None:
    customer = pd.DataFrame({"rfm_score": [score]}, dtype=float).iloc[0]
    assert expected_tier(customer, IN_ORDER["retention_abcd"])[0] == tier


@pytest.mark.parametrize("profile", ["default_b2b", "retail"])
def test_the_golden_rows_hold_in_the_compiled_model_whatever_the_profile(
    project: CompiledProject, profile: str
) -> None:
    connection = project.build({}, as_of=date(2024, 3, 31), profile=profile, models=["int_customer_metrics"])
    connection.register("golden", pd.DataFrame(GOLDEN, columns=["rfm_score", "expected"]))
    connection.execute(
        "create table scored as from intermediate.int_customer_metrics;"
        "insert into scored by name"
        " select expected || coalesce(rfm_score::varchar, '') as customer_id, rfm_score, true as is_as_of from golden;"
        "create or replace view intermediate.int_customer_metrics as from scored"
    )
    nodes = project.profile(profile).nodes
    current = f"select customer_id, tier from ({nodes['int_customer_tiers'].sql}) where scheme = 'retention_abcd'"
    number = SCHEMES.index("retention_abcd") + 1
    history = f"select customer_id, tier_{number} as tier from ({nodes['int_tier_history'].sql})"
    for tiers in (current, history):
        found = connection.execute(
            f"select golden.rfm_score, tier from ({tiers}) as tiers"
            " inner join golden on tiers.customer_id = expected || coalesce(rfm_score::varchar, '')"
        ).fetchall()
        assert set(found) == set(GOLDEN)
