"""Hand-made tables of the board, the alerts and the programme, for a release that does not hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

STAND_INS = {
    "kpi_history": """
        select metric, (d.as_of - cast(back.days as integer)) as metric_date, 'retention' as category, unit,
            case when is_blank then null else value + step * (7 - back.days) / 7.0 end as value, 10 as numerator,
            20 as denominator, target as target_value, direction,
            case when is_blank then null when unit = 'rate' then 100 * step else step end as trend_7d,
            case when is_blank then 'no_value' when target is null then 'no_target' when is_off then 'missed' else 'met'
            end as target_state, metric = 'negative_feedback_rate' as is_too_few,
            case when target is not null and not is_blank and metric != 'negative_feedback_rate' then is_off end
                as is_target_missed,
            case when target is not null and not is_blank and metric != 'negative_feedback_rate' then is_bad end
                as is_abnormal,
            'operations' as owner,
            case when is_blank then 'no_data' end as missing_reason, d.as_of as as_of_date
        from d, range(0, 93) as back(days), (values
            ('churn_rate_daily', 'rate', 0.082, 0.011, 0.05, 'at_most', true, true, false),
            ('retention_rate', 'rate', 0.93, -0.02, 0.95, 'at_least', true, true, false),
            ('timely_rate', 'rate', 0.85, -0.03, 0.90, 'at_least', true, true, false),
            ('repurchase_rate', 'rate', 0.18, 0.0, 0.20, 'at_least', true, false, false),
            ('active_customers', 'count', 1204.0, 7.0, null, 'at_least', false, false, false),
            ('revenue_30d', 'money', 2345678.9, -1234.5, null, 'at_least', false, false, false),
            ('negative_feedback_rate', 'rate', 0.30, 0.02, 0.05, 'at_most', true, false, false),
            ('nps_score', 'points', null, null, 40.0, 'at_least', false, false, true)
        ) as m(metric, unit, value, step, target, direction, is_off, is_bad, is_blank)
    """,
    "kpi_board": """
        select category, metric, unit, value as current_value, target_value, direction, trend_7d, target_state,
            is_too_few, is_target_missed, is_abnormal, owner,
            case when is_abnormal then 'region: north, 62 % of the change' end as reason,
            case when is_abnormal then 'region' end as reason_dimension,
            case when is_abnormal then 'north' end as reason_value, case when is_abnormal then 0.62 end as reason_share,
            missing_reason, 'K1' as rule_id, row_number() over (order by metric) as position, as_of_date
        from marts.kpi_history where metric_date = as_of_date
    """,
    "kpi_contributions": """
        select 'churn_rate_daily' as metric, 'region' as dimension, 'north' as dimension_value, 0.06 as value_before,
            0.09 as value_now, 0.5 as weight_before, 0.5 as weight_now, 0.007 as contribution, 0.62 as share_of_change,
            1 as contribution_rank, d.as_of as as_of_date
        from d
    """,
    "alerts": """
        select 'A' || number as alert_id, rule_id, alert_type, level, subject_type, subject_id,
            case level when 'customer' then subject_id end as customer_id, severity, status,
            d.as_of - opened_before as opened_on, d.as_of as last_seen_on,
            case status when 'closed' then d.as_of end as closed_on, 0 as times_reopened,
            cast(null as varchar) as reopened_from,
            case status when 'snoozed' then d.as_of + 3 end as snoozed_until, metric, metric_value, threshold, unit,
            case rule_id when 'W3' then 1.1 end as trend_7d,
            case rule_id when 'W3' then 'tier' when 'W1' then 'complaint_category' end as cause_dimension,
            case rule_id when 'W3' then 'D' when 'W1' then 'logistics' end as cause_value,
            case rule_id when 'W3' then 0.62 when 'W1' then 0.75 end as cause_share,
            case rule_id when 'W1' then 'answer_channel' end as second_cause_dimension,
            case rule_id when 'W1' then 'phone' end as second_cause_value,
            case rule_id when 'W1' then 0.5 end as second_cause_share,
            owner, owner_type, recommended_action, 'over_threshold' as reason_code, 'told' as reason,
            cast(value_at_stake as decimal(18, 2)) as value_at_stake, number as owner_rank, is_in_digest,
            'churn' as digest_group, d.as_of as as_of_date
        from d, (values
            (1, 'W3', 'churn_rate', 'business', 'metric', 'churn_rate_daily', 'critical', 'opened', 0,
                'churn_rate_daily', 0.112, 0.10, 'rate', 'management', 'role', 'review_retention', null, true),
            (2, 'W1', 'satisfaction', 'business', 'region', 'north', 'warning', 'open', 6, 'negative_share', 0.071,
                0.05, 'rate', 'service', 'role', 'find_root_cause', null, true),
            (3, 'W2', 'churn_warning', 'customer', 'customer', 'C1', 'warning', 'opened', 0, 'purchase_drop_rate',
                0.45, 0.30, 'rate', '=cmd()', 'account_owner', 'call_customer', 52340.5, true),
            (4, 'W2', 'churn_warning', 'customer', 'customer', 'C2', 'notice', 'open', 3, 'cadence_ratio', 2.4, 2.0,
                'ratio', 'operations', 'role', 'send_offer', 120.0, false),
            (5, 'W5', 'deadline', 'customer', 'ticket', 'T9', 'warning', 'closed', 9, 'ticket_overdue_days', 2.0, 0.0,
                'days', 'service', 'role', 'settle_ticket', 900.0, false),
            (6, 'W2', 'churn_warning', 'customer', 'customer', 'C3', 'warning', 'snoozed', 2, 'cadence_ratio', 2.4,
                2.0, 'ratio', 'operations', 'role', 'send_offer', 20.0, false)
        ) as a(number, rule_id, alert_type, level, subject_type, subject_id, severity, status, opened_before, metric,
            metric_value, threshold, unit, owner, owner_type, recommended_action, value_at_stake, is_in_digest)
    """,
    "churn_reasons": """
        select cast(date_trunc('week', d.as_of) as date) - 7 * cast(back.weeks as integer) as week_start, reason,
            reason_group, cast(lost + back.weeks % 3 as integer) as lost_customers,
            (lost + back.weeks % 3) / sum(lost + back.weeks % 3) over (partition by back.weeks) as customer_share,
            cast(100 * (lost + back.weeks % 3) as decimal(18, 2)) as value_lost,
            (lost + back.weeks % 3) / sum(lost + back.weeks % 3) over (partition by back.weeks) as value_share,
            back.weeks > 0 as is_mature, 1 as rank, d.as_of as as_of_date
        from d, range(0, 26) as back(weeks), (values
            ('low_satisfaction', 'survey', 2), ('late_service', 'service', 4), ('frequency_decline', 'behaviour', 9),
            ('unknown', 'unknown', 3)
        ) as r(reason, reason_group, lost)
    """,
    "lost_customers": """
        select customer_id, cast(date_trunc('week', d.as_of) as date) - 5 as churned_on,
            'frequency_decline' as reason, 'frequency_decline,late_service' as signals,
            cast(1234.5 as decimal(18, 2)) as value_lost, d.as_of as as_of_date
        from d, marts.dim_customers order by customer_id limit 40
    """,
    "program_health": """
        select cast(date_trunc('month', d.as_of) - to_months(cast(back.months as integer)) as date) as month,
            dimension, dimension_rank, weight,
            case when score is null then 0.0 else weight / 0.8 end as effective_weight,
            score - back.months as score, measures, missing_measures, back.months > 0 as is_complete,
            d.as_of as as_of_date
        from d, range(0, 13) as back(months), (values
            ('data_capability', 1, 0.25, 91.0,
                '{"completeness": {"value": 0.88, "full_mark": 0.9, "marks": 97.8}}', null),
            ('execution', 2, 0.30, 62.5, '{"plan_completion": {"value": 0.625, "full_mark": 1.0, "marks": 62.5}}',
                'resource_alignment'),
            ('customer_experience', 3, 0.25, 78.0,
                '{"timely_rate": {"value": 0.81, "full_mark": 0.9, "marks": 90}, "nps_score": {"value": 26.4,
                "full_mark": 40, "marks": 66}}', null),
            ('dynamic_optimisation', 4, 0.20, null, '{}', 'strategy_iterations,core_metrics_improving')
        ) as h(dimension, dimension_rank, weight, score, measures, missing_measures)
    """,
    "program_health_summary": """
        select month, sum(score * effective_weight) filter (where score is not null) as score, 'good' as grade,
            'execution' as weakest_dimension, 'shift_budget_to_value' as advice,
            'dynamic_optimisation' as missing_dimensions,
            case when month > min(month) over () then 1.0 end as score_change, any_value(as_of_date) as as_of_date
        from marts.program_health group by month
    """,
}
"""By table its rows; `d` holds the as-of day."""


def add_stand_ins(connection: duckdb.DuckDBPyConnection, as_of: str) -> None:
    """Make the tables that are not there, and fill those that are with what both have."""
    for name, rows in STAND_INS.items():
        query = f"with d as (select date '{as_of}' as as_of) {rows}"
        columns = connection.execute(
            f"select column_name from duckdb_columns() where schema_name = 'marts' and table_name = '{name}'"
        ).fetchall()
        if not columns:
            connection.execute(f"create table marts.{name} as {query}")
            continue
        made = connection.execute(f"describe {query}").fetchall()
        both = ", ".join(f'"{column}"' for (column, *_) in made if (column,) in columns)
        connection.execute(f"insert into marts.{name} by name select {both} from ({query})")
