"""Why customers left (K2, 流失原因分析简报)."""

from retention.reports.parts import Finding, Section

WEEK = """
    week as (
        -- The newest week that is over; the running one where none is.
        select coalesce(max(week_start) filter (where is_mature), max(week_start)) as week_start
        from marts.churn_reasons
    )
"""
REASONS = Section(
    "churn_reasons",
    f"""
    with {WEEK}
    select reasons.reason_group, reasons.reason as churn_reason, reasons.lost_customers, reasons.customer_share,
        reasons.lost_customers - coalesce(before.lost_customers, 0) as change_from_week_before,
        reasons.value_lost, reasons.value_share, reasons.week_start as _week_start
    from marts.churn_reasons as reasons
    inner join week on reasons.week_start = week.week_start
    left join marts.churn_reasons as before
        on reasons.reason = before.reason and before.week_start = reasons.week_start - 7
    where reasons.lost_customers > 0 or before.lost_customers > 0
    order by reasons.lost_customers desc, reasons.value_lost desc, reasons.reason
    """,
    bars=("customer_share", "value_share"),
)
TREND = Section(
    "churn_trend",
    """
    select week_start, sum(lost_customers)::int as lost_customers,
        coalesce(sum(lost_customers) filter (where reason_group = 'survey'), 0)::int as by_survey,
        coalesce(sum(lost_customers) filter (where reason_group = 'service'), 0)::int as by_service,
        coalesce(sum(lost_customers) filter (where reason_group = 'behaviour'), 0)::int as by_behaviour,
        coalesce(sum(lost_customers) filter (where reason_group = 'unknown'), 0)::int as by_unknown,
        sum(value_lost) as value_lost, bool_and(is_mature) as is_mature
    from marts.churn_reasons
    group by week_start
    order by week_start desc
    """,
    shown=13,
    bars=("lost_customers",),
)
LOST = Section(
    "lost_customers",
    f"""
    with {WEEK}
    select lost.customer_id, lost.churned_on, lost.reason as churn_reason, lost.signals, lost.value_lost,
        customers.region, customers.account_owner
    from marts.lost_customers as lost
    inner join week on lost.churned_on between week.week_start and week.week_start + 6
    inner join marts.dim_customers as customers on lost.customer_id = customers.customer_id
    order by lost.value_lost desc nulls last, lost.customer_id
    """,
    shown=30,
)
NEXT = Section(
    "likely_next",
    """
    select risk.customer_id, risk.churn_risk, risk.driver_1, risk.driver_2, rfm.recency_days, rfm.monetary_12m,
        customers.region, customers.account_owner
    from marts.customer_churn_risk as risk
    inner join marts.customer_rfm as rfm on risk.customer_id = rfm.customer_id
    inner join marts.dim_customers as customers on risk.customer_id = customers.customer_id
    where risk.risk_band = 'high' and not risk.is_churned
    order by rfm.monetary_12m desc nulls last, risk.customer_id
    """,
    shown=20,
)
LOST_IN_WEEK = Finding(
    "lost_in_week",
    f"""
    with {WEEK},
    weeks as (
        select reasons.week_start, sum(reasons.lost_customers)::int as lost, sum(reasons.value_lost) as value_lost,
            bool_and(reasons.is_mature) as is_mature
        from marts.churn_reasons as reasons group by reasons.week_start
    ),
    usual as (
        -- Of the weeks before that are kept; those in which nobody had been a customer for long enough to be lost say
        -- nothing of a usual week.
        select count(*)::int as weeks_before, sum(past.lost) / nullif(count(*), 0)::double as usual
        from weeks as past inner join week on past.week_start < week.week_start
        where past.week_start >= (select min(week_start) from weeks where lost > 0)
    )
    select week.week_start, week.week_start + 6 as week_end, weeks.lost, weeks.value_lost, usual.usual,
        usual.weeks_before,
        case when weeks.is_mature then 'over' else 'running' end
            || case when usual.weeks_before = 0 then '_first' else '' end as _case,
        case when weeks.lost = 0 then 'good' else 'warn' end as _mood
    from week inner join weeks on week.week_start = weeks.week_start cross join usual
    """,
)
MAIN_REASON = Finding(
    "main_reason",
    f"""
    with {WEEK}
    select reasons.reason as churn_reason, reasons.lost_customers as lost, reasons.customer_share,
        reasons.value_lost, reasons.value_share, reasons.week_start, 'warn' as _mood
    from marts.churn_reasons as reasons inner join week on reasons.week_start = week.week_start
    where reasons.lost_customers > 0 and reasons.reason_group != 'unknown'
    order by reasons.lost_customers desc, reasons.value_lost desc, reasons.reason
    """,
)
RISEN_REASON = Finding(
    "risen_reason",
    f"""
    with {WEEK},
    risen as (
        select reasons.reason as churn_reason, reasons.lost_customers as lost,
            coalesce(before.lost_customers, 0)::int as lost_before,
            reasons.lost_customers - coalesce(before.lost_customers, 0) as rise
        from marts.churn_reasons as reasons inner join week on reasons.week_start = week.week_start
        left join marts.churn_reasons as before
            on reasons.reason = before.reason and before.week_start = reasons.week_start - 7
        where reasons.lost_customers > coalesce(before.lost_customers, 0)
    )
    -- Of several that grew alike none is put before the others.
    select min(churn_reason) as churn_reason, sum(lost)::int as lost, sum(lost_before)::int as lost_before,
        rise::int as rise, count(*)::int as tied, string_agg(churn_reason, ',' order by churn_reason) as tied_reasons,
        case when count(*) = 1 then 'alone' else 'tied' end as _case, 'warn' as _mood
    from risen
    group by rise
    order by rise desc
    limit 1
    """,
)
UNEXPLAINED = Finding(
    "unexplained",
    f"""
    with {WEEK}
    select sum(reasons.lost_customers)::int as lost, sum(reasons.customer_share) as customer_share, 'warn' as _mood
    from marts.churn_reasons as reasons inner join week on reasons.week_start = week.week_start
    where reasons.reason_group = 'unknown' having sum(reasons.lost_customers) > 0
    """,
)
AT_RISK = Finding(
    "at_risk",
    """
    select count(*)::int as customers, coalesce(sum(rfm.monetary_12m), 0)::decimal(18, 2) as value_at_stake,
        case when count(*) > 0 then 'warn' else 'good' end as _mood
    from marts.customer_churn_risk as risk
    inner join marts.customer_rfm as rfm on risk.customer_id = rfm.customer_id
    where risk.risk_band = 'high' and not risk.is_churned
    """,
)
