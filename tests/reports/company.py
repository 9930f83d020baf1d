"""A release of a small company: every published table by its contract, some with hand-made rows, most without any."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import duckdb
import yaml
from tests.reports.stand_ins import add_stand_ins

from retention.settings import PROJECT_DIR

if TYPE_CHECKING:
    from pathlib import Path

    from retention.runs import Home

AS_OF = "2024-05-31"
ROWS = """
    insert into marts.dim_labels by name
        select code_set, code, name_en, name_zh, rule_id, description from read_csv('{labels}', all_varchar = true);
    insert into marts.dim_customers by name select * from (values
        ('C1', 'company', '<script>alert(1)</script>', 'east', 'ann', true, date '{as_of}'),
        ('=1+1', 'company', 'steel', 'north', '=cmd()', true, date '{as_of}'),
        ('C3', 'person', null, 'west', null, false, date '{as_of}')
    ) as t(customer_id, customer_type, industry, region, account_owner, is_contactable, as_of_date);
    insert into marts.fct_orders by name select 'O1' as order_id, 'C1' as customer_id, 'completed' as status,
        timestamp '2024-05-01 10:00' as ordered_at, date '2024-05-01' as order_date, 'CNY' as currency,
        100 as gross_amount, 0 as returned_amount, 100 as net_amount, true as is_purchase, 'CNY' as source_currency,
        100 as source_amount, 1 as fx_rate, date '{as_of}' as as_of_date;
    insert into marts.customer_tiers by name select * from (values
        ('C1', 'retention_abcd', 'A', 1, true, date '{as_of}'),
        ('=1+1', 'retention_abcd', 'D', 4, true, date '{as_of}'),
        ('C3', 'retention_abcd', 'unscored', 5, true, date '{as_of}')
    ) as t(customer_id, scheme, tier, tier_rank, is_primary_scheme, as_of_date);
    insert into marts.customer_rfm by name select * from (values
        ('C1', 30, 12, 123456.78, 92.5, 'champions', date '{as_of}'),
        ('=1+1', 200, 1, 5.00, 20.0, 'lost', date '{as_of}'),
        ('C3', null, 0, 0, null, null, date '{as_of}')
    ) as t(customer_id, recency_days, frequency_12m, monetary_12m, rfm_score, rfm_segment, as_of_date);
    insert into marts.customer_churn_risk by name select * from (values
        ('C1', 0.03, 'low', false, date '{as_of}'), ('=1+1', 0.91, 'high', false, date '{as_of}')
    ) as t(customer_id, churn_risk, risk_band, is_churned, as_of_date);
    insert into marts.tier_distribution by name select * from (values
        ('retention_abcd', 'A', 1, 1, 0.25, 90.00, 0.9, 45.00, date '{as_of}'),
        ('retention_abcd', 'D', 4, 3, 0.75, 10.00, 0.1, 5.00, date '{as_of}'),
        ('activity_state', 'active', 1, 4, 1.0, 100.00, 1.0, 25.00, date '{as_of}')
    ) as t(scheme, tier, tier_rank, customers, customer_share, revenue_12m, revenue_share, avg_order_value, as_of_date);
    insert into marts.retention_by_tier by name select 'rolling' as period_type, date '2024-03-03' as period_start,
        date '{as_of}' as period_end, 'retention_abcd' as scheme, date '{as_of}' as as_of_date, * from (values
        ('A', 1, 500, 458, 458, 0.916, 0.95, -3.4), ('D', 4, 800, 168, 168, 0.21, 0.20, 1.0)
    ) as t(tier, tier_rank, customers_at_start, customers_at_end, retained_customers, retention_rate, target_rate,
        gap_points);
    insert into marts.touch_execution by name select date '2024-05-30' as touch_date, 'retention_abcd' as scheme,
        true as is_planned, date '{as_of}' as as_of_date, * from (values
        ('A', 'phone', 'call', 'team-a', 50, 48, 0.96, 30, 2, 16),
        ('B', 'email', 'news', 'team-b', 100, 98, 0.98, 1, 0, 97)
    ) as t(tier, channel, theme, executor, planned_count, actual_count, completion_rate, positive, negative, "none");
    insert into marts.target_tracking by name select 'rolling' as period_type, date '2024-03-03' as period_start,
        date '{as_of}' as period_end, 'rate' as unit, 'customer_success' as owner, date '{as_of}' as as_of_date,
        'at_least' as direction, 'retention_rate' as metric, 'retention_abcd' as scheme, * from (values
        ('A', 0.95, 0.916, 458, 500, -3.4, 'warning', true, null), ('D', 0.20, 0.21, 168, 800, 1.0, 'met', true, null),
        ('B', 0.85, null, null, null, null, 'no_data', false, 'no_data')
    ) as t(tier, target, actual, numerator, denominator, gap, status, is_latest, missing_reason);
    insert into marts.ticket_sla by name select * from (values
        ('T1', 'C1', 'complaint', 'logistics', 'urgent', 'ann', timestamp '2024-05-02 09:00', date '2024-05-02',
            timestamp '2024-05-02 20:00', 'met', false, false, 5, 'called ''the'' customer', date '{as_of}'),
        ('T2', null, 'complaint', 'billing', 'normal', '=bob', timestamp '2024-05-14 09:00', date '2024-05-14', null,
            'overdue', true, true, null, null, date '{as_of}')
    ) as t(ticket_id, customer_id, ticket_type, category, severity, owner, received_at, received_on, resolved_at,
        resolution_status, is_open, is_overdue, satisfaction_score, improvement, as_of_date);
    insert into marts.retention_cohorts by name select 'month' as period_type, 'classic' as definition,
        'all' as dimension, 'all' as dimension_value, date '{as_of}' as as_of_date, * from (values
        (date '2024-03-01', 0, 10, 10, 1.0, true), (date '2024-03-01', 1, 10, 0, 0.0, true),
        (date '2024-03-01', 2, 10, 4, 0.4, false), (date '2024-04-01', 0, 20, 20, 1.0, true)
    ) as t(cohort_period, period_number, cohort_size, retained_customers, retention_rate, is_mature);
    insert into marts.data_quality by name select * from (values
        ('orders', 'volume', 'rows', null, '10', '>= 1', true, 'critical', date '{as_of}'),
        ('customers', 'completeness', 'expect_column_values_to_not_be_null', 'name',
            '0.2', '>= 0.95', false, 'warning', date '{as_of}')
    ) as t(entity, "check", expectation, "column", observed, threshold, passed, severity, as_of_date);
