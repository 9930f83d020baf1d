"""Dormancy (L4) against days counted by hand, on random companies with interactions and without."""

from __future__ import annotations

import random
import shutil
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from tests.models.compiled_project import PROJECT_DIR, CompiledProject, DbtFailedError
from tests.models.lifecycle_companies import AS_OF, random_company

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from tests.models.lifecycle_companies import Raw
    from tests.models.lifecycle_replay import Customer

SILENT_DAYS = 180
LOWEST = {"retention_abcd": "D", "value_sabc": "C"}


def _with_interactions(raw: Raw, names: list[str], seed: int) -> dict[str, list[date]]:
    """Draw interactions of some customers, before the as-of day and after it, into the raw tables."""
    dice = random.Random(seed)  # noqa: S311 (a repeatable company, no secret)
    days = {
        name: [AS_OF + timedelta(days=dice.randint(-300, 20)) for _ in range(dice.choice([0, 0, 1, 2]))]
        for name in names
    }
    rows = [(name, datetime(day.year, day.month, day.day, 9)) for name in names for day in days[name]]  # noqa: DTZ001  # as in raw
    raw["interactions"] = pd.DataFrame(rows, columns=["customer_id", "occurred_at"]).assign(
        interaction_id=[f"I{number}" for number in range(len(rows))],
        channel="phone",
        _load_seq=1,
        _line_no=range(len(rows)),
    )
    return days


def _last_interaction(customer: Customer, interactions: list[date]) -> date | None:
    answered = [max(touched, replied) for touched, replied in customer.touches if replied]
    bought = [order.ordered_on for order in customer.orders if order.is_purchase_on(AS_OF)]
    registered = [customer.registered_on] if customer.registered_on else []
    return max([day for day in [*answered, *bought, *registered, *interactions] if day <= AS_OF], default=None)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["retention_abcd", "value_sabc"])
@pytest.mark.parametrize("seed", range(600, 604))
def test_the_lowest_tier_is_dormant_after_its_last_purchase_response_or_interaction(
    project: CompiledProject, seed: int, scheme: str
) -> None:
    raw, known = random_company(seed, customers=60)
    interactions = _with_interactions(raw, list(known), seed)
    with project.build({}, as_of=AS_OF, models=["int_profile"]) as warehouse:
        parameters = warehouse.sql("from seeds.profile_parameters").df()
    parameters.loc[parameters["parameter"] == "dormancy_scheme", "value"] = scheme
    seeds = {"profile_parameters": parameters}
    with project.build(raw, as_of=AS_OF, models=["customer_lifecycle", "customer_tiers"], seeds=seeds) as warehouse:
        query = f"select customer_id, tier from marts.customer_tiers where scheme = '{scheme}'"
        tiers = dict(warehouse.sql(query).fetchall())
        rows = warehouse.sql("select customer_id, dormancy, days_without_interaction from marts.customer_lifecycle")
        found = {name: (dormancy, days) for name, dormancy, days in rows.fetchall()}
    expected = {}
    for name in found:
        last = _last_interaction(known[name], interactions[name])
        days = (AS_OF - last).days if last else None
        is_dormant = tiers[name] == LOWEST[scheme] and days and days >= SILENT_DAYS
        expected[name] = ("dormant" if is_dormant else "awake", days)
    assert found == expected
    assert {dormancy for dormancy, _ in found.values()} == {"dormant", "awake"}


@pytest.mark.slow
def test_nobody_is_called_dormant_where_no_interactions_are_delivered(project: CompiledProject) -> None:
    raw, _ = random_company(600)
    with project.build(raw, as_of=AS_OF, models=["customer_lifecycle"]) as warehouse:
        rows = warehouse.sql(
            "select distinct dormancy, dormancy_rule_id, dormancy_reason from marts.customer_lifecycle"
        ).fetchall()
    assert rows == [(None, None, "dormancy null (no_interaction_data)")]


@pytest.mark.slow
def test_a_rule_of_dormancy_that_asks_for_anything_else_is_refused(tmp_path: Path) -> None:
    copy = tmp_path / "dbt_project"
    shutil.copytree(PROJECT_DIR, copy, ignore=shutil.ignore_patterns("target", "logs"))
    rules = copy / "seeds" / "lifecycle_rules.csv"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text.replace("days_without_interaction,>=", "recency_days,>="), encoding="utf-8")
    with pytest.raises(DbtFailedError) as refused:
        CompiledProject(tmp_path / "compiled", copy).profile("default_b2b")
    message = " ".join(str(refused.value).split())
    assert "rule L4.dormant (scheme lifecycle_dormancy, rank 1): metric 'recency_days' is none" in message
    assert "Use one of: days_without_interaction, tiers_below." in message
