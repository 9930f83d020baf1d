"""The sheets of the workbook: 客户信息总表, 表1 to 表7 and the alerts, and what makes each (decision 74)."""

from dataclasses import dataclass

from retention.reports.board_sections import ALERT_CAUSE, BOARD_QUERY, SEVERITY_ORDER
from retention.reports.company_sections import NEWEST, TARGET_COLUMNS


@dataclass(frozen=True)
class Sheet:
    """A sheet of the workbook; its words stand in the catalogues under its key.

    Attributes:
        rule: the rules that it tells.
        fixed: columns at the left that stay in sight.
        bars: columns of shares that get a bar.
        chart: whether the tiers of the primary scheme, its first rows, are drawn.
    """

    key: str
    rule: str
    query: str
    fixed: int = 1
    bars: tuple[str, ...] = ()
    chart: bool = False


SHEETS = (
    Sheet(
        "customers",
        "I1",
        """
        with labels as (
            select customer_id, string_agg(label, ',' order by label) as labels
            from marts.customer_labels where is_current and review_status != 'rejected' group by customer_id
        )
        select customers.customer_id, customers.customer_type, customers.industry, customers.company_size,
            customers.region, customers.account_owner, customers.source_channel, customers.preferred_channel,
            customers.strategic_label, customers.need_tags, customers.is_contactable, customers.registered_on,
            customers.first_order_on, rfm.last_purchase_on, rfm.recency_days, rfm.frequency_12m, rfm.monetary_12m,
            worth.revenue_lifetime, worth.avg_order_value, rfm.rfm_score, rfm.rfm_segment, tiers.tier,
            lifecycle.lifecycle_stage, lifecycle.activity_state, risk.churn_risk, risk.risk_band,
            health.score as health_score, health.band as health_band, worth.clv_12m, worth.predicted_next_order_on,
            labels.labels
        from marts.dim_customers as customers
        left join marts.customer_rfm as rfm on customers.customer_id = rfm.customer_id
        left join marts.customer_tiers as tiers
            on customers.customer_id = tiers.customer_id and tiers.is_primary_scheme
        left join marts.customer_lifecycle as lifecycle on customers.customer_id = lifecycle.customer_id
        left join marts.customer_churn_risk as risk on customers.customer_id = risk.customer_id
        left join marts.customer_health as health on customers.customer_id = health.customer_id
        left join marts.customer_value as worth on customers.customer_id = worth.customer_id
        left join labels on customers.customer_id = labels.customer_id
        order by rfm.monetary_12m desc nulls last, customers.customer_id
        """,
    ),
    Sheet(
        "tiers",
        "R, T",
        """
        select scheme, tier, customers, customer_share, revenue_12m, revenue_share, avg_order_value, avg_recency_days,
            avg_frequency_12m, avg_monetary_12m, scheme = primary_scheme() as _is_primary
        from marts.tier_distribution order by scheme != primary_scheme(), scheme, tier_rank, tier
        """,
        fixed=2,
        bars=("customer_share", "revenue_share"),
        chart=True,
    ),
    Sheet(
        "targets",
        "G, P6",
        f"""
        with targets as (select {TARGET_COLUMNS} {NEWEST}),
        resources as (
            select * from marts.resource_plan
            where quarter_start = (select min(quarter_start) from marts.resource_plan)
        ),
        numbered as (
            -- A tier's budget stands in its first row alone, so that a sum over the column is the sum of the budgets.
            select *, row_number() over (partition by scheme, tier order by metric, period_start) as place from targets
        )
        select coalesce(targets.scheme, resources.scheme) as scheme, coalesce(targets.tier, resources.tier) as tier,
            sizes.customers, targets.metric, targets.target, targets.actual, targets.gap, targets.status,
            targets.base_count, targets.period_start, targets.period_end,
            coalesce(targets.owner, resources.owner) as owner, resources.quarter_start, resources.budget,
            resources.budget_share, resources.value_share, resources.share_gap_points, resources.is_departing,
            resources.cost_per_customer, resources.purpose, targets._direction, targets._unit,
            targets._missing_reason
        from numbered as targets
        full join resources
            on targets.scheme = resources.scheme and targets.tier = resources.tier and targets.place = 1
        left join marts.tier_distribution as sizes
            on coalesce(targets.scheme, resources.scheme) = sizes.scheme
                and coalesce(targets.tier, resources.tier) = sizes.tier
        order by coalesce(targets.scheme, resources.scheme) != primary_scheme(), 1,
            coalesce(sizes.tier_rank, 99), 2, targets.metric, targets.period_end
        """,
        fixed=2,
        bars=("budget_share", "value_share"),
    ),
    Sheet(
        "execution",
        "P4",
        """
        select touch_date, scheme, tier, channel, theme, executor, is_planned, planned_count, actual_count,
            completion_rate, positive, negative, "none" as no_feedback, missing_reason as _missing_reason
        from marts.touch_execution where touch_date > as_of() - interval 12 month
        order by touch_date desc, scheme, tier, channel, theme, executor, is_planned desc
        """,
        bars=("completion_rate",),
    ),
    Sheet(
        "tickets",
        "C1, C3",
        """
        select ticket_id, customer_id, ticket_type, category as ticket_category, severity as ticket_severity, channel,
            owner as ticket_owner, received_at, resolution_due_at, resolved_at,
            -- Of what is not done the clock tells the time that has passed, which is no time taken.
            case when first_response_status in ('met', 'breached') then first_response_minutes end
                as first_response_minutes,
            case when resolution_status in ('met', 'breached') then resolution_minutes end as resolution_minutes,
            case when is_open then resolution_minutes end as elapsed_minutes, resolution_status, is_open, is_overdue,
            concat_ws(',',
                case when contact_status = 'overdue' then 'contact' end,
                case when first_response_status = 'overdue' then 'first_response' end,
                case when resolution_status = 'overdue' then 'resolution' end,
                case when call_back_status = 'overdue' then 'call_back' end
            ) as late_clocks,
            escalated_priority, escalation_level,
            is_called_back, satisfaction_score, improvement
        from marts.ticket_sla where is_open or received_on > as_of() - interval 12 month
        order by is_overdue desc, is_open desc, received_at desc, ticket_id
        """,
    ),
    Sheet(
        "retention",
        "M1",
        """
        select period_type, period_start, period_end, scheme, tier, customers_at_start, customers_at_end,
            retained_customers, retention_rate, target_rate, gap_points, repurchase_rate
        from marts.retention_by_tier
        order by period_type desc, period_end desc, scheme != primary_scheme(), scheme, tier_rank, tier
        """,
        fixed=5,
    ),
    Sheet("board", "K1, W6", BOARD_QUERY.format(history=""), fixed=2),
    Sheet(
        "health",
        "H",
        """
        select health.month, health.dimension as health_dimension, health.weight, health.effective_weight,
            health.score, health.measures, health.missing_measures, summary.score as programme_score, summary.grade,
            summary.weakest_dimension, summary.advice, health.is_complete as is_mature
        from marts.program_health as health
        left join marts.program_health_summary as summary on health.month = summary.month
        order by health.month desc, health.dimension_rank
        """,
        fixed=2,
    ),
    Sheet(
        "alerts",
        "W",
        f"""
        select alerts.severity, alerts.status as alert_status, alerts.rule_id as alert_rule, alerts.subject_type,
            alerts.subject_id, alerts.opened_on, alerts.metric as alert_metric, alerts.metric_value,
            alerts.threshold as metric_threshold, alerts.trend_7d, alerts.cause_value as cause,
            alerts.owner as alert_owner, alerts.recommended_action, alerts.value_at_stake, alerts.snoozed_until,
            alerts.unit as _unit,
            {ALERT_CAUSE}
        from marts.alerts as alerts
        where alerts.status != 'closed'
        order by {SEVERITY_ORDER.format("alerts.severity")}, alerts.level, alerts.value_at_stake desc nulls last,
            alerts.opened_on, alerts.alert_id
        """,
        fixed=2,
    ),
)
COHORTS = """
    select cohort_period, period_number, cohort_size, retention_rate
    from marts.retention_cohorts
    where period_type = 'month' and definition = 'classic' and dimension = 'all' and is_mature
    order by cohort_period, period_number
"""
AVERAGES = """
    select period_number, retention_rate from marts.retention_curves
    where period_type = 'month' and definition = 'classic' and dimension = 'all' order by period_number
"""
