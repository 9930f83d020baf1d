"""A small clean warehouse, in which each test plants what it is about."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from retention.landing import load_contracts
from retention.quality.checks import Checker
from retention.quality.results import CheckResult
from retention.settings import PROJECT_DIR

AS_OF = date(2024, 6, 30)
ENTITIES = tuple(load_contracts(PROJECT_DIR))
TIME_ZONE = "Asia/Shanghai"

# 500 days of one order a day up to the as-of day, by ten customers; every entity points into the others.
LANDED = {
    "customers": """select 'c' || i as customer_id, 'h' || i as name_hash, 'h' || i as contact_name_hash,
        'h' || i as phone_hash, 'h' || i as email_hash, 'retail' as industry, 'north' as region, 'fast' as need_tags,
        true as consent_marketing, timestamp '2023-01-01' as registered_at,
        timestamp '2024-06-30 08:00' as updated_at from range(10) as t(i)""",
    "orders": """select 'o' || i as order_id, 'c' || (i % 10) as customer_id,
        timestamp '2024-06-30 12:00' - i * interval 1 day as ordered_at, 10.00 as amount from range(500) as t(i)""",
    "order_items": """select 'o' || i as order_id, 1 as line_no, 'p' || (i % 5) as product_id, 1 as quantity,
        10.00 as line_amount from range(500) as t(i)""",
    "products": """select 'p' || i as product_id, 'food' as category, 'n' as name, 1.00 as unit_cost
        from range(5) as t(i)""",
    "returns": """select 'r' || i as return_id, 'o' || i as order_id, 'p0' as product_id,
        timestamp '2024-06-30' as returned_at, 1.00 as amount from range(3) as t(i)""",
    "campaigns": """select 'k0' as campaign_id, 'spring' as name, date '2024-06-30' as starts_on,
        date '2024-07-30' as ends_on, 'more' as goal, 5.00 as cost""",
    "touches": """select 't' || i as touch_id, 'c' || i as customer_id, timestamp '2024-06-30' as touched_at,
        'mail' as channel, 'k0' as campaign_id from range(10) as t(i)""",
    "interactions": """select 'i' || i as interaction_id, 'c' || i as customer_id,
        timestamp '2024-06-30 09:00' as occurred_at, 'phone' as channel, 'enquiry' as interaction_type,
        'ann' as staff, timestamp '2024-06-30 10:00' as recorded_at from range(10) as t(i)""",
    "tickets": """select 'e' || i as ticket_id, 'c' || i as customer_id, timestamp '2024-06-30 09:00' as received_at,
        'complaint' as ticket_type, 'delivery' as category, 'normal' as severity from range(10) as t(i)""",
    "ticket_events": """select 'v0' as event_id, 'e0' as ticket_id, timestamp '2024-06-30 10:00' as occurred_at,
        'paused' as event_type""",
    "surveys": """select 's' || i as response_id, 'c' || i as customer_id, 'nps' as survey_type, i as score,
        timestamp '2024-06-30' as responded_at, 'delivery' as touchpoint from range(10) as t(i)""",
    "touch_plans": """select 'l0' as plan_id, date '2024-06-30' as planned_on, 'value_sabc' as scheme, 'A' as tier,
        'mail' as channel, 10 as planned_count, 'k0' as campaign_id""",
    "memberships": """select 'c' || i as customer_id, date '2024-06-30' as level_from, 'gold' as level
        from range(10) as t(i)""",
    "contracts": """select 'n' || i as contract_id, 'c' || i as customer_id, date '2024-06-30' as starts_on,
        date '2025-06-29' as ends_on from range(10) as t(i)""",
    "referrals": """select 'f0' as referral_id, 'c0' as referrer_id, 'c1' as referred_id,
        timestamp '2024-06-30' as referred_at""",
    "finance_totals": "select date '2024-06-01' as month, 300.00 as revenue",
    "strategy_changes": """select 'g0' as change_id, date '2024-06-30' as changed_on, 'value_sabc' as scheme,
        'A' as tier, 'a call a month' as description""",
    "identity_decisions": """select 'd1' as decision_id, timestamp '2024-06-30' as decided_at, 'split' as action,
        'c1' as customer_id""",
    "alert_decisions": """select 'd1' as decision_id, timestamp '2024-06-30' as decided_at, 'a1' as alert_id,
        'close' as action, date '2024-06-30' as effective_on, 'ann' as decided_by""",
    "label_reviews": """select 'v0' as review_id, timestamp '2024-06-30' as reviewed_at, 'c1' as customer_id,
        'quiet' as label, 'aa' as rule_version, 'confirmed' as status, 'ann' as reviewer""",
    "tier_reviews": """select '2024Q2' as review_id, 'value_sabc' as scheme, date '2024-06-30' as reviewed_on,
        'c' || i as customer_id, 'B' as tier_before, 'A' as tier_after, timestamp '2024-06-30' as opened_at
        from range(10) as t(i)""",
    "tier_decisions": """select 'd1' as decision_id, '2024Q2' as review_id, 'value_sabc' as scheme,
        timestamp '2024-06-30' as decided_at, 'approved' as decision, 'eve' as approver""",
    "value_fits": """select 'f1' as fit_id, 'retail' as profile, 'bg_nbd' as model, 'converged' as status,
        timestamp '2024-06-30' as fitted_at, date '2024-06-30' as data_until""",
    "value_fit_parameters": "select 'f1' as fit_id, 'r' as parameter, 0.5::double as value",
    "value_fit_nodes": """select 'f1' as fit_id, 0 as purchases, 1 as node_number, 0.5::double as node,
        1::double as weight""",
    "value_backtests": """select 'f1' as fit_id, 'purchases' as measure, 'model' as method, 'all' as group_name,
        0 as group_number, 10 as customers, 1::double as actual, 1::double as predicted""",
    "fx_rates": "select 'USD' as currency, date '2024-06-30' as rate_date, 7.1 as rate",
}

PUBLISHED = {
    "dim_customers": """select 'c' || i as customer_id, true as is_contactable, date '2024-06-30' as as_of_date
        from range(10) as t(i)""",
    "dim_dates": "select date '2024-06-30' as date_day, date '2024-06-30' as as_of_date",
    "dim_products": "select 'p0' as product_id, 'food' as category",
    "fct_orders": """select 'o' || i as order_id, 'c' || (i % 10) as customer_id, date '2024-06-30' as order_date,
        10.00::decimal(18, 2) as gross_amount, 0.00::decimal(18, 2) as returned_amount,
        10.00::decimal(18, 2) as net_amount,
        case when i < 10 then 1 else 7.1 end as fx_rate, true as is_purchase, date '2024-06-30' as as_of_date
        from range(20) as t(i)""",
    "fct_order_items": """select 'o' || i as order_id, 10.00::decimal(18, 2) as line_amount,
        date '2024-06-30' as as_of_date from range(20) as t(i)""",
    "fct_touches": """select 't0' as touch_id, 'c1' as customer_id, 'k1' as campaign_id,
        date '2024-06-30' as touched_on, date '2024-06-30' as as_of_date""",
    "fct_interactions": """select 'i0' as interaction_id, date '2024-06-30' as occurred_on,
        date '2024-06-30' as as_of_date""",
    "fct_tickets": """select 'e0' as ticket_id, date '2024-06-30' as received_on, 5 as satisfaction_score,
        'high' as severity, date '2024-06-30' as as_of_date""",
    "customer_merges": """select 'gone' as customer_id, 'c1' as golden_customer_id, false as is_golden,
        date '2024-06-30' as as_of_date""",
    "identity_review": "select 'key_too_common' as review_reason, date '2024-06-30' as as_of_date",
    "fct_survey_responses": """select 's' || survey_type as response_id, survey_type, score,
        date '2024-06-30' as responded_on, date '2024-06-30' as as_of_date
        from (values ('nps', 0), ('csat', 5), ('ces', 7)) as answers(survey_type, score)""",
    "customer_rfm": """select 'c' || i as customer_id, 0 as recency_days, 50.0::double as rfm_score,
        3 as r_score, 3 as f_score, 3 as m_score, date '2024-06-30' as as_of_date from range(10) as t(i)""",
    "customer_tiers": """select 'c' || i as customer_id, scheme, 'A' as tier,
        scheme = 'retention_abcd' as is_primary_scheme,
        if(i = 1 and scheme = 'retention_abcd', 'B', 'A') as tier_in_force,
        if(i = 1 and scheme = 'retention_abcd', 'waiting', 'in_force') as review_state,
        date '2024-06-30' as as_of_date
        from range(10) as t(i), (values ('retention_abcd'), ('value_sabc')) as schemes(scheme)""",
    "customer_labels": """select 'c1' as customer_id, 'quiet' as label, true as is_current,
        'confirmed' as review_status, date '2024-06-30' as as_of_date""",
    "tier_review_list": """select '2024Q1' as review_id, 'retention_abcd' as scheme, 'c1' as customer_id,
        'B' as tier_before, 'A' as tier_after, 'waiting' as status, date '2024-06-30' as as_of_date""",
    "tier_distribution": """select scheme, tier, 5 as customers, 0.5::double as customer_share,
        0.5::double as revenue_share,
        date '2024-06-30' as as_of_date
        from (values ('retention_abcd'), ('value_sabc')) as s(scheme), (values ('A'), ('B')) as t(tier)""",
    "customer_tier_history": """select 'c' || i as customer_id, scheme, month_end, 'A' as tier, 1 as tier_rank
        from range(10) as t(i), (values ('retention_abcd'), ('value_sabc')) as schemes(scheme),
        (values (date '2024-05-31'), (date '2024-06-30')) as months(month_end)""",
    "tier_migration": """select scheme, to_month_end - 31 as from_month_end, to_month_end, span_months,
        'A' as from_tier, 'A' as to_tier, 10 as customers, date '2024-06-30' as as_of_date
        from (values ('retention_abcd'), ('value_sabc')) as schemes(scheme), (values (1), (3)) as s(span_months),
        (values (date '2024-05-31'), (date '2024-06-30')) as months(to_month_end)""",
    "tier_crosswalk": """select scheme_a, 'A' as tier_a, scheme_b, tier_b, 5 as customers,
        0.5::double as share_of_tier_a, date '2024-06-30' as as_of_date
        from (values ('retention_abcd', 'value_sabc'), ('value_sabc', 'retention_abcd')) as s(scheme_a, scheme_b),
        (values ('A'), ('B')) as t(tier_b)""",
    "customer_lifecycle": """select 'c' || i as customer_id, 0 as days_since_last_activity,
        'new' as lifecycle_stage, date '2024-06-30' as as_of_date from range(10) as t(i)""",
    "customer_lifecycle_history": """select 'c' || i as customer_id, month_end, 'new' as lifecycle_stage,
        date '2024-06-30' as as_of_date
        from range(10) as t(i), (values (date '2024-05-31'), (date '2024-06-30')) as m(month_end)""",
    "lifecycle_transitions": """select date '2024-06-30' as month_end, 'new' as from_stage, 'new' as to_stage,
        10 as customers, date '2024-06-30' as as_of_date""",
    "retention_cohorts": """select date '2024-06-01' as cohort_period, 'month' as period_type, definition,
        'all' as dimension,
        'all' as dimension_value, period_number, 10 as cohort_size, 10 - period_number as retained_customers,
        (10 - period_number) / 10 as retention_rate, date '2024-06-30' as as_of_date
        from (values ('classic'), ('rolling')) as d(definition), range(2) as n(period_number)""",
    "retention_curves": """select 0.5::double as retention_rate, date '2024-06-30' as as_of_date""",
    "survival_curves": """select 'first_repurchase' as curve, 'all' as dimension, 'all' as dimension_value, "day",
        1 - "day" / 10 as survival, date '2024-06-30' as as_of_date from range(2) as days("day")""",
    "survival_summary": """select 'first_repurchase' as curve, 'all' as dimension, 10 as customers,
        date '2024-06-30' as as_of_date""",
    "retention_by_tier": """select 'A' as tier, 0.9::double as retention_rate, 0.5::double as repurchase_rate,
        date '2024-06-30' as as_of_date""",
    "churn_metrics": """select date '2024-06-30' as month_end, dimension, dimension_value,
        case dimension when 'all' then 10 else 5 end as customers_at_start, 0 as churned_customers,
        case dimension when 'all' then 10 else 5 end as customers_at_end, 0.00 as revenue_before,
        0.00 as net_retained_revenue, date '2024-06-30' as as_of_date
        from (values ('all', 'all'), ('tier', 'A'), ('tier', 'B')) as d(dimension, dimension_value)""",
    "revenue_movements": """select date '2024-06-30' as month_end, movement, revenue,
        150.00::decimal(18, 2) as start_revenue, 200.00::decimal(18, 2) as end_revenue, date '2024-06-30' as as_of_date
        from (values ('new', 60.00::decimal(18, 2)), ('churned', -10.00::decimal(18, 2))) as m(movement, revenue)""",
    "customer_base_metrics": """select date '2024-06-30' as month_end, 200.00::decimal(18, 2) as revenue,
        date '2024-06-30' as as_of_date""",
    "repurchase_metrics": """select window_days, 10 as buyers, 0.5::double as repurchase_rate,
        date '2024-06-30' as as_of_date from (values (30), (60)) as w(window_days)""",
    "customer_value": """select 'c' || i as customer_id, 20.00::decimal(18, 2) as revenue_lifetime,
        1.00::decimal(18, 2) as clv_12m, 'f1' as model_run_id, date '2024-06-30' as as_of_date
        from range(10) as t(i)""",
    "clv_model_runs": """select 'f1' as model_run_id, 'bg_nbd' as model, true as is_in_force,
        0.5::double as holdout_mae, 0.6::double as naive_mae, date '2024-06-30' as as_of_date""",
    "value_backtest": "select 'f1' as model_run_id, date '2024-06-30' as as_of_date",
    "customer_churn_risk": "select 'c' || i as customer_id, date '2024-06-30' as as_of_date from range(10) as t(i)",
    "churn_flag_backtest": """select date '2024-03-31' as month_end, 2.0::double as lift,
        date '2024-06-30' as as_of_date""",
    "customer_health": "select 'c' || i as customer_id, date '2024-06-30' as as_of_date from range(10) as t(i)",
    "customer_health_history": "select 'c0' as customer_id, date '2024-06-30' as as_of_date",
    "contract_survival": """select 1 as period_number, 10 as at_risk, 8 as renewed, 0.8::double as survival,
        0.8::double as fitted_survival, date '2024-06-30' as as_of_date""",
    "ticket_sla": "select 'e0' as ticket_id, 'P1' as priority, date '2024-06-30' as as_of_date",
    "ticket_sla_policies": """select 'e0' as ticket_id, 'resolution' as metric, policy_set = 'daily' as is_counted,
        date '2024-06-30' as as_of_date from (values ('daily'), ('severity')) as sets(policy_set)""",
    "service_metrics": """select date '2024-06-24' as week_start, 'week' as period_type, dimension, 1 as tickets,
        1 as resolved, 1 as met, 0 as breached, date '2024-06-30' as as_of_date
        from (values ('all'), ('region')) as d(dimension)""",
    "issue_hotspots": """select date '2024-06-24' as week_start, 'delivery' as category, 1.0::double as ticket_share,
        1.0::double as cumulative_share, date '2024-06-30' as as_of_date""",
    "service_policies": "select 'retention_abcd' as scheme, date '2024-06-30' as as_of_date",
    "contact_calendar": """select 'c1' as customer_id, date '2024-07-02' as due_on, 'guide' as "trigger",
        'o1' as occasion, date '2024-06-30' as as_of_date""",
    "contact_exclusions": """select 'c1' as customer_id, 'survey' as "trigger", 'o1' as occasion,
        date '2024-06-30' as as_of_date""",
    "touch_execution": "select 0 as actual_count, date '2024-06-30' as as_of_date",
    "cadence_compliance": "select 0.5::double as compliance_rate, date '2024-06-30' as as_of_date",
    "campaign_performance": """select campaign_id, count(distinct customer_id) as customers, 0 as attributed_orders,
        date '2024-06-30' as as_of_date from marts.fct_touches where campaign_id is not null group by campaign_id""",
    "activation_metrics": """select date '2024-06-01' as month, 'win_back' as measure, dimension,
        4 as touched_customers, 1 as returned_customers, 6 as untouched_customers, date '2024-06-30' as as_of_date
        from (values ('all'), ('tier')) as d(dimension)""",
    "satisfaction_metrics": """select 'month' as period_type, date '2024-06-01' as period_start, 'nps' as survey_type,
        dimension, dimension_value, responses, date '2024-06-30' as as_of_date
        from (values ('all', 'all', 12), ('touchpoint', 'visit', 5), ('touchpoint', 'unknown', 7), ('tier', 'A', 4))
            as t(dimension, dimension_value, responses)""",
    "metric_values": "select 'nps_score' as metric, date '2024-06-30' as as_of_date",
    "target_tracking": """select 'all' as scheme, 'all' as tier, 'nps_score' as metric, 'month' as period_type,
        period_start, 'met' as status, period_start = date '2024-06-01' as is_latest, date '2024-06-30' as as_of_date
        from (values (date '2024-05-01'), (date '2024-06-01')) as t(period_start)""",
    "resource_plan": """select 'retention_abcd' as scheme, tier, date '2024-04-01' as quarter_start, budget_share,
        value_share, date '2024-06-30' as as_of_date
        from (values ('A', 0.25::double, 0.5::double), ('B', 0.75::double, 0.5::double))
            as t(tier, budget_share, value_share)""",
    "plan_progress": "select 'core_retention' as objective_id, date '2024-06-30' as as_of_date",
    "lost_customers": """select 'c1' as customer_id, date '2024-06-24' as week_start, 'complaint' as reason,
        10.00::decimal(18, 2) as value_lost, date '2024-06-30' as as_of_date""",
    "lost_customer_signals": "select 'c1' as customer_id, 'complaint' as reason, date '2024-06-30' as as_of_date",
    "churn_reasons": """select date '2024-06-24' as week_start, reason, customers as lost_customers,
        customers::double as customer_share, 10.00::decimal(18, 2) * customers as value_lost,
        date '2024-06-30' as as_of_date from (values ('complaint', 1), ('unknown', 0)) as t(reason, customers)""",
    "program_health_measures": "select 'nps_score' as measure, date '2024-06-30' as as_of_date",
    "program_health": """select date '2024-06-01' as month, dimension, weight as effective_weight,
        50.0::double as score, date '2024-06-30' as as_of_date
        from (values ('execution', 0.25::double), ('customer_experience', 0.75::double)) as t(dimension, weight)""",
    "program_health_summary": """select date '2024-06-01' as month, 50.0::double as score,
        date '2024-06-30' as as_of_date""",
    "kpi_history": """select 'timely_rate' as metric, date '2024-06-30' as metric_date, 0.8::double as "value",
        (-2.0)::double as trend_7d, true as is_abnormal, date '2024-06-30' as as_of_date""",
    "kpi_board": """select 'timely_rate' as metric, 0.8::double as current_value, (-2.0)::double as trend_7d,
        true as is_abnormal, date '2024-06-30' as as_of_date""",
    "kpi_contributions": """select 'timely_rate' as metric, 'region' as dimension, dimension_value,
        (-1.0)::double as contribution, date '2024-06-30' as as_of_date
        from (values ('north'), ('south')) as t(dimension_value)""",
    "alerts": """select alert_id, rule_id, subject_id, customer_id, 'open' as status, 'service' as owner,
        'role' as owner_type, owner_rank, null::varchar as close_reason,
        if(rule_id = 'W6', 'board_abnormal', 'other') as metric,
        date '2024-06-01' as new_on, date '2024-06-30' as as_of_date
        from (values ('a1', 'W2', 'c1', 'c1', 1), ('a2', 'W6', 'timely_rate', null, 2))
            as t(alert_id, rule_id, subject_id, customer_id, owner_rank)""",
    "alert_backtest": """select rule_id, date '2024-05-31' as month_end, 9 as customers, date '2024-06-30' as as_of_date
        from (values ('W2'), ('naive_silent')) as t(rule_id)""",
    "completeness": """select 'customers' as entity, 10 as "rows", 0.5::double as completeness_rate,
        date '2024-06-30' as as_of_date""",
    "completeness_worklist": "select 'c0' as customer_id, date '2024-06-30' as as_of_date",
    "interaction_lateness": "select 'Li' as staff, 1 as interactions, date '2024-06-30' as as_of_date",
    "finance_reconciliation": """select date '2024-06-01' as month_start, 200.00::decimal(18, 2) as revenue_computed,
        date '2024-06-30' as as_of_date""",
}


def write_warehouse(path: Path, *changes: str) -> Path:
    """Write a warehouse file that passes every check, then change it.

    Args:
        changes: SQL statements that plant something.
    """
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema raw")
        connection.execute("create schema marts")
        connection.execute(
            f"create table raw.run_parameters as select '{TIME_ZONE}' as timezone, null::bigint as since_load_seq"
        )
        for entity, contract in load_contracts(PROJECT_DIR).items():
            columns = ", ".join(f'"{name}" {kind}' for name, kind in contract.raw_columns)
            connection.execute(f"create table raw.{entity} ({columns})")
            connection.execute(f"insert into raw.{entity} by name select *, 1 as _load_seq from ({LANDED[entity]})")
        for table, rows in PUBLISHED.items():
            connection.execute(f"create table marts.{table} as {rows}")
        for change in changes:
            connection.execute(change)
    return path


@pytest.fixture(scope="session")
def make_warehouse() -> Callable[..., Path]:
    """Writes warehouse files: `make_warehouse(path, *changes)`."""
    return write_warehouse


@pytest.fixture(scope="session")
def checker() -> Checker:
    """One checker for all tests: Great Expectations is imported once."""
    return Checker(PROJECT_DIR)


@pytest.fixture
def landed(checker: Checker, tmp_path: Path) -> Callable[..., list[CheckResult]]:
    """Checks the landed data of a clean warehouse after some changes."""
    return lambda *changes, entities=ENTITIES: checker.check_landed(
        write_warehouse(tmp_path / "warehouse.duckdb", *changes), AS_OF, entities
    )


@pytest.fixture
def published(checker: Checker, tmp_path: Path) -> Callable[..., list[CheckResult]]:
    """Checks the published tables of a clean warehouse after some changes."""
    return lambda *changes: checker.check_published(
        write_warehouse(tmp_path / "warehouse.duckdb", *changes), AS_OF, "UTC"
    )