"""
"""Numbers of the golden rows (rules, section 17): 458 of 500, 168 of 800, 48 of 50, 98 of 100, W6."""


def write_release(home: Home) -> Path:
    """Write a release of the company; its folder."""
    folder = home.releases / "one"
    folder.mkdir(parents=True)
    with duckdb.connect(str(folder / "retention.duckdb")) as connection:
        connection.execute("begin; create schema marts")  # one transaction: every commit waits for the disk
        for table, columns in contracts().items():
            connection.execute(f"create table marts.{table} ({columns})")
        labels = PROJECT_DIR / "dbt_project" / "seeds" / "labels.csv"
        connection.execute(ROWS.replace("{as_of}", AS_OF).replace("{labels}", str(labels)))
        add_stand_ins(connection, AS_OF)
        connection.execute("commit")
    write_manifest(folder, AS_OF)
    home.published.symlink_to(folder)
    return folder


def copy_release(home: Home, other: Home, as_of: str = AS_OF) -> Path:
    """Copy the published release into another home, as one of another day; its folder."""
    folder = other.releases / as_of
    shutil.copytree(home.published.resolve(), folder)
    write_manifest(folder, as_of)
    return folder


def write_manifest(folder: Path, as_of: str) -> None:
    """What a release says of itself."""
    manifest = {"release_id": folder.name, "as_of_date": as_of, "profile": "default_b2b", "is_synthetic": True,
                "known_by": None, "started_at": f"{as_of}T09:00:00"}  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def contracts() -> dict[str, str]:
    """Columns and types of the published tables."""
    found = {}
    for path in sorted((PROJECT_DIR / "dbt_project" / "models" / "marts").glob("*/_*.yml")):
        for model in yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader).get("models") or ():
            columns = [f'"{one["name"]}" {one["data_type"]}' for one in model.get("columns", ()) if "data_type" in one]
            if columns and "unit_tests" not in path.stem:
                found[model["name"]] = ", ".join(columns)
    return found
